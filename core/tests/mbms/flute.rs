//! The FLUTE session as another program reads it: tshark finds FLUTE version 1 (RFC 3926), the FDT and both FEC schemes.

use std::io::Cursor;
use std::net::SocketAddrV4;
use std::time::{Duration, SystemTime};

use core_network::{Content, Delivery, Fec, FluteOutput, FluteSender, SequenceClock};
use protocol::{Instant, SyncPlan};

use super::capture::{capture, tshark};

const PORT: u16 = 5000;
/// Link type whose packets begin with their IP header.
const RAW_IP: u32 = 101;

/// The datagrams of the beginning of a session with one file, FDT and packets of the object.
pub(crate) fn datagrams(source: SocketAddrV4, destination: SocketAddrV4, fec: Fec) -> Vec<Vec<u8>> {
    let delivery = Delivery {
        bit_rate_bps: 2_000_000,
        fec,
        symbol_octets: 512,
        source_block_symbols: 64,
        fdt_period: Duration::from_secs(1),
        ip_octet_limit: Some(12_000),
    };
    let content = Content {
        stream: Box::new(Cursor::new(vec![7; 8_000])),
        location: "file:///clip.mp4".to_owned(),
        content_type: "video/mp4".to_owned(),
    };
    let clock = SequenceClock { plan: SyncPlan::new(32).unwrap(), max_transfer_delay: Duration::from_millis(10) };
    let utc = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let mut sender = FluteSender::new(Instant::ZERO, (source, destination), 7, &delivery, content, clock, utc).unwrap();
    let mut datagrams = Vec::new();
    while let Some(now) = sender.poll_timeout() {
        sender.handle_timeout(now);
        while let Some(FluteOutput::Datagram(datagram)) = sender.poll_output() {
            datagrams.push(datagram);
        }
    }
    datagrams
}

#[test]
fn tshark_reads_the_session() {
    for (fec, encoding_id) in [(Fec::NoCode, 0), (Fec::Raptor { overhead_percent: 25 }, 1)] {
        let (source, destination) = ("10.0.0.1:4000".parse().unwrap(), format!("239.192.0.1:{PORT}").parse().unwrap());
        let pcap = capture(RAW_IP, datagrams(source, destination, fec));
        let Some(text) = tshark(&pcap, &["-V", "-d", &format!("udp.port=={PORT},alc")]) else { return };
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
