//! Sweeps: block errors of a PMCH over the signal to noise ratio, for sets of MCS, bandwidth, channel and antennas.
//!
//! A point is measured in chunks of blocks. Every chunk has random streams of its own, made from the sweep's seed, what
//! the curve is, the ratio and the chunk's number: the counts depend neither on how many chunks run at once nor on what
//! else the sweep has, and a sweep that was ended half-way goes on from its journal to the same results.

mod crossing;
mod csv;
mod journal;
mod page;
mod plot;
mod progress;
mod read;
#[cfg(test)]
mod tests;
mod work;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use radio::{CellConfig, ConfigError, Evolution, Mcs, NRbDl, PmchParams, SampleRateFamily};
use serde::{Deserialize, Serialize};

use crate::report::Ratio;
use crate::scenario::Channel;
use crate::strict_toml::{TomlProblems, read_document, read_text};
use crate::verdict::Verdict;

pub use crossing::{Crossing, Edge, Finding};
pub use journal::JournalError;
pub(crate) use progress::SweepConsole;

/// A sweep as its file has it.
#[derive(Clone, PartialEq, Debug)]
pub struct Sweep {
    /// Name: that of the folder of its results.
    pub name: String,
    /// One line that says what it is.
    pub title: String,
    /// What it proves.
    pub proves: String,
    /// Seed of every random stream.
    pub seed: u64,
    /// When a point ends.
    pub sampling: Sampling,
    /// Block error rates whose crossings are told, highest first. A curve ends below the lowest.
    pub targets: Vec<f64>,
    /// The curves.
    pub curves: Vec<Curve>,
    /// What others publish, drawn beside the curves.
    pub references: Vec<Reference>,
    /// What the curves are held against.
    pub requirements: Vec<Requirement>,
}

/// When a point ends: at the first of these after a whole chunk.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sampling {
    /// So many blocks.
    pub blocks: u64,
    /// So many block errors.
    pub errors: Option<u64>,
    /// The Wilson interval of this many standard deviations holds none of the targets.
    pub confident_sigmas: Option<f64>,
    /// Blocks of a chunk; fading goes on without a break inside of it.
    pub chunk_blocks: u64,
}

/// One curve: a PMCH through a channel.
#[derive(Clone, PartialEq, Debug)]
pub struct Curve {
    /// Name of its own in the sweep.
    pub name: String,
    /// Title of the plot that it is drawn in.
    pub plot: String,
    /// Bandwidth, resource blocks.
    pub n_rb_dl: u16,
    /// Modulation and coding scheme.
    pub mcs: Mcs,
    /// Receive antennas.
    pub antennas: u8,
    /// Symbols of the non-MBSFN region.
    pub non_mbsfn_region: u8,
    /// Subframes that carry the PMCH.
    pub subframes: Vec<u8>,
    /// The channel; its SNR is left open.
    pub channel: Channel,
    /// Fading is drawn anew for each block.
    pub per_block: bool,
    /// Signal to noise ratios per resource element, dB, ascending.
    pub snr_db: Vec<f64>,
}

/// Block error rates of somebody else.
#[derive(Clone, PartialEq, Debug)]
pub struct Reference {
    /// Whose: the same name is one entry of the legend.
    pub name: String,
    /// The curve that they belong to.
    pub curve: String,
    /// SNR per resource element in dB, and block error rate.
    pub points: Vec<(f64, f64)>,
}

/// A block error rate that has to be reached at or below an SNR.
#[derive(Clone, PartialEq, Debug)]
pub struct Requirement {
    /// Whose: the same name is one entry of the legend.
    pub name: String,
    /// Which curve.
    pub curve: String,
    /// Block error rate.
    pub bler: f64,
    /// SNR per resource element, dB.
    pub snr_db: f64,
}

/// What was counted in some blocks.
#[derive(Clone, Copy, PartialEq, Default, Debug, Serialize, Deserialize)]
pub struct Counts {
    /// Blocks sent.
    pub blocks: u64,
    /// Of these, lost or wrong.
    pub errors: u64,
    /// Of the errors, blocks whose CRC passes.
    pub undetected_errors: u64,
    /// Turbo iterations of all code blocks.
    pub iterations: u64,
    /// Code blocks.
    pub code_blocks: u64,
    /// Measured power of the channel, sum over blocks and antennas.
    pub signal: f64,
    /// Measured power of noise and interference, sum over blocks and antennas.
    pub noise: f64,
}

