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

/// srsENB's carrier, played over and over.
const TMGI: &str = "00000000F030";

/// A modem whose UE listens to that carrier, and a host that has activated its service; `None`: there is no recording.
fn on_the_carrier(
    more: &[&str],
) -> Option<(Ended, impl Iterator<Item = String> + use<>, TcpStream, String, serde_json::Value)> {
    let meta = fixtures::shared("vectors/embms_carrier_25prb.sigmf-meta")?;
    let expected = fixtures::shared_text("vectors/embms_carrier_25prb.expected.json")?;
    let mut command = castbench();
    command.args(["ue", "--tcp", "127.0.0.1:0", "--carrier"]).arg(meta).args(more);
    let mut child = Ended(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut told = BufReader::new(child.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let Some(first) = told.next() else {
        let mut why = String::new();
        child.0.stderr.take().unwrap().read_to_string(&mut why).unwrap();
        println!("skipped: {why}");
        return None;
    };
    let mut host = TcpStream::connect(first.strip_prefix("modem ").unwrap()).unwrap();
    host.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    host.write_all(b"ATE0;+CMEE=1\r").unwrap();
    read_until(&mut host, "OK\r\n");
    let mut heard = String::new();
    for order in ["AT+CEMBMSCFG=1;+CEMBMSR=1\r".to_owned(), format!("AT+CEMBMSSRV=2,,\"{TMGI}\",1\r")] {
        host.write_all(order.as_bytes()).unwrap();
        heard += &read_until(&mut host, "OK\r\n");
    }
    Some((child, told, host, heard, serde_json::from_str(&expected).unwrap()))
}

#[test]
fn a_service_of_another_transmitter_comes_through_the_modem_by_the_unverified_grammar() {
    let Some((_child, mut told, mut host, mut heard, expected)) = on_the_carrier(&[]) else { return };
    assert_eq!(told.find(|line| line.starts_with("mbms")).unwrap(), format!("mbms {TMGI}"));
    let datagram = told.find(|line| line.starts_with("datagram")).unwrap();
    let hex = datagram.strip_prefix(&format!("datagram {TMGI} ")).unwrap();
    let ip = hex::decode(hex).unwrap();
    let udp = protocol::UdpDatagram::parse(&ip).unwrap();
    assert_eq!(udp.destination.to_string(), expected["udp_destination"].as_str().unwrap());
    // The session was told before the end of the order that activated it, or when it was found.
    let mut chunk = [0; 256];
    while !heard.contains(&format!("\r\n+CEMBMSRI: 1,\"{TMGI}\"")) {
        let octets = host.read(&mut chunk).unwrap();
        assert_ne!(octets, 0, "the modem went away after {heard:?}");
        heard += std::str::from_utf8(&chunk[..octets]).unwrap();
    }
    // What is no longer active does not come.
    host.write_all(format!("AT+CEMBMSSRV=2,,\"{TMGI}\",0\r").as_bytes()).unwrap();
    read_until(&mut host, "OK\r\n");
    assert_eq!(told.find(|line| line.starts_with("mbms")).unwrap(), "mbms none");
}

/// Where the kernel and the rights allow it.
#[test]
fn datagrams_come_out_of_a_tun_device() {
    let name = format!("cb{}", std::process::id());
    let Some((_child, _told, _host, _, expected)) = on_the_carrier(&["--tun", &name]) else { return };
    let destination: std::net::SocketAddrV4 = expected["udp_destination"].as_str().unwrap().parse().unwrap();
    let socket = std::net::UdpSocket::bind((*destination.ip(), destination.port())).unwrap();
    socket.join_multicast_v4(destination.ip(), &"169.254.77.1".parse().unwrap()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut payload = [0; 2000];
    let (octets, _) = socket.recv_from(&mut payload).unwrap();
    let number = std::str::from_utf8(&payload[..octets]).unwrap().split(' ').nth(3).unwrap().parse::<u32>();
    assert!(number.is_ok(), "{:?}", &payload[..octets]);
}
