//! Attempts: submit_sm to an SMS-GMSC in forward mode (TR 23.804 clause 8.4 step 2) and to another SM-SC, deliver_sm to an ESME.

use std::time::Duration;

use protocol::Instant;
use protocol::map::ScType;
use protocol::smpp::{
    Body, DeliveryReceipt, EsmClass, MessageId, MessageOctets, MessageState, RegisteredDelivery, ServiceType,
    ShortMessage, SmppTime, Tlv, TlvTag, data_coding_of, octets_of,
};
use protocol::sms::Deliver;

use super::SmSc;
use super::admission::message_id;
use super::finish::wants_to_know;
use super::lanes::Phase;
use super::message::{Content, Message, Receipt};
use super::outcome::Failure;
use super::routes::Way;
use super::schedule::{Cause, millis};
use crate::node::StreamId;
use crate::sms::tlv;

impl SmSc {
    /// The first message of a lane goes.
    pub(super) fn send(&mut self, now: Instant, conn: StreamId, name: &str) {
        let now_ms = self.shell.utc_ms(now);
        let Some(lane) = self.lanes.get(name) else { return };
        let Some(head) = lane.head.as_ref().filter(|_| lane.phase == Phase::Ready) else { return };
        let (number, more) = (head.number, lane.more);
        let attempts = if lane.state.cause == Some(Cause::Absent) { lane.state.attempts } else { 0 };
        let pdu = match self.routes.way(lane.way()) {
            Some(Way::Mobile) => self.to_mobile(now_ms, &head.message, more, attempts),
            Some(Way::Esme(_)) => self.to_esme(&head.message),
            Some(Way::SmSc(_)) => self.to_sm_sc(now_ms, &head.message, number),
            None => None,
        };
        let sent = pdu.and_then(|(body, tlvs)| self.links.session(conn)?.request(now, number, body, tlvs).ok());
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.phase = Phase::InFlight;
        }
        self.counters.attempts += 1;
        if sent.is_some() {
            self.in_flight.insert(number, name.to_owned());
        } else {
            self.failed(now, name, Failure::UNKNOWN);
        }
    }

    /// The SM-SC decides whether message waiting is set when all accesses fail (TR 23.804 clause 8.5 step 8): it is when the
    /// message will be tried again, for which the SM-SC wants to be alerted.
    fn waits(&self, now_ms: u64, message: &Message, attempts: u32) -> bool {
        let pause = self.config.retry.pause(Cause::Absent, attempts + 1);
        let again = pause.map_or(u64::MAX, |pause| now_ms.saturating_add(millis(pause)));
        self.config.message_waiting && !message.single_shot && again < message.expires_ms
    }

    fn to_mobile(&self, now_ms: u64, message: &Message, more: bool, attempts: u32) -> Option<(Body, Vec<Tlv>)> {
        let tpdu = message.body.tpdu(more)?;
        let mut own = standard_fields(message)?;
        // What it is for the GMSC the optional parameter says.
        let mobile = self.routes.numbering(&message.destination)?;
        own.destination = protocol::smpp::SmeAddress::international(&mobile)?;
        own.esm_class = EsmClass(own.esm_class.0 & !KIND | EsmClass::FORWARD);
        let tlvs = vec![
            tlv::tpdu(tpdu),
            tlv::sc_type(ScType(self.config.sc_type)),
            tlv::message_waiting(self.waits(now_ms, message, attempts)),
            Tlv::octet(TlvTag::MORE_MESSAGES_TO_SEND, u8::from(more)),
        ];
        Some((Body::SubmitSm(own), tlvs))
    }

    fn to_esme(&self, message: &Message) -> Option<(Body, Vec<Tlv>)> {
        let Content::Receipt(receipt) = &message.body else {
            return Some((Body::DeliverSm(standard_fields(message)?), Vec::new()));
        };
        let (told, mut tlvs) = delivery_receipt(receipt)?;
        if receipt.error != 0 {
            tlvs.push(tlv::network_error(receipt.error.into()));
        }
        tlvs.extend(receipt.user_reference.map(|own| Tlv::word(TlvTag::USER_MESSAGE_REFERENCE, own)));
        let own = ShortMessage {
            service_type: ServiceType::new(&message.service_type).unwrap_or_default(),
            source: message.source.to_sme(),
            destination: message.destination.to_sme(),
            esm_class: EsmClass(EsmClass::DELIVERY_RECEIPT),
            message: MessageOctets::new(told.emit()).unwrap_or_default(),
            ..ShortMessage::default()
        };
        Some((Body::DeliverSm(own), tlvs))
    }

    fn to_sm_sc(&self, now_ms: u64, message: &Message, number: u64) -> Option<(Body, Vec<Tlv>)> {
        let mut own = standard_fields(message)?;
        let left = Duration::from_millis(message.expires_ms.saturating_sub(now_ms));
        own.validity_period = SmppTime::after(left).map(SmppTime::to_time_string).unwrap_or_default();
        if wants_to_know(message) && message.parts.is_none_or(|(_, last)| last == number) {
            own.registered_delivery = RegisteredDelivery::ALWAYS;
        }
        Some((Body::SubmitSm(own), Vec::new()))
    }
}

/// What fields of the standard say of a message.
fn standard_fields(message: &Message) -> Option<ShortMessage> {
    let own = ShortMessage {
        service_type: ServiceType::new(&message.service_type).unwrap_or_default(),
        source: message.source.to_sme(),
        destination: message.destination.to_sme(),
        priority: message.priority.min(MAX_PRIORITY),
        ..ShortMessage::default()
    };
    let Content::Deliver(octets) = &message.body else { return Some(own) };
    let deliver = Deliver::parse(octets).ok()?;
    let (has_header, reply_path) = (deliver.user_data.has_header(), deliver.reply_path);
    Some(ShortMessage {
        esm_class: EsmClass::default().with_features(has_header, reply_path),
        protocol_id: deliver.protocol_identifier.0,
        data_coding: data_coding_of(deliver.coding),
        message: MessageOctets::new(octets_of(deliver.coding, &deliver.user_data))?,
        ..own
    })
}

fn delivery_receipt(receipt: &Receipt) -> Option<(DeliveryReceipt, Vec<Tlv>)> {
    let id = MessageId::new(message_id(receipt.message))?;
    let mut told = DeliveryReceipt::new(id, MessageState(receipt.state), receipt.submit_ms, receipt.done_ms);
    (told.submitted, told.delivered) = (receipt.submitted, receipt.delivered);
    (told.error, told.text) = (format!("{:03}", receipt.error), receipt.text.clone());
    let tlvs = told.tlvs();
    Some((told, tlvs))
}

/// Message mode and type in esm_class.
const KIND: u8 = 0x3F;
/// SMPP 3.4 clause 5.2.14.
const MAX_PRIORITY: u8 = 3;
