//! Bindings of partner and primary identities from TOML (TS 23.280 clause 10.1.6.2, fourth precondition).
//!
//! ```toml
//! [[profile]]
//! name = "mc"
//! [[profile.ifc]]
//! priority = 0
//! server = "sip:mc1.partner.test"
//! trigger = [{ method = "INVITE" }]
//!
//! [[binding]]
//! system = "primary"
//! impi = "m1@partner.test"
//! primary_impi = "001010000000001@primary.test"
//! identities = [{ partner = "sip:m1@partner.test", primary = "sip:alice@primary.test" }]
//! profile = "mc"
//! ```
//!
//! `[[profile]]` is what it is for subscribers of an HSS; a binding with `barred = true` is that of a user who may not come.

use serde::Deserialize;
use toml::Spanned;

use super::{BoundIdentity, MigrationBinding};
use crate::ims::hss::{Profile, ProvisionError, RequiredCapabilities, Wrong, criteria_of, named_criteria, parse_with};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    profile: Vec<Profile>,
    #[serde(default)]
    binding: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    system: String,
    impi: String,
    primary_impi: String,
    identities: Vec<BoundIdentity>,
    profile: Option<Spanned<String>>,
    #[serde(default)]
    barred: bool,
    #[serde(default)]
    capabilities: RequiredCapabilities,
}

/// Reads a file of bindings; `file` is its name, for errors.
///
/// # Errors
/// What is no TOML or not known, with its place.
pub fn parse_bindings(file: &str, text: &str) -> Result<Vec<MigrationBinding>, ProvisionError> {
    parse_with(file, text, read)
}

fn read(file: File) -> Result<Vec<MigrationBinding>, Wrong> {
    let profiles = criteria_of(file.profile)?;
    let binding = |entry: Entry| {
        Ok(MigrationBinding {
            criteria: named_criteria(entry.profile.as_ref(), &profiles)?,
            system: entry.system,
            impi: entry.impi,
            primary_impi: entry.primary_impi,
            identities: entry.identities,
            is_barred: entry.barred,
            capabilities: entry.capabilities,
        })
    };
    file.binding.into_iter().map(binding).collect()
}
