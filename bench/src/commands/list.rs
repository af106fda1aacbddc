//! `castbench list`: the scenarios that there are.

use crate::cli::ListArgs;
use crate::errors::{CommandError, Exit};
use crate::list::list;

/// Runs `castbench list`; scenarios that cannot be run make it fail.
pub fn list_command(args: &ListArgs) -> Result<Exit, CommandError> {
    let broken = list(&args.folder, &mut std::io::stdout().lock())?;
    Ok(if broken == 0 { Exit::Pass } else { Exit::Usage })
}
