//! What goes into an SMS agent and what comes out of it.

use std::fmt;
use std::time::Duration;

use protocol::sip::Refusal;
use protocol::sms::{
    Address, Content, DataCodingScheme, FailureCause, MessageClass, MessageWaiting, Ports, ProtocolIdentifier, RpCause,
    SegmentError, SmsAccess, Status, Timestamp,
};

use super::config::Reporting;
use crate::agent::sip::{AgentCommand, AgentEvent, UnregisteredWhy};

/// What comes in.
#[derive(Clone, PartialEq, Debug)]
pub enum SmsInput<'a> {
    /// The SIP agent tells something; what is for the SMS agent alone says [`super::SmsClient::is_own`].
    Agent(&'a AgentEvent),
    /// A message of the relay layer came from an SGSN or an MSC.
    Relayed {
        /// From which.
        access: SmsAccess,
        /// Its octets.
        octets: &'a [u8],
    },
    /// The UE is attached to an SGSN or an MSC, or not any more.
    Attached {
        /// To which.
        access: SmsAccess,
        /// It is.
        is_there: bool,
    },
    /// What the user wants.
    Command(SmsCommand),
}

/// What the user of a UE wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmsCommand {
    /// To be registered for messages by IP.
    Register,
    /// Not to be any more.
    Deregister,
    /// To send a message.
    Send(Box<OutgoingSms>),
    /// A message is deleted.
    Delete(u64),
    /// All whole messages are. Parts stay: they were acknowledged and do not come again.
    DeleteAll,
    /// By what messages are to be sent, best first.
    Prefer(Vec<SmsAccess>),
    /// What is done about messages that come.
    Report(Reporting),
}

/// A message to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutgoingSms {
    /// To be given back.
    pub message: u64,
    /// To whom.
    pub to: Address,
    /// What: a text in the alphabet that it needs, or 8 bit data. In parts where it is too long for one.
    pub content: Content,
    /// Class; 0 is shown at once.
    pub class: Option<MessageClass>,
    /// A status report is wanted for each part.
    pub status_report: bool,
    /// How long the service centre is to keep it; none: as long as that likes.
    pub validity: Option<Duration>,
    /// Application ports.
    pub ports: Option<Ports>,
    /// TP-PID.
    pub protocol_identifier: ProtocolIdentifier,
}

impl OutgoingSms {
    /// A message that asks for nothing special.
    pub const fn new(message: u64, to: Address, content: Content) -> Self {
        let protocol_identifier = ProtocolIdentifier::NONE;
        Self {
            message,
            to,
            content,
            class: None,
            status_report: false,
            validity: None,
            ports: None,
            protocol_identifier,
        }
    }
}

/// What comes out.
#[derive(Clone, PartialEq, Debug)]
pub enum SmsOutput {
    /// For the SIP agent.
    Agent(AgentCommand),
    /// A message of the relay layer for an SGSN or an MSC.
    Relay {
        /// For which.
        access: SmsAccess,
        /// Its octets.
        octets: Vec<u8>,
    },
    /// For the user.
    Event(SmsEvent),
}

