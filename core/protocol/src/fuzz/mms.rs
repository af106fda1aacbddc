//! Multimedia messages.

use crate::Entropy;
use crate::mms::pap::{Pap, PapSubmission, PushAddress};
use crate::mms::{AddressKind, MmsAddress, MmsPdu, WapPush, emit_parts, parse_parts};

/// A PDU of MM1 that parses prints what parses again to the same; what is refused can be answered.
///
/// # Panics
/// When that does not hold.
pub fn mms_pdu(octets: &[u8]) {
    match MmsPdu::parse(octets) {
        Ok((pdu, body)) => {
            assert!(octets.ends_with(body), "a body is not where the octets end");
            let out = pdu.emit(body);
            assert_eq!(MmsPdu::parse(&out), Ok((pdu.clone(), body)), "what was printed reads otherwise");
            let _ = pdu.describe(body);
            match &pdu {
                MmsPdu::SendReq(pdu) => pdu.recipients().for_each(address),
                MmsPdu::ForwardReq(pdu) => pdu.recipients().for_each(address),
                _ => {}
            }
            if let Some(content_type) = pdu.content_type() {
                let _ = (content_type.start(), content_type.name(), content_type.charset());
                let _ = crate::mms::ContentType::of_mime(&content_type.to_mime());
                mms_parts(body);
            }
        }
        Err(problem) => {
            let _ = problem.to_string();
            for answer in [problem.answer_of_relay(), problem.answer_of_terminal()].into_iter().flatten() {
                assert_eq!(MmsPdu::parse(&answer.emit(&[])), Ok((answer, &[][..])), "an answer nobody can read");
            }
        }
    }
}

/// A body of several parts that parses prints what parses again to the same.
///
/// # Panics
/// When that does not hold.
pub fn mms_parts(octets: &[u8]) {
    let Ok(parts) = parse_parts(octets) else { return };
    assert!(parts.iter().map(|part| part.body.len()).sum::<usize>() <= octets.len(), "parts come from nowhere");
    for part in &parts {
        let _ = (part.name(), part.content_type.to_mime());
    }
    let again = emit_parts(&parts);
    assert_eq!(parse_parts(&again), Ok(parts), "what was printed reads otherwise");
}

/// A push that parses prints what parses again to the same.
///
/// # Panics
/// When that does not hold.
pub fn mms_push(octets: &[u8]) {
    let Ok(push) = WapPush::parse(octets) else { return };
    assert_eq!(WapPush::parse(&push.emit()).as_ref(), Ok(&push), "what was printed reads otherwise");
    let _ = (push.is_mms(), push.application_id.map(|application| application.is_mms()));
}

/// Documents of push access that parse print what parses again to the same; so do submissions.
///
/// # Panics
/// When that does not hold.
pub fn pap(octets: &[u8]) {
    if let Ok(document) = std::str::from_utf8(octets) {
        if let Some(address) = PushAddress::parse(document) {
            assert_eq!(PushAddress::parse(&address.to_string()), Some(address), "an address reads otherwise");
        }
        if let Ok(entity) = Pap::parse(document) {
            let again = Pap::parse(&entity.to_document()).expect("a document that nobody can read");
            // Times lose what is less than a second.
            assert_eq!(Pap::parse(&again.to_document()).as_ref(), Ok(&again), "printing does not settle");
        }
    }
    if let Ok(submission) = PapSubmission::parse("multipart/related;boundary=b", octets) {
        let (content_type, body) = submission.to_body(&mut Entropy::of_box(1, "fuzz"));
        let again = PapSubmission::parse(&content_type, &body).expect("a submission that nobody can read");
        assert_eq!((again.mms_pdu(), again.application_id()), (submission.mms_pdu(), submission.application_id()));
    }
}

fn address(address: &MmsAddress) {
    let _ = (address.kind(), address.to_string());
    let text = address.text();
    if text.contains(char::is_control) {
        assert_eq!(address.kind(), AddressKind::Other(text), "control characters in an address");
        return;
    }
    assert_eq!(MmsAddress::of_text(&text).kind(), address.kind(), "an address is another one");
}
