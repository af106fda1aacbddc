//! The plain SIP network: presence through it in a fabric, in virtual time; sipp registers and talks live.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use core_network::ims::presence::{PresenceConfig, PresenceServer};
use core_network::ims::{NetworkBox, NetworkPlan};
use core_network::node::{Fabric, FabricOutput, Latency, Node, NodeStore, Role, StoreDriver};
use core_network::process::{CoreConfig, start_core};
use core_network::sip_network::{Otherwise, Proof, Side, SipNetwork, SipNetworkConfig, SipService, SipUser};
use protocol::sip::{Challenge, DigestClient, Method, Request, Response, SipMessage, Target, Transport, Uri};
use protocol::xml::SubHandling;
use protocol::{Entropy, Instant, Secret};

mod ports;

use ports::free_port;

const DOMAIN: &str = "sip.example";

struct Net {
    fabric: Fabric,
    now: Instant,
    inbox: Vec<(String, SipMessage)>,
    notes: Vec<String>,
    cseq: u32,
}

fn store() -> StoreDriver {
    let store = Arc::new(Mutex::new(NodeStore::in_memory().unwrap()));
    Box::new(move |request| store.lock().unwrap().execute(&request))
}

fn at(name: &str) -> SocketAddr {
    if name == "a" { "10.45.0.1:5060" } else { "10.45.0.2:5060" }.parse().unwrap()
}

impl Net {
    fn new() -> Self {
        let (proxy, presence) = (NetworkBox::SipProxy, NetworkBox::Presence);
        let plan = NetworkPlan::sip(DOMAIN, &[presence], 0);
        let mut config = SipNetworkConfig::of(&plan);
        config.users = ["a", "b"]
            .map(|name| SipUser {
                name: name.to_owned(),
                password: Secret::new(format!("pw-{name}")),
                identities: vec![format!("sip:{name}@{DOMAIN}")],
            })
            .to_vec();
        config.proof = Proof::RegisteredFlow;
        let service = |method: &str, side| SipService {
            uri: format!("sip:presence.{DOMAIN}"),
            methods: vec![method.to_owned()],
            events: vec!["presence".to_owned()],
            request_uri: None,
            side,
            registered: None,
            registers: false,
            otherwise: Otherwise::Refuse,
        };
        config.services = vec![service("PUBLISH", Side::Originating), service("SUBSCRIBE", Side::Terminating)];
        let mut server = PresenceConfig::new(&format!("sip:presence.{DOMAIN}"), DOMAIN, presence.sip());
        (server.trusted, server.hosts) = (plan.trusted(), plan.hosts());
        server.without_rules = SubHandling::Allow;
        let mut fabric = Fabric::new(Latency::default());
        let mut add = |own: NetworkBox, node: Box<dyn Node>| {
            fabric.add(Instant::ZERO, own.label(), own.role(), own.ip(), node, store())
        };
        add(proxy, Box::new(SipNetwork::new(config, Entropy::of_box(1, "sip")).unwrap()));
        add(presence, Box::new(PresenceServer::new(server, Entropy::of_box(1, "presence")).unwrap()));
        ["a", "b"].iter().for_each(|name| fabric.add_outside(name, Role::Ue, at(name).ip()));
        let mut net = Self { fabric, now: Instant::ZERO, inbox: vec![], notes: vec![], cseq: 0 };
        net.run();
        net
    }

    fn run(&mut self) {
        let until = self.now + Duration::from_secs(1);
        loop {
            while let Some(output) = self.fabric.poll_output() {
                match output {
                    FabricOutput::Message(message) => self.fabric.carry(self.now, message),
                    FabricOutput::Outside { to, bytes, .. } => {
                        self.inbox.push((to, SipMessage::parse(&bytes).unwrap()));
                    }
                    FabricOutput::Note { from, note } => self.notes.push(format!("{from}: {note}")),
                    other => panic!("{other:?}"),
                }
            }
            let Some(due) = self.fabric.poll_timeout().filter(|due| *due <= until) else { break };
            self.now = self.now.max(due);
            self.fabric.handle_timeout(self.now);
        }
        self.now = until;
    }

