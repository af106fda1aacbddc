//! Values of headers: OMA-MMS-ENC clause 7.3, numbered as in version 1.3.

use std::fmt;

use super::codes::{
    ContentClass, MessageType, MmsStatus, Priority, ReadStatus, ReplyCharging, ResponseStatus, RetrieveStatus,
    SenderVisibility,
};
use crate::mms::wsp::{
    integer, lengthened, put_integer, put_lengthened, put_long_integer, put_text_string, text_string,
};
use crate::mms::{ContentType, EncodedString, MmsAddress};
use crate::octets::Octets;

/// X-Mms-MMS-Version (clause 7.3.34): a Short-integer whose bits 6 to 4 are the major, and 3 to 0 the minor version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MmsVersion(pub u8);

impl MmsVersion {
    /// Version 1.0.
    pub const V1_0: Self = Self(0x10);
    /// Version 1.1.
    pub const V1_1: Self = Self(0x11);
    /// Version 1.2.
    pub const V1_2: Self = Self(0x12);
    /// Version 1.3.
    pub const V1_3: Self = Self(0x13);

    /// Its major version.
    pub const fn major(self) -> u8 {
        self.0 >> 4 & 7
    }

    /// Its minor version; `None`: it is not told.
    pub const fn minor(self) -> Option<u8> {
        match self.0 & 0x0F {
            0x0F => None,
            minor => Some(minor),
        }
    }

    /// Is its major version the one that is spoken here? The minor one does not matter.
    pub const fn is_spoken(self) -> bool {
        self.major() == 1
    }
}

impl Default for MmsVersion {
    fn default() -> Self {
        Self::V1_2
    }
}

impl fmt::Display for MmsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor() {
            Some(minor) => write!(f, "{}.{minor}", self.major()),
            None => self.major().fmt(f),
        }
    }
}

/// From (clause 7.3.21).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum From {
    /// The relay is to put it in.
    #[default]
    InsertAddress,
    /// Here it is.
    Address(MmsAddress),
}

impl From {
    /// The address, if it is there.
    pub const fn address(&self) -> Option<&MmsAddress> {
        match self {
            Self::InsertAddress => None,
            Self::Address(address) => Some(address),
        }
    }
}

/// X-Mms-Expiry, X-Mms-Delivery-Time, X-Mms-Reply-Charging-Deadline (clause 7.3.20).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MmsTime {
    /// Seconds since 1970-01-01, UTC.
    Absolute(u64),
    /// Seconds from now on.
    Relative(u64),
}

impl MmsTime {
    /// Seconds since 1970-01-01, `now` being that of sending or receiving.
    pub const fn at(self, now: u64) -> u64 {
        match self {
            Self::Absolute(at) => at,
            Self::Relative(seconds) => now.saturating_add(seconds),
        }
    }
}

/// X-Mms-Message-Class (clause 7.3.27).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum MessageClass {
    /// Personal, as without one.
    #[default]
    Personal,
    /// Advertisement.
    Advertisement,
    /// Informational.
    Informational,
    /// From a machine: no reports of it.
    Auto,
    /// A number that is not known.
    Code(u8),
    /// A name of its own.
    Named(String),
}

impl fmt::Display for MessageClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Personal => f.write_str("Personal"),
            Self::Advertisement => f.write_str("Advertisement"),
            Self::Informational => f.write_str("Informational"),
            Self::Auto => f.write_str("Auto"),
            Self::Code(code) => write!(f, "{code:#x}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// X-Mms-Previously-Sent-By (clause 7.3.23).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct PreviouslySentBy {
    /// Which forwarding it was, from 1 on.
    pub forwarded_count: u64,
    /// Who sent it.
    pub address: MmsAddress,
}

/// X-Mms-Previously-Sent-Date (clause 7.3.24).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PreviouslySentDate {
    /// Which forwarding it was, from 1 on.
    pub forwarded_count: u64,
    /// When it was sent: seconds since 1970-01-01.
    pub date: u64,
}

/// A value of a header.
pub(super) trait Value: Sized {
    /// Reads it; `None`: it does not make sense. What is left over is the caller's matter.
    fn read(octets: &mut Octets<'_>) -> Option<Self>;
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>);
}

/// A Text-string that is an identifier or a URI: what is not UTF-8, which visible US-ASCII is, or has control characters is
/// none.
impl Value for String {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        Self::from_utf8(text_string(octets)?.to_vec()).ok().filter(|text| !text.contains(char::is_control))
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_text_string(out, self.as_bytes());
    }
}

/// A Long-integer; a short one is understood too.
impl Value for u64 {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        integer(octets)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_long_integer(out, *self);
    }
}

