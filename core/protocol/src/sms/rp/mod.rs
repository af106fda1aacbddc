//! Relay layer: TS 24.011 clauses 7.3 and 8.2, as it is carried in `application/vnd.3gpp.sms` (TS 24.341). What is parsed
//! is emitted again octet for octet.

mod cause;

pub use cause::RpCause;

use super::address::Address;
use super::tpdu::{Carrier, Direction, Tpdu, TpduError};
use crate::octets::Octets;

/// Octets of RP-User-Data that the standard allows (TS 24.011 clause 8.2.5.3).
pub const MAX_RP_USER_DATA_OCTETS: usize = 233;

/// A message of the relay layer.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RpMessage {
    /// Which way it goes: one of the bits of its type says so.
    pub direction: Direction,
    /// RP-Message-Reference: an answer has that of what it answers.
    pub reference: u8,
    /// What it says.
    pub body: RpBody,
    /// Bits 8 to 4 of its first octet.
    spare: u8,
}

/// What a message of the relay layer says.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RpBody {
    /// RP-DATA (clause 7.3.1).
    Data(RpData),
    /// RP-ACK (clause 7.3.3): elements.
    Ack(Vec<RpElement>),
    /// RP-ERROR (clause 7.3.4).
    Error(RpError),
    /// RP-SMMA (clause 7.3.2), memory is available: elements.
    Smma(Vec<RpElement>),
    /// A message of another type, bits 3 to 1, with all that follows its reference.
    Other(u8, Vec<u8>),
}

/// RP-DATA.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RpData {
    /// RP-OA: the service centre, towards the MS.
    pub originator: Option<Address>,
    /// RP-DA: the service centre, from the MS.
    pub destination: Option<Address>,
    /// RP-UD.
    pub user_data: RpUserData,
    /// Elements behind it: none are defined.
    pub elements: Vec<RpElement>,
}

/// RP-ERROR.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RpError {
    /// RP-Cause.
    pub cause: RpCause,
    /// Diagnostic field of RP-Cause: one octet, where there is one.
    pub diagnostics: Vec<u8>,
    /// Elements behind it.
    pub elements: Vec<RpElement>,
    /// The extension bit of the cause.
    extension: u8,
}

/// RP-User-Data: a TPDU, of 255 octets at most.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct RpUserData(Vec<u8>);

/// An element of the part of a message that may be left out (TS 24.007 clause 11.2.4).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RpElement {
    /// Bit 8 of its identifier is set: it has one octet.
    Short(u8),
    /// An identifier and a value.
    Long(u8, RpUserData),
    /// Octets at the end that are no element; they count as not being there.
    Broken(Vec<u8>),
}

/// Octets are no message of the relay layer. Where it has a reference, RP-ERROR with the cause goes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no message of the relay layer: {cause}")]
pub struct RpProblem {
    /// Its reference; none: it is to be ignored (TS 24.011 clause 9.2.1).
    pub reference: Option<u8>,
    /// What is wrong.
    pub cause: RpCause,
}

/// RP-Message-Type: bits 3 to 1; bit 1 is the direction, 0 from the MS (table 8.3).
const TYPE: u8 = 0x07;
const TO_MS: u8 = 0x01;
const DATA: u8 = 0x00;
const ACK: u8 = 0x02;
const ERROR: u8 = 0x04;
const SMMA: u8 = 0x06;
/// Identifier of RP-User-Data (clause 8.2.5.3).
const USER_DATA_ID: u8 = 0x41;
const SHORT: u8 = 0x80;
const EXTENSION: u8 = 0x80;

impl RpMessage {
    /// A message that goes this way.
    pub const fn new(direction: Direction, reference: u8, body: RpBody) -> Self {
        Self { direction, reference, body, spare: 0 }
    }

    /// RP-DATA from the MS by way of a service centre.
    pub fn mobile_originated(reference: u8, service_centre: Address, tpdu: &Tpdu) -> Self {
        let data = RpData {
            originator: None,
            destination: Some(service_centre),
            user_data: RpUserData::of(tpdu),
            elements: Vec::new(),
        };
        Self::new(Direction::ToNetwork, reference, RpBody::Data(data))
    }

