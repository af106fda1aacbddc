//! Two MMS Relay/Servers live: messages of some megabytes from one to the other over HTTP and SMTP, many at once in little memory,
//! a relay that is started again, clients that are slow and clients that say nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use core_network::net::LiveProcess;
use core_network::process::{CoreConfig, start_core};
use protocol::Entropy;
use protocol::mms::pap::{
    MessageState, Pap, PapCode, PapSubmission, PushAddress, PushResponse, ResultNotificationMessage,
};
use protocol::mms::{
    AcknowledgeInd, ContentType, MMS_MEDIA_TYPE, MmsAddress, MmsPdu, MmsStatus, MmsVersion, Part, SendReq, emit_parts,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

mod ports;

use ports::free_port;

const ALICE: &str = "491721000001";
const CAROL: &str = "491731000001";

/// A push proxy gateway that keeps what is pushed, and says that it was delivered.
#[derive(Clone, Default)]
struct Gateway(Arc<Mutex<BTreeMap<String, Vec<MmsPdu>>>>);

impl Gateway {
    async fn start(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().route("/pap", post(push)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        port
    }

    fn take(&self, msisdn: &str) -> Vec<MmsPdu> {
        self.0.lock().unwrap().remove(msisdn).unwrap_or_default()
    }

    async fn wait(&self, msisdn: &str, count: usize) -> Vec<MmsPdu> {
        let mut all = Vec::new();
        for _ in 0..600 {
            all.extend(self.take(msisdn));
            if all.len() >= count {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{} of {count} pushes to {msisdn}", all.len());
    }
}

async fn push(State(gateway): State<Gateway>, headers: HeaderMap, body: Bytes) -> String {
    let of = headers["content-type"].to_str().unwrap();
    let submission = PapSubmission::parse(of, &body).unwrap();
    let address = submission.message.addresses[0].clone();
    let number = PushAddress::parse(&address).unwrap().number().unwrap().trim_start_matches('+').to_owned();
    let pdu = MmsPdu::parse(submission.mms_pdu().unwrap()).unwrap().0;
    gateway.0.lock().unwrap().entry(number).or_default().push(pdu);
    let id = submission.message.push_id.clone();
    let result = ResultNotificationMessage::new(&id, &address, MessageState::Delivered, PapCode::OK);
    let document = Pap::ResultNotificationMessage(result).to_document();
    let url = submission.message.notify_to.unwrap();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let authority = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/pap")).unwrap();
        let head = format!("POST /pap HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/xml\r\n");
        let _ = ask(authority, &head, document.as_bytes()).await;
    });
    Pap::PushResponse(PushResponse::new(&id, PapCode::ACCEPTED)).to_document()
}

/// Asks a server once; status and body.
async fn ask(authority: &str, head: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(authority).await.unwrap();
    let head = format!("{head}Connection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    (status, answer.split_off(end + 4))
}

/// A request on MM1 in the name of a subscriber.
async fn mm1(port: u16, msisdn: &str, line: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let head = format!(
        "{line} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-3GPP-Asserted-Identity: \"tel:+{msisdn}\"\r\n\
         Content-Type: {MMS_MEDIA_TYPE}\r\n"
    );
    ask(&format!("127.0.0.1:{port}"), &head, body).await
}

#[derive(Clone, Copy)]
struct Place {
    http: u16,
    smtp: u16,
}

impl Place {
    fn new() -> Self {
        Self { http: free_port(), smtp: free_port() }
    }
}

async fn relay(folder: &Path, name: &str, own: Place, other: Place, gateway: u16) -> LiveProcess {
    let (msisdn, far, numbers) = if name == "a" { (ALICE, "b", "49173*") } else { (CAROL, "a", "49172*") };
    let config = format!(
        "nodes = ['mms_relay']
        http = 'off'
        database = '{name}.sqlite'
        [mms_relay]
        domain = 'mms.{name}.example'
        listen = ['http:127.0.0.1:{}']
        smtp = ['127.0.0.1:{}']
        trusted = ['127.0.0.1']
        memory = 12000000
        mm4_retry = [1]
        push_retry = [1]
        [mms_relay.gateway]
        url = 'http://127.0.0.1:{gateway}/pap'
        [[mms_relay.subscribers]]
        msisdn = '{msisdn}'
        push = ['sip']
        [[mms_relay.relays]]
        name = '{far}'
        domain = 'mms.{far}.example'
        next_hop = '127.0.0.1:{}'
        numbers = ['{numbers}']",
        own.http, own.smtp, other.smtp
    );
    let config = CoreConfig::parse(&config).unwrap();
    start_core(&config, folder, Entropy::from_seed([1; 32]), None).await.unwrap()
}

fn message(number: u8, octets: usize) -> Vec<u8> {
    let parts = [
        Part::text("Bild").named("text", "text.txt"),
        Part::new(ContentType::new("image/jpeg"), vec![number; octets]).named("picture", "a.jpg"),
    ];
    let to = vec![MmsAddress::phone(&format!("+{CAROL}"))];
    let mut req = SendReq::new(&format!("t{number}"), to, ContentType::new(ContentType::MIXED));
    req.delivery_report = Some(true);
    MmsPdu::from(req).emit(&emit_parts(&parts))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_go_from_relay_to_relay() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::default();
    let (a, b, push) = (Place::new(), Place::new(), gateway.start().await);
    let mut first = relay(folder.path(), "a", a, b, push).await;
    // More at once than there is memory for; the other relay is not there yet.
    const COUNT: u8 = 6;
    let sent = (1..=COUNT)
        .map(|number| tokio::spawn(async move { mm1(a.http, ALICE, "POST /", &message(number, 3 << 20)).await }));
    for sent in sent.collect::<Vec<_>>() {
        let (status, body) = sent.await.unwrap();
        let Ok((MmsPdu::SendConf(conf), _)) = MmsPdu::parse(&body) else { panic!("{status}") };
        assert!(conf.response_status.is_ok(), "{conf:?}");
    }
    // What was accepted is there when the relay comes again.
    first.stop().await;
    first = relay(folder.path(), "a", a, b, push).await;
    let second = relay(folder.path(), "b", b, a, push).await;
    let pushed = gateway.wait(CAROL, COUNT.into()).await;
    let mut seen = Vec::new();
    for pdu in pushed {
        let MmsPdu::NotificationInd(ind) = pdu else { panic!("{pdu:?}") };
        let path = ind.content_location.split_once("//").and_then(|(_, rest)| rest.split_once('/')).unwrap().1;
        let (status, octets) = mm1(b.http, CAROL, &format!("GET /{path}"), &[]).await;
        let Ok((MmsPdu::RetrieveConf(conf), body)) = MmsPdu::parse(&octets) else { panic!("{status}") };
        let parts = protocol::mms::parse_parts(body).unwrap();
        let number = parts[1].body[0];
        assert!(parts[1].body.len() == 3 << 20 && parts[1].body.iter().all(|octet| *octet == number));
        seen.push(number);
        let ack = AcknowledgeInd::new(conf.transaction_id.as_deref().unwrap(), MmsVersion::V1_2);
        let (status, _) = mm1(b.http, CAROL, "POST /", &MmsPdu::from(ack).emit(&[])).await;
        assert_eq!(status, 200);
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=COUNT).collect::<Vec<_>>());
    for pdu in gateway.wait(ALICE, COUNT.into()).await {
        let MmsPdu::DeliveryInd(ind) = pdu else { panic!("{pdu:?}") };
        assert_eq!(ind.status, MmsStatus::RETRIEVED);
    }
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_room_and_does_nothing_with_it_loses_it() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = Gateway::default();
    let (a, b, push) = (Place::new(), Place::new(), gateway.start().await);
    let process = relay(folder.path(), "a", a, b, push).await;
    // It says that much comes, and nothing does: it has the room, until it goes.
    let mut silent = TcpStream::connect(("127.0.0.1", a.http)).await.unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nX-3GPP-Asserted-Identity: \"tel:+{ALICE}\"\r\nContent-Type: {MMS_MEDIA_TYPE}\r\n\
         Content-Length: 11000000\r\n\r\n"
    );
    silent.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let other = tokio::spawn(async move { mm1(a.http, ALICE, "POST /", &message(1, 2 << 20)).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!other.is_finished());
    // One that is small has room.
    let (status, _) = mm1(a.http, ALICE, "POST /", &message(2, 100)).await;
    assert_eq!(status, 200);
    drop(silent);
    let (_, body) = tokio::time::timeout(Duration::from_secs(20), other).await.unwrap().unwrap();
    let Ok((MmsPdu::SendConf(conf), _)) = MmsPdu::parse(&body) else { panic!() };
    assert!(conf.response_status.is_ok());
    // What is too much is not read.
    let mut large = TcpStream::connect(("127.0.0.1", a.http)).await.unwrap();
    large.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12000000\r\n\r\n").await.unwrap();
    let mut answer = [0; 12];
    large.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    process.stop().await;
}
