//! Mission critical push to talk for people: messages of the media plane, bodies of the service.

use protocol::mc::coordination::{Coordination, DistributionOutcome, SharedBearer};
use protocol::mc::floor::{self, FloorKind, FloorMessage};
use protocol::mc::info::McpttInfo;
use protocol::mc::names;
use protocol::mc::subchannel::{self, MbmsSubchannel, SubchannelMessage};
use protocol::mc::usage_info::UsageInfo;
use protocol::mime::{MediaType, Multipart, Part};
use protocol::sip::Headers;

use super::decode::Field;

/// Messages, bearers and announcements that are listed.
const LISTED_MAX: usize = 4;

/// What a datagram of the media plane says, a line for each message; empty when it is none (TS 24.380 clause 8).
pub(super) fn media_plane(octets: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut line = |name: &str, value: String| fields.push((name.to_owned(), value));
    for message in floor::parse(octets).unwrap_or_default().iter().take(LISTED_MAX) {
        line(&message.kind.message_type().to_string(), floor_words(message));
    }
    for control in subchannel::parse(octets).unwrap_or_default().iter().take(LISTED_MAX) {
        let value = match &control.message {
            SubchannelMessage::MapGroupToBearer { group, tmgi, subchannel } => {
                format!("{group} on {tmgi}, {}", place(subchannel))
            }
            SubchannelMessage::UnmapGroupToBearer { group } | SubchannelMessage::ApplicationPaging { group } => {
                group.clone()
            }
            SubchannelMessage::BearerAnnouncement { tmgi, .. } => tmgi.to_string(),
            SubchannelMessage::Other { subtype, data } => format!("type {subtype}, {} octets", data.len()),
        };
        line(control.message.name(), value);
    }
    fields
}

fn floor_words(message: &FloorMessage) -> String {
    let mut words = match &message.kind {
        FloorKind::Request { priority } => vec![priority.map_or_else(String::new, |p| format!("priority {p}"))],
        FloorKind::Granted { duration, .. } => vec![format!("for {duration} s")],
        FloorKind::Taken { granted_party, sequence, .. } => {
            vec![format!("by {}", granted_party.as_deref().unwrap_or("somebody")), number(*sequence)]
        }
        FloorKind::Deny { cause } => vec![cause.to_string()],
        FloorKind::Revoke { cause } => vec![cause.to_string()],
        FloorKind::Idle { sequence } => vec![number(*sequence)],
        FloorKind::QueuePositionInfo { position, .. } => vec![format!("position {position}")],
        FloorKind::Ack { source, message } => vec![format!("{message} from {source}")],
        FloorKind::Release | FloorKind::QueuePositionRequest | FloorKind::Other { .. } => Vec::new(),
    };
    words.extend(message.user.as_ref().map(|user| format!("user {user}")));
    words.extend(message.ack.then(|| "to be acknowledged".to_owned()));
    words.retain(|word| !word.is_empty());
    words.join(", ")
}

fn number(sequence: Option<u16>) -> String {
    sequence.map_or_else(String::new, |sequence| format!("number {sequence}"))
}

fn place(subchannel: &MbmsSubchannel) -> String {
    let floor =
        subchannel.floor.map_or_else(String::new, |(line, port)| format!(", floor control line {line} port {port}"));
    format!("audio line {} at {}{floor}", subchannel.audio_m_line, subchannel.media)
}

/// What the bodies of a SIP message say of the service; empty when they say nothing.
pub(super) fn bodies(headers: &Headers, body: &[u8]) -> Vec<Field> {
    let Ok(Some(media)) = MediaType::of(headers) else { return Vec::new() };
    let parts = match media.is_multipart() {
        true => Multipart::parse(&media, body).map(|multipart| multipart.parts).unwrap_or_default(),
        false => vec![Part::new(&media.to_string(), body)],
    };
    parts.iter().take(LISTED_MAX).flat_map(part).collect()
}

fn part(part: &Part) -> Vec<Field> {
    let Ok(text) = std::str::from_utf8(&part.body) else { return Vec::new() };
    let mut fields = Vec::new();
    let mut line = |name: &str, value: String| fields.push((name.to_owned(), value));
    if part.is(names::COORDINATION_CONTENT_TYPE) {
        if let Ok(message) = Coordination::parse(text) {
            line("Coordination", format!("{}{}", message.name(), coordination(&message)));
        }
    } else if part.is(names::USAGE_INFO_CONTENT_TYPE) {
        usage(text, &mut line);
    } else if part.is(names::INFO_CONTENT_TYPE) {
        information(text, &mut line);
    }
    fields
}

fn usage(text: &str, line: &mut impl FnMut(&str, String)) {
    let Ok(info) = UsageInfo::parse(text) else { return };
    for announcement in info.announcements.iter().take(LISTED_MAX) {
        let areas = announcement.service_areas.as_ref();
        let areas = areas.map_or_else(|| "cancelled".to_owned(), |areas| format!("service areas {areas:?}"));
        line("MBMS bearer announcement", format!("{}, {areas}", announcement.tmgi));
    }
    if let Some(status) = &info.listening {
        let tmgis: Vec<_> = status.tmgis.iter().map(ToString::to_string).collect();
        let of = match (&status.session, status.general_purpose) {
            (Some(session), _) => format!(", session {session}"),
            (None, Some(_)) => ", general purpose subchannel".to_owned(),
            (None, None) => String::new(),
        };
        let word = if status.listening { "listening" } else { "not listening" };
        line("MBMS listening status", format!("{word} to {}{of}", tmgis.join(", ")));
    }
    if let Some(status) = &info.suspension {
        let tmgis: Vec<_> = status.suspended.iter().map(ToString::to_string).collect();
        let word = if status.suspending { "suspending" } else { "not suspending" };
        line("MBMS suspension status", format!("{word} {}", tmgis.join(", ")));
    }
}

