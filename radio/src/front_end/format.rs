//! Sample formats of recordings, interleaved I and Q, little-endian, named as SigMF 1.2 does (`core:datatype`).

use std::fmt;
use std::str::FromStr;

use num_complex::Complex32;

/// How one complex sample lies in a file. Full scale of integers is 1.0 in memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SampleFormat {
    /// Two float32, 8 octets: `cf32_le`.
    #[default]
    Cf32,
    /// Two 16-bit integers, 4 octets: `ci16_le`, also known as sc16.
    Ci16,
    /// Two 8-bit integers, 2 octets: `ci8`.
    Ci8,
}

/// A sample format that is not read here.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("sample format `{0}` is not supported; possible: cf32_le, ci16_le (sc16), ci8")]
pub struct UnknownSampleFormat(pub String);

impl SampleFormat {
    /// Octets of one complex sample.
    pub const fn octets(self) -> usize {
        match self {
            Self::Cf32 => 8,
            Self::Ci16 => 4,
            Self::Ci8 => 2,
        }
    }

    /// Name in SigMF.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cf32 => "cf32_le",
            Self::Ci16 => "ci16_le",
            Self::Ci8 => "ci8",
        }
    }

    /// One sample of exactly [`Self::octets`] octets.
    pub(crate) fn decode(self, bytes: &[u8]) -> Complex32 {
        match self {
            Self::Cf32 => {
                let part = |at: usize| f32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
                Complex32::new(part(0), part(4))
            }
            Self::Ci16 => {
                let part = |at: usize| f32::from(i16::from_le_bytes([bytes[at], bytes[at + 1]])) / FULL_SCALE_16;
                Complex32::new(part(0), part(2))
            }
            Self::Ci8 => {
                let part = |at: usize| f32::from(bytes[at].cast_signed()) / FULL_SCALE_8;
                Complex32::new(part(0), part(1))
            }
        }
    }

    /// Appends one sample; true when it was beyond full scale and has been cut off.
    pub(crate) fn encode(self, sample: Complex32, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Cf32 => {
                out.extend_from_slice(&sample.re.to_le_bytes());
                out.extend_from_slice(&sample.im.to_le_bytes());
            }
            // A cast saturates, so -1.0 - 1 LSB and beyond stay at the end of the scale.
            Self::Ci16 => {
                for part in [sample.re, sample.im] {
                    out.extend_from_slice(&((part * FULL_SCALE_16).round() as i16).to_le_bytes());
                }
            }
            Self::Ci8 => {
                for part in [sample.re, sample.im] {
                    out.push(((part * FULL_SCALE_8).round() as i8).cast_unsigned());
                }
            }
        }
        self != Self::Cf32 && (sample.re.abs() > 1.0 || sample.im.abs() > 1.0)
    }
}

impl fmt::Display for SampleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SampleFormat {
    type Err = UnknownSampleFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "cf32_le" | "cf32" | "fc32" => Ok(Self::Cf32),
            "ci16_le" | "ci16" | "sc16" => Ok(Self::Ci16),
            "ci8" | "sc8" => Ok(Self::Ci8),
            _ => Err(UnknownSampleFormat(name.into())),
        }
    }
}

/// Both ends of the scale are used alike, as in others' programs (srsRAN's sc16).
const FULL_SCALE_16: f32 = 32767.0;
const FULL_SCALE_8: f32 = 127.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back_as_they_were() {
        for format in [SampleFormat::Ci16, SampleFormat::Ci8] {
            for first in 0..=255u8 {
                let bytes: Vec<u8> =
                    (0..format.octets() as u8).map(|i| first.wrapping_add(i.wrapping_mul(77))).collect();
                let mut back = Vec::new();
                format.encode(format.decode(&bytes), &mut back);
                assert_eq!(back, bytes, "{format}");
            }
        }
    }

    #[test]
    fn what_is_beyond_full_scale_is_cut_off_and_said() {
        let loud = Complex32::new(1.5, -7.0);
        let mut bytes = Vec::new();
        assert!(!SampleFormat::Cf32.encode(loud, &mut bytes));
        assert_eq!(SampleFormat::Cf32.decode(&bytes), loud);
        for (format, most) in [(SampleFormat::Ci16, 32768.0 / 32767.0), (SampleFormat::Ci8, 128.0 / 127.0)] {
            bytes.clear();
            assert!(format.encode(loud, &mut bytes));
            assert_eq!(format.decode(&bytes), Complex32::new(1.0, -most));
            assert!(!format.encode(Complex32::new(1.0, -1.0), &mut bytes));
        }
    }

    #[test]
    fn names_of_sigmf_and_of_programs() {
        for format in [SampleFormat::Cf32, SampleFormat::Ci16, SampleFormat::Ci8] {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert_eq!("sc16".parse(), Ok(SampleFormat::Ci16));
        let error = "cf64_be".parse::<SampleFormat>().unwrap_err().to_string();
        assert_eq!(error, "sample format `cf64_be` is not supported; possible: cf32_le, ci16_le (sc16), ci8");
    }
}
