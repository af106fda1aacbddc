//! The SM-SC is killed at every step, before and after each commit, and started again on what was durable: what it has
//! acknowledged is delivered, pending, or expired with a report, and nothing comes twice to a UE that knows a repetition.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::sms::{Status, Tpdu, ValidityPeriod};

use super::world::{Behaviour, Killed, World, config, submit};

const A: &str = "358401";
const MESSAGES: u8 = 4;

/// The whole story, as far as the fuel lasts: two messages for one who is there, one for one who comes back, one for one who
/// never does. A mobile repeats what was not answered.
fn story(world: &mut World) -> Result<(), Killed> {
    world.run(3000)?;
    for n in 1..=MESSAGES {
        if acknowledged(world).contains(&n) {
            continue;
        }
        let to = if n <= 2 { "+358500".to_owned() } else { format!("+35850{n}") };
        let mut submit = submit(n, &to, &format!("text {n}"));
        submit.status_report = true;
        // Ten minutes.
        submit.validity_period = Some(ValidityPeriod::Relative(1));
        world.mobile_sends(n.into(), A, &submit)?;
        world.run(10)?;
    }
    world.run(60_000)?;
    world.behaviour.remove("358503");
    world.run(20 * 60_000)
}

fn acknowledged(world: &World) -> BTreeSet<u8> {
    world.responses.iter().filter(|(_, pdu)| pdu.status.is_ok()).map(|(token, _)| *token as u8).collect()
}

#[test]
fn killed_at_every_step_nothing_is_lost_and_nothing_comes_twice() {
    let mut kills = 0;
    let (mut fuel, mut is_over) = (0, false);
    while !is_over {
        let mut own = config();
        own.retry.absent = [60, 120].map(Duration::from_secs).to_vec();
        let mut world = World::new(own);
        for to in ["358503", "358504"] {
            world.behaviour.insert(to.into(), Behaviour::Absent);
        }
        let mut rounds = 0;
        loop {
            // Killed again after as many steps, and then left alone.
            world.fuel = if rounds < 2 { fuel } else { u64::MAX };
            let ended = story(&mut world).is_ok();
            if ended {
                break;
            }
            rounds += 1;
            world.restart();
        }
        let mut texts: BTreeMap<String, usize> = BTreeMap::new();
        let mut reports: BTreeMap<u8, Vec<Status>> = BTreeMap::new();
        for (_, tpdu) in &world.shown {
            match tpdu {
                Tpdu::Deliver(own) => *texts.entry(own.user_data.text(own.coding).unwrap()).or_default() += 1,
                Tpdu::StatusReport(own) => reports.entry(own.reference).or_default().push(own.status),
                other => panic!("{other:?}"),
            }
        }
        let wanted =
            BTreeMap::from([("text 1", 1), ("text 2", 1), ("text 3", 1)].map(|(text, n)| (text.to_owned(), n)));
        assert_eq!(texts, wanted, "killed after {fuel} steps, {rounds} rounds: {:?}", world.notes);
        let ends = [Status::RECEIVED, Status::RECEIVED, Status::RECEIVED, Status::VALIDITY_EXPIRED];
        let wanted: BTreeMap<u8, Vec<Status>> = (1..).zip(ends.map(|status| vec![status])).collect();
        assert_eq!(reports, wanted, "killed after {fuel} steps, {rounds} rounds");
        assert_eq!(acknowledged(&world).len(), usize::from(MESSAGES));
        assert_eq!(world.figure("sm_sc_messages_held"), 0);
        kills += rounds;
        is_over = rounds == 0;
        fuel += 1;
    }
    assert!(kills > 100, "{kills}");
    println!("{kills} kills");
}
