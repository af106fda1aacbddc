//! Contacts, their ends, and who is told of them (TS 24.229 clauses 5.4.1 and 5.4.2.1).

use super::*;

use protocol::xml::{ContactEvent, RegInfo, RegInfoState, RegistrationState};

use crate::ims::profile::{ApplicationServer, Condition, DefaultHandling, ServicePointTrigger, TriggerPoint};
use crate::node::Admin;

/// SUBSCRIBE of the user; the first NOTIFY is answered.
fn subscribe(bench: &mut Bench) -> RegInfo {
    let fields = [
        ("Event", "reg"),
        ("Expires", "7200"),
        ("Accept", "application/reginfo+xml"),
        ("P-Asserted-Identity", &*format!("<{IMPU}>")),
        ("Contact", "<sip:alice@10.45.0.1>"),
        ("Record-Route", PATH),
        ("Route", &format!("<{};lr>", SCSCF.replace("sip:", "sip:orig@"))),
    ];
    let answer = bench.ask("pcscf", &request("SUBSCRIBE", IMPU, "sub", 1, "pcscf", &fields));
    assert_eq!((answer.status, answer.headers.get("Expires")), (200, Some("7200")), "{answer:?}");
    notified(bench).0
}

/// Takes a NOTIFY and answers it; its document and Subscription-State.
fn notified(bench: &mut Bench) -> (RegInfo, String) {
    let notify = bench.request("pcscf");
    assert_eq!(notify.method, Method::NOTIFY);
    assert_eq!(notify.headers.get("Route"), Some(PATH));
    assert_eq!(notify.headers.get("Event"), Some("reg"));
    bench.reply("pcscf", &notify, 200);
    let info = RegInfo::parse(std::str::from_utf8(&notify.body).unwrap()).unwrap();
    (info, notify.headers.get("Subscription-State").unwrap().to_owned())
}

pub(super) fn tells(name: &str, handling: DefaultHandling) -> InitialFilterCriteria {
    let method = Condition::Method { method: "REGISTER".to_owned(), registration: [].into() };
    let trigger = ServicePointTrigger { negated: false, groups: [0].into(), condition: method };
    InitialFilterCriteria {
        priority: 0,
        trigger: Some(TriggerPoint { conjunctive: false, triggers: vec![trigger] }),
        server: ApplicationServer {
            name: name.to_owned(),
            default_handling: handling,
            service_information: Some("99970000001".to_owned()),
            include_register_request: true,
            include_register_response: false,
        },
        profile_part: None,
    }
}

#[test]
fn the_200_has_routes_identities_and_contacts() {
    let mut bench = Bench::new();
    let answer = bench.register(1, 1, 3600);
    let all = |name: &str| answer.headers.all(name).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(all("P-Associated-URI"), [format!("<{IMPU}>"), format!("<{TEL}>")]);
    assert_eq!(all("Path"), [PATH]);
    assert_eq!(all("Service-Route"), [format!("<{};lr>", SCSCF.replace("sip:", "sip:orig@"))]);
    assert_eq!(all("Contact"), [format!("{CONTACT};expires=3600")]);
    assert_eq!(lock(&bench.rows).len(), 1);
}

#[test]
fn a_short_expiry_is_refused_and_a_long_one_cut() {
    let mut bench = Bench::new();
    let answer = bench.register(1, 1, 30);
    assert_eq!((answer.status, answer.headers.get("Min-Expires")), (423, Some("60")));
    let answer = bench.register(2, 3, 9_000_000);
    assert!(answer.headers.get("Contact").unwrap().ends_with("expires=600000"));
}

/// The way to a registration of contacts `range` with vector `n`.
fn register_contacts(bench: &mut Bench, n: u8, range: std::ops::Range<u32>) -> Response {
    let cseq = u32::from(n) * 2;
    let challenge = bench.ask("pcscf", &register(cseq, 3600, None));
    assert_eq!(challenge.status, 401, "{challenge:?}");
    let mut request = register(cseq + 1, 3600, Some(&respond_to(&challenge, &res(n))));
    let contacts: Vec<String> = range.map(|i| format!("<sip:alice@10.45.0.1:{}>", 10_000 + i)).collect();
    request.headers.set("Contact", &contacts.join(", "));
    bench.ask("pcscf", &request)
}

