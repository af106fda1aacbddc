//! `junit.xml`: expectations and ladder steps as test cases with stable names; inconclusive ones are skipped.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::model::Model;
use crate::ladder::Ladder;
use crate::verdict::{Judgement, LadderVerdict, Verdict};

/// The text of `junit.xml`.
pub fn junit(model: &Model, judgement: &Judgement) -> String {
    let scenario = &model.header.scenario.name;
    let mut run = TestSuite::new(format!("{scenario}.run"));
    let complete = if model.finished { Verdict::Pass } else { Verdict::Error };
    run.add_test_case(case(scenario, "complete", complete, Some("the run did not come to its end")));

    for modem in &model.modems {
        let verdict = if modem.failed.is_some() { Verdict::Error } else { Verdict::Pass };
        run.add_test_case(case(scenario, &format!("modem {}", modem.ue), verdict, modem.failed.as_deref()));
    }

    let mut expectations = TestSuite::new(format!("{scenario}.expectations"));
    let checks = judgement.checks.iter();
    expectations.add_test_cases(checks.map(|c| case(scenario, &c.id, c.verdict, c.reason.as_deref())));

    let mut report = Report::new(scenario.as_str());
    report.add_test_suites([run, expectations]);
    report.add_test_suites(model.ladders.iter().zip(&judgement.ladders).map(|(l, v)| ladder_suite(scenario, l, v)));
    report.to_string().expect("a string takes everything that is written to it")
}

fn ladder_suite(scenario: &str, ladder: &Ladder, verdict: &LadderVerdict) -> TestSuite {
    let header = &ladder.header;
    let of = header.ims.as_ref().map_or_else(|| header.session.clone(), |cast| format!("step{}", cast.step + 1));
    // A bearer is nobody's in particular.
    let whose = if header.ue.is_empty() { of } else { format!("{}.{of}", header.ue) };
    let name = format!("{scenario}.ladder.{}.{whose}", header.procedure.replace([' ', ','], "_"));
    let mut suite = TestSuite::new(name.clone());
    let steps = ladder.steps();
    if steps.is_empty() {
        suite.add_test_case(case(&name, "procedure", verdict.verdict, verdict.reason.as_deref()));
    }
    suite.add_test_cases(steps.iter().map(|step| {
        let verdict = if step.tick.is_some() { Verdict::Pass } else { Verdict::Fail };
        let reason = format!("step {} ({}, {}) was not seen", step.row.number, step.row.joint, step.row.expect);
        case(&name, &format!("step {}", step.row.number), verdict, Some(&reason))
    }));
    suite
}

fn case(class: &str, name: &str, verdict: Verdict, reason: Option<&str>) -> TestCase {
    let mut status = match verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Inconclusive => TestCaseStatus::skipped(),
        Verdict::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if let Some(reason) = reason.filter(|_| verdict != Verdict::Pass) {
        status.set_message(reason);
    }
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;

    #[test]
    fn verdicts_become_states_of_test_cases() {
        let mut model = synthetic::model();
        let count = |text: &str, what: &str| text.matches(what).count();
        let pass = junit(&model, &Judgement::of(&model));
        assert_eq!((count(&pass, "<failure"), count(&pass, "<error"), count(&pass, "<skipped")), (0, 0, 0));
        let steps: usize = model.ladders.iter().map(|l| l.steps().len()).sum();
        let cases = 1 + Judgement::of(&model).checks.len() + steps;
        assert_eq!(count(&pass, "<testcase "), cases);

        model = Model::new(synthetic::header());
        let nothing = junit(&model, &Judgement::of(&model));
        assert_eq!((count(&nothing, "<failure"), count(&nothing, "<error")), (steps, 1));
        assert_eq!(count(&nothing, "<skipped"), Judgement::of(&model).checks.len());
        assert!(nothing.contains("step 3 (MCH, MSI that schedules the MTCH of the session) was not seen"));
    }
}
