//! What is done about a modem that does not do what it should: rung by rung, within a budget, and then no more.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::Instant;

use super::job::Job;
use super::machine::{Modem, Phase};
use super::{ModemOutput, RecoveryBudget, Rung};
use crate::at::AtResponse;

/// For rungs that are taken over the port.
const INSIDE_LIMIT: Duration = Duration::from_secs(60);
/// A modem that starts again goes away within this time, or does without going away.
const RESTART_TIME: Duration = Duration::from_secs(10);
/// Times that a port may be opened again in one recovery because it went away once more.
const MOST_AGAIN: u8 = 5;

/// Where a recovery stands.
#[derive(Debug)]
pub(super) struct Ladder {
    budget: RecoveryBudget,
    active: Option<Recovery>,
    /// When recoveries began.
    begun: VecDeque<Instant>,
    /// When the last one was over, and what had helped.
    helped: Option<(Instant, Rung)>,
}

#[derive(Clone, Copy, Debug)]
struct Recovery {
    began: Instant,
    rung: Rung,
    /// Rungs that were taken although they, or higher ones, had been taken before.
    again: u8,
}

/// A rung that is being taken.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct RungAction {
    rung: Rung,
    pub(super) until: Instant,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Its first command.
    First,
    /// Its second one.
    Second,
    /// The modem starts again, and may go away.
    Restarting,
    /// Somebody else is at it.
    Outside,
    /// Has done it; the port is not there yet.
    WithoutPort,
}

impl RungAction {
    /// What the rung asks of the modem now.
    pub(super) const fn job(&self) -> Option<Job> {
        match (self.rung, self.stage) {
            (Rung::Resync, Stage::First) => Some(Job::Attention),
            (Rung::Cfun4Then1, Stage::First) => Some(Job::Flight),
            (Rung::Cfun4Then1, Stage::Second) => Some(Job::Full),
            (Rung::Cfun1Reset, Stage::First) => Some(Job::Reset),
            _ => None,
        }
    }
}

impl Ladder {
    pub(super) const fn new(budget: RecoveryBudget) -> Self {
        Self { budget, active: None, begun: VecDeque::new(), helped: None }
    }

    /// The rung that the modem is on.
    pub(super) const fn rung(&self) -> Option<Rung> {
        match self.active {
            Some(Recovery { rung, .. }) => Some(rung),
            None => None,
        }
    }

    /// When a recovery is given up.
    pub(super) fn until(&self) -> Option<Instant> {
        self.active.map(|recovery| recovery.began + self.budget.whole)
    }

    pub(super) const fn forget(&mut self) {
        self.active = None;
    }

    /// A recovery begins or goes on; why not, when it must not.
    fn begin(&mut self, now: Instant) -> Result<(), String> {
        let RecoveryBudget { whole, recoveries, window, .. } = self.budget;
        if let Some(recovery) = self.active {
            let in_time = now - recovery.began < whole;
            return if in_time { Ok(()) } else { Err(format!("not up again within {} s", whole.as_secs())) };
        }
        self.begun.retain(|&begun| now - begun < window);
        if self.begun.len() >= recoveries as usize {
            let times = self.begun.len();
            return Err(format!("it had to be helped {times} times within {} s already", window.as_secs()));
        }
        self.begun.push_back(now);
        Ok(())
    }

    /// The rung to be taken next: above the last one, of those that can be.
    fn next(&self, now: Instant, least: Option<Rung>, can: impl Fn(Rung) -> bool) -> Option<Rung> {
        let helped = self.helped.filter(|(when, _)| now - *when < self.budget.settle).map(|(_, rung)| rung);
        let last = self.rung().or(helped);
        let rungs = self.budget.rungs.iter().copied();
        rungs.filter(|&rung| last.is_none_or(|last| rung > last) && Some(rung) >= least && can(rung)).min()
    }

    /// The mildest rung that brings a port back which was there and has gone away once more, when none is left above.
    fn once_more(&self) -> Option<Rung> {
        let may = self.active.is_none_or(|recovery| recovery.again < MOST_AGAIN);
        self.budget.rungs.iter().copied().filter(|rung| may && rung.is_outside()).min()
    }
}

impl Modem {
    /// Something went wrong; `least` is the mildest rung that has a prospect.
    pub(super) fn trouble(&mut self, why: String, least: Option<Rung>) {
        self.help(why, least, false);
    }

