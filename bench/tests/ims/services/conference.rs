//! Conferences.

use super::{needed, passes};

const CONFERENCE: [&str; 4] = ["TS 24.147 5.3.1.3.2", "RFC 4575 3", "RFC 4579 5.1", "TS 24.147 5.3.1.6.1"];

#[test]
fn conferences() {
    assert_eq!(passes("conference"), CONFERENCE);
}

#[test]
fn every_step_of_a_conference_is_needed() {
    needed("conference", &CONFERENCE);
}
