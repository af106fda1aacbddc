//! TMGIs, multicast addresses and ports that an AS assigns itself (TR 23.847 clause 2).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use protocol::diameter::mbms::provisioning::ConflictReason;
use protocol::{Plmn, Tmgi};

use super::config::Mb2Allocation;

/// What may be assigned, and what comes next.
#[derive(Debug)]
pub(super) struct Assigner(Option<Pool>);

#[derive(Debug)]
struct Pool {
    plmn: Plmn,
    /// First, number and next of them.
    ids: (u32, u32, u32),
    addresses: (u32, u32, u32),
    port: u16,
}

/// All TMGIs or addresses that may be assigned are in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Exhausted;

impl Assigner {
    pub(super) fn new(allocation: &Mb2Allocation) -> Self {
        let Mb2Allocation::AsAssigns { plmn, service_ids, addresses, port } = allocation else { return Self(None) };
        let count = |first: u32, last: u32| (first, last.saturating_sub(first).saturating_add(1), 0);
        Self(Some(Pool {
            plmn: *plmn,
            ids: count(*service_ids.start(), (*service_ids.end()).min(MAX_SERVICE_ID)),
            addresses: count(addresses.start().to_bits(), addresses.end().to_bits()),
            port: *port,
        }))
    }

    pub(super) const fn assigns(&self) -> bool {
        self.0.is_some()
    }

    /// The next TMGI and destination that none of `used` has; none: the BM-SC assigns.
    pub(super) fn candidate(&mut self, used: &[(Tmgi, SocketAddr)]) -> Result<Option<(Tmgi, SocketAddr)>, Exhausted> {
        let Some(pool) = &mut self.0 else { return Ok(None) };
        let has_tmgi = |pool: &Pool| used.iter().any(|(tmgi, _)| *tmgi == pool.tmgi());
        let has_destination = |pool: &Pool| used.iter().any(|(_, destination)| *destination == pool.destination());
        // As many as are used are enough to come to a free one, where there is one.
        for _ in used {
            if has_tmgi(pool) {
                step(&mut pool.ids);
            }
            if has_destination(pool) {
                step(&mut pool.addresses);
            }
        }
        if has_tmgi(pool) || has_destination(pool) {
            return Err(Exhausted);
        }
        Ok(Some((pool.tmgi(), pool.destination())))
    }

    /// The BM-SC refuses the last one. False: another one would not help.
    pub(super) fn refused(&mut self, reason: ConflictReason) -> bool {
        let Some(pool) = &mut self.0 else { return false };
        match reason {
            ConflictReason::TmgiInUse | ConflictReason::OtherAddress => step(&mut pool.ids),
            ConflictReason::AddressInUse => step(&mut pool.addresses),
            _ => return false,
        }
        true
    }
}

impl Pool {
    fn tmgi(&self) -> Tmgi {
        let [_, a, b, c] = (self.ids.0 + self.ids.2).to_be_bytes();
        Tmgi { service_id: [a, b, c], plmn: self.plmn }
    }

    fn destination(&self) -> SocketAddr {
        let address = Ipv4Addr::from_bits(self.addresses.0 + self.addresses.2);
        SocketAddr::new(IpAddr::V4(address), self.port)
    }
}

const fn step((_, count, next): &mut (u32, u32, u32)) {
    *next = (*next + 1) % *count;
}

/// Three octets (TS 23.003 clause 15.2).
const MAX_SERVICE_ID: u32 = 0xff_ffff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_or_refused_is_not_tried_again_before_the_others() {
        let plmn = Plmn::new("262", "01").unwrap();
        let addresses = Ipv4Addr::new(239, 2, 0, 1)..=Ipv4Addr::new(239, 2, 0, 2);
        let mut own = Assigner::new(&Mb2Allocation::AsAssigns { plmn, service_ids: 7..=9, addresses, port: 5000 });
        let text = |(tmgi, to): (Tmgi, SocketAddr)| format!("{tmgi} {to}");
        let first = own.candidate(&[]).unwrap().unwrap();
        assert_eq!(text(first), "000007@262-01 239.2.0.1:5000");
        assert!(own.refused(ConflictReason::TmgiInUse));
        assert_eq!(text(own.candidate(&[]).unwrap().unwrap()), "000008@262-01 239.2.0.1:5000");
        assert!(own.refused(ConflictReason::AddressInUse));
        let second = own.candidate(&[]).unwrap().unwrap();
        assert_eq!(text(second), "000008@262-01 239.2.0.2:5000");
        assert_eq!(text(own.candidate(&[second]).unwrap().unwrap()), "000009@262-01 239.2.0.1:5000");
        assert!(!own.refused(ConflictReason::AddressNotOfAs));
        assert_eq!(Assigner::new(&Mb2Allocation::BmscAssigns).candidate(&[]), Ok(None));
    }

    #[test]
    fn a_pool_that_is_used_up_gives_nothing_that_somebody_has() {
        let plmn = Plmn::new("262", "01").unwrap();
        let one = |last: u8| Ipv4Addr::new(239, 2, 0, 1)..=Ipv4Addr::new(239, 2, 0, last);
        for (service_ids, addresses) in [(7..=7, one(1)), (7..=9, one(1)), (7..=7, one(9))] {
            let mut own = Assigner::new(&Mb2Allocation::AsAssigns { plmn, service_ids, addresses, port: 5000 });
            let first = own.candidate(&[]).unwrap().unwrap();
            assert_eq!(own.candidate(&[first]), Err(Exhausted));
            assert_eq!(own.candidate(&[]).unwrap().map(|(tmgi, _)| tmgi.plmn), Some(plmn));
        }
    }
}
