//! `run.jsonl`: the record of a run, one [`Event`] per line, in the order in which they happened.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::event::{Event, What};

/// What is written to a file at once.
pub(crate) const BUFFER_OCTETS: usize = 1 << 16;

/// File name of the record in a run's folder.
pub const RECORD_FILE: &str = "run.jsonl";

/// Writes a record as the run goes. The file bears its name only once [`RecordWriter::finish`] was called; until then
/// it is `run.jsonl.part`.
#[derive(Debug)]
pub struct RecordWriter {
    out: BufWriter<File>,
    part: PathBuf,
    path: PathBuf,
    lines: u64,
}

impl RecordWriter {
    /// Opens `dir/run.jsonl.part`.
    pub fn create(dir: &Path) -> Result<Self, RecordError> {
        let path = dir.join(RECORD_FILE);
        let part = dir.join(format!("{RECORD_FILE}.part"));
        let file = File::create(&part).map_err(|source| RecordError::Io { path: part.clone(), source })?;
        Ok(Self { out: BufWriter::with_capacity(BUFFER_OCTETS, file), part, path, lines: 0 })
    }

    /// Appends one line.
    pub fn write(&mut self, event: &Event) -> Result<(), RecordError> {
        self.lines += 1;
        serde_json::to_writer(&mut self.out, event)
            .map_err(std::io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"))
            .map_err(|source| RecordError::Io { path: self.part.clone(), source })
    }

    /// Lines written so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Flushes and gives the file its name.
    pub fn finish(mut self) -> Result<PathBuf, RecordError> {
        self.out
            .flush()
            .and_then(|()| std::fs::rename(&self.part, &self.path))
            .map_err(|source| RecordError::Io { path: self.path.clone(), source })?;
        Ok(self.path)
    }
}

/// Reads a record line by line; each error names file and line.
#[derive(Debug)]
pub struct RecordReader<R> {
    input: R,
    path: PathBuf,
    line: u64,
    buffer: Vec<u8>,
    finished: bool,
}

impl RecordReader<BufReader<File>> {
    /// Opens `dir/run.jsonl`.
    pub fn open(dir: &Path) -> Result<Self, RecordError> {
        let path = dir.join(RECORD_FILE);
        let file = File::open(&path).map_err(|source| RecordError::Io { path: path.clone(), source })?;
        Ok(Self::new(BufReader::new(file), path))
    }
}

impl<R: BufRead> RecordReader<R> {
    /// Reads from `input`; `path` is for error messages.
    pub fn new(input: R, path: PathBuf) -> Self {
        Self { input, path, line: 0, buffer: Vec::new(), finished: false }
    }

    /// The next event, `None` after a complete record.
    ///
    /// # Errors
    /// A line that is not an event, a first line that is not `run_started`, an end without `run_finished`, and
    /// anything after it.
    pub fn next_event(&mut self) -> Result<Option<Event>, RecordError> {
        self.buffer.clear();
        let path = || self.path.clone();
        let read = (&mut self.input)
            .take(LINE_LIMIT_OCTETS)
            .read_until(b'\n', &mut self.buffer)
            .map_err(|source| RecordError::Io { path: path(), source })?;
        if read == 0 && self.finished {
            return Ok(None);
        }
        self.line += 1;
        let line = self.line;
        if self.finished {
            return Err(RecordError::AfterEnd { path: path(), line });
        }
        if read as u64 == LINE_LIMIT_OCTETS {
            return Err(RecordError::LineTooLong { path: path(), line });
        }
        if read == 0 || self.buffer.last() != Some(&b'\n') {
            return Err(RecordError::Truncated { path: path(), line });
        }
        let event: Event = serde_json::from_slice(&self.buffer).map_err(|source| RecordError::NotAnEvent {
            path: path(),
            line,
            source,
        })?;
        if (line == 1) != matches!(event.what, What::RunStarted(_)) {
            return Err(RecordError::RunStarted { path: path(), line });
        }
        self.finished = event.what == What::RunFinished;
        Ok(Some(event))
    }
}

impl<R: BufRead> Iterator for RecordReader<R> {
    type Item = Result<Event, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().transpose()
    }
}

/// A record cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RecordError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{path}:{line}: not an event of this version of castbench: {source}")]
    NotAnEvent { path: PathBuf, line: u64, source: serde_json::Error },
    #[error("{path}:{line}: `run_started` must be the first line of a record, and only that")]
    RunStarted { path: PathBuf, line: u64 },
    #[error("{path}:{line}: the record ends here, before `run_finished`: the run was interrupted; run it again")]
    Truncated { path: PathBuf, line: u64 },
    #[error("{path}:{line}: more lines after `run_finished`; two records in one file?")]
    AfterEnd { path: PathBuf, line: u64 },
    #[error("{path}:{line}: a line of more than {LINE_LIMIT_OCTETS} octets is not from castbench")]
    LineTooLong { path: PathBuf, line: u64 },
}

/// No event comes near it; a file that is not a record must not fill the memory.
const LINE_LIMIT_OCTETS: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;

    fn record() -> String {
        synthetic::events().iter().map(|e| serde_json::to_string(e).unwrap() + "\n").collect()
    }

    fn read(text: &str) -> Result<Vec<Event>, RecordError> {
        RecordReader::new(text.as_bytes(), "run.jsonl".into()).collect()
    }

    #[test]
    fn reads_back_what_was_written_and_appears_only_when_complete() {
        let dir = tempfile::tempdir().unwrap();
        let events = synthetic::events();
        let mut writer = RecordWriter::create(dir.path()).unwrap();
        events.iter().for_each(|e| writer.write(e).unwrap());
        assert!(!dir.path().join(RECORD_FILE).exists());
        assert_eq!(writer.lines(), events.len() as u64);
        writer.finish().unwrap();
        assert!(!dir.path().join("run.jsonl.part").exists());
        let back: Vec<Event> = RecordReader::open(dir.path()).unwrap().map(Result::unwrap).collect();
        assert_eq!(back, events);
    }

    #[test]
    fn truncated_record_names_the_line() {
        let text = record();
        let lines = text.lines().count();
        let cut_in_line = read(&text[..text.len() - 3]).unwrap_err().to_string();
        assert_eq!(
            cut_in_line,
            format!(
                "run.jsonl:{lines}: the record ends here, before `run_finished`: the run was interrupted; run it again"
            )
        );
        let cut_between: String = text.lines().take(5).map(|l| format!("{l}\n")).collect();
        assert!(read(&cut_between).unwrap_err().to_string().starts_with("run.jsonl:6: the record ends here"));
        assert!(read("").unwrap_err().to_string().starts_with("run.jsonl:1: the record ends here"));
    }

    #[test]
    fn foreign_lines_are_refused_with_their_number() {
        let text = record();
        let first = text.lines().next().unwrap();
        assert!(read(&format!("{first}\nhello\n")).unwrap_err().to_string().starts_with("run.jsonl:2: not an event"));
        assert!(read(&format!("{first}\n{first}\n")).unwrap_err().to_string().contains("run.jsonl:2: `run_started`"));
        let second = text.lines().nth(1).unwrap();
        assert!(read(&format!("{second}\n")).unwrap_err().to_string().contains("run.jsonl:1: `run_started`"));
        assert!(read(&format!("{text}{second}\n")).unwrap_err().to_string().contains("more lines after"));
    }
}
