//! ESMEs and another SM-SC.

use protocol::smpp::{
    BindKind, Body, CancelSm, CommandStatus, DataSm, DeliveryReceipt, Destination, Destinations, EsmClass, MessageId,
    MessageOctets, MessageState, Pdu, QuerySm, RegisteredDelivery, ReplaceSm, ShortMessage, SmeAddress, SmppTime,
    SubmitMulti, Tlv, TlvTag,
};
use protocol::sms::{Tpdu, TypeOfNumber};

use super::world::{Behaviour, START_MS, Who, World, config, submit, submit_sm};

pub(super) const B: &str = "358402";

pub(super) fn own() -> SmeAddress {
    submit_sm(B, "").source
}

pub(super) fn id_of(pdu: &Pdu) -> MessageId {
    assert_eq!(pdu.status, CommandStatus::OK);
    match &pdu.body {
        Body::SubmitSmResp(Some(id)) | Body::DataSmResp(Some(id)) => id.clone(),
        Body::SubmitMultiResp(Some(response)) => response.message_id.clone(),
        other => panic!("{other:?}"),
    }
}

pub(super) fn bound() -> World {
    let mut world = World::new(config());
    world.esme_binds(BindKind::Transceiver, "pw");
    world
}

pub(super) fn receipts(world: &World) -> Vec<DeliveryReceipt> {
    let of = |pdu: &Pdu| match &pdu.body {
        Body::DeliverSm(message) => DeliveryReceipt::of(message, &pdu.tlvs),
        _ => None,
    };
    world.delivered.iter().filter_map(of).collect()
}

pub(super) fn texts(world: &World) -> Vec<String> {
    let of = |(_, tpdu): &(String, Tpdu)| match tpdu {
        Tpdu::Deliver(deliver) => deliver.user_data.text(deliver.coding),
        _ => None,
    };
    world.shown.iter().filter_map(of).collect()
}

#[test]
fn who_is_not_known_does_not_bind() {
    let mut world = World::new(config());
    for _ in 0..5 {
        world.esme_binds(BindKind::Transceiver, "wrong");
        assert_eq!(world.bind_refused.take(), Some(CommandStatus::INVALID_PASSWORD));
    }
    world.esme_binds(BindKind::Transceiver, "pw");
    assert_eq!(world.bind_refused.take(), Some(CommandStatus::BIND_FAILED), "after too many guesses");
    world.run(61_000).unwrap();
    world.esme_binds(BindKind::Transceiver, "pw");
    assert_eq!(world.bind_refused, None);
    let mut config = config();
    config.accounts[0].from = vec!["10.0.0.21".parse().unwrap()];
    let mut world = World::new(config);
    world.esme_binds(BindKind::Transceiver, "pw");
    assert_eq!(world.bind_refused, Some(CommandStatus::INVALID_PASSWORD), "from elsewhere");
}

#[test]
fn who_guesses_elsewhere_locks_nobody_out() {
    let mut config = config();
    config.accounts[0].from = vec!["10.0.0.20".parse().unwrap()];
    let mut world = World::new(config);
    for _ in 0..10 {
        world.esme_binds_at("10.0.0.66:50000", BindKind::Transceiver, "wrong");
        assert_eq!(world.bind_refused.take(), Some(CommandStatus::INVALID_PASSWORD));
    }
    world.esme_binds(BindKind::Transceiver, "pw");
    // With the sessions to the GMSC and to another SM-SC.
    assert_eq!((world.bind_refused, world.figure("sm_sc_sessions_bound")), (None, 3));
}

