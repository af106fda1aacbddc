use super::*;

#[test]
fn a_question_and_its_answer() {
    let mut pair = Pair::new();
    let (dialogue, invoke_id) = pair.request(&routing());
    pair.run();
    let events = pair.events(1);
    let (asked, asked_id) = invoked(&events);
    assert_eq!(
        events,
        [
            MapEvent::Opened {
                dialogue: asked,
                context: ApplicationContext::SHORT_MSG_GATEWAY_V3,
                calling: address(0),
                called: address(1)
            },
            MapEvent::Invoked { dialogue: asked, invoke_id: asked_id, operation: routing() },
            MapEvent::Delimited { dialogue: asked },
        ]
    );
    pair.nodes[1].answer(pair.now, asked, asked_id, &Ok(routing_result())).unwrap();
    pair.run();
    let returned = MapEvent::Returned { dialogue, invoke_id, result: Ok(routing_result()) };
    assert_eq!(pair.events(0), [returned, MapEvent::Closed { dialogue }]);
    assert_eq!(pair.names(), ["0 Begin 45", "1 End result"]);
    assert!(pair.is_idle());
    assert_eq!((pair.events(1), &*pair.ignored), (vec![], &[][..]));
}

#[test]
fn an_error_of_the_user() {
    let mut pair = Pair::new();
    let (dialogue, invoke_id) = pair.request(&forward(20, false));
    pair.run();
    let (asked, asked_id) = invoked(&pair.events(1));
    let absent = AbsentSubscriberSm { diagnostic: Some(diagnostic::GPRS_DETACHED), ..Default::default() };
    let error = UserError::AbsentSubscriberSm(absent);
    pair.nodes[1].answer(pair.now, asked, asked_id, &Err(error.clone())).unwrap();
    pair.run();
    let result = Err(InvokeFailure::User(error));
    let returned = MapEvent::Returned { dialogue, invoke_id, result };
    assert_eq!(pair.events(0), [returned, MapEvent::Closed { dialogue }]);
    assert!(pair.is_idle());
}

#[test]
fn subscriber_data_come_before_the_answer_of_update_gprs_location() {
    let mut pair = Pair::new();
    let update = UpdateGprsLocationArg::new(imsi(), number("491700060"), [10, 46, 0, 7].into());
    let (dialogue, invoke_id) = pair.request(&Operation::UpdateGprsLocation(update));
    pair.run();
    let (at_hlr, update_id) = invoked(&pair.events(1));
    let msisdn = Some(number("491700001"));
    let insert = InsertSubscriberDataArg { msisdn, ..InsertSubscriberDataArg::default() };
    let insert_id = pair.nodes[1].invoke(at_hlr, &Operation::InsertSubscriberData(insert.clone())).unwrap();
    pair.nodes[1].delimit(pair.now, at_hlr).unwrap();
    pair.run();
    let asked =
        MapEvent::Invoked { dialogue, invoke_id: insert_id, operation: Operation::InsertSubscriberData(insert) };
    assert_eq!(pair.events(0), [asked, MapEvent::Delimited { dialogue }]);
    let inserted = OperationResult::InsertSubscriberData(InsertSubscriberDataRes::default());
    pair.nodes[0].respond(dialogue, insert_id, &Ok(inserted.clone())).unwrap();
    pair.nodes[0].delimit(pair.now, dialogue).unwrap();
    pair.run();
    let returned = MapEvent::Returned { dialogue: at_hlr, invoke_id: insert_id, result: Ok(inserted) };
    assert_eq!(pair.events(1), [returned, MapEvent::Delimited { dialogue: at_hlr }]);
    let updated = OperationResult::UpdateGprsLocation(UpdateGprsLocationRes {
        hlr_number: number("491700040"),
        mme_registered_for_sms: false,
        extensions: Vec::new(),
    });
    pair.nodes[1].answer(pair.now, at_hlr, update_id, &Ok(updated.clone())).unwrap();
    pair.run();
    let returned = MapEvent::Returned { dialogue, invoke_id, result: Ok(updated) };
    assert_eq!(pair.events(0), [returned, MapEvent::Closed { dialogue }]);
    assert_eq!(pair.names(), ["0 Begin 23", "1 Continue 7", "0 Continue result", "1 End result"]);
    assert!(pair.is_idle());
}

