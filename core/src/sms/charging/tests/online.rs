//! Ro: what an OCS may say, and what comes of it.

use super::*;

/// Decision, failure handling, what the OCS says, what the record says, and what the OCS was asked.
type Case = (&'static str, FailureHandling, Script, SmsDecision, &'static str, &'static [&'static str]);

const SENT: SmsDecision = SmsDecision::Granted;
const NOT_NOW: SmsDecision = SmsDecision::Refused(RpCause::TEMPORARY_FAILURE);
const DEBIT: &str = "event 0 debit";
const DEBIT_AGAIN: &str = "event 0 debit T";
const REFUND: &str = "event 1 refund";

fn in_words(request: &Message) -> String {
    let ccr = Ccr::from_message(request).unwrap();
    let kind = match ccr.kind {
        RequestType::Initial => "initial",
        RequestType::Update => "update",
        RequestType::Termination => "termination",
        RequestType::Event => "event",
    };
    let action = match ccr.action {
        Some(RequestedAction::DirectDebiting) => " debit",
        Some(RequestedAction::RefundAccount) => " refund",
        _ => "",
    };
    let used = ccr.services[0].used.and_then(|used| used.specific).map(|used| format!(" used {used}"));
    let again = if request.flags.has(Flags::RETRANSMITTED) { " T" } else { "" };
    format!("{kind} {}{action}{}{again}", ccr.number, used.unwrap_or_default())
}

fn replaced(
    request: &Message,
    def: &'static protocol::diameter::dictionary::AvpDef,
    value: protocol::diameter::Avp,
) -> Option<Message> {
    let mut answer = grant(request, 0)?;
    let own = answer.avps.iter_mut().find(|avp| avp.is(def)).unwrap();
    *own = value;
    Some(answer)
}

fn code(request: &Message, code: u32) -> Option<Message> {
    Some(cca(request, code, None).to_message(request))
}

fn pieces(request: &Message, pieces: u64) -> Option<Message> {
    Some(cca(request, result::SUCCESS, Some(pieces)).to_message(request))
}

fn tries(terminate: FailureHandling, says: Script, expected: (SmsDecision, &str, &[&str])) {
    let (mut rig, log) = Rig::scripted(says, |_| {});
    if let Some(ro) = &mut rig.charging.ro {
        ro.failure_handling = terminate;
    }
    let usage = rig.usage(submit("hello"));
    let decision = rig.ask(1, &usage, false);
    let outcome = match decision {
        SmsDecision::Granted => SmsOutcome::Success,
        SmsDecision::Refused(cause) => SmsOutcome::Cause(cause),
    };
    rig.done(Some(1), &usage, outcome);
    rig.pass(Duration::from_secs(1));
    assert_eq!((decision, rig.said().as_str()), (expected.0, expected.1));
    let record = &rig.far.records()[0];
    assert_eq!(record.sms.as_ref().unwrap().result, Some(outcome.result()));
    assert_eq!(log.lock().unwrap().iter().map(in_words).collect::<Vec<_>>(), expected.2);
}

#[test]
fn an_ocs_that_speaks_sense_is_believed() {
    use FailureHandling::Terminate;
    let no = |cause| SmsDecision::Refused(cause);
    let all: [(Script, SmsDecision, &str); 7] = [
        (grant, SENT, "granted"),
        (|ask, _| code(ask, 4011), SENT, "free of charge"),
        (|ask, _| code(ask, 4012), no(RpCause::TRANSFER_REJECTED), "refused 4012"),
        (|ask, _| code(ask, 4010), no(RpCause::OPERATOR_BARRING), "refused 4010"),
        (|ask, _| code(ask, 5030), no(RpCause::FACILITY_NOT_SUBSCRIBED), "refused 5030"),
        (|ask, _| code(ask, 5031), no(RpCause::NETWORK_OUT_OF_ORDER), "refused 5031"),
        (
            |ask, _| {
                let refused = ServiceUnits { result: Some(4012), ..ServiceUnits::default() };
                Some(Cca { services: vec![refused], ..cca(ask, 2001, None) }.to_message(ask))
            },
            no(RpCause::TRANSFER_REJECTED),
            "refused 4012",
        ),
    ];
    for (says, decision, record) in all {
        tries(Terminate, says, (decision, record, &[DEBIT]));
    }
}

