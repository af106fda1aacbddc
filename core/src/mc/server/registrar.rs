//! Who is authorised and who is affiliated; kept in the store.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Due;
use protocol::sip::EutranCell;
use serde::{Deserialize, Serialize};

use crate::node::{NodeStoreOp, Rows, Table};

/// A user with the IMS identity that he has shown his authorisation with (TS 24.379 clause 7.3.3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Authorisation {
    pub(super) mcptt_id: String,
    /// In the form that keys have.
    pub(super) impu: String,
    /// `mcptt-client-id`.
    pub(super) client_id: Option<String>,
    /// His UE can receive MBMS bearers.
    pub(super) can_mbms: bool,
    pub(super) expires_utc_ms: u64,
}

/// A user who wants the calls of a group (TS 24.379 clause 9).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Affiliation {
    pub(super) group: String,
    pub(super) mcptt_id: String,
    pub(super) expires_utc_ms: u64,
}

/// What ends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Ended {
    Authorisation(String),
    Affiliation { group: String, mcptt_id: String },
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Registrar {
    authorised: BTreeMap<String, Authorisation>,
    by_impu: BTreeMap<String, String>,
    by_group: BTreeMap<String, BTreeMap<String, u64>>,
    by_user: BTreeMap<String, BTreeSet<String>>,
    ends: Due<u64, Ended>,
    /// Where users are, which is not durable: their next message tells it again.
    cells: BTreeMap<String, EutranCell>,
}

impl Registrar {
    /// What is asked of the store at the start.
    pub(super) fn scans() -> Vec<NodeStoreOp> {
        [Table::McAuthorisation, Table::McAffiliation].map(|table| NodeStoreOp::Scan { table }).to_vec()
    }

    /// What is there of an earlier run.
    ///
    /// # Errors
    /// A row cannot be read.
    pub(super) fn load(&mut self, tables: Vec<Rows>) -> Result<(), String> {
        let mut tables = tables.into_iter();
        for (key, row) in tables.next().unwrap_or_default() {
            let row = serde_json::from_slice(&row).map_err(|why| format!("authorisation {key}: {why}"))?;
            self.authorise(row);
        }
        for (key, row) in tables.next().unwrap_or_default() {
            let row = serde_json::from_slice(&row).map_err(|why| format!("affiliation {key}: {why}"))?;
            self.affiliate(&row);
        }
        Ok(())
    }

    /// A user is authorised; nobody else with this IMS identity is any more.
    pub(super) fn authorise(&mut self, authorisation: Authorisation) {
        let id = authorisation.mcptt_id.clone();
        if let Some(before) = self.authorised.get(&id) {
            self.by_impu.remove(&before.impu);
        }
        if let Some(other) = self.by_impu.insert(authorisation.impu.clone(), id.clone()).filter(|other| *other != id) {
            self.authorised.remove(&other);
            self.ends.set(&Ended::Authorisation(other), None);
        }
        self.ends.set(&Ended::Authorisation(id.clone()), Some(authorisation.expires_utc_ms));
        self.authorised.insert(id, authorisation);
    }

    /// A user is authorised no longer.
    pub(super) fn forget(&mut self, mcptt_id: &str) {
        if let Some(before) = self.authorised.remove(mcptt_id) {
            self.by_impu.remove(&before.impu);
        }
        self.cells.remove(mcptt_id);
        self.ends.set(&Ended::Authorisation(mcptt_id.to_owned()), None);
    }

    pub(super) fn authorisation(&self, mcptt_id: &str) -> Option<&Authorisation> {
        self.authorised.get(mcptt_id)
    }

    pub(super) fn authorisations(&self) -> impl Iterator<Item = &Authorisation> {
        self.authorised.values()
    }

    /// Who has authorised himself with an IMS identity.
    pub(super) fn by_impu(&self, impu: &str) -> Option<&str> {
        self.by_impu.get(impu).map(String::as_str)
    }

