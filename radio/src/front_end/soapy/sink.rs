//! Transmits through SoapySDR, in timed bursts where the device has a clock.

use std::time::Duration;

use num_complex::{Complex, Complex32};
use soapysdr::{Device, Direction, ErrorCode, TxStream};

use super::config::{SoapyDeviceConfig, SoapyFormat, SoapyTxConfig};
use super::device::{self, Opened, SoapyDeviceState};
use super::patience::{CALL_TIMEOUT_US, Patience};
use super::sample::DeviceSample;
use crate::front_end::{FrontEndError, IqSink, StreamStatus, Transmission, TransmitPermission};

/// A transmitter. Samples have full scale 1.0; what is beyond is cut off and counted.
///
/// With a clock in the device, sample `n` is on air at the time of sample 0 plus `n` sample durations, always: after a
/// burst that came late or a device that ran dry, what can no longer be sent in time is left out and counted.
pub struct SoapySink {
    transmitter: Transmitter,
    state: SoapyDeviceState,
    device: Device,
    config: SoapyDeviceConfig,
}

enum Transmitter {
    Cs16(Bursts<Complex<i16>>),
    Cf32(Bursts<Complex32>),
}

impl SoapySink {
    /// Opens a transmitter, which is silent until the first samples come. Nothing is opened that is not permitted.
    ///
    /// # Errors
    /// It is not permitted, the device is not there, or it cannot do what is asked for.
    pub fn open(config: &SoapyTxConfig, permission: &TransmitPermission) -> Result<Self, FrontEndError> {
        let wanted = |frequency_hz: f64, gain_db: f64| Transmission {
            frequency_hz,
            occupied_hz: config.occupied_hz,
            gain_db,
            power_dbm: config.full_scale_dbm + gain_db,
        };
        // Before any device is touched, as far as it can be known.
        let gain_db = config.device.gain_db.unwrap_or(f64::NEG_INFINITY);
        permission.check(&wanted(config.device.frequency_hz, gain_db))?;

        let Opened { device, name, mut state } = device::open(&config.device, Direction::Tx)?;
        let unsupported = |why: String| FrontEndError::Unsupported { front_end: name.clone(), why };
        for (state_db, &channel) in state.gain_db.iter_mut().zip(&config.device.channels) {
            let refused = |e: soapysdr::Error| unsupported(format!("gain: {}", e.message));
            if let Some(gain_db) = config.device.gain_db {
                device.set_gain(Direction::Tx, channel, gain_db).map_err(refused)?;
            }
            *state_db = device.gain(Direction::Tx, channel).map_err(refused)?;
            let frequency_hz = device.frequency(Direction::Tx, channel).unwrap_or(f64::NAN);
            if let Err(refused) = permission.check(&wanted(frequency_hz, *state_db)) {
                let _ = device::turn_down(&device, &config.device);
                return Err(refused.into());
            }
        }
        let transmitter = match state.format {
            SoapyFormat::Cs16 => Transmitter::Cs16(Bursts::new(&device, &name, &state, config)?),
            SoapyFormat::Cf32 | SoapyFormat::Auto => Transmitter::Cf32(Bursts::new(&device, &name, &state, config)?),
        };
        Ok(Self { transmitter, state, device, config: config.device.clone() })
    }

    /// What the device says that it is and does.
    #[must_use]
    pub fn state(&self) -> &SoapyDeviceState {
        &self.state
    }
}

impl IqSink for SoapySink {
    fn write(&mut self, antennas: &[&[Complex32]]) -> Result<(), FrontEndError> {
        match &mut self.transmitter {
            Transmitter::Cs16(b) => b.write(antennas),
            Transmitter::Cf32(b) => b.write(antennas),
        }
    }

    fn finish(&mut self) -> Result<(), FrontEndError> {
        let finished = match &mut self.transmitter {
            Transmitter::Cs16(b) => b.finish(),
            Transmitter::Cf32(b) => b.finish(),
        };
        // Also when the stream broke: whatever is still there shall be quiet.
        let _ = device::turn_down(&self.device, &self.config);
        finished
    }

    fn status(&self) -> StreamStatus {
        match &self.transmitter {
            Transmitter::Cs16(b) => b.status,
            Transmitter::Cf32(b) => b.status,
        }
    }
}

impl Drop for SoapySink {
    fn drop(&mut self) {
        let _ = device::turn_down(&self.device, &self.config);
    }
}

