//! `[sm_sc]`: the SM-SC.

use std::net::SocketAddr;

use protocol::Secret;
use serde::Deserialize;

use super::loopback;
use super::sms::SM_SC_NUMBER;
use crate::ims::TrustedPeer;
use crate::mc::HashedPassword;

/// Settings of the SM-SC.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmScSection {
    /// Its name in sessions of SMPP, `system_id`.
    pub name: String,
    /// Its service centre address: digits with country code.
    pub address: String,
    /// Where ESMEs bind.
    pub listen: Vec<SocketAddr>,
    /// SMS-GMSCs and SMS-IWMSCs that it binds to, in the order in which they get messages; none: the one of this process.
    pub message_centres: Vec<SmppPeerSection>,
    /// Other SM-SCs that it binds to.
    pub smscs: Vec<SmppPeerSection>,
    /// ESMEs.
    pub accounts: Vec<EsmeSection>,
    /// Country code of numbers that have none; none: such numbers are not known.
    pub country_code: Option<String>,
    /// What is dialled before a national number.
    pub national_prefix: String,
    /// What is dialled before an international number.
    pub international_prefix: String,
    /// Quarters of an hour by which its clock shows more than UTC.
    pub time_zone_quarters: i8,
    /// How long a message is held when its sender does not say, seconds.
    pub validity: Option<u64>,
    /// How long a message is held at most, seconds.
    pub max_validity: Option<u64>,
    /// Pauses before another attempt when nobody reaches the subscriber, seconds; the last one is taken for all that follow.
    pub retry_absent: Option<Vec<u64>>,
    /// The same when the memory of the UE is full.
    pub retry_memory_full: Option<Vec<u64>>,
    /// The same when the network has a fault.
    pub retry_network: Option<Vec<u64>>,
    /// The same when the UE refuses the message; behind the last one it is given up.
    pub retry_refused: Option<Vec<u64>>,
    /// How long the GMSC may take for all attempts of a delivery, seconds.
    pub delivery_time: Option<u64>,
    /// What it is for the HLR: 0 normal, 1 voice mail, 2 video mail.
    pub sc_type: u8,
    /// It asks for message waiting.
    pub message_waiting: bool,
    /// Messages that are held at most.
    pub messages: Option<u64>,
    /// How long it is known what became of a message, seconds.
    pub remember: Option<u64>,
}

/// Somebody whom the SM-SC binds to.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmppPeerSection {
    /// Its name here.
    pub name: String,
    /// Where it is.
    pub connect: SocketAddr,
    /// As whom the SM-SC binds.
    pub system_id: String,
    /// With which password.
    pub password: Secret<String>,
    /// Messages that may be unanswered there.
    #[serde(default)]
    pub window: Option<usize>,
    /// Of another SM-SC: numbers that go there, `49*` for all that begin so.
    #[serde(default)]
    pub numbers: Vec<String>,
}

/// An ESME that may bind.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EsmeSection {
    /// `system_id`.
    pub system_id: String,
    /// Argon2id hash of its password, as PHC string.
    pub password: HashedPassword,
    /// Addresses that it may connect from; none: any.
    #[serde(default)]
    pub from: Vec<TrustedPeer>,
    /// Numbers whose messages go to it, `49*` for all that begin so.
    #[serde(default)]
    pub numbers: Vec<String>,
    /// Addresses that it may send from, written so too; none: any.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Messages in a second.
    #[serde(default)]
    pub throughput: Option<u32>,
    /// Messages of it that are held at most.
    #[serde(default)]
    pub messages: Option<usize>,
    /// Messages to it that may be unanswered.
    #[serde(default)]
    pub window: Option<usize>,
    /// Sessions at a time.
    #[serde(default)]
    pub sessions: Option<usize>,
}

impl Default for SmScSection {
    fn default() -> Self {
        Self {
            name: "SMSC".to_owned(),
            address: SM_SC_NUMBER.to_owned(),
            listen: vec![loopback(2775)],
            message_centres: Vec::new(),
            smscs: Vec::new(),
            accounts: Vec::new(),
            country_code: None,
            national_prefix: "0".to_owned(),
            international_prefix: "00".to_owned(),
            time_zone_quarters: 0,
            validity: None,
            max_validity: None,
            retry_absent: None,
            retry_memory_full: None,
            retry_network: None,
            retry_refused: None,
            delivery_time: None,
            sc_type: 0,
            message_waiting: true,
            messages: None,
            remember: None,
        }
    }
}
