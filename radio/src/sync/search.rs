//! Cell search: from samples of unknown time and frequency to cells, by their synchronisation signals
//! (TS 36.211 clause 6.11; FDD).
//!
//! At 1.92 MS/s every position of a half frame is correlated with the three primary signals under several frequency
//! offsets; the share of the power that agrees is summed over half frames and antennas. The secondary signal, held
//! against the channel that the primary one shows, tells the group, the half frame and the cyclic prefix.

use std::sync::Arc;

use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

use super::decimate::Decimator;
use super::{SYNC_SUBCARRIERS, pss_sequence, sss_sequence};
use crate::numerology::CyclicPrefix;

/// FFT size at which the search works: 1.92 MS/s.
const N_FFT: usize = 128;
/// Samples of half a radio frame at that rate.
const HALF_FRAME: usize = 9600;
/// Frequency offsets that are tried, Hz. Halfway between two of them a primary signal loses 0.1 dB.
const OFFSETS_HZ: [f64; 7] = [0.0, 2500.0, -2500.0, 5000.0, -5000.0, 7500.0, -7500.0];
/// Transform with which correlations are made.
const BLOCK: usize = 1024;
/// Positions that one such transform gives.
const POSITIONS: usize = BLOCK - N_FFT + 1;
/// Sample of its slot at which the useful part of the symbol with the primary signal begins: it is the last one.
const PSS_IN_SLOT: usize = 960 - N_FFT;
/// Independent values in the 128 samples of a correlation, taken low: what noise has in common with a signal is one part
/// in so many on average.
const DIMENSIONS: f32 = 70.0;
/// Primary signals that are looked at closely.
const CANDIDATES: usize = 8;
/// Positions around a primary signal that belong to it.
const NEIGHBOURHOOD: usize = 16;
/// Noise passes the test of the secondary signal once in e to this, for each of 672 hypotheses.
const SSS_EXPONENT: f32 = 22.0;
/// Share of the power that noise cannot have in common with a secondary signal, however few of them there are.
const SSS_SHARE_MIN: f32 = 0.04;

/// Power beyond which a sample is a fault of a front end.
const POWER_MAX: f32 = 1e18;

/// A cell by its synchronisation signals.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FoundCell {
    /// Physical layer cell identity.
    pub n_id_cell: u16,
    /// Cyclic prefix of its unicast subframes.
    pub cyclic_prefix: CyclicPrefix,
    /// Carrier frequency offset, Hz.
    pub cfo_hz: f64,
    /// Sample, counted from the first one searched, at which a radio frame begins; less than one radio frame, and
    /// possibly a little before the first sample.
    pub frame_start: i64,
    /// Share of the power around the primary signal that is this signal, 0 to 1.
    pub pss_share: f32,
}

/// Finds cells in samples; all memory is planned for one half frame.
pub struct CellSearch {
    ratio: usize,
    decimator: Decimator,
    forward: Arc<dyn Fft<f32>>,
    backward: Arc<dyn Fft<f32>>,
    symbol: Arc<dyn Fft<f32>>,
    /// Conjugate spectra of the primary signals, by N_ID^(2), then by frequency offset.
    replicas: Vec<Vec<Complex32>>,
    /// Shares of power, summed up, by replica and position in the half frame.
    shares: Vec<f32>,
    /// The antennas at 1.92 MS/s.
    samples: Vec<Vec<Complex32>>,
}

