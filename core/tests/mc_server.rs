//! Two MC service servers live in one process: a user of the one affiliates to a group of the other, and calls it after both were
//! restarted.

use std::net::UdpSocket;
use std::path::Path;
use std::time::Duration;

use core_network::net::LiveProcess;
use core_network::process::{CoreConfig, start_core};
use protocol::Entropy;

mod ports;

use ports::free_port;

/// The users and the group, of both servers.
const TABLES: &str = "
    users = [{ mcptt_id = 'sip:a@mcptt.test', impus = ['sip:a@ims.test'], server = 'mc1.ims.test' },
             { mcptt_id = 'sip:b@mcptt.test', impus = ['sip:b@ims.test'], server = 'mc2.ims.test' }]
    groups = [{ id = 'sip:g@groups.test', server = 'mc2.ims.test', members = ['sip:a@mcptt.test', 'sip:b@mcptt.test'] }]";

fn config(listen: [u16; 2]) -> CoreConfig {
    let server = |port: u16| {
        // Nobody else is given the ports after it.
        let media = (free_port() + 1) & !1;
        (0..16).for_each(|_| {
            free_port();
        });
        format!(
            "[[mc_server]]\nlisten = ['udp:127.0.0.1:{port}', 'tcp:127.0.0.1:{port}']\nports = [{media}, {}]\n{TABLES}\n",
            media + 15
        )
    };
    let text =
        format!("domain = 'ims.test'\nnodes = ['mc_server']\nhttp = 'off'\n{}{}", server(listen[0]), server(listen[1]));
    CoreConfig::parse(&text).unwrap()
}

async fn start(folder: &Path, listen: [u16; 2], seed: u8) -> LiveProcess {
    start_core(&config(listen), folder, Entropy::from_seed([seed; 32]), None).await.unwrap()
}

/// Asks again while the server reads what it had before.
async fn ask(to: u16, number: u32, head: &str, body: &str) -> String {
    for again in 0..50 {
        let response = ask_once(to, number * 100 + again, head, body).await;
        if !response.starts_with("SIP/2.0 503 ") {
            return response;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the server does not become ready");
}

/// Sends a request of user a and gives back the final response.
async fn ask_once(to: u16, number: u32, head: &str, body: &str) -> String {
    let (head, body) = (head.to_owned(), body.to_owned());
    let asks = move || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let own = socket.local_addr().unwrap();
        let method = head.split(' ').next().unwrap().to_owned();
        let text = format!(
            "{head} sip:mc1.ims.test SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{number};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:a@ims.test>;tag={number}\r\nTo: <sip:mc1.ims.test>\r\nCall-ID: {number}@{own}\r\n\
             CSeq: 1 {method}\r\nP-Asserted-Identity: <sip:a@ims.test>\r\nContact: <sip:a@{own}>\r\n{body}"
        );
        socket.send_to(text.as_bytes(), ("127.0.0.1", to)).unwrap();
        let mut buffer = [0; 65536];
        loop {
            let (length, _) = socket.recv_from(&mut buffer).unwrap();
            let response = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if response.starts_with("SIP/2.0 ") && !response.starts_with("SIP/2.0 1") {
                return response;
            }
        }
    };
    tokio::task::spawn_blocking(asks).await.unwrap()
}

fn with_body(headers: &str, kind: &str, body: &str) -> String {
    format!("{headers}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_affiliate_and_call_and_keep_what_they_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let listen = [free_port(), free_port()];
    let pidf = "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" xmlns:m=\"urn:3gpp:ns:mcpttPresInfo:1.0\" \
                entity=\"sip:a@mcptt.test\"><tuple id=\"c1\"><status><m:affiliation group=\"sip:g@groups.test\"/></status></tuple>\
                </presence>";
    let sdp = "v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n\
               m=application 4002 udp MCPTT\r\n";
    let info = "<mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\"><mcptt-Params><session-type>prearranged</session-type>\
                <mcptt-request-uri type=\"Normal\"><mcpttURI>sip:g@groups.test</mcpttURI></mcptt-request-uri>\
                </mcptt-Params></mcpttinfo>";
    let parts = format!(
        "--b\r\nContent-Type: application/sdp\r\n\r\n{sdp}\r\n--b\r\nContent-Type: application/vnd.3gpp.mcptt-info+xml\r\n\r\n\
         {info}\r\n--b--\r\n"
    );
    let invite = with_body("", "multipart/mixed;boundary=b", &parts);
    let publish = with_body("Event: presence\r\nExpires: 4294967295\r\n", "application/pidf+xml", pidf);
    let process = start(folder.path(), listen, 1).await;
    let refused = ask(listen[0], 1, "INVITE", &invite).await;
    assert!(refused.starts_with("SIP/2.0 403 "), "{refused}");
    assert!(refused.contains("120 user is not affiliated to this group"), "{refused}");
    let published = ask(listen[0], 2, "PUBLISH", &publish).await;
    assert!(published.starts_with("SIP/2.0 200 ") && published.contains("SIP-ETag: "), "{published}");
    process.stop().await;
    let process = start(folder.path(), listen, 2).await;
    let called = ask(listen[0], 3, "INVITE", &invite).await;
    assert!(called.starts_with("SIP/2.0 200 ") && called.contains(" udp MCPTT\r\n"), "{called}");
    assert!(called.contains("Contact: <sip:call-") && called.contains("isfocus"), "{called}");
    process.stop().await;
}