#[test]
fn a_user_has_no_more_contacts_than_a_message_holds() {
    let mut bench = Bench::new();
    for n in 1..=4 {
        let from = u32::from(n - 1) * 8;
        assert_eq!(register_contacts(&mut bench, n, from..from + 8).status, 200);
    }
    assert_eq!(register_contacts(&mut bench, 5, 31..33).status, 403);
    assert_eq!(bench.assignments().len(), 4, "the HSS is not asked");
    let answer = register_contacts(&mut bench, 6, 24..32);
    assert_eq!((answer.status, answer.headers.values("Contact").count()), (200, 32));
}

#[test]
fn too_many_or_too_long_contacts_of_one_register_are_refused() {
    let mut bench = Bench::new();
    let mut request = register(1, 3600, None);
    let contacts: Vec<String> = (0..9).map(|i| format!("<sip:alice@10.45.0.1:{}>", 10_000 + i)).collect();
    request.headers.set("Contact", &contacts.join(", "));
    assert_eq!(bench.ask("pcscf", &request).status, 400);
    assert!(lock(&bench.script).mars.is_empty(), "the HSS is not asked");
    let challenge = bench.ask("pcscf", &register(2, 3600, None));
    let mut request = register(3, 3600, Some(&respond_to(&challenge, &res(1))));
    request.headers.set("Contact", &format!("<sip:{}@10.45.0.1>", "a".repeat(1100)));
    assert_eq!(bench.ask("pcscf", &request).status, 400);
    assert!(lock(&bench.rows).is_empty());
}

#[test]
fn an_identity_is_watched_by_so_many_only() {
    let mut bench = Bench::new();
    bench.register(1, 1, 3600);
    let asserted = format!("<{IMPU}>");
    let fields = [("Event", "reg"), ("P-Asserted-Identity", &*asserted), ("Contact", "<sip:10.46.0.1:5060>")];
    let mut statuses = Vec::new();
    for n in 0..40 {
        let answer = bench.ask("pcscf", &request("SUBSCRIBE", IMPU, &format!("s{n}"), 1, "pcscf", &fields));
        statuses.push(answer.status);
    }
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 32);
    assert_eq!(statuses[32..], [403; 8]);
}

#[test]
fn a_registration_is_refreshed_and_ended_by_the_ue() {
    let mut bench = Bench::new();
    bench.register(1, 1, 3600);
    bench.run(Duration::from_secs(1800));
    let answer = bench.register(2, 3, 3600);
    assert!(answer.headers.get("Contact").unwrap().ends_with("expires=3600"));
    let answer = bench.register(3, 5, 0);
    assert_eq!((answer.status, answer.headers.contains("Contact")), (200, false));
    use ServerAssignmentType as A;
    assert_eq!(bench.assignments(), [A::Registration, A::ReRegistration, A::UserDeregistration]);
    assert!(lock(&bench.rows).is_empty());
}

#[test]
fn a_repeated_or_older_cseq_is_refused() {
    let mut bench = Bench::new();
    bench.register(1, 1, 3600);
    let challenge = bench.ask("pcscf", &register(3, 3600, None));
    let answer = bench.ask("pcscf", &{
        let mut old = register(2, 3600, Some(&respond_to(&challenge, &res(2))));
        old.headers.set("Via", "SIP/2.0/UDP 10.46.0.1:5060;branch=z9hG4bKother");
        old
    });
    assert_eq!(answer.status, 500);
}

#[test]
fn subscribers_see_every_change_with_versions_without_gaps() {
    let mut bench = Bench::new();
    bench.register(1, 1, 3600);
    let first = subscribe(&mut bench);
    assert_eq!((first.version, first.state), (0, RegInfoState::Full));
    let aors: Vec<_> = first.registrations.iter().map(|r| r.aor.as_str()).collect();
    assert_eq!(aors, [IMPU, TEL], "the barred identity is nobody's business");
    let events: Vec<_> = first.registrations.iter().map(|r| r.contacts[0].event).collect();
    assert_eq!(events, [ContactEvent::Registered, ContactEvent::Created]);
    let contact = &first.registrations[0].contacts[0];
    assert_eq!(contact.uri, "sip:alice@10.45.0.1:5060");
    assert_eq!(contact.unknown_params[0], ("+g.3gpp.smsip".to_owned(), None));

    bench.register(2, 3, 3600);
    let (second, state) = notified(&mut bench);
    assert_eq!((second.version, second.state), (1, RegInfoState::Partial));
    assert_eq!(second.registrations[1].contacts[0].event, ContactEvent::Refreshed);
    assert!(state.starts_with("active;expires="));

    bench.register(3, 5, 0);
    let (third, state) = notified(&mut bench);
    assert_eq!(third.version, 2);
    assert_eq!(third.registrations[0].state, RegistrationState::Terminated);
    assert_eq!(third.registrations[0].contacts[0].event, ContactEvent::Unregistered);
    assert_eq!(state, "terminated;reason=noresource");
}

