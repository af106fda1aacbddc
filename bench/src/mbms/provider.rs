//! The content provider of a scenario: it has assigned TMGI and multicast address to each session, asks the BM-SC for bearers
//! on MB2-C (TS 29.468 clause 5.3), and sends its FLUTE sessions (TS 26.346 clause 7) over MB2-U.

use std::collections::{BTreeMap, VecDeque};
use std::net::{SocketAddr, SocketAddrV4};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use core_network::node::{Node, NodeInput, NodeNote, NodeOutput};
use core_network::{Content, Delivery, DeliveryStats, FluteOutput, FluteSender, SequenceClock};
use protocol::diameter::mb2c::mask::MbmsBearerEvent;
use protocol::diameter::mb2c::{
    GcsActionAnswer, GcsActionRequest, GcsNotificationAnswer, GcsNotificationRequest, MbmsBearerRequest,
    MbmsBearerResponse,
};
use protocol::diameter::mbms::provisioning::{AllocationMode, ServiceProvisioning, SessionTime};
use protocol::diameter::mbms::{Arp, FlowId, MbmsServiceArea, QosInformation, StartStop};
use protocol::diameter::{
    DiameterConfig, DiameterEndpoint, DiameterOutput, Message, Outcome, RequestFailure, RequestHandle, ResultCode,
    dictionary, problem_answer,
};
use protocol::{Entropy, Instant, Tmgi};

use super::config::{BMSC_ADDRESS, BMSC_HOST, PROVIDER_ADDRESS, PROVIDER_HOST, REALM, diameter, peer};
use crate::setup;

/// Source port of its user data.
const SOURCE_PORT: u16 = 4000;
/// QCI of files and streams that are not conversational (TS 23.203 table 6.1.7).
const QCI: u32 = 4;
const ARP: Arp = Arp { priority: 8, may_preempt: false, preemptable: false };

/// What it is to do.
#[derive(Debug)]
pub(crate) enum Order {
    Start(Box<Begin>),
    /// Goes on in another service area.
    Update {
        session: String,
        area: u16,
    },
    Stop {
        session: String,
    },
}

/// A session that begins.
#[derive(Debug)]
pub(crate) struct Begin {
    pub(crate) session: String,
    pub(crate) tmgi: Tmgi,
    pub(crate) destination: SocketAddrV4,
    pub(crate) area: u16,
    pub(crate) content: Content,
    pub(crate) delivery: Delivery,
    /// How the BM-SC cuts it into sequences.
    pub(crate) clock: SequenceClock,
    /// No data before then.
    pub(crate) first_data: Instant,
}

/// What it says.
#[derive(Debug)]
pub(crate) enum Told {
    /// The bearer is there.
    Active(Active),
    /// Nothing came of a start, or a session has lost its bearer.
    Failed {
        session: String,
        why: String,
    },
    Stopped {
        session: String,
        stats: DeliveryStats,
    },
    LimitReached {
        session: String,
    },
    Trouble(String),
}

/// A session that runs.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    pub(crate) session: String,
    pub(crate) tmgi: Tmgi,
    pub(crate) destination: SocketAddrV4,
    pub(crate) tsi: u64,
    pub(crate) content_octets: u64,
    pub(crate) content_sha256: [u8; 32],
    pub(crate) bit_rate_bps: u64,
}

#[derive(Debug, Default)]
struct Desk {
    orders: VecDeque<Order>,
    told: VecDeque<Told>,
}

/// The way to it, for who has put the node into a fabric.
#[derive(Clone, Debug, Default)]
pub(crate) struct Provider(Arc<Mutex<Desk>>);

impl Provider {
    /// Gives an order; it is taken at the next timeout, which is at once.
    pub(crate) fn order(&self, order: Order) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).orders.push_back(order);
    }

    pub(crate) fn poll(&self) -> Option<Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).told.pop_front()
    }

    fn next_order(&self) -> Option<Order> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).orders.pop_front()
    }

    fn has_orders(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).orders.is_empty()
    }

    fn tell(&self, told: Told) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).told.push_back(told);
    }
}

/// TSI of the FLUTE session on a TMGI (RFC 3926 clause 2): the MBMS service id, unique in the PLMN.
pub(crate) fn tsi(tmgi: Tmgi) -> u64 {
    let [a, b, c] = tmgi.service_id;
    u64::from(u32::from_be_bytes([0, a, b, c]))
}

/// The node.
#[derive(Debug)]
pub(crate) struct ProviderNode {
    endpoint: DiameterEndpoint,
    desk: Provider,
    /// The BM-SC is there.
    is_up: bool,
    sessions: BTreeMap<String, Session>,
    /// What was asked for.
    asked: BTreeMap<u64, (String, StartStop)>,
    next: u64,
    out: VecDeque<NodeOutput>,
}

#[derive(Debug)]
struct Session {
    tmgi: Tmgi,
    clock: SequenceClock,
    active: Active,
    area: u16,
    sender: FluteSender,
    bearer: Option<Bearer>,
}

