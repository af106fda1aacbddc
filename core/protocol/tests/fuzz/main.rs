//! The fuzz bodies on mutations of good and bad messages: so many cases, or with CASTBENCH_FUZZ_S so many seconds each
//! from a seed of their own.

mod mail;
mod mbms;
mod multimedia;
mod short_messages;

use std::time::{Duration, Instant};

use protocol::fuzz::{self, Mutator};
use protocol::rtp::{ReceptionReport, RtcpPacket, RtpPacket, SenderInfo, rtcp_bytes};

/// In a debug build of a slow machine seconds; the long run is `make soak`.
const CASES: u64 = 20_000;

fn run(name: &str, body: fn(&[u8]), corpus: &[Vec<u8>], dictionary: &[&[u8]]) {
    corpus.iter().for_each(|octets| body(octets));
    let seconds = std::env::var("CASTBENCH_FUZZ_S").ok().map(|s| s.parse().expect("CASTBENCH_FUZZ_S is a number"));
    let seed = std::env::var("CASTBENCH_FUZZ_SEED").map_or(1, |s| s.parse().expect("CASTBENCH_FUZZ_SEED is a number"));
    let mut mutator = Mutator::new(corpus.iter().map(Vec::as_slice), dictionary, seed);
    #[expect(clippy::disallowed_methods, reason = "the long run has a time to end, not a number of cases")]
    let start = Instant::now();
    let mut cases = 0;
    while seconds.map_or(cases < CASES, |seconds| start.elapsed() < Duration::from_secs(seconds)) {
        let octets = mutator.draw();
        let outcome = std::panic::catch_unwind(|| body(&octets));
        assert!(outcome.is_ok(), "{name}, seed {seed}, case {cases}: {:?}", String::from_utf8_lossy(&octets));
        cases += 1;
    }
    println!("{name}: {cases} cases in {:.1} s, seed {seed}", start.elapsed().as_secs_f64());
}

fn torture() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rfc4475");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let dat = paths.iter().filter(|path| path.extension().is_some_and(|ext| ext == "dat"));
    let mut all: Vec<_> = dat.map(|path| std::fs::read(path).unwrap()).collect();
    all.extend(IMS.map(|text| text.replace('\n', "\r\n").into_bytes()));
    all
}

/// What the torture messages lack: headers of the IMS.
const IMS: [&str; 2] = [
    "REGISTER sip:ims.mnc001.mcc001.3gppnetwork.org SIP/2.0\nVia: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bKa;rport\n\
     Max-Forwards: 70\nFrom: <sip:+999001@h>;tag=1\nTo: <sip:+999001@h>\nCall-ID: a\nCSeq: 2 REGISTER\n\
     Contact: <sip:10.45.0.1:5060;transport=udp>;+sip.instance=\"<urn:gsma:imei:1-2-3>\";+g.3gpp.smsip;expires=600000;q=0.5\n\
     Authorization: Digest username=\"u@h\",realm=\"h\",nonce=\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",uri=\"sip:h\",\
     response=\"0123456789abcdef0123456789abcdef\",algorithm=AKAv1-MD5,qop=auth,nc=00000001,cnonce=\"c\",auts=\"AAAAAAAAAAAAAAAAAAA=\"\n\
     Security-Client: ipsec-3gpp;alg=hmac-sha-1-96;spi-c=1;spi-s=2;port-c=3;port-s=4;q=0.1, tls\nRequire: sec-agree\n\
     P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000001\nPath: <sip:term@p:5060;lr>\n\
     P-Charging-Vector: icid-value=\"1b\";orig-ioi=home1.net\nSupported: path, gruu\nl: 0\n\n",
    "SIP/2.0 401 Unauthorized\nv: SIP/2.0/TCP a:1;received=10.0.0.1;rport=2, SIP/2.0/UDP b\nf: \"A\" <tel:+1-2;phone-context=x>;tag=1\n\
     t: <sip:a>;tag=2\ni: x@y\nCSeq: 1 SUBSCRIBE\nWWW-Authenticate: Digest realm=\"h\",nonce=\"n\",qop=\"auth,auth-int\",\
     algorithm=MD5,stale=TRUE\nEvent: reg;id=1\nSubscription-State: active;expires=1\nRAck: 1 2 INVITE\n\
     Session-Expires: 1800;refresher=uas\nReason: Q.850;cause=16;text=\"x\"\nAccept-Contact: *;+g.3gpp.smsip;require;explicit\n\
     Record-Route: <sip:p1;lr>,<sip:p2;lr>\nP-Asserted-Identity: <sip:a@h>, <tel:+1>\nm: *\nAuthentication-Info: rspauth=\"0\"\n\n",
];

