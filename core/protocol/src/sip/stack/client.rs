//! Client transactions of a stack: sending, repeating, cancelling, falling back to UDP.

use std::sync::Arc;

use super::{SendError, SipStack, StackOutput, ids};
use crate::Instant;
use crate::sip::transaction::{ClientInvite, ClientNonInvite, Step, Steps};
use crate::sip::{ClientKey, Method, NextHop, Request, Response, Target, TransactionKey, Transport, Via};

#[derive(Debug)]
pub(super) struct ClientSlot {
    machine: Machine,
    id: Arc<str>,
    branch: String,
    /// With our Via; gone once nothing can be made of it any more.
    request: Option<Request>,
    target: Target,
    /// Where to try again when the stream that a long request was moved to is refused (clause 18.1.1).
    fallback: Option<Target>,
    ack: Option<Vec<u8>>,
    cancel: Cancel,
    /// A CANCEL of the stack: its user hears nothing of it.
    own: bool,
}

#[derive(Debug)]
enum Machine {
    Invite(ClientInvite),
    NonInvite(ClientNonInvite),
}

#[derive(PartialEq, Eq, Debug)]
enum Cancel {
    No,
    /// No CANCEL before the first provisional response (clause 9.1).
    Wanted(Option<String>),
    Sent,
}

impl SipStack {
    /// Sends a request in a transaction of its own and gives it a Via. The next hop is the topmost Route or the Request-URI
    /// unless `next_hop` says another.
    pub fn send_request(
        &mut self,
        now: Instant,
        request: Request,
        next_hop: Option<NextHop>,
    ) -> Result<ClientKey, SendError> {
        self.send_marked(now, request, next_hop, "")
    }

    /// The same with `mark` at the end of the branch.
    pub(crate) fn send_marked(
        &mut self,
        now: Instant,
        request: Request,
        next_hop: Option<NextHop>,
        mark: &str,
    ) -> Result<ClientKey, SendError> {
        if matches!(request.method, Method::ACK | Method::CANCEL) {
            return Err(SendError::Method(request.method.to_string()));
        }
        if self.clients.len() >= self.config.limits.client_transactions {
            return Err(SendError::Full(self.clients.len()));
        }
        let given = self.next_target(&request, next_hop)?;
        let dot = if mark.is_empty() { "" } else { "." };
        let branch = format!("{}{}{dot}{mark}", Via::MAGIC_COOKIE, self.entropy.token(16));
        let mut target = given;
        let mut sent = self.with_via(request, given, &branch)?;
        let mut bytes = wire(&sent, given.transport.is_reliable());
        let long = given.transport == Transport::Udp
            && self.config.has(Transport::Tcp)
            && bytes.len() > self.config.limits.udp_octets;
        if long {
            target = Target { transport: Transport::Tcp, remote: given.remote, flow: None };
            sent = self.moved(sent, target, &branch);
            bytes = wire(&sent, true);
        }
        Ok(self.start_client(now, (sent, bytes), branch, target, long.then_some(given), false))
    }

    /// Cancels an INVITE: at once, or when the first provisional response comes. False when there is nothing to cancel any
    /// more. `reason`: the value of a Reason header (RFC 3326). After CANCEL, an INVITE without final response ends with
    /// [`StackOutput::Timeout`] 64 T1 later (clause 9.1).
    pub fn cancel(&mut self, now: Instant, key: ClientKey, reason: Option<&str>) -> bool {
        let Some(slot) = self.clients.get_mut(&key) else { return false };
        let Machine::Invite(machine) = &slot.machine else { return false };
        if slot.cancel != Cancel::No || !(machine.is_calling() || machine.is_proceeding()) {
            return false;
        }
        slot.cancel = Cancel::Wanted(reason.map(ToOwned::to_owned));
        self.send_cancel(now, key);
        true
    }

    /// True while the user waits for a final response.
    pub fn is_pending(&self, key: ClientKey) -> bool {
        self.clients.get(&key).is_some_and(|slot| match &slot.machine {
            Machine::Invite(machine) => machine.is_calling() || machine.is_proceeding(),
            Machine::NonInvite(machine) => machine.is_waiting(),
        })
    }

