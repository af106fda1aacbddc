//! Nodes are killed at every step of messages each way, five times and in five manners: all that was accepted is delivered
//! once, still pending, or expired and reported. `CASTBENCH_KILLS` says another number.

use protocol::smpp::MessageState;
use protocol::sms::{Address, Status, Submit, UserData, ValidityPeriod};

use super::*;

/// Kills at each step, and how many a campaign makes at most.
const KILLS: u64 = 5;
const MOST_KILLS: u64 = 100;
/// Steps of one node on one way, at least: the HLR has few of them, all nodes together have more than a hundred.
const FEWEST_STEPS: u64 = 6;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// From the UE.
    Mo,
    /// To the UE.
    Mt,
}

/// The validity period of a message that expires, by TP-VP (TS 23.040 clause 9.2.3.12.1).
const TEN_MINUTES: ValidityPeriod = ValidityPeriod::Relative(1);

/// One message for somebody who is there, one that expires, and one that waits longer.
fn begin(net: &mut Net, way: Way) {
    let short = Some(Duration::from_secs(600));
    if way == Way::Mt {
        net.submit(1, UE, "1");
        net.submits(2, Submission { validity: short, ..Submission::new(CAROL, "2") });
        return net.submit(3, CAROL, "3");
    }
    for (reference, to, validity_period) in [(1, BOB, None), (2, CAROL, Some(TEN_MINUTES)), (3, CAROL, None)] {
        let (coding, data) = UserData::of_text(&reference.to_string()).unwrap();
        let mut submit = Submit::new(reference, Address::international(to).unwrap(), coding, data);
        (submit.validity_period, submit.status_report) = (validity_period, true);
        net.order(Order::Submit(submit));
    }
}

/// What was not answered goes again: by the UE with TP-RD, by the ESME when it has bound anew, by the service centre after
/// 30 s, then 1, 2, 5 and 10 minutes, or 15 minutes for one who is absent.
fn go_on(net: &mut Net) {
    for _ in 0..6 {
        net.run_ms(45_000);
        if net.on_ue(|desk| !desk.waiting.is_empty()) {
            net.order(Order::Repeat);
        }
    }
    net.run_ms(40 * 60_000);
}

/// Accepted = delivered + pending + expired with report.
fn check(net: &mut Net, way: Way, what: &str) {
    // What is pending is what is durable.
    net.restart("SM-SC");
    net.run_ms(10_000);
    let esme = net.esme.lock().unwrap();
    let (accepted, delivered, expired) = match way {
        Way::Mt => {
            let expired = |token| esme.told(token).is_some_and(|(state, _)| state == MessageState::EXPIRED);
            let accepted: Vec<u16> = esme.accepted.keys().copied().collect();
            let expired = accepted.iter().copied().filter(|token| expired(*token)).collect::<Vec<_>>();
            (accepted, net.shown().0, expired)
        }
        Way::Mo => net.on_ue(|desk| {
            let mut accepted: Vec<u16> = desk.acknowledged.iter().map(|reference| u16::from(*reference)).collect();
            accepted.sort_unstable();
            accepted.dedup();
            assert_eq!(desk.waiting.len(), 0, "{what}: {:#?}", net.notes);
            let expired = desk.told.iter().filter(|(_, status)| *status == Status::VALIDITY_EXPIRED);
            let expired = expired.map(|(reference, _)| u16::from(*reference)).collect();
            let taken = Net::taken(&net.msc);
            assert!(taken.iter().all(|(imsi, _)| imsi == BOB_IMSI), "{what}: {taken:?}");
            (accepted, taken.into_iter().map(|(_, text)| text).collect(), expired)
        }),
    };
    let found = (accepted.as_slice(), delivered.as_slice(), expired.as_slice(), net.held());
    assert_eq!(found, (&[1, 2, 3][..], &["1".to_owned()][..], &[2][..], 1), "{what}: {:#?}", net.notes);
    // The one that was delivered is told to be, once.
    match way {
        Way::Mt => assert_eq!(esme.told(1), Some((MessageState::DELIVERED, 1)), "{what}"),
        Way::Mo => {
            let told = net.on_ue(|desk| desk.told.clone());
            assert_eq!(told, [(1, Status::RECEIVED), (2, Status::VALIDITY_EXPIRED)], "{what}");
        }
    }
    let gmsc = net.gmsc.lock().unwrap();
    let left =
        gmsc.figures().into_iter().filter(|(name, _)| name.ends_with("delivering") || name.ends_with("dialogues"));
    assert!(left.clone().all(|(_, count)| count == 0), "{what}: {:?}", left.collect::<Vec<_>>());
}

