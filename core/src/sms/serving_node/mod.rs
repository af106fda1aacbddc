//! MSC or SGSN with phones, as far as short messages need them (TS 29.002 clauses 23.2 to 23.4, TS 23.040 clause 10): what
//! stands at the other end of R6, simulated. Phones know a message that comes again (TS 23.040 clause 9.2.3.11).

mod config;
mod delivery;
mod location;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use protocol::map::sccp::{SccpAddress, ssn};
use protocol::map::{
    AddressString, ApplicationContext, DialogueId, Imsi, InvokeFailure, MapConfig, MapEndpoint, MapEvent, MapInput,
    MapOutput, MoForwardSmArg, Operation, OperationResult, SmRpDa, SmRpOa,
};
use protocol::sms::{RpCause, Seen};
use protocol::{Entropy, Instant};

use self::delivery::Paging;
use crate::node::{Admin, Node, NodeInput, NodeNote, NodeOutput};
use crate::sms::ip_message_gw::causes::{cause_of_mo_failure, cause_of_ready_failure, report_of};

pub use config::{
    ServedSubscriber, Service, ServingNodeConfig, ServingNodeEvent, ServingNodeKind, ServingNodeOrder, ServingNodeQueue,
};

/// The node.
#[derive(Debug)]
pub struct ServingNode {
    config: ServingNodeConfig,
    own: SccpAddress,
    number: AddressString,
    hlr: SccpAddress,
    map: MapEndpoint,
    subscribers: BTreeMap<Imsi, Subscriber>,
    /// Dialogues of mt-ForwardSM, and whom they are with.
    terminating: BTreeMap<DialogueId, Imsi>,
    /// Messages that phones are busy with, by when they will have done.
    paging: BTreeMap<(Instant, u64), Paging>,
    /// What was asked of the HLR and of service centres, and for whom.
    asked: BTreeMap<DialogueId, Asked>,
    /// A dialogue of ours whose answer has come with the message that is being read.
    answered: Option<DialogueId>,
    /// When the HLR is asked (again) to note a subscriber.
    updates: BTreeSet<(Instant, Imsi)>,
    last_paging: u64,
    events: ServingNodeQueue,
    counters: Counters,
    out: VecDeque<NodeOutput>,
}

#[derive(Debug)]
struct Subscriber {
    msisdn: AddressString,
    service: Service,
    /// The HLR knows that it is here: of an MSC from the beginning.
    is_registered: bool,
    /// MNRF or MNRG of TS 23.040 clause 3.2.7: a message was not delivered for absence.
    is_missed: bool,
    seen: Seen,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Asked {
    Update(Imsi),
    Ready(Imsi),
    /// The same, of a phone that waits for the answer.
    Memory(Imsi),
    Send(Imsi),
}

#[derive(Debug, Default)]
struct Counters {
    delivered: u64,
    repeated: u64,
    refused: u64,
    sent: u64,
    not_sent: u64,
}

impl ServingNode {
    /// A node that serves its subscribers; an SGSN tells the HLR so at its first timeout, which it wants at once.
    ///
    /// # Errors
    /// What in the configuration is no number.
    pub fn new(config: ServingNodeConfig, entropy: Entropy) -> Result<Self, String> {
        let own_ssn = match config.kind {
            ServingNodeKind::Msc => ssn::MSC,
            ServingNodeKind::Sgsn => ssn::SGSN,
        };
        let address = |digits: &str, ssn| SccpAddress::e164(digits, ssn).map_err(|e| format!("{digits:?}: {e}"));
        let number = |digits: &str| AddressString::international(digits).map_err(|e| format!("{digits:?}: {e}"));
        let mut map = MapConfig::new([
            ApplicationContext::SHORT_MSG_MT_RELAY_V3,
            ApplicationContext::LOCATION_CANCELLATION_V3,
            ApplicationContext::SUBSCRIBER_DATA_MNGT_V3,
        ]);
        (map.timers, map.max_dialogues) = (config.map_timers, config.max_dialogues);
        let is_registered = config.kind == ServingNodeKind::Msc;
        let subscriber = |served: &ServedSubscriber| {
            let imsi = Imsi::new(&served.imsi).map_err(|e| format!("{:?}: {e}", served.imsi))?;
            let subscriber = Subscriber {
                msisdn: number(&served.msisdn)?,
                service: served.service,
                is_registered,
                is_missed: false,
                seen: Seen::new(config.known_messages),
            };
            Ok((imsi, subscriber))
        };
        let subscribers: BTreeMap<_, _> = config.subscribers.iter().map(subscriber).collect::<Result<_, String>>()?;
        let mut node = Self {
            own: address(&config.global_title, own_ssn)?,
            number: number(&config.global_title)?,
            hlr: address(&config.hlr, ssn::HLR)?,
            map: MapEndpoint::new(map, entropy),
            subscribers,
            terminating: BTreeMap::new(),
            paging: BTreeMap::new(),
            asked: BTreeMap::new(),
            answered: None,
            updates: BTreeSet::new(),
            last_paging: 0,
            events: ServingNodeQueue::default(),
            counters: Counters::default(),
            out: VecDeque::new(),
            config,
        };
        let here = |service: Service| !matches!(service, Service::Absent(_));
        let attached = node.subscribers.iter().filter(|(_, it)| here(it.service) && !it.is_registered);
        node.updates = attached.map(|(imsi, _)| (Instant::ZERO, imsi.clone())).collect();
        Ok(node)
    }

