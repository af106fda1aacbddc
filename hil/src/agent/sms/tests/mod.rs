//! An SMS agent against scripted peers: by itself, and with its SIP agent against a gateway.

mod any_body;
mod gateway;
mod lossy;
mod receiving;
mod sending;

use std::time::Duration;

use protocol::sip::Refusal;
use protocol::sms::{Address, Content, Deliver, Direction, RpBody, RpMessage, Timestamp, Tpdu, UserData};
use protocol::{Entropy, Instant};

use super::*;
use crate::agent::sip::{AgentCommand, AgentEvent, IncomingMessage, OutgoingMessage, Registered, UnregisteredWhy};

const CENTRE: &str = "+358401234500";
const GATEWAY: &str = "sip:ipsmgw.ims.example";
const ME: &str = "sip:ue0@ims.example";

/// An agent, and what it has said.
struct Rig {
    client: SmsClient,
    now: Instant,
    messages: Vec<OutgoingMessage>,
    relayed: Vec<(SmsAccess, Vec<u8>)>,
    events: Vec<SmsEvent>,
    /// Answers to MESSAGE.
    answer: Result<u16, Refusal>,
    calls: u32,
}

impl Rig {
    fn new(change: impl FnOnce(&mut SmsConfig)) -> Self {
        let mut config = SmsConfig::new(SmsPath::Ims, number(CENTRE));
        change(&mut config);
        let mut rig = Self::detached(SmsClient::new(config, Entropy::of_box(7, "sms")));
        rig.agent(&AgentEvent::Registered(Registered {
            expires_s: 600,
            associated: vec![ME.into()],
            service_route: Vec::new(),
            refreshed: false,
        }));
        rig
    }

    fn detached(client: SmsClient) -> Self {
        let (messages, relayed, events) = (Vec::new(), Vec::new(), Vec::new());
        Self { client, now: Instant::ZERO, messages, relayed, events, answer: Ok(202), calls: 0 }
    }

    fn input(&mut self, input: SmsInput<'_>) {
        self.client.handle_input(self.now, input);
        self.drain();
    }

    fn agent(&mut self, event: &AgentEvent) {
        self.input(SmsInput::Agent(event));
    }

    fn command(&mut self, command: SmsCommand) {
        self.input(SmsInput::Command(command));
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                SmsOutput::Agent(AgentCommand::Message(message)) => {
                    let result = AgentEvent::MessageResult { token: message.token, result: self.answer.clone() };
                    assert!(self.client.is_own(&result));
                    self.messages.push(message);
                    self.client.handle_input(self.now, SmsInput::Agent(&result));
                }
                SmsOutput::Agent(other) => panic!("{other:?}"),
                SmsOutput::Relay { access, octets } => self.relayed.push((access, octets)),
                SmsOutput::Event(event) => self.events.push(event),
            }
        }
    }

    fn run(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(due) = self.client.poll_timeout().filter(|due| *due <= end) {
            assert!(due >= self.now, "time does not run back");
            self.now = due;
            self.client.handle_timeout(due);
            self.drain();
            assert!(self.client.poll_timeout().is_none_or(|next| next > due), "a busy loop at {due}");
        }
        self.now = end;
    }

    /// A MESSAGE of the gateway with these octets.
    fn comes(&mut self, octets: &[u8], in_reply_to: Option<&str>) {
        self.calls += 1;
        let message = IncomingMessage {
            from: GATEWAY.into(),
            to: ME.into(),
            call_id: format!("call-{}", self.calls),
            in_reply_to: in_reply_to.map(ToOwned::to_owned),
            content_type: "application/vnd.3gpp.sms".into(),
            body: octets.to_vec(),
        };
        let event = AgentEvent::MessageReceived(message);
        assert!(self.client.is_own(&event));
        self.agent(&event);
    }

    fn delivers(&mut self, reference: u8, deliver: &Deliver) {
        let message = RpMessage::mobile_terminated(reference, number(CENTRE), &Tpdu::Deliver(deliver.clone()));
        self.comes(&message.emit(), None);
    }

    /// The service centre has the last message.
    fn acknowledges(&mut self) {
        let last = self.last();
        let ack = RpMessage::ack(Direction::ToMs, last.reference, None);
        self.comes(&ack.emit(), None);
    }

    fn last(&self) -> RpMessage {
        RpMessage::parse(&self.messages.last().expect("it has said something").body).unwrap()
    }

    fn has_acknowledged(&self) -> bool {
        matches!(self.last().body, RpBody::Ack(_))
    }

    fn take_events(&mut self) -> Vec<SmsEvent> {
        std::mem::take(&mut self.events)
    }
}

fn number(text: &str) -> Address {
    Address::of_number(text).unwrap()
}

fn octets(hex: &str) -> Vec<u8> {
    hex::decode(hex.replace(' ', "")).unwrap()
}

fn text(text: &str) -> Content {
    Content::Text(text.into())
}

fn deliver(said: &str, second: u64) -> Deliver {
    let (coding, data) = UserData::of_text(said).unwrap();
    Deliver::new(number("+358401234567"), Timestamp::from_utc_ms(1_794_518_460_000 + second * 1000, 0), coding, data)
}

fn send(message: u64, said: &str) -> SmsCommand {
    SmsCommand::Send(Box::new(OutgoingSms::new(message, number("+358401234567"), text(said))))
}
