//! A node is killed after each of its outputs in turn: wherever that is, what it has told others is in its store.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use core_network::charging::MessageCharging;
use core_network::node::{Node, NodeInput, NodeOutput, NodeStoreRequest};
use protocol::Instant;

use super::audit::Audit;
use super::campaign::Campaign;
use super::users::Plan;

/// Outputs that a node has left; it is dead when there are none.
#[derive(Clone, Debug)]
pub(crate) struct Life(Arc<AtomicI64>);

impl Life {
    pub(crate) fn long() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }

    pub(crate) fn set(&self, outputs: i64) {
        self.0.store(outputs, Ordering::Relaxed);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed) <= 0
    }
}

/// A node that says nothing more when its life is over. Its store is slow: whatever the node does not wait for goes first.
#[derive(Debug)]
pub(crate) struct Mortal {
    node: Box<dyn Node>,
    life: Life,
    stores: VecDeque<NodeStoreRequest>,
}

impl Mortal {
    pub(crate) fn new(node: Box<dyn Node>, life: Life) -> Self {
        Self { node, life, stores: VecDeque::new() }
    }
}

impl Node for Mortal {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        if !self.life.is_over() {
            self.node.handle_input(now, input);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if !self.life.is_over() {
            self.node.handle_timeout(now);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.node.poll_timeout().filter(|_| !self.life.is_over())
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        if self.life.is_over() {
            return None;
        }
        let output = loop {
            match self.node.poll_output() {
                Some(NodeOutput::Store(request)) => self.stores.push_back(request),
                Some(output) => break output,
                None => break NodeOutput::Store(self.stores.pop_front()?),
            }
        };
        self.life.0.fetch_sub(1, Ordering::Relaxed);
        Some(output)
    }
}

/// A call, a message and a conference; the node dies after so many outputs, and starts again within a second. False: it lives.
fn dies_after(name: &'static str, outputs: i64) -> bool {
    let mut campaign = Campaign::new(MessageCharging::Immediate, [1_000, 1_000]);
    campaign.call(10, 0, Plan::Accept(1_000), 20_000);
    campaign.message(30_000, 0, Plan::Accept(0));
    campaign.join(40_000, 0, 3_000);
    let life = campaign.network.lives[name].clone();
    life.set(outputs);
    let mut has_died = false;
    for _ in 0..60 {
        campaign.run(Duration::from_secs(1));
        if !has_died && life.is_over() {
            has_died = true;
            campaign.network.restart(campaign.now, name);
        }
    }
    life.set(i64::MAX);
    campaign.run(Duration::from_secs(900));
    println!("{name} after {outputs} outputs");
    Audit::of(&campaign).check();
    has_died
}

/// Every so many outputs only: all of them with the variable.
fn step() -> i64 {
    if std::env::var_os("CASTBENCH_CHARGING_KILLS").is_some() { 1 } else { 3 }
}

fn dies_everywhere(name: &'static str) {
    let last = (1..).step_by(step() as usize).find(|&outputs| !dies_after(name, outputs)).unwrap();
    println!("{name} was killed after each of {last} outputs");
    assert!(last > 10, "{name} has had little to say: {last}");
}

#[test]
fn the_pcscf_dies_after_any_of_its_outputs() {
    dies_everywhere("pcscf");
}

#[test]
fn the_scscf_dies_after_any_of_its_outputs() {
    dies_everywhere("scscf");
}

#[test]
fn the_conference_server_dies_after_any_of_its_outputs() {
    dies_everywhere("conference");
}

#[test]
fn the_gateway_function_dies_after_any_of_its_outputs() {
    dies_everywhere("gwf");
}
