//! SDR devices through SoapySDR.
//!
//! What drivers do differently is met on the safe side: the write loop is ours (a burst ends when we say so and not with
//! every chunk), bursts end in zeros so that no device holds a carrier, a time that a read left as it was counts as no
//! time, and the status of a transmitter is asked for after every write.

mod config;
#[cfg(feature = "soapy")]
mod device;
#[cfg(feature = "soapy")]
mod inventory;
#[cfg(feature = "soapy")]
mod patience;
#[cfg(feature = "soapy")]
mod sample;
#[cfg(feature = "soapy")]
mod sink;
#[cfg(feature = "soapy")]
mod source;
#[cfg(feature = "soapy")]
mod timeline;

pub use config::{SoapyDeviceConfig, SoapyFormat, SoapyRxConfig, SoapyTxConfig};
#[cfg(feature = "soapy")]
pub use device::SoapyDeviceState;
#[cfg(feature = "soapy")]
pub use inventory::{SoapyFound, silence_soapy, soapy_devices};
#[cfg(feature = "soapy")]
pub use sink::SoapySink;
#[cfg(feature = "soapy")]
pub use source::SoapySource;
