//! What goes wrong on the way.

use super::*;

fn failure(stage: MigrationStage, status: Option<u16>, why: &str) -> MigrationEvent {
    MigrationEvent::Failed { to: partner(), stage, status, why: why.into() }
}

/// A migration by command in a world that is like this.
fn migrate(change: impl FnOnce(&mut World)) -> World {
    let mut world = World::new();
    change(&mut world);
    world.command(MigrationCommand::Migrate(partner()));
    world
}

#[test]
fn a_refused_registration_leads_home() {
    for status in [401, 403, 404] {
        let world = migrate(|world| world.system(&partner()).registers = vec![status]);
        assert!(world.has(&failure(MigrationStage::Registering, Some(status), "as told")), "{status}");
        assert_eq!(world.serving(), Some(&McSystem::Primary), "{status}");
        let deeds = world.deeds();
        assert_eq!(deeds.iter().filter(|deed| *deed == "partner: register").count(), 1, "{deeds:?}");
        assert_eq!(deeds.last(), Some(&format!("home: affiliate {GROUP}")));
    }
}

#[test]
fn a_failure_that_may_pass_is_tried_again() {
    let mut world = migrate(|world| world.system(&partner()).registers = vec![504, 504, 200]);
    let why = "as told".to_owned();
    let again = MigrationEvent::Again { to: partner(), stage: MigrationStage::Registering, why };
    assert!(world.has(&again) && world.serving().is_none());
    world.run_ms(4000);
    assert_eq!(world.serving(), Some(&partner()), "{:?}", world.events());
    let mut world = migrate(|world| world.system(&partner()).registers = vec![504]);
    world.run_ms(10_000);
    assert!(world.has(&failure(MigrationStage::Registering, Some(504), "as told")));
    assert_eq!(world.serving(), Some(&McSystem::Primary));
    assert_eq!(world.deeds().iter().filter(|deed| *deed == "partner: register").count(), 3);
}

#[test]
fn a_partner_that_does_not_answer() {
    for stage in [MigrationStage::Connecting, MigrationStage::LoggingIn, MigrationStage::Registering] {
        let mut world = migrate(|world| {
            let system = world.system(&partner());
            match stage {
                MigrationStage::Connecting => system.connects = None,
                MigrationStage::LoggingIn => system.token = None,
                _ => system.registers = vec![0],
            }
        });
        world.run_ms(200_000);
        assert!(world.has(&failure(stage, None, "nobody answered in time")), "{stage:?}: {:?}", world.events());
        assert_eq!(world.serving(), Some(&McSystem::Primary), "{stage:?}");
    }
    let mut world = migrate(|world| world.system(&partner()).authorises = None);
    world.run_ms(41_000);
    assert!(world.has(&failure(MigrationStage::Authorising, None, "nobody answered in time")));
    let deeds = world.deeds();
    assert!(deeds.contains(&"partner: deregister".to_owned()), "what stands there is given up: {deeds:?}");
    assert_eq!(world.serving(), Some(&McSystem::Primary));
    let mut world = migrate(|world| world.system(&partner()).connects = Some(Err("no bearer".into())));
    world.run_ms(10_000);
    assert!(world.has(&failure(MigrationStage::Connecting, None, "no bearer")));
}

#[test]
fn who_is_not_known_there_is_not_served() {
    let world = migrate(|world| world.system(&partner()).token = Some(Err("wrong password".into())));
    assert!(world.has(&failure(MigrationStage::LoggingIn, None, "wrong password")));
    assert!(!world.deeds().contains(&"partner: register".to_owned()));
    let world = migrate(|world| world.system(&partner()).authorises = Some(403));
    assert!(world.has(&failure(MigrationStage::Authorising, Some(403), "403 as told")));
    assert_eq!(world.serving(), Some(&McSystem::Primary));
}

#[test]
fn without_groups_it_is_served_nevertheless() {
    let world = migrate(|world| world.system(&partner()).affiliates = Some(403));
    let system = partner();
    assert!(world.has(&MigrationEvent::NotAffiliated { system, why: "403 as told".into() }));
    assert_eq!(world.serving(), Some(&partner()));
    let mut world = migrate(|world| world.system(&partner()).affiliates = None);
    world.run_ms(41_000);
    assert_eq!(world.serving(), Some(&partner()));
}

