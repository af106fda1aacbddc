//! Common Presence and Instant Messaging: message format (RFC 3862).

use super::{MimeProblem, Part, read_head};
use crate::sip::Headers;

/// Content type of the format.
pub const CPIM_CONTENT_TYPE: &str = "message/cpim";

/// Namespace of the headers of disposition notifications (RFC 5438 clause 6.1).
pub const IMDN_NAMESPACE: &str = "urn:ietf:params:imdn";

/// A message: headers about the message, and the content with headers of its own.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cpim {
    /// From, To, DateTime, NS and others.
    pub headers: Headers,
    /// What is said, with its Content-Type.
    pub content: Part,
}

impl Cpim {
    /// A message of `from` to `to`.
    pub fn new(from: &str, to: &str, content: Part) -> Self {
        let mut headers = Headers::new();
        headers.append("From", &format!("<{from}>"));
        headers.append("To", &format!("<{to}>"));
        Self { headers, content }
    }

    /// Reads one.
    pub fn parse(octets: &[u8]) -> Result<Self, MimeProblem> {
        let (headers, at) = read_head(octets, "message/cpim")?;
        if headers.is_empty() {
            return Err(MimeProblem::new("message/cpim", "has no headers"));
        }
        Ok(Self { headers, content: Part::parse(&octets[at..])? })
    }

    /// Its octets.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.headers.to_block();
        out.extend_from_slice(b"\r\n");
        out.extend(self.content.to_bytes());
        out
    }

    /// The value of a header that a namespace defines (clause 3.4): by its prefix, or by the default namespace.
    pub fn get(&self, namespace: &str, name: &str) -> Option<&str> {
        self.all(namespace, name).into_iter().next()
    }

    /// The values of all headers `name` that a namespace defines. A prefix holds from where it is declared on.
    pub fn all(&self, namespace: &str, name: &str) -> Vec<&str> {
        let mut prefix: Option<&str> = None;
        let mut is_default = false;
        let mut found = Vec::new();
        for field in self.headers.iter() {
            if field.name().eq_ignore_ascii_case("NS") {
                let (before, uri) = field.value().split_once('<').unwrap_or_default();
                let is_it = uri.trim_end().strip_suffix('>') == Some(namespace);
                match before.trim() {
                    "" => is_default = is_it,
                    declared if is_it => prefix = Some(declared),
                    declared if prefix == Some(declared) => prefix = None,
                    _ => {}
                }
                continue;
            }
            let own = match field.name().split_once('.') {
                Some((own, rest)) if prefix.is_some_and(|p| p.eq_ignore_ascii_case(own)) => rest,
                None if is_default => field.name(),
                _ => continue,
            };
            if own.eq_ignore_ascii_case(name) {
                found.push(field.value());
            }
        }
        found
    }

    /// Declares the namespace of disposition notifications with the prefix `imdn`, unless it is there.
    pub fn declare_imdn(&mut self) {
        let declared = format!("imdn <{IMDN_NAMESPACE}>");
        if !self.headers.all("NS").any(|value| value == declared) {
            self.headers.append("NS", &declared);
        }
    }

    /// The URI of an address header, such as From and To.
    pub fn uri_of(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.headers.get(name)?.rsplit_once('<')?;
        rest.trim_end().strip_suffix('>')
    }
}
