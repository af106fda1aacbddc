//! Session descriptions of a call: its audio and its floor control (TS 24.379 clause 6.3.3.1, TS 24.380 clause 4.3, 14).

use std::net::IpAddr;

use protocol::mc::sdp::{FloorMedia, FloorParameters};
use protocol::sip::sdp::{Direction, Media, Origin, Sdp};

use crate::mbms::GroupCodec;

/// What the server can do in floor control, for a user with this priority.
pub(super) fn floor_of(priority: u8) -> FloorParameters {
    FloorParameters { queueing: true, priority: Some(priority), ..FloorParameters::default() }
}

/// What both sides have said, and no higher priority than either: an answer has only what was offered (TS 24.380 clause
/// 14.3.1), and grants no higher priority than that (clause 12.1.2.2).
pub(super) fn common(offered: &FloorParameters, own: &FloorParameters) -> FloorParameters {
    let priority = offered.priority.zip(own.priority).map(|(offered, own)| offered.min(own));
    FloorParameters { queueing: offered.queueing && own.queueing, priority, ..FloorParameters::default() }
}

/// An offer of a call.
pub(super) fn offer(
    id: u64,
    ip: IpAddr,
    (audio, floor): (u16, u16),
    codecs: &[GroupCodec],
    parameters: &FloorParameters,
) -> Sdp {
    let (username, address) = ("-".to_owned(), ip.to_string());
    let mut sdp = Sdp::new(&Origin { username, session_id: id, version: 1, ipv6: ip.is_ipv6(), address });
    let mut media: Option<Media> = None;
    for codec in codecs {
        let own = codec.to_media(audio);
        match &mut media {
            None => media = Some(own),
            Some(media) => {
                media.formats.extend(own.formats.clone());
                for name in ["rtpmap", "fmtp"] {
                    own.attribute(name).into_iter().for_each(|value| media.add_attribute(name, Some(value)));
                }
            }
        }
    }
    sdp.media.extend(media);
    sdp.media.push(parameters.to_media(floor));
    sdp
}

/// The answer to an offer of a call: the first codec that both have; other media are refused. None: it has no such codec, or
/// no floor control.
pub(super) fn answer(
    id: u64,
    ip: IpAddr,
    ports: (u16, u16),
    codecs: &[GroupCodec],
    offered: &Sdp,
    parameters: &FloorParameters,
) -> Option<(Sdp, GroupCodec)> {
    let (floor, wanted) = FloorMedia::find(offered)?;
    let find = |codec: &GroupCodec| offered.media.iter().position(|media| codec.is_in(media));
    let (codec, audio) = codecs.iter().find_map(|codec| Some((codec, find(codec)?)))?;
    let parameters = common(&wanted.parameters, parameters);
    let mut own = offer(id, ip, ports, std::slice::from_ref(codec), &parameters);
    if let Some(line) = own.lines.iter_mut().find(|line| line.kind == 't') {
        line.value = offered.value('t').unwrap_or("0 0").to_owned();
    }
    let mut lines: Vec<Media> = offered.media.iter().map(Media::refused).collect();
    let mut media = own.media.drain(..);
    lines[audio] = media.next()?;
    lines[floor] = media.next()?;
    drop(media);
    lines[audio].protocol.clone_from(&offered.media[audio].protocol);
    lines[floor].protocol.clone_from(&offered.media[floor].protocol);
    lines[audio].set_direction(offered.direction_of(audio).answer(Direction::SendRecv));
    own.media = lines;
    Some((own, codec.clone()))
}

/// The codecs that a description has.
pub(super) fn codecs_in(sdp: &Sdp, codecs: &[GroupCodec]) -> Vec<GroupCodec> {
    codecs.iter().filter(|codec| sdp.media.iter().any(|media| codec.is_in(media))).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is answered to this `a=fmtp` of floor control by a server that grants priority 7.
    fn answered(fmtp: &str) -> String {
        let offered = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=video 4 RTP/AVP 99\r\n\
             m=application 4002 udp MCPTT\r\n{fmtp}m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n"
        );
        let offered = Sdp::parse(offered.as_bytes()).unwrap();
        let (ip, codecs) = (IpAddr::from([192, 0, 2, 2]), GroupCodec::g711());
        let (answer, codec) = answer(3, ip, (5000, 5002), &codecs, &offered, &floor_of(7)).unwrap();
        assert_eq!(codec.payload_type, 8);
        let answer = answer.to_string();
        let (before, floor) = answer.split_once("m=application 5002 udp MCPTT\r\n").unwrap();
        let (floor, audio) = floor.split_once("m=audio 5000 RTP/AVP 8\r\n").unwrap();
        assert!(before.ends_with("m=video 0 RTP/AVP 99\r\n") && audio.contains("a=recvonly\r\n"), "{answer}");
        floor.to_owned()
    }

    #[test]
    fn an_answer_has_the_parameters_of_floor_control_that_were_offered() {
        assert_eq!(answered(""), "");
        assert_eq!(answered("a=fmtp:MCPTT mc_granted;mc_implicit_request;mc_x=1\r\n"), "");
        assert_eq!(answered("a=fmtp:MCPTT mc_queueing\r\n"), "a=fmtp:MCPTT mc_queueing\r\n");
        assert_eq!(answered("a=fmtp:MCPTT mc_priority=5\r\n"), "a=fmtp:MCPTT mc_priority=5\r\n");
        let both = "a=fmtp:MCPTT mc_priority=255;mc_queueing\r\n";
        assert_eq!(answered(both), "a=fmtp:MCPTT mc_queueing;mc_priority=7\r\n");
    }

    #[test]
    fn an_offer_has_those_of_the_server() {
        let (ip, codecs) = (IpAddr::from([192, 0, 2, 2]), GroupCodec::g711());
        let offer = offer(3, ip, (5000, 5002), &codecs, &floor_of(9)).to_string();
        assert!(
            offer.ends_with("m=application 5002 udp MCPTT\r\na=fmtp:MCPTT mc_queueing;mc_priority=9\r\n"),
            "{offer}"
        );
    }
}
