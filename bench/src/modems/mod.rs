//! The modems of the UEs of a run: drivers, what they speak to, and the network that simulated ones are in.
//!
//! All of it is turned by the runner with the runner's clock: what a simulated modem and its driver write the other has read
//! before time goes on; real ones are looked at once in a frame.

mod data_path;
mod lab;
mod line;
mod link;
mod messages;
mod pace;
mod real;
mod trouble;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use hil::at::AtInput;
use hil::at::embms::Tmgi;
use hil::modem::{EmbmsService, Modem, ModemConfig, ModemInput, ModemOutput, ModemState, Rung};
use hil::sim::{
    MbmsAir, Personality, SimCard, SimCell, SimInput, SimNetwork, SimNetworkConfig, SimNetworkInput, SimNetworkOutput,
    SimOutput,
};
use protocol::Instant;

pub(crate) use self::data_path::missing_interface;
pub(crate) use self::lab::{check_lab, lab_modem, load_profile};
pub use self::line::LineError;
use self::line::{LineOutput, SimulatedLine};
use self::link::Link;
pub(crate) use self::messages::Messages;
use self::pace::Pace;
pub use self::trouble::{Trouble, TroubleKind};
use crate::errors::CommandError;
use crate::rig::{Rig, UeKind};
use crate::scenario::Scenario;
use crate::setup;

/// What the modems of a run are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ModemKind {
    /// There are none.
    None,
    /// Simulated, in memory.
    InMemory,
    /// Simulated, on pseudo terminals.
    OnPty,
    /// Those of the lab.
    Real,
}

impl ModemKind {
    /// Of a scenario on a rig: one that needs modems has simulated ones where the rig names none.
    pub(crate) fn of(rig: &Rig, scenario: &Scenario) -> Self {
        match rig.ues {
            UeKind::Simulated if scenario.needs_modems() => Self::InMemory,
            UeKind::Simulated => Self::None,
            UeKind::ModemsInMemory => Self::InMemory,
            UeKind::ModemsOnPty => Self::OnPty,
            UeKind::Modems => Self::Real,
        }
    }
}

/// What became of the modem of a UE.
#[derive(Debug)]
pub(crate) enum ModemsOutput {
    /// Characters went over the line.
    At { to_modem: bool, bytes: Vec<u8> },
    /// The driver says.
    Driver(ModemOutput),
    /// A datagram of an MBMS service came out of the data interface.
    Datagram(Vec<u8>),
}

/// The modems of a run, one for each UE.
pub(crate) struct Modems {
    ues: Vec<UeModem>,
    /// Of simulated ones.
    network: Option<SimNetwork>,
    /// Of real ones.
    pace: Option<Pace>,
    outputs: VecDeque<(Instant, usize, ModemsOutput)>,
}

struct UeModem {
    /// For reports, with its port.
    name: String,
    driver: Modem,
    link: Link,
    /// International number, digits; empty where the rig does not say.
    number: String,
    state: ModemState,
    /// By name of the domain.
    registered: BTreeMap<&'static str, bool>,
    is_failed: bool,
    /// Machines do not go back in time; receivers tell what they heard a little later.
    clock: Instant,
}

impl Modems {
    /// The modems of a scenario on a rig, switched on; `None` where there are none. Services come to `destinations`.
    ///
    /// # Errors
    /// A line cannot be opened; of a lab: what [`check_lab`] refuses.
    pub(crate) fn new(
        rig: &Rig,
        scenario: &Scenario,
        destinations: &[SocketAddr],
    ) -> Result<Option<Self>, CommandError> {
        let ues = match ModemKind::of(rig, scenario) {
            ModemKind::None => return Ok(None),
            ModemKind::Real => lab::open(rig, scenario, destinations)?,
            kind => simulated(rig, scenario, kind == ModemKind::OnPty)?,
        };
        let is_real = ues.iter().any(|ue| ue.link.is_real());
        let network = (!is_real).then(|| {
            let config = SimNetworkConfig { wall_clock: setup::wall_clock(), ..SimNetworkConfig::default() };
            let mut network = SimNetwork::new(config);
            for ue in &ues {
                network.add_ue(&ue.number);
            }
            network
        });
        Ok(Some(Self { ues, network, pace: is_real.then(Pace::default), outputs: VecDeque::new() }))
    }

    /// They are real: what they do takes its time.
    pub(crate) fn are_real(&self) -> bool {
        self.network.is_none()
    }

    /// Number of the SIM of a UE.
    pub(crate) fn number(&self, ue: usize) -> &str {
        &self.ues[ue].number
    }

    /// Its modem is given up.
    pub(crate) fn is_failed(&self, ue: usize) -> bool {
        self.ues[ue].is_failed
    }

    /// It takes messages.
    pub(crate) fn can_send(&self, ue: usize) -> bool {
        self.ues[ue].state == ModemState::Ready && self.ues[ue].registered.values().any(|&r| r)
    }

    /// What reports call the modem of a UE.
    pub(crate) fn name(&self, ue: usize) -> &str {
        &self.ues[ue].name
    }