/// What happens beside the death: nothing; what was under way is lost; everybody notices that nobody is there; messages take
/// their time and overtake each other; it dies again as far in its next life, and then another one. Beyond, anything.
fn manner(number: u64, node: &'static str, after: u64) -> (Wanted, Vec<Death>) {
    let mut chance = Entropy::of_box(number, &format!("{node} {after}"));
    let slow = Latency { gm: Duration::from_millis(120), core: Duration::from_millis(25) };
    let plain = Wanted { seed: number, ..Wanted::default() };
    let slow = Wanted { latency: slow, jitter_ms: 150, ..plain };
    let death = |node, after, down_ms| Death { node, after, down: Duration::from_millis(down_ms) };
    let mut other = |most| death(NODES[chance.below(4) as usize], chance.below(most).into(), 0);
    match number {
        0 => (plain, vec![death(node, after, 0)]),
        1 => (plain, vec![death(node, after, 3000)]),
        2 => (plain, vec![death(node, after, 100_000)]),
        3 => (slow, vec![death(node, after, 0)]),
        4 => (plain, vec![death(node, after, 10), death(node, after, 10), other(60)]),
        _ => {
            let more: Vec<Death> = (0..number % 3).map(|_| other(100)).collect();
            let down_ms = [0, 10, 1000, 40_000][chance.below(4) as usize];
            let wanted = if chance.below(2) == 0 { plain } else { slow };
            (wanted, [vec![death(node, after, down_ms)], more].concat())
        }
    }
}

/// A node is killed at every step of what goes one way.
fn at_every_step(node: &'static str, way: Way) {
    let kills = std::env::var("CASTBENCH_KILLS").ok().and_then(|n| n.parse().ok());
    let kills = kills.map_or(KILLS, |n: u64| n.clamp(1, MOST_KILLS));
    let mut killed = 0;
    for after in 0.. {
        let mut is_over = false;
        for number in 0..kills {
            let (wanted, deaths) = manner(number, node, after);
            let mut net = Net::with(wanted);
            net.register();
            net.log.clear();
            (net.deaths, killed) = (deaths.into(), killed + 1);
            net.arm();
            begin(&mut net, way);
            // Nobody has died: what follows was there before.
            is_over = number == 0 && net.restarts == 0 && net.gone.is_none();
            if is_over {
                break;
            }
            go_on(&mut net);
            check(&mut net, way, &format!("{node} after {after} steps, {number}"));
        }
        if is_over {
            assert!(after >= FEWEST_STEPS, "{after}");
            println!("{node}, {way:?}: {after} steps, {killed} times");
            return;
        }
    }
}

#[test]
fn nobody_is_killed() {
    for way in [Way::Mo, Way::Mt] {
        let mut net = Net::new();
        net.register();
        begin(&mut net, way);
        go_on(&mut net);
        check(&mut net, way, "nobody");
        assert_eq!(net.shown().1, 0);
    }
}

#[test]
fn the_hlr_is_killed_at_every_step_of_mo() {
    at_every_step(NODES[0], Way::Mo);
}

#[test]
fn the_hlr_is_killed_at_every_step_of_mt() {
    at_every_step(NODES[0], Way::Mt);
}

#[test]
fn the_gateway_is_killed_at_every_step_of_mo() {
    at_every_step(NODES[1], Way::Mo);
}

#[test]
fn the_gateway_is_killed_at_every_step_of_mt() {
    at_every_step(NODES[1], Way::Mt);
}

#[test]
fn the_gmsc_is_killed_at_every_step_of_mo() {
    at_every_step(NODES[2], Way::Mo);
}

#[test]
fn the_gmsc_is_killed_at_every_step_of_mt() {
    at_every_step(NODES[2], Way::Mt);
}

#[test]
fn the_service_centre_is_killed_at_every_step_of_mo() {
    at_every_step(NODES[3], Way::Mo);
}

#[test]
fn the_service_centre_is_killed_at_every_step_of_mt() {
    at_every_step(NODES[3], Way::Mt);
}
