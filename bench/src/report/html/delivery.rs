//! What arrived: comparison of sessions, table, curves of completion.

use maud::{Markup, html};

use super::{many, panel, term};
use crate::event::SessionInfo;
use crate::report::model::{Delivery, Model, Outcome, SessionRun};
use crate::report::plot::{Axis, Curve, EndMark, Plot, Style, legend, round_up};
use crate::report::text;

pub(super) fn section(model: &Model) -> Markup {
    panel(
        "delivery",
        "Delivery",
        &html! { "What each UE has of the file, and when. A file counts when its SHA-256 is that of what was sent." },
        &html! {
            (many::hint(model))
            (comparison(model))
            (curves(model))
            (table(model))
        },
    )
}

/// Sessions that carry the same content with different codes side by side: which UE had it after how many octets.
fn comparison(model: &Model) -> Markup {
    let runs: Vec<(&SessionRun, &SessionInfo)> =
        model.sessions.iter().filter_map(|s| Some((s, &s.started.as_ref()?.1))).collect();
    let Some((first, rest)) = runs.split_first().filter(|(_, rest)| !rest.is_empty()) else { return html! {} };
    let is_compared = rest.iter().any(|r| r.1.fec != first.1.fec);
    if !is_compared || rest.iter().any(|r| r.1.content_sha256 != first.1.content_sha256) {
        return html! {};
    }
    html! {
        div.compare {
            p.finding { (finding(model, &runs)) }
            div.scores {
                @for (i, (run, info)) in runs.iter().enumerate() {
                    @let (complete, all) = model.ues_complete(&run.name);
                    div.score {
                        p.name { svg.key.(format!("k{i}")) viewBox="0 0 16 16" width="16" height="16" { (key(i, 8.0, 8.0, true)) }
                            (run.name) }
                        p.value { (complete) span.of { " of " (all) " UEs" } }
                        p.note { (fec_words(&info.fec)) }
                        p.note {
                            @if let Some(stop) = run.sent() { (text::octets(stop.ip_octets)) " on air, "
                                (stop.packets) " packets" }
                        }
                    }
                }
            }
            figure {
                div.wide { (dot_plot(model, &runs, 720.0)) }
                div.narrow { (dot_plot(model, &runs, 350.0)) }
                figcaption {
                    "Octets of encoding symbols that each UE had received when its file was complete, in sizes of the file. "
                    "Hollow with a cross: the session ended before. Further left is better."
                }
            }
        }
    }
}

/// One sentence: how many UEs each session served, and whether the comparison is fair.
fn finding(model: &Model, runs: &[(&SessionRun, &SessionInfo)]) -> String {
    let octets: Vec<u64> = runs.iter().filter_map(|(run, _)| run.sent()).map(|s| s.ip_octets).collect();
    let (low, high) = (octets.iter().min().copied().unwrap_or(0), octets.iter().max().copied().unwrap_or(0));
    let fair = octets.len() == runs.len() && high - low <= high / 50;
    let scores: Vec<String> = runs
        .iter()
        .map(|(run, _)| {
            let (complete, all) = model.ues_complete(&run.name);
            format!("{} completes {complete} of {all} UEs", run.name)
        })
        .collect();
    let start = if fair { "Same file, equal octets on air" } else { "Same file, different octets on air" };
    format!("{start}: {}.", scores.join(", "))
}

fn fec_words(fec: &str) -> Markup {
    match fec {
        "raptor" => html! { (term("Raptor")) ", RFC 5053" },
        "no_code" => html! { "no code, plain carousel" },
        other => html! { (other) },
    }
}

fn fec_short(fec: &str) -> Markup {
    match fec {
        "raptor" => html! { (term("Raptor")) },
        "no_code" => html! { "no code" },
        other => html! { (other) },
    }
}

