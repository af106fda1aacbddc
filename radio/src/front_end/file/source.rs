//! Reading.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use num_complex::Complex32;

use super::super::format::SampleFormat;
use super::super::sigmf::{Segment, SigmfMeta, is_sigmf};
use super::super::{FrontEndError, IqSource, MAX_ANTENNAS, ReadBlock, StreamStatus, buffer_len};

/// What a recording is.
#[derive(Clone, PartialEq, Debug)]
pub struct Recording {
    /// File of the samples.
    pub path: PathBuf,
    /// How samples lie in it.
    pub format: SampleFormat,
    /// Samples per second.
    pub sample_rate_hz: f64,
    /// Antennas.
    pub n_antennas: usize,
    /// Samples of each antenna.
    pub samples: u64,
    /// Carrier frequency of the first capture, Hz.
    pub frequency_hz: Option<f64>,
    /// When the first capture began, as the recording says it (ISO 8601).
    pub datetime: Option<String>,
    /// In the words of who recorded it.
    pub description: Option<String>,
}

/// What is to be believed about a file instead of what its metadata or its name says.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct FileHints {
    /// Sample format; raw files without it are what their ending says, else cf32.
    pub format: Option<SampleFormat>,
    /// Samples per second; raw files do not say it.
    pub sample_rate_hz: Option<f64>,
    /// Antennas; raw files without it have one.
    pub n_antennas: Option<usize>,
}

/// Samples out of a file, as fast as they are asked for; a file that is still being written is followed.
pub struct FileSource {
    recording: Recording,
    file: BufReader<File>,
    segments: Vec<Segment>,
    overflows: Vec<u64>,
    /// Samples read so far; the next one's index in the file.
    index: u64,
    /// Segments passed.
    segment: usize,
    bytes: Vec<u8>,
}

impl FileSource {
    /// Opens a SigMF recording (either of its two files) or a raw file.
    ///
    /// # Errors
    /// The file cannot be read, is not what it is said to be, or has more than two antennas.
    pub fn open(path: &Path, hints: &FileHints) -> Result<Self, FrontEndError> {
        if path.extension().is_some_and(|e| e == "sigmf") {
            return Err(malformed(
                path,
                "SigMF archives are not read: unpack it with tar and name the .sigmf-meta".into(),
            ));
        }
        if is_sigmf(path) { Self::sigmf(path, hints) } else { Self::raw(path, hints) }
    }

    /// What is being read.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    fn sigmf(path: &Path, hints: &FileHints) -> Result<Self, FrontEndError> {
        let (meta, data) = SigmfMeta::load(path).map_err(|source| {
            if source.kind() == io::ErrorKind::Other {
                malformed(&SigmfMeta::paths(path).0, format!("not SigMF metadata: {source}"))
            } else {
                io_error(&SigmfMeta::paths(path).0, source)
            }
        })?;
        let wrong = |why: String| malformed(&SigmfMeta::paths(path).0, why);
        let named = || meta.global.datatype.parse().map_err(|e| wrong(format!("{e}")));
        let rate = hints.sample_rate_hz.or(meta.global.sample_rate);
        let first = meta.captures.first();
        let recording = Recording {
            format: hints.format.map_or_else(named, Ok)?,
            sample_rate_hz: rate.ok_or_else(|| wrong("no core:sample_rate: give the sample rate".into()))?,
            n_antennas: hints
                .n_antennas
                .unwrap_or_else(|| usize::try_from(meta.global.num_channels).unwrap_or(usize::MAX)),
            samples: 0,
            frequency_hz: first.and_then(|c| c.frequency),
            datetime: first.and_then(|c| c.datetime.clone()),
            description: meta.global.description.clone(),
            path: data,
        };
        let segments = meta.segments().map_err(wrong)?;
        Self::start(recording, segments, meta.overflows())
    }

    fn raw(path: &Path, hints: &FileHints) -> Result<Self, FrontEndError> {
        let by_name = || path.extension().and_then(|e| e.to_str()).and_then(|e| e.parse().ok()).unwrap_or_default();
        let rate = hints.sample_rate_hz;
        let recording = Recording {
            path: path.to_owned(),
            format: hints.format.unwrap_or_else(by_name),
            sample_rate_hz: rate
                .ok_or_else(|| malformed(path, "raw samples do not say their sample rate: give it".into()))?,
            n_antennas: hints.n_antennas.unwrap_or(1),
            samples: 0,
            frequency_hz: None,
            datetime: None,
            description: None,
        };
        Self::start(recording, vec![Segment { index: 0, at: 0 }], Vec::new())
    }

    fn start(mut recording: Recording, segments: Vec<Segment>, overflows: Vec<u64>) -> Result<Self, FrontEndError> {
        let Recording { path, format, sample_rate_hz, n_antennas, .. } = &recording;
        if !(1..=MAX_ANTENNAS).contains(n_antennas) {
            return Err(malformed(path, format!("{n_antennas} antennas; 1 to {MAX_ANTENNAS} are possible")));
        }
        if !(1.0..=1e9).contains(sample_rate_hz) {
            return Err(malformed(path, format!("a sample rate of {sample_rate_hz} Hz is beyond reason")));
        }
        let file = File::open(path).map_err(|source| io_error(path, source))?;
        let octets = file.metadata().map_err(|source| io_error(path, source))?.len();
        let frame = (format.octets() * n_antennas) as u64;
        if octets % frame != 0 {
            return Err(malformed(
                path,
                format!(
                    "{octets} octets are not whole samples of {frame} octets ({format}, {n_antennas} antennas): another \
                     format, or cut off ({} octets too many)",
                    octets % frame
                ),
            ));
        }
        recording.samples = octets / frame;
        Ok(Self {
            recording,
            file: BufReader::with_capacity(1 << 20, file),
            segments,
            overflows,
            index: 0,
            segment: 0,
            bytes: Vec::new(),
        })
    }

    /// Samples of each antenna that are there by now.
    fn look_again(&mut self) -> Result<u64, FrontEndError> {
        let Recording { path, format, n_antennas, samples, .. } = &mut self.recording;
        let octets = self.file.get_ref().metadata().map_err(|source| io_error(path, source))?.len();
        *samples = (octets / (format.octets() * *n_antennas) as u64).max(*samples);
        Ok(*samples)
    }

    /// Number in the stream of the next sample.
    fn at(&self) -> u64 {
        let segment = self.segments[self.segment];
        segment.at + (self.index - segment.index)
    }
}

