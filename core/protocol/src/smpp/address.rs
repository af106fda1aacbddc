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

    /// An address of the transfer layer; `None`: a text that has too many octets here.
    pub fn of_sms(address: &Address) -> Option<Self> {
        let text = address.text().unwrap_or_else(|| address.digits());
        let (ton, npi) = (address.type_of_number(), address.numbering_plan());
        Some(Self { ton, npi, address: COctetString::new(text)? })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_there_and_back() {
        for address in
            [Address::of_number("+358401234567"), Address::of_number("0401"), Address::alphanumeric("Bank é")]
        {
            let address = address.unwrap();
            assert_eq!(SmeAddress::<21>::of_sms(&address).and_then(|own| own.to_sms()), Some(address));
        }
        // Eleven characters, and twenty-two octets.
        let umlauts = Address::alphanumeric("äöüäöüäöüäö").unwrap();
        assert_eq!(SmeAddress::<21>::of_sms(&umlauts), None);
        assert_eq!(SmeAddress::<65>::of_sms(&umlauts).and_then(|own| own.to_sms()), Some(umlauts));
    }

    #[test]
    fn kinds_that_the_transfer_layer_cannot_say() {
        let address = |ton, npi| {
            let address = COctetString::new("358401").unwrap();
            SmeAddress::<21> { ton: TypeOfNumber(ton), npi: NumberingPlan(npi), address }.to_sms()
        };
        assert!(address(7, 15).is_some());
        // Bits that are cut off would make them another kind: international, ISDN.
        assert_eq!((address(9, 1), address(1, 17)), (None, None));
    }
}
