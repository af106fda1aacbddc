//! How the profile is obtained, and what is refused.

use super::*;

fn partners(is_unchanged: bool) -> MigrationEvent {
    MigrationEvent::Profile { partners: vec!["partner".into()], is_unchanged }
}

fn fetched(documents: Vec<(u16, &'static str, String)>) -> World {
    let mut world = World::without_profile();
    world.documents = documents;
    world.command(MigrationCommand::Obtain);
    world
}

#[test]
fn the_document_is_fetched_with_a_token_and_kept() {
    let mut world = World::without_profile();
    world.command(MigrationCommand::Obtain);
    let path = "/org.3gpp.mcptt.user-profile/users/sip:anna@mcptt.home.example/mcptt-user-profile-1.xml".to_owned();
    let fetch = |etag: Option<&str>| MigrationOutput::Fetch {
        path: path.clone(),
        token: "eyJ.a.b".into(),
        etag: etag.map(str::to_owned),
    };
    let MigrationOutput::LogIn { scopes, mc_id, server, .. } = &world.outputs[0] else { panic!("a login first") };
    assert_eq!((mc_id.as_str(), server.as_ref()), ("anna", None));
    assert_eq!(*scopes, ["3gpp:mc:ptt_config_management_service"]);
    assert_eq!(world.outputs[1..], [fetch(None), MigrationOutput::Event(partners(false))]);
    world.outputs.clear();
    world.documents = vec![(304, "\"1\"", String::new())];
    world.command(MigrationCommand::Obtain);
    assert_eq!(world.outputs[1..], [fetch(Some("\"1\"")), MigrationOutput::Event(partners(true))]);
    assert_eq!(world.client.partner("partner"), Some(&partner_system()));
}

#[test]
fn a_token_that_has_ended_is_asked_for_once_more() {
    let good = || (200, "\"1\"", profile().to_document());
    let ended = || (401, "", "expired".to_owned());
    let world = fetched(vec![ended(), good()]);
    assert_eq!(world.deeds(), ["home: log in as anna", "home: fetch", "home: log in as anna", "home: fetch"]);
    assert!(world.has(&partners(false)));
    let world = fetched(vec![ended(), ended(), good()]);
    assert!(world.has(&MigrationEvent::NoProfile { status: Some(401), why: "expired".into() }));
}

#[test]
fn no_profile_no_migration() {
    let no_profile = MigrationEvent::Refused(CommandRefusal::NoProfile);
    let mut other = profile();
    other.mcptt_id = "sip:bert@mcptt.home.example".into();
    let cases = [
        (403, "the tree of another user".to_owned(), "the tree of another user"),
        (404, "there is nothing".to_owned(), "there is nothing"),
        (503, String::new(), ""),
        (304, String::new(), ""),
        (200, "<a/>".to_owned(), "mcptt-user-profile is missing or wrong: \"a\""),
        (200, other.to_document(), "it is the profile of sip:bert@mcptt.home.example"),
    ];
    for (status, body, why) in cases {
        let mut world = fetched(vec![(status, "", body)]);
        let why = why.to_owned();
        assert!(world.has(&MigrationEvent::NoProfile { status: Some(status), why }), "{status}: {:?}", world.events());
        world.command(MigrationCommand::Migrate(partner()));
        assert!(world.has(&no_profile), "{status}");
        // Without a profile a loss of coverage leads nowhere.
        world.cells(&[partner_plmn()]);
        world.run_ms(60_000);
        assert_eq!(world.serving(), Some(&McSystem::Primary));
    }
    let mut world = World::without_profile();
    world.system(&McSystem::Primary).token = Some(Err("wrong password".into()));
    world.command(MigrationCommand::Obtain);
    assert!(world.has(&MigrationEvent::NoProfile { status: None, why: "no access token: wrong password".into() }));
}

#[test]
fn who_does_not_answer_is_not_waited_for() {
    let late = MigrationEvent::NoProfile { status: None, why: "nobody answered in time".into() };
    let mut world = World::without_profile();
    world.system(&McSystem::Primary).token = None;
    world.command(MigrationCommand::Obtain);
    world.command(MigrationCommand::Obtain);
    assert!(world.has(&MigrationEvent::Refused(CommandRefusal::Fetching)));
    world.run_ms(11_000);
    assert!(world.has(&late));
    world.tell(MigrationInput::Token { id: LogInId(1), result: Ok("late".into()) });
    assert!(!world.deeds().contains(&"home: fetch".to_owned()), "what comes too late is for nobody");
    let world = fetched(vec![(0, "", String::new())]);
    assert!(world.has(&MigrationEvent::NoProfile { status: None, why: "nobody answered".into() }));
}

#[test]
fn commands_that_are_not_followed() {
    let mut world = World::new();
    let mut refused = |command: MigrationCommand, why: CommandRefusal| {
        world.outputs.clear();
        world.command(command);
        assert_eq!(world.outputs, [MigrationOutput::Event(MigrationEvent::Refused(why))]);
    };
    let other = || McSystem::Partner("other".into());
    refused(MigrationCommand::Migrate(other()), CommandRefusal::UnknownPartner("other".into()));
    refused(MigrationCommand::Migrate(McSystem::Primary), CommandRefusal::AlreadyThere(McSystem::Primary));
    let mut world = World::new();
    world.cells(&[home_plmn()]);
    world.command(MigrationCommand::Migrate(partner()));
    assert!(world.has(&MigrationEvent::Refused(CommandRefusal::NotHeard(partner()))));
    let disabled = UserProfile { is_enabled: false, ..profile() };
    let mut world = fetched(vec![(200, "", disabled.to_document())]);
    world.command(MigrationCommand::Migrate(partner()));
    assert!(world.has(&MigrationEvent::Refused(CommandRefusal::ProfileDisabled)));
    let mut world = World::new();
    world.system(&partner()).connects = None;
    world.command(MigrationCommand::Migrate(partner()));
    world.command(MigrationCommand::Migrate(partner()));
    assert!(world.has(&MigrationEvent::Refused(CommandRefusal::OnTheWay(partner()))));
}