/// What a point came to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// SNR per resource element, dB.
    pub snr_db: f64,
    /// What was counted.
    pub counts: Counts,
}

/// A sweep that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadSweepError {
    /// The file cannot be read.
    #[error("cannot read sweep {}: {source}; fixtures/sweeps has some", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file says something that is not allowed.
    #[error(transparent)]
    Wrong(#[from] TomlProblems),
}

/// Why a sweep came to no end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SweepError {
    /// What was measured before cannot be used or kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A result cannot be written.
    #[error("cannot write {}: {source}; free space or name another place with --out", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// File names of the results in a sweep's folder.
pub const SWEEP_FILES: [&str; 4] = ["sweep.csv", "crossings.csv", "sweep.svg", "sweep.html"];

impl Sweep {
    /// Reads and checks a sweep file.
    ///
    /// # Errors
    /// It cannot be read or says something that is not allowed.
    pub fn load(file: &Path) -> Result<Self, LoadSweepError> {
        let text = read_text(file).map_err(|source| LoadSweepError::Read { file: file.to_owned(), source })?;
        Ok(Self::parse(file, &text)?)
    }

    /// As [`Self::load`], with the text of the file already there.
    ///
    /// # Errors
    /// It says something that is not allowed.
    pub fn parse(file: &Path, text: &str) -> Result<Self, TomlProblems> {
        read_document(file, text, read::sweep, read::check)
    }

    /// Measures every curve with `jobs` threads and writes the results into `dir`, where a journal of an earlier, ended
    /// run of the same build is gone on with.
    ///
    /// # Errors
    /// The folder cannot be written, or its journal is of another build.
    pub(crate) fn run(&self, dir: &Path, jobs: usize, console: &mut SweepConsole) -> Result<Vec<Finding>, SweepError> {
        let write = |path: &Path, source| SweepError::Write { path: path.to_owned(), source };
        fs::create_dir_all(dir).map_err(|source| write(dir, source))?;
        let curves = work::measure(self, dir, jobs, console)?;
        let findings = crossing::findings(self, &curves);
        let plot = plot::svg(self, &curves);
        let texts = [
            csv::points(self, &curves),
            csv::crossings(self, &curves),
            plot::document(&plot),
            page::html(self, &curves, &findings, &plot),
        ];
        for (name, text) in SWEEP_FILES.iter().zip(texts) {
            let (path, part) = (dir.join(name), dir.join(format!("{name}.part")));
            fs::write(&part, text).and_then(|()| fs::rename(&part, &path)).map_err(|source| write(&path, source))?;
        }
        Ok(findings)
    }

    /// The worst verdict over all requirements.
    pub fn verdict(findings: &[Finding]) -> Verdict {
        findings.iter().map(|o| o.verdict).max().unwrap_or(Verdict::Pass)
    }
}

impl Curve {
    /// The PMCH: cell identity 1, MBSFN area 1.
    pub(crate) fn params(&self) -> Result<PmchParams, ConfigError> {
        let cell = CellConfig::new(NRbDl::try_from(self.n_rb_dl)?, 1, SampleRateFamily::Standard)?;
        PmchParams::new(cell, 1, self.non_mbsfn_region, self.mcs)
    }

    /// How fading goes on.
    fn evolution(&self) -> Evolution {
        if self.per_block { Evolution::PerBlock } else { Evolution::Continuous }
    }

    /// The channel in words.
    fn channel_words(&self) -> String {
        let Some(fading) = self.channel.model.fading() else { return "AWGN".to_owned() };
        if self.per_block { format!("{fading}, new for each block") } else { fading.to_string() }
    }
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.blocks += other.blocks;
        self.errors += other.errors;
        self.undetected_errors += other.undetected_errors;
        self.iterations += other.iterations;
        self.code_blocks += other.code_blocks;
        self.signal += other.signal;
        self.noise += other.noise;
    }

    /// Block errors over blocks.
    pub fn ratio(&self) -> Ratio {
        Ratio { errors: self.errors, trials: self.blocks }
    }

    /// Block error rate.
    pub fn bler(&self) -> f64 {
        self.ratio().value().unwrap_or(1.0)
    }

    /// Where the block error rate lies with 95 % confidence, blocks being independent.
    pub fn wilson_95(&self) -> (f64, f64) {
        self.ratio().wilson_95().unwrap_or((0.0, 1.0))
    }

    /// Measured CINR, dB: mean power of the channel over mean power of noise and interference.
    pub fn cinr_db(&self) -> f64 {
        10.0 * (self.signal / self.noise).log10()
    }
}