/// Yes or No.
impl Value for bool {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        match octets.octet()? {
            YES => Some(true),
            NO => Some(false),
            _ => None,
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.push(if *self { YES } else { NO });
    }
}

impl Value for EncodedString {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        Self::read(octets)
    }

    fn put(&self, out: &mut Vec<u8>) {
        self.put(out);
    }
}

impl Value for ContentType {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        Self::read(octets)
    }

    fn put(&self, out: &mut Vec<u8>) {
        self.put(out);
    }
}

impl Value for MmsAddress {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        EncodedString::read(octets).map(Self)
    }

    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
}

impl Value for MmsVersion {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        octets.octet().filter(|octet| *octet >= 0x80).map(|octet| Self(octet & 0x7F))
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.0 | 0x80);
    }
}

impl Value for From {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        let mut value = Octets(lengthened(octets)?);
        match value.octet()? {
            ADDRESS_PRESENT => MmsAddress::read(&mut value).map(Self::Address),
            INSERT_ADDRESS => Some(Self::InsertAddress),
            _ => None,
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        let mut value = Vec::new();
        match self {
            Self::InsertAddress => value.push(INSERT_ADDRESS),
            Self::Address(address) => {
                value.push(ADDRESS_PRESENT);
                address.put(&mut value);
            }
        }
        put_lengthened(out, &value);
    }
}

impl Value for MmsTime {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        let mut value = Octets(lengthened(octets)?);
        match value.octet()? {
            ABSOLUTE => integer(&mut value).map(Self::Absolute),
            RELATIVE => integer(&mut value).map(Self::Relative),
            _ => None,
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        let (token, time) = match self {
            Self::Absolute(time) => (ABSOLUTE, *time),
            Self::Relative(time) => (RELATIVE, *time),
        };
        let mut value = vec![token];
        // Delta-seconds may be short, but long ones are what everybody reads.
        put_long_integer(&mut value, time);
        put_lengthened(out, &value);
    }
}

impl Value for MessageClass {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        if octets.0.first().is_some_and(|first| *first < 0x80) {
            return Some(Self::of_name(&<String as Value>::read(octets)?));
        }
        Some(match octets.octet()? {
            0x80 => Self::Personal,
            0x81 => Self::Advertisement,
            0x82 => Self::Informational,
            0x83 => Self::Auto,
            code => Self::Code(code),
        })
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Personal => 0x80,
            Self::Advertisement => 0x81,
            Self::Informational => 0x82,
            Self::Auto => 0x83,
            Self::Code(code) => code | 0x80,
            Self::Named(name) => return put_text_string(out, name.as_bytes()),
        });
    }
}

impl MessageClass {
    /// The one with this name.
    pub fn of_name(name: &str) -> Self {
        let known = [Self::Personal, Self::Advertisement, Self::Informational, Self::Auto];
        let known = known.into_iter().find(|class| class.to_string().eq_ignore_ascii_case(name));
        known.unwrap_or_else(|| Self::Named(name.to_owned()))
    }
}

impl Value for PreviouslySentBy {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        let mut value = Octets(lengthened(octets)?);
        Some(Self { forwarded_count: integer(&mut value)?, address: MmsAddress::read(&mut value)? })
    }

    fn put(&self, out: &mut Vec<u8>) {
        let mut value = Vec::new();
        put_integer(&mut value, self.forwarded_count);
        self.address.put(&mut value);
        put_lengthened(out, &value);
    }
}

impl Value for PreviouslySentDate {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        let mut value = Octets(lengthened(octets)?);
        Some(Self { forwarded_count: integer(&mut value)?, date: integer(&mut value)? })
    }

    fn put(&self, out: &mut Vec<u8>) {
        let mut value = Vec::new();
        put_integer(&mut value, self.forwarded_count);
        put_long_integer(&mut value, self.date);
        put_lengthened(out, &value);
    }
}

/// Codes of one octet, of which the highest bit is set.
macro_rules! coded {
    ($($name:ident)*) => {
        $(impl Value for $name {
            fn read(octets: &mut Octets<'_>) -> Option<Self> {
                octets.octet().filter(|octet| *octet >= 0x80).map(Self)
            }

            fn put(&self, out: &mut Vec<u8>) {
                out.push(self.0 | 0x80);
            }
        })*
    };
}

coded! { ContentClass MessageType MmsStatus Priority ReadStatus ReplyCharging ResponseStatus RetrieveStatus SenderVisibility }

const YES: u8 = 0x80;
const NO: u8 = 0x81;
const ADDRESS_PRESENT: u8 = 0x80;
const INSERT_ADDRESS: u8 = 0x81;
const ABSOLUTE: u8 = 0x80;
const RELATIVE: u8 = 0x81;
