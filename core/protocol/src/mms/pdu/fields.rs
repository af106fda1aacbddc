//! Headers of a PDU between octets and what they are: OMA-MMS-ENC clause 7.

use super::value::Value;
use crate::mms::wsp::{any_value, terminated};
use crate::mms::{HeaderName, WspHeader};
use crate::octets::Octets;

/// Headers of a PDU as they came, up to its Content-Type.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    fields: Vec<(HeaderName, &'a [u8])>,
    /// How they ended.
    pub(super) end: End,
}

/// How the headers of a PDU end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// With the octets.
    Octets,
    /// With the Content-Type, whose value follows.
    ContentType,
    /// With what is no header.
    Broken,
    /// With more than there may be.
    TooMuch,
}

/// What a field of a PDU's type holds: one value, perhaps one, or any number.
pub(super) trait Slot: Sized {
    /// Takes it out of the headers; the code of the one that is missing.
    fn take(fields: &mut Fields<'_>, code: u8) -> Result<Self, u8>;
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>, code: u8);
}

impl<'a> Fields<'a> {
    /// Reads the headers up to the code of the Content-Type, which is taken too.
    pub(super) fn read(octets: &mut Octets<'a>) -> Self {
        let (whole, mut fields) = (octets.0.len(), Vec::new());
        let end = loop {
            let Some(first) = octets.0.first() else { break End::Octets };
            if *first == code::CONTENT_TYPE | 0x80 {
                octets.octet();
                break End::ContentType;
            }
            let next = if is_text(*first) { text_field(octets) } else { WspHeader::read(octets) };
            let Some(next) = next else { break End::Broken };
            if fields.len() >= MAX_FIELDS || whole - octets.0.len() > MAX_MMS_HEAD_OCTETS {
                break End::TooMuch;
            }
            fields.push(next);
        };
        Self { fields, end }
    }

    /// The first value that makes sense, which stays.
    pub(super) fn peek<T: Value>(&self, code: u8) -> Option<T> {
        self.fields.iter().find_map(|field| value(field, code))
    }

    /// The first value that makes sense.
    pub(super) fn one<T: Value>(&mut self, code: u8) -> Option<T> {
        let found = self.fields.iter().enumerate().find_map(|(at, field)| Some((at, value(field, code)?)));
        let (at, value) = found?;
        self.fields.remove(at);
        Some(value)
    }

    fn all<T: Value>(&mut self, code: u8) -> Vec<T> {
        let mut all = Vec::new();
        self.fields.retain(|field| match value(field, code) {
            Some(value) => {
                all.push(value);
                false
            }
            None => true,
        });
        all
    }

    /// Those that nobody took, as they are.
    pub(super) fn rest(self) -> Vec<WspHeader> {
        self.fields.into_iter().map(|(name, value)| WspHeader::of(name, value)).collect()
    }
}

impl<T: Value> Slot for T {
    fn take(fields: &mut Fields<'_>, code: u8) -> Result<Self, u8> {
        fields.one(code).ok_or(code)
    }

    fn put(&self, out: &mut Vec<u8>, code: u8) {
        out.push(code | 0x80);
        Value::put(self, out);
    }
}

impl<T: Value> Slot for Option<T> {
    fn take(fields: &mut Fields<'_>, code: u8) -> Result<Self, u8> {
        Ok(fields.one(code))
    }

    fn put(&self, out: &mut Vec<u8>, code: u8) {
        if let Some(value) = self {
            Slot::put(value, out, code);
        }
    }
}

impl<T: Value> Slot for Vec<T> {
    fn take(fields: &mut Fields<'_>, code: u8) -> Result<Self, u8> {
        Ok(fields.all(code))
    }

    fn put(&self, out: &mut Vec<u8>, code: u8) {
        self.iter().for_each(|value| Slot::put(value, out, code));
    }
}

/// The whole value of a field with this code.
fn value<T: Value>((name, value): &(HeaderName, &[u8]), code: u8) -> Option<T> {
    let mut octets = Octets(value);
    let of_code = matches!(name, HeaderName::Code(own) if *own == code);
    of_code.then(|| T::read(&mut octets))?.filter(|_| octets.is_empty())
}

