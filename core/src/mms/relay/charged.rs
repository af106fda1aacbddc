//! Which records the relay makes (TS 32.270 clauses 5.2.3 and 6.1), and what is in them.

use protocol::Instant;
use protocol::diameter::charging::{
    AddresseeType, MmContent, MmsChargedAddress, MmsChargedKind, MmsInformation, MmsRecordType, mms_specific,
};
use protocol::mms::{MmsPdu, MmsStatus, ReadStatus};

use super::MmsRelay;
use super::message::{Destination, Message, Origin};
use super::mm4::Answer;
use super::retrieve::Acknowledged;
use super::routes::is_same;
use super::task::{GATEWAY_WAY, Letter, Says, Task, Work};
use crate::mms::charging::{
    self, MmsInterface, address, class_of, component, kept, of_kept, priority_of, request_status, status_name,
};

impl MmsRelay {
    /// A record, in the transaction that is about to be made.
    fn charge(&mut self, now: Instant, record: MmsRecordType, payer: Option<&str>, mms: MmsInformation) {
        let made = charging::record(&mut self.charging, now, record, payer, mms);
        self.records.extend(made);
    }

    /// A message has come in; `reference`: of one that is sent on, where it waited.
    pub(super) fn charge_accepted(&mut self, now: Instant, number: u64, message: &Message, reference: Option<&str>) {
        if !self.charging.is_on() {
            return;
        }
        let mut mms = self.usage(number, message);
        mms.add(mms_specific::REQUEST_STATUS, "0");
        let payer = payer_of(message);
        let record = match (&message.origin, reference) {
            (Origin::Relay { .. }, _) => {
                mms.add(mms_specific::RECIPIENT_RELAY, &self.config.domain);
                MmsRecordType::R4F
            }
            (Origin::Subscriber(_), Some(location)) => {
                mms.kind = Some(MmsChargedKind::ForwardReq);
                mms.add(mms_specific::REFERENCE, format!("{}/{location}", self.config.base));
                MmsRecordType::F
            }
            (Origin::Subscriber(_), None) => {
                mms.kind = Some(MmsChargedKind::SendReq);
                MmsRecordType::O1S
            }
        };
        self.charge(now, record, payer.as_deref(), mms);
    }

    /// MM4_forward.REQ was taken for these recipients.
    pub(super) fn charge_sent(&mut self, now: Instant, number: u64, message: &Message, taken: &[usize]) {
        if !self.charging.is_on() || taken.is_empty() {
            return;
        }
        let mut mms = self.usage(number, message);
        mms.recipients = taken.iter().filter_map(|at| recipient(message, *at)).collect();
        mms.goes_by = Some(MmsInterface::Mm4.avp(true));
        self.name_relay(&mut mms, message, taken.first().copied());
        self.charge(now, MmsRecordType::O4FRq, payer_of(message).as_deref(), mms);
    }

    /// MM4_forward.RES for these recipients.
    pub(super) fn charge_answered(
        &mut self,
        now: Instant,
        number: u64,
        message: &Message,
        open: &[usize],
        answer: &Answer,
    ) {
        if !self.charging.is_on() {
            return;
        }
        let mut mms = self.usage(number, message);
        mms.recipients = open.iter().filter_map(|at| recipient(message, *at)).collect();
        self.name_relay(&mut mms, message, open.first().copied());
        add_answer(&mut mms, answer);
        self.charge(now, MmsRecordType::O4FRs, payer_of(message).as_deref(), mms);
    }

    /// A recipient does not get it any more.
    pub(super) fn charge_deleted(
        &mut self,
        now: Instant,
        number: u64,
        message: &Message,
        at: usize,
        status: MmsStatus,
    ) {
        if !self.charging.is_on() {
            return;
        }
        let own = message.recipients.get(at).and_then(|recipient| recipient.own());
        let (record, payer) = match own {
            Some(msisdn) => (MmsRecordType::RMd, Some(msisdn.to_owned())),
            None => (MmsRecordType::OMd, payer_of(message)),
        };
        let mut mms = self.usage_at(number, message, at);
        mms.add(mms_specific::STATUS, status_name(status));
        self.charge(now, record, payer.as_deref(), mms);
    }

