//! Messages to lists, messages that are told of, messages that wait, sessions of messages.

use super::{needed, needed_on_plain_sip, passes, passes_on};

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
fn messages_on_a_plain_sip_network() {
    let all = [LIST, TRACKED, "RFC 4975 8", IN_SESSION, "RFC 3261 15"].map(|own| match own {
        IN_SESSION => own.to_owned(),
        own => format!("{own}, plain SIP"),
    });
    assert_eq!(passes_on("sip", "messaging"), all);
    needed_on_plain_sip("messaging", &all);
}

#[test]
fn messages_that_wait_on_a_plain_sip_network() {
    let all = [DEFERRED, EXPIRED].map(|own| format!("{own}, plain SIP"));
    assert_eq!(passes_on("sip", "deferred"), all);
    needed_on_plain_sip("deferred", &all);
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
