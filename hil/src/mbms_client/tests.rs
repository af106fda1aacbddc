//! Tests of the client with packets that no sender of ours makes; whole deliveries are in `tests/delivery.rs`.

use proptest::prelude::*;

use super::*;

const TSI: u16 = 7;

fn client() -> MbmsClient {
    let destination = "239.192.0.1:5000".parse().unwrap();
    let service = ServiceDescription { session: "clip".to_owned(), destination, tsi: u64::from(TSI) };
    // 2026-01-01: expiry dates are after 1970 and before the end of NTP's era.
    let wall_clock = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_767_225_600);
    MbmsClient::new(vec![service], wall_clock)
}

fn datagram(payload: &[u8]) -> Vec<u8> {
    let (source, destination) = ("10.0.0.1:4000".parse().unwrap(), "239.192.0.1:5000".parse().unwrap());
    UdpDatagram { source, destination, payload }.emit().unwrap()
}

fn push(client: &mut MbmsClient, payload: &[u8]) -> Vec<MbmsClientOutput> {
    client.handle_input(Instant::ZERO, MbmsClientInput::Ip(&datagram(payload)));
    std::iter::from_fn(|| client.poll_output()).collect()
}

/// An ALC packet with TSI and TOI of 16 bits (RFC 3451 clause 5.1, RFC 3450 clause 4.2).
fn alc(toi: u16, codepoint: u8, extensions: &[u8], sbn: u16, esi: u16, symbol: &[u8]) -> Vec<u8> {
    let words = 3 + extensions.len() as u8 / 4;
    let mut out = vec![0x10, 0x10, words, codepoint, 0, 0, 0, 0];
    for field in [TSI, toi] {
        out.extend(field.to_be_bytes());
    }
    out.extend(extensions);
    for field in [sbn, esi] {
        out.extend(field.to_be_bytes());
    }
    out.extend(symbol);
    out
}

/// An FDT instance in one packet: EXT_FDT (RFC 3926 clause 3.4.1) and EXT_FTI for Compact No-Code.
fn fdt(instance_id: u16, xml: &str) -> Vec<u8> {
    let mut extensions = vec![192, 0x10];
    extensions.extend(instance_id.to_be_bytes());
    extensions.extend([64, 4]);
    extensions.extend(&(xml.len() as u64).to_be_bytes()[2..]);
    extensions.extend([0, 0]);
    extensions.extend((xml.len() as u16).max(16).to_be_bytes());
    extensions.extend(1u32.to_be_bytes());
    alc(0, 0, &extensions, 0, 0, xml.as_bytes())
}

fn fdt_of(instance_id: u16, attributes: &str) -> Vec<u8> {
    let xml = format!(
        r#"<FDT-Instance xmlns="urn:IETF:metadata:2005:FLUTE:FDT" Expires="4200000000"><File Content-Location="file:///x" TOI="1" {attributes}/></FDT-Instance>"#
    );
    fdt(instance_id, &xml)
}

const NO_CODE_40: &str = r#"Content-Length="40" Transfer-Length="40" FEC-OTI-FEC-Encoding-ID="0" FEC-OTI-Encoding-Symbol-Length="20" FEC-OTI-Maximum-Source-Block-Length="2""#;

#[test]
fn an_object_of_two_symbols() {
    let mut client = client();
    let session = || "clip".to_owned();
    assert_eq!(push(&mut client, &alc(1, 0, &[], 0, 1, &[2; 20])), [], "kept until the FDT comes");
    let outputs = push(&mut client, &fdt_of(5, NO_CODE_40));
    let started = MbmsClientOutput::ObjectStarted {
        session: session(),
        toi: 1,
        content_location: "file:///x".to_owned(),
        octets: 40,
    };
    let files = vec!["file:///x".to_owned()];
    assert_eq!(outputs, [MbmsClientOutput::FdtReceived { session: session(), instance_id: 5, files }, started]);
    let outputs = push(&mut client, &alc(1, 0, &[], 0, 0, &[1; 20]));
    let MbmsClientOutput::ObjectData { bytes, .. } = &outputs[0] else { panic!("{outputs:?}") };
    assert_eq!(bytes[..], [[1; 20], [2; 20]].concat());
    let MbmsClientOutput::ObjectComplete { octets: 40, sha256, md5_ok: false, .. } = &outputs[1] else {
        panic!("{outputs:?}")
    };
    // sha256sum of twenty octets 1 and twenty octets 2.
    assert_eq!(sha256, "e3783929a196ec9479a1b1a4abb0a19873bb2e588d00bd3f9e0bdc905f2023db");
    let progress = client.progress("clip").unwrap();
    assert_eq!((progress.received_symbol_octets, progress.written_octets, progress.packets), (40, 40, 3));
    assert_eq!(push(&mut client, &alc(1, 0, &[], 0, 0, &[1; 20])), [], "the carousel goes on");
}

