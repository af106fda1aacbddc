//! Short messages: relay layer ([`RpMessage`], TS 24.011), transfer layer ([`Tpdu`], TS 23.040), alphabets (TS 23.038),
//! and what is done with whole messages: [`segment()`] cuts them, [`Assembler`] puts them together, [`Seen`] knows those
//! that came before.

mod access;
mod address;
pub mod alphabet;
mod assembly;
mod coding;
mod header;
mod pdu_mode;
mod rp;
mod seen;
mod segment;
mod status;
mod time;
mod tpdu;
mod user_data;

pub use access::SmsAccess;
pub use address::{Address, NumberingPlan, TypeOfNumber};
pub use assembly::{Assembled, Assembler, AssemblerConfig, Incomplete, WholeMessage};
pub use coding::{Alphabet, DataCodingScheme, MessageClass, MessageWaiting};
pub use header::{Concatenation, ConcatenationReference, ElementId, InformationElement, Ports, UserDataHeader};
pub use pdu_mode::{to_pdu, tpdu_of};
pub use rp::{MAX_RP_USER_DATA_OCTETS, RpBody, RpCause, RpData, RpElement, RpError, RpMessage, RpProblem, RpUserData};
pub use seen::Seen;
pub use segment::{SegmentError, Segments, segment};
pub use status::{CommandType, FailureCause, Outcome, ProtocolIdentifier, Status};
pub use time::{Timestamp, ValidityPeriod};
pub use tpdu::{
    Carrier, Command, Deliver, DeliverReport, Direction, Parameters, StatusReport, Submit, SubmitReport, Tpdu,
    TpduError,
};
pub use user_data::{Content, MAX_USER_DATA_OCTETS, UserData, of_ucs2, to_ucs2};

/// Media type of a message of the relay layer (TS 24.341 clause 5.3.1.2).
pub const SMS_MEDIA_TYPE: &str = "application/vnd.3gpp.sms";

/// Does a Content-Type say so? Parameters and case do not matter (RFC 2045 clause 5.1).
pub fn is_sms(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(SMS_MEDIA_TYPE)
}

#[cfg(test)]
mod tests {
    #[test]
    fn short_messages_are_known_by_their_media_type() {
        for (content_type, is_it) in [
            ("application/vnd.3gpp.sms", true),
            ("Application/VND.3GPP.SMS ; x=y", true),
            ("application/vnd.3gpp.sms+xml", false),
            ("text/plain", false),
            ("", false),
        ] {
            assert_eq!(super::is_sms(content_type), is_it, "{content_type}");
        }
    }
}
