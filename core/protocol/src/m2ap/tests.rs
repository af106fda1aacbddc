use proptest::prelude::*;

use super::*;
use crate::diameter::mbms::{Ecgi, MbmsServiceArea};
use crate::mbms_ap::{Name, SessionId, TnlInformation};
use crate::{Plmn, Tmgi};

fn plmn() -> Plmn {
    Plmn::new("001", "01").unwrap()
}

fn tmgi() -> impl Strategy<Value = Tmgi> {
    any::<[u8; 3]>().prop_map(|service_id| Tmgi { service_id, plmn: plmn() })
}

fn pmch() -> impl Strategy<Value = PmchItem> {
    let period = prop::sample::select(&[1_u16, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024][..]);
    let configuration = (0_u16..=1535, 0_u8..=28, period, prop::option::of(0_u8..=27)).prop_map(
        |(allocated_subframes_end, data_mcs, scheduling_period, higher_mcs)| PmchConfiguration {
            allocated_subframes_end,
            data_mcs,
            scheduling_period,
            higher_mcs,
        },
    );
    let session = (tmgi(), 0_u8..=28).prop_map(|(tmgi, lcid)| PmchSession { tmgi, lcid });
    (configuration, prop::collection::vec(session, 1..=29))
        .prop_map(|(configuration, sessions)| PmchItem { configuration, sessions })
}

fn area() -> impl Strategy<Value = MbsfnAreaConfiguration> {
    let allocation = prop_oneof![
        (0_u8..64).prop_map(SubframeAllocation::OneFrame),
        (0_u32..1 << 24).prop_map(SubframeAllocation::FourFrames),
    ];
    let subframes = (0_u32..6, 0_u8..8, allocation).prop_map(|(period, offset, allocation)| {
        let period = RadioframeAllocationPeriod::from_frames(1 << period).unwrap();
        MbsfnSubframeConfiguration { period, offset, allocation }
    });
    let suspension = (0_u16..1024, prop::collection::vec(tmgi(), 1..=29))
        .prop_map(|(sfn, sessions)| SuspensionNotification { sfn, sessions });
    let suspensions = prop::option::of(prop::collection::vec(suspension, 1..4));
    let lists = (prop::collection::vec(pmch(), 0..=15), prop::collection::vec(subframes, 1..=8), suspensions);
    (lists, 0_u32..7, any::<u8>()).prop_map(|((pmchs, subframes, suspensions), period, area)| MbsfnAreaConfiguration {
        pmchs,
        subframes,
        period: CommonSubframeAllocationPeriod::from_frames(4 << period).unwrap(),
        area: MbsfnAreaId(area),
        suspensions,
    })
}

fn bcch() -> impl Strategy<Value = McchRelatedBcchConfig> {
    let repetition = prop::sample::select(&[1_u16, 2, 4, 8, 16, 32, 64, 128, 256][..]);
    let modification = prop::sample::select(&[1_u16, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024][..]);
    let mcs = prop::sample::select(&[2_u8, 7, 13, 19][..]);
    let cell = (0_u32..1 << 28, any::<bool>()).prop_map(|(cell, reserved)| CellInformation {
        cell: Ecgi { plmn: plmn(), cell },
        reservation: if reserved { CellReservation::Reserved } else { CellReservation::NonReserved },
    });
    let cells = prop::collection::vec(cell, 0..4);
    let small = (any::<u8>(), 1_u8..=2, 0_u8..=10, 0_u8..64);
    (small, repetition, modification, mcs, cells).prop_map(
        |((area, pdcch_length, offset, subframes), repetition_period, modification_period, mcs, cells)| {
            McchRelatedBcchConfig {
                area: MbsfnAreaId(area),
                pdcch_length,
                repetition_period,
                offset,
                modification_period,
                subframes,
                mcs,
                cells,
            }
        },
    )
}

fn enb() -> impl Strategy<Value = GlobalEnbId> {
    let id = prop_oneof![
        (0_u32..1 << 20).prop_map(EnbId::Macro),
        (0_u32..1 << 18).prop_map(EnbId::ShortMacro),
        (0_u32..1 << 21).prop_map(EnbId::LongMacro),
    ];
    id.prop_map(|id| GlobalEnbId { plmn: plmn(), id })
}

fn cells() -> impl Strategy<Value = Vec<EnbMbmsConfiguration>> {
    let cell = (0_u32..1 << 28, any::<u16>(), prop::collection::vec(any::<u16>(), 1..=256)).prop_map(
        |(cell, synchronisation_area, areas)| EnbMbmsConfiguration {
            cell: Ecgi { plmn: plmn(), cell },
            synchronisation_area: SynchronisationAreaId(synchronisation_area),
            areas: areas.into_iter().map(ServiceAreaId).collect(),
        },
    );
    prop::collection::vec(cell, 1..5)
}

