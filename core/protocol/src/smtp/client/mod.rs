//! The side of a connection that sends mails.

mod types;

pub use types::{SmtpClientConfig, SmtpClientEvent, SmtpClientOutput, SmtpFailure, SmtpOutcome, SmtpSend};

use super::SmtpInput;
use crate::Instant;

/// A connection to another server. Drain [`Self::poll_output`] after every other call; as to contents, no faster than the
/// connection takes them: they are cut into pieces as they are asked for.
#[derive(Debug)]
pub struct SmtpClient {}

impl SmtpClient {
    /// A connection has come about.
    pub fn new(_now: Instant, _config: SmtpClientConfig) -> Self {
        todo!()
    }

    /// Sends a mail, behind those that were given before; [`SmtpClientEvent::Done`] tells what came of it.
    ///
    /// # Errors
    /// The connection is over, or an address cannot be told; the mail comes back.
    pub fn send(&mut self, _now: Instant, _mail: SmtpSend) -> Result<(), (SmtpSend, SmtpFailure)> {
        todo!()
    }

    /// Says QUIT when everything is sent.
    pub fn quit(&mut self, _now: Instant) {
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
    pub fn poll_output(&mut self) -> Option<SmtpClientOutput> {
        todo!()
    }

    /// Mails that have not come to an end.
    pub fn pending(&self) -> usize {
        todo!()
    }

    /// Is it over?
    pub fn is_closed(&self) -> bool {
        todo!()
    }
}
