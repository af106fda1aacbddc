//! Who asks on MM1: what a trusted box asserts (TS 24.109 clause 6.5), the address that only one subscriber can have, or HTTP
//! Digest (RFC 7616).

use std::net::SocketAddr;

use http::header::{AUTHORIZATION, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use protocol::{Entropy, Instant};

use super::config::MmsRelayConfig;
use super::mm1::refusal;
use super::routes::Routes;
use crate::ims::TrustedPeer;
use crate::ims::xdm::{DigestGate, DigestRefusal};
use crate::mms::charging::IP_ACCESS_HEADER;

/// Who may ask.
#[derive(Debug)]
pub(super) struct Access {
    gate: DigestGate,
    /// Names of HTTP Digest, and whose they are.
    logins: Vec<(String, usize)>,
    /// Addresses, and whose they are.
    places: Vec<(TrustedPeer, usize)>,
}

impl Access {
    pub(super) fn new(config: &MmsRelayConfig, entropy: Entropy) -> Result<Self, String> {
        let realm = if config.realm.is_empty() { &config.domain } else { &config.realm };
        let mut gate = DigestGate::new(realm, config.times.nonce, entropy);
        let (mut logins, mut places) = (Vec::<(String, usize)>::new(), Vec::<(TrustedPeer, usize)>::new());
        for (n, subscriber) in config.subscribers.iter().enumerate() {
            if let Some((name, password)) = &subscriber.login {
                if logins.iter().any(|(own, _)| own == name) {
                    return Err(format!("MMS relay: two subscribers have the user name {name:?}"));
                }
                gate.add(name, password.expose());
                logins.push((name.clone(), n));
            }
            for place in &subscriber.from {
                if places.iter().any(|(own, _)| own == place) {
                    return Err(format!("MMS relay: two subscribers come from {}", String::from(*place)));
                }
                places.push((*place, n));
            }
        }
        Ok(Self { gate, logins, places })
    }

    /// The subscriber who sends a request, or the answer to who is none.
    pub(super) fn subscriber(
        &mut self,
        now: Instant,
        config: &MmsRelayConfig,
        routes: &Routes,
        peer: SocketAddr,
        request: &Request<Vec<u8>>,
    ) -> Result<usize, Box<Response<Vec<u8>>>> {
        let headers = request.headers();
        let asserted = headers.get_all(&ASSERTED);
        if asserted.iter().next().is_some() && config.trusted.iter().any(|own| own.is(peer)) {
            // The first that is a subscriber: all are of one user.
            let identities = asserted.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
            let mut known = identities.filter_map(|identity| routes.asserted(identity));
            return known
                .next()
                .ok_or_else(|| Box::new(refusal(StatusCode::FORBIDDEN, "the asserted identity is no subscriber")));
        }
        if let Some((_, own)) = self.places.iter().find(|(place, _)| place.is(peer)) {
            return Ok(*own);
        }
        let mut credentials = headers.get_all(AUTHORIZATION).iter();
        let checked = match (credentials.next().map(HeaderValue::to_str), credentials.next()) {
            (None, _) => Err(DigestRefusal::Missing),
            (Some(Ok(value)), None) => self.gate.check(now, request, value),
            _ => Err(DigestRefusal::Malformed("more than one set of credentials")),
        };
        let checked = checked.map_err(|why| Box::new(self.challenge(now, why)))?;
        let own = self.logins.iter().find(|(name, _)| *name == checked.username).map(|(_, own)| *own);
        own.ok_or_else(|| Box::new(refusal(StatusCode::FORBIDDEN, "no subscriber")))
    }

    /// A trusted box says that the UE is on an IP access (TR 23.804 clause 7).
    pub(super) fn is_ip(&self, config: &MmsRelayConfig, peer: SocketAddr, request: &Request<Vec<u8>>) -> bool {
        let is_said = request.headers().get(IP_ACCESS_HEADER).is_some_and(|value| value == "1");
        is_said && config.trusted.iter().any(|own| own.is(peer))
    }

    fn challenge(&mut self, now: Instant, why: DigestRefusal) -> Response<Vec<u8>> {
        let is_stale = matches!(why, DigestRefusal::Stale | DigestRefusal::Replayed);
        let mut refused = refusal(StatusCode::UNAUTHORIZED, &why.to_string());
        for challenge in self.gate.challenges(now, is_stale) {
            if let Ok(value) = HeaderValue::try_from(challenge) {
                refused.headers_mut().append(WWW_AUTHENTICATE, value);
            }
        }
        refused
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.gate.poll_timeout()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.gate.poll_timeout().is_some_and(|at| at <= now) {
            self.gate.handle_timeout(now);
        }
    }
}

/// TS 33.222 clause 6.5.2.4, TS 24.109.
const ASSERTED: HeaderName = HeaderName::from_static("x-3gpp-asserted-identity");
