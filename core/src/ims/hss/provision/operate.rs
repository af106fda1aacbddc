//! What an operator does with the subscribers in a store.

use serde::Serialize;

use super::super::authentication::store_sqn;
use super::super::map::{SmsRecord, SmsSubscription};
use super::super::subscriber::{Directory, Subscriber};
use super::{ProvisionError, ProvisionedSubscriber};
use crate::ims::aka::Sqn;
use crate::node::{NodeStore, NodeStoreOp, NodeStoreRequest, Table};
use crate::store::{StoreError, StoreToken};

/// What may be shown of a subscriber: no secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SubscriberSummary {
    /// Private identity.
    pub impi: String,
    /// Subscription.
    pub subscription: String,
    /// Public identities, set by set; barred ones with `(barred)` after them.
    pub sets: Vec<Vec<String>>,
    /// MSISDNs.
    pub msisdn: Vec<String>,
    /// IMSI, if it has one.
    pub imsi: Option<String>,
    /// What it has for short messages.
    pub sms: SmsSubscription,
    /// Ways to authenticate.
    pub authentication: Vec<&'static str>,
    /// AMF, in hexadecimal digits.
    pub amf: Option<String>,
    /// The highest sequence number that was given out, in hexadecimal digits.
    pub sqn: Option<String>,
    /// Visited networks that it may register from; none: all.
    pub visited_networks: Option<Vec<String>>,
    /// The S-CSCF that is assigned.
    pub scscf: Option<String>,
    /// Number of the IP-Message-GW that has registered it for short messages.
    pub sms_gateway: Option<String>,
    /// Service centres that have messages for it and wait.
    pub sms_waiting: Vec<String>,
}

/// Adds subscribers, or changes those that are there: all of them, or none. Gives how many are new.
pub fn add_subscribers(store: &mut NodeStore, subscribers: &[ProvisionedSubscriber]) -> Result<usize, ProvisionError> {
    let mut directory = load(store)?;
    let sqns = store.scan(Table::Sqn)?;
    let mut ops = Vec::new();
    let mut new = 0;
    for ProvisionedSubscriber { subscriber, sqn } in subscribers {
        check_free(&directory, subscriber)?;
        new += usize::from(directory.by_impi(&subscriber.impi).is_none());
        let stored =
            sqns.iter().find(|(impi, _)| *impi == subscriber.impi).map(|(_, value)| number(value)).transpose()?;
        let value = serde_json::to_vec(subscriber).map_err(|e| StoreError::Sqlite(e.to_string()))?;
        ops.push(NodeStoreOp::Put { table: Table::Subscriber, key: subscriber.impi.clone(), value });
        // The number only goes up: what was given out stays so.
        ops.push(store_sqn(&subscriber.impi, sqn.unwrap_or_default().max(stored.unwrap_or_default())));
        directory.put(subscriber.clone());
    }
    execute(store, ops)?;
    Ok(new)
}

/// All subscribers, by private identity.
pub fn list_subscribers(store: &NodeStore) -> Result<Vec<SubscriberSummary>, ProvisionError> {
    let sqns = store.scan(Table::Sqn)?;
    let registrations = store.scan(Table::HssRegistration)?;
    let records = store.scan(Table::HlrSms)?;
    let subscribers = store.scan(Table::Subscriber)?;
    let rows = [&sqns[..], &registrations, &records];
    subscribers.iter().map(|(impi, value)| Ok(summary(&read(impi, value)?, rows))).collect()
}

/// One subscriber.
pub fn show_subscriber(store: &NodeStore, impi: &str) -> Result<SubscriberSummary, ProvisionError> {
    let found = list_subscribers(store)?.into_iter().find(|s| s.impi == impi);
    found.ok_or_else(|| ProvisionError::Unknown(impi.to_owned()))
}

/// Removes a subscriber. Its sequence number stays: when it comes again with the same card, it goes on with it.
pub fn remove_subscriber(store: &mut NodeStore, impi: &str) -> Result<(), ProvisionError> {
    let directory = load(store)?;
    let subscriber = directory.by_impi(impi).ok_or_else(|| ProvisionError::Unknown(impi.to_owned()))?;
    let tables = [Table::Subscriber, Table::HlrSms];
    let mut ops = tables.map(|table| NodeStoreOp::Delete { table, key: impi.to_owned() }).to_vec();
    if directory.associated(subscriber).is_empty() {
        ops.push(NodeStoreOp::Delete { table: Table::HssRegistration, key: subscriber.subscription.clone() });
    }
    execute(store, ops)
}

