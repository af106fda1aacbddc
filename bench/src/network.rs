//! The core network process: BM-SC, MBMS-GW, MCE, eNB agent and store, wired by their reference points.
//!
//! Decides nothing: it carries outputs of one node to the next. M1 comes out of it and goes back in, so that the runner
//! can look at it and put faults on it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use core_network::{
    Allocation, Bmsc, BmscConfig, BmscInput, BmscOutput, Content, Delivery, DeliveryStats, EnbAgent, EnbAgentConfig,
    EnbAgentInput, EnbAgentOutput, M1Transport, MbmsBearer, MbmsGw, MbmsGwConfig, MbmsGwInput, MbmsGwOutput, Mce,
    MceConfig, MceInput, MceOutput, MtchId, PmchId, ProvisioningInput, SessionDescription, Store, StoreError,
};
use protocol::{Instant, SyncPlan, Tmgi};

/// What the network has to say to the runner.
#[derive(Debug)]
pub(crate) enum NetworkOutput {
    /// A datagram on M1, from its IP header on.
    M1(Vec<u8>),
    /// For the radio: an SDU of an MTCH, and the start of the MCH scheduling period that carries it.
    Sdu { mtch: MtchId, sdu: Vec<u8>, due: Instant },
    /// For the radio: bearers of each PMCH of an area with their logical channels, in the MCCH from `from` on.
    Mcch { area: usize, pmchs: Vec<Vec<(Tmgi, u8)>>, from: Instant },
    /// From `from` on a session is on this MTCH.
    Mtch { session: String, mtch: MtchId, from: Instant },
    /// The bearer ends at the eNB (M2AP session stop), after all that is on M1.
    BearerStopped(Tmgi),
    /// TMGI and multicast address of a user service are durable.
    Allocated(Allocation),
    /// A session runs.
    SessionStarted { description: SessionDescription, mtch: MtchId, m1: M1Transport },
    /// A session has ended.
    SessionStopped { session: String, stats: DeliveryStats },
    /// A session has sent as much as it may.
    LimitReached { session: String },
    /// Something was refused, lost or thrown away; the words say what.
    Trouble(String),
}

/// What a session is started with.
pub(crate) struct Start {
    pub(crate) content: Content,
    pub(crate) delivery: Delivery,
    pub(crate) place: Place,
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

/// What the nodes are made from.
pub(crate) struct NetworkConfig {
    pub(crate) bmsc: BmscConfig,
    pub(crate) gateway: MbmsGwConfig,
    pub(crate) mce: MceConfig,
    pub(crate) agent: EnbAgentConfig,
}

/// The nodes of the core network.
pub(crate) struct Network {
    store: Store,
    bmsc: Bmsc,
    gateway: MbmsGw,
    mce: Mce,
    agent: EnbAgent,
    on_air: bool,
    /// Sessions that wait for their bearer.
    starting: BTreeMap<Tmgi, (SessionDescription, Place)>,
    places: BTreeMap<String, Place>,
    /// Name of the session of each bearer.
    sessions: BTreeMap<Tmgi, String>,
    /// Where each bearer's data goes: since when, newest last.
    routes: BTreeMap<Tmgi, Vec<(Instant, MtchId)>>,
    outputs: VecDeque<NetworkOutput>,
}

impl Network {
    pub(crate) fn new(config: NetworkConfig) -> Result<Self, StoreError> {
        let NetworkConfig { bmsc, gateway, mce, agent } = config;
        let mut network = Self {
            store: Store::in_memory()?,
            bmsc: Bmsc::new(bmsc),
            gateway: MbmsGw::new(gateway),
            mce: Mce::new(mce),
            agent: EnbAgent::new(agent),
            on_air: false,
            starting: BTreeMap::new(),
            places: BTreeMap::new(),
            sessions: BTreeMap::new(),
            routes: BTreeMap::new(),
            outputs: VecDeque::new(),
        };
        network.drain(Instant::ZERO);
        Ok(network)
    }

