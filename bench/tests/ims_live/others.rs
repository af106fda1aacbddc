//! kamailio as outbound proxy between our UEs and our core, and as S-CSCF at our HSS.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::lab::{DOMAIN, Lab, Program, comes, pause, ports, program};
use super::sipp::{assert_well_formed, sipp, users};
use super::ue::{Ue, call};

/// Makes a file of a shipped one.
fn fill_in(lab: &Lab, name: &str, replace: &[(&str, String)]) {
    let mut text = fs::read_to_string(fixtures::dir().join("kamailio").join(name)).unwrap();
    for (old, new) in replace {
        text = text.replace(old, new);
    }
    fs::write(lab.path(name), text).unwrap();
}

/// Starts kamailio with one of the shipped configurations.
fn kamailio(lab: &Lab, configuration: &str, replace: &[(&str, String)]) -> Program {
    fill_in(lab, configuration, replace);
    let mut command = Command::new(program("kamailio").unwrap());
    command.current_dir(lab.folder()).args(["-f", configuration, "-DD", "-E", "-m", "64", "-M", "8"]);
    command.arg("-Y").arg(lab.folder());
    Program::start(&mut command, lab.path("kamailio.log"))
}

/// Ends it as an operator does: its children end with it.
fn end(mut kamailio: Program) {
    kamailio.terminate();
    kamailio.wait(10);
}

#[test]
fn ues_register_and_talk_through_kamailio() {
    if program("kamailio").is_none() {
        return;
    }
    let mut lab = Lab::new(2, |text, _| text);
    lab.start(&["--capture", "capture.pcapng"]);
    let [port] = ports();
    let proxy: SocketAddr = ([127, 0, 0, 1], port).into();
    let replace = [
        ("OWN_ADDRESS", proxy.to_string()),
        ("PCSCF_ADDRESS", "127.0.0.1".to_owned()),
        ("PCSCF_PORT", lab.gm.to_string()),
    ];
    let kamailio = kamailio(&lab, "proxy.cfg", &replace);
    pause(1500);
    let (mut a, mut b) = (Ue::new(0, proxy), Ue::new(1, proxy));
    let told = || format!("{}\n{}", kamailio.said(), lab.core.as_ref().unwrap().said());
    assert!(a.registers(20), "{:?}\n{}", a.events, told());
    assert!(b.registers(20), "{:?}\n{}", b.events, told());

    a.sends_message(&mut b, &format!("sip:user1@{DOMAIN}"), "through kamailio", &told);
    call(&mut a, &mut b, &told);

    end(kamailio);
    lab.stop();
    let through = format!("sip.Via contains \"127.0.0.1:{port}\" && frame.interface_name == \"Gm\"");
    assert_well_formed(&lab.path("capture.pcapng"), &[&through]);
    lab.assert_no_secrets();
}

#[test]
fn kamailio_as_scscf_registers_users_of_our_hss() {
    let modules = Path::new("/usr/lib/x86_64-linux-gnu/kamailio/modules");
    if program("kamailio").is_none() || program("sipp").is_none() {
        return;
    }
    if !["cdp.so", "ims_registrar_scscf.so", "presence.so"].iter().all(|module| modules.join(module).is_file()) {
        eprintln!("skipped: the IMS and presence modules of kamailio are not here");
        return;
    }
    let [port, ue] = ports();
    let name = format!("scscf.{DOMAIN}");
    let mut lab = Lab::new(1, |text, _| {
        let places = format!("['udp:127.0.0.1:{port}', 'tcp:127.0.0.1:{port}']");
        format!("nodes = ['pcscf', 'icscf', 'hss']\n{text}")
            .replace("[icscf]\n", &format!("[icscf]\nscscfs = [{{ uri = 'sip:{name}:{port}' }}]\n"))
            + &format!("origin_host = 'localhost'\npeers = [{{ host = '{name}' }}]\n[hosts]\n'{name}' = {places}\n")
            + &format!("'{name}:{port}' = {places}\n")
    });
    let replace = [
        ("OWN_ADDRESS", format!("127.0.0.1:{port}")),
        ("OWN_PORT", port.to_string()),
        ("DOMAIN", DOMAIN.to_owned()),
        ("FOLDER", lab.folder().display().to_string()),
        ("HSS_PORT", lab.hss.to_string()),
    ];
    fill_in(&lab, "diameter.xml", &replace);
    let kamailio = kamailio(&lab, "scscf.cfg", &replace);
    lab.start(&["--capture", "capture.pcapng"]);
    let up = format!("hss: Diameter peer {name} is up");
    let core = lab.core.as_ref().unwrap();
    assert!(comes(|| core.said().contains(&up)), "{}\n{}", core.said(), kamailio.said());
    users(&lab, "a.csv", 0..1);
    // kamailio refuses what sipp answers to one challenge in 32 (a RES with an octet of zero), and does not ask again.
    let registers = || sipp(&lab, "register.xml", ue, Some(lab.gm), &["-inf", "a.csv", "-m", "1"]).wait(30).success();
    assert!((0..3).any(|_| registers()), "{}\n{}", core.said(), kamailio.said());
    assert!(comes(|| kamailio.said().contains("registered: 1")), "{}", kamailio.said());
    end(kamailio);
    lab.stop();
    let seen = [
        "diameter.cmd.code == 303 && diameter.Result-Code == 2001",
        "diameter.cmd.code == 301 && diameter.Result-Code == 2001",
    ];
    assert_well_formed(&lab.path("capture.pcapng"), &seen);
}
