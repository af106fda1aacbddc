//! Messages: none lost, none twice, whatever happens meanwhile.

use std::time::Duration;

use super::line::{Fault, Line, config};
use crate::at::AtInput;
use crate::modem::*;
use crate::sim::{Personality, Quirk, SimInput, SimOutput};

/// SMS-DELIVER, told from others by its time stamp.
pub(super) fn deliver(number: u8) -> Vec<u8> {
    let mut pdu = hex::decode("07915348502020F0040C9153481032547600006211205100000005E8329BFD06").unwrap();
    let at = pdu.len() - 8;
    pdu[at] = ((number % 10) << 4) | (number / 10);
    pdu
}

/// SMS-STATUS-REPORT.
pub(super) fn report() -> Vec<u8> {
    hex::decode("07915348502020F006010C91534810325476621120510000006211205100000000").unwrap()
}

pub(super) fn submit(reference: u8) -> Vec<u8> {
    let mut pdu = hex::decode("0001000C91534810325476000005E8329BFD06").unwrap();
    pdu[2] = reference;
    pdu
}

pub(super) fn up(quirks: &[Quirk]) -> Line {
    let mut line = Line::with_quirks(quirks);
    line.up();
    assert_eq!(line.modem.state(), ModemState::Ready);
    line
}

/// Routed, not stored: the modem offers nothing else.
pub(super) fn routing() -> Line {
    let mut line = Line::new(config(), Personality::default());
    line.replaced.push(("+CNMI: (0-3),(0-2)", "+CNMI: (0-3),(0,2)"));
    line.up();
    assert!(line.written.contains("AT+CNMI=2,2,0,2,0\r"), "{}", line.written);
    line
}

#[test]
fn messages_go_out_in_their_order() {
    let mut line = up(&[]);
    for token in 0..20 {
        line.input(ModemInput::SendSms { token, pdu: &submit(token as u8) });
    }
    line.run(Duration::from_secs(10));
    assert_eq!(line.results, (0..20).map(|token| (token, Ok(token as u8 + 1))).collect::<Vec<_>>());
    assert_eq!(line.sent, (0..20).map(submit).collect::<Vec<_>>());
}

#[test]
fn messages_come_in_and_leave_the_memory() {
    for mut line in [up(&[]), up(&[Quirk::SmsIndexFromZero, Quirk::StatusInWords]), up(&[Quirk::CmglHangs]), routing()]
    {
        // Until a list that never ends has been given up.
        line.run(Duration::from_secs(40));
        for number in 0..60 {
            line.deliver(&deliver(number));
            line.run(Duration::from_millis(50));
        }
        line.sim.handle_input(line.now, SimInput::StatusReport(&report()));
        line.run(Duration::from_secs(10));
        assert_eq!(line.received, (0..60).map(deliver).collect::<Vec<_>>());
        assert_eq!(line.reports, [report()]);
    }
}

/// At the moment of bring-up, with codes off, in a memory that cannot be listed.
#[test]
fn messages_that_came_before_are_found() {
    for quirks in [&[][..], &[Quirk::CmglHangs], &[Quirk::SmsIndexFromZero, Quirk::CmglHangs]] {
        let mut line = Line::with_quirks(quirks);
        (0..30).for_each(|number| line.deliver(&deliver(number)));
        line.up();
        line.run(Duration::from_secs(30));
        assert_eq!(line.received, (0..30).map(deliver).collect::<Vec<_>>());
        // All places are free again.
        (30..60).for_each(|number| line.deliver(&deliver(number)));
        line.run(Duration::from_secs(30));
        assert_eq!(line.received.len(), 60);
    }
}

#[test]
fn a_modem_that_tells_of_no_messages_is_asked() {
    let mut line = Line::with_quirks(&[]);
    line.replaced.push(("+CNMI: (0-3),(0-2)", "+CNMI: (0-3),(0)"));
    line.up();
    line.deliver(&deliver(1));
    line.run(Duration::from_secs(6));
    assert_eq!(line.received, [deliver(1)]);
    line.run(Duration::from_secs(60));
    assert_eq!(line.received.len(), 1);
}

