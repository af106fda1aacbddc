//! `castbench modem`: records of real modems, and personalities made of them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use hil::modem::{Modem, ModemConfig, ModemInput, ModemOutput, ModemState, RecoveryBudget, Rung};
use hil::port::{DriverEvent, LiveClock, LiveDriver, Port, PtyPort, SerialDevice, relay};
use hil::record::{RecordedPersonality, Recording, Side, head_line, record_line};

use crate::cli::{ModemCommand, ModemPersonalityArgs, ModemRecordArgs};
use crate::errors::{CommandError, Exit};
use crate::modems::load_profile;

/// How long a modem is looked at when nobody says.
const LOOK: Duration = Duration::from_secs(10);
/// Between samples of the signal.
const SAMPLE_PERIOD: Duration = Duration::from_secs(1);

/// Runs `castbench modem`.
///
/// # Errors
/// A port that cannot be had, a file that cannot be read or written, a modem that does not answer.
pub fn modem(command: &ModemCommand) -> Result<Exit, CommandError> {
    match command {
        ModemCommand::Record(args) if args.host.is_some() => record_host(args),
        ModemCommand::Record(args) => record(args),
        ModemCommand::Personality(args) => personality(args),
    }
}

/// A record that is being written, each piece as it comes: whoever is interrupted has all but the last.
struct Record {
    file: File,
    failed: Option<io::Error>,
}

impl Record {
    fn create(path: &Path, port: &str) -> Result<Self, CommandError> {
        let why = |source| CommandError::Write { path: path.to_owned(), source };
        let mut file = File::create(path).map_err(why)?;
        file.write_all(head_line(port, utc_ns()).as_bytes()).map_err(why)?;
        Ok(Self { file, failed: None })
    }

    fn put(&mut self, at: protocol::Instant, side: Side, bytes: &[u8]) {
        if self.failed.is_none() {
            self.failed = self.file.write_all(record_line(at, side, bytes).as_bytes()).err();
        }
    }

    fn finish(self, path: &Path) -> Result<(), CommandError> {
        let failed = self.failed.map_or_else(|| self.file.sync_all(), Err);
        failed.map_err(|source| CommandError::Write { path: path.to_owned(), source })
    }
}

#[expect(clippy::disallowed_methods, reason = "a record of a real modem says when it was made")]
fn utc_ns() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}

fn open(args: &ModemRecordArgs) -> io::Result<SerialDevice> {
    SerialDevice::open(&args.port, args.baud)
}

fn no_port(args: &ModemRecordArgs, why: &io::Error) -> CommandError {
    CommandError::Usage(format!("cannot open {}: {why}; is it the port of a modem, and free?", args.port))
}

/// Our driver asks.
fn record(args: &ModemRecordArgs) -> Result<Exit, CommandError> {
    let config = ModemConfig {
        name: args.port.clone(),
        profile: args.profile.as_deref().map(load_profile).transpose()?,
        pin: args.pin.clone(),
        // A record is of a modem as it is: it is not reset.
        recovery: RecoveryBudget { rungs: vec![Rung::Resync, Rung::Reopen], ..RecoveryBudget::default() },
        ..ModemConfig::default()
    };
    let mut driver = LiveDriver::new(Modem::new(config), |_| open(args)).map_err(|e| no_port(args, &e))?;
    let mut record = Record::create(&args.out, &args.port)?;
    driver.input(ModemInput::Start);
    let look = args.seconds.map_or(LOOK, |seconds| Duration::from_secs(seconds.into()));
    let (mut end, mut sample, mut quarantined) = (None, protocol::Instant::ZERO, None);
    loop {
        driver.turn(|at, event| match event {
            DriverEvent::Wrote(bytes) => record.put(at, Side::Host, bytes),
            DriverEvent::Read(bytes) => record.put(at, Side::Modem, bytes),
            DriverEvent::Told(output) => {
                if let ModemOutput::Quarantined { why } = output {
                    quarantined = Some(why.clone());
                }
                if let Some(line) = describe(output) {
                    print_line(&line);
                }
            }
        });
        let now = driver.now();
        if driver.modem().state() == ModemState::Ready {
            end = end.or(Some(now + look));
            if now >= sample {
                sample = now + SAMPLE_PERIOD;
                driver.input(ModemInput::Sample);
            }
        }
        if quarantined.is_some() || record.failed.is_some() || end.is_some_and(|end| now >= end) {
            break;
        }
    }
    record.finish(&args.out)?;
    quarantined.map_or(Ok(Exit::Pass), |why| Err(CommandError::Bench(format!("{why}; what it said is in the record"))))
}

/// Somebody else's host asks.
fn record_host(args: &ModemRecordArgs) -> Result<Exit, CommandError> {
    let mut modem = open(args).map_err(|e| no_port(args, &e))?;
    let link = args.host.as_deref();
    let mut host = PtyPort::new(link).map_err(|source| CommandError::Write {
        path: link.unwrap_or_else(|| Path::new("/dev/ptmx")).to_owned(),
        source,
    })?;
    let mut record = Record::create(&args.out, &args.port)?;
    print_line(&format!("modem {}", host.name()));
    let clock = LiveClock::start();
    let end = args.seconds.map(|seconds| clock.now() + Duration::from_secs(seconds.into()));
    let mut gone = None;
    while gone.is_none() && record.failed.is_none() && end.is_none_or(|end| clock.now() < end) {
        gone = relay(&mut host, &mut modem, |side, bytes| record.put(clock.now(), side, bytes)).err();
    }
    record.finish(&args.out)?;
    match gone {
        Some(why) => Err(CommandError::Bench(format!("{why}; what was said until then is in the record"))),
        None => Ok(Exit::Pass),
    }
}

fn personality(args: &ModemPersonalityArgs) -> Result<Exit, CommandError> {
    let text =
        fs::read_to_string(&args.record).map_err(|source| CommandError::Read { path: args.record.clone(), source })?;
    let wrong = |why: String| CommandError::Usage(format!("{}: {why}", args.record.display()));
    let recording = Recording::parse(&text).map_err(|e| wrong(e.to_string()))?;
    let personality = RecordedPersonality::of_record(&recording);
    if personality.exchanges.is_empty() {
        return Err(wrong("nobody asked the modem anything".into()));
    }
    let text = personality.to_toml().map_err(wrong)?;
    fs::write(&args.out, text).map_err(|source| CommandError::Write { path: args.out.clone(), source })?;
    print_line(&format!("{} exchanges in {}", personality.exchanges.len(), args.out.display()));
    Ok(Exit::Pass)
}

fn describe(output: &ModemOutput) -> Option<String> {
    Some(match output {
        ModemOutput::Identity(i) => {
            let told = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".into());
            let (manufacturer, model, revision) = (told(&i.manufacturer), told(&i.model), told(&i.revision));
            format!("{manufacturer} {model}, {revision}, profile {}", i.profile)
        }
        ModemOutput::State(state) => format!("{state:?}"),
        ModemOutput::RungTaken { rung, why } => format!("{why}: {rung}"),
        ModemOutput::Note(text) => text.clone(),
        _ => return None,
    })
}

/// Whoever reads may have seen enough.
fn print_line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}
