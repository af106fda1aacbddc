//! Over R2 (TR 23.804 clauses 8.1 to 8.4): the agents of a UE against a gateway that is registrar and server in one.

use std::collections::VecDeque;
use std::net::SocketAddr;

use milenage::Milenage;
use protocol::Plmn;
use protocol::sip::{Credentials, Flow, Method, Request, Response, SipMessage, Target, Transport, aka_nonce};

use super::*;
use crate::agent::sip::{AgentInput, AgentOutput, UeAgent};
use crate::sim::{SimCard, SimUsim};

const UE: &str = "10.45.0.9:5060";
const GATEWAY_ADDRESS: &str = "10.46.0.7:5060";
const IMSI: &str = "001010000000009";
const DOMAIN: &str = "ims.mnc001.mcc001.3gppnetwork.org";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

struct Session {
    now: Instant,
    client: SmsClient,
    agent: UeAgent,
    card: SimCard,
    usim: SimUsim,
    sqn: u64,
    nonce: Option<(String, Vec<u8>)>,
    subscribe: Option<Request>,
    /// What the UE has sent, and what its user was told.
    requests: Vec<Request>,
    events: Vec<SmsEvent>,
    /// For the UE, at these times.
    wire: VecDeque<Vec<u8>>,
    seq: u32,
}

impl Session {
    fn new() -> Self {
        let gateway = Target { transport: Transport::Udp, remote: address(GATEWAY_ADDRESS), flow: None };
        let access = GatewayAccess {
            imsi: IMSI.into(),
            plmn: Plmn::new("001", "01").unwrap(),
            domain: DOMAIN.into(),
            gateway,
            contact: address(UE),
        };
        let config = SmsConfig::new(SmsPath::Gateway, number(CENTRE));
        let card = SimCard::default();
        Self {
            now: Instant::ZERO,
            client: SmsClient::new(config, Entropy::of_box(7, "sms")),
            agent: UeAgent::new(access.agent_config(), Entropy::of_box(7, "ue")),
            usim: SimUsim::new(&card),
            card,
            sqn: 32,
            nonce: None,
            subscribe: None,
            requests: Vec::new(),
            events: Vec::new(),
            wire: VecDeque::new(),
            seq: 0,
        }
    }

    fn registered() -> Self {
        let mut session = Self::new();
        session.command(SmsCommand::Register);
        session.run(1);
        assert!(matches!(session.events[..], [SmsEvent::Registered { refreshed: false, .. }]), "{:?}", session.events);
        session.events.clear();
        session.requests.clear();
        session
    }

    fn command(&mut self, command: SmsCommand) {
        self.client.handle_input(self.now, SmsInput::Command(command));
        self.drain();
    }

    fn run(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        loop {
            self.drain();
            let due = self.client.poll_timeout().into_iter().chain(self.agent.poll_timeout()).min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            self.client.handle_timeout(self.now);
            self.agent.handle_timeout(self.now);
        }
        self.now = end;
    }

    fn drain(&mut self) {
        let now = self.now;
        loop {
            if let Some(output) = self.client.poll_output() {
                match output {
                    SmsOutput::Agent(command) => self.agent.handle_input(now, AgentInput::Command(command)),
                    SmsOutput::Event(event) => self.events.push(event),
                    SmsOutput::Relay { .. } => panic!("there is no SGSN"),
                }
            } else if let Some(output) = self.agent.poll_output() {
                match output {
                    AgentOutput::Event(event) => self.client.handle_input(now, SmsInput::Agent(&event)),
                    AgentOutput::Authenticate(challenge) => {
                        let answer = self.usim.authenticate(&challenge);
                        self.agent.handle_input(now, AgentInput::Authenticated(answer));
                    }
                    AgentOutput::Sip { target, bytes } => {
                        assert_eq!(target.remote, address(GATEWAY_ADDRESS));
                        if let SipMessage::Request(request) = SipMessage::parse(&bytes).unwrap() {
                            self.asked(&request);
                            self.requests.push(request);
                        }
                    }
                    AgentOutput::Msrp(_) => panic!("no media"),
                }
            } else if let Some(bytes) = self.wire.pop_front() {
                let (local, remote) = (address(UE), address(GATEWAY_ADDRESS));
                let flow = Flow { transport: Transport::Udp, local, remote };
                self.agent.handle_input(now, AgentInput::Sip { flow, bytes: &bytes });
            } else {
                return;
            }
        }
    }

    fn asked(&mut self, request: &Request) {
        let response = match &request.method {
            m if *m == Method::REGISTER => self.register(request),
            m if *m == Method::SUBSCRIBE => {
                let mut response = answer(request, 200);
                response.headers.append("Contact", &format!("<sip:{GATEWAY_ADDRESS}>"));
                response.headers.append("Expires", request.headers.get("Expires").unwrap());
                self.subscribe = Some(request.clone());
                response
            }
            m if *m == Method::MESSAGE => answer(request, 202),
            m => panic!("{m}"),
        };
        self.wire.push_back(response.to_bytes());
    }

