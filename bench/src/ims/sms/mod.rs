//! The SMS agent of a UE (TS 24.341, TR 23.804), and what the runner knows of its messages. Over R2 it has a SIP agent of its
//! own, for the IP-Message-GW is registrar and server of it.

mod expected;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use core_network::sms::{ServingNodeEvent, ServingNodeOrder};
use hil::agent::mms::MmsClient;
use hil::agent::sip::{AgentCommand, AgentEvent, AgentInput, AgentOutput, UeAgent};
use hil::agent::sms::{ReceivedSms, SmsClient, SmsCommand, SmsEvent, SmsInput, SmsOutput};
use hil::sim::SimUsim;
use protocol::Instant;
use protocol::sip::{Flow, Target};
use protocol::sms::{
    Address, Assembled, Assembler, AssemblerConfig, Carrier, Content, Deliver, Direction, RpBody, RpCause, RpMessage,
    StatusReport, Timestamp, Tpdu,
};

use crate::event::ImsFact;
use crate::scenario::{ImsState, SmsAccess};
use expected::{Arrival, Expected};

pub(crate) use expected::ExpectedSms;

/// What a UE has for short messages.
pub(crate) struct SmsUe {
    client: SmsClient,
    /// Over R2.
    gateway: Option<GatewayUe>,
    imsi: String,
    /// Messages that the SM-SC has neither taken nor refused.
    untaken: BTreeMap<u64, Instant>,
    /// Messages to this UE.
    expected: Expected,
    /// What of its messages goes by the MSC or the SGSN: reference of the relay layer.
    relayed: BTreeMap<SmsAccess, u8>,
    /// Parts of messages that came by the MSC or the SGSN, by their originators.
    parts: Assembler<Address>,
    /// Messages that it has sent last, by their TP-MR.
    references: BTreeMap<u8, u64>,
    /// Messages that came for its MMS agent.
    pushes: VecDeque<ReceivedSms>,
    is_registered: bool,
    refused_in_step: u64,
    pub(crate) figures: SmsFigures,
}

/// The SIP agent of a UE on R2.
struct GatewayUe {
    contact: SocketAddr,
    agent: UeAgent,
    usim: SimUsim,
}

/// What it has counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct SmsFigures {
    /// Messages that it has sent and that the SM-SC has taken.
    pub(crate) taken: u64,
    /// That the SM-SC or the network has refused.
    pub(crate) refused: u64,
    /// Messages that came as they were sent.
    pub(crate) delivered: u64,
    /// That came again.
    pub(crate) doubled: u64,
    /// Status reports.
    pub(crate) reports: u64,
    /// The longest time from sending to arrival, nanoseconds.
    pub(crate) longest_ns: u64,
}

/// SMS-SUBMIT-REPORT, and RP-Cause of what was refused.
type Answer = Result<Option<Vec<u8>>, (RpCause, Option<Vec<u8>>)>;

/// What it has for the UE.
pub(crate) enum SmsUeOutput {
    /// For the SIP agent that the UE has for the IMS.
    Agent(AgentCommand),
    /// To be sent over R2.
    Sip(SocketAddr, Target, Vec<u8>),
    /// A message for an MSC or an SGSN.
    Order(SmsAccess, ServingNodeOrder),
    /// Something that has happened.
    Fact(Box<ImsFact>),
    /// A message for its MMS agent.
    Push(Box<ReceivedSms>),
}

impl SmsUe {
    pub(crate) fn new(client: SmsClient, imsi: &str, gateway: Option<(SocketAddr, UeAgent, SimUsim)>) -> Self {
        let gateway = gateway.map(|(contact, agent, usim)| GatewayUe { contact, agent, usim });
        Self {
            client,
            gateway,
            imsi: imsi.to_owned(),
            untaken: BTreeMap::new(),
            expected: Expected::default(),
            relayed: BTreeMap::new(),
            parts: Assembler::new(AssemblerConfig::default()),
            references: BTreeMap::new(),
            pushes: VecDeque::new(),
            is_registered: false,
            refused_in_step: 0,
            figures: SmsFigures::default(),
        }
    }

