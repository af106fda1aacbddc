use std::net::IpAddr;

use proptest::prelude::*;

use super::super::dictionary as d;
use super::super::mbms::provisioning::{AllocationMode, ConflictReason, ServiceProvisioning, SessionTime};
use super::super::mbms::{
    Arp, Ecgi, FlowId, MbmsCellList, MbmsServiceArea, QosInformation, SessionDuration, StartStop,
};
use super::super::{ResultCode, check_answer, check_request};
use super::mask::*;
use super::*;
use crate::{Plmn, Tmgi};

fn plmn() -> impl Strategy<Value = Plmn> {
    ("[0-9]{3}", "[0-9]{2,3}").prop_map(|(mcc, mnc)| Plmn::new(&mcc, &mnc).unwrap())
}

fn tmgi() -> impl Strategy<Value = Tmgi> {
    (any::<[u8; 3]>(), plmn()).prop_map(|(service_id, plmn)| Tmgi { service_id, plmn })
}

fn tmgis() -> impl Strategy<Value = Vec<Tmgi>> {
    prop::collection::vec(tmgi(), 0..4)
}

fn other() -> impl Strategy<Value = Vec<Avp>> {
    let avp = (5000_u32..6000, any::<Option<u16>>(), prop::collection::vec(any::<u8>(), 0..9))
        .prop_map(|(code, vendor, data)| Avp { code, flags: 0, vendor: vendor.map(|v| u32::from(v) + 1), data });
    prop::collection::vec(avp, 0..2)
}

fn qos() -> impl Strategy<Value = QosInformation> {
    let arp = (1_u8..=15, any::<bool>(), any::<bool>()).prop_map(|(priority, may_preempt, preemptable)| Arp {
        priority,
        may_preempt,
        preemptable,
    });
    (any::<Option<u32>>(), any::<Option<u32>>(), any::<Option<u32>>(), prop::option::of(arp), other())
        .prop_map(|(qci, mbr, gbr, arp, other)| QosInformation { qci, mbr, gbr, arp, other })
}

fn duration() -> impl Strategy<Value = SessionDuration> {
    any::<[u8; 3]>().prop_map(SessionDuration::from_octets)
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)]
}

fn time() -> impl Strategy<Value = SessionTime> {
    prop_oneof![Just(SessionTime::RealTime), (1_000_000_000_u64..2_000_000_000).prop_map(|s| SessionTime::At(s * 1000))]
}

fn provisioning() -> impl Strategy<Value = ServiceProvisioning> {
    let first = (
        prop::option::of(tmgi()),
        prop::option::of(prop::sample::select(&[AllocationMode::BmscAssigns, AllocationMode::AsAssigned][..])),
        prop::option::of(address()),
    );
    let second = (any::<Option<u16>>(), any::<Option<String>>(), prop::option::of(time()), prop::option::of(time()));
    (first, second, any::<bool>(), other()).prop_map(
        |((tmgi, mode, address), (port, sdp, start, end), conflict, other)| {
            let conflict = conflict.then_some(ConflictReason::AddressInUse);
            ServiceProvisioning { tmgi, mode, address, port, sdp, start, end, conflict, other }
        },
    )
}

fn userplane() -> impl Strategy<Value = Vec<UserplaneProtocolResult>> {
    let one = (prop::collection::vec(any::<String>(), 0..2), any::<Option<u32>>(), any::<Option<u32>>()).prop_map(
        |(flows, rohc, fec)| UserplaneProtocolResult { flows, rohc: rohc.map(RohcResult), fec: fec.map(FecResult) },
    );
    prop::collection::vec(one, 0..2)
}

