//! By which way a UE listens to a session that has a medium over MBMS (TS 23.246 clause 8.2, TS 36.331 clause 5.8): over the
//! bearer once it has its MTCH, by unicast before and when its coverage is lost. Make before break. No I/O.

use std::time::Duration;

use protocol::sip::sdp::MbmsMedia;
use protocol::{Instant, Tmgi};

use super::Way;

/// The choice of one UE in one session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BearerChoice {
    config: BearerConfig,
    media: Option<MbmsMedia>,
    /// Bearers that the MCCHs list.
    listed: Vec<Tmgi>,
    /// When the newest transport block of its area came.
    block: Option<Instant>,
    /// A datagram of the medium has come since the coverage is there.
    has_data: bool,
    /// What the network was told last, and what it has not answered yet.
    chosen: Way,
    asked: Option<Way>,
    /// Before that it is not asked again.
    not_before: Instant,
}

/// When a UE changes over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BearerConfig {
    /// Without a good transport block of the area for so long the coverage is lost.
    pub patience: Duration,
    /// A change that was refused is asked for again after this time.
    pub pause: Duration,
}

impl Default for BearerConfig {
    /// Longer than an MCCH repetition period of 64 radio frames, in which there is one block at least.
    fn default() -> Self {
        Self { patience: Duration::from_millis(700), pause: Duration::from_secs(2) }
    }
}

impl BearerChoice {
    /// A session without a medium over MBMS.
    pub fn new(config: BearerConfig) -> Self {
        Self {
            config,
            media: None,
            listed: Vec::new(),
            block: None,
            has_data: false,
            chosen: Way::Unicast,
            asked: None,
            not_before: Instant::ZERO,
        }
    }

    /// The session has this medium over MBMS from here on, or none.
    pub fn agreed(&mut self, media: Option<MbmsMedia>) {
        let tmgi = |media: Option<MbmsMedia>| media.map(|media| media.mode.tmgi());
        if tmgi(self.media) != tmgi(media) {
            // The network that takes a bearer away goes on by unicast.
            (self.has_data, self.chosen, self.asked) = (false, Way::Unicast, None);
        }
        self.media = media;
    }

    /// The session is over.
    pub fn end(&mut self) {
        (self.media, self.has_data, self.chosen, self.asked) = (None, false, Way::Unicast, None);
    }

    /// The medium.
    pub const fn media(&self) -> Option<&MbmsMedia> {
        self.media.as_ref()
    }

    /// How it listens, as the network knows it.
    pub const fn way(&self) -> Way {
        self.chosen
    }

    /// The MCCHs list these bearers.
    pub fn listed(&mut self, tmgis: Vec<Tmgi>) {
        self.listed = tmgis;
    }

    /// A good transport block of the area that has the bearer has come.
    pub fn block(&mut self, now: Instant) {
        self.block = Some(now);
    }

    /// A datagram of the medium has come over the bearer.
    pub fn data(&mut self) {
        self.has_data = true;
    }

    /// The carrier is gone. What its MCCHs list is known until they are read again.
    pub const fn lost(&mut self) {
        (self.block, self.has_data) = (None, false);
    }

    /// Time has come to [`Self::poll_timeout`], or beyond.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.block.is_some_and(|block| block + self.config.patience <= now) {
            (self.block, self.has_data) = (None, false);
        }
    }

    /// When it wants to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let runs_out = self.media.and(self.block).map(|block| block + self.config.patience);
        let again = (self.asked.is_none() && self.wanted() != self.chosen).then_some(self.not_before);
        [runs_out, again].into_iter().flatten().min()
    }

    /// What the network is to be told now; it has to be answered by [`Self::done`].
    pub fn poll_wish(&mut self, now: Instant) -> Option<Way> {
        let wanted = self.wanted();
        if self.asked.is_some() || wanted == self.chosen || now < self.not_before {
            return None;
        }
        self.asked = Some(wanted);
        Some(wanted)
    }

    /// What the network has been told and not answered yet.
    pub const fn asked(&self) -> Option<Way> {
        self.asked
    }

    /// The network has taken what it was told, or has not.
    pub fn done(&mut self, now: Instant, is_taken: bool) {
        let Some(way) = self.asked.take() else { return };
        if is_taken {
            self.chosen = way;
        } else {
            self.not_before = now + self.config.pause;
        }
    }

    fn wanted(&self) -> Way {
        let has_bearer = self.media.is_some_and(|media| self.listed.contains(&media.mode.tmgi()));
        if has_bearer && self.block.is_some() && self.has_data { Way::Mbms } else { Way::Unicast }
    }
}

