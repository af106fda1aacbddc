//! The exposure live over HTTPS, with curl as the third party: a token of the identity server, a text to a UE, its answer.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use core_network::net::LiveProcess;
use core_network::process::{CoreConfig, start_core};
use protocol::Entropy;
use protocol::sip::{Method, NameAddr, Request, Response, SipMessage, Uri};
use serde_json::{Value, json};
use tokio::net::UdpSocket;

/// `secret`, by the vector of the reference implementation of Argon2 (its word is `password`).
const HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

fn config(icscf: &str) -> String {
    format!(
        "domain = 'ims.example'
        nodes = ['identity', 'exposure']
        database = 'exposure.sqlite'
        http = 'off'
        [identity]
        issuer = 'https://idms.ims.example'
        audience = 'ims.example'
        listen = ['https:127.0.0.1:0']
        clients = [
            {{ id = 'shop', secret = '{HASH}', scopes = ['exposure:messages'], acts_for_itself = true }},
        ]
        [exposure]
        listen = ['https:127.0.0.1:0']
        sip = ['udp:127.0.0.1:0']
        icscf = 'sip:{icscf}'
        open_document = true
        clients = [{{ id = 'shop', identity = 'sip:shop@apps.ims.example' }}]"
    )
}

struct Curl {
    authority: PathBuf,
}

impl Curl {
    async fn run(&self, url: &str, args: &[&str]) -> (u16, Value) {
        let mut command = Command::new("curl");
        command.args(["-sS", "--max-time", "30", "-w", "\n%{http_code}"]).arg("--cacert").arg(&self.authority);
        command.args(args).arg(url);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

/// The network and its UE, at the address of the I-CSCF: the next request.
async fn request(socket: &UdpSocket) -> (Request, std::net::SocketAddr) {
    let mut buffer = [0; 4096];
    loop {
        let received = tokio::time::timeout(Duration::from_secs(20), socket.recv_from(&mut buffer));
        let (length, from) = received.await.expect("nothing has arrived").unwrap();
        if let Ok(SipMessage::Request(request)) = SipMessage::parse(&buffer[..length]) {
            return (request, from);
        }
    }
}

fn address(process: &LiveProcess, node: &str, protocol: &str) -> std::net::SocketAddr {
    process.listening().iter().find(|l| l.node == node && l.protocol == protocol).unwrap().address
}

fn authority(folder: &Path) -> PathBuf {
    folder.join("exposure.tls").join("ca.pem")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_reaches_a_ue_and_its_answer_the_client() {
    let folder = tempfile::tempdir().unwrap();
    let network = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let own = network.local_addr().unwrap();
    let config = CoreConfig::parse(&config(&own.to_string())).unwrap();
    let process = start_core(&config, folder.path(), Entropy::from_seed([3; 32]), None).await.unwrap();
    let tokens = format!("https://{}/token", address(&process, "idms", "http"));
    let api = format!("https://{}", address(&process, "exposure", "http"));
    let curl = Curl { authority: authority(folder.path()) };

    assert_eq!(curl.run(&format!("{api}/openapi.json"), &[]).await.0, 200);
    assert_eq!(curl.run(&format!("{api}/v1/incoming"), &[]).await.0, 401);
    let grant = ["-u", "shop:password", "-d", "grant_type=client_credentials", "-d", "scope=exposure:messages"];
    let (status, token) = curl.run(&tokens, &grant).await;
    assert_eq!(status, 200, "{token}");
    let bearer = format!("Authorization: Bearer {}", token["access_token"].as_str().unwrap());
    assert_eq!(curl.run(&format!("{api}/v1/presence/sip:ann@ims.example"), &["-H", &bearer]).await.0, 403);

    let body = json!({"to": "sip:ann@ims.example", "text": "parcel"}).to_string();
    let post = ["-H", &bearer, "-H", "Content-Type: application/json", "-d", &body];
    let (status, sent) = curl.run(&format!("{api}/v1/messages"), &post).await;
    assert_eq!(status, 201, "{sent}");
    let (arrived, from) = request(&network).await;
    assert_eq!((arrived.uri.to_string().as_str(), &arrived.body[..]), ("sip:ann@ims.example", &b"parcel"[..]));
    assert_eq!(arrived.headers.get("P-Asserted-Identity"), Some("<sip:shop@apps.ims.example>"));
    network.send_to(&Response::to(&arrived, 200, None).to_bytes(), from).await.unwrap();
    let path = format!("{api}/v1/messages/{}", sent["id"].as_str().unwrap());
    let mut state = Value::Null;
    for _ in 0..50 {
        state = curl.run(&path, &["-H", &bearer]).await.1["state"].clone();
        if state == "delivered" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(state, "delivered");

    let mut answer = Request::new(Method::MESSAGE, Uri::parse("sip:shop@apps.ims.example").unwrap());
    let ann = NameAddr::new(Uri::parse("sip:ann@ims.example").unwrap());
    let headers = &mut answer.headers;
    headers.append("Via", &format!("SIP/2.0/UDP {own};branch=z9hG4bKanswer"));
    headers.append("Route", &format!("<sip:{};lr>", address(&process, "exposure", "sip")));
    headers.append("Max-Forwards", "70");
    headers.append("From", &ann.clone().with_param("tag", "1").to_string());
    headers.append("To", "<sip:shop@apps.ims.example>");
    headers.append("Call-ID", "answer");
    headers.append("CSeq", "1 MESSAGE");
    headers.append("P-Asserted-Identity", &ann.to_string());
    answer.set_body("text/plain", "thanks");
    network.send_to(&answer.to_bytes(), address(&process, "exposure", "sip")).await.unwrap();
    let mut buffer = [0; 4096];
    let received = tokio::time::timeout(Duration::from_secs(20), network.recv_from(&mut buffer));
    let (length, _) = received.await.expect("no answer").unwrap();
    assert!(buffer[..length].starts_with(b"SIP/2.0 200"), "{}", String::from_utf8_lossy(&buffer[..length]));
    let (_, list) = curl.run(&format!("{api}/v1/incoming"), &["-H", &bearer]).await;
    assert_eq!(
        (&list["messages"][0]["from"], &list["messages"][0]["text"]),
        (&json!("sip:ann@ims.example"), &json!("thanks"))
    );
    process.stop().await;
}
