//! Passing requests of others on (RFC 6733 clauses 2.8.1, 6.1.3, 6.1.4 and 6.1.9).

use super::pending::Relayed;
use super::{DiameterEndpoint, Owner, RequestHandle};
use crate::Instant;
use crate::diameter::dictionary as d;
use crate::diameter::message::{Avp, DiameterProblem, Flags, Message};
use crate::diameter::result;

impl DiameterEndpoint {
    /// Passes a request on that came from the peer `from` ([`Self::peer_of`]): to the peer that its Destination-Host names, else
    /// to the first of `next_hops` that can be used. It gets a Route-Record and another Hop-by-Hop Identifier; all else stays.
    /// It goes back to nobody that it comes from.
    ///
    /// Its answer comes with `token`; [`Self::send_answer`] gives it the identifier of the request again.
    pub fn relay_request(&mut self, now: Instant, token: u64, from: &str, mut message: Message, next_hops: &[String]) {
        message.avps.push(Avp::text(&d::ROUTE_RECORD, from));
        let place = |host: &str| self.peers.iter().position(|peer| peer.host.eq_ignore_ascii_case(host));
        let records = message.all(&d::ROUTE_RECORD).filter_map(|avp| avp.as_text().ok());
        let was_there = records.filter_map(place).collect();
        let next_hops = next_hops.iter().filter_map(|hop| place(hop)).collect();
        self.pend(now, token, message, Some(Relayed { next_hops, was_there }));
    }

    /// The peer that a request has come from; none when its connection is gone.
    pub fn peer_of(&self, handle: RequestHandle) -> Option<&str> {
        match self.connections.get(&handle.conn)?.owner {
            Owner::Peer(peer) => self.peers.get(peer).map(|peer| peer.host.as_str()),
            Owner::Unknown { .. } => None,
        }
    }

    /// Whether a peer of this name is configured, or has connected.
    pub fn knows_peer(&self, host: &str) -> bool {
        self.peers.iter().any(|peer| peer.host.eq_ignore_ascii_case(host))
    }

    /// Whether a request may be passed on. What is in it otherwise is not looked into.
    pub(super) fn for_others(&self, message: &Message) -> Result<(), DiameterProblem> {
        if message.flags.has(Flags::ERROR) {
            return Err(DiameterProblem::new(result::INVALID_HDR_BITS, "a request has the E bit"));
        }
        self.no_loop(message)?;
        let host = message.text(&d::DESTINATION_HOST)?;
        let is_ours = host.is_some_and(|host| host.eq_ignore_ascii_case(&self.me.host));
        let is_nobodys = host.is_none() && message.get(&d::DESTINATION_REALM).is_none();
        // RFC 6733 clauses 3 (P bit) and 6.1.4: these are to be processed here, and here is no application.
        if is_ours || is_nobodys || !message.flags.has(Flags::PROXIABLE) {
            let what = format!("{} is to be processed here, and this is a relay", message.name());
            return Err(DiameterProblem::new(result::APPLICATION_UNSUPPORTED, what));
        }
        message.need_text(&d::DESTINATION_REALM).map(|_| ())
    }

    /// RFC 6733 clause 6.1.3.
    pub(super) fn no_loop(&self, message: &Message) -> Result<(), DiameterProblem> {
        for record in message.all(&d::ROUTE_RECORD) {
            if record.as_text()?.eq_ignore_ascii_case(&self.me.host) {
                return Err(DiameterProblem::new(result::LOOP_DETECTED, "the request was here before"));
            }
        }
        Ok(())
    }
}
