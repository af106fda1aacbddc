//! What the BM-SC acknowledged survives being killed at any moment, and nothing is given to two owners.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};

use core_network::{
    Allocation, Provisioning, ProvisioningConfig, ProvisioningInput, ProvisioningOutput, Store, StoreOp, StoreOutcome,
    StoreRequest, StoreToken,
};
use protocol::{Instant, Plmn};

/// Kills of a run; a campaign sets the variable.
const KILLS: u64 = 20;
const KILLS_VARIABLE: &str = "CASTBENCH_KILLS";
/// Tells the child where the store is, and which round it plays.
const STORE_VARIABLE: &str = "CASTBENCH_KILL_TEST_STORE";
const ROUND_VARIABLE: &str = "CASTBENCH_KILL_TEST_ROUND";
/// Requests of a child that is not killed.
const REQUESTS: u64 = 400;

#[test]
fn acknowledged_allocations_survive_kills() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bmsc.sqlite");
    let kills = std::env::var(KILLS_VARIABLE).ok().map_or(KILLS, |n| n.parse().expect("a number of kills"));
    // By user service: its allocation as acknowledged, and whether a release was asked for.
    let mut acknowledged: BTreeMap<String, (String, bool)> = BTreeMap::new();
    let mut random = 1u64;
    for round in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (lines, spins) = (random >> 33 & 0x3f, random >> 40 & 0xf_ffff);
        for line in kill_after(&path, round, lines, spins) {
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
    }
    assert!(acknowledged.len() as u64 > kills, "the children got too little done: {}", acknowledged.len());
}

/// Plays the child when the variables are set; alone it has nothing to do.
#[test]
fn child_that_is_killed() {
    let Ok(path) = std::env::var(STORE_VARIABLE) else { return };
    let round = std::env::var(ROUND_VARIABLE).expect("set together");
    let store = Store::open(Path::new(&path)).expect("the killed one before left the store whole");
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

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "kill-test {line}").and_then(|()| out.flush()).expect("the parent reads");
}

/// Runs a child, kills it `spins` turns after its line number `lines`, and returns what it said until then.
fn kill_after(path: &Path, round: u64, lines: u64, spins: u64) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child_that_is_killed", "--nocapture", "--test-threads=1"])
        .env(STORE_VARIABLE, path)
        .env(ROUND_VARIABLE, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("this program starts again");
    let reader = BufReader::new(child.stdout.take().expect("stdout is piped"));
    let mut said = Vec::new();
    let mut killed = false;
    for line in reader.lines() {
        let line = line.expect("the child writes text");
        if let Some((_, said_line)) = line.split_once("kill-test ") {
            said.push(said_line.to_owned());
        }
        if !killed && said.len() as u64 > lines {
            std::hint::black_box((0..spins).fold(0, |a, n| std::hint::black_box(a ^ n)));
            child.kill().expect("SIGKILL");
            killed = true;
        }
    }
    child.wait().expect("the child ends");
    said
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
