//! The exposure of a scenario, and the third parties that it lets in.

use std::net::{IpAddr, Ipv4Addr};

use core_network::exposure::{ExposureApi, ExposureClient, ExposureConfig, Quota};
use core_network::ims::TrustedPeer;
use core_network::ims::service::Reach;
use core_network::mc::IdmsClient;
use core_network::node::Node;
use protocol::sip::SipTimers;
use protocol::{Entropy, Secret};

use super::{Site, identity};
use crate::errors::CommandError;
use crate::ims::network::bench;
use crate::scenario::{Ims, Scenario, ThirdParty};

pub(super) fn node(site: &Site<'_>) -> Result<Box<dyn Node>, CommandError> {
    let plan = site.plan;
    let trusted = [plan.core.asserts(), plan.core.entry()].map(|own| TrustedPeer { ip: own.ip(), port: None });
    let third_parties = site.scenario.ims.iter().flat_map(|ims| ims.third_parties.iter().map(move |own| (ims, own)));
    let client = |(ims, client): (&Ims, &ThirdParty)| ExposureClient {
        id: client.name.clone(),
        identity: ims.client_uri(&client.name),
        pseudonyms: false,
        users: Vec::new(),
        reach: Reach { domains: vec![plan.domain.clone()], barred: Vec::new() },
        quota: Quota { per_second: client.per_second, burst: client.burst },
    };
    let config = ExposureConfig {
        name: site.host(),
        local: site.own.place.sockets(),
        trusted: trusted.to_vec(),
        hosts: plan.hosts(),
        timers: SipTimers::default(),
        route: Some(format!("{};lr", plan.entry())),
        tokens: Box::new(identity::verifier(site.scenario, plan)),
        token_url: format!("{}/token", identity::issuer(&plan.domain)),
        clients: third_parties.map(client).collect(),
        open_document: true,
        pseudonym_key: Secret::new(site.entropy().token(32)),
        utc_ms_at_zero: plan.utc_ms_at_zero,
    };
    Ok(Box::new(ExposureApi::new(config, site.entropy()).map_err(bench)?))
}

/// The third parties as the identity server knows them.
pub(super) fn clients(scenario: &Scenario, entropy: &mut Entropy) -> Result<Vec<IdmsClient>, CommandError> {
    let third_parties = scenario.ims.iter().flat_map(|ims| &ims.third_parties);
    let client = |client: &ThirdParty| {
        Ok(IdmsClient {
            id: client.name.clone(),
            secret: Some(identity::hash(&secret(scenario, &client.name), entropy)?),
            redirect_uris: Vec::new(),
            scopes: client.scopes.iter().cloned().collect(),
            acts_for_itself: true,
        })
    };
    third_parties.map(client).collect()
}

/// The secret of a third party: each has its own, of the scenario's seed.
pub(crate) fn secret(scenario: &Scenario, client: &str) -> String {
    Entropy::of_box(scenario.seed, &format!("{client} client secret")).token(24)
}

/// Address of a third party, by its place in the scenario (RFC 5737).
pub(crate) fn address(place: usize) -> IpAddr {
    let last = u8::try_from(place + 1).unwrap_or(u8::MAX);
    Ipv4Addr::new(192, 0, 2, last).into()
}
