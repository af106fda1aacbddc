//! The world around an SM-SC: its store, an SMS-GMSC that does as it is told, ESMEs, another SM-SC, and the time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use protocol::smpp::{
    AlertNotification, Bind, BindKind, Body, COctetString, CommandStatus, INTERFACE_VERSION, MessageId, Pdu,
    ShortMessage, SmeAddress, SmppConfig, SmppEvent, SmppInput, SmppOutput, SmppRole, SmppSession, SystemId, Tlv,
    TlvTag, Tlvs,
};
use protocol::sms::{Address, Carrier, Direction, Submit, Tpdu, UserData};
use protocol::{Entropy, Instant, Secret};

use super::super::{EsmeAccount, OtherSmSc, SmSc, SmScConfig, SmppPeer};
use crate::mc::HashedPassword;
use crate::node::{Node, NodeInput, NodeOutput, NodeStore, NodeStoreAnswer, StreamId, StreamInput, StreamOutput};
use crate::sms::tlv;

pub(super) const SC: &str = "358440000000";
/// 2026-11-22T00:00:00Z.
pub(super) const START_MS: u64 = 1_795_305_600_000;

/// What the mobile network does with a message for a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Behaviour {
    Deliver,
    Absent,
    MemoryFull,
    Unknown,
    Barred,
    /// The UE refuses it.
    Refuses,
    Silent,
}

/// Who is at the other end of a stream.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Who {
    Gmsc,
    SmSc,
    Esme,
}

#[derive(Debug)]
struct Far {
    who: Who,
    session: SmppSession,
}

/// The SM-SC is killed.
#[derive(Debug)]
pub(super) struct Killed;

#[derive(Debug)]
pub(super) struct World {
    pub(super) node: SmSc,
    store: NodeStore,
    config: SmScConfig,
    pub(super) now_ms: u64,
    /// Steps until the SM-SC is killed.
    pub(super) fuel: u64,
    far: BTreeMap<StreamId, Far>,
    streams: u64,
    to_node: VecDeque<(StreamId, Option<Vec<u8>>)>,
    pub(super) is_gmsc_up: bool,
    pub(super) is_sm_sc_up: bool,
    pub(super) behaviour: BTreeMap<String, Behaviour>,
    /// submit_sm that the GMSC has had: when, for whom, which TPDU; and how.
    pub(super) attempts: Vec<(u64, String, Vec<u8>)>,
    pub(super) submits: Vec<(ShortMessage, Vec<Tlv>)>,
    /// What UEs have shown that know repetitions, and the names of what they know.
    pub(super) shown: Vec<(String, Tpdu)>,
    known: BTreeSet<(String, Vec<u8>)>,
    /// Responses that ESMEs and IWMSC have got, by token.
    pub(super) responses: BTreeMap<u64, Pdu>,
    /// What ESMEs have got.
    pub(super) delivered: Vec<Pdu>,
    pub(super) esme_answers: CommandStatus,
    pub(super) bind_refused: Option<CommandStatus>,
    /// What another SM-SC has got.
    pub(super) forwarded: Vec<Pdu>,
    pub(super) most_in_memory: usize,
    pub(super) notes: Vec<String>,
    /// Answers of the store that have not come yet, while it is slow.
    held: Option<VecDeque<NodeStoreAnswer>>,
    /// submit_sm that the GMSC has not answered.
    unanswered: Vec<(StreamId, u32)>,
}

pub(super) fn config() -> SmScConfig {
    let mut config = SmScConfig::new(SC);
    config.utc_ms_at_zero = START_MS;
    config.delivery_time = std::time::Duration::from_secs(180);
    config.message_centres.push(SmppPeer::new("gmsc", "10.0.0.1:2775".parse().unwrap(), "sc", "secret"));
    let password = HashedPassword::of_cost("pw", 8, 1, &mut Entropy::from_seed([1; 32])).unwrap();
    let mut account = EsmeAccount::new("bank", password);
    account.numbers = vec!["1700".to_owned()];
    config.accounts.push(account);
    let peer = SmppPeer::new("far", "10.0.0.2:2775".parse().unwrap(), "sc", "secret");
    config.smscs.push(OtherSmSc { peer, numbers: vec!["49*".to_owned()] });
    config
}

