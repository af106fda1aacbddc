//! SMS-STATUS-REPORT: TS 23.040 clause 9.2.2.3.

use super::super::address::Address;
use super::super::status::Status;
use super::super::time::Timestamp;
use super::{LP, MMS, MTI, MTI_STATUS_REPORT, Parameters, Submit, TpduError, UDHI};
use super::{address, begin, flag, octet, timestamp};

/// SMS-STATUS-REPORT: what became of a message that the MS has sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StatusReport {
    /// More messages wait for this MS (TP-MMS, which is 0 then).
    pub more_messages: bool,
    /// It was forwarded already, or answers a message (TP-LP).
    pub loop_prevention: bool,
    /// It is about an SMS-COMMAND, not about an SMS-SUBMIT (TP-SRQ).
    pub of_command: bool,
    /// TP-MR of that message.
    pub reference: u8,
    /// To whom it was sent (TP-RA).
    pub recipient: Address,
    /// When the service centre got it (TP-SCTS).
    pub service_centre_time: Timestamp,
    /// When it became so (TP-DT).
    pub discharge_time: Timestamp,
    /// What became of it (TP-ST).
    pub status: Status,
    /// TP-PI and what it announces; it may end before.
    pub parameters: Option<Parameters>,
    unknown: u8,
}

const SRQ: u8 = 0x20;
/// Bits 7 and 4.
const SPARE: u8 = 0x90;

impl StatusReport {
    /// What became of a message that a service centre got at `time`.
    pub const fn of_submit(submit: &Submit, time: Timestamp, discharge_time: Timestamp, status: Status) -> Self {
        Self {
            more_messages: false,
            loop_prevention: false,
            of_command: false,
            reference: submit.reference,
            recipient: submit.destination,
            service_centre_time: time,
            discharge_time,
            status,
            parameters: None,
            unknown: 0,
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(octets: &[u8]) -> Result<Self, TpduError> {
        let (first, mut rest) = begin(octets)?;
        if first & MTI != MTI_STATUS_REPORT {
            return Err(TpduError::Type(first & MTI));
        }
        let mut report = Self {
            more_messages: first & MMS == 0,
            loop_prevention: first & LP != 0,
            of_command: first & SRQ != 0,
            reference: octet(&mut rest, "TP-MR")?,
            recipient: address(&mut rest, "TP-RA")?,
            service_centre_time: timestamp(&mut rest, "TP-SCTS")?,
            discharge_time: timestamp(&mut rest, "TP-DT")?,
            status: Status(octet(&mut rest, "TP-ST")?),
            parameters: None,
            unknown: first & (SPARE | UDHI),
        };
        if !rest.is_empty() {
            let indicator = Parameters::parse_indicator(&mut rest)?;
            let parameters = Parameters::parse(indicator, &mut rest, first & UDHI != 0)?;
            report.unknown = parameters.unknown_bits(first, SPARE);
            report.parameters = Some(parameters);
        }
        Ok(report)
    }

    /// Its octets.
    pub fn emit(&self) -> Vec<u8> {
        let unknown = self.parameters.as_ref().map_or(self.unknown, |known| known.first_octet(self.unknown, SPARE));
        let first = MTI_STATUS_REPORT
            | unknown
            | flag(!self.more_messages, MMS)
            | flag(self.loop_prevention, LP)
            | flag(self.of_command, SRQ);
        let mut out = vec![first, self.reference];
        self.recipient.emit(&mut out);
        out.extend(self.service_centre_time.0);
        out.extend(self.discharge_time.0);
        out.push(self.status.0);
        if let Some(parameters) = &self.parameters {
            parameters.emit_indicator(&mut out);
            parameters.emit(&mut out);
        }
        out
    }
}
