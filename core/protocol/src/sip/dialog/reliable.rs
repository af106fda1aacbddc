//! Reliable provisional responses (RFC 3262): RSeq and RAck bookkeeping of both sides.

/// The server's side: numbers the responses to one INVITE and knows which still want their PRACK.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReliableSender {
    next: u32,
    cseq: u32,
    outstanding: Vec<u32>,
}

/// What a PRACK acknowledges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acknowledged {
    /// The response with this RSeq: 200 to the PRACK, and no more repeats of the response.
    Response(u32),
    /// Nothing that waits: 481 (RFC 3262 clause 3).
    Nothing,
}

impl ReliableSender {
    /// For the INVITE with this CSeq number. `first` is the first RSeq, from 1 to 2^31 - 1 and best drawn at random (clause 3).
    pub fn new(cseq: u32, first: u32) -> Self {
        Self { next: first.clamp(1, RSEQ_FIRST_MAX), cseq, outstanding: Vec::new() }
    }

    /// The RSeq of the next response; `None` while the first one is unacknowledged (clause 3 wants one at a time then).
    pub fn send(&mut self) -> Option<u32> {
        if !self.outstanding.is_empty() {
            return None;
        }
        let rseq = self.next;
        // No wrap-around (clause 7.1).
        self.next = rseq.checked_add(1)?;
        self.outstanding.push(rseq);
        Some(rseq)
    }

    /// A PRACK with the RAck of these numbers and this method.
    pub fn acknowledge(&mut self, rseq: u32, cseq: u32, method: &str) -> Acknowledged {
        match self.outstanding.iter().position(|&waiting| waiting == rseq) {
            Some(at) if cseq == self.cseq && method == "INVITE" => {
                self.outstanding.remove(at);
                Acknowledged::Response(rseq)
            }
            _ => Acknowledged::Nothing,
        }
    }

    /// A response still waits for its PRACK; a 2xx with SDP has to wait with it (clause 3).
    pub fn is_waiting(&self) -> bool {
        !self.outstanding.is_empty()
    }
}

/// The client's side, one for each early dialog: takes responses in their order only.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReliableReceiver {
    last: Option<u32>,
}

/// What a client does with a reliable provisional response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reliable {
    /// Use it and answer with PRACK.
    New,
    /// Seen: neither used nor acknowledged again (clause 4).
    Repeated,
    /// One before it is missing: dropped without PRACK (clause 4).
    OutOfOrder,
}

impl ReliableReceiver {
    /// A response with this RSeq.
    pub fn receive(&mut self, rseq: u32) -> Reliable {
        match self.last {
            Some(last) if rseq <= last => Reliable::Repeated,
            Some(last) if rseq - last != 1 => Reliable::OutOfOrder,
            _ => {
                self.last = Some(rseq);
                Reliable::New
            }
        }
    }
}

/// Largest first RSeq: 2^31 - 1 (RFC 3262 clause 3).
const RSEQ_FIRST_MAX: u32 = (1 << 31) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_waits_at_a_time_and_only_its_rack_counts() {
        let mut sender = ReliableSender::new(7, 100);
        assert_eq!(sender.send(), Some(100));
        assert_eq!(sender.send(), None);
        assert_eq!(sender.acknowledge(100, 8, "INVITE"), Acknowledged::Nothing);
        assert_eq!(sender.acknowledge(101, 7, "INVITE"), Acknowledged::Nothing);
        assert_eq!(sender.acknowledge(100, 7, "UPDATE"), Acknowledged::Nothing);
        assert!(sender.is_waiting());
        assert_eq!(sender.acknowledge(100, 7, "INVITE"), Acknowledged::Response(100));
        assert_eq!(sender.acknowledge(100, 7, "INVITE"), Acknowledged::Nothing);
        assert_eq!(sender.send(), Some(101));
    }

    #[test]
    fn the_receiver_takes_them_in_order() {
        let mut receiver = ReliableReceiver::default();
        assert_eq!(receiver.receive(41), Reliable::New);
        assert_eq!(receiver.receive(41), Reliable::Repeated);
        assert_eq!(receiver.receive(43), Reliable::OutOfOrder);
        assert_eq!(receiver.receive(42), Reliable::New);
        assert_eq!(receiver.receive(43), Reliable::New);
        let mut last = ReliableReceiver { last: Some(u32::MAX) };
        assert_eq!(last.receive(u32::MAX), Reliable::Repeated);
    }
}
