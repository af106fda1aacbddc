//! The peers are plain ZeroMQ sockets that do what srsRAN's radio does.

use std::thread;

use num_complex::Complex32;

use super::*;
use crate::front_end::{IqSink, IqSource, ReadBlock};

const RATE_HZ: f64 = 1.92e6;

fn config(endpoint: &str, pattern: ZmqPattern) -> ZmqConfig {
    ZmqConfig { pattern, first_answer_ms: 5_000, answer_ms: 5_000, ..ZmqConfig::new(endpoint, RATE_HZ) }
}

fn impatient(endpoint: &str, pattern: ZmqPattern) -> ZmqConfig {
    ZmqConfig { first_answer_ms: 60, answer_ms: 60, ..config(endpoint, pattern) }
}

fn iq(from: usize, len: usize) -> Vec<Complex32> {
    (from..from + len).map(|i| Complex32::new(i as f32, -0.5)).collect()
}

fn octets(iq: &[Complex32]) -> Vec<u8> {
    iq.iter().flat_map(|s| [s.re.to_le_bytes(), s.im.to_le_bytes()]).flatten().collect()
}

/// A bound socket of a peer, and where it is.
fn bound(kind: zmq::SocketType) -> (zmq::Socket, String) {
    let socket = zmq::Context::new().socket(kind).unwrap();
    socket.bind("tcp://127.0.0.1:*").unwrap();
    socket.set_rcvtimeo(5_000).unwrap();
    let endpoint = socket.get_last_endpoint().unwrap().unwrap();
    (socket, endpoint)
}

fn connected(kind: zmq::SocketType, endpoint: &str) -> zmq::Socket {
    let socket = zmq::Context::new().socket(kind).unwrap();
    if kind == zmq::SUB {
        socket.set_subscribe(b"").unwrap();
    }
    socket.connect(endpoint).unwrap();
    socket.set_rcvtimeo(5_000).unwrap();
    socket
}

/// A transmitter that answers one request with each of these messages.
fn transmitter(messages: Vec<Vec<u8>>) -> (thread::JoinHandle<()>, String) {
    let (socket, endpoint) = bound(zmq::REP);
    let answer = move || {
        for message in messages {
            assert_eq!(socket.recv_bytes(0).unwrap(), [0xff], "a request is one octet");
            socket.send(message, 0).unwrap();
        }
        let _ = socket.set_rcvtimeo(200).and_then(|()| socket.recv_bytes(0)); // the last answer leaves
    };
    (thread::spawn(answer), endpoint)
}

fn error_of(messages: Vec<Vec<u8>>) -> String {
    let (peer, endpoint) = transmitter(messages);
    let mut source =
        ZmqSource::connect(&ZmqConfig { answer_ms: 60, ..config(&endpoint, ZmqPattern::RequestReply) }).unwrap();
    let mut buffer = vec![Complex32::default(); 1920];
    let error = loop {
        match source.read(&mut [&mut buffer]) {
            Ok(_) => {}
            Err(error) => break error.to_string(),
        }
    };
    drop(source);
    peer.join().unwrap();
    error.replace(&endpoint, "AT")
}

/// Everything that comes, in blocks of `room`, until `total` samples are there.
fn read(source: &mut ZmqSource, room: usize, total: usize) -> Vec<Complex32> {
    let mut all = Vec::new();
    let mut buffer = vec![Complex32::default(); room];
    while all.len() < total {
        match source.read(&mut [&mut buffer]).unwrap() {
            ReadBlock::Samples { at, len } => {
                assert_eq!(at as usize, all.len());
                all.extend_from_slice(&buffer[..len]);
            }
            ReadBlock::End => unreachable!("no stream of ZeroMQ ends"),
        }
    }
    all
}

#[test]
fn messages_of_any_size_are_cut_anew() {
    let sizes = [1920, 1, 0, 7679, 0, 0, 23_040, 3, 100_000, 1919];
    let (mut from, mut messages) = (0, Vec::new());
    for size in sizes {
        messages.push(octets(&iq(from, size)));
        from += size;
    }
    for room in [1, 1920, 50_000] {
        let (peer, endpoint) = transmitter(messages.clone());
        let mut source = ZmqSource::connect(&config(&endpoint, ZmqPattern::RequestReply)).unwrap();
        assert_eq!(read(&mut source, room, from), iq(0, from), "blocks of {room}");
        assert_eq!(source.status().samples, from as u64);
        drop(source);
        peer.join().unwrap();
    }
}

