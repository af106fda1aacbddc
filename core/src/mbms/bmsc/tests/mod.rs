//! The BM-SC among application servers and MBMS-GWs that a test pulls the strings of, joined by a fabric.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::diameter::mb2c::mask::MbmsBearerResult;
use protocol::diameter::mb2c::{
    GcsActionAnswer, GcsActionRequest, GcsNotificationAnswer, GcsNotificationRequest, MbmsBearerEventNotification,
    MbmsBearerRequest, MbmsBearerResponse, TmgiAllocationRequest, TmgiAllocationResponse, TmgiDeallocationRequest,
};
use protocol::diameter::mbms::{Arp, MbmsServiceArea, QosInformation, StartStop};
use protocol::diameter::sgmb::{MbmsFlags, Raa, Rar};
use protocol::diameter::{DiameterConfig, Flags, Outcome, PeerConfig, ResultCode, Routing};
use protocol::{Joint, Plmn, SyncPlan, Tmgi};

use super::*;
use crate::mbms::ProvisioningConfig;
use crate::node::testing::{Shared, TestNetwork};
use crate::node::{Fabric, FabricOutput, Latency, NodeStore, Role, StoreDriver};
use crate::store::StoreError;

mod bearers;
mod campaign;
mod restart;
mod tmgi;
mod user_plane;
mod xmb;

const REALM: &str = "mbms.test";
const BMSC: &str = "bmsc.mbms.test";
const GW: &str = "gw1.mbms.test";
const GW2: &str = "gw2.mbms.test";
const AS: &str = "as1.mbms.test";
const AS2: &str = "as2.mbms.test";

fn ip(last: u8) -> std::net::IpAddr {
    [10, 46, 0, last].into()
}

/// What a test sees of a box, and how it pulls it.
#[derive(Debug)]
struct Strings {
    to_send: VecDeque<(u64, Message)>,
    datagrams_to_send: VecDeque<(u16, Vec<u8>)>,
    answers: BTreeMap<u64, Result<Message, RequestFailure>>,
    /// Of an application server: what it was told.
    notices: Vec<GcsNotificationRequest>,
    /// Of an MBMS-GW: its sessions, with what it was told of them last.
    sessions: BTreeMap<String, (Rar, u16)>,
    asked: Vec<Rar>,
    datagrams: Vec<Vec<u8>>,
    /// What it answers.
    result: ResultCode,
    /// It answers nothing.
    is_silent: bool,
    restart_counter: u32,
    next_port: u16,
}

/// A box that a test pulls.
#[derive(Debug)]
struct Puppet {
    own: u8,
    endpoint: DiameterEndpoint,
    strings: Arc<Mutex<Strings>>,
    out: VecDeque<NodeOutput>,
}

impl Puppet {
    fn new(own: u8, host: &str, connects: bool, strings: &Arc<Mutex<Strings>>, starts: u32) -> Self {
        let applications = vec![APP_MB2C, APP_SGMB];
        let mut config = DiameterConfig::new(host, REALM, ip(own), applications);
        let connect = connects.then(|| (ip(31), 3868).into());
        config.peers = vec![PeerConfig { host: BMSC.to_owned(), realm: REALM.to_owned(), connect }];
        config.retry = Duration::from_millis(200);
        config.answer_timeout = Duration::from_secs(20);
        config.origin_state = starts;
        let endpoint = DiameterEndpoint::new(config, Entropy::of_box(u64::from(starts), host));
        Self { own, endpoint, strings: Arc::clone(strings), out: VecDeque::new() }
    }

