//! The called side until the call is answered (RFC 3261 clause 13.3, RFC 3262 clause 3, RFC 4028 clause 9).

use std::borrow::Cow;

use super::io::{EndedWhy, Refusal, SessionEvent, SessionOutput};
use super::machine::{ALLOW, Phase, Session, reason_of};
use super::negotiation::{Negotiation, SDP, sdp_of};
use super::refresh;
use super::standing::Standing;
use crate::Instant;
use crate::sip::session_timer::{Require, SessionTimer, TimerAnswer, TimerPolicy, answer};
use crate::sip::{Acknowledged, Dialog, Method, RAck, ReliableSender, Request, Response, ServerKey};

/// Option tags that may be required of a session.
const UNDERSTOOD: [&str; 3] = ["100rel", "timer", "sec-agree"];

/// A call that we have not answered yet.
#[derive(Debug)]
pub(super) struct Callee {
    pub(super) key: ServerKey,
    pub(super) invite: Request,
    pub(super) dialog: Dialog,
    pub(super) negotiation: Negotiation,
    pub(super) until: Instant,
    reliable: Option<ReliableSender>,
    timer: Option<(SessionTimer, Require)>,
    /// A provisional response has told an SDP answer, or offer.
    told: bool,
    /// Accepted already, but the PRACK is awaited.
    accepting: Option<Vec<u8>>,
}

impl Callee {
    /// The early dialog, where media have been agreed upon in it.
    pub(super) fn early_parts(&mut self) -> Result<(&mut Dialog, &mut Negotiation), Refusal> {
        let settled = self.negotiation.is_settled() && self.told && !self.awaits_prack();
        let parts = (&mut self.dialog, &mut self.negotiation);
        if settled { Ok(parts) } else { Err(Refusal::NotNow("no offer has been answered reliably yet")) }
    }

    fn awaits_prack(&self) -> bool {
        self.reliable.as_ref().is_some_and(ReliableSender::is_waiting)
    }
}

impl Session {
    pub(super) fn take_call(&mut self, now: Instant, key: ServerKey, invite: Request) {
        match self.callee(now, key, &invite) {
            Ok(callee) => {
                let sdp = sdp_of(&invite.headers, &invite.body).map(Cow::into_owned);
                self.phase = Phase::Called(Box::new(callee));
                self.event(SessionEvent::Offered { sdp });
            }
            // The user never hears of it.
            Err(response) => self.respond(key, response),
        }
    }

    fn callee(&self, now: Instant, key: ServerKey, invite: &Request) -> Result<Callee, Response> {
        let refused = |status| self.response_to(invite, status);
        let unknown: Vec<_> = invite.headers.values("Require").filter(|tag| !is_understood(tag)).collect();
        if !unknown.is_empty() {
            let mut response = refused(420);
            response.headers.append("Unsupported", &unknown.join(", "));
            return Err(response);
        }
        let mut negotiation = Negotiation::default();
        if !invite.body.is_empty() {
            let Some(sdp) = sdp_of(&invite.headers, &invite.body) else {
                let mut response = refused(415);
                response.headers.append("Accept", SDP);
                return Err(response);
            };
            negotiation.take_offer(&sdp).map_err(refused)?;
        }
        let timer = match answer(refresh::offer_of(&invite.headers), self.policy()) {
            TimerAnswer::TooSmall(min_se) => {
                let mut response = refused(422);
                response.headers.append("Min-SE", &min_se.to_string());
                return Err(response);
            }
            TimerAnswer::Off => None,
            TimerAnswer::On(timer, require) => Some((timer, require)),
        };
        let dialog = Dialog::uas(invite, &self.response_to(invite, 180)).map_err(|_| refused(400))?;
        let seq = dialog.remote_seq.unwrap_or_default();
        let wants = invite.headers.lists("Require", "100rel")
            || (self.local.settings.reliable_provisional && invite.headers.lists("Supported", "100rel"));
        let reliable = wants.then(|| {
            let mut entropy = self.entropy.clone();
            ReliableSender::new(seq, 1 + entropy.below(u32::MAX >> 2))
        });
        let until = now + self.local.settings.unanswered;
        let invite = invite.clone();
        Ok(Callee { key, invite, dialog, negotiation, until, reliable, timer, told: false, accepting: None })
    }

    pub(super) fn policy(&self) -> TimerPolicy {
        let default = TimerPolicy::default();
        let settings = &self.local.settings;
        TimerPolicy { expires: settings.session_expires_s.unwrap_or(default.expires), min_se: settings.min_se_s }
    }

    /// A provisional response: it rings, with SDP where there is one.
    ///
    /// # Errors
    /// It is not the time for one.
    pub(crate) fn progress(&mut self, status: u16, sdp: Option<&[u8]>) -> Result<(), Refusal> {
        let Phase::Called(callee) = &mut self.phase else {
            return Err(Refusal::NotNow("no call waits for an answer"));
        };
        let rseq = match &mut callee.reliable {
            Some(reliable) => Some(
                reliable.send().ok_or(Refusal::NotNow("the provisional response before is not acknowledged yet"))?,
            ),
            None => None,
        };
        if let Some(sdp) = sdp {
            if callee.negotiation.is_offered() {
                callee.negotiation.answer(sdp)
            } else {
                callee.negotiation.offer(sdp)
            }
            .map_err(Refusal::Broken)?;
            callee.told = true;
        }
        let key = callee.key;
        let invite = callee.invite.clone();
        let mut response = self.response_to(&invite, status);
        response.headers.copy_from(&invite.headers, "Record-Route");
        response.headers.append("Contact", &self.local.contact.to_string());
        response.headers.append("Allow", ALLOW);
        if let Some(rseq) = rseq {
            response.headers.append("Require", "100rel");
            response.headers.append("RSeq", &rseq.to_string());
        }
        if let Some(sdp) = sdp {
            response.set_body(SDP, sdp);
        }
        self.respond(key, response);
        Ok(())
    }