#[test]
fn only_who_is_concerned_may_subscribe() {
    let mut bench = Bench::new();
    lock(&bench.script).profile = profile(vec![tells("sip:as.test", DefaultHandling::Continued)]);
    bench.register(1, 1, 3600);
    let told = bench.request("as");
    bench.reply("as", &told, 200);
    let table = [
        ("<sip:alice@ims.mnc001.mcc001.3gppnetwork.org>", 200),
        ("<tel:+99970000001>", 200),
        ("<sip:10.46.0.1:5060>", 200),
        ("<sip:as.test>", 200),
        ("<sip:mallory@ims.mnc001.mcc001.3gppnetwork.org>", 403),
        ("<sip:as2.test>", 403),
    ];
    for (n, (asserted, status)) in table.into_iter().enumerate() {
        let contact = ("Contact", "<sip:10.46.0.1:5060>");
        let fields = [("Event", "reg"), ("P-Asserted-Identity", asserted), contact];
        let answer = bench.ask("pcscf", &request("SUBSCRIBE", IMPU, &format!("s{n}"), 1, "pcscf", &fields));
        assert_eq!(answer.status, status, "{asserted}");
    }
}

#[test]
fn a_subscription_is_refreshed_and_ends() {
    let mut bench = Bench::new();
    bench.register(1, 1, 600_000);
    subscribe(&mut bench);
    bench.run(Duration::from_secs(7201));
    let (last, state) = notified(&mut bench);
    assert_eq!((last.version, state.as_str()), (1, "terminated;reason=timeout"));
    bench.register(2, 3, 600_000);
    assert!(bench.inbox.is_empty(), "{:?}", bench.titles());
}

#[test]
fn a_notify_that_nobody_knows_ends_the_subscription() {
    let mut bench = Bench::new();
    bench.register(1, 1, 3600);
    subscribe(&mut bench);
    bench.register(2, 3, 3600);
    let notify = bench.request("pcscf");
    bench.reply("pcscf", &notify, 481);
    bench.register(3, 5, 3600);
    assert!(bench.inbox.is_empty(), "{:?}", bench.titles());
}

#[test]
fn a_contact_that_is_not_refreshed_expires() {
    let mut bench = Bench::new();
    lock(&bench.script).profile = profile(vec![tells("sip:as.test", DefaultHandling::Continued)]);
    bench.register(1, 1, 3600);
    let told = bench.request("as");
    bench.reply("as", &told, 200);
    subscribe(&mut bench);
    bench.run(Duration::from_secs(3601));
    let (info, _) = notified(&mut bench);
    assert_eq!(info.registrations[0].contacts[0].event, ContactEvent::Expired);
    let told = bench.request("as");
    assert_eq!((told.method.as_str(), told.headers.get("Expires")), ("REGISTER", Some("0")));
    use ServerAssignmentType as A;
    assert_eq!(bench.assignments(), [A::Registration, A::TimeoutDeregistration]);
    assert!(lock(&bench.rows).keys().all(|(table, _)| *table != Table::ScscfRegistration));
}

#[test]
fn the_hss_takes_a_registration_away() {
    for (why, event) in [
        (DeregistrationReason::PermanentTermination, ContactEvent::Rejected),
        (DeregistrationReason::NewServerAssigned, ContactEvent::Deactivated),
    ] {
        let mut bench = Bench::new();
        bench.register(1, 1, 3600);
        subscribe(&mut bench);
        bench.rtr(why);
        let (info, state) = notified(&mut bench);
        assert_eq!(info.registrations[0].contacts[0].event, event);
        assert!(state.starts_with("terminated"));
        let answers = std::mem::take(&mut lock(&bench.script).answers);
        assert_eq!(ResultCode::from_message(&answers[0]), Ok(ResultCode::SUCCESS));
        assert_eq!(bench.assignments(), [ServerAssignmentType::Registration]);
        bench.rtr(why);
        let answer = lock(&bench.script).answers.remove(0);
        assert_eq!(ResultCode::from_message(&answer), Ok(ResultCode::Experimental(5001)));
    }
}

