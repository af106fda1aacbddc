use std::time::Duration;

use super::*;

/// What the second node says to `message`.
fn said(pair: &mut Pair, message: &TcapMessage) -> Vec<TcapMessage> {
    let octets = UnitData::new(address(1), address(0), message.emit().unwrap()).emit().unwrap();
    pair.nodes[1].handle_input(pair.now, MapInput::Sccp(&octets));
    let parse = |bytes: Vec<u8>| TcapMessage::parse(SccpMessage::parse(&bytes).unwrap().data()).unwrap();
    pair.take(1).into_iter().map(parse).collect()
}

fn begin(components: Vec<Component>) -> TcapMessage {
    let dialogue = Some(DialoguePdu::request(ApplicationContext::SHORT_MSG_GATEWAY_V3.arcs()));
    TcapMessage::Begin { otid: 7.into(), dialogue, components }
}

fn invoke(invoke_id: i8, code: i64, parameter: Option<Vec<u8>>) -> Component {
    Component::Invoke { invoke_id, linked_id: None, code: Code::Local(code), parameter }
}

fn reject(invoke_id: i8, problem: InvokeProblem) -> Component {
    Component::Reject { invoke_id: Some(invoke_id), problem: Problem::Invoke(problem) }
}

#[test]
fn what_is_not_understood_is_rejected() {
    let mut pair = Pair::new();
    let accept = Some(DialoguePdu::accept(ApplicationContext::SHORT_MSG_GATEWAY_V3.arcs()));
    let mut end = |components: Vec<Component>, answer: Vec<Component>| {
        let expected = TcapMessage::End { dtid: 7.into(), dialogue: accept.clone(), components: answer };
        assert_eq!(said(&mut pair, &begin(components)), [expected]);
        assert_eq!((pair.events(1), pair.nodes[1].dialogues()), (vec![], 0));
    };
    let argument = Some(routing().emit());
    // Unknown, not of the context, and for the other end to say.
    for code in [99, 46, 63] {
        end(vec![invoke(3, code, argument.clone())], vec![reject(3, InvokeProblem::UNRECOGNIZED_OPERATION)]);
    }
    end(vec![invoke(3, 45, None)], vec![reject(3, InvokeProblem::MISTYPED_PARAMETER)]);
    end(vec![invoke(3, 45, Some(vec![5, 0]))], vec![reject(3, InvokeProblem::MISTYPED_PARAMETER)]);
    // A filler in the midst of the MSISDN: the argument is as it should be, its value is not.
    let mut odd = routing().emit();
    odd[5] = 0xf1;
    let error = Component::ReturnError { invoke_id: 3, code: Code::Local(36), parameter: None };
    end(vec![invoke(3, 45, Some(odd))], vec![error]);
    let linked = |linked_id| Component::Invoke {
        invoke_id: 3,
        linked_id: Some(linked_id),
        code: Code::Local(45),
        parameter: argument.clone(),
    };
    end(vec![linked(9)], vec![reject(3, InvokeProblem::UNRECOGNIZED_LINKED_ID)]);
}

#[test]
fn one_of_several_invocations_is_rejected() {
    let mut pair = Pair::new();
    let argument = Some(routing().emit());
    let twice = vec![invoke(3, 45, argument.clone()), invoke(3, 45, argument.clone())];
    assert_eq!(said(&mut pair, &begin(twice)), []);
    let (dialogue, id) = invoked(&pair.events(1));
    pair.nodes[1].answer(pair.now, dialogue, id, &Ok(routing_result())).unwrap();
    let end = TcapMessage::parse(SccpMessage::parse(&pair.take(1)[0]).unwrap().data()).unwrap();
    assert_eq!(end.components()[0], reject(3, InvokeProblem::DUPLICATE_INVOKE_ID));
    assert_eq!(end.components().len(), 2);
    // There is an end of what one dialogue may ask.
    let many: Vec<_> = (0..17).map(|id| invoke(id, 45, argument.clone())).collect();
    let mut parts = many.chunks(5);
    assert_eq!(said(&mut pair, &begin(parts.next().unwrap().to_vec())), []);
    let (dialogue, _) = invoked(&pair.events(1));
    pair.nodes[1].delimit(pair.now, dialogue).unwrap();
    pair.take(1);
    for part in parts {
        let components = part.to_vec();
        let message = TcapMessage::Continue { otid: 7.into(), dtid: dialogue.0.into(), dialogue: None, components };
        said(&mut pair, &message);
    }
    pair.nodes[1].close(pair.now, dialogue).unwrap();
    let end = TcapMessage::parse(SccpMessage::parse(&pair.take(1)[0]).unwrap().data()).unwrap();
    assert_eq!(end.components(), [reject(16, InvokeProblem::RESOURCE_LIMITATION)]);
}

