//! A modem as a machine without I/O: characters of a host in, characters for it out, and what it wants of its network.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::Instant;

use super::command_line::{CommandLine, LineReader, Operation, SimCommand};
use super::embms::EmbmsState;
use super::io::{Reply, SimInput, SimOutput, Wait};
use super::output::{Final, NOT_SUPPORTED, Writer};
use super::personality::{Personality, Quirk};
use super::radio::{REGISTRATION_NAMES, Registrations, SimCell};
use super::settings::Settings;
use super::sms::SmsState;
use super::uicc::Uicc;

/// Duration of a scan.
const SCAN_TIME: Duration = Duration::from_secs(3);
/// How long the network may take for a message: a little more than TC1M and TR1M of TS 24.011 clause 10 together.
const SMS_TIME: Duration = Duration::from_secs(60);
/// `+CMS ERROR` cause of TS 27.005 clause 3.2.5.
const NETWORK_TIMEOUT: Final = Final::Cms(332);
/// Until the SIM is ready with [`Quirk::SimBusyAtFirst`].
const SIM_TIME: Duration = Duration::from_secs(2);
/// Between codes with [`Quirk::PeriodicUrcs`].
const URC_PERIOD: Duration = Duration::from_millis(500);
/// Longest text of a message: hexadecimal digits of the longest PDU.
const MAX_TEXT: usize = 400;
/// Ends and cancels the text of a message (TS 27.005 clause 3.5.1).
const CTRL_Z: u8 = 0x1A;
const ESC: u8 = 0x1B;

#[derive(Debug)]
struct TextEntry {
    tpdu_octets: usize,
    text: Vec<u8>,
}

/// A modem.
#[derive(Debug)]
pub struct SimModem {
    pub(super) personality: Personality,
    pub(super) functionality: u8,
    pub(super) pin_needed: bool,
    pub(super) cell: Option<SimCell>,
    pub(super) registrations: Registrations,
    pub(super) sms: SmsState,
    pub(super) embms: EmbmsState,
    pub(super) uicc: Uicc,
    pub(super) settings: Settings,
    pub(super) next_token: u64,
    pub(super) outputs: VecDeque<SimOutput>,
    pub(super) writer: Writer,
    pub(super) charset: String,
    /// Starts again when the line has been answered.
    pub(super) restarts: bool,
    reader: LineReader,
    /// Echo that is held back.
    typed: Vec<u8>,
    s_registers: [u8; 256],
    last_line: Vec<SimCommand>,
    /// Commands of the line that have not been done yet.
    rest: VecDeque<SimCommand>,
    text: Option<TextEntry>,
    wait: Option<(Wait, Instant)>,
    /// Codes that come when the host has entered its text.
    held: Vec<String>,
    started: Instant,
    next_urc: Option<Instant>,
    commands: u32,
}

impl SimModem {
    /// A modem that is off until [`SimInput::PowerUp`].
    pub fn new(personality: Personality) -> Self {
        let mut s_registers = [0; 256];
        (s_registers[3], s_registers[4], s_registers[5]) = (b'\r', b'\n', 8);
        Self {
            functionality: 0,
            pin_needed: personality.sim.pin.is_some(),
            cell: None,
            registrations: Registrations::default(),
            sms: SmsState::new(&personality),
            embms: EmbmsState::default(),
            uicc: Uicc::new(&personality.sim),
            settings: Settings::default(),
            next_token: 0,
            outputs: VecDeque::new(),
            writer: Writer::new(&personality),
            charset: "GSM".into(),
            restarts: false,
            typed: Vec::new(),
            reader: LineReader::default(),
            s_registers,
            last_line: Vec::new(),
            rest: VecDeque::new(),
            text: None,
            wait: None,
            held: Vec::new(),
            started: Instant::ZERO,
            next_urc: None,
            commands: 0,
            personality,
        }
    }

