//! RTP packets that were there already, by source and sequence number (RFC 3550 clause 5.1).

use std::collections::{BTreeSet, VecDeque};

/// The newest packets of a call.
#[derive(Debug, Default)]
pub(super) struct Recent {
    order: VecDeque<(u32, u16)>,
    known: BTreeSet<(u32, u16)>,
}

impl Recent {
    /// True for one that was not there before.
    pub(super) fn is_new(&mut self, ssrc: u32, sequence: u16) -> bool {
        if !self.known.insert((ssrc, sequence)) {
            return false;
        }
        self.order.push_back((ssrc, sequence));
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

/// Packets: 10 s of one who speaks in packets of 20 ms.
const MOST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_new_once_as_long_as_it_is_known() {
        let mut recent = Recent::default();
        assert!(recent.is_new(1, 65535) && recent.is_new(1, 0) && recent.is_new(2, 0));
        assert!(!recent.is_new(1, 65535) && !recent.is_new(2, 0));
        assert!((1..=MOST as u16).all(|sequence| recent.is_new(1, sequence)));
        assert!(recent.is_new(1, 65535), "forgotten");
        assert_eq!((recent.order.len(), recent.known.len()), (MOST, MOST));
    }
}
