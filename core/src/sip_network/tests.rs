//! The plain SIP network: digest, contacts, services, asserted identities, strangers.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::sip::{Algorithm, Challenge, DigestClient, Method, Request, Response};
use protocol::{Entropy, Secret};

use super::*;
use crate::ims::Rig;

const A: &str = "10.45.0.1:5060";
const B: &str = "10.45.0.2:5060";
const B2: &str = "10.45.0.22:5060";
const SERVICE: &str = "10.46.0.14:5060";
const STRANGER: &str = "192.0.2.7:5060";

fn config() -> SipNetworkConfig {
    let mut config = SipNetworkConfig::new("sip:proxy.sip.example", "sip.example", "10.48.0.1:5060".parse().unwrap());
    let user = |name: &str, identities: &[&str]| SipUser {
        name: name.to_owned(),
        password: Secret::new(format!("pw-{name}")),
        identities: identities.iter().map(|&identity| identity.to_owned()).collect(),
    };
    config.users = vec![user("a", &["sip:a@sip.example", "tel:+1001"]), user("b", &["sip:b@sip.example"])];
    config.trusted = vec!["10.46.0.14".parse().unwrap()];
    config.hosts.insert("messaging.sip.example", SERVICE.parse().unwrap(), protocol::sip::Transport::Udp);
    config.proof = Proof::RegisteredFlow;
    config
}

fn service(methods: &[&str], side: Side) -> SipService {
    SipService {
        uri: "sip:messaging.sip.example".to_owned(),
        methods: methods.iter().map(|&method| method.to_owned()).collect(),
        events: vec![],
        request_uri: None,
        side,
        registered: None,
        registers: true,
        otherwise: Otherwise::Continue,
    }
}

fn rig(config: SipNetworkConfig) -> Rig<SipNetwork> {
    rig_with(config, BTreeMap::new())
}

fn rig_with(config: SipNetworkConfig, rows: BTreeMap<(Table, String), Vec<u8>>) -> Rig<SipNetwork> {
    Rig::new(SipNetwork::new(config, Entropy::of_box(1, "sip")).unwrap(), "10.48.0.1:5060", rows)
}

fn register(name: &str, at: &str, cseq: u32, more: &str) -> String {
    format!(
        "REGISTER sip:sip.example SIP/2.0
         Via: SIP/2.0/UDP {at};branch=z9hG4bKr{name}{cseq}{at};rport
         Max-Forwards: 70
         From: <sip:{name}@sip.example>;tag=r
         To: <sip:{name}@sip.example>
         Call-ID: reg-{name}-{at}
         CSeq: {cseq} REGISTER
         Contact: <sip:{name}@{at}>
         {more}"
    )
}

fn digest(response: &Response, (name, password): (&str, &str), wanted: &Algorithm, method: &Method, nc: u32) -> String {
    let field = if response.status == 401 { "WWW-Authenticate" } else { "Proxy-Authenticate" };
    let challenges = response.headers.all(field).map(|value| Challenge::parse(value).unwrap());
    let challenge = challenges.into_iter().find(|c| c.algorithm() == *wanted).unwrap();
    let client = DigestClient {
        username: name,
        password: password.as_bytes(),
        method,
        uri: "sip:sip.example",
        nonce_count: nc,
        cnonce: "c0ffee",
        body: &[],
    };
    challenge.answer(&client).unwrap().to_string()
}

fn registers(rig: &mut Rig<SipNetwork>, name: &str, at: &str) -> Response {
    rig.udp(at, &register(name, at, 1, ""));
    let challenged = rig.response(401, at);
    let password = format!("pw-{name}");
    let answer = digest(&challenged, (name, &password), &Algorithm::Sha256, &Method::REGISTER, 1);
    rig.udp(at, &register(name, at, 2, &format!("Authorization: {answer}")));
    rig.response(200, at)
}

fn message(from: &str, to: &str, at: &str, call: &str, more: &str) -> String {
    format!(
        "MESSAGE {to} SIP/2.0
         Via: SIP/2.0/UDP {at};branch=z9hG4bKm{call};rport
         Max-Forwards: 70
         From: <{from}>;tag=m
         To: <{to}>
         Call-ID: {call}
         CSeq: 1 MESSAGE
         {more}
         Content-Length: 0"
    )
    .replace("\n         \n", "\n")
}

