//! Messages as mails: the header fields of TS 23.140 clauses 8.4.4.2 to 8.4.4.7.

use std::time::Duration;

use super::date::{from_date, to_date};
use super::fields::{self, Fields};
use super::media::without_brackets;
use super::{
    DeliveryReportReq, Expiry, ForwardReq, Mm4Address, Mm4Body, Mm4Limits, Mm4Mail, Mm4MessageType, Mm4Problem,
    MmContent, MmStatus, PreviousSender, Priority, ReadReplyReportReq, ReadStatus, RequestStatus, Response, words,
};
use crate::Entropy;

impl Mm4Mail {
    /// Reads the content of a mail.
    ///
    /// # Errors
    /// It is none of MM4, or breaks its grammar or a limit.
    pub fn parse(mail: &[u8], limits: &Mm4Limits) -> Result<Self, Mm4Problem> {
        let (mut fields, at) = Fields::read(mail, limits.header)?;
        let kind = fields.take(MESSAGE_TYPE).ok_or(Mm4Problem::NotMm4("there is no X-Mms-Message-Type"))?;
        let kind = Mm4MessageType::parse(&kind);
        let transaction_id = unquoted(fields.take_text(TRANSACTION_ID));
        let transaction_id = transaction_id.ok_or_else(|| missing(TRANSACTION_ID))?;
        let message_id = unquoted(fields.take_text(MESSAGE_ID));
        let body = &mail[at..];
        let body = match kind {
            Mm4MessageType::Other(kind) => return Err(Mm4Problem::Unsupported(kind.chars().take(80).collect())),
            _ if message_id.is_none() && !is_response(&kind) => return Err(missing(MESSAGE_ID)),
            Mm4MessageType::ForwardReq => Mm4Body::ForwardReq(Box::new(forward_req(&mut fields, body, limits)?)),
            Mm4MessageType::ForwardRes => Mm4Body::ForwardRes(response(&mut fields)?),
            Mm4MessageType::DeliveryReportReq => Mm4Body::DeliveryReportReq(delivery_report_req(&mut fields)?),
            Mm4MessageType::DeliveryReportRes => Mm4Body::DeliveryReportRes(response(&mut fields)?),
            Mm4MessageType::ReadReplyReportReq => Mm4Body::ReadReplyReportReq(read_reply_report_req(&mut fields)?),
            Mm4MessageType::ReadReplyReportRes => Mm4Body::ReadReplyReportRes(response(&mut fields)?),
        };
        let (to, cc) = (addresses(&mut fields, "To")?, addresses(&mut fields, "Cc")?);
        if to.len() + cc.len() > limits.recipients {
            return Err(Mm4Problem::TooMuch("there are more recipients than the limit".to_owned()));
        }
        Ok(Self {
            version: fields.take_text(VERSION).unwrap_or_default(),
            transaction_id,
            message_id,
            from: addresses(&mut fields, "From")?.into_iter().next(),
            to,
            cc,
            sender: addresses(&mut fields, "Sender")?.into_iter().next(),
            mail_id: unquoted(fields.take_text("Message-ID")),
            date: fields.take("Date").and_then(|date| from_date(&date)),
            body,
            others: others(fields),
        })
    }

    /// The response to a mail that [`Self::parse`] could not read, from `system`: made of what header fields there are;
    /// `None`: it is no request, asks for none or tells nobody to answer to.
    pub fn failure(mail: &[u8], problem: &Mm4Problem, limits: &Mm4Limits, system: &Mm4Address) -> Option<Self> {
        let status = problem.status()?;
        let (mut fields, _) = Fields::read(mail, limits.header).ok()?;
        let response = Response { status, text: Some(problem.to_string()) };
        let body = match Mm4MessageType::parse(&fields.take(MESSAGE_TYPE)?) {
            Mm4MessageType::ForwardReq => Mm4Body::ForwardRes(response),
            Mm4MessageType::DeliveryReportReq => Mm4Body::DeliveryReportRes(response),
            Mm4MessageType::ReadReplyReportReq => Mm4Body::ReadReplyReportRes(response),
            _ => return None,
        };
        let transaction_id = unquoted(fields.take_text(TRANSACTION_ID))?;
        let mut named = |name: &str| addresses(&mut fields, name).ok()?.into_iter().next();
        let (originator, sender) = (named(ORIGINATOR_SYSTEM), named("Sender"));
        let to = originator.or(sender)?;
        yes_no(&mut fields, ACK_REQUEST).filter(|asks| *asks)?;
        Some(Self {
            message_id: unquoted(fields.take_text(MESSAGE_ID)),
            from: Some(system.clone()),
            to: vec![to],
            sender: Some(system.clone()),
            ..Self::new(&transaction_id, "", body)
        })
    }

