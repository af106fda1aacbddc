//! MAP over TCAP over SCCP as another program reads it: tshark names every operation, every number and the short messages in
//! them, and finds nothing malformed.

use protocol::map::sccp::{ReturnCause, SccpAddress, SccpMessage, UnitData, ssn};
use protocol::map::tcap::{
    AbortReason, Code, Component, Diagnostic, DialoguePdu, InvokeProblem, PAbortCause, Problem, TcapMessage,
};
use protocol::map::*;

use super::capture::{capture, tshark};

/// `LINKTYPE_SCCP`.
const SCCP: u32 = 142;

const SUBSCRIBER: &str = "491700001";
const GATEWAY: &str = "491700060";

fn number(digits: &str) -> AddressString {
    AddressString::international(digits).unwrap()
}

fn imsi() -> Imsi {
    Imsi::new("001010123456789").unwrap()
}

/// SMS-DELIVER from +491700005: `Hi`.
fn deliver() -> Vec<u8> {
    let digits = [4, 9, 0x91, 0x94, 0x71, 0, 0, 0xf5, 0, 0];
    [&digits[..], &[0x62, 0x11, 0x22, 0x41, 0x30, 0, 0x40, 2, 0xc8, 0x34]].concat()
}

/// SMS-SUBMIT to +491700005: `Hi`.
fn submit() -> Vec<u8> {
    vec![1, 0, 9, 0x91, 0x94, 0x71, 0, 0, 0xf5, 0, 0, 2, 0xc8, 0x34]
}

/// Every operation with all that it can say.
fn operations() -> Vec<Operation> {
    [routing_and_report(), forwarded(), of_subscribers()].concat()
}

fn routing_and_report() -> Vec<Operation> {
    let (msisdn, centre) = (number(SUBSCRIBER), number("491700099"));
    let correlation_id = Some(CorrelationId {
        hlr_id: Some(vec![0, 1, 1]),
        sip_uri_a: Some(b"sip:a@ims.test".to_vec()),
        sip_uri_b: b"sip:b@ims.test".to_vec(),
    });
    let routing = RoutingInfoForSmArg {
        gprs_support_indicator: true,
        sm_rp_mti: Some(0),
        sm_rp_smea: Some(vec![9, 0x91, 0x94, 0x71, 0, 0, 0xf5]),
        sm_delivery_not_intended: Some(0),
        ip_sm_gw_guidance_indicator: true,
        imsi: Some(imsi()),
        single_attempt_delivery: true,
        correlation_id,
        ..RoutingInfoForSmArg::new(msisdn.clone(), true, centre.clone())
    };
    let report = ReportSmDeliveryStatusArg {
        absent_subscriber_diagnostic_sm: Some(diagnostic::IMSI_DETACHED),
        gprs_support_indicator: true,
        delivery_outcome_indicator: true,
        additional_sm_delivery_outcome: Some(SmDeliveryOutcome::MemoryCapacityExceeded),
        additional_absent_subscriber_diagnostic_sm: Some(diagnostic::GPRS_DETACHED),
        ip_sm_gw_indicator: true,
        ip_sm_gw_sm_delivery_outcome: Some(SmDeliveryOutcome::AbsentSubscriber),
        ip_sm_gw_absent_subscriber_diagnostic_sm: Some(diagnostic::NO_RESPONSE_IP_SM_GW),
        imsi: Some(imsi()),
        single_attempt_delivery: true,
        ..ReportSmDeliveryStatusArg::new(msisdn.clone(), centre.clone(), SmDeliveryOutcome::AbsentSubscriber)
    };
    let inform = InformServiceCentreArg {
        stored_msisdn: Some(msisdn.clone()),
        mw_status: Some(MwStatus { mnrf_set: true, ..MwStatus::default() }),
        absent_subscriber_diagnostic_sm: Some(1),
        ..InformServiceCentreArg::default()
    };
    vec![
        Operation::SendRoutingInfoForSm(routing),
        Operation::ReportSmDeliveryStatus(report),
        Operation::AlertServiceCentre(AlertServiceCentreArg::new(msisdn, centre)),
        Operation::InformServiceCentre(inform),
        Operation::ReadyForSm(ReadyForSmArg::new(imsi(), AlertReason::MemoryAvailable)),
    ]
}

