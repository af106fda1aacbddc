//! MBMS bearers as a client knows them (TS 24.379 clause 14.3.2, TS 24.380 clause 10.3): which were announced and by whom,
//! which it hears, and which groups are on them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use protocol::mc::sdp::AnnouncedMedia;
use protocol::mc::subchannel::MbmsSubchannel;
use protocol::mc::usage_info::Announcement;
use protocol::sip::sdp::Sdp;
use protocol::{Instant, Tmgi};

/// Bearers that are kept; more are not taken.
const MOST_BEARERS: usize = 64;
/// Groups whose place is kept.
const MOST_MAPS: usize = 256;

/// The bearers of a client.
#[derive(Debug)]
pub(super) struct Bearers {
    patience: Duration,
    announced: BTreeMap<Tmgi, Announced>,
    listed: BTreeSet<Tmgi>,
    /// When the newest transport block came.
    block: Option<Instant>,
    /// When the coverage has come or gone last.
    changed: Option<Instant>,
    maps: BTreeMap<String, Map>,
    /// Where groups were before they moved: what is on its way there is heard as well.
    left: BTreeMap<String, Map>,
}

/// A bearer as it was announced.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Announced {
    /// Who has announced it last.
    by: String,
    /// Its general purpose subchannel, where it carries one.
    general_purpose: Option<SocketAddr>,
    sdp: Option<Sdp>,
}

/// The place of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Map {
    pub(super) tmgi: Tmgi,
    pub(super) subchannel: MbmsSubchannel,
    /// The general purpose subchannel that has said so last.
    pub(super) by: SocketAddr,
}

impl Bearers {
    pub(super) const fn new(patience: Duration) -> Self {
        Self {
            patience,
            announced: BTreeMap::new(),
            listed: BTreeSet::new(),
            block: None,
            changed: None,
            maps: BTreeMap::new(),
            left: BTreeMap::new(),
        }
    }

    /// A bearer is announced, or not any more. What was not announced again stays; a newer description replaces the older
    /// one. False: it is one too many.
    pub(super) fn announce(&mut self, by: &str, announcement: &Announcement, sdp: Option<&Sdp>) -> bool {
        let tmgi = announcement.tmgi;
        if announcement.is_cancellation() {
            self.announced.remove(&tmgi);
            self.keep(|map| map.tmgi != tmgi);
            return true;
        }
        if self.announced.len() >= MOST_BEARERS && !self.announced.contains_key(&tmgi) {
            return false;
        }
        let before = self.announced.get(&tmgi).and_then(|known| known.sdp.clone());
        let sdp = sdp.cloned().or(before);
        let media = announcement.gpms.zip(sdp.as_ref()).and_then(|(line, sdp)| AnnouncedMedia::of(sdp, Some(line)));
        let general_purpose = media.map(|media| media.general_purpose);
        self.announced.insert(tmgi, Announced { by: by.to_owned(), general_purpose, sdp });
        true
    }

    /// The MCCHs list these bearers.
    pub(super) fn listed(&mut self, tmgis: Vec<Tmgi>) {
        self.listed = tmgis.into_iter().collect();
        let listed = self.listed.clone();
        self.keep(|map| listed.contains(&map.tmgi));
    }

    fn keep(&mut self, is_there: impl Fn(&Map) -> bool) {
        self.maps.retain(|_, map| is_there(map));
        self.left.retain(|_, map| is_there(map));
    }

    /// A good transport block has come. True: the coverage is there again.
    pub(super) fn block(&mut self, now: Instant) -> bool {
        let is_back = self.block.is_none();
        self.block = Some(now);
        if is_back {
            self.changed = Some(now);
        }
        is_back
    }

    /// A good transport block has come. False: more than its time is new, and it goes by [`Self::block`].
    pub(super) const fn goes_on(&mut self, now: Instant) -> bool {
        let was_there = self.block.is_some();
        if was_there {
            self.block = Some(now);
        }
        was_there
    }

