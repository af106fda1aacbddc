//! Messages to lists, messages that are told of, messages that wait, sessions of messages.

use super::{needed, passes};

const LIST: &str = "RFC 5365 7";
const TRACKED: &str = "RFC 5438 7.2.1";
const SESSION: &str = "TS 24.247 5.1";
const IN_SESSION: &str = "RFC 4975 5.1";
const DEFERRED: &str = "RFC 3428 7";
const EXPIRED: &str = "RFC 3428 7, expired";

#[test]
fn messages() {
    assert_eq!(passes("messaging"), [LIST, TRACKED, SESSION, IN_SESSION, "TS 24.229 5.1.5"]);
}

#[test]
fn messages_that_wait() {
    assert_eq!(passes("deferred"), [DEFERRED, EXPIRED]);
}

#[test]
fn every_step_of_a_message_to_a_list_is_needed() {
    needed("messaging", &[LIST]);
}

#[test]
fn every_step_of_a_message_that_is_told_of_is_needed() {
    needed("messaging", &[TRACKED]);
}

#[test]
fn every_step_of_a_session_of_messages_is_needed() {
    needed("messaging", &[SESSION, IN_SESSION]);
}

#[test]
fn every_step_of_a_message_that_waits_is_needed() {
    needed("deferred", &[DEFERRED, EXPIRED]);
}
