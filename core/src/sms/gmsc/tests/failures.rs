//! Messages that are not delivered.

use protocol::map::{
    AbsentSubscriberSm, InformServiceCentreArg, MwStatus, SmDeliveryFailure, SmDeliveryFailureCause, SmDeliveryOutcome,
    diagnostic,
};

use super::*;
use crate::sms::tlv::DeliveryFailureReason;

fn absent(diagnostic: u8) -> UserError {
    UserError::AbsentSubscriberSm(AbsentSubscriberSm { diagnostic: Some(diagnostic), ..Default::default() })
}

fn full() -> UserError {
    UserError::SmDeliveryFailure(SmDeliveryFailure::new(SmDeliveryFailureCause::MemoryCapacityExceeded))
}

/// Error code, cause and reason of a failed delivery.
#[track_caller]
fn failure(net: &mut Net) -> (u16, Option<u8>, DeliveryFailureReason) {
    let response = net.response();
    assert_eq!(response.status, CommandStatus::DELIVERY_FAILURE);
    let tlvs = &response.tlvs;
    let found = (tlv::network_error_of(tlvs), tlv::cause_of(tlvs), DeliveryFailureReason::find(tlvs));
    (found.0.unwrap(), found.1, found.2.unwrap())
}

#[test]
fn the_next_address_is_tried_in_the_order_of_the_hlr() {
    let mut net = Net::bound(|_| {});
    net.deliver("hello", [tlv::message_waiting(true)]);
    net.route(everywhere());
    net.forward(GATEWAY, Err(absent(diagnostic::NO_RESPONSE_IP_SM_GW)));
    assert!(!net.is_asked(MSC));
    net.forward(SGSN, Err(full()));
    net.forward(MSC, Ok(()));
    let told = net.report();
    assert_eq!(told.sm_delivery_outcome, SmDeliveryOutcome::SuccessfulTransfer);
    assert_eq!(told.additional_sm_delivery_outcome, Some(SmDeliveryOutcome::MemoryCapacityExceeded));
    assert_eq!(told.ip_sm_gw_sm_delivery_outcome, Some(SmDeliveryOutcome::AbsentSubscriber));
    assert_eq!(told.ip_sm_gw_absent_subscriber_diagnostic_sm, Some(12));
    assert_eq!(net.response().status, CommandStatus::OK);
    net.is_clean();
}

#[test]
fn a_gateway_behind_others_is_known_by_what_the_hlr_says_beside_it() {
    let location = LocationInfoWithLmsi {
        network_node_number: number(MSC),
        additional_number: Some(AdditionalNumber::Sgsn(number(SGSN))),
        third_number: Some(AdditionalNumber::Msc(number(GATEWAY))),
        ims_node_indicator: false,
        ..everywhere()
    };
    let mut net = Net::bound(|_| {});
    net.deliver("hello", [tlv::message_waiting(true)]);
    net.route_by(location.clone(), &[SmsAccess::MSC, SmsAccess::SGSN, SmsAccess::IP]);
    net.forward(MSC, Err(absent(diagnostic::IMSI_DETACHED)));
    net.forward(SGSN, Err(absent(diagnostic::GPRS_DETACHED)));
    net.forward(GATEWAY, Err(absent(diagnostic::DEREGISTERED_IMS)));
    let told = net.report();
    assert_eq!(told.absent_subscriber_diagnostic_sm, Some(diagnostic::IMSI_DETACHED));
    assert_eq!(told.ip_sm_gw_absent_subscriber_diagnostic_sm, Some(diagnostic::DEREGISTERED_IMS));
    failure(&mut net);
    // A list of another length is not about these.
    net.deliver("hello", []);
    net.route_by(location, &[SmsAccess::IP]);
    net.forward(MSC, Ok(()));
    assert!(!net.report().ip_sm_gw_indicator);
    assert_eq!(net.response().status, CommandStatus::OK);
    net.is_clean();
}

#[test]
fn message_waiting_is_set_where_the_service_centre_wants_it() {
    for wanted in [true, false] {
        let mut net = Net::bound(|_| {});
        net.deliver("hello", [tlv::message_waiting(wanted), tlv::sc_type(protocol::map::ScType::VIDEO_MAIL)]);
        net.route(everywhere());
        net.forward(GATEWAY, Err(UserError::SystemFailure(None)));
        net.forward(SGSN, Err(absent(diagnostic::GPRS_DETACHED)));
        net.forward(MSC, Err(absent(diagnostic::IMSI_DETACHED)));
        assert_eq!(net.is_asked(HLR), wanted);
        if wanted {
            let told = net.report();
            assert_eq!(told.sm_delivery_outcome, SmDeliveryOutcome::AbsentSubscriber);
            assert_eq!(told.absent_subscriber_diagnostic_sm, Some(diagnostic::IMSI_DETACHED));
            assert_eq!(told.additional_absent_subscriber_diagnostic_sm, Some(diagnostic::GPRS_DETACHED));
            // A gateway that failed says nothing of the subscriber.
            assert!(!told.ip_sm_gw_indicator && told.ip_sm_gw_sm_delivery_outcome.is_none());
            assert_eq!(protocol::map::ScType::find(&told.extensions), Some(protocol::map::ScType::VIDEO_MAIL));
        }
        let told = failure(&mut net);
        assert_eq!(told, (6, Some(diagnostic::GPRS_DETACHED), DeliveryFailureReason::UNAVAILABLE));
        net.is_clean();
    }
}

