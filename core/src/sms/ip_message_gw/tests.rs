//! The gateway between UEs, an S-CSCF, an HLR and an SMS-GMSC, each of which speaks by the same codecs, and says what a test
//! wants.

mod charged;
mod crash;
mod ims;
mod missed;
mod mms;
mod mo;
mod mt;
mod r2;
mod world;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use protocol::map::sccp::{SccpAddress, SccpMessage, ssn};
use protocol::map::{
    AddressString, ApplicationContext, AuthenticationQuintuplet, DialogueId, ForwardSmRes, Imsi,
    InsertSubscriberDataArg, InvokeFailure, MapConfig, MapEndpoint, MapEvent, MapInput, MapOutput, MoForwardSmArg,
    MtForwardSmArg, Operation, OperationResult, SendAuthenticationInfoRes, SmRpDa, SmRpOa, UpdateGprsLocationRes,
    UserError,
};
use protocol::sip::{
    Challenge, DigestClient, Flow, Method, Request, Response, SipMessage, Target, Transport, base64_encode,
};
use protocol::sms::{
    Address, Deliver, DeliverReport, Direction, Parameters, RpBody, RpCause, RpMessage, Submit, Timestamp, Tpdu,
    UserData,
};
use protocol::{Entropy, Instant, Secret};

use super::{IpMessageGw, IpMessageGwConfig, IpMessageGwLimits};
use crate::ims::aka::{AkaKeys, Sqn};
use crate::node::{Node, NodeInput, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Rows, Table};
use crate::sms::charging::testing::{Far, charging};
use crate::sms::charging::{ONLINE_OUTCOME, SmsCharging};
use crate::store::StoreError;
use world::{Peer, World};

const OWN: &str = "10.46.0.30:5060";
const SCSCF: &str = "10.46.0.3:5060";
const UE: &str = "10.45.0.1:5060";
const DOMAIN: &str = "ims.test";
const IMSI: &str = "001010000000001";
const NAI: &str = "0001010000000001@nai.epc.mnc001.mcc001.3gppnetwork.org";
const MSISDN: &str = "358401234567";
const GATEWAY: &str = "358500000030";
const HLR: &str = "358500000006";
const SC: &str = "358500000100";
const GMSC: &str = "358500000110";
/// 2026-11-22T00:00:00Z.
const START_MS: u64 = 1_795_305_600_000;

type RowMap = BTreeMap<(Table, String), Vec<u8>>;

fn config() -> IpMessageGwConfig {
    let mut config = IpMessageGwConfig::new("sip:ipsmgw.ims.test", DOMAIN, OWN.parse().unwrap(), GATEWAY, HLR);
    config.trusted = vec!["10.46.0.3".parse().unwrap()];
    config.utc_ms_at_zero = START_MS;
    config
}

fn keys() -> AkaKeys {
    AkaKeys::with_opc([0x11; 16], [0x22; 16], [0x80, 0])
}

fn number(digits: &str) -> AddressString {
    AddressString::international(digits).unwrap()
}

/// The gateway and the rest.
struct Rig {
    gateway: IpMessageGw,
    world: World,
}

impl Rig {
    fn new() -> Self {
        Self::with(config())
    }

    fn with(config: IpMessageGwConfig) -> Self {
        let mut rig = Self { gateway: gateway(config, 0), world: World::new() };
        rig.drain();
        rig
    }

    fn drain(&mut self) {
        self.world.drain(&mut self.gateway).unwrap();
        self.world.peers(&mut self.gateway);
        self.world.drain(&mut self.gateway).unwrap();
    }

    /// The gateway is killed and starts on what is durable.
    fn restart(&mut self, config: IpMessageGwConfig) {
        self.gateway = gateway(config, 1);
        self.drain();
    }

    /// The store says what it has done, and is fast again.
    fn release(&mut self) {
        while let Some(answer) = self.world.held.as_mut().and_then(VecDeque::pop_front) {
            self.gateway.handle_input(self.world.now, NodeInput::Store(answer));
            self.drain();
        }
        self.world.held = None;
    }

    fn pass(&mut self, time: Duration) {
        let end = self.world.now + time;
        loop {
            let due =
                [self.gateway.poll_timeout(), self.world.hlr.map.poll_timeout(), self.world.gmsc.map.poll_timeout()];
            let Some(due) = due.into_iter().flatten().min().filter(|due| *due <= end) else { break };
            self.world.now = self.world.now.max(due);
            let now = self.world.now;
            self.gateway.handle_timeout(now);
            self.world.hlr.map.handle_timeout(now);
            self.world.gmsc.map.handle_timeout(now);
            self.drain();
        }
        self.world.now = end;
    }