    /// Another relay tells what became of a message: X-Mms-Status, or that it was read or not.
    pub(super) fn charge_report_of_relay(
        &mut self,
        now: Instant,
        number: u64,
        (message, at): (&Message, usize),
        says: Result<MmsStatus, ReadStatus>,
        date_ms: u64,
    ) {
        if !self.charging.is_on() {
            return;
        }
        let mut mms = self.usage_at(number, message, at);
        let (record, status) = match says {
            Ok(status) => (MmsRecordType::O4D, status_name(status)),
            Err(status) => (MmsRecordType::O4R, read_name(status)),
        };
        mms.came_by = Some(MmsInterface::Mm4.avp(false));
        mms.add(mms_specific::STATUS, status);
        mms.add(mms_specific::DATE, (date_ms / 1000).to_string());
        self.charge(now, record, payer_of(message).as_deref(), mms);
    }

    /// M-Retrieve.conf with the message goes to its recipient.
    pub(super) fn charge_retrieved(
        &mut self,
        now: Instant,
        number: u64,
        (message, at): (&Message, usize),
        is_ip: bool,
    ) {
        if !self.charging.is_on() {
            return;
        }
        let mut mms = self.usage_at(number, message, at);
        mms.kind = Some(MmsChargedKind::RetrieveConf);
        mms.goes_by = Some(interface(is_ip).avp(true));
        self.add_reference(&mut mms, message, at);
        let payer = message.recipients.get(at).and_then(|own| own.own());
        self.charge(now, MmsRecordType::R1Rt, payer, mms);
    }

    /// M-NotifyResp.ind or M-Acknowledge.ind that tells something new.
    pub(super) fn charge_acknowledged(&mut self, now: Instant, number: u64, message: &Message, own: &Acknowledged) {
        if !self.charging.is_on() {
            return;
        }
        let mut mms = self.usage_at(number, message, own.recipient);
        let (record, kind) = match own.is_acknowledge {
            true => (MmsRecordType::R1A, MmsChargedKind::AcknowledgeInd),
            false => (MmsRecordType::R1NRs, MmsChargedKind::NotifyRespInd),
        };
        mms.kind = Some(kind);
        mms.came_by = Some(interface(own.is_ip).avp(false));
        mms.add(mms_specific::STATUS, status_name(own.status));
        let allowed = own.report_allowed.map(|allowed| u8::from(allowed).to_string());
        allowed.into_iter().for_each(|allowed| mms.add(mms_specific::REPORT_ALLOWED, allowed));
        self.charge(now, record, Some(&own.msisdn), mms);
    }

    /// M-Read-Rec.ind.
    pub(super) fn charge_read(
        &mut self,
        now: Instant,
        number: u64,
        (message, at): (&Message, usize),
        (status, is_ip): (ReadStatus, bool),
    ) {
        if !self.charging.is_on() {
            return;
        }
        let mut mms = self.usage_at(number, message, at);
        mms.kind = Some(MmsChargedKind::ReadRecInd);
        mms.came_by = Some(interface(is_ip).avp(false));
        mms.add(mms_specific::STATUS, read_name(status));
        let payer = message.recipients.get(at).and_then(|own| own.own());
        self.charge(now, MmsRecordType::R1RR, payer, mms);
    }

    /// What is charged for when a notification has been pushed, as its task keeps it until then.
    pub(super) fn charge_of_notification(&self, number: u64, message: &Message, at: usize) -> Option<String> {
        self.charging.is_on().then(|| {
            let mut mms = self.usage_at(number, message, at);
            mms.kind = Some(MmsChargedKind::NotificationInd);
            self.add_reference(&mut mms, message, at);
            kept(&mms)
        })
    }

    /// A push was delivered: of a notification the first one counts.
    pub(super) fn charge_pushed(&mut self, now: Instant, task: &mut Task) {
        let way = if task.way == GATEWAY_WAY { MmsInterface::Isc } else { MmsInterface::Smpp };
        let made = match &task.work {
            _ if !self.charging.is_on() => None,
            Work::Notify { msisdn, .. } => {
                let mms = task.charge.take().and_then(|text| of_kept(&text));
                mms.map(|mms| (MmsRecordType::R1NRq, msisdn.clone(), mms))
            }
            Work::Tell { msisdn, pdu, .. } => {
                let pdu = hex::decode(pdu).ok();
                let pdu = pdu.and_then(|pdu| MmsPdu::parse(&pdu).ok().map(|(pdu, _)| pdu));
                pdu.and_then(of_report).map(|(record, mms)| (record, msisdn.clone(), mms))
            }
            _ => None,
        };
        if let Some((record, msisdn, mut mms)) = made {
            if record != MmsRecordType::R1NRq {
                mms.add(mms_specific::ORIGINATOR_RELAY, &self.config.domain);
            }
            mms.goes_by = Some(way.avp(true));
            self.charge(now, record, Some(&msisdn), mms);
        }
    }

