//! Every step's message is needed on the network too: without it, and without whatever comes in its place, the run fails
//! and the ladder names the step.

use crate::run::Run;

const CALL: &str = include_str!("scenarios/call.toml");

#[test]
fn every_step_of_a_registration_is_needed() {
    let procedures = ["5.1.1.2", "5.1.1.3", "5.1.1.4", "5.1.1.6", "5.4.1.7"].map(in_24229);
    each_step_is_needed(include_str!("scenarios/registration.toml"), &procedures);
}

#[test]
fn every_step_of_a_registration_that_nothing_protects_is_needed() {
    let procedures = ["5.1.1.4, challenged", "5.1.1.6, challenged"].map(in_24229);
    each_step_is_needed(include_str!("scenarios/registration_unprotected.toml"), &procedures);
}

#[test]
fn every_step_of_a_refresh_over_tls_is_needed() {
    let text = include_str!("scenarios/registration.toml").replace("\"sec_agree\"", "\"tls\"");
    each_step_is_needed(&text, &["5.1.1.4", "5.1.1.6"].map(in_24229));
}

#[test]
fn every_step_of_a_deregistration_by_the_network_is_needed() {
    each_step_is_needed(include_str!("scenarios/network_deregistration.toml"), &[in_24229("5.4.1.5")]);
}

#[test]
fn every_step_of_a_message_and_a_call_is_needed() {
    each_step_is_needed(CALL, &["RFC 3428 4".to_owned(), in_24229("5.1.3")]);
}

#[test]
fn every_step_of_hold_resume_and_release_is_needed() {
    let own = ["RFC 3264 8.4", "RFC 3264 8.4, resumed", "TS 24.229 5.1.5"].map(str::to_owned);
    each_step_is_needed(CALL, &own);
}

#[test]
fn every_step_of_a_call_that_is_given_up_is_needed() {
    each_step_is_needed(include_str!("scenarios/cancelled.toml"), &["RFC 3261 9".to_owned()]);
}

#[test]
fn every_step_of_a_call_that_is_refused_is_needed() {
    each_step_is_needed(include_str!("scenarios/refused.toml"), &[in_24229("5.1.4")]);
}

#[test]
fn every_step_of_a_call_without_an_answer_is_needed() {
    each_step_is_needed(include_str!("scenarios/unanswered.toml"), &["RFC 3261 16.8".to_owned()]);
}

#[test]
fn every_step_of_what_is_for_a_user_who_has_left_is_needed() {
    let own = ["RFC 3428 4, not registered", "TS 24.229 5.1.3, not registered"].map(str::to_owned);
    each_step_is_needed(include_str!("scenarios/not_registered.toml"), &own);
}

#[test]
fn every_step_of_a_call_that_two_devices_answer_is_needed() {
    each_step_is_needed(include_str!("scenarios/forked.toml"), &["RFC 3261 13.2.2.4".to_owned()]);
}

#[test]
fn every_step_of_a_release_after_the_loss_of_the_bearer_is_needed() {
    each_step_is_needed(include_str!("scenarios/bearer_lost.toml"), &[in_24229("5.2.8.1.2")]);
}

fn in_24229(clause: &str) -> String {
    format!("TS 24.229 {clause}")
}

/// Runs a scenario once for each step of these procedures, without the message of the step and what comes in its place
/// again: the run fails and the ladder names the step. Undisturbed, tshark finds every tick again.
pub(crate) fn each_step_is_needed(scenario: &str, procedures: &[String]) {
    let whole = Run::of_text(scenario, "nothing lost");
    whole.assert_passes();
    let is_own = |procedure: &str| procedures.iter().any(|own| own == procedure);
    whole.assert_tshark_agrees(whole.ladders().iter().filter(|l| is_own(l["procedure"].as_str().unwrap())));
    for procedure in procedures {
        let ladder = whole.ladders().iter().find(|l| l["procedure"] == **procedure).expect("a ladder of the procedure");
        for step in ladder["steps"].as_array().unwrap() {
            let (number, joint) = (step["number"].as_str().unwrap(), step["joint"].as_str().unwrap().to_lowercase());
            let joint = joint.replace('-', "");
            let fault = format!(
                "[[fault]]\njoint = \"{joint}\"\naction = \"drop\"\nmessage = {{ procedure = \"{procedure}\", step = \"{number}\" }}\n"
            );
            let name = format!("{procedure} without step {number}");
            let run = Run::of_text(&format!("{scenario}{fault}"), &name);
            let lost = run.ladders().iter().find(|l| l["procedure"] == **procedure).unwrap();
            let reason = lost["reason"].as_str().unwrap_or_default();
            assert_eq!(run.code, 1, "{name}: {}", run.said);
            assert!(reason.contains(&format!(": step {number} (")), "{name}: {reason}");
        }
    }
}
