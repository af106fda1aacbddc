//! A stand-in is recorded with the driver on it, made into a personality, and plays its part again.

use std::time::Duration;

use proptest::prelude::*;
use protocol::Instant;

use super::*;
use crate::at::AtInput;
use crate::modem::{Modem, ModemConfig, ModemInput, ModemOutput, ModemState};
use crate::sim::{Personality, Quirk, SimCard, SimCell, SimInput, SimModem, SimOutput};

const DELIVER: &str = "07915348502020F0040C9153481032547600006211205100000005E8329BFD06";
const SUBMIT: &str = "0001000C91534810325476000005E8329BFD06";
/// Identities of the stand-in's subscriber: the digits, and as octets with their halves swapped.
const SECRETS: [&str; 8] = [
    "0000017",
    "0000000001",
    "11000000000019",
    "98881201000000000010",
    "358401234567",
    "534810325476",
    "5348502020F0",
    "4711",
];

/// What a session of the driver with some modem gives that does not depend on who the subscriber is.
fn typed(outputs: &[ModemOutput]) -> Vec<String> {
    let said = |output: &ModemOutput| match output {
        ModemOutput::Identity(i) => Some(format!("{:?} {:?} {}", i.manufacturer, i.model, i.numbers.len())),
        ModemOutput::Registration(..) | ModemOutput::Signal(_) | ModemOutput::State(_) => Some(format!("{output:?}")),
        ModemOutput::SmsSent { .. } => Some(format!("{output:?}")),
        ModemOutput::SmsReceived { pdu } => Some(format!("{} octets", pdu.len())),
        _ => None,
    };
    outputs.iter().filter_map(said).collect()
}

/// A session: brought up, one message in, one out, a sample, switched off. `exchange` is the modem.
fn session(mut exchange: impl FnMut(Instant, Option<&[u8]>) -> (Vec<Vec<u8>>, Option<Instant>)) -> Vec<ModemOutput> {
    let mut modem = Modem::new(ModemConfig { pin: Some("4711".into()), ..ModemConfig::default() });
    let (mut now, mut all, mut ready) = (Instant::ZERO, Vec::new(), None::<Instant>);
    modem.handle_input(now, ModemInput::At(AtInput::Opened));
    modem.handle_input(now, ModemInput::Start);
    for _ in 0..5000 {
        let (mut said, due) = exchange(now, None);
        while let Some(output) = modem.poll_output() {
            match output {
                ModemOutput::Write(bytes) => said.extend(exchange(now, Some(&bytes)).0),
                ModemOutput::State(ModemState::Off) => return all,
                other => all.push(other),
            }
        }
        if !said.is_empty() {
            said.iter().for_each(|bytes| modem.handle_input(now, ModemInput::At(AtInput::Bytes(bytes))));
            continue;
        }
        if modem.state() == ModemState::Ready {
            match ready {
                None => {
                    ready = Some(now + Duration::from_secs(60));
                    modem.handle_input(now, ModemInput::SendSms { token: 1, pdu: &hex::decode(SUBMIT).unwrap() });
                    modem.handle_input(now, ModemInput::Sample);
                    continue;
                }
                Some(end) if now >= end => modem.handle_input(now, ModemInput::Shutdown),
                Some(_) => {}
            }
        }
        now = [modem.poll_timeout(), due, ready.filter(|end| *end > now)]
            .into_iter()
            .flatten()
            .min()
            .expect("a due time");
        modem.handle_timeout(now);
    }
    panic!("a session that never ends: {all:#?}");
}

