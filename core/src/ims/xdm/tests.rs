//! The XDM server: every method and status, who is refused, and what is durable.

mod profiles;

use std::time::Duration;

use http::{Request, Response, StatusCode};
use protocol::sip::{Challenge, DigestClient, Method};
use protocol::{Entropy, Instant};

use super::*;
use crate::node::NodeStore;
use crate::store::StoreError;

const ANN: &str = "sip:ann@ims.test";
const LISTS: &str = "/resource-lists/users/sip:ann@ims.test/index";
const LIST: &str = "<?xml version=\"1.0\"?>\n<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\">\n <list name=\"friends\">\n  <entry uri=\"sip:bob@ims.test\"/>\n </list>\n</resource-lists>";
const LIST_TYPE: &str = "application/resource-lists+xml";
const ELEMENT: &str = "application/xcap-el+xml";
const ENTRY: &str = "/~~/resource-lists/list%5b@name=%22friends%22%5d/entry%5b@uri=%22sip:cat@ims.test%22%5d";
const UE: &str = "10.45.0.1:40000";
const PROXY: &str = "10.46.0.20:40000";
const SERVER: &str = "10.46.0.11:40000";

struct Rig {
    xdms: Xdms,
    store: NodeStore,
    now: Instant,
    notes: Vec<String>,
    /// Answers of the store are kept back.
    is_slow: bool,
    late: Vec<NodeStoreRequest>,
    answers: Vec<(HttpExchange, Response<Vec<u8>>)>,
    exchange: u64,
}

fn config() -> XdmsConfig {
    let mut config = XdmsConfig::new("http://xcap.ims.test", "ims.test");
    let user = |name: &str| XdmUser {
        username: format!("{name}@ims.test"),
        password: Secret::new(format!("{name}-secret")),
        identities: vec![format!("sip:{name}@ims.test")],
    };
    config.users = ["ann", "bob"].map(user).to_vec();
    config.trusted_proxies = vec!["10.46.0.20".parse().unwrap()];
    config.trusted_servers = vec!["10.46.0.11".parse().unwrap()];
    config.max_document = 4096;
    config
}

impl Rig {
    fn new(config: XdmsConfig) -> Self {
        Self::on(config, NodeStore::in_memory().unwrap())
    }

    fn on(config: XdmsConfig, store: NodeStore) -> Self {
        let xdms = Xdms::new(config, Entropy::from_seed([7; 32])).unwrap();
        let (notes, late, answers) = Default::default();
        let mut rig =
            Self { xdms, store, now: Instant::from_nanos(0), notes, is_slow: false, late, answers, exchange: 0 };
        rig.drain();
        rig
    }

    fn drain(&mut self) {
        while let Some(output) = self.xdms.poll_output() {
            match output {
                NodeOutput::Store(request) if self.is_slow => self.late.push(request),
                NodeOutput::Store(request) => {
                    let answer = self.store.execute(&request);
                    self.xdms.handle_input(self.now, NodeInput::Store(answer));
                }
                NodeOutput::Http { exchange, response } => self.answers.push((exchange, response)),
                NodeOutput::Note(note) => self.notes.push(note.to_string()),
                other => panic!("{other:?}"),
            }
        }
    }

    fn send(&mut self, from: &str, request: Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        self.exchange += 1;
        let (exchange, peer) = (HttpExchange(self.exchange), from.parse().unwrap());
        self.xdms.handle_input(self.now, NodeInput::Http { exchange, peer, request });
        self.drain();
        let at = self.answers.iter().position(|(own, _)| *own == exchange)?;
        Some(self.answers.remove(at).1)
    }