#[test]
fn what_waits_is_found_behind_all_that_is_over() {
    let mut world = bound();
    let later = SmppTime::absolute(START_MS + 3_600_000).to_time_string();
    let scheduled = ShortMessage { schedule_delivery_time: later, ..submit_sm(B, "later") };
    world.response(Who::Esme, Body::SubmitSm(scheduled));
    for n in 0..70 {
        world.response(Who::Esme, Body::SubmitSm(submit_sm(B, &format!("{n}"))));
    }
    world.run(10).unwrap();
    assert_eq!((texts(&world).len(), world.figure("sm_sc_messages_held")), (70, 1));
    world.behaviour.insert(B.into(), Behaviour::Absent);
    world.response(Who::Esme, Body::SubmitSm(submit_sm(B, "one")));
    let instead = ShortMessage { replace_if_present: 1, ..submit_sm(B, "two") };
    world.response(Who::Esme, Body::SubmitSm(instead));
    assert_eq!(world.figure("sm_sc_messages_held"), 2, "one was replaced");
    let all = CancelSm { source: own(), destination: SmeAddress::international(B).unwrap(), ..CancelSm::default() };
    assert_eq!(world.response(Who::Esme, Body::CancelSm(all)).status, CommandStatus::OK);
    assert_eq!(world.figure("sm_sc_messages_held"), 0);
}

#[test]
fn what_is_scheduled_is_replaced_and_what_replaces_is_scheduled() {
    let at = |hours: u64| SmppTime::absolute(START_MS + hours * 3_600_000).to_time_string();
    let scheduled = |text: &str, hours| ShortMessage { schedule_delivery_time: at(hours), ..submit_sm(B, text) };
    let instead = |message: ShortMessage| Body::SubmitSm(ShortMessage { replace_if_present: 1, ..message });
    let mut world = bound();
    let id = id_of(&world.response(Who::Esme, Body::SubmitSm(scheduled("one", 1))));
    assert_eq!(id_of(&world.response(Who::Esme, instead(scheduled("two", 2)))), id);
    assert_eq!(world.figure("sm_sc_messages_held"), 1);
    world.run(5_400_000).unwrap();
    assert!(texts(&world).is_empty(), "the new time counts");
    world.run(3_600_000).unwrap();
    assert_eq!(texts(&world), ["two"]);
    // One that shall go at once, instead of one that waits for its time.
    world.response(Who::Esme, Body::SubmitSm(scheduled("three", 9)));
    world.response(Who::Esme, instead(submit_sm(B, "four")));
    world.run(10).unwrap();
    assert_eq!(texts(&world), ["two", "four"]);
    // And the other way round.
    world.behaviour.insert(B.into(), Behaviour::Absent);
    let id = id_of(&world.response(Who::Esme, Body::SubmitSm(submit_sm(B, "five"))));
    assert_eq!(id_of(&world.response(Who::Esme, instead(scheduled("six", 9)))), id);
    world.behaviour.remove(B);
    world.alert(B);
    world.run(10).unwrap();
    assert_eq!((texts(&world).len(), world.figure("sm_sc_messages_held")), (2, 1));
    // replace_sm, too: another text, and another time.
    let text = MessageOctets::new(*b"seven").unwrap();
    let replace = ReplaceSm { message_id: id.clone(), source: own(), message: text, ..ReplaceSm::default() };
    assert_eq!(world.response(Who::Esme, Body::ReplaceSm(replace.clone())).status, CommandStatus::OK);
    let sooner = ReplaceSm { schedule_delivery_time: at(4), ..replace };
    assert_eq!(world.response(Who::Esme, Body::ReplaceSm(sooner)).status, CommandStatus::OK);
    world.run(2 * 3_600_000).unwrap();
    assert_eq!(texts(&world), ["two", "four", "seven"]);
    world.run(10 * 3_600_000).unwrap();
    assert_eq!((texts(&world).len(), world.figure("sm_sc_messages_held"), world.node.in_memory()), (3, 0, 0));
}

#[test]
fn what_is_urgent_does_not_wait_for_what_has_failed() {
    let mut world = bound();
    world.behaviour.insert(B.into(), Behaviour::Silent);
    world.response(Who::Esme, Body::SubmitSm(submit_sm(B, "slow")));
    world.behaviour.insert(B.into(), Behaviour::Absent);
    world.response(Who::Esme, Body::SubmitSm(submit_sm(B, "slow too")));
    world.behaviour.remove(B);
    world.response(Who::Esme, Body::SubmitSm(ShortMessage { priority: 1, ..submit_sm(B, "urgent") }));
    assert!(texts(&world).is_empty());
    // 180 s until the first has failed, which waits for 30 s.
    world.run(185_000).unwrap();
    assert_eq!(texts(&world).first().map(String::as_str), Some("urgent"));
}

