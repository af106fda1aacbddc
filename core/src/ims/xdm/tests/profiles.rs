//! The configuration management server: whose profile who may read, who writes it, and what is there from the start.

use protocol::mc::names::USER_PROFILE_CONTENT_TYPE;
use protocol::mc::user_profile::{ProfileEntry, UserProfile};

use super::*;
use crate::mc::{Claims, TokenSigner};

const ME: &str = "sip:ann@mcptt.test";
const ADMINISTRATOR: &str = "10.46.0.9:40000";
const ISSUER: &str = "https://idms.test";
const SCOPE: &str = "3gpp:mc:ptt_config_management_service";

fn profile(mcptt_id: &str) -> UserProfile {
    UserProfile { groups: vec![ProfileEntry::new("sip:fire@mcptt.test")], ..UserProfile::new(mcptt_id, 0) }
}

fn signer() -> TokenSigner {
    TokenSigner::generate(&mut Entropy::from_seed([3; 32]))
}

fn with_tokens() -> XdmsConfig {
    let verifier = TokenVerifier::new(ISSUER, "ims.test", signer().public());
    let profiles = vec![profile(ME).to_document()];
    let administrators = vec!["10.46.0.9".parse().unwrap()];
    XdmsConfig { tokens: Some(XdmTokens { verifier, utc_ms_at_zero: 0 }), profiles, administrators, ..config() }
}

fn token(scopes: &[&str]) -> String {
    let claims = Claims {
        subject: "ann".into(),
        client_id: "mcptt_client".into(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        issued: 0,
        expires: 600,
        id: "1".into(),
        mcptt_id: Some(ME.into()),
        mcvideo_id: None,
        mcdata_id: None,
    };
    format!("Bearer {}", claims.sign(ISSUER, "ims.test", &signer()))
}

fn get(path: &str, token: &str, headers: &[(&str, &str)]) -> Request<Vec<u8>> {
    request("GET", path, &[headers, &[("Authorization", token)]].concat(), "")
}

fn put(path: &str, headers: &[(&str, &str)], body: &str) -> Request<Vec<u8>> {
    request("PUT", path, &[headers, &[("Content-Type", USER_PROFILE_CONTENT_TYPE)]].concat(), body)
}

#[test]
fn a_user_reads_his_own_profile_with_a_token() {
    let mut rig = Rig::new(with_tokens());
    let path = UserProfile::path(ME, 0);
    let read = rig.send(UE, get(&path, &token(&[SCOPE]), &[])).unwrap();
    assert_eq!((status(&read), header(&read, "content-type")), (200, USER_PROFILE_CONTENT_TYPE), "{:?}", rig.notes);
    assert_eq!(UserProfile::parse(text(&read)), Ok(profile(ME)));
    let etag = header(&read, "etag").to_owned();
    let again = rig.send(UE, get(&path, &token(&[SCOPE]), &[("If-None-Match", &etag)])).unwrap();
    assert_eq!((status(&again), again.body().len()), (304, 0));
    // A part of it, by the usual selectors.
    let part = format!("{path}/~~/mcptt-user-profile/Common/MCPTTUserID/uri-entry");
    let part = rig.send(UE, get(&part, &token(&[SCOPE]), &[])).unwrap();
    assert!(text(&part).contains(ME), "{}", text(&part));
    let capabilities = rig.ann("GET", "/xcap-caps/global/index", &[], "");
    assert!(text(&capabilities).contains(AUID_USER_PROFILE));
    // The other nodes of the process have it.
    let shelf = rig.xdms.config.shelf.clone();
    assert!(shelf.get(AUID_USER_PROFILE, ME, "mcptt-user-profile-0.xml").is_some());
}

#[test]
fn nobody_else_reads_it_and_no_user_writes_it() {
    let mut config = with_tokens();
    config.profiles.push(profile("sip:bob@mcptt.test").to_document());
    // Even one who has the identity as a user of XCAP.
    config.users[0].identities.push(ME.into());
    let mut rig = Rig::new(config);
    let path = UserProfile::path(ME, 0);
    let tricky = path.replace("org.3gpp", "%6frg.3gpp");
    let document = profile(ME).to_document();
    let ann = [("X-3GPP-Asserted-Identity", "\"sip:ann@mcptt.test\"")];
    let bearer = token(&[SCOPE]);
    type Case<'a> = (&'a str, &'a str, Request<Vec<u8>>, u16, &'a str);
    let cases: [Case<'_>; 11] = [
        ("no token", UE, request("GET", &path, &[], ""), 401, "no bearer token"),
        (
            "digest",
            UE,
            digest(&mut rig, 0, "ann@ims.test", "ann-secret", 1, request("GET", &path, &[], "")),
            401,
            "no bearer",
        ),
        ("a proxy", PROXY, request("GET", &path, &ann, ""), 401, "no bearer token"),
        ("garbage", UE, get(&path, "Bearer a.b.c", &[]), 401, "access token"),
        ("scope", UE, get(&path, &token(&["3gpp:mc:ptt_group_management_service"]), &[]), 403, SCOPE),
        ("scope, in disguise", UE, get(&tricky, &token(&["3gpp:mc:ptt_group_management_service"]), &[]), 403, SCOPE),
        ("of another", UE, get(&UserProfile::path("sip:bob@mcptt.test", 0), &bearer, &[]), 403, "another user"),
        ("another one", UE, get(&UserProfile::path(ME, 1), &bearer, &[]), 404, "nothing"),
        ("put", UE, put(&path, &[("Authorization", &bearer)], &document), 403, "administrators"),
        ("delete", UE, request("DELETE", &path, &[("Authorization", &bearer)], ""), 403, "administrators"),
        ("server", SERVER, put(&path, &[], &document), 403, "read only"),
    ];
    for (name, from, request, expected, words) in cases {
        rig.notes.clear();
        let answer = rig.send(from, request).unwrap();
        let notes = rig.notes.join("\n");
        assert!(status(&answer) == expected && notes.contains(words), "{name}: {} {notes}", status(&answer));
        let challenge = header(&answer, "www-authenticate");
        let is_bearer = challenge.starts_with("Bearer");
        assert!(is_bearer || (expected != 401 && !words.contains(SCOPE)), "{name}: {challenge}");
    }
    // A token of configuration management opens no groups.
    let groups = "/org.openmobilealliance.groups/users/sip:ann@mcptt.test/group";
    assert_eq!(status(&rig.send(UE, get(groups, &bearer, &[])).unwrap()), 403);
    // An MC server reads all.
    assert_eq!(status(&rig.send(SERVER, request("GET", &path, &[], "")).unwrap()), 200);
    // Without an identity management server it is the administrators' alone.
    let mut rig = Rig::new(XdmsConfig { tokens: None, ..with_tokens() });
    assert_eq!(status(&rig.send(UE, get(&path, &bearer, &[])).unwrap()), 403);
    assert_eq!(status(&rig.send(ADMINISTRATOR, request("GET", &path, &[], "")).unwrap()), 200);
}

