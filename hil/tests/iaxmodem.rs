//! Another people's modem against our driver: iaxmodem, whose AT interpreter is that of spandsp.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use hil::at::ts27007::{Identity, ReadIdentity, ReadRegistration, RegistrationDomain, Request};
use hil::at::{AtCommand, AtConfig, ResultCode};
use hil::port::{LiveHost, SerialDevice};

/// iaxmodem reads its configuration from here alone.
const CONFIGURATIONS: &str = "/etc/iaxmodem";

struct Iaxmodem {
    child: Child,
    configuration: PathBuf,
    folder: tempfile::TempDir,
}

impl Iaxmodem {
    /// `None`, said why, where it is not installed or may not be configured.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("castbench-{}", std::process::id());
        let configuration = PathBuf::from(CONFIGURATIONS).join(&name);
        let device = folder.path().join("tty");
        // Neither a server nor a line is needed; port 0 is any that is free.
        let text = format!(
            "device {}\nowner {}\nmode 660\nport 0\nrefresh 0\nserver 127.0.0.1\npeername none\nsecret none\ncidname none\ncidnumber 0\ncodec slinear\n",
            device.display(),
            "root:root",
        );
        if let Err(e) = fs::write(&configuration, text) {
            println!("skipped: iaxmodem cannot be configured in {CONFIGURATIONS}: {e}");
            return None;
        }
        let child = Command::new("iaxmodem")
            .arg(&name)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            println!("skipped: iaxmodem is not installed");
            let _ = fs::remove_file(configuration);
            return None;
        };
        Some(Self { child, configuration, folder })
    }

    fn device(&self) -> String {
        self.folder.path().join("tty").display().to_string()
    }
}

impl Drop for Iaxmodem {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.configuration);
    }
}

#[test]
fn iaxmodem_is_driven() {
    let Some(modem) = Iaxmodem::start() else { return };
    let mut opened = None;
    for _ in 0..100 {
        opened = SerialDevice::open(&modem.device(), 115_200).ok();
        if opened.is_some() {
            break;
        }
        wait();
    }
    let mut host = LiveHost::new(AtConfig::default(), opened.expect("iaxmodem makes its terminal"));
    let code = |host: &mut LiveHost<SerialDevice>, body: &str| {
        host.command(AtCommand::new(body).answered_by_text())
            .map(|response| (response.code, response.lines.into_iter().map(|line| line.text).collect::<Vec<_>>()))
    };
    let ok = |lines: &[&str]| Ok((ResultCode::Ok, lines.iter().map(|&l| l.to_owned()).collect()));
    // With its echo, without, in digits, in words, several commands on a line.
    assert_eq!(code(&mut host, ""), ok(&[]));
    assert_eq!(code(&mut host, "S3?"), ok(&["013"]));
    assert_eq!(code(&mut host, "V0"), ok(&[]));
    assert_eq!(code(&mut host, "S4?"), ok(&["010"]));
    assert_eq!(code(&mut host, "E0V1"), ok(&[]));
    assert_eq!(code(&mut host, "S5?"), ok(&["008"]));
    assert_eq!(code(&mut host, "E1;+CREG?").map(|(code, _)| code), Ok(ResultCode::Ok));
    // Its short form of an answer, and refusals.
    let registration = host.ask(&ReadRegistration(RegistrationDomain::CircuitSwitched));
    assert!(!registration.expect("a value alone is an answer").status.is_registered());
    let imei = ReadIdentity(Identity::Imei);
    let refused = host.command(imei.command()).unwrap();
    assert_eq!(refused.code, ResultCode::Error);
    assert_eq!(imei.answer(&refused).unwrap_err().to_string(), "AT+CGSN: ERROR");
    for body in ["S300?", "&F", "E0", "I", "I3"] {
        assert!(code(&mut host, body).is_ok(), "AT{body}");
    }
    for _ in 0..200 {
        assert_eq!(code(&mut host, "S3?"), ok(&["013"]));
    }
}

#[expect(clippy::disallowed_methods, reason = "another people's program runs in real time")]
fn wait() {
    thread::sleep(Duration::from_millis(50));
}
