//! An MMS user agent against scripted relays and gateways.

mod any_octets;
mod lossy;
mod receiving;
mod sending;

use std::time::Duration;

use http::{Request, Response, StatusCode};
use protocol::mms::{MMS_MEDIA_TYPE, MmsAddress, MmsPdu, MmsTime, NotificationInd, RetrieveConf, SendConf, WapPush};
use protocol::sip::Refusal;
use protocol::sms::{Address, ConcatenationReference, DataCodingScheme, Deliver, RpMessage, Timestamp, Tpdu};
use protocol::{Entropy, Instant};

use super::*;
use crate::agent::sip::{AgentCommand, AgentEvent, IncomingMessage, OutgoingMessage, Registered, UnregisteredWhy};
use crate::agent::sms::{SmsClient, SmsConfig, SmsEvent, SmsInput, SmsOutput, SmsPath};

const RELAY: &str = "http://mmsc.example/";
const GATEWAY: &str = "sip:ipmgw@ims.example";
const LOCATION: &str = "http://mmsc.example/7-0-secret";
const ALICE: &str = "+358401234567";
const BOB: &str = "+358407654321";

/// By HTTP, with pushes of the gateway.
fn by_http() -> MmsConfig {
    MmsConfig { gateway: GATEWAY.to_owned(), ..MmsConfig::http(RELAY) }
}

/// An agent, and what it has said.
struct Rig {
    client: MmsClient,
    now: Instant,
    messages: Vec<OutgoingMessage>,
    requests: Vec<(u64, Request<Vec<u8>>)>,
    events: Vec<MmsEvent>,
}

impl Rig {
    fn new(config: MmsConfig) -> Self {
        let client = MmsClient::new(config, Entropy::of_box(7, "mms"));
        let (messages, requests, events) = Default::default();
        Self { client, now: Instant::ZERO, messages, requests, events }
    }

    fn http() -> Self {
        Self::new(by_http())
    }

    /// One that is registered with an IMS.
    fn ims() -> Self {
        let mut rig = Self::new(MmsConfig::ims(GATEWAY, RELAY));
        rig.register();
        rig
    }

    fn register(&mut self) {
        let (associated, service_route) = Default::default();
        self.agent(&AgentEvent::Registered(Registered { expires_s: 600, associated, service_route, refreshed: false }));
    }

    fn input(&mut self, input: MmsInput<'_>) {
        self.client.handle_input(self.now, input);
        self.drain();
    }

    fn agent(&mut self, event: &AgentEvent) {
        self.input(MmsInput::Agent(event));
    }

