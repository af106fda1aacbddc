//! The drivers of live nodes with a node that says back what it hears.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use core_network::StoreToken;
use core_network::net::{
    Directory, Execute, LiveClock, LiveNode, LiveProcess, NetLimits, NetTap, Sockets, Surroundings, Tls, TlsFiles,
};
use core_network::node::{
    Admin, Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, NodeStoreOp, NodeStoreRequest, Role, Table,
};
use protocol::diameter::{DiameterInput, DiameterTransport};
use protocol::sip::{Target, Transport};
use protocol::{Instant, TapEvent};

/// Says back what it hears: SIP once it is stored, Diameter at once; `to` on the first line of a body names another target.
#[derive(Default, Debug)]
struct Echo {
    out: std::collections::VecDeque<NodeOutput>,
    waiting: BTreeMap<u64, (Target, Vec<u8>)>,
    next: u64,
    wake: Option<Instant>,
}

impl Node for Echo {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Sip { flow, bytes } => {
                let text = String::from_utf8_lossy(bytes);
                if text.starts_with("LATER") {
                    self.wake = Some(now + Duration::from_millis(50));
                }
                let to = text.lines().find_map(|line| line.strip_prefix("To: ")).map(|to| {
                    let (transport, remote) = to.split_once(' ').unwrap();
                    let transport = if transport == "tcp" { Transport::Tcp } else { Transport::Tls };
                    Target { transport, remote: remote.parse().unwrap(), flow: None }
                });
                self.next += 1;
                let answer = text.replace("To: ", "From: ").into_bytes();
                self.waiting.insert(self.next, (to.unwrap_or_else(|| flow.into()), answer));
                let put = NodeStoreOp::Put { table: Table::Sqn, key: "k".into(), value: bytes.to_vec() };
                let request = NodeStoreRequest { token: StoreToken(self.next), ops: vec![put] };
                self.out.push_back(NodeOutput::Store(request));
            }
            NodeInput::Store(answer) => {
                assert!(answer.result.is_ok());
                let (target, bytes) = self.waiting.remove(&answer.token.0).unwrap();
                self.out.push_back(NodeOutput::Sip { target, bytes });
            }
            NodeInput::SipFailed { target, why } => {
                self.out.push_back(NodeOutput::Note(NodeNote::Said(format!("{}: {why}", target.remote))));
            }
            NodeInput::Diameter(DiameterInput::Received { conn, bytes }) => {
                let send = DiameterTransport::Send { conn, bytes: bytes.to_vec() };
                self.out.push_back(NodeOutput::Diameter(send));
            }
            NodeInput::Admin(Admin::Shutdown) => {
                self.out.push_back(NodeOutput::Note(NodeNote::Said("goodbye".into())));
            }
            _ => {}
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        assert!(self.wake.take().is_some_and(|wake| wake <= now));
        self.out.push_back(NodeOutput::Note(NodeNote::Said("woken".into())));
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.wake
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }

    fn figures(&self) -> Vec<(&'static str, u64)> {
        vec![("heard", self.next)]
    }
}

struct Running {
    process: LiveProcess,
    stored: Arc<Mutex<Vec<usize>>>,
    seen: Receiver<TapEvent>,
    _folder: tempfile::TempDir,
    ca: Vec<u8>,
}

const ANY: &str = "127.0.0.1:0";

async fn start(limits: NetLimits) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let files = TlsFiles::of_lab(folder.path(), &["127.0.0.1".into()]).unwrap();
    let tls = Tls::load(&files).unwrap();
    let any: SocketAddr = ANY.parse().unwrap();
    let stored = Arc::new(Mutex::new(Vec::new()));
    let groups = Arc::clone(&stored);
    let store: Execute = Box::new(move |requests: &[NodeStoreRequest]| {
        groups.lock().unwrap().push(requests.len());
        // A disk takes its time.
        std::thread::park_timeout(Duration::from_millis(5));
        requests.iter().map(|r| NodeStoreAnswer { token: r.token, result: Ok(Vec::new()) }).collect()
    });
    let (tap, seen) = sync_channel(10_000);
    let node = LiveNode {
        name: "echo".into(),
        role: Role::Pcscf,
        stranger: Role::Ue,
        client: Role::Ue,
        sockets: Sockets {
            sip: [Transport::Udp, Transport::Tcp, Transport::Tls].map(|t| (t, any)).to_vec(),
            diameter: vec![any],
            ..Sockets::default()
        },
        node: Box::new(Echo::default()),
    };
    let around = Surroundings {
        clock: LiveClock::start(),
        store,
        http: Some(any),
        tls: Some(tls),
        limits,
        directory: Directory::default(),
        tap: Some(NetTap::new(tap)),
    };
    let process = LiveProcess::start(vec![node], around).await.unwrap();
    let ca = std::fs::read(files.authorities).unwrap();
    Running { process, stored, seen, _folder: folder, ca }
}

impl Running {
    fn at(&self, protocol: &str, transport: &str) -> SocketAddr {
        let all = self.process.listening();
        all.iter().find(|l| l.protocol == protocol && l.transport == transport).unwrap().address
    }
}

fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

