//! What a cell is to the physical layer: bandwidth, identity, sample rate (TS 36.211 clauses 6.2 and 6.11, TS 36.104).

use std::fmt;

use crate::numerology::SUBFRAME_S;
use crate::tbs::{Mcs, McsTable};

/// N_RB^DL: downlink bandwidth in resource blocks (TS 36.104 table 5.6-1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NRbDl(u8);

impl NRbDl {
    /// The six bandwidths: 1.4, 3, 5, 10, 15, 20 MHz.
    pub const ALL: [Self; 6] = [Self(6), Self(15), Self(25), Self(50), Self(75), Self(100)];

    /// Resource blocks.
    pub const fn get(self) -> usize {
        self.0 as usize
    }

    /// Subcarriers at 15 kHz: twelve per resource block (TS 36.211 table 6.2.3-1).
    pub const fn subcarriers(self) -> usize {
        self.get() * 12
    }

    /// Position in [`Self::ALL`].
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|&n| n == self).unwrap_or_else(|| unreachable!("made by TryFrom only"))
    }

    /// FFT size of a sample rate family.
    pub const fn n_fft(self, family: SampleRateFamily) -> usize {
        let standard = match self.0 {
            6 => 128,
            15 => 256,
            25 => 512,
            50 => 1024,
            75 => 1536,
            _ => 2048,
        };
        match family {
            SampleRateFamily::Standard => standard,
            SampleRateFamily::ThreeQuarter => match self.0 {
                6 => 128,
                15 => 256,
                75 => 1024,
                _ => standard * 3 / 4,
            },
        }
    }
}

impl TryFrom<u16> for NRbDl {
    type Error = ConfigError;

    fn try_from(n: u16) -> Result<Self, ConfigError> {
        Self::ALL.into_iter().find(|a| a.get() == usize::from(n)).ok_or(ConfigError::NRbDl { n_rb_dl: n })
    }
}

impl fmt::Display for NRbDl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The two families of sample rates in use: powers of two (and 1536), or three quarters of that.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SampleRateFamily {
    /// 1.92, 3.84, 7.68, 15.36, 23.04, 30.72 MS/s.
    #[default]
    Standard,
    /// 1.92, 3.84, 5.76, 11.52, 15.36, 23.04 MS/s.
    ThreeQuarter,
}

/// Bandwidth, identity and sampling of a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CellConfig {
    /// Downlink bandwidth.
    pub n_rb_dl: NRbDl,
    /// Physical layer cell identity, 0 to 503.
    pub n_id_cell: u16,
    /// FFT size; the sample rate is 15 kHz times this.
    pub n_fft: usize,
}

impl CellConfig {
    /// A cell sampled at one of the two families of rates.
    pub fn new(n_rb_dl: NRbDl, n_id_cell: u16, family: SampleRateFamily) -> Result<Self, ConfigError> {
        if n_id_cell > 503 {
            return Err(ConfigError::NIdCell { n_id_cell });
        }
        Ok(Self { n_rb_dl, n_id_cell, n_fft: n_rb_dl.n_fft(family) })
    }

    /// A cell sampled at `sample_rate_hz`, which must be one of its two rates.
    pub fn with_sample_rate(n_rb_dl: NRbDl, n_id_cell: u16, sample_rate_hz: u64) -> Result<Self, ConfigError> {
        [SampleRateFamily::Standard, SampleRateFamily::ThreeQuarter]
            .into_iter()
            .find(|&family| n_rb_dl.n_fft(family) as u64 * 15_000 == sample_rate_hz)
            .ok_or_else(|| ConfigError::SampleRate {
                sample_rate_hz,
                n_rb_dl,
                standard_hz: n_rb_dl.n_fft(SampleRateFamily::Standard) as u64 * 15_000,
                three_quarter_hz: n_rb_dl.n_fft(SampleRateFamily::ThreeQuarter) as u64 * 15_000,
            })
            .and_then(|family| Self::new(n_rb_dl, n_id_cell, family))
    }

    /// Samples per second.
    pub fn sample_rate_hz(&self) -> f64 {
        self.n_fft as f64 * 15_000.0
    }

