//! Text messages of a run: which modem has to send what, and what has arrived.

use protocol::Instant;

use crate::sms::Delivered;

/// The messages of a run, in the order of the steps.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    all: Vec<Message>,
}

#[derive(Debug)]
struct Message {
    from: usize,
    to: usize,
    /// Number of the UE that sends; `None`: its modem has not said.
    number: String,
    text: String,
    pdu: Vec<u8>,
    submitted: Instant,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Its modem is not there yet.
    Waiting,
    /// The modem has it.
    Given,
    /// The network has it.
    Sent,
    /// It will not come.
    Failed,
    Delivered,
}

impl Messages {
    /// A message from UE to UE, by their places; gives its number, from 1.
    pub(crate) fn submit(
        &mut self,
        now: Instant,
        (from, to): (usize, usize),
        number: &str,
        text: &str,
        pdu: Vec<u8>,
    ) -> u64 {
        let (number, text) = (number.to_owned(), text.to_owned());
        self.all.push(Message { from, to, number, text, pdu, submitted: now, state: State::Waiting });
        self.all.len() as u64
    }

    /// The next message that waits for the modem of a UE, which has it from now on.
    pub(crate) fn take(&mut self, ue: usize) -> Option<(u64, Vec<u8>)> {
        let waits = |m: &&mut (usize, &mut Message)| m.1.from == ue && m.1.state == State::Waiting;
        let mut all: Vec<(usize, &mut Message)> = self.all.iter_mut().enumerate().collect();
        let (place, message) = all.iter_mut().find(waits)?;
        message.state = State::Given;
        Some((*place as u64 + 1, message.pdu.clone()))
    }

    /// The modem has said what became of a message.
    pub(crate) fn sent(&mut self, number: u64, is_sent: bool) {
        let place = usize::try_from(number).unwrap_or(0).checked_sub(1);
        if let Some(message) = place.and_then(|place| self.all.get_mut(place))
            && message.state == State::Given
        {
            message.state = if is_sent { State::Sent } else { State::Failed };
        }
    }

    /// A message came out of the modem of a UE: its number and when it was submitted; `None`: nobody sent it.
    pub(crate) fn delivered(&mut self, ue: usize, read: &Delivered) -> Option<(u64, Instant)> {
        let is_it = |m: &Message| {
            m.to == ue
                // What no modem has sent yet is an old one with the same text.
                && !matches!(m.state, State::Waiting | State::Delivered)
                && m.text == read.text
                && (m.number.is_empty() || read.from.ends_with(m.number.trim_start_matches('+')))
        };
        let place = self.all.iter().position(is_it)?;
        self.all[place].state = State::Delivered;
        Some((place as u64 + 1, self.all[place].submitted))
    }

    /// All have arrived.
    pub(crate) fn are_delivered(&self) -> bool {
        self.all.iter().all(|m| m.state == State::Delivered)
    }

    /// Nothing more will arrive; `is_gone` says whose modem is given up.
    pub(crate) fn are_settled(&self, is_gone: impl Fn(usize) -> bool) -> bool {
        self.all.iter().all(|m| match m.state {
            State::Delivered | State::Failed => true,
            State::Waiting | State::Given => is_gone(m.from) || is_gone(m.to),
            State::Sent => is_gone(m.to),
        })
    }

    /// Messages that no modem ever took: their numbers.
    pub(crate) fn never_taken(&self) -> Vec<u64> {
        let waiting = self.all.iter().zip(1..).filter(|(m, _)| m.state == State::Waiting);
        waiting.map(|(_, number)| number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_arrives_once_and_with_its_own_text() {
        let mut messages = Messages::default();
        assert_eq!(messages.submit(Instant::ZERO, (0, 1), "123", "hello", vec![1]), 1);
        assert_eq!(messages.submit(Instant::ZERO, (0, 1), "123", "hello", vec![2]), 2);
        assert_eq!(messages.take(1), None);
        assert_eq!(messages.take(0), Some((1, vec![1])));
        messages.sent(1, true);
        let read = |text: &str| Delivered { from: "123".into(), text: text.into() };
        assert_eq!(messages.delivered(1, &read("hullo")), None);
        assert_eq!(messages.delivered(0, &read("hello")), None);
        assert_eq!(messages.delivered(1, &read("hello")), Some((1, Instant::ZERO)));
        assert!(!messages.are_delivered() && !messages.are_settled(|_| false));
        assert!(messages.are_settled(|ue| ue == 0));
        assert_eq!(messages.never_taken(), [2]);
        assert_eq!(messages.take(0), Some((2, vec![2])));
        messages.sent(2, false);
        assert!(messages.are_settled(|_| false) && !messages.are_delivered());
    }
}
