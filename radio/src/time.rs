//! Time of the carrier: radio frames and subframes (TS 36.211 clause 4.1).

use std::fmt;

use crate::numerology::{SFN_MODULUS, SUBFRAMES_PER_FRAME};

/// A subframe, counted from the start of the stream without wrapping.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SubframeTime(u64);

impl SubframeTime {
    /// From radio frame and subframe.
    pub const fn new(frame: u64, subframe: u8) -> Self {
        Self(frame * SUBFRAMES_PER_FRAME + subframe as u64)
    }

    /// From a count of subframes.
    pub const fn from_subframes(count: u64) -> Self {
        Self(count)
    }

    /// Subframes since the start of the stream.
    pub const fn subframes(self) -> u64 {
        self.0
    }

    /// Radio frames since the start of the stream.
    pub const fn frame(self) -> u64 {
        self.0 / SUBFRAMES_PER_FRAME
    }

    /// System frame number.
    pub const fn sfn(self) -> u32 {
        (self.frame() % SFN_MODULUS) as u32
    }

    /// Subframe in the radio frame, 0 to 9.
    pub const fn subframe(self) -> u8 {
        (self.0 % SUBFRAMES_PER_FRAME) as u8
    }

    /// The subframe after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for SubframeTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.sfn(), self.subframe())
    }
}
