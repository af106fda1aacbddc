//! Header fields (RFC 3261 clauses 7.3, 20) in the order and the bytes they came in; typed when somebody asks.

mod auth;
mod cseq;
mod event;
mod field;
mod ims;
mod name_addr;
pub mod names;
mod params;
mod security;
mod session;
mod via;

pub use auth::{AuthenticationInfo, Challenge, Credentials};
pub use cseq::CSeq;
pub use event::{Event, SubscriptionState};
pub use field::Field;
pub(super) use field::Places;
pub use ims::{AcceptContact, PAccessNetworkInfo, PChargingVector, Reason};
pub(super) use name_addr::seconds;
pub use name_addr::{Contacts, NameAddr};
pub use params::{Param, Params};
pub use security::SecurityMechanism;
pub use session::{MinSe, RAck, Refresher, SessionExpires};
pub use via::Via;

use super::SipProblem;
use super::text::{find_outside, split_outside};
use names::same_name;

/// The header fields of a message, in order. Names compare without case, compact forms are known by their long names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Headers(Vec<Field>);

impl Headers {
    /// No fields.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn with_capacity(fields: usize) -> Self {
        Self(Vec::with_capacity(fields))
    }

    /// Adds a field after all others.
    pub fn append(&mut self, name: &str, value: &str) {
        self.0.push(Field::new(name, value));
    }

    /// Adds a field before the first of its name, so that its value is the topmost; the first of its name comes after
    /// the Via fields, a Via before everything.
    pub fn prepend(&mut self, name: &str, value: &str) {
        let first = self.0.iter().position(|field| field.is(name));
        let after_vias = || {
            if same_name(name, "Via") { 0 } else { self.0.iter().rposition(|f| f.is("Via")).map_or(0, |at| at + 1) }
        };
        self.0.insert(first.unwrap_or_else(after_vias), Field::new(name, value));
    }

    /// Makes `value` the only one of `name`, in the place of the first or after all others.
    pub fn set(&mut self, name: &str, value: &str) {
        let Some(first) = self.0.iter().position(|field| field.is(name)) else { return self.append(name, value) };
        self.0[first].set_value(value);
        let mut at = 0;
        self.0.retain(|field| {
            at += 1;
            at - 1 <= first || !field.is(name)
        });
    }

    /// Removes all fields of `name`; how many there were.
    pub fn remove(&mut self, name: &str) -> usize {
        let before = self.0.len();
        self.0.retain(|field| !field.is(name));
        before - self.0.len()
    }

    /// Keeps the fields that `keep` wants.
    pub fn retain(&mut self, keep: impl FnMut(&Field) -> bool) {
        self.0.retain(keep);
    }

    /// Takes the topmost value of a comma-separated header away, with its field when nothing is left of it.
    pub fn pop_first_value(&mut self, name: &str) -> Option<String> {
        let (at, value, rest) = self.first_value(name)?;
        match rest {
            Some(rest) => self.0[at].set_value(&rest),
            None => drop(self.0.remove(at)),
        }
        Some(value)
    }

    /// Puts `value` in the place of the topmost value of a comma-separated header; false when there is none.
    pub fn replace_first_value(&mut self, name: &str, value: &str) -> bool {
        let Some((at, _, rest)) = self.first_value(name) else { return false };
        match rest {
            Some(rest) => self.0[at].set_value(&format!("{value}, {rest}")),
            None => self.0[at].set_value(value),
        }
        true
    }

    /// Puts a copy of every field of `name` in `from` after all others, byte for byte.
    pub fn copy_from(&mut self, from: &Self, name: &str) {
        self.0.extend(from.0.iter().filter(|field| field.is(name)).cloned());
    }

    pub(super) fn push(&mut self, field: Field) {
        self.0.push(field);
    }

    /// The value of the first field of `name`, unfolded and trimmed.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of all fields of `name`, whole.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |field| field.is(name)).map(Field::value)
    }

    /// The comma-separated values of all fields of `name`. Not for Date, Authorization and their like, whose commas
    /// mean something else.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.all(name).flat_map(|value| split_outside(value, b','))
    }

    /// True when there is a field of `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// True when `token` is among the comma-separated values of `name`, as in Supported or Require; case aside.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token))
    }

    /// All fields in order.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.0.iter()
    }

    /// Number of fields.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// True without fields.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many octets they are on the wire.
    pub(super) fn octets(&self) -> usize {
        self.0.iter().map(|field| field.octets().len()).sum()
    }

    /// Writes them as they stand on the wire, without the empty line.
    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        self.0.iter().for_each(|field| out.extend_from_slice(field.octets()));
    }

    /// Reads fields up to an empty line, or all octets when there is none; where what follows starts. For bodies that have
    /// headers of their own (RFC 2045, RFC 3862).
    pub(crate) fn parse_block(octets: &[u8]) -> Result<(Self, usize), SipProblem> {
        crate::sip::parse::block(octets)
    }

    /// The fields as they stand in such a body, without the empty line.
    pub(crate) fn to_block(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len() * 48);
        self.emit(&mut out);
        out
    }

    /// Where the topmost value of `name` is, that value, and what stands after it in its field.
    fn first_value(&self, name: &str) -> Option<(usize, String, Option<String>)> {
        self.0.iter().enumerate().filter(|(_, field)| field.is(name)).find_map(|(at, field)| {
            let mut values = split_outside(field.value(), b',');
            let first = values.next()?.to_owned();
            let mut rest = values.rest();
            // Empty elements between commas are nobody's value.
            while find_outside(rest, b',').is_some_and(|comma| rest[..comma].trim().is_empty()) {
                rest = rest.split_once(',').map_or("", |(_, tail)| tail);
            }
            let rest = rest.trim();
            Some((at, first, (!rest.is_empty()).then(|| rest.to_owned())))
        })
    }
}

/// A qvalue of RFC 3261 clause 25.1 in thousandths.
pub(in crate::sip) fn q_thousandths(q: &str) -> Option<u16> {
    let (whole, part) = q.split_once('.').unwrap_or((q, ""));
    if !matches!(whole, "0" | "1") || part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{whole}{part:0<3}").parse().ok()?;
    (thousandths <= 1000).then_some(thousandths)
}

#[cfg(test)]
mod field_tests;
#[cfg(test)]
mod tests;
