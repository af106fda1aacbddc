//! The caller's side until the call is answered (RFC 3261 clauses 13.2, 9.1; RFC 3262 clause 4; RFC 4028 clause 7).

use super::io::{EndedWhy, NoResponse, Purpose, Refusal, SessionEvent, SessionOutput};
use super::machine::{ALLOW, Phase, Session, refusal};
use super::negotiation::{Negotiation, SDP, sdp_of};
use super::standing::Standing;
use crate::Instant;
use crate::sip::session_timer::{LEAST_MIN_SE, TimerOffer, raise};
use crate::sip::{CSeq, Dialog, Method, Reliable, ReliableReceiver, Request, Response};

/// Branches of one call that are listened to.
const MOST_LEGS: usize = 16;

/// A call that is not answered yet.
#[derive(Debug)]
pub(super) struct Caller {
    /// As it was sent last.
    pub(super) invite: Request,
    seq: u32,
    legs: Vec<Leg>,
    until: Option<Instant>,
    /// It is not wanted any more, and why.
    cancelled: Option<EndedWhy>,
    timer: TimerOffer,
}

/// One that the call has reached: an early dialog.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) dialog: Dialog,
    pub(super) negotiation: Negotiation,
    reliable: ReliableReceiver,
}

/// What a caller keeps of a call that was answered: other branches may answer as well.
#[derive(Debug, Default)]
pub(super) struct Answered {
    invite: Option<Request>,
    /// The early dialogs of the branches that have not: requests may have gone in them.
    early: Vec<Dialog>,
    /// The ACK for each branch, by its tag.
    acks: Vec<(String, Request)>,
}

impl Caller {
    pub(super) const fn due(&self) -> Option<Instant> {
        self.until
    }

    /// The early dialog that a request of the other side belongs to.
    pub(super) fn dialog_of(&mut self, request: &Request) -> Option<&mut Dialog> {
        self.leg_of(request).map(|leg| &mut leg.dialog)
    }

    pub(super) fn leg_of(&mut self, request: &Request) -> Option<&mut Leg> {
        let id = Dialog::id_of_request(request)?;
        self.legs.iter_mut().find(|leg| leg.dialog.id == id)
    }

    fn leg_of_response(&mut self, response: &Response) -> Option<&mut Leg> {
        let id = Dialog::id_of_response(response)?;
        self.legs.iter_mut().find(|leg| leg.dialog.id == id)
    }

    /// The leg that a response comes from, which may be new.
    fn leg(&mut self, response: &Response) -> Result<usize, Refusal> {
        let id = Dialog::id_of_response(response);
        if let Some(at) = self.legs.iter().position(|leg| Some(&leg.dialog.id) == id.as_ref()) {
            return Ok(at);
        }
        if self.legs.len() >= MOST_LEGS {
            return Err(Refusal::Broken("too many branches".into()));
        }
        let dialog = Dialog::uac(&self.invite, response).map_err(|why| Refusal::Broken(why.to_string()))?;
        let mut negotiation = Negotiation::default();
        if let Some(sdp) = sdp_of(&self.invite.headers, &self.invite.body) {
            negotiation.offer(&sdp).map_err(Refusal::Broken)?;
        }
        self.legs.push(Leg { dialog, negotiation, reliable: ReliableReceiver::default() });
        Ok(self.legs.len() - 1)
    }
}

impl Session {
    pub(super) fn call(&mut self, now: Instant, mut invite: Request) {
        let seq = invite.cseq().ok().flatten().map_or(1, |cseq| cseq.seq);
        let settings = &self.local.settings;
        let timer = TimerOffer {
            supported: true,
            expires: settings.session_expires_s,
            refresher: None,
            min_se: (settings.min_se_s > LEAST_MIN_SE).then_some(settings.min_se_s),
        };
        let supported = if settings.reliable_provisional { "100rel, timer" } else { "timer" };
        invite.headers.set("Contact", &self.local.contact.to_string());
        invite.headers.set("Allow", ALLOW);
        invite.headers.set("Supported", supported);
        invite.headers.set("Accept", SDP);
        super::refresh::write(&mut invite.headers, timer);
        let until = Some(now + settings.no_answer);
        self.put(SessionOutput::Send(Purpose::Invite, invite.clone()));
        self.phase = Phase::Calling(Box::new(Caller { invite, seq, legs: Vec::new(), until, cancelled: None, timer }));
    }