    /// MM4_delivery_report or MM4_read_reply_report: REQ was taken, or with an answer RES came.
    pub(super) fn charge_letter(&mut self, now: Instant, letter: &Letter, answer: Option<&Answer>) {
        let (record, status) = match (&letter.says, answer) {
            _ if !self.charging.is_on() => return,
            (Says::Delivery(status), None) => (MmsRecordType::R4DRq, status.to_ascii_lowercase()),
            (Says::Delivery(status), Some(_)) => (MmsRecordType::R4DRs, status.to_ascii_lowercase()),
            (Says::Read(status), None) => (MmsRecordType::R4RRq, read_word(status)),
            (Says::Read(status), Some(_)) => (MmsRecordType::R4RRs, read_word(status)),
            _ => return,
        };
        let mut mms = MmsInformation {
            originator: Some(address(&letter.to)),
            recipients: letter.from.as_deref().map(address).into_iter().collect(),
            message_id: letter.message_id.clone(),
            goes_by: answer.is_none().then(|| MmsInterface::Mm4.avp(true)),
            ..MmsInformation::default()
        };
        mms.add(mms_specific::ORIGINATOR_RELAY, self.domain_of(&letter.relay));
        mms.add(mms_specific::RECIPIENT_RELAY, &self.config.domain);
        mms.add(mms_specific::STATUS, status);
        mms.add(mms_specific::DATE, (letter.date_ms / 1000).to_string());
        answer.into_iter().for_each(|answer| add_answer(&mut mms, answer));
        let number = |own: &MmsChargedAddress| own.data.clone().filter(|data| data.bytes().all(|b| b.is_ascii_digit()));
        let payer = mms.recipients.first().and_then(number);
        self.charge(now, record, payer.as_deref(), mms);
    }

    /// What all records of a message say.
    fn usage(&self, number: u64, message: &Message) -> MmsInformation {
        let (message_id, relay, way) = match &message.origin {
            Origin::Subscriber(_) => (self.message_id(number), self.config.domain.clone(), interface(message.is_ip)),
            Origin::Relay { name, message_id, .. } => (message_id.clone(), self.domain_of(name), MmsInterface::Mm4),
        };
        let mut media = message.media.iter().map(component);
        let whole = media.next();
        let mut mms = MmsInformation {
            originator: message.from.as_deref().map(address),
            recipients: (0..message.recipients.len()).filter_map(|at| recipient(message, at)).collect(),
            submitted_utc_ms: Some(message.date_s.saturating_mul(1000)),
            content: whole.map(|whole| MmContent { whole, parts: media.collect() }),
            priority: message.priority.and_then(priority_of),
            message_id: Some(message_id),
            size: Some(u32::try_from(message.octets).unwrap_or(u32::MAX)),
            class: Some(class_of(&message.class)),
            delivery_report: Some(message.delivery_report),
            read_reply: Some(message.read_report),
            came_by: Some(way.avp(false)),
            ..MmsInformation::default()
        };
        mms.add(mms_specific::ORIGINATOR_RELAY, relay);
        mms.add(mms_specific::EXPIRY, (message.expires_ms / 1000).to_string());
        mms.add(mms_specific::SENDER_VISIBLE, u8::from(!message.is_hidden).to_string());
        if !message.previously.is_empty() {
            mms.add(mms_specific::FORWARD_COUNTER, message.previously.len().to_string());
        }
        mms
    }

    /// What those of one recipient say: how the message came does not matter there.
    fn usage_at(&self, number: u64, message: &Message, at: usize) -> MmsInformation {
        let mut mms = self.usage(number, message);
        mms.recipients = recipient(message, at).into_iter().collect();
        mms.came_by = None;
        self.name_relay(&mut mms, message, Some(at));
        mms
    }

