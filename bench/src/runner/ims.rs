//! The core network of a run, IMS, MBMS and MC servers alike: nodes and UE agents at their exact instants, every message through
//! the faults and the tap.

use std::collections::BTreeMap;
use std::time::Duration;

use core_network::node::{AccessEvent, Admin, FabricOutput, WireMessage};
use hil::agent::media::MediaDatagram;
use hil::agent::sip::{AgentCommand, OutgoingMessage};
use protocol::{Instant, Joint, TapEvent, UdpDatagram};

use super::Runner;
use super::migration::UserNames;
use crate::errors::CommandError;
use crate::event::{ImsFact, TIMEOUT, What};
use crate::faults;
use crate::ims::ImsNetwork;
use crate::ims::access::Passage;
use crate::ims::agent::{ExpectedMessage, ImsUe, ImsUeOutput, session_description};
use crate::ims::chat::stream_output;
use crate::ims::fault::WireFaults;
use crate::ims::mask;
use crate::ims::mms::MmsAsk;
use crate::ims::services::sms::serving_node;
use crate::ims::sms::SmsUe;
use crate::ladder::{self, LadderWatch};
use crate::mbms::config::{self, PROVIDER};
use crate::scenario::{HSS, ImsState, ImsStep, Scenario, Selector};

/// The core network and what a run remembers for it.
pub(super) struct RunNetwork {
    pub(super) network: ImsNetwork,
    /// Of each UE of the scenario, its place where it listens to a group's bearer itself, and where its MC client does.
    pub(super) listeners: Vec<Listener>,
    faults: WireFaults,
    /// What ladders have seen by now, for faults on their steps.
    watch: LadderWatch,
    /// Users who migrate.
    pub(super) user_names: UserNames,
    held_back: BTreeMap<(Instant, u64), (WireMessage, Vec<u8>)>,
    held: u64,
    pub(super) messages: u64,
}

/// Places of a UE among those of the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listener {
    pub(super) group: Option<usize>,
    pub(super) mc: Option<usize>,
}

impl Listener {
    fn of(network: &ImsNetwork, name: &str) -> Self {
        let place = network.ues.place(name);
        let has = |is_it: fn(&ImsUe) -> bool| place.filter(|place| is_it(&network.ues[*place]));
        Self { group: has(|own| own.audio.reception().is_some()), mc: has(|own| own.mc.is_some()) }
    }
}

impl RunNetwork {
    pub(super) fn new(network: ImsNetwork, scenario: &Scenario) -> Self {
        let faults = WireFaults::new(&scenario.faults);
        let ladders = || [ladder::ims_ladders(scenario), ladder::session_starts(scenario)].concat();
        let ladders = if faults.ask_ladders() { ladders() } else { Vec::new() };
        let mut watch = LadderWatch::new(&ladders);
        for (place, session) in scenario.sessions.iter().enumerate() {
            if let Ok((tmgi, _)) = config::assigned(scenario, place) {
                watch.session_named(&session.name, tmgi);
            }
        }
        let listeners = scenario.ues.iter().map(|ue| Listener::of(&network, &ue.name)).collect();
        let user_names = UserNames::of(scenario);
        Self { network, listeners, faults, watch, user_names, held_back: BTreeMap::new(), held: 0, messages: 0 }
    }

    /// When something is due.
    pub(super) fn poll_timeout(&mut self) -> Option<Instant> {
        let held_back = self.held_back.first_key_value().map(|((at, _), _)| *at);
        let ues = self.network.ues.poll_timeout();
        ues.into_iter().chain(self.network.fabric.poll_timeout()).chain(held_back).min()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.network.fabric.handle_timeout(now);
        self.network.ues.handle_timeout(now);
    }

    pub(super) fn step_started(&mut self, index: usize) {
        self.watch.step_started(index);
        for ue in self.network.ues.iter_mut() {
            (ue.state.registered_in_step, ue.state.notified_in_step) = (0, 0);
            ue.sms.iter_mut().for_each(SmsUe::step_started);
        }
    }

    /// Places of the UEs that a step names.
    pub(super) fn selected(&self, ue: &Selector) -> Vec<usize> {
        let ues = self.network.ues.iter().enumerate();
        ues.filter(|(_, own)| ue.selects(&own.name)).map(|(index, _)| index).collect()
    }

    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.network.ues.place(name)
    }
}

