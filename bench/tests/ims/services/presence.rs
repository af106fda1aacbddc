//! Presence.

use super::{needed, passes};

const PRESENCE: [&str; 3] = ["TS 24.141 5.3.1.3", "TS 24.141 5.3.2", "TS 24.141 5.3.2.4"];

#[test]
fn presence() {
    let ladders = passes("presence");
    for procedure in PRESENCE {
        assert!(ladders.iter().any(|own| own == procedure), "{procedure}");
    }
}

#[test]
fn every_step_of_presence_is_needed() {
    needed("presence", &PRESENCE);
}
