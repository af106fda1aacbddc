//! Short messages with other settings than those of the shipped scenario: a correct run passes whatever boxes, orders of accesses
//! and states there are, ladders ask for what can be seen and no more, and a lost message is that of its UE.

use std::fmt::Write as _;

use serde_json::Value;

use crate::common::Ended;
use crate::ladder::{ladders, run};

/// A scenario in the making.
struct Story(String);

impl Story {
    /// Lines of `[ims]` and of `[sms]`, and UEs with what they have for short messages.
    fn of(ims: &str, sms: &str, ues: &[(&str, &str)]) -> Self {
        let mut text = format!(
            "name = \"settings\"\ntitle = \"settings\"\nproves = \"settings\"\nseed = 1\n[ims]\n{ims}\n[sms]\n\
             patience_ms = 5000\nretry_s = [600]\n{sms}\n"
        );
        for (name, sms) in ues {
            write!(text, "[[ue]]\nname = \"{name}\"\nims = {{}}\nsms = {{ {sms} }}\n").unwrap();
        }
        Self(text)
    }

    fn step(mut self, what: &str, more: &str) -> Self {
        write!(self.0, "[[step]]\ndo = \"{what}\"\n{more}\n").unwrap();
        self
    }

    fn with(self, what: &str, ue: &str) -> Self {
        self.step(what, &format!("ue = \"{ue}\""))
    }

    fn seconds(self, seconds: u32) -> Self {
        self.step("run", &format!("for_ms = {}", 1000 * seconds))
    }

    fn send(self, from: &str, to: &str, text: &str) -> Self {
        self.step("sms_send", &format!("from = \"{from}\"\nto = \"{to}\"\ntext = \"{text}\""))
    }

    fn serve(self, ue: &str, at: &str, becomes: &str) -> Self {
        self.step("sms_serve", &format!("ue = \"{ue}\"\nat = \"{at}\"\nbecomes = \"{becomes}\""))
    }

    fn fault(mut self, lines: &str) -> Self {
        write!(self.0, "[[fault]]\n{lines}\n").unwrap();
        self
    }

    fn expect(mut self, measure: &str, ue: &str, limit: &str) -> Self {
        let expect = format!("[[expect]]\nmeasure = \"{measure}\"\nue = \"{ue}\"\n{limit}\nunit = \"messages\"\n");
        self.0 += &expect;
        self
    }

    /// Nothing is lost.
    fn play(self) -> (Ended, Value) {
        let dir = tempfile::tempdir().unwrap();
        run(dir.path(), &self.expect("sms_lost", "all", "max = 0").0)
    }

    /// It passes with just these ladders of TR 23.804, each of a UE; their steps.
    fn assert_passes(self, expected: &[(&str, &str)]) -> Vec<Vec<String>> {
        let (ended, report) = self.play();
        ended.assert(0, "PASS");
        let is_sms = |ladder: &&Value| ladder["procedure"].as_str().unwrap().starts_with("TR 23.804");
        let all: Vec<&Value> = report["ladders"].as_array().unwrap().iter().filter(is_sms).collect();
        let of = |ladder: &Value, key: &str| ladder[key].as_str().unwrap().to_owned();
        let mut found: Vec<_> = all.iter().map(|own| format!("{} {}", of(own, "procedure"), of(own, "ue"))).collect();
        let mut wanted: Vec<_> = expected.iter().map(|(own, ue)| format!("TR 23.804 {own} {ue}")).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted);
        let steps = |procedure: &str, ue: &str| {
            let name = format!("TR 23.804 {procedure}");
            let ladder = ladders(&report, &name).find(|ladder| ladder["ue"] == ue).unwrap();
            assert_eq!(ladder["verdict"], "pass", "{ladder}");
            let steps = ladder["steps"].as_array().unwrap();
            steps.iter().map(|step| step["number"].as_str().unwrap().to_owned()).collect()
        };
        expected.iter().map(|(procedure, ue)| steps(procedure, ue)).collect()
    }
}

const PRESENCE: &str = "services = [\"presence\"]";
const R2: &str = "by = \"r2\"";

fn two(ims: &str, sms: &str) -> Story {
    Story::of(ims, sms, &[("anna", R2), ("ben", R2)]).with("sms_register", "all").seconds(3)
}

