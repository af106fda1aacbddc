//! The scenario as it was run, what was allocated, notes, and the words.

use maud::{Markup, html};

use super::{GLOSSARY, panel};
use crate::event::FrontEndStatus;
use crate::report::model::Model;
use crate::report::text;
use crate::scenario::{Cell, MbsfnArea, SubframeAllocation, SubframePattern};

pub(super) fn section(model: &Model) -> Markup {
    panel(
        "details",
        "Details",
        &html! { "What this run was made of. With the same build, scenario and seed it repeats bit for bit." },
        &html! {
            div.grid.two {
                div { (scenario(model)) }
                div { (sessions(model)) (front_ends(model)) (notes(model)) }
            }
            (source(model))
            (glossary())
        },
    )
}

fn scenario(model: &Model) -> Markup {
    let (header, s) = (&model.header, &model.header.scenario);
    let mut rows: Vec<(&str, String)> = vec![
        ("Scenario", format!("{} – {}", s.name, s.title)),
        ("Proves", s.proves.clone()),
        ("Seed", s.seed.to_string()),
        ("Rig", header.rig.clone()),
        ("Clock", header.clock.clone()),
        ("Cell", s.cell.as_ref().map_or_else(|| "none: no radio".to_owned(), cell)),
        ("Sample rate", format!("{} MS/s", text::number(header.sample_rate_hz / 1e6))),
        ("Largest transport block", format!("{} bit", text::grouped(u64::from(header.tbs_bits)))),
        ("Capacity of all MCHs", text::bit_rate(header.mch_capacity_bps)),
        (
            "Scheduling periods",
            format!("{}, largest backlog {}", model.mch_periods.0, text::octets(model.mch_periods.1)),
        ),
        (
            "IQ",
            model.iq.as_ref().map_or_else(
                || "–".into(),
                |(sha, n)| format!("{} samples, sha256 {}…", text::grouped(*n), text::short_hash(sha)),
            ),
        ),
    ];
    let at = rows.iter().position(|(name, _)| *name == "Largest transport block").unwrap_or(rows.len());
    if s.cell.is_none() {
        rows.truncate(RADIO_ROWS_AT);
    }
    let at = at.min(rows.len());
    rows.splice(at..at, s.areas.iter().flat_map(|area| area_rows(model, area)));
    html! {
        h3 { "Scenario" }
        dl.facts { @for (name, value) in rows { dt { (name) } dd { (value) } } }
    }
}

/// Rows of every run, before those of the carrier.
const RADIO_ROWS_AT: usize = 6;

fn cell(cell: &Cell) -> String {
    let ports = if cell.n_ports == 1 { "1 antenna port".to_owned() } else { format!("{} antenna ports", cell.n_ports) };
    format!("{} resource blocks, identity {}, {ports}", cell.n_rb_dl, cell.n_id_cell)
}

fn area_rows(model: &Model, area: &MbsfnArea) -> Vec<(&'static str, String)> {
    let list = |subframes: &[u8]| subframes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let allocation = |a: &SubframeAllocation| {
        let subframes = match &a.pattern {
            SubframePattern::OneFrame { subframes } => list(subframes),
            SubframePattern::FourFrames { subframes } => {
                subframes.iter().map(|f| list(f)).collect::<Vec<_>>().join(" | ")
            }
        };
        if a.period_rf == 1 { subframes } else { format!("{subframes} of every {} radio frames", a.period_rf) }
    };
    let mut rows = vec![
        ("MBSFN area", format!("identity {}, non-MBSFN region {}", area.n_id_mbsfn, area.non_mbsfn_region)),
        ("MBSFN subframes", area.subframe_allocation.iter().map(allocation).collect::<Vec<_>>().join("; ")),
        (
            "MCCH",
            format!(
                "every {} radio frames, subframe {}, MCS {}, may change every {} radio frames",
                area.mcch_repetition_period_rf,
                list(&area.mcch_subframes),
                area.signalling_mcs,
                area.mcch_modification_period_rf
            ),
        ),
    ];
    for mch in &area.mchs {
        let capacity = model.header.mchs.iter().find(|m| m.mch == mch.name).map_or(0.0, |m| m.capacity_bps);
        let (period, capacity) = (mch.scheduling_period_rf, text::bit_rate(capacity));
        let words = format!("{}: MCS {}, scheduling period {period} radio frames, {capacity}", mch.name, mch.mcs());
        rows.push(("MCH", words));
    }
    rows
}

