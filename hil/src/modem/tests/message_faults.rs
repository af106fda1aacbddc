//! Messages through troubles of their own: what goes wrong once is not wrong for ever, and nothing is deleted unread.

use std::time::Duration;

use super::line::{Fault, Line, config};
use super::messages::{deliver, report, routing, submit, up};
use crate::at::AtInput;
use crate::modem::*;
use crate::sim::{Personality, Quirk, SimInput};

fn bytes(line: &mut Line, text: &str) {
    line.input(ModemInput::At(AtInput::Bytes(text.as_bytes())));
}

/// A network that takes its time: the text of a message is out, and nothing is answered for so long.
fn while_sending(line: &mut Line, time: Duration, happen: impl FnOnce(&mut Line)) {
    line.answers = vec![("AT+CMGS", "\r\n> "), ("0001", "")];
    line.input(ModemInput::SendSms { token: 1, pdu: &submit(1) });
    line.run(Duration::from_secs(1));
    happen(line);
    line.run(time);
    line.answers.clear();
    bytes(line, "\r\n+CMGS: 1\r\n\r\nOK\r\n");
    line.run(Duration::from_secs(1));
    assert_eq!(line.results, [(1, Ok(1))]);
}

#[test]
fn a_status_report_hangs_on_no_acknowledgement() {
    let mut line = up(&[]);
    while_sending(&mut line, Duration::from_secs(20), |line| {
        line.sim.handle_input(line.now, SimInput::StatusReport(&report()));
    });
    line.run(Duration::from_secs(5));
    assert_eq!(line.reports, [report()]);
    line.deliver(&deliver(1));
    line.run(Duration::from_secs(5));
    assert_eq!(line.received, [deliver(1)]);
    assert!(line.written.contains("AT+CSMS=0\r") && !line.written.contains("AT+CNMA"), "{}", line.written);
}

/// A modem that was not answered in time routes no more, until it is told to.
#[test]
fn routing_is_set_again_after_an_acknowledgement_that_came_too_late() {
    let mut line = routing();
    while_sending(&mut line, Duration::from_secs(20), |line| line.deliver(&deliver(1)));
    line.run(Duration::from_secs(10));
    line.received.clear();
    line.deliver(&deliver(2));
    line.run(Duration::from_secs(1));
    assert_eq!(line.received, [deliver(2)]);
    assert_eq!(line.written.matches("AT+CNMI=2,2").count(), 2, "{}", line.written);
}

#[test]
fn a_modem_that_stopped_routing_without_a_word_is_looked_after() {
    let mut line = routing();
    line.vanish();
    // It was routed to nobody.
    line.deliver(&deliver(1));
    line.until(|line| line.modem.state() == ModemState::Ready);
    line.run(Duration::from_secs(80));
    assert_eq!(line.received, [deliver(1)]);
    line.deliver(&deliver(2));
    line.run(Duration::from_secs(1));
    assert_eq!(line.received.last(), Some(&deliver(2)), "it is routed again");
}

/// The answer to `+CMGD` is lost, the place is taken by another message: that one is not deleted unread.
#[test]
fn a_delete_is_not_repeated_blindly() {
    let mut line = up(&[]);
    line.answers.push(("AT+CMGD", ""));
    line.deliver(&deliver(1));
    line.run(Duration::from_secs(1));
    assert!(line.written.ends_with("AT+CMGD=1\r"), "{}", line.written);
    line.replaced.push(("OK", ""));
    line.sim.handle_input(line.now, SimInput::Host(b"AT+CMGD=1\r"));
    line.run(Duration::from_secs(1));
    line.vanish();
    line.deliver(&deliver(2));
    (line.answers, line.replaced) = (Vec::new(), Vec::new());
    line.until(|line| line.modem.state() == ModemState::Ready);
    line.run(Duration::from_secs(5));
    assert_eq!(line.received, [deliver(1), deliver(2)]);
}

#[test]
fn a_stall_at_bring_up_costs_no_messages() {
    for command in ["AT+CMGF=0", "AT+CNMI=2", "AT+CNMI=?", "AT+CPMS=\"SM\"", "AT+CSMS=0"] {
        let mut line = Line::with_quirks(&[]);
        line.answers.push((command, ""));
        line.until(|line| line.written.contains(command));
        line.run(Duration::from_millis(100));
        line.answers.clear();
        line.up();
        line.deliver(&deliver(1));
        line.run(Duration::from_secs(1));
        assert_eq!(line.received, [deliver(1)], "{command}: {:#?}", line.told);
    }
}

#[test]
fn a_modem_whose_indications_are_not_set_is_asked() {
    let avoids = "name = \"lab\"\nverified = true\navoid = [\"+CNMI\"]";
    let profile = Some(ModemProfile::parse(avoids).unwrap());
    let mut avoiding = Line::new(ModemConfig { profile, ..config() }, Personality::default());
    let mut hanging = Line::with_quirks(&[]);
    hanging.answers.push(("AT+CNMI=2", ""));
    for line in [&mut avoiding, &mut hanging] {
        line.up();
        line.deliver(&deliver(1));
        line.run(Duration::from_secs(6));
        assert_eq!(line.received, [deliver(1)], "{:#?}", line.told);
    }
}