#[test]
fn without_a_presence_server_nobody_tells_it_anything() {
    let story = two("", "").send("anna", "ben", "hi").seconds(3).with("sms_deregister", "anna").seconds(3);
    let steps =
        story.assert_passes(&[("8.1", "anna"), ("8.1", "ben"), ("8.2.1", "anna"), ("8.3", "anna"), ("8.4", "ben")]);
    assert!(!steps[0].contains(&"4".to_owned()) && !steps[0].contains(&"4a".to_owned()), "{:?}", steps[0]);
    assert_eq!(steps[2], ["1", "2", "4", "5"]);
}

#[test]
fn an_sms_gmsc_that_does_not_know_of_ip_messaging_says_nothing_of_it() {
    for sms in ["ip_messaging = \"no\"", "ip_messaging = \"no\"\ngprs = \"no\""] {
        let story = two(PRESENCE, sms).send("anna", "ben", "hi").seconds(3);
        story.assert_passes(&[("8.1", "anna"), ("8.1", "ben"), ("8.3", "anna"), ("8.4", "ben")]);
    }
}

#[test]
fn what_goes_by_the_msc_is_no_message_over_ip() {
    let sms = "by = \"r2\", msc = \"delivers\", prefers = [\"msc\", \"ip\"], order = [\"msc\", \"ip\"]";
    let story = Story::of(PRESENCE, "", &[("anna", sms), ("ben", sms)]).with("sms_register", "all").seconds(3);
    let by_msc = story.send("anna", "ben", "hi").seconds(5);
    // The MSC loses both: from then on IP is what is left.
    let by_ip = by_msc.serve("all", "msc", "absent").seconds(1).send("anna", "ben", "hi there").seconds(10);
    by_ip.assert_passes(&[("8.1", "anna"), ("8.1", "ben"), ("8.3", "anna"), ("8.4", "ben")]);
}

/// ben has no place for a second message.
fn full(ben: &str) -> Story {
    let ben = format!("by = \"r2\", places = 1{ben}");
    let story = Story::of(PRESENCE, "", &[("anna", R2), ("ben", &ben)]).with("sms_register", "all").seconds(3);
    story.send("anna", "ben", "hi").seconds(5)
}

#[test]
fn a_message_is_not_delivered_by_those_who_serve_the_ue() {
    let rest = |story: Story, seconds| {
        let refused = story.send("anna", "ben", "hi again").seconds(seconds);
        refused.with("sms_free", "ben").seconds(60)
    };
    let ladders = [("8.5", "ben"), ("8.1", "anna"), ("8.1", "ben"), ("8.3", "anna"), ("8.4", "ben")];
    let nobody = rest(full(""), 15).assert_passes(&ladders).remove(0);
    assert_eq!(nobody, ["1", "2", "3", "3a", "4", "5", "5a", "5b", "5c", "6", "8", "8a", "9"]);
    let msc = rest(full(", msc = \"absent\""), 15).assert_passes(&ladders).remove(0);
    assert_eq!(msc, ["1", "2", "3", "3a", "4", "5", "5a", "5b", "5c", "6", "7b", "7c", "8", "8a", "9"]);
    // Nothing comes from an SGSN that says nothing.
    let silent = rest(full(", sgsn = \"silent\""), 200).assert_passes(&ladders).remove(0);
    assert_eq!(silent, ["1", "2", "3", "3a", "4", "5", "5a", "5b", "5c", "6", "7", "8", "8a", "9"]);
}

#[test]
fn what_the_msc_takes_after_all_is_delivered() {
    let story = full(", msc = \"absent\"").serve("ben", "msc", "delivers").seconds(1);
    let story = story.send("anna", "ben", "hi again").seconds(15);
    story.assert_passes(&[("8.1", "anna"), ("8.1", "ben"), ("8.3", "anna"), ("8.4", "ben")]);
    // Nothing waits for one that the MSC has while it is cut off.
    let cleo = "by = \"r2\", msc = \"delivers\"";
    let story = Story::of(PRESENCE, "", &[("anna", R2), ("cleo", cleo)]).with("sms_register", "all").seconds(3);
    let away = story.with("lose_bearer", "cleo").send("anna", "cleo", "hi").seconds(30);
    let back = away.with("restore_bearer", "cleo").with("sms_register", "cleo").seconds(5);
    back.assert_passes(&[("8.1", "anna"), ("8.1", "cleo"), ("8.3", "anna")]);
}

#[test]
fn messages_wait_for_one_that_was_never_there() {
    // An MSC that has him says that he is absent; else nobody has.
    let nobody: &[_] = &[("8.5, not registered", "ben")];
    for (ben, waits) in [("", nobody), (", msc = \"absent\"", &[])] {
        let ben = format!("by = \"r2\"{ben}");
        let story = Story::of(PRESENCE, "", &[("anna", R2), ("ben", &ben)]).with("sms_register", "anna").seconds(3);
        let story = story.send("anna", "ben", "hi").seconds(10).with("sms_register", "ben").seconds(10);
        story.assert_passes(&[&[("8.1", "anna"), ("8.1", "ben"), ("8.3", "anna")], waits, &[("8.6", "ben")]].concat());
    }
}

