//! Sessions that the user names by calls of his own (RFC 3261 clauses 13 to 15, TS 24.229 clauses 5.1.3 to 5.1.5).

use protocol::Instant;
use protocol::mime::Part;
use protocol::sip::{EndedWhy, Refusal, SessionEvent, SessionId, Uri, UserAgent};

use super::super::io::{AgentEvent, CallId};
use super::UeAgent;

impl UeAgent {
    pub(in crate::agent::sip) fn call(
        &mut self,
        now: Instant,
        call: CallId,
        to: &str,
        sdp: &[u8],
        (headers, parts): (&[(String, String)], &[Part]),
    ) {
        let why = match Uri::parse(to) {
            _ if self.calls.contains_key(&call) => {
                return self.ignore(format!("call {}", call.0), "there is one of this name");
            }
            _ if !self.is_registered() => Refusal::NotNow("the UE is not registered"),
            Err(problem) => Refusal::NotSent(problem.to_string()),
            Ok(to) => {
                let id = self.ua.invite_with(now, to, sdp, headers, parts);
                self.calls.insert(call, id);
                return;
            }
        };
        self.event(AgentEvent::Ended { call, why: EndedWhy::Refused(why) });
    }

    pub(in crate::agent::sip) fn session(
        &mut self,
        call: CallId,
        action: impl FnOnce(&mut UserAgent, SessionId) -> Result<(), Refusal>,
    ) {
        let result = match self.calls.get(&call) {
            Some(&id) => action(&mut self.ua, id),
            None => Err(Refusal::NotNow("there is no such call")),
        };
        if let Err(why) = result {
            self.event(AgentEvent::ModifyRefused { call, why });
        }
    }

    pub(super) fn of_session(&mut self, now: Instant, call: CallId, event: SessionEvent) {
        let event = match event {
            // The agent has told of it with who calls.
            SessionEvent::Offered { .. } => return,
            SessionEvent::Progress { status, sdp } => AgentEvent::Progress { call, status, sdp },
            SessionEvent::Established { sdp } => {
                self.chat_established(now, call, &sdp);
                let session = self.calls.get(&call);
                let contact = session.and_then(|session| self.ua.remote_target(*session));
                let contact = contact.map_or_else(String::new, |uri| uri.to_string());
                AgentEvent::Established { call, sdp, contact }
            }
            SessionEvent::Modified { sdp, hold } => AgentEvent::Modified { call, sdp, hold },
            SessionEvent::ModifyRefused { why } => AgentEvent::ModifyRefused { call, why },
            SessionEvent::Refreshed => AgentEvent::Refreshed(call),
            SessionEvent::Ended { why } => {
                self.calls.remove(&call);
                self.messenger.ended(call);
                AgentEvent::Ended { call, why }
            }
        };
        self.event(event);
    }
}
