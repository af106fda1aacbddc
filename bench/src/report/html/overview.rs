//! Verdict, key figures and the picture of the system.

use maud::{Markup, html};
use protocol::Joint;

use super::{panel, sign, term};
use crate::report::model::Model;
use crate::report::radio_sum::Ratio;
use crate::report::series::Merge;
use crate::report::text;
use crate::verdict::{Judgement, Verdict};

pub(super) fn section(model: &Model, judgement: &Judgement) -> Markup {
    html! {
        (banner(model, judgement))
        (cards(model))
        (panel(
            "overview",
            "What was tested",
            &html! { "Boxes and the reference points between them. Each was tapped; figures are what was seen there." },
            &html! { (system(model)) (rig_line(model)) },
        ))
    }
}

fn banner(model: &Model, judgement: &Judgement) -> Markup {
    let scenario = &model.header.scenario;
    let (passed, all) = judgement.count(Verdict::Pass);
    let ladders = judgement.ladders.len();
    html! {
        section class=(format!("banner {}", judgement.verdict)) {
            div.seal aria-hidden="true" { (sign(judgement.verdict)) }
            div {
                p.verdict { (judgement.verdict) }
                h1 { (scenario.title) }
                p.sentence {
                    @if judgement.verdict == Verdict::Pass { "Proven: " (judgement.sentence.trim_end_matches('.')) "." } @else { (judgement.sentence) }
                }
                p.meta {
                    (passed) " of " (all) " checks passed, " (ladders) " of them ladders · scenario "
                    code { (scenario.name) } " · seed " (scenario.seed) " · " (model.header.clock) " time"
                }
            }
        }
    }
}

fn cards(model: &Model) -> Markup {
    let complete = model.deliveries.iter().filter(|d| d.is_complete()).count();
    let content = model.session_infos().next();
    let octets: u64 = model.sessions.iter().filter_map(|s| s.stopped).map(|s| s.ip_octets).sum();
    let mut blocks = Ratio::default();
    model.ues.iter().for_each(|u| blocks.merge(&u.radio.mch));
    let card = |value: Markup, label: Markup, note: Markup| {
        html! { div.card { p.value { (value) } p.label { (label) } p.note { (note) } } }
    };
    html! {
        div.cards {
            @if let Some(info) = content {
                (card(
                    html! { (text::octets(info.content_octets)) },
                    html! { (info.content) },
                    html! { code title=(info.content_sha256) { "sha256 " (text::short_hash(&info.content_sha256)) "…" } },
                ))
            }
            (card(
                html! { (complete) span.of { " of " (model.deliveries.len()) } },
                html! { "deliveries bit for bit" },
                html! { (model.ues.len()) " UEs, " (model.sessions.len())
                    @if model.sessions.len() == 1 { " session" } @else { " sessions" } },
            ))
            (card(
                html! { (text::octets(octets)) },
                html! { "of IP datagrams on air" },
                html! { "MCH capacity " (text::bit_rate(model.header.mch_capacity_bps)) },
            ))
            (card(
                html! { (text::seconds(model.end_ns as f64 / 1e9)) },
                html! { "of air time" },
                html! { (text::number(model.header.sample_rate_hz / 1e6)) " MS/s, transport block "
                    (text::grouped(u64::from(model.header.tbs_bits))) " bit" },
            ))
            (card(
                html! { (blocks.value().map_or_else(|| "–".into(), text::percent)) },
                html! { (term("MTCH")) " blocks lost, all UEs" },
                html! { (text::grouped(blocks.errors)) " of " (text::grouped(blocks.trials)) },
            ))
        }
    }
}

/// The chain as a picture; the figures under the arrows are packets and octets of the taps.
fn system(model: &Model) -> Markup {
    let seen = |joint| model.captured.get(&joint).copied();
    let figures = |joint| {
        seen(joint).map_or_else(String::new, |(packets, octets)| {
            format!("{} packets, {}", text::grouped(packets), text::octets(octets))
        })
    };
    let simulated = model.header.rig.contains("simulated");
    let kind = if simulated { "simulated" } else { "see rig" };
    let cell = &model.header.scenario.cell;
    let area = &model.header.scenario.mbsfn_area;
    html! {
        svg.system viewBox="0 0 1120 232" role="img" aria-label="BM-SC, MBMS gateway, eNB, channel and UEs in a row" {
            defs {
                marker #head viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" {
                    path d="M0 0L8 4L0 8Z" {}
                }
            }
            (node(8.0, 150.0, "BM-SC", &["FLUTE sender", "SYNC, TMGI pool"], "our code"))
            (node(222.0, 130.0, "MBMS-GW", &["GTP-U", "multicast"], "our code"))
            (node(452.0, 150.0, "eNB", &[
                &format!("{} resource blocks", cell.n_rb_dl),
                &format!("area {}, MCS {}", area.n_id_mbsfn, model.header.scenario.mch.data_mcs),
            ], "our code"))
            (node(712.0, 150.0, "Channel", &["white noise", "CFO, delay"], kind))
            (node(962.0, 150.0, "UEs", &[
                &format!("{} receivers", model.ues.len()),
                "FLUTE receiver",
            ], kind))
            (arrow(158.0, 222.0, "SYNC", ""))
            (arrow(352.0, 452.0, "M1", &figures(Joint::M1)))
            (arrow(602.0, 712.0, "IQ", &model.iq.as_ref().map_or_else(String::new, |iq| format!("{} MS", text::number((iq.1 as f64 / 1e6).round())))))
            (arrow(862.0, 962.0, "air", ""))
            g.stack {
                @for (i, joint) in [Joint::Mcch, Joint::Mch, Joint::Mtch].into_iter().enumerate() {
                    @let y = 176.0 + 18.0 * i as f64;
                    text.joint x="880" y=(y) { (joint.to_string()) }
                    text.figure x="1112" y=(y) text-anchor="end" { (figures(joint)) }
                }
            }
        }
    }
}

fn node(x: f64, width: f64, title: &str, lines: &[&str], kind: &str) -> Markup {
    html! {
        g.node.(kind.replace(" ", "-")) {
            rect x=(x) y="30" width=(width) height="112" rx="10" {}
            text.title x=(x + 14.0) y="58" { (title) }
            @for (i, line) in lines.iter().enumerate() { text.line x=(x + 14.0) y=(80.0 + 18.0 * i as f64) { (line) } }
            text.kind x=(x + 14.0) y="130" { (kind) }
        }
    }
}

fn arrow(from: f64, to: f64, joint: &str, figures: &str) -> Markup {
    let middle = (from + to) / 2.0;
    // Two lines when it is long: packets, octets.
    let (first, second) = figures.split_once(", ").unwrap_or((figures, ""));
    html! {
        g.arrow {
            path d=(format!("M{} 86H{}", from + 4.0, to - 5.0)) marker-end="url(#head)" {}
            text.joint x=(middle) y="76" text-anchor="middle" { (joint) }
            text.figure x=(middle) y="106" text-anchor="middle" { (first) }
            text.figure x=(middle) y="122" text-anchor="middle" { (second) }
        }
    }
}

fn rig_line(model: &Model) -> Markup {
    html! { p.rig { strong { "Rig: " } (model.header.rig) } }
}
