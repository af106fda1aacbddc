//! What a modem answered, or that it did not, and who is concerned by that.

use super::bring_up::DOMAINS;
use super::job::{Job, describe};
use super::machine::Modem;
use super::{ModemOutput, Rung};
use crate::at::ts27007::{AtError, ReadRegistration, Registration, RegistrationDomain, Request};
use crate::at::{AtCommand, AtFailure, AtResponse};

impl Modem {
    pub(super) fn done(&mut self, job: Job, result: Result<AtResponse, AtFailure>) {
        let response = match result {
            Ok(response) => response,
            Err(failure) => return self.job_failed(job, &failure),
        };
        self.heard = self.now;
        self.answers = true;
        match job {
            Job::Step(step) => self.step_done(step, &response),
            Job::Send(outgoing) => self.message_sent(outgoing, &response),
            Job::Acknowledge => self.acknowledged(&response),
            Job::Indicate(set) => self.indications_renewed(set, &response),
            Job::List => self.listed(&response),
            Job::Select(memory) => self.selected(memory, &response),
            Job::Read(place) => self.read(place, &response),
            Job::Delete(place) => self.deleted(&place, &response),
            Job::Registration(domain) => match ReadRegistration(domain).answer(&response) {
                Ok(registration) => self.registered(domain, registration, true),
                Err(why) => self.unanswered(&why),
            },
            Job::Signal(which) => self.signal_told(which, &response),
            Job::Sim(job) => self.sim_done(job, &response),
            Job::Embms(job) => self.embms_done(job, &response),
            Job::Attention => self.attentive(),
            Job::Flight | Job::Full | Job::Reset => self.functionality_done(&job, &response),
            Job::SwitchOff => {
                if !response.code.is_ok() {
                    self.note(format!("AT+CFUN=4: {}: its radio may be on", response.code));
                }
                self.off();
            }
        }
    }

    fn job_failed(&mut self, job: Job, failure: &AtFailure) {
        let why = describe(failure);
        if matches!(failure, AtFailure::Unresponsive { .. }) {
            self.answers = false;
        }
        match job {
            Job::Step(step) => return self.step_failed(step, failure),
            Job::SwitchOff => {
                self.note(format!("{why}: its radio may be on"));
                return self.off();
            }
            // It goes away when it starts again, with or without saying so.
            Job::Reset => return self.restarting(),
            Job::List if matches!(failure, AtFailure::Timeout { .. }) => {
                self.hangs(Job::List.plain_command().as_ref(), 0, &why);
                self.messages.wants_list = true;
                return;
            }
            // One that asks what the modem knows has its answer in that.
            Job::Embms(job) if matches!(failure, AtFailure::Timeout { .. } | AtFailure::TooLong { .. }) => {
                self.embms.hangs(job);
            }
            Job::Sim(_) => self.sim_hangs(failure),
            other => self.abandoned(other, &why),
        }
        // A port that is gone is told by itself.
        if !matches!(failure, AtFailure::Closed { .. }) {
            self.trouble(why, None);
        }
    }

    /// What runs is not waited for.
    pub(super) fn put_back(&mut self, why: &str) {
        if let Some((_, mut job)) = self.running.take() {
            // The modem may ask for its text yet, and get it.
            if let Job::Send(outgoing) = &mut job {
                outgoing.text_written = true;
            }
            self.abandoned(job, why);
        }
    }

    fn abandoned(&mut self, job: Job, why: &str) {
        match job {
            Job::Embms(_) => self.embms.configured = false,
            Job::Sim(_) => self.challenge_abandoned(why),
            other => self.message_job_failed(other, why),
        }
        self.samples.clear();
    }

    /// A command does not end; the port is brought back in step by itself. It is not sent again, or `more` times.
    pub(super) fn hangs(&mut self, command: Option<&AtCommand>, more: u8, why: &str) {
        let left = command.map_or(0, |command| {
            let left =
                self.hung.entry(command.line()).and_modify(|left| *left = left.saturating_sub(1)).or_insert(more);
            *left
        });
        let then = if left > 0 { "it is tried once more" } else { "it is not sent again" };
        self.put(ModemOutput::RungTaken { rung: Rung::Resync, why: format!("{why}; {then}") });
    }

    /// A command has ended.
    pub(super) fn does_not_hang(&mut self, command: &AtCommand) {
        if !self.hung.is_empty() {
            self.hung.remove(&command.line());
        }
    }

    /// All messages may be asked for at once.
    pub(super) fn may_list(&self) -> bool {
        Job::List.plain_command().is_some_and(|command| !self.is_avoided(&command))
    }

    pub(super) fn is_avoided(&self, command: &AtCommand) -> bool {
        let line = command.line();
        self.hung.get(&line) == Some(&0) || self.profile.avoids(line.trim_start_matches("AT"))
    }

    fn signal_told(&mut self, which: usize, response: &AtResponse) {
        let told = self.profile.signals.get(which).filter(|_| response.code.is_ok()).and_then(|s| s.answer(response));
        match told {
            Some(signal) => {
                self.signal = which;
                self.put(ModemOutput::Signal(signal));
            }
            None if which + 1 < self.profile.signals.len() => self.samples.push_front(Job::Signal(which + 1)),
            None => self.note(format!("profile {}: no signal command is answered", self.profile.name)),
        }
    }

    /// A refusal that changes nothing.
    pub(super) fn unanswered(&mut self, why: &AtError) {
        self.note(why.to_string());
    }

    pub(super) fn registered(&mut self, domain: RegistrationDomain, registration: Registration, asked: bool) {
        let Some(place) = DOMAINS.iter().position(|&d| d == domain) else { return };
        let known = self.registrations[place].replace(registration);
        if asked || known != Some(registration) {
            self.put(ModemOutput::Registration(domain, registration));
        }
    }
}
