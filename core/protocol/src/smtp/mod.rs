//! Simple Mail Transfer Protocol (RFC 5321) over a stream, both sides, with SIZE (RFC 1870), 8BITMIME (RFC 6152),
//! PIPELINING (RFC 2920) and enhanced status codes (RFC 2034, RFC 3463).
//!
//! Not done: STARTTLS, AUTH, CHUNKING, SMTPUTF8, VRFY with an answer, EXPN; what is asked for of that is refused.

mod client;
mod data;
mod line;
pub(crate) mod path;
mod reply;
mod server;

pub use client::{SmtpClient, SmtpClientConfig, SmtpClientEvent, SmtpClientOutput, SmtpFailure, SmtpOutcome, SmtpSend};
pub use path::is_mailbox;
pub use reply::{EnhancedCode, SmtpReply};
pub use server::{SmtpMail, SmtpRecipient, SmtpServer, SmtpServerConfig, SmtpServerEvent, SmtpServerOutput};

/// Can a content go as it is: do CR and LF stand together everywhere (RFC 5321 clause 2.3.8)?
pub fn is_sendable(content: &[u8]) -> bool {
    data::has_whole_line_ends(content)
}

/// The port of relays (RFC 5321 clause 4.5.4.2).
pub const SMTP_PORT: u16 = 25;

/// What happens to a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmtpInput<'a> {
    /// Octets have come.
    Received(&'a [u8]),
    /// The connection is gone.
    Closed,
}

/// Why a connection is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmtpEnd {
    /// After QUIT, or closed here in good order.
    Quit,
    /// The connection is gone.
    ConnectionLost,
    /// The other side said nothing in time.
    Timeout,
    /// The other side broke the protocol, or went beyond a limit: what.
    Protocol(String),
    /// The other side does not want the connection: its reply.
    Refused(SmtpReply),
}

#[cfg(test)]
mod tests;
