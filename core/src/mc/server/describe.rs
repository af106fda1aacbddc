//! Session descriptions of a call: its audio and its floor control (TS 24.379 clause 6.3.3.1, TS 24.380 clause 4.3, 14).

use std::net::IpAddr;

use protocol::mc::sdp::{FloorMedia, FloorParameters};
use protocol::sip::sdp::{Direction, Media, Origin, Sdp};

use crate::mbms::GroupCodec;

/// An offer of a call.
pub(super) fn offer(id: u64, ip: IpAddr, (audio, floor): (u16, u16), codecs: &[GroupCodec], priority: u8) -> Sdp {
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
    let parameters = FloorParameters { queueing: true, priority: Some(priority), ..FloorParameters::default() };
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
    priority: u8,
) -> Option<(Sdp, GroupCodec)> {
    let (floor, _) = FloorMedia::find(offered)?;
    let find = |codec: &GroupCodec| offered.media.iter().position(|media| codec.is_in(media));
    let (codec, audio) = codecs.iter().find_map(|codec| Some((codec, find(codec)?)))?;
    let mut own = offer(id, ip, ports, std::slice::from_ref(codec), priority);
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
