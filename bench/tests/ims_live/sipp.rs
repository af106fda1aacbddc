//! Debian's sipp 3.6.1 as UE: IMS-AKA, messages and calls between two of its instances.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::lab::{AMF, DOMAIN, K, Lab, OP, Program, comes, impi, pause, ports, program};

/// Writes what sipp has to know of users, one line each.
pub(crate) fn users(lab: &Lab, name: &str, numbers: impl Iterator<Item = usize>) {
    let line = |n: usize| {
        let impi = impi(n);
        let keys = format!("aka_OP={OP} aka_K={K} aka_AMF={AMF}");
        format!("user{n};{impi};[authentication username={impi} {keys}]\n")
    };
    fs::write(lab.path(name), "SEQUENTIAL\n".to_owned() + &numbers.map(line).collect::<String>()).unwrap();
}

/// The text of a shipped scenario.
pub(crate) fn shipped(scenario: &str) -> String {
    fs::read_to_string(fixtures::dir().join("sipp").join(scenario)).unwrap()
}

/// Starts a shipped scenario of sipp towards `remote`.
pub(crate) fn sipp(lab: &Lab, scenario: &str, port: u16, remote: Option<u16>, more: &[&str]) -> Program {
    fs::write(lab.path(scenario), shipped(scenario).replace("MESSAGES", "3")).unwrap();
    start(lab, scenario, port, remote, more)
}

/// Starts a scenario that is in the lab's folder.
pub(crate) fn start(lab: &Lab, scenario: &str, port: u16, remote: Option<u16>, more: &[&str]) -> Program {
    let mut command = Command::new("sipp");
    // Octets of any value are letters to its regular expressions.
    command.current_dir(lab.folder()).env("LC_ALL", "C").args(["-sf", scenario]);
    command.args(["-i", "127.0.0.1", "-p", &port.to_string(), "-nostdin", "-timeout", "20", "-trace_err"]);
    command.args(["-error_file", &format!("{scenario}.{port}.errors"), "-key", "domain", DOMAIN]).args(more);
    if let Some(remote) = remote {
        command.arg(format!("127.0.0.1:{remote}"));
    }
    Program::start(&mut command, lab.path(&format!("{scenario}.{port}.log")))
}

/// Runs one that has to succeed.
pub(crate) fn succeeds(lab: &Lab, scenario: &str, port: u16, remote: u16, more: &[&str]) {
    let mut sipp = sipp(lab, scenario, port, Some(remote), &[&["-m", "1"], more].concat());
    let status = sipp.wait(30);
    let errors = fs::read_to_string(lab.path(&format!("{scenario}.{port}.errors"))).unwrap_or_default();
    let core = lab.core.as_ref().map(Program::said).unwrap_or_default();
    assert!(status.success(), "{scenario}: {status}\n{errors}\n{core}");
}

/// tshark finds nothing malformed and no dissector's bug in a capture, and these packets.
pub(crate) fn assert_well_formed(capture: &Path, filters: &[&str]) {
    if program("tshark").is_none() {
        return;
    }
    let count = |filter: &str| {
        let output = Command::new("tshark").arg("-r").arg(capture).args(["-Y", filter]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (text.lines().count(), text)
    };
    let (malformed, text) = count("_ws.malformed || _ws.expert.severity >= error");
    assert_eq!(malformed, 0, "{text}");
    for filter in filters {
        assert_ne!(count(filter).0, 0, "no packet is {filter}");
    }
}

#[test]
fn sipp_registers_with_aka_and_talks_to_another_sipp() {
    if program("sipp").is_none() {
        return;
    }
    let mut lab = Lab::new(2, |text, _| text);
    lab.start(&["--capture", "capture.pcapng"]);
    users(&lab, "a.csv", 0..1);
    users(&lab, "b.csv", 1..2);
    let ([a, b], peer) = (ports(), format!("sip:user1@{DOMAIN}"));
    succeeds(&lab, "register.xml", b, lab.gm, &["-inf", "b.csv"]);

    let messages = sipp(&lab, "message_uas.xml", b, None, &[]);
    pause(300);
    succeeds(&lab, "message_uac.xml", a, lab.gm, &["-inf", "a.csv", "-key", "peer", &peer]);
    drop(messages);

    let mut called = sipp(&lab, "call_uas.xml", b, None, &["-m", "1"]);
    pause(300);
    succeeds(&lab, "call_uac.xml", a, lab.gm, &["-inf", "a.csv", "-key", "peer", &peer]);
    assert!(called.wait(30).success(), "{}", called.said());
    succeeds(&lab, "deregister.xml", a, lab.gm, &["-inf", "a.csv"]);

    assert!(lab.get("/health").contains("\"status\":\"ok\""));
    assert!(comes(
        || lab.figure("castbench_messages_total{node=\"scscf\",protocol=\"sip\",direction=\"in\"}") > Some(20)
    ));
    lab.stop();
    let seen = [
        "frame.interface_name == \"Gm\" && sip.Method == REGISTER && sip.auth.algorithm == \"AKAv1-MD5\"",
        "frame.interface_name == \"Mw\" && sip.Method == INVITE",
        "frame.interface_name == \"Gm\" && sip.Method == MESSAGE",
        "frame.interface_name == \"Gm\" && sip.Method == BYE",
        "frame.interface_name == \"Cx\" && diameter.cmd.code == 303 && diameter.flags.request == 0",
        "diameter.cmd.code == 282",
    ];
    assert_well_formed(&lab.path("capture.pcapng"), &seen);
    lab.assert_no_secrets();
    let list = lab.castbench(&["core", "subscriber", "list", "--config", "core.toml"]);
    assert!(list.lines().count() == 2 && list.contains(&format!("sip:user1@{DOMAIN}")), "{list}");
    assert!(!list.contains(K), "{list}");
}
