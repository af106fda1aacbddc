//! The network: every node with its store, joined by the fabric; UEs are outside.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use core_network::ims::hss::{Hss, add_subscribers, parse_subscribers};
use core_network::ims::{Icscf, NetworkBox, NetworkPlan, Pcscf, Scscf, TestAs, TestAsConfig};
use core_network::node::{Fabric, FabricOutput, Latency, Node, NodeStore, OutsideEvent, Role, StoreDriver};
use protocol::sip::{Request, Response, SipMessage, Target, Transport};
use protocol::{Entropy, Instant, Joint};

use super::ue::{DOMAIN, Ue};

/// Stores of the nodes; they survive a restart.
pub(crate) type Stores = [Arc<Mutex<NodeStore>>; 3];

pub(crate) struct Network {
    pub(crate) fabric: Fabric,
    pub(crate) now: Instant,
    pub(crate) inbox: VecDeque<(String, SipMessage)>,
    pub(crate) wire: Vec<(Joint, String)>,
    pub(crate) notes: Vec<String>,
    /// Datagrams of media that have come to UEs.
    pub(crate) media: Vec<(SocketAddr, Vec<u8>)>,
    pub(crate) stores: Stores,
}

/// Who may be there, and what they are called.
pub(crate) fn plan(utc_ms_at_zero: u64) -> NetworkPlan {
    NetworkPlan::new(DOMAIN, &[NetworkBox::As, NetworkBox::Conference, NetworkBox::Messaging], utc_ms_at_zero)
}

fn driver(store: &Arc<Mutex<NodeStore>>) -> StoreDriver {
    let store = Arc::clone(store);
    Box::new(move |request| store.lock().unwrap().execute(&request))
}

fn node(own: NetworkBox, utc: u64) -> Box<dyn Node> {
    let (plan, entropy) = (plan(utc), Entropy::of_box(1, own.label()));
    match own {
        NetworkBox::Pcscf => Box::new(Pcscf::new(plan.pcscf(own), entropy)),
        NetworkBox::Icscf => Box::new(Icscf::new(plan.icscf(), entropy)),
        NetworkBox::Scscf => Box::new(Scscf::new(plan.scscf(), entropy).unwrap()),
        _ => Box::new(Hss::new(plan.hss(), entropy)),
    }
}

/// Two subscribers: the first with OP, the second with OPc; `profile` for both.
fn subscribers(profile: &str) -> String {
    let named = if profile.is_empty() { "" } else { "profile = \"p\"" };
    let mut text = if profile.is_empty() { String::new() } else { format!("[[profile]]\nname = \"p\"\n{profile}\n") };
    for n in [1, 2] {
        let ue = Ue::new(n);
        let key = if n == 1 {
            format!("op = \"{}\"", hex::encode(ue.op))
        } else {
            let opc = *milenage::Milenage::new_with_op(ue.k, ue.op).opc();
            format!("opc = \"{}\"", hex::encode(opc))
        };
        text += &format!(
            "[[subscriber]]\nimpi = \"{}\"\nk = \"{}\"\n{key}\n[[subscriber.set]]\nimpus = [\"{}\", \"tel:+9997000000{n}\"]\n{named}\n",
            ue.impi,
            hex::encode(ue.k),
            ue.impu,
        );
    }
    text + &format!(
        "[[subscriber]]\nimpi = \"{0}\"\ndigest_password = \"open sesame\"\ndigest_realm = \"{DOMAIN}\"\n\
         [[subscriber.set]]\nimpus = [\"{1}\"]\n",
        Ue::new(3).impi,
        Ue::new(3).impu,
    )
}

impl Network {
    pub(crate) fn new() -> Self {
        Self::with("", None)
    }

    /// With filter criteria of both users, and an application server.
    pub(crate) fn with(profile: &str, server: Option<TestAsConfig>) -> Self {
        let stores: Stores = std::array::from_fn(|_| Arc::new(Mutex::new(NodeStore::in_memory().unwrap())));
        let parsed = parse_subscribers("test.toml", &subscribers(profile)).unwrap();
        add_subscribers(&mut stores[2].lock().unwrap(), &parsed).unwrap();
        Self::started(stores, 1_000_000, server)
    }

