//! Tests of the allocation machine.

use proptest::prelude::*;

use super::*;
use crate::store::Store;

fn config() -> ProvisioningConfig {
    ProvisioningConfig {
        plmn: Plmn::new("262", "01").unwrap(),
        service_ids: 1..=4,
        addresses: Ipv4Addr::new(239, 192, 0, 1)..=Ipv4Addr::new(239, 192, 0, 2),
        ports: 5000..=5002,
    }
}

/// The machine and a store, with everything between them done at once.
struct Bench {
    machine: Provisioning,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        Self { machine: Provisioning::new(config()), store: Store::in_memory().unwrap() }
    }

    fn restart(&mut self) {
        self.machine = Provisioning::new(config());
    }

    fn run(&mut self, input: ProvisioningInput) -> ProvisioningOutput {
        self.machine.handle_input(Instant::ZERO, input);
        loop {
            match self.machine.poll_output().expect("every request is answered") {
                ProvisioningOutput::Store(request) => {
                    let answer = self.store.execute(&request);
                    self.machine.handle_input(Instant::ZERO, ProvisioningInput::Store(answer));
                }
                answer => return answer,
            }
        }
    }

    fn allocate(&mut self, name: &str, tmgi: Option<&str>, destination: Option<&str>) -> Result<Allocation, Refusal> {
        let input = ProvisioningInput::Allocate {
            request: 5,
            user_service: name.to_owned(),
            tmgi: tmgi.map(|t| t.parse().unwrap()),
            destination: destination.map(|d| d.parse().unwrap()),
        };
        match self.run(input) {
            ProvisioningOutput::Allocated { request: 5, allocation } => Ok(allocation),
            ProvisioningOutput::Refused { request: 5, refusal } => Err(refusal),
            other => panic!("{other:?}"),
        }
    }

    fn release(&mut self, name: &str) -> Result<(), Refusal> {
        match self.run(ProvisioningInput::Release { request: 6, user_service: name.to_owned() }) {
            ProvisioningOutput::Released { request: 6, user_service } if user_service == name => Ok(()),
            ProvisioningOutput::Refused { request: 6, refusal } => Err(refusal),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_bmsc_assigns() {
    let mut bench = Bench::new();
    let a = bench.allocate("a", None, None).unwrap();
    let b = bench.allocate("b", None, None).unwrap();
    assert_eq!((a.tmgi.to_string(), a.destination.to_string()), ("000001@262-01".into(), "239.192.0.1:5000".into()));
    assert_eq!((b.tmgi.to_string(), b.destination.to_string()), ("000002@262-01".into(), "239.192.0.1:5001".into()));
    assert_eq!(bench.allocate("a", None, None).unwrap(), a, "asking again changes nothing");
    assert_eq!(b.tsi(), 2);
    assert_eq!(bench.machine.allocation("b"), Some(&b));
}

#[test]
fn the_as_brings_its_own_and_conflicts_are_refused_with_their_reason() {
    let mut bench = Bench::new();
    let own = bench.allocate("own", Some("00abcd@262-01"), Some("232.1.2.3:7000")).unwrap();
    assert_eq!((own.tmgi.to_string(), own.destination.to_string()), ("00abcd@262-01".into(), "232.1.2.3:7000".into()));
    assert_eq!(
        bench.allocate("b", Some("00abcd@262-01"), None),
        Err(Refusal::TmgiTaken { tmgi: own.tmgi, owner: "own".into() })
    );
    assert_eq!(
        bench.allocate("b", None, Some("232.1.2.3:7000")),
        Err(Refusal::DestinationTaken { destination: own.destination, owner: "own".into() })
    );
    assert!(matches!(bench.allocate("b", Some("000001@262-02"), None), Err(Refusal::ForeignTmgi { .. })));
    assert!(matches!(bench.allocate("b", None, Some("10.0.0.1:7000")), Err(Refusal::NotMulticast(_))));
    assert!(matches!(bench.allocate("own", None, Some("232.1.2.3:7001")), Err(Refusal::OtherAllocation { .. })));
    assert!(matches!(bench.allocate("", None, None), Err(Refusal::Name)));
    // One that the pool would give next is stepped over.
    bench.allocate("c", Some("000001@262-01"), Some("239.192.0.1:5000")).unwrap();
    let d = bench.allocate("d", None, None).unwrap();
    assert_eq!((d.tmgi.to_string(), d.destination.to_string()), ("000002@262-01".into(), "239.192.0.1:5001".into()));
}

#[test]
fn a_released_tmgi_rests_until_the_pool_comes_round() {
    let mut bench = Bench::new();
    for name in ["a", "b"] {
        bench.allocate(name, None, None).unwrap();
    }
    bench.release("a").unwrap();
    assert_eq!(bench.release("a"), Err(Refusal::UnknownUserService("a".into())));
    let ids: Vec<_> = ["c", "d", "e"].map(|name| bench.allocate(name, None, None).unwrap().tmgi.service_id[2]).into();
    assert_eq!(ids, [3, 4, 1]);
    assert_eq!(bench.allocate("f", None, None), Err(Refusal::NoTmgi));
}

#[test]
fn nothing_is_acknowledged_or_used_before_it_is_stored() {
    let mut machine = Provisioning::new(config());
    let allocate = |name: &str| ProvisioningInput::Allocate {
        request: 1,
        user_service: name.to_owned(),
        tmgi: None,
        destination: None,
    };
    machine.handle_input(Instant::ZERO, allocate("a"));
    let Some(ProvisioningOutput::Store(load)) = machine.poll_output() else { panic!() };
    assert_eq!(machine.poll_output(), None, "what is allocated is not known yet");
    let fetched = StoreAnswer { token: load.token, result: Ok(StoreOutcome::Fetched(vec![])) };
    machine.handle_input(Instant::ZERO, ProvisioningInput::Store(fetched));
    let Some(ProvisioningOutput::Store(put)) = machine.poll_output() else { panic!() };
    assert_eq!(machine.poll_output(), None);
    assert_eq!(machine.allocation("a"), None);
    machine.handle_input(Instant::ZERO, allocate("a"));
    assert_eq!(
        machine.poll_output(),
        Some(ProvisioningOutput::Refused { request: 1, refusal: Refusal::Pending("a".into()) })
    );
    let full = StoreError::Sqlite("disk full".into());
    let failed = StoreAnswer { token: put.token, result: Err(full.clone()) };
    machine.handle_input(Instant::ZERO, ProvisioningInput::Store(failed));
    assert_eq!(machine.poll_output(), Some(ProvisioningOutput::Refused { request: 1, refusal: Refusal::Store(full) }));
    assert_eq!(machine.allocation("a"), None);
}

#[test]
fn an_unreadable_store_stops_all_allocation() {
    let mut machine = Provisioning::new(config());
    let Some(ProvisioningOutput::Store(load)) = machine.poll_output() else { panic!() };
    let answer = StoreAnswer { token: load.token, result: Err(StoreError::InUse) };
    machine.handle_input(Instant::ZERO, ProvisioningInput::Store(answer));
    let allocate = ProvisioningInput::Allocate { request: 1, user_service: "a".into(), tmgi: None, destination: None };
    machine.handle_input(Instant::ZERO, allocate);
    let refusal = Refusal::Store(StoreError::InUse);
    assert_eq!(machine.poll_output(), Some(ProvisioningOutput::Refused { request: 1, refusal }));
}

proptest! {
    /// Any sequence of requests and restarts, held against a plain list.
    #[test]
    fn never_two_owners(steps in proptest::collection::vec((0u8..8, 0u8..4, 0u8..6, 0u8..6), 0..60)) {
        let mut bench = Bench::new();
        let mut live: Vec<Allocation> = Vec::new();
        for (name, action, tmgi, destination) in steps {
            let name = format!("s{name}");
            let tmgi = format!("{tmgi:06x}@262-01");
            let destination = format!("239.192.0.1:{}", 5000 + u16::from(destination));
            let outcome = match action {
                0 => bench.allocate(&name, None, None),
                1 => bench.allocate(&name, Some(&tmgi), Some(&destination)),
                2 => {
                    prop_assert_eq!(bench.release(&name).is_ok(), live.iter().any(|a| a.user_service == name));
                    live.retain(|a| a.user_service != name);
                    continue;
                }
                _ => {
                    bench.restart();
                    continue;
                }
            };
            if let Ok(new) = outcome && !live.contains(&new) {
                let distinct = live.iter().all(|a| {
                    a.user_service != new.user_service && a.tmgi != new.tmgi && a.destination != new.destination
                });
                prop_assert!(distinct, "{:?} after {:?}", new, live);
                live.push(new);
            }
        }
    }
}
