//! The safe state of a device: transmitters silent, attenuators at their maximum, modems without radio.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pause;
use crate::at::AtConfig;
use crate::at::ts27007::{Functionality, ReadFunctionality, SetFunctionality};
use crate::attenuator::AttenuatorConfig;
use crate::inventory::ModemPlace;
use crate::port::{LiveClock, LiveHost, SerialDevice};

/// Makes a transmitter silent; the argument names the device as SoapySDR does.
pub type Silence<'a> = &'a (dyn Fn(&str) -> Result<(), String> + Sync);

/// What makes a device safe.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SafeState {
    /// Nothing: it is not dangerous.
    Any,
    /// An attenuator at its maximum.
    Attenuator(AttenuatorConfig),
    /// A modem with `AT+CFUN=4`.
    Modem {
        /// Where it is.
        place: ModemPlace,
        /// Rate of its port.
        baud: u32,
    },
    /// An SDR that does not transmit, named as SoapySDR does.
    Silent {
        /// The device.
        device: String,
    },
}

/// An instrument may be busy with what the holder asked of it: no new attempt after this.
const INSTRUMENT_LIMIT: Duration = Duration::from_secs(8);
/// A modem that starts again is back in this time.
const MODEM_LIMIT: Duration = Duration::from_secs(30);
const BETWEEN: Duration = Duration::from_millis(250);

impl SafeState {
    /// Is it cheap, and brought about at the start of every use as well?
    pub(super) const fn at_start(&self) -> bool {
        matches!(self, Self::Attenuator(_))
    }

    pub(super) fn perform(&self, name: &str, silence: Silence<'_>) -> Result<(), String> {
        match self {
            Self::Any => Ok(()),
            Self::Attenuator(config) => {
                retry(INSTRUMENT_LIMIT, || config.set_maximum().map(drop).map_err(|e| e.to_string()))
            }
            Self::Modem { place, baud } => {
                retry(MODEM_LIMIT, || flight_mode(place, *baud)).map_err(|why| format!("modem {name}: {why}"))
            }
            Self::Silent { device } => {
                retry(INSTRUMENT_LIMIT, || silence(device)).map_err(|why| format!("transmitter {name}: {why}"))
            }
        }
    }
}

fn retry(limit: Duration, work: impl Fn() -> Result<(), String>) -> Result<(), String> {
    let clock = LiveClock::start();
    loop {
        let result = work();
        if result.is_ok() || clock.now().elapsed() >= limit {
            return result;
        }
        pause(BETWEEN);
    }
}

/// `AT+CFUN=4`, on whatever port the modem is now.
fn flight_mode(place: &ModemPlace, baud: u32) -> Result<(), String> {
    let port = place.port().map_err(|e| e.to_string())?;
    let device = SerialDevice::open(&port, baud).map_err(|e| format!("{port}: {e}"))?;
    let mut host = LiveHost::new(AtConfig::default(), device);
    let flight = SetFunctionality { functionality: Functionality::Flight, reset: false };
    host.ask(&flight).map_err(|e| format!("{port}: {e}"))?;
    // The answer may have been meant for what the dead holder sent last.
    match host.ask(&ReadFunctionality).map_err(|e| format!("{port}: {e}"))? {
        Functionality::Flight => Ok(()),
        other => Err(format!("{port}: +CFUN=4 was answered, but +CFUN? says {}", other.value())),
    }
}
