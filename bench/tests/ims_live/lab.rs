//! A core in a folder of its own, on ports that the system gave, and other programs beside it; all end with the test.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) const DOMAIN: &str = "ims.mnc001.mcc001.3gppnetwork.org";
/// Sixteen letters each: sipp 3.6.1 reads beyond the end of keys that are given in hexadecimal.
pub(crate) const K: &str = "castbnch-key-01!";
pub(crate) const OP: &str = "castbnch-op-001!";
/// AMF, for the same reason two letters.
pub(crate) const AMF: &str = "00";

#[expect(clippy::disallowed_methods, reason = "other people's programs run on the wall clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "other people's programs need time to do something")]
pub(crate) fn pause(ms: u64) {
    thread::sleep(Duration::from_millis(ms));
}

/// True when it becomes so within ten seconds.
pub(crate) fn comes(mut what: impl FnMut() -> bool) -> bool {
    let end = now() + Duration::from_secs(10);
    while !what() {
        if now() > end {
            return false;
        }
        pause(20);
    }
    true
}

/// Ports of 127.0.0.1 that are free for UDP and TCP, and stay so until this program ends: a core that is killed finds its ports
/// when it comes back. They are below those that the system gives to connections, and a locked file tells other tests whose
/// they are.
pub(crate) fn ports<const N: usize>() -> [u16; N] {
    static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let user = rustix::process::getuid().as_raw();
    let folder = std::env::temp_dir().join(format!("castbench-test-ports-{user}"));
    fs::create_dir_all(&folder).unwrap();
    let mut held = HELD.lock().unwrap();
    let first = std::process::id() * 13 + held.len() as u32;
    let mut candidates = (0..PORTS.len() as u32).map(|n| PORTS.start + ((first + n) % PORTS.len() as u32) as u16);
    std::array::from_fn(|_| {
        let lease = candidates.find_map(|port| {
            let file = File::options().create(true).append(true).open(folder.join(port.to_string())).unwrap();
            file.try_lock().ok()?;
            let is_free =
                TcpListener::bind(("127.0.0.1", port)).is_ok() && UdpSocket::bind(("127.0.0.1", port)).is_ok();
            is_free.then_some((port, file))
        });
        let (port, file) = lease.expect("a free port");
        held.push(file);
        port
    })
}

/// Others that look for free ports have those from 20,000 on, the system those from 32,768 on.
const PORTS: Range<u16> = 12_000..20_000;

/// Where a program is; a line says that the test is skipped when it is nowhere.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: {name} is not here");
    }
    found
}

/// A process that ends when it is dropped. What it prints is in a file.
pub(crate) struct Program {
    child: Child,
    pub(crate) log: PathBuf,
}

impl Program {
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Self {
        let out = File::create(&log).unwrap();
        let child = command.stdin(Stdio::null()).stderr(out.try_clone().unwrap()).stdout(out).spawn().unwrap();
        Self { child, log }
    }

    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self, seconds: u64) -> ExitStatus {
        let end = now() + Duration::from_secs(seconds);
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(now() < end, "{} does not end:\n{}", self.log.display(), self.said());
            pause(10);
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, if it has not.
    pub(crate) fn terminate(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        let id = i32::try_from(self.child.id()).unwrap();
        let _ =
            rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), rustix::process::Signal::TERM);
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Children of its own end with it when it is asked to.
        self.terminate();
        for _ in 0..100 {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            pause(20);
        }
        self.kill();
    }
}

/// A core and its folder.
pub(crate) struct Lab {
    folder: tempfile::TempDir,
    pub(crate) gm: u16,
    pub(crate) hss: u16,
    pub(crate) http: u16,
    pub(crate) core: Option<Program>,
}

