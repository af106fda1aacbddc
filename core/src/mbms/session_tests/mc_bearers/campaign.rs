//! Whatever calls and users do, in any order.

use super::*;

#[test]
fn whatever_calls_and_users_do_nothing_is_on_the_air_twice_and_all_is_given_back() {
    for seed in 0..4u8 {
        let mut trio = Trio::new(shared);
        let mut entropy = Entropy::from_seed([seed; 32]);
        let mut running = BTreeSet::new();
        for number in 1..=3 {
            trio.users(1, 3, 0x100, number);
            trio.users(3, 3, 0x100, number);
        }
        trio.run(1000);
        for _ in 0..60 {
            let mut pick = |of: u32| entropy.below(of);
            let (server, number) = ([1, 3][pick(2) as usize], 1 + pick(3) as u8);
            match pick(8) {
                0..=2 => {
                    if running.insert((server, number)) {
                        trio.begins(server, number, 3);
                    }
                }
                3 => {
                    if running.remove(&(server, number)) {
                        trio.ends(server, number);
                    }
                }
                4 => {
                    let eci = [0x100, 0x300, 0x900][pick(3) as usize];
                    trio.users(server, 1 + pick(3) as u8, eci, number);
                }
                _ => {
                    let servers: Vec<u8> = [1, 3].into_iter().filter(|s| running.contains(&(*s, number))).collect();
                    let packets = pick(20) as u16;
                    trio.speak(&servers, number, packets);
                }
            }
            let pause = entropy.below(400);
            trio.run(pause.into());
        }
        for (server, number) in running {
            trio.ends(server, number);
        }
        trio.run(12_000);
        for number in 1..=3 {
            assert!(trio.times(number).into_iter().all(|times| times == 1), "seed {seed}: {:#?}", trio.net.notes);
        }
        trio.assert_given_back(&[1, 2, 3]);
    }
}
