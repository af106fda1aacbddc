//! Server transactions of a stack: answering, repeating answers, 100 and 408 of its own.

use std::sync::Arc;

use super::repeat::{Due, Repeat};
use super::{RespondError, SipStack, StackOutput};
use crate::Instant;
use crate::sip::transaction::{ServerInvite, ServerNonInvite, Step, Steps};
use crate::sip::{Method, Request, Response, ServerKey, Target, TransactionKey};

#[derive(Debug)]
pub(super) struct ServerSlot {
    pub(super) machine: Machine,
    pub(super) id: Arc<str>,
    pub(super) merge_id: Option<String>,
    pub(super) ack_id: Option<String>,
    /// Via, From, To, Call-ID and CSeq of every answer; gone after the final one.
    pub(super) template: Option<Response>,
    pub(super) to_tag: String,
    /// Tells whether this request comes again unchanged.
    pub(super) mark: String,
    pub(super) target: Target,
    /// The newest answer.
    pub(super) last: Vec<u8>,
    pub(super) repeat: Option<Repeat>,
    pub(super) final_status: Option<u16>,
}

#[derive(Debug)]
pub(super) enum Machine {
    Invite(ServerInvite),
    NonInvite(ServerNonInvite),
}

impl SipStack {
    /// Answers a request. A proxy passes a response on with this, a UAS gives all but its 2xx to INVITE.
    pub fn respond(&mut self, now: Instant, key: ServerKey, response: Response) -> Result<(), RespondError> {
        let slot = self.servers.get_mut(&key).ok_or(RespondError::Gone)?;
        let steps = slot.machine.handle_answer(now, response.status).ok_or(RespondError::Answered)?;
        slot.last = if slot.target.transport.is_reliable() { response.to_stream_bytes() } else { response.to_bytes() };
        if response.status >= 200 {
            // It may have to be kept for a while.
            slot.last.shrink_to_fit();
            slot.template = None;
            slot.mark = String::new();
            slot.final_status = Some(response.status);
            slot.repeat = None;
        }
        self.server_steps(now, key, steps, true);
        self.settle_server(key);
        Ok(())
    }

    /// Accepts an INVITE as a UAS: the 2xx is repeated until its ACK comes (RFC 3261 clause 13.3.1.4), else
    /// [`StackOutput::AckMissing`] tells that it did not. The ACK goes up as a request without key.
    pub fn accept(&mut self, now: Instant, key: ServerKey, response: Response) -> Result<(), RespondError> {
        let status = response.status;
        let ack_id = super::ids::ack_id_of(&response);
        self.respond(now, key, response)?;
        let Some(slot) = self.servers.get_mut(&key).filter(|slot| slot.machine.is_invite()) else { return Ok(()) };
        slot.repeat = Some(Repeat::new(now, &self.config.timers, status, slot.last.clone()));
        slot.ack_id.clone_from(&ack_id);
        if let Some(id) = ack_id {
            self.ack_ids.insert(id, key);
        }
        self.settle_server(key);
        Ok(())
    }

    /// Sends a reliable provisional response to an INVITE as a UAS: it is repeated until [`Self::acknowledged`] says that its
    /// PRACK came (RFC 3262 clause 3), or [`StackOutput::AckMissing`] that none did.
    pub fn respond_reliably(&mut self, now: Instant, key: ServerKey, response: Response) -> Result<(), RespondError> {
        let status = response.status;
        self.respond(now, key, response)?;
        if let Some(slot) = self.servers.get_mut(&key).filter(|slot| slot.machine.is_invite()) {
            slot.repeat = Some(Repeat::new(now, &self.config.timers, status, slot.last.clone()));
        }
        self.settle_server(key);
        Ok(())
    }

    /// The PRACK of the newest reliable provisional response has come.
    pub fn acknowledged(&mut self, key: ServerKey) {
        if let Some(slot) = self.servers.get_mut(&key)
            && slot.repeat.as_ref().is_some_and(|repeat| repeat.status < 200)
        {
            slot.repeat = None;
        }
        self.settle_server(key);
    }

    /// Answers with nothing but a status; above 100 with the To tag of this transaction.
    pub fn reply(
        &mut self,
        now: Instant,
        key: ServerKey,
        status: u16,
        reason: Option<&str>,
    ) -> Result<(), RespondError> {
        let response = self.prepare(key, status, reason).ok_or(RespondError::Gone)?;
        self.respond(now, key, response)
    }

    /// The response that [`Self::reply`] would send, for the user to add to; `None` after the final response.
    pub fn prepare(&self, key: ServerKey, status: u16, reason: Option<&str>) -> Option<Response> {
        let slot = self.servers.get(&key)?;
        let template = slot.template.as_ref()?;
        let mut response = Response::new(status, reason);
        response.headers = template.headers.clone();
        if status > 100 {
            response.headers.remove("Timestamp");
            response.set_to_tag(&slot.to_tag);
        }
        Some(response)
    }

    /// True while the user owes a final response.
    pub fn is_unanswered(&self, key: ServerKey) -> bool {
        self.servers.get(&key).is_some_and(|slot| slot.final_status.is_none())
    }

    /// What tells a proxy that the request of this transaction comes again.
    pub(crate) fn loop_mark(&self, key: ServerKey) -> Option<&str> {
        self.servers.get(&key).map(|slot| slot.mark.as_str())
    }

    /// A new transaction for a request.
    pub(super) fn start_server(&mut self, slot: ServerSlot) -> ServerKey {
        let key = ServerKey(self.new_key());
        self.server_ids.insert(Arc::clone(&slot.id), key);
        if let Some(id) = &slot.merge_id {
            self.merge_ids.insert(id.clone(), key);
        }
        self.servers.insert(key, Box::new(slot));
        self.settle_server(key);
        key
    }

