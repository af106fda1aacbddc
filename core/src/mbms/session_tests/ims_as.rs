//! A group session from the INVITE of one member to media at all of them, over unicast and over an MBMS bearer: TR 23.847
//! clause 1 with the nodes as they are.

use std::collections::BTreeMap;

use protocol::UdpDatagram;
use protocol::diameter::mb2c::MbmsBearerRequest;
use protocol::rtp::RtpPacket;
use protocol::sip::sdp::{MbmsMedia, Sdp};
use protocol::sip::{EutranCell, Transport};

use self::phone::{Order, PhoneDesk, User};
use super::whole::{AS, bearer, bmsc_config};
use super::*;
use crate::ims::service::SessionServerConfig;
use crate::mbms::{BearerRule, CellAreas, ImsAs, ImsAsConfig, ImsGroup, Mb2Allocation, Mb2Config, ServerRules};

mod corners;
mod phone;

const GROUP: &str = "sip:group1@ims-as.test";

fn phone_ip(number: u8) -> IpAddr {
    IpAddr::from([10, 45, 0, number])
}

fn cell(eci: u32) -> EutranCell {
    EutranCell { plmn: plmn(), tac: 1, eci }
}

fn identity(number: u8) -> String {
    format!("sip:user{number}@user{number}.test")
}

/// Cell 0x100 is that of eNB 1 (service area 1); 0x200 that of eNB 2 (1 and 2), 0x300 of it where only 2 is; others are in no
/// area.
fn as_config(change: impl Fn(&mut Mb2Config)) -> ImsAsConfig {
    let mut sip = SessionServerConfig::new("ims-as.test", "ims.test", SocketAddr::new(ip(21), 5060));
    for number in 1..=8 {
        let address = SocketAddr::new(phone_ip(number), 5060);
        sip.hosts.insert(&format!("user{number}.test"), address, Transport::Udp);
    }
    let mut config = ImsAsConfig::new(sip);
    config.groups = vec![ImsGroup::new("group1", (1..=8).map(identity).collect())];
    let cells = [(0x100, vec![1]), (0x200, vec![1, 2]), (0x300, vec![2])];
    config.cells = cells.into_iter().map(|(eci, areas)| CellAreas { cell: cell(eci), areas }).collect();
    config.rule = BearerRule { stop_after_ms: 2000, ..BearerRule::default() };
    let mut diameter = DiameterConfig::new(AS, "test", ip(21), Vec::new());
    diameter.retry = Duration::from_secs(1);
    let connect = Some(SocketAddr::new(ip(31), 3868));
    diameter.peers.push(PeerConfig { host: BMSC.to_owned(), realm: "test".to_owned(), connect });
    let mut mb2 = Mb2Config::new(diameter, BMSC, ip(21));
    mb2.retry = Duration::from_secs(1);
    change(&mut mb2);
    config.mb2 = Some(mb2);
    config
}

/// Eight phones, 1 to 5 in the area, 6 elsewhere, 7 and 8 in the area without MBMS.
struct Group {
    net: Net,
    phones: Vec<Arc<Mutex<PhoneDesk>>>,
    bmsc: Arc<Mutex<BmscNode>>,
    /// Packets that came over the bearer.
    broadcast: BTreeMap<u16, u32>,
    next: u16,
}

