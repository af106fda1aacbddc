//! Back-to-back user agent (RFC 3261 clause 6): one call that is two dialogs, and what passes between them.
//!
//! The rule for headers: everything passes that is not in [`OWN_OF_A_LEG`], unknown headers too. Bodies pass unchanged.

mod carry;
mod leg;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::proxy::push_routes;
use super::{
    ClientKey, Dialog, DialogId, DialogState, Method, NameAddr, NextHop, RAck, Request, Response, SendError, ServerKey,
    SipStack, StackOutput, TransactionKey, Uri,
};
use crate::Instant;
pub use carry::{OWN_OF_A_LEG, carry_headers};
use leg::Leg;

/// A call through a B2BUA: the caller's dialog and the callee's.
#[derive(Debug)]
pub struct Bridge {
    contact: Uri,
    state: BridgeState,
    /// The caller's INVITE and its transaction, while it has no final response.
    invite: Request,
    invite_key: ServerKey,
    /// Our INVITE towards the callee.
    onward: Request,
    onward_key: ClientKey,
    legs: [Leg; 2],
    /// Requests that were passed on and whose answers are awaited, with the side that asked.
    relayed: BTreeMap<ClientKey, (ServerKey, Side)>,
    /// Requests of our own whose answers nobody wants.
    own: Vec<ClientKey>,
}

/// How far a call is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BridgeState {
    /// The callee has not accepted.
    Calling,
    /// The callee has accepted.
    Established,
    /// It is over; transactions may still be.
    Ended,
}

/// One of the two dialogs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    Caller = 0,
    Callee = 1,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

impl Bridge {
    /// Takes a caller's INVITE and calls `uri` in its place. `contact`: where both sides find us.
    pub fn open(
        now: Instant,
        stack: &mut SipStack,
        key: ServerKey,
        invite: Request,
        uri: Uri,
        next_hop: Option<NextHop>,
        contact: Uri,
    ) -> Result<Self, SendError> {
        let onward = carry::onward(stack, &invite, uri, &contact).map_err(SendError::Malformed)?;
        Self::call(now, stack, (key, invite), onward, next_hop, contact)
    }

    /// The same by `routes`, the first of them topmost: the way that an S-CSCF gives to an application server.
    pub fn open_by_route(
        now: Instant,
        stack: &mut SipStack,
        key: ServerKey,
        invite: Request,
        uri: Uri,
        routes: &[NameAddr],
        contact: Uri,
    ) -> Result<Self, SendError> {
        let mut onward = carry::onward(stack, &invite, uri, &contact).map_err(SendError::Malformed)?;
        push_routes(&mut onward, routes);
        Self::call(now, stack, (key, invite), onward, None, contact)
    }

    fn call(
        now: Instant,
        stack: &mut SipStack,
        (key, invite): (ServerKey, Request),
        onward: Request,
        next_hop: Option<NextHop>,
        contact: Uri,
    ) -> Result<Self, SendError> {
        let onward_key = stack.send_request(now, onward.clone(), next_hop)?;
        let mut callee = Leg::default();
        callee.remember_invite(invite.cseq().ok().flatten().map_or(0, |cseq| cseq.seq), 1);
        Ok(Self {
            contact,
            state: BridgeState::Calling,
            invite,
            invite_key: key,
            onward,
            onward_key,
            legs: [Leg::default(), callee],
            relayed: BTreeMap::new(),
            own: Vec::new(),
        })
    }

    /// How far the call is.
    pub const fn state(&self) -> BridgeState {
        self.state
    }

    /// The names of its dialogs, as far as there are any: the caller's, the callee's.
    pub fn dialogs(&self) -> [Option<&DialogId>; 2] {
        [&self.legs[0], &self.legs[1]].map(|leg| leg.dialog.as_ref().map(|dialog| &dialog.id))
    }

    /// The Call-IDs of its dialogs: the caller's, the callee's.
    pub fn call_ids(&self) -> [&str; 2] {
        [&self.invite, &self.onward].map(|invite| invite.call_id().unwrap_or_default())
    }

