//! `castbench run --dry-run`: what a run would do, with what, and how long, without touching anything.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::backends::backends;
use crate::errors::{CommandError, Exit};
use crate::modems::missing_interface;
use crate::rig::{Clock, FileRole, RadioFrontEnd, Rig, UeKind};
use crate::scenario::{ImsStep, Loaded, StepAction};
use crate::setup;

/// A device that the rig names, and why it cannot be had.
struct Device {
    name: String,
    missing: Option<String>,
}

/// Prints the plan of a run. `Error` when a device is missing.
pub(super) fn dry_run(loaded: &Loaded, rig: &Rig, dir: &Path) -> Result<Exit, CommandError> {
    let devices = devices(rig);
    writeln!(io::stdout(), "{}", plan(loaded, rig, dir, &devices).trim_end())
        .map_err(|source| CommandError::Write { path: "standard output".into(), source })?;
    Ok(if devices.iter().any(|device| device.missing.is_some()) { Exit::Error } else { Exit::Pass })
}

fn plan(loaded: &Loaded, rig: &Rig, dir: &Path, devices: &[Device]) -> String {
    let scenario = &loaded.scenario;
    let mut out = String::new();
    // Writing to a string cannot fail.
    let mut line = |text: String| _ = writeln!(out, "{text}");
    line(format!("scenario  {}: {} ({})", scenario.name, scenario.title, loaded.file.display()));
    line(format!("rig       {rig}"));
    line(format!("results   {}", dir.display()));
    line("boxes".into());
    for own in backends(rig, scenario) {
        let ue = own.ue.map_or_else(String::new, |ue| format!(" of {ue}"));
        line(format!("  {}{ue}: {}", own.name, own.backend));
        if let Some(unseen) = own.unseen {
            line(format!("    not seen: {unseen}"));
        }
    }
    line("devices".into());
    if devices.is_empty() {
        line("  none needed".into());
    }
    for device in devices {
        match &device.missing {
            None => line(format!("  there    {}", device.name)),
            Some(why) => line(format!("  MISSING  {}: {why}", device.name)),
        }
    }
    line("steps".into());
    let (mut expected, mut longest) = (Duration::ZERO, Duration::ZERO);
    for (number, step) in (1..).zip(&scenario.steps) {
        let (about, most) = step_time(loaded, &step.action);
        (expected, longest) = (expected + about, longest + most);
        let time = match () {
            () if most.is_zero() => String::new(),
            () if about == most => format!(" ({})", seconds(most)),
            () => format!(" (about {}, at most {})", seconds(about), seconds(most)),
        };
        line(format!("  {number:2}  {}{time}", step.description));
    }
    line(format!("expects   {} limits", scenario.expectations.len()));
    let clock = match rig.clock {
        Clock::Virtual => "of run time, which goes as fast as this machine computes",
        Clock::Paced => "of samples, no faster than the front end takes them",
    };
    line(format!("time      about {}, at most {}, {clock}", seconds(expected), seconds(longest)));
    out
}