impl IqSource for FileSource {
    fn sample_rate_hz(&self) -> f64 {
        self.recording.sample_rate_hz
    }

    fn n_antennas(&self) -> usize {
        self.recording.n_antennas
    }

    /// A block ends before a gap; the next one tells where the stream goes on.
    ///
    /// # Panics
    /// If there is not one buffer for each antenna, all of one length that is not 0.
    fn read(&mut self, antennas: &mut [&mut [Complex32]]) -> Result<ReadBlock, FrontEndError> {
        let Recording { format, n_antennas, samples, .. } = self.recording;
        let room = buffer_len(antennas, n_antennas);
        while self.segments.get(self.segment + 1).is_some_and(|next| next.index <= self.index) {
            self.segment += 1;
        }
        let samples = if self.index < samples { samples } else { self.look_again()? };
        let end = self.segments.get(self.segment + 1).map_or(samples, |next| next.index.min(samples));
        let len = room.min(usize::try_from(end - self.index).unwrap_or(usize::MAX)).min(READ_AT_ONCE);
        if len == 0 {
            return Ok(ReadBlock::End);
        }
        self.bytes.resize(len * n_antennas * format.octets(), 0);
        self.file.read_exact(&mut self.bytes).map_err(|source| io_error(&self.recording.path, source))?;
        let mut broken = None;
        for (i, octets) in self.bytes.chunks_exact(format.octets()).enumerate() {
            let sample = format.decode(octets);
            if !sample.is_finite() {
                broken = broken.or(Some(self.index + (i / n_antennas) as u64));
            }
            antennas[i % n_antennas][i / n_antennas] = sample;
        }
        if let Some(index) = broken {
            let why = format!("sample {index} is not a number: the samples are not {format}");
            return Err(malformed(&self.recording.path, why));
        }
        let at = self.at();
        self.index += len as u64;
        Ok(ReadBlock::Samples { at, len })
    }

    fn status(&self) -> StreamStatus {
        let passed = self.overflows.partition_point(|at| *at < self.index);
        let segment = self.segments[self.segment];
        StreamStatus {
            samples: self.index,
            samples_lost: segment.at - segment.index,
            overflows: passed as u64,
            ..StreamStatus::default()
        }
    }
}

/// Bounds the buffer of octets.
const READ_AT_ONCE: usize = 1 << 16;

fn malformed(path: &Path, why: String) -> FrontEndError {
    FrontEndError::Malformed { front_end: path.display().to_string(), why }
}

fn io_error(path: &Path, source: io::Error) -> FrontEndError {
    FrontEndError::Io { front_end: path.display().to_string(), source }
}
