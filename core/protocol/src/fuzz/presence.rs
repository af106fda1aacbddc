//! Bodies of presence.

use std::fmt::Debug;

use crate::xml::{BenchState, Pidf, PresRules, Qualified, WatcherInfo};

/// A document that is understood prints what reads again to the same; what rules leave of a presence document is one.
///
/// # Panics
/// When that does not hold.
pub fn presence(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let _ = settles(Qualified::parse(text), Qualified::to_document, Qualified::parse);
    let _ = settles(WatcherInfo::parse(text), WatcherInfo::to_document, WatcherInfo::parse);
    let _ = settles(PresRules::parse(text), PresRules::to_document, PresRules::parse);
    if let Ok(pidf) = settles(Pidf::parse(text), Pidf::to_document, Pidf::parse) {
        let rules = PresRules { rules: vec![crate::xml::PresRule::allowing("a", &["sip:a@b"])] };
        assert_eq!(rules.rules[0].provided.apply(&pidf), pidf, "everything is not everything");
        pidf.tuples.iter().for_each(|tuple| drop(BenchState::of(tuple)));
    }
}

fn settles<T: PartialEq + Debug, E: Debug>(
    parsed: Result<T, E>,
    print: impl Fn(&T) -> String,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, E> {
    let parsed = parsed?;
    let out = print(&parsed);
    match parse(&out) {
        Ok(again) => assert_eq!(again, parsed, "what was printed reads otherwise: {out}"),
        Err(problem) => panic!("what was printed is not read: {problem:?}: {out}"),
    }
    Ok(parsed)
}
