//! Every argument, result and error that can be said.

use std::net::IpAddr;

use proptest::option::of;
use proptest::prelude::*;

use super::super::sccp::{GlobalTitle, GlobalTitleKind, SccpAddress};
use super::super::*;

pub(super) fn number() -> impl Strategy<Value = AddressString> {
    (0_u8..8, 0_u8..16, "[0-9*#abc]{0,16}").prop_map(|(nature, plan, d)| AddressString::new(nature, plan, &d).unwrap())
}

pub(super) fn imsi() -> impl Strategy<Value = Imsi> {
    "[0-9]{5,15}".prop_map(|digits| Imsi::new(&digits).unwrap())
}

fn octets(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..=max)
}

fn correlation() -> impl Strategy<Value = CorrelationId> {
    (of(octets(4)), of(octets(30)), octets(30)).prop_map(|(hlr_id, sip_uri_a, sip_uri_b)| CorrelationId {
        hlr_id,
        sip_uri_a,
        sip_uri_b,
    })
}

fn extensions() -> impl Strategy<Value = Vec<PrivateExtension>> {
    let value = octets(20).prop_map(|content| [&[0x04, content.len() as u8][..], &content].concat());
    let id = (0_u32..3, 0_u32..40, prop::collection::vec(any::<u32>(), 0..4));
    let id = id.prop_map(|(first, second, rest)| [&[first, second][..], &rest].concat());
    prop::collection::vec((id, of(value)).prop_map(|(id, value)| PrivateExtension { id, value }), 0..3)
}

fn routing() -> impl Strategy<Value = RoutingInfoForSmArg> {
    let numbers = (number(), number(), of(imsi()), of(correlation()), extensions());
    let values = (of(any::<u8>()), of(octets(12)), of(any::<u8>()));
    (numbers, values, any::<[bool; 6]>()).prop_map(|(numbers, values, flags)| RoutingInfoForSmArg {
        msisdn: numbers.0,
        sm_rp_pri: flags[0],
        service_centre_address: numbers.1,
        gprs_support_indicator: flags[1],
        sm_rp_mti: values.0,
        sm_rp_smea: values.1,
        sm_delivery_not_intended: values.2,
        ip_sm_gw_guidance_indicator: flags[2],
        imsi: numbers.2,
        t4_trigger_indicator: flags[3],
        single_attempt_delivery: flags[4],
        correlation_id: numbers.3,
        smsf_support_indicator: flags[5],
        extensions: numbers.4,
    })
}

fn additional() -> impl Strategy<Value = AdditionalNumber> {
    prop_oneof![number().prop_map(AdditionalNumber::Msc), number().prop_map(AdditionalNumber::Sgsn)]
}

fn routing_result() -> impl Strategy<Value = RoutingInfoForSmRes> {
    let location = (number(), of(any::<[u8; 4]>()), any::<[bool; 2]>(), of(additional()), of(additional()));
    let location =
        location.prop_map(|(network_node_number, lmsi, flags, additional_number, third_number)| LocationInfoWithLmsi {
            network_node_number,
            lmsi: lmsi.map(Lmsi),
            gprs_node_indicator: flags[0],
            additional_number,
            third_number,
            ims_node_indicator: flags[1],
        });
    let guidance =
        (30_u16..=600, 30_u16..=600).prop_map(|(minimum_s, recommended_s)| IpSmGwGuidance { minimum_s, recommended_s });
    (imsi(), location, of(guidance), extensions()).prop_map(
        |(imsi, location_info_with_lmsi, ip_sm_gw_guidance, extensions)| RoutingInfoForSmRes {
            imsi,
            location_info_with_lmsi,
            ip_sm_gw_guidance,
            extensions,
        },
    )
}

fn destination() -> impl Strategy<Value = SmRpDa> {
    prop_oneof![
        imsi().prop_map(SmRpDa::Imsi),
        any::<[u8; 4]>().prop_map(|lmsi| SmRpDa::Lmsi(Lmsi(lmsi))),
        number().prop_map(SmRpDa::ServiceCentreAddress),
        Just(SmRpDa::None),
    ]
}

