//! What a rig says about an SDR device.

/// Settings of one direction of a device.
#[derive(Clone, PartialEq, Debug)]
pub struct SoapyDeviceConfig {
    /// Which device: `driver=NAME,key=value`, as `SoapySDRUtil --find` lists it.
    pub device: String,
    /// Channels, one per antenna of the carrier.
    pub channels: Vec<usize>,
    /// Name of the connector of each channel; empty: as the device has it.
    pub antennas: Vec<String>,
    /// Samples per second.
    pub sample_rate_hz: f64,
    /// Carrier frequency, Hz.
    pub frequency_hz: f64,
    /// Width of the analogue filter, Hz; `None`: as the device has it.
    pub bandwidth_hz: Option<f64>,
    /// Gain, dB; `None`: of a transmitter the lowest, of a receiver as the device has it.
    pub gain_db: Option<f64>,
    /// Where the device takes its clock from; `None`: as it is.
    pub clock_source: Option<String>,
    /// Where the device takes its time from; `None`: as it is.
    pub time_source: Option<String>,
    /// Format of the samples between driver and us.
    pub format: SoapyFormat,
    /// After this long without a sample moved the device counts as gone, ms.
    pub timeout_ms: u64,
}

/// A transmitter.
#[derive(Clone, PartialEq, Debug)]
pub struct SoapyTxConfig {
    /// The device.
    pub device: SoapyDeviceConfig,
    /// Width of the carrier, Hz; all of it must lie within what is permitted.
    pub occupied_hz: f64,
    /// Power at the connector of a signal at full scale with a gain of 0 dB, dBm: from the data sheet or measured.
    pub full_scale_dbm: f64,
    /// How far ahead of the device's time a burst is sent to it, ms.
    pub lead_ms: u32,
}

/// A receiver.
#[derive(Clone, PartialEq, Debug)]
pub struct SoapyRxConfig {
    /// The device.
    pub device: SoapyDeviceConfig,
}

/// Format of the samples between driver and us.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SoapyFormat {
    /// `CS16` where it is the device's own format, otherwise `CF32`, otherwise `CS16`.
    #[default]
    Auto,
    /// Two 16-bit integers.
    Cs16,
    /// Two 32-bit floats.
    Cf32,
}

impl SoapyDeviceConfig {
    /// One channel, everything else as the device has it.
    #[must_use]
    pub fn new(device: &str, sample_rate_hz: f64, frequency_hz: f64) -> Self {
        Self {
            device: device.into(),
            channels: vec![0],
            antennas: Vec::new(),
            sample_rate_hz,
            frequency_hz,
            bandwidth_hz: None,
            gain_db: None,
            clock_source: None,
            time_source: None,
            format: SoapyFormat::Auto,
            timeout_ms: Self::DEFAULT_TIMEOUT_MS,
        }
    }

    /// Time limit where a rig says none, ms.
    pub const DEFAULT_TIMEOUT_MS: u64 = 2000;
}

impl SoapyTxConfig {
    /// Lead where a rig says none, ms: more than the jitter of a host that is not made for real time.
    pub const DEFAULT_LEAD_MS: u32 = 20;
}
