//! The IMS network of a scenario (TS 23.228), or a plain SIP network in its place (RFC 3261): what it is called, how UEs are
//! authenticated, what its steps wait for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use core_network::ims::{NetworkBox, NetworkCore};
use serde::{Deserialize, Serialize};

use super::service::{bearers, group, third_party};
use super::{Group, GroupBearers, Scenario, Service, ThirdParty};
use crate::strict_toml::Table;

/// Home domain of the test network (TS 23.003 clause 13.2).
const HOME_DOMAIN: &str = "ims.mnc001.mcc001.3gppnetwork.org";
/// SIP (RFC 3261 clause 19.1.2).
const SIP_PORT: u16 = 5060;

/// The IMS network of a run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ims {
    /// What leads requests: an IMS, or a plain SIP network with the same services.
    #[serde(default, skip_serializing_if = "is_ims")]
    pub network: NetworkCore,
    /// Home network domain name.
    pub domain: String,
    /// What protects Gm.
    pub security: ImsSecurity,
    /// Expiry that UEs ask for when they register, seconds.
    pub expires_s: u32,
    /// One way between a UE and its P-CSCF, milliseconds.
    pub gm_delay_ms: u64,
    /// One way between two boxes of the network, milliseconds.
    pub core_delay_ms: u64,
    /// An application server that all subscribers have initial filter criteria for.
    pub application_server: ApplicationServer,
    /// Services that all subscribers have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// Third parties that the exposure lets in.
    #[serde(default, rename = "third_party", skip_serializing_if = "Vec::is_empty")]
    pub third_parties: Vec<ThirdParty>,
    /// Groups of the IMS AS.
    #[serde(default, rename = "group", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// How the IMS AS comes to MBMS bearers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearers: Option<GroupBearers>,
    /// A P-CSCF in a visited network of this name, for UEs that roam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visited: Option<String>,
    /// Session-Expires that UEs ask for (RFC 4028), seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_expires_s: Option<u32>,
}

/// The application server of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationServer {
    /// There is none.
    #[default]
    None,
    /// One that takes third-party registrations and sends requests on.
    Test,
}

/// Where a UE is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessNetwork {
    /// At home.
    #[default]
    Home,
    /// It roams: its P-CSCF is that of the visited network.
    Visited,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_ims(network: &NetworkCore) -> bool {
    *network == NetworkCore::Ims
}

impl Ims {
    /// There are no CSCFs and no HSS.
    pub fn is_plain(&self) -> bool {
        self.network == NetworkCore::Sip
    }

    /// The SIP URI as which a third party speaks and is spoken to.
    pub fn client_uri(&self, client: &str) -> String {
        format!("sip:{client}@{}.{}", NetworkBox::Exposure.label(), self.domain)
    }

    /// There is this service.
    pub fn has(&self, service: Service) -> bool {
        self.services.contains(&service)
    }

    /// There is an application server.
    pub fn has_application_server(&self) -> bool {
        self.application_server == ApplicationServer::Test
    }
}

impl UeIms {
    /// It roams.
    pub fn is_visiting(&self) -> bool {
        self.network == AccessNetwork::Visited
    }
}

/// What protects Gm (TS 33.203).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImsSecurity {
    /// Nothing: for tests.
    #[default]
    Off,
    /// Security mechanism agreement (RFC 3329) without the security associations themselves.
    SecAgree,
    /// TLS (TS 33.203 annex O), as it is inside: joints are tapped before encryption.
    Tls,
}

impl ImsSecurity {
    /// As scenarios write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::SecAgree => "sec_agree",
            Self::Tls => "tls",
        }
    }
}

/// IMS subscription and agent of a UE.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UeIms {
    /// How it is authenticated.
    pub auth: ImsAuth,
    /// Where it is.
    #[serde(default)]
    pub network: AccessNetwork,
    /// It is a second device of this UE's user: same public identities, a private identity of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_user_as: Option<String>,
    /// It answers calls by itself after so long, milliseconds; else a step does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers_after_ms: Option<u64>,
    /// It can receive MBMS bearers, and says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not", with = "yes_no")]
    pub mbms: bool,
    /// In which cell it is.
    #[serde(default, skip_serializing_if = "UeCell::is_carrier")]
    pub cell: UeCell,
    /// It is prepaid, with so much on its account; else it gets a bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<u64>,
}

