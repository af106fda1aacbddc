//! MBMS of a system in a run: BM-SC, MBMS-GW, MCE, eNB and the content provider as nodes of the run's fabric, and what the eNB has
//! its radio do.
//!
//! Decides nothing: what a session is on, and where, is what the eNB was told on M2 (TS 36.443) and what the content provider
//! was answered.

pub(crate) mod config;
pub(crate) mod nodes;
pub(crate) mod provider;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use core_network::node::{Fabric, OutsideEvent, WireMessage};
use core_network::{
    DeliveryStats, EnbRadio, Mce, MceArea, MceConfig, MceInput, MtchId, MtchPlace, OnAirFrom, PmchId, RadioQueue,
};
use protocol::m2ap::{M2apPdu, PmchItem};
use protocol::{Instant, Joint, SyncPlan, Tmgi};

use self::config::{MBMS_GW, MCE, MbmsSite};
use self::provider::{Active, Provider, Told};
use crate::errors::CommandError;
use crate::scenario::{Loaded, Scenario};
use crate::setup::{self, FRAME};

/// What MBMS has to say to the runner.
#[derive(Debug)]
pub(crate) enum MbmsOutput {
    /// For the radio: an SDU of an MTCH, and the start of the MCH scheduling period that carries it.
    Sdu { mtch: MtchId, sdu: Vec<u8>, due: Instant },
    /// For the radio: bearers of each PMCH of an area with their logical channels, in the MCCH from `from` on.
    Mcch { area: usize, pmchs: Vec<Vec<(Tmgi, u8)>>, from: Instant },
    /// From `from` on a session that runs is on this MTCH.
    Moved { session: String, mtch: MtchId, from: Instant },
    /// A session runs.
    Started { active: Active, mtch: MtchId, c_teid: u32 },
    /// A session does not run.
    Failed { session: String, why: String },
    /// A session has ended.
    Stopped { session: String, stats: Option<DeliveryStats> },
    /// A session does not end.
    StaysOn { session: String, why: String },
    /// A session has sent as much as it may.
    LimitReached { session: String },
    /// Something was refused, lost or thrown away; the words say what.
    Trouble(String),
}

/// The way to the nodes, and what is known of them.
#[derive(Debug)]
pub(crate) struct Mbms {
    site: MbmsSite,
    radio: RadioQueue,
    provider: Provider,
    /// Of each MBSFN area: its identity, and the end of the subframes of each PMCH.
    areas: Vec<(u8, Vec<u16>)>,
    on_air_from: OnAirFrom,
    /// From when on UEs can have read an MCCH.
    on_air: Option<Instant>,
    /// When an MCCH that is on air may change.
    calendar: Mce,
    /// Reference points on which a client was answered.
    answered: BTreeSet<Joint>,
    /// Bearers and their tunnels, as M2AP says them.
    tunnels: BTreeMap<Tmgi, u32>,
    /// Where bearers are listed last.
    listed: BTreeMap<Tmgi, MtchId>,
    /// Sessions of the scenario.
    sessions: BTreeMap<Tmgi, Session>,
    outputs: VecDeque<MbmsOutput>,
}

/// A session of the scenario.
#[derive(Debug)]
struct Session {
    name: String,
    /// Its bearer is there and nobody knows it yet, since it is not listed.
    active: Option<Active>,
    runs: bool,
}

/// What a node must have answered before sessions can start.
const CLIENTS: [(Joint, &str); 3] = [(Joint::SgMb, MBMS_GW), (Joint::M3, MBMS_GW), (Joint::M2, MCE)];

impl Mbms {
    /// What has not been set up; none: sessions can start.
    pub(crate) fn missing(&self) -> Option<Joint> {
        let missing = CLIENTS.iter().map(|(joint, _)| *joint).find(|joint| !self.answered.contains(joint));
        missing.or_else(|| (!self.provider.is_ready()).then_some(Joint::XmbC))
    }

