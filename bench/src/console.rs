//! The console: progress while a run goes on, and the verdict at its end.

use std::io::{IsTerminal, Write};
use std::path::Path;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use protocol::Instant;

use crate::event::{Event, ModemFact, SessionSent, SmsFact, What};
use crate::perf::Perf;
use crate::report::{Model, counted};
use crate::verdict::{Judgement, Verdict};

/// Shows how a run comes on and how it ended. Progress goes to standard error, the verdict to standard output.
pub(crate) struct Console {
    mode: Mode,
    bars: Option<MultiProgress>,
    deliveries: Vec<DeliveryBar>,
    clock: ProgressBar,
    /// Losses of datagrams that were told of.
    losses: usize,
}

/// How much is said while a run goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// One bar for each delivery, redrawn in place.
    Bars,
    /// One line for each thing that matters.
    Lines,
    /// Nothing until the verdict.
    Quiet,
}

impl Mode {
    /// Bars on a terminal, lines elsewhere and when the environment says `CI=true`.
    fn detect(quiet: bool) -> Self {
        let ci = std::env::var_os("CI").is_some_and(|v| v == "true" || v == "1");
        match quiet {
            true => Self::Quiet,
            false if std::io::stderr().is_terminal() && !ci => Self::Bars,
            false => Self::Lines,
        }
    }
}

struct DeliveryBar {
    ue: String,
    session: String,
    bar: ProgressBar,
}

impl Console {
    /// A console; a quiet one says nothing before the verdict.
    pub(crate) fn new(quiet: bool) -> Self {
        let mode = Mode::detect(quiet);
        let draw = || MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND));
        let bars = (mode == Mode::Bars).then(draw);
        Self { mode, bars, deliveries: Vec::new(), clock: ProgressBar::hidden(), losses: 0 }
    }

    /// Shows a fact.
    pub(crate) fn event(&mut self, event: &Event) {
        match self.mode {
            Mode::Quiet => {}
            Mode::Bars => self.show_bar(event),
            Mode::Lines => {
                if matches!(event.what, What::DatagramsLost { .. }) {
                    self.losses += 1;
                    match self.losses {
                        0..=LOSSES_SHOWN => {}
                        n if n == LOSSES_SHOWN + 1 => return self.say("more datagrams are lost, see the report"),
                        _ => return,
                    }
                }
                if let Some(line) = line(event) {
                    self.say(&line);
                }
            }
        }
    }

    /// Run time has come to `at`.
    pub(crate) fn progress(&self, at: Instant, model: &Model) {
        if self.mode == Mode::Bars {
            let step = model.steps.last().map_or("", |s| &s.description);
            self.clock.set_message(format!("{at} of run time: {step}"));
            self.clock.tick();
        }
    }

    /// Takes the bars away and says how the run ended, how fast it was and where its reports are.
    pub(crate) fn verdict(&mut self, judgement: &Judgement, dir: &Path, perf: Option<&Perf>) {
        self.clock.finish_and_clear();
        self.deliveries.drain(..).for_each(|d| d.bar.abandon());
        self.bars = None;
        let mut out = std::io::stdout().lock();
        // A closed pipe is no failure of the run: the reports are written.
        for line in verdict_lines(judgement) {
            drop(writeln!(out, "{line}"));
        }
        perf.into_iter().for_each(|perf| drop(writeln!(out, "{perf}")));
        drop(writeln!(out, "report: {}", dir.join("report.html").display()));
    }

    fn show_bar(&mut self, event: &Event) {
        match &event.what {
            What::SessionStarted(info) => self.add_bars(&info.session, info.content_octets),
            What::RunStarted(header) => {
                if let Some(line) = line(event) {
                    self.say(&line);
                }
                let ues = header.scenario.ues.iter();
                let sessions = &header.scenario.sessions;
                let pairs = ues.flat_map(|u| sessions.iter().map(move |s| (u.name.clone(), s.name.clone())));
                self.deliveries =
                    pairs.map(|(ue, session)| DeliveryBar { ue, session, bar: ProgressBar::hidden() }).collect();
            }
            What::ObjectProgress { ue, session, received_octets, .. } => {
                if let Some(d) = self.find(ue, session) {
                    d.bar.set_position((*received_octets).min(d.bar.length().unwrap_or(0)));
                }
            }
            What::ObjectReceived { ue, session, intact, after_s, .. } => {
                if let Some(d) = self.find(ue, session) {
                    d.bar.set_position(d.bar.length().unwrap_or(0));
                    let word = if *intact { "bit for bit" } else { "DIFFERS" };
                    d.bar.abandon_with_message(format!("{word} after {after_s:.3} s"));
                }
            }
            What::ObjectMissing { ue, session, .. } => {
                if let Some(d) = self.find(ue, session) {
                    d.bar.abandon_with_message("not complete");
                }
            }
            What::Note { text } => self.say(&format!("note: {text}")),
            _ => {}
        }
    }

    fn add_bars(&mut self, started: &str, octets: u64) {
        let Some(bars) = &self.bars else { return };
        if self.clock.is_hidden() {
            self.clock = bars.add(ProgressBar::new_spinner());
        }
        let style = ProgressStyle::with_template("  {prefix:24} {bar:32} {percent:>3} %  {msg}");
        let Ok(style) = style else { return };
        for d in self.deliveries.iter_mut().filter(|d| d.session == started) {
            d.bar = bars.add(ProgressBar::new(octets));
            d.bar.set_style(style.clone());
            d.bar.set_prefix(format!("{} {}", d.ue, d.session));
        }
    }

    fn find(&self, ue: &str, session: &str) -> Option<&DeliveryBar> {
        self.deliveries.iter().find(|d| d.ue == ue && d.session == session)
    }

    fn say(&self, text: &str) {
        // A failure to draw is no failure of the run.
        match &self.bars {
            Some(bars) => drop(bars.println(text)),
            None => drop(writeln!(std::io::stderr(), "{text}")),
        }
    }
}