#[test]
fn administrators_write_what_is_a_profile_of_that_user() {
    let mut rig = Rig::new(with_tokens());
    let path = UserProfile::path("sip:bob@mcptt.test", 1);
    let mut bob = profile("sip:bob@mcptt.test");
    bob.index = 1;
    let mut write = |path: &str, document: &str| {
        let answer = rig.send(ADMINISTRATOR, put(path, &[], document)).unwrap();
        (status(&answer), text(&answer).to_owned())
    };
    assert_eq!(write(&path, &bob.to_document()).0, 201);
    let (status_of, why) = write(&path, &profile(ME).to_document());
    assert!(status_of == 409 && why.contains("another user"), "{why}");
    let (status_of, why) = write(&path.replace("-1.xml", "-2.xml"), &bob.to_document());
    assert!(status_of == 409 && why.contains("mcptt-user-profile-1.xml"), "{why}");
    let (status_of, why) = write(&path, "<a/>");
    assert!(status_of == 409 && why.contains("schema-validation-error"), "{why}");
    // Their word goes for nothing else.
    assert_eq!(status(&rig.send(ADMINISTRATOR, request("GET", LISTS, &[], "")).unwrap()), 401);
    let deleted = rig.send(ADMINISTRATOR, request("DELETE", &path, &[], "")).unwrap();
    assert_eq!(status(&deleted), 200);
}

#[test]
fn profiles_of_the_configuration_replace_what_was_there_and_are_durable() {
    let mut rig = Rig::new(with_tokens());
    let path = UserProfile::path(ME, 0);
    let mut changed = profile(ME);
    changed.max_affiliations = Some(3);
    assert_eq!(status(&rig.send(ADMINISTRATOR, put(&path, &[], &changed.to_document())).unwrap()), 200);
    let Rig { store, .. } = rig;
    // Without it in the configuration what was written last is there.
    let mut rig = Rig::on(XdmsConfig { profiles: Vec::new(), ..with_tokens() }, store);
    let read = rig.send(SERVER, request("GET", &path, &[], "")).unwrap();
    assert_eq!(UserProfile::parse(text(&read)), Ok(changed));
    let Rig { store, .. } = rig;
    let mut rig = Rig::on(with_tokens(), store);
    let read = rig.send(SERVER, request("GET", &path, &[], "")).unwrap();
    assert_eq!(UserProfile::parse(text(&read)), Ok(profile(ME)));
    let Rig { store, .. } = rig;
    let mut rig = Rig::on(XdmsConfig { profiles: Vec::new(), ..with_tokens() }, store);
    let read = rig.send(SERVER, request("GET", &path, &[], "")).unwrap();
    assert_eq!(UserProfile::parse(text(&read)), Ok(profile(ME)), "it is kept");
    let wrong = XdmsConfig { profiles: vec!["<a/>".into()], ..with_tokens() };
    let why = Xdms::new(wrong, Entropy::from_seed([7; 32])).unwrap_err();
    assert!(why.contains("user profile"), "{why}");
}
