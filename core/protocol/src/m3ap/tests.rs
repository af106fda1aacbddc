use proptest::prelude::*;

use super::*;
use crate::diameter::mbms::{Arp, Ecgi, MbmsServiceArea, SessionDuration};
use crate::diameter::sgmb::NtpTime;
use crate::mbms_ap::{
    Criticality, CriticalityDiagnostics, GbrQos, IeDiagnostic, Name, SessionId, TnlInformation, TriggeringMessage,
    TypeOfError,
};
use crate::{Plmn, Tmgi};

fn tmgi() -> impl Strategy<Value = Tmgi> {
    (any::<[u8; 3]>(), "[0-9]{3}", "[0-9]{2,3}")
        .prop_map(|(service_id, mcc, mnc)| Tmgi { service_id, plmn: Plmn::new(&mcc, &mnc).unwrap() })
}

fn tnl() -> impl Strategy<Value = TnlInformation> {
    let v4 = any::<([u8; 4], [u8; 4])>().prop_map(|(group, source)| (group.into(), source.into()));
    let v6 = any::<([u8; 16], [u8; 16])>().prop_map(|(group, source)| (group.into(), source.into()));
    (prop_oneof![v4, v6], any::<u32>()).prop_map(|((group, source), teid)| TnlInformation { group, source, teid })
}

fn qos() -> impl Strategy<Value = M3QosParameters> {
    let rate = 0_u64..=10_000_000_000;
    let gbr = (rate.clone(), rate).prop_map(|(maximum, guaranteed)| GbrQos { maximum, guaranteed });
    let arp = (0_u8..=15, any::<bool>(), any::<bool>()).prop_map(|(priority, may_preempt, preemptable)| Arp {
        priority,
        may_preempt,
        preemptable,
    });
    (any::<u8>(), prop::option::of(gbr), prop::option::of(arp)).prop_map(|(qci, gbr, arp)| M3QosParameters {
        qci,
        gbr,
        arp,
    })
}

fn diagnostics() -> impl Strategy<Value = CriticalityDiagnostics> {
    let criticality = prop::sample::select(&[Criticality::Reject, Criticality::Ignore, Criticality::Notify][..]);
    let triggering = prop::sample::select(
        &[TriggeringMessage::Initiating, TriggeringMessage::Successful, TriggeringMessage::Unsuccessful][..],
    );
    let ie = (criticality.clone(), any::<u16>(), any::<bool>()).prop_map(|(criticality, id, missing)| IeDiagnostic {
        criticality,
        id,
        error: if missing { TypeOfError::Missing } else { TypeOfError::NotUnderstood },
    });
    let ies = prop_oneof![prop::collection::vec(ie.clone(), 0..4), prop::collection::vec(ie, 256)];
    (any::<Option<u8>>(), prop::option::of(triggering), prop::option::of(criticality), ies).prop_map(
        |(procedure, triggering, procedure_criticality, ies)| CriticalityDiagnostics {
            procedure,
            triggering,
            procedure_criticality,
            ies,
        },
    )
}

prop_compose! {
    fn start()(
        ids in any::<(u16, Option<u8>, u8)>(),
        (tmgi, tnl, alternative_tnl) in (tmgi(), tnl(), prop::option::of(tnl())),
        qos in qos(),
        duration in any::<[u8; 3]>(),
        areas in prop::collection::vec(any::<u16>(), 1..=256),
        data_start in any::<Option<u64>>(),
        again in any::<bool>(),
        cells in prop::option::of(prop::collection::vec(0_u32..1 << 28, 1..300)),
    ) -> MbmsSessionStartRequest {
        MbmsSessionStartRequest {
            mme_id: MmeMbmsM3apId(ids.0),
            tmgi,
            session: ids.1.map(SessionId),
            qos,
            duration: SessionDuration::from_octets(duration),
            area: MbmsServiceArea::new(areas).unwrap(),
            minimum_time: MinimumTimeToDataTransfer(ids.2),
            tnl,
            data_start: data_start.map(NtpTime),
            reestablishment: again.then_some(Reestablishment::True),
            alternative_tnl,
            cells: cells.map(|cells| cells.into_iter().map(|cell| Ecgi { plmn: tmgi.plmn, cell }).collect()),
        }
    }
}

