//! Messages that are delivered.

use protocol::map::{IpSmGwGuidance, ScType, SmDeliveryOutcome, SmRpDa, SmRpOa};
use protocol::smpp::TlvTag;
use protocol::sms::{Carrier, ConcatenationReference, DeliverReport, Direction, Parameters, Tpdu};

use super::*;

#[test]
fn the_gateway_delivers() {
    let mut net = Net::bound(|_| {});
    net.deliver("hello", [tlv::sc_type(ScType::VOICE_MAIL), Tlv::octet(TlvTag::MORE_MESSAGES_TO_SEND, 0)]);
    let routing = net.route(everywhere());
    assert_eq!((routing.msisdn, routing.service_centre_address), (number(SUBSCRIBER), number(CENTRE)));
    assert!(routing.ip_sm_gw_guidance_indicator && routing.gprs_support_indicator && !routing.sm_rp_pri);
    assert_eq!(routing.sm_rp_mti, Some(0));
    let asked = net.asked(GATEWAY);
    let Operation::MtForwardSm(argument) = &asked.2 else { panic!("{:?}", asked.2) };
    assert_eq!(argument.sm_rp_da, SmRpDa::Imsi(Imsi::new(IMSI).unwrap()));
    assert_eq!(argument.sm_rp_oa, SmRpOa::ServiceCentreAddress(number(CENTRE)));
    assert_eq!((&argument.sm_rp_ui, argument.more_messages_to_send), (&deliver("hello"), false));
    assert_eq!(argument.sm_delivery_timer_s, None);
    let report = DeliverReport::new(None, Parameters::default()).emit();
    let result = ForwardSmRes { sm_rp_ui: Some(report.clone()), extensions: Vec::new() };
    net.answer(GATEWAY, &asked, Ok(OperationResult::MtForwardSm(result)));
    // The service centre hears of it when the HLR has.
    assert!(net.heard(1).is_none());
    let told = net.report();
    assert!(told.ip_sm_gw_indicator && told.gprs_support_indicator);
    assert_eq!(told.sm_delivery_outcome, SmDeliveryOutcome::SuccessfulTransfer);
    assert_eq!((told.msisdn, told.service_centre_address), (number(SUBSCRIBER), number(CENTRE)));
    assert_eq!(ScType::find(&told.extensions), Some(ScType::VOICE_MAIL));
    let response = net.response();
    assert_eq!((response.status, tlv::tpdu_of(&response.tlvs)), (CommandStatus::OK, Some(&report[..])));
    assert!(matches!(response.body, Body::SubmitSmResp(Some(id)) if !id.is_empty()));
    assert!(!net.is_asked(SGSN) && !net.is_asked(MSC));
    net.is_clean();
}

#[test]
fn an_hlr_that_does_not_take_the_report_changes_nothing() {
    let mut net = Net::bound(|_| {});
    net.deliver("hello", []);
    net.route(at_msc());
    net.forward(MSC, Ok(()));
    let asked = net.asked(HLR);
    net.answer(HLR, &asked, Err(UserError::UnknownSubscriber(None)));
    assert_eq!(net.response().status, CommandStatus::OK);
    net.deliver("again", []);
    net.route(at_msc());
    net.forward(MSC, Ok(()));
    net.wait(20);
    assert_eq!(net.response().status, CommandStatus::OK);
    net.is_clean();
}

#[test]
fn without_the_indications_the_hlr_hears_of_none() {
    let mut net = Net::bound(|config| (config.ip_messaging, config.gprs) = (false, false));
    let message = ShortMessage { priority: 1, ..submit_sm(SUBSCRIBER) };
    net.submit(1, message, vec![tlv::tpdu(deliver("hello"))]);
    // The gateway instead of the MSC: it appears as one.
    let routing = net.route(LocationInfoWithLmsi { network_node_number: number(GATEWAY), ..at_msc() });
    assert!(!routing.ip_sm_gw_guidance_indicator && !routing.gprs_support_indicator && routing.sm_rp_pri);
    net.forward(GATEWAY, Ok(()));
    let told = net.report();
    assert!(!told.ip_sm_gw_indicator && !told.gprs_support_indicator);
    assert_eq!(net.response().status, CommandStatus::OK);
}

#[test]
fn guidance_of_a_gateway_is_answered_with_how_long_somebody_waits() {
    let mut net = Net::bound(|config| config.utc_ms_at_zero = 1_000_000);
    net.deliver("hello", []);
    let asked = net.asked(HLR);
    let result = RoutingInfoForSmRes {
        imsi: Imsi::new(IMSI).unwrap(),
        location_info_with_lmsi: everywhere(),
        ip_sm_gw_guidance: Some(IpSmGwGuidance { minimum_s: 30, recommended_s: 60 }),
        extensions: Vec::new(),
    };
    net.answer(HLR, &asked, Ok(OperationResult::SendRoutingInfoForSm(result)));
    let argument = net.forward(GATEWAY, Ok(()));
    assert_eq!((argument.sm_delivery_timer_s, argument.sm_delivery_start_time), (Some(120), Some(2_208_989_800)));
}

