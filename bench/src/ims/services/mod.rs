//! The services of a scenario: their nodes, the criteria by which requests reach them, the documents of UEs. Each has a file
//! of its own.

pub(crate) mod conference;
pub(crate) mod presence;
pub(crate) mod xdm;

use std::fmt::Write as _;
use std::net::SocketAddr;

use core_network::ims::{Fabric, ImsNode, Role, TrustedPeer};
use protocol::Entropy;
use protocol::sip::HostTable;

use super::network::{add, memory, sip};
use crate::errors::CommandError;
use crate::scenario::{Ims, SCSCF, Scenario, Service, address_of};

/// Host name of a service.
pub(super) fn host(service: Service, domain: &str) -> String {
    format!("{}.{domain}", service.label())
}

/// Where the HTTP of a service is.
pub(crate) fn web(service: Service) -> SocketAddr {
    SocketAddr::new(address_of(service.server()), HTTP_PORT)
}

/// RFC 9110 clause 4.2.1.
const HTTP_PORT: u16 = 80;

/// What the node of a service is made from.
struct Site<'a> {
    scenario: &'a Scenario,
    ims: &'a Ims,
    hosts: &'a HostTable,
    service: Service,
}

impl Site<'_> {
    fn host(&self) -> String {
        host(self.service, &self.ims.domain)
    }

    fn uri(&self) -> String {
        format!("sip:{}", self.host())
    }

    fn sip(&self) -> SocketAddr {
        sip(self.service.server())
    }

    fn entropy(&self) -> Entropy {
        Entropy::of_box(self.scenario.seed, self.service.server())
    }

    /// Who comes to it with asserted identities.
    fn trusted(&self) -> Vec<TrustedPeer> {
        vec![TrustedPeer { ip: address_of(SCSCF), port: None }]
    }

    fn node(&self) -> Result<Box<dyn ImsNode>, CommandError> {
        match self.service {
            Service::Presence => presence::node(self),
            Service::Xdm => xdm::node(self),
            Service::Conference => conference::node(self),
        }
    }
}

/// Adds the nodes that a scenario names.
pub(super) fn add_all(fabric: &mut Fabric, scenario: &Scenario, hosts: &HostTable) -> Result<(), CommandError> {
    let Some(ims) = &scenario.ims else { return Ok(()) };
    for &service in &ims.services {
        let site = Site { scenario, ims, hosts, service };
        add(fabric, service.server(), role(service), site.node()?, memory()?);
    }
    Ok(())
}

/// What it is to the boxes around it.
fn role(service: Service) -> Role {
    match service {
        Service::Presence | Service::Xdm | Service::Conference => Role::As,
    }
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
        Service::Presence => presence::TRIGGERS,
        // Users reach them on Ut, and by their URIs.
        Service::Xdm | Service::Conference => &[],
    }
}
