//! Mission critical push to talk (MCPTT): what its clients and servers say to each other. Calls and affiliation (TS 24.379),
//! the media plane (TS 24.380), sharing of MBMS bearers between servers (TS 23.280 clause 10.7.3.9).

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

pub use app::ControlProblem;
pub use document::DocumentProblem;
