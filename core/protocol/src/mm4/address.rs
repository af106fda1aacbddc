//! Addresses on MM4 (TS 23.140 clause 8.4.5.1): a number goes as `+4915112345678/TYPE=PLMN@mms.example.net`.

use std::fmt;

use crate::sip::text::{find_outside, quote, split_outside, unquote};
use crate::smtp::path::{is_atext, is_domain};

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
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (local, domain) = match text.rsplit_once('@') {
            Some((local, domain)) => (local.trim(), Some(domain.trim())),
            None => (text, None),
        };
        let local = unquote(local);
        let is_local = !local.is_empty() && local.bytes().all(|b| matches!(b, b' '..=b'~'));
        let fits = is_local && text.len() <= MAX_ADDRESS && domain.is_none_or(is_domain);
        fits.then(|| Self { local: local.into_owned(), domain: domain.map(ToOwned::to_owned) })
    }

    /// Reads the addresses of a header field (RFC 5322 clause 3.4): names, comments and groups are passed over.
    ///
    /// # Errors
    /// What is none.
    pub fn parse_list(value: &str) -> Result<Vec<Self>, String> {
        let bare = without_comments(value);
        let items = split_outside(&bare, b',').flat_map(|item| split_outside(item, b';'));
        let mut addresses = Vec::new();
        for item in items.map(|item| without_group(item.trim())).filter(|item| !item.is_empty()) {
            let address = match find_outside(item, b'<') {
                Some(at) => item[at + 1..].split_once('>').and_then(|(inner, _)| Self::parse(inner)),
                None => Self::parse(item),
            };
            addresses.push(address.ok_or_else(|| item.chars().take(80).collect::<String>())?);
        }
        Ok(addresses)
    }

    /// The number of `…/TYPE=PLMN`.
    pub fn number(&self) -> Option<&str> {
        let (number, kind) = self.local.rsplit_once("/")?;
        kind.eq_ignore_ascii_case("TYPE=PLMN").then_some(number)
    }

    /// As MM1 has it: `+4915112345678/TYPE=PLMN` without the domain, or the mail address.
    pub fn to_mm1(&self) -> String {
        if is_typed(&self.local) { self.local.clone() } else { self.to_string() }
    }

    /// An address of MM1, at the relay of a domain when it is a number or has another TYPE (`TYPE=IPv4`, `TYPE=IPv6`).
    pub fn from_mm1(text: &str, domain: &str) -> Option<Self> {
        let address = Self::parse(text)?;
        let is_bare = address.domain.is_none();
        let digits = address.local.strip_prefix('+').unwrap_or(&address.local);
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b"-.".contains(&b));
        match (is_typed(&address.local), is_bare) {
            (_, false) => Some(address),
            (true, true) => Some(Self { domain: Some(domain.to_owned()), ..address }),
            // OMA-MMS-ENC clause 8: a number may come without its type.
            (false, true) if is_number => Some(Self::plmn(&address.local, domain)),
            (false, true) => None,
        }
    }

    /// As the path of SMTP: with a domain, which `domain` is when it has none.
    pub fn to_path(&self, domain: &str) -> String {
        let domain = self.domain.as_deref().unwrap_or(domain);
        format!("{}@{domain}", Quoted(&self.local))
    }
}

/// Does it end with `/TYPE=…`?
fn is_typed(local: &str) -> bool {
    let kind = local.rsplit_once('/').map_or("", |(_, kind)| kind);
    kind.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("TYPE="))
}

/// A local part, in quotes where it needs them: colons of IPv6 addresses are no atoms.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atext);
        if self.0.split('.').all(is_atom) { f.write_str(self.0) } else { f.write_str(&quote(self.0)) }
    }
}

/// The list without comments in parentheses.
fn without_comments(value: &str) -> String {
    let (mut depth, mut is_quoted, mut is_escaped) = (0_u32, false, false);
    let keep = |c: &char| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match c {
            '\\' if !was_escaped => is_escaped = true,
            '"' if !was_escaped && depth == 0 => is_quoted = !is_quoted,
            '(' if !was_escaped && !is_quoted => depth += 1,
            ')' if !was_escaped && !is_quoted && depth > 0 => {
                depth -= 1;
                return false;
            }
            _ => {}
        }
        depth == 0
    };
    value.chars().filter(keep).collect()
}

