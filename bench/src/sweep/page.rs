//! `sweep.html`: verdict, plot and tables of a sweep on one page that needs nothing else.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Crossing, Edge, Finding, Point, Sweep};
use crate::report::{REPORT_STYLE, percent};

pub(super) fn html(sweep: &Sweep, curves: &[Vec<Point>], findings: &[Finding], plot: &Markup) -> String {
    let verdict = Sweep::verdict(findings);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (sweep.name) ": " (verdict) " – castbench" }
                style { (PreEscaped(REPORT_STYLE)) }
            }
            body {
                header.top { span.brand { "castbench" } }
                main {
                    section class=(format!("banner {verdict}")) {
                        div {
                            h1 { (sweep.title) }
                            div.verdict { (verdict) }
                            p.sentence { (sweep.proves) }
                            p.meta { (sampling(sweep)) }
                        }
                    }
                    section {
                        h2 { "Block error rate" }
                        p.lead { "Lost blocks over blocks sent, each a random transport block. Bars are Wilson intervals of 95 %, blocks "
                            "taken as independent; a bar without a dot had no error." }
                        div.scroll { (plot) }
                    }
                    @if !findings.is_empty() { (requirements(findings)) }
                    (crossings(sweep, curves))
                    (points(sweep, curves))
                }
                footer { "Made by castbench " (env!("CARGO_PKG_VERSION")) " from sweep.jsonl; the same sweep gives the same page." }
            }
        }
    };
    page.into_string()
}

fn sampling(sweep: &Sweep) -> String {
    let s = &sweep.sampling;
    let mut text = format!("Seed {}. A point has at most {} blocks", sweep.seed, s.blocks);
    if let Some(errors) = s.errors {
        text += &format!(" or {errors} errors");
    }
    if let Some(sigmas) = s.confident_sigmas {
        text += &format!(" or ends where an interval of {sigmas} standard deviations is clear of the rates asked for");
    }
    text + ". A curve ends where its interval is below the lowest rate asked for, or without an error."
}

fn requirements(findings: &[Finding]) -> Markup {
    html! {
        section {
            h2 { "Requirements" }
            p.lead { "The curve has to reach the rate at or below the SNR with its whole interval; inconclusive is what more blocks would decide." }
            div.scroll { table {
                thead { tr { th { "Verdict" } th { "Curve" } th.n { "Rate" } th.n { "Reached, dB" } th.n { "95 %" } th.n { "Required, dB" } th { "By" } } }
                tbody { @for o in findings { tr {
                    td { span class=(format!("chip {}", o.verdict)) { (o.verdict) } }
                    td { (o.requirement.curve) }
                    td.n { (percent(o.requirement.bler)) }
                    td.n { (edge(o.crossing.at)) }
                    td.n { (edge(o.crossing.low)) " to " (edge(o.crossing.high)) }
                    td.n { (format!("{:.2}", o.requirement.snr_db)) }
                    td { (o.requirement.name) }
                } } }
            } }
        }
    }
}

fn crossings(sweep: &Sweep, curves: &[Vec<Point>]) -> Markup {
    html! {
        section {
            h2 { "Where the curves cross" }
            p.lead { "SNR per resource element in dB at which the rate is reached, log-linear between points, with its 95 % interval." }
            div.scroll { table {
                thead { tr { th { "Curve" } th { "Channel" } @for &bler in &sweep.targets { th.n { (percent(bler)) } } } }
                tbody { @for (curve, points) in sweep.curves.iter().zip(curves) { tr {
                    td { (curve.name) }
                    td { (curve.channel_words()) ", " (curve.antennas) @if curve.antennas == 1 { " antenna" } @else { " antennas" } }
                    @for &bler in &sweep.targets {
                        @let crossing = Crossing::of(points, bler);
                        td.n { (edge(crossing.at)) " " span.of { "(" (edge(crossing.low)) " to " (edge(crossing.high)) ")" } }
                    }
                } } }
            } }
        }
    }
}

fn points(sweep: &Sweep, curves: &[Vec<Point>]) -> Markup {
    html! {
        section {
            h2 { "Points" }
            div.scroll { table {
                thead { tr {
                    th { "Curve" } th.n { "SNR, dB" } th.n { "Blocks" } th.n { "Errors" } th.n { "Rate" } th.n { "95 %" }
                    th.n { "CINR, dB" } th.n { "Iterations" }
                } }
                tbody { @for (curve, points) in sweep.curves.iter().zip(curves) { @for Point { snr_db, counts } in points { tr {
                    @let (low, high) = counts.wilson_95();
                    td { (curve.name) }
                    td.n { (snr_db) }
                    td.n { (counts.blocks) }
                    td.n { (counts.errors) }
                    td.n { (percent(counts.bler())) }
                    td.n { (percent(low)) " to " (percent(high)) }
                    td.n { (format!("{:.2}", counts.cinr_db())) }
                    td.n { (format!("{:.2}", counts.iterations as f64 / counts.code_blocks.max(1) as f64)) }
                } } } }
            } }
        }
    }
}

fn edge(edge: Edge) -> String {
    match edge {
        Edge::AtOrBelow(snr) => format!("≤ {snr:.2}"),
        Edge::At(snr) => format!("{snr:.2}"),
        Edge::Above(snr) => format!("> {snr:.2}"),
    }
}
