//! Downlink control information of the broadcast carrier, TS 36.212 clause 5.3.3.1: formats 1A and 1C for system
//! information (5.3.3.1.3, 5.3.3.1.4), format 1C for the MCCH change notification, and what they mean for the PDSCH
//! (TS 36.213 clause 7.1.7, TS 36.321 clause 5.3.1).
//!
//! Bits are one per element, 0 or 1, the first being a_0. FDD; the uplink is taken to be as wide as the downlink.

use crate::cell::NRbDl;
use crate::phch::{Gap, VrbAllocation, VrbError, VrbType, n_rb_step, riv_bits};

/// SI-RNTI: system information (TS 36.321 table 7.1-1).
pub const SI_RNTI: u16 = 0xffff;
/// M-RNTI: MCCH change notification (TS 36.321 table 7.1-1).
pub const M_RNTI: u16 = 0xfffd;

/// Format 1A on the SI-RNTI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dci1A {
    /// Resource blocks.
    pub allocation: VrbAllocation,
    /// I_MCS, which is I_TBS here: 0 to 26.
    pub mcs: u8,
    /// Redundancy version, 0 to 3.
    pub rv: u8,
    /// N_PRB^1A, the column of the transport block size table: 2 or 3, told by a bit of the TPC command.
    pub n_prb_1a: NPrb1A,
}

/// N_PRB^1A (TS 36.212 clause 5.3.3.1.3): the column of the transport block size table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NPrb1A {
    /// 2.
    Two,
    /// 3.
    Three,
}

/// Format 1C on the SI-RNTI; its redundancy version follows from the time: see [`sib1_rv`] and [`si_rv`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dci1C {
    /// Resource blocks: distributed, in whole steps of two (below 50 PRB) or four.
    pub allocation: VrbAllocation,
    /// I_TBS, 0 to 31.
    pub i_tbs: u8,
}

/// Control information that cannot be sent or is not what it seems.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DciError {
    /// Not as long as the format is.
    #[error("{got} bits for a format of {want}")]
    Size {
        /// Bits there are.
        got: usize,
        /// Bits there should be.
        want: usize,
    },
    /// The format flag says 0, or padding is not zero.
    #[error("not format 1A: its flag or its padding says otherwise")]
    NotFormat1A,
    /// I_MCS has no transport block size for system information.
    #[error("I_MCS {mcs} is not for system information: allowed 0 to 26 (TS 36.213 clause 7.1.7.2)")]
    Mcs {
        /// I_MCS.
        mcs: u8,
    },
    /// A value too wide for its field.
    #[error("{value} does not fit in the {bits} bits of {field}")]
    Field {
        /// Name of the field.
        field: &'static str,
        /// Its width.
        bits: usize,
        /// What was to be put there.
        value: u32,
    },
    /// The allocation is not one that format 1C can tell.
    #[error("format 1C carries distributed blocks in whole steps of {step} only")]
    NotCompact {
        /// N_RB^step.
        step: usize,
    },
    /// The resource blocks.
    #[error(transparent)]
    Allocation(#[from] VrbError),
}

impl Dci1A {
    /// Bits of the format (TS 36.212 clause 5.3.3.1.3): never less than format 0, never an ambiguous size.
    pub fn size(n_rb_dl: NRbDl) -> usize {
        let riv = riv_bits(n_rb_dl.get());
        // Flag, VRB type, blocks, MCS, HARQ process, new data, redundancy version, TPC. Format 0 over an uplink of the
        // same width (flag, hopping, blocks, MCS, new data, TPC, cyclic shift, CSI request) is one bit shorter.
        let size = 1 + 1 + riv + 5 + 3 + 1 + 2 + 2;
        size + usize::from(AMBIGUOUS_SIZES.contains(&size))
    }

    /// Writes the fields. Reserved ones are zero.
    pub fn pack(&self, n_rb_dl: NRbDl) -> Result<Vec<u8>, DciError> {
        if usize::from(self.mcs) >= TBS_SI.len() {
            return Err(DciError::Mcs { mcs: self.mcs });
        }
        let distributed = u32::from(matches!(self.allocation.kind(), VrbType::Distributed(_)));
        let second_gap = u32::from(self.allocation.kind() == VrbType::Distributed(Gap::Two));
        let mut bits = Vec::with_capacity(Self::size(n_rb_dl));
        put(&mut bits, "the format flag", 1, 1)?;
        put(&mut bits, "the VRB assignment flag", 1, distributed)?;
        put(&mut bits, "the resource block assignment", riv_bits(n_rb_dl.get()), self.allocation.riv(n_rb_dl))?;
        put(&mut bits, "MCS", 5, self.mcs.into())?;
        put(&mut bits, "the HARQ process", 3, 0)?;
        put(&mut bits, "the gap", 1, second_gap)?;
        put(&mut bits, "the redundancy version", 2, self.rv.into())?;
        put(&mut bits, "TPC", 2, u32::from(self.n_prb_1a == NPrb1A::Three))?;
        bits.resize(Self::size(n_rb_dl), 0);
        Ok(bits)
    }

