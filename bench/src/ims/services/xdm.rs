//! The XDM server of a scenario, who has documents there, and which.

use core_network::ims::xdm::{XdmUser, Xdms, XdmsConfig};
use core_network::node::Node;
use protocol::{Entropy, Secret};

use super::{Site, identity, migration};
use crate::errors::CommandError;
use crate::ims::network::bench;
use crate::scenario::{Scenario, Ue};

pub(super) fn node(site: &Site<'_>) -> Result<Box<dyn Node>, CommandError> {
    let mut config = XdmsConfig::new(&format!("http://{}", site.host()), &site.plan.domain);
    config.users = users(site.scenario);
    config.tokens = identity::tokens(site);
    config.profiles = migration::profiles(site)?;
    Ok(Box::new(Xdms::new(config, site.entropy()).map_err(bench)?))
}

/// Who has documents.
fn users(scenario: &Scenario) -> Vec<XdmUser> {
    let user = |ue: &Ue| {
        let identity = scenario.ims_identity(&ue.name)?;
        let password = Secret::new(password(scenario, &ue.name));
        Some(XdmUser { username: identity.impi, password, identities: vec![identity.impu] })
    };
    scenario.ues.iter().filter_map(user).collect()
}

/// The password of a UE on Ut: every one has its own, of the scenario's seed.
pub(crate) fn password(scenario: &Scenario, ue: &str) -> String {
    Entropy::of_box(scenario.seed, &format!("{ue} XCAP password")).token(16)
}

/// Path of the list of contacts of a user (RFC 4826 clause 3.4.7).
pub(crate) fn contacts_path(impu: &str) -> String {
    format!("/resource-lists/users/{impu}/index")
}

/// A list of contacts (RFC 4826).
pub(crate) fn contacts_document(contacts: &[String]) -> String {
    let entries: String = contacts.iter().map(|uri| format!("<entry uri=\"{uri}\"/>")).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\">\
         <list name=\"contacts\">{entries}</list></resource-lists>\n"
    )
}