    /// Starts the session at this place of the scenario; its data waits until every UE can know of it.
    pub(crate) fn start(&mut self, now: Instant, loaded: &Loaded, index: usize) -> Result<(), CommandError> {
        let scenario = &loaded.scenario;
        let (session, path) = (&scenario.sessions[index], &loaded.content[index]);
        let file = setup::file(session, path);
        let file = file.map_err(|source| CommandError::Read { path: path.clone(), source })?;
        let Some(place) = setup::place(scenario, &session.mch) else {
            return Err(CommandError::Usage(format!("session {}: no MCH {}", session.name, session.mch)));
        };
        let (tmgi, _) = config::assigned(scenario, index)?;
        let (cold, warm) = place.time_to_data;
        let is_on_air = self.on_air.is_some_and(|since| since <= now);
        let first_data =
            if is_on_air { self.calendar.earliest_change(place.pmch.area, now) + warm } else { now + cold };
        self.sessions.insert(tmgi, Session { name: session.name.clone(), active: None, runs: false });
        self.provider.start(&session.name, file, first_data.saturating_duration_since(now));
        Ok(())
    }

    /// Sends what the content provider has to send.
    pub(crate) fn pump(&mut self, now: Instant, fabric: &mut Fabric) {
        self.provider.pump(now, fabric);
    }

    /// Something has come to the content provider.
    pub(crate) fn handle(&mut self, event: OutsideEvent) {
        self.provider.handle(event);
    }

    /// A session that runs goes on elsewhere.
    pub(crate) fn update(&mut self, session: &str, area: u16) {
        self.provider.update(session, area);
    }

    pub(crate) fn stop(&mut self, session: &str) {
        self.provider.stop(session);
    }

    /// Bearers are on air that no session of the scenario has.
    pub(crate) fn has_others(&self) -> bool {
        self.listed.keys().any(|tmgi| !self.sessions.contains_key(tmgi))
    }

    /// A message goes on its way: what it says of tunnels, and that a node is there.
    pub(crate) fn see(&mut self, message: &WireMessage) {
        if CLIENTS.iter().any(|(joint, from)| *joint == message.joint && self.site.named(from) == message.from) {
            self.answered.insert(message.joint);
        }
        if message.joint == Joint::M2
            && message.from == self.site.named(MCE)
            && let Ok(M2apPdu::SessionStartRequest(start)) = M2apPdu::parse(&message.bytes)
        {
            self.tunnels.insert(start.tmgi, start.tnl.teid);
        }
    }

