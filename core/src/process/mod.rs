//! The live process: `core.toml`, and the nodes that it wants.

mod config;
mod live;

pub use config::{
    AccountSection, BmscSection, CdfSection, ChargingSection, ConferenceSection, CoreConfig, CoreConfigError,
    ExposureClientSection, ExposureSection, GatewaySection, GwfSection, HssSection, HttpPlace, IcscfSection,
    IdentitySection, MessagingSection, NodeKind, OcsSection, ParsePlaceError, PcscfSection, PeerSection, Place,
    PresenceSection, ScscfSection, SipNetworkSection, TEST_DOMAIN, TlsSection, WebPlace, WithoutRules, XdmSection,
    XdmUserSection,
};
pub use live::{LiveError, start_core};
