//! Multimedia messages of a scenario (TR 23.804 clause 8.11): two MMS Relay/Servers, what they know of UEs and of each other,
//! and what the IP-Message-GW and the SM-SC know of them.

use std::net::SocketAddr;
use std::time::Duration;

use core_network::ims::{NetworkBox, NetworkPlan, TrustedPeer};
use core_network::mms::{MmsPush, MmsRelay, MmsRelayConfig, MmsSubscriber, OtherRelay, PushGateway};
use core_network::node::Fabric;
use core_network::sms::sm_sc::EsmeAccount;
use core_network::sms::{GatewayMms, GatewayRelay, SmppPeer};
use hil::agent::mms::{MmsConfig, OnNotification};
use protocol::Entropy;
use protocol::diameter::charging::NodeFunctionality;

use super::charging::offline;
use super::identity;
use super::sms::msisdn;
use crate::errors::CommandError;
use crate::ims::network::{add, bench, memory};
use crate::scenario::{self, Identity, MMS_BOXES, Mms, MmsBy, MmsRelayOf, MmsRetrieval, Scenario, UeMms};

/// SMTP (RFC 5321 clause 4.5.4.2).
const SMTP_PORT: u16 = 25;
/// SMPP (registered by IANA).
const SMPP_PORT: u16 = 2775;
/// Where pushes over SMS come from.
const PUSH_NUMBERS: [&str; 2] = ["99901", "99902"];

/// URL of a relay.
fn url(relay: MmsRelayOf) -> String {
    format!("http://{}", relay.place().ip())
}

/// The name of a relay at the SM-SC.
const fn system_id(relay: MmsRelayOf) -> &'static str {
    match relay {
        MmsRelayOf::Own => "mmsc",
        MmsRelayOf::Far => "far-mmsc",
    }
}

/// Eight characters at most (SMPP 3.4 clause 5.2.2).
fn password(scenario: &Scenario, relay: MmsRelayOf) -> String {
    Entropy::of_box(scenario.seed, &format!("{} password", relay.server())).token(8)
}

/// UEs with multimedia messages.
fn phones(scenario: &Scenario) -> impl Iterator<Item = (&scenario::Ue, &UeMms, Identity)> {
    scenario.ues.iter().filter_map(|ue| Some((ue, ue.mms.as_ref()?, scenario.ims_identity(&ue.name)?)))
}

/// Numbers of the subscribers of a relay.
fn numbers(scenario: &Scenario, relay: MmsRelayOf) -> Vec<String> {
    let own = phones(scenario).filter(|(_, own, _)| own.relay == relay);
    own.map(|(_, _, identity)| msisdn(&identity).to_owned()).collect()
}

/// What the HLR has of a subscriber without short messages, as it reads it (TOML): the IP-Message-GW registers its users there.
pub(in crate::ims) fn subscription(identity: &Identity) -> String {
    format!("msisdn = [\"{}\"]\n[subscriber.sms]\n", msisdn(identity))
}

/// What leads multimedia messages of users to the gateway (TR 23.804 clauses 8.11.1 and 8.11.2).
pub(in crate::ims) fn criteria(plan: &NetworkPlan) -> String {
    let server = format!("sip:{}", plan.host(NetworkBox::IpMessageGw));
    let criterion = |(priority, media): (u8, &str)| {
        format!(
            "[[profile.ifc]]\npriority = {priority}\nserver = \"{server}\"\nconjunctive = true\n\
             trigger = [{{ group = [0], method = \"MESSAGE\" }}, \
             {{ group = [1], header = \"Content-Type\", content = \"{media}\" }}, \
             {{ group = [2], session_case = \"originating\" }}]\n"
        )
    };
    [(22, "application/vnd[.]wap[.]mms-message"), (23, "message/http")].map(criterion).concat()
}

/// What the IP-Message-GW knows of the relays.
pub(super) fn gateway(scenario: &Scenario) -> Option<GatewayMms> {
    let mms = scenario.mms.as_ref()?;
    let relay = |relay: MmsRelayOf| GatewayRelay {
        url: url(relay),
        from: vec![TrustedPeer::host(relay.place().ip())],
        numbers: numbers(scenario, relay),
    };
    let relays = [MmsRelayOf::Own, MmsRelayOf::Far].map(relay).to_vec();
    Some(GatewayMms { largest: mms.ims_largest, ..GatewayMms::new(relays) })
}

