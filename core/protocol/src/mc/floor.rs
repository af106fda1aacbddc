//! Floor control (TS 24.380 clause 8.2): who may talk. RTCP APP packets named `MCPT`.

use super::ControlProblem;
use super::app::{App, Fields, MAX_VALUE, put};

mod codes;

pub use codes::{DenyCause, FloorIndicator, FloorMessageType, FloorSource, RevokeCause};

/// Longest MCPTT identity that a message can carry.
pub const MAX_USER_OCTETS: usize = MAX_VALUE;

/// A message with its sender.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FloorMessage {
    /// Synchronisation source of who sends it: the floor participant or the floor control server.
    pub ssrc: u32,
    /// The receiver shall answer with [`FloorKind::Ack`].
    pub ack: bool,
    /// MCPTT identity of the floor participant (User ID).
    pub user: Option<String>,
    /// SSRC field: synchronisation source of the one who has the floor, or is in the queue.
    pub participant: Option<u32>,
    /// What kind of call it is.
    pub indicator: Option<FloorIndicator>,
    /// What it says.
    pub kind: FloorKind,
}

/// A message (table 8.2.2.1-1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FloorKind {
    /// Floor Request (clause 8.2.4).
    Request {
        /// 255 is the highest; none: the default of the call.
        priority: Option<u8>,
    },
    /// Floor Granted (clause 8.2.5).
    Granted {
        /// For how long, in seconds.
        duration: u16,
        /// At which priority.
        priority: Option<u8>,
    },
    /// Floor Taken (clause 8.2.8).
    Taken {
        /// MCPTT identity of who talks; none when it is not told.
        granted_party: Option<String>,
        /// The receiver may ask for the floor.
        permission: bool,
        /// Counts the messages Floor Taken and Floor Idle of a call.
        sequence: Option<u16>,
    },
    /// Floor Deny (clause 8.2.6).
    Deny {
        /// Why.
        cause: DenyCause,
    },
    /// Floor Release (clause 8.2.7).
    Release,
    /// Floor Idle (clause 8.2.9).
    Idle {
        /// Counts the messages Floor Taken and Floor Idle of a call.
        sequence: Option<u16>,
    },
    /// Floor Revoke (clause 8.2.10).
    Revoke {
        /// Why.
        cause: RevokeCause,
    },
    /// Floor Queue Position Request (clause 8.2.11).
    QueuePositionRequest,
    /// Floor Queue Position Info (clause 8.2.12).
    QueuePositionInfo {
        /// From 1 on; [`NOT_QUEUED`], or [`POSITION_UNKNOWN`].
        position: u8,
        /// Priority in the queue.
        priority: u8,
    },
    /// Floor Ack (clause 8.2.13).
    Ack {
        /// Who says so.
        source: FloorSource,
        /// What it has received.
        message: FloorMessageType,
    },
    /// Another message.
    Other {
        /// Its type.
        message: FloorMessageType,
        /// Its fields as they came, whole words.
        data: Vec<u8>,
    },
}

/// Queue position of one who does not wait (clause 8.2.3.5).
pub const NOT_QUEUED: u8 = 254;

/// Queue position of one who waits somewhere (clause 8.2.3.5).
pub const POSITION_UNKNOWN: u8 = 255;

impl FloorMessage {
    /// A message of `ssrc` that asks for no acknowledgement, without the fields that may be left out.
    pub const fn new(ssrc: u32, kind: FloorKind) -> Self {
        Self { ssrc, ack: false, user: None, participant: None, indicator: None, kind }
    }

    /// The same from, or about, a user. An identity longer than [`MAX_USER_OCTETS`] is left out when it is written.
    #[must_use]
    pub fn with_user(mut self, mcptt_id: &str) -> Self {
        self.user = Some(mcptt_id.to_owned());
        self
    }

    /// The same, to be acknowledged.
    #[must_use]
    pub const fn acknowledged(mut self) -> Self {
        self.ack = true;
        self
    }

    /// A datagram with this message alone.
    pub fn to_bytes(&self) -> Vec<u8> {
        emit(std::slice::from_ref(self))
    }