fn dot_plot(model: &Model, runs: &[(&SessionRun, &SessionInfo)], width: f64) -> Markup {
    let size = runs[0].1.content_octets.max(1) as f64;
    let sizes = |d: &Delivery| d.received_octets() as f64 / size;
    let (left, right, row, top) = (if width < 500.0 { 84.0 } else { 120.0 }, width - 20.0, 34.0, 24.0);
    let most = model.deliveries.iter().map(sizes).fold(1.2, f64::max) * 1.05;
    let x_at = |v: f64| left + v / most * (right - left);
    let full = many::in_full(model, many::SHOWN);
    let bottom = top + row * full.len() as f64;
    html! {
        svg.dots-plot viewBox=(format!("0 0 {width} {}", bottom + 38.0)) width=(width) height=(bottom + 38.0) role="img"
            aria-label="octets needed per UE and session" {
            @for tick in crate::report::plot::ticks(0.0, most, 6) {
                line.grid x1=(x_at(tick)) x2=(x_at(tick)) y1=(top - 6.0) y2=(bottom) {}
                text.tick x=(x_at(tick)) y=(bottom + 14.0) text-anchor="middle" { (text::number(tick)) }
            }
            line.mark x1=(x_at(1.0)) x2=(x_at(1.0)) y1=(top - 6.0) y2=(bottom) {}
            text.mark-label x=(x_at(1.0)) y=(top - 11.0) text-anchor="middle" { "size of the file" }
            text.axis-label x=((left + right) / 2.0) y=(bottom + 32.0) text-anchor="middle" { "octets received / octets of the file" }
            @for (u, &i) in full.iter().enumerate() {
                @let ue = &model.ues[i];
                @let y = top + row * (u as f64 + 0.5);
                @let bler = ue.radio.mch.value().map_or_else(|| "–".into(), text::percent);
                text.row-name x="0" y=(y) { (ue.name) }
                text.row-note x="0" y=(y + 13.0) { "BLER " (bler) }
                line.row-line x1=(left) x2=(right) y1=(y) y2=(y) {}
                @for (s, (run, _)) in runs.iter().enumerate() {
                    @if let Some(d) = model.delivery(&ue.name, &run.name) {
                        @let y = y + 7.0 * (s as f64 - (runs.len() as f64 - 1.0) / 2.0);
                        g class=(format!("k{s}")) data-tip=(outcome_tip(d, sizes(d))) {
                            rect.hit x=(left) y=(y - 3.5) width=(x_at(sizes(d)) - left + 8.0) height="7" {}
                            line.stem x1=(left) x2=(x_at(sizes(d))) y1=(y) y2=(y) {}
                            (key(s, x_at(sizes(d)), y, d.is_complete()))
                        }
                    }
                }
            }
        }
    }
}

fn outcome_tip(d: &Delivery, sizes: f64) -> String {
    let end = match &d.outcome {
        Outcome::Received { after_s, .. } => format!("complete after {}", text::seconds(*after_s)),
        Outcome::Missing { reason, .. } => format!("not complete: {reason}"),
        Outcome::Open => "open".into(),
    };
    format!("{} · {}: {sizes:.2} × the file received, {end}", d.ue, d.session)
}

/// A circle for the first session, a diamond for the second, a square for others; hollow with a cross when incomplete.
fn key(session: usize, x: f64, y: f64, complete: bool) -> Markup {
    let class = if complete { "full" } else { "hollow" };
    html! {
        @match session {
            0 => circle class=(class) cx=(x) cy=(y) r="5.5" {},
            1 => path class=(class) d=(format!("M{} {y}l6.5 -6.5l6.5 6.5l-6.5 6.5Z", x - 6.5)) {},
            _ => rect class=(class) x=(x - 5.0) y=(y - 5.0) width="10" height="10" {},
        }
        @if !complete { path.cross d=(format!("M{} {}l5 5m0 -5l-5 5", x - 2.5, y - 2.5)) {} }
    }
}

fn curves(model: &Model) -> Markup {
    let end_s = model.end_ns as f64 / 1e9;
    let full = many::in_full(model, many::SHOWN);
    let names = full.iter().map(|&i| (i, &*model.ues[i].name));
    let half = model.sessions.len() > 1;
    let shares = model.sessions.iter().filter_map(|run| {
        let octets = run.started.as_ref()?.1.content_octets.max(1) as f64;
        let received =
            model.deliveries.iter().filter(|d| d.session == run.name).map(Delivery::received_octets).max()?;
        Some(received as f64 / octets * 100.0)
    });
    // One scale for all sessions; what goes on after three times the file is no longer of interest.
    let highest = (shares.fold(100.0, f64::max) * 1.05).min(300.0);
    html! {
        h3 { "Completion over time" }
        (legend(names))
        div class=(if half { "grid two" } else { "grid" }) {
            @for run in &model.sessions {
                figure {
                    figcaption.head { (run.name)
                        @if let Some((_, info)) = &run.started { span.note { " – " (fec_words(&info.fec)) } } }
                    (completion(model, run, if half { 470.0 } else { 980.0 }, (end_s, highest)).responsive())
                }
            }
        }
        p.hint { "Strong: octets written out in order. A plain carousel stops at its first hole until that packet comes round again; "
            (term("Raptor")) " writes a whole source block at once. Faint: symbols received, repeats included. "
            "Circle: complete. Cross: the session ended without it. Curves that lie on each other share one line in turns." }
    }
}