fn sessions(model: &Model) -> Markup {
    html! {
        @for run in &model.sessions {
            h3 { "Session " (run.name) }
            @if let Some((at_ns, info)) = &run.started {
                dl.facts {
                    dt { "Started" } dd { (text::at(*at_ns)) }
                    dt { "TMGI" } dd { (info.tmgi) }
                    dt { "Destination" } dd { (info.destination) ", TSI " (info.tsi) }
                    dt { "M1 tunnel" } dd { (format!("C-TEID 0x{:08x}", info.c_teid)) }
                    dt { "MTCH" } dd { "MBSFN area " (info.n_id_mbsfn) ", MCH " (info.mch) ", logical channel " (info.lcid) }
                    @for (from_ns, mch) in &run.moves { dt { "Moved" } dd { "to MCH " (mch) " at " (text::at(*from_ns)) } }
                    dt { "File" } dd { (info.content) ", " (text::grouped(info.content_octets)) " octets" }
                    dt { "SHA-256" } dd { code { (info.content_sha256) } }
                    dt { "FEC" } dd { (info.fec) }
                    dt { "Bit rate" } dd { (text::bit_rate(info.bit_rate_bps as f64)) " of IP datagrams" }
                    @if let Some(stop) = run.sent() {
                        dt { "Sent" } dd { (text::grouped(stop.packets)) " packets, " (text::grouped(stop.ip_octets)) " octets, "
                            (stop.passes) " whole passes" }
                    }
                }
            } @else { p.soft { "never started" } }
        }
    }
}

fn front_ends(model: &Model) -> Markup {
    let words = |f: &FrontEndStatus| {
        let mut words = format!("{} samples", text::grouped(f.samples));
        for (count, what) in [
            (f.samples_lost, "samples lost"),
            (f.underflows, "underflows"),
            (f.overflows, "overflows"),
            (f.late, "late bursts"),
            (f.clipped, "components cut off at full scale"),
        ] {
            if count > 0 {
                words += &format!(", {} {what}", text::grouped(count));
            }
        }
        words
    };
    html! {
        @if !model.front_ends.is_empty() {
            h3 { "Front ends" }
            dl.facts { @for f in &model.front_ends { dt { (f.at) } dd { (words(f)) } } }
        }
    }
}

fn notes(model: &Model) -> Markup {
    html! {
        @if !model.notes.is_empty() {
            h3 { "Notes" }
            ul { @for note in &model.notes { li { span.soft { (text::at(note.at_ns)) } " " (note.text) } } }
        }
    }
}

fn source(model: &Model) -> Markup {
    html! {
        @if let Ok(toml) = toml::to_string(&model.header.scenario) {
            details.source {
                summary { "The scenario as TOML" }
                @match toml.char_indices().nth(TOML_SHOWN) {
                    None => pre { (toml) },
                    Some((end, _)) => { pre { (toml[..end]) "\n…" } p.soft { "The whole of it is the first line of run.jsonl." } }
                }
            }
        }
    }
}

/// Characters of a scenario that are shown.
const TOML_SHOWN: usize = 50_000;

fn glossary() -> Markup {
    html! {
        details.source {
            summary { "Words" }
            dl.facts { @for (word, meaning) in GLOSSARY { dt { (word) } dd { (meaning) } } }
        }
    }
}
