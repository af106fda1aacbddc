//! Session descriptions of an AS (RFC 3264): one codec, and the m-line of an MBMS bearer beside.

use std::net::SocketAddr;

use protocol::sip::sdp::{Direction, MbmsMedia, Media, Origin, Sdp};

use crate::mbms::group_codec::GroupCodec;

/// An offer of audio.
pub(super) fn offer(id: u64, local: SocketAddr, codec: &GroupCodec) -> Sdp {
    let address = local.ip().to_string();
    let (username, ipv6) = ("-".to_owned(), local.is_ipv6());
    let mut sdp = Sdp::new(&Origin { username, session_id: id, version: 1, ipv6, address });
    sdp.media.push(codec.to_media(local.port()));
    sdp
}

/// The answer to an offer, when it has the codec; everything else of it is refused.
pub(super) fn answer(id: u64, local: SocketAddr, codec: &GroupCodec, offered: &Sdp) -> Option<Sdp> {
    // The unicast medium is the first one.
    let first = offered.media.first().filter(|media| codec.is_in(media))?;
    let mut sdp = offer(id, local, codec);
    if let Some(line) = sdp.lines.iter_mut().find(|line| line.kind == 't') {
        line.value = offered.value('t').unwrap_or("0 0").to_owned();
    }
    sdp.media[0].protocol.clone_from(&first.protocol);
    sdp.media[0].set_direction(offered.direction_of(0).answer(Direction::SendRecv));
    sdp.media.extend(offered.media.iter().skip(1).map(Media::refused));
    Some(sdp)
}

/// The description that held so far, with the bearer or without it.
pub(super) fn with_bearer(held: &[u8], mbms: Option<MbmsMedia>) -> Option<Vec<u8>> {
    let mut sdp = Sdp::parse(held).ok()?;
    let unicast = sdp.media.first_mut()?;
    unicast.set_direction(Direction::SendRecv);
    let unicast = unicast.clone();
    let place = (1..sdp.media.len()).find(|at| sdp.media[*at].kind == unicast.kind);
    match (place, mbms) {
        (Some(at), Some(mbms)) => sdp.media[at] = mbms.to_media(&unicast),
        (None, Some(mbms)) => sdp.media.push(mbms.to_media(&unicast)),
        (Some(at), None) => sdp.media[at] = sdp.media[at].refused(),
        (None, None) => {}
    }
    sdp.bump_version();
    Some(sdp.to_bytes())
}

#[cfg(test)]
mod tests {
    use protocol::sip::sdp::{check_answer, check_new_offer};

    use super::*;

    fn amr() -> GroupCodec {
        let (encoding, parameters) = ("AMR-WB/16000".to_owned(), Some("octet-align=1".to_owned()));
        GroupCodec { payload_type: 97, encoding, parameters, bit_rate: 41_000 }
    }

    const OFFER: &str = "v=0\r\no=u 1 1 IN IP4 10.45.0.1\r\ns=-\r\nc=IN IP4 10.45.0.1\r\nt=0 0\r\n\
        m=audio 4000 RTP/AVP 8 97\r\na=rtpmap:97 AMR-WB/16000/1\r\nm=video 4002 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n";

    #[test]
    fn an_answer_has_the_codec_of_the_session_only() {
        let offered = Sdp::parse(OFFER.as_bytes()).unwrap();
        let answer = answer(7, "10.46.0.21:49152".parse().unwrap(), &amr(), &offered).unwrap();
        assert_eq!(check_answer(&offered, &answer), Ok(()));
        assert_eq!((answer.media[0].formats.as_slice(), answer.media[1].port), (&["97".to_owned()][..], 0));
        let other = GroupCodec { payload_type: 98, ..amr() };
        assert!(super::answer(7, "10.46.0.21:49152".parse().unwrap(), &other, &offered).is_none());
        assert!(GroupCodec::g711()[0].is_in(&offered.media[0]) && !GroupCodec::g711()[1].is_in(&offered.media[0]));
    }

    #[test]
    fn a_bearer_comes_goes_and_comes_in_one_place() {
        let mbms = MbmsMedia {
            destination: "239.1.0.1:5000".parse().unwrap(),
            source: Some("10.46.0.21".parse().unwrap()),
            mode: crate::mbms::mb2::mode_of("000102@262-01".parse().unwrap()),
        };
        let first = offer(7, "10.46.0.21:49152".parse().unwrap(), &amr());
        let mut held = first.clone();
        for wanted in [Some(mbms), None, Some(mbms)] {
            let next = Sdp::parse(&with_bearer(&held.to_bytes(), wanted).unwrap()).unwrap();
            assert_eq!(check_new_offer(&held, &next), Ok(()));
            assert_eq!((next.media.len(), MbmsMedia::of(&next, 1)), (2, wanted));
            held = next;
        }
    }
}