fn recorded(quirks: &[Quirk]) -> (String, Vec<ModemOutput>) {
    let sim = SimCard { pin: Some("4711".into()), ..SimCard::default() };
    let mut sim =
        SimModem::new(Personality { quirks: quirks.iter().copied().collect(), sim, ..Personality::default() });
    let cell = SimCell { tac: 0xA1, cell_identity: 0x01A2_B3C4, rsrp_dbm: -80.7, rsrq_db: -9.8, ..SimCell::default() };
    sim.handle_input(Instant::ZERO, SimInput::PowerUp);
    sim.handle_input(Instant::ZERO, SimInput::Cell(Some(cell)));
    sim.handle_input(Instant::ZERO, SimInput::Sms(&hex::decode(DELIVER).unwrap()));
    let mut record = head_line("memory", 0);
    let outputs = session(|now, bytes| {
        if sim.poll_timeout().is_some_and(|due| due <= now) {
            sim.handle_timeout(now);
        }
        if let Some(bytes) = bytes {
            record.push_str(&record_line(now, Side::Host, bytes));
            sim.handle_input(now, SimInput::Host(bytes));
        }
        let mut said = Vec::new();
        while let Some(output) = sim.poll_output() {
            match output {
                SimOutput::Host(bytes) => {
                    record.push_str(&record_line(now, Side::Modem, &bytes));
                    said.push(bytes);
                }
                SimOutput::SendSms { token, .. } => {
                    sim.handle_input(now, SimInput::SmsSent { token, result: Ok(7) });
                }
                _ => {}
            }
        }
        (said, sim.poll_timeout())
    });
    (record, outputs)
}

fn replayed(personality: &RecordedPersonality, chunk: usize) -> Vec<ModemOutput> {
    let mut modem = ReplayModem::new(Instant::ZERO, personality.clone());
    session(|now, bytes| {
        bytes.into_iter().for_each(|bytes| modem.handle_input(now, bytes));
        let said: Vec<u8> = std::iter::from_fn(|| modem.poll_output(now)).flatten().collect();
        (said.chunks(chunk).map(<[u8]>::to_vec).collect(), modem.poll_timeout())
    })
}

#[test]
fn a_record_plays_the_same_part_again() {
    for quirk in [None].into_iter().chain(Quirk::ALL.map(Some)) {
        let quirks: Vec<_> = quirk.into_iter().collect();
        let (record, outputs) = recorded(&quirks);
        let personality = RecordedPersonality::of_record(&Recording::parse(&record).unwrap());
        // As a file, and back.
        let personality = RecordedPersonality::parse(&personality.to_toml().unwrap()).unwrap();
        assert_eq!(typed(&replayed(&personality, 1000)), typed(&outputs), "{quirk:?}");
    }
}

#[test]
fn a_personality_has_no_secrets() {
    let (record, _) = recorded(&[]);
    let personality = RecordedPersonality::of_record(&Recording::parse(&record).unwrap());
    let everything: String = personality.to_toml().unwrap();
    assert!(record.contains("004402450000017"), "the record itself has everything");
    for secret in SECRETS {
        assert!(!everything.contains(secret), "{secret} in {everything}");
    }
    assert!(!everything.contains("E8329BFD06"), "the text of a message");
    // What is no secret is still there: type of modem, network, the shape of everything.
    assert!(everything.contains("00440245") && everything.contains("00101"), "{everything}");
    assert!(everything.contains("AT+CMGS=18"));
}

/// Identities in places that nobody thought of.
#[test]
fn secrets_in_answers_of_vendors_go_as_well() {
    let mut record = head_line("x", 0);
    let mut say = |at, side, text: &str| record.push_str(&record_line(Instant::from_millis(at), side, text.as_bytes()));
    say(0, Side::Modem, "\r\nRDY IMEI 490154203237518\r\n");
    say(10, Side::Host, "AT+CIMI\r");
    say(11, Side::Modem, "\r\n26201");
    // In two pieces.
    say(30, Side::Modem, "0123456789\r\n\r\nOK\r\n");
    say(40, Side::Host, "AT#RFSTS\r");
    say(41, Side::Modem, "\r\n#RFSTS: \"262 01\",1300,-95,\"262010123456789\",\"O\"\r\n\r\nOK\r\n");
    say(50, Side::Host, "ATD+4915112345678;\r");
    say(51, Side::Modem, "\r\n+CLIP: \"+4915112345678\",145\r\n");
    let personality = RecordedPersonality::of_record(&Recording::parse(&record).unwrap());
    let everything = personality.to_toml().unwrap();
    for secret in ["490154203237518", "0123456789", "4915112345678"] {
        assert!(!everything.contains(secret), "{secret} in {everything}");
    }
    let says: String = personality.exchanges[0].says.iter().map(|s| s.words.as_str()).collect();
    assert_eq!(says.len(), "\r\n262010123456789\r\n\r\nOK\r\n".len());
    assert_eq!(personality.exchanges[0].says.len(), 2, "its pieces");
    assert!(says.contains("26201"));
}

