//! Who asks for what is not his is refused, and that is written down: every kind of attack on the services with HTTP, at each
//! of them that it concerns, in one table.

use core_network::exposure::{AuditEntry, ExposureApi, ExposureClient, ExposureConfig, Quota};
use core_network::ims::service::Reach;
use core_network::ims::xdm::{XdmTokens, XdmUser, Xdms, XdmsConfig};
use core_network::mc::{Claims, HashedPassword, IdentityServer, IdmsClient, IdmsConfig, TokenSigner, TokenVerifier};
use core_network::node::{HttpExchange, Node, NodeInput, NodeOutput, NodeStore, Table};
use http::{Request, Response};
use protocol::sip::{Challenge, DigestClient, HostTable, Method, SipTimers, Transport};
use protocol::{Entropy, Instant, Secret};

const ISSUER: &str = "https://idms.ims.test";
const UTC_MS: u64 = 1_800_000_000_000;
const PEER: &str = "10.45.0.1:40000";
const LISTS: &str = "/resource-lists/users/sip:ann@ims.test/index";
const MC_LISTS: &str = "/resource-lists/users/sip:ann@mcptt.test/index";
const LIST: &str = "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"/>";
const LIST_TYPE: &str = "application/resource-lists+xml";

/// What can be wrong with a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Attack {
    Unauthenticated,
    WrongScope,
    ExpiredToken,
    OtherUsersTree,
    OversizedBody,
    XmlBomb,
    PathTrick,
    ReplayedDigest,
}

const ALL: [Attack; 8] = [
    Attack::Unauthenticated,
    Attack::WrongScope,
    Attack::ExpiredToken,
    Attack::OtherUsersTree,
    Attack::OversizedBody,
    Attack::XmlBomb,
    Attack::PathTrick,
    Attack::ReplayedDigest,
];

/// A node with its store, and what it has written into the log.
struct Running {
    node: Box<dyn Node>,
    store: NodeStore,
    log: Vec<String>,
    exchanges: u64,
}

impl Running {
    fn new(node: Box<dyn Node>) -> Self {
        let mut own = Self { node, store: NodeStore::in_memory().unwrap(), log: Vec::new(), exchanges: 0 };
        own.drain();
        own
    }

    fn drain(&mut self) -> Option<Response<Vec<u8>>> {
        let mut answer = None;
        while let Some(output) = self.node.poll_output() {
            match output {
                NodeOutput::Store(request) => {
                    let stored = self.store.execute(&request);
                    self.node.handle_input(Instant::ZERO, NodeInput::Store(stored));
                }
                NodeOutput::Http { response, .. } => answer = Some(response),
                NodeOutput::Note(note) => self.log.push(note.to_string()),
                _ => {}
            }
        }
        answer
    }

    /// The answer, and what the log and the audit log say of it.
    fn ask(&mut self, request: Request<Vec<u8>>) -> (Response<Vec<u8>>, String) {
        let (logged, audited) = (self.log.len(), self.audit().len());
        self.exchanges += 1;
        let (exchange, peer) = (HttpExchange(self.exchanges), PEER.parse().unwrap());
        self.node.handle_input(Instant::ZERO, NodeInput::Http { exchange, peer, request });
        let answer = self.drain().expect("an answer");
        let audit = self.audit().split_off(audited).into_iter().map(|entry| format!("{entry:?}"));
        (answer, self.log[logged..].iter().cloned().chain(audit).collect::<Vec<_>>().join("\n"))
    }

    /// The audit log, for nodes that have one.
    fn audit(&self) -> Vec<AuditEntry> {
        let rows = self.store.scan(Table::ExposureAudit).unwrap();
        rows.iter().map(|(_, value)| serde_json::from_slice::<(u64, AuditEntry)>(value).unwrap().1).collect()
    }
}

fn signer() -> TokenSigner {
    TokenSigner::generate(&mut Entropy::from_seed([5; 32]))
}

fn verifier() -> TokenVerifier {
    TokenVerifier::new(ISSUER, "ims.test", signer().public())
}

/// A token with this scope that ends so many seconds from now.
fn token(scope: &str, ends_s: i64) -> String {
    let claims = Claims {
        subject: "ann".into(),
        client_id: "shop".into(),
        scopes: [scope.to_owned()].into(),
        issued: UTC_MS / 1000 - 1000,
        expires: (UTC_MS / 1000).saturating_add_signed(ends_s),
        id: "1".into(),
        mcptt_id: Some("sip:ann@mcptt.test".into()),
        mcvideo_id: None,
        mcdata_id: None,
    };
    format!("Bearer {}", claims.sign(ISSUER, "ims.test", &signer()))
}

