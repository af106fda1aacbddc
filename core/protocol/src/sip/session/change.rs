//! What changes in a session that stands: re-INVITE, UPDATE, hold, refresh, from either side (RFC 3261 clause 14, RFC 3311,
//! RFC 3264 clause 8, RFC 6337).

use std::time::Duration;

use super::io::{EndedWhy, NoResponse, Purpose, Refusal, SessionEvent, SessionOutput};
use super::machine::{ALLOW, Phase, Session, refusal};
use super::negotiation::{SDP, sdp_of};
use super::refresh;
use super::standing::Standing;
use crate::Instant;
use crate::sip::session_timer::{LEAST_MIN_SE, SessionTimer, TimerAnswer, TimerOffer, answer, raise};
use crate::sip::{Method, Refresher, Request, Response, ServerKey};

/// Changes that may wait for each other.
const MOST_WAITING: usize = 8;

/// A change that we want.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// An offer in a re-INVITE.
    ReInvite(Vec<u8>),
    /// An offer in an UPDATE.
    Update(Vec<u8>),
    /// The other one is held, or no longer.
    Hold(bool),
    /// The session is refreshed (RFC 4028).
    Refresh,
}

/// One that is under way.
#[derive(Debug)]
pub(super) struct Running {
    change: Change,
    purpose: Purpose,
    seq: u32,
    timer: TimerOffer,
}

impl Session {
    /// A change is wanted, now or as soon as another one is through.
    ///
    /// # Errors
    /// The session does not stand.
    pub(crate) fn change(&mut self, now: Instant, change: Change) -> Result<(), Refusal> {
        if let (Phase::Calling(_) | Phase::Called(_), Change::Update(sdp)) = (&self.phase, &change) {
            return self.early_update(sdp);
        }
        let Phase::Standing(standing) = &mut self.phase else {
            return Err(Refusal::NotNow("the session does not stand"));
        };
        if standing.waiting.len() >= MOST_WAITING {
            return Err(Refusal::NotNow("too many changes wait"));
        }
        standing.waiting.push_back(change);
        self.next_change(now);
        Ok(())
    }

    /// Sends what waits, when nothing is under way.
    pub(super) fn next_change(&mut self, now: Instant) {
        let Phase::Standing(standing) = &mut self.phase else { return };
        if standing.running.is_some() || standing.awaits_ack() || standing.not_before > now {
            return;
        }
        let Some(change) = standing.waiting.pop_front() else { return };
        let expires = standing.timer.map(|timer| timer.expires).or(self.local.settings.session_expires_s);
        // RFC 4028 clause 7.4: roles stay as they are.
        let refresher = standing.timer.map(|timer| if timer.ours { Refresher::Uac } else { Refresher::Uas });
        let min_se = self.local.settings.min_se_s;
        let timer =
            TimerOffer { supported: true, expires, refresher, min_se: (min_se > LEAST_MIN_SE).then_some(min_se) };
        self.send_change(change, timer);
    }

    fn send_change(&mut self, change: Change, timer: TimerOffer) {
        let contact = self.local.contact.to_string();
        let Phase::Standing(standing) = &mut self.phase else { return };
        let (purpose, sdp) = match &change {
            Change::Update(sdp) => (Purpose::Update, Some(sdp.clone())),
            Change::ReInvite(sdp) => (Purpose::ReInvite, Some(sdp.clone())),
            Change::Hold(on) => (Purpose::ReInvite, Some(standing.negotiation.held(*on))),
            // RFC 4028 clause 7.4: UPDATE without offer, where it is understood.
            Change::Refresh if standing.updates => (Purpose::Update, None),
            Change::Refresh => (Purpose::ReInvite, Some(standing.negotiation.local_body())),
        };
        if let Some(sdp) = &sdp
            && let Err(why) = standing.negotiation.offer(sdp)
        {
            return self.event(SessionEvent::ModifyRefused { why: Refusal::Broken(why) });
        }
        let method = if purpose == Purpose::Update { Method::UPDATE } else { Method::INVITE };
        let mut request = standing.dialog.request(method);
        let seq = standing.dialog.local_seq.unwrap_or_default();
        request.headers.append("Contact", &contact);
        request.headers.append("Allow", ALLOW);
        request.headers.append("Supported", "100rel, timer");
        refresh::write(&mut request.headers, timer);
        if let Some(sdp) = sdp {
            request.set_body(SDP, sdp);
        }
        standing.running = Some(Running { change, purpose, seq, timer });
        self.put(SessionOutput::Send(purpose, request));
    }

