//! MM1 and MM4 for humans: PDUs in a line, header fields of mails.

use protocol::mms::{MMS_MEDIA_TYPE, MmsPdu};
use protocol::sip::Headers;

use super::Mm4Seen;
use super::decode::{Field, push};

/// What a piece of an SMTP stream is: a mail of MM4, or a line of the session.
pub(super) fn line(bytes: &[u8]) -> String {
    if let Some(seen) = Mm4Seen::of(bytes) {
        return seen.kind;
    }
    let line = bytes.split(|&octet| octet == b'\r').next().unwrap_or_default();
    shown(&String::from_utf8_lossy(&line[..line.len().min(TEXT_MAX)]))
}

/// Header fields of a mail, or lines of the session.
pub(super) fn mail(bytes: &[u8], fields: &mut Vec<Field>) -> Option<()> {
    push(fields, "Message", line(bytes));
    let bytes = &bytes[..bytes.len().min(HEAD_MAX)];
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(bytes.len());
    for line in String::from_utf8_lossy(&bytes[..end]).split("\r\n").take(LINES_MAX) {
        match line.split_once(": ") {
            Some((name, value)) => push(fields, &shown(name), shown(value)),
            None => push(fields, "Line", shown(line)),
        }
    }
    Some(())
}

/// The PDU in a body; none: it is something else.
pub(super) fn pdu(media_type: &str, body: &[u8]) -> Option<Field> {
    let essence = media_type.split(';').next().unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case(MMS_MEDIA_TYPE) {
        return None;
    }
    let words = match MmsPdu::parse(body) {
        Ok((pdu, body)) => pdu.describe(body),
        Err(problem) => format!("no PDU of MM1: {problem}"),
    };
    Some(("PDU".to_owned(), words.chars().filter(|c| !c.is_control()).take(PDU_MAX).collect()))
}

/// The PDU in a SIP message.
pub(super) fn pdu_of(headers: &Headers, body: &[u8]) -> Option<Field> {
    pdu(headers.get("Content-Type")?, body)
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect()
}

/// Octets that are looked into, lines and characters that are shown.
const HEAD_MAX: usize = 8 << 10;
const LINES_MAX: usize = 40;
const TEXT_MAX: usize = 200;
const PDU_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use protocol::mms::{MmsStatus, NotifyRespInd};

    use super::*;

    #[test]
    fn pdus_and_mails_say_what_they_are() {
        let own = MmsPdu::from(NotifyRespInd::new("t7", Default::default(), MmsStatus::DEFERRED)).emit(&[]);
        let (_, words) = pdu("Application/vnd.wap.mms-message; x=y", &own).unwrap();
        assert!(words.starts_with("M-NotifyResp.ind") && words.contains("t7"), "{words}");
        assert_eq!(pdu("text/plain", &own), None);
        assert!(pdu(MMS_MEDIA_TYPE, b"x").unwrap().1.starts_with("no PDU"));
        let text = b"X-Mms-Message-Type: MM4_forward.REQ\r\nFrom: a@b\r\n\r\nbody";
        assert_eq!((line(text), line(b"250 OK\r\n")), ("MM4_forward.REQ".into(), "250 OK".into()));
        let mut fields = Vec::new();
        mail(text, &mut fields).unwrap();
        assert_eq!((fields.len(), &fields[2]), (3, &("From".to_owned(), "a@b".to_owned())));
    }
}
