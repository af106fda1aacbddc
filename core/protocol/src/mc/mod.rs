//! Mission critical push to talk (MCPTT): what its clients and servers say to each other. Calls and affiliation (TS 24.379),
//! the media plane (TS 24.380), sharing of MBMS bearers between servers (TS 23.280 clause 10.7.3.9), configuration (TS 24.484).
//!
//! | | read and written | as it came, or not at all |
//! |---|---|---|
//! | floor control | all messages of version 13, their fields but Queue Size, Queued User ID, Track Info and the phrase of a refusal | messages and fields of later releases: several talkers, functional alias, location, media flow control |
//! | subchannel control | Map and Unmap Group To Bearer, Application Paging, Bearer Announcement with its TMGI and Monitoring State | those two with other fields |
//! | mcptt-info | identities, kind of the call, indications | group keys, functional alias, what is in `anyExt` |
//! | mbms-usage-info | listening and suspension status, announcements | ROHC, what is in `anyExt` but `unicast-status` |
//! | user profile | the user, his groups and limits, partner systems to migrate to | see [`user_profile`] |
//!
//! Confidentiality and integrity (TS 33.180) are not built: encrypted elements are refused, and what is not RTCP in the clear is
//! no message.

pub mod affiliation;
mod app;
pub mod coordination;
mod document;
pub mod floor;
pub mod info;
pub mod names;
pub mod sdp;
pub mod subchannel;
pub mod usage_info;
pub mod user_profile;

pub use app::ControlProblem;
pub use document::DocumentProblem;
