//! A UE that follows the rules of TS 24.341 and TS 23.040, straight at the gateway; or the S-CSCF with such a UE behind it.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use protocol::sip::{
    Challenge, DigestClient, Method, NameAddr, Request, Response, ServerKey, SessionSettings, StackConfig, Transport,
    Uri, UserAgent, UserAgentConfig, UserAgentEvent, UserAgentProfile, split_aka_nonce,
};
use protocol::sms::{
    Address, Carrier, DeliverReport, Direction, FailureCause, Parameters, RpBody, RpCause, RpMessage, SMS_MEDIA_TYPE,
    Seen, Status, Submit, Tpdu, UserData,
};
use protocol::{Entropy, Instant};

use super::{BOB, CENTRE, DOMAIN, GATEWAY_IP, UE, UE_IMSI, ip};
use crate::ims::aka::{AkaKeys, Sqn};
use crate::node::testing::{Person, Phone};

const NAI: &str = "0001010000000001@nai.epc.mnc001.mcc001.3gppnetwork.org";
const IMPU: &str = "sip:ue@ims.test";

/// What a UE is told to do.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// For so many seconds; 0: no more.
    Register(u32),
    /// This text to Bob, under this TP-MR.
    Send(u8, String),
    /// This message.
    Submit(Submit),
    /// What it has sent and got no report for goes again, as a repetition (TP-RD).
    Repeat,
    /// There is room again: RP-SMMA.
    FreeMemory,
}

/// What a UE knows, and what it is to do.
#[derive(Debug)]
pub(super) struct UeDesk {
    pub(super) orders: VecDeque<Order>,
    /// Final statuses of REGISTER.
    pub(super) statuses: Vec<u16>,
    /// Texts that it has shown.
    pub(super) shown: Vec<String>,
    /// Their TPDUs.
    pub(super) octets: Vec<Vec<u8>>,
    /// Messages that came again.
    pub(super) repeated: u32,
    seen: Seen,
    pub(super) is_full: bool,
    /// There is room for so many, and none for the next.
    pub(super) full_at: Option<usize>,
    /// It refuses the one after so many, for this.
    pub(super) refuses_at: Option<(usize, RpCause)>,
    /// It acknowledges nothing.
    pub(super) is_silent: bool,
    /// Reports do not name the message.
    pub(super) is_unnamed: bool,
    /// Not reported on yet: by TP-MR and RP-MR.
    pub(super) waiting: BTreeMap<u8, Submit>,
    pub(super) acknowledged: Vec<u8>,
    pub(super) refused: Vec<(u8, RpCause)>,
    /// What became of messages: TP-MR and TP-ST.
    pub(super) told: Vec<(u8, Status)>,
    /// A registration that was challenged, with its time.
    expires: u32,
}

impl Default for UeDesk {
    fn default() -> Self {
        Self {
            orders: VecDeque::new(),
            statuses: Vec::new(),
            shown: Vec::new(),
            octets: Vec::new(),
            repeated: 0,
            seen: Seen::new(1000),
            is_full: false,
            full_at: None,
            refuses_at: None,
            is_silent: false,
            is_unnamed: false,
            waiting: BTreeMap::new(),
            acknowledged: Vec::new(),
            refused: Vec::new(),
            told: Vec::new(),
            expires: 0,
        }
    }
}

/// Who uses it.
#[derive(Debug)]
pub(super) struct Subscriber {
    desk: Arc<Mutex<UeDesk>>,
    is_ims: bool,
    /// Names of transactions.
    tokens: u64,
}

const FIRST_REGISTER: u64 = 1;
const REGISTER: u64 = 2;
const MESSAGE: u64 = 3;
/// RP-MR of RP-SMMA.
const SMMA: u8 = 200;

/// The text of SMS-DELIVER.
pub(super) fn text_of(tpdu: &[u8]) -> Option<String> {
    match Tpdu::parse(Direction::ToMs, Carrier::Data, tpdu).ok()? {
        Tpdu::Deliver(deliver) => deliver.user_data.text(deliver.coding),
        _ => None,
    }
}