    /// Takes what the stack put out if it is about this call; false: it is not.
    pub fn handle(&mut self, now: Instant, stack: &mut SipStack, output: &StackOutput) -> bool {
        match output {
            StackOutput::Response { key, response } if *key == self.onward_key => {
                self.onward_response(now, stack, response)
            }
            StackOutput::Response { key, response } if self.relayed.contains_key(key) => {
                self.relayed_response(now, stack, *key, response);
            }
            StackOutput::Timeout { key } => return self.failed(now, stack, *key, 408),
            StackOutput::TransportFailed { key, .. } => return self.failed(now, stack, *key, 503),
            StackOutput::Cancel { key, .. } if *key == self.invite_key => {
                stack.cancel(now, self.onward_key, None);
                self.end(now, stack, 487);
            }
            // RFC 3262 clause 3: no PRACK, no call.
            StackOutput::AckMissing { key, status: ..200 } if *key == self.invite_key => {
                stack.cancel(now, self.onward_key, None);
                self.end(now, stack, 504);
            }
            // Clause 13.3.1.4.
            StackOutput::AckMissing { key, .. } if self.is_ours(*key) => self.hang_up(now, stack),
            StackOutput::Terminated { key: TransactionKey::Client(key) } => return self.forget(*key),
            StackOutput::Request { key, request, .. } => return self.request(now, stack, *key, request),
            StackOutput::Response { key, .. } if self.own.contains(key) => {}
            _ => return false,
        }
        true
    }

    /// Ends the call on both sides.
    pub fn hang_up(&mut self, now: Instant, stack: &mut SipStack) {
        self.release(now, stack, 480, None);
    }

    /// Ends the call on both sides: with `status` for a caller who has no final response yet, and with `reason` as value of
    /// Reason (RFC 3326).
    pub fn release(&mut self, now: Instant, stack: &mut SipStack, status: u16, reason: Option<&str>) {
        match self.state {
            BridgeState::Calling => {
                stack.cancel(now, self.onward_key, reason);
                self.end(now, stack, status);
            }
            BridgeState::Established => {
                self.bye(now, stack, Side::Caller, reason);
                self.bye(now, stack, Side::Callee, reason);
                self.state = BridgeState::Ended;
            }
            BridgeState::Ended => {}
        }
    }

    /// Lets go of a caller that does not wait any more, and has heard of no answer: the other side's call ends.
    pub fn abandon(&mut self, now: Instant, stack: &mut SipStack, status: u16, reason: Option<&str>) {
        if self.state == BridgeState::Established {
            self.bye(now, stack, Side::Callee, reason);
            self.state = BridgeState::Ended;
        } else {
            self.release(now, stack, status, reason);
        }
    }

    /// What would end the dialogs that stand, the caller's and the callee's: for whoever has to end them without this value.
    pub fn byes(&self) -> [Option<Request>; 2] {
        [&self.legs[0], &self.legs[1]].map(|leg| {
            let confirmed = leg.dialog.as_ref().filter(|dialog| dialog.state == DialogState::Confirmed);
            confirmed.map(|dialog| dialog.clone().request(Method::BYE))
        })
    }

    /// The callee says something to our INVITE.
    fn onward_response(&mut self, now: Instant, stack: &mut SipStack, response: &Response) {
        if response.status == 100 {
            return;
        }
        if response.status >= 300 {
            return self.pass_failure(now, stack, response);
        }
        let Ok(dialog) = Dialog::uac(&self.onward, response) else { return };
        if response.is_success() && (self.state == BridgeState::Ended || self.legs[1].is_confirmed_as_other(&dialog.id))
        {
            // Cancelled too late, or another fork: accepted and hung up at once (clause 13.2.2.4).
            return self.refuse_fork(now, stack, dialog);
        }
        if self.legs[1].answer(dialog, response) {
            return self.repeat_ack(stack, Side::Callee);
        }
        let repeated = self.legs[1].has_seen(response);
        let Some(mut answer) = stack.prepare(self.invite_key, response.status, Some(&response.reason)) else { return };
        if repeated || self.state == BridgeState::Ended {
            return;
        }
        carry_headers(&response.headers, &mut answer.headers);
        answer.headers.copy_from(&self.invite.headers, "Record-Route");
        answer.headers.set("Contact", &NameAddr::new(self.contact.clone()).to_string());
        answer.body.clone_from(&response.body);
        match &mut self.legs[0].dialog {
            Some(dialog) => drop(dialog.confirm(&answer)),
            none => *none = Dialog::uas(&self.invite, &answer).ok(),
        }
        let is_reliable = answer.headers.contains("RSeq");
        let sent = if response.is_success() {
            self.state = BridgeState::Established;
            stack.accept(now, self.invite_key, answer)
        } else if is_reliable {
            stack.respond_reliably(now, self.invite_key, answer)
        } else {
            stack.respond(now, self.invite_key, answer)
        };
        if sent.is_err() {
            self.hang_up(now, stack);
        }
    }

