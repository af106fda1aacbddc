//! Who is IP connected, told to presence servers by Sh (TR 23.804 clauses 8.1 step 4 and 8.2): PNR with SMSRegistrationInfo,
//! Data-Reference 24 (TS 29.328 clause 7.6.17, TS 29.329 clause 6.3.4).
//!
//! TS 29.328 has that reference in UDR and PUR alone; here it can be subscribed to as well, and the presence server that is
//! configured is told without a subscription. IP-SM-GW-Number is there while the UE is IP connected.

use std::collections::BTreeSet;
use std::time::Duration;

use protocol::Instant;
use protocol::diameter::sh::{Pnr, UserIdentity, reference};
use protocol::xml::Element;

use super::Task;
use super::subscription::SmsWay;
use crate::ims::hss::push::Pushed;
use crate::ims::hss::{Hss, Subscriber};
use crate::node::NodeStoreOp;

impl Hss {
    /// The UE has become IP connected, or is not any more: those who want to know are told.
    pub(super) fn connection_changed(&mut self, now: Instant, impi: &str, was_connected: bool) {
        if self.is_ip_connected(impi) == was_connected {
            return;
        }
        if let Some(hlr) = &mut self.hlr {
            hlr.told_in_vain.remove(impi);
        }
        let sets = self.directory.by_impi(impi).map_or(&[][..], |subscriber| &subscriber.sets);
        let impus: Vec<_> = sets.iter().flat_map(|set| &set.identities).map(|identity| identity.uri.clone()).collect();
        for impu in impus {
            self.notify(now, &impu, reference::SMS_REGISTRATION_INFO, None);
        }
        self.tell_presence(now, impi);
    }

    /// Tells the presence server what it does not know yet.
    pub(super) fn tell_presence(&mut self, now: Instant, impi: &str) {
        let is_connected = self.is_ip_connected(impi);
        let Some(hlr) = &mut self.hlr else { return };
        let Some(peer) = hlr.config.presence.clone() else { return };
        let is_told = hlr.records.get(impi).is_some_and(|record| record.is_presence_told);
        if is_told == is_connected || hlr.telling.contains(impi) {
            return;
        }
        let known = hlr.records.get(impi).and_then(|record| record.presence_identity.clone());
        let Some(impu) = self.directory.by_impi(impi).and_then(default_identity).or(known) else { return };
        let user_data = self.sh_data(&impu, &[reference::SMS_REGISTRATION_INFO], None, None);
        // One who was taken away is not connected.
        let user_data = user_data.unwrap_or_else(|| {
            let info = Element { children: vec![Element::new("SMSRegistrationInfo")], ..Element::new("Extension") };
            Element { children: vec![info], ..Element::new("Sh-Data") }.to_document().into_bytes()
        });
        if let Some(hlr) = &mut self.hlr {
            hlr.telling.insert(impi.to_owned());
        }
        let routing = self.endpoint.routing(Some(&peer.host), &peer.realm);
        let pnr = Pnr { routing, user: UserIdentity::Public(impu.clone()), user_data };
        self.push(now, pnr.to_message(), Pushed::Presence { impi: impi.to_owned(), impu, is_connected });
    }

    /// The presence server is there, or this process has started: it is told all that it does not know yet.
    pub(in crate::ims::hss) fn tell_presence_all(&mut self, now: Instant) {
        if let Some(hlr) = self.hlr.as_ref().filter(|hlr| hlr.config.presence.is_some()) {
            let told = hlr.records.iter().filter(|(_, record)| record.is_presence_told).map(|(impi, _)| impi);
            let impis: BTreeSet<_> = self.directory.impis().chain(told).cloned().collect();
            impis.iter().for_each(|impi| self.tell_presence(now, impi));
        }
    }

    /// A Diameter peer has come up.
    pub(in crate::ims::hss) fn presence_is_up(&mut self, now: Instant, host: &str) {
        let presence = self.hlr.as_ref().and_then(|hlr| hlr.config.presence.as_ref());
        if self.early.is_none() && presence.is_some_and(|presence| presence.host.eq_ignore_ascii_case(host)) {
            self.tell_presence_all(now);
        }
    }

    /// The presence server has answered, or not; what it has taken about which public identity.
    pub(in crate::ims::hss) fn presence_told(&mut self, now: Instant, impi: &str, taken: Option<(String, bool)>) {
        let Some(hlr) = &mut self.hlr else { return };
        hlr.telling.remove(impi);
        if let Some((impu, is_connected)) = taken {
            hlr.told_in_vain.remove(impi);
            let ops = self.change_sms(impi, |record, _| {
                record.is_presence_told = is_connected;
                record.presence_identity = is_connected.then_some(impu);
            });
            self.store_change(ops);
            return self.tell_presence(now, impi);
        }
        let tries = hlr.told_in_vain.entry(impi.to_owned()).or_default();
        *tries += 1;
        if *tries <= hlr.config.repeats {
            let again = now + hlr.config.repeat_after;
            hlr.due.set(&Task::Presence { impi: impi.to_owned() }, Some(again));
        }
    }

    /// The IMS registers or de-registers somebody of a subscription: before that.
    pub(in crate::ims::hss) fn connections(&self, subscription: &str) -> Vec<(String, bool)> {
        if self.hlr.is_none() {
            return Vec::new();
        }
        let impis = self.directory.of_subscription(subscription);
        impis.iter().map(|impi| (impi.clone(), self.is_ip_connected(impi))).collect()
    }

    /// After that: what has to be durable with it.
    pub(in crate::ims::hss) fn ims_changed(&mut self, before: Vec<(String, bool)>) -> Vec<NodeStoreOp> {
        let mut ops = Vec::new();
        for (impi, was_connected) in before {
            let is_connected = self.is_ip_connected(&impi);
            if is_connected == was_connected {
                continue;
            }
            if is_connected {
                ops.extend(self.change_sms(&impi, |record, _| record.is_ready(SmsWay::Ip, true)));
            }
            if let Some(hlr) = &mut self.hlr {
                hlr.touched.push((impi, was_connected));
            }
        }
        ops
    }

    /// Those whom the IMS has registered or de-registered are known by now.
    pub(in crate::ims::hss) fn tell_touched(&mut self, now: Instant) {
        let touched = self.hlr.as_mut().map(|hlr| std::mem::take(&mut hlr.touched)).unwrap_or_default();
        for (impi, was_connected) in touched {
            self.connection_changed(now, &impi, was_connected);
            if let Some(hlr) = &mut self.hlr {
                hlr.due.set(&Task::Alerts { impi }, Some(now + IMS_SETTLES));
            }
        }
    }

    /// SMSRegistrationInfo of a public identity.
    pub(in crate::ims::hss) fn sms_registration_info(&self, impu: &str) -> Element {
        let gateway = self.directory.by_impu(impu).find_map(|subscriber| self.sms_gateway(subscriber));
        let mut element = Element::new("SMSRegistrationInfo");
        element.children.extend(gateway.map(|number| Element::with_text("IP-SM-GW-Number", number)));
        element
    }
}

/// The identity that the presence server knows a subscriber by: the first that is not barred.
fn default_identity(subscriber: &Subscriber) -> Option<String> {
    let identities = subscriber.sets.iter().flat_map(|set| &set.identities);
    identities.into_iter().find(|identity| !identity.barred).map(|identity| identity.uri.clone())
}

/// How long after the HSS an S-CSCF takes to have somebody registered: alerts come after that.
const IMS_SETTLES: Duration = Duration::from_secs(2);
