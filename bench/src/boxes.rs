//! The boxes of a run, made before anything is written: what they refuse is said while the folder is still untouched.

use std::net::SocketAddr;

use core_network::OnAirFrom;
use hil::ServiceDescription;
use protocol::Tmgi;
use radio::{CellConfig, Enb, Receiver, ReceiverConfig};

use crate::air::{Air, Link, Listener, TableLink};
use crate::capacity::Capacity;
use crate::errors::CommandError;
use crate::faults;
use crate::ims::ImsNetwork;
use crate::mbms::config::MbmsSite;
use crate::mbms::nodes::CarrierTraits;
use crate::mbms::{Mbms, config};
use crate::scenario::{Cell, Channel, Loaded, Scenario, Session, Ue, UeRadio};
use crate::setup;

/// The boxes of a scenario.
pub(crate) struct Boxes {
    /// What an MBMS carrier needs, where there is a cell.
    pub(crate) radio: Option<RadioBoxes>,
    /// The core network: IMS nodes and UE agents, MBMS nodes, or both.
    pub(crate) ims: Option<ImsNetwork>,
}

/// Core network, eNB, channels and receivers of a scenario.
pub(crate) struct RadioBoxes {
    pub(crate) cell: CellConfig,
    /// Of each MCH, area by area.
    pub(crate) capacity: Vec<Capacity>,
    /// MBMS nodes of each system that has cells on the carrier, those of the first one first.
    pub(crate) mbms: Vec<Mbms>,
    pub(crate) air: Air,
    /// What a UE knows of the sessions: the user service description (TS 26.346 clause 5.2).
    pub(crate) services: Vec<ServiceDescription>,
}

impl Boxes {
    /// Makes them; `Usage` where the scenario asks for what a box cannot do. `on_air`: when UEs can have read an MCCH.
    pub(crate) fn new(loaded: &Loaded, on_air: OnAirFrom) -> Result<Self, CommandError> {
        let mut ims = ImsNetwork::new(&loaded.scenario)?;
        let Some(cell) = &loaded.scenario.cell else { return Ok(Self { radio: None, ims }) };
        let network = ims.get_or_insert_with(ImsNetwork::without_ims);
        let radio = Some(RadioBoxes::new(loaded, cell, network, on_air)?);
        Ok(Self { radio, ims })
    }
}

impl RadioBoxes {
    fn new(loaded: &Loaded, cell: &Cell, network: &mut ImsNetwork, on_air: OnAirFrom) -> Result<Self, CommandError> {
        let scenario = &loaded.scenario;
        let cell = setup::cell(cell).map_err(|e| usage(loaded, e))?;
        let capacity = Capacity::of(scenario).map_err(|e| usage(loaded, e))?;
        let enb = |bearers: &[_]| -> Result<Enb, CommandError> {
            Enb::new(&setup::enb(scenario, bearers)?).map_err(|e| usage(loaded, e))
        };
        let carrier = enb(&[])?;
        let allocations = allocations(scenario)?;
        // The longest MCCHs that the run may come to; on air they begin empty.
        enb(&all_bearers(scenario, &allocations))?;
        let notifies_changes = carrier.notifies_changes();
        let traits = CarrierTraits { capacity: &capacity, notifies_changes, on_air };
        let hop = network.hop;
        let sites = MbmsSite::all(scenario)?;
        let nodes = |site: &MbmsSite| Mbms::new(&mut network.fabric, scenario, site, traits, hop);
        let mbms = sites.iter().map(nodes).collect::<Result<_, _>>()?;
        let air = air(loaded, cell, carrier)?;
        let service = |(session, (tmgi, destination)): (&Session, &(Tmgi, SocketAddr))| {
            let (session, tsi) = (session.name.clone(), config::tsi(*tmgi).into());
            ServiceDescription { session, destination: *destination, tsi }
        };
        let services = scenario.sessions.iter().zip(&allocations).map(service).collect();
        Ok(Self { cell, capacity, mbms, air, services })
    }
}

/// TMGI and multicast address of every session, as the content provider has assigned them.
fn allocations(scenario: &Scenario) -> Result<Vec<(Tmgi, SocketAddr)>, CommandError> {
    (0..scenario.sessions.len()).map(|place| config::assigned(scenario, place)).collect()
}

/// Every session on its MCH, as if all ran at once.
fn all_bearers(scenario: &Scenario, allocations: &[(Tmgi, SocketAddr)]) -> Vec<Vec<Vec<(Tmgi, u8)>>> {
    let mut bearers: Vec<Vec<Vec<(Tmgi, u8)>>> =
        scenario.areas.iter().map(|area| vec![Vec::new(); area.mchs.len()]).collect();
    for (session, (tmgi, _)) in scenario.sessions.iter().zip(allocations) {
        let Some((area, mch)) = scenario.mch(&session.mch) else { continue };
        let own = &mut bearers[area][mch];
        own.push((*tmgi, own.len() as u8 + 1));
    }
    bearers
}

/// Receivers start cold: they know the sample rate and nothing else.
fn air(loaded: &Loaded, cell: CellConfig, enb: Enb) -> Result<Air, CommandError> {
    let scenario = &loaded.scenario;
    let listener = |ue: &Ue| match ue.radio {
        UeRadio::Samples => link(loaded, &cell, ue).map(|link| Listener::Samples(Box::new(link))),
        UeRadio::Table => {
            let pdcp = ReceiverConfig::new(cell.sample_rate_hz() as u32).pdcp;
            let mut link = TableLink::new(&ue.name, ue.channel().snr_db, scenario.seed, pdcp);
            if let Some(filter) = faults::block_filter(scenario, &ue.name) {
                link.set_block_filter(filter);
            }
            Ok(Listener::Table(Box::new(link)))
        }
    };
    let listeners = scenario.ues.iter().map(listener).collect::<Result<_, CommandError>>()?;
    let first = scenario.ues.iter().find(|ue| ue.radio == UeRadio::Table);
    let reference = first.map(|ue| {
        let channel = ue.channel.clone().map(|channel| Channel { snr_db: REFERENCE_SNR_DB, ..channel });
        link(loaded, &cell, &Ue { name: REFERENCE.to_owned(), channel, ..ue.clone() })
    });
    Ok(Air::new(enb, listeners, reference.transpose()?))
}

fn link(loaded: &Loaded, cell: &CellConfig, ue: &Ue) -> Result<Link, CommandError> {
    let scenario = &loaded.scenario;
    let config = ReceiverConfig { n_rx: ue.antennas, ..ReceiverConfig::new(cell.sample_rate_hz() as u32) };
    let mut receiver = Receiver::new(config).map_err(|e| usage(loaded, e))?;
    // Faults of UEs without samples are their own.
    let filter = faults::block_filter(scenario, &ue.name).filter(|_| ue.name != REFERENCE);
    if let Some(filter) = filter {
        receiver.set_block_filter(filter);
    }
    let offset = setup::stream_offset(scenario, cell, &ue.name);
    Ok(Link::new(&ue.name, &setup::channel(scenario, cell, ue), offset, receiver))
}

/// The receiver whose blocks UEs without samples take; no name of a scenario has a space.
const REFERENCE: &str = "reference receiver";
/// Nothing is lost at it.
const REFERENCE_SNR_DB: f64 = 40.0;

fn usage(loaded: &Loaded, why: impl std::fmt::Display) -> CommandError {
    CommandError::Usage(format!("{}: {why}", loaded.file.display()))
}