#[test]
fn a_wrong_md5_fails_the_object_and_the_next_pass_tries_again() {
    let mut client = client();
    let attributes = format!(r#"{NO_CODE_40} Content-MD5="AAAAAAAAAAAAAAAAAAAAAA==""#);
    push(&mut client, &fdt_of(1, &attributes));
    push(&mut client, &alc(1, 0, &[], 0, 0, &[1; 20]));
    let outputs = push(&mut client, &alc(1, 0, &[], 0, 1, &[2; 20]));
    let Some(MbmsClientOutput::ObjectFailed { reason, .. }) = outputs.last() else { panic!("{outputs:?}") };
    assert!(reason.contains("MD5") && reason.contains("40 of 40"), "{reason}");
    let outputs = push(&mut client, &alc(1, 0, &[], 0, 0, &[1; 20]));
    assert!(matches!(&outputs[..], [MbmsClientOutput::ObjectStarted { .. }]), "{outputs:?}");
}

#[test]
fn other_services_are_none_of_its_business() {
    let mut client = client();
    let mut other = alc(1, 0, &[], 0, 0, &[1; 20]);
    other[9] = 8;
    assert_eq!(push(&mut client, &other), []);
    assert_eq!((client.stats().datagrams, client.stats().other, client.stats().discarded), (1, 1, 0));
    let mut damaged = datagram(&other);
    damaged[30] ^= 1;
    client.handle_input(Instant::ZERO, MbmsClientInput::Ip(&damaged));
    assert!(matches!(client.poll_output(), Some(MbmsClientOutput::Discarded(_))));
}

#[test]
fn what_a_sender_can_make_it_keep_is_bounded() {
    let mut client = client();
    for toi in 1..2_000 {
        push(&mut client, &alc(toi, 0, &[], 0, 0, &[1; 20]));
    }
    assert_eq!(client.stats().discarded, 1_999 - MAX_UNANNOUNCED_OBJECTS as u64);
    // First halves of FDT instances, none of which is ever completed.
    for instance_id in 0..100 {
        let mut half = fdt_of(instance_id, NO_CODE_40);
        let length = u16::from_be_bytes([half[26], half[27]]) / 2 + 1;
        half[26..28].copy_from_slice(&length.to_be_bytes());
        half[31] = 2;
        half.truncate(36 + usize::from(length));
        push(&mut client, &half);
    }
    let session = client.sessions.values().next().unwrap();
    assert!(session.incomplete_fdts.len() <= MAX_INCOMPLETE_FDTS);
    assert!(client.stats().resets >= 10, "{:?}", client.stats());
    let outputs = push(&mut client, &fdt_of(1_000, NO_CODE_40));
    assert!(matches!(&outputs[..], [MbmsClientOutput::FdtReceived { .. }]), "{outputs:?}");
}

#[test]
fn an_fdt_that_does_not_parse_does_not_block_its_instance() {
    let mut client = client();
    let outputs = push(&mut client, &fdt(3, "<FDT-Instance this is not XML"));
    assert!(matches!(&outputs[..], [MbmsClientOutput::Discarded(_)]), "{outputs:?}");
    let outputs = push(&mut client, &fdt_of(3, NO_CODE_40));
    assert!(matches!(&outputs[..], [MbmsClientOutput::FdtReceived { instance_id: 3, .. }]), "{outputs:?}");
}

/// Body of the fuzz target: UDP payloads in a row.
fn fuzz_client(payloads: &[Vec<u8>]) {
    let mut client = client();
    for payload in payloads {
        push(&mut client, payload);
    }
    assert!(client.stats().datagrams == payloads.len() as u64);
}

/// FEC attributes as a hostile FDT may have them.
fn hostile_attributes() -> impl Strategy<Value = String> {
    let length = || prop_oneof![Just(0u64), 1..70u64, Just(4_000), Just(65_535), Just(1 << 32), any::<u64>()];
    let encoding = prop_oneof![4 => 0u8..2, 1 => 2u8..7, 1 => Just(129), 1 => any::<u8>()];
    let info = prop_oneof![
        Just(String::new()),
        Just(r#"FEC-OTI-Scheme-Specific-Info="AAEBBA==""#.to_owned()),
        Just(r#"FEC-OTI-Scheme-Specific-Info="AAABBA==""#.to_owned()),
        Just(r#"FEC-OTI-Scheme-Specific-Info="/////w==""#.to_owned()),
        Just(r#"FEC-OTI-Scheme-Specific-Info="AQABBA==""#.to_owned()),
        Just(r#"Content-Encoding="gzip""#.to_owned()),
    ];
    (encoding, length(), length(), length(), length(), info).prop_map(|(encoding, transfer, symbol, block, max, info)| {
        format!(
            r#"Transfer-Length="{transfer}" FEC-OTI-FEC-Encoding-ID="{encoding}" FEC-OTI-Encoding-Symbol-Length="{symbol}" FEC-OTI-Maximum-Source-Block-Length="{block}" FEC-OTI-Max-Number-of-Encoding-Symbols="{max}" {info}"#
        )
    })
}

fn hostile_packet() -> impl Strategy<Value = Vec<u8>> {
    let number = || prop_oneof![0u16..6, any::<u16>()];
    let symbol = proptest::collection::vec(any::<u8>(), 0..70);
    let extension = prop_oneof![
        3 => Just(vec![]),
        1 => proptest::collection::vec(any::<u8>(), 16..17).prop_map(|mut fti| {
            fti[..2].copy_from_slice(&[64, 4]);
            fti
        }),
        1 => proptest::collection::vec(any::<u8>(), 0..6).prop_map(|o| o.repeat(4)),
    ];
    prop_oneof![
        1 => proptest::collection::vec(any::<u8>(), 0..100),
        3 => (0u16..3, 0u8..2, extension, number(), number(), symbol)
            .prop_map(|(toi, codepoint, extension, sbn, esi, symbol)| alc(toi, codepoint, &extension, sbn, esi, &symbol)),
        2 => (any::<u16>(), hostile_attributes()).prop_map(|(id, attributes)| fdt_of(id, &attributes)),
        1 => (any::<u16>(), "[ -~]{0,200}").prop_map(|(id, xml)| fdt(id, &xml)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn hostile_packets(packets in proptest::collection::vec(hostile_packet(), 0..12)) {
        fuzz_client(&packets);
    }
}
