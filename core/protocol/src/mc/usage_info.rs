//! Use of MBMS bearers as clients and servers tell it (TS 24.379 clause 14 and annex F.2): announcements of bearers, reports of
//! which are heard, reports of which are suspended.
//!
//! What the annex has since version 13 is where it was; a few later elements (`report-suspension`, `unicast-status`) are read
//! from an announcement and from its `anyExt`. The older forms of `mbms-service-areas` (one hexBinary with the number of areas
//! less one before them) and `GPMS` (beside the announcement) are read as well.

use super::DocumentProblem;
use super::document::{Builder, Part, flag, hex, hex_tmgi, number, text, to_hex};
use super::names::USAGE_INFO_NAMESPACE as NS;
use crate::Tmgi;
use crate::xml::Qualified;

/// A `mcptt-mbms-usage-info` document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsageInfo {
    /// `version` of the document, 1.
    pub version: u32,
    /// Which bearers a client hears.
    pub listening: Option<ListeningStatus>,
    /// Which bearers the network is about to suspend, as a client has read it in the MCH scheduling information.
    pub suspension: Option<SuspensionStatus>,
    /// Bearers that a server offers or takes back.
    pub announcements: Vec<Announcement>,
}

/// MBMS bearer listening status (clause 14.3.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListeningStatus {
    /// `listening`, else `not-listening`.
    pub listening: bool,
    /// MCPTT session identity of the call that it is about.
    pub session: Option<String>,
    /// It is about the general purpose subchannel.
    pub general_purpose: Option<bool>,
    /// The bearers, one at least.
    pub tmgis: Vec<Tmgi>,
}

/// MBMS bearer suspension status (clause 14.3.4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SuspensionStatus {
    /// `suspending`, else `not-suspending`.
    pub suspending: bool,
    /// How many bearers the report is about.
    pub reported_bearers: Option<u32>,
    /// Bearers that are suspended, or no more.
    pub suspended: Vec<Tmgi>,
    /// Other bearers on the same MCH.
    pub others: Vec<Tmgi>,
}

/// An MBMS bearer announcement (clause 14.2.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Announcement {
    /// The bearer.
    pub tmgi: Tmgi,
    /// Its QoS class.
    pub qci: Option<u8>,
    /// Its carrier (EARFCN) when there are several.
    pub frequency: Option<u32>,
    /// MBMS service area identities (TS 23.003 clause 15.3) that it is in; none: the announcement is cancelled.
    pub service_areas: Option<Vec<u16>>,
    /// Number of the `m=application` line of the general purpose subchannel in the session description beside it, from 1 on.
    pub gpms: Option<u8>,
    /// The client shall report suspension.
    pub report_suspension: Option<bool>,
    /// The client shall report how it receives by unicast.
    pub unicast_status: Option<bool>,
}

impl UsageInfo {
    /// What a client hears.
    pub const fn of_listening(listening: ListeningStatus) -> Self {
        Self { version: VERSION, listening: Some(listening), suspension: None, announcements: Vec::new() }
    }

    /// What a server announces.
    pub const fn of_announcements(announcements: Vec<Announcement>) -> Self {
        Self { version: VERSION, listening: None, suspension: None, announcements }
    }

