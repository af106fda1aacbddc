//! The interface between a third party and a network that a user agent plays: what goes through, and what does not.

use std::collections::BTreeMap;

use http::HeaderMap;
use protocol::sip::{
    NameAddr, SessionEvent, SessionSettings, StackConfig, StackInput, Uri, UserAgentConfig, UserAgentEvent,
    UserAgentOutput, UserAgentProfile,
};

use super::*;
use crate::ims::service::Reach;
use crate::node::NodeStore;

const API: &str = "10.46.0.19:5060";
const NET: &str = "10.46.0.2:5060";
const PEER: &str = "192.0.2.7:50000";
const ALL: &str = "exposure:messages exposure:presence exposure:sessions exposure:broadcast";

/// Tokens are `CLIENT SCOPES UNTIL`, in the place of signed ones.
#[derive(Debug)]
struct Tokens;

impl TokenCheck for Tokens {
    fn client(&self, now_s: u64, headers: &HeaderMap, needs: &str) -> Result<String, TokenProblem> {
        let refused = |is_scope, why: &str| TokenProblem { is_scope, challenge: "Bearer".into(), why: why.into() };
        let value = headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let token = value.strip_prefix("Bearer ").ok_or_else(|| refused(false, "no token"))?;
        let mut parts = token.split('|');
        let (client, scopes, until) = (parts.next().unwrap(), parts.next().unwrap_or(""), parts.next().unwrap_or("0"));
        if until.parse::<u64>().unwrap() <= now_s {
            return Err(refused(false, "expired"));
        }
        if !scopes.split(' ').any(|scope| scope == needs) {
            return Err(refused(true, "wrong scope"));
        }
        Ok(client.to_owned())
    }
}

struct Rig {
    api: ExposureApi,
    store: NodeStore,
    /// The network and all its users.
    net: UserAgent,
    told: Vec<UserAgentEvent>,
    now: Instant,
    notes: Vec<String>,
    answers: BTreeMap<u64, Response<Vec<u8>>>,
    exchange: u64,
    /// Answers to MESSAGE.
    status: u16,
}

fn client(id: &str, pseudonyms: bool) -> ExposureClient {
    ExposureClient {
        id: id.to_owned(),
        identity: format!("sip:{id}@apps.ims.test"),
        pseudonyms,
        users: vec!["sip:ann@ims.test".into(), "sip:bob@ims.test".into()],
        reach: Reach { domains: vec!["ims.test".into()], barred: vec!["sip:eve@ims.test".into()] },
        quota: Quota { per_second: 1, burst: 30 },
    }
}

impl Rig {
    fn new(store: NodeStore) -> Self {
        let address = |text: &str| text.parse().unwrap();
        let local = |text: &str| vec![(Transport::Udp, address(text))];
        let config = ExposureConfig {
            name: API.into(),
            local: local(API),
            trusted: vec!["10.46.0.2".parse().unwrap()],
            hosts: HostTable::new(),
            timers: SipTimers::default(),
            route: Some(format!("sip:{NET};lr")),
            tokens: Box::new(Tokens),
            token_url: "https://idms.ims.test/token".into(),
            clients: vec![client("shop", false), client("bank", true)],
            open_document: true,
            pseudonym_key: Secret::new("key".into()),
            utc_ms_at_zero: 1_800_000_000_000,
        };
        let api = ExposureApi::new(config, Entropy::from_seed([1; 32])).unwrap();
        let own = |text: &str| NameAddr::new(Uri::parse(&format!("sip:{text}")).unwrap());
        let net = UserAgent::new(
            UserAgentConfig {
                stack: StackConfig::user_agent(local(NET), NET),
                profile: UserAgentProfile::new(own(NET), own(NET)),
                session: SessionSettings::default(),
            },
            Entropy::from_seed([2; 32]),
        );
        let (told, notes, answers) = Default::default();
        let mut rig =
            Self { api, store, net, told, now: Instant::from_nanos(0), notes, answers, exchange: 0, status: 200 };
        rig.run();
        rig
    }