prop_compose! {
    fn bearer_request()(
        indication in prop::sample::select(&[StartStop::Start, StartStop::Stop, StartStop::Update][..]),
        tmgi in prop::option::of(tmgi()),
        flow in any::<Option<u16>>(),
        qos in prop::option::of(qos()),
        areas in prop::collection::vec(any::<u16>(), 0..5),
        start in prop::option::of(1_000_000_000_u64..2_000_000_000),
        cells in prop::collection::vec((plmn(), 0_u32..1 << 28), 0..4),
        provisioning in prop::option::of(provisioning()),
        numbers in any::<[Option<u32>; 2]>(),
        local in prop::option::of((address(), any::<[u8; 4]>(), any::<Option<u16>>())),
        rohc in prop::collection::vec((prop::collection::vec(any::<String>(), 1..3), any::<Option<u32>>(), any::<u32>()), 0..2),
        fec in any::<Option<Vec<u8>>>(),
        other in other(),
    ) -> MbmsBearerRequest {
        let cells: Vec<_> = cells.into_iter().map(|(plmn, cell)| Ecgi { plmn, cell }).collect();
        let rohc = rohc.into_iter().map(|(flows, full_header_periodicity, profile)| {
            RohcRequest { flows, full_header_periodicity, profile }
        });
        MbmsBearerRequest {
            indication, tmgi, flow: flow.map(FlowId), qos, area: MbmsServiceArea::new(areas),
            start_utc_ms: start.map(|s| s * 1000), security: numbers[0], cells: MbmsCellList::new(cells),
            local_m1: local.map(|(address, c_teid, _)| LocalM1Information {
                multicast: Some(address), source_v6: Some(address), c_teid: Some(c_teid.to_vec()), ..Default::default()
            }),
            local_mb2u: local.map(|(address, _, port)| LocalMb2UInformation { addresses: vec![address], port }),
            fec, rohc: rohc.collect(), rohc_max_cid: numbers[1], provisioning, other,
        }
    }
}

prop_compose! {
    fn bearer_response()(
        tmgi in prop::option::of(tmgi()),
        flow in any::<Option<u16>>(),
        duration in prop::option::of(duration()),
        result in any::<Option<u32>>(),
        addresses in prop::collection::vec(address(), 0..3),
        port in any::<Option<u16>>(),
        frequencies in any::<Vec<u32>>(),
        userplane in userplane(),
        provisioning in prop::option::of(provisioning()),
        other in other(),
    ) -> MbmsBearerResponse {
        MbmsBearerResponse {
            tmgi, flow: flow.map(FlowId), duration, result: result.map(MbmsBearerResult), addresses, port,
            security: None, frequencies, userplane, provisioning, other,
        }
    }
}

fn routing() -> Routing {
    Routing {
        session_id: "as.test;1;2".to_owned(),
        origin_host: "as.test".to_owned(),
        origin_realm: "test".to_owned(),
        destination_host: Some("bmsc.test".to_owned()),
        destination_realm: "test".to_owned(),
    }
}

fn outcome() -> Outcome {
    Outcome { origin_host: "bmsc.test".to_owned(), origin_realm: "test".to_owned(), result: ResultCode::SUCCESS }
}

/// Over the wire and back.
fn wire(message: &Message) -> Message {
    Message::parse(&message.emit()).expect("what is emitted is read")
}

