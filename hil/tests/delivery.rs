//! A file from the BM-SC to the client over every hop but the radio: content, BM-SC, SYNC, M1, eNB agent, FLUTE.

mod common;

use std::io::Read;
use std::ops::ControlFlow;
use std::time::Duration;

use common::{Chain, LossyBlocks, SyntheticFile};
use core_network::{Delivery, Fec};
use hil::{MbmsClient, MbmsClientInput, MbmsClientOutput};
use protocol::Instant;
use sha2::{Digest, Sha256};

const FILE_OCTETS: u64 = 350_000;
const RAPTOR: Fec = Fec::Raptor { overhead_percent: 40 };
const LATEST: Instant = Instant::from_millis(600_000);

fn delivery(fec: Fec) -> Delivery {
    Delivery {
        bit_rate_bps: 1_000_000,
        fec,
        symbol_octets: 256,
        source_block_symbols: 1400,
        fdt_period: Duration::from_secs(1),
        ip_octet_limit: None,
    }
}

fn start(delivery: Delivery) -> Chain {
    Chain::start(Box::new(SyntheticFile::new(FILE_OCTETS)), delivery)
}

/// What a client has received.
#[derive(Default)]
struct Received {
    hash: Sha256,
    octets: u64,
    complete: Option<(Instant, u64, String)>,
    outputs: Vec<String>,
}

impl Received {
    fn take(&mut self, now: Instant, client: &mut MbmsClient) {
        while let Some(output) = client.poll_output() {
            match &output {
                MbmsClientOutput::ObjectData { bytes, .. } => {
                    self.hash.update(bytes);
                    self.octets += bytes.len() as u64;
                    self.outputs.push(format!("{now} {} octets", bytes.len()));
                    continue;
                }
                MbmsClientOutput::ObjectComplete { octets, sha256, md5_ok, .. } => {
                    assert!(*md5_ok && self.complete.is_none());
                    self.complete = Some((now, *octets, sha256.clone()));
                }
                MbmsClientOutput::ObjectFailed { .. } | MbmsClientOutput::Discarded(_) => panic!("{output:?}"),
                _ => {}
            }
            self.outputs.push(format!("{now} {output:?}"));
        }
    }
}

/// Runs until the client has the file or the session has nothing more to send; SDUs before `from` do not reach it.
fn receive(chain: &mut Chain, mut loss: LossyBlocks, from: Instant) -> Received {
    let (mut client, mut received) = (common::client(), Received::default());
    chain.run(LATEST, |due, sdu| {
        if loss.pass(sdu.len()) && due >= from {
            client.handle_input(due, MbmsClientInput::Ip(&sdu));
            received.take(due, &mut client);
        }
        if received.complete.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    received
}

fn assert_intact(received: Received) -> Instant {
    let hex = |hash: &[u8]| hash.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let mut file = Vec::new();
    SyntheticFile::new(FILE_OCTETS).read_to_end(&mut file).unwrap();
    let sent = hex(&Sha256::digest(&file));
    let (at, octets, sha256) = received.complete.expect("the file is complete");
    assert_eq!((octets, received.octets), (FILE_OCTETS, FILE_OCTETS));
    assert_eq!((sha256, hex(&received.hash.finalize())), (sent.clone(), sent));
    at
}

#[test]
fn without_loss_one_pass_is_enough() {
    for fec in [Fec::NoCode, RAPTOR] {
        let mut chain = start(delivery(fec));
        let received = receive(&mut chain, LossyBlocks::new(500, 0, 1), Instant::ZERO);
        let at = assert_intact(received);
        // 1368 symbols of 256 octets with 44 octets of headers each, 1 Mbit/s.
        assert!((3_280..4_000).contains(&(at.as_nanos() / 1_000_000)), "{fec:?}: {at}");
    }
}

#[test]
fn with_loss_the_carousel_and_raptor_both_get_there() {
    for (fec, passes) in [(Fec::NoCode, 2..=9), (RAPTOR, 0..=0)] {
        let mut chain = start(delivery(fec));
        let received = receive(&mut chain, LossyBlocks::new(500, 5, 1), Instant::ZERO);
        assert_intact(received);
        assert!(passes.contains(&chain.stats().passes), "{fec:?}: {:?}", chain.stats());
    }
}

#[test]
fn with_equal_octets_on_air_raptor_completes_what_the_carousel_has_not() {
    for seed in 1..=5 {
        let complete = [Fec::NoCode, RAPTOR].map(|fec| {
            let mut chain = start(Delivery { ip_octet_limit: Some(570_000), ..delivery(fec) });
            let received = receive(&mut chain, LossyBlocks::new(500, 10, seed), Instant::ZERO);
            let done = received.complete.is_some();
            if done {
                assert_intact(received);
            }
            done
        });
        assert_eq!(complete, [false, true], "seed {seed}");
    }
}

#[test]
fn a_late_joiner_is_served_by_the_carousel() {
    for fec in [Fec::NoCode, RAPTOR] {
        let mut chain = start(delivery(fec));
        let received = receive(&mut chain, LossyBlocks::new(500, 0, 1), Instant::from_millis(1_700));
        let at = assert_intact(received);
        assert!(at < Instant::from_millis(8_500), "{fec:?}: {at}");
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = |seed| {
        let mut chain = start(delivery(RAPTOR));
        receive(&mut chain, LossyBlocks::new(500, 8, seed), Instant::ZERO).outputs
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}