/// In which cell a UE says that it is (P-Access-Network-Info).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UeCell {
    /// The one of the carrier.
    #[default]
    Carrier,
    /// One without MBMS.
    Other,
}

impl UeCell {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_carrier(&self) -> bool {
        *self == Self::Carrier
    }
}

/// How a UE is authenticated (TS 33.203 clause 6.1, annex N).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImsAuth {
    /// IMS-AKA with the application of its UICC.
    #[default]
    Aka,
    /// SIP digest with a password.
    Digest,
}

/// What a step waits for at a UE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImsState {
    /// It is registered.
    Registered,
    /// It has registered again since the step began.
    Refreshed,
    /// It has the state of its registration from the reg event package.
    Subscribed,
    /// It is not registered.
    Unregistered,
    /// All messages that it has sent are answered.
    MessagesAnswered,
    /// It has got all messages that were sent to it.
    MessagesReceived,
    /// A call comes in.
    Incoming,
    /// What it calls rings.
    Ringing,
    /// Its call is set up.
    Established,
    /// Its call is on hold.
    Held,
    /// Its call is no longer on hold.
    Resumed,
    /// It has no call any more.
    Ended,
    /// Its requests to services are answered.
    Answered,
    /// It has been notified of something by a service since the step began.
    Notified,
    /// It has said all that it was told to say.
    Silent,
    /// It listens to its group over an MBMS bearer, and the network knows.
    OverMbms,
    /// It listens to its group by unicast, and the network knows.
    OverUnicast,
    /// Its user is authorised at the MC server.
    Authorised,
    /// Its user is affiliated with all groups that a step has named.
    Affiliated,
    /// Its user has the floor.
    HasFloor,
    /// It is registered with the IP-Message-GW over R2.
    SmsRegistered,
    /// It is not, or not any more.
    SmsUnregistered,
    /// The SM-SC has taken all short messages that it has sent, or refused them.
    SmsTaken,
    /// All short messages have come that were sent to it.
    SmsReceived,
    /// A short message was refused, since its memory is full, or was sent in vain, since it is not there: since the step began.
    SmsRefused,
    /// Its relay has taken all multimedia messages that it has sent, or refused them.
    MmsTaken,
    /// It knows of all multimedia messages that were sent to it, and its relay knows what it does about them.
    MmsNotified,
    /// All multimedia messages have come that were sent to it.
    MmsReceived,
    /// It knows what has become of all multimedia messages that it has sent and wanted to know of.
    MmsReported,
    /// It knows of all of them that they were read.
    MmsReadReported,
    /// Its user's profile is there, with the systems that he may go to.
    ProfileThere,
    /// Another system serves its user.
    Migrated,
    /// His own system serves its user, or does again.
    AtHome,
    /// He is on his way to no system, and none serves him.
    Unserved,
}

impl ImsState {
    /// All of them, as scenarios write them.
    pub const ALL: [(&str, Self); 34] = [
        ("registered", Self::Registered),
        ("refreshed", Self::Refreshed),
        ("subscribed", Self::Subscribed),
        ("unregistered", Self::Unregistered),
        ("messages_answered", Self::MessagesAnswered),
        ("messages_received", Self::MessagesReceived),
        ("incoming", Self::Incoming),
        ("ringing", Self::Ringing),
        ("established", Self::Established),
        ("held", Self::Held),
        ("resumed", Self::Resumed),
        ("ended", Self::Ended),
        ("answered", Self::Answered),
        ("notified", Self::Notified),
        ("silent", Self::Silent),
        ("over_mbms", Self::OverMbms),
        ("over_unicast", Self::OverUnicast),
        ("authorised", Self::Authorised),
        ("affiliated", Self::Affiliated),
        ("has_floor", Self::HasFloor),
        ("sms_registered", Self::SmsRegistered),
        ("sms_unregistered", Self::SmsUnregistered),
        ("sms_taken", Self::SmsTaken),
        ("sms_received", Self::SmsReceived),
        ("sms_refused", Self::SmsRefused),
        ("mms_taken", Self::MmsTaken),
        ("mms_notified", Self::MmsNotified),
        ("mms_received", Self::MmsReceived),
        ("mms_reported", Self::MmsReported),
        ("mms_read_reported", Self::MmsReadReported),
        ("profile_there", Self::ProfileThere),
        ("migrated", Self::Migrated),
        ("at_home", Self::AtHome),
        ("unserved", Self::Unserved),
    ];

