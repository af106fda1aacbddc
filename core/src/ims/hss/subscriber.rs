//! Subscribers as the HSS keeps them (TS 23.008 clause 3), and who has which identity.

use std::collections::BTreeMap;

use protocol::Secret;
use protocol::diameter::cx::{Capabilities, ChargingInformation};
use protocol::sip::Uri;
use serde::{Deserialize, Serialize};

use super::map::SmsSubscription;
use crate::ims::aka::AkaKeys;
use crate::ims::profile::{IdentityKind, InitialFilterCriteria, PublicIdentity, ServiceProfile, UserProfile};
use crate::ims::profile::{ProfilePart, ProfileProblem};

/// A private identity, what it shares with its UE, and the public identities that it may register.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Subscriber {
    /// IMPI.
    pub impi: String,
    /// IMS subscription: private identities of one subscription share public identities and the S-CSCF.
    pub subscription: String,
    /// For IMS AKA.
    pub aka: Option<AkaKeys>,
    /// For SIP digest.
    pub digest: Option<DigestSecret>,
    /// MSISDNs: digits.
    pub msisdn: Vec<String>,
    /// IMSI, where it is not in the private identity.
    #[serde(default)]
    pub imsi: Option<String>,
    /// What it has for short messages.
    #[serde(default)]
    pub sms: SmsSubscription,
    /// Visited networks that it may register from; none: from anywhere.
    pub visited_networks: Option<Vec<String>>,
    /// What its S-CSCF has to be able to do.
    #[serde(default)]
    pub capabilities: RequiredCapabilities,
    /// Where charging data go.
    #[serde(default)]
    pub charging: Charging,
    /// Implicit registration sets (TS 23.228 clause 5.2.1a).
    pub sets: Vec<ImplicitSet>,
}

/// What SIP digest needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DigestSecret {
    /// Realm.
    pub realm: String,
    /// H(A1) in hexadecimal digits.
    #[serde(serialize_with = "Secret::serialize_exposed")]
    pub ha1: Secret<String>,
}

/// Capabilities of an S-CSCF (TS 29.229 clause 6.3.4), as they are written.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequiredCapabilities {
    /// It has to have these.
    pub mandatory: Vec<u32>,
    /// It had better have these.
    pub optional: Vec<u32>,
    /// S-CSCFs that are wanted.
    pub servers: Vec<String>,
}

impl RequiredCapabilities {
    pub(super) fn to_cx(&self) -> Capabilities {
        let Self { mandatory, optional, servers } = self.clone();
        Capabilities { mandatory, optional, servers }
    }
}

/// Charging functions (TS 29.229 clause 6.3.19), as they are written.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Charging {
    /// Primary event charging function.
    pub primary_ecf: Option<String>,
    /// Secondary event charging function.
    pub secondary_ecf: Option<String>,
    /// Primary charging collection function.
    pub primary_ccf: Option<String>,
    /// Secondary charging collection function.
    pub secondary_ccf: Option<String>,
}

impl Charging {
    pub(super) fn to_cx(&self) -> Option<ChargingInformation> {
        let Self { primary_ecf, secondary_ecf, primary_ccf, secondary_ccf } = self.clone();
        (*self != Self::default()).then_some(ChargingInformation {
            primary_ecf,
            secondary_ecf,
            primary_ccf,
            secondary_ccf,
        })
    }
}

/// Public identities that are registered together, with one service profile.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ImplicitSet {
    /// The identities; the first that is not barred is the default one.
    pub identities: Vec<Identity>,
    /// The filter criteria in a document of a profile whose identities mean nothing; empty: no services.
    pub criteria: String,
}

/// A public identity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// SIP or tel URI.
    pub uri: String,
    /// It may be registered with others, and used for nothing else.
    pub barred: bool,
    /// Name for display.
    pub display_name: Option<String>,
}

impl ImplicitSet {
    /// Keeps criteria in the form of the profile document: what is stored is what is sent.
    pub fn new(identities: Vec<Identity>, criteria: Vec<InitialFilterCriteria>) -> Self {
        let mut set = Self { identities, criteria: String::new() };
        if !criteria.is_empty() {
            let placeholder = PublicIdentity { identity: "sip:".to_owned(), ..PublicIdentity::default() };
            let profile =
                ServiceProfile { public_identities: vec![placeholder], criteria, ..ServiceProfile::default() };
            let document = UserProfile { private_id: "-".to_owned(), service_profiles: vec![profile] };
            set.criteria = document.to_document();
        }
        set
    }

    /// Initial filter criteria.
    pub fn filter_criteria(&self) -> Result<Vec<InitialFilterCriteria>, ProfileProblem> {
        if self.criteria.is_empty() {
            return Ok(Vec::new());
        }
        let profile = UserProfile::parse(&self.criteria)?;
        Ok(profile.service_profiles.into_iter().flat_map(|p| p.criteria).collect())
    }

    /// Whether an S-CSCF has something to do for it while it is not registered.
    pub fn has_unregistered_services(&self) -> bool {
        let of = |c: &InitialFilterCriteria| c.profile_part != Some(ProfilePart::Registered);
        self.filter_criteria().is_ok_and(|criteria| criteria.iter().any(of))
    }

    /// Whether there is no identity in it that may be used.
    pub(super) fn is_barred(&self) -> bool {
        self.identities.iter().all(|identity| identity.barred)
    }

    /// Its place of an identity.
    fn position(&self, canonical_wanted: &str) -> Option<usize> {
        self.identities.iter().position(|i| canonical(&i.uri) == canonical_wanted)
    }
}

