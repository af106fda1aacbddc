//! Who was not reached, and what the HLR hears of him when he registers again (TR 23.804 clauses 8.5 and 8.6).

use super::ims::answered;
use super::r2::barred_over_ip;
use super::*;

fn registers(rig: &mut Rig, expires: u32) {
    rig.third_party(expires, &format!("imsi={IMSI} msisdn={MSISDN}"));
}

/// How often the HLR has heard of him when he has registered.
#[track_caller]
fn updates(rig: &mut Rig) -> usize {
    registers(rig, 600);
    rig.response(200);
    assert!(rig.world.hlr.log.iter().all(|asked| asked == "updateGprsLocation"), "{:?}", rig.world.hlr.log);
    rig.world.hlr.log.len()
}

fn registered(config: IpMessageGwConfig) -> Rig {
    let mut rig = Rig::with(config);
    assert_eq!(updates(&mut rig), 1);
    rig
}

/// A message does not reach him.
fn misses(rig: &mut Rig) {
    rig.mt(&deliver("hi"), false);
    rig.letter(SCSCF, 480);
    diagnostic(rig.outcome());
}

/// The MESSAGE of a message, which nobody has answered yet.
fn asked(rig: &mut Rig, text: &str) -> Request {
    rig.mt(&deliver(text), false);
    rig.asked(&Method::MESSAGE, SCSCF)
}

/// When his registration ends, and whether the HLR is to hear of him.
fn standing(rig: &Rig) -> (u64, bool) {
    let user = rig.gateway.users.get(IMSI).unwrap();
    (user.expires_utc_ms, user.is_missed)
}

/// UTC so many seconds from now.
fn in_s(rig: &Rig, seconds: u64) -> u64 {
    START_MS + rig.world.now.as_nanos() / 1_000_000 + seconds * 1000
}

#[test]
fn the_hlr_hears_again_of_who_was_not_reached() {
    let mut rig = registered(config());
    // A refusal of the UE says that it is there; a MESSAGE that has come says nothing without the UE's report.
    for (status, expected) in [(488, [1, 1]), (480, [2, 2]), (202, [3, 3])] {
        rig.mt(&deliver("hi"), false);
        rig.letter(SCSCF, status);
        if status == 202 {
            rig.pass(Duration::from_secs(40));
        }
        assert!(rig.outcome().is_err());
        // The user's row says it, not only that of a message.
        rig.world.rows.retain(|(table, _), _| *table == Table::IpMessageGwUser);
        rig.restart(config());
        assert_eq!([updates(&mut rig), updates(&mut rig)], expected, "{status}");
    }
}

#[test]
fn who_is_missed_while_he_registers_is_registered_and_missed() {
    // Before the HLR has answered, or while the registration is written.
    for is_asked in [true, false] {
        let mut rig = registered(config());
        misses(&mut rig);
        rig.world.hlr_is_silent = true;
        rig.pass(Duration::from_secs(10));
        registers(&mut rig, 900);
        let ends = in_s(&rig, 900);
        let message = asked(&mut rig, "again");
        if is_asked {
            rig.answer(SCSCF, &message, 480);
        }
        rig.world.held = Some(VecDeque::new());
        answered(&mut rig, Ok(()));
        if !is_asked {
            rig.answer(SCSCF, &message, 480);
        }
        diagnostic(rig.outcome());
        rig.is_silent();
        rig.release();
        rig.response(200);
        assert_eq!(standing(&rig), (ends, true), "{is_asked}");
        rig.restart(config());
        assert_eq!(standing(&rig), (ends, true), "{is_asked}, after a restart");
        rig.world.hlr_is_silent = false;
        assert_eq!([updates(&mut rig), updates(&mut rig)], [3, 3], "{is_asked}");
    }
}

#[test]
fn what_the_hlr_has_heard_it_does_not_hear_again() {
    let mut rig = registered(config());
    misses(&mut rig);
    // It says something of him before it answers, which is no message that he has missed.
    rig.world.hlr_is_silent = true;
    registers(&mut rig, 600);
    barred_over_ip(&mut rig);
    answered(&mut rig, Ok(()));
    rig.response(200);
    rig.world.hlr_is_silent = false;
    assert_eq!(updates(&mut rig), 2);
}

