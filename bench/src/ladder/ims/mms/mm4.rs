//! Mails of MM4 (TS 23.140 clause 8.4.4) as steps ask for them: their header fields, which stand at the beginning of a piece of
//! the stream.

use super::super::find::{Bound, escape};
use super::pdu::MESSAGE;
use crate::ladder::ims::ImsCast;

/// What must be seen of MM4.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mm4 {
    /// X-Mms-Message-Type: `MM4_forward.REQ`.
    pub kind: &'static str,
    /// Which one.
    pub of: Mm4Of,
    /// Name of the exchange: the request with the name says which transaction that is.
    pub exchange: &'static str,
}

/// Which of the mails of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mm4Of {
    /// Of the UE: it says which multimedia message that is.
    Sender,
    /// For the UE: it says which multimedia message that is.
    Recipient,
    /// About that multimedia message.
    Message,
    /// Of the transaction of the exchange.
    Transaction,
}

/// The header fields of a mail.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Mm4Seen {
    pub(crate) kind: String,
    from: String,
    to: String,
    message_id: String,
    transaction_id: String,
}

impl Mm4Seen {
    /// None: no mail of MM4 begins here.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let bytes = &bytes[..bytes.len().min(HEAD_MAX)];
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).replace("\r\n ", " ").replace("\r\n\t", " ");
        let mut seen = Self::default();
        for (name, value) in head.split("\r\n").filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "x-mms-message-type" => value.clone_into(&mut seen.kind),
                "from" => value.clone_into(&mut seen.from),
                "to" | "cc" => seen.to += &format!("{value}, "),
                "x-mms-message-id" => value.trim_matches(['<', '>', '"']).clone_into(&mut seen.message_id),
                "x-mms-transaction-id" => value.trim_matches('"').clone_into(&mut seen.transaction_id),
                _ => {}
            }
        }
        (!seen.kind.is_empty()).then_some(seen)
    }
}

impl Mm4 {
    /// What the mail teaches; none when it is another one.
    pub(crate) fn sees(&self, seen: &Mm4Seen, cast: &ImsCast, bound: &Bound) -> Option<Vec<(String, String)>> {
        let transaction = bound.get(&self.bound_name());
        let is_it = seen.kind == self.kind
            && match self.of {
                Mm4Of::Sender => seen.from.contains(&number(cast)) && is(bound.get(MESSAGE), &seen.message_id),
                Mm4Of::Recipient => seen.to.contains(&number(cast)) && is(bound.get(MESSAGE), &seen.message_id),
                Mm4Of::Message => bound.get(MESSAGE) == Some(&seen.message_id),
                Mm4Of::Transaction => transaction == Some(&seen.transaction_id),
            };
        let of_transaction = is(transaction, &seen.transaction_id);
        let mut learned = vec![(self.bound_name(), seen.transaction_id.clone())];
        if matches!(self.of, Mm4Of::Sender | Mm4Of::Recipient) {
            learned.push((MESSAGE.to_owned(), seen.message_id.clone()));
        }
        (is_it && of_transaction).then_some(learned)
    }

    /// The display filter.
    pub(crate) fn filter(&self, cast: &ImsCast, bound: &Bound) -> String {
        let mut filter = format!("frame contains \"X-Mms-Message-Type: {}\"", self.kind);
        let mut and = |words: &str| filter += &format!(" && frame contains \"{}\"", escape(words));
        if matches!(self.of, Mm4Of::Sender | Mm4Of::Recipient) {
            and(&number(cast));
        }
        if let Some(message) = bound.get(MESSAGE).filter(|_| self.of != Mm4Of::Transaction) {
            and(message);
        }
        if let Some(transaction) = bound.get(&self.bound_name()) {
            and(transaction);
        }
        filter
    }

    /// Under what its transaction is kept.
    fn bound_name(&self) -> String {
        format!("MM4 {}", self.exchange)
    }
}

/// The UE as MM4 names it (TS 23.140 clause 8.4.5.1).
fn number(cast: &ImsCast) -> String {
    format!("+{}/TYPE=PLMN", cast.ue.msisdn)
}

fn is(known: Option<&String>, own: &str) -> bool {
    known.is_none_or(|known| known == own)
}

/// Octets that are looked into.
const HEAD_MAX: usize = 64 << 10;
