//! Multimedia messages with other settings than those of the shipped scenario: a correct run passes whatever the UEs have, and
//! ladders ask for what can be seen and no more.

use std::fmt::Write as _;

use serde_json::Value;

use crate::common::Ended;
use crate::ladder::run;

/// A scenario in the making: anna is a subscriber of the network, ben of the other one.
struct Story(String);

impl Story {
    /// UEs with what they have for messages.
    fn of(ues: &[(&str, &str)]) -> Self {
        let mut text =
            "name = \"settings\"\ntitle = \"settings\"\nproves = \"settings\"\nseed = 1\n[ims]\n[sms]\n[mms]\n"
                .to_owned();
        for (name, own) in ues {
            write!(text, "[[ue]]\nname = \"{name}\"\nims = {{}}\n{own}\n").unwrap();
        }
        Self(text)
            .step("ims_register", "")
            .step("run_until_ims", "state = \"registered\"\ntimeout_ms = 20000")
            .seconds(2)
    }

    fn two(anna: &str, ben: &str) -> Self {
        Self::of(&[("anna", anna), ("ben", ben)])
    }

    fn step(mut self, what: &str, more: &str) -> Self {
        write!(self.0, "[[step]]\ndo = \"{what}\"\n{more}\n").unwrap();
        self
    }

    fn seconds(self, seconds: u32) -> Self {
        self.step("run", &format!("for_ms = {}", 1000 * seconds))
    }

    /// A message of anna to ben, who is to tell of it.
    fn send(self) -> Self {
        self.send_with("delivery_report = \"yes\"")
    }

    fn send_with(self, more: &str) -> Self {
        let picture = fixtures::content("castbench.jpg");
        let more = format!(
            "from = \"anna\"\nto = \"ben\"\ntext = \"hi\"\npicture = \"{}\"\n{more}",
            picture.to_str().unwrap()
        );
        self.step("mms_send", &more)
    }

    fn fault(mut self, lines: &str) -> Self {
        write!(self.0, "[[fault]]\n{lines}\n").unwrap();
        self
    }

    fn play(mut self) -> (Ended, Value) {
        for measure in ["mms_lost", "mms_damaged", "mms_doubled", "mms_refused"] {
            let expect = format!("[[expect]]\nmeasure = \"{measure}\"\nue = \"all\"\nmax = 0\nunit = \"messages\"\n");
            self.0 += &expect;
        }
        let dir = tempfile::tempdir().unwrap();
        run(dir.path(), &self.0)
    }

    /// It passes with just these ladders of clause 8.11, each with its steps.
    fn assert_passes(self, expected: &[(&str, &str, &str)]) -> Value {
        let (ended, report) = self.play();
        ended.assert(0, "PASS");
        let ladders = report["ladders"].as_array().unwrap().iter();
        let of = |ladder: &Value, key: &str| ladder[key].as_str().unwrap().to_owned();
        let found: Vec<_> = ladders
            .filter(|ladder| of(ladder, "procedure").starts_with("TR 23.804 8.11"))
            .map(|ladder| {
                let steps: Vec<_> = ladder["steps"].as_array().unwrap().iter().map(|step| of(step, "number")).collect();
                (of(ladder, "procedure"), of(ladder, "ue"), steps.join(" "))
            })
            .collect();
        let wanted: Vec<_> = expected
            .iter()
            .map(|(procedure, ue, steps)| (format!("TR 23.804 {procedure}"), (*ue).to_owned(), (*steps).to_owned()))
            .collect();
        assert_eq!(found, wanted);
        report["multimedia_messages"].clone()
    }
}

const IMS: &str = "8.11.1";
const IMS_TO: &str = "8.11.2";
const HTTP: &str = "8.11.3.2";
const HTTP_TO: &str = "8.11.3.3";
const TO_IMS_BY_SIP: &str = "1 2 10 11 12 13 13a 14 14a 14b 15 16";

