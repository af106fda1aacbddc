//! The boxes of a run, made before anything is written: what they refuse is said while the folder is still untouched.

use core_network::Allocation;
use hil::ServiceDescription;
use protocol::{Instant, Tmgi};
use radio::{CellConfig, Enb, Receiver, ReceiverConfig};

use crate::air::{Air, Link};
use crate::capacity::Capacity;
use crate::errors::CommandError;
use crate::faults;
use crate::ims::ImsNetwork;
use crate::network::{Network, NetworkOutput};
use crate::scenario::{Cell, Loaded, Scenario};
use crate::setup;

/// The boxes of a scenario.
pub(crate) struct Boxes {
    /// What an MBMS carrier needs, where there is a cell.
    pub(crate) radio: Option<RadioBoxes>,
    /// The IMS network, where there is one.
    pub(crate) ims: Option<ImsNetwork>,
}

/// Core network, eNB, channels and receivers of a scenario.
pub(crate) struct RadioBoxes {
    pub(crate) cell: CellConfig,
    /// Of each MCH, area by area.
    pub(crate) capacity: Vec<Capacity>,
    pub(crate) network: Network,
    pub(crate) air: Air,
    /// What a UE knows of the sessions: the user service description (TS 26.346 clause 5.2).
    pub(crate) services: Vec<ServiceDescription>,
}

impl Boxes {
    /// Makes them; `Usage` where the scenario asks for what a box cannot do.
    pub(crate) fn new(loaded: &Loaded) -> Result<Self, CommandError> {
        let radio = loaded.scenario.cell.as_ref().map(|cell| RadioBoxes::new(loaded, cell)).transpose()?;
        Ok(Self { radio, ims: ImsNetwork::new(&loaded.scenario)? })
    }
}

impl RadioBoxes {
    fn new(loaded: &Loaded, cell: &Cell) -> Result<Self, CommandError> {
        let scenario = &loaded.scenario;
        let cell = setup::cell(cell).map_err(|e| usage(loaded, e))?;
        let capacity = Capacity::of(scenario).map_err(|e| usage(loaded, e))?;
        let enb = |bearers: &[_]| -> Result<Enb, CommandError> {
            Enb::new(&setup::enb(scenario, bearers)?).map_err(|e| usage(loaded, e))
        };
        let on_air = enb(&[])?;
        let network = setup::network(scenario, on_air.notifies_changes()).map_err(|e| usage(loaded, e))?;
        let mut network = Network::new(network).map_err(|e| CommandError::Bench(e.to_string()))?;
        let allocations = allocate(loaded, &mut network)?;
        // The longest MCCHs that the run may come to; on air they begin empty.
        enb(&all_bearers(scenario, &allocations))?;
        let air = air(loaded, cell, on_air)?;
        let service = |a: &Allocation| ServiceDescription {
            session: a.user_service.clone(),
            destination: a.destination.into(),
            tsi: a.tsi(),
        };
        Ok(Self { cell, capacity, network, air, services: allocations.iter().map(service).collect() })
    }
}

/// TMGI and multicast address of every session.
fn allocate(loaded: &Loaded, network: &mut Network) -> Result<Vec<Allocation>, CommandError> {
    for (session, request) in loaded.scenario.sessions.iter().zip(1..) {
        network.allocate(Instant::ZERO, request, &session.name);
    }
    let mut allocations = Vec::new();
    while let Some(output) = network.poll_output() {
        match output {
            NetworkOutput::Allocated(allocation) => allocations.push(allocation),
            NetworkOutput::Trouble(text) => return Err(CommandError::Bench(text)),
            other => return Err(CommandError::Bench(format!("{other:?} before any session"))),
        }
    }
    Ok(allocations)
}

/// Every session on its MCH, as if all ran at once.
fn all_bearers(scenario: &Scenario, allocations: &[Allocation]) -> Vec<Vec<Vec<(Tmgi, u8)>>> {
    let mut bearers: Vec<Vec<Vec<(Tmgi, u8)>>> =
        scenario.areas.iter().map(|area| vec![Vec::new(); area.mchs.len()]).collect();
    for (session, allocation) in scenario.sessions.iter().zip(allocations) {
        let Some((area, mch)) = scenario.mch(&session.mch) else { continue };
        let own = &mut bearers[area][mch];
        own.push((allocation.tmgi, own.len() as u8 + 1));
    }
    bearers
}

/// Receivers start cold: they know the sample rate and nothing else.
fn air(loaded: &Loaded, cell: CellConfig, enb: Enb) -> Result<Air, CommandError> {
    let scenario = &loaded.scenario;
    let links = scenario.ues.iter().map(|ue| {
        let config = ReceiverConfig { n_rx: ue.antennas, ..ReceiverConfig::new(cell.sample_rate_hz() as u32) };
        let mut receiver = Receiver::new(config).map_err(|e| usage(loaded, e))?;
        if let Some(filter) = faults::block_filter(scenario, &ue.name) {
            receiver.set_block_filter(filter);
        }
        let offset = setup::stream_offset(scenario, &cell, &ue.name);
        Ok(Link::new(&ue.name, &setup::channel(scenario, &cell, ue), offset, receiver))
    });
    Ok(Air::new(enb, links.collect::<Result<_, CommandError>>()?))
}

fn usage(loaded: &Loaded, why: impl std::fmt::Display) -> CommandError {
    CommandError::Usage(format!("{}: {why}", loaded.file.display()))
}