    /// Asks the BM-SC for a TMGI and a multicast address.
    pub(crate) fn allocate(&mut self, now: Instant, request: u64, session: &str) {
        let user_service = session.to_owned();
        let input = ProvisioningInput::Allocate { request, user_service, tmgi: None, destination: None };
        self.bmsc.handle_input(now, BmscInput::Provisioning(input));
        self.drain(now);
    }

    /// The eNB goes on air.
    pub(crate) fn on_air(&mut self, now: Instant) {
        if !std::mem::replace(&mut self.on_air, true) {
            self.mce.handle_input(now, MceInput::M2Setup);
            self.drain(now);
        }
    }

    /// Starts a session; its data waits until every UE can know of it.
    pub(crate) fn start(&mut self, now: Instant, session: &str, start: Start) {
        let Start { content, delivery, place } = start;
        let (cold, warm) = place.time_to_data;
        let first_data = self.mce.earliest_change(place.pmch.area, now) + if self.on_air { warm } else { cold };
        self.places.insert(session.to_owned(), place);
        let (user_service, sync) = (session.to_owned(), place.sync);
        let input = BmscInput::StartSession { user_service, content, delivery, sync, first_data };
        self.bmsc.handle_input(now, input);
        self.drain(now);
    }

    /// A session that runs goes on elsewhere.
    pub(crate) fn update(&mut self, now: Instant, session: &str, pmch: PmchId) {
        if let Some((&tmgi, _)) = self.sessions.iter().find(|(_, own)| *own == session) {
            self.mce.handle_input(now, MceInput::SessionUpdate { tmgi, pmch });
            self.drain(now);
        }
    }

    pub(crate) fn stop(&mut self, now: Instant, session: &str) {
        self.bmsc.handle_input(now, BmscInput::StopSession { user_service: session.to_owned() });
        self.drain(now);
    }

    /// A datagram arrives at the eNB agent.
    pub(crate) fn m1(&mut self, now: Instant, datagram: &[u8]) {
        self.agent.handle_input(now, EnbAgentInput::M1(datagram));
        self.drain(now);
    }

    /// eNB agent and MCE let go of a bearer.
    pub(crate) fn stop_bearer(&mut self, now: Instant, tmgi: Tmgi) {
        self.agent.handle_input(now, EnbAgentInput::SessionStop { tmgi });
        self.mce.handle_input(now, MceInput::SessionStop { tmgi });
        self.drain(now);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.bmsc.handle_timeout(now);
        self.mce.handle_timeout(now);
        self.agent.handle_timeout(now);
        self.drain(now);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.bmsc.poll_timeout(), self.mce.poll_timeout(), self.agent.poll_timeout()].into_iter().flatten().min()
    }

    pub(crate) fn poll_output(&mut self) -> Option<NetworkOutput> {
        self.outputs.pop_front()
    }

