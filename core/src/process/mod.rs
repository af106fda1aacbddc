//! The live process: `core.toml`, and the nodes that it wants.

mod config;
mod live;

pub use config::{
    AccountSection, BmscSection, CdfSection, CellSection, ChargingSection, ConferenceSection, CoreConfig, CoreConfigError, EnbSection, ExposureClientSection, ExposureSection, GatewaySection, GwfSection, HssSection, HttpPlace, IcscfSection, IdentitySection, MbmsGwSection, MbsfnAreaSection, MceSection, MessagingSection, NodeKind, OcsSection, ParsePlaceError, PcscfSection, PeerSection, Place, PmchSection, PresenceSection, ProviderSection, QosClassSection, ScscfSection, ServerRulesSection, SipNetworkSection, SubframesSection, TEST_DOMAIN, TlsSection, WebPlace, WithoutRules, XdmSection, XdmUserSection, XmbSection,
};
pub use live::{LiveError, start_core};
