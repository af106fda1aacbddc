//! Verdict, key figures and the picture of the system.

use std::collections::BTreeSet;

use maud::{Markup, html};
use protocol::Joint;

use super::{ims_system, panel, sign, term};
use crate::event::SpeechHeard;
use crate::mbms::config::{BMSC, ENB, MBMS_GW};
use crate::report::ims_runs::ImsRun;
use crate::report::model::Model;
use crate::report::radio_sum::Ratio;
use crate::report::runs::SessionRun;
use crate::report::series::Merge;
use crate::report::text;
use crate::scenario::{Fault, FaultAction, FaultTarget, Selector, name_in};
use crate::verdict::{Judgement, Verdict};

pub(super) fn section(model: &Model, judgement: &Judgement) -> Markup {
    html! {
        (banner(model, judgement))
        (cards(model))
        (panel(
            "overview",
            "What was tested",
            &html! { "Boxes and the reference points between them. Each was tapped; figures are what was seen there." },
            &html! {
                @if model.header.scenario.cell.is_some() { (chains(model)) }
                @if model.header.scenario.ims.is_some() { (ims_system::picture(model)) }
                (rig_line(model))
                (faults(model))
            },
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
    if model.header.scenario.cell.is_none() {
        return ims_cards(model);
    }
    let complete = model.deliveries.iter().filter(|d| d.is_complete()).count();
    let content = model.session_infos().next();
    let octets: u64 = model.sessions.iter().filter_map(SessionRun::sent).map(|s| s.ip_octets).sum();
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
            @if let Some([sent, taken, by_mbms]) = speech(model) {
                (card(
                    html! { (text::grouped(taken)) span.of { " of " (text::grouped(sent)) } },
                    html! { "packets of speech taken once" },
                    html! { "by " (model.ues.len()) " UEs, all talkers together" },
                ))
                (card(
                    html! { (Ratio { errors: by_mbms, trials: taken }.value().map_or_else(|| "–".into(), text::percent)) },
                    html! { "of them over an MBMS bearer" },
                    html! { "the others by unicast" },
                ))
            } @else {
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
            }
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

/// Packets of speech that were sent to UEs, that they took, and that came over MBMS bearers, in a run without files.
fn speech(model: &Model) -> Option<[u64; 3]> {
    let heard = || model.ims.iter().flat_map(|run| &run.listened);
    let is_shown = model.sessions.is_empty() && heard().next().is_some();
    let sum = |sum: [u64; 3], own: &SpeechHeard| [sum[0] + own.sent, sum[1] + own.taken, sum[2] + own.by_mbms];
    is_shown.then(|| heard().fold([0; 3], sum))
}

/// The figures of a run without radio.
fn ims_cards(model: &Model) -> Markup {
    let card = |value: Markup, label: &str| html! { div.card { p.value { (value) } p.label { (label) } } };
    let sum = |of: fn(&ImsRun) -> u64| model.ims.iter().map(of).sum::<u64>();
    let is_registered = |run: &&ImsRun| run.registrations + run.gateway_registrations > 0;
    let registered = model.ims.iter().filter(is_registered).count();
    let counted = model.short_messages_counted;
    let messages: u64 = model.captured.iter().filter(|(joint, _)| joint.is_core()).map(|(_, n)| n.0).sum();
    html! {
        div.cards {
            (card(html! { (registered) span.of { " of " (model.ues.len()) } }, "UEs that have registered"))
            (card(html! { (sum(|run| run.registrations)) }, "registrations"))
            @if model.header.scenario.mms.is_some() {
                @let counted = model.multimedia_messages_counted;
                (card(
                    html! { (counted.delivered) span.of { " of " (counted.sent) } },
                    &format!("multimedia messages delivered, {} rejected, {} passed on", counted.rejected, counted.passed_on),
                ))
            } @else if model.header.scenario.sms.is_some() {
                @if sum(|run| run.gateway_registrations) > 0 {
                    (card(html! { (sum(|run| run.gateway_registrations)) }, "registrations over R2"))
                }
                (card(
                    html! { (counted.delivered) span.of { " of " (counted.sent) } },
                    "short messages delivered",
                ))
            } @else {
                (card(html! { (sum(|run| run.messages_received)) }, "messages received as sent"))
                (card(html! { (sum(|run| run.calls.1)) }, "sessions set up, counted at each UE"))
            }
            (card(html! { (text::grouped(messages)) }, "messages and packets"))
            (card(html! { (text::seconds(model.end_ns as f64 / 1e9)) }, "of run time"))
        }
    }
}

/// The chain of each system with MBMS nodes as a picture; the figures at the arrows are packets and octets of the taps.
fn chains(model: &Model) -> Markup {
    let scenario = &model.header.scenario;
    let systems = std::iter::once(None).chain(scenario.systems.iter().map(|own| Some(own.name.as_str())));
    html! {
        @for system in systems.filter(|system| scenario.areas_of(*system).next().is_some()) {
            (chain(model, system))
        }
    }
}

/// From the servers of a system to the one carrier that all share, and for the first one on to the UEs.
fn chain(model: &Model, system: Option<&str>) -> Markup {
    let kind = if model.header.rig.contains("simulated") { "simulated" } else { "see rig" };
    let scenario = &model.header.scenario;
    let n_rb_dl = scenario.cell.as_ref().map_or(0, |cell| cell.n_rb_dl);
    let blocks = format!("{n_rb_dl} PRB, {}", text::counted(scenario.areas_of(system).count() as u64, "area"));
    let mchs: Vec<_> = scenario.mchs_of(system).collect();
    let mcs = match &mchs[..] {
        [mch] => format!("1 MCH, MCS {}", mch.mcs()),
        several => format!("{} MCHs", several.len()),
    };
    let (has_files, servers) = (system.is_none() && !scenario.sessions.is_empty(), servers(model, system));
    let (title, numbers) = together(&servers);
    let own = |name| name_in(system, name);
    let link_of = |joints: &[Joint]| link(&html! { @for &j in joints { (joint(model, system, j)) } });
    html! {
        div.chain {
            @if has_files {
                (node("Content provider", &["files"], "our code"))
                (link_of(&[Joint::XmbC]))
                (node(BMSC, &["FLUTE, SYNC", "TMGI pool"], "our code"))
            } @else {
                @if !servers.is_empty() {
                    (node(&title, &[&numbers, "speech"], "our code"))
                    (link_of(&[Joint::Mb2C, Joint::Mb2U]))
                }
                (node(&own(BMSC), &["SYNC", "TMGI pool"], "our code"))
            }
            (link_of(&[Joint::SgMb, Joint::SgiMb]))
            (node(&own(MBMS_GW), &["GTP-U", "multicast"], "our code"))
            (link_of(&[Joint::M3, Joint::M2, Joint::M1]))
            (node(&own(ENB), &[&blocks, &mcs], "our code"))
            @if system.is_none() { (on_air(model, kind)) } @else {
                (link(&html! { b { "IQ" } }))
                (node("Carrier", &["that of all", "systems"], kind))
            }
        }
    }
}

/// The carrier on its way to the UEs.
fn on_air(model: &Model, kind: &str) -> Markup {
    let scenario = &model.header.scenario;
    let receivers = format!("{} {}", model.ues.len(), if model.ues.len() == 1 { "receiver" } else { "receivers" });
    let has_speech = scenario.ims.is_some() || scenario.mc.is_some();
    let client = match (!scenario.sessions.is_empty(), has_speech) {
        (true, _) => "FLUTE receiver",
        (false, true) => "RTP receiver",
        (false, false) => "",
    };
    let samples =
        model.iq.as_ref().map(|iq| html! { span { (text::number((iq.1 as f64 / 1e6).round())) " M samples" } });
    let seen = model.captured.keys().filter(|&&j| j != Joint::M1 && !j.is_core());
    html! {
        (link(&html! { b { "IQ" } (samples.unwrap_or_default()) }))
        (node("Channel", &["white noise", "CFO, delay"], kind))
        (link(&html! { div.joints { @for &j in seen { (joint(model, None, j)) } } }))
        (node("UEs", &[&receivers, client], kind))
    }
}

/// Those that have the BM-SC of a system make bearers.
fn servers<'a>(model: &'a Model, system: Option<&str>) -> Vec<&'a str> {
    let on_mb2 = model.traffic.keys().filter(|(joint, ..)| matches!(joint, Joint::Mb2C | Joint::Mb2U));
    let bmsc = name_in(system, BMSC);
    let names: BTreeSet<&str> = on_mb2
        .filter(|(_, a, b)| *a == bmsc || *b == bmsc)
        .flat_map(|(_, a, b)| [a.as_str(), b.as_str()])
        .filter(|name| *name != bmsc)
        .collect();
    names.into_iter().collect()
}

/// One box for several: what they are, and the numbers of those whose names have one.
fn together(names: &[&str]) -> (String, String) {
    let stem = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end().to_owned();
    match names {
        [] => Default::default(),
        [name] => ((*name).to_owned(), String::new()),
        [first, ..] if names.iter().all(|name| stem(name) == stem(first)) => {
            let numbers: Vec<_> = names.iter().map(|name| name[stem(name).len()..].trim()).collect();
            (format!("{}s", stem(first)), numbers.join(", "))
        }
        _ => ("Servers".to_owned(), names.join(", ")),
    }
}

fn node(title: &str, lines: &[&str], kind: &str) -> Markup {
    html! {
        div.node.(kind.replace(' ', "-")) {
            p.title { (title) }
            @for line in lines.iter().filter(|line| !line.is_empty()) { p.line { (line) } }
            p.kind { (kind) }
        }
    }
}

fn link(words: &Markup) -> Markup {
    html! { div.link { div.words { (words) } svg viewBox="0 0 64 12" aria-hidden="true" { path d="M0 6H56" {} path.head d="M54 1L64 6L54 11Z" {} } } }
}

/// What the tap of a reference point counted.
fn joint(model: &Model, system: Option<&str>, joint: Joint) -> Markup {
    let has_systems = !model.header.scenario.systems.is_empty() && (joint.is_core() || joint == Joint::M1);
    html! {
        b { (joint) }
        @if has_systems {
            span { (text::grouped(packets_in(model, system, joint))) " packets" }
        } @else if let Some((packets, octets)) = model.captured.get(&joint) {
            span { (text::grouped(*packets)) " packets" } span { (text::octets(*octets)) }
        }
    }
}

/// Packets at a joint of one system of several.
fn packets_in(model: &Model, system: Option<&str>, joint: Joint) -> u64 {
    let scenario = &model.header.scenario;
    let is_in = |name: &str| scenario.system_of_box(name) == system;
    let own = model.traffic.iter().filter(|((own, a, b), _)| *own == joint && (is_in(a) || is_in(b)));
    own.map(|(_, packets)| packets).sum()
}

/// The messages of SIP or Diameter that a fault takes.
fn which(fault: &Fault) -> String {
    let Some(what) = &fault.sip else { return "every message".into() };
    if let Some((procedure, step)) = what.ladder_step() {
        return format!("what would tick step {step} of {procedure}");
    }
    let method = what.method.as_deref().unwrap_or("message");
    let status = what.status.map_or_else(String::new, |status| format!("{status} to "));
    let from = what.from.as_ref().map_or_else(String::new, |from| format!(" from {from}"));
    let to = what.to.as_ref().map_or_else(String::new, |to| format!(" to {to}"));
    format!("every {status}{method}{from}{to}")
}

fn rig_line(model: &Model) -> Markup {
    html! { p.rig { strong { "Rig: " } (model.header.rig) } }
}

/// Messages that the scenario takes away or damages: a reader must know that before he reads on.
fn faults(model: &Model) -> Markup {
    let faults = &model.header.scenario.faults;
    html! {
        @if !faults.is_empty() {
            div.faults {
                strong { "Faults on purpose" }
                ul {
                    @for fault in faults {
                        li {
                            (fault.joint) ": "
                            @match fault.what {
                                FaultTarget::Any => (which(fault)),
                                FaultTarget::Sib13 => "every message with SystemInformationBlockType13",
                                FaultTarget::Data => "transport blocks at the data MCS",
                                FaultTarget::Msi => { "every " (term("MSI")) },
                                FaultTarget::Fdt => { "every " (term("FDT")) " instance" },
                                FaultTarget::Object => "every packet with encoding symbols of the file",
                                FaultTarget::Rtp => { "every " (term("RTP")) " packet" },
                            }
                            @if let Some(mch) = &fault.mch { " of MCH " b { (mch) } }
                            @match fault.action {
                                FaultAction::Drop => ", dropped",
                                FaultAction::Corrupt => ", damaged",
                                FaultAction::Duplicate => ", doubled",
                                FaultAction::Delay => ", held back",
                                FaultAction::WrongStatus => ", with another status",
                                FaultAction::WrongResponse => ", with a wrong response",
                            }
                            @if let (Some(after), Some(count)) = (fault.after, fault.count) { " (" (count) " after the first " (after) ")" }
                            @if fault.joint != Joint::M1 {
                                @match &fault.ue {
                                    Selector::All => " on the way to every UE",
                                    Selector::Name(ue) => { " on the way to " b { (ue) } },
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
