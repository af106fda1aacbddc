//! Tests of admission.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// QCI 1 and 65: robust PMCHs only; QCI 4: any; QCI 9: no guaranteed bit rate.
fn config() -> AdmissionConfig {
    let area = |service_areas: &[u16], capacities: &[(u8, u64)]| AreaPlan {
        service_areas: service_areas.iter().copied().collect(),
        pmchs: capacities.iter().map(|&(mcs, capacity)| pmch(mcs, capacity)).collect(),
    };
    let class = |qci, max_mcs, rate| QosClass { qci, max_mcs, max_scheduling_period_rf: 64, rate };
    AdmissionConfig {
        areas: vec![area(&[1, 2], &[(9, 1000), (20, 3000)]), area(&[2, 3], &[(9, 500)])],
        classes: vec![
            class(1, 10, Rate::Guaranteed),
            class(4, 28, Rate::Guaranteed),
            class(9, 28, Rate::Nominal(50)),
            QosClass { max_scheduling_period_rf: 8, ..class(65, 10, Rate::Guaranteed) },
        ],
        max_bearers: 40,
    }
}

fn pmch(mcs: u8, capacity: u64) -> PmchPlan {
    PmchPlan { service_areas: BTreeSet::new(), mcs, scheduling_period_rf: 32, capacity }
}

fn demand(qci: u8, rate: u64, priority: u8) -> Demand {
    Demand { qci, guaranteed: Some(rate), maximum: None, retention: Retention::new(priority, true, true) }
}

fn on(bearer: u32, area: usize, pmch: usize) -> Change {
    Change { bearer, area, place: Place::On(pmch) }
}

fn suspended(bearer: u32, area: usize) -> Change {
    Change { bearer, area, place: Place::Suspended }
}

fn gone(bearer: u32, area: usize) -> Change {
    Change { bearer, area, place: Place::Gone }
}

#[test]
fn service_areas_name_mbsfn_areas_and_classes_name_channels() {
    let mut admission = Admission::new(config());
    assert_eq!(admission.start(1, &[1], demand(1, 300, 5)), Ok(vec![on(1, 0, 0)]));
    assert_eq!(admission.start(2, &[1], demand(4, 300, 5)), Ok(vec![on(2, 0, 1)]));
    assert_eq!(admission.start(3, &[2], demand(4, 300, 5)), Ok(vec![on(3, 0, 1), on(3, 1, 0)]));
    // 0: the whole network. No guaranteed bit rate: what the class says.
    let background = Demand { guaranteed: None, ..demand(9, 0, 5) };
    assert_eq!(admission.start(4, &[0], background), Ok(vec![on(4, 0, 1), on(4, 1, 0)]));
    assert_eq!((admission.free(0, 0), admission.free(0, 1), admission.free(1, 0)), (700, 2350, 150));
    assert_eq!(admission.audit(), Ok(()));
}

#[test]
fn a_channel_may_be_reserved_for_service_areas() {
    let reserved = |sai: u16, capacity| PmchPlan { service_areas: BTreeSet::from([sai]), ..pmch(9, capacity) };
    let mut config = config();
    config.areas = vec![AreaPlan {
        service_areas: BTreeSet::from([1, 2, 3]),
        pmchs: vec![reserved(1, 1000), reserved(2, 1000), pmch(5, 100)],
    }];
    let mut admission = Admission::new(config);
    assert_eq!(admission.start(1, &[2], demand(1, 600, 5)), Ok(vec![on(1, 0, 1)]));
    // What is free elsewhere is for others; the one that is for all takes what it can.
    assert_eq!(admission.start(2, &[2], demand(1, 600, 5)), Err(AdmissionRefusal::NoCapacity(600)));
    assert_eq!(admission.start(2, &[3], demand(1, 100, 5)), Ok(vec![on(2, 0, 2)]));
    assert_eq!(admission.start(3, &[0], demand(1, 300, 5)), Ok(vec![on(3, 0, 1)]));
    // Another service area is another channel.
    assert_eq!(admission.update(1, &[1], demand(1, 600, 5)), Ok(vec![on(1, 0, 0)]));
    assert_eq!((admission.free(0, 0), admission.free(0, 1), admission.audit()), (400, 700, Ok(())));
    assert_eq!(admission.update(1, &[3], demand(1, 600, 5)), Err(AdmissionRefusal::NoCapacity(600)));
    assert_eq!((admission.pmch(1, 0), admission.audit()), (Some(0), Ok(())));
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let mut admission = Admission::new(config());
    let own = demand(1, 100, 5);
    for (areas, demand, refusal) in [
        (&[7][..], own, AdmissionRefusal::NoArea),
        (&[1], demand(2, 100, 5), AdmissionRefusal::UnknownQci(2)),
        (&[1], Demand { guaranteed: None, ..own }, AdmissionRefusal::Rates(1)),
        (&[1], demand(1, 0, 5), AdmissionRefusal::Rates(1)),
        (&[1], Demand { maximum: Some(99), ..own }, AdmissionRefusal::Rates(1)),
        (&[1], demand(1, 100, 0), AdmissionRefusal::Priority),
        (&[1], demand(1, 1001, 5), AdmissionRefusal::NoCapacity(1001)),
        // No PMCH is frequent enough for the delay budget of QCI 65.
        (&[1], demand(65, 100, 5), AdmissionRefusal::NoCapacity(100)),
    ] {
        assert_eq!(admission.start(1, areas, demand), Err(refusal));
        assert!(admission.is_empty() && admission.audit().is_ok());
    }
    admission.start(1, &[1], own).unwrap();
    assert_eq!(admission.start(1, &[1], own), Err(AdmissionRefusal::Exists(1)));
    assert_eq!(admission.update(2, &[1], own), Err(AdmissionRefusal::Unknown(2)));
    assert_eq!(admission.stop(2), []);
    for bearer in 2..=40 {
        admission.start(bearer, &[1], Demand { retention: own.retention, ..demand(4, 1, 5) }).ok();
    }
    // 28 logical channels of the PMCH with MCS 20, the others go to the one with MCS 9.
    assert_eq!((admission.free(0, 1), admission.len()), (2972, 40));
    assert_eq!(admission.start(41, &[1], own), Err(AdmissionRefusal::TooMany(40)));
}

