//! Ladders as pictures: boxes as columns, messages as arrows with time and clause; a click shows the filter.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::{chip, many, panel};
use crate::ladder::{Ladder, LadderStep, Procedure};
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
    let drawn = drawn(model, judgement);
    let (drawn, others): (Vec<_>, Vec<_>) = pairs.iter().partition(|(i, _)| drawn.contains(i));
    panel(
        "ladders",
        "Ladders",
        &html! { "Each procedure step is ticked by a message that was seen on its reference point, not by what a box says. "
        "Open one and click an arrow for the packet and the filter that finds it." },
        &html! {
            @for (i, (ladder, verdict)) in drawn { (one(i, ladder, verdict, i == open)) }
            (many::folded(&head(), &others, &format!("{} more ladders", others.len()), |(_, (ladder, verdict))| line(ladder, verdict)))
            @if pairs.is_empty() { p.soft { "The scenario follows no procedure." } }
            @if !model.sessions.is_empty() && !pairs.is_empty() { (wireshark(model)) }
        },
    )
}

/// Places of the ladders with pictures: all where they are few, else those that were not climbed and of each procedure the
/// first ones.
fn drawn(model: &Model, judgement: &Judgement) -> BTreeSet<usize> {
    let all = || judgement.ladders.iter().enumerate();
    if judgement.ladders.len() <= many::SHOWN {
        return all().map(|(place, _)| place).collect();
    }
    let bad = all().filter(|(_, ladder)| ladder.verdict != Verdict::Pass).map(|(place, _)| place);
    let mut drawn: BTreeSet<usize> = bad.take(many::SHOWN / 2).collect();
    let mut of_procedure: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, ladder) in model.ladders.iter().enumerate() {
        let count = of_procedure.entry(&ladder.header.procedure).or_default();
        *count += 1;
        if *count <= OF_EACH && drawn.len() < 2 * many::SHOWN {
            drawn.insert(place);
        }
    }
    drawn
}

/// Ladders of one procedure with pictures, where there are many.
const OF_EACH: usize = 2;

fn head() -> Markup {
    html! {
        tr { th { "Verdict" } th { "UE" } th { "Procedure" } th.n { "Steps seen" } th.n { "First at" } th.n { "Last at" } }
    }
}

/// A ladder without its picture.
fn line(ladder: &Ladder, verdict: &LadderVerdict) -> Markup {
    let header = &ladder.header;
    let (seen, all) = ladder.seen();
    html! {
        tr {
            td { (chip(verdict.verdict)) }
            td { strong { (header.ue) } (with(ladder)) }
            td.text { (header.procedure) " " span.soft { (header.title) } }
            td.n { (seen.len()) " of " (all) }
            td.n { (seen.iter().min().copied().map_or_else(|| "–".into(), when)) }
            td.n { (seen.iter().max().copied().map_or_else(|| "–".into(), when)) }
        }
        @if let Some(reason) = &verdict.reason { tr.reason { td {} td colspan="5" { (reason) } } }
    }
}

