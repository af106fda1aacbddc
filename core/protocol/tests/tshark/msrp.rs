//! MSRP as another program reads it: tshark finds in a stream of ours what we have put there.

use etherparse::PacketBuilder;
use protocol::msrp::{MsrpConfig, MsrpEndpoint, MsrpInput, MsrpMedia, MsrpMessage, MsrpOutput, SessionOptions, Setup};
use protocol::{Entropy, Instant};

use super::RAW_IP;
use super::capture::{capture, tshark};

/// What two endpoints send each other: the session's first message, a message in chunks, its responses and its report.
fn traffic() -> Vec<(usize, Vec<u8>)> {
    let address = |n: u8| std::net::SocketAddr::from(([10, 0, 0, n], 2855));
    let end = |n| MsrpEndpoint::new(MsrpConfig::new(address(n)), Entropy::of_box(u64::from(n), "tshark"));
    let mut ends = [end(1), end(2)];
    let prepared = ends.each_mut().map(|end| end.prepare(SessionOptions::default()).expect("room for a session"));
    let media = |at: usize| MsrpMedia::new(prepared[at].1.clone(), &["text/plain"], Setup::ActPass);
    let now = Instant::ZERO;
    ends[1].start(now, prepared[1].0, &media(0), false).expect("an address");
    ends[0].start(now, prepared[0].0, &media(1), true).expect("an address");
    let mut message = MsrpMessage::new(1, "text/plain", vec![b'x'; 5000]);
    message.success_report = true;
    ends[0].send(now, prepared[0].0, message);
    let mut carried = Vec::new();
    let mut quiet = false;
    while !quiet {
        quiet = true;
        for at in [0, 1] {
            while let Some(output) = ends[at].poll_output() {
                quiet = false;
                match output {
                    MsrpOutput::Connect { token, .. } => {
                        ends[1 - at].handle_input(now, MsrpInput::Connected { conn: 1, token: None });
                        ends[at].handle_input(now, MsrpInput::Connected { conn: 1, token: Some(token) });
                    }
                    MsrpOutput::Send { bytes, .. } => {
                        ends[1 - at].handle_input(now, MsrpInput::Received { conn: 1, bytes: &bytes });
                        carried.push((at, bytes));
                    }
                    MsrpOutput::Close { .. } | MsrpOutput::Event(_) => {}
                }
            }
        }
    }
    carried
}

fn packets(traffic: &[(usize, Vec<u8>)]) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let mut next = [1_u32, 1];
    for (from, bytes) in traffic {
        let (ip, port) = ([10, 0, 0, *from as u8 + 1], [40_000, 2855]);
        let builder = PacketBuilder::ipv4(ip, [10, 0, 0, 2 - *from as u8], 64)
            .tcp(port[*from], port[1 - *from], next[*from], 65_000)
            .ack(next[1 - *from])
            .psh();
        let mut packet = Vec::new();
        builder.write(&mut packet, bytes).expect("a packet");
        next[*from] += bytes.len() as u32;
        packets.push(packet);
    }
    packets
}

#[test]
fn tshark_reads_our_sessions() {
    let traffic = traffic();
    let fields = ["msrp.method", "msrp.status.code", "msrp.byte.range", "msrp.cnt.flg", "_ws.malformed"];
    let arguments = ["-d", "tcp.port==2855,msrp", "-T", "fields", "-E", "separator=|"].into_iter();
    let arguments: Vec<_> = arguments.chain(fields.iter().flat_map(|field| ["-e", field])).collect();
    let Some(text) = tshark(&capture(RAW_IP, packets(&traffic)), &arguments) else { return };
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), traffic.len(), "{text}");
    let seen = |wanted: &str| lines.iter().filter(|line| line.starts_with(wanted)).count();
    assert!(lines.iter().all(|line| line.ends_with('|')), "malformed: {text}");
    assert_eq!((seen("SEND||1-2048/5000|+|"), seen("SEND||2049-4096/5000|+|")), (1, 1), "{text}");
    assert_eq!((seen("SEND||4097-5000/5000|$|"), seen("REPORT||1-5000/5000|$|")), (1, 1), "{text}");
    assert_eq!(seen("|200|"), 3, "{text}");
}
