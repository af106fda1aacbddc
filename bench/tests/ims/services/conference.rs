//! Conferences.

use super::{needed, needed_on_plain_sip, passes, passes_on};

const CONFERENCE: [&str; 4] = ["TS 24.147 5.3.1.3.2", "RFC 4575 3", "RFC 4579 5.1", "TS 24.147 5.3.1.6.1"];

const PLAIN: [&str; 4] =
    ["RFC 4579 5.4, plain SIP", "RFC 4575 3, plain SIP", "RFC 4579 5.1, plain SIP", "RFC 4579 5.9, plain SIP"];

#[test]
fn conferences() {
    assert_eq!(passes("conference"), CONFERENCE);
    assert_eq!(passes_on("sip", "conference"), PLAIN);
}

#[test]
fn every_step_of_a_conference_is_needed_on_a_plain_sip_network() {
    needed_on_plain_sip("conference", &PLAIN);
}

#[test]
fn every_step_of_a_conference_is_needed() {
    needed("conference", &CONFERENCE);
}
