//! What a driver speaks to: a simulated modem, or a real one.

use hil::modem::Rung;
use hil::sim::SimInput;
use protocol::Instant;

use super::line::{LineError, LineOutput, SimulatedLine};
use super::real::RealLine;

/// What a driver speaks to.
pub(super) enum Link {
    Simulated(Box<SimulatedLine>),
    Real(Box<RealLine>),
}

impl Link {
    pub(super) const fn is_real(&self) -> bool {
        matches!(self, Self::Real(_))
    }

    /// It is real, and nobody can switch its power.
    pub(super) fn lacks_switch(&self) -> bool {
        matches!(self, Self::Real(line) if line.lacks_switch())
    }

    /// The driver writes.
    pub(super) fn write(&mut self, now: Instant, bytes: &[u8]) -> Result<(), LineError> {
        match self {
            Self::Simulated(line) => line.write(now, bytes),
            Self::Real(line) => {
                line.write(bytes);
                Ok(())
            }
        }
    }

    /// What happens to a simulated UE and in its network; a real one has its own.
    pub(super) fn tell(&mut self, now: Instant, input: SimInput<'_>) {
        if let Self::Simulated(line) = self {
            line.tell(now, input);
        }
    }

    /// Looks at what has come from outside.
    pub(super) fn listen(&mut self, now: Instant) {
        if let Self::Real(line) = self {
            line.listen(now);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<(), LineError> {
        match self {
            Self::Simulated(line) => line.handle_timeout(now),
            Self::Real(_) => Ok(()),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Simulated(line) => line.poll_timeout(),
            Self::Real(_) => None,
        }
    }

    pub(super) fn poll_output(&mut self, now: Instant) -> Result<Option<LineOutput>, LineError> {
        match self {
            Self::Simulated(line) => line.poll_output(now),
            Self::Real(line) => Ok(line.poll_output()),
        }
    }

    /// Takes a rung; `None`: that takes its time, and ends with [`LineOutput::Rung`].
    pub(super) fn perform(&mut self, rung: Rung) -> Option<Result<(), String>> {
        match (self, rung) {
            (Self::Real(line), _) => {
                line.perform(rung);
                None
            }
            (Self::Simulated(line), Rung::Reopen) => Some(line.reopen()),
            (Self::Simulated(_), other) => Some(Err(format!("{other}: the rig has nothing that does it"))),
        }
    }
}
