//! What of a lab a rig uses beside its radio: `[[modem]]`, `[[attenuator]]`, `[[power_switch]]`, `[gps]`, `[lease]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hil::attenuator::{AttenuatorConfig, AttenuatorKind};
use hil::gps::GpsConfig;
use hil::inventory::ModemPlace;
use hil::lease::LeaseConfig;
use hil::power::{PowerSwitch, PowerSwitchKind};

use crate::strict_toml::{Checker, Table};

/// What of a lab a rig uses beside its radio.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Lab {
    /// Modems, each of which is a UE.
    pub modems: Vec<LabModem>,
    /// Step attenuators.
    pub attenuators: Vec<LabAttenuator>,
    /// Power outlets and USB ports.
    pub power_switches: Vec<PowerSwitch>,
    /// Where positions come from.
    pub gps: Option<GpsConfig>,
    /// How the devices are kept from others.
    pub lease: LeaseConfig,
}

/// A modem and what belongs to it.
#[derive(Clone, PartialEq, Debug)]
pub struct LabModem {
    /// Name in the rig.
    pub name: String,
    /// The UE of scenarios that it is; without it any that is left.
    pub ue: Option<String>,
    /// Where its AT port is.
    pub place: ModemPlace,
    /// Rate of the port.
    pub baud: u32,
    /// Profile: a name that is shipped or a file; without it, chosen by what the modem says of itself.
    pub profile: Option<String>,
    /// PIN of the SIM.
    pub pin: Option<String>,
    /// International number of the SIM, digits alone: who sends it messages needs it.
    pub number: Option<String>,
    /// Network interface that has its data path.
    pub data_interface: Option<String>,
    /// Which network serves it and where its `AT+CMGS` goes, in words: the report repeats it.
    pub network: Option<String>,
    /// Power switch of its outlet, for recovery.
    pub power: Option<String>,
    /// Power switch of its USB port, for recovery.
    pub usb_port: Option<String>,
}

/// An attenuator and what a run sets it to.
#[derive(Clone, PartialEq, Debug)]
pub struct LabAttenuator {
    /// What it is.
    pub config: AttenuatorConfig,
    /// Attenuation while a run transmits, dB; without it, the highest.
    pub run_db: Option<f64>,
}

impl LabModem {
    /// The device file that it has now, or where it ought to be.
    #[must_use]
    pub fn at(&self) -> String {
        self.place.port().unwrap_or_else(|_| match &self.place {
            ModemPlace::Port(path) => path.display().to_string(),
            ModemPlace::Usb { port_chain, interface } => format!("USB port {port_chain}, interface {interface}"),
        })
    }
}

impl Lab {
    /// True when a rig has nothing of a lab.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.modems.is_empty() && self.attenuators.is_empty() && self.power_switches.is_empty() && self.gps.is_none()
    }

    /// The power switch with a name.
    #[must_use]
    pub fn power_switch(&self, name: &str) -> Option<&PowerSwitch> {
        self.power_switches.iter().find(|switch| switch.name == name)
    }

    /// The same lab, its paths beside the rig file.
    pub(super) fn beside(mut self, rig_file: &Path) -> Self {
        let folder = rig_file.parent().unwrap_or_else(|| Path::new(""));
        let beside = |path: &mut PathBuf| *path = std::path::absolute(folder.join(&*path)).unwrap_or_default();
        for modem in &mut self.modems {
            if let ModemPlace::Port(path) = &mut modem.place {
                beside(path);
            }
            if let Some(profile) = modem.profile.as_mut().filter(|profile| is_file_name(profile)) {
                *profile = folder.join(&*profile).display().to_string();
            }
        }
        for attenuator in &mut self.attenuators {
            if let AttenuatorKind::Simulated { file } = &mut attenuator.config.kind {
                beside(file);
            }
        }
        for switch in &mut self.power_switches {
            if let PowerSwitchKind::Simulated { file } = &mut switch.kind {
                beside(file);
            }
        }
        beside(&mut self.lease.dir);
        self
    }
}