impl Group {
    fn new(rules: &ServerRules, change: impl Fn(&mut Mb2Config) + 'static) -> Self {
        let mut net = Net::new();
        let mut config = bmsc_config();
        config.servers.insert(AS.to_owned(), rules.clone());
        config.servers.insert("other.test".to_owned(), ServerRules::default());
        config.diameter.peers.push(PeerConfig {
            host: "other.test".to_owned(),
            realm: "test".to_owned(),
            connect: None,
        });
        let bmsc = Arc::new(Mutex::new(BmscNode::new(config, Entropy::from_seed([3; 32]))));
        assert!(net.fabric.restart(net.now, "bmsc", Box::new(Shared(Arc::clone(&bmsc)))));
        let make = move |seed: u8| ImsAs::new(as_config(&change), Entropy::from_seed([seed; 32])).unwrap();
        net.fabric.add(net.now, "as", Role::As, ip(21), Box::new(make(50)), store());
        net.maker = Some(Box::new(move |name, restarts| {
            (name == "as").then(|| Box::new(make(50 + restarts as u8)) as Box<dyn Node>)
        }));
        let mut phones = Vec::new();
        for number in 1..=8 {
            let desk = Arc::new(Mutex::new(PhoneDesk::default()));
            let eci = if number == 6 { 0x900 } else { 0x100 * u32::from(1 + number % 2) };
            let phone = User::phone((number, 0), (number < 7, number < 7), cell(eci), Arc::clone(&desk));
            net.fabric.add(net.now, &format!("phone{number}"), Role::Ue, phone_ip(number), Box::new(phone), store());
            phones.push(desk);
        }
        net.run_ms(3000);
        Self { net, phones, bmsc, broadcast: BTreeMap::new(), next: 0 }
    }

    fn order(&mut self, number: usize, order: Order) {
        self.phones[number - 1].lock().unwrap().orders.push_back(order);
        self.net.poke(&format!("phone{number}"));
    }

    fn is_in(&self, number: usize) -> bool {
        self.phones[number - 1].lock().unwrap().is_in
    }

    fn mbms(&self, number: usize) -> Option<MbmsMedia> {
        self.phones[number - 1].lock().unwrap().mbms
    }

    /// A phone speaks for so many packets.
    fn say(&mut self, number: usize, packets: u16) {
        for _ in 0..packets {
            let sequence = self.next;
            self.next += 1;
            self.order(number, Order::Say(sequence));
            self.net.run_ms(20);
        }
        self.take_radio();
    }

    fn take_radio(&mut self) {
        drop(self.net.radio(2));
        for radio in self.net.radio(1) {
            let EnbRadio::Sdu { sdu, .. } = radio else { continue };
            let datagram = UdpDatagram::parse(&sdu).unwrap();
            let rtp = RtpPacket::parse(datagram.payload).unwrap();
            *self.broadcast.entry(rtp.sequence).or_default() += 1;
        }
    }

    /// Packets that a phone has from neither side.
    fn misses(&self, number: usize, hears_bearer: impl Fn(u16) -> bool) -> Vec<u16> {
        let desk = self.phones[number - 1].lock().unwrap();
        let has = |n: &u16| desk.unicast.contains_key(n) || self.broadcast.contains_key(n) && hears_bearer(*n);
        (0..self.next).filter(|n| !has(n)).collect()
    }

    fn unicast(&self, number: usize) -> Vec<u16> {
        self.phones[number - 1].lock().unwrap().unicast.keys().copied().collect()
    }

    /// The group is called; everybody is in, and knows of the bearer if he can use it.
    fn begin(&mut self) {
        self.order(1, Order::Call);
        self.net.run_ms(3000);
        assert!((1..=8).all(|number| self.is_in(number)), "{:#?}", self.net.notes);
        let told: Vec<usize> = (1..=8).filter(|number| self.mbms(*number).is_some()).collect();
        assert_eq!(told, [1, 2, 3, 4, 5], "{:#?}", self.net.notes);
    }

    /// All is over, and nothing is left of it.
    fn is_clean(&mut self) -> Result<(), String> {
        self.net.run_ms(20_000);
        self.net.audit();
        let bmsc = self.bmsc.lock().unwrap();
        bmsc.audit()?;
        let figures: BTreeMap<_, _> = bmsc.figures().into_iter().collect();
        if (figures["tmgis"], figures["bearers"]) != (0, 0) {
            return Err(format!("{} TMGIs and {} bearers are left", figures["tmgis"], figures["bearers"]));
        }
        match self.net.mce.lock().unwrap().admission().is_empty() {
            true => Ok(()),
            false => Err("capacity is not given back".to_owned()),
        }
    }
}

