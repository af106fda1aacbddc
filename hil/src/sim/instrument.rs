//! Stand-ins for attenuators and power switches, which answer lines and HTTP over TCP as the real ones do.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What answers.
pub trait SimInstrument: Send + 'static {
    /// Does a command; the answer, if it has one.
    fn command(&mut self, command: &str) -> Option<String>;
}

/// A step attenuator with the commands of Mini-Circuits' RCDAT series.
#[derive(Clone, PartialEq, Debug)]
pub struct SimAttenuator {
    /// What it attenuates, dB.
    pub db: f64,
    /// Takes commands and does nothing.
    pub stuck: bool,
    max_db: f64,
    step_db: f64,
}

/// A power outlet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SimPower {
    /// Is it on?
    pub on: bool,
    /// Takes commands and does nothing.
    pub stuck: bool,
    /// How often it was switched.
    pub changes: usize,
}

impl SimAttenuator {
    /// One with this range, which is open at first.
    #[must_use]
    pub const fn new(max_db: f64, step_db: f64) -> Self {
        Self { db: 0.0, stuck: false, max_db, step_db }
    }

    fn set(&mut self, db: &str) -> &'static str {
        match db.parse::<f64>() {
            Ok(db) if (0.0..=self.max_db).contains(&db) => {
                if !self.stuck {
                    self.db = (db / self.step_db).round() * self.step_db;
                }
                "1"
            }
            Ok(db) if db > self.max_db => "2",
            _ => "0",
        }
    }
}

impl SimInstrument for SimAttenuator {
    fn command(&mut self, command: &str) -> Option<String> {
        let command = command.trim_start_matches(':');
        // Of a device with channels, the first.
        let command = command.strip_prefix("CHAN:1:").unwrap_or(command);
        if let Some(db) = command.strip_prefix("SETATT").and_then(|rest| rest.strip_prefix(['=', ':'])) {
            return Some(self.set(db).into());
        }
        Some(if command == "ATT?" { format!("{:.2}", self.db) } else { "-99 Unrecognized Command".into() })
    }
}

impl SimInstrument for SimPower {
    fn command(&mut self, command: &str) -> Option<String> {
        let command = command.to_ascii_uppercase();
        if command.contains('?') {
            return Some(u8::from(self.on).to_string());
        }
        let on = command.ends_with("ON");
        if !self.stuck {
            self.changes += usize::from(self.on != on);
            self.on = on;
        }
        None
    }
}

/// A stand-in on a TCP port of this machine, until it is dropped.
#[derive(Debug)]
pub struct InstrumentTwin<T> {
    state: Arc<Mutex<T>>,
    address: SocketAddr,
    ends: Arc<AtomicBool>,
}

impl<T: SimInstrument> InstrumentTwin<T> {
    /// Begins to listen.
    ///
    /// # Errors
    /// There is no port to be had.
    pub fn start(instrument: T) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let (state, ends) = (Arc::new(Mutex::new(instrument)), Arc::new(AtomicBool::new(false)));
        let twin = Self { state: Arc::clone(&state), address: listener.local_addr()?, ends: Arc::clone(&ends) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&state);
                thread::spawn(move || serve(stream, &state));
            }
        });
        Ok(twin)
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Looks at it, or changes it by hand.
    pub fn with<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> Drop for InstrumentTwin<T> {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // Wakes it.
        let _ = TcpStream::connect(self.address);
    }
}

/// Lines, or one request of HTTP.
fn serve<T: SimInstrument>(stream: TcpStream, state: &Mutex<T>) {
    let Ok(mut out) = stream.try_clone() else { return };
    let answer = |command: &str| state.lock().unwrap_or_else(PoisonError::into_inner).command(command);
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(line) = lines.next() {
        let line = line.trim();
        let Some(request) = line.strip_prefix("GET /") else {
            let said = answer(line).map(|answer| format!("{answer}\r\n")).unwrap_or_default();
            if out.write_all(said.as_bytes()).is_err() {
                return;
            }
            continue;
        };
        let path = request.split(' ').next().unwrap_or_default().to_owned();
        // A connection that is closed with something unread is reset.
        let _ = lines.by_ref().find(|header| header.is_empty());
        let body = answer(&path).unwrap_or_default();
        let head = "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n";
        let _ = out.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        return;
    }
}
