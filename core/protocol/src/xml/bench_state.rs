//! States of a UE that the bench's services use, as elements in `status` of a presence tuple (RFC 3863 clause 4.2.5).
//!
//! Namespace `urn:castbench:params:xml:ns:presence`, three elements, each at most once and each optional:
//!
//! | element | content |
//! |---|---|
//! | `location-area` | the area that the UE is in: `MCC-MNC-LAC` or `MCC-MNC-TAC`, decimal and hexadecimal as TS 23.003 has them |
//! | `mbms-listening` | TMGIs of the MBMS bearers that it receives, separated by spaces; empty: none |
//! | `ip-connected` | `true` when short messages reach it over IP (TS 23.204), else `false` |

use super::{Qualified, Tuple};
use crate::Tmgi;

/// The namespace of the elements.
pub const BENCH_STATE_NAMESPACE: &str = "urn:castbench:params:xml:ns:presence";

/// What a UE says of itself; what it does not say is none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BenchState {
    /// The area that it is in.
    pub location_area: Option<String>,
    /// The bearers that it receives.
    pub mbms_listening: Option<Vec<Tmgi>>,
    /// Short messages reach it over IP.
    pub ip_connected: Option<bool>,
}

impl BenchState {
    /// What a tuple says; elements that cannot be read say nothing.
    pub fn of(tuple: &Tuple) -> Self {
        let text = |name: &str| {
            let found = tuple.status.iter().find(|element| element.is(BENCH_STATE_NAMESPACE, name));
            found.map(Qualified::text)
        };
        let tmgis = |text: String| text.split_whitespace().map(|tmgi| tmgi.parse().ok()).collect();
        Self {
            location_area: text("location-area").filter(|area| !area.is_empty()),
            mbms_listening: text("mbms-listening").and_then(tmgis),
            ip_connected: text("ip-connected").and_then(|text| match text.as_str() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            }),
        }
    }

    /// Puts it into a tuple, in the place of what was said before.
    pub fn put(&self, tuple: &mut Tuple) {
        tuple.status.retain(|element| element.namespace != BENCH_STATE_NAMESPACE);
        let tmgis = |tmgis: &Vec<Tmgi>| tmgis.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let texts = [
            ("location-area", self.location_area.clone()),
            ("mbms-listening", self.mbms_listening.as_ref().map(tmgis)),
            ("ip-connected", self.ip_connected.map(|is| is.to_string())),
        ];
        let said = texts.into_iter().filter_map(|(name, text)| Some((name, text?)));
        tuple.status.extend(said.map(|(name, text)| match text.is_empty() {
            true => Qualified::new(BENCH_STATE_NAMESPACE, name),
            false => Qualified::new(BENCH_STATE_NAMESPACE, name).with_text(text),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Basic, Pidf};

    #[test]
    fn what_is_put_comes_through_a_document() {
        let state = BenchState {
            location_area: Some("001-01-1a2b".to_owned()),
            mbms_listening: Some(vec!["000001@262-01".parse().unwrap(), "000002@262-01".parse().unwrap()]),
            ip_connected: Some(true),
        };
        let mut tuple = Tuple::new("ue", Basic::Open);
        BenchState { ip_connected: Some(false), ..BenchState::default() }.put(&mut tuple);
        state.put(&mut tuple);
        let pidf = Pidf { tuples: vec![tuple], ..Pidf::new("sip:ue@ims.example") };
        let again = Pidf::parse(&pidf.to_document()).unwrap();
        assert_eq!(BenchState::of(&again.tuples[0]), state);
        let none = BenchState { mbms_listening: Some(Vec::new()), ..BenchState::default() };
        none.put(&mut Tuple::new("ue", Basic::Open));
        let mut tuple = Tuple::new("ue", Basic::Open);
        none.put(&mut tuple);
        assert_eq!(BenchState::of(&tuple), none);
    }
}
