//! The messages of MM4 (TS 23.140 clauses 8.4.1 to 8.4.4) with their information elements.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Mm4Address, Mm4MessageType, MmContent, MmStatus, Priority, ReadStatus, RequestStatus};

/// A message as a mail.
///
/// Who stands where: a request about a multimedia message is from and to its users ([`ForwardReq`]: originator to
/// recipients; reports: recipient to originator). `sender` is the relay itself, and is where the response goes to; in
/// [`ForwardReq`] that is `originator_system`. A response is from and to relays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mm4Mail {
    /// X-Mms-3GPP-MMS-Version.
    pub version: String,
    /// X-Mms-Transaction-ID: the same in request and response.
    pub transaction_id: String,
    /// X-Mms-Message-ID: the multimedia message's, told by the originator's relay. Some put it in angle brackets or quotes:
    /// they are taken off here. A response to what could not be read may lack it.
    pub message_id: Option<String>,
    /// From.
    pub from: Option<Mm4Address>,
    /// To.
    pub to: Vec<Mm4Address>,
    /// Cc.
    pub cc: Vec<Mm4Address>,
    /// Sender: the relay that sends the mail (clause 8.4.5.2).
    pub sender: Option<Mm4Address>,
    /// Message-ID of the mail, without angle brackets.
    pub mail_id: Option<String>,
    /// Date: milliseconds since 1970-01-01 UTC.
    pub date: Option<u64>,
    /// What it is.
    pub body: Mm4Body,
    /// Header fields that are not known here, in order, unfolded: what MTAs add, and other X-Mms-… ones.
    pub others: Vec<(String, String)>,
}

/// What a mail is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mm4Body {
    /// MM4_forward.REQ.
    ForwardReq(Box<ForwardReq>),
    /// MM4_forward.RES.
    ForwardRes(Response),
    /// MM4_delivery_report.REQ.
    DeliveryReportReq(DeliveryReportReq),
    /// MM4_delivery_report.RES.
    DeliveryReportRes(Response),
    /// MM4_read_reply_report.REQ.
    ReadReplyReportReq(ReadReplyReportReq),
    /// MM4_read_reply_report.RES.
    ReadReplyReportRes(Response),
}

/// Requests that may want a response.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mm4Request {
    /// MM4_forward.
    Forward,
    /// MM4_delivery_report.
    DeliveryReport,
    /// MM4_read_reply_report.
    ReadReplyReport,
}

impl Mm4Body {
    /// The response to a request.
    pub fn of_response(to: Mm4Request, response: Response) -> Self {
        match to {
            Mm4Request::Forward => Self::ForwardRes(response),
            Mm4Request::DeliveryReport => Self::DeliveryReportRes(response),
            Mm4Request::ReadReplyReport => Self::ReadReplyReportRes(response),
        }
    }

    /// What it says when it is a response, and to what.
    pub const fn response(&self) -> Option<(Mm4Request, &Response)> {
        match self {
            Self::ForwardRes(response) => Some((Mm4Request::Forward, response)),
            Self::DeliveryReportRes(response) => Some((Mm4Request::DeliveryReport, response)),
            Self::ReadReplyReportRes(response) => Some((Mm4Request::ReadReplyReport, response)),
            Self::ForwardReq(_) | Self::DeliveryReportReq(_) | Self::ReadReplyReportReq(_) => None,
        }
    }
}

/// MM4_forward.REQ (clause 8.4.1): a multimedia message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ForwardReq {
    /// X-Mms-Message-Class: Personal, Advertisement, Informational, Auto or another.
    pub message_class: Option<String>,
    /// X-Mms-Expiry.
    pub expiry: Option<Expiry>,
    /// X-Mms-Delivery-Report: the originator wants to know of the delivery.
    pub delivery_report: Option<bool>,
    /// X-Mms-Originator-R/S-Delivery-Report: the originator's relay wants to know of it.
    pub originator_rs_delivery_report: Option<bool>,
    /// X-Mms-Read-Reply: the originator wants to know when it is read.
    pub read_reply: Option<bool>,
    /// X-Mms-Priority.
    pub priority: Option<Priority>,
    /// X-Mms-Sender-Visibility: false for Hide.
    pub sender_visible: Option<bool>,
    /// Subject.
    pub subject: Option<String>,
    /// X-Mms-Ack-Request: a response is asked for.
    pub ack_request: Option<bool>,
    /// X-Mms-Forward-Counter.
    pub forward_counter: Option<u32>,
    /// X-Mms-Previously-sent-by and X-Mms-Previously-sent-date-and-time.
    pub previously_sent: Vec<PreviousSender>,
    /// X-Mms-Originator-System: where the response goes to.
    pub originator_system: Option<Mm4Address>,
    /// X-Mms-Adaptation-Allowed.
    pub adaptation_allowed: Option<bool>,
    /// The content.
    pub content: MmContent,
}

/// Somebody who has sent a multimedia message before, the first being 1.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PreviousSender {
    /// Its place in the order.
    pub index: u32,
    /// Who.
    pub sender: Option<String>,
    /// When, as it is written: a date of RFC 5322.
    pub date: Option<String>,
}

/// X-Mms-Expiry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expiry {
    /// From Date on.
    After(Duration),
    /// At: milliseconds since 1970-01-01 UTC.
    At(u64),
}

/// MM4_forward.RES, MM4_delivery_report.RES, MM4_read_reply_report.RES: what became of the request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// X-Mms-Request-Status-Code.
    pub status: RequestStatus,
    /// X-Mms-Status-Text.
    pub text: Option<String>,
}