fn origination() -> impl Strategy<Value = SmRpOa> {
    prop_oneof![number().prop_map(SmRpOa::Msisdn), number().prop_map(SmRpOa::ServiceCentreAddress), Just(SmRpOa::None),]
}

fn outcome() -> impl Strategy<Value = SmDeliveryOutcome> {
    prop::sample::select(
        &[
            SmDeliveryOutcome::MemoryCapacityExceeded,
            SmDeliveryOutcome::AbsentSubscriber,
            SmDeliveryOutcome::SuccessfulTransfer,
        ][..],
    )
}

fn mo_forward() -> impl Strategy<Value = MoForwardSmArg> {
    let relay = (destination(), origination(), octets(200));
    (relay, of(imsi()), of(correlation()), of(outcome()), extensions()).prop_map(
        |((sm_rp_da, sm_rp_oa, sm_rp_ui), imsi, correlation_id, sm_delivery_outcome, extensions)| MoForwardSmArg {
            sm_rp_da,
            sm_rp_oa,
            sm_rp_ui,
            imsi,
            correlation_id,
            sm_delivery_outcome,
            extensions,
        },
    )
}

fn mt_forward() -> impl Strategy<Value = MtForwardSmArg> {
    let relay = (destination(), origination(), octets(200));
    let times = (of(30_u16..=600), of(any::<u32>()), of(any::<u32>()));
    (relay, times, any::<[bool; 2]>(), of(correlation()), of(number()), extensions()).prop_map(
        |((sm_rp_da, sm_rp_oa, sm_rp_ui), times, flags, correlation_id, sms_gmsc_address, extensions)| MtForwardSmArg {
            sm_rp_da,
            sm_rp_oa,
            sm_rp_ui,
            more_messages_to_send: flags[0],
            sm_delivery_timer_s: times.0,
            sm_delivery_start_time: times.1,
            sms_over_ip_only_indicator: flags[1],
            correlation_id,
            maximum_retransmission_time: times.2,
            sms_gmsc_address,
            extensions,
        },
    )
}

fn report() -> impl Strategy<Value = ReportSmDeliveryStatusArg> {
    let who = (number(), number(), of(imsi()), of(correlation()), extensions());
    let what = (outcome(), of(outcome()), of(outcome()), any::<[Option<u8>; 3]>(), any::<[bool; 4]>());
    (who, what).prop_map(|(who, (outcome, additional, ip, diagnostics, flags))| ReportSmDeliveryStatusArg {
        msisdn: who.0,
        service_centre_address: who.1,
        sm_delivery_outcome: outcome,
        absent_subscriber_diagnostic_sm: diagnostics[0],
        gprs_support_indicator: flags[0],
        delivery_outcome_indicator: flags[1],
        additional_sm_delivery_outcome: additional,
        additional_absent_subscriber_diagnostic_sm: diagnostics[1],
        ip_sm_gw_indicator: flags[2],
        ip_sm_gw_sm_delivery_outcome: ip,
        ip_sm_gw_absent_subscriber_diagnostic_sm: diagnostics[2],
        imsi: who.2,
        single_attempt_delivery: flags[3],
        correlation_id: who.3,
        extensions: who.4,
    })
}

fn alert() -> impl Strategy<Value = AlertServiceCentreArg> {
    let event = &[SmsGmscAlertEvent::MsAvailableForMtSms, SmsGmscAlertEvent::MsUnderNewServingNode][..];
    let who = (number(), number(), of(imsi()), of(correlation()));
    let what = (of(any::<u32>()), of(prop::sample::select(event)), of(number()), of(number()), of(number()));
    (who, what).prop_map(|(who, what)| AlertServiceCentreArg {
        msisdn: who.0,
        service_centre_address: who.1,
        imsi: who.2,
        correlation_id: who.3,
        maximum_ue_availability_time: what.0,
        sms_gmsc_alert_event: what.1,
        new_sgsn_number: what.2,
        new_mme_number: what.3,
        new_msc_number: what.4,
    })
}

