//! Charging sessions of a node (TS 32.260 clause 5.2): one for each served party of a SIP session, kept durable until its last
//! record is.

use std::collections::{BTreeMap, BTreeSet};

use protocol::diameter::Message;
use protocol::diameter::charging::ServiceInformation;
use protocol::sip::Headers;
use serde::{Deserialize, Serialize};

/// A SIP dialog, whoever speaks in it: Call-ID and both tags, the lesser first.
pub(super) type DialogName = (String, String, String);

/// The dialog of a message; none outside dialogs.
pub(super) fn dialog_of(headers: &Headers) -> Option<DialogName> {
    let from = headers.from().ok()??.tag()?.to_owned();
    let to = headers.to().ok()??.tag()?.to_owned();
    let (a, b) = if from <= to { (from, to) } else { (to, from) };
    Some((headers.call_id()?.to_owned(), a, b))
}

/// What a charging session is about, by charging identifier, role, served party and Call-ID: the same again is the same
/// session.
pub(super) type Subject = (String, u32, String, String);

/// A charging session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct ChargingSession {
    /// Session-Id on Rf.
    pub(super) session_id: String,
    /// What it is about.
    pub(super) subject: Subject,
    /// Method of the request that began it.
    pub(super) method: String,
    /// The CDF that it is sent to, when the network has named one.
    pub(super) cdf: Option<String>,
    /// Accounting-Record-Number of the next record.
    pub(super) number: u32,
    /// Whether the session was answered: START is due or was sent.
    pub(super) answered: bool,
    /// Its dialogs.
    pub(super) dialogs: Vec<DialogName>,
    /// Service-Information of the next record, as an AVP.
    #[serde(with = "hex::serde")]
    pub(super) information: Vec<u8>,
    /// Acct-Interim-Interval that the CDF wants.
    pub(super) interval: Option<u32>,
    /// When the next interim record is due.
    pub(super) interim_utc_ms: Option<u64>,
    /// When it ends unless somebody refreshes it (RFC 4028), or, without an answer, is given up.
    pub(super) expires_utc_ms: Option<u64>,
    /// The last change within the dialog, so that it counts once: CSeq and From tag.
    pub(super) last_change: String,
    /// Its transaction was there in this run.
    #[serde(skip)]
    pub(super) is_live: bool,
}

impl ChargingSession {
    pub(super) fn information(&self) -> ServiceInformation {
        let avps = protocol::diameter::parse_avps(&self.information).unwrap_or_default();
        ServiceInformation::of(&Message::request(0, 0, avps)).unwrap_or_default()
    }

    pub(super) fn set_information(&mut self, information: &ServiceInformation) {
        self.information = protocol::diameter::emit_avps(&[information.to_avp()]);
    }

    pub(super) fn due(&self) -> Option<u64> {
        [self.interim_utc_ms, self.expires_utc_ms].into_iter().flatten().min()
    }
}

/// The sessions of a node, by Session-Id, subject, dialog and time.
#[derive(Debug, Default)]
pub(super) struct ChargingSessions {
    all: BTreeMap<String, ChargingSession>,
    by_subject: BTreeMap<Subject, String>,
    by_dialog: BTreeMap<DialogName, BTreeSet<String>>,
    due: BTreeSet<(u64, String)>,
}

impl ChargingSessions {
    pub(super) fn put(&mut self, session: ChargingSession) {
        let id = session.session_id.clone();
        self.remove(&id);
        self.by_subject.insert(session.subject.clone(), id.clone());
        for dialog in &session.dialogs {
            self.by_dialog.entry(dialog.clone()).or_default().insert(id.clone());
        }
        self.due.extend(session.due().map(|at| (at, id.clone())));
        self.all.insert(id, session);
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<ChargingSession> {
        let session = self.all.remove(id)?;
        if self.by_subject.get(&session.subject).is_some_and(|own| own == id) {
            self.by_subject.remove(&session.subject);
        }
        for dialog in &session.dialogs {
            if let Some(ids) = self.by_dialog.get_mut(dialog) {
                ids.remove(id);
                if ids.is_empty() {
                    self.by_dialog.remove(dialog);
                }
            }
        }
        if let Some(at) = session.due() {
            self.due.remove(&(at, id.to_owned()));
        }
        Some(session)
    }

    pub(super) fn get(&self, id: &str) -> Option<&ChargingSession> {
        self.all.get(id)
    }

    pub(super) fn of_subject(&self, subject: &Subject) -> Option<&ChargingSession> {
        self.all.get(self.by_subject.get(subject)?)
    }

    pub(super) fn answered(&self) -> Vec<String> {
        self.all.values().filter(|session| session.answered).map(|session| session.session_id.clone()).collect()
    }

    pub(super) fn of_icid<'a>(&'a self, icid: &'a str) -> impl Iterator<Item = &'a ChargingSession> {
        let first = (icid.to_owned(), 0, String::new(), String::new());
        let all = self.by_subject.range(first..).take_while(move |(subject, _)| subject.0 == icid);
        all.filter_map(|(_, id)| self.all.get(id))
    }

    pub(super) fn of_dialog(&self, dialog: &DialogName) -> Vec<String> {
        self.by_dialog.get(dialog).into_iter().flatten().cloned().collect()
    }

    pub(super) fn first_due(&self) -> Option<u64> {
        self.due.first().map(|(at, _)| *at)
    }

    pub(super) fn due_until(&self, utc_ms: u64) -> Vec<String> {
        self.due.iter().take_while(|(at, _)| *at <= utc_ms).map(|(_, id)| id.clone()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}
