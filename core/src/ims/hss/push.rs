//! What the HSS starts: RTR, PPR (TS 29.228 clauses 6.1.3 and 6.2.2) and PNR (TS 29.328 clause 6.1.4), and changes by the
//! operator.

use protocol::Instant;
use protocol::diameter::cx::{AuthData, AuthItem, DeregistrationReason, DigestAuthenticate, Ppr, Rtr};
use protocol::diameter::sh::{Pnr, UserIdentity, reference};
use protocol::diameter::{Message, RequestFailure, ResultCode};

use super::authentication::store_sqn;
use super::data::Subscription;
use super::provision::ProvisionedSubscriber;
use super::registration::{Client, IdentityState, Registration, set_key};
use super::subscriber::Subscriber;
use super::{Hss, Waiting};
use crate::node::{NodeStoreOp, Table};

/// A request of ours that waits for its answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Pushed {
    /// RTR; `clear`: the registrations of the private identity end with its success.
    Rtr { impi: String, subscription: String, clear: bool },
    /// PPR.
    Ppr { impi: String },
    /// PNR; a subscription for one notification ends with it.
    Pnr { host: String },
    /// PNR to the presence server that is configured, about this public identity.
    Presence { impi: String, impu: String, is_connected: bool },
}

/// A public identity whose state or S-CSCF has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Changed {
    pub(super) impu: String,
    pub(super) state: Option<IdentityState>,
    pub(super) server: Option<Option<String>>,
}

impl Hss {
    /// The operator ends registrations.
    pub(super) fn deregister(&mut self, now: Instant, impi: &str, reason: u32, info: String) {
        let reason = match reason {
            0 => DeregistrationReason::PermanentTermination,
            1 => DeregistrationReason::NewServerAssigned,
            2 => DeregistrationReason::ServerChange,
            3 => DeregistrationReason::RemoveScscf,
            other => return self.ignored("running", format!("de-registration with Reason-Code {other}")),
        };
        let Some(subscriber) = self.directory.by_impi(impi) else {
            return self.ignored("running", format!("de-registration of {impi}, who is unknown"));
        };
        let client = self.registrations.get(&subscriber.subscription).and_then(|r| r.client.clone());
        let Some(client) = client else {
            return self.ignored("running", format!("de-registration of {impi}, who has no S-CSCF"));
        };
        self.send_rtr(now, impi, &client, reason, (!info.is_empty()).then_some(info), true);
    }

    pub(super) fn send_rtr(
        &mut self,
        now: Instant,
        impi: &str,
        to: &Client,
        reason: DeregistrationReason,
        info: Option<String>,
        clear: bool,
    ) {
        let subscription = self.directory.by_impi(impi).map_or_else(String::new, |s| s.subscription.clone());
        let routing = self.endpoint.routing(Some(&to.host), &to.realm);
        let rtr = Rtr { routing, impi: impi.to_owned(), associated: Vec::new(), impus: Vec::new(), reason, info };
        self.push(now, rtr.to_message(), Pushed::Rtr { impi: impi.to_owned(), subscription, clear });
    }

    pub(super) fn push(&mut self, now: Instant, message: Message, pushed: Pushed) {
        self.next_token += 1;
        self.pushed.insert(self.next_token, pushed);
        self.endpoint.send_request(now, self.next_token, message);
    }

    pub(super) fn after_push(&mut self, now: Instant, pushed: Pushed, answer: Result<Message, RequestFailure>) {
        let result = match &answer {
            Ok(answer) => ResultCode::from_message(answer).map_err(|problem| problem.to_string()),
            Err(failure) => Err(failure.to_string()),
        };
        let is_success = result.as_ref().is_ok_and(|r| r.is_success());
        if !is_success {
            self.say(format!("{pushed:?} failed: {result:?}"));
        }
        match pushed {
            // An S-CSCF that does not know the user any more has nothing to end.
            Pushed::Rtr { impi, subscription, clear: true }
                if is_success || matches!(result, Ok(ResultCode::Experimental(_))) =>
            {
                self.clear(now, &impi, &subscription);
            }
            // One that does not know the user has nothing to tell of it.
            Pushed::Presence { impi, impu, is_connected } => {
                let is_taken = is_success || matches!(result, Ok(ResultCode::Experimental(_)));
                self.presence_told(now, &impi, is_taken.then_some((impu, is_connected)));
            }
            _ => {}
        }
    }

    /// All registrations of a private identity have ended.
    fn clear(&mut self, now: Instant, impi: &str, subscription: &str) {
        let mut registration = self.registrations.get(subscription).cloned().unwrap_or_default();
        for set in registration.registered_by(impi) {
            registration.deregister(&set, impi, false);
        }
        let ops = self.change(subscription, registration);
        if !ops.is_empty() {
            self.store(ops, Waiting::Change);
        }
        self.notify_changes(now);
    }