fn forwarded() -> Vec<Operation> {
    let (msisdn, centre) = (number(SUBSCRIBER), number("491700099"));
    let (da, oa) = (SmRpDa::ServiceCentreAddress(centre.clone()), SmRpOa::Msisdn(msisdn));
    let mo = MoForwardSmArg { imsi: Some(imsi()), ..MoForwardSmArg::new(da, oa, submit()) };
    let (da, oa) = (SmRpDa::Imsi(imsi()), SmRpOa::ServiceCentreAddress(centre));
    let mt = MtForwardSmArg {
        more_messages_to_send: true,
        sm_delivery_timer_s: Some(60),
        sm_delivery_start_time: Some(0xe000_0000),
        sms_over_ip_only_indicator: true,
        sms_gmsc_address: Some(number("491700050")),
        ..MtForwardSmArg::new(da, oa, deliver())
    };
    let more = MtForwardSmArg::new(SmRpDa::None, SmRpOa::None, deliver());
    vec![Operation::MoForwardSm(mo), Operation::MtForwardSm(mt), Operation::MtForwardSm(more)]
}

fn of_subscribers() -> Vec<Operation> {
    let insert = InsertSubscriberDataArg {
        msisdn: Some(number(SUBSCRIBER)),
        operator_determined_barring: Some(false),
        teleservice_list: Some(vec![TeleserviceCode::SHORT_MESSAGE_MT_PP, TeleserviceCode::SHORT_MESSAGE_MO_PP]),
        network_access_mode: Some(2),
        charging_characteristics: Some(0x0800),
        sms_in_sgsn_allowed: true,
        ..InsertSubscriberDataArg::default()
    };
    let authentication = SendAuthenticationInfoArg {
        segmentation_prohibited: true,
        immediate_response_preferred: true,
        re_synchronisation_info: Some(ReSynchronisationInfo { rand: [0x11; 16], auts: [0x22; 14] }),
        requesting_node_type: Some(RequestingNodeType::SGSN),
        ..SendAuthenticationInfoArg::new(imsi(), 2)
    };
    let (vlr_number, sgsn_number, extensions) = (None, Some(number(GATEWAY)), Vec::new());
    let purge = PurgeMsArg { imsi: imsi(), vlr_number, sgsn_number, extensions: extensions.clone() };
    let cancel = CancelLocationArg { imsi: imsi(), lmsi: None, cancellation_type: Some(0), extensions };
    vec![
        Operation::UpdateGprsLocation(UpdateGprsLocationArg::new(imsi(), number(GATEWAY), [10, 46, 0, 7].into())),
        Operation::InsertSubscriberData(insert),
        Operation::PurgeMs(purge),
        Operation::CancelLocation(cancel),
        Operation::SendAuthenticationInfo(authentication),
    ]
}

