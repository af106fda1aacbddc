//! The stack against itself.

mod chaos;
mod invite;
mod rules;
mod timers;
mod transport;

use crate::Instant;
use crate::sip::net::Net;
use crate::sip::{SipStack, StackOutput};

/// A user that answers every request but ACK with `status`.
fn answers(status: u16) -> impl FnMut(Instant, &mut SipStack, &StackOutput) {
    move |now, stack, output| {
        if let StackOutput::Request { key: Some(key), .. } = output {
            stack.reply(now, *key, status, None).unwrap();
        }
    }
}

/// A user that does nothing.
fn idle(_: Instant, _: &mut SipStack, _: &StackOutput) {}

fn assert_empty(net: &Net) {
    for node in &net.nodes {
        assert!(node.stack.is_idle(), "{:?}", node.stack);
    }
}