/// A stream of samples in bursts.
struct Bursts<S: DeviceSample> {
    stream: TxStream<S>,
    device: Device,
    name: String,
    rate_hz: f64,
    full_scale: f32,
    timed: bool,
    lead_ns: i64,
    mtu: usize,
    patience: Patience,
    buffers: Vec<Vec<S>>,
    status: StreamStatus,
    /// The device says what became of bursts.
    has_status: bool,
    /// Number of the next sample.
    next: u64,
    /// Device time of sample 0.
    start_ns: Option<i64>,
    /// A burst is on its way.
    in_burst: bool,
    /// The burst is not on air as it should be.
    broken: bool,
    /// Samples to leave out before the next burst begins.
    left_out: usize,
}

impl<S: DeviceSample> Bursts<S> {
    fn new(
        device: &Device,
        name: &str,
        state: &SoapyDeviceState,
        config: &SoapyTxConfig,
    ) -> Result<Self, FrontEndError> {
        let channels = &config.device.channels;
        let stream = device.tx_stream::<S>(channels).map_err(|e| device::gone(name, &e))?;
        Ok(Self {
            mtu: stream.mtu().unwrap_or(DEFAULT_MTU).max(1),
            stream,
            device: device.clone(),
            name: name.into(),
            rate_hz: state.sample_rate_hz,
            full_scale: state.full_scale as f32,
            timed: state.timed,
            lead_ns: i64::from(config.lead_ms) * 1_000_000,
            patience: Patience::new(config.device.timeout_ms),
            buffers: vec![Vec::new(); channels.len()],
            status: StreamStatus::default(),
            has_status: true,
            next: 0,
            start_ns: None,
            in_burst: false,
            broken: false,
            left_out: 0,
        })
    }

    fn write(&mut self, antennas: &[&[Complex32]]) -> Result<(), FrontEndError> {
        let len = antennas.first().map_or(0, |a| a.len());
        if antennas.len() != self.buffers.len() || antennas.iter().any(|a| a.len() != len) {
            let why = format!("{} antennas for {} channels, or of unlike length", antennas.len(), self.buffers.len());
            return Err(FrontEndError::Unsupported { front_end: self.name.clone(), why });
        }
        for (buffer, antenna) in self.buffers.iter_mut().zip(antennas) {
            buffer.clear();
            buffer.extend(antenna.iter().map(|&s| S::pack(s, self.full_scale, &mut self.status.clipped)));
        }
        let begin = self.begin_burst(len)?;
        self.send(begin..len)?;
        self.look_at_status()
    }

    /// How many of `len` samples are left out because a burst cannot begin earlier.
    fn begin_burst(&mut self, len: usize) -> Result<usize, FrontEndError> {
        if self.in_burst {
            return Ok(0);
        }
        if !self.stream.active() {
            self.stream.activate(None).map_err(|e| device::gone(&self.name, &e))?;
        }
        if !self.timed {
            return Ok(0);
        }
        let planned = self.left_out.min(len);
        self.left_out -= planned;
        self.leave_out(planned);
        let now_ns = self.device.get_hardware_time(None).map_err(|e| device::gone(&self.name, &e))?;
        let earliest_ns = now_ns.saturating_add(self.lead_ns);
        let start_ns = *self.start_ns.get_or_insert(earliest_ns);
        let since_start = earliest_ns.saturating_sub(start_ns) as f64 * self.rate_hz / 1e9;
        let behind = (since_start - self.next as f64).round().max(0.0) as usize;
        let behind = behind.min(len - planned);
        self.leave_out(behind);
        Ok(planned + behind)
    }

    fn leave_out(&mut self, n: usize) {
        self.next += n as u64;
        self.status.samples_lost += n as u64;
    }

    /// Device time of the next sample, for the first samples of a burst.
    fn burst_time_ns(&self) -> Option<i64> {
        let since_start = (self.next as f64 * 1e9 / self.rate_hz).round() as i64;
        self.start_ns.filter(|_| !self.in_burst).map(|start| start.saturating_add(since_start))
    }

    /// Sends samples of the buffers, in as many pieces as the driver likes, without ending the burst.
    fn send(&mut self, samples: std::ops::Range<usize>) -> Result<(), FrontEndError> {
        let mut at = samples.start;
        while at < samples.end {
            let until = samples.end.min(at + self.mtu);
            at += self.send_piece(at..until, false)?;
        }
        Ok(())
    }