    /// What happens here.
    #[must_use]
    pub fn events(&self) -> ServingNodeQueue {
        self.events.clone()
    }

    fn say(&mut self, text: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    fn ignored(&mut self, state: &str, event: impl Into<String>) {
        let note = NodeNote::Ignored { state: state.to_owned(), event: event.into() };
        self.out.push_back(NodeOutput::Note(note));
    }

    /// Asks somebody for a subscriber; false: it cannot be asked now.
    fn ask(&mut self, now: Instant, called: SccpAddress, operation: &Operation, asked: Asked) -> bool {
        match self.map.request(now, self.own.clone(), called, operation) {
            Ok((dialogue, _)) => {
                self.asked.insert(dialogue, asked);
                true
            }
            Err(error) => {
                self.say(format!("{} is not asked: {error}", operation.code()));
                false
            }
        }
    }

    fn order(&mut self, now: Instant, order: ServingNodeOrder) {
        let (ServingNodeOrder::Service { imsi, .. }
        | ServingNodeOrder::Send { imsi, .. }
        | ServingNodeOrder::MemoryAvailable { imsi }) = &order;
        let known = Imsi::new(imsi).ok().filter(|imsi| self.subscribers.contains_key(imsi));
        let Some(imsi) = known else {
            let text = format!("{imsi} is not served here");
            return self.say(text);
        };
        match order {
            ServingNodeOrder::Service { service, .. } => self.set_service(now, &imsi, service),
            ServingNodeOrder::Send { service_centre, tpdu, .. } => self.send(now, imsi, &service_centre, tpdu),
            ServingNodeOrder::MemoryAvailable { .. } => self.memory_available(now, imsi),
        }
    }

    /// A phone sends a message (TS 29.002 clause 23.2.1).
    fn send(&mut self, now: Instant, imsi: Imsi, service_centre: &str, tpdu: Vec<u8>) {
        let Some(subscriber) = self.subscribers.get(&imsi) else { return };
        let places = (AddressString::international(service_centre), SccpAddress::e164(service_centre, ssn::MSC));
        let (Ok(address), Ok(called)) = places else {
            return self.not_sent(
                &imsi,
                (RpCause::UNASSIGNED_NUMBER, None),
                format!("{service_centre:?} is no number"),
            );
        };
        let from = SmRpOa::Msisdn(subscriber.msisdn.clone());
        let mut argument = MoForwardSmArg::new(SmRpDa::ServiceCentreAddress(address), from, tpdu);
        argument.imsi = Some(imsi.clone());
        if !self.ask(now, called, &Operation::MoForwardSm(argument), Asked::Send(imsi.clone())) {
            self.not_sent(&imsi, (RpCause::NETWORK_OUT_OF_ORDER, None), "it cannot be sent now".to_owned());
        }
    }

    fn not_sent(&mut self, imsi: &Imsi, (cause, report): (RpCause, Option<Vec<u8>>), error: String) {
        self.counters.not_sent += 1;
        self.events.push(ServingNodeEvent::NotSent { imsi: imsi.to_string(), cause, report, error });
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.map.poll_output() {
            match output {
                MapOutput::Sccp(bytes) => self.out.push_back(NodeOutput::Sccp { bytes }),
                MapOutput::Ignored { state, event } => self.ignored(state, event),
                MapOutput::Event(event) => self.on_event(now, event),
            }
        }
    }

    fn on_event(&mut self, now: Instant, event: MapEvent) {
        match event {
            MapEvent::Opened { .. } => {}
            MapEvent::Invoked { dialogue, invoke_id, operation } => match operation {
                Operation::MtForwardSm(argument) => self.on_mt_forward(now, dialogue, invoke_id, argument),
                other => self.on_hlr(now, dialogue, invoke_id, &other),
            },
            MapEvent::Returned { dialogue, result, .. } => {
                if let Some(asked) = self.asked.remove(&dialogue) {
                    self.answered = Some(dialogue);
                    self.on_answer(now, asked, result);
                }
            }
            MapEvent::Delimited { dialogue } => {
                // Who was asked has answered, though it did not end the dialogue.
                if self.answered.take_if(|answered| *answered == dialogue).is_some()
                    && let Err(error) = self.map.close(now, dialogue)
                {
                    self.ignored("-", format!("end of dialogue {dialogue}: {error}"));
                }
            }
            MapEvent::Closed { dialogue } | MapEvent::Aborted { dialogue, .. } => {
                self.terminating.remove(&dialogue);
                self.asked.remove(&dialogue);
            }
        }
    }

    fn on_answer(&mut self, now: Instant, asked: Asked, result: Result<OperationResult, InvokeFailure>) {
        match (asked, result) {
            (Asked::Send(imsi), Ok(OperationResult::MoForwardSm(result))) => {
                self.counters.sent += 1;
                self.events.push(ServingNodeEvent::Sent { imsi: imsi.to_string(), report: result.sm_rp_ui });
            }
            (Asked::Send(imsi), Ok(_)) => {
                self.not_sent(&imsi, (RpCause::NETWORK_OUT_OF_ORDER, None), "an odd answer".to_owned());
            }
            (Asked::Send(imsi), Err(error)) => {
                let told = (cause_of_mo_failure(&error), report_of(&error).map(<[u8]>::to_vec));
                self.not_sent(&imsi, told, error.to_string());
            }
            (Asked::Memory(imsi), result) => {
                let result = result.map(|_| ()).map_err(|error| cause_of_ready_failure(&error));
                self.events.push(ServingNodeEvent::MemoryKnown { imsi: imsi.to_string(), result });
            }
            (Asked::Update(imsi), result) => self.updated(now, imsi, result),
            (Asked::Ready(imsi), Err(error)) => self.say(format!("readyForSM of {imsi}: {error}")),
            (Asked::Ready(_), Ok(_)) => {}
        }
    }

    /// After the time that a phone takes.
    const fn delivery_time(&self) -> Duration {
        self.config.delivery_time
    }
}

impl Node for ServingNode {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sccp { bytes } => self.map.handle_input(now, MapInput::Sccp(bytes)),
            NodeInput::Admin(Admin::ServingNode(order)) => self.order(now, *order),
            NodeInput::Admin(_) => {}
            _ => self.ignored("-", "what is not for a serving node"),
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.map.handle_timeout(now);
        self.updates_due(now);
        self.paging_due(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let updates = self.updates.first().map(|(at, _)| *at);
        let paging = self.paging.first_key_value().map(|((at, _), _)| *at);
        [updates, paging, self.map.poll_timeout()].into_iter().flatten().min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        let counters = &self.counters;
        let registered = self.subscribers.values().filter(|subscriber| subscriber.is_registered).count();
        vec![
            ("serving_node_subscribers", registered as u64),
            ("serving_node_dialogues", self.map.dialogues() as u64),
            ("serving_node_delivered", counters.delivered),
            ("serving_node_repeated", counters.repeated),
            ("serving_node_refused", counters.refused),
            ("serving_node_sent", counters.sent),
            ("serving_node_not_sent", counters.not_sent),
        ]
    }
}

#[cfg(test)]
mod tests;