    /// As ann, by a trusted proxy.
    fn ann(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response<Vec<u8>> {
        let headers = [headers, &[("X-3GPP-Asserted-Identity", "\"sip:ann@ims.test\"")]].concat();
        self.send(PROXY, request(method, path, &headers, body)).unwrap()
    }

    fn put(&mut self, path: &str, kind: &str, body: &str) -> Response<Vec<u8>> {
        self.ann("PUT", path, &[("Content-Type", kind)], body)
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Vec<u8>> {
    let builder = headers.iter().fold(Request::builder().method(method).uri(path), |b, (n, v)| b.header(*n, *v));
    builder.body(body.as_bytes().to_vec()).unwrap()
}

fn status(response: &Response<Vec<u8>>) -> u16 {
    response.status().as_u16()
}

fn text(response: &Response<Vec<u8>>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn header<'a>(response: &'a Response<Vec<u8>>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[test]
fn a_document_lives_as_rfc_4825_wants_it() {
    let mut rig = Rig::new(config());
    assert_eq!(status(&rig.ann("GET", LISTS, &[], "")), 404);
    let created = rig.put(LISTS, LIST_TYPE, LIST);
    let first = header(&created, "etag").to_owned();
    assert_eq!((status(&created), first.is_empty()), (201, false));
    let read = rig.ann("GET", LISTS, &[], "");
    assert_eq!((status(&read), text(&read), header(&read, "content-type")), (200, LIST, LIST_TYPE));
    assert_eq!(header(&read, "etag"), first);
    let unchanged = rig.ann("GET", LISTS, &[("If-None-Match", &first)], "");
    assert_eq!((status(&unchanged), unchanged.body().len(), header(&unchanged, "etag")), (304, 0, first.as_str()));

    // A part is new, then another, then gone; the rest is as it was.
    let entry = "<entry uri=\"sip:cat@ims.test\"><display-name>Cat</display-name></entry>";
    let part = format!("{LISTS}{ENTRY}");
    let inserted = rig.ann("PUT", &part, &[("Content-Type", ELEMENT), ("If-Match", &first)], entry);
    assert_eq!(status(&inserted), 201);
    let second = header(&inserted, "etag").to_owned();
    assert_ne!(first, second);
    let with = LIST.replace("bob@ims.test\"/>", &format!("bob@ims.test\"/>{entry}"));
    assert_eq!(text(&rig.ann("GET", LISTS, &[], "")), with);
    let read = rig.ann("GET", &part, &[], "");
    assert_eq!((text(&read), header(&read, "content-type"), header(&read, "etag")), (entry, ELEMENT, second.as_str()));
    assert_eq!(status(&rig.ann("PUT", &part, &[("Content-Type", ELEMENT), ("If-Match", &first)], entry)), 412);
    assert_eq!(status(&rig.ann("PUT", &part, &[("Content-Type", ELEMENT), ("If-None-Match", "*")], entry)), 412);
    assert_eq!(status(&rig.put(&part, ELEMENT, "<entry uri=\"sip:cat@ims.test\"/>")), 200);
    let name = format!("{LISTS}/~~/resource-lists/list/@name");
    assert_eq!(text(&rig.ann("GET", &name, &[], "")), "friends");
    let spaces = rig.ann("GET", &format!("{LISTS}/~~/resource-lists/namespace::*"), &[], "");
    assert_eq!(text(&spaces), "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"/>");
    assert_eq!(status(&rig.ann("DELETE", &part, &[("If-Match", &first)], "")), 412);
    assert_eq!(status(&rig.ann("DELETE", &part, &[], "")), 200);
    assert_eq!(status(&rig.ann("DELETE", &part, &[], "")), 404);
    assert_eq!(text(&rig.ann("GET", LISTS, &[("If-None-Match", &second)], "")), LIST);
    assert_eq!(header(&rig.ann("HEAD", LISTS, &[], ""), "etag"), first, "the same octets, the same tag");
    assert_eq!(status(&rig.ann("DELETE", LISTS, &[], "")), 200);
    assert_eq!(status(&rig.ann("GET", LISTS, &[], "")), 404);
    let created = rig.ann("PUT", LISTS, &[("Content-Type", LIST_TYPE), ("If-Match", "*")], LIST);
    assert_eq!(status(&created), 412);
}

#[test]
fn each_conflict_has_its_error_document() {
    let mut rig = Rig::new(config());
    rig.put(LISTS, LIST_TYPE, LIST);
    let list = |inner: &str| {
        format!("<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\">{inner}</resource-lists>")
    };
    let rules = "/org.openmobilealliance.pres-rules/users/sip:ann@ims.test/pres-rules";
    let policy = "application/auth-policy+xml";
    let ruleset = |inner: &str| {
        format!(
            "<ruleset xmlns=\"urn:ietf:params:xml:ns:common-policy\" xmlns:p=\"urn:ietf:params:xml:ns:pres-rules\">{inner}</ruleset>"
        )
    };
    let at = |node: &str| format!("{LISTS}/~~/resource-lists{node}");
    let cases: Vec<(String, &str, String, &str)> = vec![
        (LISTS.into(), LIST_TYPE, "<a>".into(), "not-well-formed"),
        (LISTS.into(), LIST_TYPE, "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".into(), "not-well-formed"),
        (LISTS.into(), LIST_TYPE, "<a/>".into(), "schema-validation-error"),
        (LISTS.into(), LIST_TYPE, list("<list><entry/></list>"), "schema-validation-error"),
        (LISTS.into(), LIST_TYPE, list("<list><entry uri=\"bob\"/></list>"), "schema-validation-error"),
        (LISTS.into(), LIST_TYPE, list("<list name=\"a\"/><list name=\"a\"/>"), "uniqueness-failure"),
        (
            LISTS.into(),
            LIST_TYPE,
            list("<list><entry uri=\"sip:B@x\"/><entry uri=\"sip:B@X\"/></list>"),
            "uniqueness-failure",
        ),
        (LISTS.into(), LIST_TYPE, list("<list><entry-ref ref=\"/etc/passwd\"/></list>"), "constraint-failure"),
        (LISTS.into(), LIST_TYPE, list("<list><external anchor=\"file:///etc/passwd\"/></list>"), "constraint-failure"),
        (LISTS.into(), LIST_TYPE, "<?xml version='1.0' encoding='UTF-16'?><a/>".into(), "not-utf-8"),
        (format!("{LISTS}x/y"), LIST_TYPE, LIST.into(), "no-parent"),
        (format!("{LISTS}x/~~/resource-lists/list"), ELEMENT, "<list/>".into(), "no-parent"),
        (at("/list/list/entry"), ELEMENT, "<entry uri=\"sip:a@b\"/>".into(), "no-parent"),
        (at("/list/entry%5b2%5d"), ELEMENT, "<entry uri='a'>".into(), "not-xml-frag"),
        (at("/list/entry%5b3%5d"), ELEMENT, "<entry uri=\"sip:a@b\"/>".into(), "cannot-insert"),
        (at("/list/@name"), "application/xcap-att+xml", "<".into(), "not-xml-att-value"),
        (at("/list/other"), ELEMENT, "<other/>".into(), "schema-validation-error"),
        (rules.into(), policy, ruleset("<rule/>"), "schema-validation-error"),
        (rules.into(), policy, ruleset("<rule id=\"a\"/><rule id=\"a\"/>"), "uniqueness-failure"),
        (
            rules.into(),
            policy,
            ruleset("<rule id=\"a\"><actions><p:sub-handling>maybe</p:sub-handling></actions></rule>"),
            "schema-validation-error",
        ),
        (
            rules.into(),
            policy,
            ruleset(
                "<rule id=\"a\"><conditions><identity><one id=\"sip:a@b\"/></identity><o:other-identity xmlns:o=\"urn:oma:xml:xdm:common-policy\"/></conditions></rule>",
            ),
            "constraint-failure",
        ),
    ];
    for (path, kind, body, element) in cases {
        let answer = rig.put(&path, kind, &body);
        assert_eq!(
            (status(&answer), header(&answer, "content-type")),
            (409, "application/xcap-error+xml"),
            "{path} {body}"
        );
        assert!(text(&answer).contains(&format!("<{element}")), "{path} {body}: {}", text(&answer));
        protocol::xcap::parse_document(answer.body()).unwrap();
    }
    let answer = rig.put(&at("/list/list/entry"), ELEMENT, "<entry/>");
    let ancestor =
        "<ancestor>http://xcap.ims.test/resource-lists/users/sip:ann@ims.test/index/~~/resource-lists/list</ancestor>";
    assert!(text(&answer).contains(ancestor), "{}", text(&answer));
    assert!(text(&rig.ann("DELETE", &at(""), &[], "")).contains("<cannot-delete"));
    assert_eq!(text(&rig.ann("GET", LISTS, &[], "")), LIST, "none of them has changed anything");
    let granted = ruleset(
        "<rule id=\"a\"><conditions><identity><one id=\"sip:bob@ims.test\"/></identity></conditions><actions><p:sub-handling>allow</p:sub-handling></actions><transformations><p:provide-all-attributes/></transformations></rule>",
    );
    assert_eq!(status(&rig.put(rules, policy, &granted)), 201);
}

#[test]
fn groups_are_found_by_their_uri_and_no_two_have_the_same() {
    let mut rig = Rig::new(config());
    let kind = "application/vnd.oma.poc.groups+xml";
    let group = "<group xmlns=\"urn:oma:xml:poc:list-service\" xmlns:mcpttgi=\"urn:3gpp:ns:mcpttGroupInfo:1.0\"><list-service uri=\"sip:fire@ims.test\"><list><entry uri=\"sip:bob@ims.test\"><mcpttgi:user-priority>7</mcpttgi:user-priority></entry></list><mcpttgi:on-network-invite-members>true</mcpttgi:on-network-invite-members></list-service></group>";
    let own = "/org.openmobilealliance.groups/users/sip:ann@ims.test/fire";
    let by_id = "/org.openmobilealliance.groups/global/byGroupID/sip:fire@ims.test";
    assert_eq!(status(&rig.put(own, kind, group)), 201);
    assert_eq!(status(&rig.put(own, kind, &group.replace(">true<", ">maybe<"))), 409);
    let taken = rig.put(&format!("{own}2"), kind, group);
    assert!(text(&taken).contains("<alt-value>sip:fire-2@ims.test</alt-value>"), "{}", text(&taken));
    let from = |rig: &mut Rig, who: &str| {
        let asserted = format!("\"sip:{who}@ims.test\"");
        let request = request("GET", by_id, &[("X-3GPP-Asserted-Identity", &asserted)], "");
        status(&rig.send(PROXY, request).unwrap())
    };
    assert_eq!((from(&mut rig, "ann"), from(&mut rig, "bob")), (200, 200));
    rig.put(own, kind, &group.replace("sip:bob@ims.test", "sip:cat@ims.test"));
    assert_eq!(from(&mut rig, "bob"), 403);
    let shelf = rig.xdms.config.shelf.clone();
    assert!(shelf.group("sip:fire@IMS.test").is_some_and(|document| document.contains("sip:cat@ims.test")));
    let changed = Changed { auid: AUID_GROUPS.into(), xui: ANN.into(), document: "fire".into() };
    assert_eq!(shelf.changes_since(1), Some(vec![changed]));
    assert_eq!(status(&rig.send(SERVER, request("GET", by_id, &[], "")).unwrap()), 200);
}

#[test]
fn a_change_is_answered_when_it_is_durable() {
    let mut rig = Rig::new(config());
    rig.is_slow = true;
    let headers = [("X-3GPP-Asserted-Identity", "\"sip:ann@ims.test\""), ("Content-Type", LIST_TYPE)];
    assert!(rig.send(PROXY, request("PUT", LISTS, &headers, LIST)).is_none());
    assert!(rig.send(PROXY, request("GET", LISTS, &headers[..1], "")).is_none(), "what is read waits for it");
    assert!(rig.xdms.config.shelf.get("resource-lists", ANN, "index").is_none());
    let answer = rig.store.execute(&rig.late.remove(0));
    rig.xdms.handle_input(rig.now, NodeInput::Store(answer));
    rig.drain();
    let answers: Vec<u16> = rig.answers.drain(..).map(|(_, response)| response.status().as_u16()).collect();
    assert_eq!(answers, [201, 200]);
    assert!(rig.xdms.config.shelf.get("resource-lists", "sip:ann@IMS.TEST", "index").is_some());
    // What could not be stored was not changed.
    assert!(rig.send(PROXY, request("DELETE", LISTS, &headers[..1], "")).is_none());
    let token = rig.late.remove(0).token;
    let failed = NodeStoreAnswer { token, result: Err(StoreError::Sqlite("disk full".into())) };
    rig.xdms.handle_input(rig.now, NodeInput::Store(failed));
    rig.drain();
    assert_eq!(rig.answers.remove(0).1.status(), StatusCode::INTERNAL_SERVER_ERROR);
    rig.is_slow = false;
    // Another process on the same store.
    let mut rig = Rig::on(config(), rig.store);
    assert_eq!(text(&rig.ann("GET", LISTS, &[], "")), LIST);
}

/// A client that answers challenges.
fn digest(
    rig: &mut Rig,
    algorithm: usize,
    user: &str,
    password: &str,
    nc: u32,
    request: Request<Vec<u8>>,
) -> Request<Vec<u8>> {
    let refused = rig.send(UE, self::request("GET", LISTS, &[], "")).unwrap();
    let challenges: Vec<_> = refused.headers().get_all("www-authenticate").iter().collect();
    sign(challenges[algorithm].to_str().unwrap(), user, password, nc, request)
}

fn sign(challenge: &str, user: &str, password: &str, nc: u32, mut request: Request<Vec<u8>>) -> Request<Vec<u8>> {
    let method = Method::parse(request.method().as_str()).unwrap();
    let client = DigestClient {
        username: user,
        password: password.as_bytes(),
        method: &method,
        uri: request.uri().path(),
        nonce_count: nc,
        cnonce: "0a4f113b",
        body: request.body(),
    };
    let credentials = Challenge::parse(challenge).unwrap().answer(&client).unwrap();
    request.headers_mut().insert("authorization", credentials.to_string().parse().unwrap());
    request
}

#[test]
fn a_digest_opens_once_and_for_a_while() {
    let mut rig = Rig::new(config());
    for algorithm in 0..2 {
        let put = request("PUT", LISTS, &[("Content-Type", LIST_TYPE)], LIST);
        let put = digest(&mut rig, algorithm, "ann@ims.test", "ann-secret", 1, put);
        let answer = rig.send(UE, put.clone()).unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        assert!(header(&answer, "authentication-info").contains("rspauth="));
        let again = rig.send(UE, put).unwrap();
        assert_eq!(status(&again), 401, "replayed");
        assert!(header(&again, "www-authenticate").contains("stale=true"));
    }
    let refused = rig.send(UE, request("GET", LISTS, &[], "")).unwrap();
    let challenge = header(&refused, "www-authenticate").to_owned();
    let get = |nc: u32| sign(&challenge, "ann@ims.test", "ann-secret", nc, request("GET", LISTS, &[], ""));
    assert_eq!(status(&rig.send(UE, get(1)).unwrap()), 200);
    assert_eq!(status(&rig.send(UE, get(2)).unwrap()), 200);
    rig.now = rig.now + Duration::from_secs(301);
    let late = rig.send(UE, get(3)).unwrap();
    assert!(status(&late) == 401 && header(&late, "www-authenticate").contains("stale=true"));
    assert!(rig.xdms.poll_timeout().is_some());
    rig.xdms.handle_timeout(rig.now);
    assert_eq!(rig.xdms.poll_timeout(), None, "nonces are forgotten");
}

#[test]
fn a_token_of_group_management_opens_the_trees_of_its_mc_ids() {
    use crate::mc::{Claims, TokenSigner};
    let signer = TokenSigner::generate(&mut Entropy::from_seed([3; 32]));
    let verifier = TokenVerifier::new("https://idms.test", "ims.test", signer.public());
    let mut rig = Rig::new(XdmsConfig { tokens: Some(XdmTokens { verifier, utc_ms_at_zero: 0 }), ..config() });
    let claims = |scope: &str| Claims {
        subject: "ann".into(),
        client_id: "mcptt".into(),
        scopes: [scope.to_owned()].into(),
        issued: 0,
        expires: 600,
        id: "1".into(),
        mcptt_id: Some("sip:ann@mcptt.test".into()),
        mcvideo_id: None,
        mcdata_id: Some("sip:ann@mcdata.test".into()),
    };
    let own = "/resource-lists/users/sip:ann@mcptt.test/index";
    let mut put = |scope: &str, path: &str, at_s: u64| {
        let token = claims(scope).sign("https://idms.test", "ims.test", &signer);
        rig.now = Instant::from_millis(at_s * 1000);
        rig.notes.clear();
        let headers = [("Content-Type", LIST_TYPE), ("Authorization", &format!("Bearer {token}"))];
        let answer = rig.send(UE, request("PUT", path, &headers, LIST)).unwrap();
        let challenge = answer.headers().get("www-authenticate").map(|v| v.to_str().unwrap().to_owned());
        (status(&answer), challenge.unwrap_or_default(), rig.notes.join("\n"))
    };
    let groups = "3gpp:mc:ptt_group_management_service";
    assert_eq!(put(groups, own, 1).0, 201);
    let (status, challenge, note) = put("3gpp:mc:ptt_service", own, 1);
    assert!(status == 403 && challenge.contains("insufficient_scope") && note.contains("without the scope"), "{note}");
    assert_eq!(put(groups, "/resource-lists/users/sip:ann@mcdata.test/index", 1).0, 403, "an ID without its scope");
    assert_eq!(put(groups, LISTS, 1).0, 403, "a public identity is no MC service ID");
    let (status, challenge, note) = put(groups, own, 700);
    assert!(status == 401 && challenge.contains("expired") && note.contains("expired"), "{challenge} {note}");
    // Who takes no tokens says what he takes.
    let mut rig = Rig::new(config());
    let answer = rig.send(UE, request("GET", LISTS, &[("Authorization", "Bearer a.b.c")], "")).unwrap();
    assert!(answer.status() == 401 && header(&answer, "www-authenticate").starts_with("Digest"));
}

/// A name, from whom, what, the status, and words in the log.
type Case<'a> = (&'a str, &'a str, Request<Vec<u8>>, u16, &'a str);

#[test]
fn refused_and_noted() {
    let mut rig = Rig::new(config());
    rig.put(LISTS, LIST_TYPE, LIST);
    rig.notes.clear();
    let plain = |method: &str, path: &str| request(method, path, &[], "");
    let asserted = |method: &str, path: &str, kind: &str, body: &str| {
        request(method, path, &[("X-3GPP-Asserted-Identity", "\"sip:ann@ims.test\""), ("Content-Type", kind)], body)
    };
    let other = |path: &str| path.replace("ann@", "bob@");
    let bomb = format!("<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"{}\">]><a>&b;</a>", "&a;".repeat(100));
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    let signed = |rig: &mut Rig, user: &str, password: &str, request| digest(rig, 0, user, password, 1, request);
    let cases: Vec<Case<'_>> = vec![
        ("nobody", UE, plain("GET", LISTS), 401, "no credentials"),
        (
            "basic",
            UE,
            request("GET", LISTS, &[("Authorization", "Basic YW5uOmFubg==")], ""),
            401,
            "algorithm|digest|quality",
        ),
        ("garbage", UE, request("GET", LISTS, &[("Authorization", "\"")], ""), 401, "credentials"),
        (
            "wrong password",
            UE,
            signed(&mut rig, "ann@ims.test", "bob-secret", plain("GET", LISTS)),
            401,
            "wrong user name or password",
        ),
        (
            "unknown user",
            UE,
            signed(&mut rig, "eve@ims.test", "", plain("GET", LISTS)),
            401,
            "wrong user name or password",
        ),
        (
            "other address",
            UE,
            {
                let mut request = signed(&mut rig, "ann@ims.test", "ann-secret", plain("GET", LISTS));
                *request.uri_mut() = format!("{LISTS}/~~/resource-lists").parse().unwrap();
                request
            },
            401,
            "another address",
        ),
        (
            "other method",
            UE,
            {
                let mut request = signed(&mut rig, "ann@ims.test", "ann-secret", plain("GET", LISTS));
                *request.method_mut() = http::Method::DELETE;
                request
            },
            401,
            "wrong user name or password",
        ),
        ("forged assertion", UE, asserted("GET", LISTS, "", ""), 401, "no credentials"),
        (
            "unknown identity",
            PROXY,
            request("GET", LISTS, &[("X-3GPP-Asserted-Identity", "\"sip:eve@ims.test\"")], ""),
            403,
            "no documents",
        ),
        (
            "other user's tree",
            UE,
            signed(&mut rig, "bob@ims.test", "bob-secret", plain("GET", LISTS)),
            403,
            "another user",
        ),
        ("other user's tree by a proxy", PROXY, asserted("PUT", &other(LISTS), LIST_TYPE, LIST), 403, "another user"),
        ("server writes", SERVER, plain("DELETE", LISTS), 403, "read only"),
        ("global tree", PROXY, asserted("PUT", "/resource-lists/global/index", LIST_TYPE, LIST), 403, "read only"),
        ("body", PROXY, asserted("PUT", LISTS, LIST_TYPE, &"x".repeat(4097)), 413, "more octets"),
        ("bomb", PROXY, asserted("PUT", LISTS, LIST_TYPE, &bomb), 409, "document type"),
        ("depth", PROXY, asserted("PUT", LISTS, LIST_TYPE, &deep), 409, "in each other"),
        (
            "dots",
            PROXY,
            asserted("GET", "/resource-lists/users/sip:ann@ims.test/../sip:bob@ims.test/index", "", ""),
            400,
            "dot segment",
        ),
        (
            "encoded dots",
            PROXY,
            asserted("GET", "/resource-lists/users/sip:ann@ims.test/%2e%2e/index", "", ""),
            400,
            "dot segment",
        ),
        (
            "encoded twice",
            PROXY,
            asserted("GET", "/resource-lists/users/sip:ann@ims.test/%252e%252e/index", "", ""),
            400,
            "encoded twice",
        ),
        (
            "encoded slash",
            PROXY,
            asserted("GET", "/resource-lists/users/sip:ann@ims.test%2f..%2fsip:bob@ims.test/index", "", ""),
            400,
            "encoded slash",
        ),
        (
            "two slashes",
            PROXY,
            asserted("GET", "/resource-lists/users//sip:bob@ims.test/index", "", ""),
            400,
            "empty segment",
        ),
        ("prefix", PROXY, asserted("GET", &format!("{LISTS}/~~/a:b"), "", ""), 400, "not bound"),
        ("usage", PROXY, asserted("GET", "/unknown/users/sip:ann@ims.test/index", "", ""), 404, "application usage"),
        ("method", PROXY, asserted("POST", LISTS, LIST_TYPE, LIST), 405, "GET, HEAD, PUT, DELETE"),
        (
            "namespaces",
            PROXY,
            asserted("PUT", &format!("{LISTS}/~~/resource-lists/namespace::*"), ELEMENT, "<a/>"),
            405,
            "GET, HEAD",
        ),
        ("type", PROXY, asserted("PUT", LISTS, "text/plain", LIST), 415, LIST_TYPE),
        ("type of a part", PROXY, asserted("PUT", &format!("{LISTS}{ENTRY}"), LIST_TYPE, "<entry/>"), 415, ELEMENT),
    ];
    for (name, from, request, expected, words) in cases {
        rig.notes.clear();
        let answer = rig.send(from, request).unwrap();
        assert_eq!(status(&answer), expected, "{name}: {}", text(&answer));
        let note = rig.notes.join("\n");
        assert!(
            words.split('|').any(|words| note.contains(words)) && note.contains(&expected.to_string()),
            "{name}: {note}"
        );
        assert!(!note.contains("secret"), "{name}");
        match expected {
            401 => assert_eq!(answer.headers().get_all("www-authenticate").iter().count(), 2, "{name}"),
            405 => assert!(!header(&answer, "allow").is_empty(), "{name}"),
            415 => assert!(!header(&answer, "accept").is_empty(), "{name}"),
            _ => {}
        }
    }
    assert_eq!(text(&rig.ann("GET", LISTS, &[], "")), LIST, "nothing has changed");
    let capabilities = rig.ann("GET", "/xcap-caps/global/index", &[], "");
    assert!(text(&capabilities).contains("<auid>resource-lists</auid>"), "{}", text(&capabilities));
}
