//! Messages of the base protocol between two peers: capabilities, watchdog, disconnection (RFC 6733 clauses 5.3 to 5.5).

use std::net::IpAddr;

use super::dictionary as d;
use super::message::{Avp, DiameterProblem, Flags, HEADER_OCTETS, MAX_MESSAGE_OCTETS, Message};
use super::result;
use super::session::{problem_answer, vendor_application};

/// NO_INBAND_SECURITY (RFC 6733 clause 6.10).
const NO_INBAND_SECURITY: u32 = 0;
/// DIAMETER_NO_COMMON_SECURITY (RFC 6733 clause 7.1.5).
const NO_COMMON_SECURITY: u32 = 5017;
/// Applications from here on are those of vendors (RFC 6733 clause 11.3).
const FIRST_VENDOR_APPLICATION: u32 = 0x0100_0000;

/// Why a connection ends in order (Disconnect-Cause, RFC 6733 clause 5.4.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum DisconnectCause {
    /// REBOOTING: it will be back.
    Rebooting = 0,
    /// BUSY.
    Busy = 1,
    /// DO_NOT_WANT_TO_TALK_TO_YOU.
    DoNotWantToTalkToYou = 2,
}

/// What we say of ourselves.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) host: String,
    pub(super) realm: String,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) product: String,
    pub(super) applications: Vec<u32>,
    pub(super) origin_state: u32,
}

/// What a peer says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Capabilities {
    pub(super) host: String,
    pub(super) realm: String,
    pub(super) applications: Vec<u32>,
}

impl Capabilities {
    /// Whether messages of an application can go to it: it has it, or passes it on.
    pub(super) fn takes(&self, application: u32) -> bool {
        self.applications.contains(&application) || self.is_relay()
    }

    /// Whether it passes messages on to others.
    pub(super) fn is_relay(&self) -> bool {
        self.applications.contains(&d::APP_RELAY)
    }

    /// Reads CER or CEA.
    pub(super) fn from_message(message: &Message) -> Result<Self, DiameterProblem> {
        let mut applications = Vec::new();
        for avp in &message.avps {
            if avp.is(&d::AUTH_APPLICATION_ID) || avp.is(&d::ACCT_APPLICATION_ID) {
                applications.push(avp.as_u32()?);
            } else if avp.is(&d::VENDOR_SPECIFIC_APPLICATION_ID) {
                for inner in avp.as_group()? {
                    if inner.is(&d::AUTH_APPLICATION_ID) || inner.is(&d::ACCT_APPLICATION_ID) {
                        applications.push(inner.as_u32()?);
                    }
                }
            }
        }
        Ok(Self {
            host: message.need_text(&d::ORIGIN_HOST)?.to_owned(),
            realm: message.need_text(&d::ORIGIN_REALM)?.to_owned(),
            applications,
        })
    }
}

impl Identity {
    /// Whether it passes messages of others on, of any application.
    pub(super) fn is_relay(&self) -> bool {
        self.applications.contains(&d::APP_RELAY)
    }

    pub(super) fn cer(&self) -> Message {
        Message::request(d::CAPABILITIES_EXCHANGE, d::APP_BASE, self.capabilities())
    }

    /// The answer to a CER that is a success.
    pub(super) fn cea(&self, cer: &Message) -> Message {
        let result = [Avp::u32(&d::RESULT_CODE, result::SUCCESS)];
        Message::answer(cer, result.into_iter().chain(self.capabilities()).collect())
    }

    /// The answer to a CER that is refused: as any answer with a problem, and what CEA has to have.
    pub(super) fn refusal(&self, cer: &Message, problem: &DiameterProblem) -> Message {
        let mut answer = problem_answer(cer, &self.host, &self.realm, problem);
        if !answer.flags.has(Flags::ERROR) {
            let rest = self.capabilities().into_iter().filter(|a| !a.is(&d::ORIGIN_HOST) && !a.is(&d::ORIGIN_REALM));
            answer.avps.extend(rest);
        }
        answer
    }

    /// What a CER says of who sends it, when there can be a connection.
    pub(super) fn judge(&self, cer: &Message) -> Result<Capabilities, DiameterProblem> {
        super::grammar::check_request(cer)?;
        let peer = Capabilities::from_message(cer)?;
        let security: Result<Vec<_>, _> = cer.all(&d::INBAND_SECURITY_ID).map(Avp::as_u32).collect();
        let security = security?;
        if !security.is_empty() && !security.contains(&NO_INBAND_SECURITY) {
            return Err(DiameterProblem::new(NO_COMMON_SECURITY, "TLS in band is not offered here"));
        }
        self.common(&peer)?;
        Ok(peer)
    }

