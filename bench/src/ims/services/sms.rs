//! Short messages of a scenario (TR 23.804): IP-Message-GW, SMS-GMSC, SM-SC, MSC and SGSN, their numbers, and what the HLR
//! knows of UEs.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use core_network::ims::hss::{HlrConfig, PresencePeer};
use core_network::ims::{NetworkBox, NetworkPlan, TrustedPeer};
use core_network::node::{Fabric, Node};
use core_network::sms::{
    IpMessageGw, IpMessageGwConfig, RetrySchedule, ServedSubscriber, ServiceCentre, ServingNode, ServingNodeConfig,
    ServingNodeKind, ServingNodeQueue, SmSc, SmScConfig, SmppPeer, SmsCharging, SmsChargingConfig, SmsCreditConfig,
    SmsGmsc, SmsGmscConfig, Validity,
};
use protocol::diameter::charging::NodeFunctionality;
use protocol::map::diagnostic;
use protocol::{Entropy, Secret};

use super::charging::offline;
use crate::errors::CommandError;
use crate::ims::network::{add, bench, memory};
use crate::scenario::{
    Identity, MSC, SGSN, SMS_BOXES, Scenario, Served, Service, SmScKind, Sms, SmsAccess, SmsBy, UeSms,
};

/// E.164 numbers of the boxes: country code 999 is not in use (E.164 annex D).
const HLR_NUMBER: &str = "999700000001";
const GATEWAY_NUMBER: &str = "999700000002";
const GMSC_NUMBER: &str = "999700000003";
const MSC_NUMBER: &str = "999700000004";
const SGSN_NUMBER: &str = "999700000005";
/// Address of the service centre.
pub(crate) const SERVICE_CENTRE: &str = "999700000009";
/// SMPP (registered by IANA).
const SMPP_PORT: u16 = 2775;
/// The name of the SM-SC at the SMS-GMSC.
const SYSTEM_ID: &str = "sm-sc";

/// MSC and SGSN tell here what has become of messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServingNodes {
    pub(crate) msc: ServingNodeQueue,
    pub(crate) sgsn: ServingNodeQueue,
}

/// Number of a UE's subscriber, digits alone.
pub(crate) fn msisdn(identity: &Identity) -> &str {
    identity.tel.trim_start_matches("tel:+")
}

/// Its IMSI (TS 23.003 clause 13.3).
pub(crate) fn imsi(identity: &Identity) -> &str {
    identity.impi.split('@').next().unwrap_or_default()
}

/// UEs with short messages.
fn phones(scenario: &Scenario) -> impl Iterator<Item = (&UeSms, Identity)> {
    scenario.ues.iter().filter_map(|ue| Some((ue.sms.as_ref()?, scenario.ims_identity(&ue.name)?)))
}

/// The HLR of the HSS.
pub(in crate::ims) fn hlr(scenario: &Scenario, plan: &NetworkPlan) -> Result<Option<HlrConfig>, CommandError> {
    if scenario.sms.is_none() {
        return Ok(None);
    }
    let mut hlr = HlrConfig::new(HLR_NUMBER).map_err(bench)?;
    hlr.gateways = vec![GATEWAY_NUMBER.to_owned()];
    let has_presence = scenario.ims.as_ref().is_some_and(|ims| ims.has(Service::Presence));
    hlr.presence =
        has_presence.then(|| PresencePeer { host: plan.host(NetworkBox::Presence), realm: plan.domain.clone() });
    Ok(Some(hlr))
}

/// What the HLR has of a subscriber, as it reads it (TOML).
pub(in crate::ims) fn subscription(own: &UeSms, identity: &Identity) -> String {
    let mut text = format!("msisdn = [\"{}\"]\n[subscriber.sms]\n", msisdn(identity));
    let list = |order: &[SmsAccess]| {
        let words: Vec<String> = order.iter().map(|over| format!("\"{}\"", over.as_str())).collect();
        format!("[{}]", words.join(", "))
    };
    // Writing to a string cannot fail.
    let mut line = |words: String| _ = writeln!(text, "{words}");
    if own.msc.is_some() {
        line(format!("msc = \"{MSC_NUMBER}\""));
    }
    if own.sgsn.is_some() {
        line(format!("sgsn = \"{SGSN_NUMBER}\""));
    }
    if !own.order.is_empty() {
        line(format!("mt_order = {}", list(&own.order)));
    }
    if !own.prefers.is_empty() {
        line(format!("user_order = true\nuser_mo_order = {}", list(&own.prefers)));
    }
    text
}

