//! Floor control, octet by octet.

use protocol::mc::floor::{DenyCause, RevokeCause};

use super::*;

const BOB: &[u8] = b"sip:bob@mcptt.example";

fn granted() -> Vec<u8> {
    // Duration 30 s, priority 5; the server wants to know that it came.
    floor(0x10 | 1, &[(1, &[0, 30]), (0, &[5, 0])])
}

/// Of the octets of a message: subtype, sender, fields.
fn read(octets: &[u8]) -> (u8, u32, Vec<(u8, Vec<u8>)>) {
    assert_eq!((octets[0] & 0xe0, octets[1], &octets[8..12]), (0x80, 204, b"MCPT".as_slice()));
    assert_eq!(usize::from(u16::from_be_bytes([octets[2], octets[3]])), octets.len() / 4 - 1);
    let (mut rest, mut fields) = (&octets[12..], Vec::new());
    while let [id, length, tail @ ..] = rest {
        let length = usize::from(*length);
        fields.push((*id, tail[..length].to_vec()));
        rest = &rest[(2 + length).next_multiple_of(4)..];
    }
    (octets[0] & 0x1f, u32::from_be_bytes([octets[4], octets[5], octets[6], octets[7]]), fields)
}

fn subtypes(rig: &Rig) -> Vec<(u64, u8)> {
    rig.floor_sent().into_iter().map(|(at, octets)| (at, read(&octets).0)).collect()
}

fn talk(rig: &mut Rig) {
    rig.command(McCommand::Talk { group: GROUP.into(), speech: speech() });
}

#[test]
fn it_talks_when_it_may_and_gives_the_floor_back() {
    let mut rig = Rig::in_call();
    talk(&mut rig);
    let (_, octets) = rig.floor_sent()[0].clone();
    let (ssrc, _) = rig.client.spoken(GROUP).unwrap();
    assert_eq!(read(&octets), (0, ssrc, vec![(6, ME.as_bytes().to_vec())]));
    assert_eq!(rig.rtp_sent(), 0);
    rig.soon(Coming::Unicast(FLOOR, granted()));
    rig.run_ms(20);
    assert!(rig.standing().has_floor);
    // Acknowledged: source is the participant, of message type 1.
    let (_, ack) = rig.floor_sent()[1].clone();
    assert_eq!(read(&ack), (10, ssrc, vec![(10, vec![0, 0]), (12, vec![1, 0]), (6, ME.as_bytes().to_vec())]));
    rig.run_ms(600);
    // Half a second is 25 packets.
    assert_eq!((rig.rtp_sent(), rig.client.spoken(GROUP).unwrap().1.len()), (25, 25));
    let release = subtypes(&rig)[2];
    assert_eq!(release.1, 4);
    assert!(!rig.standing().has_floor && !rig.standing().wants_floor);
    rig.soon(Coming::Unicast(FLOOR, floor(5, &[(8, &[0, 2])])));
    rig.run_ms(5000);
    assert_eq!(subtypes(&rig).len(), 3, "nothing is said again");
    assert_eq!(rig.floor_events(), [FloorEvent::Granted { duration_s: 30 }]);
    assert_eq!(rig.client.figures(GROUP).unwrap().floor, [1, 0, 0]);
}

#[test]
fn a_request_is_said_three_times_and_so_is_a_release() {
    let mut rig = Rig::in_call();
    let from = rig.now.as_nanos() / 1_000_000;
    talk(&mut rig);
    rig.run_ms(10_000);
    assert_eq!(subtypes(&rig), [(from, 0), (from + 1000, 0), (from + 2000, 0)]);
    assert_eq!(rig.floor_events(), [FloorEvent::Unanswered]);
    assert!(!rig.standing().wants_floor);
    rig.sent.clear();
    talk(&mut rig);
    rig.soon(Coming::Unicast(FLOOR, floor(1, &[(1, &[0, 30])])));
    rig.run_ms(100);
    let from = rig.now.as_nanos() / 1_000_000;
    rig.command(McCommand::Release { group: GROUP.into() });
    rig.run_ms(10_000);
    assert_eq!(subtypes(&rig)[1..], [(from, 4), (from + 1000, 4), (from + 2000, 4)]);
    assert!(rig.rtp_sent() < 10, "who has let go says nothing more");
}

