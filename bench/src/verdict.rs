//! Verdicts as in TTCN-3 (ETSI ES 201 873-1 clause 24): a worse one is never improved by what follows.

use std::fmt;

use serde::Serialize;

use crate::event::{NOTHING, TIMEOUT};
use crate::ladder::Ladder;
use crate::measure::{Measured, NoValue, Value, measure};
use crate::report::{StepRun, model::Model};
use crate::scenario::{Expectation, ImsStep, MeasurementName, StepAction, Unit};

/// A verdict; the greater one overwrites the lesser one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// All that was expected was seen.
    Pass,
    /// Nothing speaks against it, but something was not sampled.
    Inconclusive,
    /// A limit was broken, or a step of a ladder was not seen.
    Fail,
    /// The bench did not do its work.
    Error,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
            Self::Error => "error",
        })
    }
}

/// A value held against the limits of an expectation.
#[derive(Clone, PartialEq, Debug)]
pub struct Check {
    /// Stable name: measurement, position of the expectation from 1, UE, session.
    pub id: String,
    /// Position of the expectation from 1.
    pub position: usize,
    /// What was measured.
    pub measure: MeasurementName,
    /// Of which UE.
    pub ue: Option<String>,
    /// Of which session.
    pub session: Option<String>,
    /// Lowest and highest value that passes.
    pub limits: (Option<f64>, Option<f64>),
    /// Unit of limits and value.
    pub unit: Unit,
    /// The value; `None` when there is none.
    pub value: Option<Value>,
    /// What that means.
    pub verdict: Verdict,
    /// Why, when it is not a pass.
    pub reason: Option<String>,
}

/// A ladder that was climbed or not.
#[derive(Clone, PartialEq, Debug)]
pub struct LadderVerdict {
    /// Position in the run header's ladders.
    pub ladder: usize,
    /// Pass when every step was seen.
    pub verdict: Verdict,
    /// The step that was not seen.
    pub reason: Option<String>,
}

/// The verdict of a run and what it is made of.
#[derive(Clone, PartialEq, Debug)]
pub struct Judgement {
    /// The worst of all.
    pub verdict: Verdict,
    /// One sentence: what was proven, or the first thing that was not.
    pub sentence: String,
    /// Expectations, value by value.
    pub checks: Vec<Check>,
    /// Ladders.
    pub ladders: Vec<LadderVerdict>,
    /// What failed beside them: UEs that have not acquired the carrier, or come to a state that a step waits for, in their time.
    pub failures: Vec<String>,
}

impl Judgement {
    /// Judges a run by its model.
    pub fn of(model: &Model) -> Self {
        let expectations = model.header.scenario.expectations.iter().enumerate();
        let checks: Vec<_> = expectations.flat_map(|(i, e)| check(model, i, e)).collect();
        let ladders: Vec<_> = model.ladders.iter().enumerate().map(|(i, l)| judge_ladder(i, l)).collect();
        let not_acquired: Vec<String> = model.ues.iter().filter_map(|u| u.not_acquired.clone()).collect();
        let not_reached: Vec<String> = model.steps.iter().filter_map(|step| not_reached(model, step)).collect();
        // A carrier that was not acquired explains all that follows. Then ladders: the message that was not seen explains states
        // that were waited for in vain, and limits that were broken after it.
        let failed = |f| (Verdict::Fail, Some(String::as_str(f)));
        let all = not_acquired.iter().map(failed);
        let all = all.chain(ladders.iter().map(|l| (l.verdict, l.reason.as_deref())));
        let all = all.chain(not_reached.iter().map(failed));
        let mut all: Vec<_> = all.chain(checks.iter().map(|c| (c.verdict, c.reason.as_deref()))).collect();
        if all.is_empty() {
            all.push((Verdict::Inconclusive, Some("the scenario expects nothing")));
        }
        let modems = model.modems.iter().filter_map(|modem| modem.failed.as_deref());
        all.extend(modems.map(|why| (Verdict::Error, Some(why))));
        if let Some(why) = &model.front_end_failed {
            all.push((Verdict::Error, Some(why)));
        }
        if !model.finished {
            all.push((Verdict::Error, Some("the run did not come to its end")));
        }
        let verdict = all.iter().map(|v| v.0).max().unwrap_or(Verdict::Inconclusive);
        let mut reasons = all.iter().filter(|v| v.0 == verdict).filter_map(|v| v.1);
        let sentence = match reasons.next() {
            None => model.header.scenario.proves.clone(),
            Some(first) => match reasons.count() {
                0 => format!("{}.", capitalised(first)),
                n => format!("{}; and {n} more.", capitalised(first)),
            },
        };
        let failures = [not_acquired, not_reached].concat();
        Self { verdict, sentence, checks, ladders, failures }
    }

