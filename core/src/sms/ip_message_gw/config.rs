//! Settings of an IP-Message-GW.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::map::MapTimers;
use protocol::sip::{HostTable, SipTimers, Transport};

use super::mms::GatewayMms;
use crate::ims::TrustedPeer;

/// Settings of an IP-Message-GW.
#[derive(Clone, Debug)]
pub struct IpMessageGwConfig {
    /// Its SIP URI, which is its public service identity in what it sends.
    pub uri: String,
    /// Home domain: users are `sip:IMSI@domain` on R2, and it is the realm of challenges.
    pub domain: String,
    /// Its sockets, for R2 and for ISC.
    pub local: Vec<(Transport, SocketAddr)>,
    /// Those of them that are for UEs alone: nothing that comes there is ISC.
    pub r2: Vec<SocketAddr>,
    /// Addresses of hosts.
    pub hosts: HostTable,
    /// SIP timers.
    pub timers: SipTimers,
    /// CSCFs: what comes from them is ISC, all else is R2; none: there is no ISC. Where they and UEs share addresses,
    /// [`Self::r2`] tells them apart.
    pub trusted: Vec<TrustedPeer>,
    /// Its E.164 number: the global title on R1 and R6.
    pub global_title: String,
    /// Its address as R1 has it (sgsn-Address).
    pub address: IpAddr,
    /// Global title of the HLR.
    pub hlr: String,
    /// Service centre of messages that name none.
    pub service_centre: Option<String>,
    /// Public service identities of service centres, in the form that keys have, and their E.164 numbers.
    pub service_centres: BTreeMap<String, String>,
    /// MSISDNs from which the operator takes no messages over IP, whatever the HLR says.
    pub mo_barred: BTreeSet<String>,
    /// Messages on ISC go to the tel URI of the UE, as TR 23.804 clause 8.10 step 5 has it; otherwise to the identity that
    /// was registered (TS 24.341 clause 5.3.3), which any implicit set has.
    pub uses_tel_uri: bool,
    /// Timers of MAP.
    pub map: MapTimers,
    /// How long registrations hold.
    pub registration: RegistrationTimes,
    /// How long a UE may be silent about a message that it was sent: TR1N (TS 24.011 clause 10 has 35 to 45 s for TR1M,
    /// and leaves TR1N to the network).
    pub answer_time: Duration,
    /// How long messages are remembered that are done, to know them when they come again.
    pub remembered: Duration,
    /// How long a challenge waits for its response.
    pub challenge_time: Duration,
    /// Challenges in a row that a UE may answer wrongly.
    pub authentication_attempts: u32,
    /// Multimedia messages; none: only short ones.
    pub mms: Option<GatewayMms>,
    /// Bounds.
    pub limits: IpMessageGwLimits,
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
}

/// How long registrations hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RegistrationTimes {
    /// When the UE does not say, seconds.
    pub default_s: u32,
    /// At least, seconds.
    pub min_s: u32,
    /// At most, seconds.
    pub max_s: u32,
    /// Guard timer of TR 23.804 clause 8.2.2: a registration whose time is over stands so much longer; then the gateway
    /// ends it.
    pub guard: Duration,
}

/// Bounds of an IP-Message-GW.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IpMessageGwLimits {
    /// Users.
    pub users: usize,
    /// Registrations that are being made at a time.
    pub registrations: usize,
    /// Challenges without a response.
    pub challenges: usize,
    /// Messages of a user whose registration by the IMS is under way that wait for it.
    pub early_per_user: usize,
    /// Of all such users.
    pub early: usize,
    /// Subscriptions of a user.
    pub subscriptions: usize,
    /// Messages from one UE that wait for their turn.
    pub mo_per_user: usize,
    /// Messages for one UE that wait for their turn.
    pub mt_per_user: usize,
    /// Messages that service centres are being asked to take at a time; more wait.
    pub forwarding: usize,
    /// Messages on their way, both ways.
    pub messages: usize,
    /// Messages that are done and remembered.
    pub remembered: usize,
}

impl Default for RegistrationTimes {
    fn default() -> Self {
        Self { default_s: 3600, min_s: 60, max_s: 7200, guard: Duration::from_secs(60) }
    }
}

impl Default for IpMessageGwLimits {
    fn default() -> Self {
        Self {
            users: 1_000_000,
            registrations: 5000,
            challenges: 20_000,
            early_per_user: 16,
            early: 1000,
            subscriptions: 2,
            mo_per_user: 16,
            mt_per_user: 16,
            forwarding: 4000,
            messages: 100_000,
            remembered: 200_000,
        }
    }
}

impl IpMessageGwConfig {
    /// A gateway at `local` with the usual settings: its URI, home domain, number and that of the HLR.
    pub fn new(uri: &str, domain: &str, local: SocketAddr, global_title: &str, hlr: &str) -> Self {
        Self {
            uri: uri.to_owned(),
            domain: domain.to_owned(),
            local: vec![(Transport::Udp, local), (Transport::Tcp, local)],
            r2: Vec::new(),
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            trusted: Vec::new(),
            global_title: global_title.to_owned(),
            address: local.ip(),
            hlr: hlr.to_owned(),
            service_centre: None,
            service_centres: BTreeMap::new(),
            mo_barred: BTreeSet::new(),
            uses_tel_uri: false,
            map: MapTimers::default(),
            registration: RegistrationTimes::default(),
            answer_time: Duration::from_secs(40),
            remembered: Duration::from_secs(600),
            challenge_time: Duration::from_secs(32),
            authentication_attempts: 3,
            mms: None,
            limits: IpMessageGwLimits::default(),
            utc_ms_at_zero: 0,
        }
    }
}
