//! What a subscriber has for short messages (TS 23.008 clause 2.4, TR 23.804 clauses 4 and 5.1.2): services, numbers that are
//! known in advance, and the order of accesses.

use protocol::map::SmsAccess;
use serde::{Deserialize, Serialize};

/// A way to and from a UE for short messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsWay {
    /// Over IP, by an IP-Message-GW.
    Ip,
    /// By an SGSN.
    Sgsn,
    /// By an MSC.
    Msc,
}

impl SmsWay {
    /// All of them, in the order that is usual.
    pub const ALL: [Self; 3] = [Self::Ip, Self::Sgsn, Self::Msc];

    pub(super) const fn access(self) -> SmsAccess {
        match self {
            Self::Ip => SmsAccess::IP,
            Self::Sgsn => SmsAccess::SGSN,
            Self::Msc => SmsAccess::MSC,
        }
    }

    /// None for what is not known.
    pub(super) fn of_access(access: SmsAccess) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.access() == access)
    }
}

/// What a subscriber has for short messages, as it is written and stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsSubscription {
    /// Short messages to the UE (teleservice 21).
    pub mt: bool,
    /// Short messages from the UE (teleservice 22).
    pub mo: bool,
    /// The operator bars the subscriber.
    pub barred: bool,
    /// Number of the MSC that serves the UE; none: it has no circuit switched access. `map` has no updateLocation.
    pub msc: Option<String>,
    /// Number of the SGSN that serves the UE until another one updates the location.
    pub sgsn: Option<String>,
    /// Number of an IP-Message-GW that serves the UE whenever it is registered in the IMS, without a registration at the HLR
    /// (TR 23.804 clause 8.7 step 5); none: that of the HLR, if it has one.
    pub gateway: Option<String>,
    /// The operator's order for messages to the UE: what is not in it is not used. None: that of the HLR.
    pub mt_order: Option<Vec<SmsWay>>,
    /// The operator's order for messages from the UE.
    pub mo_order: Option<Vec<SmsWay>>,
    /// Whether the operator allows the user an order of its own.
    pub user_order: bool,
    /// The user's order for messages to the UE, until the UE brings another one.
    pub user_mt_order: Vec<SmsWay>,
    /// The user's order for messages from the UE.
    pub user_mo_order: Vec<SmsWay>,
}

impl Default for SmsSubscription {
    fn default() -> Self {
        Self {
            mt: true,
            mo: true,
            barred: false,
            msc: None,
            sgsn: None,
            gateway: None,
            mt_order: None,
            mo_order: None,
            user_order: false,
            user_mt_order: Vec::new(),
            user_mo_order: Vec::new(),
        }
    }
}

impl SmsSubscription {
    /// What is wrong with it.
    pub(in crate::ims::hss) fn problem(&self) -> Option<String> {
        for (name, number) in [("msc", &self.msc), ("sgsn", &self.sgsn), ("gateway", &self.gateway)] {
            if let Some(number) = number.as_ref().filter(|number| !is_number(number)) {
                return Some(format!("sms.{name} {number:?} is not {NUMBER}"));
            }
        }
        let orders = [
            ("mt_order", self.mt_order.as_deref().unwrap_or_default()),
            ("mo_order", self.mo_order.as_deref().unwrap_or_default()),
            ("user_mt_order", &self.user_mt_order),
            ("user_mo_order", &self.user_mo_order),
        ];
        let twice = |order: &[SmsWay]| order.iter().enumerate().any(|(at, way)| order[..at].contains(way));
        orders.iter().find(|(_, order)| twice(order)).map(|(name, _)| format!("sms.{name} has an access twice"))
    }
}

/// Digits of an international number as in [`SmsSubscription`] (E.164).
pub(in crate::ims::hss) fn is_number(number: &str) -> bool {
    (5..=15).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
}

/// What [`is_number`] wants, for errors.
pub(in crate::ims::hss) const NUMBER: &str = "5 to 15 digits, international without +";

/// The order that is in force: the user's, as far as the operator's has its accesses, and the operator's other ones after it.
pub(super) fn order(operator: &[SmsWay], user: &[SmsWay]) -> Vec<SmsWay> {
    let mut ways = Vec::new();
    for way in user.iter().filter(|way| operator.contains(way)).chain(operator) {
        if !ways.contains(way) {
            ways.push(*way);
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::SmsWay::{Ip, Msc, Sgsn};
    use super::*;

    #[test]
    fn the_user_orders_what_the_operator_allows() {
        assert_eq!(order(&[Ip, Sgsn, Msc], &[]), [Ip, Sgsn, Msc]);
        assert_eq!(order(&[Ip, Sgsn, Msc], &[Msc]), [Msc, Ip, Sgsn]);
        assert_eq!(order(&[Sgsn, Ip], &[Msc, Ip, Ip]), [Ip, Sgsn]);
        assert_eq!(order(&[], &[Ip]), []);
    }
}