#[test]
fn nonsense_is_not_believed() {
    use FailureHandling::{Continue, RetryAndTerminate, Terminate};
    let all: [(Script, &str); 9] = [
        (|ask, _| pieces(ask, 0), "0 pieces granted for 1"),
        (|ask, _| pieces(ask, 2), "2 pieces granted for 1"),
        (|ask, _| pieces(ask, u64::MAX), "-1 pieces granted for 1"),
        (|ask, _| code(ask, 2001), "success without granted units"),
        (|ask, _| code(ask, 1234), "Result-Code 1234"),
        (|ask, _| code(ask, 7), "Result-Code 7"),
        (
            |ask, _| {
                replaced(
                    ask,
                    &protocol::diameter::dictionary::SESSION_ID,
                    protocol::diameter::Avp::text(&protocol::diameter::dictionary::SESSION_ID, "x;1;1"),
                )
            },
            "the Session-Id is another one",
        ),
        (|ask, _| replaced(ask, &c::CC_REQUEST_TYPE, RequestType::Update.to_avp()), "CC-Request-Type is another one"),
        (
            |ask, _| replaced(ask, &c::CC_REQUEST_NUMBER, protocol::diameter::Avp::u32(&c::CC_REQUEST_NUMBER, 9)),
            "CC-Request-Number is another one",
        ),
    ];
    for (says, why) in all {
        for handling in [Terminate, RetryAndTerminate] {
            let record = format!("terminated: unusable answer: {why}; given back");
            tries(handling, says, (NOT_NOW, &record, &[DEBIT, REFUND]));
        }
        tries(Continue, says, (SENT, &format!("continued: unusable answer: {why}"), &[DEBIT]));
    }
}

#[test]
fn failure_handling_says_what_silence_means() {
    use FailureHandling::{Continue, RetryAndTerminate, Terminate};
    let cases: [Case; 5] = [
        ("slow", Terminate, |_, _| None, NOT_NOW, "terminated: no answer in time; given back", &[DEBIT, REFUND]),
        (
            "slow",
            RetryAndTerminate,
            |_, _| None,
            NOT_NOW,
            "terminated: no answer in time; given back",
            &[DEBIT, DEBIT_AGAIN, REFUND],
        ),
        (
            "late",
            RetryAndTerminate,
            |ask, n| if n == 0 { None } else { grant(ask, n) },
            SENT,
            "granted",
            &[DEBIT, DEBIT_AGAIN],
        ),
        ("slow", Continue, |_, _| None, SENT, "continued: no answer in time; to be paid for", &[DEBIT, DEBIT_AGAIN]),
        ("busy", Terminate, |ask, _| code(ask, 5012), NOT_NOW, "terminated: answer 5012; given back", &[DEBIT, REFUND]),
    ];
    for (_, handling, says, decision, record, asked) in cases {
        tries(handling, says, (decision, record, asked));
    }
}

#[test]
fn an_ocs_says_what_shall_be_done_without_it() {
    let says: Script = |ask, n| match n {
        0 => Some(Cca { failure_handling: Some(FailureHandling::Continue), ..cca(ask, 2001, Some(1)) }.to_message(ask)),
        _ => None,
    };
    let (mut rig, _) = Rig::scripted(says, |_| {});
    for (token, expected) in [(1, SENT), (2, SENT)] {
        let usage = rig.usage(submit("hello"));
        assert_eq!(rig.ask(token, &usage, false), expected);
        rig.done(Some(token), &usage, SmsOutcome::Success);
    }
    rig.pass(Duration::from_secs(1));
    assert_eq!(said(&rig.far.records()[1]), "continued: no answer in time; to be paid for");
}

