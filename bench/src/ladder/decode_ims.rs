//! SIP and Diameter messages for people: a line for the record, fields for the report. Without what proves an identity.

use protocol::diameter::{Avp, Message, dictionary};
use protocol::m2ap::M2apPdu;
use protocol::m3ap::M3apPdu;
use protocol::sip::SipMessage;
use protocol::{Joint, TapEvent};

use super::decode::Field;
use super::{decode_map, decode_mc, decode_mms, decode_smpp};
use crate::ims::mask;

/// Header fields, AVPs and lines of a body that are shown.
const FIELDS_MAX: usize = 48;
/// Characters of a value.
const VALUE_MAX: usize = 400;
/// Depth of groups of AVPs.
const DEPTH_MAX: usize = 4;

/// Method and status, or command and result, of a message.
pub(crate) fn summary(event: &TapEvent) -> String {
    if event.joint.is_diameter() {
        return Message::parse(&event.bytes).map_or_else(|_| "no Diameter".into(), |message| diameter_line(&message));
    }
    if event.joint.is_http() {
        let line = event.bytes.split(|&octet| octet == b'\r').next().unwrap_or_default();
        return String::from_utf8_lossy(line).into_owned();
    }
    if event.joint.is_map() {
        return decode_map::line(&event.bytes);
    }
    match event.joint {
        Joint::Smpp => return decode_smpp::line(&event.bytes),
        Joint::Mm4 => return decode_mms::line(&event.bytes),
        Joint::Mb => return media_line(event),
        Joint::M3 => return M3apPdu::parse(&event.bytes).map_or_else(|e| format!("no M3AP: {e}"), |m| m.name().into()),
        Joint::M2 => return M2apPdu::parse(&event.bytes).map_or_else(|e| format!("no M2AP: {e}"), |m| m.name().into()),
        _ => {}
    }
    match SipMessage::parse(&event.bytes) {
        Ok(message) => sip_line(&message),
        Err(problem) => format!("no SIP: {problem}"),
    }
}

/// Start line and header fields; the body by its lines where it is text.
pub(super) fn sip(bytes: &[u8], fields: &mut Vec<Field>) -> Option<()> {
    let message = SipMessage::parse(bytes).ok()?;
    push(fields, "Message", sip_line(&message));
    for field in message.headers().iter() {
        push(fields, field.name(), mask::for_records(field.value()));
    }
    let body = match &message {
        SipMessage::Request(request) => &request.body,
        SipMessage::Response(response) => &response.body,
    };
    for (name, value) in decode_mc::bodies(message.headers(), body) {
        push(fields, &name, value);
    }
    if let Some((name, value)) = decode_mms::pdu_of(message.headers(), body) {
        push(fields, &name, value);
        return Some(());
    }
    for line in String::from_utf8_lossy(body).lines() {
        push(fields, "Body", line.to_owned());
    }
    Some(())
}

fn sip_line(message: &SipMessage) -> String {
    let cseq = message.headers().get("CSeq").unwrap_or_default();
    match message {
        SipMessage::Request(request) => format!("{} {} (CSeq {cseq})", request.method, request.uri),
        SipMessage::Response(response) => format!("{} {} (CSeq {cseq})", response.status, response.reason),
    }
}

/// Start line, header fields and lines of the body.
pub(super) fn http(bytes: &[u8], fields: &mut Vec<Field>) -> Option<()> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    push(fields, "Message", lines.next()?.to_owned());
    let mut pdu = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        push(fields, name, mask::for_records(value.trim()));
        if name.eq_ignore_ascii_case("Content-Type") {
            let at = bytes.windows(4).position(|w| w == b"\r\n\r\n").map_or(bytes.len(), |end| end + 4);
            pdu = decode_mms::pdu(value.trim(), &bytes[at..]);
        }
    }
    if let Some((name, value)) = pdu {
        push(fields, &name, value);
        return Some(());
    }
    for line in body.lines() {
        push(fields, "Body", line.to_owned());
    }
    Some(())
}

