//! Identity of mission critical users: login with PKCE, tokens where they are needed.

use super::{needed, passes};

const IDENTITY: [&str; 3] = ["TS 33.180 B.4.2", "TS 33.180 B.10", "TS 33.180 B.10, refused"];

#[test]
fn identity() {
    let ladders = passes("identity");
    assert_eq!(ladders, [IDENTITY[0], IDENTITY[1], IDENTITY[0], IDENTITY[2]]);
}

#[test]
fn every_step_of_a_login_and_of_what_it_gives_is_needed() {
    needed("identity", &IDENTITY);
}
