//! A single-frequency network: what UEs gain and lose by the delay between the first and the last path.

use maud::{Markup, html};

use super::term;
use crate::report::model::{Model, UeRun};
use crate::report::plot::{Axis, Curve, Plot, Style, legend, round_up};
use crate::report::sfn::{PREFIX_US, expected_cinr_db, spread_us};
use crate::report::text;
use crate::scenario::{Scenario, Ue};

/// The figure of a scenario with several transmitters; nothing else has one.
pub(super) fn figure(model: &Model) -> Markup {
    let scenario = &model.header.scenario;
    if scenario.transmitters.len() < 2 {
        return html! {};
    }
    let groups = Group::all(model);
    html! {
        h3 { "Single-frequency network" }
        p.hint {
            "Measured " (term("CINR")) " and " (term("BLER")) " of each UE over the delay between the first and the last "
            "path that it hears; one colour for each " (term("SNR")) ". Faint: UEs that hear one transmitter. Line: what "
            "is expected when a path within the prefix is useful and the part of a later one that lies in the FFT window "
            "(EBU TR 024 clause 2.3.4), with a channel estimate that is perfect."
        }
        (legend(groups.iter().enumerate().map(|(i, g)| (i, &*g.name))))
        figure { (cinr(&groups, scenario).responsive()) }
        figure { (bler(&groups).responsive()) }
    }
}

/// UEs with the same SNR.
struct Group<'a> {
    name: String,
    /// Delay between first and last path, scenario and run of each UE, by delay.
    several: Vec<(f64, &'a Ue, &'a UeRun)>,
    /// UEs that hear one transmitter.
    single: Vec<&'a UeRun>,
}

impl<'a> Group<'a> {
    fn all(model: &'a Model) -> Vec<Self> {
        let scenario = &model.header.scenario;
        let mut groups: Vec<Self> = Vec::new();
        for (ue, run) in scenario.ues.iter().zip(&model.ues) {
            let name = format!("SNR {} dB", text::number(ue.channel().snr_db));
            let place = groups.iter().position(|g| g.name == name).unwrap_or_else(|| {
                groups.push(Self { name, several: Vec::new(), single: Vec::new() });
                groups.len() - 1
            });
            let ways = scenario.ways(ue);
            if ways.len() == 1 {
                groups[place].single.push(run);
            } else {
                groups[place].several.push((spread_us(&ways), ue, run));
            }
        }
        groups.iter_mut().for_each(|g| g.several.sort_by(|a, b| a.0.total_cmp(&b.0)));
        groups
    }

    /// Horizontal lines at what UEs with one transmitter have.
    fn baselines(&self, palette: usize, end_us: f64, value: impl Fn(&UeRun) -> Option<f64>) -> Vec<Curve> {
        let line = |y: f64| Curve {
            palette,
            name: "one transmitter".into(),
            points: vec![(0.0, y), (end_us, y)],
            tips: Vec::new(),
            style: Style::Faint,
            end: None,
        };
        self.single.iter().filter_map(|run| value(run)).map(line).collect()
    }
}

/// Right end of the axis of delays, microseconds.
fn end_us(groups: &[Group<'_>]) -> f64 {
    let delays = groups.iter().flat_map(|g| g.several.iter().map(|s| s.0));
    (delays.fold(2.0 * PREFIX_US, f64::max) * 1.02 / 10.0).ceil() * 10.0
}

fn cinr(groups: &[Group<'_>], scenario: &Scenario) -> Plot {
    let end_us = end_us(groups);
    let mut curves = Vec::new();
    for (palette, group) in groups.iter().enumerate() {
        curves.extend(group.baselines(palette, end_us, |run| run.radio.cinr_db()));
        curves.extend(expectation(group, palette, scenario));
        let measured = group.several.iter().filter_map(|(us, ue, run)| Some((*us, run.radio.cinr_db()?, *ue)));
        let measured: Vec<_> = measured.collect();
        let tip = |(us, db, ue): &(f64, f64, &Ue)| {
            let expected = expected_cinr_db(scenario, ue, 1.0);
            format!("{}, {} µs: {db:.1} dB, expected {expected:.1} dB", ue.name, text::number(*us))
        };
        curves.push(Curve {
            palette,
            name: group.name.clone(),
            tips: measured.iter().map(tip).collect(),
            points: measured.iter().map(|m| (m.0, m.1)).collect(),
            style: Style::Points,
            end: None,
        });
    }
    let values = || curves.iter().flat_map(|c| c.points.iter().map(|p| p.1));
    let (low, high) = (values().fold(0.0, f64::min), values().fold(10.0, f64::max));
    Plot {
        size: (980.0, 300.0),
        x: Axis::new(0.0, end_us, "delay between first and last path, µs"),
        y: Axis::new((low / 5.0).floor() * 5.0, (high / 5.0).ceil() * 5.0, "CINR, dB"),
        curves,
        marks: vec![(PREFIX_US, "extended prefix".into())],
        title: "CINR by the delay between the first and the last path".into(),
    }
}

/// The expected CINR, with the delays of the UE whose paths are furthest apart drawn together or apart.
fn expectation(group: &Group<'_>, palette: usize, scenario: &Scenario) -> Option<Curve> {
    const POINTS: u32 = 120;
    let (widest_us, ue, _) = group.several.last()?;
    let share = |i: u32| f64::from(i) / f64::from(POINTS);
    let point = |i: u32| (widest_us * share(i), expected_cinr_db(scenario, ue, share(i)));
    Some(Curve {
        palette,
        name: "expected".into(),
        points: (0..=POINTS).map(point).collect(),
        tips: Vec::new(),
        style: Style::Line,
        end: None,
    })
}

fn bler(groups: &[Group<'_>]) -> Plot {
    let end_us = end_us(groups);
    let mut curves = Vec::new();
    for (palette, group) in groups.iter().enumerate() {
        curves.extend(group.baselines(palette, end_us, |run| run.radio.mch.value().map(|v| v * 100.0)));
        let mut points = Curve {
            palette,
            name: group.name.clone(),
            points: Vec::new(),
            tips: Vec::new(),
            style: Style::Points,
            end: None,
        };
        let mut bars = Curve { name: "95 %".into(), style: Style::Bars, ..points.clone() };
        for (us, ue, run) in &group.several {
            let ratio = run.radio.mch;
            let (Some(value), Some((low, high))) = (ratio.value(), ratio.wilson_95()) else { continue };
            points.points.push((*us, value * 100.0));
            bars.points.extend([(*us, low * 100.0), (*us, high * 100.0)]);
            let (errors, trials) = (text::grouped(ratio.errors), text::grouped(ratio.trials));
            let interval = format!("95 %: {} to {}", text::percent(low), text::percent(high));
            let us = text::number(*us);
            points.tips.push(format!(
                "{}, {us} µs: {} ({errors} of {trials}), {interval}",
                ue.name,
                text::percent(value)
            ));
        }
        curves.extend([bars, points]);
    }
    let most = curves.iter().flat_map(|c| c.points.iter().map(|p| p.1)).fold(1.0, f64::max);
    Plot {
        size: (980.0, 240.0),
        x: Axis::new(0.0, end_us, "delay between first and last path, µs"),
        y: Axis::new(0.0, round_up(most), "MTCH blocks lost, %"),
        curves,
        marks: vec![(PREFIX_US, "extended prefix".into())],
        title: "block error rate by the delay between the first and the last path".into(),
    }
}