#[test]
fn answers_that_answer_nothing() {
    let mut pair = Pair::new();
    let (dialogue, invoke_id) = pair.request(&routing());
    pair.run();
    let (asked, _) = invoked(&pair.events(1));
    let answer = |pair: &mut Pair, components: Vec<Component>, is_first: bool| {
        let pdu = is_first.then(|| DialoguePdu::accept(ApplicationContext::SHORT_MSG_GATEWAY_V3.arcs()));
        let (otid, dtid) = (asked.0.into(), dialogue.0.into());
        let message = TcapMessage::Continue { otid, dtid, dialogue: pdu, components };
        let octets = UnitData::new(address(0), address(1), message.emit().unwrap()).emit().unwrap();
        pair.nodes[0].handle_input(pair.now, MapInput::Sccp(&octets));
        let said = pair.take(0);
        let parse = |bytes: &Vec<u8>| TcapMessage::parse(SccpMessage::parse(bytes).unwrap().data()).unwrap();
        let said: Vec<_> = said.iter().flat_map(|bytes| parse(bytes).components().to_vec()).collect();
        (said, pair.events(0))
    };
    let result = |id, is_last, octets: Option<Vec<u8>>| Component::ReturnResult {
        invoke_id: id,
        is_last,
        result: octets.map(|octets| (Code::Local(45), octets)),
    };
    let good = routing_result().emit();
    // Of nothing that was asked; in parts; then one that is none, which is all that the user hears.
    let (said, events) = answer(&mut pair, vec![result(99, true, good.clone())], true);
    let problem = |problem| Problem::ReturnResult(tcap::ReturnResultProblem(problem));
    assert_eq!(said, [Component::Reject { invoke_id: Some(99), problem: problem(0) }]);
    assert_eq!(events, []);
    let (said, events) = answer(&mut pair, vec![result(invoke_id, false, good)], false);
    assert_eq!(said, [Component::Reject { invoke_id: Some(invoke_id), problem: problem(1) }]);
    assert_eq!(events, []);
    let (said, events) = answer(&mut pair, vec![result(invoke_id, true, Some(vec![0x30, 0]))], false);
    assert_eq!(said, [Component::Reject { invoke_id: Some(invoke_id), problem: problem(2) }]);
    let why = ParameterError::Mistyped("not the ASN.1 of the operation");
    let returned = MapEvent::Returned { dialogue, invoke_id, result: Err(InvokeFailure::Invalid(why)) };
    assert_eq!(events, [returned, MapEvent::Delimited { dialogue }]);
    // The other end rejects.
    let again = pair.nodes[0].invoke(dialogue, &routing()).unwrap();
    pair.nodes[0].delimit(pair.now, dialogue).unwrap();
    pair.take(0);
    let (said, events) = answer(&mut pair, vec![reject(again, InvokeProblem::MISTYPED_PARAMETER)], false);
    let failure = InvokeFailure::Rejected(Problem::Invoke(InvokeProblem::MISTYPED_PARAMETER));
    let returned = MapEvent::Returned { dialogue, invoke_id: again, result: Err(failure) };
    assert_eq!((said, events), (vec![], vec![returned, MapEvent::Delimited { dialogue }]));
}

