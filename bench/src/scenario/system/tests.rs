use std::path::Path;

use crate::ladder::ims_ladders;
use crate::scenario::{ImsState, ImsStep, LoadScenarioError, McStep, Overrides, Scenario, StepAction};

/// A second partner.
const OTHER: &str = r#"
[[system]]
name = "other"
mnc = "03"

[system.ims]
domain = "ims.mnc003.mcc001.3gppnetwork.org"
services = ["identity"]

[system.mc]

[[system.mc.server]]
own_bearers = "no"

[[system.mc.group]]
name = "far"
server = 1
members = []

"#;

const BASE: &str = r#"
name = "migration"
title = "t"
proves = "p"
seed = 1

[ims]
services = ["identity", "xdm"]

[mc]

[[mc.server]]

[[mc.group]]
name = "fire"
server = 1
members = ["anna"]

[[system]]
name = "partner"
mnc = "02"

[system.ims]
domain = "ims.mnc002.mcc001.3gppnetwork.org"
services = ["identity"]

[system.mc]

[[system.mc.server]]
own_bearers = "no"

[[system.mc.group]]
name = "joint"
server = 1
members = ["otto", "anna"]

[[ue]]
name = "anna"
ims = {}
mc = { server = 1 }
migrates = { to = "partner" }

[[ue]]
name = "otto"
system = "partner"
ims = {}
mc = { server = 1 }

[[step]]
do = "mc_hears"
ue = "anna"
systems = ["partner"]

[[step]]
do = "mc_migrate"
ue = "anna"
system = "primary"

