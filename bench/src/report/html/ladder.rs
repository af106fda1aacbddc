//! Ladders as pictures: boxes as columns, messages as arrows with time and clause; a click shows the filter.

use maud::{Markup, html};

use super::{chip, panel};
use crate::ladder::{Ladder, LadderStep, Party, Procedure};
use crate::pcap::{CAPTURE_FILE, wireshark_options};
use crate::report::model::Model;
use crate::verdict::{Judgement, LadderVerdict, Verdict};

const WIDTH: f64 = 700.0;
const TIME: f64 = 84.0;
const ROW: f64 = 58.0;
const HEAD: f64 = 44.0;

pub(super) fn section(model: &Model, judgement: &Judgement) -> Markup {
    let pairs: Vec<_> = model.ladders.iter().zip(&judgement.ladders).enumerate().collect();
    let first_bad = pairs.iter().position(|(_, (_, v))| v.verdict != Verdict::Pass);
    let open = first_bad.unwrap_or(0);
    panel(
        "ladders",
        "Ladders",
        &html! { "Each procedure step is ticked by a message that was seen on its reference point, not by what a box says. "
        "Open one and click an arrow for the packet and the filter that finds it." },
        &html! {
            @for (i, (ladder, verdict)) in &pairs { (one(*i, ladder, verdict, *i == open)) }
            @if pairs.is_empty() { p.soft { "The scenario follows no procedure." } }
            @if !pairs.is_empty() { (wireshark(model)) }
        },
    )
}

fn one(index: usize, ladder: &Ladder, verdict: &LadderVerdict, open: bool) -> Markup {
    let steps = ladder.steps();
    let seen = steps.iter().filter(|s| s.tick.is_some()).count();
    let header = &ladder.header;
    html! {
        details.ladder open[open] {
            summary {
                (chip(verdict.verdict))
                span.who { strong { (header.ue) } " · " (header.session) }
                span.soft { (header.procedure) " " (header.title) }
                span.count { (seen) " of " (steps.len()) " steps seen" }
            }
            @if let Some(procedure) = ladder.procedure() {
                div.ladder-body {
                    (picture(index, ladder, procedure, &steps))
                    div.messages { @for (s, step) in steps.iter().enumerate() { (message(index, s, step)) } }
                }
            }
            @if let Some(reason) = &verdict.reason { p.bad { (reason) } }
        }
    }
}

fn picture(index: usize, ladder: &Ladder, procedure: &Procedure, steps: &[LadderStep]) -> Markup {
    let columns = procedure.parties.len();
    let gap = (WIDTH - TIME - 112.0) / (columns.max(2) - 1) as f64;
    let x_of = |party: Party| {
        let column = procedure.parties.iter().position(|p| *p == party).unwrap_or(0);
        TIME + 56.0 + gap * column as f64
    };
    let bottom = HEAD + ROW * steps.len() as f64 + 8.0;
    html! {
        svg.ladder viewBox=(format!("0 0 {WIDTH} {bottom}")) width=(WIDTH) height=(bottom) role="img"
            aria-label=(format!("{} of {}", procedure.title, ladder.header.ue)) {
            @for party in procedure.parties {
                @let name = if *party == Party::Ue { ladder.header.ue.clone() } else { party.to_string() };
                line.life x1=(x_of(*party)) x2=(x_of(*party)) y1=(HEAD - 10.0) y2=(bottom) {}
                rect.box x=(x_of(*party) - 52.0) y="2" width="104" height="30" rx="7" {}
                text.box-name x=(x_of(*party)) y="22" text-anchor="middle" { (name) }
            }
            @for (s, step) in steps.iter().enumerate() {
                (arrow(&format!("l{index}s{s}"), x_of(step.row.from), x_of(step.row.to), HEAD + ROW * (s as f64 + 0.5), step))
            }
        }
    }
}

fn arrow(target: &str, from: f64, to: f64, y: f64, step: &LadderStep) -> Markup {
    let seen = step.tick.is_some();
    let (left, right) = (from.min(to), from.max(to));
    let sign = if to > from { 1.0 } else { -1.0 };
    let middle = (from + to) / 2.0;
    html! {
        a.arrow.(if seen { "seen" } else { "unseen" }) href=(format!("#{target}")) data-target=(target) {
            rect.hit x="0" y=(y - ROW / 2.0 + 2.0) width=(WIDTH) height=(ROW - 4.0) rx="6" {}
            text.time x=(TIME - 10.0) y=(y + 4.0) text-anchor="end" {
                @if let Some(tick) = &step.tick { (format!("{:.3} ms", tick.at_ns as f64 / 1e6)) } @else { "not seen" }
            }
            path.shaft d=(format!("M{from} {y}H{}", to - 7.0 * sign)) {}
            path.point d=(format!("M{to} {y}l{} -4.5v9Z", -9.0 * sign)) {}
            circle.number cx=(from) cy=(y) r="10" {}
            text.number x=(from) y=(y + 4.0) text-anchor="middle" { (step.row.number) }
            text.words x=(middle) y=(y - 8.0) text-anchor="middle" textLength=[fit(step.row.expect, right - left)] lengthAdjust="spacingAndGlyphs" { (step.row.expect) }
            text.clause x=(middle) y=(y + 16.0) text-anchor="middle" { (step.row.joint) " · " (step.row.clause) }
            @if !seen { path.cross d=(format!("M{} {}l10 10m0 -10l-10 10", middle - 5.0, y - 5.0)) {} }
        }
    }
}

/// Words that are longer than their arrow are squeezed to it.
fn fit(words: &str, width: f64) -> Option<f64> {
    let estimate = 5.9 * words.chars().count() as f64;
    (estimate > width - 24.0).then_some(width - 24.0)
}

fn message(ladder: usize, index: usize, step: &LadderStep) -> Markup {
    html! {
        div.message.missing[step.tick.is_none()] id=(format!("l{ladder}s{index}")) {
            p { strong { "Step " (step.row.number) ": " } (step.row.expect) }
            p.soft {
                (step.from) " → " (step.to) " on " (step.row.joint) " · " (step.row.clause) " · "
                @if let Some(tick) = &step.tick {
                    "packet " (tick.packet) " of " (CAPTURE_FILE) " at " (format!("{:.6} s", tick.at_ns as f64 / 1e9))
                } @else { span.bad { "not seen" } }
            }
            @if let Some(tick) = step.tick.as_ref().filter(|t| !t.decoded.is_empty()) {
                dl.decoded { @for (name, value) in &tick.decoded { dt { (name) } dd { (value) } } }
            }
            @if let Some(filter) = &step.filter { pre.copy title="Click to copy" { (filter) } }
            @else { p.soft { "The session never started: there is nothing to compare messages with." } }
        }
    }
}

fn wireshark(model: &Model) -> Markup {
    let options = wireshark_options(model.session_infos()).join(" ");
    html! {
        p.hint {
            "The filters need no preferences. To see also inside of M1 and of the datagrams: "
        }
        pre.copy title="Click to copy" { "wireshark " (options) " " (CAPTURE_FILE) }
    }
}
