//! `kill -9` at random points of registrations: what was acknowledged is there afterwards, no sequence number comes twice.

use std::collections::BTreeSet;

use protocol::Entropy;

use hil::agent::sip::{AgentCommand, AgentEvent};

use super::lab::{DOMAIN, Lab, impi};
use super::ue::Ue;

/// Registrations; each kill comes in one of them.
const REGISTRATIONS: usize = 200;

/// How often the core is killed; `CASTBENCH_KILLS` says another number.
fn kills() -> usize {
    std::env::var("CASTBENCH_KILLS").ok().and_then(|n| n.parse().ok()).map_or(8, |n: usize| n.clamp(1, REGISTRATIONS))
}

#[test]
fn what_was_acknowledged_outlives_kills() {
    let mut lab = Lab::new(REGISTRATIONS, |text, _| text);
    let mut chance = Entropy::from_seed([7; 32]);
    let every = u32::try_from(REGISTRATIONS / kills()).unwrap();
    let (mut acknowledged, mut challenges, mut killed) = (Vec::new(), BTreeSet::new(), 0);
    let mut ues = Vec::new();
    lab.start(&[]);
    for n in 0..REGISTRATIONS {
        let mut ue = Ue::new(n, lab.pcscf());
        if chance.below(every) == 0 {
            // Somewhere in the registration: a number of turns, five milliseconds at most each.
            ue.command(AgentCommand::Register);
            for _ in 0..chance.below(12) {
                ue.turn();
            }
            lab.core.as_mut().unwrap().kill();
            killed += 1;
            // What was on the way to the UE may still be there.
            ue.turn();
            lab.start(&[]);
            if ue.events.iter().any(|e| matches!(e, AgentEvent::Registered(_))) {
                acknowledged.push(n);
            }
        } else if ue.registers(30) {
            acknowledged.push(n);
        } else {
            panic!("user{n}: {:?}\n{}", ue.events, lab.core.as_ref().unwrap().said());
        }
        for challenge in ue.challenges.drain(..) {
            assert!(challenges.insert((n, challenge)), "user{n} got a challenge twice");
        }
        ues.push(ue);
    }
    println!("{killed} kills, {} registrations acknowledged, {} challenges", acknowledged.len(), challenges.len());
    assert!(killed > 0 && acknowledged.len() > REGISTRATIONS / 2);

    // Every UE that was told that it is registered can be reached, also those from before the kills.
    let mut sender = ues.swap_remove(*acknowledged.last().unwrap());
    acknowledged.pop();
    let asked: Vec<usize> = acknowledged.iter().copied().step_by(acknowledged.len().div_ceil(40)).collect();
    for n in asked {
        let token = n as u64;
        sender.message(token, &format!("sip:user{n}@{DOMAIN}"), "are you there");
        let ue = &mut ues[n];
        let result = |e: &AgentEvent| match e {
            AgentEvent::MessageResult { token: of, result } if *of == token => Some(result.clone()),
            _ => None,
        };
        let result = sender.until(&mut [ue], 30, result);
        assert!(matches!(result, Some(Ok(200))), "user{n}: {result:?}\n{}", lab.core.as_ref().unwrap().said());
    }
    // Cards refuse sequence numbers that they have seen: a challenge for each shows that none was given out again.
    for &n in acknowledged.iter().step_by(acknowledged.len().div_ceil(40)) {
        let ue = &mut ues[n];
        ue.challenges.clear();
        ue.command(AgentCommand::Deregister);
        let unregistered = |e: &AgentEvent| matches!(e, AgentEvent::Unregistered(_)).then_some(());
        assert_eq!(ue.until(&mut [], 30, unregistered), Some(()), "user{n}: {:?}", ue.events);
        assert!(ue.registers(30), "user{n}: {:?}", ue.events);
        let mut seen = BTreeSet::new();
        assert!(ue.challenges.iter().all(|c| seen.insert(c.clone()) && !challenges.contains(&(n, c.clone()))));
    }
    lab.stop();
    let list = lab.castbench(&["core", "subscriber", "list", "--config", "core.toml"]);
    assert_eq!(list.lines().count(), REGISTRATIONS);
    for n in acknowledged {
        let line = list.lines().find(|line| line.starts_with(&impi(n))).unwrap();
        assert!(line.contains("sip:scscf."), "{line}");
    }
    lab.assert_no_secrets();
}
