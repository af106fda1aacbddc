//! The HLR in the HSS, for short messages: MAP (TS 29.002 clauses 8.1, 8.5, 8.8, 12 and 23) over R1 and R5 of TR 23.804 clause
//! 5.1.3, on the data of the subscribers that Cx and Sh have.
//!
//! An answer that acknowledges a change leaves when the change is durable. What it owes others is durable, too: service centres
//! that are to be alerted, and what the presence server is to be told.

mod alert;
mod authentication;
mod config;
mod location;
mod presence;
mod record;
mod routing;
mod subscription;
mod waiting;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use protocol::map::sccp::{SccpAddress, ssn};
use protocol::map::{
    AddressString, DialogueId, Imsi, InformServiceCentreArg, InvokeFailure, MapEndpoint, MapEvent, MapInput, MapOutput,
    Operation, OperationResult, UserError,
};
use protocol::{Due, Entropy, Instant};

use self::routing::Guise;
use super::{Hss, Subscriber, Waiting};
use crate::node::{NodeOutput, NodeStoreOp, Rows};

pub use config::{HlrConfig, PresencePeer};
pub(super) use record::SmsRecord;
pub(super) use subscription::{NUMBER, is_number};
pub use subscription::{SmsSubscription, SmsWay};

/// What the HSS has as an HLR.
#[derive(Debug)]
pub(super) struct Hlr {
    config: HlrConfig,
    endpoint: MapEndpoint,
    records: BTreeMap<String, SmsRecord>,
    /// What was invoked by us.
    invoked: BTreeMap<(DialogueId, i8), Invoked>,
    /// Dialogues of others in which nothing was invoked yet.
    opened: BTreeSet<DialogueId>,
    /// Private identities and service centres that are being alerted.
    alerting: BTreeSet<(String, String)>,
    /// Private identities that the presence server is being told of, and how often it was told in vain.
    telling: BTreeSet<String>,
    told_in_vain: BTreeMap<String, u32>,
    due: Due<Instant, Task>,
    /// Private identities whose connection over IP has come or gone with the IMS, and whether they had one before.
    touched: Vec<(String, bool)>,
    /// As what servers were shown to a service centre's SMS-GMSC: what is reported is understood by that.
    shown: BTreeMap<(String, String), Vec<(Guise, SmsWay)>>,
    shown_first: VecDeque<(String, String)>,
    /// Messages that came before the data were there.
    early: VecDeque<Vec<u8>>,
}

/// What is to be done at its time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Task {
    /// A service centre is alerted again.
    Alert { impi: String, centre: String },
    /// All are alerted that are to be.
    Alerts { impi: String },
    /// The presence server is told again.
    Presence { impi: String },
    /// A node that serves a UE is told its data again.
    Data { impi: String, is_gateway: bool, tries: u32 },
}

/// An invocation of ours.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Invoked {
    /// insertSubscriberData within the dialogue of an updateGprsLocation; the invocation of that.
    Insert { impi: String, update: i8, is_gateway: bool },
    /// cancelLocation.
    Cancel { impi: String, number: String },
    /// insertSubscriberData by itself.
    Data { impi: String, is_gateway: bool, tries: u32 },
    /// alertServiceCentre.
    Alert { impi: String, centre: String },
}

/// What is answered when a change is durable, and what comes before and after.
#[derive(Debug)]
pub(super) struct MapReply {
    dialogue: DialogueId,
    invoke_id: i8,
    answer: Result<OperationResult, UserError>,
    inform: Option<InformServiceCentreArg>,
    then: Then,
}

#[derive(Debug)]
enum Then {
    Nothing,
    /// Service centres are alerted.
    Alert {
        impi: String,
    },
    /// A node serves the UE, or does not any more.
    Served {
        impi: String,
        change: location::Change,
    },
}

impl MapReply {
    const fn new(dialogue: DialogueId, invoke_id: i8, answer: Result<OperationResult, UserError>) -> Self {
        Self { dialogue, invoke_id, answer, inform: None, then: Then::Nothing }
    }
}

impl Hlr {
    pub(super) fn new(config: HlrConfig, entropy: Entropy) -> Self {
        Self {
            endpoint: MapEndpoint::new(config.map.clone(), entropy),
            config,
            records: BTreeMap::new(),
            invoked: BTreeMap::new(),
            opened: BTreeSet::new(),
            alerting: BTreeSet::new(),
            telling: BTreeSet::new(),
            told_in_vain: BTreeMap::new(),
            due: Due::default(),
            touched: Vec::new(),
            shown: BTreeMap::new(),
            shown_first: VecDeque::new(),
            early: VecDeque::new(),
        }
    }

