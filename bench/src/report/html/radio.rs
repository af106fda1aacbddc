//! The radio side: per UE constellation, CINR and block errors over time; spectra.

use maud::{Markup, html};

use super::measurements::measurements;
use super::{channel, many, panel, sfn, term};
use crate::report::model::{Model, Spectrum, UeRun};
use crate::report::plot::{Axis, Curve, NEUTRAL, Plot, Style, constellation, legend, round_up, series_class};
use crate::report::radio_sum::Ratio;
use crate::report::text;

pub(super) fn section(model: &Model) -> Markup {
    let scales = Scales::of(model);
    let scenario = &model.header.scenario;
    let full = many::in_full(model, CARDS);
    let others: Vec<&UeRun> =
        model.ues.iter().enumerate().filter(|(i, _)| !full.contains(i)).map(|(_, ue)| ue).collect();
    panel(
        "radio",
        "Radio",
        &html! { "What each receiver measured. All UEs share the same scales. Point at a curve for counts and the "
        (term("Wilson interval")) "; faint is the lowest subframe of each interval." },
        &html! {
            div.ues {
                @for i in full {
                    @let words = scenario.ues.get(i).map(|ue| channel::words(scenario, ue));
                    (card(&model.ues[i], words, i, (&scales, model.header.full_scale_dbm)))
                }
            }
            (many::folded(&brief_head(), &others, &format!("{} more UEs", text::grouped(others.len() as u64)), |ue| brief(ue)))
            (sfn::figure(model))
            (spectra(model))
        },
    )
}

/// UEs with curves, where there are many.
const CARDS: usize = 4;

/// One scale for all UEs: only so can they be compared.
struct Scales {
    end_s: f64,
    cinr_db: (f64, f64),
    bler_percent: f64,
}

impl Scales {
    fn of(model: &Model) -> Self {
        let points = || model.ues.iter().flat_map(|u| u.radio_series.points());
        let highs = points().filter_map(|p| p.cinr_db());
        let lows = points().filter_map(|p| p.cinr_min_db.or_else(|| p.cinr_db()));
        let (low, high) = (lows.fold(f64::INFINITY, f64::min), highs.fold(f64::NEG_INFINITY, f64::max));
        let cinr_db =
            if low <= high { ((low / 2.0).floor() * 2.0, (high / 2.0).ceil() * 2.0 + 1.0) } else { (0.0, 30.0) };
        let bler = points().filter_map(|p| p.mch.value()).fold(0.01, f64::max);
        Self { end_s: round_up(model.end_ns as f64 / 1e9), cinr_db, bler_percent: round_up(bler * 105.0) }
    }
}

fn card(ue: &UeRun, channel: Option<Markup>, palette: usize, common: (&Scales, Option<f64>)) -> Markup {
    let (scales, full_scale_dbm) = common;
    html! {
        article.ue {
            header {
                h3 { svg.swatch.(series_class(palette)) viewBox="0 0 22 8" width="22" height="8" aria-hidden="true" {
                        path d="M1 4H21" {} } (ue.name) }
                @if let Some(words) = channel { (words) }
            }
            div.ue-body {
                (constellation_figure(ue, palette))
                figure { (cinr(ue, palette, scales).svg()) }
                figure { (bler(ue, palette, scales).svg()) }
                (figures(ue))
            }
            (measurements(ue, palette, full_scale_dbm))
            (troubles(ue))
        }
    }
}

fn brief_head() -> Markup {
    html! {
        tr {
            th { "UE" } th { (term("BLER")) " MTCH" } th { (term("BLER")) " signalling" } th { (term("CINR")) " mean, lowest" }
            th { (term("RLC")) " PDUs missing" } th { "Cell found" } th { "First " (term("MCCH")) }
        }
    }
}

/// A UE in one line.
fn brief(ue: &UeRun) -> Markup {
    let radio = &ue.radio;
    html! {
        tr {
            td { strong { (ue.name) } }
            td { (ratio(radio.mch)) }
            td { (ratio(radio.signalling)) }
            td { (pair(radio.cinr_db(), radio.cinr_min_db)) }
            td { (text::grouped(ue.rlc_gaps.0)) }
            td { (ue.cell.map_or_else(|| "never".into(), |(at_ns, ..)| text::at(at_ns))) }
            td { (ue.mcch.as_ref().map_or_else(|| "never".into(), |m| text::at(m.0))) }
        }
        @if let Some(why) = &ue.not_acquired { tr.words { td {} td.text colspan="6" { span.bad { (why) } } } }
    }
}

fn constellation_figure(ue: &UeRun, palette: usize) -> Markup {
    html! {
        figure {
            @if let Some(c) = &ue.constellation {
                (constellation(&c.points_milli, &c.modulation, palette))
                figcaption { (c.modulation) " at " (text::at(c.at_ns)) br; "SFN " (c.subframe.0) ", subframe " (c.subframe.1) }
            } @else {
                div.none { "no constellation" }
            }
        }
    }
}