fn read(stream: &mut impl Read, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

fn http(address: SocketAddr, path: &str) -> String {
    let mut stream = tcp(address);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Blocking clients beside the runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datagrams_and_streams_are_heard_whole_and_answered_on_their_flow() {
    let running = start(NetLimits::default()).await;
    let [udp, stream, diameter, pages] =
        [("sip", "udp"), ("sip", "tcp"), ("diameter", "tcp"), ("http", "tcp")].map(|(p, t)| running.at(p, t));
    let page = blocking(move || {
        let socket = UdpSocket::bind(ANY).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut buffer = [0; 2000];
        socket.send_to(b"\r\n\r\n", udp).unwrap();
        socket.send_to(b"one", udp).unwrap();
        assert_eq!(socket.recv(&mut buffer).unwrap(), 3);

        // Two messages and a keep-alive in pieces.
        let mut connection = tcp(stream);
        for piece in ["A\r\nContent-Len", "gth: 2\r\n\r\nx", "yB\r\nl: 0\r\n\r\n\r\n\r\n"] {
            connection.write_all(piece.as_bytes()).unwrap();
            connection.flush().unwrap();
        }
        let all = String::from_utf8(read(&mut connection, 26 + 11 + 2)).unwrap();
        assert!(all.contains("A\r\nContent-Length: 2\r\n\r\nxyB\r\nl: 0\r\n\r\n"), "{all:?}");

        let mut peer = tcp(diameter);
        let message = [&[1, 0, 0, 20][..], &[7; 16]].concat();
        peer.write_all(&message).unwrap();
        assert_eq!(read(&mut peer, 20), message);
        assert!(http(pages, "/health").contains("\"status\":\"ok\""));
        std::thread::park_timeout(Duration::from_millis(700));
        http(pages, "/metrics")
    })
    .await;
    for line in [
        "castbench_messages_total{node=\"echo\",protocol=\"sip\",direction=\"in\"} 3",
        "castbench_messages_total{node=\"echo\",protocol=\"diameter\",direction=\"out\"} 1",
        "castbench_node{node=\"echo\",what=\"heard\"} 3",
        "castbench_resident_memory_bytes ",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    let seen: Vec<TapEvent> = running.seen.try_iter().collect();
    assert_eq!(seen.len(), 8, "{seen:?}");
    assert!(seen.iter().all(|e| e.joint.to_string() == "Gm" || e.joint.to_string() == "Cx"));
    running.process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_the_disk_shares_a_transaction_and_timers_come() {
    let mut running = start(NetLimits::default()).await;
    let udp = running.at("sip", "udp");
    blocking(move || {
        let socket = UdpSocket::bind(ANY).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        for n in 0..200 {
            socket.send_to(format!("m{n}").as_bytes(), udp).unwrap();
        }
        let mut buffer = [0; 100];
        for n in 0..200 {
            let length = socket.recv(&mut buffer).unwrap();
            assert_eq!(buffer[..length], *format!("m{n}").as_bytes());
        }
        socket.send_to(b"LATER", udp).unwrap();
    })
    .await;
    let note = tokio::time::timeout(Duration::from_secs(10), running.process.note()).await.unwrap();
    assert_eq!(note, Some(("echo".into(), NodeNote::Said("woken".into()))));
    let groups = Arc::clone(&running.stored);
    running.process.stop().await;
    let groups = groups.lock().unwrap();
    assert_eq!(groups.iter().sum::<usize>(), 201);
    assert!(groups.len() < 100, "{groups:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_reach_each_other_over_tls_and_say_who_cannot_be_reached() {
    let mut running = start(NetLimits::default()).await;
    let (udp, tls) = (running.at("sip", "udp"), running.at("sip", "tls"));
    let closed = std::net::TcpListener::bind(ANY).unwrap().local_addr().unwrap();
    let ca = running.ca.clone();
    assert!(ca.starts_with(b"-----BEGIN CERTIFICATE-----"));
    blocking(move || {
        let socket = UdpSocket::bind(ANY).unwrap();
        // The node connects to itself; what comes in there goes back on the connection, and so on: one is enough to see.
        socket.send_to(format!("x\r\nTo: tls {tls}\r\nl: 0\r\n\r\n").as_bytes(), udp).unwrap();
        socket.send_to(format!("x\r\nTo: tcp {closed}\r\nl: 0\r\n\r\n").as_bytes(), udp).unwrap();
    })
    .await;
    let note = tokio::time::timeout(Duration::from_secs(10), running.process.note()).await.unwrap();
    let Some((_, NodeNote::Said(text))) = note else { panic!("{note:?}") };
    assert!(text.contains(&closed.to_string()) && text.contains("refused"), "{text}");
    let channels = |running: &Running| running.seen.try_iter().map(|e| e.channel).collect::<Vec<_>>();
    let mut seen = channels(&running);
    for _ in 0..100 {
        if seen.iter().filter(|c| c.starts_with("tls")).count() >= 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        seen.extend(channels(&running));
    }
    assert!(seen.iter().filter(|c| c.starts_with("tls")).count() >= 2, "{seen:?}");
    running.process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_and_one_too_slow_are_closed() {
    let limits = NetLimits { connections: 2, message: Duration::from_millis(200), ..NetLimits::default() };
    let running = start(limits).await;
    let stream = running.at("sip", "tcp");
    blocking(move || {
        let mut first = tcp(stream);
        first.write_all(b"a\r\nl: 0\r\n\r\n").unwrap();
        read(&mut first, 11);
        let mut slow = tcp(stream);
        slow.write_all(b"begun\r\n").unwrap();
        let mut third = tcp(stream);
        assert_eq!(third.read(&mut [0; 10]).unwrap_or(0), 0);
        // It never goes on.
        assert_eq!(slow.read(&mut [0; 10]).unwrap_or(0), 0);
        std::thread::park_timeout(Duration::from_millis(50));
        // Its place is free, and the first is served as before.
        let mut fourth = tcp(stream);
        for connection in [&mut fourth, &mut first] {
            connection.write_all(b"b\r\nl: 0\r\n\r\n").unwrap();
            read(connection, 11);
        }
        // What cannot be framed ends its connection.
        fourth.write_all(b"b\r\nl: x\r\n\r\n").unwrap();
        assert_eq!(fourth.read(&mut [0; 10]).unwrap_or(0), 0);
    })
    .await;
    running.process.stop().await;
}
