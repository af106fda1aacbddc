//! What an operator does: subscribers by hand, wrong settings, a core that is there twice.

use std::fs;
use std::process::Command;

use super::lab::{DOMAIN, Lab, impi};

const KEY: &str = "0396eb317b6d1c36f19c1c84cd6ffd16";

#[test]
fn subscribers_come_and_go_and_their_keys_stay() {
    let lab = Lab::new(1, |text, _| text);
    let subscriber =
        |arguments: &[&str]| lab.castbench(&[&["core", "subscriber"], arguments, &["--config", "core.toml"]].concat());
    fs::write(lab.path("secrets.toml"), format!("k = '{KEY}'\nop = '{KEY}'\n")).unwrap();
    let (carol, carols) = (format!("carol@{DOMAIN}"), format!("sip:carol@{DOMAIN}"));
    let add = ["add", &carol, "--impu", &carols, "--msisdn", "99900000077", "--secrets", "secrets.toml"];
    assert_eq!(subscriber(&add), "1 added, 0 changed\n");
    assert_eq!(subscriber(&add), "0 added, 1 changed\n");
    let (list, show) = (subscriber(&["list"]), subscriber(&["show", &carol]));
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.contains(&impi(0)) && list.contains(&carols), "{list}");
    assert!(show.contains("Digest-AKAv1-MD5") && show.contains("99900000077"), "{show}");
    for text in [list, show] {
        assert!(!text.to_lowercase().contains(KEY), "{text}");
    }
    assert_eq!(subscriber(&["remove", &carol]), format!("{carol} removed\n"));
    assert_eq!(subscriber(&["list"]).lines().count(), 1);
}

#[test]
fn what_is_wrong_is_said_and_has_its_exit_code() {
    let mut lab = Lab::new(1, |text, _| text);
    fs::write(lab.path("wrong.toml"), "nodes = ['pcscf', 'mme']\n").unwrap();
    fs::write(lab.path("secrets.toml"), format!("k = \"{KEY}\nop = 1\n")).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_castbench"));
        let output = command.current_dir(lab.folder()).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let core = |arguments: &[&str]| run(&[&["core", "--config", "core.toml"], arguments].concat());
    let (code, said) = run(&["core", "--config", "wrong.toml"]);
    assert!(code == Some(2) && said.contains("wrong.toml") && said.contains("mme"), "{code:?} {said}");
    let add = ["subscriber", "add", "x@y", "--impu", "sip:x@y", "--secrets", "secrets.toml"];
    let (code, said) = core(&add);
    assert!(code == Some(2) && said.contains("secrets.toml") && !said.contains(KEY), "{code:?} {said}");
    let (code, said) = core(&["subscriber", "show", "nobody"]);
    assert!(code == Some(2) && said.contains("nobody"), "{code:?} {said}");

    lab.start(&[]);
    let text = fs::read_to_string(lab.path("core.toml")).unwrap();
    fs::write(lab.path("twice.toml"), text.replace("127.0.0.1:", "127.0.0.2:")).unwrap();
    let twice = Command::new(env!("CARGO_BIN_EXE_castbench"))
        .current_dir(lab.folder())
        .args(["core", "--config", "twice.toml"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&twice.stderr).into_owned();
    assert!(twice.status.code() == Some(3) && said.contains("in use by another process"), "{said}");
    lab.stop();
}