    fn request(&mut self, from: &str, text: &str, body: &[u8]) {
        self.world.request(&mut self.gateway, from, text, body).unwrap();
    }

    fn message(&mut self, from: &str, call_id: &str, more: &str, body: &[u8]) {
        self.world.message(&mut self.gateway, from, call_id, more, body).unwrap();
    }

    fn mt(&mut self, tpdu: &[u8], is_more: bool) -> DialogueId {
        let dialogue = self.world.mt(tpdu, is_more);
        self.drain();
        dialogue
    }

    /// The next response that the gateway has sent, which has `status`.
    #[track_caller]
    fn response(&mut self, status: u16) -> Response {
        match self.world.sent.pop_front() {
            Some((_, SipMessage::Response(response))) => {
                assert_eq!(response.status, status, "{response:?}");
                response
            }
            other => panic!("{status} expected, not {other:?}; {:?}", self.world.notes),
        }
    }

    /// The next request that the gateway has sent, which is of `method` and went to `to`.
    #[track_caller]
    fn asked(&mut self, method: &Method, to: &str) -> Request {
        match self.world.sent.pop_front() {
            Some((target, SipMessage::Request(request))) => {
                assert_eq!((&request.method, target.remote), (method, to.parse::<SocketAddr>().unwrap()));
                request
            }
            other => panic!("{method} expected, not {other:?}; {:?}", self.world.notes),
        }
    }

    /// The next MESSAGE of the gateway, and what it carries; it is answered with `status`.
    #[track_caller]
    fn letter(&mut self, to: &str, status: u16) -> (Request, RpMessage) {
        let request = self.asked(&Method::MESSAGE, to);
        let message = RpMessage::parse(&request.body).unwrap();
        self.answer(to, &request, status);
        (request, message)
    }

    fn answer(&mut self, from: &str, request: &Request, status: u16) {
        let mut response = Response::to(request, status, None);
        response.set_to_tag("far");
        self.world.sip(&mut self.gateway, from, &response.to_bytes()).unwrap();
    }

    #[track_caller]
    fn is_silent(&self) {
        assert!(self.world.sent.is_empty(), "{:?}", self.world.sent);
    }

    /// What became of the oldest mt-ForwardSM.
    #[track_caller]
    fn outcome(&mut self) -> Result<OperationResult, InvokeFailure> {
        self.world.gmsc.returned.pop_front().expect("an answer to mt-ForwardSM")
    }

    /// REGISTER of the UE on R2: up to 200.
    fn register(&mut self, expires: u32) -> Response {
        register(&mut self.gateway, &mut self.world, expires).unwrap();
        self.response(200)
    }

    /// The S-CSCF tells of a registration.
    fn third_party(&mut self, expires: u32, service_info: &str) {
        let text = format!(
            "REGISTER sip:ipsmgw.ims.test SIP/2.0
            From: <sip:scscf.ims.test>;tag=s
            To: <sip:a@ims.test>
            Call-ID: third-{}
            CSeq: 1 REGISTER
            Max-Forwards: 70
            Contact: <sip:{SCSCF}>
            Content-Type: application/3gpp-ims+xml
            Expires: {expires}",
            self.world.branch,
        );
        let body = format!("<ims-3gpp version=\"1\"><service-info>{service_info}</service-info></ims-3gpp>");
        self.request(SCSCF, &text, body.as_bytes());
    }

    /// Rows of a table.
    fn rows(&self, table: Table) -> usize {
        self.world.rows.keys().filter(|(own, _)| *own == table).count()
    }
}

fn gateway(config: IpMessageGwConfig, seed: u64) -> IpMessageGw {
    IpMessageGw::new(config, Entropy::of_box(seed, "ip-message-gw")).unwrap()
}

/// The same with charging, after so many starts.
fn charged_gateway(config: IpMessageGwConfig, run: u32) -> IpMessageGw {
    let charging = SmsCharging::new(charging(GATEWAY, run), Entropy::of_box(run.into(), "sms charging"));
    gateway(config, run.into()).with_charging(charging)
}

fn register_text(expires: u32, cseq: u32, authorization: &str) -> String {
    format!(
        "REGISTER sip:{DOMAIN} SIP/2.0
        From: <sip:{IMSI}@{DOMAIN}>;tag=r
        To: <sip:{IMSI}@{DOMAIN}>
        Call-ID: reg
        CSeq: {cseq} REGISTER
        Max-Forwards: 70
        Contact: <sip:{IMSI}@{UE}>;+g.3gpp.smsip
        Authorization: {authorization}
        Expires: {expires}"
    )
}

