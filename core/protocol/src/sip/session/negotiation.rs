//! Offer and answer (RFC 3264, RFC 6337): which SDP holds, which is offered, and the answer that a UA gives by itself.

use std::borrow::Cow;

use super::io::HoldState;
use crate::mime::{MediaType, Multipart};
use crate::sip::Headers;
use crate::sip::sdp::{Direction, MbmsMedia, Media, Sdp, SdpLine, check_answer};

/// Content type of SDP (RFC 8866 clause 8.1).
pub(super) const SDP: &str = "application/sdp";

/// The SDP in a message, when it has one: its body, or the first such part of it (RFC 5621 clause 3).
pub fn sdp_of<'a>(headers: &Headers, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    let media = MediaType::of(headers).ok().flatten().filter(|_| !body.is_empty())?;
    if !media.is_multipart() {
        return (media.essence == SDP).then_some(Cow::Borrowed(body));
    }
    let parts = Multipart::parse(&media, body).ok()?.parts;
    parts.into_iter().find(|part| part.is(SDP)).map(|part| Cow::Owned(part.body))
}

/// The state of offer and answer in one dialog.
#[derive(Clone, Debug, Default)]
pub(super) struct Negotiation {
    local: Option<Sdp>,
    remote: Option<Sdp>,
    pending: Pending,
    /// Directions that our side wants, whatever the other one lets it have.
    wishes: Vec<Direction>,
    /// What the other one said last is not what it said before.
    changed: bool,
}

#[derive(Clone, Debug, Default)]
enum Pending {
    #[default]
    Nothing,
    /// Ours, not answered yet.
    Ours(Sdp),
    /// Theirs, not answered yet.
    Theirs(Sdp),
}

impl Negotiation {
    /// We offer.
    pub(super) fn offer(&mut self, sdp: &[u8]) -> Result<(), String> {
        let offer = parse(sdp)?;
        match self.pending {
            Pending::Nothing => {
                self.pending = Pending::Ours(offer);
                Ok(())
            }
            _ => Err("another offer is not answered yet".into()),
        }
    }

    /// They answer our offer.
    pub(super) fn take_answer(&mut self, sdp: &[u8]) -> Result<(), String> {
        let Pending::Ours(offer) = &self.pending else { return Err("an answer without an offer".into()) };
        let (offer, answer) = (offer.clone(), parse(sdp)?);
        check_answer(&offer, &answer).map_err(|problem| problem.to_string())?;
        self.wishes = directions(&offer);
        self.local = Some(offer);
        self.agree_on(answer);
        Ok(())
    }

    /// They offer; the status that refuses it.
    pub(super) fn take_offer(&mut self, sdp: &[u8]) -> Result<(), u16> {
        match self.pending {
            Pending::Nothing => {}
            Pending::Ours(_) => return Err(491),
            Pending::Theirs(_) => return Err(500),
        }
        self.pending = Pending::Theirs(parse(sdp).map_err(|_| 488_u16)?);
        Ok(())
    }

    /// We answer their offer.
    pub(super) fn answer(&mut self, sdp: &[u8]) -> Result<(), String> {
        let Pending::Theirs(offer) = &self.pending else { return Err("there is no offer to answer".into()) };
        let (offer, answer) = (offer.clone(), parse(sdp)?);
        check_answer(&offer, &answer).map_err(|problem| problem.to_string())?;
        self.wishes = directions(&answer);
        self.local = Some(answer);
        self.agree_on(offer);
        Ok(())
    }

    /// We answer their offer with what we said before, as far as it fits; media over MBMS may come anew.
    pub(super) fn answer_alike(&mut self, takes_mbms: bool) -> Vec<u8> {
        let Pending::Theirs(offer) = &self.pending else { return self.local_body() };
        let offer = offer.clone();
        let before = self.local.as_ref().unwrap_or(&offer);
        if takes_mbms && has_lost_bearer(before, &offer) {
            self.wishes.iter_mut().for_each(|wish| *wish = off_hold(*wish));
        }
        let mut answer = answering(before, &offer, &self.wishes, takes_mbms);
        if self.local.as_ref().is_some_and(|local| *local != answer) {
            answer.bump_version();
        }
        let body = answer.to_bytes();
        self.local = Some(answer);
        self.agree_on(offer);
        body
    }

