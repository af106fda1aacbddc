//! What another program says to our messages: tshark reads them.

mod capture;
mod charging;
mod cx_sh;
mod dlt;
mod m1;
mod m2_m3;
mod mail;
mod map;
mod map_dialogues;
mod mbms;
mod mc;
mod mms;
mod msrp;
mod relay;
mod sip;
mod smpp;
mod sms;

/// Link type whose packets begin with their IP header.
const RAW_IP: u32 = 101;