    fn name_relay(&self, mms: &mut MmsInformation, message: &Message, at: Option<usize>) {
        let recipient = at.and_then(|at| message.recipients.get(at));
        match recipient.map(|recipient| &recipient.to) {
            Some(Destination::Own(_)) => mms.add(mms_specific::RECIPIENT_RELAY, &self.config.domain),
            Some(Destination::Relay(name)) => mms.add(mms_specific::RECIPIENT_RELAY, self.domain_of(name)),
            None => {}
        }
    }

    fn add_reference(&self, mms: &mut MmsInformation, message: &Message, at: usize) {
        let location = message.recipients.get(at).map(|own| format!("{}/{}", self.config.base, own.location));
        location.into_iter().for_each(|location| mms.add(mms_specific::REFERENCE, location));
    }

    /// The mail domain of another relay.
    fn domain_of(&self, name: &str) -> String {
        let relay = self.config.relays.iter().find(|relay| relay.name == name);
        relay.map_or_else(|| name.to_owned(), |relay| relay.domain.clone())
    }
}

/// The subscriber who has sent a message.
fn payer_of(message: &Message) -> Option<String> {
    match &message.origin {
        Origin::Subscriber(msisdn) => Some(msisdn.clone()),
        Origin::Relay { .. } => None,
    }
}

fn recipient(message: &Message, at: usize) -> Option<MmsChargedAddress> {
    let text = message.recipients.get(at)?.address.as_str();
    let is_among = |all: &[String]| all.iter().any(|own| is_same(own, text));
    let addressee = match (is_among(&message.to), is_among(&message.cc)) {
        (true, _) => AddresseeType::To,
        (false, true) => AddresseeType::Cc,
        (false, false) => AddresseeType::Bcc,
    };
    Some(MmsChargedAddress { addressee: Some(addressee), ..address(text) })
}

/// A report that a subscriber was told.
fn of_report(pdu: MmsPdu) -> Option<(MmsRecordType, MmsInformation)> {
    let (record, mut mms, status, date) = match pdu {
        MmsPdu::DeliveryInd(ind) => {
            let recipients = ind.to.iter().map(|to| address(&to.text())).collect();
            let (message_id, kind) = (Some(ind.message_id), Some(MmsChargedKind::DeliveryInd));
            let mms = MmsInformation { recipients, message_id, kind, ..MmsInformation::default() };
            (MmsRecordType::O1D, mms, status_name(ind.status), ind.date)
        }
        MmsPdu::ReadOrigInd(ind) => {
            let recipients = ind.from.address().map(|from| address(&from.text())).into_iter().collect();
            let (message_id, kind) = (Some(ind.message_id), Some(MmsChargedKind::ReadOrigInd));
            let originator = ind.to.first().map(|to| address(&to.text()));
            let mms = MmsInformation { originator, recipients, message_id, kind, ..MmsInformation::default() };
            (MmsRecordType::O1R, mms, read_name(ind.read_status), ind.date)
        }
        _ => return None,
    };
    mms.add(mms_specific::STATUS, status);
    mms.add(mms_specific::DATE, date.to_string());
    Some((record, mms))
}

fn add_answer(mms: &mut MmsInformation, answer: &Answer) {
    mms.came_by = Some(MmsInterface::Mm4.avp(false));
    mms.add(mms_specific::REQUEST_STATUS, request_status(&answer.status).to_string());
    mms.add(mms_specific::STATUS_TEXT, answer.text.as_deref().unwrap_or_else(|| answer.status.as_str()));
}

const fn interface(is_ip: bool) -> MmsInterface {
    if is_ip { MmsInterface::Isc } else { MmsInterface::Mm1 }
}

const fn read_name(status: ReadStatus) -> &'static str {
    match status {
        ReadStatus::READ => "read",
        _ => "deletedWithoutBeingRead",
    }
}

/// X-Mms-Read-Status of MM4 by its name in a record.
fn read_word(word: &str) -> String {
    let is_read = word.eq_ignore_ascii_case("Read");
    read_name(if is_read { ReadStatus::READ } else { ReadStatus::DELETED_WITHOUT_BEING_READ }).to_owned()
}
