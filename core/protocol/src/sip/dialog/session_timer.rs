//! Session timers (RFC 4028): who refreshes, how often, and when a session without refresh has ended. Pure functions.

use std::time::Duration;

use crate::sip::{Headers, MinSe, Refresher, SessionExpires, SipProblem};

/// The interval that a UA asks for without another wish (RFC 4028 clause 4).
pub const DEFAULT_SESSION_EXPIRES: u32 = 1800;
/// No session expires faster (RFC 4028 clause 4), and what Min-SE means when it is absent (clause 5).
pub const LEAST_MIN_SE: u32 = 90;

/// What one side says of the session timer in a request (RFC 4028 clauses 4, 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TimerOffer {
    /// `Supported: timer`.
    pub supported: bool,
    /// Session-Expires, seconds.
    pub expires: Option<u32>,
    /// Its parameter `refresher`.
    pub refresher: Option<Refresher>,
    /// Min-SE, seconds.
    pub min_se: Option<u32>,
}

impl TimerOffer {
    /// What the headers of a request say.
    pub fn of(headers: &Headers) -> Result<Self, SipProblem> {
        let expires = headers.whole("Session-Expires", SessionExpires::parse)?;
        let min_se = headers.whole("Min-SE", MinSe::parse)?;
        Ok(Self {
            supported: headers.lists("Supported", "timer"),
            expires: expires.as_ref().map(|expires| expires.seconds),
            refresher: expires.and_then(|expires| expires.refresher()),
            min_se: min_se.map(|min_se| min_se.seconds),
        })
    }
}

/// What a UA or proxy wants of session timers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimerPolicy {
    /// The interval that it would like, seconds.
    pub expires: u32,
    /// The shortest that it takes, seconds.
    pub min_se: u32,
}

impl Default for TimerPolicy {
    fn default() -> Self {
        Self { expires: DEFAULT_SESSION_EXPIRES, min_se: LEAST_MIN_SE }
    }
}

/// The timer of a session as agreed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionTimer {
    /// Session-Expires, seconds.
    pub expires: u32,
    /// Who refreshes, in the sense of the request that agreed it.
    pub refresher: Refresher,
}

/// What a server does about the session timer of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimerAnswer {
    /// 422 with this Min-SE.
    TooSmall(u32),
    /// No timer: Session-Expires stays out of the 2xx.
    Off,
    /// Session-Expires in the 2xx; `require`: and `Require: timer`, because the other side refreshes.
    On(SessionTimer, Require),
}

/// Whether the 2xx carries `Require: timer`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Require {
    /// It does.
    Timer,
    /// It does not.
    Nothing,
}

/// The server's choice (RFC 4028 clause 9, table 2).
pub fn answer(offer: TimerOffer, policy: TimerPolicy) -> TimerAnswer {
    let floor = policy.min_se.max(LEAST_MIN_SE);
    if let Some(expires) = offer.expires
        && offer.supported
        && expires < floor
    {
        return TimerAnswer::TooSmall(floor);
    }
    // A client that does not know timers: the server may run one and refresh itself.
    let least = floor.max(offer.min_se.unwrap_or(0));
    let expires = match offer.expires {
        Some(expires) => policy.expires.min(expires).max(least),
        None => policy.expires.max(least),
    };
    let refresher = match (offer.supported, offer.refresher) {
        (false, _) => Refresher::Uas,
        (true, Some(asked)) => asked,
        (true, None) => Refresher::Uac,
    };
    if offer.expires.is_none() && !offer.supported {
        return TimerAnswer::Off;
    }
    let require = if refresher == Refresher::Uac { Require::Timer } else { Require::Nothing };
    TimerAnswer::On(SessionTimer { expires, refresher }, require)
}

/// What a proxy does to the offer that passes (RFC 4028 clause 8.1): `Err` is the Min-SE of its 422.
pub fn relay(offer: TimerOffer, policy: TimerPolicy) -> Result<TimerOffer, u32> {
    let floor = policy.min_se.max(LEAST_MIN_SE);
    match offer.expires {
        Some(expires) if expires < floor && offer.supported => Err(floor),
        Some(expires) if expires < floor => {
            // The client would not understand 422: the proxy raises both.
            let least = floor.max(offer.min_se.unwrap_or(0));
            Ok(TimerOffer { expires: Some(least), min_se: Some(least), ..offer })
        }
        Some(_) => Ok(offer),
        None => Ok(TimerOffer { expires: Some(policy.expires.max(floor).max(offer.min_se.unwrap_or(0))), ..offer }),
    }
}

