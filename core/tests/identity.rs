//! The identity server live over HTTPS, with curl as the user's browser and as the client.

use std::path::{Path, PathBuf};
use std::process::Command;

use core_network::mc::{TokenKeys, TokenVerifier};
use core_network::process::{CoreConfig, start_core};
use protocol::Entropy;
use protocol::mc::user_profile::UserProfile;
use serde_json::Value;

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "http://3gpp.mcptt/cb";

/// `password`, and `secret` of the client, by the vector of the reference implementation of Argon2.
const HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

struct Curl {
    base: String,
    authority: PathBuf,
}

struct Answer {
    status: u16,
    location: Option<String>,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// A parameter of the redirection.
    fn said(&self, name: &str) -> Option<String> {
        let query = self.location.as_ref()?.strip_prefix(&format!("{REDIRECT}?"))?;
        query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")).map(str::to_owned))
    }
}

impl Curl {
    async fn run(&self, path: &str, args: &[&str]) -> Answer {
        let mut command = Command::new("curl");
        command.args(["-sS", "--max-time", "30", "-w", "\n%{http_code} %{redirect_url}"]);
        command.arg("--cacert").arg(&self.authority).args(args).arg(format!("{}{path}", self.base));
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, told) = text.rsplit_once('\n').unwrap();
        let (status, location) = told.split_once(' ').unwrap();
        let location = Some(location.to_owned()).filter(|location| !location.is_empty());
        Answer { status: status.parse().unwrap(), location, body: body.to_owned() }
    }

    async fn post(&self, path: &str, params: &[(&str, &str)]) -> Answer {
        let params: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let args: Vec<&str> = params.iter().flat_map(|param| ["--data-urlencode", param]).collect();
        self.run(path, &args).await
    }

    async fn login(&self, password: &str, redirect: &str) -> Answer {
        self.login_for("openid 3gpp:mc:ptt_service", password, redirect).await
    }

    async fn login_for(&self, scope: &str, password: &str, redirect: &str) -> Answer {
        let params = [
            ("response_type", "code"),
            ("client_id", "mcptt_client"),
            ("redirect_uri", redirect),
            ("scope", scope),
            ("state", "abc"),
            ("acr_values", "3gpp:acr:password"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("username", "alice"),
            ("password", password),
        ];
        self.post("/authorize", &params).await
    }

    async fn redeem(&self, code: &str, redirect: &str, verifier: &str) -> Answer {
        let params = [
            ("grant_type", "authorization_code"),
            ("client_id", "mcptt_client"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ];
        self.post("/token", &params).await
    }
}

fn config() -> CoreConfig {
    CoreConfig::parse(&text()).unwrap()
}

fn text() -> String {
    format!(
        "nodes = ['identity']
        http = 'off'
        [identity]
        issuer = 'https://idms.example'
        audience = 'mc.example'
        listen = ['https:127.0.0.1:0']
        users = [{{ mc_id = 'alice', password = '{HASH}', mcptt_id = 'sip:alice@mcptt.example' }}]
        [[identity.clients]]
        id = 'mcptt_client'
        redirect_uris = ['{REDIRECT}']
        scopes = ['3gpp:mc:ptt_service']
        [[identity.clients]]
        id = 'dispatch'
        secret = '{HASH}'
        scopes = ['exposure:messages']
        acts_for_itself = true"
    )
}

fn now_s() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the tokens are of this time")]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

async fn start(folder: &Path) -> (core_network::net::LiveProcess, Curl) {
    let process = start_core(&config(), folder, Entropy::from_seed([1; 32]), None).await.unwrap();
    let address = process.listening()[0].address;
    (process, Curl { base: format!("https://{address}"), authority: folder.join("core.tls/ca.pem") })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_logs_in_has_tokens_and_is_refused_what_it_should_not_have() {
    if Command::new("curl").arg("--version").output().is_err() {
        return println!("skipped: curl is not here");
    }
    let folder = tempfile::tempdir().unwrap();
    let (process, curl) = start(folder.path()).await;
    let about = curl.run("/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(about["token_endpoint"], "https://idms.example/token");
    let keys = TokenKeys::from_jwks(&curl.run("/jwks", &[]).await.body).unwrap();
    let verifier = TokenVerifier::new("https://idms.example", "mc.example", keys);

    let page = curl.run(&format!("/authorize?response_type=code&client_id=mcptt_client&redirect_uri={REDIRECT}&scope=openid&state=a&code_challenge={CHALLENGE}&code_challenge_method=S256"), &[]).await;
    assert!(page.status == 200 && page.body.contains("name=\"password\""), "{}", page.body);
    assert_eq!(curl.login("wrong", REDIRECT).await.status, 401);
    let stranger = curl.login("password", "https://evil.example/").await;
    assert_eq!((stranger.status, stranger.location), (400, None));

    let login = curl.login("password", REDIRECT).await;
    assert_eq!((login.status, login.said("state").as_deref()), (303, Some("abc")));
    let code = login.said("code").unwrap();
    let tokens = curl.redeem(&code, REDIRECT, VERIFIER).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let tokens = tokens.json();
    let claims = verifier.check(now_s(), tokens["access_token"].as_str().unwrap(), "3gpp:mc:ptt_service").unwrap();
    assert_eq!(claims.mcptt_id.as_deref(), Some("sip:alice@mcptt.example"));
    let used = curl.redeem(&code, REDIRECT, VERIFIER).await;
    assert_eq!((used.status, &used.json()["error"]), (400, &"invalid_grant".into()));

    for (redirect, verifier) in [(REDIRECT, "x".repeat(43)), ("http://3gpp.mcptt/other", VERIFIER.to_owned())] {
        let code = curl.login("password", REDIRECT).await.said("code").unwrap();
        let refused = curl.redeem(&code, redirect, &verifier).await;
        assert_eq!((refused.status, &refused.json()["error"]), (400, &"invalid_grant".into()), "{redirect}");
    }

    let own = ["-u", "dispatch:password", "-d", "grant_type=client_credentials"];
    let token = curl.run("/token", &own).await.json();
    assert!(verifier.check(now_s(), token["access_token"].as_str().unwrap(), "exposure:messages").is_ok());
    let wrong = ["-u", "dispatch:wrong", "-d", "grant_type=client_credentials"];
    assert_eq!(curl.run("/token", &wrong).await.status, 401);
    let large = format!("a={}", "b".repeat(20_000));
    assert_eq!(curl.run("/token", &["-d", &large]).await.status, 413);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_and_the_key_outlive_the_process() {
    if Command::new("curl").arg("--version").output().is_err() {
        return println!("skipped: curl is not here");
    }
    let folder = tempfile::tempdir().unwrap();
    let (process, curl) = start(folder.path()).await;
    let code = curl.login("password", REDIRECT).await.said("code").unwrap();
    let keys = curl.run("/jwks", &[]).await.body;
    process.stop().await;
    let (process, curl) = start(folder.path()).await;
    assert_eq!(curl.run("/jwks", &[]).await.body, keys);
    assert_eq!(curl.redeem(&code, REDIRECT, VERIFIER).await.status, 200);
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_fetches_the_profile_of_the_user_and_no_other() {
    if Command::new("curl").arg("--version").output().is_err() {
        return println!("skipped: curl is not here");
    }
    let folder = tempfile::tempdir().unwrap();
    let alice = UserProfile::new("sip:alice@mcptt.example", 1);
    let profiles = [("alice.xml", &alice), ("bob.xml", &UserProfile::new("sip:bob@mcptt.example", 1))];
    for (name, profile) in profiles {
        std::fs::write(folder.path().join(name), profile.to_document()).unwrap();
    }
    let more = "[xdm]\nlisten = ['https:127.0.0.1:0']\nprofiles = ['alice.xml', 'bob.xml']\n";
    let text = text().replace("['identity']", "['identity', 'xdm']").replace(
        "scopes = ['3gpp:mc:ptt_service']",
        "scopes = ['3gpp:mc:ptt_service', '3gpp:mc:ptt_config_management_service']",
    );
    let config = CoreConfig::parse(&format!("{text}\n{more}")).unwrap();
    let process = start_core(&config, folder.path(), Entropy::from_seed([1; 32]), None).await.unwrap();
    let place = |node: &str| {
        let address = process.listening().iter().find(|own| own.node == node).unwrap().address;
        Curl { base: format!("https://{address}"), authority: folder.path().join("core.tls/ca.pem") }
    };
    let (idms, cms) = (place("idms"), place("xdms"));
    let mut bearers = Vec::new();
    for scope in ["openid 3gpp:mc:ptt_config_management_service", "openid 3gpp:mc:ptt_service"] {
        let code = idms.login_for(scope, "password", REDIRECT).await.said("code").unwrap();
        let tokens = idms.redeem(&code, REDIRECT, VERIFIER).await.json();
        bearers.push(format!("Authorization: Bearer {}", tokens["access_token"].as_str().unwrap()));
    }
    let [configuration, service] = bearers.as_slice() else { panic!() };
    let own = UserProfile::path(&alice.mcptt_id, 1);
    let read = cms.run(&own, &["-H", configuration]).await;
    assert_eq!((read.status, UserProfile::parse(&read.body)), (200, Ok(alice)));
    assert_eq!(cms.run(&own, &[]).await.status, 401);
    assert_eq!(cms.run(&own, &["-H", service]).await.status, 403);
    assert_eq!(cms.run(&UserProfile::path("sip:bob@mcptt.example", 1), &["-H", configuration]).await.status, 403);
    assert_eq!(cms.run(&UserProfile::path("sip:alice@mcptt.example", 2), &["-H", configuration]).await.status, 404);
    process.stop().await;
}
