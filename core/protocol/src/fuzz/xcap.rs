//! XCAP: an address, a body and a document.

use crate::xcap::{self, Bindings, NodeSelector, Terminal, XcapUri};

/// First line an address, second a body, the rest a document: what was put is there, what was removed is not, and the
/// document stays one.
///
/// # Panics
/// When that does not hold.
pub fn xcap(octets: &[u8]) {
    let mut parts = octets.splitn(3, |octet| *octet == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (address, body, document) = (next(), next(), next());
    let Ok(document) = std::str::from_utf8(document) else { return };
    let is_document = xcap::parse_document(document.as_bytes()).is_ok();
    let Ok(address) = std::str::from_utf8(address) else { return };
    let uri = XcapUri::parse("/", address);
    if let Ok(uri) = &uri {
        let path = uri.document_path();
        let again = XcapUri::parse("/", &format!("/{path}"));
        assert_eq!(again.map(|again| again.document_path()), Ok(path), "an address reads otherwise");
    }
    let (text, bindings) = match uri {
        Ok(uri) => (uri.node.unwrap_or_default(), uri.bindings),
        Err(_) => (address.to_owned(), Bindings::default()),
    };
    let Ok(selector) = NodeSelector::parse(&text, &bindings, Some("u")) else { return };
    let put = match selector.terminal {
        Terminal::Attribute(_) => xcap::put_attribute(document, &selector, body),
        _ => xcap::put_element(document, &selector, body),
    };
    if let (Ok((changed, _)), false) = (put, selector.terminal == Terminal::Namespaces) {
        assert!(is_document && xcap::parse_document(changed.as_bytes()).is_ok(), "a change leaves no document");
        let part = xcap::get(&changed, &selector);
        let text = String::from_utf8_lossy(body);
        assert_eq!(part.map(|part| part.text).as_deref().map(str::trim), Some(text.trim()), "something else was put");
    }
    if let Ok(Some(changed)) = xcap::delete(document, &selector) {
        assert!(xcap::parse_document(changed.as_bytes()).is_ok(), "a removal leaves no document");
        assert_eq!(xcap::get(&changed, &selector), None, "what was removed is there");
    }
}
