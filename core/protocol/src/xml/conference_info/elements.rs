//! Between documents and their types.

use std::fmt;

use super::{
    ConferenceDescription, ConferenceInfo, ConferenceInfoProblem, ConferenceState, ConferenceUser, DisconnectionMethod,
    Element, Endpoint, EndpointMedia, EndpointStatus, PartState, Users,
};

type Result<T> = std::result::Result<T, ConferenceInfoProblem>;

impl ConferenceInfo {
    pub(super) fn read(root: &Element) -> Result<Self> {
        if root.name != "conference-info" {
            return Err(field("conference-info", Some(&root.name)));
        }
        let users = root.first("users").map(|users| {
            let all = users.all("user").map(ConferenceUser::read).collect::<Result<_>>()?;
            Ok::<_, ConferenceInfoProblem>(Users { state: PartState::read(users)?, users: all })
        });
        Ok(Self {
            entity: mandatory(root, "entity")?,
            state: PartState::read(root)?,
            version: number("version", root.value_of("version"))?,
            description: root.first("conference-description").map(ConferenceDescription::read).transpose()?,
            conference_state: root.first("conference-state").map(ConferenceState::read).transpose()?,
            users: users.transpose()?,
        })
    }

    pub(super) fn write(&self) -> Element {
        let mut root = Element::new("conference-info").attribute("xmlns", NAMESPACE).attribute("entity", &self.entity);
        root = root.attribute("state", self.state);
        if let Some(version) = self.version {
            root = root.attribute("version", version);
        }
        root.children.extend(self.description.as_ref().map(ConferenceDescription::write));
        root.children.extend(self.conference_state.as_ref().map(ConferenceState::write));
        if let Some(users) = &self.users {
            let mut element = Element::new("users").attribute("state", users.state);
            element.children = users.users.iter().map(ConferenceUser::write).collect();
            root.children.push(element);
        }
        root
    }
}

impl ConferenceDescription {
    fn read(element: &Element) -> Result<Self> {
        let entry = |entry: &Element| {
            let uri = entry.text_of("uri").ok_or_else(|| field("uri", None))?;
            Ok::<_, ConferenceInfoProblem>((uri.to_owned(), owned(entry, "purpose")))
        };
        let uris = element.first("conf-uris").into_iter().flat_map(|uris| uris.all("entry"));
        Ok(Self {
            display_text: owned(element, "display-text"),
            subject: owned(element, "subject"),
            conf_uris: uris.map(entry).collect::<Result<_>>()?,
            maximum_user_count: number("maximum-user-count", element.text_of("maximum-user-count"))?,
        })
    }

    fn write(&self) -> Element {
        let mut element = Element::new("conference-description");
        texts(&mut element, [("display-text", &self.display_text), ("subject", &self.subject)]);
        if !self.conf_uris.is_empty() {
            let mut uris = Element::new("conf-uris");
            for (uri, purpose) in &self.conf_uris {
                let mut entry = Element::new("entry").child(Element::with_text("uri", uri));
                texts(&mut entry, [("purpose", purpose)]);
                uris.children.push(entry);
            }
            element.children.push(uris);
        }
        texts(&mut element, [("maximum-user-count", &self.maximum_user_count)]);
        element
    }
}

impl ConferenceState {
    fn read(element: &Element) -> Result<Self> {
        Ok(Self {
            user_count: number("user-count", element.text_of("user-count"))?,
            active: boolean("active", element.text_of("active"))?,
            locked: boolean("locked", element.text_of("locked"))?,
        })
    }

    fn write(&self) -> Element {
        let mut element = Element::new("conference-state");
        texts(&mut element, [("user-count", &self.user_count)]);
        texts(&mut element, [("active", &self.active), ("locked", &self.locked)]);
        element
    }
}

impl ConferenceUser {
    fn read(element: &Element) -> Result<Self> {
        let roles = element.first("roles").into_iter().flat_map(|roles| roles.all("entry"));
        Ok(Self {
            entity: mandatory(element, "entity")?,
            state: PartState::read(element)?,
            display_text: owned(element, "display-text"),
            roles: roles.map(|role| role.text.clone()).collect(),
            endpoints: element.all("endpoint").map(Endpoint::read).collect::<Result<_>>()?,
        })
    }

    fn write(&self) -> Element {
        let mut element = Element::new("user").attribute("entity", &self.entity).attribute("state", self.state);
        texts(&mut element, [("display-text", &self.display_text)]);
        if !self.roles.is_empty() {
            let mut roles = Element::new("roles");
            roles.children = self.roles.iter().map(|role| Element::with_text("entry", role)).collect();
            element.children.push(roles);
        }
        element.children.extend(self.endpoints.iter().map(Endpoint::write));
        element
    }
}