    fn outcome(&self, result: ResultCode) -> Outcome {
        let (host, realm) = self.endpoint.origin();
        Outcome { origin_host: host.to_owned(), origin_realm: realm.to_owned(), result }
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.out.push_back(NodeOutput::Diameter(transport)),
                DiameterOutput::Answer { token, result } => {
                    drop(self.strings.lock().unwrap().answers.insert(token, result))
                }
                DiameterOutput::Request { handle, message } => self.on_request(now, handle, &message),
                _ => {}
            }
        }
    }

    fn on_request(&mut self, now: Instant, handle: RequestHandle, message: &Message) {
        let strings = Arc::clone(&self.strings);
        let mut strings = strings.lock().unwrap();
        let counter = Some(strings.restart_counter);
        let answer = if message.command == GCS_ACTION + 1 {
            strings.notices.push(GcsNotificationRequest::from_message(message).unwrap());
            let gna = GcsNotificationAnswer { outcome: self.outcome(strings.result), restart_counter: counter };
            gna.to_message(message)
        } else {
            let rar = Rar::from_message(message).unwrap();
            strings.asked.push(rar.clone());
            let result = if rar.indication == Some(StartStop::Start) { strings.result } else { ResultCode::SUCCESS };
            let mut raa = Raa::new(self.outcome(result));
            raa.indication = rar.indication;
            raa.restart_counter = counter;
            let session = rar.routing.session_id.clone();
            match rar.indication {
                Some(StartStop::Start) if result.is_success() && !strings.is_silent => {
                    let known = strings.sessions.get(&session).map(|(_, port)| *port);
                    strings.next_port += u16::from(known.is_none());
                    let port = known.unwrap_or(strings.next_port);
                    strings.sessions.insert(session, (rar, port));
                    (raa.address, raa.port) = (ip(self.own).into(), Some(port));
                }
                Some(StartStop::Update) => match strings.sessions.get_mut(&session) {
                    Some(known) => known.0 = rar,
                    None => raa.outcome.result = ResultCode::Base(result::UNKNOWN_SESSION_ID),
                },
                Some(StartStop::Stop) => match strings.sessions.remove(&session) {
                    Some(_) => {}
                    None => raa.outcome.result = ResultCode::Base(result::UNKNOWN_SESSION_ID),
                },
                _ => {}
            }
            raa.to_message(message)
        };
        if !strings.is_silent {
            self.endpoint.send_answer(now, handle, answer);
        }
    }
}

impl Node for Puppet {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Diameter(input) => self.endpoint.handle_input(now, input),
            NodeInput::Datagram { bytes, .. } => self.strings.lock().unwrap().datagrams.push(bytes.to_vec()),
            _ => {}
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        let (messages, datagrams) = {
            let mut strings = self.strings.lock().unwrap();
            (std::mem::take(&mut strings.to_send), std::mem::take(&mut strings.datagrams_to_send))
        };
        for (token, message) in messages {
            self.endpoint.send_request(now, token, message);
        }
        for (port, bytes) in datagrams {
            let (local, remote) = ((ip(self.own), 5000).into(), (ip(31), port).into());
            self.out.push_back(NodeOutput::Datagram { local, remote, bytes });
        }
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let strings = self.strings.lock().unwrap();
        let idle = strings.to_send.is_empty() && strings.datagrams_to_send.is_empty();
        if idle { self.endpoint.poll_timeout() } else { Some(Instant::ZERO) }
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

/// A BM-SC with two application servers and two MBMS-GWs: areas 1 and 2 at the first, 2 and 3 at the second.
struct Net {
    fabric: Fabric,
    now: Instant,
    node: Arc<Mutex<BmscNode>>,
    config: BmscNodeConfig,
    boxes: BTreeMap<&'static str, Arc<Mutex<Strings>>>,
    store_fails: Arc<Mutex<bool>>,
    starts: u32,
    tokens: u64,
    /// Messages of Diameter on the wire so far, and at which of them the BM-SC is killed.
    messages: usize,
    kill_at: Option<usize>,
    notes: Vec<String>,
    web: xmb::Web,
}

const BOXES: [(&str, u8, bool); 4] = [(AS, 21, true), (AS2, 22, true), (GW, 32, false), (GW2, 34, false)];

fn config() -> BmscNodeConfig {
    let mut diameter = DiameterConfig::new(BMSC, REALM, ip(31), Vec::new());
    diameter.retry = Duration::from_millis(200);
    diameter.answer_timeout = Duration::from_secs(1);
    diameter.peers = BOXES
        .iter()
        .map(|(host, own, connects)| PeerConfig {
            host: (*host).to_owned(),
            realm: REALM.to_owned(),
            connect: (!connects).then(|| (ip(*own), 3868).into()),
        })
        .collect();
    let pool = ProvisioningConfig {
        plmn: Plmn::new("001", "01").unwrap(),
        service_ids: 0x100..=0xffff,
        addresses: [239, 1, 0, 0].into()..=[239, 1, 0, 255].into(),
        ports: 5000..=5003,
        port_block: 1,
    };
    let mut config = BmscNodeConfig::new(diameter, pool, ip(31), SyncPlan::new(32).unwrap());
    let gateway = |host: &str, areas: &[u16]| GatewayConfig {
        host: host.to_owned(),
        realm: REALM.to_owned(),
        areas: areas.to_vec(),
        control_plane_nodes: vec![ip(33)],
    };
    config.gateways = vec![gateway(GW, &[1, 2]), gateway(GW2, &[2, 3])];
    config.strangers = None;
    config.servers = [AS, AS2].map(|host| (host.to_owned(), ServerRules::default())).into();
    config.utc_ms_at_zero = 1_700_000_000_000;
    config.heartbeat = None;
    config.path_patience = Duration::from_secs(10);
    config
}

impl TestNetwork for Net {
    fn fabric(&mut self) -> (&mut Fabric, &mut Instant) {
        (&mut self.fabric, &mut self.now)
    }

