//! `[file]`: a recording between eNB and UEs.

use std::fmt;
use std::path::{Path, PathBuf};

use radio::SampleFormat;

use crate::strict_toml::Table;

/// A recording between eNB and UEs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileRig {
    /// SigMF recording, or raw samples: in the run's folder if the eNB writes it, beside the rig file if it is read.
    pub recording: PathBuf,
    /// How samples lie in what is written, or in raw samples that are read.
    pub format: Option<SampleFormat>,
    /// Whose samples are in it.
    pub source: FileRole,
}

/// Whose samples are in a recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileRole {
    /// The eNB writes it, the UEs read it while it is written.
    Enb,
    /// It is there already: the UEs hear it, nobody hears the eNB.
    Recording,
}

impl FileRig {
    /// The same rig, read from `rig_file`.
    pub(super) fn beside(mut self, rig_file: &Path) -> Self {
        if self.source == FileRole::Recording {
            self.recording = rig_file.parent().unwrap_or_else(|| Path::new("")).join(&self.recording);
        }
        self
    }
}

impl fmt::Display for FileRig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = match self.source {
            FileRole::Enb => "written by the eNB",
            FileRole::Recording => "heard instead of the eNB",
        };
        write!(f, "recording {}, {who}", self.recording.display())
    }
}

/// Reads `[file]`.
pub(super) fn file(t: &mut Table<'_>) -> FileRig {
    let formats = [SampleFormat::Cf32, SampleFormat::Ci16, SampleFormat::Ci8].map(|f| (f.name(), Some(f)));
    FileRig {
        recording: t.text("recording").into(),
        format: t.choice_or("format", &formats, None),
        source: t.choice_or("source", &[("enb", FileRole::Enb), ("recording", FileRole::Recording)], FileRole::Enb),
    }
}
