//! What a run costs: wall time, memory, and the share of the millisecond of a subframe that its parts take. Kept apart from
//! the reports, which hold virtual time only.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

/// The wall clock, handed down by the command that measures: nothing else may read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(pub(crate) fn() -> Instant);

impl Stopwatch {
    /// Does `work` and tells how long it took.
    pub(crate) fn time<T>(self, work: impl FnOnce() -> T) -> (T, Duration) {
        let start = (self.0)();
        let done = work();
        (done, (self.0)().duration_since(start))
    }
}

/// Bins of a [`Spread`] in each octave of time: 2 % wide.
const BINS_PER_OCTAVE: f64 = 32.0;
/// The shortest time told apart, ns, and the octaves from there on: up to 4 s.
const SHORTEST_NS: f64 = 64.0;
const OCTAVES: usize = 26;

/// Times of many subframes, of any number in the same memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread {
    count: u64,
    sum: Duration,
    bins: Vec<u64>,
}

impl Spread {
    /// Adds the time that a subframe took.
    pub(crate) fn add(&mut self, time: Duration) {
        let octaves = (time.as_nanos() as f64 / SHORTEST_NS).max(1.0).log2();
        let bin = ((octaves * BINS_PER_OCTAVE) as usize).min(OCTAVES * BINS_PER_OCTAVE as usize - 1);
        self.bins.resize(OCTAVES * BINS_PER_OCTAVE as usize, 0);
        self.bins[bin] += 1;
        self.count += 1;
        self.sum += time;
    }

    fn merge(&mut self, other: &Self) {
        self.bins.resize(OCTAVES * BINS_PER_OCTAVE as usize, 0);
        self.bins.iter_mut().zip(&other.bins).for_each(|(bin, other)| *bin += other);
        self.count += other.count;
        self.sum += other.sum;
    }

    /// As shares of a subframe; nothing of no subframes.
    fn shares(&self) -> Option<Shares> {
        let mean = self.sum.as_secs_f64() * 1e3 / self.count as f64;
        let mut left = self.count / 100; // slower than 99 of 100
        let slow = self.bins.iter().rposition(|&bin| {
            let is_in = left < bin;
            left = left.saturating_sub(bin);
            is_in
        })?;
        let p99_ns = SHORTEST_NS * ((slow as f64 + 0.5) / BINS_PER_OCTAVE).exp2();
        let round = |share: f64| (share * 1e5).round() / 1e5;
        Some(Shares { mean: round(mean), p99: round(p99_ns * 1e-6), subframes: self.count })
    }
}

/// Times of subframes of one kind of work: of all of them, and of MBSFN subframes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work {
    all: Spread,
    mbsfn: Spread,
}

impl Work {
    /// Adds a subframe.
    pub(crate) fn add(&mut self, time: Duration, is_mbsfn: bool) {
        self.all.add(time);
        if is_mbsfn {
            self.mbsfn.add(time);
        }
    }

    fn shares(&self) -> Option<WorkShares> {
        Some(WorkShares { all: self.all.shares()?, mbsfn: self.mbsfn.shares() })
    }
}

/// What the parts of the air cost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Load {
    pub(crate) transmit: Work,
    /// Of all UEs: a subframe of each counts.
    pub(crate) receive: Work,
    pub(crate) channel: Spread,
}

impl Load {
    /// Adds what another part of the work cost.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (own, other) in [(&mut self.transmit, &other.transmit), (&mut self.receive, &other.receive)] {
            own.all.merge(&other.all);
            own.mbsfn.merge(&other.mbsfn);
        }
        self.channel.merge(&other.channel);
    }

    /// As shares of the millisecond that a subframe lasts.
    pub(crate) fn shares(&self) -> LoadShares {
        LoadShares { transmit: self.transmit.shares(), receive: self.receive.shares(), channel: self.channel.shares() }
    }
}

/// Of the millisecond that a subframe lasts: 1 keeps one core busy in real time.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Shares {
    mean: f64,
    p99: f64,
    /// How many were measured.
    subframes: u64,
}

/// Of all subframes, and of those with a block of an MCH.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct WorkShares {
    all: Shares,
    mbsfn: Option<Shares>,
}

/// Of each part of the work, on one core.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct LoadShares {
    /// The eNB, on all antennas.
    transmit: Option<WorkShares>,
    /// One UE.
    receive: Option<WorkShares>,
    /// The channel model of one UE.
    channel: Option<Shares>,
}

/// The machine that did it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    cores: usize,
    cpu: String,
    instruction_set: String,
}

impl Machine {
    /// This one.
    pub(crate) fn here() -> Self {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = info.lines().find_map(|l| l.strip_prefix("model name")?.split_once(':'));
        Self {
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            cpu: name.map_or("unknown", |(_, name)| name.trim()).to_owned(),
            instruction_set: radio::Isa::fastest().to_string(),
        }
    }
}

/// What a run cost, as `perf.json` has it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Perf {
    pub(crate) wall_s: f64,
    pub(crate) air_s: f64,
    pub(crate) real_time_factor: f64,
    pub(crate) samples: u64,
    pub(crate) peak_memory_octets: Option<u64>,
    pub(crate) machine: Machine,
    pub(crate) n_rb_dl: u8,
    pub(crate) sample_rate_hz: f64,
    pub(crate) ues: usize,
    /// Parts of the millisecond of a subframe that the work on it takes one core.
    pub(crate) share_of_subframe: LoadShares,
}

/// For the console.
impl fmt::Display for Perf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |shares: &Shares| format!("{:.1} % (p99 {:.1} %)", shares.mean * 100.0, shares.p99 * 100.0);
        let work = |work: &WorkShares| percent(work.mbsfn.as_ref().unwrap_or(&work.all));
        let LoadShares { transmit, receive, channel } = &self.share_of_subframe;
        let parts = [("transmit", transmit.as_ref().map(work)), ("receive", receive.as_ref().map(work))];
        let parts = parts.into_iter().chain([("channel", channel.as_ref().map(percent))]);
        let parts: Vec<_> = parts.filter_map(|(name, share)| Some(format!("{name} {}", share?))).collect();
        write!(f, "speed: {:.2} times real time", self.real_time_factor)?;
        if parts.is_empty() {
            return Ok(());
        }
        write!(f, "; of the 1 ms of an MBSFN subframe at {} PRB: {}", self.n_rb_dl, parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_subframe() {
        let mut spread = Spread::default();
        assert!(spread.shares().is_none());
        (0..990).for_each(|_| spread.add(Duration::from_micros(100)));
        let all_alike = spread.shares().unwrap();
        assert!((all_alike.mean - 0.1).abs() < 1e-6 && (all_alike.p99 / 0.1 - 1.0).abs() < 0.02, "{all_alike:?}");
        let mut slow = Spread::default();
        (0..11).for_each(|_| slow.add(Duration::from_millis(2)));
        spread.merge(&slow);
        let shares = spread.shares().unwrap();
        assert!((shares.p99 / 2.0 - 1.0).abs() < 0.02, "{shares:?}");
        assert!((shares.mean - (99.0 + 22.0) / 1001.0).abs() < 1e-4, "{shares:?}");
        // Nothing is too short or too long.
        spread.add(Duration::ZERO);
        spread.add(Duration::from_secs(3600));
        assert_eq!(spread.shares().unwrap().subframes, 1003);
    }
}
