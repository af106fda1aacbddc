//! What the tests send.

use radio::{AreaSetup, MbsfnAreaConfiguration, MbsfnAreaInfo, McchConfig, SessionInfo, SubframeSet};

/// An MBSFN area with an MTCH for each of `lcids`: the MCCH comes every 320 ms in the first of the `subframes` at MCS 2,
/// scheduling periods are 80 ms long.
pub(crate) fn area(n_id_mbsfn: u8, subframes: &[u8], data_mcs: u8, lcids: &[u8]) -> AreaSetup {
    let mcch = McchConfig {
        repetition_period_rf: 32,
        offset_rf: 0,
        modification_period_rf: 512,
        subframes: SubframeSet::new(&subframes[..1]).unwrap(),
        signalling_mcs: 2,
    };
    let tmgi = |lcid| [0, n_id_mbsfn, lcid, 0x00, 0xf1, 0x10].into();
    let sessions = lcids.iter().map(|&lcid| SessionInfo { tmgi: tmgi(lcid), session_id: None, lcid }).collect();
    let subframes = SubframeSet::new(subframes).unwrap();
    AreaSetup {
        info: MbsfnAreaInfo { n_id_mbsfn, non_mbsfn_region: 2, notification_indicator: 0, mcch },
        mcch: MbsfnAreaConfiguration::single_pmch(subframes, data_mcs, 8, sessions),
    }
}