    /// Reads the fields; reserved ones may hold anything, padding may not.
    pub fn unpack(n_rb_dl: NRbDl, bits: &[u8]) -> Result<Self, DciError> {
        check_size(bits, Self::size(n_rb_dl))?;
        let mut fields = Fields(bits);
        let (flag, distributed) = (fields.take(1), fields.take(1) == 1);
        let riv = fields.take(riv_bits(n_rb_dl.get()));
        let mcs = fields.take(5) as u8;
        fields.take(3); // HARQ process number: reserved
        let gap = if fields.take(1) == 1 && n_rb_dl.get() >= 50 { Gap::Two } else { Gap::One };
        let rv = fields.take(2) as u8;
        let n_prb_1a = if fields.take(2) & 1 == 1 { NPrb1A::Three } else { NPrb1A::Two };
        if flag == 0 || fields.0.iter().any(|&b| b != 0) {
            return Err(DciError::NotFormat1A);
        }
        if usize::from(mcs) >= TBS_SI.len() {
            return Err(DciError::Mcs { mcs });
        }
        let kind = if distributed { VrbType::Distributed(gap) } else { VrbType::Localized };
        Ok(Self { allocation: VrbAllocation::from_riv(n_rb_dl, kind, riv)?, mcs, rv, n_prb_1a })
    }

    /// Transport block size, bits (TS 36.213 clauses 7.1.7 and 7.1.7.2.1).
    ///
    /// # Panics
    /// If `mcs` is above 26.
    pub fn tbs_bits(&self) -> usize {
        let (two, three) = TBS_SI[usize::from(self.mcs)];
        usize::from(if self.n_prb_1a == NPrb1A::Two { two } else { three })
    }

    /// The smallest I_MCS and N_PRB^1A that carry at least `bits`; `None` above 2216.
    pub fn smallest_tbs(bits: usize) -> Option<(u8, NPrb1A)> {
        let columns = |(mcs, &(two, three)): (usize, &(u16, u16))| {
            [(two, mcs as u8, NPrb1A::Two), (three, mcs as u8, NPrb1A::Three)]
        };
        let all = TBS_SI.iter().enumerate().flat_map(columns);
        let best = all.filter(|&(tbs, ..)| usize::from(tbs) >= bits).min_by_key(|&(tbs, mcs, _)| (tbs, mcs));
        best.map(|(_, mcs, n_prb_1a)| (mcs, n_prb_1a))
    }
}

impl Dci1C {
    /// Bits of the format (TS 36.212 clause 5.3.3.1.4).
    pub fn size(n_rb_dl: NRbDl) -> usize {
        usize::from(has_gap_bit(n_rb_dl)) + compact_bits(n_rb_dl) + 5
    }

    /// Writes the fields.
    pub fn pack(&self, n_rb_dl: NRbDl) -> Result<Vec<u8>, DciError> {
        let none = DciError::NotCompact { step: n_rb_step(n_rb_dl) };
        let (gap, riv) = self.allocation.compact_riv(n_rb_dl).ok_or(none)?;
        let mut bits = Vec::with_capacity(Self::size(n_rb_dl));
        if has_gap_bit(n_rb_dl) {
            put(&mut bits, "the gap", 1, u32::from(gap == Gap::Two))?;
        }
        put(&mut bits, "the resource block assignment", compact_bits(n_rb_dl), riv)?;
        put(&mut bits, "the transport block size", 5, self.i_tbs.into())?;
        Ok(bits)
    }

    /// Reads the fields.
    pub fn unpack(n_rb_dl: NRbDl, bits: &[u8]) -> Result<Self, DciError> {
        check_size(bits, Self::size(n_rb_dl))?;
        let mut fields = Fields(bits);
        let gap = if has_gap_bit(n_rb_dl) && fields.take(1) == 1 { Gap::Two } else { Gap::One };
        let riv = fields.take(compact_bits(n_rb_dl));
        let allocation = VrbAllocation::from_compact_riv(n_rb_dl, gap, riv)?;
        Ok(Self { allocation, i_tbs: fields.take(5) as u8 })
    }

    /// Transport block size, bits (TS 36.213 clause 7.1.7.2.3).
    ///
    /// # Panics
    /// If `i_tbs` is above 31.
    pub fn tbs_bits(&self) -> usize {
        usize::from(TBS_1C[usize::from(self.i_tbs)])
    }