impl World {
    pub(super) fn new(config: SmScConfig) -> Self {
        let node = SmSc::new(config.clone(), Entropy::of_box(1, "sm-sc")).unwrap();
        let mut world = Self {
            node,
            store: NodeStore::in_memory().unwrap(),
            config,
            now_ms: 0,
            fuel: u64::MAX,
            far: BTreeMap::new(),
            streams: 0,
            to_node: VecDeque::new(),
            is_gmsc_up: true,
            is_sm_sc_up: true,
            behaviour: BTreeMap::new(),
            attempts: Vec::new(),
            submits: Vec::new(),
            shown: Vec::new(),
            known: BTreeSet::new(),
            responses: BTreeMap::new(),
            delivered: Vec::new(),
            esme_answers: CommandStatus::OK,
            bind_refused: None,
            forwarded: Vec::new(),
            most_in_memory: 0,
            notes: Vec::new(),
            held: None,
            unanswered: Vec::new(),
        };
        world.run(0).unwrap();
        world
    }

    /// Killed and started again on what was durable.
    pub(super) fn restart(&mut self) {
        (self.far, self.to_node) = Default::default();
        self.config.utc_ms_at_zero = START_MS + self.now_ms;
        self.now_ms += 1;
        let mut config = self.config.clone();
        // The clock of a process begins with it, the one of the world does not.
        config.utc_ms_at_zero = START_MS;
        self.node = SmSc::new(config, Entropy::of_box(self.now_ms, "sm-sc")).unwrap();
    }

    pub(super) fn now(&self) -> Instant {
        Instant::from_millis(self.now_ms)
    }

    /// Lets so much time pass.
    pub(super) fn run(&mut self, span_ms: u64) -> Result<(), Killed> {
        let end = self.now_ms + span_ms;
        let mut turns = 0;
        self.drain()?;
        loop {
            let far = self.far.values().filter_map(|far| far.session.poll_timeout());
            let next = far.chain(self.node.poll_timeout()).min().map(|at| at.as_nanos().div_ceil(1_000_000));
            let Some(at) = next.filter(|at| *at <= end) else { break };
            turns = if at > self.now_ms { 0 } else { turns + 1 };
            assert!(turns < 10_000, "time stands still at {}", self.now_ms);
            self.now_ms = at.max(self.now_ms);
            let now = self.now();
            if self.node.poll_timeout().is_some_and(|at| at <= now) {
                self.node.handle_timeout(now);
            }
            self.drain()?;
            let late: Vec<StreamId> = self
                .far
                .iter()
                .filter(|(_, far)| far.session.poll_timeout().is_some_and(|at| at <= now))
                .map(|(conn, _)| *conn)
                .collect();
            for conn in late {
                self.far.get_mut(&conn).unwrap().session.handle_timeout(now);
                self.drain_far(conn);
            }
            self.drain()?;
        }
        self.now_ms = end;
        Ok(())
    }

    fn drain(&mut self) -> Result<(), Killed> {
        loop {
            while let Some(output) = self.node.poll_output() {
                match &output {
                    NodeOutput::Store(_) => self.burn()?,
                    NodeOutput::Stream(StreamOutput::Send { bytes, .. }) if is_message(bytes) => self.burn()?,
                    _ => {}
                }
                self.output(output)?;
                self.most_in_memory = self.most_in_memory.max(self.node.in_memory());
            }
            let Some((conn, bytes)) = self.to_node.pop_front() else { return Ok(()) };
            if bytes.as_ref().is_some_and(|bytes| is_message(bytes)) {
                self.burn()?;
            }
            let input = match &bytes {
                Some(bytes) => StreamInput::Received { conn, bytes },
                None => StreamInput::Closed { conn },
            };
            self.node.handle_input(Instant::from_millis(self.now_ms), NodeInput::Stream(input));
        }
    }

