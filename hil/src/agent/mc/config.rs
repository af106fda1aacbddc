//! What an MCPTT client has to know (TS 24.484: the MCPTT UE and user profile configuration documents).

use std::net::IpAddr;
use std::time::Duration;

use protocol::rtp::G711;

/// The configuration of a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct McConfig {
    /// MCPTT identity of its user.
    pub mcptt_id: String,
    /// MCPTT client identity, a URN.
    pub client_id: String,
    /// Public service identity of the participating function that serves the user.
    pub server: String,
    /// Public service identities of other servers that may announce bearers on behalf of that one.
    pub announcers: Vec<String>,
    /// Address of its media.
    pub address: IpAddr,
    /// Port of the RTP of its first group. RTCP has the next one, floor control the one after that; the next group has its
    /// ports four on.
    pub first_port: u16,
    /// The law that it prefers.
    pub law: G711,
    /// UTC at the beginning of the run in milliseconds, for RTCP.
    pub utc_ms_at_zero: u64,
    /// What was heard is kept with its octets, not only with its numbers.
    pub keeps_speech: bool,
    /// Timers of floor control.
    pub floor: FloorTimers,
    /// It can receive MBMS bearers; none: it takes no announcement.
    pub mbms: Option<BearerSettings>,
}

/// Timers and counters of a floor participant (TS 24.380 tables 11.1.1-1 and 11.2.1-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FloorTimers {
    /// T100, between two Floor Release.
    pub release: Duration,
    /// T101, between two Floor Request.
    pub request: Duration,
    /// T103, without RTP after which nobody talks any more.
    pub end_of_media: Duration,
    /// C100 and C101, how often they are said.
    pub times: u8,
}

/// When a client hears a bearer and when it does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BearerSettings {
    /// Without a good transport block for so long the coverage is lost.
    pub patience: Duration,
    /// A report that was not taken is sent again after this time, then after ever longer ones.
    pub pause: Duration,
}

impl McConfig {
    /// A client with the usual settings that can receive MBMS bearers.
    pub fn new(mcptt_id: &str, server: &str, address: IpAddr) -> Self {
        Self {
            mcptt_id: mcptt_id.to_owned(),
            client_id: String::new(),
            server: server.to_owned(),
            announcers: Vec::new(),
            address,
            first_port: 49_300,
            law: G711::A,
            utc_ms_at_zero: 0,
            keeps_speech: true,
            floor: FloorTimers::default(),
            mbms: Some(BearerSettings::default()),
        }
    }
}

impl Default for FloorTimers {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self { release: second, request: second, end_of_media: 4 * second, times: 3 }
    }
}

impl Default for BearerSettings {
    /// Longer than an MCCH repetition period of 64 radio frames, in which there is one block at least.
    fn default() -> Self {
        Self { patience: Duration::from_millis(700), pause: Duration::from_secs(2) }
    }
}
