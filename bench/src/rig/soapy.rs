//! `[soapysdr]`: SDR devices that transmit and receive, and what their operator permits.

use std::fmt;

use radio::{SoapyDeviceConfig, SoapyFormat, SoapyRxConfig, SoapyTxConfig, TransmitPermission};

use crate::strict_toml::Table;

/// SDR devices.
#[derive(Clone, PartialEq, Debug)]
pub struct SoapyRig {
    /// Carrier frequency, Hz.
    frequency_hz: f64,
    transmit: Option<Transmit>,
    receive: Option<Receive>,
}

/// The receiver.
#[derive(Clone, PartialEq, Debug)]
struct Receive {
    side: Side,
    full_scale_dbm: Option<f64>,
}

/// The transmitter and what it may radiate.
#[derive(Clone, PartialEq, Debug)]
struct Transmit {
    side: Side,
    full_scale_dbm: f64,
    lead_ms: u32,
    permission: TransmitPermission,
}

/// The device of one direction.
#[derive(Clone, PartialEq, Debug)]
struct Side {
    device: String,
    /// Empty: the first ones.
    channels: Vec<usize>,
    antennas: Vec<String>,
    gain_db: Option<f64>,
    bandwidth_hz: Option<f64>,
    clock_source: Option<String>,
    time_source: Option<String>,
    format: SoapyFormat,
    timeout_ms: u64,
}

impl SoapyRig {
    /// The transmitter for a carrier of `n_antennas` antennas that is `occupied_hz` wide, and what its operator permits;
    /// `None` when the rig has none.
    #[must_use]
    pub fn transmitter(
        &self,
        sample_rate_hz: f64,
        occupied_hz: f64,
        n_antennas: usize,
    ) -> Option<(SoapyTxConfig, &TransmitPermission)> {
        let transmit = self.transmit.as_ref()?;
        let device = transmit.side.config(sample_rate_hz, self.frequency_hz, n_antennas);
        let Transmit { full_scale_dbm, lead_ms, .. } = *transmit;
        Some((SoapyTxConfig { device, occupied_hz, full_scale_dbm, lead_ms }, &transmit.permission))
    }

    /// What the transmitter and the receiver are, where the rig has them.
    pub(crate) fn devices(&self) -> (Option<&str>, Option<&str>) {
        let transmitter = self.transmit.as_ref().map(|transmit| transmit.side.device.as_str());
        (transmitter, self.receive.as_ref().map(|receive| receive.side.device.as_str()))
    }

    /// How far ahead of the device's time samples are sent to it, ms.
    #[must_use]
    pub fn lead_ms(&self) -> u32 {
        self.transmit.as_ref().map_or(0, |transmit| transmit.lead_ms)
    }

    /// The receiver of `n_antennas` antennas; `None` when the rig has none.
    #[must_use]
    pub fn receiver(&self, sample_rate_hz: f64, n_antennas: usize) -> Option<SoapyRxConfig> {
        let device = self.receive.as_ref()?.side.config(sample_rate_hz, self.frequency_hz, n_antennas);
        Some(SoapyRxConfig { device })
    }

    /// Power at the antenna connector that gives samples with an rms of 1, dBm, where the rig tells.
    #[must_use]
    pub fn receive_full_scale_dbm(&self) -> Option<f64> {
        self.receive.as_ref()?.full_scale_dbm
    }
}

impl fmt::Display for SoapyRig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoapySDR at {} MHz", self.frequency_hz / 1e6)?;
        if let Some(transmit) = &self.transmit {
            write!(f, ", transmitting with {}, permitted: {}", transmit.side.device, transmit.permission.words())?;
        }
        if let Some(Receive { side, .. }) = &self.receive {
            write!(f, ", receiving with {}", side.device)?;
        }
        Ok(())
    }
}

impl Side {
    fn config(&self, sample_rate_hz: f64, frequency_hz: f64, n_antennas: usize) -> SoapyDeviceConfig {
        let side = self.clone();
        let channels = if side.channels.is_empty() { (0..n_antennas).collect() } else { side.channels };
        SoapyDeviceConfig {
            device: side.device,
            channels,
            antennas: side.antennas,
            sample_rate_hz,
            frequency_hz,
            bandwidth_hz: side.bandwidth_hz,
            gain_db: side.gain_db,
            clock_source: side.clock_source,
            time_source: side.time_source,
            format: side.format,
            timeout_ms: side.timeout_ms,
        }
    }
}

/// Reads `[soapysdr]`.
pub(super) fn soapy(t: &mut Table<'_>) -> SoapyRig {
    SoapyRig {
        frequency_hz: t.number("frequency_hz", FREQUENCIES_HZ),
        transmit: t.optional_table("transmit", transmit).flatten(),
        receive: t.optional_table("receive", receive),
    }
}

fn receive(t: &mut Table<'_>) -> Receive {
    Receive { side: side(t), full_scale_dbm: t.optional_number("full_scale_dbm", POWERS_DBM) }
}

/// `None` only where something was noted: the file is refused then.
fn transmit(t: &mut Table<'_>) -> Option<Transmit> {
    let side = side(t);
    let full_scale_dbm = t.number("full_scale_dbm", POWERS_DBM);
    let lead_ms = t.optional_integer("lead_ms", 1..=1000).unwrap_or(SoapyTxConfig::DEFAULT_LEAD_MS);
    let permission = t.table("permission", permission)?;
    Some(Transmit { side, full_scale_dbm, lead_ms, permission })
}

