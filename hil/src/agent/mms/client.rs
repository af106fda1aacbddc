//! The agent: what the user wants, what the relay says, by HTTP, in MESSAGEs and in short messages, in one machine.

mod exchange;
mod receiving;
mod retrieval;
mod sending;

use std::collections::{BTreeMap, VecDeque};

use protocol::mms::{MMS_MEDIA_TYPE, MMS_PUSH_PORTS, MessageType};
use protocol::sms::Content;
use protocol::{Entropy, Instant};

use self::exchange::{Exchange, Task};
use super::config::MmsConfig;
use super::io::{MmsCommand, MmsEvent, MmsInput, MmsOutput};
use super::memory::Memory;
use super::web::Web;
use crate::agent::sip::AgentEvent;
use crate::agent::sms::ReceivedSms;

/// Its tokens are from the first to the last: others of the same SIP agent are below and above.
const FIRST_TOKEN: u64 = 1 << 46;
const LAST_TOKEN: u64 = (1 << 47) - 1;
/// Things that are said to the relay at a time.
const MOST_UNDER_WAY: usize = 4;
/// And that may wait.
const MOST_QUEUED: usize = 256;

/// An MMS user agent.
#[derive(Debug)]
pub struct MmsClient {
    config: MmsConfig,
    entropy: Entropy,
    web: Web,
    memory: Memory,
    /// By the IMS.
    is_registered: bool,
    next_token: u64,
    last_exchange: u64,
    queue: VecDeque<Task>,
    exchanges: BTreeMap<u64, Exchange>,
    outputs: VecDeque<MmsOutput>,
}

impl MmsClient {
    /// An agent that remembers nothing.
    pub fn new(config: MmsConfig, mut entropy: Entropy) -> Self {
        Self {
            web: Web::new(entropy.split()),
            memory: Memory::new(config.places),
            config,
            entropy,
            is_registered: false,
            next_token: FIRST_TOKEN,
            last_exchange: 0,
            queue: VecDeque::new(),
            exchanges: BTreeMap::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Nothing is being said to the relay, or waits to be.
    pub fn is_idle(&self) -> bool {
        self.exchanges.is_empty() && self.queue.is_empty()
    }

    /// True for what the SIP agent tells the MMS agent and nobody else. It is asked before the MMS agent is told.
    pub fn is_own(&self, event: &AgentEvent) -> bool {
        match event {
            AgentEvent::MessageResult { token, .. } => (FIRST_TOKEN..=LAST_TOKEN).contains(token),
            AgentEvent::MessageReceived(message) => message.is(MMS_MEDIA_TYPE),
            _ => false,
        }
    }

    /// True for a short message that is a push for the MMS agent and nobody else.
    pub fn is_push(sms: &ReceivedSms) -> bool {
        let is_ported = sms.ports.is_some_and(|ports| ports.destination == MMS_PUSH_PORTS.destination);
        is_ported && matches!(sms.content, Content::Octets(_))
    }

    /// Something has come in.
    pub fn handle_input(&mut self, now: Instant, input: MmsInput<'_>) {
        match input {
            MmsInput::Agent(event) => self.told_by_agent(now, event),
            MmsInput::ShortMessage(sms) => self.short_message(sms),
            MmsInput::Http { token, response } => self.http_answered(now, token, &response),
            MmsInput::HttpFailed { token, why } => self.http_failed(now, token, why),
            MmsInput::Command(command) => self.command(command),
        }
        self.begin_next(now);
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.exchanges_timeout(now);
        self.begin_next(now);
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.exchanges.values().map(Exchange::due).min()
    }

    /// What is to be done.
    pub fn poll_output(&mut self) -> Option<MmsOutput> {
        self.outputs.pop_front()
    }

    fn told_by_agent(&mut self, now: Instant, event: &AgentEvent) {
        match event {
            AgentEvent::Registered(_) => self.is_registered = true,
            AgentEvent::Unregistered(_) => self.is_registered = false,
            AgentEvent::MessageResult { token, result } => self.message_answered(now, *token, result),
            AgentEvent::MessageReceived(message) if message.is(MMS_MEDIA_TYPE) => self.message_received(now, message),
            _ => {}
        }
    }

    fn command(&mut self, command: MmsCommand) {
        match command {
            MmsCommand::Send(message) => self.send(&message),
            MmsCommand::Retrieve(number) => self.retrieve_by_user(number),
            MmsCommand::Reject(number) => self.reject_by_user(number),
            MmsCommand::Forward { message, number, to, delivery_report, read_report } => {
                self.forward(message, number, (to, delivery_report, read_report));
            }
            MmsCommand::Read { number, status, date } => self.read(number, status, date),
            MmsCommand::OnNotification(what) => self.config.on_notification = what,
        }
    }

    fn event(&mut self, event: MmsEvent) {
        self.outputs.push_back(MmsOutput::Event(event));
    }

    fn duplicate(&mut self, what: MessageType, id: &str) {
        self.event(MmsEvent::Duplicate { what, id: id.to_owned() });
    }

    fn ignored(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.event(MmsEvent::Ignored { what: what.into(), why: why.into() });
    }
}
