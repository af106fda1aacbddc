//! xMB as `[bmsc.xmb]` wants it.

use super::bmsc::rules;
use super::{LiveError, Nodes};
use crate::mbms::{ProviderConfig, ServerRules, XmbConfig};
use crate::process::{ProviderSection, WebPlace};

impl Nodes<'_> {
    pub(super) fn xmb(&self) -> Result<Option<XmbConfig>, LiveError> {
        let section = &self.config.bmsc.xmb;
        if section.providers.is_empty() {
            return Ok(None);
        }
        let wrong = |what: String| LiveError::Settings(format!("bmsc.xmb: {what}"));
        let own = section.listen.first().map(|&WebPlace { is_secure, address }| {
            format!("{}://{address}", if is_secure { "https" } else { "http" })
        });
        let base = section.url.clone().or(own).ok_or_else(|| wrong("listen is empty: give an address".to_owned()))?;
        let provider = |section: &ProviderSection| match (&section.token, section.addresses.is_empty()) {
            (None, true) => {
                Err(wrong(format!("{} has neither addresses nor a token: anybody would be it", section.name)))
            }
            _ => Ok(self.provider(section)),
        };
        let providers = section.providers.iter().map(provider).collect::<Result<_, _>>()?;
        let (max_files, max_octets) = (section.max_files, section.max_octets);
        Ok(Some(XmbConfig { max_files, max_octets, ..XmbConfig::new(&base, providers) }))
    }

    fn provider(&self, section: &ProviderSection) -> ProviderConfig {
        let usual = rules(&self.config.bmsc.rules);
        let rules = ServerRules {
            max_tmgis: section.max_tmgis.unwrap_or(usual.max_tmgis),
            service_ids: section.service_ids.map_or(usual.service_ids, |(first, last)| Some(first..=last)),
            areas: section.areas.clone(),
            max_gbr: section.max_gbr.unwrap_or(usual.max_gbr),
            ..usual
        };
        let (name, addresses) = (section.name.clone(), section.addresses.clone());
        ProviderConfig { name, addresses, token: section.token.clone(), rules }
    }

    /// Where xMB is taken.
    pub(super) fn xmb_places(&self) -> Vec<WebPlace> {
        let section = &self.config.bmsc.xmb;
        if section.providers.is_empty() { Vec::new() } else { section.listen.clone() }
    }
}