#[test]
fn sip() {
    let words: [&[u8]; 24] = [
        b"\r\n",
        b"\r\n ",
        b"\r\n\r\n",
        b"\n",
        b"\0",
        b" ",
        b"\t",
        b":",
        b";",
        b",",
        b"<",
        b">",
        b"\"",
        b"\\\"",
        b"%",
        b"%00",
        b"@",
        b"[",
        b"]",
        b"SIP/2.0",
        b"Content-Length: 4294967296",
        b"l: 0\r\n",
        b"\xff\xfe",
        b"99999999999999999999",
    ];
    run("sip", fuzz::sip, &torture(), &words);
}

#[test]
fn sip_stream() {
    let words: [&[u8]; 8] =
        [b"\r\n", b"\r\n\r\n", b"l: 0\r\n", b"l: 7\r\n", b"\n", b"\r", b":", b"Content-Length\r\n :3\r\n"];
    let messages = torture();
    let pairs = messages.iter().zip(messages.iter().cycle().skip(7)).map(|(a, b)| [a.as_slice(), b].concat());
    run("sip_stream", fuzz::stream, &pairs.filter(|pair| pair.len() < 3000).collect::<Vec<_>>(), &words);
}

#[test]
fn sdp() {
    let words: [&[u8]; 19] = [
        b"\r\n",
        b"\n",
        b"=",
        b"v=0\r\n",
        b"m=audio 0 RTP/AVP 0\r\n",
        b"a=inactive\r\n",
        b"a=rtpmap:",
        b" ",
        b"/",
        b"65536",
        b"\0",
        b"IN IP6 ::",
        b"c=IN IP4 0.0.0.0\r\n",
        b"\xff",
        b"o=- 1 18446744073709551615 IN IP4 a\r\n",
        b"t=0 0\r\n",
        b"a=mbms-mode:broadcast 4335006224 0\r\n",
        b"a=source-filter: incl IN IP4 * 10.46.0.21\r\n",
        b"c=IN IP4 239.1.0.7/64\r\n",
    ];
    let bodies = torture().into_iter().filter_map(|message| {
        let at = message.windows(5).position(|window| window == b"\r\nv=0")?;
        Some(message[at + 2..].to_vec())
    });
    let own = b"v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nb=AS:64\r\nt=0 0\r\nm=audio 4/2 RTP/AVP 96\r\nc=IN IP4 1.2.3.4\r\n\
        a=rtpmap:96 AMR/8000\r\na=sendonly\r\nm=application 9 udp MCPTT\r\na=fmtp:MCPTT mc_queueing\r\n";
    run("sdp", fuzz::sdp, &bodies.chain([own.to_vec()]).collect::<Vec<_>>(), &words);
}