    fn send(&mut self, from: &str, message: &SipMessage) {
        let target = Target { transport: Transport::Udp, remote: NetworkBox::SipProxy.sip(), flow: None };
        self.fabric.send(self.now, at(from), target, message.to_bytes());
        self.run();
    }

    /// What has come to a user, requests or responses.
    fn take(&mut self, to: &str, request: bool) -> SipMessage {
        let wanted = |(name, message): &(String, SipMessage)| name == to && message.as_request().is_some() == request;
        let found = self.inbox.iter().position(wanted);
        let found = found.unwrap_or_else(|| panic!("nothing for {to}: {:?} {:?}", self.inbox, self.notes));
        self.inbox.remove(found).1
    }

    fn ask(&mut self, from: &str, method: &str, to: &str, fields: &[(&str, &str)], body: &str) -> Response {
        self.cseq += 1;
        let n = self.cseq;
        let mut request = Request::new(Method::parse(method).unwrap(), Uri::parse(to).unwrap());
        let headers = &mut request.headers;
        headers.append("Via", &format!("SIP/2.0/UDP {};branch=z9hG4bK{from}{n};rport", at(from)));
        headers.append("From", &format!("<sip:{from}@{DOMAIN}>;tag={from}"));
        let user = if method == "REGISTER" { format!("sip:{from}@{DOMAIN}") } else { to.to_owned() };
        headers.append("To", &format!("<{user}>"));
        let call = if method == "REGISTER" { format!("reg{from}") } else { format!("call{n}") };
        headers.append("Call-ID", &call);
        headers.append("CSeq", &format!("{n} {method}"));
        headers.append("Max-Forwards", "70");
        headers.append("Contact", &format!("<sip:{from}@{}>", at(from)));
        fields.iter().for_each(|(name, value)| headers.append(name, value));
        request.body = body.as_bytes().to_vec();
        self.send(from, &SipMessage::Request(request));
        self.take(from, false).as_response().unwrap().clone()
    }

    fn register(&mut self, name: &str) {
        let uri = format!("sip:{DOMAIN}");
        let challenged = self.ask(name, "REGISTER", &uri, &[], "");
        let challenge = Challenge::parse(challenged.headers.get("WWW-Authenticate").unwrap()).unwrap();
        let password = format!("pw-{name}");
        let client = DigestClient {
            username: name,
            password: password.as_bytes(),
            method: &Method::REGISTER,
            uri: &uri,
            nonce_count: 1,
            cnonce: "c0ffee",
            body: &[],
        };
        let answer = challenge.answer(&client).unwrap().to_string();
        assert_eq!(self.ask(name, "REGISTER", &uri, &[("Authorization", &answer)], "").status, 200);
    }
}

