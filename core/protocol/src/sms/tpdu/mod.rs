//! TPDUs of the transfer layer: TS 23.040 clause 9.2.2. What is parsed is emitted again octet for octet: spare bits,
//! reserved values, elements and parameters that nothing here knows stay as they came.

mod command;
mod deliver;
mod report;
mod status_report;
mod submit;

pub use command::Command;
pub use deliver::Deliver;
pub use report::{DeliverReport, Parameters, SubmitReport};
pub use status_report::StatusReport;
pub use submit::Submit;

use super::FailureCause;
use super::address::Address;
use super::coding::DataCodingScheme;
use super::time::Timestamp;
use super::user_data::UserData;
use crate::octets::Octets;

/// Which way a message goes. TP-MTI and the message type of the relay layer mean something only with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Direction {
    /// From the MS to the network.
    ToNetwork,
    /// From the network to the MS.
    ToMs,
}

/// What carries a TPDU.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Carrier {
    /// RP-DATA.
    Data,
    /// RP-ACK.
    Ack,
    /// RP-ERROR: a report has a failure cause.
    Error,
}

/// A TPDU.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Tpdu {
    /// SMS-DELIVER.
    Deliver(Deliver),
    /// SMS-DELIVER-REPORT.
    DeliverReport(DeliverReport),
    /// SMS-SUBMIT.
    Submit(Submit),
    /// SMS-SUBMIT-REPORT.
    SubmitReport(SubmitReport),
    /// SMS-STATUS-REPORT.
    StatusReport(StatusReport),
    /// SMS-COMMAND.
    Command(Command),
}

/// Octets are no TPDU.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TpduError {
    /// It ends before this field.
    #[error("{0} is missing or not whole")]
    Missing(&'static str),
    /// An address is broken.
    #[error("{0} is no address")]
    Address(&'static str),
    /// TP-UD has more octets than such a TPDU holds.
    #[error("TP-UD of {0} octets is too long")]
    UserDataTooLong(usize),
    /// More octets than RP-User-Data can carry.
    #[error("a TPDU of {0} octets is too long")]
    TooLong(usize),
    /// TP-MTI does not belong in what carries it.
    #[error("TP-MTI {0} does not come this way")]
    Type(u8),
}

impl TpduError {
    /// TP-FCS for the report to who has sent it.
    pub const fn failure_cause(self) -> FailureCause {
        match self {
            Self::Type(_) => FailureCause::TPDU_NOT_SUPPORTED,
            Self::Address(_) => FailureCause::INVALID_SME_ADDRESS,
            Self::Missing(_) | Self::UserDataTooLong(_) | Self::TooLong(_) => FailureCause::UNSPECIFIED,
        }
    }
}

/// TP-MTI: bits 1 and 0 of the first octet (clause 9.2.3.1).
const MTI: u8 = 0x03;
const MTI_DELIVER: u8 = 0;
const MTI_SUBMIT: u8 = 1;
const MTI_STATUS_REPORT: u8 = 2;
/// An MS takes it for an SMS-DELIVER.
const MTI_RESERVED: u8 = 3;
/// Bits of the first octet that several TPDUs have.
const UDHI: u8 = 0x40;
const RP: u8 = 0x80;
const SRI: u8 = 0x20;
const LP: u8 = 0x08;
/// Set: there are no more messages.
const MMS: u8 = 0x04;

impl Tpdu {
    /// Reads what came that way in such a message.
    ///
    /// # Errors
    /// It is no TPDU that belongs there.
    pub fn parse(direction: Direction, carrier: Carrier, octets: &[u8]) -> Result<Self, TpduError> {
        let first = *octets.first().ok_or(TpduError::Missing("TP-MTI"))?;
        match (direction, carrier, first & MTI) {
            (Direction::ToMs, Carrier::Data, MTI_DELIVER | MTI_RESERVED) => Deliver::parse(octets).map(Self::Deliver),
            (Direction::ToMs, Carrier::Data, MTI_STATUS_REPORT) => StatusReport::parse(octets).map(Self::StatusReport),
            (Direction::ToMs, Carrier::Ack | Carrier::Error, MTI_SUBMIT) => {
                SubmitReport::parse(octets, carrier == Carrier::Error).map(Self::SubmitReport)
            }
            (Direction::ToNetwork, Carrier::Data, MTI_SUBMIT) => Submit::parse(octets).map(Self::Submit),
            (Direction::ToNetwork, Carrier::Data, MTI_STATUS_REPORT) => Command::parse(octets).map(Self::Command),
            (Direction::ToNetwork, Carrier::Ack | Carrier::Error, MTI_DELIVER) => {
                DeliverReport::parse(octets, carrier == Carrier::Error).map(Self::DeliverReport)
            }
            (.., mti) => Err(TpduError::Type(mti)),
        }
    }

    /// Its octets.
    pub fn emit(&self) -> Vec<u8> {
        match self {
            Self::Deliver(tpdu) => tpdu.emit(),
            Self::DeliverReport(tpdu) => tpdu.emit(),
            Self::Submit(tpdu) => tpdu.emit(),
            Self::SubmitReport(tpdu) => tpdu.emit(),
            Self::StatusReport(tpdu) => tpdu.emit(),
            Self::Command(tpdu) => tpdu.emit(),
        }
    }

    /// What the standard calls it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Deliver(_) => "SMS-DELIVER",
            Self::DeliverReport(_) => "SMS-DELIVER-REPORT",
            Self::Submit(_) => "SMS-SUBMIT",
            Self::SubmitReport(_) => "SMS-SUBMIT-REPORT",
            Self::StatusReport(_) => "SMS-STATUS-REPORT",
            Self::Command(_) => "SMS-COMMAND",
        }
    }
}

/// What of a TPDU nothing here knows.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
struct Unknown {
    /// Bits of the first octet.
    bits: u8,
    /// Octets behind the end, which a receiver ignores.
    behind: Vec<u8>,
}

/// First octet and the rest, of a TPDU that RP-User-Data can carry.
fn begin(octets: &[u8]) -> Result<(u8, Octets<'_>), TpduError> {
    if octets.len() > usize::from(u8::MAX) {
        return Err(TpduError::TooLong(octets.len()));
    }
    let (first, rest) = octets.split_first().ok_or(TpduError::Missing("TP-MTI"))?;
    Ok((*first, Octets(rest)))
}

fn octet(octets: &mut Octets<'_>, name: &'static str) -> Result<u8, TpduError> {
    octets.octet().ok_or(TpduError::Missing(name))
}

fn address(octets: &mut Octets<'_>, name: &'static str) -> Result<Address, TpduError> {
    Address::parse(octets).ok_or(TpduError::Address(name))
}

fn timestamp(octets: &mut Octets<'_>, name: &'static str) -> Result<Timestamp, TpduError> {
    octets.array().map(Timestamp).ok_or(TpduError::Missing(name))
}

fn user_data(
    octets: &mut Octets<'_>,
    coding: DataCodingScheme,
    has_header: bool,
    longest: usize,
) -> Result<UserData, TpduError> {
    let data = UserData::parse(octets, coding, has_header).ok_or(TpduError::Missing("TP-UD"))?;
    let length = data.octets().len();
    (length <= longest).then_some(data).ok_or(TpduError::UserDataTooLong(length))
}

/// `bits` when `set`.
const fn flag(set: bool, bits: u8) -> u8 {
    if set { bits } else { 0 }
}

#[cfg(test)]
pub(super) mod tests;
