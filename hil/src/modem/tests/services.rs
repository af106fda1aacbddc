//! Broadcast services with the unverified grammar of clause 14: asked for before used, told again after trouble.

use std::time::Duration;

use super::line::{Line, config};
use crate::at::AtInput;
use crate::at::embms::Tmgi;
use crate::modem::*;
use crate::sim::{MbmsAir, MbmsService, Personality, SimInput};

const TMGI: Tmgi = Tmgi([0x00, 0x10, 0x01, 0x00, 0xF1, 0x10]);
const SERVICE: EmbmsService = EmbmsService { tmgi: TMGI, session_id: None };

/// A modem that spells the reports as clause 14.1 does.
const KNOWS: [(&str, &str); 8] = [
    ("AT+CEMBMSR", "\r\n+CME ERROR: 4\r\n"),
    ("AT+CEMBMSCFG=?", "\r\n+CEMBMSCFG: (0,1)\r\n\r\nOK\r\n"),
    ("AT+CEMBSR=?", "\r\n+CEMBSR: (0,1)\r\n\r\nOK\r\n"),
    ("AT+CEMBMSSRV=?", "\r\n+CEMBMSSRV: (0-2),(0,1),,(0,1)\r\n\r\nOK\r\n"),
    ("AT+CEMBMSCFG=1", "\r\nOK\r\n"),
    ("AT+CEMBSR=1", "\r\nOK\r\n"),
    ("AT+CEMBMSSRV=2,1,\"00100100F110\",", "\r\nOK\r\n"),
    ("AT+CEMBMSSRV=2,1,\"00100200F110\",", "\r\n+CME ERROR: 124\r\n"),
];

fn events(line: &Line) -> Vec<EmbmsEvent> {
    line.told
        .iter()
        .filter_map(|o| if let ModemOutput::Embms(event) = o { Some(event.clone()) } else { None })
        .collect()
}

fn embms_lines(line: &Line) -> Vec<String> {
    line.written.split('\r').filter(|l| l.contains("CEMB")).map(str::to_owned).collect()
}

#[test]
fn a_service_is_activated_and_again_after_trouble() {
    let mut line = Line::new(config(), Personality::default());
    line.answers = KNOWS.to_vec();
    // Before it is up.
    line.input(ModemInput::EmbmsStart(SERVICE));
    line.up();
    assert_eq!(events(&line), [EmbmsEvent::Activated(TMGI)]);
    assert_eq!(
        embms_lines(&line),
        [
            "AT+CEMBMSCFG=?",
            "AT+CEMBMSR=?",
            "AT+CEMBSR=?",
            "AT+CEMBMSSRV=?",
            "AT+CEMBMSCFG=1",
            "AT+CEMBSR=1",
            "AT+CEMBMSSRV=2,1,\"00100100F110\",1"
        ]
    );
    line.written.clear();
    line.vanish();
    line.until(|line| line.modem.state() == ModemState::Ready);
    line.run(Duration::from_secs(1));
    // What it knows it knows.
    assert_eq!(embms_lines(&line), ["AT+CEMBMSCFG=1", "AT+CEMBSR=1", "AT+CEMBMSSRV=2,1,\"00100100F110\",1"]);
    line.input(ModemInput::At(AtInput::Bytes(b"\r\n+CEMBMSRI: 1,\"00100100F110\",7\r\n")));
    line.input(ModemInput::EmbmsStop(TMGI));
    line.run(Duration::from_secs(1));
    let told = events(&line);
    assert!(matches!(&told[2], EmbmsEvent::Report(report) if report.session_id == Some(7)), "{told:?}");
    assert_eq!(told[3], EmbmsEvent::Deactivated(TMGI));
    assert_eq!(embms_lines(&line).last().map(String::as_str), Some("AT+CEMBMSSRV=2,1,\"00100100F110\",0"));
}

#[test]
fn a_refusal_names_its_cause() {
    let mut line = Line::new(config(), Personality::default());
    line.answers = KNOWS.to_vec();
    line.up();
    let other = Tmgi([0x00, 0x10, 0x02, 0x00, 0xF1, 0x10]);
    line.input(ModemInput::EmbmsStart(EmbmsService { tmgi: other, session_id: None }));
    line.run(Duration::from_secs(1));
    let why = "+CME ERROR: 124 (MBMS bearer capabilities insufficient for the service)".to_owned();
    assert_eq!(events(&line), [EmbmsEvent::Refused { tmgi: other, why }]);
}