#[test]
fn five_of_eight_listen_to_the_bearer_and_nobody_misses_anything() {
    let mut group = Group::new(&ServerRules::default(), |_| {});
    group.begin();
    group.net.run_ms(6000);
    group.say(1, 20);
    for number in 1..=5 {
        group.order(number, Order::Listen(true));
    }
    group.say(1, 100);
    group.net.run_ms(2000);
    group.take_radio();
    assert_eq!(group.next, 120);
    for number in 2..=8 {
        assert_eq!(group.misses(number, |_| (2..=5).contains(&number)), [0u16; 0], "phone {number}");
        let unicast = group.unicast(number).len();
        match number {
            2..=5 => assert!((20..25).contains(&unicast), "phone {number}: {unicast} over unicast"),
            _ => assert_eq!(unicast, 120, "phone {number}"),
        }
    }
    assert!(group.broadcast.values().all(|times| *times == 1));
    assert_eq!(group.broadcast.len(), 120);
    group.order(1, Order::HangUp);
    for number in 2..=8 {
        group.order(number, Order::HangUp);
    }
    group.net.run_ms(2000);
    assert!((1..=8).all(|number| !group.is_in(number)));
    assert_eq!(group.is_clean(), Ok(()), "{:#?}", group.net.notes);
}

#[test]
fn who_leaves_the_coverage_gets_unicast_again_and_misses_nothing() {
    let mut group = Group::new(&ServerRules::default(), |_| {});
    group.begin();
    group.net.run_ms(6000);
    for number in 1..=5 {
        group.order(number, Order::Listen(true));
    }
    group.say(1, 50);
    // Phone 2 says so; phone 3 is seen in a cell of no area.
    let lost_at = group.next;
    group.order(2, Order::Listen(false));
    group.order(3, Order::Move(cell(0x900)));
    group.say(1, 50);
    assert_eq!(group.mbms(3), None, "{:#?}", group.net.notes);
    assert!(group.mbms(2).is_some());
    group.net.run_ms(2000);
    group.take_radio();
    // What was on its way when they left is sent again.
    let on_way = 30;
    for number in [2, 3] {
        assert_eq!(group.misses(number, |n| n + on_way < lost_at), [0u16; 0], "phone {number}");
    }
    // Two of five are out: the three that are left are worth it. With another one gone they are not.
    group.order(4, Order::Listen(false));
    group.net.run_ms(1000);
    assert!(group.mbms(5).is_some());
    group.net.run_ms(5000);
    assert_eq!(group.mbms(5), None, "{:#?}", group.net.notes);
    let heard = group.unicast(5).len();
    group.say(1, 10);
    assert_eq!(group.unicast(5).len(), heard + 10);
    group.net.run_ms(20_000);
    assert_eq!(group.bmsc.lock().unwrap().figures()[0], ("tmgis", 0));
    // One is back: three are worth a bearer again, and all in the area are told.
    group.order(3, Order::Move(cell(0x100)));
    group.net.run_ms(3000);
    assert!((2..=5).all(|number| group.mbms(number).is_some()), "{:#?}", group.net.notes);
}

#[test]
fn a_bearer_follows_its_ues_into_another_service_area() {
    let mut group = Group::new(&ServerRules::default(), |_| {});
    group.begin();
    let before = group.mbms(1).unwrap();
    for number in [1, 3, 5] {
        group.order(number, Order::Move(cell(0x300)));
    }
    group.net.run_ms(6000);
    let places: Vec<_> = group.net.notes.iter().filter_map(|note| note.split_once("in service areas {")).collect();
    let places: Vec<_> = places.iter().filter(|(before, _)| before.contains("MBMS bearer")).map(|(_, n)| *n).collect();
    assert!(places.len() == 3 && places[1].starts_with("1, 2}") && places[2].starts_with("2}"), "{places:?}");
    let told: Vec<usize> = (1..=8).filter(|number| group.mbms(*number) == Some(before)).collect();
    assert_eq!(told, [1, 3, 5], "the same TMGI: {:#?}", group.net.notes);
    assert!(group.mbms(2).is_none() && group.mbms(4).is_none());
}

