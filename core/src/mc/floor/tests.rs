//! Floor control by itself (TS 24.380 clause 6.3).

use protocol::Instant;
use protocol::mc::floor::{DenyCause, FloorKind, FloorMessage, RevokeCause};

use super::*;

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

fn control(change: impl Fn(&mut FloorSettings)) -> FloorControl {
    let mut settings = FloorSettings { idle_count: 1, queue: 0, ..FloorSettings::default() };
    change(&mut settings);
    let mut control = FloorControl::new(at(0), settings, 7);
    for id in 1..=3 {
        let priority = 10 * id as u8;
        control.join(id, Participant { user: format!("sip:m{id}@mc"), priority, may_talk: id < 4, queues: true });
    }
    said(&mut control);
    control
}

/// What was said, shortly: to whom, what.
fn said(control: &mut FloorControl) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(output) = control.poll_output() {
        said.push(match output {
            FloorOutput::Inactive => "inactive".to_owned(),
            FloorOutput::Send { to, message } => {
                let to = match to {
                    FloorTo::One(id) => format!("{id}"),
                    FloorTo::Others(id) => format!("!{id}"),
                    FloorTo::All => "all".to_owned(),
                };
                let what = match message.kind {
                    FloorKind::Granted { duration, priority } => format!("granted {duration} {}", priority.unwrap()),
                    FloorKind::Taken { granted_party, sequence, .. } => {
                        format!("taken {} {}", granted_party.unwrap(), sequence.unwrap())
                    }
                    FloorKind::Deny { cause } => format!("deny {}", cause.0),
                    FloorKind::Revoke { cause } => format!("revoke {}", cause.0),
                    FloorKind::Idle { sequence } => format!("idle {}", sequence.unwrap()),
                    FloorKind::QueuePositionInfo { position, .. } => format!("position {position}"),
                    FloorKind::Ack { message, .. } => format!("ack {}", message.0),
                    other => format!("{other:?}"),
                };
                format!("{to}: {what}")
            }
        });
    }
    said
}

fn says(control: &mut FloorControl, ms: u64, id: u64, kind: FloorKind) -> Vec<String> {
    control.handle_message(at(ms), id, &FloorMessage::new(id as u32, kind));
    said(control)
}

const REQUEST: FloorKind = FloorKind::Request { priority: None };

#[test]
fn one_has_the_floor_and_gives_it_back() {
    let mut control = control(|_| {});
    assert_eq!(says(&mut control, 0, 1, REQUEST), ["1: granted 30 0", "!1: taken sip:m1@mc 1"]);
    assert!(control.hears(at(10), 1) && said(&mut control).is_empty());
    assert_eq!(says(&mut control, 20, 2, REQUEST), [format!("2: deny {}", DenyCause::ANOTHER_CLIENT.0)]);
    assert!(!control.hears(at(30), 2) && !control.hears(at(40), 2));
    assert_eq!(said(&mut control), [format!("2: revoke {}", RevokeCause::NO_PERMISSION.0)], "once in T8");
    // The grant was lost: it is told again with what is left of the time.
    assert_eq!(says(&mut control, 10_000, 1, REQUEST), ["1: granted 20 0"]);
    assert_eq!(says(&mut control, 10_000, 2, FloorKind::Release), [""; 0]);
    assert_eq!(says(&mut control, 11_000, 1, FloorKind::Release), ["all: idle 2"]);
    assert_eq!(control.poll_timeout(), Some(at(12_000)));
    control.handle_timeout(at(12_000));
    assert_eq!(said(&mut control), ["all: idle 2"], "T7");
    assert_eq!(control.poll_timeout(), Some(at(41_000)));
    control.handle_timeout(at(41_000));
    assert_eq!(said(&mut control), ["inactive"], "T4");
}

