//! Short messages over IP of a run (TR 23.804): from whom to whom, and what became of each.

use serde::Serialize;

use super::model::Model;
use crate::event::ImsFact;

/// A short message over IP.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ShortMessageRun {
    /// From 1, in the order of the steps.
    pub number: u64,
    /// UE that sends.
    pub from: String,
    /// UE that it is for.
    pub to: String,
    /// The text, or the octets in hexadecimal digits.
    pub text: String,
    /// When it was sent, milliseconds of run time.
    pub sent_ms: f64,
    /// Parts that the SM-SC has taken: by what, in the order of the parts.
    pub parts_by: Vec<String>,
    /// The SM-SC has taken all of it after so many seconds.
    pub taken_s: Option<f64>,
    /// Why it has not.
    pub refused: Option<String>,
    /// It came after so many seconds.
    pub after_s: Option<f64>,
    /// By what: IP, SGSN or MSC.
    pub by: Option<String>,
    /// What the status report said.
    pub status: Option<String>,
}

/// How many there were; no more than `MESSAGES_MAX` are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct ShortMessageCount {
    /// Sent.
    pub sent: u64,
    /// Come as they were sent.
    pub delivered: u64,
}

impl Model {
    /// A fact about short messages; false: it is about something else.
    pub(super) fn apply_short_message(&mut self, t: u64, ue: &str, fact: &ImsFact) -> bool {
        // Numbers rise as messages are sent.
        let own = |messages: &mut [ShortMessageRun], number: u64, change: &dyn Fn(&mut ShortMessageRun)| {
            if let Ok(place) = messages.binary_search_by_key(&number, |own| own.number) {
                change(&mut messages[place]);
            }
        };
        let all = &mut self.short_messages;
        match fact {
            ImsFact::SmsSent { number, to, text } => {
                self.short_messages_counted.sent += 1;
                if all.len() < MESSAGES_MAX {
                    all.push(ShortMessageRun {
                        number: *number,
                        from: ue.to_owned(),
                        to: to.clone(),
                        text: text.clone(),
                        sent_ms: t as f64 / 1e6,
                        parts_by: Vec::new(),
                        taken_s: None,
                        refused: None,
                        after_s: None,
                        by: None,
                        status: None,
                    });
                }
            }
            ImsFact::SmsPartTaken { number, by, .. } => {
                own(all, *number, &|message| message.parts_by.push(by.clone()));
            }
            ImsFact::SmsTaken { number, why, after_s } => own(all, *number, &|message| match why {
                None => message.taken_s = Some(*after_s),
                Some(why) => message.refused = Some(why.clone()),
            }),
            ImsFact::SmsReceived { number: Some(number), by, after_s, .. } => {
                self.short_messages_counted.delivered += 1;
                own(all, *number, &|message| (message.after_s, message.by) = (*after_s, Some(by.clone())));
            }
            ImsFact::SmsReported { number: Some(number), status } => {
                own(all, *number, &|message| message.status = Some(status.clone()));
            }
            _ => return false,
        }
        true
    }
}

/// Messages that are kept.
const MESSAGES_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;

    #[test]
    fn what_is_left_out_is_counted_and_what_is_kept_is_found() {
        let mut model = synthetic::model();
        let most = MESSAGES_MAX as u64;
        for number in (1..=most + 3).map(|n| 2 * n) {
            let fact = ImsFact::SmsSent { number, to: "ben".into(), text: "hi".into() };
            assert!(model.apply_short_message(number, "anna", &fact));
        }
        for number in [3, 4, 2 * most, 2 * most + 2] {
            let fact = ImsFact::SmsTaken { number, why: None, after_s: 0.5 };
            assert!(model.apply_short_message(7, "anna", &fact));
        }
        let taken: Vec<u64> =
            model.short_messages.iter().filter(|own| own.taken_s.is_some()).map(|own| own.number).collect();
        assert_eq!((taken, model.short_messages_counted.sent), (vec![4, 2 * most], most + 3));
    }
}
