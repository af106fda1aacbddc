//! Listens in at a front end: what passes goes into a recording too, with its gaps and overflows.

use num_complex::Complex32;

use super::{FileSink, FrontEndError, IqSink, IqSource, ReadBlock, StreamStatus};

/// A front end with a recording of what passes it.
pub struct Tap<T> {
    inner: T,
    recording: FileSink,
    /// Number of the next sample, if none is missing; the first one begins the recording.
    next: Option<u64>,
    overflows: u64,
}

impl<T> Tap<T> {
    /// Records what passes `inner`.
    pub fn new(inner: T, recording: FileSink) -> Self {
        Self { inner, recording, next: None, overflows: 0 }
    }

    /// Completes the recording.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish_recording(&mut self) -> Result<(), FrontEndError> {
        self.recording.finish()
    }
}

impl<T: IqSource> IqSource for Tap<T> {
    fn sample_rate_hz(&self) -> f64 {
        self.inner.sample_rate_hz()
    }

    fn n_antennas(&self) -> usize {
        self.inner.n_antennas()
    }

    fn read(&mut self, antennas: &mut [&mut [Complex32]]) -> Result<ReadBlock, FrontEndError> {
        let block = self.inner.read(antennas)?;
        if let ReadBlock::Samples { at, len } = block {
            for _ in self.overflows..self.inner.status().overflows {
                self.recording.mark_overflow();
            }
            self.overflows = self.inner.status().overflows;
            if let Some(gap) = at.checked_sub(self.next.unwrap_or(at)).filter(|gap| *gap > 0) {
                self.recording.mark_gap(gap);
            }
            self.next = Some(at + len as u64);
            let antennas: Vec<&[Complex32]> = antennas.iter().map(|a| &a[..len]).collect();
            self.recording.write(&antennas)?;
        }
        Ok(block)
    }

    fn status(&self) -> StreamStatus {
        self.inner.status()
    }
}

impl<T: IqSink> IqSink for Tap<T> {
    fn write(&mut self, antennas: &[&[Complex32]]) -> Result<(), FrontEndError> {
        self.recording.write(antennas)?;
        self.inner.write(antennas)
    }

    fn finish(&mut self) -> Result<(), FrontEndError> {
        self.recording.finish()?;
        self.inner.finish()
    }

    fn status(&self) -> StreamStatus {
        self.inner.status()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front_end::{FileHints, FileSource, SampleFormat, SigmfHeader};

    /// Gives four blocks; the receiver overflows before the third, which is 50 samples late.
    struct Overflowing(u64);

    impl IqSource for Overflowing {
        fn sample_rate_hz(&self) -> f64 {
            1e6
        }

        fn n_antennas(&self) -> usize {
            1
        }

        fn read(&mut self, antennas: &mut [&mut [Complex32]]) -> Result<ReadBlock, FrontEndError> {
            let at = [1000, 1010, 1070, 1080].get(self.0 as usize).copied();
            self.0 += 1;
            antennas[0].fill(Complex32::new(self.0 as f32, 0.0));
            Ok(at.map_or(ReadBlock::End, |at| ReadBlock::Samples { at, len: 10 }))
        }

        fn status(&self) -> StreamStatus {
            StreamStatus { overflows: u64::from(self.0 > 2), ..StreamStatus::default() }
        }
    }

    #[test]
    fn a_recording_has_the_gaps_of_what_was_recorded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tap.sigmf-meta");
        let header = SigmfHeader {
            format: SampleFormat::Cf32,
            sample_rate_hz: 1e6,
            n_antennas: 1,
            frequency_hz: None,
            datetime: None,
            description: String::new(),
        };
        let mut tap = Tap::new(Overflowing(0), FileSink::sigmf(&path, &header).unwrap());
        let mut buffer = [Complex32::default(); 10];
        while tap.read(&mut [&mut buffer]).unwrap() != ReadBlock::End {}
        tap.finish_recording().unwrap();
        let mut source = FileSource::open(&path, &FileHints::default()).unwrap();
        for (at, len, first) in [(0, 10, 1.0), (10, 10, 2.0), (70, 10, 3.0), (80, 10, 4.0)] {
            assert_eq!(source.read(&mut [&mut buffer]).unwrap(), ReadBlock::Samples { at, len });
            assert_eq!(buffer[0].re, first);
        }
        assert_eq!(source.read(&mut [&mut buffer]).unwrap(), ReadBlock::End);
        assert_eq!((source.status().samples_lost, source.status().overflows), (50, 1));
    }
}