#[test]
fn both_digests_register_and_a_count_or_a_nonce_is_not_used_twice() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let mut rig = rig(config());
        rig.udp(A, &register("a", A, 1, ""));
        let challenged = rig.response(401, A);
        assert_eq!(challenged.headers.all("WWW-Authenticate").count(), 2);
        let by = |name, password, nc| digest(&challenged, (name, password), &algorithm, &Method::REGISTER, nc);
        for (cseq, answer, status) in [
            (2, by("a", "wrong", 1), 401),
            (3, by("nobody", "pw-a", 1), 401),
            (4, by("b", "pw-b", 1), 403),
            (5, by("a", "pw-a", 2), 200),
            (6, by("a", "pw-a", 2), 401),
            (7, by("a", "pw-a", 3), 200),
        ] {
            rig.udp(A, &register("a", A, cseq, &format!("Authorization: {answer}")));
            let response = rig.response(status, A);
            match status {
                200 => {
                    assert_eq!(response.headers.get("Contact"), Some("<sip:a@10.45.0.1:5060>;expires=3600"));
                    assert!(response.headers.get("Authentication-Info").unwrap().contains("rspauth="));
                }
                401 => {
                    let stale = response.headers.get("WWW-Authenticate").unwrap().contains("stale=TRUE");
                    assert_eq!(stale, cseq == 6, "{cseq}");
                }
                _ => {}
            }
        }
        // A nonce gets old.
        rig.pass(Duration::from_secs(301));
        rig.udp(A, &register("a", A, 8, &format!("Authorization: {}", by("a", "pw-a", 4))));
        assert!(rig.response(401, A).headers.get("WWW-Authenticate").unwrap().contains("stale=TRUE"));
    }
}

#[test]
fn contacts_are_durable_expire_and_go() {
    let mut rig = rig(config());
    registers(&mut rig, "b", B);
    assert_eq!(rig.rows.len(), 1);
    let mut again = rig_with(config(), rig.rows.clone());
    registers(&mut again, "a", A);
    again.udp(A, &message("sip:a@sip.example", "sip:b@sip.example", A, "1", ""));
    let sent = again.request("MESSAGE", B);
    assert_eq!(sent.uri.to_string(), "sip:b@10.45.0.2:5060");
    again.answer(B, &sent, 200, &[]);
    again.response(200, A);
    again.pass(Duration::from_secs(3601));
    assert!(again.rows.is_empty());
    again.udp(B, &register("b", B, 3, ""));
    let challenged = again.response(401, B);
    let answer = digest(&challenged, ("b", "pw-b"), &Algorithm::Md5, &Method::REGISTER, 1);
    again.store_fails = true;
    again.udp(B, &register("b", B, 4, &format!("Authorization: {answer}")));
    again.response(500, B);
    assert_eq!(again.node.location.counts(), (0, 0), "what is not durable is not there");
}