#[test]
fn more_messages_go_in_the_same_dialogue() {
    let mut pair = Pair::new();
    let (dialogue, first) = pair.request(&forward(20, true));
    pair.run();
    let (asked, id) = invoked(&pair.events(1));
    pair.nodes[1].respond(asked, id, &Ok(forwarded())).unwrap();
    pair.nodes[1].delimit(pair.now, asked).unwrap();
    pair.run();
    let returned = |invoke_id| MapEvent::Returned { dialogue, invoke_id, result: Ok(forwarded()) };
    assert_eq!(pair.events(0), [returned(first), MapEvent::Delimited { dialogue }]);
    let more = Operation::MtForwardSm(MtForwardSmArg::new(SmRpDa::None, SmRpOa::None, vec![4; 20]));
    let second = pair.nodes[0].invoke(dialogue, &more).unwrap();
    pair.nodes[0].delimit(pair.now, dialogue).unwrap();
    pair.run();
    assert_ne!(first, second);
    let (_, id) = invoked(&pair.events(1));
    pair.nodes[1].answer(pair.now, asked, id, &Ok(forwarded())).unwrap();
    pair.run();
    assert_eq!(pair.events(0), [returned(second), MapEvent::Closed { dialogue }]);
    assert_eq!(pair.names(), ["0 Begin 44", "1 Continue result", "0 Continue 44", "1 End result"]);
    assert!(pair.is_idle());
}

#[test]
fn what_is_not_delimited_waits() {
    let mut pair = Pair::new();
    let (dialogue, _) = pair.request(&forward(20, true));
    pair.run();
    let (asked, id) = invoked(&pair.events(1));
    pair.nodes[1].respond(asked, id, &Ok(forwarded())).unwrap();
    pair.nodes[1].delimit(pair.now, asked).unwrap();
    pair.run();
    pair.events(0);
    pair.nodes[0].invoke(dialogue, &forward(20, false)).unwrap();
    // The other end has nothing to ask.
    pair.nodes[1].delimit(pair.now, asked).unwrap();
    pair.run();
    assert_eq!(pair.events(0), [MapEvent::Delimited { dialogue }]);
    assert_eq!(pair.names()[2..], ["1 Continue"]);
    pair.nodes[0].delimit(pair.now, dialogue).unwrap();
    pair.run();
    assert_eq!(pair.names()[3..], ["0 Continue 44"]);
}

#[test]
fn what_is_too_long_for_a_begin_goes_after_it() {
    // With the dialogue portion a TPDU of 140 octets of text, which has 164, makes more than 240 octets.
    let mut pair = Pair::new();
    let (dialogue, invoke_id) = pair.request(&forward(164, false));
    pair.run();
    let events = pair.events(1);
    let (asked, id) = invoked(&events);
    assert!(matches!(events[0], MapEvent::Opened { .. }), "{events:?}");
    assert_eq!(events.len(), 3);
    assert_eq!(pair.events(0), []);
    pair.nodes[1].answer(pair.now, asked, id, &Ok(forwarded())).unwrap();
    pair.run();
    let returned = MapEvent::Returned { dialogue, invoke_id, result: Ok(forwarded()) };
    assert_eq!(pair.events(0), [returned, MapEvent::Closed { dialogue }]);
    assert_eq!(pair.names(), ["0 Begin", "1 Continue", "0 Continue 44", "1 End result"]);
    assert!(pair.sent.iter().all(|(_, bytes)| bytes.len() <= 268));
    // What fits is said at once.
    let mut pair = Pair::new();
    pair.request(&forward(130, false));
    pair.run();
    assert_eq!(pair.names(), ["0 Begin 44"]);
    // Two at a time do not fit into one message, and two hundred octets not beside an AARE.
    let mut pair = Pair::new();
    let dialogue =
        pair.nodes[0].open(pair.now, address(0), address(1), ApplicationContext::SHORT_MSG_MT_RELAY_V3).unwrap();
    for _ in 0..2 {
        pair.nodes[0].invoke(dialogue, &forward(164, false)).unwrap();
    }
    pair.nodes[0].delimit(pair.now, dialogue).unwrap();
    pair.run();
    let (asked, id) = invoked(&pair.events(1));
    let long = ForwardSmRes { sm_rp_ui: Some(vec![0; 190]), extensions: Vec::new() };
    pair.nodes[1].answer(pair.now, asked, id, &Ok(OperationResult::MtForwardSm(long))).unwrap();
    pair.run();
    assert_eq!(pair.names()[2..], ["0 Continue 44", "0 Continue 44", "1 End result"]);
    let too_long = ForwardSmRes { sm_rp_ui: Some(vec![0; 255]), extensions: Vec::new() };
    pair.request(&forward(20, false));
    pair.run();
    let (asked, id) = invoked(&pair.events(1));
    let answer = Ok(OperationResult::MtForwardSm(too_long));
    assert_eq!(pair.nodes[1].answer(pair.now, asked, id, &answer), Err(MapError::Unspeakable));
}

