//! freeDiameterd as relay between a Diameter client and the HSS, the CDF, the OCS or the BM-SC, over TCP on loopback: a program of
//! others parses what both say, adds Route-Record, and passes it on.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use core_network::charging::{Account, Cdf, CdfConfig, Cdr, Ocs, OcsConfig, TariffTable, list_accounts};
use core_network::ims::hss::{Hss, HssConfig, add_subscribers, parse_subscribers};
use core_network::node::{Node, NodeInput, NodeOutput, NodeStore, Table};
use core_network::{BmscNode, BmscNodeConfig, ProvisioningConfig};
use protocol::diameter::charging::{
    ChargingHeader, ImsInformation, InterOperator, NodeFunctionality, RoleOfNode, ServiceInformation, SubscriptionId,
};
use protocol::diameter::cx::{Maa, Mar, SCHEME_AKA, Saa, Sar, ServerAssignmentType, Uaa, Uar};
use protocol::diameter::mb2c::mask::TmgiDeallocationResult;
use protocol::diameter::mb2c::{GcsActionAnswer, GcsActionRequest, TmgiAllocationRequest, TmgiDeallocationRequest};
use protocol::diameter::rf::{Aca, Acr, RecordType};
use protocol::diameter::ro::{Cca, Ccr, FinalUnitAction, RequestType, ServiceUnits, Units};
use protocol::diameter::sh::{ShAnswer, Udr, UserIdentity, reference};
use protocol::diameter::{
    ConnectionId, DiameterConfig, DiameterEndpoint, DiameterInput, DiameterOutput, DiameterTransport, DisconnectCause,
    Message, PeerConfig, RequestFailure, ResultCode, Routing, dictionary,
};
use protocol::{Entropy, Instant, Plmn, SyncPlan};

#[path = "freediameter/own_relay.rs"]
mod own_relay;

