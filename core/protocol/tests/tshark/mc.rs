//! Media plane control of MCPTT as another program reads it. tshark 4.0 knows floor control; MBMS subchannel control it knows
//! under its first name, and the identity of the group under its first identifier.

use protocol::mc::floor::{
    self, DenyCause, FloorIndicator, FloorKind, FloorMessage, FloorMessageType, FloorSource, RevokeCause,
};
use protocol::mc::subchannel::{MbmsSubchannel, SubchannelControl, SubchannelMessage};

use super::dlt::dissect;

const USER: &str = "sip:anna@mcptt.example";
const GROUP: &str = "sip:fire@mcptt.example";

fn message(kind: FloorKind) -> FloorMessage {
    FloorMessage::new(0x0102_0304, kind)
}

/// Each with what tshark says of it, its tabs being those of [`FLOOR_FIELDS`].
fn floor_messages() -> Vec<(FloorMessage, &'static str)> {
    let taken = FloorKind::Taken { granted_party: Some(USER.into()), permission: true, sequence: Some(7) };
    let emergency = Some(FloorIndicator::EMERGENCY);
    let normal = Some(FloorIndicator::NORMAL);
    let granted = message(FloorKind::Granted { duration: 300, priority: Some(5) }).acknowledged();
    let ack = FloorKind::Ack { source: FloorSource::PARTICIPATING_FUNCTION, message: FloorMessageType::GRANTED };
    let info = FloorKind::QueuePositionInfo { position: 2, priority: 5 };
    vec![
        (
            FloorMessage { indicator: emergency, ..message(FloorKind::Request { priority: Some(5) }).with_user(USER) },
            "0|5||sip:anna@mcptt.example||||4096||||",
        ),
        (FloorMessage { participant: Some(0xcafe_0001), ..granted }, "17|5|300||||||3405643777|||"),
        (
            FloorMessage { participant: Some(0xcafe_0001), ..message(taken) },
            "2||||sip:anna@mcptt.example|1|7||3405643777|||",
        ),
        (message(FloorKind::Deny { cause: DenyCause::QUEUE_FULL }), "3|||||||||7||"),
        (message(FloorKind::Release).with_user(USER), "4|||sip:anna@mcptt.example||||||||"),
        (
            FloorMessage { indicator: normal, ..message(FloorKind::Idle { sequence: Some(65535) }) },
            "5||||||65535|32768||||",
        ),
        (message(FloorKind::Revoke { cause: RevokeCause::PREEMPTED }), "6|||||||||4||"),
        (message(FloorKind::QueuePositionRequest), "8|||||||||||"),
        (message(info).with_user(USER), "9|||sip:anna@mcptt.example|||||||2;5|"),
        (message(ack), "10|||||||||||1;1"),
    ]
}

/// In two columns are those of which a message has one: the cause of a refusal or a revocation; position and priority in the
/// queue; source and type of an acknowledgement.
const FLOOR_FIELDS: [&[&str]; 12] = [
    &["rtcp.app.subtype"],
    &["rtcp.app_data.mcptt.priority"],
    &["rtcp.app_data.mcptt.duration"],
    &["rtcp.app_data.mcptt.user_id"],
    &["rtcp.mcptt.granted_partys_id"],
    &["rtcp.app_data.mcptt.perm_to_req_floor"],
    &["rtcp.app_data.mcptt.msg_seq_num"],
    &["rtcp.app_data.mcptt.floor_ind"],
    &["rtcp.app_data.mcptt.rtcp"],
    &["rtcp.app_data.mcptt.rej_cause.floor_deny", "rtcp.app_data.mcptt.rej_cause.floor_revoke"],
    &["rtcp.app_data.mcptt.queue_pos_inf", "rtcp.app_data.mcptt.queue_pri_lev"],
    &["rtcp.app_data.mcptt.source", "rtcp.app_data.mcptt.msg_type"],
];

