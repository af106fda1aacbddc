//! Creation, joining, leaving, invitations, expulsion, hold, loss; and what is heard meanwhile.

use std::time::Duration;

use protocol::rtp::{RtcpPacket, RtpPacket};
use protocol::sip::*;

use super::phones::{Net, config, identity};

fn all_hear_the_others(net: &mut Net, all: &[usize]) {
    all.iter().for_each(|&n| net.phones[n].silence());
    net.run_ms(800);
    for &n in all {
        let others: Vec<usize> = all.iter().copied().filter(|&other| other != n).collect();
        assert_eq!(net.phones[n].hears(), others, "phone {n}");
    }
}

#[test]
fn three_meet_by_the_factory_hear_each_other_and_go() {
    let mut net = Net::new(3, config());
    let uri = net.create(0);
    assert_eq!(net.phones[0].hears(), [] as [usize; 0], "nobody hears himself");
    net.join(1, &uri);
    net.join(2, &uri);
    net.run_ms(500);
    all_hear_the_others(&mut net, &[0, 1, 2]);
    net.leave(1);
    net.run_ms(300);
    assert_eq!(net.phones[1].ended(), Some(EndedWhy::HungUp));
    all_hear_the_others(&mut net, &[0, 2]);
    net.leave(0);
    net.run_ms(300);
    all_hear_the_others(&mut net, &[2]);
    net.leave(2);
    net.run_ms(300);
    assert!(net.server.conferences.is_empty(), "the last one has left");
    assert!(net.server.legs.is_empty() && net.server.sessions.is_empty());
    assert_eq!(net.server.ports.left(), 10);
    net.run(Duration::from_secs(60));
    assert_eq!(crate::node::Node::poll_timeout(&net.server), None, "nothing is left to be done");
}

#[test]
fn the_focus_is_found_in_contact_and_answers_with_g711_only() {
    let mut net = Net::new(1, config());
    let uri = net.create(0);
    let conference = net.server.conferences.values().next().unwrap();
    assert_eq!(conference.contact().to_string(), format!("<{uri}>;isfocus"));
    assert_eq!(conference.participants.len(), 1);
    let session = net.phones[0].session.unwrap();
    let request = net.phones[0].ua.session_request(session, Method::OPTIONS).unwrap();
    assert_eq!(request.uri.to_string(), uri, "requests of the dialog go to the focus");
}

#[test]
fn packets_have_sources_marker_and_reports() {
    let mut net = Net::new(3, config());
    let uri = net.create(0);
    net.join(1, &uri);
    net.join(2, &uri);
    net.run(Duration::from_secs(11));
    let packets: Vec<_> = net.phones[0].packets.iter().map(|(_, p)| RtpPacket::parse(p).unwrap()).collect();
    assert!(packets[0].marker && packets[1..].iter().all(|packet| !packet.marker));
    assert!(packets.windows(2).all(|w| w[1].sequence == w[0].sequence.wrapping_add(1)));
    assert!(packets.windows(2).all(|w| w[1].timestamp == w[0].timestamp.wrapping_add(160)));
    let mut sources = packets.last().unwrap().csrc.clone();
    sources.sort_unstable();
    assert_eq!(sources.len(), 2, "the two others");
    assert!(!sources.contains(&packets[0].ssrc));
    let is_report = |p: &&RtcpPacket| matches!(p, RtcpPacket::SenderReport { reports, .. } if reports.len() == 1);
    let count = net.phones[0].control.iter().filter(is_report).count();
    assert_eq!(count, 2, "every five seconds: {:?}", net.phones[0].control);
    let Some(RtcpPacket::SenderReport { reports, .. }) = net.phones[0].control.iter().rfind(is_report) else {
        panic!()
    };
    assert_eq!((reports[0].lost, reports[0].fraction_lost), (0, 0));
    net.leave(0);
    net.run_ms(100);
    assert!(
        matches!(net.phones[0].control.last(), Some(RtcpPacket::Bye { sources, .. }) if sources[0] == packets[0].ssrc)
    );
}

