//! What passes from one leg of a B2BUA to the other.

use crate::sip::{Headers, Method, NameAddr, Request, SipProblem, SipStack, Uri};

/// Headers that belong to one leg: its dialog, its hops, its credentials and security, the length of the body. All others pass.
pub const OWN_OF_A_LEG: &[&str] = &[
    "Via",
    "From",
    "To",
    "Call-ID",
    "CSeq",
    "Contact",
    "Route",
    "Record-Route",
    "Path",
    "Service-Route",
    "Max-Forwards",
    "RAck",
    "Timestamp",
    "Authorization",
    "Proxy-Authorization",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Authentication-Info",
    "Security-Client",
    "Security-Server",
    "Security-Verify",
    "Content-Length",
];

/// Adds every header of `from` that passes to `to`, in order.
pub fn carry_headers(from: &Headers, to: &mut Headers) {
    for field in from.iter().filter(|field| !OWN_OF_A_LEG.iter().any(|own| field.is(own))) {
        to.append(field.name(), field.value());
    }
}

/// The INVITE of the other leg: its own dialog, everything else of the caller's.
pub(super) fn onward(stack: &mut SipStack, invite: &Request, uri: Uri, contact: &Uri) -> Result<Request, SipProblem> {
    let missing = |name: &'static str| SipProblem::bad(name, "is missing");
    let mut from = invite.from()?.ok_or_else(|| missing("From"))?;
    let mut to = invite.to()?.ok_or_else(|| missing("To"))?;
    from.set_tag(&stack.token(10));
    to.params.remove("tag");
    let hops = match invite.max_forwards()? {
        Some(0) => return Err(SipProblem::new(483, "Max-Forwards", "is used up")),
        hops => hops.map_or(70, |hops| hops - 1),
    };
    let mut onward = Request::new(Method::INVITE, uri);
    onward.headers.append("Max-Forwards", &hops.to_string());
    onward.headers.append("From", &from.to_string());
    onward.headers.append("To", &to.to_string());
    let call_id = stack.token(24);
    onward.headers.append("Call-ID", &call_id);
    onward.headers.append("CSeq", "1 INVITE");
    onward.headers.append("Contact", &NameAddr::new(contact.clone()).to_string());
    carry_headers(&invite.headers, &mut onward.headers);
    onward.body.clone_from(&invite.body);
    Ok(onward)
}
