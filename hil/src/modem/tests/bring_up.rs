//! A modem is brought up whatever its habits are, and no further than it may be.

use std::time::Duration;

use super::line::{Line, config};
use crate::at::ts27007::{RegistrationDomain, RegistrationStatus};
use crate::modem::*;
use crate::sim::{Personality, Quirk, SimCard};

fn identity(line: &Line) -> ModemIdentity {
    let told = |output: &ModemOutput| if let ModemOutput::Identity(i) = output { Some(i.clone()) } else { None };
    line.told.iter().find_map(told).expect("it is told who it is")
}

fn session(line: &mut Line, what: &str) {
    line.up();
    assert_eq!(line.modem.state(), ModemState::Ready, "{what}: {:#?}", line.told);
    let identity = identity(line);
    assert_eq!(identity.imei.as_deref(), Some("004402450000017"), "{what}");
    assert_eq!(identity.manufacturer.as_deref(), Some("castbench"), "{what}");
    assert_eq!(identity.imsi.as_deref(), Some("001010000000001"), "{what}");
    assert_eq!(identity.iccid.as_deref(), Some("8988211000000000019"), "{what}");
    assert_eq!(identity.numbers, ["+358401234567"], "{what}");
    assert_eq!(identity.profile, "generic", "{what}");
    line.input(ModemInput::Sample);
    line.until(|line| line.told.iter().any(|o| matches!(o, ModemOutput::Signal(_))));
    let signals: Vec<_> =
        line.told.iter().filter_map(|o| if let ModemOutput::Signal(s) = o { Some(s) } else { None }).collect();
    assert_eq!(signals.len(), 1, "{what}");
    assert_eq!((signals[0].rsrp_dbm, signals[0].rsrq_db), (Some(-81.0), Some(-10.0)), "{what}");
    let registered = |o: &ModemOutput| {
        matches!(o, ModemOutput::Registration(RegistrationDomain::Eps, r)
        if r.status == RegistrationStatus::Home && r.area_code == Some(0xA1))
    };
    assert!(line.told.iter().any(registered), "{what}: {:#?}", line.told);
    assert_eq!(line.quarantined(), None);
}

#[test]
fn a_modem_by_the_book_is_up_at_once_and_nothing_is_noted() {
    let mut line = Line::with_quirks(&[]);
    session(&mut line, "none");
    let noted: Vec<_> = line.told.iter().filter(|o| matches!(o, ModemOutput::Note(_))).collect();
    assert_eq!(noted, Vec::<&ModemOutput>::new());
    assert_eq!(line.rungs(), []);
    let states: Vec<_> =
        line.told.iter().filter_map(|o| if let ModemOutput::State(s) = o { Some(*s) } else { None }).collect();
    assert_eq!(states, [ModemState::Starting, ModemState::Ready]);
}

#[test]
fn a_modem_with_any_quirk_is_brought_up() {
    for quirk in Quirk::ALL {
        session(&mut Line::with_quirks(&[quirk]), &quirk.name());
    }
}

#[test]
fn a_modem_with_all_quirks_is_brought_up() {
    let without = [Quirk::HangsAfterHundred, Quirk::PromptOnALine];
    let quirks: Vec<_> = Quirk::ALL.into_iter().filter(|q| !without.contains(q)).collect();
    session(&mut Line::with_quirks(&quirks), "all");
}

#[test]
fn a_modem_that_wants_cr_lf_gets_it() {
    let mut line = Line::with_quirks(&[]);
    line.wants_crlf = true;
    session(&mut line, "CR LF");
}

