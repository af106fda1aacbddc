//! Who is who: subscribers, and where recipients are (TS 23.140 clauses 7.1.5, 7.1.16).

use std::collections::BTreeMap;

use protocol::mm4::Mm4Address;
use protocol::mms::{AddressKind, MmsAddress};
use protocol::sip::Uri;

use super::config::{MmsRelayConfig, MmsSubscriber};
use super::message::Destination;

/// Subscribers, other relays, and what leads to them.
#[derive(Debug)]
pub(super) struct Routes {
    domain: String,
    /// Digits and other identities, and whose they are.
    own: BTreeMap<String, usize>,
    numbers: Vec<(String, usize)>,
    domains: BTreeMap<String, usize>,
}

impl Routes {
    pub(super) fn new(config: &MmsRelayConfig) -> Result<Self, String> {
        let mut own = BTreeMap::new();
        for (n, subscriber) in config.subscribers.iter().enumerate() {
            let digits = subscriber.msisdn.as_str();
            if digits.is_empty() || digits.len() > E164_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(format!("MMS relay: {digits:?} is no MSISDN: give it in digits with country code"));
            }
            let others = subscriber.identities.iter().map(|identity| canonical(identity));
            for identity in others.chain([digits.to_owned()]) {
                if own.insert(identity.clone(), n).is_some_and(|other| other != n) {
                    return Err(format!("MMS relay: two subscribers are {identity}"));
                }
            }
        }
        let (mut numbers, mut domains) = (Vec::new(), BTreeMap::new());
        for (n, relay) in config.relays.iter().enumerate() {
            numbers.extend(relay.numbers.iter().map(|number| (number.trim_start_matches('+').to_owned(), n)));
            for domain in relay.domains.iter().chain([&relay.domain]) {
                if domains.insert(domain.to_ascii_lowercase(), n).is_some_and(|other| other != n) {
                    return Err(format!("MMS relay: two relays have the domain {domain}"));
                }
            }
        }
        Ok(Self { domain: config.domain.to_ascii_lowercase(), own, numbers, domains })
    }

    /// The subscriber with these digits, or this identity.
    pub(super) fn subscriber(&self, identity: &str) -> Option<usize> {
        self.own.get(identity).copied()
    }

    /// The subscriber whom MM1 asserts: a URI, or digits.
    pub(super) fn asserted(&self, identity: &str) -> Option<usize> {
        let of_number = || self.subscriber(number_in(identity.trim().trim_matches('"'))?);
        self.subscriber(&canonical(identity)).or_else(of_number)
    }

    /// Where a recipient is; none: nobody knows.
    pub(super) fn destination(&self, config: &MmsRelayConfig, address: &MmsAddress) -> Option<Destination> {
        match address.kind() {
            AddressKind::Phone(number) => self.of_number(config, &number),
            AddressKind::Mail(mail) => self.of_mail(config, &mail),
            _ => None,
        }
    }

    fn of_number(&self, config: &MmsRelayConfig, number: &str) -> Option<Destination> {
        let digits = number.strip_prefix('+').filter(|digits| digits.len() <= E164_DIGITS)?;
        if self.subscriber(digits).is_some() {
            return Some(Destination::Own(digits.to_owned()));
        }
        let fits = |(pattern, _): &&(String, usize)| match pattern.strip_suffix('*') {
            Some(prefix) => digits.starts_with(prefix),
            None => digits == pattern,
        };
        let (_, relay) = self.numbers.iter().filter(fits).max_by_key(|(pattern, _)| pattern.len())?;
        Some(Destination::Relay(config.relays.get(*relay)?.name.clone()))
    }

    fn of_mail(&self, config: &MmsRelayConfig, mail: &str) -> Option<Destination> {
        if let Some(own) = self.subscriber(&canonical(mail)) {
            return Some(Destination::Own(config.subscribers.get(own)?.msisdn.clone()));
        }
        let (local, domain) = mail.rsplit_once('@')?;
        if domain.eq_ignore_ascii_case(&self.domain) {
            let own = self.subscriber(number_in(local)?)?;
            return Some(Destination::Own(config.subscribers.get(own)?.msisdn.clone()));
        }
        Some(Destination::Relay(config.relays.get(self.of_domain(domain)?)?.name.clone()))
    }

    /// The relay that a mail domain leads to.
    pub(super) fn of_domain(&self, domain: &str) -> Option<usize> {
        self.domains.get(&domain.to_ascii_lowercase()).copied()
    }

    /// The subscriber that a recipient of a mail is.
    pub(super) fn of_recipient(&self, address: &Mm4Address) -> Option<usize> {
        let is_own = address.domain.as_ref().is_none_or(|domain| domain.eq_ignore_ascii_case(&self.domain));
        let number = address.number().and_then(|number| number.strip_prefix('+')).filter(|_| is_own);
        let mail = || self.subscriber(&canonical(&address.to_string()));
        number.and_then(|digits| self.subscriber(digits)).or_else(mail)
    }

    /// Whether it is the relay itself that a mail is for.
    pub(super) fn is_system(&self, address: &Mm4Address) -> bool {
        let own = Mm4Address::system(&self.domain);
        let is_own = address.domain.as_ref().is_some_and(|domain| domain.eq_ignore_ascii_case(&self.domain));
        is_own && address.local.eq_ignore_ascii_case(&own.local)
    }

    /// Whether it is for who looks after the relay (RFC 5321 clause 4.5.1).
    pub(super) fn is_postmaster(&self, address: &Mm4Address) -> bool {
        let is_own = address.domain.as_ref().is_none_or(|domain| domain.eq_ignore_ascii_case(&self.domain));
        is_own && address.local.eq_ignore_ascii_case("postmaster")
    }
}

