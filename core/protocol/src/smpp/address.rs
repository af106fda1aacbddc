//! Addresses of SMEs: SMPP 3.4 clauses 5.2.5 to 5.2.9.

use super::command::CommandStatus;
use super::text::COctetString;
use crate::octets::Octets;
use crate::sms::{Address, NumberingPlan, TypeOfNumber};

/// An address with type and plan; 21 octets with NUL, 65 in data_sm and alert_notification.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SmeAddress<const MAX: usize = 21> {
    /// Type of number.
    pub ton: TypeOfNumber,
    /// Numbering plan.
    pub npi: NumberingPlan,
    /// Digits without `+`, or a text.
    pub address: COctetString<MAX>,
}

impl<const MAX: usize> SmeAddress<MAX> {
    /// A number of E.164 with its country code, with or without `+`.
    pub fn international(digits: &str) -> Option<Self> {
        let digits = digits.strip_prefix('+').unwrap_or(digits);
        let address = COctetString::new(digits)?;
        Some(Self { ton: TypeOfNumber::INTERNATIONAL, npi: NumberingPlan::ISDN, address })
    }

    /// The same for the transfer layer; `None`: it does not fit there.
    pub fn to_sms(&self) -> Option<Address> {
        let text = std::str::from_utf8(self.address.as_bytes()).ok()?;
        match self.ton {
            TypeOfNumber::ALPHANUMERIC => Address::alphanumeric(text),
            _ => Address::new(self.ton, self.npi, text.strip_prefix('+').unwrap_or(text)),
        }
    }

    pub(super) fn parse(octets: &mut Octets<'_>, broken: CommandStatus) -> Result<Self, CommandStatus> {
        let short = CommandStatus::INVALID_COMMAND_LENGTH;
        Ok(Self {
            ton: TypeOfNumber(octets.octet().ok_or(short)?),
            npi: NumberingPlan(octets.octet().ok_or(short)?),
            address: COctetString::parse(octets).ok_or(broken)?,
        })
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        out.extend([self.ton.0, self.npi.0]);
        self.address.emit(out);
    }
}

/// No address: the message centre puts in its own.
impl<const MAX: usize> Default for SmeAddress<MAX> {
    fn default() -> Self {
        Self { ton: TypeOfNumber::UNKNOWN, npi: NumberingPlan::UNKNOWN, address: COctetString::default() }
    }
}

/// Addresses of the transfer layer always fit.
impl<const MAX: usize> From<&Address> for SmeAddress<MAX> {
    fn from(address: &Address) -> Self {
        let text = address.text().unwrap_or_else(|| address.digits());
        let address_text = COctetString::new(text).unwrap_or_default();
        Self { ton: address.type_of_number(), npi: address.numbering_plan(), address: address_text }
    }
}
