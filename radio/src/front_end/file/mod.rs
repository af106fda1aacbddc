//! IQ in files: SigMF recordings and raw samples, one or two antennas interleaved sample by sample.

mod sink;
mod source;
#[cfg(test)]
mod tests;

pub use sink::{FileSink, SigmfHeader};
pub use source::{FileHints, FileSource, Recording};
