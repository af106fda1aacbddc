//! Nodes are killed at every message of a message each way: what was accepted is delivered once, and nothing is shown twice.

use super::*;

/// Kills of one node at one message, with the seeds that the run is made of.
const SEEDS: u64 = 5;

/// A message each way.
fn begin(net: &mut Net) {
    net.submit(1, UE, "to the UE");
    net.order(Order::Send(1, "from the UE".to_owned()));
}

/// What was not answered goes again: by the UE with TP-RD, by the ESME when it has bound anew, by the service centre after
/// 30 s, then 1, 2, 5 and 10 minutes, or 15 minutes for one who is absent.
fn go_on(net: &mut Net) {
    for _ in 0..4 {
        net.run_ms(45_000);
        net.order(Order::Repeat);
    }
    net.run_ms(40 * 60_000);
}

fn check(net: &Net, what: &str) {
    let accepted = net.esme.lock().unwrap().accepted.clone();
    assert!(accepted.contains(&1), "{what}: {:#?}", net.notes);
    assert_eq!(net.shown().0, ["to the UE"], "{what}: {:#?}", net.notes);
    let acknowledged = net.on_ue(|desk| (desk.acknowledged.contains(&1), desk.waiting.len()));
    assert_eq!(acknowledged, (true, 0), "{what}: {:#?}", net.notes);
    let taken = Net::taken(&net.msc);
    assert_eq!(taken, [(BOB_IMSI.to_owned(), "from the UE".to_owned())], "{what}: {:#?}", net.notes);
    assert_eq!(net.held(), 0, "{what}: {:#?}", net.notes);
    let gmsc = net.gmsc.lock().unwrap();
    let left =
        gmsc.figures().into_iter().filter(|(name, _)| name.ends_with("delivering") || name.ends_with("dialogues"));
    assert!(left.clone().all(|(_, count)| count == 0), "{what}: {:?}", left.collect::<Vec<_>>());
}

fn at_every_message(node: &'static str) {
    let mut points = 0;
    for step in 0.. {
        let mut is_over = false;
        // Every point with one seed, and every fourth with all of them.
        for seed in 0..if step % 4 == 0 { SEEDS } else { 1 } {
            let mut net = Net::with(Wanted { seed, ..Wanted::default() });
            net.register();
            net.log.clear();
            net.kill = Some((step, node));
            begin(&mut net);
            // What comes after it is the same whether it is the end of the story or not.
            is_over = net.kill.take().is_some();
            go_on(&mut net);
            check(&net, &format!("{node} at {step}, seed {seed}"));
        }
        points = step;
        if is_over {
            break;
        }
    }
    assert!(points >= 12, "{points}");
}

#[test]
fn nobody_is_killed() {
    let mut net = Net::new();
    net.register();
    begin(&mut net);
    go_on(&mut net);
    check(&net, "nobody");
    assert_eq!(net.shown().1, 0);
}

#[test]
fn the_hlr_is_killed_at_every_message() {
    at_every_message(NODES[0]);
}

#[test]
fn the_gateway_is_killed_at_every_message() {
    at_every_message(NODES[1]);
}

#[test]
fn the_gmsc_is_killed_at_every_message() {
    at_every_message(NODES[2]);
}

#[test]
fn the_service_centre_is_killed_at_every_message() {
    at_every_message(NODES[3]);
}