/// What the user is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SmsEvent {
    /// Registered with the gateway over R2, for the first time or again.
    Registered {
        /// Seconds from now.
        expires_s: u32,
        /// Number that the gateway has told.
        msisdn: Option<String>,
        /// It was registered before.
        refreshed: bool,
    },
    /// A registration over R2 has failed.
    RegistrationFailed {
        /// In words.
        why: String,
    },
    /// Not registered over R2 any more: asked for, ended by the gateway, or not refreshed in time.
    Unregistered(UnregisteredWhy),
    /// A part of a message was taken by the service centre.
    PartSent {
        /// Of which message.
        message: u64,
        /// Which part, from 1 on.
        part: u8,
        /// Of how many.
        parts: u8,
        /// TP-MR.
        reference: u8,
        /// By what.
        access: SmsAccess,
        /// It was sent so many times.
        attempts: usize,
    },
    /// What became of a message; exactly one for each.
    Sent {
        /// Which.
        message: u64,
        /// All parts were taken, or why not.
        result: Result<(), SendFailure>,
    },
    /// A whole message came.
    Received(Box<ReceivedSms>),
    /// A part of a message came, others are missing.
    PartReceived {
        /// Who has sent it.
        from: Address,
        /// Parts that are there.
        parts: u8,
        /// Parts that it has.
        total: u8,
    },
    /// A message of type 0 came: it is acknowledged and not shown (TS 23.040 clause 9.2.3.9).
    Silent {
        /// Who has sent it.
        from: Address,
    },
    /// What became of a message that was sent.
    StatusReport(SmsStatus),
    /// A message came that was there: it is acknowledged and not shown again.
    Duplicate {
        /// Who has sent it.
        from: Address,
    },
    /// A message was refused: the memory is full.
    MemoryFull {
        /// Who has sent it.
        from: Address,
    },
    /// The network was told that there is memory again.
    MemoryAvailable {
        /// It has heard it, or why not.
        result: Result<(), SendFailure>,
    },
    /// A message was given up whose other parts did not come.
    Incomplete {
        /// Who has sent it.
        from: Address,
        /// Parts that are there.
        parts: u8,
        /// Parts that it has.
        total: u8,
    },
    /// A message that came was refused for another reason.
    Refused {
        /// What it was.
        what: String,
        /// RP-Cause of the answer.
        cause: RpCause,
    },
    /// The report about a message that came did not reach the gateway.
    ReportFailed {
        /// In words.
        why: String,
    },
    /// Something came in that is not for the state of things.
    Ignored {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

/// Why a message was not sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SendFailure {
    /// It cannot be put into parts.
    Content(SegmentError),
    /// There is no access that the user wants.
    NoAccess,
    /// Too many messages wait.
    TooMany,
    /// The request was not taken.
    Request(Refusal),
    /// RP-ERROR.
    Relay {
        /// RP-Cause.
        cause: RpCause,
        /// TP-FCS of SMS-SUBMIT-REPORT.
        failure: Option<FailureCause>,
    },
    /// No report came: TR1M has ended.
    NoReport,
}

impl SendFailure {
    /// May it be over soon?
    pub(super) fn is_temporary(&self) -> bool {
        match self {
            Self::Content(_) | Self::NoAccess | Self::TooMany => false,
            Self::Request(refusal) => {
                refusal.status().is_none_or(|status| matches!(status, 408 | 480 | 500 | 502..=504))
            }
            Self::Relay { cause, .. } => cause.is_temporary(),
            Self::NoReport => true,
        }
    }
}

impl fmt::Display for SendFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(problem) => problem.fmt(f),
            Self::NoAccess => f.write_str("the UE has no access for messages"),
            Self::TooMany => f.write_str("too many messages wait"),
            Self::Request(refusal) => refusal.fmt(f),
            Self::Relay { cause, failure: None } => write!(f, "RP-ERROR: {cause}"),
            Self::Relay { cause, failure: Some(failure) } => write!(f, "RP-ERROR: {cause}, {failure}"),
            Self::NoReport => f.write_str("no report came within TR1M"),
        }
    }
}

/// A message that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceivedSms {
    /// Names it in the memory; none: it is not kept (class 0, a message for an application, an indication).
    pub number: Option<u64>,
    /// The message in the memory whose place it has taken (TS 23.040 clause 9.2.3.9, replace types).
    pub replaces: Option<u64>,
    /// Who has sent it.
    pub from: Address,
    /// By which service centre.
    pub service_centre: Option<Address>,
    /// TP-SCTS, of the part that came last.
    pub service_centre_time: Timestamp,
    /// What it says.
    pub content: Content,
    /// TP-DCS: alphabet and class.
    pub coding: DataCodingScheme,
    /// TP-PID.
    pub protocol_identifier: ProtocolIdentifier,
    /// Application ports.
    pub ports: Option<Ports>,
    /// In how many parts it came.
    pub parts: u8,
    /// By what the last of them came.
    pub access: SmsAccess,
}

impl ReceivedSms {
    /// Class 0: shown at once.
    pub fn is_flash(&self) -> bool {
        self.coding.class() == Some(MessageClass::Display)
    }

    /// What it says about messages that wait somewhere else.
    pub const fn message_waiting(&self) -> Option<MessageWaiting> {
        self.coding.message_waiting()
    }
}

/// What became of a message that was sent: SMS-STATUS-REPORT.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SmsStatus {
    /// The message, and which part of it; none: it is about no message that is known.
    pub of: Option<(u64, u8)>,
    /// TP-MR.
    pub reference: u8,
    /// To whom it was sent.
    pub recipient: Address,
    /// TP-ST.
    pub status: Status,
    /// TP-SCTS.
    pub service_centre_time: Timestamp,
    /// TP-DT.
    pub discharge_time: Timestamp,
}