fn results() -> Vec<OperationResult> {
    let location_info_with_lmsi = LocationInfoWithLmsi {
        additional_number: Some(AdditionalNumber::Sgsn(number("491700020"))),
        third_number: Some(AdditionalNumber::Msc(number("491700010"))),
        ims_node_indicator: true,
        ..LocationInfoWithLmsi::new(number(GATEWAY))
    };
    let ip_sm_gw_guidance = Some(IpSmGwGuidance { minimum_s: 30, recommended_s: 300 });
    let extensions = Vec::new();
    let routing = RoutingInfoForSmRes { imsi: imsi(), location_info_with_lmsi, ip_sm_gw_guidance, extensions };
    // SMS-SUBMIT-REPORT with its time stamp, SMS-DELIVER-REPORT with nothing.
    let submitted = vec![1, 0, 0x62, 0x11, 0x22, 0x41, 0x30, 0, 0x40];
    let forward = |sm_rp_ui| ForwardSmRes { sm_rp_ui: Some(sm_rp_ui), extensions: Vec::new() };
    let update = UpdateGprsLocationRes {
        hlr_number: number("491700040"),
        mme_registered_for_sms: false,
        extensions: Vec::new(),
    };
    let vector = AuthenticationQuintuplet {
        rand: [0x11; 16],
        xres: vec![0x22; 8].into(),
        ck: [0x33; 16].into(),
        ik: [0x44; 16].into(),
        autn: [0x55; 16],
    };
    let vectors = SendAuthenticationInfoRes { quintuplet_list: vec![vector.clone(), vector], extensions: Vec::new() };
    let stored = ReportSmDeliveryStatusRes { stored_msisdn: Some(number(SUBSCRIBER)), extensions: Vec::new() };
    vec![
        OperationResult::SendRoutingInfoForSm(routing),
        OperationResult::MoForwardSm(forward(submitted)),
        OperationResult::MtForwardSm(forward(vec![0, 0])),
        OperationResult::ReportSmDeliveryStatus(stored),
        OperationResult::UpdateGprsLocation(update),
        OperationResult::PurgeMs(PurgeMsRes { freeze_p_tmsi: true, ..PurgeMsRes::default() }),
        OperationResult::SendAuthenticationInfo(vectors),
    ]
}

fn errors() -> Vec<UserError> {
    let absent = AbsentSubscriberSm { diagnostic: Some(1), additional_diagnostic: Some(6), ..Default::default() };
    let full = SmDeliveryFailure {
        diagnostic_info: Some(vec![0, 0xd3, 0]),
        ..SmDeliveryFailure::new(SmDeliveryFailureCause::MemoryCapacityExceeded)
    };
    vec![
        UserError::UnknownSubscriber(Some(1)),
        UserError::UnidentifiedSubscriber,
        UserError::AbsentSubscriberSm(absent),
        UserError::RoamingNotAllowed(3),
        UserError::IllegalSubscriber,
        UserError::TeleserviceNotProvisioned,
        UserError::CallBarred(CallBarred { cause: Some(1), unauthorised_message_originator: true }),
        UserError::FacilityNotSupported,
        UserError::SubscriberBusyForMtSms(true),
        UserError::SmDeliveryFailure(full),
        UserError::MessageWaitingListFull,
        UserError::SystemFailure(Some(1)),
        UserError::DataMissing,
        UserError::UnexpectedDataValue,
    ]
}

/// `message` from the gateway, which appears as SGSN, to the HLR.
fn unitdata(message: &TcapMessage) -> UnitData {
    let hlr = SccpAddress::e164("491700040", ssn::HLR).unwrap();
    let gateway = SccpAddress::e164(GATEWAY, ssn::SGSN).unwrap();
    UnitData::new(hlr, gateway, message.emit().unwrap())
}

fn begin(operation: &Operation) -> Vec<u8> {
    let invoke = Component::Invoke {
        invoke_id: 1,
        linked_id: None,
        code: Code::Local(operation.code().0),
        parameter: Some(operation.emit()),
    };
    let dialogue = Some(DialoguePdu::request(operation.context().arcs()));
    unitdata(&TcapMessage::Begin { otid: 1.into(), dialogue, components: vec![invoke] }).emit().unwrap()
}

fn end(component: Component) -> Vec<u8> {
    let dialogue = Some(DialoguePdu::accept(ApplicationContext::SHORT_MSG_GATEWAY_V3.arcs()));
    unitdata(&TcapMessage::End { dtid: 1.into(), dialogue, components: vec![component] }).emit().unwrap()
}

/// What tshark finds wrong, a line a packet, and the packets.
fn complaints(packets: &[Vec<u8>]) {
    let fields = ["-T", "fields", "-e", "_ws.expert", "-e", "_ws.malformed", "-e", "_ws.col.Protocol"];
    let Some(found) = tshark(&capture(SCCP, packets), &fields) else { return };
    for (number, line) in found.lines().enumerate() {
        let fields: Vec<_> = line.split('\t').collect();
        assert_eq!(fields[..2], ["", ""], "packet {}: {line}", number + 1);
        assert!(
            ["GSM MAP", "GSM SMS", "TCAP", "SCCP (Int. ITU)"].contains(&fields[2]),
            "packet {}: {line}",
            number + 1
        );
    }
    assert_eq!(found.lines().count(), packets.len());
}

