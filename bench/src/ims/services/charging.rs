//! Charging in a scenario: the charging data function, the online charging system with the accounts of prepaid UEs, the IMS
//! gateway function that asks it, and what nodes tell the first one (TS 32.260).

use std::sync::{Arc, Mutex};

use core_network::charging::{
    Account, Cdf, CdfConfig, ChargingClient, ChargingConfig, GwfConfig, ImsGwf, Ocs, OcsConfig, TariffTable,
    list_accounts, list_records, unit_sums,
};
use core_network::ims::{NetworkBox, NetworkPlan};
use core_network::node::{Node, NodeStore};
use protocol::Entropy;
use protocol::diameter::charging::NodeFunctionality;

use super::Site;
use crate::errors::CommandError;
use crate::event::Measurement;
use crate::ims::network::bench;
use crate::scenario::{MeasurementName, Scenario, Service};

/// What prepaid UEs pay, for the smallest unit of the currency: 1 for a second of a call, 5 for a message, 4 for a short one or
/// for each of its parts.
const TARIFFS: &str = "low_balance = 10\n\
    [[tariff]]\nname = 'call'\nrating_group = 1\nunit = 'seconds'\nprice = 1\nquantum = 20\nvalidity = 300\n\
    [[tariff]]\nname = 'message'\nrating_group = 2\nunit = 'pieces'\nprice = 5\n\
    [[tariff]]\nname = 'short message'\nrating_group = 3\nunit = 'pieces'\nprice = 4\n";

/// TS 32.260 clause 5.3: what a prepaid user asks for goes by the gateway function, or nowhere. `gateway_asks`: but for short
/// messages, of which the IP-Message-GW asks.
pub(super) fn criteria(plan: &NetworkPlan, gateway_asks: bool) -> String {
    let server = format!("sip:{}", plan.host(NetworkBox::Gwf));
    let no_short_message = if gateway_asks {
        ", { group = [2], negated = true, header = \"Content-Type\", content = \"application/vnd[.]3gpp[.]sms\" }"
    } else {
        ""
    };
    let criterion = |(priority, method): (u8, &str)| {
        format!(
            "[[profile.ifc]]\npriority = {priority}\nserver = \"{server}\"\ndefault_handling = \"terminate\"\n\
             conjunctive = true\ntrigger = [{{ group = [0], method = \"{method}\" }}, \
             {{ group = [1], session_case = \"originating\" }}{no_short_message}]\n"
        )
    };
    [(1, "INVITE"), (2, "MESSAGE")].map(criterion).concat()
}

pub(super) fn node(site: &Site<'_>) -> Result<Box<dyn Node>, CommandError> {
    let plan = site.plan;
    match site.own.place {
        NetworkBox::Cdf => {
            let mut config = CdfConfig::new(plan.diameter_server(NetworkBox::Cdf));
            config.utc_ms_at_zero = plan.utc_ms_at_zero;
            Ok(Box::new(Cdf::new(config, site.entropy())))
        }
        NetworkBox::Ocs => {
            let tariffs = TariffTable::parse(TARIFFS).map_err(bench)?;
            let mut config = OcsConfig::new(plan.diameter_server(NetworkBox::Ocs), tariffs);
            config.utc_ms_at_zero = plan.utc_ms_at_zero;
            config.accounts = accounts(site.scenario).map(|(_, account)| account).collect();
            Ok(Box::new(Ocs::new(config, site.entropy())))
        }
        own => {
            let ro = plan.diameter(own, NetworkBox::Ocs);
            let mut config = GwfConfig::new(&site.uri(), site.sip(), ro, &plan.domain);
            config.trusted = site.trusted();
            config.hosts = plan.hosts();
            config.utc_ms_at_zero = plan.utc_ms_at_zero;
            let rf = client(site.scenario, plan, own, NodeFunctionality::As);
            Ok(Box::new(ImsGwf::new(config, rf, site.entropy()).map_err(bench)?))
        }
    }
}

/// The prepaid UEs of a scenario.
fn accounts(scenario: &Scenario) -> impl Iterator<Item = (&str, Account)> {
    scenario.ues.iter().filter_map(|ue| {
        let (credit, identity) = (ue.ims.as_ref()?.credit?, scenario.ims_identity(&ue.name)?);
        let account = Account { identities: vec![identity.tel], ..Account::new(&identity.impu, credit) };
        Some((ue.name.as_str(), account))
    })
}

/// What a node tells the charging data function, if there is one.
pub(in crate::ims) fn client(
    scenario: &Scenario,
    plan: &NetworkPlan,
    own: NetworkBox,
    node: NodeFunctionality,
) -> ChargingClient {
    offline(scenario, plan, own, node).map_or_else(ChargingClient::off, |config| {
        ChargingClient::new(config, Entropy::of_box(scenario.seed, &format!("{own:?} Rf")))
    })
}

/// Its settings on Rf; none: there is no charging.
pub(super) fn offline(
    scenario: &Scenario,
    plan: &NetworkPlan,
    own: NetworkBox,
    node: NodeFunctionality,
) -> Option<ChargingConfig> {
    scenario.ims.as_ref().filter(|ims| ims.has(Service::Charging))?;
    let mut config = ChargingConfig::new(node, plan.diameter(own, NetworkBox::Cdf), &plan.domain);
    config.utc_ms_at_zero = plan.utc_ms_at_zero;
    Some(config)
}

/// What charging has written down, for after the run.
#[derive(Clone, Debug)]
pub(crate) struct Books {
    pub(super) cdf: Arc<Mutex<NodeStore>>,
    pub(super) ocs: Arc<Mutex<NodeStore>>,
}

impl Books {
    pub(super) fn new() -> Result<Self, CommandError> {
        let store = || NodeStore::in_memory().map(|store| Arc::new(Mutex::new(store))).map_err(bench);
        Ok(Self { cdf: store()?, ocs: store()? })
    }

    /// Records, units, and what is left on the accounts of UEs.
    pub(crate) fn measure(&self, scenario: &Scenario) -> Result<Vec<Measurement>, CommandError> {
        let poisoned = |_| bench("a store of charging is gone");
        let cdf = self.cdf.lock().map_err(poisoned)?;
        let ocs = self.ocs.lock().map_err(poisoned)?;
        let records = list_records(&cdf).map_err(bench)?.len() as u64;
        let units = unit_sums(&ocs).map_err(bench)?;
        let all = [
            (MeasurementName::ChargingRecords, records),
            (MeasurementName::UnitsGranted, units.granted + units.overrun),
            (MeasurementName::UnitsUsed, units.used),
            (MeasurementName::UnitsReturned, units.returned),
            (MeasurementName::UnitsOpen, units.outstanding),
        ];
        let value = |name, ue: Option<&str>, value: f64| Measurement {
            name,
            ue: ue.map(str::to_owned),
            session: None,
            value,
            counts: None,
        };
        let mut measured: Vec<_> = all.into_iter().map(|(name, count)| value(name, None, count as f64)).collect();
        let balances = list_accounts(&ocs).map_err(bench)?;
        for (ue, account) in accounts(scenario) {
            let balance = balances.iter().find(|own| own.id == account.id).map_or(0, |own| own.balance);
            measured.push(value(MeasurementName::AccountBalance, Some(ue), balance as f64));
        }
        Ok(measured)
    }
}
