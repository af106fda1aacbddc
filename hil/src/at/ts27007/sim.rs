//! Access to the UICC: `+CSIM` (TS 27.007 clause 8.17), `+CCHO`, `+CCHC`, `+CGLA` (8.45 to 8.47). With the
//! AUTHENTICATE command of TS 31.102 clause 7.1.2 these give the answer to an IMS-AKA challenge.

use super::super::params::parse_params;
use super::{AtCommand, AtError, AtResponse, Request, first, ok};

/// `+CSIM`: a command APDU on the basic channel; the answer is the response APDU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimAccess(pub Vec<u8>);

/// `+CCHO`: opens a logical channel to an application; the answer is its session id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenLogicalChannel {
    /// AID of the application.
    pub application: Vec<u8>,
}

/// `+CGLA`: a command APDU on a logical channel; the answer is the response APDU.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogicalChannelAccess {
    /// `<sessionid>`.
    pub session: u32,
    /// Command APDU.
    pub apdu: Vec<u8>,
}

/// `+CCHC`: closes a logical channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CloseLogicalChannel {
    /// `<sessionid>`.
    pub session: u32,
}

impl Request for SimAccess {
    type Answer = Vec<u8>;

    fn command(&self) -> AtCommand {
        AtCommand::new(format!("+CSIM={},\"{}\"", 2 * self.0.len(), hex::encode_upper(&self.0))).answered_by("+CSIM")
    }

    fn answer(&self, response: &AtResponse) -> Result<Vec<u8>, AtError> {
        first(self, response, apdu)
    }
}

impl Request for OpenLogicalChannel {
    type Answer = u32;

    fn command(&self) -> AtCommand {
        // Some modems answer with the bare number, without the prefix.
        AtCommand::new(format!("+CCHO=\"{}\"", hex::encode_upper(&self.application))).answered_by_text()
    }

    fn answer(&self, response: &AtResponse) -> Result<u32, AtError> {
        first(self, response, |text| text.strip_prefix("+CCHO:").unwrap_or(text).trim().parse().ok())
    }
}

impl Request for LogicalChannelAccess {
    type Answer = Vec<u8>;

    fn command(&self) -> AtCommand {
        AtCommand::new(format!("+CGLA={},{},\"{}\"", self.session, 2 * self.apdu.len(), hex::encode_upper(&self.apdu)))
            .answered_by("+CGLA")
    }

    fn answer(&self, response: &AtResponse) -> Result<Vec<u8>, AtError> {
        first(self, response, apdu)
    }
}

impl Request for CloseLogicalChannel {
    type Answer = ();

    fn command(&self) -> AtCommand {
        AtCommand::new(format!("+CCHC={}", self.session))
    }

    fn answer(&self, response: &AtResponse) -> Result<(), AtError> {
        ok(self, response)
    }
}

/// `<length>,<response>`, whose length has to fit.
fn apdu(text: &str) -> Option<Vec<u8>> {
    let params = parse_params(text);
    let (length, digits): (usize, _) = (params.first()?.number()?, params.get(1)?.text()?);
    hex::decode(digits).ok().filter(|octets| 2 * octets.len() == length && octets.len() >= 2)
}
