//! From mobile to mobile.

use protocol::smpp::{Body, Pdu, ShortMessage, SmeAddress, Tlv};
use protocol::smpp::{CommandStatus, EsmClass, TlvTag, Tlvs};
use protocol::sms::{
    Address, Carrier, Command, CommandType, Direction, FailureCause, Status, Submit, Tpdu, ValidityPeriod,
};

use super::world::{Behaviour, START_MS, Who, World, config, submit};
use crate::node::Table;
use crate::sms::tlv;

const A: &str = "358401";
const B: &str = "358402";

fn report_of(pdu: &Pdu) -> Result<(), FailureCause> {
    let carrier = if pdu.status.is_ok() { Carrier::Ack } else { Carrier::Error };
    match Tpdu::parse(Direction::ToMs, carrier, pdu.tlvs.octets(tlv::TPDU).unwrap()).unwrap() {
        Tpdu::SubmitReport(report) => report.failure_cause().map_or(Ok(()), Err),
        other => panic!("{other:?}"),
    }
}

fn texts(world: &World, to: &str) -> Vec<String> {
    let own = world.shown.iter().filter(|(own, _)| own == to);
    own.filter_map(|(_, tpdu)| match tpdu {
        Tpdu::Deliver(deliver) => deliver.user_data.text(deliver.coding),
        _ => None,
    })
    .collect()
}

fn reports(world: &World) -> Vec<(u8, Status, bool)> {
    let reports = world.shown.iter().filter_map(|(to, tpdu)| match tpdu {
        Tpdu::StatusReport(report) => {
            assert_eq!(to, A);
            Some((report.reference, report.status, report.of_command))
        }
        _ => None,
    });
    reports.collect()
}

fn with_report(reference: u8, text: &str) -> Submit {
    let mut submit = submit(reference, &format!("+{B}"), text);
    submit.status_report = true;
    submit
}

#[test]
fn a_message_goes_from_one_to_the_other_and_its_report_back() {
    let mut world = World::new(config());
    let mut submit = with_report(7, "hello");
    submit.validity_period = Some(ValidityPeriod::Relative(143));
    world.mobile_sends(1, A, &submit).unwrap();
    world.run(10).unwrap();
    let response = &world.responses[&1];
    assert_eq!((response.status, report_of(response)), (CommandStatus::OK, Ok(())));
    assert_eq!((texts(&world, B), world.figure("sm_sc_messages_over_ip")), (vec!["hello".to_owned()], 1));
    let (sent, tlvs) = &world.submits[0];
    assert_eq!((sent.esm_class, sent.source.address.to_string()), (EsmClass(EsmClass::FORWARD), A.to_owned()));
    assert_eq!(sent.message.as_bytes(), b"hello");
    assert_eq!((tlvs.integer(tlv::MESSAGE_WAITING), tlvs.integer(tlv::SC_TYPE)), (Some(1), Some(0)));
    assert_eq!(tlvs.integer(TlvTag::MORE_MESSAGES_TO_SEND), Some(0));
    assert_eq!(reports(&world), [(7, Status::RECEIVED, false)]);
    let Tpdu::Deliver(deliver) = &world.shown[0].1 else { panic!() };
    assert_eq!(deliver.service_centre_time.to_utc_ms(), Some(START_MS));
    assert_eq!((deliver.originator, deliver.status_report), (Address::international(A).unwrap(), true));
    assert_eq!((world.figure("sm_sc_messages_held"), world.node.in_memory()), (0, 0));
    // After a day nothing is left.
    assert_eq!(world.rows(Table::SmScNumber), 1);
    world.run(86_500_000).unwrap();
    for table in
        [Table::SmScNumber, Table::SmScOrigin, Table::SmScTimer, Table::SmScLane, Table::SmScDue, Table::SmScMessage]
    {
        assert_eq!(world.rows(table), 0, "{table:?}");
    }
}

