//! The tables of a sweep as CSV (RFC 4180).

use std::fmt::Write;

use super::{Crossing, Point, Sweep};
use radio::McsTable;

/// One line for each point.
pub(super) fn points(sweep: &Sweep, curves: &[Vec<Point>]) -> String {
    let mut out = String::from(
        "curve,n_rb_dl,mcs,mcs_table,tbs_bits,antennas,channel,snr_db,blocks,errors,undetected_errors,bler,\
         bler_low_95,bler_high_95,cinr_db,iterations_per_code_block\n",
    );
    for (curve, points) in sweep.curves.iter().zip(curves) {
        let tbs_bits = curve.params().map_or(0, |params| params.format.tbs_bits);
        let table = if curve.mcs.table == McsTable::Qam256 { "qam256" } else { "qam64" };
        for Point { snr_db, counts: c } in points {
            let ((low, high), iterations) = (c.wilson_95(), c.iterations as f64 / c.code_blocks.max(1) as f64);
            // Writing to a String cannot fail.
            let _ = writeln!(
                out,
                "{},{},{},{table},{tbs_bits},{},{},{snr_db},{},{},{},{:.6},{low:.6},{high:.6},{:.2},{iterations:.2}",
                quoted(&curve.name),
                curve.n_rb_dl,
                curve.mcs.index,
                curve.antennas,
                quoted(&curve.channel_words()),
                c.blocks,
                c.errors,
                c.undetected_errors,
                c.bler(),
                c.cinr_db(),
            );
        }
    }
    out
}

/// One line for each curve and target.
pub(super) fn crossings(sweep: &Sweep, curves: &[Vec<Point>]) -> String {
    let mut out = String::from("curve,bler,snr_db,snr_low_95_db,snr_high_95_db\n");
    for (curve, points) in sweep.curves.iter().zip(curves) {
        for &bler in &sweep.targets {
            let Crossing { at, low, high } = Crossing::of(points, bler);
            let _ = writeln!(out, "{},{bler},{at},{low},{high}", quoted(&curve.name));
        }
    }
    out
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