    /// The call is accepted: SDP is the answer where there was an offer, else an offer.
    ///
    /// # Errors
    /// There is no call, or the SDP does not fit.
    pub(crate) fn accept(&mut self, now: Instant, sdp: &[u8]) -> Result<(), Refusal> {
        let Phase::Called(callee) = &mut self.phase else {
            return Err(Refusal::NotNow("no call waits for an answer"));
        };
        if callee.awaits_prack() {
            // RFC 3262 clause 3: a 2xx waits for the PRACK.
            callee.accepting = Some(sdp.to_vec());
            return Ok(());
        }
        let body = match (callee.negotiation.is_offered(), callee.told) {
            (true, _) => callee.negotiation.answer(sdp).map(|()| Some(sdp.to_vec())),
            (false, false) => callee.negotiation.offer(sdp).map(|()| Some(sdp.to_vec())),
            // RFC 3261 clause 13.2.1: what an unreliable response told has to be told again.
            (false, true) if callee.reliable.is_none() => Ok(Some(callee.negotiation.local_body())),
            (false, true) => Ok(None),
        };
        let body = body.map_err(Refusal::Broken)?;
        let Phase::Called(callee) = std::mem::replace(&mut self.phase, Phase::Over) else { return Ok(()) };
        let Callee { key, invite, mut dialog, negotiation, timer, .. } = *callee;
        let mut response = self.response_to(&invite, 200);
        response.headers.copy_from(&invite.headers, "Record-Route");
        response.headers.append("Contact", &self.local.contact.to_string());
        response.headers.append("Allow", ALLOW);
        response.headers.append("Supported", "100rel, timer");
        refresh::write_agreed(&mut response.headers, timer);
        if let Some(body) = body {
            response.set_body(SDP, body);
        }
        // The dialog was made of this INVITE: nothing of it is missing now.
        let _ = dialog.confirm(&response);
        // Not the newest of the dialog: that may be a PRACK's.
        let seq = invite.cseq().ok().flatten().map_or(0, |cseq| cseq.seq);
        let mut standing = Standing::new(dialog, negotiation, false);
        standing.learn(&invite.headers);
        standing.await_ack(seq, true);
        standing.set_timer(now, timer.map(|(timer, _)| refresh::as_uas(timer)));
        self.phase = Phase::Standing(Box::new(standing));
        self.respond(key, response);
        Ok(())
    }

    /// The call is refused; `headers` tell more, such as Warning.
    pub(crate) fn reject(&mut self, status: u16, headers: &[(String, String)]) -> Result<(), Refusal> {
        if !matches!(self.phase, Phase::Called(_)) {
            return Err(Refusal::NotNow("no call waits for an answer"));
        }
        let status = status.clamp(300, 699);
        self.refuse_with(status, EndedWhy::Rejected { status }, headers);
        Ok(())
    }

    pub(super) fn refuse(&mut self, status: u16, why: EndedWhy) {
        self.refuse_with(status, why, &[]);
    }

    fn refuse_with(&mut self, status: u16, why: EndedWhy, headers: &[(String, String)]) {
        let Phase::Called(callee) = &self.phase else { return };
        let (key, mut response) = (callee.key, self.response_to(&callee.invite, status));
        headers.iter().for_each(|(name, value)| response.headers.append(name, value));
        self.respond(key, response);
        self.ended(why);
    }

    pub(super) fn take_prack(&mut self, now: Instant, key: ServerKey, request: &Request) {
        let rack = request.headers.whole("RAck", RAck::parse).ok().flatten();
        let Phase::Called(callee) = &mut self.phase else { return self.answer(key, request, 481) };
        let known = rack.zip(callee.reliable.as_mut()).is_some_and(|(rack, reliable)| {
            reliable.acknowledge(rack.response, rack.seq, rack.method.as_str()) != Acknowledged::Nothing
        });
        if !known {
            return self.answer(key, request, 481);
        }
        let invite_key = callee.key;
        let mut body = None;
        if let Some(sdp) = sdp_of(&request.headers, &request.body) {
            if callee.negotiation.offers() {
                if callee.negotiation.take_answer(&sdp).is_err() {
                    return self.answer(key, request, 488);
                }
            } else {
                match callee.negotiation.take_offer(&sdp) {
                    Ok(()) => body = Some(callee.negotiation.answer_alike(false)),
                    Err(status) => return self.answer(key, request, status),
                }
            }
        }
        let accepting = callee.accepting.take();
        self.put(SessionOutput::Acknowledged(invite_key));
        let mut response = self.response_to(request, 200);
        if let Some(body) = body {
            response.set_body(SDP, body);
        }
        self.respond(key, response);
        if let Some(sdp) = accepting
            && let Err(why) = self.accept(now, &sdp)
        {
            self.refuse(500, EndedWhy::Refused(why));
        }
    }

    /// The INVITE that is not answered was cancelled.
    pub(crate) fn handle_cancel(&mut self, cancel: &Request) {
        let Phase::Called(callee) = &self.phase else { return };
        let (key, response) = (callee.key, self.response_to(&callee.invite, 487));
        self.respond(key, response);
        self.ended(EndedWhy::RemoteCancelled { reason: reason_of(cancel) });
    }
}

fn is_understood(tag: &str) -> bool {
    UNDERSTOOD.iter().any(|known| known.eq_ignore_ascii_case(tag))
}

/// Does a request have the other side's method set with UPDATE in it?
pub(super) fn allows_update(headers: &crate::sip::Headers) -> bool {
    headers.lists("Allow", Method::UPDATE.as_str())
}
