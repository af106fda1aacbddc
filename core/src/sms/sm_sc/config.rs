//! Settings of an SM-SC.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::Secret;
use protocol::smpp::{COctetString, SystemId};

use super::schedule::{RetrySchedule, Validity};
use crate::ims::TrustedPeer;
use crate::mc::HashedPassword;

/// Settings of an SM-SC.
#[derive(Clone, Debug)]
pub struct SmScConfig {
    /// Its name in sessions: system_id, 15 characters at most.
    pub name: String,
    /// Its service centre address: E.164 digits.
    pub address: String,
    /// How numbers that are not international are read.
    pub numbering: Numbering,
    /// SMS-GMSCs and SMS-IWMSCs that it binds to. The first that is there and has room gets a message.
    pub message_centres: Vec<SmppPeer>,
    /// Other SM-SCs that it binds to as ESME, and the numbers that go there.
    pub smscs: Vec<OtherSmSc>,
    /// ESMEs that may bind here.
    pub accounts: Vec<EsmeAccount>,
    /// UTC in milliseconds at the start of the run.
    pub utc_ms_at_zero: u64,
    /// Quarters of an hour by which its clock shows more than UTC, in TP-SCTS.
    pub quarters: i8,
    /// How long messages are held.
    pub validity: Validity,
    /// When they are tried again.
    pub retry: RetrySchedule,
    /// What it is (TR 23.804 clause 8.5 step 8): 0 normal, 1 voice mail, 2 video mail.
    pub sc_type: u8,
    /// Whether it asks for message waiting at all.
    pub message_waiting: bool,
    /// How long the delivery of a message may take, by GMSC, ESME or other SM-SC: the response timer of their sessions. In a
    /// GMSC all attempts over all accesses have to fit.
    pub delivery_time: Duration,
    /// Bounds.
    pub limits: SmScLimits,
}

/// How numbers that are not international become so.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Numbering {
    /// Country code; none: national numbers are not known.
    pub country_code: Option<String>,
    /// What precedes a national number that is dialled.
    pub national_prefix: String,
    /// What precedes an international number that is dialled.
    pub international_prefix: String,
}

/// Somebody to bind to.
#[derive(Clone, Debug)]
pub struct SmppPeer {
    /// Its name here.
    pub name: String,
    /// Where it is.
    pub address: SocketAddr,
    /// As whom: system_id.
    pub system_id: String,
    /// The password, 8 characters at most.
    pub password: Secret<String>,
    /// Messages that may be unanswered there.
    pub window: usize,
}

/// Another SM-SC.
#[derive(Clone, Debug)]
pub struct OtherSmSc {
    /// How it is reached.
    pub peer: SmppPeer,
    /// Numbers that go there: E.164 digits or short numbers; with `*` behind all that begin so.
    pub numbers: Vec<String>,
}

/// An ESME that may bind.
#[derive(Clone, Debug)]
pub struct EsmeAccount {
    /// system_id.
    pub system_id: String,
    /// The hash of its password, which has 8 characters at most (SMPP 3.4 clause 5.2.2).
    pub password: HashedPassword,
    /// From where it may connect; none: from anywhere.
    pub from: Vec<TrustedPeer>,
    /// Numbers whose messages go to it: E.164 digits or short numbers; with `*` behind all that begin so.
    pub numbers: Vec<String>,
    /// Addresses that it may send from, written the same way; none: any.
    pub sources: Vec<String>,
    /// Messages that it may submit in a second; none: as many as it can.
    pub throughput: Option<u32>,
    /// Messages of it that are held at most.
    pub messages: usize,
    /// Messages to it that may be unanswered in a session.
    pub window: usize,
    /// Sessions that it may have at a time.
    pub sessions: usize,
}