#[test]
fn nothing_is_reported_that_the_hlr_could_not_note() {
    let mut net = Net::bound(|_| {});
    net.deliver("hello", [tlv::message_waiting(true)]);
    net.route(everywhere());
    net.forward(GATEWAY, Err(UserError::TeleserviceNotProvisioned));
    net.forward(SGSN, Err(UserError::IllegalSubscriber));
    net.forward(MSC, Err(UserError::IllegalEquipment));
    assert_eq!(failure(&mut net), (11, None, DeliveryFailureReason::PERMANENT));
    net.is_clean();
}

#[test]
fn a_full_memory_comes_with_the_report_of_the_ue() {
    let mut net = Net::bound(|_| {});
    net.deliver("hello", [tlv::message_waiting(true)]);
    net.route(at_msc());
    let report = vec![0, 0xd0, 0];
    let error = SmDeliveryFailure {
        diagnostic_info: Some(report.clone()),
        ..SmDeliveryFailure::new(SmDeliveryFailureCause::MemoryCapacityExceeded)
    };
    net.forward(MSC, Err(UserError::SmDeliveryFailure(error)));
    assert_eq!(net.report().sm_delivery_outcome, SmDeliveryOutcome::MemoryCapacityExceeded);
    let response = net.response();
    assert_eq!(tlv::tpdu_of(&response.tlvs), Some(&report[..]));
    assert_eq!((tlv::network_error_of(&response.tlvs), tlv::cause_of(&response.tlvs)), (Some(32), Some(0)));
}

#[test]
fn nodes_that_are_silent_or_gone_do_not_hold_it_up() {
    let mut net = Net::bound(|_| {});
    net.peers.remove(GATEWAY);
    net.deliver("hello", []);
    net.route(everywhere());
    // The gateway is nowhere, the SGSN says nothing.
    assert!(net.is_asked(SGSN) && !net.is_asked(MSC));
    net.wait(121);
    net.forward(MSC, Ok(()));
    net.report();
    assert_eq!(net.response().status, CommandStatus::OK);
    net.is_clean();
}

#[test]
fn what_the_hlr_refuses() {
    for (error, expected) in [
        (UserError::UnknownSubscriber(None), (1, None, DeliveryFailureReason::INVALID_ADDRESS)),
        (UserError::TeleserviceNotProvisioned, (11, None, DeliveryFailureReason::PERMANENT)),
        (UserError::CallBarred(Default::default()), (13, None, DeliveryFailureReason::TEMPORARY)),
        (UserError::SystemFailure(None), (34, None, DeliveryFailureReason::TEMPORARY)),
        (absent(3), (6, Some(3), DeliveryFailureReason::UNAVAILABLE)),
    ] {
        let mut net = Net::bound(|_| {});
        net.deliver("hello", [tlv::message_waiting(true)]);
        let asked = net.asked(HLR);
        net.answer(HLR, &asked, Err(error));
        assert_eq!(failure(&mut net), expected);
        assert!(!net.is_asked(HLR), "an HLR that has refused has noted it");
        net.is_clean();
    }
    // It is gone, or says nothing.
    let mut net = Net::bound(|_| {});
    net.deliver("hello", []);
    net.wait(21);
    assert_eq!(failure(&mut net), (34, None, DeliveryFailureReason::TEMPORARY));
    net.peers.remove(HLR);
    net.deliver("hello", []);
    assert_eq!(failure(&mut net), (34, None, DeliveryFailureReason::TEMPORARY));
    net.is_clean();
}

#[test]
fn what_the_hlr_informs_of_is_heeded() {
    let mut net = Net::bound(|_| {});
    net.deliver("hello", []);
    let (dialogue, invoke_id, _) = net.asked(HLR);
    let inform = InformServiceCentreArg {
        stored_msisdn: Some(number("491729999")),
        mw_status: Some(MwStatus { sc_address_not_included: true, mnrf_set: true, ..MwStatus::default() }),
        absent_subscriber_diagnostic_sm: Some(4),
        ..InformServiceCentreArg::default()
    };
    let hlr = net.peers.get_mut(HLR).unwrap();
    hlr.respond(dialogue, invoke_id, &Err(UserError::AbsentSubscriberSm(AbsentSubscriberSm::default()))).unwrap();
    hlr.invoke(dialogue, &Operation::InformServiceCentre(inform)).unwrap();
    hlr.close(net.now, dialogue).unwrap();
    net.turn();
    assert_eq!(failure(&mut net), (6, Some(4), DeliveryFailureReason::UNAVAILABLE));
    assert!(net.notes.iter().any(|note| note.contains("491729999")), "{:?}", net.notes);
    assert!(net.notes.iter().any(|note| note.contains("not in the list")), "{:?}", net.notes);
    net.is_clean();
}