    fn read(App { subtype, ssrc, data }: App) -> Result<Self, ControlProblem> {
        let (message, ack) = (FloorMessageType(subtype & TYPE), subtype & ACK_WANTED != 0);
        let Some(message) = message.name() else {
            return Ok(Self { ack, ..Self::new(ssrc, FloorKind::Other { message, data }) });
        };
        let fields = Fields::parse(&data).map(Known).ok_or(ControlProblem::Truncated(message))?;
        let kind = fields.kind(FloorMessageType(subtype & TYPE));
        let kind = kind.map_err(|field| ControlProblem::Field { message, field })?;
        let participant = fields.value(SSRC).and_then(|value| value.first_chunk());
        Ok(Self {
            ssrc,
            ack,
            user: fields.text(USER_ID),
            participant: participant.map(|octets| u32::from_be_bytes(*octets)),
            indicator: fields.number(INDICATOR).map(FloorIndicator),
            kind,
        })
    }

    /// Its fields in the order of their messages' tables.
    fn data(&self) -> Vec<u8> {
        let mut data = Vec::new();
        let mut number = |id, value: u16| put(&mut data, id, &value.to_be_bytes());
        match &self.kind {
            FloorKind::Request { priority } => priority.iter().for_each(|p| number(PRIORITY, u16::from(*p) << 8)),
            FloorKind::Granted { duration, .. } => number(DURATION, *duration),
            FloorKind::Taken { granted_party, permission, .. } => {
                if let Some(party) = granted_party {
                    put(&mut data, GRANTED_PARTY, party.as_bytes());
                }
                put(&mut data, PERMISSION, &u16::from(*permission).to_be_bytes());
            }
            FloorKind::Deny { cause } => number(REJECT_CAUSE, cause.0),
            FloorKind::Revoke { cause } => number(REJECT_CAUSE, cause.0),
            FloorKind::Ack { source, message } => {
                number(SOURCE, source.0);
                number(MESSAGE_TYPE, u16::from(message.0) << 8);
            }
            FloorKind::Other { data: own, .. } => return own.clone(),
            FloorKind::Idle { .. }
            | FloorKind::Release
            | FloorKind::QueuePositionRequest
            | FloorKind::QueuePositionInfo { .. } => {}
        }
        self.put_common(&mut data);
        data
    }

    /// Fields of several messages, and those that come between or after them.
    fn put_common(&self, data: &mut Vec<u8>) {
        // The field has two octets behind its value (clause 8.2.3.16).
        let ssrc = self.participant.map(|ssrc| [&ssrc.to_be_bytes(), [0; 2].as_slice()].concat());
        // Floor Taken has it at the end.
        let is_last = matches!(self.kind, FloorKind::Taken { .. });
        if let (Some(ssrc), false) = (&ssrc, is_last) {
            put(data, SSRC, ssrc);
        }
        if let FloorKind::Granted { priority: Some(priority), .. } = self.kind {
            put(data, PRIORITY, &[priority, 0]);
        }
        if let Some(user) = &self.user {
            put(data, USER_ID, user.as_bytes());
        }
        match self.kind {
            FloorKind::Taken { sequence: Some(sequence), .. } | FloorKind::Idle { sequence: Some(sequence) } => {
                put(data, SEQUENCE, &sequence.to_be_bytes());
            }
            FloorKind::QueuePositionInfo { position, priority } => put(data, QUEUE_INFO, &[position, priority]),
            _ => {}
        }
        if let Some(indicator) = self.indicator {
            put(data, INDICATOR, &indicator.0.to_be_bytes());
        }
        if let (Some(ssrc), true) = (&ssrc, is_last) {
            put(data, SSRC, ssrc);
        }
    }
}

impl FloorKind {
    /// Type of the message.
    pub const fn message_type(&self) -> FloorMessageType {
        match self {
            Self::Request { .. } => FloorMessageType::REQUEST,
            Self::Granted { .. } => FloorMessageType::GRANTED,
            Self::Taken { .. } => FloorMessageType::TAKEN,
            Self::Deny { .. } => FloorMessageType::DENY,
            Self::Release => FloorMessageType::RELEASE,
            Self::Idle { .. } => FloorMessageType::IDLE,
            Self::Revoke { .. } => FloorMessageType::REVOKE,
            Self::QueuePositionRequest => FloorMessageType::QUEUE_POSITION_REQUEST,
            Self::QueuePositionInfo { .. } => FloorMessageType::QUEUE_POSITION_INFO,
            Self::Ack { .. } => FloorMessageType::ACK,
            Self::Other { message, .. } => *message,
        }
    }
}