    /// Takes what happened.
    pub fn handle_input(&mut self, now: Instant, input: SimInput<'_>) {
        match input {
            SimInput::Host(bytes) => bytes.iter().for_each(|&byte| self.character(now, byte)),
            SimInput::PowerUp => self.power_up(now),
            SimInput::Cell(cell) => self.cell = cell,
            SimInput::Sms(pdu) => self.take_sms(now, pdu, false),
            SimInput::StatusReport(pdu) => self.take_sms(now, pdu, true),
            SimInput::Mbms(air) => self.hear(&air),
            SimInput::SmsSent { token, result } => {
                if self.wait.is_some_and(|(wait, _)| wait == Wait::Sms(token)) {
                    self.wait = None;
                    let reply = match result {
                        Ok(reference) => Reply::line(format!("+CMGS: {reference}")),
                        Err(cause) => Reply::Final(Final::Cms(cause)),
                    };
                    if self.reply(now, reply) {
                        self.go_on(now);
                    }
                }
            }
        }
        self.conclude(now);
    }

    /// Takes that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some((wait, until)) = self.wait
            && until <= now
        {
            let reply = match wait {
                Wait::Scan => Some(Reply::line(self.scanned())),
                Wait::Sms(_) => Some(Reply::Final(NETWORK_TIMEOUT)),
                Wait::Forever => None,
            };
            if let Some(reply) = reply {
                self.wait = None;
                if self.reply(now, reply) {
                    self.go_on(now);
                }
            }
        }
        self.sms_timeout(now);
        if self.next_urc.is_some_and(|due| due <= now) {
            self.next_urc = Some(now + URC_PERIOD);
            self.urc("^RSSI: 20".into());
        }
        self.conclude(now);
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let wait = self.wait.and_then(|(wait, until)| (wait != Wait::Forever).then_some(until));
        wait.into_iter().chain(self.next_urc).chain(self.sms.poll_timeout()).min()
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<SimOutput> {
        self.outputs.pop_front()
    }

    /// Starts again if the host wants it and has its answer; tells host, network and receiver what has changed.
    fn conclude(&mut self, now: Instant) {
        if self.restarts && self.wait.is_none() && self.text.is_none() {
            self.flush();
            self.power_up(now);
            self.outputs.push_back(SimOutput::Restarted);
        }
        self.tell_registration();
        self.tell_attachment();
        self.tune();
        self.flush();
    }

    fn power_up(&mut self, now: Instant) {
        self.detach();
        let personality = self.personality.clone();
        let cell = self.cell.take();
        let (token, outputs, sms) = (self.next_token, std::mem::take(&mut self.outputs), self.sms.clone());
        let (embms, uicc) = (std::mem::take(&mut self.embms).restarted(), self.uicc.clone());
        *self = Self::new(personality);
        // Messages outlive a restart, as they are in the SIM; the cell is where it was.
        self.sms = sms.restarted(self.sms.clone());
        (self.next_token, self.outputs, self.cell, self.embms) = (token, outputs, cell, embms);
        self.uicc = uicc.restarted(&self.personality.sim);
        self.started = now;
        self.next_urc = self.personality.has(Quirk::PeriodicUrcs).then_some(now);
        self.set_functionality(1);
    }

    pub(super) fn set_functionality(&mut self, functionality: u8) {
        if (functionality == 1) != (self.functionality == 1) {
            self.outputs.push_back(SimOutput::Radio(functionality == 1));
        }
        self.functionality = functionality;
    }

    /// Says something unasked, at the end of a text that is being entered.
    pub(super) fn urc(&mut self, text: String) {
        if self.text.is_some() {
            self.held.push(text);
        } else {
            self.writer.information(&self.personality, &text);
        }
    }

    fn flush(&mut self) {
        let bytes = self.writer.take();
        if !bytes.is_empty() {
            self.outputs.push_back(SimOutput::Host(bytes));
        }
    }