    /// Takes what was stored; gives the keys of what is unreadable.
    pub(super) fn load(&mut self, rows: Rows) -> Vec<String> {
        let mut unreadable = Vec::new();
        for (key, value) in rows {
            match serde_json::from_slice(&value) {
                Ok(record) => drop(self.records.insert(key, record)),
                Err(_) => unreadable.push(key),
            }
        }
        unreadable
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        [self.endpoint.poll_timeout(), self.due.first()].into_iter().flatten().min()
    }

    pub(super) fn figures(&self) -> [(&'static str, u64); 4] {
        let count = |is: fn(&SmsRecord) -> bool| self.records.values().filter(|record| is(record)).count() as u64;
        [
            ("map_dialogues", self.endpoint.dialogues() as u64),
            ("sms_gateway_registrations", count(|record| record.gateway.is_some())),
            ("sms_message_waiting", count(|record| record.waiting.is_set())),
            ("sms_alerts", self.records.values().map(|record| record.alerts.len() as u64).sum()),
        ]
    }

    fn remember(&mut self, impi: &str, centre: &AddressString, shown: Vec<(Guise, SmsWay)>) {
        let key = (impi.to_owned(), centre.digits().to_owned());
        if self.shown.insert(key.clone(), shown).is_none() {
            self.shown_first.push_back(key);
        }
        if self.shown_first.len() > MAX_SHOWN
            && let Some(oldest) = self.shown_first.pop_front()
        {
            self.shown.remove(&oldest);
        }
    }

    /// Orders of accesses that are in force: for messages to the UE, and from it (TR 23.804 clause 4).
    fn orders(&self, subscriber: &Subscriber) -> (Vec<SmsWay>, Vec<SmsWay>) {
        let sms = &subscriber.sms;
        let own = (sms.user_mt_order.clone(), sms.user_mo_order.clone());
        let brought = self.records.get(&subscriber.impi).and_then(|record| record.user_order.clone());
        let (mt, mo) = if sms.user_order { brought.unwrap_or(own) } else { Default::default() };
        let of = |own: &Option<Vec<SmsWay>>, default: &[SmsWay], user: &[SmsWay]| {
            subscription::order(own.as_deref().unwrap_or(default), user)
        };
        (of(&sms.mt_order, &self.config.mt_order, &mt), of(&sms.mo_order, &self.config.mo_order, &mo))
    }
}

impl Hss {
    /// A message of SCCP.
    pub(super) fn sccp(&mut self, now: Instant, bytes: &[u8]) {
        let is_early = self.early.is_some();
        let Some(hlr) = &mut self.hlr else { return self.ignored("running", "SCCP at an HSS that is no HLR") };
        if !is_early {
            return hlr.endpoint.handle_input(now, MapInput::Sccp(bytes));
        }
        // Class 0 may lose messages.
        if hlr.early.len() < MAX_EARLY {
            hlr.early.push_back(bytes.to_vec());
        }
    }

    /// The data are there.
    pub(super) fn hlr_loaded(&mut self, now: Instant) {
        let Some(hlr) = &mut self.hlr else { return };
        let early = std::mem::take(&mut hlr.early);
        for bytes in early {
            hlr.endpoint.handle_input(now, MapInput::Sccp(&bytes));
        }
        // What was owed when the process ended, is owed still.
        let impis: Vec<_> = hlr.records.keys().cloned().collect();
        for impi in impis {
            self.start_alerts(now, &impi);
        }
        self.tell_presence_all(now);
    }

    pub(super) fn hlr_timeout(&mut self, now: Instant) {
        let Some(hlr) = &mut self.hlr else { return };
        hlr.endpoint.handle_timeout(now);
        for task in hlr.due.until(now) {
            if let Some(hlr) = &mut self.hlr {
                hlr.due.set(&task, None);
            }
            match task {
                Task::Alert { impi, centre } => self.alert(now, &impi, &centre),
                Task::Alerts { impi } => self.start_alerts(now, &impi),
                Task::Presence { impi } => self.tell_presence(now, &impi),
                Task::Data { impi, is_gateway, tries } => self.tell_data(now, &impi, is_gateway, tries),
            }
        }
    }