/// Bounds of an SM-SC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SmScLimits {
    /// Messages that are held.
    pub messages: u64,
    /// Connections of ESMEs.
    pub connections: usize,
    /// Requests of one session that are unanswered.
    pub requests: usize,
    /// How long it is known what became of a message.
    pub remembered: Duration,
    /// How long the same message of the same originator is taken for a repetition.
    pub repeated: Duration,
}

impl SmScConfig {
    /// An SM-SC with the usual settings and nobody to talk to.
    #[must_use]
    pub fn new(address: &str) -> Self {
        Self {
            name: "SMSC".to_owned(),
            address: address.trim_start_matches('+').to_owned(),
            numbering: Numbering::default(),
            message_centres: Vec::new(),
            smscs: Vec::new(),
            accounts: Vec::new(),
            utc_ms_at_zero: 0,
            quarters: 0,
            validity: Validity::default(),
            retry: RetrySchedule::default(),
            sc_type: 0,
            message_waiting: true,
            // Up to three mt-ForwardSM, each of which may take minutes (TS 29.002 clause 17.1.2).
            delivery_time: Duration::from_secs(600),
            limits: SmScLimits::default(),
        }
    }
}

impl SmppPeer {
    /// With the window that is usual.
    #[must_use]
    pub fn new(name: &str, address: SocketAddr, system_id: &str, password: &str) -> Self {
        Self {
            name: name.to_owned(),
            address,
            system_id: system_id.to_owned(),
            password: Secret::new(password.to_owned()),
            window: 100,
        }
    }
}

impl EsmeAccount {
    /// With the bounds that are usual.
    #[must_use]
    pub fn new(system_id: &str, password: HashedPassword) -> Self {
        Self {
            system_id: system_id.to_owned(),
            password,
            from: Vec::new(),
            numbers: Vec::new(),
            sources: Vec::new(),
            throughput: None,
            messages: 100_000,
            window: 10,
            sessions: 4,
        }
    }
}

/// Whether SMPP has room for what is said, and names tell all apart.
pub(super) fn check(config: &SmScConfig) -> Result<(), String> {
    let peers = config.message_centres.iter().chain(config.smscs.iter().map(|smsc| &smsc.peer));
    let peers: Vec<&SmppPeer> = peers.collect();
    let ids = peers.iter().map(|peer| &peer.system_id).chain(config.accounts.iter().map(|account| &account.system_id));
    // SMPP 3.4 clauses 5.2.1 and 5.2.2.
    if let Some(id) = ids.chain([&config.name]).find(|id| SystemId::new(id).is_none()) {
        return Err(format!("SM-SC: the name {id:?} is too long: SMPP has room for 15 characters"));
    }
    if let Some(peer) = peers.iter().find(|peer| COctetString::<9>::new(peer.password.expose()).is_none()) {
        return Err(format!("SM-SC: the password for {} is too long: SMPP has room for 8 characters", peer.name));
    }
    let address = &config.address;
    if address.is_empty() || address.len() > E164_DIGITS || !address.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("SM-SC: {address:?} is no service centre address: give it in digits with country code"));
    }
    let validity = &config.validity;
    if [validity.default, validity.maximum, validity.reports].iter().any(Duration::is_zero) {
        return Err("SM-SC: messages are to be held for no time: give a validity".to_owned());
    }
    let mut names: Vec<&str> = peers.iter().map(|peer| peer.name.as_str()).collect();
    let mut accounts: Vec<&str> = config.accounts.iter().map(|account| account.system_id.as_str()).collect();
    for names in [&mut names, &mut accounts] {
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("SM-SC: two are called {:?}: give each a name of its own", pair[0]));
        }
    }
    Ok(())
}

/// Digits of a number (ITU-T E.164 clause 6.2.1).
const E164_DIGITS: usize = 15;

impl Default for SmScLimits {
    fn default() -> Self {
        Self {
            messages: 1_000_000,
            connections: 64,
            requests: 100,
            remembered: Duration::from_secs(86_400),
            repeated: Duration::from_secs(300),
        }
    }
}