#[test]
fn rtp() {
    let packet =
        RtpPacket { csrc: vec![1, 2], extension: Some((7, vec![0; 4])), payload: vec![9; 20], ..RtpPacket::default() };
    let reports = vec![ReceptionReport { lost: -1, ..ReceptionReport::default() }];
    let control = [
        RtcpPacket::SenderReport { ssrc: 1, sent: SenderInfo::default(), reports },
        RtcpPacket::cname(1, "a@b"),
        RtcpPacket::Bye { sources: vec![1], reason: Some(b"over".to_vec()) },
        RtcpPacket::App { subtype: 1, ssrc: 1, name: *b"MCPT", data: vec![0; 4] },
    ];
    let words: [&[u8]; 6] = [&[0xa0], &[0x90], &[0x81, 0xc9], &[0x81, 0xca], &[0, 0, 0, 4], &[0xff; 4]];
    run("rtp", fuzz::rtp, &[packet.to_bytes(), rtcp_bytes(&control)], &words);
}

#[test]
fn sip_stack() {
    let words: [&[u8]; 12] = [
        b"\r\n",
        b"Route: <sip:192.0.2.1;lr>\r\n",
        b";tag=callee",
        b"z9hG4bK",
        b"ACK",
        b"INVITE",
        b"CANCEL",
        b"Max-Forwards: 0\r\n",
        b"Require: 100rel\r\nRSeq: 1\r\n",
        b"192.0.2.1",
        b";maddr=192.0.2.9",
        b"SIP/2.0 200 OK\r\n",
    ];
    let mut corpus = torture();
    corpus.extend(fuzz::stack_corpus());
    run("sip_stack", fuzz::stack, &corpus, &words);
}

#[test]
fn http() {
    let words: [&[u8]; 8] = [
        b"\r\n",
        b"\r\n\r\n",
        b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Host: b\r\n",
        b"HTTP/1.1",
        b"HTTP/1.1 204 \r\n",
        b"http://a:1/b?c",
    ];
    let corpus = [
        &b"PUT /a/~~/b%5b1%5d?xmlns(p=urn:p) HTTP/1.1\r\nHost: a\r\nIf-Match: \"1\"\r\nContent-Length: 3\r\n\r\n<a>"[..],
        b"GET http://a/b HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a.b.c\r\n\r\n",
        b"HTTP/1.1 409 Conflict\r\nContent-Type: application/xcap-error+xml\r\nContent-Length: 3\r\n\r\n<e>",
        b"HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n",
    ];
    run("http", fuzz::http, &corpus.map(<[u8]>::to_vec), &words);
}

/// Documents of presence in the shape of RFC 3863, 3858, 4480 and 5025.
const PRESENCE: [&str; 3] = [
    "<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:d='urn:ietf:params:xml:ns:pidf:data-model' entity='sip:a@b'>\
     <tuple id='1'><status><basic>open</basic><x:y xmlns:x='urn:castbench:params:xml:ns:presence'>1&#10;2</x:y></status>\
     <contact priority='0.5'>sip:a@b</contact><note xml:lang='de'>&lt;</note><timestamp>2026-11-22T01:00:00Z</timestamp></tuple>\
     <note>n</note><d:person id='p'><r:mood xmlns:r='urn:ietf:params:xml:ns:pidf:rpid' k='&#9;&quot;'/></d:person></presence>",
    "<watcherinfo xmlns='urn:ietf:params:xml:ns:watcherinfo' version='0' state='full'><watcher-list resource='sip:a@b' \
     package='presence'><watcher id='1' status='active' event='approved' expiration='3' display-name='&amp;'>sip:c@d\
     </watcher></watcher-list></watcherinfo>",
    "<c:ruleset xmlns:c='urn:ietf:params:xml:ns:common-policy' xmlns='urn:ietf:params:xml:ns:pres-rules' \
     xmlns:o='urn:oma:xml:xdm:common-policy'><c:rule id='1'><c:conditions><c:identity><c:one id='sip:a@b'/><c:many \
     domain='b'><c:except id='sip:c@b'/></c:many></c:identity><c:validity><c:from>2026-01-01T00:00:00Z</c:from><c:until>\
     2027-01-01T00:00:00+01:00</c:until></c:validity><c:sphere value='w'/><o:other-identity/></c:conditions><c:actions>\
     <sub-handling>allow</sub-handling></c:actions><c:transformations><provide-services><class>x</class></provide-services>\
     <provide-user-input>bare</provide-user-input><provide-mood>true</provide-mood><provide-all-attributes/>\
     </c:transformations></c:rule></c:ruleset>",
];