    /// The request of a transaction came once more.
    pub(super) fn repeat_request(&mut self, now: Instant, key: ServerKey) {
        self.counters.repeated_requests += 1;
        let Some(slot) = self.servers.get_mut(&key) else { return };
        let steps = match &mut slot.machine {
            Machine::Invite(machine) => machine.handle_request(),
            Machine::NonInvite(machine) => machine.handle_request(),
        };
        self.server_steps(now, key, steps, false);
        self.settle_server(key);
    }

    /// An ACK that is part of the INVITE's transaction; true when it is that of a 2xx and belongs to the user.
    pub(super) fn receive_ack(&mut self, now: Instant, key: ServerKey) -> bool {
        let Some(slot) = self.servers.get_mut(&key) else { return true };
        let Machine::Invite(machine) = &mut slot.machine else { return false };
        let passes = machine.handle_ack(now).contains(&Step::Pass);
        self.settle_server(key);
        passes
    }

    /// An ACK of a 2xx, by dialog and CSeq: no more repeats.
    pub(super) fn stop_repeating(&mut self, ack_id: &str) {
        let Some(key) = self.ack_ids.remove(ack_id) else { return };
        if let Some(slot) = self.servers.get_mut(&key) {
            slot.repeat = None;
            slot.ack_id = None;
        }
        self.settle_server(key);
    }

    pub(super) fn server_timeout(&mut self, now: Instant, key: ServerKey) {
        let Some(slot) = self.servers.get_mut(&key) else { return };
        match slot.repeat.as_mut().map(|repeat| (repeat.handle_timeout(now), repeat.status)) {
            Some((Due::Send, _)) => {
                let bytes = slot.repeat.as_ref().map(|repeat| repeat.bytes.clone()).unwrap_or_default();
                let target = slot.target;
                self.counters.retransmitted += 1;
                self.transmit(target, bytes);
            }
            Some((Due::GiveUp, status)) => {
                slot.repeat = None;
                self.outputs.push_back(StackOutput::AckMissing { key, status });
            }
            Some((Due::Nothing, _)) | None => {}
        }
        let Some(slot) = self.servers.get_mut(&key) else { return };
        let steps = match &mut slot.machine {
            Machine::Invite(machine) => machine.handle_timeout(now),
            Machine::NonInvite(machine) => machine.handle_timeout(now),
        };
        self.server_steps(now, key, steps, false);
        self.settle_server(key);
    }

    fn server_steps(&mut self, now: Instant, key: ServerKey, steps: Steps, first: bool) {
        for step in steps {
            let Some(slot) = self.servers.get(&key) else { return };
            match step {
                Step::Send => {
                    let (target, bytes) = (slot.target, slot.last.clone());
                    self.counters.retransmitted += u64::from(!first);
                    self.transmit(target, bytes);
                }
                Step::Trying => {
                    // The machine has taken the step already: no answer of the user's.
                    if let Some(response) = self.prepare(key, 100, None)
                        && let Some(slot) = self.servers.get_mut(&key)
                    {
                        let reliable = slot.target.transport.is_reliable();
                        slot.last = if reliable { response.to_stream_bytes() } else { response.to_bytes() };
                        let (target, bytes) = (slot.target, slot.last.clone());
                        self.transmit(target, bytes);
                    }
                }
                Step::Timeout => match slot.final_status {
                    Some(status) => self.outputs.push_back(StackOutput::AckMissing { key, status }),
                    None => {
                        self.ignore("an INVITE that its user left unanswered", "answered with 408");
                        // The transaction is there and unanswered: this cannot fail.
                        let _sent = self.reply(now, key, 408, None);
                    }
                },
                Step::Ack | Step::Pass => {}
            }
        }
    }

    fn settle_server(&mut self, key: ServerKey) {
        let Some(slot) = self.servers.get(&key) else { return };
        let (over, due) = match &slot.machine {
            Machine::Invite(machine) => (machine.is_terminated(), machine.poll_timeout()),
            Machine::NonInvite(machine) => (machine.is_terminated(), machine.poll_timeout()),
        };
        let repeat = slot.repeat.as_ref().map(Repeat::poll_timeout).filter(|_| !over);
        self.deadlines.set(TransactionKey::Server(key), [due, repeat].into_iter().flatten().min());
        if over && let Some(slot) = self.servers.remove(&key) {
            self.server_ids.remove(&slot.id);
            for (ids, id) in [(&mut self.merge_ids, &slot.merge_id), (&mut self.ack_ids, &slot.ack_id)] {
                // Another transaction may have taken the name over.
                if let Some(id) = id
                    && ids.get(id) == Some(&key)
                {
                    ids.remove(id);
                }
            }
            self.outputs.push_back(StackOutput::Terminated { key: TransactionKey::Server(key) });
        }
    }
}

impl Machine {
    pub(super) fn new(now: Instant, request: &Request, timers: crate::sip::SipTimers, reliable: bool) -> Self {
        if request.method == Method::INVITE {
            Self::Invite(ServerInvite::new(now, timers, reliable))
        } else {
            Self::NonInvite(ServerNonInvite::new(now, timers, reliable))
        }
    }

    const fn is_invite(&self) -> bool {
        matches!(self, Self::Invite(_))
    }

    fn handle_answer(&mut self, now: Instant, status: u16) -> Option<Steps> {
        match self {
            Self::Invite(machine) => machine.handle_answer(now, status),
            Self::NonInvite(machine) => machine.handle_answer(now, status),
        }
    }
}