/// Is a profile a file, not a name of one that is shipped?
fn is_file_name(profile: &str) -> bool {
    profile.contains('/') || Path::new(profile).extension().is_some_and(|e| e == "toml")
}

/// Reads what of a lab there is.
pub(super) fn lab(t: &mut Table<'_>) -> Lab {
    Lab {
        modems: t.tables("modem", 0..=64, modem).into_iter().flatten().collect(),
        attenuators: t.tables("attenuator", 0..=64, attenuator),
        power_switches: t.tables("power_switch", 0..=64, power_switch),
        gps: t.optional_table("gps", gps),
        lease: t.optional_table("lease", lease).unwrap_or_default(),
    }
}

/// `None` only where something was noted: the file is refused then.
fn modem(t: &mut Table<'_>) -> Option<LabModem> {
    let name = t.name("name");
    let place = if t.has("usb") {
        t.absent::<()>("port");
        t.optional_table("usb", usb)
    } else {
        t.absent::<()>("usb");
        Some(ModemPlace::Port(t.text("port").into()))
    };
    Some(LabModem {
        name,
        ue: t.optional_text("ue"),
        baud: t.optional_integer("baud", 300..=4_000_000).unwrap_or(115_200),
        profile: t.optional_text("profile"),
        pin: t.optional_text_that("pin", "4 to 8 digits, as text", |pin| {
            (4..=8).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit())
        }),
        number: t
            .optional_text_that("number", NUMBER, is_number)
            .map(|number| number.trim_start_matches('+').to_owned()),
        data_interface: t.optional_text("data_interface"),
        network: t.optional_text("network"),
        power: t.optional_text("power"),
        usb_port: t.optional_text("usb_port"),
        place: place?,
    })
}

fn usb(t: &mut Table<'_>) -> ModemPlace {
    let chain = |chain: &str| {
        chain.split_once('-').is_some_and(|(bus, ports)| {
            let number = |n: &str| n.parse::<u8>().is_ok();
            number(bus) && ports.split('.').all(number)
        })
    };
    ModemPlace::Usb {
        port_chain: t.text_that("port_chain", "bus and ports as \"1-4.2\"; `castbench devices` lists them", chain),
        interface: t.integer("interface", 0..=255),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Scpi,
    MiniCircuits,
    Command,
    UsbHub,
    Simulated,
}

fn attenuator(t: &mut Table<'_>) -> LabAttenuator {
    let name = t.name("name");
    let kinds = [
        ("scpi", Kind::Scpi),
        ("mini_circuits", Kind::MiniCircuits),
        ("command", Kind::Command),
        ("simulated", Kind::Simulated),
    ];
    let set = |t: &mut Table<'_>| t.text_that("set", "a command with {db} in it", |set| set.contains("{db}"));
    let kind = match t.variant("kind", &kinds) {
        Kind::Scpi | Kind::UsbHub => {
            AttenuatorKind::Scpi { address: address(t), set: set(t), query: t.optional_text("query") }
        }
        Kind::MiniCircuits => {
            AttenuatorKind::MiniCircuits { address: address(t), channel: t.optional_integer("channel", 1..=16) }
        }
        Kind::Command => AttenuatorKind::Command { set: set(t), query: t.optional_text("query") },
        Kind::Simulated => AttenuatorKind::Simulated { file: t.text("file").into() },
    };
    let max_db = t.number("max_db", 1.0..=200.0);
    let step_db = t.optional_number("step_db", 0.01..=20.0).unwrap_or(0.25);
    let run_db = t.optional_number("run_db", 0.0..=max_db.max(0.0));
    LabAttenuator { config: AttenuatorConfig { name, kind, max_db, step_db }, run_db }
}

fn power_switch(t: &mut Table<'_>) -> PowerSwitch {
    let name = t.name("name");
    let kinds =
        [("scpi", Kind::Scpi), ("command", Kind::Command), ("usb_hub", Kind::UsbHub), ("simulated", Kind::Simulated)];
    let kind = match t.variant("kind", &kinds) {
        Kind::Scpi | Kind::MiniCircuits => PowerSwitchKind::Scpi {
            address: address(t),
            on: t.text("on"),
            off: t.text("off"),
            query: t.optional_text("query"),
        },
        Kind::Command => {
            PowerSwitchKind::Command { on: t.text("on"), off: t.text("off"), query: t.optional_text("query") }
        }
        Kind::UsbHub => PowerSwitchKind::UsbHub { port: t.text("port").into() },
        Kind::Simulated => PowerSwitchKind::Simulated { file: t.text("file").into() },
    };
    PowerSwitch { name, kind, off_s: t.optional_number("off_s", 0.0..=600.0).unwrap_or(5.0) }
}

fn gps(t: &mut Table<'_>) -> GpsConfig {
    let kinds = [("gpsd", true), ("simulated", false)];
    if t.variant("kind", &kinds) {
        let address = t.optional_text_that("address", ADDRESS, is_address).unwrap_or_else(|| "127.0.0.1:2947".into());
        return GpsConfig::Gpsd { address, device: t.optional_text("device") };
    }
    GpsConfig::Simulated {
        lat: t.number("lat", -90.0..=90.0),
        lon: t.number("lon", -180.0..=180.0),
        alt_msl_m: t.optional_number("alt_msl_m", -1000.0..=100_000.0).unwrap_or(0.0),
    }
}

fn lease(t: &mut Table<'_>) -> LeaseConfig {
    let default = LeaseConfig::default();
    let seconds = |s: Option<f64>, default| s.map_or(default, Duration::from_secs_f64);
    LeaseConfig {
        dir: t.optional_text("dir").map_or(default.dir, PathBuf::from),
        heartbeat: seconds(t.optional_number("heartbeat_s", 0.05..=60.0), default.heartbeat),
        expiry: seconds(t.optional_number("expiry_s", 0.5..=3600.0), default.expiry),
        wait: seconds(t.optional_number("wait_s", 0.0..=86_400.0), default.wait),
    }
}

/// ITU-T E.164 clause 6: at most 15 digits.
const NUMBER: &str = "an international number as \"+4915112345678\"";

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

const ADDRESS: &str = "\"HOST:PORT\"";

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|p| p > 0))
}

