//! Subscribers from TOML, and what an operator does with a store that no process has open.
//!
//! ```toml
//! [[profile]]
//! name = "sms"
//! [[profile.ifc]]
//! priority = 0
//! server = "sip:ip-sm-gw.ims.test"
//! trigger = [{ method = "MESSAGE" }, { method = "REGISTER", group = [1] }]
//!
//! [[subscriber]]
//! impi = "001010000000001@ims.test"
//! k = "465b5ce8b199b49faa5f0a2ee238a6bc"
//! op = "cdc202d5123e20f62b6d676ac72cb318"
//! [[subscriber.set]]
//! impus = ["sip:alice@ims.test", "tel:+99900000001"]
//! profile = "sms"
//! ```
//!
//! For short messages over MAP a subscriber has an `msisdn`, an `imsi` (without it the digits before `@` in `impi` are the
//! IMSI) and a [`SmsSubscription`], all of it optional; its accesses are "ip", "sgsn" and "msc":
//!
//! ```toml
//! msisdn = ["99900000001"]
//! imsi = "001010000000001"
//! [subscriber.sms]
//! mt = true                            # teleservice 21, to the UE; mo: teleservice 22, from it
//! msc = "491700010"                    # who serves the UE besides IP-Message-GWs
//! sgsn = "491700020"
//! gateway = "491700060"                # an IP-Message-GW that does not register the UE: its IMS registration counts
//! mt_order = ["ip", "sgsn", "msc"]     # mo_order for messages from the UE
//! user_order = true                    # the user may have an order of its own: user_mt_order, user_mo_order
//! ```

mod ifc;
mod operate;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use protocol::Secret;
use protocol::sip::{Algorithm, Uri, digest_ha1};
use serde::Deserialize;
use toml::Spanned;

use super::map::{NUMBER, SmsSubscription, is_number};
use super::subscriber::{
    Charging, DigestSecret, Identity, ImplicitSet, RequiredCapabilities, Subscriber, canonical, is_impi,
};
use crate::ims::aka::{AkaKeys, Sqn};
use crate::ims::profile::InitialFilterCriteria;

pub use operate::{SubscriberSummary, add_subscribers, list_subscribers, remove_subscriber, show_subscriber};

/// AMF when none is given: the separation bit is clear, as for IMS AKA (TS 33.102 annex H).
const DEFAULT_AMF: [u8; 2] = [0, 0];

/// A file of subscribers, or an operation on the store, is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProvisionError {
    /// In the file.
    #[error("{file}:{line}:{column}: {what}")]
    File {
        /// Its name.
        file: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong, and what to do.
        what: String,
    },
    /// The store cannot do it.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// There is no such subscriber.
    #[error("there is no subscriber {0}: `list` shows those that there are")]
    Unknown(String),
    /// Something of it belongs to another one already.
    #[error(
        "{what} belongs to {owner} already: remove that one first, or give both the same subscription and the same set"
    )]
    Taken {
        /// What.
        what: String,
        /// Whose.
        owner: String,
    },
}

/// A subscriber as provisioned: what is stored, and the sequence number that it starts from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProvisionedSubscriber {
    /// The subscriber.
    pub subscriber: Subscriber,
    /// The highest number that has been used; one that is stored already and higher stays.
    pub sqn: Option<Sqn>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    profile: Vec<Profile>,
    #[serde(default)]
    subscriber: Vec<Entry>,
}

/// Filter criteria by a name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    name: Spanned<String>,
    #[serde(default)]
    ifc: Vec<Spanned<ifc::Ifc>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    impi: Spanned<String>,
    subscription: Option<String>,
    k: Option<Spanned<Secret<String>>>,
    op: Option<Spanned<Secret<String>>>,
    opc: Option<Spanned<Secret<String>>>,
    amf: Option<Spanned<String>>,
    sqn: Option<Spanned<String>>,
    digest_password: Option<Spanned<Secret<String>>>,
    digest_ha1: Option<Spanned<Secret<String>>>,
    digest_realm: Option<String>,
    #[serde(default)]
    msisdn: Vec<Spanned<String>>,
    imsi: Option<Spanned<String>>,
    #[serde(default)]
    sms: SmsSubscription,
    visited_networks: Option<Vec<String>>,
    #[serde(default)]
    capabilities: RequiredCapabilities,
    #[serde(default)]
    charging: Charging,
    set: Vec<Set>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    impus: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    barred: Vec<Spanned<String>>,
    display_name: Option<String>,
    profile: Option<Spanned<String>>,
}

/// What is wrong, and where in the file.
pub(crate) type Wrong = (Range<usize>, String);

/// Reads a file of subscribers; `file` is its name, for errors.
pub fn parse_subscribers(file: &str, text: &str) -> Result<Vec<ProvisionedSubscriber>, ProvisionError> {
    parse_with(file, text, read)
}

