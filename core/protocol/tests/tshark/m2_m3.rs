//! M2AP and M3AP as another program reads them: tshark names every message and every IE, and finds nothing malformed.

use protocol::diameter::mbms::{Arp, Ecgi, MbmsServiceArea, SessionDuration};
use protocol::diameter::sgmb::NtpTime;
use protocol::mbms_ap::{
    Criticality, CriticalityDiagnostics, GbrQos, IeDiagnostic, Name, SessionId, TimeToWait, TnlInformation,
    TriggeringMessage, TypeOfError,
};
use protocol::{Plmn, Tmgi, m2ap, m3ap};

use super::dlt::dissect;

fn plmn() -> Plmn {
    Plmn::new("262", "01").unwrap()
}

fn tmgi() -> Tmgi {
    Tmgi { service_id: [0, 0xab, 1], plmn: plmn() }
}

fn cell() -> Ecgi {
    Ecgi { plmn: plmn(), cell: 0x012_3401 }
}

fn tnl() -> TnlInformation {
    TnlInformation { group: "232.1.2.3".parse().unwrap(), source: "10.46.0.32".parse().unwrap(), teid: 0x0102_0304 }
}

fn tnl_v6() -> TnlInformation {
    TnlInformation { group: "ff3e::1".parse().unwrap(), source: "2001:db8::1".parse().unwrap(), teid: 7 }
}

fn area() -> MbmsServiceArea {
    MbmsServiceArea::new([1, 2]).unwrap()
}

fn diagnostics() -> CriticalityDiagnostics {
    CriticalityDiagnostics {
        procedure: Some(0),
        triggering: Some(TriggeringMessage::Successful),
        procedure_criticality: Some(Criticality::Notify),
        ies: vec![IeDiagnostic { criticality: Criticality::Reject, id: 6, error: TypeOfError::Missing }],
    }
}

/// Every message of M3AP.
fn m3() -> Vec<m3ap::M3apPdu> {
    use m3ap::M3apPdu as P;
    use m3ap::*;
    let (mme_id, mce_id) = (MmeMbmsM3apId(0x1234), MceMbmsM3apId(0x4321));
    let arp = Some(Arp { priority: 2, may_preempt: true, preemptable: false });
    let qos = M3QosParameters { qci: 1, gbr: Some(GbrQos { maximum: 64_000, guaranteed: 32_000 }), arp };
    let diagnostics = Some(diagnostics());
    let cause = Cause::from(CauseRadioNetwork::RadioResourcesNotAvailable);
    let connections = vec![Connection { mme: Some(mme_id), mce: None }, Connection { mme: None, mce: Some(mce_id) }];
    let mce = GlobalMceId { plmn: plmn(), mce: 0x1122, extended: Some(3) };
    let (duration, minimum_time) = (SessionDuration::from_seconds(90_000), MinimumTimeToDataTransfer(4));
    let update = MbmsSessionUpdateRequest {
        mme_id,
        mce_id,
        tmgi: tmgi(),
        session: Some(SessionId(7)),
        qos: M3QosParameters { qci: 200, gbr: None, arp: None },
        duration,
        area: Some(area()),
        minimum_time,
        tnl: Some(tnl_v6()),
        data_start: None,
        cells: None,
    };
    let areas = || vec![ServiceAreaId(1), ServiceAreaId(0xffff)];
    vec![
        P::MbmsSessionStartRequest(MbmsSessionStartRequest {
            mme_id,
            tmgi: tmgi(),
            session: Some(SessionId(7)),
            qos,
            duration,
            area: area(),
            minimum_time,
            tnl: tnl(),
            data_start: Some(NtpTime::from_utc_us(1_700_000_000_500_000)),
            reestablishment: Some(Reestablishment::True),
            alternative_tnl: Some(tnl_v6()),
            cells: Some(vec![cell(), cell()]),
        }),
        P::MbmsSessionStartResponse(MbmsSessionStartResponse { mme_id, mce_id, diagnostics: diagnostics.clone() }),
        P::MbmsSessionStartFailure(MbmsSessionStartFailure { mme_id, cause, diagnostics: diagnostics.clone() }),
        P::MbmsSessionStopRequest(MbmsSessionStopRequest { mme_id, mce_id, data_stop: Some(NtpTime(1 << 63)) }),
        P::MbmsSessionStopResponse(MbmsSessionStopResponse { mme_id, mce_id, diagnostics: None }),
        P::ErrorIndication(ErrorIndication {
            mme_id: Some(mme_id),
            mce_id: Some(mce_id),
            cause: Some(CauseRadioNetwork::UninvolvedMce.into()),
            diagnostics: diagnostics.clone(),
        }),
        P::Reset(Reset { cause: CauseMisc::OmIntervention.into(), kind: ResetType::All }),
        P::Reset(Reset { cause: CauseTransport::Unspecified.into(), kind: ResetType::Part(connections.clone()) }),
        P::ResetAcknowledge(ResetAcknowledge { connections: Some(connections), diagnostics: None }),
        P::MbmsSessionUpdateRequest(update),
        P::MbmsSessionUpdateResponse(MbmsSessionUpdateResponse { mme_id, mce_id, diagnostics: None }),
        P::MbmsSessionUpdateFailure(MbmsSessionUpdateFailure {
            mme_id,
            mce_id,
            cause: CauseProtocol::SemanticError.into(),
            diagnostics: None,
        }),
        P::MceConfigurationUpdate(MceConfigurationUpdate {
            mce: Some(GlobalMceId { extended: None, ..mce }),
            name: Name::new("M"),
            areas: Some(areas()),
        }),
        P::MceConfigurationUpdateAcknowledge(MceConfigurationUpdateAcknowledge { diagnostics: None }),
        P::MceConfigurationUpdateFailure(MceConfigurationUpdateFailure {
            cause: CauseNas::Unspecified.into(),
            time_to_wait: Some(TimeToWait::V10s),
            diagnostics: None,
        }),
        P::M3SetupRequest(M3SetupRequest { mce, name: Name::new("mce1.ims.test"), areas: areas() }),
        P::M3SetupResponse(M3SetupResponse { diagnostics: None }),
        P::M3SetupFailure(M3SetupFailure { cause, time_to_wait: Some(TimeToWait::V60s), diagnostics }),
    ]
}

