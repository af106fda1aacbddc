//! Turbo coding, TS 36.212 5.1.3.2: a parallel concatenation of two recursive systematic convolutional encoders.
//!
//! A coded block of K bits is the three streams d^(0), d^(1), d^(2) one after the other, each of D = K + 4 elements.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod decoder;
mod encoder;
mod lanes;
mod quantise;
mod scalar;
mod windows;

pub(super) use decoder::{Outcome, TurboDecoder};
pub(super) use encoder::encode;
pub(super) use quantise::{MAX_CHANNEL, magnitude, quantise};
pub(super) use windows::Windows;

/// Elements that trellis termination adds to each of the three streams (TS 36.212 5.1.3.2.2).
pub(super) const TAIL: usize = 4;

/// The three streams of a coded block that has them one after the other.
pub(super) fn streams<T>(d: &[T]) -> [&[T]; 3] {
    let (first, rest) = d.split_at(d.len() / 3);
    let (second, third) = rest.split_at(first.len());
    [first, second, third]
}