/// The client's reading of a 2xx (RFC 4028 clause 7.2): no Session-Expires there, no timer.
pub fn agreed(sent: TimerOffer, expires: Option<u32>, refresher: Option<Refresher>) -> Option<SessionTimer> {
    let expires = expires?;
    let refresher = refresher.or(sent.refresher).unwrap_or(Refresher::Uac);
    Some(SessionTimer { expires: expires.max(1), refresher })
}

/// The offer to repeat a request with after 422 (RFC 4028 clause 7.3); `None`: the answer does not help.
pub fn raise(sent: TimerOffer, min_se: Option<u32>) -> Option<TimerOffer> {
    let min_se = min_se?.max(sent.min_se.unwrap_or(0));
    let asked = sent.expires.unwrap_or(0);
    // A Min-SE that the offer had met would be answered with 422 for ever.
    (asked < min_se).then_some(TimerOffer { expires: Some(min_se), min_se: Some(min_se), ..sent })
}

impl SessionTimer {
    /// When the refresher refreshes, counted from the 2xx (RFC 4028 clause 7.2: half of the interval).
    pub fn refresh_after(&self) -> Duration {
        Duration::from_secs(u64::from(self.expires)) / 2
    }

    /// When the other side sends BYE for want of a refresh, counted from the 2xx (RFC 4028 clause 10: the smaller of 32 s and
    /// a third of the interval early).
    pub fn bye_after(&self) -> Duration {
        let expires = Duration::from_secs(u64::from(self.expires));
        expires - (expires / 3).min(Duration::from_secs(32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(supported: bool, expires: Option<u32>, refresher: Option<Refresher>, min_se: Option<u32>) -> TimerOffer {
        TimerOffer { supported, expires, refresher, min_se }
    }

    #[test]
    fn the_server_keeps_to_table_2() {
        let policy = TimerPolicy::default();
        let on = |expires, refresher, require| TimerAnswer::On(SessionTimer { expires, refresher }, require);
        assert_eq!(answer(offer(true, Some(89), None, None), policy), TimerAnswer::TooSmall(90));
        assert_eq!(
            answer(offer(true, Some(90), None, None), policy),
            on(90, Refresher::Uac, Require::Timer),
            "no parameter: the client's turn"
        );
        assert_eq!(
            answer(offer(true, Some(600), Some(Refresher::Uas), None), policy),
            on(600, Refresher::Uas, Require::Nothing)
        );
        assert_eq!(
            answer(offer(false, Some(600), None, None), policy),
            on(600, Refresher::Uas, Require::Nothing),
            "a proxy put it in: the client cannot refresh"
        );
        assert_eq!(answer(offer(false, None, None, None), policy), TimerAnswer::Off);
        assert_eq!(
            answer(offer(true, None, None, Some(4000)), policy),
            on(4000, Refresher::Uac, Require::Timer),
            "never below the peer's Min-SE"
        );
        assert_eq!(
            answer(offer(true, Some(7200), None, Some(3600)), policy),
            on(3600, Refresher::Uac, Require::Timer),
            "lowered, but not below Min-SE"
        );
    }

    #[test]
    fn a_proxy_raises_for_those_who_cannot() {
        let policy = TimerPolicy { expires: 1800, min_se: 300 };
        assert_eq!(relay(offer(true, Some(200), None, None), policy), Err(300));
        let raised = relay(offer(false, Some(200), None, None), policy).expect("no 422");
        assert_eq!((raised.expires, raised.min_se), (Some(300), Some(300)));
        assert_eq!(relay(offer(true, None, None, None), policy).expect("put in").expires, Some(1800));
    }

    #[test]
    fn after_422_the_offer_rises_once() {
        let sent = offer(true, Some(100), None, None);
        let raised = raise(sent, Some(300)).expect("helps");
        assert_eq!((raised.expires, raised.min_se), (Some(300), Some(300)));
        assert_eq!(raise(raised, Some(300)), None, "the same 422 again is no use");
        assert_eq!(raise(sent, None), None);
    }

    #[test]
    fn half_to_refresh_and_a_margin_to_hang_up() {
        let timer = |expires| SessionTimer { expires, refresher: Refresher::Uac };
        assert_eq!(timer(1800).refresh_after(), Duration::from_secs(900));
        assert_eq!(timer(1800).bye_after(), Duration::from_secs(1768));
        assert_eq!(timer(90).bye_after(), Duration::from_secs(60));
        assert_eq!(agreed(offer(true, Some(90), None, None), None, None), None);
        assert_eq!(agreed(offer(true, Some(90), None, None), Some(120), None), Some(timer(120)));
    }
}