#[test]
fn a_message_that_does_not_arrive_is_given_back() {
    let mut rig = Rig::new(Far::real(MSISDN, 100), |_| {});
    let usage = rig.usage(submit("hello"));
    assert_eq!(rig.ask(1, &usage, false), SENT);
    assert_eq!(rig.far.account(MSISDN).balance, 100 - PRICE as i64);
    rig.done(Some(1), &usage, SmsOutcome::Cause(RpCause::CONGESTION));
    rig.pass(Duration::from_secs(1));
    let account = rig.far.account(MSISDN);
    assert_eq!((account.balance, account.debited, account.refunded, rig.to_settle()), (100, PRICE, PRICE, 0));
    assert_eq!(rig.said(), "granted; given back");
}

#[test]
fn what_is_to_be_given_back_survives_kills_and_a_dead_ocs() {
    let mut rig = Rig::new(Far::real(MSISDN, 100), |_| {});
    let usage = rig.usage(submit("hello"));
    assert_eq!(rig.ask(1, &usage, false), SENT);
    rig.set_dead(OCS, true);
    rig.done(Some(1), &usage, SmsOutcome::Cause(RpCause::CONGESTION));
    for _ in 0..3 {
        rig.pass(Duration::from_secs(20));
        rig.restart();
        assert_eq!((rig.to_settle(), rig.far.account(MSISDN).refunded), (1, 0));
    }
    rig.set_dead(OCS, false);
    rig.pass(Duration::from_secs(60));
    let account = rig.far.account(MSISDN);
    assert_eq!((account.balance, account.refunded, rig.to_settle()), (100, PRICE, 0));
}

#[test]
fn what_was_sent_without_an_ocs_is_paid_for_once_it_is_there() {
    let mut rig = Rig::new(Far::real(MSISDN, 100), |config| {
        config.ro.as_mut().unwrap().failure_handling = FailureHandling::Continue;
    });
    rig.set_dead(OCS, true);
    let usage = rig.usage(submit("hello"));
    assert_eq!(rig.ask(1, &usage, false), SENT);
    rig.done(Some(1), &usage, SmsOutcome::Success);
    rig.restart();
    rig.set_dead(OCS, false);
    rig.pass(Duration::from_secs(120));
    let account = rig.far.account(MSISDN);
    assert_eq!((account.balance, account.debited, rig.to_settle()), (100 - PRICE as i64, PRICE, 0));
    assert!(rig.said().starts_with("continued: ") && rig.said().ends_with("; to be paid for"), "{}", rig.said());
}

#[test]
fn asked_again_after_a_kill_it_costs_the_same() {
    let mut rig = Rig::new(Far::real(MSISDN, 100), |_| {});
    let usage = rig.usage(submit("hello"));
    for run in 0..3 {
        assert_eq!(rig.ask(1, &usage, run > 0), SENT);
        rig.restart();
    }
    assert_eq!(rig.ask(1, &usage, true), SENT);
    rig.done(Some(1), &usage, SmsOutcome::Success);
    rig.pass(Duration::from_secs(1));
    assert_eq!((rig.far.account(MSISDN).debited, rig.said().as_str()), (PRICE, "granted"));
}

#[test]
fn a_silence_that_was_none_is_given_back() {
    // The OCS takes the price and says nothing; then it knows what to give back, or not.
    let says: Script = |ask, n| if n == 0 { None } else { code(ask, if n == 1 { 3004 } else { 2001 }) };
    let (mut rig, log) = Rig::scripted(says, |_| {});
    let usage = rig.usage(submit("hello"));
    assert_eq!(rig.ask(1, &usage, false), NOT_NOW);
    rig.done(Some(1), &usage, SmsOutcome::Cause(RpCause::TEMPORARY_FAILURE));
    rig.pass(Duration::from_secs(20));
    let log: Vec<_> = log.lock().unwrap().iter().map(in_words).collect();
    assert_eq!((log, rig.to_settle()), (vec![DEBIT.to_owned(), REFUND.to_owned(), format!("{REFUND} T")], 0));
}

