//! Answers as modems in the field give them.

use super::super::command::AtLine;
use super::super::result_code::EquipmentError;
use super::*;

fn response(lines: &[&str]) -> AtResponse {
    let line = |text: &&str| AtLine { text: (*text).to_owned(), body: None };
    AtResponse { lines: lines.iter().map(line).collect(), code: ResultCode::Ok }
}

fn refused(cme: u16) -> AtResponse {
    AtResponse { lines: Vec::new(), code: ResultCode::Cme(EquipmentError::Code(cme)) }
}

fn registration(text: &str) -> (RegistrationStatus, Option<u32>, Option<u64>, Option<AccessTechnology>) {
    let r = ReadRegistration(RegistrationDomain::Eps).answer(&response(&[text])).expect(text);
    (r.status, r.area_code, r.cell_identity, r.access_technology)
}

#[test]
fn registrations_in_their_many_shapes() {
    use AccessTechnology::{Eutran, Utran};
    use RegistrationStatus::{Home, NotSearching, Roaming, Searching};
    for (text, want) in [
        ("0,1", (Home, None, None, None)),
        ("2,1,\"00A1\",\"01A2B3C4\",7", (Home, Some(0xA1), Some(0x01A2_B3C4), Some(Eutran))),
        ("2,1,00A1,01A2B3C4,7", (Home, Some(0xA1), Some(0x01A2_B3C4), Some(Eutran))),
        ("2, 5, \"00A1\", \"C4\", 2", (Roaming, Some(0xA1), Some(0xC4), Some(Utran))),
        ("002,001", (Home, None, None, None)),
        ("2,0,\"0000\",\"00000000\"", (NotSearching, None, None, None)),
        ("2,1,\"00A1\",\"C4\",\"0B\",7", (Home, Some(0xA1), Some(0xC4), Some(Eutran))),
        ("2,1,\"00A1\",\"C4\",7,,,\"00000000\",\"11100000\"", (Home, Some(0xA1), Some(0xC4), Some(Eutran))),
        ("0", (NotSearching, None, None, None)),
        ("1,2", (Searching, None, None, None)),
    ] {
        assert_eq!(registration(text), want, "{text}");
    }
    assert!(ReadRegistration(RegistrationDomain::Eps).answer(&response(&["0,77"])).is_err());
    assert!(ReadRegistration(RegistrationDomain::Eps).answer(&refused(4)).is_err());
}

#[test]
fn an_unsolicited_registration_is_told_from_a_read_one() {
    use RegistrationStatus::{Home, Roaming};
    for (text, status, area) in [
        ("1", Home, None),
        ("5,\"00A1\",\"C4\",7", Roaming, Some(0xA1)),
        ("1,00A1,01A2B3C4,7", Home, Some(0xA1)),
        ("2,1,\"00A1\",\"C4\",7", Home, Some(0xA1)), // with <n>, against the standard
    ] {
        let r = Registration::of_urc(text).expect(text);
        assert_eq!((r.status, r.area_code), (status, area), "{text}");
    }
    assert_eq!(Registration::of_urc("x"), None);
    assert_eq!(Registration::of_urc(""), None);
}

/// What ModemManager makes of `+CESQ: ...,20,60`: RSRQ -10 dB, RSRP -81 dBm.
#[test]
fn signal_in_decibels() {
    let signal = ReadExtendedSignal.answer(&response(&["99,99,255,255,20,60"])).unwrap();
    let want =
        ExtendedSignal { rxlev_dbm: None, rscp_dbm: None, ecno_db: None, rsrq_db: Some(-10.0), rsrp_dbm: Some(-81.0) };
    assert_eq!(signal, want);
    for (text, dbm) in [("0,99", Some(-113)), ("31,0", Some(-51)), ("20,99", Some(-73)), ("99,99", None)] {
        assert_eq!(ReadSignal.answer(&response(&[text])).unwrap().rssi_dbm, dbm, "{text}");
    }
    assert!(ReadExtendedSignal.answer(&response(&["1,2"])).is_err());
}

#[test]
fn identities_with_decoration() {
    let imei = |text| ReadIdentity(Identity::Imei).answer(&response(&[text]));
    for text in ["490154203237518", "+CGSN: 490154203237518", "+CGSN: IMEI490154203237518", "\"490154203237518\""] {
        assert_eq!(imei(text).as_deref(), Ok("490154203237518"), "{text}");
    }
    assert!(imei("none").is_err());
    assert_eq!(ReadIdentity(Identity::Model).answer(&response(&["+CGMM: \"X7\""])).as_deref(), Ok("X7"));
    let numbers =
        ReadNumbers.answer(&response(&[",\"358401234567\",145", "\"own\",\"+49171\",145", "\"\",\"\",129"])).unwrap();
    assert_eq!(numbers.iter().map(|n| n.number.as_str()).collect::<Vec<_>>(), ["+358401234567", "+49171"]);
}