#[test]
fn media_of_strangers_are_not_heard() {
    let mut net = Net::new(2, config());
    let uri = net.create(0);
    net.join(1, &uri);
    net.run_ms(500);
    let before = net.phones[1].receiver.csrc().to_vec();
    for _ in 0..50 {
        let noise = RtpPacket { payload_type: 8, ssrc: 99, payload: vec![0x2a; 160], ..RtpPacket::default() };
        let from = "10.45.0.99:4000".parse().unwrap();
        net.post(from, "10.46.0.13:49152".parse().unwrap(), noise.to_bytes());
        net.post(from, "10.46.0.13:49153".parse().unwrap(), b"not RTCP".to_vec());
        net.run_ms(20);
    }
    assert_eq!(net.phones[1].receiver.csrc(), before);
    assert_eq!(net.phones[1].hears(), [0]);
    let figures = crate::node::Node::figures(&net.server);
    assert_eq!(
        figures.iter().find(|(name, _)| *name == "conference_stray_datagrams"),
        Some(&("conference_stray_datagrams", 100))
    );
}

#[test]
fn one_is_invited_by_refer_rings_answers_and_is_expelled() {
    let mut net = Net::new(3, config());
    let uri = net.create(0);
    net.join(1, &uri);
    net.run_ms(200);
    net.phones[2].answers = false;
    net.refer(1, &uri, 2, "INVITE");
    net.run_ms(500);
    assert_eq!(net.phones[1].told_of_refer(), [100, 180]);
    let invite = net.phones[2].told.iter().find_map(|event| match event {
        UserAgentEvent::Incoming { invite, .. } => Some(invite.clone()),
        _ => None,
    });
    let invite = invite.unwrap();
    let header = |name: &str| invite.headers.get(name).unwrap_or_default().to_owned();
    assert_eq!(header("Contact"), format!("<{uri}>;isfocus"));
    assert_eq!(
        (header("Referred-By"), header("P-Asserted-Identity")),
        (format!("<{}>", identity(1)), format!("<{uri}>"))
    );
    let (now, session, sdp) = (net.now, net.phones[2].session.unwrap(), net.phones[2].sdp("sendrecv"));
    net.phones[2].ua.accept(now, session, &sdp).unwrap();
    net.run_ms(500);
    assert_eq!(net.phones[1].told_of_refer(), [100, 180, 200]);
    all_hear_the_others(&mut net, &[0, 1, 2]);
    // Only the creator may expel.
    net.refer(1, &uri, 2, "BYE");
    net.run_ms(200);
    assert!(matches!(
        net.phones[1].subscriber().last(),
        Some(SubscriberEvent::Ended(SubscriptionEnd::Refused { status: 403 }))
    ));
    let target = "<sip:user2@user2.test;method=BYE>";
    net.refer_to(0, &uri, target);
    net.run_ms(300);
    assert_eq!(net.phones[0].told_of_refer(), [200]);
    assert!(matches!(net.phones[2].ended(), Some(EndedWhy::RemoteHungUp { .. })));
    all_hear_the_others(&mut net, &[0, 1]);
    // And everybody himself; who is no participant may nothing.
    net.refer_to(1, &uri, &format!("<{};method=bye>", identity(1)));
    net.refer(2, &uri, 1, "INVITE");
    net.run_ms(300);
    assert!(matches!(net.phones[1].ended(), Some(EndedWhy::RemoteHungUp { .. })));
    assert!(matches!(
        net.phones[2].subscriber().last(),
        Some(SubscriberEvent::Ended(SubscriptionEnd::Refused { status: 403 }))
    ));
    // The whole conference.
    net.refer_to(0, &uri, &format!("<{uri};method=BYE>"));
    net.run_ms(300);
    assert!(net.server.conferences.is_empty());
}

