//! The scripted network.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use milenage::Milenage;
use protocol::msrp::{MsrpInput, MsrpOutput};
use protocol::sip::*;
use protocol::{Entropy, Instant};

use crate::agent::sip::*;
use crate::at::ts31102::Authenticate;
use crate::sim::{SimCard, SimUsim};

pub(super) const DOMAIN: &str = "ims.mnc001.mcc001.3gppnetwork.org";
const PCSCF: &str = "10.46.0.1:5060";
pub(super) const PASSWORD: &str = "open sesame";

/// What the network does otherwise than it should, for the next REGISTER, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Quirk {
    /// A challenge with a broken MAC.
    ForeignChallenge,
    /// A challenge with an old sequence number.
    OldChallenge,
    /// A challenge with `stale=true`.
    Stale,
    /// A status, with a header field.
    Says(u16, &'static str, &'static str),
    /// Nothing.
    Silent,
    /// 200 without a contact.
    Empty,
}

#[derive(Debug)]
pub(super) struct Ue {
    pub(super) agent: UeAgent,
    pub(super) usim: SimUsim,
    card: SimCard,
    pub(super) told: Vec<AgentEvent>,
    address: SocketAddr,
    sqn: u64,
    nonce: Option<(String, Vec<u8>)>,
    pub(super) contact: Option<String>,
    pub(super) vanished: bool,
}

pub(super) struct Network {
    pub(super) now: Instant,
    pub(super) ues: Vec<Ue>,
    pub(super) quirks: VecDeque<Quirk>,
    /// Granted at most.
    pub(super) expires: u32,
    pub(super) min_expires: u32,
    /// Registered again without a challenge.
    pub(super) trusts: bool,
    pub(super) sec_agree: bool,
    /// Requests of UEs, and what was answered to REGISTER.
    pub(super) requests: Vec<Request>,
    pub(super) answers: Vec<u16>,
    /// Dialog of the reg event package of each UE: its SUBSCRIBE.
    pub(super) subscribed: BTreeMap<usize, Request>,
    /// All that was said to UEs.
    pub(super) said: Vec<Vec<u8>>,
    notify_seq: u32,
    count: u64,
    wire: BTreeMap<(Instant, u64), (SocketAddr, SocketAddr, Vec<u8>)>,
    entropy: Entropy,
    pub(super) loss: u32,
    /// Streams of the media plane and what went over them.
    streams: Vec<[usize; 2]>,
    pub(super) media_octets: usize,
}

/// Turns of each UE at one instant.
const ROUNDS: usize = 32;

fn pcscf() -> SocketAddr {
    PCSCF.parse().unwrap()
}

pub(super) fn impu(n: usize) -> String {
    format!("sip:ue{n}@{DOMAIN}")
}

impl Network {
    pub(super) fn new(count: usize) -> Self {
        Self::with(count, |_, _| {})
    }

    pub(super) fn with(count: usize, change: impl Fn(usize, &mut AgentConfig)) -> Self {
        let ue = |n: usize| {
            let address = SocketAddr::from(([10, 45, 0, n as u8 + 1], 5060));
            let target = Target { transport: Transport::Udp, remote: pcscf(), flow: None };
            let impi = format!("00101000000000{n}@{DOMAIN}");
            let mut config = AgentConfig::new(&impi, &impu(n), DOMAIN, target, address);
            config.instance = format!("urn:gsma:imei:00440245-000001-{n}");
            change(n, &mut config);
            let card = SimCard::default();
            Ue {
                agent: UeAgent::new(config, Entropy::of_box(7, &n.to_string())),
                usim: SimUsim::new(&card),
                card,
                told: Vec::new(),
                address,
                sqn: 1,
                nonce: None,
                contact: None,
                vanished: false,
            }
        };
        Self {
            now: Instant::ZERO,
            ues: (0..count).map(ue).collect(),
            quirks: VecDeque::new(),
            expires: 600_000,
            min_expires: 0,
            trusts: false,
            sec_agree: false,
            requests: Vec::new(),
            answers: Vec::new(),
            subscribed: BTreeMap::new(),
            said: Vec::new(),
            notify_seq: 0,
            count: 0,
            wire: BTreeMap::new(),
            entropy: Entropy::of_box(7, "net"),
            loss: 0,
            streams: Vec::new(),
            media_octets: 0,
        }
    }

