//! The boxes of a run, made before anything is written: what they refuse is said while the folder is still untouched.

use core_network::Allocation;
use hil::ServiceDescription;
use protocol::{Instant, Tmgi};
use radio::{AlignedReceiver, CellConfig, Enb, EnbConfig, Isa};

use crate::air::{Air, Link};
use crate::capacity::Capacity;
use crate::errors::CommandError;
use crate::faults;
use crate::network::{Network, NetworkOutput};
use crate::scenario::Loaded;
use crate::setup;

/// Core network, eNB, channels and receivers of a scenario.
pub(crate) struct Boxes {
    pub(crate) cell: CellConfig,
    pub(crate) capacity: Capacity,
    pub(crate) network: Network,
    pub(crate) air: Air,
    /// What a UE knows of the sessions: the user service description (TS 26.346 clause 5.2).
    pub(crate) services: Vec<ServiceDescription>,
}

impl Boxes {
    /// Makes them; `Usage` where the scenario asks for what a box cannot do.
    pub(crate) fn new(loaded: &Loaded) -> Result<Self, CommandError> {
        let scenario = &loaded.scenario;
        let cell = setup::cell(&scenario.cell).map_err(|e| usage(loaded, e))?;
        let capacity = Capacity::of(scenario).map_err(|e| usage(loaded, e))?;
        let mut network = Network::new(setup::bmsc(scenario)?, setup::gateway(), setup::agent(scenario)?)
            .map_err(|e| CommandError::Bench(e.to_string()))?;
        let allocations = allocate(loaded, &mut network)?;
        let air = air(loaded, cell, &allocations.iter().map(|a| a.tmgi).collect::<Vec<_>>())?;
        let service = |a: &Allocation| ServiceDescription {
            session: a.user_service.clone(),
            destination: a.destination.into(),
            tsi: a.tsi(),
        };
        Ok(Self { cell, capacity, network, air, services: allocations.iter().map(service).collect() })
    }
}

/// TMGI and multicast address of every session, in the order of their logical channels.
fn allocate(loaded: &Loaded, network: &mut Network) -> Result<Vec<Allocation>, CommandError> {
    for (session, lcid) in loaded.scenario.sessions.iter().zip(1..) {
        network.allocate(Instant::ZERO, &session.name, lcid);
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

fn air(loaded: &Loaded, cell: CellConfig, tmgis: &[Tmgi]) -> Result<Air, CommandError> {
    let scenario = &loaded.scenario;
    let area = setup::area(&scenario.mbsfn_area)?;
    let mcch = setup::mcch(scenario, &area, tmgis);
    let config = EnbConfig::single_area(cell, area.info(), mcch).map_err(|e| usage(loaded, e))?;
    let enb = Enb::new(&config).map_err(|e| usage(loaded, e))?;
    let links = scenario.ues.iter().map(|ue| {
        let mut receiver = AlignedReceiver::new(cell, area, Isa::fastest()).map_err(|e| usage(loaded, e))?;
        if let Some(filter) = faults::block_filter(&scenario.faults, &ue.name) {
            receiver.set_block_filter(filter);
        }
        let channel = setup::channel(&cell, &ue.channel, setup::seed_of(scenario, &ue.name));
        Ok(Link::new(&ue.name, &channel, receiver))
    });
    Ok(Air::new(enb, links.collect::<Result<_, CommandError>>()?))
}

fn usage(loaded: &Loaded, why: impl std::fmt::Display) -> CommandError {
    CommandError::Usage(format!("{}: {why}", loaded.file.display()))
}
