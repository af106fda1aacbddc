//! An SM-SC in a scripted world, in virtual time.

mod crash;
mod esme;
mod mobile;
mod races;
mod world;
