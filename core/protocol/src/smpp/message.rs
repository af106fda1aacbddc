//! Messages and what is asked about them: SMPP 3.4 clauses 4.4 to 4.10.

use super::address::SmeAddress;
use super::command::CommandStatus;
use super::text::{COctetString, MessageOctets};
use crate::octets::Octets;

/// message_id.
pub type MessageId = COctetString<65>;
/// A time (clause 7.1.1), or nothing.
pub type TimeString = COctetString<17>;
/// service_type.
pub type ServiceType = COctetString<6>;

crate::codes::codes! {
    /// message_state (clause 5.2.28).
    pub struct MessageState(u8) {
        /// Under way.
        ENROUTE = 1, "ENROUTE";
        /// Delivered.
        DELIVERED = 2, "DELIVRD";
        /// Its validity period is over.
        EXPIRED = 3, "EXPIRED";
        /// Deleted.
        DELETED = 4, "DELETED";
        /// Undeliverable.
        UNDELIVERABLE = 5, "UNDELIV";
        /// Read by somebody for the subscriber.
        ACCEPTED = 6, "ACCEPTD";
        /// Unknown.
        UNKNOWN = 7, "UNKNOWN";
        /// Rejected.
        REJECTED = 8, "REJECTD";
    }
}

impl MessageState {
    /// Will it not change any more?
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::ENROUTE)
    }
}

/// esm_class (clause 5.2.12).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct EsmClass(pub u8);

impl EsmClass {
    /// Mode of the message centre: its default.
    pub const DEFAULT_MODE: u8 = 0;
    /// Datagram mode.
    pub const DATAGRAM: u8 = 1;
    /// Forward, that is transaction, mode: the response tells of the delivery.
    pub const FORWARD: u8 = 2;
    /// Store and forward mode.
    pub const STORE_AND_FORWARD: u8 = 3;
    /// Type: a message.
    pub const MESSAGE: u8 = 0x00;
    /// Type: a delivery receipt of a message centre.
    pub const DELIVERY_RECEIPT: u8 = 0x04;
    /// Type: an intermediate delivery notification.
    pub const INTERMEDIATE_NOTIFICATION: u8 = 0x20;
    const MODE: u8 = 0x03;
    const KIND: u8 = 0x3C;
    const UDHI: u8 = 0x40;
    const REPLY_PATH: u8 = 0x80;

    /// Messaging mode: bits 1 and 0.
    pub const fn mode(self) -> u8 {
        self.0 & Self::MODE
    }

    /// Message type: bits 5 to 2.
    pub const fn kind(self) -> u8 {
        self.0 & Self::KIND
    }

    /// A user data header precedes the message.
    pub const fn has_header(self) -> bool {
        self.0 & Self::UDHI != 0
    }

    /// An answer may go the way this came.
    pub const fn has_reply_path(self) -> bool {
        self.0 & Self::REPLY_PATH != 0
    }

    /// The same with or without a user data header and a reply path.
    #[must_use]
    pub const fn with_features(self, header: bool, reply_path: bool) -> Self {
        let features = if header { Self::UDHI } else { 0 } | if reply_path { Self::REPLY_PATH } else { 0 };
        Self(self.0 & !(Self::UDHI | Self::REPLY_PATH) | features)
    }
}

/// registered_delivery (clause 5.2.17).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct RegisteredDelivery(pub u8);

impl RegisteredDelivery {
    /// A receipt whatever becomes of the message.
    pub const ALWAYS: Self = Self(1);
    /// A receipt when it is not delivered.
    pub const ON_FAILURE: Self = Self(2);

    /// Is a receipt wanted for this state?
    pub const fn wants_receipt(self, state: MessageState) -> bool {
        match self.0 & 3 {
            1 => state.is_final(),
            2 => state.is_final() && !matches!(state, MessageState::DELIVERED | MessageState::ACCEPTED),
            _ => false,
        }
    }

    /// Is a notification wanted while the message is under way?
    pub const fn wants_notification(self) -> bool {
        self.0 & 0x10 != 0
    }
}