impl CellSearch {
    /// Plans a search in samples at 15 kHz times `n_fft`; `None` unless that is a multiple of 1.92 MS/s.
    pub fn new(n_fft: usize) -> Option<Self> {
        let ratio = n_fft / N_FFT;
        if ratio == 0 || !n_fft.is_multiple_of(N_FFT) {
            return None;
        }
        let mut planner = FftPlanner::new();
        let (forward, backward) = (planner.plan_fft_forward(BLOCK), planner.plan_fft_inverse(BLOCK));
        let symbol_back = planner.plan_fft_inverse(N_FFT);
        let replica = |n_id_2: u8, offset_hz: f64| {
            let mut time = vec![Complex32::ZERO; N_FFT];
            for (n, d) in pss_sequence(n_id_2).into_iter().enumerate() {
                time[bin(n)] = d;
            }
            symbol_back.process(&mut time);
            let scale = time.iter().map(Complex32::norm_sqr).sum::<f32>().sqrt();
            let turned = |(n, s): (usize, &Complex32)| s * turn(offset_hz, n as f64) / scale;
            let mut spectrum: Vec<_> = time.iter().enumerate().map(turned).collect();
            spectrum.resize(BLOCK, Complex32::ZERO);
            forward.process(&mut spectrum);
            // The transforms are not unitary: there and back multiplies by their length.
            spectrum.iter().map(|s| s.conj() / BLOCK as f32).collect::<Vec<_>>()
        };
        let replicas = (0..3).flat_map(|n_id_2| OFFSETS_HZ.map(|f| replica(n_id_2, f))).collect();
        Some(Self {
            ratio,
            decimator: Decimator::new(ratio),
            symbol: planner.plan_fft_forward(N_FFT),
            forward,
            backward,
            replicas,
            shares: Vec::new(),
            samples: Vec::new(),
        })
    }

    /// The cells in a stretch of samples of one or more antennas, the strongest first. 5 ms are the least that can
    /// show a cell, more show weaker ones.
    pub fn search(&mut self, antennas: &[&[Complex32]]) -> Vec<FoundCell> {
        self.samples.resize_with(antennas.len(), Vec::new);
        for (samples, antenna) in self.samples.iter_mut().zip(antennas) {
            self.decimator.process(antenna, samples);
            // What no converter gives counts as silence.
            let is_sample = |s: &Complex32| s.norm_sqr() < POWER_MAX;
            samples.iter_mut().filter(|s| !is_sample(s)).for_each(|s| *s = Complex32::ZERO);
        }
        let half_frames = self.correlate();
        if half_frames == 0.0 {
            return Vec::new();
        }
        let threshold = pss_threshold(half_frames);
        let mut found: Vec<FoundCell> = Vec::new();
        for (replica, position, share) in self.peaks(threshold * half_frames) {
            let Some(cell) = self.identify(replica, position, share / half_frames) else { continue };
            // One cell answers under neighbouring offsets too.
            if found.iter().all(|other| other.n_id_cell != cell.n_id_cell) {
                found.push(cell);
            }
        }
        found
    }

    /// Sums up shares of power over half frames and antennas; how many those were.
    fn correlate(&mut self) -> f32 {
        self.shares.clear();
        self.shares.resize(self.replicas.len() * HALF_FRAME, 0.0);
        let (mut spectrum, mut product) = (vec![Complex32::ZERO; BLOCK], vec![Complex32::ZERO; BLOCK]);
        let mut energy = Vec::new();
        let mut positions = 0;
        for samples in &self.samples {
            let Some(count) = (samples.len() + 1).checked_sub(N_FFT).filter(|&count| count > 0) else { continue };
            positions += count;
            window_energy(samples, &mut energy);
            for first in (0..count).step_by(POSITIONS) {
                let block = &samples[first..samples.len().min(first + BLOCK)];
                spectrum[..block.len()].copy_from_slice(block);
                spectrum[block.len()..].fill(Complex32::ZERO);
                self.forward.process(&mut spectrum);
                let energy = &energy[first..count.min(first + POSITIONS)];
                // Positions up to the end of the half frame that the block begins in, and those after it.
                let begins = first % HALF_FRAME;
                let (until_end, after) = energy.split_at(energy.len().min(HALF_FRAME - begins));
                for (replica, shares) in self.replicas.iter().zip(self.shares.chunks_exact_mut(HALF_FRAME)) {
                    product.iter_mut().zip(&spectrum).zip(replica).for_each(|((p, s), r)| *p = s * r);
                    self.backward.process(&mut product);
                    let (products, later) = product.split_at(until_end.len());
                    add_shares(products, until_end, &mut shares[begins..]);
                    add_shares(later, after, shares);
                }
            }
        }
        positions as f32 / HALF_FRAME as f32
    }

