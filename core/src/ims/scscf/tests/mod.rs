//! The S-CSCF among scripted boxes: a P-CSCF, an I-CSCF, application servers and an HSS that does as it is told.

mod application_server;
mod authentication;
mod registration;
mod session;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use protocol::diameter::cx::{
    AuthData, AuthItem, DeregistrationReason, DigestAuthenticate, Maa, Mar, Rtr, Saa, Sar, ServerAssignmentType,
};
use protocol::diameter::dictionary::APP_CX;
use protocol::diameter::{DiameterConfig, DiameterEndpoint, DiameterOutput, Message, Outcome, PeerConfig, ResultCode};
use protocol::sip::{
    Challenge, DigestClient, HostTable, Method, Request, Response, SipMessage, Target, Transport, Uri,
};
use protocol::{Entropy, Instant, Secret};

use super::{Scscf, ScscfConfig};
use crate::ims::profile::{InitialFilterCriteria, PublicIdentity, ServiceProfile, UserProfile};
use crate::ims::{TestAs, TestAsConfig};
use crate::node::{
    Fabric, FabricOutput, Latency, Node, NodeInput, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Role,
    Table,
};

pub(super) const DOMAIN: &str = "ims.mnc001.mcc001.3gppnetwork.org";
pub(super) const IMPI: &str = "001010000000001@ims.mnc001.mcc001.3gppnetwork.org";
pub(super) const IMPU: &str = "sip:alice@ims.mnc001.mcc001.3gppnetwork.org";
pub(super) const TEL: &str = "tel:+99970000001";
pub(super) const CONTACT: &str = "<sip:alice@10.45.0.1:5060>;+g.3gpp.smsip;+sip.instance=\"<urn:uuid:1>\"";
pub(super) const PATH: &str = "<sip:tok1@10.46.0.1:5060;lr>";
pub(super) const SCSCF: &str = "sip:scscf.ims.mnc001.mcc001.3gppnetwork.org:5060";

type Rows = Arc<Mutex<BTreeMap<(Table, String), Vec<u8>>>>;

/// An HSS that answers what it is told and remembers what it was asked.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) vectors: VecDeque<AuthData>,
    pub(super) profile: UserProfile,
    pub(super) mars: Vec<Mar>,
    pub(super) sars: Vec<Sar>,
    pub(super) answers: Vec<Message>,
    pub(super) result: ResultCode,
    pub(super) is_silent: bool,
    to_send: VecDeque<Box<dyn SendOut>>,
}

/// A request that the HSS makes.
pub(super) trait SendOut: Send + std::fmt::Debug {
    fn message(&self, endpoint: &mut DiameterEndpoint) -> Message;
}

#[derive(Debug)]
struct SendRtr(DeregistrationReason);

impl SendOut for SendRtr {
    fn message(&self, endpoint: &mut DiameterEndpoint) -> Message {
        let routing = endpoint.routing(Some("scscf.test"), "test");
        let rtr = Rtr { routing, impi: IMPI.to_owned(), associated: vec![], impus: vec![], reason: self.0, info: None };
        rtr.to_message()
    }
}

#[derive(Debug)]
struct SendPpr(UserProfile);

impl SendOut for SendPpr {
    fn message(&self, endpoint: &mut DiameterEndpoint) -> Message {
        let routing = endpoint.routing(Some("scscf.test"), "test");
        let user_data = Some(self.0.to_document().into_bytes());
        let ppr = protocol::diameter::cx::Ppr { routing, impi: IMPI.to_owned(), user_data, charging: None, auth: None };
        ppr.to_message()
    }
}

#[derive(Debug)]
struct ScriptedHss {
    endpoint: DiameterEndpoint,
    script: Arc<Mutex<Script>>,
    out: VecDeque<NodeOutput>,
}

