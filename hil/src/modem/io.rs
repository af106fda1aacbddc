//! What goes into a modem's driver and what comes out of it; nothing here but [`ModemInput::At`] and
//! [`ModemOutput::Write`] knows that the modem speaks AT.

use std::fmt;
use std::time::Duration;

use crate::at::AtInput;
use crate::at::embms::{EmbmsReport, Tmgi};
use crate::at::ts27007::{Registration, RegistrationDomain};
use crate::at::ts31102::{AkaAnswer, Authenticate, AuthenticationFailure};

/// What comes in.
#[derive(Clone, PartialEq, Debug)]
pub enum ModemInput<'a> {
    /// Of the port: bytes, opened, gone.
    At(AtInput<'a>),
    /// The modem is to be brought up, and kept up from now on.
    Start,
    /// A message is to be sent: service centre address and TPDU. Its fate comes as [`ModemOutput::SmsSent`].
    SendSms {
        /// To be given back.
        token: u64,
        /// PDU.
        pdu: &'a [u8],
    },
    /// A broadcast service is to be received, until [`Self::EmbmsStop`] and across recoveries.
    EmbmsStart(EmbmsService),
    /// No longer.
    EmbmsStop(Tmgi),
    /// The SIM is to answer a challenge; [`ModemOutput::Authenticated`] comes of it.
    Authenticate {
        /// To be given back.
        token: u64,
        /// RAND and AUTN.
        challenge: Authenticate,
    },
    /// Registration and signal are to be asked for now.
    Sample,
    /// How [`ModemOutput::Perform`] ended; the port is reopened before that is told.
    Rung {
        /// Which.
        rung: Rung,
        /// Done, or why it could not be done.
        result: Result<(), String>,
    },
    /// The radio is to be switched off (`+CFUN=4`), nothing more is to be done.
    Shutdown,
}

/// What comes out.
#[derive(Clone, PartialEq, Debug)]
pub enum ModemOutput {
    /// Bytes for the port.
    Write(Vec<u8>),
    /// Who it is.
    Identity(ModemIdentity),
    /// A registration has changed or was asked for.
    Registration(RegistrationDomain, Registration),
    /// Signal of the unicast cell, as asked for.
    Signal(ModemSignal),
    /// The state has changed.
    State(ModemState),
    /// A message came: service centre address and TPDU. The modem forgets it when this has been fetched, not before.
    SmsReceived {
        /// PDU.
        pdu: Vec<u8>,
    },
    /// A status report came.
    StatusReport {
        /// PDU.
        pdu: Vec<u8>,
    },
    /// What became of [`ModemInput::SendSms`]; exactly one for each.
    SmsSent {
        /// As it was given.
        token: u64,
        /// TP-MR.
        result: Result<u8, SmsFailure>,
    },
    /// What the SIM answered to [`ModemInput::Authenticate`]; exactly one for each.
    Authenticated {
        /// As it was given.
        token: u64,
        /// Its answer.
        result: Result<AkaAnswer, AuthenticationFailure>,
    },
    /// About broadcast services.
    Embms(EmbmsEvent),
    /// To be done outside, and answered by [`ModemInput::Rung`].
    Perform(Rung),
    /// For the record: a rung of the ladder was taken.
    RungTaken {
        /// Which.
        rung: Rung,
        /// What went wrong.
        why: String,
    },
    /// It is given up, and says so once; whoever uses it ends with this as the reason. Begins with the modem's name.
    Quarantined {
        /// What went wrong.
        why: String,
    },
    /// For the record.
    Note(String),
}

/// Where a modem is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModemState {
    /// Not started, or without port.
    Closed,
    /// Being brought up.
    Starting,
    /// Does what it is told.
    Ready,
    /// Something went wrong.
    Recovering {
        /// What is being done about it.
        rung: Rung,
    },
    /// Given up.
    Quarantined,
    /// Switched off.
    Off,
}

/// What can be done about a modem that does not do what it should, the mildest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rung {
    /// `AT` until it is answered.
    Resync,
    /// The port is closed, looked for by the identity of its device, under whatever name, and opened (outside).
    Reopen,
    /// `+CFUN=4`, then `+CFUN=1`.
    Cfun4Then1,
    /// `+CFUN=1,1`: the modem starts again.
    Cfun1Reset,
    /// Its USB port is switched off and on (outside).
    UsbPort,
    /// Its power outlet is switched off and on (outside).
    PowerOutlet,
}

