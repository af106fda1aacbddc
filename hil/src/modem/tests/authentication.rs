//! Challenges for the SIM: by a channel to ISIM or USIM, by the basic channel, and what is said when none is answered.

use milenage::Milenage;

use super::line::{Line, config};
use crate::at::AtInput;
use crate::at::ts31102::{AkaAnswer, Authenticate, AuthenticationFailure};
use crate::modem::*;
use crate::sim::{Personality, SimCard, SimUsim};

const RAND: [u8; 16] = [0x5A; 16];

/// A challenge of the network of a card.
fn challenge(card: &SimCard, sqn: u64) -> Authenticate {
    let mut milenage = Milenage::new_with_opc(card.k.0, card.opc.0);
    let (.., ak) = milenage.f2345(&RAND);
    let [_, _, sqn @ ..] = sqn.to_be_bytes();
    let mac = milenage.f1(&RAND, &sqn, &[0x80, 0]);
    let hidden: Vec<u8> = sqn.iter().zip(ak).map(|(s, a)| s ^ a).collect();
    Authenticate { rand: RAND, autn: [&hidden[..], &[0x80, 0], &mac].concat().try_into().unwrap() }
}

fn line(sim: SimCard) -> Line {
    let mut line = Line::new(config(), Personality { sim, ..Personality::default() });
    line.up();
    line.written.clear();
    line
}

type Answer = Result<AkaAnswer, AuthenticationFailure>;

fn ask(line: &mut Line, challenge: Authenticate) -> Answer {
    line.told.clear();
    line.input(ModemInput::Authenticate { token: 7, challenge });
    line.until(|line| !answers(line).is_empty());
    line.run(std::time::Duration::from_secs(1));
    let mut answers = answers(line);
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

fn answers(line: &Line) -> Vec<Answer> {
    let answer = |output: &ModemOutput| match output {
        ModemOutput::Authenticated { token: 7, result } => Some(result.clone()),
        _ => None,
    };
    line.told.iter().filter_map(answer).collect()
}

fn res(answer: &Answer) -> Vec<u8> {
    let Ok(AkaAnswer::Success { res, .. }) = answer else { panic!("{answer:?}") };
    res.clone()
}

#[test]
fn the_isim_answers_on_a_channel_which_is_closed_then() {
    let card = SimCard::default();
    let mut line = line(card.clone());
    let first = ask(&mut line, challenge(&card, 0x20));
    let (wanted, ck, _, _) = Milenage::new_with_opc(card.k.0, card.opc.0).f2345(&RAND);
    assert_eq!(res(&first), wanted);
    assert!(matches!(&first, Ok(AkaAnswer::Success { ck: told, .. }) if *told == ck));
    assert!(line.written.contains("AT+CCHO=\"A0000000871004\"\r"), "{}", line.written);
    assert!(line.written.contains("AT+CCHC=1\r"), "{}", line.written);
    // Ten more: channels are not used up.
    for sqn in 2..12 {
        res(&ask(&mut line, challenge(&card, sqn << 5)));
    }
}

#[test]
fn a_card_without_isim_answers_by_its_usim() {
    let card = SimCard { isim: false, ..SimCard::default() };
    let mut line = line(card.clone());
    res(&ask(&mut line, challenge(&card, 0x20)));
    assert!(line.written.contains("AT+CGLA=1,"), "{}", line.written);
}

#[test]
fn a_modem_without_channels_is_asked_by_csim() {
    let card = SimCard::default();
    let mut line = line(card.clone());
    line.answers = vec![("AT+CCHO", "\r\nERROR\r\n")];
    res(&ask(&mut line, challenge(&card, 0x20)));
    assert!(line.written.contains("AT+CSIM=80,\"00880081"), "{}", line.written);
}

#[test]
fn an_answer_that_waits_is_fetched() {
    let mut line = line(SimCard::default());
    let (ck, ik) = ("11".repeat(16), "22".repeat(16));
    let whole: &'static str = format!(
        "\r\n+CGLA: 84,\"DB0401020304\
        10{ck}10{ik}9000\"\r\n\r\nOK\r\n"
    )
    .leak();
    line.answers = vec![
        ("AT+CGLA=1,80,\"00880081", "\r\n+CGLA: 4,\"6128\"\r\n\r\nOK\r\n"),
        ("AT+CGLA=1,10,\"00C0000028\"", whole),
    ];
    let answer = ask(&mut line, Authenticate { rand: RAND, autn: [0; 16] });
    assert_eq!(res(&answer), [1, 2, 3, 4]);
}

#[test]
fn stale_and_foreign_challenges_are_told_apart() {
    let card = SimCard { sqn: 1 << 20, ..SimCard::default() };
    let mut line = line(card.clone());
    let stale = ask(&mut line, challenge(&card, 0x20));
    assert!(matches!(stale, Ok(AkaAnswer::SynchronisationFailure { .. })), "{stale:?}");
    assert_eq!(stale, SimUsim::new(&card).authenticate(&challenge(&card, 0x20)));
    let foreign = ask(&mut line, Authenticate { rand: RAND, autn: [0; 16] });
    assert_eq!(foreign, Err(AuthenticationFailure::IncorrectMac));
    assert_eq!(SimUsim::new(&card).authenticate(&Authenticate { rand: RAND, autn: [0; 16] }), foreign);
}

#[test]
fn each_challenge_has_one_answer_whatever_happens() {
    let card = SimCard::default();
    // Without SIM.
    let mut without = line(SimCard { present: false, ..SimCard::default() });
    let why = ask(&mut without, challenge(&card, 0x20)).unwrap_err().to_string();
    assert!(why.contains("there is no SIM"), "{why}");
    // The port goes away in the middle of it.
    let mut cut = line(card.clone());
    cut.answers = vec![("AT+CGLA", "")];
    cut.input(ModemInput::Authenticate { token: 7, challenge: challenge(&card, 0x20) });
    cut.run(std::time::Duration::from_millis(100));
    cut.input(ModemInput::At(AtInput::Closed));
    cut.run(std::time::Duration::from_millis(100));
    assert!(matches!(answers(&cut)[..], [Err(AuthenticationFailure::NoAnswer(_))]), "{:?}", cut.told);
    // The SIM refuses, and what it said is not repeated.
    let mut refused = line(card.clone());
    refused.answers = vec![("AT+CGLA", "\r\n+CGLA: 6,\"DB0102\"\r\n\r\nOK\r\n")];
    let why = ask(&mut refused, challenge(&card, 0x20)).unwrap_err().to_string();
    assert!(!why.contains("DB01"), "{why}");
    refused.answers = vec![("AT+CGLA", "\r\n+CGLA: 4,\"6982\"\r\n\r\nOK\r\n")];
    let why = ask(&mut refused, challenge(&card, 0x40)).unwrap_err().to_string();
    assert!(why.contains("PIN"), "{why}");
    // Switched off.
    let mut off = line(card.clone());
    off.input(ModemInput::Shutdown);
    off.input(ModemInput::Authenticate { token: 7, challenge: challenge(&card, 0x20) });
    off.run(std::time::Duration::from_secs(60));
    assert!(matches!(answers(&off)[..], [Err(AuthenticationFailure::NoAnswer(_))]), "{:?}", off.told);
}
