//! How often one pass of a file arrives under a loss of transport blocks, by code, symbol length and overhead: the
//! figures from which a session is planned. `cargo run -p hil --example fec_loss [FILE_OCTETS] [BLOCK_OCTETS]`

#[path = "../tests/common/mod.rs"]
mod common;

use std::ops::ControlFlow;
use std::time::Duration;

use common::{Chain, LossyBlocks, SyntheticFile};
use core_network::{Delivery, Fec};
use hil::{MbmsClientInput, MbmsClientOutput};
use protocol::Instant;

const SEEDS: u64 = 20;
const LOSS_PERCENT: [u64; 4] = [2, 5, 10, 20];

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse().expect("a number of octets"));
    let (file, block) = (arguments.next().unwrap_or(350_000u64), arguments.next().unwrap_or(500));
    println!("{file} octets, transport blocks of {block} octets, {SEEDS} seeds; complete after one pass, percent");
    println!("symbol  blocks  overhead  IP octets  loss of blocks {LOSS_PERCENT:?} %: Raptor, no code on equal octets");
    for symbol_octets in [128, 256, 512, 1024] {
        let symbols = file.div_ceil(u64::from(symbol_octets));
        let mut block_lengths = [256, 1024, 8192].to_vec();
        block_lengths.dedup_by_key(|length| symbols.div_ceil(u64::from(*length)));
        for source_block_symbols in block_lengths {
            for overhead_percent in [10, 20, 40, 60, 80, 100] {
                row(file, block, symbol_octets, source_block_symbols, overhead_percent);
            }
        }
    }
}

fn row(file: u64, block: u64, symbol_octets: u16, source_block_symbols: u32, overhead_percent: u16) {
    let delivery = |fec, ip_octet_limit| Delivery {
        bit_rate_bps: 1_000_000,
        fec,
        symbol_octets,
        source_block_symbols,
        fdt_period: Duration::from_secs(1),
        ip_octet_limit,
    };
    let symbols = file.div_ceil(u64::from(symbol_octets));
    let blocks = symbols.div_ceil(u64::from(source_block_symbols));
    let packets = symbols + blocks * (symbols.div_ceil(blocks) * u64::from(overhead_percent)).div_ceil(100);
    // Headers of an object's packet are 44 octets; an FDT of 0.8 kB comes each second (125 kB).
    let octets = packets * (u64::from(symbol_octets) + 44) * 1_008 / 1_000 + 800;
    let mut raptor = record(file, delivery(Fec::Raptor { overhead_percent }, Some(octets)));
    let no_code = record(file, delivery(Fec::NoCode, Some(octets)));
    let octets = raptor.0.stats().ip_octets;
    print!("{symbol_octets:6}  {blocks:6}  {overhead_percent:7}%  {octets:9}  ");
    for loss in LOSS_PERCENT {
        let rate = |(_, sdus): &(Chain, Vec<(Instant, Vec<u8>)>)| {
            (1..=SEEDS).filter(|&seed| completes(sdus, LossyBlocks::new(block, loss, seed))).count() as u64 * 100
                / SEEDS
        };
        print!(" {:3}/{:<3}", rate(&raptor), rate(&no_code));
    }
    println!();
}

fn record(file: u64, delivery: Delivery) -> (Chain, Vec<(Instant, Vec<u8>)>) {
    let mut chain = Chain::start(Box::new(SyntheticFile::new(file)), delivery);
    let mut sdus = Vec::new();
    chain.run(Instant::from_millis(60_000), |due, sdu| {
        sdus.push((due, sdu));
        ControlFlow::Continue(())
    });
    (chain, sdus)
}

fn completes(sdus: &[(Instant, Vec<u8>)], mut loss: LossyBlocks) -> bool {
    let mut client = common::client();
    for (due, sdu) in sdus {
        if loss.pass(sdu.len()) {
            client.handle_input(*due, MbmsClientInput::Ip(sdu));
            while let Some(output) = client.poll_output() {
                if matches!(output, MbmsClientOutput::ObjectComplete { .. }) {
                    return true;
                }
            }
        }
    }
    false
}
