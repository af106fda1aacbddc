//! A UE with an MCPTT client as it should be, and one who uses it.

use std::collections::{BTreeMap, VecDeque};

use protocol::mc::affiliation::Affiliations;
use protocol::mc::floor::{self, FloorKind, FloorMessage};
use protocol::mc::info::{McpttInfo, SessionType};
use protocol::mc::names::{AFFILIATION_CONTENT_TYPE, INFO_CONTENT_TYPE, POC_SETTINGS_EVENT, PRESENCE_EVENT};
use protocol::mc::sdp::{FloorMedia, audio};
use protocol::mime::{Multipart, Part};
use protocol::rtp::RtpPacket;
use protocol::sip::sdp::Sdp;
use protocol::sip::{
    EndedWhy, EutranCell, Method, NameAddr, PAccessNetworkInfo, Refusal, SessionEvent, SessionId, SessionSettings,
    StackConfig, Uri, UserAgent, UserAgentConfig, UserAgentEvent, UserAgentProfile,
};

use super::*;

/// What a phone is told to do.
#[derive(Clone, Debug)]
pub(super) enum Order {
    /// With this token; for so many seconds.
    Authorise(Option<String>, u32),
    Affiliate(Vec<String>),
    /// Of all groups.
    Leave,
    Call(String),
    /// INVITE with this session description.
    CallWith(String, String),
    /// A request to its server: method, headers, content type and body.
    Send(Method, Vec<(&'static str, String)>, String, Vec<u8>),
    Request,
    Release,
    Say(u16),
    HangUp,
}

/// What a phone knows, and what it is to do.
#[derive(Debug, Default)]
pub(super) struct PhoneDesk {
    pub(super) orders: VecDeque<Order>,
    pub(super) session: Option<SessionId>,
    pub(super) is_in: bool,
    /// It refuses calls with this status.
    pub(super) busy: Option<u16>,
    /// RTP and floor control of the other side.
    pub(super) remote: Option<(SocketAddr, SocketAddr)>,
    /// How often each packet came.
    pub(super) rtp: BTreeMap<u16, u32>,
    /// Floor control, shortly.
    pub(super) floor: Vec<String>,
    /// Final statuses of its requests outside of sessions.
    pub(super) answers: Vec<u16>,
    pub(super) warnings: Vec<String>,
    /// Why its calls have ended.
    pub(super) ended: Vec<String>,
    /// Who has called, of which group.
    pub(super) called: Vec<(String, String)>,
}

/// Who uses a phone.
#[derive(Debug)]
pub(super) struct User {
    desk: Arc<Mutex<PhoneDesk>>,
    entropy: Entropy,
}

fn cell() -> EutranCell {
    EutranCell { plmn: protocol::Plmn::new("262", "01").unwrap(), tac: 1, eci: 0x100 }
}

/// Ports of RTP and of floor control of phones.
const AUDIO: u16 = 4000;
const FLOOR: u16 = 4002;

impl User {
    pub(super) fn phone(number: u8, desk: Arc<Mutex<PhoneDesk>>) -> Phone<Self> {
        let ip = phone_ip(number);
        let address = SocketAddr::new(ip, 5060);
        let mut stack =
            StackConfig::user_agent(vec![(Transport::Udp, address), (Transport::Tcp, address)], ip.to_string());
        for server in 1..=3 {
            stack.hosts.insert(&server_name(server), SocketAddr::new(super::ip(50 + server), 5060), Transport::Udp);
        }
        let from = NameAddr::new(Uri::parse(&impu(number)).unwrap());
        let contact = NameAddr::new(Uri::parse(&format!("sip:user{number}@{address}")).unwrap());
        let mut profile = UserAgentProfile::new(from.clone(), contact);
        profile.outside = vec![("P-Asserted-Identity".to_owned(), from.to_string())];
        profile.replies = vec![("P-Access-Network-Info".to_owned(), PAccessNetworkInfo::of_cell(cell()).to_string())];
        let session = SessionSettings { reliable_provisional: false, ..SessionSettings::default() };
        let mut entropy = Entropy::from_seed([100 + number; 32]);
        let ua = UserAgent::new(UserAgentConfig { stack, profile, session }, entropy.split());
        Phone::of(ua, ip, number, Self { desk, entropy })
    }

    pub(super) fn sdp(ip: IpAddr) -> String {
        format!(
            "v=0\r\no=u 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {AUDIO} RTP/AVP 8\r\n\
             m=application {FLOOR} udp MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=255\r\n"
        )
    }
}

impl Phone<User> {
    fn server(&self) -> Uri {
        Uri::parse(&format!("sip:{}", server_name(server_of(self.number)))).unwrap()
    }

    fn publish(&mut self, now: Instant, event: &str, expires: u32, parts: Vec<Part>) {
        let mut request = self.ua.request(Method::PUBLISH, self.server());
        request.headers.append("Event", event);
        request.headers.append("Expires", &expires.to_string());
        let (kind, body) = Multipart { parts, ..Multipart::default() }.to_body("mixed", &mut self.person.entropy);
        request.set_body(&kind, body);
        self.ua.send(now, 1, request);
    }

    fn affiliations(&mut self, now: Instant, groups: &[String]) {
        let own = mcptt_id(self.number);
        let info = McpttInfo { request_uri: Some(own.clone()), ..McpttInfo::default() };
        let pidf = Affiliations::request(&own, "client1", groups.iter().map(String::as_str)).to_document();
        let parts = vec![Part::new(INFO_CONTENT_TYPE, info.to_document()), Part::new(AFFILIATION_CONTENT_TYPE, pidf)];
        self.publish(now, PRESENCE_EVENT, if groups.is_empty() { 0 } else { u32::MAX }, parts);
    }

    fn call(&mut self, now: Instant, group: &str, sdp: &str) {
        let info = McpttInfo {
            session_type: Some(SessionType::Prearranged),
            request_uri: Some(group.to_owned()),
            ..McpttInfo::default()
        };
        let part = Part::new(INFO_CONTENT_TYPE, info.to_document());
        let server = self.server();
        let session = self.ua.invite_with(now, server, sdp.as_bytes(), &[], &[part]);
        self.person.desk.lock().unwrap().session = Some(session);
    }

    fn floor(&mut self, remote: Option<(SocketAddr, SocketAddr)>, kind: FloorKind) {
        let bytes = FloorMessage::new(self.number.into(), kind).to_bytes();
        if let Some((_, remote)) = remote {
            self.send(FLOOR, remote, bytes);
        }
    }
}

impl Person for User {
    fn obey(phone: &mut Phone<Self>, now: Instant) {
        loop {
            let mut desk = phone.person.desk.lock().unwrap();
            let Some(order) = desk.orders.pop_front() else { return };
            let (session, remote) = (desk.session, desk.remote);
            drop(desk);
            match order {
                Order::Authorise(token, expires) => {
                    let info =
                        McpttInfo { access_token: token, client_id: Some("c1".to_owned()), ..McpttInfo::default() };
                    let parts = vec![Part::new(INFO_CONTENT_TYPE, info.to_document())];
                    phone.publish(now, POC_SETTINGS_EVENT, expires, parts);
                }
                Order::Affiliate(groups) => phone.affiliations(now, &groups),
                Order::Leave => phone.affiliations(now, &[]),
                Order::Call(group) => {
                    let sdp = Self::sdp(phone.ip);
                    phone.call(now, &group, &sdp);
                }
                Order::CallWith(group, sdp) => phone.call(now, &group, &sdp),
                Order::Send(method, headers, kind, body) => {
                    let mut request = phone.ua.request(method, phone.server());
                    headers.iter().for_each(|(name, value)| request.headers.append(name, value));
                    request.set_body(&kind, body);
                    phone.ua.send(now, 1, request);
                }
                Order::Request => phone.floor(remote, FloorKind::Request { priority: None }),
                Order::Release => phone.floor(remote, FloorKind::Release),
                Order::Say(sequence) => {
                    if let Some((remote, _)) = remote {
                        phone.say(AUDIO, remote, sequence);
                    }
                }
                Order::HangUp => {
                    if let Some(session) = session {
                        let _ = phone.ua.hang_up(now, session);
                    }
                }
            }
        }
    }

    fn on_event(phone: &mut Phone<Self>, now: Instant, event: UserAgentEvent) {
        let desk = Arc::clone(&phone.person.desk);
        let mut desk = desk.lock().unwrap();
        match event {
            UserAgentEvent::Response { result, .. } => match result {
                Ok(response) => {
                    desk.answers.push(response.status);
                    desk.warnings.extend(response.headers.get("Warning").map(str::to_owned));
                }
                Err(_) => desk.answers.push(0),
            },
            UserAgentEvent::Incoming { session, invite, .. } => {
                if let Some(status) = desk.busy {
                    phone.ua.reject(now, session, status).unwrap();
                    return;
                }
                let media = protocol::mime::MediaType::of(&invite.headers).unwrap().unwrap();
                let parts = Multipart::parse(&media, &invite.body).unwrap().parts;
                let info = parts.iter().find(|part| part.is(INFO_CONTENT_TYPE)).unwrap();
                let info = McpttInfo::parse(std::str::from_utf8(&info.body).unwrap()).unwrap();
                assert_eq!(info.request_uri, Some(mcptt_id(phone.number)));
                assert_eq!(info.session_type, Some(SessionType::Prearranged));
                desk.called.push((info.calling_user_id.unwrap(), info.calling_group_id.unwrap()));
                // One call at a time: the newest.
                if let Some(old) = desk.session.replace(session) {
                    let _ = phone.ua.hang_up(now, old);
                }
                phone.ua.accept(now, session, Self::sdp(phone.ip).as_bytes()).unwrap();
            }
            UserAgentEvent::Session(session, event) if desk.session == Some(session) => match event {
                SessionEvent::Established { sdp } => {
                    let sdp = Sdp::parse(&sdp).unwrap();
                    desk.is_in = true;
                    desk.remote = Some((audio(&sdp).unwrap().1, FloorMedia::find(&sdp).unwrap().1.address));
                }
                SessionEvent::Ended { why } => {
                    desk.ended.push(why.to_string());
                    if let EndedWhy::Refused(Refusal::Status { status, .. }) = why {
                        desk.answers.push(status);
                    }
                    (desk.is_in, desk.session, desk.remote) = (false, None, None);
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn on_media(phone: &mut Phone<Self>, port: u16, bytes: &[u8]) {
        let mut desk = phone.person.desk.lock().unwrap();
        if port == FLOOR {
            desk.hear(bytes);
        } else {
            *desk.rtp.entry(RtpPacket::parse(bytes).unwrap().sequence).or_default() += 1;
        }
    }
}

impl PhoneDesk {
    fn hear(&mut self, bytes: &[u8]) {
        for message in floor::parse(bytes).unwrap() {
            self.floor.push(match message.kind {
                FloorKind::Granted { .. } => "granted".to_owned(),
                FloorKind::Taken { granted_party, .. } => format!("taken {}", granted_party.unwrap_or_default()),
                FloorKind::Deny { cause } => format!("deny {}", cause.0),
                FloorKind::Revoke { cause } => format!("revoke {}", cause.0),
                FloorKind::Idle { .. } => "idle".to_owned(),
                other => format!("{other:?}"),
            });
        }
    }
}