#[test]
fn a_long_message_that_waits_for_its_time_counts_once() {
    let mut world = bound();
    let later = SmppTime::absolute(START_MS + 3_600_000).to_time_string();
    let message = ShortMessage { schedule_delivery_time: later, ..submit_sm(B, "") };
    let text = "0123456789".repeat(100);
    world.ask(Who::Esme, 1, Body::SubmitSm(message), vec![Tlv::new(TlvTag::MESSAGE_PAYLOAD, text.as_bytes())]).unwrap();
    world.run(10).unwrap();
    assert_eq!(world.figure("sm_sc_messages_held"), 1);
    world.restart();
    world.run(1000).unwrap();
    assert_eq!(world.figure("sm_sc_messages_held"), 1);
}

#[test]
fn a_message_is_delivered_and_the_esme_told() {
    let mut world = bound();
    let message = ShortMessage { registered_delivery: RegisteredDelivery::ALWAYS, ..submit_sm(B, "hello") };
    let id = id_of(&world.response(Who::Esme, Body::SubmitSm(message.clone())));
    world.run(10).unwrap();
    assert_eq!(texts(&world), ["hello"]);
    let told = receipts(&world);
    assert_eq!((told.len(), &told[0].message_id, told[0].state), (1, &id, MessageState::DELIVERED));
    assert_eq!((told[0].text.as_slice(), told[0].submit_date), (&b"hello"[..], Some(START_MS)));
    let Body::DeliverSm(deliver) = &world.delivered[0].body else { panic!() };
    assert_eq!((&deliver.destination, deliver.source.address.to_string()), (&own(), B.to_owned()));
    // Nobody is told who is not there; the receipt waits for him.
    world.behaviour.insert(B.into(), Behaviour::Unknown);
    world.response(
        Who::Esme,
        Body::SubmitSm(ShortMessage { registered_delivery: RegisteredDelivery::ON_FAILURE, ..message }),
    );
    world.esme_leaves();
    world.run(3_600_000).unwrap();
    assert!(receipts(&world).len() <= 2);
    world.esme_binds(BindKind::Receiver, "pw");
    world.run(40_000).unwrap();
    assert_eq!(
        receipts(&world).last().map(|told| (told.state, told.error.clone())),
        Some((MessageState::UNDELIVERABLE, "001".to_owned()))
    );
}

#[test]
fn what_comes_again_under_the_reference_of_its_esme_is_one_message() {
    let mut world = bound();
    let mut token = 0;
    let mut send = |world: &mut World, reference: Option<u16>, text: &str| {
        token += 1;
        let own = reference.map(|own| Tlv::word(TlvTag::USER_MESSAGE_REFERENCE, own)).into_iter();
        let text = Tlv::new(TlvTag::MESSAGE_PAYLOAD, text.as_bytes());
        world.ask(Who::Esme, token, Body::SubmitSm(submit_sm(B, "")), own.chain([text]).collect()).unwrap();
        world.run(10).unwrap();
        id_of(&world.responses[&token])
    };
    let long = "0123456789".repeat(40);
    let first = send(&mut world, Some(7), &long);
    assert_eq!((send(&mut world, Some(7), &long), texts(&world).len()), (first.clone(), 3));
    world.restart();
    world.run(0).unwrap();
    world.esme_binds(BindKind::Transceiver, "pw");
    assert_eq!((send(&mut world, Some(7), &long), texts(&world).len()), (first.clone(), 3));
    // Another reference, another text, none at all, and long after.
    let others = [(Some(8), long.as_str()), (Some(7), "short"), (None, "short"), (None, "short")];
    let ids: Vec<MessageId> = others.iter().map(|(own, text)| send(&mut world, *own, text)).collect();
    assert!(!ids.contains(&first) && ids[2] != ids[3], "{ids:?}");
    assert_eq!(texts(&world).len(), 9);
    world.run(301_000).unwrap();
    assert_ne!(send(&mut world, Some(7), &long), first);
    assert_eq!(texts(&world).len(), 12);
    // One that has a reference is cancelled without it, too.
    world.behaviour.insert(B.into(), Behaviour::Absent);
    send(&mut world, Some(9), "waits");
    let cancel = CancelSm { source: own(), destination: submit_sm(B, "").destination, ..CancelSm::default() };
    assert_eq!(world.response(Who::Esme, Body::CancelSm(cancel)).status, CommandStatus::OK);
    assert_eq!(world.figure("sm_sc_messages_held"), 0);
}