    pub(super) fn change_answered(&mut self, now: Instant, purpose: Purpose, response: &Response) {
        let Phase::Standing(standing) = &mut self.phase else { return };
        let seq = response.cseq().ok().flatten().map(|cseq| cseq.seq);
        if response.is_provisional() {
            return;
        }
        let is_it = |running: &mut Running| running.purpose == purpose && Some(running.seq) == seq;
        let Some(running) = standing.running.take_if(is_it) else {
            if purpose == Purpose::ReInvite && response.is_success() {
                self.acknowledge_late(response);
            }
            return;
        };
        if !response.is_success() {
            return self.change_refused(now, running, response);
        }
        // A Contact that cannot be read changes no target.
        let _ = standing.dialog.receive_response(response);
        standing.learn(&response.headers);
        standing.set_timer(now, refresh::agreed_of(running.timer, &response.headers));
        if purpose == Purpose::ReInvite {
            let ack = standing.dialog.ack(running.seq);
            standing.ack = Some((running.seq, ack.clone()));
            self.put(SessionOutput::Ack(ack));
        }
        let Phase::Standing(standing) = &mut self.phase else { return };
        if standing.negotiation.offers() {
            let sdp =
                sdp_of(&response.headers, &response.body).ok_or_else(|| "a 2xx without the SDP answer".to_owned());
            if let Err(why) = sdp.and_then(|sdp| standing.negotiation.take_answer(&sdp)) {
                standing.negotiation.withdraw();
                self.event(SessionEvent::ModifyRefused { why: Refusal::Broken(why) });
                return self.next_change(now);
            }
        }
        let event = match running.change {
            Change::Refresh => SessionEvent::Refreshed,
            _ => modified(standing),
        };
        self.event(event);
        self.next_change(now);
    }

    fn change_refused(&mut self, now: Instant, running: Running, response: &Response) {
        let Phase::Standing(standing) = &mut self.phase else { return };
        standing.negotiation.withdraw();
        let min_se = response.headers.delta_seconds("Min-SE").ok().flatten();
        match response.status {
            // RFC 3261 clause 12.2.1.2: the other one has no such dialog, or is gone.
            408 | 481 => return self.bye(now, EndedWhy::TimedOut(format!("{} to a request in it", response.status))),
            422 if let Some(timer) = raise(running.timer, min_se) => return self.send_change(running.change, timer),
            // RFC 3261 clause 14.1, RFC 3311 clause 5.1.
            491 => {
                let pause = self.glare_pause();
                return self.again(now + pause, running.change);
            }
            500 if let Some(pause) = retry_after(response) => return self.again(now + pause, running.change),
            _ => {}
        }
        if running.change != Change::Refresh {
            self.event(SessionEvent::ModifyRefused { why: Refusal::of(response) });
        }
        self.next_change(now);
    }

    fn again(&mut self, when: Instant, change: Change) {
        if let Phase::Standing(standing) = &mut self.phase {
            standing.waiting.push_front(change);
            standing.not_before = when;
        }
    }

    /// RFC 3261 clause 14.1: whoever made the Call-ID waits longer; units of 10 ms.
    fn glare_pause(&mut self) -> Duration {
        let ours = matches!(&self.phase, Phase::Standing(standing) if standing.called_by_us);
        let units = if ours { 210 + self.entropy.below(191) } else { self.entropy.below(201) };
        Duration::from_millis(10) * units
    }

    pub(super) fn change_unanswered(&mut self, now: Instant, purpose: Purpose, why: &NoResponse) {
        let Phase::Standing(standing) = &mut self.phase else { return };
        if standing.running.take_if(|running| running.purpose == purpose).is_none() {
            return;
        }
        standing.negotiation.withdraw();
        self.bye(now, EndedWhy::TimedOut(refusal(why).to_string()));
    }

