//! What an S-CSCF knows of registered users (TS 24.229 clause 5.4.1; RFC 3261 clause 10.3, RFC 3327): implicit
//! registration sets, their profiles and contacts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::Due;
use protocol::sip::{NameAddr, Uri};
use serde::{Deserialize, Serialize};

use crate::ims::profile::{PublicIdentity, ServiceProfile, UserProfile};

/// Registered implicit registration sets, found by any of their identities.
#[derive(Debug, Default)]
pub(super) struct Registrar {
    sets: BTreeMap<String, Arc<ImplicitSet>>,
    /// Identity to key of its set.
    keys: BTreeMap<String, String>,
    /// Private identity to keys of sets that it is registered in.
    of_impi: BTreeMap<String, BTreeSet<String>>,
    /// When the first contact of a set ends.
    ends: Due<u64, String>,
    contacts: usize,
}

/// An implicit registration set and its contacts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ImplicitSet {
    /// User profile.
    pub(super) profile: UserProfile,
    /// Contacts, oldest first.
    pub(super) bindings: Vec<Binding>,
    /// P-Charging-Function-Addresses.
    pub(super) charging: Option<String>,
    /// Contacts that were ever registered: numbers the next.
    pub(super) contacts_so_far: u64,
}

/// A set as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredSet {
    profile: String,
    bindings: Vec<Binding>,
    charging: Option<String>,
    contacts_so_far: u64,
}

/// A contact address of a user.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Binding {
    /// Its number within the set.
    pub(super) number: u64,
    /// The Contact value as the UE sent it, without `expires`.
    pub(super) contact: String,
    /// Path of the REGISTER, topmost first.
    pub(super) path: Vec<String>,
    /// Private identity that registered it.
    pub(super) impi: String,
    /// Public identity that was in To.
    pub(super) impu: String,
    /// Call-ID of the REGISTER.
    pub(super) call_id: String,
    /// CSeq of the REGISTER.
    pub(super) cseq: u32,
    /// When it was registered: UTC in milliseconds.
    pub(super) registered_utc_ms: u64,
    /// When it ends: UTC in milliseconds.
    pub(super) expires_utc_ms: u64,
    /// What the REGISTER said of the access and the visited network; application servers are told.
    pub(super) access: Vec<(String, String)>,
}

impl Registrar {
    /// The set that an identity belongs to.
    pub(super) fn set_of(&self, impu: &str) -> Option<&ImplicitSet> {
        self.sets.get(self.keys.get(impu)?).map(Arc::as_ref)
    }

    /// The same, to keep as it is now.
    pub(super) fn shared_set_of(&self, impu: &str) -> Option<Arc<ImplicitSet>> {
        self.sets.get(self.keys.get(impu)?).cloned()
    }

    /// Key of the set that an identity belongs to.
    pub(super) fn key_of(&self, impu: &str) -> Option<&str> {
        self.keys.get(impu).map(String::as_str)
    }

    /// A set by its key.
    pub(super) fn get(&self, key: &str) -> Option<&ImplicitSet> {
        self.sets.get(key).map(Arc::as_ref)
    }

    /// Puts a set in place of the one that has its first identity; tells keys that are gone, and its own.
    pub(super) fn put(&mut self, set: ImplicitSet) -> (Vec<String>, String) {
        let mut gone: Vec<String> = Vec::new();
        for identity in set.identities() {
            if let Some(key) = self.keys.get(&identity).cloned()
                && !gone.contains(&key)
            {
                self.remove(&key);
                gone.push(key);
            }
        }
        let key = set.key();
        for identity in set.identities() {
            self.keys.insert(identity, key.clone());
        }
        for impi in set.impis() {
            self.of_impi.entry(impi.to_owned()).or_default().insert(key.clone());
        }
        self.ends.set(&key, set.bindings.iter().map(|b| b.expires_utc_ms).min());
        self.contacts += set.bindings.len();
        gone.retain(|k| *k != key);
        self.sets.insert(key.clone(), Arc::new(set));
        (gone, key)
    }

