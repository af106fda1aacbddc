//! Exposure to third parties: texts, presence, calls, and who is refused.

use super::{needed, passes};

const TEXTS: [&str; 5] = [
    "RFC 6749 4.4",
    "OMA-TR IMSinOMA C, message",
    "OMA-TR IMSinOMA C, message state",
    "OMA-TR IMSinOMA C, user to third party",
    "OMA-TR IMSinOMA C, incoming",
];
const CALLS: [&str; 4] = [
    "OMA-TR IMSinOMA C, presence",
    "RFC 3725 4.3",
    "OMA-TR IMSinOMA C, session state",
    "OMA-TR IMSinOMA C, session end",
];
const REFUSALS: [&str; 3] = ["RFC 6750 3, no token", "RFC 6750 3.1, other scope", "RFC 6585 4"];

#[test]
fn exposure() {
    let ladders = passes("exposure");
    for procedure in TEXTS.into_iter().chain(CALLS).chain(REFUSALS) {
        assert!(ladders.iter().any(|own| own == procedure), "{procedure}");
    }
}

#[test]
fn every_step_of_texts_of_third_parties_is_needed() {
    needed("exposure", &TEXTS);
}

#[test]
fn every_step_of_presence_and_calls_for_third_parties_is_needed() {
    needed("exposure", &CALLS);
}

#[test]
fn every_step_of_refusals_is_needed() {
    needed("exposure", &REFUSALS);
}