    /// An INVITE or UPDATE of the other side.
    pub(super) fn take_offer(&mut self, now: Instant, key: ServerKey, request: &Request) {
        let timer = match answer(refresh::offer_of(&request.headers), self.policy()) {
            TimerAnswer::TooSmall(min_se) => {
                let mut response = self.response_to(request, 422);
                response.headers.append("Min-SE", &min_se.to_string());
                return self.respond(key, response);
            }
            TimerAnswer::Off => None,
            TimerAnswer::On(timer, require) => Some((timer, require)),
        };
        let body = match self.answer_to(request) {
            Ok(body) => body,
            Err(status) => {
                let mut response = self.response_to(request, status);
                match status {
                    // RFC 3261 clause 14.2, RFC 3311 clause 5.2: 0 to 10 seconds.
                    500 => response.headers.append("Retry-After", &self.entropy.below(11).to_string()),
                    415 => response.headers.append("Accept", SDP),
                    _ => {}
                }
                return self.respond(key, response);
            }
        };
        let mut response = self.response_to(request, 200);
        response.headers.copy_from(&request.headers, "Record-Route");
        response.headers.append("Contact", &self.local.contact.to_string());
        response.headers.append("Allow", ALLOW);
        response.headers.append("Supported", "100rel, timer");
        if matches!(self.phase, Phase::Standing(_)) {
            refresh::write_agreed(&mut response.headers, timer);
        }
        let event = self.offer_taken(now, request, timer.map(|(timer, _)| refresh::as_uas(timer)));
        if let Some(body) = body {
            response.set_body(SDP, body);
        }
        self.respond(key, response);
        if let Some(event) = event {
            self.event(event);
        }
    }

    /// The body of the 2xx; or what the request is refused with.
    fn answer_to(&mut self, request: &Request) -> Result<Option<Vec<u8>>, u16> {
        let takes_mbms = self.local.settings.takes_mbms;
        let is_invite = request.method == Method::INVITE;
        let sdp = sdp_of(&request.headers, &request.body);
        if sdp.is_none() && !request.body.is_empty() {
            return Err(415);
        }
        let (negotiation, settled) = match &mut self.phase {
            Phase::Standing(standing) => {
                let inviting = standing.running.as_ref().is_some_and(|running| running.purpose == Purpose::ReInvite);
                if is_invite && inviting {
                    return Err(491);
                }
                if is_invite && standing.awaits_ack() {
                    return Err(500);
                }
                (&mut standing.negotiation, true)
            }
            Phase::Calling(caller) if !is_invite => {
                let negotiation = &mut caller.leg_of(request).ok_or(481_u16)?.negotiation;
                let settled = negotiation.is_settled();
                (negotiation, settled)
            }
            Phase::Called(callee) if !is_invite => {
                let settled = callee.early_parts().is_ok();
                (&mut callee.negotiation, settled)
            }
            _ => return Err(500),
        };
        match sdp {
            None if is_invite => {
                let offer = negotiation.local_body();
                negotiation.offer(&offer).map_err(|_| 500_u16)?;
                Ok(Some(offer))
            }
            None => Ok(None),
            Some(_) if negotiation.offers() => Err(491),
            // RFC 3311 clause 5.2.
            Some(_) if !settled || negotiation.is_offered() => Err(500),
            Some(sdp) => {
                negotiation.take_offer(&sdp)?;
                Ok(Some(negotiation.answer_alike(takes_mbms)))
            }
        }
    }

    /// The 2xx goes out; what the user is told.
    fn offer_taken(
        &mut self,
        now: Instant,
        request: &Request,
        timer: Option<(SessionTimer, bool)>,
    ) -> Option<SessionEvent> {
        let has_offer = !request.body.is_empty();
        let (negotiation, is_standing) = match &mut self.phase {
            Phase::Standing(standing) => {
                standing.learn(&request.headers);
                standing.set_timer(now, timer);
                if request.method == Method::INVITE {
                    standing.await_ack(standing.dialog.remote_seq.unwrap_or_default(), false);
                }
                (&standing.negotiation, true)
            }
            Phase::Calling(caller) => (&caller.leg_of(request)?.negotiation, false),
            Phase::Called(callee) => (&callee.negotiation, false),
            _ => return None,
        };
        if has_offer && negotiation.has_changed() {
            return Some(SessionEvent::Modified { sdp: negotiation.remote_body(), hold: negotiation.hold() });
        }
        is_standing.then_some(SessionEvent::Refreshed)
    }
}

fn modified(standing: &Standing) -> SessionEvent {
    SessionEvent::Modified { sdp: standing.negotiation.remote_body(), hold: standing.negotiation.hold() }
}

fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers.get("Retry-After")?;
    let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().map(Duration::from_secs)
}