/// Both ends count their invocations from 1.
#[test]
fn a_reject_of_an_answer_is_none_of_an_invocation() {
    let mut pair = Pair::new();
    let update = UpdateGprsLocationArg::new(imsi(), number("491700060"), [10, 46, 0, 7].into());
    let (dialogue, invoke_id) = pair.request(&Operation::UpdateGprsLocation(update));
    pair.run();
    let (at_hlr, _) = invoked(&pair.events(1));
    let insert = Operation::InsertSubscriberData(InsertSubscriberDataArg::default());
    let insert_id = pair.nodes[1].invoke(at_hlr, &insert).unwrap();
    pair.nodes[1].delimit(pair.now, at_hlr).unwrap();
    pair.run();
    assert_eq!(insert_id, invoke_id);
    let rejected = |pair: &mut Pair| {
        let problem = Problem::General(tcap::GeneralProblem::MISTYPED_COMPONENT);
        let components = vec![Component::Reject { invoke_id: Some(invoke_id), problem }];
        let (otid, dtid) = (at_hlr.0.into(), dialogue.0.into());
        let message = TcapMessage::Continue { otid, dtid, dialogue: None, components };
        let octets = UnitData::new(address(0), address(1), message.emit().unwrap()).emit().unwrap();
        pair.events(0);
        pair.nodes[0].handle_input(pair.now, MapInput::Sccp(&octets));
        pair.take(0);
        pair.events(0)
    };
    let inserted = OperationResult::InsertSubscriberData(InsertSubscriberDataRes::default());
    pair.nodes[0].respond(dialogue, insert_id, &Ok(inserted)).unwrap();
    pair.nodes[0].delimit(pair.now, dialogue).unwrap();
    pair.run();
    assert_eq!(rejected(&mut pair), [MapEvent::Delimited { dialogue }]);
    assert!(pair.ignored.last().is_some_and(|event| event.contains("mistypedComponent")), "{:?}", pair.ignored);
    // The same number is asked again, and nothing was answered: it can only be ours.
    let components = vec![invoke(insert_id, 7, Some(insert.emit()))];
    let (otid, dtid) = (at_hlr.0.into(), dialogue.0.into());
    let message = TcapMessage::Continue { otid, dtid, dialogue: None, components };
    let octets = UnitData::new(address(0), address(1), message.emit().unwrap()).emit().unwrap();
    pair.nodes[0].handle_input(pair.now, MapInput::Sccp(&octets));
    pair.take(0);
    let general = Problem::General(tcap::GeneralProblem::MISTYPED_COMPONENT);
    let result = Err(InvokeFailure::Rejected(general));
    let returned = MapEvent::Returned { dialogue, invoke_id, result };
    assert_eq!(rejected(&mut pair), [returned, MapEvent::Delimited { dialogue }]);
}

#[test]
fn what_is_too_long_for_the_address_of_the_answer_ends_the_dialogue() {
    let longest = |pair: &mut Pair| {
        let node = &mut pair.nodes[0];
        let dialogue = node.open(pair.now, address(0), address(1), ApplicationContext::SHORT_MSG_MT_RELAY_V3).unwrap();
        let longest = (0..=255).rev().find_map(|octets| node.invoke(dialogue, &forward(octets, false)).ok());
        (dialogue, longest.unwrap())
    };
    let answer = |pair: &mut Pair, dialogue: DialogueId| {
        let pdu = Some(DialoguePdu::accept(ApplicationContext::SHORT_MSG_MT_RELAY_V3.arcs()));
        let message =
            TcapMessage::Continue { otid: 8.into(), dtid: dialogue.0.into(), dialogue: pdu, components: Vec::new() };
        let far = SccpAddress::e164("491700040000000000000000", ssn::MSC).unwrap();
        let octets = UnitData::new(address(0), far, message.emit().unwrap()).emit().unwrap();
        pair.take(0);
        pair.nodes[0].handle_input(pair.now, MapInput::Sccp(&octets));
        let parse = |bytes: Vec<u8>| TcapMessage::parse(SccpMessage::parse(&bytes).unwrap().data()).unwrap();
        pair.take(0).into_iter().map(parse).collect::<Vec<_>>()
    };
    let choice = UserAbortChoice::ApplicationProcedureCancellation(ASSOCIATED_PROCEDURE_FAILURE);
    let user_information = vec![user_information::user_abort(choice)];
    let reason = AbortReason::User(Some(DialoguePdu::Abort { by_provider: false, user_information }));
    let abort = TcapMessage::Abort { dtid: 8.into(), reason };
    let mut pair = Pair::new();
    let (dialogue, invoke_id) = longest(&mut pair);
    pair.nodes[0].delimit(pair.now, dialogue).unwrap();
    assert_eq!(answer(&mut pair, dialogue), std::slice::from_ref(&abort));
    let reason = MapAbort::TooLong;
    let returned = MapEvent::Returned { dialogue, invoke_id, result: Err(InvokeFailure::Aborted(reason)) };
    assert_eq!(pair.events(0), [returned, MapEvent::Aborted { dialogue, reason }]);
    assert!(pair.is_idle());
    // Who has closed it hears nothing more of it.
    let dialogue =
        pair.nodes[0].open(pair.now, address(0), address(1), ApplicationContext::SHORT_MSG_MT_RELAY_V3).unwrap();
    pair.nodes[0].delimit(pair.now, dialogue).unwrap();
    let longest = (0..=255).rev().find(|octets| pair.nodes[0].invoke(dialogue, &forward(*octets, false)).is_ok());
    assert!(longest.is_some());
    assert_eq!(answer(&mut pair, dialogue), []);
    assert_eq!(pair.events(0), [MapEvent::Delimited { dialogue }]);
    pair.nodes[0].close(pair.now, dialogue).unwrap();
    let parse = |bytes: Vec<u8>| TcapMessage::parse(SccpMessage::parse(&bytes).unwrap().data()).unwrap();
    assert_eq!(pair.take(0).into_iter().map(parse).collect::<Vec<_>>(), [abort]);
    assert!(pair.events(0).is_empty() && pair.is_idle());
}

