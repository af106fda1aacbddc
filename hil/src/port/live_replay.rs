//! A modem that was recorded, on a real port, in real time.

use std::io;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use super::live::{LiveClock, ModemOrder};
use super::{Port, PortRead};
use crate::record::{RecordedPersonality, ReplayModem};

/// Longest wait for characters: orders are looked at in between.
const STEP: Duration = Duration::from_millis(20);
/// Most that is read at once.
const CHUNK: usize = 4096;

/// Says again what was recorded, until it is told to quit or the sender of orders is gone. It has no network: other
/// orders mean nothing to it, and are told.
///
/// # Errors
/// The port is gone.
pub fn serve_recorded<P: Port>(
    personality: RecordedPersonality,
    port: &mut P,
    orders: &Receiver<ModemOrder>,
    mut ignored: impl FnMut(&ModemOrder),
) -> io::Result<()> {
    let clock = LiveClock::start();
    let mut modem = ReplayModem::new(clock.now(), personality);
    let mut chunk = [0; CHUNK];
    loop {
        match orders.try_recv() {
            Ok(ModemOrder::Quit) | Err(TryRecvError::Disconnected) => return Ok(()),
            Ok(order) => ignored(&order),
            Err(TryRecvError::Empty) => {}
        }
        let now = clock.now();
        while let Some(bytes) = modem.poll_output(now) {
            port.write(&bytes)?;
        }
        let patience = modem.poll_timeout().map_or(STEP, |due| due.saturating_duration_since(now).min(STEP));
        if let PortRead::Octets(octets) = port.read(&mut chunk, patience)? {
            modem.handle_input(clock.now(), &chunk[..octets]);
        }
    }
}
