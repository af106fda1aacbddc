//! Messages of eight parts (TS 23.040 clause 9.2.3.24.1) each way: whole, with one part that is refused, and with nodes that
//! are killed in their middle.

use protocol::smpp::MessageState;
use protocol::sms::{
    Address, Assembled, Assembler, AssemblerConfig, Carrier, ConcatenationReference, Content, Direction, RpCause,
    Submit, Tpdu, UserDataHeader, segment,
};

use super::*;

const PARTS: usize = 8;
/// Every so many steps a node is killed.
const STRIDE: u64 = 9;

/// Seven parts of 153 characters, and another one.
fn text() -> String {
    (0..120).map(|n| format!("{n:010}")).collect()
}

/// What the parts say that somebody was shown, in any order, and nothing besides.
#[track_caller]
fn assert_whole(parts: Vec<Vec<u8>>, what: &str) {
    let mut assembler = Assembler::new(AssemblerConfig::default());
    let mut texts = Vec::new();
    for octets in parts {
        let Ok(Tpdu::Deliver(deliver)) = Tpdu::parse(Direction::ToMs, Carrier::Data, &octets) else { continue };
        match assembler.add(Instant::ZERO, (), deliver.coding, deliver.user_data).0 {
            Assembled::Whole(whole) => texts.push(whole.content),
            Assembled::Duplicate => panic!("{what}: a part came twice"),
            Assembled::Waiting { .. } => {}
        }
    }
    assert_eq!(texts, [Content::Text(text())], "{what}");
    assert!(assembler.is_empty(), "{what}");
}

/// TPDUs that Bob's phone has taken.
fn at_bob(net: &Net) -> Vec<Vec<u8>> {
    let events = std::iter::from_fn(|| net.msc.poll());
    let of = |event| match event {
        ServingNodeEvent::Delivered { imsi, tpdu } if imsi == BOB_IMSI => Some(tpdu),
        _ => None,
    };
    events.filter_map(of).collect()
}

fn registered() -> Net {
    let mut net = Net::new();
    net.register();
    net
}

/// The parts from the UE to Bob.
fn send(net: &mut Net) {
    let content = Content::Text(text());
    let segments = segment(&content, &UserDataHeader::default(), ConcatenationReference::Short(77)).unwrap();
    assert_eq!(segments.parts.len(), PARTS);
    for (reference, data) in (1..).zip(segments.parts) {
        let submit = Submit::new(reference, Address::international(BOB).unwrap(), segments.coding, data);
        net.order(Order::Submit(submit));
    }
}

/// What was not answered goes again.
fn repeat(net: &mut Net) {
    for _ in 0..12 {
        net.run_ms(45_000);
        if net.on_ue(|desk| !desk.waiting.is_empty()) {
            net.order(Order::Repeat);
        }
    }
    net.run_ms(20 * 60_000);
}

#[track_caller]
fn assert_sent(net: &Net, what: &str) {
    let waiting = net.on_ue(|desk| desk.waiting.keys().copied().collect::<Vec<_>>());
    assert!(waiting.is_empty(), "{what}: {waiting:?} {:#?} {:#?}", net.on_ue(|desk| desk.refused.clone()), net.notes);
    assert_eq!(net.held(), 0, "{what}: {:#?}", net.notes);
    assert_whole(at_bob(net), what);
}

#[track_caller]
fn assert_come(net: &Net, what: &str) {
    assert_eq!(net.held(), 0, "{what}: {:#?}", net.notes);
    assert_eq!(net.shown().0.len(), PARTS, "{what}: {:#?}", net.notes);
    assert_whole(net.on_ue(|desk| desk.octets.clone()), what);
    let told = net.esme.lock().unwrap().told(1);
    assert_eq!(told, Some((MessageState::DELIVERED, PARTS as u16)), "{what}");
}

#[test]
fn eight_parts_go_each_way() {
    let mut net = registered();
    send(&mut net);
    net.submit(1, UE, &text());
    net.run_ms(10_000);
    assert_sent(&net, "from the UE");
    assert_come(&net, "to the UE");
    assert_eq!(net.shown().1, 0);
}

#[test]
fn the_parts_for_which_there_is_no_room_come_when_there_is() {
    let mut net = registered();
    net.on_ue(|desk| desk.full_at = Some(4));
    net.submit(1, UE, &text());
    net.run_ms(20_000);
    assert_eq!((net.shown().0.len(), net.held(), net.esme.lock().unwrap().told(1)), (4, 1, None));
    net.order(Order::FreeMemory);
    net.run_ms(20_000);
    assert_come(&net, "after there was room");
    assert_eq!(net.shown().1, 0);
}

#[test]
fn a_part_that_is_refused_for_good_takes_the_others_with_it() {
    let mut net = Net::with(Wanted { phones: [Service::NotProvisioned; 2], ..Wanted::default() });
    net.register();
    net.on_ue(|desk| desk.refuses_at = Some((4, RpCause::PROTOCOL_ERROR)));
    net.submit(1, UE, &text());
    // After 1, 5 and 15 minutes it is tried again.
    net.run_ms(25 * 60_000);
    let told = net.esme.lock().unwrap().told(1).map(|(state, _)| state);
    assert_eq!((net.shown().0.len(), net.held(), told), (4, 0, Some(MessageState::REJECTED)), "{:#?}", net.notes);
}

#[test]
fn a_part_that_finds_no_service_centre_is_sent_again() {
    let mut net = registered();
    let content = Content::Text(text());
    let segments = segment(&content, &UserDataHeader::default(), ConcatenationReference::Short(77)).unwrap();
    for (reference, data) in (1..).zip(segments.parts) {
        if reference == 5 {
            net.fabric.set_down(net.now, "SM-SC", true);
        } else if reference == 6 {
            net.restart("SM-SC");
        }
        net.run_ms(3_000);
        let submit = Submit::new(reference, Address::international(BOB).unwrap(), segments.coding, data);
        net.order(Order::Submit(submit));
    }
    assert_eq!(net.on_ue(|desk| (desk.refused.len(), desk.waiting.len())), (1, 1), "{:#?}", net.notes);
    repeat(&mut net);
    assert_sent(&net, "after the service centre was back");
}

/// Each node dies in the middle of a message, at several steps.
fn killed_in_the_middle(begin: impl Fn(&mut Net), check: impl Fn(&Net, &str)) {
    for node in NODES {
        for number in 0.. {
            let after = number * STRIDE + number % STRIDE;
            let mut net = registered();
            net.deaths.push_back(Death { node, after, down: Duration::from_secs(number % 3) });
            net.arm();
            begin(&mut net);
            let is_over = net.restarts == 0 && net.gone.is_none();
            repeat(&mut net);
            check(&net, &format!("{node} after {after} steps"));
            if is_over {
                assert!(number > 0, "{node}");
                break;
            }
        }
    }
}

#[test]
fn nodes_are_killed_in_the_middle_of_eight_parts_from_a_ue() {
    killed_in_the_middle(send, assert_sent);
}

#[test]
fn nodes_are_killed_in_the_middle_of_eight_parts_to_a_ue() {
    let begin = |net: &mut Net| {
        net.submit(1, UE, &text());
        net.run_ms(5_000);
    };
    killed_in_the_middle(begin, assert_come);
}
