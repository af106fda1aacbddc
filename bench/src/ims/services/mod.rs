//! The services of a scenario: their nodes, the criteria by which requests reach them, the documents of UEs. Each has a file
//! of its own.

pub(crate) mod charging;
pub(crate) mod conference;
pub(crate) mod exposure;
pub(crate) mod identity;
pub(crate) mod mbms;
pub(crate) mod mc;
pub(crate) mod messaging;
pub(crate) mod migration;
pub(crate) mod mms;
pub(crate) mod presence;
pub(crate) mod sms;
pub(crate) mod xdm;

use std::fmt::Write as _;
use std::net::SocketAddr;

use core_network::ims::{NetworkBox, NetworkPlan, TrustedPeer};
use core_network::node::{Fabric, Node};
use core_network::sip_network::{Otherwise, Side, SipService};
use protocol::Entropy;

use self::charging::Books;
use self::sms::ServingNodes;
use super::network::{add, add_shared, entropy, memory};
use crate::errors::CommandError;
use crate::scenario::{Scenario, Service, ServiceBox};

/// Where the HTTP of a service of a system is.
pub(crate) fn web(system: u8, service: Service) -> SocketAddr {
    SocketAddr::new(service.place().ip_in(system), HTTP_PORT)
}

/// RFC 9110 clause 4.2.1.
const HTTP_PORT: u16 = 80;

/// What a node of a service is made from.
struct Site<'a> {
    scenario: &'a Scenario,
    plan: &'a NetworkPlan,
    /// Those of all systems.
    plans: &'a [&'a NetworkPlan],
    service: Service,
    own: &'a ServiceBox,
}

impl Site<'_> {
    fn host(&self) -> String {
        self.plan.host(self.own.place)
    }

    fn uri(&self) -> String {
        format!("sip:{}", self.host())
    }

    fn sip(&self) -> SocketAddr {
        self.plan.sip_of(self.own.place)
    }

    fn entropy(&self) -> Entropy {
        entropy(self.scenario, self.plan, self.own.name)
    }

    /// Who comes to it with asserted identities.
    fn trusted(&self) -> Vec<TrustedPeer> {
        vec![TrustedPeer { ip: self.plan.ip(self.plan.core.asserts()), port: None }]
    }

    fn node(&self) -> Result<Box<dyn Node>, CommandError> {
        match self.service {
            Service::Presence => presence::node(self),
            Service::Xdm => xdm::node(self),
            Service::Conference => conference::node(self),
            Service::Messaging => messaging::node(self),
            Service::Charging => charging::node(self),
            Service::Identity => identity::node(self),
            Service::Exposure => exposure::node(self),
            Service::Mbms => mbms::node(self),
        }
    }
}

/// Adds the nodes that a scenario names, `plans` being those of all systems; what charging writes down, if there is charging, and what MSC and SGSN tell.
pub(super) fn add_all(
    fabric: &mut Fabric,
    scenario: &Scenario,
    plan: &NetworkPlan,
    plans: &[&NetworkPlan],
) -> Result<(Option<Books>, Option<ServingNodes>), CommandError> {
    let Some(ims) = &scenario.ims else { return Ok((None, None)) };
    let books = if ims.has(Service::Charging) { Some(Books::new()?) } else { None };
    for &service in &ims.services {
        for own in service.boxes() {
            let site = Site { scenario, plan, plans, service, own };
            let node = site.node()?;
            match (own.place, &books) {
                (NetworkBox::Cdf, Some(books)) => {
                    add_shared(fabric, plan, (own.name, own.place), node, books.cdf.clone())
                }
                (NetworkBox::Ocs, Some(books)) => {
                    add_shared(fabric, plan, (own.name, own.place), node, books.ocs.clone())
                }
                _ => add(fabric, plan, (own.name, own.place), node, memory()?),
            }
        }
    }
    mc::add_servers(fabric, scenario, plan)?;
    mms::add_boxes(fabric, scenario, plan)?;
    Ok((books, sms::add_boxes(fabric, scenario, plan)?))
}

/// The initial filter criteria of a user, as the HSS reads them (TOML); `gateway_asks`: of short messages the IP-Message-GW asks
/// the OCS.
pub(super) fn criteria(services: &[Service], plan: &NetworkPlan, is_prepaid: bool, gateway_asks: bool) -> String {
    let mut text = if is_prepaid { charging::criteria(plan, gateway_asks) } else { String::new() };
    for &service in services {
        let server = format!("sip:{}", plan.host(service.place()));
        for (priority, triggers) in triggers(service).iter().enumerate() {
            let priority = FIRST_PRIORITY + 10 * (service as usize) + priority;
            // Writing to a string cannot fail.
            _ = writeln!(
                text,
                "[[profile.ifc]]\npriority = {priority}\nserver = \"{server}\"\nconjunctive = true\n{triggers}"
            );
        }
    }
    text
}

/// After the application server of the scenario.
const FIRST_PRIORITY: usize = 100;

/// Requests of users, or to them, that a plain SIP network leads by a service.
struct Led {
    method: &'static str,
    /// Event package; none: whatever it is.
    event: Option<&'static str>,
    side: Side,
    /// Users who are registered, or who are not; none: both.
    registered: Option<bool>,
    /// It is told who is registered.
    is_told: bool,
}

/// What a plain SIP network has instead of filter criteria.
pub(super) fn led(services: &[Service], plan: &NetworkPlan) -> Vec<SipService> {
    let of = |service: Service| {
        let of_service = move |led: &Led| SipService {
            uri: format!("sip:{}", plan.host(service.place())),
            methods: vec![led.method.to_owned()],
            events: led.event.iter().map(|&event| event.to_owned()).collect(),
            request_uri: None,
            side: led.side,
            registered: led.registered,
            registers: led.is_told,
            otherwise: Otherwise::Continue,
        };
        let led: &[Led] = match service {
            Service::Presence => presence::LED,
            Service::Messaging => messaging::LED,
            Service::Xdm
            | Service::Conference
            | Service::Charging
            | Service::Identity
            | Service::Exposure
            | Service::Mbms => &[],
        };
        led.iter().map(of_service)
    };
    services.iter().flat_map(|&service| of(service)).collect()
}

/// Triggers in conjunctive normal form: groups are disjunctions.
fn triggers(service: Service) -> &'static [&'static str] {
    match service {
        Service::Presence => presence::TRIGGERS,
        Service::Messaging => messaging::TRIGGERS,
        // Users reach them on Ut, and by their URIs; of charging, prepaid ones have criteria of their own.
        Service::Xdm
        | Service::Conference
        | Service::Charging
        | Service::Identity
        | Service::Exposure
        | Service::Mbms => &[],
    }
}
