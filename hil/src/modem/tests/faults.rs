//! A modem that vanishes, hangs, floods or answers nonsense: what is done about it, how long that takes, and what is
//! said when nothing helps.

use std::time::Duration;

use proptest::prelude::*;
use protocol::Instant;

use super::line::{Fault, Line, config};
use crate::at::AtInput;
use crate::modem::*;
use crate::sim::{Personality, Quirk};

const SUBMIT: [u8; 19] =
    [0x00, 0x01, 0x00, 0x0C, 0x91, 0x53, 0x48, 0x10, 0x32, 0x54, 0x76, 0x00, 0x00, 0x05, 0xE8, 0x32, 0x9B, 0xFD, 0x06];

fn with_rungs(rungs: &[Rung]) -> ModemConfig {
    ModemConfig { recovery: RecoveryBudget { rungs: rungs.to_vec(), ..RecoveryBudget::default() }, ..config() }
}

fn up(config: ModemConfig) -> Line {
    let mut line = Line::new(config, Personality::default());
    line.up();
    assert_eq!(line.modem.state(), ModemState::Ready);
    line
}

/// Within the budget: the time of all rungs and that of one bring-up.
fn settles(line: &mut Line) -> Duration {
    let began = line.now;
    line.input(ModemInput::Sample);
    line.until(|line| !matches!(line.modem.state(), ModemState::Ready));
    line.until(|line| matches!(line.modem.state(), ModemState::Ready | ModemState::Quarantined));
    let took = line.now - began;
    assert!(took < Duration::from_secs(300 + 120), "{took:?}");
    took
}

#[test]
fn vanishes_in_the_middle_of_a_command_and_comes_back_under_another_name() {
    let mut line = up(config());
    line.input(ModemInput::SendSms { token: 7, pdu: &SUBMIT });
    line.input(ModemInput::Sample);
    // The command is out, the modem has not answered.
    line.vanish();
    assert_eq!(line.modem.state(), ModemState::Recovering { rung: Rung::Reopen });
    line.until(|line| line.modem.state() == ModemState::Ready);
    line.run(Duration::from_secs(1));
    assert_eq!(line.names, ["ttyUSB0", "ttyUSB1"]);
    assert_eq!(line.rungs(), [Rung::Reopen]);
    assert!(line.told.iter().any(|o| matches!(o, ModemOutput::RungTaken { why, .. } if why == "the port is gone")));
    // The message had not been given to the modem: it is sent now, once.
    assert_eq!(line.results, [(7, Ok(1))]);
    assert_eq!(line.sent, [SUBMIT]);
}

#[test]
fn vanishes_for_good() {
    let mut line = up(config());
    line.is_lost = true;
    line.vanish();
    let began = line.now;
    line.until(|line| line.modem.state() == ModemState::Quarantined);
    assert!(line.now - began < Duration::from_secs(60));
    let why = line.quarantined().unwrap();
    assert!(why.starts_with("modem a: ") && why.contains("no device of this identity is there"), "{why}");
    assert_eq!(line.modem.poll_timeout(), None);
}

#[test]
fn hangs_until_its_usb_port_is_switched() {
    let mut line = up(with_rungs(&Rung::ALL));
    (line.fault, line.cure) = (Fault::Hang, Some(Rung::UsbPort));
    settles(&mut line);
    assert_eq!(line.modem.state(), ModemState::Ready);
    // One that does not answer AT cannot be told +CFUN.
    assert_eq!(line.rungs(), [Rung::Resync, Rung::Reopen, Rung::UsbPort]);
    let up_again = |o: &ModemOutput| matches!(o, ModemOutput::Note(note) if note.starts_with("up again after"));
    assert!(line.told.iter().any(up_again));
}

