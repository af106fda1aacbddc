//! What an MMS user agent has to know: a terminal has it from its operator.

use std::time::Duration;

use protocol::Secret;

use super::io::MmsAccess;

/// The configuration of an MMS user agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MmsConfig {
    /// By what it speaks to the relay: what the other way is for is said at [`Self::ims_largest`].
    pub access: MmsAccess,
    /// Public service identity of the IP-Messaging-GW: Request-URI of MESSAGEs, and whose MESSAGEs are believed. Empty: nobody's
    /// are.
    pub gateway: String,
    /// URL of the MMS Relay/Server, such as `http://mmsc.example/`; empty: there is no HTTP.
    pub relay: String,
    /// Octets of a PDU that goes over the IMS at most; what is larger, and what the gateway finds too large, goes by HTTP. So
    /// does everything while the UE is not registered.
    pub ims_largest: usize,
    /// Octets of a message that is sent or retrieved at most.
    pub largest: usize,
    /// For HTTP digest; none: the relay knows the UE by its address.
    pub credentials: Option<MmsCredentials>,
    /// What is done about messages that wait.
    pub on_notification: OnNotification,
    /// X-Mms-Report-Allowed: may senders know that their messages were retrieved? None: the relay decides.
    pub report_allowed: Option<bool>,
    /// Senders that want to know when their messages are read are told.
    pub read_reports: bool,
    /// How often something is said to the relay at most, where what goes wrong may be over soon.
    pub attempts: usize,
    /// Messages that came, and messages that were sent, that are remembered each.
    pub places: usize,
    /// Octets of PDUs that may wait to be sent.
    pub waiting_octets: usize,
    /// Its timers.
    pub timers: MmsTimers,
}

/// User name and password of HTTP digest (RFC 7616). They are used at the relay's own authority only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MmsCredentials {
    /// User name.
    pub username: String,
    /// Password.
    pub password: Secret<String>,
}

/// What is done about messages that wait (TS 23.140 clause 8.1.4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnNotification {
    /// They are retrieved at once.
    #[default]
    Retrieve,
    /// They are retrieved when the user wants them.
    Defer,
    /// The user does not want them.
    Reject,
    /// Nothing, not even an answer: a UE for tests may be one that does not answer.
    Ignore,
}

/// Timers; the standard has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MmsTimers {
    /// Until a request without an answer counts as lost: long enough for a large message.
    pub answer: Duration,
    /// Until the PDU comes that answers a MESSAGE which was taken.
    pub confirmation: Duration,
    /// Until something is said again for the first time; each pause is twice the one before.
    pub pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
}

impl Default for MmsTimers {
    fn default() -> Self {
        Self {
            // More than timer F with the timers of TS 24.229 table 7.7.1: 64 * 2 s.
            answer: Duration::from_secs(180),
            confirmation: Duration::from_secs(40),
            pause: Duration::from_secs(5),
            longest_pause: Duration::from_secs(120),
        }
    }
}

impl MmsConfig {
    /// An agent that uses HTTP, with the usual settings. For pushes in MESSAGEs it has to know its gateway.
    pub fn http(relay: &str) -> Self {
        Self {
            access: MmsAccess::Http,
            gateway: String::new(),
            relay: relay.to_owned(),
            ims_largest: 256 << 10,
            largest: (10 << 20) + (64 << 10),
            credentials: None,
            on_notification: OnNotification::default(),
            report_allowed: None,
            read_reports: true,
            attempts: 4,
            places: 256,
            waiting_octets: 64 << 20,
            timers: MmsTimers::default(),
        }
    }

    /// An agent that uses the IMS, and HTTP for what is too large for that; `relay` may be empty.
    pub fn ims(gateway: &str, relay: &str) -> Self {
        Self { access: MmsAccess::Ims, gateway: gateway.to_owned(), ..Self::http(relay) }
    }
}
