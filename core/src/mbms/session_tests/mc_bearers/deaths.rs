//! Servers that do not respond or die: the others go on, and all is given back.

use super::*;

#[test]
fn another_server_goes_on_when_the_one_that_distributes_dies() {
    let mut trio = Trio::with_calls(shared, [1, 1]);
    trio.speak(&[1, 3], 1, 20);
    assert!(trio.net.fabric.set_down(trio.net.now, "mc1", true));
    trio.speak(&[3], 1, 250);
    trio.run(3000);
    let last = trio.next[&1];
    assert_eq!(trio.times(1), BTreeSet::from([1]));
    assert!(trio.air.rtp.contains_key(&(1, last)), "{:#?}", trio.net.notes);
    trio.ends(3, 1);
    trio.run(3000);
    trio.assert_given_back(&[2, 3]);
}

#[test]
fn a_server_that_does_not_respond_is_done_without() {
    let mut trio = Trio::new(shared);
    assert!(trio.net.fabric.set_down(trio.net.now, "mc2", true));
    trio.users(1, 3, 0x100, 1);
    trio.run(12_000);
    trio.assert_bearers(1, 1);
    trio.begins(1, 1, 3);
    trio.run(2000);
    trio.speak(&[1], 1, 20);
    trio.run(2000);
    trio.assert_on_air_once(1, 20);
}

#[test]
fn the_server_with_the_bearer_dies_in_the_middle_of_a_call() {
    let mut trio = Trio::new(shared);
    trio.users(1, 3, 0x100, 1);
    trio.run(2000);
    trio.begins(1, 1, 3);
    trio.run(500);
    let (user, tmgi) = (Trio::user(1, 1, 0), trio.announcement(1).tmgi);
    trio.speak(&[1], 1, 10);
    trio.reports(1, &user, 1, tmgi, true);
    assert!(trio.net.fabric.set_down(trio.net.now, "mc2", true));
    trio.speak(&[1], 1, 200);
    assert!(!trio.with(1, |bearers, now| bearers.hears_broadcast(now, 1, &user)), "{:#?}", trio.net.notes);
    let cancelled = |info: &UsageInfo| info.announcements[0].is_cancellation();
    assert_eq!(trio.server(1).announced.iter().filter(|(_, info)| cancelled(info)).count(), 3);
    trio.run(10_000);
    trio.speak(&[1], 1, 10);
    trio.run(2000);
    let last = trio.next[&1];
    assert!(trio.air.rtp.contains_key(&(1, last)), "over a bearer of its own: {:#?}", trio.net.notes);
}

/// A call of two servers over the bearer of the third one; a server is killed after so many messages.
fn killed(victim: u8, step: usize) -> bool {
    let mut trio = Trio::new(shared);
    let servers = trio.servers.clone();
    trio.net.maker = Some(Box::new(move |name, restarts| {
        let number: u8 = name.strip_prefix("mc")?.parse().ok()?;
        let mut config = config(number);
        shared(number, &mut config);
        let server = Arc::clone(&servers[usize::from(number) - 1]);
        *server.lock().unwrap() = Server::new(config, number, 150 + restarts as u8);
        Some(Box::new(Shared(server)))
    }));
    trio.net.kill = Some((step, format!("mc{victim}")));
    for server in [1, 3] {
        trio.users(server, 3, 0x100, 1);
    }
    trio.run(1500);
    for server in [1, 3] {
        trio.begins(server, 1, 3);
    }
    trio.run(100);
    trio.speak(&[1, 3], 1, 30);
    for server in [1, 3] {
        trio.ends(server, 1);
    }
    let is_over = trio.net.kill.take().is_some();
    trio.run(20_000);
    trio.assert_given_back(&[1, 2, 3]);
    assert!(trio.times(1).into_iter().all(|times| times == 1), "mc{victim} at {step}: {:#?}", trio.net.notes);
    for server in 1..=3 {
        trio.with(server, |bearers, now| bearers.shut_down(now));
    }
    trio.run(20_000);
    trio.net.audit();
    assert!(trio.net.mce.lock().unwrap().admission().is_empty(), "mc{victim} at {step}: {:#?}", trio.net.notes);
    is_over
}

#[test]
fn a_server_is_killed_at_any_step_and_all_is_given_back() {
    for victim in 1..=3 {
        for step in (usize::from(victim)..).step_by(KILLS_APART) {
            if killed(victim, step) {
                assert!(step > 60, "{step}");
                break;
            }
        }
    }
}

/// Messages between two kills: enough of them to hit each step of the procedure with one of the servers.
const KILLS_APART: usize = 23;
