//! Charging (TR 23.804 clause 7): an OCS and a CDF hear of each message once, whoever is killed.

use protocol::sms::{Concatenation, ConcatenationReference, DataCodingScheme, UserDataHeader, alphabet};

use super::crash::{MESSAGES, Story, deliver_all, registered_in, send_all, start};
use super::*;
use crate::charging::Cdr;
use crate::sms::charging::testing::{OCS, PRICE};

fn rig(balance: u64) -> Rig {
    let mut rig = Rig { gateway: charged_gateway(config(), 0), world: World::new() };
    rig.world.far = Far::real(MSISDN, balance);
    rig.drain();
    rig.pass(Duration::from_millis(1));
    rig.register(6000);
    rig
}

/// RP-DATA with a part of a message.
fn part(sequence: u8, total: u8) -> Vec<u8> {
    let part = Concatenation { reference: ConcatenationReference::Short(42), total, sequence };
    let header = UserDataHeader::default().with_concatenation(part);
    let data = UserData::of_septets(Some(&header), &alphabet::to_septets("part").unwrap()).unwrap();
    let to = Address::international("358409999999").unwrap();
    let tpdu = Tpdu::Submit(Submit::new(sequence, to, DataCodingScheme(0), data));
    RpMessage::mobile_originated(sequence, Address::international(SC).unwrap(), &tpdu).emit()
}

/// Type, SMS-Result and what online charging has said.
fn lines(records: &[Cdr]) -> Vec<(String, u32, String)> {
    let line = |record: &Cdr| {
        let sms = record.sms.as_ref().unwrap();
        let said = sms.specific(ONLINE_OUTCOME).unwrap_or_default().to_owned();
        (record.record_type.clone(), sms.result.unwrap(), said)
    };
    records.iter().map(line).collect()
}

fn line(kind: &str, result: u32, said: &str) -> (String, u32, String) {
    (kind.to_owned(), result, said.to_owned())
}

#[test]
fn credit_ends_in_the_middle_of_a_message() {
    let mut rig = rig(2 * PRICE);
    for sequence in 1..=4 {
        rig.message(UE, &format!("m{sequence}"), "", &part(sequence, 4));
        rig.response(202);
        let (_, report) = rig.letter(UE, 200);
        match sequence {
            1 | 2 => is_ack(&report),
            _ => assert_eq!(cause(&report), RpCause::TRANSFER_REJECTED),
        }
    }
    assert_eq!(rig.world.forwarded.len(), 2);
    let records = rig.world.far.records();
    let third = "refused: part 3 was refused";
    let expected = [(0, "granted"), (0, "granted"), (21, "refused 4012"), (21, third)];
    let expected = expected.map(|(result, said)| line("iSMSMORecord", result, said));
    assert_eq!(lines(&records), expected);
    let account = rig.world.far.account(MSISDN);
    assert_eq!((account.balance, account.debited, account.refunded), (0, 2 * PRICE, 0));
}

#[test]
fn what_is_not_taken_at_all_is_written_down_and_costs_nothing() {
    let mut own = config();
    own.mo_barred.insert(MSISDN.to_owned());
    let mut rig = Rig { gateway: charged_gateway(own, 0), world: World::new() };
    rig.world.far = Far::real(MSISDN, 100);
    rig.drain();
    rig.pass(Duration::from_millis(1));
    rig.register(6000);
    rig.message(UE, "m1", "", &mo(1, "hello"));
    rig.response(202);
    assert_eq!(cause(&rig.letter(UE, 200).1), RpCause::OPERATOR_BARRING);
    // What is no message is none in the records either.
    rig.message(UE, "m2", "", &[0, 7]);
    rig.response(202);
    rig.letter(UE, 200);
    let records = rig.world.far.records();
    assert_eq!(lines(&records), [line("iSMSMORecord", 8, "")]);
    let account = rig.world.far.account(MSISDN);
    assert_eq!((account.balance, account.debited, rig.world.forwarded.len()), (100, 0, 0));
}

#[test]
fn what_the_service_centre_does_not_take_is_given_back() {
    let mut rig = rig(100);
    rig.world.mo_answer = Some(Err(UserError::SystemFailure(None)));
    rig.message(UE, "m1", "", &mo(1, "hello"));
    rig.response(202);
    assert_eq!(cause(&rig.letter(UE, 200).1), RpCause::NETWORK_OUT_OF_ORDER);
    assert_eq!(lines(&rig.world.far.records()), [line("iSMSMORecord", 38, "granted; given back")]);
    let account = rig.world.far.account(MSISDN);
    assert_eq!((account.balance, account.debited, account.refunded), (100, PRICE, PRICE));
    assert_eq!(rig.rows(Table::SmsCredit), 0);
}