#[test]
fn presence() {
    let corpus = PRESENCE.map(|text| text.as_bytes().to_vec());
    let words: [&[u8]; 12] = [
        b"<a/>",
        b"</",
        b"/>",
        b"xmlns=''",
        b" xmlns:q='urn:ietf:params:xml:ns:pidf'",
        b"q:",
        b"&#13;",
        b"&#x1;",
        b"&lt;",
        b"<![CDATA[",
        b"]]>",
        b"true",
    ];
    run("presence", fuzz::presence, &corpus, &words);
}

#[test]
fn diameter() {
    let words: [&[u8]; 10] = [
        b"\0\0\0\0",
        b"\xff\xff\xff\xff",
        b"\x01\0\0\x14",
        b"\0\0\x28\xaf",
        b"\0\0\x01\x08",
        b"\x40\0\0\x08",
        b"\xc0\0\0\x0c",
        b"\x40\0\0\x07",
        b"\0\xff\xff\xff",
        b"hss.ims.test",
    ];
    run("diameter", fuzz::diameter, &fuzz::diameter_corpus(), &words);
}

#[test]
fn charging() {
    use protocol::diameter::charging::{ChargingHeader, ImsInformation, NodeFunctionality, ServiceInformation};
    use protocol::diameter::rf::{Acr, RecordType};
    use protocol::diameter::ro::{Ccr, RequestType, ServiceUnits, Units};
    let header = ChargingHeader { session_id: "a;1;2".into(), destination_realm: "r".into(), ..Default::default() };
    let mut ims = ImsInformation::new(NodeFunctionality::Scscf);
    (ims.icid, ims.request_utc_ms, ims.cause) = (Some("icid".into()), Some(1_700_000_000_001), Some(-1));
    let information = ServiceInformation { ims: Some(ims), ..Default::default() };
    let services = ServiceUnits { used: Some(Units::seconds(5)), validity: Some(1), ..Default::default() };
    let acr = Acr {
        header: header.clone(),
        kind: RecordType::Start,
        number: 0,
        interval: Some(5),
        information: information.clone(),
    };
    let ccr = Ccr {
        header,
        kind: RequestType::Initial,
        number: 0,
        action: None,
        subscriptions: vec![],
        termination: None,
        services: vec![services],
        information,
    };
    let corpus = [acr.to_message().emit(), ccr.to_message().emit()];
    let words = [[0_u8, 0, 3, 0x69].as_slice(), &[0, 0, 3, 0x6c], &[0, 0, 1, 0xc8], &[0xff, 0xff, 0xff, 0xff]];
    run("charging", fuzz::charging, &corpus, &words);
}

