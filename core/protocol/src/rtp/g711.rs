//! Pulse code modulation of voice (ITU-T G.711): A-law and mu-law, between 8 bits and samples of 16 bits.
//!
//! The laws are defined on 13 and 14 bits; a sample of 16 bits has them as its upper ones.

/// Which of the two laws.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum G711 {
    /// mu-law, PCMU.
    Mu,
    /// A-law, PCMA.
    A,
}

impl G711 {
    /// Static payload type (RFC 3551 table 4).
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Mu => super::PAYLOAD_PCMU,
            Self::A => super::PAYLOAD_PCMA,
        }
    }

    /// The law of a static payload type.
    pub const fn of_payload_type(payload_type: u8) -> Option<Self> {
        match payload_type {
            super::PAYLOAD_PCMU => Some(Self::Mu),
            super::PAYLOAD_PCMA => Some(Self::A),
            _ => None,
        }
    }

    /// Encoding name in SDP (RFC 3551 clause 6).
    pub const fn encoding(self) -> &'static str {
        match self {
            Self::Mu => "PCMU/8000",
            Self::A => "PCMA/8000",
        }
    }

    /// Samples as octets.
    pub fn encode(self, samples: &[i16]) -> Vec<u8> {
        let law = if self == Self::A { encode_a } else { encode_mu };
        samples.iter().map(|&sample| law(sample)).collect()
    }

    /// Octets as samples.
    pub fn decode(self, octets: &[u8]) -> Vec<i16> {
        let table = if self == Self::A { &A } else { &MU };
        octets.iter().map(|&octet| table[usize::from(octet)]).collect()
    }
}

/// A sample in A-law (table 1: character signal with even bits inverted).
pub const fn encode_a(sample: i16) -> u8 {
    // 13 bits: sign and magnitude, whose decision values lie at multiples of 16 of the sample.
    let (sign, magnitude) = if sample >= 0 { (0x80, sample as u16) } else { (0, !sample as u16) };
    let steps = magnitude >> 4;
    let segment = 16_u32.saturating_sub((steps >> 4).leading_zeros()) as u16;
    let mantissa = if segment < 2 { steps & 0x0f } else { (steps >> (segment - 1)) & 0x0f };
    (sign | segment << 4 | mantissa) as u8 ^ A_INVERTED
}

/// A sample in mu-law (table 2: character signal with all bits inverted).
pub const fn encode_mu(sample: i16) -> u8 {
    let (sign, magnitude) = if sample >= 0 { (0, sample as u16) } else { (0x80, !sample as u16) };
    let biased = if magnitude > MU_CLIP { MU_CLIP } else { magnitude } + MU_BIAS;
    // The bias makes the highest bit at least the 8th.
    let segment = 8 - biased.leading_zeros() as u16;
    let mantissa = (biased >> (segment + 3)) & 0x0f;
    !((sign | segment << 4 | mantissa) as u8)
}

/// The sample that an octet of A-law stands for.
pub const fn decode_a(octet: u8) -> i16 {
    A[octet as usize]
}

/// The sample that an octet of mu-law stands for.
pub const fn decode_mu(octet: u8) -> i16 {
    MU[octet as usize]
}

const A_INVERTED: u8 = 0x55;
/// 33 in 14 bits, which makes all segments alike.
const MU_BIAS: u16 = 33 << 2;
/// 8159 in 14 bits, beyond which the last decision value lies.
const MU_CLIP: u16 = 8158 << 2 | 3;

const A: [i16; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let octet = at as u8 ^ A_INVERTED;
        let (segment, mantissa) = (octet >> 4 & 7, (octet & 0x0f) as i16);
        // The middle of the interval.
        let steps = if segment == 0 { 2 * mantissa + 1 } else { (2 * mantissa + 33) << (segment - 1) };
        table[at] = if octet & 0x80 != 0 { steps << 3 } else { -(steps << 3) };
        at += 1;
    }
    table
};

const MU: [i16; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let octet = !(at as u8);
        let (segment, mantissa) = (octet >> 4 & 7, (octet & 0x0f) as i16);
        let magnitude = ((2 * mantissa + 33) << segment) - 33;
        table[at] = if octet & 0x80 == 0 { magnitude << 2 } else { -(magnitude << 2) };
        at += 1;
    }
    table
};
