//! Accounts and reservations of the OCS (TS 32.296 clause 5.2.1: account balance management).
//!
//! Of every session: granted + overrun = used + returned + outstanding. Of every account: credited + refunded − debited is the
//! balance, and what is reserved is the sum over its sessions.

use serde::{Deserialize, Serialize};

use super::tariff::Tariff;

/// An account. Amounts are whole numbers of the smallest unit of the currency.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its name: a public identity of the user.
    pub id: String,
    /// Other identities that it pays for.
    #[serde(default)]
    pub identities: Vec<String>,
    /// What is there, reserved amounts among it. Below zero only when a service that was lost sight of reports late.
    pub balance: i64,
    /// What is held for sessions.
    #[serde(default)]
    pub reserved: u64,
    /// What was paid in.
    #[serde(default)]
    pub credited: u64,
    /// What was used.
    #[serde(default)]
    pub debited: u64,
    /// What was given back.
    #[serde(default)]
    pub refunded: u64,
    /// No service at all.
    #[serde(default)]
    pub blocked: bool,
}

impl Account {
    /// An account with this balance.
    #[must_use]
    pub fn new(id: &str, balance: u64) -> Self {
        let amount = i64::try_from(balance).unwrap_or(i64::MAX);
        Self { id: id.to_owned(), balance: amount, credited: amount.unsigned_abs(), ..Self::default() }
    }

    /// What is there and not held for anything.
    #[must_use]
    pub fn available(&self) -> u64 {
        u64::try_from(self.balance).unwrap_or(0).saturating_sub(self.reserved)
    }

    /// Whether its sums hold.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let sum = i128::from(self.credited) + i128::from(self.refunded) - i128::from(self.debited);
        sum == i128::from(self.balance)
    }

    fn debit(&mut self, amount: u64) {
        self.balance = self.balance.saturating_sub_unsigned(amount);
        self.debited = self.debited.saturating_add(amount);
    }
}

/// What became of all units that were granted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UnitSums {
    /// Granted.
    pub granted: u64,
    /// Used.
    pub used: u64,
    /// Given back.
    pub returned: u64,
    /// Used beyond what was granted.
    pub overrun: u64,
    /// Granted, and not reported on yet.
    pub outstanding: u64,
}

impl UnitSums {
    pub(super) const fn add(&mut self, own: &Reservation) {
        self.granted += own.granted;
        self.used += own.used;
        self.returned += own.returned;
        self.overrun += own.overrun;
        self.outstanding += own.outstanding;
    }
}

/// A session, or an event, and what became of its units.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Reservation {
    pub(super) account: String,
    pub(super) icid: Option<String>,
    /// As it was when the session began.
    pub(super) tariff: Tariff,
    pub(super) granted: u64,
    pub(super) used: u64,
    pub(super) returned: u64,
    /// Used beyond what was granted.
    pub(super) overrun: u64,
    /// Granted, and not reported on yet.
    pub(super) outstanding: u64,
    /// Returned because nothing was heard: a late report takes them back.
    pub(super) lost: u64,
    /// Money that is held.
    pub(super) reserved: u64,
    /// Money that was taken.
    pub(super) debited: u64,
    /// CC-Request-Number of the last request, and what was answered.
    pub(super) number: u32,
    pub(super) answer: Answered,
    pub(super) open: bool,
    /// When it is lost, or, when it is over, forgotten.
    pub(super) deadline_utc_ms: u64,
}

/// What is said to a request, and again when it comes again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) result: u32,
    pub(super) granted: u64,
    pub(super) is_final: bool,
}