impl ScriptedHss {
    fn drain(&mut self, now: Instant) {
        while let Some(request) = lock(&self.script).to_send.pop_front() {
            let message = request.message(&mut self.endpoint);
            self.endpoint.send_request(now, 1, message);
        }
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(t) => self.out.push_back(NodeOutput::Diameter(t)),
                DiameterOutput::Request { handle, message } => {
                    if let Some(answer) = answer(&mut lock(&self.script), &message) {
                        self.endpoint.send_answer(now, handle, answer);
                    }
                }
                DiameterOutput::Answer { result, .. } => lock(&self.script).answers.push(result.unwrap()),
                _ => {}
            }
        }
    }
}

fn answer(script: &mut Script, message: &Message) -> Option<Message> {
    let outcome =
        Outcome { origin_host: "hss.test".to_owned(), origin_realm: "test".to_owned(), result: script.result };
    let is_good = script.result.is_success();
    let answer = match message.name().as_str() {
        "MAR" => {
            let mar = Mar::from_message(message).unwrap();
            let items = script.vectors.pop_front().filter(|_| is_good);
            let items = items.map(|data| AuthItem { number: Some(1), data }).into_iter().collect();
            let maa = Maa { outcome, impi: Some(mar.impi.clone()), impu: Some(mar.impu.clone()), items };
            script.mars.push(mar);
            maa.to_message(message)
        }
        "SAR" => {
            let sar = Sar::from_message(message).unwrap();
            let wants = !sar.has_user_data && is_good;
            let user_data = wants.then(|| script.profile.to_document().into_bytes());
            let saa =
                Saa { outcome, impi: sar.impi.clone(), user_data, charging: None, associated: vec![], server: None };
            script.sars.push(sar);
            saa.to_message(message)
        }
        other => panic!("{other} to the HSS"),
    };
    (!script.is_silent).then_some(answer)
}

impl Node for ScriptedHss {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        if let NodeInput::Diameter(input) = input {
            self.endpoint.handle_input(now, input);
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.endpoint.poll_timeout().is_some_and(|t| t <= now) {
            self.endpoint.handle_timeout(now);
        }
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        if lock(&self.script).to_send.is_empty() { self.endpoint.poll_timeout() } else { Some(Instant::ZERO) }
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

/// The boxes, and what has come to those outside.
pub(super) struct Bench {
    pub(super) fabric: Fabric,
    pub(super) now: Instant,
    pub(super) inbox: VecDeque<(String, SipMessage)>,
    pub(super) script: Arc<Mutex<Script>>,
    pub(super) notes: Vec<String>,
    pub(super) rows: Rows,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

pub(super) fn profile(criteria: Vec<InitialFilterCriteria>) -> UserProfile {
    let identity =
        |identity: &str, barred| PublicIdentity { identity: identity.to_owned(), barred, ..PublicIdentity::default() };
    let public_identities = vec![identity(IMPU, false), identity("sip:secret@x.org", true), identity(TEL, false)];
    let services = ServiceProfile { public_identities, criteria, ..ServiceProfile::default() };
    UserProfile { private_id: IMPI.to_owned(), service_profiles: vec![services] }
}

pub(super) fn vector(n: u8) -> AuthData {
    AuthData::Aka {
        rand: [n; 16],
        autn: [n + 100; 16],
        xres: Secret::new(res(n)),
        ck: Secret::new([n + 1; 16]),
        ik: Secret::new([n + 2; 16]),
    }
}

/// RES of the UE for [`vector`].
pub(super) fn res(n: u8) -> Vec<u8> {
    vec![n, 0, n, 0xff, 3, 4, 5, n]
}

pub(super) fn digest_vector() -> AuthData {
    let ha1 = protocol::sip::digest_ha1(&protocol::sip::Algorithm::Md5, IMPI, DOMAIN, b"open sesame");
    AuthData::Digest(DigestAuthenticate {
        realm: DOMAIN.to_owned(),
        algorithm: Some("MD5".to_owned()),
        qop: "auth".to_owned(),
        ha1: Secret::new(ha1),
    })
}

fn ip(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 46, 0, last).into()
}

fn address_of(name: &str) -> SocketAddr {
    let last = match name {
        "pcscf" => 1,
        "icscf" => 2,
        "scscf" => 3,
        "as" => 5,
        "as2" => 6,
        other => panic!("{other}"),
    };
    SocketAddr::new(ip(last), 5060)
}

/// A row that makes the store fail.
pub(super) fn broken() -> (Table, String) {
    (Table::Sqn, "the store is broken".to_owned())
}

fn store_driver(rows: Rows) -> crate::node::StoreDriver {
    Box::new(move |request: NodeStoreRequest| {
        let mut rows = rows.lock().unwrap();
        if rows.contains_key(&broken()) {
            return NodeStoreAnswer { token: request.token, result: Err(crate::StoreError::InUse) };
        }
        let mut scans = Vec::new();
        for op in request.ops {
            match op {
                NodeStoreOp::Put { table, key, value } => {
                    rows.insert((table, key), value);
                }
                NodeStoreOp::Delete { table, key } => {
                    rows.remove(&(table, key));
                }
                NodeStoreOp::Range { table, from, below, limit } => {
                    let rows = rows.range((table, from)..(table, below)).take(limit);
                    scans.push(rows.map(|((_, key), value)| (key.clone(), value.clone())).collect());
                }
                NodeStoreOp::Scan { table } => {
                    let of = rows.iter().filter(|((t, _), _)| *t == table);
                    scans.push(of.map(|((_, k), v)| (k.clone(), v.clone())).collect());
                }
            }
        }
        NodeStoreAnswer { token: request.token, result: Ok(scans) }
    })
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(Rows::default(), 0, |_| {})
    }

