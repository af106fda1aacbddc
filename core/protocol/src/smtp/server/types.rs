//! What a server is made with, and gives.

use std::time::Duration;

use super::super::SmtpEnd;

/// What a server is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmtpServerConfig {
    /// Its name in the greeting.
    pub host: String,
    /// Octets that a mail may have: told with SIZE (RFC 1870).
    pub max_size: usize,
    /// Recipients that a mail may have. RFC 5321 clause 4.5.3.1.8 asks for 100 at least.
    pub max_recipients: usize,
    /// Commands and refusals in a row that bring no mail nearer.
    pub max_idle_commands: u32,
    /// Mails of one connection.
    pub max_mails: u32,
    /// How long it waits for a command: 5 minutes (clause 4.5.3.2.7).
    pub command_time: Duration,
    /// How long nothing of the content may come (clause 4.5.3.2.5 lets the client take 3 minutes for a block).
    pub block_time: Duration,
    /// How long a content may take in all.
    pub data_time: Duration,
    /// How long the owner may think; then the answer is 451, or 421 for a mail that is there. Less than the 10 minutes that the client waits for the end
    /// of DATA (clause 4.5.3.2.6), and for RCPT (5 minutes, clause 4.5.3.2.3).
    pub decision_time: Duration,
}

impl SmtpServerConfig {
    /// The usual settings for mails of so many octets.
    pub fn new(host: &str, max_size: usize) -> Self {
        Self {
            host: host.to_owned(),
            max_size,
            max_recipients: 100,
            max_idle_commands: 250,
            max_mails: 10_000,
            command_time: Duration::from_secs(300),
            block_time: Duration::from_secs(180),
            data_time: Duration::from_secs(1800),
            decision_time: Duration::from_secs(270),
        }
    }
}

/// A recipient whom the other side names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmtpRecipient {
    /// Whom the mail is from, without angle brackets; empty: nobody, as for reports.
    pub from: String,
    /// Whom it is for, without angle brackets.
    pub to: String,
    /// Octets of the mail, when the other side has said so (RFC 1870).
    pub size: Option<u64>,
}

/// A mail with its envelope.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SmtpMail {
    /// Whom it is from, without angle brackets; empty: nobody.
    pub from: String,
    /// Whom it is for: those who were accepted.
    pub recipients: Vec<String>,
    /// Headers and body as they were before dots were stuffed.
    pub content: Vec<u8>,
}

/// What a server does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmtpServerOutput {
    /// Send these octets.
    Send(Vec<u8>),
    /// Close the connection, behind what is to be sent.
    Close,
    /// Something for the owner.
    Event(SmtpServerEvent),
}

/// What the owner is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmtpServerEvent {
    /// The other side has said who it is.
    Greeted {
        /// As it says.
        host: String,
        /// EHLO, not HELO.
        is_extended: bool,
    },
    /// A question: is there such a recipient?
    Recipient(SmtpRecipient),
    /// A question: may the content come?
    Data {
        /// Octets of it, when the other side has said so (RFC 1870).
        size: Option<u64>,
    },
    /// A question: is the mail taken? To accept it is to be responsible for it (RFC 5321 clause 4.2.5): after it is durable.
    Mail(Box<SmtpMail>),
    /// A mail that had begun will not come: the connection is lost, or it was given up.
    Abandoned {
        /// Why.
        why: String,
    },
    /// Something came that does not belong here; it was answered.
    Ignored {
        /// In which state.
        state: &'static str,
        /// What.
        event: String,
    },
    /// The connection is over.
    Ended(SmtpEnd),
}

impl std::fmt::Debug for SmtpMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { from, recipients, content } = self;
        write!(f, "SmtpMail {{ from: {from:?}, recipients: {recipients:?}, content: {} octets }}", content.len())
    }
}