#[test]
fn operations_are_dissected_without_complaint() {
    let operations = operations();
    let packets: Vec<_> = operations.iter().map(begin).collect();
    complaints(&packets);
    let fields = ["-T", "fields", "-e", "gsm_old.localValue", "-e", "sccp.called.digits", "-e", "sccp.calling.digits"];
    let Some(found) = tshark(&capture(SCCP, &packets), &fields) else { return };
    let wanted: Vec<_> = operations.iter().map(|o| format!("{}\t491700040\t491700060", o.code().0)).collect();
    assert_eq!(found.lines().collect::<Vec<_>>(), wanted);
    let Some(found) = tshark(&capture(SCCP, &packets), &["-V"]) else { return };
    for wanted in [
        "SubSystem Number: HLR (Home Location Register) (6)",
        "SubSystem Number: SGSN (MAP) (149)",
        "Nature of Address Indicator: International number (0x04)",
        "0.4.0.0.1.0.20.3 (shortMsgGatewayContext-v3)",
        "0.4.0.0.1.0.23.2 (shortMsgAlertContext-v2)",
        "0.4.0.0.1.0.27.3 (msPurgingContext-v3)",
        "0.4.0.0.1.0.32.3 (gprsLocationUpdateContext-v3)",
        "ip-sm-gwGuidanceIndicator",
        "sm-RP-PRI: True",
        "IMSI: 001010123456789",
        "sm-DeliveryOutcome: absentSubscriber (1)",
        "ip-sm-gw-sm-deliveryOutcome: absentSubscriber (1)",
        "noSM-RP-DA",
        "moreMessagesToSend",
        "smDeliveryTimer: 60",
        "alertReason: memoryAvailable (1)",
        "networkAccessMode: onlyPacket (2)",
        "cancellationType: updateProcedure (0)",
        "0.4.0.0.1.0.14.3 (infoRetrievalContext-v3)",
        "numberOfRequestedVectors: 2",
        "segmentationProhibited",
        "immediateResponsePreferred",
        "auts: 2222222222222222222222222222",
        "requestingNodeType: sgsn (1)",
        "SMS text: Hi",
        "TP-Destination-Address - (491700005)",
        "TP-Originating-Address - (491700005)",
        "SMS-SUBMIT",
        "SMS-DELIVER",
    ] {
        assert!(found.contains(wanted), "{wanted}");
    }
}

#[test]
fn extensions_of_castbench_are_well_formed() {
    let mut report =
        ReportSmDeliveryStatusArg::new(number(SUBSCRIBER), number("491700099"), SmDeliveryOutcome::AbsentSubscriber);
    report.extensions = vec![ScType::VIDEO_MAIL.to_extension(), IpAccess(true).to_extension()];
    let packets = [begin(&Operation::ReportSmDeliveryStatus(report))];
    let fields = ["-T", "fields", "-e", "_ws.malformed", "-e", "_ws.expert"];
    let Some(found) = tshark(&capture(SCCP, &packets), &fields) else { return };
    // That tshark does not know what is behind these object identifiers is all that it has to say.
    let unknown = "Expert Info (Warning/Undecoded): BER: Dissector for OID not implemented. Contact Wireshark developers if \
                   you want this supported";
    assert_eq!(found.trim_end(), format!("\t{unknown},{unknown}"));
    let Some(found) = tshark(&capture(SCCP, &packets), &["-V"]) else { return };
    for wanted in
        ["extId: 1.3.6.1.4.1.32473.29002.1", "extId: 1.3.6.1.4.1.32473.29002.2", "privateExtensionList: 2 items"]
    {
        assert!(found.contains(wanted), "{wanted}");
    }
}

