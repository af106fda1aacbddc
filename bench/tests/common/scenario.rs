//! A scenario that runs in a moment: a picture over 15 resource blocks to two UEs.

use std::path::Path;

/// Steps of [`TEXT`].
pub(crate) const STEPS: &str = r#"
[[step]]
do = "start"
session = "picture"

[[step]]
do = "run_until_delivered"
session = "picture"
timeout_ms = 4000

[[step]]
do = "stop"
session = "picture"
"#;

/// The scenario before and after its steps.
pub(crate) const TEXT: [&str; 2] = [
    r#"name = "small"
title = "A picture to two UEs"
proves = "A picture reaches two UEs bit for bit"
seed = 1

[cell]
n_rb_dl = 15
n_id_cell = 7

[[mbsfn_area]]
n_id_mbsfn = 3
non_mbsfn_region = 2
mcch_repetition_period_rf = 32
mcch_offset_rf = 0
mcch_modification_period_rf = 512
mcch_subframes = [1]
signalling_mcs = 2

[[mbsfn_area.subframe_allocation]]
pattern = "one_frame"
subframes = [1, 2, 3, 6, 7, 8]

[[mbsfn_area.mch]]
name = "mch"
data_mcs = 13
scheduling_period_rf = 8

[[session]]
name = "picture"
mch = "mch"
content = "castbench.jpg"
content_type = "image/jpeg"
bit_rate_kbps = 1200
fec = { code = "no_code" }
symbol_octets = 512
source_block_symbols = 64

[[ue]]
name = "near"
channel = { model = "awgn", snr_db = 30.0 }

[[ue]]
name = "far"
channel = { model = "awgn", snr_db = 20.0, cfo_hz = -300.0, delay_us = 2.3, gain_db = -15.0 }
"#,
    r#"
[[expect]]
measure = "objects_recovered"
min = 1
unit = "objects"
"#,
];

/// The whole scenario.
pub(crate) fn text() -> String {
    TEXT.join(STEPS)
}

/// Writes a scenario as `s.toml` into `folder`, the picture beside it.
pub(crate) fn write(folder: &Path, text: &str) {
    std::fs::copy(fixtures::content("castbench.jpg"), folder.join("castbench.jpg")).unwrap();
    std::fs::write(folder.join("s.toml"), text).unwrap();
}