#[test]
fn who_is_asserted_has_shown_it_and_strangers_assert_nothing() {
    let mut rig = rig(config());
    registers(&mut rig, "a", A);
    registers(&mut rig, "b", B);
    let lies = "P-Asserted-Identity: <sip:b@sip.example>\n         P-Served-User: <sip:b@sip.example>";
    rig.udp(A, &message("sip:a@sip.example", "sip:b@sip.example", A, "1", lies));
    let sent = rig.request("MESSAGE", B);
    assert_eq!(sent.headers.all("P-Asserted-Identity").collect::<Vec<_>>(), ["<sip:a@sip.example>"]);
    assert!(!sent.headers.contains("P-Served-User"));
    // From elsewhere the same From is asked for its digest.
    rig.udp(STRANGER, &message("sip:a@sip.example", "sip:b@sip.example", STRANGER, "2", ""));
    let challenged = rig.response(407, STRANGER);
    let answer = digest(&challenged, ("a", "pw-a"), &Algorithm::Md5, &Method::MESSAGE, 1);
    let more =
        format!("Proxy-Authorization: {answer}\n         P-Preferred-Identity: <tel:+1001>\n         Privacy: id");
    rig.udp(STRANGER, &message("sip:a@sip.example", "sip:b@sip.example", STRANGER, "3", &more));
    let sent = rig.request("MESSAGE", B);
    for gone in ["P-Asserted-Identity", "P-Preferred-Identity", "Proxy-Authorization"] {
        assert!(!sent.headers.contains(gone), "{gone}");
    }
    // A stranger reaches users as nobody, and nothing else.
    rig.udp(STRANGER, &message("sip:x@other.example", "sip:b@sip.example", STRANGER, "4", lies));
    assert!(!rig.request("MESSAGE", B).headers.contains("P-Asserted-Identity"));
    for to in ["sip:y@192.0.2.9", "sip:list@messaging.sip.example"] {
        rig.udp(STRANGER, &message("sip:x@other.example", to, STRANGER, to, lies));
        rig.response(403, STRANGER);
    }
    rig.udp(STRANGER, &message("sip:x@other.example", "sip:nobody@sip.example", STRANGER, "5", ""));
    rig.response(404, STRANGER);
    rig.is_silent();
}

#[test]
fn each_request_is_asked_for_when_flows_prove_nothing() {
    let mut rig = rig(SipNetworkConfig { proof: Proof::EachRequest, ..config() });
    registers(&mut rig, "a", A);
    rig.udp(A, &message("sip:a@sip.example", "sip:b@sip.example", A, "1", ""));
    let challenged = rig.response(407, A);
    let answer = digest(&challenged, ("a", "pw-a"), &Algorithm::Sha256, &Method::MESSAGE, 1);
    rig.udp(A, &message("sip:a@sip.example", "sip:b@sip.example", A, "2", &format!("Proxy-Authorization: {answer}")));
    rig.response(480, A);
}

#[test]
fn a_request_forks_to_all_contacts_and_one_answer_goes_back() {
    let mut rig = rig(config());
    registers(&mut rig, "a", A);
    registers(&mut rig, "b", B);
    registers(&mut rig, "b", B2);
    let invite = message("sip:a@sip.example", "sip:b@sip.example", A, "1", "Contact: <sip:a@10.45.0.1:5060>");
    rig.udp(A, &invite.replace("MESSAGE", "INVITE"));
    let mut sent: Vec<Request> = Vec::new();
    for (target, message) in std::mem::take(&mut rig.sent) {
        assert!([B, B2].contains(&target.remote.to_string().as_str()));
        sent.push(message.as_request().unwrap().clone());
    }
    assert_eq!(sent.len(), 2);
    let (first, second) = (sent.remove(0), sent.remove(0));
    assert_eq!(first.headers.get("Record-Route"), Some("<sip:proxy.sip.example;lr>"));
    let at = |request: &Request| request.uri.as_sip().unwrap().host.clone() + ":5060";
    let (at_first, at_second) = (at(&first), at(&second));
    rig.answer(&at_second, &second, 180, &[]);
    rig.response(180, A);
    rig.answer(&at_first, &first, 200, &[("Contact", &format!("<sip:b@{at_first}>"))]);
    rig.request("CANCEL", &at_second);
    let ok = rig.response(200, A);
    // The dialog goes by here, without being asked who sends.
    let bye = format!(
        "BYE sip:a@10.45.0.1:5060 SIP/2.0
         Via: SIP/2.0/UDP {at_first};branch=z9hG4bKbye;rport
         Route: <sip:proxy.sip.example;lr>
         From: {}
         To: {}
         Call-ID: 1
         CSeq: 1 BYE
         Max-Forwards: 70
         Content-Length: 0",
        ok.headers.get("To").unwrap(),
        ok.headers.get("From").unwrap()
    );
    rig.udp(&at_first, &bye);
    assert_eq!(rig.request("BYE", A).headers.get("Route"), None);
    rig.udp(STRANGER, &bye.replace("sip:a@10.45.0.1:5060", "sip:z@192.0.2.66").replace("bKbye", "bKevil"));
    // Beyond the dialog's own contacts nobody is taken at his word: the user that he names is to answer a challenge.
    rig.response(407, STRANGER);
    rig.is_silent();
}

