//! Who is registered and where: MSISDN and IP address of each UE (TR 23.804 clauses 5.1.1 and 8.1 step 6).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use protocol::Due;
use protocol::map::{InsertSubscriberDataArg, SmsAccess, SmsPreferences, TeleserviceCode};
use protocol::sip::{Flow, ServerKey, Target, Transport};
use protocol::sms::RpCause;
use serde::{Deserialize, Serialize};

use crate::node::{NodeStoreOp, Table};

/// A registered user.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct User {
    pub(super) imsi: String,
    /// Digits of its MSISDN.
    pub(super) msisdn: String,
    pub(super) access: Access,
    /// What the HLR allows.
    pub(super) rules: Rules,
    /// When the registration ends: UTC in milliseconds.
    pub(super) expires_utc_ms: u64,
    /// When the guard timer ends it, UTC in milliseconds.
    pub(super) guard_utc_ms: u64,
    /// A message has not reached him: the HLR is to hear that he is there when he registers again.
    #[serde(default)]
    pub(super) is_missed: bool,
    /// How often that was so: what tells a message that he missed after the HLR was asked from one before.
    #[serde(skip)]
    pub(super) misses: u32,
}

/// How a user is reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Access {
    /// Straight over IP, on R2.
    Ip(Contact),
    /// By his S-CSCF, on ISC.
    Ims {
        /// The public identity that was registered here.
        identity: String,
        /// URI of the S-CSCF.
        scscf: String,
    },
}

impl Access {
    /// By the IMS.
    pub(super) const fn is_ims(&self) -> bool {
        matches!(self, Self::Ims { .. })
    }
}

/// Where a UE is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Contact {
    /// Its contact with header parameters.
    pub(super) contact: String,
    /// The URI of that.
    pub(super) uri: String,
    pub(super) transport: Transport,
    /// Where its REGISTER came to, and from.
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) call_id: String,
    pub(super) cseq: u32,
    /// When it was registered first: UTC in milliseconds.
    pub(super) since_utc_ms: u64,
}

/// What the HLR says of a subscriber, with insertSubscriberData.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Rules {
    /// Teleservice 22, shortMessageMO-PP.
    may_send: bool,
    /// Teleservice 21, shortMessageMT-PP.
    pub(super) may_receive: bool,
    /// subscriberStatus: operatorDeterminedBarring.
    pub(super) is_barred: bool,
    /// IP is among the accesses for messages from the UE (TR 23.804 clause 4).
    sends_over_ip: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { may_send: true, may_receive: true, is_barred: false, sends_over_ip: true }
    }
}

impl Rules {
    /// What has changed; what is not mentioned stays.
    pub(super) fn update(&mut self, data: &InsertSubscriberDataArg) {
        if let Some(list) = &data.teleservice_list {
            self.may_send = list.contains(&TeleserviceCode::SHORT_MESSAGE_MO_PP);
            self.may_receive = list.contains(&TeleserviceCode::SHORT_MESSAGE_MT_PP);
        }
        self.is_barred = data.operator_determined_barring.unwrap_or(self.is_barred);
        if let Some(preferences) = SmsPreferences::find(&data.extensions) {
            // A list that names nothing says nothing.
            self.sends_over_ip = preferences.mo.is_empty() || preferences.mo.contains(&SmsAccess::IP);
        }
    }

    /// Why no message is taken from the UE: TS 23.040 clause 11.2 has these causes for what sendInfoForMO-SMS refuses. A
    /// message that is not to come over IP is barred by the operator: it may go by another access.
    pub(super) const fn refusal(self) -> Option<RpCause> {
        if !self.may_send {
            Some(RpCause::FACILITY_NOT_SUBSCRIBED)
        } else if self.is_barred || !self.sends_over_ip {
            Some(RpCause::OPERATOR_BARRING)
        } else {
            None
        }
    }
}

impl Contact {
    /// The way to it: the connection that it has registered over, or its address.
    pub(super) const fn target(&self) -> Target {
        let flow = Flow { transport: self.transport, local: self.local, remote: self.remote };
        Target { transport: self.transport, remote: self.remote, flow: Some(flow) }
    }
}

impl User {
    /// What makes it durable.
    pub(super) fn put(&self) -> NodeStoreOp {
        // Nothing of it can fail to be written as JSON.
        let value = serde_json::to_vec(self).unwrap_or_default();
        NodeStoreOp::Put { table: Table::IpMessageGwUser, key: self.imsi.clone(), value }
    }

    /// What has become of him while this registration was written.
    pub(super) fn take_over(&mut self, before: &Self) {
        self.msisdn.clone_from(&before.msisdn);
        (self.rules, self.is_missed, self.misses) = (before.rules, before.is_missed, before.misses);
    }

