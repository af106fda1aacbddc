//! The HLR at the machine, over the octets of SCCP and Diameter: an IP-Message-GW, an SMS-GMSC, an SGSN and a presence server
//! around it.

mod flows;
mod kills;
mod tables;

use std::time::Duration;

use protocol::diameter::cx::{Sar, ServerAssignmentType};
use protocol::diameter::sh::Pnr;
use protocol::diameter::{
    ConnectionId, DiameterConfig, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterTransport, Outcome,
    PeerConfig, ResultCode, dictionary,
};
use protocol::map::sccp::SccpMessage;
use protocol::map::tcap::{Component, TcapMessage};
use protocol::map::*;

use super::*;
use crate::ims::hss::cx::APPLICATIONS;
use crate::ims::hss::{HssConfig, add_subscribers, parse_subscribers};
use crate::node::{Node, NodeInput, NodeOutput, NodeStore};

pub(super) const HLR: &str = "491700040";
pub(super) const GATEWAY: &str = "491700060";
pub(super) const OTHER_GATEWAY: &str = "491700061";
pub(super) const MSC: &str = "491700010";
pub(super) const SGSN: &str = "491700020";
pub(super) const CENTRE: &str = "491700099";
pub(super) const VOICE_MAIL: &str = "491700098";
pub(super) const ALICE: &str = "491700001";
pub(super) const IMSI: &str = "001010000000001";
pub(super) const IMPI: &str = "001010000000001@ims.test";
const REALM: &str = "ims.test";
const PRESENCE: &str = "presence.ims.test";
const CONN: ConnectionId = ConnectionId(1);

/// Set 2 of TS 35.208 for all.
pub(super) const FILE: &str = r#"
[[subscriber]]
impi = "001010000000001@ims.test"
k = "0396eb317b6d1c36f19c1c84cd6ffd16"
op = "ff53bade17df5d4e793073ce9d7579fa"
msisdn = ["491700001", "491700901"]
sms = { msc = "491700010", sgsn = "491700020" }
[[subscriber.set]]
impus = ["sip:1@ims.test", "sip:alice@ims.test", "tel:+491700001"]
barred = ["sip:1@ims.test"]

[[subscriber]]
impi = "bob@ims.test"
imsi = "001010000000002"
digest_password = "secret"
msisdn = ["491700002"]
sms = { mo = false, user_order = true, mt_order = ["msc", "ip"], user_mt_order = ["ip", "sgsn"], msc = "491700010" }
[[subscriber.set]]
impus = ["sip:bob@ims.test"]

[[subscriber]]
impi = "carol@ims.test"
imsi = "001010000000003"
digest_password = "secret"
msisdn = ["491700003"]
sms = { mt = false, mo = false }
[[subscriber.set]]
impus = ["sip:carol@ims.test"]

[[subscriber]]
impi = "dave@ims.test"
imsi = "001010000000004"
digest_password = "secret"
msisdn = ["491700004"]
sms = { gateway = "491700061" }
[[subscriber.set]]
impus = ["sip:dave@ims.test"]
"#;

pub(super) fn number(digits: &str) -> AddressString {
    AddressString::international(digits).unwrap()
}

pub(super) fn imsi(digits: &str) -> Imsi {
    Imsi::new(digits).unwrap()
}

/// Another node: it answers what the HLR invokes.
struct Other {
    endpoint: MapEndpoint,
    returned: Vec<Result<OperationResult, InvokeFailure>>,
    /// What it was asked, in the order of arrival.
    heard: Vec<Operation>,
}

/// All of it.
pub(super) struct Net {
    pub(super) hss: Option<Hss>,
    pub(super) store: NodeStore,
    config: HssConfig,
    peer: DiameterEndpoint,
    others: BTreeMap<String, Other>,
    pub(super) now: Instant,
    /// What was seen, between whom.
    pub(super) seen: Vec<String>,
    /// Documents of PNR.
    pub(super) told: Vec<String>,
    /// Nodes that do not answer.
    pub(super) silent: BTreeSet<String>,
    /// The presence server does not take what it is told.
    pub(super) presence_is_down: bool,
    pub(super) store_fails: bool,
    /// The process dies at this step of the store: before the step, or after it.
    pub(super) dies_at: Option<(usize, bool)>,
    pub(super) steps: usize,
    pub(super) answers: Vec<protocol::diameter::Message>,
}

