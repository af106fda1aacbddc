//! Packet domain: `+CGDCONT` (TS 27.007 clause 10.1.1), `+CGATT` (10.1.9), `+CGPADDR` (10.1.14).

use std::net::IpAddr;
use std::time::Duration;

use super::super::params::{Param, parse_params};
use super::{AtCommand, AtError, AtResponse, Request, first, ok};

/// Attaching waits for the network.
const ATTACH_TIME_LIMIT: Duration = Duration::from_secs(140);

/// A PDP context as it is defined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PdpContext {
    /// `<cid>`.
    pub cid: u8,
    /// `<PDP_type>`: `IP`, `IPV6`, `IPV4V6`.
    pub pdp_type: String,
    /// `<APN>`.
    pub apn: String,
}

/// `+CGDCONT?`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadPdpContexts;

/// `+CGDCONT=...`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DefinePdpContext(pub PdpContext);

/// `+CGATT=<state>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attach(pub bool);

/// `+CGATT?`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadAttached;

/// `+CGPADDR=<cid>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadAddress(pub u8);

impl Request for ReadPdpContexts {
    type Answer = Vec<PdpContext>;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CGDCONT?").answered_by("+CGDCONT")
    }

    fn answer(&self, response: &AtResponse) -> Result<Self::Answer, AtError> {
        ok(self, response)?;
        let context = |text: &str| {
            let params = parse_params(text);
            let text = |i: usize| params.get(i).and_then(Param::text).unwrap_or_default().to_owned();
            Some(PdpContext { cid: params.first()?.number()?, pdp_type: text(1), apn: text(2) })
        };
        Ok(response.lines.iter().filter_map(|line| context(&line.text)).collect())
    }
}

impl Request for DefinePdpContext {
    type Answer = ();

    fn command(&self) -> AtCommand {
        let PdpContext { cid, pdp_type, apn } = &self.0;
        AtCommand::new(format!("+CGDCONT={cid},\"{pdp_type}\",\"{apn}\""))
    }

    fn answer(&self, response: &AtResponse) -> Result<(), AtError> {
        ok(self, response)
    }
}

impl Request for Attach {
    type Answer = ();

    fn command(&self) -> AtCommand {
        AtCommand::new(format!("+CGATT={}", u8::from(self.0))).time_limit(ATTACH_TIME_LIMIT)
    }

    fn answer(&self, response: &AtResponse) -> Result<(), AtError> {
        ok(self, response)
    }
}

impl Request for ReadAttached {
    type Answer = bool;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CGATT?").answered_by("+CGATT")
    }

    fn answer(&self, response: &AtResponse) -> Result<bool, AtError> {
        first(self, response, |text| parse_params(text).first()?.number::<u8>().map(|state| state == 1))
    }
}

impl Request for ReadAddress {
    type Answer = Vec<IpAddr>;

    fn command(&self) -> AtCommand {
        AtCommand::new(format!("+CGPADDR={}", self.0)).answered_by("+CGPADDR")
    }

    fn answer(&self, response: &AtResponse) -> Result<Self::Answer, AtError> {
        ok(self, response)?;
        let params = response.lines.iter().flat_map(|line| parse_params(&line.text).into_iter().skip(1));
        Ok(params.filter_map(|p| address(p.text()?)).filter(|a| !a.is_unspecified()).collect())
    }
}

/// An address in the forms of RFC 4291 or as TS 27.007 has IPv6: sixteen decimal octets with points between them.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| {
        let octets = text.split('.').map(|octet| octet.parse().ok()).collect::<Option<Vec<u8>>>()?;
        <[u8; 16]>::try_from(octets).ok().map(IpAddr::from)
    })
}
