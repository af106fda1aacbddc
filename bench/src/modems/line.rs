//! The line between a driver and a simulated modem: memory, or a pseudo terminal whose both ends are ours.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use hil::modem::Rung;
use hil::port::{Port, PortRead, PtyPort, SerialDevice};
use hil::sim::{Personality, SimInput, SimModem, SimOutput};
use protocol::Instant;

use super::trouble::{Trouble, TroubleKind, flood, nonsense};

/// Octets that go over a pseudo terminal at a time: it holds 4 KiB.
const CHUNK: usize = 1024;
/// What is written to a pseudo terminal is there within this time, or never.
const PATIENCE: Duration = Duration::from_secs(2);
/// USB modems do not care.
const BAUD: u32 = 115_200;
/// Between bursts of a flood.
const FLOOD_PERIOD: Duration = Duration::from_millis(5);

/// A simulated modem and the line to it.
pub(super) struct SimulatedLine {
    sim: SimModem,
    wire: Wire,
    trouble: Option<(TroubleKind, Instant)>,
    /// The port is gone; may it be opened again?
    gone: Option<bool>,
    next_burst: Option<Instant>,
    outputs: VecDeque<LineOutput>,
}

enum Wire {
    Memory,
    Pty(Box<Pty>),
}

/// Both ends of a pseudo terminal.
struct Pty {
    modem: PtyPort,
    host: SerialDevice,
}

/// What comes out of a line.
#[derive(Debug)]
pub(super) enum LineOutput {
    /// Characters for the driver, as they arrived.
    ToHost(Vec<u8>),
    /// The port is gone.
    Closed,
    /// What the modem wants of its UE and its network.
    Sim(SimOutput),
    /// A datagram came out of the data interface, from its IP header on.
    Datagram(Vec<u8>),
    /// How a rung that was begun before has ended.
    Rung { rung: Rung, result: Result<(), String> },
}

/// A port or a data interface fails.
#[derive(Debug, thiserror::Error)]
#[error("{port}: {source}")]
pub struct LineError {
    pub(super) port: String,
    pub(super) source: io::Error,
}

impl SimulatedLine {
    /// Switches a modem on, at the other end of a line that is open.
    pub(super) fn new(personality: Personality, on_pty: bool, trouble: Option<Trouble>) -> Result<Self, LineError> {
        let mut sim = SimModem::new(personality);
        sim.handle_input(Instant::ZERO, SimInput::PowerUp);
        let wire = if on_pty { Wire::Pty(Box::new(Pty::open()?)) } else { Wire::Memory };
        let trouble = trouble.map(|t| (t.kind, Instant::ZERO + t.after));
        Ok(Self { sim, wire, trouble, gone: None, next_burst: None, outputs: VecDeque::new() })
    }

    /// Where the driver finds it.
    pub(super) fn port(&self) -> String {
        match &self.wire {
            Wire::Memory => "memory".into(),
            Wire::Pty(pty) => pty.modem.name(),
        }
    }

    /// The driver writes.
    pub(super) fn write(&mut self, now: Instant, bytes: &[u8]) -> Result<(), LineError> {
        if self.gone.is_some() {
            return Ok(());
        }
        let arrived = match &mut self.wire {
            Wire::Memory => bytes.to_vec(),
            Wire::Pty(pty) => pty.carry_to_modem(bytes)?,
        };
        if !self.is_in(TroubleKind::Hangs, now) {
            self.sim.handle_input(now, SimInput::Host(&arrived));
        }
        Ok(())
    }

