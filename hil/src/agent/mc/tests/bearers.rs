//! Bearers: announcements, the general purpose subchannel, reports in the order of TS 36.579-2 clause 6.4.1, and speech that
//! is heard once.

use std::collections::{BTreeSet, VecDeque};

use super::*;
use crate::agent::media::Way;

const SUBCHANNEL: &str = "239.8.0.1:9000";
const MEDIA: &str = "239.8.0.1:9002";
const BEARER_FLOOR: &str = "239.8.0.1:9003";
const TALKER: u32 = 0x1111;

/// An announcement of a bearer in area 1, or that it is taken back, with a description or without one.
fn announcement(by: &str, service: u8, is_cancelled: bool, sdp: Option<&str>) -> Coming {
    let areas = "<mbms-service-areas><mbms-service-area-id>0001</mbms-service-area-id></mbms-service-areas>";
    let (areas, line) = if is_cancelled { ("", "") } else { (areas, "<GPMS>1</GPMS>") };
    let document = format!(
        "<?xml version=\"1.0\"?><mcptt-mbms-usage-info xmlns=\"urn:3gpp:ns:mcpttMbmsUsage:1.0\"><announcement>\
         <TMGI>00000{service}00F110</TMGI>{areas}{line}</announcement><version>1</version></mcptt-mbms-usage-info>"
    );
    let mut body = format!("--b\r\nContent-Type: application/vnd.3gpp.mcptt-mbms-usage-info+xml\r\n\r\n{document}\r\n");
    if let Some(sdp) = sdp {
        body.push_str(&format!("--b\r\nContent-Type: application/sdp\r\n\r\n{sdp}\r\n"));
    }
    body.push_str("--b--\r\n");
    Coming::Agent(AgentEvent::MessageReceived(IncomingMessage {
        from: by.into(),
        content_type: "multipart/mixed;boundary=b".into(),
        body: body.into_bytes(),
        ..IncomingMessage::default()
    }))
}

/// The description of a bearer whose general purpose subchannel is here.
fn sdp(address: &str) -> String {
    let (ip, port) = address.split_once(':').unwrap();
    format!(
        "v=0\r\no=- 1 1 IN IP4 10.46.0.51\r\ns=-\r\nt=0 0\r\nm=application {port} udp MCPTT\r\nc=IN IP4 {ip}/64\r\n\
         a=recvonly\r\nm=audio 9 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\na=recvonly\r\n\
         m=application 9 udp MCPTT\r\nc=IN IP4 0.0.0.0\r\na=recvonly\r\n"
    )
}

/// Map Group To Bearer: speech is line 2, floor control line 3, IPv4.
fn map(service: u8) -> Coming {
    map_to(service, 1)
}

/// The same, speech and floor control being at 239.8.0.`host`.
fn map_to(service: u8, host: u8) -> Coming {
    let subchannel = [0x23, 0x00, 0, 0, 0x23, 0x2b, 0, 0, 0x23, 0x2a, 239, 8, 0, host];
    let tmgi = [0, 0, service, 0x00, 0xf1, 0x10];
    let octets = app(b"MCMC", 0, SERVER_SSRC, &[(2, GROUP.as_bytes()), (1, &tmgi), (0, &subchannel)]);
    Coming::Broadcast(SUBCHANNEL.parse().unwrap(), octets)
}

fn unmap() -> Coming {
    Coming::Broadcast(SUBCHANNEL.parse().unwrap(), app(b"MCMC", 1, SERVER_SSRC, &[(2, GROUP.as_bytes())]))
}

/// What a report says: to whom, whether it is heard, of a session, of the general purpose subchannel.
fn told(rig: &Rig) -> Vec<(String, bool, bool, Option<bool>)> {
    let read = |(to, document): (String, String)| {
        let has = |text: &str| document.contains(text);
        assert!(has("<TMGI>00000"), "{document}");
        let inner = has("<mbms-listening-status>listening</mbms-listening-status>");
        assert!(inner || has("<mbms-listening-status>not-listening</mbms-listening-status>"), "{document}");
        let [is, is_not] = [true, false].map(|is| has(&format!("<general-purpose>{is}<")));
        let of_subchannel = (is || is_not).then_some(is);
        (to, inner, has(&format!("<session-id>{SESSION}</session-id>")), of_subchannel)
    };
    rig.reports().into_iter().map(read).collect()
}

