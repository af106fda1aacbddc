//! Messages to several destinations: SMPP 3.4 clause 4.5.

use super::address::SmeAddress;
use super::command::CommandStatus;
use super::message::{MessageId, ShortMessage, octet, string};
use super::text::COctetString;
use crate::octets::Octets;

/// submit_multi (clause 4.5.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct SubmitMulti {
    /// All but the destinations; the one in there is not sent.
    pub message: ShortMessage,
    /// To whom: 254 at most.
    pub destinations: Vec<Destination>,
}

/// A destination (clause 4.5.1.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Destination {
    /// An address.
    Sme(SmeAddress),
    /// The name of a distribution list.
    List(COctetString<21>),
}

/// submit_multi_resp (clause 4.5.2).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct SubmitMultiResp {
    /// Names the message.
    pub message_id: MessageId,
    /// To whom it was not submitted, and why: 255 at most.
    pub unsuccessful: Vec<(SmeAddress, CommandStatus)>,
}

/// dest_flag (clause 5.2.25).
const SME: u8 = 1;
const LIST: u8 = 2;
/// Clause 5.2.24.
const MAX_DESTINATIONS: usize = 254;

impl SubmitMulti {
    pub(super) fn parse(octets: &mut Octets<'_>) -> Result<Self, CommandStatus> {
        let service_type = string(octets, CommandStatus::INVALID_SERVICE_TYPE)?;
        let source = SmeAddress::parse(octets, CommandStatus::INVALID_SOURCE)?;
        let count = octet(octets)?;
        if usize::from(count) > MAX_DESTINATIONS {
            return Err(CommandStatus::INVALID_DESTINATIONS);
        }
        let destinations = (0..count).map(|_| Destination::parse(octets)).collect::<Result<_, _>>()?;
        let message = ShortMessage { service_type, source, ..ShortMessage::parse_rest(octets)? };
        Ok(Self { message, destinations })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        let destinations = &self.destinations[..self.destinations.len().min(MAX_DESTINATIONS)];
        self.message.service_type.emit(out);
        self.message.source.emit(out);
        out.push(destinations.len() as u8);
        for destination in destinations {
            match destination {
                Destination::Sme(address) => {
                    out.push(SME);
                    address.emit(out);
                }
                Destination::List(name) => {
                    out.push(LIST);
                    name.emit(out);
                }
            }
        }
        self.message.emit_rest(out);
    }
}

impl Destination {
    fn parse(octets: &mut Octets<'_>) -> Result<Self, CommandStatus> {
        match octet(octets)? {
            SME => SmeAddress::parse(octets, CommandStatus::INVALID_DESTINATION).map(Self::Sme),
            LIST => string(octets, CommandStatus::INVALID_LIST_NAME).map(Self::List),
            _ => Err(CommandStatus::INVALID_DESTINATION_FLAG),
        }
    }
}

impl SubmitMultiResp {
    pub(super) fn parse(octets: &mut Octets<'_>) -> Result<Self, CommandStatus> {
        let message_id = string(octets, CommandStatus::INVALID_MESSAGE_ID)?;
        let one = |octets: &mut Octets<'_>| {
            let address = SmeAddress::parse(octets, CommandStatus::INVALID_DESTINATION)?;
            let status = octets.array().ok_or(CommandStatus::INVALID_COMMAND_LENGTH)?;
            Ok((address, CommandStatus(u32::from_be_bytes(status))))
        };
        let count = octet(octets)?;
        let unsuccessful = (0..count).map(|_| one(octets)).collect::<Result<_, _>>()?;
        Ok(Self { message_id, unsuccessful })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        let unsuccessful = &self.unsuccessful[..self.unsuccessful.len().min(u8::MAX.into())];
        self.message_id.emit(out);
        out.push(unsuccessful.len() as u8);
        for (address, status) in unsuccessful {
            address.emit(out);
            out.extend(status.0.to_be_bytes());
        }
    }
}
