//! What PDUs of MM1 say of the message that a ladder is about (OMA-MMS-ENC), wherever they are: in HTTP, in SIP, and at the beginning
//! of a push in short messages (WAP-235).

use protocol::mms::{MessageType, MmsPdu, MmsStatus};

use super::super::find::{Bound, escape};

/// What a PDU teaches; none: it is another one, of another message, or it says that something has failed.
pub(in crate::ladder::ims) fn said(octets: &[u8], kind: MessageType, bound: &Bound) -> Option<Vec<(String, String)>> {
    if message_type(octets) != Some(kind) {
        return None;
    }
    let (pdu, _) = MmsPdu::parse(octets).ok()?;
    let is = |name: &str, own: &str| bound.get(name).is_none_or(|known| known == own);
    let learned = |name: &str, own: &str| is(name, own).then(|| (name.to_owned(), own.to_owned()));
    match &pdu {
        MmsPdu::SendReq(pdu) => Some(vec![learned(SENDING, &pdu.transaction_id)?]),
        MmsPdu::SendConf(pdu) => {
            let message = learned(MESSAGE, pdu.message_id.as_deref()?)?;
            (pdu.response_status.is_ok() && is(SENDING, &pdu.transaction_id)).then(|| vec![message])
        }
        MmsPdu::NotificationInd(pdu) => {
            let target = pdu.content_location.parse::<http::Uri>().ok()?;
            let target = target.path_and_query().map_or("/", |target| target.as_str());
            Some(vec![learned(NOTIFICATION, &pdu.transaction_id)?, learned(TARGET, target)?])
        }
        // Of these the ladders have deferrals alone.
        MmsPdu::NotifyRespInd(pdu) => {
            (pdu.status == MmsStatus::DEFERRED && is(NOTIFICATION, &pdu.transaction_id)).then(Vec::new)
        }
        MmsPdu::RetrieveConf(pdu) => pdu.is_ok().then(Vec::new),
        MmsPdu::DeliveryInd(pdu) => is(MESSAGE, &pdu.message_id).then(Vec::new),
        _ => Some(Vec::new()),
    }
}

/// The display filter of such a PDU.
pub(in crate::ladder::ims) fn pdu_filter(kind: MessageType, bound: &Bound) -> String {
    let mut filter = format!("mmse.message_type == {:#04x}", kind.0);
    filter += match kind {
        MessageType::SEND_CONF => " && mmse.response_status == 0x80",
        MessageType::NOTIFYRESP_IND => " && mmse.status == 0x83",
        MessageType::RETRIEVE_CONF => " && (!mmse.retrieve_status || mmse.retrieve_status == 0x80)",
        _ => "",
    };
    let names: &[&str] = match kind {
        MessageType::SEND_REQ => &[SENDING],
        MessageType::SEND_CONF => &[SENDING, MESSAGE],
        MessageType::NOTIFICATION_IND => &[NOTIFICATION, TARGET],
        MessageType::NOTIFYRESP_IND => &[NOTIFICATION],
        MessageType::DELIVERY_IND => &[MESSAGE],
        _ => &[],
    };
    for known in names.iter().filter_map(|name| bound.get(*name)) {
        filter += &format!(" && frame contains \"{}\"", escape(known));
    }
    filter
}

/// A short message, or the first segment of one, is a push of such a PDU: for the port, and with the beginning of the PDU; a
/// delivery report is that of the message.
pub(in crate::ladder::ims) fn is_push(octets: &[u8], kind: MessageType, bound: &Bound) -> bool {
    let has = |wanted: &[u8]| octets.windows(wanted.len()).any(|window| window == wanted);
    let message = bound.get(MESSAGE).filter(|_| kind == MessageType::DELIVERY_IND);
    has(&PUSH_PORT) && has(&[MESSAGE_TYPE, kind.0]) && message.is_none_or(|id| has(id.as_bytes()))
}

/// The display filter of that.
pub(in crate::ladder::ims) fn push_filter(kind: MessageType, bound: &Bound) -> String {
    let octets = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":");
    let (port, pdu) = (octets(&PUSH_PORT), octets(&[MESSAGE_TYPE, kind.0]));
    let mut filter = format!(" && frame contains {port} && frame contains {pdu}");
    if let Some(message) = bound.get(MESSAGE).filter(|_| kind == MessageType::DELIVERY_IND) {
        filter += &format!(" && frame contains \"{}\"", escape(message));
    }
    filter
}

/// The message type of a PDU, which stands first (OMA-MMS-ENC clause 7.1).
fn message_type(pdu: &[u8]) -> Option<MessageType> {
    match pdu {
        [MESSAGE_TYPE, kind, ..] => Some(MessageType(*kind)),
        _ => None,
    }
}

/// Under what the name of a multimedia message is kept: on MM1 and on MM4 it has the same.
pub(super) const MESSAGE: &str = "X-Mms-Message-ID";
/// The path of its X-Mms-Content-Location.
pub(in crate::ladder::ims) const TARGET: &str = "X-Mms-Content-Location";
/// Of M-Send.req.
const SENDING: &str = "M-Send X-Mms-Transaction-ID";
/// Of M-Notification.ind.
const NOTIFICATION: &str = "M-Notification X-Mms-Transaction-ID";
/// X-Mms-Message-Type: assigned number 0x0C as a short integer (OMA-MMS-ENC table 25).
const MESSAGE_TYPE: u8 = 0x8c;
/// Application port addressing with 16 bits to port 2948 (TS 23.040 clause 9.2.3.24.4, WAP-259).
const PUSH_PORT: [u8; 4] = [0x05, 0x04, 0x0b, 0x84];
