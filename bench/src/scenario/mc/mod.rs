//! Mission critical services of a scenario (TS 23.280, TS 24.379): servers, how they share MBMS bearers (TS 23.280 clause
//! 10.7.3.9), groups, and where clients are.

mod check;
mod step;
#[cfg(test)]
mod tests;

use core_network::ims::NetworkBox;
use serde::{Deserialize, Serialize};

use super::ims::yes_no;
use super::service::ServiceBox;
use crate::strict_toml::Table;

pub(super) use check::{check, known_server, steps_of_client};
pub use step::McStep;
pub(super) use step::{MC_WORDS, McWord};

/// Mission critical services of a run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mc {
    /// How clients prove who they are.
    pub auth: McAuth,
    /// Silence after which a group is taken off the bearer (T15 of TS 24.380), milliseconds.
    pub conversation_ms: u64,
    /// Time between repetitions of Map Group To Bearer (T16), milliseconds.
    pub map_repeat_ms: u64,
    /// A client that comes back to unicast is sent again what is not older than this, milliseconds.
    pub replay_ms: u64,
    /// Procedures whose ladders the run must climb, beside those of the IMS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<String>,
    /// The servers; a number of one is its place in this list, from 1.
    #[serde(rename = "server")]
    pub servers: Vec<McServer>,
    /// The groups.
    #[serde(rename = "group")]
    pub groups: Vec<McGroup>,
}

/// How clients prove who they are (TS 24.379 clause 7.3.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum McAuth {
    /// With an access token of the identity server.
    Token,
    /// Their public user identity is that of a user.
    Identity,
}

/// An MC service server: participating and controlling function.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McServer {
    /// It takes the MBMS bearer control role.
    #[serde(with = "yes_no")]
    pub controls_bearers: bool,
    /// It has bearers of its own; else those of other servers only.
    #[serde(with = "yes_no")]
    pub own_bearers: bool,
    /// It also makes the bearers that other servers ask it for (NOTE 1 of TS 23.280 clause 10.7.3.9.2.2).
    #[serde(with = "yes_no")]
    pub is_central: bool,
    /// What bearers guarantee that it makes when they are worth it, kbit/s.
    pub bit_rate_kbps: u32,
    /// Numbers of the servers that it asks for bearers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discovers: Vec<u8>,
    /// What it does where a bearer has too little bandwidth.
    pub insufficient: Insufficient,
    /// Who announces the bearers of others to its clients.
    pub announces: Announces,
    /// How long it waits for another server, milliseconds.
    pub patience_ms: u64,
    /// A distribution that is not asked for again ends after this time, milliseconds.
    pub lease_ms: u64,
    /// What a client costs over unicast.
    pub unicast_cost: u32,
    /// What a bearer costs in a service area.
    pub bearer_cost: u32,
    /// Clients must not be worth a bearer for so long before it ends, milliseconds.
    pub stop_after_ms: u64,
    /// Bearers that it has from the beginning (TS 23.280 clause 10.7.3.1).
    #[serde(rename = "bearer", default, skip_serializing_if = "Vec::is_empty")]
    pub bearers: Vec<McBearer>,
}

/// A bearer that is there before anybody calls.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McBearer {
    /// MCHs of its service areas.
    pub mchs: Vec<String>,
    /// What it guarantees, kbit/s.
    pub bit_rate_kbps: u32,
    /// QCI (TS 23.203 table 6.1.7).
    pub qci: u8,
}

/// What is done where a bearer has too little bandwidth (TS 23.280 clause 10.7.3.9.2.2 step 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Insufficient {
    /// Unicast.
    Unicast,
    /// A second bearer, which is not shared.
    Duplicate,
}

/// Who announces the bearers of others (TS 23.280 clause 10.7.3.9.2.2 step 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Announces {
    /// The server itself.
    Own,
    /// The server that controls the bearer, on its behalf.
    Controlling,
}

/// A group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McGroup {
    /// Name in this scenario, and user of its identity.
    pub name: String,
    /// Number of the server that controls it.
    pub server: u8,
    /// UEs whose users are in it.
    pub members: Vec<String>,
}

/// The MC client of a UE.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UeMc {
    /// Number of the server that serves its user.
    pub server: u8,
    /// It can receive MBMS bearers.
    #[serde(with = "yes_no")]
    pub mbms: bool,
    /// `n_id_mbsfn` of the area in whose cell it is at the beginning; none: in a cell without MBMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<u8>,
}

/// Servers of a scenario, at most.
pub(crate) const MC_SERVERS_MAX: usize = 4;

