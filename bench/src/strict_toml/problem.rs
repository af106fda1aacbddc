//! What is wrong with a TOML file, and where.

use std::fmt::{self, Display};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What is wrong with a TOML file, in the order of the text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct TomlProblems {
    /// At least one.
    pub problems: Vec<TomlProblem>,
}

/// One thing that is wrong with a TOML file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TomlProblem {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what is allowed.
    pub message: String,
    /// The line itself.
    source: String,
    /// Characters to underline.
    width: usize,
}

impl Display for TomlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = (self.line.to_string(), self.column);
        writeln!(f, "{}:{line}:{column}: {}", self.file.display(), self.message)?;
        writeln!(f, "  {line} | {}", self.source)?;
        // Tabs stay tabs so that the mark stands under what it marks.
        let indent: String = self.source.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        write!(f, "  {:pad$} | {indent}{}", "", "^".repeat(self.width.max(1)), pad = line.len())
    }
}

/// What is wrong with a range of octets of the text.
pub(super) struct Note {
    pub(super) span: Range<usize>,
    pub(super) message: String,
}

impl Note {
    /// The place in lines and columns.
    pub(super) fn locate(self, file: &Path, text: &str) -> TomlProblem {
        let mut start = self.span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let source = text[line_start..].lines().next().unwrap_or_default();
        let column = before[line_start..].chars().count() + 1;
        let in_line = text.get(start..self.span.end.min(line_start + source.len())).unwrap_or_default();
        TomlProblem {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column,
            message: self.message,
            source: source.to_owned(),
            width: in_line.chars().count(),
        }
    }
}
