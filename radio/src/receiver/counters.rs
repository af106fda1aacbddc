//! What a receiver counts to be able to say where it is stuck.

use super::diagnosis::{Stage, StageCount};
use crate::estimate::CrsQuality;
use crate::mch::{MchRxEvent, has_prefix, is_datagram};

/// MTCHs whose gaps are told apart.
const GAPS_MAX: usize = 32;

/// Counts of every stage, and what was seen of causes.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    tried: [u64; Stage::ALL.len()],
    good: [u64; Stage::ALL.len()],
    /// The CFI that the PCFICH told, and the one at which control information was found.
    pub(super) other_cfi: Option<(u8, u8)>,
    /// Why a message of the BCCH was not understood.
    pub(super) unreadable_sib: Option<String>,
    /// The cell found last has an extended cyclic prefix.
    pub(super) extended_prefix: bool,
    /// Reference signals of a cell that gave no MIB.
    pub(super) refused_quality: Option<CrsQuality>,
    /// SDUs that seem to be IP datagrams behind a PDCP header.
    pub(super) pdcp_prefixes: u64,
    /// By MTCH.
    gaps: Vec<Gap>,
}

/// RLC PDUs missing of an MTCH.
#[derive(Clone, Debug)]
struct Gap {
    /// Area, place of the (P)MCH in its MCCH, logical channel.
    mtch: (u8, usize, u8),
    lost_pdus: u64,
    /// Of the last gap: the sequence number that was due, and the one that came.
    sn: (u8, u8),
}

impl Counters {
    /// A stage was tried.
    pub(super) fn count(&mut self, stage: Stage, good: bool) {
        self.tried[stage as usize] += 1;
        self.good[stage as usize] += u64::from(good);
    }

    /// Layer 2 told something.
    pub(super) fn count_event(&mut self, n_id_mbsfn: u8, event: &MchRxEvent<'_>) {
        match event {
            MchRxEvent::Sdu { bytes, .. } => {
                self.count(Stage::RlcGap, true);
                self.count(Stage::Ip, is_datagram(bytes));
                self.pdcp_prefixes += u64::from(has_prefix(bytes));
            }
            MchRxEvent::RlcGap { pmch, lcid, expected_sn, received_sn, lost_pdus } => {
                self.count(Stage::RlcGap, false);
                let (mtch, lost_pdus) = ((n_id_mbsfn, *pmch, *lcid), u64::from(*lost_pdus));
                let sn = (*expected_sn, *received_sn);
                match self.gaps.iter().position(|gap| gap.mtch == mtch) {
                    Some(i) => self.gaps[i] = Gap { mtch, lost_pdus: self.gaps[i].lost_pdus + lost_pdus, sn },
                    None if self.gaps.len() < GAPS_MAX => self.gaps.push(Gap { mtch, lost_pdus, sn }),
                    None => {}
                }
            }
            _ => {}
        }
    }

    /// A cell was lost, or gave no MIB.
    pub(super) fn lost(&mut self, gave_mib: bool, quality: CrsQuality) {
        if !gave_mib {
            self.refused_quality = Some(quality);
        }
    }

    /// The gaps, for a reader.
    pub(super) fn gaps(&self) -> String {
        let gap = |Gap { mtch: (area, pmch, lcid), lost_pdus, sn: (expected, received) }: &Gap| {
            format!(
                "area {area}, MCH {pmch}, LCID {lcid}: {lost_pdus} RLC PDUs missing (last: SN {received} came for {expected})"
            )
        };
        self.gaps.iter().map(gap).collect::<Vec<_>>().join(", ")
    }

    /// How often a stage was tried.
    pub(super) const fn tried(&self, stage: Stage) -> u64 {
        self.tried[stage as usize]
    }

    /// How often a stage went well.
    pub(super) const fn good(&self, stage: Stage) -> u64 {
        self.good[stage as usize]
    }

    /// All stages, in order.
    pub(super) fn stages(&self) -> Vec<StageCount> {
        let count = |stage| StageCount { stage, tried: self.tried(stage), good: self.good(stage) };
        Stage::ALL.into_iter().map(count).collect()
    }
}
