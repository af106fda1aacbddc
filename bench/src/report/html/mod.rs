//! `report.html`: one self-contained file for people. It opens offline, prints, and follows light and dark.

mod boxes;
mod channel;
mod checks;
mod delivery;
mod details;
mod ims;
mod ims_system;
mod ladder;
mod many;
mod mc;
mod measurements;
mod migration;
mod mms;
mod overview;
mod radio;
mod sfn;
mod sms;
mod speech;
mod timeline;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::model::Model;
use crate::verdict::{Judgement, Verdict};

/// The text of `report.html`.
pub fn html(model: &Model, judgement: &Judgement) -> String {
    let scenario = &model.header.scenario;
    let has_radio = scenario.cell.is_some();
    let has_files = has_radio && !scenario.sessions.is_empty();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (scenario.name) ": " (judgement.verdict) " – castbench" }
                style { (PreEscaped(REPORT_STYLE)) }
            }
            body {
                header.top {
                    span.brand { "castbench" }
                    nav {
                        a href="#overview" { "Overview" }
                        @if !model.header.boxes.is_empty() { a href="#boxes" { "Boxes" } }
                        @if has_files { a href="#delivery" { "Delivery" } }
                        @if has_radio { a href="#radio" { "Radio" } }
                        @if scenario.ims.is_some() { a href="#ims" { "IMS" } }
                        a href="#timeline" { "Timeline" }
                        a href="#ladders" { "Ladders" }
                        a href="#expectations" { "Expectations" }
                        a href="#details" { "Details" }
                    }
                    button #theme type="button" title="Switch between light and dark" aria-label="Switch between light and dark" { "◐" }
                }
                main {
                    (overview::section(model, judgement))
                    (boxes::section(model))
                    @if has_files { (delivery::section(model)) }
                    @if has_radio { (radio::section(model)) }
                    (ims::section(model))
                    (timeline::section(model))
                    (ladder::section(model, judgement))
                    (checks::section(judgement))
                    (details::section(model))
                }
                footer {
                    "Made by castbench " (model.header.castbench) " from run.jsonl. All times are run time; "
                    "the same record gives the same report."
                }
                div #tip role="status" {}
                script { (PreEscaped(include_str!("script.js"))) }
            }
        }
    };
    page.into_string()
}

/// Colours and shapes of all pages.
pub(crate) const REPORT_STYLE: &str = include_str!("style.css");

/// A section with its heading and one line that says how to read it.
fn panel(id: &str, title: &str, lead: &Markup, body: &Markup) -> Markup {
    html! {
        section id=(id) {
            h2 { (title) }
            p.lead { (lead) }
            (body)
        }
    }
}

/// A verdict as a chip: sign and word, never colour alone.
fn chip(verdict: Verdict) -> Markup {
    html! { span class=(format!("chip {verdict}")) { (sign(verdict)) " " (verdict) } }
}

fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Fail => "✕",
        Verdict::Inconclusive => "?",
        Verdict::Error => "!",
    }
}

/// A term with its meaning at the pointer.
fn term(word: &str) -> Markup {
    let meaning = GLOSSARY.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning);
    html! {
        @if let Some(meaning) = meaning { abbr title=(meaning) { (word) } } @else { (word) }
    }
}

