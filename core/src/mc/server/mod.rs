//! MC service server: participating and controlling MCPTT functions in one node (TS 23.379 clause 7.4.2.3, TS 24.379).
//!
//! # Who is who
//! All servers have the same tables of users and groups, in which each has its server. The public service identity of a server
//! is `sip:NAME`. A request is of the user, or of the server, whose identity P-Asserted-Identity says; `mcptt-info` says what
//! is wanted (TS 24.379 annex F.1).
//!
//! # Procedures
//! - Authorisation (clause 7.3.3): PUBLISH of `poc-settings` with an access token binds an MCPTT ID to the IMS identity that it
//!   came with. Without it everything else is refused with 403.
//! - Affiliation (clause 9): PUBLISH of `presence` names all groups that the user wants; those that are not in it, or all with
//!   `Expires: 0`, are left. A group of another server is asked for there before the answer.
//! - Group call (clause 10.1.1, prearranged, on demand): the controlling function calls the other affiliated members, each one
//!   over his own server; who calls, or affiliates, while it goes on joins it. It ends with who has begun it (if the group says
//!   so), with the last one, after T4 without talk, or after the longest time.
//! - Floor control (TS 24.380 clause 6.3, see `floor`) on the port of its own of each leg. A participating function passes
//!   floor control and RTP on in both directions, untouched.
//! - Media go to each leg over unicast, but not to users of ours who hear the call over an MBMS bearer (see `bearers`).
//!
//! # Restart
//! What was acknowledged is durable: authorisations and affiliations are written before their PUBLISH is answered. Calls are
//! not: a server that starts has none. Whoever was in one of its calls finds out by the session timer (RFC 4028), which all
//! legs have: the first refresh is answered with 481, or not at all, and ends the leg, a participating function ends what it
//! has passed on with it, and a controlling one goes on without that member. This takes 90 s at most. Before that, a new call
//! of the group replaces the old one: who is called, or calls, in a group that he has a leg of already loses the older one.

mod affiliation;
mod authorisation;
mod body;
mod call;
mod controlling;
mod describe;
mod directory;
mod legs;
mod media;
mod messages;
mod node;
mod participating;
mod registrar;

pub use node::McServer;
