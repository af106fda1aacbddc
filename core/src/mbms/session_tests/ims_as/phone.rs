//! A UE whose user may hear an MBMS bearer (TR 23.847 clause 1).

use protocol::sip::sdp::Direction;
use protocol::sip::{
    Change, MBMS_FEATURE, NameAddr, PAccessNetworkInfo, SessionEvent, SessionId, SessionSettings, StackConfig, Uri,
    UserAgent, UserAgentConfig, UserAgentEvent, UserAgentProfile,
};

use super::*;
use crate::node::testing::{Person, Phone};

/// What a phone is told to do.
#[derive(Debug)]
pub(super) enum Order {
    Call,
    /// It receives the bearer, or does not.
    Listen(bool),
    Move(EutranCell),
    Say(u16),
    HangUp,
}

/// What a phone knows, and what it is to do.
#[derive(Debug, Default)]
pub(super) struct PhoneDesk {
    pub(super) orders: VecDeque<Order>,
    pub(super) session: Option<SessionId>,
    pub(super) is_in: bool,
    pub(super) remote: Option<SocketAddr>,
    pub(super) hears_unicast: bool,
    pub(super) mbms: Option<MbmsMedia>,
    /// How often each packet came over unicast.
    pub(super) unicast: BTreeMap<u16, u32>,
}

/// One who speaks into a phone.
#[derive(Debug)]
pub(super) struct User {
    cell: EutranCell,
    desk: Arc<Mutex<PhoneDesk>>,
}

impl User {
    /// A phone that says that it `can_mbms`, and `takes_mbms` when it is told of a bearer; it was started so often before.
    pub(super) fn phone(
        (number, starts): (u8, u8),
        (can_mbms, takes_mbms): (bool, bool),
        cell: EutranCell,
        desk: Arc<Mutex<PhoneDesk>>,
    ) -> Phone<Self> {
        let ip = phone_ip(number);
        let address = SocketAddr::new(ip, 5060);
        let mut stack = StackConfig::user_agent(vec![(Transport::Udp, address)], ip.to_string());
        stack.hosts.insert("ims-as.test", SocketAddr::new(self::ip(21), 5060), Transport::Udp);
        let from = NameAddr::new(Uri::parse(&identity(number)).unwrap());
        let mut contact = NameAddr::new(Uri::parse(&format!("sip:user{number}@{address}")).unwrap());
        if can_mbms {
            contact.params.set_flag(MBMS_FEATURE);
        }
        let mut profile = UserAgentProfile::new(from.clone(), contact);
        profile.outside = vec![("P-Asserted-Identity".to_owned(), from.to_string())];
        profile.always = vec![Self::location(cell)];
        let session = SessionSettings { takes_mbms, ..SessionSettings::default() };
        let ua =
            UserAgent::new(UserAgentConfig { stack, profile, session }, Entropy::from_seed([number + 16 * starts; 32]));
        Phone::of(ua, ip, number, Self { cell, desk })
    }

    fn location(cell: EutranCell) -> (String, String) {
        ("P-Access-Network-Info".to_owned(), PAccessNetworkInfo::of_cell(cell).to_string())
    }

    fn sdp(ip: IpAddr) -> Vec<u8> {
        format!("v=0\r\no=u 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 97\r\na=rtpmap:97 X/8000\r\n")
            .into_bytes()
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
                Order::Call => {
                    let session = phone.ua.invite(now, Uri::parse(GROUP).unwrap(), &Self::sdp(phone.ip), &[]);
                    phone.person.desk.lock().unwrap().session = Some(session);
                }
                Order::Listen(listens) => {
                    let session = session.unwrap();
                    let mut sdp = Sdp::parse(&phone.ua.local_description(session).unwrap()).unwrap();
                    let direction = if listens { Direction::SendOnly } else { Direction::SendRecv };
                    sdp.media[0].set_direction(direction);
                    sdp.bump_version();
                    phone.ua.change(now, session, Change::ReInvite(sdp.to_bytes())).unwrap();
                    phone.person.desk.lock().unwrap().hears_unicast = !listens;
                }
                Order::Move(cell) => {
                    phone.person.cell = cell;
                    phone.ua.profile_mut().always = vec![Self::location(cell)];
                    phone.ua.set_answer_headers(session.unwrap(), vec![Self::location(cell)]);
                    phone.ua.change(now, session.unwrap(), Change::Refresh).unwrap();
                }
                Order::Say(sequence) => phone.say(4000, remote.unwrap(), sequence),
                Order::HangUp => phone.ua.hang_up(now, session.unwrap()).unwrap(),
            }
        }
    }

    fn on_event(phone: &mut Phone<Self>, now: Instant, event: UserAgentEvent) {
        let desk = Arc::clone(&phone.person.desk);
        match event {
            UserAgentEvent::Incoming { session, .. } => {
                phone.ua.set_answer_headers(session, vec![Self::location(phone.person.cell)]);
                desk.lock().unwrap().session = Some(session);
                let sdp = Self::sdp(phone.ip).into_iter().map(char::from).collect::<String>().replace("0 8 97", "8");
                phone.ua.accept(now, session, sdp.replace("a=rtpmap:97 X/8000\r\n", "").as_bytes()).unwrap();
            }
            UserAgentEvent::Session(
                session,
                SessionEvent::Established { sdp } | SessionEvent::Modified { sdp, .. },
            ) => {
                let sdp = Sdp::parse(&sdp).unwrap();
                let ip = sdp.connection_of(0).unwrap().address.parse().unwrap();
                let held = Sdp::parse(&phone.ua.local_description(session).unwrap_or_default());
                let mut desk = desk.lock().unwrap();
                desk.is_in = true;
                desk.remote = Some(SocketAddr::new(ip, sdp.media[0].port));
                desk.hears_unicast = held.is_ok_and(|held| held.direction_of(0).receives());
                desk.mbms = MbmsMedia::find(&sdp).map(|(_, mbms)| mbms);
            }
            UserAgentEvent::Session(_, SessionEvent::Ended { .. }) => {
                let mut desk = desk.lock().unwrap();
                (desk.is_in, desk.session, desk.mbms) = (false, None, None);
            }
            _ => {}
        }
    }

    fn on_media(phone: &mut Phone<Self>, _: u16, bytes: &[u8]) {
        let sequence = RtpPacket::parse(bytes).unwrap().sequence;
        *phone.person.desk.lock().unwrap().unicast.entry(sequence).or_default() += 1;
    }
}