fn address(t: &mut Table<'_>) -> String {
    t.text_that("address", ADDRESS, is_address)
}

/// What does not go together.
pub(super) fn check(lab: &Lab, checker: &mut Checker<'_>) {
    let mut twice = |key: &str, names: Vec<&str>| {
        for (i, name) in names.iter().enumerate() {
            if names.iter().take(i).any(|other| other == name) {
                checker.note(&[key, &i.to_string(), "name"], format!("two tables [[{key}]] are named {name}"));
            }
        }
    };
    twice("modem", lab.modems.iter().map(|m| m.name.as_str()).collect());
    twice("attenuator", lab.attenuators.iter().map(|a| a.config.name.as_str()).collect());
    twice("power_switch", lab.power_switches.iter().map(|p| p.name.as_str()).collect());
    for (i, modem) in lab.modems.iter().enumerate() {
        if modem.ue.is_some() && lab.modems.iter().take(i).any(|other| other.ue == modem.ue) {
            let ue = modem.ue.as_deref().unwrap_or_default();
            checker.note(&["modem", &i.to_string(), "ue"], format!("two tables [[modem]] are the UE {ue}"));
        }
        for (key, name) in [("power", &modem.power), ("usb_port", &modem.usb_port)] {
            if let Some(name) = name.as_ref().filter(|name| lab.power_switch(name).is_none()) {
                checker.note(&["modem", &i.to_string(), key], format!("there is no [[power_switch]] named {name}"));
            }
        }
    }
    if lab.lease.expiry < lab.lease.heartbeat * 3 {
        checker.note(&["lease", "expiry_s"], "expiry_s must be at least three times heartbeat_s".into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::Rig;

    const LAB: &str = r#"
        [[modem]]
        name = "m1"
        ue = "ue1"
        usb = { port_chain = "1-4.2", interface = 2 }
        pin = "1234"
        number = "+4915112345678"
        data_interface = "wwan0"
        network = "operator X; SMS go to its centre"
        power = "outlet"
        [[modem]]
        name = "m2"
        ue = "ue2"
        port = "tty/m2"
        baud = 9600
        profile = "mine.toml"
        [[attenuator]]
        name = "tx"
        kind = "mini_circuits"
        address = "192.168.1.11:80"
        channel = 2
        max_db = 95
        run_db = 40
        [[attenuator]]
        name = "rx"
        kind = "command"
        set = "atten {db}"
        max_db = 60
        step_db = 1
        [[power_switch]]
        name = "outlet"
        kind = "scpi"
        address = "pdu.lab:5025"
        on = "OUTP 1,ON"
        off = "OUTP 1,OFF"
        query = "OUTP? 1"
        [gps]
        kind = "gpsd"
        [lease]
        dir = "locks"
        heartbeat_s = 0.2
        expiry_s = 2
    "#;

    fn parse(text: &str) -> Result<Rig, String> {
        Rig::parse(Path::new("/lab/rig.toml"), text).map_err(|e| e.to_string())
    }

    #[test]
    fn a_lab_is_read() {
        let lab = parse(LAB).unwrap().lab;
        let [m1, m2] = &lab.modems[..] else { panic!("{lab:?}") };
        assert_eq!(m1.place, ModemPlace::Usb { port_chain: "1-4.2".into(), interface: 2 });
        assert_eq!((m1.ue.as_deref(), m1.baud, m1.pin.as_deref()), (Some("ue1"), 115_200, Some("1234")));
        assert_eq!((m1.number.as_deref(), m2.number.as_deref()), (Some("4915112345678"), None));
        assert_eq!((&m2.place, m2.baud), (&ModemPlace::Port("/lab/tty/m2".into()), 9600));
        assert_eq!(m2.profile.as_deref(), Some("/lab/mine.toml"));
        let [tx, rx] = &lab.attenuators[..] else { panic!("{lab:?}") };
        assert_eq!((tx.run_db, tx.config.step_db), (Some(40.0), 0.25));
        assert_eq!(tx.config.resource(), "attenuator:192.168.1.11:80:2");
        assert_eq!(rx.config.kind, AttenuatorKind::Command { set: "atten {db}".into(), query: None });
        assert!(lab.power_switch("outlet").is_some());
        assert_eq!(lab.gps, Some(GpsConfig::Gpsd { address: "127.0.0.1:2947".into(), device: None }));
        assert_eq!((lab.lease.dir.as_path(), lab.lease.heartbeat.as_millis()), (Path::new("/lab/locks"), 200));
        assert!(parse("").unwrap().lab.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (from, to, says) in [
            ("{ port_chain = \"1-4.2\", interface = 2 }", "{ port_chain = \"usb1\", interface = 2 }", "\"1-4.2\""),
            ("power = \"outlet\"", "power = \"plug\"", "there is no [[power_switch]] named plug"),
            ("name = \"m2\"", "name = \"m1\"", "two tables [[modem]] are named m1"),
            ("ue = \"ue2\"", "ue = \"ue1\"", "two tables [[modem]] are the UE ue1"),
            ("number = \"+4915112345678\"", "number = \"0151 123\"", "an international number as \"+49"),
            ("pin = \"1234\"", "pin = \"12\"", "4 to 8 digits"),
            ("port = \"tty/m2\"", "", "missing key `port` in [[modem]]"),
            ("set = \"atten {db}\"", "set = \"atten 3\"", "a command with {db} in it"),
            ("run_db = 40", "run_db = 96", "run_db = 96 is wrong; allowed values: 0 to 95"),
            ("channel = 2", "query = \"x\"", "unknown key `query`"),
            ("address = \"pdu.lab:5025\"", "address = \"pdu.lab\"", "HOST:PORT"),
            ("expiry_s = 2", "expiry_s = 0.5", "at least three times heartbeat_s"),
            ("kind = \"gpsd\"", "kind = \"nmea\"", "\"gpsd\", \"simulated\""),
        ] {
            assert!(LAB.contains(from), "{from}");
            let error = parse(&LAB.replace(from, to)).unwrap_err();
            assert!(error.contains(says), "{to}: {error}");
        }
    }
}
