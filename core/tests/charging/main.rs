//! Charging adds up (TS 32.260, TS 32.296): a network of nodes that charge and are killed, and what their records say.

mod audit;
mod campaign;
mod kill;
mod network;
mod services;
#[path = "../ims/ue.rs"]
mod ue;
mod users;
