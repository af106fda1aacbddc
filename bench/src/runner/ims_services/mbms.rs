//! Group sessions over MBMS: UEs call groups, speak and listen by both ways, and lose their coverage.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hil::agent::media::{Received, Speech};
use hil::agent::sip::AgentCommand;
use protocol::{Instant, Tmgi, UdpDatagram};

use super::listening::{listened, spoke};
use crate::errors::CommandError;
use crate::event::{ImsFact, Measurement, What};
use crate::ims::agent::{GroupEnd, ImsUe};
use crate::ims::services::mbms;
use crate::radio_tally::round;
use crate::runner::Runner;
use crate::scenario::{Access, MbmsStep, MeasurementName};

impl Runner<'_> {
    pub(super) fn mbms_step(&mut self, places: &[usize], step: &MbmsStep) -> Result<(), CommandError> {
        let (now, scenario) = (self.now, &self.loaded.scenario);
        let (Some(ims), Some(settings)) = (&mut self.ims, &scenario.ims) else { return Ok(()) };
        for &place in places {
            let own = &mut ims.network.ues[place];
            let ue = own.name.clone();
            let fact = match step {
                MbmsStep::GroupCall { group, .. } => {
                    let (call, sdp) = (own.new_call(), own.audio.offer());
                    own.state.begin_call(now, call, false);
                    (own.state.has_audio, own.state.group) = (true, Some(group.clone()));
                    let to = mbms::group_uri(settings, group);
                    own.command(now, AgentCommand::Call { call, to, sdp, headers: Vec::new(), parts: Vec::new() });
                    Some(ImsFact::Calls { to: group.clone() })
                }
                MbmsStep::GroupTalk { content, .. } => {
                    let folder = self.loaded.file.parent().unwrap_or_else(|| Path::new(""));
                    own.audio.talk(speech(&folder.join(content))?);
                    let content = content.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    Some(ImsFact::Talks { content })
                }
                MbmsStep::GroupLeave { .. } => {
                    if let Some(call) = own.state.call {
                        own.command(now, AgentCommand::HangUp(call));
                    }
                    None
                }
                MbmsStep::CoverageLost { access, .. } | MbmsStep::CoverageBack { access, .. } => {
                    let is_lost = matches!(step, MbmsStep::CoverageLost { .. });
                    match access {
                        Access::Unicast => own.access.set_covered(!is_lost),
                        Access::Mbms => self.air.iter_mut().for_each(|air| air.set_covered(&ue, !is_lost)),
                    }
                    let access = *access;
                    Some(if is_lost { ImsFact::CoverageLost { access } } else { ImsFact::CoverageBack { access } })
                }
            };
            fact.map_or(Ok(()), |fact| self.observer.fact(now, What::Ims { ue, fact }))?;
        }
        Ok(())
    }

    /// A datagram of an MTCH of an area; true: it was of the group session of its UE.
    pub(in crate::runner) fn group_datagram(
        &mut self,
        index: usize,
        at: Instant,
        (area, datagram): (u8, &[u8]),
    ) -> Result<bool, CommandError> {
        if self.mc_datagram(index, at, (area, datagram))? {
            return Ok(true);
        }
        let now = self.turn_end(at);
        let Some(own) = self.group_ue(index) else { return Ok(false) };
        let Some(media) = own.choice.media() else { return Ok(false) };
        let Ok(udp) = UdpDatagram::parse(datagram) else { return Ok(false) };
        if udp.destination != media.destination {
            return Ok(false);
        }
        own.audio.broadcast(at, udp.destination, udp.payload);
        own.choice.data();
        own.change_over(now);
        self.drain_network(now)?;
        Ok(true)
    }

    /// A good transport block of an area has come to a UE.
    pub(in crate::runner) fn group_block(&mut self, index: usize, at: Instant, area: u8) {
        if let Some(own) = self.group_ue(index) {
            own.block(at, area);
        }
    }

    /// A UE has read which bearers the MCCH of an area lists; none: it has lost the cell.
    pub(in crate::runner) fn group_listed(
        &mut self,
        index: usize,
        at: Instant,
        listed: Option<(u8, Vec<Tmgi>)>,
    ) -> Result<(), CommandError> {
        if self.mc_listed(index, at, listed.as_ref())? {
            return Ok(());
        }
        let now = self.turn_end(at);
        let Some(own) = self.group_ue(index) else { return Ok(()) };
        match listed {
            Some((area, tmgis)) => {
                own.listed.insert(area, tmgis);
                own.choice.listed(own.listed.values().flatten().copied().collect());
            }
            None => own.choice.lost(),
        }
        own.change_over(now);
        self.drain_network(now)
    }

    /// Agents are as far as the end of the frame in which something was heard.
    fn turn_end(&self, at: Instant) -> Instant {
        at.max(self.now + crate::runner::FRAME)
    }

    fn group_ue(&mut self, index: usize) -> Option<&mut ImsUe> {
        let ims = self.ims.as_mut()?;
        let place = ims.listeners.get(index)?.group?;
        Some(&mut ims.network.ues[place])
    }

    /// What each has said, and what of it has come to the others.
    pub(in crate::runner) fn finish_groups(&mut self) -> Result<(), CommandError> {
        let Some(ims) = &self.ims else { return Ok(()) };
        let now = self.now;
        let mut facts = Vec::new();
        let ends: Vec<_> = ims.network.ues.iter().flat_map(ImsUe::group_ends).collect();
        for talker in ends.iter().filter(|own| !own.spoken.is_empty()) {
            facts.push((talker.ue.to_owned(), spoke(talker)));
            for listener in ends.iter().filter(|own| own.ue != talker.ue) {
                let Some(mut heard) = listened(talker, listener) else { continue };
                let received = listener.reception.and_then(|all| all.sources().get(&talker.ssrc));
                if let Some(received) = received {
                    heard.file = Some(self.write_heard(listener.ue, talker, received)?);
                }
                facts.push((listener.ue.to_owned(), ImsFact::Listened(heard)));
            }
        }
        for own in ims.network.ues.iter() {
            if let Some(counts) = own.access.counts() {
                let fact = ImsFact::Unicast {
                    messages: counts.messages,
                    octets: counts.octets,
                    lost: counts.lost,
                    repeated: counts.repeated,
                    dropped: counts.dropped,
                    uncovered: counts.uncovered,
                    waited_ms: round(1e3 * counts.waited.as_secs_f64(), 3),
                };
                facts.push((own.name.clone(), fact));
            }
        }
        let measured = measured(&facts);
        for (ue, fact) in facts {
            self.observer.fact(now, What::Ims { ue, fact })?;
        }
        measured.into_iter().try_for_each(|measurement| self.observer.fact(now, What::Measured(measurement)))
    }

    fn write_heard(&self, ue: &str, of: &GroupEnd<'_>, received: &Received) -> Result<String, CommandError> {
        let there = of.system.map_or_else(String::new, |system| format!("_in_{system}"));
        let name = format!("ues/{ue}/speech_of_{}{there}.wav", of.ue);
        let path = self.dir.join(&name);
        let folder = path.parent().unwrap_or(self.dir);
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, received.to_wave()))
            .map_err(|source| CommandError::Write { path: path.clone(), source })?;
        Ok(name)
    }
}

