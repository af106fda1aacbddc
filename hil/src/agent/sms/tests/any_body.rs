//! Whatever a MESSAGE carries, it is answered as TS 24.011 clause 9 wants it, and nothing breaks.

use proptest::prelude::*;

use super::*;

/// Octets that look like a message more often than chance would have it.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let noise = proptest::collection::vec(any::<u8>(), 0..64);
    let tpdu =
        (proptest::collection::vec(any::<u8>(), 0..40), 0_u8..8, any::<bool>()).prop_map(|(tail, first, whole)| {
            let tpdu = [&[first], &tail[..]].concat();
            let length = if whole { tpdu.len() as u8 } else { 200 };
            [&[1, 9, 0, 0, length], &tpdu[..]].concat()
        });
    let deliver = proptest::collection::vec(any::<u8>(), 0..30).prop_map(|data| {
        let head = octets("440C91534810325476000462112112120000");
        let tpdu = [&head[..], &[data.len() as u8], &data].concat();
        [&[1, 9, 0, 0, tpdu.len() as u8], &tpdu[..]].concat()
    });
    prop_oneof![noise, tpdu, deliver]
}

proptest! {
    #[test]
    fn every_body_has_its_answer(bodies in proptest::collection::vec(bodies(), 1..8), places in 0_usize..4) {
        let mut rig = Rig::new(|config| config.places = places);
        for body in bodies {
            let before = rig.messages.len();
            rig.comes(&body, None);
            let answers: Vec<_> = rig.messages[before..].iter().map(|m| RpMessage::parse(&m.body).unwrap()).collect();
            // Types: 0 and 1 RP-DATA, 2 to 5 reports, 6 and 7 others; even ones come from an MS.
            match body.first().map(|first| first & 7).filter(|_| body.len() > 1) {
                None | Some(2..=5) => prop_assert!(answers.is_empty(), "{answers:?}"),
                Some(kind) => {
                    let [answer] = &answers[..] else { panic!("{answers:?}") };
                    prop_assert_eq!((answer.reference, answer.direction), (body[1], Direction::ToNetwork));
                    let is_error = matches!(answer.body, RpBody::Error(_));
                    prop_assert!(is_error || (kind == 1 && matches!(answer.body, RpBody::Ack(_))));
                    // Only what is told to the user is acknowledged.
                    let is_taken = !matches!(rig.events.last(), Some(SmsEvent::Refused { .. } | SmsEvent::MemoryFull { .. }));
                    prop_assert_eq!(is_taken, !is_error);
                }
            }
            prop_assert!(rig.client.memory().used() <= places);
        }
        rig.command(SmsCommand::DeleteAll);
        rig.run(2 * 24 * 3600);
        prop_assert_eq!(rig.client.memory().used(), 0);
    }
}