impl Net {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut HlrConfig)) -> Self {
        let mut store = NodeStore::in_memory().unwrap();
        add_subscribers(&mut store, &parse_subscribers("test.toml", FILE).unwrap()).unwrap();
        let mut hlr = HlrConfig::new(HLR).unwrap();
        hlr.gateways = vec![GATEWAY.to_owned(), OTHER_GATEWAY.to_owned()];
        hlr.presence = Some(PresencePeer { host: PRESENCE.to_owned(), realm: REALM.to_owned() });
        hlr.max_service_centres = 2;
        hlr.repeats = 2;
        change(&mut hlr);
        let address = [10, 46, 0, 4].into();
        let mut diameter = DiameterConfig::new("hss.ims.test", REALM, address, Vec::new());
        diameter.peers = vec![PeerConfig { host: PRESENCE.to_owned(), realm: REALM.to_owned(), connect: None }];
        let mut config = HssConfig::new(diameter);
        config.hlr = Some(hlr);
        let mut net = Self {
            hss: None,
            store,
            config,
            peer: Self::peer(),
            others: BTreeMap::new(),
            now: Instant::ZERO,
            seen: Vec::new(),
            told: Vec::new(),
            silent: BTreeSet::new(),
            presence_is_down: false,
            store_fails: false,
            dies_at: None,
            steps: 0,
            answers: Vec::new(),
        };
        for (seed, digits) in (10..).zip([GATEWAY, OTHER_GATEWAY, SGSN, MSC, CENTRE, VOICE_MAIL]) {
            let contexts = [
                ApplicationContext::LOCATION_CANCELLATION_V3,
                ApplicationContext::SHORT_MSG_ALERT_V2,
                ApplicationContext::GPRS_LOCATION_UPDATE_V3,
                ApplicationContext::SUBSCRIBER_DATA_MNGT_V3,
            ];
            let endpoint = MapEndpoint::new(MapConfig::new(contexts), Entropy::from_seed([seed; 32]));
            let other = Other { endpoint, returned: Vec::new(), heard: Vec::new() };
            net.others.insert(digits.to_owned(), other);
        }
        net.start();
        net
    }

    fn peer() -> DiameterEndpoint {
        let mut diameter = DiameterConfig::new(PRESENCE, REALM, [10, 46, 0, 9].into(), APPLICATIONS.to_vec());
        let connect = Some(([10, 46, 0, 4], 3868).into());
        diameter.peers = vec![PeerConfig { host: "hss.ims.test".to_owned(), realm: REALM.to_owned(), connect }];
        DiameterEndpoint::new(diameter, Entropy::from_seed([2; 32]))
    }

    /// The process starts, or starts again, on what is stored.
    pub(super) fn start(&mut self) {
        self.hss = Some(Hss::new(self.config.clone(), Entropy::from_seed([self.steps as u8; 32])));
        self.peer = Self::peer();
        self.peer.handle_timeout(self.now);
        let connected = DiameterInput::Connected { conn: CONN, peer: None };
        self.tell_hss(NodeInput::Diameter(connected));
        self.peer.handle_input(self.now, DiameterInput::Connected { conn: CONN, peer: Some(0) });
        self.run();
    }

    fn tell_hss(&mut self, input: NodeInput<'_>) {
        if let Some(hss) = &mut self.hss {
            hss.handle_input(self.now, input);
        }
    }

    /// Until nobody has anything to say.
    pub(super) fn run(&mut self) {
        while self.hss_speaks() || self.peer_speaks() || self.others_speak() {}
    }

    /// Time passes, a second at a time.
    pub(super) fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now = self.now + Duration::from_secs(1);
            if let Some(hss) = &mut self.hss
                && hss.poll_timeout().is_some_and(|at| at <= self.now)
            {
                hss.handle_timeout(self.now);
            }
            self.peer.handle_timeout(self.now);
            self.others.values_mut().for_each(|other| other.endpoint.handle_timeout(self.now));
            self.run();
        }
    }

    fn hss_speaks(&mut self) -> bool {
        let Some(output) = self.hss.as_mut().and_then(Hss::poll_output) else { return false };
        match output {
            NodeOutput::Diameter(DiameterTransport::Send { bytes, .. }) => {
                let message = protocol::diameter::Message::parse(&bytes).unwrap();
                if message.command == dictionary::PUSH_NOTIFICATION {
                    self.seen.push("PNR".to_owned());
                }
                self.peer.handle_input(self.now, DiameterInput::Received { conn: CONN, bytes: &bytes });
            }
            NodeOutput::Sccp { bytes } => {
                let to = self.see(&bytes);
                let is_silent = self.silent.contains(&to);
                if let Some(other) = self.others.get_mut(&to).filter(|_| !is_silent) {
                    other.endpoint.handle_input(self.now, MapInput::Sccp(&bytes));
                }
            }
            NodeOutput::Store(request) => {
                self.steps += 1;
                let dies = self.dies_at.filter(|(step, _)| *step == self.steps);
                if dies.is_none_or(|(_, is_after)| is_after) && !self.store_fails {
                    let answer = self.store.execute(&request);
                    if dies.is_none() {
                        self.tell_hss(NodeInput::Store(answer));
                    }
                } else if self.store_fails {
                    let result = Err(crate::store::StoreError::Sqlite("disk full".to_owned()));
                    self.tell_hss(NodeInput::Store(crate::node::NodeStoreAnswer { token: request.token, result }));
                }
                if dies.is_some() {
                    self.hss = None;
                }
            }
            _ => {}
        }
        true
    }

    fn peer_speaks(&mut self) -> bool {
        let Some(output) = self.peer.poll_output() else { return false };
        match output {
            DiameterOutput::Transport(DiameterTransport::Send { bytes, .. }) => {
                self.tell_hss(NodeInput::Diameter(DiameterInput::Received { conn: CONN, bytes: &bytes }));
            }
            DiameterOutput::Request { handle, message } => {
                let pnr = Pnr::from_message(&message).unwrap();
                let document = String::from_utf8(pnr.user_data).unwrap();
                self.told.push(root(document));
                let result = if self.presence_is_down { ResultCode::Base(3004) } else { ResultCode::SUCCESS };
                let outcome = Outcome { origin_host: PRESENCE.to_owned(), origin_realm: REALM.to_owned(), result };
                self.peer.send_answer(self.now, handle, outcome.answer(&message, Vec::new()));
            }
            DiameterOutput::Answer { result, .. } => self.answers.push(result.unwrap()),
            _ => {}
        }
        true
    }

    fn others_speak(&mut self) -> bool {
        let mut found = None;
        for (digits, other) in &mut self.others {
            if let Some(output) = other.endpoint.poll_output() {
                found = Some((digits.clone(), output));
                break;
            }
        }
        let Some((digits, output)) = found else { return false };
        match output {
            MapOutput::Sccp(bytes) => {
                self.see(&bytes);
                self.tell_hss(NodeInput::Sccp { bytes: &bytes });
            }
            MapOutput::Event(MapEvent::Invoked { dialogue, invoke_id, operation }) => {
                let other = self.others.get_mut(&digits).unwrap();
                let answer = match &operation {
                    Operation::InsertSubscriberData(_) => {
                        Some(OperationResult::InsertSubscriberData(Default::default()))
                    }
                    Operation::CancelLocation(_) => Some(OperationResult::CancelLocation(Vec::new())),
                    Operation::AlertServiceCentre(_) => Some(OperationResult::AlertServiceCentre),
                    _ => None,
                };
                let is_insert = matches!(operation, Operation::InsertSubscriberData(_));
                other.heard.push(operation);
                if let Some(answer) = answer {
                    other.endpoint.respond(dialogue, invoke_id, &Ok(answer)).unwrap();
                    let now = self.now;
                    let said = if is_insert {
                        other.endpoint.delimit(now, dialogue)
                    } else {
                        other.endpoint.close(now, dialogue)
                    };
                    said.unwrap();
                }
            }
            MapOutput::Event(MapEvent::Returned { result, .. }) => {
                self.others.get_mut(&digits).unwrap().returned.push(result);
            }
            _ => {}
        }
        true
    }

    /// Notes components of a message; gives the digits of the called party.
    fn see(&mut self, bytes: &[u8]) -> String {
        let message = SccpMessage::parse(bytes).unwrap();
        let called = message.called().digits().unwrap_or_default().to_owned();
        let tcap = TcapMessage::parse(message.data()).unwrap();
        for component in tcap.components() {
            let what = match component {
                Component::Invoke { .. } => format!("{}", component.operation().unwrap()),
                Component::ReturnResult { .. } => "result".to_owned(),
                Component::ReturnError { code, .. } => format!("error {code:?}"),
                Component::Reject { .. } => "reject".to_owned(),
            };
            self.seen.push(format!("{what} > {called}"));
        }
        called
    }

    /// Asks the HLR something; none: no answer, for the process has died.
    pub(super) fn try_ask(
        &mut self,
        from: &str,
        ssn: u8,
        operation: &Operation,
    ) -> Option<Result<OperationResult, UserError>> {
        let other = self.others.get_mut(from).unwrap();
        other.returned.clear();
        let own = SccpAddress::e164(from, ssn).unwrap();
        let hlr = SccpAddress::e164(HLR, ssn::HLR).unwrap();
        other.endpoint.request(self.now, own, hlr, operation).unwrap();
        self.run();
        let mut returned = std::mem::take(&mut self.others.get_mut(from).unwrap().returned);
        assert!(returned.len() <= 1);
        match returned.pop()? {
            Ok(result) => Some(Ok(result)),
            Err(InvokeFailure::User(error)) => Some(Err(error)),
            Err(other) => panic!("{other}"),
        }
    }

    pub(super) fn ask(&mut self, from: &str, operation: &Operation) -> Result<OperationResult, UserError> {
        let ssn = if from.starts_with("49170006") || from == SGSN { ssn::SGSN } else { ssn::MSC };
        self.try_ask(from, ssn, operation).expect("an answer")
    }

    /// What a node was asked, and forgets.
    pub(super) fn heard(&mut self, digits: &str) -> Vec<Operation> {
        std::mem::take(&mut self.others.get_mut(digits).unwrap().heard)
    }

    pub(super) fn took(&mut self) -> Vec<String> {
        std::mem::take(&mut self.seen)
    }

    pub(super) fn register(&mut self, at: &str, whom: &str) -> Result<OperationResult, UserError> {
        self.ask(at, &update(at, whom))
    }

    /// A subscriber is registered in the IMS, or de-registered.
    pub(super) fn ims(&mut self, impi: &str, impu: &str, assignment: ServerAssignmentType) {
        let sar = Sar {
            routing: self.peer.routing(None, REALM),
            impi: Some(impi.to_owned()),
            impus: vec![impu.to_owned()],
            server: "sip:scscf.ims.test".to_owned(),
            assignment,
            has_user_data: false,
        };
        self.diameter(sar.to_message());
    }

    pub(super) fn diameter(&mut self, message: protocol::diameter::Message) -> protocol::diameter::Message {
        self.answers.clear();
        self.peer.send_request(self.now, 1, message);
        self.run();
        self.answers.pop().expect("an answer")
    }

    pub(super) fn routing(&mut self) -> protocol::diameter::Routing {
        self.peer.routing(None, REALM)
    }
}