#[test]
fn of_two_ues_at_once_each_has_messages_of_its_own() {
    let fails = |fault: &str, reason: &str| {
        let story = two(PRESENCE, "").fault(fault).with("sms_deregister", "anna").seconds(3);
        let (ended, report) = story.play();
        assert_eq!(ended.code, 1, "{ended:#?}");
        let ladders = report["ladders"].as_array().unwrap();
        let failed: Vec<_> = ladders.iter().filter_map(|ladder| ladder["reason"].as_str()).collect();
        assert!(failed.len() == 1 && failed[0].contains(reason), "{failed:?}");
    };
    // Told again after its time alone, which is a minute.
    let second = "joint = \"sh\"\naction = \"drop\"\nmessage = { method = \"PNR\" }\nafter = 1\ncount = 1";
    fails(second, "TR 23.804 8.1, UE ben, step 1: step 4 ");
    let third = "joint = \"sh\"\naction = \"drop\"\nmessage = { method = \"PNR\" }\nafter = 2\ncount = 1";
    fails(third, "TR 23.804 8.2.1, UE anna, step 3: step 3 ");
}

#[test]
fn messages_in_parts_and_status_reports_come_by_the_msc() {
    let sms = "by = \"ims\", msc = \"delivers\"";
    let story = Story::of("", "", &[("anna", sms), ("ben", R2)]).with("sms_register", "ben").seconds(3);
    let long = "castbench ".repeat(40);
    let story = story.send("ben", "anna", &long).seconds(15);
    let story =
        story.step("sms_send", "from = \"anna\"\nto = \"ben\"\ntext = \"hi\"\nstatus_report = \"yes\"").seconds(15);
    let story = story.expect("sms_delivered", "anna", "min = 1\nmax = 1");
    let story = story.expect("sms_reports", "anna", "min = 1\nmax = 1");
    story.assert_passes(&[("8.1", "ben"), ("8.3", "ben"), ("8.4", "ben")]);
}

#[test]
fn a_fault_takes_the_operation_that_it_names() {
    let story = two("", "").fault("joint = \"r6\"\naction = \"drop\"\nmessage = { method = \"mt-ForwardSM\" }");
    let (ended, report) = story.send("anna", "ben", "hi").seconds(3).play();
    assert_eq!(ended.code, 1, "{ended:#?}");
    let reason = ladders(&report, "TR 23.804 8.4").next().unwrap()["reason"].as_str().unwrap();
    assert!(reason.contains(": step 4 "), "{reason}");
}

#[test]
fn a_state_that_nobody_comes_to_fails_the_run() {
    let wait = "ue = \"ben\"\nstate = \"sms_refused\"\ntimeout_ms = 2000";
    let (ended, report) = two("", "").step("run_until_ims", wait).play();
    ended.assert(1, "FAIL");
    let sentence = report["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("Step 3, ") && sentence.contains("it has not come to that"), "{sentence}");
}

#[test]
fn memory_again_is_told_by_the_msc_where_that_is_preferred() {
    let ben = "by = \"r2\", places = 1, msc = \"absent\", prefers = [\"msc\", \"ip\"]";
    let story = Story::of(PRESENCE, "", &[("anna", R2), ("ben", ben)]).with("sms_register", "all").seconds(3);
    let story = story.send("anna", "ben", "hi").seconds(5).send("anna", "ben", "hi again").seconds(15);
    // The MSC has the UE again, which says by it that there is room; the SM-SC would wait for ten minutes.
    let story = story.serve("ben", "msc", "silent").with("sms_free", "ben").seconds(60);
    story.assert_passes(&[("8.1", "anna"), ("8.1", "ben"), ("8.3", "anna"), ("8.4", "ben"), ("8.5", "ben")]);
}

#[test]
fn equal_messages_are_told_apart() {
    let story = two("", "").send("anna", "ben", "hi").send("anna", "ben", "hi").seconds(10);
    let story = story.expect("sms_delivered", "ben", "min = 2\nmax = 2").expect("sms_doubled", "ben", "max = 0");
    story.assert_passes(&[("8.1", "anna"), ("8.1", "ben"), ("8.3", "anna"), ("8.4", "ben")]);
}
