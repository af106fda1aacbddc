//! What goes into an MMS user agent and what comes out of it.

use std::fmt;

use http::{Request, Response};
use protocol::mms::{
    ContentType, MessageClass, MessageType, MmsAddress, MmsStatus, MmsTime, Part, Priority, ReadStatus, ResponseStatus,
    SenderVisibility,
};

use super::compose::MmsContent;
use super::config::OnNotification;
use super::failure::MmsFailure;
use crate::agent::sip::{AgentCommand, AgentEvent};
use crate::agent::sms::ReceivedSms;

/// By what an agent speaks to its relay.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MmsAccess {
    /// MESSAGEs through an IMS to an IP-Messaging-GW (TR 23.804 clauses 8.11.1 and 8.11.2).
    Ims,
    /// HTTP straight to the relay (TR 23.804 clause 8.11.3).
    Http,
}

impl fmt::Display for MmsAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ims => "the IMS",
            Self::Http => "HTTP",
        })
    }
}

/// What comes in.
#[derive(Debug)]
pub enum MmsInput<'a> {
    /// The SIP agent tells something; what is for the MMS agent alone says [`super::MmsClient::is_own`].
    Agent(&'a AgentEvent),
    /// A short message came; what is for the MMS agent says [`super::MmsClient::is_push`].
    ShortMessage(&'a ReceivedSms),
    /// The response to a request.
    Http {
        /// Of [`MmsOutput::Http`].
        token: u64,
        /// What was answered.
        response: Response<Vec<u8>>,
    },
    /// There will be no response.
    HttpFailed {
        /// Of [`MmsOutput::Http`].
        token: u64,
        /// Why.
        why: String,
    },
    /// What the user wants.
    Command(MmsCommand),
}

/// What the user of a UE wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MmsCommand {
    /// To send a message.
    Send(Box<OutgoingMms>),
    /// To have a message that waits.
    Retrieve(u64),
    /// Not to have it.
    Reject(u64),
    /// To pass it on to others without having it.
    Forward {
        /// To be given back, as of a message that is sent.
        message: u64,
        /// Which message.
        number: u64,
        /// To whom.
        to: Vec<MmsAddress>,
        /// A delivery report is wanted.
        delivery_report: bool,
        /// A read report is wanted.
        read_report: bool,
    },
    /// A message was read, or was deleted without.
    Read {
        /// Which.
        number: u64,
        /// What was done with it.
        status: ReadStatus,
        /// When, seconds since 1970-01-01; none: the relay puts it in.
        date: Option<u64>,
    },
    /// What is done about messages that wait from here on.
    OnNotification(OnNotification),
}

/// A message to be sent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OutgoingMms {
    /// To be given back.
    pub message: u64,
    /// To.
    pub to: Vec<MmsAddress>,
    /// Cc.
    pub cc: Vec<MmsAddress>,
    /// Bcc.
    pub bcc: Vec<MmsAddress>,
    /// Subject.
    pub subject: Option<String>,
    /// What it says.
    pub content: MmsContent,
    /// Class; none: personal.
    pub class: Option<MessageClass>,
    /// Priority.
    pub priority: Option<Priority>,
    /// Is the sender shown?
    pub sender_visibility: Option<SenderVisibility>,
    /// A delivery report is wanted.
    pub delivery_report: bool,
    /// A read report is wanted.
    pub read_report: bool,
    /// How long it may wait for its recipients.
    pub expiry: Option<MmsTime>,
    /// Not before.
    pub delivery_time: Option<MmsTime>,
    /// When it was written, seconds since 1970-01-01; none: the relay puts it in.
    pub date: Option<u64>,
}

/// What comes out.
#[derive(Debug)]
pub enum MmsOutput {
    /// For the SIP agent.
    Agent(AgentCommand),
    /// A request of HTTP, to the authority of its URI; its answer comes back as [`MmsInput::Http`] or
    /// [`MmsInput::HttpFailed`].
    Http {
        /// To be given back.
        token: u64,
        /// The request.
        request: Box<Request<Vec<u8>>>,
    },
    /// For the user.
    Event(MmsEvent),
}