/// The Authorization before there is a challenge.
fn no_authorization() -> String {
    format!("Digest username=\"{NAI}\", realm=\"{DOMAIN}\", nonce=\"\", uri=\"sip:{DOMAIN}\", response=\"\"")
}

/// What a UE answers to a 401.
fn authorization(challenge: &Response, password: &[u8]) -> String {
    let challenge = Challenge::parse(challenge.headers.get("WWW-Authenticate").unwrap()).unwrap();
    let uri = format!("sip:{DOMAIN}");
    let client = DigestClient {
        username: NAI,
        password,
        method: &Method::REGISTER,
        uri: &uri,
        nonce_count: 1,
        cnonce: "c",
        body: b"",
    };
    challenge.answer(&client).unwrap().to_string()
}

/// RES for the RAND of a challenge.
fn res(challenge: &Response) -> [u8; 8] {
    let challenge = Challenge::parse(challenge.headers.get("WWW-Authenticate").unwrap()).unwrap();
    let (rand, _) = protocol::sip::split_aka_nonce(&challenge.nonce().unwrap()).unwrap();
    *keys().vector(rand, Sqn::new(0).unwrap()).xres.expose()
}

fn register(gateway: &mut IpMessageGw, world: &mut World, expires: u32) -> Option<()> {
    world.request(gateway, UE, &register_text(expires, 1, &no_authorization()), b"")?;
    let Some((_, SipMessage::Response(challenge))) = world.sent.pop_front() else { panic!("{:?}", world.notes) };
    assert_eq!(challenge.status, 401, "{challenge:?} {:?}", world.notes);
    let answer = authorization(&challenge, &res(&challenge));
    world.request(gateway, UE, &register_text(expires, 2, &answer), b"")
}

fn submit(reference: u8, text: &str) -> Tpdu {
    let (coding, data) = UserData::of_text(text).unwrap();
    Tpdu::Submit(Submit::new(reference, Address::international("358409999999").unwrap(), coding, data))
}

/// RP-DATA of a UE.
fn mo(reference: u8, text: &str) -> Vec<u8> {
    let centre = Address::international(SC).unwrap();
    RpMessage::mobile_originated(reference, centre, &submit(reference, text)).emit()
}

fn deliver(text: &str) -> Vec<u8> {
    let (coding, data) = UserData::of_text(text).unwrap();
    let time = Timestamp::from_utc_ms(START_MS, 0);
    Tpdu::Deliver(Deliver::new(Address::international("358409999999").unwrap(), time, coding, data)).emit()
}

/// RP-ACK of a UE, with its report.
fn ack(reference: u8) -> Vec<u8> {
    let report = Tpdu::DeliverReport(DeliverReport::new(None, Parameters::default()));
    RpMessage::ack(Direction::ToNetwork, reference, Some(&report)).emit()
}

fn rp_error(reference: u8, cause: RpCause) -> Vec<u8> {
    RpMessage::error(Direction::ToNetwork, reference, cause, None).emit()
}

/// The cause of RP-ERROR.
#[track_caller]
fn cause(message: &RpMessage) -> RpCause {
    match &message.body {
        RpBody::Error(error) => error.cause,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn is_ack(message: &RpMessage) {
    assert!(matches!(message.body, RpBody::Ack(_)), "{message:?}");
}

fn absent(diagnostic: u8) -> Option<u8> {
    Some(diagnostic)
}

/// The diagnostic of absentSubscriberSM.
#[track_caller]
fn diagnostic(result: Result<OperationResult, InvokeFailure>) -> Option<u8> {
    match result {
        Err(InvokeFailure::User(UserError::AbsentSubscriberSm(absent))) => absent.diagnostic,
        other => panic!("{other:?}"),
    }
}

fn auts_of(rand: [u8; 16], sqn_ms: u64) -> String {
    // SQN_MS xor AK*, and MAC-S over AMF 0 (TS 33.102 clause 6.3.3).
    let mut milenage = milenage::Milenage::new_with_opc(*keys().k.expose(), *keys().opc.expose());
    let sqn = Sqn::new(sqn_ms).unwrap().octets();
    let ak = milenage.f5star(&rand);
    let mac = milenage.f1star(&rand, &sqn, &[0, 0]);
    let concealed: [u8; 6] = std::array::from_fn(|i| sqn[i] ^ ak[i]);
    base64_encode(&[&concealed[..], &mac].concat())
}
