//! Header fields of session timers (RFC 4028 clauses 4, 5).

use std::time::Duration;

use crate::Instant;
use crate::sip::session_timer::{Require, SessionTimer, TimerOffer, agreed};
use crate::sip::{Headers, Refresher, SessionExpires};

/// A session timer that runs at one side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct RunningTimer {
    /// Interval.
    pub(super) expires: u32,
    /// We refresh.
    pub(super) ours: bool,
    /// When to refresh, or to say BYE.
    pub(super) due: Instant,
    /// When the session has ended without a refresh.
    pub(super) end: Instant,
}

impl RunningTimer {
    /// From a 2xx; `ours`: we refresh.
    pub(super) fn new(now: Instant, timer: SessionTimer, ours: bool) -> Self {
        let due = now + if ours { timer.refresh_after() } else { timer.bye_after() };
        Self { expires: timer.expires, ours, due, end: now + Duration::from_secs(timer.expires.into()) }
    }
}

/// A timer as the server of the request has it: who is meant is who sent it.
pub(super) fn as_uas(timer: SessionTimer) -> (SessionTimer, bool) {
    (timer, timer.refresher == Refresher::Uas)
}

/// What a request says of the session timer; nothing when it cannot be read.
pub(super) fn offer_of(headers: &Headers) -> TimerOffer {
    TimerOffer::of(headers).unwrap_or_default()
}

/// What a 2xx to a request with `sent` has agreed upon, and whether we refresh.
pub(super) fn agreed_of(sent: TimerOffer, headers: &Headers) -> Option<(SessionTimer, bool)> {
    let expires = headers.whole("Session-Expires", SessionExpires::parse).ok().flatten()?;
    let timer = agreed(sent, Some(expires.seconds), expires.refresher())?;
    Some((timer, timer.refresher == Refresher::Uac))
}

/// Puts an offer into a request.
pub(super) fn write(headers: &mut Headers, offer: TimerOffer) {
    match offer.expires {
        Some(expires) => {
            headers.set("Session-Expires", &SessionExpires::new(expires, offer.refresher).to_string());
        }
        None => drop(headers.remove("Session-Expires")),
    }
    if let Some(min_se) = offer.min_se {
        headers.set("Min-SE", &min_se.to_string());
    }
}

/// Puts what was agreed upon into a 2xx.
pub(super) fn write_agreed(headers: &mut Headers, timer: Option<(SessionTimer, Require)>) {
    let Some((timer, require)) = timer else { return };
    headers.append("Session-Expires", &SessionExpires::new(timer.expires, Some(timer.refresher)).to_string());
    if require == Require::Timer {
        headers.append("Require", "timer");
    }
}
