//! xMB live, with curl as the content provider: what is acknowledged is there when the process has started again.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use core_network::net::LiveProcess;
use core_network::process::{CoreConfig, start_core};
use protocol::Entropy;
use protocol::usd::{Announcement, Bundle};
use serde_json::{Value, json};

const CONFIG: &str = "domain = 'mbms.example'
    nodes = ['bmsc']
    database = 'bmsc.sqlite'
    http = 'off'
    [bmsc]
    listen = ['127.0.0.1:0']
    gateways = [{ host = 'gw.mbms.example', areas = [1] }]
    mb2u_ports = [0, 0]
    sgi_mb = '127.0.0.1:0'
    heartbeat_s = 0
    [bmsc.xmb]
    listen = ['http:127.0.0.1:0']
    url = 'http://bmsc.mbms.example'
    providers = [{ name = 'radio', addresses = ['127.0.0.1'], token = 'a token of the radio' }]";

async fn start(folder: &Path) -> (LiveProcess, SocketAddr) {
    let config = CoreConfig::parse(CONFIG).unwrap();
    let process = start_core(&config, folder, Entropy::from_seed([5; 32]), None).await.unwrap();
    let web = process.listening().iter().find(|l| l.protocol == "http").unwrap().address;
    (process, web)
}

/// What curl gets: status, Content-Type, body.
async fn curl(web: SocketAddr, path: &str, args: &[&str]) -> (u16, String, Vec<u8>) {
    let mut command = Command::new("curl");
    command.args(["-sS", "--max-time", "30", "-H", "Authorization: Bearer a token of the radio"]).args(args);
    command.args(["-w", "\n%{http_code} %{content_type}"]).arg(format!("http://{web}{path}"));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let at = output.stdout.iter().rposition(|octet| *octet == b'\n').unwrap();
    let said = String::from_utf8_lossy(&output.stdout[at + 1..]).into_owned();
    let (status, content_type) = said.split_once(' ').unwrap();
    (status.parse().unwrap(), content_type.to_owned(), output.stdout[..at].to_vec())
}

/// The same of a BM-SC that may be starting: while it reads its store it says so.
async fn once_ready(web: SocketAddr, path: &str, args: &[&str]) -> (u16, String, Vec<u8>) {
    for _ in 0..20 {
        let answer = curl(web, path, args).await;
        if answer.0 != 503 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    curl(web, path, args).await
}

async fn rest(web: SocketAddr, path: &str, args: &[&str]) -> Value {
    let (status, _, body) = once_ready(web, path, args).await;
    assert!((200..300).contains(&status), "{status} {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap_or_default()
}

/// Takes notifications.
fn listener() -> (SocketAddr, mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, (told, notifications)) = (listener.local_addr().unwrap(), mpsc::channel());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut octets, mut buffer) = (stream.unwrap(), Vec::new(), [0; 4096]);
            let body = loop {
                let count = stream.read(&mut buffer).unwrap();
                octets.extend_from_slice(&buffer[..count]);
                let text = String::from_utf8_lossy(&octets).into_owned();
                if let Some((_, body)) = text.split_once("\r\n\r\n")
                    && let Ok(body) = serde_json::from_str::<Value>(body)
                {
                    break body;
                }
            };
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            if told.send(body).is_err() {
                return;
            }
        }
    });
    (address, notifications)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_provisions_a_file_session_that_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let (process, web) = start(folder.path()).await;
    let (told, notifications) = listener();
    let denied = once_ready(web, "/xmb/v1.0/services", &["-H", "Authorization: Bearer another"]).await;
    assert_eq!((denied.0, denied.1.as_str()), (401, "application/problem+json"));
    let body = json!({ "service-names": ["en:News"], "push-notification-url": format!("http://{told}/told") });
    let service = rest(web, "/xmb/v1.0/services", &["-d", &body.to_string()]).await;
    let service = service["id"].as_str().unwrap();
    let body = json!({ "session-type": "Files", "max-bitrate": 500_000, "geographical-areas": [1] }).to_string();
    let path = format!("/xmb/v1.0/services/{service}/sessions");
    let session = rest(web, &path, &["-d", &body]).await;
    let file = folder.path().join("clip.bin");
    let content: Vec<u8> = (0..700_000u32).map(|n| (n * 7) as u8).collect();
    std::fs::write(&file, &content).unwrap();
    let push = session["file-session"]["push-url"].as_str().unwrap().strip_prefix("http://bmsc.mbms.example").unwrap();
    let put = ["-T", file.to_str().unwrap(), "-H", "Content-Type: video/mp4"];
    assert_eq!(curl(web, &format!("{push}clip.bin"), &put).await.0, 201);
    let notification = tokio::task::spawn_blocking(move || notifications.recv_timeout(Duration::from_secs(20)));
    let notification = notification.await.unwrap().unwrap();
    assert_eq!(notification["event"], "file-accepted");
    process.stop().await;

    let (process, web) = start(folder.path()).await;
    let again = rest(web, &format!("{path}/{}", session["id"].as_str().unwrap()), &[]).await;
    assert_eq!(again["castbench"]["tmgi"], session["castbench"]["tmgi"]);
    let listed = &again["file-session"]["file-list"][0];
    assert_eq!((&listed["file-size"], &listed["file-status"]), (&json!(700_000), &json!("accepted")));
    let (status, media, body) = curl(web, &format!("/announcement/{service}"), &[]).await;
    let announcement = Announcement::parse(&media, &body).unwrap();
    assert_eq!((status, announcement.fragments.len()), (200, 3));
    let bundle = Bundle::parse(&announcement.fragments[1].body).unwrap();
    assert_eq!((bundle.services[0].names[0].text.as_str(), bundle.services[0].methods.len()), ("News", 1));
    assert_eq!(curl(web, &format!("/xmb/v1.0/services/{service}"), &["-X", "DELETE"]).await.0, 204);
    process.stop().await;
}
