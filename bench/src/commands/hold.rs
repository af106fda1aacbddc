//! `castbench hold`: takes the devices of a rig and keeps them from others, for work by hand.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use hil::at::AtConfig;
use hil::at::ts27007::{Functionality, SetFunctionality};
use hil::port::{LiveHost, SerialDevice};

use crate::cli::HoldArgs;
use crate::errors::{CommandError, Exit};
use crate::lab_lease::{HeldLab, resources};
use crate::rig::{LabModem, Rig};

/// Between looks at the guardian.
const STEP: Duration = Duration::from_millis(50);

/// Runs `castbench hold`.
///
/// # Errors
/// Others have a device, or it does not do what it is told.
pub fn hold(args: &HoldArgs) -> Result<Exit, CommandError> {
    let rig = Rig::find(&args.rig)?;
    if resources(&rig).is_empty() {
        return Err(CommandError::Usage(format!("rig {} has no devices that others could use", rig.name)));
    }
    let job = args.job.clone().unwrap_or_else(|| format!("work by hand with {}", rig.name));
    let mut held = HeldLab::take(&rig, &job, |text| eprintln!("castbench: {text}"))?;
    say("held");
    if args.active {
        held.open_path()?;
        rig.lab.modems.iter().try_for_each(switch_on)?;
        say("active");
    }
    let mut left = Duration::from_secs_f64(args.for_s);
    while !left.is_zero() {
        let step = left.min(STEP);
        pause(step);
        left -= step;
        held.check()?;
    }
    held.release()?;
    say("released");
    Ok(Exit::Pass)
}

/// `AT+CFUN=1`.
fn switch_on(modem: &LabModem) -> Result<(), CommandError> {
    let failed = |why: String| CommandError::Bench(format!("modem {}: {why}", modem.name));
    let port = modem.place.port().map_err(|e| failed(e.to_string()))?;
    let device = SerialDevice::open(&port, modem.baud).map_err(|e| failed(format!("{port}: {e}")))?;
    let full = SetFunctionality { functionality: Functionality::Full, reset: false };
    LiveHost::new(AtConfig::default(), device).ask(&full).map_err(|e| failed(e.to_string()))
}

/// Whoever reads may have seen enough.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

#[expect(clippy::disallowed_methods, reason = "a driver: devices are held in real time")]
fn pause(time: Duration) {
    thread::sleep(time);
}
