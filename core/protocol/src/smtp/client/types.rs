//! What a client is made with, takes and gives.

use std::time::Duration;

use super::super::{SmtpEnd, SmtpReply};

/// What a client is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmtpClientConfig {
    /// Its name in EHLO: a domain, or an address literal such as `[192.0.2.1]`.
    pub host: String,
    /// Octets of content in one piece of output.
    pub piece: usize,
    /// How long it waits for the greeting and for the answer to EHLO: 5 minutes (RFC 5321 clause 4.5.3.2.1).
    pub greeting_time: Duration,
    /// MAIL: 5 minutes (clause 4.5.3.2.2).
    pub mail_time: Duration,
    /// RCPT: 5 minutes (clause 4.5.3.2.3).
    pub recipient_time: Duration,
    /// DATA: 2 minutes (clause 4.5.3.2.4).
    pub data_time: Duration,
    /// A piece of content: 3 minutes (clause 4.5.3.2.5).
    pub block_time: Duration,
    /// The end of the content: 10 minutes (clause 4.5.3.2.6).
    pub termination_time: Duration,
    /// How long a connection without mails stays; then QUIT.
    pub idle_time: Duration,
}

impl SmtpClientConfig {
    /// The usual settings.
    pub fn new(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            piece: 64 << 10,
            greeting_time: Duration::from_secs(300),
            mail_time: Duration::from_secs(300),
            recipient_time: Duration::from_secs(300),
            data_time: Duration::from_secs(120),
            block_time: Duration::from_secs(180),
            termination_time: Duration::from_secs(600),
            idle_time: Duration::from_secs(30),
        }
    }
}

/// A mail to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpSend {
    /// Comes back in what is told about it.
    pub token: u64,
    /// Whom it is from, without angle brackets; empty: nobody, as for reports.
    pub from: String,
    /// Whom it is for, without angle brackets.
    pub recipients: Vec<String>,
    /// Headers and body. Lines end with CRLF; a bare CR or LF in it is refused.
    pub content: Vec<u8>,
}

/// What a client does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmtpClientOutput {
    /// Send these octets.
    Send(Vec<u8>),
    /// Close the connection, behind what is to be sent.
    Close,
    /// Something for the owner.
    Event(SmtpClientEvent),
}

/// What the owner is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmtpClientEvent {
    /// The server has greeted and told what it can do.
    Ready {
        /// The largest mail that it takes, when it says so.
        max_size: Option<u64>,
    },
    /// A mail has come to an end, be it good or bad.
    Done(SmtpOutcome),
    /// Something came that does not belong here.
    Ignored {
        /// In which state.
        state: &'static str,
        /// What.
        event: String,
    },
    /// The connection is over; all mails have been told about.
    Ended(SmtpEnd),
}

/// What came of a mail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmtpOutcome {
    /// As it was given.
    pub token: u64,
    /// For each recipient in order: the server's reply that it has taken the mail for it, or why not.
    pub results: Vec<Result<SmtpReply, SmtpFailure>>,
}

impl SmtpOutcome {
    /// Has the server taken it for all recipients?
    pub fn is_done(&self) -> bool {
        self.results.iter().all(Result::is_ok)
    }
}

/// Why a mail was not taken for a recipient.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SmtpFailure {
    /// The server has said so: [`SmtpReply::is_permanent`] or [`SmtpReply::is_transient`].
    #[error("refused: {0}")]
    Refused(SmtpReply),
    /// The connection ended or was silent before the mail was sent whole: the server does not have it.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The connection ended or was silent after the mail was sent whole: the server has it, or has not.
    #[error("unknown: {0}")]
    Unknown(String),
    /// It cannot be sent at all: an address or the content is none, or it is larger than the server takes.
    #[error("unfit: {0}")]
    Unfit(String),
}

impl SmtpFailure {
    /// Would the same mail fail again?
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::Refused(reply) => reply.is_permanent(),
            Self::NotSent(_) | Self::Unknown(_) => false,
            Self::Unfit(_) => true,
        }
    }
}

impl std::fmt::Debug for SmtpSend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { token, from, recipients, content } = self;
        let octets = content.len();
        write!(f, "SmtpSend {{ token: {token}, from: {from:?}, recipients: {recipients:?}, content: {octets} octets }}")
    }
}
