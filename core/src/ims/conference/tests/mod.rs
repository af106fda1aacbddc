//! Conferences with phones that speak SIP and RTP as a UE does, in virtual time: what each of them hears is measured.

mod phones;
mod policy;
mod sessions;
mod watching;
