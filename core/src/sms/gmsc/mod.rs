//! SMS-GMSC and SMS-IWMSC in one box (TS 23.040 clause 3.1): a message centre of SMPP 3.4 towards its service centres (TS
//! 23.039), MAP towards the HLR (C) and towards serving nodes and IP-SM-GWs (E, Gd).
//!
//! Mobile originated: mo-ForwardSM, deliver_sm to the service centre that has the address, and its response as the result or
//! as the error of the operation (TS 23.040 clause 10.2). Mobile terminated: submit_sm in transaction mode,
//! sendRoutingInfoForSM, mt-ForwardSM to the nodes in the order that the HLR gave until one has delivered,
//! reportSM-DeliveryStatus, submit_sm_resp (TS 23.040 clause 10.1, TR 23.804 clauses 8.4 and 8.5). alertServiceCentre becomes
//! alert_notification.
//!
//! It stores nothing, for it acknowledges nothing that it has not handed on: a mobile originated message is the sender's until
//! the service centre has answered for it, a mobile terminated one the service centre's until submit_sm_resp. When it dies
//! between a delivery and the response, the service centre delivers again with the same TP-SCTS, and the UE knows the message.
//! An alert is answered once a session of the service centre has taken it; without one the HLR gets systemFailure and may
//! repeat (TS 29.002 clause 23.4.3 lets it), and the service centre has its schedule.

mod alert;
mod centres;
mod config;
mod originating;
mod outcome;
mod terminating;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::map::sccp::{SccpAddress, ssn};
use protocol::map::{
    AddressString, ApplicationContext, DialogueId, MapConfig, MapEndpoint, MapEvent, MapInput, MapOutput, Operation,
};
use protocol::smpp::SystemId;
use protocol::{Entropy, Instant};

use self::centres::Link;
use self::originating::Originating;
use self::terminating::{Delivery, Held};
use crate::mc::HashedPassword;
use crate::node::{Admin, Node, NodeInput, NodeNote, NodeOutput, StreamId};
use crate::sms::binding::Binding;

pub use config::{ServiceCentre, SmsGmscConfig};

/// The node.
#[derive(Debug)]
pub struct SmsGmsc {
    config: SmsGmscConfig,
    own: SccpAddress,
    hlr: SccpAddress,
    /// Addresses of the service centres, in the order of the configuration.
    centres: Vec<AddressString>,
    /// Their passwords, in the same order.
    passwords: Vec<HashedPassword>,
    binding: Binding,
    system_id: SystemId,
    map: MapEndpoint,
    links: BTreeMap<StreamId, Link>,
    /// Sessions that may have something to say.
    dirty: BTreeSet<StreamId>,
    /// Messages on their way to a service centre, by the token of deliver_sm.
    originating: BTreeMap<u64, Originating>,
    deliveries: BTreeMap<u64, Delivery>,
    by_dialogue: BTreeMap<DialogueId, u64>,
    /// Deliveries of one service centre to one subscriber: the first is being made.
    queues: BTreeMap<Line, VecDeque<u64>>,
    /// Deliveries that can be begun.
    ready: VecDeque<u64>,
    /// Dialogues that wait for the next message.
    held: BTreeMap<Line, Held>,
    last_token: u64,
    counters: Counters,
    out: VecDeque<NodeOutput>,
}

/// Messages of a service centre, by its place in the configuration, to a subscriber.
type Line = (usize, String);

#[derive(Debug, Default)]
struct Counters {
    originated: u64,
    refused: u64,
    delivered: u64,
    failed: u64,
    attempts: u64,
    reports: u64,
    alerts: u64,
}

impl SmsGmsc {
    /// An SMS-GMSC/IWMSC without sessions.
    ///
    /// # Errors
    /// What in the configuration is no number, or no name of SMPP.
    pub fn new(config: SmsGmscConfig, mut entropy: Entropy) -> Result<Self, String> {
        let address = |digits: &str| {
            config::number(digits)?;
            SccpAddress::e164(digits, ssn::MSC).map_err(|error| error.to_string())
        };
        let (own, mut hlr) = (address(&config.global_title)?, address(&config.hlr)?);
        hlr.ssn = Some(ssn::HLR);
        let centres = config.service_centres.iter().map(|centre| config::number(&centre.address));
        let centres: Vec<_> = centres.collect::<Result<_, _>>()?;
        // The configuration has them in clear: hashes at little cost compare them in the same time, whatever is guessed.
        let hash = |own: &ServiceCentre| HashedPassword::of_cost(own.password.expose(), 8, 1, &mut entropy);
        let passwords: Vec<_> = config.service_centres.iter().map(hash).collect::<Result<_, _>>()?;
        let binding = Binding::new(entropy.split());
        let system_id = SystemId::new(&config.system_id).ok_or("system_id has 15 characters at most")?;
        let contexts = [ApplicationContext::SHORT_MSG_MO_RELAY_V3, ApplicationContext::SHORT_MSG_ALERT_V2];
        let mut map = MapConfig::new(contexts);
        (map.timers, map.max_dialogues) = (config.map_timers, config.max_dialogues);
        Ok(Self {
            own,
            hlr,
            centres,
            passwords,
            binding,
            system_id,
            map: MapEndpoint::new(map, entropy),
            links: BTreeMap::new(),
            dirty: BTreeSet::new(),
            originating: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            by_dialogue: BTreeMap::new(),
            queues: BTreeMap::new(),
            ready: VecDeque::new(),
            held: BTreeMap::new(),
            last_token: 0,
            counters: Counters::default(),
            out: VecDeque::new(),
            config,
        })
    }

