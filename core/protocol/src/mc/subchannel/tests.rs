use proptest::prelude::*;

use super::*;
use crate::Plmn;

const GROUP: &str = "sip:fire@mcptt.example";

fn tmgi() -> Tmgi {
    Tmgi { service_id: [0xab, 0xcd, 0x01], plmn: Plmn::new("001", "01").unwrap() }
}

fn map(media: &str, floor: Option<(u8, u16)>) -> SubchannelControl {
    let subchannel = MbmsSubchannel { audio_m_line: 2, floor, media: media.parse().unwrap() };
    let message = SubchannelMessage::MapGroupToBearer { group: GROUP.into(), tmgi: tmgi(), subchannel };
    SubchannelControl { ssrc: 0x0102_0304, message }
}

/// Octets from hexadecimal digits and quoted text, as in the tables of TS 24.380.
fn octets(parts: &[&str]) -> Vec<u8> {
    let octets = |part: &&str| match part.strip_prefix('\'') {
        Some(text) => text.as_bytes().to_vec(),
        None => part.split(' ').map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect(),
    };
    parts.iter().flat_map(octets).collect()
}

#[test]
fn map_group_to_bearer_octet_by_octet() {
    let group = ["02 16", "'sip:fire@mcptt.example"];
    let tmgi = ["01 06 ab cd 01 00 f1 10"];
    // Words: header, SSRC, name, 6 of the group, 2 of the TMGI, 4 of the subchannel.
    let header = ["80 cc 00 0e", "01 02 03 04", "'MCMC"];
    let subchannel = ["00 0e 23 00", "00 00 13 8c", "00 00 13 8a", "ef 01 00 07"];
    let expected = octets(&[header.as_slice(), &group, &tmgi, &subchannel].concat());
    let message = map("239.1.0.7:5002", Some((3, 5004)));
    assert_eq!(message.to_bytes(), expected);
    assert_eq!(parse(&expected), Ok(vec![message]));
    // Without floor control its port is not there.
    let header = ["80 cc 00 0d", "01 02 03 04", "'MCMC"];
    let subchannel = ["00 0a 20 00", "00 00 13 8a", "ef 01 00 07"];
    let expected = octets(&[header.as_slice(), &group, &tmgi, &subchannel].concat());
    let message = map("239.1.0.7:5002", None);
    assert_eq!(message.to_bytes(), expected);
    assert_eq!(parse(&expected), Ok(vec![message]));
    // IP version 6: 26 octets.
    let header = ["80 cc 00 11", "01 02 03 04", "'MCMC"];
    let address = "ff 0e 00 00 00 00 00 00 00 00 00 00 00 00 00 01";
    let subchannel = ["00 1a 23 10", "00 00 13 8c", "00 00 13 8a", address];
    let expected = octets(&[header.as_slice(), &group, &tmgi, &subchannel].concat());
    let message = map("[ff0e::1]:5002", Some((3, 5004)));
    assert_eq!(message.to_bytes(), expected);
    assert_eq!(parse(&expected), Ok(vec![message]));
}

#[test]
fn unmap_group_to_bearer_octet_by_octet() {
    let expected = octets(&["81 cc 00 05", "00 00 00 09", "'MCMC", "02 09", "'sip:g@a.b", "00"]);
    let message = SubchannelMessage::UnmapGroupToBearer { group: "sip:g@a.b".into() };
    let message = SubchannelControl { ssrc: 9, message };
    assert_eq!(message.to_bytes(), expected);
    assert_eq!(parse(&expected), Ok(vec![message]));
}

#[test]
fn several_messages_in_a_datagram() {
    let unmap = SubchannelControl { message: SubchannelMessage::UnmapGroupToBearer { group: GROUP.into() }, ssrc: 1 };
    let paging = SubchannelControl { message: SubchannelMessage::ApplicationPaging { group: GROUP.into() }, ssrc: 1 };
    let bearer = SubchannelMessage::BearerAnnouncement { tmgi: tmgi(), monitoring: Some(1) };
    let bearer = SubchannelControl { message: bearer, ssrc: 1 };
    let all = [map("239.1.0.7:5002", None), unmap, paging, bearer];
    assert_eq!(parse(&emit(&all)).as_deref(), Ok(all.as_slice()));
}

#[test]
fn names_and_identifiers_of_early_versions_are_read() {
    let mut old = map("239.1.0.7:5002", None).to_bytes();
    old[8..12].copy_from_slice(b"MCCP");
    old[12] = 3;
    assert_eq!(parse(&old), Ok(vec![map("239.1.0.7:5002", None)]));
    // Floor control is none of ours.
    old[8..12].copy_from_slice(b"MCPT");
    assert_eq!(parse(&old), Ok(Vec::new()));
}

#[test]
fn what_is_wrong_is_named() {
    let good = map("239.1.0.7:5002", Some((3, 5004))).to_bytes();
    let with = |at: usize, octet: u8| {
        let mut octets = good.clone();
        octets[at] = octet;
        parse(&octets).unwrap_err().to_string()
    };
    // Group, TMGI and subchannel begin at 12, 36 and 44.
    assert!(with(12, 9).contains("MCPTT Group ID"));
    assert!(with(36, 9).contains("TMGI"));
    assert!(with(42, 0xff).contains("TMGI"), "a digit that is none");
    assert!(with(47, 0x20).contains("MBMS Subchannel"), "IP version 2");
    assert!(with(48, 1).contains("MBMS Subchannel"), "a port beyond 65535");
    assert!(with(45, 0xff).contains("leaves its message"));
    assert!(parse(&good[..good.len() - 1]).is_err());
    assert!(parse(&[]).is_err());
}

#[test]
fn what_does_not_fit_is_left_out() {
    let group = "g".repeat(MAX_GROUP_OCTETS + 1);
    let long = SubchannelControl { ssrc: 1, message: SubchannelMessage::UnmapGroupToBearer { group } };
    assert!(long.to_bytes().is_empty());
}

proptest! {
    #[test]
    fn messages_survive(
        ssrc in any::<u32>(), group in "sip:[a-z0-9]{1,40}@[a-z.]{1,30}", id in any::<[u8; 3]>(), audio in 0u8..16,
        floor in prop::option::of((1u8..16, any::<u16>())), media in any::<SocketAddr>(), kind in 0..5,
    ) {
        let tmgi = Tmgi { service_id: id, ..tmgi() };
        // Flow and scope of IP version 6 are not in the field.
        let media = SocketAddr::new(media.ip(), media.port());
        let subchannel = MbmsSubchannel { audio_m_line: audio, floor, media };
        let message = match kind {
            0 => SubchannelMessage::MapGroupToBearer { group, tmgi, subchannel },
            1 => SubchannelMessage::UnmapGroupToBearer { group },
            2 => SubchannelMessage::ApplicationPaging { group },
            3 => SubchannelMessage::BearerAnnouncement { tmgi, monitoring: Some(audio) },
            _ => SubchannelMessage::Other { subtype: 16 + audio, data: id.repeat(4) },
        };
        let message = SubchannelControl { ssrc, message };
        prop_assert_eq!(parse(&message.to_bytes()), Ok(vec![message]));
    }
}
