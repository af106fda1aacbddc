//! Made-up measurements of MBSFN areas.

use crate::event::{AreaMeasured, MchMeasured, PathsMeasured, What};

/// Of one interval with `mch` (blocks, errors) at `snr_db` over a channel that delays by `delay_us`.
pub(super) fn area(mch: (u64, u64), snr_db: f64, delay_us: f64) -> AreaMeasured {
    let snr = 10f64.powf(snr_db / 10.0);
    AreaMeasured {
        n_id_mbsfn: 1,
        subframes: mch.0 + 8,
        rsrp_dbfs: -27.1,
        rsrq_db: 10.0 * (snr / 12.0 / (1.0 + snr)).log10(),
        signalling: (8, 0),
        mchs: vec![MchMeasured {
            mch: "mch".into(),
            mcs: 9,
            blocks: mch,
            compared: 6,
            bits: (6 * 5100, (6.0 * 5100.0 * (-snr / 2.0).exp() / 2.0) as u64),
            sinr_db: Some(snr_db - 0.1),
        }],
        paths: Some(PathsMeasured {
            first_us: delay_us,
            last_us: delay_us + 3.2,
            margin_us: (delay_us + 1.04, 12.4 - delay_us),
            outside_share: 0.0,
        }),
    }
}

/// Two paths of a UE.
pub(super) fn impulse_response(ue: &str, delay_us: f64) -> What {
    let lobe = |t: f64| -60.0 * (t / 0.5).powi(2);
    let at = |i: u32| -9.375 + 0.2604 * f64::from(i);
    let power = |i: u32| (lobe(at(i) - delay_us)).max(lobe(at(i) - delay_us - 3.2) - 6.0).max(-38.0 - f64::from(i % 5));
    What::ImpulseResponse {
        ue: ue.to_owned(),
        from_us: -9.375,
        step_us: 0.2604,
        prefix_us: (-1.0417, 15.625),
        power_db: (0..192).map(|i| power(i) as f32).collect(),
    }
}