fn inform() -> impl Strategy<Value = InformServiceCentreArg> {
    let status = any::<[bool; 6]>().prop_map(|flags| MwStatus {
        sc_address_not_included: flags[0],
        mnrf_set: flags[1],
        mcef_set: flags[2],
        mnrg_set: flags[3],
        mnr5g_set: flags[4],
        mnr5gn3g_set: flags[5],
    });
    (of(number()), of(status), any::<[Option<u8>; 2]>(), extensions()).prop_map(
        |(stored_msisdn, mw_status, diagnostics, extensions)| InformServiceCentreArg {
            stored_msisdn,
            mw_status,
            absent_subscriber_diagnostic_sm: diagnostics[0],
            additional_absent_subscriber_diagnostic_sm: diagnostics[1],
            extensions,
        },
    )
}

fn ready() -> impl Strategy<Value = ReadyForSmArg> {
    let reason = prop::sample::select(&[AlertReason::MsPresent, AlertReason::MemoryAvailable][..]);
    (imsi(), reason, any::<[bool; 2]>(), of(any::<u32>()), extensions()).prop_map(
        |(imsi, alert_reason, flags, maximum_ue_availability_time, extensions)| ReadyForSmArg {
            imsi,
            alert_reason,
            alert_reason_indicator: flags[0],
            additional_alert_reason_indicator: flags[1],
            maximum_ue_availability_time,
            extensions,
        },
    )
}

fn update() -> impl Strategy<Value = UpdateGprsLocationArg> {
    let address = prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)];
    (imsi(), number(), address, of(any::<u8>()), any::<[bool; 4]>(), extensions()).prop_map(
        |(imsi, sgsn_number, sgsn_address, sms_register_request, flags, extensions)| UpdateGprsLocationArg {
            imsi,
            sgsn_number,
            sgsn_address,
            inform_previous_network_entity: flags[0],
            skip_subscriber_data_update: flags[1],
            gprs_subscription_data_not_needed: flags[2],
            sms_register_request,
            sms_only: flags[3],
            extensions,
        },
    )
}

fn teleservices() -> impl Strategy<Value = Vec<TeleserviceCode>> {
    prop::collection::vec(any::<u8>().prop_map(TeleserviceCode), 0..4)
}

fn insert() -> impl Strategy<Value = InsertSubscriberDataArg> {
    let numbers = (of(imsi()), of(number()), of(number()), of(teleservices()), extensions());
    (numbers, of(any::<bool>()), of(0_u8..3), of(any::<u16>()), any::<[bool; 2]>()).prop_map(
        |(numbers, operator_determined_barring, network_access_mode, charging_characteristics, flags)| {
            InsertSubscriberDataArg {
                imsi: numbers.0,
                msisdn: numbers.1,
                operator_determined_barring,
                teleservice_list: numbers.3,
                network_access_mode,
                charging_characteristics,
                additional_msisdn: numbers.2,
                ps_and_sms_only_service_provision: flags[0],
                sms_in_sgsn_allowed: flags[1],
                extensions: numbers.4,
            }
        },
    )
}

fn purge() -> impl Strategy<Value = PurgeMsArg> {
    (imsi(), of(number()), of(number()), extensions()).prop_map(|(imsi, vlr_number, sgsn_number, extensions)| {
        PurgeMsArg { imsi, vlr_number, sgsn_number, extensions }
    })
}

fn cancel() -> impl Strategy<Value = CancelLocationArg> {
    (imsi(), of(any::<[u8; 4]>()), of(any::<u8>()), extensions()).prop_map(
        |(imsi, lmsi, cancellation_type, extensions)| CancelLocationArg {
            imsi,
            lmsi: lmsi.map(Lmsi),
            cancellation_type,
            extensions,
        },
    )
}

