//! Rf: records of messages both ways, and CDFs that are not there.

use protocol::sms::{Deliver, Status, StatusReport, Timestamp};

use super::*;

fn of_delivery(rig: &mut Rig, tpdu: Vec<u8>) -> SmsUsage {
    SmsUsage { direction: Direction::ToMs, access: "ISC", ..rig.usage(tpdu) }
}

fn deliver() -> Vec<u8> {
    let (coding, data) = UserData::of_text("hi").unwrap();
    let time = Timestamp::from_utc_ms(UTC, 0);
    Tpdu::Deliver(Deliver::new(Address::alphanumeric("Bench").unwrap(), time, coding, data)).emit()
}

#[test]
fn records_say_who_and_what_and_how_over_ip() {
    let mut rig = Rig::new(Far::real(MSISDN, 100), |_| {});
    let usage = rig.usage(part(2, 3));
    rig.ask(1, &usage, false);
    rig.done(Some(1), &usage, SmsOutcome::Success);
    let usage = of_delivery(&mut rig, deliver());
    rig.done(None, &usage, SmsOutcome::Absent);
    let time = Timestamp::from_utc_ms(UTC, 0);
    let submit = Submit::new(
        9,
        Address::international("358409999999").unwrap(),
        protocol::sms::DataCodingScheme(0),
        UserData::default(),
    );
    let report = Tpdu::StatusReport(StatusReport::of_submit(&submit, time, time, Status(0x41))).emit();
    let usage = of_delivery(&mut rig, report);
    rig.done(None, &usage, SmsOutcome::Success);
    rig.pass(Duration::from_secs(1));
    let records = rig.far.records();
    let [mo, mt, status] = &records[..] else { panic!("{records:?}") };
    assert_eq!([mo, mt, status].map(|r| r.record_type.as_str()), ["iSMSMORecord", "iSMSMTRecord", "iSMSMTRecord"]);
    let line = serde_json::to_string(mo).unwrap();
    println!("{line}\n{}\n{}", serde_json::to_string(mt).unwrap(), serde_json::to_string(status).unwrap());
    for member in [
        "\"sMSCAddress\":\"358500000100\"",
        "\"originatorIMSI\":\"001010000000001\",\"originatorMSISDN\":\"358401234567\",\"originatorSCCPAddress\":\"358500000030\"",
        "\"sMOriginatorInterface\":{\"interfaceId\":\"IP\",\"interfaceText\":\"R2\",\"interfaceType\":\"mobileOriginating\"}",
        "\"recipientMSISDN\":\"358409999999\"",
        "\"sMMessageType\":\"submission\"",
        "\"sMUserDataHeader\":\"0500032a0302\",\"sMTotalNumber\":3,\"sMSequenceNumber\":2",
        "\"sMSResult\":0,\"iPAccess\":true",
        "\"causeForRecordClosing\":\"serviceDeliveryEndSuccessfully\"",
    ] {
        assert!(line.contains(member), "{member}: {line}");
    }
    let (told, of_status) = (mt.sms.as_ref().unwrap(), status.sms.as_ref().unwrap());
    let recipient = &told.recipients[0];
    assert_eq!((recipient.msisdn.as_deref(), recipient.imsi.as_deref()), (Some(MSISDN), Some("001010000000001")));
    assert_eq!(recipient.interface.as_ref().and_then(|own| own.text.as_deref()), Some("ISC"));
    assert_eq!(told.originator.received.as_ref().map(|own| own.data.as_str()), Some("Bench"));
    assert_eq!(
        (told.result, told.ip_access, mt.cause),
        (Some(5550), true, crate::charging::CdrCause::UnSuccessfulServiceDelivery)
    );
    assert_eq!((of_status.kind.as_deref(), of_status.status), (Some("deliveryReport"), Some(0x41)));
    // Nobody was asked about messages to the UE.
    assert_eq!(told.specific(ONLINE_OUTCOME), None);
    // What is written is read.
    assert_eq!(serde_json::from_str::<Cdr>(&line).unwrap(), *mo);
}

#[test]
fn records_wait_for_the_cdf_and_are_taken_once() {
    let mut rig = Rig::new(Far::real(MSISDN, 100), |_| {});
    rig.set_dead(CDF, true);
    for _ in 0..5 {
        let usage = of_delivery(&mut rig, deliver());
        rig.done(None, &usage, SmsOutcome::Success);
        rig.pass(Duration::from_secs(10));
        rig.restart();
    }
    assert_eq!((rig.far.records().len(), rig.charging.records().buffered), (0, 5));
    rig.set_dead(CDF, false);
    rig.pass(Duration::from_secs(60));
    assert_eq!((rig.far.records().len(), rig.charging.records().buffered), (5, 0));
    assert_eq!(rig.store.scan(Table::ChargingRecord).unwrap().len(), 0);
}

#[test]
fn a_cdf_that_forgets_to_answer_makes_no_second_record() {
    let mut far = Far::real(MSISDN, 100);
    let (cdf, log) = Scripted::new("cdf.ims.test", |_, _| None);
    far.add(CDF, Box::new(cdf));
    let mut rig = Rig::new(far, |_| {});
    let usage = of_delivery(&mut rig, deliver());
    rig.done(None, &usage, SmsOutcome::Success);
    rig.pass(Duration::from_secs(40));
    rig.restart();
    rig.pass(Duration::from_secs(10));
    let log = log.lock().unwrap();
    let names: BTreeMap<_, Vec<_>> = log.iter().fold(BTreeMap::new(), |mut all, message| {
        let acr = Acr::from_message(message).unwrap();
        all.entry((acr.header.session_id, acr.number)).or_insert_with(Vec::new).push(acr.header.retransmitted);
        all
    });
    assert_eq!(names.len(), 1);
    let marks = names.values().next().unwrap();
    assert!(marks.len() > 2 && !marks[0] && marks[1..].iter().all(|again| *again), "{marks:?}");
}