/// What the SM-SC knows of them.
pub(super) fn accounts(scenario: &Scenario) -> Result<Vec<EsmeAccount>, CommandError> {
    let account = |relay: MmsRelayOf| {
        let mut entropy = Entropy::of_box(scenario.seed, &format!("{} hash", relay.server()));
        let hash = identity::hash(&password(scenario, relay), &mut entropy)?;
        let from = vec![TrustedPeer::host(relay.place().ip())];
        Ok(EsmeAccount { from, ..EsmeAccount::new(system_id(relay), hash) })
    };
    scenario.mms.iter().flat_map(|_| [MmsRelayOf::Own, MmsRelayOf::Far]).map(account).collect()
}

/// Adds the relays.
pub(super) fn add_boxes(fabric: &mut Fabric, scenario: &Scenario, plan: &NetworkPlan) -> Result<(), CommandError> {
    let Some(mms) = &scenario.mms else { return Ok(()) };
    for (own, relay) in MMS_BOXES.iter().zip([MmsRelayOf::Own, MmsRelayOf::Far]) {
        let config = config(scenario, plan, mms, relay);
        let node = MmsRelay::new(config, Entropy::of_box(scenario.seed, own.name)).map_err(bench)?;
        add(fabric, plan, (own.name, own.place), Box::new(node), memory()?);
    }
    Ok(())
}

fn config(scenario: &Scenario, plan: &NetworkPlan, mms: &Mms, relay: MmsRelayOf) -> MmsRelayConfig {
    let gateway = NetworkBox::IpMessageGw.ip();
    let domain = |relay: MmsRelayOf| plan.host(relay.place());
    let mut config = MmsRelayConfig::new(&domain(relay), &url(relay));
    config.subscribers = phones(scenario).filter(|(_, own, _)| own.relay == relay).map(subscriber).collect();
    let other = relay.other();
    let next_hop = SocketAddr::new(other.place().ip(), SMTP_PORT);
    let numbers = numbers(scenario, other);
    config.relays = vec![OtherRelay { numbers, ..OtherRelay::new(system_id(other), &domain(other), next_hop) }];
    config.trusted = vec![TrustedPeer::host(gateway)];
    let sm_sc = SocketAddr::new(NetworkBox::SmSc.ip(), SMPP_PORT);
    config.sm_sc = Some(SmppPeer::new("sm-sc", sm_sc, system_id(relay), &password(scenario, relay)));
    config.push_number = PUSH_NUMBERS[relay as usize].to_owned();
    config.gateway = Some(PushGateway {
        url: format!("http://{gateway}/pap"),
        domain: plan.host(NetworkBox::IpMessageGw),
        from: Vec::new(),
    });
    if !mms.media_types.is_empty() {
        config.media_types.clone_from(&mms.media_types);
    }
    config.limits.octets = mms.largest;
    config.times.expiry = Duration::from_secs(mms.expiry_s);
    config.times.max_expiry = config.times.max_expiry.max(config.times.expiry);
    config.times.push_retry = mms.push_retry_s.iter().copied().map(Duration::from_secs).collect();
    config.utc_ms_at_zero = plan.utc_ms_at_zero;
    // The CDF is that of this network.
    if relay == MmsRelayOf::Own {
        config.charging = offline(scenario, plan, relay.place(), NodeFunctionality::As);
    }
    config
}

/// UEs are known by their addresses.
fn subscriber((ue, own, identity): (&scenario::Ue, &UeMms, Identity)) -> MmsSubscriber {
    let push = match own.push {
        scenario::MmsPush::Sip if ue.sms.is_some() => vec![MmsPush::Sip, MmsPush::Sms],
        scenario::MmsPush::Sip => vec![MmsPush::Sip],
        scenario::MmsPush::Sms => vec![MmsPush::Sms],
    };
    let from = vec![TrustedPeer::host(identity.contact.ip())];
    let identities = vec![identity.impu.clone()];
    MmsSubscriber { push, from, identities, ..MmsSubscriber::new(msisdn(&identity)) }
}

/// What a UE knows of its relay.
pub(in crate::ims) fn agent(plan: &NetworkPlan, mms: &Mms, own: &UeMms) -> MmsConfig {
    let relay = format!("{}/", url(own.relay));
    let gateway = format!("sip:{}", plan.host(NetworkBox::IpMessageGw));
    let mut config = match own.by {
        MmsBy::Ims => MmsConfig::ims(&gateway, &relay),
        // Pushes come in MESSAGEs all the same.
        MmsBy::Http => MmsConfig { gateway, ..MmsConfig::http(&relay) },
    };
    config.ims_largest = mms.ims_largest;
    config.on_notification = match own.retrieval {
        MmsRetrieval::Immediate => OnNotification::Retrieve,
        MmsRetrieval::Deferred => OnNotification::Defer,
        MmsRetrieval::Rejected => OnNotification::Reject,
        MmsRetrieval::Ignored => OnNotification::Ignore,
    };
    config.read_reports = own.read_reports;
    config.report_allowed = Some(own.report_allowed);
    config
}
