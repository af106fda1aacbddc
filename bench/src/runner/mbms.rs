//! Broadcast sessions of a run: the content provider starts, moves and stops them; what becomes of them at the eNB goes to the
//! radio, to facts, and to the UEs.

use std::collections::BTreeSet;

use core_network::MtchId;
use protocol::{Instant, Tmgi};

use super::Runner;
use crate::errors::CommandError;
use crate::event::{SessionInfo, SessionSent, What};
use crate::mbms::provider::{Active, START_TIME, STOP_TIME};
use crate::mbms::{Mbms, MbmsOutput, config};
use crate::scenario::{Scenario, Selector};
use crate::ue::Sent;

/// The TMGI of the session at this place of the scenario.
pub(super) fn assigned_tmgi(scenario: &Scenario, place: usize) -> Result<Tmgi, CommandError> {
    Ok(config::assigned(scenario, place)?.0)
}

impl Runner<'_> {
    /// Starts sessions, and waits until they are on their way.
    pub(super) fn start(&mut self, selector: &Selector) -> Result<&'static str, CommandError> {
        if !self.await_setup()? {
            return Ok("not_set_up");
        }
        let is_running = |index: &usize| self.running.contains(&self.loaded.scenario.sessions[*index].name);
        let (again, selected): (Vec<usize>, Vec<usize>) = self.selected(selector).into_iter().partition(is_running);
        for index in again {
            let name = &self.loaded.scenario.sessions[index].name;
            self.fact(What::Note { text: format!("session {name} runs already: stop it first") })?;
        }
        let names: BTreeSet<String> =
            selected.iter().map(|&index| self.loaded.scenario.sessions[index].name.clone()).collect();
        self.refused.retain(|name, _| !names.contains(name));
        for index in selected {
            let Some(mbms) = self.mbms.first_mut() else { return Ok("done") };
            mbms.start(self.now, self.loaded, index)?;
        }
        self.settle()?;
        let is_decided = |runner: &Self| {
            let mut names = names.iter();
            names.all(|name| runner.running.contains(name) || runner.refused.contains_key(name)).then_some("done")
        };
        self.advance(self.now + START_TIME, "timeout", is_decided)?;
        let mut reason = "done";
        for name in names.iter().filter(|name| !self.running.contains(*name)) {
            reason = "not_started";
            let why = self.refused.get(name).map_or("nobody has answered, or no MCCH lists it", String::as_str);
            let text = format!("session {name} could not be started: {why}");
            self.observer.fact(self.now, What::Note { text })?;
        }
        Ok(reason)
    }

    /// Nodes have to know each other before a session can start; false: they do not.
    fn await_setup(&mut self) -> Result<bool, CommandError> {
        let missing = |runner: &Self| runner.mbms.first().and_then(Mbms::missing);
        self.settle()?;
        self.advance(self.now + START_TIME, "timeout", |runner| missing(runner).is_none().then_some("done"))?;
        let Some(joint) = missing(self) else { return Ok(true) };
        let text = format!("nobody answers on {joint}: no session can start");
        self.observer.fact(self.now, What::Note { text })?;
        Ok(false)
    }

    /// What is due at this very instant.
    pub(super) fn settle(&mut self) -> Result<(), CommandError> {
        self.drain_network(self.now)?;
        self.turn_network(Instant::from_nanos(self.now.as_nanos() + 1))?;
        Ok(())
    }

    pub(super) fn update(&mut self, selector: &Selector, mch: &str) -> Result<&'static str, CommandError> {
        let Some(area) = config::service_area(&self.loaded.scenario, mch) else {
            return Err(CommandError::Usage(format!("no MCH {mch}")));
        };
        for index in self.selected(selector) {
            let name = &self.loaded.scenario.sessions[index].name;
            if let Some(mbms) = self.mbms.first_mut().filter(|_| self.running.contains(name)) {
                mbms.update(name, area);
            }
        }
        self.settle()?;
        Ok("done")
    }

    pub(super) fn stop(&mut self, selector: &Selector) -> Result<&'static str, CommandError> {
        let selected = self.selected(selector).into_iter();
        let names = selected.map(|index| self.loaded.scenario.sessions[index].name.clone());
        let names: Vec<String> = names.filter(|name| self.running.contains(name)).collect();
        for name in &names {
            self.refused.remove(name);
            if let Some(mbms) = self.mbms.first_mut() {
                mbms.stop(name);
            }
        }
        self.settle()?;
        let is_decided = |runner: &Self| {
            let waits = |name: &String| runner.running.contains(name) && !runner.refused.contains_key(name);
            (!names.iter().any(waits)).then_some("done")
        };
        let mut reason = self.advance(self.now + STOP_TIME, "timeout", is_decided)?;
        for name in names.iter().filter(|name| !self.is_broken && self.running.contains(*name)) {
            reason = "not_stopped";
            let why = self.refused.get(name).map_or("nobody has answered", String::as_str);
            let text = format!("session {name} could not be stopped: {why}");
            self.observer.fact(self.now, What::Note { text })?;
        }
        Ok(reason)
    }

    /// Takes what eNBs and the content provider have to say.
    pub(super) fn drain_mbms(&mut self, now: Instant) -> Result<(), CommandError> {
        while let Some(output) = self.mbms.iter_mut().find_map(|mbms| mbms.poll_output(now)) {
            match output {
                MbmsOutput::Sdu { mtch, sdu, due } => self.send(now, mtch, &sdu, due)?,
                MbmsOutput::Mcch { area, pmchs, from } => self.set_mcch(now, area, &pmchs, from)?,
                MbmsOutput::Moved { session, mtch, from } => {
                    let (mch, lcid, from_ns) = (self.mch_name(mtch.pmch), mtch.lcid, from.as_nanos());
                    self.observer.fact(now, What::SessionMoved { session, mch, lcid, from_ns })?;
                }
                MbmsOutput::Started { active, mtch, c_teid } => self.session_started(now, &active, mtch, c_teid)?,
                MbmsOutput::Failed { session, why } | MbmsOutput::StaysOn { session, why } => {
                    self.refused.insert(session, why);
                }
                MbmsOutput::Stopped { session, stats } => {
                    self.running.remove(&session);
                    let sent = stats.map(|own| SessionSent {
                        packets: own.packets,
                        ip_octets: own.ip_octets,
                        passes: own.passes,
                    });
                    self.observer.fact(now, What::SessionStopped { session, sent })?;
                }
                MbmsOutput::LimitReached { session } => {
                    self.limit_reached.insert(session);
                }
                MbmsOutput::Trouble(text) => self.observer.fact(now, What::Note { text })?,
            }
        }
        Ok(())
    }

    fn session_started(
        &mut self,
        now: Instant,
        active: &Active,
        mtch: MtchId,
        c_teid: u32,
    ) -> Result<(), CommandError> {
        let (session, sha256) = (active.session.clone(), hex::encode(active.content_sha256));
        self.sent.insert(session.clone(), Sent { sha256, started: now });
        self.running.insert(session.clone());
        self.observer.session_started(now, self.session_info(active, mtch, c_teid))?;
        self.receive_service(now, &session, active.tmgi)
    }

    fn session_info(&self, active: &Active, mtch: MtchId, c_teid: u32) -> SessionInfo {
        let Active { session, tmgi, destination, tsi, content_octets, content_sha256, bit_rate_bps } = active;
        let index = self.loaded.scenario.sessions.iter().position(|s| s.name == *session).unwrap_or_default();
        let file = self.loaded.content[index].file_name().unwrap_or_default();
        SessionInfo {
            session: session.clone(),
            tmgi: *tmgi,
            destination: destination.to_string(),
            tsi: u64::from(*tsi),
            c_teid,
            n_id_mbsfn: self.loaded.scenario.areas[mtch.pmch.area].n_id_mbsfn,
            mch: self.mch_name(mtch.pmch),
            lcid: mtch.lcid,
            content: file.to_string_lossy().into_owned(),
            content_octets: *content_octets,
            content_sha256: hex::encode(content_sha256),
            fec: self.loaded.scenario.sessions[index].fec.to_string(),
            bit_rate_bps: *bit_rate_bps,
        }
    }
}