/// Reads a file with `read`; what is wrong is said with its place.
pub(crate) fn parse_with<F: for<'de> Deserialize<'de>, T>(
    file: &str,
    text: &str,
    read: impl FnOnce(F) -> Result<T, Wrong>,
) -> Result<T, ProvisionError> {
    let at = |offset: usize, what: String| {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        ProvisionError::File { file: file.to_owned(), line, column, what }
    };
    let parsed: F = toml::from_str(text).map_err(|e| at(e.span().map_or(0, |s| s.start), e.message().to_owned()))?;
    read(parsed).map_err(|(span, what)| at(span.start, what))
}

/// Filter criteria by the names of their profiles.
pub(crate) fn criteria_of(profiles: Vec<Profile>) -> Result<BTreeMap<String, Vec<InitialFilterCriteria>>, Wrong> {
    let mut named = BTreeMap::new();
    for profile in profiles {
        let criteria: Result<Vec<_>, _> =
            profile.ifc.into_iter().map(|i| ifc::criteria(i.as_ref()).map_err(|what| (i.span(), what))).collect();
        let (span, name) = (profile.name.span(), profile.name.into_inner());
        if named.insert(name.clone(), criteria?).is_some() {
            return Err((span, format!("there are two profiles {name:?}")));
        }
    }
    Ok(named)
}

fn read(file: File) -> Result<Vec<ProvisionedSubscriber>, Wrong> {
    let profiles = criteria_of(file.profile)?;
    let mut known = Known::default();
    file.subscriber.into_iter().map(|entry| subscriber(entry, &profiles, &mut known)).collect()
}

/// What belongs to whom so far.
#[derive(Default)]
struct Known {
    impis: BTreeSet<String>,
    msisdns: BTreeSet<String>,
    imsis: BTreeSet<String>,
    /// By public identity: its subscription, and its whole set.
    impus: BTreeMap<String, (String, Vec<String>)>,
}

fn subscriber(
    entry: Entry,
    profiles: &BTreeMap<String, Vec<InitialFilterCriteria>>,
    known: &mut Known,
) -> Result<ProvisionedSubscriber, Wrong> {
    let span = entry.impi.span();
    let aka = aka(&entry)?;
    let sqn =
        entry.sqn.as_ref().map(|sqn| octets(sqn.span(), sqn.as_ref(), "sqn").map(Sqn::from_octets)).transpose()?;
    let digest = digest(&entry)?;
    let impi = entry.impi.into_inner();
    if !is_impi(&impi) {
        return Err((span, format!("impi {impi:?} is not user@realm (TS 23.003 clause 13.3)")));
    }
    if !known.impis.insert(impi.clone()) {
        return Err((span, format!("there are two subscribers {impi:?}")));
    }
    if aka.is_none() && digest.is_none() {
        return Err((span, format!("{impi} has no credentials: give k with op or opc, or digest_password")));
    }
    let mut msisdn = Vec::new();
    for number in entry.msisdn {
        let (span, number) = (number.span(), number.into_inner());
        if !is_number(&number) {
            return Err((span, format!("msisdn {number:?} is not {NUMBER}")));
        }
        if !known.msisdns.insert(number.clone()) {
            return Err((span, format!("msisdn {number} is there twice")));
        }
        msisdn.push(number);
    }
    let imsi = entry.imsi.map(|imsi| self::imsi(imsi, known)).transpose()?;
    if let Some(problem) = entry.sms.problem() {
        return Err((span, format!("{impi}: {problem}")));
    }
    let subscription = entry.subscription.unwrap_or_else(|| impi.clone());
    if entry.set.is_empty() {
        return Err((span, format!("{impi} has no public identity: give it [[subscriber.set]] with impus")));
    }
    let sets: Result<Vec<_>, _> = entry.set.into_iter().map(|s| set(s, &subscription, profiles, known)).collect();
    let subscriber = Subscriber {
        impi,
        subscription,
        aka,
        digest,
        msisdn,
        imsi,
        sms: entry.sms,
        visited_networks: entry.visited_networks,
        capabilities: entry.capabilities,
        charging: entry.charging,
        sets: sets?,
    };
    Ok(ProvisionedSubscriber { subscriber, sqn })
}

fn imsi(imsi: Spanned<String>, known: &mut Known) -> Result<String, Wrong> {
    let (span, imsi) = (imsi.span(), imsi.into_inner());
    if !(5..=15).contains(&imsi.len()) || !imsi.bytes().all(|b| b.is_ascii_digit()) {
        return Err((span, format!("imsi {imsi:?} is not 5 to 15 digits (TS 23.003 clause 2.2)")));
    }
    match known.imsis.insert(imsi.clone()) {
        true => Ok(imsi),
        false => Err((span, format!("imsi {imsi} is there twice"))),
    }
}

