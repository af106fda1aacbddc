//! What ESMEs submit: submit_sm, submit_multi and data_sm (SMPP 3.4 clauses 4.4, 4.5 and 4.7.1), long messages in parts.

use protocol::Instant;
use protocol::smpp::{
    Body, CommandStatus, DataSm, Destination, EsmClass, ShortMessage, SmeAddress, SmppTime, SubmitMulti, Tlv, TlvTag,
    Tlvs, coding_of, content_of, user_data_of,
};
use protocol::sms::{
    Concatenation, ConcatenationReference, DataCodingScheme, Deliver, Ports, ProtocolIdentifier, Timestamp, UserData,
    UserDataHeader, segment,
};

use super::SmSc;
use super::access::may_send;
use super::admission::{Add, Admission, Answer, Guard, Reply};
use super::keys::origin;
use super::lookup::Then;
use super::message::{Content, Message, Party};
use crate::node::StreamId;
use sha2::{Digest, Sha256};

/// What is the same for all destinations.
#[derive(Debug)]
struct Submission {
    source: Party,
    coding: DataCodingScheme,
    parts: Vec<UserData>,
    message: ShortMessage,
    expires_ms: u64,
    not_before_ms: Option<u64>,
    single_shot: bool,
    user_reference: Option<u16>,
    /// A hash of what was sent, where it has such a reference.
    digest: String,
}

impl SmSc {
    /// A request of an ESME.
    pub(super) fn of_esme(
        &mut self,
        now: Instant,
        conn: StreamId,
        account: usize,
        number: u32,
        body: Body,
        tlvs: &[Tlv],
    ) {
        let reply = |answer| Reply { conn, sequence_number: number, answer };
        let taken = match body {
            Body::SubmitSm(message) => {
                let to = vec![message.destination.clone()];
                self.submit(now, account, message, to, tlvs, reply(Answer::Submit))
            }
            Body::DataSm(message) => match short(&message) {
                Some(message) => {
                    let to = vec![message.destination.clone()];
                    self.submit(now, account, message, to, tlvs, reply(Answer::Data))
                }
                None => Err(CommandStatus::INVALID_DESTINATION),
            },
            Body::SubmitMulti(SubmitMulti { message, destinations }) => {
                let (mut to, mut lists) = (Vec::new(), Vec::new());
                for destination in destinations.as_slice().iter().cloned() {
                    match destination {
                        Destination::Sme(address) => to.push(address),
                        // There are no lists here.
                        Destination::List(_) => {
                            lists.push((SmeAddress::default(), CommandStatus::CANNOT_SUBMIT_TO_LIST))
                        }
                    }
                }
                self.submit(now, account, message, to, tlvs, reply(Answer::Multi(lists)))
            }
            Body::QuerySm(query) => self.ask_query(conn, number, account, query),
            Body::CancelSm(cancel) => self.ask_cancel(account, &cancel, reply(Answer::Cancel)),
            Body::ReplaceSm(replace) => self.ask_replace(account, replace, reply(Answer::Replace)),
            _ => Err(CommandStatus::INVALID_COMMAND_ID),
        };
        if let Err(status) = taken {
            self.counters.refused += 1;
            self.refuse(conn, number, status);
        }
    }

    fn submit(
        &mut self,
        now: Instant,
        account: usize,
        message: ShortMessage,
        to: Vec<SmeAddress>,
        tlvs: &[Tlv],
        mut reply: Reply,
    ) -> Result<(), CommandStatus> {
        let replaces = message.replace_if_present;
        let submission = self.submission(now, account, message, tlvs)?;
        let count = u32::try_from(to.len().max(1)).unwrap_or(u32::MAX);
        if !self.rates.take(now, account, &self.config.accounts[account], count) {
            return Err(CommandStatus::THROTTLED);
        }
        let limits = (self.config.limits.messages, self.config.accounts[account].messages);
        let name = self.config.accounts[account].system_id.clone();
        if self.census.is_full(limits.0) || self.census.of(&name) + to.len() > limits.1 {
            return Err(CommandStatus::QUEUE_FULL);
        }
        let (mut adds, mut refused) = (Vec::new(), Vec::new());
        for (group, address) in to.iter().enumerate() {
            match self.message_to(now, &name, &submission, address, group) {
                Ok(messages) => adds.extend(messages),
                Err(status) => refused.push((address.clone(), status)),
            }
        }
        match (&mut reply.answer, refused.first()) {
            (Answer::Multi(unsuccessful), _) if !adds.is_empty() => unsuccessful.extend(refused),
            (_, Some((_, status))) => return Err(*status),
            (_, None) if adds.is_empty() => return Err(CommandStatus::INVALID_DESTINATIONS),
            _ => {}
        }
        let prefix = adds.first().and_then(|add| add.message.origin.clone());
        let replaced = prefix.clone().filter(|_| replaces == 1 && adds.len() == 1);
        // What comes again is known by the reference that the ESME has given it, which is in the hash.
        let digest = submission.digest;
        let guard = prefix.filter(|_| to.len() == 1 && replaced.is_none() && !digest.is_empty());
        let guard = guard.map(|origin| Guard { origin, digest, rejects: false });
        let admission = Admission { adds, reply: Some(reply), guard, ..Admission::default() };
        match replaced {
            Some(prefix) => self.find_origin(&prefix, Then::Instead { admission: Box::new(admission), account }),
            None => self.admit(now, admission),
        }
        Ok(())
    }

