//! What becomes of a user who migrates where it does not go well (TS 23.280 clause 10.1.6.2), and of what is for her at home.

use std::fs;
use std::path::Path;

use super::{SOON, calls, facts, goes, has, hears, ladder, passes, reaches, run, told, tshark, unfollowed, until};

/// Who is refused by the partner system is at home again, and the home registration was given up before by herself alone.
fn refused(binding: &str) {
    // At first she is at home still.
    let text = until("mc_group_call", &(goes() + WAIT + &reaches("at_home") + MESSAGE + SOON));
    let text = text.replace("to = \"partner\"", &format!("to = \"partner\", binding = \"{binding}\""));
    let dir = tempfile::tempdir().unwrap();
    let told = passes(dir.path(), &text);
    assert!(has(&told, "registering failed (403)"), "{told:#?}");
    assert!(comes(dir.path()), "a message at home");
    let capture = dir.path().join("out/capture.pcapng");
    let across = "frame.interface_name == \"Migration\" && diameter.cmd.code == 303";
    let Some(asked) = tshark::packets(&capture, across) else { return };
    assert_eq!(asked, [0u64; 0], "home is not asked");
}

/// A message for her has come to her: the ladder of it says so.
fn comes(dir: &Path) -> bool {
    let report = serde_json::from_str(&fs::read_to_string(dir.join("out/report.json")).unwrap()).unwrap();
    ladder::ladders(&report, "RFC 3428 4").next().is_some_and(|own| own["verdict"] == "pass")
}

const WAIT: &str = "\n[[step]]\ndo = \"run\"\nfor_ms = 20000\n";

#[test]
fn a_user_whom_the_partner_does_not_know_is_refused() {
    refused("unknown");
}

#[test]
fn a_user_who_may_not_come_is_refused() {
    refused("barred");
}

#[test]
fn a_primary_system_that_is_out_of_reach_is_no_answer() {
    let fault = "\n[[fault]]\njoint = \"migration\"\naction = \"drop\"\nmessage = { method = \"MAR\", to = \"Diameter relay\" }\n";
    let text = until("mc_group_call", &(goes() + WAIT + WAIT + &reaches("at_home"))) + fault;
    let dir = tempfile::tempdir().unwrap();
    let told = passes(dir.path(), &text);
    assert!(has(&told, "registering failed (500)"), "{told:#?}");
}

/// Faults on what comes back from the primary system: she is told that nobody has answered, is at home again, and what comes late
/// is nobody's.
fn too_late(fault: &str) {
    let text = until("mc_group_call", &(goes() + WAIT + WAIT + &reaches("at_home") + &reaches("affiliated"))) + fault;
    let dir = tempfile::tempdir().unwrap();
    let told = passes(dir.path(), &text);
    assert!(has(&told, "registering failed (500)"), "{told:#?}");
    assert!(!has(&told, "\"served by partner system"), "{told:#?}");
    // The vector comes, and goes no further: not to the S-CSCF, nor to her.
    let capture = dir.path().join("out/capture.pcapng");
    let vectors = "diameter.cmd.code == 303 && diameter.flags.request == 0 && diameter.avp.code == 609";
    let to_her = format!("{vectors} && ip.addr == 10.62.0.0/16 && frame contains \"anna-visitor\"");
    let Some(there) = tshark::packets(&capture, &to_her) else { return };
    assert_eq!(there, [0u64; 0]);
    assert!(
        !tshark::packets(&capture, &format!("{vectors} && frame contains \"001010000000001\"")).unwrap().is_empty()
    );
    let challenges =
        "frame.interface_name == \"Gm\" && sip.Status-Code == 401 && ip.src == 10.62.0.1 && ip.dst == 10.45.0.1";
    assert_eq!(tshark::packets(&capture, challenges).unwrap(), [0u64; 0]);
}

#[test]
fn a_primary_system_that_is_slower_than_the_partner_waits_is_no_answer() {
    too_late(
        "\n[[fault]]\njoint = \"migration\"\naction = \"delay\"\n\
         message = { method = \"MAA\", from = \"migration server\", to = \"Diameter relay\", delay_ms = 7000 }\n",
    );
}

#[test]
fn a_database_that_is_slower_than_the_primary_waits_is_no_answer() {
    too_late(
        "\n[[fault]]\njoint = \"cx\"\naction = \"delay\"\n\
         message = { method = \"MAA\", from = \"HSS\", to = \"Diameter relay\", delay_ms = 4500 }\n",
    );
}

#[test]
fn a_wrong_response_is_refused_by_the_partner_and_no_affair_of_the_primary() {
    let fault = "\n[[fault]]\njoint = \"gm\"\naction = \"wrong_response\"\n\
                 message = { method = \"REGISTER\", from = \"anna\", to = \"partner.P-CSCF\" }\n";
    let text = until("mc_group_call", &(goes() + WAIT + &reaches("at_home") + &reaches("affiliated"))) + fault;
    let dir = tempfile::tempdir().unwrap();
    let told = passes(dir.path(), &text);
    assert!(has(&told, "registering failed (403)"), "{told:#?}");
    // Nothing but MAR and MAA is between the systems.
    let of_cx = "frame.interface_name == \"Migration\" && diameter.applicationId == 16777216";
    let capture = dir.path().join("out/capture.pcapng");
    let Some(other) = tshark::packets(&capture, &format!("{of_cx} && diameter.cmd.code != 303")) else { return };
    assert_eq!(other, [0u64; 0]);
}

