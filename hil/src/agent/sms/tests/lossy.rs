//! Requests and reports get lost: what the sender is told is true, and the receiver shows each message once.

use std::collections::BTreeMap;

use proptest::prelude::*;
use protocol::sms::{FailureCause, Parameters, RpCause, SubmitReport};

use super::*;

/// A service centre that keeps what it gets, and knows what it has.
#[derive(Default)]
struct Centre {
    stored: Vec<(u8, Deliver)>,
    /// What it says to the sender about the last request.
    report: Option<Vec<u8>>,
}

impl Centre {
    fn submitted(&mut self, octets: &[u8]) {
        let message = RpMessage::parse(octets).unwrap();
        let Some(Ok(Tpdu::Submit(submit))) = message.tpdu() else { panic!("{message:?}") };
        let time = Timestamp::from_utc_ms(1_794_518_460_000 + self.stored.len() as u64 * 1000, 0);
        let is_there = self.stored.iter().any(|(reference, _)| *reference == submit.reference);
        let report = if is_there && submit.reject_duplicates {
            let report = SubmitReport::new(Some(FailureCause::DUPLICATE), time, Parameters::default());
            let report = Tpdu::SubmitReport(report);
            RpMessage::error(Direction::ToMs, message.reference, RpCause::PROTOCOL_ERROR, Some(&report))
        } else {
            self.stored.push((submit.reference, Deliver::of_submit(&submit, number("+15550100"), time)));
            RpMessage::ack(Direction::ToMs, message.reference, None)
        };
        self.report = Some(report.emit());
    }
}

proptest! {
    #[test]
    fn losses_change_neither_truth_nor_number(
        said in proptest::collection::vec("[a-zж€]{1,180}", 1..5),
        seed in any::<u64>(),
        loss in 0_u32..700,
    ) {
        let mut losses = Entropy::of_box(seed, "losses");
        let mut lost = || losses.below(1000) < loss;
        let mut sender = Rig::new(|config| config.attempts = 5);
        let mut centre = Centre::default();
        for (n, text) in said.iter().enumerate() {
            sender.command(send(n as u64, text));
        }
        let mut seen = 0;
        while !sender.client.is_idle() {
            while let Some(message) = sender.messages.get(seen).cloned() {
                seen += 1;
                if lost() {
                    continue;
                }
                centre.submitted(&message.body);
                if let Some(report) = centre.report.take().filter(|_| !lost()) {
                    sender.comes(&report, None);
                }
            }
            sender.run(1);
        }
        // What the sender takes for sent is there, each part once.
        let mut parts: BTreeMap<u8, usize> = BTreeMap::new();
        centre.stored.iter().for_each(|(reference, _)| *parts.entry(*reference).or_default() += 1);
        prop_assert!(parts.values().all(|times| *times == 1), "{:?}", parts);
        for event in &sender.events {
            if let SmsEvent::PartSent { reference, .. } = event {
                prop_assert!(parts.contains_key(reference), "a lie about {reference}");
            }
        }
        let results = sender.events.iter().filter(|event| matches!(event, SmsEvent::Sent { .. })).count();
        prop_assert_eq!(results, said.len());

        let mut receiver = Rig::new(|_| {});
        for (tries, (_, deliver)) in centre.stored.iter().enumerate() {
            // Until the centre has heard the report; the UE gets some of what is sent.
            for attempt in 0..40 {
                let before = receiver.messages.len();
                if !lost() || attempt == 39 {
                    receiver.delivers((tries + attempt) as u8, deliver);
                    prop_assert!(receiver.messages.len() == before + 1 && receiver.has_acknowledged());
                    if !lost() {
                        break;
                    }
                }
            }
        }
        let shown = |event: &&SmsEvent| matches!(event, SmsEvent::Received(_) | SmsEvent::PartReceived { .. });
        prop_assert_eq!(receiver.events.iter().filter(shown).count(), centre.stored.len());
        let whole: Vec<_> = receiver.events.iter().filter_map(|event| match event {
            SmsEvent::Received(sms) => Some(sms.content.clone()),
            _ => None,
        }).collect();
        for event in &sender.events {
            if let SmsEvent::Sent { message, result: Ok(()) } = event {
                prop_assert!(whole.contains(&text(&said[*message as usize])));
            }
        }
    }
}