/// What a step takes, probably and at most.
fn step_time(loaded: &Loaded, action: &StepAction) -> (Duration, Duration) {
    let ms = Duration::from_millis;
    match action {
        StepAction::Start { .. } | StepAction::Update { .. } | StepAction::Stop { .. } | StepAction::SendSms { .. } => {
            (Duration::ZERO, Duration::ZERO)
        }
        StepAction::Ims(ImsStep::RunUntilIms { timeout_ms, .. }) => (IMS_TIME.min(ms(*timeout_ms)), ms(*timeout_ms)),
        StepAction::Ims(_) | StepAction::Service(_) | StepAction::Mc(_) | StepAction::Sms(_) | StepAction::Mms(_) => {
            (Duration::ZERO, Duration::ZERO)
        }
        StepAction::Run { for_ms } => (ms(*for_ms), ms(*for_ms)),
        StepAction::RunUntilDelivered { session, timeout_ms } => {
            let scenario = &loaded.scenario;
            let selected = scenario.sessions.iter().zip(&loaded.content).filter(|(s, _)| session.selects(&s.name));
            let times = selected.filter_map(|(s, path)| {
                let octets = std::fs::metadata(path).ok()?.len();
                // Headers of IP, UDP, ALC and the FDT beside the content.
                let air = Duration::from_secs_f64(octets as f64 * 8.0 * 1.05 / (f64::from(s.bit_rate_kbps) * 1e3));
                Some(setup::place(scenario, &s.mch)?.time_to_data.0 + air)
            });
            (times.max().unwrap_or_default().min(ms(*timeout_ms)), ms(*timeout_ms))
        }
        StepAction::RunUntilAirLimit { timeout_ms } => {
            let limits = loaded.scenario.sessions.iter().filter_map(|s| {
                let seconds = s.air_limit_octets? as f64 * 8.0 / (f64::from(s.bit_rate_kbps) * 1e3);
                Some(setup::place(&loaded.scenario, &s.mch)?.time_to_data.0 + Duration::from_secs_f64(seconds))
            });
            (limits.max().unwrap_or_default().min(ms(*timeout_ms)), ms(*timeout_ms))
        }
        StepAction::RunUntilSmsDelivered { timeout_ms } => (SMS_TIME.min(ms(*timeout_ms)), ms(*timeout_ms)),
    }
}

/// What the rig names and a run would open.
fn devices(rig: &Rig) -> Vec<Device> {
    let mut devices = Vec::new();
    if let Some(file) =
        rig.file.as_ref().filter(|f| rig.radio == RadioFrontEnd::File && f.source == FileRole::Recording)
    {
        let missing = std::fs::metadata(&file.recording).err().map(|e| e.to_string());
        devices.push(Device { name: format!("recording {}", file.recording.display()), missing });
    }
    if let Some(soapy) = rig.soapysdr.as_ref().filter(|_| rig.radio == RadioFrontEnd::SoapySdr) {
        let (transmitter, receiver) = soapy.devices();
        for (name, device) in [("transmitter", transmitter), ("receiver", receiver)] {
            if let Some(device) = device {
                devices.push(Device { name: format!("{name} {device}"), missing: sdr_missing(device) });
            }
        }
    }
    for modem in &rig.lab.modems {
        let there = modem.place.port().map_err(|e| e.to_string());
        let there = there.and_then(|port| std::fs::metadata(&port).map_err(|e| format!("{port}: {e}")));
        devices.push(Device { name: format!("modem {}", modem.name), missing: there.err() });
        if let Some(interface) = modem.data_interface.as_ref().filter(|_| rig.ues == UeKind::Modems) {
            let name = format!("data interface {interface} of modem {}", modem.name);
            devices.push(Device { name, missing: missing_interface(interface) });
        }
    }
    devices
}

/// Why SoapySDR does not have this device.
#[cfg(feature = "soapy")]
fn sdr_missing(device: &str) -> Option<String> {
    let wanted = |key: &str| device.split(',').find_map(|pair| pair.trim().strip_prefix(key)?.strip_prefix('='));
    // The one in memory comes into being when it is opened.
    if wanted("driver") == Some(soapy_loop::DRIVER) {
        return None;
    }
    let found = match radio::soapy_devices() {
        Ok(found) => found,
        Err(why) => return Some(why.to_string()),
    };
    let is_it = |own: &radio::SoapyFound| {
        wanted("driver").is_none_or(|driver| driver == own.driver)
            && wanted("serial").is_none_or(|serial| serial == own.serial)
    };
    (!found.iter().any(is_it)).then(|| "SoapySDR does not find it; `castbench devices` lists what is there".to_owned())
}

#[cfg(not(feature = "soapy"))]
fn sdr_missing(_device: &str) -> Option<String> {
    Some("this castbench is built without SoapySDR".into())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// A procedure of the IMS.
const IMS_TIME: Duration = Duration::from_millis(300);
/// A message between simulated modems.
const SMS_TIME: Duration = Duration::from_millis(500);