/// A datagram or a piece of a stream: MSRP by its lines.
pub(super) fn media(event: &TapEvent, fields: &mut Vec<Field>) -> Option<()> {
    push(fields, "Message", media_line(event));
    if !event.channel.starts_with("udp ") {
        for line in String::from_utf8_lossy(&event.bytes).lines().skip(1) {
            push(fields, "Line", line.to_owned());
        }
        return Some(());
    }
    for (name, value) in decode_mc::media_plane(&event.bytes) {
        push(fields, &name, value);
    }
    Some(())
}

fn media_line(event: &TapEvent) -> String {
    match event.bytes.get(1) {
        _ if !event.channel.starts_with("udp ") => {
            let line = event.bytes.split(|&octet| octet == b'\r').next().unwrap_or_default();
            String::from_utf8_lossy(line).chars().take(VALUE_MAX).collect()
        }
        Some(kind @ 200..=207) => {
            let messages = decode_mc::media_plane(&event.bytes);
            let names: Vec<&str> = messages.iter().map(|(name, _)| name.as_str()).collect();
            let names = if names.is_empty() { format!("RTCP {kind}") } else { names.join(", ") };
            format!("{names}, {} octets", event.bytes.len())
        }
        Some(kind) => format!("RTP, payload type {}, {} octets", kind & 0x7f, event.bytes.len()),
        None => "no RTP".into(),
    }
}

/// Command and AVPs, in groups too.
pub(super) fn diameter(bytes: &[u8], fields: &mut Vec<Field>) -> Option<()> {
    let message = Message::parse(bytes).ok()?;
    push(fields, "Message", diameter_line(&message));
    avps(&message.avps, 0, fields);
    Some(())
}

fn diameter_line(message: &Message) -> String {
    let number = |def| message.number(def).ok().flatten();
    let experimental = || {
        let group = message.get(&dictionary::EXPERIMENTAL_RESULT)?.as_group().ok()?;
        group.iter().find(|avp| avp.is(&dictionary::EXPERIMENTAL_RESULT_CODE))?.as_u32().ok()
    };
    let result = number(&dictionary::RESULT_CODE).or_else(experimental);
    result.map_or_else(|| message.name(), |result| format!("{} {result}", message.name()))
}

fn avps(all: &[Avp], depth: usize, fields: &mut Vec<Field>) {
    for avp in all {
        let definition = avp.definition();
        let name = definition.map_or_else(|| format!("AVP {}", avp.code), |def| def.name.to_owned());
        let name = format!("{}{name}", "\u{2007}\u{2007}".repeat(depth));
        let is_secret = definition.is_some_and(|def| def.secret);
        let kind = definition.map(|def| def.kind);
        match kind {
            _ if is_secret => push(fields, &name, "(not shown)".into()),
            Some(dictionary::AvpKind::Grouped) if depth < DEPTH_MAX => {
                push(fields, &name, String::new());
                avps(&avp.as_group().unwrap_or_default(), depth + 1, fields);
            }
            Some(dictionary::AvpKind::Unsigned32) => {
                push(fields, &name, avp.as_u32().map_or_else(|_| "?".into(), |n| n.to_string()));
            }
            Some(dictionary::AvpKind::Text) => push(fields, &name, avp.as_text().unwrap_or("?").to_owned()),
            _ => match std::str::from_utf8(&avp.data).ok().filter(|text| !text.chars().any(is_odd)) {
                Some(text) => push(fields, &name, text.to_owned()),
                None => push(fields, &name, hex::encode(&avp.data)),
            },
        }
    }
}

fn is_odd(c: char) -> bool {
    c.is_control() && !c.is_whitespace()
}

fn push(fields: &mut Vec<Field>, name: &str, value: String) {
    if fields.len() < FIELDS_MAX {
        fields.push((name.to_owned(), value.chars().take(VALUE_MAX).collect()));
    }
}
