//! Messages to several destinations: SMPP 3.4 clause 4.5.

use super::address::SmeAddress;
use super::command::CommandStatus;
use super::message::{MessageId, ShortMessage, octet, string};
use super::text::COctetString;
use crate::octets::Octets;

/// A list whose length is told in one octet, and has limits of its own.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CountedList<T, const MIN: usize, const MAX: usize>(Vec<T>);

/// Destinations of a submit_multi: there is one, and 254 are the most (clause 5.2.24).
pub type Destinations = CountedList<Destination, 1, 254>;
/// Whom a submit_multi has not reached, and why: as many as an octet counts (clause 5.2.26).
pub type Unsuccessful = CountedList<(SmeAddress, CommandStatus), 0, 255>;

/// submit_multi (clause 4.5.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SubmitMulti {
    /// All but the destinations; the one in there is not sent.
    pub message: ShortMessage,
    /// To whom.
    pub destinations: Destinations,
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
    /// To whom it was not submitted, and why.
    pub unsuccessful: Unsuccessful,
}

/// dest_flag (clause 5.2.25).
const SME: u8 = 1;
const LIST: u8 = 2;

impl<T, const MIN: usize, const MAX: usize> CountedList<T, MIN, MAX> {
    /// `None`: too many, or too few.
    pub fn new(members: impl Into<Vec<T>>) -> Option<Self> {
        let members = members.into();
        (MIN..=MAX).contains(&members.len()).then_some(Self(members))
    }

    /// Its members.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    fn parse(
        octets: &mut Octets<'_>,
        one: impl Fn(&mut Octets<'_>) -> Result<T, CommandStatus>,
    ) -> Result<Self, CommandStatus> {
        let count = usize::from(octet(octets)?);
        if !(MIN..=MAX).contains(&count) {
            return Err(CommandStatus::INVALID_DESTINATIONS);
        }
        (0..count).map(|_| one(octets)).collect::<Result<_, _>>().map(Self)
    }

    fn emit(&self, out: &mut Vec<u8>, one: impl Fn(&T, &mut Vec<u8>)) {
        out.push(self.0.len() as u8);
        self.0.iter().for_each(|member| one(member, out));
    }
}

impl<T, const MAX: usize> Default for CountedList<T, 0, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl SubmitMulti {
    pub(super) fn parse(octets: &mut Octets<'_>) -> Result<Self, CommandStatus> {
        let service_type = string(octets, CommandStatus::INVALID_SERVICE_TYPE)?;
        let source = SmeAddress::parse(octets, CommandStatus::INVALID_SOURCE)?;
        let destinations = Destinations::parse(octets, Destination::parse)?;
        let message = ShortMessage { service_type, source, ..ShortMessage::parse_rest(octets)? };
        Ok(Self { message, destinations })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        self.message.service_type.emit(out);
        self.message.source.emit(out);
        self.destinations.emit(out, Destination::emit);
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

    fn emit(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sme(address) => {
                out.push(SME);
                address.emit(out);
            }
            Self::List(name) => {
                out.push(LIST);
                name.emit(out);
            }
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
        Ok(Self { message_id, unsuccessful: Unsuccessful::parse(octets, one)? })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        self.message_id.emit(out);
        self.unsuccessful.emit(out, |(address, status), out| {
            address.emit(out);
            out.extend(status.0.to_be_bytes());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_as_long_as_an_octet_can_say() {
        let to = |count: usize| Destinations::new(vec![Destination::Sme(SmeAddress::default()); count]);
        assert!(to(1).is_some() && to(0).is_none() && to(255).is_none());
        let multi = SubmitMulti { message: ShortMessage::default(), destinations: to(254).unwrap() };
        let mut out = Vec::new();
        multi.emit(&mut out);
        assert_eq!(SubmitMulti::parse(&mut Octets(&out)), Ok(multi));
        // service_type and source are four octets.
        for count in [0, 255] {
            out[4] = count;
            assert_eq!(SubmitMulti::parse(&mut Octets(&out)), Err(CommandStatus::INVALID_DESTINATIONS));
        }
        let failed = |count: usize| Unsuccessful::new(vec![(SmeAddress::default(), CommandStatus(11)); count]);
        assert!(failed(256).is_none());
        for count in [0, 255] {
            let response = SubmitMultiResp { unsuccessful: failed(count).unwrap(), ..SubmitMultiResp::default() };
            let mut out = Vec::new();
            response.emit(&mut out);
            assert_eq!(SubmitMultiResp::parse(&mut Octets(&out)), Ok(response));
        }
    }
}
