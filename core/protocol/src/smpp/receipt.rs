//! Delivery receipts: SMPP 3.4 appendix B, and the optional parameters that say the same.

use super::message::{EsmClass, MessageId, MessageState, ShortMessage};
use super::text::COctetString;
use super::time::{SmppTime, date};
use super::tlv::{Tlv, TlvTag, Tlvs};

/// What became of a message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DeliveryReceipt {
    /// Which message.
    pub message_id: MessageId,
    /// Messages that were submitted.
    pub submitted: u16,
    /// Messages that were delivered.
    pub delivered: u16,
    /// When it was submitted: UTC in milliseconds, told in minutes.
    pub submit_date: Option<u64>,
    /// When it came to this state.
    pub done_date: Option<u64>,
    /// Its state.
    pub state: MessageState,
    /// Error of the network or of the message centre, three characters.
    pub error: String,
    /// How it begins.
    pub text: Vec<u8>,
}

/// Octets of the text (appendix B).
const MAX_TEXT: usize = 20;
/// Keys in their order.
const KEYS: [&str; 8] = ["id:", "sub:", "dlvrd:", "submit date:", "done date:", "stat:", "err:", "text:"];

impl DeliveryReceipt {
    /// A receipt for one message.
    pub fn new(message_id: MessageId, state: MessageState, submit_date: u64, done_date: u64) -> Self {
        let delivered = u16::from(state == MessageState::DELIVERED);
        let (submit_date, done_date) = (Some(submit_date), Some(done_date));
        let error = "000".to_owned();
        Self { message_id, submitted: 1, delivered, submit_date, done_date, state, error, text: Vec::new() }
    }

    /// The text of a receipt.
    pub fn emit(&self) -> Vec<u8> {
        // A date that is not known is all zeros.
        let minutes = |at: Option<u64>| at.map_or_else(|| "0".repeat(10), |at| date(at)[..10].to_owned());
        let state = self.state.name().unwrap_or("UNKNOWN");
        let values = [
            self.message_id.to_string(),
            format!("{:03}", self.submitted.min(999)),
            format!("{:03}", self.delivered.min(999)),
            minutes(self.submit_date),
            minutes(self.done_date),
            state.to_owned(),
            self.error.clone(),
        ];
        let head: String = KEYS.iter().zip(values).map(|(key, value)| format!("{key}{value} ")).collect();
        let text = &self.text[..self.text.len().min(MAX_TEXT)];
        [head.as_bytes(), KEYS[7].as_bytes(), text].concat()
    }

    /// Optional parameters that say the same.
    pub fn tlvs(&self) -> Vec<Tlv> {
        let state = Tlv::octet(TlvTag::MESSAGE_STATE, self.state.0);
        vec![Tlv::text(TlvTag::RECEIPTED_MESSAGE_ID, &self.message_id), state]
    }

    /// Reads the text of a receipt, with keys in any order and case; `None`: neither a message nor a state is named.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let body = find(&lower, KEYS[7]).map_or(text.len(), |at| at + KEYS[7].len());
        let head = body.saturating_sub(KEYS[7].len()).min(text.len());
        let value = |key: &str| {
            let from = find(lower.get(..if body < text.len() { head } else { body })?, key)? + key.len();
            let value = text.get(from..)?;
            let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
            value.get(..end)
        };
        let text_of = |key: &str| value(key).and_then(|value| std::str::from_utf8(value).ok());
        let number = |key: &str| text_of(key).and_then(|value| value.parse().ok());
        let state = text_of("stat:").map(state_of);
        let message_id = value("id:").and_then(COctetString::new);
        (state.is_some() && message_id.is_some()).then(|| Self {
            message_id: message_id.unwrap_or_default(),
            submitted: number("sub:").unwrap_or(1),
            delivered: number("dlvrd:").unwrap_or(0),
            submit_date: value("submit date:").and_then(date_of),
            done_date: value("done date:").and_then(date_of),
            state: state.unwrap_or(MessageState::UNKNOWN),
            error: text_of("err:").unwrap_or_default().to_owned(),
            text: text.get(body..).unwrap_or_default().to_vec(),
        })
    }

    /// The receipt that a deliver_sm is; `None`: it is none. What optional parameters say counts.
    pub fn of(message: &ShortMessage, tlvs: &[Tlv]) -> Option<Self> {
        if !matches!(message.esm_class.kind(), EsmClass::DELIVERY_RECEIPT | EsmClass::INTERMEDIATE_NOTIFICATION) {
            return None;
        }
        let text = tlvs.octets(TlvTag::MESSAGE_PAYLOAD).unwrap_or(message.message.as_bytes());
        let message_id = tlvs.tlv(TlvTag::RECEIPTED_MESSAGE_ID).and_then(Tlv::string);
        let state = tlvs.integer(TlvTag::MESSAGE_STATE).and_then(|state| u8::try_from(state).ok()).map(MessageState);
        let told = Self::parse(text);
        let mut receipt = match (told, message_id.clone(), state) {
            (Some(told), ..) => told,
            (None, Some(message_id), Some(state)) => {
                Self { submit_date: None, done_date: None, text: text.to_vec(), ..Self::new(message_id, state, 0, 0) }
            }
            (None, ..) => return None,
        };
        receipt.message_id = message_id.unwrap_or(receipt.message_id);
        receipt.state = state.unwrap_or(receipt.state);
        Some(receipt)
    }
}

