//! Messages as modems and other encoders give them.

use super::super::command::{AtLine, AtResponse};
use super::super::result_code::{EquipmentError, ResultCode};
use super::super::ts27007::Request;
use super::super::urc::Urc;
use super::*;

/// "hello" to +358401234567 as ModemManager encodes it: service centre of the SIM, TPDU of 18 octets.
const SUBMIT: &str = "0001000C91534810325476000005E8329BFD06";

fn response(lines: &[(&str, &str)]) -> AtResponse {
    let line = |(text, body): &(&str, &str)| AtLine {
        text: (*text).to_owned(),
        body: (!body.is_empty()).then(|| (*body).to_owned()),
    };
    AtResponse { lines: lines.iter().map(line).collect(), code: ResultCode::Ok }
}

#[test]
fn a_message_is_sent_with_the_length_of_its_tpdu() {
    let send = SendMessage { pdu: hex::decode(SUBMIT).unwrap() };
    assert_eq!(send.command().line(), "AT+CMGS=18");
    assert_eq!(send.answer(&response(&[("17", "")])), Ok(17));
    assert_eq!(send.answer(&response(&[("17,\"0100\"", "")])), Ok(17));
    let refused = AtResponse { lines: Vec::new(), code: ResultCode::Cms(EquipmentError::Code(332)) };
    assert_eq!(send.answer(&refused).unwrap_err().to_string(), "AT+CMGS=18: +CMS ERROR: 332 (network timeout)");
}

#[test]
fn stored_messages_are_read() {
    let listed = response(&[("0,1,,18", SUBMIT), ("7,\"REC UNREAD\",\"x\",18", SUBMIT)]);
    let all = ListMessages.answer(&listed).unwrap();
    assert_eq!(
        all.iter().map(|m| (m.index, m.status)).collect::<Vec<_>>(),
        [(0, MessageStatus::Read), (7, MessageStatus::Unread)]
    );
    assert_eq!(
        ReadMessage { index: 3 }.answer(&response(&[("0,,18", SUBMIT)])).unwrap().unwrap().pdu,
        hex::decode(SUBMIT).unwrap()
    );
    assert_eq!(ReadMessage { index: 3 }.answer(&response(&[])), Ok(None));
    // A length that does not fit, and no PDU.
    assert!(ReadMessage { index: 3 }.answer(&response(&[("0,,17", SUBMIT)])).is_err());
    assert!(ListMessages.answer(&response(&[("0,1,,18", "")])).is_err());
}

#[test]
fn indications() {
    let urc = |name: &str, text: &str, body: Option<&str>| Urc {
        name: name.into(),
        text: text.into(),
        body: body.map(Into::into),
    };
    let stored = SmsIndication::of_urc(&urc("+CMTI", "\"SM\",3", None)).unwrap();
    assert_eq!(stored, SmsIndication::Stored { memory: "SM".into(), index: 3 });
    assert_eq!(
        SmsIndication::of_urc(&urc("+CMT", ",18", Some(SUBMIT))),
        Some(SmsIndication::Message(hex::decode(SUBMIT).unwrap()))
    );
    assert_eq!(SmsIndication::of_urc(&urc("+CMT", "\"\",18", Some("00"))), None);
    assert_eq!(SmsIndication::of_urc(&urc("RING", "", None)), None);
}

#[test]
fn indications_are_chosen_from_what_is_offered() {
    for (offered, chosen) in [
        ("(0-3),(0-3),(0,2,3),(0-2),(0,1)", Some("AT+CNMI=2,1,0,2,0")),
        ("(2),(0,1,3),(0,2),(0),(0)", Some("AT+CNMI=2,1,0,0,0")),
        ("(0,1),(0,1),(0),(0,2),(1)", Some("AT+CNMI=1,1,0,2,1")),
        ("(0,1),(0,1)", Some("AT+CNMI=1,1,0,0,0")),
        ("(2),(0,2),(0),(1),(0)", Some("AT+CNMI=2,2,0,1,0")),
        ("(0),(0),(0),(0),(0)", None),
    ] {
        let modes = ReadIndicationModes.answer(&response(&[(offered, "")])).unwrap();
        assert_eq!(modes.choose().map(|set| set.command().line()).as_deref(), chosen, "{offered}");
    }
}

#[test]
fn storage_and_service_centre() {
    for (offered, memories) in [
        ("(\"SM\"),(\"SM\"),(\"SM\")", &["SM"][..]),
        ("(\"SM\",\"ME\",\"SR\"),(\"SM\",\"ME\"),(\"SM\",\"ME\")", &["ME", "SM"]),
        ("(\"ME\",\"MT\"),(\"ME\"),\"MT\"", &["MT"]),
    ] {
        assert_eq!(ReadStorages.answer(&response(&[(offered, "")])).unwrap(), memories, "{offered}");
    }
    let select = SelectStorage { memory: "SM".into() };
    assert_eq!(select.answer(&response(&[("3,20,3,20,4,20", "")])), Ok(StorageUse { used: 4, total: 20 }));
    assert_eq!(ReadServiceCentre.answer(&response(&[("\"+358405202000\",145", "")])), Ok(Some("+358405202000".into())));
    assert_eq!(ReadServiceCentre.answer(&response(&[("\"\",129", "")])), Ok(None));
}