    pub(super) fn delete(imsi: &str) -> NodeStoreOp {
        NodeStoreOp::Delete { table: Table::IpMessageGwUser, key: imsi.to_owned() }
    }

    /// Its identities, in the form that keys have.
    fn identities(&self) -> Vec<String> {
        match &self.access {
            Access::Ip(_) => Vec::new(),
            Access::Ims { identity, .. } => vec![identity.clone(), format!("tel:+{}", self.msisdn)],
        }
    }

    const fn address(&self) -> Option<SocketAddr> {
        match &self.access {
            Access::Ip(contact) => Some(contact.remote),
            Access::Ims { .. } => None,
        }
    }
}

/// All registered users.
#[derive(Debug, Default)]
pub(super) struct Users {
    by_imsi: BTreeMap<String, User>,
    /// Registrations that are being written, of each user the newest one, and their REGISTERs.
    writing: BTreeMap<String, (ServerKey, User)>,
    of_identity: BTreeMap<String, String>,
    of_address: BTreeMap<SocketAddr, String>,
    guards: Due<u64, String>,
}

impl Users {
    pub(super) fn len(&self) -> usize {
        self.by_imsi.len()
    }

    pub(super) fn get(&self, imsi: &str) -> Option<&User> {
        self.by_imsi.get(imsi)
    }

    /// The user of an identity on ISC.
    pub(super) fn of_identity(&self, identity: &str) -> Option<&User> {
        self.of_identity.get(identity).and_then(|imsi| self.by_imsi.get(imsi))
    }

    /// The user that has registered from an address on R2 (TR 23.804 clause 8.3 step 3).
    pub(super) fn at(&self, address: SocketAddr) -> Option<&User> {
        self.of_address.get(&address).and_then(|imsi| self.by_imsi.get(imsi))
    }

    /// A registration, in place of the one before.
    pub(super) fn insert(&mut self, user: User) {
        self.remove(&user.imsi);
        for identity in user.identities() {
            self.of_identity.insert(identity, user.imsi.clone());
        }
        if let Some(address) = user.address() {
            self.of_address.insert(address, user.imsi.clone());
        }
        self.guards.set(&user.imsi, Some(user.guard_utc_ms));
        self.by_imsi.insert(user.imsi.clone(), user);
    }

    /// A registration is being written.
    pub(super) fn write(&mut self, key: ServerKey, user: User) {
        self.writing.insert(user.imsi.clone(), (key, user));
    }

    /// It is durable, or cannot be.
    pub(super) fn written(&mut self, key: ServerKey, imsi: &str) {
        if self.writing.get(imsi).is_some_and(|(own, _)| *own == key) {
            self.writing.remove(imsi);
        }
    }

    /// What the store has of a user when it has done all that it was told.
    pub(super) fn newest(&self, imsi: &str) -> Option<&User> {
        self.writing.get(imsi).map(|(_, user)| user).or_else(|| self.by_imsi.get(imsi))
    }

    /// Changes what is known of a registered user, but not his registration, nor one that is being written. What the store
    /// is to have of him.
    pub(super) fn change(&mut self, imsi: &str, change: impl Fn(&mut User)) -> Option<&User> {
        let user = self.by_imsi.get_mut(imsi)?;
        for identity in user.identities() {
            if self.of_identity.get(&identity).is_some_and(|own| own == imsi) {
                self.of_identity.remove(&identity);
            }
        }
        change(user);
        for identity in user.identities() {
            self.of_identity.insert(identity, imsi.to_owned());
        }
        if let Some((_, user)) = self.writing.get_mut(imsi) {
            change(user);
        }
        self.newest(imsi)
    }

    pub(super) fn remove(&mut self, imsi: &str) -> Option<User> {
        let user = self.by_imsi.remove(imsi)?;
        // Another user may have them now.
        for identity in user.identities() {
            if self.of_identity.get(&identity).is_some_and(|own| own == imsi) {
                self.of_identity.remove(&identity);
            }
        }
        if let Some(address) = user.address().filter(|address| self.of_address.get(address).is_some_and(|o| o == imsi))
        {
            self.of_address.remove(&address);
        }
        self.guards.set(&user.imsi, None);
        Some(user)
    }

    /// One whose guard timer has ended; it does not end again.
    pub(super) fn take_guarded(&mut self, utc_ms: u64) -> Option<String> {
        let imsi = self.guards.next(utc_ms)?;
        self.guards.set(&imsi, None);
        Some(imsi)
    }

    /// When the next guard timer ends, UTC in milliseconds.
    pub(super) fn next_guard(&self) -> Option<u64> {
        self.guards.first()
    }
}
