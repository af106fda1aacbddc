//! What the store holds of a message.

use protocol::smpp::{COctetString, MessageState, SmeAddress};
use protocol::sms::{Address, NumberingPlan, Status, TypeOfNumber};
use serde::{Deserialize, Serialize};

use super::schedule::Cause;

/// An address with type and plan. Its text is ASCII.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(super) struct Party {
    pub(super) ton: u8,
    pub(super) npi: u8,
    pub(super) text: String,
}

impl Party {
    /// `None`: there is none, or it is no ASCII.
    pub(super) fn of<const MAX: usize>(address: &SmeAddress<MAX>) -> Option<Self> {
        let text = std::str::from_utf8(address.address.as_bytes()).ok().filter(|text| text.is_ascii())?;
        let is_plain = |c: char| !c.is_ascii_control();
        (!text.is_empty() && text.chars().all(is_plain)).then(|| Self {
            ton: address.ton.0,
            npi: address.npi.0,
            text: text.to_owned(),
        })
    }

    /// An address of the transfer layer; `None`: it is empty.
    pub(super) fn of_sms(address: &Address) -> Option<Self> {
        SmeAddress::<21>::of_sms(address).and_then(|address| Self::of(&address))
    }

    pub(super) fn international(digits: &str) -> Self {
        let (ton, npi) = (TypeOfNumber::INTERNATIONAL.0, NumberingPlan::ISDN.0);
        Self { ton, npi, text: digits.to_owned() }
    }

    pub(super) fn to_sme<const MAX: usize>(&self) -> SmeAddress<MAX> {
        let address = COctetString::new(&self.text).unwrap_or_default();
        SmeAddress { ton: TypeOfNumber(self.ton), npi: NumberingPlan(self.npi), address }
    }

    /// For the transfer layer; `None`: it does not fit there.
    pub(super) fn to_sms(&self) -> Option<Address> {
        self.to_sme::<65>().to_sms()
    }

    pub(super) const fn is_alphanumeric(&self) -> bool {
        self.ton == TypeOfNumber::ALPHANUMERIC.0
    }
}

/// A message on its way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) source: Party,
    pub(super) destination: Party,
    pub(super) body: Content,
    /// When it came, which is its TP-SCTS: the same in each attempt.
    pub(super) accepted_ms: u64,
    pub(super) expires_ms: u64,
    /// priority_flag; from 1 on it goes before others.
    pub(super) priority: u8,
    /// One attempt, and no more.
    pub(super) single_shot: bool,
    /// TP-MR of the UE that wants an SMS-STATUS-REPORT.
    pub(super) report: Option<u8>,
    /// registered_delivery.
    pub(super) receipt: u8,
    /// The ESME that has submitted it.
    pub(super) account: Option<String>,
    pub(super) service_type: String,
    /// user_message_reference, which comes back in receipts.
    pub(super) user_reference: Option<u16>,
    /// The number by which the ESME knows it, if that is another.
    pub(super) id: Option<u64>,
    /// Numbers of the first and of the last part of what one submit_sm has brought; the last one stands for all.
    pub(super) parts: Option<(u64, u64)>,
    /// Its row among the origins, without the number, and the hash of what was sent.
    pub(super) origin: Option<String>,
    pub(super) digest: String,
}

/// What a message is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content {
    /// SMS-DELIVER.
    Deliver(#[serde(with = "hex")] Vec<u8>),
    /// SMS-STATUS-REPORT.
    Report(#[serde(with = "hex")] Vec<u8>),
    /// A delivery receipt for an ESME.
    Receipt(Receipt),
}

impl Content {
    /// TP-MTI is right, and TP-MMS says whether more follows: bit 2 is set when not (TS 23.040 clause 9.2.3.2).
    pub(super) fn tpdu(&self, more: bool) -> Option<Vec<u8>> {
        let (Self::Deliver(octets) | Self::Report(octets)) = self else { return None };
        let mut octets = octets.clone();
        let first = octets.first_mut()?;
        *first = if more { *first & !NO_MORE } else { *first | NO_MORE };
        Some(octets)
    }

    /// Reports are not reported.
    pub(super) const fn is_report(&self) -> bool {
        !matches!(self, Self::Deliver(_))
    }
}

/// TP-MMS.
const NO_MORE: u8 = 0x04;

/// A delivery receipt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Receipt {
    pub(super) message: u64,
    pub(super) state: u8,
    pub(super) error: u8,
    pub(super) submitted: u16,
    pub(super) delivered: u16,
    pub(super) submit_ms: u64,
    pub(super) done_ms: u64,
    #[serde(with = "hex")]
    pub(super) text: Vec<u8>,
    pub(super) user_reference: Option<u16>,
}

/// Where a message is, by its number.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    /// In a lane, in the row with this key.
    Held { key: String, account: Option<String>, is_last: bool },
    /// Not to be delivered before this time.
    Scheduled { at_ms: u64, message: Box<Message> },
    /// Another SM-SC has it and tells what becomes of it.
    Forwarded { message: Box<Message>, row: String },
    /// Nowhere: what became of it.
    Done(Done),
}

/// What became of a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) source: Party,
    pub(super) destination: Party,
    pub(super) account: Option<String>,
    pub(super) accepted_ms: u64,
    pub(super) done_ms: u64,
    pub(super) state: u8,
    pub(super) status: u8,
    pub(super) error: u8,
    pub(super) origin: Option<String>,
}

/// Messages with the same originator, destination and reference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) accepted_ms: u64,
    /// A hash of what was sent.
    pub(super) digest: String,
}

/// What is known of a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct LaneState {
    /// Its first message is not tried before.
    pub(super) due_ms: u64,
    /// Attempts that failed in a row for one cause.
    pub(super) attempts: u32,
    pub(super) cause: Option<Cause>,
}

/// How a message ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Final {
    pub(super) state: MessageState,
    /// TP-ST.
    pub(super) status: Status,
    /// Error code of the network, in receipts and answers to query_sm.
    pub(super) error: u8,
}

impl Final {
    pub(super) const DELIVERED: Self = Self { state: MessageState::DELIVERED, status: Status::RECEIVED, error: 0 };
    pub(super) const FORWARDED: Self = Self { state: MessageState::ACCEPTED, status: Status::FORWARDED, error: 0 };
    pub(super) const EXPIRED: Self = Self { state: MessageState::EXPIRED, status: Status::VALIDITY_EXPIRED, error: 0 };
    pub(super) const DELETED: Self =
        Self { state: MessageState::DELETED, status: Status::DELETED_BY_ORIGINATOR, error: 0 };
}
