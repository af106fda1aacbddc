//! HTTP, streams and datagrams of media of a live node that says back what it hears.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use core_network::net::{
    Directory, HttpBodies, HttpListener, LiveClock, LiveNode, LiveProcess, NetLimits, NetTap, Sockets, Surroundings,
    Tls, TlsFiles,
};
use core_network::node::{Node, NodeInput, NodeNote, NodeOutput, NodeStoreAnswer, Role, StreamInput, StreamOutput};
use protocol::{Instant, TapEvent};

/// Says back what it hears. A path of `/to/ADDRESS` opens a stream there; octets that end with a full stop close theirs.
/// The body of a request to `/ask` is a URI that it asks itself; what becomes of that is noted.
#[derive(Default, Debug)]
struct Echo {
    out: VecDeque<NodeOutput>,
}

impl Node for Echo {
    fn handle_input(&mut self, _: Instant, input: NodeInput<'_>) {
        match input {
            NodeInput::Http { request, .. } if request.uri().path() == "/silent" => {}
            NodeInput::Http { exchange, request, .. } if request.uri().path() == "/ask" => {
                let uri = String::from_utf8(request.into_body()).unwrap();
                let request = http::Request::put(uri).body(b"told".to_vec()).unwrap();
                self.out.push_back(NodeOutput::HttpRequest { token: 5, request });
                self.out.push_back(NodeOutput::Http { exchange, response: http::Response::default() });
            }
            NodeInput::HttpResponse { token: 5, result } => match result {
                Ok(answer) => self.say(&format!("{} {}", answer.status(), String::from_utf8_lossy(answer.body()))),
                Err(why) => self.say(&format!("failed: {why}")),
            },
            NodeInput::Http { exchange, request, .. } => {
                if let Some(remote) = request.uri().path().strip_prefix("/to/") {
                    let connect = StreamOutput::Connect { token: 7, remote: remote.parse().unwrap() };
                    self.out.push_back(NodeOutput::Stream(connect));
                }
                let body = format!("{} {} {}", request.method(), request.uri(), request.body().len());
                self.out.push_back(NodeOutput::Http { exchange, response: http::Response::new(body.into()) });
            }
            NodeInput::Stream(StreamInput::Connected { conn, token: Some(7), .. }) => {
                self.out.push_back(NodeOutput::Stream(StreamOutput::Send { conn, bytes: b"hello".to_vec() }));
            }
            NodeInput::Stream(StreamInput::Received { conn, bytes }) => {
                self.out.push_back(NodeOutput::Stream(StreamOutput::Send { conn, bytes: bytes.to_ascii_uppercase() }));
                if bytes.ends_with(b".") {
                    self.out.push_back(NodeOutput::Stream(StreamOutput::Close { conn }));
                }
            }
            NodeInput::Stream(StreamInput::Closed { .. }) => self.say("closed"),
            NodeInput::Stream(StreamInput::ConnectFailed { token: 7, .. }) => self.say("failed"),
            NodeInput::Datagram { local, remote, bytes } => {
                self.out.push_back(NodeOutput::Datagram { local, remote, bytes: bytes.to_ascii_uppercase() });
            }
            _ => {}
        }
    }

    fn handle_timeout(&mut self, _: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        self.out.pop_front()
    }
}

impl Echo {
    fn say(&mut self, text: &str) {
        self.out.push_back(NodeOutput::Note(NodeNote::Said(text.into())));
    }
}

const ANY: &str = "127.0.0.1:0";

async fn start(limits: NetLimits) -> (LiveProcess, Receiver<TapEvent>) {
    start_with(limits, None).await
}

/// With TLS there is https, too.
async fn start_with(limits: NetLimits, tls: Option<Tls>) -> (LiveProcess, Receiver<TapEvent>) {
    start_for(limits, tls, None).await
}

async fn start_for(
    limits: NetLimits,
    tls: Option<Tls>,
    http_bodies: Option<HttpBodies>,
) -> (LiveProcess, Receiver<TapEvent>) {
    let any: SocketAddr = ANY.parse().unwrap();
    let (tap, seen) = sync_channel(1000);
    let sockets = Sockets {
        http: [false, true]
            .into_iter()
            .filter(|is_secure| tls.is_some() || !is_secure)
            .map(|is_secure| HttpListener { is_secure, address: any })
            .collect(),
        http_bodies,
        streams: vec![any],
        media: vec![any],
        ..Sockets::default()
    };
    let node = Box::new(Echo::default());
    let node = LiveNode { name: "echo".into(), role: Role::As, stranger: Role::Scscf, client: Role::Ue, sockets, node };
    let store = |requests: &[core_network::node::NodeStoreRequest]| {
        requests.iter().map(|r| NodeStoreAnswer { token: r.token, result: Ok(Vec::new()) }).collect()
    };
    let around = Surroundings {
        clock: LiveClock::start(),
        store: Box::new(store),
        http: None,
        tls,
        limits,
        directory: Directory::default(),
        tap: Some(NetTap::new(tap)),
    };
    (LiveProcess::start(vec![node], around).await.unwrap(), seen)
}