fn authentication() -> impl Strategy<Value = SendAuthenticationInfoArg> {
    let info = any::<([u8; 16], [u8; 14])>().prop_map(|(rand, auts)| ReSynchronisationInfo { rand, auts });
    (imsi(), 1_u8..=5, any::<[bool; 2]>(), of(info), of(any::<u8>()), extensions()).prop_map(
        |(imsi, number_of_requested_vectors, flags, re_synchronisation_info, node, extensions)| {
            SendAuthenticationInfoArg {
                imsi,
                number_of_requested_vectors,
                segmentation_prohibited: flags[0],
                immediate_response_preferred: flags[1],
                re_synchronisation_info,
                requesting_node_type: node.map(RequestingNodeType),
                extensions,
            }
        },
    )
}

fn vectors() -> impl Strategy<Value = SendAuthenticationInfoRes> {
    let vector = (any::<[[u8; 16]; 4]>(), prop::collection::vec(any::<u8>(), 4..=16)).prop_map(
        |([rand, ck, ik, autn], xres)| AuthenticationQuintuplet {
            rand,
            xres: xres.into(),
            ck: ck.into(),
            ik: ik.into(),
            autn,
        },
    );
    (prop::collection::vec(vector, 0..=5), extensions())
        .prop_map(|(quintuplet_list, extensions)| SendAuthenticationInfoRes { quintuplet_list, extensions })
}

pub(super) fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        routing().prop_map(Operation::SendRoutingInfoForSm),
        mo_forward().prop_map(Operation::MoForwardSm),
        mt_forward().prop_map(Operation::MtForwardSm),
        report().prop_map(Operation::ReportSmDeliveryStatus),
        alert().prop_map(Operation::AlertServiceCentre),
        inform().prop_map(Operation::InformServiceCentre),
        ready().prop_map(Operation::ReadyForSm),
        update().prop_map(Operation::UpdateGprsLocation),
        insert().prop_map(Operation::InsertSubscriberData),
        purge().prop_map(Operation::PurgeMs),
        cancel().prop_map(Operation::CancelLocation),
        authentication().prop_map(Operation::SendAuthenticationInfo),
    ]
}

pub(super) fn result() -> impl Strategy<Value = OperationResult> {
    let forward =
        || (of(octets(200)), extensions()).prop_map(|(sm_rp_ui, extensions)| ForwardSmRes { sm_rp_ui, extensions });
    let report = (of(number()), extensions())
        .prop_map(|(stored_msisdn, extensions)| ReportSmDeliveryStatusRes { stored_msisdn, extensions });
    let update =
        (number(), any::<bool>(), extensions()).prop_map(|(hlr_number, mme_registered_for_sms, extensions)| {
            UpdateGprsLocationRes { hlr_number, mme_registered_for_sms, extensions }
        });
    let insert = (of(teleservices()), extensions())
        .prop_map(|(teleservice_list, extensions)| InsertSubscriberDataRes { teleservice_list, extensions });
    let purge = (any::<[bool; 3]>(), extensions()).prop_map(|(flags, extensions)| PurgeMsRes {
        freeze_tmsi: flags[0],
        freeze_p_tmsi: flags[1],
        freeze_m_tmsi: flags[2],
        extensions,
    });
    prop_oneof![
        routing_result().prop_map(OperationResult::SendRoutingInfoForSm),
        forward().prop_map(OperationResult::MoForwardSm),
        forward().prop_map(OperationResult::MtForwardSm),
        report.prop_map(OperationResult::ReportSmDeliveryStatus),
        Just(OperationResult::AlertServiceCentre),
        extensions().prop_map(OperationResult::ReadyForSm),
        update.prop_map(OperationResult::UpdateGprsLocation),
        insert.prop_map(OperationResult::InsertSubscriberData),
        purge.prop_map(OperationResult::PurgeMs),
        extensions().prop_map(OperationResult::CancelLocation),
        vectors().prop_map(OperationResult::SendAuthenticationInfo),
    ]
}

