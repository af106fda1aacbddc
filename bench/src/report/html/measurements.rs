//! What a UE measured in its MBSFN areas: a table with counts and what a UE would report, and the impulse response.

use maud::{Markup, html};

use super::radio::ratio;
use super::term;
use crate::report::area_sum::{AreaSum, BlerReport, MbsfnReport, MchSum};
use crate::report::plot::{Axis, Curve, Plot, Style};
use crate::report::runs::{ImpulseResponse, UeRun};
use crate::report::text;

/// Below the figures of a UE.
pub(super) fn measurements(ue: &UeRun, palette: usize, full_scale_dbm: Option<f64>) -> Markup {
    if ue.areas.is_empty() {
        return html! {};
    }
    html! {
        details.source.measured open[palette < OPEN] {
            summary { "Measurements by TS 36.214, impulse response" }
            div.measured-body {
                div.scroll {
                    table {
                        thead { tr {
                            th { (term("MBSFN")) " area, " (term("MCH")) } th { (term("BLER")) } th { "reported" }
                            th { (term("MBSFN SINR")) } th { (term("BER")) " before decoding" }
                        } }
                        tbody { @for area in &ue.areas { (rows(area, full_scale_dbm)) } }
                    }
                    @for area in &ue.areas { (levels(area, full_scale_dbm)) }
                }
                @if let Some(impulse) = &ue.impulse { figure { (plot(impulse, palette, &ue.name).svg()) } }
            }
        }
    }
}

fn rows(area: &AreaSum, full_scale_dbm: Option<f64>) -> Markup {
    let reported = MbsfnReport::of(area, full_scale_dbm);
    html! {
        tr {
            td { "area " (area.n_id_mbsfn) ", signalling" }
            td { (ratio(area.signalling)) }
            td { (bler(reported.signalling_bler)) }
            td {} td {}
        }
        @for mch in &area.mchs { (row(mch)) }
    }
}

fn row(mch: &MchSum) -> Markup {
    html! {
        tr {
            td { (mch.mch) ", MCS " (mch.mcs) }
            td { (ratio(mch.blocks)) }
            td { (bler(BlerReport::of(mch.blocks))) }
            td { (mch.sinr_db().map_or_else(|| "–".into(), |db| format!("{db:.1} dB"))) }
            td { (ratio(mch.bits)) }
        }
    }
}

/// RSRP, RSRQ, prefix.
fn levels(area: &AreaSum, full_scale_dbm: Option<f64>) -> Markup {
    let reported = MbsfnReport::of(area, full_scale_dbm);
    let Some((dbfs, rsrq_db)) = area.rsrp_dbfs().zip(area.rsrq_db()) else { return html! {} };
    html! {
        p.hint {
            "Area " (area.n_id_mbsfn) ": MBSFN RSRP "
            @match full_scale_dbm {
                Some(full_scale) => { b { (format!("{:.1} dBm", dbfs + full_scale)) } }
                None => { b { (format!("{dbfs:.1} dB of full scale")) } ", the level in dBm is not calibrated" }
            }
            @if let Some(range) = reported.rsrp_result { " (reported as " (range) ")" }
            ", MBSFN RSRQ " b { (format!("{rsrq_db:.1} dB")) }
            @if let Some(range) = reported.rsrq_result { " (" (range) ")" }
            @if let Some(p) = area.paths {
                "; paths from " (format!("{:.2} to {:.2} µs", p.first_us, p.last_us)) ", of the cyclic prefix at least "
                b { (format!("{:.2} and {:.2} µs", p.margin_us.0, p.margin_us.1)) } " left before and after them"
                @if p.outside_share > 0.0 { ", " (text::percent(p.outside_share)) " of the energy outside of it" }
            }
            "."
        }
    }
}

/// `BLER-Result-r12`.
fn bler(report: Option<BlerReport>) -> Markup {
    html! {
        @if let Some(BlerReport { bler, n, m }) = report {
            (bler) " " span.soft { "(n " (n) ", m " (m) ")" }
        }
    }
}

fn plot(impulse: &ImpulseResponse, palette: usize, ue: &str) -> Plot {
    let at = |i: usize| impulse.from_us + i as f64 * impulse.step_us;
    let points: Vec<_> =
        impulse.power_db.iter().enumerate().map(|(i, &db)| (at(i), f64::from(db).max(LOWEST_DB))).collect();
    let to = points.last().map_or(1.0, |p| p.0);
    let curve = Curve { palette, name: "power".into(), points, tips: Vec::new(), style: Style::Line, end: None };
    Plot {
        size: (360.0, 196.0),
        x: Axis::new(impulse.from_us, to, "delay, µs"),
        y: Axis::new(LOWEST_DB, 3.0, "power, dB"),
        curves: vec![curve],
        marks: vec![(impulse.prefix_us.0, "cyclic prefix".into()), (impulse.prefix_us.1, "end of prefix".into())],
        title: format!("impulse response, {ue}"),
    }
}

/// Foot of the plot.
const LOWEST_DB: f64 = -50.0;
/// UEs whose measurements are shown at once.
const OPEN: usize = 3;
