//! Where a message goes: to a mobile by way of the SMS-GMSC, to an ESME, or to another SM-SC.

use super::config::{Numbering, SmScConfig};
use super::message::Party;

use crate::node::rows::part;
use protocol::sms::TypeOfNumber;

/// Which way messages go: a number of [`Routes`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Way {
    /// By the SMS-GMSC.
    Mobile,
    /// To the ESME of this account.
    Esme(usize),
    /// To this other SM-SC.
    SmSc(usize),
}

/// All ways, and which numbers go which.
#[derive(Debug)]
pub(super) struct Routes {
    numbering: Numbering,
    /// Name in keys, and which.
    ways: Vec<(String, Way)>,
    patterns: Vec<(String, usize)>,
    has_mobile: bool,
}

impl Routes {
    pub(super) fn new(config: &SmScConfig) -> Self {
        let mut ways = vec![("G".to_owned(), Way::Mobile)];
        let mut patterns = Vec::new();
        for (n, account) in config.accounts.iter().enumerate() {
            patterns.extend(account.numbers.iter().map(|number| (plain(number), ways.len())));
            ways.push((format!("E:{}", part(&account.system_id)), Way::Esme(n)));
        }
        for (n, smsc) in config.smscs.iter().enumerate() {
            patterns.extend(smsc.numbers.iter().map(|number| (plain(number), ways.len())));
            ways.push((format!("S:{}", part(&smsc.peer.name)), Way::SmSc(n)));
        }
        let has_mobile = !config.message_centres.is_empty();
        Self { numbering: config.numbering.clone(), ways, patterns, has_mobile }
    }

    pub(super) fn ways(&self) -> impl Iterator<Item = (&str, Way)> {
        self.ways.iter().map(|(name, way)| (name.as_str(), *way))
    }

    /// The number of the way that a lane belongs to.
    pub(super) fn of_lane(&self, lane: &str) -> Option<usize> {
        let name = lane.split('/').next()?;
        self.ways.iter().position(|(own, _)| own == name)
    }

    pub(super) fn way(&self, number: usize) -> Option<Way> {
        self.ways.get(number).map(|(_, way)| *way)
    }

    /// What an address is known as: E.164 digits where it can be brought to these, a short number or a text else.
    pub(super) fn name(&self, party: &Party) -> String {
        self.numbering.e164(party).unwrap_or_else(|| party.text.clone())
    }

    /// The lane of messages from one to another; `None`: nobody can be reached there.
    pub(super) fn lane(&self, source: &Party, destination: &Party) -> Option<String> {
        if destination.is_alphanumeric() {
            return None;
        }
        let name = self.name(destination);
        // A short number may come as a national one.
        let way = patterns_match(&self.patterns, &name).or_else(|| patterns_match(&self.patterns, &destination.text));
        let Some((route, _)) = way.and_then(|number| self.ways.get(number)) else {
            let digits = self.numbering.e164(destination).filter(|_| self.has_mobile)?;
            return Some(format!("G/{}", part(&digits)));
        };
        // What one has sent to a number comes in order; ESMEs and other SM-SCs take what others have sent meanwhile.
        Some(format!("{route}/{}/{}", part(&name), part(&self.name(source))))
    }

    /// E.164 digits.
    pub(super) fn numbering(&self, party: &Party) -> Option<String> {
        self.numbering.e164(party)
    }

    /// The number of a mobile as its lane has it.
    pub(super) fn mobile_lane(&self, party: &Party) -> Option<String> {
        Some(format!("G/{}", part(&self.numbering.e164(party)?)))
    }
}

/// The longest pattern that fits.
pub(super) fn patterns_match<T: Copy>(patterns: &[(String, T)], number: &str) -> Option<T> {
    let fits = |(pattern, _): &&(String, T)| match pattern.strip_suffix('*') {
        Some(prefix) => number.starts_with(prefix),
        None => number == pattern,
    };
    patterns.iter().filter(fits).max_by_key(|(pattern, _)| pattern.len()).map(|(_, of)| *of)
}

