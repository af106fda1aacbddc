//! Authorisation and affiliation (TS 24.379 clauses 7 and 9).

use proptest::prelude::*;
use protocol::sip::Method;

use super::*;
use crate::mc::{Claims, McAuthentication, TokenSigner, TokenVerifier};

fn signer() -> TokenSigner {
    TokenSigner::generate(&mut Entropy::from_seed([3; 32]))
}

fn with_tokens() -> Net {
    Net::with(|_, config| {
        let verifier = TokenVerifier::new("https://idms.test", "mc.test", signer().public());
        config.authentication = McAuthentication::Tokens(verifier);
        config.users.iter_mut().for_each(|user| user.impus.clear());
        config.utc_ms_at_zero = 1_800_000_000_000;
    })
}

fn token(user: u8, scope: &str, expires: u64) -> String {
    let claims = Claims {
        subject: format!("m{user}"),
        client_id: "mcptt_client".into(),
        scopes: [scope.to_owned()].into(),
        issued: 1_800_000_000,
        expires: 1_800_000_000 + expires,
        id: "1".into(),
        mcptt_id: Some(mcptt_id(user)),
        mcvideo_id: None,
        mcdata_id: None,
    };
    claims.sign("https://idms.test", "mc.test", &signer())
}

const SCOPE: &str = "3gpp:mc:ptt_service";

fn authorise(net: &mut Net, user: u8, token: Option<String>, expires: u32) -> Option<u16> {
    net.order(user, Order::Authorise(token, expires));
    net.run_ms(300);
    net.answered(user)
}

#[test]
fn who_shows_a_token_is_served_and_nobody_else() {
    let mut net = with_tokens();
    assert_eq!(net.affiliate(1, &[GROUP]), Some(403));
    assert!(net.phone(1, |desk| desk.warnings[0].contains("101 service authorisation failed")));
    for bad in [
        None,
        Some("no token".to_owned()),
        Some(token(1, "3gpp:mc:data_service", 600)),
        Some(token(4, SCOPE, 600)),
        Some(token(9, SCOPE, 600)),
    ] {
        assert_eq!(authorise(&mut net, 1, bad.clone(), 3600), Some(403), "{bad:?}");
    }
    for user in [1, 2, 4, 7] {
        assert_eq!(authorise(&mut net, user, Some(token(user, SCOPE, 600)), u32::MAX), Some(200), "{:#?}", net.notes);
    }
    // A refresh needs no token; the same user from another IMS identity takes it over.
    assert_eq!(authorise(&mut net, 1, None, 7200), Some(200));
    net.affiliate_all([1, 2, 4, 7]);
    net.call(1, GROUP);
    assert_eq!(net.in_call(), [1, 2, 4, 7], "{:#?}", net.notes);
    net.order(1, Order::HangUp);
    net.run_ms(500);
    // All that was acknowledged is there after a restart.
    (1..=3).for_each(|number| net.restart(number));
    net.run_ms(500);
    assert_eq!((net.figure(1, "mc_authorised"), net.figure(2, "mc_affiliations")), (2, 4));
    net.call(2, GROUP);
    assert_eq!(net.in_call(), [1, 2, 4, 7], "{:#?}", net.notes);
    // Who leaves the service leaves its groups and their calls; here and at the controlling server.
    assert_eq!(authorise(&mut net, 7, None, 0), Some(200));
    net.run_ms(500);
    assert_eq!(net.in_call(), [1, 2, 4]);
    assert_eq!((net.figure(3, "mc_authorised"), net.figure(3, "mc_affiliations")), (0, 0));
    assert_eq!(net.figure(2, "mc_affiliations"), 3);
    assert_eq!(net.affiliate(7, &[GROUP]), Some(403));
}

#[test]
fn authorisations_and_affiliations_end_in_their_time() {
    let mut net = Net::with(|_, config| config.limits.affiliation_s = 600);
    net.affiliate_all([1, 4]);
    net.run_ms(599_000);
    assert_eq!(net.figure(2, "mc_affiliations"), 2);
    net.run_ms(3000);
    assert_eq!((net.figure(1, "mc_affiliations"), net.figure(2, "mc_affiliations")), (0, 0));
    assert_eq!(net.fabric.poll_timeout(), None, "nothing is left to do");
    // The shortest time counts at both servers.
    let mut net = Net::with(|number, config| config.limits.affiliation_s = if number == 2 { 100 } else { 600 });
    net.affiliate_all([1]);
    net.run_ms(102_000);
    assert_eq!((net.figure(1, "mc_affiliations"), net.figure(2, "mc_affiliations")), (0, 0));
    let mut net = with_tokens();
    assert_eq!(authorise(&mut net, 1, Some(token(1, SCOPE, 600)), 60), Some(200));
    net.affiliate_all([1]);
    net.run_ms(61_000);
    assert_eq!((net.figure(1, "mc_authorised"), net.figure(1, "mc_affiliations")), (0, 0));
    assert_eq!(net.figure(2, "mc_affiliations"), 0, "{:#?}", net.notes);
}

