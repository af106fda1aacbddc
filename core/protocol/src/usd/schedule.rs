//! Schedule description (TS 26.346 clause 11.2.5): when sessions are.

use super::{UsdProblem, VERSION_NAMESPACE, attribute, date_time, root, utc_ms};
use crate::xml::Element;

const NAMESPACE: &str = "urn:3gpp:metadata:2011:MBMS:scheduleDescription";

/// A schedule.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Schedule {
    /// When there will be another one at the latest: milliseconds since 1970, whole seconds in the document.
    pub update_ms: Option<u64>,
    /// Sessions.
    pub sessions: Vec<ScheduledSession>,
}

/// When a session is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ScheduledSession {
    /// Its begin: milliseconds since 1970, whole seconds in the document.
    pub start_ms: u64,
    /// Its end.
    pub stop_ms: u64,
}

impl Schedule {
    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(document: &[u8]) -> Result<Self, UsdProblem> {
        let root = root(document, "scheduleDescription", "the document is no scheduleDescription")?;
        let mut sessions = Vec::new();
        for session in root.all("serviceSchedule").flat_map(|service| service.all("sessionSchedule")) {
            let time = |name| {
                utc_ms(session.text_of(name).ok_or(UsdProblem::Other("a sessionSchedule has no start or stop"))?)
            };
            sessions.push(ScheduledSession { start_ms: time("start")?, stop_ms: time("stop")? });
        }
        Ok(Self { update_ms: attribute(&root, "scheduleUpdate").map(utc_ms).transpose()?, sessions })
    }

    /// The document.
    pub fn to_document(&self) -> String {
        let mut root =
            Element::new("scheduleDescription").attribute("xmlns", NAMESPACE).attribute("xmlns:sv", VERSION_NAMESPACE);
        if let Some(update) = self.update_ms {
            root = root.attribute("scheduleUpdate", date_time(update));
        }
        let mut service = Element::new("serviceSchedule");
        for (index, session) in self.sessions.iter().enumerate() {
            let child = Element::new("sessionSchedule")
                .child(Element::with_text("start", date_time(session.start_ms)))
                .child(Element::with_text("stop", date_time(session.stop_ms)))
                .child(Element::with_text("index", index))
                .child(Element::with_text("sv:delimiter", 0))
                .child(Element::with_text("sv:delimiter", 0));
            service = service.child(child);
        }
        root.child(Element::with_text("sv:schemaVersion", 1)).child(service).to_document()
    }
}
