//! Bad input from outside: each is a clear message with its exit code, and nothing is written.

mod common;
#[path = "common/scenario.rs"]
mod scenario;

use std::fs;

use common::{castbench, inside};

/// A folder with the scenario `s.toml`, its picture, and things that are no scenario.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    scenario::write(dir.path(), &scenario::text());
    fs::write(dir.path().join("empty"), "").unwrap();
    fs::write(dir.path().join("five"), "12345").unwrap();
    fs::create_dir(dir.path().join("folder")).unwrap();
    dir
}

#[test]
fn a_wrong_scenario_is_said_with_its_place_and_what_is_allowed() {
    let cases = [
        ("seed = 1", "sed = 1", "s.toml:4:1: unknown key `sed` in the file; did you mean `seed`?"),
        ("n_rb_dl = 15", "n_rb_dl = 16", "s.toml:7:11: n_rb_dl = 16 is wrong; allowed values: 6, 15, 25, 50, 75, 100"),
        ("n_id_cell = 7", "n_id_cell = 504", "s.toml:8:13: n_id_cell = 504 is wrong; allowed values: 0 to 503"),
        ("seed = 1", "seed = 1 1", "s.toml:4:"),
        ("n_rb_dl = 15", "n_rb_dl = 6", "s.toml:25:12: the sessions ask for 1200 kbit/s together"),
        ("bit_rate_kbps = 1200", "bit_rate_kbps = 9000", "s.toml:25:12: the sessions ask for 9000 kbit/s together"),
        ("bit_rate_kbps = 1200", "bit_rate_kbps = 5", "s.toml:33:17: session picture cannot be delivered: 5000 bit/s"),
        ("data_mcs = 13", "data_mcs = 28", "s.toml:25:12: data_mcs = 28: MCS 28 at 15 PRB"),
        ("castbench.jpg", "gone.jpg", "s.toml:31:11: content gone.jpg: No such file or directory"),
        ("castbench.jpg", "empty", "s.toml:31:11: content empty: an empty file"),
        ("castbench.jpg", "folder", "s.toml:31:11: content folder: not a file"),
        ("timeout_ms = 4000", "timeout_ms = 0", "timeout_ms = 0 is wrong; allowed values: 1 to 2592000000"),
        ("name = \"small\"", "name = \"..\"", "s.toml:1:8: name = \"..\" is wrong"),
        ("cfo_hz = -300.0", "cfo_hz = -7001", "cfo_hz = -7001 is wrong; allowed values: -7000 to 7000"),
    ];
    for (right, wrong, said) in cases {
        let dir = folder();
        let text = scenario::text();
        assert!(text.contains(right), "{right}");
        fs::write(dir.path().join("s.toml"), text.replacen(right, wrong, 1)).unwrap();
        let before = inside(dir.path());
        let ended = castbench(dir.path(), ["run", "s.toml", "--out", "out"]);
        ended.assert(2, said);
        assert_eq!(ended.stdout, "", "{said}");
        assert_eq!(inside(dir.path()), before, "{said}: something was written");
    }
}

#[test]
fn more_sessions_than_the_mcch_can_list_are_refused_with_nothing_written() {
    let dir = folder();
    let text = scenario::text().replace("bit_rate_kbps = 1200", "bit_rate_kbps = 120");
    let (start, end) = (text.find("[[session]]").unwrap(), text.find("[[ue]]").unwrap());
    let session = |n: u8| text[start..end].replace("\"picture\"", &format!("\"picture{n}\""));
    let all: String = (0..10).map(session).collect();
    let text = text.replace(&text[start..end], &all).replace("session = \"picture\"", "session = \"all\"");
    fs::write(dir.path().join("s.toml"), text).unwrap();
    let before = inside(dir.path());
    castbench(dir.path(), ["run", "s.toml", "--out", "out"])
        .assert(2, "castbench: s.toml: MCCH and MSI need 99 octets");
    assert_eq!(inside(dir.path()), before);
}

