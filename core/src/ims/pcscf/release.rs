//! Release of sessions by the P-CSCF when a UE has lost its bearer or its registration (TS 24.229 clause 5.2.8.1).

use std::net::SocketAddr;

use protocol::Instant;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Method, Reason};

use super::session::SessionKey;
use super::{Asked, Pcscf, Purpose};

/// Why the sessions of a UE without bearer end (RFC 3326; the status is that of TS 24.229 clause 5.2.8.1).
const BEARER_LOST: (u16, &str) = (503, "Bearer lost");
/// Why the sessions of a UE that the network has deregistered end.
const DEREGISTERED: (u16, &str) = (480, "Deregistered by the network");

impl Pcscf {
    /// The access network says that a UE has lost its bearer. Its registration stays: the UE may come back on another one.
    pub(super) fn bearer_lost(&mut self, now: Instant, ue: SocketAddr) {
        let tokens: Vec<_> = self.registrations.at_address(ue).map(|known| known.token.clone()).collect();
        if tokens.is_empty() {
            return self.ignored("not registered", format!("loss of the bearer of {ue}"));
        }
        for token in tokens {
            self.release(now, &token, BEARER_LOST);
        }
    }

    /// The network has deregistered a UE.
    pub(super) fn network_deregistered(&mut self, now: Instant, token: &str) {
        self.release(now, token, DEREGISTERED);
        self.forget(now, token);
    }

    /// Ends all sessions of a registration, those under way and those that stand.
    fn release(&mut self, now: Instant, token: &str, (cause, text): (u16, &str)) {
        let reason = Reason::sip(cause, text).to_string();
        let reason = reason.as_str();
        let of_ue = |purpose: &Purpose| match purpose {
            Purpose::FromUe { token: own } | Purpose::ToUe { token: own, .. } => own == token,
            _ => false,
        };
        let invites: Vec<_> = self
            .relayed
            .iter()
            .filter(|(_, relayed)| relayed.request.method == Method::INVITE && of_ue(&relayed.purpose))
            .map(|(key, _)| *key)
            .filter(|key| !self.proxy.pending(*key).is_empty())
            .collect();
        for key in invites {
            // Clause 5.2.8.1.1: the status to who has sent the INVITE, CANCEL to who has got it.
            self.proxy.cancel(now, &mut self.stack, key, Some(reason));
            self.reply(now, key, &Refusal::new(cause).with("Reason", reason));
        }
        for key in self.sessions.of(token) {
            self.end_session(now, &key, reason);
        }
    }

    /// Clause 5.2.8.1.2: BYE to the other party as if the UE had sent it.
    fn end_session(&mut self, now: Instant, key: &SessionKey, reason: &str) {
        let Some(mut session) = self.sessions.remove(key) else { return };
        let bye = session.bye(&key.call_id, reason);
        self.said(format!("session {} of a UE is released: {reason}", key.call_id));
        self.charging.within(now, None, &bye);
        match self.stack.send_request(now, bye, None) {
            Ok(client) => drop(self.asked.insert(client, Asked::Bye)),
            Err(error) => self.said(format!("BYE of session {} cannot be sent: {error}", key.call_id)),
        }
    }
}
