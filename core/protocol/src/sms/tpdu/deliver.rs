//! SMS-DELIVER: TS 23.040 clause 9.2.2.1.

use super::super::address::Address;
use super::super::coding::DataCodingScheme;
use super::super::status::ProtocolIdentifier;
use super::super::time::Timestamp;
use super::super::user_data::{MAX_USER_DATA_OCTETS, UserData};
use super::{LP, MMS, MTI, MTI_DELIVER, MTI_RESERVED, RP, SRI, Submit, TpduError, UDHI, Unknown};
use super::{address, begin, flag, octet, timestamp, user_data};

/// SMS-DELIVER: a message to an MS.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Deliver {
    /// More messages wait for this MS (TP-MMS, which is 0 then).
    pub more_messages: bool,
    /// It was forwarded already, or answers a message (TP-LP).
    pub loop_prevention: bool,
    /// The sender gets a status report (TP-SRI).
    pub status_report: bool,
    /// An answer may go the way this came (TP-RP).
    pub reply_path: bool,
    /// Who has sent it (TP-OA).
    pub originator: Address,
    /// TP-PID.
    pub protocol_identifier: ProtocolIdentifier,
    /// TP-DCS.
    pub coding: DataCodingScheme,
    /// When the service centre got it (TP-SCTS).
    pub service_centre_time: Timestamp,
    /// TP-UDHI, TP-UDL, TP-UD.
    pub user_data: UserData,
    unknown: Unknown,
}

/// Bits 4 and, where TP-MTI is reserved, 1 and 0.
const SPARE: u8 = 0x10;

impl Deliver {
    /// A message, the last one that waits.
    pub fn new(originator: Address, time: Timestamp, coding: DataCodingScheme, user_data: UserData) -> Self {
        Self {
            more_messages: false,
            loop_prevention: false,
            status_report: false,
            reply_path: false,
            originator,
            protocol_identifier: ProtocolIdentifier::NONE,
            coding,
            service_centre_time: time,
            user_data,
            unknown: Unknown::default(),
        }
    }

    /// What becomes of a message that a service centre got at this time: user data and the parameters about it are the
    /// sender's.
    pub fn of_submit(submit: &Submit, originator: Address, time: Timestamp) -> Self {
        Self {
            status_report: submit.status_report,
            reply_path: submit.reply_path,
            protocol_identifier: submit.protocol_identifier,
            ..Self::new(originator, time, submit.coding, submit.user_data.clone())
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(octets: &[u8]) -> Result<Self, TpduError> {
        let (first, mut rest) = begin(octets)?;
        let mti = first & MTI;
        if !matches!(mti, MTI_DELIVER | MTI_RESERVED) {
            return Err(TpduError::Type(mti));
        }
        let originator = address(&mut rest, "TP-OA")?;
        let protocol_identifier = ProtocolIdentifier(octet(&mut rest, "TP-PID")?);
        let coding = DataCodingScheme(octet(&mut rest, "TP-DCS")?);
        Ok(Self {
            more_messages: first & MMS == 0,
            loop_prevention: first & LP != 0,
            status_report: first & SRI != 0,
            reply_path: first & RP != 0,
            originator,
            protocol_identifier,
            coding,
            service_centre_time: timestamp(&mut rest, "TP-SCTS")?,
            user_data: user_data(&mut rest, coding, first & UDHI != 0, MAX_USER_DATA_OCTETS)?,
            unknown: Unknown { bits: first & (SPARE | MTI), behind: rest.rest().to_vec() },
        })
    }

    /// Its octets.
    pub fn emit(&self) -> Vec<u8> {
        let first = self.unknown.bits
            | flag(!self.more_messages, MMS)
            | flag(self.loop_prevention, LP)
            | flag(self.status_report, SRI)
            | flag(self.user_data.has_header(), UDHI)
            | flag(self.reply_path, RP);
        let mut out = vec![first];
        self.originator.emit(&mut out);
        out.extend([self.protocol_identifier.0, self.coding.0]);
        out.extend(self.service_centre_time.0);
        self.user_data.emit(&mut out);
        out.extend(&self.unknown.behind);
        out
    }
}