#[test]
fn wrong_words_of_the_command_line_are_refused_with_nothing_written() {
    let cases: &[(&[&str], i32, &str)] = &[
        (&[], 2, "Usage: castbench"),
        (&["walk"], 2, "unrecognized subcommand 'walk'"),
        (&["run"], 2, "<SCENARIO>"),
        (&["run", "gone.toml"], 2, "cannot read scenario gone.toml: No such file"),
        (&["run", "folder"], 2, "cannot read scenario folder: Is a directory"),
        (&["run", "castbench.jpg"], 2, "cannot read scenario castbench.jpg"),
        (&["run", "/dev/zero"], 2, "cannot read scenario /dev/zero: more than 1048576 octets"),
        (&["run", "s.toml", "--rig", "/dev/zero"], 2, "cannot read rig /dev/zero: more than 1048576 octets"),
        (&["run", "s.toml", "--content", "/dev/zero"], 2, "--content /dev/zero: not a file"),
        (&["run", "empty"], 2, "empty:1:1: missing key `name`"),
        (&["run", "s.toml", "--content", "gone"], 2, "--content gone: No such file"),
        (&["run", "s.toml", "--content", "folder"], 2, "--content folder: not a file"),
        (&["run", "s.toml", "--content", "empty"], 2, "--content empty: an empty file"),
        (&["run", "raptor.toml", "--content", "five"], 2, "raptor.toml:34:7: session picture cannot be delivered"),
        (&["run", "s.toml", "--seed", "-1"], 2, "invalid value '-1' for '--seed <N>'"),
        (&["run", "s.toml", "--seed", "x"], 2, "invalid digit"),
        (&["run", "s.toml", "--rig", "gone"], 2, "cannot read rig gone: No such file"),
        (&["run", "s.toml", "--rig", "sdr.toml"], 2, "sdr.toml:1:9: radio = \"soapysdr\" needs a table [soapysdr]"),
        (
            &["run", "s.toml", "--rig", "odd.toml"],
            2,
            "odd.toml:1:9: clock = \"sundial\" is wrong; allowed values: \"virtual\"",
        ),
        (&["run", "s.toml", "--rig", "s.toml"], 2, "s.toml:2:1: unknown key `title`"),
        (&["run", "s.toml", "--out", "five"], 3, "cannot write five: File exists"),
        (&["run", "s.toml", "--out", "five/out"], 3, "cannot write five/out: Not a directory"),
        (&["list", "folder"], 2, "no scenario (*.toml) in folder"),
        (&["list", "gone"], 2, "cannot read gone: No such file"),
        (&["list", "five"], 2, "cannot read five: Not a directory"),
        (&["report"], 2, "<DIR>"),
        (&["report", "gone"], 2, "gone/run.jsonl: No such file"),
        (&["report", "folder"], 2, "folder/run.jsonl: No such file"),
    ];
    let dir = folder();
    let raptor = scenario::text().replace("{ code = \"no_code\" }", "{ code = \"raptor\", overhead_percent = 20 }");
    fs::write(dir.path().join("raptor.toml"), raptor).unwrap();
    fs::write(dir.path().join("sdr.toml"), "radio = \"soapysdr\"\n").unwrap();
    fs::write(dir.path().join("odd.toml"), "clock = \"sundial\"\n").unwrap();
    let before = inside(dir.path());
    for (arguments, code, said) in cases {
        let ended = castbench(dir.path(), *arguments);
        ended.assert(*code, said);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        assert_eq!(inside(dir.path()), before, "{arguments:?}: something was written");
    }
}

#[test]
fn a_record_that_is_not_whole_gives_no_report() {
    let dir = folder();
    castbench(dir.path(), ["run", "s.toml", "--quiet", "--out", "whole"]).assert(0, "PASS");
    let record = fs::read_to_string(dir.path().join("whole/run.jsonl")).unwrap();
    let (lines, first) = (record.lines().count(), record.lines().next().unwrap());
    let cases = [
        (record[..record.len() - 5].to_owned(), format!("run.jsonl:{lines}: the record ends here")),
        (format!("{first}\n"), "run.jsonl:2: the record ends here".to_owned()),
        (String::new(), "run.jsonl:1: the record ends here".to_owned()),
        (format!("{first}\nhello\n"), "run.jsonl:2: not an event".to_owned()),
        (format!("{record}{first}\n"), "more lines after `run_finished`".to_owned()),
        (record[first.len() + 1..].to_owned(), "run.jsonl:1: `run_started` must be the first line".to_owned()),
    ];
    for (text, said) in cases {
        let cut = dir.path().join("cut");
        fs::create_dir_all(&cut).unwrap();
        fs::write(cut.join("run.jsonl"), text).unwrap();
        castbench(dir.path(), ["report", "cut"]).assert(2, &said);
        assert_eq!(inside(&cut), ["run.jsonl"], "{said}");
    }
}

#[test]
fn a_refused_run_leaves_the_results_of_the_one_before() {
    let dir = folder();
    castbench(dir.path(), ["run", "s.toml", "--quiet", "--out", "out"]).assert(0, "PASS");
    let before = fs::read(dir.path().join("out/report.html")).unwrap();
    fs::write(dir.path().join("s.toml"), scenario::text().replace("data_mcs = 13", "data_mcs = 27")).unwrap();
    castbench(dir.path(), ["run", "s.toml", "--out", "out"]).assert(2, "data_mcs = 27");
    assert_eq!(fs::read(dir.path().join("out/report.html")).unwrap(), before);
}

#[test]
fn a_report_that_cannot_be_written_leaves_no_part_of_it() {
    let dir = folder();
    fs::create_dir_all(dir.path().join("out/report.html/in_the_way")).unwrap();
    let before = inside(dir.path());
    castbench(dir.path(), ["run", "s.toml", "--quiet", "--out", "out"]).assert(3, "cannot write out");
    assert_eq!(inside(dir.path()), before);
}
