//! What a UE agent has to know (TS 24.229 clause 5.1.1.1: from the ISIM, the USIM, or given; RFC 3261 clause 10.2).

use std::net::SocketAddr;

use protocol::sip::{SessionSettings, Target};

/// The registration expiration interval that a UE asks for (TS 24.229 clause 5.1.1.2.1).
pub const REGISTRATION_SECONDS: u32 = 600_000;

/// What kind of network a UE registers with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SipDialect {
    /// An IMS (TS 24.229).
    #[default]
    Ims,
    /// A plain SIP network (RFC 3261): its requests have nothing of the IMS in them, and who it is it says when it is asked.
    Plain,
    /// A gateway that is registrar and server in one (TR 23.804 clause 8.1): it hears at once who the UE is, requests go to it
    /// without a route, and nobody asserts identities.
    Gateway,
}

/// The configuration of a UE agent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentConfig {
    /// What kind of network it registers with.
    pub dialect: SipDialect,
    /// Private user identity, `user@domain`; on a plain SIP network the name of the user in digests.
    pub impi: String,
    /// Public user identity that is registered, a SIP URI; later the default one of P-Associated-URI is used.
    pub impu: String,
    /// Home network domain name: Request-URI of REGISTER, realm.
    pub domain: String,
    /// The P-CSCF, or an outbound proxy.
    pub pcscf: Target,
    /// Where the UE is reached: its own address and port.
    pub contact: SocketAddr,
    /// `+sip.instance` (TS 24.229 clause 5.1.1.2.1): a URN, such as `urn:gsma:imei:90420156-025763-0`; none when empty.
    pub instance: String,
    /// Value of P-Access-Network-Info (RFC 7315 clause 5.4); none when empty.
    pub access_network_info: String,
    /// How the joint to the P-CSCF is protected.
    pub security: SecurityMode,
    /// How the UE proves who it is.
    pub authentication: Authentication,
    /// Registration expiration interval to ask for.
    pub expires_s: u32,
    /// Media feature tags of Contact in REGISTER, as `+g.3gpp.smsip` or `+g.3gpp.icsi-ref="…"` (RFC 3840, TS 24.229 clause
    /// 5.1.1.2.1).
    pub features: Vec<String>,
    /// Registers again by itself when the network lets it: after failures with a pause (RFC 5626 clause 4.5), after a
    /// deactivation at once.
    pub persistent: bool,
    /// Subscribes to its registration state as soon as it is registered (TS 24.229 clause 5.1.1.3).
    pub subscribes: bool,
    /// SIP timers T1, T2, T4 with the values of TS 24.229 table 7.7.1 for a UE, else those of RFC 3261.
    pub slow_timers: bool,
    /// It can receive MBMS bearers, says so ([`protocol::sip::MBMS_FEATURE`]) and accepts media over them.
    pub receives_mbms: bool,
    /// About sessions.
    pub session: SessionSettings,
}

/// How the joint to the P-CSCF is protected (TS 33.203).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SecurityMode {
    /// Not at all, and nothing is said about it.
    #[default]
    Off,
    /// Security mechanisms are agreed upon (RFC 3329, TS 33.203 clause 7) and verified, without IPsec under them.
    SecAgree,
    /// TLS (TS 33.203 annex O).
    Tls,
}

/// How a UE proves who it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Authentication {
    /// IMS-AKA (TS 33.203 clause 6.1) with its SIM, which is asked by [`super::AgentOutput::Authenticate`].
    Aka,
    /// SIP digest (TS 33.203 annex N).
    Digest {
        /// Password.
        password: String,
    },
}

impl std::fmt::Debug for Authentication {
    /// Passwords are not for logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Aka => "Aka",
            Self::Digest { .. } => "Digest(..)",
        })
    }
}

impl AgentConfig {
    /// A UE with IMS-AKA and the usual settings.
    pub fn new(impi: &str, impu: &str, domain: &str, pcscf: Target, contact: SocketAddr) -> Self {
        Self {
            dialect: SipDialect::Ims,
            impi: impi.into(),
            impu: impu.into(),
            domain: domain.into(),
            pcscf,
            contact,
            instance: String::new(),
            access_network_info: "3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100A101A2B301".into(),
            security: SecurityMode::Off,
            authentication: Authentication::Aka,
            expires_s: REGISTRATION_SECONDS,
            features: vec!["+g.3gpp.smsip".into()],
            persistent: true,
            subscribes: true,
            slow_timers: false,
            receives_mbms: false,
            session: SessionSettings::default(),
        }
    }

    /// A user agent of a plain SIP network, with a name and a password for digests (RFC 7616, RFC 8760).
    pub fn plain(user: (&str, String), aor: &str, domain: &str, proxy: Target, contact: SocketAddr) -> Self {
        let (name, password) = user;
        Self {
            dialect: SipDialect::Plain,
            access_network_info: String::new(),
            authentication: Authentication::Digest { password },
            features: Vec::new(),
            subscribes: false,
            ..Self::new(name, aor, domain, proxy, contact)
        }
    }
}
