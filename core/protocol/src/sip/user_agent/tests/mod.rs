//! User agents in virtual time over a net that may lose, with scripted peers where a user agent would do no wrong.

mod net;
mod refer;
mod sessions;
mod subscriptions;
mod unusual;
