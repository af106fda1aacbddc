//! What the conference server tells the charging trigger function (TS 32.260 clause 5.2): of what passes in the transactions
//! of its user agent. Who calls a conference is served at its end; whom it calls, at its beginning.

use protocol::Instant;
use protocol::diameter::charging::RoleOfNode;
use protocol::sip::{Passed, Request, SessionId};

use super::server::ConferenceServer;
use crate::charging::ChargingClient;
use crate::ims::charging;

impl ConferenceServer {
    /// The same with offline charging.
    #[must_use]
    pub fn with_charging(mut self, charging: ChargingClient) -> Self {
        if charging.network().is_some() {
            self.ua.watch();
        }
        self.charging = charging.that_forgets();
        self
    }

    pub(super) fn charge(&mut self, now: Instant, passed: Passed) {
        match passed {
            Passed::Request { key, request, flow } => {
                let role = match flow {
                    // What nobody is believed to have sent is nobody's.
                    Some(flow) if self.identify(&request, flow).is_err() => None,
                    Some(_) => Some(RoleOfNode::Terminating),
                    None => Some(RoleOfNode::Originating),
                };
                if let Some(role) = role {
                    self.charging.begin(now, key, role, &request, None);
                }
                self.charging.within(now, Some(key), &request);
            }
            Passed::Response { key, response } => {
                self.charging.answered(now, key, &response);
                if !response.is_provisional() {
                    self.charging.over(key);
                }
            }
            Passed::Unanswered { key } => self.charging.unanswered(now, key, 408),
        }
    }

    /// The answer to an INVITE says what its charging vector was, and whose the conference is.
    pub(super) fn answer_with_vector(&mut self, session: SessionId, invite: &Request) {
        let vector = charging::of(&invite.headers).filter(|_| self.charging.network().is_some());
        if let Some(vector) = vector {
            let vector = charging::served(vector, &self.charging).to_string();
            self.ua.set_answer_headers(session, vec![("P-Charging-Vector".to_owned(), vector)]);
        }
    }
}