impl Subscriber {
    pub(super) fn phone(at: IpAddr, is_ims: bool, desk: Arc<Mutex<UeDesk>>) -> Phone<Self> {
        let address = SocketAddr::new(at, 5060);
        let mut stack = StackConfig::user_agent(vec![(Transport::Udp, address)], at.to_string());
        for host in [DOMAIN, "ipsmgw.ims.test"] {
            stack.hosts.insert(host, SocketAddr::new(ip(GATEWAY_IP), 5060), Transport::Udp);
        }
        let own = if is_ims { IMPU.to_owned() } else { format!("sip:{UE_IMSI}@{DOMAIN}") };
        let from = NameAddr::new(Uri::parse(&own).unwrap());
        let contact = NameAddr::new(Uri::parse(&format!("sip:{UE_IMSI}@{address}")).unwrap());
        let mut profile = UserAgentProfile::new(from.clone(), contact);
        if is_ims {
            profile.outside = vec![("P-Asserted-Identity".to_owned(), from.to_string())];
        }
        let config = UserAgentConfig { stack, profile, session: SessionSettings::default() };
        let ua = UserAgent::new(config, Entropy::from_seed([77; 32]));
        Phone::of(ua, at, 1, Self { desk, is_ims, tokens: MESSAGE })
    }
}

impl Phone<Subscriber> {
    fn register(&mut self, now: Instant, authorization: Option<String>) {
        let expires = self.person.desk.lock().unwrap().expires;
        let own = format!("sip:{UE_IMSI}@{DOMAIN}");
        let (target, to) = match self.person.is_ims {
            true => ("sip:ipsmgw.ims.test".to_owned(), IMPU.to_owned()),
            false => (format!("sip:{DOMAIN}"), own),
        };
        let mut request = self.ua.request(Method::REGISTER, Uri::parse(&target).unwrap());
        request.headers.set("To", &format!("<{to}>"));
        request.headers.append("Expires", &expires.to_string());
        let contact = match self.person.is_ims {
            true => format!("<sip:{}:5060>", self.ip),
            false => format!("<sip:{UE_IMSI}@{}:5060>;+g.3gpp.smsip", self.ip),
        };
        request.headers.append("Contact", &contact);
        if self.person.is_ims {
            let body =
                format!("<ims-3gpp version=\"1\"><service-info>imsi={UE_IMSI} msisdn={UE}</service-info></ims-3gpp>");
            request.set_body("application/3gpp-ims+xml", body);
            return self.ua.send(now, REGISTER, request);
        }
        let token = if authorization.is_some() { REGISTER } else { FIRST_REGISTER };
        let empty =
            format!("Digest username=\"{NAI}\", realm=\"{DOMAIN}\", nonce=\"\", uri=\"sip:{DOMAIN}\", response=\"\"");
        request.headers.append("Authorization", &authorization.unwrap_or(empty));
        self.ua.send(now, token, request);
    }

    /// A message of the relay layer to the gateway.
    fn letter(&mut self, now: Instant, message: &RpMessage, in_reply_to: Option<&str>) {
        let mut request = self.ua.request(Method::MESSAGE, Uri::parse("sip:ipsmgw.ims.test").unwrap());
        if let Some(call_id) = in_reply_to {
            request.headers.append("In-Reply-To", call_id);
        }
        request.set_body(SMS_MEDIA_TYPE, message.emit());
        self.person.tokens += 1;
        let token = self.person.tokens;
        self.ua.send(now, token, request);
    }

    fn submit(&mut self, now: Instant, submit: Submit) {
        let reference = submit.reference;
        let centre = Address::international(CENTRE).unwrap();
        let message = RpMessage::mobile_originated(reference, centre, &Tpdu::Submit(submit.clone()));
        self.person.desk.lock().unwrap().waiting.insert(reference, submit);
        self.letter(now, &message, None);
    }

    fn on_request(&mut self, now: Instant, key: ServerKey, request: &Request) {
        self.ua.respond(now, key, Response::to(request, 200, None));
        if request.method != Method::MESSAGE {
            return;
        }
        let Ok(message) = RpMessage::parse(&request.body) else { return };
        let reference = message.reference;
        let answer = {
            let mut desk = self.person.desk.lock().unwrap();
            match &message.body {
                RpBody::Data(data) => desk.take(data.user_data.octets()),
                RpBody::Ack(_) => {
                    desk.waiting.remove(&reference);
                    desk.acknowledged.push(reference);
                    Said::Nothing
                }
                // What it has repeated (TP-RD) is there: TS 23.040 clause 9.2.3.25.
                RpBody::Error(_) if desk.is_repeated(reference) && is_duplicate(&message) => {
                    desk.waiting.remove(&reference);
                    desk.acknowledged.push(reference);
                    Said::Nothing
                }
                RpBody::Error(error) => {
                    desk.refused.push((reference, error.cause));
                    Said::Nothing
                }
                _ => Said::Nothing,
            }
        };
        let report = Tpdu::DeliverReport(DeliverReport::new(None, Parameters::default()));
        let report = match answer {
            Said::Nothing => return,
            Said::Ack => RpMessage::ack(Direction::ToNetwork, reference, Some(&report)),
            Said::Error(cause) => RpMessage::error(Direction::ToNetwork, reference, cause, None),
        };
        let is_unnamed = self.person.desk.lock().unwrap().is_unnamed;
        let call_id = request.call_id().filter(|_| !is_unnamed);
        self.letter(now, &report, call_id);
    }
}

