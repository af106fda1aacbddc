//! Nodes are killed at every step; what was acknowledged runs, and sums add up.

use super::*;

impl Net {
    /// Data of a session reach both cells.
    fn is_heard(&mut self, port: u16) -> bool {
        self.run_ms(12_000);
        self.radio(1);
        self.radio(2);
        let due = SyncPlan::new(32).unwrap().sequence_start(self.now) + Duration::from_millis(640);
        self.send(port, due, b"data");
        (1..=2).all(|number| matches!(self.radio(number)[..], [EnbRadio::Sdu { .. }]))
    }
}

fn at_every_step(victim: &str) {
    for step in 0.. {
        let mut net = Net::new();
        let kept = net.start(&start(9, &[1], 10_000, 9));
        net.run_ms(6000);
        net.kill = Some((step, victim.to_owned()));
        let first = net.ask(&start(1, &[1], 40_000, 5));
        let is_over = net.kill.take().is_some();
        net.run_ms(3000);
        let raa = match first {
            Ok(raa) if raa.outcome.result == ResultCode::SUCCESS => raa,
            // What was not acknowledged may be asked for again.
            _ => net.ask(&start(1, &[1], 40_000, 5)).unwrap(),
        };
        assert_eq!(raa.outcome.result, ResultCode::SUCCESS, "{victim} at {step}: {:?}", net.notes);
        net.audit();
        assert!(net.is_heard(raa.port.unwrap()), "{victim} at {step}: {:?}", net.notes);
        assert!(net.is_heard(kept), "{victim} at {step}: {:?}", net.notes);
        assert_eq!(net.mce.lock().unwrap().admission().free(0, 0), 50_000, "{victim} at {step}");
        for n in [1, 9] {
            assert_eq!(net.result(&stop(n)), ResultCode::SUCCESS, "{victim} at {step}");
        }
        net.run_ms(20_000);
        net.audit();
        assert!(net.mce.lock().unwrap().admission().is_empty());
        if is_over {
            assert!(step > 5);
            return;
        }
    }
}

#[test]
fn the_gateway_is_killed_at_every_step() {
    at_every_step("gateway");
}

#[test]
fn the_mce_is_killed_at_every_step() {
    at_every_step("mce");
}

#[test]
fn an_enb_is_killed_at_every_step() {
    at_every_step("enb1");
}

#[test]
fn whatever_starts_changes_stops_and_dies_sums_add_up() {
    for seed in 0..6u8 {
        let mut entropy = Entropy::from_seed([seed; 32]);
        let mut net = Net::new();
        for _ in 0..40 {
            let mut pick = |of: u64| entropy.next_u64() % of;
            let (n, rate, priority) = (1 + pick(6) as u8, 1000 * (1 + pick(70) as u32), 1 + pick(14) as u8);
            let areas: &[u16] = [&[1][..], &[2], &[1, 2]][pick(3) as usize];
            match pick(12) {
                0..=5 => drop(net.ask(&start(n, areas, rate, priority))),
                6..=7 => {
                    let change = start(n, areas, rate, priority);
                    let (area, qos) = (change.area, change.qos);
                    drop(net.ask(&Rar { area, qos, ..rar(&format!("session{n}"), StartStop::Update) }));
                }
                8..=9 => drop(net.ask(&stop(n))),
                _ => {
                    let victim = ["gateway", "mce", "enb1", "enb2"][pick(4) as usize];
                    net.restart(victim);
                    net.run_ms(3000);
                }
            }
            net.run_ms(pick(4000));
            net.audit();
        }
        net.run_ms(30_000);
        let known = net.gateway.lock().unwrap().sessions().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(net.mce.lock().unwrap().admission().len(), known.len(), "seed {seed}: {:?}", net.notes);
        for id in known {
            assert_eq!(net.result(&rar(&id, StartStop::Stop)), ResultCode::SUCCESS);
        }
        net.run_ms(20_000);
        net.audit();
        let mce = net.mce.lock().unwrap();
        assert_eq!((mce.admission().free(0, 0), mce.admission().free(1, 0)), (100_000, 100_000));
    }
}
