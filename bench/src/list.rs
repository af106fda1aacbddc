//! The scenarios that there are and what each proves.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::errors::CommandError;
use crate::scenario::{Overrides, Scenario};

/// Writes the scenarios of `folder`, by the folders in it, to `out`. Gives the number that cannot be run.
pub fn list(folder: &Path, out: &mut impl Write) -> Result<usize, CommandError> {
    let broken_pipe = |source| CommandError::Write { path: "standard output".into(), source };
    let mut broken = 0;
    let mut subjects = entries(folder)?;
    // Scenarios may also lie in the folder itself.
    subjects.insert(0, folder.to_owned());
    let mut found = 0;
    for subject in subjects.iter().filter(|p| p.is_dir()) {
        let files: Vec<PathBuf> =
            entries(subject)?.into_iter().filter(|p| p.extension().is_some_and(|e| e == "toml")).collect();
        if files.is_empty() {
            continue;
        }
        found += files.len();
        broken += list_subject(subject, &files, out).map_err(broken_pipe)?;
    }
    if found == 0 {
        return Err(CommandError::Usage(format!(
            "no scenario (*.toml) in {} or a folder in it; name the folder that has them",
            folder.display()
        )));
    }
    Ok(broken)
}

fn list_subject(subject: &Path, files: &[PathBuf], out: &mut impl Write) -> io::Result<usize> {
    let mut broken = 0;
    let name = subject.file_name().unwrap_or(subject.as_os_str()).to_string_lossy();
    writeln!(out, "{name}")?;
    for file in files {
        match Scenario::load(file, &Overrides::default()) {
            Ok(loaded) => {
                writeln!(out, "  {}", file.display())?;
                writeln!(out, "      {}", loaded.scenario.title)?;
                writeln!(out, "      proves: {}", loaded.scenario.proves)?;
            }
            Err(error) => {
                broken += 1;
                writeln!(out, "  {}  CANNOT BE RUN", file.display())?;
                for line in error.to_string().lines() {
                    writeln!(out, "      {line}")?;
                }
            }
        }
    }
    Ok(broken)
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let error = |source| CommandError::Read { path: folder.to_owned(), source };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(error)?
        .map(|e| e.map(|e| e.path()).map_err(error))
        .collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_scenarios_are_listed_with_what_they_prove() {
        let mut out = Vec::new();
        assert_eq!(list(&fixtures::dir().join("scenarios"), &mut out).unwrap(), 0);
        let text = String::from_utf8(out).unwrap();
        for subject in ["carrier", "ims", "mbms", "mc", "mms", "radio", "sms"] {
            assert!(text.lines().any(|l| l.starts_with(subject)), "{subject} is missing:\n{text}");
        }
        assert!(text.contains("file_clean.toml\n"), "{text}");
        assert_eq!(text.matches("proves: ").count(), fixtures::scenarios().len());
    }

    #[test]
    fn a_broken_scenario_is_counted_and_shown() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.toml"), "nam = 'x'\n").unwrap();
        let mut out = Vec::new();
        assert_eq!(list(folder.path(), &mut out).unwrap(), 1);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("x.toml:1:1: unknown key `nam`"), "{text}");
    }

    #[test]
    fn a_folder_without_scenarios_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(list(folder.path(), &mut Vec::new()), Err(CommandError::Usage(_))));
        assert!(matches!(list(&folder.path().join("gone"), &mut Vec::new()), Err(CommandError::Read { .. })));
    }
}
