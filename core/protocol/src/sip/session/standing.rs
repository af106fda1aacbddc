//! A session that stands: ACK, BYE, session timer (RFC 3261 clauses 13.2.2.4, 15; RFC 4028 clauses 7.2, 10).

use std::collections::VecDeque;

use super::callee::allows_update;
use super::change::{Change, Running};
use super::io::{EndedWhy, Purpose, SessionEvent, SessionOutput};
use super::machine::{Phase, Session};
use super::negotiation::{Negotiation, sdp_of};
use super::refresh::RunningTimer;
use crate::Instant;
use crate::sip::session_timer::SessionTimer;
use crate::sip::{Dialog, Headers, Method, Request, Response};

/// A session that stands.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) dialog: Dialog,
    pub(super) negotiation: Negotiation,
    /// We called.
    pub(super) called_by_us: bool,
    /// Our offer or refresh that is under way.
    pub(super) running: Option<Running>,
    /// What waits for that, and until when.
    pub(super) waiting: VecDeque<Change>,
    pub(super) not_before: Instant,
    /// The newest ACK of a re-INVITE of ours.
    pub(super) ack: Option<(u32, Request)>,
    pub(super) timer: Option<RunningTimer>,
    /// The other one understands UPDATE.
    pub(super) updates: bool,
    /// BYE follows the ACK.
    pub(super) hangs_up: bool,
    unacked: Option<Unacked>,
}

/// A 2xx of ours that waits for its ACK.
#[derive(Clone, Copy, Debug)]
struct Unacked {
    seq: u32,
    is_first: bool,
}

impl Standing {
    pub(super) const fn new(dialog: Dialog, negotiation: Negotiation, called_by_us: bool) -> Self {
        Self {
            dialog,
            negotiation,
            called_by_us,
            running: None,
            waiting: VecDeque::new(),
            not_before: Instant::ZERO,
            ack: None,
            timer: None,
            updates: false,
            hangs_up: false,
            unacked: None,
        }
    }

    /// What the other one says that it understands.
    pub(super) fn learn(&mut self, headers: &Headers) {
        if headers.contains("Allow") {
            self.updates = allows_update(headers);
        }
    }

    pub(super) const fn await_ack(&mut self, seq: u32, is_first: bool) {
        self.unacked = Some(Unacked { seq, is_first });
    }

    pub(super) const fn awaits_ack(&self) -> bool {
        self.unacked.is_some()
    }

    /// From a 2xx: the timer, and whether we refresh.
    pub(super) fn set_timer(&mut self, now: Instant, timer: Option<(SessionTimer, bool)>) {
        self.timer = timer.map(|(timer, ours)| RunningTimer::new(now, timer, ours));
    }

    pub(super) fn due(&self) -> Option<Instant> {
        let change =
            (self.running.is_none() && !self.awaits_ack() && !self.waiting.is_empty()).then_some(self.not_before);
        [change, self.timer.map(|timer| timer.due)].into_iter().flatten().min()
    }
}

impl Session {
    pub(super) fn take_ack(&mut self, now: Instant, request: &Request) {
        let Phase::Standing(standing) = &mut self.phase else { return };
        let seq = request.cseq().ok().flatten().map(|cseq| cseq.seq);
        let Some(unacked) = standing.unacked.take_if(|unacked| Some(unacked.seq) == seq) else { return };
        let sdp = sdp_of(&request.headers, &request.body);
        if standing.negotiation.offers() {
            let answer = sdp.as_ref().ok_or_else(|| "an ACK without the SDP answer".to_owned());
            if let Err(why) = answer.and_then(|sdp| standing.negotiation.take_answer(sdp)) {
                return self.bye(now, EndedWhy::TimedOut(why));
            }
        }
        let (body, hold) = (standing.negotiation.remote_body(), standing.negotiation.hold());
        let (hangs_up, tells) = (standing.hangs_up, sdp.is_some());
        if unacked.is_first {
            self.event(SessionEvent::Established { sdp: body });
        } else if tells {
            self.event(SessionEvent::Modified { sdp: body, hold });
        }
        if hangs_up {
            return self.bye(now, EndedWhy::HungUp);
        }
        self.next_change(now);
    }

    pub(super) fn bye(&mut self, _now: Instant, why: EndedWhy) {
        let Phase::Standing(standing) = &mut self.phase else { return };
        let mut bye = standing.dialog.request(Method::BYE);
        let reason = match &why {
            EndedWhy::HungUp => None,
            EndedWhy::TimedOut(_) => Some("SIP;cause=408;text=\"timed out\""),
            EndedWhy::Refused(_) => Some("SIP;cause=488;text=\"no media agreed\""),
            _ => Some("SIP;cause=487;text=\"given up\""),
        };
        if let Some(reason) = reason {
            bye.headers.append("Reason", reason);
        }
        self.phase = Phase::Ending(why);
        self.put(SessionOutput::Send(Purpose::Bye, bye));
    }

    pub(super) fn standing_timeout(&mut self, now: Instant) {
        let Phase::Standing(standing) = &mut self.phase else { return };
        if let Some(timer) = &mut standing.timer
            && timer.due <= now
        {
            if !timer.ours || timer.end <= now {
                return self.bye(now, EndedWhy::TimedOut("the session was not refreshed".into()));
            }
            // If it does not go through, the end of the interval is the end of the session.
            timer.due = timer.end;
            standing.waiting.push_back(Change::Refresh);
        }
        self.next_change(now);
    }

    /// A 2xx to a re-INVITE of ours that was acknowledged.
    pub(super) fn acknowledge_late(&mut self, response: &Response) {
        let Phase::Standing(standing) = &self.phase else { return };
        let seq = response.cseq().ok().flatten().map(|cseq| cseq.seq);
        if let Some((_, ack)) = standing.ack.as_ref().filter(|(known, _)| Some(*known) == seq) {
            let ack = ack.clone();
            self.put(SessionOutput::Ack(ack));
        }
    }
}
