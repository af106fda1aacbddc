//! Dialogues of modems, however they are cut, echoed, disturbed and coded: always the same answer.

use std::time::Duration;

use proptest::prelude::*;
use protocol::Instant;

use super::*;

/// A dialogue: the command, what the modem says (information text, then the result code), what it means.
struct Dialogue {
    command: fn() -> AtCommand,
    /// Each is sent between CR LF and CR LF.
    information: &'static [&'static str],
    result: &'static str,
    lines: &'static [(&'static str, Option<&'static str>)],
}

/// TPDU of an SMS-DELIVER, and an SMS-SUBMIT that another encoder made.
const DELIVER: &str = "07915348103254760004 0B915348103254F60000620111120000800 5E8329BFD06";
const SUBMIT: &str = "0001000C91534810325476000005E8329BFD06";

fn pdu() -> String {
    DELIVER.replace(' ', "")
}

const DIALOGUES: &[Dialogue] = &[
    Dialogue { command: || AtCommand::new("E0"), information: &[], result: "OK", lines: &[] },
    Dialogue {
        command: || AtCommand::new("+CSQ").answered_by("+CSQ"),
        information: &["+CSQ: 20,99"],
        result: "OK",
        lines: &[("20,99", None)],
    },
    Dialogue {
        command: || AtCommand::new("+CGSN").answered_by_text(),
        information: &["490154203237518"],
        result: "OK",
        lines: &[("490154203237518", None)],
    },
    // The read command is answered with <n>, the unsolicited code has none.
    Dialogue {
        command: || {
            AtCommand::new("+CREG?").answered_by("+CREG").only_if(|text| {
                let params = parse_params(text);
                params.len() >= 2 && !matches!(params[1], Param::Quoted(_))
            })
        },
        information: &["+CREG: 2,1,\"00A1\",\"01A2B3C4\",7"],
        result: "OK",
        lines: &[("2,1,\"00A1\",\"01A2B3C4\",7", None)],
    },
    Dialogue {
        command: || AtCommand::new("+COPS=?").answered_by("+COPS").abortable().time_limit(Duration::from_secs(180)),
        information: &["+COPS: (2,\"Test >1\",\"Test\",\"00101\",7),(1,\"Other\",\"O\",\"00102\",7),,(0-4),(0-2)"],
        result: "OK",
        lines: &[("(2,\"Test >1\",\"Test\",\"00101\",7),(1,\"Other\",\"O\",\"00102\",7),,(0-4),(0-2)", None)],
    },
    Dialogue {
        command: || AtCommand::new("I").answered_by_text(),
        information: &["Manufacturer", "Model: X", "+GCAP: +CGSM"],
        result: "OK",
        lines: &[("Manufacturer", None), ("Model: X", None), ("+GCAP: +CGSM", None)],
    },
    Dialogue {
        command: || AtCommand::new("+CMGR=1").answered_by("+CMGR").each_with_body(),
        information: &["+CMGR: 0,,24", "0001000C91534810325476000005E8329BFD06"],
        result: "OK",
        lines: &[("0,,24", Some(SUBMIT))],
    },
    Dialogue {
        command: || AtCommand::new("+CMGS=18").answered_by("+CMGS").with_text(SUBMIT),
        information: &["+CMGS: 17"],
        result: "OK",
        lines: &[("17", None)],
    },
    Dialogue {
        command: || AtCommand::new("+CPIN?").answered_by("+CPIN"),
        information: &[],
        result: "+CME ERROR: 14",
        lines: &[],
    },
    Dialogue { command: || AtCommand::new("+XYZ"), information: &[], result: "ERROR", lines: &[] },
];

/// What a modem may say between two lines, and what it means; the two-line one carries [`pdu`].
const UNSOLICITED: &[(&str, &str)] = &[
    ("\r\n+CREG: 1\r\n", "+CREG"),
    ("\r\n+CREG: 5,\"00A1\",\"01A2B3C4\",7\r\n", "+CREG"),
    ("\r\nRING\r\n", "RING"),
    ("\r\n+CMTI: \"SM\",3\r\n", "+CMTI"),
    ("\r\n+CMT: ,24\r\nPDU\r\n", "+CMT"),
];

#[derive(Debug, Clone)]
struct Manner {
    echo: bool,
    verbose: bool,
    prompt: &'static str,
    /// Before which segment which code comes.
    unsolicited: Option<(usize, usize)>,
    nuls: Vec<usize>,
    chunk: usize,
}

