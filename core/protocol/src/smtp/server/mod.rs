//! The side of a connection that takes mails (RFC 5321 clauses 3 and 4.1).

mod commands;
mod types;

pub use types::{SmtpMail, SmtpRecipient, SmtpServerConfig, SmtpServerEvent, SmtpServerOutput};

use std::collections::VecDeque;

use super::data::{DataProblem, Unstuffer};
use super::line::Lines;
use super::{EnhancedCode, SmtpEnd, SmtpInput, SmtpReply};
use crate::Instant;

/// A connection to a server. Drain [`Self::poll_output`] after every other call.
///
/// Three questions are its owner's to answer, with [`Self::accept`] or [`Self::refuse`], now or later:
/// [`SmtpServerEvent::Recipient`], [`SmtpServerEvent::Data`] and [`SmtpServerEvent::Mail`]. One is open at a time; what the
/// other side sends meanwhile waits.
#[derive(Debug)]
pub struct SmtpServer {
    config: SmtpServerConfig,
    state: State,
    lines: Lines,
    /// The other side has said who it is.
    is_greeted: bool,
    transaction: Option<Transaction>,
    /// Commands in a row that brought no mail nearer.
    idle_commands: u32,
    mails: u32,
    outputs: VecDeque<SmtpServerOutput>,
}

#[derive(Debug)]
enum State {
    /// It waits for a command.
    Command {
        until: Instant,
    },
    /// The owner is asked.
    Deciding {
        question: Question,
        until: Instant,
    },
    /// The content comes.
    Data {
        data: Unstuffer,
        /// The last of it must be there by then.
        end: Instant,
        /// More of it must be there by then.
        more: Instant,
    },
    Closed,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Question {
    Recipient(String),
    Data,
    Mail,
}

/// A mail that has begun with MAIL.
#[derive(Debug)]
struct Transaction {
    from: String,
    recipients: Vec<String>,
    size: Option<u64>,
}

impl State {
    const fn name(&self) -> &'static str {
        match self {
            Self::Command { .. } => "command",
            Self::Deciding { question: Question::Recipient(_), .. } => "deciding on a recipient",
            Self::Deciding { question: Question::Data, .. } => "deciding on content",
            Self::Deciding { question: Question::Mail, .. } => "deciding on a mail",
            Self::Data { .. } => "data",
            Self::Closed => "closed",
        }
    }
}

impl SmtpServer {
    /// Somebody has connected: it is greeted.
    pub fn new(now: Instant, config: SmtpServerConfig) -> Self {
        let mut server = Self {
            state: State::Command { until: now + config.command_time },
            lines: Lines::new(MAX_COMMAND),
            is_greeted: false,
            transaction: None,
            idle_commands: 0,
            mails: 0,
            outputs: VecDeque::new(),
            config,
        };
        // RFC 2034 clause 4: no enhanced code here, nor in what HELO and EHLO are answered.
        let greeting = format!("{} ESMTP", server.config.host);
        server.reply(&SmtpReply::new(220, None, &greeting));
        server
    }

    /// Somebody has connected whom the owner does not want: its reply (554 or 421, clause 3.1), and the connection is closed.
    pub fn turn_away(now: Instant, config: SmtpServerConfig, reply: &SmtpReply) -> Self {
        let mut server = Self::new(now, config);
        server.outputs.clear();
        server.reply(reply);
        server.end(SmtpEnd::Quit);
        server
    }

