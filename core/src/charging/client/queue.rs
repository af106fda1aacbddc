//! Records on their way to the CDF (RFC 6733 clause 9.4): durable and in order, kept while no CDF answers, and sent again with
//! the T bit.

use std::collections::{BTreeMap, BTreeSet};

use protocol::diameter::Message;
use serde::{Deserialize, Serialize};

/// Records that are on their way at once; those of one session go one after the other.
const WINDOW: usize = 32;

/// A record as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) session_id: String,
    /// The ACR.
    #[serde(with = "hex::serde")]
    pub(super) octets: Vec<u8>,
}

/// How far a record is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// It is being made durable.
    Storing,
    /// It can be sent.
    Ready,
    /// It was sent.
    Sent,
}

#[derive(Debug)]
struct Entry {
    kept: Kept,
    stage: Stage,
    /// It may have been sent before.
    again: bool,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: BTreeMap<u64, Entry>,
    next: u64,
    sent: usize,
}

impl Queue {
    /// Takes over what an earlier run has left.
    pub(super) fn restore(&mut self, number: u64, kept: Kept) {
        self.next = self.next.max(number + 1);
        self.entries.insert(number, Entry { kept, stage: Stage::Ready, again: true });
    }

    /// Adds a record that is being made durable; its number, which no earlier run has given.
    pub(super) fn push(&mut self, utc_ms: u64, kept: Kept) -> u64 {
        let number = self.next.max(utc_ms.saturating_mul(1000));
        self.next = number + 1;
        self.entries.insert(number, Entry { kept, stage: Stage::Storing, again: false });
        number
    }

    /// A record can be sent.
    pub(super) fn ready(&mut self, number: u64) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.stage = Stage::Ready;
        }
    }

    /// The records that can be sent now.
    pub(super) fn take_ready(&mut self) -> Vec<(u64, Message, bool)> {
        let (mut out, mut busy) = (Vec::new(), BTreeSet::new());
        for (number, entry) in &mut self.entries {
            if self.sent >= WINDOW {
                break;
            }
            let is_first = busy.insert(entry.kept.session_id.clone());
            if entry.stage != Stage::Ready || !is_first {
                continue;
            }
            if let Ok(message) = Message::parse(&entry.kept.octets) {
                entry.stage = Stage::Sent;
                self.sent += 1;
                out.push((*number, message, std::mem::replace(&mut entry.again, true)));
            }
        }
        out
    }

    /// A record has come to its end.
    pub(super) fn done(&mut self, number: u64) -> Option<Kept> {
        let entry = self.entries.remove(&number)?;
        self.sent -= usize::from(entry.stage == Stage::Sent);
        Some(entry.kept)
    }

    /// A record that was sent has to be sent again.
    pub(super) fn put_back(&mut self, number: u64) {
        if let Some(entry) = self.entries.get_mut(&number).filter(|entry| entry.stage == Stage::Sent) {
            entry.stage = Stage::Ready;
            self.sent -= 1;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
