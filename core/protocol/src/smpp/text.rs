//! Strings of octets (SMPP 3.4 clause 3.1): C-Octet Strings, which a NUL ends, and Octet Strings with their length.

use std::fmt;

use crate::octets::Octets;

/// A C-Octet String of at most `MAX` octets with its NUL. The octets are ASCII by the standard, and others in the field.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct COctetString<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> COctetString<MAX> {
    /// `None`: too long, or with a NUL.
    pub fn new(octets: impl AsRef<[u8]>) -> Option<Self> {
        let octets = octets.as_ref();
        (octets.len() < MAX && !octets.contains(&0)).then(|| Self(octets.to_vec()))
    }

    /// Its octets without NUL.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Is it empty?
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads one; `None`: no NUL comes in `MAX` octets.
    pub(super) fn parse(octets: &mut Octets<'_>) -> Option<Self> {
        let end = octets.0.iter().take(MAX).position(|octet| *octet == 0)?;
        let text = Self(octets.take(end)?.to_vec());
        octets.octet()?;
        Some(text)
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend(&self.0);
        out.push(0);
    }
}

impl<const MAX: usize> fmt::Display for COctetString<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(&self.0).fmt(f)
    }
}

impl<const MAX: usize> fmt::Debug for COctetString<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(&self.0))
    }
}

/// Octets of a message in a PDU: 254 at most (SMPP 3.4 clause 5.2.22), more go as the TLV message_payload.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct MessageOctets(Vec<u8>);

/// SMPP 3.4 clause 5.2.22.
const MAX_MESSAGE: usize = 254;

impl MessageOctets {
    /// `None`: too long.
    pub fn new(octets: impl Into<Vec<u8>>) -> Option<Self> {
        let octets = octets.into();
        (octets.len() <= MAX_MESSAGE).then_some(Self(octets))
    }

    /// Its octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// sm_length and short_message; `None`: they are not there, or too long.
    pub(super) fn parse(octets: &mut Octets<'_>) -> Option<Self> {
        let length = octets.octet()?;
        Self::new(octets.take(length.into())?)
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.push(self.0.len() as u8);
        out.extend(&self.0);
    }
}
