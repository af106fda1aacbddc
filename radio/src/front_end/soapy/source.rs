//! Receives through SoapySDR.

use num_complex::{Complex, Complex32};
use soapysdr::{Direction, ErrorCode, RxStream};

use super::config::{SoapyFormat, SoapyRxConfig};
use super::device::{self, Opened, SoapyDeviceState};
use super::patience::{CALL_TIMEOUT_US, Patience};
use super::sample::DeviceSample;
use super::timeline::Timeline;
use crate::front_end::{FrontEndError, IqSource, ReadBlock, StreamStatus};

/// A receiver. Samples have full scale 1.0; components as large as can be are counted as clipped.
///
/// Gaps show as jumps of [`ReadBlock::Samples`]: of their length where the device gives times, otherwise of one sample.
pub struct SoapySource {
    receiver: Receiver,
    state: SoapyDeviceState,
}

enum Receiver {
    Cs16(Stream<Complex<i16>>),
    Cf32(Stream<Complex32>),
}

impl SoapySource {
    /// Opens a receiver, which listens from now on.
    ///
    /// # Errors
    /// The device is not there, or it cannot do what is asked for.
    pub fn open(config: &SoapyRxConfig) -> Result<Self, FrontEndError> {
        let opened = device::open(&config.device, Direction::Rx)?;
        let receiver = match opened.state.format {
            SoapyFormat::Cs16 => Receiver::Cs16(Stream::new(&opened, config)?),
            SoapyFormat::Cf32 | SoapyFormat::Auto => Receiver::Cf32(Stream::new(&opened, config)?),
        };
        Ok(Self { receiver, state: opened.state })
    }

    /// What the device says that it is and does.
    #[must_use]
    pub fn state(&self) -> &SoapyDeviceState {
        &self.state
    }
}

impl IqSource for SoapySource {
    fn sample_rate_hz(&self) -> f64 {
        self.state.sample_rate_hz
    }

    fn n_antennas(&self) -> usize {
        self.state.gain_db.len()
    }

    fn read(&mut self, antennas: &mut [&mut [Complex32]]) -> Result<ReadBlock, FrontEndError> {
        match &mut self.receiver {
            Receiver::Cs16(s) => s.read(antennas),
            Receiver::Cf32(s) => s.read(antennas),
        }
    }

    fn status(&self) -> StreamStatus {
        match &self.receiver {
            Receiver::Cs16(s) => s.status,
            Receiver::Cf32(s) => s.status,
        }
    }
}

struct Stream<S: DeviceSample> {
    stream: RxStream<S>,
    name: String,
    full_scale: f32,
    timeline: Timeline,
    patience: Patience,
    buffers: Vec<Vec<S>>,
    status: StreamStatus,
}

impl<S: DeviceSample> Stream<S> {
    fn new(opened: &Opened, config: &SoapyRxConfig) -> Result<Self, FrontEndError> {
        let channels = &config.device.channels;
        let gone = |e| device::gone(&opened.name, &e);
        let mut stream = opened.device.rx_stream::<S>(channels).map_err(gone)?;
        stream.activate(None).map_err(gone)?;
        Ok(Self {
            stream,
            name: opened.name.clone(),
            full_scale: opened.state.full_scale as f32,
            timeline: Timeline::new(opened.state.sample_rate_hz),
            patience: Patience::new(config.device.timeout_ms),
            buffers: vec![Vec::new(); channels.len()],
            status: StreamStatus::default(),
        })
    }

    fn read(&mut self, antennas: &mut [&mut [Complex32]]) -> Result<ReadBlock, FrontEndError> {
        let wanted = antennas.first().map_or(0, |a| a.len());
        if antennas.len() != self.buffers.len() || wanted == 0 || antennas.iter().any(|a| a.len() != wanted) {
            let why =
                format!("{} buffers for {} channels, empty or of unlike length", antennas.len(), self.buffers.len());
            return Err(FrontEndError::Unsupported { front_end: self.name.clone(), why });
        }
        let (before, len) = self.receive(wanted)?;
        let placed = self.timeline.place(len as u64, before, self.stream.time_ns());
        for (antenna, buffer) in antennas.iter_mut().zip(&self.buffers) {
            for (out, sample) in antenna.iter_mut().zip(&buffer[..len]) {
                *out = sample.unpack(self.full_scale, &mut self.status.clipped);
            }
        }
        self.status.samples += len as u64;
        self.status.samples_lost += placed.lost;
        Ok(ReadBlock::Samples { at: placed.at, len })
    }

    /// Waits for samples; the driver's time before the call that gave some, and how many it gave.
    fn receive(&mut self, wanted: usize) -> Result<(i64, usize), FrontEndError> {
        for buffer in &mut self.buffers {
            buffer.resize(wanted, S::ZERO);
        }
        loop {
            let before = self.stream.time_ns();
            let mut slices: Vec<&mut [S]> = self.buffers.iter_mut().map(|b| &mut b[..wanted]).collect();
            match self.stream.read(&mut slices, CALL_TIMEOUT_US) {
                Ok(len) if len > 0 => {
                    self.patience.reset();
                    return Ok((before, len.min(wanted)));
                }
                Ok(_) => {}
                Err(e) => match e.code {
                    ErrorCode::Timeout | ErrorCode::Underflow => {}
                    // Drivers say it in different words when they have dropped something.
                    ErrorCode::Overflow | ErrorCode::TimeError | ErrorCode::Corruption => {
                        self.status.overflows += 1;
                        self.timeline.lost_some();
                    }
                    _ => return Err(device::gone(&self.name, &e)),
                },
            }
            self.patience.wait(&self.name)?;
        }
    }
}
