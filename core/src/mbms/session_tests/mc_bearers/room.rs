//! A bearer with no room for one more call: unicast, or a bearer beside it (TS 23.280 clause 10.7.3.9.2.2).

use super::*;
use crate::mc::bearers::Insufficient;

#[test]
fn a_call_without_room_is_unicast_and_comes_to_the_bearer_when_there_is_some() {
    let mut trio = Trio::with_calls(narrow, [1, 2]);
    trio.speak(&[3], 2, 20);
    trio.run(2000);
    assert_eq!((trio.heard(2), trio.server(2).figure("mc_reserved_bits_per_second")), (0, 40_000));
    trio.assert_bearers(3, 0);
    trio.ends(1, 1);
    trio.run(1500);
    trio.speak(&[3], 2, 20);
    trio.run(2000);
    trio.assert_on_air_once(2, 20);
    trio.hang_up(&[(3, 2)]);
}

#[test]
fn a_bearer_beside_a_full_one_ends_when_there_is_room() {
    let duplicate: Change = |server, config| {
        narrow(server, config);
        config.insufficient = Insufficient::Duplicate;
    };
    let mut trio = Trio::with_calls(duplicate, [1, 2]);
    trio.run(8000);
    trio.assert_bearers(3, 1);
    assert_eq!(trio.announced(1), 3, "nobody else is told");
    trio.speak(&[3], 2, 20);
    trio.run(2000);
    trio.assert_on_air_once(2, 20);
    trio.ends(1, 1);
    trio.run(10_000);
    trio.assert_bearers(3, 0);
    trio.speak(&[3], 2, 20);
    trio.run(2000);
    assert_eq!(trio.heard(2), 40, "{:#?}", trio.net.notes);
    trio.hang_up(&[(3, 2)]);
}