#[test]
fn long_messages_go_in_parts_and_have_one_receipt() {
    let mut world = bound();
    let text = "0123456789".repeat(40);
    let message = ShortMessage { registered_delivery: RegisteredDelivery::ALWAYS, ..submit_sm(B, "") };
    world
        .ask(Who::Esme, 1, Body::SubmitSm(message.clone()), vec![Tlv::new(TlvTag::MESSAGE_PAYLOAD, text.as_bytes())])
        .unwrap();
    world.run(10).unwrap();
    let id = id_of(&world.responses[&1]);
    assert_eq!(texts(&world).concat(), text);
    let told = receipts(&world);
    assert_eq!(
        told.iter().map(|told| (&told.message_id, told.submitted, told.delivered)).collect::<Vec<_>>(),
        [(&id, 3, 3)]
    );
    assert_eq!(world.submits[0].0.esm_class, EsmClass(EsmClass::FORWARD).with_features(true, false));
    // One that fails takes the others with it.
    world.behaviour.insert(B.into(), Behaviour::Unknown);
    let attempts = world.attempts.len();
    world.ask(Who::Esme, 2, Body::SubmitSm(message), vec![Tlv::new(TlvTag::MESSAGE_PAYLOAD, text.as_bytes())]).unwrap();
    world.run(10).unwrap();
    assert_eq!(world.attempts.len(), attempts + 1);
    let told = receipts(&world);
    assert_eq!((told.len(), told[1].state, told[1].delivered), (2, MessageState::UNDELIVERABLE, 0));
    assert_eq!((world.figure("sm_sc_messages_held"), world.rows(crate::node::Table::SmScMessage)), (0, 0));
}

#[test]
fn messages_are_asked_about_changed_and_taken_back() {
    let mut world = bound();
    world.behaviour.insert(B.into(), Behaviour::Absent);
    let message = ShortMessage { registered_delivery: RegisteredDelivery::ALWAYS, ..submit_sm(B, "one") };
    let ids: Vec<MessageId> =
        (0..3).map(|_| id_of(&world.response(Who::Esme, Body::SubmitSm(message.clone())))).collect();
    let query = |world: &mut World, id: &MessageId| {
        let query = QuerySm { message_id: id.clone(), source: own() };
        let response = world.response(Who::Esme, Body::QuerySm(query));
        match response.body {
            Body::QuerySmResp(Some(body)) => Ok((body.message_state, !body.final_date.is_empty())),
            _ => Err(response.status),
        }
    };
    assert_eq!(query(&mut world, &ids[1]), Ok((MessageState::ENROUTE, false)));
    assert_eq!(query(&mut world, &MessageId::new("fffff").unwrap()), Err(CommandStatus::QUERY_FAILED));
    assert_eq!(query(&mut world, &MessageId::new("x y").unwrap()), Err(CommandStatus::INVALID_MESSAGE_ID));
    let cancel = CancelSm { message_id: ids[1].clone(), source: own(), ..CancelSm::default() };
    assert_eq!(world.response(Who::Esme, Body::CancelSm(cancel.clone())).status, CommandStatus::OK);
    assert_eq!(world.response(Who::Esme, Body::CancelSm(cancel)).status, CommandStatus::CANCEL_FAILED);
    assert_eq!(query(&mut world, &ids[1]), Ok((MessageState::DELETED, true)));
    let text = MessageOctets::new(*b"two").unwrap();
    let replace = ReplaceSm { message_id: ids[2].clone(), source: own(), message: text, ..ReplaceSm::default() };
    assert_eq!(world.response(Who::Esme, Body::ReplaceSm(replace)).status, CommandStatus::OK);
    world.behaviour.remove(B);
    world.alert(B);
    world.run(10).unwrap();
    assert_eq!(texts(&world), ["one", "two"]);
    assert_eq!(query(&mut world, &ids[2]), Ok((MessageState::DELIVERED, true)));
    // All between two addresses; one instead of what is there.
    world.behaviour.insert(B.into(), Behaviour::Absent);
    world.response(Who::Esme, Body::SubmitSm(submit_sm(B, "three")));
    let instead = ShortMessage { replace_if_present: 1, ..submit_sm(B, "four") };
    world.response(Who::Esme, Body::SubmitSm(instead));
    assert_eq!(world.figure("sm_sc_messages_held"), 1);
    let all = CancelSm { source: own(), destination: SmeAddress::international(B).unwrap(), ..CancelSm::default() };
    assert_eq!(world.response(Who::Esme, Body::CancelSm(all)).status, CommandStatus::OK);
    assert_eq!(world.figure("sm_sc_messages_held"), 0);
}

