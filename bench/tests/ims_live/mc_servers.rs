//! MC service servers and the BM-SC, a process each, are killed at each step of a group call over a shared MBMS bearer (TS 23.280
//! clause 10.7.3.9.2.2): the call goes on where it can, the next one is heard whole by everybody, and bearers, TMGIs and what
//! was reserved of them add up.

mod client;
mod places;
mod rig;

use std::time::Duration;

use hil::agent::media::Way;
use protocol::Entropy;

use self::places::{LATE, LISTENERS, TALKER, server_of};
use self::rig::Rig;
use super::lab::now;

/// Kills of a run; a campaign sets the variable.
const KILLS: usize = 6;
/// Each pair of a moment and a victim ten times.
const MOST_KILLS: usize = 240;

/// How far a call has come when a process is killed.
const MOMENTS: [&str; 6] = ["affiliating", "called", "established", "distributed", "speech on the bearer", "hung up"];

/// The server of two listeners, which distributes the call; the one with the bearer; that of the talker, which controls the
/// call; and the BM-SC.
const VICTIMS: [&str; 4] = ["mc1", "mc2", "mc3", "bmsc"];

/// Moment and victim of each round: all pairs in 24 rounds.
fn plan(round: usize) -> (&'static str, &'static str) {
    let turn = round / MOMENTS.len();
    (MOMENTS[round % MOMENTS.len()], VICTIMS[(round + turn) % VICTIMS.len()])
}

/// What comes before a moment, so that it happens now.
fn go(rig: &mut Rig, moment: &str) {
    if moment == "affiliating" {
        rig.affiliate();
        return;
    }
    // Its server does not ask for the bearer before it comes back: so the other one distributes the call.
    rig.marks();
    rig.goes(LATE, false);
    rig.until("without a bearer", |rig| rig.said("mc3", "MBMS in service areas {} "));
    rig.call();
    if moment == "called" {
        return;
    }
    rig.until("established", |rig| rig.all_are_in());
    if moment == "established" {
        return;
    }
    rig.until("distributed", |rig| rig.said("mc1", "we distribute"));
    rig.goes(LATE, true);
    rig.until("relied on", |rig| rig.said("mc3", "another server distributes"));
    if moment == "distributed" {
        return;
    }
    rig.talk(500);
    rig.until("heard over the bearer", |rig| LISTENERS.iter().all(|n| rig.clients[*n].way() == Some(Way::Mbms)));
    rig.run(Duration::from_millis(300));
    if moment == "hung up" {
        rig.hang_up(TALKER);
    }
}

/// What of a call goes on without its victim: at the servers that are left, unless the controlling one is gone. Where the
/// distributing one or the one with the bearer is gone, nothing is lost.
fn goes_on(rig: &mut Rig, moment: &str, victim: &str) {
    if !["established", "distributed", "speech on the bearer"].contains(&moment) || victim == "mc3" {
        return;
    }
    let before = rig.spoken();
    if moment != "speech on the bearer" {
        rig.talk(500);
    }
    rig.run(Duration::from_millis(2500));
    let end = rig.spoken();
    assert!(end > before + 50, "{}: the talker has said {} packets", rig.at, end - before);
    for n in LISTENERS.into_iter().filter(|n| server_of(*n) != victim) {
        assert!(rig.clients[n].is_in(), "{}: user{n} is out of the call{}", rig.at, rig.story());
        if victim != "bmsc" {
            rig.until_heard(n, rig.first()..end);
        }
    }
}

/// A call from beginning to end that everybody hears whole, over the bearer who can.
fn whole_call(rig: &mut Rig) {
    rig.call();
    rig.until("established", |rig| rig.all_are_in());
    rig.talk(500);
    rig.until("heard over the bearer", |rig| LISTENERS.iter().all(|n| rig.clients[*n].way() == Some(Way::Mbms)));
    let on_air = rig.spoken();
    rig.run(Duration::from_millis(400));
    // The very last packet may come after the word that it is the last one: they go to two ports.
    let end = rig.spoken();
    rig.run(Duration::from_millis(100));
    rig.release();
    rig.until("silent", |rig| !rig.clients[TALKER].talks());
    for n in LISTENERS {
        rig.until_heard(n, rig.first()..end);
        assert_eq!(rig.clients[n].doubled(), 0, "{}: user{n} has got packets twice by one way", rig.at);
    }
    // What nobody hears by unicast any more is on the bearer.
    assert!(end > on_air, "{}", rig.at);
    assert!(LISTENERS.iter().all(|n| rig.heard_on_air(*n, rig.first()..end) > 0), "{}{}", rig.at, rig.story());
    rig.hang_up(TALKER);
    rig.until("over", |rig| rig.all_are_out());
}

#[test]
fn servers_are_killed_at_each_step_and_the_next_call_is_whole() {
    let began = now();
    let kills = std::env::var("CASTBENCH_KILLS").ok().and_then(|n| n.parse().ok());
    let kills = kills.map_or(KILLS, |n: usize| n.clamp(1, MOST_KILLS));
    let mut rig = Rig::new();
    let mut chance = Entropy::from_seed([9; 32]);
    println!("all is there after {:.1} s", began.elapsed().as_secs_f64());
    whole_call(&mut rig);
    rig.until_clean();
    println!("{} after {:.1} s", rig.at, began.elapsed().as_secs_f64());
    for round in 0..kills {
        let (moment, victim) = plan(round);
        rig.at = format!("round {round}, {victim} killed when {moment}");
        go(&mut rig, moment);
        // Somewhere in what follows from that.
        rig.run(Duration::from_millis(chance.below(40).into()));
        rig.kill(victim);
        rig.run(Duration::from_millis(chance.below(200).into()));
        rig.restart(victim);
        goes_on(&mut rig, moment, victim);
        rig.everybody_hangs_up();
        rig.at += ", afterwards";
        rig.goes(LATE, true);
        rig.settle();
        whole_call(&mut rig);
        rig.until_clean();
        println!("{} after {:.1} s", rig.at, began.elapsed().as_secs_f64());
    }
}