    /// Carries outputs until every node is silent.
    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.bmsc.poll_output() {
                self.bmsc_output(now, output);
            } else if let Some(output) = self.gateway.poll_output() {
                self.gateway_output(now, output);
            } else if let Some(output) = self.mce.poll_output() {
                self.mce_output(output);
            } else if let Some(output) = self.agent.poll_output() {
                self.agent_output(output);
            } else {
                return;
            }
        }
    }

    fn bmsc_output(&mut self, now: Instant, output: BmscOutput) {
        match output {
            BmscOutput::Store(request) => {
                let answer = self.store.execute(&request);
                self.bmsc.handle_input(now, BmscInput::Provisioning(ProvisioningInput::Store(answer)));
            }
            BmscOutput::SgiMb { tmgi, pdu } => {
                self.gateway.handle_input(now, MbmsGwInput::SgiMb { tmgi, pdu: &pdu });
            }
            BmscOutput::SessionStarted(description) => {
                let tmgi = description.allocation.tmgi;
                let session = &description.allocation.user_service;
                let Some(&place) = self.places.get(session) else { return };
                self.sessions.insert(tmgi, session.clone());
                self.starting.insert(tmgi, (description, place));
                self.gateway.handle_input(now, MbmsGwInput::SessionStart { tmgi });
            }
            BmscOutput::SessionStopped { user_service, tmgi, stats } => {
                self.outputs.push_back(NetworkOutput::SessionStopped { session: user_service, stats });
                self.gateway.handle_input(now, MbmsGwInput::SessionStop { tmgi });
            }
            BmscOutput::LimitReached { user_service } => {
                self.outputs.push_back(NetworkOutput::LimitReached { session: user_service });
            }
            BmscOutput::Allocated { allocation, .. } => self.outputs.push_back(NetworkOutput::Allocated(allocation)),
            BmscOutput::Released { .. } => {}
            BmscOutput::Refused { refusal, .. } => self.trouble(&format!("BM-SC: {refusal}")),
            BmscOutput::SessionRefused(refusal) => self.trouble(&format!("BM-SC: {refusal}")),
        }
    }

    fn gateway_output(&mut self, now: Instant, output: MbmsGwOutput) {
        match output {
            MbmsGwOutput::M1(datagram) => self.outputs.push_back(NetworkOutput::M1(datagram)),
            MbmsGwOutput::SessionStarted { tmgi, m1 } => {
                let Some((description, place)) = self.starting.remove(&tmgi) else { return };
                self.mce.handle_input(now, MceInput::SessionStart { tmgi, pmch: place.pmch });
                while let Some(output) = self.mce.poll_output() {
                    self.mce_output(output);
                }
                let Some(&(_, mtch)) = self.routes.get(&tmgi).and_then(|routes| routes.last()) else { return };
                let bearer = MbmsBearer { tmgi, sync: place.sync, multicast: m1.multicast, c_teid: m1.c_teid };
                self.agent.handle_input(now, EnbAgentInput::SessionStart(bearer));
                self.outputs.push_back(NetworkOutput::SessionStarted { description, mtch, m1 });
            }
            MbmsGwOutput::SessionStopped { tmgi } => self.outputs.push_back(NetworkOutput::BearerStopped(tmgi)),
            MbmsGwOutput::Refused(refusal) => self.trouble(&format!("MBMS-GW: {refusal}")),
        }
    }

    fn mce_output(&mut self, output: MceOutput) {
        match output {
            MceOutput::Scheduling { area, from, pmchs } => {
                self.outputs.push_back(NetworkOutput::Mcch { area, pmchs, from });
            }
            MceOutput::Bearer { tmgi, mtch, from } => {
                let routes = self.routes.entry(tmgi).or_default();
                routes.retain(|&(since, _)| since < from);
                routes.push((from, mtch));
                let session = self.sessions.get(&tmgi).cloned().unwrap_or_default();
                self.outputs.push_back(NetworkOutput::Mtch { session, mtch, from });
            }
            MceOutput::Refused(refusal) => self.trouble(&format!("MCE: {refusal}")),
        }
    }

    fn agent_output(&mut self, output: EnbAgentOutput) {
        match output {
            EnbAgentOutput::Sdu { tmgi, sdu, due } => {
                let routes = self.routes.get(&tmgi).map_or(&[][..], Vec::as_slice);
                let route = routes.iter().rev().find(|(since, _)| *since <= due).or_else(|| routes.first());
                let Some(&(_, mtch)) = route else { return self.trouble(&format!("eNB: no MTCH for TMGI {tmgi}")) };
                self.outputs.push_back(NetworkOutput::Sdu { mtch, sdu, due });
            }
            EnbAgentOutput::Lost(loss) => self.trouble(&format!(
                "eNB: {} packets ({} octets) of TMGI {} lost on M1, {} withheld",
                loss.packets, loss.octets, loss.tmgi, loss.withheld
            )),
            EnbAgentOutput::Discarded(why) => self.trouble(&format!("eNB: datagram dropped: {why}")),
        }
    }

    fn trouble(&mut self, text: &str) {
        self.outputs.push_back(NetworkOutput::Trouble(text.to_owned()));
    }
}
