//! The line to a real modem: its port, the data interface, and what brings it back.
//!
//! Nothing here waits: what takes time (switching power, looking for a device) is done by a thread of its own.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hil::inventory::ModemPlace;
use hil::modem::Rung;
use hil::port::{LiveClock, PortRead, SerialDevice};
use hil::power::PowerSwitch;
use protocol::Instant;

use super::data_path::DataPath;
use super::line::{LineError, LineOutput};
use super::pace::pause;
use crate::rig::{Lab, LabModem};

/// Most that is read at a time, and how often in a turn.
const CHUNK: usize = 4096;
const CHUNKS: usize = 4;
/// What a modem does not take within this time is dropped, as on a line without flow control.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);
/// A device that is not there after this time is told as gone.
pub(super) const OPEN_PATIENCE: Duration = Duration::from_secs(20);
/// Between tries to open it.
const OPEN_AGAIN: Duration = Duration::from_millis(200);

/// The line to a real modem.
pub(super) struct RealLine {
    place: ModemPlace,
    baud: u32,
    usb_port: Option<PowerSwitch>,
    outlet: Option<PowerSwitch>,
    port: Option<SerialDevice>,
    /// What the port has not taken yet, and since when.
    unwritten: Vec<u8>,
    stuck_since: Option<Instant>,
    work: Option<Work>,
    data: Option<DataPath>,
    outputs: VecDeque<LineOutput>,
}

/// A rung that is being taken.
struct Work {
    rung: Rung,
    result: Receiver<Result<SerialDevice, String>>,
    is_cancelled: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl RealLine {
    /// Opens the port of a modem.
    pub(super) fn open(lab: &Lab, modem: &LabModem, data: Option<DataPath>) -> Result<Self, LineError> {
        let port = open(&modem.place, modem.baud).map_err(|why| LineError {
            port: format!("modem {}", modem.name),
            source: io::Error::new(io::ErrorKind::NotFound, why),
        })?;
        let switch = |name: &Option<String>| name.as_deref().and_then(|name| lab.power_switch(name)).cloned();
        Ok(Self {
            place: modem.place.clone(),
            baud: modem.baud,
            usb_port: switch(&modem.usb_port),
            outlet: switch(&modem.power),
            port: Some(port),
            unwritten: Vec::new(),
            stuck_since: None,
            work: None,
            data,
            outputs: VecDeque::new(),
        })
    }

    pub(super) const fn lacks_switch(&self) -> bool {
        self.usb_port.is_none() && self.outlet.is_none()
    }

    /// The driver writes.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if self.port.is_some() {
            self.unwritten.extend_from_slice(bytes);
            self.write_on();
        }
    }

    /// Reads what is there, and sees how a rung goes.
    pub(super) fn listen(&mut self, now: Instant) {
        self.look_after_work();
        self.write_on();
        match (self.unwritten.is_empty(), self.stuck_since) {
            (true, _) => self.stuck_since = None,
            (false, None) => self.stuck_since = Some(now),
            (false, Some(since)) if now.saturating_duration_since(since) > WRITE_PATIENCE => self.unwritten.clear(),
            (false, Some(_)) => {}
        }
        let mut chunk = [0; CHUNK];
        for _ in 0..CHUNKS {
            match self.port.as_mut().map(|port| port.read_ready(&mut chunk)) {
                Some(Ok(PortRead::Octets(octets))) => {
                    self.outputs.push_back(LineOutput::ToHost(chunk[..octets].to_vec()));
                }
                Some(Ok(PortRead::Nothing | PortRead::Connected)) | None => break,
                Some(Ok(PortRead::Disconnected) | Err(_)) => self.port_is_gone(),
            }
        }
        if let Some(data) = &mut self.data {
            let outputs = &mut self.outputs;
            data.listen(now, |ip| outputs.push_back(LineOutput::Datagram(ip)));
        }
    }

    pub(super) fn poll_output(&mut self) -> Option<LineOutput> {
        self.outputs.pop_front()
    }

    /// Begins a rung.
    pub(super) fn perform(&mut self, rung: Rung) {
        self.port = None;
        self.unwritten.clear();
        let before = self.work.take().map(|work| {
            work.is_cancelled.store(true, Ordering::Relaxed);
            work.thread
        });
        let switch = match rung {
            Rung::UsbPort => self.usb_port.clone(),
            Rung::PowerOutlet => self.outlet.clone(),
            _ => None,
        };
        let (place, baud, is_cancelled) = (self.place.clone(), self.baud, Arc::new(AtomicBool::new(false)));
        let (done, result) = channel();
        let until = Arc::clone(&is_cancelled);
        let thread = thread::spawn(move || {
            // Two must not switch at once.
            before.map(JoinHandle::join);
            let _ = done.send(take(rung, switch.as_ref(), &until).and_then(|()| find(&place, baud, &until)));
        });
        self.work = Some(Work { rung, result, is_cancelled, thread });
    }

    fn look_after_work(&mut self) {
        let Some(work) = &self.work else { return };
        let result = match work.result.try_recv() {
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => Err("what should have done it has ended".to_owned()),
            Ok(result) => result,
        };
        let rung = work.rung;
        self.work = None;
        let result = result.map(|port| self.port = Some(port));
        self.outputs.push_back(LineOutput::Rung { rung, result });
    }

    fn write_on(&mut self) {
        while let Some(port) = self.port.as_mut().filter(|_| !self.unwritten.is_empty()) {
            match port.write_ready(&self.unwritten) {
                Ok(0) => return,
                Ok(octets) => drop(self.unwritten.drain(..octets)),
                Err(_) => self.port_is_gone(),
            }
        }
    }

    fn port_is_gone(&mut self) {
        self.unwritten.clear();
        if self.port.take().is_some() {
            self.outputs.push_back(LineOutput::Closed);
        }
    }
}

impl Drop for RealLine {
    /// What was switched off is on again before a run ends.
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            work.is_cancelled.store(true, Ordering::Relaxed);
            let _ = work.thread.join();
        }
    }
}

/// What a rung does to the power of a modem.
fn take(rung: Rung, switch: Option<&PowerSwitch>, is_cancelled: &AtomicBool) -> Result<(), String> {
    if !matches!(rung, Rung::UsbPort | Rung::PowerOutlet) {
        return Ok(());
    }
    if is_cancelled.load(Ordering::Relaxed) {
        return Err("no longer wanted".into());
    }
    let switch = switch.ok_or_else(|| format!("{rung}: the rig names no power switch of this modem"))?;
    switch.cycle().map_err(|e| e.to_string())
}

/// Opens a device as soon as it is there.
fn find(place: &ModemPlace, baud: u32, is_cancelled: &AtomicBool) -> Result<SerialDevice, String> {
    let clock = LiveClock::start();
    loop {
        match open(place, baud) {
            Ok(port) => return Ok(port),
            Err(why) if is_cancelled.load(Ordering::Relaxed) || clock.now().elapsed() > OPEN_PATIENCE => {
                return Err(why);
            }
            Err(_) => pause(OPEN_AGAIN),
        }
    }
}

fn open(place: &ModemPlace, baud: u32) -> Result<SerialDevice, String> {
    let port = place.port().map_err(|e| e.to_string())?;
    SerialDevice::open(&port, baud).map_err(|e| format!("{port}: {e}"))
}
