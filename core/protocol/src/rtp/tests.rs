use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// ITU-T G.711 tables 5 and 6: the octets of 1000 Hz at 0 dBm0.
const DIGITAL_MILLIWATT: [(G711, [u8; 8]); 2] = [
    (G711::A, [0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4]),
    (G711::Mu, [0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e]),
];

#[test]
fn the_sequences_of_the_recommendation_are_1000_hz_at_0_dbm0() {
    // A sinusoid at full load has +3.14 dBm0 in A-law and +3.17 dBm0 in mu-law.
    for ((law, octets), overload) in DIGITAL_MILLIWATT.into_iter().zip([314, 317]) {
        let samples = law.decode(&octets);
        let full = if law == G711::A { 4096.0 * 8.0 } else { 8159.0 * 4.0 };
        let power: f64 = samples.iter().map(|&s| (f64::from(s) / full).powi(2)).sum::<f64>() / 8.0;
        let level = 10.0 * (2.0 * power).log10() + f64::from(overload) / 100.0;
        assert!(level.abs() < 0.06, "{law:?}: {level} dBm0");
        assert_eq!(law.encode(&samples), octets);
        let (first, second) = samples.split_at(4);
        assert!(first.iter().zip(second).all(|(a, b)| *a == -*b), "{samples:?}");
    }
}

#[test]
fn the_ends_and_the_middle_of_both_tables() {
    // Tables 1a, 1b: values 1 and 4032 of 4096; tables 2a, 2b: 0 and 8031 of 8159.
    assert_eq!([0xd5, 0x55, 0xaa, 0x2a].map(decode_a), [8, -8, 32256, -32256]);
    assert_eq!([0xff, 0x7f, 0x80, 0x00].map(decode_mu), [0, 0, 32124, -32124]);
    assert_eq!([0, -1, i16::MAX, i16::MIN].map(encode_a), [0xd5, 0x55, 0xaa, 0x2a]);
    assert_eq!([0, -1, i16::MAX, i16::MIN].map(encode_mu), [0xff, 0x7f, 0x80, 0x00]);
}

#[test]
fn what_is_decoded_encodes_to_the_same_and_order_is_kept() {
    for octet in 0..=255 {
        assert_eq!(encode_a(decode_a(octet)), octet);
        // Both zeros of mu-law are one sample.
        assert_eq!(encode_mu(decode_mu(octet)), if octet == 0x7f { 0xff } else { octet });
    }
    let all: Vec<i16> = (i16::MIN..=i16::MAX).collect();
    for law in [G711::A, G711::Mu] {
        let heard = law.decode(&law.encode(&all));
        assert!(heard.is_sorted(), "{law:?}");
        for (&said, &heard) in all.iter().zip(&heard) {
            // Half of the interval: 1/32 of the sample in all segments but the first.
            let error = i32::from(said).abs_diff(heard.into());
            assert!(error <= 16 + said.unsigned_abs() as u32 / 32, "{law:?} {said} {heard}");
        }
    }
}

