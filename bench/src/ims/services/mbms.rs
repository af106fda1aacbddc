//! The IMS AS of a scenario, its groups, and where UEs are.

use core_network::ims::NetworkBox;
use core_network::node::Node;
use core_network::{BearerRule, CellAreas, ImsAs, ImsGroup, Mb2Allocation, Mb2Config};
use protocol::sip::{EutranCell, PAccessNetworkInfo, Uri};

use super::Site;
use crate::errors::CommandError;
use crate::ims::network::bench;
use crate::mbms::config::{self, MbmsSite};
use crate::scenario::{Allocator, Group, GroupBearers, Ims, Scenario, UeCell};
use crate::setup;

/// Tracking area code of all cells.
pub(super) const TAC: u16 = 1;
/// A cell without MBMS.
pub(super) const OTHER_CELL: u32 = 0x200;
/// Addresses and the port that the AS assigns itself: others than those of the BM-SC and of the content provider.
const GROUPS: std::ops::RangeInclusive<std::net::Ipv4Addr> =
    std::net::Ipv4Addr::new(239, 255, 3, 1)..=std::net::Ipv4Addr::new(239, 255, 3, 254);
const PORT: u16 = 6000;

pub(super) fn node(site: &Site<'_>) -> Result<Box<dyn Node>, CommandError> {
    let ims = site.scenario.ims.as_ref();
    let groups = ims.iter().flat_map(|ims| &ims.groups).map(|group| members(site.scenario, group)).collect();
    let mut config = site.plan.ims_as(groups);
    let own = ims.and_then(|ims| ims.bearers.clone()).unwrap_or_default();
    let GroupBearers { unicast_cost, bearer_cost, start_after_ms, stop_after_ms, allocation } = own;
    config.rule = BearerRule { unicast_cost, bearer_cost, margin: 0, start_after_ms, stop_after_ms };
    config.mb2 = None;
    if site.scenario.cell.is_some() {
        let areas = site.scenario.mchs_of(None).filter_map(|mch| config::service_area(site.scenario, &mch.name));
        config.cells = vec![CellAreas { cell: cell(site.scenario, UeCell::Carrier)?, areas: areas.collect() }];
        config.mb2 = Some(mb2(site.scenario, allocation)?);
    }
    Ok(Box::new(ImsAs::new(config, site.entropy()).map_err(bench)?))
}

fn mb2(scenario: &Scenario, allocation: Allocator) -> Result<Mb2Config, CommandError> {
    let own = NetworkBox::ImsAs.ip();
    let std::net::IpAddr::V4(address) = own else { return Err(bench("the IMS AS has no address of IPv4")) };
    let site = MbmsSite::of(scenario, None)?;
    let diameter = site.diameter(NetworkBox::ImsAs.label(), address, vec![site.bmsc_peer()]);
    let mut mb2 = Mb2Config::new(diameter, &site.bmsc_host(), own);
    if allocation == Allocator::As {
        let (plmn, service_ids, addresses) = (site.plmn, config::as_service_ids(scenario), GROUPS);
        mb2.allocation = Mb2Allocation::AsAssigns { plmn, service_ids, addresses, port: PORT };
    }
    // In memory no peer is lost without a word.
    mb2.heartbeat = None;
    Ok(mb2)
}

fn members(scenario: &Scenario, group: &Group) -> ImsGroup {
    let impu = |ue: &String| Some(scenario.ims_identity(ue)?.impu);
    ImsGroup::new(&group.name, group.members.iter().filter_map(impu).collect())
}

/// URI of a group.
pub(crate) fn group_uri(ims: &Ims, group: &str) -> String {
    format!("sip:{group}@{}.{}", NetworkBox::ImsAs.label(), ims.domain)
}

/// The group at whose URI a session begins.
pub(crate) fn group_of(uri: &str, domain: &str) -> Option<String> {
    let Uri::Sip(uri) = Uri::parse(uri).ok()? else { return None };
    let own = uri.host.strip_prefix(NetworkBox::ImsAs.label())?.strip_prefix('.')?;
    uri.user.filter(|_| own.eq_ignore_ascii_case(domain))
}

fn cell(scenario: &Scenario, of: UeCell) -> Result<EutranCell, CommandError> {
    let eci = if of == UeCell::Carrier { setup::CELL_IDENTITY } else { OTHER_CELL };
    Ok(EutranCell { plmn: config::plmn(scenario)?, tac: TAC, eci })
}

/// P-Access-Network-Info of a UE in this cell.
pub(crate) fn place(scenario: &Scenario, of: UeCell) -> Result<String, CommandError> {
    Ok(PAccessNetworkInfo::of_cell(cell(scenario, of)?).to_string())
}
