//! The stand-in's eMBMS and the driver's commands, both by the unverified grammar of clause 14.2.

use super::*;
use crate::at::embms::{EmbmsCommand, EmbmsGrammar, EmbmsReport, EmbmsValues, KnownEmbms, ProbeEmbms, SetEmbms, Tmgi};

const CLIP: Tmgi = Tmgi([0x00, 0x00, 0x01, 0x00, 0xF1, 0x10]);
const RADIO: Tmgi = Tmgi([0x00, 0x00, 0x02, 0x00, 0xF1, 0x10]);
const IP: &[u8] = &[0x45, 0, 0, 20];

fn known(line: &mut Line, grammar: &EmbmsGrammar, command: EmbmsCommand) -> KnownEmbms {
    ProbeEmbms::spellings(grammar, command).find_map(|probe| line.ask(&probe)).expect("the modem has it")
}

fn set(line: &mut Line, command: EmbmsCommand, values: EmbmsValues) -> Result<AtResponse, AtFailure> {
    let grammar = EmbmsGrammar::default();
    let set: SetEmbms = known(line, &grammar, command).set(values).unwrap();
    line.command(set.command())
}

fn service(tmgi: Tmgi, session_id: u8) -> MbmsService {
    MbmsService { tmgi, session_id: Some(session_id), n_id_mbsfn: 1 }
}

/// What the modem does with what its receiver finds.
fn hear(line: &mut Line, air: MbmsAir<'_>) -> Vec<SimOutput> {
    line.modem.handle_input(line.now, SimInput::Mbms(air));
    line.settle();
    std::mem::take(&mut line.others)
}

fn told(line: &mut Line) -> Vec<EmbmsReport> {
    let grammar = EmbmsGrammar::default();
    line.urcs.drain(..).filter_map(|urc| grammar.report(&urc)).collect()
}

const ON: EmbmsValues = EmbmsValues { on: Some(true), service: None, tmgi: None, session_id: None, active: None };
const RECEIVE: EmbmsValues =
    EmbmsValues { on: None, service: Some(2), tmgi: Some(CLIP), session_id: None, active: Some(true) };

#[test]
fn a_service_is_activated_and_its_datagrams_alone_come_out_by_the_unverified_grammar() {
    let mut line = Line::new(&[]);
    line.begin();
    hear(&mut line, MbmsAir::Services(&[service(CLIP, 7), service(RADIO, 8)]));
    assert_eq!(set(&mut line, EmbmsCommand::Service, RECEIVE).unwrap().code.cme(), Some(3), "support is off");
    for command in [EmbmsCommand::Configure, EmbmsCommand::Report, EmbmsCommand::ServiceAreas] {
        assert_eq!(set(&mut line, command, ON).unwrap().code, ResultCode::Ok);
    }
    assert_eq!(hear(&mut line, MbmsAir::Datagram { tmgi: CLIP, ip: IP }), [], "nobody has activated it");

    assert_eq!(set(&mut line, EmbmsCommand::Service, RECEIVE).unwrap().code, ResultCode::Ok);
    assert_eq!(std::mem::take(&mut line.others), [SimOutput::MbmsReceive(vec![CLIP])]);
    let session = EmbmsReport {
        of: EmbmsCommand::Report,
        status: Some(1),
        tmgi: Some(CLIP),
        session_id: Some(7),
        service_areas: Vec::new(),
    };
    assert_eq!(told(&mut line), std::slice::from_ref(&session), "the session was under way");
    let datagram = SimOutput::MbmsDatagram { tmgi: CLIP, ip: IP.to_vec() };
    assert_eq!(hear(&mut line, MbmsAir::Datagram { tmgi: CLIP, ip: IP }), std::slice::from_ref(&datagram));
    assert_eq!(hear(&mut line, MbmsAir::Datagram { tmgi: RADIO, ip: IP }), []);

    // The carrier goes and comes back: the host is told, the activation stays.
    hear(&mut line, MbmsAir::Lost);
    assert_eq!(told(&mut line), [EmbmsReport { status: Some(0), ..session.clone() }]);
    hear(&mut line, MbmsAir::Services(&[service(CLIP, 7)]));
    assert_eq!(told(&mut line), [session]);
    assert_eq!(hear(&mut line, MbmsAir::Datagram { tmgi: CLIP, ip: IP }), [datagram]);

    // Flight mode: the receiver has nothing to do until it is over.
    line.ask(&SetFunctionality { functionality: Functionality::Flight, reset: false });
    assert!(line.others.contains(&SimOutput::MbmsReceive(Vec::new())), "{:?}", line.others);
    assert_eq!(
        hear(&mut line, MbmsAir::Datagram { tmgi: CLIP, ip: IP }).pop(),
        Some(SimOutput::MbmsReceive(Vec::new()))
    );
    line.ask(&SetFunctionality { functionality: Functionality::Full, reset: false });
    assert!(line.others.contains(&SimOutput::MbmsReceive(vec![CLIP])), "{:?}", line.others);
    set(&mut line, EmbmsCommand::Configure, EmbmsValues { on: Some(false), ..ON }).unwrap();
    assert_eq!(line.others.pop(), Some(SimOutput::MbmsReceive(Vec::new())));
}

