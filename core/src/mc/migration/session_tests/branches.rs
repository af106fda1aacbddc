//! What becomes of a migration that does not go as it should.

use protocol::diameter::ResultCode;
use protocol::diameter::cx::{Mar, SCHEME_DIGEST, code};

use super::*;

/// The result of the last MAA that the SIP core of the partner system got.
fn result(net: &Net) -> Option<ResultCode> {
    let mars = net.mars();
    let to_core = mars.iter().rev().find(|(_, _, to, message)| *to == "partner.scscf" && !message.is_request());
    to_core.map(|(.., message)| ResultCode::from_message(message).unwrap())
}

fn has_crossed(net: &Net) -> bool {
    net.mars().iter().any(|(joint, ..)| *joint == Joint::Migration)
}

const UNABLE: Option<ResultCode> = Some(ResultCode::Base(5012));

#[test]
fn an_identity_without_a_binding_is_unknown() {
    let mut net = Net::with(|system, config| {
        if system == Partner {
            config.bindings.retain(|binding| !binding.impi.starts_with("m1@"));
        }
    });
    let answer = net.begin(1, Partner);
    assert_eq!(answer.status, 403, "{:#?}", net.notes);
    assert!(!has_crossed(&net) && net.home_rows().is_empty() && net.partner_rows().is_empty());
    // The UAR has ended it; an S-CSCF that asks all the same hears the same.
    let uaa = net.diameter(d::USER_AUTHORIZATION).pop().unwrap().3;
    assert_eq!(ResultCode::from_message(&uaa), Ok(ResultCode::Experimental(code::USER_UNKNOWN)));
    net.registers(2, Partner, 3600);
}

#[test]
fn a_user_who_is_barred_is_refused_by_whoever_bars_him() {
    let mut net = Net::with(|system, config| match system {
        Partner | Third => config.bindings[0].is_barred = true,
        Primary => {
            let rule = |name: &str, systems: &[&str], barred| MigrationRule {
                identities: vec![format!("{name}@{HOME}")],
                systems: systems.iter().map(|name| (*name).to_owned()).collect(),
                barred,
            };
            config.rules = vec![
                rule("*2", &["partner"], true),
                rule("*3", &[], false),
                rule("*4", &["partner"], false),
                rule(&format!("*{USERS}"), &["partner"], false),
            ];
        }
    });
    // By the binding, before anything is asked.
    assert_eq!((net.begin(1, Partner).status, has_crossed(&net)), (403, false));
    let rejected = Some(ResultCode::Base(5003));
    // By the rule of the primary system, before its HSS is asked.
    assert_eq!((net.begin(2, Partner).status, result(&net)), (403, rejected), "{:#?}", net.notes);
    // Not allowed to go to this system, or to any.
    let not_allowed = Some(ResultCode::Experimental(code::ROAMING_NOT_ALLOWED));
    assert_eq!((net.begin(3, Partner).status, result(&net)), (403, not_allowed));
    assert_eq!((net.begin(5, Partner).status, result(&net)), (403, not_allowed));
    assert!(net.mars().iter().all(|(_, _, to, _)| *to != "hss"));
    // By the HSS of the primary system.
    assert_eq!((net.begin(USERS, Partner).status, result(&net)), (403, rejected));
    assert!(net.mars().iter().any(|(_, _, to, _)| *to == "hss"));
    assert!(net.home_rows().is_empty() && net.partner_rows().is_empty());
    net.registers(4, Partner, 3600);
    net.is_idle();
}

#[test]
fn a_primary_system_that_cannot_be_reached_is_said_so_at_once() {
    let mut net = Net::new();
    for name in ["dra", "migration"] {
        assert!(net.fabric.set_down(net.now, name, true));
        net.run_ms(1_000);
        let request = net.register(1, Partner, 3600, None);
        let answer = net.ask(1, Partner, &request);
        assert_eq!((answer.status, result(&net)), (500, UNABLE), "{name}: {:#?}", net.notes);
        assert!(net.fabric.set_down(net.now, name, false));
        net.run_ms(70_000);
    }
    assert!(net.home_rows().is_empty() && net.partner_rows().is_empty());
    net.registers(1, Partner, 3600);
    net.is_idle();
}