fn to_server(listening: bool, session: bool, subchannel: Option<bool>) -> (String, bool, bool, Option<bool>) {
    (SERVER.into(), listening, session, subchannel)
}

/// Good blocks all the time from now on.
fn cover(rig: &mut Rig, ms: u64) {
    let from = rig.now;
    for step in 0..ms / 100 {
        rig.at(from + Duration::from_millis(100 * step), Coming::Block);
    }
}

fn listed(rig: &mut Rig, services: &[u8]) {
    let tmgis = services.iter().map(|service| tmgi(*service)).collect();
    rig.client.handle_input(rig.now, McInput::Listed(tmgis));
    rig.drain();
}

/// In a call, with a bearer that was announced and is heard.
fn on_the_bearer() -> Rig {
    let mut rig = Rig::in_call();
    rig.soon(announcement(SERVER, 1, false, Some(&sdp(SUBCHANNEL))));
    listed(&mut rig, &[1]);
    cover(&mut rig, 60_000);
    rig.run_ms(50);
    rig
}

#[test]
fn reports_come_in_the_order_of_the_test_of_the_standard() {
    let mut rig = Rig::in_call();
    rig.soon(announcement(SERVER, 1, false, Some(&sdp(SUBCHANNEL))));
    rig.run_ms(50);
    assert_eq!(rig.reports(), [], "nothing is heard");
    cover(&mut rig, 3000);
    rig.run_ms(50);
    assert_eq!(rig.reports(), [], "the MCCH does not list it");
    listed(&mut rig, &[2, 1]);
    rig.run_ms(50);
    assert_eq!(told(&rig), [to_server(true, false, Some(true))]);
    // Before Map Group To Bearer speech there is nobody's.
    rig.soon(Coming::Broadcast(MEDIA.parse().unwrap(), rtp(TALKER, 1)));
    for _ in 0..3 {
        rig.soon(map(1));
        rig.run_ms(50);
    }
    assert_eq!(told(&rig)[1..], [to_server(true, true, None)], "it is told once");
    assert_eq!(rig.standing().way, Way::Mbms);
    rig.soon(unmap());
    rig.run_ms(50);
    rig.soon(map(1));
    rig.run_ms(50);
    assert_eq!(told(&rig)[2..], [to_server(false, true, None), to_server(true, true, None)]);
    // Out of coverage: after the last block and the patience, in one report. Back: the group is on the bearer when that is
    // said again.
    rig.run_ms(3500);
    assert_eq!(told(&rig)[4..], [to_server(false, true, Some(false))]);
    assert_eq!(rig.standing().way, Way::Unicast);
    cover(&mut rig, 2000);
    rig.run_ms(500);
    assert_eq!(told(&rig)[5..], [to_server(true, false, Some(true))]);
    rig.soon(map(1));
    rig.run_ms(50);
    assert_eq!(told(&rig)[6..], [to_server(true, true, None)]);
    assert_eq!(rig.client.figures(GROUP).unwrap().to_mbms, 3);
    let covered: Vec<_> = rig.events.iter().filter(|event| matches!(event, McEvent::Coverage { .. })).collect();
    assert_eq!(covered.len(), 3, "{covered:?}");
}

#[test]
fn a_report_names_its_user_and_its_bearer() {
    let rig = on_the_bearer();
    let Some(AgentCommand::Message(message)) = rig.commands.last() else { panic!("{:?}", rig.commands) };
    let info = part(&message.content_type, &message.body, "application/vnd.3gpp.mcptt-info+xml");
    assert!(String::from_utf8(info).unwrap().contains(&format!("<mcpttURI>{ME}</mcpttURI>")));
    assert!(rig.reports()[0].1.contains("<TMGI>00000100F110</TMGI>"));
}