    /// What there is to say.
    pub(crate) fn poll_output(&mut self, now: Instant) -> Option<MbmsOutput> {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return Some(output);
            }
            if let Some(told) = self.provider.poll() {
                self.told(told);
            } else {
                let radio = self.radio.poll()?;
                self.radio(now, radio);
            }
        }
    }

    fn told(&mut self, told: Told) {
        match told {
            Told::Active(active) => {
                let tmgi = active.tmgi;
                if let Some(own) = self.sessions.get_mut(&tmgi) {
                    own.active = Some(active);
                }
                self.try_start(tmgi);
            }
            Told::Failed { session, why } => self.outputs.push_back(MbmsOutput::Failed { session, why }),
            Told::Stopped { session, stats } => {
                for own in self.sessions.values_mut().filter(|own| own.name == session) {
                    (own.runs, own.active) = (false, None);
                }
                self.outputs.push_back(MbmsOutput::Stopped { session, stats });
            }
            Told::StaysOn { session, why } => self.outputs.push_back(MbmsOutput::StaysOn { session, why }),
            Told::LimitReached { session } => self.outputs.push_back(MbmsOutput::LimitReached { session }),
            Told::Trouble(text) => self.outputs.push_back(MbmsOutput::Trouble(text)),
        }
    }

    /// A session runs when its content provider knows it, and the MCCH lists it, now or soon.
    fn try_start(&mut self, tmgi: Tmgi) {
        let (Some(&mtch), Some(&c_teid)) = (self.listed.get(&tmgi), self.tunnels.get(&tmgi)) else { return };
        let Some(own) = self.sessions.get_mut(&tmgi).filter(|own| !own.runs) else { return };
        if let Some(active) = own.active.take() {
            own.runs = true;
            self.outputs.push_back(MbmsOutput::Started { active, mtch, c_teid });
        }
    }

    fn radio(&mut self, now: Instant, radio: EnbRadio) {
        match radio {
            EnbRadio::Areas(_) => {
                if self.on_air_from == OnAirFrom::Frame {
                    self.on_air.get_or_insert_with(|| next_frame(now));
                }
            }
            EnbRadio::Mcch { area, pmchs, from, .. } => self.mcch(now, area, &pmchs, from),
            EnbRadio::Suspension { tmgis, .. } => {
                let tmgis: Vec<String> = tmgis.iter().map(Tmgi::to_string).collect();
                self.trouble(format!("MCE: suspended for want of room: {}", tmgis.join(", ")));
            }
            EnbRadio::Sdu { tmgi, place, sdu, due } => match self.mtch(place) {
                Some(mtch) => self.outputs.push_back(MbmsOutput::Sdu { mtch, sdu, due }),
                None => self.trouble(format!("eNB: no MTCH for TMGI {tmgi}")),
            },
            EnbRadio::Unlisted { tmgi, .. } => self.trouble(format!("eNB: no MTCH for TMGI {tmgi}")),
            EnbRadio::Stopped(_) => {}
            EnbRadio::Lost(loss) => self.trouble(format!(
                "eNB: {} packets ({} octets) of TMGI {} lost on M1, {} withheld",
                loss.packets, loss.octets, loss.tmgi, loss.withheld
            )),
            EnbRadio::Discarded(why) => self.trouble(format!("eNB: datagram dropped: {why}")),
        }
    }

    /// What an MCCH lists from `from` on.
    fn mcch(&mut self, now: Instant, area: u8, items: &[PmchItem], from: Instant) {
        let Some(index) = self.areas.iter().position(|(own, _)| *own == area) else {
            return self.trouble(format!("eNB: scheduling of MBSFN area {area}, which there is not"));
        };
        if self.on_air_from == OnAirFrom::Session {
            self.on_air.get_or_insert_with(|| next_frame(now));
        }
        let mut pmchs = vec![Vec::new(); self.areas[index].1.len()];
        let ends = self.areas[index].1.clone();
        for item in items {
            let Some(pmch) = ends.iter().position(|end| *end == item.configuration.allocated_subframes_end) else {
                self.trouble(format!("eNB: area {area} has no PMCH as the MCE schedules it"));
                continue;
            };
            pmchs[pmch] = item.sessions.iter().map(|session| (session.tmgi, session.lcid)).collect();
        }
        let before = self.listed.clone();
        self.listed.retain(|_, mtch| mtch.pmch.area != index);
        for (pmch, sessions) in pmchs.iter().enumerate() {
            for &(tmgi, lcid) in sessions {
                self.listed.insert(tmgi, MtchId { pmch: PmchId { area: index, pmch }, lcid });
            }
        }
        let changed = self.listed.iter().filter(|(tmgi, mtch)| before.get(tmgi) != Some(mtch));
        for (tmgi, mtch) in changed.map(|(tmgi, mtch)| (*tmgi, *mtch)).collect::<Vec<_>>() {
            match self.sessions.get(&tmgi) {
                Some(own) if own.runs => {
                    let session = own.name.clone();
                    self.outputs.push_back(MbmsOutput::Moved { session, mtch, from });
                }
                _ => self.try_start(tmgi),
            }
        }
        self.outputs.push_back(MbmsOutput::Mcch { area: index, pmchs, from });
    }

    fn mtch(&self, place: MtchPlace) -> Option<MtchId> {
        let area = self.areas.iter().position(|(own, _)| *own == place.area)?;
        let pmch = self.areas[area].1.iter().position(|end| *end == place.sf_alloc_end)?;
        Some(MtchId { pmch: PmchId { area, pmch }, lcid: place.lcid })
    }

    fn trouble(&mut self, text: String) {
        self.outputs.push_back(MbmsOutput::Trouble(text));
    }
}

/// Where the data of a session goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) pmch: PmchId,
    /// One sequence per scheduling period of the MCH.
    pub(crate) sync: SyncPlan,
    /// From the moment at which the MCCH lists a session until every UE knows of it: one that is cold, and one that knows
    /// the cell.
    pub(crate) time_to_data: (Duration, Duration),
}

/// When MCCHs of a carrier that is on air may change.
fn calendar(scenario: &Scenario, notification: Option<core_network::MceNotification>) -> Mce {
    let area = |a: &crate::scenario::MbsfnArea| MceArea {
        modification_period_rf: a.mcch_modification_period_rf,
        pmchs: a.mchs.len(),
    };
    let mut mce = Mce::new(MceConfig {
        areas: scenario.areas.iter().map(area).collect(),
        notification,
        on_air: OnAirFrom::Setup,
        release_after: Duration::ZERO,
    });
    mce.handle_input(Instant::ZERO, MceInput::M2Setup);
    mce
}

/// Start of the radio frame after this one.
fn next_frame(now: Instant) -> Instant {
    let frame = FRAME.as_nanos() as u64;
    Instant::from_nanos((now.as_nanos() / frame + 1) * frame)
}
