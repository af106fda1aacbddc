use super::*;
use crate::sim::{InstrumentTwin, SimPower};

fn switch(kind: PowerSwitchKind) -> PowerSwitch {
    PowerSwitch { name: "modem".into(), kind, off_s: 0.01 }
}

fn scpi(address: String) -> PowerSwitchKind {
    PowerSwitchKind::Scpi { address, on: "OUTP 1,ON".into(), off: "OUTP 1,OFF".into(), query: Some("OUTP? 1".into()) }
}

#[test]
fn an_outlet_is_switched_and_asked() {
    // The query has its question mark in the middle.
    let twin = InstrumentTwin::start(SimPower::default()).unwrap();
    let outlet = switch(scpi(twin.address()));
    outlet.switch(true).unwrap();
    assert!(twin.with(|sim| sim.on));
    outlet.cycle().unwrap();
    assert_eq!(twin.with(|sim| (sim.on, sim.changes)), (true, 3));
    twin.with(|sim| sim.stuck = true);
    assert_eq!(outlet.switch(false).unwrap_err().to_string(), "power switch modem: told off, says \"1\"");
}

#[test]
fn ports_of_hubs_commands_and_files_are_switches_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state");
    fs::write(folder.path().join("disable"), "0\n").unwrap();
    let port = switch(PowerSwitchKind::UsbHub { port: folder.path().to_owned() });
    port.switch(false).unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("disable")).unwrap(), "1");
    port.cycle().unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("disable")).unwrap(), "0");
    let shown = file.display();
    for kind in [
        PowerSwitchKind::Simulated { file: file.clone() },
        PowerSwitchKind::Command {
            on: format!("echo ON > {shown}"),
            off: format!("echo 0 > {shown}"),
            query: Some(format!("cat {shown}")),
        },
    ] {
        switch(kind.clone()).switch(false).unwrap();
        assert!(["off\n", "0\n"].contains(&fs::read_to_string(&file).unwrap().as_str()));
        switch(kind).switch(true).unwrap();
    }
    let error = switch(PowerSwitchKind::Command { on: "false".into(), off: "false".into(), query: None });
    assert!(error.cycle().is_err());
}