impl Reservation {
    /// Grants units, as many as the tariff and the account give; zero when the account gives none.
    pub(super) fn grant(&mut self, account: &mut Account, wanted: Option<u64>) -> (u64, bool) {
        let quantum = wanted.filter(|&units| units > 0).map_or(self.tariff.quantum, |u| u.min(self.tariff.quantum));
        let have = account.available();
        let affordable = self.tariff.affordable(have.saturating_add(self.debited)).saturating_sub(self.used);
        let units = quantum.min(affordable);
        if units == 0 {
            return (0, true);
        }
        let total = self.used.saturating_add(units);
        self.reserved = self.tariff.cost(total).saturating_sub(self.debited);
        account.reserved += self.reserved;
        self.granted += units;
        self.outstanding = units;
        (units, affordable <= quantum)
    }

    /// Takes what was used of what was granted, and lets the rest go.
    pub(super) fn report(&mut self, account: &mut Account, used: u64) {
        let of_grant = used.min(self.outstanding);
        self.returned += self.outstanding - of_grant;
        self.outstanding = 0;
        let late = (used - of_grant).min(self.lost);
        self.lost -= late;
        self.returned -= late;
        self.overrun += used - of_grant - late;
        self.used += used;
        let due = self.tariff.cost(self.used).saturating_sub(self.debited);
        account.reserved = account.reserved.saturating_sub(std::mem::take(&mut self.reserved));
        account.debit(due);
        self.debited += due;
        debug_assert!(self.is_consistent(), "{self:?}");
    }

    /// Nothing is heard of it: what it holds is let go.
    pub(super) fn lose(&mut self, account: &mut Account) {
        self.lost += self.outstanding;
        self.report(account, 0);
        self.open = false;
    }

    /// Gives back what was taken.
    pub(super) fn refund(&mut self, account: &mut Account) {
        let amount = std::mem::take(&mut self.debited);
        account.balance = account.balance.saturating_add_unsigned(amount);
        account.refunded = account.refunded.saturating_add(amount);
        self.returned += std::mem::take(&mut self.used);
    }

    /// Whether its sums hold.
    pub(super) fn is_consistent(&self) -> bool {
        self.granted + self.overrun == self.used + self.returned + self.outstanding
    }
}

#[cfg(test)]
mod tests {
    use super::super::TariffTable;
    use super::*;
    use proptest::prelude::*;

    fn reservation() -> Reservation {
        let text = "[[tariff]]\nname = 'v'\nunit = 'seconds'\nprice = 3\nper = 7\nsetup = 4\nquantum = 20\n";
        Reservation {
            account: "a".to_owned(),
            icid: None,
            tariff: TariffTable::parse(text).unwrap().tariffs.remove(0),
            granted: 0,
            used: 0,
            returned: 0,
            overrun: 0,
            outstanding: 0,
            lost: 0,
            reserved: 0,
            debited: 0,
            number: 0,
            answer: Answered::default(),
            open: true,
            deadline_utc_ms: 0,
        }
    }

    proptest! {
        #[test]
        fn sums_hold_whatever_is_asked_and_reported(
            balance in 0u64..200,
            steps in prop::collection::vec((0u8..4, 0u64..30), 1..40),
        ) {
            let mut account = Account::new("a", balance);
            let mut sessions = [reservation(), reservation()];
            for (what, units) in steps {
                let own = &mut sessions[usize::from(what & 1)];
                if what < 2 {
                    let used = units.min(own.outstanding);
                    own.report(&mut account, used);
                    own.grant(&mut account, None);
                } else if units % 3 == 0 {
                    own.lose(&mut account);
                } else {
                    own.report(&mut account, units.min(own.outstanding + own.lost));
                }
                prop_assert!(own.is_consistent() && own.overrun == 0, "{:?}", own);
                prop_assert!(account.is_consistent(), "{:?}", account);
                prop_assert_eq!(account.reserved, sessions.iter().map(|s| s.reserved).sum::<u64>());
                prop_assert_eq!(account.debited, sessions.iter().map(|s| s.tariff.cost(s.used)).sum::<u64>());
                // Only what was let go and is reported late can be more than there is.
                prop_assert!(account.balance >= 0 || sessions.iter().any(|s| s.used > 0));
            }
        }
    }
}