    /// Reads a document.
    pub fn parse(document: &str) -> Result<Self, DocumentProblem> {
        let root = Qualified::parse(document)?;
        let root = Part::root(&root, NS, "mcptt-mbms-usage-info")?;
        // Clause 14.2.2.1 has several; the older GPMS is that of all.
        let gpms = root.value("GPMS", number)?;
        let announcement = |part| Announcement::read(part, gpms);
        Ok(Self {
            version: root.value("version", number)?.unwrap_or(VERSION),
            listening: root.child("mbms-listening-status").map(ListeningStatus::read).transpose()?,
            suspension: root.child("mbms-suspension-status").map(SuspensionStatus::read).transpose()?,
            announcements: root
                .all("announcement", MAX_ANNOUNCEMENTS)?
                .into_iter()
                .map(announcement)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Writes the document.
    pub fn to_document(&self) -> String {
        Builder::new(NS, "mcptt-mbms-usage-info")
            .children(self.listening.iter().map(ListeningStatus::write))
            .children(self.suspension.iter().map(SuspensionStatus::write))
            .children(self.announcements.iter().map(Announcement::write))
            .with("version", self.version)
            .element
            .to_document()
    }
}

impl ListeningStatus {
    fn read(part: Part<'_>) -> Result<Self, DocumentProblem> {
        let status = |text: &str| match text {
            "listening" => Some(true),
            "not-listening" => Some(false),
            _ => None,
        };
        Ok(Self {
            listening: part.needed("mbms-listening-status", status)?,
            session: part.value("session-id", text)?,
            general_purpose: part.value("general-purpose", flag)?,
            tmgis: some("TMGI", part.values("TMGI", MAX_TMGIS, hex_tmgi)?)?,
        })
    }

    fn write(&self) -> Qualified {
        Builder::new(NS, "mbms-listening-status")
            .with("mbms-listening-status", if self.listening { "listening" } else { "not-listening" })
            .with_some("session-id", self.session.as_ref())
            .with_some("general-purpose", self.general_purpose)
            .with_all("TMGI", digits(&self.tmgis))
            .element
    }
}

impl SuspensionStatus {
    fn read(part: Part<'_>) -> Result<Self, DocumentProblem> {
        let status = |text: &str| match text {
            "suspending" => Some(true),
            "not-suspending" => Some(false),
            _ => None,
        };
        Ok(Self {
            suspending: part.needed("mbms-suspension-status", status)?,
            reported_bearers: part.value("number-of-reported-bearers", number)?,
            suspended: part.values("suspended-TMGI", MAX_TMGIS, hex_tmgi)?,
            others: part.values("other-TMGI", MAX_TMGIS, hex_tmgi)?,
        })
    }

    fn write(&self) -> Qualified {
        Builder::new(NS, "mbms-suspension-status")
            .with("mbms-suspension-status", if self.suspending { "suspending" } else { "not-suspending" })
            .with_some("number-of-reported-bearers", self.reported_bearers)
            .with_all("suspended-TMGI", digits(&self.suspended))
            .with_all("other-TMGI", digits(&self.others))
            .element
    }
}

impl Announcement {
    /// Takes the announcement of a bearer back.
    pub const fn cancellation(tmgi: Tmgi) -> Self {
        Self {
            tmgi,
            qci: None,
            frequency: None,
            service_areas: None,
            gpms: None,
            report_suspension: None,
            unicast_status: None,
        }
    }

    /// It takes an announcement back (clause 14.3.2).
    pub const fn is_cancellation(&self) -> bool {
        self.service_areas.is_none()
    }

    fn read(part: Part<'_>, gpms: Option<u8>) -> Result<Self, DocumentProblem> {
        let later = |name| match part.value(name, flag)? {
            None => part.child("anyExt").map_or(Ok(None), |more| more.value(name, flag)),
            value => Ok(value),
        };
        Ok(Self {
            tmgi: part.needed("TMGI", hex_tmgi)?,
            qci: part.value("QCI", number)?,
            frequency: part.value("frequency", number)?,
            service_areas: part.child("mbms-service-areas").map(service_areas).transpose()?,
            gpms: part.value("GPMS", number)?.or(gpms),
            report_suspension: later("report-suspension")?,
            unicast_status: later("unicast-status")?,
        })
    }

    fn write(&self) -> Qualified {
        let areas = self.service_areas.iter().map(|areas| {
            let digits = areas.iter().map(|area| format!("{area:04X}"));
            Builder::new(NS, "mbms-service-areas").with_all("mbms-service-area-id", digits).element
        });
        let more = self.unicast_status.iter().map(|is| Builder::new(NS, "anyExt").with("unicast-status", is).element);
        Builder::new(NS, "announcement")
            .with("TMGI", to_hex(&self.tmgi.to_octets()))
            .with_some("QCI", self.qci)
            .with_some("frequency", self.frequency)
            .children(areas)
            .with_some("GPMS", self.gpms)
            .with_some("report-suspension", self.report_suspension)
            .children(more)
            .element
    }
}

fn service_areas(part: Part<'_>) -> Result<Vec<u16>, DocumentProblem> {
    let area = |text: &str| Some(u16::from_be_bytes(hex(text)?.try_into().ok()?));
    let areas = part.values("mbms-service-area-id", MAX_AREAS, area)?;
    if !areas.is_empty() {
        return Ok(areas);
    }
    // As MBMS-Service-Area (TS 29.061 clause 17.7.6): their number less one, then two octets each.
    let text = part.element.text();
    let of_octets = |octets: Vec<u8>| {
        let (count, (areas, [])) = octets.split_first().map(|(count, rest)| (*count, rest.as_chunks::<2>()))? else {
            return None;
        };
        let areas: Vec<u16> = areas.iter().map(|area| u16::from_be_bytes(*area)).collect();
        (areas.len() == usize::from(count) + 1).then_some(areas)
    };
    hex(&text).and_then(of_octets).ok_or_else(|| DocumentProblem::field("mbms-service-areas", &text))
}

fn digits(tmgis: &[Tmgi]) -> impl Iterator<Item = String> {
    tmgis.iter().map(|tmgi| to_hex(&tmgi.to_octets()))
}

fn some<T>(what: &str, all: Vec<T>) -> Result<Vec<T>, DocumentProblem> {
    if all.is_empty() { Err(DocumentProblem::field(what, "")) } else { Ok(all) }
}

/// Of the only version of the document.
const VERSION: u32 = 1;
const MAX_ANNOUNCEMENTS: usize = 32;
const MAX_TMGIS: usize = 64;
/// As in TS 29.061 clause 17.7.6.
const MAX_AREAS: usize = 256;

#[cfg(test)]
mod tests;
