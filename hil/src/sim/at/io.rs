//! What goes into a simulated modem and what comes out of it.

use super::output::Final;
use super::radio::SimCell;
use crate::at::embms::Tmgi;

/// What comes in.
#[derive(Clone, PartialEq, Debug)]
pub enum SimInput<'a> {
    /// Characters of the host.
    Host(&'a [u8]),
    /// The modem is switched on.
    PowerUp,
    /// The cell that the UE camps on, or none.
    Cell(Option<SimCell>),
    /// A message for this UE: service centre address and TPDU. [`SimOutput::SmsTaken`] or [`SimOutput::SmsRefused`] is
    /// said of each, in their order.
    Sms(&'a [u8]),
    /// A status report for this UE, of which the same is said.
    StatusReport(&'a [u8]),
    /// What became of [`SimOutput::SendSms`]: its TP-MR or a cause of `+CMS ERROR`.
    SmsSent {
        /// As it was given.
        token: u64,
        /// Result.
        result: Result<u8, u16>,
    },
    /// What the UE's receiver has found on the broadcast carrier.
    Mbms(MbmsAir<'a>),
}

/// What the receiver of a UE finds on a broadcast carrier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MbmsAir<'a> {
    /// All services that MCCH announces now.
    Services(&'a [MbmsService]),
    /// The service areas of SIB15, by frequency: that of this carrier first.
    ServiceAreas(&'a [Vec<u16>]),
    /// A datagram of a service.
    Datagram {
        /// Of which.
        tmgi: Tmgi,
        /// IPv4 or IPv6.
        ip: &'a [u8],
    },
    /// The carrier is gone, and its services with it.
    Lost,
}

/// A service that MCCH announces (TS 36.331 clause 5.8.2).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MbmsService {
    /// Which.
    pub tmgi: Tmgi,
    /// Session identity, when it has one.
    pub session_id: Option<u8>,
    /// MBSFN area that it is sent in.
    pub n_id_mbsfn: u8,
}

/// Why a message was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmsRefusal {
    /// The memory is full: [`SimOutput::SmsMemoryAvailable`] tells when that is over (RP cause 22 of TS 24.011).
    MemoryFull,
    /// The host did not acknowledge it in time, or refused it (RP cause 111).
    NotAcknowledged,
    /// The UE is not registered: the radio is off, or there is no cell.
    Absent,
}

/// What comes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SimOutput {
    /// Characters for the host.
    Host(Vec<u8>),
    /// A message is to be sent: service centre address and TPDU.
    SendSms {
        /// To be given back.
        token: u64,
        /// PDU.
        pdu: Vec<u8>,
    },
    /// A message or status report that came in is with the UE: it need not come again.
    SmsTaken,
    /// A message or status report that came in is not with the UE.
    SmsRefused(SmsRefusal),
    /// There is room again after [`SmsRefusal::MemoryFull`] (RP-SMMA of TS 24.011).
    SmsMemoryAvailable,
    /// The UE registered with its network or left it: whether it can be reached.
    Attached(bool),
    /// The radio is switched on or off.
    Radio(bool),
    /// The modem starts again: its port goes away and comes back.
    Restarted,
    /// The services that its receiver is to receive from now on: those that the host has activated.
    MbmsReceive(Vec<Tmgi>),
    /// A datagram of a service that the host has activated, for the UE's data interface.
    MbmsDatagram {
        /// Of which.
        tmgi: Tmgi,
        /// IPv4 or IPv6.
        ip: Vec<u8>,
    },
}

/// What a command leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reply {
    /// Information text, then the next command.
    Lines(Vec<String>),
    /// The line ends with this.
    Final(Final),
    /// Asks for the text of a message with a TPDU of so many octets.
    Text(usize),
    /// The answer comes later.
    Wait(Wait),
}

/// What a command waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wait {
    /// The time that a scan takes; any character aborts it.
    Scan,
    /// [`SimInput::SmsSent`].
    Sms(u64),
    /// Nothing.
    Forever,
}

impl Reply {
    pub(super) const fn ok() -> Self {
        Self::Lines(Vec::new())
    }

    pub(super) fn line(text: impl Into<String>) -> Self {
        Self::Lines(vec![text.into()])
    }

    /// `+CME ERROR: 50`.
    pub(super) const fn incorrect_parameters() -> Self {
        Self::Final(Final::Cme(50))
    }
}