#[test]
fn a_service_has_requests_first_and_gives_them_back() {
    let mut rig = rig(SipNetworkConfig { services: vec![service(&["MESSAGE"], Side::Terminating)], ..config() });
    registers(&mut rig, "a", A);
    let told = rig.request("REGISTER", SERVICE);
    assert_eq!(told.headers.get("To"), Some("<sip:a@sip.example>"));
    assert_eq!(told.headers.get("Expires"), Some("3600"));
    rig.answer(SERVICE, &told, 200, &[]);
    rig.udp(A, &message("sip:a@sip.example", "sip:b@sip.example", A, "1", ""));
    let asked = rig.request("MESSAGE", SERVICE);
    assert_eq!(asked.headers.get("P-Served-User"), Some("<sip:b@sip.example>;sescase=term;regstate=unreg"));
    assert_eq!(asked.headers.get("P-Asserted-Identity"), Some("<sip:a@sip.example>"));
    // Back by the Route that was given, as another transaction.
    registers(&mut rig, "b", B);
    rig.request("REGISTER", SERVICE);
    let back = asked.routes().unwrap()[1].to_string();
    let more = format!("Route: {back}\n         P-Asserted-Identity: <sip:a@sip.example>");
    rig.udp(SERVICE, &message("sip:a@sip.example", "sip:b@sip.example", SERVICE, "2", &more));
    let sent = rig.request("MESSAGE", B);
    assert_eq!(sent.headers.get("P-Asserted-Identity"), Some("<sip:a@sip.example>"));
    assert!(!sent.headers.contains("P-Served-User") && !sent.headers.contains("Route"));
    // What a service sends itself does not come to it again, and nobody else may use its Route.
    rig.udp(SERVICE, &message("sip:a@sip.example", "sip:b@sip.example", SERVICE, "3", ""));
    rig.request("MESSAGE", B);
    rig.udp(A, &message("sip:a@sip.example", "sip:b@sip.example", A, "4", &format!("Route: {back}")));
    rig.request("MESSAGE", SERVICE);
}

#[test]
fn a_service_that_fails_is_left_out_or_ends_the_request() {
    for (otherwise, registered) in
        [(Otherwise::Continue, true), (Otherwise::Refuse, true), (Otherwise::Continue, false)]
    {
        let mut led = service(&["MESSAGE"], Side::Originating);
        (led.otherwise, led.registered, led.registers) = (otherwise, Some(registered), false);
        let mut rig = rig(SipNetworkConfig { services: vec![led], ..config() });
        registers(&mut rig, "a", A);
        registers(&mut rig, "b", B);
        rig.udp(A, &message("sip:a@sip.example", "sip:b@sip.example", A, "1", ""));
        if registered {
            let asked = rig.request("MESSAGE", SERVICE);
            rig.answer(SERVICE, &asked, 503, &[]);
        }
        match otherwise {
            Otherwise::Continue => drop(rig.request("MESSAGE", B)),
            Otherwise::Refuse => drop(rig.response(500, A)),
        }
    }
}

#[test]
fn events_choose_services() {
    let mut presence = service(&["SUBSCRIBE", "PUBLISH"], Side::Terminating);
    (presence.events, presence.registers) = (vec!["presence".to_owned()], false);
    let mut rig = rig(SipNetworkConfig { services: vec![presence], ..config() });
    registers(&mut rig, "a", A);
    registers(&mut rig, "b", B);
    for (event, call, to) in [("presence", "1", SERVICE), ("presence.winfo", "2", B), ("reg", "3", B)] {
        let more = format!("Event: {event}\n         Contact: <sip:a@10.45.0.1:5060>");
        let text = message("sip:a@sip.example", "sip:b@sip.example", A, call, &more);
        rig.udp(A, &text.replace("MESSAGE", "SUBSCRIBE"));
        rig.request("SUBSCRIBE", to);
    }
}
