//! The XDM server live, with curl as the client: digest, conditions, parts of documents, error documents; what was
//! answered is there after a restart.

use std::path::Path;
use std::process::Command;

use core_network::net::LiveProcess;
use core_network::process::{CoreConfig, start_core};
use protocol::Entropy;

const CONFIG: &str = "
    domain = 'ims.example'
    nodes = ['xdm']
    database = 'xdm.sqlite'
    http = 'off'
    [xdm]
    listen = ['http:127.0.0.1:0']
    max_document = 65536
    users = [
        { username = 'ann@ims.example', password = 'ann-secret', identities = ['sip:ann@ims.example'] },
        { username = 'bob@ims.example', password = 'bob-secret', identities = ['sip:bob@ims.example'] },
    ]";

const LIST: &str = "<?xml version=\"1.0\"?>\n<!-- mine -->\n<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\">\n <list name=\"friends\">\n  <entry uri=\"sip:bob@ims.example\"/>\n </list>\n</resource-lists>\n";
const LIST_TYPE: &str = "Content-Type: application/resource-lists+xml";
const ELEMENT: &str = "Content-Type: application/xcap-el+xml";
const INDEX: &str = "/resource-lists/users/sip:ann@ims.example/index";
const CAT: &str = "/~~/resource-lists/list%5b@name=%22friends%22%5d/entry%5b@uri=%22sip:cat@ims.example%22%5d";

async fn start(folder: &Path) -> (LiveProcess, String) {
    let config = CoreConfig::parse(CONFIG).unwrap();
    let process = start_core(&config, folder, Entropy::from_seed([3; 32]), None).await.unwrap();
    let at = process.listening().iter().find(|l| l.node == "xdms").unwrap().address;
    (process, format!("http://{at}"))
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        // With a digest there are two answers; the last one counts.
        fields.rfind(|(own, _)| own.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
    }
}

async fn curl(base: &str, user: &str, path: &str, args: &[&str]) -> Answer {
    let folder = tempfile::tempdir().unwrap();
    let (head, body) = (folder.path().join("head"), folder.path().join("body"));
    let mut command = Command::new("curl");
    command.args(["-sS", "--max-time", "30", "--path-as-is", "--globoff", "--digest", "-w", "%{http_code}"]);
    command.arg("-D").arg(&head).arg("-o").arg(&body);
    if !user.is_empty() {
        command.args(["-u", user]);
    }
    command.args(args).arg(format!("{base}{path}"));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let status = String::from_utf8(output.stdout).unwrap().parse().unwrap();
    Answer { status, head: read(&head), body: read(&body) }
}

fn xmllint(text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.xml");
    std::fs::write(&file, text).unwrap();
    let output = Command::new("xmllint").arg("--noout").arg(&file).output().unwrap();
    assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_puts_reads_changes_and_removes() {
    let folder = tempfile::tempdir().unwrap();
    let (process, base) = start(folder.path()).await;
    let ann = async |path: &str, args: &[&str]| curl(&base, "ann@ims.example:ann-secret", path, args).await;
    let part = format!("{INDEX}{CAT}");
    let put = |kind, body| ["-X", "PUT", "-H", kind, "--data-binary", body];

    assert_eq!(ann(INDEX, &[]).await.status, 404);
    let created = ann(INDEX, &put(LIST_TYPE, LIST)).await;
    assert_eq!(created.status, 201);
    let first = created.header("etag").to_owned();
    let read = ann(INDEX, &[]).await;
    assert_eq!((read.status, read.body.as_str(), read.header("etag")), (200, LIST, first.as_str()));
    assert_eq!(read.header("content-type"), "application/resource-lists+xml");
    let unchanged = ann(INDEX, &["-H", &format!("If-None-Match: {first}")]).await;
    assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""));

    let entry = "<entry uri=\"sip:cat@ims.example\"/>";
    let inserted = ann(&part, &put(ELEMENT, entry)).await;
    assert_eq!(inserted.status, 201);
    let changed = ann(INDEX, &[]).await.body;
    assert_eq!(changed, LIST.replace("bob@ims.example\"/>", &format!("bob@ims.example\"/>{entry}")));
    xmllint(&changed);
    let named = "<entry uri=\"sip:cat@ims.example\"><display-name>Cat</display-name></entry>";
    assert_eq!(ann(&part, &put(ELEMENT, named)).await.status, 200);
    assert_eq!(ann(&part, &[]).await.body, named);
    let late = ann(&part, &[&put(ELEMENT, entry)[..], &["-H", &format!("If-Match: {first}")]].concat()).await;
    assert_eq!(late.status, 412);
    let conflict = ann(&part, &put(ELEMENT, "<entry uri=\"sip:dog@ims.example\"/>")).await;
    assert_eq!((conflict.status, conflict.header("content-type")), (409, "application/xcap-error+xml"));
    assert!(conflict.body.contains("<cannot-insert"), "{}", conflict.body);
    xmllint(&conflict.body);
    let missing = ann(&format!("{INDEX}/~~/resource-lists/list/list/entry"), &put(ELEMENT, entry)).await;
    assert!(missing.status == 409 && missing.body.contains("<ancestor>http://"), "{}", missing.body);
    xmllint(&missing.body);
    assert_eq!(ann(&part, &["-X", "DELETE"]).await.status, 200);
    assert_eq!(ann(&part, &["-X", "DELETE"]).await.status, 404);
    assert_eq!(ann(INDEX, &[]).await.body, LIST);
    let capabilities = ann("/xcap-caps/global/index", &[]).await;
    assert_eq!(capabilities.status, 200);
    xmllint(&capabilities.body);

    // Refused.
    assert_eq!(curl(&base, "", INDEX, &[]).await.status, 401);
    assert_eq!(curl(&base, "ann@ims.example:wrong", INDEX, &[]).await.status, 401);
    assert_eq!(curl(&base, "bob@ims.example:bob-secret", INDEX, &[]).await.status, 403);
    for path in [
        "/resource-lists/users/sip:ann@ims.example/../index",
        "/resource-lists/users/sip:ann@ims.example/%252e%252e/index",
    ] {
        assert_eq!(ann(path, &[]).await.status, 400, "{path}");
    }
    let large = folder.path().join("large");
    std::fs::write(&large, "x".repeat(70_000)).unwrap();
    let large = format!("@{}", large.display());
    let answer = ann(INDEX, &put(LIST_TYPE, &large)).await;
    assert_eq!(answer.status, 413, "{}", answer.head);

    // What was answered is there after a restart.
    process.stop().await;
    let (process, base) = start(folder.path()).await;
    let read = curl(&base, "ann@ims.example:ann-secret", INDEX, &[]).await;
    assert_eq!((read.body.as_str(), read.header("etag")), (LIST, first.as_str()));
    process.stop().await;
}
