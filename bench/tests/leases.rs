//! Leases as somebody meets who kills what holds them: devices are safe before anybody else can have them.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use hil::lease::{LeaseRecord, LeaseState};
use hil::port::{LiveModem, ModemEvent, ModemOrder, Port, PtyPort};
use hil::sim::{InstrumentTwin, Personality, SimAttenuator};
use rustix::process::{Pid, Signal, kill_process};

const MAX_DB: f64 = 95.0;
const RUN_DB: f64 = 30.0;

/// Two attenuators and a modem, as instruments on TCP and a pseudo terminal.
struct Lab {
    http: InstrumentTwin<SimAttenuator>,
    scpi: InstrumentTwin<SimAttenuator>,
    radio: Arc<AtomicBool>,
    modem: PathBuf,
    folder: tempfile::TempDir,
    _orders: Sender<ModemOrder>,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = PtyPort::new(Some(&folder.path().join("modem"))).unwrap();
        let (orders, received) = channel();
        let radio = Arc::new(AtomicBool::new(true));
        let seen = Arc::clone(&radio);
        let modem = PathBuf::from(port.name());
        thread::spawn(move || {
            LiveModem::new(Personality::default(), None, port).serve(&received, |event| {
                if let ModemEvent::Radio(on) = event {
                    seen.store(on, Ordering::SeqCst);
                }
            })
        });
        let attenuator = || InstrumentTwin::start(SimAttenuator::new(MAX_DB, 0.25)).unwrap();
        Self { http: attenuator(), scpi: attenuator(), radio, modem, folder, _orders: orders }
    }

    fn locks(&self) -> PathBuf {
        self.folder.path().join("locks")
    }

    /// A rig with some of the devices, which waits for them so long.
    fn rig(&self, name: &str, devices: &[&str], wait_s: u32) -> PathBuf {
        let (http, scpi) = (self.http.address(), self.scpi.address());
        let mut text =
            format!("name = '{name}'\n[lease]\ndir = 'locks'\nheartbeat_s = 0.2\nexpiry_s = 1.5\nwait_s = {wait_s}\n");
        for device in devices {
            text += &match *device {
                "modem" => format!("[[modem]]\nname = 'modem'\nport = '{}'\n", self.modem.display()),
                "http" => format!(
                    "[[attenuator]]\nname = 'http'\nkind = 'mini_circuits'\naddress = '{http}'\nmax_db = 95\nrun_db = 30\n"
                ),
                _ => format!(
                    "[[attenuator]]\nname = 'scpi'\nkind = 'scpi'\naddress = '{scpi}'\nset = ':SETATT={{db}}'\n\
                     query = ':ATT?'\nmax_db = 95\nrun_db = 30\n"
                ),
            };
        }
        let path = self.folder.path().join(format!("{name}.toml"));
        fs::write(&path, text).unwrap();
        path
    }

    fn all(&self) -> PathBuf {
        self.rig("all", &["http", "modem", "scpi"], 0)
    }

    fn state(&self) -> (f64, f64, bool) {
        (self.http.with(|sim| sim.db), self.scpi.with(|sim| sim.db), self.radio.load(Ordering::SeqCst))
    }

    /// The files of the devices.
    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.locks()) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| !path.ends_with("reserving.lease")).collect()
    }

    /// Takes the kernel's locks as soon as they are free, and holds them against everybody.
    fn lock_all(&self, within: Duration) -> Vec<File> {
        let begun = now();
        self.files()
            .iter()
            .map(|path| {
                let file = File::options().read(true).write(true).open(path).unwrap();
                while file.try_lock().is_err() {
                    assert!(begun.elapsed() < within, "{} is not free: {:?}", path.display(), record(path));
                    pause(Duration::from_millis(1));
                }
                file
            })
            .collect()
    }

    fn guardian(&self) -> i32 {
        record(&self.files()[0]).unwrap().guardian_pid
    }
}

