//! Sessions from SGmb to M1 through gateway, MCE and eNBs in a fabric (TS 23.246 clause 8.3.2, TS 36.300 clause 15.7.1).

#[path = "../../../protocol/tests/tshark/capture.rs"]
mod capture;
#[path = "../../../protocol/tests/tshark/dlt.rs"]
mod dlt;
mod enb;
mod failures;
mod ims_as;
mod kills;
mod mc_bearers;
mod peer;
mod sessions;
mod whole;
mod wire;

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::diameter::mbms::{Arp, Ecgi, FlowId, MbmsServiceArea, QosInformation, SessionDuration, StartStop};
use protocol::diameter::sgmb::{AccessIndicator, Raa, Rar};
use protocol::diameter::{
    DiameterConfig, DiameterEndpoint, DiameterOutput, Message, Outcome, PeerConfig, RequestFailure, ResultCode,
    Routing, dictionary,
};
use protocol::m2ap::{
    CommonSubframeAllocationPeriod, EnbId, EnbMbmsConfiguration, GlobalEnbId, MbsfnAreaId, MbsfnSubframeConfiguration,
    McchRelatedBcchConfig, PmchConfiguration, RadioframeAllocationPeriod, ServiceAreaId, SubframeAllocation,
    SynchronisationAreaId,
};
use protocol::m3ap::GlobalMceId;
use protocol::{Entropy, GtpuPacket, Instant, Joint, Plmn, SyncHeader, SyncPlan, SyncRepr, SyncTotals, Tmgi};

use self::peer::{Desk, TestPeer};
use super::*;
use crate::node::testing::{Shared, TestNetwork, store};
use crate::node::{Fabric, FabricOutput, Latency, Node, NodeInput, NodeOutput, Role, WireMessage};

const BMSC: &str = "bmsc.test";
const GATEWAY: &str = "mbmsgw.test";

fn ip(last: u8) -> IpAddr {
    IpAddr::from([10, 46, 0, last])
}

fn enb_ip(number: u8) -> IpAddr {
    IpAddr::from([10, 47, 0, number])
}

