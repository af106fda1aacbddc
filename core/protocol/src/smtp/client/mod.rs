//! The side of a connection that sends mails (RFC 5321 clause 3.3): one command at a time.

mod replies;
mod types;

pub use types::{SmtpClientConfig, SmtpClientEvent, SmtpClientOutput, SmtpFailure, SmtpOutcome, SmtpSend};

use std::collections::VecDeque;

use super::data::{Stuffer, has_whole_line_ends};
use super::line::Lines;
use super::path::{is_domain, is_recipient, is_sender};
use super::reply::ReplyReader;
use super::{SmtpEnd, SmtpInput};
use crate::Instant;

/// A connection to another server. Drain [`Self::poll_output`] after every other call; as to contents, no faster than the
/// connection takes them: they are cut into pieces as they are asked for.
#[derive(Debug)]
pub struct SmtpClient {
    config: SmtpClientConfig,
    state: State,
    lines: Lines,
    reply: ReplyReader,
    /// Extensions of the server, as far as they matter here.
    max_size: Option<u64>,
    takes_8bit: bool,
    queue: VecDeque<SmtpSend>,
    current: Option<Current>,
    is_quitting: bool,
    outputs: VecDeque<SmtpClientOutput>,
}

/// What it waits for.
#[derive(Debug)]
enum State {
    /// The greeting.
    Greeting {
        until: Instant,
    },
    /// The answer to EHLO.
    Ehlo {
        until: Instant,
    },
    /// The answer to HELO.
    Helo {
        until: Instant,
    },
    /// A mail.
    Idle {
        until: Instant,
    },
    /// The answer to MAIL.
    Mail {
        until: Instant,
    },
    /// The answer to RCPT for this one.
    Recipient {
        at: usize,
        until: Instant,
    },
    /// The answer to DATA.
    Data {
        until: Instant,
    },
    /// The connection takes the content, and then its answer; `seen` of it had gone when `until` was set.
    Content {
        stuffer: Stuffer,
        seen: usize,
        is_sent: bool,
        until: Instant,
    },
    /// The answer to RSET.
    Reset {
        until: Instant,
    },
    /// The answer to QUIT.
    Quit {
        until: Instant,
    },
    Closed,
}

/// The mail under way.
#[derive(Debug)]
struct Current {
    mail: SmtpSend,
    /// What came of each recipient; `None`: accepted so far, or not asked yet.
    results: Vec<Option<SmtpFailure>>,
}

impl State {
    const fn name(&self) -> &'static str {
        match self {
            Self::Greeting { .. } => "greeting",
            Self::Ehlo { .. } => "EHLO",
            Self::Helo { .. } => "HELO",
            Self::Idle { .. } => "idle",
            Self::Mail { .. } => "MAIL",
            Self::Recipient { .. } => "RCPT",
            Self::Data { .. } => "DATA",
            Self::Content { .. } => "content",
            Self::Reset { .. } => "RSET",
            Self::Quit { .. } => "QUIT",
            Self::Closed => "closed",
        }
    }
}

impl SmtpClient {
    /// A connection has come about.
    pub fn new(now: Instant, config: SmtpClientConfig) -> Self {
        Self {
            state: State::Greeting { until: now + config.greeting_time },
            lines: Lines::new(MAX_REPLY_LINE),
            reply: ReplyReader::default(),
            max_size: None,
            takes_8bit: false,
            queue: VecDeque::new(),
            current: None,
            is_quitting: false,
            outputs: VecDeque::new(),
            config,
        }
    }

