//! `castbench guardian`: what leases start beside whoever holds devices; nobody types it.

use crate::errors::{CommandError, Exit};

/// Runs `castbench guardian`: the holder is at its standard input.
///
/// # Errors
/// There is no holder.
pub fn guardian() -> Result<Exit, CommandError> {
    hil::guardian::guard(&silence)
        .map_err(|e| CommandError::Bench(format!("a guardian is started by a lease: {e}")))?;
    Ok(Exit::Pass)
}

#[cfg(feature = "soapy")]
fn silence(device: &str) -> Result<(), String> {
    radio::silence_soapy(device).map_err(|e| e.to_string())
}

#[cfg(not(feature = "soapy"))]
fn silence(device: &str) -> Result<(), String> {
    Err(format!("{device}: this castbench is built without SoapySDR"))
}
