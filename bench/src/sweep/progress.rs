//! What the console shows of a sweep: progress with the estimated end on standard error, the verdict on standard output.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Instant as WallInstant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Curve, Finding, Point, Sweep};
use crate::report::percent;

/// Shows how a sweep comes on.
pub(crate) struct SweepConsole {
    quiet: bool,
    bar: Option<ProgressBar>,
    start: WallInstant,
    measured: u64,
    remaining: u64,
}

impl SweepConsole {
    /// A console; a quiet one says nothing before the verdict.
    pub(crate) fn new(quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(4));
            let style = ProgressStyle::with_template("{bar:30} {pos} of at most {len} blocks, {msg}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { quiet, bar, start: wall_now(), measured: 0, remaining: 0 }
    }

    /// Wall time since it was made, seconds.
    pub(crate) fn wall_s(&self) -> f64 {
        wall_now().duration_since(self.start).as_secs_f64()
    }

    /// Blocks measured now, those of the journal not counted.
    pub(crate) fn blocks(&self) -> u64 {
        self.measured
    }

    pub(super) fn measured(&mut self, blocks: u64) {
        self.measured += blocks;
    }

    pub(super) fn remaining(&mut self, blocks: u64) {
        self.remaining = blocks;
        if let Some(bar) = &self.bar {
            bar.set_length(self.measured + blocks);
            bar.set_position(self.measured);
            bar.set_message(self.end());
        }
    }

    /// When it ends at the latest, as far as the pace so far tells.
    fn end(&self) -> String {
        if self.measured == 0 {
            return "no estimate of the end yet".to_owned();
        }
        let left_s = self.wall_s() * self.remaining as f64 / self.measured as f64;
        match left_s {
            s if s < 90.0 => format!("at most {s:.0} s left"),
            s if s < 5400.0 => format!("at most {:.0} min left", s / 60.0),
            s => format!("at most {:.1} h left", s / 3600.0),
        }
    }

    pub(super) fn point(&self, curve: &Curve, point: &Point) {
        let counts = &point.counts;
        let bler = percent(counts.bler());
        let line = format!(
            "{} at {} dB: {} of {} blocks lost, {bler}",
            curve.name, point.snr_db, counts.errors, counts.blocks
        );
        match &self.bar {
            Some(bar) => bar.println(line),
            None if self.quiet => {}
            None => eprintln!("{line}; {}", self.end()),
        }
    }

    /// Takes the bar away and says how the sweep ended and where its results are.
    pub(crate) fn verdict(&self, findings: &[Finding], dir: &Path) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let mut out = std::io::stdout().lock();
        // A closed pipe is no failure of the sweep: the results are written.
        for o in findings {
            let (requirement, crossing) = (&o.requirement, &o.crossing);
            drop(writeln!(
                out,
                "{}: {} reaches {} at {} dB ({} to {}), {}: {} dB",
                o.verdict,
                requirement.curve,
                percent(requirement.bler),
                crossing.at,
                crossing.low,
                crossing.high,
                requirement.name,
                requirement.snr_db,
            ));
        }
        drop(writeln!(out, "verdict: {}", Sweep::verdict(findings)));
        drop(writeln!(out, "report: {}", dir.join("sweep.html").display()));
    }
}

#[expect(clippy::disallowed_methods, reason = "wall time is shown, and kept in perf.json alone")]
fn wall_now() -> WallInstant {
    WallInstant::now()
}
