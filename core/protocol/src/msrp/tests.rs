//! Examples of RFC 4975, two endpoints joined by a wire, and what must hold for any stream.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::sip::sdp::Sdp;
use crate::{Entropy, Instant};

fn items(octets: &[u8], size: usize) -> Vec<MsrpItem> {
    let mut framer = MsrpFramer::new();
    let mut items: Vec<MsrpItem> = Vec::new();
    for piece in octets.chunks(size) {
        framer.push(piece);
        while let Some(item) = framer.poll().unwrap() {
            match (items.last_mut(), item) {
                (Some(MsrpItem::Body(body)), MsrpItem::Body(more)) => body.extend(more),
                (_, item) => items.push(item),
            }
        }
    }
    items
}

/// As in RFC 4975 clause 5.1: a message in two chunks, and the response to the first.
const CHUNKS: &str = "MSRP dkei38sd SEND\r\n\
    To-Path: msrp://alicepc.example.com:7777/iau39soe2843z;tcp\r\n\
    From-Path: msrp://bob.example.org:8888/9di4eae923wzd;tcp\r\n\
    Message-ID: 4564dpWd\r\n\
    Byte-Range: 1-*/8\r\n\
    Content-Type: text/plain\r\n\
    \r\n\
    abcd\r\n\
    -------dkei38sd+\r\n\
    MSRP dkei38ia SEND\r\n\
    To-Path: msrp://alicepc.example.com:7777/iau39soe2843z;tcp\r\n\
    From-Path: msrp://bob.example.org:8888/9di4eae923wzd;tcp\r\n\
    Message-ID: 4564dpWd\r\n\
    Byte-Range: 5-8/8\r\n\
    Content-Type: text/plain\r\n\
    \r\n\
    EFGH\r\n\
    -------dkei38ia$\r\n\
    MSRP dkei38sd 200 OK\r\n\
    To-Path: msrp://bob.example.org:8888/9di4eae923wzd;tcp\r\n\
    From-Path: msrp://alicepc.example.com:7777/iau39soe2843z;tcp\r\n\
    -------dkei38sd$\r\n";

#[test]
fn chunks_of_the_standard() {
    let items = items(CHUNKS.as_bytes(), 5);
    let [MsrpItem::Head(first), body, end, MsrpItem::Head(second), _, last, MsrpItem::Head(response), done] =
        &items[..]
    else {
        panic!("{items:?}");
    };
    assert_eq!(first.byte_range().unwrap(), ByteRange { start: 1, end: None, total: Some(8) });
    assert_eq!((body, end), (&MsrpItem::Body(b"abcd".to_vec()), &MsrpItem::End(Continuation::More)));
    assert_eq!((second.byte_range().unwrap().start, last), (5, &MsrpItem::End(Continuation::End)));
    assert_eq!(first.response(200), response.clone());
    assert_eq!(done, &MsrpItem::End(Continuation::End));
    let printed = [
        first.to_bytes(Some(b"abcd"), Continuation::More),
        second.to_bytes(Some(b"EFGH"), Continuation::End),
        response.to_bytes(None, Continuation::End),
    ];
    assert_eq!(String::from_utf8(printed.concat()).unwrap(), CHUNKS);
}

