//! Every branch of authentication (TS 24.229 clauses 5.4.1.2.1 to 5.4.1.2.3).

use super::*;

use protocol::diameter::cx::{self, SCHEME_AKA};
use protocol::sip::base64_encode;

fn nonce_of(response: &Response) -> String {
    let challenge = Challenge::parse(response.headers.get("WWW-Authenticate").unwrap()).unwrap();
    challenge.nonce().unwrap().into_owned()
}

#[test]
fn the_right_response_registers() {
    let mut bench = Bench::new();
    let challenge = bench.ask("pcscf", &register(1, 3600, None));
    assert_eq!(challenge.status, 401);
    let field = challenge.headers.get("WWW-Authenticate").unwrap();
    assert!(field.contains(&format!("realm=\"{DOMAIN}\"")) && field.contains("algorithm=AKAv1-MD5"), "{field}");
    assert!(field.contains(&format!("ck=\"{}\"", "02".repeat(16))), "{field}");
    assert_eq!(nonce_of(&challenge), base64_encode(&[[1; 16], [101; 16]].concat()));
    let answer = bench.ask("pcscf", &register(2, 3600, Some(&respond_to(&challenge, &res(1)))));
    assert_eq!(answer.status, 200);
    assert_eq!(lock(&bench.script).mars[0].scheme, SCHEME_AKA);
    assert_eq!(bench.assignments(), [ServerAssignmentType::Registration]);
}

#[test]
fn a_wrong_res_is_challenged_again_and_then_refused() {
    let mut bench = Bench::new();
    let first = bench.ask("pcscf", &register(1, 3600, None));
    let second = bench.ask("pcscf", &register(2, 3600, Some(&respond_to(&first, b"wrong"))));
    assert_eq!(second.status, 401);
    assert_ne!(nonce_of(&first), nonce_of(&second));
    let last = bench.ask("pcscf", &register(3, 3600, Some(&respond_to(&second, b"wrong"))));
    assert_eq!(last.status, 403);
    assert_eq!(bench.assignments(), [ServerAssignmentType::AuthenticationFailure]);
    assert!(lock(&bench.rows).is_empty());
}

#[test]
fn a_nonce_is_good_for_one_response() {
    let mut bench = Bench::new();
    let challenge = bench.ask("pcscf", &register(1, 3600, None));
    let right = respond_to(&challenge, &res(1));
    assert_eq!(bench.ask("pcscf", &register(2, 3600, Some(&right))).status, 200);
    let replay = bench.ask("pcscf", &register(3, 3600, Some(&right)));
    assert_eq!(replay.status, 401);
    assert!(replay.headers.get("WWW-Authenticate").unwrap().contains("stale=TRUE"));
    // What is right for a nonce that was answered wrongly once comes too late as well.
    let challenge = bench.ask("pcscf", &register(4, 3600, None));
    assert_eq!(bench.ask("pcscf", &register(5, 3600, Some(&respond_to(&challenge, b"x")))).status, 401);
    assert_eq!(bench.ask("pcscf", &register(6, 3600, Some(&respond_to(&challenge, &res(3))))).status, 401);
}

#[test]
fn a_challenge_is_for_one_public_identity() {
    let mut bench = Bench::new();
    let challenge = bench.ask("pcscf", &register(1, 3600, None));
    let right = respond_to(&challenge, &res(1));
    let mut other = register(2, 3600, Some(&right));
    other.headers.set("To", &format!("<{TEL}>"));
    let answer = bench.ask("pcscf", &other);
    assert_eq!(answer.status, 401);
    assert!(answer.headers.get("WWW-Authenticate").unwrap().contains("stale=TRUE"));
    assert_eq!(lock(&bench.script).mars.last().unwrap().impu, TEL, "the HSS says whether he may");
    assert!(lock(&bench.rows).is_empty());
    // The one that it was for is none the worse.
    assert_eq!(bench.ask("pcscf", &register(3, 3600, Some(&right))).status, 200);
}

#[test]
fn more_than_one_authorization_is_refused() {
    let mut bench = Bench::new();
    assert_eq!(bench.register(1, 1, 3600).status, 200);
    let basic = "Basic username=\"victim@ims\"";
    for (cseq, first) in [(3, true), (5, false)] {
        let challenge = bench.ask("pcscf", &register(cseq, 3600, None));
        assert_eq!(challenge.status, 401);
        let right = respond_to(&challenge, &res(2));
        let (one, two) = if first { (basic, right.as_str()) } else { (right.as_str(), basic) };
        let mut request = register(cseq + 1, 0, Some(one));
        request.headers.append("Authorization", two);
        assert_eq!(bench.ask("pcscf", &request).status, 400);
    }
    assert_eq!(lock(&bench.rows).len(), 1);
    let basic_only = register(7, 0, Some(basic));
    assert_eq!(bench.ask("pcscf", &basic_only).status, 400);
}

