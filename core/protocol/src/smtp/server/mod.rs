//! The side of a connection that takes mails (RFC 5321 clause 4.1).

mod types;

pub use types::{SmtpMail, SmtpRecipient, SmtpServerConfig, SmtpServerEvent, SmtpServerOutput};

use super::{SmtpInput, SmtpReply};
use crate::Instant;

/// A connection to a server. Drain [`Self::poll_output`] after every other call.
///
/// Three questions are its owner's to answer, with [`Self::accept`] or [`Self::refuse`], now or later:
/// [`SmtpServerEvent::Recipient`], [`SmtpServerEvent::Data`] and [`SmtpServerEvent::Mail`]. One is open at a time; what the
/// other side sends meanwhile waits.
#[derive(Debug)]
pub struct SmtpServer {}

impl SmtpServer {
    /// Somebody has connected: it is greeted.
    pub fn new(_now: Instant, _config: SmtpServerConfig) -> Self {
        todo!()
    }

    /// Somebody has connected whom the owner does not want: 554, and the connection is closed (clause 3.1).
    pub fn turn_away(_now: Instant, _config: SmtpServerConfig, _reply: SmtpReply) -> Self {
        todo!()
    }

    /// Answers the open question: the recipient is good, the content may come, the mail is durable; false: nothing was asked,
    /// or the answer comes too late.
    pub fn accept(&mut self, _now: Instant) -> bool {
        todo!()
    }

    /// Answers the open question with a refusal; false: nothing was asked, or the answer comes too late.
    pub fn refuse(&mut self, _now: Instant, _reply: SmtpReply) -> bool {
        todo!()
    }

    /// 421, and the connection is closed: the server stops (clause 3.8).
    pub fn shut_down(&mut self, _now: Instant) {
        todo!()
    }

    /// Something has happened.
    pub fn handle_input(&mut self, _now: Instant, _input: SmtpInput<'_>) {
        todo!()
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, _now: Instant) {
        todo!()
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }

    /// The next thing to be done.
    pub fn poll_output(&mut self) -> Option<SmtpServerOutput> {
        todo!()
    }

    /// Should the stream be read on? False while a question is open and enough waits behind it.
    pub fn is_reading(&self) -> bool {
        todo!()
    }

    /// Octets of content that it holds now: for the owner's budget.
    pub fn held(&self) -> usize {
        todo!()
    }

    /// Is it over?
    pub fn is_closed(&self) -> bool {
        todo!()
    }
}
