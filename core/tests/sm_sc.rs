//! The SM-SC live, with Debian's kannel as ESME: messages and delivery receipts over SMPP.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use core_network::mc::HashedPassword;
use core_network::process::{CoreConfig, start_core};
use protocol::Entropy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

mod ports;

use ports::free_port;

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn path_of(name: &str) -> Option<String> {
    ["/usr/sbin", "/usr/bin", "/usr/lib/kannel"]
        .map(|folder| format!("{folder}/{name}"))
        .into_iter()
        .find(|path| Path::new(path).exists())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kannel_sends_receives_and_is_told() {
    let (Some(bearerbox), Some(smsbox)) = (path_of("bearerbox"), path_of("smsbox")) else {
        return println!("skipped: kannel is not here");
    };
    let folder = tempfile::tempdir().unwrap();
    let (port, admin, box_port, sendsms) = (free_port(), free_port(), free_port(), free_port());
    let hash = hash("pw");
    let config = format!(
        "nodes = ['sm_sc']
        http = 'off'
        [sm_sc]
        address = '358440000000'
        country_code = '358'
        listen = ['127.0.0.1:{port}']
        [[sm_sc.accounts]]
        system_id = 'kannel'
        password = '{hash}'
        numbers = ['13013']"
    );
    let config = CoreConfig::parse(&config).unwrap();
    let process = start_core(&config, folder.path(), Entropy::from_seed([1; 32]), None).await.unwrap();
    let (seen, at) = listen().await;
    let text = kannel(port, admin, box_port, sendsms, at);
    std::fs::write(folder.path().join("kannel.conf"), text).unwrap();
    let start = |program: &str| {
        let mut command = Command::new(program);
        command.current_dir(folder.path()).arg("kannel.conf").stdout(Stdio::null()).stderr(Stdio::null());
        Running(command.spawn().unwrap())
    };
    let _bearerbox = start(&bearerbox);
    wait_for(box_port).await;
    let _smsbox = start(&smsbox);
    wait_for(sendsms).await;
    // Short, long enough for three parts, and in another alphabet.
    let long = "0123456789".repeat(40);
    for text in ["hello", &long, "%D0%B6%D1%83%D0%BA"] {
        let dlr = format!("http%3A%2F%2F127.0.0.1%3A{at}%2Fdlr%3Fstate%3D%25d");
        let coding = if text.starts_with('%') { "&coding=2&charset=UTF-8" } else { "" };
        let path = format!(
            "/cgi-bin/sendsms?username=tester&password=secret&from=1000&to=13013&text={text}{coding}&dlr-mask=31&dlr-url={dlr}"
        );
        let answer = get(sendsms, &path).await;
        assert!(answer.contains("Accepted") || answer.contains("Queued"), "{answer}");
    }
    let told = collect(seen, 3, 3, folder.path()).await;
    let texts: Vec<&str> = told.iter().filter_map(|path| path.strip_prefix("/mo?from=1000&text=")).collect();
    assert!(texts.contains(&"hello"), "{texts:?}");
    assert!(texts.iter().any(|text| text.len() == 400), "the parts of a long message come in order: {texts:?}");
    // kannel passes UCS2 on as it is: 0436 0443 043A.
    assert!(texts.contains(&"%046%04C%04%3A"), "{texts:?}");
    process.stop().await;
}

/// 8 KiB and one pass: tests of much else can do with little.
fn hash(password: &str) -> String {
    let hash = HashedPassword::of_cost(password, 8, 1, &mut Entropy::from_seed([2; 32])).unwrap();
    hash.to_phc().to_owned()
}

/// kannel's bearerbox and smsbox: one transceiver, a user who may send, and a service that passes on what comes.
fn kannel(port: u16, admin: u16, box_port: u16, sendsms: u16, at: u16) -> String {
    let mut text = format!(
        "group = core\nadmin-port = {admin}\nadmin-interface = 127.0.0.1\nsmsbox-port = {box_port}\nsmsbox-interface = 127.0.0.1\n\
         admin-password = secret\nbox-allow-ip = \"127.0.0.1\"\nlog-file = \"bearerbox.log\"\nlog-level = 0\n\
         dlr-storage = internal\nsms-combine-concatenated-mo = true\n\n"
    );
    let _ = write!(
        text,
        "group = smsc\nsmsc = smpp\nsmsc-id = core\nhost = 127.0.0.1\nport = {port}\ntransceiver-mode = true\n\
         smsc-username = kannel\nsmsc-password = pw\nsystem-type = \"\"\naddress-range = \"\"\nreconnect-delay = 1\n\n\
         group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {sendsms}\nsendsms-interface = 127.0.0.1\n\
         log-file = \"smsbox.log\"\nlog-level = 0\n\n\
         group = sendsms-user\nusername = tester\npassword = secret\nmax-messages = 10\nconcatenation = true\n\n\
         group = sms-service\nkeyword = default\nmax-messages = 0\ncatch-all = true\n\
         get-url = \"http://127.0.0.1:{at}/mo?from=%p&text=%a\"\n"
    );
    text
}

/// Takes HTTP requests and tells their paths.
async fn listen() -> (mpsc::UnboundedReceiver<String>, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut octets = Vec::new();
                let mut piece = [0; 4096];
                while !octets.windows(4).any(|end| end == b"\r\n\r\n") {
                    match stream.read(&mut piece).await {
                        Ok(length @ 1..) => octets.extend(&piece[..length]),
                        _ => return,
                    }
                }
                let text = String::from_utf8_lossy(&octets).into_owned();
                let _ = sender.send(text.split(' ').nth(1).unwrap_or_default().to_owned());
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
            });
        }
    });
    (receiver, port)
}

/// Paths until so many messages have come and so many are told to be delivered.
async fn collect(
    mut seen: mpsc::UnboundedReceiver<String>,
    messages: usize,
    receipts: usize,
    folder: &Path,
) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let count = |told: &[String], prefix: &str| told.iter().filter(|path| path.starts_with(prefix)).count();
    while count(&told, "/mo?") < messages || count(&told, "/dlr?state=1") < receipts {
        match tokio::time::timeout(Duration::from_secs(60), seen.recv()).await {
            Ok(Some(path)) => told.push(path),
            _ => {
                let log = std::fs::read_to_string(folder.join("bearerbox.log")).unwrap_or_default();
                panic!("{told:?}\n{log}");
            }
        }
    }
    told
}

async fn wait_for(port: u16) {
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nobody listens on {port}");
}

async fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
