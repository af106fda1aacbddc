//! Profiles, and the driver against the stand-in in virtual time.

mod authentication;
mod bring_up;
mod faults;
mod line;
mod message_faults;
mod messages;
mod profiles;
mod second_chances;
mod services;