    /// The highest sums: (replica, position, sum), one for each neighbourhood and primary signal.
    fn peaks(&self, threshold: f32) -> Vec<(usize, usize, f32)> {
        let mut peaks: Vec<(usize, usize, f32)> = Vec::new();
        let mut high: Vec<_> = self.shares.iter().copied().enumerate().filter(|&(_, s)| s > threshold).collect();
        high.sort_by(|a, b| b.1.total_cmp(&a.1));
        for (i, share) in high {
            let (replica, position) = (i / HALF_FRAME, i % HALF_FRAME);
            let near = |&(r, p, _): &(usize, usize, f32)| {
                let distance = position.abs_diff(p);
                r / OFFSETS_HZ.len() == replica / OFFSETS_HZ.len()
                    && distance.min(HALF_FRAME - distance) <= NEIGHBOURHOOD
            };
            if !peaks.iter().any(near) {
                peaks.push((replica, position, share));
            }
            if peaks.len() == CANDIDATES {
                break;
            }
        }
        peaks
    }

    /// The secondary signal beside a primary one: the rest of the identity, which half frame it is, the cyclic prefix.
    fn identify(&self, replica: usize, position: usize, pss_share: f32) -> Option<FoundCell> {
        let (n_id_2, offset_hz) = ((replica / OFFSETS_HZ.len()) as u8, OFFSETS_HZ[replica % OFFSETS_HZ.len()]);
        let best = [CyclicPrefix::Normal, CyclicPrefix::Extended]
            .into_iter()
            .filter_map(|cp| self.secondary(n_id_2, offset_hz, position, cp))
            .max_by(|a, b| a.excess.total_cmp(&b.excess))
            .filter(|best| best.excess > 1.0)?;
        let distance_s = sss_distance(best.cyclic_prefix) as f64 / sample_rate_hz();
        let cfo_hz = offset_hz - f64::from(best.correlation.arg()) / (std::f64::consts::TAU * distance_s);
        let in_frame = PSS_IN_SLOT + if best.first_is_subframe_5 { HALF_FRAME } else { 0 };
        let start = (position as f64 + self.fraction(replica, position) - in_frame as f64) * self.ratio as f64;
        let frame = (2 * HALF_FRAME * self.ratio) as i64;
        // A frame that begins with the samples stays with them, though it may seem to have begun a little earlier.
        let early = (N_FFT * self.ratio / 32) as i64;
        let frame_start = (start.round() as i64 + early).rem_euclid(frame) - early;
        let n_id_cell = 3 * best.n_id_1 + u16::from(n_id_2);
        Some(FoundCell { n_id_cell, cyclic_prefix: best.cyclic_prefix, cfo_hz, frame_start, pss_share })
    }

