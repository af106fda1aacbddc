//! Whole cf32 files at once: interleaved little-endian float32 I and Q.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use num_complex::Complex32;

/// A file that cannot be read or written as IQ.
#[derive(Debug, thiserror::Error)]
pub enum IqFileError {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// File.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a whole number of samples.
    #[error("{}: {octets} octets are not whole cf32 samples of 8 octets: the file is truncated or not cf32", path.display())]
    Truncated {
        /// File.
        path: PathBuf,
        /// Its length.
        octets: usize,
    },
    /// A sample that is not a number.
    #[error("{}: sample {index} is not finite: the file is not cf32", path.display())]
    NotFinite {
        /// File.
        path: PathBuf,
        /// Sample.
        index: usize,
    },
}

/// Reads a whole file.
pub fn read_cf32(path: &Path) -> Result<Vec<Complex32>, IqFileError> {
    let bytes = fs::read(path).map_err(|source| IqFileError::Io { path: path.into(), source })?;
    let (samples, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(IqFileError::Truncated { path: path.into(), octets: bytes.len() });
    }
    let part = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    let iq: Vec<_> = samples.iter().map(|s| Complex32::new(part(&s[..4]), part(&s[4..]))).collect();
    match iq.iter().position(|s| !s.is_finite()) {
        Some(index) => Err(IqFileError::NotFinite { path: path.into(), index }),
        None => Ok(iq),
    }
}

/// Writes a whole file: to a neighbour first, so that nothing half-written stays under the name.
pub fn write_cf32(path: &Path, iq: &[Complex32]) -> Result<(), IqFileError> {
    let bytes: Vec<u8> = iq.iter().flat_map(|s| [s.re.to_le_bytes(), s.im.to_le_bytes()]).flatten().collect();
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, path)).map_err(|source| {
        let _ = fs::remove_file(&part);
        IqFileError::Io { path: path.into(), source }
    })
}