#[test]
fn who_does_not_answer_in_time_is_not_waited_for() {
    for (operation, seconds) in [(routing(), 20), (forward(20, false), 120)] {
        let mut pair = Pair::new();
        let (dialogue, invoke_id) = pair.request(&operation);
        pair.run();
        let (asked, id) = invoked(&pair.events(1));
        assert_eq!(pair.nodes[0].poll_timeout(), Some(Instant::from_millis(1000 * seconds)));
        pair.now = Instant::from_millis(1000 * seconds - 1);
        pair.nodes[0].handle_timeout(pair.now);
        assert_eq!((pair.take(0), pair.events(0)), (vec![], vec![]));
        pair.now = Instant::from_millis(1000 * seconds);
        pair.nodes[0].handle_timeout(pair.now);
        pair.run();
        let reason = MapAbort::NoResponse;
        let returned = MapEvent::Returned { dialogue, invoke_id, result: Err(InvokeFailure::Aborted(reason)) };
        assert_eq!(pair.events(0), [returned, MapEvent::Aborted { dialogue, reason }]);
        // The other end was not told: it has not said who it is. What it says is of no use.
        assert_eq!(pair.nodes[0].dialogues(), 0);
        pair.nodes[1].respond(asked, id, &Ok(operation_result(&operation))).unwrap();
        pair.nodes[1].delimit(pair.now, asked).unwrap();
        pair.run();
        let reason = MapAbort::Provider(PAbortCause::UNRECOGNIZED_TRANSACTION_ID);
        assert_eq!(pair.events(1), [MapEvent::Aborted { dialogue: asked, reason }]);
        assert!(pair.is_idle());
    }
}

fn operation_result(operation: &Operation) -> OperationResult {
    match operation {
        Operation::MtForwardSm(_) => forwarded(),
        _ => routing_result(),
    }
}

#[test]
fn a_dialogue_that_has_begun_is_aborted_at_both_ends() {
    let mut pair = Pair::new();
    let (dialogue, _) = pair.request(&forward(20, true));
    pair.run();
    let (asked, id) = invoked(&pair.events(1));
    pair.nodes[1].respond(asked, id, &Ok(forwarded())).unwrap();
    pair.nodes[1].delimit(pair.now, asked).unwrap();
    pair.run();
    let second = pair.nodes[0].invoke(dialogue, &forward(20, false)).unwrap();
    pair.nodes[0].delimit(pair.now, dialogue).unwrap();
    pair.run();
    pair.events(0);
    pair.events(1);
    pair.now = pair.nodes[0].poll_timeout().unwrap();
    pair.nodes[0].handle_timeout(pair.now);
    pair.run();
    let reason = MapAbort::NoResponse;
    let result = Err(InvokeFailure::Aborted(reason));
    let returned = MapEvent::Returned { dialogue, invoke_id: second, result };
    assert_eq!(pair.events(0), [returned, MapEvent::Aborted { dialogue, reason }]);
    let choice = UserAbortChoice::ApplicationProcedureCancellation(REMOTE_OPERATIONS_FAILURE);
    let reason = MapAbort::User(Some(choice));
    assert_eq!(pair.events(1), [MapEvent::Aborted { dialogue: asked, reason }]);
    assert!(pair.is_idle());
}