#[test]
fn by_http_with_short_messages() {
    for sms in ["by = \"ims\"", "by = \"ims\", msc = \"delivers\", order = [\"msc\"]"] {
        let own = format!("sms = {{ {sms} }}\nmms = {{ push = \"sms\" }}");
        let far = format!("sms = {{ {sms} }}\nmms = {{ push = \"sms\", relay = \"far\" }}");
        let story = Story::two(&own, &far).send().seconds(10);
        story.assert_passes(&[(HTTP, "anna", "1 2 3 4 9"), (HTTP_TO, "ben", "1 7 8 9")]);
    }
    let own = "sms = { by = \"r2\" }\nmms = { push = \"sms\" }";
    let far = "sms = { by = \"r2\" }\nmms = { push = \"sms\", relay = \"far\" }";
    let story = Story::two(own, far).step("sms_register", "").seconds(3).send().seconds(10);
    story.assert_passes(&[(HTTP, "anna", "1 2 3 4 9"), (HTTP_TO, "ben", "1 7 8 9")]);
}

#[test]
fn by_the_ims_without_short_messages() {
    let story = Story::two("mms = { by = \"ims\" }", "mms = { by = \"ims\", relay = \"far\" }").send().seconds(10);
    story.assert_passes(&[(IMS, "anna", "1 2 3 4 4a 5 6 7"), (IMS_TO, "ben", TO_IMS_BY_SIP)]);
}

#[test]
fn reports_that_nobody_wants_or_may_have() {
    let story = Story::two("mms = {}", "mms = { by = \"ims\", relay = \"far\" }").send_with("").seconds(10);
    story.assert_passes(&[(HTTP, "anna", "1 2 3"), (IMS_TO, "ben", TO_IMS_BY_SIP)]);
    let story = Story::two("mms = {}", "mms = { relay = \"far\", report_allowed = \"no\" }").send().seconds(10);
    let messages = story.assert_passes(&[(HTTP, "anna", "1 2 3"), (HTTP_TO, "ben", "1 2 3 4 5 7 8")]);
    assert_eq!((&messages[0]["is_whole"], &messages[0]["status"]), (&Value::Bool(true), &Value::Null));
}

#[test]
fn within_one_network_there_is_no_mm4() {
    let messages = Story::two("mms = {}", "mms = {}").send().seconds(10).assert_passes(&[]);
    assert_eq!((messages[0]["is_whole"].as_bool(), messages[0]["status"].as_str()), (Some(true), Some("Retrieved")));
}

#[test]
fn what_is_not_wanted_is_reported_and_has_no_ladder() {
    let story = Story::two("mms = {}", "mms = { relay = \"far\", retrieval = \"rejected\" }").send().seconds(10);
    let messages = story.assert_passes(&[(HTTP, "anna", "1 2 3")]);
    assert_eq!(
        (messages[0]["response"].as_str(), messages[0]["status"].as_str()),
        (Some("Rejected"), Some("Rejected"))
    );
}

#[test]
fn messages_wait_for_one_that_is_not_there() {
    let story =
        Story::two("mms = {}", "mms = { relay = \"far\" }").step("lose_bearer", "ue = \"ben\"").send().seconds(60);
    let story = story.step("restore_bearer", "ue = \"ben\"").step("ims_register", "ue = \"ben\"").seconds(900);
    let messages = story.assert_passes(&[(HTTP, "anna", "1 2 3")]);
    assert_eq!((messages[0]["is_whole"].as_bool(), messages[0]["status"].as_str()), (Some(true), Some("Retrieved")));
}

#[test]
fn a_mail_that_is_lost_comes_again() {
    let fault = "joint = \"mm4\"\naction = \"drop\"\ncount = 1\nmessage = { method = \"MM4_forward.REQ\" }";
    let story = Story::two("mms = {}", "mms = { relay = \"far\" }").fault(fault).send().seconds(1200);
    let steps = [(HTTP, "anna", "1 2 3 4 5 6 7 8 9"), (HTTP_TO, "ben", "1 2 3 4 5 7 8 9")];
    let messages = story.assert_passes(&steps);
    assert!(messages[0]["after_s"].as_f64().unwrap() > 60.0, "{messages}");
}

