//! What an MC client has measured in a group call.

use hil::agent::mc::GroupFigures;
use serde::{Deserialize, Serialize};

/// Figures of the MC client of a UE in its group call; in several systems, those of all of them together.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct McFigures {
    /// RTP packets that it took, each once.
    pub taken: u64,
    /// Of those, that came first by unicast.
    pub by_unicast: u64,
    /// That came first over an MBMS bearer.
    pub by_mbms: u64,
    /// That came both ways.
    pub both_ways: u64,
    /// Copies by the same way, over the same bearer.
    pub doubled: u64,
    /// Copies over another bearer.
    #[serde(default)]
    pub moved: u64,
    /// Packets that came more than once out of MTCHs of its cell's area: they were on the air twice.
    pub on_air_twice: u64,
    /// Between the first and the last of a talk, never came.
    pub missing: u64,
    /// Longest silence while somebody talked, milliseconds.
    pub gap_ms: f64,
    /// Longest one while the coverage of the bearers did not change.
    pub gap_in_coverage_ms: f64,
    /// Silences of more than 300 ms.
    pub long_gaps: u64,
    /// Changes to a bearer.
    pub to_mbms: u64,
    /// Changes to unicast.
    pub to_unicast: u64,
    /// Times that the floor was granted, denied, revoked.
    pub floor: [u64; 3],
}

impl McFigures {
    pub(crate) fn of(own: &GroupFigures, on_air_twice: u64) -> Self {
        // Whole microseconds, as milliseconds.
        let ms = |time: std::time::Duration| time.as_micros() as f64 / 1e3;
        Self {
            taken: own.taken,
            by_unicast: own.by_unicast,
            by_mbms: own.by_mbms,
            both_ways: own.both_ways,
            doubled: own.doubled,
            moved: own.moved,
            on_air_twice,
            missing: own.missing,
            gap_ms: ms(own.longest_gap),
            gap_in_coverage_ms: ms(own.longest_gap_in_coverage),
            long_gaps: own.long_gaps,
            to_mbms: own.to_mbms,
            to_unicast: own.to_unicast,
            floor: own.floor,
        }
    }

    /// Together with those of the same user in another system.
    pub(crate) fn and(self, other: Self) -> Self {
        let [granted, denied, revoked] = self.floor;
        Self {
            taken: self.taken + other.taken,
            by_unicast: self.by_unicast + other.by_unicast,
            by_mbms: self.by_mbms + other.by_mbms,
            both_ways: self.both_ways + other.both_ways,
            doubled: self.doubled + other.doubled,
            moved: self.moved + other.moved,
            on_air_twice: self.on_air_twice + other.on_air_twice,
            missing: self.missing + other.missing,
            gap_ms: self.gap_ms.max(other.gap_ms),
            gap_in_coverage_ms: self.gap_in_coverage_ms.max(other.gap_in_coverage_ms),
            long_gaps: self.long_gaps + other.long_gaps,
            to_mbms: self.to_mbms + other.to_mbms,
            to_unicast: self.to_unicast + other.to_unicast,
            floor: [granted + other.floor[0], denied + other.floor[1], revoked + other.floor[2]],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn figures_of_two_systems_are_summed_and_the_longest_gap_is_the_longest() {
        let of = |taken, missing, gap| {
            let longest_gap = Duration::from_millis(gap);
            let own = GroupFigures { taken, missing, longest_gap, floor: [1, 2, 3], ..GroupFigures::default() };
            McFigures::of(&own, 1)
        };
        let both = of(10, 1, 300).and(of(5, 2, 40));
        assert_eq!((both.taken, both.missing, both.on_air_twice, both.gap_ms), (15, 3, 2, 300.0));
        assert_eq!(both.floor, [2, 4, 6]);
    }
}
