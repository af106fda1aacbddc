//! Strict reading of TOML 1.0: every wrong key or value is found in one pass and said with its place and what is allowed.
//!
//! A [`Table`] is asked for each key that it may have. What is wrong is noted, a placeholder is given back and reading
//! goes on; what was not asked for is an unknown key. A file with a note is refused as a whole.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

mod near;
mod problem;
mod table;

pub(crate) use near::nearest;
use problem::Note;
pub use problem::{TomlProblem, TomlProblems};
pub(crate) use table::Table;

/// The text of a file; a file longer than any that somebody writes is not read to its end, for it may have none.
pub(crate) fn read_text(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(MAX_OCTETS + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_OCTETS {
        let why = format!("more than {MAX_OCTETS} octets");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(text)
}

/// Reads a whole file with `read`, then holds the result against `check`, which may look at several keys at once.
pub(crate) fn read_document<T>(
    file: &Path,
    text: &str,
    read: impl FnOnce(&mut Table<'_>) -> T,
    check: impl FnOnce(&T, &mut Checker<'_>),
) -> Result<T, TomlProblems> {
    // A byte order mark is legal and no part of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (tree, syntax) = DeTable::parse_recoverable(text);
    let mut notes: Vec<Note> = syntax
        .iter()
        .map(|e| Note { span: e.span().unwrap_or(0..0), message: format!("not TOML: {}", e.message()) })
        .take(MAX_PROBLEMS)
        .collect();
    // What a half-understood file lacks would only hide the syntax error.
    if notes.is_empty() {
        let value = Table::read(text, tree.get_ref(), 0..0, "the file", &mut notes, read);
        if notes.is_empty() {
            check(&value, &mut Checker { tree: tree.get_ref(), notes: &mut notes });
        }
        if notes.is_empty() {
            return Ok(value);
        }
    }
    notes.sort_by(|a, b| (a.span.start, &a.message).cmp(&(b.span.start, &b.message)));
    notes.truncate(MAX_PROBLEMS);
    Err(TomlProblems { problems: notes.into_iter().map(|n| n.locate(file, text)).collect() })
}

/// Notes what is wrong between keys, at their places.
pub(crate) struct Checker<'a> {
    tree: &'a DeTable<'a>,
    notes: &'a mut Vec<Note>,
}

impl Checker<'_> {
    /// Says `message` at `path` (`["ue", "2", "name"]`), or at the nearest table above it that the file has.
    pub(crate) fn note(&mut self, path: &[&str], message: String) {
        let mut span = 0..0;
        let mut table = Some(self.tree);
        let mut array = None;
        for part in path {
            let found = match (table, array) {
                (Some(t), _) => t.get(*part),
                (None, Some(a)) => <[Spanned<DeValue<'_>>]>::get(a, part.parse().unwrap_or(usize::MAX)),
                (None, None) => None,
            };
            let Some(found) = found else { break };
            span = found.span();
            table = found.get_ref().as_table();
            array = found.get_ref().as_array().map(|a| &a[..]);
        }
        self.notes.push(Note { span, message });
    }
}

/// Longest file.
const MAX_OCTETS: u64 = 1 << 20;

/// More than this is not said at once.
const MAX_PROBLEMS: usize = 20;

/// Longest piece of a file that a message repeats, characters.
const MAX_EXCERPT: usize = 60;