/// A pattern without `+`.
pub(super) fn plain(pattern: &str) -> String {
    pattern.trim_start_matches('+').to_owned()
}

impl Numbering {
    /// Digits of E.164 with country code (TS 23.040 clause 9.1.2.5, type of number); `None`: it is no such number.
    pub(super) fn e164(&self, party: &Party) -> Option<String> {
        let digits = party.text.strip_prefix('+').unwrap_or(&party.text);
        let is_number = !digits.is_empty() && digits.len() <= E164_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_number || party.is_alphanumeric() {
            return None;
        }
        let national = |rest: &str| self.country_code.as_ref().map(|code| format!("{code}{rest}"));
        let dialled = |prefix: &str| digits.strip_prefix(prefix).filter(|rest| !prefix.is_empty() && !rest.is_empty());
        match TypeOfNumber(party.ton) {
            _ if party.text.starts_with('+') => Some(digits.to_owned()),
            TypeOfNumber::INTERNATIONAL => Some(digits.to_owned()),
            TypeOfNumber::NATIONAL => national(digits.strip_prefix(self.national_prefix.as_str()).unwrap_or(digits)),
            TypeOfNumber::UNKNOWN => match dialled(&self.international_prefix) {
                Some(rest) => Some(rest.to_owned()),
                None => national(dialled(&self.national_prefix)?),
            },
            _ => None,
        }
    }
}

/// E.164 has 15 digits; some more come with prefixes.
const E164_DIGITS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mc::HashedPassword;
    use crate::sms::sm_sc::{EsmeAccount, SmppPeer};
    use protocol::Entropy;

    fn party(ton: u8, text: &str) -> Party {
        Party { ton, npi: 1, text: text.to_owned() }
    }

    fn routes() -> Routes {
        let mut config = SmScConfig::new("358440000");
        let password = HashedPassword::of_cost("x", 8, 1, &mut Entropy::from_seed([0; 32])).unwrap();
        let mut account = EsmeAccount::new("bank", password);
        account.numbers = vec!["1700".into(), "+35850*".into()];
        config.accounts.push(account);
        config.message_centres.push(SmppPeer::new("gmsc", "10.0.0.1:2775".parse().unwrap(), "sc", ""));
        config.numbering = Numbering {
            country_code: Some("358".into()),
            national_prefix: "0".into(),
            international_prefix: "00".into(),
        };
        Routes::new(&config)
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let routes = routes();
        let read = |ton, text: &str| routes.numbering.e164(&party(ton, text));
        for (ton, text) in [(1, "358401"), (1, "+358401"), (0, "+358401"), (2, "0401"), (2, "401"), (0, "0401")] {
            assert_eq!(read(ton, text).as_deref(), Some("358401"), "{ton} {text}");
        }
        assert_eq!(read(0, "00358401").as_deref(), Some("358401"));
        for (ton, text) in [(0, "1700"), (5, "358401"), (1, ""), (1, "35 8"), (0, "0"), (1, &"1".repeat(21)), (3, "1")]
        {
            assert_eq!(read(ton, text), None, "{ton} {text}");
        }
    }

    #[test]
    fn the_longest_pattern_leads() {
        let routes = routes();
        let from = party(1, "358401");
        let lane = |ton, text: &str| routes.lane(&from, &party(ton, text));
        assert_eq!(lane(0, "0402").as_deref(), Some("G/358402"));
        assert_eq!(lane(0, "1700").as_deref(), Some("E:bank/1700/358401"));
        assert_eq!(lane(2, "1700").as_deref(), Some("E:bank/3581700/358401"));
        assert_eq!(lane(2, "50123").as_deref(), Some("E:bank/35850123/358401"));
        assert_eq!((lane(0, "1701"), lane(5, "bank")), (None, None));
        assert_eq!(routes.of_lane("E:bank/1700/358401"), Some(1));
        assert_eq!(patterns_match(&[("35*".into(), 1), ("358*".into(), 2), ("358".into(), 3)], "3580"), Some(2));
    }
}