/// Their boxes.
pub(crate) const MC_SERVERS: [ServiceBox; MC_SERVERS_MAX] = [
    ServiceBox { name: "MC server 1", place: NetworkBox::McServer1 },
    ServiceBox { name: "MC server 2", place: NetworkBox::McServer2 },
    ServiceBox { name: "MC server 3", place: NetworkBox::McServer3 },
    ServiceBox { name: "MC server 4", place: NetworkBox::McServer4 },
];

/// The box of a server by its number.
pub(crate) fn mc_box(number: u8) -> Option<&'static ServiceBox> {
    MC_SERVERS.get(usize::from(number).checked_sub(1)?)
}

impl Mc {
    /// Boxes of the servers that there are.
    pub(crate) fn boxes(&self) -> impl Iterator<Item = (&'static ServiceBox, &McServer)> {
        MC_SERVERS.iter().zip(&self.servers)
    }

    /// The group of this name.
    pub(crate) fn group(&self, name: &str) -> Option<&McGroup> {
        self.groups.iter().find(|group| group.name == name)
    }
}

const MAX_GROUPS: usize = 64;
const MAX_BEARERS: usize = 16;
/// Patience and leases, at most.
const MINUTE_MS: u64 = 60_000;
const NUMBERS: std::ops::RangeInclusive<u8> = 1..=MC_SERVERS_MAX as u8;

/// Reads `[mc]`.
pub(super) fn mc(t: &mut Table<'_>) -> Mc {
    Mc {
        auth: t.choice_or("auth", &[("token", McAuth::Token), ("identity", McAuth::Identity)], McAuth::Token),
        conversation_ms: t.optional_integer("conversation_ms", 100..=MINUTE_MS).unwrap_or(3000),
        map_repeat_ms: t.optional_integer("map_repeat_ms", 100..=MINUTE_MS).unwrap_or(500),
        replay_ms: t.optional_integer("replay_ms", 0..=MINUTE_MS).unwrap_or(2000),
        follows: t.optional_texts("follows"),
        servers: t.tables("server", 1..=MC_SERVERS_MAX, server),
        groups: t.tables("group", 1..=MAX_GROUPS, group),
    }
}

fn server(t: &mut Table<'_>) -> McServer {
    let ways = [("unicast", Insufficient::Unicast), ("duplicate", Insufficient::Duplicate)];
    let who = [("own", Announces::Own), ("controlling", Announces::Controlling)];
    McServer {
        controls_bearers: t.yes_no("controls_bearers", false),
        own_bearers: t.yes_no("own_bearers", true),
        is_central: t.yes_no("is_central", false),
        bit_rate_kbps: t.optional_integer("bit_rate_kbps", 1..=100_000).unwrap_or(256),
        discovers: t.optional_integers("discovers", NUMBERS),
        insufficient: t.choice_or("insufficient", &ways, Insufficient::Unicast),
        announces: t.choice_or("announces", &who, Announces::Own),
        patience_ms: t.optional_integer("patience_ms", 1..=MINUTE_MS).unwrap_or(1000),
        lease_ms: t.optional_integer("lease_ms", 100..=60 * MINUTE_MS).unwrap_or(5000),
        unicast_cost: t.optional_integer("unicast_cost", 0..=1_000_000).unwrap_or(1),
        bearer_cost: t.optional_integer("bearer_cost", 0..=1_000_000).unwrap_or(3),
        stop_after_ms: t.optional_integer("stop_after_ms", 0..=3_600_000).unwrap_or(10_000),
        bearers: t.tables("bearer", 0..=MAX_BEARERS, bearer),
    }
}

fn bearer(t: &mut Table<'_>) -> McBearer {
    McBearer {
        mchs: t.optional_texts("mchs"),
        bit_rate_kbps: t.integer("bit_rate_kbps", 1..=100_000),
        qci: t.optional_integer("qci", 1..=255).unwrap_or(MCPTT_QCI),
    }
}

/// Mission critical user plane push to talk voice (TS 23.203 table 6.1.7).
const MCPTT_QCI: u8 = 65;

fn group(t: &mut Table<'_>) -> McGroup {
    McGroup { name: t.name("name"), server: t.integer("server", NUMBERS), members: t.optional_texts("members") }
}

/// Reads `mc = { ... }` of a UE.
pub(super) fn ue_mc(t: &mut Table<'_>) -> UeMc {
    UeMc {
        server: t.integer("server", NUMBERS),
        mbms: t.yes_no("mbms", true),
        area: t.optional_integer("area", 0..=255),
    }
}
