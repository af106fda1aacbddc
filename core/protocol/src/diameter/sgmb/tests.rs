use std::net::IpAddr;

use proptest::prelude::*;

use super::super::mbms::{Arp, Ecgi};
use super::super::{ResultCode, check_answer, check_request};
use super::*;
use crate::Plmn;

fn routing() -> Routing {
    Routing {
        session_id: "bmsc.test;1;2".to_owned(),
        origin_host: "bmsc.test".to_owned(),
        origin_realm: "test".to_owned(),
        destination_host: Some("gw.test".to_owned()),
        destination_realm: "test".to_owned(),
    }
}

fn outcome(code: u32) -> Outcome {
    Outcome {
        origin_host: "gw.test".to_owned(),
        origin_realm: "test".to_owned(),
        result: ResultCode::Experimental(code),
    }
}

fn wire(message: &Message) -> Message {
    Message::parse(&message.emit()).expect("what is emitted is read")
}

fn dual() -> impl Strategy<Value = DualAddress> {
    (any::<Option<[u8; 4]>>(), any::<Option<[u8; 16]>>())
        .prop_map(|(v4, v6)| DualAddress { v4: v4.map(Into::into), v6: v6.map(Into::into) })
}

prop_compose! {
    fn rar()(
        indication in prop::option::of(prop::sample::select(
            &[StartStop::Start, StartStop::Stop, StartStop::Update, StartStop::Heartbeat][..],
        )),
        octets in any::<[Option<u8>; 3]>(),
        times in any::<[Option<u64>; 2]>(),
        areas in prop::collection::vec(any::<u16>(), 0..5),
        cells in prop::collection::vec(0_u32..1 << 28, 0..4),
        nodes in prop::collection::vec(any::<[u8; 4]>(), 0..3),
        (bmsc_ssm, gw_ssm) in (dual(), dual()),
        (flow, port, flags) in (any::<Option<u16>>(), any::<Option<u16>>(), any::<Option<u32>>()),
        yes in any::<[bool; 6]>(),
        (service_id, duration, counter) in (any::<[u8; 3]>(), any::<[u8; 3]>(), any::<Option<u32>>()),
    ) -> Rar {
        let plmn = Plmn::new("001", "01").unwrap();
        Rar {
            routing: routing(),
            called_station: yes[0].then(|| "apn".to_owned()),
            indication,
            access: yes[1].then_some(AccessIndicator::Eutran),
            area: MbmsServiceArea::new(areas),
            qos: yes[2].then(|| QosInformation {
                qci: Some(1),
                mbr: flags,
                gbr: flags,
                arp: Some(Arp { priority: 1, may_preempt: yes[3], preemptable: yes[4] }),
                other: Vec::new(),
            }),
            duration: yes[3].then(|| SessionDuration::from_octets(duration)),
            session_identity: octets[0],
            repetition: octets[1],
            tmgi: yes[4].then_some(Tmgi { service_id, plmn }),
            control_plane_nodes: nodes.into_iter().map(IpAddr::from).collect(),
            time_to_data: octets[2],
            data_start: times[0].map(NtpTime),
            data_stop: times[1].map(NtpTime),
            flags: flags.map(MbmsFlags),
            mode: yes[5].then_some(UserDataMode::MulticastAndUnicast),
            bmsc_ssm,
            flow: flow.map(FlowId),
            cn_ip_multicast: yes[0].then_some(CnIpMulticast::Yes),
            header_compression: yes[1].then_some(HeaderCompression::Uncompressed),
            udp_port_required: yes[2],
            gw_ssm,
            bmsc_ssm_port: port,
            cells: MbmsCellList::new(cells.into_iter().map(|cell| Ecgi { plmn, cell }).collect::<Vec<_>>()),
            local_m1: yes[5].then(|| LocalM1Information { c_teid: Some(vec![1; 4]), ..Default::default() }),
            features: yes[0].then_some(SupportedFeatures { list: 1, features: 3 }).into_iter().collect(),
            restart_counter: counter,
            other: yes[1].then(|| Avp { code: 9000, flags: 0, vendor: None, data: vec![1] }).into_iter().collect(),
        }
    }
}

proptest! {
    #[test]
    fn requests_and_answers_come_back_as_they_were(
        rar in rar(), address in dual(), port: Option<u16>, counter: Option<u32>, diagnostic: Option<u32>,
    ) {
        let message = wire(&rar.to_message());
        prop_assert_eq!(check_request(&message), Ok(()));
        prop_assert_eq!(Rar::from_message(&message), Ok(rar.clone()));
        let raa = Raa {
            indication: rar.indication,
            address,
            mode: rar.mode,
            port,
            features: rar.features,
            restart_counter: counter,
            ..Raa::new(outcome(code::SERVICE_AREA))
        };
        let answer = wire(&raa.to_message(&message));
        prop_assert_eq!(check_answer(&answer), Ok(()));
        prop_assert_eq!(Raa::from_message(&answer), Ok(raa));

        let str = Str {
            routing: routing(),
            cause: TerminationCause::LinkBroken,
            diagnostic: diagnostic.map(DiagnosticInfo),
            restart_counter: counter,
        };
        let message = wire(&str.to_message());
        prop_assert_eq!(check_request(&message), Ok(()));
        prop_assert_eq!(Str::from_message(&message), Ok(str));
        let sta = SgmbAnswer { outcome: outcome(code::STOP_INDICATION), restart_counter: counter };
        prop_assert_eq!(SgmbAnswer::from_message(&wire(&sta.to_message(&message))), Ok(sta));
        let asr = Asr { routing: routing(), restart_counter: counter };
        let message = wire(&asr.to_message());
        prop_assert_eq!(check_request(&message), Ok(()));
        prop_assert_eq!(Asr::from_message(&message), Ok(asr));
    }

    #[test]
    fn ntp_time_keeps_the_microsecond(utc_us in 0_u64..4_200_000_000_000_000) {
        prop_assert_eq!(NtpTime::from_utc_us(utc_us).utc_us(), utc_us);
    }
}

#[test]
fn ntp_time_of_an_instant() {
    // 1 January 2000, half a second after midnight.
    let time = NtpTime::from_utc_us(946_684_800_500_000);
    assert_eq!(time.0, 3_155_673_600 << 32 | 0x8000_0000);
}