fn manner() -> impl Strategy<Value = Manner> {
    let prompts = prop::sample::select(vec!["\r\n> ", "\r\n>", ">\r\n", "\r\n>\r\n"]);
    let unsolicited = prop::option::of((0usize..8, 0..UNSOLICITED.len()));
    (any::<bool>(), any::<bool>(), prompts, unsolicited, prop::collection::vec(0usize..80, 0..4), 1usize..40).prop_map(
        |(echo, verbose, prompt, unsolicited, nuls, chunk)| Manner { echo, verbose, prompt, unsolicited, nuls, chunk },
    )
}

/// What the modem says, in parts between which it may say something else; the prompt ends the first half.
fn segments(dialogue: &Dialogue, manner: &Manner) -> (Vec<String>, Vec<String>) {
    let command = (dialogue.command)();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    if manner.echo {
        before.push(format!("{}\r", command.line()));
    }
    if let Some(text) = &command.text {
        before.push(manner.prompt.to_owned());
        if manner.echo {
            after.push(format!("{text}\x1A"));
        }
    }
    let two_lines = matches!(&command.answer, command::Answer::Prefixed { with_body: true, .. });
    let of_information = |lines: &[&str]| format!("\r\n{}\r\n", lines.join("\r\n"));
    after.extend(dialogue.information.chunks(if two_lines { 2 } else { 1 }).map(of_information));
    after.push(match (manner.verbose, dialogue.result) {
        (false, "OK") => "0\r".into(),
        (false, "ERROR") => "4\r".into(),
        (_, words) => format!("\r\n{words}\r\n"),
    });
    (before, after)
}

fn feed(engine: &mut AtEngine, now: Instant, bytes: &[u8], chunk: usize) {
    bytes.chunks(chunk).for_each(|c| engine.handle_input(now, AtInput::Bytes(c)));
}

fn outputs(engine: &mut AtEngine) -> Vec<AtOutput> {
    std::iter::from_fn(|| engine.poll_output()).collect()
}

fn opened() -> AtEngine {
    let mut engine = AtEngine::new(AtConfig::default());
    engine.handle_input(Instant::ZERO, AtInput::Opened);
    engine
}

fn run(dialogue: &Dialogue, manner: &Manner) -> (Vec<AtOutput>, Option<&'static str>) {
    let mut engine = opened();
    let now = Instant::from_millis(1);
    engine.submit(now, (dialogue.command)());
    let (mut before, mut after) = segments(dialogue, manner);
    let mut injected = None;
    if let Some((place, which)) = manner.unsolicited {
        // Not between the prompt and the echo of the text: the modem listens then.
        let (text, name) = UNSOLICITED[which];
        let text = text.replace("PDU", &pdu());
        let place = place % (before.len() + after.len() + 1);
        match place.checked_sub(before.len()) {
            None => before.insert(place, text),
            Some(place) => after.insert(place, text),
        }
        injected = Some(name);
    }
    let join = |parts: Vec<String>| {
        let mut bytes = parts.concat().into_bytes();
        manner.nuls.iter().for_each(|&at| bytes.insert(at.min(bytes.len()), 0));
        bytes
    };
    feed(&mut engine, now, &join(before), manner.chunk);
    feed(&mut engine, now, &join(after), manner.chunk);
    (outputs(&mut engine), injected)
}