fn permission(t: &mut Table<'_>) -> Option<TransmitPermission> {
    let (low, high) = t.interval("frequency_hz", FREQUENCIES_HZ);
    let max_power_dbm = t.number("max_power_dbm", POWERS_DBM);
    let max_gain_db = t.number("max_gain_db", GAINS_DB);
    let words = t.text_that("words", "who permits it and why nobody is disturbed, in a few words", |words| {
        // With limits that are right, for only the words to be judged.
        TransmitPermission::new(1.0..=2.0, 0.0, 0.0, words).is_ok()
    });
    TransmitPermission::new(low..=high, max_power_dbm, max_gain_db, &words).ok()
}

fn side(t: &mut Table<'_>) -> Side {
    let formats = [("auto", SoapyFormat::Auto), ("CS16", SoapyFormat::Cs16), ("CF32", SoapyFormat::Cf32)];
    Side {
        device: t.text_that("device", "\"driver=NAME\" or \"driver=NAME,key=value\"", |d| d.contains("driver=")),
        channels: t.optional_integers("channels", 0..=15),
        antennas: t.optional_texts("antennas"),
        gain_db: t.optional_number("gain_db", GAINS_DB),
        bandwidth_hz: t.optional_number("bandwidth_hz", 1e3..=1e9),
        clock_source: t.optional_text("clock_source"),
        time_source: t.optional_text("time_source"),
        format: t.choice_or("format", &formats, SoapyFormat::Auto),
        timeout_ms: t.optional_integer("timeout_ms", 100..=60_000).unwrap_or(SoapyDeviceConfig::DEFAULT_TIMEOUT_MS),
    }
}

const FREQUENCIES_HZ: std::ops::RangeInclusive<f64> = 1e6..=100e9;
const POWERS_DBM: std::ops::RangeInclusive<f64> = -200.0..=100.0;
const GAINS_DB: std::ops::RangeInclusive<f64> = -200.0..=200.0;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::rig::Rig;

    const LAB: &str = r#"
        [soapysdr]
        frequency_hz = 626e6
        [soapysdr.transmit]
        device = "driver=uhd,type=b200"
        antennas = ["TX/RX"]
        full_scale_dbm = -20
        clock_source = "external"
        [soapysdr.transmit.permission]
        frequency_hz = [620e6, 632e6]
        max_power_dbm = -10
        max_gain_db = 5
        words = "by cable into a 60 dB attenuator, lab 3"
        [soapysdr.receive]
        device = "driver=lime"
        channels = [1, 0]
        gain_db = 30
        format = "CF32"
    "#;

    fn parse(text: &str) -> Result<Rig, String> {
        Rig::parse(Path::new("rig.toml"), text).map_err(|e| e.to_string())
    }

    #[test]
    fn both_directions_are_read() {
        let rig = parse(LAB).unwrap().soapysdr.unwrap();
        let (tx, permission) = rig.transmitter(7.68e6, 4.5e6, 2).unwrap();
        assert_eq!(permission.words(), "by cable into a 60 dB attenuator, lab 3");
        assert_eq!((tx.occupied_hz, tx.full_scale_dbm, tx.lead_ms), (4.5e6, -20.0, 20));
        assert_eq!((tx.device.channels, tx.device.gain_db, tx.device.timeout_ms), (vec![0, 1], None, 2000));
        assert_eq!((tx.device.sample_rate_hz, tx.device.frequency_hz), (7.68e6, 626e6));
        assert_eq!(tx.device.clock_source.as_deref(), Some("external"));
        let rx = rig.receiver(7.68e6, 2).unwrap().device;
        assert_eq!((rx.channels, rx.gain_db, rx.format), (vec![1, 0], Some(30.0), radio::SoapyFormat::Cf32));
        let says = "SoapySDR at 626 MHz, transmitting with driver=uhd,type=b200, permitted: by cable into a 60 dB \
                    attenuator, lab 3, receiving with driver=lime";
        assert_eq!(rig.to_string(), says);
    }

    #[test]
    fn there_is_no_transmitter_without_a_permission() {
        let cut = |from: &str| LAB.lines().filter(|l| !l.contains(from)).collect::<Vec<_>>().join("\n");
        let (before, _) = LAB.split_once("[soapysdr.transmit]").unwrap();
        let (_, receive) = LAB.split_once("[soapysdr.receive]").unwrap();
        let receive_only = format!("{before}[soapysdr.receive]{receive}");
        let rig = parse(&receive_only).unwrap().soapysdr.unwrap();
        assert!(rig.transmitter(7.68e6, 4.5e6, 1).is_none() && rig.receiver(7.68e6, 1).is_some());

        for key in ["words", "max_power_dbm", "max_gain_db", "[620e6"] {
            assert!(parse(&cut(key)).unwrap_err().contains("missing key `"), "{key}");
        }
        let without = LAB.replace("[soapysdr.transmit.permission]", "[soapysdr.else]");
        assert!(parse(&without).unwrap_err().contains("missing key `permission` in [transmit]"));
        for (from, to, says) in [
            ("by cable into a 60 dB attenuator, lab 3", "yes", "words = \"yes\" is wrong"),
            ("[620e6, 632e6]", "[632e6, 620e6]", "frequency_hz = [632e6, 620e6] is wrong"),
            ("[620e6, 632e6]", "620e6", "frequency_hz = 620e6 is wrong"),
            ("driver=uhd,", "", "device = \"type=b200\" is wrong"),
            ("max_gain_db = 5", "max_gain_db = nan", "max_gain_db = nan is wrong"),
            ("antennas = [\"TX/RX\"]", "antennas = [3]", "antennas = [3] is wrong"),
        ] {
            let error = parse(&LAB.replace(from, to)).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