/// An MBSFN area with three PMCHs, one of them empty of extensions.
fn scheduling() -> m2ap::MbmsSchedulingInformation {
    use m2ap::*;
    let session = |lcid| PmchSession { tmgi: tmgi(), lcid };
    let pmch = |end, data_mcs, scheduling_period, higher_mcs| PmchItem {
        configuration: PmchConfiguration { allocated_subframes_end: end, data_mcs, scheduling_period, higher_mcs },
        sessions: vec![session(1), session(28)],
    };
    MbmsSchedulingInformation {
        update_time: McchUpdateTime(5),
        areas: vec![MbsfnAreaConfiguration {
            pmchs: vec![pmch(3, 9, 32, None), pmch(1000, 28, 4, Some(27)), pmch(1535, 0, 2, None)],
            subframes: vec![
                MbsfnSubframeConfiguration {
                    period: RadioframeAllocationPeriod::N1,
                    offset: 0,
                    allocation: SubframeAllocation::OneFrame(0b11_0001),
                },
                MbsfnSubframeConfiguration {
                    period: RadioframeAllocationPeriod::N32,
                    offset: 7,
                    allocation: SubframeAllocation::FourFrames(0x00a5_a5a5),
                },
            ],
            period: CommonSubframeAllocationPeriod::Rf64,
            area: MbsfnAreaId(17),
            suspensions: Some(vec![SuspensionNotification { sfn: 1000, sessions: vec![tmgi()] }]),
        }],
    }
}

