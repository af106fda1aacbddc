//! SMPP 3.4 for humans: what the PDUs of a piece of a stream say, and their fields. Passwords stay out.

use protocol::smpp::{Body, CommandId, Pdu, SmeAddress, Tlv};

use super::SmppSeen;
use super::decode::{Field, push};

/// Names of the PDUs with their sequence numbers; of responses what has become of the request.
pub(super) fn line(bytes: &[u8]) -> String {
    let said: Vec<String> = SmppSeen::of(bytes).pdus().iter().map(said).collect();
    if said.is_empty() { "no SMPP".into() } else { said.join(", ") }
}

/// Each PDU with its body and its optional parameters.
pub(super) fn fields(bytes: &[u8], fields: &mut Vec<Field>) -> Option<()> {
    push(fields, "Message", line(bytes));
    for pdu in SmppSeen::of(bytes).pdus().iter().take(PDUS_MAX) {
        of_body(&pdu.body, fields);
        for tlv in pdu.tlvs.iter().take(TLVS_MAX) {
            push(fields, &tlv.tag.to_string(), value(tlv));
        }
    }
    Some(())
}

fn said(pdu: &Pdu) -> String {
    let status = if pdu.command_id().is_response() { format!(" {}", pdu.status) } else { String::new() };
    format!("{} {}{status}", pdu.command_id(), pdu.sequence_number)
}

fn of_body(body: &Body, fields: &mut Vec<Field>) {
    match body {
        Body::SubmitSm(message) | Body::DeliverSm(message) => {
            push(fields, "source_addr", address(&message.source));
            push(fields, "destination_addr", address(&message.destination));
            push(fields, "esm_class", format!("{:#04x}", message.esm_class.0));
            push(fields, "data_coding", format!("{:#04x}", message.data_coding));
            push(fields, "short_message", hex::encode(message.message.as_bytes()));
        }
        Body::SubmitSmResp(Some(id)) | Body::DeliverSmResp(Some(id)) | Body::DataSmResp(Some(id)) => {
            push(fields, "message_id", id);
        }
        Body::AlertNotification(alert) => push(fields, "source_addr", address(&alert.source)),
        Body::Bind(_, bind) => {
            push(fields, "system_id", &bind.system_id);
            push(fields, "address_range", &bind.address_range);
        }
        Body::BindResp(_, Some(system_id)) => push(fields, "system_id", system_id),
        Body::Outbind(outbind) => push(fields, "system_id", &outbind.system_id),
        Body::Other(CommandId(id), octets) => push(fields, &format!("{id:#x}"), format!("{} octets", octets.len())),
        _ => {}
    }
}

fn address<const MAX: usize>(address: &SmeAddress<MAX>) -> String {
    format!("{} ({}, {})", address.address, address.ton, address.npi)
}

fn value(tlv: &Tlv) -> String {
    tlv.integer().map_or_else(|| hex::encode(tlv.value()), |value| value.to_string())
}

/// PDUs and optional parameters that are shown.
const PDUS_MAX: usize = 3;
const TLVS_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use protocol::smpp::{Bind, BindKind, CommandStatus, MessageId, ShortMessage, TlvTag};

    use super::*;

    fn told(bytes: &[u8]) -> Vec<Field> {
        let mut all = Vec::new();
        let _ = fields(bytes, &mut all);
        all
    }

    #[test]
    fn pdus_of_a_piece_say_what_they_are() {
        let message = ShortMessage {
            source: SmeAddress::international("4917000001").unwrap(),
            destination: SmeAddress::international("4917000002").unwrap(),
            ..ShortMessage::default()
        };
        let request = Pdu::request(7, Body::SubmitSm(message)).with([Tlv::octet(TlvTag::MORE_MESSAGES_TO_SEND, 1)]);
        let status = CommandStatus::DELIVERY_FAILURE;
        let response = Pdu::response(6, status, Body::SubmitSmResp(Some(MessageId::new("a1").unwrap())));
        let bytes = [request.emit(), response.emit()].concat();
        assert_eq!(line(&bytes), format!("submit_sm 7, submit_sm_resp 6 {status}"));
        let fields = told(&bytes);
        for (name, value) in [
            ("source_addr", "4917000001 (international, ISDN)"),
            ("destination_addr", "4917000002 (international, ISDN)"),
            ("more_messages_to_send", "1"),
            ("message_id", "a1"),
        ] {
            assert!(fields.contains(&(name.into(), value.into())), "{name}: {fields:?}");
        }
    }

    #[test]
    fn passwords_and_garbage() {
        let bind = Pdu::request(1, Body::Bind(BindKind::Transceiver, Bind::new("sc", "s3cret").unwrap()));
        let fields = told(&bind.emit());
        assert!(fields.contains(&("system_id".into(), "sc".into())) && !format!("{fields:?}").contains("s3cret"));
        for garbage in [&b""[..], b"garbage", &[0xff; 40], &[0; 16]] {
            assert_eq!(told(garbage), [("Message".to_owned(), "no SMPP".to_owned())]);
        }
    }
}