#[test]
fn the_profile_is_that_of_who_it_is() {
    let own = "name = \"lab\"\nverified = true\ninit = [\"+QCFG=1\"]\n[match]\nmanufacturer = [\"quectel\"]";
    let config = ModemConfig { profiles: vec![ModemProfile::parse(own).unwrap()], ..config() };
    let quectel = Personality { manufacturer: "Quectel".into(), ..Personality::default() };
    let mut line = Line::new(config, quectel.clone());
    line.up();
    assert_eq!(identity(&line).profile, "lab");
    assert!(line.written.contains("AT+QCFG=1\r"));
    assert!(line.told.contains(&ModemOutput::Note("AT+QCFG=1: +CME ERROR: 4 (operation not supported)".into())));
    // Without it, the shipped one; its signal command is refused, and the next one is asked.
    let mut line = Line::new(super::line::config(), quectel);
    line.up();
    assert_eq!(identity(&line).profile, "quectel");
    line.input(ModemInput::Sample);
    line.run(Duration::from_secs(1));
    assert!(line.told.iter().any(|o| matches!(o, ModemOutput::Signal(s) if s.source == "AT+CESQ")));
}

#[test]
fn a_pin_is_entered_once_and_never_guessed() {
    let locked =
        Personality { sim: SimCard { pin: Some("4711".into()), ..SimCard::default() }, ..Personality::default() };
    let with = |pin: Option<&str>| {
        let config = ModemConfig { pin: pin.map(str::to_owned), ..config() };
        let mut line = Line::new(config, locked.clone());
        line.up();
        line
    };
    session(&mut with(Some("4711")), "the right PIN");
    let wrong = with(Some("0000"));
    assert_eq!(wrong.quarantined(), Some("modem a: the SIM refuses the PIN: +CME ERROR: 16 (incorrect password)"));
    assert_eq!(wrong.written.matches("AT+CPIN=").count(), 1);
    let none = with(None);
    assert!(none.quarantined().unwrap().contains("the rig has none for this modem (`pin`)"));
    assert_eq!(none.written.matches("AT+CPIN=").count(), 0);
    // Nowhere but on the line.
    assert!(!format!("{:?}", wrong.told).contains("0000"));
}

#[test]
fn another_modem_than_the_expected_one_is_not_used() {
    let expected = |expected: ExpectedIdentity| {
        let mut line = Line::new(ModemConfig { expected, ..config() }, Personality::default());
        line.up();
        line.quarantined().map(str::to_owned)
    };
    let imei = ExpectedIdentity { imei: Some("004402450000099".into()), ..ExpectedIdentity::default() };
    let why = expected(imei).unwrap();
    assert!(why.starts_with("modem a: its IMEI is 004402450000017") && why.contains("004402450000099"), "{why}");
    let imsi = ExpectedIdentity { imsi: Some("001010000000002".into()), ..ExpectedIdentity::default() };
    assert!(expected(imsi).unwrap().contains("IMSI"));
    let iccid = ExpectedIdentity { iccid: Some("8988211000000000019".into()), ..ExpectedIdentity::default() };
    assert_eq!(expected(iccid), None);
}

#[test]
fn a_modem_without_sim_is_brought_up_for_broadcast() {
    let personality = Personality { sim: SimCard { present: false, ..SimCard::default() }, ..Personality::default() };
    let mut line = Line::new(config(), personality);
    line.up();
    assert_eq!(line.modem.state(), ModemState::Ready);
    assert_eq!(identity(&line).imsi, None);
    line.input(ModemInput::SendSms { token: 1, pdu: &[0, 1, 2] });
    line.run(Duration::from_secs(1));
    assert!(matches!(&line.results[..], [(1, Err(SmsFailure::NotSent(why)))] if why.contains("no SIM")));
}

#[test]
fn switched_off_means_radio_off() {
    let mut line = Line::with_quirks(&[]);
    line.up();
    assert!(line.radio);
    line.input(ModemInput::Shutdown);
    line.run(Duration::from_secs(1));
    assert_eq!(line.modem.state(), ModemState::Off);
    assert!(!line.radio);
    assert_eq!(line.modem.poll_timeout(), None);
    // And on again.
    line.input(ModemInput::Start);
    line.up();
    assert!(line.radio && line.modem.state() == ModemState::Ready);
    // One that does not answer is off after a while; that its radio may be on is said.
    line.fault = super::line::Fault::Hang;
    line.input(ModemInput::Shutdown);
    line.until(|line| line.modem.state() == ModemState::Off);
    assert!(line.told.iter().any(|o| matches!(o, ModemOutput::Note(why) if why.contains("its radio may be on"))));
}