#[test]
fn who_is_absent_is_tried_by_the_schedule_until_the_message_expires() {
    let mut world = World::new(config());
    world.behaviour.insert(B.into(), Behaviour::Absent);
    world.mobile_sends(1, A, &with_report(7, "hello")).unwrap();
    world.run(80 * 3_600_000).unwrap();
    let of_b: Vec<_> = world.attempts.iter().filter(|(_, to, _)| to == B).collect();
    let minutes: Vec<u64> = of_b.iter().map(|(at, ..)| at / 60_000).collect();
    assert_eq!(&minutes[..7], [0, 15, 45, 105, 225, 465, 825]);
    assert!(minutes.windows(2).skip(6).all(|pair| pair[1] - pair[0] == 360) && minutes.last() < Some(&(72 * 60)));
    assert!(of_b.iter().all(|(.., tpdu)| *tpdu == of_b[0].2), "the same time stamp in each");
    // The last attempt does not ask to be alerted: the message is over before there is another one.
    let last = world.submits.iter().rev().find(|(message, _)| message.destination.address.to_string() == B).unwrap();
    assert_eq!(last.1.integer(tlv::MESSAGE_WAITING), Some(0));
    assert_eq!(reports(&world), [(7, Status::VALIDITY_EXPIRED, false)]);
    assert_eq!((world.figure("sm_sc_messages_expired"), texts(&world, B).len()), (1, 0));
}

#[test]
fn an_alert_makes_what_waits_due_in_its_order() {
    let mut world = World::new(config());
    world.behaviour.insert(B.into(), Behaviour::MemoryFull);
    for n in 1..=4 {
        world.mobile_sends(n, A, &submit(n as u8, &format!("+{B}"), &format!("text {n}"))).unwrap();
    }
    world.run(60_000).unwrap();
    assert_eq!(world.attempts.len(), 1, "the first one stands for all");
    world.behaviour.remove(B);
    world.run(60_000).unwrap();
    assert_eq!(world.attempts.len(), 1);
    world.alert(B);
    world.run(1).unwrap();
    assert_eq!(texts(&world, B), ["text 1", "text 2", "text 3", "text 4"]);
    let more: Vec<_> = world.submits[1..].iter().map(|(_, tlvs)| tlvs.integer(TlvTag::MORE_MESSAGES_TO_SEND)).collect();
    assert_eq!(more, [Some(1), Some(1), Some(1), Some(0)]);
    world.alert("358999");
    world.run(1000).unwrap();
}

#[test]
fn causes_decide() {
    let mut world = World::new(config());
    for (n, (to, behaviour)) in
        [("358411", Behaviour::Unknown), ("358412", Behaviour::Silent), ("358413", Behaviour::Absent)]
            .into_iter()
            .enumerate()
    {
        world.behaviour.insert(to.into(), behaviour);
        let mut submit = submit(n as u8, &format!("+{to}"), "x");
        submit.status_report = true;
        // One attempt only.
        if to == "358413" {
            submit.validity_period = Some(ValidityPeriod::Enhanced([0x40, 0, 0, 0, 0, 0, 0]));
        }
        world.mobile_sends(n as u64, A, &submit).unwrap();
    }
    world.run(300_000).unwrap();
    let tries = |to: &str| world.attempts.iter().filter(|(_, own, _)| own == to).count();
    // Silent: 180 s until it counts as failed, and 30 s until it is tried again.
    assert_eq!((tries("358411"), tries("358412"), tries("358413")), (1, 2, 1));
    assert_eq!(reports(&world), [(0, Status::NOT_OBTAINABLE, false), (2, Status::NO_RESPONSE, false)]);
    let waiting: Vec<_> = world
        .submits
        .iter()
        .filter(|(m, _)| m.destination.address.to_string() == "358413")
        .map(|(_, tlvs)| tlvs.integer(tlv::MESSAGE_WAITING))
        .collect();
    assert_eq!(waiting, [Some(0)], "nobody waits for a single shot");
}

#[test]
fn repetitions_are_known() {
    let mut world = World::new(config());
    world.behaviour.insert(B.into(), Behaviour::Absent);
    let first = submit(7, &format!("+{B}"), "hello");
    let mut again = first.clone();
    again.reject_duplicates = true;
    world.mobile_sends(1, A, &first).unwrap();
    world.mobile_sends(2, A, &first).unwrap();
    world.mobile_sends(3, A, &again).unwrap();
    // TP-MR was used again for something else.
    world.mobile_sends(4, A, &submit(7, &format!("+{B}"), "other")).unwrap();
    world.run(10).unwrap();
    assert_eq!(
        world.responses[&1],
        Pdu { sequence_number: world.responses[&1].sequence_number, ..world.responses[&2].clone() }
    );
    assert_eq!(report_of(&world.responses[&3]), Err(FailureCause::DUPLICATE));
    assert_eq!(report_of(&world.responses[&4]), Ok(()));
    assert_eq!(world.figure("sm_sc_messages_held"), 2);
    world.behaviour.remove(B);
    world.alert(B);
    world.run(10).unwrap();
    assert_eq!(texts(&world, B), ["hello", "other"]);
    // What is not held any more may come again, but not as what was only repeated.
    world.mobile_sends(5, A, &again).unwrap();
    world.run(400_000).unwrap();
    world.mobile_sends(6, A, &again).unwrap();
    world.run(10).unwrap();
    assert_eq!((report_of(&world.responses[&5]), report_of(&world.responses[&6])), (Ok(()), Ok(())));
    assert_eq!(texts(&world, B), ["hello", "other", "hello"]);
}

