//! Measures the points of all curves, chunk by chunk, on several threads.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use radio::{CyclicPrefix, FadingConfig, Isa, PmchLink, PmchLinkConfig};

use super::journal::{ChunkKey, Journal, JournalError, curve_key};
use super::{Counts, Curve, Point, Sweep, SweepConsole};
use crate::report::Ratio;
use crate::scenario::Channel;

/// Measures what the journal in `dir` does not have; the points of each curve, in the order of the sweep.
pub(super) fn measure(
    sweep: &Sweep,
    dir: &Path,
    jobs: usize,
    console: &mut SweepConsole,
) -> Result<Vec<Vec<Point>>, JournalError> {
    let work = Work {
        sweep,
        state: Mutex::new(State {
            curves: sweep.curves.iter().map(|curve| CurveState::new(sweep, curve)).collect(),
            journal: Journal::open(dir)?,
            failed: None,
            console,
        }),
        changed: Condvar::new(),
    };
    {
        let mut state = work.lock();
        for curve in 0..sweep.curves.len() {
            state.advance(sweep, curve);
        }
    }
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| work.work());
        }
    });
    let state = work.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.failed.map_or_else(|| Ok(state.curves.into_iter().map(|c| c.points).collect()), Err)
}

struct Work<'a> {
    sweep: &'a Sweep,
    state: Mutex<State<'a>>,
    changed: Condvar,
}

struct State<'a> {
    curves: Vec<CurveState>,
    journal: Journal,
    failed: Option<JournalError>,
    console: &'a mut SweepConsole,
}

/// A curve and the point of it that is being measured.
struct CurveState {
    key: String,
    points: Vec<Point>,
    is_over: bool,
    /// Of the point: counts of its chunks from the first on without a gap, and how many they are.
    counts: Counts,
    counted: u64,
    /// Chunks behind the gap.
    early: BTreeMap<u64, Counts>,
    /// The next chunk that nobody has begun.
    next: u64,
    /// Chunks begun and not ended, those of points that are over included.
    running: usize,
}

impl<'a> Work<'a> {
    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Measures chunks until there are no more.
    fn work(&self) {
        let mut state = self.lock();
        loop {
            if state.failed.is_some() || state.curves.iter().all(|c| c.is_over) {
                self.changed.notify_all();
                return;
            }
            let Some((curve, key)) = state.begin(self.sweep) else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(state);
            let counts = chunk(&self.sweep.curves[curve], &key, self.sweep.sampling.chunk_blocks);
            state = self.lock();
            state.end(self.sweep, curve, &key, counts);
            self.changed.notify_all();
        }
    }
}

impl State<'_> {
    /// A chunk to measure: of the curve on which the fewest are at work.
    fn begin(&mut self, sweep: &Sweep) -> Option<(usize, ChunkKey)> {
        let chunks = sweep.sampling.blocks.div_ceil(sweep.sampling.chunk_blocks);
        let open = self.curves.iter_mut().enumerate().filter(|(_, c)| !c.is_over && c.next < chunks);
        let (index, curve) = open.min_by_key(|(_, c)| c.running)?;
        let key = curve.chunk_key(&sweep.curves[index], curve.next);
        curve.next += 1;
        curve.running += 1;
        self.skip_known(sweep, index);
        Some((index, key))
    }

    fn end(&mut self, sweep: &Sweep, index: usize, key: &ChunkKey, counts: Counts) {
        if let Err(error) = self.journal.keep(key.clone(), counts) {
            self.failed = Some(error);
        }
        let curve = &mut self.curves[index];
        curve.running -= 1;
        self.console.measured(counts.blocks);
        // The point may have ended without this chunk.
        if !curve.is_over && *key == curve.chunk_key(&sweep.curves[index], key.chunk) {
            curve.early.insert(key.chunk, counts);
            self.advance(sweep, index);
        }
        self.console.remaining(self.remaining(sweep));
    }

    /// Counts the chunks that are there, as far as they follow each other, and goes to the next point where one ends.
    fn advance(&mut self, sweep: &Sweep, index: usize) {
        loop {
            let curve = &mut self.curves[index];
            let config = &sweep.curves[index];
            if curve.is_over {
                return;
            }
            let key = curve.chunk_key(config, curve.counted);
            let known = self.journal.known(&key).copied();
            let Some(counts) = curve.early.remove(&curve.counted).or(known) else {
                return self.skip_known(sweep, index);
            };
            curve.counts.add(&counts);
            curve.counted += 1;
            curve.next = curve.next.max(curve.counted);
            if point_ends(sweep, &curve.counts) {
                let point = Point { snr_db: config.snr_db[curve.points.len()], counts: curve.counts };
                self.console.point(config, &point);
                curve.end_point(point, sweep, config);
            }
        }
    }

    /// Chunks of the journal need not be measured again.
    fn skip_known(&mut self, sweep: &Sweep, index: usize) {
        let curve = &mut self.curves[index];
        while !curve.is_over && self.journal.known(&curve.chunk_key(&sweep.curves[index], curve.next)).is_some() {
            curve.next += 1;
        }
    }

    /// Blocks that are still to be measured, if points take as many as they did so far and no curve ends early.
    fn remaining(&self, sweep: &Sweep) -> u64 {
        let ended: Vec<u64> = self.curves.iter().flat_map(|c| &c.points).map(|p| p.counts.blocks).collect();
        let of_point = ended.iter().sum::<u64>().checked_div(ended.len() as u64).unwrap_or(sweep.sampling.blocks);
        let of_curve = |(curve, config): (&CurveState, &Curve)| {
            let points = (config.snr_db.len() - curve.points.len()) as u64;
            if curve.is_over { 0 } else { (points * of_point).saturating_sub(curve.counts.blocks) }
        };
        self.curves.iter().zip(&sweep.curves).map(of_curve).sum()
    }
}