    fn submission(
        &mut self,
        now: Instant,
        account: usize,
        message: ShortMessage,
        tlvs: &[Tlv],
    ) -> Result<Submission, CommandStatus> {
        let now_ms = self.shell.utc_ms(now);
        let source = match Party::of(&message.source) {
            Some(source) => source,
            // SMPP 3.4 clause 4.4.1: the message centre puts in its own.
            None if message.source.address.is_empty() => Party::international(&self.config.address),
            None => return Err(CommandStatus::INVALID_SOURCE),
        };
        let own = &self.config.accounts[account];
        if source.to_sms().is_none() || !may_send(own, &source, &self.routes.name(&source)) {
            return Err(CommandStatus::INVALID_SOURCE);
        }
        // The response tells of the delivery in transaction mode, which ends here: an ESME is told by a receipt.
        if message.esm_class.mode() == EsmClass::FORWARD {
            return Err(CommandStatus::INVALID_ESM_CLASS);
        }
        if message.default_message != 0 {
            return Err(CommandStatus::INVALID_DEFAULT_MESSAGE);
        }
        let (coding, parts) = user_data(&message, tlvs, self.numbers.reference())?;
        if parts.len() > 1 {
            self.numbers.use_reference();
        }
        let not_before_ms = time(message.schedule_delivery_time.as_bytes(), now_ms, CommandStatus::INVALID_SCHEDULE)?;
        let from_ms = not_before_ms.unwrap_or(now_ms).max(now_ms);
        let wanted = time(message.validity_period.as_bytes(), now_ms, CommandStatus::INVALID_EXPIRY)?;
        let seconds = tlvs.integer(TlvTag::QOS_TIME_TO_LIVE).map(|seconds| now_ms + u64::from(seconds) * 1000);
        let period = wanted.or(seconds).map(|until| std::time::Duration::from_millis(until.saturating_sub(from_ms)));
        let expires_ms = self.config.validity.until(from_ms, period).ok_or(CommandStatus::INVALID_EXPIRY)?;
        if from_ms > now_ms + super::schedule::millis(self.config.validity.maximum) {
            return Err(CommandStatus::INVALID_SCHEDULE);
        }
        let single_shot = message.esm_class.mode() == EsmClass::DATAGRAM;
        let user_reference = tlvs.integer(TlvTag::USER_MESSAGE_REFERENCE).and_then(|value| u16::try_from(value).ok());
        let digest = user_reference.map(|_| digest(&message, tlvs)).unwrap_or_default();
        Ok(Submission {
            source,
            coding,
            parts,
            message,
            expires_ms,
            not_before_ms,
            single_shot,
            user_reference,
            digest,
        })
    }

    fn message_to(
        &mut self,
        now: Instant,
        account: &str,
        submission: &Submission,
        address: &SmeAddress,
        group: usize,
    ) -> Result<Vec<Add>, CommandStatus> {
        let now_ms = self.shell.utc_ms(now);
        let invalid = CommandStatus::INVALID_DESTINATION;
        let destination = Party::of(address).ok_or(invalid)?;
        let lane = self.routes.lane(&submission.source, &destination).ok_or(invalid)?;
        let originator = submission.source.to_sms().ok_or(CommandStatus::INVALID_SOURCE)?;
        let accepted_ms = self.stamp(&submission.source, &lane, now_ms);
        let own = &submission.message;
        let reference = format!("{account} {}", own.service_type);
        let prefix = origin(&self.routes.name(&submission.source), &self.routes.name(&destination), &reference);
        let one = |data: &UserData| {
            let stamp = Timestamp::from_utc_ms(accepted_ms, self.config.quarters);
            let mut deliver = Deliver::new(originator, stamp, submission.coding, data.clone());
            deliver.protocol_identifier = ProtocolIdentifier(own.protocol_id);
            deliver.reply_path = own.esm_class.has_reply_path();
            let message = Message {
                source: submission.source.clone(),
                destination: destination.clone(),
                body: Content::Deliver(deliver.emit()),
                accepted_ms,
                expires_ms: submission.expires_ms,
                priority: own.priority,
                single_shot: submission.single_shot,
                report: None,
                receipt: own.registered_delivery.0,
                account: Some(account.to_owned()),
                service_type: own.service_type.to_string(),
                user_reference: submission.user_reference,
                id: None,
                parts: None,
                origin: Some(prefix.clone()),
                digest: submission.digest.clone(),
            };
            Add { number: None, lane: lane.clone(), message, not_before_ms: submission.not_before_ms, group }
        };
        Ok(submission.parts.iter().map(one).collect())
    }
}

