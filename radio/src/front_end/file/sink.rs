//! Writing.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use num_complex::Complex32;

use super::super::format::SampleFormat;
use super::super::sigmf::{Annotation, Capture, Global, SigmfMeta};
use super::super::{FrontEndError, IqSink, MAX_ANTENNAS, StreamStatus};

/// What a SigMF recording says about itself.
#[derive(Clone, PartialEq, Debug)]
pub struct SigmfHeader {
    /// How samples lie in it.
    pub format: SampleFormat,
    /// Samples per second.
    pub sample_rate_hz: f64,
    /// Antennas: 1 or 2.
    pub n_antennas: usize,
    /// Carrier frequency, Hz.
    pub frequency_hz: Option<f64>,
    /// When the recording begins, ISO 8601 in UTC.
    pub datetime: Option<String>,
    /// For who reads it later.
    pub description: String,
}

/// Samples into a file.
pub struct FileSink {
    path: PathBuf,
    format: SampleFormat,
    n_antennas: usize,
    file: BufWriter<File>,
    meta: Option<SigmfMeta>,
    status: StreamStatus,
    bytes: Vec<u8>,
}

impl FileSink {
    /// A new SigMF recording: `path` with or without one of its endings. Metadata is there from the start, so that a
    /// recording that breaks off can be read.
    ///
    /// # Errors
    /// A file cannot be written, or there are more than two antennas.
    pub fn sigmf(path: &Path, header: &SigmfHeader) -> Result<Self, FrontEndError> {
        let (meta_path, data_path) = SigmfMeta::paths(path);
        let capture = Capture {
            global_index: Some(0),
            frequency: header.frequency_hz,
            datetime: header.datetime.clone(),
            ..Capture::default()
        };
        let meta = SigmfMeta {
            global: Global {
                datatype: header.format.to_string(),
                sample_rate: Some(header.sample_rate_hz),
                version: SigmfMeta::VERSION.into(),
                num_channels: header.n_antennas as u64,
                description: Some(header.description.clone()).filter(|d| !d.is_empty()),
                recorder: Some("castbench".into()),
                offset: 0,
                dataset: None,
            },
            captures: vec![capture],
            annotations: Vec::new(),
        };
        let mut sink = Self::raw(&data_path, header.format, header.n_antennas)?;
        meta.store(path).map_err(|source| FrontEndError::Io { front_end: meta_path.display().to_string(), source })?;
        sink.meta = Some(meta);
        Ok(sink)
    }

    /// A new file with nothing but samples.
    ///
    /// # Errors
    /// The file cannot be written, or there are more than two antennas.
    pub fn raw(path: &Path, format: SampleFormat, n_antennas: usize) -> Result<Self, FrontEndError> {
        let front_end = || path.display().to_string();
        if !(1..=MAX_ANTENNAS).contains(&n_antennas) {
            let why = format!("{n_antennas} antennas; 1 to {MAX_ANTENNAS} are possible");
            return Err(FrontEndError::Unsupported { front_end: front_end(), why });
        }
        let file = File::create(path).map_err(|source| FrontEndError::Io { front_end: front_end(), source })?;
        Ok(Self {
            path: path.to_owned(),
            format,
            n_antennas,
            file: BufWriter::with_capacity(1 << 20, file),
            meta: None,
            status: StreamStatus::default(),
            bytes: Vec::new(),
        })
    }

    /// Notes that `lost` samples are missing before the next one. Raw files cannot say it; the count still does.
    pub fn mark_gap(&mut self, lost: u64) {
        self.status.samples_lost += lost;
        let (sample_start, global_index) = (self.status.samples, self.status.samples + self.status.samples_lost);
        let Some(meta) = &mut self.meta else { return };
        match meta.captures.last_mut().filter(|last| last.sample_start == sample_start) {
            Some(last) => last.global_index = Some(global_index),
            None => {
                let frequency = meta.captures.first().and_then(|c| c.frequency);
                let global_index = Some(global_index);
                meta.captures.push(Capture { sample_start, global_index, frequency, ..Capture::default() });
            }
        }
    }

    /// Notes that the receiver overflowed before the next sample, whether or not it is known how much was lost.
    pub fn mark_overflow(&mut self) {
        self.status.overflows += 1;
        if let Some(meta) = &mut self.meta {
            meta.annotations.push(Annotation {
                sample_start: self.status.samples,
                sample_count: Some(0),
                label: Some(SigmfMeta::OVERFLOW.into()),
                comment: None,
            });
        }
    }

    /// Hands all samples so far to the operating system, for who reads along.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush(&mut self) -> Result<(), FrontEndError> {
        self.file.flush().map_err(|source| self.error(source))
    }

    fn error(&self, source: io::Error) -> FrontEndError {
        FrontEndError::Io { front_end: self.path.display().to_string(), source }
    }
}

impl IqSink for FileSink {
    /// # Panics
    /// If there is not one slice for each antenna, all of one length.
    fn write(&mut self, antennas: &[&[Complex32]]) -> Result<(), FrontEndError> {
        assert_eq!(antennas.len(), self.n_antennas, "one slice for each antenna");
        let len = antennas[0].len();
        assert!(antennas.iter().all(|a| a.len() == len), "slices of one length");
        self.bytes.clear();
        for i in 0..len {
            for antenna in antennas {
                self.status.clipped += u64::from(self.format.encode(antenna[i], &mut self.bytes));
            }
        }
        self.file.write_all(&self.bytes).map_err(|source| self.error(source))?;
        self.status.samples += len as u64;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), FrontEndError> {
        self.flush()?;
        match &self.meta {
            Some(meta) => meta.store(&self.path).map_err(|source| self.error(source)),
            None => Ok(()),
        }
    }

    fn status(&self) -> StreamStatus {
        self.status
    }
}