#[test]
fn an_hss_that_does_not_answer_is_waited_for_less_long_than_the_partner_waits() {
    let mut net = Net::new();
    net.fate = Some(Box::new(|message| !is_maa(message, "hss", "dra")));
    let began = net.now;
    let request = net.register(1, Partner, 3600, None);
    net.send(1, Partner, &request);
    while net.inbox.is_empty() {
        net.run_ms(50);
    }
    let waited = net.now - began;
    assert!((4_000..4_500).contains(&waited.as_millis()), "{waited:?}");
    assert_eq!((net.response(1).status, result(&net)), (500, UNABLE));
    assert_eq!((net.figure(0, "migration_timeouts"), net.figure(1, "migration_timeouts")), (1, 0));
    assert!(net.home_rows().is_empty() && net.partner_rows().is_empty());
    net.fate = None;
    net.registers(1, Partner, 3600);
}

#[test]
fn an_answer_after_the_timer_of_the_partner_is_not_used() {
    let mut net = Net::new();
    let held: Arc<Mutex<Vec<WireMessage>>> = Arc::default();
    let keep = Arc::clone(&held);
    net.fate = Some(Box::new(move |message| {
        let is_held = is_maa(message, "dra", "partner.dra");
        keep.lock().unwrap().extend(is_held.then(|| message.clone()));
        !is_held
    }));
    let answer = net.begin(1, Partner);
    assert_eq!((answer.status, result(&net)), (500, UNABLE), "{:#?}", net.notes);
    assert_eq!(net.figure(1, "migration_timeouts"), 1);
    // It comes too late: nobody hears of it.
    net.fate = None;
    let count = net.mars().len();
    for message in held.lock().unwrap().drain(..) {
        net.fabric.carry(net.now, message);
    }
    net.wait(Duration::from_secs(10));
    assert!(net.inbox.is_empty() && net.partner_rows().is_empty() && net.home_rows().is_empty());
    let after = net.mars();
    assert!(after[count..].iter().all(|(_, _, to, _)| *to != "partner.scscf"), "{after:#?}");
    net.is_idle();
    // The vector is lost; the next one is newer, and is taken.
    net.registers(1, Partner, 3600);
}

#[test]
fn a_wrong_response_ends_in_the_partner_system() {
    let mut net = Net::new();
    net.registers(1, Primary, 3600);
    let home = net.home_rows();
    let mut challenge = net.begin(1, Partner);
    for expected in [401, 403] {
        let wrong = Ue::wrong(&Partner.identities(1), &challenge);
        let request = net.register(1, Partner, 3600, Some(&wrong));
        challenge = net.ask(1, Partner, &request);
        assert_eq!(challenge.status, expected, "{:#?}", net.notes);
    }
    assert_eq!((net.partner_state(1), net.partner_rows()), (Some(IdentityState::NotRegistered), Vec::new()));
    assert_eq!((net.home_rows(), net.home_state(1)), (home, Some(IdentityState::Registered)));
    net.registers(1, Partner, 3600);
}

#[test]
fn a_usim_out_of_step_resynchronises_across_the_systems() {
    for is_registered_at_home in [false, true] {
        let mut net = Net::new();
        if is_registered_at_home {
            // An S-CSCF is assigned there: not that of the partner system, which the HSS does not hold against it.
            net.registers(1, Primary, 3600);
        }
        let home = net.home_rows();
        net.ues[0].sqn = 0x0000_00ff_0000;
        let challenge = net.begin(1, Partner);
        net.wire.clear();
        let again = net.answer(1, Partner, &challenge, 3600);
        assert_eq!(again.status, 401, "{:#?}", net.notes);
        let asked: Vec<_> = net.mars().into_iter().filter(|(.., message)| message.is_request()).collect();
        assert_eq!(asked.len(), 6);
        let octets = |message: &Message| Mar::from_message(message).unwrap().authorization;
        // RAND and AUTS, as the S-CSCF says them, on all hops (TS 29.228 table 6.3.3).
        assert_eq!(octets(&asked[0].3).map(|octets| octets.len()), Some(30));
        assert!(asked.iter().all(|(.., message)| octets(message) == octets(&asked[0].3)));
        assert_eq!(net.answer(1, Partner, &again, 3600).status, 200, "{:#?}", net.notes);
        assert_eq!(net.home_rows(), home);
        // An AUTS that is nobody's is refused by the HSS of the primary system.
        net.ues[1].sqn = 0x0000_00ff_0000;
        let challenge = net.begin(2, Partner);
        net.ues[1].op = [0x11; 16];
        let request = {
            let mut stranger = Ue::new(2);
            (stranger.op, stranger.sqn) = ([0x5a; 16], 0x0000_00ff_0000);
            let own = stranger.credentials(&Partner.identities(2), &challenge);
            let auts = own.split("auts=\"").nth(1).unwrap().to_owned();
            let broken = own.replace(&auts, &format!("AAAA{}", &auts[4..]));
            net.register(2, Partner, 3600, Some(&broken))
        };
        let refusal = net.ask(2, Partner, &request);
        assert_eq!((refusal.status, result(&net)), (500, UNABLE), "{:#?}", net.notes);
    }
}

