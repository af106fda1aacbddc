//! How a UE reports MBSFN measurements: TS 36.133 clause 9.8, in the fields of `MeasResultMBSFN-r12` (TS 36.331 clause
//! 6.2.2, UEInformationResponse).

/// `RSRP-Range` of an MBSFN RSRP in dBm (TS 36.133 clause 9.8.2.2): 0 is below -140 dBm, then steps of 1 dB up to 97,
/// which is -44 dBm and more.
pub fn rsrp_range(dbm: f64) -> u8 {
    (dbm + 141.0).floor().clamp(0.0, 97.0) as u8
}

/// `MBSFN-RSRQ-Range-r12` of an MBSFN RSRQ in dB (TS 36.133 clause 9.8.3.2): 0 is below -23 dB, then steps of 0.5 dB up to
/// 31, which is -8 dB and more.
pub fn mbsfn_rsrq_range(db: f64) -> u8 {
    ((db + 23.0) * 2.0 + 1.0).floor().clamp(0.0, 31.0) as u8
}

/// `BLER-Range-r12` of `errors` among `blocks` (TS 36.133 clause 9.8.4.1): 0 is below 0.1 %, 31 is 50 % and more; `None`
/// without a block.
pub fn bler_range(errors: u64, blocks: u64) -> Option<u8> {
    let reaches = |limit: &&u32| u128::from(errors) * 100_000 >= u128::from(**limit) * u128::from(blocks);
    (blocks > 0).then(|| BLER_LIMITS.iter().take_while(reaches).count() as u8)
}

/// Lower limits of values 1 to 31, thousandths of a percent: a step is 500^(1/30), but for the 26th, which has two digits
/// changed about in the table (17.478 for 17.748).
const BLER_LIMITS: [u32; 31] = [
    100, 123, 151, 186, 229, 282, 347, 426, 525, 645, 794, 976, 1_201, 1_478, 1_818, 2_236, 2_751, 3_384, 4_163, 5_121,
    6_300, 7_750, 9_533, 11_728, 14_427, 17_478, 21_833, 26_858, 33_040, 40_645, 50_000,
];

/// `blocksReceived-r12` (TS 36.133 clause 9.8.4.2): how many blocks a BLER was measured over. Exponent `n` tells in which
/// range the number lies, mantissa `m` in which of its 256 steps of 2^n.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BlocksReceived {
    /// 0 to 7: from 256 (2^n - 1) on.
    pub n: u8,
    /// 0 to 255; the last one of n = 7 has no end.
    pub m: u8,
}

impl BlocksReceived {
    /// Codes a number of blocks.
    pub fn of(blocks: u64) -> Self {
        let first = |n: u32| 256 * ((1u64 << n) - 1);
        let n = (1..8).take_while(|&n| blocks >= first(n)).count() as u32;
        Self { n: n as u8, m: ((blocks - first(n)) >> n).min(255) as u8 }
    }

    /// The least number of blocks with this code.
    pub fn at_least(self) -> u64 {
        256 * ((1u64 << self.n) - 1) + (u64::from(self.m) << self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_of_rsrp() {
        for (dbm, range) in [
            (-200.0, 0),
            (-140.001, 0),
            (-140.0, 1),
            (-139.001, 1),
            (-139.0, 2),
            (-98.0, 43),
            (-44.001, 96),
            (-44.0, 97),
        ] {
            assert_eq!(rsrp_range(dbm), range, "{dbm} dBm");
        }
        assert_eq!((rsrp_range(f64::INFINITY), rsrp_range(f64::NEG_INFINITY)), (97, 0));
    }

    #[test]
    fn edges_of_rsrq() {
        for (db, range) in [
            (-30.0, 0),
            (-23.001, 0),
            (-23.0, 1),
            (-22.501, 1),
            (-22.5, 2),
            (-8.501, 29),
            (-8.5, 30),
            (-8.0, 31),
            (0.0, 31),
        ] {
            assert_eq!(mbsfn_rsrq_range(db), range, "{db} dB");
        }
    }

    #[test]
    fn edges_of_bler() {
        assert_eq!(bler_range(0, 0), None);
        for (errors, blocks, range) in [
            (0, 1, 0),
            (99, 100_000, 0),
            (1, 1_000, 1),
            (122, 100_000, 1),
            (123, 100_000, 2),
            (17_477, 100_000, 25),
            (17_478, 100_000, 26),
            (49_999, 100_000, 30),
            (1, 2, 31),
            (u64::MAX, u64::MAX, 31),
        ] {
            assert_eq!(bler_range(errors, blocks), Some(range), "{errors} of {blocks}");
        }
    }

    #[test]
    fn limits_of_bler_are_geometric() {
        for (i, &limit) in BLER_LIMITS.iter().enumerate().filter(|(i, _)| *i != 25) {
            let geometric = 100.0 * 500f64.powf(i as f64 / 30.0);
            assert!((f64::from(limit) - geometric).abs() <= 0.6, "{}: {limit}, {geometric:.2}", i + 1);
        }
    }

    #[test]
    fn edges_of_the_number_of_blocks() {
        for (blocks, n, m) in [
            (0, 0, 0),
            (255, 0, 255),
            (256, 1, 0),
            (257, 1, 0),
            (258, 1, 1),
            (767, 1, 255),
            (768, 2, 0),
            (1_792, 3, 0),
            (16_127, 5, 255),
            (32_511, 6, 255),
            (32_512, 7, 0),
            (32_512 + 255 * 128, 7, 255),
            (u64::MAX, 7, 255),
        ] {
            let coded = BlocksReceived::of(blocks);
            assert_eq!(coded, BlocksReceived { n, m }, "{blocks} blocks");
            assert!(coded.at_least() <= blocks);
        }
        let mut last = BlocksReceived::of(0);
        for blocks in 1..70_000 {
            let coded = BlocksReceived::of(blocks);
            let within = blocks - coded.at_least() < 1 << coded.n || coded == (BlocksReceived { n: 7, m: 255 });
            assert!(within && (coded.n, coded.m) >= (last.n, last.m), "{blocks}");
            last = coded;
        }
    }
}
