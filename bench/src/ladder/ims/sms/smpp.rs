//! PDUs of SMPP 3.4 as steps ask for them: a message of a subscriber, and the response to it.

use protocol::mms::MessageType;
use protocol::smpp::{Body, Pdu};

use super::super::find::Bound;
use super::super::mms::{is_push, push_filter};
use super::is_subscriber;
use crate::ladder::ims::ImsCast;

/// What must be seen of SMPP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Smpp {
    /// Name of the request: `submit_sm`.
    pub command: &'static str,
    /// The request itself, or what became of it.
    pub part: SmppPart,
    /// Name of the exchange that it belongs to: the request with the name says which sequence number that is.
    pub exchange: &'static str,
    /// A push with this PDU of MM1; none: whatever message it is.
    pub push: Option<MessageType>,
}

/// Which PDU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmppPart {
    /// The request.
    Request,
    /// The response: it has gone well.
    Success,
    /// The response: it has failed.
    Failure,
}

/// The PDUs in a piece of a stream.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct SmppSeen(Vec<Pdu>);

impl SmppSeen {
    /// Whole PDUs at the beginning.
    pub(crate) fn of(mut bytes: &[u8]) -> Self {
        let mut pdus = Vec::new();
        while let Some(length) = bytes.first_chunk().map(|length| u32::from_be_bytes(*length) as usize)
            && let Some((pdu, rest)) = bytes.split_at_checked(length.max(HEADER_OCTETS))
        {
            pdus.extend(Pdu::parse(pdu));
            bytes = rest;
        }
        Self(pdus)
    }

    /// Them.
    pub(crate) fn pdus(&self) -> &[Pdu] {
        &self.0
    }

    /// What the first PDU is called.
    pub(crate) fn first_name(&self) -> Option<String> {
        Some(self.0.first()?.command_id().to_string())
    }
}

impl Smpp {
    /// What the message teaches; none when it is another one.
    pub(crate) fn sees(&self, seen: &SmppSeen, cast: &ImsCast, bound: &Bound) -> Option<Vec<(String, String)>> {
        let known = bound.get(&self.bound_name());
        let found = seen.0.iter().find(|pdu| {
            let number = pdu.sequence_number.to_string();
            match self.part {
                SmppPart::Request => {
                    let (command, subscriber) = of_request(&pdu.body);
                    command == self.command
                        && subscriber.is_some_and(|digits| is_subscriber(&cast.ue, &digits))
                        && known.is_none_or(|known| *known == number)
                        && self.push.is_none_or(|kind| is_push(short_message(&pdu.body), kind, bound))
                }
                SmppPart::Success | SmppPart::Failure => {
                    let is_success = self.part == SmppPart::Success;
                    response_to(&pdu.body) == self.command
                        && (pdu.status.0 == 0) == is_success
                        && known == Some(&number)
                }
            }
        })?;
        Some(vec![(self.bound_name(), found.sequence_number.to_string())])
    }

    /// The display filter.
    pub(crate) fn filter(&self, bound: &Bound) -> String {
        let request = match self.command {
            "submit_sm" => 0x4,
            "deliver_sm" => 0x5,
            // SMPP 3.4 clause 5.1.2.1: alert_notification.
            _ => 0x102_u32,
        };
        let command = if self.part == SmppPart::Request { request } else { request | RESPONSE };
        let mut filter = format!("smpp.command_id == {command:#010x}");
        filter += match self.part {
            SmppPart::Request => "",
            SmppPart::Success => " && smpp.command_status == 0",
            SmppPart::Failure => " && smpp.command_status != 0",
        };
        if let Some(kind) = self.push {
            filter += &push_filter(kind, bound);
        }
        if let Some(number) = bound.get(&self.bound_name()) {
            filter += &format!(" && smpp.sequence_number == {number}");
        }
        filter
    }

    /// Under what its sequence number is kept.
    fn bound_name(&self) -> String {
        format!("SMPP {}", self.exchange)
    }
}

/// Name of a request, and whom of the network it is about.
fn of_request(body: &Body) -> (&'static str, Option<String>) {
    match body {
        Body::SubmitSm(message) => ("submit_sm", message.destination.to_sms().and_then(|number| number.e164())),
        Body::DeliverSm(message) => ("deliver_sm", message.source.to_sms().and_then(|number| number.e164())),
        Body::AlertNotification(alert) => {
            ("alert_notification", alert.source.to_sms().and_then(|number| number.e164()))
        }
        _ => ("", None),
    }
}

/// What a message says.
fn short_message(body: &Body) -> &[u8] {
    match body {
        Body::SubmitSm(message) | Body::DeliverSm(message) => message.message.as_bytes(),
        _ => &[],
    }
}

const fn response_to(body: &Body) -> &'static str {
    match body {
        Body::SubmitSmResp(_) => "submit_sm",
        Body::DeliverSmResp(_) => "deliver_sm",
        _ => "",
    }
}

/// SMPP 3.4 clause 3.2.
const HEADER_OCTETS: usize = 16;
/// The bit of a response in command_id (SMPP 3.4 clause 5.1.2.1).
const RESPONSE: u32 = 0x8000_0000;