#[test]
fn copies_over_another_bearer_are_counted_apart() {
    let mut rig = on_the_bearer();
    rig.soon(announcement(SERVER, 2, false, Some(&sdp("239.8.0.2:9000"))));
    listed(&mut rig, &[1, 2]);
    for service in [1, 2] {
        rig.soon(map_to(service, service));
        rig.run_ms(50);
    }
    for sequence in 0..20 {
        for place in [MEDIA, "239.8.0.2:9002"] {
            rig.soon(Coming::Broadcast(place.parse().unwrap(), rtp(TALKER, sequence)));
        }
        rig.run_ms(20);
    }
    let figures = rig.client.figures(GROUP).unwrap();
    assert_eq!((figures.taken, figures.by_mbms, figures.moved, figures.doubled), (20, 20, 20, 0), "{figures:?}");
}

#[test]
fn a_bearer_announced_on_behalf_is_reported_to_both() {
    let mut rig = Rig::in_call();
    rig.soon(announcement("sip:mallory@example", 1, false, Some(&sdp(SUBCHANNEL))));
    listed(&mut rig, &[1]);
    cover(&mut rig, 1000);
    rig.run_ms(50);
    assert!(rig.reports().is_empty());
    assert!(rig.events.iter().any(|event| matches!(event, McEvent::Ignored { .. })), "{:?}", rig.events);
    rig.soon(announcement(OTHER, 1, false, Some(&sdp(SUBCHANNEL))));
    rig.run_ms(50);
    rig.soon(map(1));
    rig.run_ms(50);
    let both = |to: &str| told(&rig).into_iter().filter(|report| report.0 == to).map(|report| report.2).collect();
    let (own, other): (Vec<bool>, Vec<bool>) = (both(SERVER), both(OTHER));
    assert_eq!((own, other), (vec![false, true], vec![false, true]));
}

#[test]
fn a_newer_description_replaces_the_older_and_no_areas_take_it_back() {
    let mut rig = on_the_bearer();
    let moved = "239.8.0.9:9900";
    rig.soon(announcement(SERVER, 1, false, Some(&sdp(moved))));
    rig.soon(map(1));
    rig.run_ms(50);
    assert!(!rig.events.iter().any(|event| matches!(event, McEvent::Mapped { .. })), "the old place says nothing");
    assert!(rig.client.takes(moved.parse().unwrap()) && !rig.client.takes(SUBCHANNEL.parse().unwrap()));
    // The same without a description: it stays.
    rig.soon(announcement(SERVER, 1, false, None));
    rig.run_ms(50);
    assert!(rig.client.takes(moved.parse().unwrap()));
    // Another bearer leaves the first one as it is.
    rig.soon(announcement(SERVER, 2, false, Some(&sdp("239.8.0.2:9000"))));
    rig.run_ms(50);
    assert!(rig.client.takes(moved.parse().unwrap()) && rig.client.takes("239.8.0.2:9000".parse().unwrap()));
    let before = rig.reports().len();
    rig.soon(announcement(SERVER, 1, true, None));
    rig.run_ms(50);
    assert!(!rig.client.takes(moved.parse().unwrap()));
    assert_eq!(rig.reports().len(), before);
}

#[test]
fn a_group_that_has_moved_stays_where_it_is() {
    let mut rig = on_the_bearer();
    let other = "239.8.0.2:9000";
    rig.soon(announcement(SERVER, 2, false, Some(&sdp(other))));
    listed(&mut rig, &[1, 2]);
    // On the second bearer first, then on the first one; its end comes on the second.
    let on = |coming: Coming, place: &str| match coming {
        Coming::Broadcast(_, octets) => Coming::Broadcast(place.parse().unwrap(), octets),
        other => other,
    };
    for coming in [on(map(2), other), map(1), on(unmap(), other)] {
        rig.soon(coming);
        rig.run_ms(50);
    }
    assert_eq!(rig.standing().way, Way::Mbms);
    assert!(!rig.events.iter().any(|event| matches!(event, McEvent::Unmapped { .. })), "{:?}", rig.events);
    rig.soon(unmap());
    rig.run_ms(50);
    assert_eq!((told(&rig).last(), rig.standing().way), (Some(&to_server(false, true, None)), Way::Unicast));
}

#[test]
fn a_bearer_that_is_taken_back_is_unicast_again() {
    let mut rig = on_the_bearer();
    rig.soon(map(1));
    rig.run_ms(50);
    rig.soon(announcement(SERVER, 1, true, None));
    rig.run_ms(50);
    assert_eq!(told(&rig).last(), Some(&to_server(false, true, None)));
    assert_eq!(rig.standing().way, Way::Unicast);
}