    /// What the stores have is all that there is.
    pub(crate) fn started(stores: Stores, utc: u64, server: Option<TestAsConfig>) -> Self {
        let mut fabric = Fabric::new(Latency::default());
        let mut add = |own: NetworkBox, node: Box<dyn Node>, store: usize| {
            fabric.add(Instant::ZERO, own.label(), own.role(), own.ip(), node, driver(&stores[store]));
        };
        for (own, store) in
            [(NetworkBox::Hss, 2), (NetworkBox::Pcscf, 0), (NetworkBox::Icscf, 0), (NetworkBox::Scscf, 1)]
        {
            add(own, node(own, utc), store);
        }
        if let Some(mut config) = server {
            config.hosts = plan(utc).hosts();
            let node = TestAs::new(config, Entropy::of_box(1, "as")).unwrap();
            add(NetworkBox::As, Box::new(node), 1);
        }
        for n in [1, 2, 3] {
            fabric.add_outside(&format!("ue{n}"), Role::Ue, ue_address(n).ip());
        }
        let mut network = Self {
            fabric,
            now: Instant::ZERO,
            inbox: VecDeque::new(),
            wire: vec![],
            notes: vec![],
            media: vec![],
            stores,
        };
        network.run(Duration::from_millis(500));
        network
    }

    /// One more application server, with the store of the P-CSCF.
    pub(crate) fn add_server(&mut self, own: NetworkBox, node: Box<dyn Node>) {
        let store = driver(&self.stores[0]);
        self.fabric.add(self.now, own.label(), own.role(), own.ip(), node, store);
    }

    pub(crate) fn run(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            while let Some(output) = self.fabric.poll_output() {
                match output {
                    FabricOutput::Message(message) => {
                        let text = String::from_utf8_lossy(&message.bytes).into_owned();
                        self.wire.push((message.joint, text));
                        self.fabric.carry(self.now, message);
                    }
                    FabricOutput::Outside { to, bytes, .. } => {
                        let message = SipMessage::parse(&bytes).unwrap();
                        if message.as_response().is_none_or(|r| r.status != 100) {
                            self.inbox.push_back((to, message));
                        }
                    }
                    FabricOutput::AtOutside { event: OutsideEvent::Datagram { local, bytes, .. }, .. } => {
                        self.media.push((local, bytes));
                    }
                    FabricOutput::AtOutside { to, event } => panic!("{event:?} at {to}"),
                    FabricOutput::OutsideFailed { why, .. } => panic!("{why}"),
                    FabricOutput::Note { from, note } => self.notes.push(format!("{from}: {note}")),
                }
            }
            match self.fabric.poll_timeout().filter(|t| *t <= until) {
                Some(t) => {
                    self.now = self.now.max(t);
                    self.fabric.handle_timeout(self.now);
                }
                None => break,
            }
        }
        self.now = until;
    }

    pub(crate) fn send(&mut self, from: &str, message: SipMessage) {
        let n = from.trim_start_matches("ue").parse().unwrap();
        let target = Target { transport: Transport::Udp, remote: NetworkBox::Pcscf.sip(), flow: None };
        self.fabric.send(self.now, ue_address(n), target, message.to_bytes());
        self.run(Duration::from_millis(200));
    }

    /// Sends a request of the UE that its From tag names, and takes the answer.
    pub(crate) fn ask(&mut self, request: &Request) -> Response {
        let name = request.from().unwrap().unwrap().tag().unwrap().to_owned();
        self.send(&name, SipMessage::Request(request.clone()));
        self.response(&name)
    }

    pub(crate) fn reply(&mut self, name: &str, request: &Request, status: u16, fields: &[(&str, &str)]) {
        let mut response = Response::to(request, status, None);
        response.set_to_tag(name);
        response.headers.copy_from(&request.headers, "Record-Route");
        fields.iter().for_each(|(n, v)| response.headers.append(n, v));
        self.send(name, SipMessage::Response(response));
    }

    pub(crate) fn response(&mut self, of: &str) -> Response {
        let at = self.inbox.iter().position(|(to, m)| to == of && m.as_response().is_some());
        let at = at.unwrap_or_else(|| panic!("no response for {of}: {:?}\n{:?}", self.inbox, self.notes));
        self.inbox.remove(at).unwrap().1.as_response().unwrap().clone()
    }

    pub(crate) fn request(&mut self, of: &str) -> Request {
        let at = self.inbox.iter().position(|(to, m)| to == of && m.as_request().is_some());
        let at = at.unwrap_or_else(|| panic!("no request for {of}: {:?}\n{:?}", self.inbox, self.notes));
        self.inbox.remove(at).unwrap().1.as_request().unwrap().clone()
    }

    /// The whole way to a registration; a UE that is registered may be taken at its word.
    pub(crate) fn register(&mut self, ue: &mut Ue, expires: u32) -> Response {
        let challenge = self.ask(&ue.register(expires, None));
        assert_eq!(challenge.status, 401, "{challenge:?}\n{:?}", self.notes);
        let credentials = ue.credentials(&challenge);
        let answer = self.ask(&ue.register(expires, Some(&credentials)));
        ue.service_route = answer.headers.values("Service-Route").map(str::to_owned).collect();
        answer
    }
}

pub(crate) fn ue_address(n: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 45, 0, n]), 5060)
}
