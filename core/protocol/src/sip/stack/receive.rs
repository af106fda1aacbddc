//! What a stack does with a message that comes in (RFC 3261 clauses 8.2, 9.2, 17.2.3, 18.2.1).

use super::ids::{self, Essentials};
use super::server::{Machine, ServerSlot};
use super::{SipStack, StackOutput};
use crate::Instant;
use crate::sip::{CSeq, Flow, Headers, Method, Request, Response, ServerKey, SipMessage, SipProblem, Via};

impl SipStack {
    pub(super) fn receive(&mut self, now: Instant, flow: Flow, bytes: &[u8]) {
        // RFC 5626 clause 4.4.1: keep-alives are nobody's message.
        if bytes.iter().all(|octet| b"\r\n\0 ".contains(octet)) {
            return;
        }
        match SipMessage::parse(bytes) {
            Ok(SipMessage::Request(request)) => self.receive_request(now, flow, request),
            Ok(SipMessage::Response(response)) => match response.check() {
                Ok(()) => {
                    self.counters.responses += 1;
                    self.receive_response(now, response);
                }
                Err(problem) => self.drop_response(&problem),
            },
            Err(problem) if problem.of_request.is_some() => self.refuse_malformed(flow, problem),
            Err(problem) => self.drop_response(&problem),
        }
    }

    fn receive_request(&mut self, now: Instant, flow: Flow, mut request: Request) {
        let essentials = match request.check().and_then(|()| Essentials::of(&request)) {
            Ok(essentials) => essentials,
            Err(problem) => return self.refuse_malformed(flow, problem),
        };
        self.counters.requests += 1;
        let mut via = essentials.via.clone();
        via.note_source(flow.remote);
        request.headers.replace_first_value("Via", &via.to_string());
        if request.method == Method::ACK {
            return self.receive_any_ack(now, flow, request, &essentials);
        }
        let id = essentials.server_id(&request.uri, &request.method);
        if let Some(&key) = self.server_ids.get(id.as_str()) {
            return self.repeat_request(now, key);
        }
        if self.servers.len() >= self.config.limits.server_transactions {
            self.counters.refused += 1;
            let mut response = Response::to(&request, 503, None);
            response.headers.append("Retry-After", RETRY_AFTER_SECONDS);
            return self.answer_stateless(flow, response);
        }
        let merge_id = (self.config.refuses_merged && essentials.to_tag.is_none()).then(|| essentials.merge_id());
        let merged = merge_id.as_ref().is_some_and(|id| self.merge_ids.contains_key(id));
        // A second way's copy keeps no name of its own: the first one's stays.
        let ids = (id, merge_id.filter(|_| !merged));
        let Some(key) = self.take_request(now, flow, &request, &essentials.cseq, &via, ids) else { return };
        match () {
            () if request.method == Method::CANCEL => self.receive_cancel(now, key, request, &essentials),
            () if merged => self.reply_at_once(now, key, 482, Some("Merged Request")),
            () => self.outputs.push_back(StackOutput::Request { key: Some(key), request, flow }),
        }
    }

    /// Opens the server transaction.
    fn take_request(
        &mut self,
        now: Instant,
        flow: Flow,
        request: &Request,
        cseq: &CSeq,
        via: &Via,
        (id, merge_id): (String, Option<String>),
    ) -> Option<ServerKey> {
        let target = match ids::response_target(via, Some(flow), &self.config.hosts) {
            Ok(target) => target,
            Err(error) => {
                self.ignore(cseq.to_string(), format!("its answer has no way back: {error}"));
                return None;
            }
        };
        let reliable = target.transport.is_reliable();
        let slot = ServerSlot {
            machine: Machine::new(now, request, self.config.timers, reliable),
            id: id.into(),
            merge_id,
            ack_id: None,
            template: Some(Response::to(request, 100, None)),
            to_tag: self.entropy.token(10),
            mark: ids::loop_mark(request),
            target,
            last: Vec::new(),
            repeat: None,
            final_status: None,
        };
        Some(self.start_server(slot))
    }

    /// Clause 9.2: 200 to the CANCEL whatever becomes of the INVITE, 481 when there is none.
    fn receive_cancel(&mut self, now: Instant, key: ServerKey, request: Request, essentials: &Essentials) {
        let invite = self.server_ids.get(essentials.server_id(&request.uri, &Method::INVITE).as_str()).copied();
        let Some(invite) = invite else { return self.reply_at_once(now, key, 481, None) };
        // The same To tag in the answers to both (clause 9.2).
        let tag = self.servers.get(&invite).map(|slot| slot.to_tag.clone());
        if let (Some(tag), Some(slot)) = (tag, self.servers.get_mut(&key)) {
            slot.to_tag = tag;
        }
        self.reply_at_once(now, key, 200, None);
        if self.is_unanswered(invite) {
            self.outputs.push_back(StackOutput::Cancel { key: invite, request });
        }
    }

    /// Answers a transaction that has just been opened, which no answer can have ended.
    fn reply_at_once(&mut self, now: Instant, key: ServerKey, status: u16, reason: Option<&str>) {
        if let Err(error) = self.reply(now, key, status, reason) {
            self.ignore(format!("our own {status}"), error.to_string());
        }
    }

    fn receive_any_ack(&mut self, now: Instant, flow: Flow, request: Request, essentials: &Essentials) {
        let in_transaction = self.server_ids.get(essentials.server_id(&request.uri, &Method::INVITE).as_str()).copied();
        if let Some(key) = in_transaction
            && !self.receive_ack(now, key)
        {
            return;
        }
        let to_tag = essentials.to_tag.as_deref().unwrap_or_default();
        if to_tag == ids::stateless_tag(&request.headers) {
            // It acknowledges what was refused without a transaction.
            return;
        }
        self.stop_repeating(&essentials.ack_id(to_tag));
        self.outputs.push_back(StackOutput::Request { key: None, request, flow });
    }

    fn refuse_malformed(&mut self, flow: Flow, mut problem: SipProblem) {
        self.counters.malformed_requests += 1;
        if let Some(headers) = &mut problem.of_request {
            note_source(headers, flow);
        }
        let why = problem.to_string();
        match problem.response() {
            Some(response) => {
                self.ignore("a malformed request", format!("{why}; answered with {}", response.status));
                self.answer_stateless(flow, response);
            }
            None => self.ignore("a malformed request", format!("{why}; no answer is possible")),
        }
    }

    fn drop_response(&mut self, problem: &SipProblem) {
        self.counters.malformed_responses += 1;
        self.ignore("a malformed response", problem.to_string());
    }

    /// Answers without a transaction (clause 8.2.7).
    fn answer_stateless(&mut self, flow: Flow, mut response: Response) {
        let tag = ids::stateless_tag(&response.headers);
        response.set_to_tag(&tag);
        let via = response.via().ok().flatten();
        // Without a Via that can be read, back to where it came from is the best guess.
        let target = via.and_then(|via| ids::response_target(&via, Some(flow), &self.config.hosts).ok());
        let target = target.unwrap_or_else(|| flow.into());
        let reliable = target.transport.is_reliable();
        self.transmit(target, if reliable { response.to_stream_bytes() } else { response.to_bytes() });
    }
}

/// Notes in the topmost Via where the request came from, when that Via can be read.
fn note_source(headers: &mut Headers, flow: Flow) {
    if let Ok(Some(mut via)) = headers.via() {
        via.note_source(flow.remote);
        headers.replace_first_value("Via", &via.to_string());
    }
}

/// How long a client that is turned away stays away (clause 21.5.4). Transactions over UDP hold their place for 32 s.
const RETRY_AFTER_SECONDS: &str = "8";