    pub(super) fn command(&mut self, n: usize, command: AgentCommand) {
        let now = self.now;
        self.ues[n].agent.handle_input(now, AgentInput::Command(command));
    }

    pub(super) fn registered(count: usize) -> Self {
        let mut network = Self::new(count);
        network.register_all();
        network
    }

    pub(super) fn register_all(&mut self) {
        for n in 0..self.ues.len() {
            self.command(n, AgentCommand::Register);
        }
        self.run(1);
        assert!(self.ues.iter().all(|ue| ue.agent.is_registered()), "{:#?}", self.told(0));
        self.ues.iter_mut().for_each(|ue| ue.told.clear());
        self.requests.clear();
    }

    pub(super) fn told(&self, n: usize) -> &[AgentEvent] {
        &self.ues[n].told
    }

    pub(super) fn of_method(&self, method: &Method) -> Vec<&Request> {
        self.requests.iter().filter(|request| request.method == *method).collect()
    }

    /// Runs so many seconds.
    pub(super) fn run(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        let mut turns = 0_u32;
        loop {
            self.drain();
            let timers = self.ues.iter().filter(|ue| !ue.vanished).filter_map(|ue| ue.agent.poll_timeout());
            let due = timers.chain(self.wire.keys().map(|key| key.0)).min().filter(|due| *due <= end);
            let Some(due) = due else { break };
            turns = if due > self.now { 0 } else { turns + 1 };
            assert!(turns < 10_000, "a busy loop at {}", self.now);
            self.now = self.now.max(due);
            while let Some(entry) = self.wire.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let (from, to, bytes) = entry.remove();
                self.arrive(from, to, &bytes);
            }
            let now = self.now;
            for ue in self.ues.iter_mut().filter(|ue| !ue.vanished) {
                if ue.agent.poll_timeout().is_some_and(|due| due <= now) {
                    ue.agent.handle_timeout(now);
                }
            }
        }
        self.now = end;
    }

    fn drain(&mut self) {
        let now = self.now;
        // What one says over a stream, another answers.
        for n in (0..self.ues.len()).cycle().take(self.ues.len() * ROUNDS) {
            while let Some(output) = self.ues[n].agent.poll_output() {
                match output {
                    AgentOutput::Event(event) => self.ues[n].told.push(event),
                    AgentOutput::Msrp(output) => self.media(n, output),
                    AgentOutput::Authenticate(challenge) => {
                        let ue = &mut self.ues[n];
                        let answer = ue.usim.authenticate(&challenge);
                        ue.agent.handle_input(now, AgentInput::Authenticated(answer));
                    }
                    AgentOutput::Sip { target, bytes } => {
                        let is_answer = bytes.starts_with(b"SIP/2.0");
                        assert!(is_answer || target.remote == pcscf(), "a UE speaks to its P-CSCF alone: {target:?}");
                        if self.entropy.below(1000) >= self.loss {
                            self.put(self.ues[n].address, pcscf(), bytes);
                        }
                    }
                }
            }
        }
    }

    /// Streams of the media plane: they take no time.
    fn media(&mut self, n: usize, output: MsrpOutput) {
        let now = self.now;
        match output {
            MsrpOutput::Connect { token, remote } => {
                let Some(other) = self.ues.iter().position(|ue| ue.address.ip() == remote.ip()) else { return };
                let conn = self.streams.len() as u64;
                self.streams.push([n, other]);
                for (end, token) in [(other, None), (n, Some(token))] {
                    let input = AgentInput::Msrp(MsrpInput::Connected { conn, token });
                    self.ues[end].agent.handle_input(now, input);
                }
            }
            MsrpOutput::Send { conn, bytes } => {
                self.media_octets += bytes.len();
                let other = self.other_end(conn, n);
                let input = AgentInput::Msrp(MsrpInput::Received { conn, bytes: &bytes });
                self.ues[other].agent.handle_input(now, input);
            }
            MsrpOutput::Close { conn } => {
                let other = self.other_end(conn, n);
                self.ues[other].agent.handle_input(now, AgentInput::Msrp(MsrpInput::Closed { conn }));
            }
            MsrpOutput::Event(event) => panic!("not for the network: {event:?}"),
        }
    }

    fn other_end(&self, conn: u64, n: usize) -> usize {
        let [a, b] = self.streams[conn as usize];
        if a == n { b } else { a }
    }

    /// Something for a UE, as it is.
    pub(super) fn say(&mut self, n: usize, bytes: Vec<u8>) {
        self.put(pcscf(), self.ues[n].address, bytes);
    }

    pub(super) fn put(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        self.count += 1;
        self.wire.insert((self.now + Duration::from_millis(10), self.count), (from, to, bytes));
    }

    fn arrive(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        if let Some(ue) = self.ues.iter_mut().find(|ue| ue.address == to && !ue.vanished) {
            let flow = Flow { transport: Transport::Udp, local: to, remote: from };
            self.said.push(bytes.to_vec());
            return ue.agent.handle_input(self.now, AgentInput::Sip { flow, bytes });
        }
        if to != pcscf() {
            return;
        }
        let Some(n) = self.ues.iter().position(|ue| ue.address == from) else { return };
        match SipMessage::parse(bytes).expect("a UE writes what can be read") {
            SipMessage::Request(request) => self.request(n, request),
            SipMessage::Response(response) => self.pass_back(response),
        }
    }

    fn request(&mut self, n: usize, request: Request) {
        self.requests.push(request.clone());
        let answer = match &request.method {
            m if *m == Method::REGISTER => self.register(n, &request),
            m if *m == Method::SUBSCRIBE => self.subscribe(n, &request),
            m if *m == Method::PUBLISH => Some(publish(&request)),
            _ => return self.pass_on(request),
        };
        if let Some(response) = answer {
            if request.method == Method::REGISTER {
                self.answers.push(response.status);
            }
            self.put(pcscf(), self.ues[n].address, response.to_bytes());
        }
        if request.method == Method::SUBSCRIBE {
            let ends = request.expires().unwrap() == Some(0);
            self.subscribed.insert(n, request);
            let event = if ends { ("terminated", "registered", None) } else { ("active", "registered", None) };
            self.notify(n, event);
        }
    }

    fn register(&mut self, n: usize, request: &Request) -> Option<Response> {
        let respond = |status: u16| {
            let mut response = Response::to(request, status, None);
            response.set_to_tag("scscf");
            response
        };
        let quirk = self.quirks.pop_front();
        match quirk {
            Some(Quirk::Silent) => return None,
            Some(Quirk::Empty) => return Some(respond(200)),
            Some(Quirk::Says(status, name, value)) => {
                let mut response = respond(status);
                response.headers.append(name, value);
                return Some(response);
            }
            _ => {}
        }
        let expires = request.expires().unwrap().unwrap();
        if expires > 0 && expires < self.min_expires {
            let mut response = respond(423);
            response.headers.append("Min-Expires", &self.min_expires.to_string());
            return Some(response);
        }
        let credentials = Credentials::parse(request.headers.get("Authorization").unwrap()).unwrap();
        let trusts = self.trusts && self.ues[n].contact.is_some();
        let fits = self.ues[n].nonce.take_if(|(nonce, res)| {
            credentials.nonce().as_deref() == Some(nonce)
                && credentials.verify(res, &Method::REGISTER, &[]).unwrap_or(false)
        });
        if let Some(auts) = credentials.auts() {
            self.resynchronise(n, &credentials, auts.unwrap());
        } else if trusts || (fits.is_some() && quirk.is_none()) {
            return Some(self.grant(n, request, respond(200), expires));
        }
        let mut response = respond(401);
        let challenge = self.challenge(n, quirk);
        response.headers.append("WWW-Authenticate", &challenge);
        if self.sec_agree {
            let server = "ipsec-3gpp;q=0.9;alg=hmac-sha-1-96;ealg=null;spi-c=1;spi-s=2;port-c=5060;port-s=5060";
            response.headers.append("Security-Server", server);
        }
        Some(response)
    }

    fn challenge(&mut self, n: usize, quirk: Option<Quirk>) -> String {
        let ue = &mut self.ues[n];
        let stale = if quirk == Some(Quirk::Stale) { ", stale=true" } else { "" };
        let mut rand = [0; 16];
        self.entropy.fill(&mut rand);
        if self.requests.last().is_some_and(|r| r.headers.get("P-Test-Digest").is_some()) || ue.card.imsi.is_empty() {
            let nonce = base64_encode(&rand);
            ue.nonce = Some((nonce.clone(), PASSWORD.into()));
            return format!("Digest realm=\"{DOMAIN}\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\"{stale}");
        }
        ue.sqn += 1 << 5;
        let sqn = if quirk == Some(Quirk::OldChallenge) { 0 } else { ue.sqn };
        let mut milenage = Milenage::new_with_opc(ue.card.k.0, ue.card.opc.0);
        let (res, _, _, ak) = milenage.f2345(&rand);
        let [_, _, octets @ ..] = sqn.to_be_bytes();
        let mac = milenage.f1(&rand, &octets, &[0x80, 0]);
        let hidden: Vec<u8> = octets.iter().zip(ak).map(|(s, a)| s ^ a).collect();
        let mut autn: [u8; 16] = [&hidden[..], &[0x80, 0], &mac].concat().try_into().unwrap();
        if quirk == Some(Quirk::ForeignChallenge) {
            autn[15] ^= 1;
        }
        let nonce = aka_nonce(&rand, &autn, &[]);
        ue.nonce = Some((nonce.clone(), res.to_vec()));
        format!("Digest realm=\"{DOMAIN}\", nonce=\"{nonce}\", algorithm=AKAv1-MD5, qop=\"auth\"{stale}")
    }

    /// TS 33.102 clause 6.3.5.
    fn resynchronise(&mut self, n: usize, credentials: &Credentials, auts: [u8; 14]) {
        let (rand, _) = split_aka_nonce(&credentials.nonce().unwrap()).unwrap();
        assert!(credentials.verify(&[], &Method::REGISTER, &[]).unwrap(), "with AUTS the password is empty");
        let ue = &mut self.ues[n];
        let mut milenage = Milenage::new_with_opc(ue.card.k.0, ue.card.opc.0);
        let ak = milenage.f5star(&rand);
        let sqn: Vec<u8> = auts[..6].iter().zip(ak).map(|(s, a)| s ^ a).collect();
        let sqn: [u8; 6] = sqn.try_into().unwrap();
        assert_eq!(auts[6..], milenage.f1star(&rand, &sqn, &[0, 0]));
        ue.sqn = sqn.iter().fold(0, |number, octet| number << 8 | u64::from(*octet));
    }

    fn grant(&mut self, n: usize, request: &Request, mut response: Response, expires: u32) -> Response {
        let contact = request.contact().unwrap().unwrap();
        let expires = expires.min(self.expires);
        self.ues[n].contact = (expires > 0).then(|| contact.uri.to_string());
        if expires > 0 {
            response.headers.append("Contact", &format!("<{}>;expires={expires}", contact.uri));
            response.headers.append("Service-Route", &format!("<sip:orig@scscf.{DOMAIN};lr>"));
            response.headers.append("P-Associated-URI", &format!("<{}>, <tel:+99900{n}>", impu(n)));
        }
        response
    }

    fn subscribe(&self, n: usize, request: &Request) -> Option<Response> {
        let mut response = Response::to(request, 200, None);
        response.set_to_tag(&format!("reg{n}"));
        response.headers.append("Contact", &format!("<sip:scscf@{PCSCF}>"));
        response.headers.append("Expires", request.headers.get("Expires").unwrap());
        Some(response)
    }

    /// State of the subscription, event of the contact, `retry-after`.
    pub(super) fn notify(&mut self, n: usize, (state, event, retry): (&str, &str, Option<u32>)) {
        let subscribe = self.subscribed[&n].clone();
        self.notify_seq += 1;
        let mut notify = Request::new(Method::NOTIFY, subscribe.contact().unwrap().unwrap().uri);
        let (headers, seq) = (&mut notify.headers, self.notify_seq);
        headers.append("Via", &format!("SIP/2.0/UDP {PCSCF};branch=z9hG4bKn{seq}"));
        headers.append(
            "From",
            &format!("{};tag=reg{n}", subscribe.headers.get("To").unwrap().split(";tag").next().unwrap()),
        );
        headers.append("To", subscribe.headers.get("From").unwrap());
        headers.append("Call-ID", subscribe.call_id().unwrap());
        headers.append("CSeq", &format!("{seq} NOTIFY"));
        headers.append("Contact", &format!("<sip:scscf@{PCSCF}>"));
        headers.append("Event", subscribe.headers.get("Event").unwrap());
        headers.append("Subscription-State", state);
        let contact = self.ues[n].agent_contact();
        let gone = matches!(event, "rejected" | "deactivated" | "probation" | "unregistered" | "expired");
        let of = if gone { "terminated" } else { "active" };
        let retry = retry.map_or_else(String::new, |s| format!(" retry-after=\"{s}\" expires=\"{s}\""));
        let body = format!(
            "<?xml version=\"1.0\"?><reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\" version=\"{}\" state=\"full\">\
             <registration aor=\"{}\" id=\"a\" state=\"{of}\"><contact id=\"c\" state=\"{of}\" event=\"{event}\"{retry}>\
             <uri>{contact}</uri></contact></registration></reginfo>",
            seq - 1,
            impu(n)
        );
        notify.set_body("application/reginfo+xml", body);
        if subscribe.headers.get("Event") == Some("presence") {
            notify.set_body("application/pidf+xml", &b"<presence/>"[..]);
        }
        self.put(pcscf(), self.ues[n].address, notify.to_bytes());
    }

    /// A request of one UE to another: the addresses of record are known, the rest goes by Contact.
    fn pass_on(&mut self, mut request: Request) {
        let target = request.uri.to_string();
        let named = self.ues.iter().position(|ue| ue.contact.is_some() && target == impu(ue.number()));
        let to = match named {
            Some(n) => {
                request.uri = Uri::parse(self.ues[n].contact.as_deref().unwrap()).unwrap();
                request.headers.append("P-Called-Party-ID", &format!("<{}>", impu(n)));
                Some(n)
            }
            None => self.ues.iter().position(|ue| ue.contact.as_deref() == Some(&target)),
        };
        let Some(to) = to else {
            if request.method != Method::ACK {
                let mut response = Response::to(&request, 404, None);
                response.set_to_tag("nobody");
                self.pass_back_from(response);
            }
            return;
        };
        request.headers.remove("Route");
        if let Some(preferred) = request.headers.get("P-Preferred-Identity").map(ToOwned::to_owned) {
            request.headers.remove("P-Preferred-Identity");
            request.headers.append("P-Asserted-Identity", &preferred);
        }
        let branch = request.via().unwrap().unwrap().branch().unwrap().to_owned();
        request.headers.prepend("Via", &format!("SIP/2.0/UDP {PCSCF};branch={branch}p"));
        request.headers.prepend("Record-Route", &format!("<sip:{PCSCF};lr>"));
        self.put(pcscf(), self.ues[to].address, request.to_bytes());
    }

    fn pass_back(&mut self, mut response: Response) {
        response.headers.pop_first_value("Via");
        self.pass_back_from(response);
    }

    fn pass_back_from(&mut self, response: Response) {
        let Ok(Some(via)) = response.via() else { return };
        let to = self.ues.iter().find(|ue| ue.address.ip().to_string() == via.host).map(|ue| ue.address);
        if let Some(to) = to {
            self.put(pcscf(), to, response.to_bytes());
        }
    }
}

