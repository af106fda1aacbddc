//! Registration on R2 and its end (TR 23.804 clauses 8.1 and 8.2).

use protocol::map::{CancelLocationArg, SmsAccess, SmsPreferences};
use protocol::sip::split_aka_nonce;
use protocol::xml::{ContactEvent, RegInfo, RegistrationState};

use super::*;

fn subscribe(rig: &mut Rig) -> RegInfo {
    let text = format!(
        "SUBSCRIBE sip:{IMSI}@{DOMAIN} SIP/2.0
        From: <sip:{IMSI}@{DOMAIN}>;tag=e
        To: <sip:{IMSI}@{DOMAIN}>
        Call-ID: sub
        CSeq: 1 SUBSCRIBE
        Max-Forwards: 70
        Contact: <sip:{IMSI}@{UE}>
        Event: reg
        Accept: application/reginfo+xml
        Expires: 600000"
    );
    rig.request(UE, &text, b"");
    assert_eq!(rig.response(200).headers.get("Expires"), Some("600000"));
    notified(rig, "active")
}

fn notified(rig: &mut Rig, state: &str) -> RegInfo {
    let notify = rig.asked(&Method::NOTIFY, UE);
    assert!(notify.headers.get("Subscription-State").unwrap().starts_with(state), "{notify:?}");
    rig.answer(UE, &notify, 200);
    RegInfo::parse(std::str::from_utf8(&notify.body).unwrap()).unwrap()
}

fn event(info: &RegInfo) -> (RegistrationState, ContactEvent) {
    (info.registrations[0].state, info.registrations[0].contacts[0].event)
}

#[test]
fn a_ue_registers_and_the_hlr_gives_its_msisdn() {
    let mut rig = Rig::new();
    let ok = rig.register(600);
    assert_eq!(rig.world.hlr.log, ["sendAuthenticationInfo", "updateGprsLocation"]);
    assert!(ok.headers.get("Contact").unwrap().ends_with(";expires=600"), "{ok:?}");
    let identities = format!("<sip:{IMSI}@{DOMAIN}>, <tel:+{MSISDN}>");
    assert_eq!(ok.headers.get("P-Associated-URI"), Some(identities.as_str()));
    let user = rig.gateway.users.get(IMSI).unwrap();
    assert_eq!(user.msisdn, MSISDN);
    assert_eq!(rig.gateway.users.at(UE.parse().unwrap()), Some(user));
    assert_eq!(rig.rows(Table::IpMessageGwUser), 1);
    // It is known after a restart, too.
    rig.restart(config());
    assert_eq!(rig.gateway.users.at(UE.parse().unwrap()).unwrap().msisdn, MSISDN);
    // It registers again: steps 2 to 6.
    rig.register(600);
    assert_eq!(rig.world.hlr.log.len(), 4);
    rig.is_silent();
}

#[test]
fn who_cannot_show_who_he_is_stays_outside() {
    let mut rig = Rig::new();
    rig.request(UE, &register_text(600, 1, &no_authorization()), b"");
    let first = rig.response(401);
    let right = authorization(&first, &res(&first));
    // Three wrong responses in a row.
    let mut challenge = first;
    for left in [2, 1, 0] {
        rig.request(UE, &register_text(600, 2, &authorization(&challenge, b"wrong")), b"");
        challenge = rig.response(if left > 0 { 401 } else { 403 });
    }
    // A nonce is good once.
    rig.request(UE, &register_text(600, 3, &right), b"");
    assert!(rig.response(401).headers.get("WWW-Authenticate").unwrap().contains("stale=TRUE"));
    // One for somebody else.
    let other = register_text(600, 4, &no_authorization()).replace(&format!("sip:{IMSI}@"), "sip:001010000000002@");
    rig.request(UE, &other, b"");
    rig.response(403);
    rig.world.hlr_error = Some(UserError::UnknownSubscriber(None));
    rig.request(UE, &register_text(600, 5, &no_authorization()), b"");
    rig.response(403);
    assert_eq!(rig.gateway.users.len(), 0);
    assert!(!rig.world.hlr.log.contains(&"updateGprsLocation".to_owned()));
    // A HLR that says nothing.
    rig.world.hlr_is_silent = true;
    rig.request(UE, &register_text(600, 6, &no_authorization()), b"");
    rig.pass(Duration::from_secs(25));
    rig.response(504);
}

