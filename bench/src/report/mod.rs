//! Reports: folds over the events of a run. All of them are made from [`Model`] and [`Judgement`] alone, so a recorded
//! run gives the same octets again.

pub(crate) mod area_sum;
mod html;
pub(crate) mod ims_runs;
mod json;
mod json_area;
mod json_ims;
mod json_modems;
mod junit;
mod migration_runs;
mod mms_runs;
pub(crate) mod model;
pub(crate) mod modem_runs;
mod plot;
pub(crate) mod radio_sum;
mod runs;
pub(crate) mod series;
mod sfn;
pub(crate) mod sms_runs;
#[cfg(test)]
pub(crate) mod synthetic;
#[cfg(test)]
mod synthetic_radio;
mod text;

use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) use html::REPORT_STYLE;
pub use html::html;
pub use ims_runs::ImsRun;
pub use json::{SCHEMA, json};
pub use junit::junit;
pub use mms_runs::{MultimediaMessageCount, MultimediaMessageRun};
pub use model::{FoldError, Model, ModelError};
pub use modem_runs::{MessageRun, ModemRun};
pub use radio_sum::{RadioSum, Ratio};
pub(crate) use runs::StepRun;
pub use runs::{Delivery, Outcome};
pub use sms_runs::{ShortMessageCount, ShortMessageRun};
pub(crate) use text::{counted, percent};

use crate::record::{RecordError, RecordReader};
use crate::verdict::Judgement;

/// File names of the reports in a run's folder.
pub const REPORT_FILES: [&str; 3] = ["report.json", "junit.xml", "report.html"];

/// Writes `report.json`, `junit.xml` and `report.html` into `dir`; each appears whole or not at all.
///
/// # Errors
/// A file cannot be written.
pub fn write_reports(dir: &Path, model: &Model) -> Result<Judgement, ReportError> {
    let judgement = Judgement::of(model);
    let texts = [json(model, &judgement), junit(model, &judgement), html(model, &judgement)];
    for (name, text) in REPORT_FILES.iter().zip(texts) {
        let path = dir.join(name);
        let part = dir.join(format!("{name}.part"));
        std::fs::File::create(&part)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| std::fs::rename(&part, &path))
            .map_err(|source| {
                let _ = std::fs::remove_file(&part);
                ReportError::Write { path, source }
            })?;
    }
    Ok(judgement)
}

/// Rebuilds the reports of a recorded run from `dir/run.jsonl`.
///
/// # Errors
/// The record cannot be read, contradicts itself, or a report cannot be written.
pub fn replay(dir: &Path) -> Result<(Model, Judgement), ReportError> {
    let model = Model::fold(RecordReader::open(dir)?).map_err(|error| match error {
        FoldError::Source(source) => ReportError::Record(source),
        FoldError::Model(source) => ReportError::Model(source),
    })?;
    let judgement = write_reports(dir, &model)?;
    Ok((model, judgement))
}

/// A report cannot be made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ReportError {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("the record contradicts itself: {0}")]
    Model(#[from] ModelError),
    #[error("{path}: {source}")]
    Write { path: PathBuf, source: std::io::Error },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordWriter;

    #[test]
    fn a_recorded_run_replays_to_the_same_octets() {
        for events in [synthetic::events(), synthetic::clean_events()] {
            let dir = tempfile::tempdir().unwrap();
            let mut record = RecordWriter::create(dir.path()).unwrap();
            events.iter().for_each(|e| record.write(e).unwrap());
            record.finish().unwrap();
            let live = Model::fold(events.into_iter().map(Ok::<_, RecordError>)).unwrap();
            write_reports(dir.path(), &live).unwrap();
            let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
            let first = REPORT_FILES.map(read);
            replay(dir.path()).unwrap();
            assert_eq!(REPORT_FILES.map(read), first);
            assert!(std::fs::read_dir(dir.path()).unwrap().all(|f| f.unwrap().path().extension().unwrap() != "part"));
        }
    }
}