    /// By how much of a position the peak lies off it: the top of a parabola.
    fn fraction(&self, replica: usize, position: usize) -> f64 {
        let at = |p: usize| f64::from(self.shares[replica * HALF_FRAME + p % HALF_FRAME]);
        let (before, peak, after) = (at(position + HALF_FRAME - 1), at(position), at(position + 1));
        let bend = before - 2.0 * peak + after;
        if bend < 0.0 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 }
    }

    /// The secondary signal that fits best under one cyclic prefix.
    fn secondary(&self, n_id_2: u8, offset_hz: f64, position: usize, cyclic_prefix: CyclicPrefix) -> Option<Secondary> {
        let pss = pss_sequence(n_id_2);
        // By half frame, as counted from the first one at hand: products of secondary signal and conjugate channel.
        let mut products = [[Complex32::ZERO; SYNC_SUBCARRIERS]; 2];
        let (mut power, mut count) = (0.0, 0);
        for samples in &self.samples {
            for (half, at) in (position..samples.len()).step_by(HALF_FRAME).enumerate() {
                let Some(sss_at) = at.checked_sub(sss_distance(cyclic_prefix)) else { continue };
                let distance = sss_distance(cyclic_prefix);
                let (Some(mut channel), Some(sss)) = (
                    self.sync_symbol(samples, at, offset_hz, distance),
                    self.sync_symbol(samples, sss_at, offset_hz, 0),
                ) else {
                    continue;
                };
                channel.iter_mut().zip(&pss).for_each(|(h, d)| *h *= d.conj());
                let channel = smooth(&channel);
                for ((sum, y), h) in products[half % 2].iter_mut().zip(&sss).zip(&channel) {
                    let product = y * h.conj();
                    *sum += product;
                    power += product.norm_sqr();
                }
                count += 1;
            }
        }
        let values = (SYNC_SUBCARRIERS * count) as f32;
        if count == 0 || power == 0.0 {
            return None;
        }
        let threshold = (SSS_EXPONENT / values).max(SSS_SHARE_MIN);
        let sum = |products: &[Complex32], d: &[f32]| products.iter().zip(d).map(|(p, &d)| p * d).sum::<Complex32>();
        let mut best: Option<Secondary> = None;
        for n_id_1 in 0..168 {
            let (of_0, of_5) = (sss_sequence(n_id_1, n_id_2, 0), sss_sequence(n_id_1, n_id_2, 5));
            for (first_is_subframe_5, first, second) in [(false, &of_0, &of_5), (true, &of_5, &of_0)] {
                let correlation = sum(&products[0], first) + sum(&products[1], second);
                let excess = correlation.norm_sqr() / (values * power) / threshold;
                if best.is_none_or(|b| excess > b.excess) {
                    best = Some(Secondary { n_id_1, first_is_subframe_5, cyclic_prefix, correlation, excess });
                }
            }
        }
        best
    }

    /// The subcarriers of synchronisation signals in the symbol whose useful part begins at sample `at`, without the
    /// frequency offset, whose phase counts from `phase_from` samples before; `None` beyond the samples.
    fn sync_symbol(
        &self,
        samples: &[Complex32],
        at: usize,
        offset_hz: f64,
        phase_from: usize,
    ) -> Option<[Complex32; SYNC_SUBCARRIERS]> {
        let mut core = [Complex32::ZERO; N_FFT];
        let turned = samples.get(at..at + N_FFT)?.iter().enumerate();
        core.iter_mut().zip(turned).for_each(|(c, (n, s))| *c = s * turn(-offset_hz, (n + phase_from) as f64));
        self.symbol.process(&mut core);
        Some(std::array::from_fn(|n| core[bin(n)]))
    }
}

/// A secondary signal that fits.
#[derive(Clone, Copy)]
struct Secondary {
    n_id_1: u16,
    first_is_subframe_5: bool,
    cyclic_prefix: CyclicPrefix,
    correlation: Complex32,
    /// Share of the power that agrees, over the least that counts.
    excess: f32,
}

/// Adds the share of each product's power in the energy there, which is infinite where there is too little to tell.
fn add_shares(products: &[Complex32], energy: &[f32], shares: &mut [f32]) {
    for ((share, product), energy) in shares.iter_mut().zip(products).zip(energy) {
        *share += (product.norm_sqr() / energy).min(1.0);
    }
}

/// Share of power that a sum over `half_frames` of noise does not reach: a normal tail of eight sigma, and what the
/// exponential tail of few half frames adds to it.
fn pss_threshold(half_frames: f32) -> f32 {
    (1.0 + 8.0 / half_frames.sqrt() + 21.0 / half_frames) / DIMENSIONS
}

/// Samples from the useful part of the symbol with the secondary signal to that of the next one (TS 36.211 table
/// 6.12-1).
const fn sss_distance(cyclic_prefix: CyclicPrefix) -> usize {
    match cyclic_prefix {
        CyclicPrefix::Normal => N_FFT + 9,
        CyclicPrefix::Extended => N_FFT + 32,
    }
}

const fn sample_rate_hz() -> f64 {
    (N_FFT * 15_000) as f64
}

/// Bin of element `n` of a synchronisation signal: 31 below the carrier, which is left out, 31 above.
const fn bin(n: usize) -> usize {
    if n < SYNC_SUBCARRIERS / 2 { n + N_FFT - SYNC_SUBCARRIERS / 2 } else { n + 1 - SYNC_SUBCARRIERS / 2 }
}

fn turn(frequency_hz: f64, samples: f64) -> Complex32 {
    Complex32::cis((std::f64::consts::TAU * frequency_hz * samples / sample_rate_hz()) as f32)
}

