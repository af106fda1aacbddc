//! Multimedia messages of a run (TR 23.804 clause 8.11): from whom to whom, what is in them, and what became of each.

use protocol::mms::MmsStatus;
use serde::Serialize;

use super::model::Model;
use crate::event::{ImsFact, MmsPart};

/// A multimedia message.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct MultimediaMessageRun {
    /// From 1, in the order of the steps.
    pub number: u64,
    /// UE that sends it, or passes it on.
    pub from: String,
    /// UE that it is for.
    pub to: String,
    /// Subject.
    pub subject: Option<String>,
    /// The message that is passed on.
    pub forwards: Option<u64>,
    /// What it is sent with.
    pub parts: Vec<MmsPart>,
    /// When it was sent, milliseconds of run time.
    pub sent_ms: f64,
    /// Its relay has taken it after so many seconds.
    pub taken_s: Option<f64>,
    /// By what: the IMS or HTTP.
    pub taken_by: Option<String>,
    /// Why it has not.
    pub refused: Option<String>,
    /// The UE that it is for knew of it after so many seconds.
    pub notified_s: Option<f64>,
    /// What that UE has said to its relay last: X-Mms-Status.
    pub response: Option<String>,
    /// It came after so many seconds.
    pub after_s: Option<f64>,
    /// By what.
    pub by: Option<String>,
    /// It came octet for octet.
    pub is_whole: Option<bool>,
    /// What the delivery report said.
    pub status: Option<String>,
    /// What the read report said.
    pub read: Option<String>,
    /// A picture of it as it came: a data URI.
    #[serde(skip)]
    pub picture: Option<String>,
}

/// How many there were; no more than `MESSAGES_MAX` are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct MultimediaMessageCount {
    /// Sent and passed on.
    pub sent: u64,
    /// Come as they were sent.
    pub delivered: u64,
    /// Not wanted by whom they were for.
    pub rejected: u64,
    /// Passed on by whom they were for, who need not have them.
    pub passed_on: u64,
}

impl MultimediaMessageRun {
    /// Octets of its parts.
    pub fn octets(&self) -> u64 {
        self.parts.iter().map(|part| part.octets).sum()
    }
}

impl Model {
    /// A fact about multimedia messages; false: it is about something else.
    pub(super) fn apply_multimedia_message(&mut self, t: u64, ue: &str, fact: &ImsFact) -> bool {
        let all = &mut self.multimedia_messages;
        // Numbers rise as messages are sent.
        let own = |messages: &mut [MultimediaMessageRun], number: u64, change: &dyn Fn(&mut MultimediaMessageRun)| {
            if let Ok(place) = messages.binary_search_by_key(&number, |own| own.number) {
                change(&mut messages[place]);
            }
        };
        match fact {
            ImsFact::MmsSent { .. } => self.multimedia_message_sent(t, ue, fact),
            ImsFact::MmsTaken { number, why, by, after_s, .. } => own(all, *number, &|message| match why {
                None => (message.taken_s, message.taken_by) = (Some(*after_s), by.clone()),
                Some(why) => message.refused = Some(why.clone()),
            }),
            ImsFact::MmsNotified { number: Some(number), .. } => own(all, *number, &|message| {
                message.notified_s = Some((t as f64 / 1e6 - message.sent_ms) / 1e3);
            }),
            ImsFact::MmsResponded { number: Some(number), status } => {
                self.multimedia_messages_counted.rejected += u64::from(*status == MmsStatus::REJECTED.to_string());
                own(all, *number, &|message| message.response = Some(status.clone()));
            }
            ImsFact::MmsReceived { number: Some(number), by, is_whole, after_s, picture, .. } => {
                self.multimedia_messages_counted.delivered += u64::from(*is_whole);
                own(all, *number, &|message| {
                    (message.after_s, message.by) = (*after_s, Some(by.clone()));
                    (message.is_whole, message.picture) = (Some(*is_whole), picture.clone());
                });
            }
            ImsFact::MmsReported { number: Some(number), status, .. } => {
                own(all, *number, &|message| message.status = Some(status.clone()));
            }
            ImsFact::MmsWasRead { number: Some(number), status, .. } => {
                own(all, *number, &|message| message.read = Some(status.clone()));
            }
            _ => return false,
        }
        true
    }

    fn multimedia_message_sent(&mut self, t: u64, ue: &str, fact: &ImsFact) {
        let ImsFact::MmsSent { number, to, subject, parts, forwards } = fact else { return };
        self.multimedia_messages_counted.sent += 1;
        self.multimedia_messages_counted.passed_on += u64::from(forwards.is_some());
        if self.multimedia_messages.len() >= MESSAGES_MAX {
            return;
        }
        self.multimedia_messages.push(MultimediaMessageRun {
            number: *number,
            from: ue.to_owned(),
            to: to.clone(),
            subject: subject.clone(),
            forwards: *forwards,
            parts: parts.clone(),
            sent_ms: t as f64 / 1e6,
            taken_s: None,
            taken_by: None,
            refused: None,
            notified_s: None,
            response: None,
            after_s: None,
            by: None,
            is_whole: None,
            status: None,
            read: None,
            picture: None,
        });
    }
}

/// Messages that are kept.
const MESSAGES_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;

    #[test]
    fn what_is_left_out_is_counted_and_what_is_kept_is_found() {
        let mut model = synthetic::model();
        let most = MESSAGES_MAX as u64;
        for number in (1..=most + 3).map(|n| 2 * n) {
            let parts = vec![MmsPart { media_type: "a/b".into(), name: "c".into(), octets: 5, sha256: "d".into() }];
            let fact = ImsFact::MmsSent { number, to: "ben".into(), subject: None, parts, forwards: None };
            assert!(model.apply_multimedia_message(number, "anna", &fact));
        }
        for number in [3, 4, 2 * most, 2 * most + 2] {
            let fact = ImsFact::MmsTaken { number, why: None, by: None, attempts: 1, after_s: 0.5 };
            assert!(model.apply_multimedia_message(7, "anna", &fact));
        }
        let taken = model.multimedia_messages.iter().filter(|own| own.taken_s.is_some());
        assert_eq!(taken.map(|own| (own.number, own.octets())).collect::<Vec<_>>(), [(4, 5), (2 * most, 5)]);
        assert_eq!(model.multimedia_messages_counted.sent, most + 3);
    }
}