impl Subscriber {
    /// The IMSI: as provisioned, or what the private identity was made of (TS 23.003 clause 13.3).
    pub fn imsi(&self) -> Option<&str> {
        let user = self.impi.split('@').next().unwrap_or_default();
        let is_imsi = (MIN_IMSI_OF_IMPI..=15).contains(&user.len()) && user.bytes().all(|b| b.is_ascii_digit());
        self.imsi.as_deref().or_else(|| is_imsi.then_some(user))
    }

    /// The set that an identity is in.
    pub fn set_of(&self, impu: &str) -> Option<usize> {
        let wanted = canonical(impu);
        self.sets.iter().position(|set| set.position(&wanted).is_some())
    }

    /// The profile of one of its sets as an S-CSCF gets it (TS 29.228 clause 6.6).
    pub fn user_profile(&self, set: usize) -> Result<UserProfile, ProfileProblem> {
        let Some(set) = self.sets.get(set) else { return Ok(UserProfile::default()) };
        let public_identities = set.identities.iter().map(|i| PublicIdentity {
            identity: i.uri.clone(),
            barred: i.barred,
            kind: IdentityKind::PublicUser,
            display_name: i.display_name.clone(),
        });
        let profile = ServiceProfile {
            public_identities: public_identities.collect(),
            criteria: set.filter_criteria()?,
            ..ServiceProfile::default()
        };
        Ok(UserProfile { private_id: self.impi.clone(), service_profiles: vec![profile] })
    }
}

/// Digits of an IMSI that a private identity is made of, at least: MCC, MNC and some of MSIN.
const MIN_IMSI_OF_IMPI: usize = 6;

/// An identity as it is compared (TS 23.003 clause 13.4): parameters and port of no meaning, host in lower case.
pub(crate) fn canonical(impu: &str) -> String {
    Uri::parse(impu).map_or_else(|_| impu.to_ascii_lowercase(), |uri| uri.identity())
}

/// Whether a name is a private identity: a user in a realm (TS 23.003 clause 13.3).
pub(crate) fn is_impi(name: &str) -> bool {
    name.split_once('@').is_some_and(|(user, realm)| !user.is_empty() && !realm.is_empty() && !realm.contains('@'))
}

/// All subscribers, and who has which identity.
#[derive(Debug, Default)]
pub(super) struct Directory {
    subscribers: BTreeMap<String, Subscriber>,
    /// By public identity: private identities that have it.
    by_impu: BTreeMap<String, Vec<String>>,
    by_msisdn: BTreeMap<String, String>,
    by_imsi: BTreeMap<String, String>,
    by_subscription: BTreeMap<String, Vec<String>>,
}

impl Directory {
    pub(super) fn put(&mut self, subscriber: Subscriber) {
        self.remove(&subscriber.impi);
        let impi = subscriber.impi.clone();
        for identity in subscriber.sets.iter().flat_map(|s| &s.identities) {
            self.by_impu.entry(canonical(&identity.uri)).or_default().push(impi.clone());
        }
        for msisdn in &subscriber.msisdn {
            self.by_msisdn.insert(msisdn.clone(), impi.clone());
        }
        if let Some(imsi) = subscriber.imsi() {
            self.by_imsi.insert(imsi.to_owned(), impi.clone());
        }
        self.by_subscription.entry(subscriber.subscription.clone()).or_default().push(impi.clone());
        self.subscribers.insert(impi, subscriber);
    }

    pub(super) fn remove(&mut self, impi: &str) {
        if self.subscribers.remove(impi).is_none() {
            return;
        }
        for index in [&mut self.by_impu, &mut self.by_subscription] {
            index.values_mut().for_each(|impis| impis.retain(|i| i != impi));
            index.retain(|_, impis| !impis.is_empty());
        }
        self.by_msisdn.retain(|_, of| of != impi);
        self.by_imsi.retain(|_, of| of != impi);
    }

    pub(super) fn len(&self) -> usize {
        self.subscribers.len()
    }

    /// All private identities.
    pub(super) fn impis(&self) -> impl Iterator<Item = &String> {
        self.subscribers.keys()
    }

    pub(super) fn by_impi(&self, impi: &str) -> Option<&Subscriber> {
        self.subscribers.get(impi)
    }

    /// Subscribers that have a public identity, by ascending private identity.
    pub(super) fn by_impu(&self, impu: &str) -> impl Iterator<Item = &Subscriber> {
        let impis = self.by_impu.get(&canonical(impu)).map_or(&[][..], Vec::as_slice);
        impis.iter().filter_map(|impi| self.subscribers.get(impi))
    }

    pub(super) fn by_msisdn(&self, msisdn: &str) -> Option<&Subscriber> {
        self.by_msisdn.get(msisdn).and_then(|impi| self.subscribers.get(impi))
    }

    pub(super) fn by_imsi(&self, imsi: &str) -> Option<&Subscriber> {
        self.by_imsi.get(imsi).and_then(|impi| self.subscribers.get(impi))
    }

    /// Private identities of a subscription.
    pub(super) fn of_subscription(&self, subscription: &str) -> &[String] {
        self.by_subscription.get(subscription).map_or(&[], Vec::as_slice)
    }

    /// Other private identities of the same subscription.
    pub(super) fn associated(&self, of: &Subscriber) -> Vec<String> {
        self.of_subscription(&of.subscription).iter().filter(|impi| **impi != of.impi).cloned().collect()
    }
}
