//! Calls of groups through MC service servers in a fabric: users, affiliation, calls, floor control, media, and the death of
//! servers.

mod calls;
mod kills;
mod phone;
mod users;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::sip::Transport;
use protocol::{Entropy, Instant, Joint};

use self::phone::{Order, PhoneDesk, User};
use super::{McGroup, McServer, McServerConfig, McSubscriber};
use crate::node::testing::{Person, Phone, Shared, TestNetwork, store};
use crate::node::{Fabric, FabricOutput, Latency, Node, NodeInput, NodeOutput, Role, WireMessage};

/// Controlled by server 2.
const GROUP: &str = "sip:group1@groups.mcptt.test";
/// Controlled by server 1, with users of server 1 only.
const OWN_GROUP: &str = "sip:group2@groups.mcptt.test";
/// Users 1 to 3 are at server 1, 4 to 6 at server 2, 7 and 8 at server 3. User 8 is in no group.
const USERS: u8 = 8;

fn ip(last: u8) -> IpAddr {
    IpAddr::from([10, 46, 0, last])
}

fn phone_ip(number: u8) -> IpAddr {
    IpAddr::from([10, 45, 0, number])
}

fn server_name(number: u8) -> String {
    format!("mc{number}.test")
}

fn mcptt_id(number: u8) -> String {
    format!("sip:m{number}@mcptt.test")
}

fn impu(number: u8) -> String {
    format!("sip:user{number}@user{number}.test")
}

const fn server_of(user: u8) -> u8 {
    match user {
        1..=3 => 1,
        4..=6 => 2,
        _ => 3,
    }
}

fn config(number: u8) -> McServerConfig {
    let mut config = McServerConfig::new(&server_name(number), "ims.test", SocketAddr::new(ip(50 + number), 5060));
    for other in 1..=3 {
        config.sip.hosts.insert(&server_name(other), SocketAddr::new(ip(50 + other), 5060), Transport::Udp);
        config.servers.push(server_name(other));
    }
    for user in 1..=USERS {
        let address = SocketAddr::new(phone_ip(user), 5060);
        config.sip.hosts.insert(&format!("user{user}.test"), address, Transport::Udp);
        let server = Some(server_name(server_of(user)));
        config.users.push(McSubscriber { server, priority: user, ..McSubscriber::new(&mcptt_id(user), &impu(user)) });
    }
    let group = |id: &str, server: u8, members: &[u8]| McGroup {
        server: Some(server_name(server)),
        ..McGroup::new(id, members.iter().map(|user| mcptt_id(*user)).collect())
    };
    config.groups = vec![group(GROUP, 2, &[1, 2, 3, 4, 5, 6, 7]), group(OWN_GROUP, 1, &[1, 2, 3])];
    config.floor.queue = 0;
    config
}

type Change = Arc<dyn Fn(u8, &mut McServerConfig) + Send + Sync>;

/// Three servers and eight phones.
struct Net {
    fabric: Fabric,
    now: Instant,
    servers: Vec<Arc<Mutex<McServer>>>,
    phones: Vec<Arc<Mutex<PhoneDesk>>>,
    log: Vec<(Joint, String, String)>,
    notes: Vec<String>,
    /// After so many more messages this server is killed.
    kill: Option<(usize, u8)>,
    restarts: u8,
    next: u16,
    change: Change,
}

impl TestNetwork for Net {
    fn fabric(&mut self) -> (&mut Fabric, &mut Instant) {
        (&mut self.fabric, &mut self.now)
    }

    fn on_output(&mut self, output: FabricOutput) {
        match output {
            FabricOutput::Message(message) => self.pass(message),
            FabricOutput::Note { from, note } => self.notes.push(format!("{from}: {note}")),
            _ => {}
        }
    }
}

impl Net {
    fn new() -> Self {
        Self::with(|_, _| {})
    }

    fn with(change: impl Fn(u8, &mut McServerConfig) + Send + Sync + 'static) -> Self {
        let mut net = Self {
            fabric: Fabric::new(Latency::default()),
            now: Instant::ZERO,
            servers: Vec::new(),
            phones: Vec::new(),
            log: Vec::new(),
            notes: Vec::new(),
            kill: None,
            restarts: 0,
            next: 0,
            change: Arc::new(change),
        };
        for number in 1..=3 {
            let server = Arc::new(Mutex::new(net.server(number)));
            net.servers.push(Arc::clone(&server));
            let name = format!("mc{number}");
            net.fabric.add(net.now, &name, Role::McServer, ip(50 + number), Box::new(Shared(server)), store());
        }
        for number in 1..=USERS {
            let desk = Arc::new(Mutex::new(PhoneDesk::default()));
            net.phones.push(Arc::clone(&desk));
            let phone = User::phone(number, desk);
            net.fabric.add(net.now, &format!("ue{number}"), Role::Ue, phone_ip(number), Box::new(phone), store());
        }
        net.run_ms(100);
        net
    }

