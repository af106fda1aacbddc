//! From a stream of unknown time and frequency to the first cell to try.

use super::config::ReceiverConfig;
use super::stream::SampleStream;
use crate::numerology::SUBFRAMES_PER_FRAME;
use crate::sync::{CellSearch, FoundCell};

/// Radio frames that are searched at first, and those that are searched when they show nothing.
const WINDOWS_RF: [u64; 2] = [2, 4];
/// Stretches in a row that show nothing of use after which the search rests: 160 ms.
const TIRELESS: u32 = 8;
/// Radio frames that it rests from then on before each stretch of four: a cell that comes is found up to 150 ms later, and
/// a search costs a tenth. With an odd number, what comes once in 40 ms does not fall on the edge of each stretch.
const REST_RF: u64 = 15;
/// Cells that gave no MIB and are not tried again before others were.
const REFUSED_MAX: usize = 8;

/// Searches for cells in the samples that have arrived.
pub(super) struct Acquisition {
    search: CellSearch,
    samples_per_frame: u64,
    /// The only cell that is wanted.
    n_id_cell: Option<u16>,
    /// It rests when it finds nothing for long.
    rests: bool,
    /// Samples at hand with which the search is tried next.
    wait_for: u64,
    refused: Vec<u16>,
    /// Stretches searched.
    searches: u64,
    /// Stretches in a row that showed nothing of use.
    fruitless: u32,
    /// Sample before which nothing is searched.
    rests_until: u64,
}

impl Acquisition {
    pub(super) fn new(search: CellSearch, samples_per_subframe: usize, config: &ReceiverConfig) -> Self {
        let samples_per_frame = samples_per_subframe as u64 * SUBFRAMES_PER_FRAME;
        Self {
            search,
            samples_per_frame,
            n_id_cell: config.n_id_cell,
            rests: config.search_rests,
            wait_for: WINDOWS_RF[0] * samples_per_frame,
            refused: Vec::new(),
            searches: 0,
            fruitless: 0,
            rests_until: 0,
        }
    }

    /// Begins anew with the next samples.
    pub(super) fn restart(&mut self) {
        self.wait_for = WINDOWS_RF[0] * self.samples_per_frame;
        (self.fruitless, self.rests_until) = (0, 0);
    }

    /// Is sample `at` of no use, because the search rests?
    pub(super) const fn rests_at(&self, at: u64) -> bool {
        at < self.rests_until
    }

    /// A cell turned out to be none, or to be of no use: others come first.
    pub(super) fn refuse(&mut self, n_id_cell: u16) {
        if self.refused.len() == REFUSED_MAX {
            self.refused.clear();
        }
        self.refused.push(n_id_cell);
    }

    /// How often samples were searched.
    pub(super) const fn searches(&self) -> u64 {
        self.searches
    }

    /// Looks for a cell when enough samples have arrived, or with what there is when the stream has ended. Samples that
    /// will not be searched again are forgotten.
    pub(super) fn poll(&mut self, stream: &mut SampleStream, ended: bool) -> Option<FoundCell> {
        let len = stream.len() as u64;
        // Less than half a radio frame need not hold any signal of a cell.
        if len < if ended { self.samples_per_frame / 2 } else { self.wait_for } {
            return None;
        }
        self.searches += 1;
        let antennas: Vec<_> = stream.antennas().collect();
        let found = self.search.search(&antennas);
        let wanted = |cell: &&FoundCell| self.n_id_cell.is_none_or(|id| id == cell.n_id_cell);
        let fresh = |cell: &&FoundCell| !self.refused.contains(&cell.n_id_cell);
        if let Some(cell) = found.iter().filter(wanted).find(fresh) {
            return Some(*cell);
        }
        // Only refused ones are on air: one of them may have been refused for bad luck.
        self.refused.clear();
        let [short, long] = WINDOWS_RF.map(|frames| frames * self.samples_per_frame);
        self.fruitless = TIRELESS.min(self.fruitless + 1);
        if self.rests && self.fruitless == TIRELESS {
            stream.forget_before(stream.end());
            self.rests_until = stream.end() + REST_RF * self.samples_per_frame;
        } else if len >= long {
            stream.forget_before(stream.end() - short);
        }
        self.wait_for = long;
        None
    }
}
