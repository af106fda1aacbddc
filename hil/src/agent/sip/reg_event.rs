//! The reg event package as a UE uses it (TS 24.229 clauses 5.1.1.3, 5.1.1.5A, 5.1.1.7; RFC 3680).

use std::time::Duration;

use protocol::sip::{NameAddr, SubscriptionRequest, Uri};
use protocol::xml::{ContactEvent, ContactState, REGINFO_CONTENT_TYPE, RegContact, RegInfo};

use super::config::REGISTRATION_SECONDS;

/// What a document says about our registration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It stands, or nothing is said about it.
    Stands,
    /// It ends in so many seconds: to be refreshed before.
    Shortened(u32),
    /// It has ended; after that time it may be asked for again.
    Ended { event: &'static str, retry: Option<Duration> },
}

/// The subscription to the own registration.
pub(super) fn subscription(identity: &Uri) -> SubscriptionRequest {
    SubscriptionRequest {
        to: identity.to_string(),
        event: "reg".into(),
        accept: REGINFO_CONTENT_TYPE.into(),
        expires_s: REGISTRATION_SECONDS,
        headers: Vec::new(),
    }
}

/// Reads a document: what it says of the registration of this contact.
pub(super) fn verdict(body: &[u8], contact: &NameAddr) -> Result<(RegInfo, Verdict), String> {
    let text = std::str::from_utf8(body).map_err(|_| "the document is not UTF-8")?;
    let info = RegInfo::parse(text).map_err(|problem| problem.to_string())?;
    let is_ours = |other: &&RegContact| Uri::parse(&other.uri).is_ok_and(|uri| uri.equivalent(&contact.uri));
    let ours: Vec<_> =
        info.registrations.iter().flat_map(|registration| &registration.contacts).filter(is_ours).collect();
    let gone = |contact: &&RegContact| contact.state == ContactState::Terminated;
    // One public user identity that stands is enough: they share the contact.
    let told = match ours.iter().find(|contact| !gone(contact)) {
        Some(contact) if contact.event == ContactEvent::Shortened => {
            contact.expires.map_or(Verdict::Stands, Verdict::Shortened)
        }
        Some(_) => Verdict::Stands,
        None => ours.first().map_or(Verdict::Stands, |contact| ended(contact)),
    };
    Ok((info, told))
}

fn ended(contact: &RegContact) -> Verdict {
    let now = Some(Duration::ZERO);
    let (event, retry) = match contact.event {
        ContactEvent::Deactivated => ("deactivated", now),
        ContactEvent::Probation => {
            ("probation", Some(Duration::from_secs(contact.retry_after.unwrap_or_default().into())))
        }
        ContactEvent::Rejected => ("rejected", None),
        ContactEvent::Expired => ("expired", now),
        _ => ("unregistered", None),
    };
    Verdict::Ended { event, retry }
}