    fn on_output(&mut self, output: FabricOutput) {
        match output {
            FabricOutput::Message(message) => {
                self.messages += usize::from(message.joint != Joint::SgiMb);
                if self.kill_at.take_if(|at| *at == self.messages).is_some() {
                    self.restart();
                }
                self.fabric.carry(self.now, message);
            }
            FabricOutput::AtOutside { event, .. } => self.at_provider(event),
            FabricOutput::Note { from, note } => self.notes.push(format!("{} {from}: {note}", self.now)),
            _ => {}
        }
    }
}

impl Net {
    fn new() -> Self {
        Self::with(config())
    }

    fn with(config: BmscNodeConfig) -> Self {
        let node = Arc::new(Mutex::new(BmscNode::new(config.clone(), Entropy::of_box(1, BMSC))));
        let mut net = Self {
            fabric: Fabric::new(Latency::default()),
            now: Instant::ZERO,
            node: Arc::clone(&node),
            config,
            boxes: BTreeMap::new(),
            store_fails: Arc::default(),
            starts: 1,
            tokens: 0,
            messages: 0,
            kill_at: None,
            notes: Vec::new(),
            web: xmb::Web::default(),
        };
        let fails = Arc::clone(&net.store_fails);
        let mut store = NodeStore::in_memory().unwrap();
        let driver: StoreDriver = Box::new(move |request| match *fails.lock().unwrap() {
            true => NodeStoreAnswer { token: request.token, result: Err(StoreError::Sqlite("disk full".to_owned())) },
            false => store.execute(&request),
        });
        net.fabric.add(net.now, BMSC, Role::Bmsc, ip(31), Box::new(Shared(node)), driver);
        for (host, own, connects) in BOXES {
            let strings = Arc::new(Mutex::new(Strings {
                to_send: VecDeque::new(),
                datagrams_to_send: VecDeque::new(),
                answers: BTreeMap::new(),
                notices: Vec::new(),
                sessions: BTreeMap::new(),
                asked: Vec::new(),
                datagrams: Vec::new(),
                result: ResultCode::SUCCESS,
                is_silent: false,
                restart_counter: 1,
                next_port: 40_000,
            }));
            let puppet = Puppet::new(own, host, connects, &strings, 1);
            let role = if connects { Role::As } else { Role::MbmsGw };
            net.fabric.add(net.now, host, role, ip(own), Box::new(puppet), no_store());
            net.boxes.insert(host, strings);
        }
        for (name, own) in xmb::PROVIDERS {
            net.fabric.add_outside(name, Role::ThirdParty, ip(own));
        }
        net.run_ms(1000);
        net
    }

    /// The BM-SC is killed and starts again.
    fn restart(&mut self) {
        self.starts += 1;
        let node = BmscNode::new(self.config.clone(), Entropy::of_box(u64::from(self.starts), BMSC));
        self.node = Arc::new(Mutex::new(node));
        assert!(self.fabric.restart(self.now, BMSC, Box::new(Shared(Arc::clone(&self.node)))));
    }

    /// A box is killed and starts again, with another Restart-Counter.
    fn restart_box(&mut self, host: &str) {
        self.at(host).restart_counter += 1;
        self.reconnect(host);
    }

    /// A box is there again, with what it knew.
    fn reconnect(&mut self, host: &str) {
        let (host, own, connects) = BOXES.into_iter().find(|(name, ..)| *name == host).unwrap();
        let strings = Arc::clone(&self.boxes[host]);
        self.starts += 1;
        let puppet = Puppet::new(own, host, connects, &strings, self.starts);
        assert!(self.fabric.restart(self.now, host, Box::new(puppet)));
    }

    fn at(&self, host: &str) -> std::sync::MutexGuard<'_, Strings> {
        self.boxes[host].lock().unwrap()
    }

    /// Sends a request; the answer comes later.
    fn send(&mut self, host: &str, mut gar: GcsActionRequest, is_repeated: bool) -> u64 {
        self.tokens += 1;
        gar.routing = Routing {
            session_id: format!("{host};0;{}", self.tokens),
            origin_host: host.to_owned(),
            origin_realm: REALM.to_owned(),
            destination_host: None,
            destination_realm: REALM.to_owned(),
        };
        gar.restart_counter = Some(self.at(host).restart_counter);
        let mut message = gar.to_message();
        if is_repeated {
            message.flags = message.flags.with(Flags::RETRANSMITTED);
        }
        self.at(host).to_send.push_back((self.tokens, message));
        self.tokens
    }

