//! Front ends: where IQ comes from and goes to.

mod broker;
mod file;
mod format;
mod loopback;
mod pace;
mod permission;
mod raw;
mod sigmf;
mod soapy;
mod tap;
mod zmq;

use std::fmt;

use num_complex::Complex32;

pub use broker::{Broker, BrokerReceiver, BrokerStep};
pub use file::{FileHints, FileSink, FileSource, Recording, SigmfHeader};
pub use format::{SampleFormat, UnknownSampleFormat};
pub use loopback::{LoopbackSink, LoopbackSource, loopback};
pub use pace::Paced;
pub use permission::{Transmission, TransmitPermission, TransmitRefused};
pub use raw::{IqFileError, read_cf32, write_cf32};
pub use soapy::{SoapyDeviceConfig, SoapyFormat, SoapyRxConfig, SoapyTxConfig};
#[cfg(feature = "soapy")]
pub use soapy::{SoapyDeviceState, SoapyFound, SoapySink, SoapySource, silence_soapy, soapy_devices};
pub use tap::Tap;
pub use zmq::{MAX_MESSAGE_SAMPLES, ZmqConfig, ZmqPattern, ZmqSink, ZmqSource};

/// Most antennas of one front end.
pub const MAX_ANTENNAS: usize = 2;

/// Takes samples of one or more antennas; it may hold the caller back until its time has come.
pub trait IqSink {
    /// Sends one stretch of samples, the same number for every antenna, right after the last one.
    ///
    /// # Errors
    /// The front end is gone, or does not answer within its time limit.
    fn write(&mut self, antennas: &[&[Complex32]]) -> Result<(), FrontEndError>;

    /// Sends what is still held and closes.
    ///
    /// # Errors
    /// As [`Self::write`].
    fn finish(&mut self) -> Result<(), FrontEndError>;

    /// What happened so far.
    fn status(&self) -> StreamStatus;
}

/// Gives samples of one or more antennas.
pub trait IqSource {
    /// Samples per second.
    fn sample_rate_hz(&self) -> f64;

    /// Antennas.
    fn n_antennas(&self) -> usize;

    /// Waits for samples and puts them at the front of every buffer, all of which have one length.
    ///
    /// # Errors
    /// The front end is gone, or does not answer within its time limit.
    fn read(&mut self, antennas: &mut [&mut [Complex32]]) -> Result<ReadBlock, FrontEndError>;

    /// What happened so far.
    fn status(&self) -> StreamStatus;
}

impl<T: IqSource + ?Sized> IqSource for Box<T> {
    fn sample_rate_hz(&self) -> f64 {
        (**self).sample_rate_hz()
    }

    fn n_antennas(&self) -> usize {
        (**self).n_antennas()
    }

    fn read(&mut self, antennas: &mut [&mut [Complex32]]) -> Result<ReadBlock, FrontEndError> {
        (**self).read(antennas)
    }

    fn status(&self) -> StreamStatus {
        (**self).status()
    }
}

/// What one read gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadBlock {
    /// This many samples, of which the first is number `at` of the stream; a jump of `at` is a gap.
    Samples {
        /// Number of the first sample, counted from the start of the stream.
        at: u64,
        /// How many, at least one.
        len: usize,
    },
    /// The stream has ended; there will be no more.
    End,
}

/// Counts of what front ends report besides samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StreamStatus {
    /// Samples moved.
    pub samples: u64,
    /// Samples that were lost or left out, as far as known.
    pub samples_lost: u64,
    /// The device wanted samples that were not there yet (transmit).
    pub underflows: u64,
    /// The device had samples that nobody took (receive).
    pub overflows: u64,
    /// Bursts that came after their time (transmit).
    pub late: u64,
    /// Components beyond full scale that were cut off.
    pub clipped: u64,
}

/// Why a front end stopped.
#[derive(Debug, thiserror::Error)]
pub enum FrontEndError {
    /// Reading or writing failed.
    #[error("{front_end}: {source}")]
    Io {
        /// Which front end.
        front_end: String,
        /// Why.
        source: std::io::Error,
    },
    /// Nothing came or went for too long.
    #[error("{front_end}: no answer for {waited_ms} ms; {hint}")]
    NoAnswer {
        /// Which front end.
        front_end: String,
        /// How long it was waited for.
        waited_ms: u64,
        /// What to look at.
        hint: &'static str,
    },
    /// The device is not there any more.
    #[error("{front_end}: the device is gone: {why}")]
    Gone {
        /// Which front end.
        front_end: String,
        /// As the driver says it.
        why: String,
    },
    /// A recording has no more samples.
    #[error("{front_end}: ended after {after_s:.3} s; {hint}")]
    Ended {
        /// Which front end.
        front_end: String,
        /// Length of what there was, seconds.
        after_s: f64,
        /// What to do about it.
        hint: &'static str,
    },
    /// What came is not what it should be.
    #[error("{front_end}: {why}")]
    Malformed {
        /// Which front end.
        front_end: String,
        /// What is wrong with it.
        why: String,
    },
    /// What was asked for cannot be done.
    #[error("{front_end}: {why}")]
    Unsupported {
        /// Which front end.
        front_end: String,
        /// What, and what would be possible.
        why: String,
    },
    /// The operator has not permitted it.
    #[error(transparent)]
    Refused(#[from] TransmitRefused),
}

impl fmt::Display for StreamStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { samples, samples_lost, underflows, overflows, late, clipped } = self;
        write!(
            f,
            "{samples} samples, {samples_lost} lost, {underflows} underflows, {overflows} overflows, {late} late, \
             {clipped} clipped"
        )
    }
}

/// Length of the buffers of `n_antennas` antennas.
///
/// # Panics
/// If there is not one buffer for each antenna, all of one length that is not 0.
fn buffer_len(antennas: &[&mut [Complex32]], n_antennas: usize) -> usize {
    assert_eq!(antennas.len(), n_antennas, "one buffer for each antenna");
    let len = antennas[0].len();
    assert!(len > 0 && antennas.iter().all(|a| a.len() == len), "buffers of one length, not 0");
    len
}
