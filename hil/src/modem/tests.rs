//! Profiles, and the driver against the stand-in in virtual time.

mod bring_up;
mod faults;
mod line;
mod messages;
mod profiles;
mod services;