/// A document without its declaration.
pub(super) fn root(document: String) -> String {
    match document.split_once("?>") {
        Some((_, root)) => root.trim().to_owned(),
        None => document,
    }
}

pub(super) fn update(at: &str, whom: &str) -> Operation {
    Operation::UpdateGprsLocation(UpdateGprsLocationArg::new(imsi(whom), number(at), [10, 46, 0, 60].into()))
}

pub(super) fn purge(at: &str, whom: &str) -> Operation {
    let (vlr_number, sgsn_number) = (None, Some(number(at)));
    Operation::PurgeMs(PurgeMsArg { imsi: imsi(whom), vlr_number, sgsn_number, extensions: Vec::new() })
}

/// For whom, and whether the SMS-GMSC knows of GPRS and of IP.
pub(super) fn routing(whom: &str, centre: &str, gprs: bool, ip: bool, priority: bool) -> Operation {
    Operation::SendRoutingInfoForSm(RoutingInfoForSmArg {
        gprs_support_indicator: gprs,
        ip_sm_gw_guidance_indicator: ip,
        ..RoutingInfoForSmArg::new(number(whom), priority, number(centre))
    })
}

/// All ways have failed.
pub(super) fn failed(centre: &str, kind: Option<ScType>) -> Operation {
    let report = ReportSmDeliveryStatusArg {
        absent_subscriber_diagnostic_sm: Some(diagnostic::IMSI_DETACHED),
        gprs_support_indicator: true,
        additional_sm_delivery_outcome: Some(SmDeliveryOutcome::AbsentSubscriber),
        additional_absent_subscriber_diagnostic_sm: Some(diagnostic::GPRS_DETACHED),
        ip_sm_gw_indicator: true,
        ip_sm_gw_sm_delivery_outcome: Some(SmDeliveryOutcome::AbsentSubscriber),
        ip_sm_gw_absent_subscriber_diagnostic_sm: Some(diagnostic::NO_RESPONSE_IP_SM_GW),
        extensions: kind.map(ScType::to_extension).into_iter().collect(),
        ..ReportSmDeliveryStatusArg::new(number(ALICE), number(centre), SmDeliveryOutcome::AbsentSubscriber)
    };
    Operation::ReportSmDeliveryStatus(report)
}
