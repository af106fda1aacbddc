//! Steps of mission critical services: what clients do, where UEs go, servers that die; and what clients measured.

use std::path::Path;

use hil::agent::mc::{McEvent, McInput};
use hil::agent::sip::AgentCommand;
use protocol::{Instant, Tmgi, UdpDatagram};

use super::Runner;
use super::ims_services::speech;
use crate::errors::CommandError;
use crate::event::{ImsFact, McFigures, Measurement, What};
use crate::ims::agent::ImsUe;
use crate::ims::mc::McUe;
use crate::ims::services::mc;
use crate::ims::ues::ImsUes;
use crate::scenario::{Access, McAuth, McStep, MeasurementName, mc_box};

impl Runner<'_> {
    /// UEs whose MC client is in no area at first do not hear the carrier.
    pub(super) fn mc_begins(&mut self) {
        let is_out = |ue: &&crate::scenario::Ue| ue.mc.as_ref().is_some_and(|own| own.area.is_none());
        let Some(air) = &mut self.air else { return };
        self.loaded.scenario.ues.iter().filter(is_out).for_each(|ue| air.set_covered(&ue.name, false));
    }

    /// Does a step of mission critical services.
    pub(super) fn mc_step(&mut self, step: &McStep) -> Result<&'static str, CommandError> {
        match step {
            McStep::Kill { server } | McStep::Restart { server } => self.mc_server(step, *server)?,
            McStep::Move { area, .. } => {
                for place in self.clients_of(step) {
                    self.mc_move(place, *area)?;
                }
            }
            McStep::Profile { .. } | McStep::Migrate { .. } | McStep::Hears { .. } => self.migration_step(step)?,
            _ => {
                for place in self.clients_of(step) {
                    self.mc_client(place, step)?;
                }
            }
        }
        self.drain_network(self.now)?;
        Ok("done")
    }

    /// Places of the UEs with an MC client that a step names.
    pub(super) fn clients_of(&self, step: &McStep) -> Vec<usize> {
        let Some((ims, selector)) = self.ims.as_ref().zip(step.ue()) else { return Vec::new() };
        let ues = ims.network.ues.iter().enumerate();
        ues.filter(|(_, ue)| ue.mc.is_some() && selector.selects(&ue.name)).map(|(place, _)| place).collect()
    }

    /// One client does what a step says.
    fn mc_client(&mut self, place: usize, step: &McStep) -> Result<(), CommandError> {
        let (now, scenario) = (self.now, &self.loaded.scenario);
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let own = &mut ims.network.ues[place];
        let (name, token) = (own.name.clone(), own.token_now().map(str::to_owned));
        let serving = match own.system_now() {
            Some(system) => scenario.system_named(Some(system)).and_then(|system| system.mc.as_ref()),
            None => scenario.ues.iter().find(|ue| ue.name == name).and_then(|ue| scenario.mc_of(ue)),
        };
        let shows = serving.is_some_and(|mc| mc.auth == McAuth::Token);
        let Some(client) = own.mc_now_mut() else { return Ok(()) };
        let id = |group: &str| mc::group_id(scenario.domain_of_group(group).unwrap_or_default(), group);
        let fact = match step {
            McStep::Authorise { .. } => {
                client.authorise(now, token.filter(|_| shows));
                None
            }
            McStep::Affiliate { group, .. } => {
                client.affiliate(now, id(group), true);
                None
            }
            McStep::Deaffiliate { group, .. } => {
                client.affiliate(now, id(group), false);
                None
            }
            McStep::GroupCall { group, .. } => {
                client.call(now, id(group));
                Some(ImsFact::Calls { to: group.clone() })
            }
            McStep::Talk { content, .. } => {
                let folder = self.loaded.file.parent().unwrap_or_else(|| Path::new(""));
                client.talk(now, speech(&folder.join(content))?);
                let content = content.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Some(ImsFact::Talks { content })
            }
            McStep::Release { .. } => {
                client.release(now);
                None
            }
            McStep::Hangup { .. } => {
                client.hang_up(now);
                None
            }
            McStep::Move { .. } | McStep::Profile { .. } | McStep::Migrate { .. } | McStep::Hears { .. } => None,
            McStep::Kill { .. } | McStep::Restart { .. } => None,
        };
        fact.map_or(Ok(()), |fact| self.observer.fact(now, What::Ims { ue: name, fact }))
    }

    /// A UE goes to the cell of an area, or out of all of them; its next message says so. Its receiver has the MCCHs of all areas,
    /// so that it need not wait for that of its new cell.
    fn mc_move(&mut self, place: usize, area: Option<u8>) -> Result<(), CommandError> {
        let (now, scenario) = (self.now, &self.loaded.scenario);
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let own = &mut ims.network.ues[place];
        let system = scenario.ues.iter().find(|ue| ue.name == own.name).and_then(|ue| ue.system.as_deref());
        let info = mc::place(scenario, system, area)?;
        own.command(now, AgentCommand::Locate(info));
        let (is_covered, access) = (own.moves(now, area), Access::Mbms);
        let ue = own.name.clone();
        self.air.iter_mut().for_each(|air| air.set_covered(&ue, is_covered));
        let fact = if is_covered { ImsFact::CoverageBack { access } } else { ImsFact::CoverageLost { access } };
        self.observer.fact(now, What::Ims { ue, fact })
    }

    /// A server dies, or is there again with what its store has.
    fn mc_server(&mut self, step: &McStep, server: u8) -> Result<(), CommandError> {
        let (now, scenario) = (self.now, &self.loaded.scenario);
        let (Some(ims), Some(own)) = (&mut self.ims, mc_box(server)) else { return Ok(()) };
        if matches!(step, McStep::Kill { .. }) {
            ims.network.fabric.set_down(now, own.name, true);
        } else if let Some(node) = ims.network.mc_server_again(scenario, server)? {
            ims.network.fabric.restart(now, own.name, node);
        }
        let text = step.to_string();
        self.observer.fact(now, What::Note { text })
    }

    /// A client has something to tell.
    pub(super) fn mc_event(&mut self, now: Instant, index: usize, event: McEvent) -> Result<(), CommandError> {
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let own = &mut ims.network.ues[index];
        let ue = own.name.clone();
        let fact = own.mc.as_mut().and_then(|mc| mc.told(now, event));
        fact.map_or(Ok(()), |fact| self.observer.fact(now, What::Ims { ue, fact }))
    }

    /// A datagram of an MTCH of an area; true: its UE has an MC client, for whom all datagrams are.
    pub(super) fn mc_datagram(
        &mut self,
        index: usize,
        at: Instant,
        (area, datagram): (u8, &[u8]),
    ) -> Result<bool, CommandError> {
        let now = at.max(self.now + super::FRAME);
        let Some((place, ues)) = self.mc_place(index) else { return Ok(false) };
        let Ok(udp) = UdpDatagram::parse(datagram) else { return Ok(false) };
        let mut has_to_tell = false;
        for client in ues.untouched(place).into_iter().flat_map(ImsUe::clients_mut) {
            has_to_tell |= client.has_area(area) && client.hears(now, &udp);
        }
        if has_to_tell {
            ues.touch(place);
            self.drain_network(now)?;
        }
        Ok(true)
    }

    /// A good transport block of an area has come to a UE.
    pub(super) fn mc_block(&mut self, index: usize, at: Instant, area: u8) -> Result<(), CommandError> {
        let now = at.max(self.now + super::FRAME);
        let own = self.mc_place(index).and_then(|(place, ues)| ues.untouched(place));
        if own.is_none_or(|own| own.clients_mut().all(|client| client.goes_on(now, area))) {
            return Ok(());
        }
        self.mc_hears(index, at, Some(area), |own, now| own.input(now, McInput::Block)).map(drop)
    }

    /// A UE has read which bearers the MCCH of an area lists; none: it has lost the carrier.
    pub(super) fn mc_listed(
        &mut self,
        index: usize,
        at: Instant,
        listed: Option<&(u8, Vec<Tmgi>)>,
    ) -> Result<bool, CommandError> {
        let Some(own) = self.mc_ue(index) else { return Ok(false) };
        if let Some((area, tmgis)) = listed {
            own.listed.insert(*area, tmgis.clone());
        }
        self.mc_hears(index, at, listed.map(|(area, _)| *area), |own, now| match listed {
            Some((_, tmgis)) => own.listed(now, tmgis.clone()),
            None => own.input(now, McInput::CellLost),
        })
    }

    /// MC clients of a UE hear something of an area, if that is of their cells; none: of whichever. True: it has a client.
    fn mc_hears(
        &mut self,
        index: usize,
        at: Instant,
        area: Option<u8>,
        mut hear: impl FnMut(&mut McUe, Instant),
    ) -> Result<bool, CommandError> {
        let now = at.max(self.now + super::FRAME);
        let Some(own) = self.mc_ue(index) else { return Ok(false) };
        let mut is_heard = false;
        for client in own.clients_mut().filter(|own| area.is_none_or(|area| own.has_area(area))) {
            hear(client, now);
            is_heard = true;
        }
        if is_heard {
            self.drain_network(now)?;
        }
        Ok(true)
    }

    fn mc_ue(&mut self, index: usize) -> Option<&mut ImsUe> {
        let (place, ues) = self.mc_place(index)?;
        Some(&mut ues[place])
    }

    /// Cells of the system that an area is of are heard by a UE: all areas are on one carrier, which brings it all of them.
    pub(super) fn hears_area(&self, index: usize, area: u8) -> bool {
        let Some(ims) = &self.ims else { return true };
        let place = ims.listeners.get(index).and_then(|own| own.mc);
        let scenario = &self.loaded.scenario;
        let system = || scenario.system_number(scenario.system_of_area(area));
        place.is_none_or(|place| ims.network.ues[place].hears(system()))
    }

    /// The place of a UE with an MC client among those of the network.
    fn mc_place(&mut self, index: usize) -> Option<(usize, &mut ImsUes)> {
        let ims = self.ims.as_mut()?;
        Some((ims.listeners.get(index)?.mc?, &mut ims.network.ues))
    }

    /// What clients measured; those of a UE in all systems together.
    pub(super) fn finish_mc(&mut self) -> Result<(), CommandError> {
        let Some(ims) = &self.ims else { return Ok(()) };
        let (mut measured, mut facts) = (Vec::new(), Vec::new());
        for own in ims.network.ues.iter() {
            let heard = own.clients().filter_map(|(_, mc)| Some((mc.figures()?, mc.on_air_twice)));
            let heard: Vec<_> = heard.collect();
            let all = heard.iter().map(|(figures, on_air_twice)| McFigures::of(figures, *on_air_twice));
            let Some(figures) = all.reduce(McFigures::and) else { continue };
            let gap = heard.iter().map(|(figures, _)| figures.longest_gap_in_coverage).max().unwrap_or_default();
            let mut add = |name, value: f64| {
                measured.push(Measurement { name, ue: Some(own.name.clone()), session: None, value, counts: None });
            };
            add(MeasurementName::MediaGap, gap.as_secs_f64());
            add(MeasurementName::MediaOnAirTwice, figures.on_air_twice as f64);
            facts.push((own.name.clone(), figures));
            add(MeasurementName::MediaSwitches, (figures.to_mbms + figures.to_unicast) as f64);
        }
        let now = self.now;
        for (ue, figures) in facts {
            self.observer.fact(now, What::Ims { ue, fact: ImsFact::McCall(figures) })?;
        }
        measured.into_iter().try_for_each(|own| self.observer.fact(now, What::Measured(own)))
    }
}