    /// RP-DATA to the MS from a service centre.
    pub fn mobile_terminated(reference: u8, service_centre: Address, tpdu: &Tpdu) -> Self {
        let data = RpData {
            originator: Some(service_centre),
            destination: None,
            user_data: RpUserData::of(tpdu),
            elements: Vec::new(),
        };
        Self::new(Direction::ToMs, reference, RpBody::Data(data))
    }

    /// RP-ACK that answers what goes the other way, with the report about it.
    pub fn ack(direction: Direction, reference: u8, report: Option<&Tpdu>) -> Self {
        Self::new(direction, reference, RpBody::Ack(report.map(RpElement::of).into_iter().collect()))
    }

    /// RP-ERROR that answers what goes the other way, with the report about it.
    pub fn error(direction: Direction, reference: u8, cause: RpCause, report: Option<&Tpdu>) -> Self {
        let elements = report.map(RpElement::of).into_iter().collect();
        Self::new(direction, reference, RpBody::Error(RpError::new(cause, elements)))
    }

    /// RP-SMMA: the MS has memory again.
    pub const fn smma(reference: u8) -> Self {
        Self::new(Direction::ToNetwork, reference, RpBody::Smma(Vec::new()))
    }

    /// RP-User-Data, where there are some.
    pub fn user_data(&self) -> Option<&[u8]> {
        let elements = match &self.body {
            RpBody::Data(data) => return Some(data.user_data.octets()),
            RpBody::Ack(elements) | RpBody::Smma(elements) => elements,
            RpBody::Error(error) => &error.elements,
            RpBody::Other(..) => return None,
        };
        elements.iter().find_map(|element| match element {
            RpElement::Long(USER_DATA_ID, value) => Some(value.octets()),
            _ => None,
        })
    }

    /// The TPDU that it carries; `None`: it carries none.
    pub fn tpdu(&self) -> Option<Result<Tpdu, TpduError>> {
        let carrier = match &self.body {
            RpBody::Data(_) => Carrier::Data,
            RpBody::Ack(_) => Carrier::Ack,
            RpBody::Error(_) => Carrier::Error,
            RpBody::Smma(_) | RpBody::Other(..) => return None,
        };
        self.user_data().map(|octets| Tpdu::parse(self.direction, carrier, octets))
    }

    /// What the standard calls it.
    pub const fn name(&self) -> &'static str {
        match &self.body {
            RpBody::Data(_) => "RP-DATA",
            RpBody::Ack(_) => "RP-ACK",
            RpBody::Error(_) => "RP-ERROR",
            RpBody::Smma(_) => "RP-SMMA",
            RpBody::Other(..) => "reserved",
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is none. A message of an unknown type is one.
    pub fn parse(octets: &[u8]) -> Result<Self, RpProblem> {
        let mut rest = Octets(octets);
        let short = RpProblem { reference: None, cause: RpCause::PROTOCOL_ERROR };
        let first = rest.octet().ok_or(short)?;
        let reference = rest.octet().ok_or(short)?;
        let mandatory = RpProblem { reference: Some(reference), cause: RpCause::INVALID_MANDATORY_INFORMATION };
        let direction = if first & TO_MS == 0 { Direction::ToNetwork } else { Direction::ToMs };
        let body = match (first & TYPE & !TO_MS, direction) {
            (DATA, _) => RpBody::Data(RpData::parse(&mut rest).ok_or(mandatory)?),
            (ACK, _) => RpBody::Ack(RpElement::parse_all(&mut rest)),
            (ERROR, _) => RpBody::Error(RpError::parse(&mut rest).ok_or(mandatory)?),
            (SMMA, Direction::ToNetwork) => RpBody::Smma(RpElement::parse_all(&mut rest)),
            _ => RpBody::Other(first & TYPE, rest.rest().to_vec()),
        };
        Ok(Self { direction, reference, body, spare: first & !TYPE })
    }

    /// Its octets.
    pub fn emit(&self) -> Vec<u8> {
        let direction = if self.direction == Direction::ToMs { TO_MS } else { 0 };
        let begin = |kind: u8| vec![self.spare | kind | direction, self.reference];
        match &self.body {
            RpBody::Data(data) => data.emit(begin(DATA)),
            RpBody::Ack(elements) => RpElement::emit_all(elements, begin(ACK)),
            RpBody::Error(error) => error.emit(begin(ERROR)),
            RpBody::Smma(elements) => RpElement::emit_all(elements, begin(SMMA)),
            RpBody::Other(kind, octets) => [&[self.spare | kind & TYPE, self.reference], &octets[..]].concat(),
        }
    }
}

impl RpData {
    fn parse(octets: &mut Octets<'_>) -> Option<Self> {
        Some(Self {
            originator: Address::parse_relay(octets)?,
            destination: Address::parse_relay(octets)?,
            user_data: RpUserData::parse(octets)?,
            elements: RpElement::parse_all(octets),
        })
    }

