//! A node that is killed after so many steps: before something leaves it, before something reaches it, or between a commit of
//! its store and the answer.

use std::sync::{Arc, Mutex};

use protocol::Instant;
use protocol::diameter::{DiameterInput, DiameterTransport};

use crate::node::{Node, NodeInput, NodeOutput, StreamInput, StreamOutput};

/// How long a node lives.
#[derive(Debug, Default)]
pub(super) struct Life {
    /// Steps that it has made.
    pub(super) steps: u64,
    /// Steps until it dies; none: nobody kills it.
    pub(super) left: Option<u64>,
    pub(super) is_dead: bool,
}

impl Life {
    /// One step: false when it is dead instead.
    const fn step(&mut self) -> bool {
        match &mut self.left {
            Some(0) => self.is_dead = true,
            Some(left) => *left -= 1,
            None => {}
        }
        self.steps += !self.is_dead as u64;
        !self.is_dead
    }
}

/// A node whose life hangs on a thread that the test holds.
#[derive(Debug)]
pub(super) struct Mortal {
    node: Box<dyn Node>,
    life: Arc<Mutex<Life>>,
}

impl Mortal {
    pub(super) fn new(node: Box<dyn Node>) -> (Self, Arc<Mutex<Life>>) {
        let life = Arc::new(Mutex::default());
        (Self { node, life: Arc::clone(&life) }, life)
    }

    fn is_dead(&self) -> bool {
        self.life.lock().unwrap().is_dead
    }
}

impl Node for Mortal {
    fn handle_input(&mut self, now: Instant, input: NodeInput<'_>) {
        let is_step = matches!(
            input,
            NodeInput::Sip { .. }
                | NodeInput::Sccp { .. }
                | NodeInput::Store(_)
                | NodeInput::Diameter(DiameterInput::Received { .. })
        ) || matches!(input, NodeInput::Stream(StreamInput::Received { bytes, .. }) if is_message(bytes));
        let lives = if is_step { self.life.lock().unwrap().step() } else { !self.is_dead() };
        if lives {
            self.node.handle_input(now, input);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if !self.is_dead() {
            self.node.handle_timeout(now);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.node.poll_timeout().filter(|_| !self.is_dead())
    }

    fn poll_output(&mut self) -> Option<NodeOutput> {
        if self.is_dead() {
            return None;
        }
        let output = self.node.poll_output()?;
        let is_step = matches!(
            output,
            NodeOutput::Sip { .. }
                | NodeOutput::Sccp { .. }
                | NodeOutput::Store(_)
                | NodeOutput::Diameter(DiameterTransport::Send { .. })
        ) || matches!(&output, NodeOutput::Stream(StreamOutput::Send { bytes, .. }) if is_message(bytes));
        (!is_step || self.life.lock().unwrap().step()).then_some(output)
    }
}

/// Neither enquire_link nor its response (SMPP 3.4 clause 5.1.2.1).
fn is_message(pdu: &[u8]) -> bool {
    pdu.get(7) != Some(&0x15)
}