fn aka(entry: &Entry) -> Result<Option<AkaKeys>, Wrong> {
    let key = |of: &Spanned<Secret<String>>, name| octets::<16>(of.span(), of.as_ref().expose(), name);
    let amf = entry.amf.as_ref().map(|a| octets(a.span(), a.as_ref(), "amf")).transpose()?.unwrap_or(DEFAULT_AMF);
    match (&entry.k, &entry.op, &entry.opc) {
        (None, None, None) => Ok(None),
        (Some(k), Some(op), None) => Ok(Some(AkaKeys::with_op(key(k, "k")?, key(op, "op")?, amf))),
        (Some(k), None, Some(opc)) => Ok(Some(AkaKeys::with_opc(key(k, "k")?, key(opc, "opc")?, amf))),
        (Some(k), ..) => Err((k.span(), "k wants exactly one of op and opc".to_owned())),
        (None, ..) => Err((entry.impi.span(), "op and opc mean nothing without k".to_owned())),
    }
}

/// Hexadecimal digits; they are not repeated in the error, for they may be a key.
fn octets<const N: usize>(span: Range<usize>, digits: &str, name: &str) -> Result<[u8; N], Wrong> {
    let found = hex::decode(digits).ok().and_then(|octets| octets.try_into().ok());
    found.ok_or_else(|| (span, format!("{name} is not {} hexadecimal digits", 2 * N)))
}

fn digest(entry: &Entry) -> Result<Option<DigestSecret>, Wrong> {
    let impi = entry.impi.as_ref();
    let realm = entry.digest_realm.clone().or_else(|| impi.split_once('@').map(|(_, realm)| realm.to_owned()));
    let realm = realm.unwrap_or_default();
    let ha1 = match (&entry.digest_password, &entry.digest_ha1) {
        (None, None) => return Ok(None),
        (Some(password), None) => digest_ha1(&Algorithm::Md5, impi, &realm, password.as_ref().expose().as_bytes()),
        (None, Some(ha1)) => {
            octets::<16>(ha1.span(), ha1.as_ref().expose(), "digest_ha1")?;
            ha1.as_ref().expose().to_ascii_lowercase()
        }
        (Some(password), Some(_)) => {
            return Err((password.span(), "give one of digest_password and digest_ha1".to_owned()));
        }
    };
    Ok(Some(DigestSecret { realm, ha1: Secret::new(ha1) }))
}

fn set(
    set: Set,
    subscription: &str,
    profiles: &BTreeMap<String, Vec<InitialFilterCriteria>>,
    known: &mut Known,
) -> Result<ImplicitSet, Wrong> {
    let span = set.impus.span();
    let impus = set.impus.into_inner();
    if impus.is_empty() {
        return Err((span, "a set has at least one public identity in impus".to_owned()));
    }
    let whole: Vec<_> = impus.iter().map(|i| canonical(i.as_ref())).collect();
    for barred in &set.barred {
        if !whole.contains(&canonical(barred.as_ref())) {
            return Err((barred.span(), format!("{} is barred and not in impus", barred.as_ref())));
        }
    }
    let mut identities = Vec::new();
    let mut here = BTreeSet::new();
    for impu in impus {
        let (span, uri) = (impu.span(), impu.into_inner());
        if !matches!(Uri::parse(&uri), Ok(Uri::Sip(_) | Uri::Tel(_))) {
            return Err((span, format!("{uri:?} is not a SIP or tel URI (TS 23.003 clause 13.4)")));
        }
        let key = canonical(&uri);
        if !here.insert(key.clone()) {
            return Err((span, format!("{uri} is there twice")));
        }
        let owner = (subscription.to_owned(), whole.clone());
        if known.impus.insert(key.clone(), owner.clone()).is_some_and(|before| before != owner) {
            let what =
                format!("{uri} is in another set already: shared, it wants the same subscription and the same set");
            return Err((span, what));
        }
        let barred = set.barred.iter().any(|b| canonical(b.as_ref()) == key);
        identities.push(Identity { uri, barred, display_name: set.display_name.clone() });
    }
    Ok(ImplicitSet::new(identities, named_criteria(set.profile.as_ref(), profiles)?))
}

/// The criteria of the profile that is named; none: no services.
pub(crate) fn named_criteria(
    name: Option<&Spanned<String>>,
    profiles: &BTreeMap<String, Vec<InitialFilterCriteria>>,
) -> Result<Vec<InitialFilterCriteria>, Wrong> {
    let Some(name) = name else { return Ok(Vec::new()) };
    let found = profiles.get(name.as_ref()).cloned();
    found.ok_or_else(|| (name.span(), format!("there is no [[profile]] with name = {:?}", name.as_ref())))
}

#[cfg(test)]
mod tests;
