//! Messages on their way to a UE, and which of them have come. A message is known by who has sent it, by what it says, and by
//! its time stamp, which two messages of one originator to one destination never share (TS 23.040 clause 9.2.3.11).

use std::collections::{BTreeSet, VecDeque};

use protocol::Instant;
use protocol::sms::{Address, Content, Timestamp};

/// A message that was sent to a UE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ExpectedSms {
    pub(crate) number: u64,
    pub(crate) from: Address,
    pub(crate) content: Content,
    pub(crate) sent: Instant,
}

/// Those of a UE.
#[derive(Debug, Default)]
pub(super) struct Expected {
    waiting: VecDeque<ExpectedSms>,
    came: BTreeSet<Arrived>,
}

/// Originator, what it says, time stamp.
type Arrived = (String, Vec<u8>, Timestamp);

/// What a message that comes is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Arrival {
    /// One that was on its way.
    Expected(ExpectedSms),
    /// One that has come before.
    Again,
    /// None that is known.
    Unknown,
}

impl Expected {
    pub(super) fn push(&mut self, message: ExpectedSms) {
        self.waiting.push_back(message);
    }

    /// Those that have not come.
    pub(super) fn missing(&self) -> usize {
        self.waiting.len()
    }

    /// A message comes.
    pub(super) fn comes(&mut self, from: &Address, content: &Content, time: Timestamp) -> Arrival {
        let (of, said) = (from.to_string(), octets(content));
        if self.came.contains(&(of.clone(), said.clone(), time)) {
            return Arrival::Again;
        }
        let is_it = |own: &ExpectedSms| own.content == *content && own.from == *from;
        if let Some(own) = self.waiting.iter().position(is_it).and_then(|place| self.waiting.remove(place)) {
            self.came.insert((of, said, time));
            return Arrival::Expected(own);
        }
        let mut same = self.came.range((of.clone(), said.clone(), Timestamp([0; 7]))..);
        let has_come = same.next().is_some_and(|(own, what, _)| (own, what) == (&of, &said));
        if has_come { Arrival::Again } else { Arrival::Unknown }
    }
}

/// A text and data of the same octets differ.
fn octets(content: &Content) -> Vec<u8> {
    match content {
        Content::Text(text) => [&[0], text.as_bytes()].concat(),
        Content::Octets(octets) => [&[1], &octets[..]].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(digits: &str) -> Address {
        Address::international(digits).unwrap()
    }

    fn expected(number: u64, digits: &str) -> ExpectedSms {
        ExpectedSms { number, from: from(digits), content: Content::Text("hi".into()), sent: Instant::ZERO }
    }

    #[test]
    fn two_that_say_the_same_are_two() {
        let mut own = Expected::default();
        own.push(expected(1, "49171"));
        own.push(expected(2, "49171"));
        own.push(expected(3, "49172"));
        let hi = Content::Text("hi".into());
        let time = |second: u64| Timestamp::from_utc_ms(second * 1000, 0);
        assert_eq!(own.comes(&from("49171"), &hi, time(1)), Arrival::Expected(expected(1, "49171")));
        // The first comes again, the second is lost.
        assert_eq!(own.comes(&from("49171"), &hi, time(1)), Arrival::Again);
        assert_eq!(own.missing(), 2);
        // Of another one.
        assert_eq!(own.comes(&from("49172"), &hi, time(1)), Arrival::Expected(expected(3, "49172")));
        assert_eq!(own.comes(&from("49173"), &hi, time(1)), Arrival::Unknown);
        assert_eq!(own.comes(&from("49171"), &Content::Octets(b"hi".to_vec()), time(1)), Arrival::Unknown);
        assert_eq!(own.comes(&from("49171"), &hi, time(2)), Arrival::Expected(expected(2, "49171")));
        // With another stamp it is the same all the same, where no other one is on its way.
        assert_eq!((own.comes(&from("49171"), &hi, time(3)), own.missing()), (Arrival::Again, 0));
    }
}
