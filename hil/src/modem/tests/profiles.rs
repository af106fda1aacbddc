//! Profiles are files: every shipped one is read, and wrong ones are refused with what is wrong.

use crate::at::{AtLine, AtResponse, ResultCode};
use crate::modem::*;

fn response(lines: &[&str]) -> AtResponse {
    let line = |text: &&str| AtLine { text: (*text).to_owned(), body: None };
    AtResponse { lines: lines.iter().map(line).collect(), code: ResultCode::Ok }
}

fn signal(profile: &str, which: usize, lines: &[&str]) -> Option<ModemSignal> {
    ModemProfile::shipped(profile).unwrap().signals[which].answer(&response(lines))
}

#[test]
fn every_shipped_profile_is_read() {
    let all = ModemProfile::all_shipped();
    let names: Vec<_> = all.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["quectel", "sierra", "telit", "simcom", "huawei", "generic"]);
    assert!(all.iter().all(|p| !p.signals.is_empty()));
    assert!(ModemProfile::shipped("nokia").unwrap_err().to_string().contains("quectel, sierra"));
}

#[test]
fn a_modem_says_which_profile_is_its_own() {
    let identity = |manufacturer: &str, model: &str| ModemIdentity {
        manufacturer: Some(manufacturer.into()),
        model: Some(model.into()),
        ..ModemIdentity::default()
    };
    let chosen = |manufacturer: &str| {
        let identity = identity(manufacturer, "X1");
        ModemProfile::all_shipped().into_iter().find(|p| p.is_for(&identity)).map(|p| p.name)
    };
    assert_eq!(chosen("Quectel").as_deref(), Some("quectel"));
    assert_eq!(chosen("Sierra Wireless, Incorporated").as_deref(), Some("sierra"));
    assert_eq!(chosen("SIMCOM INCORPORATED").as_deref(), Some("simcom"));
    assert_eq!(chosen("castbench"), None);
    let text = "name = \"a\"\nverified = false\n[match]\nmanufacturer = [\"acme\"]\nmodel = [\"X1\", \"X2\"]";
    let profile = ModemProfile::parse(text).unwrap();
    assert!(profile.is_for(&identity("ACME Corp", "x1-LTE")));
    assert!(!profile.is_for(&identity("ACME Corp", "Y")) && !profile.is_for(&identity("Other", "X1")));
}

#[test]
fn signals_in_the_words_of_vendors() {
    // The standards', and what ModemManager makes of the same.
    let cesq = signal("generic", 0, &["99,99,255,255,20,60"]).unwrap();
    assert_eq!((cesq.rsrp_dbm, cesq.rsrq_db, cesq.rssi_dbm), (Some(-81.0), Some(-10.0), None));
    let unknown = signal("generic", 0, &["99,99,255,255,255,255"]).unwrap();
    assert_eq!((unknown.rsrp_dbm, unknown.rsrq_db), (None, None));
    assert_eq!(signal("generic", 1, &["20,99"]).unwrap().rssi_dbm, Some(-73.0));
    assert_eq!(signal("generic", 1, &["99,99"]).unwrap().rssi_dbm, None);
    assert_eq!(signal("generic", 1, &[]), None);
    // The line of LTE among those of dual connectivity.
    let lines = [
        "\"servingcell\",\"NOCONN\"",
        "\"servingcell\",\"NOCONN\",\"LTE\",\"FDD\",262,01,1A2D001,301,1300,3,5,5,A1,-94,-11,-62,12,37",
        "\"NR5G-NSA\",262,01,65535,-32768,-32768,-32768",
    ];
    let quectel = signal("quectel", 0, &lines).unwrap();
    assert_eq!((quectel.rsrp_dbm, quectel.rsrq_db), (Some(-94.0), Some(-11.0)));
    assert_eq!((quectel.rssi_dbm, quectel.sinr_db), (Some(-62.0), Some(12.0)));
    assert_eq!(signal("quectel", 0, &["\"servingcell\",\"SEARCH\""]), None);
    let lines = [
        "Current Time:  1234\t\tTemperature: 33",
        "PCC RxM RSSI:   -61\t\tRSRP (dBm):  -93",
        "RSRQ (dB):       -10.5\t\tCell ID:      01A2D001",
        "SINR (dB):        9.8",
    ];
    let sierra = signal("sierra", 0, &lines).unwrap();
    assert_eq!((sierra.rsrp_dbm, sierra.rsrq_db), (Some(-93.0), Some(-10.5)));
    assert_eq!((sierra.rssi_dbm, sierra.sinr_db), (Some(-61.0), Some(9.8)));
    let telit =
        signal("telit", 0, &["\"262 01\",1300,-95,-64,-12,A1,,255,3,19,0,1A2D001,\"262010000000001\",\"O\",3,3"]);
    assert_eq!(telit.unwrap().rsrp_dbm, Some(-95.0));
    let huawei = signal("huawei", 0, &["\"LTE\",61,50,255,20"]).unwrap();
    assert_eq!((huawei.rsrp_dbm, huawei.sinr_db), (Some(-91.0), None));
    assert_eq!(signal("huawei", 0, &["\"NOSERVICE\""]), None);
}

#[test]
fn wrong_profiles_are_refused_with_what_is_wrong() {
    let refused = |text: &str| ModemProfile::parse(text).unwrap_err().to_string();
    let head = "name = \"x\"\nverified = false\n";
    assert!(refused(&format!("{head}tpyo = 1")).contains("tpyo"));
    assert!(refused("verified = true").contains("name"));
    assert!(refused(&format!("{head}init = [\"+X\\rATD1\"]")).contains("no command"));
    assert!(refused(&format!("{head}[line]\nterminator = \"lf\"")).contains("crlf"));
    assert!(refused(&format!("{head}[[signal]]\ncommand = \"+CSQ\"")).contains("none of rsrp"));
    let both = "[[signal]]\ncommand = \"+CSQ\"\nrssi = { place = 0, after = \"x\" }";
    assert!(refused(&format!("{head}{both}")).contains("one of both"));
}

#[test]
fn a_profile_says_how_to_speak() {
    let text = "name = \"x\"\nverified = false\nurcs = [\"^UP\"]\navoid = [\"+CMGL\"]\n[line]\nterminator = \"crlf\"\ngap_ms = 20";
    let profile = ModemProfile::parse(text).unwrap();
    let config = profile.at_config();
    assert_eq!((config.terminator, config.gap.as_millis()), ("\r\n", 20));
    assert!(profile.avoids("+CMGL=4") && profile.avoids("+CMGL") && !profile.avoids("+CMGLX"));
}
