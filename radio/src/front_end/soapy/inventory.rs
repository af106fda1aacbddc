//! Which devices there are, and how one is made silent by somebody who does not use it.

use soapysdr::{Args, Device, Direction};

use crate::front_end::FrontEndError;

/// A device that SoapySDR finds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SoapyFound {
    /// What it is opened with: `driver=NAME,serial=...`.
    pub device: String,
    /// Its driver.
    pub driver: String,
    /// Its serial number; empty if it has none.
    pub serial: String,
    /// What it calls itself.
    pub label: String,
}

/// Looks for devices, which is asked of all drivers and may take seconds.
///
/// # Errors
/// SoapySDR itself fails.
pub fn soapy_devices() -> Result<Vec<SoapyFound>, FrontEndError> {
    let failed = |e: soapysdr::Error| FrontEndError::Unsupported { front_end: "SoapySDR".into(), why: e.message };
    let found = soapysdr::enumerate(Args::new()).map_err(failed)?;
    let mut found: Vec<SoapyFound> = found
        .iter()
        .map(|args| {
            let get = |key| args.get(key).unwrap_or_default().to_owned();
            let (driver, serial) = (get("driver"), get("serial"));
            let device = if serial.is_empty() {
                let rest = args.iter().filter(|(key, _)| !["driver", "label"].contains(key));
                rest.fold(format!("driver={driver}"), |all, (key, value)| format!("{all},{key}={value}"))
            } else {
                format!("driver={driver},serial={serial}")
            };
            SoapyFound { device, driver, serial, label: get("label") }
        })
        .collect();
    found.sort_by(|a, b| a.device.cmp(&b.device));
    Ok(found)
}

/// Opens a device, turns all its transmitters down to their lowest gain and closes it: whatever it was left at by a
/// program that died, it is silent then.
///
/// # Errors
/// The device is not there, somebody has it, or it does not do that.
pub fn silence_soapy(device: &str) -> Result<(), FrontEndError> {
    let name = format!("SoapySDR {device}");
    let failed = |e: soapysdr::Error| FrontEndError::Unsupported { front_end: name.clone(), why: e.message };
    if device.contains('\0') || !device.split(',').all(|part| part.contains('=')) {
        let why = "a device is written driver=NAME or driver=NAME,key=value".to_owned();
        return Err(FrontEndError::Unsupported { front_end: name, why });
    }
    let device = Device::new(device).map_err(failed)?;
    for channel in 0..device.num_channels(Direction::Tx).map_err(failed)? {
        let lowest = device.gain_range(Direction::Tx, channel).map_err(failed)?.minimum;
        device.set_gain(Direction::Tx, channel, lowest).map_err(failed)?;
    }
    Ok(())
}