/// What the user is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MmsEvent {
    /// The relay has taken a message, or passes one on.
    Sent {
        /// Which.
        message: u64,
        /// What the relay calls it: reports name it so.
        message_id: Option<String>,
        /// By what.
        access: MmsAccess,
        /// It was sent so many times.
        attempts: usize,
    },
    /// The relay has refused it.
    Refused {
        /// Which.
        message: u64,
        /// X-Mms-Response-Status.
        status: ResponseStatus,
        /// X-Mms-Response-Text.
        text: String,
    },
    /// It did not come to the relay, as far as the UE knows.
    Failed {
        /// Which.
        message: u64,
        /// Why.
        why: MmsFailure,
    },
    /// A message waits.
    Notified(Box<MmsNotice>),
    /// The relay has heard what becomes of a message that waits.
    Responded {
        /// Which.
        number: u64,
        /// X-Mms-Status.
        status: MmsStatus,
    },
    /// A message came.
    Retrieved(Box<IncomingMms>),
    /// The relay has heard that a message has come.
    Acknowledged {
        /// Which.
        number: u64,
    },
    /// A message was not retrieved. Unless it is gone, it still waits.
    NotRetrieved {
        /// Which.
        number: u64,
        /// Why.
        why: MmsFailure,
        /// There is no such message any more, or not for this user.
        is_gone: bool,
    },
    /// What became of a message that was sent: M-Delivery.ind.
    Delivered(MmsReport<MmsStatus>),
    /// A message that was sent was read: M-Read-Orig.ind.
    Read(MmsReport<ReadStatus>),
    /// The relay has heard that a message was read.
    ReadReported {
        /// Which.
        number: u64,
    },
    /// A PDU about a message did not come to the relay.
    NotSaid {
        /// About which message; none: about a notification that is not understood.
        number: Option<u64>,
        /// Which PDU.
        what: MessageType,
        /// Why.
        why: MmsFailure,
    },
    /// Something came that was there: a notification, a message, a report.
    Duplicate {
        /// Which PDU.
        what: MessageType,
        /// Its transaction or its message.
        id: String,
    },
    /// A notification was not taken: too many messages wait. The relay hears nothing and may tell it again.
    MemoryFull {
        /// Its transaction.
        transaction_id: String,
    },
    /// Something came in that is not for the state of things.
    Ignored {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

/// A message that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MmsNotice {
    /// Names it from here on.
    pub number: u64,
    /// Who has sent it; none: he is hidden.
    pub from: Option<MmsAddress>,
    /// Subject.
    pub subject: Option<String>,
    /// Class.
    pub class: MessageClass,
    /// Octets.
    pub octets: u64,
    /// Until when it waits.
    pub expiry: MmsTime,
    /// Where it waits.
    pub location: String,
}

/// A message that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IncomingMms {
    /// Its number, which its notification had.
    pub number: u64,
    /// Message-ID.
    pub message_id: Option<String>,
    /// Who has sent it; none: he is hidden.
    pub from: Option<MmsAddress>,
    /// To.
    pub to: Vec<MmsAddress>,
    /// Cc.
    pub cc: Vec<MmsAddress>,
    /// Subject.
    pub subject: Option<String>,
    /// When it was sent, seconds since 1970-01-01.
    pub date: Option<u64>,
    /// Class.
    pub class: MessageClass,
    /// Priority.
    pub priority: Option<Priority>,
    /// The sender wants to know when it is read.
    pub read_report: bool,
    /// Who has passed it on, the last one last.
    pub forwarded_by: Vec<MmsAddress>,
    /// What it is.
    pub content_type: ContentType,
    /// Its parts; the only one of a message that has no parts.
    pub parts: Vec<Part<'static>>,
    /// By what it came.
    pub access: MmsAccess,
}

impl IncomingMms {
    /// The part that presents the others: that which is named for it, else the first of a message that has one.
    pub fn presentation(&self) -> Option<&Part<'static>> {
        if self.content_type.essence != ContentType::RELATED {
            return None;
        }
        let named = self.content_type.start();
        let start = self.parts.iter().find(|part| named.is_some() && part.content_id.as_deref() == named);
        start.or_else(|| self.parts.first())
    }
}

/// A report about a message that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MmsReport<T> {
    /// Which message; none: none that is known.
    pub message: Option<u64>,
    /// What the relay calls it.
    pub message_id: String,
    /// The recipient that it is about.
    pub recipient: Option<MmsAddress>,
    /// What became of it.
    pub status: T,
    /// When, seconds since 1970-01-01.
    pub date: u64,
}