    /// Answers the open question: the recipient is good, the content may come, the mail is durable; false: nothing was asked,
    /// or the answer comes too late. A mail whose answer comes too late will be sent again; the connection is closed then.
    pub fn accept(&mut self, now: Instant) -> bool {
        let Some(question) = self.take_question(now) else { return false };
        match question {
            Question::Recipient(to) => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.recipients.push(to);
                }
                self.reply(&SmtpReply::new(250, Some(EnhancedCode(2, 1, 5)), "recipient ok"));
            }
            Question::Data => {
                let expected = self.transaction.as_ref().and_then(|transaction| transaction.size).unwrap_or(0);
                let expected = usize::try_from(expected).unwrap_or(usize::MAX);
                let data = Unstuffer::new(expected, self.config.max_size);
                let (end, more) = (now + self.config.data_time, now + self.config.block_time);
                self.state = State::Data { data, end, more };
                // Clause 4.1.1.4; an intermediate reply has no enhanced code, there is no class 3.
                self.reply(&SmtpReply::new(354, None, "end with <CRLF>.<CRLF>"));
            }
            Question::Mail => {
                self.mails += 1;
                self.idle_commands = 0;
                self.reply(&SmtpReply::ok("taken"));
            }
        }
        self.run(now);
        true
    }

    /// Answers the open question with a refusal; false: nothing was asked, or the answer comes too late. A reply that is
    /// none of 4yz and 5yz goes as 451.
    pub fn refuse(&mut self, now: Instant, reply: SmtpReply) -> bool {
        let Some(question) = self.take_question(now) else { return false };
        let is_refusal = reply.is_transient() || reply.is_permanent();
        let reply = if is_refusal { reply } else { SmtpReply::later(&reply.text) };
        self.refused(&question, &reply);
        self.run(now);
        true
    }

    /// 421, and the connection is closed: the server stops (clause 3.8).
    pub fn shut_down(&mut self) {
        self.stop("the service stops", EnhancedCode(4, 3, 2), SmtpEnd::Quit);
    }

    /// Something has happened.
    pub fn handle_input(&mut self, now: Instant, input: SmtpInput<'_>) {
        match (input, &self.state) {
            (_, State::Closed) => {}
            (SmtpInput::Closed, _) => self.end(SmtpEnd::ConnectionLost),
            (SmtpInput::Received(octets), _) => {
                self.lines.push(octets);
                self.run(now);
                if matches!(self.state, State::Deciding { .. }) && self.lines.rest().len() > MAX_WAITING {
                    let why = "too much was sent before it was asked for";
                    self.stop(why, EnhancedCode(4, 3, 2), SmtpEnd::Protocol(why.to_owned()));
                }
            }
        }
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| due > now) {
            return;
        }
        match &self.state {
            State::Deciding { .. } => {
                self.ignored("the decision comes too late");
                if let Some(question) = self.take_question(now) {
                    let reply = match question {
                        // What is said of it later must not be taken for what is said of the next one.
                        Question::Mail => SmtpReply::new(421, Some(EnhancedCode(4, 3, 2)), "not now, closing"),
                        Question::Recipient(_) | Question::Data => SmtpReply::later("not now"),
                    };
                    self.refused(&question, &reply);
                    self.run(now);
                }
            }
            State::Command { .. } | State::Data { .. } => {
                self.stop("nothing came in time", EnhancedCode(4, 4, 2), SmtpEnd::Timeout);
            }
            State::Closed => {}
        }
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Command { until } | State::Deciding { until, .. } => Some(*until),
            State::Data { end, more, .. } => Some(*end.min(more)),
            State::Closed => None,
        }
    }

    /// The next thing to be done.
    pub fn poll_output(&mut self) -> Option<SmtpServerOutput> {
        self.outputs.pop_front()
    }

    /// Should the stream be read on? False while a question is open and enough waits behind it.
    pub fn is_reading(&self) -> bool {
        match self.state {
            State::Deciding { .. } => self.lines.rest().len() < ENOUGH_WAITING,
            State::Command { .. } | State::Data { .. } => true,
            State::Closed => false,
        }
    }

    /// Octets of content that it holds now: for the owner's budget.
    pub const fn held(&self) -> usize {
        match &self.state {
            State::Data { data, .. } => data.held(),
            State::Command { .. } | State::Deciding { .. } | State::Closed => 0,
        }
    }

    /// Is it over?
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Goes on with what has come.
    fn run(&mut self, now: Instant) {
        loop {
            match &mut self.state {
                State::Command { .. } => match self.lines.poll() {
                    Some(line) => self.command(now, line),
                    None => return,
                },
                State::Data { data, more, .. } => {
                    let octets = self.lines.rest();
                    if octets.is_empty() {
                        return;
                    }
                    let end = data.push(octets);
                    *more = now + self.config.block_time;
                    let all = octets.len();
                    let octets = data.octets();
                    self.lines.consume(end.unwrap_or(all));
                    if end.is_some() {
                        self.data_end(now);
                    } else if octets / 2 > self.config.max_size.max(MAX_WAITING) {
                        let why = "the content is much too long";
                        return self.stop(why, EnhancedCode(4, 3, 1), SmtpEnd::Protocol(why.to_owned()));
                    }
                }
                State::Deciding { .. } | State::Closed => return,
            }
        }
    }

    fn data_end(&mut self, now: Instant) {
        let idle = State::Command { until: now + self.config.command_time };
        let State::Data { data, .. } = std::mem::replace(&mut self.state, idle) else { return };
        let Some(Transaction { from, recipients, .. }) = self.transaction.take() else { return };
        match data.into_content() {
            Ok(content) => {
                self.ask(now, Question::Mail);
                let mail = Box::new(SmtpMail { from, recipients, content });
                self.event(SmtpServerEvent::Mail(mail));
            }
            Err(problem) => {
                let (reply, why) = match problem {
                    DataProblem::TooLong => (SmtpReply::too_long("the mail is too long"), "it is too long"),
                    DataProblem::BareLineEnd => {
                        (SmtpReply::bad_content("CR or LF stands alone"), "CR or LF stands alone in it")
                    }
                };
                self.count_idle();
                self.event(SmtpServerEvent::Abandoned { why: why.to_owned() });
                self.reply(&reply);
            }
        }
    }

    fn ask(&mut self, now: Instant, question: Question) {
        self.state = State::Deciding { question, until: now + self.config.decision_time };
    }

    fn take_question(&mut self, now: Instant) -> Option<Question> {
        let State::Deciding { question, .. } = &self.state else { return None };
        let question = question.clone();
        self.state = State::Command { until: now + self.config.command_time };
        Some(question)
    }

    fn refused(&mut self, question: &Question, reply: &SmtpReply) {
        self.count_idle();
        if *question == Question::Data {
            // Clause 4.1.1.4: the mail has failed; its envelope is forgotten.
            self.abandon("the owner does not want its content");
        }
        self.reply(reply);
        // Clause 3.8: who says 421 closes.
        if reply.code == 421 {
            self.end(SmtpEnd::Quit);
        }
    }

    /// Forgets a mail that has begun.
    fn abandon(&mut self, why: &str) {
        if self.transaction.take().is_some_and(|transaction| !transaction.recipients.is_empty()) {
            self.event(SmtpServerEvent::Abandoned { why: why.to_owned() });
        }
    }

    /// Counts a command that brings no mail nearer.
    const fn count_idle(&mut self) {
        self.idle_commands += 1;
    }

    fn reply(&mut self, reply: &SmtpReply) {
        self.outputs.push_back(SmtpServerOutput::Send(reply.to_bytes()));
    }

    fn event(&mut self, event: SmtpServerEvent) {
        self.outputs.push_back(SmtpServerOutput::Event(event));
    }

    fn ignored(&mut self, event: &str) {
        let event = event.to_owned();
        self.event(SmtpServerEvent::Ignored { state: self.state.name(), event });
    }

    /// 421 and the end.
    fn stop(&mut self, why: &str, code: EnhancedCode, end: SmtpEnd) {
        if !self.is_closed() {
            let reply = SmtpReply::new(421, Some(code), &format!("{} {why}, closing", self.config.host));
            self.reply(&reply);
            self.end(end);
        }
    }

    fn end(&mut self, why: SmtpEnd) {
        if self.is_closed() {
            return;
        }
        self.state = State::Closed;
        self.lines = Lines::new(MAX_COMMAND);
        self.abandon("the connection is over");
        if why != SmtpEnd::ConnectionLost {
            self.outputs.push_back(SmtpServerOutput::Close);
        }
        self.event(SmtpServerEvent::Ended(why));
    }
}

/// Octets of a command without its CRLF. RFC 5321 clause 4.5.3.1.4 has 512, and more for each extension.
const MAX_COMMAND: usize = 1022;

/// Octets that wait behind an open question; then the stream need not be read.
const ENOUGH_WAITING: usize = 8 << 10;

/// Octets that wait behind an open question at most.
const MAX_WAITING: usize = 1 << 20;
