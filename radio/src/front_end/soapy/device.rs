//! Opens a device and sets it up; what it does not have is refused with what it has.

use std::fmt;

use soapysdr::{Args, Device, Direction, Error, ErrorCode, Format, Range};

use super::config::{SoapyDeviceConfig, SoapyFormat};
use crate::front_end::FrontEndError;

/// What a device says that it is and does, for the report.
#[derive(Clone, PartialEq, Debug)]
pub struct SoapyDeviceState {
    /// Its driver.
    pub driver: String,
    /// Its hardware.
    pub hardware: String,
    /// Samples per second.
    pub sample_rate_hz: f64,
    /// Carrier frequency, Hz.
    pub frequency_hz: f64,
    /// Width of its filter, Hz; 0 if it does not say.
    pub bandwidth_hz: f64,
    /// Gain of each channel, dB.
    pub gain_db: Vec<f64>,
    /// Connector of each channel.
    pub antennas: Vec<String>,
    /// Where its clock comes from; empty if it does not say.
    pub clock_source: String,
    /// Where its time comes from; empty if it does not say.
    pub time_source: String,
    /// Format of the samples between driver and us.
    pub format: SoapyFormat,
    /// The largest sample value of that format is one step below this.
    pub full_scale: f64,
    /// It has a clock that bursts and samples are timed with.
    pub timed: bool,
}

impl fmt::Display for SoapyDeviceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { driver, hardware, sample_rate_hz, frequency_hz, gain_db, antennas, .. } = self;
        write!(f, "{driver} {hardware}, {:.6} MHz, {:.6} MS/s", frequency_hz / 1e6, sample_rate_hz / 1e6)?;
        for (gain, antenna) in gain_db.iter().zip(antennas) {
            write!(f, ", {antenna} {gain} dB")?;
        }
        for (what, source) in [("clock", &self.clock_source), ("time", &self.time_source)] {
            if !source.is_empty() {
                write!(f, ", {what} {source}")?;
            }
        }
        f.write_str(if self.timed { "" } else { ", not timed" })
    }
}

/// A device that is set up, with no stream yet.
pub(super) struct Opened {
    pub(super) device: Device,
    pub(super) name: String,
    pub(super) state: SoapyDeviceState,
}

/// Opens `config.device`, turns a transmitter down to its lowest gain and sets everything but the gain of a transmitter.
pub(super) fn open(config: &SoapyDeviceConfig, direction: Direction) -> Result<Opened, FrontEndError> {
    let name = format!("SoapySDR {}", config.device);
    let checked = Setup { name: &name, config, direction };
    checked.texts()?;
    let device = Device::new(config.device.as_str()).map_err(|e| {
        checked.unsupported(format!("{}; `SoapySDRUtil --find` lists the devices that are there", e.message))
    })?;
    let state = checked.set_up(&device)?;
    Ok(Opened { device, name, state })
}

/// The lowest gain of every channel of a transmitter.
pub(super) fn turn_down(device: &Device, config: &SoapyDeviceConfig) -> Result<(), Error> {
    for &channel in &config.channels {
        let lowest = device.gain_range(Direction::Tx, channel)?.minimum;
        device.set_gain(Direction::Tx, channel, lowest)?;
    }
    Ok(())
}

/// What a driver's error means for a stream that is running.
pub(super) fn gone(name: &str, error: &Error) -> FrontEndError {
    let why = if error.message.is_empty() { format!("{:?}", error.code) } else { error.message.clone() };
    match error.code {
        ErrorCode::NotSupported => FrontEndError::Unsupported { front_end: name.into(), why },
        _ => FrontEndError::Gone { front_end: name.into(), why },
    }
}

struct Setup<'a> {
    name: &'a str,
    config: &'a SoapyDeviceConfig,
    direction: Direction,
}

