//! One bearer for the calls of all servers: who makes it, who sends over it, who announces it (TS 23.280 clause 10.7.3.9.2.2).

use super::*;
use crate::mc::bearers::Announcer;

#[test]
fn two_servers_share_the_bearer_of_a_third_and_speech_is_on_the_air_once() {
    let mut trio = Trio::with_users(shared, [1, 1]);
    trio.run(3000);
    for (server, bearers) in [(1, 0), (2, 1), (3, 0)] {
        trio.assert_bearers(server, bearers);
    }
    assert_eq!((trio.announced(1), trio.announced(3)), (3, 3), "{:#?}", trio.net.notes);
    let announced = trio.announcement(1);
    assert_eq!((announced.service_areas, announced.gpms), (Some(vec![1]), Some(1)));

    trio.begins(1, 1, 3);
    trio.begins(3, 1, 3);
    trio.run(200);
    assert_eq!(trio.server(2).figure("mc_reserved_bits_per_second"), 40_000, "{:#?}", trio.net.notes);
    trio.speak(&[1, 3], 1, 30);
    let user = Trio::user(1, 1, 0);
    trio.reports(1, &user, 1, announced.tmgi, true);
    assert!(trio.with(1, |bearers, now| bearers.hears_broadcast(now, 1, &user)));
    trio.speak(&[1, 3], 1, 30);
    // It leaves the coverage, and is sent again what it may have missed.
    trio.reports(1, &user, 1, announced.tmgi, false);
    trio.run(10);
    let switched: Vec<bool> = trio.server(1).switched.iter().map(|(.., to, _)| *to).collect();
    assert_eq!(switched, [true, false]);
    assert!(trio.server(1).switched[1].3 > 20);
    trio.run(4000);
    trio.assert_on_air_once(1, 60);
    assert!(trio.air.maps.iter().all(|map| *map == (announced.tmgi, group(1))) && !trio.air.maps.is_empty());
    assert_eq!(trio.air.unmaps.len(), 3, "after the silence");

    trio.hang_up(&[(1, 1), (3, 1)]);
    assert_eq!(trio.said(1, "media distribution release request"), 1);
}

#[test]
fn a_release_is_refused_while_the_call_goes_on_and_the_other_server_goes_on_with_it() {
    let mut trio = Trio::with_calls(shared, [1, 1]);
    trio.speak(&[1, 3], 1, 20);
    trio.ends(1, 1);
    trio.speak(&[3], 1, 100);
    assert_eq!(trio.server(2).figure("mc_releases_refused"), 1, "{:#?}", trio.net.notes);
    trio.run(3000);
    assert_eq!((trio.times(1), trio.server(1).figure("mc_releases_open")), (BTreeSet::from([1]), 0));
    // Two tenths of a second to find out, and no more.
    assert!(trio.heard(1) >= 105, "{}: {:#?}", trio.heard(1), trio.net.notes);
    trio.hang_up(&[(3, 1)]);
}

#[test]
fn of_two_that_want_a_bearer_at_the_same_time_one_makes_it() {
    let mut trio = Trio::with_users(|_, _| {}, [1, 1]);
    trio.run(15_000);
    let bearers = trio.server(1).figure("mc_bearers") + trio.server(3).figure("mc_bearers");
    assert_eq!(bearers, 1, "{:#?}", trio.net.notes);
    trio.begins(1, 1, 3);
    trio.begins(3, 1, 3);
    trio.run(200);
    trio.speak(&[1, 3], 1, 20);
    trio.run(2000);
    trio.assert_on_air_once(1, 20);
}

#[test]
fn one_server_makes_the_bearers_of_all() {
    let central: Change = |server, config| match server {
        2 => (config.is_central, config.discover, config.peers) = (true, Vec::new(), vec![uri(1), uri(3)]),
        _ => (config.mb2, config.discover) = (None, vec![uri(2)]),
    };
    let mut trio = Trio::with_users(central, [1, 1]);
    trio.run(8000);
    trio.assert_bearers(2, 1);
    trio.begins(3, 1, 3);
    trio.begins(1, 1, 3);
    trio.run(100);
    trio.speak(&[1, 3], 1, 20);
    trio.run(2000);
    trio.assert_on_air_once(1, 20);
    trio.hang_up(&[(3, 1), (1, 1)]);
}

#[test]
fn the_server_with_the_bearer_announces_it_on_behalf_of_the_others() {
    let mut trio = Trio::new(|server, config| {
        shared(server, config);
        config.announcer = Announcer::Controlling;
    });
    trio.users(1, 4, 0x100, 1);
    trio.run(4000);
    assert_eq!((trio.announced(1), trio.announced(2)), (0, 4), "{:#?}", trio.net.notes);
    let (user, tmgi) = (Trio::user(1, 1, 0), trio.announcement(2).tmgi);
    trio.begins(1, 1, 4);
    trio.run(500);
    trio.reports(1, &user, 1, tmgi, true);
    trio.reports(2, &user, 1, tmgi, true);
    assert_eq!(trio.server(2).figure("mc_listening_reports_on_behalf"), 1);
    assert!(trio.with(1, |bearers, now| bearers.hears_broadcast(now, 1, &user)));
}
