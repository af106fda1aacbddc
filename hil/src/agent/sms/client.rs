//! The agent: what the user wants, what the SIP agent tells, and what comes by SGSN and MSC, in one machine.

mod receiving;
mod sending;

use std::collections::{BTreeSet, VecDeque};

use protocol::sms::{SMS_MEDIA_TYPE, SmsAccess, UserDataHeader, is_sms};
use protocol::{Entropy, Instant};

use self::sending::{Awaited, Queue, Transfer};
use super::config::{SmsConfig, SmsPath};
use super::io::{SmsCommand, SmsEvent, SmsInput, SmsOutput};
use super::memory::SmsMemory;
use crate::agent::sip::{AgentCommand, AgentEvent, OutgoingMessage};

/// Its tokens are from the first to the last: others of the same SIP agent are below and above.
const FIRST_TOKEN: u64 = 1 << 47;
const LAST_TOKEN: u64 = (1 << 48) - 1;

/// An SMS agent.
#[derive(Debug)]
pub struct SmsClient {
    config: SmsConfig,
    entropy: Entropy,
    memory: SmsMemory,
    next_token: u64,
    /// RP-MR of the last message that it has sent.
    relay_reference: u8,
    /// Reference of the last message in parts.
    concatenation: u8,
    /// Accesses that it has at the moment.
    accesses: BTreeSet<SmsAccess>,
    queue: Queue,
    /// What is being sent: one at a time (TS 24.011 clause 5.3.1).
    transfer: Option<Transfer>,
    /// Parts whose status reports are awaited.
    awaited: VecDeque<Awaited>,
    /// Reports on their way to the gateway.
    reports: BTreeSet<u64>,
    /// Address of the gateway: it has sent the last message.
    gateway: Option<String>,
    /// Memory was freed, or there is an access again, since the network was told of memory last.
    has_changed: bool,
    /// A message was refused since then.
    has_refused_again: bool,
    outputs: VecDeque<SmsOutput>,
}

impl SmsClient {
    /// Feature tag of the Contact in REGISTER (TS 24.341 clause 5.3.1.1).
    pub const FEATURE: &str = "+g.3gpp.smsip";

    /// An agent with an empty memory. Its reference numbers begin where `entropy` says.
    pub fn new(config: SmsConfig, mut entropy: Entropy) -> Self {
        let memory = SmsMemory::new(config.places, config.patience, octet(&mut entropy));
        Self {
            memory,
            next_token: FIRST_TOKEN,
            relay_reference: octet(&mut entropy),
            concatenation: octet(&mut entropy),
            config,
            entropy,
            accesses: BTreeSet::new(),
            queue: Queue::default(),
            transfer: None,
            awaited: VecDeque::new(),
            reports: BTreeSet::new(),
            gateway: None,
            has_changed: false,
            has_refused_again: false,
            outputs: VecDeque::new(),
        }
    }

    /// An agent that goes on with the memory of another one.
    pub fn with_memory(config: SmsConfig, entropy: Entropy, memory: SmsMemory) -> Self {
        Self { memory, ..Self::new(config, entropy) }
    }

    /// Its memory, for the next one: what was being sent is lost.
    pub fn into_memory(self) -> SmsMemory {
        self.memory
    }

    /// Its memory.
    pub const fn memory(&self) -> &SmsMemory {
        &self.memory
    }

    /// It has this access at the moment.
    pub fn has(&self, access: SmsAccess) -> bool {
        self.accesses.contains(&access)
    }

    /// Nothing is being sent, or waits to be.
    pub fn is_idle(&self) -> bool {
        self.transfer.is_none() && self.queue.is_empty()
    }

    /// True for what the SIP agent tells the SMS agent and nobody else. It is asked before the SMS agent is told.
    pub fn is_own(&self, event: &AgentEvent) -> bool {
        match event {
            AgentEvent::MessageResult { token, .. } => (FIRST_TOKEN..=LAST_TOKEN).contains(token),
            AgentEvent::MessageReceived(message) => is_sms(&message.content_type),
            AgentEvent::Registered(_) | AgentEvent::RegistrationFailed { .. } | AgentEvent::Unregistered(_) => {
                self.config.path == SmsPath::Gateway
            }
            _ => false,
        }
    }

