//! Functionality `+CFUN` (TS 27.007 clause 8.2) and PIN `+CPIN` (8.3).

use std::time::Duration;

use super::super::params::parse_params;
use super::{AtCommand, AtError, AtResponse, Request, first, ok};

/// Modems that shut their radio down tell the network first.
const CFUN_TIME_LIMIT: Duration = Duration::from_secs(20);

/// `<fun>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Functionality {
    /// 0.
    Minimum,
    /// 1.
    Full,
    /// 4: neither sends nor receives.
    Flight,
    /// Others: 2, 3 one direction only, 5 and above of the manufacturer.
    Other(u8),
}

/// `+CFUN?`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadFunctionality;

/// `+CFUN=<fun>[,<rst>]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetFunctionality {
    /// What to go to.
    pub functionality: Functionality,
    /// Reset before; the port may go away.
    pub reset: bool,
}

impl Functionality {
    pub(crate) const fn value(self) -> u8 {
        match self {
            Self::Minimum => 0,
            Self::Full => 1,
            Self::Flight => 4,
            Self::Other(value) => value,
        }
    }

    const fn new(value: u8) -> Self {
        match value {
            0 => Self::Minimum,
            1 => Self::Full,
            4 => Self::Flight,
            value => Self::Other(value),
        }
    }
}

impl Request for ReadFunctionality {
    type Answer = Functionality;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CFUN?").answered_by("+CFUN")
    }

    fn answer(&self, response: &AtResponse) -> Result<Functionality, AtError> {
        // Some add <rst>: `+CFUN: 1,0`.
        first(self, response, |text| Some(Functionality::new(parse_params(text).first()?.number()?)))
    }
}

impl Request for SetFunctionality {
    type Answer = ();

    fn command(&self) -> AtCommand {
        let reset = if self.reset { ",1" } else { "" };
        AtCommand::new(format!("+CFUN={}{reset}", self.functionality.value())).time_limit(CFUN_TIME_LIMIT)
    }

    fn answer(&self, response: &AtResponse) -> Result<(), AtError> {
        ok(self, response)
    }
}

/// `<code>` of `+CPIN?`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SimState {
    /// `READY`.
    Ready,
    /// `SIM PIN`, `SIM PUK`, `PH-SIM PIN`, ...: what is asked for.
    Wants(String),
    /// No SIM is there (`+CME ERROR: 10`).
    Absent,
    /// Busy, as for some seconds after power-up: ask again (`+CME ERROR: 14`, and 515 of one manufacturer).
    Busy,
}

/// `+CPIN?`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadPin;

impl Request for ReadPin {
    type Answer = SimState;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CPIN?").answered_by("+CPIN")
    }

    fn answer(&self, response: &AtResponse) -> Result<SimState, AtError> {
        match response.code.cme() {
            Some(10) => return Ok(SimState::Absent),
            Some(14 | 515) => return Ok(SimState::Busy),
            _ => {}
        }
        first(self, response, |text| match text.trim_matches('"') {
            "" => None,
            "READY" => Some(SimState::Ready),
            code => Some(SimState::Wants(code.to_owned())),
        })
    }
}

/// `+CPIN=<pin>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnterPin(pub String);

impl Request for EnterPin {
    type Answer = ();

    fn command(&self) -> AtCommand {
        AtCommand::new(format!("+CPIN=\"{}\"", self.0)).time_limit(CFUN_TIME_LIMIT)
    }

    fn answer(&self, response: &AtResponse) -> Result<(), AtError> {
        ok(self, response)
    }
}