fn xdms() -> Running {
    let mut config = XdmsConfig::new("http://xcap.ims.test", "ims.test");
    let user = |name: &str| XdmUser {
        username: format!("{name}@ims.test"),
        password: Secret::new(format!("{name}-secret")),
        identities: vec![format!("sip:{name}@ims.test")],
    };
    config.users = ["ann", "bob"].map(user).to_vec();
    config.tokens = Some(XdmTokens { verifier: verifier(), utc_ms_at_zero: UTC_MS });
    Running::new(Box::new(Xdms::new(config, Entropy::from_seed([1; 32])).unwrap()))
}

fn exposure() -> Running {
    let client = ExposureClient {
        id: "shop".into(),
        identity: "sip:shop@apps.ims.test".into(),
        pseudonyms: false,
        users: Vec::new(),
        reach: Reach { domains: vec!["ims.test".into()], barred: Vec::new() },
        quota: Quota::default(),
    };
    let config = ExposureConfig {
        name: "exposure.ims.test".into(),
        local: vec![(Transport::Udp, "10.46.0.19:5060".parse().unwrap())],
        trusted: Vec::new(),
        hosts: HostTable::new(),
        timers: SipTimers::default(),
        route: Some("sip:10.46.0.2;lr".into()),
        tokens: Box::new(verifier()),
        token_url: format!("{ISSUER}/token"),
        clients: vec![client],
        open_document: false,
        pseudonym_key: Secret::new("a key of some length".into()),
        utc_ms_at_zero: UTC_MS,
    };
    Running::new(Box::new(ExposureApi::new(config, Entropy::from_seed([2; 32])).unwrap()))
}

fn identity() -> Running {
    let mut entropy = Entropy::from_seed([3; 32]);
    let mut config = IdmsConfig::new(ISSUER, "ims.test", signer());
    config.clients = vec![IdmsClient {
        id: "shop".into(),
        secret: Some(HashedPassword::of_cost("secret", 8, 1, &mut entropy).unwrap()),
        redirect_uris: Vec::new(),
        scopes: ["exposure:messages".to_owned()].into(),
        acts_for_itself: true,
    }];
    Running::new(Box::new(IdentityServer::new(config, entropy).unwrap()))
}

fn request(method: &str, target: &str, fields: &[(&str, &str)], body: &str) -> Request<Vec<u8>> {
    let builder = fields.iter().fold(Request::builder().method(method).uri(target), |b, (n, v)| b.header(*n, *v));
    builder.body(body.as_bytes().to_vec()).unwrap()
}

/// A request with the digest of a user, for a challenge that the server has just given.
fn signed(xdms: &mut Running, user: &str, mut request: Request<Vec<u8>>) -> Request<Vec<u8>> {
    let (refused, _) = xdms.ask(self::request("GET", LISTS, &[], ""));
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let (username, password) = (format!("{user}@ims.test"), format!("{user}-secret"));
    let method = Method::parse(request.method().as_str()).unwrap();
    let client = DigestClient {
        username: &username,
        password: password.as_bytes(),
        method: &method,
        uri: request.uri().path(),
        nonce_count: 1,
        cnonce: "0a4f113b",
        body: request.body(),
    };
    let credentials = Challenge::parse(&challenge).unwrap().answer(&client).unwrap().to_string();
    request.headers_mut().insert("authorization", credentials.parse().unwrap());
    request
}