impl Endpoint {
    fn read(element: &Element) -> Result<Self> {
        let within = |name: &str, child: &str| element.first(name).and_then(|info| owned(info, child));
        Ok(Self {
            entity: mandatory(element, "entity")?,
            state: PartState::read(element)?,
            referred_by: within("referred", "by"),
            status: known("status", element.text_of("status"), &EndpointStatus::ALL)?,
            joining_method: owned(element, "joining-method"),
            disconnection_method: known(
                "disconnection-method",
                element.text_of("disconnection-method"),
                &DisconnectionMethod::ALL,
            )?,
            disconnection_reason: within("disconnection-info", "reason"),
            media: element.all("media").map(EndpointMedia::read).collect::<Result<_>>()?,
        })
    }

    fn write(&self) -> Element {
        let mut element = Element::new("endpoint").attribute("entity", &self.entity).attribute("state", self.state);
        if let Some(by) = &self.referred_by {
            element.children.push(Element::new("referred").child(Element::with_text("by", by)));
        }
        texts(&mut element, [("status", &self.status)]);
        texts(&mut element, [("joining-method", &self.joining_method)]);
        texts(&mut element, [("disconnection-method", &self.disconnection_method)]);
        if let Some(reason) = &self.disconnection_reason {
            element.children.push(Element::new("disconnection-info").child(Element::with_text("reason", reason)));
        }
        element.children.extend(self.media.iter().map(EndpointMedia::write));
        element
    }
}

impl EndpointMedia {
    fn read(element: &Element) -> Result<Self> {
        Ok(Self {
            id: mandatory(element, "id")?,
            kind: owned(element, "type"),
            src_id: number("src-id", element.text_of("src-id"))?,
            status: owned(element, "status"),
        })
    }

    fn write(&self) -> Element {
        let mut element = Element::new("media").attribute("id", &self.id);
        texts(&mut element, [("type", &self.kind)]);
        texts(&mut element, [("src-id", &self.src_id)]);
        texts(&mut element, [("status", &self.status)]);
        element
    }
}

impl PartState {
    /// The schema has `full` as its default.
    fn read(element: &Element) -> Result<Self> {
        let state = known("state", element.value_of("state"), &[Self::Full, Self::Partial, Self::Deleted])?;
        Ok(state.unwrap_or_default())
    }
}

impl fmt::Display for PartState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Deleted => "deleted",
        })
    }
}

impl EndpointStatus {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::DialingOut,
        Self::DialingIn,
        Self::Alerting,
        Self::OnHold,
        Self::Connected,
        Self::MutedViaFocus,
        Self::Disconnecting,
        Self::Disconnected,
    ];
}

impl fmt::Display for EndpointStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::DialingOut => "dialing-out",
            Self::DialingIn => "dialing-in",
            Self::Alerting => "alerting",
            Self::OnHold => "on-hold",
            Self::Connected => "connected",
            Self::MutedViaFocus => "muted-via-focus",
            Self::Disconnecting => "disconnecting",
            Self::Disconnected => "disconnected",
        })
    }
}

impl DisconnectionMethod {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Departed, Self::Booted, Self::Failed, Self::Busy];
}

impl fmt::Display for DisconnectionMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Departed => "departed",
            Self::Booted => "booted",
            Self::Failed => "failed",
            Self::Busy => "busy",
        })
    }
}

fn texts<T: fmt::Display, const N: usize>(element: &mut Element, all: [(&str, &Option<T>); N]) {
    let there = all.into_iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value)));
    element.children.extend(there.map(|(name, value)| Element::with_text(name, value)));
}

fn owned(element: &Element, name: &str) -> Option<String> {
    element.text_of(name).map(str::to_owned)
}

fn mandatory(element: &Element, name: &'static str) -> Result<String> {
    element.value_of(name).map(str::to_owned).ok_or_else(|| field(name, None))
}

fn number(what: &'static str, value: Option<&str>) -> Result<Option<u32>> {
    value.map(|v| v.trim().parse().map_err(|_| field(what, Some(v)))).transpose()
}

fn boolean(what: &'static str, value: Option<&str>) -> Result<Option<bool>> {
    Ok(match value.map(str::trim) {
        None => None,
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        other => return Err(field(what, other)),
    })
}

fn known<T: Copy + fmt::Display>(what: &'static str, value: Option<&str>, all: &[T]) -> Result<Option<T>> {
    let Some(value) = value else { return Ok(None) };
    let found = all.iter().find(|one| one.to_string() == value.trim());
    found.copied().map(Some).ok_or_else(|| field(what, Some(value)))
}

fn field(what: &'static str, value: Option<&str>) -> ConferenceInfoProblem {
    ConferenceInfoProblem::Field { what, value: value.unwrap_or_default().to_owned() }
}

/// RFC 4575 clause 9.2.
const NAMESPACE: &str = "urn:ietf:params:xml:ns:conference-info";