    /// Until nobody has anything to say.
    fn run(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.api.poll_output() {
                quiet = false;
                match output {
                    NodeOutput::Store(request) => {
                        let answer = self.store.execute(&request);
                        self.api.handle_input(self.now, NodeInput::Store(answer));
                    }
                    NodeOutput::Http { exchange, response } => drop(self.answers.insert(exchange.0, response)),
                    NodeOutput::Note(note) => self.notes.push(note.to_string()),
                    NodeOutput::Sip { bytes, .. } => {
                        let (local, remote) = (NET.parse().unwrap(), API.parse().unwrap());
                        let flow = protocol::sip::Flow { transport: Transport::Udp, local, remote };
                        self.net.handle_input(self.now, StackInput::Received { flow, bytes: &bytes });
                    }
                    other => panic!("{other:?}"),
                }
            }
            while let Some(output) = self.net.poll_output() {
                quiet = false;
                match output {
                    UserAgentOutput::Transmit { bytes, .. } => {
                        let (local, remote) = (API.parse().unwrap(), NET.parse().unwrap());
                        let flow = protocol::sip::Flow { transport: Transport::Udp, local, remote };
                        self.api.handle_input(self.now, NodeInput::Sip { flow, bytes: &bytes });
                    }
                    UserAgentOutput::Event(event) => self.network(event),
                }
            }
            if quiet {
                return;
            }
        }
    }

    /// Users answer messages and calls; what they are asked about presence depends on who asks.
    fn network(&mut self, event: UserAgentEvent) {
        self.told.push(event.clone());
        match event {
            UserAgentEvent::Request { key, request, .. } if request.method.as_str() == "SUBSCRIBE" => {
                let who = request.headers.get("P-Asserted-Identity").unwrap_or_default();
                if request.uri.to_string().contains("bob") {
                    self.net.respond(self.now, key, protocol::sip::Response::to(&request, 403, None));
                    return;
                }
                assert!(who.contains("@apps.ims.test"), "{who}");
                let id = self.net.accept_subscription(self.now, key, &request, 0).unwrap();
                self.net.notify(self.now, id, "application/pidf+xml", PIDF.as_bytes());
            }
            UserAgentEvent::Request { key, request, .. } => {
                let mut response = protocol::sip::Response::to(&request, self.status, Some("sip:secret@10.46.0.3"));
                response.headers.append("P-Asserted-Identity", "<sip:secret@ims.test>");
                response.headers.append("P-Charging-Vector", "icid-value=secret");
                self.net.respond(self.now, key, response);
            }
            UserAgentEvent::Session(id, SessionEvent::Offered { sdp }) => {
                let port = 4000 + id.0;
                assert!(sdp.is_some());
                let answer = format!(
                    "v=0\r\no=- 2 1 IN IP4 10.45.0.1\r\ns=-\r\nc=IN IP4 10.45.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\na=recvonly\r\n"
                );
                self.net.accept(self.now, id, answer.as_bytes()).unwrap();
            }
            _ => {}
        }
    }

    fn ask(&mut self, request: Request<Vec<u8>>) -> (u16, Value, Response<Vec<u8>>) {
        self.exchange += 1;
        let exchange = HttpExchange(self.exchange);
        self.api.handle_input(self.now, NodeInput::Http { exchange, peer: PEER.parse().unwrap(), request });
        self.run();
        let response = self.answers.remove(&self.exchange).expect("an answer");
        let body = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
        (response.status().as_u16(), body, response)
    }

    fn call(&mut self, who: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let token = format!("{who}|{ALL}|1800001000");
        let (status, body, _) = self.ask(request(method, path, &token, body));
        (status, body)
    }

    /// A user writes to a client.
    fn write(&mut self, to: &str, headers: &[(&str, &str)], text: &str) {
        let mut message = self.net.request(protocol::sip::Method::MESSAGE, Uri::parse(to).unwrap());
        headers.iter().for_each(|(name, value)| message.headers.append(name, value));
        message.headers.append("Route", &format!("<sip:{API};lr>"));
        message.set_body("text/plain", text);
        self.net.send(self.now, 1, message);
        self.run();
    }

    fn audit(&self) -> Vec<AuditEntry> {
        let rows = self.store.scan(Table::ExposureAudit).unwrap();
        rows.iter().map(|(_, value)| serde_json::from_slice::<(u64, AuditEntry)>(value).unwrap().1).collect()
    }
}

const PIDF: &str = "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"pres:secret@ims.test\"><tuple id=\"a\"><status><basic>open</basic></status><contact>sip:secret@10.45.0.1</contact><note>busy</note></tuple></presence>";

fn request(method: &str, path: &str, token: &str, body: Value) -> Request<Vec<u8>> {
    let mut builder = Request::builder().method(method).uri(path);
    if !token.is_empty() {
        builder = builder.header("authorization", format!("Bearer {token}"));
    }
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    builder.header("content-type", "application/json").body(body).unwrap()
}