#[test]
fn what_it_may_not_is_told_with_the_reason() {
    let mut rig = Rig::in_call();
    talk(&mut rig);
    rig.soon(Coming::Unicast(FLOOR, floor(3, &[(2, &[0, 1])])));
    rig.run_ms(2000);
    assert_eq!(rig.floor_events(), [FloorEvent::Denied { cause: Some(DenyCause::ANOTHER_CLIENT) }]);
    assert_eq!((rig.rtp_sent(), rig.floor_sent().len()), (0, 1));
    // Queued, and granted later.
    talk(&mut rig);
    rig.soon(Coming::Unicast(FLOOR, floor(9, &[(3, &[2, 5])])));
    rig.run_ms(5000);
    assert!(rig.standing().wants_floor && !rig.standing().has_floor);
    rig.soon(Coming::Unicast(FLOOR, granted()));
    rig.run_ms(200);
    assert_eq!(rig.floor_events()[1..], [FloorEvent::Queued { position: 2 }, FloorEvent::Granted { duration_s: 30 }]);
    // Revoked in the middle of a word.
    rig.soon(Coming::Unicast(FLOOR, floor(6, &[(2, &[0, 4])])));
    rig.run_ms(20);
    let said = rig.rtp_sent();
    rig.run_ms(500);
    assert_eq!((rig.rtp_sent(), subtypes(&rig).last().unwrap().1), (said, 4));
    assert_eq!(rig.floor_events().last(), Some(&FloorEvent::Revoked { cause: RevokeCause::PREEMPTED }));
    assert_eq!(rig.client.figures(GROUP).unwrap().floor, [1, 1, 1]);
}

#[test]
fn it_knows_who_talks_and_old_words_change_nothing() {
    let mut rig = Rig::in_call();
    let taken = |number: u8| floor(2, &[(4, BOB), (5, &[0, 1]), (8, &[0, number])]);
    let idle = |number: u8| floor(5, &[(8, &[0, number])]);
    for message in [taken(1), taken(1), idle(2), taken(1), idle(2), taken(3)] {
        rig.soon(Coming::Unicast(FLOOR, message));
        rig.run_ms(20);
    }
    let by = Some("sip:bob@mcptt.example".to_owned());
    let taken = FloorEvent::Taken { by };
    assert_eq!(rig.floor_events(), [taken.clone(), FloorEvent::Idle, taken]);
    // RTP that was on its way when it became idle.
    rig.soon(Coming::Unicast(FLOOR, idle(4)));
    rig.run_ms(20);
    rig.soon(Coming::Unicast(RTP, rtp(5, 65_000)));
    rig.run_ms(20);
    assert_eq!((rig.standing().talker, rig.floor_events().len()), (None, 4));
    rig.soon(Coming::Unicast(FLOOR, floor(2, &[(4, BOB), (5, &[0, 1]), (8, &[0, 5])])));
    // T103: its RTP ends and nobody says so.
    for number in 0..100 {
        rig.at(rig.now + Duration::from_millis(20 * number), Coming::Unicast(RTP, rtp(5, number as u16)));
    }
    rig.run_ms(5900);
    assert!(rig.standing().talker.is_some());
    rig.run_ms(200);
    assert_eq!((rig.standing().talker, rig.floor_events().len()), (None, 6));
    // Its own floor comes back over a bearer, or its request and another one's grant have crossed.
    talk(&mut rig);
    rig.soon(Coming::Unicast(FLOOR, floor(2, &[(4, ME.as_bytes()), (5, &[0, 0]), (8, &[0, 6])])));
    rig.run_ms(20);
    assert!(rig.standing().wants_floor);
    rig.soon(Coming::Unicast(FLOOR, floor(2, &[(4, BOB), (5, &[0, 1]), (8, &[0, 7])])));
    rig.run_ms(20);
    assert!(!rig.standing().wants_floor);
    assert!(rig.floor_events().contains(&FloorEvent::Denied { cause: None }));
}

#[test]
fn words_that_are_none_change_nothing() {
    let mut rig = Rig::in_call();
    talk(&mut rig);
    let before = rig.standing();
    let mut entropy = Entropy::from_seed([7; 32]);
    let whole = [granted(), floor(3, &[(2, &[0, 1])]), floor(2, &[(4, BOB)]), rtp(5, 1)].concat();
    for _ in 0..3000 {
        let mut octets = whole[entropy.below(40) as usize..].to_vec();
        octets.truncate(entropy.below(60) as usize);
        rig.client.handle_input(
            rig.now,
            McInput::Datagram { local: SocketAddr::from(([10, 45, 0, 1], FLOOR)), octets: &octets },
        );
    }
    rig.drain();
    assert_eq!(rig.standing().is_established, before.is_established);
    // To a port that nobody has.
    rig.soon(Coming::Unicast(1, granted()));
    rig.run_ms(20);
    assert!(matches!(rig.events.last(), Some(McEvent::Ignored { .. } | McEvent::Floor { .. })));
}

#[test]
fn the_button_is_pushed_before_the_call_stands() {
    let mut rig = Rig::new();
    rig.command(McCommand::Talk { group: GROUP.into(), speech: speech() });
    assert!(matches!(rig.events.last(), Some(McEvent::Ignored { .. })), "there is no call");
    rig.command(McCommand::Call { group: GROUP.into() });
    talk(&mut rig);
    assert!(rig.floor_sent().is_empty());
    rig.run_ms(20);
    assert_eq!(rig.floor_sent().len(), 1);
}
