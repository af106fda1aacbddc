//! Figures of live nodes, as Prometheus reads them.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// Of which node.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OfNode {
    node: String,
}

/// Of which node and protocol, which way.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OfMessages {
    node: String,
    protocol: &'static str,
    direction: &'static str,
}

/// Of which node and protocol.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OfConnections {
    node: String,
    protocol: &'static str,
}

/// What a node says of itself.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct OfFigure {
    node: String,
    what: &'static str,
}

/// All figures of a process.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    messages: Family<OfMessages, Counter>,
    failures: Family<OfNode, Counter>,
    ignored: Family<OfNode, Counter>,
    connections: Family<OfConnections, Gauge>,
    figures: Family<OfFigure, Gauge>,
    /// Transactions of the store that were committed.
    pub(crate) commits: Counter,
    /// Requests that were in them: several share a commit.
    pub(crate) requests: Counter,
    memory: Gauge<i64>,
    lost: Gauge<u64, AtomicU64>,
}

/// Figures of one node.
#[derive(Clone, Debug)]
pub(crate) struct NodeMetrics {
    pub(crate) sip_in: Counter,
    pub(crate) sip_out: Counter,
    pub(crate) diameter_in: Counter,
    pub(crate) diameter_out: Counter,
    pub(crate) http_in: Counter,
    pub(crate) http_out: Counter,
    pub(crate) media_in: Counter,
    pub(crate) media_out: Counter,
    pub(crate) failures: Counter,
    pub(crate) ignored: Counter,
    pub(crate) sip_connections: Gauge,
    pub(crate) diameter_connections: Gauge,
    figures: Family<OfFigure, Gauge>,
    node: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("castbench");
        let messages = Family::default();
        registry.register("messages", "Messages that nodes received and sent", messages.clone());
        let failures = Family::default();
        registry.register(
            "send_failures",
            "Messages of SIP and SS7 and datagrams of media that could not be sent",
            failures.clone(),
        );
        let ignored = Family::default();
        registry.register("ignored", "Inputs that nodes ignored in their state", ignored.clone());
        let connections = Family::default();
        registry.register("connections", "Connections that are open", connections.clone());
        let figures = Family::default();
        registry.register("node", "What nodes say of themselves", figures.clone());
        let commits = Counter::default();
        registry.register("store_commits", "Transactions committed", commits.clone());
        let requests = Counter::default();
        registry.register("store_requests", "Requests in committed transactions", requests.clone());
        let memory = Gauge::default();
        registry.register_with_unit("resident_memory", "Memory of the process", Unit::Bytes, memory.clone());
        let lost = Gauge::default();
        registry.register("capture_lost", "Messages that the capture was too slow for", lost.clone());
        Self { registry, messages, failures, ignored, connections, figures, commits, requests, memory, lost }
    }

    /// Figures of a node.
    pub(crate) fn of(&self, node: &str) -> NodeMetrics {
        let node = node.to_owned();
        let messages = |protocol, direction| {
            let labels = OfMessages { node: node.clone(), protocol, direction };
            self.messages.get_or_create(&labels).clone()
        };
        let connections =
            |protocol| self.connections.get_or_create(&OfConnections { node: node.clone(), protocol }).clone();
        NodeMetrics {
            sip_in: messages("sip", "in"),
            sip_out: messages("sip", "out"),
            diameter_in: messages("diameter", "in"),
            diameter_out: messages("diameter", "out"),
            http_in: messages("http", "in"),
            http_out: messages("http", "out"),
            media_in: messages("media", "in"),
            media_out: messages("media", "out"),
            failures: self.failures.get_or_create(&OfNode { node: node.clone() }).clone(),
            ignored: self.ignored.get_or_create(&OfNode { node: node.clone() }).clone(),
            sip_connections: connections("sip"),
            diameter_connections: connections("diameter"),
            figures: self.figures.clone(),
            node,
        }
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self, lost: u64) -> String {
        self.memory.set(resident_octets());
        self.lost.set(lost);
        let mut out = String::new();
        // A String takes all that is written.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

impl NodeMetrics {
    /// What the node says of itself.
    pub(crate) fn figure(&self, what: &'static str, value: u64) {
        let labels = OfFigure { node: self.node.clone(), what };
        self.figures.get_or_create(&labels).set(i64::try_from(value).unwrap_or(i64::MAX));
    }
}

/// Memory of this process that is in use, from the kernel; 0 where it does not tell.
fn resident_octets() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
    kib.map_or(0, |kib: i64| kib.saturating_mul(1024))
}
