//! Commands of a shell, for instruments that come with a program of their own.

use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::InstrumentError;
use crate::port::live::pause;

/// Longest time that a command may take.
const LIMIT: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(5);
/// So much of the output is repeated in a message.
const MAX_OUTPUT: u64 = 400;

/// Runs `sh -c command` and gives its standard output; all of it is ended when its time is over.
pub(crate) fn run_shell(command: &str) -> Result<String, InstrumentError> {
    let io = |e: io::Error| InstrumentError::io(command, &e);
    // A file, not a pipe: a child that lives on must not keep us reading.
    let mut said = scratch().map_err(io)?;
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(said.try_clone().map_err(io)?)
        .stderr(said.try_clone().map_err(io)?)
        // A group of its own, which can be ended as a whole.
        .process_group(0)
        .spawn()
        .map_err(io)?;
    let mut waited = Duration::ZERO;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(io)? {
            break status;
        }
        if waited >= LIMIT {
            if let Some(group) = Pid::from_raw(child.id().cast_signed()) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let _ = child.wait();
            return Err(InstrumentError::new(command, format!("not done within {} s", LIMIT.as_secs())));
        }
        pause(STEP);
        waited += STEP;
    };
    let mut output = String::new();
    said.seek(SeekFrom::Start(0)).map_err(io)?;
    let _ = said.take(MAX_OUTPUT).read_to_string(&mut output);
    if !status.success() {
        return Err(InstrumentError::new(command, format!("{status}: {}", output.trim())));
    }
    Ok(output)
}

/// A file without a name.
fn scratch() -> io::Result<std::fs::File> {
    let fd = rustix::fs::memfd_create("castbench", rustix::fs::MemfdFlags::CLOEXEC)?;
    Ok(fd.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_comes_back_and_failures_are_told() {
        assert_eq!(run_shell("echo 12.5").unwrap(), "12.5\n");
        let error = run_shell("echo no such device >&2; exit 3").unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("no such device"), "{error}");
    }
}
