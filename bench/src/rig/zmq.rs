//! `[zmq]`: ZeroMQ between eNB and UEs, framed as srsRAN does.

use std::fmt;

use radio::{ZmqConfig, ZmqPattern};

use crate::strict_toml::Table;

/// ZeroMQ between eNB and UEs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZmqRig {
    /// Where the eNB transmits; the ports of further antennas follow.
    enb: String,
    /// Where the first antenna of the first UE receives; the ports of further antennas and UEs follow.
    ues: String,
    pattern: ZmqPattern,
    /// Who hands the samples of the eNB on to the UEs.
    pub broker: BrokerKind,
    /// Where `castbench rx` answers a base station that asks for its uplink.
    pub uplink: Option<String>,
    first_answer_ms: u32,
    answer_ms: u32,
}

/// Who hands the samples of the eNB on to the UEs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BrokerKind {
    /// This program, through the channel model of each UE.
    Own,
    /// Another program, which has the channels too.
    External,
}

impl ZmqRig {
    /// The eNB's side.
    #[must_use]
    pub fn enb(&self, sample_rate_hz: f64, n_antennas: usize) -> ZmqConfig {
        let endpoints = (0..n_antennas).map(|antenna| endpoint(&self.enb, antenna)).collect();
        self.config(endpoints, sample_rate_hz)
    }

    /// The side of a UE with `n_antennas`, before which other UEs have `before` antennas.
    #[must_use]
    pub fn ue(&self, sample_rate_hz: f64, before: usize, n_antennas: usize) -> ZmqConfig {
        let endpoints = (before..before + n_antennas).map(|antenna| endpoint(&self.ues, antenna)).collect();
        self.config(endpoints, sample_rate_hz)
    }

    /// Another socket of the same pattern and patience.
    #[must_use]
    pub fn config(&self, endpoints: Vec<String>, sample_rate_hz: f64) -> ZmqConfig {
        let Self { pattern, first_answer_ms, answer_ms, .. } = *self;
        ZmqConfig { endpoints, pattern, sample_rate_hz, first_answer_ms, answer_ms }
    }
}

impl fmt::Display for ZmqRig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let broker = match self.broker {
            BrokerKind::Own => "own broker",
            BrokerKind::External => "external broker",
        };
        write!(f, "eNB at {}, UEs at {}, {broker}", self.enb, self.ues)
    }
}

/// Reads `[zmq]`.
pub(super) fn zmq(t: &mut Table<'_>) -> ZmqRig {
    let patterns = [("request_reply", ZmqPattern::RequestReply), ("publish_subscribe", ZmqPattern::PublishSubscribe)];
    let brokers = [("own", BrokerKind::Own), ("external", BrokerKind::External)];
    let place = |t: &mut Table<'_>, key, default: &str| {
        let found = t.optional_text_that(key, "\"tcp://HOST:PORT\", PORT also * for any", is_endpoint);
        found.unwrap_or_else(|| default.to_owned())
    };
    ZmqRig {
        enb: place(t, "enb", "tcp://127.0.0.1:2000"),
        ues: place(t, "ues", "tcp://127.0.0.1:2100"),
        pattern: t.choice_or("pattern", &patterns, ZmqPattern::RequestReply),
        broker: t.choice_or("broker", &brokers, BrokerKind::Own),
        uplink: t.optional_text_that("uplink", "\"tcp://HOST:PORT\"", is_endpoint),
        first_answer_ms: t.optional_integer("first_answer_ms", 10..=600_000).unwrap_or(FIRST_ANSWER_MS),
        answer_ms: t.optional_integer("answer_ms", 10..=600_000).unwrap_or(ANSWER_MS),
    }
}

/// How long a peer may take to appear, where a rig does not say it.
const FIRST_ANSWER_MS: u32 = 30_000;
/// How long a peer may be silent, where a rig does not say it.
const ANSWER_MS: u32 = 10_000;

fn is_endpoint(text: &str) -> bool {
    let port = text.strip_prefix("tcp://").and_then(|rest| rest.rsplit_once(':'));
    // Room for the ports that follow.
    port.is_some_and(|(host, port)| !host.is_empty() && (port == "*" || port.parse().is_ok_and(|p: u16| p < 65_000)))
}

/// The endpoint `number` ports after `first`.
fn endpoint(first: &str, number: usize) -> String {
    match first.rsplit_once(':').map(|(host, port)| (host, port.parse::<usize>())) {
        Some((host, Ok(port))) => format!("{host}:{}", port + number),
        _ => first.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_follow_each_other() {
        assert_eq!(endpoint("tcp://10.0.0.1:2000", 3), "tcp://10.0.0.1:2003");
        assert_eq!(endpoint("tcp://127.0.0.1:*", 3), "tcp://127.0.0.1:*");
        assert!(is_endpoint("tcp://*:2000") && is_endpoint("tcp://localhost:*"));
        for wrong in ["ipc:///tmp/x", "tcp://:1", "tcp://host", "tcp://host:70000", "tcp://host:65535", ""] {
            assert!(!is_endpoint(wrong), "{wrong}");
        }
    }
}