/// OK alone is no proof of a command, and neither is an error.
#[test]
fn a_modem_without_embms_says_so() {
    for answer in ["\r\nOK\r\n", "\r\n+CME ERROR: 4\r\n"] {
        let mut line = Line::new(config(), Personality::default());
        line.answers = vec![("AT+CEMB", answer)];
        line.up();
        line.input(ModemInput::EmbmsStart(SERVICE));
        line.run(Duration::from_secs(1));
        let told = events(&line);
        assert!(matches!(&told[..], [EmbmsEvent::Refused { why, .. }] if why.contains("clause 14")), "{told:?}");
        assert!(embms_lines(&line).iter().all(|l| l.ends_with("=?")), "{:?}", embms_lines(&line));
    }
}

/// The stand-in's receiver hands on what the driver has activated, by the same unverified grammar, and goes on doing so
/// after the modem has started again.
#[test]
fn datagrams_come_of_activated_services_alone_by_the_unverified_grammar() {
    let mut line = Line::new(config(), Personality::default());
    line.up();
    let other = Tmgi([0x00, 0x10, 0x02, 0x00, 0xF1, 0x10]);
    let service = |tmgi| MbmsService { tmgi, session_id: Some(7), n_id_mbsfn: 1 };
    line.sim.handle_input(line.now, SimInput::Mbms(MbmsAir::Services(&[service(TMGI), service(other)])));
    line.input(ModemInput::EmbmsStart(SERVICE));
    line.run(Duration::from_secs(1));
    assert!(events(&line).contains(&EmbmsEvent::Activated(TMGI)), "{:?}", line.told);
    let started =
        |e: &EmbmsEvent| matches!(e, EmbmsEvent::Report(r) if r.tmgi == Some(TMGI) && r.session_id == Some(7));
    assert!(events(&line).iter().any(started), "{:?}", line.told);
    for round in 1..=2 {
        assert_eq!(line.services, [TMGI]);
        for tmgi in [TMGI, other] {
            line.sim.handle_input(line.now, SimInput::Mbms(MbmsAir::Datagram { tmgi, ip: &tmgi.0 }));
        }
        line.run(Duration::from_secs(1));
        assert_eq!(line.datagrams, vec![TMGI.0.to_vec(); round]);
        line.run(Duration::from_secs(60));
        line.power_up();
        line.vanish();
        line.until(|line| line.modem.state() == ModemState::Ready);
        line.run(Duration::from_secs(1));
    }
    line.input(ModemInput::EmbmsStop(TMGI));
    line.run(Duration::from_secs(1));
    assert_eq!(line.services, []);
}

/// A port that is lost while it is asked says nothing of what the modem knows.
#[test]
fn a_question_that_was_cut_off_is_asked_again() {
    let mut line = Line::new(config(), Personality::default());
    line.up();
    line.answers = vec![("AT+CEMBMSCFG=?", "")];
    line.input(ModemInput::EmbmsStart(SERVICE));
    line.run(Duration::from_millis(100));
    line.answers = KNOWS.to_vec();
    line.vanish();
    line.until(|line| line.modem.state() == ModemState::Ready);
    line.run(Duration::from_secs(1));
    assert_eq!(events(&line), [EmbmsEvent::Activated(TMGI)]);
    assert_eq!(embms_lines(&line).iter().filter(|l| *l == "AT+CEMBMSCFG=?").count(), 2);
}

/// A service that is not wanted any more is ended, even when the modem cannot be told at once.
#[test]
fn a_stop_is_not_forgotten_through_trouble() {
    let stop = "AT+CEMBMSSRV=2,1,\"00100100F110\",0";
    for before in [true, false] {
        let mut line = Line::new(config(), Personality::default());
        line.answers = KNOWS.to_vec();
        line.up();
        line.input(ModemInput::EmbmsStart(SERVICE));
        line.run(Duration::from_secs(1));
        if before {
            line.answers.insert(0, (stop, ""));
            line.input(ModemInput::EmbmsStop(TMGI));
            line.run(Duration::from_millis(100));
            line.answers.remove(0);
        }
        line.vanish();
        if !before {
            line.input(ModemInput::EmbmsStop(TMGI));
        }
        line.written.clear();
        line.until(|line| line.modem.state() == ModemState::Ready);
        line.run(Duration::from_secs(1));
        assert_eq!(events(&line), [EmbmsEvent::Activated(TMGI), EmbmsEvent::Deactivated(TMGI)], "{before}");
        assert_eq!(embms_lines(&line).last().map(String::as_str), Some(stop));
        // Once.
        line.written.clear();
        line.run(Duration::from_secs(60));
        line.vanish();
        line.until(|line| line.modem.state() == ModemState::Ready);
        line.run(Duration::from_secs(1));
        assert_eq!(embms_lines(&line), Vec::<String>::new());
    }
}
