//! Diameter relay agent (RFC 6733 clauses 2.8.1, 6.1.5 to 6.1.9 and 6.2): passes requests on by Destination-Host and
//! Destination-Realm, and their answers back the way that they came. It looks into nothing else, and keeps no state of sessions.
//!
//! Towards other networks it lets only those requests in that an [`Interconnect`] allows.

mod config;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use protocol::diameter::{
    DiameterEndpoint, DiameterOutput, DiameterProblem, DisconnectCause, Flags, Message, RequestFailure, RequestHandle,
    dictionary, problem_answer, result,
};
use protocol::{Entropy, Instant};

use crate::node::{Admin, Node, NodeInput, NodeNote, NodeOutput};

pub use config::{Interconnect, RealmRoute, RelayConfig};

/// The node.
#[derive(Debug)]
pub struct DiameterRelay {
    config: RelayConfig,
    endpoint: DiameterEndpoint,
    /// Requests that were passed on.
    pending: BTreeMap<u64, Pending>,
    next_token: u64,
    counters: Counters,
    out: VecDeque<NodeOutput>,
}

#[derive(Debug)]
struct Pending {
    handle: RequestHandle,
    /// What an answer of our own needs of the request: its header, Session-Id, Proxy-Info.
    request: Message,
}

#[derive(Debug, Default)]
struct Counters {
    relayed: u64,
    answered: u64,
    refused: u64,
    unanswered: u64,
}

impl DiameterRelay {
    /// A relay that connects to its peers.
    #[must_use]
    pub fn new(mut config: RelayConfig, entropy: Entropy) -> Self {
        config.diameter.applications = vec![dictionary::APP_RELAY];
        Self {
            endpoint: DiameterEndpoint::new(config.diameter.clone(), entropy),
            config,
            pending: BTreeMap::new(),
            next_token: 0,
            counters: Counters::default(),
            out: VecDeque::new(),
        }
    }

    fn on_request(&mut self, now: Instant, handle: RequestHandle, request: Message) {
        let (from, next_hops) = match self.route(handle, &request) {
            Ok(route) => route,
            Err(problem) => {
                self.counters.refused += 1;
                self.say(format!("{} refused: {}", request.name(), problem.what));
                return self.answer_problem(now, handle, &request, &problem);
            }
        };
        self.next_token += 1;
        self.counters.relayed += 1;
        let kept = |avp: &&protocol::diameter::Avp| avp.is(&dictionary::SESSION_ID) || avp.is(&dictionary::PROXY_INFO);
        let avps = request.avps.iter().filter(kept).cloned().collect();
        let Message { flags, command, application, hop_by_hop, end_to_end, .. } = request;
        let brief = Message { flags, command, application, hop_by_hop, end_to_end, avps };
        self.pending.insert(self.next_token, Pending { handle, request: brief });
        self.endpoint.relay_request(now, self.next_token, &from, request, &next_hops);
    }

    /// The peer that a request comes from, and those that it may go to (clauses 6.1.5 and 6.1.6) besides the one that its
    /// Destination-Host names.
    fn route(&self, handle: RequestHandle, request: &Message) -> Result<(String, Vec<String>), DiameterProblem> {
        // Nobody vouches for a request whose connection has gone.
        let Some(from) = self.endpoint.peer_of(handle) else {
            return Err(DiameterProblem::new(result::UNABLE_TO_DELIVER, "whoever sent it is gone"));
        };
        self.may_come_in(from, request)?;
        if self.pending.len() >= self.config.max_pending {
            return Err(DiameterProblem::new(result::TOO_BUSY, "too many requests wait for their answers"));
        }
        let realm = request.need_text(&dictionary::DESTINATION_REALM)?;
        let takes =
            |route: &&RealmRoute| route.application.is_none_or(|application| application == request.application);
        let of =
            |name: &str| self.config.routes.iter().filter(takes).find(|route| route.realm.eq_ignore_ascii_case(name));
        let next_hops = match of(realm).or_else(|| of(ANY_REALM)) {
            Some(route) => route.next_hops.clone(),
            None if request.text(&dictionary::DESTINATION_HOST)?.is_some_and(|host| self.endpoint.knows_peer(host)) => {
                Vec::new()
            }
            None => {
                return Err(DiameterProblem::new(result::REALM_NOT_SERVED, format!("no route to the realm {realm}")));
            }
        };
        Ok((from.to_owned(), next_hops))
    }