    fn pass_failure(&mut self, now: Instant, stack: &mut SipStack, response: &Response) {
        self.state = BridgeState::Ended;
        if let Some(mut answer) = stack.prepare(self.invite_key, response.status, Some(&response.reason)) {
            carry_headers(&response.headers, &mut answer.headers);
            answer.body.clone_from(&response.body);
            // A caller that has gone is answered no more.
            let _sent = stack.respond(now, self.invite_key, answer);
        }
    }

    /// A request within one of the dialogs.
    fn request(&mut self, now: Instant, stack: &mut SipStack, key: Option<ServerKey>, request: &Request) -> bool {
        let id = Dialog::id_of_request(request);
        let of = |leg: &Leg| leg.dialog.as_ref().is_some_and(|dialog| Some(&dialog.id) == id.as_ref());
        let side = match () {
            () if of(&self.legs[0]) => Side::Caller,
            () if of(&self.legs[1]) => Side::Callee,
            () => return false,
        };
        let Some(key) = key else {
            self.ack(stack, side, request);
            return true;
        };
        let taken = self.legs[side as usize].dialog.as_mut().map_or(Ok(()), |dialog| dialog.receive_request(request));
        if let Err(problem) = taken {
            let _sent = stack.reply(now, key, problem.status, None);
        } else if request.method == Method::BYE {
            let _sent = stack.reply(now, key, 200, None);
            if self.state == BridgeState::Calling {
                self.hang_up(now, stack);
            } else if self.state == BridgeState::Established {
                self.bye(now, stack, side.other(), None);
                self.state = BridgeState::Ended;
            }
        } else {
            self.relay(now, stack, side, key, request);
        }
        true
    }

    /// Passes a request within the dialog on to the other side.
    fn relay(&mut self, now: Instant, stack: &mut SipStack, side: Side, key: ServerKey, request: &Request) {
        if request.method == Method::PRACK && side == Side::Caller {
            stack.acknowledged(self.invite_key);
        }
        let other = &mut self.legs[side.other() as usize];
        let Some(dialog) = other.dialog.as_mut().filter(|_| self.state != BridgeState::Ended) else {
            let _sent = stack.reply(now, key, 481, None);
            return;
        };
        let mut onward = dialog.request(request.method.clone());
        carry_headers(&request.headers, &mut onward.headers);
        if let Ok(Some(hops)) = request.max_forwards() {
            onward.headers.set("Max-Forwards", &hops.saturating_sub(1).to_string());
        }
        if request.headers.contains("Contact") {
            onward.headers.append("Contact", &NameAddr::new(self.contact.clone()).to_string());
        }
        if let Ok(Some(rack)) = request.headers.whole("RAck", RAck::parse) {
            // The number is that of the INVITE on the other side; RSeq passes unchanged.
            let seq = other.invite_seq(rack.seq).unwrap_or(1);
            onward.headers.append("RAck", &RAck { seq, ..rack }.to_string());
        }
        onward.body.clone_from(&request.body);
        if let (true, Ok(Some(from)), Ok(Some(to))) = (request.method == Method::INVITE, request.cseq(), onward.cseq())
        {
            other.remember_invite(from.seq, to.seq);
        }
        let hop = dialog_hop(other);
        match stack.send_request(now, onward, hop) {
            Ok(client) => drop(self.relayed.insert(client, (key, side))),
            Err(_) => {
                let _sent = stack.reply(now, key, 503, None);
            }
        }
    }

    /// The answer to a request that was passed on.
    fn relayed_response(&mut self, now: Instant, stack: &mut SipStack, client: ClientKey, response: &Response) {
        let Some(&(key, side)) = self.relayed.get(&client) else { return };
        if let Some(dialog) = &mut self.legs[side.other() as usize].dialog {
            // A broken Contact moves no target.
            let _over = dialog.receive_response(response);
        }
        if response.status == 100 {
            return;
        }
        let is_invite = response.cseq().is_ok_and(|cseq| cseq.is_some_and(|cseq| cseq.method == Method::INVITE));
        let Some(mut answer) = stack.prepare(key, response.status, Some(&response.reason)) else {
            if is_invite && response.is_success() {
                self.repeat_ack(stack, side.other());
            }
            return;
        };
        carry_headers(&response.headers, &mut answer.headers);
        if response.headers.contains("Contact") {
            answer.headers.append("Contact", &NameAddr::new(self.contact.clone()).to_string());
        }
        answer.body.clone_from(&response.body);
        let _sent = match () {
            () if is_invite && response.is_success() => stack.accept(now, key, answer),
            () => stack.respond(now, key, answer),
        };
    }