/// Where the data of a session goes.
#[derive(Clone, Copy, Debug)]
struct Bearer {
    flow: FlowId,
    to: SocketAddr,
}

impl ProviderNode {
    pub(crate) fn new(desk: Provider, entropy: Entropy) -> Self {
        let peers = vec![peer(BMSC_HOST, Some(BMSC_ADDRESS))];
        let mut config: DiameterConfig = diameter(PROVIDER_HOST, PROVIDER_ADDRESS, peers);
        config.applications = vec![dictionary::APP_MB2C];
        Self {
            endpoint: DiameterEndpoint::new(config, entropy),
            desk,
            is_up: false,
            sessions: BTreeMap::new(),
            asked: BTreeMap::new(),
            next: 0,
            out: VecDeque::new(),
        }
    }

    fn obey(&mut self, now: Instant, order: Order) {
        match order {
            Order::Start(begin) => self.start(now, *begin),
            Order::Update { session, area } => {
                let Some((tmgi, flow)) = self.bearer(&session) else { return };
                if let Some(own) = self.sessions.get_mut(&session) {
                    own.area = area;
                }
                let mut request = self.request(StartStop::Update, &session, tmgi);
                request.flow = Some(flow);
                self.ask(now, session, request);
            }
            Order::Stop { session } => self.stop(now, session),
        }
    }

    fn bearer(&self, session: &str) -> Option<(Tmgi, FlowId)> {
        let own = self.sessions.get(session)?;
        Some((own.tmgi, own.bearer?.flow))
    }

    fn start(&mut self, now: Instant, begin: Begin) {
        let Begin { session, tmgi, destination, area, content, delivery, clock, first_data } = begin;
        let source = SocketAddrV4::new(PROVIDER_ADDRESS, SOURCE_PORT);
        let (tsi, addresses) = (tsi(tmgi), (source, destination));
        let sender = FluteSender::new(first_data, addresses, tsi, &delivery, content, clock, setup::wall_clock());
        let sender = match sender {
            Ok(sender) => sender,
            Err(why) => return self.desk.tell(Told::Failed { session, why: why.to_string() }),
        };
        let (content_octets, content_sha256) = sender.content();
        let bit_rate_bps = delivery.bit_rate_bps;
        let active =
            Active { session: session.clone(), tmgi, destination, tsi, content_octets, content_sha256, bit_rate_bps };
        self.sessions.insert(session.clone(), Session { tmgi, clock, active, area, sender, bearer: None });
        let mut request = self.request(StartStop::Start, &session, tmgi);
        request.provisioning = Some(ServiceProvisioning {
            tmgi: Some(tmgi),
            mode: Some(AllocationMode::AsAssigned),
            address: Some((*destination.ip()).into()),
            port: Some(destination.port()),
            start: Some(SessionTime::RealTime),
            end: Some(SessionTime::RealTime),
            ..ServiceProvisioning::default()
        });
        self.ask(now, session, request);
    }

    /// A request for the bearer of a session as it is now.
    fn request(&self, indication: StartStop, session: &str, tmgi: Tmgi) -> MbmsBearerRequest {
        let mut request = MbmsBearerRequest { tmgi: Some(tmgi), ..MbmsBearerRequest::new(indication) };
        if let Some(own) = self.sessions.get(session) {
            let rate = u32::try_from(own.active.bit_rate_bps).ok();
            request.qos =
                Some(QosInformation { qci: Some(QCI), mbr: rate, gbr: rate, arp: Some(ARP), other: Vec::new() });
            request.area = MbmsServiceArea::new([own.area]);
        }
        request
    }

    fn stop(&mut self, now: Instant, session: String) {
        self.send_due(now);
        let Some(mut own) = self.sessions.remove(&session) else { return };
        let stats = own.sender.stats();
        if let Some(Bearer { flow, .. }) = own.bearer {
            let request =
                MbmsBearerRequest { flow: Some(flow), tmgi: Some(own.tmgi), ..MbmsBearerRequest::new(StartStop::Stop) };
            self.ask(now, session.clone(), request);
        }
        self.desk.tell(Told::Stopped { session, stats });
    }

    fn ask(&mut self, now: Instant, session: String, request: MbmsBearerRequest) {
        self.next += 1;
        self.asked.insert(self.next, (session, request.indication));
        let routing = self.endpoint.routing(Some(BMSC_HOST), REALM);
        let gar = GcsActionRequest {
            routing,
            bearers: vec![request],
            restart_counter: Some(1),
            ..GcsActionRequest::default()
        };
        self.endpoint.send_request(now, self.next, gar.to_message());
    }

