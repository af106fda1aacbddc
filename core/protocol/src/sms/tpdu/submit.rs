//! SMS-SUBMIT: TS 23.040 clause 9.2.2.2.

use super::super::address::Address;
use super::super::coding::DataCodingScheme;
use super::super::status::ProtocolIdentifier;
use super::super::time::{Timestamp, ValidityPeriod};
use super::super::user_data::{MAX_USER_DATA_OCTETS, UserData};
use super::{MTI, MTI_SUBMIT, RP, TpduError, UDHI};
use super::{address, begin, flag, octet, user_data};

/// SMS-SUBMIT: a message from an MS.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Submit {
    /// The service centre shall reject a duplicate of what it still has (TP-RD).
    pub reject_duplicates: bool,
    /// The sender wants a status report (TP-SRR).
    pub status_report: bool,
    /// An answer may go the way this came (TP-RP).
    pub reply_path: bool,
    /// Names the message between sender and service centre (TP-MR).
    pub reference: u8,
    /// To whom (TP-DA).
    pub destination: Address,
    /// TP-PID.
    pub protocol_identifier: ProtocolIdentifier,
    /// TP-DCS.
    pub coding: DataCodingScheme,
    /// TP-VPF, TP-VP.
    pub validity_period: Option<ValidityPeriod>,
    /// TP-UDHI, TP-UDL, TP-UD.
    pub user_data: UserData,
    /// Octets behind the end, which a receiver ignores.
    behind: Vec<u8>,
}

const RD: u8 = 0x04;
const SRR: u8 = 0x20;
/// TP-VPF: bits 4 and 3 (clause 9.2.3.3).
const VPF: u8 = 0x18;
const VPF_NONE: u8 = 0x00;
const VPF_ENHANCED: u8 = 0x08;
const VPF_RELATIVE: u8 = 0x10;

impl Submit {
    /// A message that asks for nothing special.
    pub fn new(reference: u8, destination: Address, coding: DataCodingScheme, user_data: UserData) -> Self {
        Self {
            reject_duplicates: false,
            status_report: false,
            reply_path: false,
            reference,
            destination,
            protocol_identifier: ProtocolIdentifier::NONE,
            coding,
            validity_period: None,
            user_data,
            behind: Vec::new(),
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(octets: &[u8]) -> Result<Self, TpduError> {
        let (first, mut rest) = begin(octets)?;
        if first & MTI != MTI_SUBMIT {
            return Err(TpduError::Type(first & MTI));
        }
        let reference = octet(&mut rest, "TP-MR")?;
        let destination = address(&mut rest, "TP-DA")?;
        let protocol_identifier = ProtocolIdentifier(octet(&mut rest, "TP-PID")?);
        let coding = DataCodingScheme(octet(&mut rest, "TP-DCS")?);
        let missing = TpduError::Missing("TP-VP");
        let validity_period = match first & VPF {
            VPF_NONE => None,
            VPF_RELATIVE => Some(ValidityPeriod::Relative(rest.octet().ok_or(missing)?)),
            VPF_ENHANCED => Some(ValidityPeriod::Enhanced(rest.array().ok_or(missing)?)),
            _ => Some(ValidityPeriod::Absolute(Timestamp(rest.array().ok_or(missing)?))),
        };
        Ok(Self {
            reject_duplicates: first & RD != 0,
            status_report: first & SRR != 0,
            reply_path: first & RP != 0,
            reference,
            destination,
            protocol_identifier,
            coding,
            validity_period,
            user_data: user_data(&mut rest, coding, first & UDHI != 0, MAX_USER_DATA_OCTETS)?,
            behind: rest.rest().to_vec(),
        })
    }

    /// Its octets.
    pub fn emit(&self) -> Vec<u8> {
        let (format, validity) = match &self.validity_period {
            None => (VPF_NONE, &[][..]),
            Some(ValidityPeriod::Relative(value)) => (VPF_RELATIVE, std::slice::from_ref(value)),
            Some(ValidityPeriod::Enhanced(octets)) => (VPF_ENHANCED, &octets[..]),
            Some(ValidityPeriod::Absolute(until)) => (VPF, &until.0[..]),
        };
        let first = MTI_SUBMIT
            | format
            | flag(self.reject_duplicates, RD)
            | flag(self.status_report, SRR)
            | flag(self.user_data.has_header(), UDHI)
            | flag(self.reply_path, RP);
        let mut out = vec![first, self.reference];
        self.destination.emit(&mut out);
        out.extend([self.protocol_identifier.0, self.coding.0]);
        out.extend(validity);
        self.user_data.emit(&mut out);
        out.extend(&self.behind);
        out
    }
}