#[test]
fn what_waits_for_the_answer_to_a_begin_does_not_wait_for_ever() {
    let mut pair = Pair::new();
    let (dialogue, invoke_id) = pair.request(&forward(164, false));
    assert_eq!(pair.take(0).len(), 1, "a Begin that is lost");
    let timer = MapTimers::default().medium_long;
    assert_eq!(pair.nodes[0].poll_timeout(), Some(pair.now + timer));
    pair.now = pair.now + timer;
    pair.nodes[0].handle_timeout(pair.now);
    pair.run();
    let reason = MapAbort::NoResponse;
    let returned = MapEvent::Returned { dialogue, invoke_id, result: Err(InvokeFailure::Aborted(reason)) };
    assert_eq!(pair.events(0), [returned, MapEvent::Aborted { dialogue, reason }]);
    assert!(pair.is_idle());
    // When it goes, its timer begins anew.
    let (dialogue, _) = pair.request(&forward(164, false));
    pair.now = pair.now + timer / 2;
    pair.run();
    assert_eq!(pair.nodes[0].poll_timeout(), Some(pair.now + timer), "{dialogue}");
}

#[test]
fn a_service_centre_is_informed_with_the_answer() {
    let mut pair = Pair::new();
    let (dialogue, invoke_id) = pair.request(&routing());
    pair.run();
    let (asked, id) = invoked(&pair.events(1));
    let mw_status = Some(MwStatus { mnrf_set: true, ..MwStatus::default() });
    let inform = Operation::InformServiceCentre(InformServiceCentreArg { mw_status, ..Default::default() });
    pair.nodes[1].respond(asked, id, &Ok(routing_result())).unwrap();
    let inform_id = pair.nodes[1].invoke(asked, &inform).unwrap();
    pair.nodes[1].close(pair.now, asked).unwrap();
    pair.run();
    let events = [
        MapEvent::Returned { dialogue, invoke_id, result: Ok(routing_result()) },
        MapEvent::Invoked { dialogue, invoke_id: inform_id, operation: inform },
        MapEvent::Closed { dialogue },
    ];
    assert_eq!(pair.events(0), events);
    assert_eq!(pair.names(), ["0 Begin 45", "1 End result 63"]);
    assert!(pair.is_idle());
}

#[test]
fn other_versions_are_refused_and_the_right_one_is_named() {
    let mut pair = Pair::new();
    let old = ApplicationContext { id: ApplicationContext::SHORT_MSG_GATEWAY_V3.id, version: 2 };
    let dialogue = pair.nodes[0].open(pair.now, address(0), address(1), old).unwrap();
    pair.nodes[0].delimit(pair.now, dialogue).unwrap();
    pair.run();
    let diagnostic = Diagnostic::CONTEXT_NOT_SUPPORTED;
    let alternative = Some(ApplicationContext::SHORT_MSG_GATEWAY_V3);
    let reason = MapAbort::Refused { diagnostic, alternative };
    assert_eq!(pair.events(0), [MapEvent::Aborted { dialogue, reason }]);
    // A context that is not there at all.
    let (dialogue, invoke_id) =
        pair.request(&Operation::AlertServiceCentre(AlertServiceCentreArg::new(number("1"), number("2"))));
    pair.run();
    let reason = MapAbort::Refused { diagnostic, alternative: None };
    let returned = MapEvent::Returned { dialogue, invoke_id, result: Err(InvokeFailure::Aborted(reason)) };
    assert_eq!(pair.events(0), [returned, MapEvent::Aborted { dialogue, reason }]);
    assert_eq!(pair.events(1), []);
    assert_eq!(pair.names()[1], "1 Abort");
    assert!(pair.is_idle());
}
