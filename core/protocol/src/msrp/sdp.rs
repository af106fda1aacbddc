//! MSRP in session descriptions (RFC 4975 clause 8, RFC 6135).

use super::{MsrpProblem, MsrpUri};
use crate::sip::sdp::{Media, Sdp};

/// What a description says of an MSRP session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MsrpMedia {
    /// `a=path`: the next hop first, the writer last.
    pub path: Vec<MsrpUri>,
    /// `a=accept-types`: media types, `*`, or `type/*`.
    pub accept_types: Vec<String>,
    /// `a=accept-wrapped-types`: what may be in message/cpim besides.
    pub accept_wrapped_types: Vec<String>,
    /// `a=max-size`: octets of a message.
    pub max_size: Option<u64>,
    /// `a=setup`.
    pub setup: Option<Setup>,
}

/// Who opens the connection (RFC 4145 clause 4, as RFC 6135 takes it over).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setup {
    /// The writer does.
    Active,
    /// The other one does.
    Passive,
    /// Either; the answer decides.
    ActPass,
}

impl MsrpMedia {
    /// One that takes these types at `uri`.
    pub fn new(uri: MsrpUri, accept_types: &[&str], setup: Setup) -> Self {
        Self {
            path: vec![uri],
            accept_types: accept_types.iter().map(|&kind| kind.to_owned()).collect(),
            accept_wrapped_types: Vec::new(),
            max_size: None,
            setup: Some(setup),
        }
    }

    /// The first medium of a description that is MSRP and not refused, and its place.
    pub fn find(sdp: &Sdp) -> Option<(usize, Result<Self, MsrpProblem>)> {
        let is_msrp = |media: &Media| {
            media.kind == "message" && media.port != 0 && media.protocol.to_ascii_uppercase().ends_with("/MSRP")
        };
        let at = sdp.media.iter().position(is_msrp)?;
        Some((at, Self::of(&sdp.media[at])))
    }

    /// What a medium says.
    pub fn of(media: &Media) -> Result<Self, MsrpProblem> {
        let missing = |what: &str| MsrpProblem::Malformed(format!("SDP: a={what} is not there"));
        let list = |name: &str| {
            let text = media.attribute(name)?;
            Some(text.split_ascii_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>())
        };
        Ok(Self {
            path: MsrpUri::parse_path(media.attribute("path").ok_or_else(|| missing("path"))?)?,
            accept_types: list("accept-types").ok_or_else(|| missing("accept-types"))?,
            accept_wrapped_types: list("accept-wrapped-types").unwrap_or_default(),
            max_size: media.attribute("max-size").and_then(|size| size.trim().parse().ok()),
            setup: media.attribute("setup").and_then(|setup| Setup::parse(setup.trim())),
        })
    }

    /// The medium.
    pub fn to_media(&self) -> Media {
        let own = self.path.last();
        let port = own.and_then(|uri| uri.port).unwrap_or(super::MSRP_PORT);
        let is_tls = own.is_some_and(|uri| uri.secure);
        // Clause 8.2: the format list is '*' or what is in accept-types; '*' says nothing twice.
        let mut media = Media::new("message", port, if is_tls { "TCP/TLS/MSRP" } else { "TCP/MSRP" }, &["*"]);
        media.add_attribute("accept-types", Some(&self.accept_types.join(" ")));
        if !self.accept_wrapped_types.is_empty() {
            media.add_attribute("accept-wrapped-types", Some(&self.accept_wrapped_types.join(" ")));
        }
        media.add_attribute("path", Some(&MsrpUri::path(&self.path)));
        if let Some(size) = self.max_size {
            media.add_attribute("max-size", Some(&size.to_string()));
        }
        if let Some(setup) = self.setup {
            media.add_attribute("setup", Some(setup.as_str()));
        }
        media
    }

    /// True when a message of this type may be sent to the writer (clause 8.6).
    pub fn accepts(&self, essence: &str) -> bool {
        accepts(&self.accept_types, essence)
    }
}

/// True when `types` has `essence`, its whole family, or everything.
pub(super) fn accepts(types: &[String], essence: &str) -> bool {
    let family = essence.split('/').next().unwrap_or_default();
    types.iter().any(|own| {
        own == "*"
            || own.eq_ignore_ascii_case(essence)
            || own.strip_suffix("/*").is_some_and(|own| own.eq_ignore_ascii_case(family))
    })
}

impl Setup {
    /// Reads the value of the attribute.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Passive, Self::ActPass].into_iter().find(|own| own.as_str() == text)
    }

    /// Its value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::ActPass => "actpass",
        }
    }

    /// What is answered to an offer (RFC 6135 clause 4.2.2): without a=setup the offerer opens (RFC 4975 clause 5.4); who
    /// may choose waits if `waits`.
    pub const fn answer(offer: Option<Self>, waits: bool) -> Self {
        match offer {
            None | Some(Self::Active) => Self::Passive,
            Some(Self::Passive) => Self::Active,
            Some(Self::ActPass) if waits => Self::Passive,
            Some(Self::ActPass) => Self::Active,
        }
    }

    /// True if the offerer opens the connection, by the answer that it got.
    pub const fn offerer_opens(answer: Option<Self>) -> bool {
        !matches!(answer, Some(Self::Active))
    }
}
