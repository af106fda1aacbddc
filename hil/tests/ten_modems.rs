//! Ten modems, ten hosts, one network: no message lost, nothing that grows. Ten minutes of virtual time, and live on
//! pseudo terminals for as long as CASTBENCH_TEN_MODEMS_S says (three seconds; `make soak`: a minute).

mod ten;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hil::at::{AtEngine, AtInput, AtOutput};
use hil::sim::{
    Personality, Quirk, SimCard, SimCell, SimInput, SimModem, SimNetwork, SimNetworkConfig, SimNetworkInput, SimOutput,
};
use protocol::Instant;
use ten::{Host, Ledger, Random, leak, resources};

/// What the process holds is counted: one after the other.
static ALONE: Mutex<()> = Mutex::new(());
const MODEMS: usize = 10;
const MINUTE: Duration = Duration::from_secs(60);

fn msisdn(ue: usize) -> String {
    format!("3584000000{ue:02}")
}

/// Each has quirks of its own, and a memory that is soon full.
fn personality(ue: usize) -> Personality {
    let quirks = [
        vec![],
        vec![Quirk::PromptWithoutSpace, Quirk::Nuls],
        vec![Quirk::PeriodicUrcs],
        vec![Quirk::UrcBurst, Quirk::RegistrationUrcWithN],
        vec![Quirk::SpacesAfterCommas, Quirk::SmsIndexFromZero],
    ];
    Personality {
        sms_capacity: 2 + ue as u16,
        quirks: quirks[ue % quirks.len()].iter().copied().collect(),
        sim: SimCard { msisdn: msisdn(ue), ..SimCard::default() },
        ..Personality::default()
    }
}

/// A host, its modem, and the characters between them.
struct Pair {
    engine: AtEngine,
    modem: SimModem,
    host: Host,
}

struct World {
    now: Instant,
    pairs: Vec<Pair>,
    network: SimNetwork,
    ledger: Ledger,
}

impl World {
    fn new() -> Self {
        let mut network = SimNetwork::new(SimNetworkConfig::default());
        let pair = |ue| {
            network.add_ue(&msisdn(ue));
            let host = Host::new(ue, MODEMS, msisdn, ue % 2 == 1);
            Pair { engine: AtEngine::new(Host::config()), modem: SimModem::new(personality(ue)), host }
        };
        let pairs = (0..MODEMS).map(pair).collect();
        let mut world = Self { now: Instant::ZERO, pairs, network, ledger: Ledger::default() };
        for ue in 0..MODEMS {
            let pair = &mut world.pairs[ue];
            pair.modem.handle_input(world.now, SimInput::PowerUp);
            pair.modem.handle_input(world.now, SimInput::Cell(Some(SimCell::default())));
            pair.engine.handle_input(world.now, AtInput::Opened);
            pair.host.begin(world.now, &mut pair.engine);
        }
        world.settle();
        world
    }

    /// Lets all talk until nobody has anything to say.
    fn settle(&mut self) {
        let mut quiet = false;
        while !quiet {
            quiet = true;
            for (ue, pair) in self.pairs.iter_mut().enumerate() {
                while let Some(output) = pair.modem.poll_output() {
                    quiet = false;
                    if let SimOutput::Host(bytes) = &output {
                        pair.engine.handle_input(self.now, AtInput::Bytes(bytes));
                    } else if let Some(input) = SimNetworkInput::of_modem(ue, &output) {
                        self.network.handle_input(self.now, input);
                    }
                }
                while let Some(output) = pair.engine.poll_output() {
                    quiet = false;
                    match output {
                        AtOutput::Write(bytes) => pair.modem.handle_input(self.now, SimInput::Host(&bytes)),
                        other => pair.host.hear(self.now, &mut pair.engine, other, &mut self.ledger),
                    }
                }
            }
            while let Some(output) = self.network.poll_output() {
                quiet = false;
                let (ue, input) = output.for_modem();
                self.pairs[ue].modem.handle_input(self.now, input);
            }
        }
    }

    /// Lets time pass.
    fn run_until(&mut self, end: Instant) {
        loop {
            let due = self.pairs.iter().flat_map(|p| p.engine.poll_timeout().into_iter().chain(p.modem.poll_timeout()));
            let Some(due) = due.chain(self.network.poll_timeout()).min().filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            for pair in &mut self.pairs {
                pair.engine.handle_timeout(self.now);
                pair.modem.handle_timeout(self.now);
            }
            self.network.handle_timeout(self.now);
            self.settle();
        }
        self.now = self.now.max(end);
    }

    /// Something happens to somebody: a message is sent, a cell lost, a flight begun.
    fn happen(&mut self, random: &mut Random) {
        let ue = random.below(MODEMS);
        let pair = &mut self.pairs[ue];
        match random.below(20) {
            0 => pair.modem.handle_input(self.now, SimInput::Cell(None)),
            1 | 2 => pair.modem.handle_input(self.now, SimInput::Cell(Some(SimCell::default()))),
            3 => pair.host.fly(self.now, &mut pair.engine, true),
            4 | 5 => pair.host.fly(self.now, &mut pair.engine, false),
            _ => pair.host.send(self.now, &mut pair.engine, random, &mut self.ledger),
        }
        self.settle();
    }
}

#[test]
fn ten_modems_for_ten_minutes_lose_nothing_and_leak_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut world = World::new();
    let mut random = Random(1);
    let mut after_warming_up = None;
    for tenth in 0..6_000u64 {
        world.happen(&mut random);
        world.run_until(Instant::from_millis(100 * tenth));
        if tenth == 1_200 {
            after_warming_up = resources();
        }
    }
    // Everybody comes back, and what is kept is delivered.
    for pair in &mut world.pairs {
        pair.modem.handle_input(world.now, SimInput::Cell(Some(SimCell::default())));
        pair.host.fly(world.now, &mut pair.engine, false);
    }
    world.settle();
    world.run_until(world.now + 10 * MINUTE);
    let stats = world.network.stats();
    println!("{stats:?}");
    assert!(stats.accepted > 2_000, "{stats:?}");
    assert_eq!((stats.delivered, stats.expired, world.network.kept()), (stats.accepted, 0, 0));
    world.ledger.balance();
    // What both sides count has to agree.
    assert_eq!(world.ledger.accepted(), stats.accepted as usize);
    leak(after_warming_up, 2 << 20);
}

#[test]
fn ten_modems_live_on_pseudo_terminals_lose_nothing_and_leak_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seconds = std::env::var("CASTBENCH_TEN_MODEMS_S").ok().and_then(|s| s.parse().ok()).unwrap_or(3);
    let numbers: BTreeMap<usize, String> = (0..MODEMS).map(|ue| (ue, msisdn(ue))).collect();
    ten::live::run(Duration::from_secs(seconds), &numbers, personality, SimCell::default);
}
