//! The user plane of M1 as another program reads it: tshark names every field and computes the SYNC header CRC itself.

use protocol::{
    GTPU_PORT, GtpuRepr, SYNC_USER_DATA_HEADER_OCTETS, SyncHeader, SyncRepr, SyncTimestamp, SyncTotals, UdpDatagram,
};

use super::RAW_IP;
use super::capture::{capture, tshark};

/// What tshark prints of `datagrams`; nothing without tshark.
fn read(datagrams: &[Vec<u8>], arguments: &[&str]) -> Option<String> {
    let checks = ["-o", "gtp.dissect_tpdu_as:SYNC", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
    tshark(&capture(RAW_IP, datagrams), &[&checks, arguments].concat())
}

fn m1(pdu: &SyncRepr<'_>) -> Vec<u8> {
    let payload = GtpuRepr::g_pdu(0xcafe_0001).emit(&pdu.emit().unwrap()).unwrap();
    let source = format!("10.0.0.2:{GTPU_PORT}").parse().unwrap();
    let destination = format!("239.255.1.1:{GTPU_PORT}").parse().unwrap();
    UdpDatagram { source, destination, payload: &payload }.emit().unwrap()
}

#[test]
fn m1_datagrams_are_dissected_without_complaint() {
    let (source, destination) = ("10.0.0.1:4000".parse().unwrap(), "239.192.0.1:4001".parse().unwrap());
    let inner = UdpDatagram { source, destination, payload: b"castbench" }.emit().unwrap();
    let at = |packet_number, elapsed_octets| SyncHeader { timestamp: SyncTimestamp(96), packet_number, elapsed_octets };
    let length = (inner.len() + SYNC_USER_DATA_HEADER_OCTETS) as u16;
    let totals = SyncTotals { packets: 70_001, octets: 5_000_000_037 };
    let datagrams = [
        m1(&SyncRepr::UserData { header: at(5, 1000), payload: &inner }),
        m1(&SyncRepr::Information { header: at(1, 37), totals }),
        m1(&SyncRepr::LengthOfPackets { header: at(3, 111), totals, lengths: vec![length, length + 1, length + 2] }),
    ];
    let fields = [
        "ip.src",
        "ip.dst",
        "ip.checksum.status",
        "udp.checksum.status",
        "gtp.message",
        "gtp.teid",
        "sync.type",
        "sync.timestamp",
        "sync.packet_nr",
        "sync.elapsed_octet_ctr",
        "sync.total_nr_of_packet",
        "sync.total_nr_of_octet",
        "sync.length_of_packet",
        "_ws.expert.severity",
    ];
    let arguments: Vec<_> = ["-T", "fields"].into_iter().chain(fields.iter().flat_map(|f| ["-e", f])).collect();
    let Some(text) = read(&datagrams, &arguments) else { return };
    // Status 1 is "good"; the timestamp is in milliseconds; tshark counts packets from 1. It takes that count for the
    // number of lengths in type 3, one more than TS 25.446 clause 5.5.2.4 says, and so runs over the end of ours.
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "10.0.0.2,10.0.0.1\t239.255.1.1,239.192.0.1\t1,1\t1,1\t0xff\t0xcafe0001\t1\t960\t6\t1000\t\t\t\t",
            "10.0.0.2\t239.255.1.1\t1\t1\t0xff\t0xcafe0001\t0\t960\t2\t37\t70001\t5000000037\t\t",
            "10.0.0.2\t239.255.1.1\t1\t1\t0xff\t0xcafe0001\t3\t960\t4\t111\t70001\t5000000037\t48,49\t8388608",
        ]
    );
}

#[test]
fn tshark_computes_the_same_header_crc() {
    let (source, destination) = ("10.0.0.1:4000".parse().unwrap(), "239.192.0.1:4001".parse().unwrap());
    let inner = UdpDatagram { source, destination, payload: b"castbench" }.emit().unwrap();
    let datagrams: Vec<_> = (0..40u32)
        .map(|n| {
            let header = SyncHeader {
                timestamp: SyncTimestamp((n * 1499) as u16),
                packet_number: (n * 1637) as u16,
                elapsed_octets: n.wrapping_mul(104_729_000),
            };
            m1(&SyncRepr::UserData { header, payload: &inner })
        })
        .collect();
    let Some(text) = read(&datagrams, &["-V"]) else { return };
    let mut compared = 0;
    for line in text.lines().filter(|l| l.contains("Calculated CRC")) {
        let (sent, computed) = line.split_once("[Calculated CRC").expect("the filter saw it");
        let hex = |s: &str| u8::from_str_radix(s.split("0x").nth(1).unwrap().trim_end_matches([']', ' ']), 16).unwrap();
        assert_eq!(hex(sent), hex(computed), "{line}");
        compared += 1;
    }
    assert_eq!(compared, datagrams.len());
}
