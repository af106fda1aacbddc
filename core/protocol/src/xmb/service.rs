//! Service resource (TS 29.116 clause 5.2.1, TS 26.348 clause 5.3.7).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Who announces a service (TS 26.348 clause 5.3.7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum AnnouncementMode {
    /// The BM-SC, over the service announcement channel.
    #[default]
    #[serde(rename = "SACH")]
    Sach,
    /// The content provider; it gets what to announce from the BM-SC.
    #[serde(rename = "Content Provider")]
    ContentProvider,
}

/// A service.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Service {
    /// Identifier of the resource. Only the BM-SC says it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// `serviceId` of the user service description: a URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_id: Option<String>,
    /// Class of the service (TS 26.346 clause 11.2.1): a URN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_class: Option<String>,
    /// Languages of the content (RFC 5646).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_languages: Vec<String>,
    /// Names, each in its language when it begins with one and a colon: `de:Nachrichten`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_names: Vec<String>,
    /// For UEs without a subscription too.
    #[serde(skip_serializing_if = "is_false")]
    pub receive_only_mode: bool,
    /// Who announces it.
    pub service_announcement_mode: AnnouncementMode,
    /// Where the description of the user service is. Only the BM-SC says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_announcement_url: Option<String>,
    /// Where notifications are pushed to (TS 29.116 clause 8.2); none: they are only to be fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_notification_url: Option<String>,
    /// Classes of notifications that are pushed; none: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub push_notification_configuration: Vec<super::NotificationClass>,
    /// What else it has.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
pub(super) const fn is_false(value: &bool) -> bool {
    !*value
}
