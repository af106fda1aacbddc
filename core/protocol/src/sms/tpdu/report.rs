//! SMS-DELIVER-REPORT and SMS-SUBMIT-REPORT: TS 23.040 clauses 9.2.2.1a and 9.2.2.2a; TP-PI: clause 9.2.3.27.

use super::super::coding::DataCodingScheme;
use super::super::status::{FailureCause, ProtocolIdentifier};
use super::super::time::Timestamp;
use super::super::user_data::{MAX_REPORT_OCTETS, UserData};
use super::{MTI, MTI_DELIVER, MTI_SUBMIT, TpduError, UDHI};
use super::{begin, flag, octet, timestamp, user_data};
use crate::octets::Octets;

/// Parameters that TP-PI says are there.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Parameters {
    /// TP-PID.
    pub protocol_identifier: Option<ProtocolIdentifier>,
    /// TP-DCS; without it user data are in the default alphabet.
    pub coding: Option<DataCodingScheme>,
    /// TP-UDHI, TP-UDL, TP-UD.
    pub user_data: Option<UserData>,
    /// Bits of TP-PI that are reserved.
    reserved: u8,
    /// Octets by which TP-PI is extended.
    extension: Vec<u8>,
    /// Parameters that are not known, and octets behind the end.
    behind: Vec<u8>,
}

const PI_PID: u8 = 0x01;
const PI_DCS: u8 = 0x02;
const PI_UDL: u8 = 0x04;
const PI_EXTENSION: u8 = 0x80;

impl Parameters {
    /// A text for who gets the report; one that does not fit is left out.
    pub fn of_text(text: &str) -> Self {
        let Some((coding, data)) = UserData::of_text(text) else { return Self::default() };
        // TP-DCS of the default alphabet could be left out; not everybody knows that.
        Self { coding: Some(coding), user_data: Some(data), ..Self::default() }
    }

    /// The text, when there is one that can be read.
    pub fn text(&self) -> Option<String> {
        self.user_data.as_ref()?.text(self.coding.unwrap_or(DataCodingScheme::GSM7))
    }

    /// TP-PI.
    pub(super) fn parse_indicator(octets: &mut Octets<'_>) -> Result<(u8, Vec<u8>), TpduError> {
        let indicator = octet(octets, "TP-PI")?;
        let (mut last, mut extension) = (indicator, Vec::new());
        while last & PI_EXTENSION != 0 {
            last = octet(octets, "TP-PI")?;
            extension.push(last);
        }
        Ok((indicator, extension))
    }

    /// What follows TP-PI and, in SMS-SUBMIT-REPORT, TP-SCTS.
    pub(super) fn parse(
        (indicator, extension): (u8, Vec<u8>),
        octets: &mut Octets<'_>,
        has_header: bool,
    ) -> Result<Self, TpduError> {
        let mut parameters =
            Self { reserved: indicator & !(PI_PID | PI_DCS | PI_UDL | PI_EXTENSION), extension, ..Self::default() };
        if indicator & PI_PID != 0 {
            parameters.protocol_identifier = Some(ProtocolIdentifier(octet(octets, "TP-PID")?));
        }
        if indicator & PI_DCS != 0 {
            parameters.coding = Some(DataCodingScheme(octet(octets, "TP-DCS")?));
        }
        if indicator & PI_UDL != 0 {
            let coding = parameters.coding.unwrap_or(DataCodingScheme::GSM7);
            parameters.user_data = Some(user_data(octets, coding, has_header, MAX_REPORT_OCTETS)?);
        }
        parameters.behind = octets.rest().to_vec();
        Ok(parameters)
    }

    pub(super) fn emit_indicator(&self, out: &mut Vec<u8>) {
        let indicator = self.reserved
            | flag(self.protocol_identifier.is_some(), PI_PID)
            | flag(self.coding.is_some(), PI_DCS)
            | flag(self.user_data.is_some(), PI_UDL)
            | flag(!self.extension.is_empty(), PI_EXTENSION);
        out.push(indicator);
        out.extend(&self.extension);
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend(self.protocol_identifier.map(|identifier| identifier.0));
        out.extend(self.coding.map(|coding| coding.0));
        if let Some(data) = &self.user_data {
            data.emit(out);
        }
        out.extend(&self.behind);
    }

    /// Bits of the first octet that say nothing: those in `unused`, and TP-UDHI where there are no user data.
    pub(super) const fn unknown_bits(&self, first: u8, unused: u8) -> u8 {
        first & if self.user_data.is_some() { unused } else { unused | UDHI }
    }