    /// The carrier is gone. What its MCCHs list is known until they are read again; which groups are on the bearers is not.
    /// True: it was there.
    pub(super) fn lost(&mut self, now: Instant) -> bool {
        let was_there = self.block.take().is_some();
        self.maps.clear();
        self.left.clear();
        if was_there {
            self.changed = Some(now);
        }
        was_there
    }

    /// Time has come to [`Self::poll_timeout`], or beyond. True: the coverage is lost.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        self.poll_timeout().is_some_and(|due| due <= now) && self.lost(now)
    }

    /// When it wants to be called at the latest.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        // Who has no bearer to hear need not know.
        let heard = self.block.filter(|_| !self.announced.is_empty());
        heard.map(|block| block + self.patience)
    }

    /// When the coverage has come or gone last; now, while it is gone.
    pub(super) fn changed(&self, now: Instant) -> Option<Instant> {
        if self.block.is_none() && !self.announced.is_empty() { Some(now) } else { self.changed }
    }

    /// It was announced, is on the air, and comes through.
    pub(super) fn hears(&self, tmgi: Tmgi) -> bool {
        self.block.is_some() && self.announced.contains_key(&tmgi) && self.listed.contains(&tmgi)
    }

    /// Bearers that were announced.
    pub(super) fn announced(&self) -> impl Iterator<Item = Tmgi> + '_ {
        self.announced.keys().copied()
    }

    /// Bearers with a general purpose subchannel.
    pub(super) fn general_purpose(&self) -> impl Iterator<Item = Tmgi> + '_ {
        self.announced.iter().filter(|(_, known)| known.general_purpose.is_some()).map(|(tmgi, _)| *tmgi)
    }

    /// A datagram to this address is for a general purpose subchannel.
    pub(super) fn is_general_purpose(&self, destination: SocketAddr) -> bool {
        self.announced.values().any(|known| known.general_purpose == Some(destination))
    }

    /// Who has announced a bearer.
    pub(super) fn announcer(&self, tmgi: Tmgi) -> Option<&str> {
        self.announced.get(&tmgi).map(|known| known.by.as_str())
    }

    /// A group is on a bearer. None: that is known; false: the bearer was not announced, or there are too many groups.
    pub(super) fn map(&mut self, group: &str, map: Map) -> Option<bool> {
        if let Some(known) = self.maps.get_mut(group)
            && (known.tmgi, known.subchannel) == (map.tmgi, map.subchannel)
        {
            known.by = map.by;
            return None;
        }
        let has_room = self.maps.len() < MOST_MAPS || self.maps.contains_key(group);
        if !has_room || !self.announced.contains_key(&map.tmgi) {
            return Some(false);
        }
        if let Some(before) = self.maps.insert(group.to_owned(), map) {
            self.left.insert(group.to_owned(), before);
        }
        Some(true)
    }

    /// A general purpose subchannel says that a group is on no bearer any more. False: it was on none, or another one has
    /// said so: the group has moved.
    pub(super) fn unmap(&mut self, group: &str, by: SocketAddr) -> bool {
        let is_known = self.maps.get(group).is_some_and(|map| map.by == by);
        if is_known {
            self.left.remove(group);
        }
        is_known && self.maps.remove(group).is_some()
    }

    /// Where a group is heard.
    pub(super) fn place(&self, group: &str) -> Option<Map> {
        self.maps.get(group).copied().filter(|map| self.hears(map.tmgi))
    }

    /// The group whose media or floor control have this address.
    pub(super) fn group_at(&self, destination: SocketAddr) -> Option<(&str, bool)> {
        self.maps.iter().chain(&self.left).find_map(|(group, map)| {
            let is_media = map.subchannel.media == destination;
            let is_floor = map.subchannel.floor_address() == Some(destination);
            (is_media || is_floor).then_some((group.as_str(), is_media))
        })
    }
}