impl Lab {
    /// With this many subscribers, `user0` and so on; `more` goes into `core.toml`, before the tables, and `tables` behind.
    pub(crate) fn new(subscribers: usize, change: impl FnOnce(String, [u16; 6]) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [gm, mw, icscf, scscf, hss, http] = ports();
        let place = |port: u16| format!("['udp:127.0.0.1:{port}', 'tcp:127.0.0.1:{port}']");
        let text = format!(
            "http = '127.0.0.1:{http}'\n[pcscf]\ngm = {}\nmw = {}\n[icscf]\nlisten = {}\n[scscf]\nlisten = {}\n\
             [hss]\nlisten = ['127.0.0.1:{hss}']\n",
            place(gm),
            place(mw),
            place(icscf),
            place(scscf)
        );
        let text = change(text, [gm, mw, icscf, scscf, hss, http]);
        fs::write(folder.path().join("core.toml"), text).unwrap();
        let lab = Self { folder, gm, hss, http, core: None };
        fs::write(lab.path("subscribers.toml"), (0..subscribers).map(entry).collect::<String>()).unwrap();
        let said = lab.castbench(&["core", "subscriber", "import", "subscribers.toml", "--config", "core.toml"]);
        assert!(said.starts_with(&format!("{subscribers} added")), "{said}");
        lab
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn pcscf(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.gm))
    }

    /// Runs castbench to its end; what it printed.
    pub(crate) fn castbench(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_castbench"));
        let output = command.current_dir(self.folder()).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {text}");
        text
    }

    /// Starts the core and waits until its CSCFs have the HSS.
    pub(crate) fn start(&mut self, arguments: &[&str]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_castbench"));
        command.current_dir(self.folder()).args(["core", "--config", "core.toml"]).args(arguments);
        let core = Program::start(&mut command, self.path("core.log"));
        let up = || core.said().contains("ready\n") && core.said().matches(" is up").count() >= 2;
        assert!(comes(up), "{}", core.said());
        self.core = Some(core);
    }

    /// Ends the core as an operator does.
    pub(crate) fn stop(&mut self) {
        let mut core = self.core.take().unwrap();
        core.terminate();
        let status = core.wait(10);
        assert!(status.success() && core.said().ends_with("ended\n"), "{status}\n{}", core.said());
    }

    pub(crate) fn get(&self, path: &str) -> String {
        page(self.http, path)
    }

    /// A figure of /metrics.
    pub(crate) fn figure(&self, name: &str) -> Option<u64> {
        let page = self.get("/metrics");
        page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    /// Fails when a key stands in any file of the folder besides the database, the file of subscribers and sipp's own files,
    /// or a digest of the capture in what the core has printed.
    pub(crate) fn assert_no_secrets(&self) {
        let hex = |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<String>();
        let secrets = [K.to_owned(), OP.to_owned(), hex(K), hex(OP)];
        for file in fs::read_dir(self.folder()).unwrap().map(|file| file.unwrap().path()).filter(|p| p.is_file()) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("core.sqlite") || name == "subscribers.toml" || name.ends_with(".csv") {
                continue;
            }
            let bytes = fs::read(&file).unwrap();
            for secret in &secrets {
                let found = bytes.windows(secret.len()).any(|w| w.eq_ignore_ascii_case(secret.as_bytes()));
                assert!(!found, "{name} has a key in it");
            }
        }
        let capture = String::from_utf8_lossy(&fs::read(self.path("capture.pcapng")).unwrap_or_default()).into_owned();
        let printed = fs::read_to_string(self.path("core.log")).unwrap_or_default();
        for proof in [" nonce=\"", "response=\"", "auts=\""].iter().flat_map(|name| capture.split(name).skip(1)) {
            let proof = proof.split('"').next().unwrap_or_default();
            assert!(
                proof.len() < 16 || !printed.contains(proof),
                "core.log has a challenge or a digest in it: {proof}"
            );
        }
    }
}

/// What a process says at its HTTP port.
pub(crate) fn page(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn entry(n: usize) -> String {
    let hex = |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<String>();
    format!(
        "[[subscriber]]\nimpi = '{}'\nk = '{}'\nop = '{}'\namf = '{}'\n[[subscriber.set]]\n\
         impus = ['sip:user{n}@{DOMAIN}', 'tel:+999{n:08}']\n",
        impi(n),
        hex(K),
        hex(OP),
        hex(AMF)
    )
}

pub(crate) fn impi(n: usize) -> String {
    format!("{}@{DOMAIN}", imsi(n))
}

pub(crate) fn imsi(n: usize) -> String {
    format!("00101{n:010}")
}