impl Runner<'_> {
    /// What the core network does before `end`; false when that was nothing.
    pub(super) fn turn_network(&mut self, end: Instant) -> Result<bool, CommandError> {
        let mut now = self.now;
        let mut is_busy = false;
        loop {
            let Some(ims) = &mut self.ims else { return Ok(is_busy) };
            let Some(due) = ims.poll_timeout().filter(|&due| due < end) else { return Ok(is_busy) };
            is_busy = true;
            now = now.max(due);
            let late = ims.held_back.first_entry().filter(|entry| entry.key().0 <= now).map(|entry| entry.remove());
            match late {
                Some((message, bytes)) => self.send_wire(now, message, bytes)?,
                None => ims.handle_timeout(now),
            }
            self.drain_network(now)?;
        }
    }

    /// Takes what nodes and agents have to say, until nobody has.
    pub(super) fn drain_network(&mut self, now: Instant) -> Result<(), CommandError> {
        loop {
            let Some(ims) = &mut self.ims else { return Ok(()) };
            self.mbms.iter_mut().for_each(|mbms| mbms.pump(now, &mut ims.network.fabric));
            if let Some(output) = ims.network.fabric.poll_output() {
                self.fabric_output(now, output)?;
                continue;
            }
            self.sms_served(now)?;
            let Some(ims) = &mut self.ims else { return Ok(()) };
            match ims.network.ues.poll_output(now) {
                None if self.mbms.is_empty() => return Ok(()),
                None => {
                    self.drain_mbms(now)?;
                    return Ok(());
                }
                Some((_, ImsUeOutput::Sip(from, target, bytes))) => ims.network.fabric.send(now, from, target, bytes),
                Some((_, ImsUeOutput::ServingNode(over, order))) => {
                    ims.network.fabric.admin(now, serving_node(over), Admin::ServingNode(Box::new(order)));
                }
                Some((index, ImsUeOutput::Fact(fact))) => {
                    let ue = ims.network.ues[index].name.clone();
                    self.mms_refused(&fact);
                    self.observer.fact(now, What::Ims { ue, fact: *fact })?;
                }
                Some((index, ImsUeOutput::Http(ask))) => {
                    let MmsAsk { token, from, to, request } = *ask;
                    let exchange = ims.network.fabric.http(now, from, to, request);
                    ims.network.ues[index].mms.iter_mut().for_each(|mms| mms.asked(exchange, token));
                }
                Some((index, ImsUeOutput::Web(wish))) => self.migrant_asks(now, index, *wish),
                Some((index, ImsUeOutput::File(name, octets))) => {
                    let ue = ims.network.ues[index].name.clone();
                    self.keep_file(&ue, &name, &octets)?;
                }
                Some((index, ImsUeOutput::Stream(output))) => {
                    let name = ims.network.ues[index].name.clone();
                    if let Some(output) = stream_output(output) {
                        ims.network.fabric.stream_from_outside(now, &name, output);
                    }
                }
                Some((_, ImsUeOutput::Datagram(MediaDatagram { local, remote, bytes }))) => {
                    ims.network.fabric.datagram_from_outside(local, remote, bytes);
                }
                Some((index, ImsUeOutput::Event(event))) => self.ims_event(now, index, *event)?,
                Some((index, ImsUeOutput::Mc(event))) => self.mc_event(now, index, *event)?,
            }
        }
    }

    fn fabric_output(&mut self, now: Instant, output: FabricOutput) -> Result<(), CommandError> {
        let Some(ims) = &mut self.ims else { return Ok(()) };
        match output {
            FabricOutput::Message(message) => self.wire(now, message),
            FabricOutput::Outside { to, flow, bytes } => {
                if let Some(index) = ims.place(&to).filter(|&i| !ims.network.ues[i].is_out_of_reach) {
                    ims.network.ues[index].receive(now, flow, &bytes);
                }
                Ok(())
            }
            FabricOutput::AtOutside { to, event } if to == PROVIDER => {
                if let Some(mbms) = self.mbms.first_mut() {
                    mbms.handle(event);
                }
                Ok(())
            }
            FabricOutput::AtOutside { to, event } => self.at_outside(now, &to, event),
            FabricOutput::OutsideFailed { from, target, why } => {
                if let Some(index) = ims.place(&from) {
                    ims.network.ues[index].failed(now, target, why);
                }
                Ok(())
            }
            FabricOutput::Note { from, note } => {
                self.observer.fact(now, What::Note { text: format!("{from}: {note}") })
            }
        }
    }

    /// A message is sent: what the faults make of it goes on.
    fn wire(&mut self, now: Instant, message: WireMessage) -> Result<(), CommandError> {
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let is_lost = |name: &str| ims.place(name).is_some_and(|i| ims.network.ues[i].is_out_of_reach);
        if is_lost(&message.from) || is_lost(&message.to) {
            return Ok(());
        }
        if message.joint == Joint::M1 {
            return self.wire_m1(now, message);
        }
        let mut fate = ims.faults.judge(&tap(now, &message), &ims.watch);
        match pass(ims, now, &message) {
            Passage::Lost => return Ok(()),
            Passage::After(delay) => fate.delay += delay,
        }
        for _ in 0..fate.copies {
            if fate.delay.is_zero() {
                self.send_wire(now, message.clone(), fate.bytes.clone())?;
            } else if let Some(ims) = &mut self.ims {
                ims.held += 1;
                ims.held_back.insert((now + fate.delay, ims.held), (message.clone(), fate.bytes.clone()));
            }
        }
        Ok(())
    }

    /// A datagram of M1, whose faults know what is in it. A host throws away what has a wrong checksum (RFC 768).
    fn wire_m1(&mut self, now: Instant, mut message: WireMessage) -> Result<(), CommandError> {
        let mut event = tap(now, &message);
        if !faults::apply(&self.loaded.scenario.faults, "", &mut event) {
            return Ok(());
        }
        self.observer.tap(event.clone())?;
        match UdpDatagram::parse(&event.bytes) {
            Ok(datagram) => {
                message.bytes = datagram.payload.to_vec();
                if let Some(ims) = &mut self.ims {
                    ims.network.fabric.carry(now, message);
                }
                Ok(())
            }
            Err(why) => {
                let text = format!("{}: datagram dropped: {why}", message.to);
                self.observer.fact(now, What::Note { text })
            }
        }
    }

    /// A message goes on its way and past the tap.
    fn send_wire(&mut self, now: Instant, mut message: WireMessage, bytes: Vec<u8>) -> Result<(), CommandError> {
        let Some(ims) = &mut self.ims else { return Ok(()) };
        message.bytes = bytes;
        self.mbms.iter_mut().for_each(|mbms| mbms.see(&message));
        let mut event = tap(now, &message);
        mask::keys(event.joint, &mut event.bytes);
        if ims.faults.ask_ladders() {
            ims.watch.observe(&event, 0);
        }
        ims.network.fabric.carry(now, message);
        self.identity_hop(now, &event)?;
        self.observer.tap(event)
    }

    /// Does a step on the IMS and tells why it ended.
    pub(super) fn ims_step(&mut self, step: &ImsStep) -> Result<&'static str, CommandError> {
        if let ImsStep::RunUntilIms { ue, state, timeout_ms } = step {
            let until = self.now + Duration::from_millis(*timeout_ms);
            return self.advance(until, TIMEOUT, |runner| runner.are_in(ue, *state).then_some("reached"));
        }
        match step {
            ImsStep::ImsMessage { from, to, text } => self.ims_message(from, to, text)?,
            ImsStep::ImsCall { from, to } => self.ims_call(from, to)?,
            other => {
                let ue = other.ues().into_iter().next().map(|(_, ue)| ue).unwrap_or_default();
                let places = self.ims.as_ref().map(|ims| ims.selected(&ue)).unwrap_or_default();
                for index in places {
                    self.ims_order(index, other)?;
                }
            }
        }
        self.drain_network(self.now)?;
        Ok("done")
    }

    fn are_in(&self, ue: &Selector, state: ImsState) -> bool {
        let Some(ims) = &self.ims else { return true };
        ims.selected(ue).into_iter().all(|index| ims.network.ues[index].is_in(state))
    }

    /// One UE does what a step says.
    fn ims_order(&mut self, index: usize, step: &ImsStep) -> Result<(), CommandError> {
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let network = &mut ims.network;
        let own = &mut network.ues[index];
        let call = own.state.call;
        match step {
            ImsStep::ImsRegister { .. } => {
                own.state.register_from = now;
                own.command(now, AgentCommand::Register);
            }
            ImsStep::ImsSubscribeReg { .. } => own.command(now, AgentCommand::SubscribeReg),
            ImsStep::ImsDeregister { .. } => own.command(now, AgentCommand::Deregister),
            ImsStep::ImsNetworkDeregister { .. } => {
                let impi = network.impi(index);
                let info = "the scenario wants it".to_owned();
                network.fabric.admin(now, HSS, Admin::Deregister { impi, reason: 0, info });
            }
            ImsStep::ImsAnswer { .. } => own.answer(now),
            ImsStep::LoseBearer { .. } => {
                let (pcscf, contact, ue) = (own.pcscf.clone(), own.contact, own.name.clone());
                own.is_out_of_reach = true;
                own.command(now, AgentCommand::Vanish);
                own.sms.iter_mut().for_each(|sms| sms.vanish(now));
                network.fabric.access(now, &pcscf, AccessEvent::BearerLost { ue: contact });
                self.observer.fact(now, What::Ims { ue, fact: ImsFact::BearerLost })?;
            }
            ImsStep::UsimAhead { .. } => own.usim_ahead(),
            ImsStep::RestoreBearer { .. } => {
                own.is_out_of_reach = false;
                let ue = own.name.clone();
                self.observer.fact(now, What::Ims { ue, fact: ImsFact::BearerRestored })?;
            }
            _ => match (step, call) {
                (ImsStep::ImsReject { status, .. }, Some(call)) => {
                    own.command(now, AgentCommand::Reject { call, status: *status });
                }
                (ImsStep::ImsHold { .. }, Some(call)) => own.command(now, AgentCommand::Hold(call)),
                (ImsStep::ImsResume { .. }, Some(call)) => own.command(now, AgentCommand::Resume(call)),
                (ImsStep::ImsHangup { .. } | ImsStep::ImsCancel { .. }, Some(call)) => {
                    own.command(now, AgentCommand::HangUp(call));
                }
                _ => {
                    let text = format!("{} has no call: {step} does nothing", own.name);
                    self.observer.fact(now, What::Note { text })?;
                }
            },
        }
        self.drain_network(now)
    }

    fn ims_message(&mut self, from: &str, to: &str, text: &str) -> Result<(), CommandError> {
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let (Some(sender), Some(receiver)) = (ims.place(from), ims.place(to)) else { return Ok(()) };
        ims.messages += 1;
        let number = ims.messages;
        let ues = &mut ims.network.ues;
        ues[receiver].state.expected.push_back(ExpectedMessage { number, text: text.to_owned(), sent: now });
        let message = OutgoingMessage {
            token: number,
            to: ues[receiver].impu.clone(),
            content_type: "text/plain".into(),
            body: text.as_bytes().to_vec(),
            headers: Vec::new(),
        };
        ues[sender].state.unanswered += 1;
        ues[sender].command(now, AgentCommand::Message(message));
        let fact = ImsFact::MessageSent { number, to: to.to_owned(), text: text.to_owned() };
        self.observer.fact(now, What::Ims { ue: from.to_owned(), fact })
    }

    fn ims_call(&mut self, from: &str, to: &str) -> Result<(), CommandError> {
        let now = self.now;
        let Some(ims) = &mut self.ims else { return Ok(()) };
        let (Some(caller), Some(callee)) = (ims.place(from), ims.place(to)) else { return Ok(()) };
        let to_uri = ims.network.ues[callee].impu.clone();
        let own = &mut ims.network.ues[caller];
        let call = own.new_call();
        own.state.begin_call(now, call, false);
        let sdp = session_description(own.contact, "sendrecv");
        own.command(now, AgentCommand::Call { call, to: to_uri, sdp, headers: Vec::new(), parts: Vec::new() });
        self.observer.fact(now, What::Ims { ue: from.to_owned(), fact: ImsFact::Calls { to: to.to_owned() } })
    }

    /// Messages that nobody answered and calls that nobody ended stay as they are: nothing to close.
    pub(super) fn finish_network(&mut self) -> Result<(), CommandError> {
        self.drain_network(self.now)?;
        self.finish_groups()?;
        self.finish_mc()?;
        self.finish_sms()?;
        self.finish_mms()?;
        let books = self.ims.as_ref().and_then(|ims| ims.network.books.clone());
        let measured = books.map(|books| books.measure(&self.loaded.scenario)).transpose()?;
        for measurement in measured.unwrap_or_default() {
            self.observer.fact(self.now, What::Measured(measurement))?;
        }
        Ok(())
    }
}