    /// Number of checks and ladders with a verdict, and of all.
    pub fn count(&self, verdict: Verdict) -> (usize, usize) {
        let all = self.checks.iter().map(|c| c.verdict).chain(self.ladders.iter().map(|l| l.verdict));
        (all.filter(|&v| v == verdict).count(), self.checks.len() + self.ladders.len())
    }
}

/// A step has waited in vain for UEs to come to a state, or has found nothing to do.
fn not_reached(model: &Model, run: &StepRun) -> Option<String> {
    let step = model.header.scenario.steps.get(run.index)?;
    let (_, reason) = run.end.as_ref()?;
    if reason == NOTHING {
        return Some(format!("step {}, {}: there was nothing", run.index + 1, step.action));
    }
    let StepAction::Ims(wait @ ImsStep::RunUntilIms { .. }) = &step.action else { return None };
    (reason == TIMEOUT).then(|| format!("step {}, {wait}: it has not come to that", run.index + 1))
}

fn check(model: &Model, index: usize, expectation: &Expectation) -> Vec<Check> {
    let selected = |m: &Measured| {
        m.ue.as_deref().is_none_or(|ue| expectation.ue.selects(ue))
            && m.session.as_deref().is_none_or(|session| expectation.session.selects(session))
    };
    let measured = measure(model, expectation.measure).into_iter().filter(selected);
    measured.map(|m| check_one(index, expectation, m)).collect()
}

fn check_one(index: usize, expectation: &Expectation, m: Measured) -> Check {
    let of: String = [&m.ue, &m.session].into_iter().flatten().map(|name| format!(".{name}")).collect();
    let whose: String = [("UE", &m.ue), ("session", &m.session)]
        .into_iter()
        .filter_map(|(kind, name)| name.as_ref().map(|n| format!(", {kind} {n}")))
        .collect();
    let (unit, limits) = (expectation.unit, (expectation.min, expectation.max));
    let (verdict, reason) = match &m.result {
        Ok(value) => match broken_limit(value, limits, unit) {
            None => (Verdict::Pass, None),
            Some(broken) => (Verdict::Fail, Some(broken)),
        },
        Err(NoValue::NoSamples(why)) => (Verdict::Inconclusive, Some((*why).to_owned())),
        Err(NoValue::DidNotHappen(why)) => (Verdict::Fail, Some(why.clone())),
    };
    Check {
        id: format!("{}.{}{of}", m.name, index + 1),
        position: index + 1,
        measure: m.name,
        limits,
        unit,
        value: m.result.ok(),
        verdict,
        reason: reason.map(|r| format!("{}{whose}: {r}", m.name)),
        ue: m.ue,
        session: m.session,
    }
}

fn broken_limit(value: &Value, (min, max): (Option<f64>, Option<f64>), unit: Unit) -> Option<String> {
    let counts = value.counts.map(|(n, d)| format!(" ({n} of {d})")).unwrap_or_default();
    let v = value.value;
    // A value that is not a number breaks any limit.
    if let Some(min) = min.filter(|min| v.is_nan() || v < *min) {
        return Some(format!("{v} {unit}{counts} is below the limit of {min} {unit}"));
    }
    let max = max.filter(|max| v.is_nan() || v > *max)?;
    Some(format!("{v} {unit}{counts} is above the limit of {max} {unit}"))
}

fn judge_ladder(index: usize, ladder: &Ladder) -> LadderVerdict {
    let header = &ladder.header;
    let whose = format!("{}, {}", header.procedure, header.whose());
    let (verdict, reason) = match (ladder.procedure(), ladder.first_unseen()) {
        (None, _) => (Verdict::Error, Some(format!("{whose}: this version of castbench does not know the procedure"))),
        (Some(_), None) => (Verdict::Pass, None),
        (Some(_), Some(step)) => {
            let what = format!("step {} ({}, {})", step.number, step.joint, step.expect);
            (Verdict::Fail, Some(format!("{whose}: {what} was not seen")))
        }
    };
    LadderVerdict { ladder: index, verdict, reason }
}

