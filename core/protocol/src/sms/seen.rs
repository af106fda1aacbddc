//! Messages that came before. A service centre that has missed the RP-ACK sends a message again under another RP-MR: it
//! is the same when the TPDU is, TP-SCTS included.

use super::tpdu::Tpdu;
use crate::Latest;

/// The last messages that were taken.
#[derive(Clone, Debug)]
pub struct Seen(Latest<Vec<u8>>);

impl Seen {
    /// Knows so many messages; the oldest ones are forgotten.
    pub const fn new(capacity: usize) -> Self {
        Self(Latest::new(capacity))
    }

    /// Has it come, and was it taken, before?
    pub fn contains(&self, tpdu: &Tpdu) -> bool {
        self.0.contains(&identity(tpdu))
    }

    /// It is taken: stored, and acknowledged. What was refused is not, for it has to come again.
    pub fn remember(&mut self, tpdu: &Tpdu) {
        self.0.insert(identity(tpdu));
    }
}

/// What does not change when it is sent again: TP-MMS does.
fn identity(tpdu: &Tpdu) -> Vec<u8> {
    let mut tpdu = tpdu.clone();
    match &mut tpdu {
        Tpdu::Deliver(deliver) => deliver.more_messages = false,
        Tpdu::StatusReport(report) => report.more_messages = false,
        Tpdu::DeliverReport(_) | Tpdu::Submit(_) | Tpdu::SubmitReport(_) | Tpdu::Command(_) => {}
    }
    tpdu.emit()
}

#[cfg(test)]
mod tests {
    use super::super::{Address, Deliver, Timestamp, UserData};
    use super::*;

    fn deliver(utc_s: u64) -> Deliver {
        let (coding, data) = UserData::of_text("hello").unwrap();
        Deliver::new(Address::of_number("+15550100").unwrap(), Timestamp::from_utc_ms(utc_s * 1000, 0), coding, data)
    }

    #[test]
    fn the_same_message_again() {
        let mut seen = Seen::new(2);
        let first = Tpdu::Deliver(deliver(1));
        assert!(!seen.contains(&first));
        seen.remember(&first);
        let mut again = deliver(1);
        again.more_messages = true;
        assert!(seen.contains(&Tpdu::Deliver(again)));
        // The same text at another time is another message.
        assert!(!seen.contains(&Tpdu::Deliver(deliver(2))));
        for time in [1, 2, 3] {
            seen.remember(&Tpdu::Deliver(deliver(time)));
        }
        assert!(!seen.contains(&first) && seen.contains(&Tpdu::Deliver(deliver(2))));
    }
}
