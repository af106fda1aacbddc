//! The host's side of an AT port as a machine without I/O, V.250 clause 5 and TS 27.007 annex.
//!
//! One command at a time; nothing is written while one runs, so an abortable one is never disturbed. A line is, in this
//! order: the second line of something, the answer of the command that runs, its final result code, an unsolicited
//! result code, echo, or nothing that we know, which is told and otherwise ignored. After a command that got no answer in
//! time the port is brought back in step before the next one is sent, so that a late answer is not taken for its answer.

use std::collections::VecDeque;
use std::time::Duration;

use protocol::Instant;

use super::command::{AtCommand, AtResponse};
use super::io::{AtConfig, AtFailure, AtInput, AtOutput, CommandId, MAX_LINES};
use super::line::{LineSplitter, Token};
use super::result_code::ResultCode;
use super::running::{CTRL_Z, Running, is_pdu};
use super::urc::Urc;

/// Commands that may wait.
const MAX_QUEUED: usize = 64;
/// Tries to bring a silent port back in step.
const SYNC_TRIES: u8 = 3;
/// For an `AT` to be answered.
const SYNC_TIME_LIMIT: Duration = Duration::from_secs(1);
/// An aborted command has ended by then.
const ABORT_TIME_LIMIT: Duration = Duration::from_secs(3);

#[derive(Debug)]
enum State {
    Closed,
    Idle {
        /// Nothing is sent before.
        not_before: Instant,
    },
    Running(Box<Running>),
    /// An `AT` is out; what comes is dropped until it is answered and all is quiet.
    Syncing {
        tries: u8,
        answered: bool,
        until: Instant,
    },
    /// Does not answer `AT`.
    Dead,
}

/// Host side of an AT port.
#[derive(Debug)]
pub struct AtEngine {
    config: AtConfig,
    state: State,
    splitter: LineSplitter,
    /// Result codes come as words (`ATV1`): known once one was seen.
    verbose: Option<bool>,
    /// A code of two lines of which one is there.
    begun: Option<Urc>,
    queue: VecDeque<(CommandId, AtCommand)>,
    next_id: u64,
    outputs: VecDeque<AtOutput>,
}

impl AtEngine {
    /// Of a port that is not open yet.
    pub fn new(config: AtConfig) -> Self {
        Self {
            config,
            state: State::Closed,
            splitter: LineSplitter::default(),
            verbose: None,
            begun: None,
            queue: VecDeque::new(),
            next_id: 0,
            outputs: VecDeque::new(),
        }
    }

    /// From the next command on it is spoken to like this.
    pub fn reconfigure(&mut self, config: AtConfig) {
        self.config = config;
    }