/// Whether the service centre says that it has the message.
fn is_duplicate(message: &RpMessage) -> bool {
    let report = message.tpdu().and_then(Result::ok);
    matches!(report, Some(Tpdu::SubmitReport(report)) if report.failure_cause() == Some(FailureCause::DUPLICATE))
}

impl UeDesk {
    fn is_repeated(&self, reference: u8) -> bool {
        self.waiting.get(&reference).is_some_and(|submit| submit.reject_duplicates)
    }

    fn take(&mut self, octets: &[u8]) -> Said {
        if self.is_silent {
            return Said::Nothing;
        }
        // The one in whose middle it is full.
        self.is_full |= self.full_at.take_if(|at| *at == self.shown.len()).is_some();
        if self.is_full {
            return Said::Error(RpCause::MEMORY_EXCEEDED);
        }
        if let Some((_, cause)) = self.refuses_at.filter(|(at, _)| *at == self.shown.len()) {
            return Said::Error(cause);
        }
        let tpdu = Tpdu::parse(Direction::ToMs, Carrier::Data, octets).unwrap();
        if self.seen.contains(&tpdu) {
            self.repeated += 1;
        } else {
            self.seen.remember(&tpdu);
            self.shown.extend(text_of(octets));
            self.octets.push(octets.to_vec());
            if let Tpdu::StatusReport(report) = &tpdu {
                self.told.push((report.reference, report.status));
            }
        }
        Said::Ack
    }
}

/// What a UE says to a message.
enum Said {
    Nothing,
    Ack,
    Error(RpCause),
}

impl Person for Subscriber {
    fn obey(phone: &mut Phone<Self>, now: Instant) {
        loop {
            let order = phone.person.desk.lock().unwrap().orders.pop_front();
            match order {
                Some(Order::Register(expires)) => {
                    phone.person.desk.lock().unwrap().expires = expires;
                    phone.register(now, None);
                }
                Some(Order::Send(reference, text)) => {
                    let (coding, data) = UserData::of_text(&text).unwrap();
                    let to = Address::international(BOB).unwrap();
                    phone.submit(now, Submit::new(reference, to, coding, data));
                }
                Some(Order::Submit(submit)) => phone.submit(now, submit),
                Some(Order::Repeat) => {
                    let waiting = phone.person.desk.lock().unwrap().waiting.clone();
                    for (_, mut submit) in waiting {
                        submit.reject_duplicates = true;
                        phone.submit(now, submit);
                    }
                }
                Some(Order::FreeMemory) => {
                    phone.person.desk.lock().unwrap().is_full = false;
                    phone.letter(now, &RpMessage::smma(SMMA), None);
                }
                None => return,
            }
        }
    }

    fn on_event(phone: &mut Phone<Self>, now: Instant, event: UserAgentEvent) {
        match event {
            UserAgentEvent::Request { key, request, .. } => phone.on_request(now, key, &request),
            UserAgentEvent::Response { token: FIRST_REGISTER, result: Ok(response) } if response.status == 401 => {
                let authorization = authorization(&response);
                phone.register(now, Some(authorization));
            }
            UserAgentEvent::Response { token: FIRST_REGISTER | REGISTER, result } => {
                let status = result.map_or(408, |response| response.status);
                phone.person.desk.lock().unwrap().statuses.push(status);
            }
            _ => {}
        }
    }

    fn on_media(_: &mut Phone<Self>, _: u16, _: &[u8]) {}
}

/// What a UE answers to a 401 (RFC 3310).
fn authorization(challenge: &Response) -> String {
    let challenge = Challenge::parse(challenge.headers.get("WWW-Authenticate").unwrap()).unwrap();
    let (rand, _) = split_aka_nonce(&challenge.nonce().unwrap()).unwrap();
    let keys = AkaKeys::with_opc([0x11; 16], [0x22; 16], [0, 0]);
    let vector = keys.vector(rand, Sqn::new(0).unwrap());
    let uri = format!("sip:{DOMAIN}");
    let client = DigestClient {
        username: NAI,
        password: vector.xres.expose(),
        method: &Method::REGISTER,
        uri: &uri,
        nonce_count: 1,
        cnonce: "c",
        body: b"",
    };
    challenge.answer(&client).unwrap().to_string()
}
