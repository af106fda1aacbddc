//! Which of several HSSs knows an identity: what a subscription locator function does (TS 23.228 clause 5.8.1), as a table that a
//! CSCF is given instead of asking on Dx.

use serde::{Deserialize, Serialize};

use super::hss::canonical;

/// Identities and their HSS.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HssRoute {
    /// Private and public identities, without `sip:` and `tel:`; `*` stands for any characters: `m*@partner.example`.
    pub identities: Vec<String>,
    /// Origin-Host of the HSS.
    pub host: String,
    /// Its realm.
    pub realm: String,
}

impl HssRoute {
    /// Host and realm for a request about these identities; without a route those that are usual.
    pub(crate) fn choose<'a>(
        routes: &'a [Self],
        impi: Option<&str>,
        impu: Option<&str>,
        usual: (Option<&'a str>, &'a str),
    ) -> (Option<&'a str>, &'a str) {
        if routes.is_empty() {
            return usual;
        }
        let names: Vec<_> = impi.map(str::to_ascii_lowercase).into_iter().chain(impu.map(without_scheme)).collect();
        let takes = |route: &&Self| names.iter().any(|name| names_one(&route.identities, name));
        routes.iter().find(takes).map_or(usual, |route| (Some(&route.host), &route.realm))
    }
}

/// Whether one of these patterns is of an identity; case does not matter.
pub(crate) fn names_one(patterns: &[String], identity: &str) -> bool {
    patterns.iter().any(|pattern| is_like(&pattern.to_ascii_lowercase(), &identity.to_ascii_lowercase()))
}

/// A public identity as patterns have it: in canonical form, without scheme.
pub(crate) fn without_scheme(impu: &str) -> String {
    let identity = canonical(impu).to_ascii_lowercase();
    identity.split_once(':').map_or_else(|| identity.clone(), |(_, rest)| rest.to_owned())
}

/// Whether `text` is what `pattern` stands for, `*` in it being any characters. The time grows with the product of both.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, is) in [
            ("*", "", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("m*@partner.test", "m12@partner.test", true),
            ("m*@partner.test", "m12@partner.test.evil", false),
            ("m*@partner.test", "n12@partner.test", false),
            ("*@a*@b", "x@a@b", true),
            ("a*a", "a", false),
            ("", "x", false),
            ("*ab*ab", "xabab", true),
            ("*ab*ab", "xab", false),
        ] {
            assert_eq!(is_like(pattern, text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn an_identity_of_either_kind_chooses_the_hss() {
        let routes = [HssRoute {
            identities: vec!["M*@Partner.test".to_owned()],
            host: "migration.partner.test".to_owned(),
            realm: "partner.test".to_owned(),
        }];
        let usual = (Some("hss.partner.test"), "partner.test");
        let host = |impi: Option<&str>, impu: Option<&str>| HssRoute::choose(&routes, impi, impu, usual).0;
        let migration = Some("migration.partner.test");
        assert_eq!(host(Some("m1@partner.test"), None), migration);
        assert_eq!(host(Some("x@partner.test"), Some("sip:m1@PARTNER.test;user=phone")), migration);
        assert_eq!(host(Some("x@partner.test"), Some("tel:+49")), usual.0);
        assert_eq!(host(None, None), usual.0);
        assert_eq!(HssRoute::choose(&[], Some("m1@partner.test"), None, usual), usual);
    }
}
