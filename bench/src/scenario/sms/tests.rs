use std::path::Path;

use crate::scenario::{Overrides, Scenario};

/// What is said of the scenario of all procedures when this is written instead.
fn said(right: &str, wrong: &str) -> String {
    let file = fixtures::scenario("sms/over_ip.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(right), "{right}");
    let loaded = Scenario::parse(Path::new(&file), &text.replacen(right, wrong, 1), &Overrides::default());
    loaded.expect_err(wrong).to_string()
}

#[test]
fn nothing_of_short_messages_is_ignored() {
    for (right, wrong, expected) in [
        ("[sms]", "[[third]]", "third"),
        ("[ims]", "[ims]\nnetwork = \"sip\"", "needs an IMS"),
        ("services = [\"presence\", \"charging\"]\n\n[sms]", "[sms]\nonline = \"yes\"", "online without"),
        ("by = \"r2\"", "by = \"r3\"", "r3"),
        ("do = \"sms_register\"\nue = \"", "do = \"sms_register\"\nue = \"no", "no UE is named"),
        ("joint = \"r2\"", "joint = \"r6\"", "no message of R6 is named \"REGISTER\"; allowed values: "),
        ("joint = \"r2\"", "joint = \"smpp\"", ", deliver_sm_resp, "),
        ("joint = \"r2\"", "joint = \"sh\"", "no message of Sh is named"),
        ("by = \"r2\" }", "by = \"r2\", order = [\"msc\", \"ip\"] }", "no `msc` of this UE"),
        ("by = \"r2\" }", "by = \"r2\", prefers = [\"sgsn\"] }", "no `sgsn` of this UE"),
        ("name = \"ben\"\nims = {}", "name = \"ben\"\nims = { same_user_as = \"anna\" }", "sms of a second device"),
        (
            "do = \"sms_register\"\nue = \"anna\"",
            "do = \"sms_register\"\nue = \"emil\"",
            "registers with the IMS alone",
        ),
        (
            "do = \"sms_free\"\nue = \"ben\"",
            "do = \"sms_serve\"\nue = \"anna\"\nat = \"msc\"\nbecomes = \"absent\"",
            "no `msc` of UE anna",
        ),
        ("data = \"00ff807f1b0a0d\"", "data = \"00ff\"\ntext = \"x\"", "text and data"),
        ("text = \"By the MSC\"", "", "text and data"),
        ("sms = { by = \"ims\", msc = \"delivers\" }", "", "UE gus has no `sms`"),
        (
            "ue = \"emil\"\nstate = \"sms_taken\"",
            "ue = \"emil\"\nstate = \"sms_unregistered\"",
            "no registration of its own",
        ),
        (
            "ue = \"emil\"\nstate = \"sms_taken\"",
            "ue = \"all\"\nstate = \"sms_registered\"",
            "UE emil has no registration",
        ),
    ] {
        let error = said(right, wrong);
        assert!(error.contains(expected), "{wrong}: {error}");
    }
}
