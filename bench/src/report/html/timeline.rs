//! The run on one axis: scenario steps, sessions, what each UE got when.

use maud::{Markup, html};

use super::{many, panel, term};
use crate::report::ims_runs::ImsRun;
use crate::report::model::{Model, Outcome, StepRun, UeRun};
use crate::report::plot::{round_up, ticks};
use crate::report::text;

const LEFT: f64 = 100.0;
const RIGHT: f64 = 964.0;
const TOP: f64 = 12.0;
const ROW: f64 = 28.0;

pub(super) fn section(model: &Model) -> Markup {
    panel(
        "timeline",
        "Timeline",
        &explained(model),
        &html! {
            figure.scroll { (picture(model)) }
            (many::hint(model))
            (legend(model))
            (steps(model))
        },
    )
}

fn explained(model: &Model) -> Markup {
    let scenario = &model.header.scenario;
    html! {
        "Steps of the scenario"
        @if scenario.cell.is_some() {
            ", sessions on air, and on each UE: cell found, first " (term("MCCH")) ", first " (term("FDT"))
            ", file complete. One line of marks for each session."
        }
        @if scenario.ims.is_some() {
            @if scenario.cell.is_some() { " And on the IMS: " } @else { ", and on each UE: " }
            "first registration, messages that came, calls from set-up to end."
        }
    }
}

/// The marks that can be in the picture.
fn legend(model: &Model) -> Markup {
    let scenario = &model.header.scenario;
    let mark = |picture: Markup, words: &str| {
        html! { li { svg.swatch viewBox="0 0 16 16" width="16" height="16" { (picture) } (words) } }
    };
    html! {
        ul.legend {
            @if scenario.cell.is_some() {
                (mark(cell_mark(8.0, 8.0), "cell"))
                (mark(mcch_mark(8.0, 8.0), "MCCH"))
                @if model.ues.iter().any(|ue| ue.notifications > 0) {
                    (mark(notified_mark(8.0, 8.0), "notified of an MCCH change"))
                }
                (mark(fdt_mark(8.0, 8.0), "FDT"))
                (mark(done_mark(8.0, 8.0), "file complete"))
                (mark(missing_mark(8.0, 8.0), "ended without the file"))
            }
            @if scenario.ims.is_some() {
                (mark(registered_mark(8.0, 8.0), "registered"))
                (mark(message_mark(8.0, 8.0), "message came"))
                (mark(call_mark(1.0, 15.0, 8.0), "call"))
            }
        }
    }
}

struct Scale {
    end_s: f64,
}

impl Scale {
    fn x(&self, ns: u64) -> f64 {
        self.x_s(ns as f64 / 1e9)
    }

    fn x_s(&self, s: f64) -> f64 {
        let x = LEFT + (s / self.end_s).clamp(0.0, 1.0) * (RIGHT - LEFT);
        (x * 10.0).round() / 10.0
    }
}