    /// Sends a mail, behind those that were given before; [`SmtpClientEvent::Done`] tells what came of it.
    ///
    /// # Errors
    /// The connection is over, or the mail cannot be sent at all; it comes back.
    pub fn send(&mut self, now: Instant, mail: SmtpSend) -> Result<(), (Box<SmtpSend>, SmtpFailure)> {
        let unfit = |why: &str| Some(SmtpFailure::Unfit(why.to_owned()));
        let problem = match &self.state {
            State::Closed | State::Quit { .. } => Some(SmtpFailure::NotSent("the connection is over".to_owned())),
            _ if self.is_quitting => Some(SmtpFailure::NotSent("the connection is to be closed".to_owned())),
            _ if !is_sender(&mail.from) => unfit("the sender is no mailbox"),
            _ if mail.recipients.is_empty() => unfit("there is no recipient"),
            _ if !mail.recipients.iter().all(|to| is_recipient(to)) => unfit("a recipient is no mailbox"),
            _ if !has_whole_line_ends(&mail.content) => unfit("CR or LF stands alone in the content"),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err((Box::new(mail), problem));
        }
        self.queue.push_back(mail);
        if matches!(self.state, State::Idle { .. }) {
            self.next_mail(now);
        }
        Ok(())
    }

    /// Says QUIT when everything is sent.
    pub fn quit(&mut self, now: Instant) {
        self.is_quitting = true;
        if matches!(self.state, State::Idle { .. }) {
            self.next_mail(now);
        }
    }