#[test]
fn hangs_for_ever() {
    let mut line = up(config());
    line.fault = Fault::Hang;
    line.input(ModemInput::SendSms { token: 1, pdu: &SUBMIT });
    line.input(ModemInput::SendSms { token: 2, pdu: &SUBMIT });
    settles(&mut line);
    assert_eq!(line.rungs(), [Rung::Resync, Rung::Reopen]);
    let why = line.quarantined().unwrap();
    assert!(why.starts_with("modem a: AT is not answered within 30 s; no rung"), "{why}");
    // Every message has its fate.
    line.run(Duration::from_secs(1));
    assert_eq!(line.results.iter().map(|(token, _)| *token).collect::<Vec<_>>(), [1, 2]);
    assert!(line.results.iter().all(|(_, result)| matches!(result, Err(SmsFailure::NotSent(_)))), "{:?}", line.results);
    line.input(ModemInput::SendSms { token: 3, pdu: &SUBMIT });
    line.run(Duration::from_secs(1));
    assert!(matches!(&line.results[2], (3, Err(SmsFailure::NotSent(why))) if why.contains("quarantine")));
    assert_eq!(line.modem.poll_timeout(), None);
}

/// The stand-in that stops after a hundred commands, silently: it is found out without anybody asking it anything.
#[test]
fn a_modem_that_fell_silent_is_found_out() {
    let personality = Personality { quirks: [Quirk::HangsAfterHundred].into(), ..Personality::default() };
    let mut line = Line::new(with_rungs(&Rung::ALL), personality);
    line.up();
    for _ in 0..100 {
        line.input(ModemInput::Sample);
        line.run(Duration::from_millis(200));
    }
    line.until(|line| line.rungs().contains(&Rung::UsbPort));
    line.until(|line| line.modem.state() == ModemState::Ready);
    assert_eq!(line.rungs(), [Rung::Resync, Rung::Reopen, Rung::UsbPort]);
    let mut line = up(config());
    line.fault = Fault::Hang;
    line.run(Duration::from_secs(90));
    assert_eq!(line.rungs().first(), Some(&Rung::Resync), "nobody asked it anything");
}

#[test]
fn floods_until_it_is_reset() {
    let mut line = up(with_rungs(&Rung::ALL));
    line.is_usb = true;
    (line.fault, line.cure) = (Fault::Flood("^DSFLOWRPT: 0,0,0", 500), Some(Rung::Cfun1Reset));
    line.flood();
    line.until(|line| line.modem.state() != ModemState::Ready);
    line.until(|line| line.modem.state() == ModemState::Ready);
    line.run(Duration::from_secs(20));
    assert_eq!(line.rungs(), [Rung::Cfun4Then1, Rung::Cfun1Reset], "{:#?}", line.told);
    assert_eq!(line.modem.state(), ModemState::Ready);
    assert_eq!(line.names.len(), 2, "it came back under another name");
    let why =
        |o: &ModemOutput| matches!(o, ModemOutput::RungTaken { why, .. } if why.contains("500 lines in a second"));
    assert!(line.told.iter().any(why));
    // Thousands of lines, of which a few are noted.
    let notes = line.told.iter().filter(|o| matches!(o, ModemOutput::Note(_))).count();
    assert!(notes < 150, "{notes}");
}

/// A modem that talks a lot, as Huawei's do, is nothing to worry about; a command is answered in between.
#[test]
fn a_talkative_modem_is_borne() {
    let mut line = up(config());
    line.fault = Fault::Flood("^RSSI: 20", 50);
    line.flood();
    for _ in 0..60 {
        line.input(ModemInput::Sample);
        line.run(Duration::from_secs(1));
    }
    assert_eq!(line.rungs(), []);
    assert_eq!(line.told.iter().filter(|o| matches!(o, ModemOutput::Signal(_))).count(), 60);
}

#[test]
fn answers_nonsense() {
    for words in
        ["\r\n#?!\u{7f}\r\n", "OK OK\r", "\r\n+CPIN: \r\n", ">", "\r\n+CSQ\r\n", "$GPGGA,123519,4807.038,N\r\n"]
    {
        let mut line = up(config());
        line.fault = Fault::Says(words);
        settles(&mut line);
        let why = line.quarantined().unwrap_or_else(|| panic!("{words:?}: {:#?}", line.told));
        assert!(why.starts_with("modem a: "), "{why}");
        assert_eq!(line.modem.poll_timeout(), None);
    }
    // One that answers everything with OK is no modem either: it has no SIM to speak of.
    let mut line = Line::with_quirks(&[]);
    line.fault = Fault::Says("\r\nOK\r\n");
    line.until(|line| line.modem.state() == ModemState::Quarantined);
    assert!(line.quarantined().unwrap().contains("AT+CPIN? is answered by nothing that is known"));
}