/// A message that nobody has fetched from the driver stays in the modem.
#[test]
fn what_was_not_taken_is_not_forgotten() {
    let Line { mut modem, mut sim, now, .. } = up(&[]);
    sim.handle_input(now, SimInput::Sms(&deliver(1)));
    let mut wrote = String::new();
    let taken = (0..10).find_map(|_| {
        while let Some(output) = sim.poll_output() {
            if let SimOutput::Host(bytes) = output {
                modem.handle_input(now, ModemInput::At(AtInput::Bytes(&bytes)));
            }
        }
        match modem.poll_output() {
            Some(ModemOutput::Write(bytes)) => {
                wrote.push_str(&String::from_utf8_lossy(&bytes));
                sim.handle_input(now, SimInput::Host(&bytes));
                None
            }
            Some(ModemOutput::SmsReceived { pdu }) => Some(pdu),
            _ => None,
        }
    });
    assert_eq!(taken, Some(deliver(1)));
    assert_eq!(wrote, "AT+CMGR=1\r");
    assert_eq!(modem.poll_output(), Some(ModemOutput::Write(b"AT+CMGD=1\r".to_vec())), "it is deleted now");
}

/// Troubles of all kinds while messages come in: each is handed on once.
#[test]
fn nothing_is_lost_and_nothing_comes_twice_through_troubles() {
    let budget = RecoveryBudget { recoveries: 100, rungs: Rung::ALL.to_vec(), ..RecoveryBudget::default() };
    for routes in [false, true] {
        let mut line = Line::new(ModemConfig { recovery: budget.clone(), ..config() }, Personality::default());
        if routes {
            line.replaced.push(("+CNMI: (0-3),(0-2)", "+CNMI: (0-3),(0,2)"));
        }
        line.up();
        for number in 0..20 {
            line.run(Duration::from_secs(40));
            if number % 3 == 0 {
                line.vanish();
            } else if number % 3 == 1 {
                (line.fault, line.cure) = (Fault::Hang, Some(Rung::Reopen));
                line.input(ModemInput::Sample);
            }
            line.deliver(&deliver(number));
            line.run(Duration::from_millis(u64::from(number)));
            line.input(ModemInput::SendSms { token: number.into(), pdu: &submit(number) });
            line.run(Duration::from_millis(100));
            line.until(|line| line.modem.state() == ModemState::Ready && line.fault == Fault::None);
        }
        line.run(Duration::from_secs(60));
        let mut received = line.received.clone();
        received.sort();
        if routes {
            // One whose acknowledgement was lost comes again from the network.
            received.dedup();
        }
        let mut want: Vec<_> = (0..20).map(deliver).collect();
        want.sort();
        assert_eq!(received, want, "routes: {routes}");
        assert_eq!(line.results.len(), 20);
        assert!(line.results.iter().all(|(_, result)| result.is_ok()), "{:?}", line.results);
        assert_eq!(line.sent.len(), 20);
    }
}

#[test]
fn a_message_that_the_modem_had_is_not_sent_again() {
    let mut line = up(&[]);
    line.input(ModemInput::SendSms { token: 1, pdu: &submit(1) });
    line.until(|line| line.sent.len() == 1);
    line.vanish();
    line.until(|line| line.modem.state() == ModemState::Ready);
    line.run(Duration::from_secs(5));
    assert!(matches!(&line.results[..], [(1, Err(SmsFailure::Unknown(_)))]), "{:?}", line.results);
    assert_eq!(line.sent.len(), 1);
}

#[test]
fn refusals_are_told_as_they_are() {
    let mut line = up(&[]);
    line.answers.push(("AT+CMGS", "\r\n+CMS ERROR: 331\r\n"));
    line.input(ModemInput::SendSms { token: 1, pdu: &submit(1) });
    line.run(Duration::from_secs(1));
    assert!(
        matches!(&line.results[..], [(1, Err(SmsFailure::Refused(why)))] if why.contains("331 (no network service)"))
    );
    // A SIM that is busy is asked again.
    line.answers = vec![("AT+CMGS", "\r\n+CMS ERROR: 314\r\n")];
    line.input(ModemInput::SendSms { token: 2, pdu: &submit(2) });
    line.run(Duration::from_secs(3));
    line.answers.clear();
    line.run(Duration::from_secs(3));
    assert_eq!(line.results[1], (2, Ok(1)));
    line.input(ModemInput::SendSms { token: 3, pdu: &[] });
    line.run(Duration::from_secs(1));
    assert!(matches!(&line.results[2], (3, Err(SmsFailure::NotSent(why))) if why.contains("no PDU")));
}
