//! What a migration management server is told at its start.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::diameter::DiameterConfig;
use protocol::sip::Uri;
use serde::{Deserialize, Serialize};

use crate::ims::hss::{Identity, ImplicitSet, RequiredCapabilities, SmsSubscription, Subscriber, canonical, is_impi};
use crate::ims::profile::InitialFilterCriteria;

/// Configuration of a migration management server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MigrationConfig {
    /// Its Diameter side: the relay of its SIP core, and the CSCFs that connect. The applications are Cx and Sh, whatever is in
    /// there.
    pub diameter: DiameterConfig,
    /// Its name as Server-Name of what it asks the HSS for: a SIP URI.
    pub server_name: String,
    /// Realm of the HSS of its own system.
    pub hss_realm: String,
    /// Name of that HSS, if a certain one is meant.
    pub hss_host: Option<String>,
    /// The MC systems that there is an agreement with.
    pub systems: Vec<McSystem>,
    /// Users of those systems who may come here: their identities in both systems.
    pub bindings: Vec<MigrationBinding>,
    /// Own users who may go there; the first rule that names a user counts, who is in none may not.
    pub rules: Vec<MigrationRule>,
    /// How long the server of the other system may take.
    pub system_timeout: Duration,
    /// How long the HSS may take: less, so that the other system hears why there is nothing.
    pub hss_timeout: Duration,
    /// Questions that may wait for their answers at a time; more are refused (DIAMETER_TOO_BUSY).
    pub max_pending: usize,
    /// UTC at the start of the run, in milliseconds since 1970.
    pub utc_ms_at_zero: u64,
}

impl MigrationConfig {
    /// Without agreements; the timers end before the 6 s of those who ask.
    pub fn new(diameter: DiameterConfig) -> Self {
        Self {
            server_name: format!("sip:{}", diameter.origin_host),
            hss_realm: diameter.origin_realm.clone(),
            hss_host: None,
            systems: Vec::new(),
            bindings: Vec::new(),
            rules: Vec::new(),
            system_timeout: Duration::from_secs(5),
            hss_timeout: Duration::from_secs(4),
            max_pending: 10_000,
            utc_ms_at_zero: 0,
            diameter,
        }
    }
}

/// Another MC system, and its migration management server.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct McSystem {
    /// What bindings and rules call it.
    pub name: String,
    /// Origin-Host of its server.
    pub host: String,
    /// Its realm.
    pub realm: String,
    /// Name of its server as Server-Name, a SIP URI; none: made of `host`.
    #[serde(default)]
    pub server_name: Option<String>,
}

impl McSystem {
    /// With the usual name of its server.
    pub fn new(name: &str, host: &str, realm: &str) -> Self {
        Self { name: name.to_owned(), host: host.to_owned(), realm: realm.to_owned(), server_name: None }
    }

    pub(super) fn server_name(&self) -> String {
        self.server_name.clone().unwrap_or_else(|| format!("sip:{}", self.host))
    }
}

/// A user of another system, the primary one, and who he is here, in the partner system (TS 23.280 clause 10.1.6.2, fourth
/// precondition).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MigrationBinding {
    /// The primary system.
    pub system: String,
    /// Private identity here.
    pub impi: String,
    /// Private identity in the primary system.
    pub primary_impi: String,
    /// Public identities, registered together.
    pub identities: Vec<BoundIdentity>,
    /// Filter criteria of his profile here: the MC service servers of this system.
    pub criteria: Vec<InitialFilterCriteria>,
    /// He may not come at present.
    pub is_barred: bool,
    /// What his S-CSCF has to be able to do.
    pub capabilities: RequiredCapabilities,
}

/// A public identity in both systems.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundIdentity {
    /// Here.
    pub partner: String,
    /// In the primary system.
    pub primary: String,
}

impl MigrationBinding {
    /// A user without public identities.
    pub fn new(system: &str, impi: &str, primary_impi: &str) -> Self {
        Self {
            system: system.to_owned(),
            impi: impi.to_owned(),
            primary_impi: primary_impi.to_owned(),
            identities: Vec::new(),
            criteria: Vec::new(),
            is_barred: false,
            capabilities: RequiredCapabilities::default(),
        }
    }

    /// With one more public identity.
    #[must_use]
    pub fn with(mut self, partner: &str, primary: &str) -> Self {
        self.identities.push(BoundIdentity { partner: partner.to_owned(), primary: primary.to_owned() });
        self
    }

    /// As the HSS of partner identities has him: without anything secret.
    pub(super) fn subscriber(&self) -> Subscriber {
        let identity =
            |own: &BoundIdentity| Identity { uri: own.partner.clone(), barred: self.is_barred, display_name: None };
        Subscriber {
            impi: self.impi.clone(),
            subscription: self.impi.clone(),
            aka: None,
            digest: None,
            msisdn: Vec::new(),
            imsi: None,
            sms: SmsSubscription::default(),
            visited_networks: None,
            capabilities: self.capabilities.clone(),
            charging: Default::default(),
            sets: vec![ImplicitSet::new(self.identities.iter().map(identity).collect(), self.criteria.clone())],
        }
    }
}

/// Own users, and the systems that they may go to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrationRule {
    /// Private identities; `*` stands for any characters.
    pub identities: Vec<String>,
    /// Names of systems.
    #[serde(default)]
    pub systems: Vec<String>,
    /// They may go nowhere at present, whatever `systems` says.
    #[serde(default)]
    pub barred: bool,
}

/// Bindings by private identity, and what is wrong with them: identities that are none, or of two users.
pub(super) fn bindings_of(config: &MigrationConfig) -> Result<BTreeMap<String, MigrationBinding>, String> {
    let (mut by_impi, mut impus, mut primaries) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for binding in &config.bindings {
        let impi = &binding.impi;
        if !config.systems.iter().any(|system| system.name == binding.system) {
            return Err(format!("{impi} is of the system {:?}, which is in no agreement", binding.system));
        }
        if let Some(wrong) = [impi, &binding.primary_impi].into_iter().find(|name| !is_impi(name)) {
            return Err(format!("{wrong:?} is not user@realm (TS 23.003 clause 13.3)"));
        }
        if binding.identities.is_empty() {
            return Err(format!("{impi} has no public identity"));
        }
        for BoundIdentity { partner, primary } in &binding.identities {
            if let Some(wrong) = [partner, primary].into_iter().find(|uri| !is_impu(uri)) {
                return Err(format!("{wrong:?} of {impi} is not a SIP or tel URI (TS 23.003 clause 13.4)"));
            }
            // Step 9 finds the partner identity by the primary one: there is one.
            let primary = (binding.system.clone(), canonical(primary));
            if impus.insert(canonical(partner), impi).is_some() || primaries.insert(primary, impi).is_some() {
                return Err(format!("{partner} or what it is bound to is bound twice"));
            }
        }
        let primary = (binding.system.clone(), binding.primary_impi.clone());
        if by_impi.insert(impi.clone(), binding.clone()).is_some() || primaries.insert(primary, impi).is_some() {
            return Err(format!("{impi} or what it is bound to is bound twice"));
        }
    }
    Ok(by_impi)
}

fn is_impu(uri: &str) -> bool {
    matches!(Uri::parse(uri), Ok(Uri::Sip(_) | Uri::Tel(_)))
}