    pub(crate) fn imsi(&self) -> &str {
        &self.imsi
    }

    /// A message over R2; false: it is for somebody else.
    pub(crate) fn receive(&mut self, now: Instant, flow: Flow, bytes: &[u8]) -> bool {
        let Some(own) = self.gateway.as_mut().filter(|own| own.contact == flow.local) else { return false };
        own.agent.handle_input(now, AgentInput::Sip { flow, bytes });
        true
    }

    /// A message over R2 could not be sent.
    pub(crate) fn failed(&mut self, now: Instant, target: Target, why: &str) {
        if let Some(own) = &mut self.gateway {
            own.agent.handle_input(now, AgentInput::SipFailed { target, why: why.to_owned() });
        }
    }

    /// Its way to the network is gone without a word.
    pub(crate) fn vanish(&mut self, now: Instant) {
        if let Some(own) = &mut self.gateway {
            own.agent.handle_input(now, AgentInput::Command(AgentCommand::Vanish));
        }
    }

    /// The SIP agent of the UE tells something; true: it is for the SMS agent alone.
    pub(crate) fn takes(&mut self, now: Instant, event: &AgentEvent) -> bool {
        if self.gateway.is_some() {
            return false;
        }
        let is_own = self.client.is_own(event);
        self.client.handle_input(now, SmsInput::Agent(event));
        is_own
    }

    /// Whether an MSC or an SGSN serves it.
    pub(crate) fn attached(&mut self, now: Instant, over: SmsAccess, is_there: bool) {
        self.client.handle_input(now, SmsInput::Attached { access: over, is_there });
    }

    pub(crate) fn command(&mut self, now: Instant, command: SmsCommand) {
        if let SmsCommand::Send(message) = &command {
            self.untaken.insert(message.message, now);
        }
        self.client.handle_input(now, SmsInput::Command(command));
    }

    /// A message is on its way to it.
    pub(crate) fn expects(&mut self, message: ExpectedSms) {
        self.expected.push(message);
    }

    pub(crate) fn step_started(&mut self) {
        self.refused_in_step = 0;
    }

    /// Something has happened at the MSC or the SGSN that serves it.
    pub(crate) fn served(&mut self, now: Instant, over: SmsAccess, event: ServingNodeEvent) -> Option<ImsFact> {
        let by = over.to_string();
        match event {
            ServingNodeEvent::Delivered { tpdu, .. } => {
                match Tpdu::parse(Direction::ToMs, Carrier::Data, &tpdu).ok()? {
                    Tpdu::Deliver(deliver) => self.delivered(now, over, deliver),
                    Tpdu::StatusReport(report) => Some(self.reported(&report)),
                    _ => None,
                }
            }
            ServingNodeEvent::Refused { error, .. } => Some(self.refused(format!("{by}: {error}"))),
            ServingNodeEvent::Repeated { .. } => None,
            ServingNodeEvent::Sent { report, .. } => self.answered(now, over, Ok(report)),
            ServingNodeEvent::NotSent { cause, report, .. } => self.answered(now, over, Err((cause, report))),
            ServingNodeEvent::MemoryKnown { result, .. } => {
                let result = result.map(|()| None).map_err(|cause| (cause, None));
                self.answered(now, over, result)
            }
        }
    }

    /// The MSC or the SGSN answers what the UE has sent by it: RP-ACK or RP-ERROR, with SMS-SUBMIT-REPORT if there is one.
    fn answered(&mut self, now: Instant, over: SmsAccess, result: Answer) -> Option<ImsFact> {
        let reference = self.relayed.remove(&over)?;
        let parse = |carrier, tpdu: Option<Vec<u8>>| tpdu.and_then(|t| Tpdu::parse(Direction::ToMs, carrier, &t).ok());
        let message = match result {
            Ok(report) => RpMessage::ack(Direction::ToMs, reference, parse(Carrier::Ack, report).as_ref()),
            Err((cause, report)) => {
                RpMessage::error(Direction::ToMs, reference, cause, parse(Carrier::Error, report).as_ref())
            }
        };
        self.client.handle_input(now, SmsInput::Relayed { access: over, octets: &message.emit() });
        None
    }