    /// The ACK of a 2xx: that of the other side goes with its body.
    fn ack(&mut self, stack: &mut SipStack, side: Side, request: &Request) {
        let Ok(Some(cseq)) = request.cseq() else { return };
        let other = &mut self.legs[side.other() as usize];
        let (Some(seq), Some(dialog)) = (other.invite_seq(cseq.seq), &other.dialog) else { return };
        let mut ack = dialog.ack(seq);
        carry_headers(&request.headers, &mut ack.headers);
        ack.body.clone_from(&request.body);
        let hop = dialog.next_hop();
        other.last_ack = Some((ack.clone(), hop.clone()));
        self.send_ack(stack, ack, hop);
    }

    /// A request of ours or one that was passed on has no answer.
    fn failed(&mut self, now: Instant, stack: &mut SipStack, client: ClientKey, status: u16) -> bool {
        if client == self.onward_key {
            self.end(now, stack, status);
            return true;
        }
        if let Some((key, _)) = self.relayed.remove(&client) {
            let _sent = stack.reply(now, key, status, None);
            if status == 408 {
                // Clause 12.2.1.2: a side that does not answer is gone.
                self.hang_up(now, stack);
            }
            return true;
        }
        self.own.contains(&client)
    }

    /// Ends a call that was not accepted.
    fn end(&mut self, now: Instant, stack: &mut SipStack, status: u16) {
        self.state = BridgeState::Ended;
        // A caller that has its final response gets no second one.
        let _sent = stack.reply(now, self.invite_key, status, None);
    }

    fn refuse_fork(&mut self, now: Instant, stack: &mut SipStack, dialog: Dialog) {
        let ack = dialog.ack(1);
        self.send_ack(stack, ack, dialog.next_hop());
        let mut leg = Leg::of(dialog);
        self.bye_leg(now, stack, &mut leg, None);
    }

    fn bye(&mut self, now: Instant, stack: &mut SipStack, side: Side, reason: Option<&str>) {
        let mut leg = std::mem::take(&mut self.legs[side as usize]);
        self.bye_leg(now, stack, &mut leg, reason);
        self.legs[side as usize] = leg;
    }

    fn bye_leg(&mut self, now: Instant, stack: &mut SipStack, leg: &mut Leg, reason: Option<&str>) {
        let Some(dialog) = leg.dialog.as_mut().filter(|dialog| dialog.state == DialogState::Confirmed) else { return };
        let mut bye = dialog.request(Method::BYE);
        if let Some(reason) = reason {
            bye.headers.append("Reason", reason);
        }
        let hop = dialog.next_hop();
        // A side that is out of reach has its end by itself.
        self.own.extend(stack.send_request(now, bye, Some(hop)));
    }

    /// A repeated 2xx wants its ACK again.
    fn repeat_ack(&self, stack: &mut SipStack, side: Side) {
        if let Some((ack, hop)) = self.legs[side as usize].last_ack.clone() {
            self.send_ack(stack, ack, hop);
        }
    }

    fn is_ours(&self, key: ServerKey) -> bool {
        key == self.invite_key || self.relayed.values().any(|(relayed, _)| *relayed == key)
    }

    /// A client transaction is over; true: it was one of this call.
    fn forget(&mut self, client: ClientKey) -> bool {
        let before = self.own.len();
        self.own.retain(|own| *own != client);
        self.relayed.remove(&client).is_some() || self.own.len() != before || client == self.onward_key
    }

    fn send_ack(&self, stack: &mut SipStack, ack: Request, hop: NextHop) {
        // Without a way there the callee hangs up when its patience ends.
        let _sent = stack.send_ack(ack, Some(hop));
    }
}

fn dialog_hop(leg: &Leg) -> Option<NextHop> {
    leg.dialog.as_ref().map(Dialog::next_hop)
}