#[test]
fn a_pushed_profile_counts_from_then_on() {
    let mut bench = Bench::new();
    bench.register(1, 1, 3600);
    subscribe(&mut bench);
    let mut pushed = profile(vec![tells("sip:as.test", DefaultHandling::Continued)]);
    pushed.service_profiles[0].public_identities.remove(2);
    bench.ppr(pushed);
    let (info, _) = notified(&mut bench);
    assert_eq!(info.registrations.len(), 1);
    let answer = bench.register(2, 3, 3600);
    assert_eq!(answer.headers.all("P-Associated-URI").collect::<Vec<_>>(), [format!("<{IMPU}>")]);
    let _ = notified(&mut bench);
    assert_eq!(bench.request("as").method, Method::REGISTER);
}

#[test]
fn the_network_makes_a_ue_register_again() {
    let mut bench = Bench::new();
    bench.register(1, 1, 3600);
    subscribe(&mut bench);
    let within = Duration::from_secs(60);
    bench.fabric.admin(bench.now, "scscf", Admin::Reauthenticate { impi: IMPI.to_owned(), within });
    bench.run(Duration::from_millis(50));
    let (info, _) = notified(&mut bench);
    let contact = &info.registrations[0].contacts[0];
    assert_eq!((contact.event, contact.expires), (ContactEvent::Shortened, Some(60)));
}

#[test]
fn application_servers_are_told_with_what_their_criteria_ask_for() {
    let mut bench = Bench::new();
    lock(&bench.script).profile = profile(vec![tells("sip:as.test;lr", DefaultHandling::Continued)]);
    bench.register(1, 1, 3600);
    let told = bench.request("as");
    assert_eq!(told.uri.to_string(), "sip:as.test;lr");
    assert_eq!(told.to().unwrap().unwrap().uri.to_string(), IMPU);
    assert_eq!(told.headers.from().unwrap().unwrap().uri.to_string(), SCSCF);
    assert_eq!(told.headers.get("Contact"), Some(&*format!("<{SCSCF}>")));
    assert_eq!(told.headers.get("Expires"), Some("3600"));
    assert!(told.headers.get("P-Access-Network-Info").unwrap().starts_with("3GPP-E-UTRAN-FDD"));
    assert_eq!(told.headers.get("P-Visited-Network-ID"), Some("\"visited.test\""));
    assert!(told.headers.get("Content-Type").unwrap().starts_with("multipart/mixed;boundary="));
    let body = String::from_utf8(told.body.clone()).unwrap();
    assert!(body.contains("<service-info>99970000001</service-info>"), "{body}");
    assert!(body.contains("Content-Type: message/sip\r\n\r\nREGISTER sip:scscf"), "{body}");
    bench.reply("as", &told, 200);
}

#[test]
fn an_application_server_that_must_take_the_registration_can_end_it() {
    for (handling, left) in [(DefaultHandling::Continued, 1), (DefaultHandling::Terminated, 0)] {
        let mut bench = Bench::new();
        lock(&bench.script).profile = profile(vec![tells("sip:as.test", handling)]);
        assert_eq!(bench.register(1, 1, 3600).status, 200);
        let told = bench.request("as");
        bench.reply("as", &told, 500);
        bench.run(Duration::from_millis(50));
        assert_eq!(lock(&bench.rows).len(), left, "{handling:?}");
        let administrative = bench.assignments().contains(&ServerAssignmentType::AdministrativeDeregistration);
        assert_eq!(administrative, left == 0);
    }
}