#[test]
fn reports_that_are_not_taken_are_sent_again_and_only_the_newest() {
    let mut rig = Rig::in_call();
    rig.answers = Some(500);
    rig.soon(announcement(SERVER, 1, false, Some(&sdp(SUBCHANNEL))));
    listed(&mut rig, &[1]);
    cover(&mut rig, 4000);
    rig.run_ms(1900);
    assert_eq!(told(&rig).len(), 1);
    rig.run_ms(300);
    assert_eq!(told(&rig).len(), 2);
    // It goes out of coverage, and nobody hears of what was before.
    rig.answers = None;
    rig.run_ms(20_000);
    let last = told(&rig).last().cloned();
    let from = told(&rig).len();
    assert!(matches!(rig.events.last(), Some(McEvent::Coverage { is_there: false })), "{last:?}");
    rig.answers = Some(200);
    let Some(AgentCommand::Message(waiting)) = rig.commands.last().cloned() else { panic!() };
    let lost = AgentEvent::MessageResult { token: waiting.token, result: Err(Refusal::Timeout) };
    rig.soon(Coming::Agent(lost));
    rig.run_ms(60_000);
    assert_eq!(told(&rig)[from..], [to_server(false, false, Some(false))]);
}

#[test]
fn a_ue_without_mbms_takes_no_announcement() {
    let mut rig = Rig::with(|config| config.mbms = None);
    rig.soon(announcement(SERVER, 1, false, Some(&sdp(SUBCHANNEL))));
    rig.soon(Coming::Block);
    rig.run_ms(50);
    assert!(rig.reports().is_empty() && !rig.client.takes(SUBCHANNEL.parse().unwrap()));
}

#[test]
fn floor_control_over_the_bearer_is_respected_and_answered_by_unicast_only() {
    let mut rig = on_the_bearer();
    rig.soon(map(1));
    rig.run_ms(50);
    let taken = floor(0x10 | 2, &[(4, b"sip:bob@mcptt.example"), (5, &[0, 1]), (8, &[0, 1])]);
    rig.soon(Coming::Broadcast(BEARER_FLOOR.parse().unwrap(), taken.clone()));
    rig.run_ms(50);
    assert_eq!(rig.standing().talker.as_deref(), Some("sip:bob@mcptt.example"));
    assert!(rig.floor_sent().is_empty());
    // The copy by unicast is acknowledged and changes nothing.
    rig.soon(Coming::Unicast(FLOOR, taken));
    rig.soon(Coming::Broadcast(BEARER_FLOOR.parse().unwrap(), floor(5, &[(8, &[0, 2])])));
    rig.run_ms(50);
    assert_eq!((rig.floor_sent().len(), rig.floor_events().len()), (1, 2));
}

/// What the server does with the speech of the group: it stops unicast when the client hears the bearer, and says once more
/// what was just said when it does not any more.
struct Speaker {
    by_unicast: bool,
    seen: usize,
    replay: VecDeque<Vec<u8>>,
}

impl Speaker {
    /// One packet, 20 ms. `heard`: the bearer comes through; it is 160 ms behind.
    fn say(&mut self, rig: &mut Rig, sequence: u16, heard: bool, loses: bool) {
        let reports = told(rig);
        for (_, listening, session, _) in reports.iter().skip(self.seen) {
            if *session && *listening {
                self.by_unicast = false;
            } else if *session {
                self.by_unicast = true;
                for octets in self.replay.clone() {
                    rig.soon(Coming::Unicast(RTP, octets));
                }
            }
        }
        self.seen = reports.len();
        let octets = rtp(TALKER, sequence);
        if self.by_unicast {
            rig.soon(Coming::Unicast(RTP, octets.clone()));
        }
        if heard {
            let at = rig.now + Duration::from_millis(160);
            rig.at(at, Coming::Block);
            if !loses {
                rig.at(at, Coming::Broadcast(MEDIA.parse().unwrap(), octets.clone()));
            }
            if sequence.is_multiple_of(25) {
                rig.at(at, map(1));
            }
        }
        self.replay.push_back(octets);
        if self.replay.len() > 75 {
            self.replay.pop_front();
        }
        rig.run_ms(20);
    }
}

