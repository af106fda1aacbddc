//! The nodes of MBMS come into the fabric of a run.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use core_network::node::{Fabric, Node, NodeStore, Role, StoreDriver};
use core_network::{BmscNode, EnbNode, MbmsGwNode, MceNode, OnAirFrom};
use protocol::{Entropy, Instant};

use super::config::{self, BMSC, ENB, MBMS_GW, MCE, MbmsSite, PROVIDER, PROVIDER_ADDRESS};
use super::provider::{Plan, Provider};
use super::{Mbms, calendar};
use crate::capacity::Capacity;
use crate::errors::CommandError;
use crate::scenario::Scenario;
use crate::setup;

/// What the carrier of a scenario can do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CarrierTraits<'a> {
    /// Of each MCH, area by area.
    pub(crate) capacity: &'a [Capacity],
    /// The eNB has room for MCCH change notifications.
    pub(crate) notifies_changes: bool,
    /// When UEs can have read an MCCH.
    pub(crate) on_air: OnAirFrom,
}

impl Mbms {
    /// Adds the nodes of a system; `hop` is how long a message takes between two of them.
    pub(crate) fn new(
        fabric: &mut Fabric,
        scenario: &Scenario,
        site: &MbmsSite,
        carrier: CarrierTraits<'_>,
        hop: Duration,
    ) -> Result<Self, CommandError> {
        let CarrierTraits { capacity, notifies_changes, on_air } = carrier;
        let notification = config::notification(scenario, notifies_changes)?;
        let entropy = |name: &str| Entropy::of_box(scenario.seed, &site.named(name));
        let mut add = |name: &str, role, node: Box<dyn Node>| add(fabric, site, (name, role), node);
        add(MBMS_GW, Role::MbmsGw, Box::new(MbmsGwNode::new(config::gateway(site), entropy(MBMS_GW))))?;
        add(BMSC, Role::Bmsc, Box::new(BmscNode::new(config::bmsc(scenario, site, hop)?, entropy(BMSC))))?;
        let mce = MceNode::new(config::mce(scenario, site, capacity, notification, on_air)?);
        add(MCE, Role::Mce, Box::new(mce))?;
        let enb = EnbNode::new(config::enb(scenario, site));
        let radio = enb.radio();
        add(ENB, Role::Enb, Box::new(enb))?;
        let mut provider = Provider::default();
        if site.is_first() {
            fabric.add_outside(PROVIDER, Role::ThirdParty, PROVIDER_ADDRESS.into());
            let plans = (0..scenario.sessions.len()).map(|place| plan(scenario, place)).collect::<Result<_, _>>()?;
            provider = Provider::new(plans);
        }
        let areas = scenario.areas.iter().enumerate();
        let areas = areas.map(|(index, area)| Ok((area.n_id_mbsfn, setup::pmch_ends(area, index)?)));
        Ok(Self {
            site: site.clone(),
            radio,
            provider,
            areas: areas.collect::<Result<_, CommandError>>()?,
            on_air_from: on_air,
            on_air: None,
            calendar: calendar(scenario, notification),
            answered: BTreeSet::new(),
            tunnels: BTreeMap::new(),
            listed: BTreeMap::new(),
            sessions: BTreeMap::new(),
            outputs: VecDeque::new(),
        })
    }
}

/// What the content provider provisions for the session at this place of the scenario.
pub(super) fn plan(scenario: &Scenario, place: usize) -> Result<Plan, CommandError> {
    let session = &scenario.sessions[place];
    let usage = |why: &str| CommandError::Usage(format!("session {}: {why}", session.name));
    let (tmgi, destination) = config::assigned(scenario, place)?;
    let SocketAddr::V4(destination) = destination else { return Err(usage("its address is not of IPv4")) };
    let area = config::service_area(scenario, &session.mch).ok_or_else(|| usage("it has no MCH"))?;
    let (session, tsi, delivery) = (session.name.clone(), config::tsi(tmgi), setup::delivery(session));
    Ok(Plan { session, tmgi, destination, tsi, area, delivery })
}

fn add(
    fabric: &mut Fabric,
    site: &MbmsSite,
    (name, role): (&str, Role),
    node: Box<dyn Node>,
) -> Result<(), CommandError> {
    let bench = |why: &dyn std::fmt::Display| CommandError::Bench(format!("{name}: {why}"));
    let mut store = NodeStore::in_memory().map_err(|e| bench(&e))?;
    let driver: StoreDriver = Box::new(move |request| store.execute(&request));
    let ip = site.address(name).ok_or_else(|| bench(&"it has no address"))?;
    fabric.add(Instant::ZERO, &site.named(name), role, ip, node, driver);
    Ok(())
}