#[test]
fn silence_and_long_speech_end_a_burst() {
    let mut control = control(|_| {});
    says(&mut control, 0, 1, REQUEST);
    control.hears(at(1000), 1);
    control.handle_timeout(at(4999));
    assert_eq!(control.holder(), Some(1));
    control.handle_timeout(at(5000));
    assert_eq!(said(&mut control), ["all: idle 2"], "T1");
    says(&mut control, 6000, 2, REQUEST);
    for second in 6..36 {
        assert!(control.hears(at(second * 1000 + 500), 2));
    }
    control.handle_timeout(at(36_000));
    assert_eq!(said(&mut control), [format!("2: revoke {}", RevokeCause::TOO_LONG.0)], "T2");
    assert!(control.hears(at(36_500), 2), "within the grace");
    control.handle_timeout(at(37_000));
    assert_eq!(said(&mut control).len(), 1, "T8");
    control.handle_timeout(at(39_000));
    assert_eq!(said(&mut control), ["all: idle 4"], "T3");
    assert!(!control.hears(at(39_010), 2));
}

#[test]
fn requests_wait_in_the_order_of_their_priority() {
    let mut control = control(|settings| settings.queue = 1);
    says(&mut control, 0, 1, REQUEST);
    assert_eq!(says(&mut control, 1, 2, FloorKind::Request { priority: Some(99) }), ["2: position 1"]);
    assert_eq!(says(&mut control, 2, 3, REQUEST), [format!("3: deny {}", DenyCause::QUEUE_FULL.0)]);
    assert_eq!(says(&mut control, 2, 3, FloorKind::QueuePositionRequest), ["3: position 254"]);
    assert_eq!(
        says(&mut control, 3, 1, FloorKind::Release),
        ["2: granted 30 20", "!2: taken sip:m2@mc 2"],
        "no more than it may"
    );
    // Who goes frees the floor.
    control.leave(at(4), 2);
    assert_eq!(said(&mut control), ["all: idle 3"]);
    control.leave(at(5), 3);
    assert_eq!(says(&mut control, 6, 1, REQUEST), [format!("1: deny {}", DenyCause::ONLY_ONE_PARTICIPANT.0)]);
}

#[test]
fn a_preemptive_request_takes_the_floor_after_the_grace() {
    let mut control = control(|settings| settings.preempts_from = 30);
    says(&mut control, 0, 1, REQUEST);
    let denied = says(&mut control, 1, 2, FloorKind::Request { priority: Some(20) });
    assert_eq!(denied, [format!("2: deny {}", DenyCause::ANOTHER_CLIENT.0)]);
    let revoked = says(&mut control, 2, 3, FloorKind::Request { priority: Some(30) });
    assert_eq!(revoked, [format!("1: revoke {}", RevokeCause::PREEMPTED.0), "3: position 1".to_owned()]);
    assert_eq!(says(&mut control, 3, 1, FloorKind::Release), ["3: granted 30 30", "!3: taken sip:m3@mc 2"]);
    // Or when it does not give it back.
    says(&mut control, 4, 3, FloorKind::Release);
    says(&mut control, 5, 1, REQUEST);
    says(&mut control, 6, 3, FloorKind::Request { priority: Some(30) });
    control.handle_timeout(at(1006));
    control.handle_timeout(at(3006));
    assert_eq!(said(&mut control).last().map(String::as_str), Some("!3: taken sip:m3@mc 5"));
}

#[test]
fn what_is_to_be_acknowledged_is_and_listeners_may_not_talk() {
    let mut control = control(|_| {});
    control.join(4, Participant { user: "sip:m4@mc".into(), priority: 255, may_talk: false, queues: false });
    assert_eq!(said(&mut control), ["4: idle 0"]);
    assert_eq!(says(&mut control, 0, 4, REQUEST), [format!("4: deny {}", DenyCause::RECEIVE_ONLY.0)]);
    control.handle_message(at(0), 1, &FloorMessage::new(1, REQUEST).acknowledged());
    assert_eq!(said(&mut control)[0], "1: ack 0");
    assert_eq!(says(&mut control, 0, 9, REQUEST), [""; 0], "nobody");
    control.join(5, Participant { user: "sip:m5@mc".into(), priority: 0, may_talk: true, queues: false });
    assert_eq!(said(&mut control), ["5: taken sip:m1@mc 1"]);
}
