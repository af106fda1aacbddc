//! SMS-COMMAND: TS 23.040 clause 9.2.2.4.

use super::super::address::Address;
use super::super::coding::DataCodingScheme;
use super::super::status::{CommandType, ProtocolIdentifier};
use super::super::user_data::{MAX_REPORT_OCTETS, UserData};
use super::{MTI, MTI_STATUS_REPORT, TpduError, UDHI, Unknown};
use super::{address, begin, flag, octet, user_data};

/// SMS-COMMAND: what an MS wants done with a message that it has sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Command {
    /// The sender wants a status report (TP-SRR).
    pub status_report: bool,
    /// Names the command between sender and service centre (TP-MR).
    pub reference: u8,
    /// TP-PID.
    pub protocol_identifier: ProtocolIdentifier,
    /// What is to be done (TP-CT).
    pub command: CommandType,
    /// TP-MR of the message (TP-MN).
    pub message_number: u8,
    /// To whom that message was sent (TP-DA).
    pub destination: Address,
    /// TP-UDHI, TP-CDL, TP-CD: octets.
    pub data: UserData,
    unknown: Unknown,
}

/// TP-MTI of what an MS sends.
const MTI_COMMAND: u8 = MTI_STATUS_REPORT;
const SRR: u8 = 0x20;
/// Bits 7, 4, 3 and 2.
const SPARE: u8 = 0x9C;

impl Command {
    /// A command about the message `message_number` to `destination`.
    pub fn new(reference: u8, command: CommandType, message_number: u8, destination: Address) -> Self {
        Self {
            status_report: false,
            reference,
            protocol_identifier: ProtocolIdentifier::NONE,
            command,
            message_number,
            destination,
            data: UserData::default(),
            unknown: Unknown::default(),
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(octets: &[u8]) -> Result<Self, TpduError> {
        let (first, mut rest) = begin(octets)?;
        if first & MTI != MTI_COMMAND {
            return Err(TpduError::Type(first & MTI));
        }
        Ok(Self {
            status_report: first & SRR != 0,
            reference: octet(&mut rest, "TP-MR")?,
            protocol_identifier: ProtocolIdentifier(octet(&mut rest, "TP-PID")?),
            command: CommandType(octet(&mut rest, "TP-CT")?),
            message_number: octet(&mut rest, "TP-MN")?,
            destination: address(&mut rest, "TP-DA")?,
            data: user_data(&mut rest, DataCodingScheme::EIGHT_BIT, first & UDHI != 0, MAX_REPORT_OCTETS)?,
            unknown: Unknown { bits: first & SPARE, behind: rest.rest().to_vec() },
        })
    }

    /// Its octets.
    pub fn emit(&self) -> Vec<u8> {
        let first =
            MTI_COMMAND | self.unknown.bits | flag(self.status_report, SRR) | flag(self.data.has_header(), UDHI);
        let mut out = vec![first, self.reference, self.protocol_identifier.0, self.command.0, self.message_number];
        self.destination.emit(&mut out);
        self.data.emit(&mut out);
        out.extend(&self.unknown.behind);
        out
    }
}
