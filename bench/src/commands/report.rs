//! `castbench report`: the reports of a run, made again from its record.

use crate::cli::ReportArgs;
use crate::console::Console;
use crate::errors::{CommandError, Exit};
use crate::report::{ReportError, replay};

/// Runs `castbench report`.
pub fn report(args: &ReportArgs) -> Result<Exit, CommandError> {
    let (_, judgement) = replay(&args.folder).map_err(|error| match error {
        ReportError::Record(_) | ReportError::Model(_) => CommandError::Usage(error.to_string()),
        ReportError::Write { path, source } => CommandError::Write { path, source },
    })?;
    Console::new(false).verdict(&judgement, &args.folder, None);
    Ok(judgement.verdict.into())
}
