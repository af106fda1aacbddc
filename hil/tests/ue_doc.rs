//! The documentation of `castbench ue` is what it says: transcripts, quirks, fields.

use hil::at::embms::Tmgi;
use hil::sim::{MbmsAir, MbmsService, Personality, Quirk, SimCell, SimInput, SimModem, SimOutput};
use protocol::Instant;

const DOC: &str = include_str!("../doc/ue.md");

/// The text of fences whose first line begins with `kind`, with that line.
fn fences(kind: &str) -> Vec<(&'static str, &'static str)> {
    let mut fences = Vec::new();
    let mut rest = DOC;
    while let Some((_, after)) = rest.split_once("```") {
        let (block, after) = after.split_once("```").expect("a fence that ends");
        let (head, body) = block.split_once('\n').unwrap();
        if head.split(' ').next() == Some(kind) {
            fences.push((head, body));
        }
        rest = after;
    }
    fences
}

struct Modem {
    modem: SimModem,
    sent: u8,
}

impl Modem {
    fn new(personality: Personality) -> Self {
        let mut modem = SimModem::new(personality);
        modem.handle_input(Instant::ZERO, SimInput::PowerUp);
        modem.handle_input(Instant::ZERO, SimInput::Cell(Some(SimCell::default())));
        Self { modem, sent: 0 }
    }

    /// What the modem says to it, without blank lines.
    fn take(&mut self, input: SimInput<'_>) -> Vec<String> {
        self.modem.handle_input(Instant::ZERO, input);
        let mut said = Vec::new();
        while let Some(output) = self.modem.poll_output() {
            match output {
                SimOutput::Host(bytes) => said.extend(bytes),
                SimOutput::SendSms { token, .. } => {
                    self.sent += 1;
                    let result = Ok(self.sent);
                    self.modem.handle_input(Instant::ZERO, SimInput::SmsSent { token, result });
                }
                _ => {}
            }
        }
        let said = String::from_utf8(said).unwrap().replace("\r\n> ", "");
        said.split("\r\n").filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    fn order(&mut self, order: &str) -> Vec<String> {
        match order.split_once(' ') {
            Some(("sms", hex)) => self.take(SimInput::Sms(&hex::decode(hex).unwrap())),
            Some(("cell", "none")) => self.take(SimInput::Cell(None)),
            Some(("services", tmgi)) => {
                let tmgi = Tmgi::parse(tmgi).unwrap();
                let service = MbmsService { tmgi, session_id: Some(7), n_id_mbsfn: 1 };
                self.take(SimInput::Mbms(MbmsAir::Services(&[service])))
            }
            _ => panic!("{order:?}"),
        }
    }
}

#[test]
fn transcripts_are_what_the_modem_says() {
    let transcripts = fences("at");
    assert!(transcripts.len() >= 6);
    for (head, transcript) in transcripts {
        let mut personality = Personality::default();
        personality.sim.pin = head.split_once("pin=").map(|(_, pin)| pin.to_owned());
        let mut modem = Modem::new(personality);
        let mut said: Vec<String> = Vec::new();
        for line in transcript.lines() {
            let input = ["AT", "> ", "! "].into_iter().find(|start| line.starts_with(start));
            if input.is_some() {
                assert!(said.is_empty(), "before {line:?} the modem says {said:?} too, in\n{transcript}");
            }
            match input {
                Some("AT") => said = modem.take(SimInput::Host(format!("{line}\r").as_bytes())),
                // The text of a message is not echoed since ATE0.
                Some("> ") => said = modem.take(SimInput::Host(format!("{}\x1A", &line[2..]).as_bytes())),
                Some(_) => said = modem.order(&line[2..]),
                None => {
                    assert!(!said.is_empty(), "the modem does not say {line:?} in\n{transcript}");
                    assert_eq!(said.remove(0), line, "in\n{transcript}");
                }
            }
            said.retain(|line| !line.starts_with("ATE0"));
        }
        assert!(said.is_empty(), "{said:?}");
    }
}

#[test]
fn every_quirk_is_listed() {
    for quirk in Quirk::ALL {
        assert!(DOC.contains(&format!("| `{}` | {} |", quirk.name(), quirk.describe())), "{}", quirk.name());
    }
}

#[test]
fn every_field_is_listed_with_its_default() {
    let [(_, text)] = fences("toml")[..] else { panic!("one personality") };
    let mut personality: Personality = toml::from_str(text).unwrap();
    assert_eq!(personality.sim.pin.take().as_deref(), Some("1234"));
    assert_eq!(personality, Personality::default());
    let fields = toml::Value::try_from(Personality::default()).unwrap();
    let table = fields.as_table().unwrap();
    for name in table.keys().chain(table["sim"].as_table().unwrap().keys()).filter(|name| *name != "sim") {
        assert!(text.lines().any(|line| line.starts_with(&format!("{name} = "))), "{name}");
    }
}
