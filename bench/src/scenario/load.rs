//! Scenario files: reading, the overrides of the command line, where the content is.

use std::io;
use std::path::{Path, PathBuf};

use core_network::ims::NetworkCore;
use hil::agent::media::Speech;

use super::{ImsSecurity, Scenario, check, read};
use crate::strict_toml::{Table, TomlProblems, read_document, read_text};

/// A scenario that is ready to run.
#[derive(Clone, PartialEq, Debug)]
pub struct Loaded {
    /// The scenario, overrides applied.
    pub scenario: Scenario,
    /// Its file.
    pub file: PathBuf,
    /// Where the content of each session is, in the order of the sessions.
    pub content: Vec<PathBuf>,
}

/// What the command line says instead of the scenario.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overrides {
    /// Content of every session.
    pub content: Option<PathBuf>,
    /// Seed.
    pub seed: Option<u64>,
    /// What leads requests. A plain SIP network has nothing of what protects Gm.
    pub network: Option<NetworkCore>,
}

impl Overrides {
    /// The network comes before all checks.
    fn apply_network(&self, scenario: &mut Scenario) {
        if let (Some(network), Some(ims)) = (self.network, &mut scenario.ims) {
            ims.network = network;
            if ims.is_plain() {
                ims.security = ImsSecurity::Off;
            }
        }
    }
}

/// A scenario that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadScenarioError {
    /// The file cannot be read.
    #[error("cannot read scenario {}: {source}; `castbench list` shows the scenarios that there are", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file says something that is not allowed.
    #[error(transparent)]
    Wrong(#[from] TomlProblems),
    /// The content that the command line names is not there.
    #[error("--content {}: {reason}; allowed values: a file of at least one octet", .file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Scenario {
    /// Reads and checks a scenario file. Paths of contents count from the folder of the file.
    pub fn load(file: &Path, overrides: &Overrides) -> Result<Loaded, LoadScenarioError> {
        let text = read_text(file).map_err(|source| LoadScenarioError::Read { file: file.to_owned(), source })?;
        Self::parse(file, &text, overrides)
    }

    /// As [`Scenario::load`], with the text of the file already there.
    pub fn parse(file: &Path, text: &str, overrides: &Overrides) -> Result<Loaded, LoadScenarioError> {
        let folder = file.parent().unwrap_or_else(|| Path::new(""));
        if let Some(content) = &overrides.content {
            check_content(content).map_err(|reason| LoadScenarioError::Content { file: content.clone(), reason })?;
        }
        let read = |t: &mut Table<'_>| {
            let mut scenario = read::scenario(t);
            overrides.apply_network(&mut scenario);
            scenario
        };
        let mut scenario = read_document(file, text, read, |s, note| {
            check::check(s, folder, overrides.content.as_deref(), note);
        })?;
        if let Some(seed) = overrides.seed {
            scenario.seed = seed;
        }
        if let Some(content) = &overrides.content {
            for session in &mut scenario.sessions {
                session.content.clone_from(content);
                session.content_type = content_type(content).to_owned();
            }
        }
        let base = if overrides.content.is_some() { Path::new("") } else { folder };
        let content = scenario.sessions.iter().map(|s| base.join(&s.content)).collect();
        Ok(Loaded { scenario, file: file.to_owned(), content })
    }
}

/// Why this cannot be broadcast.
pub(super) fn check_content(file: &Path) -> Result<(), String> {
    let about = std::fs::metadata(file).map_err(|e| e.to_string())?;
    if !about.is_file() {
        return Err("not a file".into());
    }
    // A file without read permission is found now and not in the middle of the run.
    std::fs::File::open(file).map_err(|e| e.to_string())?;
    if about.len() == 0 {
        return Err("an empty file".into());
    }
    Ok(())
}

/// Why this cannot be said.
pub(super) fn check_speech(file: &Path) -> Result<(), String> {
    let octets = std::fs::read(file).map_err(|e| e.to_string())?;
    Speech::of_wave(&octets).map(drop).map_err(|e| e.to_string())
}

/// Media type by the extension of the name (IANA media types).
pub(crate) fn content_type(file: &Path) -> &'static str {
    let extension = file.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "mkv" => "video/matroska",
        "3gp" => "video/3gpp",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "amr" => "audio/AMR",
        "wav" => "audio/vnd.wave",
        "ogg" => "audio/ogg",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "json" => "application/json",
        "html" | "htm" => "text/html",
        "txt" | "md" => "text/plain",
        _ => "application/octet-stream",
    }
}