    /// The smallest I_TBS that carries at least `bits`; `None` above 1736.
    pub fn smallest_tbs(bits: usize) -> Option<u8> {
        TBS_1C.iter().position(|&tbs| usize::from(tbs) >= bits).map(|i| i as u8)
    }
}

/// Format 1C on the M-RNTI (TS 36.212 clause 5.3.3.1.4): the bit of value `1 << i` stands for the MBSFN areas whose
/// `notificationIndicator` is i (TS 36.331 clause 6.3.7: value 0 is the least significant bit). Reserved bits are zero.
pub fn pack_mcch_change_notification(n_rb_dl: NRbDl, bitmap: u8) -> Vec<u8> {
    let mut bits: Vec<u8> = (0..8).rev().map(|i| bitmap >> i & 1).collect();
    bits.resize(Dci1C::size(n_rb_dl), 0);
    bits
}

/// The bitmap of a format 1C on the M-RNTI; reserved bits may hold anything.
pub fn unpack_mcch_change_notification(n_rb_dl: NRbDl, bits: &[u8]) -> Result<u8, DciError> {
    check_size(bits, Dci1C::size(n_rb_dl))?;
    Ok(Fields(bits).take(8) as u8)
}

/// Redundancy version of SIB1 (TS 36.321 clause 5.3.1): k = (SFN / 2) mod 4, ceil(3 k / 2) mod 4. SIB1 is sent in
/// subframe 5 of even frames.
pub const fn sib1_rv(sfn: u32) -> u8 {
    rv_of(sfn / 2)
}

/// Redundancy version of another system information message (TS 36.321 clause 5.3.1) in subframe `i` of its SI window,
/// the first being 0, when the control information does not tell it (format 1C).
pub const fn si_rv(i: u32) -> u8 {
    rv_of(i)
}

const fn rv_of(k: u32) -> u8 {
    ((3 * (k % 4)).div_ceil(2) % 4) as u8
}

fn has_gap_bit(n_rb_dl: NRbDl) -> bool {
    n_rb_dl.get() >= 50
}

fn compact_bits(n_rb_dl: NRbDl) -> usize {
    riv_bits(VrbType::Distributed(Gap::One).n_vrb(n_rb_dl) / n_rb_step(n_rb_dl))
}

fn check_size(bits: &[u8], want: usize) -> Result<(), DciError> {
    if bits.len() == want { Ok(()) } else { Err(DciError::Size { got: bits.len(), want }) }
}

/// Appends a field, most significant bit first.
fn put(bits: &mut Vec<u8>, field: &'static str, width: usize, value: u32) -> Result<(), DciError> {
    if value >> width != 0 {
        return Err(DciError::Field { field, bits: width, value });
    }
    bits.extend((0..width).rev().map(|i| (value >> i & 1) as u8));
    Ok(())
}

/// What is left to read.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// The next field; the caller has checked the size.
    fn take(&mut self, width: usize) -> u32 {
        let (field, rest) = self.0.split_at(width);
        self.0 = rest;
        field.iter().fold(0, |value, &bit| value << 1 | u32::from(bit & 1))
    }
}

/// TS 36.212 table 5.3.3.1.2-1: sizes at which the aggregation level could be mistaken.
const AMBIGUOUS_SIZES: [usize; 10] = [12, 14, 16, 20, 24, 26, 32, 40, 44, 56];

/// TS 36.213 table 7.1.7.2.1-1, rows I_TBS 0 to 26, columns N_PRB 2 and 3.
#[rustfmt::skip]
const TBS_SI: [(u16, u16); 27] = [
    (32, 56), (56, 88), (72, 144), (104, 176), (120, 208), (144, 224), (176, 256), (224, 328), (256, 392),
    (296, 456), (328, 504), (376, 584), (440, 680), (488, 744), (552, 840), (600, 904), (632, 968), (696, 1064),
    (776, 1160), (840, 1288), (904, 1384), (1000, 1480), (1064, 1608), (1128, 1736), (1192, 1800), (1256, 1864),
    (1480, 2216),
];

