//! Charging: records of everything, prepaid users who pay before.

use super::{needed, passes};

const OFFLINE: [&str; 2] = ["TS 32.260 5.2.2.1.1", "TS 32.260 5.2.2.1.5"];
const ONLINE: [&str; 3] = ["TS 32.260 5.3.2.1.1", "TS 32.260 5.3.2.2.1.1", "TS 32.260 B.1"];

#[test]
fn charging() {
    let ladders = passes("charging");
    for procedure in OFFLINE.into_iter().chain(ONLINE) {
        assert_eq!(ladders.iter().filter(|own| *own == procedure).count(), 1, "{procedure}");
    }
}

#[test]
fn every_step_of_offline_charging_is_needed() {
    needed("charging", &OFFLINE);
}

#[test]
fn every_step_of_online_charging_is_needed() {
    needed("charging", &ONLINE);
}
