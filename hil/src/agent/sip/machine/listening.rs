//! A session whose media come by unicast or over an MBMS bearer (TS 26.346 clause 7.3, RFC 3264 clause 6.2): the direction of
//! its first medium says by which.

use protocol::Instant;
use protocol::sip::sdp::{Direction, MbmsMedia, Sdp};
use protocol::sip::{Change, Refusal, SessionId, UserAgent};

use super::super::io::CallId;
use super::UeAgent;

impl UeAgent {
    pub(super) fn listen(&mut self, now: Instant, call: CallId, over_mbms: bool) {
        self.session(call, |ua, id| {
            let offer = offer(ua, id, over_mbms)?;
            ua.change(now, id, Change::ReInvite(offer))
        });
    }
}

/// What the UE said before, with another direction of its first medium.
fn offer(ua: &UserAgent, id: SessionId, over_mbms: bool) -> Result<Vec<u8>, Refusal> {
    let own = ua.local_description(id).ok_or(Refusal::NotNow("the session does not stand"))?;
    let mut sdp = Sdp::parse(&own).map_err(|_| Refusal::NotNow("the session has no media"))?;
    if over_mbms && MbmsMedia::find(&sdp).is_none() {
        return Err(Refusal::NotNow("the session has no medium over MBMS"));
    }
    let media = sdp.media.first_mut().ok_or(Refusal::NotNow("the session has no media"))?;
    media.set_direction(if over_mbms { Direction::SendOnly } else { Direction::SendRecv });
    sdp.bump_version();
    Ok(sdp.to_bytes())
}