#[test]
fn a_password_is_of_no_use_in_another_system() {
    let mut net = Net::new();
    let who = Partner.identities(1);
    let md5 = format!(
        "Digest username=\"{}\", realm=\"{PARTNER}\", nonce=\"x\", uri=\"sip:{PARTNER}\", response=\"0\", algorithm=MD5",
        who.impi
    );
    let request = net.register(1, Partner, 3600, Some(&md5));
    let answer = net.ask(1, Partner, &request);
    let refused = Some(ResultCode::Experimental(code::AUTH_SCHEME_NOT_SUPPORTED));
    assert_eq!((answer.status, result(&net), has_crossed(&net)), (403, refused, false), "{:#?}", net.notes);
    // A digest in place of AKA: of the server of the partner system, and of the HSS at home.
    for (from, to, crosses) in [("partner.scscf", "partner.migration", false), ("dra", "hss", true)] {
        net.wire.clear();
        net.fate = Some(Box::new(move |message| {
            if message.from == from && message.to == to && is_mar_or_maa(message, true) {
                let parsed = Message::parse(&message.bytes).unwrap();
                let mar = Mar { scheme: SCHEME_DIGEST.to_owned(), ..Mar::from_message(&parsed).unwrap() };
                message.bytes = Message { avps: mar.to_message().avps, ..parsed }.emit();
            }
            true
        }));
        assert_eq!((net.begin(2, Partner).status, result(&net)), (403, refused), "{to}: {:#?}", net.notes);
        assert_eq!(has_crossed(&net), crosses);
    }
    assert_eq!(net.figure(0, "migration_vectors"), 0);
    net.is_idle();
}

#[test]
fn too_many_questions_at_a_time_are_refused() {
    let mut net = Net::with(|_, config| config.max_pending = 1);
    net.fate = Some(Box::new(|message| !is_maa(message, "hss", "dra")));
    for number in [1, 2] {
        let request = net.register(number, Partner, 3600, None);
        net.send(number, Partner, &request);
        net.run_ms(200);
    }
    assert_eq!(net.response(2).status, 500, "{:#?}", net.notes);
    assert_eq!(result(&net), Some(ResultCode::Base(3004)));
    net.wait(Duration::from_secs(7));
    assert_eq!(net.response(1).status, 500);
    net.is_idle();
    net.fate = None;
    net.registers(2, Partner, 3600);
}

#[test]
fn bindings_that_contradict_each_other_are_refused_at_the_start() {
    let binding = |impi: &str, primary: &str, partner_impu: &str, impu: &str| {
        MigrationBinding::new("primary", impi, primary).with(partner_impu, impu)
    };
    let first = || binding("m1@p.test", "1@h.test", "sip:m1@p.test", "sip:1@h.test");
    for (second, said) in [
        (binding("m1@p.test", "2@h.test", "sip:m2@p.test", "sip:2@h.test"), "bound twice"),
        (binding("m2@p.test", "1@h.test", "sip:m2@p.test", "sip:2@h.test"), "bound twice"),
        (binding("m2@p.test", "2@h.test", "sip:m1@P.test", "sip:2@h.test"), "bound twice"),
        (binding("m2@p.test", "2@h.test", "sip:m2@p.test", "sip:1@H.test"), "bound twice"),
        (binding("m2", "2@h.test", "sip:m2@p.test", "sip:2@h.test"), "not user@realm"),
        (binding("m2@p.test", "2@h.test", "mailto:m2@p.test", "sip:2@h.test"), "not a SIP or tel URI"),
        (MigrationBinding::new("primary", "m2@p.test", "2@h.test"), "no public identity"),
        (MigrationBinding::new("nobody", "m2@p.test", "2@h.test"), "in no agreement"),
    ] {
        let mut config = Partner.plan().migration_server(&[&Primary.plan()]);
        config.bindings = vec![first(), second];
        let error = MigrationServer::new(config, Entropy::from_seed([0; 32])).unwrap_err();
        assert!(error.contains(said), "{error}: {said}");
    }
    let mut config = Primary.plan().migration_server(&[&Partner.plan()]);
    config.rules = vec![MigrationRule { identities: Vec::new(), systems: vec!["x".to_owned()], barred: false }];
    assert!(MigrationServer::new(config, Entropy::from_seed([0; 32])).unwrap_err().contains("in no agreement"));
    let error = parse_bindings("b.toml", "[[binding]]\nsystem = 'x'\nimpi = 1").unwrap_err().to_string();
    assert!(error.starts_with("b.toml:3:8:"), "{error}");
}
