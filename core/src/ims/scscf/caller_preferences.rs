//! Caller preferences against callee capabilities (RFC 3841 clause 7.2, RFC 3840): which contacts a request goes to, and
//! in which order.

use protocol::sip::{Headers, NameAddr, Param, Params};

/// Groups of contacts, by position in `contacts`: all of a group are tried at once, the groups one after the other.
pub(crate) fn choose(headers: &Headers, contacts: &[NameAddr]) -> Vec<Vec<usize>> {
    let accept: Vec<Predicate> = headers.values("Accept-Contact").filter_map(Predicate::parse).collect();
    let reject: Vec<Predicate> = headers.values("Reject-Contact").filter_map(Predicate::parse).collect();
    let mut ranked: Vec<(u16, u32, usize)> = Vec::new();
    for (position, contact) in contacts.iter().enumerate() {
        let capabilities = capabilities(contact);
        // Clause 7.2.1: a contact that says nothing of itself is immune.
        if capabilities.is_empty() {
            let immune = accept.iter().all(|p| !(p.require && p.explicit));
            if immune {
                ranked.push((contact.q_thousandths(), 0, position));
            }
            continue;
        }
        if reject.iter().any(|p| p.rejects(&capabilities)) {
            continue;
        }
        let scores: Option<Vec<u32>> = accept.iter().map(|p| p.score(&capabilities)).collect();
        if let Some(scores) = scores {
            let count = u32::try_from(scores.len()).unwrap_or(1).max(1);
            ranked.push((contact.q_thousandths(), scores.iter().sum::<u32>() / count, position));
        }
    }
    // The higher q and score, the earlier; among equals, the one that registered last.
    ranked.sort_by_key(|rank| std::cmp::Reverse(*rank));
    let disposition = |token| headers.lists("Request-Disposition", token);
    if disposition("no-fork") {
        return ranked.first().map(|r| vec![vec![r.2]]).unwrap_or_default();
    }
    if disposition("sequential") {
        return ranked.iter().map(|r| vec![r.2]).collect();
    }
    let mut groups: Vec<((u16, u32), Vec<usize>)> = Vec::new();
    for (q, score, position) in ranked {
        match groups.last_mut() {
            Some((of, group)) if *of == (q, score) || disposition("parallel") => group.push(position),
            _ => groups.push(((q, score), vec![position])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// A value of Accept-Contact or Reject-Contact: features that are wanted together.
struct Predicate {
    features: Vec<(String, String)>,
    require: bool,
    explicit: bool,
}

impl Predicate {
    fn parse(value: &str) -> Option<Self> {
        let params = value.trim().strip_prefix('*')?;
        let params = Params::parse(params, "Accept-Contact").ok()?;
        Some(Self {
            features: params.iter().filter(|p| is_feature(&p.name)).map(feature).collect(),
            require: params.has("require"),
            explicit: params.has("explicit"),
        })
    }

    /// Clause 7.2.3: only what the contact says of itself counts, and all of it has to match.
    fn rejects(&self, capabilities: &[(String, String)]) -> bool {
        !self.features.is_empty()
            && self.features.iter().all(|f| value_of(capabilities, f).is_some_and(|v| fits(v, &f.1)))
    }

    /// Clause 7.2.4: none when the contact is out; else how much of the predicate it meets, in thousandths.
    fn score(&self, capabilities: &[(String, String)]) -> Option<u32> {
        let mut met = 0;
        let mut matches = true;
        let mut said = true;
        for feature in &self.features {
            match value_of(capabilities, feature) {
                Some(value) if fits(value, &feature.1) => met += 1,
                Some(_) => matches = false,
                None => said = false,
            }
        }
        let good = matches && (said || !self.explicit);
        match (good, self.require) {
            (false, true) => None,
            (false, false) => Some(0),
            (true, _) if self.features.is_empty() => Some(1000),
            (true, _) => Some(met * 1000 / u32::try_from(self.features.len()).unwrap_or(1)),
        }
    }
}

fn capabilities(contact: &NameAddr) -> Vec<(String, String)> {
    // What identifies the device is no capability.
    let counts = |p: &&Param| is_feature(&p.name) && !p.name.eq_ignore_ascii_case("+sip.instance");
    contact.params.iter().filter(counts).map(feature).collect()
}

/// Name in small letters and value without quotes; a flag is TRUE (RFC 3840 clause 9).
fn feature(param: &Param) -> (String, String) {
    let value = param.value.as_deref().unwrap_or("TRUE").trim_matches('"').trim();
    (param.name.to_ascii_lowercase(), value.to_owned())
}

fn value_of<'a>(capabilities: &'a [(String, String)], feature: &(String, String)) -> Option<&'a str> {
    capabilities.iter().find(|(name, _)| *name == feature.0).map(|(_, value)| value.as_str())
}

/// Whether any of the wanted values is among those of the contact.
fn fits(has: &str, wants: &str) -> bool {
    wants.split(',').any(|want| match want.trim().strip_prefix('!') {
        Some(not) => !has.split(',').any(|h| same(h, not)),
        None => has.split(',').any(|h| same(h, want)),
    })
}

/// `<...>` is a string with regard to case, the rest are tokens without (RFC 3840 clause 9).
fn same(has: &str, want: &str) -> bool {
    let (has, want) = (has.trim(), want.trim());
    if want.starts_with('<') { has == want } else { has.eq_ignore_ascii_case(want) }
}

fn is_feature(name: &str) -> bool {
    name.starts_with('+') || BASE_TAGS.iter().any(|t| t.eq_ignore_ascii_case(name))
}

/// Feature tags without a plus (RFC 3840 clause 9).
const BASE_TAGS: [&str; 17] = [
    "audio",
    "automata",
    "class",
    "duplex",
    "data",
    "control",
    "mobility",
    "description",
    "events",
    "priority",
    "methods",
    "extensions",
    "schemes",
    "application",
    "video",
    "language",
    "isfocus",
];

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str = "<sip:u@10.45.0.1>;audio;+g.3gpp.smsip;+sip.instance=\"<urn:a>\"";
    const TABLET: &str = "<sip:u@10.45.0.2>;audio;video;+g.3gpp.icsi-ref=\"urn%3Aa,urn%3Ab\"";
    const SILENT: &str = "<sip:u@10.45.0.3>";

    fn chosen(fields: &[(&str, &str)], contacts: &[&str]) -> Vec<Vec<usize>> {
        let mut headers = Headers::new();
        fields.iter().for_each(|(n, v)| headers.append(n, v));
        let contacts: Vec<_> = contacts.iter().map(|c| NameAddr::parse(c).unwrap()).collect();
        choose(&headers, &contacts)
    }

    #[test]
    fn required_and_explicit_features_leave_only_who_says_them() {
        let accept = [("Accept-Contact", "*;+g.3gpp.smsip;require;explicit")];
        assert_eq!(chosen(&accept, &[TABLET, PHONE, SILENT]), [vec![1]]);
        assert_eq!(chosen(&accept, &[TABLET, SILENT]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn one_of_several_values_is_enough() {
        let accept = [("Accept-Contact", "*;+g.3gpp.icsi-ref=\"urn%3Ab\";require;explicit")];
        assert_eq!(chosen(&accept, &[PHONE, TABLET]), [vec![1]]);
        let accept = [("Accept-Contact", "*;+g.3gpp.icsi-ref=\"urn%3Ac\";require;explicit")];
        assert!(chosen(&accept, &[PHONE, TABLET]).is_empty());
    }

    #[test]
    fn preferences_without_require_only_sort() {
        assert_eq!(chosen(&[("Accept-Contact", "*;video")], &[PHONE, TABLET]), [vec![1], vec![0]]);
        assert_eq!(chosen(&[("Reject-Contact", "*;video")], &[PHONE, TABLET, SILENT]), [vec![2, 0]]);
    }

    #[test]
    fn equal_contacts_are_tried_at_once_unless_the_caller_says_otherwise() {
        let better = "<sip:u@10.45.0.4>;q=0.5";
        assert_eq!(chosen(&[], &[better, SILENT, "<sip:u@10.45.0.5>"]), [vec![2, 1], vec![0]]);
        assert_eq!(chosen(&[("Request-Disposition", "no-fork")], &[better, SILENT]), [vec![1]]);
        assert_eq!(chosen(&[("Request-Disposition", "sequential")], &[SILENT, SILENT]), [vec![1], vec![0]]);
        assert_eq!(chosen(&[("Request-Disposition", "parallel")], &[better, SILENT]), [vec![1, 0]]);
    }
}
