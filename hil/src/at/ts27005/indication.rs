//! New message indications: `+CSMS` (TS 27.005 clause 3.2.1), `+CNMI` (3.4.1), `+CNMA` (3.4.4, 4.7), and what comes
//! unasked.

use super::super::command::{AtCommand, AtResponse};
use super::super::params::{Param, parse_params};
use super::super::ts27007::{AtError, Request, first, ok};
use super::super::urc::Urc;
use super::pdu;

/// What a modem says about messages unasked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmsIndication {
    /// `+CMTI`: a message was stored.
    Stored {
        /// `<mem>`.
        memory: String,
        /// `<index>`.
        index: u16,
    },
    /// `+CMT`: a message, to be acknowledged when `+CSMS=1` is in force.
    Message(Vec<u8>),
    /// `+CDS`: a status report.
    StatusReport(Vec<u8>),
    /// `+CDSI`: a status report was stored.
    ReportStored {
        /// `<mem>`.
        memory: String,
        /// `<index>`.
        index: u16,
    },
}

impl SmsIndication {
    /// What an unsolicited code says of messages; `None`: nothing that can be made out.
    pub fn of_urc(urc: &Urc) -> Option<Self> {
        let params = parse_params(&urc.text);
        let stored = || Some((params.first()?.text()?.to_owned(), params.get(1)?.number()?));
        let octets = || pdu(urc.body.as_deref(), params.last()?.number()?);
        match urc.name.as_str() {
            "+CMTI" => stored().map(|(memory, index)| Self::Stored { memory, index }),
            "+CDSI" => stored().map(|(memory, index)| Self::ReportStored { memory, index }),
            "+CMT" => octets().map(Self::Message),
            "+CDS" => octets().map(Self::StatusReport),
            _ => None,
        }
    }
}

/// What `+CNMI=?` offers: for each parameter the values that may be set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndicationModes([Param; 5]);

/// `+CNMI=?`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadIndicationModes;

/// `+CNMI=<mode>,<mt>,<bm>,<ds>,<bfr>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetIndications([u8; 5]);

impl IndicationModes {
    /// The best that can be had: messages and status reports stored and indicated, so that none hangs on an
    /// acknowledgement, nothing of what was kept back lost. `None`: this modem does not indicate new messages.
    pub fn choose(&self) -> Option<SetIndications> {
        // In order of preference. mode 2: kept back while the port is busy; mt 1: +CMTI, 2: +CMT; ds 2: +CDSI, 1: +CDS.
        let preferred: [&[u8]; 5] = [&[2, 1, 3], &[1, 2], &[0], &[2, 1, 0], &[0, 1]];
        let mut chosen = [0; 5];
        for ((chosen, offered), preferred) in chosen.iter_mut().zip(&self.0).zip(preferred) {
            *chosen = preferred.iter().copied().find(|&value| offered.admits(value.into()))?;
        }
        Some(SetIndications(chosen))
    }
}

impl Request for ReadIndicationModes {
    type Answer = IndicationModes;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CNMI=?").answered_by("+CNMI")
    }

    fn answer(&self, response: &AtResponse) -> Result<IndicationModes, AtError> {
        first(self, response, |text| {
            let mut params = parse_params(text);
            // A modem that leaves parameters out has them at 0.
            params.resize(5, Param::Bare("0".into()));
            <[Param; 5]>::try_from(params).ok().map(IndicationModes)
        })
    }
}

impl Request for SetIndications {
    type Answer = ();

    fn command(&self) -> AtCommand {
        let [mode, mt, bm, ds, bfr] = self.0;
        AtCommand::new(format!("+CNMI={mode},{mt},{bm},{ds},{bfr}"))
    }

    fn answer(&self, response: &AtResponse) -> Result<(), AtError> {
        ok(self, response)
    }
}

impl SetIndications {
    /// Messages are routed to the port (`+CMT`), not stored and indicated.
    pub const fn routes(&self) -> bool {
        self.0[1] == 2
    }
}

/// `+CSMS`: with 1, routed messages and status reports are acknowledged with `+CNMA`, so that none is lost on the way;
/// one that is not makes the modem route no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SelectService {
    /// `+CSMS=1`, phase 2+; otherwise `+CSMS=0`.
    pub acknowledges: bool,
}

impl Request for SelectService {
    type Answer = ();

    fn command(&self) -> AtCommand {
        AtCommand::new(format!("+CSMS={}", u8::from(self.acknowledges))).answered_by("+CSMS")
    }

    fn answer(&self, response: &AtResponse) -> Result<(), AtError> {
        ok(self, response)
    }
}

/// `+CNMA`: a routed message has arrived; without it a modem with `+CSMS=1` routes no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acknowledge;

impl Request for Acknowledge {
    /// It was expected; if not, the modem has given up waiting, and may route no more (clause 3.4.4).
    type Answer = bool;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CNMA")
    }

    fn answer(&self, response: &AtResponse) -> Result<bool, AtError> {
        /// `+CMS ERROR`: no acknowledgement was expected.
        const NOT_EXPECTED: u16 = 340;
        if response.code.cms() == Some(NOT_EXPECTED) { Ok(false) } else { ok(self, response).map(|()| true) }
    }
}