fn picture(model: &Model) -> Markup {
    let scale = Scale { end_s: round_up((model.end_ns as f64 / 1e9).max(0.001)) };
    let sessions = model.sessions.len();
    let ue_row = ROW.max(8.0 + 14.0 * sessions as f64);
    let changes: Vec<_> = model.mcch_changes.iter().filter(|c| c.from_ns <= model.end_ns).collect();
    let changes_at = TOP + ROW * (1 + sessions) as f64;
    let ues_at = changes_at + if changes.is_empty() { 8.0 } else { ROW + 8.0 };
    let full = many::in_full(model, many::SHOWN);
    let bottom = ues_at + ue_row * full.len() as f64;
    html! {
        svg.timeline viewBox=(format!("0 0 980 {}", bottom + 40.0)) width="980" height=(bottom + 40.0) role="img"
            aria-label="timeline of the run" {
            @for tick in ticks(0.0, scale.end_s, 10) {
                line.grid x1=(scale.x_s(tick)) x2=(scale.x_s(tick)) y1=(TOP) y2=(bottom) {}
                text.tick x=(scale.x_s(tick)) y=(bottom + 16.0) text-anchor="middle" { (text::number(tick)) }
            }
            text.axis-label x=((LEFT + RIGHT) / 2.0) y=(bottom + 33.0) text-anchor="middle" { "run time, s" }
            text.row-name x="0" y=(TOP + ROW / 2.0 + 4.0) { "Steps" }
            (step_bars(model, &scale))
            @for (i, run) in model.sessions.iter().enumerate() {
                @let y = TOP + ROW * (1 + i) as f64;
                text.row-name x="0" y=(y + ROW / 2.0 + 4.0) { (run.name) }
                @if let Some((from_ns, info)) = &run.started {
                    @let to_ns = run.stopped.map_or(model.end_ns, |s| s.at_ns);
                    @let (from, to) = (scale.x(*from_ns), scale.x(to_ns));
                    g.session data-tip=(format!("session {}: {} on air from {} to {}", run.name, text::bit_rate(info.bit_rate_bps as f64),
                        text::at(*from_ns), text::at(to_ns))) {
                        rect x=(from) y=(y + 5.0) width=((to - from).max(3.0)) height=(ROW - 10.0) rx="4" {}
                        text x=(from + 8.0) y=(y + ROW / 2.0 + 4.0) { "on air, TMGI " (info.tmgi) }
                    }
                    @for (at_ns, mch) in run.moves.iter().filter(|m| m.0 <= to_ns) {
                        g.session data-tip=(format!("session {}: on MCH {mch} from {} on", run.name, text::at(*at_ns))) {
                            line.moved x1=(scale.x(*at_ns)) x2=(scale.x(*at_ns)) y1=(y + 5.0) y2=(y + ROW - 5.0) {}
                            @if to - scale.x(*at_ns) > 7.0 * mch.chars().count() as f64 + 44.0 {
                                text x=(scale.x(*at_ns) + 6.0) y=(y + ROW / 2.0 + 4.0) { "MCH " (mch) }
                            }
                        }
                    }
                }
            }
            @if !changes.is_empty() { text.row-name x="0" y=(changes_at + ROW / 2.0 + 4.0) { "MCCH changes" } }
            @for change in changes {
                g data-tip=(format!("area {}: the MCCH lists {} from {} on", change.n_id_mbsfn,
                    text::counted(change.sessions as u64, "session"), text::at(change.from_ns))) {
                    line.mark x1=(scale.x(change.from_ns)) x2=(scale.x(change.from_ns)) y1=(changes_at + 4.0) y2=(bottom) {}
                    (mcch_mark(scale.x(change.from_ns), changes_at + ROW / 2.0))
                    text.lane-name x=(scale.x(change.from_ns) + 9.0) y=(changes_at + ROW / 2.0 + 4.0) { "area " (change.n_id_mbsfn) }
                }
            }
            @for (lane, i) in full.iter().enumerate() { (ue_lane(model, &model.ues[*i], ues_at + ue_row * lane as f64, ue_row, &scale)) }
            line.axis x1=(LEFT) x2=(RIGHT) y1=(bottom) y2=(bottom) {}
        }
    }
}

/// Scenario steps as bars; one that took no time to speak of is a disc with its number.
fn step_bars(model: &Model, scale: &Scale) -> Markup {
    let bars = model.steps.iter().map(|step| {
        let to_ns = step.end.as_ref().map_or(model.end_ns, |e| e.0);
        (step, to_ns, scale.x(step.from_ns), scale.x(to_ns))
    });
    let (long, short): (Vec<_>, Vec<_>) = bars.partition(|(_, _, from, to)| to - from > 30.0);
    // Discs that would lie on each other stand side by side.
    let mut free = 0.0;
    let middle = TOP + ROW / 2.0;
    let tip = |step: &StepRun, to_ns: u64| {
        format!("step {}: {}, {} to {}", step.index + 1, step.description, text::at(step.from_ns), text::at(to_ns))
    };
    html! {
        @for (step, to_ns, from, to) in long {
            g.step data-tip=(tip(step, to_ns)) {
                rect x=(from) y=(TOP + 3.0) width=(to - from) height=(ROW - 6.0) rx="4" {}
                text x=(from + 16.0) y=(middle + 4.0) {
                    (step.index + 1)
                    @if to - from > 8.0 * step.description.len() as f64 + 40.0 { "  " (step.description) }
                }
            }
        }
        @for (step, to_ns, from, _) in short {
            @let x = f64::max(from, free);
            @let () = free = x + 20.0;
            g.step data-tip=(tip(step, to_ns)) {
                circle cx=(x) cy=(middle) r="9" {}
                text x=(x) y=(middle + 4.0) text-anchor="middle" { (step.index + 1) }
            }
        }
    }
}