    /// What happens to the UE and in its network.
    pub(super) fn tell(&mut self, now: Instant, input: SimInput<'_>) {
        self.sim.handle_input(now, input);
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<(), LineError> {
        if self.sim.poll_timeout().is_some_and(|due| due <= now) {
            self.sim.handle_timeout(now);
        }
        let vanishes = self.is_in(TroubleKind::Vanishes, now);
        if (vanishes || self.is_in(TroubleKind::ComesBack, now)) && self.gone.is_none() {
            self.gone = Some(!vanishes);
            self.outputs.push_back(LineOutput::Closed);
            if !vanishes {
                self.trouble = None;
            }
        }
        if self.is_in(TroubleKind::Floods, now) && self.next_burst.is_none_or(|due| due <= now) {
            self.next_burst = Some(now + FLOOD_PERIOD);
            let arrived = self.carry_to_host(&flood())?;
            self.outputs.push_back(LineOutput::ToHost(arrived));
        }
        Ok(())
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let trouble = self.trouble.and_then(|(kind, since)| match kind {
            TroubleKind::Vanishes | TroubleKind::ComesBack => self.gone.is_none().then_some(since),
            TroubleKind::Floods => Some(self.next_burst.unwrap_or(since)),
            TroubleKind::Hangs | TroubleKind::TalksNonsense => None,
        });
        self.sim.poll_timeout().into_iter().chain(trouble).min()
    }

    pub(super) fn poll_output(&mut self, now: Instant) -> Result<Option<LineOutput>, LineError> {
        while let Some(output) = self.sim.poll_output() {
            match output {
                SimOutput::Host(_) if self.gone.is_some() || self.is_in(TroubleKind::Hangs, now) => {}
                SimOutput::Host(bytes) => {
                    let bytes = if self.is_in(TroubleKind::TalksNonsense, now) { nonsense(&bytes) } else { bytes };
                    let arrived = self.carry_to_host(&bytes)?;
                    self.outputs.push_back(LineOutput::ToHost(arrived));
                }
                SimOutput::Restarted => {
                    self.gone = Some(true);
                    self.outputs.push_back(LineOutput::Closed);
                }
                other => self.outputs.push_back(LineOutput::Sim(other)),
            }
        }
        Ok(self.outputs.pop_front())
    }

    /// Opens the port again, on a pseudo terminal of another name.
    pub(super) fn reopen(&mut self) -> Result<(), String> {
        match self.gone {
            Some(false) => return Err(format!("{} is not there any more", self.port())),
            Some(true) if matches!(self.wire, Wire::Pty(_)) => {
                self.wire = Wire::Pty(Box::new(Pty::open().map_err(|e| e.to_string())?));
            }
            Some(true) | None => {}
        }
        self.gone = None;
        Ok(())
    }

    fn carry_to_host(&mut self, bytes: &[u8]) -> Result<Vec<u8>, LineError> {
        match &mut self.wire {
            Wire::Memory => Ok(bytes.to_vec()),
            Wire::Pty(pty) => pty.carry_to_host(bytes),
        }
    }

    fn is_in(&self, kind: TroubleKind, now: Instant) -> bool {
        self.trouble.is_some_and(|(own, since)| own == kind && since <= now)
    }
}

impl Pty {
    fn open() -> Result<Self, LineError> {
        let error = |port: &str, source| LineError { port: port.to_owned(), source };
        let modem = PtyPort::new(None).map_err(|e| error("a pseudo terminal", e))?;
        let host = SerialDevice::open(&modem.name(), BAUD).map_err(|e| error(&modem.name(), e))?;
        Ok(Self { modem, host })
    }

    fn carry_to_modem(&mut self, bytes: &[u8]) -> Result<Vec<u8>, LineError> {
        carry(&mut self.host, &mut self.modem, bytes)
    }

    fn carry_to_host(&mut self, bytes: &[u8]) -> Result<Vec<u8>, LineError> {
        carry(&mut self.modem, &mut self.host, bytes)
    }
}

/// Writes at one end and reads as much at the other.
fn carry(from: &mut dyn Port, to: &mut dyn Port, bytes: &[u8]) -> Result<Vec<u8>, LineError> {
    let mut arrived = Vec::with_capacity(bytes.len());
    let mut buffer = [0; CHUNK];
    for chunk in bytes.chunks(CHUNK) {
        let wanted = arrived.len() + chunk.len();
        from.write(chunk).map_err(|source| LineError { port: from.name(), source })?;
        while arrived.len() < wanted {
            match to.read(&mut buffer, PATIENCE) {
                Ok(PortRead::Octets(octets)) => arrived.extend_from_slice(&buffer[..octets]),
                Ok(PortRead::Nothing | PortRead::Connected | PortRead::Disconnected) => {
                    let source = io::Error::new(io::ErrorKind::TimedOut, "what was written at one end does not arrive");
                    return Err(LineError { port: to.name(), source });
                }
                Err(source) => return Err(LineError { port: to.name(), source }),
            }
        }
    }
    Ok(arrived)
}