    /// It does what it is told.
    pub(crate) fn is_ready(&self, ue: usize) -> bool {
        self.ues[ue].state == ModemState::Ready
    }

    /// It is switched off.
    pub(crate) fn is_off(&self, ue: usize) -> bool {
        self.ues[ue].state == ModemState::Off
    }

    /// Something for the driver of a UE.
    pub(crate) fn drive(&mut self, now: Instant, ue: usize, input: ModemInput<'_>) -> Result<(), LineError> {
        let now = self.ues[ue].at(now);
        self.ues[ue].driver.handle_input(now, input);
        self.settle(now)
    }

    /// The UE is to receive a service.
    pub(crate) fn receive(&mut self, now: Instant, ue: usize, tmgi: protocol::Tmgi) -> Result<(), LineError> {
        let service = EmbmsService { tmgi: Tmgi(tmgi.to_octets()), session_id: None };
        self.drive(now, ue, ModemInput::EmbmsStart(service))
    }

    /// The receiver of a UE has found a cell, or lost it.
    pub(crate) fn cell(&mut self, now: Instant, ue: usize, cell: Option<SimCell>) -> Result<(), LineError> {
        let now = self.ues[ue].at(now);
        if cell.is_none() {
            self.ues[ue].link.tell(now, SimInput::Mbms(MbmsAir::Lost));
        }
        self.ues[ue].link.tell(now, SimInput::Cell(cell));
        self.settle(now)
    }

    /// The receiver of a UE has found something on the broadcast carrier.
    pub(crate) fn air(&mut self, now: Instant, ue: usize, air: MbmsAir<'_>) -> Result<(), LineError> {
        let now = self.ues[ue].at(now);
        self.ues[ue].link.tell(now, SimInput::Mbms(air));
        self.settle(now)
    }

