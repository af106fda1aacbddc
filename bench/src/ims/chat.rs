//! Sessions of messages of a UE: what came of messages that are not complete, and streams between its agent and the fabric.

use std::collections::BTreeMap;

use core_network::node::{StreamEvent, StreamId, StreamOutput};
use protocol::msrp::{MsrpInput, MsrpOutput, SessionOptions};

use crate::scenario::CHAT_MAX_OCTETS;

/// Messages that may be incomplete at a time.
const INCOMPLETE_MAX: usize = 16;

/// Messages that are coming, by their Message-IDs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Incoming {
    messages: BTreeMap<String, Vec<u8>>,
}

impl Incoming {
    /// A piece, from this octet on.
    pub(crate) fn piece(&mut self, message: &str, offset: u64, octets: &[u8]) {
        let Some(end) = usize::try_from(offset).ok().and_then(|at| at.checked_add(octets.len())) else { return };
        let is_known = self.messages.contains_key(message);
        if end > CHAT_MAX_OCTETS as usize || (!is_known && self.messages.len() >= INCOMPLETE_MAX) {
            return;
        }
        let whole = self.messages.entry(message.to_owned()).or_default();
        if whole.len() < end {
            whole.resize(end, 0);
        }
        whole[end - octets.len()..end].copy_from_slice(octets);
    }

    /// All of it is there, or never will be.
    pub(crate) fn take(&mut self, message: &str) -> Vec<u8> {
        self.messages.remove(message).unwrap_or_default()
    }
}

/// What an end takes in a session.
pub(crate) fn options() -> SessionOptions {
    SessionOptions { max_size: CHAT_MAX_OCTETS.into(), ..SessionOptions::default() }
}

/// What the agent does with streams; events do not come by here.
pub(crate) fn stream_output(output: MsrpOutput) -> Option<StreamOutput> {
    Some(match output {
        MsrpOutput::Connect { token, remote } => StreamOutput::Connect { token, remote },
        MsrpOutput::Send { conn, bytes } => StreamOutput::Send { conn: StreamId(conn), bytes },
        MsrpOutput::Close { conn } => StreamOutput::Close { conn: StreamId(conn) },
        MsrpOutput::Event(_) => return None,
    })
}

/// What has happened to a stream, for the agent.
pub(crate) fn stream_input(event: &StreamEvent) -> MsrpInput<'_> {
    match event {
        StreamEvent::Connected { conn, token, .. } => MsrpInput::Connected { conn: conn.0, token: *token },
        StreamEvent::Received { conn, bytes } => MsrpInput::Received { conn: conn.0, bytes },
        StreamEvent::Closed { conn } => MsrpInput::Closed { conn: conn.0 },
        StreamEvent::ConnectFailed { token, why } => MsrpInput::ConnectFailed { token: *token, why: why.clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_in_any_order_and_twice() {
        let mut incoming = Incoming::default();
        for (offset, piece) in [(3, "lo"), (0, "hel"), (3, "lo")] {
            incoming.piece("m", offset, piece.as_bytes());
        }
        assert_eq!(incoming.take("m"), b"hello");
        assert_eq!(incoming.take("m"), b"");
        incoming.piece("far", u64::from(CHAT_MAX_OCTETS), b"x");
        incoming.piece("far", u64::MAX, b"x");
        assert_eq!(incoming.take("far"), b"");
    }
}