/// Energy of the 128 samples from each one on; infinite where it is no more than rounding leaves.
fn window_energy(samples: &[Complex32], energy: &mut Vec<f32>) {
    energy.clear();
    let power = |s: &Complex32| f64::from(s.norm_sqr());
    let floor = samples.iter().map(power).fold(0.0, f64::max) * 1e-9;
    let mut sum: f64 = samples[..N_FFT].iter().map(power).sum();
    for n in 0..=samples.len() - N_FFT {
        energy.push(if sum > floor { sum as f32 } else { f32::INFINITY });
        if let Some(next) = samples.get(n + N_FFT) {
            sum += power(next) - power(&samples[n]);
        }
    }
}

/// Mean of each value and up to two neighbours on either side.
fn smooth(channel: &[Complex32; SYNC_SUBCARRIERS]) -> [Complex32; SYNC_SUBCARRIERS] {
    std::array::from_fn(|n| {
        let window = &channel[n.saturating_sub(2)..(n + 3).min(SYNC_SUBCARRIERS)];
        window.iter().sum::<Complex32>() / window.len() as f32
    })
}

#[cfg(test)]
mod tests {
    use std::slice;

    use rand_core::{Rng, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    use super::*;
    use crate::cell::{CellConfig, NRbDl, SampleRateFamily};
    use crate::channel::{ChannelConfig, ChannelModel, PathConfig};
    use crate::grid::Grid;
    use crate::numerology::SubframeLayout;
    use crate::ofdm::OfdmModulator;
    use crate::sync::{put_pss, put_sss};

    /// A fully loaded carrier of random symbols with the synchronisation signals of its cell.
    fn carrier(cell: &CellConfig, subframes: usize, rng: &mut Pcg64Mcg) -> Vec<Complex32> {
        let layout = SubframeLayout::normal(cell.n_fft);
        let mut ofdm = OfdmModulator::new(layout.clone());
        let mut iq = vec![Complex32::ZERO; subframes * layout.samples()];
        let mut grid = Grid::new(layout.rows(), cell.n_rb_dl.subcarriers());
        for (n, out) in iq.chunks_exact_mut(layout.samples()).enumerate() {
            for l in 0..layout.rows() {
                grid.row_mut(l).fill_with(|| {
                    let bits = rng.next_u32();
                    let part = |bit: u32| if bits >> bit & 1 == 0 { 0.5f32.sqrt() } else { -(0.5f32.sqrt()) };
                    Complex32::new(part(0), part(1))
                });
            }
            if n % 5 == 0 {
                let first = cell.n_rb_dl.subcarriers() / 2 - 36;
                [5, 6].into_iter().for_each(|l| grid.row_mut(l)[first..first + 72].fill(Complex32::ZERO));
                put_pss(cell.n_id_cell, &mut grid);
                put_sss(cell.n_id_cell, (n % 10) as u8, &mut grid);
            }
            ofdm.modulate(&grid, out);
        }
        iq
    }

    fn heard(iq: &[Complex32], cell: &CellConfig, snr_db: f64, cfo_hz: f64, seed: u64) -> Vec<Complex32> {
        let paths = vec![PathConfig { cfo_hz, ..PathConfig::default() }];
        let awgn = ChannelConfig::awgn(cell.sample_rate_hz(), snr_db, seed);
        let mut out = Vec::new();
        ChannelModel::new(&ChannelConfig { gain_db: -17.0, paths, ..awgn }).process(&[iq], slice::from_mut(&mut out));
        out
    }

    fn random_cell(rng: &mut Pcg64Mcg) -> CellConfig {
        let families = [SampleRateFamily::Standard, SampleRateFamily::ThreeQuarter];
        let n_rb_dl = NRbDl::ALL[rng.next_u32() as usize % NRbDl::ALL.len()];
        let family = families[rng.next_u32() as usize % 2];
        CellConfig::new(n_rb_dl, (rng.next_u32() % 504) as u16, family).unwrap()
    }

    #[test]
    fn random_cells_are_found_at_0_db() {
        let mut rng = Pcg64Mcg::seed_from_u64(1);
        for n in 0..10 {
            let cell = random_cell(&mut rng);
            let frame = 10 * cell.samples_per_subframe();
            let (offset, cfo_hz) = (rng.next_u32() as usize % frame, f64::from(rng.next_u32() % 14_001) - 7000.0);
            let sent = carrier(&cell, 31, &mut rng);
            let iq = heard(&sent, &cell, 0.0, cfo_hz, n);
            let iq = &iq[offset..][..2 * frame];
            let found = CellSearch::new(cell.n_fft).unwrap().search(&[iq]);
            let Some(best) = found.first() else { panic!("{cell:?} at {cfo_hz} Hz is not found") };
            assert_eq!(best.n_id_cell, cell.n_id_cell, "{found:?}");
            assert_eq!(best.cyclic_prefix, CyclicPrefix::Normal);
            assert!((best.cfo_hz - cfo_hz).abs() < 500.0, "{cfo_hz}: {found:?}");
            // Half a sample at 1.92 MS/s, about.
            let error = (best.frame_start + offset as i64) % frame as i64;
            let error = error.min(frame as i64 - error);
            assert!(error <= (cell.n_fft / 128) as i64, "{cell:?} from {offset}: {best:?}");
            assert_eq!(found.len(), 1, "{found:?}");
        }
    }

    #[test]
    fn nothing_is_found_in_noise_tones_and_silence() {
        let mut search = CellSearch::new(128).unwrap();
        let cell = CellConfig::new(NRbDl::ALL[0], 0, SampleRateFamily::Standard).unwrap();
        let silence = vec![Complex32::ZERO; 4 * 9600 + 64];
        for seed in 0..10 {
            let noise = heard(&silence, &cell, 0.0, 0.0, seed);
            for length in [9600, 19_200, 38_400] {
                assert_eq!(search.search(&[&noise[..length]]), [], "seed {seed}");
            }
        }
        assert_eq!(search.search(&[&silence]), []);
        assert_eq!(search.search(&[&silence[..100]]), []);
        assert_eq!(search.search(&[]), []);
        for frequency_hz in [0.0, 15_000.0, 101_234.0] {
            let tone: Vec<_> = (0..38_400).map(|n| turn(frequency_hz, f64::from(n % 1920))).collect();
            assert_eq!(search.search(&[&tone]), [], "{frequency_hz} Hz");
        }
        let broken: Vec<_> = (0..38_400).map(|n| Complex32::new(f32::NAN, 1e30 * (n % 7) as f32)).collect();
        assert_eq!(search.search(&[&broken]), []);
    }

    /// Two cells at once, the weaker one 6 dB below; the third antenna hears nothing.
    #[test]
    fn several_cells_and_antennas() {
        let mut rng = Pcg64Mcg::seed_from_u64(2);
        let cell = |id| CellConfig::new(NRbDl::ALL[1], id, SampleRateFamily::Standard).unwrap();
        let (strong, weak) = (carrier(&cell(301), 40, &mut rng), carrier(&cell(62), 40, &mut rng));
        let sum: Vec<_> = strong.iter().zip(&weak[1234..]).map(|(s, w)| s + w * 0.5).collect();
        let (one, other) = (heard(&sum, &cell(0), 10.0, 100.0, 1), heard(&sum, &cell(0), 5.0, 100.0, 2));
        let found = CellSearch::new(256).unwrap().search(&[&one, &other]);
        assert_eq!(found.iter().map(|c| c.n_id_cell).collect::<Vec<_>>(), [301, 62], "{found:?}");
    }

    #[test]
    fn the_cells_of_others_are_found() {
        let (Some(path), Some(carrier)) =
            (fixtures::shared("vectors/lte_real_6prb_mib.cf32"), fixtures::vectors::embms_carrier())
        else {
            return;
        };
        let live = fixtures::vectors::read_cf32(&path);
        let found = CellSearch::new(128).unwrap().search(&[&live]);
        assert_eq!((found.len(), found[0].n_id_cell), (1, 150), "{found:?}");
        assert!(found[0].frame_start.abs() <= 1 && found[0].cyclic_prefix == CyclicPrefix::Normal, "{found:?}");
        let found = CellSearch::new(512).unwrap().search(&[&carrier.iq[..153_600]]);
        assert_eq!((found.len(), found[0].n_id_cell), (1, carrier.expected.n_id_cell), "{found:?}");
        println!("{found:?}");
    }
}