#[test]
fn what_became_of_a_message_is_known_for_its_time() {
    let mut world = bound();
    world.behaviour.insert(B.into(), Behaviour::Absent);
    let until = |hours: u64| SmppTime::absolute(START_MS + hours * 3_600_000).to_time_string();
    let message = ShortMessage { validity_period: until(1), ..submit_sm(B, "one") };
    let id = id_of(&world.response(Who::Esme, Body::SubmitSm(message)));
    let text = MessageOctets::new(*b"two").unwrap();
    let longer = ReplaceSm { message_id: id.clone(), source: own(), message: text, ..ReplaceSm::default() };
    let longer = ReplaceSm { validity_period: until(2), ..longer };
    assert_eq!(world.response(Who::Esme, Body::ReplaceSm(longer)).status, CommandStatus::OK);
    world.behaviour.remove(B);
    world.alert(B);
    // Beyond the first end of its validity.
    world.run(5_400_000).unwrap();
    let query = || Body::QuerySm(QuerySm { message_id: id.clone(), source: own() });
    let response = world.response(Who::Esme, query());
    assert!(matches!(response.body, Body::QuerySmResp(Some(body)) if body.message_state == MessageState::DELIVERED));
    world.run(86_500_000).unwrap();
    assert_eq!(world.response(Who::Esme, query()).status, CommandStatus::QUERY_FAILED);
    assert_eq!((world.rows(crate::node::Table::SmScNumber), world.rows(crate::node::Table::SmScTimer)), (0, 0));
}

#[test]
fn bounds_are_told() {
    let mut config = config();
    config.accounts[0].throughput = Some(2);
    config.accounts[0].messages = 3;
    config.accounts[0].sources = vec!["1700".to_owned()];
    let mut world = World::new(config);
    world.is_gmsc_up = false;
    world.restart();
    world.run(100).unwrap();
    world.esme_binds(BindKind::Transmitter, "pw");
    let send = |world: &mut World| world.response(Who::Esme, Body::SubmitSm(submit_sm(B, "x"))).status;
    assert_eq!(
        [send(&mut world), send(&mut world), send(&mut world)],
        [CommandStatus::OK, CommandStatus::OK, CommandStatus::THROTTLED]
    );
    world.run(1000).unwrap();
    assert_eq!([send(&mut world), send(&mut world)], [CommandStatus::OK, CommandStatus::QUEUE_FULL]);
    world.run(1000).unwrap();
    let refused = |world: &mut World, message: ShortMessage| world.response(Who::Esme, Body::SubmitSm(message)).status;
    let foreign = ShortMessage { source: SmeAddress::international("358777").unwrap(), ..submit_sm(B, "x") };
    assert_eq!(refused(&mut world, foreign), CommandStatus::INVALID_SOURCE);
    let forward = ShortMessage { esm_class: EsmClass(EsmClass::FORWARD), ..submit_sm(B, "x") };
    assert_eq!(refused(&mut world, forward), CommandStatus::INVALID_ESM_CLASS);
    let past = SmppTime::absolute(START_MS - 1000).to_time_string();
    assert_eq!(
        refused(&mut world, ShortMessage { validity_period: past, ..submit_sm(B, "x") }),
        CommandStatus::INVALID_EXPIRY
    );
}