/// MM4_delivery_report.REQ (clause 8.4.2). Date is when the multimedia message was handled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryReportReq {
    /// X-Mms-MM-Status-Code.
    pub status: MmStatus,
    /// X-Mms-MM-Status-Extension: `Rejection-By-MMS-Recipient`, `Rejection-by-Other-RS`.
    pub extension: Option<String>,
    /// X-Mms-Status-Text.
    pub text: Option<String>,
    /// X-Mms-Ack-Request: a response is asked for.
    pub ack_request: Option<bool>,
    /// X-Mms-Forward-To-Originator-UA: whether the originator itself is to get it.
    pub forward_to_originator: Option<bool>,
}

/// MM4_read_reply_report.REQ (clause 8.4.3). Date is when it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadReplyReportReq {
    /// X-Mms-Read-Status.
    pub status: ReadStatus,
    /// X-Mms-Status-Text.
    pub text: Option<String>,
    /// X-Mms-Ack-Request: a response is asked for.
    pub ack_request: Option<bool>,
}

/// How much a mail may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mm4Limits {
    /// Octets of header fields, of the mail and of each part.
    pub header: usize,
    /// Parts, all levels counted.
    pub parts: usize,
    /// Multiparts in multiparts.
    pub depth: usize,
    /// Octets of all parts, decoded.
    pub octets: usize,
    /// Addresses in To and Cc.
    pub recipients: usize,
}

impl Default for Mm4Limits {
    fn default() -> Self {
        Self { header: 64 << 10, parts: 64, depth: 8, octets: 10 << 20, recipients: 100 }
    }
}

/// A mail cannot be read. [`Self::status`] tells what is answered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Mm4Problem {
    /// It is no mail of MM4: nobody is told.
    #[error("no MM4: {0}")]
    NotMm4(&'static str),
    /// X-Mms-Message-Type is not known.
    #[error("the message type {0} is not known")]
    Unsupported(String),
    /// A header field that must be there is not, or cannot be read.
    #[error("{0}")]
    Header(String),
    /// The content cannot be read.
    #[error("{0}")]
    Content(String),
    /// It is beyond a limit.
    #[error("{0}")]
    TooMuch(String),
}

impl Mm4Problem {
    /// What a response says of it; `None`: it is not worth one.
    pub const fn status(&self) -> Option<RequestStatus> {
        match self {
            Self::NotMm4(_) => None,
            Self::Unsupported(_) => Some(RequestStatus::ErrorUnsupportedMessage),
            Self::Header(_) | Self::Content(_) => Some(RequestStatus::ErrorMessageFormatCorrupt),
            Self::TooMuch(_) => Some(RequestStatus::ErrorContentNotAccepted),
        }
    }
}

impl Mm4Body {
    /// Its X-Mms-Message-Type.
    pub const fn message_type(&self) -> Mm4MessageType {
        match self {
            Self::ForwardReq(_) => Mm4MessageType::ForwardReq,
            Self::ForwardRes(_) => Mm4MessageType::ForwardRes,
            Self::DeliveryReportReq(_) => Mm4MessageType::DeliveryReportReq,
            Self::DeliveryReportRes(_) => Mm4MessageType::DeliveryReportRes,
            Self::ReadReplyReportReq(_) => Mm4MessageType::ReadReplyReportReq,
            Self::ReadReplyReportRes(_) => Mm4MessageType::ReadReplyReportRes,
        }
    }
}

impl Mm4Mail {
    /// A mail without addresses and dates.
    pub fn new(transaction_id: &str, message_id: &str, body: Mm4Body) -> Self {
        Self {
            version: super::MM4_VERSION.to_owned(),
            transaction_id: transaction_id.to_owned(),
            message_id: Some(message_id.to_owned()),
            from: None,
            to: Vec::new(),
            cc: Vec::new(),
            sender: None,
            mail_id: None,
            date: None,
            body,
            others: Vec::new(),
        }
    }

    /// The response that it asks for, from `system`; `None`: it asks for none, or tells nobody to answer to.
    pub fn response(&self, system: &Mm4Address, status: RequestStatus, text: Option<&str>) -> Option<Self> {
        let response = Response { status, text: text.map(ToOwned::to_owned) };
        let (asks, body) = match &self.body {
            Mm4Body::ForwardReq(request) => (request.ack_request, Mm4Body::ForwardRes(response)),
            Mm4Body::DeliveryReportReq(request) => (request.ack_request, Mm4Body::DeliveryReportRes(response)),
            Mm4Body::ReadReplyReportReq(request) => (request.ack_request, Mm4Body::ReadReplyReportRes(response)),
            Mm4Body::ForwardRes(_) | Mm4Body::DeliveryReportRes(_) | Mm4Body::ReadReplyReportRes(_) => return None,
        };
        let to = self.answers_to().filter(|_| asks == Some(true))?.clone();
        Some(Self {
            message_id: self.message_id.clone(),
            from: Some(system.clone()),
            to: vec![to],
            sender: Some(system.clone()),
            ..Self::new(&self.transaction_id, "", body)
        })
    }

    /// Where a response goes to: X-Mms-Originator-System, or Sender.
    pub fn answers_to(&self) -> Option<&Mm4Address> {
        let named = match &self.body {
            Mm4Body::ForwardReq(request) => request.originator_system.as_ref(),
            _ => None,
        };
        named.or(self.sender.as_ref())
    }
}