    /// One step: a message on the wire, a transaction before or after its commit.
    fn burn(&mut self) -> Result<(), Killed> {
        self.fuel = self.fuel.checked_sub(1).ok_or(Killed)?;
        Ok(())
    }

    fn output(&mut self, output: NodeOutput) -> Result<(), Killed> {
        let now = self.now();
        match output {
            NodeOutput::Store(request) => {
                let answer = self.store.execute(&request);
                // Killed between the commit and its answer.
                self.burn()?;
                match &mut self.held {
                    Some(held) => held.push_back(answer),
                    None => self.node.handle_input(now, NodeInput::Store(answer)),
                }
            }
            NodeOutput::Stream(StreamOutput::Connect { token, remote }) => {
                let (who, is_up) = if remote.ip().to_string() == "10.0.0.1" {
                    (Who::Gmsc, self.is_gmsc_up)
                } else {
                    (Who::SmSc, self.is_sm_sc_up)
                };
                if is_up {
                    let conn = self.open(who, SmppRole::MessageCentre);
                    let local = "10.0.0.9:40000".parse().unwrap();
                    let connected = StreamInput::Connected { conn, token: Some(token), local, remote };
                    self.node.handle_input(now, NodeInput::Stream(connected));
                } else {
                    let failed = StreamInput::ConnectFailed { token, why: "refused".into() };
                    self.node.handle_input(now, NodeInput::Stream(failed));
                }
            }
            NodeOutput::Stream(StreamOutput::Send { conn, bytes }) => {
                if let Some(far) = self.far.get_mut(&conn) {
                    far.session.handle_input(now, SmppInput::Received(&bytes));
                    self.drain_far(conn);
                }
            }
            NodeOutput::Stream(StreamOutput::Close { conn }) => {
                if let Some(mut far) = self.far.remove(&conn) {
                    far.session.handle_input(now, SmppInput::Closed);
                }
            }
            NodeOutput::Note(note) => self.notes.push(note.to_string()),
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, who: Who, role: SmppRole) -> StreamId {
        self.streams += 1;
        let conn = StreamId(self.streams);
        let mut config = SmppConfig::new(role);
        (config.window, config.peer_window) = (1000, 1000);
        // Long enough for whoever lets time pass in days.
        config.enquire_link_time = std::time::Duration::from_secs(3600);
        self.far.insert(conn, Far { who, session: SmppSession::new(self.now(), config) });
        conn
    }

    fn drain_far(&mut self, conn: StreamId) {
        while let Some(far) = self.far.get_mut(&conn) {
            let who = far.who;
            match far.session.poll_output() {
                None => return,
                Some(SmppOutput::Send(bytes)) => self.to_node.push_back((conn, Some(bytes))),
                Some(SmppOutput::Close) => {
                    self.far.remove(&conn);
                    self.to_node.push_back((conn, None));
                }
                Some(SmppOutput::Event(event)) => self.far_event(conn, who, event),
            }
        }
    }

    fn far_event(&mut self, conn: StreamId, who: Who, event: SmppEvent) {
        let now = self.now();
        match event {
            SmppEvent::BindRequested(_, bind) => {
                if who == Who::Gmsc {
                    assert_eq!(bind.address_range.to_string(), SC);
                }
                self.far.get_mut(&conn).unwrap().session.accept_bind(now);
            }
            SmppEvent::Request(pdu) => self.far_request(conn, who, *pdu),
            SmppEvent::Response { token, pdu } => drop(self.responses.insert(token, *pdu)),
            SmppEvent::BindRefused(status) => self.bind_refused = Some(status),
            _ => {}
        }
    }

    fn far_request(&mut self, conn: StreamId, who: Who, pdu: Pdu) {
        let number = pdu.sequence_number;
        let response = match (who, &pdu.body) {
            (Who::Gmsc, Body::SubmitSm(message)) => {
                let Some(response) = self.gmsc(number, message, &pdu.tlvs) else {
                    return self.unanswered.push((conn, number));
                };
                response
            }
            (Who::SmSc, Body::SubmitSm(_)) => {
                self.forwarded.push(pdu.clone());
                let id = MessageId::new(format!("far-{}", self.forwarded.len()));
                Pdu::response(number, CommandStatus::OK, Body::SubmitSmResp(id))
            }
            (Who::Esme, Body::DeliverSm(_)) => {
                let status = self.esme_answers;
                if status.is_ok() {
                    self.delivered.push(pdu.clone());
                }
                Pdu::response(number, status, Body::DeliverSmResp(status.is_ok().then(MessageId::default)))
            }
            other => panic!("{other:?}"),
        };
        self.far.get_mut(&conn).unwrap().session.respond(response);
    }

    fn gmsc(&mut self, number: u32, message: &ShortMessage, tlvs: &[Tlv]) -> Option<Pdu> {
        let to = message.destination.address.to_string();
        let tpdu = tlvs.octets(tlv::TPDU).unwrap().to_vec();
        self.attempts.push((self.now_ms, to.clone(), tpdu.clone()));
        self.submits.push((message.clone(), tlvs.to_vec()));
        let failure = |code: u8, cause: u8| {
            let tlvs = [Tlv::new(TlvTag::NETWORK_ERROR_CODE, [3, 0, code]), Tlv::octet(tlv::CAUSE, cause)];
            Some(Pdu::response(number, CommandStatus::DELIVERY_FAILURE, Body::SubmitSmResp(None)).with(tlvs))
        };
        match self.behaviour.get(&to).copied().unwrap_or(Behaviour::Deliver) {
            Behaviour::Deliver => {
                let mut plain = tpdu.clone();
                // Whether more follows does not make it another one.
                plain[0] |= 4;
                if self.known.insert((to.clone(), plain)) {
                    self.shown.push((to, Tpdu::parse(Direction::ToMs, Carrier::Data, &tpdu).unwrap()));
                }
                Some(Pdu::response(number, CommandStatus::OK, Body::SubmitSmResp(MessageId::new("1"))))
            }
            Behaviour::Absent => failure(6, 1),
            Behaviour::MemoryFull => failure(32, 0),
            Behaviour::Unknown => failure(1, 0),
            Behaviour::Barred => failure(13, 0),
            Behaviour::Refuses => failure(32, 1),
            Behaviour::Silent => None,
        }
    }

    /// From now on the store does what it is asked, and says so when it is let.
    pub(super) fn hold_store(&mut self) {
        self.held = Some(VecDeque::new());
    }

    /// The store says what it has done first; false when there is nothing.
    pub(super) fn release_one(&mut self) -> bool {
        let Some(answer) = self.held.as_mut().and_then(VecDeque::pop_front) else { return false };
        let now = self.now();
        self.node.handle_input(now, NodeInput::Store(answer));
        self.drain().unwrap();
        true
    }

    /// The store says all, and at once again.
    pub(super) fn release_store(&mut self) {
        while self.release_one() {}
        self.held = None;
        self.run(10).unwrap();
    }

    /// The GMSC has delivered what it was silent about.
    pub(super) fn gmsc_has_delivered(&mut self) {
        for (conn, number) in std::mem::take(&mut self.unanswered) {
            let response = Pdu::response(number, CommandStatus::OK, Body::SubmitSmResp(MessageId::new("1")));
            self.far.get_mut(&conn).unwrap().session.respond(response);
            self.drain_far(conn);
        }
        self.drain().unwrap();
    }

    /// The stream of somebody.
    fn conn(&self, who: Who) -> Option<StreamId> {
        let bound = |far: &Far| far.who == who && far.session.bound().is_some();
        self.far.iter().rfind(|(_, far)| bound(far)).map(|(conn, _)| *conn)
    }

    /// Somebody asks the SM-SC something; the response comes under this token.
    pub(super) fn ask(&mut self, who: Who, token: u64, body: Body, tlvs: Vec<Tlv>) -> Result<(), Killed> {
        let now = self.now();
        if let Some(conn) = self.conn(who) {
            self.far.get_mut(&conn).unwrap().session.request(now, token, body, tlvs).unwrap();
            self.drain_far(conn);
        }
        self.drain()
    }

    /// The response to what was asked last under a token.
    pub(super) fn response(&mut self, who: Who, body: Body) -> Pdu {
        self.ask(who, 9999, body, Vec::new()).unwrap();
        self.run(1).unwrap();
        self.responses.remove(&9999).expect("a response")
    }

    pub(super) fn alert(&mut self, number: &str) {
        let (now, conn) = (self.now(), self.conn(Who::Gmsc).unwrap());
        let source = SmeAddress::international(number).unwrap();
        let alert = AlertNotification { source, esme: SmeAddress::international(SC).unwrap() };
        self.far.get_mut(&conn).unwrap().session.alert(now, alert, Vec::new()).unwrap();
        self.drain_far(conn);
        self.drain().unwrap();
    }

    /// A mobile sends a message by way of the IWMSC.
    pub(super) fn mobile_sends(&mut self, token: u64, from: &str, submit: &Submit) -> Result<(), Killed> {
        let message = ShortMessage {
            source: SmeAddress::international(from).unwrap(),
            destination: SmeAddress::of_sms(&submit.destination).unwrap(),
            ..ShortMessage::default()
        };
        let tlvs = vec![Tlv::new(tlv::TPDU, submit.emit()), Tlv::octet(tlv::IP_ACCESS, 1)];
        self.ask(Who::Gmsc, token, Body::DeliverSm(message), tlvs)
    }

    pub(super) fn esme_binds(&mut self, kind: BindKind, password: &str) {
        self.esme_binds_at("10.0.0.20:50000", kind, password);
    }

    pub(super) fn esme_binds_at(&mut self, at: &str, kind: BindKind, password: &str) {
        let conn = self.open(Who::Esme, SmppRole::Esme);
        let (local, remote): (SocketAddr, SocketAddr) = ("10.0.0.9:2775".parse().unwrap(), at.parse().unwrap());
        let now = self.now();
        let connected = StreamInput::Connected { conn, token: None, local, remote };
        self.node.handle_input(now, NodeInput::Stream(connected));
        let bind = Bind {
            system_id: SystemId::new("bank").unwrap(),
            password: Secret::new(COctetString::new(password).unwrap()),
            system_type: COctetString::default(),
            interface_version: INTERFACE_VERSION,
            addr_ton: 0,
            addr_npi: 0,
            address_range: COctetString::default(),
        };
        self.far.get_mut(&conn).unwrap().session.bind(now, kind, bind).unwrap();
        self.drain_far(conn);
        self.run(1).unwrap();
    }

    pub(super) fn esme_leaves(&mut self) {
        let (now, conn) = (self.now(), self.conn(Who::Esme).unwrap());
        self.far.get_mut(&conn).unwrap().session.unbind(now);
        self.drain_far(conn);
        self.run(1).unwrap();
    }

    pub(super) fn figure(&self, name: &str) -> u64 {
        self.node.figures().into_iter().find(|(own, _)| *own == name).unwrap().1
    }

    pub(super) fn rows(&self, table: crate::node::Table) -> usize {
        self.store.scan(table).unwrap().len()
    }
}

/// Neither enquire_link nor its response.
fn is_message(pdu: &[u8]) -> bool {
    pdu.get(7) != Some(&0x15)
}

/// A text for a number.
pub(super) fn submit(reference: u8, to: &str, text: &str) -> Submit {
    let (coding, data) = UserData::of_text(text).unwrap();
    Submit::new(reference, Address::of_number(to).unwrap(), coding, data)
}

/// submit_sm of an ESME.
pub(super) fn submit_sm(to: &str, text: &str) -> ShortMessage {
    ShortMessage {
        source: SmeAddress::international("1700")
            .map(|a| SmeAddress { ton: protocol::sms::TypeOfNumber::UNKNOWN, ..a })
            .unwrap(),
        destination: SmeAddress::international(to).unwrap(),
        message: protocol::smpp::MessageOctets::new(text.as_bytes()).unwrap(),
        ..ShortMessage::default()
    }
}
