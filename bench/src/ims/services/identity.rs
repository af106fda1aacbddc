//! The identity server of a scenario: the users of all UEs, their passwords and mission critical service IDs, and the client
//! that they log in with.

use core_network::ims::xdm::XdmTokens;
use core_network::ims::{NetworkBox, NetworkPlan};
use core_network::mc::{
    HashedPassword, IdentityServer, IdmsClient, IdmsConfig, MC_SCOPES, McUser, TokenSigner, TokenVerifier,
};
use core_network::node::Node;
use protocol::Entropy;

use super::{Site, exposure};
use crate::errors::CommandError;
use crate::ims::mc_login::{CLIENT_ID, REDIRECT_URI};
use crate::ims::network::{bench, entropy};
use crate::scenario::{Scenario, Service};

pub(super) fn node(site: &Site<'_>) -> Result<Box<dyn Node>, CommandError> {
    let mut entropy = site.entropy();
    let mut config = IdmsConfig::new(&issuer(&site.plan.domain), &site.plan.domain, signer(site.scenario, site.plan));
    config.utc_ms_at_zero = site.plan.utc_ms_at_zero;
    for ue in site.scenario.ues.iter().filter(|ue| ue.ims.is_some()) {
        config.users.push(McUser {
            mc_id: ue.name.clone(),
            password: hash(&password(site.scenario, &ue.name), &mut entropy)?,
            mcptt_id: Some(mcptt_id(&site.plan.domain, &ue.name)),
            mcvideo_id: None,
            mcdata_id: None,
        });
    }
    let guests = site.scenario.guests(site.plan.name.as_deref());
    for visitor in guests.filter_map(|(ue, _)| site.scenario.visitor_identity(ue)) {
        config.users.push(McUser {
            password: hash(&password(site.scenario, &visitor.mc_id), &mut entropy)?,
            mcptt_id: Some(mcptt_id(&site.plan.domain, &visitor.mc_id)),
            mc_id: visitor.mc_id,
            mcvideo_id: None,
            mcdata_id: None,
        });
    }
    config.clients.push(IdmsClient {
        id: CLIENT_ID.to_owned(),
        secret: None,
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        scopes: MC_SCOPES.map(str::to_owned).into(),
        acts_for_itself: false,
    });
    config.clients.extend(exposure::clients(site.scenario, &mut entropy)?);
    Ok(Box::new(IdentityServer::new(config, entropy).map_err(bench)?))
}

/// The cost of a hash is for those who guess: nobody does here.
pub(super) fn hash(password: &str, entropy: &mut Entropy) -> Result<HashedPassword, CommandError> {
    HashedPassword::of_cost(password, COST, 1, entropy).map_err(bench)
}

/// Kibibytes.
const COST: u32 = 8;

/// The key that tokens are signed with: of the scenario's seed.
fn signer(scenario: &Scenario, plan: &NetworkPlan) -> TokenSigner {
    TokenSigner::generate(&mut entropy(scenario, plan, "key of the identity server"))
}

/// Checks its tokens.
pub(super) fn verifier(scenario: &Scenario, plan: &NetworkPlan) -> TokenVerifier {
    TokenVerifier::new(&issuer(&plan.domain), &plan.domain, signer(scenario, plan).public())
}

/// For the XDM server, if there is an identity server.
pub(super) fn tokens(site: &Site<'_>) -> Option<XdmTokens> {
    let has_identities = site.scenario.ims.as_ref().is_some_and(|ims| ims.has(Service::Identity));
    let verifier = verifier(site.scenario, site.plan);
    has_identities.then_some(XdmTokens { verifier, utc_ms_at_zero: site.plan.utc_ms_at_zero })
}

/// `iss` of its tokens: on the wire it is behind TLS.
pub(crate) fn issuer(domain: &str) -> String {
    format!("https://{}.{domain}", NetworkBox::Idms.label())
}

/// The MCPTT ID of the user of a UE (TS 23.280 clause 8.1.2).
pub(crate) fn mcptt_id(domain: &str, ue: &str) -> String {
    format!("sip:{ue}@mcptt.{domain}")
}

/// The password of a user: every one has its own, of the scenario's seed.
pub(crate) fn password(scenario: &Scenario, ue: &str) -> String {
    Entropy::of_box(scenario.seed, &format!("{ue} MC password")).token(16)
}

/// Path of the document of a group in the tree of its owner (TS 24.481 clause 7.2.10).
pub(crate) fn group_path(owner: &str) -> String {
    format!("/org.openmobilealliance.groups/users/{owner}/group")
}

/// The document of a group (TS 24.481 clause 7.2).
pub(crate) fn group_document(domain: &str, owner: &str, members: &[String]) -> String {
    let entries: String = members.iter().map(|ue| format!("<entry uri=\"{}\"/>", mcptt_id(domain, ue))).collect();
    let uri = format!("sip:group-of-{owner}@{}.{domain}", NetworkBox::Xdms.label());
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<group xmlns=\"urn:oma:xml:poc:list-service\">\
         <list-service uri=\"{uri}\"><list>{entries}</list></list-service></group>\n"
    )
}