    fn answered(&mut self, now: Instant, token: u64, result: Result<Message, RequestFailure>) {
        let Some((session, indication)) = self.asked.remove(&token) else { return };
        let answer =
            result.and_then(|message| GcsActionAnswer::from_message(&message).map_err(RequestFailure::Malformed));
        let response = match answer {
            Ok(answer) => answer.bearers.into_iter().next().unwrap_or_default(),
            Err(why) => return self.failed(session, indication, why.to_string()),
        };
        if !response.is_success() {
            let result = response.result.unwrap_or_default();
            let conflict = response.provisioning.and_then(|own| own.conflict);
            let conflict = conflict.map_or_else(String::new, |reason| format!(", {reason:?}"));
            return self.failed(session, indication, format!("the BM-SC refuses the bearer: {result:?}{conflict}"));
        }
        if indication == StartStop::Start {
            self.began(now, &session, &response);
        }
    }

    fn began(&mut self, now: Instant, session: &str, response: &MbmsBearerResponse) {
        let to = response.addresses.first().zip(response.port).map(|(ip, port)| SocketAddr::new(*ip, port));
        let Some(own) = self.sessions.get_mut(session) else { return };
        let (Some(flow), Some(to)) = (response.flow, to) else {
            let why = "the BM-SC says not where it wants the data".to_owned();
            return self.failed(session.to_owned(), StartStop::Start, why);
        };
        own.bearer = Some(Bearer { flow, to });
        own.sender.postpone(now);
        self.desk.tell(Told::Active(own.active.clone()));
    }

    fn failed(&mut self, session: String, indication: StartStop, why: String) {
        match indication {
            StartStop::Start => {
                self.sessions.remove(&session);
                self.desk.tell(Told::Failed { session, why });
            }
            _ => self.desk.tell(Told::Trouble(format!("session {session}: {why}"))),
        }
    }

    /// The BM-SC tells of bearers and TMGIs (TS 29.468 clauses 5.3.5 and 5.2.3), or asks whether somebody is there.
    fn notified(&mut self, now: Instant, handle: RequestHandle, message: &Message) {
        let (host, realm) = self.endpoint.origin();
        let result = ResultCode::SUCCESS;
        let outcome = Outcome { origin_host: host.to_owned(), origin_realm: realm.to_owned(), result };
        let notice = match GcsNotificationRequest::from_message(message) {
            Ok(notice) => notice,
            Err(problem) => {
                let answer = problem_answer(message, &outcome.origin_host, &outcome.origin_realm, &problem);
                return self.endpoint.send_answer(now, handle, answer);
            }
        };
        for event in notice.events.iter().filter(|event| event.event.has(MbmsBearerEvent::TERMINATED)) {
            let lost = self.sessions.iter_mut().find(|(_, own)| own.tmgi == event.tmgi);
            let Some((session, own)) = lost else { continue };
            own.bearer = None;
            let why = format!("its bearer has ended: {:?}", event.diagnostic);
            self.desk.tell(Told::Trouble(format!("session {session}: {why}")));
        }
        let answer = GcsNotificationAnswer { outcome, restart_counter: Some(1) };
        self.endpoint.send_answer(now, handle, answer.to_message(message));
    }

    /// Datagrams whose time has come.
    fn send_due(&mut self, now: Instant) {
        let local = SocketAddr::new(PROVIDER_ADDRESS.into(), SOURCE_PORT);
        for (session, own) in &mut self.sessions {
            let Some(Bearer { to, .. }) = own.bearer else { continue };
            // The clock leapt over a whole sequence: what should have been sent in it is sent from now on.
            if own.sender.poll_timeout().is_some_and(|due| due + own.clock.plan.sequence() < now) {
                own.sender.postpone(now);
            }
            own.sender.handle_timeout(now);
            while let Some(output) = own.sender.poll_output() {
                match output {
                    FluteOutput::Datagram(bytes) => {
                        self.out.push_back(NodeOutput::Datagram { local, remote: to, bytes });
                    }
                    FluteOutput::LimitReached => self.desk.tell(Told::LimitReached { session: session.clone() }),
                }
            }
        }
    }

    fn drain(&mut self, now: Instant) {
        while self.is_up
            && let Some(order) = self.desk.next_order()
        {
            self.obey(now, order);
        }
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.out.push_back(NodeOutput::Diameter(transport)),
                DiameterOutput::Answer { token, result } => self.answered(now, token, result),
                DiameterOutput::Request { handle, message } => self.notified(now, handle, &message),
                DiameterOutput::PeerUp { .. } => self.is_up = true,
                DiameterOutput::PeerDown { .. } => self.is_up = false,
                DiameterOutput::Ignored { state, event } => {
                    self.out.push_back(NodeOutput::Note(NodeNote::Ignored { state, event }));
                }
            }
        }
    }
}

impl Node for ProviderNode {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        if let NodeInput::Diameter(input) = input {
            self.endpoint.handle_input(now, input);
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        self.send_due(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let sessions = self.sessions.values().filter(|own| own.bearer.is_some());
        let due = sessions.filter_map(|own| own.sender.poll_timeout());
        let orders = (self.is_up && self.desk.has_orders()).then_some(Instant::ZERO);
        due.chain(self.endpoint.poll_timeout()).chain(orders).min()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

/// How long a session may take to be on its way.
pub(crate) const START_TIME: Duration = Duration::from_secs(20);