fn completion(model: &Model, run: &SessionRun, width: f64, (end_s, highest): (f64, f64)) -> Plot {
    let started = run.started.as_ref();
    let start_s = started.map_or(0.0, |s| s.0 as f64 / 1e9);
    let size = started.map_or(1.0, |s| s.1.content_octets.max(1) as f64);
    let full = many::in_full(model, many::SHOWN);
    let deliveries = full.iter().filter_map(|&i| Some((i, model.delivery(&model.ues[i].name, &run.name)?)));
    let curve = |(palette, d): (usize, &Delivery)| {
        let (mut points, mut tips) = (vec![(start_s, 0.0)], vec!["0 %".to_owned()]);
        for p in d.progress.points() {
            let share = p.written_octets as f64 / size * 100.0;
            points.push((p.t_ns as f64 / 1e9, share));
            let (at, received) = (text::at(p.t_ns), text::octets(p.received_octets));
            tips.push(format!("{at}, {share:.0} % written, {received} received"));
        }
        let end = match &d.outcome {
            Outcome::Received { at_ns, .. } => {
                points.push((*at_ns as f64 / 1e9, 100.0));
                tips.push(format!("complete at {}", text::at(*at_ns)));
                Some(EndMark::Done)
            }
            Outcome::Missing { at_ns, reason, .. } => {
                points.push((*at_ns as f64 / 1e9, points[points.len() - 1].1));
                tips.push(reason.replace('|', " "));
                Some(EndMark::GivenUp)
            }
            Outcome::Open => None,
        };
        Curve { palette, name: d.ue.clone(), points, tips, style: Style::Steps, end }
    };
    let received = |(palette, d): (usize, &Delivery)| {
        let points = d.progress.points().iter();
        let points = points.map(|p| (p.t_ns as f64 / 1e9, p.received_octets as f64 / size * 100.0)).collect();
        Curve { palette, name: d.ue.clone(), points, tips: Vec::new(), style: Style::Faint, end: None }
    };
    let marks = run.stopped.map(|s| (s.at_ns as f64 / 1e9, "session ends".to_owned()));
    Plot {
        size: (width, if width > 600.0 { 270.0 } else { 240.0 }),
        x: Axis::new(0.0, round_up(end_s), "run time, s"),
        y: Axis::new(0.0, highest, "share of the file, %"),
        curves: deliveries.clone().map(received).chain(deliveries.map(curve)).collect(),
        marks: marks.into_iter().collect(),
        title: format!("completion over time, session {}", run.name),
    }
}

fn table(model: &Model) -> Markup {
    html! {
        h3 { "Every delivery" }
        (many::table(&head(), &model.deliveries, "deliveries", |d| !d.is_complete(), |d, _| row(model, d)))
    }
}

fn head() -> Markup {
    html! {
        tr {
            th { "UE" } th { "Session" } th { (term("FEC")) } th { "Outcome" } th.n { "After" } th.n { (term("FDT")) " at" }
            th.n { "File" } th.n title="Octets of encoding symbols, repeats included, until the file was complete" { "Received" } th { "SHA-256" }
        }
    }
}

fn row(model: &Model, d: &Delivery) -> Markup {
    let info = model.session_infos().find(|i| i.session == d.session);
    let (outcome, after, file, hash) = match &d.outcome {
        Outcome::Open => (html! { span.soft { "open" } }, None, None, None),
        Outcome::Received { after_s, octets, sha256, intact, .. } => {
            let outcome = if *intact {
                html! { span.ok { "✓ bit for bit" } }
            } else {
                html! { span.bad { "✕ differs" } }
            };
            (outcome, Some(*after_s), Some(*octets), Some(sha256))
        }
        Outcome::Missing { reason, .. } => {
            (html! { span.bad { "✕ incomplete" } div.why { (reason) } }, None, None, None)
        }
    };
    let received = d.received_octets();
    html! {
        tr {
            td { (d.ue) } td { (d.session) }
            td { @if let Some(info) = info { (fec_short(&info.fec)) } }
            td { (outcome) }
            td.n { (after.map_or_else(|| "–".into(), text::seconds)) }
            td.n { (d.fdt_ns.map_or_else(|| "–".into(), text::at)) }
            td.n { (file.map_or_else(|| "–".into(), text::octets)) }
            td.n title=(format!("{received} octets")) { (text::octets(received)) }
            td { @if let Some(hash) = hash { code title=(hash) { (text::short_hash(hash)) "…" } } @else { "–" } }
        }
    }
}
