//! All ladders of a run beside its taps.

use protocol::{Joint, TapEvent, Tmgi};

use super::interest::Interests;
use super::{Ladder, ProcedureStep, Seen, Tick, decode};
use crate::event::{LadderHeader, SessionInfo, What};

/// Watches the taps of a run and says which steps were seen.
#[derive(Clone, PartialEq, Debug)]
pub struct LadderWatch {
    ladders: Vec<Ladder>,
    /// Which of them may be ticked by what.
    interests: Interests,
    /// System information is told once and holds for sessions that start later: messages with their packets.
    system_information: Vec<(TapEvent, u64)>,
}

/// Messages of system information that are kept.
const SYSTEM_INFORMATION_MAX: usize = 256;

/// A step of a ladder was seen for the first time.
#[derive(Clone, PartialEq, Debug)]
pub struct Ticked {
    /// Position in the run header's ladders.
    pub ladder: usize,
    /// The table's row.
    pub step: &'static ProcedureStep,
    /// Specification and clause of the procedure.
    pub procedure: &'static str,
    /// When and how it was seen.
    pub tick: Tick,
}

impl LadderWatch {
    /// Watches for these ladders, in the order of the run header.
    pub fn new(headers: &[LadderHeader]) -> Self {
        let ladders: Vec<Ladder> = headers.iter().cloned().map(Ladder::new).collect();
        Self { interests: Interests::of(&ladders), ladders, system_information: Vec::new() }
    }

    /// A session has started: what it allocated is what messages are compared with. System information that a UE has
    /// already counts.
    pub fn session_started(&mut self, info: &SessionInfo) -> Vec<Ticked> {
        self.ladders.iter_mut().for_each(|l| l.session_started(info));
        let known = std::mem::take(&mut self.system_information);
        let ticked = known.iter().flat_map(|(event, packet)| self.tick(event, *packet)).collect();
        self.system_information = known;
        ticked
    }

    /// The TMGI that a session will have: its bearer is there before it is.
    pub fn session_named(&mut self, session: &str, tmgi: Tmgi) {
        self.ladders.iter_mut().for_each(|ladder| ladder.session_named(session, tmgi));
    }

    /// A step of the scenario begins: ladders that it asks for look from here on.
    pub fn step_started(&mut self, index: usize) {
        for (place, ladder) in self.ladders.iter_mut().enumerate() {
            if ladder.step_started(index) {
                self.interests.renew(place, ladder);
            }
        }
    }

    /// Procedures and steps that a message would tick.
    pub(crate) fn would_tick(&self, event: &TapEvent) -> Vec<(&str, &'static str)> {
        let seen = Seen::of(event);
        let ticks = |ladder: &'_ Ladder| Some(ladder.observe(event, &seen)?.0.number);
        let ladders = self.interests.in_message(event, &seen).into_iter().map(|index| &self.ladders[index]);
        ladders.filter_map(|l| Some((l.header.procedure.as_str(), ticks(l)?))).collect()
    }

    /// Looks at a message that will be packet number `packet` of the capture. Cheap once all steps are ticked.
    pub fn observe(&mut self, event: &TapEvent, packet: u64) -> Vec<Ticked> {
        if self.interests.is_empty() {
            return Vec::new();
        }
        if event.joint == Joint::BcchDlSch && self.system_information.len() < SYSTEM_INFORMATION_MAX {
            self.system_information.push((event.clone(), packet));
        }
        self.tick(event, packet)
    }

    fn tick(&mut self, event: &TapEvent, packet: u64) -> Vec<Ticked> {
        let seen = Seen::of(event);
        let mut ticked = Vec::new();
        for index in self.interests.in_message(event, &seen) {
            let ladder = &mut self.ladders[index];
            let (Some((step, bound)), Some(procedure)) = (ladder.observe(event, &seen), ladder.procedure()) else {
                continue;
            };
            let tick = Tick { at_ns: event.at.as_nanos(), packet, bound, decoded: decode::decode(event) };
            ladder.tick(step.number, tick.clone());
            self.interests.renew(index, ladder);
            ticked.push(Ticked { ladder: index, step, procedure: procedure.procedure, tick });
        }
        ticked
    }
}

impl Ticked {
    /// The fact for the record.
    pub fn fact(self) -> What {
        let Tick { packet, bound, decoded, .. } = self.tick;
        What::LadderTick { ladder: self.ladder, step: self.step.number.to_owned(), packet, bound, decoded }
    }

    /// One line for a packet comment: procedure, step, what it is, clause.
    pub fn comment(&self) -> String {
        format!("{} step {}: {} ({})", self.procedure, self.step.number, self.step.expect, self.step.clause)
    }
}
