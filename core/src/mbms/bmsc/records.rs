//! What a BM-SC node keeps: services with their TMGIs, bearers with their sessions at the MBMS-GWs, Restart-Counters.

use std::net::SocketAddr;

use protocol::Tmgi;
use protocol::diameter::mbms::provisioning::SessionTime;
use protocol::diameter::mbms::{Arp, FlowId, QosInformation};
use serde::{Deserialize, Serialize};

use crate::node::{NodeStoreOp, Table};

/// A service: a TMGI, a multicast address with a port, and who has them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) tmgi: Tmgi,
    /// Origin-Host of the application server.
    pub(super) owner: String,
    pub(super) destination: SocketAddr,
    /// UDP ports that it has there, from that of `destination` on. Services of before had one.
    #[serde(default = "one")]
    pub(super) ports: u16,
    /// The application server has assigned TMGI and destination.
    pub(super) by_server: bool,
    pub(super) expires_utc_ms: u64,
    /// The last flow identifier that was given: none is given twice (TS 29.468 clause 5.1).
    pub(super) last_flow: u16,
    /// Given back, or expired: it only waits for the end of its bearers.
    pub(super) is_released: bool,
    /// Session-Id of the request that it came with: who asks again gets the same again.
    pub(super) request: String,
    pub(super) facts: Facts,
}

const fn one() -> u16 {
    1
}

/// What an application server says of a service (TR 23.847 clause 2).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) sdp: Option<String>,
    /// None: real time.
    pub(super) start_utc_ms: Option<u64>,
    /// None: when the application server ends it.
    pub(super) end_utc_ms: Option<u64>,
}

/// Names a bearer (TS 29.468 clause 5.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct BearerKey {
    pub(super) tmgi: Tmgi,
    pub(super) flow: FlowId,
}

impl BearerKey {
    fn text(self) -> String {
        format!("{}/{}", self.tmgi, self.flow.0)
    }
}

/// What a bearer is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum BearerState {
    /// Asked for; nobody was told that it is there.
    Asked,
    /// Being activated, as its application server was told.
    Ongoing,
    /// Its start lies ahead, as its application server was told.
    Scheduled,
    /// Active.
    Active,
    /// Gone for its application server; MBMS-GWs are being told.
    Stopping,
}

/// A bearer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct BearerRecord {
    pub(super) tmgi: Tmgi,
    pub(super) flow: u16,
    pub(super) state: BearerState,
    pub(super) qos: Qos,
    pub(super) area: Vec<u16>,
    /// UDP port of MB2-U.
    pub(super) port: u16,
    pub(super) start_utc_ms: Option<u64>,
    /// Session-Id of the request that it came with, and its place in it.
    pub(super) request: (String, usize),
    pub(super) legs: Vec<Leg>,
}

impl BearerRecord {
    pub(super) const fn key(&self) -> BearerKey {
        BearerKey { tmgi: self.tmgi, flow: FlowId(self.flow) }
    }

    /// Where its data goes.
    pub(super) fn destinations(&self) -> Vec<SocketAddr> {
        self.legs.iter().filter(|leg| leg.state == LegState::Started).filter_map(|leg| leg.to).collect()
    }
}

/// What an MBMS-GW knows of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum LegState {
    /// It may know of it.
    Wanted,
    /// It has it.
    Started,
    /// It may know of it, and shall not.
    Stopping,
}

/// The session of a bearer at one MBMS-GW.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Leg {
    /// Origin-Host.
    pub(super) gateway: String,
    /// Session-Id.
    pub(super) session: String,
    pub(super) state: LegState,
    /// Where it wants the data of the bearer.
    pub(super) to: Option<SocketAddr>,
}

/// QoS of a bearer (TS 29.061 clause 20.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Qos {
    pub(super) qci: u32,
    pub(super) mbr: Option<u32>,
    pub(super) gbr: Option<u32>,
    pub(super) priority: u8,
    pub(super) may_preempt: bool,
    pub(super) preemptable: bool,
}

impl Qos {
    /// Without a QCI or an ARP there is no QoS.
    pub(super) fn of(information: &QosInformation) -> Option<Self> {
        let arp = information.arp?;
        Some(Self {
            qci: information.qci?,
            mbr: information.mbr,
            gbr: information.gbr,
            priority: arp.priority,
            may_preempt: arp.may_preempt,
            preemptable: arp.preemptable,
        })
    }

    pub(super) fn to_information(self) -> QosInformation {
        let arp = Arp { priority: self.priority, may_preempt: self.may_preempt, preemptable: self.preemptable };
        QosInformation { qci: Some(self.qci), mbr: self.mbr, gbr: self.gbr, arp: Some(arp), other: Vec::new() }
    }
}

/// What is known of a Diameter peer.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct PeerRecord {
    pub(super) realm: String,
    pub(super) restart_counter: Option<u32>,
}

/// Key of the own Restart-Counter; those of peers begin with [`PEER`].
pub(super) const OWN_COUNTER: &str = "restart-counter";
pub(super) const PEER: &str = "peer/";

pub(super) fn put<T: Serialize>(table: Table, key: String, value: &T) -> Option<NodeStoreOp> {
    // Cannot fail: neither maps with odd keys nor errors of their own are in there.
    Some(NodeStoreOp::Put { table, key, value: serde_json::to_vec(value).ok()? })
}

pub(super) fn put_service(service: &Service) -> Option<NodeStoreOp> {
    put(Table::MbmsTmgi, service.tmgi.to_string(), service)
}

pub(super) fn delete_service(tmgi: Tmgi) -> NodeStoreOp {
    NodeStoreOp::Delete { table: Table::MbmsTmgi, key: tmgi.to_string() }
}

pub(super) fn put_bearer(bearer: &BearerRecord) -> Option<NodeStoreOp> {
    put(Table::MbmsBearer, bearer.key().text(), bearer)
}

pub(super) fn delete_bearer(key: BearerKey) -> NodeStoreOp {
    NodeStoreOp::Delete { table: Table::MbmsBearer, key: key.text() }
}

pub(super) fn put_counter(counter: u32) -> Option<NodeStoreOp> {
    put(Table::MbmsState, OWN_COUNTER.to_owned(), &counter)
}

pub(super) fn put_peer(host: &str, peer: &PeerRecord) -> Option<NodeStoreOp> {
    put(Table::MbmsState, format!("{PEER}{host}"), peer)
}

pub(super) fn delete_peer(host: &str) -> NodeStoreOp {
    NodeStoreOp::Delete { table: Table::MbmsState, key: format!("{PEER}{host}") }
}

/// The special value of a time, and the others.
pub(super) const fn time_of(time: SessionTime) -> Option<u64> {
    match time {
        SessionTime::RealTime => None,
        SessionTime::At(utc_ms) => Some(utc_ms),
    }
}

pub(super) const fn session_time(utc_ms: Option<u64>) -> SessionTime {
    match utc_ms {
        None => SessionTime::RealTime,
        Some(utc_ms) => SessionTime::At(utc_ms),
    }
}