pub(super) fn user_error() -> impl Strategy<Value = UserError> {
    let absent = (any::<[Option<u8>; 2]>(), of(imsi()), of(any::<u32>()), extensions()).prop_map(
        |(diagnostics, imsi, requested_retransmission_time, extensions)| AbsentSubscriberSm {
            diagnostic: diagnostics[0],
            additional_diagnostic: diagnostics[1],
            imsi,
            requested_retransmission_time,
            extensions,
        },
    );
    let barred = (of(any::<u8>()), any::<bool>())
        .prop_map(|(cause, unauthorised_message_originator)| CallBarred { cause, unauthorised_message_originator });
    let causes = &[
        SmDeliveryFailureCause::MemoryCapacityExceeded,
        SmDeliveryFailureCause::EquipmentProtocolError,
        SmDeliveryFailureCause::EquipmentNotSmEquipped,
        SmDeliveryFailureCause::UnknownServiceCentre,
        SmDeliveryFailureCause::ScCongestion,
        SmDeliveryFailureCause::InvalidSmeAddress,
        SmDeliveryFailureCause::SubscriberNotScSubscriber,
    ][..];
    let failure = (prop::sample::select(causes), of(octets(200)), extensions())
        .prop_map(|(cause, diagnostic_info, extensions)| SmDeliveryFailure { cause, diagnostic_info, extensions });
    let plain = vec![
        UserError::UnidentifiedSubscriber,
        UserError::IllegalSubscriber,
        UserError::TeleserviceNotProvisioned,
        UserError::IllegalEquipment,
        UserError::FacilityNotSupported,
        UserError::MessageWaitingListFull,
        UserError::DataMissing,
        UserError::UnexpectedDataValue,
        UserError::Other { code: 27, parameter: Some(vec![0x30, 0]) },
        UserError::Other { code: -200, parameter: None },
    ];
    prop_oneof![
        of(0_u8..3).prop_map(UserError::UnknownSubscriber),
        absent.prop_map(UserError::AbsentSubscriberSm),
        any::<u8>().prop_map(UserError::RoamingNotAllowed),
        barred.prop_map(UserError::CallBarred),
        any::<bool>().prop_map(UserError::SubscriberBusyForMtSms),
        failure.prop_map(UserError::SmDeliveryFailure),
        of(any::<u8>()).prop_map(UserError::SystemFailure),
        prop::sample::select(plain),
    ]
}

pub(super) fn address() -> impl Strategy<Value = SccpAddress> {
    let scheme = || of(prop_oneof![Just(0_u8), 3_u8..16]);
    let kind = prop_oneof![
        Just(GlobalTitleKind::E164),
        (0_u8..128).prop_map(|nature| GlobalTitleKind::Nature { nature }),
        any::<u8>().prop_map(|translation_type| GlobalTitleKind::Translation { translation_type }),
        (any::<u8>(), 0_u8..16, scheme()).prop_map(|(translation_type, plan, encoding)| {
            GlobalTitleKind::TranslationPlan { translation_type, plan, encoding }
        }),
        (any::<u8>(), 0_u8..16, scheme(), 0_u8..128).prop_map(|(translation_type, plan, encoding, nature)| {
            GlobalTitleKind::TranslationPlanNature { translation_type, plan, encoding, nature }
        }),
    ];
    let title = (kind, "[0-9*#abc]{0,20}").prop_map(|(kind, digits)| GlobalTitle::new(kind, &digits).unwrap());
    (any::<bool>(), of(0_u16..0x4000), of(any::<u8>()), of(title)).prop_map(
        |(route_on_ssn, point_code, ssn, global_title)| SccpAddress { route_on_ssn, point_code, ssn, global_title },
    )
}