    pub(super) fn affiliate(&mut self, affiliation: &Affiliation) {
        let Affiliation { group, mcptt_id, expires_utc_ms } = affiliation.clone();
        let key = Ended::Affiliation { group: group.clone(), mcptt_id: mcptt_id.clone() };
        self.ends.set(&key, Some(expires_utc_ms));
        self.by_user.entry(mcptt_id.clone()).or_default().insert(group.clone());
        self.by_group.entry(group).or_default().insert(mcptt_id, expires_utc_ms);
    }

    /// True if he was affiliated.
    pub(super) fn deaffiliate(&mut self, group: &str, mcptt_id: &str) -> bool {
        let key = Ended::Affiliation { group: group.to_owned(), mcptt_id: mcptt_id.to_owned() };
        self.ends.set(&key, None);
        if let Some(groups) = self.by_user.get_mut(mcptt_id) {
            groups.remove(group);
            if groups.is_empty() {
                self.by_user.remove(mcptt_id);
            }
        }
        let Some(members) = self.by_group.get_mut(group) else { return false };
        let was = members.remove(mcptt_id).is_some();
        if members.is_empty() {
            self.by_group.remove(group);
        }
        was
    }

    pub(super) fn is_affiliated(&self, group: &str, mcptt_id: &str) -> bool {
        self.by_group.get(group).is_some_and(|members| members.contains_key(mcptt_id))
    }

    /// Who is affiliated to a group.
    pub(super) fn members(&self, group: &str) -> Vec<String> {
        self.by_group.get(group).map(|members| members.keys().cloned().collect()).unwrap_or_default()
    }

    /// The groups of a user.
    pub(super) fn groups_of(&self, mcptt_id: &str) -> BTreeSet<String> {
        self.by_user.get(mcptt_id).cloned().unwrap_or_default()
    }

    /// All pairs of group and user.
    pub(super) fn affiliations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_group.iter().flat_map(|(group, users)| users.keys().map(move |user| (group.as_str(), user.as_str())))
    }

    /// What has ended.
    pub(super) fn ended(&self, utc_ms: u64) -> Vec<Ended> {
        self.ends.until(utc_ms)
    }

    /// When something ends.
    pub(super) fn first_end(&self) -> Option<u64> {
        self.ends.first()
    }

    /// A user was seen in a cell.
    pub(super) fn seen(&mut self, mcptt_id: &str, cell: EutranCell) {
        self.cells.insert(mcptt_id.to_owned(), cell);
    }

    pub(super) fn cell(&self, mcptt_id: &str) -> Option<EutranCell> {
        self.cells.get(mcptt_id).copied()
    }

    /// Users that are known to be somewhere.
    pub(super) fn located(&self) -> usize {
        self.cells.len()
    }

    /// Authorised users and affiliations.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.authorised.len(), self.by_group.values().map(BTreeMap::len).sum())
    }
}

impl Authorisation {
    pub(super) fn put(&self) -> NodeStoreOp {
        let value = serde_json::to_vec(self).unwrap_or_default();
        NodeStoreOp::Put { table: Table::McAuthorisation, key: self.mcptt_id.clone(), value }
    }
}

impl Affiliation {
    pub(super) fn put(&self) -> NodeStoreOp {
        let (key, value) = (key_of(&self.group, &self.mcptt_id), serde_json::to_vec(self).unwrap_or_default());
        NodeStoreOp::Put { table: Table::McAffiliation, key, value }
    }
}

impl Ended {
    pub(super) fn delete(&self) -> NodeStoreOp {
        match self {
            Self::Authorisation(mcptt_id) => {
                NodeStoreOp::Delete { table: Table::McAuthorisation, key: mcptt_id.clone() }
            }
            Self::Affiliation { group, mcptt_id } => {
                NodeStoreOp::Delete { table: Table::McAffiliation, key: key_of(group, mcptt_id) }
            }
        }
    }
}

/// URIs hold no spaces.
fn key_of(group: &str, mcptt_id: &str) -> String {
    format!("{group} {mcptt_id}")
}