#[test]
fn messaging() {
    let words: [&[u8]; 16] = [
        b"\r\n",
        b"\r\n\r\n",
        b"--b",
        b"--b--",
        b"\r\n--b\r\n",
        b"Content-Type: text/plain\r\n",
        b"NS: imdn <urn:ietf:params:imdn>\r\n",
        b"imdn.Message-ID: a\r\n",
        b"-------abcd$\r\n",
        b"-------abcd+\r\n",
        b"MSRP abcd SEND\r\n",
        b"MSRP abcd 200 OK\r\n",
        b"To-Path: msrp://a:1/b;tcp\r\nFrom-Path: msrp://a:1/c;tcp\r\n",
        b"Byte-Range: 1-*/9\r\n",
        b"<list><entry uri='sip:a'/></list>",
        b"<delivery-notification><status><failed/></status></delivery-notification>",
    ];
    let parts = b"x\r\n--b\r\n\r\na\r\n--b\r\nContent-Type: message/cpim\r\nContent-Disposition: render;x=1\r\n\r\nb\r\n--b--\r\n";
    run("multipart", fuzz::multipart, &[parts.to_vec()], &words);
    let cpim = b"From: A <sip:a@x>\r\nTo: <sip:b@x>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 1\r\n\r\nContent-Type: text/plain\r\n\r\nhi";
    run("cpim", fuzz::cpim, &[cpim.to_vec()], &words);
    let lists = b"<resource-lists xmlns:cp='c'><list name='l'><entry uri='sip:a@x' cp:copyControl='to' cp:anonymize='true'/><external anchor='h'/></list></resource-lists>";
    let imdn = b"<imdn><message-id>1</message-id><datetime>d</datetime><display-notification><status><displayed/></status></display-notification></imdn>";
    run("message_documents", fuzz::message_documents, &[lists.to_vec(), imdn.to_vec()], &words);
    let stream = b"MSRP abcd SEND\r\nTo-Path: msrp://a:1/b;tcp\r\nFrom-Path: msrp://a:1/c;tcp\r\nMessage-ID: 1\r\nByte-Range: 1-*/5\r\n\
        Content-Type: a/b\r\n\r\nhello\r\n-------abcd$\r\nMSRP efgh 200 OK\r\nTo-Path: msrp://a:1/b;tcp\r\nFrom-Path: msrp://a:1/c;tcp\r\n-------efgh$\r\n";
    run("msrp", fuzz::msrp, &[stream.to_vec()], &words);
}

#[test]
fn xcap() {
    let document = "<?xml version=\"1.0\"?>\n<list xmlns='u' xmlns:x=\"v\"><entry uri=\"a\"/> <!-- c --><x:entry uri='b'>t</x:entry></list>";
    let addresses = [
        "/a/users/sip:ann@x.test/index/~~/list/entry%5b@uri=%22c%22%5d",
        "/a/global/index/~~/list/x:entry/@uri?xmlns(x=v)",
        "/a/global/index/~~/list/*%5b1%5d%5b@uri='a'%5d/namespace::*",
    ];
    let bodies = ["<entry uri=\"c\"/>", "d", " <x:entry><list>&amp;</list></x:entry> "];
    let corpus = addresses.iter().flat_map(|a| bodies.map(|b| format!("{a}\n{b}\n{document}").into_bytes()));
    let words: [&[u8]; 16] = [
        b"\n",
        b"%",
        b"%2e",
        b"/",
        b"//",
        b"~~",
        b"[2]",
        b"[@uri='a']",
        b"*",
        b"@uri",
        b"<!--",
        b"<![CDATA[",
        b"/>",
        b"</list>",
        b"xmlns:x='w'",
        b"&",
    ];
    run("xcap", fuzz::xcap, &corpus.collect::<Vec<_>>(), &words);
}

