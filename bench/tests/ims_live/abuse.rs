//! Mutated messages on the live sockets: the process goes on serving, its memory stays.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use protocol::fuzz::Mutator;

use super::lab::{DOMAIN, Lab, comes, pause};
use super::ue::Ue;

const MUTATIONS: usize = 10_000;

/// Memory may grow by this much over the second half of the messages: allocators keep some.
const SLACK: u64 = 8 << 20;

fn corpus(lab: &Lab) -> Vec<Vec<u8>> {
    let request = |method: &str, uri: &str, more: &str| {
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx;rport\r\nMax-Forwards: 70\r\n\
             From: <sip:user0@{DOMAIN}>;tag=a\r\nTo: <sip:user0@{DOMAIN}>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n\
             Contact: <sip:user0@127.0.0.1:9>\r\nRoute: <sip:127.0.0.1:{};lr>\r\n{more}\r\n",
            lab.gm
        )
        .into_bytes()
    };
    let empty = "Content-Length: 0\r\n";
    let authorization = format!(
        "Authorization: Digest username=\"001010000000000@{DOMAIN}\",realm=\"{DOMAIN}\",nonce=\"\",uri=\"sip:{DOMAIN}\",\
         response=\"\"\r\nSupported: path\r\n{empty}"
    );
    vec![
        request("REGISTER", &format!("sip:{DOMAIN}"), &authorization),
        request(
            "INVITE",
            &format!("sip:user0@{DOMAIN}"),
            "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n",
        ),
        request("MESSAGE", "tel:+99900000000", empty),
        request("SUBSCRIBE", &format!("sip:user0@{DOMAIN}"), "Event: reg\r\nContent-Length: 0\r\n"),
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>;tag=2\r\n\
          Call-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
            .to_vec(),
    ]
}

/// A CER and a DWR (RFC 6733 clauses 5.3.1 and 5.5.1) as a stranger would send them.
fn diameter() -> Vec<Vec<u8>> {
    let avp = |code: u32, data: &[u8]| {
        let length = u32::try_from(8 + data.len()).unwrap();
        let mut avp = [&code.to_be_bytes()[..], &(0x4000_0000 | length).to_be_bytes(), data].concat();
        avp.resize(avp.len().next_multiple_of(4), 0);
        avp
    };
    let message = |code: u32, avps: &[u8]| {
        let length = u32::try_from(20 + avps.len()).unwrap();
        [&(0x0100_0000 | length).to_be_bytes()[..], &(0x8000_0000 | code).to_be_bytes(), &[0; 4], &[1; 8], avps]
            .concat()
    };
    let who = [avp(264, b"stranger.example"), avp(296, b"example")].concat();
    let cer = [who.clone(), avp(257, &[0, 1, 127, 0, 0, 1]), avp(266, &[0; 4]), avp(269, b"x")].concat();
    vec![message(257, &cer), message(280, &who), message(303, &who)]
}

/// Memory of the process in octets, from the kernel.
fn memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

/// Sends on a connection, a new one when the other side has had enough.
fn pour(connection: &mut Option<TcpStream>, port: u16, bytes: &[u8]) {
    let stream = connection.get_or_insert_with(|| {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nonblocking(true).unwrap();
        stream
    });
    let gone = matches!(stream.read(&mut [0; 4096]), Ok(0)) || stream.write_all(bytes).is_err();
    if gone {
        *connection = None;
    }
}

#[test]
fn ten_thousand_mutated_messages_leave_the_core_serving() {
    let mut lab = Lab::new(2, |text, _| text);
    lab.start(&[]);
    let id = lab.core.as_ref().unwrap().id();
    let words = ["\r\n", ";lr", "sip:", "Via: ", "Content-Length: ", "\"", "<", ">"].map(str::as_bytes);
    let (requests, commands, numbers) = (corpus(&lab), diameter(), [&[0xff; 4][..], &[0; 4]]);
    let mut sip = Mutator::new(requests.iter().map(Vec::as_slice), &words, 1);
    let mut base = Mutator::new(commands.iter().map(Vec::as_slice), &numbers, 2);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (mut stream, mut peer) = (None, None);
    let mut half = 0;
    for n in 0..MUTATIONS {
        match n % 3 {
            0 => drop(socket.send_to(&sip.draw(), ("127.0.0.1", lab.gm))),
            1 => pour(&mut stream, lab.gm, &sip.draw()),
            _ => pour(&mut peer, lab.hss, &base.draw()),
        }
        // As fast as they are taken, not faster than the kernel keeps them.
        if n % 100 == 99 {
            pause(10);
        }
        if n == MUTATIONS / 2 {
            pause(1000);
            half = memory(id);
        }
    }
    drop((stream, peer));
    // What still waits for answers is given up after 64 T1.
    pause(1000);
    let end = memory(id);
    println!("resident memory: {half} octets in the middle, {end} at the end");
    assert!(end < half + SLACK, "{half} octets in the middle, {end} at the end");
    assert!(lab.get("/health").contains("\"status\":\"ok\""), "{}", lab.get("/health"));
    let mut ue = Ue::new(1, lab.pcscf());
    assert!(ue.registers(20), "{:?}", ue.events);
    assert!(comes(|| TcpStream::connect_timeout(&([127, 0, 0, 1], lab.hss).into(), Duration::from_secs(1)).is_ok()));
    lab.stop();
    lab.assert_no_secrets();
}
