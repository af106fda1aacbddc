//! What an answer and a new offer owe to what was said before (RFC 3264 clauses 6, 8).

use super::{Media, Sdp, SdpProblem};

/// True to the offer: the same media in the same order, a direction that fits, formats of the offer (clause 6).
pub fn check_answer(offer: &Sdp, answer: &Sdp) -> Result<(), SdpProblem> {
    let bad = |why| Err(SdpProblem { line: 0, why });
    if offer.media.len() != answer.media.len() {
        return bad("the answer has not as many media as the offer");
    }
    if offer.value('t') != answer.value('t') {
        return bad("the answer has another t= than the offer");
    }
    for (at, (offered, answered)) in offer.media.iter().zip(&answer.media).enumerate() {
        if offered.kind != answered.kind || !offered.protocol.eq_ignore_ascii_case(&answered.protocol) {
            return bad("the answer has another medium or protocol in the place of the offer's");
        }
        if answered.port == 0 {
            continue;
        }
        if offered.port == 0 && !is_bundled(offered) {
            return bad("the answer takes a medium that the offer refuses");
        }
        let (theirs, ours) = (offer.direction_of(at), answer.direction_of(at));
        if let Some(group) = offer.multicast_of(at) {
            // Clause 6.2: all see the same stream.
            if (answer.multicast_of(at), answered.port, ours) != (Some(group), offered.port, theirs) {
                return bad("the answer has another address, port or direction of a multicast stream");
            }
        } else if ours.sends() && !theirs.receives() || ours.receives() && !theirs.sends() {
            return bad("the direction of the answer does not fit that of the offer");
        }
        if answer.connection_of(at).is_none() {
            return bad("the answer has no c= for a medium");
        }
        // Clause 6.1: at least one format of the offer; other formats may come along.
        if offered.is_rtp() && !answered.formats.iter().any(|format| offered.formats.contains(format)) {
            return bad("the answer has no format of the offer");
        }
    }
    Ok(())
}

/// True to the session: the same origin, the version counted up by one when something changed, no medium gone (clause 8).
pub fn check_new_offer(before: &Sdp, now: &Sdp) -> Result<(), SdpProblem> {
    let bad = |why| Err(SdpProblem { line: 0, why });
    let (Some(old), Some(new)) = (before.origin(), now.origin()) else { return bad("there is no o=") };
    if (&old.username, old.session_id, &old.address) != (&new.username, new.session_id, &new.address) {
        return bad("o= names another session");
    }
    let step = new.version.wrapping_sub(old.version);
    if step > 1 {
        return bad("the version of o= goes on by more than one");
    }
    if (step == 0) != (before == now) {
        return bad("the version of o= and what changed do not agree");
    }
    if now.media.len() < before.media.len() {
        return bad("a medium is gone");
    }
    Ok(())
}

/// RFC 8843: an offer may hold media with port 0 that live in a bundle.
fn is_bundled(media: &Media) -> bool {
    media.attribute("bundle-only").is_some()
}