fn one(index: usize, ladder: &Ladder, verdict: &LadderVerdict, open: bool) -> Markup {
    let steps = ladder.steps();
    let seen = steps.iter().filter(|s| s.tick.is_some()).count();
    let header = &ladder.header;
    html! {
        details.ladder open[open] {
            summary {
                (chip(verdict.verdict))
                span.who { strong { (header.ue) } (with(ladder)) }
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

/// The session, or who else plays.
fn with(ladder: &Ladder) -> Markup {
    let header = &ladder.header;
    let Some(cast) = &header.ims else { return html! { " · " (header.session) } };
    html! {
        @if let Some(peer) = &cast.peer { " → " (peer.name) }
        @if let Some(second) = &cast.second { ", " (second.name) }
        " · step " (cast.asked_by() + 1)
    }
}

fn picture(index: usize, ladder: &Ladder, procedure: &Procedure, steps: &[LadderStep]) -> Markup {
    // Two parties may be one box in this run.
    let mut boxes: Vec<String> = Vec::new();
    for name in ladder.parties().map(|party| ladder.name(party)) {
        if !boxes.contains(&name) {
            boxes.push(name);
        }
    }
    let gap = (WIDTH - TIME - 112.0) / (boxes.len().max(2) - 1) as f64;
    let half = (gap / 2.0 - 4.0).min(52.0);
    let x_of = |name: &str| {
        let column = boxes.iter().position(|own| own == name).unwrap_or(0);
        TIME + 56.0 + gap * column as f64
    };
    let bottom = HEAD + ROW * steps.len() as f64 + 8.0;
    html! {
        svg.ladder viewBox=(format!("0 0 {WIDTH} {bottom}")) width=(WIDTH) height=(bottom) role="img"
            aria-label=(format!("{} of {}", procedure.title, ladder.header.ue)) {
            @for name in &boxes {
                line.life x1=(x_of(name)) x2=(x_of(name)) y1=(HEAD - 10.0) y2=(bottom) {}
                rect.box x=(x_of(name) - half) y="2" width=(2.0 * half) height="30" rx="7" {}
                text.box-name x=(x_of(name)) y="22" text-anchor="middle" textLength=[fit_name(name, 2.0 * half)]
                    lengthAdjust="spacingAndGlyphs" { (name) }
            }
            @for (s, step) in steps.iter().enumerate() {
                (arrow(&format!("l{index}s{s}"), x_of(&step.from), x_of(&step.to), HEAD + ROW * (s as f64 + 0.5), step))
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
                @if let Some(tick) = &step.tick { (when(tick.at_ns)) } @else { "not seen" }
            }
            path.shaft d=(format!("M{from} {y}H{}", to - 7.0 * sign)) {}
            path.point d=(format!("M{to} {y}l{} -4.5v9Z", -9.0 * sign)) {}
            circle.number cx=(from) cy=(y) r="10" {}
            text.number x=(from) y=(y + 4.0) text-anchor="middle" { (step.row.number) }
            @if ladder_has_room(right - left) {
                text.words x=(middle) y=(y - 8.0) text-anchor="middle" textLength=[fit(step.row.expect, right - left)] lengthAdjust="spacingAndGlyphs" { (step.row.expect) }
                text.clause x=(middle) y=(y + 16.0) text-anchor="middle" { (step.row.joint) " · " (step.row.clause) }
            } @else {
                @let (x, anchor) = beside(left, right);
                text.words x=(x) y=(y - 8.0) text-anchor=(anchor) { (step.row.expect) }
                text.clause x=(x) y=(y + 16.0) text-anchor=(anchor) { (step.row.joint) " · " (step.row.clause) }
            }
            @if !seen { path.cross d=(format!("M{} {}l10 10m0 -10l-10 10", middle - 5.0, y - 5.0)) {} }
        }
    }
}

/// A time of the run as it fits beside an arrow.
fn when(at_ns: u64) -> String {
    match at_ns {
        0..1_000_000_000 => format!("{:.3} ms", at_ns as f64 / 1e6),
        _ => format!("{:.4} s", at_ns as f64 / 1e9),
    }
}

/// A name that is longer than its box is squeezed to it.
fn fit_name(name: &str, width: f64) -> Option<f64> {
    (8.6 * name.chars().count() as f64 > width - 8.0).then_some(width - 8.0)
}

/// An arrow is long enough for the words above it.
fn ladder_has_room(width: f64) -> bool {
    width > 200.0
}

/// Where words stand that a short arrow has no room for: as far as the picture goes on one side of it.
fn beside(left: f64, right: f64) -> (f64, &'static str) {
    if (left + right) / 2.0 < WIDTH * 0.6 { (left + 14.0, "start") } else { (right - 14.0, "end") }
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