#[test]
fn the_lowest_priority_makes_room_and_gets_it_back() {
    let mut admission = Admission::new(config());
    for (bearer, priority) in [(1, 7), (2, 9), (3, 9), (4, 8)] {
        admission.start(bearer, &[1], demand(1, 250, priority)).unwrap();
    }
    // Of priority 9 the younger one goes first.
    assert_eq!(admission.start(5, &[1], demand(1, 250, 2)), Ok(vec![suspended(3, 0), on(5, 0, 0)]));
    assert_eq!(admission.start(6, &[1], demand(1, 400, 3)), Ok(vec![suspended(2, 0), suspended(4, 0), on(6, 0, 0)]));
    assert_eq!((admission.free(0, 0), admission.suspended(0)), (100, 3));
    // Equal priority takes nothing.
    assert_eq!(admission.start(7, &[1], demand(1, 250, 7)), Err(AdmissionRefusal::NoCapacity(250)));
    // 500 bit/s are free again: the highest priority of those that wait comes back first.
    assert_eq!(admission.stop(6), [gone(6, 0), on(2, 0, 0), on(4, 0, 0)]);
    assert_eq!(admission.stop(1), [gone(1, 0), on(3, 0, 0)]);
    assert_eq!((admission.suspended(0), admission.audit()), (0, Ok(())));
}

#[test]
fn nobody_takes_without_the_right_and_from_nobody_who_may_keep() {
    let retention = |priority, may_preempt, preemptable| Demand {
        retention: Retention::new(priority, may_preempt, preemptable),
        ..demand(1, 1000, priority)
    };
    for (has, wants) in [
        (retention(9, true, false), retention(1, true, true)),
        (retention(9, true, true), retention(1, false, true)),
        // 15 is no priority: the indicators do not count.
        (retention(15, true, true), retention(1, true, true)),
        (retention(1, true, true), retention(15, true, true)),
    ] {
        let mut admission = Admission::new(config());
        admission.start(1, &[1], has).unwrap();
        assert_eq!(admission.start(2, &[1], wants), Err(AdmissionRefusal::NoCapacity(1000)));
    }
}

#[test]
fn where_it_costs_least_others_make_room() {
    let mut admission = Admission::new(config());
    admission.start(1, &[1], demand(4, 3000, 6)).unwrap();
    admission.start(2, &[1], demand(1, 600, 8)).unwrap();
    assert_eq!(admission.start(3, &[1], demand(4, 700, 5)), Ok(vec![suspended(2, 0), on(3, 0, 0)]));
    // Where there is room in one area only, a bearer starts there and waits in the other.
    let mut admission = Admission::new(config());
    admission.start(1, &[3], demand(1, 500, 1)).unwrap();
    assert_eq!(admission.start(2, &[2], demand(1, 400, 3)), Ok(vec![suspended(2, 1), on(2, 0, 0)]));
    assert_eq!(admission.stop(1), [gone(1, 1), on(2, 1, 0)]);
}

