//! Names of the service: content types and events (TS 24.379 annexes D, F), communication service identifier and feature tags
//! (TS 24.379 clause 4.2, annex D).

/// IMS communication service identifier of MCPTT, in P-Preferred-Service, P-Asserted-Service and Accept-Contact.
pub const MCPTT_ICSI: &str = "urn:urn-7:3gpp-service.ims.icsi.mcptt";

/// The same as feature tags hold it, percent-encoded (TS 24.229 clause 7.2A.8.2).
pub const MCPTT_ICSI_ENCODED: &str = "urn%3Aurn-7%3A3gpp-service.ims.icsi.mcptt";

/// Feature tag of a Contact: "I am an MCPTT client or server".
pub const MCPTT_FEATURE: &str = "+g.3gpp.mcptt";

/// Feature tag whose value lists communication services (TS 24.229 clause 7.9.2).
pub const ICSI_FEATURE: &str = "+g.3gpp.icsi-ref";

/// Feature tag of the focus of a call (RFC 3840 clause 11.1).
pub const FOCUS_FEATURE: &str = "isfocus";

/// What Accept-Contact of an MCPTT request asks for (TS 24.379 clause 10.1.1.2.1.1).
pub const ACCEPT_CONTACT: [&str; 2] = [
    "*;+g.3gpp.mcptt;require;explicit",
    "*;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mcptt\";require;explicit",
];

/// Parameters of a Contact of the service, to be put after its address (TS 24.379 clause 10.1.1.2.1.1).
pub const CONTACT_PARAMS: &str = ";+g.3gpp.mcptt;+g.3gpp.icsi-ref=\"urn%3Aurn-7%3A3gpp-service.ims.icsi.mcptt\"";

/// Content type of [`McpttInfo`](super::info::McpttInfo) (TS 24.379 clause F.1.4).
pub const INFO_CONTENT_TYPE: &str = "application/vnd.3gpp.mcptt-info+xml";

/// Content type of [`UsageInfo`](super::usage_info::UsageInfo) (TS 24.379 clause F.2.4).
pub const USAGE_INFO_CONTENT_TYPE: &str = "application/vnd.3gpp.mcptt-mbms-usage-info+xml";

/// Content type of [`Affiliations`](super::affiliation::Affiliations) (RFC 3863 clause 4.1.1).
pub const AFFILIATION_CONTENT_TYPE: &str = crate::xml::PIDF_CONTENT_TYPE;

/// Content type of [`Coordination`](super::coordination::Coordination). No standard has stage 3 of the procedure: the document
/// is our own.
pub const COORDINATION_CONTENT_TYPE: &str = "application/vnd.castbench.mbms-coordination+xml";

/// Content type of [`UserProfile`](super::user_profile::UserProfile) (TS 24.484 clause 8.3.2.5).
pub const USER_PROFILE_CONTENT_TYPE: &str = "application/vnd.3gpp.mcptt-user-profile+xml";

/// XCAP application usage of [`UserProfile`](super::user_profile::UserProfile) (TS 24.484 clause 8.3.2.2).
pub const USER_PROFILE_AUID: &str = "org.3gpp.mcptt.user-profile";

/// Content type of a session description (RFC 8866 clause 8.1).
pub const SDP_CONTENT_TYPE: &str = "application/sdp";

/// Content type of the settings that a client publishes with its authorisation (RFC 4354, TS 24.379 clause 7.2.3).
pub const POC_SETTINGS_CONTENT_TYPE: &str = "application/poc-settings+xml";

/// Event of a PUBLISH that authorises its user (TS 24.379 clause 7.2.2).
pub const POC_SETTINGS_EVENT: &str = "poc-settings";

/// Event of a PUBLISH that affiliates its user (TS 24.379 clause 9.2.1.2).
pub const PRESENCE_EVENT: &str = "presence";

/// Namespace of [`McpttInfo`](super::info::McpttInfo).
pub const INFO_NAMESPACE: &str = "urn:3gpp:ns:mcpttInfo:1.0";

/// Namespace of [`UsageInfo`](super::usage_info::UsageInfo).
pub const USAGE_INFO_NAMESPACE: &str = "urn:3gpp:ns:mcpttMbmsUsage:1.0";

/// Namespace of affiliations in presence documents (TS 24.379 clause 9.3.1.2).
pub const AFFILIATION_NAMESPACE: &str = "urn:3gpp:ns:mcpttPresInfo:1.0";

/// Namespace of [`UserProfile`](super::user_profile::UserProfile) (TS 24.484 clause 8.3.2.4).
pub const USER_PROFILE_NAMESPACE: &str = "urn:3gpp:mcptt:user-profile:1.0";

/// Namespace of [`PartnerSystem`](super::user_profile::PartnerSystem): our own.
pub const MIGRATION_NAMESPACE: &str = "urn:castbench:params:xml:ns:mc-migration";

/// Namespace of [`Coordination`](super::coordination::Coordination).
pub const COORDINATION_NAMESPACE: &str = "urn:castbench:params:xml:ns:mbms-coordination";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::{AcceptContact, NameAddr};

    #[test]
    fn feature_tags_read_as_what_they_are() {
        let contact = NameAddr::parse(&format!("<sip:ue@10.45.0.1:5060>{CONTACT_PARAMS}")).unwrap();
        assert!(contact.params.has(MCPTT_FEATURE));
        assert_eq!(contact.params.text(ICSI_FEATURE).as_deref(), Some(MCPTT_ICSI_ENCODED));
        assert_eq!(MCPTT_ICSI_ENCODED.replace("%3A", ":"), MCPTT_ICSI);
        assert!(ACCEPT_CONTACT.iter().all(|value| AcceptContact::parse(value).is_ok()));
    }
}
