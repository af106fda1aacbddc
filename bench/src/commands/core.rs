//! `castbench core`: the core network's nodes live on sockets, its subscribers and accounts.

mod account;
mod capture;
mod subscriber;

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use core_network::net::{LiveProcess, NetTap};
use core_network::process::{CoreConfig, CoreConfigError, LiveError, start_core};
use protocol::Entropy;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::capture::Capture;
use crate::cli::{CoreArgs, CoreCommand};
use crate::errors::{CommandError, Exit};

/// Runs `castbench core`, until it is told to end.
///
/// # Errors
/// A configuration that is wrong, a port or a database that somebody else has.
pub fn core(args: &CoreArgs) -> Result<Exit, CommandError> {
    let (config, folder) = read_config(args.config.as_deref())?;
    match &args.command {
        Some(CoreCommand::Subscriber(command)) => subscriber::subscriber(command, &folder.join(&config.database)),
        Some(CoreCommand::Account(command)) => account::account(command, &folder.join(&config.database)),
        None => run(args, &config, &folder),
    }
}

/// The configuration, and the folder where its relative paths begin.
fn read_config(path: Option<&Path>) -> Result<(CoreConfig, std::path::PathBuf), CommandError> {
    let Some(path) = path else { return Ok((CoreConfig::default(), ".".into())) };
    let text = fs::read_to_string(path).map_err(|source| CommandError::Read { path: path.to_owned(), source })?;
    let wrong = |e: CoreConfigError| CommandError::Usage(format!("{}: {e}", path.display()));
    let config = CoreConfig::parse(&text).map_err(wrong)?;
    Ok((config, path.parent().unwrap_or_else(|| Path::new(".")).to_owned()))
}

fn run(args: &CoreArgs, config: &CoreConfig, folder: &Path) -> Result<Exit, CommandError> {
    let bench = |e: io::Error| CommandError::Bench(e.to_string());
    let runtime = Runtime::new().map_err(bench)?;
    let capture = args.capture.as_deref().map(Capture::start).transpose()?;
    let tap = capture.as_ref().map(Capture::tap);
    let entropy = from_system().map_err(bench)?;
    let served = runtime.block_on(serve(config, folder, entropy, tap, args.quiet));
    // Nodes that are left hold the tap: without them the capture ends.
    drop(runtime);
    let captured = capture.map_or(Ok(()), Capture::finish);
    served?;
    captured?;
    Ok(Exit::Pass)
}

async fn serve(
    config: &CoreConfig,
    folder: &Path,
    entropy: Entropy,
    tap: Option<NetTap>,
    quiet: bool,
) -> Result<(), CommandError> {
    let bench = |e: io::Error| CommandError::Bench(e.to_string());
    // Before anything listens, so that no signal is missed.
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate()).map_err(bench)?, signal(SignalKind::interrupt()).map_err(bench)?);
    let mut process = start_core(config, folder, entropy, tap).await.map_err(|e| match e {
        LiveError::Settings(_) => CommandError::Usage(e.to_string()),
        LiveError::Io(_) | LiveError::Store(_) => CommandError::Bench(e.to_string()),
    })?;
    tell_listening(&process);
    let ended_by = follow(&mut process, &mut terminate, &mut interrupt, quiet).await;
    say(&format!("{ended_by}: ending\n"));
    process.stop().await;
    say("ended\n");
    Ok(())
}

/// Logs what nodes have to say until a signal comes; which.
async fn follow(
    process: &mut LiveProcess,
    terminate: &mut Signal,
    interrupt: &mut Signal,
    quiet: bool,
) -> &'static str {
    loop {
        tokio::select! {
            biased;
            _ = terminate.recv() => return "SIGTERM",
            _ = interrupt.recv() => return "SIGINT",
            note = process.note() => match note {
                Some((node, note)) if !quiet => say(&format!("{node}: {note}\n")),
                Some(_) => {}
                None => return "all nodes have ended",
            },
        }
    }
}

fn tell_listening(process: &LiveProcess) {
    for at in process.listening() {
        let place = match at.protocol {
            "http" => format!("http://{}/health and /metrics", at.address),
            protocol => format!("{protocol} {}:{}", at.transport, at.address),
        };
        say(&format!("listening: {} {place}\n", at.node));
    }
    say("ready\n");
}

/// Live nodes draw their randomness from the system, never from a seed.
fn from_system() -> io::Result<Entropy> {
    let mut seed = [0; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(Entropy::from_seed(seed))
}

/// Whoever reads may have seen enough.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