/// An address without the name of the group that begins before it.
fn without_group(item: &str) -> &str {
    let Some(at) = find_outside(item, b':') else { return item };
    // An IPv6 address that should be in quotes.
    let is_hex = item[..at].bytes().all(|b| b.is_ascii_hexdigit());
    let is_address = item.to_ascii_uppercase().contains("/TYPE=IPV6");
    if is_hex && is_address || find_outside(item, b'<').is_some_and(|open| open < at) {
        return item;
    }
    item[at + 1..].trim()
}

impl fmt::Display for Mm4Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted(&self.local).fmt(f)?;
        self.domain.as_ref().map_or(Ok(()), |domain| write!(f, "@{domain}"))
    }
}

/// Octets of an address: RFC 5321 clause 4.5.3.1.3 without the angle brackets.
const MAX_ADDRESS: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(local: &str, domain: Option<&str>) -> Mm4Address {
        Mm4Address { local: local.to_owned(), domain: domain.map(ToOwned::to_owned) }
    }

    #[test]
    fn lists_are_read() {
        let number = || address("+4915112345678/TYPE=PLMN", Some("mms.example.net"));
        let cases = [
            ("+4915112345678/TYPE=PLMN@mms.example.net", vec![number()]),
            ("+4915112345678/TYPE=PLMN", vec![address("+4915112345678/TYPE=PLMN", None)]),
            (
                "\"Doe, J. (x)\" <a@b>, c@d (his; \\) mail), <e@f>,",
                vec![address("a", Some("b")), address("c", Some("d")), address("e", Some("f"))],
            ),
            (
                "A Group:a@b, Ed <c@d>;, e@f",
                vec![address("a", Some("b")), address("c", Some("d")), address("e", Some("f"))],
            ),
            ("undisclosed-recipients:;", vec![]),
            ("", vec![]),
            ("\"a b\"@c", vec![address("a b", Some("c"))]),
            ("2001:db8::1/TYPE=IPv6@mms.example.net", vec![address("2001:db8::1/TYPE=IPv6", Some("mms.example.net"))]),
            ("192.0.2.1/TYPE=IPv4@b", vec![address("192.0.2.1/TYPE=IPv4", Some("b"))]),
        ];
        for (text, want) in cases {
            assert_eq!(Mm4Address::parse_list(text), Ok(want), "{text}");
        }
        for text in ["a@b@", "<a@b", "@", "a@b..c", "\u{e4}@b"] {
            assert!(Mm4Address::parse_list(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_go_to_mm1_and_back() {
        let number = Mm4Address::plmn("+4915112345678", "b");
        assert_eq!((number.number(), number.to_mm1().as_str()), (Some("+4915112345678"), "+4915112345678/TYPE=PLMN"));
        assert_eq!(Mm4Address::from_mm1(&number.to_mm1(), "b"), Some(number.clone()));
        assert_eq!(Mm4Address::from_mm1("+4915112345678", "b"), Some(number));
        let ip = Mm4Address::from_mm1("2001:db8::1/TYPE=IPv6", "b").unwrap();
        assert_eq!(ip.to_string(), "\"2001:db8::1/TYPE=IPv6\"@b");
        assert_eq!(Mm4Address::parse(&ip.to_string()), Some(ip.clone()));
        assert_eq!((ip.to_mm1().as_str(), ip.number()), ("2001:db8::1/TYPE=IPv6", None));
        let mail = Mm4Address::from_mm1("a.b@c.example", "b").unwrap();
        assert_eq!((mail.to_mm1().as_str(), mail.to_path("x").as_str()), ("a.b@c.example", "a.b@c.example"));
        assert_eq!(Mm4Address::from_mm1("nobody", "b"), None);
        assert_eq!(address("1/TYPE=PLMN", None).to_path("x"), "1/TYPE=PLMN@x");
    }
}
