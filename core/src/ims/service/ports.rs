//! Media ports: pairs of RTP and RTCP out of a range (RFC 3550 clause 11).

use std::collections::BTreeSet;

/// The pairs that are not in use.
#[derive(Debug)]
pub(crate) struct Ports {
    free: BTreeSet<u16>,
    /// Where to look next: a port that was given back rests as long as possible, for what still comes to it.
    next: u16,
}

impl Ports {
    /// All even ports whose next one is in the range as well.
    pub(crate) fn new((first, last): (u16, u16)) -> Self {
        Self { free: (first..last).filter(|port| port % 2 == 0).collect(), next: first }
    }

    /// An RTP port.
    pub(crate) fn take(&mut self) -> Option<u16> {
        let port = self.free.range(self.next..).next().or_else(|| self.free.first()).copied()?;
        self.free.remove(&port);
        self.next = port.saturating_add(2);
        Some(port)
    }

    pub(crate) fn give_back(&mut self, port: u16) {
        self.free.insert(port);
    }

    pub(crate) fn left(&self) -> usize {
        self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_within_the_range_and_the_longest_unused_first() {
        let mut ports = Ports::new((4001, 4008));
        assert_eq!(
            [ports.take(), ports.take(), ports.take(), ports.take()],
            [Some(4002), Some(4004), Some(4006), None]
        );
        ports.give_back(4004);
        ports.give_back(4002);
        assert_eq!([ports.take(), ports.take(), ports.take()], [Some(4002), Some(4004), None]);
        let mut ports = Ports::new((4000, 4005));
        let first = ports.take().unwrap();
        ports.give_back(first);
        assert_eq!((ports.take(), ports.left()), (Some(4002), 2));
    }
}