#[test]
fn a_budget_is_spent() {
    let mut line = up(config());
    for times in 1..=5 {
        // Not within the time in which the next trouble goes on with the next rung.
        line.run(Duration::from_secs(60));
        line.vanish();
        line.until(|line| line.modem.state() == ModemState::Ready);
        assert_eq!(line.rungs().len(), times);
    }
    line.run(Duration::from_secs(60));
    line.vanish();
    line.run(Duration::from_secs(1));
    assert_eq!(line.modem.state(), ModemState::Quarantined);
    let why = line.quarantined().unwrap();
    assert_eq!(why, "modem a: the port is gone; it had to be helped 5 times within 3600 s already");
}

#[test]
fn trouble_soon_after_goes_on_with_the_next_rung() {
    let mut line = up(with_rungs(&Rung::ALL));
    line.vanish();
    line.until(|line| line.modem.state() == ModemState::Ready);
    line.vanish();
    line.until(|line| line.modem.state() == ModemState::Ready);
    assert_eq!(line.rungs(), [Rung::Reopen, Rung::UsbPort]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a port says and whenever it comes and goes: a bounded number of steps leads to a modem that is ready or
    /// given up, and time goes on.
    #[test]
    fn any_port_is_survived(
        words in prop::collection::vec(prop_oneof![
            any::<Vec<u8>>(),
            prop::sample::select(vec!["\r\nOK\r\n", "\r\n> ", "\r\nERROR\r\n", "\r\n+CMTI: \"SM\",3\r\n", "\r\n+CMT: ,4\r\n00010203\r\n", "\r\n+CPIN: READY\r\n\r\nOK\r\n"])
                .prop_map(|text: &str| text.as_bytes().to_vec()),
        ], 1..60),
        closes in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        performs in any::<bool>(),
    ) {
        let mut modem = Modem::new(config());
        let mut now = Instant::ZERO;
        modem.handle_input(now, ModemInput::At(AtInput::Opened));
        modem.handle_input(now, ModemInput::Start);
        modem.handle_input(now, ModemInput::SendSms { token: 1, pdu: &SUBMIT });
        let closes: Vec<_> = closes.iter().map(|index| index.index(words.len())).collect();
        let (mut said, mut turns, mut fates) = (0, 0, 0);
        loop {
            let mut wrote = false;
            while let Some(output) = modem.poll_output() {
                match output {
                    ModemOutput::Write(_) => wrote = true,
                    ModemOutput::SmsSent { .. } => fates += 1,
                    ModemOutput::Perform(rung) if performs => {
                        modem.handle_input(now, ModemInput::At(AtInput::Opened));
                        modem.handle_input(now, ModemInput::Rung { rung, result: Ok(()) });
                    }
                    _ => {}
                }
            }
            if wrote && said < words.len() {
                if closes.contains(&said) {
                    modem.handle_input(now, ModemInput::At(AtInput::Closed));
                }
                modem.handle_input(now, ModemInput::At(AtInput::Bytes(&words[said])));
                said += 1;
                continue;
            }
            turns += 1;
            prop_assert!(turns < 2000, "{:?}", modem.state());
            match modem.poll_timeout() {
                Some(due) => now = now.max(due),
                None => break,
            }
            modem.handle_timeout(now);
            if modem.state() == ModemState::Quarantined {
                break;
            }
        }
        while let Some(output) = modem.poll_output() {
            fates += usize::from(matches!(output, ModemOutput::SmsSent { .. }));
        }
        prop_assert_eq!(modem.state(), ModemState::Quarantined);
        prop_assert_eq!(fates, 1);
        prop_assert!(now < Instant::from_millis(2_000_000));
    }
}