/// Every message of M2AP.
fn m2() -> Vec<m2ap::M2apPdu> {
    use m2ap::M2apPdu as P;
    use m2ap::*;
    let (mce_id, enb_id) = (MceMbmsM2apId(0x12_3456), EnbMbmsM2apId(0x4321));
    let cause = Cause::from(CauseRadioNetwork::RadioResourcesNotAvailable);
    let connections = vec![Connection { enb: Some(enb_id), mce: Some(MceMbmsM2apId(1)) }];
    let configuration = EnbMbmsConfiguration {
        cell: cell(),
        synchronisation_area: SynchronisationAreaId(9),
        areas: vec![ServiceAreaId(1), ServiceAreaId(0x1234)],
    };
    let bcch = |repetition_period, modification_period, cells| McchRelatedBcchConfig {
        area: MbsfnAreaId(17),
        pdcch_length: 2,
        repetition_period,
        offset: 10,
        modification_period,
        subframes: 0b10_0001,
        mcs: 13,
        cells,
    };
    let cells = vec![CellInformation { cell: cell(), reservation: CellReservation::NonReserved }];
    let bcch = vec![bcch(64, 1024, cells), bcch(8, 256, Vec::new())];
    let mce = GlobalMceId { plmn: plmn(), mce: MceId(0x1122) };
    let enb = |id| GlobalEnbId { plmn: plmn(), id };
    let failure = |cause| (cause, Some(TimeToWait::V5s));
    let ((setup, wait), (update, _)) = (failure(cause), failure(CauseProtocol::SemanticError.into()));
    vec![
        P::SessionStartRequest(SessionStartRequest {
            mce_id,
            tmgi: tmgi(),
            session: Some(SessionId(7)),
            area: area(),
            tnl: tnl(),
            alternative_tnl: Some(tnl_v6()),
        }),
        P::SessionStartResponse(SessionStartResponse { mce_id, enb_id, diagnostics: Some(diagnostics()) }),
        P::SessionStartFailure(SessionStartFailure { mce_id, cause, diagnostics: None }),
        P::SessionStopRequest(SessionStopRequest { mce_id, enb_id }),
        P::SessionStopResponse(SessionStopResponse { mce_id, enb_id, diagnostics: None }),
        P::MbmsSchedulingInformation(scheduling()),
        P::MbmsSchedulingInformationResponse(MbmsSchedulingInformationResponse { diagnostics: None }),
        P::ErrorIndication(ErrorIndication {
            mce_id: Some(mce_id),
            enb_id: Some(enb_id),
            cause: Some(CauseRadioNetwork::NotSupportedQciValue.into()),
            diagnostics: Some(diagnostics()),
        }),
        P::Reset(Reset { cause: CauseMisc::HardwareFailure.into(), kind: ResetType::All }),
        P::Reset(Reset { cause, kind: ResetType::Part(connections.clone()) }),
        P::ResetAcknowledge(ResetAcknowledge { connections: Some(connections), diagnostics: None }),
        P::M2SetupRequest(M2SetupRequest {
            enb: enb(EnbId::Macro(0x1_2345)),
            name: Name::new("enb1.ims.test"),
            cells: vec![configuration.clone()],
        }),
        P::M2SetupResponse(M2SetupResponse {
            mce: mce.clone(),
            name: Name::new("m"),
            bcch: bcch.clone(),
            diagnostics: None,
        }),
        P::M2SetupFailure(M2SetupFailure { cause: setup, time_to_wait: wait, diagnostics: None }),
        P::EnbConfigurationUpdate(EnbConfigurationUpdate {
            enb: Some(enb(EnbId::LongMacro(0x1f_ffff))),
            name: Name::new(&"n".repeat(151)),
            cells: Some(vec![EnbConfigurationItem::Changed(configuration), EnbConfigurationItem::Removed(cell())]),
        }),
        P::EnbConfigurationUpdateAcknowledge(EnbConfigurationUpdateAcknowledge {
            bcch: Some(bcch.clone()),
            diagnostics: None,
        }),
        P::EnbConfigurationUpdateFailure(EnbConfigurationUpdateFailure {
            cause: update,
            time_to_wait: wait,
            diagnostics: None,
        }),
        P::MceConfigurationUpdate(MceConfigurationUpdate { mce: Some(mce), name: None, bcch: Some(bcch) }),
        P::MceConfigurationUpdateAcknowledge(MceConfigurationUpdateAcknowledge { diagnostics: Some(diagnostics()) }),
        P::MceConfigurationUpdateFailure(MceConfigurationUpdateFailure {
            cause: CauseNas::Unspecified.into(),
            time_to_wait: None,
            diagnostics: None,
        }),
        P::SessionUpdateRequest(SessionUpdateRequest {
            mce_id,
            enb_id,
            tmgi: tmgi(),
            session: None,
            area: Some(area()),
            tnl: Some(tnl()),
        }),
        P::SessionUpdateResponse(SessionUpdateResponse { mce_id, enb_id, diagnostics: None }),
        P::SessionUpdateFailure(SessionUpdateFailure {
            mce_id,
            enb_id,
            cause: CauseTransport::TransportResourceUnavailable.into(),
            diagnostics: None,
        }),
    ]
}

/// tshark on packets of a dissector: no complaint about any; what it prints.
fn read(dissector: &str, packets: &[Vec<u8>]) -> Option<String> {
    let arguments =
        ["-T", "fields", "-E", "aggregator=;", "-e", "frame.number", "-e", "_ws.malformed", "-e", "_ws.expert.message"];
    let complaints = dissect(dissector, packets, &arguments)?;
    let wanted: Vec<_> = (1..=packets.len()).map(|number| format!("{number}\t\t")).collect();
    assert_eq!(complaints.lines().collect::<Vec<_>>(), wanted);
    dissect(dissector, packets, &["-V"])
}

