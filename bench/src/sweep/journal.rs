//! `sweep.jsonl`: every chunk that was measured, one line each, on disk before it counts.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Counts, Curve, Sweep};

/// File name of the journal.
pub(super) const JOURNAL_FILE: &str = "sweep.jsonl";

/// What was measured before cannot be used or kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Counts of two builds must not be mixed.
    #[error("{} was made by another build of castbench; remove it or name another folder with --out", .path.display())]
    OtherBuild {
        /// The journal.
        path: PathBuf,
    },
    /// Not a journal.
    #[error("{}: line {line} is no chunk of a sweep: {why}; remove the file or name another folder with --out", .path.display())]
    Line {
        /// The journal.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Why.
        why: String,
    },
}

/// Which chunk: curve (with the sweep's seed and chunk length), SNR in thousandths of a decibel, number.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct ChunkKey {
    pub(super) curve: String,
    pub(super) snr_mdb: i64,
    pub(super) chunk: u64,
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    castbench: String,
    build: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    key: ChunkKey,
    #[serde(flatten)]
    counts: Counts,
}

/// The journal, open for more.
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    known: HashMap<ChunkKey, Counts>,
}

impl Journal {
    /// Opens the journal of a folder, or begins one. A last line that was cut short is taken away.
    pub(super) fn open(dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join(JOURNAL_FILE);
        let io = |source| JournalError::Io { path: path.clone(), source };
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(io)?;
        let mut octets = Vec::new();
        file.read_to_end(&mut octets).map_err(io)?;
        let whole = octets.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0)).map(drop)).map_err(io)?;
        let text = String::from_utf8_lossy(&octets[..whole]);
        let mut lines = text.lines().enumerate();
        let own = Header { castbench: env!("CARGO_PKG_VERSION").into(), build: build().map_err(io)? };
        let wrong = |line: usize, why: serde_json::Error| JournalError::Line {
            path: path.clone(),
            line: line + 1,
            why: why.to_string(),
        };
        match lines.next() {
            None => append(&mut file, &own).map_err(io)?,
            Some((line, header)) => {
                let header: Header = serde_json::from_str(header).map_err(|e| wrong(line, e))?;
                if (header.castbench, header.build) != (own.castbench, own.build) {
                    return Err(JournalError::OtherBuild { path });
                }
            }
        }
        let known = lines
            .map(|(line, text)| {
                serde_json::from_str(text).map(|Line { key, counts }| (key, counts)).map_err(|e| wrong(line, e))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { path, file, known })
    }

    /// What was counted in a chunk before.
    pub(super) fn known(&self, key: &ChunkKey) -> Option<&Counts> {
        self.known.get(key)
    }

    /// Keeps a chunk; it is on disk when this returns.
    pub(super) fn keep(&mut self, key: ChunkKey, counts: Counts) -> Result<(), JournalError> {
        append(&mut self.file, &Line { key, counts })
            .map_err(|source| JournalError::Io { path: self.path.clone(), source })
    }
}

fn append(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// Hash of this program.
fn build() -> io::Result<String> {
    static BUILD: OnceLock<String> = OnceLock::new();
    if let Some(build) = BUILD.get() {
        return Ok(build.clone());
    }
    let program = std::fs::read(std::env::current_exe()?)?;
    Ok(BUILD.get_or_init(|| hex::encode(&Sha256::digest(program)[..8])).clone())
}

/// What tells the chunks of a curve from those of others.
pub(super) fn curve_key(sweep: &Sweep, curve: &Curve) -> String {
    let Curve { n_rb_dl, mcs, antennas, non_mbsfn_region, subframes, channel, per_block, .. } = curve;
    let pmch = (n_rb_dl, mcs.table, mcs.index, antennas, non_mbsfn_region, subframes);
    let whole = (sweep.seed, sweep.sampling.chunk_blocks, pmch, channel, per_block);
    // Plain numbers and words: the text is always there.
    hex::encode(&Sha256::digest(serde_json::to_string(&whole).unwrap_or_default())[..8])
}

impl ChunkKey {
    /// Seed of the chunk's random streams.
    pub(super) fn seed(&self) -> u64 {
        let digest = Sha256::digest(format!("{} {} {}", self.curve, self.snr_mdb, self.chunk));
        digest[..8].iter().fold(0, |seed, &octet| seed << 8 | u64::from(octet))
    }
}
