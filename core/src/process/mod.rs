//! The live process: `core.toml`, and the nodes that it wants.

mod config;
mod live;

pub use config::{
    AccountSection, AssignsSection, BmscSection, CdfSection, CellAreasSection, CellSection, ChargingSection,
    ConferenceSection, CoreConfig, CoreConfigError, DiameterRelaySection, EnbSection, EsmeSection,
    ExposureClientSection, ExposureSection, FailureHandlingName, GatewayMmsSection, GatewayRelaySection,
    GatewaySection, GwfSection, HssMapSection, HssSection, HttpPlace, IcscfSection, IdentitySection, ImsAsSection,
    IpMessageGwSection, MapSection, MbmsGwSection, MbsfnAreaSection, McFloorSection, McMbmsSection, McServerSection,
    MceSection, MessagingSection, MigrationServerSection, MmsChargingSection, MmsPlaces, MmsRelaySection,
    MmsSmScSection, MmsSubscriberSection, NodeKind, OcsSection, OtherRelaySection, ParsePlaceError, PcscfSection,
    PeerSection, Place, PmchSection, PresenceSection, ProviderSection, PushGatewaySection, QosClassSection,
    ScscfSection, ServedSection, ServerRulesSection, ServiceCentreSection, ServiceChoice, ServingNodeChoice,
    ServingNodeSection, SipNetworkSection, SmScSection, SmppPeerSection, SmsChargingSection, SmsGmscSection,
    SmtpPlaces, SubframesSection, TEST_DOMAIN, TlsSection, WebPlace, WithoutRules, XdmSection, XdmUserSection,
    XmbSection,
};
pub use live::{LiveError, start_core};
