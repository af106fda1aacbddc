//! Repository data and subscriptions of application servers (TS 29.328 clauses 6.1.2, 6.1.3 and 7.6.1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::subscriber::canonical;
use crate::node::{NodeStoreOp, Rows, Table};

const DATA: &str = "data|";
const SUBSCRIPTION: &str = "subscription|";

/// Repository data of a service for a public identity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) impu: String,
    pub(super) service: Vec<u8>,
    pub(super) sequence: u16,
    /// The ServiceData element as it came, octet for octet.
    pub(super) content: String,
}

/// An application server that wants to be notified.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub(super) impu: String,
    pub(super) reference: u32,
    pub(super) service: Option<Vec<u8>>,
    pub(super) host: String,
    pub(super) realm: String,
    /// UTC in milliseconds.
    pub(super) until: Option<u64>,
    pub(super) one_time: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Repository {
    entries: BTreeMap<String, Entry>,
    subscriptions: BTreeMap<String, Subscription>,
}

impl Repository {
    /// Takes what was stored; gives the keys of what is unreadable.
    pub(super) fn load(&mut self, rows: Rows) -> Vec<String> {
        let mut unreadable = Vec::new();
        for (key, value) in rows {
            if key.starts_with(DATA)
                && let Ok(entry) = serde_json::from_slice(&value)
            {
                self.entries.insert(key, entry);
            } else if key.starts_with(SUBSCRIPTION)
                && let Ok(subscription) = serde_json::from_slice(&value)
            {
                self.subscriptions.insert(key, subscription);
            } else {
                unreadable.push(key);
            }
        }
        unreadable
    }

    pub(super) fn get(&self, impu: &str, service: &[u8]) -> Option<&Entry> {
        self.entries.get(&data_key(impu, service))
    }

    pub(super) fn put(&mut self, entry: Entry) -> NodeStoreOp {
        let key = data_key(&entry.impu, &entry.service);
        let op = put(&key, &entry);
        self.entries.insert(key, entry);
        op
    }

    pub(super) fn remove(&mut self, impu: &str, service: &[u8]) -> NodeStoreOp {
        let key = data_key(impu, service);
        self.entries.remove(&key);
        NodeStoreOp::Delete { table: Table::RepositoryData, key }
    }

    pub(super) fn subscribe(&mut self, subscription: Subscription) -> NodeStoreOp {
        let key = subscription_key(
            &subscription.impu,
            subscription.reference,
            subscription.service.as_deref(),
            &subscription.host,
        );
        let op = put(&key, &subscription);
        self.subscriptions.insert(key, subscription);
        op
    }

    /// Ends a subscription; `None` when there is none.
    pub(super) fn unsubscribe(
        &mut self,
        impu: &str,
        reference: u32,
        service: Option<&[u8]>,
        host: &str,
    ) -> Option<NodeStoreOp> {
        let key = subscription_key(impu, reference, service, host);
        self.subscriptions.remove(&key)?;
        Some(NodeStoreOp::Delete { table: Table::RepositoryData, key })
    }

    /// Who is to be notified, and the operations that end those subscriptions that are over, one-time ones with this.
    pub(super) fn subscribers(
        &mut self,
        impu: &str,
        reference: u32,
        service: Option<&[u8]>,
        utc_ms: u64,
    ) -> (Vec<Subscription>, Vec<NodeStoreOp>) {
        let prefix = subscription_key(impu, reference, service, "");
        let found = self.subscriptions.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
        let found: Vec<_> = found.map(|(key, s)| (key.clone(), s.clone())).collect();
        let (mut wanted, mut ended) = (Vec::new(), Vec::new());
        for (key, subscription) in found {
            let is_over = subscription.until.is_some_and(|until| until <= utc_ms);
            if is_over || subscription.one_time {
                self.subscriptions.remove(&key);
                ended.push(NodeStoreOp::Delete { table: Table::RepositoryData, key });
            }
            if !is_over {
                wanted.push(subscription);
            }
        }
        (wanted, ended)
    }
}

fn put(key: &str, value: &impl Serialize) -> NodeStoreOp {
    let (table, key) = (Table::RepositoryData, key.to_owned());
    match serde_json::to_vec(value) {
        Ok(value) => NodeStoreOp::Put { table, key, value },
        // Strings and numbers always become JSON.
        Err(_) => NodeStoreOp::Delete { table, key },
    }
}

fn data_key(impu: &str, service: &[u8]) -> String {
    format!("{DATA}{}|{}", canonical(impu), hex::encode(service))
}

fn subscription_key(impu: &str, reference: u32, service: Option<&[u8]>, host: &str) -> String {
    let service = service.map_or_else(String::new, hex::encode);
    format!("{SUBSCRIPTION}{}|{reference}|{service}|{host}", canonical(impu))
}