/// A line for each packet, its columns being those of `fields` and all complaints.
fn tshark(packets: &[Vec<u8>], fields: &[&[&str]]) -> Option<Vec<String>> {
    let complaints: &[&str] = &["_ws.malformed", "_ws.expert.message"];
    let columns = || fields.iter().copied().chain([complaints]);
    let names: Vec<_> = columns().flatten().copied().collect();
    let arguments = ["-T", "fields", "-E", "aggregator=;"].into_iter();
    let arguments: Vec<_> = arguments.chain(names.iter().flat_map(|name| ["-e", name])).collect();
    let found = dissect("rtcp", packets, &arguments)?;
    let line = |line: &str| {
        let mut values = line.split('\t');
        let column = |names: &[&str]| {
            let values: Vec<_> = names.iter().filter_map(|_| values.next()).filter(|value| !value.is_empty()).collect();
            values.join(";")
        };
        columns().map(column).collect::<Vec<_>>().join("|")
    };
    Some(found.lines().map(line).collect())
}

#[test]
fn floor_control_is_read_as_it_is_meant() {
    let messages = floor_messages();
    let packets: Vec<_> = messages.iter().map(|(message, _)| message.to_bytes()).collect();
    let Some(found) = tshark(&packets, &FLOOR_FIELDS) else { return };
    assert_eq!(found.len(), messages.len());
    for ((message, expected), found) in messages.iter().zip(found) {
        assert_eq!(found, format!("{expected}|"), "{message:?}");
    }
}

#[test]
fn several_messages_of_a_datagram_are_all_read() {
    let messages: Vec<_> = floor_messages().into_iter().map(|(message, _)| message).collect();
    let Some(found) = tshark(&[floor::emit(&messages)], &[&["rtcp.app.subtype"], &["rtcp.app.name"]]) else { return };
    assert_eq!(found, [format!("0;17;2;3;4;5;6;8;9;10|{}|", ["MCPT"; 10].join(";"))]);
}

const SUBCHANNEL_FIELDS: [&[&str]; 9] = [
    &["rtcp.app.subtype"],
    &["rtcp.app_data.mccp.mcptt_grp_id"],
    &["rtcp.app_data.mccp.tmgi"],
    &["rtcp.app_data.mccp.audio_m_line_no"],
    &["rtcp.app_data.mccp.floor_m_line_no"],
    &["rtcp.app_data.mccp.ip_version"],
    &["rtcp.app_data.mccp.floor_port_no"],
    &["rtcp.app_data.mccp.media_port_no"],
    &["rtcp.app_data.mccp.ipv4", "rtcp.app_data.mccp.ipv6"],
];

#[test]
fn subchannel_control_is_read_as_it_is_meant() {
    let map = |floor, media: &str| SubchannelMessage::MapGroupToBearer {
        group: GROUP.into(),
        tmgi: "abcd01@001-01".parse().unwrap(),
        subchannel: MbmsSubchannel { audio_m_line: 2, floor, media: media.parse().unwrap() },
    };
    let messages = [
        (map(Some((3, 5004)), "239.1.0.7:5002"), "0|G|abcd0100f110|2|3|0|5004|5002|239.1.0.7|"),
        (map(None, "239.1.0.7:5002"), "0|G|abcd0100f110|2|0|0||5002|239.1.0.7|"),
        (map(Some((15, 5004)), "[ff0e::1]:5002"), "0|G|abcd0100f110|2|15|1|5004|5002|ff0e::1|"),
        (SubchannelMessage::UnmapGroupToBearer { group: GROUP.into() }, "1|G||||||||"),
    ];
    let packets: Vec<_> = messages
        .iter()
        .map(|(message, _)| SubchannelControl { ssrc: 9, message: message.clone() }.to_bytes())
        .collect();
    let Some(found) = tshark(&packets, &[&["rtcp.app.subtype"], &["rtcp.app.name"]]) else { return };
    assert_eq!(found, ["0|MCMC|", "0|MCMC|", "0|MCMC|", "1|MCMC|"]);
    let old = packets.into_iter().map(|mut packet| {
        packet[8..12].copy_from_slice(b"MCCP");
        // The group comes first; its identifier was 3.
        assert_eq!(std::mem::replace(&mut packet[12], 3), 2);
        packet
    });
    let Some(found) = tshark(&old.collect::<Vec<_>>(), &SUBCHANNEL_FIELDS) else { return };
    assert_eq!(found, messages.map(|(_, expected)| expected.replace('G', GROUP)));
}