    /// The call is not wanted any more. The CANCEL waits for a provisional response in the stack (clause 9.1).
    pub(super) fn give_up(&mut self, why: EndedWhy) {
        let Phase::Calling(caller) = &mut self.phase else { return };
        caller.until = None;
        if caller.cancelled.is_none() {
            let reason = match &why {
                EndedWhy::NoAnswer => "SIP;cause=408;text=\"no answer\"",
                _ => "SIP;cause=200;text=\"given up\"",
            };
            caller.cancelled = Some(why);
            self.put(SessionOutput::Cancel(Some(reason.to_owned())));
        }
    }

    pub(super) fn call_answered(&mut self, now: Instant, response: &Response) {
        match response.status {
            ..=100 => {}
            101..=199 => self.progressed(response),
            200..=299 => self.accepted(now, response),
            _ => self.call_refused(now, response),
        }
    }

    pub(super) fn call_unanswered(&mut self, why: &NoResponse) {
        let Phase::Calling(caller) = &mut self.phase else { return };
        let why = caller.cancelled.take().unwrap_or_else(|| EndedWhy::Refused(refusal(why)));
        self.ended(why);
    }

    fn progressed(&mut self, response: &Response) {
        let Phase::Calling(caller) = &mut self.phase else { return };
        let sdp = sdp_of(&response.headers, &response.body);
        let tells = SessionEvent::Progress { status: response.status, sdp: sdp.as_deref().map(<[u8]>::to_vec) };
        // Without a tag it makes no dialog, which is no mistake.
        let Ok(at) = caller.leg(response) else { return self.event(tells) };
        let seq = caller.seq;
        let leg = &mut caller.legs[at];
        let rseq = response.headers.delta_seconds("RSeq").ok().flatten();
        let Some(rseq) = rseq.filter(|_| response.headers.lists("Require", "100rel")) else {
            return self.event(tells);
        };
        if leg.reliable.receive(rseq) != Reliable::New {
            return;
        }
        let mut prack = leg.dialog.request(Method::PRACK);
        prack.headers.append("RAck", &format!("{rseq} {seq} INVITE"));
        if let Some(sdp) = sdp {
            if leg.negotiation.offers() {
                // An answer that cannot be used: the call goes on, the 2xx will tell.
                let _ = leg.negotiation.take_answer(&sdp);
            } else if let Ok(answer) = leg.negotiation.take_offer(&sdp).map(|()| leg.negotiation.answer_alike(false)) {
                prack.set_body(SDP, answer);
            }
        }
        self.put(SessionOutput::Send(Purpose::Prack, prack));
        self.event(tells);
    }

    fn accepted(&mut self, now: Instant, response: &Response) {
        let Phase::Calling(caller) = &mut self.phase else { return };
        let at = match caller.leg(response) {
            Ok(at) => at,
            Err(why) => return self.ended(EndedWhy::Refused(why)),
        };
        let Phase::Calling(caller) = std::mem::replace(&mut self.phase, Phase::Over) else { return };
        let Caller { invite, seq, mut legs, cancelled, timer, .. } = *caller;
        let Leg { mut dialog, mut negotiation, .. } = legs.swap_remove(at);
        if let Err(why) = dialog.confirm(response) {
            return self.ended(EndedWhy::Refused(Refusal::Broken(why.to_string())));
        }
        let mut ack = dialog.ack(seq);
        let agreed = agree(&mut negotiation, response, &mut ack);
        self.answered = Answered {
            invite: Some(invite),
            early: legs.into_iter().map(|leg| leg.dialog).collect(),
            acks: vec![(dialog.id.remote_tag.clone(), ack.clone())],
        };
        self.put(SessionOutput::Ack(ack));
        let sdp = negotiation.remote_body();
        let mut standing = Standing::new(dialog, negotiation, true);
        standing.learn(&response.headers);
        standing.set_timer(now, super::refresh::agreed_of(timer, &response.headers));
        self.phase = Phase::Standing(Box::new(standing));
        match (cancelled, agreed) {
            // CANCEL and 2xx have crossed (clause 9.1).
            (Some(why), _) => self.bye(now, why),
            (None, Err(why)) => self.bye(now, EndedWhy::Refused(Refusal::Broken(why))),
            (None, Ok(())) => self.event(SessionEvent::Established { sdp }),
        }
    }

    fn call_refused(&mut self, now: Instant, response: &Response) {
        let Phase::Calling(caller) = &mut self.phase else { return };
        if let Some(why) = caller.cancelled.take() {
            return self.ended(why);
        }
        let min_se = response.headers.delta_seconds("Min-SE").ok().flatten();
        if response.status == 422
            && let Some(timer) = raise(caller.timer, min_se)
        {
            // RFC 4028 clause 7.3: the same Call-ID, a new CSeq.
            caller.seq += 1;
            (caller.timer, caller.until) = (timer, Some(now + self.local.settings.no_answer));
            caller.legs.clear();
            let cseq = CSeq { seq: caller.seq, method: Method::INVITE };
            caller.invite.headers.set("CSeq", &cseq.to_string());
            super::refresh::write(&mut caller.invite.headers, timer);
            let invite = caller.invite.clone();
            return self.put(SessionOutput::Send(Purpose::Invite, invite));
        }
        self.ended(EndedWhy::Refused(Refusal::of(response)));
    }