#[test]
fn mc() {
    use protocol::mc::affiliation::Affiliations;
    use protocol::mc::coordination::{Coordination, DistributionOutcome};
    use protocol::mc::floor::{FloorKind, FloorMessage, FloorMessageType, FloorSource};
    use protocol::mc::info::McpttInfo;
    use protocol::mc::subchannel::{MbmsSubchannel, SubchannelControl, SubchannelMessage};
    use protocol::mc::usage_info::{Announcement, ListeningStatus, UsageInfo};
    use protocol::mc::user_profile::{PartnerSystem, ProfileEntry, UserProfile};
    let tmgi: protocol::Tmgi = "00abcd@262-01".parse().unwrap();
    let subchannel = MbmsSubchannel { audio_m_line: 2, floor: Some((3, 4)), media: ([239, 1, 2, 3], 5000).into() };
    let map = SubchannelMessage::MapGroupToBearer { group: "sip:g@a".into(), tmgi, subchannel };
    let bearer = SubchannelMessage::BearerAnnouncement { tmgi, monitoring: Some(1) };
    let taken = FloorKind::Taken { granted_party: Some("sip:u@a".into()), permission: true, sequence: Some(1) };
    let ack = FloorKind::Ack { source: FloorSource::PARTICIPANT, message: FloorMessageType::GRANTED };
    let mut packets: Vec<_> = [map, bearer].map(|message| SubchannelControl { ssrc: 1, message }.to_bytes()).into();
    packets.extend([taken, ack].map(|kind| FloorMessage::new(1, kind).with_user("sip:u@a").to_bytes()));
    packets.push(packets.concat());
    let words: [&[u8]; 6] = [&[0x80, 0xcc, 0, 2], b"MCPT", b"MCMC", b"MCCP", &[2, 2], &[0xff]];
    run("mc_media_plane", fuzz::mc_media_plane, &packets, &words);
    let listening = ListeningStatus { listening: true, session: None, general_purpose: Some(true), tmgis: vec![tmgi] };
    let announcement = Announcement { service_areas: Some(vec![1]), gpms: Some(1), ..Announcement::cancellation(tmgi) };
    let usage = UsageInfo { announcements: vec![announcement], ..UsageInfo::of_listening(listening) };
    let info = McpttInfo { emergency: Some(true), request_uri: Some("sip:g@a".into()), ..McpttInfo::default() };
    let outcome = DistributionOutcome::AlreadyTransmitted { server: "sip:a".into(), subchannel };
    let response = Coordination::MediaDistributionResponse { id: "1".into(), outcome, lease_ms: 1 };
    let gone = Coordination::BearerChange { bearers: Vec::new(), gone: vec![tmgi] };
    let affiliations = Affiliations::request("sip:u@a", "c", ["sip:g@a"]);
    let partner = PartnerSystem {
        id: "p".into(),
        plmn: tmgi.plmn,
        service_pdn: "a".into(),
        common_core_pdn: None,
        identity_pdn: Some("b".into()),
        domain: "b.test".into(),
        pcscf: ([10, 50, 0, 1], 5060).into(),
        private_identity: "v@b.test".into(),
        public_identity: "sip:v@b.test".into(),
        identity_server: Some("https://i.b.test".into()),
        mc_id: None,
        mcptt_id: "sip:v@m.test".into(),
        server: "sip:mc1.b.test".into(),
        groups: vec!["sip:g@b.test".into()],
    };
    let groups = vec![ProfileEntry { uri: "sip:g@a".into(), name: Some("G".into()) }];
    let profile = UserProfile { groups, partners: vec![partner], max_calls: Some(1), ..UserProfile::new("sip:u@a", 1) };
    let documents = [usage.to_document(), info.to_document(), response.to_document(), gone.to_document()];
    let more = [affiliations.to_document(), profile.to_document()];
    let corpus: Vec<_> = documents.into_iter().chain(more).map(String::into_bytes).collect();
    let words =
        [b"<TMGI>".as_slice(), b"00ABCD62F210", b"</id>", b"&#13;", b"Encrypted", b"999999999999", b"[::1]:1", b"/>"];
    run("mc_documents", fuzz::mc_documents, &corpus, &words);
    let sdp = b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nt=0 0\r\nm=application 5 udp MCPTT\r\nc=IN IP4 239.1.0.7/64\r\n\
        a=fmtp:MCPTT mc_queueing;mc_priority=5;mc_ssrc=1\r\nm=audio 9 RTP/AVP 97\r\nc=IN IP6 ::\r\na=rtpmap:97 AMR-WB/16000\r\n";
    let words = [b"mc_granted".as_slice(), b";", b"=", b"a=fmtp:MCPTT ", b"ff0e::1", b"m=application 0 udp MCPTT\r\n"];
    run("mc_sdp", fuzz::mc_sdp, &[sdp.to_vec()], &words);
}