/// Fields that are texts, which some senders do not quote where they begin with an octet above 127.
const fn is_text(first: u8) -> bool {
    use code::{CONTENT_LOCATION, MESSAGE_ID, RESPONSE_TEXT, RETRIEVE_TEXT, SUBJECT, TRANSACTION_ID};
    matches!(first & 0x7F, CONTENT_LOCATION | MESSAGE_ID | RESPONSE_TEXT | RETRIEVE_TEXT | SUBJECT | TRANSACTION_ID)
        && first >= 0x80
}

fn text_field<'a>(octets: &mut Octets<'a>) -> Option<(HeaderName, &'a [u8])> {
    let name = HeaderName::Code(octets.octet()? & 0x7F);
    let whole = octets.0;
    if whole.first().is_some_and(|first| *first < 0x80) {
        return Some((name, any_value(octets)?));
    }
    terminated(octets)?;
    Some((name, whole.get(..whole.len() - octets.0.len())?))
}

/// Of a PDU, up to its Content-Type.
pub const MAX_MMS_HEAD_OCTETS: usize = 64 << 10;
/// Of a PDU.
const MAX_FIELDS: usize = 1024;

/// Codes of the headers: clause 7.4.
pub(super) mod code {
    pub(in super::super) const BCC: u8 = 0x01;
    pub(in super::super) const CC: u8 = 0x02;
    pub(in super::super) const CONTENT_LOCATION: u8 = 0x03;
    pub(in super::super) const CONTENT_TYPE: u8 = 0x04;
    pub(in super::super) const DATE: u8 = 0x05;
    pub(in super::super) const DELIVERY_REPORT: u8 = 0x06;
    pub(in super::super) const DELIVERY_TIME: u8 = 0x07;
    pub(in super::super) const EXPIRY: u8 = 0x08;
    pub(in super::super) const FROM: u8 = 0x09;
    pub(in super::super) const MESSAGE_CLASS: u8 = 0x0A;
    pub(in super::super) const MESSAGE_ID: u8 = 0x0B;
    pub(in super::super) const MESSAGE_TYPE: u8 = 0x0C;
    pub(in super::super) const MMS_VERSION: u8 = 0x0D;
    pub(in super::super) const MESSAGE_SIZE: u8 = 0x0E;
    pub(in super::super) const PRIORITY: u8 = 0x0F;
    pub(in super::super) const READ_REPORT: u8 = 0x10;
    pub(in super::super) const REPORT_ALLOWED: u8 = 0x11;
    pub(in super::super) const RESPONSE_STATUS: u8 = 0x12;
    pub(in super::super) const RESPONSE_TEXT: u8 = 0x13;
    pub(in super::super) const SENDER_VISIBILITY: u8 = 0x14;
    pub(in super::super) const STATUS: u8 = 0x15;
    pub(in super::super) const SUBJECT: u8 = 0x16;
    pub(in super::super) const TO: u8 = 0x17;
    pub(in super::super) const TRANSACTION_ID: u8 = 0x18;
    pub(in super::super) const RETRIEVE_STATUS: u8 = 0x19;
    pub(in super::super) const RETRIEVE_TEXT: u8 = 0x1A;
    pub(in super::super) const READ_STATUS: u8 = 0x1B;
    pub(in super::super) const REPLY_CHARGING: u8 = 0x1C;
    pub(in super::super) const REPLY_CHARGING_DEADLINE: u8 = 0x1D;
    pub(in super::super) const REPLY_CHARGING_ID: u8 = 0x1E;
    pub(in super::super) const REPLY_CHARGING_SIZE: u8 = 0x1F;
    pub(in super::super) const PREVIOUSLY_SENT_BY: u8 = 0x20;
    pub(in super::super) const PREVIOUSLY_SENT_DATE: u8 = 0x21;
    pub(in super::super) const DISTRIBUTION_INDICATOR: u8 = 0x31;
    pub(in super::super) const STATUS_TEXT: u8 = 0x36;
    pub(in super::super) const CONTENT_CLASS: u8 = 0x3A;
    pub(in super::super) const DRM_CONTENT: u8 = 0x3B;
    pub(in super::super) const ADAPTATION_ALLOWED: u8 = 0x3C;
}