    /// What ends its command lines.
    pub const fn terminator(&self) -> &'static str {
        self.config.terminator
    }

    /// Sends a command when those before it have ended. Its end comes as [`AtOutput::Done`], whatever happens.
    pub fn submit(&mut self, now: Instant, command: AtCommand) -> CommandId {
        let id = CommandId(self.next_id);
        self.next_id += 1;
        let is_clean = |text: &str| !text.bytes().any(|b| b < b' ' || b == 0x7F);
        let line = command.line();
        if !is_clean(&line) || command.text.as_deref().is_some_and(|t| !is_clean(t)) {
            let why = "a command must not contain control characters";
            self.done(id, Err(AtFailure::Refused { command: line, why }));
        } else if self.queue.len() >= MAX_QUEUED {
            let why = "too many commands wait: is the modem stuck?";
            self.done(id, Err(AtFailure::Refused { command: line, why }));
        } else {
            match self.state {
                State::Closed => self.done(id, Err(AtFailure::Closed { command: line })),
                State::Dead => self.done(id, Err(AtFailure::Unresponsive { command: line })),
                State::Idle { .. } | State::Running(_) | State::Syncing { .. } => self.queue.push_back((id, command)),
            }
        }
        self.send_next(now);
        id
    }

    /// Aborts the command that runs, if it can be aborted; its result code follows.
    pub fn abort(&mut self, now: Instant) {
        if let State::Running(running) = &mut self.state
            && running.command.abortable
            && !running.aborted
        {
            running.aborted = true;
            running.until = now + ABORT_TIME_LIMIT;
            self.outputs.push_back(AtOutput::Write(b"\r".to_vec()));
        }
    }

    /// Takes what happened.
    pub fn handle_input(&mut self, now: Instant, input: AtInput<'_>) {
        match input {
            AtInput::Bytes(bytes) => {
                for &byte in bytes {
                    if let Some(token) = self.splitter.push(byte) {
                        self.token(now, token);
                    }
                }
            }
            AtInput::Opened => {
                self.fail_all(|command| AtFailure::Closed { command });
                self.forget_stream();
                self.state = State::Idle { not_before: now };
            }
            AtInput::Closed => {
                self.fail_all(|command| AtFailure::Closed { command });
                self.forget_stream();
                self.state = State::Closed;
            }
        }
        self.send_next(now);
    }

    /// Takes that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| due > now) {
            return;
        }
        match &mut self.state {
            State::Running(running) if running.command.abortable && !running.aborted => self.abort(now),
            State::Running(_) => self.give_up(now, |command, limit| AtFailure::Timeout { command, limit }),
            State::Syncing { answered: true, .. } => self.state = State::Idle { not_before: now },
            State::Syncing { tries: 1, .. } => {
                self.fail_all(|command| AtFailure::Unresponsive { command });
                self.state = State::Dead;
            }
            State::Syncing { tries, .. } => {
                let tries = *tries - 1;
                self.sync(now, tries);
            }
            State::Closed | State::Idle { .. } | State::Dead => {}
        }
        self.send_next(now);
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Running(running) => Some(running.until),
            State::Syncing { until, .. } => Some(*until),
            State::Idle { not_before } if !self.queue.is_empty() => Some(*not_before),
            State::Idle { .. } | State::Closed | State::Dead => None,
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<AtOutput> {
        self.outputs.pop_front()
    }

    fn token(&mut self, now: Instant, token: Token) {
        match (token, &mut self.state) {
            (Token::Line(line), _) => self.line(now, line),
            (Token::Prompt, State::Running(running)) => {
                if let Some(text) = &running.command.text {
                    let bytes = text.bytes().chain([CTRL_Z]).collect();
                    self.outputs.push_back(AtOutput::Write(bytes));
                }
            }
            (Token::TooLong, State::Running(_)) => {
                self.give_up(now, |command, _| AtFailure::TooLong { command });
            }
            (Token::Prompt | Token::TooLong, _) => self.outputs.push_back(AtOutput::Ignored("(overlong line)".into())),
        }
    }

    fn line(&mut self, now: Instant, line: String) {
        if let Some(mut urc) = self.begun.take() {
            if is_pdu(&line) {
                urc.body = Some(line);
                self.outputs.push_back(AtOutput::Urc(urc));
                return;
            }
            self.outputs.push_back(AtOutput::Ignored(format!("{} without its second line", urc.name)));
        }
        let numeric = self.verbose != Some(true);
        if let State::Running(running) = &mut self.state {
            if running.takes(&line, &self.config.urcs, numeric) {
                if running.lines.len() > MAX_LINES {
                    self.give_up(now, |command, _| AtFailure::TooLong { command });
                }
                return;
            }
            if running.is_echo(&line) {
                return;
            }
        }
        if let Some(code) = ResultCode::parse(&line, numeric) {
            self.result_code(now, code, line);
        } else if let Some((urc, two_lines)) = self.config.urcs.parse(&line) {
            if two_lines {
                self.begun = Some(urc);
            } else {
                self.outputs.push_back(AtOutput::Urc(urc));
            }
        } else {
            self.outputs.push_back(AtOutput::Ignored(line));
        }
    }

    fn result_code(&mut self, now: Instant, code: ResultCode, line: String) {
        let is_digit = line.len() == 1;
        match &mut self.state {
            State::Running(_) => {
                self.verbose = Some(!is_digit);
                let idle = State::Idle { not_before: now + self.config.gap };
                if let State::Running(running) = std::mem::replace(&mut self.state, idle) {
                    self.splitter.wants_prompt = false;
                    if running.command.sets_result_format() {
                        self.verbose = None;
                    }
                    self.done(running.id, Ok(AtResponse { lines: running.lines, code }));
                }
            }
            State::Syncing { answered, until, .. } => {
                *answered = true;
                *until = now + self.config.quiet;
            }
            State::Idle { .. } | State::Closed | State::Dead => self.outputs.push_back(AtOutput::Ignored(line)),
        }
    }

    /// The running command has failed; brings the port back in step.
    fn give_up(&mut self, now: Instant, failure: impl FnOnce(String, Duration) -> AtFailure) {
        let idle = State::Idle { not_before: now };
        if let State::Running(running) = std::mem::replace(&mut self.state, idle) {
            let failure = failure(running.command.line(), running.command.time_limit);
            self.done(running.id, Err(failure));
            self.splitter.wants_prompt = false;
            self.sync(now, SYNC_TRIES);
        }
    }

    fn sync(&mut self, now: Instant, tries: u8) {
        // ESC leaves the text of a message that was begun (TS 27.005 clause 3.5.1) and is nothing elsewhere.
        self.write_line("\x1B", "AT");
        self.state = State::Syncing { tries, answered: false, until: now + SYNC_TIME_LIMIT };
    }

    fn send_next(&mut self, now: Instant) {
        let State::Idle { not_before } = self.state else { return };
        if not_before > now {
            return;
        }
        let Some((id, command)) = self.queue.pop_front() else { return };
        if command.sets_result_format() {
            self.verbose = None;
        }
        self.splitter.wants_prompt = command.text.is_some();
        self.write_line("", &command.line());
        let until = now + command.time_limit;
        let running = Running { id, command, lines: Vec::new(), until, aborted: false, wants_body: false };
        self.state = State::Running(Box::new(running));
    }

    fn write_line(&mut self, before: &str, line: &str) {
        let bytes = [before, line, self.config.terminator].concat().into_bytes();
        self.outputs.push_back(AtOutput::Write(bytes));
    }

    fn forget_stream(&mut self) {
        self.splitter.clear();
        self.verbose = None;
        self.begun = None;
    }

    fn fail_all(&mut self, failure: impl Fn(String) -> AtFailure) {
        if let State::Running(running) = std::mem::replace(&mut self.state, State::Closed) {
            self.done(running.id, Err(failure(running.command.line())));
        }
        for (id, command) in std::mem::take(&mut self.queue) {
            self.done(id, Err(failure(command.line())));
        }
    }

    fn done(&mut self, id: CommandId, result: Result<AtResponse, AtFailure>) {
        self.outputs.push_back(AtOutput::Done(id, result));
    }
}