proptest! {
    #[test]
    fn a_dialogue_means_the_same_in_every_manner(which in 0..DIALOGUES.len(), manner in manner()) {
        let dialogue = &DIALOGUES[which];
        let (outputs, injected) = run(dialogue, &manner);
        let command = (dialogue.command)();
        let lines: Vec<_> = dialogue.lines.iter()
            .map(|(text, body)| AtLine { text: (*text).into(), body: body.map(Into::into) }).collect();
        let answers: Vec<_> = outputs.iter().filter_map(|o| match o { AtOutput::Done(_, r) => Some(r.clone()), _ => None }).collect();
        prop_assert_eq!(answers.len(), 1);
        let response = answers[0].as_ref().unwrap();
        prop_assert_eq!(&response.lines, &lines);
        prop_assert_eq!(&response.code, &ResultCode::parse(dialogue.result, false).unwrap());
        let urcs: Vec<_> = outputs.iter().filter_map(|o| match o { AtOutput::Urc(u) => Some(u), _ => None }).collect();
        prop_assert_eq!(urcs.iter().map(|u| u.name.as_str()).collect::<Vec<_>>(), injected.into_iter().collect::<Vec<_>>());
        prop_assert!(urcs.iter().all(|u| (u.name == "+CMT") == (u.body.as_deref() == Some(&pdu()))));
        prop_assert!(!outputs.iter().any(|o| matches!(o, AtOutput::Ignored(_))), "{:?}", outputs);
        let mut written = vec![format!("{}\r", command.line())];
        written.extend(command.text.map(|text| format!("{text}\x1A")));
        let writes: Vec<_> = outputs.iter()
            .filter_map(|o| match o { AtOutput::Write(b) => Some(String::from_utf8_lossy(b).into_owned()), _ => None }).collect();
        prop_assert_eq!(writes, written);
    }

    /// Nothing that a port may say makes the engine panic, spin or grow, and a command always ends.
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000), chunk in 1usize..100) {
        let mut engine = opened();
        let mut now = Instant::ZERO;
        engine.submit(now, AtCommand::new("+CSQ").answered_by("+CSQ"));
        feed(&mut engine, now, &bytes, chunk);
        for _ in 0..20 {
            let Some(due) = engine.poll_timeout() else { break };
            now = due;
            engine.handle_timeout(now);
        }
        prop_assert_eq!(engine.poll_timeout(), None);
        prop_assert_eq!(outputs(&mut engine).iter().filter(|o| matches!(o, AtOutput::Done(..))).count(), 1);
    }
}

fn done(outputs: &[AtOutput]) -> Vec<&Result<AtResponse, AtFailure>> {
    outputs.iter().filter_map(|o| if let AtOutput::Done(_, result) = o { Some(result) } else { None }).collect()
}

/// A port that has missed its time is brought back in step: a late answer is nobody else's.
#[test]
fn a_late_answer_is_not_taken_for_the_next() {
    let mut engine = opened();
    engine.submit(Instant::ZERO, AtCommand::new("+CPIN?").answered_by("+CPIN"));
    engine.submit(Instant::ZERO, AtCommand::new("+CSQ").answered_by("+CSQ"));
    let late = engine.poll_timeout().unwrap();
    engine.handle_timeout(late);
    let after = outputs(&mut engine);
    assert!(matches!(done(&after)[..], [Err(AtFailure::Timeout { .. })]), "{after:?}");
    assert_eq!(after.last(), Some(&AtOutput::Write(b"\x1BAT\r".to_vec())));
    // The late answer and that of the AT come together; the next command is sent when all is quiet.
    feed(&mut engine, late, b"\r\n+CPIN: READY\r\n\r\nOK\r\n\r\nOK\r\n", 100);
    assert!(!outputs(&mut engine).iter().any(|o| matches!(o, AtOutput::Write(_))));
    let quiet = engine.poll_timeout().unwrap();
    assert_eq!(quiet - late, Duration::from_millis(200));
    engine.handle_timeout(quiet);
    assert_eq!(outputs(&mut engine), [AtOutput::Write(b"AT+CSQ\r".to_vec())]);
    feed(&mut engine, quiet, b"\r\n+CSQ: 9,99\r\n\r\nOK\r\n", 100);
    assert!(matches!(done(&outputs(&mut engine))[..], [Ok(AtResponse { code: ResultCode::Ok, .. })]));
}

#[test]
fn a_silent_modem_is_given_up_and_a_new_port_starts_afresh() {
    let mut engine = opened();
    for _ in 0..3 {
        engine.submit(Instant::ZERO, AtCommand::new("+CSQ").answered_by("+CSQ"));
    }
    let mut now = Instant::ZERO;
    while let Some(due) = engine.poll_timeout() {
        now = due;
        engine.handle_timeout(now);
    }
    assert_eq!(now, Instant::from_millis(5000 + 3000));
    let all = outputs(&mut engine);
    assert!(matches!(done(&all)[..], [Err(AtFailure::Timeout { .. }), Err(AtFailure::Unresponsive { .. }), Err(_)]));
    engine.submit(now, AtCommand::new(""));
    assert!(matches!(done(&outputs(&mut engine))[..], [Err(AtFailure::Unresponsive { .. })]));
    engine.handle_input(now, AtInput::Opened);
    engine.submit(now, AtCommand::new(""));
    feed(&mut engine, now, b"\r\nOK\r\n", 3);
    assert!(matches!(done(&outputs(&mut engine))[..], [Ok(_)]));
}