#[test]
fn a_refusal_is_not_the_end_of_a_message() {
    for (command, quirks) in [("AT+CMGR", &[][..]), ("AT+CMGD", &[]), ("AT+CMGR", &[Quirk::CmglHangs])] {
        let mut line = up(quirks);
        line.run(Duration::from_secs(40));
        line.answers.push((command, "\r\n+CMS ERROR: 314\r\n"));
        line.deliver(&deliver(1));
        line.run(Duration::from_secs(1));
        line.answers.clear();
        line.run(Duration::from_secs(10));
        assert_eq!(line.received, [deliver(1)], "{command}");
        // Its place is free.
        line.received.clear();
        (0..30).for_each(|number| line.deliver(&deliver(number)));
        line.run(Duration::from_secs(30));
        assert_eq!(line.received.len(), 30, "{command}");
    }
}

/// One that refuses for ever is asked less and less often.
#[test]
fn a_refusal_for_ever_is_borne() {
    let mut line = up(&[]);
    line.answers.push(("AT+CMGD", "\r\n+CMS ERROR: 500\r\n"));
    line.deliver(&deliver(1));
    line.run(Duration::from_secs(3600));
    assert_eq!(line.received, [deliver(1)]);
    let times = line.written.matches("AT+CMGD").count();
    assert!((10..40).contains(&times), "{times}");
}

/// Something else is done about the modem while `+CMGS` waits for its prompt, which comes yet.
#[test]
fn a_message_whose_prompt_comes_late_is_not_sent_twice() {
    let mut line = up(&[]);
    line.answers.push(("AT+CMGS", ""));
    line.input(ModemInput::SendSms { token: 1, pdu: &submit(1) });
    line.fault = Fault::Flood("^DSFLOWRPT: 0,0,0", 500);
    line.flood();
    line.until(|line| line.modem.state() != ModemState::Ready);
    (line.fault, line.answers) = (Fault::None, vec![]);
    line.sim.handle_input(line.now, SimInput::Host(b"AT+CMGS=18\r"));
    line.until(|line| line.modem.state() == ModemState::Ready);
    line.run(Duration::from_secs(10));
    assert!(line.sent.len() <= 1, "{}", line.sent.len());
    assert!(matches!(&line.results[..], [(1, Err(SmsFailure::Unknown(_)))]), "{:?}", line.results);
}

#[test]
fn every_message_has_its_fate_when_the_modem_is_switched_off() {
    let mut line = up(&[]);
    line.answers = vec![("AT+CMGS", "\r\n> "), ("0001", "")];
    line.input(ModemInput::SendSms { token: 1, pdu: &submit(1) });
    line.run(Duration::from_secs(1));
    line.input(ModemInput::SendSms { token: 2, pdu: &submit(2) });
    line.input(ModemInput::Shutdown);
    line.until(|line| line.modem.state() == ModemState::Off);
    // Whoever waits for that waits no longer.
    line.run(Duration::from_millis(1));
    assert!(
        matches!(&line.results[..], [(2, Err(SmsFailure::NotSent(_))), (1, Err(SmsFailure::Unknown(_)))]),
        "{:?}",
        line.results
    );
}

#[test]
fn time_goes_on_without_messages_and_without_indications() {
    let mut line = Line::with_quirks(&[]);
    line.answers = vec![("AT+CMGF", "\r\nERROR\r\n"), ("AT+CNMI", "\r\nERROR\r\n")];
    line.up();
    line.run(Duration::from_secs(300));
    let mut line = Line::with_quirks(&[]);
    line.answers = vec![("AT+CMGF", ""), ("AT+CNMI", "\r\nERROR\r\n")];
    line.up();
    line.run(Duration::from_secs(300));
    assert_eq!(line.modem.state(), ModemState::Ready);
}

/// A memory that is read place by place, over a slow port, again and again.
#[test]
fn a_large_memory_holds_nothing_up() {
    let personality = Personality { sms_capacity: 200, quirks: [Quirk::CmglHangs].into(), ..Personality::default() };
    let mut line = Line::new(config(), personality);
    line.replaced.push(("+CNMI: (0-3),(0-2)", "+CNMI: (0-3),(0)"));
    line.read_time = Duration::from_millis(50);
    line.up();
    line.run(Duration::from_secs(40));
    line.input(ModemInput::SendSms { token: 1, pdu: &submit(1) });
    line.input(ModemInput::Sample);
    line.run(Duration::from_secs(1));
    assert_eq!(line.results, [(1, Ok(1))]);
    line.run(Duration::from_secs(15));
    assert!(line.told.iter().any(|o| matches!(o, ModemOutput::Signal(_))), "nothing else is done any more");
}

#[test]
fn a_network_that_said_nothing_may_have_it() {
    let mut line = up(&[]);
    line.answers.push(("AT+CMGS", "\r\n+CMS ERROR: 332\r\n"));
    line.input(ModemInput::SendSms { token: 1, pdu: &submit(1) });
    line.run(Duration::from_secs(1));
    assert!(matches!(&line.results[..], [(1, Err(SmsFailure::Unknown(_)))]), "{:?}", line.results);
}
