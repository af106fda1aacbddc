//! Header names: compact forms (IANA registry of SIP header fields) and which headers come at most once.

/// Compact forms and the names they stand for: RFC 3261 clause 7.3.3, 3515, 3841, 3892, 4028, 6665, 8224 (and 4474).
const COMPACT: [(u8, &str); 19] = [
    (b'a', "Accept-Contact"),
    (b'b', "Referred-By"),
    (b'c', "Content-Type"),
    (b'd', "Request-Disposition"),
    (b'e', "Content-Encoding"),
    (b'f', "From"),
    (b'i', "Call-ID"),
    (b'j', "Reject-Contact"),
    (b'k', "Supported"),
    (b'l', "Content-Length"),
    (b'm', "Contact"),
    (b'n', "Identity-Info"),
    (b'o', "Event"),
    (b'r', "Refer-To"),
    (b's', "Subject"),
    (b't', "To"),
    (b'u', "Allow-Events"),
    (b'v', "Via"),
    (b'x', "Session-Expires"),
];

/// The long form of a compact name, any other name as it is.
pub fn long_name(name: &str) -> &str {
    let [letter] = name.as_bytes() else { return name };
    if letter.eq_ignore_ascii_case(&b'y') {
        return "Identity";
    }
    let letter = letter.to_ascii_lowercase();
    COMPACT.iter().find(|(compact, _)| *compact == letter).map_or(name, |(_, long)| long)
}

/// True when both name the same header.
pub fn same_name(a: &str, b: &str) -> bool {
    // Of two long names no other compares equal, and most differ in length.
    if a.len() > 1 && b.len() > 1 { a.eq_ignore_ascii_case(b) } else { long_name(a).eq_ignore_ascii_case(long_name(b)) }
}

/// Headers that a message has at most one of, with one value (RFC 3261 clause 20 and the documents that define them).
pub const SINGLE: [&str; 23] = [
    "Call-ID",
    "Content-Disposition",
    "Content-Length",
    "Content-Type",
    "CSeq",
    "Date",
    "Event",
    "Expires",
    "From",
    "Max-Forwards",
    "MIME-Version",
    "Min-Expires",
    "Min-SE",
    "Organization",
    "Priority",
    "RAck",
    "Reply-To",
    "Retry-After",
    "RSeq",
    "Session-Expires",
    "SIP-ETag",
    "Subscription-State",
    "To",
];

/// Headers that carry keys or digests.
pub(super) const SECRET: [&str; 5] =
    ["Authorization", "Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate", "Authentication-Info"];