    fn character(&mut self, now: Instant, byte: u8) {
        if self.personality.has(Quirk::HangsAfterHundred) && self.commands > 100 {
            return;
        }
        if self.text.is_some() {
            self.text_character(now, byte);
            return;
        }
        match self.wait {
            Some((Wait::Scan, _)) => {
                self.wait = None;
                self.rest.clear();
                self.writer.result(&self.personality, Final::Aborted);
                return;
            }
            // The host gives up.
            Some((Wait::Forever, _)) if byte == ESC => {
                self.wait = None;
                self.rest.clear();
                return;
            }
            Some(_) => return,
            None => {}
        }
        let (s3, s5) = (self.writer.format.s3, self.writer.format.s5);
        if self.writer.format.echo {
            self.echo(byte);
        }
        match self.reader.push(byte, s3, s5) {
            None => {}
            Some(CommandLine::Line(Some(commands))) => {
                self.last_line.clone_from(&commands);
                self.line(now, commands);
            }
            Some(CommandLine::Repeat) => self.line(now, self.last_line.clone()),
            Some(CommandLine::Line(None)) => self.writer.result(&self.personality, Final::Error),
        }
    }

    /// Character by character, or the whole line after something else.
    fn echo(&mut self, byte: u8) {
        self.typed.push(byte);
        let at_once = self.personality.has(Quirk::UrcBeforeEcho) && self.typed.len() < MAX_TEXT;
        if at_once && byte != self.writer.format.s3 {
            return;
        }
        let typed = std::mem::take(&mut self.typed);
        if at_once {
            self.writer.information(&self.personality, "+CREG: 1");
        }
        self.writer.raw(&typed);
    }

    fn text_character(&mut self, now: Instant, byte: u8) {
        if self.writer.format.echo && byte != ESC {
            self.writer.raw(&[byte]);
        }
        match byte {
            CTRL_Z => {
                let Some(entry) = self.text.take() else { return };
                let text = String::from_utf8_lossy(&entry.text).into_owned();
                let reply = self.text_entered(entry.tpdu_octets, &text);
                self.reply(now, reply);
            }
            // Cancelled: OK, nothing is sent.
            ESC => {
                self.text = None;
                self.rest.clear();
                self.writer.result(&self.personality, Final::Ok);
            }
            _ => {
                if let Some(entry) = self.text.as_mut().filter(|entry| entry.text.len() < MAX_TEXT) {
                    entry.text.push(byte);
                }
            }
        }
        if self.text.is_none() {
            let held = std::mem::take(&mut self.held);
            held.iter().for_each(|text| self.writer.information(&self.personality, text));
        }
    }

    fn line(&mut self, now: Instant, commands: Vec<SimCommand>) {
        self.commands += 1;
        if self.personality.has(Quirk::SwallowsFirstCommand) && self.commands == 1 {
            return;
        }
        self.rest = commands.into();
        self.go_on(now);
    }

    /// Does the commands of the line that are left, up to one that fails or waits.
    fn go_on(&mut self, now: Instant) {
        while self.wait.is_none() && self.text.is_none() {
            match self.rest.pop_front() {
                Some(command) => {
                    let reply = self.command(now, &command);
                    if !self.reply(now, reply) {
                        return;
                    }
                }
                None => {
                    self.writer.result(&self.personality, Final::Ok);
                    return;
                }
            }
        }
    }

    /// Writes a reply; false when the line has ended.
    fn reply(&mut self, now: Instant, reply: Reply) -> bool {
        match reply {
            Reply::Lines(lines) => {
                lines.iter().for_each(|line| self.writer.information(&self.personality, line));
                return true;
            }
            Reply::Final(result) => {
                self.rest.clear();
                self.writer.result(&self.personality, result);
            }
            Reply::Text(tpdu_octets) => {
                self.text = Some(TextEntry { tpdu_octets, text: Vec::new() });
                let prompt: &[u8] = if self.personality.has(Quirk::PromptOnALine) {
                    b"\r\n>\r\n"
                } else if self.personality.has(Quirk::PromptWithoutSpace) {
                    b"\r\n>"
                } else {
                    b"\r\n> "
                };
                self.writer.raw(prompt);
            }
            Reply::Wait(wait) => {
                let time = if wait == Wait::Scan { SCAN_TIME } else { SMS_TIME };
                self.wait = Some((wait, now + time));
            }
        }
        false
    }