proptest! {
    #[test]
    fn actions_come_back_as_they_were(
        number: Option<u32>, refresh in tmgis(), wanted in prop::collection::vec(provisioning(), 0..2),
        given_back in prop::option::of(tmgis()), bearers in prop::collection::vec(bearer_request(), 0..3),
        restart_counter: Option<u32>, features: Option<(u32, u32)>, other in other(),
    ) {
        let request = GcsActionRequest {
            routing: routing(),
            features: features.into_iter().map(|(list, features)| SupportedFeatures { list, features }).collect(),
            allocation: number.map(|number| TmgiAllocationRequest { number, refresh, provisioning: wanted }),
            deallocation: given_back.map(|tmgis| TmgiDeallocationRequest { tmgis }),
            bearers, restart_counter, other,
        };
        let message = wire(&request.to_message());
        prop_assert_eq!(check_request(&message), Ok(()));
        prop_assert_eq!(GcsActionRequest::from_message(&message), Ok(request));
    }

    #[test]
    fn answers_come_back_as_they_were(
        tmgis in tmgis(), duration in prop::option::of(duration()), results: [Option<u32>; 2],
        wanted in prop::collection::vec(provisioning(), 0..2), bearers in prop::collection::vec(bearer_response(), 0..3),
        restart_counter: Option<u32>, other in other(),
    ) {
        let request = GcsActionRequest { routing: routing(), ..Default::default() }.to_message();
        let deallocations = tmgis.iter().map(|tmgi| TmgiDeallocationResponse {
            tmgi: *tmgi,
            result: results[1].map(TmgiDeallocationResult),
        });
        let answer = GcsActionAnswer {
            deallocations: deallocations.collect(),
            allocation: Some(TmgiAllocationResponse {
                tmgis, duration, result: results[0].map(TmgiAllocationResult), provisioning: wanted,
            }),
            bearers, restart_counter, other,
            ..GcsActionAnswer::new(outcome())
        };
        let message = wire(&answer.to_message(&request));
        prop_assert_eq!(check_answer(&message), Ok(()));
        prop_assert_eq!(GcsActionAnswer::from_message(&message), Ok(answer));
    }

    #[test]
    fn notifications_come_back_as_they_were(
        tmgis in tmgis(), event: u32, diagnostic in 0_u32..7, userplane in userplane(), restart_counter: Option<u32>,
        other in other(),
    ) {
        let diagnostic = BearerDiagnostic::from_avp(&Avp::u32(&m::MBMS_BEARER_EVENT_DIAGNOSTIC_INFO, diagnostic)).ok();
        let events = tmgis.iter().map(|tmgi| MbmsBearerEventNotification {
            tmgi: *tmgi, flow: FlowId(7), event: MbmsBearerEvent(event), diagnostic, userplane: userplane.clone(),
        });
        let request = GcsNotificationRequest {
            routing: routing(),
            events: events.collect(),
            expiry: (!tmgis.is_empty()).then_some(TmgiExpiry { tmgis }),
            restart_counter, other,
        };
        let message = wire(&request.to_message());
        prop_assert_eq!(check_request(&message), Ok(()));
        prop_assert_eq!(GcsNotificationRequest::from_message(&message), Ok(request));
        let answer = GcsNotificationAnswer { outcome: outcome(), restart_counter };
        let message = wire(&answer.to_message(&message));
        prop_assert_eq!(check_answer(&message), Ok(()));
        prop_assert_eq!(GcsNotificationAnswer::from_message(&message), Ok(answer));
    }
}

#[test]
fn every_bit_has_a_name_and_unknown_bits_survive() {
    assert_eq!(MbmsBearerResult::ALL.len(), 14);
    assert_eq!(TmgiAllocationResult::ALL.len(), 6);
    assert_eq!(TmgiDeallocationResult::ALL.len(), 4);
    assert_eq!(MbmsBearerEvent::ALL.len(), 4);
    assert_eq!((RohcResult::ALL.len(), FecResult::ALL.len()), (7, 8));
    for (at, (bit, _)) in MbmsBearerResult::ALL.iter().enumerate() {
        assert_eq!(bit.0, 1 << at);
    }
    let both = MbmsBearerResult::SUCCESS.with(MbmsBearerResult::ACTIVATION_ONGOING);
    assert_eq!((both.0, both.to_string().as_str()), (0x2001, "SUCCESS+ACTIVATION_ONGOING"));
    assert_eq!(MbmsBearerResult::from_avp(&MbmsBearerResult(0x8000_0001).to_avp()), Ok(MbmsBearerResult(0x8000_0001)));
}

#[test]
fn our_own_avps_are_nobody_elses_and_nobody_has_to_know_them() {
    for def in m::PROVISIONING_AVPS {
        assert_eq!((def.vendor, def.mandatory), (32_473, false), "{}", def.name);
        assert_eq!(d::avp(def.code, 32_473), Some(*def));
    }
}

#[test]
fn a_request_that_is_not_whole_is_told_what_is_missing() {
    let mut message = GcsActionRequest { routing: routing(), ..Default::default() }.to_message();
    message.avps.push(Avp::group(&m::MBMS_BEARER_REQUEST, &[]));
    let problem = GcsActionRequest::from_message(&message).unwrap_err();
    assert!(problem.failed.is_some_and(|avp| avp.is(&m::MBMS_STARTSTOP_INDICATION)));
    message.avps.retain(|avp| !avp.is(&d::AUTH_APPLICATION_ID));
    assert!(check_request(&message).unwrap_err().failed.is_some_and(|avp| avp.is(&d::AUTH_APPLICATION_ID)));
    let mut many = GcsActionRequest { routing: routing(), ..Default::default() };
    many.bearers = vec![MbmsBearerRequest::new(StartStop::Start); MAX_ITEMS + 1];
    assert!(GcsActionRequest::from_message(&many.to_message()).is_err());
}
