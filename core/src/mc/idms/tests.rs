//! The whole flow, and every way in which it is refused.

use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::*;
use crate::node::NodeStore;

const REDIRECT: &str = "http://3gpp.mcptt/cb";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const UTC: u64 = 1_800_000_000_000;

/// A server, its store and its clock.
struct Bench {
    server: IdentityServer,
    store: NodeStore,
    now: Instant,
    notes: Vec<String>,
    exchanges: u64,
}

fn config() -> IdmsConfig {
    let mut entropy = Entropy::from_seed([5; 32]);
    let mut hash = |word: &str| HashedPassword::of_cost(word, 8, 1, &mut entropy).unwrap();
    let signer = TokenSigner::generate(&mut Entropy::from_seed([6; 32]));
    let user = |name: &str, password, mcdata: Option<&str>| McUser {
        mc_id: name.into(),
        password,
        mcptt_id: Some(format!("sip:{name}@mcptt.example")),
        mcvideo_id: None,
        mcdata_id: mcdata.map(str::to_owned),
    };
    let scopes = MC_SCOPES.map(str::to_owned);
    let client = |id: &str, secret, scopes: &[String]| IdmsClient {
        id: id.into(),
        secret,
        redirect_uris: vec![REDIRECT.into()],
        scopes: scopes.iter().cloned().collect(),
        acts_for_itself: false,
    };
    let api = IdmsClient {
        redirect_uris: Vec::new(),
        acts_for_itself: true,
        ..client("dispatch", Some(hash("s3c+ret &")), &["exposure:messages".into(), "exposure:presence".into()])
    };
    let users =
        vec![user("alice", hash("wonder land"), Some("sip:alice@mcdata.example")), user("bob", hash("builder"), None)];
    let clients = vec![client("mcptt_client", None, &scopes), client("other", None, &scopes[..1]), api];
    IdmsConfig { users, clients, utc_ms_at_zero: UTC, ..IdmsConfig::new("https://idms.example", "mc.example", signer) }
}

impl Bench {
    fn new() -> Self {
        Self::with(NodeStore::in_memory().unwrap())
    }

    fn with(store: NodeStore) -> Self {
        let server = IdentityServer::new(config(), Entropy::from_seed([7; 32])).unwrap();
        let mut bench = Self { server, store, now: Instant::ZERO, notes: Vec::new(), exchanges: 0 };
        assert!(bench.drain().is_none());
        bench
    }

    fn drain(&mut self) -> Option<Response<Vec<u8>>> {
        let mut answered = None;
        while let Some(output) = self.server.poll_output() {
            match output {
                NodeOutput::Http { exchange, response } => {
                    assert!(exchange.0 == self.exchanges && answered.replace(response).is_none());
                }
                NodeOutput::Store(request) => {
                    let answer = self.store.execute(&request);
                    self.server.handle_input(self.now, NodeInput::Store(answer));
                }
                NodeOutput::Note(note) => self.notes.push(note.to_string()),
                other => panic!("{other:?}"),
            }
        }
        answered
    }

    fn ask(&mut self, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        self.exchanges += 1;
        let (exchange, peer) = (HttpExchange(self.exchanges), "10.45.0.1:40000".parse().unwrap());
        self.server.handle_input(self.now, NodeInput::Http { exchange, peer, request });
        self.drain().expect("an answer")
    }

    fn get(&mut self, target: &str) -> Response<Vec<u8>> {
        self.ask(Request::get(target).body(Vec::new()).unwrap())
    }

    fn post(&mut self, path: &str, params: &[(&str, &str)], basic: Option<&str>) -> Response<Vec<u8>> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        let mut request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(basic) = basic {
            use base64::Engine;
            let encoded = base64::engine::general_purpose::STANDARD.encode(basic);
            request = request.header(AUTHORIZATION, format!("Basic {encoded}"));
        }
        self.ask(request.body(body.into_bytes()).unwrap())
    }

    fn token(&mut self, params: &[(&str, &str)]) -> (u16, Value) {
        let response = self.post("/token", params, None);
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    /// A code of a user who has logged in.
    fn code(&mut self, name: &str, password: &str) -> String {
        let mut params = asked();
        params.extend([("username", name), ("password", password)]);
        let response = self.post("/authorize", &owned(&params), None);
        assert_eq!(response.status(), 303, "{}", String::from_utf8_lossy(response.body()));
        said(&response, "code").unwrap()
    }

    fn redeem(&mut self, code: &str) -> (u16, Value) {
        let challenge = [("code", code), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)];
        self.token(&[&[("grant_type", "authorization_code"), ("client_id", "mcptt_client")][..], &challenge].concat())
    }
}