    /// `again`: the rungs that were taken had done what they can.
    fn help(&mut self, why: String, least: Option<Rung>, again: bool) {
        if !matches!(self.phase, Phase::Starting(_) | Phase::Ready | Phase::Rung(_)) {
            return;
        }
        self.put_back(&why);
        if let Err(spent) = self.ladder.begin(self.now) {
            return self.quarantine(format!("{why}; {spent}"));
        }
        let (open, answers) = (self.open, self.answers);
        let can = |rung: Rung| rung.is_outside() || (open && answers);
        let above = self.ladder.next(self.now, least, can);
        let again = again && above.is_none();
        let Some(rung) = above.or_else(|| self.ladder.once_more().filter(|_| again)) else {
            return self.quarantine(format!("{why}; no rung of the ladder is left that could help"));
        };
        let (began, times) = self.ladder.active.map_or((self.now, 0), |recovery| (recovery.began, recovery.again));
        self.ladder.active = Some(Recovery { began, rung, again: times + u8::from(again) });
        let (stage, limit) =
            if rung.is_outside() { (Stage::Outside, self.ladder.budget.outside) } else { (Stage::First, INSIDE_LIMIT) };
        self.phase = Phase::Rung(RungAction { rung, until: self.now + limit, stage });
        self.put(ModemOutput::RungTaken { rung, why });
        self.tell_state();
        if rung.is_outside() {
            self.put(ModemOutput::Perform(rung));
        }
    }

    /// The modem is up; if it had to be helped, that is over.
    pub(super) fn recovered(&mut self) {
        if let Some(Recovery { began, rung, .. }) = self.ladder.active.take() {
            self.ladder.helped = Some((self.now, rung));
            self.note(format!("up again after {:.1} s, by {rung}", (self.now - began).as_secs_f64()));
        }
    }

    /// Gives the modem up.
    pub(super) fn quarantine(&mut self, why: String) {
        self.put_back(&why);
        let why = format!("{}: {why}", self.config.name);
        self.phase = Phase::Quarantined;
        self.ladder.forget();
        self.fail_messages(&why);
        self.fail_challenges(&why);
        self.embms_give_up(&why);
        self.put(ModemOutput::Quarantined { why });
        self.tell_state();
    }

    pub(super) fn port_is_gone(&mut self) {
        let gone = "the port is gone";
        let restarts = self.ladder.rung() == Some(Rung::Cfun1Reset);
        match &self.phase {
            Phase::Starting(_) if restarts => self.await_port(),
            Phase::Rung(RungAction { stage: Stage::Outside | Stage::WithoutPort, .. }) => {}
            Phase::Rung(_) if restarts => self.await_port(),
            Phase::Starting(_) | Phase::Ready | Phase::Rung(_) => self.help(gone.into(), None, true),
            Phase::Stopping { .. } => {
                self.note(format!("{gone} before it said that its radio is off"));
                self.off();
            }
            Phase::Closed | Phase::Quarantined | Phase::Off => {}
        }
    }

    pub(super) fn port_is_back(&mut self) {
        if !matches!(self.phase, Phase::Rung(RungAction { stage: Stage::Outside, .. })) {
            self.begin_bring_up();
        }
    }

    /// Somebody has done a rung, or could not.
    pub(super) fn rung_done(&mut self, rung: Rung, result: Result<(), String>) {
        let open = self.open;
        let is_awaited = |taken: Rung| taken == rung || (taken, rung) == (Rung::Cfun1Reset, Rung::Reopen);
        match &mut self.phase {
            Phase::Rung(action) if action.stage == Stage::Outside && is_awaited(action.rung) => match result {
                Ok(()) if open => self.begin_bring_up(),
                Ok(()) => action.stage = Stage::WithoutPort,
                Err(why) => self.trouble(format!("{rung}: {why}"), None),
            },
            _ => self.note(format!("{rung}: nobody waits for that any more")),
        }
    }

    pub(super) fn rung_too_late(&mut self) {
        let Phase::Rung(RungAction { rung, stage, .. }) = self.phase else { return };
        match stage {
            // It did not go away.
            Stage::Restarting => self.begin_bring_up(),
            Stage::WithoutPort => self.trouble(format!("{rung}: the port did not come back"), None),
            Stage::First | Stage::Second | Stage::Outside => self.trouble(format!("{rung}: not done in time"), None),
        }
    }

    /// An `AT` was answered.
    pub(super) fn attentive(&mut self) {
        if matches!(self.phase, Phase::Rung(_)) {
            self.begin_bring_up();
        }
    }

    pub(super) fn functionality_done(&mut self, job: &Job, response: &AtResponse) {
        let Phase::Rung(action) = &mut self.phase else { return };
        match job {
            _ if !response.code.is_ok() => {
                let why = format!("{}: {}", action.rung, response.code);
                self.trouble(why, None);
            }
            Job::Flight => action.stage = Stage::Second,
            Job::Reset => self.restarting(),
            _ => self.begin_bring_up(),
        }
    }

    /// The modem was told to start again.
    pub(super) fn restarting(&mut self) {
        let until = self.now + RESTART_TIME;
        if let Phase::Rung(action) = &mut self.phase {
            (action.stage, action.until) = (Stage::Restarting, until);
        }
    }

    /// The port is gone because the modem starts again: whoever opens ports looks for it.
    fn await_port(&mut self) {
        let until = self.now + self.ladder.budget.outside;
        self.phase = Phase::Rung(RungAction { rung: Rung::Cfun1Reset, until, stage: Stage::Outside });
        self.put(ModemOutput::Perform(Rung::Reopen));
    }
}