    /// The mail's octets: all ASCII, in lines that are as short as they should be, so that no MTA needs to change them.
    /// `entropy` makes the boundary. Of `date` the seconds are told.
    pub fn emit(&self, entropy: &mut Entropy) -> Vec<u8> {
        let content = match &self.body {
            Mm4Body::ForwardReq(request) => Some(&request.content),
            _ => None,
        };
        let octets = content.map_or(0, |content| content.octets.len());
        let mut out = Vec::with_capacity(octets / 57 * 78 + 4096);
        let list = |out: &mut Vec<u8>, name: &str, addresses: &[Mm4Address]| {
            if !addresses.is_empty() {
                let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                fields::write(out, name, &texts.join(", "));
            }
        };
        list(&mut out, "From", self.from.as_slice());
        list(&mut out, "Sender", self.sender.as_slice());
        list(&mut out, "To", &self.to);
        list(&mut out, "Cc", &self.cc);
        if let Some(date) = self.date {
            fields::write(&mut out, "Date", &to_date(date));
        }
        if let Some(id) = &self.mail_id {
            fields::write_text(&mut out, "Message-ID", &format!("<{id}>"));
        }
        fields::write_text(&mut out, VERSION, &self.version);
        fields::write(&mut out, MESSAGE_TYPE, self.body.message_type().as_str());
        fields::write_text(&mut out, TRANSACTION_ID, &self.transaction_id);
        if let Some(id) = &self.message_id {
            fields::write_text(&mut out, MESSAGE_ID, id);
        }
        match &self.body {
            Mm4Body::ForwardReq(request) => emit_forward_req(request, &mut out),
            Mm4Body::DeliveryReportReq(request) => emit_delivery_report_req(request, &mut out),
            Mm4Body::ReadReplyReportReq(request) => {
                fields::write_text(&mut out, READ_STATUS, request.status.as_str());
                text(&mut out, STATUS_TEXT, request.text.as_deref());
                flag(&mut out, ACK_REQUEST, request.ack_request);
            }
            Mm4Body::ForwardRes(response)
            | Mm4Body::DeliveryReportRes(response)
            | Mm4Body::ReadReplyReportRes(response) => {
                fields::write_text(&mut out, REQUEST_STATUS, response.status.as_str());
                text(&mut out, STATUS_TEXT, response.text.as_deref());
            }
        }
        for (name, value) in &self.others {
            let is_plain = value.bytes().all(|b| matches!(b, b' '..=b'~'));
            if is_plain { fields::write(&mut out, name, value) } else { fields::write_text(&mut out, name, value) }
        }
        match content {
            Some(content) => content.write(&mut out, entropy),
            None => out.extend_from_slice(b"\r\n"),
        }
        out
    }
}

/// Clause 8.4.4.2.
fn forward_req(fields: &mut Fields, body: &[u8], limits: &Mm4Limits) -> Result<ForwardReq, Mm4Problem> {
    let content = MmContent::read(fields, body, limits)?;
    Ok(ForwardReq {
        message_class: fields.take_text(MESSAGE_CLASS),
        expiry: fields.take(EXPIRY).and_then(|value| expiry(&value)),
        delivery_report: yes_no(fields, DELIVERY_REPORT),
        originator_rs_delivery_report: yes_no(fields, ORIGINATOR_DELIVERY_REPORT),
        read_reply: yes_no(fields, READ_REPLY),
        priority: fields.take_text(PRIORITY).map(|value| Priority::parse(&value)),
        sender_visible: fields.take(SENDER_VISIBILITY).map(|value| !value.eq_ignore_ascii_case("Hide")),
        subject: fields.take_text("Subject"),
        ack_request: yes_no(fields, ACK_REQUEST),
        forward_counter: fields.take(FORWARD_COUNTER).and_then(|value| value.parse().ok()),
        previously_sent: previously_sent(fields),
        originator_system: addresses(fields, ORIGINATOR_SYSTEM)?.into_iter().next(),
        adaptation_allowed: yes_no(fields, ADAPTATION_ALLOWED),
        content,
    })
}