proptest! {
    #[test]
    fn scheduling_comes_back_as_it_was(update_time: u8, areas in prop::collection::vec(area(), 1..4)) {
        let pdu = M2apPdu::MbmsSchedulingInformation(MbmsSchedulingInformation {
            update_time: McchUpdateTime(update_time),
            areas,
        });
        let octets = pdu.emit().unwrap();
        prop_assert_eq!(M2apPdu::parse(&octets), Ok(pdu));
        for end in 0..octets.len().min(80) {
            prop_assert!(M2apPdu::parse(&octets[..end]).is_err());
        }
    }

    #[test]
    fn messages_come_back_as_they_were(
        ids in (0_u32..1 << 24, any::<u16>()), tmgi in tmgi(), areas in prop::collection::vec(any::<u16>(), 1..=256),
        session: Option<u8>, group: [u8; 16], source: [u8; 4], teid: u32, enb in enb(), cells in cells(),
        bcch in prop::collection::vec(bcch(), 1..5), name in prop::option::of("[a-z]{1,160}"),
    ) {
        let (mce_id, enb_id) = (MceMbmsM2apId(ids.0), EnbMbmsM2apId(ids.1));
        let tnl = TnlInformation { group: group.into(), source: source.into(), teid };
        let area = MbmsServiceArea::new(areas).unwrap();
        let session = session.map(SessionId);
        let name = name.and_then(|name| Name::new(&name));
        let mce = GlobalMceId { plmn: plmn(), mce: MceId(ids.1) };
        let changed = cells.iter().cloned().map(EnbConfigurationItem::Changed);
        let removed = cells.iter().map(|cell| EnbConfigurationItem::Removed(cell.cell));
        let connection = Connection { enb: Some(enb_id), mce: Some(mce_id) };
        let start = SessionStartRequest { mce_id, tmgi, session, area: area.clone(), tnl, alternative_tnl: None };
        let update = SessionUpdateRequest { mce_id, enb_id, tmgi, session, area: Some(area), tnl: Some(tnl) };
        let configuration = EnbConfigurationUpdate {
            enb: Some(enb.clone()),
            name: None,
            cells: Some(changed.chain(removed).collect()),
        };
        let setup = M2SetupResponse { mce: mce.clone(), name: name.clone(), bcch: bcch.clone(), diagnostics: None };
        for pdu in [
            M2apPdu::SessionStartRequest(start),
            M2apPdu::SessionUpdateRequest(update),
            M2apPdu::SessionStopRequest(SessionStopRequest { mce_id, enb_id }),
            M2apPdu::M2SetupRequest(M2SetupRequest { enb, name, cells }),
            M2apPdu::M2SetupResponse(setup),
            M2apPdu::EnbConfigurationUpdate(configuration),
            M2apPdu::MceConfigurationUpdate(MceConfigurationUpdate { mce: Some(mce), name: None, bcch: Some(bcch) }),
            M2apPdu::Reset(Reset { cause: CauseMisc::Later(5).into(), kind: ResetType::Part(vec![connection]) }),
        ] {
            let octets = pdu.emit().unwrap();
            prop_assert_eq!(M2apPdu::parse(&octets), Ok(pdu));
        }
    }
}

#[test]
fn values_that_do_not_fit_are_refused_when_sent() {
    let configuration =
        PmchConfiguration { allocated_subframes_end: 0, data_mcs: 0, scheduling_period: 8, higher_mcs: None };
    let sessions = vec![PmchSession { tmgi: "000001@001-01".parse().unwrap(), lcid: 1 }];
    let subframes = vec![MbsfnSubframeConfiguration {
        period: RadioframeAllocationPeriod::N1,
        offset: 0,
        allocation: SubframeAllocation::OneFrame(0x3f),
    }];
    let emit = |configuration, sessions: Vec<PmchSession>, subframes| {
        let area = MbsfnAreaConfiguration {
            pmchs: vec![PmchItem { configuration, sessions }],
            subframes,
            period: CommonSubframeAllocationPeriod::Rf4,
            area: MbsfnAreaId(0),
            suspensions: None,
        };
        let information = MbmsSchedulingInformation { update_time: McchUpdateTime(0), areas: vec![area] };
        M2apPdu::MbmsSchedulingInformation(information).emit().is_ok()
    };
    assert!(emit(configuration, sessions.clone(), subframes.clone()));
    let wrong = [
        PmchConfiguration { allocated_subframes_end: 1536, ..configuration },
        PmchConfiguration { data_mcs: 29, ..configuration },
        PmchConfiguration { scheduling_period: 9, ..configuration },
        PmchConfiguration { higher_mcs: Some(28), ..configuration },
    ];
    assert!(wrong.iter().all(|wrong| !emit(*wrong, sessions.clone(), subframes.clone())));
    assert!(!emit(configuration, Vec::new(), subframes.clone()), "a PMCH has a session at least");
    assert!(!emit(configuration, vec![PmchSession { lcid: 29, ..sessions[0] }], subframes.clone()));
    assert!(!emit(configuration, sessions.clone(), Vec::new()));
    let six = SubframeAllocation::OneFrame(0x40);
    assert!(!emit(configuration, sessions, vec![MbsfnSubframeConfiguration { allocation: six, ..subframes[0] }]));
}
