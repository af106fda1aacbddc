//! Addresses on MM4 (TS 23.140 clause 8.4.5.1): a number goes as `+4915112345678/TYPE=PLMN@mms.example.net`.

use std::fmt;

/// An address in a header, and as the path of SMTP.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Mm4Address {
    /// What stands before `@`, without quotes.
    pub local: String,
    /// The domain; some leave it out behind a number.
    pub domain: Option<String>,
}

impl Mm4Address {
    /// A number, with `+` when it is an international one, at the relay of a domain.
    pub fn plmn(number: &str, domain: &str) -> Self {
        Self { local: format!("{number}/TYPE=PLMN"), domain: Some(domain.to_owned()) }
    }

    /// The address that a relay has itself: `system-user@…`.
    pub fn system(domain: &str) -> Self {
        Self { local: "system-user".to_owned(), domain: Some(domain.to_owned()) }
    }

    /// Reads the address alone, without a name before it: `local@domain`, or what stands before `@`; `None` when that is
    /// none.
    pub fn parse(_text: &str) -> Option<Self> {
        todo!()
    }

    /// The number of `…/TYPE=PLMN`.
    pub fn number(&self) -> Option<&str> {
        todo!()
    }

    /// As MM1 has it: `+4915112345678/TYPE=PLMN` without the domain, or the mail address.
    pub fn to_mm1(&self) -> String {
        todo!()
    }

    /// An address of MM1, at the relay of a domain when it is a number or has another TYPE (`TYPE=IPv4`, `TYPE=IPv6`).
    pub fn from_mm1(_text: &str, _domain: &str) -> Option<Self> {
        todo!()
    }
}

impl fmt::Display for Mm4Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.local)?;
        self.domain.as_ref().map_or(Ok(()), |domain| write!(f, "@{domain}"))
    }
}