/// FNV-1a, to compare with what another program has computed.
fn fnv(octets: impl IntoIterator<Item = u8>) -> u64 {
    octets
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn another_program_has_the_same_tables() {
    // audioop of Python 3.11: all octets as samples; all samples in A-law, those from 0 on in mu-law (below, it takes the
    // decision values themselves to the other side).
    let all: Vec<u8> = (0..=255).collect();
    let octets = |law: G711| fnv(law.decode(&all).into_iter().flat_map(i16::to_le_bytes));
    assert_eq!([G711::A, G711::Mu].map(octets), [0x693a_40ca_62a3_d2a5, 0xb91e_65d6_8481_a1a8]);
    assert_eq!(fnv((i16::MIN..=i16::MAX).map(encode_a)), 0xf030_666e_b780_cf25);
    assert_eq!(fnv((0..=i16::MAX).map(encode_mu)), 0x1830_3138_f6ea_eb89);
}

#[test]
fn packets_that_are_none() {
    assert_eq!(RtpPacket::parse(&[0x80; 11]), Err(RtpProblem::Truncated(11)));
    assert_eq!(RtpPacket::parse(&[0x40; 12]), Err(RtpProblem::Version(1)));
    assert_eq!(RtpPacket::parse(&[0x81; 12]), Err(RtpProblem::Truncated(12)));
    let mut padded = RtpPacket { payload: vec![1, 2, 3], ..RtpPacket::default() }.to_bytes();
    padded[0] |= PADDING;
    assert!(RtpPacket::parse(&padded).unwrap().payload.is_empty());
    padded[14] = 4;
    assert_eq!(RtpPacket::parse(&padded), Err(RtpProblem::Padding(4)));
    assert_eq!(parse_rtcp(&[]), Err(RtcpProblem::Truncated(0)));
    assert_eq!(parse_rtcp(&[0x80, 200, 0, 0]), Err(RtcpProblem::Content(200)));
    assert_eq!(parse_rtcp(&[0x80, 200, 0, 9]), Err(RtcpProblem::Truncated(4)));
}

fn packet() -> impl Strategy<Value = RtpPacket> {
    let words = (any::<u16>(), vec(any::<u8>(), 0..8)).prop_map(|(profile, mut data)| {
        data.truncate(data.len() / 4 * 4);
        (profile, data)
    });
    let head = (any::<bool>(), 0_u8..128, any::<u16>(), any::<u32>(), any::<u32>());
    (head, vec(any::<u32>(), 0..=15), option::of(words), vec(any::<u8>(), 0..200)).prop_map(
        |((marker, payload_type, sequence, timestamp, ssrc), csrc, extension, payload)| RtpPacket {
            marker,
            payload_type,
            sequence,
            timestamp,
            ssrc,
            csrc,
            extension,
            payload,
        },
    )
}

fn report() -> impl Strategy<Value = ReceptionReport> {
    (any::<[u32; 5]>(), any::<u8>(), -(1_i32 << 23)..(1 << 23)).prop_map(|(words, fraction_lost, lost)| {
        let [ssrc, highest, jitter, last_sr, delay] = words;
        ReceptionReport { ssrc, fraction_lost, lost, highest, jitter, last_sr, delay }
    })
}

fn control() -> impl Strategy<Value = RtcpPacket> {
    let text = || vec(any::<u8>(), 0..20);
    let sent = (any::<u64>(), any::<u32>(), any::<u32>(), any::<u32>())
        .prop_map(|(ntp, timestamp, packets, octets)| SenderInfo { ntp, timestamp, packets, octets });
    let chunk = (any::<u32>(), vec((1..=255_u8, text()), 0..3));
    prop_oneof![
        (any::<u32>(), sent, vec(report(), 0..4)).prop_map(|(ssrc, sent, reports)| RtcpPacket::SenderReport {
            ssrc,
            sent,
            reports
        }),
        (any::<u32>(), vec(report(), 0..4)).prop_map(|(ssrc, reports)| RtcpPacket::ReceiverReport { ssrc, reports }),
        vec(chunk, 0..4).prop_map(RtcpPacket::SourceDescription),
        (vec(any::<u32>(), 0..4), option::of(text())).prop_map(|(sources, reason)| RtcpPacket::Bye { sources, reason }),
        (0..32_u8, any::<u32>(), any::<[u8; 4]>(), vec(any::<[u8; 4]>(), 0..4))
            .prop_map(|(subtype, ssrc, name, data)| RtcpPacket::App { subtype, ssrc, name, data: data.concat() }),
        (0..32_u8, 205..=255_u8, vec(any::<[u8; 4]>(), 0..4))
            .prop_map(|(count, packet_type, body)| RtcpPacket::Other { count, packet_type, body: body.concat() }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(packet in packet()) {
        prop_assert_eq!(RtpPacket::parse(&packet.to_bytes()), Ok(packet));
    }

    #[test]
    fn compound_packets_are_read_again(packets in vec(control(), 1..5)) {
        prop_assert_eq!(parse_rtcp(&rtcp_bytes(&packets)), Ok(packets));
    }
}
