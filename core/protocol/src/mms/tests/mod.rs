//! Octets from the standards and from other people's encoders, then every message there may be.

mod pap;
mod parts;
mod pdus;
mod push;
mod round_trip;
mod vectors;
mod wsp;

/// Octets in hex, white space without meaning.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}