#[test]
fn what_is_refused_is_not_awaited() {
    let mut story = Story::two("mms = {}", "mms = { relay = \"far\" }").send_with("").seconds(5);
    story.0 = story.0.replace("[mms]\n", "[mms]\nmedia_types = [\"text/*\", \"application/*\"]\n");
    let story = story.step("mms_send", "from = \"anna\"\nto = \"ben\"\ntext = \"without a picture\"").seconds(5);
    let (ended, report) = story.play();
    assert_eq!(ended.code, 1, "{ended:#?}");
    let failed = report["expectations"].as_array().unwrap().iter().filter(|own| own["verdict"] == "fail");
    let failed: Vec<_> = failed.map(|own| own["id"].as_str().unwrap().to_owned()).collect();
    assert!(failed.len() == 1 && failed[0].starts_with("mms_refused"), "{failed:?}");
    let messages = &report["multimedia_messages"];
    assert!(messages[0]["refused"].is_string() && messages[1]["is_whole"] == true, "{messages}");
}

#[test]
fn the_first_that_is_done_with_a_message_counts() {
    let story = Story::two("mms = {}", "mms = { relay = \"far\", retrieval = \"deferred\" }").send().seconds(5);
    let story = story.step("mms_reject", "ue = \"ben\"").seconds(5).send().seconds(5);
    let story = story.step("mms_retrieve", "ue = \"ben\"").seconds(5);
    story.assert_passes(&[(HTTP, "anna", "1 2 3"), (HTTP_TO, "ben", "1 2 3 4 5 6 7 8 9")]);
}

#[test]
fn a_step_that_finds_nothing_fails() {
    let story = Story::two("mms = {}", "mms = { relay = \"far\" }").step("mms_retrieve", "ue = \"ben\"");
    let (ended, report) = story.play();
    assert_eq!(ended.code, 1, "{ended:#?}");
    let sentence = report["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("Step 4, ") && sentence.contains("there was nothing"), "{sentence}");
}

#[test]
fn a_push_of_another_message_ticks_nothing() {
    let own = "sms = { by = \"ims\" }\nmms = { by = \"ims\", push = \"sms\" }";
    let far =
        "sms = { by = \"ims\" }\nmms = { by = \"ims\", push = \"sms\", relay = \"far\", retrieval = \"deferred\" }";
    let back = "from = \"ben\"\nto = \"anna\"\ntext = \"hi yourself\"";
    let story = Story::two(own, far).send().seconds(5).step("mms_send", back).seconds(5);
    let story = story.step("mms_retrieve", "ue = \"ben\"").seconds(10);
    let terminated = "1 2 3 4 5 6 7 8 9 10 11 12 13 13a 14 14a 14b 15 16";
    let ladders = [
        (IMS, "anna", "1 2 3 4 4a 5 6 7 8 9 10 11 12 13 14 15"),
        (IMS_TO, "ben", terminated),
        (IMS, "ben", "1 2 3 4 4a 5 6 7"),
        (IMS_TO, "anna", terminated),
    ];
    story.assert_passes(&ladders);
    // Nobody retrieves it: there is no report, whatever is pushed.
    let story = Story::two(own, far).send().seconds(5).step("mms_send", back).seconds(5);
    let story = story
        .step("mms_retrieve", "ue = \"ben\"")
        .fault("joint = \"smpp\"\naction = \"drop\"\nmessage = { procedure = \"TR 23.804 8.11.1\", step = \"8\" }");
    let (ended, report) = story.seconds(10).play();
    assert_eq!(ended.code, 1, "{ended:#?}");
    let ladder = report["ladders"].as_array().unwrap().iter().find(|own| own["procedure"] == "TR 23.804 8.11.1");
    let reason = ladder.unwrap()["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(": step 8 ("), "{reason}");
}