    /// Our offer was refused: what held holds on.
    pub(super) fn withdraw(&mut self) {
        if self.offers() {
            self.pending = Pending::Nothing;
        }
    }

    /// An offer of ours waits for its answer.
    pub(super) const fn offers(&self) -> bool {
        matches!(self.pending, Pending::Ours(_))
    }

    /// An offer of theirs does.
    pub(super) const fn is_offered(&self) -> bool {
        matches!(self.pending, Pending::Theirs(_))
    }

    /// Media are agreed upon, and nothing is offered.
    pub(super) const fn is_settled(&self) -> bool {
        matches!(self.pending, Pending::Nothing) && self.local.is_some() && self.remote.is_some()
    }

    /// The other one's SDP that was agreed upon last is not the one before.
    pub(super) const fn has_changed(&self) -> bool {
        self.changed
    }

    /// What the other one said last.
    pub(super) fn remote_body(&self) -> Vec<u8> {
        self.remote.as_ref().map_or_else(Vec::new, Sdp::to_bytes)
    }

    /// What we said last.
    pub(super) fn local_body(&self) -> Vec<u8> {
        self.local.as_ref().map_or_else(Vec::new, Sdp::to_bytes)
    }

    /// The offer that holds the other one, or no longer (RFC 3264 clause 8.4).
    pub(super) fn held(&self, on: bool) -> Vec<u8> {
        let Some(local) = &self.local else { return Vec::new() };
        let mut offer = local.clone();
        for (at, media) in offer.media.iter_mut().enumerate() {
            let wish = self.wishes.get(at).copied().unwrap_or_default();
            media.set_direction(if on { wish.on_hold() } else { off_hold(wish) });
        }
        offer.bump_version();
        offer.to_bytes()
    }

    /// Who holds whom: who answers sendonly with recvonly holds nobody.
    pub(super) fn hold(&self) -> HoldState {
        let held = |sdp: &Option<Sdp>| sdp.as_ref().is_some_and(Sdp::is_hold);
        HoldState { local: held(&self.local), remote: held(&self.remote) }
    }

    fn agree_on(&mut self, remote: Sdp) {
        self.changed = self.remote.as_ref() != Some(&remote);
        self.remote = Some(remote);
        self.pending = Pending::Nothing;
    }
}

fn parse(sdp: &[u8]) -> Result<Sdp, String> {
    Sdp::parse(sdp).map_err(|problem| problem.to_string())
}

fn directions(sdp: &Sdp) -> Vec<Direction> {
    (0..sdp.media.len()).map(|at| sdp.direction_of(at)).collect()
}

const fn off_hold(direction: Direction) -> Direction {
    match direction {
        Direction::SendRecv | Direction::SendOnly => Direction::SendRecv,
        Direction::RecvOnly | Direction::Inactive => Direction::RecvOnly,
    }
}

/// The answer to `offer` of who said `before` and wants those directions (RFC 3264 clause 6): the lines of the offer, our
/// ports and attributes, the formats of both in the order of the offer.
fn answering(before: &Sdp, offer: &Sdp, wishes: &[Direction], takes_mbms: bool) -> Sdp {
    let mut answer = before.clone();
    answer.media.clear();
    answer.lines.retain(|line| line.kind != 't');
    // One of time and all after it come in that order (RFC 8866 clause 9).
    let after = |line: &SdpLine| matches!(line.kind, 'r' | 'z' | 'k' | 'a');
    let at = answer.lines.iter().position(after).unwrap_or(answer.lines.len());
    answer.lines.insert(at, SdpLine::new('t', offer.value('t').unwrap_or("0 0")));
    for (at, theirs) in offer.media.iter().enumerate() {
        if offer.multicast_of(at).is_some() {
            answer.media.push(multicast(before, offer, at, takes_mbms).unwrap_or_else(|| theirs.refused()));
            continue;
        }
        let mut media = before.media.get(at).and_then(|ours| common(ours, theirs)).unwrap_or_else(|| theirs.refused());
        if media.port != 0 {
            let wish = wishes.get(at).copied().unwrap_or_default();
            media.set_direction(offer.direction_of(at).answer(wish));
        }
        answer.media.push(media);
    }
    answer
}