impl Rung {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Resync, Self::Reopen, Self::Cfun4Then1, Self::Cfun1Reset, Self::UsbPort, Self::PowerOutlet];

    /// Somebody else has to do it.
    pub const fn is_outside(self) -> bool {
        matches!(self, Self::Reopen | Self::UsbPort | Self::PowerOutlet)
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resync => "AT until it is answered",
            Self::Reopen => "the port opened again",
            Self::Cfun4Then1 => "+CFUN=4, +CFUN=1",
            Self::Cfun1Reset => "+CFUN=1,1",
            Self::UsbPort => "the USB port switched off and on",
            Self::PowerOutlet => "the power outlet switched off and on",
        })
    }
}

/// Who a modem and its subscriber are, as far as they say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ModemIdentity {
    /// Of the modem.
    pub manufacturer: Option<String>,
    /// Of the modem.
    pub model: Option<String>,
    /// Of its firmware.
    pub revision: Option<String>,
    /// 15 digits.
    pub imei: Option<String>,
    /// Up to 15 digits.
    pub imsi: Option<String>,
    /// Up to 20 digits.
    pub iccid: Option<String>,
    /// Of the subscriber, international ones with `+`.
    pub numbers: Vec<String>,
    /// The profile that it is driven by.
    pub profile: String,
}

/// Signal of the unicast cell, not of an MBSFN area.
#[derive(Clone, PartialEq, Debug)]
pub struct ModemSignal {
    /// The command that told.
    pub source: String,
    /// Reference signal received power.
    pub rsrp_dbm: Option<f32>,
    /// Reference signal received quality.
    pub rsrq_db: Option<f32>,
    /// Received signal strength.
    pub rssi_dbm: Option<f32>,
    /// Signal to interference and noise.
    pub sinr_db: Option<f32>,
}

/// Why a message was not sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SmsFailure {
    /// The network or the modem refused it: `+CMS ERROR`.
    #[error("refused: {0}")]
    Refused(String),
    /// The modem got it and said no more: it may have been sent.
    #[error("given to the modem, which did not say what became of it: {0}")]
    Unknown(String),
    /// It did not come to that: it was not sent.
    #[error("not sent: {0}")]
    NotSent(String),
}

/// A broadcast service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EmbmsService {
    /// TMGI.
    pub tmgi: Tmgi,
    /// Session identity, when there is one.
    pub session_id: Option<u8>,
}

/// What happens to broadcast services.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EmbmsEvent {
    /// The modem took the command that makes it receive a service. That it receives is seen from its datagrams alone.
    Activated(Tmgi),
    /// It took the command that ends it.
    Deactivated(Tmgi),
    /// It will not.
    Refused {
        /// Of which service.
        tmgi: Tmgi,
        /// What it said.
        why: String,
    },
    /// What it says unasked.
    Report(EmbmsReport),
}

/// Who a modem has to be; what is not given may be anything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExpectedIdentity {
    /// 15 digits.
    pub imei: Option<String>,
    /// Up to 15 digits.
    pub imsi: Option<String>,
    /// Up to 20 digits.
    pub iccid: Option<String>,
}

/// How much may be done about a modem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecoveryBudget {
    /// Those that may be taken; the outside ones only where somebody can do them.
    pub rungs: Vec<Rung>,
    /// For one outside rung.
    pub outside: Duration,
    /// For all rungs of one recovery.
    pub whole: Duration,
    /// After a recovery, trouble within this time goes on with the next rung, not with the first; when there is none and
    /// the port has gone away once more, with the mildest that brings it back.
    pub settle: Duration,
    /// So many recoveries within [`Self::window`] are borne.
    pub recoveries: u32,
    /// See [`Self::recoveries`].
    pub window: Duration,
}

impl Default for RecoveryBudget {
    /// What needs nothing but the port, five times an hour.
    fn default() -> Self {
        Self {
            rungs: vec![Rung::Resync, Rung::Reopen, Rung::Cfun4Then1, Rung::Cfun1Reset],
            outside: Duration::from_secs(30),
            whole: Duration::from_secs(300),
            settle: Duration::from_secs(30),
            recoveries: 5,
            window: Duration::from_secs(3600),
        }
    }
}