#[test]
fn records_are_checked() {
    assert_eq!(Recording::parse(""), Err(RecordError::Empty));
    let good = head_line("p", 5) + &record_line(Instant::ZERO, Side::Host, b"AT\r");
    let recording = Recording::parse(&good).unwrap();
    assert_eq!((recording.head.utc_ns, recording.pieces.len()), (5, 1));
    // Cut off in its last line.
    let cut = format!("{good}{{\"ns\":1,\"from\":\"mo");
    assert_eq!(Recording::parse(&cut).unwrap(), recording);
    assert!(Recording::parse(&format!("{cut}\n")).unwrap_err().to_string().starts_with("line 3: "));
    assert!(
        Recording::parse("{\"at_record\":2,\"port\":\"\",\"utc_ns\":0}\n")
            .unwrap_err()
            .to_string()
            .contains("version 2")
    );
    assert!(RecordedPersonality::parse("recorded = \"x\"\n[[first]]\nafter_ms = 0\nwords = \"\u{1F4F6}\"").is_err());
}

#[test]
fn what_was_not_asked_is_not_known_and_the_last_answer_lasts() {
    let (record, _) = recorded(&[]);
    let personality = RecordedPersonality::of_record(&Recording::parse(&record).unwrap());
    let mut modem = ReplayModem::new(Instant::ZERO, personality);
    let mut ask = |line: &str| {
        modem.handle_input(Instant::ZERO, line.as_bytes());
        let said: Vec<u8> =
            std::iter::from_fn(|| modem.poll_output(Instant::from_millis(1_000_000))).flatten().collect();
        String::from_utf8(said).unwrap()
    };
    assert_eq!(ask("AT+XYZ\r"), "\r\nERROR\r\n");
    for _ in 0..3 {
        assert_eq!(ask("at+cesq\r\n"), "\r\n+CESQ: 99,99,255,255,20,60\r\n\r\nOK\r\n");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// However a recorded dialogue is cut into pieces, it means the same.
    #[test]
    fn a_recorded_dialogue_means_the_same_in_any_pieces(chunk in 1usize..200, which in 0..Quirk::ALL.len()) {
        let (record, outputs) = recorded(&[Quirk::ALL[which]]);
        let personality = RecordedPersonality::of_record(&Recording::parse(&record).unwrap());
        prop_assert_eq!(typed(&replayed(&personality, chunk)), typed(&outputs));
    }

    #[test]
    fn any_record_is_survived(
        pieces in prop::collection::vec((any::<bool>(), "[0-9A-F+:\",\r\n \u{1A}é]{0,120}"), 0..20),
    ) {
        let mut record = head_line("x", 0);
        for (i, (of_host, text)) in pieces.iter().enumerate() {
            let side = if *of_host { Side::Host } else { Side::Modem };
            record.push_str(&record_line(Instant::from_millis(i as u64), side, text.as_bytes()));
        }
        let personality = RecordedPersonality::of_record(&Recording::parse(&record).unwrap());
        let text = personality.to_toml().unwrap();
        prop_assert_eq!(RecordedPersonality::parse(&text).unwrap(), personality);
    }
}