#[test]
fn a_text_reaches_a_user_and_his_answer_the_client() {
    let mut rig = Rig::new(NodeStore::in_memory().unwrap());
    let (status, sent) = rig.call("shop", "POST", "/v1/messages", json!({"to": "sip:ann@ims.test", "text": "parcel"}));
    assert_eq!((status, &sent["state"]), (201, &json!("queued")));
    let Some(UserAgentEvent::Request { request, .. }) = rig.told.first() else { panic!("{:?}", rig.told) };
    assert_eq!(request.uri.to_string(), "sip:ann@ims.test");
    assert_eq!(request.headers.get("P-Asserted-Identity"), Some("<sip:shop@apps.ims.test>"));
    assert!(request.headers.get("From").unwrap().contains("sip:shop@apps.ims.test"));
    assert_eq!(request.body, b"parcel");
    let path = format!("/v1/messages/{}", sent["id"].as_str().unwrap());
    assert_eq!(rig.call("shop", "GET", &path, Value::Null).1["state"], "delivered");
    assert_eq!(rig.call("bank", "GET", &path, Value::Null).0, 404, "somebody else's");
    for (status, state) in [(202, "accepted"), (404, "failed")] {
        rig.status = status;
        let (_, sent) = rig.call("shop", "POST", "/v1/messages", json!({"to": "sip:ann@ims.test", "text": "x"}));
        let path = format!("/v1/messages/{}", sent["id"].as_str().unwrap());
        let read = rig.call("shop", "GET", &path, Value::Null).1;
        assert_eq!(read["state"], state);
        assert!(!read.to_string().contains("secret"), "{read}");
    }

    rig.write("sip:shop@apps.ims.test", &[("P-Asserted-Identity", "<sip:ann@ims.test>")], "thanks");
    rig.write("sip:shop@apps.ims.test", &[], "nobody");
    rig.write("sip:other@apps.ims.test", &[("P-Asserted-Identity", "<sip:ann@ims.test>")], "wrong");
    // Another process on the same store.
    let mut rig = Rig::new(rig.store);
    let list = rig.call("shop", "GET", "/v1/incoming", Value::Null).1;
    assert_eq!(list["messages"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(
        (&list["messages"][0]["from"], &list["messages"][0]["text"]),
        (&json!("sip:ann@ims.test"), &json!("thanks"))
    );
    let path = format!("/v1/incoming/{}", list["messages"][0]["id"].as_str().unwrap());
    assert_eq!(rig.call("bank", "DELETE", &path, Value::Null).0, 404);
    assert_eq!(rig.call("shop", "DELETE", &path, Value::Null).0, 204);
    assert_eq!(rig.call("shop", "DELETE", &path, Value::Null).0, 404);
}

#[test]
fn a_client_with_pseudonyms_sees_no_identity() {
    let mut rig = Rig::new(NodeStore::in_memory().unwrap());
    rig.write(
        "sip:bank@apps.ims.test",
        &[("P-Asserted-Identity", "<sip:ann@ims.test>"), ("P-Charging-Vector", "icid-value=secret")],
        "hello",
    );
    rig.write("sip:bank@apps.ims.test", &[("P-Asserted-Identity", "<sip:bob@ims.test>"), ("Privacy", "id")], "psst");
    let list = rig.call("bank", "GET", "/v1/incoming", Value::Null).1;
    let (ann, private) = (list["messages"][0]["from"].as_str().unwrap(), list["messages"][1]["from"].as_str().unwrap());
    assert!(ann.starts_with("user-") && private.starts_with("user-") && ann != private);
    assert!(!list.to_string().contains("ims.test") && !list.to_string().contains("secret"), "{list}");
    assert_eq!(rig.call("bank", "POST", "/v1/messages", json!({"to": "sip:ann@ims.test", "text": "x"})).0, 404);
    rig.told.clear();
    assert_eq!(rig.call("bank", "POST", "/v1/messages", json!({"to": ann, "text": "x"})).0, 201);
    let Some(UserAgentEvent::Request { request, .. }) = rig.told.first() else { panic!("{:?}", rig.told) };
    assert_eq!(request.uri.to_string(), "sip:ann@ims.test");
    let presence = rig.call("bank", "GET", &format!("/v1/presence/{ann}"), Value::Null);
    assert_eq!(presence.1["tuples"][0], json!({"basic": "open", "note": "busy", "timestamp": null}));
    assert!(!presence.1.to_string().contains("secret"), "{}", presence.1);
    assert_eq!(
        rig.call("shop", "GET", &format!("/v1/presence/{ann}"), Value::Null).0,
        404,
        "the names of another client"
    );
    assert_eq!(rig.call("shop", "GET", "/v1/presence/sip:bob@ims.test", Value::Null).0, 403, "he is not let watch");
}

#[test]
fn two_users_are_joined() {
    let mut rig = Rig::new(NodeStore::in_memory().unwrap());
    let (status, made) =
        rig.call("shop", "POST", "/v1/sessions", json!({"a": "sip:ann@ims.test", "b": "sip:bob@ims.test"}));
    assert_eq!((status, &made["state"]), (201, &json!("calling_a")));
    let path = format!("/v1/sessions/{}", made["id"].as_str().unwrap());
    let offers: Vec<String> = rig
        .told
        .iter()
        .filter_map(|event| match event {
            UserAgentEvent::Session(_, SessionEvent::Offered { sdp }) => sdp.clone(),
            UserAgentEvent::Session(_, SessionEvent::Modified { sdp, .. }) => Some(sdp.clone()),
            _ => None,
        })
        .map(|sdp| String::from_utf8(sdp).unwrap())
        .collect();
    assert_eq!(offers.len(), 3, "{offers:?}");
    assert!(offers[0].contains("IP4 0.0.0.0") && offers[1].contains("m=audio 400"), "{offers:?}");
    assert!(!offers[1].contains("recvonly"), "{offers:?}");
    assert_eq!(rig.call("shop", "GET", &path, Value::Null).1["state"], "joined");
    assert_eq!(rig.call("bank", "GET", &path, Value::Null).0, 404);
    assert_eq!(rig.call("bank", "DELETE", &path, Value::Null).0, 404);
    assert_eq!(rig.net.sessions().len(), 2);
    assert_eq!(rig.call("shop", "DELETE", &path, Value::Null).0, 204);
    assert!(rig.net.sessions().is_empty());
    assert_eq!(rig.call("shop", "GET", &path, Value::Null).1["state"], "ended");
}

/// A name, a token, a request, the status, and words in the log.
type Case<'a> = (&'a str, &'a str, &'a str, &'a str, Value, u16, &'a str);

#[test]
fn refused_noted_and_audited() {
    let mut rig = Rig::new(NodeStore::in_memory().unwrap());
    let good = format!("shop|{ALL}|1800001000");
    let stranger = format!("stranger|{ALL}|1800001000");
    let message = || json!({"to": "sip:ann@ims.test", "text": "x"});
    let cases: Vec<Case<'_>> = vec![
        ("nobody", "", "POST", "/v1/messages", message(), 401, "no token"),
        ("nobody and nothing", "", "GET", "/v1/none", Value::Null, 401, "no token"),
        ("expired", "shop|exposure:messages|1700000000", "POST", "/v1/messages", message(), 401, "expired"),
        (
            "wrong scope",
            "shop|exposure:messages|1800001000",
            "GET",
            "/v1/presence/sip:ann@ims.test",
            Value::Null,
            403,
            "wrong scope",
        ),
        ("no contract", &stranger, "POST", "/v1/messages", message(), 403, "no contract"),
        ("oversized", &good, "POST", "/v1/messages", json!({"to": "x", "text": "x".repeat(70_000)}), 413, "64 KiB"),
        (
            "long text",
            &good,
            "POST",
            "/v1/messages",
            json!({"to": "sip:ann@ims.test", "text": "x".repeat(1301)}),
            400,
            "octets",
        ),
        ("no text", &good, "POST", "/v1/messages", json!({"to": "sip:ann@ims.test"}), 400, "text"),
        ("no JSON", &good, "POST", "/v1/messages", Value::Null, 400, "no JSON"),
        ("no URI", &good, "POST", "/v1/messages", json!({"to": "ann", "text": "x"}), 404, "no such user|may not reach"),
        (
            "other domain",
            &good,
            "POST",
            "/v1/messages",
            json!({"to": "sip:ann@other.test", "text": "x"}),
            404,
            "may not reach",
        ),
        ("barred", &good, "POST", "/v1/messages", json!({"to": "sip:eve@ims.test", "text": "x"}), 404, "may not reach"),
        ("unknown resource", &good, "GET", "/v1/none", Value::Null, 404, "no such resource"),
        ("dots", &good, "GET", "/v1/messages/%2e%2e", Value::Null, 404, "no such resource"),
        ("slashes", &good, "GET", "/v1//messages/1", Value::Null, 404, "no such resource"),
        ("encoded twice", &good, "GET", "/v1/messages/%252e", Value::Null, 404, "no such resource"),
        ("unknown message", &good, "GET", "/v1/messages/1", Value::Null, 404, "no such message"),
        ("method", &good, "PUT", "/v1/messages", message(), 405, "not to be done"),
        ("broadcast", &good, "POST", "/v1/broadcasts", json!({}), 501, "xMB-C"),
        ("broadcast that is none", &good, "GET", "/v1/broadcasts/1", Value::Null, 501, "xMB-C"),
    ];
    let count = cases.len();
    for (name, token, method, path, body, expected, words) in cases {
        rig.notes.clear();
        let (status, body, response) = rig.ask(request(method, path, token, body));
        assert_eq!(status, expected, "{name}: {body}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{name}");
        assert_eq!((&body["status"], body["title"].is_string()), (&json!(expected), true), "{name}");
        assert_eq!(
            response.headers().contains_key("www-authenticate"),
            expected == 401 || words == "wrong scope",
            "{name}"
        );
        let note = rig.notes.join("\n");
        assert!(words.split('|').any(|words| note.contains(words)), "{name}: {note}");
    }
    assert!(rig.told.is_empty(), "nothing has reached the network");
    let audit = rig.audit();
    assert_eq!(audit.len(), count);
    assert!(
        audit.iter().all(|entry| entry.status >= 400 && entry.peer == "192.0.2.7" && entry.utc_ms >= 1_800_000_000_000)
    );
    assert_eq!((audit[5].client.as_deref(), audit[5].status), (Some("shop"), 413));
    // More than agreed upon.
    let refused =
        (0..40).map(|_| rig.ask(request("GET", "/v1/incoming", &good, Value::Null)).2).find(|r| r.status() == 429);
    assert_eq!(refused.unwrap().headers()["retry-after"], "1");
    rig.now = rig.now + Duration::from_secs(1);
    assert_eq!(rig.ask(request("GET", "/v1/incoming", &good, Value::Null)).0, 200);
}

