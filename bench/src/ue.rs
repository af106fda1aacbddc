//! One UE of a run: its MBMS client, the files that it writes, and what its radio measured since the last report.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use hil::{MbmsClient, MbmsClientInput, MbmsClientOutput, ServiceDescription};
use protocol::Instant;
use radio::BlockReport;

use crate::errors::CommandError;
use crate::event::What;
use crate::radio_tally::RadioTally;
use crate::setup;

/// A UE.
pub(crate) struct Ue {
    pub(crate) name: String,
    client: MbmsClient,
    folder: PathBuf,
    files: BTreeMap<(String, u64), PartFile>,
    radio: RadioTally,
    /// Octets of symbols of each session at the last progress report.
    reported: BTreeMap<String, u64>,
}

/// A file that is being received.
struct PartFile {
    file: File,
    part: PathBuf,
    path: PathBuf,
}

/// What a session's content must be, to say whether an object is intact.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) sha256: String,
    pub(crate) started: Instant,
}

impl Ue {
    /// A UE that listens to `services` and writes objects below `folder`.
    pub(crate) fn new(name: &str, services: Vec<ServiceDescription>, folder: PathBuf, sample_rate_hz: f64) -> Self {
        Self {
            name: name.to_owned(),
            client: MbmsClient::new(services, setup::wall_clock()),
            folder,
            files: BTreeMap::new(),
            radio: RadioTally::new(sample_rate_hz),
            reported: BTreeMap::new(),
        }
    }

    /// An IP datagram from an MTCH; facts go to `facts`.
    pub(crate) fn datagram(
        &mut self,
        now: Instant,
        datagram: &[u8],
        sent: &BTreeMap<String, Sent>,
        facts: &mut Vec<What>,
    ) -> Result<(), CommandError> {
        self.client.handle_input(now, MbmsClientInput::Ip(datagram));
        while let Some(output) = self.client.poll_output() {
            self.output(now, output, sent, facts)?;
        }
        Ok(())
    }

    fn output(
        &mut self,
        now: Instant,
        output: MbmsClientOutput,
        sent: &BTreeMap<String, Sent>,
        facts: &mut Vec<What>,
    ) -> Result<(), CommandError> {
        let ue = self.name.clone();
        match output {
            MbmsClientOutput::FdtReceived { session, instance_id, files } => {
                facts.push(What::FdtReceived { ue, session, instance_id, files });
            }
            MbmsClientOutput::ObjectStarted { session, toi, content_location, .. } => {
                let file = PartFile::create(&self.folder.join(&session), &content_location)?;
                self.files.insert((session, toi), file);
            }
            MbmsClientOutput::ObjectData { session, toi, bytes } => {
                if let Some(file) = self.files.get_mut(&(session, toi)) {
                    file.write(&bytes)?;
                }
            }
            MbmsClientOutput::ObjectComplete { session, toi, content_location, octets, sha256, .. } => {
                if let Some(file) = self.files.remove(&(session.clone(), toi)) {
                    file.finish()?;
                }
                let (intact, after_s) = sent.get(&session).map_or((false, 0.0), |s| {
                    (s.sha256 == sha256, now.saturating_duration_since(s.started).as_secs_f64())
                });
                facts.extend(self.progress(&session)); // exact at this moment
                facts.push(What::ObjectReceived {
                    ue,
                    session,
                    toi,
                    content_location,
                    octets,
                    sha256,
                    intact,
                    after_s,
                });
            }
            MbmsClientOutput::ObjectFailed { session, toi, reason } => {
                if let Some(file) = self.files.remove(&(session.clone(), toi)) {
                    file.discard();
                }
                facts.push(What::Note { text: format!("{ue}: object {toi} of {session}: {reason}") });
            }
            MbmsClientOutput::Discarded(why) => {
                facts.push(What::Note { text: format!("{ue}: datagram dropped: {why}") });
            }
        }
        Ok(())
    }

    /// A transport block was tried, of the MCH of this name.
    pub(crate) fn block(&mut self, report: &BlockReport, mch: Option<&str>) {
        self.radio.add(report, mch);
    }

    /// Ends an interval of radio measurements.
    pub(crate) fn radio_report(&mut self, from: Instant) -> What {
        What::Radio(self.radio.take(&self.name, from))
    }

    /// How far a session has come, when that is news.
    pub(crate) fn progress(&mut self, session: &str) -> Option<What> {
        let progress = self.client.progress(session)?;
        let (ue, session) = (self.name.clone(), session.to_owned());
        let last = self.reported.insert(session.clone(), progress.received_symbol_octets);
        (last.unwrap_or_default() != progress.received_symbol_octets).then_some(What::ObjectProgress {
            ue,
            session,
            received_octets: progress.received_symbol_octets,
            written_octets: progress.written_octets,
        })
    }

    /// Octets of encoding symbols of a session so far.
    pub(crate) fn received_octets(&self, session: &str) -> u64 {
        self.client.progress(session).map_or(0, |p| p.received_symbol_octets)
    }

    /// Removes what was begun and not completed.
    pub(crate) fn discard_incomplete(&mut self) {
        std::mem::take(&mut self.files).into_values().for_each(PartFile::discard);
    }
}

impl PartFile {
    fn create(folder: &Path, content_location: &str) -> Result<Self, CommandError> {
        let path = folder.join(file_name(content_location));
        let part = folder.join(format!("{}.part", file_name(content_location)));
        let file = fs::create_dir_all(folder)
            .and_then(|()| File::create(&part))
            .map_err(|source| CommandError::Write { path: part.clone(), source })?;
        Ok(Self { file, part, path })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        self.file.write_all(bytes).map_err(|source| CommandError::Write { path: self.part.clone(), source })
    }

    fn finish(self) -> Result<(), CommandError> {
        fs::rename(&self.part, &self.path).map_err(|source| CommandError::Write { path: self.path, source })
    }

    fn discard(self) {
        let _ = fs::remove_file(self.part);
    }
}

/// A file name from a Content-Location, which comes from the air: its last segment, harmless characters only.
fn file_name(content_location: &str) -> String {
    let last = content_location.rsplit('/').next().unwrap_or_default();
    let name: String =
        last.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).take(100).collect();
    if name.chars().all(|c| c == '.') { "object".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_from_the_air_stay_in_their_folder() {
        for (location, name) in [
            ("file:///castbench.mp4", "castbench.mp4"),
            ("http://x/a/b%20c.jpg", "b_20c.jpg"),
            ("file:///../../etc/passwd", "passwd"),
            ("file:///..", "object"),
            ("", "object"),
            ("a/b/", "object"),
            ("x\\..\\y", "x_.._y"),
        ] {
            assert_eq!(file_name(location), name, "{location}");
        }
    }
}
