//! Short messages through an IMS (TS 24.341 clause 5.3): ue0 has an SMS agent, ue1 stands where the IP-SM-GW would.

use hil::agent::sip::{AgentCommand, AgentEvent, IncomingMessage, OutgoingMessage};
use hil::agent::sms::{OutgoingSms, SmsClient, SmsCommand, SmsConfig, SmsEvent, SmsInput, SmsOutput, SmsPath};
use protocol::Entropy;
use protocol::sms::{Address, Content, Deliver, RpBody, RpMessage, Timestamp, Tpdu, UserData};

use super::network::{Network, impu};

/// The number of ue0.
const NUMBER: &str = "tel:+999700000000";

struct Messages {
    network: Network,
    client: SmsClient,
    heard: usize,
    events: Vec<SmsEvent>,
}

fn number(text: &str) -> Address {
    Address::of_number(text).unwrap()
}

impl Messages {
    fn new() -> Self {
        let network = Network::new(2);
        let mut config = SmsConfig::new(SmsPath::Ims, number("+99970000900"));
        config.service_centre_uri = impu(1);
        let client = SmsClient::new(config, Entropy::of_box(1, "sms"));
        let mut messages = Self { network, client, heard: 0, events: Vec::new() };
        messages.network.command(1, AgentCommand::Register);
        messages.command(SmsCommand::Register);
        messages.run(3);
        messages
    }

    fn command(&mut self, command: SmsCommand) {
        self.client.handle_input(self.network.now, SmsInput::Command(command));
        self.drain();
    }

    /// Second by second.
    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.network.run(1);
            let now = self.network.now;
            if self.client.poll_timeout().is_some_and(|due| due <= now) {
                self.client.handle_timeout(now);
            }
            for event in &self.network.told(0)[self.heard..] {
                self.heard += 1;
                self.client.handle_input(now, SmsInput::Agent(event));
            }
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                SmsOutput::Agent(command) => self.network.command(0, command),
                SmsOutput::Event(event) => self.events.push(event),
                SmsOutput::Relay { .. } => panic!("there is no SGSN"),
            }
        }
    }

    /// The last thing that came to where the gateway would be.
    fn came(&self) -> (IncomingMessage, RpMessage) {
        let message = self.network.find(1, |event| match event {
            AgentEvent::MessageReceived(message) => Some(message.clone()),
            _ => None,
        });
        let relayed = RpMessage::parse(&message.body).unwrap();
        (message, relayed)
    }

    fn says(&mut self, to: &str, body: Vec<u8>, headers: Vec<(String, String)>) {
        let (token, to, content_type) = (9, to.to_owned(), "application/vnd.3gpp.sms".to_owned());
        self.network.command(1, AgentCommand::Message(OutgoingMessage { token, to, content_type, body, headers }));
        self.run(2);
    }
}

#[test]
fn a_message_and_its_report() {
    let mut messages = Messages::new();
    let sms = OutgoingSms::new(1, number("+99970000001"), Content::Text("hello, €".into()));
    messages.command(SmsCommand::Send(Box::new(sms)));
    messages.run(2);
    assert!(messages.events.is_empty(), "200 is no report: {:?}", messages.events);
    let (message, relayed) = messages.came();
    assert_eq!(message.from, impu(0), "P-Asserted-Identity");
    let Some(Ok(Tpdu::Submit(submit))) = relayed.tpdu() else { panic!("{relayed:?}") };
    assert_eq!(submit.user_data.text(submit.coding).as_deref(), Some("hello, €"));
    // The Call-ID that came is the one that was sent: the report with another RP-MR finds its message.
    let in_reply_to = vec![("In-Reply-To".to_owned(), message.call_id)];
    messages.says(&impu(0), vec![3, relayed.reference.wrapping_add(1)], in_reply_to);
    assert_eq!(messages.events.last(), Some(&SmsEvent::Sent { message: 1, result: Ok(()) }));
}

#[test]
fn a_message_for_the_number_is_reported_on_by_its_owner() {
    let mut messages = Messages::new();
    let (coding, data) = UserData::of_text("привет").unwrap();
    let deliver = Deliver::new(number("+99970000900"), Timestamp::from_utc_ms(1_794_518_460_000, 0), coding, data);
    let octets = RpMessage::mobile_terminated(7, number("+99970000900"), &Tpdu::Deliver(deliver)).emit();
    let disposition = vec![("Request-Disposition".to_owned(), "no-fork".to_owned())];
    messages.says(NUMBER, octets.clone(), disposition);
    assert!(matches!(&messages.events[..], [SmsEvent::Received(sms)] if sms.content == Content::Text("привет".into())));
    let sent = messages.network.find(0, |event| match event {
        AgentEvent::MessageReceived(message) => Some(message.call_id.clone()),
        _ => None,
    });
    let (report, relayed) = messages.came();
    // TS 24.341 clause 5.3.2.4: the identity that was called, not the one that is registered.
    assert_eq!((report.from.as_str(), report.in_reply_to), (NUMBER, Some(sent)));
    assert!(matches!(relayed.body, RpBody::Ack(_)) && relayed.reference == 7, "{relayed:?}");
    // Nobody tells that the report came: it is not, and the same comes again in another request.
    messages.says(NUMBER, octets, Vec::new());
    assert!(matches!(messages.events.last(), Some(SmsEvent::Duplicate { .. })));
    assert!(matches!(messages.came().1.body, RpBody::Ack(_)));
}
