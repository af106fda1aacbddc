//! The driver's side of a port in real time: one command after the other.

use std::time::Duration;

use super::live::LiveClock;
use super::{Port, PortRead};
use crate::at::ts27007::{AtError, Request};
use crate::at::{AtCommand, AtConfig, AtEngine, AtFailure, AtInput, AtOutput, AtResponse, Urc};

/// Longest wait for characters at a time.
const STEP: Duration = Duration::from_millis(50);
/// Most that is read at once.
const CHUNK: usize = 4096;
/// Unsolicited codes that are kept until somebody asks for them; older ones are dropped.
const MAX_URCS: usize = 1000;

/// A driver on a port.
pub struct LiveHost<P> {
    engine: AtEngine,
    port: P,
    clock: LiveClock,
    urcs: std::collections::VecDeque<Urc>,
}

/// Why a request got no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RequestError {
    /// No answer came.
    #[error(transparent)]
    NoAnswer(#[from] AtFailure),
    /// The answer is a refusal or not understood.
    #[error(transparent)]
    Answer(#[from] AtError),
}

impl<P: Port> LiveHost<P> {
    /// A driver on a port that is open.
    pub fn new(config: AtConfig, port: P) -> Self {
        let (mut engine, clock) = (AtEngine::new(config), LiveClock::start());
        engine.handle_input(clock.now(), AtInput::Opened);
        Self { engine, port, clock, urcs: std::collections::VecDeque::new() }
    }

    /// Sends a command and waits for its end, which comes within its time limit and that of bringing the port back in step.
    ///
    /// # Errors
    /// As [`AtFailure`] says; a port that is gone is a closed one.
    pub fn command(&mut self, command: AtCommand) -> Result<AtResponse, AtFailure> {
        let id = self.engine.submit(self.clock.now(), command);
        loop {
            while let Some(output) = self.engine.poll_output() {
                match output {
                    AtOutput::Write(bytes) => {
                        if self.port.write(&bytes).is_err() {
                            self.engine.handle_input(self.clock.now(), AtInput::Closed);
                        }
                    }
                    AtOutput::Done(done, result) if done == id => return result,
                    AtOutput::Urc(urc) => self.keep(urc),
                    AtOutput::Done(..) | AtOutput::Ignored(_) => {}
                }
            }
            self.turn();
        }
    }

    /// Sends a request and gives its answer a meaning.
    ///
    /// # Errors
    /// There is no answer, or none that means anything.
    pub fn ask<R: Request>(&mut self, request: &R) -> Result<R::Answer, RequestError> {
        let response = self.command(request.command())?;
        Ok(request.answer(&response)?)
    }

    /// The oldest unsolicited code that has not been fetched.
    pub fn poll_urc(&mut self) -> Option<Urc> {
        self.urcs.pop_front()
    }

    fn keep(&mut self, urc: Urc) {
        if self.urcs.len() == MAX_URCS {
            self.urcs.pop_front();
        }
        self.urcs.push_back(urc);
    }

    /// Waits a little for characters, and does what is due.
    fn turn(&mut self) {
        let mut chunk = [0; CHUNK];
        let now = self.clock.now();
        let patience = self.engine.poll_timeout().map_or(STEP, |due| due.saturating_duration_since(now).min(STEP));
        let input = match self.port.read(&mut chunk, patience) {
            Ok(PortRead::Octets(octets)) => Some(AtInput::Bytes(&chunk[..octets])),
            Ok(PortRead::Nothing | PortRead::Connected) => None,
            Ok(PortRead::Disconnected) | Err(_) => Some(AtInput::Closed),
        };
        let now = self.clock.now();
        if let Some(input) = input {
            self.engine.handle_input(now, input);
        }
        if self.engine.poll_timeout().is_some_and(|due| due <= now) {
            self.engine.handle_timeout(now);
        }
    }
}