    fn answer(&self, host: &str, token: u64) -> Option<GcsActionAnswer> {
        let answer = self.at(host).answers.get(&token)?.clone();
        Some(GcsActionAnswer::from_message(&answer.unwrap()).unwrap())
    }

    /// Sends a request, again and again until it is answered, as an application server does.
    fn insist(&mut self, host: &str, gar: &GcsActionRequest) -> GcsActionAnswer {
        let token = self.send(host, gar.clone(), false);
        for _ in 0..20 {
            self.run_ms(1000);
            if self.at(host).answers.get(&token).is_some_and(Result::is_ok) {
                break;
            }
            let failed = self.at(host).answers.get(&token).is_some_and(Result::is_err);
            if failed {
                self.at(host).answers.remove(&token);
                self.tokens = token - 1;
                self.send(host, gar.clone(), true);
            }
        }
        self.answer(host, token).unwrap_or_else(|| panic!("no answer: {:#?}", self.notes))
    }

    /// Sends a request and waits for its answer.
    fn ask(&mut self, host: &str, gar: GcsActionRequest) -> GcsActionAnswer {
        let token = self.send(host, gar, false);
        self.wait(host, token)
    }

    fn wait(&mut self, host: &str, token: u64) -> GcsActionAnswer {
        for _ in 0..1000 {
            self.run_ms(10);
            if let Some(answer) = self.answer(host, token) {
                return answer;
            }
        }
        panic!("no answer: {:#?}", self.notes);
    }

    fn allocate(&mut self, host: &str, request: TmgiAllocationRequest) -> TmgiAllocationResponse {
        self.ask(host, GcsActionRequest { allocation: Some(request), ..GcsActionRequest::default() })
            .allocation
            .unwrap()
    }

    /// So many new TMGIs.
    fn tmgis(&mut self, host: &str, number: u32) -> Vec<Tmgi> {
        self.allocate(host, TmgiAllocationRequest { number, ..TmgiAllocationRequest::default() }).tmgis
    }

    fn release(&mut self, host: &str, tmgis: &[Tmgi]) -> GcsActionAnswer {
        let deallocation = Some(TmgiDeallocationRequest { tmgis: tmgis.to_vec() });
        self.ask(host, GcsActionRequest { deallocation, ..GcsActionRequest::default() })
    }

    fn bearer(&mut self, host: &str, request: MbmsBearerRequest) -> MbmsBearerResponse {
        let gar = GcsActionRequest { bearers: vec![request], ..GcsActionRequest::default() };
        self.ask(host, gar).bearers.remove(0)
    }

    /// What an application server was told of bearers.
    fn events(&self, host: &str) -> Vec<MbmsBearerEventNotification> {
        self.at(host).notices.iter().flat_map(|gnr| gnr.events.clone()).collect()
    }

    fn audit(&self) {
        self.node.lock().unwrap().audit().unwrap_or_else(|why| panic!("{why}: {:#?}", self.notes));
    }

    fn figure(&self, name: &str) -> u64 {
        let figures = self.node.lock().unwrap().figures();
        figures.iter().find(|(own, _)| *own == name).map(|(_, value)| *value).unwrap()
    }

    fn utc_ms(&self) -> u64 {
        self.config.utc_ms_at_zero + self.now.as_nanos() / 1_000_000
    }
}

fn no_store() -> StoreDriver {
    Box::new(|request| NodeStoreAnswer { token: request.token, result: Ok(Vec::new()) })
}

fn qos() -> QosInformation {
    let arp = Arp { priority: 5, may_preempt: false, preemptable: true };
    QosInformation { qci: Some(1), mbr: Some(64_000), gbr: Some(64_000), arp: Some(arp), other: Vec::new() }
}

fn area(areas: &[u16]) -> Option<MbmsServiceArea> {
    MbmsServiceArea::new(areas)
}

/// An activation in an area.
fn start(tmgi: Option<Tmgi>, areas: &[u16]) -> MbmsBearerRequest {
    MbmsBearerRequest { tmgi, qos: Some(qos()), area: area(areas), ..MbmsBearerRequest::new(StartStop::Start) }
}

/// A modification or de-activation of what a response has brought.
fn again(indication: StartStop, response: &MbmsBearerResponse) -> MbmsBearerRequest {
    MbmsBearerRequest { tmgi: response.tmgi, flow: response.flow, ..MbmsBearerRequest::new(indication) }
}

fn result_of(response: &MbmsBearerResponse) -> MbmsBearerResult {
    response.result.unwrap_or(MbmsBearerResult::SUCCESS)
}
