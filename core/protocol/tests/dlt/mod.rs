//! A capture of link type 147 whose packets tshark is told what they are.

use std::io::Write;
use std::process::{Command, Stdio};

/// What tshark prints about `packets`, each being a message of `dissector`; nothing without tshark.
pub(crate) fn tshark(dissector: &str, packets: &[Vec<u8>], arguments: &[&str]) -> Option<String> {
    let mut pcap = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 1 << 18, 147] {
        pcap.extend(word.to_le_bytes());
    }
    for octets in packets {
        for word in [0, 0, octets.len() as u32, octets.len() as u32] {
            pcap.extend(word.to_le_bytes());
        }
        pcap.extend(octets);
    }
    let child = Command::new("tshark")
        .args(["-r", "-", "-o", &format!("uat:user_dlts:\"User 0 (DLT=147)\",\"{dissector}\",\"0\",\"\",\"0\",\"\"")])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: tshark is not installed");
        return None;
    };
    child.stdin.take().expect("stdin is piped").write_all(&pcap).expect("tshark reads its input");
    let output = child.wait_with_output().expect("tshark ends");
    Some(String::from_utf8(output.stdout).expect("tshark writes UTF-8"))
}
