//! What online charging has said of a message, and what follows when it is known what became of it.

use protocol::diameter::ro::{RequestType, RequestedAction};

use super::credit::{Asking, Credit, said};
use super::settling::Settling;
use super::usage::SmsUsage;
use crate::charging::MessageCharging;

/// What online charging has said of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Online {
    Asking,
    Granted,
    Free,
    Refused(u32),
    /// A part before it was refused: nobody was asked.
    PartMissing(u8),
    /// No OCS that can be believed: it goes all the same. `is_owed`: the OCS shall hear of it yet.
    Continued {
        why: String,
        is_owed: bool,
    },
    /// No OCS that can be believed: it does not go.
    Terminated(String),
}

/// Its Session-Id, what online charging has said of the message, and what the OCS has yet to hear.
type Settled = (String, Option<String>, Option<(String, Settling)>);

impl Online {
    /// Service-Specific-Data in the record.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Asking => "asked".to_owned(),
            Self::Granted => "granted".to_owned(),
            Self::Free => "free of charge".to_owned(),
            Self::Refused(code) => format!("refused {code}"),
            Self::PartMissing(part) => format!("refused: part {part} was refused"),
            Self::Continued { why, .. } => format!("continued: {why}"),
            Self::Terminated(why) => format!("terminated: {why}"),
        }
    }
}

impl Credit {
    /// It is known what became of a message: what the record says of it, its Session-Id when an OCS was asked, and what the
    /// OCS has yet to hear.
    pub(super) fn done(&mut self, utc_ms: u64, token: u64, usage: &SmsUsage, has_arrived: bool) -> Option<Settled> {
        let asking = self.asking.remove(&token)?;
        let mut requests = self.afterwards(utc_ms, usage, &asking, has_arrived);
        let mut text = asking.online.text();
        if !requests.is_empty() && self.settling.len() >= self.config.max_settling {
            self.counters.lost += 1;
            self.outputs.push_back(said(&format!("{} is not settled: too many are not", asking.session_id)));
            requests.clear();
        }
        if !requests.is_empty() {
            text += if has_arrived { "; to be paid for" } else { "; given back" };
        }
        let is_missing = matches!(asking.online, Online::PartMissing(_));
        let was_asked = !is_missing && (asking.may_be_known || !requests.is_empty());
        let is_owed = matches!(asking.online, Online::Continued { is_owed: true, .. });
        let is_again = is_owed && has_arrived && asking.may_be_known;
        let settling = Settling { requests, since_utc_ms: utc_ms, is_again };
        let settling = (!settling.requests.is_empty()).then(|| (asking.session_id.clone(), settling));
        if let (MessageCharging::Reserved, Online::Granted, true) = (self.config.charging, &asking.online, has_arrived)
        {
            text = asking.online.text();
        }
        Some((text, was_asked.then_some(asking.session_id), settling))
    }

    /// What is to be said to the OCS when it is known what became of a message.
    fn afterwards(&self, utc_ms: u64, usage: &SmsUsage, asking: &Asking, has_arrived: bool) -> Vec<Vec<u8>> {
        let is_owed = match &asking.online {
            Online::Free | Online::Refused(_) | Online::PartMissing(_) => return Vec::new(),
            Online::Continued { is_owed, .. } => *is_owed,
            Online::Asking | Online::Granted | Online::Terminated(_) => false,
        };
        // What no OCS has heard of has taken nothing.
        if !has_arrived && !asking.may_be_known && !matches!(asking.online, Online::Asking) {
            return Vec::new();
        }
        let first = || asking.request.emit();
        let refund =
            || self.request(utc_ms, usage, (RequestType::Event, Some(RequestedAction::RefundAccount), 1), None).emit();
        let end = |used| self.request(utc_ms, usage, (RequestType::Termination, None, 1), Some(used)).emit();
        match (self.config.charging, has_arrived) {
            (MessageCharging::Immediate, true) => is_owed.then(first).into_iter().collect(),
            (MessageCharging::Immediate, false) => vec![refund()],
            (MessageCharging::Reserved, true) => is_owed.then(first).into_iter().chain([end(1)]).collect(),
            (MessageCharging::Reserved, false) => vec![end(0)],
        }
    }
}
