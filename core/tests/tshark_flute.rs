//! The FLUTE session as another program reads it: tshark finds FLUTE version 1 (RFC 3926), the FDT and both FEC schemes.

use std::io::{Cursor, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use core_network::{Content, Delivery, Fec, FluteOutput, FluteSender, SequenceClock};
use protocol::{Instant, SyncPlan};

const PORT: u16 = 5000;

/// The first datagrams of a session, an FDT and packets of the object.
fn datagrams(fec: Fec) -> Vec<Vec<u8>> {
    let delivery = Delivery {
        bit_rate_bps: 1_000_000,
        fec,
        symbol_octets: 256,
        source_block_symbols: 64,
        fdt_period: Duration::from_secs(1),
        ip_octet_limit: Some(2_200),
    };
    let content = Content {
        stream: Box::new(Cursor::new(vec![7; 5_000])),
        location: "file:///clip.mp4".to_owned(),
        content_type: "video/mp4".to_owned(),
    };
    let clock = SequenceClock { plan: SyncPlan::new(32).unwrap(), max_transfer_delay: Duration::from_millis(10) };
    let addresses = ("10.0.0.1:4000".parse().unwrap(), format!("239.192.0.1:{PORT}").parse().unwrap());
    let wall_clock = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let mut sender = FluteSender::new(Instant::ZERO, addresses, 7, &delivery, content, clock, wall_clock).unwrap();
    let mut datagrams = Vec::new();
    while let Some(now) = sender.poll_timeout() {
        sender.handle_timeout(now);
        while let Some(FluteOutput::Datagram(datagram)) = sender.poll_output() {
            datagrams.push(datagram);
        }
    }
    datagrams
}

/// What `tshark -V` says, or `None` when it is not installed.
fn tshark(datagrams: &[Vec<u8>]) -> Option<String> {
    let mut pcap = Vec::new();
    // Link type 101: packets start at the IP header.
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        pcap.extend(word.to_le_bytes());
    }
    for datagram in datagrams {
        for word in [0, 0, datagram.len() as u32, datagram.len() as u32] {
            pcap.extend(word.to_le_bytes());
        }
        pcap.extend(datagram);
    }
    let child = Command::new("tshark")
        .args(["-r", "-", "-V", "-d", &format!("udp.port=={PORT},alc")])
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
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn tshark_reads_the_session() {
    for (fec, encoding_id) in [(Fec::NoCode, 0), (Fec::Raptor { overhead_percent: 25 }, 1)] {
        let Some(text) = tshark(&datagrams(fec)) else { return };
        let codepoint = format!("Codepoint: {encoding_id}");
        let attribute = format!("FEC-OTI-FEC-Encoding-ID=\"{encoding_id}\"");
        for expected in [
            "FLUTE version (V): 1",
            "FDT Instance ID: 1",
            "Transport Session Identifier: 7",
            "Transport Object Identifier: 0",
            "xmlns=\"urn:3GPP:metadata:2022:FLUTE:FDT\"",
            "Content-Location=\"file:///clip.mp4\"",
            "Transport Object Identifier: 1",
            "Source Block Number: 0",
            "Encoding Symbol ID: 0x00000003",
            &codepoint,
            &attribute,
        ] {
            assert!(text.contains(expected), "{fec:?}: no {expected} in\n{text}");
        }
        assert!(!text.contains("Malformed") && !text.contains("Expert Info"), "{text}");
        // Z = 1 source block, N = 1 sub-block, Al = 4 (RFC 5053 clause 3.2.3), in base 64.
        assert_eq!(text.contains("FEC-OTI-Scheme-Specific-Info=\"AAEBBA==\""), encoding_id == 1, "{text}");
    }
}