#[test]
fn operators() {
    assert_eq!(ReadOperator.answer(&response(&["0"])), Ok(None));
    let current = ReadOperator.answer(&response(&["0,2,\"00101\",7"])).unwrap().unwrap();
    assert_eq!((current.plmn(), current.access_technology), (Some("00101"), Some(AccessTechnology::Eutran)));
    let scan = "(2,\"Test\",\"T\",\"00101\",7),(3,\"\",\"\",\"00102\",2),(1,\"A,B\",\"\",\"310410\"),,(0-4),(0-2)";
    let all = ScanOperators.answer(&response(&[scan])).unwrap();
    assert_eq!(all.iter().filter_map(Operator::plmn).collect::<Vec<_>>(), ["00101", "00102", "310410"]);
    assert_eq!(all[1].status, OperatorStatus::Forbidden);
    assert_eq!(all[2].names, ["A,B", "310410"]);
}

#[test]
fn states() {
    assert_eq!(ReadFunctionality.answer(&response(&["1,0"])), Ok(Functionality::Full));
    assert_eq!(ReadFunctionality.answer(&response(&["5"])), Ok(Functionality::Other(5)));
    let reset = SetFunctionality { functionality: Functionality::Full, reset: true };
    assert_eq!(reset.command().line(), "AT+CFUN=1,1");
    assert_eq!(ReadPin.answer(&response(&["READY"])), Ok(SimState::Ready));
    assert_eq!(ReadPin.answer(&response(&["SIM PIN"])), Ok(SimState::Wants("SIM PIN".into())));
    assert_eq!(ReadPin.answer(&refused(14)), Ok(SimState::Busy));
    assert_eq!(ReadPin.answer(&refused(10)), Ok(SimState::Absent));
    assert!(ReadPin.answer(&refused(13)).is_err());
}

#[test]
fn packet_domain() {
    let contexts =
        ReadPdpContexts.answer(&response(&["1,\"IP\",\"internet\",\"0.0.0.0\",0,0", "2,\"IPV4V6\",\"ims\""])).unwrap();
    assert_eq!(contexts[1], PdpContext { cid: 2, pdp_type: "IPV4V6".into(), apn: "ims".into() });
    assert_eq!(DefinePdpContext(contexts[1].clone()).command().line(), "AT+CGDCONT=2,\"IPV4V6\",\"ims\"");
    let addresses =
        ReadAddress(1).answer(&response(&["1,\"10.0.0.7\",\"32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1\""])).unwrap();
    assert_eq!(addresses.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.7", "2001:db8::1"]);
    assert_eq!(ReadAttached.answer(&response(&["1"])), Ok(true));
}

#[test]
fn apdus() {
    let select = SimAccess(vec![0x00, 0xA4, 0x00, 0x04, 0x02, 0x3F, 0x00]);
    assert_eq!(select.command().line(), "AT+CSIM=14,\"00A40004023F00\"");
    assert_eq!(select.answer(&response(&["4,\"9000\""])), Ok(vec![0x90, 0x00]));
    for bad in ["6,\"9000\"", "4,\"90xx\"", "3,\"900\"", "", "0,\"\""] {
        assert!(select.answer(&response(&[bad])).is_err(), "{bad}");
    }
    let open = OpenLogicalChannel { application: vec![0xA0, 0, 0, 0, 0x87, 0x10, 0x04] };
    assert_eq!((open.answer(&response(&["1"])), open.answer(&response(&["+CCHO: 2"]))), (Ok(1), Ok(2)));
    let access = LogicalChannelAccess { session: 1, apdu: vec![0x81, 0x88, 0, 0x81, 0] };
    assert_eq!(access.command().line(), "AT+CGLA=1,10,\"8188008100\"");
}

#[test]
fn iccids() {
    let iccid = |how: ReadIccid, text| how.answer(&response(&[text])).ok();
    let want = Some("8988211000000000019".to_owned());
    assert_eq!(iccid(ReadIccid::Restricted, "144,0,\"98881201000000000010F9\""), None, "eleven octets");
    assert_eq!(
        iccid(ReadIccid::Restricted, "144,0,\"988812010000000000F1\""),
        Some("898821100000000000".to_owned() + "1")
    );
    assert_eq!(iccid(ReadIccid::Restricted, "106,130"), None);
    for text in ["+CCID: 8988211000000000019", "8988211000000000019F", "+CCID: \"8988211000000000019\""] {
        assert_eq!(iccid(ReadIccid::Ccid, text), want, "{text}");
    }
}
