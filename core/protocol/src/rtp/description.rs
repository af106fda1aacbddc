//! Session descriptions of one who speaks G.711 (RFC 3264, RFC 3551): one audio stream, everything else is refused.

use std::net::{IpAddr, SocketAddr};

use super::G711;
use crate::sip::sdp::{Direction, Media, Origin, Sdp};

/// What the other one has said of audio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AudioPeer {
    /// Where its RTP goes.
    pub remote: SocketAddr,
    /// Where its RTCP goes.
    pub control: SocketAddr,
    /// In which law.
    pub law: G711,
    /// Whether it sends and receives.
    pub direction: Direction,
}

/// An offer; `id` names the session, `laws` come in the order of preference.
pub fn audio_offer(id: u64, local: SocketAddr, laws: &[G711]) -> Sdp {
    let mut sdp = Sdp::new(&origin(id, local.ip()));
    sdp.media.push(audio(local.port(), laws));
    sdp
}

/// The answer; none: there is no audio with G.711 in the offer.
pub fn audio_answer(id: u64, local: SocketAddr, offered: &Sdp) -> Option<Sdp> {
    let chosen = (0..offered.media.len()).find(|&at| !laws(&offered.media[at]).is_empty())?;
    let mut sdp = Sdp::new(&origin(id, local.ip()));
    if let Some(line) = sdp.lines.iter_mut().find(|line| line.kind == 't') {
        line.value = offered.value('t').unwrap_or("0 0").to_owned();
    }
    for (at, media) in offered.media.iter().enumerate() {
        sdp.media.push(if at == chosen {
            let mut own = audio(local.port(), &laws(media));
            own.protocol.clone_from(&media.protocol);
            own.set_direction(offered.direction_of(at).answer(Direction::SendRecv));
            own
        } else {
            media.refused()
        });
    }
    Some(sdp)
}

impl AudioPeer {
    /// What a description of the other one says; none: it has no audio that is understood, or has refused it.
    pub fn of(theirs: &[u8]) -> Option<Self> {
        let sdp = Sdp::parse(theirs).ok()?;
        let (at, law) = (0..sdp.media.len()).find_map(|at| Some((at, *laws(&sdp.media[at]).first()?)))?;
        let media = &sdp.media[at];
        let ip: IpAddr = sdp.connection_of(at)?.address.parse().ok()?;
        // RFC 3605, else the next port.
        let control = media.attribute("rtcp").and_then(|value| value.split(' ').next()?.parse().ok());
        let control = control.unwrap_or_else(|| media.port.saturating_add(1));
        let direction = if ip.is_unspecified() { sdp.direction_of(at).on_hold() } else { sdp.direction_of(at) };
        Some(Self { remote: SocketAddr::new(ip, media.port), control: SocketAddr::new(ip, control), law, direction })
    }
}

/// The laws of an audio stream over plain RTP, in its order.
fn laws(media: &Media) -> Vec<G711> {
    if media.kind != "audio" || !media.protocol.eq_ignore_ascii_case("RTP/AVP") || media.port == 0 {
        return Vec::new();
    }
    let maps = media.rtp_maps();
    let law = |format: &String| {
        let law = format.parse().ok().and_then(G711::of_payload_type)?;
        // RFC 3551 clause 6: static types mean what they mean without a map; with one, it must say so.
        let map = maps.iter().find(|map| map.payload_type == law.payload_type());
        map.is_none_or(|map| map.encoding.to_ascii_uppercase().starts_with(law.encoding())).then_some(law)
    };
    media.formats.iter().filter_map(law).collect()
}

fn audio(port: u16, laws: &[G711]) -> Media {
    let formats: Vec<_> = laws.iter().map(|law| law.payload_type().to_string()).collect();
    let formats: Vec<_> = formats.iter().map(String::as_str).collect();
    let mut media = Media::new("audio", port, "RTP/AVP", &formats);
    for law in laws {
        media.add_attribute("rtpmap", Some(&format!("{} {}", law.payload_type(), law.encoding())));
    }
    media.add_attribute("ptime", Some("20"));
    media.set_direction(Direction::SendRecv);
    media
}

fn origin(id: u64, ip: IpAddr) -> Origin {
    Origin { username: "-".to_owned(), session_id: id, version: 1, ipv6: ip.is_ipv6(), address: ip.to_string() }
}

#[cfg(test)]
mod tests {
    use crate::sip::sdp::check_answer;

    use super::*;

    const OFFER: &str = "v=0\r\no=a 1 7 IN IP4 10.45.0.1\r\ns=-\r\nc=IN IP4 10.45.0.1\r\nt=0 0\r\n\
        m=video 4002 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n\
        m=audio 4000 RTP/AVP 97 0 8 101\r\na=rtpmap:97 AMR-WB/16000\r\na=rtpmap:8 PCMA/8000\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=rtcp:4009\r\na=sendonly\r\n";

    fn local() -> SocketAddr {
        "10.46.0.13:49152".parse().unwrap()
    }

    #[test]
    fn the_answer_has_g711_only_and_refuses_the_rest() {
        let offered = Sdp::parse(OFFER.as_bytes()).unwrap();
        let answer = audio_answer(9, local(), &offered).unwrap();
        assert_eq!(check_answer(&offered, &answer), Ok(()));
        assert_eq!((answer.media[0].port, answer.media[1].port), (0, 49152));
        assert_eq!(answer.media[1].formats, ["0", "8"]);
        assert_eq!(answer.direction_of(1), Direction::RecvOnly);
        let agreed = AudioPeer::of(OFFER.as_bytes()).unwrap();
        assert_eq!((agreed.remote.to_string().as_str(), agreed.law), ("10.45.0.1:4000", G711::Mu));
        assert_eq!((agreed.control.port(), agreed.direction), (4009, Direction::SendOnly));
    }

    #[test]
    fn without_g711_there_is_nothing_to_agree_upon() {
        for (right, wrong) in
            [("97 0 8 101", "97 101"), ("m=audio 4000 RTP/AVP", "m=audio 4000 RTP/SAVP"), ("m=audio 4000", "m=audio 0")]
        {
            let text = OFFER.replace(right, wrong);
            assert_eq!(audio_answer(9, local(), &Sdp::parse(text.as_bytes()).unwrap()), None, "{wrong}");
            assert_eq!(AudioPeer::of(text.as_bytes()), None, "{wrong}");
        }
        let odd = OFFER.replace("a=rtpmap:8 PCMA/8000", "a=rtpmap:8 L16/8000").replace("97 0 8 101", "97 8 101");
        assert_eq!(AudioPeer::of(odd.as_bytes()), None, "payload type 8 that is something else");
        let hold = OFFER.replace("c=IN IP4 10.45.0.1", "c=IN IP4 0.0.0.0").replace("sendonly", "sendrecv");
        assert!(!AudioPeer::of(hold.as_bytes()).unwrap().direction.receives());
    }
}