/// Identities belong to one subscription, and shared ones to one set; MSISDNs to one subscriber.
fn check_free(directory: &Directory, subscriber: &Subscriber) -> Result<(), ProvisionError> {
    let taken =
        |what: &str, owner: &Subscriber| ProvisionError::Taken { what: what.to_owned(), owner: owner.impi.clone() };
    for set in &subscriber.sets {
        for identity in &set.identities {
            for owner in directory.by_impu(&identity.uri).filter(|o| o.impi != subscriber.impi) {
                let same_set = owner.set_of(&identity.uri).and_then(|i| owner.sets.get(i));
                if owner.subscription != subscriber.subscription
                    || same_set.is_none_or(|s| s.identities != set.identities)
                {
                    return Err(taken(&identity.uri, owner));
                }
            }
        }
    }
    // Only one that is given in so many words: realms of test networks may share the digits of private identities.
    if let Some(imsi) = &subscriber.imsi
        && let Some(owner) = directory.by_imsi(imsi).filter(|o| o.impi != subscriber.impi)
    {
        return Err(taken(imsi, owner));
    }
    for msisdn in &subscriber.msisdn {
        if let Some(owner) = directory.by_msisdn(msisdn).filter(|o| o.impi != subscriber.impi) {
            return Err(taken(msisdn, owner));
        }
    }
    Ok(())
}

fn load(store: &NodeStore) -> Result<Directory, ProvisionError> {
    let mut directory = Directory::default();
    for (impi, value) in store.scan(Table::Subscriber)? {
        directory.put(read(&impi, &value)?);
    }
    Ok(directory)
}

fn read(impi: &str, value: &[u8]) -> Result<Subscriber, ProvisionError> {
    let unreadable =
        |_| StoreError::Sqlite(format!("what is stored of {impi} is unreadable: remove it and add it again"));
    Ok(serde_json::from_slice(value).map_err(unreadable)?)
}

fn number(value: &[u8]) -> Result<Sqn, ProvisionError> {
    let found = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).and_then(Sqn::new);
    Ok(found.ok_or_else(|| StoreError::Sqlite("a stored sequence number is unreadable".to_owned()))?)
}

fn summary(subscriber: &Subscriber, [sqns, registrations, records]: [&[(String, Vec<u8>)]; 3]) -> SubscriberSummary {
    let of = |rows: &[(String, Vec<u8>)], key: &str| rows.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
    let sqn = of(sqns, &subscriber.impi).and_then(|value| number(&value).ok());
    let registration = of(registrations, &subscriber.subscription);
    let registration: Option<super::super::Registration> =
        registration.and_then(|value| serde_json::from_slice(&value).ok());
    let record = of(records, &subscriber.impi).and_then(|value| serde_json::from_slice::<SmsRecord>(&value).ok());
    let record = record.unwrap_or_default();
    let name = |i: &super::Identity| if i.barred { format!("{} (barred)", i.uri) } else { i.uri.clone() };
    let aka = subscriber.aka.is_some().then_some("Digest-AKAv1-MD5");
    SubscriberSummary {
        impi: subscriber.impi.clone(),
        subscription: subscriber.subscription.clone(),
        sets: subscriber.sets.iter().map(|s| s.identities.iter().map(name).collect()).collect(),
        msisdn: subscriber.msisdn.clone(),
        imsi: subscriber.imsi().map(str::to_owned),
        sms: subscriber.sms.clone(),
        authentication: aka.into_iter().chain(subscriber.digest.is_some().then_some("SIP Digest")).collect(),
        amf: subscriber.aka.as_ref().map(|aka| hex::encode(aka.amf)),
        sqn: sqn.filter(|_| subscriber.aka.is_some()).map(|sqn| hex::encode(sqn.octets())),
        visited_networks: subscriber.visited_networks.clone(),
        scscf: registration.and_then(|r| r.server),
        sms_gateway: record.gateway_number().map(str::to_owned),
        sms_waiting: record.waiting_centres(),
    }
}

fn execute(store: &mut NodeStore, ops: Vec<NodeStoreOp>) -> Result<(), ProvisionError> {
    store.execute(&NodeStoreRequest { token: StoreToken(0), ops }).result?;
    Ok(())
}
