//! The MC service servers of a scenario (TS 23.280 clause 7.4.2.3): users, groups, what they do with MBMS bearers, and where
//! clients say that they are.

use std::net::IpAddr;
use std::time::Duration;

use core_network::ims::NetworkPlan;
use core_network::mc::{
    self, Announcer, BearerSettings, McAuthentication, McMbmsConfig, McServerConfig, McSubscriber, PlannedBearer,
};
use core_network::node::{Fabric, Node};
use core_network::{BearerRule, CellAreas, Mb2Config};
use protocol::sip::{EutranCell, PAccessNetworkInfo};
use protocol::{Entropy, Plmn};

use super::identity;
use super::mbms::{OTHER_CELL, TAC};
use crate::errors::CommandError;
use crate::ims::migrant::GuestCell;
use crate::ims::network::{add, bench, entropy, memory};
use crate::mbms::config::{self, MbmsSite};
use crate::scenario::{Announces, Insufficient, Mc, McAuth, McServer, Scenario, ServiceBox, Ue, mc_box};
use crate::setup;

/// Adds the servers that a scenario names.
pub(super) fn add_servers(fabric: &mut Fabric, scenario: &Scenario, plan: &NetworkPlan) -> Result<(), CommandError> {
    let Some(mc) = &scenario.mc else { return Ok(()) };
    for (own, server) in mc.boxes() {
        let site = McSite { scenario, plan, mc, own, server };
        add(fabric, plan, (own.name, own.place), site.node()?, memory()?);
    }
    Ok(())
}

/// The server of this number as it comes up again after its death.
pub(crate) fn again(
    scenario: &Scenario,
    plan: &NetworkPlan,
    number: u8,
) -> Result<Option<Box<dyn Node>>, CommandError> {
    let Some((mc, own)) = scenario.mc.as_ref().zip(mc_box(number)) else { return Ok(None) };
    let Some(server) = mc.servers.get(usize::from(number) - 1) else { return Ok(None) };
    McSite { scenario, plan, mc, own, server }.node().map(Some)
}

/// What a server is made from.
struct McSite<'a> {
    scenario: &'a Scenario,
    plan: &'a NetworkPlan,
    mc: &'a Mc,
    own: &'static ServiceBox,
    server: &'a McServer,
}

impl McSite<'_> {
    fn node(&self) -> Result<Box<dyn Node>, CommandError> {
        let mut config =
            McServerConfig::new(&self.plan.host(self.own.place), &self.plan.domain, self.plan.sip_of(self.own.place));
        config.sip = self.plan.session_server(self.own.place);
        config.authentication = match self.mc.auth {
            McAuth::Token => McAuthentication::Tokens(identity::verifier(self.scenario, self.plan)),
            McAuth::Identity => McAuthentication::Table,
        };
        config.servers = self.others().map(|(_, own)| self.plan.host(own.place)).collect();
        config.users = self.users();
        config.groups = self.groups();
        config.utc_ms_at_zero = self.plan.utc_ms_at_zero;
        config.mbms = self.mbms()?;
        let entropy = entropy(self.scenario, self.plan, self.own.name);
        Ok(Box::new(mc::McServer::new(config, entropy).map_err(bench)?))
    }

    /// The other servers by their numbers.
    fn others(&self) -> impl Iterator<Item = (u8, &'static ServiceBox)> {
        let boxes = (1..).zip(self.mc.boxes().map(|(own, _)| own));
        boxes.filter(|(_, own)| own.place != self.own.place)
    }

    /// Name of the server of this number.
    fn host(&self, number: u8) -> Option<String> {
        mc_box(number).map(|own| self.plan.host(own.place))
    }

    fn users(&self) -> Vec<McSubscriber> {
        let ues = self.scenario.ues.iter();
        let own = ues.filter_map(|ue| {
            let (own, identity) = (ue.mc.as_ref()?, self.scenario.ims_identity(&ue.name)?);
            let mcptt_id = identity::mcptt_id(&self.plan.domain, &ue.name);
            Some(McSubscriber { server: self.host(own.server), ..McSubscriber::new(&mcptt_id, &identity.impu) })
        });
        let guests = self.scenario.guests(self.plan.name.as_deref()).filter_map(|(ue, guest)| {
            let visitor = self.scenario.visitor_identity(ue)?;
            let mcptt_id = identity::mcptt_id(&self.plan.domain, &visitor.mc_id);
            Some(McSubscriber { server: self.host(guest.server), ..McSubscriber::new(&mcptt_id, &visitor.impu) })
        });
        own.chain(guests).collect()
    }

    fn groups(&self) -> Vec<mc::McGroup> {
        let guest = |name: &String| {
            let (ue, _) = self.scenario.guests(self.plan.name.as_deref()).find(|(ue, _)| ue.name == *name)?;
            self.scenario.visitor_identity(ue)
        };
        let id = |ue: &String| {
            let visitor = guest(ue);
            identity::mcptt_id(&self.plan.domain, visitor.as_ref().map_or(ue, |visitor| &visitor.mc_id))
        };
        let group = |own: &crate::scenario::McGroup| mc::McGroup {
            server: self.host(own.server),
            ..mc::McGroup::new(&group_id(&self.plan.domain, &own.name), own.members.iter().map(id).collect())
        };
        self.mc.groups.iter().map(group).collect()
    }

    fn mbms(&self) -> Result<Option<McMbmsConfig>, CommandError> {
        // A system without areas has no MBMS nodes.
        if self.scenario.cell.is_none() || self.scenario.areas_of(self.plan.name.as_deref()).next().is_none() {
            return Ok(None);
        }
        let (server, ms) = (self.server, Duration::from_millis);
        let psi = |host: String| format!("sip:{host}");
        let own = self.plan.ip(self.own.place);
        let mb2 = server.own_bearers.then(|| self.mb2(own)).transpose()?;
        let mut mbms = McMbmsConfig::new(&psi(self.plan.host(self.own.place)), own, mb2);
        mbms.cells = cells(self.scenario, self.plan.name.as_deref())?;
        mbms.rule = BearerRule {
            unicast_cost: server.unicast_cost,
            bearer_cost: server.bearer_cost,
            margin: 0,
            start_after_ms: 0,
            stop_after_ms: server.stop_after_ms,
        };
        mbms.wanted = BearerSettings { bit_rate: 1000 * server.bit_rate_kbps, ..BearerSettings::default() };
        let established = server.bearers.iter().map(|bearer| PlannedBearer {
            areas: bearer.mchs.iter().filter_map(|mch| config::service_area(self.scenario, mch)).collect(),
            settings: BearerSettings {
                bit_rate: 1000 * bearer.bit_rate_kbps,
                qci: bearer.qci.into(),
                ..BearerSettings::default()
            },
        });
        mbms.established = established.collect();
        mbms.discover = server.discovers.iter().filter_map(|number| self.host(*number)).map(psi).collect();
        mbms.peers = self.others().map(|(_, own)| psi(self.plan.host(own.place))).collect();
        (mbms.controls, mbms.is_central) = (server.controls_bearers, server.is_central);
        mbms.insufficient = match server.insufficient {
            Insufficient::Unicast => mc::Insufficient::Unicast,
            Insufficient::Duplicate => mc::Insufficient::Duplicate,
        };
        mbms.announcer = match server.announces {
            Announces::Own => Announcer::Own,
            Announces::Controlling => Announcer::Controlling,
        };
        (mbms.patience, mbms.lease) = (ms(server.patience_ms), ms(server.lease_ms));
        (mbms.conversation, mbms.map_repeat) = (ms(self.mc.conversation_ms), ms(self.mc.map_repeat_ms));
        mbms.replay = ms(self.mc.replay_ms);
        Ok(Some(mbms))
    }

    fn mb2(&self, own: IpAddr) -> Result<Mb2Config, CommandError> {
        let IpAddr::V4(address) = own else { return Err(bench("an MC server has no address of IPv4")) };
        let site = MbmsSite::of(self.scenario, self.plan.name.as_deref())?;
        let diameter = site.diameter(self.own.place.label(), address, vec![site.bmsc_peer()]);
        let mut mb2 = Mb2Config::new(diameter, &site.bmsc_host(), own);
        // In memory no peer is lost without a word.
        mb2.heartbeat = None;
        Ok(mb2)
    }
}

