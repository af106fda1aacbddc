//! `castbench devices`: what this machine has, what it can do, who has it.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use hil::inventory::{ModemPlace, ProbedModem, UsbModem, UsbPort, probe_modem, scan_usb};
use hil::lease::{LeaseManager, LeaseRecord};
use serde::Serialize;

use crate::cli::DevicesArgs;
use crate::errors::{CommandError, Exit};
use crate::lab_lease::manager;
#[cfg(any(feature = "soapy", test))]
use crate::lab_lease::sdr_resource;
use crate::rig::Rig;

/// Where the kernel shows devices.
const SYSFS: &str = "/sys";
/// Rate that modems are asked at; those on USB do not care.
const BAUD: u32 = 115_200;

/// What was found.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
struct Found {
    sdrs: Vec<FoundSdr>,
    modems: Vec<FoundModem>,
    /// What could not be looked at.
    troubles: Vec<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct FoundSdr {
    device: String,
    label: String,
    resource: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_by: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct FoundModem {
    resource: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    port_chain: Option<String>,
    usb_id: String,
    product: String,
    serial: Option<String>,
    ports: Vec<FoundPort>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_by: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct FoundPort {
    port: String,
    interface: Option<u8>,
    driver: String,
    /// What a modem there says, or why none does.
    #[serde(flatten)]
    answer: Answer,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Modem(ProbedModem),
    NoModem(String),
    NotAsked,
}

/// Runs `castbench devices`.
///
/// # Errors
/// The folder of leases cannot be used.
pub fn devices(args: &DevicesArgs) -> Result<Exit, CommandError> {
    let mut rig = Rig::default();
    if let Some(dir) = &args.lease_dir {
        rig.lab.lease.dir.clone_from(dir);
    }
    let manager = manager(&rig)?;
    let mut found = Found::default();
    match sdrs() {
        Ok(sdrs) => found.sdrs = sdrs,
        Err(why) => found.troubles.push(why),
    }
    for sdr in &mut found.sdrs {
        sdr.used_by = used_by(&manager, &sdr.resource)?;
    }
    let modems = scan_usb(Path::new(SYSFS)).into_iter().map(of_usb).chain(args.port.iter().map(|port| by_hand(port)));
    for mut modem in modems {
        modem.used_by = used_by(&manager, &modem.resource)?;
        // Whoever has it is not to be disturbed.
        if !args.no_probe && modem.used_by.is_none() {
            modem.ports.iter_mut().for_each(FoundPort::ask);
        }
        found.modems.push(modem);
    }
    let text = if args.json {
        serde_json::to_string_pretty(&found).map_err(|e| CommandError::Bench(e.to_string()))? + "\n"
    } else if args.suggest {
        suggest(&found)
    } else {
        list(&found)
    };
    // Whoever reads may have seen enough.
    let _ = io::stdout().lock().write_all(text.as_bytes());
    Ok(Exit::Pass)
}

#[cfg(feature = "soapy")]
fn sdrs() -> Result<Vec<FoundSdr>, String> {
    let found = radio::soapy_devices().map_err(|e| e.to_string())?;
    let sdr = |sdr: radio::SoapyFound| FoundSdr {
        resource: sdr_resource(&sdr.device),
        device: sdr.device,
        label: sdr.label,
        used_by: None,
    };
    // Ours, which are in memory, and sound cards are no SDRs.
    Ok(found.into_iter().filter(|sdr| !["castbench_loop", "audio"].contains(&sdr.driver.as_str())).map(sdr).collect())
}

#[cfg(not(feature = "soapy"))]
fn sdrs() -> Result<Vec<FoundSdr>, String> {
    Err("SDRs cannot be looked for: this castbench is built without SoapySDR".into())
}

fn used_by(manager: &LeaseManager, resource: &str) -> Result<Option<String>, CommandError> {
    let holder = manager.holder(resource)?;
    Ok(holder.map(|record| {
        record.map_or_else(
            || "somebody who has just taken it".to_owned(),
            |LeaseRecord { owner, pid, .. }| format!("{} for {} (process {pid})", owner.user, owner.job),
        )
    }))
}

fn of_usb(modem: UsbModem) -> FoundModem {
    let UsbModem { port_chain, vendor_id, product_id, product, serial, ports } = modem;
    let port = |UsbPort { interface, tty, driver }: UsbPort| FoundPort {
        port: format!("/dev/{tty}"),
        interface: Some(interface),
        driver,
        answer: Answer::NotAsked,
    };
    FoundModem {
        resource: ModemPlace::Usb { port_chain: port_chain.clone(), interface: 0 }.resource(),
        port_chain: Some(port_chain),
        usb_id: format!("{vendor_id:04x}:{product_id:04x}"),
        product,
        serial,
        ports: ports.into_iter().map(port).collect(),
        used_by: None,
    }
}

/// A port that the command line names.
fn by_hand(port: &Path) -> FoundModem {
    FoundModem {
        resource: ModemPlace::Port(port.to_owned()).resource(),
        port_chain: None,
        usb_id: String::new(),
        product: String::new(),
        serial: None,
        ports: vec![FoundPort {
            port: port.display().to_string(),
            interface: None,
            driver: String::new(),
            answer: Answer::NotAsked,
        }],
        used_by: None,
    }
}

impl FoundPort {
    fn ask(&mut self) {
        self.answer = match probe_modem(&self.port, BAUD) {
            Ok(modem) => Answer::Modem(modem),
            Err(why) => Answer::NoModem(why.to_string()),
        };
    }
}

fn list(found: &Found) -> String {
    let mut out = String::new();
    let used = |by: &Option<String>| by.as_ref().map_or_else(String::new, |by| format!("  in use by {by}"));
    for FoundSdr { device, label, used_by, .. } in &found.sdrs {
        let _ = writeln!(out, "SDR    {device}  {label}{}", used(used_by));
    }
    for modem in &found.modems {
        let place = modem.port_chain.as_deref().map_or_else(|| modem.resource.clone(), |chain| format!("USB {chain}"));
        let serial = modem.serial.as_deref().map_or_else(String::new, |serial| format!(" serial {serial}"));
        let _ = writeln!(out, "modem  {place}  {} {}{serial}{}", modem.usb_id, modem.product, used(&modem.used_by));
        for FoundPort { port, interface, answer, .. } in &modem.ports {
            let interface = interface.map_or_else(String::new, |n| format!(" interface {n}"));
            let says = match answer {
                Answer::NotAsked => "not asked".to_owned(),
                Answer::NoModem(why) => why.clone(),
                Answer::Modem(m) => {
                    let embms = if m.embms.is_empty() { "no eMBMS".into() } else { m.embms.join(" ") };
                    format!("{} {} {}; {} commands; {embms}", m.manufacturer, m.model, m.revision, m.commands.len())
                }
            };
            let _ = writeln!(out, "         {port}{interface}: {says}");
        }
    }
    for trouble in &found.troubles {
        let _ = writeln!(out, "note   {trouble}");
    }
    if out.is_empty() {
        out.push_str("no SDR and no modem; --port PORT looks at a serial port that is not of USB\n");
    }
    out
}

/// A rig file; what only a person knows is commented.
fn suggest(found: &Found) -> String {
    let mut out = String::from("# What `castbench devices` found. Remove what is not to be used.\nname = \"lab\"\n");
    if let [first, ..] = &found.sdrs[..] {
        out.push_str("clock = \"paced\"\nradio = \"soapysdr\"\nchannels = \"real\"\n\n[soapysdr]\n");
        out.push_str("frequency_hz = 626e6           # of your permission\n\n[soapysdr.receive]\n");
        for (i, sdr) in found.sdrs.iter().enumerate() {
            let comment = if i == 0 { "" } else { "# " };
            let _ = writeln!(out, "{comment}device = {}           # {}", quote(&sdr.device), one_line(&sdr.label));
        }
        let _ = write!(
            out,
            "\n# Nothing is transmitted without this; name who permits it.\n# [soapysdr.transmit]\n# device = {}\n\
             # full_scale_dbm = -20           # at the connector with a gain of 0 dB\n\
             # [soapysdr.transmit.permission]\n# frequency_hz = [622e6, 630e6]\n# max_power_dbm = -10\n\
             # max_gain_db = 10\n# words = \"\"\n",
            quote(&first.device)
        );
    }
    let mut number = 0;
    for modem in &found.modems {
        let port = modem.ports.iter().find(|port| matches!(port.answer, Answer::Modem(_)));
        let Some(FoundPort { port, interface, answer: Answer::Modem(says), .. }) = port else { continue };
        number += 1;
        let _ = writeln!(
            out,
            "\n# {} {} {}",
            one_line(&says.manufacturer),
            one_line(&says.model),
            one_line(&says.revision)
        );
        let _ = writeln!(out, "[[modem]]\nname = \"modem{number}\"");
        match (&modem.port_chain, interface) {
            (Some(chain), Some(interface)) => {
                let _ = writeln!(out, "usb = {{ port_chain = {}, interface = {interface} }}", quote(chain));
            }
            _ => {
                let _ = writeln!(out, "port = {}", quote(port));
            }
        }
        out.push_str("# ue = \"ue1\"                     # the UE of scenarios that it is\n");
        out.push_str("# network = \"\"                   # which network serves it, where its SMS go\n");
    }
    out
}

/// A TOML string.
fn quote(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_suggested_is_a_rig() {
        let says = ProbedModem { manufacturer: "A\"B".into(), model: "M\n[x]".into(), ..ProbedModem::default() };
        let usb = UsbModem {
            port_chain: "1-4.2".into(),
            vendor_id: 1,
            product_id: 2,
            product: "x".into(),
            serial: None,
            ports: vec![
                UsbPort { interface: 1, tty: "ttyUSB0".into(), driver: "option".into() },
                UsbPort { interface: 2, tty: "ttyUSB1".into(), driver: "option".into() },
            ],
        };
        let mut modem = of_usb(usb);
        modem.ports[0].answer = Answer::NoModem("takes no AT commands".into());
        modem.ports[1].answer = Answer::Modem(says.clone());
        let mut other = by_hand(Path::new("/dev/pts/7"));
        other.ports[0].answer = Answer::Modem(says);
        let sdr = |device: &str| FoundSdr {
            device: device.into(),
            label: "L".into(),
            resource: sdr_resource(device),
            used_by: None,
        };
        let sdrs = vec![sdr("driver=uhd,serial=1"), sdr("driver=lime,serial=2")];
        let found = Found { sdrs, modems: vec![modem, other], troubles: Vec::new() };
        let rig = Rig::parse(Path::new("/lab/rig.toml"), &suggest(&found)).map_err(|e| e.to_string()).unwrap();
        assert_eq!(rig.soapysdr.unwrap().devices(), (None, Some("driver=uhd,serial=1")));
        let places: Vec<_> = rig.lab.modems.into_iter().map(|m| m.place).collect();
        let usb = ModemPlace::Usb { port_chain: "1-4.2".into(), interface: 2 };
        assert_eq!(places, [usb, ModemPlace::Port("/dev/pts/7".into())]);
        // What is uncommented by a person is a rig too.
        let all = suggest(&found).replace("# [", "[").replace("words = \"\"", "words = 'a cable in a box'");
        let all: String = all
            .lines()
            .map(|l| {
                if l.starts_with("# d") || l.starts_with("# f") || l.starts_with("# m") || l.starts_with("# w") {
                    &l[2..]
                } else {
                    l
                }
            })
            .filter(|l| !l.contains("driver=lime"))
            .fold(String::new(), |t, l| t + l + "\n");
        let rig = Rig::parse(Path::new("/lab/rig.toml"), &all).map_err(|e| e.to_string()).unwrap();
        assert_eq!(rig.soapysdr.unwrap().devices().0, Some("driver=uhd,serial=1"));
        assert!(list(&found).contains("/dev/ttyUSB1 interface 2: A\"B"));
    }
}
