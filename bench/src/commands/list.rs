//! `castbench list`: the scenarios that there are.

use std::io;

use crate::cli::ListArgs;
use crate::errors::{CommandError, Exit};
use crate::list::list;

/// Runs `castbench list`; scenarios that cannot be run make it fail.
pub fn list_command(args: &ListArgs) -> Result<Exit, CommandError> {
    match list(&args.folder, &mut io::stdout().lock()) {
        Ok(0) => Ok(Exit::Pass),
        Ok(_) => Ok(Exit::Usage),
        // Who reads, for example `head`, has seen enough.
        Err(CommandError::Write { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Pass),
        Err(error) => Err(error),
    }
}
