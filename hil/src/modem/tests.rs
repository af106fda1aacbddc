//! Profiles, and the driver against the stand-in in virtual time.

mod profiles;
