//! Captures, and what tshark prints of them.

use std::io::Write;
use std::process::{Command, Stdio};

/// A pcap file of packets of a link type.
pub(crate) fn capture<P: AsRef<[u8]>>(link_type: u32, packets: impl IntoIterator<Item = P>) -> Vec<u8> {
    let mut pcap = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 1 << 18, link_type] {
        pcap.extend(word.to_le_bytes());
    }
    for packet in packets {
        let octets = packet.as_ref();
        for word in [0, 0, octets.len() as u32, octets.len() as u32] {
            pcap.extend(word.to_le_bytes());
        }
        pcap.extend(octets);
    }
    pcap
}

/// What tshark prints of a capture; nothing without tshark.
pub(crate) fn tshark(pcap: &[u8], arguments: &[&str]) -> Option<String> {
    let child = Command::new("tshark")
        .env("TZ", "UTC")
        .args(["-r", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: tshark is not installed");
        return None;
    };
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // It may print before it has read everything.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(pcap).expect("tshark reads its input"));
        child.wait_with_output().expect("tshark ends")
    });
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
