//! A multimedia message in the store, and what has become of it at each recipient.

use std::collections::BTreeSet;

use protocol::mms::MmsStatus;
use serde::{Deserialize, Serialize};

/// A message without its content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Message {
    /// Who has sent it.
    pub(super) origin: Origin,
    /// Its rows among [`crate::node::Table::MmsOrigin`]: of a message of another relay one for each recipient.
    pub(super) origin_keys: Vec<String>,
    /// The sender as MM1 has it; none: nobody has said.
    pub(super) from: Option<String>,
    /// The sender is not to be shown (TS 23.140 clause 7.1.4).
    pub(super) is_hidden: bool,
    pub(super) to: Vec<String>,
    pub(super) cc: Vec<String>,
    pub(super) subject: Option<String>,
    /// X-Mms-Message-Class by its name.
    pub(super) class: String,
    /// X-Mms-Priority.
    pub(super) priority: Option<u8>,
    pub(super) delivery_report: bool,
    pub(super) read_report: bool,
    /// The relay that it has come from wants delivery reports for itself (TS 23.140 clause 8.4.1).
    #[serde(default)]
    pub(super) relay_report: bool,
    /// Who has sent it before, and when: of a message that was forwarded.
    pub(super) previously: Vec<(String, u64)>,
    /// When it was sent, seconds since 1970.
    pub(super) date_s: u64,
    pub(super) accepted_ms: u64,
    pub(super) expires_ms: u64,
    /// Octets of its content.
    pub(super) octets: u64,
    /// Type and octets of its content, then those of its parts, some of them.
    #[serde(default)]
    pub(super) media: Vec<(String, u64)>,
    /// Its sender is on an IP access, as the IP-Message-GW says (TR 23.804 clause 7).
    #[serde(default)]
    pub(super) is_ip: bool,
    /// Pieces of it in the store, when it is of this message.
    pub(super) pieces: usize,
    /// The message that has the content; none: this one.
    pub(super) content_of: Option<u64>,
    /// Its content is there.
    pub(super) has_content: bool,
    /// Messages that need the content of this one.
    pub(super) holders: BTreeSet<u64>,
    pub(super) recipients: Vec<Recipient>,
}

/// Where a message has come from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Origin {
    /// A subscriber: digits.
    Subscriber(String),
    /// Another relay.
    Relay {
        /// Its name here.
        name: String,
        /// X-Mms-Message-ID.
        message_id: String,
        /// The sender on MM4: where reports go.
        from: String,
    },
}

/// A recipient.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Recipient {
    /// Its address as the sender has it, in the form of MM1.
    pub(super) address: String,
    pub(super) to: Destination,
    pub(super) state: State,
    /// The last part of X-Mms-Content-Location; empty where there is none.
    pub(super) location: String,
    /// What its sender was told of it.
    #[serde(default)]
    pub(super) told: BTreeSet<u8>,
    /// A read report was passed on.
    pub(super) is_read: bool,
}

/// Where a recipient is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Destination {
    /// A subscriber: digits.
    Own(String),
    /// At another relay, by its name.
    Relay(String),
}

/// What has become of a message at a recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It waits for its recipient.
    Waiting,
    /// The recipient knows of it, and fetches it later.
    Deferred,
    /// It was given out, and the recipient has not said that it is there.
    Given,
    /// It goes to another relay, which has not answered yet.
    Leaving,
    /// The other relay has taken it.
    Left,
    /// It has come to an end: X-Mms-Status.
    Done(u8),
}

impl State {
    pub(super) const fn done(status: MmsStatus) -> Self {
        Self::Done(status.0)
    }

    /// It waits for its recipient, who may fetch it.
    pub(super) const fn is_waiting(self) -> bool {
        matches!(self, Self::Waiting | Self::Deferred | Self::Given)
    }

    /// The content may be needed for it.
    pub(super) const fn needs_content(self) -> bool {
        self.is_waiting() || matches!(self, Self::Leaving)
    }
}

impl Message {
    /// The message whose pieces are its content.
    pub(super) fn content_number(&self, own: u64) -> u64 {
        self.content_of.unwrap_or(own)
    }

    /// Nobody needs its content any more.
    pub(super) fn is_over(&self) -> bool {
        self.holders.is_empty() && !self.recipients.iter().any(|recipient| recipient.state.needs_content())
    }
}

impl Recipient {
    /// Digits of the subscriber.
    pub(super) fn own(&self) -> Option<&str> {
        match &self.to {
            Destination::Own(msisdn) => Some(msisdn),
            Destination::Relay(_) => None,
        }
    }
}