    /// With data of a run before, that ended at `utc_ms`.
    pub(super) fn with(rows: Rows, utc_ms: u64, change: impl FnOnce(&mut ScscfConfig)) -> Self {
        Self::among(rows, utc_ms, change, None)
    }

    /// With a test application server in place of the one outside.
    pub(super) fn with_server(criteria: Vec<InitialFilterCriteria>, change: impl FnOnce(&mut TestAsConfig)) -> Self {
        let mut config = TestAsConfig::new("sip:as.test", address_of("as"));
        config.hosts.insert("scscf.ims.mnc001.mcc001.3gppnetwork.org", address_of("scscf"), Transport::Udp);
        change(&mut config);
        let server = TestAs::new(config, Entropy::from_seed([3; 32])).unwrap();
        let mut bench = Self::among(Rows::default(), 0, |_| {}, Some(server));
        lock(&bench.script).profile = profile(criteria);
        assert_eq!(bench.register(1, 1, 3600).status, 200);
        bench
    }

    fn among(rows: Rows, utc_ms: u64, change: impl FnOnce(&mut ScscfConfig), server: Option<TestAs>) -> Self {
        let script = Script {
            vectors: (1..=8).map(vector).collect(),
            profile: profile(vec![]),
            mars: vec![],
            sars: vec![],
            answers: vec![],
            result: ResultCode::SUCCESS,
            is_silent: false,
            to_send: VecDeque::new(),
        };
        let script = Arc::new(Mutex::new(script));
        let mut diameter = DiameterConfig::new("scscf.test", "test", ip(3), vec![APP_CX]);
        let hss = SocketAddr::new(ip(4), 3868);
        diameter.peers = vec![PeerConfig { host: "hss.test".to_owned(), realm: "test".to_owned(), connect: Some(hss) }];
        let mut config = ScscfConfig::new(SCSCF, DOMAIN, address_of("scscf"), "sip:icscf.test", diameter);
        config.hss_realm = "test".to_owned();
        config.utc_ms_at_zero = utc_ms;
        let mut hosts = HostTable::new();
        hosts.insert("icscf.test", address_of("icscf"), Transport::Udp);
        hosts.insert("as.test", address_of("as"), Transport::Udp);
        hosts.insert("as2.test", address_of("as2"), Transport::Udp);
        config.hosts = hosts;
        change(&mut config);
        let mut endpoint = DiameterConfig::new("hss.test", "test", ip(4), vec![APP_CX]);
        endpoint.accept_unknown = true;
        let hss = ScriptedHss {
            endpoint: DiameterEndpoint::new(endpoint, Entropy::from_seed([1; 32])),
            script: Arc::clone(&script),
            out: VecDeque::new(),
        };
        let scscf = Scscf::new(config, Entropy::from_seed([2; 32])).unwrap();
        let mut fabric = Fabric::new(Latency::default());
        let now = Instant::ZERO;
        fabric.add(now, "hss", Role::Hss, ip(4), Box::new(hss), store_driver(Rows::default()));
        fabric.add(now, "scscf", Role::Scscf, ip(3), Box::new(scscf), store_driver(Arc::clone(&rows)));
        for (name, role) in [("pcscf", Role::Pcscf), ("icscf", Role::Icscf), ("as", Role::As), ("as2", Role::As)] {
            if name != "as" || server.is_none() {
                fabric.add_outside(name, role, address_of(name).ip());
            }
        }
        if let Some(server) = server {
            let store = store_driver(Rows::default());
            fabric.add(now, "as", Role::As, ip(5), Box::new(server), store);
        }
        let mut bench = Self { fabric, now, inbox: VecDeque::new(), script, notes: vec![], rows };
        bench.run(Duration::from_millis(100));
        bench
    }

