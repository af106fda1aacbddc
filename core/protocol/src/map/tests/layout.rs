//! Octets written by hand from the ASN.1 of TS 29.002 (IMPLICIT TAGS: `[n]` replaces the tag of a type, but goes around a
//! CHOICE), Q.773 and Q.713.

use super::super::sccp::{ReturnCause, SccpAddress, SccpMessage, UnitData, ssn};
use super::super::tcap::*;
use super::super::*;

/// 91 is "international, ISDN", the lower half of an octet comes first: `…1` is the subscriber 91 94 71 00 00 f1.
fn number(last: &str) -> AddressString {
    AddressString::international(&format!("49170{last:0>4}")).unwrap()
}

fn imsi() -> Imsi {
    Imsi::new("001010123456789").unwrap()
}

/// What `--` begins is a comment, as in ASN.1.
fn octets(text: &str) -> Vec<u8> {
    let hex: String = text.lines().filter_map(|line| line.split("--").next()).collect();
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn operation(operation: Operation, text: &str) {
    assert_eq!(operation.emit(), octets(text), "{operation:?}");
    assert_eq!(Operation::parse(operation.code(), Some(&octets(text))), Ok(operation));
}

fn result(result: OperationResult, text: &str) {
    assert_eq!(result.emit(), Some(octets(text)), "{result:?}");
    assert_eq!(OperationResult::parse(result.code(), Some(&octets(text))), Ok(result));
}

fn error(error: UserError, text: &str) {
    assert_eq!(error.emit(), Some(octets(text)), "{error:?}");
    assert_eq!(UserError::parse(error.code(), Some(&octets(text))), Ok(error));
}

#[test]
fn send_routing_info_for_sm() {
    let argument = RoutingInfoForSmArg {
        gprs_support_indicator: true,
        sm_rp_mti: Some(0),
        ip_sm_gw_guidance_indicator: true,
        ..RoutingInfoForSmArg::new(number("1"), true, number("99"))
    };
    operation(
        Operation::SendRoutingInfoForSm(argument),
        "30 1a
         80 06 91 94 71 00 00 f1 -- msisdn [0]
         81 01 ff                -- sm-RP-PRI [1]
         82 06 91 94 71 00 90 f9 -- serviceCentreAddress [2]
         87 00                   -- gprsSupportIndicator [7]
         88 01 00                -- sm-RP-MTI [8]
         8b 00                   -- ip-sm-gwGuidanceIndicator [11]",
    );
    let location_info_with_lmsi = LocationInfoWithLmsi {
        additional_number: Some(AdditionalNumber::Sgsn(number("20"))),
        third_number: Some(AdditionalNumber::Msc(number("10"))),
        ims_node_indicator: true,
        ..LocationInfoWithLmsi::new(number("60"))
    };
    let three =
        RoutingInfoForSmRes { imsi: imsi(), location_info_with_lmsi, ip_sm_gw_guidance: None, extensions: Vec::new() };
    result(
        OperationResult::SendRoutingInfoForSm(three.clone()),
        "30 2a
         04 08 00 01 01 21 43 65 87 f9 -- imsi
         a0 1e                         -- locationInfoWithLMSI [0]
         81 06 91 94 71 00 60 f0       -- networkNode-Number [1]: the IP-SM-GW
         a6 08 81 06 91 94 71 00 20 f0 -- additional-Number [6], sgsn-Number [1]
         a9 08 80 06 91 94 71 00 10 f0 -- thirdNumber [9], msc-Number [0]
         8b 00                         -- imsNodeIndicator [11]",
    );
    let location_info_with_lmsi = LocationInfoWithLmsi {
        lmsi: Some(Lmsi([0, 0, 0, 0x2a])),
        gprs_node_indicator: true,
        additional_number: Some(AdditionalNumber::Msc(number("10"))),
        ..LocationInfoWithLmsi::new(number("20"))
    };
    let ip_sm_gw_guidance = Some(IpSmGwGuidance { minimum_s: 30, recommended_s: 300 });
    result(
        OperationResult::SendRoutingInfoForSm(RoutingInfoForSmRes {
            location_info_with_lmsi,
            ip_sm_gw_guidance,
            ..three
        }),
        "30 2f
         04 08 00 01 01 21 43 65 87 f9 -- imsi
         a0 1a                         -- locationInfoWithLMSI [0]
         81 06 91 94 71 00 20 f0       -- networkNode-Number [1]
         04 04 00 00 00 2a             -- lmsi
         85 00                         -- gprsNodeIndicator [5]
         a6 08 80 06 91 94 71 00 10 f0 -- additional-Number [6], msc-Number [0]
         a5 07 02 01 1e 02 02 01 2c    -- ip-sm-gwGuidance [5]: 30, 300",
    );
}

/// SMS-DELIVER from +49 170 0005: `Hi`.
const DELIVER: &str = "04 09 91 94 71 00 00 f5 00 00 62 11 22 41 30 00 40 02 c8 34";
/// SMS-SUBMIT to +49 170 0005: `Hi`.
const SUBMIT: &str = "01 00 09 91 94 71 00 00 f5 00 00 02 c8 34";

#[test]
fn forward_sm() {
    let (da, oa) = (SmRpDa::Imsi(imsi()), SmRpOa::ServiceCentreAddress(number("99")));
    let first = MtForwardSmArg { more_messages_to_send: true, ..MtForwardSmArg::new(da, oa, octets(DELIVER)) };
    operation(
        Operation::MtForwardSm(first),
        &format!(
            "30 2a
             80 08 00 01 01 21 43 65 87 f9 -- sm-RP-DA: imsi [0]
             84 06 91 94 71 00 90 f9       -- sm-RP-OA: serviceCentreAddressOA [4]
             04 14 {DELIVER}
             05 00                         -- moreMessagesToSend"
        ),
    );
    let second = MtForwardSmArg {
        sm_delivery_timer_s: Some(60),
        sm_delivery_start_time: Some(0xe000_0001),
        sms_over_ip_only_indicator: true,
        ..MtForwardSmArg::new(SmRpDa::None, SmRpOa::None, octets(DELIVER))
    };
    operation(
        Operation::MtForwardSm(second),
        &format!(
            "30 25
             85 00                -- noSM-RP-DA [5]
             85 00                -- noSM-RP-OA [5]
             04 14 {DELIVER}
             02 01 3c             -- smDeliveryTimer
             04 04 e0 00 00 01    -- smDeliveryStartTime
             80 00                -- smsOverIP-OnlyIndicator [0]"
        ),
    );
    let (da, oa) = (SmRpDa::ServiceCentreAddress(number("99")), SmRpOa::Msisdn(number("1")));
    operation(
        Operation::MoForwardSm(MoForwardSmArg { imsi: Some(imsi()), ..MoForwardSmArg::new(da, oa, octets(SUBMIT)) }),
        &format!(
            "30 2a
             84 06 91 94 71 00 90 f9       -- sm-RP-DA: serviceCentreAddressDA [4]
             82 06 91 94 71 00 00 f1       -- sm-RP-OA: msisdn [2]
             04 0e {SUBMIT}
             04 08 00 01 01 21 43 65 87 f9 -- imsi"
        ),
    );
    let report = ForwardSmRes { sm_rp_ui: Some(vec![0, 0]), extensions: Vec::new() };
    result(OperationResult::MtForwardSm(report), "30 04 04 02 00 00");
    assert_eq!(OperationResult::MoForwardSm(ForwardSmRes::default()).emit(), None);
}

#[test]
fn report_and_alerts() {
    let report = ReportSmDeliveryStatusArg {
        absent_subscriber_diagnostic_sm: Some(diagnostic::IMSI_DETACHED),
        gprs_support_indicator: true,
        additional_sm_delivery_outcome: Some(SmDeliveryOutcome::MemoryCapacityExceeded),
        additional_absent_subscriber_diagnostic_sm: Some(diagnostic::GPRS_DETACHED),
        ip_sm_gw_indicator: true,
        ip_sm_gw_sm_delivery_outcome: Some(SmDeliveryOutcome::AbsentSubscriber),
        ip_sm_gw_absent_subscriber_diagnostic_sm: Some(diagnostic::NO_RESPONSE_IP_SM_GW),
        extensions: vec![ScType::VOICE_MAIL.to_extension()],
        ..ReportSmDeliveryStatusArg::new(number("1"), number("99"), SmDeliveryOutcome::AbsentSubscriber)
    };
    operation(
        Operation::ReportSmDeliveryStatus(report),
        "30 3d
         04 06 91 94 71 00 00 f1 -- msisdn
         04 06 91 94 71 00 90 f9 -- serviceCentreAddress
         0a 01 01                -- sm-DeliveryOutcome: absentSubscriber
         80 01 01                -- absentSubscriberDiagnosticSM [0]
         a1 15 a0 13 30 11       -- extensionContainer [1], privateExtensionList [0]
         06 0c 2b 06 01 04 01 81 fd 59 81 e2 4a 01 0a 01 01
         82 00                   -- gprsSupportIndicator [2]
         84 01 00                -- additionalSM-DeliveryOutcome [4]
         85 01 06                -- additionalAbsentSubscriberDiagnosticSM [5]
         86 00                   -- ip-sm-gw-Indicator [6]
         87 01 01                -- ip-sm-gw-sm-deliveryOutcome [7]
         88 01 0c                -- ip-sm-gw-absentSubscriberDiagnosticSM [8]",
    );
    let stored = ReportSmDeliveryStatusRes { stored_msisdn: Some(number("1")), extensions: Vec::new() };
    result(OperationResult::ReportSmDeliveryStatus(stored), "30 08 04 06 91 94 71 00 00 f1");
    let alert = AlertServiceCentreArg::new(number("1"), number("99"));
    operation(Operation::AlertServiceCentre(alert), "30 10 04 06 91 94 71 00 00 f1 04 06 91 94 71 00 90 f9");
    assert_eq!(OperationResult::AlertServiceCentre.emit(), None);
    let inform = InformServiceCentreArg {
        stored_msisdn: Some(number("1")),
        mw_status: Some(MwStatus { mnrf_set: true, mcef_set: true, ..MwStatus::default() }),
        absent_subscriber_diagnostic_sm: Some(1),
        ..InformServiceCentreArg::default()
    };
    operation(
        Operation::InformServiceCentre(inform),
        "30 0f
         04 06 91 94 71 00 00 f1 -- storedMSISDN
         03 02 02 60             -- mw-Status: six bits, the second and the third are set
         02 01 01                -- absentSubscriberDiagnosticSM",
    );
    let ready = ReadyForSmArg {
        additional_alert_reason_indicator: true,
        ..ReadyForSmArg::new(imsi(), AlertReason::MemoryAvailable)
    };
    operation(
        Operation::ReadyForSm(ready),
        "30 0f
         80 08 00 01 01 21 43 65 87 f9 -- imsi [0]
         0a 01 01                      -- alertReason: memoryAvailable
         81 00                         -- additionalAlertReasonIndicator [1]",
    );
}

#[test]
fn location_and_subscriber_data() {
    let update = UpdateGprsLocationArg::new(imsi(), number("60"), [10, 46, 0, 7].into());
    operation(
        Operation::UpdateGprsLocation(UpdateGprsLocationArg { sms_only: true, ..update }),
        "30 1b
         04 08 00 01 01 21 43 65 87 f9 -- imsi
         04 06 91 94 71 00 60 f0       -- sgsn-Number
         04 05 04 0a 2e 00 07          -- sgsn-Address: IPv4
         92 00                         -- sms-Only [18]",
    );
    let update =
        UpdateGprsLocationRes { hlr_number: number("40"), mme_registered_for_sms: false, extensions: Vec::new() };
    result(OperationResult::UpdateGprsLocation(update), "30 08 04 06 91 94 71 00 40 f0");
    let insert = InsertSubscriberDataArg {
        msisdn: Some(number("1")),
        operator_determined_barring: Some(false),
        teleservice_list: Some(vec![TeleserviceCode::SHORT_MESSAGE_MT_PP, TeleserviceCode::SHORT_MESSAGE_MO_PP]),
        network_access_mode: Some(2),
        sms_in_sgsn_allowed: true,
        ..InsertSubscriberDataArg::default()
    };
    operation(
        Operation::InsertSubscriberData(insert),
        "30 19
         81 06 91 94 71 00 00 f1 -- msisdn [1]
         83 01 00                -- subscriberStatus [3]: serviceGranted
         a6 06 04 01 21 04 01 22 -- teleserviceList [6]
         98 01 02                -- networkAccessMode [24]: onlyPacket
         9f 2b 00                -- smsInSGSNAllowed [43]",
    );
    let (vlr_number, extensions) = (None, Vec::new());
    let sgsn_number = Some(number("60"));
    operation(
        Operation::PurgeMs(PurgeMsArg { imsi: imsi(), vlr_number, sgsn_number, extensions }),
        "a3 12                         -- PurgeMS-Arg ::= [3] SEQUENCE
         04 08 00 01 01 21 43 65 87 f9 -- imsi
         81 06 91 94 71 00 60 f0       -- sgsn-Number [1]",
    );
    result(OperationResult::PurgeMs(PurgeMsRes { freeze_p_tmsi: true, ..PurgeMsRes::default() }), "30 02 81 00");
    let cancel = CancelLocationArg { imsi: imsi(), lmsi: None, cancellation_type: Some(0), extensions: Vec::new() };
    operation(
        Operation::CancelLocation(cancel.clone()),
        "a3 0d                         -- CancelLocationArg ::= [3] SEQUENCE
         04 08 00 01 01 21 43 65 87 f9 -- identity: imsi
         0a 01 00                      -- cancellationType: updateProcedure",
    );
    operation(
        Operation::CancelLocation(CancelLocationArg {
            lmsi: Some(Lmsi([1, 2, 3, 4])),
            cancellation_type: None,
            ..cancel
        }),
        "a3 12 30 10 04 08 00 01 01 21 43 65 87 f9 04 04 01 02 03 04 -- identity: imsi-WithLMSI",
    );
}

#[test]
fn authentication() {
    let info = ReSynchronisationInfo { rand: [0x11; 16], auts: [0x22; 14] };
    let argument = SendAuthenticationInfoArg {
        segmentation_prohibited: true,
        immediate_response_preferred: true,
        re_synchronisation_info: Some(info),
        requesting_node_type: Some(RequestingNodeType::SGSN),
        ..SendAuthenticationInfoArg::new(imsi(), 1)
    };
    operation(
        Operation::SendAuthenticationInfo(argument),
        "30 38
         80 08 00 01 01 21 43 65 87 f9 -- imsi [0]
         02 01 01                      -- numberOfRequestedVectors
         05 00                         -- segmentationProhibited
         81 00                         -- immediateResponsePreferred [1]
         30 22                         -- re-synchronisationInfo
         04 10 11111111111111111111111111111111
         04 0e 2222222222222222222222222222
         83 01 01                      -- requestingNodeType [3]: sgsn",
    );
    let vector = AuthenticationQuintuplet {
        rand: [0x11; 16],
        xres: vec![0x22; 8].into(),
        ck: [0x33; 16].into(),
        ik: [0x44; 16].into(),
        autn: [0x55; 16],
    };
    result(
        OperationResult::SendAuthenticationInfo(SendAuthenticationInfoRes {
            quintuplet_list: vec![vector],
            extensions: Vec::new(),
        }),
        "a3 56                         -- SendAuthenticationInfoRes ::= [3] SEQUENCE
         a1 54 30 52                   -- authenticationSetList: quintupletList [1]
         04 10 11111111111111111111111111111111 -- rand
         04 08 2222222222222222                 -- xres
         04 10 33333333333333333333333333333333 -- ck
         04 10 44444444444444444444444444444444 -- ik
         04 10 55555555555555555555555555555555 -- autn",
    );
    let empty = OperationResult::SendAuthenticationInfo(SendAuthenticationInfoRes::default());
    assert_eq!(empty.emit(), None);
    assert_eq!(OperationResult::parse(empty.code(), None), Ok(empty));
    // Six vectors wanted; a RAND of three octets.
    let argument = octets("30 0d 80 08 00 01 01 21 43 65 87 f9 02 01 06");
    let error = Operation::parse(OperationCode::SEND_AUTHENTICATION_INFO, Some(&argument)).unwrap_err();
    assert!(matches!(error, Some(ParameterError::Unexpected(_))));
    let vector = octets("a3 12 a1 10 30 0e 04 03 111111 04 01 22 04 00 04 00 04 00");
    let error = OperationResult::parse(OperationCode::SEND_AUTHENTICATION_INFO, Some(&vector)).unwrap_err();
    assert!(matches!(error, Some(ParameterError::Mistyped(_))));
}

#[test]
fn user_errors() {
    let absent = AbsentSubscriberSm { diagnostic: Some(1), additional_diagnostic: Some(6), ..Default::default() };
    error(UserError::AbsentSubscriberSm(absent), "30 06 02 01 01 80 01 06");
    let failure = SmDeliveryFailure {
        diagnostic_info: Some(vec![0, 0xd3, 0]),
        ..SmDeliveryFailure::new(SmDeliveryFailureCause::MemoryCapacityExceeded)
    };
    error(UserError::SmDeliveryFailure(failure), "30 08 0a 01 00 04 03 00 d3 00");
    error(UserError::UnknownSubscriber(Some(1)), "30 03 0a 01 01");
    let barred = CallBarred { cause: Some(1), unauthorised_message_originator: true };
    error(UserError::CallBarred(barred), "30 05 0a 01 01 81 00");
    error(UserError::SystemFailure(Some(1)), "30 03 0a 01 01");
    error(UserError::SubscriberBusyForMtSms(true), "30 02 05 00");
    error(UserError::RoamingNotAllowed(3), "30 03 0a 01 03");
    error(UserError::Other { code: 27, parameter: Some(octets("30 03 80 01 03")) }, "30 03 80 01 03");
    for (plain, code) in [
        (UserError::UnknownSubscriber(None), 1),
        (UserError::TeleserviceNotProvisioned, 11),
        (UserError::FacilityNotSupported, 21),
        (UserError::MessageWaitingListFull, 33),
        (UserError::DataMissing, 35),
        (UserError::UnexpectedDataValue, 36),
    ] {
        assert_eq!((plain.code(), plain.emit()), (code, None));
        assert_eq!(UserError::parse(code, Some(&octets("30 00"))), Ok(plain));
    }
    // As version 2 has them: the cause alone.
    let barred = CallBarred { cause: Some(0), unauthorised_message_originator: false };
    assert_eq!(UserError::parse(13, Some(&octets("0a 01 00"))), Ok(UserError::CallBarred(barred)));
    assert_eq!(UserError::parse(34, Some(&octets("0a 01 02"))), Ok(UserError::SystemFailure(Some(2))));
    assert!(matches!(UserError::parse(32, None), Err(ParameterError::Mistyped(_))));
}

/// purgeMS of the IP-SM-GW, which appears as SGSN, to the HLR: a whole message.
const PURGE: &str = "
    09 80                         -- UDT, class 0, return on error
    03 0d 17                      -- pointers
    0a 12 06 00 11 04             -- called: route on global title 0100 and SSN; HLR; translation type 0, E.164, odd; international
    94 71 00 40 00
    0a 12 95 00 11 04             -- calling: SGSN
    94 71 00 60 00
    46
    62 44                         -- Begin
    48 04 11 22 33 44             -- otid
    6b 1e 28 1c                   -- dialogue portion, EXTERNAL
    06 07 00 11 86 05 01 01 01    -- dialogue-as-id
    a0 11 60 0f                   -- AARQ
    80 02 07 80                   -- protocol-version: version1
    a1 09 06 07 04 00 00 01 00 1b 03 -- msPurgingContext-v3
    6c 1c a1 1a                   -- component portion, Invoke
    02 01 01 02 01 43             -- invoke ID 1, operation 67
    a3 12 04 08 00 01 01 21 43 65 87 f9 81 06 91 94 71 00 60 f0";

#[test]
fn a_message_as_a_whole() {
    let purge = PurgeMsArg { imsi: imsi(), vlr_number: None, sgsn_number: Some(number("60")), extensions: Vec::new() };
    let operation = Operation::PurgeMs(purge);
    let begin = TcapMessage::Begin {
        otid: 0x1122_3344.into(),
        dialogue: Some(DialoguePdu::request(operation.context().arcs())),
        components: vec![Component::Invoke {
            invoke_id: 1,
            linked_id: None,
            code: Code::Local(operation.code().0),
            parameter: Some(operation.emit()),
        }],
    };
    let hlr = SccpAddress::e164("491700040", ssn::HLR).unwrap();
    let gateway = SccpAddress::e164("491700060", ssn::SGSN).unwrap();
    let unitdata = UnitData::new(hlr, gateway, begin.emit().unwrap());
    assert_eq!(unitdata.emit().unwrap(), octets(PURGE));
    assert_eq!(SccpMessage::parse(&octets(PURGE)), Ok(SccpMessage::UnitData(unitdata.clone())));
    assert_eq!(TcapMessage::parse(&unitdata.data), Ok(begin));
    let back = unitdata.undelivered(ReturnCause::NO_TRANSLATION).unwrap().emit().unwrap();
    // UDTS, cause 1; the addresses have changed places.
    assert_eq!(back[..7], octets("0a 01 03 0d 17 0a 12"));
    assert_eq!((back[7], back[18], &back[27..]), (149, 6, &octets(PURGE)[27..]));
}

#[test]
fn other_messages_of_tcap() {
    let (otid, dtid) = (TransactionId::new(&[1]).unwrap(), TransactionId::new(&[0xab, 0xcd]).unwrap());
    let context = ApplicationContext::SHORT_MSG_GATEWAY_V3.arcs();
    for (message, text) in [
        (
            TcapMessage::Continue {
                otid,
                dtid: dtid.clone(),
                dialogue: Some(DialoguePdu::accept(context.clone())),
                components: vec![Component::ReturnError { invoke_id: -1, code: Code::Local(1), parameter: None }],
            },
            "65 3d 48 01 01 49 02 ab cd 6b 2a 28 28 06 07 00 11 86 05 01 01 01
             a0 1d 61 1b                   -- AARE
             80 02 07 80
             a1 09 06 07 04 00 00 01 00 14 03
             a2 03 02 01 00                -- result: accepted
             a3 05 a1 03 02 01 00          -- dialogue-service-user: null
             6c 08 a3 06 02 01 ff 02 01 01 -- Return Error: invoke ID -1, unknownSubscriber",
        ),
        (
            TcapMessage::End {
                dtid: dtid.clone(),
                dialogue: None,
                components: vec![
                    Component::ReturnResult { invoke_id: 1, is_last: true, result: None },
                    Component::Reject { invoke_id: None, problem: Problem::Invoke(InvokeProblem::MISTYPED_PARAMETER) },
                ],
            },
            "64 12 49 02 ab cd 6c 0c
             a2 03 02 01 01       -- Return Result Last
             a4 05 05 00 81 01 02 -- Reject: not derivable, invokeProblem mistypedParameter",
        ),
        (
            TcapMessage::Abort {
                dtid: dtid.clone(),
                reason: AbortReason::Provider(PAbortCause::UNRECOGNIZED_TRANSACTION_ID),
            },
            "67 07 49 02 ab cd 4a 01 01",
        ),
        (
            TcapMessage::Abort {
                dtid,
                reason: AbortReason::User(Some(DialoguePdu::refuse(context, Diagnostic::CONTEXT_NOT_SUPPORTED))),
            },
            "67 30 49 02 ab cd 6b 2a 28 28 06 07 00 11 86 05 01 01 01
             a0 1d 61 1b 80 02 07 80 a1 09 06 07 04 00 00 01 00 14 03
             a2 03 02 01 01 a3 05 a1 03 02 01 02 -- reject-permanent, application-context-name-not-supported",
        ),
    ] {
        assert_eq!(message.emit().unwrap(), octets(text), "{message:?}");
        assert_eq!(TcapMessage::parse(&octets(text)), Ok(message));
    }
}

#[test]
fn what_is_not_understood_is_answered() {
    // Begin whose Invoke ends after its ID; Continue without dtid; Begin whose dialogue portion is no EXTERNAL.
    let component = TcapMessage::parse(&octets("62 0b 48 02 10 01 6c 05 a1 03 02 01 02")).unwrap_err();
    let problem = Problem::General(GeneralProblem::MISTYPED_COMPONENT);
    assert_eq!(component.reject(), Some(Component::Reject { invoke_id: Some(2), problem }));
    assert_eq!(component.abort(), None);
    assert!(matches!(component.partial, Some(TcapMessage::Begin { .. })));
    let transaction = TcapMessage::parse(&octets("65 04 48 02 10 01")).unwrap_err();
    let reason = AbortReason::Provider(PAbortCause::INCORRECT_TRANSACTION_PORTION);
    let dtid = TransactionId::new(&[0x10, 1]).unwrap();
    assert_eq!(transaction.abort(), Some(TcapMessage::Abort { dtid: dtid.clone(), reason }));
    let dialogue = TcapMessage::parse(&octets("62 08 48 02 10 01 6b 02 05 00")).unwrap_err();
    let reason = AbortReason::User(Some(DialoguePdu::abnormal_dialogue()));
    assert_eq!(dialogue.abort(), Some(TcapMessage::Abort { dtid, reason }));
    // An End is not answered.
    assert_eq!(TcapMessage::parse(&octets("64 04 48 02 10 01")).unwrap_err().abort(), None);
}