/// Attack, the request, the status, and words of the log.
type Row = (Attack, Request<Vec<u8>>, u16, &'static str);

fn at_the_xdm_server(xdms: &mut Running) -> Vec<Row> {
    let put = |target: &str, body: &str| request("PUT", target, &[("Content-Type", LIST_TYPE)], body);
    let with = |scope: &str, ends_s: i64| {
        request("PUT", MC_LISTS, &[("Content-Type", LIST_TYPE), ("Authorization", &token(scope, ends_s))], LIST)
    };
    let groups = "3gpp:mc:ptt_group_management_service";
    let bomb = format!("<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"{}\">]><a>&b;</a>", "&a;".repeat(100));
    let deep = format!("{}{}", "<a>".repeat(5000), "</a>".repeat(5000));
    let get = |path: &str| request("GET", &format!("/resource-lists/users/sip:ann@ims.test{path}"), &[], "");
    let used = signed(xdms, "ann", put(LISTS, LIST));
    assert_eq!(xdms.ask(used.clone()).0.status(), 201);
    vec![
        (Attack::Unauthenticated, put(LISTS, LIST), 401, "no credentials"),
        (Attack::Unauthenticated, request("GET", LISTS, &[("Authorization", "Bearer a.b.c")], ""), 401, "access token"),
        (Attack::WrongScope, with("3gpp:mc:ptt_service", 60), 403, "without the scope"),
        (Attack::ExpiredToken, with(groups, -600), 401, "expired"),
        (Attack::OtherUsersTree, signed(xdms, "bob", put(LISTS, LIST)), 403, "another user"),
        (Attack::OtherUsersTree, signed(xdms, "bob", request("GET", LISTS, &[], "")), 403, "another user"),
        (
            Attack::OtherUsersTree,
            request("GET", LISTS, &[("Authorization", &token(groups, 60))], ""),
            403,
            "another user",
        ),
        (Attack::OversizedBody, signed(xdms, "ann", put(LISTS, &" ".repeat(256 * 1024 + 1))), 413, "more octets"),
        (Attack::XmlBomb, signed(xdms, "ann", put(LISTS, &bomb)), 409, "document type"),
        (Attack::XmlBomb, signed(xdms, "ann", put(LISTS, &deep)), 409, "in each other"),
        (Attack::PathTrick, signed(xdms, "ann", get("/../sip:bob@ims.test/index")), 400, "dot segment"),
        (Attack::PathTrick, signed(xdms, "ann", get("/%2e%2e/index")), 400, "dot segment"),
        (Attack::PathTrick, signed(xdms, "ann", get("/%252e%252e/index")), 400, "encoded twice"),
        (Attack::PathTrick, signed(xdms, "ann", get("%2f..%2fsip:bob@ims.test/index")), 400, "encoded slash"),
        (Attack::ReplayedDigest, used, 401, "used before"),
    ]
}

fn at_the_exposure() -> Vec<Row> {
    let get = |target: &str, authorization: &str| request("GET", target, &[("Authorization", authorization)], "");
    let good = token("exposure:messages", 60);
    let fields = [("Content-Type", "application/json"), ("Authorization", good.as_str())];
    vec![
        (Attack::Unauthenticated, request("GET", "/v1/incoming", &[], ""), 401, "no bearer token"),
        (Attack::Unauthenticated, get("/v1/incoming", "Basic c2hvcDp4"), 401, "no bearer token"),
        (Attack::Unauthenticated, get("/openapi.json", ""), 401, "no bearer token"),
        (Attack::WrongScope, get("/v1/incoming", &token("exposure:presence", 60)), 403, "without the scope"),
        (Attack::ExpiredToken, get("/v1/incoming", &token("exposure:messages", -600)), 401, "expired"),
        (
            Attack::OversizedBody,
            request("POST", "/v1/messages", &fields, &" ".repeat(64 * 1024 + 1)),
            413,
            "more than 64 KiB",
        ),
        (Attack::PathTrick, get("/v1/messages/..%2f..%2fincoming", &good), 404, "no such resource"),
        (Attack::PathTrick, get("/v1/messages/%2e%2e", &good), 404, "no such resource"),
    ]
}

fn at_the_identity_server() -> Vec<Row> {
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let post = |body: &str| request("POST", "/token", &form, body);
    let asks = "grant_type=client_credentials&client_id=shop";
    vec![
        (Attack::Unauthenticated, post(asks), 401, "a secret is missing"),
        (Attack::Unauthenticated, post(&format!("{asks}&client_secret=guess")), 401, "client or secret is wrong"),
        (Attack::WrongScope, post(&format!("{asks}&client_secret=secret&scope=exposure:sessions")), 400, "scope"),
        (Attack::OversizedBody, post(&"x".repeat(16 * 1024 + 1)), 413, "too long"),
        (Attack::PathTrick, request("GET", "/authorize/../jwks", &[], ""), 404, "nothing is here"),
    ]
}

#[test]
fn each_attack_is_refused_and_written_down() {
    let mut boxes = [("XDM server", xdms()), ("exposure", exposure()), ("identity server", identity())];
    let at_xdms = at_the_xdm_server(&mut boxes[0].1);
    let mut met = Vec::new();
    for ((name, own), rows) in boxes.iter_mut().zip([at_xdms, at_the_exposure(), at_the_identity_server()]) {
        for (attack, request, status, words) in rows {
            let at = format!("{name}: {attack:?}: {} {}", request.method(), request.uri());
            let (answer, log) = own.ask(request);
            assert_eq!(answer.status(), status, "{at}: {}", String::from_utf8_lossy(answer.body()));
            assert!(log.contains(words), "{at} is not in the log: {log:?}");
            assert!(!log.contains("secret=") && !log.contains("eyJ"), "{at}: the log has a secret: {log}");
            if status == 401 && *name != "identity server" {
                assert!(answer.headers().contains_key("www-authenticate"), "{at}");
            }
            met.push(attack);
        }
    }
    met.sort();
    met.dedup();
    assert_eq!(met, ALL, "every kind of attack is tried");
}

#[test]
fn every_refusal_is_in_the_audit_log_of_the_exposure() {
    let mut own = exposure();
    for (attack, request, status, _) in at_the_exposure() {
        let before = own.audit().len();
        own.ask(request);
        let all = own.audit();
        assert_eq!(all.len(), before + 1, "{attack:?}");
        assert!(all.iter().any(|entry| entry.status == status && entry.peer == "10.45.0.1"), "{attack:?}: {all:?}");
    }
}