    /// A message, or a part of one, that an MSC or an SGSN has brought.
    fn delivered(&mut self, now: Instant, over: SmsAccess, deliver: Deliver) -> Option<ImsFact> {
        let (from, protocol_identifier) = (deliver.originator, deliver.protocol_identifier);
        let (assembled, _) = self.parts.add(now, from, deliver.coding, deliver.user_data);
        let Assembled::Whole(whole) = assembled else { return None };
        let message = ReceivedSms {
            number: None,
            replaces: None,
            from,
            service_centre: None,
            service_centre_time: deliver.service_centre_time,
            ports: whole.header.ports(),
            content: whole.content,
            coding: whole.coding,
            protocol_identifier,
            parts: whole.parts,
            access: over,
        };
        if MmsClient::is_push(&message) {
            self.pushes.push_back(message);
            return None;
        }
        let what = (&message.from, &message.content, message.service_centre_time);
        Some(self.came(now, what, over.to_string(), message.parts))
    }

    /// A status report that they have brought.
    fn reported(&mut self, report: &StatusReport) -> ImsFact {
        self.figures.reports += 1;
        let number = self.references.get(&report.reference).copied().filter(|_| !report.of_command);
        ImsFact::SmsReported { number, status: report.status.to_string() }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let gateway = self.gateway.as_ref().and_then(|own| own.agent.poll_timeout());
        self.client.poll_timeout().into_iter().chain(gateway).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if let Some(own) = self.gateway.as_mut().filter(|own| own.agent.poll_timeout().is_some_and(|at| at <= now)) {
            own.agent.handle_timeout(now);
        }
        if self.client.poll_timeout().is_some_and(|at| at <= now) {
            self.client.handle_timeout(now);
        }
    }

    /// What is to be done.
    pub(crate) fn poll_output(&mut self, now: Instant) -> Option<SmsUeOutput> {
        loop {
            if let Some(push) = self.pushes.pop_front() {
                return Some(SmsUeOutput::Push(Box::new(push)));
            }
            if let Some(output) = self.client.poll_output() {
                let done = match output {
                    SmsOutput::Agent(command) => match &mut self.gateway {
                        None => Some(SmsUeOutput::Agent(command)),
                        Some(own) => {
                            own.agent.handle_input(now, AgentInput::Command(command));
                            None
                        }
                    },
                    SmsOutput::Relay { access, octets } => self.relay(access, &octets),
                    SmsOutput::Event(event) => self.told(now, event).map(|fact| SmsUeOutput::Fact(Box::new(fact))),
                };
                match done {
                    Some(output) => return Some(output),
                    None => continue,
                }
            }
            let own = self.gateway.as_mut()?;
            match own.agent.poll_output()? {
                AgentOutput::Sip { target, bytes } => return Some(SmsUeOutput::Sip(own.contact, target, bytes)),
                AgentOutput::Authenticate(challenge) => {
                    let answer = own.usim.authenticate(&challenge);
                    own.agent.handle_input(now, AgentInput::Authenticated(answer));
                }
                AgentOutput::Event(event) => self.client.handle_input(now, SmsInput::Agent(&event)),
                AgentOutput::Msrp(_) => {}
            }
        }
    }

    /// A message of the relay layer goes by the MSC or the SGSN, as one of their subscribers.
    fn relay(&mut self, over: SmsAccess, octets: &[u8]) -> Option<SmsUeOutput> {
        let message = RpMessage::parse(octets).ok()?;
        let imsi = self.imsi.clone();
        let order = match &message.body {
            RpBody::Data(data) => {
                let (service_centre, tpdu) = (data.destination.as_ref()?.e164()?, data.user_data.octets().to_vec());
                ServingNodeOrder::Send { imsi, service_centre, tpdu }
            }
            RpBody::Smma(_) => ServingNodeOrder::MemoryAvailable { imsi },
            _ => return None,
        };
        self.relayed.insert(over, message.reference);
        Some(SmsUeOutput::Order(over, order))
    }