    /// Lets time go by.
    pub(super) fn run(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            while let Some(output) = self.fabric.poll_output() {
                match output {
                    FabricOutput::Message(message) => self.fabric.carry(self.now, message),
                    FabricOutput::Outside { to, bytes, .. } => {
                        let message = SipMessage::parse(&bytes).unwrap();
                        if message.as_response().is_none_or(|r| r.status != 100) {
                            self.inbox.push_back((to, message));
                        }
                    }
                    FabricOutput::AtOutside { to, event } => panic!("{event:?} at {to}"),
                    FabricOutput::OutsideFailed { why, .. } => panic!("{why}"),
                    FabricOutput::Note { from, note } => self.notes.push(format!("{from}: {note}")),
                }
            }
            match self.fabric.poll_timeout().filter(|t| *t <= until) {
                Some(t) => {
                    self.now = self.now.max(t);
                    self.fabric.handle_timeout(self.now);
                }
                None => break,
            }
        }
        self.now = until;
    }

    pub(super) fn send(&mut self, from: &str, message: &SipMessage) {
        let target = Target { transport: Transport::Udp, remote: address_of("scscf"), flow: None };
        self.fabric.send(self.now, address_of(from), target, message.to_bytes());
        self.run(Duration::from_millis(20));
    }

    /// Sends a request and takes the first answer.
    pub(super) fn ask(&mut self, from: &str, request: &Request) -> Response {
        self.send(from, &SipMessage::Request(request.clone()));
        self.response(from)
    }

    /// Answers a request that has come.
    pub(super) fn reply(&mut self, from: &str, request: &Request, status: u16) {
        let mut response = Response::to(request, status, None);
        response.set_to_tag(&format!("tag{from}"));
        response.headers.copy_from(&request.headers, "Record-Route");
        self.send(from, &SipMessage::Response(response));
    }

    pub(super) fn response(&mut self, of: &str) -> Response {
        let at = self.inbox.iter().position(|(to, m)| to == of && m.as_response().is_some());
        let at = at.unwrap_or_else(|| panic!("no response for {of}: {:?} {:?}", self.titles(), self.notes));
        self.inbox.remove(at).unwrap().1.as_response().unwrap().clone()
    }

    pub(super) fn request(&mut self, of: &str) -> Request {
        let at = self.inbox.iter().position(|(to, m)| to == of && m.as_request().is_some());
        let at = at.unwrap_or_else(|| panic!("no request for {of}: {:?} {:?}", self.titles(), self.notes));
        self.inbox.remove(at).unwrap().1.as_request().unwrap().clone()
    }

