//! Media plane control messages (TS 24.380 clause 8.1): RTCP APP packets, several in a datagram and never compound with others,
//! whose fields are identifier, length of the value, value, zeros up to the next word.

use crate::rtp::{RtcpPacket, RtcpProblem, parse_rtcp, rtcp_bytes};

/// A datagram holds no media plane control message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ControlProblem {
    /// It is no RTCP.
    #[error(transparent)]
    Rtcp(#[from] RtcpProblem),
    /// A field leaves its message.
    #[error("a field leaves its message {0}")]
    Truncated(&'static str),
    /// A field that must be there is not, or cannot be read.
    #[error("{message}: {field} is missing or wrong")]
    Field {
        /// Name of the message.
        message: &'static str,
        /// Name of the field.
        field: &'static str,
    },
}

/// An RTCP APP packet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct App {
    pub(super) subtype: u8,
    pub(super) ssrc: u32,
    pub(super) data: Vec<u8>,
}

impl App {
    /// Those in a datagram that have one of `names`, in their order.
    pub(super) fn parse(datagram: &[u8], names: &[[u8; 4]]) -> Result<Vec<Self>, ControlProblem> {
        let wanted = |packet| match packet {
            RtcpPacket::App { subtype, ssrc, name, data } if names.contains(&name) => {
                Some(Self { subtype, ssrc, data })
            }
            _ => None,
        };
        Ok(parse_rtcp(datagram)?.into_iter().filter_map(wanted).collect())
    }

    /// The octets of several under `name`.
    pub(super) fn emit(apps: impl IntoIterator<Item = Self>, name: [u8; 4]) -> Vec<u8> {
        let packet = |Self { subtype, ssrc, data }: Self| RtcpPacket::App { subtype, ssrc, name, data };
        rtcp_bytes(&apps.into_iter().map(packet).collect::<Vec<_>>())
    }
}

/// Fields of a message in their order.
pub(super) struct Fields<'a>(Vec<(u8, &'a [u8])>);

impl<'a> Fields<'a> {
    /// Reads the data of an APP packet. Padding may be missing at the end.
    pub(super) fn parse(mut data: &'a [u8]) -> Option<Self> {
        let mut fields = Vec::new();
        while let [id, length, rest @ ..] = data {
            let length = usize::from(*length);
            fields.push((*id, rest.get(..length)?));
            let used = (HEADER + length).next_multiple_of(WORD).min(data.len());
            data = &data[used..];
        }
        data.is_empty().then_some(Self(fields))
    }

    /// The value of the first field with this identifier.
    pub(super) fn value(&self, id: u8) -> Option<&'a [u8]> {
        self.0.iter().find(|(own, _)| *own == id).map(|(_, value)| *value)
    }

    /// The first octet of a value.
    pub(super) fn octet(&self, id: u8) -> Option<u8> {
        self.value(id)?.first().copied()
    }

    /// A value that is text.
    pub(super) fn text(&self, id: u8) -> Option<String> {
        text(self.value(id)?)
    }
}

/// A value that is text, without zeros at its end: some count padding in. None when nothing is left.
pub(super) fn text(value: &[u8]) -> Option<String> {
    let text = str::from_utf8(value).ok()?.trim_end_matches('\0');
    (!text.is_empty()).then(|| text.to_owned())
}

/// Writes a field. One whose value is too long for the octet of its length is left out.
pub(super) fn put(data: &mut Vec<u8>, id: u8, value: &[u8]) {
    let Ok(length) = u8::try_from(value.len()) else { return };
    data.extend([id, length]);
    data.extend_from_slice(value);
    data.resize(data.len().next_multiple_of(WORD), 0);
}

/// Longest text of a field: its length is one octet.
pub(super) const MAX_VALUE: usize = 255;

const HEADER: usize = 2;
const WORD: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_counts_from_the_identifier() {
        let mut data = Vec::new();
        put(&mut data, 7, b"abc");
        put(&mut data, 8, b"de");
        put(&mut data, 9, &[0; 256]);
        assert_eq!(data, b"\x07\x03abc\0\0\0\x08\x02de");
        let fields = Fields::parse(&data).unwrap();
        assert_eq!((fields.text(7).as_deref(), fields.octet(8), fields.value(9)), (Some("abc"), Some(b'd'), None));
        assert!(Fields::parse(&data[..4]).is_none(), "a value leaves the message");
        assert!(Fields::parse(b"\x07\x01a").is_some(), "padding may be missing at the end");
        assert!(Fields::parse(b"\x07").is_none());
    }

    #[test]
    fn packets_of_other_names_are_not_looked_at() {
        let app = App { subtype: 1, ssrc: 2, data: vec![0; 4] };
        let mut octets = App::emit([app.clone()], *b"MCPT");
        octets.extend(App::emit([app.clone()], *b"PoC1"));
        assert_eq!(App::parse(&octets, &[*b"MCPT"]), Ok(vec![app]));
        assert!(matches!(App::parse(b"\x40", &[]), Err(ControlProblem::Rtcp(_))));
    }
}