    /// Global titles that it has: its own, and the addresses of its service centres, to which mobile originated messages go.
    #[must_use]
    pub fn global_titles(config: &SmsGmscConfig) -> Vec<String> {
        let centres = config.service_centres.iter().map(|centre| centre.address.clone());
        [config.global_title.clone()].into_iter().chain(centres).collect()
    }

    fn token(&mut self) -> u64 {
        self.last_token += 1;
        self.last_token
    }

    fn utc_ms(&self, now: Instant) -> u64 {
        self.config.utc_ms_at_zero.saturating_add(now.as_nanos() / 1_000_000)
    }

    fn say(&mut self, text: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    fn ignored(&mut self, state: &str, event: impl Into<String>) {
        let note = NodeNote::Ignored { state: state.to_owned(), event: event.into() };
        self.out.push_back(NodeOutput::Note(note));
    }

    /// Does what there is to be done, until there is nothing.
    fn drain(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.map.poll_output() {
                self.on_map(now, output);
            } else if let Some(conn) = self.dirty.pop_first() {
                self.drain_session(now, conn);
            } else if let Some(id) = self.ready.pop_front() {
                self.begin(now, id);
            } else {
                return;
            }
        }
    }

    fn on_map(&mut self, now: Instant, output: MapOutput) {
        match output {
            MapOutput::Sccp(bytes) => self.out.push_back(NodeOutput::Sccp { bytes }),
            MapOutput::Ignored { state, event } => self.ignored(state, event),
            MapOutput::Event(event) => self.on_event(now, event),
        }
    }

    fn on_event(&mut self, now: Instant, event: MapEvent) {
        match event {
            MapEvent::Opened { .. } => {}
            MapEvent::Invoked { dialogue, invoke_id, operation } => match operation {
                Operation::MoForwardSm(argument) => self.on_mo_forward(now, dialogue, invoke_id, argument),
                Operation::AlertServiceCentre(argument) => self.on_alert(now, dialogue, invoke_id, &argument),
                Operation::InformServiceCentre(argument) => self.on_inform(dialogue, argument),
                other => self.ignored("-", other.code().to_string()),
            },
            MapEvent::Returned { dialogue, result, .. } => self.on_returned(dialogue, result),
            MapEvent::Delimited { dialogue } => self.on_pause(now, dialogue, true),
            MapEvent::Closed { dialogue } => self.on_pause(now, dialogue, false),
            MapEvent::Aborted { dialogue, reason } => {
                if !self.by_dialogue.contains_key(&dialogue) {
                    self.ignored("-", format!("dialogue {dialogue}: {reason}"));
                }
                self.on_pause(now, dialogue, false);
            }
        }
    }
}

impl Node for SmsGmsc {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sccp { bytes } => self.map.handle_input(now, MapInput::Sccp(bytes)),
            NodeInput::Stream(input) => self.on_stream(now, input),
            NodeInput::Admin(Admin::Shutdown) => self.unbind_all(now),
            NodeInput::Store(_) => self.ignored("-", "an answer of the store to nothing"),
            _ => self.ignored("-", "what is not for an SMS-GMSC"),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.map.handle_timeout(now);
        self.sessions_due(now);
        self.held_due(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let sessions = self.links.values().filter_map(|link| link.session.poll_timeout());
        sessions.chain(self.held.values().map(|held| held.until)).chain(self.map.poll_timeout()).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let counters = &self.counters;
        vec![
            ("sms_gmsc_sessions", self.links.values().filter(|link| link.centre.is_some()).count() as u64),
            ("sms_gmsc_dialogues", self.map.dialogues() as u64),
            ("sms_gmsc_delivering", self.deliveries.len() as u64),
            ("sms_gmsc_dialogues_held", self.held.len() as u64),
            ("sms_gmsc_originating", self.originating.len() as u64),
            ("sms_gmsc_originated", counters.originated),
            ("sms_gmsc_refused", counters.refused),
            ("sms_gmsc_attempts", counters.attempts),
            ("sms_gmsc_delivered", counters.delivered),
            ("sms_gmsc_failed", counters.failed),
            ("sms_gmsc_reports", counters.reports),
            ("sms_gmsc_alerts", counters.alerts),
        ]
    }
}

#[cfg(test)]
mod tests;