#[cfg(test)]
mod tests {
    use protocol::Plmn;
    use protocol::sip::sdp::MbmsMode;

    use super::*;

    fn media(service: u8) -> MbmsMedia {
        let tmgi = Tmgi { service_id: [0, 0, service], plmn: Plmn::new("001", "01").unwrap() };
        let destination = "239.1.0.1:5000".parse().unwrap();
        MbmsMedia { destination, source: None, mode: MbmsMode::Broadcast { tmgi, counting: 0 } }
    }

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    fn on_the_bearer() -> BearerChoice {
        let mut choice = BearerChoice::new(BearerConfig::default());
        choice.agreed(Some(media(1)));
        choice.listed(vec![media(1).mode.tmgi()]);
        choice.block(at(1000));
        choice.data();
        assert_eq!(choice.poll_wish(at(1000)), Some(Way::Mbms));
        choice.done(at(1010), true);
        choice
    }

    #[test]
    fn it_has_the_mtch_before_it_leaves_unicast() {
        let mut choice = BearerChoice::new(BearerConfig::default());
        choice.block(at(0));
        choice.agreed(Some(media(1)));
        assert_eq!(choice.poll_wish(at(0)), None);
        choice.listed(vec![media(2).mode.tmgi()]);
        choice.data();
        assert_eq!(choice.poll_wish(at(0)), None, "another bearer");
        choice.listed(vec![media(2).mode.tmgi(), media(1).mode.tmgi()]);
        assert_eq!((choice.poll_wish(at(1)), choice.way()), (Some(Way::Mbms), Way::Unicast));
        assert_eq!(choice.poll_wish(at(2)), None, "it is asked already");
        choice.done(at(3), false);
        assert_eq!((choice.poll_wish(at(4)), choice.poll_timeout()), (None, Some(at(700))));
        choice.block(at(2003));
        assert_eq!(choice.poll_wish(at(2003)), Some(Way::Mbms));
    }

    #[test]
    fn without_coverage_it_is_unicast_again_and_comes_back() {
        let mut choice = on_the_bearer();
        assert_eq!((choice.way(), choice.poll_timeout()), (Way::Mbms, Some(at(1700))));
        choice.handle_timeout(at(1699));
        assert_eq!(choice.poll_wish(at(1699)), None);
        choice.handle_timeout(at(1700));
        assert_eq!(choice.poll_wish(at(1700)), Some(Way::Unicast));
        choice.done(at(1720), true);
        choice.block(at(5000));
        assert_eq!(choice.poll_wish(at(5000)), None, "no data yet");
        choice.data();
        assert_eq!(choice.poll_wish(at(5001)), Some(Way::Mbms));
        let mut lost = on_the_bearer();
        lost.lost();
        assert_eq!(lost.poll_wish(at(1100)), Some(Way::Unicast));
    }

    #[test]
    fn a_bearer_that_is_taken_away_is_unicast_without_a_word() {
        let mut choice = on_the_bearer();
        choice.agreed(None);
        assert_eq!((choice.poll_wish(at(1100)), choice.way(), choice.poll_timeout()), (None, Way::Unicast, None));
        let mut choice = on_the_bearer();
        choice.end();
        assert_eq!((choice.way(), choice.media()), (Way::Unicast, None));
    }
}