#[test]
fn results_and_errors_are_dissected_without_complaint() {
    // An answer is read by what was asked: each has a dialogue of its own.
    let mut packets = Vec::new();
    for (at, result) in results().into_iter().enumerate() {
        let code = Code::Local(result.code().0);
        let result = result.emit().map(|octets| (code, octets));
        packets.push(end(Component::ReturnResult { invoke_id: at as i8, is_last: true, result }));
    }
    for error in errors() {
        let component =
            Component::ReturnError { invoke_id: 1, code: Code::Local(error.code()), parameter: error.emit() };
        packets.push(end(component));
    }
    complaints(&packets);
    let Some(found) = tshark(&capture(SCCP, &packets), &["-V"]) else { return };
    for wanted in [
        "networkNode-Number: 9194710060f0",
        "sgsn-Number: 9194710020f0",
        "msc-Number: 9194710010f0",
        "imsNodeIndicator",
        "recommendedDeliveryTimeValue: 300",
        "hlr-Number: 9194710040f0",
        "freezeP-TMSI",
        "quintupletList: 2 items",
        "xres: 2222222222222222",
        "ck: 33333333333333333333333333333333",
        "ik: 44444444444444444444444444444444",
        "autn: 55555555555555555555555555555555",
        "sm-EnumeratedDeliveryFailureCause: memoryCapacityExceeded (0)",
        "additionalAbsentSubscriberDiagnosticSM: 6",
        "unauthorisedMessageOriginator",
        "SMS-SUBMIT REPORT",
    ] {
        assert!(found.contains(wanted), "{wanted}");
    }
    for error in errors() {
        let wanted = format!("localValue: {} ({})", error.name(), error.code());
        assert!(found.contains(&wanted), "{wanted}");
    }
}

#[test]
fn dialogues_are_dissected_without_complaint() {
    let context = ApplicationContext::SHORT_MSG_MT_RELAY_V3.arcs();
    let (otid, dtid) = (7.into(), 8.into());
    let refused = DialoguePdu::refuse(context.clone(), Diagnostic::CONTEXT_NOT_SUPPORTED);
    let problem = Problem::Invoke(InvokeProblem::UNRECOGNIZED_OPERATION);
    let messages = [
        TcapMessage::Begin { otid, dialogue: Some(DialoguePdu::request(context.clone())), components: Vec::new() },
        TcapMessage::Continue {
            otid: 8.into(),
            dtid: 7.into(),
            dialogue: Some(DialoguePdu::accept(context)),
            components: Vec::new(),
        },
        TcapMessage::End { dtid, dialogue: None, components: vec![Component::Reject { invoke_id: Some(1), problem }] },
        TcapMessage::Abort { dtid: 7.into(), reason: AbortReason::User(Some(refused)) },
        TcapMessage::Abort { dtid: 7.into(), reason: AbortReason::User(Some(DialoguePdu::abnormal_dialogue())) },
        TcapMessage::Abort { dtid: 7.into(), reason: AbortReason::Provider(PAbortCause::UNRECOGNIZED_TRANSACTION_ID) },
    ];
    let mut packets: Vec<_> = messages.iter().map(|message| unitdata(message).emit().unwrap()).collect();
    let back = unitdata(&messages[0]).undelivered(ReturnCause::NO_TRANSLATION).unwrap();
    packets.push(SccpMessage::UnitDataService(back).emit().unwrap());
    complaints(&packets);
    let Some(found) = tshark(&capture(SCCP, &packets), &["-V"]) else { return };
    for wanted in [
        "0.4.0.0.1.0.25.3 (shortMsgMT-RelayContext-v3)",
        "result: reject-permanent (1)",
        "dialogue-service-user: application-context-name-not-supported (2)",
        "abort-source: dialogue-service-provider (1)",
        "p-abortCause: unrecognizedTransactionID (1)",
        "invokeProblem: unrecognizedOperation (1)",
        "Return Cause: No translation for this specific address",
    ] {
        assert!(found.contains(wanted), "{wanted}");
    }
}