    /// The key of a UE that it is a state of; none: of its subscription, or of its MC client.
    pub(super) fn key(self) -> Option<&'static str> {
        match self {
            Self::SmsRegistered | Self::SmsUnregistered | Self::SmsTaken | Self::SmsReceived | Self::SmsRefused => {
                Some("sms")
            }
            Self::MmsTaken | Self::MmsNotified | Self::MmsReceived | Self::MmsReported | Self::MmsReadReported => {
                Some("mms")
            }
            Self::ProfileThere | Self::Migrated | Self::AtHome | Self::Unserved => Some("migrates"),
            _ => None,
        }
    }

    /// As scenarios write it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, state)| *state == self).map_or("", |(word, _)| word)
    }
}

impl fmt::Display for ImsState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str().replace('_', " "))
    }
}

/// Which SIP or Diameter messages a fault takes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SipWhat {
    /// Method of a request, or of the request that a response is for; name of a Diameter command (`UAR`, `MAA`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Status of a response; requests when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The sending box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The receiving box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// With `step`: the procedure of a ladder, whose step the message would tick.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<String>,
    /// The step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Held back for so long, with `action = "delay"`, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// What a response says instead, with `action = "wrong_status"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_instead: Option<u16>,
}

impl SipWhat {
    /// Procedure and step of a ladder.
    pub(crate) fn ladder_step(&self) -> Option<(&str, &str)> {
        self.procedure.as_deref().zip(self.step.as_deref())
    }
}

/// Names and addresses of a UE in the IMS of a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Identity {
    /// Private identity.
    pub(crate) impi: String,
    /// Public identity, a SIP URI.
    pub(crate) impu: String,
    /// Public identity, a telephone number.
    pub(crate) tel: String,
    /// Contact address.
    pub(crate) contact: SocketAddr,
    /// Its P-CSCF, or the proxy of a plain SIP network.
    pub(crate) pcscf: NetworkBox,
    /// Name of its system; the first one has none.
    system: Option<String>,
}

impl Identity {
    /// What its P-CSCF is called.
    pub(crate) fn pcscf_name(&self) -> String {
        let own = match self.pcscf {
            NetworkBox::SipProxy => SIP_PROXY,
            NetworkBox::VisitedPcscf => VISITED_PCSCF,
            _ => PCSCF,
        };
        name_in(self.system.as_deref(), own)
    }
}

/// The P-CSCFs of a run.
pub(crate) const PCSCF: &str = "P-CSCF";
pub(crate) const VISITED_PCSCF: &str = "visited P-CSCF";
pub(crate) const ICSCF: &str = "I-CSCF";
pub(crate) const SCSCF: &str = "S-CSCF";
pub(crate) const HSS: &str = "HSS";
pub(crate) const APPLICATION_SERVER: &str = "AS";
/// What there is for migration in a system, if there are several.
pub(crate) const MIGRATION_SERVER: &str = "migration server";
pub(crate) const DIAMETER_RELAY: &str = "Diameter relay";
/// The one box of a plain SIP network.
pub(crate) const SIP_PROXY: &str = "SIP proxy";

/// Name of a box of a system; none: of the first one.
pub(crate) fn name_in(system: Option<&str>, own: &str) -> String {
    system.map_or_else(|| own.to_owned(), |system| format!("{system}.{own}"))
}

/// Addresses of the boxes of the first system.
pub(crate) fn address_of(name: &str) -> IpAddr {
    address_in(0, name)
}

/// Addresses of the boxes of a system by their names in it.
pub(crate) fn address_in(system: u8, name: &str) -> IpAddr {
    let service = Service::all_boxes().find(|own| own.name == name);
    let own = match name {
        ICSCF => NetworkBox::Icscf,
        SCSCF => NetworkBox::Scscf,
        HSS => NetworkBox::Hss,
        APPLICATION_SERVER => NetworkBox::As,
        VISITED_PCSCF => NetworkBox::VisitedPcscf,
        SIP_PROXY => NetworkBox::SipProxy,
        MIGRATION_SERVER => NetworkBox::MigrationServer,
        DIAMETER_RELAY => NetworkBox::DiameterRelay,
        _ => service.map_or(NetworkBox::Pcscf, |own| own.place),
    };
    own.ip_in(system)
}