fn at(process: &LiveProcess, protocol: &str) -> SocketAddr {
    process.listening().iter().find(|l| l.protocol == protocol).unwrap().address
}

fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// What comes back for octets, to the end of the connection.
fn ask(address: SocketAddr, octets: &[u8]) -> String {
    let mut stream = tcp(address);
    // A server that has heard enough may have closed.
    let _ = stream.write_all(octets);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(line: &str, rest: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{rest}").into_bytes()
}

/// Blocking clients beside the runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "sockets: time is the wall clock's")]
async fn large_bodies_wait_for_room() {
    let limits = NetLimits { message: Duration::from_secs(1), ..NetLimits::default() };
    let bodies = HttpBodies { most: 3 << 20, budget: 4 << 20 };
    let (process, _seen) = start_for(limits, None, Some(bodies)).await;
    let web = at(&process, "http");
    blocking(move || {
        // It says what comes, and nothing comes: it loses its room when it was silent for too long.
        let mut silent = tcp(web);
        silent.write_all(&request("POST /silent", &format!("Content-Length: {}\r\n\r\n", 3 << 20))).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let begun = std::time::Instant::now();
        let large =
            |octets: usize| request("POST /a", &format!("Content-Length: {octets}\r\n\r\n{}", "a".repeat(octets)));
        let (waits, small) = (large(2 << 20), large(1000));
        let waiting = std::thread::spawn(move || (ask(web, &waits), begun.elapsed()));
        // What is small does not wait.
        assert!(ask(web, &small).ends_with("POST /a 1000") && begun.elapsed() < Duration::from_millis(800));
        let (answer, waited) = waiting.join().unwrap();
        assert!(answer.ends_with("POST /a 2097152") && waited > Duration::from_millis(500), "{answer:.80} {waited:?}");
        let mut refused = String::new();
        silent.read_to_string(&mut refused).unwrap();
        assert!(refused.starts_with("HTTP/1.1 408"), "{refused}");
        assert!(ask(web, &request("POST /a", &format!("Content-Length: {}\r\n\r\n", 4 << 20))).contains(" 413 "));
        // Chunks that do not end.
        let endless =
            "Transfer-Encoding: chunked\r\n\r\n".to_owned() + &format!("10000\r\n{}\r\n", "a".repeat(65536)).repeat(60);
        assert!(ask(web, &request("POST /a", &endless)).contains(" 413 "));
    })
    .await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_come_whole_and_bounded() {
    let limits =
        NetLimits { message: Duration::from_secs(1), answer: Duration::from_millis(300), ..NetLimits::default() };
    let (process, seen) = start(limits).await;
    let web = at(&process, "http");
    blocking(move || {
        let chunked = "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        let large = format!("Content-Length: {}\r\n\r\n{}", (1 << 20) + 1, "a".repeat((1 << 20) + 1));
        let many = "a: b\r\n".repeat(80) + "\r\n";
        for (octets, begins, ends) in [
            (request("PUT http://x/a?b", chunked), "HTTP/1.1 200", "PUT /a?b 3"),
            (request("GET /a", "\r\n"), "HTTP/1.1 200", "GET /a 0"),
            (request("POST /a", &large), "HTTP/1.1 413", ""),
            (request("GET /a", &many), "HTTP/1.1 431", ""),
            (request(&format!("GET /{}", "a".repeat(9000)), "\r\n"), "HTTP/1.1 414", ""),
            (request("GET /a", "Host: y\r\n\r\n"), "HTTP/1.1 400", ""),
            (request("POST /a", "Content-Length: 9\r\n\r\nabc"), "HTTP/1.1 408", ""),
            (request("GET /silent", "\r\n"), "HTTP/1.1 504", ""),
            (b"GET /never".to_vec(), "", ""),
        ] {
            let answer = ask(web, &octets);
            assert!(
                answer.starts_with(begins) && answer.ends_with(ends),
                "{:.60}: {answer}",
                String::from_utf8_lossy(&octets)
            );
        }
    })
    .await;
    let seen: Vec<TapEvent> = seen.try_iter().collect();
    let first = String::from_utf8_lossy(&seen[0].bytes);
    assert!(first.starts_with("PUT /a?b HTTP/1.1\r\n") && first.ends_with("\r\n\r\nabc"), "{first}");
    assert_eq!((seen[0].joint.to_string().as_str(), seen[1].from.as_str()), ("Ut", "echo"));
    assert!(seen[1].bytes.starts_with(b"HTTP/1.1 200 OK\r\n") && seen.len() == 5, "{}", seen.len());
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_asks_others_bounded_in_size_and_time() {
    let limits = NetLimits { answer: Duration::from_millis(400), ..NetLimits::default() };
    let (mut process, seen) = start(limits).await;
    let web = at(&process, "http");
    let listener = TcpListener::bind(ANY).unwrap();
    let there = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let answers = ["HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok".to_owned(), String::new()];
        let large = format!("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n{}", "a".repeat(2_000_000));
        for answer in answers.into_iter().chain([large]) {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 500];
            let count = stream.read(&mut buffer).unwrap();
            assert!(buffer[..count].starts_with(b"PUT /x?y HTTP/1.1\r\n"), "{buffer:?}");
            if answer.is_empty() {
                // Until the node has lost its patience.
                let _ = stream.read(&mut buffer);
            }
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let nobody = TcpListener::bind(ANY).unwrap().local_addr().unwrap();
    for (uri, said) in [
        (format!("http://{there}/x?y"), "201 Created ok"),
        (format!("http://localhost:{}/x?y", there.port()), "failed: "),
        (format!("http://{there}/x?y"), "failed: length limit exceeded"),
        (format!("http://{nobody}/"), "failed: "),
        (format!("https://{nobody}/"), "failed: "),
        ("/x".to_owned(), "failed: /x is no http"),
    ] {
        blocking(move || ask(web, &request("POST /ask", &format!("Content-Length: {}\r\n\r\n{uri}", uri.len())))).await;
        let (_, note) = process.note().await.unwrap();
        assert!(note.to_string().starts_with(said), "{note}");
    }
    server.join().unwrap();
    let seen: Vec<TapEvent> = seen.try_iter().filter(|event| event.to == there.to_string()).collect();
    assert!(seen[0].bytes.ends_with(b"\r\ncontent-length: 4\r\n\r\ntold"), "{:?}", seen[0]);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_believed_that_has_the_name_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let files = TlsFiles::of_lab(folder.path(), &["localhost".into()]).unwrap();
    let (mut process, _) = start_with(NetLimits::default(), Some(Tls::load(&files).unwrap())).await;
    let web = at(&process, "http");
    let secure = process.listening().iter().find(|l| l.transport == "tls").unwrap().address;
    for (host, said) in [("localhost", "200 OK PUT /x 4"), ("127.0.0.1", "failed: ")] {
        let uri = format!("https://{host}:{}/x", secure.port());
        blocking(move || ask(web, &request("POST /ask", &format!("Content-Length: {}\r\n\r\n{uri}", uri.len())))).await;
        let (_, note) = process.note().await.unwrap();
        assert!(note.to_string().starts_with(said), "{host}: {note}");
    }
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_go_both_ways_and_datagrams_from_port_to_port() {
    let (mut process, seen) = start(NetLimits::default()).await;
    let [web, streams, media] = ["http", "streams", "media"].map(|protocol| at(&process, protocol));
    blocking(move || {
        let mut stream = tcp(streams);
        stream.write_all(b"one.").unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        assert_eq!(all, "ONE.", "then it is closed");

        let listener = TcpListener::bind(ANY).unwrap();
        let own = listener.local_addr().unwrap();
        ask(web, &request(&format!("GET /to/{own}"), "\r\n"));
        let mut stream = listener.accept().unwrap().0;
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).unwrap();
        assert_eq!(&hello, b"hello");
        drop((stream, listener));
        ask(web, &request(&format!("GET /to/{own}"), "\r\n"));

        let socket = UdpSocket::bind(ANY).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket.send_to(b"rtp", media).unwrap();
        let mut buffer = [0; 100];
        assert_eq!(socket.recv_from(&mut buffer).unwrap(), (3, media));
        assert_eq!(&buffer[..3], b"RTP");
    })
    .await;
    let mut said = Vec::new();
    while said.len() < 2 {
        let note = tokio::time::timeout(Duration::from_secs(20), process.note()).await.unwrap();
        said.push(note.unwrap().1.to_string());
    }
    assert_eq!(said, ["closed", "failed"], "who closes a stream hears no more of it");
    let seen: Vec<TapEvent> = seen.try_iter().filter(|event| event.joint.to_string() == "Mb").collect();
    let octets: Vec<_> = seen.iter().map(|event| String::from_utf8_lossy(&event.bytes).into_owned()).collect();
    assert_eq!(octets, ["one.", "ONE.", "hello", "rtp", "RTP"]);
    assert!(seen[0].channel.starts_with("tcp ") && seen[3].channel.starts_with("udp "));
    process.stop().await;
}