    fn command(&mut self, now: Instant, command: &SimCommand) -> Reply {
        let SimCommand { name, operation } = command;
        if let Some(which) = REGISTRATION_NAMES.iter().position(|n| n == name) {
            return self.registration_command(which, operation);
        }
        if let Some(reply) = self.embms_command(name, operation) {
            return reply;
        }
        match name.as_str() {
            "+COPS" => self.operator_command(operation),
            "+CSQ" if *operation == Operation::Execute => self.signal_command(),
            "+CSQ" => Reply::line("+CSQ: (0-31,99),(0-7,99)"),
            "+CESQ" if *operation == Operation::Execute => self.extended_signal_command(),
            "+CESQ" => Reply::line("+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)"),
            "+CMGF" | "+CSMS" | "+CPMS" | "+CNMI" | "+CSCA" | "+CMGL" | "+CMGR" | "+CMGD" | "+CMGS" | "+CNMA" => {
                self.sms_command(now, name, operation)
            }
            "+CSIM" | "+CRSM" | "+CCHO" | "+CCHC" | "+CGLA" | "+CUAD" => self.uicc_command(now, name, operation),
            _ if name.starts_with('S') && name.len() > 1 => self.s_register(name, operation),
            _ => self.general_command(now, name, operation),
        }
    }

    /// V.250 clause 5.3.2.
    fn s_register(&mut self, name: &str, operation: &Operation) -> Reply {
        let Ok(number) = name[1..].parse::<u8>() else { return Reply::Final(Final::Error) };
        match operation {
            Operation::Read => Reply::line(format!("{:03}", self.s_registers[usize::from(number)])),
            Operation::Set(value) => {
                let Ok(value) = value.parse::<u8>() else { return Reply::Final(Final::Error) };
                // S3 to S5 are characters of seven bits (V.250 clause 6.2.1 to 6.2.3).
                if (3..=5).contains(&number) && value > 127 {
                    return Reply::Final(Final::Error);
                }
                self.s_registers[usize::from(number)] = value;
                let format = &mut self.writer.format;
                (format.s3, format.s4, format.s5) = (self.s_registers[3], self.s_registers[4], self.s_registers[5]);
                Reply::ok()
            }
            Operation::Execute | Operation::Test => Reply::Final(Final::Error),
        }
    }

    /// The SIM, when it can be asked.
    pub(super) fn sim_ready(&self, now: Instant) -> Result<(), Final> {
        if !self.personality.sim.present {
            return Err(Final::Cme(10));
        }
        if self.personality.has(Quirk::SimBusyAtFirst) && now < self.started + SIM_TIME {
            return Err(Final::Cme(14));
        }
        if self.pin_needed { Err(Final::Cme(11)) } else { Ok(()) }
    }

    /// What nobody knows.
    pub(super) fn unknown(&self) -> Reply {
        if self.personality.has(Quirk::UnknownIsOk) { Reply::ok() } else { Reply::Final(NOT_SUPPORTED) }
    }

    /// Back to the settings of power-up (`Z`, `&F`).
    pub(super) fn reset_format(&mut self) {
        let fresh = Writer::new(&self.personality);
        self.writer.format = fresh.format;
        (self.s_registers[3], self.s_registers[4], self.s_registers[5]) = (b'\r', b'\n', 8);
    }
}

/// Comma-separated numbers, of which any may be left out; `None`: something else is among them.
pub(super) fn numbers(text: &str) -> Option<Vec<Option<u32>>> {
    let number = |part: &str| match part.trim() {
        "" => Some(None),
        digits => digits.parse().ok().map(Some),
    };
    text.split(',').map(number).collect()
}