fn ue_lane(model: &Model, ue: &UeRun, y: f64, height: f64, scale: &Scale) -> Markup {
    let middle = y + height / 2.0;
    let lanes = model.sessions.len() as f64;
    html! {
        text.row-name x="0" y=(middle + 4.0) { (ue.name) }
        line.row-line x1="0" x2=(RIGHT) y1=(y) y2=(y) {}
        @if let Some(run) = model.ims_of(&ue.name) { (ims_marks(model, run, middle, scale)) }
        @if let Some((at_ns, n_id_cell, _)) = ue.cell {
            g data-tip=(format!("{}: cell {n_id_cell} found at {}", ue.name, text::at(at_ns))) { (cell_mark(scale.x(at_ns), middle)) }
        }
        @for &at_ns in &ue.notified_ns {
            g data-tip=(format!("{}: notified of an MCCH change at {}", ue.name, text::at(at_ns))) { (notified_mark(scale.x(at_ns), middle)) }
        }
        @if let Some((at_ns, _)) = &ue.mcch {
            g data-tip=(format!("{}: first MCCH at {}", ue.name, text::at(*at_ns))) { (mcch_mark(scale.x(*at_ns), middle)) }
        }
        @for (s, d) in model.deliveries_to(&ue.name).iter().enumerate() {
            @let lane = middle + 14.0 * (s as f64 - (lanes - 1.0) / 2.0);
            @let end_ns = match &d.outcome {
                Outcome::Open => model.end_ns,
                Outcome::Received { at_ns, .. } | Outcome::Missing { at_ns, .. } => *at_ns,
            };
            @if let Some(fdt_ns) = d.fdt_ns {
                line.waiting x1=(scale.x(fdt_ns)) x2=(scale.x(end_ns)) y1=(lane) y2=(lane) {}
                g data-tip=(format!("{}, {}: first FDT at {}", d.ue, d.session, text::at(fdt_ns))) { (fdt_mark(scale.x(fdt_ns), lane)) }
            }
            @match &d.outcome {
                Outcome::Open => {}
                Outcome::Received { at_ns, after_s, .. } => {
                    g data-tip=(format!("{}, {}: complete at {}, {} after the start", d.ue, d.session, text::at(*at_ns), text::seconds(*after_s))) {
                        (done_mark(scale.x(*at_ns), lane))
                    }
                    @if lanes > 1.0 { text.lane-name x=(scale.x(*at_ns) + 10.0) y=(lane + 4.0) { (d.session) } }
                }
                Outcome::Missing { at_ns, reason, .. } => {
                    g data-tip=(format!("{}, {}: {reason}", d.ue, d.session)) { (missing_mark(scale.x(*at_ns), lane)) }
                    @if lanes > 1.0 { text.lane-name x=(scale.x(*at_ns) - 10.0) y=(lane + 4.0) text-anchor="end" { (d.session) } }
                }
            }
        }
    }
}

/// Calls lie below, so that the marks on them are seen.
fn ims_marks(model: &Model, run: &ImsRun, y: f64, scale: &Scale) -> Markup {
    html! {
        @for &(from_ns, to_ns) in &run.calls_ns {
            @let end_ns = to_ns.unwrap_or(model.end_ns);
            g data-tip=(format!("{}: call from {} to {}", run.ue, text::at(from_ns), text::at(end_ns))) {
                (call_mark(scale.x(from_ns), scale.x(end_ns), y))
            }
        }
        @if let Some(at_ns) = run.registered_ns {
            g data-tip=(format!("{}: registered at {}", run.ue, text::at(at_ns))) { (registered_mark(scale.x(at_ns), y)) }
        }
        @for &at_ns in &run.messages_ns {
            g data-tip=(format!("{}: message at {}", run.ue, text::at(at_ns))) { (message_mark(scale.x(at_ns), y)) }
        }
    }
}

fn registered_mark(x: f64, y: f64) -> Markup {
    html! { circle.registered cx=(x) cy=(y) r="5" {} }
}

fn message_mark(x: f64, y: f64) -> Markup {
    html! { path.envelope d=(format!("M{} {}h12v8h-12Zl6 4l6 -4", x - 6.0, y - 4.0)) {} }
}

fn call_mark(from: f64, to: f64, y: f64) -> Markup {
    html! { rect.call x=(from) y=(y - 5.0) width=((to - from).max(2.0)) height="10" rx="3" {} }
}

fn cell_mark(x: f64, y: f64) -> Markup {
    html! { circle.cell cx=(x) cy=(y) r="4" {} }
}

fn notified_mark(x: f64, y: f64) -> Markup {
    html! { path.notified d=(format!("M{} {}l5 -9l5 9Z", x - 5.0, y + 4.0)) {} }
}

fn mcch_mark(x: f64, y: f64) -> Markup {
    html! { path.mcch d=(format!("M{} {y}l5 -5l5 5l-5 5Z", x - 5.0)) {} }
}

fn fdt_mark(x: f64, y: f64) -> Markup {
    html! { rect.fdt x=(x - 4.0) y=(y - 4.0) width="8" height="8" {} }
}

fn done_mark(x: f64, y: f64) -> Markup {
    html! { circle.done cx=(x) cy=(y) r="6" {} path.tickmark d=(format!("M{} {}l2.2 2.4l4 -4.6", x - 3.0, y + 0.2)) {} }
}

fn missing_mark(x: f64, y: f64) -> Markup {
    html! { path.missing d=(format!("M{} {}l8 8m0 -8l-8 8", x - 4.0, y - 4.0)) {} }
}

fn steps(model: &Model) -> Markup {
    html! {
        ol.steps {
            @for step in &model.steps {
                li value=(step.index + 1) {
                    (step.description) " "
                    span.soft {
                        (text::at(step.from_ns))
                        @if let Some((to_ns, reason)) = &step.end { " to " (text::at(*to_ns)) ", " (reason.replace('_', " ")) }
                        @else { ", did not end" }
                    }
                }
            }
        }
    }
}
