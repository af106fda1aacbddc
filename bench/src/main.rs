//! The `castbench` binary: parse, call, map errors to exit codes.

use castbench::{
    Cli, Command, CommandError, Exit, core, devices, guardian, hold, iq, list_command, modem, pmch, report, run, rx,
    sweep, tx, ue,
};
use clap::Parser;

fn main() -> Exit {
    // The main thread works too, so that as many threads work as there are cores. It fails only when there are threads
    // already.
    let _ = rayon::ThreadPoolBuilder::new().use_current_thread().build_global();
    let outcome = match &Cli::parse().command {
        Command::Run(args) => run(args),
        Command::Sweep(args) => sweep(args),
        Command::List(args) => list_command(args),
        Command::Report(args) => report(args),
        Command::Pmch(command) => pmch(command),
        Command::Iq(command) => iq(command),
        Command::Tx(args) => tx(args),
        Command::Rx(args) => rx(args),
        Command::Ue(args) => ue(args),
        Command::Core(args) => core(args),
        Command::Devices(args) => devices(args),
        Command::Hold(args) => hold(args),
        Command::Guardian => guardian(),
        Command::Modem(command) => modem(command),
    };
    outcome.unwrap_or_else(|error: CommandError| {
        eprintln!("castbench: {error}");
        error.exit()
    })
}
