//! What goes wrong for a moment is not held against a modem for ever.

use std::time::Duration;

use super::line::{Fault, Line, config};
use crate::at::AtInput;
use crate::modem::*;
use crate::sim::{Personality, SimCard};

fn ready(line: &mut Line) {
    line.until(|line| matches!(line.modem.state(), ModemState::Ready | ModemState::Quarantined));
    assert_eq!(line.modem.state(), ModemState::Ready, "{:?}", line.quarantined());
}

fn expecting() -> ModemConfig {
    let expected = ExpectedIdentity {
        imei: Some("004402450000017".into()),
        imsi: Some("001010000000001".into()),
        iccid: Some("8988211000000000019".into()),
    };
    ModemConfig { expected, ..config() }
}

#[test]
fn a_pin_is_entered_again_after_a_restart() {
    let sim = SimCard { pin: Some("4711".into()), ..SimCard::default() };
    let config = ModemConfig { pin: Some("4711".into()), ..config() };
    let mut line = Line::new(config, Personality { sim, ..Personality::default() });
    line.up();
    line.run(Duration::from_secs(60));
    line.power_up();
    line.vanish();
    ready(&mut line);
    assert_eq!(line.written.matches("AT+CPIN=").count(), 2);
}

/// It was away for some time and answers all that it was asked meanwhile, one after the other.
#[test]
fn late_answers_are_not_taken_for_others() {
    let mut line = Line::new(expecting(), Personality::default());
    line.answers.push(("", ""));
    line.run(Duration::from_secs(20));
    let asked = line.written.matches("AT\r").count();
    line.until(|line| line.written.matches("AT\r").count() > asked);
    assert!(asked >= 7, "{asked}");
    for _ in 0..=asked {
        line.input(ModemInput::At(AtInput::Bytes(b"\r\nOK\r\n")));
        line.run(Duration::from_millis(60));
    }
    line.answers.clear();
    ready(&mut line);
    assert_eq!(line.rungs(), [], "{:#?}", line.told);
    assert_eq!(line.modem.identity().manufacturer.as_deref(), Some("castbench"));
}

#[test]
fn an_identity_that_is_not_told_at_once_is_asked_for_again() {
    for command in ["AT+CGSN", "AT+CIMI", "AT+CRSM"] {
        let mut line = Line::new(expecting(), Personality::default());
        let ccid = ("AT+CCID", "\r\nERROR\r\n");
        line.answers = vec![(command, "\r\n+CME ERROR: 14\r\n"), ccid];
        line.until(|line| line.written.contains(command));
        line.run(Duration::from_secs(3));
        line.answers = vec![ccid];
        ready(&mut line);
        assert_eq!(line.rungs(), [], "{command}");
        // One that never tells it is not used.
        let mut line = Line::new(expecting(), Personality::default());
        line.answers = vec![(command, "\r\n+CME ERROR: 14\r\n"), ccid];
        line.until(|line| line.modem.state() == ModemState::Quarantined);
        assert!(line.quarantined().unwrap().contains("it does not tell its"), "{:?}", line.quarantined());
        assert!(line.rungs().len() > 1, "{command}");
    }
    // Not the first line.
    let mut line = Line::new(expecting(), Personality::default());
    line.replaced.push(("004402450000017", "^BOOT:12,0\r\n004402450000017"));
    ready(&mut line);
}

#[test]
fn an_identity_that_is_never_answered_is_not_taken_for_the_right_one() {
    let mut line = Line::new(expecting(), Personality::default());
    line.answers.push(("AT+CGSN", ""));
    line.until(|line| matches!(line.modem.state(), ModemState::Ready | ModemState::Quarantined));
    assert!(line.quarantined().unwrap().contains("it does not tell its IMEI"));
}

/// Modems on USB take their time before they go away.
#[test]
fn a_restart_may_take_its_time() {
    for time in [7, 15, 25] {
        let recovery = RecoveryBudget { rungs: vec![Rung::Cfun1Reset, Rung::Reopen], ..RecoveryBudget::default() };
        let mut line = Line::new(ModemConfig { recovery, ..config() }, Personality::default());
        line.up();
        // Something that a restart alone helps against.
        line.fault = Fault::Flood("^DSFLOWRPT: 0,0,0", 500);
        line.flood();
        line.until(|line| line.written.contains("AT+CFUN=1,1\r"));
        line.fault = Fault::None;
        if time > 10 {
            // It answers no more, and is still there.
            line.fault = Fault::Hang;
        }
        line.run(Duration::from_secs(time));
        line.fault = Fault::None;
        line.vanish();
        ready(&mut line);
        assert_eq!(line.rungs(), [Rung::Cfun1Reset], "{time} s");
    }
}

#[test]
fn a_port_may_go_away_twice() {
    let mut line = Line::new(config(), Personality::default());
    line.up();
    line.vanish();
    ready(&mut line);
    line.run(Duration::from_secs(5));
    line.vanish();
    ready(&mut line);
    assert_eq!(line.rungs(), [Rung::Reopen, Rung::Reopen]);
    // And in the middle of what is done about it.
    line.run(Duration::from_secs(60));
    line.vanish();
    line.written.clear();
    line.answers.push(("AT+CGMM", ""));
    line.until(|line| line.written.ends_with("AT+CGMM\r"));
    line.answers.clear();
    line.vanish();
    ready(&mut line);
    // Not for ever.
    line.run(Duration::from_secs(60));
    for _ in 0..20 {
        line.vanish();
        let count = line.written.len();
        line.until(|line| line.written.len() > count || line.modem.state() == ModemState::Quarantined);
    }
    assert_eq!(line.modem.state(), ModemState::Quarantined);
}