    pub(super) fn titles(&self) -> Vec<String> {
        let title = |m: &SipMessage| match m {
            SipMessage::Request(r) => r.method.to_string(),
            SipMessage::Response(r) => r.status.to_string(),
        };
        self.inbox.iter().map(|(to, m)| format!("{to} {}", title(m))).collect()
    }

    pub(super) fn assignments(&self) -> Vec<ServerAssignmentType> {
        lock(&self.script).sars.iter().map(|s| s.assignment).collect()
    }

    /// The whole way to a registration, with vector `n` and CSeq `cseq` and the next.
    pub(super) fn register(&mut self, n: u8, cseq: u32, expires: u32) -> Response {
        let challenge = self.ask("pcscf", &register(cseq, expires, None));
        assert_eq!(challenge.status, 401, "{challenge:?}");
        let credentials = respond_to(&challenge, &res(n));
        self.ask("pcscf", &register(cseq + 1, expires, Some(&credentials)))
    }

    pub(super) fn rtr(&mut self, why: DeregistrationReason) {
        lock(&self.script).to_send.push_back(Box::new(SendRtr(why)));
        self.run(Duration::from_millis(50));
    }

    pub(super) fn ppr(&mut self, profile: UserProfile) {
        lock(&self.script).to_send.push_back(Box::new(SendPpr(profile)));
        self.run(Duration::from_millis(50));
    }
}

/// A request as the P-CSCF or another box sends it.
pub(super) fn request(method: &str, uri: &str, call: &str, cseq: u32, from: &str, fields: &[(&str, &str)]) -> Request {
    let mut request = Request::new(Method::parse(method).unwrap(), Uri::parse(uri).unwrap());
    let headers = &mut request.headers;
    let host = address_of(from);
    headers.append("Via", &format!("SIP/2.0/UDP {host};branch=z9hG4bK{call}{method}{cseq}"));
    headers.append("From", &format!("<{IMPU}>;tag=f{call}"));
    headers.append("To", &format!("<{uri}>"));
    headers.append("Call-ID", call);
    headers.append("CSeq", &format!("{cseq} {method}"));
    headers.append("Max-Forwards", "70");
    fields.iter().for_each(|(name, value)| headers.set(name, value));
    request
}

pub(super) fn register(cseq: u32, expires: u32, authorization: Option<&str>) -> Request {
    let expires = expires.to_string();
    let empty = format!(
        "Digest username=\"{IMPI}\", realm=\"{DOMAIN}\", nonce=\"\", uri=\"sip:{DOMAIN}\", response=\"\", algorithm=AKAv1-MD5"
    );
    let fields = [
        ("To", format!("<{IMPU}>")),
        ("Contact", CONTACT.to_owned()),
        ("Expires", expires),
        ("Path", PATH.to_owned()),
        ("P-Visited-Network-ID", "\"visited.test\"".to_owned()),
        ("P-Access-Network-Info", "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001".to_owned()),
        ("Authorization", authorization.map_or(empty, str::to_owned)),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    request("REGISTER", SCSCF, "reg", cseq, "pcscf", &fields)
}

/// Credentials of the UE for the challenge in a 401.
pub(super) fn respond_to(response: &Response, res: &[u8]) -> String {
    respond_with_count(response, res, 1)
}

pub(super) fn respond_with_count(response: &Response, res: &[u8], nonce_count: u32) -> String {
    let challenge = Challenge::parse(response.headers.get("WWW-Authenticate").unwrap()).unwrap();
    let uri = format!("sip:{DOMAIN}");
    let client = DigestClient {
        username: IMPI,
        password: res,
        method: &Method::REGISTER,
        uri: &uri,
        nonce_count,
        cnonce: "c0ffee",
        body: &[],
    };
    challenge.answer(&client).unwrap().to_string()
}
