//! The unverified grammar of clause 14.2: that commands follow the data file, whatever it says.

use super::super::command::AtLine;
use super::super::result_code::ResultCode;
use super::*;

const TMGI: Tmgi = Tmgi([0x00, 0x10, 0x01, 0x00, 0xF1, 0x10]);

fn ranges(text: &str) -> AtResponse {
    AtResponse { lines: vec![AtLine { text: text.into(), body: None }], code: ResultCode::Ok }
}

fn known(grammar: &EmbmsGrammar, command: EmbmsCommand, text: &str) -> KnownEmbms {
    ProbeEmbms::spellings(grammar, command).next().unwrap().answer(&ranges(text)).unwrap().unwrap()
}

#[test]
fn commands_of_the_unverified_grammar() {
    let grammar = EmbmsGrammar::default();
    assert!(!grammar.verified, "somebody has verified it: say so in the README");
    let line = |command, text, values| known(&grammar, command, text).set(values).map(|set| set.command().line());
    let on = EmbmsValues { on: Some(true), ..EmbmsValues::default() };
    assert_eq!(line(EmbmsCommand::Configure, "(0,1)", on).as_deref(), Ok("AT+CEMBMSCFG=1"));
    let configure = EmbmsValues { service: Some(2), tmgi: Some(TMGI), active: Some(true), ..EmbmsValues::default() };
    assert_eq!(
        line(EmbmsCommand::Service, "(0-2),(0,1),,(0,1)", configure).as_deref(),
        Ok("AT+CEMBMSSRV=2,,\"00100100F110\",1")
    );
    let data = EmbmsValues { tmgi: Some(TMGI), session_id: Some(7), ..EmbmsValues::default() };
    assert_eq!(line(EmbmsCommand::Data, "", data).as_deref(), Ok("AT+CEMBMSDATA=\"00100100F110\",7"));
    // What the modem does not have, or the command has no place for.
    assert!(line(EmbmsCommand::Configure, "(0)", on).unwrap_err().contains("no Setup 1"));
    assert!(line(EmbmsCommand::Configure, "(0,1)", data).unwrap_err().contains("no place for SessionId"));
}

#[test]
fn spellings_are_tried_and_ok_alone_is_no_proof() {
    let grammar = EmbmsGrammar::default();
    let lines: Vec<_> = ProbeEmbms::spellings(&grammar, EmbmsCommand::Report).map(|p| p.command().line()).collect();
    assert_eq!(lines, ["AT+CEMBMSR=?", "AT+CEMBSR=?"]);
    let probe = ProbeEmbms::spellings(&grammar, EmbmsCommand::Report).next().unwrap();
    for code in [ResultCode::Ok, ResultCode::Error] {
        assert_eq!(probe.answer(&AtResponse { lines: Vec::new(), code }), Ok(None));
    }
}

#[test]
fn reports_of_the_unverified_grammar() {
    let grammar = EmbmsGrammar::default();
    let report = |name: &str, text: &str| grammar.report(&Urc { name: name.into(), text: text.into(), body: None });
    let of = report("+CEMBMSRI", "1,\"00100100F110\",7").unwrap();
    assert_eq!((of.of, of.status, of.tmgi, of.session_id), (EmbmsCommand::Report, Some(1), Some(TMGI), Some(7)));
    let areas = report("+CEMBMSSAII", "0,1,65535").unwrap();
    assert_eq!(areas.service_areas, [1, 65535]);
    assert_eq!(report("+CREG", "1"), None);
    assert_eq!(report("+CEMBMSRI", "\"é\",\"0010010é110\"").unwrap().tmgi, None);
    assert_eq!(grammar.urc_names().count(), 3);
}

/// A lab's own file: other spellings, other orders.
#[test]
fn another_grammar_needs_no_code() {
    let text = TS_27_007_14
        .replace("\"+CEMBMSSRV\"", "\"^SRV\"")
        .replace("\"service\", \"reporting\", \"tmgi\", \"activation\", \"priority\"", "\"tmgi\", \"activation\"");
    let grammar = EmbmsGrammar::parse(&text).unwrap();
    let values = EmbmsValues { tmgi: Some(TMGI), active: Some(false), ..EmbmsValues::default() };
    let set = known(&grammar, EmbmsCommand::Service, ",(0,1)").set(values).unwrap();
    assert_eq!(set.command().line(), "AT^SRV=\"00100100F110\",0");
    assert!(
        EmbmsGrammar::parse(&text.replace("names = [\"^SRV\"]", "names = []"))
            .unwrap_err()
            .contains("Service has no names")
    );
    assert!(EmbmsGrammar::parse(&text.replace("\"tmgi\", \"activation\"", "\"tgmi\"")).unwrap_err().contains("line"));
}