#[test]
fn a_silent_dialogue_ends_with_its_guard() {
    let mut pair = Pair::new();
    pair.request(&routing());
    pair.run();
    let (asked, _) = invoked(&pair.events(1));
    assert_eq!(pair.nodes[1].poll_timeout(), Some(Instant::ZERO + Duration::from_secs(900)));
    pair.now = Instant::ZERO + Duration::from_secs(900);
    pair.nodes[1].handle_timeout(pair.now);
    pair.run();
    assert_eq!(pair.events(1), [MapEvent::Aborted { dialogue: asked, reason: MapAbort::Guard }]);
    let choice = UserAbortChoice::ApplicationProcedureCancellation(ASSOCIATED_PROCEDURE_FAILURE);
    let aborted = pair.events(0);
    let Some(MapEvent::Aborted { reason, .. }) = aborted.last() else { panic!("{aborted:?}") };
    assert_eq!(*reason, MapAbort::User(Some(choice)));
    assert!(pair.is_idle());
}

#[test]
fn who_is_not_there_is_known_at_once() {
    let mut pair = Pair::new();
    let (dialogue, invoke_id) = pair.request(&routing());
    let sent = pair.take(0);
    let Ok(SccpMessage::UnitData(unitdata)) = SccpMessage::parse(&sent[0]) else { panic!("{sent:?}") };
    let back = unitdata.undelivered(ReturnCause::NO_TRANSLATION).unwrap().emit().unwrap();
    pair.nodes[0].handle_input(pair.now, MapInput::Sccp(&back));
    pair.run();
    let reason = MapAbort::NotDelivered(ReturnCause::NO_TRANSLATION);
    let returned = MapEvent::Returned { dialogue, invoke_id, result: Err(InvokeFailure::Aborted(reason)) };
    assert_eq!(pair.events(0), [returned, MapEvent::Aborted { dialogue, reason }]);
    assert!(pair.is_idle());
    pair.nodes[0].handle_input(pair.now, MapInput::Sccp(&back));
    pair.run();
    assert_eq!(pair.events(0), []);
}

#[test]
fn there_is_an_end_of_dialogues() {
    let mut pair = Pair::with(MapConfig { max_dialogues: 2, ..MapConfig::new(CONTEXTS) });
    for _ in 0..2 {
        pair.request(&routing());
    }
    let too_many = pair.nodes[0].request(pair.now, address(0), address(1), &routing());
    assert_eq!(too_many, Err(MapError::TooMany));
    pair.run();
    let abort = TcapMessage::Abort { dtid: 7.into(), reason: AbortReason::Provider(PAbortCause::RESOURCE_LIMITATION) };
    assert_eq!(said(&mut pair, &begin(vec![invoke(1, 45, Some(routing().emit()))])), [abort]);
    assert_eq!(pair.nodes[1].dialogues(), 2);
}

#[test]
fn what_is_abnormal_ends_a_dialogue() {
    let mut pair = Pair::new();
    let abort = |pdu| TcapMessage::Abort { dtid: 7.into(), reason: AbortReason::User(pdu) };
    // Version 1 has no dialogue portion; an AARE begins nothing; nor does a dialogue portion of another version.
    let context = ApplicationContext::SHORT_MSG_GATEWAY_V3.arcs();
    let begin = |dialogue| TcapMessage::Begin { otid: 7.into(), dialogue, components: Vec::new() };
    assert_eq!(said(&mut pair, &begin(None)), [abort(None)]);
    let accept = Some(DialoguePdu::accept(context.clone()));
    assert_eq!(said(&mut pair, &begin(accept)), [abort(Some(DialoguePdu::abnormal_dialogue()))]);
    let user_information = Vec::new();
    let other = Some(DialoguePdu::Request { is_version1: false, context: context.clone(), user_information });
    let refusal = DialoguePdu::refuse(context.clone(), Diagnostic::NO_COMMON_DIALOGUE_PORTION);
    assert_eq!(said(&mut pair, &begin(other)), [abort(Some(refusal))]);
    // Who is asked says nothing of the dialogue, or accepts another one.
    for dialogue in [None, Some(DialoguePdu::accept(ApplicationContext::MWD_MNGT_V3.arcs()))] {
        let (id, invoke_id) = pair.request(&routing());
        pair.take(0);
        let message = TcapMessage::Continue { otid: 8.into(), dtid: id.0.into(), dialogue, components: Vec::new() };
        let octets = UnitData::new(address(0), address(1), message.emit().unwrap()).emit().unwrap();
        pair.nodes[0].handle_input(pair.now, MapInput::Sccp(&octets));
        let answer = pair.take(0);
        let reason = MapAbort::AbnormalDialogue;
        let returned = MapEvent::Returned { dialogue: id, invoke_id, result: Err(InvokeFailure::Aborted(reason)) };
        assert_eq!(pair.events(0), [returned, MapEvent::Aborted { dialogue: id, reason }]);
        let message = TcapMessage::parse(SccpMessage::parse(&answer[0]).unwrap().data()).unwrap();
        let reason = AbortReason::User(Some(DialoguePdu::abnormal_dialogue()));
        assert_eq!(message, TcapMessage::Abort { dtid: 8.into(), reason });
    }
    assert!(pair.is_idle());
}