#[test]
fn uris_are_compared_as_clause_6_1_says() {
    let uri = |text| MsrpUri::parse(text).unwrap();
    let one = uri("msrp://a.example.com:9000/x2ui;tcp");
    assert!(
        one.is(&uri("msrp://A.Example.com:9000/x2ui;TCP;p=1")) && one.is(&uri("msrp://u@a.example.com:9000/x2ui;tcp"))
    );
    for other in
        ["msrps://a.example.com:9000/x2ui;tcp", "msrp://a.example.com:9000/x2UI;tcp", "msrp://a.example.com/x2ui;tcp"]
    {
        assert!(!one.is(&uri(other)), "{other}");
        assert_eq!(uri(other).to_string(), other);
    }
    let v6 = uri("msrp://[2001:db8::1]:2855/s;tcp");
    assert_eq!(v6.address(), Some("[2001:db8::1]:2855".parse().unwrap()));
    for bad in ["http://a/b;tcp", "msrp://a/b", "msrp:///b;tcp", "msrp://a:x/b;tcp", "msrp://a/;tcp", "msrp://a/b;"] {
        assert!(MsrpUri::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn descriptions() {
    let text = b"v=0\r\no=alice 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n\
        m=message 7394 TCP/MSRP *\r\na=accept-types:message/cpim text/*\r\na=accept-wrapped-types:text/plain\r\n\
        a=path:msrp://10.0.0.1:7394/2s93i93idj;tcp\r\na=max-size:1000\r\na=setup:actpass\r\n";
    let sdp = Sdp::parse(text).unwrap();
    let (at, media) = MsrpMedia::find(&sdp).unwrap();
    let media = media.unwrap();
    assert_eq!((at, media.max_size, media.setup), (0, Some(1000), Some(Setup::ActPass)));
    assert!(media.accepts("text/html") && !media.accepts("image/png"));
    assert_eq!(media.to_media(), sdp.media[0]);
    assert_eq!(Setup::answer(media.setup, false), Setup::Active);
    assert_eq!(Setup::answer(None, false), Setup::Passive);
    assert!(Setup::offerer_opens(None) && !Setup::offerer_opens(Some(Setup::Active)));
}

/// Two endpoints and the octets between them.
struct Wire {
    ends: [MsrpEndpoint; 2],
    now: Instant,
    events: [Vec<MsrpEvent>; 2],
    /// Octets on each way, and those of the largest single piece.
    carried: usize,
    largest: usize,
    /// What is pulled from, by octet offset.
    pulled: bool,
}

const CONN: u64 = 7;

impl Wire {
    /// A session of an offerer that opens (0) and an answerer (1).
    fn new(options: [SessionOptions; 2]) -> (Self, [MsrpSessionId; 2]) {
        let address = |n: u8| std::net::SocketAddr::from(([10, 0, 0, n], 2855));
        let end = |n| MsrpEndpoint::new(MsrpConfig::new(address(n)), Entropy::of_box(u64::from(n), "msrp"));
        let mut wire = Self {
            ends: [end(1), end(2)],
            now: Instant::ZERO,
            events: Default::default(),
            carried: 0,
            largest: 0,
            pulled: false,
        };
        let [a, b] = options;
        let mut media = Vec::new();
        let mut ids = Vec::new();
        for (end, options) in wire.ends.iter_mut().zip([a, b]) {
            let types: Vec<_> = options.accept_types.iter().map(String::as_str).collect();
            let (id, uri) = end.prepare(options.clone()).unwrap();
            let own = MsrpMedia { max_size: Some(options.max_size), ..MsrpMedia::new(uri, &types, Setup::Active) };
            media.push(own);
            ids.push(id);
        }
        wire.ends[1].start(wire.now, ids[1], &media[0], false).unwrap();
        wire.ends[0].start(wire.now, ids[0], &media[1], true).unwrap();
        (wire, [ids[0], ids[1]])
    }

    fn run(&mut self) {
        let mut quiet = false;
        while !quiet {
            quiet = true;
            for at in [0, 1] {
                while let Some(output) = self.ends[at].poll_output() {
                    quiet = false;
                    self.output(at, output);
                }
            }
        }
    }

    fn output(&mut self, at: usize, output: MsrpOutput) {
        match output {
            MsrpOutput::Connect { token, .. } => {
                self.ends[1 - at].handle_input(self.now, MsrpInput::Connected { conn: CONN, token: None });
                self.ends[at].handle_input(self.now, MsrpInput::Connected { conn: CONN, token: Some(token) });
            }
            MsrpOutput::Send { conn, bytes } => {
                self.carried += bytes.len();
                self.largest = self.largest.max(bytes.len());
                self.ends[1 - at].handle_input(self.now, MsrpInput::Received { conn, bytes: &bytes });
            }
            MsrpOutput::Close { conn } => self.ends[1 - at].handle_input(self.now, MsrpInput::Closed { conn }),
            MsrpOutput::Event(MsrpEvent::Wanted { session, token, offset, octets }) if self.pulled => {
                let octets: Vec<u8> = (offset..offset + octets as u64).map(octet).collect();
                assert!(self.ends[at].supply(self.now, session, token, &octets));
            }
            MsrpOutput::Event(MsrpEvent::Received { offset, bytes, .. }) if self.pulled => {
                assert!(bytes.iter().zip(offset..).all(|(b, n)| *b == octet(n)), "octets from {offset} on");
            }
            MsrpOutput::Event(event) => self.events[at].push(event),
        }
    }

    fn bodies(&self, at: usize) -> BTreeMap<String, Vec<u8>> {
        let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for event in &self.events[at] {
            if let MsrpEvent::Received { message, offset, bytes, .. } = event {
                let body = bodies.entry(message.clone()).or_default();
                body.resize(body.len().max(*offset as usize + bytes.len()), 0);
                body[*offset as usize..][..bytes.len()].copy_from_slice(bytes);
            }
        }
        bodies
    }
}

fn octet(at: u64) -> u8 {
    (at.wrapping_mul(2_654_435_761) >> 13) as u8
}

fn any_type(max_size: u64) -> SessionOptions {
    SessionOptions { accept_types: vec!["*".into()], max_size, confirm: false }
}

#[test]
fn messages_go_both_ways_and_are_reported() {
    let (mut wire, [a, b]) = Wire::new([any_type(60_000), any_type(60_000)]);
    wire.run();
    let opened = |session| MsrpEvent::Opened { session };
    assert_eq!((&wire.events[0], &wire.events[1]), (&vec![opened(a)], &vec![opened(b)]));
    let mut long = MsrpMessage::new(1, "text/plain", vec![b'-'; 50_000]);
    long.success_report = true;
    wire.ends[0].send(wire.now, a, long);
    wire.ends[0].send(wire.now, a, MsrpMessage::new(2, "text/plain", "short"));
    wire.ends[1].send(wire.now, b, MsrpMessage::new(3, "text/plain", ""));
    wire.run();
    let sent = |token| MsrpEvent::Sent { session: a, token, result: Ok(()) };
    let end: Vec<_> =
        wire.events[0].iter().filter(|e| matches!(e, MsrpEvent::Sent { .. } | MsrpEvent::Reported { .. })).collect();
    // The short one does not wait for the long one.
    assert_eq!(end, [&sent(2), &sent(1), &MsrpEvent::Reported { session: a, token: 1, status: 200 }]);
    let mut lengths: Vec<_> = wire.bodies(1).into_values().map(|body| body.len()).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [5, 50_000]);
    wire.ends[0].close(a);
    wire.run();
    assert!(matches!(wire.events[1].last(), Some(MsrpEvent::Closed { .. })));
    assert_eq!((wire.ends[0].sessions(), wire.ends[1].sessions()), (0, 0));
}

#[test]
fn ten_megabytes_pass_in_little_memory() {
    const TOTAL: u64 = 10_000_000;
    let (mut wire, [a, _]) = Wire::new([any_type(0), any_type(TOTAL)]);
    wire.pulled = true;
    wire.run();
    let source = MsrpSource::Pulled { total: TOTAL };
    wire.ends[0].send(wire.now, a, MsrpMessage { source, ..MsrpMessage::new(1, "image/x", "") });
    wire.run();
    assert!(wire.events[0].contains(&MsrpEvent::Sent { session: a, token: 1, result: Ok(()) }));
    assert!(wire.events[1].iter().any(|e| matches!(e, MsrpEvent::Complete { total: TOTAL, .. })));
    assert!(wire.carried as u64 > TOTAL && wire.largest < 4096, "{}", wire.largest);
}

#[test]
fn refusals_tell_the_sender() {
    let only_text = SessionOptions { max_size: 3000, ..SessionOptions::default() };
    let (mut wire, [a, _]) = Wire::new([any_type(100), only_text]);
    wire.run();
    wire.ends[0].send(wire.now, a, MsrpMessage::new(1, "image/png", "x"));
    wire.ends[0].send(wire.now, a, MsrpMessage::new(2, "text/plain", vec![0; 3001]));
    wire.run();
    let why = |token| {
        wire.events[0].iter().find_map(|e| match e {
            MsrpEvent::Sent { token: own, result: Err(why), .. } if *own == token => Some(why.to_string()),
            _ => None,
        })
    };
    assert!(why(1).unwrap().contains("does not take image/png") && why(2).unwrap().contains("3000 octets"));
}

/// A request as a stranger writes it, and the status that it gets.
fn status(wire: &mut Wire, request: &str) -> Option<u16> {
    let octets = request.replace('\n', "\r\n");
    wire.ends[1].handle_input(wire.now, MsrpInput::Received { conn: CONN, bytes: octets.as_bytes() });
    let mut status = None;
    while let Some(output) = wire.ends[1].poll_output() {
        if let MsrpOutput::Send { bytes, .. } = output {
            for item in items(&bytes, 100) {
                if let MsrpItem::Head(MsrpHead { start: MsrpStart::Response { status: own, .. }, .. }) = item {
                    status = Some(own);
                }
            }
        }
    }
    status
}

#[test]
fn requests_that_are_wrong() {
    let options = SessionOptions { accept_types: vec!["text/plain".into()], max_size: 10, confirm: false };
    let (mut wire, _) = Wire::new([any_type(10), options]);
    let mut heads = Vec::new();
    // The first SEND tells the paths.
    while let Some(output) = wire.ends[0].poll_output() {
        match output {
            MsrpOutput::Send { bytes, .. } => heads.extend(items(&bytes, 100)),
            other => wire.output(0, other),
        }
    }
    let Some(MsrpItem::Head(first)) = heads.first() else { panic!("{heads:?}") };
    let (to, from) = (MsrpUri::path(&first.to_path), MsrpUri::path(&first.from_path));
    let paths = format!("To-Path: {to}\nFrom-Path: {from}\n");
    let mut check = |line: &str, paths: &str, rest: &str, flag: char| {
        status(&mut wire, &format!("MSRP abcd {line}\n{paths}{rest}-------abcd{flag}\n"))
    };
    let body = "Message-ID: m1\nContent-Type: text/plain\n\nhello\n";
    assert_eq!(check("SEND", &paths.replace(&to, "msrp://10.0.0.2:2855/none;tcp"), body, '$'), Some(481));
    assert_eq!(check("SEND", &paths.replace(&from, "msrp://10.0.0.9:2855/none;tcp"), body, '$'), Some(481));
    assert_eq!(check("SEND", &paths.replace(&to, &format!("{to} {from}")), body, '$'), Some(403));
    assert_eq!(check("AUTH", &paths, "", '$'), Some(501));
    assert_eq!(check("SEND", &paths, body, '$'), Some(200));
    assert_eq!(check("SEND", &paths, &body.replace("text/plain", "text/html"), '$'), Some(415));
    assert_eq!(check("SEND", &paths, &body.replace("hello", "hello world"), '$'), Some(413));
    assert_eq!(check("SEND", &paths, &body.replace("m1\n", "m1\nByte-Range: 1-*/11\n"), '$'), Some(413));
    assert_eq!(check("SEND", &paths, &body.replace("m1\n", "m1\nByte-Range: 1-4/5\n"), '$'), Some(400));
    assert_eq!(check("SEND", &paths, &body.replace("m1\n", "m1\nByte-Range: 0-4/5\n"), '$'), Some(400));
    assert_eq!(check("SEND", &paths, "Content-Type: text/plain\n\nx\n", '$'), Some(400));
    assert_eq!(check("SEND", &paths, &format!("Failure-Report: no\n{body}"), '$'), None);
    // Octets of several chunks, in any order, given up at the end.
    assert_eq!(check("SEND", &paths, &body.replace("m1\n", "m2\nByte-Range: 6-10/10\n"), '$'), Some(200));
    assert_eq!(check("SEND", &paths, &body.replace("m1\n", "m2\nByte-Range: 1-5/10\n"), '#'), Some(200));
    wire.ends[1].handle_input(wire.now, MsrpInput::Received { conn: CONN, bytes: b"GET / HTTP/1.1\r\n" });
    assert_eq!(wire.ends[1].sessions(), 0);
}

/// An offerer whose answer has not come, its URI, and a SEND of the answerer.
fn early() -> (MsrpEndpoint, MsrpSessionId, MsrpMedia, Vec<u8>) {
    let address = "10.0.0.3:2855".parse().unwrap();
    let mut end = MsrpEndpoint::new(MsrpConfig::new(address), Entropy::of_box(3, "msrp"));
    let (id, own) = end.prepare(any_type(100_000)).unwrap();
    let theirs = MsrpUri::tcp("10.0.0.4:2855".parse().unwrap(), "early");
    let mut head = MsrpHead::request(MsrpMethod::Send, "abcdefgh".into(), vec![own], vec![theirs.clone()]);
    head.headers.append("Message-ID", "m1");
    head.headers.append("Content-Type", "text/plain");
    let octets = head.to_bytes(Some(b"hello"), Continuation::End);
    (end, id, MsrpMedia::new(theirs, &["*"], Setup::Active), octets)
}

/// Statuses that it has answered with, and octets of messages that are complete.
fn answers(end: &mut MsrpEndpoint) -> (Vec<u16>, Vec<u64>) {
    let (mut statuses, mut complete) = (Vec::new(), Vec::new());
    while let Some(output) = end.poll_output() {
        match output {
            MsrpOutput::Send { bytes, .. } => {
                statuses.extend(items(&bytes, 100).into_iter().filter_map(|item| match item {
                    MsrpItem::Head(MsrpHead { start: MsrpStart::Response { status, .. }, .. }) => Some(status),
                    _ => None,
                }))
            }
            MsrpOutput::Event(MsrpEvent::Complete { total, .. }) => complete.push(total),
            _ => {}
        }
    }
    (statuses, complete)
}

#[test]
fn a_connection_may_come_before_the_answer_that_tells_its_path() {
    let (mut end, id, media, octets) = early();
    let now = Instant::ZERO;
    end.handle_input(now, MsrpInput::Connected { conn: CONN, token: None });
    // In the middle of a line, and the rest while it is held.
    let (first, rest) = octets.split_at(octets.len() - 9);
    end.handle_input(now, MsrpInput::Received { conn: CONN, bytes: first });
    end.handle_input(now, MsrpInput::Received { conn: CONN, bytes: rest });
    assert_eq!(answers(&mut end), (vec![], vec![]));
    end.start(now + Duration::from_secs(2), id, &media, false).unwrap();
    assert_eq!(answers(&mut end), (vec![200], vec![5]));
}

#[test]
fn what_comes_too_early_does_not_wait_for_ever() {
    let (mut end, _, _, octets) = early();
    end.handle_input(Instant::ZERO, MsrpInput::Connected { conn: CONN, token: None });
    end.handle_input(Instant::ZERO, MsrpInput::Received { conn: CONN, bytes: &octets });
    let due = end.poll_timeout().unwrap();
    assert!(due < Instant::ZERO + Duration::from_secs(30), "the sender waits for 30 s");
    end.handle_timeout(due);
    assert_eq!(answers(&mut end), (vec![481], vec![]));
    // Nor for any number of octets.
    let (mut end, ..) = early();
    end.handle_input(Instant::ZERO, MsrpInput::Connected { conn: CONN, token: None });
    end.handle_input(Instant::ZERO, MsrpInput::Received { conn: CONN, bytes: &octets });
    end.handle_input(Instant::ZERO, MsrpInput::Received { conn: CONN, bytes: &octets.repeat(1000) });
    let (statuses, complete) = answers(&mut end);
    assert!(statuses.iter().all(|status| *status == 481) && complete.is_empty());
}

#[test]
fn silence_and_lost_connections_are_told() {
    let (mut wire, [a, _]) = Wire::new([any_type(10), any_type(10)]);
    wire.run();
    wire.ends[0].send(wire.now, a, MsrpMessage::new(1, "text/plain", "x"));
    wire.now = wire.now + Duration::from_secs(31);
    wire.ends[0].handle_timeout(wire.now);
    let mut events = Vec::new();
    while let Some(output) = wire.ends[0].poll_output() {
        if let MsrpOutput::Event(event) = output {
            events.push(event);
        }
    }
    assert_eq!(events, [MsrpEvent::Sent { session: a, token: 1, result: Err(MsrpFailure::Timeout) }]);
    wire.ends[0].handle_input(wire.now, MsrpInput::Closed { conn: CONN });
    wire.run();
    assert!(matches!(wire.events[0].last(), Some(MsrpEvent::Closed { .. })));
    // Nobody comes: the other way round.
    let address = "10.0.0.3:2855".parse().unwrap();
    let mut alone = MsrpEndpoint::new(MsrpConfig::new(address), Entropy::of_box(3, "msrp"));
    let (id, uri) = alone.prepare(any_type(1)).unwrap();
    alone.start(Instant::ZERO, id, &MsrpMedia::new(uri, &["*"], Setup::Active), false).unwrap();
    let end = alone.poll_timeout().unwrap();
    alone.handle_timeout(end);
    assert_eq!(alone.sessions(), 0);
}

#[test]
fn a_message_is_acknowledged_when_it_is_confirmed() {
    let (mut wire, [a, b]) = Wire::new([any_type(10), SessionOptions { confirm: true, ..any_type(10) }]);
    wire.run();
    wire.ends[0].send(wire.now, a, MsrpMessage { success_report: true, ..MsrpMessage::new(1, "text/plain", "x") });
    wire.run();
    assert!(!wire.events[0].iter().any(|e| matches!(e, MsrpEvent::Sent { .. })));
    let Some(MsrpEvent::Complete { message, .. }) = wire.events[1].last().cloned() else { panic!("not complete") };
    wire.ends[1].confirm(b, &message, 200);
    wire.run();
    assert!(wire.events[0].contains(&MsrpEvent::Sent { session: a, token: 1, result: Ok(()) }));
    assert!(wire.events[0].contains(&MsrpEvent::Reported { session: a, token: 1, status: 200 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_do_not_matter(body in prop::collection::vec(prop_oneof![Just(b'-'), Just(b'\r'), Just(b'\n'), any::<u8>()], 0..200), size in 1_usize..40) {
        let Some(MsrpItem::Head(head)) = items(CHUNKS.as_bytes(), 100).into_iter().next() else { panic!("a head") };
        let octets = head.to_bytes(Some(&body), Continuation::Abort);
        let mut expected = vec![MsrpItem::Head(head), MsrpItem::Body(body.clone()), MsrpItem::End(Continuation::Abort)];
        if body.is_empty() {
            expected.remove(1);
        }
        prop_assert_eq!(items(&octets, size), expected);
    }

    #[test]
    fn any_messages_arrive(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..9000), 1..6)) {
        let (mut wire, [a, _]) = Wire::new([any_type(10_000), any_type(10_000)]);
        for (token, body) in bodies.iter().enumerate() {
            wire.ends[0].send(wire.now, a, MsrpMessage::new(token as u64, "a/b", body.clone()));
        }
        wire.run();
        let mut there: Vec<_> = wire.bodies(1).into_values().collect();
        let mut wanted = bodies;
        there.sort();
        wanted.sort();
        prop_assert_eq!(there, wanted);
    }
}