impl MmsSubscriber {
    /// As MM1 has it.
    pub(super) fn address(&self) -> MmsAddress {
        MmsAddress::phone(&format!("+{}", self.msisdn))
    }
}

/// The one form that an address has on MM1: a number without what separates its digits, a mailbox without a name.
pub(super) fn mm1_text(address: &MmsAddress) -> String {
    match address.kind() {
        AddressKind::Phone(number) => MmsAddress::phone(&number).text(),
        AddressKind::Mail(mail) => mail,
        _ => address.text(),
    }
}

/// Whether two addresses of MM1 or MM4 are of the same user; domains behind numbers do not matter.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| match number_in(text) {
        Some(digits) => digits.to_owned(),
        None => text.to_ascii_lowercase(),
    };
    plain(one) == plain(other)
}

/// Digits of `+4917…`, `tel:+4917…`, `sip:+4917…@…`, `+4917…/TYPE=PLMN` and that at a domain.
fn number_in(text: &str) -> Option<&str> {
    let text = text.strip_prefix("sip:").or_else(|| text.strip_prefix("tel:")).unwrap_or(text);
    let digits = text.strip_prefix('+')?;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    let is_end = rest.is_empty() || rest.starts_with(['@', ';']) || has_type(rest);
    (!digits.is_empty() && is_end).then_some(digits)
}

fn has_type(text: &str) -> bool {
    text.get(..TYPE.len()).is_some_and(|start| start.eq_ignore_ascii_case(TYPE))
}

/// The one form of an identity.
fn canonical(identity: &str) -> String {
    let identity = identity.trim().trim_matches('"');
    match identity.split_once(':') {
        Some(_) => Uri::parse(identity).map_or_else(|_| identity.to_owned(), |uri| uri.identity()),
        None => identity.trim_start_matches('+').to_ascii_lowercase(),
    }
}

const TYPE: &str = "/TYPE=PLMN";
/// Digits of a number (ITU-T E.164 clause 6.2.1).
const E164_DIGITS: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mms::OtherRelay;

    fn routes() -> (MmsRelayConfig, Routes) {
        let mut config = MmsRelayConfig::new("mms.a.example", "http://10.46.0.71");
        let mut own = MmsSubscriber::new("491721000001");
        own.identities = vec!["sip:ue@ims.example".into(), "ue@mail.example".into()];
        config.subscribers.push(own);
        for (n, (domain, numbers)) in [("b.example", "4917*"), ("c.example", "491799*")].into_iter().enumerate() {
            let mut relay = OtherRelay::new(&format!("r{n}"), domain, "10.47.0.71:25".parse().unwrap());
            relay.numbers = vec![numbers.into()];
            config.relays.push(relay);
        }
        let routes = Routes::new(&config).unwrap();
        (config, routes)
    }

    #[test]
    fn recipients_are_found_by_number_and_domain() {
        let (config, routes) = routes();
        let found = |text: &str| routes.destination(&config, &MmsAddress::of_text(text));
        let (own, relay) =
            (Some(Destination::Own("491721000001".into())), |n| Some(Destination::Relay(format!("r{n}"))));
        for (text, expected) in [
            ("+491721000001/TYPE=PLMN", own.clone()),
            ("+491721000001", own.clone()),
            ("ue@mail.example", own.clone()),
            ("+491721000001@MMS.a.example", own),
            ("+491721000002/TYPE=PLMN", relay(0)),
            ("+491799000002/TYPE=PLMN", relay(1)),
            ("x@B.example", relay(0)),
            ("+33123/TYPE=PLMN", None),
            ("+4917210000020000/TYPE=PLMN", None),
            ("x@d.example", None),
            ("x@mms.a.example", None),
            ("192.0.2.1/TYPE=IPv4", None),
            ("12345", None),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn identities_are_found_as_they_are_asserted() {
        let (_, routes) = routes();
        for identity in
            ["sip:ue@ims.example", "tel:+491721000001", "\"sip:+491721000001@x\"", "+491721000001", "491721000001"]
        {
            assert_eq!(routes.asserted(identity), Some(0), "{identity}");
        }
        assert_eq!((routes.asserted("sip:no@ims.example"), routes.asserted("")), (None, None));
        assert!(is_same("+49172/TYPE=PLMN@b.example", "+49172/type=plmn") && is_same("A@b", "a@B"));
        assert!(!is_same("+49172/TYPE=PLMN", "+49173/TYPE=PLMN"));
    }

    #[test]
    fn nobody_is_two() {
        let (mut config, _) = routes();
        config.relays[1].domains.push("b.example".into());
        assert!(Routes::new(&config).is_err());
        let (mut config, _) = routes();
        config.subscribers.push(MmsSubscriber::new("0049"));
        assert!(Routes::new(&config).is_ok());
        config.subscribers.push(MmsSubscriber::new("x"));
        assert!(Routes::new(&config).is_err());
    }
}
