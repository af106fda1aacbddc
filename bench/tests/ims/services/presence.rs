//! Presence.

use super::{needed, needed_on_plain_sip, passes_on};

const PRESENCE: [&str; 3] = ["TS 24.141 5.3.1.3", "TS 24.141 5.3.2", "TS 24.141 5.3.2.4"];

const PLAIN: [&str; 3] = ["RFC 3903 4, plain SIP", "RFC 3856 6, plain SIP", "RFC 3857 4, plain SIP"];

#[test]
fn presence() {
    for (network, procedures) in [("ims", PRESENCE), ("sip", PLAIN)] {
        let ladders = passes_on(network, "presence");
        for procedure in procedures {
            assert!(ladders.iter().any(|own| own == procedure), "{procedure}");
        }
    }
}

#[test]
fn every_step_of_presence_is_needed_on_a_plain_sip_network() {
    needed_on_plain_sip("presence", &PLAIN);
}

#[test]
fn every_step_of_presence_is_needed() {
    needed("presence", &PRESENCE);
}
