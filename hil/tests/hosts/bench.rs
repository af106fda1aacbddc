//! A simulated modem on a real port, and other people's programs in a folder of their own, all with time limits.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hil::port::{LiveModem, ModemEvent, ModemOrder, Port, PtyPort, SocketPort};
use hil::sim::{Personality, SimCell};

/// "hello" from +358401234567 as a network delivers it.
pub(crate) const DELIVER: &str = "07915348502020F0040C9153481032547600006211205100000005E8329BFD06";
/// The user data of such a message: 5 septets, "hello".
const HELLO: [u8; 6] = [5, 0xE8, 0x32, 0x9B, 0xFD, 0x06];

/// Looks until something is so, `limit_s` seconds at most; false when it never was.
#[expect(clippy::disallowed_methods, reason = "other people's programs run in real time")]
pub(crate) fn eventually(limit_s: u64, mut is_so: impl FnMut() -> bool) -> bool {
    let ends = std::time::Instant::now() + Duration::from_secs(limit_s);
    while !is_so() {
        if std::time::Instant::now() > ends {
            return false;
        }
        thread::sleep(Duration::from_millis(50));
    }
    true
}

/// Are these programs installed? Says which is not.
pub(crate) fn has(programs: &[&str]) -> bool {
    let folders: Vec<_> = std::env::var_os("PATH").iter().flat_map(std::env::split_paths).collect();
    let is_there =
        |program: &&&str| folders.iter().chain([&PathBuf::from("/usr/sbin")]).any(|f| f.join(program).exists());
    let missing = programs.iter().find(|program| !is_there(program));
    if let Some(program) = missing {
        println!("skipped: {program} is not installed");
    }
    missing.is_none()
}

/// Is there a line that says this, whatever the blanks?
pub(crate) fn has_line(text: &str, wanted: &str) -> bool {
    let words = |line: &str| line.split_whitespace().filter(|w| *w != "|").collect::<Vec<_>>().join(" ");
    text.lines().any(|line| words(line).contains(wanted))
}

/// Was "hello" sent to +358401234567?
pub(crate) fn hello_to(event: &ModemEvent) -> bool {
    const ADDRESS: [u8; 8] = [12, 0x91, 0x53, 0x48, 0x10, 0x32, 0x54, 0x76];
    let ModemEvent::SmsSent(pdu) = event else { return false };
    pdu.ends_with(&HELLO) && pdu.windows(ADDRESS.len()).any(|w| w == ADDRESS)
}

/// A simulated modem that runs until it is dropped.
pub(crate) struct Modem {
    name: String,
    orders: Option<Sender<ModemOrder>>,
    events: Arc<Mutex<Vec<ModemEvent>>>,
    thread: Option<JoinHandle<()>>,
}

impl Modem {
    pub(crate) fn on_pty(link: &Path) -> Self {
        Self::start(PtyPort::new(Some(link)).unwrap())
    }

    pub(crate) fn on_unix(path: &Path) -> Self {
        Self::start(SocketPort::unix(path).unwrap())
    }

    pub(crate) fn on_tcp() -> Self {
        Self::start(SocketPort::tcp("127.0.0.1:0".parse().unwrap()).unwrap())
    }

    fn start(port: impl Port + 'static) -> Self {
        let cell =
            SimCell { tac: 0xA1, cell_identity: 0x01A2_B3C4, rsrp_dbm: -80.7, rsrq_db: -9.8, ..SimCell::default() };
        let name = port.name();
        let (orders, received) = channel();
        let events = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&events);
        let thread = thread::spawn(move || {
            let mut modem = LiveModem::new(Personality::default(), Some(cell), port);
            modem.serve(&received, |event| told.lock().unwrap().push(event)).unwrap();
        });
        Self { name, orders: Some(orders), events, thread: Some(thread) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn events(&self) -> Vec<ModemEvent> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn deliver(&self, pdu: &str) {
        self.orders.as_ref().unwrap().send(ModemOrder::Sms(hex::decode(pdu).unwrap())).unwrap();
    }

    /// Delivers as soon as a file is there.
    pub(crate) fn deliver_when(&self, file: &Path, pdu: &'static str) {
        let (file, orders) = (file.to_owned(), self.orders.clone().unwrap());
        thread::spawn(move || {
            if eventually(60, || file.exists()) {
                let _ = orders.send(ModemOrder::Sms(hex::decode(pdu).unwrap()));
            }
        });
    }
}

impl Drop for Modem {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let result = thread.join();
            assert!(result.is_ok() || thread::panicking(), "the modem stopped");
        }
    }
}

/// A folder for one test.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        Self(tempfile::Builder::new().prefix(&format!("castbench-{name}-")).tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a program in the folder, and what it says; it is ended after `limit_s` seconds.
    pub(crate) fn run(&self, program: &str, arguments: &[&str], limit_s: u64) -> String {
        let output = Command::new("timeout")
            .args(["--kill-after=5", &limit_s.to_string(), program])
            .args(arguments)
            .current_dir(self.0.path())
            .env("PATH", path_with_sbin())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    pub(crate) fn spawn(&self, program: &str, arguments: &[&str]) -> Program {
        let child = Command::new(program)
            .args(arguments)
            .current_dir(self.0.path())
            .env("PATH", path_with_sbin())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Program(child.unwrap())
    }
}

fn path_with_sbin() -> String {
    format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default())
}

/// A program that runs until it is ended.
pub(crate) struct Program(Child);

impl Program {
    pub(crate) fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
    }
}

/// Opens a terminal as a host does, says something and reads until `until` has come.
pub(crate) fn ask_tty(path: &Path, say: &str, until: &str) -> String {
    use std::io::{Read, Write};
    let mut tty = serialport::new(path.to_str().unwrap(), 115_200).timeout(Duration::from_secs(5)).open().unwrap();
    tty.write_all(say.as_bytes()).unwrap();
    let (mut said, mut chunk) = (Vec::new(), [0; 256]);
    while !String::from_utf8_lossy(&said).contains(&format!("{until}\r\n")) {
        let octets = tty.read(&mut chunk).unwrap();
        said.extend_from_slice(&chunk[..octets]);
    }
    String::from_utf8(said).unwrap()
}
