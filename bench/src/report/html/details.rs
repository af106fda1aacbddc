//! The scenario as it was run, what was allocated, notes, and the words.

use maud::{Markup, html};

use super::{GLOSSARY, panel};
use crate::report::model::Model;
use crate::report::text;

pub(super) fn section(model: &Model) -> Markup {
    panel(
        "details",
        "Details",
        &html! { "What this run was made of. With the same build, scenario and seed it repeats bit for bit." },
        &html! {
            div.grid.two {
                div { (scenario(model)) }
                div { (sessions(model)) (notes(model)) }
            }
            (source(model))
            (glossary())
        },
    )
}

fn scenario(model: &Model) -> Markup {
    let (header, s) = (&model.header, &model.header.scenario);
    let subframes: Vec<String> = s.mbsfn_area.subframes.iter().map(ToString::to_string).collect();
    let rows: Vec<(&str, String)> = vec![
        ("Scenario", format!("{} – {}", s.name, s.title)),
        ("Proves", s.proves.clone()),
        ("Seed", s.seed.to_string()),
        ("Rig", header.rig.clone()),
        ("Clock", header.clock.clone()),
        ("Cell", format!("{} resource blocks, identity {}", s.cell.n_rb_dl, s.cell.n_id_cell)),
        ("Sample rate", format!("{} MS/s", text::number(header.sample_rate_hz / 1e6))),
        (
            "MBSFN area",
            format!("identity {}, non-MBSFN region {}", s.mbsfn_area.n_id_mbsfn, s.mbsfn_area.non_mbsfn_region),
        ),
        ("MBSFN subframes", subframes.join(", ")),
        (
            "MCCH",
            format!(
                "every {} radio frames, subframe {}, MCS {}",
                s.mbsfn_area.mcch_repetition_period_rf, s.mbsfn_area.mcch_subframe, s.mbsfn_area.signalling_mcs
            ),
        ),
        ("MCH", format!("MCS {}, scheduling period {} radio frames", s.mch.data_mcs, s.mch.scheduling_period_rf)),
        ("Transport block", format!("{} bit", text::grouped(u64::from(header.tbs_bits)))),
        ("MCH capacity", text::bit_rate(header.mch_capacity_bps)),
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
    html! {
        h3 { "Scenario" }
        dl.facts { @for (name, value) in rows { dt { (name) } dd { (value) } } }
    }
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
                    dt { "MTCH" } dd { "logical channel " (info.lcid) }
                    dt { "File" } dd { (info.content) ", " (text::grouped(info.content_octets)) " octets" }
                    dt { "SHA-256" } dd { code { (info.content_sha256) } }
                    dt { "FEC" } dd { (info.fec) }
                    dt { "Bit rate" } dd { (text::bit_rate(info.bit_rate_bps as f64)) " of IP datagrams" }
                    @if let Some(stop) = run.stopped {
                        dt { "Sent" } dd { (text::grouped(stop.packets)) " packets, " (text::grouped(stop.ip_octets)) " octets, "
                            (stop.passes) " whole passes" }
                    }
                }
            } @else { p.soft { "never started" } }
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
            details.source { summary { "The scenario as TOML" } pre { (toml) } }
        }
    }
}

fn glossary() -> Markup {
    html! {
        details.source {
            summary { "Words" }
            dl.facts { @for (word, meaning) in GLOSSARY { dt { (word) } dd { (meaning) } } }
        }
    }
}
