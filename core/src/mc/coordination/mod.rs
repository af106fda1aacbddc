//! MBMS bearer coordination between MC service servers (TS 23.280 clause 10.7.3.9.2.2): what the server with the control role
//! knows of a bearer, and what a server knows of the others.
//!
//! The messages are [`protocol::mc::coordination`] documents in SIP MESSAGEs. A request is answered with 200 and, in a MESSAGE
//! of its own, with the response. What a server got for a call holds for a lease; the same request again renews it, so that a
//! server that has died keeps nothing. A response may come without being asked for: it takes the place of the one before with
//! the same identity, when the server that distributed a call has gone and somebody else shall.

mod control;
mod neighbour;

pub(super) use control::{Capacity, Freed, Granted, MAX_SLOTS, Release, Seat};
pub(super) use neighbour::{Neighbour, SharedPlace};