pub(in crate::runner) fn speech(path: &Path) -> Result<Speech, CommandError> {
    let octets = std::fs::read(path).map_err(|source| CommandError::Read { path: path.to_owned(), source })?;
    Speech::of_wave(&octets).map_err(|problem| CommandError::Usage(format!("{}: {problem}", path.display())))
}

/// Of each UE over all that spoke; nothing where it is not known what came.
fn measured(facts: &[(String, ImsFact)]) -> Vec<Measurement> {
    let mut measured: Vec<Measurement> = Vec::new();
    let mut places = BTreeMap::new();
    let has_forgotten = |fact: &ImsFact| matches!(fact, ImsFact::Listened(heard) if heard.forgotten > 0);
    let forgetful: BTreeSet<&String> = facts.iter().filter(|(_, fact)| has_forgotten(fact)).map(|(ue, _)| ue).collect();
    let mut add = |ue: &String, name: MeasurementName, value: f64, is_most: bool| {
        let place = *places.entry((ue.clone(), name)).or_insert(measured.len());
        match measured.get_mut(place) {
            Some(own) if is_most => own.value = own.value.max(value),
            Some(own) => own.value += value,
            None => measured.push(Measurement { name, ue: Some(ue.clone()), session: None, value, counts: None }),
        }
    };
    for (ue, fact) in facts {
        let ImsFact::Listened(heard) = fact else { continue };
        if forgetful.contains(ue) {
            continue;
        }
        add(ue, MeasurementName::MediaTaken, heard.taken as f64, false);
        add(ue, MeasurementName::MediaLost, heard.lost as f64, false);
        add(ue, MeasurementName::MediaDoubled, heard.doubled as f64, false);
        add(ue, MeasurementName::MediaByMbms, heard.by_mbms as f64, false);
        add(ue, MeasurementName::MediaByUnicast, heard.by_unicast as f64, false);
        add(ue, MeasurementName::MediaDelay, heard.delay_ms[2] / 1e3, true);
    }
    measured
}