#[test]
fn speech_is_heard_once_in_and_out_of_coverage() {
    let mut rig = Rig::in_call();
    rig.soon(announcement(SERVER, 1, false, Some(&sdp(SUBCHANNEL))));
    rig.run_ms(20);
    listed(&mut rig, &[1]);
    let mut speaker = Speaker { by_unicast: true, seen: 0, replay: VecDeque::new() };
    // 20 s of speech; the UE is covered but from 8 s to 12 s. A packet in fifty is lost on the air.
    let is_covered = |sequence: u16| !(400..600).contains(&sequence);
    let lost: Vec<u16> = (100..1000).step_by(50).filter(|sequence| is_covered(*sequence)).collect();
    for sequence in 0..1000 {
        speaker.say(&mut rig, sequence, is_covered(sequence), lost.contains(&sequence));
    }
    rig.run_ms(300);
    let figures = rig.client.figures(GROUP).unwrap();
    let reception = rig.client.reception(GROUP).unwrap().sources()[&TALKER].clone();
    let came: BTreeSet<u16> = reception.packets.values().map(|packet| packet.sequence).collect();
    let missing: Vec<u16> = (0..1000).filter(|sequence| !came.contains(sequence)).collect();
    // What was lost on the air while unicast had ended, and nothing else.
    assert!(!missing.is_empty() && missing.iter().all(|sequence| lost.contains(sequence)), "{missing:?}");
    assert_eq!(figures.taken as usize, 1000 - missing.len());
    assert_eq!(figures.taken, figures.by_unicast + figures.by_mbms);
    assert!(figures.by_mbms > 600 && figures.by_unicast > 150 && figures.both_ways > 10, "{figures:?}");
    assert_eq!((figures.to_mbms, figures.to_unicast), (2, 1));
    assert!(figures.longest_gap_in_coverage <= Duration::from_millis(300), "{figures:?}");
    // From the last block to the report there is nothing: patience, and one delay each way.
    let gap = figures.longest_gap;
    assert!((Duration::from_millis(600)..Duration::from_millis(800)).contains(&gap), "{figures:?}");
    assert_eq!(figures.long_gaps, 1);
    let order: Vec<u16> = reception.packets.values().map(|packet| packet.sequence).collect();
    assert!(order.is_sorted());
}

#[test]
fn planted_copies_are_counted_and_not_heard() {
    let mut rig = on_the_bearer();
    rig.soon(map(1));
    rig.run_ms(50);
    for sequence in 0..50 {
        let octets = rtp(TALKER, sequence);
        for _ in 0..2 {
            rig.soon(Coming::Broadcast(MEDIA.parse().unwrap(), octets.clone()));
        }
        rig.soon(Coming::Unicast(RTP, octets));
        rig.run_ms(20);
    }
    let figures = rig.client.figures(GROUP).unwrap();
    assert_eq!((figures.taken, figures.by_mbms, figures.both_ways, figures.doubled), (50, 50, 50, 50));
    // And what it says itself comes back over the bearer.
    let (own, _) = rig.client.spoken(GROUP).unwrap();
    rig.soon(Coming::Broadcast(MEDIA.parse().unwrap(), rtp(own, 1)));
    rig.run_ms(50);
    assert_eq!(rig.client.figures(GROUP).unwrap().taken, 50);
}

#[test]
fn octets_without_meaning_on_the_subchannel_change_nothing() {
    let mut rig = on_the_bearer();
    let before = rig.standing();
    let Coming::Broadcast(place, whole) = map(1) else { panic!() };
    let mut entropy = Entropy::from_seed([9; 32]);
    for _ in 0..3000 {
        let mut octets = whole.clone();
        octets.truncate(entropy.below(octets.len() as u32) as usize);
        let now = rig.now;
        rig.client.handle_input(now, McInput::Broadcast { destination: place, octets: &octets });
    }
    rig.drain();
    assert_eq!(rig.standing(), before);
    // A bearer that nobody has announced.
    rig.soon(map(9));
    rig.run_ms(50);
    assert!(matches!(rig.events.last(), Some(McEvent::Ignored { .. })));
    assert_eq!(rig.standing(), before);
}