/// Nothing is written into an abortable command, but for the character that aborts it when its time is over.
#[test]
fn an_abortable_command_is_left_alone_and_then_aborted() {
    let mut engine = opened();
    let scan = || AtCommand::new("+COPS=?").answered_by("+COPS").abortable().time_limit(Duration::from_secs(180));
    engine.submit(Instant::ZERO, scan());
    engine.submit(Instant::ZERO, AtCommand::new("+CSQ").answered_by("+CSQ"));
    feed(&mut engine, Instant::from_millis(100), b"\r\n+CREG: 2\r\n", 4);
    let writes = |outputs: &[AtOutput]| {
        let bytes = |o: &AtOutput| if let AtOutput::Write(b) = o { Some(b.clone()) } else { None };
        outputs.iter().filter_map(bytes).collect::<Vec<_>>()
    };
    assert_eq!(writes(&outputs(&mut engine)), [b"AT+COPS=?\r".to_vec()]);
    let due = engine.poll_timeout().unwrap();
    assert_eq!(due, Instant::from_millis(180_000));
    engine.handle_timeout(due);
    assert_eq!(writes(&outputs(&mut engine)), [b"\r".to_vec()]);
    feed(&mut engine, due, b"\r\nABORTED\r\n", 100);
    let after = outputs(&mut engine);
    assert!(matches!(done(&after)[..], [Ok(AtResponse { code: ResultCode::Aborted, .. })]));
    assert_eq!(writes(&after), [b"AT+CSQ\r".to_vec()]);
    // One that cannot be aborted is not touched.
    engine.abort(due);
    assert_eq!(outputs(&mut engine), []);
}

#[test]
fn result_codes_in_digits_after_atv0_and_words_again() {
    let mut engine = opened();
    for (command, answer) in
        [("", "\r\nOK\r\n"), ("V0", "0\r"), ("+X", "4\r"), ("V1", "\r\nOK\r\n"), ("", "\r\nOK\r\n")]
    {
        engine.submit(Instant::ZERO, AtCommand::new(command));
        feed(&mut engine, Instant::ZERO, answer.as_bytes(), 1);
        assert_eq!(done(&outputs(&mut engine)).len(), 1, "{command}");
    }
    // In words, a digit is information.
    engine.submit(Instant::ZERO, AtCommand::new("S0?").answered_by_text());
    feed(&mut engine, Instant::ZERO, b"\r\n0\r\n\r\nOK\r\n", 1);
    let all = outputs(&mut engine);
    assert!(matches!(&done(&all)[..], [Ok(r)] if r.lines[0].text == "0"), "{all:?}");
}

/// A code of two lines whose second never comes, and one in the middle of another answer.
#[test]
fn second_lines_are_only_pdus() {
    let mut engine = opened();
    feed(&mut engine, Instant::ZERO, b"\r\n+CMT: ,24\r\n\r\n+CREG: 1\r\n", 7);
    let all = outputs(&mut engine);
    assert!(matches!(&all[..], [AtOutput::Ignored(_), AtOutput::Urc(u)] if u.name == "+CREG"), "{all:?}");
    engine.submit(Instant::ZERO, AtCommand::new("+CMGL=4").answered_by("+CMGL").each_with_body());
    let text = format!("\r\n+CMGL: 1,1,,18\r\n\r\nRING\r\n{SUBMIT}\r\n\r\nOK\r\n");
    feed(&mut engine, Instant::ZERO, text.as_bytes(), 9);
    let all = outputs(&mut engine);
    assert!(matches!(&done(&all)[..], [Ok(r)] if r.lines[0].body.as_deref() == Some(SUBMIT)), "{all:?}");
}

#[test]
fn what_must_not_be_sent_is_refused() {
    let mut engine = opened();
    engine.submit(Instant::ZERO, AtCommand::new("+CSQ\rATD123;"));
    let all = outputs(&mut engine);
    assert!(matches!(done(&all)[..], [Err(AtFailure::Refused { .. })]));
    for _ in 0..200 {
        engine.submit(Instant::ZERO, AtCommand::new(""));
    }
    assert_eq!(done(&outputs(&mut engine)).len(), 200 - 65, "one runs, 64 wait");
    engine.handle_input(Instant::ZERO, AtInput::Closed);
    assert_eq!(done(&outputs(&mut engine)).len(), 65);
    engine.submit(Instant::ZERO, AtCommand::new(""));
    assert!(matches!(done(&outputs(&mut engine))[..], [Err(AtFailure::Closed { .. })]));
}