#[test]
fn the_document_is_of_the_routes() {
    let mut rig = Rig::new(NodeStore::in_memory().unwrap());
    let (status, document, _) = rig.ask(request("GET", "/openapi.json", "", Value::Null));
    assert_eq!((status, &document["openapi"]), (200, &json!("3.1.0")));
    let paths = document["paths"].as_object().unwrap();
    let told: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!(told, routes::ROUTES.len());
    for route in &routes::ROUTES {
        let operation = &paths[route.path][route.method.to_ascii_lowercase()];
        assert_eq!(operation["operationId"], format!("{:?}", route.operation));
        assert_eq!(operation["security"].as_array().unwrap().is_empty(), route.scope.is_empty());
        let path = route.path.replace("{id}", "1").replace("{user}", "sip:ann@ims.test");
        let token = format!("shop|{ALL}|1800001000");
        let (status, ..) = rig.ask(request(route.method, &path, &token, Value::Null));
        assert!(operation["responses"].get(status.to_string()).is_some(), "{} {path}: {status}", route.method);
    }
    rig.api.config.open_document = false;
    assert_eq!(rig.ask(request("GET", "/openapi.json", "", Value::Null)).0, 401);
}

#[test]
fn what_was_under_way_at_the_end_is_told_to_have_failed() {
    let mut rig = Rig::new(NodeStore::in_memory().unwrap());
    let request = request(
        "POST",
        "/v1/messages",
        &format!("shop|{ALL}|1800001000"),
        json!({"to": "sip:ann@ims.test", "text": "x"}),
    );
    rig.api.handle_input(rig.now, NodeInput::Http { exchange: HttpExchange(9), peer: PEER.parse().unwrap(), request });
    let Some(NodeOutput::Store(stored)) = rig.api.poll_output() else { panic!("not durable first") };
    assert!(rig.api.poll_output().is_none(), "neither answer nor MESSAGE before it is durable");
    rig.store.execute(&stored);
    let mut rig = Rig::new(rig.store);
    let (id, message) = rig.api.messages.first_of_test();
    assert!(message.contains("failed"), "{message}");
    assert_eq!(rig.call("shop", "GET", &format!("/v1/messages/{id}"), Value::Null).1["state"], "failed");
}
