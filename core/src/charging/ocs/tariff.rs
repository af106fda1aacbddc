//! Tariffs of the OCS (TS 32.296 clause 5.2.2: rating function): what units of a service cost. Amounts are whole numbers of the
//! smallest unit of the currency.

use serde::{Deserialize, Serialize};

/// What a service is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TariffUnit {
    /// CC-Time.
    Seconds,
    /// CC-Service-Specific-Units: messages and the like.
    Pieces,
    /// CC-Total-Octets.
    Octets,
}

/// What a service costs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tariff {
    /// Its name, for records.
    pub name: String,
    /// Rating-Group that it is for; none: any.
    #[serde(default)]
    pub rating_group: Option<u32>,
    /// Service-Identifier that it is for; none: any.
    #[serde(default)]
    pub service: Option<u32>,
    /// What is counted.
    pub unit: TariffUnit,
    /// Price of `per` units, begun ones count whole.
    pub price: u64,
    /// Units that are sold together.
    #[serde(default = "one")]
    pub per: u64,
    /// What the first unit costs beside.
    #[serde(default)]
    pub setup: u64,
    /// Units that are granted at a time.
    #[serde(default = "sixty")]
    pub quantum: u64,
    /// Seconds for which a grant holds (Validity-Time).
    #[serde(default = "five_minutes")]
    pub validity: u32,
}

const fn one() -> u64 {
    1
}

const fn sixty() -> u64 {
    60
}

const fn five_minutes() -> u32 {
    300
}

impl Tariff {
    /// What so many units cost in all.
    #[must_use]
    pub fn cost(&self, units: u64) -> u64 {
        if units == 0 {
            return 0;
        }
        self.setup.saturating_add(units.div_ceil(self.per.max(1)).saturating_mul(self.price))
    }

    /// The most units that do not cost more than `amount`.
    pub(super) fn affordable(&self, amount: u64) -> u64 {
        match amount.checked_sub(self.setup) {
            None => 0,
            Some(_) if self.price == 0 => u64::MAX,
            Some(rest) => (rest / self.price).saturating_mul(self.per.max(1)),
        }
    }

    pub(super) const fn is_free(&self) -> bool {
        self.price == 0 && self.setup == 0
    }
}

/// All tariffs: the first that fits is the one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TariffTable {
    /// Number of the currency (ISO 4217).
    #[serde(default = "euro")]
    pub currency: u32,
    /// Below this an account is low (Low-Balance-Indication).
    #[serde(default)]
    pub low_balance: i64,
    /// The tariffs.
    #[serde(default, rename = "tariff")]
    pub tariffs: Vec<Tariff>,
}

const fn euro() -> u32 {
    978
}

impl TariffTable {
    /// Reads tariffs: `[[tariff]]` tables of TOML.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        match table.tariffs.iter().find(|t| t.per == 0 || t.quantum == 0 || t.validity == 0) {
            Some(tariff) => Err(format!("tariff {}: per, quantum and validity must be at least 1", tariff.name)),
            None => Ok(table),
        }
    }

    pub(super) fn find(&self, rating_group: Option<u32>, service: Option<u32>) -> Option<&Tariff> {
        let fits = |own: Option<u32>, asked: Option<u32>| own.is_none() || own == asked;
        self.tariffs.iter().find(|t| fits(t.rating_group, rating_group) && fits(t.service, service))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "[[tariff]]\nname = 'voice'\nrating_group = 1\nunit = 'seconds'\nprice = 2\nper = 10\nsetup = 5\n\
                        [[tariff]]\nname = 'any'\nunit = 'pieces'\nprice = 9\n";

    #[test]
    fn begun_units_count_whole() {
        let table = TariffTable::parse(TEXT).unwrap();
        let voice = table.find(Some(1), None).unwrap();
        assert_eq!([0, 1, 10, 11].map(|units| voice.cost(units)), [0, 7, 7, 9]);
        assert_eq!([4, 6, 7, 9].map(|amount| voice.affordable(amount)), [0, 0, 10, 20]);
        assert_eq!(table.find(Some(7), Some(3)).unwrap().name, "any");
        assert!(TariffTable::parse("[[tariff]]\nname = 'x'\nunit = 'pieces'\nprice = 1\nper = 0").is_err());
    }

    proptest! {
        #[test]
        fn what_is_affordable_costs_no_more(price in 1u64..50, per in 1u64..90, setup in 0u64..20, amount in 0u64..5000) {
            let mut tariff = TariffTable::parse(TEXT).unwrap().tariffs.remove(0);
            (tariff.price, tariff.per, tariff.setup) = (price, per, setup);
            let units = tariff.affordable(amount);
            prop_assert!(tariff.cost(units) <= amount);
            prop_assert!(tariff.cost(units + 1) > amount);
        }
    }
}