/// The presence server: the entity tag counts the requests.
fn publish(request: &Request) -> Response {
    let known = request.headers.get("SIP-If-Match").is_none_or(|etag| etag == "1");
    let mut response = Response::to(request, if known { 200 } else { 412 }, None);
    response.set_to_tag("presence");
    response.headers.append("SIP-ETag", "1");
    response.headers.append("Expires", "60");
    response
}

impl Ue {
    fn number(&self) -> usize {
        match self.address {
            SocketAddr::V4(address) => usize::from(address.ip().octets()[3]) - 1,
            SocketAddr::V6(_) => unreachable!(),
        }
    }

    fn agent_contact(&self) -> String {
        format!("sip:ue{}@{}", self.number(), self.address)
    }

    /// The network asks for a password instead of AKA.
    pub(super) fn use_digest(&mut self) {
        self.card.imsi.clear();
    }

    /// Its card has seen challenges that the network has forgotten.
    pub(super) fn is_ahead(&mut self) {
        let card = SimCard { sqn: 1 << 30, ..SimCard::default() };
        self.usim = SimUsim::new(&card);
    }
}

/// For tests that ask a SIM directly.
#[test]
fn the_usim_knows_its_network() {
    let mut usim = SimUsim::new(&SimCard::default());
    assert!(usim.authenticate(&Authenticate { rand: [0; 16], autn: [0; 16] }).is_err());
}