#[test]
fn a_home_that_says_no_farewell_is_left() {
    let mut world = migrate(|world| world.system(&McSystem::Primary).says_farewell = false);
    assert_eq!(world.client.under_way(), Some((&partner(), MigrationStage::Deaffiliating)));
    world.run_ms(4500);
    assert_eq!(world.client.under_way(), Some((&partner(), MigrationStage::Deregistering)));
    world.run_ms(4500);
    assert_eq!(world.serving(), Some(&partner()));
    assert!(world.has(&MigrationEvent::Left { system: McSystem::Primary, is_clean: false }));
    // And at once, when it is not heard any more.
    let mut world = migrate(|world| world.system(&McSystem::Primary).says_farewell = false);
    world.cells(&[partner_plmn()]);
    assert_eq!(world.serving(), Some(&partner()));
}

#[test]
fn back_while_the_migration_is_under_way() {
    // Before it is gone.
    let mut world = migrate(|world| world.system(&McSystem::Primary).says_farewell = false);
    world.command(MigrationCommand::Migrate(McSystem::Primary));
    world.run_ms(10_000);
    assert_eq!(world.serving(), Some(&McSystem::Primary));
    assert!(!world.deeds().contains(&"partner: connect".to_owned()), "{:?}", world.deeds());
    // While it registers.
    let mut world = migrate(|world| world.system(&partner()).registers = vec![0]);
    world.command(MigrationCommand::Migrate(McSystem::Primary));
    assert_eq!(world.serving(), Some(&McSystem::Primary));
    assert!(world.deeds().contains(&"partner: vanish".to_owned()), "{:?}", world.deeds());
    world.agent_says(&partner(), &registered());
    assert_eq!(world.serving(), Some(&McSystem::Primary), "what comes late is for nobody");
    // While it is authorised: it is registered there, and says farewell.
    let mut world = migrate(|world| world.system(&partner()).authorises = None);
    world.command(MigrationCommand::Migrate(McSystem::Primary));
    assert_eq!(world.serving(), Some(&McSystem::Primary));
    assert!(world.deeds().contains(&"partner: deregister".to_owned()), "{:?}", world.deeds());
}

#[test]
fn nowhere_until_something_is_heard() {
    let mut world = World::new();
    world.system(&partner()).registers = vec![504];
    world.cells(&[partner_plmn()]);
    world.run_ms(6000);
    assert!(world.has(&MigrationEvent::Unserved) && world.serving().is_none());
    // It goes on trying, ever so often and no more.
    world.outputs.clear();
    world.run_ms(120_000);
    let tries = world.deeds().iter().filter(|deed| *deed == "partner: register").count();
    assert!((6..60).contains(&tries), "{tries}");
    world.system(&partner()).registers = vec![200];
    world.run_ms(20_000);
    assert_eq!(world.serving(), Some(&partner()));
    // Refused for good: only home is left, when it is heard.
    let mut world = World::new();
    world.system(&partner()).registers = vec![403, 200];
    world.cells(&[partner_plmn()]);
    world.run_ms(300_000);
    assert_eq!(world.deeds().iter().filter(|deed| *deed == "partner: register").count(), 1);
    world.cells(&[home_plmn(), partner_plmn()]);
    assert_eq!(world.serving(), Some(&McSystem::Primary));
    // By command it is tried again.
    world.command(MigrationCommand::Migrate(partner()));
    assert_eq!(world.serving(), Some(&partner()));
}

#[test]
fn a_registration_that_the_partner_ends_leads_home() {
    let mut world = migrate(|_| {});
    let event = AgentEvent::Unregistered(UnregisteredWhy::Network { event: "rejected".into() });
    world.outputs.clear();
    world.system(&partner()).is_registered = false;
    world.agent_says(&partner(), &event);
    assert!(world.has(&failure(MigrationStage::Registering, None, "the registration there has ended")));
    assert_eq!(world.serving(), Some(&McSystem::Primary));
}

#[test]
fn a_client_that_waits_for_commands_does_not_follow_the_radio() {
    let mut world = World::new();
    world.client.config.is_automatic = false;
    world.cells(&[partner_plmn()]);
    world.run_ms(60_000);
    assert_eq!(world.serving(), Some(&McSystem::Primary));
    world.command(MigrationCommand::Migrate(partner()));
    assert_eq!(world.serving(), Some(&partner()));
}