#[test]
fn after_a_restart_registrations_and_subscriptions_are_there_with_their_ends() {
    let mut bench = Bench::new();
    bench.register(1, 1, 3600);
    subscribe(&mut bench);
    let rows = Arc::clone(&bench.rows);
    drop(bench);
    // 3000 s later by UTC, at the start of another run.
    let mut bench = Bench::with(rows, 3_000_000, |_| {});
    lock(&bench.script).vectors = VecDeque::from([vector(5)]);
    let answer = bench.register(5, 3, 3600);
    assert_eq!(answer.status, 200);
    assert_eq!(bench.assignments(), [ServerAssignmentType::ReRegistration]);
    let (info, _) = notified(&mut bench);
    assert_eq!((info.version, info.state), (1, RegInfoState::Partial));

    let rows = Arc::clone(&bench.rows);
    drop(bench);
    let mut bench = Bench::with(rows, 6_599_000, |_| {});
    assert_eq!(bench.assignments(), []);
    bench.run(Duration::from_secs(3));
    assert_eq!(bench.assignments(), [ServerAssignmentType::TimeoutDeregistration]);
}

#[test]
fn nothing_that_could_not_be_stored_is_acknowledged() {
    let mut bench = Bench::new();
    lock(&bench.rows).insert(broken(), vec![]);
    assert_eq!(bench.register(1, 1, 3600).status, 500);
    lock(&bench.rows).remove(&broken());
    assert_eq!(bench.register(2, 3, 3600).status, 200);
    lock(&bench.rows).insert(broken(), vec![]);
    // Who does not know what there was says so, and lets nobody wait.
    let mut bench = Bench::with(Arc::clone(&bench.rows), 0, |_| {});
    assert!(bench.notes.iter().any(|n| n.contains("look at the store")), "{:?}", bench.notes);
    assert_eq!(bench.ask("pcscf", &register(1, 3600, None)).status, 401);
    assert_eq!(bench.register(2, 3, 3600).status, 500);
}

#[test]
fn a_subscription_that_could_not_be_stored_is_refused() {
    let mut bench = Bench::new();
    bench.register(1, 1, 3600);
    lock(&bench.rows).insert(broken(), vec![]);
    let asserted = format!("<{IMPU}>");
    let fields = [("Event", "reg"), ("P-Asserted-Identity", &*asserted), ("Contact", "<sip:10.46.0.1:5060>")];
    let answer = bench.ask("pcscf", &request("SUBSCRIBE", IMPU, "sub", 1, "pcscf", &fields));
    assert_eq!(answer.status, 500);
    lock(&bench.rows).remove(&broken());
    bench.register(2, 3, 3600);
    assert!(bench.inbox.is_empty(), "{:?}", bench.titles());
}

#[test]
fn a_refresh_that_could_not_be_stored_leaves_the_subscription_as_it_was() {
    let mut bench = Bench::new();
    bench.register(1, 1, 600_000);
    let asserted = format!("<{IMPU}>");
    let fields = [
        ("Event", "reg"),
        ("P-Asserted-Identity", &*asserted),
        ("Contact", "<sip:alice@10.45.0.1>"),
        ("Record-Route", PATH),
        ("Expires", "7200"),
    ];
    let answer = bench.ask("pcscf", &request("SUBSCRIBE", IMPU, "sub", 1, "pcscf", &fields));
    notified(&mut bench);
    let to = answer.headers.get("To").unwrap();
    for (cseq, expires) in [(2, "0"), (3, "100")] {
        let mut again = request("SUBSCRIBE", SCSCF, "sub", cseq, "pcscf", &fields);
        again.headers.set("To", to);
        again.headers.set("Expires", expires);
        lock(&bench.rows).insert(broken(), vec![]);
        assert_eq!(bench.ask("pcscf", &again).status, 500);
        lock(&bench.rows).remove(&broken());
        assert!(bench.inbox.is_empty(), "{:?}", bench.titles());
    }
    bench.run(Duration::from_secs(200));
    bench.register(2, 3, 600_000);
    let (_, state) = notified(&mut bench);
    assert!(state.starts_with("active;expires=7000"), "{state}");
}

#[test]
fn a_notify_leaves_when_its_numbers_are_stored() {
    let mut bench = Bench::new();
    bench.register(1, 1, 3600);
    subscribe(&mut bench);
    lock(&bench.rows).insert(broken(), vec![]);
    let within = Duration::from_secs(1800);
    bench.fabric.admin(bench.now, "scscf", Admin::Reauthenticate { impi: IMPI.to_owned(), within });
    bench.run(Duration::from_millis(50));
    assert!(bench.inbox.is_empty(), "{:?}", bench.titles());
    // The last word is said all the same.
    bench.rtr(DeregistrationReason::PermanentTermination);
    let (_, state) = notified(&mut bench);
    assert!(state.starts_with("terminated"), "{state}");
}
