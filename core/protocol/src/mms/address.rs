//! Addresses: OMA-MMS-ENC clause 8.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::EncodedString;

/// An address as it stands in From, To, Cc and Bcc.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct MmsAddress(pub EncodedString);

/// What an address is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum AddressKind {
    /// A number of the PLMN without separators: `+491701234567`.
    Phone(String),
    /// An address of mail, without the name it may come with.
    Mail(String),
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address.
    Ipv6(Ipv6Addr),
    /// A short code, or digits without a type.
    ShortCode(String),
    /// Of a type that is not known here.
    Other(String),
}

impl MmsAddress {
    /// A number: `+491701234567/TYPE=PLMN`.
    pub fn phone(number: &str) -> Self {
        Self::of_text(&format!("{number}{PLMN}"))
    }

    /// An address of mail.
    pub fn mail(address: &str) -> Self {
        Self::of_text(address)
    }

    /// An IPv4 address: `192.0.2.1/TYPE=IPv4`.
    pub fn ipv4(address: Ipv4Addr) -> Self {
        Self::of_text(&format!("{address}{IPV4}"))
    }

    /// An IPv6 address.
    pub fn ipv6(address: Ipv6Addr) -> Self {
        Self::of_text(&format!("{address}{IPV6}"))
    }

    /// A short code.
    pub fn short_code(code: &str) -> Self {
        Self::of_text(code)
    }

    /// An address as a user or a protocol writes it: what has no type and looks like a number gets that of the PLMN.
    pub fn of_user(text: &str) -> Self {
        let text = text.trim();
        let number = without_separators(text);
        let is_number = number.strip_prefix('+').is_some_and(is_digits);
        if is_number { Self::phone(&number) } else { Self::of_text(text) }
    }

    /// An address as it is.
    pub fn of_text(text: &str) -> Self {
        Self(EncodedString::new(text))
    }

    /// The address as it is.
    pub fn text(&self) -> String {
        self.0.text().into_owned()
    }

    /// What it is.
    pub fn kind(&self) -> AddressKind {
        let text = self.text();
        // What could end a line of mail, or a string, is no address.
        if text.contains(char::is_control) {
            return AddressKind::Other(text);
        }
        let trimmed = text.trim();
        let typed = |kind: &str| {
            let at = trimmed.len().checked_sub(kind.len())?;
            let (address, own) = trimmed.split_at_checked(at)?;
            own.eq_ignore_ascii_case(kind).then_some(address)
        };
        if let Some(number) = typed(PLMN) {
            let number = without_separators(number);
            if is_digits(number.strip_prefix('+').unwrap_or(&number)) {
                return AddressKind::Phone(number);
            }
        }
        if let Some(address) = typed(IPV4).and_then(|address| address.parse().ok()) {
            return AddressKind::Ipv4(address);
        }
        if let Some(address) = typed(IPV6).and_then(|address| address.parse().ok()) {
            return AddressKind::Ipv6(address);
        }
        let mail = mailbox(trimmed);
        let is_mail = mail.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        if is_mail && !mail.contains(char::is_whitespace) {
            return AddressKind::Mail(mail.to_owned());
        }
        let code = without_separators(trimmed);
        match code.strip_prefix('+') {
            Some(number) if is_digits(number) => AddressKind::Phone(code),
            None if is_digits(&code) => AddressKind::ShortCode(code),
            _ => AddressKind::Other(text),
        }
    }

    /// Its number, when it is one of the PLMN.
    pub fn number(&self) -> Option<String> {
        match self.kind() {
            AddressKind::Phone(number) => Some(number),
            _ => None,
        }
    }
}

impl fmt::Display for MmsAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text())
    }
}

/// The address in `"Name" <address>` (RFC 2822 clause 3.4).
fn mailbox(text: &str) -> &str {
    let within = text.strip_suffix('>').and_then(|text| text.rsplit_once('<'));
    within.map_or(text, |(_, address)| address)
}

/// Visual separators of RFC 3966 clause 5.1.1, and blanks, mean nothing.
fn without_separators(number: &str) -> String {
    number.chars().filter(|c| !"-.() ".contains(*c)).collect()
}

/// `global-phone-number` and `num-shortcode` have digits, `*` and `#` (clause 8).
fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit() || b"*#".contains(&octet))
}

const PLMN: &str = "/TYPE=PLMN";
const IPV4: &str = "/TYPE=IPv4";
const IPV6: &str = "/TYPE=IPv6";