    /// Forgets a set.
    pub(super) fn remove(&mut self, key: &str) -> Option<ImplicitSet> {
        let set = self.sets.remove(key)?;
        for identity in set.identities() {
            self.keys.remove(&identity);
        }
        for impi in set.impis() {
            if let Some(keys) = self.of_impi.get_mut(impi) {
                keys.remove(key);
                if keys.is_empty() {
                    self.of_impi.remove(impi);
                }
            }
        }
        self.ends.set(&key.to_owned(), None);
        self.contacts -= set.bindings.len();
        Some(Arc::unwrap_or_clone(set))
    }

    /// When the next contact ends.
    pub(super) fn next_expiry(&self) -> Option<u64> {
        self.ends.first()
    }

    /// Keys of sets with a contact that has ended.
    pub(super) fn ended(&self, utc_ms: u64) -> Vec<String> {
        self.ends.until(utc_ms)
    }

    /// Keys of sets with a contact of a private identity.
    pub(super) fn keys_of_impi(&self, impi: &str) -> Vec<String> {
        self.of_impi.get(impi).into_iter().flatten().cloned().collect()
    }

    /// Number of sets and of contacts.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.sets.len(), self.contacts)
    }
}

impl ImplicitSet {
    /// A set without contacts.
    pub(super) const fn new(profile: UserProfile) -> Self {
        Self { profile, bindings: Vec::new(), charging: None, contacts_so_far: 0 }
    }

    /// Reads a stored set.
    pub(super) fn from_json(octets: &[u8]) -> Result<Self, String> {
        let stored: StoredSet = serde_json::from_slice(octets).map_err(|e| e.to_string())?;
        let profile = UserProfile::parse(&stored.profile).map_err(|e| e.to_string())?;
        Ok(Self {
            profile,
            bindings: stored.bindings,
            charging: stored.charging,
            contacts_so_far: stored.contacts_so_far,
        })
    }

    /// As it is stored.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let stored = StoredSet {
            profile: self.profile.to_document(),
            bindings: self.bindings.clone(),
            charging: self.charging.clone(),
            contacts_so_far: self.contacts_so_far,
        };
        // Strings and numbers only: nothing that JSON could not hold.
        serde_json::to_vec(&stored).unwrap_or_default()
    }

    /// Its first identity.
    pub(super) fn key(&self) -> String {
        self.profile.identities().next().map(|i| canonical(&i.identity)).unwrap_or_default()
    }

    /// All its identities in the form that keys have.
    pub(super) fn identities(&self) -> Vec<String> {
        self.profile.identities().map(|i| canonical(&i.identity)).collect()
    }

    /// Its private identities.
    fn impis(&self) -> BTreeSet<&str> {
        let registered = self.bindings.iter().map(|b| b.impi.as_str());
        registered.chain(std::iter::once(self.profile.private_id.as_str())).collect()
    }

    /// The identities that may be used, the default one first (TS 24.229 clause 5.4.1.2.2F).
    pub(super) fn usable(&self) -> impl Iterator<Item = &PublicIdentity> {
        self.profile.identities().filter(|i| !i.barred)
    }

    /// One of its identities.
    pub(super) fn identity(&self, impu: &str) -> Option<&PublicIdentity> {
        self.profile.identities().find(|i| canonical(&i.identity) == impu)
    }

    /// The service profile of one of its identities.
    pub(super) fn services(&self, impu: &str) -> Option<&ServiceProfile> {
        self.profile.service_profile(|i| canonical(i) == impu)
    }

    /// A SIP URI in the set, and a tel URI: those that P-Asserted-Identity carries together (clause 5.4.3.2).
    pub(super) fn alias_of(&self, impu: &str) -> Option<&PublicIdentity> {
        let tel = impu.starts_with("tel:");
        self.usable().find(|i| i.identity.starts_with("tel:") != tel)
    }

    /// Adds or renews a contact; `taken` are those that the same REGISTER brought before. Tells whether it is new, and its
    /// number.
    pub(super) fn bind(&mut self, mut binding: Binding, taken: &[u64]) -> (bool, u64) {
        let old = self.bindings.iter_mut().find(|b| !taken.contains(&b.number) && b.is_same(&binding));
        if let Some(old) = old {
            binding.number = old.number;
            binding.registered_utc_ms = old.registered_utc_ms;
            let number = binding.number;
            *old = binding;
            return (false, number);
        }
        self.contacts_so_far += 1;
        binding.number = self.contacts_so_far;
        let number = binding.number;
        self.bindings.push(binding);
        (true, number)
    }
}