impl CurveState {
    fn new(sweep: &Sweep, curve: &Curve) -> Self {
        Self {
            key: curve_key(sweep, curve),
            points: Vec::new(),
            is_over: false,
            counts: Counts::default(),
            counted: 0,
            early: BTreeMap::new(),
            next: 0,
            running: 0,
        }
    }

    fn chunk_key(&self, config: &Curve, chunk: u64) -> ChunkKey {
        let snr_mdb = (config.snr_db[self.points.len()] * 1e3).round() as i64;
        ChunkKey { curve: self.key.clone(), snr_mdb, chunk }
    }

    fn end_point(&mut self, point: Point, sweep: &Sweep, config: &Curve) {
        self.points.push(point);
        let lowest = sweep.targets.last().copied().unwrap_or_default();
        let is_below = point.counts.errors == 0 || point.counts.wilson_95().1 < lowest;
        self.is_over = is_below || self.points.len() == config.snr_db.len();
        self.counts = Counts::default();
        self.counted = 0;
        self.next = 0;
        self.early.clear();
    }
}

fn point_ends(sweep: &Sweep, counts: &Counts) -> bool {
    let sampling = &sweep.sampling;
    let is_clear = |sigmas: f64| {
        let ratio = Ratio { errors: counts.errors, trials: counts.blocks };
        let interval = ratio.wilson(sigmas).unwrap_or((0.0, 1.0));
        sweep.targets.iter().all(|&t| t < interval.0 || interval.1 < t)
    };
    counts.blocks >= sampling.blocks
        || sampling.errors.is_some_and(|errors| counts.errors >= errors)
        || sampling.confident_sigmas.is_some_and(is_clear)
}

/// Sends the blocks of one chunk through a channel of their own.
fn chunk(curve: &Curve, key: &ChunkKey, blocks: u64) -> Counts {
    let seed = key.seed();
    let channel = Channel { snr_db: key.snr_mdb as f64 / 1e3, ..curve.channel.clone() };
    let Ok(params) = curve.params() else { unreachable!("checked when the sweep was read") };
    let fading = channel.model.fading().map(|f| FadingConfig { evolution: curve.evolution(), ..f.config() });
    let mut channel = channel.config(params.cell.sample_rate_hz(), curve.antennas.into(), seed);
    channel.paths.iter_mut().for_each(|path| path.fading.clone_from(&fading));
    let config = PmchLinkConfig {
        params,
        cell_cp: CyclicPrefix::Normal,
        subframes: curve.subframes.clone(),
        channel,
        isa: Isa::fastest(),
        seed,
    };
    let Ok(mut link) = PmchLink::new(&config) else { unreachable!("every format can be coded") };
    let mut counts = Counts { blocks, ..Counts::default() };
    for _ in 0..blocks {
        let block = link.next_block();
        counts.errors += u64::from(block.is_error());
        counts.undetected_errors += u64::from(block.undetected_error);
        counts.iterations += u64::from(block.quality.iterations);
        counts.code_blocks += u64::from(block.quality.code_blocks);
        for estimate in link.estimates() {
            counts.signal += f64::from(estimate.signal);
            counts.noise += f64::from(estimate.noise);
        }
    }
    counts
}