#[test]
fn what_says_something_else_is_no_repetition_though_it_is_said_to_be() {
    let mut world = World::new(config());
    world.behaviour.insert(B.into(), Behaviour::Absent);
    world.mobile_sends(1, A, &submit(7, &format!("+{B}"), "hello")).unwrap();
    // TP-MR was used again, and a gateway that has started again does not know whether it has forwarded it.
    let mut other = submit(7, &format!("+{B}"), "other");
    other.reject_duplicates = true;
    world.mobile_sends(2, A, &other).unwrap();
    world.mobile_sends(3, A, &other).unwrap();
    world.run(10).unwrap();
    assert_eq!(report_of(&world.responses[&2]), Ok(()));
    assert_eq!(report_of(&world.responses[&3]), Err(FailureCause::DUPLICATE));
    assert_eq!(world.figure("sm_sc_messages_held"), 2);
}

#[test]
fn a_repetition_is_known_behind_all_that_is_over() {
    let mut world = World::new(config());
    // A UE that always has the same TP-MR.
    for n in 0..70 {
        world.mobile_sends(n, A, &submit(7, &format!("+{B}"), &format!("text {n}"))).unwrap();
    }
    world.run(10).unwrap();
    assert_eq!((texts(&world, B).len(), world.figure("sm_sc_messages_held")), (70, 0));
    world.behaviour.insert(B.into(), Behaviour::Absent);
    for token in [100, 101] {
        world.mobile_sends(token, A, &submit(7, &format!("+{B}"), "last")).unwrap();
    }
    assert_eq!(world.figure("sm_sc_messages_held"), 1, "the same came twice");
    let command = Command::new(9, CommandType::DELETE, 7, Address::international(B).unwrap());
    let message = ShortMessage { source: SmeAddress::international(A).unwrap(), ..ShortMessage::default() };
    let tlvs = vec![Tlv::new(tlv::TPDU, command.emit())];
    world.ask(Who::Gmsc, 200, Body::DeliverSm(message), tlvs).unwrap();
    world.run(10).unwrap();
    assert_eq!((report_of(&world.responses[&200]), world.figure("sm_sc_messages_held")), (Ok(()), 0));
    world.run(86_500_000).unwrap();
    assert_eq!((world.rows(Table::SmScOrigin), world.rows(Table::SmScNumber)), (0, 0));
}

#[test]
fn messages_are_held_for_some_time() {
    let mut config = config();
    config.validity.default = std::time::Duration::ZERO;
    let entropy = protocol::Entropy::from_seed([1; 32]);
    assert!(super::super::SmSc::new(config, entropy).is_err());
}

#[test]
fn who_is_barred_or_refuses_is_tried_again() {
    let mut world = World::new(config());
    world.behaviour.insert(B.into(), Behaviour::Barred);
    world.mobile_sends(1, A, &submit(1, &format!("+{B}"), "hello")).unwrap();
    world.run(60_000).unwrap();
    assert_eq!(world.figure("sm_sc_messages_held"), 1);
    world.behaviour.remove(B);
    world.run(3_600_000).unwrap();
    assert_eq!(texts(&world, B), ["hello"]);
    // What a UE refuses each time does not stop what comes behind it for days.
    world.behaviour.insert(B.into(), Behaviour::Refuses);
    world.mobile_sends(2, A, &with_report(2, "poison")).unwrap();
    let before = world.attempts.len();
    world.run(3_600_000).unwrap();
    assert_eq!((world.attempts.len() - before > 1, world.figure("sm_sc_messages_held")), (true, 0));
    assert_eq!(reports(&world), [(2, Status::CONNECTION_REJECTED, false)]);
}