/// The MBMS bearer that we may listen to is gone, or is another one now: what came over it has to come by the other media
/// again.
fn has_lost_bearer(before: &Sdp, offer: &Sdp) -> bool {
    let tmgi = |sdp| MbmsMedia::find(sdp).map(|(_, media)| media.mode.tmgi());
    tmgi(before).is_some_and(|tmgi_before| tmgi(offer) != Some(tmgi_before))
}

/// The answer to a multicast medium: the offer's, which all see alike (RFC 3264 clause 6.2), when it was ours before or comes
/// over an MBMS bearer that we take.
fn multicast(before: &Sdp, offer: &Sdp, at: usize, takes_mbms: bool) -> Option<Media> {
    let theirs = offer.media.get(at).filter(|media| media.port != 0)?;
    let was_ours = before.media.get(at).is_some_and(|ours| ours.port == theirs.port)
        && before.multicast_of(at) == offer.multicast_of(at);
    let comes_anew = takes_mbms && MbmsMedia::of(offer, at).is_some();
    if !was_ours && !comes_anew {
        return None;
    }
    let is_alike = |ours: &&Media| ours.port != 0 && ours.kind == theirs.kind && ours.protocol == theirs.protocol;
    let own: Vec<_> = before.media.iter().filter(is_alike).flat_map(|media| &media.formats).collect();
    let formats: Vec<_> = theirs.formats.iter().filter(|format| own.contains(format)).cloned().collect();
    if formats.is_empty() {
        return None;
    }
    let mut media = Media { formats, ..theirs.clone() };
    media.set_connection(&offer.connection_of(at)?);
    media.set_direction(offer.direction_of(at));
    Some(media)
}