    /// Something has come in.
    pub fn handle_input(&mut self, now: Instant, input: SmsInput<'_>) {
        match input {
            SmsInput::Agent(event) => self.told_by_agent(now, event),
            SmsInput::Relayed { access, octets } => self.relayed(now, access, octets),
            SmsInput::Attached { access, is_there } => self.attached(access, is_there),
            SmsInput::Command(command) => self.command(command),
        }
        self.settle(now);
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        for given_up in self.memory.handle_timeout(now) {
            self.has_changed = true;
            self.incomplete(&given_up);
        }
        self.sending_timeout(now);
        self.settle(now);
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let transfer = self.transfer.as_ref().map(Transfer::due);
        transfer.into_iter().chain(self.memory.poll_timeout()).min()
    }

    /// What is to be done.
    pub fn poll_output(&mut self) -> Option<SmsOutput> {
        self.outputs.pop_front()
    }

    fn told_by_agent(&mut self, now: Instant, event: &AgentEvent) {
        let is_own = self.config.path == SmsPath::Gateway;
        match event {
            AgentEvent::Registered(registered) => {
                self.has_changed |= self.accesses.insert(SmsAccess::Ip);
                if is_own {
                    let msisdn = registered.associated.iter().find_map(|uri| uri.strip_prefix("tel:"));
                    self.event(SmsEvent::Registered {
                        expires_s: registered.expires_s,
                        msisdn: msisdn.map(ToOwned::to_owned),
                        refreshed: registered.refreshed,
                    });
                }
            }
            AgentEvent::RegistrationFailed { why, .. } if is_own => {
                self.event(SmsEvent::RegistrationFailed { why: why.clone() });
            }
            AgentEvent::Unregistered(why) => {
                self.accesses.remove(&SmsAccess::Ip);
                if is_own {
                    self.event(SmsEvent::Unregistered(why.clone()));
                }
            }
            AgentEvent::MessageResult { token, result } => self.message_answered(now, *token, result),
            AgentEvent::MessageReceived(message) if is_sms(&message.content_type) => {
                self.message_received(now, message)
            }
            _ => {}
        }
    }

    fn attached(&mut self, access: SmsAccess, is_there: bool) {
        if access == SmsAccess::Ip {
            return self.ignored("an attachment", "by IP it registers");
        }
        if is_there {
            self.has_changed |= self.accesses.insert(access);
        } else {
            self.accesses.remove(&access);
        }
    }

    fn command(&mut self, command: SmsCommand) {
        match command {
            SmsCommand::Register => self.agent(AgentCommand::Register),
            SmsCommand::Deregister => self.agent(AgentCommand::Deregister),
            SmsCommand::Send(sms) => self.enqueue(&sms),
            SmsCommand::Delete(number) => {
                let was_there = self.memory.delete(number);
                self.has_changed |= was_there;
                if !was_there {
                    self.ignored("a message to be deleted", "it is not in the memory");
                }
            }
            SmsCommand::DeleteAll => {
                self.memory.delete_all();
                self.has_changed = true;
            }
            SmsCommand::Prefer(preference) => self.config.preference = preference,
            SmsCommand::Report(reporting) => self.config.reporting = reporting,
        }
    }

    fn settle(&mut self, now: Instant) {
        self.tell_of_memory();
        self.begin_next(now);
    }

    /// A MESSAGE with a message of the relay layer (TS 24.341 clause 5.3); its token.
    fn message(&mut self, to: String, octets: Vec<u8>, headers: Vec<(String, String)>) -> u64 {
        let token = self.next_token;
        self.next_token = if token == LAST_TOKEN { FIRST_TOKEN } else { token + 1 };
        let content_type = SMS_MEDIA_TYPE.to_owned();
        self.agent(AgentCommand::Message(OutgoingMessage { token, to, content_type, body: octets, headers }));
        token
    }

    fn agent(&mut self, command: AgentCommand) {
        self.outputs.push_back(SmsOutput::Agent(command));
    }

    fn event(&mut self, event: SmsEvent) {
        self.outputs.push_back(SmsOutput::Event(event));
    }

    fn ignored(&mut self, what: &str, why: &str) {
        self.event(SmsEvent::Ignored { what: what.to_owned(), why: why.to_owned() });
    }
}

fn octet(entropy: &mut Entropy) -> u8 {
    entropy.below(256) as u8
}

/// The header that every part of a message has: application ports.
fn header_of(ports: Option<protocol::sms::Ports>) -> UserDataHeader {
    ports.map_or_else(UserDataHeader::default, |ports| UserDataHeader::default().with_ports(ports))
}