#[test]
fn messages_that_are_not_samples_are_refused() {
    // Three samples of sc16: srsRAN checks against 8 octets a sample and so do we.
    assert!(error_of(vec![vec![0; 12]]).contains("zmq AT: a message of 12 octets is not whole cf32 samples"));
    assert!(error_of(vec![octets(&iq(0, 10)), vec![0; 1]]).contains("a message of 1 octets is not whole"));
    let nan = octets(&[Complex32::new(f32::NAN, 0.0)]);
    assert!(error_of(vec![nan]).contains("not numbers"));
    let long = vec![0; (MAX_MESSAGE_SAMPLES + 1) * 8];
    assert_eq!(error_of(vec![long]), "zmq AT: a message of 3072001 samples; the most is 3072000");
}

#[test]
fn the_longest_message_is_taken() {
    let (peer, endpoint) = transmitter(vec![vec![0; MAX_MESSAGE_SAMPLES * 8]]);
    let mut source = ZmqSource::connect(&config(&endpoint, ZmqPattern::RequestReply)).unwrap();
    assert_eq!(read(&mut source, 1 << 20, MAX_MESSAGE_SAMPLES).len(), MAX_MESSAGE_SAMPLES);
    drop(source);
    peer.join().unwrap();
}

#[test]
fn a_message_of_several_parts_is_refused() {
    let (socket, endpoint) = bound(zmq::REP);
    let peer = thread::spawn(move || {
        socket.recv_bytes(0).unwrap();
        socket.send_multipart([octets(&iq(0, 1)), octets(&iq(1, 1))], 0).unwrap();
        let _ = socket.set_rcvtimeo(200).and_then(|()| socket.recv_bytes(0));
    });
    let mut source = ZmqSource::connect(&config(&endpoint, ZmqPattern::RequestReply)).unwrap();
    let error = source.read(&mut [&mut [Complex32::default(); 8]]).unwrap_err().to_string();
    assert!(error.contains("several parts"), "{error}");
    drop(source);
    peer.join().unwrap();
}

#[test]
fn a_silent_transmitter_is_waited_for_so_long_only() {
    let mut buffer = vec![Complex32::default(); 1920];
    for (kind, pattern) in [(zmq::REP, ZmqPattern::RequestReply), (zmq::PUB, ZmqPattern::PublishSubscribe)] {
        let (_silent, endpoint) = bound(kind);
        let mut source = ZmqSource::connect(&impatient(&endpoint, pattern)).unwrap();
        for _ in 0..2 {
            let error = source.read(&mut [&mut buffer]).unwrap_err().to_string();
            assert!(error.contains("no answer for 60 ms; is the transmitter running"), "{error}");
        }
    }
    // Gone after two messages; nothing but empty messages.
    let gone = error_of(vec![octets(&iq(0, 10)), octets(&iq(10, 10))]);
    assert_eq!(gone, "zmq AT: no answer for 60 ms; the transmitter has stopped");
    let (socket, endpoint) = bound(zmq::REP);
    let peer = thread::spawn(move || while socket.recv_bytes(0).and_then(|_| socket.send(&[][..], 0)).is_ok() {});
    let mut source = ZmqSource::connect(&impatient(&endpoint, ZmqPattern::RequestReply)).unwrap();
    let error = source.read(&mut [&mut buffer]).unwrap_err().to_string();
    assert!(error.contains("no answer for 60 ms"), "{error}");
    drop(source);
    peer.join().unwrap();
}

#[test]
fn a_receiver_of_others_is_served() {
    for (kind, pattern) in [(zmq::REQ, ZmqPattern::RequestReply), (zmq::SUB, ZmqPattern::PublishSubscribe)] {
        let mut sink = ZmqSink::bind(&config("tcp://127.0.0.1:*", pattern)).unwrap();
        let socket = connected(kind, sink.endpoints().next().unwrap());
        let peer = thread::spawn(move || {
            let mut got = Vec::new();
            while got.len() < 8 * (MAX_MESSAGE_SAMPLES + 1920 + 7) {
                if kind == zmq::REQ {
                    socket.send(&[0][..], 0).unwrap(); // the value has no meaning
                }
                let message = socket.recv_bytes(0).unwrap();
                assert!(message.len() <= MAX_MESSAGE_SAMPLES * 8);
                got.extend(message);
            }
            got
        });
        let sent = iq(0, 1920 + MAX_MESSAGE_SAMPLES + 7);
        sink.write(&[&sent[..1920]]).unwrap();
        sink.write(&[&sent[1920..]]).unwrap(); // two messages: one would be too long
        sink.finish().unwrap();
        assert!(peer.join().unwrap() == octets(&sent));
        assert_eq!(sink.status().samples, sent.len() as u64);
    }
}