/// Our medium with the formats that both have.
fn common(ours: &Media, theirs: &Media) -> Option<Media> {
    let same = ours.kind == theirs.kind && ours.protocol.eq_ignore_ascii_case(&theirs.protocol);
    if !same || ours.port == 0 || theirs.port == 0 {
        return None;
    }
    let formats: Vec<_> = theirs.formats.iter().filter(|format| ours.formats.contains(format)).cloned().collect();
    (!formats.is_empty()).then(|| Media { formats, ..ours.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=a 1 7 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n\
                         m=audio 4000 RTP/AVP 97 0 8\r\na=rtpmap:97 AMR-WB/16000\r\n\
                         m=video 4002 RTP/AVP 99\r\na=sendonly\r\n";
    const OURS: &str = "v=0\r\no=b 2 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
                        m=audio 5000 RTP/AVP 8 97\r\na=ptime:20\r\nm=video 5002 RTP/AVP 98\r\n";
    const ANSWER: &str = "v=0\r\no=b 2 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
                          m=audio 5000 RTP/AVP 97 8\r\nm=video 0 RTP/AVP 99\r\n";

    fn sdp(text: &str) -> Sdp {
        Sdp::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn an_answer_has_the_lines_of_its_offer_and_the_formats_of_both() {
        let (offer, ours) = (sdp(OFFER), sdp(OURS));
        let answer = answering(&ours, &offer, &directions(&ours), false);
        assert_eq!(answer.media[0].formats, ["97", "8"]);
        assert_eq!((answer.media[1].port, answer.media[1].formats.as_slice()), (0, &["99".to_owned()][..]));
        assert_eq!(check_answer(&offer, &answer), Ok(()));
    }

    #[test]
    fn one_offer_at_a_time_and_a_refused_one_leaves_what_was() {
        let mut caller = Negotiation::default();
        assert_eq!(caller.offer(OFFER.as_bytes()), Ok(()));
        assert!(caller.offer(OFFER.as_bytes()).is_err());
        assert_eq!(caller.take_offer(OFFER.as_bytes()), Err(491));
        assert!(caller.take_answer(OURS.as_bytes()).is_err(), "video has no format of the offer");
        assert_eq!(caller.take_answer(ANSWER.as_bytes()), Ok(()));
        assert!(caller.is_settled());
        let hold = caller.held(true);
        assert_eq!(caller.offer(&hold), Ok(()));
        caller.withdraw();
        assert_eq!(caller.hold(), HoldState::default());
        assert_eq!(caller.local_body(), OFFER.as_bytes());
    }

    #[test]
    fn media_over_mbms_are_seen_alike() {
        let audio = |text: &str| text[..text.find("m=video").unwrap()].to_owned();
        let (offer, answer) = (audio(OFFER), audio(ANSWER));
        let mbms = "m=audio 5002 RTP/AVP 97\r\nc=IN IP4 239.1.0.7/64\r\na=mbms-mode:broadcast 4335006224 0\r\n\
                    a=source-filter: incl IN IP4 239.1.0.7 10.0.0.1\r\na=recvonly\r\n";
        let (mut a, mut b) = (Negotiation::default(), Negotiation::default());
        a.offer(offer.as_bytes()).unwrap();
        b.take_offer(offer.as_bytes()).unwrap();
        b.answer(answer.as_bytes()).unwrap();
        a.take_answer(answer.as_bytes()).unwrap();
        let mut turn = |to_b: bool, offer: &str, takes_mbms: bool| {
            let (from, to) = if to_b { (&mut a, &mut b) } else { (&mut b, &mut a) };
            from.offer(offer.as_bytes()).unwrap();
            to.take_offer(offer.as_bytes()).unwrap();
            let answer = to.answer_alike(takes_mbms);
            from.take_answer(&answer).unwrap();
            String::from_utf8(answer).unwrap()
        };
        let with = offer.replace(" 7 IN", " 8 IN") + mbms;
        let refused = turn(true, &with, false);
        assert!(refused.ends_with("m=audio 0 RTP/AVP 97\r\n"), "{refused}");
        let taken = turn(true, &with, true);
        assert!(taken.contains("m=audio 5000 RTP/AVP 97 8\r\n") && taken.ends_with(mbms), "{taken}");
        // The one who listens to the bearer only sends by the other medium; the other side takes what was its own.
        let listening = taken.replacen("a=sendrecv", "a=sendonly", 1);
        let answered = turn(false, &listening, false);
        assert!(answered.ends_with(mbms) && answered.contains("a=recvonly\r\nm=audio 5002"), "{answered}");
        // The bearer is gone: who has listened to it wants to hear by the other medium.
        let gone = with.replace("audio 5002", "audio 0");
        let back = turn(true, &gone, true);
        assert!(back.contains("a=sendrecv\r\nm=audio 0"), "{back}");
        let taken = turn(true, &with, true);
        let listening = taken.replacen("a=sendrecv", "a=sendonly", 1);
        turn(false, &listening, false);
        let elsewhere = turn(false, &listening.replace("239.1.0.7", "239.1.0.8"), false);
        assert!(elsewhere.ends_with("m=audio 0 RTP/AVP 97\r\n"), "{elsewhere}");
    }

    #[test]
    fn both_hold_and_let_go() {
        let audio = |text: &str| text[..text.find("m=video").unwrap()].to_owned();
        let (offer, answer) = (audio(OFFER), audio(ANSWER));
        let (mut a, mut b) = (Negotiation::default(), Negotiation::default());
        a.offer(offer.as_bytes()).unwrap();
        b.take_offer(offer.as_bytes()).unwrap();
        b.answer(answer.as_bytes()).unwrap();
        a.take_answer(answer.as_bytes()).unwrap();
        let turn = |from: &mut Negotiation, to: &mut Negotiation, on: bool| {
            let offer = from.held(on);
            from.offer(&offer).unwrap();
            to.take_offer(&offer).unwrap();
            let answer = to.answer_alike(false);
            from.take_answer(&answer).unwrap();
            (from.hold(), to.hold())
        };
        let state = |local, remote| HoldState { local, remote };
        assert_eq!(turn(&mut a, &mut b, true), (state(true, false), state(false, true)));
        assert_eq!(turn(&mut b, &mut a, true), (state(true, true), state(true, true)));
        assert_eq!(turn(&mut a, &mut b, false), (state(false, true), state(true, false)));
        assert_eq!(turn(&mut b, &mut a, false), (state(false, false), state(false, false)));
        assert!(a.has_changed() && !b.has_changed(), "the answer to the last offer says what was said before");
    }
}