    fn register(&mut self, request: &Request) -> Response {
        let credentials = Credentials::parse(request.headers.get("Authorization").unwrap()).unwrap();
        let name = format!("{IMSI}@nai.epc.mnc001.mcc001.3gppnetwork.org");
        assert_eq!(credentials.username().as_deref(), Some(name.as_str()), "the gateway has the IMSI from the NAI");
        let fits = self.nonce.take_if(|(nonce, res)| {
            credentials.nonce().as_deref() == Some(nonce)
                && credentials.verify(res, &Method::REGISTER, &[]).unwrap_or(false)
        });
        if fits.is_none() {
            let mut response = answer(request, 401);
            response.headers.append("WWW-Authenticate", &self.challenge());
            return response;
        }
        let mut response = answer(request, 200);
        let expires = request.expires().unwrap().unwrap();
        if expires > 0 {
            let contact = request.contact().unwrap().unwrap().uri;
            response.headers.append("Contact", &format!("<{contact}>;expires=3600"));
            response.headers.append("P-Associated-URI", &format!("<sip:{IMSI}@{DOMAIN}>, <tel:+99900000009>"));
        }
        response
    }

    fn challenge(&mut self) -> String {
        self.sqn += 32;
        let rand = [self.sqn as u8; 16];
        let mut milenage = Milenage::new_with_opc(self.card.k.0, self.card.opc.0);
        let (res, _, _, ak) = milenage.f2345(&rand);
        let [_, _, sqn @ ..] = self.sqn.to_be_bytes();
        let mac = milenage.f1(&rand, &sqn, &[0x80, 0]);
        let hidden: Vec<u8> = sqn.iter().zip(ak).map(|(s, a)| s ^ a).collect();
        let autn: [u8; 16] = [&hidden[..], &[0x80, 0], &mac].concat().try_into().unwrap();
        let nonce = aka_nonce(&rand, &autn, &[]);
        self.nonce = Some((nonce.clone(), res.to_vec()));
        format!("Digest realm=\"{DOMAIN}\", nonce=\"{nonce}\", algorithm=AKAv1-MD5, qop=\"auth\"")
    }

    /// A request of the gateway.
    fn request(&mut self, method: Method, change: impl FnOnce(&mut Request)) {
        self.seq += 1;
        let seq = self.seq;
        let uri = protocol::sip::Uri::parse(&format!("sip:{IMSI}@{UE}")).unwrap();
        let mut request = Request::new(method.clone(), uri);
        let headers = &mut request.headers;
        headers.append("Via", &format!("SIP/2.0/UDP {GATEWAY_ADDRESS};branch=z9hG4bKg{seq}"));
        headers.append("Max-Forwards", "70");
        headers.append("From", "<sip:ipsmgw.example>;tag=gw");
        headers.append("To", &format!("<sip:{IMSI}@{DOMAIN}>"));
        headers.append("Call-ID", &format!("gw-{seq}"));
        headers.append("CSeq", &format!("{seq} {method}"));
        change(&mut request);
        self.wire.push_back(request.to_bytes());
        self.drain();
    }

    fn message(&mut self, octets: &[u8], in_reply_to: Option<&str>) {
        self.request(Method::MESSAGE, |request| {
            in_reply_to.iter().for_each(|id| request.headers.append("In-Reply-To", id));
            request.set_body("application/vnd.3gpp.sms", octets);
        });
    }

    fn notify_end(&mut self) {
        let subscribe = self.subscribe.take().expect("it has subscribed");
        self.request(Method::NOTIFY, |request| {
            let headers = &mut request.headers;
            let to = subscribe.headers.get("To").unwrap().split(";tag").next().unwrap().to_owned();
            headers.set("From", &format!("{to};tag=gw"));
            headers.set("To", subscribe.headers.get("From").unwrap());
            headers.set("Call-ID", subscribe.call_id().unwrap());
            headers.append("Contact", &format!("<sip:{GATEWAY_ADDRESS}>"));
            headers.append("Event", "reg");
            headers.append("Subscription-State", "terminated;reason=noresource");
            let body = format!(
                "<?xml version=\"1.0\"?><reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"0\" state=\"full\">\
                 <registration aor=\"sip:{IMSI}@{DOMAIN}\" id=\"a\" state=\"terminated\"><contact id=\"c\" \
                 state=\"terminated\" event=\"expired\"><uri>sip:{IMSI}@{UE}</uri></contact></registration></reginfo>"
            );
            request.set_body("application/reginfo+xml", body);
        });
    }