/// submit_sm and deliver_sm (clauses 4.4.1 and 4.6.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct ShortMessage {
    /// service_type.
    pub service_type: ServiceType,
    /// From whom.
    pub source: SmeAddress,
    /// To whom.
    pub destination: SmeAddress,
    /// esm_class.
    pub esm_class: EsmClass,
    /// protocol_id: TP-PID.
    pub protocol_id: u8,
    /// priority_flag.
    pub priority: u8,
    /// schedule_delivery_time.
    pub schedule_delivery_time: TimeString,
    /// validity_period.
    pub validity_period: TimeString,
    /// registered_delivery.
    pub registered_delivery: RegisteredDelivery,
    /// replace_if_present_flag.
    pub replace_if_present: u8,
    /// data_coding.
    pub data_coding: u8,
    /// sm_default_msg_id.
    pub default_message: u8,
    /// short_message.
    pub message: MessageOctets,
}

/// data_sm (clause 4.7.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct DataSm {
    /// service_type.
    pub service_type: ServiceType,
    /// From whom.
    pub source: SmeAddress<65>,
    /// To whom.
    pub destination: SmeAddress<65>,
    /// esm_class.
    pub esm_class: EsmClass,
    /// registered_delivery.
    pub registered_delivery: RegisteredDelivery,
    /// data_coding.
    pub data_coding: u8,
}

/// query_sm (clause 4.8.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct QuerySm {
    /// Which message.
    pub message_id: MessageId,
    /// Who has sent it.
    pub source: SmeAddress,
}

/// query_sm_resp (clause 4.8.2).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct QuerySmResp {
    /// Which message.
    pub message_id: MessageId,
    /// When it came to its final state.
    pub final_date: TimeString,
    /// Its state.
    pub message_state: MessageState,
    /// Why it was not delivered.
    pub error_code: u8,
}

/// cancel_sm (clause 4.9.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct CancelSm {
    /// service_type.
    pub service_type: ServiceType,
    /// Which message; empty: all from the source to the destination.
    pub message_id: MessageId,
    /// Who has sent it.
    pub source: SmeAddress,
    /// To whom.
    pub destination: SmeAddress,
}

/// replace_sm (clause 4.10.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct ReplaceSm {
    /// Which message.
    pub message_id: MessageId,
    /// Who has sent it.
    pub source: SmeAddress,
    /// schedule_delivery_time.
    pub schedule_delivery_time: TimeString,
    /// validity_period.
    pub validity_period: TimeString,
    /// registered_delivery.
    pub registered_delivery: RegisteredDelivery,
    /// sm_default_msg_id.
    pub default_message: u8,
    /// short_message.
    pub message: MessageOctets,
}

/// alert_notification (clause 4.12.1): a subscriber can be reached.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct AlertNotification {
    /// Who can be reached.
    pub source: SmeAddress<65>,
    /// The ESME that had a message for it.
    pub esme: SmeAddress<65>,
}

type Read<T> = Result<T, CommandStatus>;

/// An octet that must be there.
pub(super) fn octet(octets: &mut Octets<'_>) -> Read<u8> {
    octets.octet().ok_or(CommandStatus::INVALID_COMMAND_LENGTH)
}

/// A string; the status is for one that is too long.
pub(super) fn string<const MAX: usize>(octets: &mut Octets<'_>, broken: CommandStatus) -> Read<COctetString<MAX>> {
    COctetString::parse(octets).ok_or(broken)
}

fn message(octets: &mut Octets<'_>) -> Read<MessageOctets> {
    MessageOctets::parse(octets).ok_or(CommandStatus::INVALID_MESSAGE_LENGTH)
}

impl ShortMessage {
    pub(super) fn parse(octets: &mut Octets<'_>) -> Read<Self> {
        Ok(Self {
            service_type: string(octets, CommandStatus::INVALID_SERVICE_TYPE)?,
            source: SmeAddress::parse(octets, CommandStatus::INVALID_SOURCE)?,
            destination: SmeAddress::parse(octets, CommandStatus::INVALID_DESTINATION)?,
            ..Self::parse_rest(octets)?
        })
    }

    /// From esm_class on, which is the same in submit_multi.
    pub(super) fn parse_rest(octets: &mut Octets<'_>) -> Read<Self> {
        Ok(Self {
            esm_class: EsmClass(octet(octets)?),
            protocol_id: octet(octets)?,
            priority: octet(octets)?,
            schedule_delivery_time: string(octets, CommandStatus::INVALID_SCHEDULE)?,
            validity_period: string(octets, CommandStatus::INVALID_EXPIRY)?,
            registered_delivery: RegisteredDelivery(octet(octets)?),
            replace_if_present: octet(octets)?,
            data_coding: octet(octets)?,
            default_message: octet(octets)?,
            message: message(octets)?,
            ..Self::default()
        })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        self.service_type.emit(out);
        self.source.emit(out);
        self.destination.emit(out);
        self.emit_rest(out);
    }

