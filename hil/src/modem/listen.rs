//! What a modem says unasked: kept apart, counted, and borne up to a point.

use std::time::Duration;

use protocol::Instant;

use super::bring_up::DOMAINS;
use super::machine::{Modem, Phase};
use super::{EmbmsEvent, ModemOutput, Rung};
use crate::at::Urc;
use crate::at::ts27005::SmsIndication;
use crate::at::ts27007::Registration;

/// Lines are counted over this time.
const SLOT: Duration = Duration::from_secs(1);
/// Notes about lines that mean nothing, in one slot; the others are counted.
const NOTES: u32 = 5;
/// Lines unasked in one slot that are a flood: a port of 115200 baud carries some 700.
const FLOOD: u32 = 200;
/// Slots in a row until something is done about it.
const FLOODED_SLOTS: u32 = 5;

/// Counts what is said unasked.
#[derive(Debug, Default)]
pub(super) struct Listening {
    slot: u64,
    lines: u32,
    /// Of those, the ones that were not noted.
    unnoted: u32,
    notes: u32,
    flooded: u32,
}

impl Listening {
    /// Counts a line; gives how many have come in each of the last slots when they are too many for too long, and
    /// how many of the slot that has ended were not noted.
    fn count(&mut self, now: Instant) -> (Option<u32>, u32) {
        let slot = now.as_nanos() / SLOT.as_nanos() as u64;
        let mut ended = (None, 0);
        if slot != self.slot {
            let is_next = slot == self.slot + 1;
            self.flooded = if self.lines > FLOOD { self.flooded + 1 } else { 0 };
            ended = ((self.flooded >= FLOODED_SLOTS).then_some(self.lines), self.unnoted);
            if !is_next || self.flooded >= FLOODED_SLOTS {
                self.flooded = 0;
            }
            (self.slot, self.lines, self.unnoted, self.notes) = (slot, 0, 0, 0);
        }
        self.lines += 1;
        ended
    }

    /// Is this line to be noted?
    fn notes(&mut self) -> bool {
        self.notes += 1;
        let noted = self.notes <= NOTES;
        self.unnoted += u32::from(!noted);
        noted
    }
}

impl Modem {
    /// A line that means nothing.
    pub(super) fn ignored(&mut self, line: &str) {
        self.count_line();
        if self.listening.notes() {
            let line: String = line.chars().take(200).collect();
            self.note(format!("said unasked: {line:?}"));
        }
    }

    /// A code that was expected.
    pub(super) fn unasked(&mut self, urc: &Urc) {
        self.count_line();
        if matches!(self.phase, Phase::Quarantined | Phase::Off) {
            return;
        }
        if let Some(indication) = SmsIndication::of_urc(urc) {
            self.indicated(indication);
        } else if let Some(domain) = DOMAINS.into_iter().find(|domain| domain.name() == urc.name) {
            if let Some(registration) = Registration::of_urc(&urc.text) {
                self.registered(domain, registration, false);
            }
        } else if let Some(report) = self.embms.grammar.report(urc) {
            self.put(ModemOutput::Embms(EmbmsEvent::Report(report)));
        } else if self.listening.notes() {
            self.note(format!("said unasked: {} {}", urc.name, urc.text));
        }
    }

    fn count_line(&mut self) {
        let (flood, unnoted) = self.listening.count(self.now);
        if unnoted > 0 {
            self.note(format!("said unasked: {unnoted} lines more in that second"));
        }
        if let Some(lines) = flood
            && !matches!(self.phase, Phase::Quarantined | Phase::Off | Phase::Closed | Phase::Stopping { .. })
        {
            let why = format!("floods: {lines} lines in a second that nobody asked for, {FLOODED_SLOTS} seconds long");
            self.trouble(why, Some(Rung::Cfun4Then1));
        }
    }
}
