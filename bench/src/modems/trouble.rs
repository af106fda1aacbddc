//! What befalls a simulated modem on purpose, so that a run with a bad one can be seen to end.

use std::time::Duration;

/// From a moment of the run on a simulated modem does this.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// What.
    pub kind: TroubleKind,
    /// Since when, run time.
    pub after: Duration,
}

/// What a modem in trouble does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TroubleKind {
    /// Its port is gone and does not come back.
    Vanishes,
    /// Its port is gone and comes back, on a pseudo terminal under another name.
    ComesBack,
    /// It takes everything and answers nothing.
    Hangs,
    /// It says things unasked without end.
    Floods,
    /// What it says makes no sense.
    TalksNonsense,
}

impl TroubleKind {
    /// As rigs call them.
    pub const NAMES: [(&str, Self); 5] = [
        ("vanishes", Self::Vanishes),
        ("comes_back", Self::ComesBack),
        ("hangs", Self::Hangs),
        ("floods", Self::Floods),
        ("talks_nonsense", Self::TalksNonsense),
    ];
}

/// What comes in a burst of a flood.
pub(super) fn flood() -> Vec<u8> {
    b"\r\n^RSSI: 20\r\n\r\n+CREG: 1\r\n".repeat(FLOOD_CODES)
}

/// What comes instead of an answer: neither lines nor result codes.
pub(super) fn nonsense(answer: &[u8]) -> Vec<u8> {
    answer.iter().map(|octet| octet.wrapping_mul(31) ^ 0xA5).collect()
}

const FLOOD_CODES: usize = 100;
