use std::net::SocketAddr;

use protocol::mc::coordination::{AnnouncedBy, Coordination, DistributionOutcome, SharedBearer};
use protocol::mc::names::COORDINATION_CONTENT_TYPE;
use protocol::mc::subchannel::{MbmsSubchannel, SubchannelControl, SubchannelMessage};
use protocol::{Instant, Joint, Plmn, TapEvent, Tmgi, UdpDatagram};

use super::{client, coordination};
use crate::event::LadderHeader;
use crate::ladder::{ImsActor, ImsCast, LadderWatch, Procedure};

const GROUP: &str = "sip:team@groups.mcptt.example";
const SSRC: u32 = 0x1234_5678;

fn tmgi() -> Tmgi {
    Tmgi { service_id: [0, 1, 2], plmn: Plmn::new("001", "01").unwrap() }
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn event(joint: Joint, from: &str, to: &str, bytes: Vec<u8>) -> TapEvent {
    let channel = if joint == Joint::Mtch { "" } else { "udp 10.46.0.51:5060 10.46.0.52:5060" };
    TapEvent { at: Instant::ZERO, joint, from: from.into(), to: to.into(), channel: channel.into(), lcid: 0, bytes }
}

/// A request with these header lines.
fn request(method: &str, call: &str, more: &str, content_type: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} sip:mc2.example SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n\
         Call-ID: {call}\r\nCSeq: 1 {method}\r\n{more}Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn ok(method: &str, call: &str) -> Vec<u8> {
    format!(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: \
         {call}\r\nCSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

fn document(from: u8, to: u8, document: &Coordination) -> TapEvent {
    let text = document.to_document();
    let message = request("MESSAGE", &format!("c{from}{}", document.name()), "", COORDINATION_CONTENT_TYPE, &text);
    event(Joint::Mcptt3, &format!("MC server {from}"), &format!("MC server {to}"), message)
}

fn rtp() -> Vec<u8> {
    let mut packet = vec![0x80, 8, 0, 1, 0, 0, 0, 160];
    packet.extend(SSRC.to_be_bytes());
    packet.extend([0xd5; 160]);
    packet
}

fn on_bearer(payload: &[u8]) -> Vec<u8> {
    let (source, destination) = (at("10.46.0.52:49150"), at("239.255.2.1:5000"));
    UdpDatagram { source, destination, payload }.emit().unwrap()
}

fn subchannel() -> MbmsSubchannel {
    MbmsSubchannel { audio_m_line: 2, floor: Some((3, 5001)), media: at("239.255.2.1:5000") }
}

fn map() -> Vec<u8> {
    let message = SubchannelMessage::MapGroupToBearer { group: GROUP.into(), tmgi: tmgi(), subchannel: subchannel() };
    on_bearer(&SubchannelControl { ssrc: 7, message }.to_bytes())
}

fn usage(inner: &str) -> String {
    format!(
        "<mcptt-mbms-usage-info xmlns=\"urn:3gpp:ns:mcpttMbmsUsage:1.0\">{inner}<version>1</version></mcptt-mbms-usage-info>"
    )
}

fn announcement(to: &str) -> TapEvent {
    let body = usage("<announcement><mbms-service-areas><x/></mbms-service-areas></announcement>");
    event(Joint::Gm, "P-CSCF", to, request("MESSAGE", "announcement", "", "text/xml", &body))
}

/// What is seen of a call, each with the number of its step.
fn messages() -> Vec<(&'static str, TapEvent)> {
    let bearer = SharedBearer {
        tmgi: tmgi(),
        areas: vec![1],
        frequency: None,
        qci: 65,
        has_bandwidth: true,
        available_bps: 80_000,
        announced_by: AnnouncedBy::Own,
        sdp: "v=0".into(),
    };
    let wanted = |id: &str| Coordination::MediaDistributionRequest {
        id: id.into(),
        group: GROUP.into(),
        call: "7".into(),
        tmgi: tmgi(),
        gbr_bps: 80_000,
        sdp: "v=0".into(),
    };
    let media = at("10.46.0.52:50000");
    let distribute =
        DistributionOutcome::Distribute { media, floor: media, general_purpose: media, subchannel: subchannel() };
    let already =
        DistributionOutcome::AlreadyTransmitted { server: "sip:mc1.example".into(), subchannel: subchannel() };
    let response =
        |id: &str, outcome| Coordination::MediaDistributionResponse { id: id.into(), outcome, lease_ms: 5000 };
    let (group, call) = (GROUP.to_owned(), "7".to_owned());
    let release = Coordination::MediaDistributionReleaseRequest { id: "r".into(), group, call };
    let released = Coordination::MediaDistributionReleaseResponse { id: "r".into(), released: true, reason: None };
    let discover =
        Coordination::DiscoverBearerRequest { id: "d".into(), areas: vec![1], gbr_bps: 80_000, qci: 65, users: vec![] };
    let discovered = Coordination::DiscoverBearerResponse { id: "d".into(), bearers: vec![bearer] };
    let affiliates = "Event: presence\r\nP-Access-Network-Info: 3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=1\r\n\
                      P-Asserted-Identity: <sip:listener@example>\r\n";
    let publish = request("PUBLISH", "affiliation", affiliates, "text/xml", "x");
    let invite = request("INVITE", "call", "", "text/xml", "<mcptt-info/>");
    vec![
        ("1", event(Joint::Isc, "S-CSCF", "MC server 1", publish)),
        ("2", document(1, 2, &discover)),
        ("3", document(2, 1, &discovered)),
        ("4", announcement("listener")),
        ("5", event(Joint::Gm, "talker", "P-CSCF", invite)),
        ("6a", document(1, 2, &wanted("m1"))),
        ("6b", document(3, 2, &wanted("m3"))),
        ("7a", document(2, 1, &response("m1", distribute))),
        ("7b", document(2, 3, &response("m3", already))),
        ("8a", event(Joint::Mb, "talker", "MC server 1", rtp())),
        ("8b", event(Joint::Mb, "MC server 1", "MC server 3", rtp())),
        ("9", event(Joint::Mb, "MC server 1", "MC server 2", rtp())),
        ("10a", event(Joint::Mb2U, "MC server 2", "BM-SC", map())),
        ("10b", event(Joint::Mb2U, "MC server 2", "BM-SC", on_bearer(&rtp()))),
        ("10c", event(Joint::Mtch, "eNB", "listener", map())),
        ("10", event(Joint::Mtch, "eNB", "listener", on_bearer(&rtp()))),
        ("11", document(1, 2, &release)),
        ("12", document(2, 1, &released)),
    ]
}

fn actor(name: &str, last: u8) -> ImsActor {
    ImsActor {
        name: name.into(),
        impi: format!("{name}@example"),
        impu: format!("sip:{name}@example"),
        msisdn: String::new(),
        ip: [10, 45, 0, last].into(),
        pcscf: "P-CSCF".into(),
        mms_relay: String::new(),
        system: None,
    }
}

fn watch(procedure: &Procedure, ue: &str, peer: Option<&str>) -> LadderWatch {
    let cast = ImsCast::new(0, actor(ue, 1), peer.map(|peer| actor(peer, 2)), None);
    let header = LadderHeader {
        procedure: procedure.procedure.into(),
        title: procedure.title.into(),
        ue: ue.into(),
        session: String::new(),
        ims: Some(cast),
    };
    let mut watch = LadderWatch::new(&[header]);
    watch.step_started(0);
    watch
}

/// Numbers of the steps that these messages tick, in their order.
fn ticked(watch: &mut LadderWatch, messages: &[(&'static str, TapEvent)]) -> Vec<&'static str> {
    messages.iter().flat_map(|(_, event)| watch.observe(event, 1)).map(|ticked| ticked.step.number).collect()
}

#[test]
fn each_message_ticks_its_step() {
    let messages = messages();
    let mut watch = watch(&coordination::COORDINATION, "talker", Some("listener"));
    let numbers: Vec<&str> = coordination::COORDINATION.steps.iter().map(|row| row.number).collect();
    assert_eq!(messages.iter().map(|(number, _)| *number).collect::<Vec<_>>(), numbers);
    assert_eq!(ticked(&mut watch, &messages), numbers);
}

#[test]
fn without_its_message_a_step_stays_unseen() {
    for left_out in coordination::COORDINATION.steps.iter().map(|row| row.number) {
        let messages: Vec<_> = messages().into_iter().filter(|(number, _)| *number != left_out).collect();
        let mut watch = watch(&coordination::COORDINATION, "talker", Some("listener"));
        assert!(!ticked(&mut watch, &messages).contains(&left_out), "{left_out}");
    }
}

#[test]
fn what_belongs_to_others_ticks_nothing() {
    // Speech of somebody else, another group, the answer to another request.
    let change = |number: &str, from: &[u8], to: &[u8]| {
        let mut messages = messages();
        let (_, own) = messages.iter_mut().find(|(own, _)| *own == number).unwrap();
        let place = own.bytes.windows(from.len()).position(|octets| octets == from).unwrap();
        own.bytes[place..place + to.len()].copy_from_slice(to);
        let mut watch = watch(&coordination::COORDINATION, "talker", Some("listener"));
        ticked(&mut watch, &messages)
    };
    assert!(!change("9", &SSRC.to_be_bytes(), &[1, 1, 1, 1]).contains(&"9"));
    assert!(!change("7a", b">m1<", b">m9<").contains(&"7a"));
    assert!(!change("6b", b"team@", b"TEAM@").contains(&"6b"));
    assert!(!change("12", b">true<", b">fals<").contains(&"12"));
}

#[test]
fn a_client_by_the_sequence_of_the_test_specification() {
    let listens =
        |inner: &str| usage(&format!("<mbms-listening-status><mbms-listening-status>{inner}</mbms-listening-status>"));
    let says = |call: &'static str, inner: &str| {
        let body = listens(inner);
        event(Joint::Gm, "car", "P-CSCF", request("MESSAGE", call, "", "text/xml", &body))
    };
    let status = "</mbms-listening-status>";
    let messages = vec![
        ("1", announcement("car")),
        ("2", event(Joint::Gm, "car", "P-CSCF", ok("MESSAGE", "announcement"))),
        ("3", says("a", &format!("listening{status}<general-purpose>true</general-purpose>"))),
        ("4", event(Joint::Gm, "P-CSCF", "car", ok("MESSAGE", "a"))),
        ("5", event(Joint::Mtch, "eNB", "car", map())),
        ("6", says("b", &format!("listening{status}<session-id>sip:call-1@mc1</session-id>"))),
        ("7", event(Joint::Gm, "P-CSCF", "car", ok("MESSAGE", "b"))),
        ("8", event(Joint::Mtch, "eNB", "car", on_bearer(&rtp()))),
        ("9", says("c", &format!("not-listening{status}"))),
        ("10", event(Joint::Gm, "P-CSCF", "car", ok("MESSAGE", "c"))),
    ];
    let numbers: Vec<&str> = client::CLIENT.steps.iter().map(|row| row.number).collect();
    assert_eq!(ticked(&mut watch(&client::CLIENT, "car", None), &messages), numbers);
    for left_out in numbers {
        let fewer: Vec<_> = messages.iter().filter(|(number, _)| *number != left_out).cloned().collect();
        assert!(!ticked(&mut watch(&client::CLIENT, "car", None), &fewer).contains(&left_out), "{left_out}");
    }
}