/// A hash of what is sent.
fn digest(message: &ShortMessage, tlvs: &[Tlv]) -> String {
    let head = [message.protocol_id, message.data_coding, message.esm_class.0];
    let text = message.message.as_bytes();
    let hash = Sha256::new().chain_update(head).chain_update((text.len() as u64).to_be_bytes()).chain_update(text);
    let hash = tlvs.iter().fold(hash, |hash, tlv| {
        let (tag, value) = (tlv.tag.0.to_be_bytes(), tlv.value());
        hash.chain_update(tag).chain_update((value.len() as u64).to_be_bytes()).chain_update(value)
    });
    hex::encode(&hash.finalize()[..12])
}

/// The user data of a message, in as many parts as it needs.
pub(super) fn user_data(
    message: &ShortMessage,
    tlvs: &[Tlv],
    reference: u8,
) -> Result<(DataCodingScheme, Vec<UserData>), CommandStatus> {
    let payload = tlvs.octets(TlvTag::MESSAGE_PAYLOAD);
    let octets = match payload {
        // SMPP 3.4 clause 5.3.2.32: one or the other.
        Some(_) if !message.message.as_bytes().is_empty() => return Err(CommandStatus::OPTIONAL_PARAMETER_NOT_ALLOWED),
        Some(payload) => payload,
        None => message.message.as_bytes(),
    };
    let has_header = message.esm_class.has_header();
    let header = header_of(tlvs)?;
    let too_long = CommandStatus::INVALID_MESSAGE_LENGTH;
    if header.elements.is_empty()
        && let Some((coding, data)) = user_data_of(message.data_coding, has_header, octets)
    {
        return Ok((coding, vec![data]));
    }
    if has_header {
        return Err(too_long);
    }
    let content = content_of(message.data_coding, octets).ok_or(CommandStatus::SUBMIT_FAILED)?;
    let segments = segment(&content, &header, ConcatenationReference::Short(reference)).map_err(|_| too_long)?;
    if header.concatenation().is_some() && segments.parts.len() > 1 {
        return Err(too_long);
    }
    let own = coding_of(message.data_coding).filter(|own| own.alphabet() == segments.coding.alphabet());
    Ok((own.unwrap_or(segments.coding), segments.parts))
}

/// A user data header for what optional parameters say: sar_* and ports (clauses 5.3.2.20 to 5.3.2.24).
fn header_of(tlvs: &[Tlv]) -> Result<UserDataHeader, CommandStatus> {
    let invalid = CommandStatus::INVALID_OPTIONAL_VALUE;
    let of = |tag| tlvs.integer(tag);
    let octet = |value: u32| u8::try_from(value).map_err(|_| invalid);
    let word = |value: u32| u16::try_from(value).map_err(|_| invalid);
    let mut header = UserDataHeader::default();
    let sar = (of(TlvTag::SAR_MSG_REF_NUM), of(TlvTag::SAR_TOTAL_SEGMENTS), of(TlvTag::SAR_SEGMENT_SEQNUM));
    if let (Some(reference), Some(total), Some(sequence)) = sar {
        let (total, sequence) = (octet(total)?, octet(sequence)?);
        if sequence == 0 || sequence > total {
            return Err(invalid);
        }
        let reference = ConcatenationReference::Long(word(reference)?);
        header = header.with_concatenation(Concatenation { reference, total, sequence });
    }
    if let (Some(destination), Some(originator)) = (of(TlvTag::DESTINATION_PORT), of(TlvTag::SOURCE_PORT)) {
        header = header.with_ports(Ports { destination: word(destination)?, originator: word(originator)? });
    }
    Ok(header)
}

/// A time; none when there is nothing.
fn time(text: &[u8], now_ms: u64, wrong: CommandStatus) -> Result<Option<u64>, CommandStatus> {
    if text.is_empty() {
        return Ok(None);
    }
    SmppTime::parse(text).map(|time| Some(time.at(now_ms))).ok_or(wrong)
}

/// data_sm has a part of what submit_sm has.
fn short(message: &DataSm) -> Option<ShortMessage> {
    let address = |own: &SmeAddress<65>| {
        let address = protocol::smpp::COctetString::new(own.address.as_bytes())?;
        Some(SmeAddress { ton: own.ton, npi: own.npi, address })
    };
    Some(ShortMessage {
        service_type: message.service_type.clone(),
        source: address(&message.source)?,
        destination: address(&message.destination)?,
        esm_class: message.esm_class,
        registered_delivery: message.registered_delivery,
        data_coding: message.data_coding,
        ..ShortMessage::default()
    })
}