    /// The next thing that the endpoint has to say; false when there is none.
    pub(super) fn drain_map(&mut self, now: Instant) -> bool {
        let Some(output) = self.hlr.as_mut().and_then(|hlr| hlr.endpoint.poll_output()) else { return false };
        match output {
            MapOutput::Sccp(bytes) => self.out.push_back(NodeOutput::Sccp { bytes }),
            MapOutput::Event(event) => self.on_map(now, event),
            MapOutput::Ignored { state, event } => self.ignored(state, event),
        }
        true
    }

    fn on_map(&mut self, now: Instant, event: MapEvent) {
        let Some(hlr) = &mut self.hlr else { return };
        match event {
            MapEvent::Opened { dialogue, .. } => drop(hlr.opened.insert(dialogue)),
            MapEvent::Invoked { dialogue, invoke_id, operation } => {
                hlr.opened.remove(&dialogue);
                self.counters.map_requests += 1;
                self.map_operation(now, dialogue, invoke_id, operation);
            }
            MapEvent::Returned { dialogue, invoke_id, result } => {
                if let Some(invoked) = hlr.invoked.remove(&(dialogue, invoke_id)) {
                    self.on_returned(now, dialogue, invoked, result);
                }
            }
            // The argument comes with the next message, which wants to be asked for.
            MapEvent::Delimited { dialogue } if hlr.opened.contains(&dialogue) => {
                let _ = hlr.endpoint.delimit(now, dialogue);
            }
            // Dialogues of ours have one invocation.
            MapEvent::Delimited { .. } => {}
            MapEvent::Closed { dialogue } | MapEvent::Aborted { dialogue, .. } => drop(hlr.opened.remove(&dialogue)),
        }
    }

    fn map_operation(&mut self, now: Instant, dialogue: DialogueId, invoke_id: i8, operation: Operation) {
        match operation {
            Operation::SendAuthenticationInfo(arg) => self.send_authentication_info(now, dialogue, invoke_id, &arg),
            Operation::UpdateGprsLocation(arg) => self.update_gprs_location(now, dialogue, invoke_id, arg),
            Operation::PurgeMs(arg) => self.purge_ms(now, dialogue, invoke_id, &arg),
            Operation::SendRoutingInfoForSm(arg) => self.send_routing_info(now, dialogue, invoke_id, &arg),
            Operation::ReportSmDeliveryStatus(arg) => self.report_delivery_status(now, dialogue, invoke_id, &arg),
            Operation::ReadyForSm(arg) => self.ready_for_sm(now, dialogue, invoke_id, &arg),
            // Contexts of others are refused by the endpoint.
            other => {
                self.ignored("running", format!("{} at an HLR", other.code()));
                self.map_answer(now, MapReply::new(dialogue, invoke_id, Err(UserError::FacilityNotSupported)));
            }
        }
    }

    fn on_returned(
        &mut self,
        now: Instant,
        dialogue: DialogueId,
        invoked: Invoked,
        result: Result<OperationResult, InvokeFailure>,
    ) {
        match invoked {
            Invoked::Insert { impi, update, is_gateway } => {
                return self.inserted(now, (dialogue, update), &impi, is_gateway, result);
            }
            Invoked::Cancel { impi, number } => {
                if let Err(why) = result {
                    self.say(format!("cancelLocation of {impi} at {number}: {why}"));
                }
            }
            Invoked::Data { impi, is_gateway, tries } => {
                self.data_told(now, (impi, is_gateway, tries), result.err());
            }
            Invoked::Alert { impi, centre } => self.alerted(now, &impi, &centre, result.err()),
        }
        // One that has not ended with the answer.
        if let Some(hlr) = &mut self.hlr {
            let _ = hlr.endpoint.close(now, dialogue);
        }
    }

    /// Changes the record of a subscriber: what makes it durable.
    fn change_sms(&mut self, impi: &str, change: impl FnOnce(&mut SmsRecord, usize)) -> Vec<NodeStoreOp> {
        let Some(hlr) = &mut self.hlr else { return Vec::new() };
        let before = hlr.records.get(impi).cloned().unwrap_or_default();
        let mut record = before.clone();
        change(&mut record, hlr.config.max_service_centres);
        if record == before {
            return Vec::new();
        }
        let op = record.store(impi);
        if record == SmsRecord::default() {
            hlr.records.remove(impi);
        } else {
            hlr.records.insert(impi.to_owned(), record);
        }
        vec![op]
    }

    fn map_answer_when_stored(&mut self, now: Instant, ops: Vec<NodeStoreOp>, reply: MapReply) {
        match ops.is_empty() {
            true => self.map_stored(now, reply, true),
            false => self.store(ops, Waiting::Map(Box::new(reply))),
        }
    }

