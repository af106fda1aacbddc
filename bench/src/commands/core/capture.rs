//! The capture of a live core: its own thread writes what the tap sees, so that nodes never wait for a disk.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use core_network::net::NetTap;
use protocol::TapEvent;

use crate::errors::CommandError;
use crate::ims::mask;
use crate::pcap::{CaptureError, CaptureWriter};

/// Messages that may wait for the disk.
const WAITING: usize = 1 << 16;

/// A capture that is being written.
pub(super) struct Capture {
    tap: NetTap,
    writer: JoinHandle<Result<PathBuf, CaptureError>>,
}

impl Capture {
    /// Opens the file.
    pub(super) fn start(path: &Path) -> Result<Self, CommandError> {
        let writer = CaptureWriter::create_file(path).map_err(failed)?;
        let (sender, events) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("capture".into());
        let writer = thread.spawn(move || write(writer, &events));
        let writer = writer.map_err(|e| CommandError::Bench(e.to_string()))?;
        Ok(Self { tap: NetTap::new(sender), writer })
    }

    /// For the nodes.
    pub(super) fn tap(&self) -> NetTap {
        self.tap.clone()
    }

    /// Waits until all is written; all other taps are gone.
    pub(super) fn finish(self) -> Result<(), CommandError> {
        let Self { tap, writer } = self;
        let lost = tap.lost();
        drop(tap);
        let path = writer.join().map_err(|_| CommandError::Bench("the capture has failed".into()))?.map_err(failed)?;
        if lost > 0 {
            eprintln!("castbench: {} lacks {lost} messages: the disk was too slow", path.display());
        }
        Ok(())
    }
}

fn write(mut writer: CaptureWriter, events: &Receiver<TapEvent>) -> Result<PathBuf, CaptureError> {
    while let Ok(mut event) = events.recv() {
        mask::keys(event.joint, &mut event.bytes);
        writer.write(&event, &[])?;
    }
    writer.finish()
}

fn failed(e: CaptureError) -> CommandError {
    CommandError::Bench(e.to_string())
}