#[test]
fn an_update_moves_grows_shrinks_or_changes_nothing() {
    let mut admission = Admission::new(config());
    admission.start(1, &[1], demand(1, 600, 5)).unwrap();
    admission.start(2, &[3], demand(1, 300, 5)).unwrap();
    assert_eq!(admission.update(1, &[1, 3], demand(1, 200, 5)), Ok(vec![on(1, 1, 0)]));
    assert_eq!(admission.free(0, 0), 800);
    assert_eq!(admission.update(1, &[1], demand(4, 200, 5)), Ok(vec![gone(1, 1)]));
    assert_eq!(admission.update(1, &[3], demand(1, 250, 5)), Err(AdmissionRefusal::NoCapacity(250)));
    assert_eq!(admission.update(1, &[9], demand(1, 250, 5)), Err(AdmissionRefusal::NoArea));
    assert_eq!((admission.pmch(1, 0), admission.free(0, 0)), (Some(0), 800));
    // With more priority it takes, as at its start.
    assert_eq!(admission.update(1, &[3], demand(1, 250, 4)), Ok(vec![gone(1, 0), suspended(2, 1), on(1, 1, 0)]));
    assert_eq!(admission.update(2, &[3], demand(1, 200, 5)), Ok(vec![on(2, 1, 0)]));
    assert_eq!(admission.audit(), Ok(()));
}

#[test]
fn what_ran_before_waits_for_room() {
    let mut admission = Admission::new(config());
    admission.start(1, &[3], demand(1, 400, 5)).unwrap();
    assert_eq!(admission.restore(2, &[3], demand(1, 300, 7)), Ok(vec![suspended(2, 1)]));
    assert_eq!(admission.restore(3, &[3], demand(2, 300, 7)), Err(AdmissionRefusal::UnknownQci(2)));
    assert_eq!(admission.restore(4, &[3], demand(1, 500, 4)), Ok(vec![suspended(1, 1), on(4, 1, 0)]));
    assert_eq!(admission.stop(4), [gone(4, 1), on(1, 1, 0)]);
    assert_eq!((admission.suspended(1), admission.audit()), (1, Ok(())));
}

#[derive(Clone, Debug)]
enum Ask {
    Start(u32, Vec<u16>, Demand),
    Update(u32, Vec<u16>, Demand),
    Stop(u32),
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let areas = prop::collection::vec(0..4u16, 1..3);
    let retention =
        (1..16u8, any::<bool>(), any::<bool>()).prop_map(|(p, may, vulnerable)| Retention::new(p, may, vulnerable));
    let demand = (prop::sample::select(vec![1, 4, 9]), 1..900u64, retention)
        .prop_map(|(qci, rate, retention)| Demand { qci, guaranteed: Some(rate), maximum: None, retention });
    let ask = (0..3u8, 0..24u32, areas, demand).prop_map(|(kind, bearer, areas, demand)| match kind {
        0 => Ask::Stop(bearer),
        1 => Ask::Update(bearer, areas, demand),
        _ => Ask::Start(bearer, areas, demand),
    });
    prop::collection::vec(ask, 1..120)
}

proptest! {
    /// Whatever starts, changes and stops: capacity adds up, nobody waits who fits, changes say all that changes, and who is
    /// suspended makes room for one of higher priority that may pre-empt, and may be pre-empted himself.
    #[test]
    fn capacity_adds_up_and_nobody_preempts_without_right(asks in asks()) {
        let mut admission = Admission::new(config());
        let mut places = BTreeMap::new();
        let mut demands = BTreeMap::new();
        for ask in asks {
            let (bearer, demand, result) = match ask {
                Ask::Start(bearer, areas, demand) => (bearer, Some(demand), admission.start(bearer, &areas, demand)),
                Ask::Update(bearer, areas, demand) => (bearer, Some(demand), admission.update(bearer, &areas, demand)),
                Ask::Stop(bearer) => (bearer, None, Ok(admission.stop(bearer))),
            };
            prop_assert_eq!(admission.audit(), Ok(()));
            let Ok(changes) = result else { continue };
            match demand {
                Some(demand) => drop(demands.insert(bearer, demand)),
                None => drop(demands.remove(&bearer)),
            }
            for Change { bearer: own, area, place } in changes {
                let before = places.insert((own, area), place);
                prop_assert_ne!(before, Some(place));
                if place == Place::Suspended && own != bearer {
                    let (weak, strong) = (demands[&own].retention, demands[&bearer].retention);
                    prop_assert!(weak.is_preemptable() && strong.may_preempt() && strong.priority() < weak.priority());
                }
            }
            for ((own, area), place) in &places {
                let known = match place { Place::On(pmch) => Some(*pmch), _ => None };
                prop_assert_eq!(admission.pmch(*own, *area), known);
            }
        }
        for bearer in 0..24 {
            admission.stop(bearer);
        }
        prop_assert_eq!((admission.free(0, 0), admission.free(0, 1), admission.free(1, 0)), (1000, 3000, 500));
    }
}