/// What a log says about an event, if anything.
fn line(event: &Event) -> Option<String> {
    let text = match &event.what {
        What::RunStarted(header) => {
            let s = &header.scenario;
            let (ues, sessions) = (counted(s.ues.len() as u64, "UE"), counted(s.sessions.len() as u64, "session"));
            return Some(format!("{}: {} ({ues}, {sessions}, seed {})", s.name, s.title, s.seed));
        }
        What::StepStarted { index, description } => format!("step {}: {description}", index + 1),
        What::SessionStarted(info) => {
            format!(
                "session {} on air: TMGI {}, {}, {} octets",
                info.session, info.tmgi, info.content, info.content_octets
            )
        }
        What::ObjectReceived { ue, session, octets, intact, after_s, .. } => {
            let word = if *intact { "complete" } else { "DIFFERS from what was sent" };
            format!("{ue} {session}: {word}, {octets} octets after {after_s:.3} s")
        }
        What::ObjectMissing { ue, session, reason, .. } => format!("{ue} {session}: not complete: {reason}"),
        What::SessionStopped { session, sent } => match sent {
            Some(SessionSent { packets, ip_octets, .. }) => {
                format!("session {session} off air: {packets} packets, {ip_octets} octets of IP datagrams")
            }
            None => format!("session {session} off air: what it has sent is not known"),
        },
        What::McchChange { n_id_mbsfn, from_ns, sessions } => {
            let (sessions, from_s) = (counted(sessions.len() as u64, "session"), *from_ns as f64 / 1e9);
            format!("the MCCH of area {n_id_mbsfn} lists {sessions} from {from_s:.3} s on")
        }
        What::SessionMoved { session, mch, from_ns, .. } => {
            format!("session {session} goes on in MCH {mch} from {:.3} s on", *from_ns as f64 / 1e9)
        }
        What::CellAcquired { ue, n_id_cell, n_ports, cfo_hz, .. } => {
            let ports = counted(u64::from(*n_ports), "antenna port");
            format!("{ue}: cell {n_id_cell}, {ports}, frequency offset {cfo_hz:+.0} Hz")
        }
        What::DatagramsLost { ue, session, first, count, mch, lcid, rlc_sn } => {
            let sn = match rlc_sn {
                Some((first, last)) if first == last => format!(", RLC SN {first}"),
                Some((first, last)) => format!(", RLC SN {first} to {last}"),
                None => String::new(),
            };
            let lost = counted(*count, "datagram");
            format!("{ue} {session}: {lost} lost from number {first} on: MCH {mch}, logical channel {lcid}{sn}")
        }
        What::CellLost { ue } => format!("{ue}: cell lost"),
        What::NotAcquired { ue, within_ms, stage, hint } => {
            format!("{ue}: carrier not acquired in {within_ms} ms: {stage} fails: {hint}")
        }
        What::FrontEndFailed { why } => format!("the run breaks off: {why}"),
        What::Modem { ue, fact } => return modem_line(ue, fact).map(|text| stamped(event, &text)),
        What::Sms { number, fact } => format!("message {number}: {}", sms_words(fact)),
        What::Note { text } => format!("note: {text}"),
        _ => return None,
    };
    Some(stamped(event, &text))
}