fn information(text: &str, line: &mut impl FnMut(&str, String)) {
    let Ok(info) = McpttInfo::parse(text) else { return };
    let kind = info.session_type.as_ref().map(|kind| kind.as_str().to_owned());
    let fields = [
        ("Session type", kind),
        ("MCPTT request URI", info.request_uri),
        ("Calling user", info.calling_user_id),
        ("Called party", info.called_party_id),
        ("Calling group", info.calling_group_id),
        ("Client", info.client_id),
        // It is what proves the user.
        ("Access token", info.access_token.map(|_| "(not shown)".to_owned())),
    ];
    for (name, value) in fields {
        value.into_iter().for_each(|value| line(name, value));
    }
}

fn coordination(message: &Coordination) -> String {
    match message {
        Coordination::DiscoverBearerRequest { areas, gbr_bps, qci, .. } => {
            format!(": service areas {areas:?}, {gbr_bps} bit/s, QCI {qci}")
        }
        Coordination::DiscoverBearerResponse { bearers, .. } => format!(": {}", listed(bearers)),
        Coordination::MediaDistributionRequest { group, tmgi, gbr_bps, .. } => {
            format!(": {group} on {tmgi}, {gbr_bps} bit/s")
        }
        Coordination::MediaDistributionResponse { outcome, .. } => match outcome {
            DistributionOutcome::Distribute { media, subchannel, .. } => {
                format!(": send to {media}, {}", place(subchannel))
            }
            DistributionOutcome::AlreadyTransmitted { server, subchannel } => {
                format!(": already transmitted by {server}, {}", place(subchannel))
            }
            DistributionOutcome::InsufficientBandwidth => ": insufficient bandwidth".to_owned(),
            DistributionOutcome::Refused { reason } => format!(": refused, {reason}"),
        },
        Coordination::MediaDistributionReleaseRequest { group, .. } => format!(": {group}"),
        Coordination::MediaDistributionReleaseResponse { released: true, .. } => ": released".to_owned(),
        Coordination::MediaDistributionReleaseResponse { reason, .. } => {
            format!(": refused, {}", reason.as_deref().unwrap_or("without a word"))
        }
        Coordination::BearerChange { bearers, gone } => {
            let gone: Vec<_> = gone.iter().take(LISTED_MAX).map(ToString::to_string).collect();
            format!(": {}, gone {}", listed(bearers), if gone.is_empty() { "none".to_owned() } else { gone.join(", ") })
        }
    }
}

fn listed(bearers: &[SharedBearer]) -> String {
    let bearer = |bearer: &SharedBearer| {
        format!("{} in {:?} with {} bit/s free", bearer.tmgi, bearer.areas, bearer.available_bps)
    };
    match bearers {
        [] => "no bearer".to_owned(),
        bearers => bearers.iter().take(LISTED_MAX).map(bearer).collect::<Vec<_>>().join("; "),
    }
}

#[cfg(test)]
mod tests {
    use protocol::mc::subchannel::SubchannelControl;
    use protocol::mc::usage_info::ListeningStatus;

    use super::*;

    #[test]
    fn the_media_plane_in_words() {
        let taken = FloorKind::Taken { granted_party: Some("sip:a@b".into()), permission: true, sequence: Some(7) };
        let mut octets = FloorMessage::new(1, taken).to_bytes();
        let subchannel =
            MbmsSubchannel { audio_m_line: 2, floor: Some((3, 5004)), media: ([239, 1, 0, 7], 5002).into() };
        let tmgi = "abcd01@001-01".parse().unwrap();
        let message = SubchannelMessage::MapGroupToBearer { group: "sip:g@b".into(), tmgi, subchannel };
        octets.extend(SubchannelControl { ssrc: 1, message }.to_bytes());
        let place = "sip:g@b on abcd01@001-01, audio line 2 at 239.1.0.7:5002, floor control line 3 port 5004";
        let expected = [("Floor Taken", "by sip:a@b, number 7"), ("Map Group To Bearer", place)]
            .map(|(a, b)| (a.into(), b.into()));
        assert_eq!(media_plane(&octets), expected);
        assert!(media_plane(b"\x80\x61").is_empty());
    }

    #[test]
    fn bodies_in_words_without_the_token() {
        let tmgis = vec!["abcd01@001-01".parse().unwrap()];
        let status = ListeningStatus { listening: true, session: None, general_purpose: Some(true), tmgis };
        let usage = Part::new(names::USAGE_INFO_CONTENT_TYPE, UsageInfo::of_listening(status).to_document());
        let info = McpttInfo { access_token: Some("secret".into()), ..McpttInfo::default() };
        let info = Part::new(names::INFO_CONTENT_TYPE, info.to_document());
        let release = Coordination::MediaDistributionReleaseResponse { id: "1".into(), released: true, reason: None };
        let release = Part::new(names::COORDINATION_CONTENT_TYPE, release.to_document());
        let body = Multipart { parts: vec![usage, info, release], ..Multipart::default() }.to_bytes("b");
        let mut headers = Headers::new();
        headers.append("Content-Type", "multipart/mixed;boundary=b");
        let values: Vec<String> = bodies(&headers, &body).into_iter().map(|(_, value)| value).collect();
        let expected = [
            "listening to abcd01@001-01, general purpose subchannel",
            "(not shown)",
            "media distribution release response: released",
        ];
        assert_eq!(values, expected);
    }
}