#[test]
fn nobody_is_refused() {
    let mut world = World::new(config());
    for (n, to) in ["0401", "123456"].into_iter().enumerate() {
        world.mobile_sends(n as u64, A, &submit(1, to, "x")).unwrap();
        assert_eq!(report_of(&world.responses[&(n as u64)]), Err(FailureCause::INVALID_SME_ADDRESS), "{to}");
    }
    let mut submit = submit(1, &format!("+{B}"), "x");
    submit.validity_period = Some(ValidityPeriod::Enhanced([0x02, 0, 0, 0, 0, 0, 0]));
    world.mobile_sends(8, A, &submit).unwrap();
    assert_eq!(report_of(&world.responses[&8]), Err(FailureCause::VP_NOT_SUPPORTED));
    let message = ShortMessage { source: SmeAddress::international(A).unwrap(), ..ShortMessage::default() };
    world.ask(Who::Gmsc, 9, Body::DeliverSm(message), vec![Tlv::new(tlv::TPDU, [0x03, 1])]).unwrap();
    assert_eq!(report_of(&world.responses[&9]), Err(FailureCause::TPDU_NOT_SUPPORTED));
    assert_eq!(world.rows(Table::SmScNumber), 0);
}

#[test]
fn commands_ask_delete_and_change_reports() {
    let mut world = World::new(config());
    world.behaviour.insert(B.into(), Behaviour::Absent);
    let send = |world: &mut World, token: u64, kind, number: u8, srr| {
        let mut command = Command::new(token as u8, kind, number, Address::international(B).unwrap());
        command.status_report = srr;
        let message = ShortMessage { source: SmeAddress::international(A).unwrap(), ..ShortMessage::default() };
        let tlvs = vec![Tlv::new(tlv::TPDU, command.emit())];
        world.ask(Who::Gmsc, token, Body::DeliverSm(message), tlvs).unwrap();
        world.run(10).unwrap();
        report_of(&world.responses[&token])
    };
    world.mobile_sends(1, A, &with_report(7, "a")).unwrap();
    world.mobile_sends(2, A, &with_report(8, "b")).unwrap();
    assert_eq!(send(&mut world, 20, CommandType::ENQUIRY, 7, true), Ok(()));
    assert_eq!(send(&mut world, 21, CommandType::ENQUIRY, 99, true), Ok(()));
    assert_eq!(send(&mut world, 22, CommandType::DELETE, 7, true), Ok(()));
    assert_eq!(send(&mut world, 23, CommandType::CANCEL_STATUS_REPORT, 8, false), Ok(()));
    assert_eq!(send(&mut world, 24, CommandType::DELETE, 99, false), Err(FailureCause::COMMAND_CANNOT_BE_ACTIONED));
    assert_eq!(send(&mut world, 25, CommandType(9), 8, false), Err(FailureCause::COMMAND_UNSUPPORTED));
    world.behaviour.remove(B);
    world.alert(B);
    world.run(10).unwrap();
    assert_eq!(texts(&world, B), ["b"]);
    let wanted = [
        (20, Status::TRYING_NO_RESPONSE, true),
        (21, Status::DOES_NOT_EXIST, true),
        (7, Status::DELETED_BY_ORIGINATOR, false),
        (22, Status::DELETED_BY_ORIGINATOR, true),
    ];
    let mut told = reports(&world);
    told.sort_by_key(|(reference, ..)| wanted.iter().position(|own| own.0 == *reference));
    assert_eq!(told, wanted);
}

#[test]
fn the_queue_is_in_the_store_and_a_window_of_it_in_memory() {
    const MESSAGES: u64 = 1500;
    let mut world = World::new(config());
    for n in 0..MESSAGES {
        let to = format!("+3585{n:05}");
        world.behaviour.insert(to[1..].to_owned(), Behaviour::Absent);
        world.mobile_sends(n, A, &submit(n as u8, &to, "x")).unwrap();
        world.run(0).unwrap();
        world.responses.clear();
    }
    assert_eq!(world.figure("sm_sc_messages_held"), MESSAGES);
    world.restart();
    world.run(2000).unwrap();
    assert_eq!(world.figure("sm_sc_messages_held"), MESSAGES, "counted again");
    world.behaviour.clear();
    world.most_in_memory = 0;
    world.run(20 * 60_000).unwrap();
    assert_eq!(world.shown.len() as u64, MESSAGES);
    assert!(world.most_in_memory <= 500, "{}", world.most_in_memory);
    assert_eq!((world.figure("sm_sc_messages_held"), world.node.in_memory()), (0, 0));
}