#[test]
fn what_was_never_asked_is_not_given_back() {
    // There are too many questions already.
    let (mut rig, log) = Rig::scripted(grant, |config| config.ro.as_mut().unwrap().max_asking = 0);
    let usage = rig.usage(submit("hello"));
    assert_eq!(rig.ask(1, &usage, false), NOT_NOW);
    rig.done(Some(1), &usage, SmsOutcome::Cause(RpCause::TEMPORARY_FAILURE));
    rig.pass(Duration::from_secs(20));
    assert_eq!((rig.said().as_str(), rig.to_settle()), ("terminated: too many messages are asked about", 0));
    assert!(log.lock().unwrap().is_empty());
    // There is no OCS.
    let (mut rig, log) = Rig::scripted(grant, |_| {});
    rig.set_dead(OCS, true);
    rig.restart();
    let usage = rig.usage(submit("hello"));
    assert_eq!(rig.ask(1, &usage, false), NOT_NOW);
    rig.done(Some(1), &usage, SmsOutcome::Cause(RpCause::TEMPORARY_FAILURE));
    // But one that an earlier run may have asked about is.
    let usage = rig.usage(submit("hello"));
    assert_eq!(rig.ask(2, &usage, true), NOT_NOW);
    rig.done(Some(2), &usage, SmsOutcome::Cause(RpCause::TEMPORARY_FAILURE));
    rig.set_dead(OCS, false);
    rig.pass(Duration::from_secs(60));
    let said: Vec<_> = rig.far.records().iter().map(|record| said(record).to_owned()).collect();
    assert_eq!(said, ["terminated: no Diameter peer takes it", "terminated: no Diameter peer takes it; given back"]);
    assert_eq!(log.lock().unwrap().iter().map(in_words).collect::<Vec<_>>(), [REFUND]);
}

#[test]
fn what_an_ocs_never_takes_does_not_stop_the_others() {
    // It is troubled by all that is of the first second.
    let says: Script = |ask, n| {
        let ccr = Ccr::from_message(ask).unwrap();
        let second: u64 = ccr.header.session_id.split(';').nth(1).unwrap().parse().unwrap();
        match ccr.action {
            Some(RequestedAction::RefundAccount) if second == UTC / 1000 => code(ask, 5012),
            _ => grant(ask, n),
        }
    };
    let (mut rig, _) = Rig::scripted(says, |_| {});
    for token in 1..=40 {
        if token == 21 {
            rig.pass(Duration::from_secs(5));
        }
        let usage = rig.usage(submit("hello"));
        assert_eq!(rig.ask(token, &usage, false), SENT);
        rig.done(Some(token), &usage, SmsOutcome::Cause(RpCause::CONGESTION));
    }
    rig.pass(Duration::from_secs(30));
    assert_eq!(rig.to_settle(), 20, "the younger ones are settled");
}

#[test]
fn credit_ends_in_the_middle_of_a_message() {
    // Four parts of five.
    let mut rig = Rig::new(Far::real(MSISDN, 2 * PRICE + 1), |_| {});
    let no = SmsDecision::Refused(RpCause::TRANSFER_REJECTED);
    let expected = [SENT, SENT, no, no, no];
    for (sequence, expected) in (1..=5).zip(expected) {
        let usage = rig.usage(part(sequence, 5));
        assert_eq!(rig.ask(sequence.into(), &usage, false), expected, "part {sequence}");
        let outcome = match expected {
            SmsDecision::Granted => SmsOutcome::Success,
            SmsDecision::Refused(cause) => SmsOutcome::Cause(cause),
        };
        rig.done(Some(sequence.into()), &usage, outcome);
    }
    rig.pass(Duration::from_secs(1));
    let records = rig.far.records();
    let lines: Vec<_> = records
        .iter()
        .map(|record| {
            let sms = record.sms.as_ref().unwrap();
            (sms.sequence.unwrap(), sms.total.unwrap(), sms.result.unwrap(), said(record))
        })
        .collect();
    let third = "refused: part 3 was refused";
    assert_eq!(
        lines,
        [(1, 5, 0, "granted"), (2, 5, 0, "granted"), (3, 5, 21, "refused 4012"), (4, 5, 21, third), (5, 5, 21, third)]
    );
    assert_eq!(rig.far.account(MSISDN).debited, 2 * PRICE);
}