    /// Whether there is an application in common (RFC 6733 clause 5.3).
    pub(super) fn common(&self, peer: &Capabilities) -> Result<(), DiameterProblem> {
        let common = self.applications.iter().any(|&a| a == d::APP_RELAY || peer.takes(a));
        if common { Ok(()) } else { Err(DiameterProblem::new(result::NO_COMMON_APPLICATION, "no common application")) }
    }

    fn capabilities(&self) -> Vec<Avp> {
        let mut avps = self.origin();
        avps.extend(self.addresses.iter().map(|&a| Avp::address(&d::HOST_IP_ADDRESS, a)));
        // RFC 6733 clause 5.3.3: zero says that it is to be ignored.
        avps.push(Avp::u32(&d::VENDOR_ID, 0));
        avps.push(Avp::text(&d::PRODUCT_NAME, &self.product));
        avps.push(Avp::u32(&d::ORIGIN_STATE_ID, self.origin_state));
        avps.push(Avp::u32(&d::SUPPORTED_VENDOR_ID, d::VENDOR_3GPP));
        avps.push(Avp::u32(&d::INBAND_SECURITY_ID, NO_INBAND_SECURITY));
        avps.extend(self.applications.iter().map(|&application| {
            if (FIRST_VENDOR_APPLICATION..d::APP_RELAY).contains(&application) {
                vendor_application(application)
            } else if application == d::APP_RF {
                // RFC 6733 clause 5.3.1: accounting has an AVP of its own.
                Avp::u32(&d::ACCT_APPLICATION_ID, application)
            } else {
                Avp::u32(&d::AUTH_APPLICATION_ID, application)
            }
        }));
        avps
    }

    fn origin(&self) -> Vec<Avp> {
        vec![Avp::text(&d::ORIGIN_HOST, &self.host), Avp::text(&d::ORIGIN_REALM, &self.realm)]
    }

    pub(super) fn dwr(&self) -> Message {
        let mut avps = self.origin();
        avps.push(Avp::u32(&d::ORIGIN_STATE_ID, self.origin_state));
        Message::request(d::DEVICE_WATCHDOG, d::APP_BASE, avps)
    }

    pub(super) fn dpr(&self, cause: DisconnectCause) -> Message {
        let mut avps = self.origin();
        avps.push(Avp::u32(&d::DISCONNECT_CAUSE, cause as u32));
        Message::request(d::DISCONNECT_PEER, d::APP_BASE, avps)
    }

    /// DWA or DPA; a request against its grammar is told so.
    pub(super) fn answer(&self, request: &Message) -> Message {
        if let Err(problem) = super::grammar::check_request(request) {
            return problem_answer(request, &self.host, &self.realm, &problem);
        }
        let mut avps = vec![Avp::u32(&d::RESULT_CODE, result::SUCCESS)];
        avps.extend(self.origin());
        if request.command == d::DEVICE_WATCHDOG {
            avps.push(Avp::u32(&d::ORIGIN_STATE_ID, self.origin_state));
        }
        Message::answer(request, avps)
    }
}

/// Cuts the stream of a connection into messages.
#[derive(Debug, Default)]
pub(super) struct Framer {
    octets: Vec<u8>,
}

impl Framer {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.octets.extend(bytes);
    }

    /// The next whole message; an error when what is there cannot be one, and the stream is lost with it.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, DiameterProblem> {
        let Some(&[version, a, b, c]) = self.octets.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        if version != 1 {
            let what = format!("version {version} is not 1");
            return Err(DiameterProblem::new(result::UNSUPPORTED_VERSION, what));
        }
        if !(HEADER_OCTETS..=MAX_MESSAGE_OCTETS).contains(&length) || !length.is_multiple_of(4) {
            let what = format!("a message of {length} octets");
            return Err(DiameterProblem::new(result::INVALID_MESSAGE_LENGTH, what));
        }
        if self.octets.len() < length {
            return Ok(None);
        }
        let rest = self.octets.split_off(length);
        Ok(Some(std::mem::replace(&mut self.octets, rest)))
    }
}