fn record(path: &Path) -> Option<LeaseRecord> {
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

const SAFE: (f64, f64, bool) = (MAX_DB, MAX_DB, false);
const ACTIVE: (f64, f64, bool) = (RUN_DB, RUN_DB, true);

/// `castbench hold`, ended with the test.
struct Holder {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Holder {
    fn start(rig: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_castbench"))
            .arg("hold")
            .arg(rig)
            .args(arguments)
            .envs(["CI_JOB_URL", "GITHUB_RUN_ID", "BUILD_URL"].map(|key| (key, "")))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    fn active(rig: &Path) -> Self {
        let mut holder = Self::start(rig, &["--active"]);
        assert_eq!((holder.says(), holder.says()), ("held".into(), "active".into()), "{}", holder.complains());
        holder
    }

    fn says(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn complains(&mut self) -> String {
        let mut text = String::new();
        if let (Ok(Some(_)), Some(mut stderr)) = (self.child.try_wait(), self.child.stderr.take()) {
            stderr.read_to_string(&mut text).unwrap();
        }
        text
    }

    fn signal(&self, signal: Signal) {
        send(self.child.id().cast_signed(), signal);
    }

    /// Exit code and messages.
    fn ended(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, self.complains())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn send(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "processes run in real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "processes run in real time")]
fn pause(time: Duration) {
    thread::sleep(time);
}

/// Long, for machines that do much else.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_holder_that_is_killed_at_any_moment_leaves_everything_safe_before_it_is_free() {
    let lab = Lab::new();
    let rig = lab.all();
    // Nobody knows what state devices are in that nobody ever had.
    assert_eq!(lab.state(), (0.0, 0.0, true));
    let begun = now();
    let holder = Holder::active(&rig);
    let span = begun.elapsed();
    assert_eq!(lab.state(), ACTIVE);
    drop(holder);
    drop(lab.lock_all(PATIENCE));
    let rounds: usize = std::env::var("CASTBENCH_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let (mut random, mut killed_active, mut times) = (0x2545_F491_4F6C_DD1Du64, 0, Vec::new());
    for round in 0..rounds {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // Half of them on their way, half in use.
        let part = (random >> 11) as f64 / (1u64 << 53) as f64;
        let mut holder = if round % 2 == 0 {
            let holder = Holder::start(&rig, &["--active"]);
            pause(span.mul_f64(1.2 * part));
            holder
        } else {
            let holder = Holder::active(&rig);
            pause(Duration::from_secs_f64(0.2 * part));
            holder
        };
        killed_active += usize::from(lab.state() == ACTIVE);
        holder.child.kill().unwrap();
        let killed = now();
        let free = lab.lock_all(PATIENCE);
        times.push(killed.elapsed());
        assert_eq!(lab.state(), SAFE, "round {round}");
        for path in lab.files() {
            let record = record(&path).unwrap();
            assert_eq!(record.state, LeaseState::Safe, "round {round}: {record:?}");
        }
        drop(free);
    }
    times.sort();
    let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
    println!("free after {median:?} (median), {longest:?} (longest); {killed_active} of {rounds} killed while active");
    assert!(killed_active >= rounds / 2, "{killed_active} of {rounds} were active");
    // The devices are there before a heartbeat of the usual second is over.
    assert!(median < Duration::from_secs(1), "{median:?}");
    // Given back in order, nothing is left to say.
    let mut last = Holder::start(&rig, &["--active", "--for-s", "0.01"]);
    assert_eq!([last.says(), last.says(), last.says()], ["held", "active", "released"]);
    assert_eq!(lab.state(), SAFE);
    let (code, said) = last.ended();
    assert_eq!(code, Some(0));
    let (code, again) = Holder::start(&rig, &["--for-s", "0.01"]).ended();
    assert_eq!((code, again.as_str()), (Some(0), ""), "after {said}");
}

#[test]
fn signals_and_stopped_holders_end_safe_too() {
    let lab = Lab::new();
    let rig = lab.all();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let holder = Holder::active(&rig);
        // As an orderly end of a job asks everybody.
        send(lab.guardian(), signal);
        holder.signal(signal);
        drop(lab.lock_all(PATIENCE));
        assert_eq!(lab.state(), SAFE, "{signal:?}");
    }
    let holder = Holder::active(&rig);
    holder.signal(Signal::STOP);
    let free = lab.lock_all(PATIENCE);
    assert_eq!(lab.state(), SAFE);
    assert!(record(&lab.files()[0]).unwrap().why.contains("gave no sign of life for 1.5 s and was ended"));
    drop((free, holder));
}

#[test]
fn a_guardian_that_is_killed_is_replaced_and_when_both_are_killed_the_next_holder_makes_safe_first() {
    let lab = Lab::new();
    let rig = lab.all();
    let holder = Holder::active(&rig);
    let first = lab.guardian();
    send(first, Signal::KILL);
    // Nobody else gets in, the devices stay as they are.
    let (code, said) = Holder::start(&rig, &[]).ended();
    assert_eq!(code, Some(3), "{said}");
    let begun = now();
    while lab.guardian() == first {
        assert!(begun.elapsed() < PATIENCE);
        pause(Duration::from_millis(5));
    }
    assert_eq!(lab.state(), ACTIVE);
    drop(holder);
    drop(lab.lock_all(PATIENCE));
    assert_eq!(lab.state(), SAFE);

    let holder = Holder::active(&rig);
    holder.signal(Signal::STOP);
    send(lab.guardian(), Signal::KILL);
    drop(holder);
    drop(lab.lock_all(PATIENCE));
    // The kernel has freed the locks; the files know better.
    assert_eq!(lab.state(), ACTIVE);
    assert_eq!(record(&lab.files()[0]).unwrap().state, LeaseState::Held);
    let mut next = Holder::start(&rig, &["--for-s", "0.01"]);
    assert_eq!(next.says(), "held");
    assert_eq!(lab.state(), SAFE);
    let (code, said) = next.ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("its guardian died, it was made safe now"), "{said}");
}

#[test]
fn a_guardian_has_nothing_open_that_its_holder_had() {
    let lab = Lab::new();
    let marker = lab.folder.path().join("marker");
    fs::write(&marker, "a device").unwrap();
    // As libraries do that do not close files across the start of other programs.
    let mut child = Command::new("sh")
        .args(["-c", "exec \"$0\" hold \"$1\" 9<\"$2\"", env!("CARGO_BIN_EXE_castbench")])
        .args([&lab.all(), &marker])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    let mut holder = Holder { child, said };
    assert_eq!(holder.says(), "held");
    let open = |pid: i32| -> Vec<PathBuf> {
        let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
        entries.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok()).collect()
    };
    assert!(open(holder.child.id().cast_signed()).contains(&marker));
    let guardian = open(lab.guardian());
    assert!(!guardian.contains(&marker), "{guardian:?}");
    assert_eq!(guardian.iter().filter(|path| path.starts_with(lab.locks())).count(), 3, "{guardian:?}");
}

#[test]
fn of_two_runs_that_overlap_one_waits_or_is_told_why() {
    let lab = Lab::new();
    let first = Holder::active(&lab.rig("first", &["http", "modem"], 0));
    let second = Holder::start(&lab.rig("second", &["modem", "scpi"], 0), &[]);
    let (code, said) = second.ended();
    assert_eq!(code, Some(3), "{said}");
    for part in ["modem (modem:", "work by hand with first (process ", "not taken without the rest: scpi", "wait_s"] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    // What they do not share, others can have meanwhile.
    let (code, said) = Holder::start(&lab.rig("third", &["scpi"], 0), &["--for-s", "0.01"]).ended();
    assert_eq!(code, Some(0), "{said}");

    let mut second = Holder::start(&lab.rig("second", &["modem", "scpi"], 60), &["--for-s", "0.01"]);
    pause(Duration::from_millis(300));
    assert!(lab.radio.load(Ordering::SeqCst), "the first has it still");
    drop(first);
    assert_eq!(second.says(), "held");
    assert_eq!((lab.http.with(|sim| sim.db), lab.radio.load(Ordering::SeqCst)), (MAX_DB, false));
    let (code, said) = second.ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("waiting: modem") && said.contains("its holder died"), "{said}");
}

#[test]
fn many_that_want_the_same_have_it_one_after_the_other() {
    let lab = Lab::new();
    let rigs = [
        lab.rig("a", &["http", "modem"], 120),
        lab.rig("b", &["modem", "scpi"], 120),
        lab.rig("c", &["scpi", "http"], 120),
    ];
    let have = thread::scope(|scope| {
        let runs: Vec<_> = (0..9)
            .map(|i| {
                let rig = &rigs[i % 3];
                scope.spawn(move || {
                    let mut holder = Holder::start(rig, &["--for-s", "0.05"]);
                    assert_eq!(holder.says(), "held", "{}", holder.complains());
                    let from = now();
                    pause(Duration::from_millis(40));
                    // Its end frees the devices at the earliest.
                    let to = now();
                    let (code, said) = holder.ended();
                    assert_eq!(code, Some(0), "{said}");
                    (from, to)
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect::<Vec<_>>()
    });
    // Any two of the rigs share a device.
    for (i, a) in have.iter().enumerate() {
        for b in &have[i + 1..] {
            assert!(a.1 <= b.0 || b.1 <= a.0, "both had a device");
        }
    }
}

#[test]
fn what_cannot_be_made_safe_is_not_given_to_anybody() {
    let lab = Lab::new();
    let rig = lab.all();
    lab.scpi.with(|sim| sim.stuck = true);
    let (code, said) = Holder::start(&rig, &[]).ended();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("not safe to use: attenuator scpi: told 95 dB, says 0 dB"), "{said}");
    drop(lab.lock_all(PATIENCE));
    let states: Vec<_> = lab.files().iter().map(|path| record(path).unwrap().state).collect();
    assert!(states.contains(&LeaseState::Unclean), "{states:?}");
    lab.scpi.with(|sim| sim.stuck = false);
    let (code, said) = Holder::start(&rig, &["--for-s", "0.01"]).ended();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("not left safe by"), "{said}");
    // One that gets stuck in use is said at the end.
    let mut holder = Holder::start(&rig, &["--active", "--for-s", "0.5"]);
    assert_eq!([holder.says(), holder.says()], ["held", "active"]);
    lab.http.with(|sim| sim.stuck = true);
    let (code, said) = holder.ended();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("not left safe: attenuator http"), "{said}");
}