fn challenge() -> String {
    encode(Sha256::digest(VERIFIER))
}

/// Parameters of a good authorization request.
fn asked() -> Vec<(&'static str, &'static str)> {
    vec![
        ("response_type", "code"),
        ("client_id", "mcptt_client"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid 3gpp:mc:ptt_service 3gpp:mc:data_service"),
        ("state", "a b&c"),
        ("nonce", "n-1"),
        ("acr_values", "3gpp:acr:password"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]
}

fn owned<'a>(params: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    params.to_vec()
}

/// A parameter of a redirection.
fn said(response: &Response<Vec<u8>>, name: &str) -> Option<String> {
    let location = response.headers().get(LOCATION)?.to_str().unwrap();
    let query = location.strip_prefix(REDIRECT).expect("where the client is").trim_start_matches('?');
    form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[test]
fn a_user_logs_in_and_his_client_has_tokens_that_open_what_they_are_for() {
    let mut bench = Bench::new();
    // RFC 7636 appendix B.
    assert_eq!(challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(asked()).finish();
    let page = bench.get(&format!("/authorize?{query}"));
    let html = String::from_utf8_lossy(page.body()).into_owned();
    assert!(
        page.status() == 200 && html.contains("name=\"password\"") && html.contains("value=\"a b&amp;c\""),
        "{html}"
    );
    let code = bench.code("alice", "wonder land");
    let (status, tokens) = bench.redeem(&code);
    assert_eq!((status, &tokens["token_type"], &tokens["expires_in"]), (200, &"Bearer".into(), &600.into()));
    let verifier = bench.server.verifier();
    let access = tokens["access_token"].as_str().unwrap();
    let claims = verifier.check(UTC / 1000, access, "3gpp:mc:ptt_service").unwrap();
    assert_eq!((claims.subject.as_str(), claims.client_id.as_str()), ("alice", "mcptt_client"));
    assert_eq!(claims.mcptt_id.as_deref(), Some("sip:alice@mcptt.example"));
    assert_eq!(claims.mcdata_id.as_deref(), Some("sip:alice@mcdata.example"));
    assert!(verifier.check(UTC / 1000, access, "3gpp:mc:video_service").is_err());
    let id_token = tokens["id_token"].as_str().unwrap();
    let id = bench.server.keys().verify(id_token).unwrap();
    assert_eq!(
        (&id["aud"], &id["nonce"], &id["acr"]),
        (&"mcptt_client".into(), &"n-1".into(), &"3gpp:acr:password".into())
    );
    assert_eq!(
        verifier.check(UTC / 1000, id_token, "openid"),
        Err(TokenRefusal::Audience),
        "an ID token opens nothing"
    );
    assert!(bench.notes.iter().all(|note| !note.contains(&code) && !note.contains("wonder")), "{:?}", bench.notes);
}

#[test]
fn only_what_the_user_has_is_granted() {
    let mut bench = Bench::new();
    let code = bench.code("bob", "builder");
    let (status, tokens) = bench.redeem(&code);
    assert_eq!((status, &tokens["scope"]), (200, &"3gpp:mc:ptt_service openid".into()));
}

#[test]
fn authorizations_are_refused_where_they_should_be() {
    let with = |name: &str, value: Option<&'static str>| {
        let mut params = asked();
        params.retain(|(known, _)| *known != name);
        let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
        params.extend(value.map(|value| (name, value)));
        params
    };
    // Nobody is sent anywhere before client and place are known.
    for (name, value, why) in [
        ("client_id", None, "client_id is not known"),
        ("client_id", Some("stranger"), "client_id is not known"),
        ("client_id", Some("dispatch"), "redirect_uri is not registered"),
        ("redirect_uri", None, "redirect_uri is missing"),
        ("redirect_uri", Some("https://evil.example/"), "redirect_uri is not registered"),
        ("redirect_uri", Some("http://3gpp.mcptt/cb/../evil"), "redirect_uri is not registered"),
        ("redirect_uri", Some("http://3gpp.mcptt/cb?x=1"), "redirect_uri is not registered"),
    ] {
        let response = Bench::new().post("/authorize", &with(name, value), None);
        let body = String::from_utf8_lossy(response.body()).into_owned();
        assert!(response.status() == 400 && response.headers().get(LOCATION).is_none(), "{name} {value:?}");
        assert!(body.contains(why), "{name} {value:?}: {body}");
    }
    for (name, value, error) in [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", None, "unsupported_response_type"),
        ("response_mode", Some("fragment"), "invalid_request"),
        ("state", None, "invalid_request"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some("short"), "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("code_challenge_method", None, "invalid_request"),
        ("scope", None, "invalid_scope"),
        ("scope", Some("3gpp:mc:ptt_service"), "invalid_scope"),
        ("scope", Some("openid exposure:messages"), "invalid_scope"),
        ("request", Some("e30."), "request_not_supported"),
        ("request_uri", Some("https://evil.example/"), "request_uri_not_supported"),
        ("prompt", Some("none"), "login_required"),
    ] {
        let response = Bench::new().post("/authorize", &with(name, value), None);
        assert_eq!(response.status(), 303, "{name} {value:?}");
        assert_eq!(said(&response, "error").as_deref(), Some(error), "{name} {value:?}");
        assert_eq!(said(&response, "iss").as_deref(), Some("https://idms.example"));
        assert!(said(&response, "code").is_none());
        let state = if name == "state" { None } else { Some("a b&c") };
        assert_eq!(said(&response, "state").as_deref(), state, "{name}");
    }
    let mut twice = asked();
    twice.push(("client_id", "mcptt_client"));
    assert_eq!(Bench::new().post("/authorize", &twice, None).status(), 400);
}

#[test]
fn codes_are_for_one_client_one_place_one_verifier_and_one_time() {
    let mut bench = Bench::new();
    let good = [("grant_type", "authorization_code"), ("client_id", "mcptt_client"), ("redirect_uri", REDIRECT)];
    let other_verifier = "x".repeat(43);
    for (name, value, why) in [
        ("code_verifier", other_verifier.as_str(), "code_verifier"),
        ("code_verifier", "short", "code_verifier"),
        ("redirect_uri", "http://3gpp.mcptt/other", "redirect_uri"),
        ("client_id", "other", "another client"),
    ] {
        let code = bench.code("alice", "wonder land");
        let mut params: Vec<(&str, &str)> = good.to_vec();
        params.extend([("code", code.as_str()), ("code_verifier", VERIFIER)]);
        params.retain(|(known, _)| *known != name);
        params.push((name, value));
        let (status, body) = bench.token(&params);
        assert_eq!((status, &body["error"]), (400, &"invalid_grant".into()), "{name} {value}");
        assert!(body["error_description"].as_str().unwrap().contains(why), "{name}: {body}");
        assert_eq!(bench.redeem(&code).0, 400, "{name}: who guesses has one guess");
    }
    let late = bench.code("alice", "wonder land");
    bench.now = bench.now + Duration::from_secs(61);
    assert_eq!(bench.redeem(&late).1["error"], "invalid_grant");
    let code = bench.code("alice", "wonder land");
    let (_, tokens) = bench.redeem(&code);
    let (status, body) = bench.redeem(&code);
    assert_eq!((status, &body["error"]), (400, &"invalid_grant".into()));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("client_id", "mcptt_client"), ("refresh_token", refresh)];
    assert_eq!(bench.token(&again).0, 400, "what was given for a code that came twice is taken back");
}

#[test]
fn refresh_tokens_change_each_time_and_one_that_comes_twice_ends_the_login() {
    let mut bench = Bench::new();
    let code = bench.code("alice", "wonder land");
    let first = bench.redeem(&code).1["refresh_token"].as_str().unwrap().to_owned();
    let refresh = |bench: &mut Bench, token: &str, client: &str, scope: Option<&str>| {
        let mut params = vec![("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
        params.extend(scope.map(|scope| ("scope", scope)));
        bench.token(&params)
    };
    assert_eq!(
        refresh(&mut bench, &first, "mcptt_client", Some("openid 3gpp:mc:video_service")).1["error"],
        "invalid_scope"
    );
    let (status, body) = refresh(&mut bench, &first, "mcptt_client", Some("3gpp:mc:ptt_service"));
    assert_eq!((status, &body["scope"]), (200, &"3gpp:mc:ptt_service".into()));
    assert!(body.get("id_token").is_none());
    let second = body["refresh_token"].as_str().unwrap().to_owned();
    let (status, body) = refresh(&mut bench, &second, "mcptt_client", None);
    assert_eq!((status, &body["scope"]), (200, &"3gpp:mc:data_service 3gpp:mc:ptt_service openid".into()));
    let third = body["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(refresh(&mut bench, &second, "mcptt_client", None).1["error"], "invalid_grant");
    assert_eq!(
        refresh(&mut bench, &third, "mcptt_client", None).1["error"],
        "invalid_grant",
        "all of the login is over"
    );
    assert!(bench.server.grants.refreshes.is_empty());
    let code = bench.code("alice", "wonder land");
    let stolen = bench.redeem(&code).1["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(refresh(&mut bench, &stolen, "other", None).1["error"], "invalid_grant");
    assert_eq!(refresh(&mut bench, "nonsense", "mcptt_client", None).1["error"], "invalid_grant");
}

#[test]
fn a_client_acts_for_itself_with_its_secret_alone() {
    let mut bench = Bench::new();
    let grant = ("grant_type", "client_credentials");
    // Name and secret are form encoded in Basic.
    let right = Some("dispatch:s3c%2Bret+%26");
    for (params, basic, status, error) in [
        (vec![grant], right, 200, None),
        (vec![grant, ("scope", "exposure:messages")], right, 200, None),
        (vec![grant, ("client_id", "dispatch"), ("client_secret", "s3c+ret &")], None, 200, None),
        (vec![grant, ("scope", "3gpp:mc:ptt_service")], right, 400, Some("invalid_scope")),
        (vec![grant, ("scope", "openid")], right, 400, Some("invalid_scope")),
        (vec![grant, ("client_id", "other")], right, 400, Some("invalid_request")),
        (vec![grant, ("client_secret", "x")], right, 400, Some("invalid_request")),
        (vec![grant], Some("dispatch:wrong"), 401, Some("invalid_client")),
        (vec![grant, ("client_id", "dispatch")], None, 401, Some("invalid_client")),
        (vec![grant, ("client_id", "mcptt_client")], None, 400, Some("unauthorized_client")),
        (vec![grant, ("client_id", "stranger")], None, 401, Some("invalid_client")),
        (vec![grant], None, 401, Some("invalid_client")),
        (vec![("grant_type", "password")], right, 400, Some("unsupported_grant_type")),
        (vec![], right, 400, Some("invalid_request")),
    ] {
        let response = bench.post("/token", &params, basic);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!((response.status().as_u16(), body["error"].as_str()), (status, error), "{params:?} {basic:?}");
        assert_eq!(response.headers().contains_key(WWW_AUTHENTICATE), status == 401);
        assert_eq!(response.headers()["cache-control"], "no-store");
        if status == 200 {
            let token = body["access_token"].as_str().unwrap();
            let claims = bench.server.verifier().check(UTC / 1000, token, "exposure:messages").unwrap();
            assert_eq!((claims.subject.as_str(), claims.mcptt_id), ("dispatch", None));
            assert!(body.get("refresh_token").is_none() && body.get("id_token").is_none());
        }
    }
}

#[test]
fn who_guesses_passwords_has_to_wait_and_others_need_not() {
    let mut bench = Bench::new();
    let login = |bench: &mut Bench, name: &'static str, password: &'static str| {
        let mut params = asked();
        params.extend([("username", name), ("password", password)]);
        bench.post("/authorize", &params, None).status().as_u16()
    };
    for _ in 0..5 {
        assert_eq!(login(&mut bench, "alice", "wrong"), 401);
    }
    assert_eq!(login(&mut bench, "alice", "wonder land"), 429, "also with the right one");
    assert_eq!(login(&mut bench, "bob", "builder"), 303);
    assert_eq!(login(&mut bench, "nobody", "wrong"), 401);
    bench.now = bench.now + Duration::from_secs(61);
    assert_eq!(login(&mut bench, "alice", "wonder land"), 303);
    assert!(bench.notes.iter().any(|note| note.contains("too many wrong passwords")), "{:?}", bench.notes);
}

#[test]
fn what_was_given_outlives_the_server_and_what_has_ended_is_forgotten() {
    let mut bench = Bench::new();
    let code = bench.code("alice", "wonder land");
    let other = bench.code("alice", "wonder land");
    let refresh = bench.redeem(&code).1["refresh_token"].as_str().unwrap().to_owned();
    let mut bench = Bench::with(bench.store);
    assert_eq!(bench.redeem(&code).1["error"], "invalid_grant", "used stays used");
    let again = [("grant_type", "refresh_token"), ("client_id", "mcptt_client"), ("refresh_token", refresh.as_str())];
    assert_eq!(bench.token(&again).0, 400, "and takes back what it gave");
    let tokens = bench.redeem(&other).1;
    let again = [
        ("grant_type", "refresh_token"),
        ("client_id", "mcptt_client"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let mut bench = Bench::with(bench.store);
    assert_eq!(bench.token(&again).0, 200);
    bench.now = bench.now + Duration::from_secs(48 * 3600);
    bench.server.handle_timeout(bench.now);
    bench.drain();
    assert_eq!(
        (bench.server.grants.codes.len(), bench.server.grants.refreshes.len(), bench.server.poll_timeout()),
        (0, 0, None)
    );
    let rows = bench.store.execute(&NodeStoreRequest { token: StoreToken(1), ops: Grants::scans() });
    assert_eq!(rows.result.unwrap(), [Vec::new(), Vec::new()]);
}

#[test]
fn logins_of_a_user_are_bounded() {
    let mut bench = Bench::new();
    let mut first = None;
    for n in 0..20 {
        bench.now = bench.now + Duration::from_secs(1);
        let code = bench.code("alice", "wonder land");
        let (status, tokens) = bench.redeem(&code);
        assert_eq!(status, 200, "{n}");
        first.get_or_insert_with(|| tokens["refresh_token"].as_str().unwrap().to_owned());
    }
    assert_eq!(bench.server.grants.refreshes.len(), 16);
    let first = first.unwrap();
    let again = [("grant_type", "refresh_token"), ("client_id", "mcptt_client"), ("refresh_token", first.as_str())];
    assert_eq!(bench.token(&again).0, 400);
}

#[test]
fn what_is_there_is_described_and_nothing_else_is_there() {
    let mut bench = Bench::new();
    let about: Value = serde_json::from_slice(bench.get("/.well-known/openid-configuration").body()).unwrap();
    assert_eq!(
        (&about["issuer"], &about["jwks_uri"]),
        (&"https://idms.example".into(), &"https://idms.example/jwks".into())
    );
    assert_eq!(about["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    let keys = String::from_utf8(bench.get("/jwks").body().clone()).unwrap();
    let verifier = TokenVerifier::new("https://idms.example", "mc.example", TokenKeys::from_jwks(&keys).unwrap());
    let code = bench.code("alice", "wonder land");
    let tokens = bench.redeem(&code).1;
    assert!(verifier.check(UTC / 1000, tokens["access_token"].as_str().unwrap(), "openid").is_ok());
    assert_eq!(bench.get("/").status(), 404);
    assert_eq!(bench.get("/token").status(), 405);
    let long = Request::post("/token").body(vec![b'a'; MAX_BODY + 1]).unwrap();
    assert_eq!(bench.ask(long).status(), 413);
    let json = Request::post("/token").header(CONTENT_TYPE, "application/json").body(b"{}".to_vec()).unwrap();
    assert_eq!(bench.ask(json).status(), 400);
}

#[test]
fn settings_that_cannot_be_are_told() {
    let with = |change: &dyn Fn(&mut IdmsConfig)| {
        let mut config = config();
        change(&mut config);
        IdentityServer::new(config, Entropy::from_seed([1; 32])).map(|_| ()).unwrap_err()
    };
    for (change, said) in [
        (&(|c: &mut IdmsConfig| c.issuer = "idms".into()) as &dyn Fn(&mut IdmsConfig), "no URL of a server"),
        (&|c| c.clients[0].redirect_uris = vec!["/cb".into()], "no absolute URI"),
        (&|c| c.clients[0].redirect_uris = vec!["javascript:alert(1)".into()], "no absolute URI"),
        (&|c| c.clients[0].acts_for_itself = true, "give it a secret"),
        (&|c| c.clients[1].id = "mcptt_client".into(), "twice"),
        (&|c| c.users[1].mc_id = "alice".into(), "twice"),
    ] {
        let error = with(change);
        assert!(error.contains(said), "{error}");
    }
}