fn figures(ue: &UeRun) -> Markup {
    let radio = &ue.radio;
    let optional = |value: Option<f64>, digits: usize, unit: &str| {
        value.map_or_else(|| "–".to_owned(), |v| format!("{v:.digits$} {unit}"))
    };
    let item = |label: Markup, value: Markup| html! { dt { (label) } dd { (value) } };
    html! {
        dl.figures {
            (item(html! { (term("BLER")) " MTCH" }, ratio(radio.mch)))
            (item(html! { (term("BLER")) " signalling" }, ratio(radio.signalling)))
            (item(html! { (term("CINR")) " mean, lowest" }, html! { (pair(radio.cinr_db(), radio.cinr_min_db)) }))
            (item(html! { (term("EVM")) }, html! { (optional(radio.evm_percent(), 1, "%")) }))
            (item(html! { (term("CFO")) " mean" }, html! { (optional(radio.cfo_hz(), 1, "Hz")) }))
            (item(html! { "Timing, strongest path" }, html! { (optional(radio.timing_us(), 2, "µs")) }))
            (item(html! { "Turbo iterations" }, html! { (optional(radio.turbo.mean(), 2, "")) }))
            (item(html! { (term("RLC")) " PDUs missing" }, html! {
                (text::grouped(ue.rlc_gaps.0))
                @if ue.rlc_gaps.1 > 0 { span.soft { " in " (text::grouped(ue.rlc_gaps.1)) " gaps" } }
            }))
            @if let Some((at_ns, n_id_cell, n_ports)) = ue.cell {
                (item(html! { "Cell found" }, html! {
                    (n_id_cell) " at " (text::at(at_ns)) span.soft { ", " (text::counted(u64::from(n_ports), "port")) }
                }))
            }
            (item(html! { "First " (term("MCCH")) " at" }, html! { (ue.mcch.as_ref().map_or_else(|| "never".into(), |m| text::at(m.0))) }))
            @if ue.notifications > 0 {
                (item(html! { "Notifications" }, html! { (text::grouped(ue.notifications)) }))
            }
        }
    }
}

/// What went wrong at a receiver: acquisition, the first stage that fails, datagrams that are missing.
fn troubles(ue: &UeRun) -> Markup {
    html! {
        @if let Some(why) = &ue.not_acquired { p.stuck { (why) } }
        (diagnosis(ue))
        @if !ue.losses.is_empty() {
            details.source {
                summary { "Datagrams lost in " (text::counted(ue.losses_all, "place")) }
                ul { @for loss in &ue.losses { li { span.soft { (text::at(loss.at_ns)) } " " (loss.words()) } }
                    @if ue.losses_all > ue.losses.len() as u64 { li.soft { "and more: the first ones are listed" } }
                }
            }
        }
    }
}

/// What the receiver says of itself, where something fails.
fn diagnosis(ue: &UeRun) -> Markup {
    let Some((d, stage)) = ue.diagnosis.as_ref().and_then(|d| Some((d, d.stage.as_ref()?))) else { return html! {} };
    html! {
        p.stuck { "First failing stage: " b { (stage) } ": " (d.hint) }
        details.source {
            summary { "Stages of the receiver" }
            dl.figures { @for (name, tried, good) in &d.stages { dt { (name) } dd { (text::grouped(*good)) " of " (text::grouped(*tried)) } } }
        }
    }
}

/// Mean and lowest CINR.
fn pair(mean: Option<f64>, lowest: Option<f64>) -> String {
    match (mean, lowest) {
        (Some(mean), Some(lowest)) => format!("{mean:.1}, {lowest:.1} dB"),
        (Some(only), None) | (None, Some(only)) => format!("{only:.1} dB"),
        (None, None) => "–".into(),
    }
}

/// A ratio with its counts, the interval at the pointer.
pub(super) fn ratio(r: Ratio) -> Markup {
    let Some((value, (low, high))) = r.value().zip(r.wilson_95()) else { return html! { "–" } };
    html! {
        span data-tip=(format!("95 %: {} to {}", text::percent(low), text::percent(high))) {
            (text::percent(value)) " " span.soft { "(" (text::grouped(r.errors)) " of " (text::grouped(r.trials)) ")" }
        }
    }
}