impl Scenario {
    /// Names and addresses of a UE with a subscription.
    pub(crate) fn ims_identity(&self, ue: &str) -> Option<Identity> {
        let index = self.ues.iter().position(|u| u.name == ue)?;
        let system = self.ues[index].system.as_deref();
        let ims = self.ims_of(&self.ues[index])?;
        let domain = &ims.domain;
        let own = self.ues[index].ims.as_ref()?;
        let user = own.same_user_as.as_deref().unwrap_or(ue);
        let user_index = self.ues.iter().position(|u| u.name == user)?;
        let number = index + 1;
        let pcscf = match own.is_visiting() {
            _ if ims.is_plain() => NetworkBox::SipProxy,
            true => NetworkBox::VisitedPcscf,
            false => NetworkBox::Pcscf,
        };
        Some(Identity {
            impi: format!("{}{number:010}@{domain}", self.plmn_digits(system)),
            impu: format!("sip:{user}@{domain}"),
            tel: format!("tel:+999{:08}", user_index + 1),
            contact: SocketAddr::new(Ipv4Addr::from(FIRST_UE + number as u32).into(), SIP_PORT),
            pcscf,
            system: system.map(str::to_owned),
        })
    }
}

/// UEs have the addresses after this one.
const FIRST_UE: u32 = u32::from_be_bytes([10, 45, 0, 0]);

/// Reads `[ims]`.
pub(super) fn ims(t: &mut Table<'_>) -> Ims {
    let servers = [("none", ApplicationServer::None), ("test", ApplicationServer::Test)];
    let securities = [("off", ImsSecurity::Off), ("sec_agree", ImsSecurity::SecAgree), ("tls", ImsSecurity::Tls)];
    Ims {
        network: t.choice_or("network", &NETWORKS, NetworkCore::Ims),
        domain: t.text_or("domain", || HOME_DOMAIN.into()),
        security: t.built("security", &securities, &["ipsec_3gpp"], ImsSecurity::Off),
        expires_s: t.optional_integer("expires_s", 60..=600_000).unwrap_or(DEFAULT_EXPIRES_S),
        gm_delay_ms: t.optional_integer("gm_delay_ms", 0..=10_000).unwrap_or(10),
        core_delay_ms: t.optional_integer("core_delay_ms", 0..=10_000).unwrap_or(1),
        application_server: t.choice_or("application_server", &servers, ApplicationServer::None),
        services: t.optional_choices("services", &Service::ALL),
        third_parties: t.tables("third_party", 0..=MAX_THIRD_PARTIES, third_party),
        groups: t.tables("group", 0..=MAX_GROUPS, group),
        bearers: t.optional_table("bearers", bearers),
        visited: t.optional_text("visited"),
        session_expires_s: t.optional_integer("session_expires_s", 90..=86_400),
    }
}

/// Networks, as scenarios and the command line write them.
pub(crate) const NETWORKS: [(&str, NetworkCore); 2] = [("ims", NetworkCore::Ims), ("sip", NetworkCore::Sip)];
const MAX_THIRD_PARTIES: usize = 16;
const MAX_GROUPS: usize = 64;

/// TS 24.229 clause 5.1.1.2.1.
const DEFAULT_EXPIRES_S: u32 = 600_000;

/// Reads `ims = { ... }` of a UE.
pub(super) fn ue_ims(t: &mut Table<'_>) -> UeIms {
    let networks = [("home", AccessNetwork::Home), ("visited", AccessNetwork::Visited)];
    UeIms {
        auth: t.choice_or("auth", &[("aka", ImsAuth::Aka), ("digest", ImsAuth::Digest)], ImsAuth::Aka),
        network: t.choice_or("network", &networks, AccessNetwork::Home),
        same_user_as: t.optional_text("same_user_as"),
        answers_after_ms: t.optional_integer("answers_after_ms", 0..=600_000),
        mbms: t.yes_no("mbms", false),
        cell: t.choice_or("cell", &[("carrier", UeCell::Carrier), ("other", UeCell::Other)], UeCell::Carrier),
        credit: t.optional_integer("credit", 0..=1_000_000_000),
    }
}

/// A decision as scenarios write it.
pub(super) mod yes_no {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives fields by reference")]
    pub(in crate::scenario) fn serialize<S: Serializer>(value: &bool, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(if *value { "yes" } else { "no" })
    }

    pub(in crate::scenario) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
        let word = String::deserialize(from)?;
        match word.as_str() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(serde::de::Error::custom(format!("{word}: \"yes\" or \"no\""))),
        }
    }
}