    /// A 2xx of another branch is acknowledged and ended (clause 13.2.2.4); one that is repeated is acknowledged again.
    pub(super) fn late_success(&mut self, response: &Response) {
        let Some(id) = Dialog::id_of_response(response) else { return };
        if let Some((_, ack)) = self.answered.acks.iter().find(|(tag, _)| *tag == id.remote_tag) {
            let ack = ack.clone();
            return self.put(SessionOutput::Ack(ack));
        }
        let Some(invite) = &self.answered.invite else { return };
        let known = self.answered.early.iter().find(|dialog| dialog.id == id).cloned();
        let Some(mut dialog) = known.or_else(|| Dialog::uac(invite, response).ok()) else { return };
        if dialog.confirm(response).is_err() || self.answered.acks.len() >= MOST_LEGS {
            return;
        }
        let seq = invite.cseq().ok().flatten().map_or(1, |cseq| cseq.seq);
        let ack = dialog.ack(seq);
        let mut bye = dialog.request(Method::BYE);
        bye.headers.append("Reason", "SIP;cause=200;text=\"answered by another branch\"");
        self.answered.acks.push((id.remote_tag, ack.clone()));
        self.put(SessionOutput::Ack(ack));
        self.put(SessionOutput::Send(Purpose::StrayBye, bye));
    }

    /// A PRACK or an UPDATE in an early dialog has its answer.
    pub(super) fn early_answered(&mut self, purpose: Purpose, response: &Response) {
        if response.is_provisional() || purpose != Purpose::Update {
            return;
        }
        let negotiation = match &mut self.phase {
            Phase::Calling(caller) => caller.leg_of_response(response).map(|leg| &mut leg.negotiation),
            Phase::Called(callee) => Some(&mut callee.negotiation),
            _ => None,
        };
        let Some(negotiation) = negotiation else { return };
        let taken = if response.is_success() {
            negotiation.take_answer(&response.body).map_err(Refusal::Broken)
        } else {
            negotiation.withdraw();
            Err(Refusal::of(response))
        };
        let event = match taken {
            Ok(()) => SessionEvent::Modified { sdp: negotiation.remote_body(), hold: negotiation.hold() },
            Err(why) => SessionEvent::ModifyRefused { why },
        };
        self.event(event);
    }

    /// An UPDATE of the early dialog that has agreed upon media already (RFC 3311 clause 5.1).
    pub(super) fn early_update(&mut self, sdp: &[u8]) -> Result<(), Refusal> {
        let contact = self.local.contact.to_string();
        let (dialog, negotiation) = match &mut self.phase {
            Phase::Calling(caller) => {
                let leg = caller.legs.iter_mut().find(|leg| leg.negotiation.is_settled());
                let leg = leg.ok_or(Refusal::NotNow("no offer has been answered reliably yet"))?;
                (&mut leg.dialog, &mut leg.negotiation)
            }
            Phase::Called(callee) => callee.early_parts()?,
            _ => return Err(Refusal::NotNow("the session has no early dialog")),
        };
        negotiation.offer(sdp).map_err(Refusal::Broken)?;
        let mut update = dialog.request(Method::UPDATE);
        update.headers.append("Contact", &contact);
        update.set_body(SDP, sdp);
        self.put(SessionOutput::Send(Purpose::Update, update));
        Ok(())
    }
}

/// Offer and answer in a 2xx and its ACK (RFC 3261 clause 13.2.1).
fn agree(negotiation: &mut Negotiation, response: &Response, ack: &mut Request) -> Result<(), String> {
    let sdp = sdp_of(&response.headers, &response.body);
    if negotiation.offers() {
        return negotiation.take_answer(&sdp.ok_or("a 2xx without the SDP answer")?);
    }
    match sdp {
        Some(offer) if !negotiation.is_settled() => {
            negotiation.take_offer(&offer).map_err(|status| format!("an offer that is answered with {status}"))?;
            ack.set_body(SDP, negotiation.answer_alike(false));
            Ok(())
        }
        _ if negotiation.is_settled() => Ok(()),
        _ => Err("a 2xx without an SDP offer".into()),
    }
}