/// Names of measurements stay as scenarios write them.
fn capitalised(sentence: &str) -> String {
    if sentence.split(',').next().is_some_and(|word| word.contains('_')) {
        return sentence.to_owned();
    }
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, What};
    use crate::report::synthetic;
    use crate::scenario::Selector;

    fn expect(measure: MeasurementName, min: Option<f64>, max: Option<f64>) -> Expectation {
        Expectation { measure, ue: Selector::All, session: Selector::All, min, max, unit: measure.unit() }
    }

    #[test]
    fn worse_overwrites_better() {
        assert!(Verdict::Pass < Verdict::Inconclusive);
        assert!(Verdict::Inconclusive < Verdict::Fail);
        assert!(Verdict::Fail < Verdict::Error);
    }

    #[test]
    fn synthetic_run_passes_and_says_what_it_proves() {
        let model = synthetic::model();
        let judgement = Judgement::of(&model);
        assert_eq!(judgement.verdict, Verdict::Pass, "{}", judgement.sentence);
        assert_eq!(judgement.sentence, model.header.scenario.proves);
        let (passed, all) = judgement.count(Verdict::Pass);
        assert_eq!((passed, all), (all, judgement.checks.len() + judgement.ladders.len()));
    }

    #[test]
    fn a_broken_limit_fails_with_value_limit_and_counts() {
        let mut model = synthetic::model();
        model.header.scenario.expectations = vec![expect(MeasurementName::MchBler, None, Some(-1.0))];
        let judgement = Judgement::of(&model);
        assert_eq!(judgement.verdict, Verdict::Fail);
        let check = &judgement.checks[0];
        let (errors, trials) = check.value.unwrap().counts.unwrap();
        let reason = check.reason.as_ref().unwrap();
        assert!(reason.contains(&format!("({errors} of {trials}) is above the limit of -1 ratio")), "{reason}");
        assert!(check.id.starts_with("mch_bler.1."), "{}", check.id);
    }

    #[test]
    fn nothing_sampled_is_inconclusive_nothing_expected_too() {
        let mut header = synthetic::header();
        header.ladders.clear();
        let mut model = Model::new(header);
        model.apply(&Event { t_ns: 0, what: What::RunFinished }).unwrap();
        assert_eq!(Judgement::of(&model).verdict, Verdict::Inconclusive);
        model.header.scenario.expectations.clear();
        let judgement = Judgement::of(&model);
        assert_eq!((judgement.verdict, &*judgement.sentence), (Verdict::Inconclusive, "The scenario expects nothing."));
    }

    #[test]
    fn an_interrupted_run_is_an_error() {
        let mut model = synthetic::model();
        model.finished = false;
        assert_eq!(Judgement::of(&model).verdict, Verdict::Error);
    }

    #[test]
    fn an_unseen_step_fails_by_its_number() {
        for missing in ["1", "2", "3", "4", "5"] {
            let events = synthetic::events().into_iter();
            let events = events.filter(|e| !matches!(&e.what, What::LadderTick { step, .. } if step == missing));
            let model = Model::fold(events.map(Ok::<_, std::convert::Infallible>)).unwrap();
            let judgement = Judgement::of(&model);
            assert_eq!(judgement.verdict, Verdict::Fail);
            assert!(judgement.sentence.contains(&format!("step {missing} (")), "{}", judgement.sentence);
        }
    }

    #[test]
    fn not_delivered_is_a_fail_not_a_gap_in_the_data() {
        let mut model = synthetic::model();
        model.deliveries[0].objects_intact = 0;
        model.deliveries[0].outcome = crate::report::model::Outcome::Missing {
            at_ns: 0,
            received_octets: 1,
            reason: "symbols 3 and 4 never came".into(),
        };
        model.header.scenario.expectations = vec![expect(MeasurementName::DeliveryTime, None, Some(60.0))];
        let judgement = Judgement::of(&model);
        assert_eq!(judgement.verdict, Verdict::Fail);
        assert!(judgement.sentence.contains("not delivered: symbols 3 and 4 never came"), "{}", judgement.sentence);
    }
}
