//! The core network process: BM-SC, MBMS-GW, eNB agent and store, wired by their reference points.
//!
//! Decides nothing: it carries outputs of one node to the next. M1 comes out of it and goes back in, so that the runner
//! can look at it and put faults on it.

use std::collections::{BTreeMap, VecDeque};

use core_network::{
    Allocation, Bmsc, BmscConfig, BmscInput, BmscOutput, Content, Delivery, DeliveryStats, EnbAgent, EnbAgentConfig,
    EnbAgentInput, EnbAgentOutput, M1Transport, MbmsBearer, MbmsGw, MbmsGwConfig, MbmsGwInput, MbmsGwOutput,
    ProvisioningInput, SessionDescription, Store, StoreError,
};
use protocol::{Instant, Tmgi};

/// What the network has to say to the runner.
#[derive(Debug)]
pub(crate) enum NetworkOutput {
    /// A datagram on M1, from its IP header on.
    M1(Vec<u8>),
    /// For the radio: an SDU of a logical channel, and the start of the MCH scheduling period that carries it.
    Sdu { lcid: u8, sdu: Vec<u8>, due: Instant },
    /// The bearer ends at the eNB (M2AP session stop), after all that is on M1.
    BearerStopped(Tmgi),
    /// TMGI and multicast address of a user service are durable.
    Allocated(Allocation),
    /// A session runs.
    SessionStarted { description: SessionDescription, lcid: u8, m1: M1Transport },
    /// A session has ended.
    SessionStopped { session: String, stats: DeliveryStats },
    /// A session has sent as much as it may.
    LimitReached { session: String },
    /// Something was refused, lost or thrown away; the words say what.
    Trouble(String),
}

/// The nodes of the core network.
pub(crate) struct Network {
    store: Store,
    bmsc: Bmsc,
    gateway: MbmsGw,
    agent: EnbAgent,
    /// Logical channel of each session, as MCE and eNB gave it.
    lcids: BTreeMap<String, u8>,
    /// Sessions that wait for their bearer.
    starting: BTreeMap<Tmgi, SessionDescription>,
    outputs: VecDeque<NetworkOutput>,
}

impl Network {
    pub(crate) fn new(bmsc: BmscConfig, gateway: MbmsGwConfig, agent: EnbAgentConfig) -> Result<Self, StoreError> {
        Self::with_store(Store::in_memory()?, bmsc, gateway, agent)
    }

    fn with_store(
        store: Store,
        bmsc: BmscConfig,
        gateway: MbmsGwConfig,
        agent: EnbAgentConfig,
    ) -> Result<Self, StoreError> {
        let mut network = Self {
            store,
            bmsc: Bmsc::new(bmsc),
            gateway: MbmsGw::new(gateway),
            agent: EnbAgent::new(agent),
            lcids: BTreeMap::new(),
            starting: BTreeMap::new(),
            outputs: VecDeque::new(),
        };
        network.drain(Instant::ZERO);
        Ok(network)
    }

    /// Asks the BM-SC for a TMGI and a multicast address; the session will be on logical channel `lcid`.
    pub(crate) fn allocate(&mut self, now: Instant, session: &str, lcid: u8) {
        self.lcids.insert(session.to_owned(), lcid);
        let input = ProvisioningInput::Allocate {
            request: u64::from(lcid),
            user_service: session.to_owned(),
            tmgi: None,
            destination: None,
        };
        self.bmsc.handle_input(now, BmscInput::Provisioning(input));
        self.drain(now);
    }

    pub(crate) fn start(&mut self, now: Instant, session: &str, content: Content, delivery: Delivery) {
        let user_service = session.to_owned();
        self.bmsc.handle_input(now, BmscInput::StartSession { user_service, content, delivery });
        self.drain(now);
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

    /// The eNB agent lets go of a bearer.
    pub(crate) fn stop_bearer(&mut self, now: Instant, tmgi: Tmgi) {
        self.agent.handle_input(now, EnbAgentInput::SessionStop { tmgi });
        self.drain(now);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.bmsc.handle_timeout(now);
        self.agent.handle_timeout(now);
        self.drain(now);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.bmsc.poll_timeout().into_iter().chain(self.agent.poll_timeout()).min()
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
                self.starting.insert(tmgi, description);
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
                let Some(description) = self.starting.remove(&tmgi) else { return };
                let lcid = self.lcids.get(&description.allocation.user_service).copied().unwrap_or_default();
                let bearer = MbmsBearer { tmgi, lcid, multicast: m1.multicast, c_teid: m1.c_teid };
                self.agent.handle_input(now, EnbAgentInput::SessionStart(bearer));
                self.outputs.push_back(NetworkOutput::SessionStarted { description, lcid, m1 });
            }
            MbmsGwOutput::SessionStopped { tmgi } => self.outputs.push_back(NetworkOutput::BearerStopped(tmgi)),
            MbmsGwOutput::Refused(refusal) => self.trouble(&format!("MBMS-GW: {refusal}")),
        }
    }

    fn agent_output(&mut self, output: EnbAgentOutput) {
        match output {
            EnbAgentOutput::Sdu { lcid, sdu, due } => self.outputs.push_back(NetworkOutput::Sdu { lcid, sdu, due }),
            EnbAgentOutput::Lost(loss) => self.trouble(&format!(
                "eNB: {} packets ({} octets) of logical channel {} lost on M1, {} withheld",
                loss.packets, loss.octets, loss.lcid, loss.withheld
            )),
            EnbAgentOutput::Discarded(why) => self.trouble(&format!("eNB: datagram dropped: {why}")),
        }
    }

    fn trouble(&mut self, text: &str) {
        self.outputs.push_back(NetworkOutput::Trouble(text.to_owned()));
    }
}