    /// What comes from another network says so, and goes to nobody but whom it may reach.
    fn may_come_in(&self, peer: &str, request: &Message) -> Result<(), DiameterProblem> {
        let is_of = |own: &&Interconnect| own.peer.eq_ignore_ascii_case(peer);
        let Some(interconnect) = self.config.interconnects.iter().find(is_of) else { return Ok(()) };
        let is_in = |list: &[String], name: &str| list.iter().any(|own| own.eq_ignore_ascii_case(name));
        let realm = request.need_text(&dictionary::ORIGIN_REALM)?;
        let host = request.text(&dictionary::DESTINATION_HOST)?.unwrap_or_default();
        if is_in(&interconnect.realms, realm) && is_in(&interconnect.reaches, host) {
            return Ok(());
        }
        Err(DiameterProblem::new(result::UNABLE_TO_DELIVER, "a peer of another network may not send this here"))
    }

    fn on_answer(&mut self, now: Instant, token: u64, result: Result<Message, RequestFailure>) {
        let Some(Pending { handle, request }) = self.pending.remove(&token) else { return };
        match result {
            Ok(answer) => {
                self.counters.answered += 1;
                self.endpoint.send_answer(now, handle, answer);
            }
            Err(failure) => {
                self.counters.unanswered += 1;
                self.say(format!("{} is not answered: {failure}", request.name()));
                // Only what has gone nowhere is "not delivered": that is asked again of others, without the T bit.
                let code = match failure {
                    RequestFailure::NoPeer => result::UNABLE_TO_DELIVER,
                    _ => result::UNABLE_TO_COMPLY,
                };
                self.answer_problem(now, handle, &request, &DiameterProblem::new(code, failure.to_string()));
            }
        }
    }

    fn answer_problem(&mut self, now: Instant, handle: RequestHandle, request: &Message, problem: &DiameterProblem) {
        let (host, realm) = self.endpoint.origin();
        let mut answer = problem_answer(request, host, realm, problem);
        // RFC 6733 clause 7.1.5: it is not an answer of the application, whatever the result.
        answer.flags = answer.flags.with(Flags::ERROR);
        self.endpoint.send_answer(now, handle, answer);
    }

    fn say(&mut self, text: impl Into<String>) {
        self.out.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.endpoint.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => self.out.push_back(NodeOutput::Diameter(transport)),
                DiameterOutput::Request { handle, message } => self.on_request(now, handle, message),
                DiameterOutput::Answer { token, result } => self.on_answer(now, token, result),
                DiameterOutput::PeerUp { host } => self.say(format!("Diameter peer {host} is up")),
                DiameterOutput::PeerDown { host } => self.say(format!("Diameter peer {host} is down")),
                DiameterOutput::Ignored { state, event } => {
                    self.out.push_back(NodeOutput::Note(NodeNote::Ignored { state, event }));
                }
            }
        }
    }
}

impl Node for DiameterRelay {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Diameter(input) => self.endpoint.handle_input(now, input),
            NodeInput::Admin(Admin::Shutdown) => self.endpoint.disconnect(now, DisconnectCause::Rebooting),
            other => {
                let event = match other {
                    NodeInput::Admin(_) => "an order of the operator",
                    NodeInput::Store(_) => "an answer of the store",
                    _ => "what is not Diameter",
                };
                let (state, event) = ("relaying".to_owned(), event.to_owned());
                self.out.push_back(NodeOutput::Note(NodeNote::Ignored { state, event }));
            }
        }
        self.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
        self.drain(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.endpoint.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("requests_under_way", self.pending.len() as u64),
            ("requests_relayed", self.counters.relayed),
            ("answers_relayed", self.counters.answered),
            ("requests_refused", self.counters.refused),
            ("requests_unanswered", self.counters.unanswered),
        ]
    }
}

/// Realm of the entry for all realms that have none.
const ANY_REALM: &str = "*";