fn holds(found: &str, wanted: &[&str]) {
    let absent: Vec<_> = wanted.iter().filter(|wanted| !found.contains(**wanted)).collect();
    assert!(absent.is_empty(), "{absent:#?}");
    // Priorities between the highest and the lowest have no name; everything else has one.
    let unknown = found.lines().filter(|line| line.contains("Unknown") && !line.contains("priorityLevel"));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn m3ap_is_dissected_without_complaint() {
    let packets: Vec<_> = m3().iter().map(|pdu| pdu.emit().unwrap()).collect();
    for (pdu, octets) in m3().iter().zip(&packets) {
        assert_eq!(m3ap::M3apPdu::parse(octets).as_ref(), Ok(pdu));
    }
    let Some(found) = read("m3ap", &packets) else { return };
    holds(
        &found,
        &[
            "MME-MBMS-M3AP-ID: 4660",
            "MCE-MBMS-M3AP-ID: 17185",
            "serviceID: 00ab01",
            "qCI: 1",
            "mBMS-E-RAB-MaximumBitrateDL: 64000bits/s",
            "mBMS-E-RAB-GuaranteedBitrateDL: 32000bits/s",
            "priorityLevel: Unknown (2)",
            "pre-emptionCapability: may-trigger-pre-emption (1)",
            "pre-emptionVulnerability: not-pre-emptable (0)",
            "MBMS Session Duration (days): 1",
            "MBMS Session Duration (seconds): 3600",
            "MBMS Service Area code (Service Area Identity): 2",
            "MBMS Time to Data Transfer: 5 second(s)",
            "IPAddress: 232.1.2.3",
            "IPAddress: ff3e::1",
            "gTP-DLTEID: 01020304",
            "Nov 14, 2023 22:13:20.500000",
            "decimal value 1192961",
            "radioNetwork: uninvolved-MCE (8)",
            "misc: om-intervention (3)",
            "protocol: semantic-error (4)",
            "MCEname: mce1.ims.test",
            "MBMSServiceArea1: ffff",
            "TimeToWait: v60s (5)",
            "typeOfError: missing (1)",
            "m3-Interface: reset-all (0)",
        ],
    );
}

#[test]
fn m2ap_is_dissected_without_complaint() {
    let packets: Vec<_> = m2().iter().map(|pdu| pdu.emit().unwrap()).collect();
    for (pdu, octets) in m2().iter().zip(&packets) {
        assert_eq!(m2ap::M2apPdu::parse(octets).as_ref(), Ok(pdu));
    }
    let Some(found) = read("m2ap", &packets) else { return };
    holds(
        &found,
        &[
            "MCE-MBMS-M2AP-ID: 1193046",
            "ENB-MBMS-M2AP-ID: 17185",
            "serviceID: 00ab01",
            "MBMS-Service-Area: 0100010002",
            "MBMS-Service-Area: 1234",
            "gTP-TEID: 01020304",
            "MCCH-Update-Time: 5",
            "allocatedSubframesEnd: 1535",
            "dataMCS: 28",
            "mchSchedulingPeriod: rf32 (2)",
            "MCH-Scheduling-PeriodExtended: rf4 (0)",
            "MCH-Scheduling-PeriodExtended2: rf2 (1)",
            "Modulation-Coding-Scheme2: 27",
            "lcid: 28",
            "radioframeAllocationPeriod: n32 (5)",
            "1100 01.. decimal value 49",
            "fourFrames: a5a5a5",
            "Common-Subframe-Allocation-Period: rf64 (4)",
            "MBSFN-Area-ID: 17",
            "sfn: 1000",
            "repetitionPeriod: rf64 (1)",
            "Repetition-PeriodExtended: rf8 (3)",
            "modificationPeriod: rf1024 (1)",
            "Modification-PeriodExtended: rf256 (8)",
            "modulationAndCodingScheme: n13 (2)",
            "pdcchLength: s2 (1)",
            "cellReservationInfo: nonReservedCell (1)",
            "mbsfnSynchronisationArea: 9",
            "decimal value 74565",
            "eNB-ID: long-Macro-eNB-ID (2)",
            "radioNetwork: not-supported-QCI-value (7)",
            "ENBname: enb1.ims.test",
            "m2-Interface: reset-all (0)",
        ],
    );
}
