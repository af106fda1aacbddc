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

impl Model {
    /// A fact about short messages; false: it is about something else.
    pub(super) fn apply_short_message(&mut self, t: u64, ue: &str, fact: &ImsFact) -> bool {
        let own = |messages: &mut Vec<ShortMessageRun>, number: u64, change: &dyn Fn(&mut ShortMessageRun)| {
            messages.iter_mut().filter(|own| own.number == number).for_each(change);
        };
        let all = &mut self.short_messages;
        match fact {
            ImsFact::SmsSent { number, to, text } => {
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
            ImsFact::SmsReceived { number: Some(number), by, after_s, .. } => own(all, *number, &|message| {
                (message.after_s, message.by) = (*after_s, Some(by.clone()));
            }),
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