proptest! {
    #[test]
    fn messages_come_back_as_they_were(
        start in start(), ids: (u16, u16), diagnostics in prop::option::of(diagnostics()),
        name in prop::option::of("[ A-Za-z0-9'()+,./:=?-]{1,200}"), areas in prop::collection::vec(any::<u16>(), 1..300),
        extended: Option<u8>, connections in prop::collection::vec(any::<(Option<u16>, Option<u16>)>(), 1..=256),
    ) {
        let (mme_id, mce_id) = (MmeMbmsM3apId(ids.0), MceMbmsM3apId(ids.1));
        let connections: Vec<_> = connections
            .into_iter()
            .map(|(mme, mce)| Connection { mme: mme.map(MmeMbmsM3apId), mce: mce.map(MceMbmsM3apId) })
            .collect();
        let setup = M3SetupRequest {
            mce: GlobalMceId { plmn: start.tmgi.plmn, mce: ids.0, extended },
            name: name.and_then(|name| Name::new(&name)),
            areas: areas.into_iter().map(ServiceAreaId).collect(),
        };
        let cause = CauseMisc::NotEnoughUserPlaneProcessingResources.into();
        for pdu in [
            M3apPdu::MbmsSessionStartRequest(start),
            M3apPdu::MbmsSessionStopResponse(MbmsSessionStopResponse { mme_id, mce_id, diagnostics }),
            M3apPdu::M3SetupRequest(setup),
            M3apPdu::Reset(Reset { cause, kind: ResetType::Part(connections.clone()) }),
            M3apPdu::ResetAcknowledge(ResetAcknowledge { connections: Some(connections), diagnostics: None }),
        ] {
            let octets = pdu.emit().unwrap();
            prop_assert_eq!(M3apPdu::parse(&octets), Ok(pdu));
            // Whatever is cut off is missed.
            for end in 0..octets.len().min(60) {
                prop_assert!(M3apPdu::parse(&octets[..end]).is_err());
            }
        }
    }
}

/// MBMS SESSION STOP REQUEST as X.691 has it, octet for octet.
const STOP: [u8; 19] =
    [0x00, 0x01, 0x00, 0x0f, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x12, 0x34, 0x00, 0x01, 0x00, 0x02, 0x43, 0x21];

#[test]
fn a_message_octet_for_octet() {
    let (mme_id, mce_id) = (MmeMbmsM3apId(0x1234), MceMbmsM3apId(0x4321));
    let pdu = M3apPdu::MbmsSessionStopRequest(MbmsSessionStopRequest { mme_id, mce_id, data_stop: None });
    assert_eq!(pdu.emit(), Ok(STOP.to_vec()));
    assert_eq!(M3apPdu::parse(&STOP), Ok(pdu));
}

/// The stop with one more IE in front.
fn with_unknown(criticality: u8) -> Vec<u8> {
    let mut octets = STOP.to_vec();
    (octets[3], octets[6]) = (0x14, 3);
    octets.splice(7..7, [0x03, 0xe7, criticality << 6, 1, 0xaa]);
    octets
}

#[test]
fn an_ie_that_is_not_known_is_ignored_told_or_refused_as_its_criticality_says() {
    assert_eq!(M3apPdu::parse_with_diagnostics(&with_unknown(1)).map(|(_, told)| told), Ok(None));
    let (_, told) = M3apPdu::parse_with_diagnostics(&with_unknown(2)).unwrap();
    let ie = IeDiagnostic { criticality: Criticality::Notify, id: 999, error: TypeOfError::NotUnderstood };
    assert_eq!(told.map(|told| told.ies), Some(vec![ie]));
    let error = M3apPdu::parse(&with_unknown(0)).unwrap_err();
    assert_eq!(error.procedure_and_message(), Some((1, TriggeringMessage::Initiating)));
    let Some(M3apPdu::ErrorIndication(indication)) = M3apPdu::error_indication(&error) else { panic!("{error:?}") };
    assert_eq!(indication.cause, Some(CauseProtocol::AbstractSyntaxErrorReject.into()));
    let ie = IeDiagnostic { criticality: Criticality::Reject, id: 999, error: TypeOfError::NotUnderstood };
    assert_eq!(indication.diagnostics.unwrap().ies, [ie]);
}