/// What leads short messages and registrations of users to the gateway (TS 23.204 clause 6.1; TR 23.804 clauses 8.7 to 8.10).
pub(in crate::ims) fn criteria(plan: &NetworkPlan) -> String {
    let server = format!("sip:{}", plan.host(NetworkBox::IpMessageGw));
    let criterion = |(priority, more, triggers): (u8, &str, &str)| {
        format!(
            "[[profile.ifc]]\npriority = {priority}\nserver = \"{server}\"\nconjunctive = true\n{more}trigger = [{triggers}]\n"
        )
    };
    let register = "{ group = [0], method = \"REGISTER\" }";
    let message = "{ group = [0], method = \"MESSAGE\" }, \
                   { group = [1], header = \"Content-Type\", content = \"application/vnd[.]3gpp[.]sms\" }, \
                   { group = [2], session_case = \"originating\" }";
    [(20, "include_register_request = true\n", register), (21, "", message)].map(criterion).concat()
}

/// Adds the boxes that a scenario names.
pub(super) fn add_boxes(
    fabric: &mut Fabric,
    scenario: &Scenario,
    plan: &NetworkPlan,
) -> Result<Option<ServingNodes>, CommandError> {
    let Some(sms) = &scenario.sms else { return Ok(None) };
    let site = SmsSite { scenario, plan, sms };
    let mut nodes = ServingNodes::default();
    for own in &SMS_BOXES {
        let entropy = Entropy::of_box(scenario.seed, own.name);
        let (node, numbers): (Box<dyn Node>, &[&str]) = match own.place {
            NetworkBox::IpMessageGw => {
                let node = IpMessageGw::new(site.gateway(), entropy).map_err(bench)?;
                (Box::new(node.with_charging(site.charging())), &[GATEWAY_NUMBER])
            }
            NetworkBox::SmsGmsc => {
                (Box::new(SmsGmsc::new(site.gmsc(), entropy).map_err(bench)?), &[GMSC_NUMBER, SERVICE_CENTRE])
            }
            NetworkBox::SmSc => (Box::new(SmSc::new(site.sm_sc()?, entropy).map_err(bench)?), &[]),
            NetworkBox::Msc => {
                let node = ServingNode::new(site.serving_node(ServingNodeKind::Msc), entropy).map_err(bench)?;
                nodes.msc = node.events();
                (Box::new(node), &[MSC_NUMBER])
            }
            _ => {
                let node = ServingNode::new(site.serving_node(ServingNodeKind::Sgsn), entropy).map_err(bench)?;
                nodes.sgsn = node.events();
                (Box::new(node), &[SGSN_NUMBER])
            }
        };
        add(fabric, plan, (own.name, own.place), node, memory()?);
        numbers.iter().for_each(|number| _ = fabric.set_global_title(own.name, number));
    }
    _ = fabric.set_global_title(crate::scenario::HSS, HLR_NUMBER);
    Ok(Some(nodes))
}

/// What the boxes are made from.
struct SmsSite<'a> {
    scenario: &'a Scenario,
    plan: &'a NetworkPlan,
    sms: &'a Sms,
}