    pub(super) fn receive_response(&mut self, now: Instant, response: Response) {
        let (branch, method) = match (response.via(), response.cseq()) {
            (Ok(Some(via)), Ok(Some(cseq))) => {
                // Clause 18.1.2: what is not for us is dropped.
                if !self.is_our_via(&via) {
                    self.counters.stray_responses += 1;
                    return self.ignore(title(&response), "its topmost Via is not ours");
                }
                (via.branch().unwrap_or_default().to_owned(), cseq.method)
            }
            _ => {
                self.counters.malformed_responses += 1;
                return self.ignore(title(&response), "Via or CSeq cannot be read");
            }
        };
        let Some(&key) = self.client_ids.get(ids::client_id(&branch, &method).as_str()) else {
            self.counters.stray_responses += 1;
            return self.ignore(title(&response), "it answers nothing that is under way");
        };
        let Some(slot) = self.clients.get_mut(&key) else { return };
        let steps = match &mut slot.machine {
            Machine::Invite(machine) => machine.handle_response(now, response.status),
            Machine::NonInvite(machine) => machine.handle_response(now, response.status),
        };
        if steps.contains(&Step::Ack) && slot.ack.is_none() {
            let reliable = slot.target.transport.is_reliable();
            slot.ack = slot.request.as_ref().map(|request| wire(&ack_of(request, &response), reliable));
        }
        if response.status >= 200 {
            slot.request = None;
            slot.fallback = None;
        }
        self.client_steps(key, steps, Some(response));
        self.send_cancel(now, key);
        self.settle_client(key);
    }

    pub(super) fn client_timeout(&mut self, now: Instant, key: ClientKey) {
        let Some(slot) = self.clients.get_mut(&key) else { return };
        let steps = match &mut slot.machine {
            Machine::Invite(machine) => machine.handle_timeout(now),
            Machine::NonInvite(machine) => machine.handle_timeout(now),
        };
        self.client_steps(key, steps, None);
        self.settle_client(key);
    }

    /// What went to `target` did not get away.
    pub(super) fn fail(&mut self, now: Instant, target: Target, why: &str) {
        let is_hit = |slot: &ClientSlot| {
            let waits = match &slot.machine {
                Machine::Invite(machine) => machine.is_calling(),
                Machine::NonInvite(machine) => machine.is_trying(),
            };
            waits && slot.target.transport == target.transport && slot.target.remote == target.remote
        };
        let hit: Vec<_> = self.clients.iter().filter(|(_, slot)| is_hit(slot)).map(|(key, _)| *key).collect();
        if hit.is_empty() {
            self.ignore(format!("failure to send to {} {}", target.transport, target.remote), why);
        }
        for key in hit {
            if !self.fall_back(now, key) {
                self.fail_client(key, why);
            }
            self.settle_client(key);
        }
    }

    fn start_client(
        &mut self,
        now: Instant,
        (request, bytes): (Request, Vec<u8>),
        branch: String,
        target: Target,
        fallback: Option<Target>,
        own: bool,
    ) -> ClientKey {
        let key = ClientKey(self.new_key());
        let reliable = target.transport.is_reliable();
        let machine = if request.method == Method::INVITE {
            Machine::Invite(ClientInvite::new(now, self.config.timers, reliable))
        } else {
            Machine::NonInvite(ClientNonInvite::new(now, self.config.timers, reliable))
        };
        let id: Arc<str> = ids::client_id(&branch, &request.method).into();
        self.transmit(target, bytes);
        self.client_ids.insert(Arc::clone(&id), key);
        let cancel = Cancel::No;
        let request = Some(request);
        let slot = ClientSlot { machine, id, branch, request, target, fallback, ack: None, cancel, own };
        self.clients.insert(key, Box::new(slot));
        self.settle_client(key);
        key
    }

    fn client_steps(&mut self, key: ClientKey, steps: Steps, response: Option<Response>) {
        let mut response = response;
        for step in steps {
            let Some(slot) = self.clients.get(&key) else { return };
            let (target, own) = (slot.target, slot.own);
            let bytes = match step {
                Step::Send => slot.request.as_ref().map(|request| wire(request, target.transport.is_reliable())),
                Step::Ack => slot.ack.clone(),
                _ => None,
            };
            if let Some(bytes) = bytes {
                self.counters.retransmitted += u64::from(*step == Step::Send);
                self.transmit(target, bytes);
            }
            match step {
                Step::Pass if !own => {
                    self.outputs.extend(response.take().map(|response| StackOutput::Response { key, response }));
                }
                Step::Timeout if !own => self.outputs.push_back(StackOutput::Timeout { key }),
                _ => {}
            }
        }
    }