#[test]
fn a_bearer_that_is_lost_is_replaced_by_unicast_and_comes_again() {
    let mut group = Group::new(&ServerRules::default(), |_| {});
    group.begin();
    group.net.run_ms(6000);
    let before = group.mbms(2).unwrap();
    for number in 1..=5 {
        group.order(number, Order::Listen(true));
    }
    group.say(1, 20);
    assert!(group.net.fabric.set_down(group.net.now, "gateway", true));
    let mut spoken = 0;
    while group.mbms(2).is_some() && spoken < 100 {
        group.say(1, 20);
        spoken += 1;
    }
    assert!((1..=5).all(|number| group.mbms(number).is_none()), "{:#?}", group.net.notes);
    let heard = group.unicast(2).len();
    group.say(1, 50);
    assert_eq!(group.unicast(2).len(), heard + 50);
    group.net.restart("gateway");
    group.net.run_ms(60_000);
    let after = group.mbms(2).unwrap_or_else(|| panic!("{:#?}", group.net.notes));
    assert_ne!(before.mode, after.mode, "another TMGI");
}

#[test]
fn what_the_as_assigns_and_others_have_is_refused_and_the_next_is_taken() {
    let allocation = || Mb2Allocation::AsAssigns {
        plmn: plmn(),
        service_ids: 0x100..=0x1ff,
        addresses: Ipv4Addr::new(239, 1, 0, 0)..=Ipv4Addr::new(239, 1, 0, 255),
        port: 5000,
    };
    let mut group = Group::new(&ServerRules::default(), move |mb2| mb2.allocation = allocation());
    let desk = Arc::new(Mutex::new(Desk::default()));
    let other = TestPeer::application_server("other.test", 22, Arc::clone(&desk));
    group.net.fabric.add(group.net.now, "as2", Role::As, ip(22), Box::new(other), store());
    group.net.run_ms(3000);
    // The other AS has what the BM-SC gives first: the same that ours would.
    let area = MbmsServiceArea::new([2]);
    let request = MbmsBearerRequest { qos: Some(qos(1, 40_000, 5)), area, ..MbmsBearerRequest::new(StartStop::Start) };
    let taken = bearer(&mut group.net, ("as2", "other.test"), &desk, request);
    assert_eq!(taken.tmgi.unwrap().to_string(), "000100@262-01");
    group.begin();
    let own = group.mbms(1).unwrap();
    assert_eq!(own.mode.tmgi().to_string(), "000101@262-01");
    assert_eq!(own.destination.to_string(), "239.1.0.1:5000");
    let refusals: Vec<_> = group.net.notes.iter().filter(|note| note.contains("refuses what we assign")).collect();
    assert!(refusals.len() == 2 && refusals[0].contains("TmgiInUse") && refusals[1].contains("AddressInUse"));
}

#[test]
fn the_as_is_killed_at_every_message_and_nothing_leaks() {
    for forget_on_restart in [true, false] {
        let rules = ServerRules { forget_on_restart, ..ServerRules::default() };
        for step in (0..).step_by(if forget_on_restart { 7 } else { 3 }) {
            let mut group = Group::new(&rules, |_| {});
            group.net.kill = Some((step, "as".to_owned()));
            group.order(1, Order::Call);
            group.net.run_ms(8000);
            let is_over = group.net.kill.take().is_some();
            if is_over {
                // No more messages in this time: the kill at the end is by itself.
                group.net.restart("as");
                group.net.run_ms(3000);
            }
            // Sessions before the restart are over for the AS, whatever phones think; one that began after it stands.
            for number in 1..=8 {
                if group.phones[number - 1].lock().unwrap().session.is_some() {
                    group.order(number, Order::HangUp);
                }
            }
            group.net.run_ms(40_000);
            assert_eq!(group.is_clean(), Ok(()), "killed at {step}: {:#?}", group.net.notes);
            group.begin();
            if is_over {
                assert!(step > 30, "{step}");
                break;
            }
        }
    }
}