#[test]
fn procedures_that_are_not_known_are_told_but_those_to_be_ignored() {
    let with = |criticality: u8| M3apPdu::parse(&[0x00, 99, criticality << 6, 1, 0]).unwrap_err();
    assert_eq!(M3apPdu::error_indication(&with(1)), None);
    let causes =
        [(0, CauseProtocol::AbstractSyntaxErrorReject), (2, CauseProtocol::AbstractSyntaxErrorIgnoreAndNotify)];
    for (criticality, cause) in causes {
        let Some(M3apPdu::ErrorIndication(indication)) = M3apPdu::error_indication(&with(criticality)) else {
            panic!()
        };
        assert_eq!(indication.cause, Some(cause.into()));
        assert_eq!(indication.diagnostics.unwrap().procedure, Some(99));
    }
}

#[test]
fn what_is_missing_or_in_the_wrong_place_is_named() {
    let mut without = STOP.to_vec();
    (without[3], without[6]) = (9, 1);
    without.truncate(13);
    let error = M3apPdu::parse(&without).unwrap_err();
    let ie = IeDiagnostic { criticality: Criticality::Reject, id: 1, error: TypeOfError::Missing };
    assert_eq!((error.diagnostics.ies.as_slice(), error.criticality), (&[ie][..], Criticality::Reject));
    assert_eq!(Cause::from(&error), CauseProtocol::AbstractSyntaxErrorReject.into());

    let mut twice = STOP.to_vec();
    twice[14] = 0;
    assert!(M3apPdu::parse(&twice).is_err());
    let mut swapped = STOP.to_vec();
    swapped[7..19].rotate_left(6);
    let error = M3apPdu::parse(&swapped).unwrap_err();
    assert_eq!(Cause::from(&error), CauseProtocol::AbstractSyntaxErrorFalselyConstructedMessage.into());
}

#[test]
fn there_is_no_error_indication_about_an_error_indication() {
    // Its cause is of a group that does not exist.
    let error = M3apPdu::parse(&[0x00, 0x02, 0x40, 0x08, 0x00, 0x00, 0x01, 0x00, 0x09, 0x40, 0x01, 0x70]).unwrap_err();
    assert_eq!(M3apPdu::error_indication(&error), None);
    let nonsense = M3apPdu::parse(&[]).unwrap_err();
    let Some(M3apPdu::ErrorIndication(indication)) = M3apPdu::error_indication(&nonsense) else { panic!() };
    assert_eq!((indication.cause, indication.diagnostics), (Some(CauseProtocol::TransferSyntaxError.into()), None));
}

#[test]
fn values_that_do_not_fit_are_refused_when_sent() {
    let cause = Cause::from(CauseRadioNetwork::Later(70));
    let failure = MbmsSessionStartFailure { mme_id: MmeMbmsM3apId(0), cause, diagnostics: None };
    assert!(M3apPdu::MbmsSessionStartFailure(failure).emit().is_err());
    assert!(
        M3apPdu::Reset(Reset { cause: CauseNas::Unspecified.into(), kind: ResetType::Part(vec![]) }).emit().is_err()
    );
    assert_eq!((Name::new(""), Name::new("a_b"), Name::new(&"x".repeat(1025))), (None, None, None));
    // Causes of a later release come through.
    let cause = Cause::from(CauseMisc::Later(3));
    let pdu = M3apPdu::M3SetupFailure(M3SetupFailure { cause, time_to_wait: None, diagnostics: None });
    assert_eq!(M3apPdu::parse(&pdu.emit().unwrap()), Ok(pdu));
}