    fn emit(&self, mut out: Vec<u8>) -> Vec<u8> {
        Address::emit_relay(self.originator.as_ref(), &mut out);
        Address::emit_relay(self.destination.as_ref(), &mut out);
        self.user_data.emit(&mut out);
        RpElement::emit_all(&self.elements, out)
    }
}

impl RpError {
    /// An error without a diagnostic field.
    pub const fn new(cause: RpCause, elements: Vec<RpElement>) -> Self {
        Self { cause, diagnostics: Vec::new(), elements, extension: 0 }
    }

    fn parse(octets: &mut Octets<'_>) -> Option<Self> {
        let length = octets.octet()?;
        let (&cause, diagnostics) = octets.take(length.into())?.split_first()?;
        Some(Self {
            cause: RpCause(cause & !EXTENSION),
            diagnostics: diagnostics.to_vec(),
            elements: RpElement::parse_all(octets),
            extension: cause & EXTENSION,
        })
    }

    fn emit(&self, mut out: Vec<u8>) -> Vec<u8> {
        let diagnostics = &self.diagnostics[..self.diagnostics.len().min(usize::from(u8::MAX) - 1)];
        out.extend([diagnostics.len() as u8 + 1, self.cause.0 & !EXTENSION | self.extension]);
        out.extend(diagnostics);
        RpElement::emit_all(&self.elements, out)
    }
}

impl RpUserData {
    /// Octets as they are; `None`: they are more than 255.
    pub fn new(octets: Vec<u8>) -> Option<Self> {
        (octets.len() <= usize::from(u8::MAX)).then_some(Self(octets))
    }

    /// A TPDU. Only octets that are behind its end can make it too long; they are left out then.
    pub fn of(tpdu: &Tpdu) -> Self {
        let mut octets = tpdu.emit();
        octets.truncate(u8::MAX.into());
        Self(octets)
    }

    /// Its octets.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    fn parse(octets: &mut Octets<'_>) -> Option<Self> {
        let length = octets.octet()?;
        octets.take(length.into()).map(|octets| Self(octets.to_vec()))
    }

    fn emit(&self, out: &mut Vec<u8>) {
        out.push(self.0.len() as u8);
        out.extend(&self.0);
    }
}

impl RpElement {
    /// RP-User-Data.
    pub fn of(tpdu: &Tpdu) -> Self {
        Self::Long(USER_DATA_ID, RpUserData::of(tpdu))
    }

    fn parse_all(octets: &mut Octets<'_>) -> Vec<Self> {
        let mut elements = Vec::new();
        while !octets.is_empty() {
            let mut next = *octets;
            let element = next.octet().and_then(|id| match id & SHORT {
                0 => RpUserData::parse(&mut next).map(|value| Self::Long(id, value)),
                _ => Some(Self::Short(id)),
            });
            let Some(element) = element else {
                elements.push(Self::Broken(octets.rest().to_vec()));
                break;
            };
            elements.push(element);
            *octets = next;
        }
        elements
    }

    fn emit_all(elements: &[Self], mut out: Vec<u8>) -> Vec<u8> {
        for element in elements {
            match element {
                Self::Short(id) => out.push(id | SHORT),
                Self::Long(id, value) => {
                    out.push(id & !SHORT);
                    value.emit(&mut out);
                }
                Self::Broken(octets) => out.extend(octets),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