#[test]
fn an_end_without_an_answer_is_told() {
    let mut pair = Pair::new();
    let (dialogue, invoke_id) = pair.request(&routing());
    pair.run();
    let (asked, _) = invoked(&pair.events(1));
    pair.nodes[1].close(pair.now, asked).unwrap();
    pair.run();
    let returned = MapEvent::Returned { dialogue, invoke_id, result: Err(InvokeFailure::Ended) };
    assert_eq!(pair.events(0), [returned, MapEvent::Closed { dialogue }]);
    let (dialogue, _) = pair.request(&routing());
    pair.run();
    let (asked, _) = invoked(&pair.events(1));
    pair.nodes[1].abort(asked, UserAbortChoice::UserResourceLimitation).unwrap();
    pair.run();
    let reason = MapAbort::User(Some(UserAbortChoice::UserResourceLimitation));
    assert_eq!(pair.events(0)[1], MapEvent::Aborted { dialogue, reason });
    assert!(pair.is_idle());
}

#[test]
fn what_cannot_be_done_is_said() {
    let mut pair = Pair::new();
    let node = &mut pair.nodes[0];
    let now = pair.now;
    let inform = Operation::InformServiceCentre(InformServiceCentreArg::default());
    assert_eq!(node.request(now, address(0), address(1), &inform), Err(MapError::NotInContext));
    assert_eq!(node.dialogues(), 0);
    let dialogue = node.open(now, address(0), address(1), ApplicationContext::SHORT_MSG_GATEWAY_V3).unwrap();
    assert_eq!(node.invoke(dialogue, &forward(20, false)), Err(MapError::NotInContext));
    assert_eq!(node.respond(dialogue, 1, &Ok(routing_result())), Err(MapError::NoInvocation));
    for _ in 0..16 {
        node.invoke(dialogue, &routing()).unwrap();
    }
    assert_eq!(node.invoke(dialogue, &routing()), Err(MapError::TooMany));
    node.close(now, dialogue).unwrap();
    assert_eq!(node.close(now, dialogue), Err(MapError::NoDialogue));
    assert_eq!(node.delimit(now, dialogue), Err(MapError::NoDialogue));
    assert_eq!(node.abort(dialogue, UserAbortChoice::UserSpecificReason), Err(MapError::NoDialogue));
    pair.request(&routing());
    pair.run();
    let (asked, id) = invoked(&pair.events(1));
    assert_eq!(pair.nodes[1].respond(asked, id, &Ok(forwarded())), Err(MapError::NoInvocation));
    let error = UserError::Other { code: 200, parameter: Some(vec![1, 2, 3]) };
    assert_eq!(pair.nodes[1].respond(asked, id, &Err(error)), Err(MapError::Unspeakable));
    pair.nodes[1].respond(asked, id, &Ok(routing_result())).unwrap();
    assert_eq!(pair.nodes[1].respond(asked, id, &Ok(routing_result())), Err(MapError::NoInvocation));
}

#[test]
fn the_same_seed_says_the_same() {
    let run = || {
        let mut pair = Pair::new();
        for octets in [20, 164] {
            pair.request(&forward(octets, false));
        }
        pair.run();
        pair.sent
    };
    assert_eq!(run(), run());
}