fn emit_forward_req(request: &ForwardReq, out: &mut Vec<u8>) {
    text(out, MESSAGE_CLASS, request.message_class.as_deref());
    match request.expiry {
        Some(Expiry::After(time)) => fields::write(out, EXPIRY, &time.as_secs().to_string()),
        Some(Expiry::At(utc)) => fields::write(out, EXPIRY, &to_date(utc)),
        None => {}
    }
    flag(out, DELIVERY_REPORT, request.delivery_report);
    flag(out, ORIGINATOR_DELIVERY_REPORT, request.originator_rs_delivery_report);
    flag(out, READ_REPLY, request.read_reply);
    text(out, PRIORITY, request.priority.as_ref().map(Priority::as_str));
    let visibility = request.sender_visible.map(|is_visible| if is_visible { "Show" } else { "Hide" });
    text(out, SENDER_VISIBILITY, visibility);
    text(out, "Subject", request.subject.as_deref());
    flag(out, ACK_REQUEST, request.ack_request);
    text(out, FORWARD_COUNTER, request.forward_counter.map(|counter| counter.to_string()).as_deref());
    for PreviousSender { index, sender, date } in &request.previously_sent {
        for (name, value) in [(PREVIOUSLY_SENT_BY, sender), (PREVIOUSLY_SENT_DATE, date)] {
            text(out, name, value.as_ref().map(|value| format!("{index}, {value}")).as_deref());
        }
    }
    if let Some(address) = &request.originator_system {
        fields::write(out, ORIGINATOR_SYSTEM, &address.to_string());
    }
    flag(out, ADAPTATION_ALLOWED, request.adaptation_allowed);
}

/// Clause 8.4.4.4.
fn delivery_report_req(fields: &mut Fields) -> Result<DeliveryReportReq, Mm4Problem> {
    let status = fields.take_text(MM_STATUS).ok_or_else(|| missing(MM_STATUS))?;
    Ok(DeliveryReportReq {
        status: MmStatus::parse(&status),
        extension: fields.take_text(MM_STATUS_EXTENSION),
        text: fields.take_text(STATUS_TEXT),
        ack_request: yes_no(fields, ACK_REQUEST),
        forward_to_originator: yes_no(fields, FORWARD_TO_ORIGINATOR),
    })
}

fn emit_delivery_report_req(request: &DeliveryReportReq, out: &mut Vec<u8>) {
    fields::write_text(out, MM_STATUS, request.status.as_str());
    text(out, MM_STATUS_EXTENSION, request.extension.as_deref());
    text(out, STATUS_TEXT, request.text.as_deref());
    flag(out, ACK_REQUEST, request.ack_request);
    flag(out, FORWARD_TO_ORIGINATOR, request.forward_to_originator);
}

/// Clause 8.4.4.6.
fn read_reply_report_req(fields: &mut Fields) -> Result<ReadReplyReportReq, Mm4Problem> {
    let status = fields.take_text(READ_STATUS).ok_or_else(|| missing(READ_STATUS))?;
    Ok(ReadReplyReportReq {
        status: ReadStatus::parse(&status),
        text: fields.take_text(STATUS_TEXT),
        ack_request: yes_no(fields, ACK_REQUEST),
    })
}

/// Clauses 8.4.4.3, 8.4.4.5 and 8.4.4.7.
fn response(fields: &mut Fields) -> Result<Response, Mm4Problem> {
    let status = fields.take_text(REQUEST_STATUS).ok_or_else(|| missing(REQUEST_STATUS))?;
    Ok(Response { status: RequestStatus::parse(&status), text: fields.take_text(STATUS_TEXT) })
}

/// The senders before, in order; both fields tell an index, or stand in order.
fn previously_sent(fields: &mut Fields) -> Vec<PreviousSender> {
    let mut senders: Vec<PreviousSender> = Vec::new();
    let mut each = |values: Vec<String>, put: fn(&mut PreviousSender, String)| {
        for (at, value) in values.iter().take(MAX_PREVIOUS).enumerate() {
            let value = words::decode(value);
            let digits = value.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = value.split_at(digits);
            let told = rest.starts_with([',', ';', ' ']).then(|| number.parse().ok()).flatten();
            let (index, rest) = match told {
                Some(index) => (index, rest.trim_start_matches([',', ';', ' '])),
                None => (u32::try_from(at + 1).unwrap_or(u32::MAX), value.as_str()),
            };
            match senders.iter_mut().find(|sender| sender.index == index) {
                Some(sender) => put(sender, rest.to_owned()),
                None => {
                    let mut sender = PreviousSender { index, ..PreviousSender::default() };
                    put(&mut sender, rest.to_owned());
                    senders.push(sender);
                }
            }
        }
    };
    each(fields.take_all(PREVIOUSLY_SENT_BY), |sender, text| sender.sender = Some(text));
    each(fields.take_all(PREVIOUSLY_SENT_DATE), |sender, text| sender.date = Some(text));
    senders.sort_by_key(|sender| sender.index);
    senders
}