/// Reads the messages of a datagram; packets of other names are none.
pub fn parse(datagram: &[u8]) -> Result<Vec<FloorMessage>, ControlProblem> {
    App::parse(datagram, &[NAME])?.into_iter().map(FloorMessage::read).collect()
}

/// The datagram with these messages.
pub fn emit(messages: &[FloorMessage]) -> Vec<u8> {
    let app = |message: &FloorMessage| {
        let ack = if message.ack { ACK_WANTED } else { 0 };
        let subtype = message.kind.message_type().0 & TYPE | ack;
        App { subtype, ssrc: message.ssrc, data: message.data() }
    };
    App::emit(messages.iter().map(app), NAME)
}

/// Fields by their identifiers; those of version 13.0 stand for the same.
struct Known<'a>(Fields<'a>);

impl<'a> Known<'a> {
    fn kind(&self, message: FloorMessageType) -> Result<FloorKind, &'static str> {
        Ok(match message {
            FloorMessageType::REQUEST => FloorKind::Request { priority: self.octet(PRIORITY) },
            FloorMessageType::GRANTED => FloorKind::Granted {
                duration: self.number(DURATION).ok_or("Duration")?,
                priority: self.octet(PRIORITY),
            },
            FloorMessageType::TAKEN => FloorKind::Taken {
                granted_party: self.text(GRANTED_PARTY),
                permission: self.number(PERMISSION).is_none_or(|permission| permission != 0),
                sequence: self.number(SEQUENCE),
            },
            FloorMessageType::DENY => {
                FloorKind::Deny { cause: DenyCause(self.number(REJECT_CAUSE).ok_or("Reject Cause")?) }
            }
            FloorMessageType::RELEASE => FloorKind::Release,
            FloorMessageType::IDLE => FloorKind::Idle { sequence: self.number(SEQUENCE) },
            FloorMessageType::REVOKE => {
                FloorKind::Revoke { cause: RevokeCause(self.number(REJECT_CAUSE).ok_or("Reject Cause")?) }
            }
            FloorMessageType::QUEUE_POSITION_REQUEST => FloorKind::QueuePositionRequest,
            FloorMessageType::QUEUE_POSITION_INFO => {
                let [position, priority] = self.number(QUEUE_INFO).ok_or("Queue Info")?.to_be_bytes();
                FloorKind::QueuePositionInfo { position, priority }
            }
            FloorMessageType::ACK => FloorKind::Ack {
                source: FloorSource(self.number(SOURCE).ok_or("Source")?),
                // Some count the bit of the acknowledgement in.
                message: FloorMessageType(self.octet(MESSAGE_TYPE).ok_or("Message Type")? & TYPE),
            },
            message => FloorKind::Other { message, data: Vec::new() },
        })
    }

    fn value(&self, id: u8) -> Option<&'a [u8]> {
        // Table 8.2.3.1-2 of version 13.0: from 102 on, without 107.
        let old = if id > GRANTED_PARTY { id + 103 } else { id + 102 };
        self.0.value(id).or_else(|| self.0.value(old))
    }

    fn number(&self, id: u8) -> Option<u16> {
        self.value(id)?.first_chunk().map(|octets| u16::from_be_bytes(*octets))
    }

    fn octet(&self, id: u8) -> Option<u8> {
        self.value(id)?.first().copied()
    }

    fn text(&self, id: u8) -> Option<String> {
        super::app::text(self.value(id)?)
    }
}

/// Clause 8.1.2.
const NAME: [u8; 4] = *b"MCPT";
/// The first bit of the subtype: an acknowledgement is wanted (clause 8.2.2).
const ACK_WANTED: u8 = 0x10;
const TYPE: u8 = 0x0f;

/// Table 8.2.3.1-2.
const PRIORITY: u8 = 0;
const DURATION: u8 = 1;
const REJECT_CAUSE: u8 = 2;
const QUEUE_INFO: u8 = 3;
const GRANTED_PARTY: u8 = 4;
const PERMISSION: u8 = 5;
const USER_ID: u8 = 6;
const SEQUENCE: u8 = 8;
const SOURCE: u8 = 10;
const MESSAGE_TYPE: u8 = 12;
const INDICATOR: u8 = 13;
const SSRC: u8 = 14;

#[cfg(test)]
mod tests;