#[test]
fn the_rest_goes_when_the_part_that_was_missing_does() {
    let says: Script = |ask, n| if n == 1 { code(ask, 4012) } else { grant(ask, n) };
    let (mut rig, log) = Rig::scripted(says, |_| {});
    let no = SmsDecision::Refused(RpCause::TRANSFER_REJECTED);
    // 1 goes, 2 is refused, 3 with it; 2 comes again, and 3.
    for (token, (sequence, expected)) in (1..).zip([(1, SENT), (2, no), (3, no), (1, SENT), (2, SENT), (3, SENT)]) {
        let usage = rig.usage(part(sequence, 3));
        assert_eq!(rig.ask(token, &usage, false), expected, "{token}");
    }
    assert_eq!(log.lock().unwrap().len(), 5);
    let numbers: Vec<_> = log
        .lock()
        .unwrap()
        .iter()
        .map(|ask| {
            let sms = Ccr::from_message(ask).unwrap().information.sms.unwrap();
            (sms.sequence.unwrap(), sms.total.unwrap())
        })
        .collect();
    assert_eq!(numbers, [(1, 3), (2, 3), (1, 3), (2, 3), (3, 3)]);
}

#[test]
fn a_reservation_is_used_or_let_go() {
    let mut rig = Rig::new(Far::real(MSISDN, 100), |config| {
        config.ro.as_mut().unwrap().charging = crate::charging::MessageCharging::Reserved;
    });
    for (token, outcome, left) in
        [(1, SmsOutcome::Success, 100 - PRICE as i64), (2, SmsOutcome::Cause(RpCause::CONGESTION), 100 - PRICE as i64)]
    {
        let usage = rig.usage(submit("hello"));
        assert_eq!(rig.ask(token, &usage, false), SENT);
        assert_eq!(rig.far.account(MSISDN).reserved, PRICE);
        rig.done(Some(token), &usage, outcome);
        rig.pass(Duration::from_secs(1));
        let account = rig.far.account(MSISDN);
        assert_eq!((account.balance, account.reserved, rig.to_settle()), (left, 0, 0));
    }
    assert_eq!(rig.far.records().iter().map(said).collect::<Vec<_>>(), ["granted", "granted; given back"]);
}

#[test]
fn what_nobody_takes_is_given_up_and_counted() {
    let (mut rig, _) = Rig::scripted(grant, |config| {
        let ro = config.ro.as_mut().unwrap();
        (ro.give_up, ro.max_settling) = (Duration::from_secs(600), 1);
    });
    let usages = [1, 2].map(|token| {
        let usage = rig.usage(submit("hello"));
        rig.ask(token, &usage, false);
        (token, usage)
    });
    rig.set_dead(OCS, true);
    for (token, usage) in usages {
        rig.done(Some(token), &usage, SmsOutcome::Cause(RpCause::CONGESTION));
    }
    let figure = |rig: &Rig, name: &str| rig.charging.figures().into_iter().find(|(own, _)| *own == name).unwrap().1;
    assert_eq!((figure(&rig, "credit_never_settled"), figure(&rig, "credit_to_settle"), rig.to_settle()), (1, 1, 1));
    rig.pass(Duration::from_secs(700));
    assert_eq!((figure(&rig, "credit_never_settled"), figure(&rig, "credit_to_settle"), rig.to_settle()), (2, 0, 0));
}
