//! xMB and what is announced of it: resources, paths, user service descriptions.

use crate::usd::{Announcement, Bundle, DeliveryDescription, Envelope, Schedule};
use crate::xmb::{self, Notification, Problem, Report, Route, Service, Session};

/// What is read is written as what reads again to the same; patches of a resource by the octets make no other.
///
/// # Panics
/// When that does not hold.
pub fn xmb(octets: &[u8]) {
    macro_rules! again {
        ($($kind:ident)*) => {
            $(if let Ok(read) = xmb::parse::<$kind>(octets) {
                assert_eq!(xmb::parse::<$kind>(&xmb::emit(&read)).as_ref(), Ok(&read), "what was written reads otherwise");
            })*
        };
    }
    again! { Service Session Notification Report Problem }
    if let Ok(session) = xmb::patch(&Session::default(), octets) {
        assert_eq!(xmb::parse(&xmb::emit(&session)), Ok(session), "what was patched reads otherwise");
    }
    if let Some(route) = std::str::from_utf8(octets).ok().and_then(Route::parse) {
        assert_eq!(Route::parse(&route.to_string()), Some(route), "a path leads elsewhere");
    }
}

/// A fragment that is read is written as what reads again; from then on, to the same.
///
/// # Panics
/// When that does not hold.
pub fn usd(octets: &[u8]) {
    macro_rules! settles {
        ($($kind:ident)*) => {
            $(if let Ok(again) = $kind::parse(octets).and_then(|read| $kind::parse(read.to_document().as_bytes())) {
                assert_eq!($kind::parse(again.to_document().as_bytes()), Ok(again), "what was written reads otherwise");
            })*
        };
    }
    // White space of attributes and half seconds are gone after the first time.
    settles! { Bundle Schedule Envelope }
    if let Ok(description) = DeliveryDescription::parse(octets) {
        let again = DeliveryDescription::parse(&description.to_sdp("a", 1).to_bytes());
        assert_eq!(again.map(|again| (again.destination, again.mode)), Ok((description.destination, description.mode)));
    }
    if let Ok(announcement) = Announcement::parse_file(octets) {
        let (media, body) = announcement.to_body();
        let again = Announcement::parse(&media, &body).map(|again| again.fragments.len());
        assert_eq!(again, Ok(announcement.fragments.len()), "an announcement reads otherwise");
    }
}
