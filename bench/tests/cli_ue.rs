//! `castbench ue` as somebody with an AT host meets it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn castbench() -> Command {
    Command::new(env!("CARGO_BIN_EXE_castbench"))
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read_until(host: &mut TcpStream, end: &str) -> String {
    let (mut said, mut chunk) = (String::new(), [0; 256]);
    while !said.ends_with(end) {
        let octets = host.read(&mut chunk).expect("the modem answers");
        assert_ne!(octets, 0, "the modem went away after {said:?}");
        said.push_str(std::str::from_utf8(&chunk[..octets]).unwrap());
    }
    said
}

#[test]
fn a_host_talks_to_it_and_orders_reach_it() {
    let child = castbench()
        .args(["ue", "--tcp", "127.0.0.1:0", "--quirk", "cfun_with_reset"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = Ended(child.unwrap());
    let mut told = BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut orders = child.0.stdin.take().unwrap();
    let first = told.next().unwrap();
    let mut host = TcpStream::connect(first.strip_prefix("modem ").unwrap()).unwrap();
    host.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    host.write_all(b"ATE0;+CNMI=2,1\r").unwrap();
    read_until(&mut host, "OK\r\n");
    host.write_all(b"AT+CFUN?\r").unwrap();
    assert_eq!(read_until(&mut host, "OK\r\n"), "\r\n+CFUN: 1,0\r\n\r\nOK\r\n");
    writeln!(orders, "sms 07915348502020F0040C9153481032547600006211205100000005E8329BFD06").unwrap();
    assert_eq!(read_until(&mut host, "1\r\n"), "\r\n+CMTI: \"SM\",1\r\n");
    host.write_all(b"AT+CMGS=18\r").unwrap();
    read_until(&mut host, "> ");
    host.write_all(b"0001000C91534810325476000005E8329BFD06\x1A").unwrap();
    assert_eq!(read_until(&mut host, "OK\r\n"), "\r\n+CMGS: 1\r\n\r\nOK\r\n");
    writeln!(orders, "quit").unwrap();
    assert!(child.0.wait().unwrap().success());
    let told: Vec<_> = told.collect();
    assert_eq!(told, ["radio on", "host connected", "sms 0001000C91534810325476000005E8329BFD06"]);
}

#[test]
fn what_cannot_be_is_said() {
    let said = |arguments: &[&str]| {
        let output = castbench().arg("ue").args(arguments).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (arguments, wanted) in [
        (&["--tcp", "127.0.0.1:0", "--quirk", "sings"][..], "unknown quirk \"sings\"; known are: prompt_without_space"),
        (&["--tcp", "203.0.113.1:1"], "cannot listen on 203.0.113.1:1"),
        (&["--personality", "/nowhere.toml", "--pty"], "cannot read /nowhere.toml"),
        (&[], "--pty"),
    ] {
        let (code, error) = said(arguments);
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(wanted), "{error}");
    }
    let list = castbench().args(["ue", "--quirks"]).output().unwrap();
    assert!(String::from_utf8(list.stdout).unwrap().lines().count() >= 20);
}
