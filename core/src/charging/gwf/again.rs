//! A request that comes again because somebody on its way was killed is the same request (RFC 3261 clause 17.2.2 says it of
//! one transaction; this is what is left when there is another one): a message is neither sent nor paid for a second time,
//! a call that nobody waits for ends unpaid before it begins anew.

use std::time::Duration;

use protocol::Instant;
use protocol::diameter::charging::RoleOfNode;
use protocol::sip::proxy::Refusal;
use protocol::sip::{Request, ServerKey};

use super::{ImsGwf, Waiting};
use crate::charging::client::observe;
use crate::node::{NodeStoreOp, Table};

/// How long one that has arrived is known: beyond 64 T1.
const KNOWN: Duration = Duration::from_secs(40);

impl ImsGwf {
    /// True when a message is there already or on its way, or a call waits for the OCS: then it is looked after.
    pub(super) fn comes_again(&mut self, now: Instant, key: ServerKey, request: &Request) -> bool {
        let name = name_of(request);
        if self.arrived.get(&name).is_some() {
            let icid = observe::vector(&request.headers).map(|vector| vector.icid().into_owned());
            if icid.is_some_and(|icid| self.charging.awaits_answer(&icid)) {
                // Its record was not made when this node was killed.
                self.charging.begin(now, key, RoleOfNode::B2bua, request, None);
            }
            self.refuse(now, key, &Refusal::new(200));
            return true;
        }
        let Some(id) = self.under_way.get(&name).cloned() else { return false };
        let Some(live) = self.live.get_mut(&id) else { return false };
        if live.bridge.is_some() {
            self.supersede(now, &id);
            return false;
        }
        let Some((own, _)) = live.asking.as_mut() else { return false };
        // Who has asked before does not wait any more.
        let before = std::mem::replace(own, key);
        self.charging.moved(before, key);
        true
    }

    /// What is to be stored of a message that has arrived.
    pub(super) fn keep_arrived(&mut self, now: Instant, request: &Request) -> NodeStoreOp {
        let name = name_of(request);
        let until = now + KNOWN;
        self.arrived.insert(name.clone(), (), until);
        let value = self.utc_ms(until).to_string().into_bytes();
        NodeStoreOp::Put { table: Table::GwfCall, key: self.arrived_key(&name), value }
    }

    /// Takes over a row of one; false: it is none.
    pub(super) fn restore_arrived(&mut self, key: &str, value: &[u8]) -> bool {
        let prefix = self.arrived_key("");
        let until = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
        let (Some(name), Some(until)) = (key.strip_prefix(&prefix), until) else { return false };
        self.arrived.insert(name.to_owned(), (), self.instant(until));
        true
    }

    /// Forgets those that nobody repeats any more.
    pub(super) fn expire_arrived(&mut self, now: Instant) {
        while let Some((name, ())) = self.arrived.take_ended(now) {
            let delete = NodeStoreOp::Delete { table: Table::GwfCall, key: self.arrived_key(&name) };
            self.store(vec![delete], Waiting::Nothing);
        }
    }

    fn arrived_key(&self, name: &str) -> String {
        format!("arrived|{}|{name}", self.config.diameter.origin_host)
    }
}

/// What names a request among all (RFC 3261 clause 8.2.2.2).
pub(super) fn name_of(request: &Request) -> String {
    let from = request.from().ok().flatten();
    let tag = from.as_ref().and_then(|from| from.tag()).unwrap_or_default();
    let cseq = request.headers.get("CSeq").unwrap_or_default();
    format!("{} {cseq} {tag}", request.call_id().unwrap_or_default())
}
