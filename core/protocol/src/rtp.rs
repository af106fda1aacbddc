//! RTP (RFC 3550 clause 5.1) with the static payload types of audio (RFC 3551 clause 6), RTCP and G.711 beside it.

mod description;
mod g711;
mod jitter;
mod rtcp;
mod stream;
mod tone;

pub use description::{AudioPeer, audio_answer, audio_offer};
pub use g711::{G711, decode_a, decode_mu, encode_a, encode_mu};
pub use jitter::JitterBuffer;
pub use rtcp::{ReceptionReport, RtcpPacket, RtcpProblem, SenderInfo, SourceItems, parse_rtcp, rtcp_bytes};
pub use stream::{FRAME_SAMPLES, RtpCounters, RtpReceiver, RtpSender, SAMPLE_RATE, ntp};
pub use tone::{Tone, amplitude_of};

/// PCMU: mu-law, 8000 samples a second (RFC 3551 table 4).
pub const PAYLOAD_PCMU: u8 = 0;
/// PCMA: A-law, 8000 samples a second (RFC 3551 table 4).
pub const PAYLOAD_PCMA: u8 = 8;

/// An RTP packet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RtpPacket {
    /// With audio, the first one after a silence (RFC 3551 clause 4.1).
    pub marker: bool,
    /// What the payload is; 7 bits.
    pub payload_type: u8,
    /// Counts the packets.
    pub sequence: u16,
    /// Of the first sample.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: u32,
    /// Whose samples are mixed in it; at most 15.
    pub csrc: Vec<u32>,
    /// Header extension (clause 5.3.1): its profile, and whole words.
    pub extension: Option<(u16, Vec<u8>)>,
    /// The payload, without padding.
    pub payload: Vec<u8>,
}

/// The octets are no RTP packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RtpProblem {
    /// Fewer octets than its header says.
    #[error("RTP: {0} octets are fewer than its header says")]
    Truncated(usize),
    /// Another version than 2.
    #[error("RTP: version {0} is not 2")]
    Version(u8),
    /// More padding than payload, or none where some is announced.
    #[error("RTP: padding of {0} octets cannot be")]
    Padding(u8),
}

impl RtpPacket {
    /// Reads a datagram.
    pub fn parse(octets: &[u8]) -> Result<Self, RtpProblem> {
        let truncated = || RtpProblem::Truncated(octets.len());
        let (fixed, rest) = octets.split_first_chunk::<12>().ok_or_else(truncated)?;
        if fixed[0] >> 6 != VERSION {
            return Err(RtpProblem::Version(fixed[0] >> 6));
        }
        let (sources, mut rest) =
            rest.split_at_checked(4 * usize::from(fixed[0] & MOST_CSRC as u8)).ok_or_else(truncated)?;
        let mut extension = None;
        if fixed[0] & EXTENSION != 0 {
            let (head, tail) = rest.split_first_chunk::<4>().ok_or_else(truncated)?;
            let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let (words, tail) = tail.split_at_checked(4 * words).ok_or_else(truncated)?;
            extension = Some((u16::from_be_bytes([head[0], head[1]]), words.to_vec()));
            rest = tail;
        }
        if fixed[0] & PADDING != 0 {
            let count = rest.last().copied().unwrap_or_default();
            let length = rest.len().checked_sub(count.into()).filter(|_| count > 0);
            rest = &rest[..length.ok_or(RtpProblem::Padding(count))?];
        }
        let word = |at: usize| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        Ok(Self {
            marker: fixed[1] & MARKER != 0,
            payload_type: fixed[1] & !MARKER,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: word(4),
            ssrc: word(8),
            csrc: sources.chunks_exact(4).map(|c| u32::from_be_bytes([c[0], c[1], c[2], c[3]])).collect(),
            extension,
            payload: rest.to_vec(),
        })
    }

    /// Its octets, without padding. Sources beyond the 15th and a piece of a word at the end of the extension are left out.
    pub fn to_bytes(&self) -> Vec<u8> {
        let sources = &self.csrc[..self.csrc.len().min(MOST_CSRC)];
        let has_extension = if self.extension.is_some() { EXTENSION } else { 0 };
        let mut octets = Vec::with_capacity(12 + 4 * sources.len() + self.payload.len());
        octets.push(VERSION << 6 | has_extension | sources.len() as u8);
        octets.push(self.payload_type & !MARKER | if self.marker { MARKER } else { 0 });
        octets.extend(self.sequence.to_be_bytes());
        octets.extend(self.timestamp.to_be_bytes());
        octets.extend(self.ssrc.to_be_bytes());
        sources.iter().for_each(|source| octets.extend(source.to_be_bytes()));
        if let Some((profile, words)) = &self.extension {
            let count = (words.len() / 4).min(u16::MAX.into());
            octets.extend(profile.to_be_bytes());
            octets.extend((count as u16).to_be_bytes());
            octets.extend(&words[..4 * count]);
        }
        octets.extend(&self.payload);
        octets
    }
}

/// Clause 5.1.
const VERSION: u8 = 2;
const PADDING: u8 = 0x20;
const EXTENSION: u8 = 0x10;
const MARKER: u8 = 0x80;
const MOST_CSRC: usize = 15;

#[cfg(test)]
mod tests;
