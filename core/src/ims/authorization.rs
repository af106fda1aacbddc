//! Whose REGISTER it is (TS 24.229 clauses 5.2.2, 5.3.1.2 and 5.4.1.2): one Authorization of scheme Digest names the private
//! user identity. All boxes of the core read it here, so that none takes another user from a request than the next one.

use protocol::sip::proxy::Refusal;
use protocol::sip::{Credentials, Headers};

/// The Digest credentials of a request. Other schemes name nobody. Two of scheme Digest, or what cannot be read, are refused:
/// the next box might choose the other one.
pub(super) fn digest_credentials(headers: &Headers) -> Result<Option<Credentials>, Refusal> {
    let mut found = None;
    for value in headers.all("Authorization") {
        let credentials =
            Credentials::parse(value).map_err(|_| Refusal::new(400).because("Authorization cannot be read"))?;
        if credentials.is_digest() && found.replace(credentials).is_some() {
            return Err(Refusal::new(400).because("More than one Authorization"));
        }
    }
    Ok(found)
}

/// The private user identity that credentials name; none if they leave it empty.
pub(super) fn private_identity(credentials: &Credentials) -> Option<String> {
    credentials.username().filter(|name| !name.is_empty()).map(std::borrow::Cow::into_owned)
}
