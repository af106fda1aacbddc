//! The driver on pseudo terminals, in real time: a modem that goes away and comes back on another one.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hil::modem::{Modem, ModemConfig, ModemInput, ModemOutput, ModemState, Rung};
use hil::port::{DriverEvent, LiveDriver, LiveModem, ModemOrder, Port, PtyPort, SerialDevice};
use hil::sim::{Personality, SimCell};

/// A stand-in whose terminal is found at `link` until it is dropped.
struct StandIn {
    orders: Option<Sender<ModemOrder>>,
    thread: Option<JoinHandle<()>>,
    terminal: PathBuf,
}

impl StandIn {
    fn new(link: &Path) -> Self {
        let cell = SimCell::default();
        let port = PtyPort::new(Some(link)).unwrap();
        let terminal = std::fs::read_link(port.name()).unwrap();
        let mut modem = LiveModem::new(Personality::default(), Some(cell), port);
        let (orders, received) = channel();
        let thread = thread::spawn(move || modem.serve(&received, |_| {}).unwrap());
        Self { orders: Some(orders), thread: Some(thread), terminal }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Until it is so, within twenty seconds; what was told on the way.
fn until<O: FnMut(Rung) -> std::io::Result<SerialDevice>>(
    driver: &mut LiveDriver<SerialDevice, O>,
    done: impl Fn(&[ModemOutput], ModemState) -> bool,
) -> Vec<ModemOutput> {
    let began = driver.now();
    let end = began + Duration::from_secs(20);
    let mut told = Vec::new();
    let mut turns = 0u64;
    while !done(&told, driver.modem().state()) {
        driver.turn(|_, event| {
            if let DriverEvent::Told(output) = event {
                told.push(output.clone());
            }
        });
        turns += 1;
        assert!(driver.now() < end, "{told:#?}");
    }
    // Every turn waits for something, or has something to do: a port that is gone is no busy loop.
    let seconds = 1 + (driver.now() - began).as_secs();
    assert!(turns < 1000 * seconds, "{turns} turns in {seconds} s");
    told
}

#[test]
fn a_modem_that_goes_away_and_comes_back_on_another_terminal_is_driven_on() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("modem");
    let first = StandIn::new(&link);
    let path = link.display().to_string();
    let modem = Modem::new(ModemConfig { name: "a".into(), ..ModemConfig::default() });
    let mut driver = LiveDriver::new(modem, |_| SerialDevice::open(&path, 115_200)).unwrap();
    driver.input(ModemInput::Start);
    until(&mut driver, |_, state| state == ModemState::Ready);
    // Another terminal is made while the first is still there, so that it has another name.
    let second = PtyPort::new(None).unwrap();
    let before = first.terminal.clone();
    drop(first);
    until(&mut driver, |_, state| state == ModemState::Recovering { rung: Rung::Reopen });
    let elsewhere = folder.path().join("elsewhere");
    let occupied = StandIn::new(&elsewhere);
    let third = StandIn::new(&link);
    assert_ne!(before, third.terminal, "another name");
    let up_again = |o: &ModemOutput| matches!(o, ModemOutput::Note(note) if note.starts_with("up again after"));
    until(&mut driver, |told, _| told.iter().any(up_again));
    let pdu = [0x00, 0x01, 0x00, 0x0C, 0x91, 0x53, 0x48, 0x10, 0x32, 0x54, 0x76, 0, 0, 5, 0xE8, 0x32, 0x9B, 0xFD, 6];
    driver.input(ModemInput::SendSms { token: 1, pdu: &pdu });
    let sent =
        |told: &[ModemOutput]| told.iter().any(|o| matches!(o, ModemOutput::SmsSent { token: 1, result: Ok(_) }));
    until(&mut driver, |told, _| sent(told));
    driver.input(ModemInput::Shutdown);
    until(&mut driver, |_, state| state == ModemState::Off);
    drop((second, occupied));
}