#[test]
fn more_messages_go_in_one_dialogue() {
    let mut net = Net::bound(|_| {});
    let more = || [Tlv::octet(TlvTag::MORE_MESSAGES_TO_SEND, 1)];
    let done = || Ok(OperationResult::MtForwardSm(ForwardSmRes::default()));
    net.deliver("one", more());
    net.route(at_msc());
    let first = net.asked(MSC);
    let Operation::MtForwardSm(argument) = &first.2 else { panic!("{:?}", first.2) };
    assert!(argument.more_messages_to_send);
    net.answer_on(MSC, &first, done());
    net.report();
    assert_eq!(net.response().status, CommandStatus::OK);
    assert_eq!(net.figure("sms_gmsc_dialogues_held"), 1);
    // The HLR is not asked again.
    net.deliver("two", []);
    assert!(!net.is_asked(HLR));
    let second = net.asked(MSC);
    let Operation::MtForwardSm(argument) = &second.2 else { panic!("{:?}", second.2) };
    assert_eq!((&argument.sm_rp_da, &argument.sm_rp_oa), (&SmRpDa::None, &SmRpOa::None));
    assert_eq!((second.0, argument.more_messages_to_send, &argument.sm_rp_ui), (first.0, false, &deliver("two")));
    net.answer(MSC, &second, done());
    net.report();
    assert_eq!(net.response().status, CommandStatus::OK);
    net.is_clean();
    // None comes any more: the dialogue ends.
    net.deliver("three", more());
    net.route(at_msc());
    let third = net.asked(MSC);
    net.answer_on(MSC, &third, done());
    net.report();
    net.wait(9);
    assert_eq!(net.figure("sms_gmsc_dialogues_held"), 1);
    net.wait(2);
    net.is_clean();
    assert!(matches!(net.events.last(), Some(MapEvent::Closed { dialogue }) if *dialogue == third.0));
}

#[test]
fn a_node_that_has_ended_the_kept_dialogue_is_asked_anew() {
    let mut net = Net::bound(|_| {});
    net.deliver("one", [Tlv::octet(TlvTag::MORE_MESSAGES_TO_SEND, 1)]);
    net.route(at_msc());
    let first = net.asked(MSC);
    net.answer_on(MSC, &first, Ok(OperationResult::MtForwardSm(ForwardSmRes::default())));
    net.report();
    net.peers.get_mut(MSC).unwrap().close(net.now, first.0).unwrap();
    net.turn();
    net.is_clean();
    net.deliver("two", []);
    net.route(at_msc());
    assert_eq!(net.forward(MSC, Ok(())).sm_rp_da, SmRpDa::Imsi(Imsi::new(IMSI).unwrap()));
    net.report();
    assert_eq!([net.response().status, net.response().status], [CommandStatus::OK; 2]);
    net.is_clean();
}

#[test]
fn a_long_message_takes_two_turns() {
    let mut net = Net::bound(|_| {});
    let text = "x".repeat(160);
    net.deliver(&text, []);
    net.route(at_msc());
    assert_eq!(net.forward(MSC, Ok(())).sm_rp_ui, deliver(&text));
    net.report();
    assert_eq!(net.response().status, CommandStatus::OK);
    net.is_clean();
}

#[test]
fn messages_to_one_subscriber_go_one_after_another() {
    let mut net = Net::bound(|_| {});
    for text in ["one", "two"] {
        net.deliver(text, []);
    }
    net.submit(3, submit_sm("491722222"), vec![tlv::tpdu(deliver("three"))]);
    let [first, other] = [net.asked(HLR), net.asked(HLR)].map(|asked| match asked.2 {
        Operation::SendRoutingInfoForSm(argument) => argument.msisdn,
        other => panic!("{other:?}"),
    });
    assert_eq!([first, other], [SUBSCRIBER, "491722222"].map(number));
    assert!(!net.is_asked(HLR));
    // Both are not answered: the next one of the first subscriber begins.
    net.wait(25);
    assert_eq!([net.response().status, net.response().status], [CommandStatus::DELIVERY_FAILURE; 2]);
    assert!(net.is_asked(HLR));
}

#[test]
fn a_service_centre_without_tpdus_is_served() {
    let mut net = Net::bound(|config| (config.utc_ms_at_zero, config.quarters) = (86_400_000, 4));
    let message = |text: &str| {
        let message = MessageOctets::new(text.as_bytes()).unwrap();
        ShortMessage { message, protocol_id: 0x41, ..submit_sm(SUBSCRIBER) }
    };
    let mut take = |message: ShortMessage, tlvs: Vec<Tlv>| {
        net.submit(1, message, tlvs);
        net.route(at_msc());
        let octets = net.forward(MSC, Ok(())).sm_rp_ui;
        net.report();
        assert_eq!(net.response().status, CommandStatus::OK);
        match Tpdu::parse(Direction::ToMs, Carrier::Data, &octets) {
            Ok(Tpdu::Deliver(deliver)) => deliver,
            other => panic!("{other:?}"),
        }
    };
    let plain = take(message("hello"), Vec::new());
    assert_eq!((plain.user_data.text(plain.coding), plain.protocol_identifier.0), (Some("hello".into()), 0x41));
    assert_eq!(plain.service_centre_time, Timestamp::from_utc_ms(86_400_000, 4));
    assert_eq!(plain.originator.e164(), Some("358401".into()));
    let payload = Tlv::new(TlvTag::MESSAGE_PAYLOAD, "from the payload");
    let plain = take(message(""), vec![payload]);
    assert_eq!(plain.user_data.text(plain.coding), Some("from the payload".into()));
    let part = vec![
        Tlv::word(TlvTag::SAR_MSG_REF_NUM, 0x1234),
        Tlv::octet(TlvTag::SAR_TOTAL_SEGMENTS, 3),
        Tlv::octet(TlvTag::SAR_SEGMENT_SEQNUM, 2),
    ];
    let part = take(message("part"), part);
    let place = part.user_data.header().unwrap().concatenation().unwrap();
    assert_eq!((place.reference, place.total, place.sequence), (ConcatenationReference::Long(0x1234), 3, 2));
    assert_eq!(part.user_data.text(part.coding), Some("part".into()));
}