    /// Something has happened.
    pub fn handle_input(&mut self, now: Instant, input: SmtpInput<'_>) {
        match input {
            SmtpInput::Closed => match self.state {
                State::Quit { .. } => self.end(SmtpEnd::Quit),
                _ => self.end(SmtpEnd::ConnectionLost),
            },
            SmtpInput::Received(octets) if !self.is_closed() => {
                self.lines.push(octets);
                while !self.is_closed() {
                    let Some(line) = self.lines.poll() else { return };
                    let line = line.map_err(|problem| problem.to_string());
                    match line.and_then(|line| self.reply.line(&line)) {
                        Ok(Some(reply)) => self.on_reply(now, reply),
                        Ok(None) => {}
                        Err(why) => self.end(SmtpEnd::Protocol(why)),
                    }
                }
            }
            SmtpInput::Received(_) => {}
        }
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| due > now) {
            return;
        }
        match &mut self.state {
            State::Idle { .. } => {
                self.is_quitting = true;
                self.next_mail(now);
            }
            State::Quit { .. } => self.end(SmtpEnd::Quit),
            // Polling does not tell the time: whether the content went on is seen now.
            State::Content { stuffer, seen, is_sent, until }
                if !*is_sent && (stuffer.is_done() || stuffer.at() > *seen) =>
            {
                (*seen, *is_sent) = (stuffer.at(), stuffer.is_done());
                *until = now + if *is_sent { self.config.termination_time } else { self.config.block_time };
            }
            _ => self.end(SmtpEnd::Timeout),
        }
    }

    /// When it wants to be called at the latest.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Greeting { until }
            | State::Ehlo { until }
            | State::Helo { until }
            | State::Idle { until }
            | State::Mail { until }
            | State::Recipient { until, .. }
            | State::Data { until }
            | State::Content { until, .. }
            | State::Reset { until }
            | State::Quit { until } => Some(*until),
            State::Closed => None,
        }
    }

    /// The next thing to be done.
    pub fn poll_output(&mut self) -> Option<SmtpClientOutput> {
        if let Some(output) = self.outputs.pop_front() {
            return Some(output);
        }
        let State::Content { stuffer, .. } = &mut self.state else { return None };
        stuffer.poll(self.config.piece).map(SmtpClientOutput::Send)
    }

    /// Mails that have not come to an end.
    pub fn pending(&self) -> usize {
        self.queue.len() + usize::from(self.current.is_some())
    }

    /// Is it over?
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Begins with the next mail, or waits for one.
    fn next_mail(&mut self, now: Instant) {
        while let Some(mail) = self.queue.pop_front() {
            match self.misfit(&mail) {
                Some(why) => {
                    let results = mail.recipients.iter().map(|_| Err(SmtpFailure::Unfit(why.clone()))).collect();
                    self.event(SmtpClientEvent::Done(SmtpOutcome { token: mail.token, results }));
                }
                None => return self.say_mail(now, mail),
            }
        }
        if self.is_quitting {
            self.say("QUIT");
            self.state = State::Quit { until: now + self.config.data_time };
        } else {
            self.state = State::Idle { until: now + self.config.idle_time };
        }
    }

    /// Why this server will not take a mail.
    fn misfit(&self, mail: &SmtpSend) -> Option<String> {
        let octets = mail.content.len();
        // RFC 1870 clause 4: 0 is no limit.
        if let Some(most) = self.max_size.filter(|most| *most > 0 && *most < octets as u64) {
            return Some(format!("it has {octets} octets, and the server takes {most}"));
        }
        // RFC 6152 clause 3.
        let is_8bit = !mail.content.is_ascii();
        (is_8bit && !self.takes_8bit).then(|| "it is of 8 bits, and the server takes 7".to_owned())
    }

    fn say_mail(&mut self, now: Instant, mail: SmtpSend) {
        let size = self.max_size.map(|_| format!(" SIZE={}", mail.content.len())).unwrap_or_default();
        let body = if mail.content.is_ascii() { "" } else { " BODY=8BITMIME" };
        self.say(&format!("MAIL FROM:<{}>{size}{body}", mail.from));
        self.current = Some(Current { results: vec![None; mail.recipients.len()], mail });
        self.state = State::Mail { until: now + self.config.mail_time };
    }

    fn say_recipient(&mut self, now: Instant, at: usize) {
        let Some(to) = self.current.as_ref().and_then(|current| current.mail.recipients.get(at)) else { return };
        let command = format!("RCPT TO:<{to}>");
        self.say(&command);
        self.state = State::Recipient { at, until: now + self.config.recipient_time };
    }

    fn say_hello(&mut self, now: Instant, verb: &str) {
        // Clause 4.1.4: who has no name says its address; here the owner says what it is.
        let host = if is_domain(&self.config.host) { &self.config.host } else { "localhost" };
        let command = format!("{verb} {host}");
        self.say(&command);
        let until = now + self.config.greeting_time;
        self.state = if verb == "EHLO" { State::Ehlo { until } } else { State::Helo { until } };
    }

    fn say(&mut self, command: &str) {
        self.outputs.push_back(SmtpClientOutput::Send(format!("{command}\r\n").into_bytes()));
    }

    fn event(&mut self, event: SmtpClientEvent) {
        self.outputs.push_back(SmtpClientOutput::Event(event));
    }

    fn end(&mut self, why: SmtpEnd) {
        if self.is_closed() {
            return;
        }
        let text = match &why {
            SmtpEnd::Quit => "the connection was closed in good order".to_owned(),
            SmtpEnd::ConnectionLost => "the connection is lost".to_owned(),
            SmtpEnd::Timeout => format!("nothing came in time ({})", self.state.name()),
            SmtpEnd::Protocol(why) => why.clone(),
            SmtpEnd::Refused(reply) => reply.to_string(),
        };
        let is_whole = matches!(&self.state, State::Content { stuffer, .. } if stuffer.is_done());
        let failure = match &why {
            SmtpEnd::Refused(reply) => SmtpFailure::Refused(reply.clone()),
            _ if is_whole => SmtpFailure::Unknown(text.clone()),
            _ => SmtpFailure::NotSent(text.clone()),
        };
        self.state = State::Closed;
        self.finish(Err(failure));
        let behind = match &why {
            SmtpEnd::Refused(reply) => SmtpFailure::Refused(reply.clone()),
            _ => SmtpFailure::NotSent(text),
        };
        for mail in std::mem::take(&mut self.queue) {
            let results = mail.recipients.iter().map(|_| Err(behind.clone())).collect();
            self.event(SmtpClientEvent::Done(SmtpOutcome { token: mail.token, results }));
        }
        self.ended(why);
    }
}

/// Octets of a line of a reply. RFC 5321 clause 4.5.3.1.5 has 512; some write more.
const MAX_REPLY_LINE: usize = 2000;
