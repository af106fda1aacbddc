//! IMS AS for group sessions over MBMS (TR 23.847): it calls the members of a group, learns which of them can receive MBMS
//! bearers and where they are, decides, has a BM-SC make a bearer (MB2, TS 29.468), tells the UEs of it in their SIP sessions,
//! sends the media over it and, to whom does not hear it, over unicast.
//!
//! # What it learns
//! - Capability: [`protocol::sip::MBMS_FEATURE`] in the Contact of an INVITE, of a 2xx, or of a request within the session.
//! - Location: the cell in P-Access-Network-Info of the same messages; [`CellAreas`](super::CellAreas) says which service areas it is in.
//! - Coverage: a UE that listened to the bearer and offers to receive unicast again is out of it, until it says otherwise or
//!   is in another cell.
//!
//! # The rule ([`BearerRule`](super::BearerRule))
//! In a service area with *n* capable UEs in coverage, unicast costs *n* times `unicast_cost` and a bearer `bearer_cost`. A
//! session gets a bearer there when unicast has cost at least `margin` more for `start_after_ms`, and loses it when unicast has
//! cost more than `margin` less for `stop_after_ms`. A UE in several areas counts in that with the most others. A session has
//! one bearer (TMGI) for all of its areas: more or fewer areas are a modification of it. A refused bearer is tried again after
//! `retry` of [`Mb2Config`](super::Mb2Config), each time twice as late.
//!
//! # What UEs are told
//! A re-INVITE adds an m-line with the multicast address, the TMGI (`a=mbms-mode`) and `a=recvonly`: all participants only
//! receive (RFC 3264 clause 5.2). Which way a UE listens is said by the direction of the unicast m-line: `sendrecv` until it
//! receives the bearer (make before break), `sendonly` while it does, `sendrecv` again when it does not. When the bearer ends or
//! the UE is seen elsewhere the AS refuses the m-line (port 0) in another re-INVITE. On the way back to unicast a UE is sent
//! again what is not older than `replay`, so that nothing is lost between the two; it knows what it has by RTP sequence numbers.
//!
//! # Media
//! RTP is carried untouched: to unicast listeners, and once, as a datagram to the multicast address, within MB2-U to the BM-SC.
//! One has the floor at a time, unless that is turned off.
//!
//! # Restart
//! Sessions are not durable, and neither is what they had: see `mbms::mb2`.

mod calls;
mod config;
mod deciding;
mod learn;
mod media;
mod offer;
mod server;
mod session;

pub use config::{ImsAsConfig, ImsGroup};
pub use server::ImsAs;
