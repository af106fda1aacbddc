//! TS 36.321 clause 5.12: how the MTCHs of an MCH share the blocks of a scheduling period.
//!
//! One function fills a block; the plan for the MSI walks it over the queue without touching it, the transmission walks it
//! again block by block, so both see the same.

use crate::mac::subheader_octets;
use crate::rlc::{Cursor, PduLayout, UmTransmitter};
use crate::rrc::{SessionInfo, Tmgi};

/// Highest `Stop MTCH` that is an index (2043 to 2047 mean something else, TS 36.321 clause 6.1.3.7).
pub(super) const STOP_MAX: u16 = 2042;

/// The MTCH of one session.
#[derive(Debug)]
pub(super) struct Mtch {
    pub(super) lcid: u8,
    /// Whose it is.
    pub(super) session: SessionKey,
    pub(super) rlc: UmTransmitter,
    /// Nothing goes out before the MCCH that tells of this MTCH has been sent.
    pub(super) is_held: bool,
    /// SDUs at the front of the queue that this scheduling period sends.
    pub(super) sdus: usize,
    /// Nothing of it goes out after this block.
    pub(super) last_index: u16,
    /// Where it stops, as the MSI says.
    pub(super) stop: Option<u16>,
}

impl Mtch {
    /// An MTCH that has sent nothing.
    pub(super) fn new(session: &SessionInfo, is_held: bool) -> Self {
        let (lcid, session) = (session.lcid, session_key(session));
        Self { lcid, session, rlc: UmTransmitter::default(), is_held, sdus: 0, last_index: 0, stop: None }
    }

    /// The rest of the scheduling period goes without it.
    pub(super) const fn give_up_period(&mut self) {
        self.sdus = 0;
    }
}

/// What makes a session the same one: TMGI and session identity (TS 36.331 clause 5.8.3).
pub(super) type SessionKey = (Tmgi, Option<u8>);

/// The key of a session of the MCCH.
pub(super) const fn session_key(session: &SessionInfo) -> SessionKey {
    (session.tmgi, session.session_id)
}

/// Shares out `room` octets of block `index`: the MTCHs in their order, each as much as it has.
pub(super) fn fill(
    mtchs: &[Mtch],
    cursors: &mut [Cursor],
    index: u16,
    mut room: usize,
    mut place: impl FnMut(usize, PduLayout),
) {
    for (i, (mtch, cursor)) in mtchs.iter().zip(cursors).enumerate() {
        if index > mtch.last_index {
            continue;
        }
        // An element that fills the block has a subheader of one octet; any other has a length.
        while room > 1 {
            let Some(layout) = mtch.rlc.layout(*cursor, mtch.sdus, room - 1) else { break };
            cursor.advance(&layout);
            place(i, layout);
            room = room.saturating_sub(subheader_octets(layout.octets()) + layout.octets());
        }
    }
}

/// Works out scheduling periods; its memory is kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Planner {
    /// Octets that each block of the period has for MTCHs.
    pub(super) rooms: Vec<usize>,
    cursors: Vec<Cursor>,
    stops: Vec<Option<u16>>,
    demands: Vec<usize>,
    shares: Vec<usize>,
}

impl Planner {
    /// Decides what the period sends of what is due at `now`: sets `sdus`, `last_index` and `stop` of each MTCH.
    pub(super) fn plan(&mut self, mtchs: &mut [Mtch], now: u64) {
        for mtch in mtchs.iter_mut() {
            mtch.sdus = if mtch.is_held { 0 } else { mtch.rlc.due_sdus(now) };
            mtch.last_index = STOP_MAX;
        }
        if !self.walk(mtchs) {
            self.share(mtchs);
            self.walk(mtchs);
        }
        // What the MSI says holds, whatever becomes of the MCCH in later blocks.
        for mtch in mtchs {
            match mtch.stop {
                Some(stop) => mtch.last_index = stop,
                None => mtch.sdus = 0,
            }
        }
    }

    /// More than fits: each MTCH gets a fair part of the blocks.
    fn share(&mut self, mtchs: &mut [Mtch]) {
        let block = self.rooms.iter().copied().max().unwrap_or(0).saturating_sub(4).max(1);
        self.demands.clear();
        self.demands.extend(mtchs.iter().map(|m| m.rlc.octets_of(m.sdus).div_ceil(block)));
        let total = self.rooms.len().min(usize::from(STOP_MAX) + 1);
        fair_shares(&self.demands, total, &mut self.shares);
        let mut blocks = 0;
        for (mtch, share) in mtchs.iter_mut().zip(&self.shares) {
            blocks += share;
            match blocks.checked_sub(1) {
                Some(last) => mtch.last_index = last as u16,
                None => mtch.sdus = 0,
            }
        }
    }

    /// Walks over all blocks, notes where each MTCH stops; true when everything went in.
    fn walk(&mut self, mtchs: &mut [Mtch]) -> bool {
        let Self { rooms, cursors, stops, .. } = self;
        cursors.clear();
        cursors.resize(mtchs.len(), Cursor::default());
        stops.clear();
        stops.resize(mtchs.len(), None);
        for (index, &room) in (0..=STOP_MAX).zip(rooms.iter()) {
            fill(mtchs, cursors, index, room, |i, _| stops[i] = Some(index));
        }
        let mut all = true;
        for ((mtch, cursor), stop) in mtchs.iter_mut().zip(cursors).zip(stops) {
            mtch.stop = *stop;
            all &= cursor.sdu >= mtch.sdus;
        }
        all
    }
}

/// Max-min fair parts of `total`: who wants less than an equal part gets what it wants.
fn fair_shares(demands: &[usize], total: usize, shares: &mut Vec<usize>) {
    shares.clear();
    shares.resize(demands.len(), 0);
    let mut left = total;
    loop {
        let open = shares.iter().zip(demands).filter(|(share, demand)| share < demand).count();
        if open == 0 || left == 0 {
            return;
        }
        let part = (left / open).max(1);
        for (share, demand) in shares.iter_mut().zip(demands) {
            let more = part.min(demand - *share).min(left);
            *share += more;
            left -= more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_max_min_fair() {
        let mut shares = vec![7; 9];
        for (demands, total, want) in
            [(&[10, 2, 30][..], 20, &[9, 2, 9][..]), (&[1, 1, 1], 2, &[1, 1, 0]), (&[3, 0], 10, &[3, 0])]
        {
            fair_shares(demands, total, &mut shares);
            assert_eq!(shares, want);
        }
    }
}