/// Seconds, or a date.
fn expiry(value: &str) -> Option<Expiry> {
    match value.parse() {
        Ok(seconds) => Some(Expiry::After(Duration::from_secs(seconds))),
        Err(_) => from_date(value).map(Expiry::At),
    }
}

/// Yes or No; some say 1 or 0.
fn yes_no(fields: &mut Fields, name: &str) -> Option<bool> {
    match fields.take(name)?.to_ascii_lowercase().as_str() {
        "yes" | "1" | "true" => Some(true),
        "no" | "0" | "false" => Some(false),
        _ => None,
    }
}

fn addresses(fields: &mut Fields, name: &str) -> Result<Vec<Mm4Address>, Mm4Problem> {
    let list = fields.take_all(name).join(", ");
    Mm4Address::parse_list(&list).map_err(|bad| Mm4Problem::Header(format!("{name} has no address in: {bad}")))
}

/// An identifier without the brackets or quotes that some put around it.
fn unquoted(value: Option<String>) -> Option<String> {
    value.map(|value| without_brackets(&value)).filter(|value| !value.is_empty())
}

/// What is left, but what is about the body.
fn others(fields: Fields) -> Vec<(String, String)> {
    let is_content = |name: &str| name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-"));
    let mut others = fields.into_rest();
    others.retain(|(name, _)| !is_content(name) && !name.eq_ignore_ascii_case("MIME-Version"));
    others
}

const fn is_response(kind: &Mm4MessageType) -> bool {
    use Mm4MessageType::{DeliveryReportRes, ForwardRes, ReadReplyReportRes};
    matches!(kind, ForwardRes | DeliveryReportRes | ReadReplyReportRes)
}

fn missing(name: &str) -> Mm4Problem {
    Mm4Problem::Header(format!("there is no {name}"))
}

fn text(out: &mut Vec<u8>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        fields::write_text(out, name, value);
    }
}

fn flag(out: &mut Vec<u8>, name: &str, value: Option<bool>) {
    text(out, name, value.map(|value| if value { "Yes" } else { "No" }));
}

const VERSION: &str = "X-Mms-3GPP-MMS-Version";
const MESSAGE_TYPE: &str = "X-Mms-Message-Type";
const TRANSACTION_ID: &str = "X-Mms-Transaction-ID";
const MESSAGE_ID: &str = "X-Mms-Message-ID";
const MESSAGE_CLASS: &str = "X-Mms-Message-Class";
const EXPIRY: &str = "X-Mms-Expiry";
const DELIVERY_REPORT: &str = "X-Mms-Delivery-Report";
const ORIGINATOR_DELIVERY_REPORT: &str = "X-Mms-Originator-R/S-Delivery-Report";
const READ_REPLY: &str = "X-Mms-Read-Reply";
const PRIORITY: &str = "X-Mms-Priority";
const SENDER_VISIBILITY: &str = "X-Mms-Sender-Visibility";
const ACK_REQUEST: &str = "X-Mms-Ack-Request";
const FORWARD_COUNTER: &str = "X-Mms-Forward-Counter";
const PREVIOUSLY_SENT_BY: &str = "X-Mms-Previously-sent-by";
const PREVIOUSLY_SENT_DATE: &str = "X-Mms-Previously-sent-date-and-time";
const ORIGINATOR_SYSTEM: &str = "X-Mms-Originator-System";
const ADAPTATION_ALLOWED: &str = "X-Mms-Adaptation-Allowed";
const REQUEST_STATUS: &str = "X-Mms-Request-Status-Code";
const STATUS_TEXT: &str = "X-Mms-Status-Text";
const MM_STATUS: &str = "X-Mms-MM-Status-Code";
const MM_STATUS_EXTENSION: &str = "X-Mms-MM-Status-Extension";
const FORWARD_TO_ORIGINATOR: &str = "X-Mms-Forward-To-Originator-UA";
const READ_STATUS: &str = "X-Mms-Read-Status";

/// Senders before: more have no place in one message.
const MAX_PREVIOUS: usize = 100;