    /// Does what is due before `end`.
    pub(crate) fn advance(&mut self, now: Instant, end: Instant) -> Result<(), LineError> {
        if let Some(pace) = &mut self.pace {
            pace.wait(now);
            for ue in self.ues.iter_mut().filter(|ue| !ue.is_failed) {
                let now = ue.at(now);
                ue.link.listen(now);
            }
            self.settle(now)?;
        }
        let mut turns = 0;
        while let Some(due) = self.poll_timeout().filter(|&due| due < end) {
            let due = self.ues.iter().map(|ue| ue.clock).max().map_or(due, |clock| clock.max(due));
            for ue in &mut self.ues {
                let now = ue.at(due);
                ue.link.handle_timeout(now)?;
                if ue.driver.poll_timeout().is_some_and(|d| d <= now) {
                    ue.driver.handle_timeout(now);
                }
            }
            if let Some(network) = &mut self.network {
                network.handle_timeout(due);
            }
            self.settle(due)?;
            // Each has a few things to do in a frame; what never comes to rest has to wait for the next one.
            turns += 1;
            if turns == TURNS_MAX {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn poll_output(&mut self) -> Option<(Instant, usize, ModemsOutput)> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let ues = self.ues.iter().filter(|ue| !ue.is_failed);
        let ues = ues.flat_map(|ue| [ue.driver.poll_timeout(), ue.link.poll_timeout()]);
        ues.chain([self.network.as_ref().and_then(SimNetwork::poll_timeout)]).flatten().min()
    }

    /// Carries what one has to say to the other until all are silent.
    fn settle(&mut self, now: Instant) -> Result<(), LineError> {
        for _ in 0..SETTLE_MAX {
            let mut is_silent = true;
            for ue in 0..self.ues.len() {
                while self.step(now, ue)? {
                    is_silent = false;
                }
            }
            while let Some(output) = self.network.as_mut().and_then(SimNetwork::poll_output) {
                is_silent = false;
                self.of_network(now, &output);
            }
            if is_silent {
                break;
            }
        }
        Ok(())
    }

    /// The next thing that a driver or a line has to say; false when there is none.
    fn step(&mut self, now: Instant, index: usize) -> Result<bool, LineError> {
        let ue = &mut self.ues[index];
        let now = ue.at(now);
        if let Some(output) = ue.driver.poll_output() {
            self.of_driver(now, index, output)?;
            return Ok(true);
        }
        let Some(output) = ue.link.poll_output(now)? else { return Ok(false) };
        match output {
            LineOutput::ToHost(bytes) => {
                ue.driver.handle_input(now, ModemInput::At(AtInput::Bytes(&bytes)));
                self.outputs.push_back((now, index, ModemsOutput::At { to_modem: false, bytes }));
            }
            LineOutput::Closed => ue.driver.handle_input(now, ModemInput::At(AtInput::Closed)),
            LineOutput::Sim(SimOutput::MbmsDatagram { ip, .. }) => {
                self.outputs.push_back((now, index, ModemsOutput::Datagram(ip)));
            }
            LineOutput::Sim(output) => {
                let input = SimNetworkInput::of_modem(index, &output);
                if let Some((network, input)) = self.network.as_mut().zip(input) {
                    network.handle_input(now, input);
                }
            }
            LineOutput::Datagram(ip) => self.outputs.push_back((now, index, ModemsOutput::Datagram(ip))),
            LineOutput::Rung { rung, result } => ue.rung_ended(now, rung, result),
        }
        Ok(true)
    }

    fn of_driver(&mut self, now: Instant, index: usize, mut output: ModemOutput) -> Result<(), LineError> {
        let ue = &mut self.ues[index];
        match &mut output {
            ModemOutput::Write(bytes) => {
                ue.link.write(now, bytes)?;
                let bytes = bytes.clone();
                self.outputs.push_back((now, index, ModemsOutput::At { to_modem: true, bytes }));
                return Ok(());
            }
            ModemOutput::Perform(rung) => {
                if let Some(result) = ue.link.perform(*rung) {
                    ue.rung_ended(now, *rung, result);
                }
            }
            ModemOutput::State(state) => ue.state = *state,
            ModemOutput::Registration(domain, registration) => {
                ue.registered.insert(domain.name(), registration.status.is_registered());
            }
            ModemOutput::Quarantined { why } => {
                ue.is_failed = true;
                if ue.link.lacks_switch() {
                    why.push_str("; the rig names no power switch that could bring it back");
                }
            }
            _ => {}
        }
        self.outputs.push_back((now, index, ModemsOutput::Driver(output)));
        Ok(())
    }

    fn of_network(&mut self, now: Instant, output: &SimNetworkOutput) {
        let (ue, input) = output.for_modem();
        let ue = &mut self.ues[ue];
        let now = ue.at(now);
        ue.link.tell(now, input);
    }
}

impl UeModem {
    /// The time of a UE goes forward only.
    fn at(&mut self, now: Instant) -> Instant {
        self.clock = self.clock.max(now);
        self.clock
    }

    fn new(name: String, link: Link, number: String, config: ModemConfig) -> Self {
        let mut driver = Modem::new(config);
        driver.handle_input(Instant::ZERO, ModemInput::At(AtInput::Opened));
        driver.handle_input(Instant::ZERO, ModemInput::Start);
        let (state, registered) = (ModemState::Starting, BTreeMap::new());
        Self { name, driver, link, number, state, registered, is_failed: false, clock: Instant::ZERO }
    }

    fn rung_ended(&mut self, now: Instant, rung: Rung, result: Result<(), String>) {
        if result.is_ok() {
            self.driver.handle_input(now, ModemInput::At(AtInput::Opened));
        }
        self.driver.handle_input(now, ModemInput::Rung { rung, result });
    }
}

/// Simulated modems, one for each UE.
fn simulated(rig: &Rig, scenario: &Scenario, on_pty: bool) -> Result<Vec<UeModem>, LineError> {
    let ues = scenario.ues.iter().enumerate().map(|(index, ue)| {
        let special = rig.simulated_modems.iter().find(|own| own.ue == ue.name);
        let personality = Personality {
            quirks: special.map(|own| own.quirks.iter().copied().collect()).unwrap_or_default(),
            ..personality(index)
        };
        let number = personality.sim.msisdn.clone();
        let line = SimulatedLine::new(personality, on_pty, special.and_then(|own| own.trouble))?;
        let name = format!("modem of {} ({})", ue.name, line.port());
        let config = ModemConfig { name: name.clone(), ..ModemConfig::default() };
        Ok(UeModem::new(name, Link::Simulated(Box::new(line)), number, config))
    });
    ues.collect()
}

/// The SIM and the modem of the UE at this place: the test PLMN of TS 36.508 clause 4.4.2, numbers of its own.
fn personality(index: usize) -> Personality {
    let number = index + 1;
    let sim = SimCard {
        imsi: format!("00101{number:010}"),
        iccid: with_check_digit(&format!("898821100000{number:06}")),
        msisdn: format!("9990{number:08}"),
        ..SimCard::default()
    };
    // Type allocation code 00440245: test equipment (GSMA TS.06).
    Personality { imei: with_check_digit(&format!("00440245{number:06}")), sim, ..Personality::default() }
}

/// Digits and the check digit behind them (ISO/IEC 7812-1 annex B).
fn with_check_digit(digits: &str) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, digit)| {
            let digit = u32::from(digit - b'0');
            if i % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// How long modems may take to be switched off at the end of a run.
pub(crate) const SHUTDOWN_TIME: Duration = Duration::from_secs(20);
const TURNS_MAX: usize = 1000;
const SETTLE_MAX: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ue_has_an_identity_of_its_own_with_its_check_digit() {
        // The IMEI of the default personality, which outside hosts have accepted.
        assert_eq!(with_check_digit("00440245000001"), "004402450000017");
        let (first, second) = (personality(0), personality(1));
        assert_eq!((first.imei.len(), first.sim.imsi.len(), first.sim.iccid.len()), (15, 15, 19));
        assert!(first.imei != second.imei && first.sim.imsi != second.sim.imsi);
        assert!(first.sim.iccid != second.sim.iccid && first.sim.msisdn != second.sim.msisdn);
    }
}
