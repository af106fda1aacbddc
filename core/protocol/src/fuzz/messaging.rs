//! Bodies and streams of messaging.

use crate::mime::{Cpim, MediaType, Multipart, Part};
use crate::msrp::{Continuation, MsrpFramer, MsrpItem};
use crate::xml::{Imdn, ResourceLists};

/// A body of several parts that parses prints what parses again to the same.
///
/// # Panics
/// When that does not hold.
pub fn multipart(octets: &[u8]) {
    let _ = MediaType::parse(&String::from_utf8_lossy(octets));
    let Ok(media) = MediaType::parse("multipart/mixed;boundary=b") else { return };
    if let Ok(body) = Multipart::parse(&media, octets) {
        for part in &body.parts {
            let _ = (part.media_type(), part.is_disposed("recipient-list"));
            let again = Part::parse(&part.to_bytes());
            assert_eq!(again.as_ref(), Ok(part), "a part reads otherwise");
        }
        let again = Multipart::parse(&media, &body.to_bytes("b"));
        assert_eq!(again.as_ref(), Ok(&body), "what was printed reads otherwise");
    }
}

/// A message of RFC 3862 that parses prints what parses again to the same.
///
/// # Panics
/// When that does not hold.
pub fn cpim(octets: &[u8]) {
    let Ok(message) = Cpim::parse(octets) else { return };
    let _ = (message.uri_of("From"), message.get(crate::mime::IMDN_NAMESPACE, "Message-ID"));
    let again = Cpim::parse(&message.to_bytes());
    assert_eq!(again.as_ref(), Ok(&message), "what was printed reads otherwise");
}

/// Documents that parse print what parses again to the same.
///
/// # Panics
/// When that does not hold.
pub fn message_documents(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Ok(lists) = ResourceLists::parse(text) {
        let _ = (lists.entries(), lists.has_references());
        assert_eq!(ResourceLists::parse(&lists.to_document()).as_ref(), Ok(&lists), "lists read otherwise");
    }
    if let Ok(imdn) = Imdn::parse(text) {
        assert_eq!(Imdn::parse(&imdn.to_document()).as_ref(), Ok(&imdn), "a notification reads otherwise");
    }
}

/// A stream is cut in the same places whatever pieces it comes in, and heads print what parses again to the same.
///
/// # Panics
/// When that does not hold.
pub fn msrp(octets: &[u8]) {
    let cut = |size: usize| {
        let mut framer = MsrpFramer::new();
        let mut items: Vec<MsrpItem> = Vec::new();
        for piece in octets.chunks(size) {
            framer.push(piece);
            while let Ok(Some(item)) = framer.poll() {
                match (items.last_mut(), item) {
                    (Some(MsrpItem::Body(body)), MsrpItem::Body(more)) => body.extend(more),
                    (_, item) => items.push(item),
                }
            }
        }
        items
    };
    let whole = cut(octets.len().max(1));
    assert_eq!(cut(1), whole, "pieces of one octet");
    assert_eq!(cut(7), whole, "pieces of seven");
    for item in whole {
        let MsrpItem::Head(head) = item else { continue };
        let _ = (head.byte_range(), head.message_id(), head.status(), head.wants_success(), head.failure_report());
        let mut framer = MsrpFramer::new();
        framer.push(&head.to_bytes(None, Continuation::End));
        assert_eq!(framer.poll(), Ok(Some(MsrpItem::Head(head))), "a head reads otherwise");
    }
}