/// MCPTT group identity of a group.
pub(crate) fn group_id(domain: &str, group: &str) -> String {
    format!("sip:{group}@groups.mcptt.{domain}")
}

/// URI of a server by its number: its public service identity.
pub(crate) fn server_uri(plan: &NetworkPlan, number: u8) -> Option<String> {
    mc_box(number).map(|own| format!("sip:{}", plan.host(own.place)))
}

/// Service areas of cells of a system: each MBSFN area has one of its own, though all areas are on one carrier here.
fn cells(scenario: &Scenario, system: Option<&str>) -> Result<Vec<CellAreas>, CommandError> {
    let plmn = MbmsSite::of(scenario, system)?.plmn;
    let areas = scenario.areas_of(system).map(|(_, area)| {
        let mchs = area.mchs.iter().filter_map(|mch| config::service_area(scenario, &mch.name));
        CellAreas { cell: cell(scenario, plmn, Some(area.n_id_mbsfn)), areas: mchs.collect() }
    });
    Ok(areas.collect())
}

/// The cell of an area; none: one without MBMS.
fn cell(scenario: &Scenario, plmn: Plmn, area: Option<u8>) -> EutranCell {
    let place = area.and_then(|area| scenario.areas.iter().position(|own| own.n_id_mbsfn == area));
    let eci = place.map_or(OTHER_CELL, |place| setup::CELL_IDENTITY + place as u32);
    EutranCell { plmn, tac: TAC, eci }
}

/// P-Access-Network-Info of a UE in the cell of an area of a system; none: of the first one.
pub(crate) fn place(scenario: &Scenario, system: Option<&str>, area: Option<u8>) -> Result<String, CommandError> {
    let plmn = scenario.plmn(system).ok_or_else(|| bench("a network has no code"))?;
    Ok(PAccessNetworkInfo::of_cell(cell(scenario, plmn, area)).to_string())
}

/// The cell that a UE finds in a system that it goes to.
pub(crate) fn guest_cell(scenario: &Scenario, ue: &Ue, system: &str) -> Result<GuestCell, CommandError> {
    let area = scenario.area_in(ue, Some(system));
    let info = place(scenario, Some(system), area)?;
    Ok(GuestCell { system: scenario.system_number(Some(system)), area, info })
}

/// The same in a cell of a network that no area here is of.
pub(crate) fn elsewhere(plmn: Plmn) -> String {
    PAccessNetworkInfo::of_cell(EutranCell { plmn, tac: TAC, eci: OTHER_CELL }).to_string()
}

/// A client identity (RFC 4122 clause 4.4).
pub(crate) fn client_id(mut entropy: Entropy) -> String {
    let mut octets = [0; 16];
    entropy.fill(&mut octets);
    (octets[6], octets[8]) = (octets[6] & 0x0f | 0x40, octets[8] & 0x3f | 0x80);
    let digits = hex::encode(octets);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}