fn ms(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

fn tmgi(n: u8) -> Tmgi {
    format!("0000{n:02x}@262-01").parse().unwrap()
}

fn plmn() -> Plmn {
    Plmn::new("262", "01").unwrap()
}

type Drop = Box<dyn FnMut(&WireMessage) -> bool>;

/// A network with eNBs 1 and 2 in service area 1, and 2 in service area 2, too.
struct Net {
    fabric: Fabric,
    now: Instant,
    desk: Arc<Mutex<Desk>>,
    gateway: Arc<Mutex<MbmsGwNode>>,
    mce: Arc<Mutex<MceNode>>,
    enbs: Vec<Arc<Mutex<EnbNode>>>,
    radios: Vec<RadioQueue>,
    log: Vec<WireMessage>,
    notes: Vec<String>,
    /// True for a message that is lost.
    loses: Drop,
    /// After so many more messages this node is killed.
    kill: Option<(usize, String)>,
    /// Sessions that eNBs take after a restart.
    enb_sessions: usize,
    restarts: u32,
    /// Makes nodes that are none of these.
    maker: Option<Maker>,
}

type Maker = Box<dyn Fn(&str, u32) -> Option<Box<dyn Node>>>;

fn gateway_config() -> MbmsGwNodeConfig {
    let mut diameter = DiameterConfig::new(GATEWAY, "test", ip(32), vec![]);
    diameter.peers.push(PeerConfig { host: BMSC.to_owned(), realm: "test".to_owned(), connect: None });
    let groups = Ipv4Addr::new(232, 0, 0, 1)..=Ipv4Addr::new(232, 0, 0, 40);
    MbmsGwNodeConfig {
        restoration: Duration::from_secs(20),
        mce_loss: Duration::from_secs(15),
        ..MbmsGwNodeConfig::new(diameter, Ipv4Addr::new(10, 46, 0, 32), groups)
    }
}

/// An area with two PMCHs: MCS 9 with 100 kbit/s, MCS 20 with 300 kbit/s.
fn area(id: u8, service_areas: &[u16]) -> MbsfnArea {
    let pmch = |allocated_subframes_end, data_mcs, capacity| PmchCapacity {
        service_areas: BTreeSet::new(),
        configuration: PmchConfiguration { allocated_subframes_end, data_mcs, scheduling_period: 32, higher_mcs: None },
        capacity,
    };
    MbsfnArea {
        service_areas: service_areas.iter().copied().collect(),
        bcch: McchRelatedBcchConfig {
            area: MbsfnAreaId(id),
            pdcch_length: 2,
            repetition_period: 32,
            offset: 0,
            modification_period: 512,
            subframes: 0b10_0000,
            mcs: 2,
            cells: Vec::new(),
        },
        subframes: vec![MbsfnSubframeConfiguration {
            period: RadioframeAllocationPeriod::N1,
            offset: 0,
            allocation: SubframeAllocation::OneFrame(0b11_1111),
        }],
        period: CommonSubframeAllocationPeriod::Rf16,
        pmchs: vec![pmch(31, 9, 100_000), pmch(95, 20, 300_000)],
    }
}

fn mce_config() -> MceNodeConfig {
    let class = |qci, max_mcs, rate| QosClass { qci, max_mcs, max_scheduling_period_rf: 64, rate };
    let id = GlobalMceId { plmn: plmn(), mce: 1, extended: None };
    let classes = vec![class(1, 10, Rate::Guaranteed), class(4, 28, Rate::Guaranteed)];
    let areas = vec![area(1, &[1]), area(2, &[2])];
    MceNodeConfig {
        orphan_time: Duration::from_secs(10),
        ..MceNodeConfig::new(id, SocketAddr::new(ip(32), 36_444), areas, classes)
    }
}

fn enb_config(number: u8) -> EnbNodeConfig {
    let areas: &[u16] = if number == 2 { &[1, 2] } else { &[1] };
    let cell = EnbMbmsConfiguration {
        cell: Ecgi { plmn: plmn(), cell: u32::from(number) << 8 },
        synchronisation_area: SynchronisationAreaId(0),
        areas: areas.iter().map(|area| ServiceAreaId(*area)).collect(),
    };
    let id = GlobalEnbId { plmn: plmn(), id: EnbId::Macro(number.into()) };
    EnbNodeConfig::new(id, vec![cell], SocketAddr::new(ip(33), 36_443))
}

impl TestNetwork for Net {
    fn fabric(&mut self) -> (&mut Fabric, &mut Instant) {
        (&mut self.fabric, &mut self.now)
    }

    fn on_output(&mut self, output: FabricOutput) {
        match output {
            FabricOutput::Message(message) => {
                self.log.push(message.clone());
                if !(self.loses)(&message) {
                    self.fabric.carry(self.now, message);
                }
                match self.kill.take() {
                    Some((0, name)) => self.restart(&name),
                    Some((more, name)) => self.kill = Some((more - 1, name)),
                    None => {}
                }
            }
            FabricOutput::Note { from, note } => self.notes.push(format!("{from}: {note}")),
            _ => {}
        }
    }
}

impl Net {
    /// All are set up.
    fn new() -> Self {
        let desk = Arc::new(Mutex::new(Desk::default()));
        let gateway = Arc::new(Mutex::new(MbmsGwNode::new(gateway_config(), Entropy::from_seed([1; 32]))));
        let mce = Arc::new(Mutex::new(MceNode::new(mce_config())));
        let mut net = Self {
            fabric: Fabric::new(Latency::default()),
            now: Instant::ZERO,
            desk: desk.clone(),
            gateway: gateway.clone(),
            mce: mce.clone(),
            enbs: Vec::new(),
            radios: Vec::new(),
            log: Vec::new(),
            notes: Vec::new(),
            loses: Box::new(|_| false),
            kill: None,
            enb_sessions: 1024,
            restarts: 1,
            maker: None,
        };
        net.fabric.add(net.now, "gateway", Role::MbmsGw, ip(32), Box::new(Shared(gateway)), store());
        net.fabric.add(net.now, "bmsc", Role::Bmsc, ip(31), Box::new(TestPeer::bmsc(desk, 1)), store());
        net.fabric.add(net.now, "mce", Role::Mce, ip(33), Box::new(Shared(mce)), store());
        for number in 1..=2 {
            let enb = EnbNode::new(enb_config(number));
            net.radios.push(enb.radio());
            let enb = Arc::new(Mutex::new(enb));
            net.enbs.push(enb.clone());
            let name = format!("enb{number}");
            net.fabric.add(net.now, &name, Role::Enb, enb_ip(number), Box::new(Shared(enb)), store());
        }
        net.run_ms(3000);
        assert_eq!(net.notes.iter().filter(|note| note.contains("is set up")).count(), 6, "{:?}", net.notes);
        net
    }

    /// Sends a RAR and waits for its answer.
    fn ask(&mut self, rar: &Rar) -> Result<Raa, RequestFailure> {
        let before = self.desk.lock().unwrap().answers.len();
        self.desk.lock().unwrap().requests.push_back(rar.to_message());
        self.poke("bmsc");
        for _ in 0..80 {
            self.run_ms(100);
            if let Some(answer) = self.desk.lock().unwrap().answers.get(before) {
                return answer.clone().map(|message| Raa::from_message(&message).unwrap());
            }
        }
        panic!("no answer: {:?}", self.notes)
    }

    fn result(&mut self, rar: &Rar) -> ResultCode {
        self.ask(rar).unwrap().outcome.result
    }

    /// Starts a session; the port of SGi-mb.
    fn start(&mut self, rar: &Rar) -> u16 {
        let raa = self.ask(rar).unwrap();
        assert_eq!(raa.outcome.result, ResultCode::SUCCESS, "{:?}", self.notes);
        assert_eq!(raa.address.any(), Some(ip(32)));
        raa.port.unwrap()
    }

    /// Sends a SYNC sequence of one packet, on air in the scheduling period that starts at `due`.
    fn send(&mut self, port: u16, due: Instant, payload: &[u8]) {
        let timestamp = SyncPlan::new(32).unwrap().timestamp(due);
        let header = |packet_number, elapsed_octets| SyncHeader { timestamp, packet_number, elapsed_octets };
        let data = SyncRepr::UserData { header: header(0, 0), payload }.emit().unwrap();
        let totals = SyncTotals::default();
        let end = SyncRepr::Information { header: header(1, payload.len() as u32), totals }.emit().unwrap();
        self.desk.lock().unwrap().datagrams.extend([(port, data), (port, end)]);
        self.poke("bmsc");
        self.run_ms(5);
    }

    /// Names of messages on a reference point since the last look, with who sends to whom.
    fn messages(&mut self, joint: Joint) -> Vec<String> {
        let name = |message: &WireMessage| match joint {
            Joint::M3 => protocol::m3ap::M3apPdu::parse(&message.bytes).unwrap().name(),
            Joint::M2 => protocol::m2ap::M2apPdu::parse(&message.bytes).unwrap().name(),
            _ => "datagram",
        };
        let log = std::mem::take(&mut self.log);
        let on_joint = log.iter().filter(|message| message.joint == joint);
        let seen = on_joint.map(|message| format!("{} {} {}", message.from, message.to, name(message))).collect();
        self.log = log.into_iter().filter(|message| message.joint != joint).collect();
        seen
    }

    fn radio(&self, number: usize) -> Vec<EnbRadio> {
        std::iter::from_fn(|| self.radios[number - 1].poll()).collect()
    }

    /// Sums add up at gateway and MCE.
    fn audit(&self) {
        assert_eq!(self.gateway.lock().unwrap().audit(), Ok(()));
        assert_eq!(self.mce.lock().unwrap().audit(), Ok(()));
    }

    fn restart(&mut self, name: &str) {
        if let Some(node) = self.maker.as_ref().and_then(|maker| maker(name, self.restarts + 1)) {
            self.restarts += 1;
            assert!(self.fabric.restart(self.now, name, node));
            return;
        }
        let node: Box<dyn Node> = match name {
            "gateway" => {
                self.restarts += 1;
                let seed = [self.restarts as u8; 32];
                *self.gateway.lock().unwrap() = MbmsGwNode::new(
                    MbmsGwNodeConfig {
                        diameter: DiameterConfig { origin_state: self.restarts, ..gateway_config().diameter },
                        ..gateway_config()
                    },
                    Entropy::from_seed(seed),
                );
                Box::new(Shared(self.gateway.clone()))
            }
            "mce" => {
                *self.mce.lock().unwrap() = MceNode::new(mce_config());
                Box::new(Shared(self.mce.clone()))
            }
            "bmsc" => {
                self.restarts += 1;
                Box::new(TestPeer::bmsc(self.desk.clone(), self.restarts))
            }
            _ => {
                let number = name[3..].parse::<usize>().unwrap();
                let max_sessions = self.enb_sessions;
                let enb = EnbNode::new(EnbNodeConfig { max_sessions, ..enb_config(number as u8) });
                self.radios[number - 1] = enb.radio();
                *self.enbs[number - 1].lock().unwrap() = enb;
                Box::new(Shared(self.enbs[number - 1].clone()))
            }
        };
        assert!(self.fabric.restart(self.now, name, node));
    }
}

/// RAR of a session.
fn rar(session: &str, indication: StartStop) -> Rar {
    Rar {
        routing: Routing {
            session_id: session.to_owned(),
            origin_host: BMSC.to_owned(),
            origin_realm: "test".to_owned(),
            destination_host: Some(GATEWAY.to_owned()),
            destination_realm: "test".to_owned(),
        },
        indication: Some(indication),
        restart_counter: Some(1),
        ..Rar::default()
    }
}

fn qos(qci: u32, rate: u32, priority: u8) -> QosInformation {
    QosInformation {
        qci: Some(qci),
        mbr: Some(rate),
        gbr: Some(rate),
        arp: Some(Arp { priority, may_preempt: true, preemptable: true }),
        other: Vec::new(),
    }
}

/// Start of a session with QCI 1 on TMGI `n`.
fn start(n: u8, areas: &[u16], rate: u32, priority: u8) -> Rar {
    Rar {
        tmgi: Some(tmgi(n)),
        flow: Some(FlowId(1)),
        area: MbmsServiceArea::new(areas.to_vec()),
        qos: Some(qos(1, rate, priority)),
        duration: Some(SessionDuration::INDEFINITE),
        time_to_data: Some(0),
        access: Some(AccessIndicator::Eutran),
        udp_port_required: true,
        ..rar(&format!("session{n}"), StartStop::Start)
    }
}

fn stop(n: u8) -> Rar {
    rar(&format!("session{n}"), StartStop::Stop)
}

fn teids(messages: &[WireMessage]) -> BTreeSet<(SocketAddr, u32)> {
    let m1 = messages.iter().filter(|message| message.joint == Joint::M1);
    m1.map(|m| (m.destination, GtpuPacket::new_checked(&m.bytes[..]).unwrap().teid())).collect()
}
