//! Which session an MTCH carries: what MCCHs list, from when on (TS 36.331 clause 5.8.1.2).

use std::collections::BTreeMap;

use core_network::MtchId;
use protocol::Instant;

/// MTCHs with what they carry. A logical channel is used again for another bearer when its session has ended.
#[derive(Debug, Default)]
pub(super) struct Mtchs {
    /// From when on which session; none: a bearer that no session of the scenario has.
    carried: BTreeMap<MtchId, Vec<(Instant, Option<String>)>>,
}

impl Mtchs {
    /// From then on an MTCH carries this.
    pub(super) fn listed(&mut self, mtch: MtchId, from: Instant, session: Option<&str>) {
        let all = self.carried.entry(mtch).or_default();
        // A listing that has not come into force gives way to one that comes first.
        while all.last().is_some_and(|(other, _)| *other >= from) {
            all.pop();
        }
        if all.last().is_none_or(|(_, before)| before.as_deref() != session) {
            all.push((from, session.map(str::to_owned)));
        }
    }

    /// What an MTCH carries at this time.
    pub(super) fn session(&self, mtch: MtchId, at: Instant) -> Option<&str> {
        let all = self.carried.get(&mtch)?;
        all.iter().rev().find(|(from, _)| *from <= at)?.1.as_deref()
    }

    /// The MTCH that carried a session last.
    pub(super) fn of(&self, session: &str) -> Option<MtchId> {
        let own = self.carried.iter().flat_map(|(mtch, all)| all.iter().map(move |own| (mtch, own)));
        let own = own.filter(|(_, (_, name))| name.as_deref() == Some(session));
        own.max_by_key(|(_, (from, _))| *from).map(|(mtch, _)| *mtch)
    }
}

#[cfg(test)]
mod tests {
    use core_network::PmchId;

    use super::*;

    #[test]
    fn a_channel_that_is_used_again_is_another_session() {
        let at = Instant::from_millis;
        let mtch = |lcid| MtchId { pmch: PmchId { area: 0, pmch: 0 }, lcid };
        let mut mtchs = Mtchs::default();
        mtchs.listed(mtch(1), at(0), Some("file"));
        mtchs.listed(mtch(1), at(640), Some("file"));
        mtchs.listed(mtch(1), at(1280), None);
        assert_eq!((mtchs.session(mtch(1), at(1279)), mtchs.session(mtch(1), at(1280))), (Some("file"), None));
        assert_eq!((mtchs.session(mtch(2), at(1279)), mtchs.of("file")), (None, Some(mtch(1))));
        mtchs.listed(mtch(2), at(1280), Some("file"));
        assert_eq!(mtchs.of("file"), Some(mtch(2)));
    }
}
