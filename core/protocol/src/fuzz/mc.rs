//! Mission critical push to talk: media plane control, documents, descriptions.

use crate::mc::affiliation::Affiliations;
use crate::mc::coordination::Coordination;
use crate::mc::info::McpttInfo;
use crate::mc::sdp::{AnnouncedMedia, FloorMedia, FloorParameters, audio, m_line};
use crate::mc::usage_info::UsageInfo;
use crate::mc::user_profile::UserProfile;
use crate::mc::{floor, subchannel};
use crate::sip::sdp::Sdp;

/// What is read of a datagram of floor control or subchannel control is written as what reads again to the same.
///
/// # Panics
/// When that does not hold.
pub fn mc_media_plane(octets: &[u8]) {
    if let Ok(messages) = floor::parse(octets).map_err(|problem| problem.to_string()) {
        let again = floor::parse(&floor::emit(&messages));
        assert!(messages.is_empty() || again.as_ref() == Ok(&messages), "floor control reads otherwise: {again:?}");
    }
    if let Ok(messages) = subchannel::parse(octets).map_err(|problem| problem.to_string()) {
        let again = subchannel::parse(&subchannel::emit(&messages));
        assert!(
            messages.is_empty() || again.as_ref() == Ok(&messages),
            "subchannel control reads otherwise: {again:?}"
        );
    }
}

/// A document that is read is written as what reads again to the same.
///
/// # Panics
/// When that does not hold.
pub fn mc_documents(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    macro_rules! settles {
        ($($kind:ident)*) => {
            $(if let Ok(read) = $kind::parse(text).map_err(|problem| problem.to_string()) {
                assert_eq!($kind::parse(&read.to_document()).as_ref(), Ok(&read), "what was written reads otherwise");
            })*
        };
    }
    settles! { UsageInfo McpttInfo Affiliations Coordination UserProfile }
}

/// What is read of a description's floor control and of an announcement's media is written as what reads again to the same.
///
/// # Panics
/// When that does not hold.
pub fn mc_sdp(octets: &[u8]) {
    let Ok(sdp) = Sdp::parse(octets) else { return };
    let _ = (audio(&sdp), m_line(&sdp, 1));
    if let Some((_, floor)) = FloorMedia::find(&sdp) {
        let again = FloorParameters::parse(&floor.parameters.to_string());
        assert_eq!(again, floor.parameters, "parameters of floor control read otherwise");
    }
    if let (Some(media), Some(origin)) = (AnnouncedMedia::of(&sdp, None), sdp.origin()) {
        let again = Sdp::parse(&media.to_sdp(&origin).to_bytes()).ok().and_then(|sdp| AnnouncedMedia::of(&sdp, None));
        let address = again.map(|media| media.general_purpose);
        assert_eq!(address, Some(media.general_purpose), "announced media read otherwise");
    }
}