#[test]
fn a_de_registration_that_is_not_his_leaves_the_contacts() {
    for (result, status, left) in [
        (ResultCode::Experimental(cx::code::IDENTITIES_DONT_MATCH), 403, 1),
        (ResultCode::Experimental(cx::code::USER_UNKNOWN), 403, 1),
        (ResultCode::Base(5012), 200, 0),
    ] {
        let mut bench = Bench::new();
        assert_eq!(bench.register(1, 1, 3600).status, 200);
        let challenge = bench.ask("pcscf", &register(3, 0, None));
        lock(&bench.script).result = result;
        let answer = bench.ask("pcscf", &register(4, 0, Some(&respond_to(&challenge, &res(2)))));
        assert_eq!((answer.status, lock(&bench.rows).len()), (status, left), "{result:?}");
        assert_eq!(bench.assignments().last(), Some(&ServerAssignmentType::UserDeregistration));
    }
}

#[test]
fn a_stale_nonce_gets_a_new_challenge() {
    let mut bench = Bench::new();
    let challenge = bench.ask("pcscf", &register(1, 3600, None));
    bench.run(Duration::from_secs(241));
    assert_eq!(bench.assignments(), [ServerAssignmentType::AuthenticationTimeout]);
    let late = bench.ask("pcscf", &register(2, 3600, Some(&respond_to(&challenge, &res(1)))));
    assert_eq!(late.status, 401);
    assert!(late.headers.get("WWW-Authenticate").unwrap().contains("stale=TRUE"));
    let answer = bench.ask("pcscf", &register(3, 3600, Some(&respond_to(&late, &res(2)))));
    assert_eq!(answer.status, 200);
}

#[test]
fn a_mac_failure_is_an_empty_response() {
    let mut bench = Bench::new();
    let challenge = bench.ask("pcscf", &register(1, 3600, None));
    let empty = |challenge: &Response| {
        format!(
            "Digest username=\"{IMPI}\", realm=\"{DOMAIN}\", nonce=\"{}\", uri=\"sip:{DOMAIN}\", response=\"\"",
            nonce_of(challenge)
        )
    };
    let again = bench.ask("pcscf", &register(2, 3600, Some(&empty(&challenge))));
    assert_eq!(again.status, 401);
    let last = bench.ask("pcscf", &register(3, 3600, Some(&empty(&again))));
    assert_eq!(last.status, 403);
    assert_eq!(bench.assignments(), [ServerAssignmentType::AuthenticationFailure]);
}

#[test]
fn an_auts_goes_to_the_hss_with_its_rand_and_the_next_vector_works() {
    let mut bench = Bench::new();
    let auts = [7u8; 14];
    let with_auts = |challenge: &Response| format!("{}, auts=\"{}\"", respond_to(challenge, b""), base64_encode(&auts));
    let challenge = bench.ask("pcscf", &register(1, 3600, None));
    let again = bench.ask("pcscf", &register(2, 3600, Some(&with_auts(&challenge))));
    assert_eq!(again.status, 401);
    let expected = [[1u8; 16].as_slice(), &auts].concat();
    assert_eq!(lock(&bench.script).mars[1].authorization, Some(expected));
    let answer = bench.ask("pcscf", &register(3, 3600, Some(&respond_to(&again, &res(2)))));
    assert_eq!(answer.status, 200);
    // A UE that is never in step is not served for ever.
    let challenge = bench.ask("pcscf", &register(4, 3600, None));
    let again = bench.ask("pcscf", &register(5, 3600, Some(&with_auts(&challenge))));
    let third = bench.ask("pcscf", &register(6, 3600, Some(&with_auts(&again))));
    let last = bench.ask("pcscf", &register(7, 3600, Some(&with_auts(&third))));
    assert_eq!((again.status, third.status, last.status), (401, 401, 403));
}

