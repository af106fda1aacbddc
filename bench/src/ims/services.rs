//! The services of a scenario: their nodes, the criteria by which requests reach them, the documents of UEs.

use std::fmt::Write as _;
use std::net::SocketAddr;

use core_network::ims::presence::{PresenceConfig, PresenceServer};
use core_network::ims::xdm::{XdmUser, Xdms, XdmsConfig};
use core_network::ims::{ConferenceConfig, ConferenceServer, Fabric, Role, TrustedPeer};
use protocol::sip::HostTable;
use protocol::xml::SubHandling;
use protocol::{Entropy, Secret};

use super::network::{add, bench, memory, sip};
use crate::errors::CommandError;
use crate::scenario::{SCSCF, Scenario, Service, Ue, address_of};
use crate::setup;

/// Host name of a service.
pub(super) fn host(service: Service, domain: &str) -> String {
    format!("{}.{domain}", service.label())
}

/// Adds the nodes that a scenario names.
pub(super) fn add_all(fabric: &mut Fabric, scenario: &Scenario, hosts: &HostTable) -> Result<(), CommandError> {
    let Some(ims) = &scenario.ims else { return Ok(()) };
    for &service in &ims.services {
        let name = service.server();
        let entropy = Entropy::of_box(scenario.seed, name);
        let uri = format!("sip:{}", host(service, &ims.domain));
        match service {
            Service::Presence => {
                let mut config = PresenceConfig::new(&uri, &ims.domain, sip(name));
                config.trusted = trusted();
                config.hosts = hosts.clone();
                config.utc_ms_at_zero = setup::utc_ms_at_zero();
                config.without_rules = SubHandling::Allow;
                let node = PresenceServer::new(config, entropy).map_err(bench)?;
                add(fabric, name, Role::As, Box::new(node), memory()?);
            }
            Service::Conference => {
                let mut config = ConferenceConfig::new(&host(service, &ims.domain), &ims.domain, sip(name));
                config.entry = Some(format!("sip:icscf.{}", ims.domain));
                config.trusted = trusted();
                config.hosts = hosts.clone();
                config.utc_ms_at_zero = setup::utc_ms_at_zero();
                let node = ConferenceServer::new(config, entropy).map_err(bench)?;
                add(fabric, name, Role::As, Box::new(node), memory()?);
            }
            Service::Xdm => {
                let mut config = XdmsConfig::new(&format!("http://{}", host(service, &ims.domain)), &ims.domain);
                config.users = users(scenario);
                let node = Xdms::new(config, entropy).map_err(bench)?;
                add(fabric, name, Role::As, Box::new(node), memory()?);
            }
        }
    }
    Ok(())
}

/// Who has documents.
fn users(scenario: &Scenario) -> Vec<XdmUser> {
    let user = |ue: &Ue| {
        let identity = scenario.ims_identity(&ue.name)?;
        let password = Secret::new(xcap_password(scenario, &ue.name));
        Some(XdmUser { username: identity.impi, password, identities: vec![identity.impu] })
    };
    scenario.ues.iter().filter_map(user).collect()
}

fn trusted() -> Vec<TrustedPeer> {
    vec![TrustedPeer { ip: address_of(SCSCF), port: None }]
}

/// The initial filter criteria of every user, as the HSS reads them (TOML).
pub(super) fn criteria(scenario: &Scenario) -> String {
    let mut text = String::new();
    let Some(ims) = &scenario.ims else { return text };
    for &service in &ims.services {
        let server = format!("sip:{}", host(service, &ims.domain));
        for (priority, triggers) in triggers(service).iter().enumerate() {
            let priority = usize::from(service.address()) * 10 + priority;
            // Writing to a string cannot fail.
            _ = writeln!(
                text,
                "[[profile.ifc]]\npriority = {priority}\nserver = \"{server}\"\nconjunctive = true\n{triggers}"
            );
        }
    }
    text
}

/// Triggers in conjunctive normal form: groups are disjunctions.
fn triggers(service: Service) -> &'static [&'static str] {
    match service {
        // TS 24.141 clause 5.3: publications and watcher information on the originating side, watchers on the terminating.
        Service::Presence => &[
            "trigger = [{ group = [0], method = \"PUBLISH\" }, { group = [1], header = \"Event\", content = \"^presence\" }, \
             { group = [2], session_case = \"originating\" }]",
            "trigger = [{ group = [0], method = \"SUBSCRIBE\" }, \
             { group = [1], header = \"Event\", content = \"^presence[.]winfo\" }, \
             { group = [2], session_case = \"originating\" }]",
            "trigger = [{ group = [0], method = \"SUBSCRIBE\" }, { group = [1], header = \"Event\", content = \"^presence\" }, \
             { group = [2], session_case = \"terminating_registered\" }, \
             { group = [2], session_case = \"terminating_unregistered\" }]",
        ],
        // Users reach them on Ut, and by their URIs.
        Service::Xdm | Service::Conference => &[],
    }
}

/// The password of a UE on Ut: every one has its own, of the scenario's seed.
pub(super) fn xcap_password(scenario: &Scenario, ue: &str) -> String {
    Entropy::of_box(scenario.seed, &format!("{ue} XCAP password")).token(16)
}

/// Where the HTTP of a service is.
pub(crate) fn web(service: Service) -> SocketAddr {
    SocketAddr::new(address_of(service.server()), HTTP_PORT)
}

/// RFC 9110 clause 4.2.1.
const HTTP_PORT: u16 = 80;

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

/// URI of the factory of conferences (TS 23.003 clause 13.10).
pub(crate) fn conference_factory(domain: &str) -> String {
    format!("sip:conference-factory@{}", host(Service::Conference, domain))
}

/// SDP of a call with audio that every conference mixes (RFC 3551, ITU-T G.711).
pub(crate) fn conference_description(contact: SocketAddr) -> Vec<u8> {
    let ip = contact.ip();
    let lines = [
        "v=0".to_owned(),
        format!("o=- 1 1 IN IP4 {ip}"),
        "s=-".to_owned(),
        format!("c=IN IP4 {ip}"),
        "t=0 0".to_owned(),
        "m=audio 49170 RTP/AVP 8 0".to_owned(),
        "a=rtpmap:8 PCMA/8000".to_owned(),
        "a=rtpmap:0 PCMU/8000".to_owned(),
        "a=sendrecv".to_owned(),
    ];
    lines.iter().flat_map(|line| format!("{line}\r\n").into_bytes()).collect()
}

/// A presence document of one tuple (RFC 3863).
pub(crate) fn presence_document(entity: &str, note: &str) -> String {
    let note = note.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"{entity}\">\
         <tuple id=\"ue\"><status><basic>open</basic></status><note>{note}</note></tuple></presence>\n"
    )
}
