//! A long file costs no more memory than a short one: it is read, sent, received and given out in blocks.
//!
//! With loss and without Raptor that ends: the FLUTE receiver gives octets out in order, and keeps all blocks behind
//! the first one with a hole, twice while they are whole and wait.

mod common;

use std::ops::ControlFlow;
use std::process::Command;
use std::time::Duration;

use common::{Chain, LossyBlocks, SyntheticFile};
use core_network::{Delivery, Fec};
use hil::{MbmsClientInput, MbmsClientOutput};
use protocol::Instant;

/// Tells the child what to send: octets, `no_code` or `raptor`, loss of transport blocks in percent.
const VARIABLE: &str = "CASTBENCH_MEMORY_TEST";
/// What 10 MB may cost beyond 300 kB, sender and one client together.
const ALLOWED_KIB: u64 = 8 << 10;

#[test]
fn ten_megabytes_cost_little_more_than_three_hundred_kilobytes() {
    if peak_kib().is_none() {
        println!("skipped: this system has no /proc/self/status");
        return;
    }
    let compare = |fec, loss| {
        let [short, long] = [300_000, 10_000_000].map(|octets| child(octets, fec, loss));
        println!("{fec}, loss {loss} %: peak {short} KiB for 300 kB, {long} KiB for 10 MB");
        long.saturating_sub(short)
    };
    for (fec, loss) in [("no_code", 0), ("raptor", 0), ("raptor", 3)] {
        let more = compare(fec, loss);
        assert!(more < ALLOWED_KIB, "{fec}, loss {loss} %: {more} KiB");
    }
    let more = compare("no_code", 1);
    assert!(more < 2 * 10_000_000 / 1024 + ALLOWED_KIB, "what the receiver holds is bounded by the file: {more} KiB");
}

/// Plays the child when the variable is set; alone it has nothing to do.
#[test]
fn child_whose_memory_is_measured() {
    let Ok(what) = std::env::var(VARIABLE) else { return };
    let words: Vec<&str> = what.split(' ').collect();
    let number = |n: usize| words[n].parse::<u64>().expect("a number");
    let (octets, loss) = (number(0), number(2));
    let fec = if words[1] == "raptor" { Fec::Raptor { overhead_percent: 30 } } else { Fec::NoCode };
    let delivery = Delivery {
        bit_rate_bps: 5_000_000,
        fec,
        symbol_octets: 512,
        source_block_symbols: 1024,
        fdt_period: Duration::from_secs(1),
        ip_octet_limit: None,
    };
    let mut chain = Chain::start(Box::new(SyntheticFile::new(octets)), delivery);
    let mut client = common::client();
    let (mut complete, mut blocks) = (None, LossyBlocks::new(1_000, loss, 1));
    chain.run(Instant::from_millis(200_000), |due, sdu| {
        if blocks.pass(sdu.len()) {
            client.handle_input(due, MbmsClientInput::Ip(&sdu));
        }
        while let Some(output) = client.poll_output() {
            if let MbmsClientOutput::ObjectComplete { octets, .. } = output {
                complete = Some(octets);
            }
        }
        if complete.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(complete, Some(octets), "{:?}", chain.stats());
    println!("peak {}", peak_kib().expect("the parent looked"));
}

fn child(octets: u64, fec: &str, loss: u64) -> u64 {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child_whose_memory_is_measured", "--nocapture", "--test-threads=1"])
        .env(VARIABLE, format!("{octets} {fec} {loss}"))
        .output()
        .expect("this program starts again");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let peak = text.split_once("peak ").and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
    peak.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Largest resident set of this process so far, KiB.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
