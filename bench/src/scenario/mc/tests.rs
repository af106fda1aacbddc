use std::path::Path;

use crate::scenario::{Announces, Insufficient, LoadScenarioError, McStep, Overrides, Scenario, StepAction};

const BASE: &str = r#"
name = "mc"
title = "t"
proves = "p"
seed = 1

[ims]
services = ["identity"]

[mc]

[[mc.server]]
discovers = [2]
insufficient = "duplicate"
announces = "controlling"

[[mc.server]]
controls_bearers = "yes"

[[mc.group]]
name = "team"
server = 1
members = ["a1", "a2"]

[[ue]]
name = "a"
count = 2
ims = {}
mc = { server = 1 }

[[step]]
do = "mc_affiliate"
ue = "all"
group = "team"

[[step]]
do = "mc_move"
ue = "a1"

[[expect]]
measure = "media_gap"
ue = "all"
max = 0.3
unit = "s"
"#;

fn load(text: &str) -> Result<Scenario, String> {
    match Scenario::parse(Path::new("s.toml"), text, &Overrides::default()) {
        Ok(loaded) => Ok(loaded.scenario),
        Err(LoadScenarioError::Wrong(wrong)) => Err(wrong.to_string()),
        Err(other) => Err(other.to_string()),
    }
}

#[test]
fn servers_groups_clients_and_steps() {
    let scenario = load(BASE).unwrap();
    let mc = scenario.mc.as_ref().unwrap();
    assert_eq!(
        (mc.servers[0].insufficient, mc.servers[0].announces),
        (Insufficient::Duplicate, Announces::Controlling)
    );
    assert_eq!(mc.boxes().map(|(own, _)| own.name).collect::<Vec<_>>(), ["MC server 1", "MC server 2"]);
    assert!(scenario.ues.iter().all(|ue| ue.mc.as_ref().is_some_and(|own| own.server == 1 && own.mbms)));
    assert!(matches!(&scenario.steps[1].action, StepAction::Mc(McStep::Move { area: None, .. })));
    assert_eq!(scenario.steps[1].description, "a1 drives out of all MBSFN areas");
}

#[test]
fn what_does_not_fit_is_said_with_what_does() {
    for (from, to, said) in [
        ("discovers = [2]", "discovers = [3]", "there is no server 3; allowed values: 1 to 2"),
        ("discovers = [2]", "discovers = [1]", "server 1 asks itself"),
        ("members = [\"a1\", \"a2\"]", "members = [\"a3\"]", "no UE with an MC client is named \"a3\""),
        ("services = [\"identity\"]", "", "auth = \"token\" without \"identity\""),
        ("group = \"team\"", "group = \"tema\"", "no group is named \"tema\"; allowed values: \"team\""),
        ("ue = \"a1\"\n", "ue = \"a1\"\narea = 7\n", "no area has n_id_mbsfn = 7"),
        ("mc = { server = 1 }", "", "no UE with an MC client is named \"a1\""),
        ("server = 1\nmembers", "server = 4\nmembers", "there is no server 4"),
    ] {
        let text = BASE.replacen(from, to, 1);
        let error = load(&text).unwrap_err();
        assert!(error.contains(said), "{to}: {error}");
    }
}
