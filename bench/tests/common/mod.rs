//! The built program, driven from outside, and what it leaves in a folder.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// How a call of the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Holds exit code and message against what must be.
    pub(crate) fn assert(&self, code: i32, said: &str) {
        assert_eq!(self.code, code, "{self:#?}");
        assert!(format!("{}{}", self.stdout, self.stderr).contains(said), "{said:?} is not said: {self:#?}");
    }
}

/// Calls the program in `folder`.
pub(crate) fn castbench<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_castbench"));
    let output = command.current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
    Ended {
        code: output.status.code().expect("ended by itself"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// Paths of all files and folders below `folder`, sorted.
pub(crate) fn inside(folder: &Path) -> Vec<String> {
    fn walk(base: &Path, folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.strip_prefix(base).unwrap().display().to_string());
            if path.is_dir() {
                walk(base, &path, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}