#[test]
fn a_usim_is_brought_into_step() {
    let mut rig = Rig::new();
    rig.request(UE, &register_text(600, 1, &no_authorization()), b"");
    let challenge = rig.response(401);
    let nonce =
        Challenge::parse(challenge.headers.get("WWW-Authenticate").unwrap()).unwrap().nonce().unwrap().into_owned();
    let (rand, _) = split_aka_nonce(&nonce).unwrap();
    let auts = format!("{}, auts=\"{}\"", authorization(&challenge, b""), auts_of(rand, 64_000));
    rig.request(UE, &register_text(600, 2, &auts), b"");
    let challenge = rig.response(401);
    assert_eq!(rig.world.sqn, 64_032);
    // A second one in a row is a wrong answer.
    rig.request(UE, &register_text(600, 3, &authorization(&challenge, &res(&challenge))), b"");
    rig.response(200);
    assert_eq!(rig.world.hlr.log, ["sendAuthenticationInfo", "sendAuthenticationInfo", "updateGprsLocation"],);
}

#[test]
fn a_ue_ends_its_registration() {
    let mut rig = Rig::new();
    rig.register(600);
    assert_eq!(event(&subscribe(&mut rig)), (RegistrationState::Active, ContactEvent::Registered));
    rig.world.hlr.log.clear();
    let ok = rig.register(0);
    assert_eq!(ok.headers.get("Expires"), Some("0"));
    assert_eq!(rig.world.hlr.log, ["sendAuthenticationInfo", "purgeMS"]);
    assert_eq!(event(&notified(&mut rig, "terminated")), (RegistrationState::Terminated, ContactEvent::Unregistered));
    assert_eq!((rig.rows(Table::IpMessageGwUser), rig.rows(Table::IpMessageGwSubscription)), (0, 0));
    // It is nobody any more.
    rig.message(UE, "late", "", &mo(1, "x"));
    rig.response(403);
    rig.is_silent();
}

#[test]
fn who_comes_back_while_the_hlr_is_told_stays() {
    let mut rig = Rig::new();
    rig.register(600);
    rig.world.hlr_is_silent = true;
    rig.pass(Duration::from_secs(660));
    assert_eq!(rig.world.hlr.log.last().map(String::as_str), Some("purgeMS"));
    rig.world.hlr_is_silent = false;
    rig.register(600);
    // purgeMS of before is not answered in time.
    rig.pass(Duration::from_secs(30));
    assert_eq!((rig.gateway.users.len(), rig.rows(Table::IpMessageGwUser)), (1, 1));
    rig.is_silent();
}

#[test]
fn the_guard_timer_ends_a_registration() {
    let mut rig = Rig::new();
    rig.register(600);
    subscribe(&mut rig);
    rig.world.hlr.log.clear();
    rig.pass(Duration::from_secs(659));
    rig.is_silent();
    rig.pass(Duration::from_secs(1));
    assert_eq!(rig.world.hlr.log, ["purgeMS"]);
    let told = notified(&mut rig, "terminated");
    assert_eq!(event(&told), (RegistrationState::Terminated, ContactEvent::Expired));
    assert_eq!(rig.gateway.users.len(), 0);
    rig.pass(Duration::from_secs(10_000));
    rig.is_silent();
    assert_eq!(rig.world.hlr.log, ["purgeMS"]);
}

#[test]
fn the_guard_timer_runs_over_a_restart() {
    let mut rig = Rig::new();
    rig.register(600);
    subscribe(&mut rig);
    rig.restart(config());
    // What was told last is not known: it is told again when something is to be told.
    rig.pass(Duration::from_secs(700));
    assert_eq!(event(&notified(&mut rig, "terminated")).1, ContactEvent::Expired);
    assert!(rig.world.rows.is_empty(), "{:?}", rig.world.rows.keys());
}

#[test]
fn the_hlr_ends_and_changes_a_registration() {
    let mut rig = Rig::new();
    rig.register(600);
    subscribe(&mut rig);
    let hlr = SccpAddress::e164(HLR, ssn::HLR).unwrap();
    let gateway = SccpAddress::e164(GATEWAY, ssn::SGSN).unwrap();
    let preferences = SmsPreferences { mt: vec![], mo: vec![SmsAccess::MSC], is_user_allowed: false };
    let data = InsertSubscriberDataArg {
        imsi: Some(Imsi::new(IMSI).unwrap()),
        extensions: vec![preferences.to_extension()],
        ..InsertSubscriberDataArg::default()
    };
    let operation = Operation::InsertSubscriberData(data);
    rig.world.hlr.map.request(rig.world.now, hlr.clone(), gateway.clone(), &operation).unwrap();
    rig.drain();
    assert!(matches!(rig.world.hlr.returned.pop_back(), Some(Ok(OperationResult::InsertSubscriberData(_)))));
    rig.message(UE, "m1", "", &mo(1, "x"));
    rig.response(202);
    assert_eq!(cause(&rig.letter(UE, 200).1), RpCause::OPERATOR_BARRING);
    let imsi = Imsi::new(IMSI).unwrap();
    let cancel = CancelLocationArg { imsi, lmsi: None, cancellation_type: Some(0), extensions: Vec::new() };
    rig.world.hlr.map.request(rig.world.now, hlr, gateway, &Operation::CancelLocation(cancel)).unwrap();
    rig.drain();
    assert!(matches!(rig.world.hlr.returned.pop_back(), Some(Ok(OperationResult::CancelLocation(_)))));
    assert_eq!(event(&notified(&mut rig, "terminated")).1, ContactEvent::Deactivated);
    assert_eq!(rig.gateway.users.len(), 0);
    // Nothing was purged: the HLR knows.
    assert!(!rig.world.hlr.log.contains(&"purgeMS".to_owned()));
}

