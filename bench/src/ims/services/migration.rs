//! Migration between the systems of a scenario (TS 23.280 clause 10.1.6.2): migration management servers with their bindings,
//! Diameter relays, and the profiles by which UEs know where they may go.

use core_network::ims::relay::DiameterRelay;
use core_network::ims::{NetworkBox, NetworkPlan};
use core_network::mc::{MigrationBinding, MigrationRule, MigrationServer};
use core_network::node::Fabric;
use hil::agent::mc::migration::HomeSystem;
use protocol::mc::user_profile::{PartnerSystem, ProfileEntry, UserProfile};

use super::mc::{group_id, server_uri};
use super::{Site, identity};
use crate::errors::CommandError;
use crate::ims::network::{add, bench, entropy, memory, sips};
use crate::scenario::{
    Binding, DIAMETER_RELAY, ImsSecurity, MIGRATION_SERVER, Mc, McAuth, PRIMARY, Scenario, System, Ue, UeMigrates,
};

/// Index of the profile that a user has.
const PROFILE_INDEX: u8 = 1;
/// Access point of the MC service PDN of a system, where all its services are.
const SERVICE_PDN: &str = "mcptt";

/// Adds what a system has for migration.
pub(in crate::ims) fn add_nodes(
    fabric: &mut Fabric,
    scenario: &Scenario,
    plan: &NetworkPlan,
    others: &[&NetworkPlan],
) -> Result<(), CommandError> {
    let mut config = plan.migration_server(others);
    config.bindings = bindings(scenario, plan);
    config.rules = if plan.name.is_none() { rules(scenario) } else { Vec::new() };
    let node = MigrationServer::new(config, entropy(scenario, plan, MIGRATION_SERVER)).map_err(bench)?;
    add(fabric, plan, (MIGRATION_SERVER, NetworkBox::MigrationServer), Box::new(node), memory()?);
    let relay = DiameterRelay::new(plan.diameter_relay(others), entropy(scenario, plan, DIAMETER_RELAY));
    add(fabric, plan, (DIAMETER_RELAY, NetworkBox::DiameterRelay), Box::new(relay), memory()?);
    Ok(())
}

/// Who may come to a system.
fn bindings(scenario: &Scenario, plan: &NetworkPlan) -> Vec<MigrationBinding> {
    let guests = scenario.guests(plan.name.as_deref()).filter(|(_, own)| own.binding != Binding::Unknown);
    let binding = |(ue, own): (&Ue, &UeMigrates)| {
        let home = scenario.ims_identity(&ue.name)?;
        let there = scenario.visitor_identity(ue)?;
        let binding = MigrationBinding::new(PRIMARY, &there.impi, &home.impi);
        let is_barred = own.binding == Binding::Barred;
        Some(MigrationBinding { is_barred, ..binding.with(&there.impu, &home.impu) })
    };
    guests.filter_map(binding).collect()
}

/// Who may go from the first system, and where.
fn rules(scenario: &Scenario) -> Vec<MigrationRule> {
    let rule = |ue: &Ue| {
        let (own, home) = (ue.migrates.as_ref()?, scenario.ims_identity(&ue.name)?);
        Some(MigrationRule { identities: vec![home.impi], systems: vec![own.to.clone()], barred: false })
    };
    scenario.ues.iter().filter_map(rule).collect()
}

/// What a UE of a system knows of its home.
pub(in crate::ims) fn home(scenario: &Scenario, plan: &NetworkPlan, ue: &str) -> Result<HomeSystem, CommandError> {
    Ok(HomeSystem {
        plmn: scenario.plmn(plan.name.as_deref()).ok_or_else(|| bench("a network has no code"))?,
        mc_id: ue.to_owned(),
        mcptt_id: identity::mcptt_id(&plan.domain, ue),
        profile_index: PROFILE_INDEX,
        has_tokens: scenario.mc.as_ref().is_some_and(|mc| mc.auth == McAuth::Token),
    })
}

/// The profiles of users who may migrate.
pub(super) fn profiles(site: &Site<'_>) -> Result<Vec<String>, CommandError> {
    let mut documents = Vec::new();
    for ue in site.scenario.ues.iter().filter(|ue| ue.ims.is_some()) {
        let Some(own) = &ue.migrates else { continue };
        let system = site.scenario.system_named(Some(&own.to));
        let plan = site.plans.iter().copied().find(|plan| plan.name.as_ref() == Some(&own.to));
        let Some((system, plan)) = system.zip(plan) else { continue };
        let mut profile = UserProfile::new(&identity::mcptt_id(&site.plan.domain, &ue.name), PROFILE_INDEX);
        let groups = site.scenario.mc.iter().flat_map(|mc| groups_of(mc, &site.plan.domain, &ue.name));
        profile.groups = groups.map(|uri| ProfileEntry::new(&uri)).collect();
        profile.partners = vec![partner(site.scenario, (system, plan), ue, own)?];
        documents.push(profile.to_document());
    }
    Ok(documents)
}

fn partner(
    scenario: &Scenario,
    (system, plan): (&System, &NetworkPlan),
    ue: &Ue,
    own: &UeMigrates,
) -> Result<PartnerSystem, CommandError> {
    let there = scenario.visitor_identity(ue).ok_or_else(|| bench("a user goes nowhere"))?;
    let has_tokens = system.mc.as_ref().is_some_and(|mc| mc.auth == McAuth::Token);
    let pcscf = match system.ims.security {
        ImsSecurity::Tls => sips(plan, NetworkBox::Pcscf),
        ImsSecurity::Off | ImsSecurity::SecAgree => plan.sip_of(NetworkBox::Pcscf),
    };
    Ok(PartnerSystem {
        id: own.to.clone(),
        plmn: scenario.plmn(Some(&own.to)).ok_or_else(|| bench("a network has no code"))?,
        service_pdn: SERVICE_PDN.to_owned(),
        common_core_pdn: None,
        identity_pdn: None,
        domain: plan.domain.clone(),
        pcscf,
        private_identity: there.impi,
        public_identity: there.impu,
        identity_server: has_tokens.then(|| identity::issuer(&plan.domain)),
        mcptt_id: identity::mcptt_id(&plan.domain, &there.mc_id),
        mc_id: Some(there.mc_id),
        server: server_uri(plan, own.server).unwrap_or_default(),
        groups: system.mc.iter().flat_map(|mc| groups_of(mc, &plan.domain, &ue.name)).collect(),
    })
}

/// Groups that a user is in.
fn groups_of<'a>(mc: &'a Mc, domain: &'a str, ue: &'a str) -> impl Iterator<Item = String> + use<'a> {
    let own = mc.groups.iter().filter(move |group| group.members.iter().any(|member| member == ue));
    own.map(move |group| group_id(domain, &group.name))
}
