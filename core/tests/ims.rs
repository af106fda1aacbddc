//! The IMS core as one: UEs, P-CSCF, I-CSCF, S-CSCF, HSS and an application server in a fabric, in virtual time
//! (TS 23.228 clause 5, TS 24.229).

#[path = "ims/conference.rs"]
mod conference;
#[path = "ims/messaging.rs"]
mod messaging;
#[path = "ims/network.rs"]
mod network;
#[path = "ims/registration.rs"]
mod registration;
#[path = "ims/session.rs"]
mod session;
#[path = "ims/ue.rs"]
mod ue;
