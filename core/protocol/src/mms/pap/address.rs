//! Addresses of push: WAP-249 clause 7.

use std::fmt;

/// A recipient at a push proxy gateway: `WAPPUSH=+491701234567/TYPE=PLMN@gateway.example.net`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PushAddress {
    /// Who it is at the gateway, without escapes.
    pub client: String,
    /// What that is: `PLMN`, `USER`, `IPv4`, `IPv6`.
    pub kind: String,
    /// The gateway.
    pub gateway: String,
}

impl PushAddress {
    /// A number of the PLMN.
    pub fn phone(number: &str, gateway: &str) -> Self {
        Self { client: number.to_owned(), kind: PLMN.to_owned(), gateway: gateway.to_owned() }
    }

    /// A name that the gateway knows, a SIP URI too.
    pub fn user(name: &str, gateway: &str) -> Self {
        Self { client: name.to_owned(), kind: USER.to_owned(), gateway: gateway.to_owned() }
    }

    /// Reads an address-value; `None`: it is none.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.strip_prefix('/').unwrap_or(value);
        let (client, gateway) = value.rsplit_once('@')?;
        let (keyword, client) = client.split_once('=')?;
        let (client, kind) = client.rsplit_once('/')?;
        let (type_, kind) = kind.split_once('=')?;
        let is_push = keyword.eq_ignore_ascii_case("WAPPUSH") && type_.eq_ignore_ascii_case("TYPE");
        let client = unescaped(client)?;
        let address = Self { client, kind: kind.to_owned(), gateway: gateway.to_owned() };
        (is_push && !address.client.is_empty() && is_token(kind) && !gateway.is_empty()).then_some(address)
    }

    /// Its number, when it is one of the PLMN.
    pub fn number(&self) -> Option<&str> {
        self.kind.eq_ignore_ascii_case(PLMN).then_some(&self.client)
    }

    /// Its name, when it is one that the gateway knows.
    pub fn name(&self) -> Option<&str> {
        self.kind.eq_ignore_ascii_case(USER).then_some(&self.client)
    }
}

impl fmt::Display for PushAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WAPPUSH={}/TYPE={}@{}", escaped(&self.client), self.kind, self.gateway)
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

/// Reserved characters as `%` and two hexadecimal digits; those of numbers and addresses stand as they are.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"+-._:".contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

fn unescaped(text: &str) -> Option<String> {
    let (mut out, mut octets) = (Vec::new(), text.bytes());
    while let Some(octet) = octets.next() {
        if octet != b'%' {
            out.push(octet);
            continue;
        }
        let mut digit = || char::from(octets.next()?).to_digit(16);
        out.push((digit()? << 4 | digit()?) as u8);
    }
    String::from_utf8(out).ok()
}

const PLMN: &str = "PLMN";
const USER: &str = "USER";
