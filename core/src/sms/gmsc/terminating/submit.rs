//! submit_sm of a service centre: SMPP 3.4 clause 4.4.1, in transaction mode (clause 2.10.3).

use protocol::Instant;
use protocol::smpp::{CommandStatus, EsmClass, ShortMessage, Tlv, TlvTag, Tlvs, user_data_of};
use protocol::sms::{Carrier, Deliver, Direction, ProtocolIdentifier, Timestamp, Tpdu};

use super::super::originating::MAX_SIGNAL_INFO;
use super::super::{SmsGmsc, config};
use super::{Delivery, Outcomes, Step};
use crate::node::StreamId;
use crate::sms::tlv;

/// What a message is: its TPDU, and whether that is an SMS-STATUS-REPORT.
type Parsed = (Vec<u8>, bool);

impl SmsGmsc {
    /// A service centre wants a message delivered.
    pub(in super::super) fn submitted(
        &mut self,
        now: Instant,
        conn: StreamId,
        number: u32,
        message: &ShortMessage,
        tlvs: &[Tlv],
    ) -> Result<(), CommandStatus> {
        let centre = self.links.get(&conn).and_then(|link| link.centre).ok_or(CommandStatus::SYSTEM_ERROR)?;
        // It stores nothing: its default mode is the transaction, and a datagram would have no outcome to tell.
        if !matches!(message.esm_class.mode(), EsmClass::DEFAULT_MODE | EsmClass::FORWARD) {
            return Err(CommandStatus::INVALID_ESM_CLASS);
        }
        if !message.schedule_delivery_time.is_empty() {
            return Err(CommandStatus::INVALID_SCHEDULE);
        }
        let to = message.destination.to_sms().and_then(|address| address.e164());
        let to = to.ok_or(CommandStatus::INVALID_DESTINATION)?;
        let msisdn = config::number(&to).map_err(|_| CommandStatus::INVALID_DESTINATION)?;
        let (tpdu, is_status_report) = match tlv::tpdu_of(tlvs) {
            Some(octets) => verbatim(octets)?,
            None => self.of_fields(now, message, tlvs)?,
        };
        if self.deliveries.len() >= self.config.max_deliveries {
            return Err(CommandStatus::QUEUE_FULL);
        }
        let delivery = Delivery {
            from: Some((conn, number)),
            line: (centre, to),
            msisdn,
            tpdu,
            is_status_report,
            more: tlvs.integer(TlvTag::MORE_MESSAGES_TO_SEND) == Some(1),
            // SMPP 3.4 clause 5.2.14: for GSM 0 is without priority, 1 to 3 with it.
            priority: message.priority > 0,
            sc_type: tlv::sc_type_of(tlvs),
            message_waiting: tlv::wants_message_waiting(tlvs),
            route: None,
            outcomes: Outcomes::default(),
            inform: None,
            step: Step::Waiting,
        };
        let id = self.token();
        let queue = self.queues.entry(delivery.line.clone()).or_default();
        queue.push_back(id);
        if queue.len() == 1 {
            self.ready.push_back(id);
        }
        self.deliveries.insert(id, delivery);
        Ok(())
    }

    /// SMS-DELIVER out of the fields, for a service centre that has no TPDU; its time stamp is now.
    fn of_fields(&self, now: Instant, message: &ShortMessage, tlvs: &[Tlv]) -> Result<Parsed, CommandStatus> {
        let originator = message.source.to_sms().ok_or(CommandStatus::INVALID_SOURCE)?;
        let octets = tlvs.octets(TlvTag::MESSAGE_PAYLOAD).unwrap_or(message.message.as_bytes());
        let part = part_of(tlvs).filter(|_| !message.esm_class.has_header());
        let has_header = message.esm_class.has_header() || part.is_some();
        let octets = [part.as_ref().map_or(&[][..], |part| part), octets].concat();
        let (coding, data) =
            user_data_of(message.data_coding, has_header, &octets).ok_or(CommandStatus::INVALID_MESSAGE_LENGTH)?;
        let time = Timestamp::from_utc_ms(self.utc_ms(now), self.config.quarters);
        let mut deliver = Deliver::new(originator, time, coding, data);
        deliver.more_messages = tlvs.integer(TlvTag::MORE_MESSAGES_TO_SEND) == Some(1);
        deliver.reply_path = message.esm_class.has_reply_path();
        deliver.protocol_identifier = ProtocolIdentifier(message.protocol_id);
        Ok((deliver.emit(), false))
    }
}

/// A TPDU of a service centre goes on octet for octet, if it is one that goes to an MS.
fn verbatim(octets: &[u8]) -> Result<Parsed, CommandStatus> {
    let parsed = Tpdu::parse(Direction::ToMs, Carrier::Data, octets).ok().filter(|_| octets.len() <= MAX_SIGNAL_INFO);
    match parsed.ok_or(CommandStatus::INVALID_OPTIONAL_VALUE)? {
        Tpdu::StatusReport(_) => Ok((octets.to_vec(), true)),
        _ => Ok((octets.to_vec(), false)),
    }
}

/// A user data header of sar_msg_ref_num, sar_total_segments and sar_segment_seqnum (SMPP 3.4 clause 5.3.2.22 to 24):
/// concatenation with 16 bits (TS 23.040 clause 9.2.3.24.8).
fn part_of(tlvs: &[Tlv]) -> Option<[u8; 7]> {
    let [high, low] = u16::try_from(tlvs.integer(TlvTag::SAR_MSG_REF_NUM)?).ok()?.to_be_bytes();
    let total = u8::try_from(tlvs.integer(TlvTag::SAR_TOTAL_SEGMENTS)?).ok()?;
    let sequence = u8::try_from(tlvs.integer(TlvTag::SAR_SEGMENT_SEQNUM)?).ok()?;
    Some([6, 8, 4, high, low, total, sequence])
}