impl Binding {
    /// The Contact value.
    pub(super) fn address(&self) -> Option<NameAddr> {
        NameAddr::parse(&self.contact).ok()
    }

    /// Seconds until it ends.
    pub(super) fn remaining(&self, utc_ms: u64) -> u32 {
        u32::try_from(self.expires_utc_ms.saturating_sub(utc_ms).div_ceil(1000)).unwrap_or(u32::MAX)
    }

    /// The same device and flow (RFC 5626 clause 6), or the same address (RFC 3261 clause 10.3).
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let (Some(a), Some(b)) = (self.address(), other.address()) else { return false };
        let instance = |c: &NameAddr| c.params.text("+sip.instance").map(std::borrow::Cow::into_owned);
        let flow = |c: &NameAddr| c.params.get("reg-id").map(str::to_owned);
        match (instance(&a), instance(&b)) {
            (Some(x), Some(y)) => x == y && flow(&a) == flow(&b),
            _ => a.uri.equivalent(&b.uri),
        }
    }
}

/// An identity in the form that keys have.
pub(super) fn canonical(identity: &str) -> String {
    Uri::parse(identity.trim()).map_or_else(|_| identity.trim().to_owned(), |uri| uri.identity())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(identities: &[&str]) -> UserProfile {
        let public_identities = identities
            .iter()
            .map(|i| PublicIdentity { identity: (*i).to_owned(), ..PublicIdentity::default() })
            .collect();
        let service = ServiceProfile { public_identities, ..ServiceProfile::default() };
        UserProfile { private_id: "u@ims".to_owned(), service_profiles: vec![service] }
    }

    fn binding(contact: &str) -> Binding {
        Binding {
            number: 0,
            contact: contact.to_owned(),
            path: vec!["<sip:p@pcscf;lr>".to_owned()],
            impi: "u@ims".to_owned(),
            impu: "sip:u@ims".to_owned(),
            call_id: "c".to_owned(),
            cseq: 1,
            registered_utc_ms: 5,
            expires_utc_ms: 60_000,
            access: vec![],
        }
    }

    #[test]
    fn a_set_is_found_by_each_identity_in_any_spelling() {
        let mut registrar = Registrar::default();
        registrar.put(ImplicitSet::new(profile(&["sip:u@IMS", "tel:+999-123"])));
        for identity in ["sip:u@ims:5060;user=phone", "tel:+999123"] {
            assert!(registrar.set_of(&canonical(identity)).is_some(), "{identity}");
        }
        let (gone, key) = registrar.put(ImplicitSet::new(profile(&["tel:+999123", "sip:v@ims"])));
        assert_eq!((gone, key.as_str()), (vec!["sip:u@ims".to_owned()], "tel:+999123"));
        assert!(registrar.set_of("sip:u@ims").is_none());
        registrar.remove("tel:+999123");
        assert!(registrar.set_of("sip:v@ims").is_none());
    }

    #[test]
    fn contacts_are_the_same_by_instance_and_flow_or_by_address() {
        let mut set = ImplicitSet::new(profile(&["sip:u@ims"]));
        let a = "<sip:u@10.45.0.1>;+sip.instance=\"<urn:a>\"";
        assert_eq!(set.bind(binding(a), &[]), (true, 1));
        assert_eq!(set.bind(binding("<sip:u@10.45.0.9>;+sip.instance=\"<urn:a>\""), &[]), (false, 1));
        assert_eq!(set.bind(binding("<sip:u@10.45.0.9>;+sip.instance=\"<urn:a>\";reg-id=2"), &[]), (true, 2));
        assert_eq!(set.bind(binding("<sip:u@10.45.0.7>"), &[]), (true, 3));
        assert_eq!(set.bind(binding("<sip:u@10.45.0.7>;q=0.1"), &[]), (false, 3));
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let mut set = ImplicitSet::new(profile(&["sip:u@ims", "tel:+999123"]));
        set.bind(binding("<sip:u@10.45.0.1>;+g.3gpp.smsip"), &[]);
        assert_eq!(ImplicitSet::from_json(&set.to_json()).unwrap(), set);
    }
}