impl Setup<'_> {
    fn unsupported(&self, why: String) -> FrontEndError {
        FrontEndError::Unsupported { front_end: self.name.into(), why }
    }

    /// A driver that refuses something.
    fn refused(&self, what: &str) -> impl Fn(Error) -> FrontEndError + use<'_> {
        let what = what.to_owned();
        move |e| self.unsupported(format!("{what}: {}", e.message))
    }

    /// The binding panics on NUL, and takes an argument that it does not understand for none: any device would do then.
    fn texts(&self) -> Result<(), FrontEndError> {
        let c = self.config;
        let texts = [Some(&c.device), c.clock_source.as_ref(), c.time_source.as_ref()];
        if texts.into_iter().flatten().chain(&c.antennas).any(|t| t.contains('\0')) {
            return Err(self.unsupported("a name with a NUL character".into()));
        }
        let named = Args::from(c.device.as_str()).get("driver").is_some_and(|d| !d.is_empty());
        if !named || !c.device.split(',').all(|part| part.contains('=')) {
            return Err(self.unsupported("a device is written driver=NAME or driver=NAME,key=value".into()));
        }
        if c.channels.is_empty() {
            return Err(self.unsupported("no channel; write for example channels = [0]".into()));
        }
        if !c.antennas.is_empty() && c.antennas.len() != c.channels.len() {
            let (antennas, channels) = (c.antennas.len(), c.channels.len());
            return Err(self.unsupported(format!("{antennas} antennas for {channels} channels; one each, or none")));
        }
        Ok(())
    }

    fn set_up(&self, device: &Device) -> Result<SoapyDeviceState, FrontEndError> {
        let (config, direction) = (self.config, self.direction);
        let n_channels = device.num_channels(direction).map_err(self.refused("channels"))?;
        if let Some(channel) = config.channels.iter().find(|&&c| c >= n_channels) {
            return Err(self.unsupported(format!("no channel {channel}; it has {n_channels}, counted from 0")));
        }
        if direction == Direction::Tx {
            turn_down(device, config).map_err(self.refused("lowest gain"))?;
        }
        self.set_sources(device)?;
        for (i, &channel) in config.channels.iter().enumerate() {
            self.set_channel(device, channel, config.antennas.get(i))?;
        }
        let first = config.channels[0];
        let (format, full_scale) = self.format(device, first)?;
        let gain_db: Result<Vec<f64>, Error> = config.channels.iter().map(|&c| device.gain(direction, c)).collect();
        Ok(SoapyDeviceState {
            driver: device.driver_key().unwrap_or_default(),
            hardware: device.hardware_key().unwrap_or_default(),
            sample_rate_hz: device.sample_rate(direction, first).map_err(self.refused("sample rate"))?,
            frequency_hz: device.frequency(direction, first).map_err(self.refused("frequency"))?,
            bandwidth_hz: device.bandwidth(direction, first).unwrap_or_default(),
            gain_db: gain_db.map_err(self.refused("gain"))?,
            antennas: config.channels.iter().map(|&c| device.antenna(direction, c).unwrap_or_default()).collect(),
            clock_source: device.get_clock_source().unwrap_or_default(),
            time_source: device.get_time_source().unwrap_or_default(),
            format,
            full_scale,
            timed: device.has_hardware_time(None).unwrap_or(false),
        })
    }

    fn set_sources(&self, device: &Device) -> Result<(), FrontEndError> {
        if let Some(source) = &self.config.clock_source {
            self.one_of("clock source", source, &device.list_clock_sources().unwrap_or_default())?;
            device.set_clock_source(source.as_str()).map_err(self.refused("clock source"))?;
        }
        if let Some(source) = &self.config.time_source {
            self.one_of("time source", source, &device.list_time_sources().unwrap_or_default())?;
            device.set_time_source(source.as_str()).map_err(self.refused("time source"))?;
        }
        Ok(())
    }

    fn set_channel(&self, device: &Device, channel: usize, antenna: Option<&String>) -> Result<(), FrontEndError> {
        let (config, direction) = (self.config, self.direction);
        if let Some(antenna) = antenna {
            self.one_of("antenna", antenna, &device.antennas(direction, channel).unwrap_or_default())?;
            device.set_antenna(direction, channel, antenna.as_str()).map_err(self.refused("antenna"))?;
        }

        let rate_hz = config.sample_rate_hz;
        self.within("sample rate", rate_hz, &device.get_sample_rate_range(direction, channel).unwrap_or_default())?;
        device.set_sample_rate(direction, channel, rate_hz).map_err(self.refused("sample rate"))?;
        let made = device.sample_rate(direction, channel).map_err(self.refused("sample rate"))?;
        self.close("sample rate", rate_hz, made, rate_hz * RATE_TOLERANCE)?;

        let frequency_hz = config.frequency_hz;
        self.within("frequency", frequency_hz, &device.frequency_range(direction, channel).unwrap_or_default())?;
        device.set_frequency(direction, channel, frequency_hz, ()).map_err(self.refused("frequency"))?;
        let made = device.frequency(direction, channel).map_err(self.refused("frequency"))?;
        self.close("frequency", frequency_hz, made, FREQUENCY_TOLERANCE_HZ)?;

        if let Some(bandwidth_hz) = config.bandwidth_hz {
            self.within("bandwidth", bandwidth_hz, &device.bandwidth_range(direction, channel).unwrap_or_default())?;
            device.set_bandwidth(direction, channel, bandwidth_hz).map_err(self.refused("bandwidth"))?;
        }
        if let Some(gain_db) = config.gain_db {
            let range = device.gain_range(direction, channel).map_err(self.refused("gain"))?;
            self.within("gain", gain_db, &[range])?;
            if direction == Direction::Rx {
                // Some drivers have no such mode and say so by an error.
                let _ = device.set_gain_mode(direction, channel, false);
                device.set_gain(direction, channel, gain_db).map_err(self.refused("gain"))?;
            }
        }
        Ok(())
    }

    /// The format to use, and its full scale.
    fn format(&self, device: &Device, channel: usize) -> Result<(SoapyFormat, f64), FrontEndError> {
        let offered = device.stream_formats(self.direction, channel).map_err(self.refused("stream formats"))?;
        // A device without a native format that the binding knows is driven by converted samples.
        let native = device.native_stream_format(self.direction, channel).ok();
        let native_cs16 = native.filter(|(format, full_scale)| *format == Format::CS16 && *full_scale > 1.0);
        let cs16 = native_cs16.map_or(CONVERTED_FULL_SCALE, |(_, full_scale)| full_scale.min(CONVERTED_FULL_SCALE));
        let (has_cs16, has_cf32) = (offered.contains(&Format::CS16), offered.contains(&Format::CF32));
        match self.config.format {
            SoapyFormat::Auto if has_cs16 && native_cs16.is_some() => Ok((SoapyFormat::Cs16, cs16)),
            SoapyFormat::Auto | SoapyFormat::Cf32 if has_cf32 => Ok((SoapyFormat::Cf32, 1.0)),
            SoapyFormat::Auto | SoapyFormat::Cs16 if has_cs16 => Ok((SoapyFormat::Cs16, cs16)),
            wanted => Err(self.unsupported(format!("no stream format for {wanted:?}; it has {offered:?}"))),
        }
    }

    fn one_of(&self, what: &str, wanted: &str, has: &[String]) -> Result<(), FrontEndError> {
        if has.iter().any(|h| h == wanted) {
            return Ok(());
        }
        let has = if has.is_empty() { "none to choose from".into() } else { has.join(", ") };
        Err(self.unsupported(format!("no {what} {wanted}; it has {has}")))
    }

    /// A device that names no range is taken at its word later.
    fn within(&self, what: &str, wanted: f64, ranges: &[Range]) -> Result<(), FrontEndError> {
        let inside = ranges.is_empty() || ranges.iter().any(|r| r.minimum <= wanted && wanted <= r.maximum);
        if inside && wanted.is_finite() {
            return Ok(());
        }
        let has: Vec<String> = ranges.iter().map(|r| format!("{} to {}", r.minimum, r.maximum)).collect();
        Err(self.unsupported(format!("{what} {wanted} is out of its range {}", has.join(", "))))
    }

    fn close(&self, what: &str, wanted: f64, made: f64, tolerance: f64) -> Result<(), FrontEndError> {
        if (wanted - made).abs() <= tolerance {
            return Ok(());
        }
        Err(self.unsupported(format!("asked for {what} {wanted}, the device made it {made}")))
    }
}

/// Relative error of the sample rate that every receiver tracks.
const RATE_TOLERANCE: f64 = 1e-6;

/// Steps of a synthesiser; far less than what a receiver acquires.
const FREQUENCY_TOLERANCE_HZ: f64 = 100.0;

/// Full scale of `CS16` where the driver converts.
const CONVERTED_FULL_SCALE: f64 = 32768.0;
