use super::*;
use crate::sim::{InstrumentTwin, SimAttenuator};

fn twin() -> InstrumentTwin<SimAttenuator> {
    InstrumentTwin::start(SimAttenuator::new(95.0, 0.25)).unwrap()
}

fn config(kind: AttenuatorKind) -> AttenuatorConfig {
    AttenuatorConfig { name: "tx".into(), kind, max_db: 95.0, step_db: 0.25 }
}

fn scpi(twin: &InstrumentTwin<SimAttenuator>) -> AttenuatorKind {
    AttenuatorKind::Scpi { address: twin.address(), set: ":SETATT={db}".into(), query: Some(":ATT?".into()) }
}

fn http(twin: &InstrumentTwin<SimAttenuator>) -> AttenuatorKind {
    AttenuatorKind::MiniCircuits { address: twin.address(), channel: None }
}

#[test]
fn it_is_at_maximum_from_the_start_and_after_the_end() {
    for kind in [scpi, http] {
        let twin = twin();
        twin.with(|sim| sim.db = 3.0);
        let mut attenuator = Attenuator::open(config(kind(&twin))).unwrap();
        assert_eq!(twin.with(|sim| sim.db), 95.0);
        // Up to the next step, never down.
        assert_eq!(attenuator.set_db(10.1).unwrap(), 10.25);
        assert_eq!((twin.with(|sim| sim.db), attenuator.db()), (10.25, 10.25));
        assert_eq!(attenuator.set_db(0.0).unwrap(), 0.0);
        assert!(attenuator.set_db(95.5).unwrap_err().to_string().contains("95.5 dB is not in 0 to 95 dB"));
        assert!(attenuator.set_db(f64::NAN).is_err());
        drop(attenuator);
        assert_eq!(twin.with(|sim| sim.db), 95.0);
        let panicked = std::panic::catch_unwind(|| {
            let mut attenuator = Attenuator::open(config(kind(&twin))).unwrap();
            attenuator.set_db(1.0).unwrap();
            panic!("in the middle of a run");
        });
        assert!(panicked.is_err());
        assert_eq!(twin.with(|sim| sim.db), 95.0);
    }
}

#[test]
fn one_that_does_not_obey_is_found_out() {
    for kind in [scpi, http] {
        let twin = twin();
        twin.with(|sim| sim.stuck = true);
        let error = Attenuator::open(config(kind(&twin))).unwrap_err().to_string();
        assert_eq!(error, "attenuator tx: told 95 dB, says 0 dB");
    }
    let nobody = AttenuatorKind::Scpi { address: "127.0.0.1:1".into(), set: "A {db}".into(), query: None };
    let error = Attenuator::open(config(nobody)).unwrap_err().to_string();
    assert!(error.starts_with("attenuator tx: 127.0.0.1:1"), "{error}");
    // A range that it does not have.
    let (twin, mut more) = (twin(), config(AttenuatorKind::Simulated { file: "/".into() }));
    (more.kind, more.max_db) = (http(&twin), 120.0);
    assert!(more.set_maximum().unwrap_err().to_string().contains("120 dB is more than it has"));
}

#[test]
fn commands_and_files_are_attenuators_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let shown = file.display();
    let kind =
        AttenuatorKind::Command { set: format!("echo {{db}} dB > {shown}"), query: Some(format!("cat {shown}")) };
    let mut attenuator = Attenuator::open(config(kind)).unwrap();
    assert_eq!(attenuator.set_db(7.5).unwrap(), 7.5);
    assert_eq!(fs::read_to_string(&file).unwrap(), "7.5 dB\n");
    drop(attenuator);
    let mut attenuator = Attenuator::open(config(AttenuatorKind::Simulated { file: file.clone() })).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "95\n");
    assert_eq!(attenuator.set_db(20.0).unwrap(), 20.0);
}
