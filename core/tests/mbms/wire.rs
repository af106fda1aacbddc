//! What another program says to everything that went over the wires of a live session: tshark names every command and every AVP
//! that its dictionary has, finds nothing malformed, and computes the same header CRCs of SYNC.

use std::collections::BTreeMap;
use std::net::{SocketAddr, SocketAddrV4};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use core_network::Fec;
use core_network::net::NetTap;
use protocol::{GtpuPacket, Joint, SyncRepr, TapEvent, UdpDatagram};

use super::capture::{capture, tshark};
use super::client::Client;
use super::flute;
use super::live::begin;
use super::process::{ALL, Running, address, config};

/// Link type of exported PDUs, whose dissector stands before each (Wireshark `epan/exported_pdu.h`).
const UPPER_PDU: u32 = 252;
const DISSECTOR_NAME: u16 = 12;

const fn dissector(joint: Joint) -> &'static str {
    match joint {
        Joint::Mb2C | Joint::SgMb => "diameter",
        Joint::M3 => "m3ap",
        Joint::M2 => "m2ap",
        Joint::SgiMb => "sync",
        _ => "ip",
    }
}

/// What tshark prints of what was seen; nothing without it.
fn read(events: &[TapEvent], alc: u16, arguments: &[&str]) -> Option<String> {
    let packets = events.iter().map(|event| {
        let name = dissector(event.joint);
        let mut packet = [DISSECTOR_NAME.to_be_bytes(), (name.len().next_multiple_of(4) as u16).to_be_bytes()].concat();
        packet.extend(name.bytes());
        packet.resize(packet.len().next_multiple_of(4), 0);
        packet.extend([0; 4]);
        packet.extend(&event.bytes);
        packet
    });
    let alc = format!("udp.port=={alc},alc");
    let checks = ["-o", "gtp.dissect_tpdu_as:SYNC", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
    tshark(&capture(UPPER_PDU, packets), &[&checks[..], &["-d", &alc], arguments].concat())
}

/// What was seen of a bearer from its start to its end, with a file on it; and the port of its service.
fn seen() -> (Vec<TapEvent>, u16) {
    let (ip, folder) = (address(3), tempfile::tempdir().unwrap());
    let (tap, seen) = sync_channel(100_000);
    // tshark 4.0 takes a length too many for there in PDUs of type 3 (TS 25.446 clause 5.5.2.4).
    let text = config(ALL, ip, ":memory:").replace("[bmsc]", "[bmsc]\npacket_lengths = false");
    let running = Running::start(&text, ip, folder.path(), Some(NetTap::new(tap)));
    let mut client = Client::new(ip, 1);
    let bearer = begin(&mut client);
    let SocketAddr::V4(service) = bearer.provisioning.as_ref().unwrap().socket().unwrap() else { panic!() };
    let datagrams = flute::datagrams(SocketAddrV4::new(ip, 4000), service, Fec::NoCode);
    for datagram in &datagrams {
        client.packet(SocketAddr::new(bearer.addresses[0], bearer.port.unwrap()), datagram);
    }
    let patience = Duration::from_secs(20);
    assert!(client.until(patience, |_| running.figure("enb1", "m1_datagrams") >= datagrams.len() as u64));
    assert!(client.stop(&bearer).outcome.result.is_success());
    assert!(client.until(patience, |_| running.figure("mce", "mbms_sessions") == 0));
    running.stop();
    (seen.try_iter().collect(), service.port())
}

#[test]
fn tshark_reads_a_live_session_without_complaint() {
    let (events, port) = seen();
    let fields = ["frame.protocols", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message"];
    let arguments = ["-T", "fields", "-E", "aggregator=;"].into_iter();
    let arguments: Vec<_> = arguments.chain(fields.iter().flat_map(|field| ["-e", field])).collect();
    let Some(text) = read(&events, port, &arguments) else { return };
    assert_eq!(text.lines().count(), events.len());
    let mut seen: BTreeMap<Joint, usize> = BTreeMap::new();
    for (line, event) in text.lines().zip(&events) {
        let fields: Vec<&str> = line.split('\t').collect();
        *seen.entry(event.joint).or_default() += 1;
        let protocols = match event.joint {
            Joint::M1 => "ip:udp:gtp:sync",
            Joint::Mb2U => "ip:udp:alc",
            joint => dissector(joint),
        };
        assert!(fields[0].contains(protocols), "{:?}: {line}", event.joint);
        assert!(fields[1].is_empty(), "{:?}: {line} {:02x?}", event.joint, event.bytes);
        // That an AVP or its vendor is not in the dictionary is all that it may say.
        let is_known = |said: &&str| !said.is_empty() && !said.starts_with("Unknown Vendor");
        let severities = fields[2].split(';').map(|word| word.parse::<u32>().unwrap_or(0));
        for (severity, said) in severities.zip(fields[3].split(';').filter(is_known)) {
            let code = said.strip_prefix("Unknown AVP ").and_then(|said| said.split(' ').next()?.parse::<u32>().ok());
            // TS 29.468 from 3518 on, and what is our own (RFC 5612).
            let is_missing =
                said.contains("vendor=Example Enterprise") || code.is_some_and(|code| (3518..=3533).contains(&code));
            assert!(is_missing || severity < 0x60_0000, "{:?}: {said}", event.joint);
        }
    }
    for (joint, least) in [
        (Joint::Mb2C, 6),
        (Joint::SgMb, 6),
        (Joint::M3, 6),
        (Joint::M2, 12),
        (Joint::Mb2U, 16),
        (Joint::SgiMb, 17),
        (Joint::M1, 17),
    ] {
        assert!(seen.get(&joint).is_some_and(|count| *count >= least), "{joint}: {seen:?}");
    }
}

/// The SYNC PDU of a datagram of the user plane.
fn sync(event: &TapEvent) -> Vec<u8> {
    if event.joint == Joint::SgiMb {
        return event.bytes.clone();
    }
    let datagram = UdpDatagram::parse(&event.bytes).unwrap();
    GtpuPacket::new_checked(datagram.payload).unwrap().payload().to_vec()
}

#[test]
fn tshark_computes_every_crc_and_reads_the_file() {
    let (events, port) = seen();
    let user_plane: Vec<_> =
        events.into_iter().filter(|event| matches!(event.joint, Joint::SgiMb | Joint::M1)).collect();
    let Some(text) = read(&user_plane, port, &["-V"]) else { return };
    let hex = |text: &str| {
        let digits = text.split("0x").nth(1).unwrap().trim_end_matches([']', ' ']);
        u8::from_str_radix(digits, 16).unwrap()
    };
    let crcs: Vec<_> = text.lines().filter_map(|line| line.split_once("[Calculated CRC")).collect();
    crcs.iter().for_each(|(sent, computed)| assert_eq!(hex(sent), hex(computed)));
    // It computes those of user data only; the others are ours to look at.
    let user_data = text.lines().filter(|line| line.contains("PDU Type: User data")).count();
    let closing: Vec<_> =
        user_plane.iter().filter(|event| !sync(event).is_empty() && sync(event)[0] >> 4 == 0).collect();
    assert_eq!((crcs.len(), user_data + closing.len()), (user_data, user_plane.len()));
    for event in closing {
        assert!(matches!(SyncRepr::parse(&sync(event)), Ok(SyncRepr::Information { .. })), "{event:?}");
    }
    for wanted in ["FLUTE version (V): 1", "Content-Location=\"file:///clip.mp4\"", "Transport Session Identifier: 7"] {
        assert!(text.contains(wanted), "{wanted}");
    }
}