/// What the access of a UE does to a message from it or to it.
fn pass(ims: &mut RunNetwork, now: Instant, message: &WireMessage) -> Passage {
    let mut delay = Duration::ZERO;
    for (name, other, from_ue) in [(&message.from, &message.to, true), (&message.to, &message.from, false)] {
        let system = ims.network.system_of(other);
        let Some(own) = ims.network.ues.named_mut(name) else { continue };
        // What is not heard does not hear.
        if own.migrant.as_ref().is_some_and(|own| !own.hears(system)) {
            return Passage::Lost;
        }
        match own.access.pass(now + delay, message.bytes.len(), message.transport.is_reliable(), from_ue) {
            Passage::Lost => return Passage::Lost,
            Passage::After(more) => delay += more,
        }
    }
    Passage::After(delay)
}

/// A message as the tap sees it.
fn tap(at: Instant, message: &WireMessage) -> TapEvent {
    let WireMessage { source, destination, bytes, .. } = message;
    // M1 is seen from its IP header on.
    let of_m1 = || UdpDatagram { source: *source, destination: *destination, payload: bytes }.emit().ok();
    let datagram = if message.joint == Joint::M1 { of_m1() } else { None };
    TapEvent {
        at,
        joint: message.joint,
        from: message.from.clone(),
        to: message.to.clone(),
        channel: if datagram.is_some() { String::new() } else { message.channel() },
        lcid: 0,
        bytes: datagram.unwrap_or_else(|| bytes.clone()),
    }
}