    fn of_method(&self, method: &Method) -> Vec<&Request> {
        self.requests.iter().filter(|request| request.method == *method).collect()
    }
}

fn answer(request: &Request, status: u16) -> Response {
    let mut response = Response::to(request, status, None);
    response.set_to_tag("gw");
    response
}

#[test]
fn a_registration_with_the_gateway_itself() {
    let mut session = Session::new();
    session.command(SmsCommand::Register);
    session.run(1);
    let registers = session.of_method(&Method::REGISTER);
    assert_eq!(registers.len(), 2, "the first one is challenged");
    for request in &registers {
        assert_eq!(request.uri.to_string(), format!("sip:{DOMAIN}"));
        assert!(request.headers.get("To").unwrap().contains(&format!("sip:{IMSI}@{DOMAIN}")));
        assert!(request.headers.get("Contact").unwrap().contains(SmsClient::FEATURE));
        assert!(!request.headers.contains("Route") && !request.headers.contains("P-Access-Network-Info"));
    }
    let msisdn = Some("+99900000009".into());
    assert_eq!(session.events, [SmsEvent::Registered { expires_s: 3600, msisdn, refreshed: false }]);
    let [subscribe] = &session.of_method(&Method::SUBSCRIBE)[..] else { panic!("{:?}", session.requests) };
    assert_eq!(subscribe.headers.get("Event"), Some("reg"));
    assert_eq!(subscribe.uri.to_string(), format!("sip:{IMSI}@{DOMAIN}"));
    assert!(!subscribe.headers.contains("Route"), "the gateway is no proxy");
    // Again before it ends.
    session.run(3600);
    assert!(matches!(session.events[1..], [SmsEvent::Registered { refreshed: true, .. }, ..]), "{:?}", session.events);
    assert!(session.client.has(SmsAccess::Ip));
}

#[test]
fn the_ue_ends_its_registration() {
    let mut session = Session::registered();
    session.command(SmsCommand::Deregister);
    session.run(1);
    assert_eq!(session.events, [SmsEvent::Unregistered(UnregisteredWhy::Asked)]);
    let last = session.of_method(&Method::REGISTER).pop().unwrap();
    assert_eq!(last.expires(), Ok(Some(0)));
    session.command(send(1, "x"));
    assert_eq!(session.events[1..], [SmsEvent::Sent { message: 1, result: Err(SendFailure::NoAccess) }]);
}

#[test]
fn the_gateway_ends_it() {
    let mut session = Session::registered();
    session.notify_end();
    let why = UnregisteredWhy::Network { event: "expired".into() };
    assert_eq!(session.events.first(), Some(&SmsEvent::Unregistered(why)), "{:?}", session.events);
    // It registers anew by itself.
    session.run(5);
    assert!(matches!(session.events[1..], [SmsEvent::Registered { refreshed: false, .. }]), "{:?}", session.events);
}

#[test]
fn messages_both_ways() {
    let mut session = Session::registered();
    session.command(send(1, "hello"));
    let [message] = &session.of_method(&Method::MESSAGE)[..] else { panic!("{:?}", session.requests) };
    let message = (*message).clone();
    assert_eq!(message.uri.to_string(), "tel:+358401234500");
    assert!(message.headers.get("From").unwrap().contains(&format!("sip:{IMSI}@{DOMAIN}")));
    assert!(!message.headers.contains("Route") && !message.headers.contains("P-Preferred-Identity"));
    let call_id = message.call_id().unwrap().to_owned();
    assert!(session.events.is_empty());
    session.message(&[3, message.body[1]], Some(&call_id));
    assert_eq!(session.events.last(), Some(&SmsEvent::Sent { message: 1, result: Ok(()) }));
    session.events.clear();
    session.requests.clear();
    let octets = octets("0105 0791534810325400 00 18 040C9153481032547600006211211212000005E8329BFD06");
    session.message(&octets, None);
    assert!(matches!(&session.events[..], [SmsEvent::Received(sms)] if sms.content == text("hello")));
    let [report] = &session.requests[..] else { panic!("{:?}", session.requests) };
    assert_eq!((report.method.clone(), report.uri.to_string()), (Method::MESSAGE, "sip:ipsmgw.example".into()));
    assert_eq!((report.headers.get("In-Reply-To"), report.body.as_slice()), (Some("gw-2"), &[2, 5, 0x41, 2, 0, 0][..]));
    // The gateway has missed the report, and sends the same request once more.
    session.run(100);
    session.events.clear();
    session.seq -= 1;
    session.message(&octets, None);
    assert!(matches!(session.events[..], [SmsEvent::Duplicate { .. }]), "{:?}", session.events);
    assert_eq!(session.of_method(&Method::MESSAGE).len(), 2, "it is acknowledged again");
}
