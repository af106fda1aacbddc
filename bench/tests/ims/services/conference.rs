//! Conferences.

use super::{needed, needed_on_plain_sip, passes, passes_on};

const FACTORY: &str = "TS 24.147 5.3.1.3.2";
const EVENT: &str = "RFC 4575 3";
const JOIN: &str = "RFC 4579 5.1";
const JOINED: &str = "RFC 4575 4.4, joined";
const LEAVE: &str = "TS 24.147 5.3.1.6.1";
const LEFT: &str = "RFC 4575 4.4, left";
const INVITED: &str = "TS 24.147 5.3.1.5.3";
const EXPELLED: &str = "TS 24.147 5.3.2.6.2";

/// As they are called on a plain SIP network.
const PLAIN: [&str; 6] = [
    "RFC 4579 5.4, plain SIP",
    "RFC 4575 3, plain SIP",
    "RFC 4579 5.1, plain SIP",
    "RFC 4575 4.4, joined, plain SIP",
    "RFC 4579 5.9, plain SIP",
    "RFC 4575 4.4, left, plain SIP",
];
const PLAIN_INVITE: [&str; 4] =
    ["RFC 4579 5.4, plain SIP", "RFC 4579 5.1, plain SIP", "RFC 4579 5.5, plain SIP", "RFC 4579 5.11, plain SIP"];

#[test]
fn conferences() {
    assert_eq!(passes("conference"), [FACTORY, EVENT, JOIN, JOINED, LEAVE, LEFT]);
}

#[test]
fn the_focus_calls_a_third_one() {
    assert_eq!(passes("conference_invite"), [FACTORY, JOIN, INVITED, EXPELLED]);
}

#[test]
fn every_step_of_making_and_watching_a_conference_is_needed() {
    needed("conference", &[FACTORY, EVENT]);
}

#[test]
fn every_step_of_joining_a_conference_is_needed() {
    needed("conference", &[JOIN, JOINED]);
}

#[test]
fn every_step_of_leaving_a_conference_is_needed() {
    needed("conference", &[LEAVE, LEFT]);
}

#[test]
fn every_step_of_a_call_of_the_focus_is_needed() {
    needed("conference_invite", &[INVITED]);
}

#[test]
fn every_step_of_being_let_go_by_the_focus_is_needed() {
    needed("conference_invite", &[EXPELLED]);
}

#[test]
fn conferences_on_a_plain_sip_network() {
    assert_eq!(passes_on("sip", "conference"), PLAIN);
    assert_eq!(passes_on("sip", "conference_invite"), PLAIN_INVITE);
}

#[test]
fn every_step_of_a_conference_is_needed_on_a_plain_sip_network() {
    needed_on_plain_sip("conference", &PLAIN);
}

#[test]
fn every_step_of_a_call_of_the_focus_is_needed_on_a_plain_sip_network() {
    needed_on_plain_sip("conference_invite", &PLAIN_INVITE[2..]);
}
