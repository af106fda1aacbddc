//! What the records of a run say together: every record has its partners, what was granted was used or returned, nobody
//! called for nothing and nobody paid twice.

use std::collections::{BTreeMap, BTreeSet};

use core_network::charging::{Account, Cdr};
use core_network::node::Table;
use serde_json::Value;

use super::campaign::Campaign;

pub(crate) struct Audit {
    pub(crate) cdrs: Vec<Cdr>,
    pub(crate) sessions: BTreeMap<String, Value>,
    accounts: Vec<Account>,
    leftovers: Vec<String>,
}

impl Audit {
    pub(crate) fn of(campaign: &Campaign) -> Self {
        let network = &campaign.network;
        let files = network.rows("cdf", Table::CdrFile);
        let lines = files.iter().flat_map(|(_, file)| std::str::from_utf8(file).unwrap().lines());
        let cdrs = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
        let sessions = network.rows("ocs", Table::OcsSession).into_iter();
        let sessions = sessions.map(|(id, row)| (id, serde_json::from_slice(&row).unwrap())).collect();
        let accounts = network.rows("ocs", Table::OcsAccount).into_iter();
        let accounts = accounts.map(|(_, row)| serde_json::from_slice(&row).unwrap()).collect();
        let mut leftovers = Vec::new();
        for (node, tables) in [
            ("pcscf", vec![Table::ChargingSession, Table::ChargingRecord]),
            ("scscf", vec![Table::ChargingSession, Table::ChargingRecord]),
            ("conference", vec![Table::ChargingSession, Table::ChargingRecord]),
            ("gwf", vec![Table::ChargingSession, Table::ChargingRecord, Table::GwfCall]),
            ("cdf", vec![Table::Cdr]),
        ] {
            for table in tables {
                let rows = network.rows(node, table).into_iter();
                leftovers.extend(rows.map(|(key, row)| {
                    let text: String = String::from_utf8_lossy(&row).chars().take(240).collect();
                    format!("{node} {table:?} {key} {text}")
                }));
            }
        }
        Self { cdrs, sessions, accounts, leftovers }
    }

    pub(crate) fn check(&self) {
        let mut lines: Vec<String> = self.cdrs.iter().map(line).collect();
        lines.sort();
        // Shown when something does not hold.
        lines.iter().for_each(|line| println!("{line}"));
        assert!(self.leftovers.is_empty(), "something is not settled: {:#?}", self.leftovers);
        self.numbers();
        self.partners();
        self.money();
        self.service();
    }

    /// Every record once: numbers without a gap, and one record of a node for each dialog of a session. A message that is
    /// sent again because a node is gone makes another one; who is paid counts it once.
    fn numbers(&self) {
        let numbers: Vec<u64> = self.cdrs.iter().map(|cdr| cdr.number).collect();
        assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
        let mut seen = BTreeSet::new();
        for cdr in &self.cdrs {
            // A server that was killed before it could say that it has answered closes its record, and is asked again.
            let was_killed = cdr.reason_code == Some(3);
            let is_gateways = is_delivered(cdr) && is_gateway(cdr);
            let is_one = !began_anew(cdr) && (is_gateways || (cdr.started.is_some() && !was_killed));
            let attempt = cdr.requested.filter(|_| !is_one);
            let of = (cdr.record_type.clone(), cdr.role.clone(), cdr.called.clone());
            let name = (cdr.icid.clone(), cdr.session.clone(), of, attempt);
            assert!(seen.insert(name), "twice: {cdr:#?}");
        }
    }