#[test]
fn a_silent_receiver_is_waited_for_so_long_only() {
    for (kind, pattern, nobody, left) in [
        (zmq::REQ, ZmqPattern::RequestReply, "is a receiver (REQ) connected", "the receiver has stopped asking"),
        (zmq::SUB, ZmqPattern::PublishSubscribe, "is a receiver (SUB) connected", "all subscribers have left"),
    ] {
        let mut sink = ZmqSink::bind(&impatient("tcp://127.0.0.1:*", pattern)).unwrap();
        let error = sink.write(&[&iq(0, 10)]).unwrap_err().to_string();
        assert!(error.contains("no answer for 60 ms") && error.contains(nobody), "{error}");

        let mut sink = ZmqSink::bind(&ZmqConfig { answer_ms: 60, ..config("tcp://127.0.0.1:*", pattern) }).unwrap();
        let socket = connected(kind, sink.endpoints().next().unwrap());
        if kind == zmq::REQ {
            socket.send(&[0][..], 0).unwrap();
        }
        sink.write(&[&iq(0, 10)]).unwrap();
        assert_eq!(socket.recv_bytes(0).unwrap().len(), 80);
        drop(socket);
        let error = loop {
            // A publisher learns a little later that nobody is there any more.
            if let Err(error) = sink.write(&[&iq(0, 10)]) {
                break error.to_string();
            }
        };
        assert!(error.contains(left), "{error}");
    }
}

#[test]
fn an_endpoint_that_is_taken_or_none_is_said() {
    let (_taken, endpoint) = bound(zmq::REP);
    let error = |endpoint: &str| ZmqSink::bind(&config(endpoint, ZmqPattern::RequestReply)).err().unwrap().to_string();
    assert!(error(&endpoint).contains("Address already in use"), "{}", error(&endpoint));
    assert!(error("nonsense").contains("zmq nonsense: "), "{}", error("nonsense"));
    assert!(ZmqSource::connect(&config("tcp://", ZmqPattern::RequestReply)).is_err());
    let none = ZmqConfig { endpoints: Vec::new(), ..config("", ZmqPattern::RequestReply) };
    assert!(ZmqSource::connect(&none).err().unwrap().to_string().contains("1 to 2"));
}

#[test]
fn our_two_ends_fit_with_two_antennas() {
    for pattern in [ZmqPattern::RequestReply, ZmqPattern::PublishSubscribe] {
        let both = "tcp://127.0.0.1:*".to_owned();
        let config = ZmqConfig { endpoints: vec![both.clone(), both], ..config("", pattern) };
        let mut sink = ZmqSink::bind(&config).unwrap();
        let endpoints = sink.endpoints().map(str::to_owned).collect();
        let peer = thread::spawn(move || {
            for from in (0..19_200).step_by(1920) {
                sink.write(&[&iq(from, 1920), &iq(from + 1_000_000, 1920)]).unwrap();
            }
            sink
        });
        let mut source = ZmqSource::connect(&ZmqConfig { endpoints, ..config }).unwrap();
        let (mut one, mut two, mut next) = (vec![Complex32::default(); 1000], vec![Complex32::default(); 1000], 0);
        while next < 19_200 {
            let ReadBlock::Samples { at, len } = source.read(&mut [&mut one, &mut two]).unwrap() else {
                unreachable!()
            };
            assert_eq!(at, next);
            assert_eq!(one[..len], iq(next as usize, len));
            assert_eq!(two[..len], iq(next as usize + 1_000_000, len));
            next += len as u64;
        }
        drop(peer.join().unwrap());
    }
}

/// srsENB with an `rx_port` asks for its uplink before it sends the next downlink.
#[test]
fn a_base_station_gets_its_uplink() {
    let (downlink, endpoint) = bound(zmq::REP);
    let mut source = ZmqSource::connect(&config(&endpoint, ZmqPattern::RequestReply)).unwrap();
    let uplink_at = source.serve_zeros_at("tcp://127.0.0.1:*").unwrap().to_owned();
    let peer = thread::spawn(move || {
        let uplink = connected(zmq::REQ, &uplink_at);
        for subframe in 0..5 {
            uplink.send(&[0xff][..], 0).unwrap();
            let silence = uplink.recv_bytes(0).unwrap();
            assert_eq!((silence.len(), silence.iter().max()), (1920 * 8, Some(&0)));
            downlink.recv_bytes(0).unwrap();
            downlink.send(octets(&iq(subframe * 1920, 1920)), 0).unwrap();
        }
        let _ = downlink.set_rcvtimeo(200).and_then(|()| downlink.recv_bytes(0));
    });
    assert_eq!(read(&mut source, 1920, 9_600), iq(0, 9_600));
    drop(source);
    peer.join().unwrap();
}