    /// Those bits, and TP-UDHI of the user data.
    pub(super) fn first_octet(&self, unknown: u8, unused: u8) -> u8 {
        let has_header = self.user_data.as_ref().is_some_and(UserData::has_header);
        self.unknown_bits(unknown, unused) | flag(has_header, UDHI)
    }
}

/// Bits 7 and 5 to 2 of the first octet of a report.
const UNUSED: u8 = 0xBC;

/// What a report with a failure cause says: with any unused bit set nothing behind them is looked at (clauses 9.2.2.1a
/// and 9.2.2.2a).
fn cause(failure: Option<FailureCause>, bits: u8) -> Option<FailureCause> {
    failure.map(|cause| if bits & UNUSED == 0 { cause } else { FailureCause::UNSPECIFIED })
}

/// SMS-DELIVER-REPORT: whether an MS has taken an SMS-DELIVER or an SMS-STATUS-REPORT.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DeliverReport {
    /// TP-FCS: in RP-ERROR, and only there.
    pub failure: Option<FailureCause>,
    /// TP-PI and what it announces.
    pub parameters: Parameters,
    unknown: u8,
}

impl DeliverReport {
    /// A report for RP-ACK, or with a cause one for RP-ERROR.
    pub const fn new(failure: Option<FailureCause>, parameters: Parameters) -> Self {
        Self { failure, parameters, unknown: 0 }
    }

    /// Why the MS has not taken it, as it is to be understood.
    pub fn failure_cause(&self) -> Option<FailureCause> {
        cause(self.failure, self.unknown)
    }

    /// Reads one of RP-ACK, or of RP-ERROR.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(octets: &[u8], of_error: bool) -> Result<Self, TpduError> {
        let (first, mut rest) = begin(octets)?;
        if first & MTI != MTI_DELIVER {
            return Err(TpduError::Type(first & MTI));
        }
        let failure = of_error.then(|| octet(&mut rest, "TP-FCS").map(FailureCause)).transpose()?;
        let indicator = Parameters::parse_indicator(&mut rest)?;
        let parameters = Parameters::parse(indicator, &mut rest, first & UDHI != 0)?;
        let unknown = parameters.unknown_bits(first, UNUSED);
        Ok(Self { failure, parameters, unknown })
    }

    /// Its octets.
    pub fn emit(&self) -> Vec<u8> {
        let mut out = vec![MTI_DELIVER | self.parameters.first_octet(self.unknown, UNUSED)];
        out.extend(self.failure.map(|cause| cause.0));
        self.parameters.emit_indicator(&mut out);
        self.parameters.emit(&mut out);
        out
    }
}

/// SMS-SUBMIT-REPORT: whether a service centre has taken an SMS-SUBMIT or an SMS-COMMAND.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SubmitReport {
    /// TP-FCS: in RP-ERROR, and only there.
    pub failure: Option<FailureCause>,
    /// When the service centre got it (TP-SCTS).
    pub service_centre_time: Timestamp,
    /// TP-PI and what it announces.
    pub parameters: Parameters,
    unknown: u8,
}

impl SubmitReport {
    /// A report for RP-ACK, or with a cause one for RP-ERROR.
    pub const fn new(failure: Option<FailureCause>, time: Timestamp, parameters: Parameters) -> Self {
        Self { failure, service_centre_time: time, parameters, unknown: 0 }
    }

    /// Why the service centre has not taken it, as it is to be understood.
    pub fn failure_cause(&self) -> Option<FailureCause> {
        cause(self.failure, self.unknown)
    }

    /// Reads one of RP-ACK, or of RP-ERROR.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(octets: &[u8], of_error: bool) -> Result<Self, TpduError> {
        let (first, mut rest) = begin(octets)?;
        if first & MTI != MTI_SUBMIT {
            return Err(TpduError::Type(first & MTI));
        }
        let failure = of_error.then(|| octet(&mut rest, "TP-FCS").map(FailureCause)).transpose()?;
        let indicator = Parameters::parse_indicator(&mut rest)?;
        let service_centre_time = timestamp(&mut rest, "TP-SCTS")?;
        let parameters = Parameters::parse(indicator, &mut rest, first & UDHI != 0)?;
        let unknown = parameters.unknown_bits(first, UNUSED);
        Ok(Self { failure, service_centre_time, parameters, unknown })
    }

    /// Its octets.
    pub fn emit(&self) -> Vec<u8> {
        let mut out = vec![MTI_SUBMIT | self.parameters.first_octet(self.unknown, UNUSED)];
        out.extend(self.failure.map(|cause| cause.0));
        self.parameters.emit_indicator(&mut out);
        out.extend(self.service_centre_time.0);
        self.parameters.emit(&mut out);
        out
    }
}
