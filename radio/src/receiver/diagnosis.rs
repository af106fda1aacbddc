//! Where a receiver is stuck, and why that may be.

use std::fmt;

/// The stages from samples to service data, in the order in which they depend on each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stage {
    /// Primary and secondary synchronisation signals.
    Pss,
    /// Physical broadcast channel: the MIB.
    Pbch,
    /// Control format indicator.
    Cfi,
    /// Downlink control information with the SI-RNTI.
    Dci,
    /// Transport blocks with system information.
    Sib,
    /// The MBSFN areas of SystemInformationBlockType13.
    Sib13,
    /// Transport blocks with the MCCH.
    McchCrc,
    /// MCH scheduling information.
    Msi,
    /// Transport blocks with MTCHs.
    MtchCrc,
    /// RLC of the MTCHs: sequence numbers without gaps.
    RlcGap,
    /// SDUs of the MTCHs: IP datagrams.
    Ip,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::Pss,
        Self::Pbch,
        Self::Cfi,
        Self::Dci,
        Self::Sib,
        Self::Sib13,
        Self::McchCrc,
        Self::Msi,
        Self::MtchCrc,
        Self::RlcGap,
        Self::Ip,
    ];

    /// The name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pss => "PSS",
            Self::Pbch => "PBCH",
            Self::Cfi => "CFI",
            Self::Dci => "DCI",
            Self::Sib => "SIB",
            Self::Sib13 => "SIB13",
            Self::McchCrc => "MCCH CRC",
            Self::Msi => "MSI",
            Self::MtchCrc => "MTCH CRC",
            Self::RlcGap => "RLC gap",
            Self::Ip => "IP",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How often a stage was tried, and how often that went well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StageCount {
    /// The stage.
    pub stage: Stage,
    /// Times it was tried.
    pub tried: u64,
    /// Times it went well.
    pub good: u64,
}

/// How far a receiver came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnosis {
    /// The first stage that fails; none when service data arrives whole.
    pub first_failing_stage: Option<Stage>,
    /// The likely cause and what to do about it; empty when nothing fails.
    pub hint: String,
    /// Every stage, in order.
    pub stages: Vec<StageCount>,
}