#[test]
fn presence_is_published_and_watched_through_it() {
    let mut net = Net::new();
    net.register("a");
    net.register("b");
    let document = format!(
        "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:a@{DOMAIN}\">\
         <tuple id=\"t\"><status><basic>open</basic></status></tuple></presence>"
    );
    let fields = [("Event", "presence"), ("Expires", "600"), ("Content-Type", "application/pidf+xml")];
    let published = net.ask("a", "PUBLISH", &format!("sip:a@{DOMAIN}"), &fields, &document);
    assert_eq!(published.status, 200, "{published:?} {:?}", net.notes);
    assert!(published.headers.contains("SIP-ETag"));
    let fields = [("Event", "presence"), ("Expires", "600"), ("Accept", "application/pidf+xml")];
    let watched = net.ask("b", "SUBSCRIBE", &format!("sip:a@{DOMAIN}"), &fields, "");
    assert_eq!(watched.status, 200, "{watched:?} {:?}", net.notes);
    let notify = net.take("b", true).as_request().unwrap().clone();
    assert_eq!(notify.method, Method::NOTIFY);
    assert!(String::from_utf8_lossy(&notify.body).contains("open"), "{notify:?}");
    assert!(notify.headers.get("Subscription-State").unwrap().starts_with("active"));
    // Nobody publishes for somebody else.
    let fields = [("Event", "presence"), ("Expires", "600"), ("Content-Type", "application/pidf+xml")];
    assert_eq!(net.ask("b", "PUBLISH", &format!("sip:a@{DOMAIN}"), &fields, &document).status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sipp_registers_with_md5_and_talks_to_another_sipp() {
    if Command::new("sipp").arg("-v").output().is_err() {
        return println!("skipped: sipp is not here");
    }
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut users = String::new();
    let mut rows = "SEQUENTIAL\n".to_owned();
    for n in 0..20 {
        users += &format!("[[user]]\nname = 'user{n}'\npassword = 'pw{n}'\nidentities = ['sip:user{n}@{DOMAIN}']\n");
        rows += &format!("user{n};user{n};[authentication username=user{n} password=pw{n}]\n");
    }
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("sip_users.toml", &users);
    write("users.csv", &rows);
    write("receiver.csv", "SEQUENTIAL\nuser19;user19;[authentication username=user19 password=pw19]\n");
    let uac = std::fs::read_to_string(fixture("message_uac.xml")).unwrap();
    write("message_uac.xml", &uac.replace("MESSAGES", "5"));
    let config = format!(
        "nodes = ['sip_network']
        http = 'off'
        [sip_network]
        domain = '{DOMAIN}'
        listen = ['udp:127.0.0.1:{port}', 'tcp:127.0.0.1:{port}']
        algorithms = ['MD5']
        proof = 'registered_flow'"
    );
    let config = CoreConfig::parse(&config).unwrap();
    let process = start_core(&config, folder.path(), Entropy::from_seed([1; 32]), None).await.unwrap();
    let receiver = free_port();
    let run =
        |scenario: String, more: &'static [&'static str], from: u16| sipp(folder.path(), port, scenario, more, from);
    check(
        run(fixture("register.xml"), &["-m", "20", "-r", "50", "-inf", "users.csv"], free_port()).await,
        folder.path(),
    );
    check(run(fixture("register.xml"), &["-m", "1", "-inf", "receiver.csv"], receiver).await, folder.path());
    let mut uas = Command::new("sipp");
    uas.current_dir(folder.path()).args(["-sf", &fixture("message_uas.xml"), "-i", "127.0.0.1", "-nostdin"]);
    let mut uas = uas.args(["-p", &receiver.to_string()]).stdout(std::process::Stdio::null()).spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let more = &["-m", "4", "-r", "10", "-inf", "users.csv", "-key", "peer", "sip:user19@sip.example"];
    let output = run("message_uac.xml".to_owned(), more, free_port()).await;
    uas.kill().unwrap();
    uas.wait().unwrap();
    check(output, folder.path());
    process.stop().await;
}

fn check(output: Output, folder: &Path) {
    let errors = std::fs::read_to_string(folder.join("errors")).unwrap_or_default();
    assert!(output.status.success(), "{output:?}\n{errors}");
}

fn fixture(name: &str) -> String {
    format!("{}/../fixtures/sipp/{name}", env!("CARGO_MANIFEST_DIR"))
}

async fn sipp(folder: &Path, port: u16, scenario: String, more: &'static [&'static str], from: u16) -> Output {
    let mut command = Command::new("sipp");
    command.current_dir(folder).args(["-sf", &scenario, "-i", "127.0.0.1", "-p", &from.to_string(), "-nostdin"]);
    command.args(["-timeout", "60", "-timeout_error", "-trace_err", "-error_file", "errors", "-key", "domain", DOMAIN]);
    command.args(more).arg(format!("127.0.0.1:{port}"));
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}