/// TS 36.213 table 7.1.7.2.3-1: transport block sizes of format 1C by I_TBS.
#[rustfmt::skip]
const TBS_1C: [u16; 32] = [
    40, 56, 72, 120, 136, 144, 176, 208, 224, 256, 280, 296, 328, 336, 392, 488,
    552, 600, 632, 696, 776, 840, 904, 1000, 1064, 1128, 1224, 1288, 1384, 1480, 1608, 1736,
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Published sizes of the formats: those of 1A are in TS 36.212's own examples of the padding rules.
    #[test]
    fn sizes_by_bandwidth() {
        assert_eq!(NRbDl::ALL.map(Dci1A::size), [21, 22, 25, 27, 27, 28]);
        assert_eq!(NRbDl::ALL.map(Dci1C::size), [8, 10, 12, 13, 14, 15]);
    }

    #[test]
    fn transport_block_sizes_equal_the_published_ones() {
        let Some(tbs) = fixtures::facts::tbs() else { return };
        for (i_tbs, &(two, three)) in TBS_SI.iter().enumerate() {
            assert_eq!((u32::from(two), u32::from(three)), (tbs[i_tbs][1], tbs[i_tbs][2]), "I_TBS {i_tbs}");
        }
        assert!(TBS_1C.is_sorted() && TBS_1C.iter().all(|tbs| tbs % 8 == 0));
    }

    #[test]
    fn the_smallest_transport_block_that_does_is_found() {
        assert_eq!(Dci1A::smallest_tbs(144), Some((2, NPrb1A::Three)));
        assert_eq!(Dci1A::smallest_tbs(145), Some((3, NPrb1A::Three)));
        assert_eq!((Dci1A::smallest_tbs(2216), Dci1A::smallest_tbs(2217)), (Some((26, NPrb1A::Three)), None));
        assert_eq!((Dci1C::smallest_tbs(393), Dci1C::smallest_tbs(1737)), (Some(15), None));
    }

    /// TS 36.321 clause 5.3.1: 0, 2, 3, 1 over the eight frames of SIB1.
    #[test]
    fn redundancy_versions_follow_the_time() {
        assert_eq!([0, 2, 4, 6, 8, 1022].map(sib1_rv), [0, 2, 3, 1, 0, 1]);
        assert_eq!([0, 1, 2, 3, 4].map(si_rv), [0, 2, 3, 1, 0]);
    }

    #[test]
    fn notification_indicator_0_is_the_least_significant_bit() {
        for n in NRbDl::ALL {
            let bits = pack_mcch_change_notification(n, 1);
            assert_eq!(bits.iter().position(|&b| b == 1), Some(7), "{n} PRB");
            for bitmap in 0..=255 {
                let bits = pack_mcch_change_notification(n, bitmap);
                assert_eq!(unpack_mcch_change_notification(n, &bits), Ok(bitmap));
            }
        }
    }

    fn allocation(n: NRbDl, kind: usize, start: usize, len: usize, step: usize) -> VrbAllocation {
        let kinds = [VrbType::Localized, VrbType::Distributed(Gap::One), VrbType::Distributed(Gap::Two)];
        let kind = if kinds[kind].n_vrb(n) == 0 { kinds[1] } else { kinds[kind] };
        let steps = kind.n_vrb(n) / step;
        let start = start % steps;
        VrbAllocation::new(n, kind, step * start, step * (1 + len % (steps - start))).unwrap()
    }

    proptest! {
        #[test]
        fn format_1a_survives(
            n in proptest::sample::select(&NRbDl::ALL[..]), kind in 0..3usize, start in 0..100usize, len in 0..100usize,
            mcs in 0..27u8, rv in 0..4u8, three: bool,
        ) {
            let n_prb_1a = if three { NPrb1A::Three } else { NPrb1A::Two };
            let dci = Dci1A { allocation: allocation(n, kind, start, len, 1), mcs, rv, n_prb_1a };
            let bits = dci.pack(n).unwrap();
            prop_assert_eq!(bits.len(), Dci1A::size(n));
            prop_assert_eq!(Dci1A::unpack(n, &bits), Ok(dci));
        }

        #[test]
        fn format_1c_survives(
            n in proptest::sample::select(&NRbDl::ALL[..]), two in 1..3usize, start in 0..100usize, len in 0..100usize,
            i_tbs in 0..32u8,
        ) {
            let dci = Dci1C { allocation: allocation(n, two, start, len, n_rb_step(n)), i_tbs };
            let bits = dci.pack(n).unwrap();
            prop_assert_eq!(bits.len(), Dci1C::size(n));
            prop_assert_eq!(Dci1C::unpack(n, &bits), Ok(dci));
        }

        #[test]
        fn any_bits_are_understood_or_refused(
            n in proptest::sample::select(&NRbDl::ALL[..]), bits in proptest::collection::vec(0..2u8, 0..30), size: bool,
        ) {
            let of = |want: usize| bits.iter().copied().chain(std::iter::repeat(1)).take(want).collect::<Vec<_>>();
            for bits in if size { [of(Dci1A::size(n)), of(Dci1C::size(n))] } else { [bits.clone(), bits.clone()] } {
                if let Ok(dci) = Dci1A::unpack(n, &bits) {
                    prop_assert!(dci.tbs_bits() >= 32);
                    prop_assert_eq!(Dci1A::unpack(n, &dci.pack(n).unwrap()), Ok(dci));
                }
                if let Ok(dci) = Dci1C::unpack(n, &bits) {
                    prop_assert_eq!(dci.pack(n), Ok(bits.clone()));
                }
            }
        }
    }
}
