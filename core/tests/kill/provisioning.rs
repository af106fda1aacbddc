//! What the BM-SC acknowledged survives being killed at any moment, and nothing is given to two owners.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;

use core_network::{
    Allocation, Provisioning, ProvisioningConfig, ProvisioningInput, ProvisioningOutput, Store, StoreOp, StoreOutcome,
    StoreRequest, StoreToken,
};
use protocol::{Instant, Plmn};

use super::child::{kill_rounds, role, say};

/// Requests of a child that is not killed.
const REQUESTS: u64 = 400;

#[test]
fn acknowledged_allocations_survive_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bmsc.sqlite");
    // By user service: its allocation as acknowledged, and whether a release was asked for.
    let mut acknowledged: BTreeMap<String, (String, bool)> = BTreeMap::new();
    let kills = kill_rounds("provisioning::child_that_is_killed", &path, |round, said| {
        for line in said {
            let (what, rest) = line.split_once(' ').expect("the child writes two words and more");
            let (user_service, allocation) = rest.split_once(' ').unwrap_or((rest, ""));
            match what {
                "allocated" => {
                    let before = acknowledged.insert(user_service.to_owned(), (allocation.to_owned(), false));
                    assert_eq!(before, None, "round {round}: {line}");
                }
                "releasing" => acknowledged.get_mut(user_service).expect("it was allocated").1 = true,
                "released" => drop(acknowledged.remove(user_service)),
                other => panic!("round {round}: {other}"),
            }
        }
        check(&path, round, &mut acknowledged);
    });
    assert!(acknowledged.len() as u64 > kills, "the children got too little done: {}", acknowledged.len());
}

/// Plays the child when the variables are set; alone it has nothing to do.
#[test]
fn child_that_is_killed() {
    let Some((path, round)) = role() else { return };
    let store = Store::open(&path).expect("the killed one before left the store whole");
    let mut machine = Provisioning::new(ProvisioningConfig {
        plmn: Plmn::new("262", "01").unwrap(),
        service_ids: 1..=0xff_ffff,
        addresses: Ipv4Addr::new(239, 192, 0, 0)..=Ipv4Addr::new(239, 192, 255, 255),
        ports: 5000..=5003,
    });
    let run = |machine: &mut Provisioning, input| {
        machine.handle_input(Instant::ZERO, input);
        while let Some(output) = machine.poll_output() {
            match output {
                ProvisioningOutput::Store(request) => {
                    let answer = store.execute(&request);
                    machine.handle_input(Instant::ZERO, ProvisioningInput::Store(answer));
                }
                ProvisioningOutput::Allocated { allocation, .. } => {
                    say(&format!("allocated {} {}", allocation.user_service, text(&allocation)));
                }
                ProvisioningOutput::Released { user_service, .. } => say(&format!("released {user_service}")),
                ProvisioningOutput::Refused { refusal, .. } => panic!("{refusal}"),
            }
        }
    };
    for request in 0..REQUESTS {
        let name = |n: u64| format!("r{round}-{n}");
        let allocate =
            ProvisioningInput::Allocate { request, user_service: name(request), tmgi: None, destination: None };
        run(&mut machine, allocate);
        if request % 3 == 2 {
            say(&format!("releasing {}", name(request - 1)));
            run(&mut machine, ProvisioningInput::Release { request, user_service: name(request - 1) });
        }
    }
}

fn text(allocation: &Allocation) -> String {
    format!("{} {}", allocation.tmgi, allocation.destination)
}

/// Everything acknowledged is in the store; no TMGI and no address is there twice; open releases are settled.
fn check(path: &Path, round: u64, acknowledged: &mut BTreeMap<String, (String, bool)>) {
    let store = Store::open(path).expect("the store is whole");
    let answer = store.execute(&StoreRequest { token: StoreToken(0), op: StoreOp::FetchAllocations });
    let Ok(StoreOutcome::Fetched(stored)) = answer.result else { panic!("round {round}: {:?}", answer.result) };
    let by_name: BTreeMap<_, _> = stored.iter().map(|a| (a.user_service.clone(), text(a))).collect();
    let tmgis: std::collections::BTreeSet<_> = stored.iter().map(|a| a.tmgi).collect();
    let destinations: std::collections::BTreeSet<_> = stored.iter().map(|a| a.destination).collect();
    assert_eq!((tmgis.len(), destinations.len()), (stored.len(), stored.len()), "round {round}");
    acknowledged.retain(|user_service, (allocation, releasing)| match by_name.get(user_service) {
        Some(found) => {
            assert_eq!(found, allocation, "round {round}: {user_service}");
            *releasing = false;
            true
        }
        None => {
            assert!(*releasing, "round {round}: {user_service} was acknowledged and is gone");
            false
        }
    });
}