/// Where a key begins: at the begin, or behind white space.
fn find(text: &[u8], key: &str) -> Option<usize> {
    let key = key.as_bytes();
    let is_there = |at: &usize| text[*at..].starts_with(key) && (*at == 0 || text[*at - 1].is_ascii_whitespace());
    (0..text.len()).find(is_there)
}

fn state_of(text: &str) -> MessageState {
    let states = (0..=u8::MAX).map(MessageState);
    let is_it = |state: &MessageState| state.name().is_some_and(|name| name.eq_ignore_ascii_case(text));
    states.into_iter().find(is_it).unwrap_or(MessageState::UNKNOWN)
}

/// Ten digits, or twelve with seconds.
fn date_of(text: &[u8]) -> Option<u64> {
    let text = if text.len() == 10 { [text, b"00"].concat() } else { text.to_vec() };
    SmppTime::parse(&text).filter(|_| text.len() == 12).map(|time| time.at(0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::text::MessageOctets;
    use super::*;

    /// 2026-11-12T21:21:00Z.
    const NOW: u64 = 1_794_518_460_000;

    fn receipt() -> DeliveryReceipt {
        let mut receipt =
            DeliveryReceipt::new(MessageId::new("0123456789").unwrap(), MessageState::DELIVERED, NOW, NOW + 120_000);
        receipt.text = b"hello".to_vec();
        receipt
    }

    #[test]
    fn the_text_of_appendix_b() {
        let wanted = "id:0123456789 sub:001 dlvrd:001 submit date:2611122121 done date:2611122123 stat:DELIVRD err:000 text:hello";
        assert_eq!(String::from_utf8(receipt().emit()).unwrap(), wanted);
        assert_eq!(DeliveryReceipt::parse(wanted.as_bytes()), Some(receipt()));
    }

    /// As message centres in the field write them: with seconds, with `Text`, without a text, in another order.
    #[test]
    fn texts_of_others() {
        let text = b"id:64567564356765435676 sub:001 dlvrd:001 submit date:190608165232 done date:190608165237 stat:DELIVRD err:000 text:Hello World";
        let read = DeliveryReceipt::parse(text).unwrap();
        assert_eq!((read.submit_date, read.text.as_slice()), (Some(1_560_012_752_000), &b"Hello World"[..]));
        let read =
            DeliveryReceipt::parse(b"id:A-7 stat:UNDELIV err:075 done date:1201121551 Text: stat:EXPIRED").unwrap();
        assert_eq!(
            (read.state, read.error.as_str(), read.text.as_slice()),
            (MessageState::UNDELIVERABLE, "075", &b" stat:EXPIRED"[..])
        );
        assert_eq!((read.submit_date, read.submitted, read.delivered), (None, 1, 0));
        assert_eq!(DeliveryReceipt::parse(b"stat:NEW id:1").map(|read| read.state), Some(MessageState::UNKNOWN));
        for text in [&b""[..], b"hello", b"id:1", b"stat:DELIVRD", b"text:id:1 stat:DELIVRD"] {
            assert_eq!(DeliveryReceipt::parse(text), None);
        }
    }

    #[test]
    fn optional_parameters_count() {
        let mut message = ShortMessage { message: MessageOctets::new(receipt().emit()).unwrap(), ..Default::default() };
        assert_eq!(DeliveryReceipt::of(&message, &[]), None, "an ordinary message");
        message.esm_class = EsmClass(EsmClass::DELIVERY_RECEIPT);
        assert_eq!(DeliveryReceipt::of(&message, &receipt().tlvs()), Some(receipt()));
        let other = DeliveryReceipt { state: MessageState::EXPIRED, ..receipt() };
        assert_eq!(DeliveryReceipt::of(&message, &other.tlvs()), Some(other));
        message.message = MessageOctets::default();
        let read = DeliveryReceipt::of(&message, &receipt().tlvs()).unwrap();
        assert_eq!((read.message_id, read.submit_date), (receipt().message_id, None));
        assert_eq!(DeliveryReceipt::of(&message, &[]), None);
        let payload = Tlv::new(TlvTag::MESSAGE_PAYLOAD, receipt().emit());
        assert_eq!(DeliveryReceipt::of(&message, &[payload]), Some(receipt()));
    }

    proptest! {
        #[test]
        fn receipts_come_back(id in "[0-9A-Za-z-]{1,64}", state in 1_u8..=8, minute in 16_000_000_u64..60_000_000, error in "[0-9]{3}", text in proptest::collection::vec(any::<u8>(), 0..20)) {
            let mut receipt = DeliveryReceipt::new(MessageId::new(&id).unwrap(), MessageState(state), minute * 60_000, (minute + 9) * 60_000);
            (receipt.error, receipt.text) = (error, text);
            prop_assert_eq!(DeliveryReceipt::parse(&receipt.emit()), Some(receipt));
        }

        #[test]
        fn any_text_is_a_receipt_or_not(text in proptest::collection::vec(any::<u8>(), 0..60), keys in "(id:|stat:| |text:|err:|\n){0,9}") {
            let _ = DeliveryReceipt::parse(&[&text, keys.as_bytes(), &text].concat());
        }
    }
}