/// Words of the standards, as this report uses them.
const GLOSSARY: &[(&str, &str)] = &[
    ("ALC", "Asynchronous layered coding (RFC 5775): the packets of FLUTE"),
    ("BER", "Bit error rate: hard decisions on coded bits before decoding, against blocks encoded again"),
    ("BLER", "Block error rate: transport blocks with a CRC failure, of those scheduled and tried"),
    ("BM-SC", "Broadcast multicast service centre (TS 26.346): sends the file"),
    ("CFO", "Carrier frequency offset"),
    ("CINR", "Carrier to interference and noise ratio, here from MBSFN reference signals"),
    ("eNB", "LTE base station; its agent ends M1"),
    ("EVM", "Error vector magnitude: distance of equalised symbols from where they should be"),
    ("FDT", "File delivery table (RFC 3926): says which file the session carries"),
    ("FEC", "Forward error correction: Raptor (RFC 5053), or no code and a carousel"),
    ("FLUTE", "File delivery over unidirectional transport (RFC 3926)"),
    ("CSCF", "Call session control function of the IMS: proxy (P), interrogating (I), serving (S) (TS 23.228)"),
    ("Cx", "Reference point between CSCFs and the HSS: Diameter (TS 29.228, TS 29.229)"),
    ("Gm", "Reference point between UE and P-CSCF: SIP (TS 24.229)"),
    ("HSS", "Home subscriber server: identities, keys, service profiles"),
    ("ISC", "Reference point between S-CSCF and application server: SIP (TS 24.229)"),
    ("M1", "Reference point from the MBMS gateway to the eNB: GTP-U with SYNC (TS 25.446)"),
    ("MBMS-GW", "MBMS gateway: puts SYNC PDUs into GTP-U multicast"),
    ("MBSFN SINR", "Power of data symbols over that of their errors, after combining and equalisation"),
    ("MBSFN", "Multicast-broadcast single-frequency network"),
    ("MCCH", "Multicast control channel: lists the sessions (TS 36.331)"),
    ("MCH", "Multicast channel: transport channel of MCCH and MTCH (TS 36.321)"),
    ("MCS", "Modulation and coding scheme (TS 36.213)"),
    ("MSI", "MCH scheduling information (TS 36.321 6.1.3.7): up to which subframe a session is sent"),
    ("MTCH", "Multicast traffic channel: carries the IP datagrams of one session"),
    ("Mw", "Reference point among CSCFs: SIP (TS 24.229)"),
    ("PMCH", "Physical multicast channel (TS 36.211 6.5)"),
    ("Raptor", "A systematic fountain code (RFC 5053): any few more symbols than the file has are enough"),
    ("RLC", "Radio link control, unacknowledged mode (TS 36.322)"),
    (
        "SNR",
        "Signal to noise ratio per resource element, of the channel model: one transmitter of 0 dB against the noise",
    ),
    ("TMGI", "Temporary mobile group identity (TS 23.003 15.2): names an MBMS session"),
    ("TOI", "Transport object identifier; 0 is the file delivery table"),
    ("TSI", "Transport session identifier of FLUTE"),
    ("Wilson interval", "Where the true error rate lies with 95 % confidence, given the counts"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;

    fn page(model: &Model) -> String {
        html(model, &Judgement::of(model))
    }

    /// `CASTBENCH_SAMPLE_REPORTS=dir` keeps the pages to look at.
    fn keep(name: &str, page: &str) {
        if let Some(dir) = std::env::var_os("CASTBENCH_SAMPLE_REPORTS") {
            std::fs::write(std::path::Path::new(&dir).join(name), page).unwrap();
        }
    }

    fn clean() -> Model {
        Model::fold(synthetic::clean_events().into_iter().map(Ok::<_, std::convert::Infallible>)).unwrap()
    }

    #[test]
    fn page_is_self_contained_and_small() {
        for (name, model) in [("comparison.html", synthetic::model()), ("clean.html", clean())] {
            let page = page(&model);
            keep(name, &page);
            assert!(page.len() < 1_000_000, "{name}: {} octets", page.len());
            for remote in ["src=\"", "http:", "https:", "url(h", "url(\"", "@import", "<link"] {
                assert!(!page.contains(remote), "{name} has {remote}");
            }
            assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
        }
    }

    #[test]
    fn who_receives_nothing_but_the_carrier_is_no_rtp_receiver() {
        let mut model = synthetic::model();
        assert!(page(&model).contains("FLUTE receiver"));
        model.header.scenario.sessions.clear();
        model.sessions.clear();
        model.deliveries.clear();
        let page = page(&model);
        assert!(!page.contains("RTP receiver") && !page.contains("FLUTE receiver"));
    }

    #[test]
    fn several_sites_have_a_plot_over_the_delay_between_them() {
        use crate::scenario::{Hears, Transmitter};

        let mut model = synthetic::model();
        assert!(!page(&model).contains("delay between first and last path"));
        let scenario = &mut model.header.scenario;
        let site = |name: &str| Transmitter { name: name.into(), power_db: 0.0, timing_error_us: 0.0, cfo_hz: 0.0 };
        scenario.transmitters = vec![site("north"), site("south")];
        for (i, ue) in scenario.ues.iter_mut().enumerate() {
            let hears = |(j, site): (usize, &Transmitter)| {
                let delay_us = 13.0 * (i * j) as f64;
                Hears { transmitter: site.name.clone(), power_db: 0.0, delay_us, fading: None }
            };
            ue.hears = scenario.transmitters.iter().take(1 + i.min(1)).enumerate().map(hears).collect();
            ue.channel.as_mut().unwrap().snr_db = 8.0;
        }
        let page = page(&model);
        keep("sfn.html", &page);
        for said in ["delay between first and last path", "extended prefix", "13 µs", "SNR 8 dB"] {
            assert!(page.contains(said), "{said}");
        }
    }

    #[test]
    fn a_failed_run_says_what_was_not_seen() {
        let events = synthetic::clean_events().into_iter();
        let events = events
            .filter(|e| !matches!(&e.what, crate::event::What::LadderTick { step, ladder: 2, .. } if step == "4"));
        let model = Model::fold(events.map(Ok::<_, std::convert::Infallible>)).unwrap();
        let page = page(&model);
        keep("failed.html", &page);
        assert!(page.contains("step 4 (MTCH, FDT instance (TOI 0)) was not seen"));
    }

    #[test]
    fn a_run_without_anything_still_has_a_report() {
        let page = page(&Model::new(synthetic::header()));
        keep("empty.html", &page);
        assert!(page.contains("The run did not come to its end"));
    }

    #[test]
    fn a_page_of_a_thousand_ues_is_bounded_and_shows_who_failed() {
        use crate::event::{Event, LadderHeader, RadioReport, What};
        use crate::scenario::{MeasurementName, Ue};

        let mut header = synthetic::header();
        let scenario = &mut header.scenario;
        let one = scenario.ues[0].clone();
        scenario.ues = (1..=1000).map(|n| Ue { name: format!("ue{n}"), ..one.clone() }).collect();
        scenario.sessions.clear();
        scenario.expectations.retain(|own| own.measure == MeasurementName::MchBler);
        let ladder = header.ladders[0].clone();
        let ladders = header.scenario.ues.iter().map(|ue| LadderHeader { ue: ue.name.clone(), ..ladder.clone() });
        header.ladders = ladders.collect();
        let mut model = Model::new(header);
        for n in 1..=1000 {
            let lost = if n == 777 { 90 } else { 0 };
            let report =
                RadioReport { mch_blocks: 100, mch_errors: lost, ..synthetic::radio_report(&format!("ue{n}")) };
            model.apply(&Event { t_ns: 1_000_000_000, what: What::Radio(report) }).unwrap();
        }
        model.apply(&Event { t_ns: 2_000_000_000, what: What::RunFinished }).unwrap();
        let page = page(&model);
        keep("many.html", &page);
        assert!(page.len() < 3_000_000, "{} octets", page.len());
        assert!(page.matches("<svg").count() < 200, "{} pictures", page.matches("<svg").count());
        assert!((1..=1000).all(|n| page.contains(&format!(">ue{n}<"))));
        let checks = page.split_once("id=\"expectations\"").unwrap().1;
        let at_once = checks.split_once("<details").unwrap().0;
        assert!(
            at_once.contains("999 pass") && at_once.contains(">ue777<") && !at_once.contains(">ue776<"),
            "{at_once}"
        );
    }

    #[test]
    fn text_from_outside_is_escaped() {
        let mut model = synthetic::model();
        model.header.scenario.title = "<script>alert(1)</script>".into();
        model.header.scenario.ues[0].name = "a\"b<c".into();
        assert!(!page(&model).contains("<script>alert"));
    }
}
