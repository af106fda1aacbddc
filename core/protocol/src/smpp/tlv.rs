//! Optional parameters: SMPP 3.4 clauses 3.2.4 and 5.3.

use super::text::COctetString;
use crate::octets::Octets;

crate::codes::codes! {
    /// Tag of an optional parameter (clause 5.3.2).
    pub struct TlvTag(u16) {
        DEST_ADDR_SUBUNIT = 0x0005, "dest_addr_subunit";
        DEST_NETWORK_TYPE = 0x0006, "dest_network_type";
        DEST_BEARER_TYPE = 0x0007, "dest_bearer_type";
        DEST_TELEMATICS_ID = 0x0008, "dest_telematics_id";
        SOURCE_ADDR_SUBUNIT = 0x000D, "source_addr_subunit";
        SOURCE_NETWORK_TYPE = 0x000E, "source_network_type";
        SOURCE_BEARER_TYPE = 0x000F, "source_bearer_type";
        SOURCE_TELEMATICS_ID = 0x0010, "source_telematics_id";
        QOS_TIME_TO_LIVE = 0x0017, "qos_time_to_live";
        PAYLOAD_TYPE = 0x0019, "payload_type";
        ADDITIONAL_STATUS_INFO_TEXT = 0x001D, "additional_status_info_text";
        RECEIPTED_MESSAGE_ID = 0x001E, "receipted_message_id";
        MS_MSG_WAIT_FACILITIES = 0x0030, "ms_msg_wait_facilities";
        PRIVACY_INDICATOR = 0x0201, "privacy_indicator";
        SOURCE_SUBADDRESS = 0x0202, "source_subaddress";
        DEST_SUBADDRESS = 0x0203, "dest_subaddress";
        USER_MESSAGE_REFERENCE = 0x0204, "user_message_reference";
        USER_RESPONSE_CODE = 0x0205, "user_response_code";
        SOURCE_PORT = 0x020A, "source_port";
        DESTINATION_PORT = 0x020B, "destination_port";
        SAR_MSG_REF_NUM = 0x020C, "sar_msg_ref_num";
        LANGUAGE_INDICATOR = 0x020D, "language_indicator";
        SAR_TOTAL_SEGMENTS = 0x020E, "sar_total_segments";
        SAR_SEGMENT_SEQNUM = 0x020F, "sar_segment_seqnum";
        SC_INTERFACE_VERSION = 0x0210, "sc_interface_version";
        CALLBACK_NUM_PRES_IND = 0x0302, "callback_num_pres_ind";
        CALLBACK_NUM_ATAG = 0x0303, "callback_num_atag";
        NUMBER_OF_MESSAGES = 0x0304, "number_of_messages";
        CALLBACK_NUM = 0x0381, "callback_num";
        DPF_RESULT = 0x0420, "dpf_result";
        SET_DPF = 0x0421, "set_dpf";
        MS_AVAILABILITY_STATUS = 0x0422, "ms_availability_status";
        NETWORK_ERROR_CODE = 0x0423, "network_error_code";
        MESSAGE_PAYLOAD = 0x0424, "message_payload";
        DELIVERY_FAILURE_REASON = 0x0425, "delivery_failure_reason";
        MORE_MESSAGES_TO_SEND = 0x0426, "more_messages_to_send";
        MESSAGE_STATE = 0x0427, "message_state";
        USSD_SERVICE_OP = 0x0501, "ussd_service_op";
        DISPLAY_TIME = 0x1201, "display_time";
        SMS_SIGNAL = 0x1203, "sms_signal";
        MS_VALIDITY = 0x1204, "ms_validity";
        ALERT_ON_MESSAGE_DELIVERY = 0x130C, "alert_on_message_delivery";
        ITS_REPLY_TYPE = 0x1380, "its_reply_type";
        ITS_SESSION_INFO = 0x1383, "its_session_info";
    }
}

impl TlvTag {
    /// Does it belong to a vendor of message centres?
    pub const fn is_of_vendor(self) -> bool {
        matches!(self.0, 0x1400..=0x3FFF)
    }
}

/// An optional parameter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Tlv {
    /// What it is.
    pub tag: TlvTag,
    value: Vec<u8>,
}

impl Tlv {
    /// A value of octets; those beyond the 65,535th are left out.
    pub fn new(tag: TlvTag, value: impl Into<Vec<u8>>) -> Self {
        let mut value = value.into();
        value.truncate(u16::MAX.into());
        Self { tag, value }
    }

    /// An integer of one octet.
    pub fn octet(tag: TlvTag, value: u8) -> Self {
        Self::new(tag, [value])
    }

    /// An integer of two octets.
    pub fn word(tag: TlvTag, value: u16) -> Self {
        Self::new(tag, value.to_be_bytes())
    }

    /// An integer of four octets.
    pub fn double_word(tag: TlvTag, value: u32) -> Self {
        Self::new(tag, value.to_be_bytes())
    }

    /// A C-Octet String.
    pub fn text<const MAX: usize>(tag: TlvTag, value: &COctetString<MAX>) -> Self {
        Self::new(tag, [value.as_bytes(), &[0]].concat())
    }

    /// Its value.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Its value as an integer of one, two or four octets.
    pub fn integer(&self) -> Option<u32> {
        match *self.value {
            [a] => Some(a.into()),
            [a, b] => Some(u16::from_be_bytes([a, b]).into()),
            [a, b, c, d] => Some(u32::from_be_bytes([a, b, c, d])),
            _ => None,
        }
    }

    /// Its value as a string; a NUL at its end is none of it, and may be missing.
    pub fn string<const MAX: usize>(&self) -> Option<COctetString<MAX>> {
        COctetString::new(self.value.strip_suffix(&[0]).unwrap_or(&self.value))
    }
}

/// What can be asked of a list of optional parameters.
pub trait Tlvs {
    /// The first one with this tag.
    fn tlv(&self, tag: TlvTag) -> Option<&Tlv>;

    /// The value of the first one with this tag.
    fn octets(&self, tag: TlvTag) -> Option<&[u8]> {
        self.tlv(tag).map(Tlv::value)
    }

    /// The first one with this tag as an integer.
    fn integer(&self, tag: TlvTag) -> Option<u32> {
        self.tlv(tag).and_then(Tlv::integer)
    }
}

impl Tlvs for [Tlv] {
    fn tlv(&self, tag: TlvTag) -> Option<&Tlv> {
        self.iter().find(|tlv| tlv.tag == tag)
    }
}

/// Reads to the end; `None`: the last one is not whole.
pub(super) fn parse(octets: &mut Octets<'_>) -> Option<Vec<Tlv>> {
    let mut tlvs = Vec::new();
    while !octets.is_empty() {
        let tag = TlvTag(u16::from_be_bytes(octets.array()?));
        let length = u16::from_be_bytes(octets.array()?);
        tlvs.push(Tlv { tag, value: octets.take(length.into())?.to_vec() });
    }
    Some(tlvs)
}

pub(super) fn emit(tlvs: &[Tlv], out: &mut Vec<u8>) {
    for tlv in tlvs {
        out.extend(tlv.tag.0.to_be_bytes());
        out.extend((tlv.value.len() as u16).to_be_bytes());
        out.extend(&tlv.value);
    }
}