#[test]
fn several_destinations_data_sm_and_a_later_time() {
    let mut world = bound();
    let to = |digits| Destination::Sme(SmeAddress::international(digits).unwrap());
    let nobody = SmeAddress { ton: TypeOfNumber::ALPHANUMERIC, ..SmeAddress::international("bank").unwrap() };
    let message = ShortMessage { registered_delivery: RegisteredDelivery::ALWAYS, ..submit_sm(B, "all") };
    let destinations = vec![to("358403"), to("358404"), Destination::Sme(nobody.clone())];
    let destinations = Destinations::new(destinations).unwrap();
    let response = world.response(Who::Esme, Body::SubmitMulti(SubmitMulti { message, destinations }));
    let id = id_of(&response);
    let Body::SubmitMultiResp(Some(body)) = response.body else { panic!() };
    assert_eq!(body.unsuccessful.as_slice(), [(nobody, CommandStatus::INVALID_DESTINATION)]);
    world.run(10).unwrap();
    assert!(receipts(&world).iter().all(|told| told.message_id == id) && receipts(&world).len() == 2);
    let wide = |own: SmeAddress| SmeAddress::<65>::international(&own.address.to_string()).unwrap();
    let data =
        DataSm { source: wide(own()), destination: wide(SmeAddress::international(B).unwrap()), ..DataSm::default() };
    world.ask(Who::Esme, 3, Body::DataSm(data), vec![Tlv::new(TlvTag::MESSAGE_PAYLOAD, *b"data")]).unwrap();
    id_of(&world.responses[&3]);
    let at = SmppTime::absolute(START_MS + 3_600_000).to_time_string();
    world.response(Who::Esme, Body::SubmitSm(ShortMessage { schedule_delivery_time: at, ..submit_sm(B, "later") }));
    world.run(3_500_000).unwrap();
    assert_eq!(texts(&world), ["all", "all", "data"]);
    world.run(200_000).unwrap();
    assert_eq!(texts(&world).last().unwrap(), "later");
}

#[test]
fn a_mobile_writes_to_an_esme_that_comes_later() {
    let mut world = World::new(config());
    let mut message = submit(3, "1700", "balance");
    message.status_report = true;
    world.mobile_sends(1, "358401", &message).unwrap();
    world.run(3_600_000).unwrap();
    assert!(world.delivered.is_empty() && world.shown.is_empty());
    world.esme_answers = CommandStatus::TEMPORARY_APPLICATION_ERROR;
    world.esme_binds(BindKind::Transceiver, "pw");
    world.run(10_000).unwrap();
    world.esme_answers = CommandStatus::OK;
    world.run(30_000).unwrap();
    let Body::DeliverSm(deliver) = &world.delivered[0].body else { panic!() };
    assert_eq!((deliver.message.as_bytes(), deliver.source.address.to_string().as_str()), (&b"balance"[..], "358401"));
    assert!(matches!(&world.shown[..], [(to, Tpdu::StatusReport(_))] if to == "358401"));
}

#[test]
fn another_sm_sc_takes_a_message_and_tells_what_became_of_it() {
    let mut world = bound();
    let message = ShortMessage { registered_delivery: RegisteredDelivery::ALWAYS, ..submit_sm("49170", "hallo") };
    let id = id_of(&world.response(Who::Esme, Body::SubmitSm(message)));
    world.run(1000).unwrap();
    assert_eq!((world.forwarded.len(), receipts(&world).len()), (1, 0));
    let told = DeliveryReceipt::new(MessageId::new("far-1").unwrap(), MessageState::DELIVERED, START_MS, START_MS);
    let receipt = ShortMessage {
        source: SmeAddress::international("49170").unwrap(),
        destination: own(),
        esm_class: EsmClass(EsmClass::DELIVERY_RECEIPT),
        message: MessageOctets::new(told.emit()).unwrap(),
        ..ShortMessage::default()
    };
    for _ in 0..2 {
        assert_eq!(world.response(Who::SmSc, Body::DeliverSm(receipt.clone())).status, CommandStatus::OK);
    }
    world.run(10).unwrap();
    assert_eq!(receipts(&world).iter().map(|told| told.message_id.clone()).collect::<Vec<_>>(), [id]);
    assert_eq!(world.figure("sm_sc_messages_held"), 0);
}