    /// Takes a new or changed subscriber; its S-CSCF is told, and who serves it for short messages.
    pub(super) fn put_subscriber(&mut self, now: Instant, provisioned: ProvisionedSubscriber) {
        let ProvisionedSubscriber { subscriber, sqn } = provisioned;
        let Ok(value) = serde_json::to_vec(&subscriber) else {
            return self.say(format!("{} cannot be stored", subscriber.impi));
        };
        let mut ops = vec![NodeStoreOp::Put { table: Table::Subscriber, key: subscriber.impi.clone(), value }];
        // The number only goes up: what was given out stays so.
        let sqn = sqn.unwrap_or_default().max(self.sqns.get(&subscriber.impi).copied().unwrap_or_default());
        ops.push(store_sqn(&subscriber.impi, sqn));
        self.sqns.insert(subscriber.impi.clone(), sqn);
        let before = self.directory.by_impi(&subscriber.impi).cloned();
        self.directory.put(subscriber.clone());
        self.store(ops, Waiting::Change);
        if let Some(before) = before {
            self.tell_changes(now, &before, &subscriber);
            if before.sms != subscriber.sms || before.msisdn != subscriber.msisdn {
                self.tell_serving(now, &subscriber.impi);
            }
        }
    }

    /// PPR for each registered set whose profile has changed, and for new data of SIP digest.
    fn tell_changes(&mut self, now: Instant, before: &Subscriber, after: &Subscriber) {
        let Some(registration) = self.registrations.get(&after.subscription).cloned() else { return };
        let Some(client) = registration.client.clone() else { return };
        let charging = after.charging.to_cx().filter(|_| before.charging != after.charging);
        let digest = after.digest.as_ref().filter(|_| before.digest != after.digest).map(|secret| AuthItem {
            number: None,
            data: AuthData::Digest(DigestAuthenticate {
                realm: secret.realm.clone(),
                algorithm: Some("MD5".to_owned()),
                qop: "auth".to_owned(),
                ha1: secret.ha1.clone(),
            }),
        });
        let mut profiles: Vec<Option<Vec<u8>>> = Vec::new();
        for (set, content) in after.sets.iter().enumerate() {
            let old = before.sets.iter().find(|s| set_key(s) == set_key(content));
            if old != Some(content) && registration.state(&set_key(content)) != IdentityState::NotRegistered {
                profiles.push(after.user_profile(set).ok().map(|p| p.to_document().into_bytes()));
            }
        }
        if profiles.is_empty() && (charging.is_some() || digest.is_some()) {
            profiles.push(None);
        }
        for user_data in profiles {
            let routing = self.endpoint.routing(Some(&client.host), &client.realm);
            let ppr =
                Ppr { routing, impi: after.impi.clone(), user_data, charging: charging.clone(), auth: digest.clone() };
            self.push(now, ppr.to_message(), Pushed::Ppr { impi: after.impi.clone() });
        }
    }

    /// Takes a subscriber away; its registrations end first. The sequence number stays: a subscriber of that name that comes
    /// again with the same card goes on with it.
    pub(super) fn remove_subscriber(&mut self, now: Instant, impi: &str) {
        let Some(subscriber) = self.directory.by_impi(impi) else {
            return self.ignored("running", format!("removal of {impi}, who is unknown"));
        };
        let subscription = subscriber.subscription.clone();
        let client = self.registrations.get(&subscription).and_then(|r| r.client.clone());
        if let Some(client) = client {
            let reason = DeregistrationReason::PermanentTermination;
            self.send_rtr(now, impi, &client, reason, Some("the subscription has ended".to_owned()), false);
        }
        self.clear(now, impi, &subscription);
        if let Some(subscriber) = self.directory.by_impi(impi).cloned() {
            self.forget_sms(now, &subscriber);
        }
        self.directory.remove(impi);
        let op = NodeStoreOp::Delete { table: Table::Subscriber, key: impi.to_owned() };
        self.store(vec![op], Waiting::Change);
    }

    /// Compares a registration with what it was.
    pub(super) fn note_changes(&mut self, subscription: &str, before: &Registration, after: &Registration) {
        let mut changed = Vec::new();
        for impi in self.directory.of_subscription(subscription) {
            for set in self.directory.by_impi(impi).map_or(&[][..], |s| &s.sets) {
                let key = set_key(set);
                let state = (before.state(&key) != after.state(&key)).then(|| after.state(&key));
                let server = (before.server != after.server).then(|| after.server.clone());
                if state.is_some() || server.is_some() {
                    let of = |i: &super::Identity| Changed { impu: i.uri.clone(), state, server: server.clone() };
                    changed.extend(set.identities.iter().map(of));
                }
            }
        }
        self.changed.extend(changed);
    }

    /// PNR to those who want to know what has changed.
    pub(super) fn notify_changes(&mut self, now: Instant) {
        for changed in std::mem::take(&mut self.changed) {
            if changed.state.is_some() {
                self.notify(now, &changed.impu, reference::IMS_USER_STATE, None);
            }
            if changed.server.is_some() {
                self.notify(now, &changed.impu, reference::SCSCF_NAME, None);
            }
        }
        self.tell_touched(now);
    }

    /// PNR to all that subscribe to data of an identity.
    pub(super) fn notify(&mut self, now: Instant, impu: &str, data_reference: u32, service: Option<&[u8]>) {
        let utc = self.utc_ms(now);
        let (wanted, ended) = self.repository.subscribers(impu, data_reference, service, utc);
        if !ended.is_empty() {
            self.store(ended, Waiting::Change);
        }
        for Subscription { host, realm, .. } in wanted {
            let Some(user_data) = self.sh_data(impu, &[data_reference], service, None) else { continue };
            let routing = self.endpoint.routing(Some(&host), &realm);
            let pnr = Pnr { routing, user: UserIdentity::Public(impu.to_owned()), user_data };
            self.push(now, pnr.to_message(), Pushed::Pnr { host });
        }
    }
}