#[test]
fn answers_of_the_unverified_grammar_as_they_are_written() {
    let mut line = Line::new(&[]);
    line.begin();
    hear(&mut line, MbmsAir::Services(&[service(RADIO, 8), service(CLIP, 7)]));
    hear(&mut line, MbmsAir::ServiceAreas(&[vec![1, 65535], vec![9]]));
    let mut said = |body: &str| {
        line.heard.clear();
        line.command(AtCommand::new(body).answered_by_text()).unwrap();
        String::from_utf8(line.heard.clone()).unwrap().replace("\r\n", "|")
    };
    for (body, wanted) in [
        ("+CEMBMSCFG?", "|+CEMBMSCFG: 0||OK|"),
        ("+CEMBMSSRV=0", "|+CME ERROR: 3|"),
        ("+CEMBMSCFG=2", "|+CME ERROR: 50|"),
        ("+CEMBMSCFG=1;+CEMBMSSRV=0", "|+CEMBMSSRV: 0,\"00000100F110\",0||+CEMBMSSRV: 0,\"00000200F110\",0||OK|"),
        ("+CEMBMSDATA=\"00000900F110\"", "|+CME ERROR: 3|"),
        ("+CEMBMSDATA=\"00000100F110\",7", "|OK|"),
        ("+CEMBMSSRV=1", "|+CEMBMSSRV: 1,\"00000100F110\",1||OK|"),
        ("+CEMBMSR=1;+CEMBMSR?", "|+CEMBMSR: 1||+CEMBMSR: 1,\"00000100F110\",7||OK|"),
        ("+CEMBSR?", "|+CEMBSR: 1||+CEMBSR: 1,\"00000100F110\",7||OK|"),
        ("+CEMBMSSAI?", "|+CEMBMSSAI: 0||+CEMBMSSAI: 0,1,65535||+CEMBMSSAI: 1,9||OK|"),
        ("+CEMBMSCNT=2,\"00000100F110\"", "|+CME ERROR: 50|"),
        ("+CEMBMSCNT=2,\"00000100F110\",\"00000200F110\"", "|OK|"),
        ("+CEMBMSCNT?", "|+CEMBMSCNT: 2,\"00000100F110\",\"00000200F110\"||OK|"),
        ("+CEMBMSSRV=2,,\"00000100F110\",0", "|OK|"),
        ("+CEMBMSSRV=2", "|+CME ERROR: 50|"),
        ("+CEMBMSSRV=2,,\"0000\"", "|+CME ERROR: 50|"),
        ("+CEMBMSSRV?", "|+CEMBMSSRV: 1,0||OK|"),
    ] {
        assert_eq!(said(body), wanted, "AT{body}");
    }
}

#[test]
fn services_and_areas_are_told_as_they_come_and_go_by_the_unverified_grammar() {
    let mut line = Line::new(&[]);
    line.begin();
    for body in ["+CEMBMSCFG=1", "+CEMBMSSRV=,1", "+CEMBMSSAI=1"] {
        assert_eq!(line.command(AtCommand::new(body)).unwrap().code, ResultCode::Ok, "{body}");
    }
    hear(&mut line, MbmsAir::Services(&[service(CLIP, 7)]));
    hear(&mut line, MbmsAir::Services(&[service(RADIO, 8)]));
    hear(&mut line, MbmsAir::Services(&[service(RADIO, 8)]));
    hear(&mut line, MbmsAir::ServiceAreas(&[vec![1, 65535]]));
    hear(&mut line, MbmsAir::ServiceAreas(&[vec![1, 65535]]));
    let told: Vec<_> = told(&mut line).into_iter().map(|r| (r.of, r.status, r.tmgi, r.service_areas)).collect();
    let service = |status, tmgi| (EmbmsCommand::Service, Some(status), Some(tmgi), Vec::new());
    let areas = (EmbmsCommand::ServiceAreas, None, None, vec![1, 65535]);
    assert_eq!(told, [service(1, CLIP), service(0, CLIP), service(1, RADIO), areas]);
}

#[test]
fn a_modem_without_embms_has_no_such_command() {
    let mut line = Line::new(&[]);
    line.modem.personality.embms = false;
    line.begin();
    let grammar = EmbmsGrammar::default();
    let found = ProbeEmbms::spellings(&grammar, EmbmsCommand::Report).find_map(|probe| line.ask(&probe));
    assert_eq!(found, None);
}

#[test]
fn no_more_services_than_a_modem_can_do() {
    let mut line = Line::new(&[]);
    line.begin();
    line.command(AtCommand::new("+CEMBMSCFG=1")).unwrap();
    let codes: Vec<_> = (0..17)
        .map(|i| line.command(AtCommand::new(format!("+CEMBMSSRV=2,,\"0000{i:02X}00F110\",1"))).unwrap().code)
        .collect();
    assert!(codes[..16].iter().all(ResultCode::is_ok) && codes[16].cme() == Some(124), "{codes:?}");
}