#[test]
fn who_goes_over_to_the_ims_is_told_that_he_has_left_r2() {
    let mut rig = Rig::new();
    rig.register(600);
    subscribe(&mut rig);
    rig.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
    rig.response(200);
    let told = event(&notified(&mut rig, "terminated"));
    assert_eq!(told, (RegistrationState::Terminated, ContactEvent::Deactivated));
    rig.pass(Duration::from_secs(300));
    rig.is_silent();
    assert_eq!(rig.rows(Table::IpMessageGwSubscription), 0);
}

/// The HLR says that messages from the UE do not go over IP.
pub(super) fn barred_over_ip(rig: &mut Rig) {
    let hlr = SccpAddress::e164(HLR, ssn::HLR).unwrap();
    let gateway = SccpAddress::e164(GATEWAY, ssn::SGSN).unwrap();
    let preferences = SmsPreferences { mt: vec![], mo: vec![SmsAccess::MSC], is_user_allowed: false };
    let data = InsertSubscriberDataArg {
        imsi: Some(Imsi::new(IMSI).unwrap()),
        extensions: vec![preferences.to_extension()],
        ..InsertSubscriberDataArg::default()
    };
    let operation = Operation::InsertSubscriberData(data);
    rig.world.hlr.map.request(rig.world.now, hlr, gateway, &operation).unwrap();
    rig.drain();
}

/// Seconds until the registration ends, and whether messages from the UE are taken.
fn standing(rig: &Rig) -> Option<(u64, bool)> {
    let user = rig.gateway.users.get(IMSI)?;
    let now = START_MS + rig.world.now.as_nanos() / 1_000_000;
    Some(((user.expires_utc_ms - now) / 1000, user.rules.refusal().is_none()))
}

#[test]
fn what_the_hlr_says_and_a_registration_do_not_undo_each_other() {
    // Which of them comes first.
    for is_told_first in [true, false] {
        let mut rig = Rig::new();
        rig.third_party(600, &format!("imsi={IMSI} msisdn={MSISDN}"));
        rig.response(200);
        rig.pass(Duration::from_secs(300));
        rig.world.held = Some(VecDeque::new());
        if is_told_first {
            barred_over_ip(&mut rig);
        }
        rig.third_party(900, &format!("imsi={IMSI} msisdn={MSISDN}"));
        if !is_told_first {
            barred_over_ip(&mut rig);
        }
        rig.release();
        rig.response(200);
        assert_eq!(standing(&rig), Some((900, false)), "{is_told_first}");
        rig.restart(config());
        assert_eq!(standing(&rig), Some((900, false)), "{is_told_first}, after a restart");
    }
}

#[test]
fn what_the_hlr_says_of_one_who_leaves_does_not_bring_him_back() {
    let mut rig = Rig::new();
    rig.register(600);
    rig.world.held = Some(VecDeque::new());
    register_end(&mut rig);
    barred_over_ip(&mut rig);
    rig.release();
    assert_eq!((rig.gateway.users.len(), rig.rows(Table::IpMessageGwUser)), (0, 0));
    rig.restart(config());
    assert_eq!(rig.gateway.users.len(), 0);
}

fn register_end(rig: &mut Rig) {
    assert_eq!(register(&mut rig.gateway, &mut rig.world, 0), Some(()));
}

#[test]
fn what_is_wrong_with_a_register_is_said() {
    let mut rig = Rig::new();
    let base = register_text(600, 1, &no_authorization());
    for (text, status) in [
        (base.replace("Expires: 600", "Expires: 10"), 423),
        (base.replace("Expires: 600", "Expires: x"), 400),
        (base.replace("REGISTER sip:ims.test SIP", "REGISTER sip:other.test SIP"), 403),
        (base.replace(&format!("<sip:{IMSI}@{UE}>;+g.3gpp.smsip"), "*"), 400),
        (base.replace("Authorization: Digest", "Authorization: Digest a=b c"), 400),
    ] {
        rig.request(UE, &text, b"");
        rig.response(status);
    }
    rig.request(
        "10.46.0.3:5060",
        "INVITE sip:x SIP/2.0\nFrom: <sip:a@b>;tag=1\nTo: <sip:x@y>\nCall-ID: i\nCSeq: 1 INVITE\nMax-Forwards: 70",
        b"",
    );
    rig.response(405);
}