    fn server(&self, number: u8) -> McServer {
        let mut config = config(number);
        (self.change)(number, &mut config);
        McServer::new(config, Entropy::from_seed([10 * number + self.restarts % 10; 32])).unwrap()
    }

    fn restart(&mut self, number: u8) {
        self.restarts += 1;
        let server = Arc::new(Mutex::new(self.server(number)));
        self.servers[usize::from(number) - 1] = Arc::clone(&server);
        assert!(self.fabric.restart(self.now, &format!("mc{number}"), Box::new(Shared(server))));
    }

    fn pass(&mut self, message: WireMessage) {
        let line = String::from_utf8_lossy(&message.bytes).lines().next().unwrap_or_default().to_owned();
        self.log.push((message.joint, format!("{} {}", message.from, message.to), line));
        self.fabric.carry(self.now, message);
        match self.kill.take() {
            Some((0, server)) => self.restart(server),
            Some((more, server)) => self.kill = Some((more - 1, server)),
            None => {}
        }
    }

    fn order(&mut self, number: u8, order: Order) {
        self.phones[usize::from(number) - 1].lock().unwrap().orders.push_back(order);
        self.poke(&format!("ue{number}"));
    }

    fn phone<T>(&self, number: u8, look: impl Fn(&PhoneDesk) -> T) -> T {
        look(&self.phones[usize::from(number) - 1].lock().unwrap())
    }

    /// Those who are in a call.
    fn in_call(&self) -> Vec<u8> {
        (1..=USERS).filter(|number| self.phone(*number, |desk| desk.is_in)).collect()
    }

    fn figure(&self, number: u8, name: &str) -> u64 {
        let server = self.servers[usize::from(number) - 1].lock().unwrap();
        let figure = server.figures().into_iter().find(|(own, _)| *own == name);
        figure.map_or(u64::MAX, |(_, value)| value)
    }

    /// A status that a phone was answered last.
    fn answered(&self, number: u8) -> Option<u16> {
        self.phone(number, |desk| desk.answers.last().copied())
    }

    fn affiliate(&mut self, number: u8, groups: &[&str]) -> Option<u16> {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        self.order(number, Order::Affiliate(groups));
        self.run_ms(500);
        self.answered(number)
    }

    /// Users are affiliated to the group of server 2.
    fn affiliate_all(&mut self, users: impl IntoIterator<Item = u8>) {
        for user in users {
            assert_eq!(self.affiliate(user, &[GROUP]), Some(200), "user {user}: {:#?}", self.notes);
        }
    }

    fn call(&mut self, number: u8, group: &str) {
        self.order(number, Order::Call(group.to_owned()));
        self.run_ms(1000);
    }

    /// A phone asks for the floor.
    fn request(&mut self, number: u8) {
        self.order(number, Order::Request);
        self.run_ms(200);
    }

    fn heard(&self, number: u8) -> Vec<String> {
        self.phone(number, |desk| desk.floor.clone())
    }

    /// A phone speaks for so many packets; their sequence numbers.
    fn say(&mut self, number: u8, packets: u16) -> Vec<u16> {
        let first = self.next;
        for _ in 0..packets {
            let sequence = self.next;
            self.next += 1;
            self.order(number, Order::Say(sequence));
            self.run_ms(20);
        }
        self.run_ms(200);
        (first..self.next).collect()
    }

    /// How often a phone has heard these packets.
    fn times(&self, number: u8, packets: &[u16]) -> Vec<u32> {
        self.phone(number, |desk| packets.iter().map(|n| desk.rtp.get(n).copied().unwrap_or(0)).collect())
    }

    /// The calls of the servers, and ports that are not given back.
    fn is_clean(&self) -> Result<(), String> {
        let mut left = BTreeMap::new();
        for number in 1..=3 {
            let all = u64::from(config(number).sip.ports.1 - config(number).sip.ports.0).div_ceil(2);
            left.insert(number, (self.figure(number, "mc_calls"), all - self.figure(number, "mc_ports_left")));
        }
        match left.values().all(|left| *left == (0, 0)) {
            true => Ok(()),
            false => Err(format!("calls and ports in use by server: {left:?}")),
        }
    }
}
