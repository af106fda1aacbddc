//! Scenarios with ladders: what a run says of them, and runs that lose the message of a step.

use std::fs;
use std::path::Path;

use castbench::{PROCEDURES, ProcedureStep};
use protocol::Joint;
use serde_json::Value;

use crate::common::{Ended, castbench};

/// A shipped scenario, with what is said of its content.
pub(crate) fn shipped(name: &str) -> String {
    let text = fs::read_to_string(fixtures::scenario(name)).unwrap();
    text.replace("../../content/speech.wav", fixtures::content("speech.wav").to_str().unwrap())
}

/// Runs a scenario in a folder, `out` being that of the run; with what its report says.
pub(crate) fn run(dir: &Path, text: &str) -> (Ended, Value) {
    fs::write(dir.join("s.toml"), text).unwrap();
    let ended = castbench(dir, ["run", "s.toml", "--quiet", "--out", "out"]);
    let report = fs::read(dir.join("out/report.json")).unwrap_or_default();
    (ended, serde_json::from_slice(&report).unwrap_or_default())
}

/// Ladders of a procedure.
pub(crate) fn ladders<'a>(report: &'a Value, procedure: &'a str) -> impl Iterator<Item = &'a Value> {
    report["ladders"].as_array().into_iter().flatten().filter(move |ladder| ladder["procedure"] == procedure)
}

/// A procedure whose messages are lost, one in each run.
#[derive(Debug)]
pub(crate) struct LostMessages {
    pub(crate) procedure: &'static str,
    /// A scenario that passes.
    pub(crate) scenario: String,
    /// More of the faults of steps that ladders are not asked about; `None` of those that are named by their number.
    pub(crate) fault: fn(&ProcedureStep) -> Option<&'static str>,
}

impl LostMessages {
    /// The scenario passes while nothing is lost.
    pub(crate) fn assert_passes_whole(&self) {
        let dir = tempfile::tempdir().unwrap();
        run(dir.path(), &self.scenario).0.assert(0, "PASS");
    }

    /// A lost message fails by the number of its step: rows `first`, `first + of` and so on, so that tests share the time.
    pub(crate) fn assert_fail_by_number(&self, first: usize, of: usize) {
        let procedure = PROCEDURES.iter().find(|own| own.procedure == self.procedure).unwrap();
        for row in procedure.steps.iter().skip(first).step_by(of) {
            let dir = tempfile::tempdir().unwrap();
            let (ended, report) = run(dir.path(), &(self.scenario.clone() + &self.drop(row)));
            assert_eq!(ended.code, 1, "step {}: {ended:#?}", row.number);
            let ladder = ladders(&report, self.procedure).next().unwrap();
            let reason = ladder["reason"].as_str().unwrap_or_default();
            let named = format!(": step {} ({}, ", row.number, row.joint);
            assert!(reason.contains(&named), "step {}: {reason}", row.number);
        }
    }

    fn drop(&self, row: &ProcedureStep) -> String {
        let more = match (self.fault)(row) {
            Some(more) => more.to_owned(),
            None => format!("message = {{ procedure = \"{}\", step = \"{}\" }}", self.procedure, row.number),
        };
        let joint = match row.joint {
            Joint::SgiMb => "sgi_mb".to_owned(),
            joint => joint.to_string().to_lowercase().replace('-', ""),
        };
        format!("\n[[fault]]\njoint = \"{joint}\"\naction = \"drop\"\n{more}\n")
    }
}
