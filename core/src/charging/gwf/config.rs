//! Settings of an IMS gateway function.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::diameter::DiameterConfig;
use protocol::diameter::ro::FailureHandling;
use protocol::sip::{HostTable, SipTimers, Transport};
use serde::{Deserialize, Serialize};

use crate::ims::TrustedPeer;

/// How messages are charged (TS 32.299 clause 5.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageCharging {
    /// Immediate event charging: the price is taken before, and given back when the message does not arrive.
    #[default]
    Immediate,
    /// Event charging with unit reservation: the price is taken when the message has arrived.
    Reserved,
}

/// Settings of an IMS gateway function.
#[derive(Clone, Debug)]
pub struct GwfConfig {
    /// Its SIP URI, as filter criteria name it.
    pub uri: String,
    /// Its sockets.
    pub local: Vec<(Transport, SocketAddr)>,
    /// The boxes whose word counts; none: everybody's does.
    pub trusted: Vec<TrustedPeer>,
    /// Addresses of hosts.
    pub hosts: HostTable,
    /// SIP timers.
    pub timers: SipTimers,
    /// Its Diameter side on Ro. The application is credit control, whatever is in there.
    pub diameter: DiameterConfig,
    /// Realm of the OCS.
    pub ocs_realm: String,
    /// Host of the OCS; none: any of the realm.
    pub ocs_host: Option<String>,
    /// Rating-Group of calls.
    pub call_rating_group: u32,
    /// Rating-Group of messages.
    pub message_rating_group: u32,
    /// How messages are charged.
    pub messages: MessageCharging,
    /// What happens when no OCS answers, until an OCS says otherwise.
    pub failure_handling: FailureHandling,
    /// How long nothing is tried again that found no OCS.
    pub retry: Duration,
    /// Calls and messages that are kept.
    pub max_rows: usize,
    /// UTC at the start of the run, in milliseconds.
    pub utc_ms_at_zero: u64,
}

impl GwfConfig {
    /// With what is usual.
    pub fn new(uri: &str, local: SocketAddr, diameter: DiameterConfig, ocs_realm: &str) -> Self {
        Self {
            uri: uri.to_owned(),
            local: vec![(Transport::Udp, local), (Transport::Tcp, local)],
            trusted: Vec::new(),
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            diameter,
            ocs_realm: ocs_realm.to_owned(),
            ocs_host: None,
            call_rating_group: 1,
            message_rating_group: 2,
            messages: MessageCharging::default(),
            failure_handling: FailureHandling::Terminate,
            retry: Duration::from_secs(5),
            max_rows: 100_000,
            utc_ms_at_zero: 0,
        }
    }
}