    fn command(&mut self, command: MmsCommand) {
        self.input(MmsInput::Command(command));
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                MmsOutput::Agent(AgentCommand::Message(message)) => self.messages.push(message),
                MmsOutput::Agent(other) => panic!("{other:?}"),
                MmsOutput::Http { token, request } => self.requests.push((token, *request)),
                MmsOutput::Event(event) => self.events.push(event),
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

    /// The last MESSAGE is answered.
    fn answers_message(&mut self, result: Result<u16, Refusal>) {
        let token = self.messages.last().unwrap().token;
        let event = AgentEvent::MessageResult { token, result };
        assert!(self.client.is_own(&event));
        self.agent(&event);
    }

    /// A MESSAGE of the gateway.
    fn comes(&mut self, octets: &[u8], in_reply_to: Option<&str>) {
        let event = AgentEvent::MessageReceived(message_of(octets, in_reply_to));
        assert!(self.client.is_own(&event));
        self.agent(&event);
    }

    fn says(&mut self, pdu: impl Into<MmsPdu>) {
        self.comes(&pdu.into().emit(&[]), None);
    }

    /// The last request of HTTP is answered.
    fn answers(&mut self, response: Response<Vec<u8>>) {
        let token = self.requests.last().unwrap().0;
        self.input(MmsInput::Http { token, response });
    }

    fn answers_pdu(&mut self, pdu: impl Into<MmsPdu>, body: &[u8]) {
        self.answers(pdu_response(&pdu.into().emit(body)));
    }

    fn answers_status(&mut self, status: u16) {
        self.answers(status_response(status));
    }

    /// The last request of HTTP gets no answer.
    fn fails(&mut self) {
        let token = self.requests.last().unwrap().0;
        self.input(MmsInput::HttpFailed { token, why: "connection refused".into() });
    }

    fn last_request(&self) -> &Request<Vec<u8>> {
        &self.requests.last().unwrap().1
    }

    /// The PDU of the last request of HTTP.
    fn last_pdu(&self) -> MmsPdu {
        MmsPdu::parse(self.last_request().body()).unwrap().0
    }

    fn take_events(&mut self) -> Vec<MmsEvent> {
        std::mem::take(&mut self.events)
    }
}

fn message_of(octets: &[u8], in_reply_to: Option<&str>) -> IncomingMessage {
    IncomingMessage {
        from: GATEWAY.into(),
        in_reply_to: in_reply_to.map(ToOwned::to_owned),
        content_type: MMS_MEDIA_TYPE.into(),
        body: octets.to_vec(),
        ..IncomingMessage::default()
    }
}

fn status_response(status: u16) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

fn pdu_response(octets: &[u8]) -> Response<Vec<u8>> {
    let mut response = Response::new(octets.to_vec());
    response.headers_mut().insert("content-type", MMS_MEDIA_TYPE.parse().unwrap());
    response
}

fn notification(transaction_id: &str) -> NotificationInd {
    NotificationInd::new(transaction_id, LOCATION, 1000, MmsTime::Relative(3600))
}

/// M-Retrieve.conf with a picture, of Alice, who wants to know everything.
fn message(transaction_id: &str) -> (RetrieveConf, Vec<u8>) {
    let file = MmsFile::new("image/jpeg", "castbench.jpg", picture());
    let content = MmsContent::slide(MmsSlide { picture: Some(file), ..MmsSlide::default() });
    let (content_type, body) = content.compose().unwrap();
    let mut conf = RetrieveConf::new("7@mmsc.example", 1_794_518_460, content_type);
    conf.transaction_id = Some(transaction_id.to_owned());
    conf.from = Some(protocol::mms::From::Address(MmsAddress::phone(ALICE)));
    conf.read_report = Some(true);
    (conf, body)
}

fn own_message(message: u64) -> OutgoingMms {
    let to = vec![MmsAddress::phone(BOB)];
    OutgoingMms { message, to, content: MmsContent::text("Grüße"), ..OutgoingMms::default() }
}

fn content(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../fixtures/content/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn picture() -> Vec<u8> {
    content("castbench.jpg")
}

/// A push as the SMS agent of the UE receives it, in as many short messages as it takes.
fn push(pdu: &MmsPdu) -> crate::agent::sms::ReceivedSms {
    let centre = Address::of_number("+358401234500").unwrap();
    let mut agent = SmsClient::new(SmsConfig::new(SmsPath::Ims, centre), Entropy::of_box(7, "sms"));
    let parts = WapPush::mms(1, pdu.emit(&[])).segments(ConcatenationReference::Short(9)).unwrap().parts;
    let from = Address::of_number("+358409999").unwrap();
    for (reference, part) in (1..).zip(parts) {
        // Each is stamped when it is sent.
        let time = Timestamp::from_utc_ms(1_794_518_460_000 + u64::from(reference) * 1000, 0);
        let deliver = Deliver::new(from, time, DataCodingScheme::EIGHT_BIT, part);
        let body = RpMessage::mobile_terminated(reference, centre, &Tpdu::Deliver(deliver)).emit();
        let content_type = "application/vnd.3gpp.sms".to_owned();
        let event = AgentEvent::MessageReceived(IncomingMessage { content_type, body, ..IncomingMessage::default() });
        agent.handle_input(Instant::ZERO, SmsInput::Agent(&event));
    }
    let received = std::iter::from_fn(|| agent.poll_output()).find_map(|output| match output {
        SmsOutput::Event(SmsEvent::Received(sms)) => Some(*sms),
        _ => None,
    });
    received.expect("the push came")
}

#[test]
fn short_and_multimedia_messages_are_told_apart() {
    let mms = Rig::ims().client;
    let centre = Address::of_number("+358401234500").unwrap();
    let sms = SmsClient::new(SmsConfig::new(SmsPath::Ims, centre), Entropy::of_box(7, "sms"));
    for (content_type, is_sms, is_mms) in [
        ("application/vnd.3gpp.sms", true, false),
        ("application/vnd.wap.mms-message", false, true),
        ("Application/VND.wap.mms-message ; x=y", false, true),
        ("text/plain", false, false),
    ] {
        let content_type = content_type.to_owned();
        let event = AgentEvent::MessageReceived(IncomingMessage { content_type, ..IncomingMessage::default() });
        assert_eq!((sms.is_own(&event), mms.is_own(&event)), (is_sms, is_mms), "{event:?}");
    }
}