#[test]
fn who_was_missed_registers_without_the_hlr() {
    let system_failure = UserError::SystemFailure(None);
    for (error, status) in [(None, 200), (Some(system_failure), 200), (Some(UserError::UnknownSubscriber(None)), 403)] {
        let mut rig = registered(config());
        misses(&mut rig);
        rig.pass(Duration::from_secs(10));
        (rig.world.hlr_is_silent, rig.world.hlr_error) = (error.is_none(), error);
        registers(&mut rig, 900);
        // As long as the HLR may take to answer.
        rig.pass(Duration::from_secs(25));
        rig.response(status);
        assert_eq!(rig.world.hlr.log.len(), 2);
        (rig.world.hlr_is_silent, rig.world.hlr_error) = (false, None);
        rig.restart(config());
        let (expires, is_missed) = standing(&rig);
        assert!(is_missed);
        assert_eq!(expires > in_s(&rig, 800), status == 200, "{status}");
        assert_eq!([updates(&mut rig), updates(&mut rig)], [3, 3]);
    }
}

#[test]
fn who_was_missed_registers_when_the_hlr_cannot_be_asked() {
    let mut own = config();
    (own.limits.registrations, own.limits.messages) = (0, 1);
    let mut rig = registered(own);
    misses(&mut rig);
    rig.world.hlr_is_silent = true;
    registers(&mut rig, 900);
    rig.is_silent();
    // There is room for one question at a time.
    registers(&mut rig, 900);
    rig.response(200);
    assert_eq!((standing(&rig), rig.world.hlr.log.len()), ((in_s(&rig, 900), true), 2));
}

#[test]
fn the_msisdn_of_who_was_missed_is_known() {
    let mut rig = registered(config());
    misses(&mut rig);
    rig.world.data.msisdn = None;
    rig.third_party(600, &format!("imsi={IMSI}"));
    rig.response(200);
    assert_eq!(rig.gateway.users.get(IMSI).unwrap().msisdn, MSISDN);
    assert_eq!(updates(&mut rig), 2);
}

#[test]
fn whom_the_sms_gmsc_was_told_absent_is_known_after_a_crash() {
    for fuel in 0.. {
        let mut rig = registered(config());
        let message = asked(&mut rig, "hi");
        rig.world.fuel = fuel;
        let mut response = Response::to(&message, 480, None);
        response.set_to_tag("far");
        let is_alive = rig.world.sip(&mut rig.gateway, SCSCF, &response.to_bytes()).is_some();
        rig.world.fuel = u32::MAX;
        rig.world.sent.clear();
        rig.restart(config());
        assert_eq!(updates(&mut rig), 2, "killed after {fuel} steps");
        if is_alive {
            assert!(fuel > 1);
            break;
        }
    }
    // Silent for too long, and nothing of that is written yet.
    let mut rig = registered(config());
    let message = asked(&mut rig, "hi");
    rig.answer(SCSCF, &message, 202);
    let rows = rig.world.rows.clone();
    rig.pass(Duration::from_secs(40));
    diagnostic(rig.outcome());
    rig.world.rows = rows;
    rig.restart(config());
    assert_eq!([updates(&mut rig), updates(&mut rig)], [2, 2]);
    // What he has is none that he has missed.
    let mut rig = registered(config());
    let message = asked(&mut rig, "hi");
    rig.answer(SCSCF, &message, 202);
    let reference = RpMessage::parse(&message.body).unwrap().reference;
    rig.message(SCSCF, "r1", "", &ack(reference));
    rig.response(202);
    rig.restart(config());
    assert_eq!(updates(&mut rig), 1);
}

#[test]
fn who_comes_back_while_his_message_is_on_its_way_is_not_absent() {
    for status in [480, 202] {
        let mut rig = registered(config());
        let message = asked(&mut rig, "hi");
        if status == 202 {
            rig.answer(SCSCF, &message, status);
        }
        assert_eq!(updates(&mut rig), 1);
        match status {
            202 => rig.pass(Duration::from_secs(40)),
            _ => rig.answer(SCSCF, &message, status),
        }
        let told = rig.outcome();
        assert!(matches!(told, Err(InvokeFailure::User(UserError::SystemFailure(None)))), "{told:?}");
        assert_eq!(updates(&mut rig), 1, "{status}");
        // The next one is by itself.
        asked(&mut rig, "once more");
        rig.pass(Duration::from_secs(40));
        diagnostic(rig.outcome());
        rig.world.sent.clear();
        assert_eq!(updates(&mut rig), 2, "{status}");
    }
    // Who comes and goes is absent.
    let mut rig = registered(config());
    let message = asked(&mut rig, "hi");
    assert_eq!(updates(&mut rig), 1);
    rig.third_party(0, "");
    rig.response(200);
    rig.answer(SCSCF, &message, 480);
    diagnostic(rig.outcome());
}