const REALM: &str = "ims.test";
const IMPI: &str = "1@ims.test";
const IMPU: &str = "sip:alice@ims.test";
const SUBSCRIBERS: &str = r#"
[[subscriber]]
impi = "1@ims.test"
k = "0396eb317b6d1c36f19c1c84cd6ffd16"
opc = "53c15671c60a4b731c55b4a441c0bde2"
[[subscriber.set]]
impus = ["sip:alice@ims.test"]
"#;
/// Longer than any of this takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends the program with the test.
struct Relay(Child);

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// freeDiameterd on a port of its own; `None` when it is not installed.
fn relay(folder: &Path, port: u16, dictionaries: &[&str]) -> Option<Relay> {
    let key = rcgen::generate_simple_self_signed(vec!["relay.ims.test".to_owned()]).unwrap();
    let path = |name: &str| folder.join(name);
    std::fs::write(path("cert.pem"), key.cert.pem()).unwrap();
    std::fs::write(path("key.pem"), key.signing_key.serialize_pem()).unwrap();
    // Who is listed may come without TLS.
    std::fs::write(path("acl.conf"), "ALLOW_IPSEC *.ims.test\n").unwrap();
    let extensions = ["/usr/lib/freeDiameter", "/usr/lib/x86_64-linux-gnu/freeDiameter"];
    let extensions = extensions.iter().map(Path::new).find(|folder| folder.join("acl_wl.fdx").exists())?;
    let load = |name: &str| format!("LoadExtension = \"{}\"", extensions.join(name).display());
    let dictionaries: String = dictionaries.iter().map(|name| format!("{};\n", load(name))).collect();
    let config = format!(
        "Identity = \"relay.ims.test\";\nRealm = \"ims.test\";\nPort = {port};\nSecPort = 0;\nNo_SCTP;\nNo_IPv6;\n\
         ListenOn = \"127.0.0.1\";\nTLS_Cred = \"{cert}\", \"{key}\";\nTLS_CA = \"{cert}\";\nTLS_DH_Bits = 1024;\n\
         {dictionaries}{white_list} : \"{acl}\";\n",
        cert = path("cert.pem").display(),
        key = path("key.pem").display(),
        white_list = load("acl_wl.fdx"),
        acl = path("acl.conf").display(),
    );
    std::fs::write(path("fd.conf"), config).unwrap();
    let log = std::fs::File::create(path("log")).unwrap();
    let child = Command::new("freeDiameterd")
        .arg("-c")
        .arg(path("fd.conf"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn();
    child.ok().map(Relay)
}

/// One end: a machine and its TCP connection to the relay.
struct End<M> {
    machine: M,
    stream: Option<TcpStream>,
    conn: ConnectionId,
}

impl<M> End<M> {
    const fn new(machine: M) -> Self {
        Self { machine, stream: None, conn: ConnectionId(0) }
    }

    /// Does what a machine wants done; gives what it has to hear of it.
    fn transport(&mut self, transport: DiameterTransport) -> Option<DiameterInput<'static>> {
        match transport {
            DiameterTransport::Connect { peer, address } => {
                self.conn.0 += 1;
                let Ok(stream) = TcpStream::connect(address) else {
                    return Some(DiameterInput::ConnectFailed { peer });
                };
                stream.set_nonblocking(true).unwrap();
                self.stream = Some(stream);
                Some(DiameterInput::Connected { conn: self.conn, peer: Some(peer) })
            }
            DiameterTransport::Send { conn, bytes } => {
                if let Some(stream) = self.stream.as_mut().filter(|_| conn == self.conn) {
                    // Messages are far smaller than the buffer of a socket.
                    let _ = stream.write_all(&bytes);
                }
                None
            }
            DiameterTransport::Close { .. } => {
                self.stream = None;
                None
            }
        }
    }

    fn receive(&mut self) -> Received {
        let Some(stream) = &mut self.stream else { return Received::Nothing };
        let mut bytes = vec![0; 4096];
        match stream.read(&mut bytes) {
            Ok(0) => Received::Closed,
            Ok(octets) => Received::Octets(bytes[..octets].to_vec()),
            Err(e) if e.kind() == ErrorKind::WouldBlock => Received::Nothing,
            Err(_) => Received::Closed,
        }
    }
}

enum Received {
    Nothing,
    Closed,
    Octets(Vec<u8>),
}

struct Bench {
    start: std::time::Instant,
    node: End<Box<dyn Node>>,
    store: NodeStore,
    client: End<DiameterEndpoint>,
    answer: Option<Result<Message, RequestFailure>>,
}

#[expect(clippy::disallowed_methods, reason = "sockets and a program of others: time is the wall clock's")]
impl Bench {
    /// A client, and the node that is made of a configuration and a name.
    fn new(relay: SocketAddr, host: &str, node: impl FnOnce(DiameterConfig) -> Box<dyn Node>) -> Self {
        let config = |host: &str| {
            let (cx, sh) = (dictionary::APP_CX, dictionary::APP_SH);
            let applications = vec![cx, sh, dictionary::APP_RF, dictionary::APP_RO, dictionary::APP_MB2C];
            let mut config = DiameterConfig::new(host, REALM, relay.ip(), applications);
            let relay = PeerConfig { host: "relay.ims.test".to_owned(), realm: REALM.to_owned(), connect: Some(relay) };
            config.peers = vec![relay];
            config.retry = Duration::from_millis(200);
            config
        };
        let mut store = NodeStore::in_memory().unwrap();
        add_subscribers(&mut store, &parse_subscribers("test.toml", SUBSCRIBERS).unwrap()).unwrap();
        Self {
            start: std::time::Instant::now(),
            node: End::new(node(config(host))),
            store,
            client: End::new(DiameterEndpoint::new(config("scscf.ims.test"), Entropy::from_seed([2; 32]))),
            answer: None,
        }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.start.elapsed()
    }

    /// Runs both ends until something holds.
    fn until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let end = self.start.elapsed() + PATIENCE;
        while !holds(self) {
            assert!(self.start.elapsed() < end, "{what} does not come");
            self.turn();
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn turn(&mut self) {
        let now = self.now();
        match self.client.receive() {
            Received::Octets(bytes) => {
                let input = DiameterInput::Received { conn: self.client.conn, bytes: &bytes };
                self.client.machine.handle_input(now, input);
            }
            Received::Closed => {
                self.client.stream = None;
                self.client.machine.handle_input(now, DiameterInput::Closed { conn: self.client.conn });
            }
            Received::Nothing => {}
        }
        match self.node.receive() {
            Received::Octets(bytes) => {
                let input = DiameterInput::Received { conn: self.node.conn, bytes: &bytes };
                self.node.machine.handle_input(now, NodeInput::Diameter(input));
            }
            Received::Closed => {
                self.node.stream = None;
                let input = DiameterInput::Closed { conn: self.node.conn };
                self.node.machine.handle_input(now, NodeInput::Diameter(input));
            }
            Received::Nothing => {}
        }
        if self.client.machine.poll_timeout().is_some_and(|at| at <= now) {
            self.client.machine.handle_timeout(now);
        }
        if self.node.machine.poll_timeout().is_some_and(|at| at <= now) {
            self.node.machine.handle_timeout(now);
        }
        self.drain(now);
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.client.machine.poll_output() {
            match output {
                DiameterOutput::Transport(transport) => {
                    if let Some(input) = self.client.transport(transport) {
                        self.client.machine.handle_input(now, input);
                    }
                }
                DiameterOutput::Answer { result, .. } => self.answer = Some(result),
                _ => {}
            }
        }
        while let Some(output) = self.node.machine.poll_output() {
            match output {
                NodeOutput::Diameter(transport) => {
                    if let Some(input) = self.node.transport(transport) {
                        self.node.machine.handle_input(now, NodeInput::Diameter(input));
                    }
                }
                NodeOutput::Store(request) => {
                    let answer = self.store.execute(&request);
                    self.node.machine.handle_input(now, NodeInput::Store(answer));
                }
                NodeOutput::Note(note) => println!("node: {note}"),
                other => unreachable!("a node with Diameter only says {other:?}"),
            }
        }
    }

    fn ask(&mut self, message: Message) -> Message {
        let now = self.now();
        self.client.machine.send_request(now, 1, message);
        self.until("an answer", |bench| bench.answer.is_some());
        self.answer.take().unwrap().expect("an answer that can be used")
    }
}

#[test]
fn freediameter_relays_between_s_cscf_and_hss() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Some(mut relay) = relay(folder.path(), port, &[]) else {
        println!("skipped: freeDiameterd with its extension acl_wl is not installed");
        return;
    };
    let hss = |config| Box::new(Hss::new(HssConfig::new(config), Entropy::from_seed([1; 32]))) as Box<dyn Node>;
    let mut bench = Bench::new(([127, 0, 0, 1], port).into(), "hss.ims.test", hss);
    let log = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    bench.until("the relay", |bench| {
        let ended = relay.0.try_wait().unwrap();
        assert!(ended.is_none(), "freeDiameterd ended: {}", log());
        bench.client.machine.peers_up().count() == 1 && bench.node.stream.is_some()
    });
    // The relay takes the HSS in on its own time; until then it cannot deliver.
    let uar = |bench: &mut Bench, host: Option<&str>| {
        let uar = Uar {
            routing: bench.client.machine.routing(host, REALM),
            impi: IMPI.to_owned(),
            impu: IMPU.to_owned(),
            visited_network: REALM.into(),
            authorization: None,
            flags: 0,
        };
        bench.ask(uar.to_message())
    };
    let mut answer = uar(&mut bench, None);
    let end = bench.start.elapsed() + PATIENCE;
    while ResultCode::from_message(&answer) == Ok(ResultCode::Base(3002)) && bench.start.elapsed() < end {
        answer = uar(&mut bench, None);
    }
    assert_eq!(
        Uaa::from_message(&answer).unwrap().outcome.result,
        ResultCode::Experimental(2001),
        "{answer:?} {}",
        log()
    );
    let named = Uaa::from_message(&uar(&mut bench, Some("hss.ims.test"))).unwrap();
    assert_eq!(named.outcome.origin_host, "hss.ims.test");
    // Nobody is there under that name: the relay says so itself.
    let nobody = uar(&mut bench, Some("nobody.ims.test"));
    assert_eq!(ResultCode::from_message(&nobody), Ok(ResultCode::Base(3002)));
    let mar = Mar {
        routing: bench.client.machine.routing(None, REALM),
        impi: IMPI.to_owned(),
        impu: IMPU.to_owned(),
        scheme: SCHEME_AKA.to_owned(),
        authorization: None,
        items: 2,
        server: "sip:scscf.ims.test".to_owned(),
    };
    let maa = Maa::from_message(&bench.ask(mar.to_message())).unwrap();
    assert_eq!((maa.outcome.result, maa.items.len()), (ResultCode::SUCCESS, 2));
    let sar = Sar {
        routing: bench.client.machine.routing(None, REALM),
        impi: Some(IMPI.to_owned()),
        impus: vec![IMPU.to_owned()],
        server: "sip:scscf.ims.test".to_owned(),
        assignment: ServerAssignmentType::Registration,
        has_user_data: false,
    };
    let saa = Saa::from_message(&bench.ask(sar.to_message())).unwrap();
    assert!(saa.outcome.result.is_success() && saa.user_data.is_some());
    let udr = Udr {
        routing: bench.client.machine.routing(None, REALM),
        user: UserIdentity::Public(IMPU.to_owned()),
        impi: None,
        references: vec![reference::IMS_USER_STATE],
        services: Vec::new(),
        server: None,
        identity_sets: Vec::new(),
    };
    let uda = ShAnswer::from_message(&bench.ask(udr.to_message())).unwrap();
    assert!(String::from_utf8(uda.user_data.unwrap()).unwrap().contains("<IMSUserState>1</IMSUserState>"));
    let now = bench.now();
    bench.client.machine.disconnect(now, DisconnectCause::DoNotWantToTalkToYou);
    bench.until("the end of the connection", |bench| bench.client.machine.is_idle());
    let complaints: Vec<_> =
        log().lines().filter(|l| l.contains("ERROR") || l.contains("FATAL")).map(str::to_owned).collect();
    println!("{} complaints of freeDiameterd: {complaints:#?}", complaints.len());
}

/// Dictionaries of freeDiameter that know what Rf and Ro carry: it refuses what breaks their rules.
const DICTIONARIES: [&str; 3] = ["dict_nasreq.fdx", "dict_dcca.fdx", "dict_dcca_3gpp.fdx"];

fn information() -> ServiceInformation {
    let mut ims = ImsInformation::new(NodeFunctionality::Scscf);
    (ims.icid, ims.method) = (Some("icid-1".to_owned()), Some("MESSAGE".to_owned()));
    (ims.role, ims.cause) = (Some(RoleOfNode::Originating), Some(-1));
    (ims.calling, ims.called) = (vec![IMPU.to_owned()], Some("sip:bob@ims.test".to_owned()));
    (ims.request_utc_ms, ims.response_utc_ms) = (Some(1_767_225_600_123), Some(1_767_225_600_456));
    ims.operators = vec![InterOperator { originating: Some("Type 1ims.test".to_owned()), terminating: None }];
    ServiceInformation {
        subscriptions: vec![SubscriptionId::of_uri(IMPU)],
        ims: Some(ims),
        ..ServiceInformation::default()
    }
}

fn header(session_id: &str) -> ChargingHeader {
    ChargingHeader {
        session_id: session_id.to_owned(),
        origin_host: "scscf.ims.test".to_owned(),
        origin_realm: REALM.to_owned(),
        destination_host: None,
        destination_realm: REALM.to_owned(),
        origin_state: Some(1),
        user_name: None,
        at_utc_ms: 1_767_225_600_000,
        retransmitted: false,
    }
}

/// Runs a node behind the relay until it answers.
fn behind_relay(
    host: &str,
    node: impl FnOnce(DiameterConfig) -> Box<dyn Node>,
    probe: &Message,
) -> Option<(Bench, Relay, tempfile::TempDir, Message)> {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let Some(mut relay) = relay(folder.path(), port, &DICTIONARIES) else {
        println!("skipped: freeDiameterd with its extension acl_wl is not installed");
        return None;
    };
    let mut bench = Bench::new(([127, 0, 0, 1], port).into(), host, node);
    let log = || std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    bench.until("the relay", |bench| {
        let ended = relay.0.try_wait().unwrap();
        assert!(ended.is_none(), "freeDiameterd ended: {}", log());
        bench.client.machine.peers_up().count() == 1 && bench.node.stream.is_some()
    });
    let end = bench.start.elapsed() + PATIENCE;
    let mut answer = bench.ask(probe.clone());
    while ResultCode::from_message(&answer) == Ok(ResultCode::Base(3002)) && bench.start.elapsed() < end {
        answer = bench.ask(probe.clone());
    }
    println!("{}", log().lines().filter(|l| l.contains("ERROR")).take(20).collect::<Vec<_>>().join("\n"));
    Some((bench, relay, folder, answer))
}

#[test]
fn freediameter_relays_accounting_to_the_cdf() {
    let acr = Acr {
        header: header("scscf.ims.test;1;1;a"),
        kind: RecordType::Event,
        number: 0,
        interval: None,
        information: information(),
    };
    let cdf = |config| Box::new(Cdf::new(CdfConfig::new(config), Entropy::from_seed([3; 32]))) as Box<dyn Node>;
    let Some((mut bench, _relay, _folder, answer)) = behind_relay("cdf.ims.test", cdf, &acr.to_message()) else {
        return;
    };
    let aca = Aca::from_message(&answer).unwrap();
    assert_eq!((aca.result, aca.origin_host.as_str()), (2001, "cdf.ims.test"), "{answer:?}");
    // The same again is acknowledged again, and is one record.
    let again = Acr { header: ChargingHeader { retransmitted: true, ..acr.header.clone() }, ..acr };
    assert_eq!(Aca::from_message(&bench.ask(again.to_message())).unwrap().result, 2001);
    let rows = bench.store.scan(Table::Cdr).unwrap();
    assert_eq!(rows.len(), 1);
    let cdr: Cdr = serde_json::from_slice(&rows[0].1).unwrap();
    assert_eq!((cdr.icid.as_deref(), cdr.requested), (Some("icid-1"), Some(1_767_225_600_123)));
}

#[test]
fn freediameter_relays_credit_control_to_the_ocs() {
    let services = ServiceUnits { requested: Some(Units::default()), rating_group: Some(1), ..ServiceUnits::default() };
    let ccr = Ccr {
        header: header("ims-gwf.ims.test;1;1;a"),
        kind: RequestType::Initial,
        number: 0,
        action: None,
        subscriptions: vec![SubscriptionId::of_uri(IMPU)],
        termination: None,
        services: vec![services],
        information: information(),
    };
    let ocs = |config| {
        let text = "[[tariff]]\nname = 'voice'\nunit = 'seconds'\nprice = 1\nquantum = 30\n";
        let mut config = OcsConfig::new(config, TariffTable::parse(text).unwrap());
        config.accounts = vec![Account::new(IMPU, 20)];
        Box::new(Ocs::new(config, Entropy::from_seed([4; 32]))) as Box<dyn Node>
    };
    let Some((mut bench, _relay, _folder, answer)) = behind_relay("ocs.ims.test", ocs, &ccr.to_message()) else {
        return;
    };
    let cca = Cca::from_message(&answer).unwrap();
    let units = &cca.services[0];
    assert_eq!(
        (cca.result, units.granted, units.final_action),
        (2001, Some(Units::seconds(20)), Some(FinalUnitAction::Terminate))
    );
    let used = ServiceUnits { used: Some(Units::seconds(5)), rating_group: Some(1), ..ServiceUnits::default() };
    let end = Ccr { kind: RequestType::Termination, number: 1, services: vec![used], termination: Some(1), ..ccr };
    assert_eq!(Cca::from_message(&bench.ask(end.to_message())).unwrap().result, 2001);
    let accounts = list_accounts(&bench.store).unwrap();
    assert_eq!((accounts[0].balance, accounts[0].reserved), (15, 0));
}

#[test]
fn freediameter_relays_tmgis_of_an_application_server_to_the_bmsc() {
    let routing = |n: u32| Routing {
        session_id: format!("scscf.ims.test;1;{n};a"),
        origin_host: "scscf.ims.test".to_owned(),
        origin_realm: REALM.to_owned(),
        destination_host: None,
        destination_realm: REALM.to_owned(),
    };
    let allocation = TmgiAllocationRequest { number: 2, ..TmgiAllocationRequest::default() };
    let gar = GcsActionRequest {
        routing: routing(1),
        allocation: Some(allocation),
        restart_counter: Some(1),
        ..GcsActionRequest::default()
    };
    let bmsc = |config: DiameterConfig| {
        let pool = ProvisioningConfig {
            plmn: Plmn::new("262", "01").unwrap(),
            service_ids: 1..=99,
            addresses: [239, 1, 0, 1].into()..=[239, 1, 0, 99].into(),
            ports: 5000..=5000,
            port_block: ProvisioningConfig::PORT_BLOCK,
        };
        let config = BmscNodeConfig::new(config, pool, [127, 0, 0, 1].into(), SyncPlan::new(32).unwrap());
        Box::new(BmscNode::new(config, Entropy::from_seed([5; 32]))) as Box<dyn Node>
    };
    let Some((mut bench, _relay, _folder, answer)) = behind_relay("bmsc.ims.test", bmsc, &gar.to_message()) else {
        return;
    };
    let gaa = GcsActionAnswer::from_message(&answer).unwrap();
    assert_eq!((gaa.outcome.result, gaa.outcome.origin_host.as_str()), (ResultCode::SUCCESS, "bmsc.ims.test"));
    let tmgis = gaa.allocation.unwrap().tmgis;
    assert_eq!((tmgis.len(), gaa.restart_counter), (2, Some(1)));
    let deallocation = Some(TmgiDeallocationRequest { tmgis: tmgis.clone() });
    let back = GcsActionRequest { routing: routing(2), allocation: None, deallocation, ..gar };
    let gaa = GcsActionAnswer::from_message(&bench.ask(back.to_message())).unwrap();
    let success = TmgiDeallocationResult::SUCCESS;
    assert!(gaa.deallocations.iter().all(|item| item.result.unwrap_or(success) == success));
    assert_eq!(gaa.deallocations.iter().map(|item| item.tmgi).collect::<Vec<_>>(), tmgis);
}