#[test]
fn a_usim_that_is_ahead_is_resynchronised_across_the_systems() {
    // She has no time to tell home, whose challenge would come first.
    let ahead = "\n[[step]]\ndo = \"usim_ahead\"\nue = \"anna\"\n";
    let steps = ahead.to_owned() + &hears("\"partner\"") + &reaches("migrated");
    let steps = steps + &hears("\"primary\"") + &reaches("at_home");
    let dir = tempfile::tempdir().unwrap();
    let told = passes(dir.path(), &until("mc_group_call", &steps));
    assert!(has(&told, "served by partner system partner"), "{told:#?}");
    // No ladder follows her, and yet what all hops call her is told: two requests from her S-CSCF to the database at home and back.
    assert_eq!(facts(dir.path(), "identity_hop").len(), 2 * 2 * 6);
    let capture = dir.path().join("out/capture.pcapng");
    // Two requests over four hops, the second with RAND and AUTS (TS 29.228 clause 6.3.1: SIP-Authorization).
    let asked = "frame.interface_name == \"Migration\" && diameter.cmd.code == 303 && diameter.flags.request == 1";
    let Some(all) = tshark::packets(&capture, asked) else { return };
    assert_eq!(all.len(), 8);
    assert_eq!(tshark::packets(&capture, &format!("{asked} && diameter.avp.code == 610")).unwrap().len(), 4);
    // At home they know it then.
    let auts = "frame.interface_name == \"Gm\" && sip.Method == \"REGISTER\" && frame contains \"auts=\"";
    assert_eq!(tshark::packets(&capture, auts).unwrap().len(), 1);
}

#[test]
fn both_systems_have_her_when_home_cannot_be_told_and_the_one_that_is_heard_serves() {
    let steps = hears("\"partner\"") + &reaches("migrated") + MESSAGE + WAIT + WAIT;
    let steps = steps + &hears("\"primary\"") + &reaches("at_home") + &reaches("affiliated");
    let dir = tempfile::tempdir().unwrap();
    let text = unfollowed(&until("mc_group_call", &steps));
    // The one thing that fails: what is written to her at home does not come to her.
    run(dir.path(), &text).0.assert(1, "step 8 (Gm, MESSAGE) was not seen. ");
    let told = told(dir.path());
    let known = "left the primary system, which does not know";
    for words in [known, "served by partner system", "served by the primary system"] {
        assert!(has(&told, words), "{words}: {told:#?}");
    }
    // The network at home has her contact still and tries it; who writes hears nothing in the time of a transaction.
    let answered = facts(dir.path(), "message_answered");
    assert!(answered.len() == 1 && has(&answered, "no answer within 64*T1"), "{answered:#?}");
}

const MESSAGE: &str = "\n[[step]]\ndo = \"ims_message\"\nfrom = \"hugo\"\nto = \"anna\"\ntext = \"Where are you?\"\n";

#[test]
fn she_leaves_a_call_at_home_and_enters_the_one_that_goes_on_there() {
    let steps = calls("hugo", "fire") + &reaches("established") + &calls("otto", "joint");
    let steps = steps + &goes() + &reaches("migrated") + &reaches("established");
    let dir = tempfile::tempdir().unwrap();
    let told = passes(dir.path(), &until("mc_group_call", &steps));
    let place = |words: &str| told.iter().position(|own| own.contains(words));
    let order = ["left the primary system", "served by partner system", "in the call of sip:joint@"].map(place);
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{told:#?}");
    assert!(!has(&told, "which does not know"), "{told:#?}");
    assert!(has(&facts(dir.path(), "ended"), "anna"));
    // The call, the affiliation and the registration at home are given up, in that order.
    let home = |words: &str| {
        let filter = format!("{words} && ip.src == 10.45.0.1 && ip.dst == 10.46.0.1");
        tshark::packets(&dir.path().join("out/capture.pcapng"), &filter)
    };
    let Some(left) = home("sip.Method == \"BYE\"") else { return };
    let affiliation = home("sip.Method == \"PUBLISH\" && sip.Event == \"presence\" && sip.Expires == 0").unwrap();
    let removed = home("sip.Method == \"REGISTER\" && sip.Expires == 0").unwrap();
    assert!(left[0] < affiliation[0] && affiliation[0] < removed[0], "{left:?} {affiliation:?} {removed:?}");
}

#[test]
fn while_she_is_away_what_is_for_her_at_home_is_refused_at_once() {
    let call = "\n[[step]]\ndo = \"ims_call\"\nfrom = \"hugo\"\nto = \"anna\"\n";
    let steps = goes() + &reaches("migrated") + MESSAGE + SOON + call + SOON + &calls("hugo", "fire") + SOON;
    let dir = tempfile::tempdir().unwrap();
    let text = unfollowed(&until("mc_group_call", &steps));
    let (ended, report) = run(dir.path(), &text);
    ended.assert(0, "PASS");
    for procedure in ["RFC 3428 4, not registered", "TS 24.229 5.1.3, not registered"] {
        assert_eq!(ladder::ladders(&report, procedure).next().unwrap()["verdict"], "pass", "{procedure}");
    }
    // Nor is she invited into the call of her group at home.
    let capture = dir.path().join("out/capture.pcapng");
    let Some(invited) = tshark::packets(&capture, "sip.Method == \"INVITE\" && ip.dst == 10.45.0.1") else { return };
    assert_eq!(invited, [0u64; 0]);
}
