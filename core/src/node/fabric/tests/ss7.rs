//! Global titles, and what finds nobody.

use protocol::map::sccp::{ReturnCause, SccpAddress, SccpMessage, UnitData, ssn};

use super::*;

const GMSC: &str = "358405202000";
const GATEWAY: &str = "358405202001";

fn with_titles() -> Fabric {
    let mut fabric = fabric();
    fabric.add_outside("SMS-GMSC", Role::SmsGmsc, ip(60));
    fabric.add_outside("IP-Message-GW", Role::IpMessageGw, ip(61));
    assert!(fabric.set_global_title("SMS-GMSC", GMSC) && fabric.set_global_title("IP-Message-GW", GATEWAY));
    fabric
}

fn unitdata(to: &str) -> Vec<u8> {
    let address = |digits| SccpAddress::e164(digits, ssn::MSC).unwrap();
    UnitData::new(address(to), address(GMSC), b"TCAP".to_vec()).emit().unwrap()
}

fn from_to(seen: &[(Instant, FabricOutput)]) -> Vec<(Joint, &str, &str)> {
    messages(seen).iter().map(|message| (message.joint, &*message.from, &*message.to)).collect()
}

/// The return cause of what came to the SMS-GMSC.
fn cause(seen: &[(Instant, FabricOutput)]) -> ReturnCause {
    let told = outside(seen);
    let [(_, OutsideEvent::Sccp { bytes })] = &told[..] else { panic!("{told:?}") };
    let SccpMessage::UnitDataService(back) = SccpMessage::parse(bytes).unwrap() else { panic!("{bytes:?}") };
    assert_eq!((back.called.digits(), back.data.as_slice()), (Some(GMSC), &b"TCAP"[..]));
    back.cause
}

#[test]
fn unitdata_goes_to_the_global_title_of_its_called_party() {
    let mut fabric = with_titles();
    assert!(fabric.sccp_from_outside("SMS-GMSC", unitdata(GATEWAY)) && !fabric.sccp_from_outside("HSS", Vec::new()));
    let seen = run(&mut fabric, Instant::ZERO);
    assert_eq!(from_to(&seen), [(Joint::R6, "SMS-GMSC", "IP-Message-GW")]);
    assert_eq!(messages(&seen)[0].channel(), "sccp 10.46.0.60:0 10.46.0.61:0");
    let told = outside(&seen);
    let [(_, OutsideEvent::Sccp { bytes })] = &told[..] else { panic!("{told:?}") };
    assert_eq!(*bytes, unitdata(GATEWAY));
}

#[test]
fn unitdata_to_nobody_is_seen_and_comes_back() {
    let mut fabric = with_titles();
    assert!(fabric.sccp_from_outside("SMS-GMSC", unitdata("1")));
    let seen = run(&mut fabric, Instant::ZERO);
    assert_eq!(from_to(&seen), [(Joint::R6, "SMS-GMSC", "SS7"), (Joint::R6, "SS7", "SMS-GMSC")]);
    assert_eq!(cause(&seen), ReturnCause::NO_TRANSLATION);
}

#[test]
fn a_box_that_is_down_is_known_and_does_not_answer() {
    let mut fabric = with_titles();
    // One is on its way when the box goes, the other one comes later.
    assert!(fabric.sccp_from_outside("SMS-GMSC", unitdata(GATEWAY)));
    let Some(FabricOutput::Message(first)) = fabric.poll_output() else { panic!("a message") };
    fabric.carry(Instant::ZERO, first);
    fabric.set_down(Instant::ZERO, "IP-Message-GW", true);
    let seen = run(&mut fabric, Instant::ZERO);
    assert_eq!(cause(&seen), ReturnCause::SUBSYSTEM_FAILURE);
    assert!(fabric.sccp_from_outside("SMS-GMSC", unitdata(GATEWAY)));
    let seen = run(&mut fabric, Instant::from_millis(10));
    assert_eq!(from_to(&seen), [(Joint::R6, "SMS-GMSC", "IP-Message-GW"), (Joint::R6, "SS7", "SMS-GMSC")]);
    assert_eq!(cause(&seen), ReturnCause::SUBSYSTEM_FAILURE);
}

#[test]
fn a_global_title_has_one_box() {
    let mut fabric = with_titles();
    assert!(!fabric.set_global_title("nobody", "1"));
    assert!(!fabric.set_global_title("IP-Message-GW", GMSC), "it is the SMS-GMSC's");
    assert!(fabric.set_global_title("SMS-GMSC", GMSC), "it has it already");
    assert!(fabric.sccp_from_outside("IP-Message-GW", unitdata(GMSC)));
    assert_eq!(from_to(&run(&mut fabric, Instant::ZERO)), [(Joint::R6, "IP-Message-GW", "SMS-GMSC")]);
}