    /// Sends the CANCEL that is wanted, when it may be sent.
    fn send_cancel(&mut self, now: Instant, key: ClientKey) {
        let Some(slot) = self.clients.get_mut(&key) else { return };
        let (Machine::Invite(machine), Some(invite)) = (&mut slot.machine, &slot.request) else { return };
        if !machine.is_proceeding() || !matches!(slot.cancel, Cancel::Wanted(_)) {
            return;
        }
        let Cancel::Wanted(reason) = std::mem::replace(&mut slot.cancel, Cancel::Sent) else { return };
        machine.handle_cancel(now);
        let mut cancel = cancel_of(invite);
        if let Some(reason) = reason {
            cancel.headers.append("Reason", &reason);
        }
        let (branch, target) = (slot.branch.clone(), slot.target);
        self.settle_client(key);
        let bytes = wire(&cancel, target.transport.is_reliable());
        self.start_client(now, (cancel, bytes), branch, target, None, true);
    }

    /// Sends a long request over UDP after all (clause 18.1.1).
    fn fall_back(&mut self, now: Instant, key: ClientKey) -> bool {
        let Some(slot) = self.clients.get_mut(&key) else { return false };
        let (Some(target), Some(request)) = (slot.fallback.take(), slot.request.take()) else { return false };
        let branch = slot.branch.clone();
        let request = self.moved(request, target, &branch);
        self.transmit(target, wire(&request, target.transport.is_reliable()));
        if let Some(slot) = self.clients.get_mut(&key) {
            slot.request = Some(request);
            slot.target = target;
            match &mut slot.machine {
                Machine::Invite(machine) => machine.restart(now, false),
                Machine::NonInvite(machine) => machine.restart(now, false),
            }
        }
        true
    }

    fn fail_client(&mut self, key: ClientKey, why: &str) {
        let Some(slot) = self.clients.get_mut(&key) else { return };
        match &mut slot.machine {
            Machine::Invite(machine) => machine.end(),
            Machine::NonInvite(machine) => machine.end(),
        }
        if !slot.own {
            self.outputs.push_back(StackOutput::TransportFailed { key, why: why.to_owned() });
        }
    }

    /// Looks what the machine waits for, and removes it when that is nothing.
    fn settle_client(&mut self, key: ClientKey) {
        let Some(slot) = self.clients.get(&key) else { return };
        let (over, due) = match &slot.machine {
            Machine::Invite(machine) => (machine.is_terminated(), machine.poll_timeout()),
            Machine::NonInvite(machine) => (machine.is_terminated(), machine.poll_timeout()),
        };
        self.deadlines.set(TransactionKey::Client(key), due);
        if over && let Some(slot) = self.clients.remove(&key) {
            self.client_ids.remove(&slot.id);
            if !slot.own {
                self.outputs.push_back(StackOutput::Terminated { key: TransactionKey::Client(key) });
            }
        }
    }

    /// The request with another transport in our Via.
    fn moved(&self, mut request: Request, target: Target, branch: &str) -> Request {
        request.headers.pop_first_value("Via");
        self.put_via(&mut request, target, branch);
        request
    }

    pub(super) fn is_our_via(&self, via: &Via) -> bool {
        let sent_by = via.sent_by();
        [Transport::Udp, Transport::Tcp, Transport::Tls]
            .iter()
            .any(|&transport| self.config.sent_by_of(transport).eq_ignore_ascii_case(&sent_by))
    }
}

/// The ACK of a final response that is no success (clause 17.1.1.3).
fn ack_of(invite: &Request, response: &Response) -> Request {
    let mut ack = follow_up(invite, Method::ACK);
    ack.headers.copy_from(&response.headers, "To");
    ack
}

/// The CANCEL of an INVITE (clause 9.1).
fn cancel_of(invite: &Request) -> Request {
    let mut cancel = follow_up(invite, Method::CANCEL);
    cancel.headers.copy_from(&invite.headers, "To");
    cancel
}

/// What ACK and CANCEL share with their INVITE: all but To.
fn follow_up(invite: &Request, method: Method) -> Request {
    let mut request = Request::new(method, invite.uri.clone());
    if let Some(via) = invite.headers.values("Via").next() {
        request.headers.append("Via", via);
    }
    request.headers.copy_from(&invite.headers, "Route");
    request.headers.append("Max-Forwards", "70");
    request.headers.copy_from(&invite.headers, "From");
    request.headers.copy_from(&invite.headers, "Call-ID");
    let seq = invite.cseq().ok().flatten().map_or(0, |cseq| cseq.seq);
    request.headers.append("CSeq", &format!("{seq} {}", request.method));
    request
}

/// Octets for the wire; streams need Content-Length (clause 18.3).
pub(super) fn wire(request: &Request, reliable: bool) -> Vec<u8> {
    if reliable { request.to_stream_bytes() } else { request.to_bytes() }
}

fn title(response: &Response) -> String {
    format!("{} to {}", response.status, response.headers.get("CSeq").unwrap_or("nothing"))
}