#[test]
fn affiliations_that_may_not_be_are_refused_and_leave_all_as_it_was() {
    let mut net = Net::with(|number, config| {
        config.limits.affiliations = 1 + usize::from(number > 1);
        config.limits.body = 4096;
    });
    net.affiliate_all([1]);
    assert_eq!(net.affiliate(1, &[GROUP, OWN_GROUP]), Some(486));
    assert_eq!(net.affiliate(8, &[GROUP]), Some(403));
    assert_eq!(net.affiliate(1, &["sip:nobody@groups.mcptt.test"]), Some(404));
    assert_eq!((net.figure(1, "mc_affiliations"), net.figure(2, "mc_affiliations")), (1, 1));
    // All groups that are not named are left.
    assert_eq!(net.affiliate(1, &[OWN_GROUP]), Some(200));
    assert_eq!((net.figure(1, "mc_affiliations"), net.figure(2, "mc_affiliations")), (1, 0));
    // A controlling server that does not answer.
    assert!(net.fabric.set_down(net.now, "mc2", true));
    net.order(1, Order::Affiliate(vec![GROUP.to_owned()]));
    net.run_ms(10_000);
    assert_eq!(net.answered(1), Some(504));
    assert_eq!(net.figure(1, "mc_affiliations"), 1);
}

#[test]
fn bodies_that_cannot_be_are_refused_with_what_is_wrong() {
    let mut net = Net::with(|_, config| config.limits.body = 4096);
    let presence = || ("Event", "presence".to_owned());
    let mut status = |headers: Vec<(&'static str, String)>, kind: &str, body: &[u8]| {
        net.order(1, Order::Send(Method::PUBLISH, headers, kind.to_owned(), body.to_vec()));
        net.run_ms(300);
        net.answered(1).unwrap()
    };
    assert_eq!(status(vec![("Event", "dialog".to_owned())], "text/plain", b"x"), 489);
    assert_eq!(status(vec![], "text/plain", b"x"), 489);
    assert_eq!(status(vec![presence()], "text/plain", b"x"), 415);
    assert_eq!(status(vec![presence()], "application/pidf+xml", b"<presence"), 400);
    assert_eq!(status(vec![presence()], "application/pidf+xml", &[0xff; 9]), 400);
    assert_eq!(status(vec![presence()], "multipart/mixed", b"x"), 400);
    assert_eq!(status(vec![presence()], "multipart/mixed;boundary=b", b"--b\r\n\r\nx"), 400);
    assert_eq!(status(vec![presence()], "application/pidf+xml", &vec![b' '; 5000]), 413);
    let info = "application/vnd.3gpp.mcptt-info+xml";
    assert_eq!(status(vec![presence()], info, b"<mcpttinfo>"), 400);
    assert_eq!(status(vec![("Event", "poc-settings".to_owned())], info, b"<a/>"), 400);
    let encrypted = "<mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\"><mcptt-Params><mcptt-access-token type=\"Encrypted\">\
                     <EncryptedData xmlns=\"http://www.w3.org/2001/04/xmlenc#\"/></mcptt-access-token></mcptt-Params></mcpttinfo>";
    assert_eq!(status(vec![("Event", "poc-settings".to_owned())], info, encrypted.as_bytes()), 400);
    net.order(1, Order::Send(Method::MESSAGE, vec![], "text/plain".into(), b"x".to_vec()));
    net.order(1, Order::Send(Method::REFER, vec![("Refer-To", "<sip:x@y>".into())], "text/plain".into(), Vec::new()));
    net.run_ms(300);
    let answers = net.phone(1, |desk| desk.answers.clone());
    assert!(answers.ends_with(&[488, 405]), "{answers:?}");
    assert_eq!(net.figure(1, "mc_affiliations"), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_a_body_is_it_is_answered_and_the_server_goes_on(
        octets in prop::collection::vec(any::<u8>(), 0..300),
        at in 0..400usize,
        octet in any::<u8>(),
    ) {
        let mut net = Net::new();
        let mut changed = format!(
            "--b\r\nContent-Type: application/vnd.3gpp.mcptt-info+xml\r\n\r\n<mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\">\
             <mcptt-Params><session-type>prearranged</session-type><mcptt-request-uri type=\"Normal\"><mcpttURI>{GROUP}</mcpttURI>\
             </mcptt-request-uri></mcptt-Params></mcpttinfo>\r\n--b\r\nContent-Type: application/sdp\r\n\r\n{}\r\n--b--\r\n",
            User::sdp(phone_ip(1))
        )
        .into_bytes();
        let at = at % changed.len();
        changed[at] = octet;
        let mut asked = 0;
        for body in [octets, changed] {
            for kind in ["multipart/mixed;boundary=b", "application/vnd.3gpp.mcptt-info+xml", "application/pidf+xml"] {
                for (method, event) in [(Method::PUBLISH, "presence"), (Method::PUBLISH, "poc-settings"), (Method::MESSAGE, "x")] {
                    let headers = vec![("Event", event.to_owned())];
                    net.order(1, Order::Send(method, headers, kind.to_owned(), body.clone()));
                    asked += 1;
                }
            }
        }
        net.run_ms(500);
        let answers = net.phone(1, |desk| desk.answers.clone());
        prop_assert!(answers.len() == asked && answers.iter().all(|status| *status > 0), "{answers:?}");
        net.affiliate_all([1, 4]);
        net.call(1, GROUP);
        prop_assert_eq!(net.in_call(), [1, 4]);
    }
}
