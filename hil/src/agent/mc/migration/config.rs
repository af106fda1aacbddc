//! What a migrating client has to know of itself and its home, and the configuration of its agents in a partner system.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use protocol::Plmn;
use protocol::mc::user_profile::PartnerSystem;
use protocol::sip::{Target, Transport};

use crate::agent::mc::McConfig;
use crate::agent::sip::AgentConfig;

/// The configuration of a migrating client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MigrationConfig {
    /// The primary MC system.
    pub home: HomeSystem,
    /// It goes where it has coverage by itself: to a partner when its own cells are lost, home when they are back, unless the
    /// user has chosen the partner.
    pub is_automatic: bool,
    /// What it waits for, and how long.
    pub timers: MigrationTimers,
    /// REGISTER is tried so often when the failure may pass.
    pub attempts: u32,
}

/// The primary MC system of a user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HomeSystem {
    /// Its network.
    pub plmn: Plmn,
    /// MC ID of the user: what he logs in with.
    pub mc_id: String,
    /// His MCPTT ID: whose profile is fetched.
    pub mcptt_id: String,
    /// Which of his profiles.
    pub profile_index: u8,
    /// Users show tokens to its servers: its identity management server is asked before the user is authorised.
    pub has_tokens: bool,
}

/// Times of a migrating client. No standard has them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MigrationTimers {
    /// Cells that are not heard for so long are lost.
    pub lost: Duration,
    /// Cells of home that are heard for so long are back.
    pub back: Duration,
    /// De-affiliation, and de-registration, are waited for so long each: they are a courtesy.
    pub leave: Duration,
    /// The way to a system, and a token, are waited for so long each.
    pub connect: Duration,
    /// A registration, an authorisation and an affiliation are waited for so long each: longer than Timer F (RFC 3261 clause
    /// 17.1.2.2).
    pub answer: Duration,
    /// Pause before a failure that may pass is tried again, twice as long each time.
    pub pause: Duration,
}

impl MigrationConfig {
    /// A client that goes where it has coverage, with the usual times.
    pub fn new(home: HomeSystem) -> Self {
        Self { home, is_automatic: true, timers: MigrationTimers::default(), attempts: 3 }
    }
}

impl Default for MigrationTimers {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self {
            lost: second,
            back: 5 * second,
            leave: 4 * second,
            connect: 10 * second,
            answer: 40 * second,
            pause: second,
        }
    }
}

/// The registration in a partner system: the partner MC system SIP identities in the place of those of the ISIM (TS 23.280
/// clause 10.1.6.2 step 2), the rest as at home. The ISIM answers the challenge with the keys that it has.
pub fn partner_registration(home: &AgentConfig, partner: &PartnerSystem, contact: SocketAddr) -> AgentConfig {
    // By datagrams, and streams for long requests, as at home; TLS where home has it.
    let transport = if home.pcscf.transport == Transport::Tls { Transport::Tls } else { Transport::Udp };
    AgentConfig {
        impi: partner.private_identity.clone(),
        impu: partner.public_identity.clone(),
        domain: partner.domain.clone(),
        pcscf: Target { transport, remote: partner.pcscf, flow: None },
        contact,
        // The migration decides what comes of a failure.
        persistent: false,
        ..home.clone()
    }
}

/// The MCPTT client in a partner system.
pub fn partner_client(home: &McConfig, partner: &PartnerSystem, address: IpAddr) -> McConfig {
    McConfig {
        mcptt_id: partner.mcptt_id.clone(),
        server: partner.server.clone(),
        announcers: Vec::new(),
        address,
        ..home.clone()
    }
}