    /// A change is durable, or could not be kept.
    pub(super) fn map_stored(&mut self, now: Instant, reply: MapReply, is_durable: bool) {
        if !is_durable {
            let failure = Err(UserError::SystemFailure(Some(RESOURCE_HLR)));
            return self.map_answer(now, MapReply::new(reply.dialogue, reply.invoke_id, failure));
        }
        let mut reply = reply;
        match std::mem::replace(&mut reply.then, Then::Nothing) {
            Then::Nothing => self.map_answer(now, reply),
            Then::Alert { impi } => {
                self.map_answer(now, reply);
                self.start_alerts(now, &impi);
            }
            Then::Served { impi, change } => self.served(now, reply, &impi, change),
        }
    }

    /// Answers an invocation, and ends its dialogue.
    fn map_answer(&mut self, now: Instant, reply: MapReply) {
        let Some(hlr) = &mut self.hlr else { return };
        let MapReply { dialogue, invoke_id, answer, inform, .. } = reply;
        let done = hlr.endpoint.respond(dialogue, invoke_id, &answer).or_else(|why| {
            // Something that has no encoding; the other end is not left waiting.
            let failure = Err(UserError::SystemFailure(Some(RESOURCE_HLR)));
            hlr.endpoint.respond(dialogue, invoke_id, &failure).map_err(|_| why)
        });
        let inform = inform.map(Operation::InformServiceCentre);
        let informed = inform.map(|operation| hlr.endpoint.invoke(dialogue, &operation));
        if let Some(Err(why)) = informed
            && done.is_ok()
        {
            self.out.push_back(note(format!("informServiceCentre is not sent: {why}")));
        }
        match done {
            Ok(()) => drop(hlr.endpoint.close(now, dialogue)),
            // The other end has given up.
            Err(why) => self.ignored("running", format!("an answer to a dialogue that is over: {why}")),
        }
        if answer.is_err() {
            self.counters.refused += 1;
        }
    }

    /// Invokes an operation in a dialogue of its own, with who has that number.
    fn map_request(&mut self, now: Instant, number: &AddressString, subsystem: u8, of: (&Operation, Invoked)) -> bool {
        let Some(hlr) = &mut self.hlr else { return false };
        let Ok(called) = SccpAddress::e164(number.digits(), subsystem) else { return false };
        let sent = hlr.endpoint.request(now, hlr.config.address.clone(), called, of.0);
        match sent {
            Ok(invocation) => drop(hlr.invoked.insert(invocation, of.1)),
            Err(why) => self.say(format!("{} to {number} is not sent: {why}", of.0.code())),
        }
        sent.is_ok()
    }

    /// Number of the IP-Message-GW that serves a subscriber: the one that has registered it, or the one that was known before
    /// while the IMS has it registered.
    pub(super) fn sms_gateway(&self, subscriber: &Subscriber) -> Option<String> {
        let hlr = self.hlr.as_ref()?;
        let learned = hlr.records.get(&subscriber.impi).and_then(|record| record.gateway.as_ref());
        if let Some(gateway) = learned {
            return Some(gateway.number.clone());
        }
        let known = subscriber.sms.gateway.as_ref().or(hlr.config.gateway.as_ref())?;
        let registration = self.registrations.get(&subscriber.subscription)?;
        (!registration.registered_by(&subscriber.impi).is_empty()).then(|| known.clone())
    }

    fn is_ip_connected(&self, impi: &str) -> bool {
        self.directory.by_impi(impi).is_some_and(|subscriber| self.sms_gateway(subscriber).is_some())
    }
}

/// The IMSI of a subscriber, if it has one.
fn imsi_of(subscriber: &Subscriber) -> Option<Imsi> {
    Imsi::new(subscriber.imsi()?).ok()
}

fn number_of(digits: &str) -> Option<AddressString> {
    AddressString::international(digits).ok()
}

fn note(text: String) -> NodeOutput {
    NodeOutput::Note(crate::node::NodeNote::Said(text))
}

/// What an IP-Message-GW appears as on R1, which is Gr (TR 23.804 clause 5.1.3.1).
const GATEWAY_SUBSYSTEM: u8 = ssn::SGSN;
/// NetworkResource hlr (TS 29.002 clause 17.7.7).
const RESOURCE_HLR: u8 = 1;
/// Messages that are kept until the data are there.
const MAX_EARLY: usize = 1000;
/// Answers to sendRoutingInfoForSM that are remembered for reports.
const MAX_SHOWN: usize = 10_000;

#[cfg(test)]
mod tests;
