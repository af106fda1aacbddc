//! A SoapySDR device in memory, for tests: what is sent on a channel is received on the same channel.
//!
//! A program that links this package finds the device through SoapySDR's own registry; any other program finds it when
//! `SOAPY_SDR_PLUGIN_PATH` names `MODULES`. Its clock is the count of received samples (of sent ones while nobody
//! receives), so nothing depends on how fast the machine is: a receiver waits for what is sent, a transmitter for room. A
//! burst that comes late is dropped and leaves silence of its length.
//!
//! Arguments besides `driver` and `serial` (devices of one serial are one device as long as any of them is open):
//!
//! | argument | meaning | without it |
//! |---|---|---|
//! | `native` | sample format of the device, `CF32` or `CS16` | `CF32` |
//! | `full_scale` | value of full scale in `CS16` | 32768 |
//! | `formats` | stream formats that it offers, separated by `\|` | `CF32\|CS16` |
//! | `mtu` | most samples that one call moves | 1000 |
//! | `buffer` | samples that it holds of each channel | 1000000 |
//! | `time0` | its time at the start, ns | 0 |
//! | `timed` | 0: it has no clock | 1 |
//! | `time_every` | only every so many reads come with a time | 1 |
//! | `late_at`, `underflow_at`, `overflow_at`, `remove_at` | sample (sent ones for the first two, received ones for the third, any for the last) at which this happens, once | never |
//! | `underflow_len`, `overflow_len` | samples that it costs | 5000 |
//! | `stall_at` | sample from which on nothing moves any more | never |
//!
//! `bursts` and `gain` can be read as settings: ended bursts, gain of the first transmit channel.

#[cfg(feature = "device")]
use soapysdr_sys as _;

/// `driver=` of the device.
pub const DRIVER: &str = "castbench_loop";

/// Folder for `SOAPY_SDR_PLUGIN_PATH`.
#[cfg(feature = "device")]
pub const MODULES: &str = env!("SOAPY_LOOP_MODULES");
