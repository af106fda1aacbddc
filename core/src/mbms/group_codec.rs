//! What is spoken in a group (RFC 3551): RTP is carried untouched, so that all of a group have the same codec.

use protocol::sip::sdp::{Direction, Media};
use serde::Deserialize;

/// A codec of a group.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupCodec {
    /// RTP payload type, the same at all members.
    pub payload_type: u8,
    /// As in `a=rtpmap`: `AMR-WB/16000`.
    pub encoding: String,
    /// As in `a=fmtp`, without the payload type.
    #[serde(default)]
    pub parameters: Option<String>,
    /// What a bearer for it guarantees, IP, UDP and RTP headers included, bit/s.
    pub bit_rate: u32,
}

impl GroupCodec {
    /// A-law and mu-law in packets of 20 ms: 160 octets and 40 of headers, 50 times a second.
    #[must_use]
    pub fn g711() -> Vec<Self> {
        let codec = |payload_type, encoding: &str| Self {
            payload_type,
            encoding: encoding.to_owned(),
            parameters: None,
            bit_rate: 80_000,
        };
        vec![codec(8, "PCMA/8000"), codec(0, "PCMU/8000")]
    }

    /// As a medium at a port.
    pub(crate) fn to_media(&self, port: u16) -> Media {
        let payload_type = self.payload_type.to_string();
        let mut media = Media::new("audio", port, "RTP/AVP", &[&payload_type]);
        media.add_attribute("rtpmap", Some(&format!("{payload_type} {}", self.encoding)));
        if let Some(parameters) = &self.parameters {
            media.add_attribute("fmtp", Some(&format!("{payload_type} {parameters}")));
        }
        media.add_attribute("ptime", Some("20"));
        media.set_direction(Direction::SendRecv);
        media
    }

    /// Whether a medium has it under the same payload type.
    pub(crate) fn is_in(&self, media: &Media) -> bool {
        let is_plain = media.kind == "audio" && media.protocol.eq_ignore_ascii_case("RTP/AVP") && media.port != 0;
        if !is_plain || !media.formats.iter().any(|format| *format == self.payload_type.to_string()) {
            return false;
        }
        // RFC 3551 clause 6: static types mean what they mean without a map.
        let maps = media.rtp_maps();
        let map = maps.iter().find(|map| map.payload_type == self.payload_type);
        map.map_or(self.payload_type < FIRST_DYNAMIC, |map| {
            let (theirs, own) = (map.encoding.to_ascii_uppercase(), self.encoding.to_ascii_uppercase());
            // The number of channels may be left out when it is one (RFC 8866 clause 6.6).
            theirs.trim_end_matches("/1") == own.trim_end_matches("/1")
        })
    }
}

/// RFC 3551 clause 6: payload types from here on need a map.
const FIRST_DYNAMIC: u8 = 96;
