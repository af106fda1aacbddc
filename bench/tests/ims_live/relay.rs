//! Debian's freeDiameter as relay between our CSCFs and our HSS.

use std::fs;
use std::process::Command;

use core_network::net::TlsFiles;

use super::lab::{DOMAIN, Lab, Program, comes, ports, program};
use super::sipp::assert_well_formed;
use super::ue::Ue;

#[test]
fn cx_goes_through_freediameter() {
    let Some(freediameter) = program("freeDiameterd") else { return };
    let [relay] = ports();
    let peer = format!("peers = [{{ host = 'relay.{DOMAIN}', connect = '127.0.0.1:{relay}' }}]\n");
    let mut lab = Lab::new(1, |text, _| {
        let text =
            text.replace("[icscf]\n", &format!("[icscf]\n{peer}")).replace("[scscf]\n", &format!("[scscf]\n{peer}"));
        text + &format!("peers = [{{ host = 'relay.{DOMAIN}' }}]\n")
    });
    // It wants a certificate even where it uses none.
    TlsFiles::of_lab(lab.folder(), &[format!("relay.{DOMAIN}")]).unwrap();
    fs::write(lab.path("clients.conf"), format!("ALLOW_IPSEC icscf.{DOMAIN} scscf.{DOMAIN}\n")).unwrap();
    fs::write(lab.path("routes.conf"), format!("* : \"hss.{DOMAIN}\" += 40 ;\n")).unwrap();
    let mut text = fs::read_to_string(fixtures::dir().join("freediameter/relay.conf")).unwrap();
    for (old, new) in [
        ("FOLDER", lab.folder().display().to_string()),
        ("HSS_IDENTITY", format!("hss.{DOMAIN}")),
        ("HSS_PORT", lab.hss.to_string()),
        ("RELAY_PORT", relay.to_string()),
        ("IDENTITY", format!("relay.{DOMAIN}")),
        ("REALM", DOMAIN.to_owned()),
    ] {
        text = text.replace(old, &new);
    }
    fs::write(lab.path("relay.conf"), text).unwrap();
    let mut command = Command::new(freediameter);
    command.current_dir(lab.folder()).args(["-c", "relay.conf"]);
    // The order of the start does not matter: both sides try again.
    let relay = Program::start(&mut command, lab.path("relay.log"));
    lab.start(&["--capture", "capture.pcapng"]);
    let open = || relay.said().matches("STATE_OPEN").count() >= 3;
    assert!(comes(open), "{}\n{}", relay.said(), lab.core.as_ref().unwrap().said());
    let mut ue = Ue::new(0, lab.pcscf());
    let registered = ue.registers(20);
    assert!(registered, "{:?}\n{}\n{}", ue.events, relay.said(), lab.core.as_ref().unwrap().said());
    lab.stop();
    let relayed = "diameter.cmd.code == 303 && diameter.flags.request == 1 && diameter.Route-Record";
    assert_well_formed(&lab.path("capture.pcapng"), &[relayed, "diameter.cmd.code == 301"]);
}