#[test]
fn a_response_that_came_without_protection_is_worth_nothing_but_an_auts_is() {
    let mut bench = Bench::with(Rows::default(), 0, |config| config.takes_unprotected_aka = false);
    let unprotected = |c: &str| format!("{c}, integrity-protected=\"no\"");
    let challenge = bench.ask("pcscf", &register(1, 3600, None));
    let right = unprotected(&respond_to(&challenge, &res(1)));
    assert_eq!(bench.ask("pcscf", &register(2, 3600, Some(&right))).status, 401);
    let challenge = bench.ask("pcscf", &register(3, 3600, None));
    let auts = unprotected(&format!("{}, auts=\"{}\"", respond_to(&challenge, b""), base64_encode(&[7u8; 14])));
    assert_eq!(bench.ask("pcscf", &register(4, 3600, Some(&auts))).status, 401);
    assert!(lock(&bench.script).mars.last().unwrap().authorization.is_some());
    // Where no P-CSCF sets associations up, it counts.
    let mut bench = Bench::new();
    let challenge = bench.ask("pcscf", &register(1, 3600, None));
    let right = unprotected(&respond_to(&challenge, &res(1)));
    assert_eq!(bench.ask("pcscf", &register(2, 3600, Some(&right))).status, 200);
}

#[test]
fn a_registered_ue_over_its_association_need_not_show_itself_again() {
    let mut bench = Bench::new();
    assert_eq!(bench.register(1, 1, 3600).status, 200);
    let bound = format!("Digest username=\"{IMPI}\", realm=\"{DOMAIN}\", nonce=\"\", uri=\"sip:x\", response=\"\"");
    let protected = format!("{bound}, integrity-protected=\"ip-assoc-yes\"");
    assert_eq!(bench.ask("pcscf", &register(3, 3600, Some(&protected))).status, 200);
    assert_eq!(bench.ask("pcscf", &register(4, 3600, Some(&bound))).status, 401);
    let other = protected.replace(IMPI, "somebody@else");
    assert_eq!(bench.ask("pcscf", &register(5, 3600, Some(&other))).status, 401);
}

#[test]
fn an_unknown_impi_is_forbidden() {
    let mut bench = Bench::new();
    lock(&bench.script).result = ResultCode::Experimental(cx::code::USER_UNKNOWN);
    assert_eq!(bench.ask("pcscf", &register(1, 3600, None)).status, 403);
}

#[test]
fn an_hss_that_is_silent_or_refuses_the_assignment() {
    let mut bench = Bench::new();
    let challenge = bench.ask("pcscf", &register(1, 3600, None));
    lock(&bench.script).result = ResultCode::Experimental(cx::code::ROAMING_NOT_ALLOWED);
    let answer = bench.ask("pcscf", &register(2, 3600, Some(&respond_to(&challenge, &res(1)))));
    assert_eq!(answer.status, 403);
    lock(&bench.script).is_silent = true;
    bench.send("pcscf", &SipMessage::Request(register(3, 3600, None)));
    bench.run(Duration::from_secs(10));
    assert_eq!(bench.response("pcscf").status, 504);
}

#[test]
fn sip_digest_counts_its_nonce_up() {
    let mut bench = Bench::new();
    lock(&bench.script).vectors = VecDeque::from([digest_vector(), digest_vector(), digest_vector()]);
    let password = b"open sesame";
    let challenge = bench.ask("pcscf", &register(1, 3600, None));
    let first = respond_with_count(&challenge, password, 1);
    let answer = bench.ask("pcscf", &register(2, 3600, Some(&first)));
    assert_eq!(answer.status, 200);
    assert!(answer.headers.get("Authentication-Info").unwrap().contains("rspauth"));
    let second = respond_with_count(&challenge, password, 2);
    assert_eq!(bench.ask("pcscf", &register(3, 3600, Some(&second))).status, 200);
    let replay = bench.ask("pcscf", &register(4, 3600, Some(&second)));
    assert_eq!(replay.status, 401);
    assert!(replay.headers.get("WWW-Authenticate").unwrap().contains("stale=TRUE"));
    let wrong = bench.ask("pcscf", &register(5, 3600, Some(&respond_with_count(&replay, b"guess", 1))));
    assert_eq!(wrong.status, 401);
}

#[test]
fn no_secret_is_said_or_stored() {
    let mut bench = Bench::new();
    bench.register(1, 1, 3600);
    let secrets = [hex::encode(res(1)), "02".repeat(16), "03".repeat(16)];
    let stored: String = lock(&bench.rows).values().map(|v| String::from_utf8_lossy(v).into_owned()).collect();
    let said = bench.notes.join(" ") + &stored + &format!("{:?}", bench.fabric);
    assert!(secrets.iter().all(|s| !said.contains(s)));
}
