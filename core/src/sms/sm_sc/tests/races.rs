//! Two want the same message at once: one of them gets it.

use protocol::smpp::{
    Body, CancelSm, CommandStatus, MessageId, MessageOctets, MessageState, QuerySm, RegisteredDelivery, ReplaceSm,
    ShortMessage, SmppTime, Tlv, TlvTag, Tlvs,
};
use protocol::sms::Deliver;

use super::esme::{B, bound, id_of, own, receipts, texts};
use super::world::{Behaviour, START_MS, Who, World, submit_sm};
use crate::sms::tlv;

fn wants_receipt(text: &str) -> ShortMessage {
    ShortMessage { registered_delivery: RegisteredDelivery::ALWAYS, ..submit_sm(B, text) }
}

fn submitted(world: &mut World, message: ShortMessage) -> MessageId {
    id_of(&world.response(Who::Esme, Body::SubmitSm(message)))
}

fn cancel(id: &MessageId) -> Body {
    Body::CancelSm(CancelSm { message_id: id.clone(), source: own(), ..CancelSm::default() })
}

fn replace(id: &MessageId) -> Body {
    let message = MessageOctets::new(*b"two").unwrap();
    Body::ReplaceSm(ReplaceSm { message_id: id.clone(), source: own(), message, ..ReplaceSm::default() })
}

fn state(world: &mut World, id: &MessageId) -> MessageState {
    let query = QuerySm { message_id: id.clone(), source: own() };
    match world.response(Who::Esme, Body::QuerySm(query)).body {
        Body::QuerySmResp(Some(body)) => body.message_state,
        other => panic!("{other:?}"),
    }
}

/// Two requests of which the second is looked up before the first is done.
fn at_once(world: &mut World, first: Body, second: Body) -> [CommandStatus; 2] {
    world.hold_store();
    for (token, body) in [(1, first), (2, second)] {
        world.ask(Who::Esme, token, body, Vec::new()).unwrap();
    }
    world.release_store();
    [1, 2].map(|token| world.responses.remove(&token).expect("a response").status)
}

/// An ESME, and somebody who does not answer.
fn with(behaviour: Behaviour) -> World {
    let mut world = bound();
    world.behaviour.insert(B.into(), behaviour);
    world
}

fn is_there_again(world: &mut World) {
    world.behaviour.remove(B);
    world.alert(B);
    world.run(10).unwrap();
}

#[test]
fn what_is_being_cancelled_is_not_replaced() {
    let mut world = with(Behaviour::Absent);
    let id = submitted(&mut world, wants_receipt("one"));
    let both = at_once(&mut world, cancel(&id), replace(&id));
    assert_eq!(both, [CommandStatus::OK, CommandStatus::REPLACE_FAILED]);
    is_there_again(&mut world);
    assert_eq!((texts(&world), state(&mut world, &id)), (vec![], MessageState::DELETED));
    assert_eq!((world.figure("sm_sc_messages_held"), world.node.in_memory()), (0, 0));
}

#[test]
fn a_message_is_cancelled_once() {
    let later = SmppTime::absolute(START_MS + 3_600_000).to_time_string();
    let scheduled = ShortMessage { schedule_delivery_time: later, ..wants_receipt("two") };
    for message in [wants_receipt("one"), scheduled] {
        let mut world = with(Behaviour::Absent);
        submitted(&mut world, submit_sm(B, "other"));
        let id = submitted(&mut world, message);
        assert_eq!(at_once(&mut world, cancel(&id), cancel(&id)), [CommandStatus::OK, CommandStatus::CANCEL_FAILED]);
        assert_eq!(world.figure("sm_sc_messages_held"), 1, "the other one");
        assert_eq!((receipts(&world).len(), world.figure("sm_sc_messages_deleted")), (1, 1));
    }
}

#[test]
fn what_begins_at_its_time_is_cancelled_or_goes() {
    let mut world = with(Behaviour::Deliver);
    let later = SmppTime::absolute(START_MS + 3_600_000).to_time_string();
    let id = submitted(&mut world, ShortMessage { schedule_delivery_time: later, ..submit_sm(B, "later") });
    world.run(3_599_900).unwrap();
    world.hold_store();
    world.run(200).unwrap();
    // The row of its time leads to the message.
    world.release_one();
    world.ask(Who::Esme, 1, cancel(&id), Vec::new()).unwrap();
    world.release_store();
    let is_cancelled = world.responses[&1].status.is_ok();
    assert_eq!(texts(&world).len(), usize::from(!is_cancelled));
    let wanted = if is_cancelled { MessageState::DELETED } else { MessageState::DELIVERED };
    assert_eq!((state(&mut world, &id), world.rows(crate::node::Table::SmScMessage)), (wanted, 0));
}

#[test]
fn what_was_delivered_is_not_cancelled() {
    let mut world = with(Behaviour::Silent);
    let id = submitted(&mut world, submit_sm(B, "one"));
    world.hold_store();
    world.ask(Who::Esme, 1, cancel(&id), Vec::new()).unwrap();
    // The number leads to the message, which is read before it is gone.
    world.release_one();
    world.gmsc_has_delivered();
    world.release_store();
    assert_eq!(world.responses[&1].status, CommandStatus::CANCEL_FAILED);
    assert_eq!((state(&mut world, &id), world.figure("sm_sc_messages_delivered")), (MessageState::DELIVERED, 1));
    assert_eq!((world.figure("sm_sc_messages_deleted"), world.figure("sm_sc_messages_held")), (0, 0));
    assert_eq!((world.attempts.len(), world.node.in_memory()), (1, 0));
}

#[test]
fn long_messages_at_once_have_references_of_their_own() {
    let mut world = bound();
    let text = "0123456789".repeat(40);
    world.hold_store();
    for token in [1, 2] {
        let payload = vec![Tlv::new(TlvTag::MESSAGE_PAYLOAD, text.as_bytes())];
        world.ask(Who::Esme, token, Body::SubmitSm(submit_sm(B, "")), payload).unwrap();
    }
    world.release_store();
    let reference = |(_, tlvs): &(ShortMessage, Vec<Tlv>)| {
        let deliver = Deliver::parse(tlvs.octets(tlv::TPDU).unwrap()).unwrap();
        deliver.user_data.header().unwrap().concatenation().unwrap().reference
    };
    let references: Vec<_> = world.submits.iter().map(reference).collect();
    assert_eq!(references.len(), 6);
    assert!(references[..3].iter().all(|own| *own == references[0]));
    assert!(references[3..].iter().all(|own| *own == references[3] && *own != references[0]), "{references:?}");
}
