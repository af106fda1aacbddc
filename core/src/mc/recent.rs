//! RTP packets that were there already, by source and sequence number (RFC 3550 clause 5.1).

use protocol::Latest;

/// The newest packets of a call.
#[derive(Debug)]
pub(super) struct Recent(Latest<(u32, u16)>);

impl Default for Recent {
    fn default() -> Self {
        Self(Latest::new(MOST))
    }
}

impl Recent {
    /// True for one that was not there before.
    pub(super) fn is_new(&mut self, ssrc: u32, sequence: u16) -> bool {
        self.0.insert((ssrc, sequence))
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
    }
}
