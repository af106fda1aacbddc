//! Configuration of a presence server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::diameter::DiameterConfig;
use protocol::sip::{HostTable, SipTimers, Transport};
use protocol::xml::SubHandling;

use crate::ims::TrustedPeer;
use crate::ims::xdm::Shelf;

/// Settings of a presence server.
#[derive(Clone, Debug)]
pub struct PresenceConfig {
    /// Its SIP URI, as filter criteria name it.
    pub uri: String,
    /// Its sockets.
    pub local: Vec<(Transport, SocketAddr)>,
    /// CSCFs and proxies whose asserted identities it believes; none: everybody's.
    pub trusted: Vec<TrustedPeer>,
    /// Addresses of hosts.
    pub hosts: HostTable,
    /// SIP timers.
    pub timers: SipTimers,
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
    /// Domains whose users are presentities here.
    pub domains: Vec<String>,
    /// Identities that may publish for others: presence network agents (TS 23.141 clause 4.3.6).
    pub publishers: Vec<String>,
    /// Authorisation rules of presentities, by identity; documents of RFC 5025. A user's own document goes before.
    pub rules: BTreeMap<String, String>,
    /// Documents of the users at the XDM server of this process; none: there is none.
    pub documents: Option<Shelf>,
    /// What becomes of subscriptions to presentities without rules.
    pub without_rules: SubHandling,
    /// Where it takes from the HSS who is reached by short messages over IP (Sh); none: it does not know. The application is
    /// Sh, whatever is in there.
    pub sh: Option<DiameterConfig>,
    /// Bounds.
    pub limits: PresenceLimits,
}

/// Bounds of a presence server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PresenceLimits {
    /// Least and most seconds of a publication, and how many without Expires.
    pub publish_s: (u32, u32, u32),
    /// Least and most seconds of a subscription, and how many without Expires.
    pub subscribe_s: (u32, u32, u32),
    /// Octets of a published document.
    pub document: usize,
    /// Publications of one presentity.
    pub publications: usize,
    /// Presentities that something is published of.
    pub presentities: usize,
    /// Subscriptions to one presentity.
    pub watchers: usize,
    /// Subscriptions of one watcher.
    pub watched: usize,
    /// Watchers of one presentity that are remembered after their subscription ended undecided.
    pub waiting: usize,
    /// Requests for one presentity that wait for the store.
    pub queued: usize,
    /// Least time between two notifications of one subscription (RFC 3856 clause 6.10, RFC 3857 clause 4.9).
    pub pace: Duration,
    /// Subscriptions that are told the state anew in each second after a restart.
    pub retold_per_s: u32,
    /// How long an undecided watcher is remembered (RFC 3857 clause 4.7.1).
    pub wait: Duration,
}

impl Default for PresenceLimits {
    fn default() -> Self {
        Self {
            publish_s: (60, 86_400, 3600),
            subscribe_s: (60, 86_400, 3600),
            document: 32 * 1024,
            publications: 16,
            presentities: 100_000,
            watchers: 1000,
            watched: 1000,
            waiting: 100,
            queued: 32,
            pace: Duration::from_secs(5),
            retold_per_s: 1000,
            wait: Duration::from_secs(7 * 86_400),
        }
    }
}

impl PresenceConfig {
    /// A server at `local` for the users of `domain`, who are asked before anybody watches them.
    pub fn new(uri: &str, domain: &str, local: SocketAddr) -> Self {
        Self {
            uri: uri.to_owned(),
            local: vec![(Transport::Udp, local), (Transport::Tcp, local)],
            trusted: Vec::new(),
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            utc_ms_at_zero: 0,
            domains: vec![domain.to_owned()],
            publishers: Vec::new(),
            rules: BTreeMap::new(),
            documents: None,
            without_rules: SubHandling::Confirm,
            sh: None,
            limits: PresenceLimits::default(),
        }
    }
}
