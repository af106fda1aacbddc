//! Settings of a messaging server.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::sip::{HostTable, SipTimers, Transport};

use crate::ims::TrustedPeer;
use crate::ims::service::Reach;

/// Settings of a messaging server.
#[derive(Clone, Debug)]
pub struct MessagingConfig {
    /// Its SIP URI, as filter criteria name it; the list service is the user `list` at its host.
    pub uri: String,
    /// Its sockets.
    pub local: Vec<(Transport, SocketAddr)>,
    /// Addresses of hosts.
    pub hosts: HostTable,
    /// SIP timers.
    pub timers: SipTimers,
    /// Boxes of the trust domain; none: all.
    pub trusted: Vec<TrustedPeer>,
    /// Where requests of its own go first: the I-CSCF, or the proxy of a plain network; none: by their Request-URI.
    pub next_hop: Option<String>,
    /// To whom messages of a list go, and for whom they wait.
    pub reach: Reach,
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
    /// Bounds.
    pub limits: MessagingLimits,
    /// How long a recipient who is said to be there may be silent before his message waits for him.
    pub answer_time: Duration,
    /// The first pause before a message is tried again; it doubles up to [`Self::longest_retry`].
    pub first_retry: Duration,
    /// The longest such pause.
    pub longest_retry: Duration,
}

/// Bounds of a messaging server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessagingLimits {
    /// Octets of the body of a message.
    pub octets: usize,
    /// Recipients of a list.
    pub recipients: usize,
    /// Messages that wait for one user.
    pub messages_per_user: usize,
    /// Octets that wait for one user.
    pub octets_per_user: usize,
    /// Messages that wait for all users.
    pub messages: usize,
    /// Messages that are being delivered at a time.
    pub deliveries: usize,
    /// How long a message waits when its sender does not say, seconds.
    pub expires_s: u32,
    /// How long it waits at most, seconds.
    pub max_expires_s: u32,
}

impl Default for MessagingLimits {
    fn default() -> Self {
        Self {
            octets: 64 << 10,
            recipients: 100,
            messages_per_user: 100,
            octets_per_user: 1 << 20,
            messages: 100_000,
            deliveries: 1000,
            expires_s: 3 * 86_400,
            max_expires_s: 30 * 86_400,
        }
    }
}

impl MessagingConfig {
    /// A server at `local` with the usual settings.
    pub fn new(uri: &str, local: SocketAddr) -> Self {
        Self {
            uri: uri.to_owned(),
            local: vec![(Transport::Udp, local), (Transport::Tcp, local)],
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            trusted: Vec::new(),
            next_hop: None,
            reach: Reach::default(),
            utc_ms_at_zero: 0,
            limits: MessagingLimits::default(),
            answer_time: Duration::from_secs(10),
            first_retry: Duration::from_secs(30),
            longest_retry: Duration::from_secs(3600),
        }
    }
}