[[step]]
do = "run_until_ims"
ue = "anna"
state = "migrated"
timeout_ms = 1

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
fn each_system_has_its_own_users_alone() {
    let scenario = load(BASE).unwrap();
    let views = scenario.systems();
    let users = |place: usize| {
        let own = views[place].scenario.ues.iter().filter(|ue| ue.ims.is_some());
        own.map(|ue| ue.name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!((users(0), users(1)), (vec!["anna"], vec!["otto"]));
    assert_eq!((views[1].number, views[1].name), (1, Some("partner")));
    assert!(scenario.guests(Some("partner")).map(|(ue, _)| ue.name.as_str()).eq(["anna"]));
    let otto = scenario.ims_identity("otto").unwrap();
    assert_eq!(otto.impi, "001020000000002@ims.mnc002.mcc001.3gppnetwork.org");
    assert_eq!(otto.pcscf_name(), "partner.P-CSCF");
    assert_eq!(otto.contact.to_string(), "10.45.0.2:5060", "addresses are those of no other UE");
    assert!(matches!(&scenario.steps[0].action, StepAction::Mc(McStep::Hears { .. })));
    assert_eq!(scenario.steps[0].description, "anna hears partner alone");
    let state =
        |step: &StepAction| matches!(step, StepAction::Ims(ImsStep::RunUntilIms { state: ImsState::Migrated, .. }));
    assert!(state(&scenario.steps[2].action));
}

#[test]
fn each_area_is_of_one_system() {
    let file = fixtures::scenario("mc/migration.toml");
    let scenario = Scenario::load(&file, &Overrides::default()).unwrap().scenario;
    let of = |system| scenario.areas_of(system).map(|(place, area)| (place, area.n_id_mbsfn)).collect::<Vec<_>>();
    assert_eq!((of(None), of(Some("partner"))), (vec![(0, 1)], vec![(1, 2)]));
    let anna = &scenario.ues[0];
    assert_eq!((scenario.area_in(anna, None), scenario.area_in(anna, Some("partner"))), (Some(1), Some(2)));
    let views = scenario.systems();
    assert!(views[1].scenario.mchs_of(Some("partner")).map(|mch| mch.name.as_str()).eq(["away"]));
}

#[test]
fn a_scenario_with_one_system_is_its_own_view() {
    let alone = BASE.split("[[system]]").next().unwrap();
    let rest = BASE.split_once("[[ue]]").unwrap().1.split_once("migrates").unwrap().0;
    let text = format!(
        "{alone}[[ue]]{rest}\n[[step]]\ndo = \"run\"\nfor_ms = 1\n[[expect]]\nmeasure = \"media_gap\"\nunit = \"s\"\nmax = 1.0\n"
    );
    let scenario = load(&text).unwrap();
    let views = scenario.systems();
    assert_eq!((views.len(), views[0].number, views[0].name), (1, 0, None));
    assert_eq!(*views[0].scenario, scenario);
}

#[test]
fn what_does_not_fit_is_said_with_what_does() {
    for (from, to, said) in [
        ("to = \"partner\"", "to = \"part\"", "no [[system]] is named \"part\"; allowed values: \"partner\""),
        ("mnc = \"02\"", "mnc = \"01\"", "is that of another system"),
        ("mnc = \"02\"", "mnc = \"02\"\nareas = [7]", "no area has n_id_mbsfn = 7"),
        ("mnc = \"02\"", "mnc = \"x\"", "allowed values: two or three digits"),
        ("[\"identity\", \"xdm\"]", "[\"identity\"]", "whose user profile it needs"),
        ("[\"otto\", \"anna\"]", "[\"otto\", \"emma\"]", "emma is no user of partner"),
        ("own_bearers = \"no\"", "own_bearers = \"yes\"", "which has no MBMS nodes"),
        ("name = \"joint\"", "name = \"fire\"", "a second group with the name \"fire\""),
        ("name = \"partner\"", "name = \"primary\"", "\"primary\" is another system"),
        ("mnc002", "mnc001", "is the domain of another system"),
        (
            "system = \"primary\"",
            "system = \"home\"",
            "no system that anna may go to is named \"home\"; allowed values: \"primary\", \"partner\"",
        ),
        ("ue = \"anna\"\nstate", "ue = \"otto\"\nstate", "UE otto has no `migrates`"),
        ("services = [\"identity\"]\n\n[system.mc]", "services = []\n\n[system.mc]", "auth = \"token\" without"),
        ("name = \"otto\"\n", "name = \"otto-visitor\"\n", "are those of visitors"),
        ("name = \"partner\"", "name = \"part.ner\"", "allowed values: a name without '.'"),
        ("name = \"otto\"\n", "name = \"partner.x\"\n", "names that begin with \"partner.\" are those of its boxes"),
        (
            "[[step]]\ndo = \"mc_migrate\"",
            "[[step]]\ndo = \"publish\"\nue = \"all\"\nnote = \"here\"\n\n[[step]]\ndo = \"mc_migrate\"",
            "needs \"presence\", which services of [system.ims] of partner do not have",
        ),
        (
            "[[step]]\ndo = \"mc_migrate\"",
            "[[step]]\ndo = \"mc_group_put\"\nue = \"otto\"\n\n[[step]]\ndo = \"mc_migrate\"",
            "needs \"xdm\", which services of [system.ims] of partner do not have",
        ),
        ("[system.mc]", "[system.sms]\n\n[system.mc]", "sms of a further system, whose visitors have no numbers"),
        ("name = \"otto\"\n", "name = \"otto\"\nsms = {}\n", "sms of a UE of a further system"),
    ] {
        assert!(BASE.contains(from), "{from}");
        let error = load(&BASE.replacen(from, to, 1)).unwrap_err();
        assert!(error.contains(said), "{to}: {error}");
    }
}

#[test]
fn a_user_goes_to_the_system_that_he_migrates_to_alone() {
    let with_other = BASE.replacen("[[ue]]", &format!("{OTHER}[[ue]]"), 1);
    load(&with_other).unwrap();
    let said = "no system that anna may go to is named \"other\"; allowed values: \"primary\", \"partner\"";
    let goes = with_other.replace("system = \"primary\"", "system = \"other\"");
    assert!(load(&goes).unwrap_err().contains(said));
    let all = goes.replace("do = \"mc_migrate\"\nue = \"anna\"", "do = \"mc_migrate\"\nue = \"all\"");
    assert!(load(&all).unwrap_err().contains(said));
    // Cells of both may be heard.
    load(&with_other.replace("systems = [\"partner\"]", "systems = [\"other\", \"partner\"]")).unwrap();
}

#[test]
fn the_ladder_of_a_migration_needs_tokens_in_both_systems() {
    let follows = BASE.replacen("[mc]\n", "[mc]\nfollows = [\"TS 23.280 10.1.6.2\"]\n", 1);
    load(&follows).unwrap();
    for table in ["[mc]\n", "[system.mc]\n"] {
        let text = follows.replacen(table, &format!("{table}auth = \"identity\"\n"), 1);
        let error = load(&text).unwrap_err();
        assert_eq!(error.matches("who migrates asks for no token then").count(), 1, "{table}: {error}");
    }
}

#[test]
fn an_area_is_left_for_the_first_system() {
    let text = std::fs::read_to_string(fixtures::scenario("mc/migration.toml")).unwrap();
    let text = text.replacen("[[ue]]", &format!("{OTHER}[[ue]]"), 1).replace("areas = [2]", "areas = [1, 2]");
    let error = load(&text).unwrap_err();
    assert_eq!(error.matches("no area is left for the first system").count(), 1, "{error}");
}

#[test]
fn all_users_log_in_at_once() {
    let step = |text: &str| format!("[[step]]\n{text}\n\n");
    let login = |scopes: &str| step(&format!("do = \"mc_login\"\nue = \"all\"\nscopes = [{scopes}]"));
    let put = step("do = \"mc_group_put\"\nue = \"anna\"");
    let managers = login("\"3gpp:mc:ptt_group_management_service\"");
    let steps = [managers, put.clone(), login(""), put].concat();
    let scenario = load(&BASE.replacen("[[step]]", &format!("{steps}[[step]]"), 1)).unwrap();
    let ladders = ims_ladders(&scenario);
    let asked: Vec<_> = ladders.iter().map(|own| (own.procedure.as_str(), own.ue.as_str())).collect();
    let (login, put, refused) = ("TS 33.180 B.4.2", "TS 33.180 B.10", "TS 33.180 B.10, refused");
    assert_eq!(asked, [(login, "anna"), (put, "anna"), (login, "anna"), (refused, "anna")]);
}

#[test]
fn at_most_six_networks_share_a_carrier() {
    let sharing = |further: u8| {
        let system = |i: u8| {
            let domain = format!("ims.mnc{i:03}.mcc001.3gppnetwork.org");
            format!(
                "\n[[system]]\nname = \"s{i}\"\nmnc = \"{i:02}\"\nareas = [{i}]\n\n[system.ims]\ndomain = \"{domain}\"\n"
            )
        };
        // The areas are not there, which is said as well.
        load(&(BASE.to_owned() + &(3..3 + further).map(system).collect::<String>())).unwrap_err()
    };
    let message = "more than 6 networks share the carrier; allowed: `areas` of 5 systems";
    assert!(!sharing(5).contains(message));
    assert!(sharing(6).contains(message), "{}", sharing(6));
}