impl SmsSite<'_> {
    fn gateway(&self) -> IpMessageGwConfig {
        let own = NetworkBox::IpMessageGw;
        let (plan, ms) = (self.plan, Duration::from_millis);
        let uri = format!("sip:{}", plan.host(own));
        let mut config = IpMessageGwConfig::new(&uri, &plan.domain, own.sip(), GATEWAY_NUMBER, HLR_NUMBER);
        config.hosts = plan.hosts();
        config.trusted = vec![TrustedPeer { ip: plan.core.asserts().ip(), port: None }];
        config.uses_tel_uri = true;
        config.service_centre = Some(SERVICE_CENTRE.to_owned());
        config.registration.guard = ms(self.sms.guard_ms);
        config.answer_time = ms(self.sms.patience_ms);
        config.mms = super::mms::gateway(self.scenario);
        config.utc_ms_at_zero = plan.utc_ms_at_zero;
        config
    }

    /// A record of each message for the CDF, if there is one, and an OCS that is asked for each (TR 23.804 clause 7).
    fn charging(&self) -> SmsCharging {
        let own = NetworkBox::IpMessageGw;
        let Some(rf) = offline(self.scenario, self.plan, own, NodeFunctionality::As) else { return SmsCharging::off() };
        let ro = || SmsCreditConfig::new(self.plan.diameter(own, NetworkBox::Ocs), &self.plan.domain);
        let (gateway, utc_ms_at_zero) = (GATEWAY_NUMBER.to_owned(), self.plan.utc_ms_at_zero);
        let config = SmsChargingConfig { rf: Some(rf), ro: self.sms.online.then(ro), gateway, utc_ms_at_zero };
        SmsCharging::new(config, Entropy::of_box(self.scenario.seed, "IP-Message-GW charging"))
    }

    fn gmsc(&self) -> SmsGmscConfig {
        let (address, system_id) = (SERVICE_CENTRE.to_owned(), SYSTEM_ID.to_owned());
        let centre = ServiceCentre { address, system_id, password: Secret::new(self.password()), from: Vec::new() };
        let mut config = SmsGmscConfig::new(GMSC_NUMBER, HLR_NUMBER, vec![centre]);
        (config.ip_messaging, config.gprs) = (self.sms.ip_messaging, self.sms.gprs);
        config.utc_ms_at_zero = self.plan.utc_ms_at_zero;
        config
    }

    fn sm_sc(&self) -> Result<SmScConfig, CommandError> {
        let gmsc = SocketAddr::new(NetworkBox::SmsGmsc.ip(), SMPP_PORT);
        let s = Duration::from_secs;
        let mut config = SmScConfig::new(SERVICE_CENTRE);
        config.message_centres = vec![SmppPeer::new("sms-gmsc", gmsc, SYSTEM_ID, &self.password())];
        config.validity = Validity { default: s(self.sms.validity_s), ..Validity::default() };
        let pauses: Vec<_> = self.sms.retry_s.iter().map(|&pause| s(pause)).collect();
        let (absent, memory_full, refused) = (pauses.clone(), pauses.clone(), pauses.clone());
        config.retry = RetrySchedule { absent, memory_full, network: pauses, refused };
        config.sc_type = match self.sms.kind {
            SmScKind::Normal => 0,
            SmScKind::VoiceMail => 1,
            SmScKind::VideoMail => 2,
        };
        config.accounts = super::mms::accounts(self.scenario)?;
        config.utc_ms_at_zero = self.plan.utc_ms_at_zero;
        Ok(config)
    }

    fn serving_node(&self, kind: ServingNodeKind) -> ServingNodeConfig {
        let (number, own) = match kind {
            ServingNodeKind::Msc => (MSC_NUMBER, NetworkBox::Msc),
            ServingNodeKind::Sgsn => (SGSN_NUMBER, NetworkBox::Sgsn),
        };
        let mut config = ServingNodeConfig::new(kind, number, HLR_NUMBER);
        config.address = own.ip();
        let subscriber = |(sms, identity): (&UeSms, Identity)| {
            let served = if kind == ServingNodeKind::Msc { sms.msc } else { sms.sgsn };
            let (imsi, msisdn) = (imsi(&identity).to_owned(), msisdn(&identity).to_owned());
            Some(ServedSubscriber { imsi, msisdn, service: service(served?) })
        };
        config.subscribers = phones(self.scenario).filter_map(subscriber).collect();
        config
    }

    /// Eight characters at most (SMPP 3.4 clause 5.2.2).
    fn password(&self) -> String {
        Entropy::of_box(self.scenario.seed, "SM-SC password").token(8)
    }
}

/// What becomes of messages at a serving node.
pub(crate) fn service(served: Served) -> core_network::sms::Service {
    use core_network::sms::Service;
    match served {
        Served::Delivers => Service::Delivers,
        Served::Absent => Service::Absent(Some(diagnostic::IMSI_DETACHED)),
        Served::MemoryFull => Service::MemoryFull,
        Served::Silent => Service::Silent,
    }
}

/// The name of the box of a serving node.
pub(crate) const fn serving_node(over: SmsAccess) -> &'static str {
    if matches!(over, SmsAccess::Sgsn) { SGSN } else { MSC }
}

/// Where UEs register over R2.
pub(in crate::ims) fn gateway() -> SocketAddr {
    NetworkBox::IpMessageGw.sip()
}

/// A UE that registers straight with the gateway.
pub(crate) fn is_r2(own: &UeSms) -> bool {
    own.by == SmsBy::R2
}