fn cinr(ue: &UeRun, palette: usize, scales: &Scales) -> Plot {
    let points = ue.radio_series.points();
    let at = |ns: u64| ns as f64 / 1e9;
    let mean: Vec<_> = points.iter().filter_map(|p| Some((at(p.to_ns), p.cinr_db()?, p.cinr_min_db))).collect();
    let tip = |(t, db, low): &(f64, f64, Option<f64>)| {
        let low = low.map_or_else(String::new, |low| format!(", lowest subframe {low:.1} dB"));
        format!("{}: {db:.1} dB{low}", text::seconds(*t))
    };
    let lowest = Curve {
        palette,
        name: "lowest subframe".into(),
        points: points.iter().filter_map(|p| Some((at(p.to_ns), p.cinr_min_db?))).collect(),
        tips: Vec::new(),
        style: Style::Faint,
        end: None,
    };
    let curve = Curve {
        palette,
        name: "CINR".into(),
        tips: mean.iter().map(tip).collect(),
        points: mean.iter().map(|m| (m.0, m.1)).collect(),
        style: Style::Line,
        end: None,
    };
    Plot {
        size: (300.0, 196.0),
        x: Axis::new(0.0, scales.end_s, "run time, s"),
        y: Axis::new(scales.cinr_db.0, scales.cinr_db.1, "CINR, dB"),
        curves: vec![lowest, curve],
        marks: Vec::new(),
        title: format!("CINR over time, {}", ue.name),
    }
}

fn bler(ue: &UeRun, palette: usize, scales: &Scales) -> Plot {
    let (mut curve_points, mut tips) = (Vec::new(), Vec::new());
    for p in ue.radio_series.points() {
        let (Some(value), Some((low, high))) = (p.mch.value(), p.mch.wilson_95()) else { continue };
        if curve_points.is_empty() {
            curve_points.push((p.from_ns as f64 / 1e9, value * 100.0));
            tips.push(String::new());
        }
        curve_points.push((p.to_ns as f64 / 1e9, value * 100.0));
        let (errors, trials) = (p.mch.errors, p.mch.trials);
        let interval = format!("95 %: {} to {}", text::percent(low), text::percent(high));
        tips.push(format!("{}: {} ({errors} of {trials}), {interval}", text::at(p.to_ns), text::percent(value)));
    }
    let curve = Curve { palette, name: "BLER".into(), points: curve_points, tips, style: Style::Area, end: None };
    Plot {
        size: (300.0, 196.0),
        x: Axis::new(0.0, scales.end_s, "run time, s"),
        y: Axis::new(0.0, scales.bler_percent, "MTCH blocks lost, %"),
        curves: vec![curve],
        marks: Vec::new(),
        title: format!("block error rate over time, {}", ue.name),
    }
}

fn spectra(model: &Model) -> Markup {
    if model.spectra.is_empty() {
        return html! {};
    }
    let span_mhz = model.spectra.iter().map(|s| s.span_hz).fold(0.0, f64::max) / 1e6;
    let values = || model.spectra.iter().flat_map(|s| &s.psd_db).map(|&v| f64::from(v)).filter(|v| v.is_finite());
    let (low, high) = (values().fold(0.0, f64::min).max(-80.0), values().fold(0.0, f64::max));
    let palette = |at: &str| model.ues.iter().position(|u| u.name == at).unwrap_or(NEUTRAL);
    let curves = model.spectra.iter().map(|s| spectrum(s, palette(&s.at))).collect();
    let plot = Plot {
        size: (980.0, 270.0),
        x: Axis::new(-span_mhz / 2.0, span_mhz / 2.0, "frequency from the carrier, MHz"),
        y: Axis::new((low / 10.0).floor() * 10.0, (high / 10.0).ceil() * 10.0, "power density, dB"),
        curves,
        marks: Vec::new(),
        title: "power spectral density".into(),
    };
    html! {
        h3 { "Spectrum" }
        (legend(model.spectra.iter().map(|s| (palette(&s.at), &*s.at))))
        figure { (plot.responsive()) }
        p.hint { "Average over the run, each relative to the mean of its own strongest tenth of the bins." }
    }
}

fn spectrum(s: &Spectrum, palette: usize) -> Curve {
    let bins = s.psd_db.len().max(1) as f64;
    let frequency = |i: usize| ((i as f64 + 0.5) / bins - 0.5) * s.span_hz / 1e6;
    // As many points as there are pixels to see: the mean of neighbours.
    let group = s.psd_db.len().div_ceil(256).max(1);
    let points: Vec<_> = s
        .psd_db
        .chunks(group)
        .enumerate()
        .map(|(i, chunk)| {
            let mean = chunk.iter().map(|&v| f64::from(v)).sum::<f64>() / chunk.len() as f64;
            (frequency(i * group + chunk.len() / 2), if mean.is_finite() { mean } else { -300.0 })
        })
        .collect();
    let tips = points.iter().map(|(mhz, db)| format!("{mhz:.2} MHz: {db:.1} dB")).collect();
    Curve { palette, name: s.at.clone(), points, tips, style: Style::Line, end: None }
}
