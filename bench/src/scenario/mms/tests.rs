use std::path::Path;

use crate::scenario::{Overrides, Scenario};

/// What is said of the scenario of all procedures when this is written instead.
fn said(right: &str, wrong: &str) -> String {
    let file = fixtures::scenario("mms/over_ip.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(right), "{right}");
    let loaded = Scenario::parse(Path::new(&file), &text.replacen(right, wrong, 1), &Overrides::default());
    loaded.expect_err(wrong).to_string()
}

#[test]
fn nothing_of_multimedia_messages_is_ignored() {
    let picture = "picture = \"../../content/castbench.jpg\"";
    for (right, wrong, expected) in [
        ("[mms]", "[[third]]", "third"),
        ("[mms]", "[mms]\nlargest = 5", "largest"),
        ("[mms]", "[mms]\nims_largest = 8192", "too many for the IMS"),
        ("[sms]", "", "[mms] without a table [sms]"),
        ("[mms]", "[mms]\nmedia_types = [\"picture\"]", "is no media type"),
        ("mms = { by = \"ims\"", "mms = { by = \"wap\"", "wap"),
        ("push = \"sms\"", "push = \"mail\"", "mail"),
        ("relay = \"far\"", "relay = \"near\"", "near"),
        ("retrieval = \"deferred\"", "retrieval = \"never\"", "never"),
        ("sms = { by = \"ims\" }", "", "of a UE without `sms`"),
        (picture, "picture = \"../../content/castbench.png\"", "No such file"),
        (picture, "picture = \"../../content/speech.wav\"", "audio/vnd.wave by its name"),
        (picture, "sound = \"../../content/castbench.jpg\"", "image/jpeg by its name"),
        ("do = \"mms_send\"", "do = \"mms_sent\"", "mms_sent"),
        ("do = \"mms_retrieve\"\nue = \"", "do = \"mms_retrieve\"\nue = \"no", "no UE is named"),
        ("do = \"mms_read\"", "do = \"mms_read\"\nto = \"anna\"", "unknown key `to`"),
        (
            "[[expect]]",
            "[[fault]]\njoint = \"mm4\"\naction = \"drop\"\nmessage = { method = \"MM4_x.REQ\" }\n\n[[expect]]",
            "no message of MM4 is named \"MM4_x.REQ\"; allowed values: MM4_forward.REQ, ",
        ),
        (
            "[[expect]]",
            "[[fault]]\njoint = \"mm1\"\naction = \"wrong_status\"\nmessage = { status = 200, status_instead = 500 }\n\n[[expect]]",
            "MM1 has no status of SIP",
        ),
        ("state = \"mms_taken\"", "state = \"mms_gone\"", "mms_gone"),
    ] {
        let error = said(right, wrong);
        assert!(error.contains(expected), "{wrong}: {error}");
    }
}