    /// What an event of the agent says.
    fn told(&mut self, now: Instant, event: SmsEvent) -> Option<ImsFact> {
        Some(match event {
            SmsEvent::Registered { expires_s, refreshed, .. } => {
                self.is_registered = true;
                ImsFact::SmsRegistered { expires_s, refreshed }
            }
            SmsEvent::RegistrationFailed { why } => ImsFact::Sms { what: format!("registration failed: {why}") },
            SmsEvent::Unregistered(why) => {
                self.is_registered = false;
                ImsFact::SmsUnregistered { why: format!("{why:?}") }
            }
            SmsEvent::PartSent { message, part, parts, reference, access, attempts } => {
                self.references.insert(reference, message);
                let by = access.to_string();
                ImsFact::SmsPartTaken { number: message, part, parts, by, attempts }
            }
            SmsEvent::Sent { message, result } => {
                let sent = self.untaken.remove(&message);
                let after_s = sent.map_or(0.0, |sent| now.saturating_duration_since(sent).as_secs_f64());
                match &result {
                    Ok(()) => self.figures.taken += 1,
                    Err(_) => self.figures.refused += 1,
                }
                ImsFact::SmsTaken { number: message, why: result.err().map(|why| why.to_string()), after_s }
            }
            SmsEvent::Received(message) if MmsClient::is_push(&message) => {
                self.pushes.push_back(*message);
                return None;
            }
            SmsEvent::Received(message) => {
                let by = message.access.to_string();
                self.came(now, (&message.from, &message.content, message.service_centre_time), by, message.parts)
            }
            SmsEvent::StatusReport(report) => {
                self.figures.reports += 1;
                ImsFact::SmsReported { number: report.of.map(|(number, _)| number), status: report.status.to_string() }
            }
            SmsEvent::Duplicate { from } => {
                ImsFact::Sms { what: format!("a message of {from} again: acknowledged, not shown") }
            }
            SmsEvent::MemoryFull { from } => self.refused(format!("a message of {from}: the memory is full")),
            SmsEvent::MemoryAvailable { result } => {
                let heard =
                    result.map_or_else(|why| format!("nobody has heard it: {why}"), |()| "the network knows".into());
                ImsFact::Sms { what: format!("there is memory again, {heard}") }
            }
            SmsEvent::PartReceived { .. } => return None,
            other => ImsFact::Sms { what: format!("{other:?}") },
        })
    }

    fn refused(&mut self, what: String) -> ImsFact {
        self.refused_in_step += 1;
        ImsFact::Sms { what: format!("refused: {what}") }
    }

    fn came(
        &mut self,
        now: Instant,
        (from, content, time): (&Address, &Content, Timestamp),
        by: String,
        parts: u8,
    ) -> ImsFact {
        let (mut number, mut after_s) = (None, None);
        match self.expected.comes(from, content, time) {
            Arrival::Expected(own) => {
                let after = now.saturating_duration_since(own.sent);
                self.figures.delivered += 1;
                self.figures.longest_ns =
                    self.figures.longest_ns.max(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX));
                (number, after_s) = (Some(own.number), Some(after.as_secs_f64()));
            }
            Arrival::Again => self.figures.doubled += 1,
            Arrival::Unknown => {}
        }
        ImsFact::SmsReceived { number, from: from.to_string(), by, parts, after_s }
    }

    /// Messages to it that have not come.
    pub(crate) fn missing(&self) -> u64 {
        self.expected.missing() as u64
    }

    /// It has come to a state that a step waits for; none: the state is not of short messages.
    pub(crate) fn is_in(&self, state: ImsState) -> Option<bool> {
        Some(match state {
            ImsState::SmsRegistered => self.is_registered,
            ImsState::SmsUnregistered => !self.is_registered,
            ImsState::SmsTaken => self.untaken.is_empty(),
            ImsState::SmsReceived => self.expected.missing() == 0,
            ImsState::SmsRefused => self.refused_in_step > 0,
            _ => return None,
        })
    }
}