#[test]
fn without_an_ocs_nothing_goes_unless_it_may() {
    let mut rig = rig(100);
    for near in rig.world.far.set_dead(rig.world.now, OCS, true) {
        rig.gateway.handle_input(rig.world.now, NodeInput::Diameter(near.input()));
    }
    rig.message(UE, "m1", "", &mo(1, "hello"));
    rig.response(202);
    assert_eq!(cause(&rig.letter(UE, 200).1), RpCause::TEMPORARY_FAILURE);
    assert!(rig.world.forwarded.is_empty());
    let said = lines(&rig.world.far.records()).remove(0);
    // Nobody was asked, so that there is nothing to give back.
    assert_eq!((said.1, said.2.as_str()), (41, "terminated: no Diameter peer takes it"));
    // That there is memory costs nothing.
    rig.message(UE, "m2", "", &RpMessage::smma(2).emit());
    rig.response(202);
    is_ack(&rig.letter(UE, 200).1);
    assert_eq!(rig.world.far.records().len(), 1);
}

#[test]
fn each_attempt_to_deliver_is_a_record() {
    let mut rig = rig(100);
    rig.mt(&deliver("one"), false);
    let (request, message) = rig.letter(UE, 200);
    let named = format!("In-Reply-To: {}", request.call_id().unwrap());
    rig.message(UE, "r1", &named, &rp_error(message.reference, RpCause::MEMORY_EXCEEDED));
    rig.response(202);
    assert!(rig.outcome().is_err());
    rig.mt(&deliver("one"), false);
    rig.letter(UE, 200);
    rig.pass(Duration::from_secs(60));
    assert!(rig.outcome().is_err());
    rig.mt(&deliver("one"), false);
    let (_, message) = rig.letter(UE, 200);
    rig.message(UE, "r2", "", &ack(message.reference));
    rig.response(202);
    assert!(rig.outcome().is_ok());
    // It has it: nobody asks, and nothing is charged.
    rig.mt(&deliver("one"), false);
    assert!(rig.outcome().is_ok());
    let of = |result| line("iSMSMTRecord", result, "");
    assert_eq!(lines(&rig.world.far.records()), [of(22), of(5550), of(0)]);
    assert!(rig.world.far.records().iter().all(|record| record.sms.as_ref().unwrap().ip_access));
    assert_eq!(rig.world.far.account(MSISDN).debited, 0);
}

/// Plays a story with kills, at first after `fuel` steps; how often it was killed. `forgets`: the dialogues of the SMS-GMSC
/// end with the gateway.
fn play(story: &mut Story, fuel: u32, forgets: bool, act: fn(&mut Story, u64) -> Option<()>) -> u32 {
    let mut round = 0;
    loop {
        story.world.fuel = if round < 2 { fuel } else { u32::MAX };
        if act(story, round).is_some() {
            break;
        }
        round += 1;
        story.world.now = story.world.now + Duration::from_secs(1);
        if forgets {
            story.world.gmsc = Peer::new(&format!("gmsc{round}"), &[ApplicationContext::SHORT_MSG_MO_RELAY_V3]);
        }
    }
    // What is left is said in a last run.
    story.world.fuel = u32::MAX;
    let (mut gateway, _) = start(story, round + 1);
    story.turn(&mut gateway);
    round as u32
}

fn charged_story() -> Story {
    let mut story = Story::new();
    story.is_charged = true;
    story.world.far = Far::real(MSISDN, 100);
    registered_in(story)
}

#[test]
fn killed_at_every_step_a_message_is_paid_for_once() {
    let mut kills = 0;
    for fuel in 0.. {
        let mut story = charged_story();
        let refused = submit(2, "text").emit();
        story.refuses = Some(refused.clone());
        let own = play(&mut story, fuel, false, send_all);
        let account = story.world.far.account(MSISDN);
        let sums = (account.balance, account.debited - account.refunded, account.reserved);
        let paid = u64::from(MESSAGES - 1) * PRICE;
        assert_eq!(sums, (100 - paid as i64, paid, 0), "killed after {fuel} steps");
        let wanted: Vec<_> = [1, 3].map(|n| submit(n, "text").emit()).to_vec();
        assert_eq!(story.stored, wanted, "killed after {fuel} steps");
        let records = story.world.far.records();
        let mut lines = lines(&records);
        lines.sort_unstable();
        let expected = [(0, "granted"), (0, "granted"), (38, "granted; given back")];
        let expected = expected.map(|(result, said)| line("iSMSMORecord", result, said));
        assert_eq!(lines, expected, "killed after {fuel} steps");
        kills += own;
        if own == 0 {
            break;
        }
    }
    assert!(kills > 60, "{kills}");
}

#[test]
fn killed_at_every_step_a_delivery_is_recorded_once() {
    let mut kills = 0;
    for fuel in 0.. {
        let mut story = charged_story();
        let own = play(&mut story, fuel, true, deliver_all);
        assert_eq!(story.delivered, u32::from(MESSAGES), "killed after {fuel} steps");
        let records = story.world.far.records();
        let delivered = records.iter().filter(|record| record.sms.as_ref().unwrap().result == Some(0)).count();
        assert_eq!((delivered, records.len()), (MESSAGES.into(), MESSAGES.into()), "killed after {fuel} steps");
        kills += own;
        if own == 0 {
            break;
        }
    }
    assert!(kills > 40, "{kills}");
}