    pub(super) fn emit_rest(&self, out: &mut Vec<u8>) {
        out.extend([self.esm_class.0, self.protocol_id, self.priority]);
        self.schedule_delivery_time.emit(out);
        self.validity_period.emit(out);
        out.extend([self.registered_delivery.0, self.replace_if_present, self.data_coding, self.default_message]);
        self.message.emit(out);
    }
}

impl DataSm {
    pub(super) fn parse(octets: &mut Octets<'_>) -> Read<Self> {
        Ok(Self {
            service_type: string(octets, CommandStatus::INVALID_SERVICE_TYPE)?,
            source: SmeAddress::parse(octets, CommandStatus::INVALID_SOURCE)?,
            destination: SmeAddress::parse(octets, CommandStatus::INVALID_DESTINATION)?,
            esm_class: EsmClass(octet(octets)?),
            registered_delivery: RegisteredDelivery(octet(octets)?),
            data_coding: octet(octets)?,
        })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        self.service_type.emit(out);
        self.source.emit(out);
        self.destination.emit(out);
        out.extend([self.esm_class.0, self.registered_delivery.0, self.data_coding]);
    }
}

impl QuerySm {
    pub(super) fn parse(octets: &mut Octets<'_>) -> Read<Self> {
        Ok(Self {
            message_id: string(octets, CommandStatus::INVALID_MESSAGE_ID)?,
            source: SmeAddress::parse(octets, CommandStatus::INVALID_SOURCE)?,
        })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        self.message_id.emit(out);
        self.source.emit(out);
    }
}

impl QuerySmResp {
    pub(super) fn parse(octets: &mut Octets<'_>) -> Read<Self> {
        Ok(Self {
            message_id: string(octets, CommandStatus::INVALID_MESSAGE_ID)?,
            final_date: string(octets, CommandStatus::INVALID_PARAMETER_LENGTH)?,
            message_state: MessageState(octet(octets)?),
            error_code: octet(octets)?,
        })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        self.message_id.emit(out);
        self.final_date.emit(out);
        out.extend([self.message_state.0, self.error_code]);
    }
}

impl CancelSm {
    pub(super) fn parse(octets: &mut Octets<'_>) -> Read<Self> {
        Ok(Self {
            service_type: string(octets, CommandStatus::INVALID_SERVICE_TYPE)?,
            message_id: string(octets, CommandStatus::INVALID_MESSAGE_ID)?,
            source: SmeAddress::parse(octets, CommandStatus::INVALID_SOURCE)?,
            destination: SmeAddress::parse(octets, CommandStatus::INVALID_DESTINATION)?,
        })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        self.service_type.emit(out);
        self.message_id.emit(out);
        self.source.emit(out);
        self.destination.emit(out);
    }
}

impl ReplaceSm {
    pub(super) fn parse(octets: &mut Octets<'_>) -> Read<Self> {
        Ok(Self {
            message_id: string(octets, CommandStatus::INVALID_MESSAGE_ID)?,
            source: SmeAddress::parse(octets, CommandStatus::INVALID_SOURCE)?,
            schedule_delivery_time: string(octets, CommandStatus::INVALID_SCHEDULE)?,
            validity_period: string(octets, CommandStatus::INVALID_EXPIRY)?,
            registered_delivery: RegisteredDelivery(octet(octets)?),
            default_message: octet(octets)?,
            message: message(octets)?,
        })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        self.message_id.emit(out);
        self.source.emit(out);
        self.schedule_delivery_time.emit(out);
        self.validity_period.emit(out);
        out.extend([self.registered_delivery.0, self.default_message]);
        self.message.emit(out);
    }
}

impl AlertNotification {
    pub(super) fn parse(octets: &mut Octets<'_>) -> Read<Self> {
        Ok(Self {
            source: SmeAddress::parse(octets, CommandStatus::INVALID_SOURCE)?,
            esme: SmeAddress::parse(octets, CommandStatus::INVALID_DESTINATION)?,
        })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        self.source.emit(out);
        self.esme.emit(out);
    }
}
