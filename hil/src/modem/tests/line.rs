//! A driver and a stand-in on one line, in virtual time, with somebody who reopens ports and switches power.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::Instant;

use crate::at::AtInput;
use crate::at::embms::Tmgi;
use crate::modem::*;
use crate::sim::{Personality, Quirk, SimCell, SimInput, SimModem, SimOutput};

/// How long the network takes for a message.
const SMS_TIME: Duration = Duration::from_millis(100);
/// How long somebody takes to switch or open something.
const OUTSIDE_TIME: Duration = Duration::from_secs(2);
/// How long a device is away when it starts again.
const AWAY_TIME: Duration = Duration::from_secs(3);
/// Before the network tries again.
const RETRY_TIME: Duration = Duration::from_secs(5);
/// Calls of the machines at one instant: more is a busy loop.
const MOST_AT_ONCE: u32 = 20_000;

/// What the line does to bytes of the modem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    None,
    /// Nothing comes through, in both directions.
    Hang,
    /// The modem says these words instead of what it should.
    Says(&'static str),
    /// These come as well, so many times a second.
    Flood(&'static str, u32),
}

#[derive(Debug)]
enum Event {
    Sent(u64),
    Performed(Rung),
    /// The device is there again.
    Back,
    /// The network tries again.
    Again,
    /// The modem gets to a command of the driver.
    Slow(Vec<u8>),
    Flood,
}

pub(super) struct Line {
    pub(super) modem: Modem,
    pub(super) sim: SimModem,
    pub(super) now: Instant,
    /// What the driver gave, but for what it wrote and the messages.
    pub(super) told: Vec<ModemOutput>,
    pub(super) received: Vec<Vec<u8>>,
    pub(super) reports: Vec<Vec<u8>>,
    /// What the network got.
    pub(super) sent: Vec<Vec<u8>>,
    pub(super) results: Vec<(u64, Result<u8, SmsFailure>)>,
    pub(super) written: String,
    pub(super) fault: Fault,
    /// What makes the fault go away.
    pub(super) cure: Option<Rung>,
    /// The modem is a USB device: its port goes away when it starts again, and has another name afterwards.
    pub(super) is_usb: bool,
    /// Names of the port, one after the other.
    pub(super) names: Vec<String>,
    /// It never comes back.
    pub(super) is_lost: bool,
    /// In what the modem says, the first is replaced by the second.
    pub(super) replaced: Vec<(&'static str, &'static str)>,
    /// Answers of the modem to lines that begin so.
    pub(super) answers: Vec<(&'static str, &'static str)>,
    pub(super) wants_crlf: bool,
    /// How long the modem takes to read a message.
    pub(super) read_time: Duration,
    connected: bool,
    is_there: bool,
    events: VecDeque<(Instant, Event)>,
    turns: (Instant, u32),
    pub(super) radio: bool,
    /// Messages that the network has for the UE.
    network: VecDeque<Vec<u8>>,
    is_delivering: bool,
    /// Services that the UE's receiver is to receive, and what it handed on of them.
    pub(super) services: Vec<Tmgi>,
    pub(super) datagrams: Vec<Vec<u8>>,
}

pub(super) fn cell() -> SimCell {
    SimCell { tac: 0xA1, cell_identity: 0x01A2_B3C4, rsrp_dbm: -80.7, rsrq_db: -9.8, ..SimCell::default() }
}

pub(super) fn config() -> ModemConfig {
    ModemConfig { name: "modem a".into(), ..ModemConfig::default() }
}

impl Line {
    /// Switched on, its port open, started.
    pub(super) fn new(config: ModemConfig, personality: Personality) -> Self {
        let mut line = Self {
            modem: Modem::new(config),
            sim: SimModem::new(personality),
            now: Instant::ZERO,
            told: Vec::new(),
            received: Vec::new(),
            reports: Vec::new(),
            sent: Vec::new(),
            results: Vec::new(),
            written: String::new(),
            fault: Fault::None,
            cure: None,
            is_usb: false,
            names: vec!["ttyUSB0".into()],
            is_lost: false,
            replaced: Vec::new(),
            answers: Vec::new(),
            wants_crlf: false,
            read_time: Duration::ZERO,
            connected: true,
            is_there: true,
            events: VecDeque::new(),
            turns: (Instant::ZERO, 0),
            radio: false,
            network: VecDeque::new(),
            is_delivering: false,
            services: Vec::new(),
            datagrams: Vec::new(),
        };
        line.sim.handle_input(line.now, SimInput::PowerUp);
        line.sim.handle_input(line.now, SimInput::Cell(Some(cell())));
        line.modem.handle_input(line.now, ModemInput::At(AtInput::Opened));
        line.modem.handle_input(line.now, ModemInput::Start);
        line
    }

    pub(super) fn with_quirks(quirks: &[Quirk]) -> Self {
        let quirks = quirks.iter().copied().collect();
        Self::new(config(), Personality { quirks, ..Personality::default() })
    }

    /// Up, or given up, within ten minutes.
    pub(super) fn up(&mut self) {
        self.until(|line| matches!(line.modem.state(), ModemState::Ready | ModemState::Quarantined));
        self.run(Duration::from_millis(500));
    }

    pub(super) fn until(&mut self, done: impl Fn(&Self) -> bool) {
        let end = self.now + Duration::from_secs(1200);
        loop {
            self.talk();
            if done(self) {
                return;
            }
            assert!(self.turn(end), "still {:?} at {}: {:#?}", self.modem.state(), self.now, self.told);
        }
    }

    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.turn(end) {}
        self.now = end;
    }

    pub(super) fn input(&mut self, input: ModemInput<'_>) {
        self.modem.handle_input(self.now, input);
    }

    /// The network delivers one message after the other, and again what was refused.
    pub(super) fn deliver(&mut self, pdu: &[u8]) {
        self.network.push_back(pdu.to_vec());
        self.deliver_next();
    }

    fn deliver_next(&mut self) {
        if let Some(pdu) = self.network.front().filter(|_| !self.is_delivering) {
            self.is_delivering = true;
            self.sim.handle_input(self.now, SimInput::Sms(pdu));
        }
    }

    /// The device goes away, and comes back under the next name.
    pub(super) fn vanish(&mut self) {
        (self.connected, self.is_there) = (false, false);
        let name = format!("ttyUSB{}", self.names.len());
        self.names.push(name);
        self.at(AWAY_TIME, Event::Back);
        self.input(ModemInput::At(AtInput::Closed));
    }

    pub(super) fn power_up(&mut self) {
        self.sim.handle_input(self.now, SimInput::PowerUp);
    }

    pub(super) fn flood(&mut self) {
        self.at(Duration::ZERO, Event::Flood);
    }

    pub(super) fn rungs(&self) -> Vec<Rung> {
        let rung =
            |output: &ModemOutput| if let ModemOutput::RungTaken { rung, .. } = output { Some(*rung) } else { None };
        self.told.iter().filter_map(rung).collect()
    }

    pub(super) fn quarantined(&self) -> Option<&str> {
        let why = |output: &'_ ModemOutput| matches!(output, ModemOutput::Quarantined { .. });
        self.told
            .iter()
            .find(|o| why(o))
            .map(|o| if let ModemOutput::Quarantined { why } = o { why.as_str() } else { "" })
    }

    fn at(&mut self, after: Duration, event: Event) {
        self.events.push_back((self.now + after, event));
        self.events.make_contiguous().sort_by_key(|(due, _)| *due);
    }

    /// Lets both talk, then lets time pass; false at the end of it.
    fn turn(&mut self, end: Instant) -> bool {
        self.talk();
        let due = [self.modem.poll_timeout(), self.sim.poll_timeout(), self.events.front().map(|(due, _)| *due)];
        let Some(due) = due.into_iter().flatten().min().filter(|due| *due <= end) else { return false };
        self.now = self.now.max(due);
        if self.turns.0 == self.now {
            self.turns.1 += 1;
            assert!(self.turns.1 < MOST_AT_ONCE, "a busy loop at {}", self.now);
        } else {
            self.turns = (self.now, 0);
        }
        self.modem.handle_timeout(self.now);
        self.sim.handle_timeout(self.now);
        while self.events.front().is_some_and(|(due, _)| *due <= self.now) {
            if let Some((_, event)) = self.events.pop_front() {
                self.happen(&event);
            }
        }
        true
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Sent(token) => {
                let result = Ok(self.sent.len() as u8);
                self.sim.handle_input(self.now, SimInput::SmsSent { token: *token, result });
            }
            Event::Again => self.deliver_next(),
            Event::Slow(bytes) => self.sim.handle_input(self.now, SimInput::Host(bytes)),
            Event::Back => self.is_there = !self.is_lost,
            Event::Flood => {
                if let Fault::Flood(words, count) = self.fault {
                    let words = format!("\r\n{words}\r\n").repeat((count / 10) as usize);
                    self.input(ModemInput::At(AtInput::Bytes(words.as_bytes())));
                    self.at(Duration::from_millis(100), Event::Flood);
                }
            }
            Event::Performed(rung) => {
                if matches!(rung, Rung::UsbPort | Rung::PowerOutlet) {
                    self.power_up();
                }
                self.cured(*rung);
                let result = if self.is_there && !self.is_lost {
                    self.connected = true;
                    self.input(ModemInput::At(AtInput::Opened));
                    Ok(())
                } else {
                    Err("no device of this identity is there".into())
                };
                self.input(ModemInput::Rung { rung: *rung, result });
            }
        }
    }

    fn cured(&mut self, rung: Rung) {
        if self.cure.is_some_and(|cure| rung >= cure) {
            self.fault = Fault::None;
        }
    }

    fn talk(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(output) = self.sim.poll_output() {
                quiet = false;
                self.of_sim(output);
            }
            while let Some(output) = self.modem.poll_output() {
                quiet = false;
                self.of_modem(output);
            }
            if quiet {
                return;
            }
        }
    }

    fn of_sim(&mut self, output: SimOutput) {
        match output {
            SimOutput::Host(bytes) if self.connected => {
                let mut text = String::from_utf8_lossy(&bytes).into_owned();
                self.replaced.iter().for_each(|(from, to)| text = text.replace(from, to));
                match self.fault {
                    Fault::Hang => {}
                    Fault::Says(words) => self.input(ModemInput::At(AtInput::Bytes(words.as_bytes()))),
                    Fault::None | Fault::Flood(..) => self.input(ModemInput::At(AtInput::Bytes(text.as_bytes()))),
                }
            }
            SimOutput::Host(_) => {}
            SimOutput::SmsTaken => {
                self.network.pop_front();
                self.is_delivering = false;
                self.deliver_next();
            }
            SimOutput::SmsRefused(_) => {
                self.is_delivering = false;
                self.at(RETRY_TIME, Event::Again);
            }
            SimOutput::SmsMemoryAvailable | SimOutput::Attached(_) => {}
            SimOutput::MbmsReceive(services) => self.services = services,
            SimOutput::MbmsDatagram { ip, .. } => self.datagrams.push(ip),
            SimOutput::SendSms { token, pdu } => {
                self.sent.push(pdu);
                self.at(SMS_TIME, Event::Sent(token));
            }
            SimOutput::Radio(on) => self.radio = on,
            SimOutput::Restarted => {
                self.cured(Rung::Cfun1Reset);
                if self.is_usb {
                    self.vanish();
                }
            }
        }
    }

    fn of_modem(&mut self, output: ModemOutput) {
        match output {
            ModemOutput::Write(bytes) => self.host(&bytes),
            ModemOutput::SmsReceived { pdu } => self.received.push(pdu),
            ModemOutput::StatusReport { pdu } => self.reports.push(pdu),
            ModemOutput::SmsSent { token, result } => self.results.push((token, result)),
            ModemOutput::Perform(rung) => {
                // Whoever opens a port has closed it before.
                self.connected = false;
                self.at(OUTSIDE_TIME.max(AWAY_TIME), Event::Performed(rung));
            }
            other => self.told.push(other),
        }
    }

    fn host(&mut self, bytes: &[u8]) {
        let line = String::from_utf8_lossy(bytes).into_owned();
        self.written.push_str(&line);
        if !self.connected || self.fault == Fault::Hang || (self.wants_crlf && !line.ends_with("\r\n")) {
            return;
        }
        let scripted = self.answers.iter().find(|(begin, _)| line.starts_with(begin)).map(|(_, answer)| *answer);
        match scripted {
            Some(answer) => self.input(ModemInput::At(AtInput::Bytes(answer.as_bytes()))),
            None if line.starts_with("AT+CMGR") && !self.read_time.is_zero() => {
                self.at(self.read_time, Event::Slow(bytes.to_vec()));
            }
            None => self.sim.handle_input(self.now, SimInput::Host(bytes)),
        }
    }
}