    /// One call of the driver; how many samples it took.
    fn send_piece(&mut self, samples: std::ops::Range<usize>, end_burst: bool) -> Result<usize, FrontEndError> {
        let time_ns = self.burst_time_ns();
        let pieces: Vec<&[S]> = self.buffers.iter().map(|b| &b[samples.clone()]).collect();
        match self.stream.write(&pieces, time_ns, end_burst, CALL_TIMEOUT_US) {
            Ok(taken) if taken > 0 => {
                let taken = taken.min(samples.len());
                self.patience.reset();
                self.in_burst = true;
                self.next += taken as u64;
                self.status.samples += taken as u64;
                return Ok(taken);
            }
            Ok(_) => {}
            Err(e) => self.note(&e)?,
        }
        self.patience.wait(&self.name)?;
        Ok(0)
    }

    /// Counts what a driver says besides moving samples.
    fn note(&mut self, error: &soapysdr::Error) -> Result<(), FrontEndError> {
        match error.code {
            ErrorCode::Underflow => self.status.underflows += 1,
            ErrorCode::TimeError => self.status.late += 1,
            // The latter two are a packet that was hurt on its way to the device; the stream goes on.
            ErrorCode::Timeout | ErrorCode::Corruption | ErrorCode::Overflow => return Ok(()),
            _ => return Err(device::gone(&self.name, error)),
        }
        self.broken = true;
        Ok(())
    }

    /// Takes all news from the device. A burst that is not on air in time is ended, for the next one to be in time.
    fn look_at_status(&mut self) -> Result<(), FrontEndError> {
        for _ in 0..MAX_NEWS {
            if !self.has_status {
                break;
            }
            let (mut channels, mut flags, mut time_ns) = (0, 0, 0);
            match self.stream.read_status(&mut channels, &mut flags, &mut time_ns, 0) {
                Ok(_) => {}
                Err(e) if e.code == ErrorCode::Timeout => break,
                Err(e) if e.code == ErrorCode::NotSupported => self.has_status = false,
                Err(e) => self.note(&e)?,
            }
        }
        if std::mem::take(&mut self.broken) && self.timed {
            self.end_burst()?;
            // The zeros took the place of samples; the next burst gets its lead anew.
            self.left_out = self.tail() + (self.lead_ns as f64 * self.rate_hz / 1e9) as usize;
        }
        Ok(())
    }

    /// Zeros, and with the last few of them the end of the burst: some devices hold the last sample as a carrier.
    fn end_burst(&mut self) -> Result<(), FrontEndError> {
        if !self.in_burst {
            return Ok(());
        }
        let zeros = self.tail();
        for buffer in &mut self.buffers {
            buffer.clear();
            buffer.resize(zeros, S::ZERO);
        }
        let (next, samples) = (self.next, self.status.samples);
        self.send(0..zeros - LAST_PIECE)?;
        let mut at = zeros - LAST_PIECE;
        while at < zeros {
            at += self.send_piece(at..zeros, true)?;
        }
        // These were not samples of the stream.
        (self.next, self.status.samples) = (next, samples);
        self.in_burst = false;
        Ok(())
    }

    /// Zeros after a burst.
    fn tail(&self) -> usize {
        (self.rate_hz * TAIL_S) as usize + LAST_PIECE
    }

    fn finish(&mut self) -> Result<(), FrontEndError> {
        if !self.stream.active() {
            return Ok(());
        }
        self.end_burst()?;
        self.let_it_play()?;
        self.look_at_status()?;
        self.stream.deactivate(None).map_err(|e| device::gone(&self.name, &e))
    }

    /// Waits until what was sent should be on air, for deactivation cuts it off. A device whose clock stands still is
    /// not waited for longer than that.
    #[expect(clippy::disallowed_methods, reason = "a device plays its samples in wall time")]
    fn let_it_play(&self) -> Result<(), FrontEndError> {
        let Some(start_ns) = self.start_ns else {
            return Ok(());
        };
        let end_ns = start_ns.saturating_add((self.next as f64 * 1e9 / self.rate_hz) as i64 + (TAIL_S * 1e9) as i64);
        let now_ns = |s: &Self| s.device.get_hardware_time(None).map_err(|e| device::gone(&s.name, &e));
        let rest_ms = (end_ns.saturating_sub(now_ns(self)?) / 1_000_000).clamp(0, MAX_REST_MS);
        for _ in 0..rest_ms {
            if now_ns(self)? >= end_ns {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

/// Where a driver names no size of its own, samples per call.
const DEFAULT_MTU: usize = 4096;

/// News of one device taken at a time.
const MAX_NEWS: usize = 64;

/// Zeros after a burst, seconds: longer than the filters of a device.
const TAIL_S: f64 = 0.001;

/// The zeros that end a burst, few enough for any driver to take them at once.
const LAST_PIECE: usize = 64;

/// Longest wait for the last samples, ms.
const MAX_REST_MS: i64 = 1000;