#[test]
fn who_refuses_is_told_of_and_refer_in_the_dialog_is_as_good() {
    let mut net = Net::new(3, config());
    net.create(0);
    net.phones[2].answers = false;
    let session = net.phones[0].session.unwrap();
    let mut refer = net.phones[0].ua.session_request(session, Method::REFER).unwrap();
    refer.headers.append("Refer-To", "<sip:user2@user2.test>");
    let now = net.now;
    net.phones[0].ua.send(now, 1, refer);
    net.run_ms(300);
    assert_eq!(net.phones[0].responses(), [202]);
    let session = net.phones[2].session.unwrap();
    net.phones[2].ua.reject(net.now, session, 486).unwrap();
    net.run_ms(300);
    let notified: Vec<_> = net.phones[0]
        .told
        .iter()
        .filter_map(|event| match event {
            UserAgentEvent::Request { request, .. } if request.method == Method::NOTIFY => {
                assert!(request.headers.get("Event").unwrap().starts_with("refer;id="));
                sipfrag_status(&request.body)
            }
            _ => None,
        })
        .collect();
    assert_eq!(notified, [100, 180, 486]);
    // Silently (RFC 4488).
    let session = net.phones[0].session.unwrap();
    let mut refer = net.phones[0].ua.session_request(session, Method::REFER).unwrap();
    refer.headers.append("Refer-To", "<sip:user1@user1.test?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>");
    refer.headers.append("Refer-Sub", "false");
    let (now, told) = (net.now, net.phones[0].told.len());
    net.phones[0].ua.send(now, 2, refer);
    net.run_ms(300);
    assert_eq!(net.phones[0].responses(), [202, 202]);
    assert_eq!(net.phones[0].told.len(), told + 1, "nothing but the response: {:?}", &net.phones[0].told[told..]);
}

#[test]
fn a_participant_on_hold_hears_nothing_and_comes_back() {
    let mut net = Net::new(2, config());
    let uri = net.create(0);
    net.join(1, &uri);
    net.run_ms(500);
    let session = net.phones[1].session.unwrap();
    net.phones[1].ua.change(net.now, session, Change::Hold(true)).unwrap();
    net.run_ms(200);
    let count = net.phones[1].packets.len();
    net.run_ms(500);
    assert_eq!(net.phones[1].packets.len(), count, "nothing is sent to who holds");
    net.phones[1].ua.change(net.now, session, Change::Hold(false)).unwrap();
    net.run_ms(500);
    let first = RtpPacket::parse(&net.phones[1].packets[count].1).unwrap();
    assert!(first.marker, "the first one after a silence");
    all_hear_the_others(&mut net, &[0, 1]);
}

#[test]
fn who_is_lost_is_removed_and_the_conference_with_the_last_one() {
    let mut net = Net::new(2, config());
    let uri = net.create(0);
    net.join(1, &uri);
    net.run_ms(500);
    net.dead.push(1);
    // The session interval is 100 s; it was not refreshed by either side.
    net.run(Duration::from_secs(140));
    let conference = net.server.conferences.values().next().unwrap();
    assert_eq!(conference.participants.len(), 1, "who is there has refreshed");
    net.dead.push(0);
    net.run(Duration::from_secs(140));
    assert!(net.server.conferences.is_empty());
    assert_eq!(net.server.ports.left(), 10);
}

#[test]
fn it_ends_with_its_creator_where_that_is_so_and_when_its_time_is_over() {
    let mut config = config();
    config.policy.ends_with_creator = true;
    config.policy.longest_s = 60;
    let mut net = Net::new(3, config);
    let uri = net.create(0);
    net.join(1, &uri);
    net.run_ms(500);
    net.leave(0);
    net.run_ms(500);
    assert!(net.server.conferences.is_empty());
    assert!(matches!(net.phones[1].ended(), Some(EndedWhy::RemoteHungUp { .. })));
    net.create(2);
    net.run(Duration::from_secs(60));
    assert!(net.server.conferences.is_empty());
    assert!(matches!(net.phones[2].ended(), Some(EndedWhy::RemoteHungUp { .. })));
}
