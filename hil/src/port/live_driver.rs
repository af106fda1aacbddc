//! The driver of a modem on a real port, in real time: the machine decides, this opens, reads and writes.

use std::io;
use std::time::Duration;

use protocol::Instant;

use super::live::{LiveClock, pause};
use super::{Port, PortRead};
use crate::at::AtInput;
use crate::modem::{Modem, ModemInput, ModemOutput, Rung};

/// Longest wait for characters at a time.
const STEP: Duration = Duration::from_millis(20);
/// Most that is read at once.
const CHUNK: usize = 4096;
/// Between tries to open a port.
const OPEN_AGAIN: Duration = Duration::from_millis(200);
/// A device that is not there after this time is told as gone; the budget of the driver is longer.
const OPEN_PATIENCE: Duration = Duration::from_secs(20);

/// What happens between a driver and its modem.
#[derive(Clone, PartialEq, Debug)]
pub enum DriverEvent<'a> {
    /// Bytes to the modem.
    Wrote(&'a [u8]),
    /// Bytes of the modem.
    Read(&'a [u8]),
    /// Anything that the driver puts out but bytes and rungs that are done here.
    Told(&'a ModemOutput),
}

/// A driver on a port that it opens itself, as often as need be.
pub struct LiveDriver<P, O> {
    modem: Modem,
    clock: LiveClock,
    port: Option<P>,
    open: O,
    /// A rung that is being taken here: what is tried until when, and when next.
    opening: Option<(Rung, Instant, Instant)>,
}

impl<P: Port, O: FnMut(Rung) -> io::Result<P>> LiveDriver<P, O> {
    /// A driver that opens its port with `open`, which is given [`Rung::Reopen`], or the rung that switches the device
    /// off and on before it is opened.
    ///
    /// # Errors
    /// The port cannot be opened.
    pub fn new(modem: Modem, mut open: O) -> io::Result<Self> {
        let (clock, port) = (LiveClock::start(), open(Rung::Reopen)?);
        let mut driver = Self { modem, clock, port: Some(port), open, opening: None };
        driver.input(ModemInput::At(AtInput::Opened));
        Ok(driver)
    }

    /// The machine.
    pub const fn modem(&self) -> &Modem {
        &self.modem
    }

    /// Run time.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Tells the machine something.
    pub fn input(&mut self, input: ModemInput<'_>) {
        self.modem.handle_input(self.clock.now(), input);
    }

    /// Does what the machine wants done, waits a little for characters, and does what is due.
    pub fn turn(&mut self, mut tell: impl FnMut(Instant, DriverEvent<'_>)) {
        self.put_out(&mut tell);
        self.open_again();
        let now = self.clock.now();
        let due = self.modem.poll_timeout().into_iter().chain(self.opening.map(|(_, _, next)| next)).min();
        let patience = due.map_or(STEP, |due| due.saturating_duration_since(now).min(STEP));
        let mut chunk = [0; CHUNK];
        match self.port.as_mut().map(|port| port.read(&mut chunk, patience)) {
            Some(Ok(PortRead::Octets(octets))) => {
                let bytes = &chunk[..octets];
                tell(self.clock.now(), DriverEvent::Read(bytes));
                self.input(ModemInput::At(AtInput::Bytes(bytes)));
            }
            Some(Ok(PortRead::Nothing | PortRead::Connected)) => {}
            Some(Ok(PortRead::Disconnected) | Err(_)) => self.port_is_gone(),
            None => pause(patience),
        }
        let now = self.clock.now();
        if self.modem.poll_timeout().is_some_and(|due| due <= now) {
            self.modem.handle_timeout(now);
        }
    }

    fn port_is_gone(&mut self) {
        if self.port.take().is_some() {
            self.input(ModemInput::At(AtInput::Closed));
        }
    }

    fn put_out(&mut self, tell: &mut impl FnMut(Instant, DriverEvent<'_>)) {
        while let Some(output) = self.modem.poll_output() {
            match output {
                ModemOutput::Write(bytes) => {
                    tell(self.clock.now(), DriverEvent::Wrote(&bytes));
                    if self.port.as_mut().is_some_and(|port| port.write(&bytes).is_err()) {
                        self.port_is_gone();
                    }
                }
                ModemOutput::Perform(rung) => {
                    self.port = None;
                    let now = self.clock.now();
                    self.opening = Some((rung, now + OPEN_PATIENCE, now));
                }
                other => tell(self.clock.now(), DriverEvent::Told(&other)),
            }
        }
    }

    /// Takes the rung that is under way, or tries again to open the port.
    fn open_again(&mut self) {
        let now = self.clock.now();
        let Some((rung, until, _)) = self.opening.take_if(|(_, _, next)| *next <= now) else { return };
        match (self.open)(rung) {
            Ok(port) => {
                self.port = Some(port);
                self.input(ModemInput::At(AtInput::Opened));
                self.input(ModemInput::Rung { rung, result: Ok(()) });
            }
            // What switches a device is asked once; then the device is looked for.
            Err(why) if rung != Rung::Reopen || now >= until => {
                self.input(ModemInput::Rung { rung, result: Err(why.to_string()) });
            }
            Err(_) => self.opening = Some((rung, until, now + OPEN_AGAIN)),
        }
    }
}