    /// Samples of a subframe.
    pub fn samples_per_subframe(&self) -> usize {
        (self.sample_rate_hz() * SUBFRAME_S).round() as usize
    }
}

/// `phich-Duration`: OFDM symbols of the control region that the PHICH takes (TS 36.211 table 6.9.3-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PhichDuration {
    /// One symbol.
    #[default]
    Normal,
    /// Three symbols; two in MBSFN subframes.
    Extended,
}

/// `phich-Resource`: N_g, which scales the number of PHICH groups (TS 36.211 clause 6.9).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PhichResource {
    /// 1/6.
    OneSixth,
    /// 1/2.
    Half,
    /// 1.
    #[default]
    One,
    /// 2.
    Two,
}

/// PHICH-Config of the MasterInformationBlock (TS 36.331 clause 6.3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PhichConfig {
    /// Duration.
    pub duration: PhichDuration,
    /// Number of groups.
    pub resource: PhichResource,
}

/// A cell with what the physical broadcast channel tells of it: antenna ports and PHICH.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CarrierConfig {
    /// Bandwidth, identity, sampling.
    pub cell: CellConfig,
    /// Antenna ports with cell-specific reference signals: 1, 2 or 4.
    pub n_ports: u8,
    /// PHICH.
    pub phich: PhichConfig,
}

/// A configuration that the standard does not allow, or that cannot be decoded.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not a bandwidth of TS 36.104.
    #[error("n_rb_dl {n_rb_dl} is not an LTE bandwidth; allowed: 6, 15, 25, 50, 75, 100")]
    NRbDl {
        /// What was asked for.
        n_rb_dl: u16,
    },
    /// Not a physical layer cell identity.
    #[error("n_id_cell {n_id_cell} is out of range; allowed: 0 to 503 (TS 36.211 clause 6.11)")]
    NIdCell {
        /// What was asked for.
        n_id_cell: u16,
    },
    /// Not a sample rate of this bandwidth.
    #[error("sample rate {sample_rate_hz} Hz does not fit {n_rb_dl} PRB; allowed: {standard_hz} or {three_quarter_hz}")]
    SampleRate {
        /// What was asked for.
        sample_rate_hz: u64,
        /// Bandwidth.
        n_rb_dl: NRbDl,
        /// The standard rate.
        standard_hz: u64,
        /// The 3/4 rate.
        three_quarter_hz: u64,
    },
    /// Length of the non-MBSFN region against TS 36.211 table 6.7-1.
    #[error("non_mbsfn_region {region} is not allowed at {n_rb_dl} PRB; {allowed} (TS 36.211 table 6.7-1)")]
    NonMbsfnRegion {
        /// What was asked for.
        region: u8,
        /// Bandwidth.
        n_rb_dl: NRbDl,
        /// What would be.
        allowed: &'static str,
    },
    /// Not a subframe that SIB2 may give to MBSFN (FDD).
    #[error("subframe {subframe} cannot be an MBSFN subframe; allowed in FDD: 1, 2, 3, 6, 7, 8 (TS 36.331)")]
    Subframe {
        /// What was asked for.
        subframe: u8,
    },
    /// MCS index without a transport block size.
    #[error("MCS {mcs} has no transport block size; allowed: {}", allowed_mcs(.mcs.table))]
    Mcs {
        /// What was asked for.
        mcs: Mcs,
    },
    /// Code rate above what a receiver must try.
    #[error(
        "MCS {mcs} at {n_rb_dl} PRB with non_mbsfn_region {region} has code rate {code_rate:.3}: undecodable above \
         0.930; take a lower MCS or a shorter non-MBSFN region"
    )]
    CodeRate {
        /// MCS.
        mcs: Mcs,
        /// Bandwidth.
        n_rb_dl: NRbDl,
        /// Length of the non-MBSFN region.
        region: u8,
        /// Transport block and all CRC bits over coded bits.
        code_rate: f64,
    },
}

fn allowed_mcs(table: McsTable) -> &'static str {
    match table {
        McsTable::Qam64 => "0 to 28 (TS 36.213 table 7.1.7.1-1)",
        McsTable::Qam256 => "0 to 27 (TS 36.213 table 7.1.7.1-1A)",
    }
}