fn stamped(event: &Event, text: &str) -> String {
    format!("[{:9.3} s] {text}", event.t_ns as f64 / 1e9)
}

fn modem_line(ue: &str, fact: &ModemFact) -> Option<String> {
    Some(match fact {
        ModemFact::Identified { device, profile } => format!("{ue}: modem {device}, profile {profile}"),
        ModemFact::ServiceActivated { session } => format!("{ue}: modem receives session {session}"),
        ModemFact::ServiceRefused { session, why } => format!("{ue}: modem does not receive session {session}: {why}"),
        ModemFact::Rung { rung, why } => format!("{ue}: modem: {why}; now {rung}"),
        ModemFact::Failed { why } => format!("{ue}: modem given up: {why}"),
        ModemFact::State { .. } | ModemFact::Registration { .. } | ModemFact::Signal { .. } => return None,
    })
}

fn sms_words(fact: &SmsFact) -> String {
    match fact {
        SmsFact::Submitted { from, to, .. } => format!("from {from} to {to}"),
        SmsFact::Sent { reference } => format!("sent, reference {reference}"),
        SmsFact::NotSent { why } => format!("not sent: {why}"),
        SmsFact::Delivered { after_s } => format!("arrived after {after_s:.3} s"),
    }
}

/// The end of a run in a few lines: what failed, the verdict.
fn verdict_lines(judgement: &Judgement) -> Vec<String> {
    let checks = judgement.checks.iter().map(|c| (c.verdict, c.reason.as_deref()));
    let ladders = judgement.ladders.iter().map(|l| (l.verdict, l.reason.as_deref()));
    let failures = judgement.failures.iter().map(|f| (Verdict::Fail, Some(f.as_str())));
    let bad = failures.chain(checks).chain(ladders).filter(|(verdict, _)| *verdict != Verdict::Pass);
    let mut lines: Vec<String> =
        bad.map(|(verdict, reason)| format!("{verdict}: {}", reason.unwrap_or("no reason given"))).collect();
    let hidden = lines.len().saturating_sub(REASONS_SHOWN);
    lines.truncate(REASONS_SHOWN);
    if hidden > 0 {
        lines.push(format!("and {hidden} more, see the report"));
    }
    let (passed, all) = judgement.count(Verdict::Pass);
    let verdict = judgement.verdict.to_string().to_uppercase();
    let end = if judgement.sentence.ends_with('.') { "" } else { "." };
    lines.push(format!("{verdict}: {}{end} {passed} of {all} checks passed.", judgement.sentence));
    lines
}

const REDRAWS_PER_SECOND: u8 = 10;
const REASONS_SHOWN: usize = 12;
const LOSSES_SHOWN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;

    #[test]
    fn lines_tell_the_story() {
        let lines: Vec<String> = synthetic::events().iter().filter_map(line).collect();
        assert_eq!(lines[0], "raptor_vs_carousel: Raptor against a plain carousel (5 UEs, 2 sessions, seed 1)");
        for expected in [
            "[    0.001 s] session raptor on air: TMGI 00abce@262-01, castbench.mp4, 412345 octets",
            "[    5.330 s] ue1 raptor: complete, 412345 octets after 5.330 s",
            "[    8.810 s] ue3 carousel: not complete: 11 of 403 source symbols never came",
        ] {
            assert!(lines.iter().any(|l| l == expected), "{expected}: {lines:#?}");
        }
        assert!(lines.len() < 25, "{lines:#?}");
    }

    #[test]
    fn the_verdict_is_the_last_line() {
        let last = |model: &Model| verdict_lines(&Judgement::of(model)).pop().unwrap();
        let pass = last(&synthetic::model());
        assert!(
            pass.starts_with("PASS: with the same octets on air") && pass.ends_with(". 28 of 28 checks passed."),
            "{pass}"
        );
        let nothing = Model::new(synthetic::header());
        assert!(last(&nothing).starts_with("ERROR: The run did not come to its end"));
        assert!(verdict_lines(&Judgement::of(&nothing)).len() <= REASONS_SHOWN + 2);
    }
}
