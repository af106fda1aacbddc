use protocol::diameter::charging::{ChargingHeader, ImsInformation, NodeFunctionality, RoleOfNode, ServiceInformation};
use protocol::diameter::rf::RecordType;

use super::*;
use crate::charging::{Cdr, CdrCause};
use crate::node::NodeStoreAnswer;
use crate::store::StoreToken;

const UTC: u64 = 1_767_225_600_000;

fn cdf(change: impl FnOnce(&mut CdfConfig)) -> Cdf {
    let diameter = DiameterConfig::new("cdf.test", "test", std::net::IpAddr::from([127, 0, 0, 1]), vec![]);
    let mut config = CdfConfig::new(diameter);
    config.utc_ms_at_zero = UTC;
    change(&mut config);
    let mut cdf = Cdf::new(config, Entropy::from_seed([1; 32]));
    let nothing = NodeStoreAnswer { token: StoreToken(1), result: Ok(vec![vec![], vec![], vec![]]) };
    cdf.handle_input(Instant::ZERO, NodeInput::Store(nothing));
    cdf
}

fn at(seconds: u64) -> Instant {
    Instant::from_millis(seconds * 1000)
}

fn acr(kind: RecordType, number: u32, seconds: u64, cause: Option<i32>) -> Acr {
    let utc = UTC + seconds * 1000;
    let mut ims = ImsInformation::new(NodeFunctionality::Scscf);
    (ims.role, ims.icid, ims.cause) = (Some(RoleOfNode::Originating), Some("icid".to_owned()), cause);
    (ims.request_utc_ms, ims.response_utc_ms) = (Some(utc), Some(utc));
    Acr {
        header: ChargingHeader {
            session_id: "scscf.test;1;1".to_owned(),
            origin_host: "scscf.test".to_owned(),
            origin_realm: "test".to_owned(),
            at_utc_ms: utc,
            ..ChargingHeader::default()
        },
        kind,
        number,
        interval: None,
        information: ServiceInformation { ims: Some(ims), ..ServiceInformation::default() },
    }
}

fn records(cdf: &Cdf) -> Vec<Cdr> {
    cdf.files.rows().map(|row| serde_json::from_slice(row).unwrap()).collect()
}

#[test]
fn what_comes_twice_is_one_record() {
    let mut cdf = cdf(|_| {});
    for (kind, number) in [(RecordType::Start, 0), (RecordType::Start, 0), (RecordType::Interim, 1)] {
        cdf.account(at(0), &acr(kind, number, 0, None)).unwrap();
    }
    for _ in 0..3 {
        cdf.account(at(9), &acr(RecordType::Stop, 2, 9, Some(0))).unwrap();
    }
    let records = records(&cdf);
    assert_eq!((records.len(), cdf.counters.duplicates), (1, 3));
    let cdr = &records[0];
    assert_eq!(
        (cdr.duration_ms(), cdr.incomplete, cdr.cause),
        (Some(9000), None, CdrCause::ServiceDeliveryEndSuccessfully)
    );
    let line = serde_json::to_string(cdr).unwrap();
    for member in
        ["\"recordType\":\"sCSCFRecord\"", "\"role-of-Node\":\"originating\"", "\"iMS-Charging-Identifier\":\"icid\""]
    {
        assert!(line.contains(member), "{line}");
    }
    assert!(line.contains("\"serviceDeliveryEndTimeStamp\":\"2026-01-01T00:00:09"), "{line}");
}

#[test]
fn a_session_that_nothing_is_heard_of_is_closed_and_says_so() {
    let mut cdf = cdf(|config| config.lost_after = Duration::from_secs(60));
    cdf.account(at(0), &acr(RecordType::Start, 0, 0, None)).unwrap();
    cdf.account(at(30), &acr(RecordType::Interim, 1, 30, None)).unwrap();
    cdf.expire(at(89));
    assert!(records(&cdf).is_empty());
    cdf.expire(at(90));
    let record = records(&cdf).remove(0);
    assert_eq!((record.cause, record.duration_ms()), (CdrCause::UnSuccessfulServiceDelivery, Some(30_000)));
    assert!(record.incomplete.is_some_and(|lost| lost.stop_lost && !lost.start_lost));
    // What comes too late makes no second record.
    cdf.account(at(95), &acr(RecordType::Stop, 2, 95, Some(0))).unwrap();
    assert_eq!(records(&cdf).len(), 1);
}

#[test]
fn a_record_without_its_beginning_says_so() {
    let mut cdf = cdf(|_| {});
    cdf.account(at(5), &acr(RecordType::Stop, 3, 5, Some(0))).unwrap();
    assert!(records(&cdf)[0].incomplete.is_some_and(|lost| lost.start_lost && !lost.stop_lost));
}

#[test]
fn a_long_session_has_partial_records() {
    let mut cdf = cdf(|config| config.partial_after = Some(Duration::from_secs(100)));
    cdf.account(at(0), &acr(RecordType::Start, 0, 0, None)).unwrap();
    for (number, seconds) in [(1, 60), (2, 120), (3, 180), (4, 240)] {
        cdf.account(at(seconds), &acr(RecordType::Interim, number, seconds, None)).unwrap();
    }
    cdf.account(at(250), &acr(RecordType::Stop, 5, 250, Some(0))).unwrap();
    let records = records(&cdf);
    let parts: Vec<_> = records.iter().map(|r| (r.part, r.cause)).collect();
    let (limit, end) = (CdrCause::TimeLimit, CdrCause::ServiceDeliveryEndSuccessfully);
    assert_eq!(parts, [(Some(1), limit), (Some(2), limit), (Some(3), end)]);
    assert_eq!(records.iter().map(|r| r.opened.unwrap() - UTC).collect::<Vec<_>>(), [0, 120_000, 240_000]);
}
