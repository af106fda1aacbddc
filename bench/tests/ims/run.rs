//! The program on a scenario, and what it leaves behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::tshark;

/// A run in a folder of its own.
pub(crate) struct Run {
    dir: tempfile::TempDir,
    pub(crate) code: i32,
    pub(crate) report: Value,
    pub(crate) said: String,
}

impl Run {
    pub(crate) fn of(scenario: &Path, name: &str) -> Self {
        Self::with(scenario, name, &[])
    }

    /// With more arguments.
    pub(crate) fn with(scenario: &Path, name: &str, more: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_castbench"))
            .args(["run", "--out"])
            .arg(dir.path().join("run"))
            .args(more)
            .arg(scenario)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let report = fs::read(dir.path().join("run/report.json"));
        let report = report.map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
        let run = Self { dir, code: output.status.code().unwrap_or(-1), report, said };
        assert!(run.report.is_object(), "{name}: no report: {}", run.said);
        run
    }

    pub(crate) fn of_text(text: &str, name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("scenario.toml");
        fs::write(&file, text).unwrap();
        Self::of(&file, name)
    }

    pub(crate) fn assert_passes(&self) {
        assert_eq!(self.code, 0, "{}\n{}", self.report["sentence"], self.said);
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join("run").join(name)
    }

    pub(crate) fn ladders(&self) -> &[Value] {
        self.report["ladders"].as_array().unwrap()
    }

    /// Numbers of the packets that a filter finds; `None` with a line that says so where tshark is not installed.
    pub(crate) fn tshark(&self, filter: &str) -> Option<Vec<u64>> {
        tshark::packets(&self.file("capture.pcapng"), filter)
    }

    /// Every tick of these ladders is found again by its filter, and nothing is malformed.
    pub(crate) fn assert_tshark_agrees<'a>(&self, ladders: impl Iterator<Item = &'a Value>) {
        // Server-Capabilities without any (TS 29.229 clause 6.3.4) is nothing to complain of.
        let empty = "_ws.expert.message == \"Data is empty\"";
        let bad = format!("_ws.malformed || (_ws.expert.severity >= \"Warning\" && !({empty}))");
        let Some(malformed) = self.tshark(&bad) else { return };
        assert!(malformed.is_empty(), "malformed packets: {malformed:?}");
        for ladder in ladders {
            let missing = tshark::not_found(&self.file("capture.pcapng"), ladder).unwrap();
            assert_eq!(missing, Vec::<String>::new());
        }
    }
}