    fn by_icid(&self) -> BTreeMap<&str, BTreeMap<&'static str, &Cdr>> {
        let mut all = BTreeMap::<_, BTreeMap<_, &Cdr>>::new();
        for cdr in &self.cdrs {
            let place = match (cdr.record_type.as_str(), cdr.role.as_deref()) {
                ("pCSCFRecord", Some("originating")) => "1 P-CSCF of the caller",
                ("sCSCFRecord", Some("originating")) => "2 S-CSCF of the caller",
                ("aSRecord", _) if is_gateway(cdr) => "3 IMS-GWF",
                ("aSRecord", _) => "4 conference server",
                ("sCSCFRecord", Some("terminating")) => "4 S-CSCF of the called",
                ("pCSCFRecord", Some("terminating")) => "5 P-CSCF of the called",
                other => panic!("{other:?}"),
            };
            let own = all.entry(cdr.icid.as_deref().expect("a charging identifier")).or_default();
            // Of several attempts the one counts that had success.
            if !own.get(place).is_some_and(|before| is_delivered(before)) {
                own.insert(place, cdr);
            }
        }
        all
    }

    /// A record of a node means that those before it have one; an answered one means that all have, answered.
    fn partners(&self) {
        for (icid, cdrs) in self.by_icid() {
            let places: Vec<&str> = cdrs.keys().copied().collect();
            let all = ["1", "2", "3", "4", "5"];
            for (n, place) in places.iter().enumerate() {
                assert!(place.starts_with(all[n]), "{icid}: a partner is missing among {places:?} {cdrs:#?}");
            }
            let first = cdrs.values().next().unwrap();
            if is_delivered(first) {
                let is_conference = first.called.as_ref().is_some_and(|called| called.contains("conference"));
                assert_eq!(places.len(), if is_conference { 4 } else { 5 }, "{icid}: {cdrs:#?}");
                assert!(cdrs.values().all(|cdr| is_delivered(cdr)), "{icid}: {cdrs:#?}");
            }
        }
    }

    fn money(&self) {
        let mut debited = BTreeMap::<&str, u64>::new();
        for (id, session) in &self.sessions {
            let of = |name: &str| session[name].as_u64().unwrap();
            assert_eq!(of("granted"), of("used") + of("returned"), "{id}: {session:#}");
            assert_eq!((of("overrun"), of("outstanding"), of("reserved")), (0, 0, 0), "{id}: {session:#}");
            *debited.entry(session["account"].as_str().unwrap()).or_default() += of("debited");
        }
        for account in &self.accounts {
            assert!(account.is_consistent() && account.balance >= 0 && account.reserved == 0, "{account:?}");
            let taken = account.debited - account.refunded;
            assert_eq!(taken, debited.get(account.id.as_str()).copied().unwrap_or(0), "{account:?}");
        }
    }

    /// What was delivered was paid for, once, for as long as it took; what was not was not.
    fn service(&self) {
        let mut paid = BTreeMap::<&str, Vec<&Value>>::new();
        for session in self.sessions.values().filter(|s| s["debited"].as_u64() > Some(0)) {
            paid.entry(session["icid"].as_str().unwrap()).or_default().push(session);
        }
        let (delivered, failed): (Vec<&Cdr>, Vec<&Cdr>) =
            self.cdrs.iter().filter(|cdr| is_gateway(cdr)).partition(|cdr| is_delivered(cdr) && !began_anew(cdr));
        for cdr in delivered.into_iter().chain(failed) {
            let sessions = paid.remove(cdr.icid.as_deref().unwrap()).unwrap_or_default();
            assert!(sessions.len() <= 1, "paid twice: {cdr:#?} {sessions:#?}");
            let used = sessions.first().map_or(0, |s| s["used"].as_u64().unwrap());
            if let Some(ms) = cdr.duration_ms() {
                // A gateway function that was down for up to 3 s ends what has gone on beyond its grant.
                let seconds = ms.div_ceil(1000);
                assert!(
                    used <= seconds && used + 4 >= seconds,
                    "{used} s of {seconds} s are paid: {cdr:#?} {sessions:#?}"
                );
            } else {
                let wanted = u64::from(cdr.reason_code == Some(-1));
                assert_eq!(used, wanted, "{cdr:#?} {sessions:#?}");
            }
        }
        assert!(paid.is_empty(), "paid for nothing: {paid:#?}");
    }
}

/// A record of the application server that asks the OCS.
pub(crate) fn is_gateway(cdr: &Cdr) -> bool {
    cdr.record_type == "aSRecord" && cdr.node.starts_with("ims-gwf")
}

/// A call at the gateway function whose INVITE came again because somebody before it was killed: nobody has heard of its
/// answer, and it is not paid for.
fn began_anew(cdr: &Cdr) -> bool {
    is_gateway(cdr) && cdr.reasons.iter().any(|reason| reason.contains("cause=482"))
}

/// A session that was answered, or a message that has arrived.
const fn is_delivered(cdr: &Cdr) -> bool {
    cdr.started.is_some() || matches!(cdr.reason_code, Some(-1))
}

/// A record in short.
fn line(cdr: &Cdr) -> String {
    let (icid, role) = (cdr.icid.as_deref().unwrap_or_default(), cdr.role.as_deref().unwrap_or_default());
    let Cdr { record_type, session, requested, started, ended, reason_code, .. } = cdr;
    let (method, session) = (cdr.method.as_deref().unwrap_or_default(), session.as_deref().unwrap_or_default());
    format!(
        "{icid:.6} {record_type} {role} {method} {session:.6} {requested:?} {started:?} {ended:?} {reason_code:?} {}",
        cdr.node
    )
}
