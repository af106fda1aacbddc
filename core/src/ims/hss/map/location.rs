//! Who serves a UE: updateGprsLocation with insertSubscriberData, purgeMS, cancelLocation (TS 29.002 clauses 8.1.3 to 8.1.7 and
//! 8.8.1), by which an IP-Message-GW registers and de-registers UEs (TR 23.804 clauses 8.1, 8.2, 8.7 and 8.8).

use protocol::Instant;
use protocol::map::sccp::ssn;
use protocol::map::{
    CancelLocationArg, DialogueId, InsertSubscriberDataArg, InvokeFailure, IpAccess, Operation, OperationResult,
    PurgeMsArg, PurgeMsRes, SmsPreferences, TeleserviceCode, UpdateGprsLocationArg, UpdateGprsLocationRes, UserError,
};

use super::authentication::IMSI_UNKNOWN;
use super::record::{Gateway, SmsRecord};
use super::subscription::SmsWay;
use super::{GATEWAY_SUBSYSTEM, Invoked, MapReply, RESOURCE_HLR, Task, Then, imsi_of, number_of};
use crate::ims::hss::{Hss, Subscriber};

/// unknownSubscriberDiagnostic: gprsEpsSubscriptionUnknown (TS 29.002 clause 17.7.7).
const NO_SUBSCRIPTION: u8 = 1;
/// CancellationType updateProcedure (TS 29.002 clause 17.7.1).
const UPDATE_PROCEDURE: u8 = 0;
/// CancellationType subscriptionWithdraw.
const SUBSCRIPTION_WITHDRAWN: u8 = 1;

/// What has changed, when it is durable.
#[derive(Debug)]
pub(super) struct Change {
    /// Whether the UE was IP connected before.
    was_connected: bool,
    /// Who is to forget the UE.
    cancelled: Option<String>,
    /// The data that go to the new node before the answer.
    insert: Option<Box<InsertSubscriberDataArg>>,
    is_gateway: bool,
}

impl Hss {
    pub(super) fn update_gprs_location(
        &mut self,
        now: Instant,
        dialogue: DialogueId,
        invoke_id: i8,
        arg: UpdateGprsLocationArg,
    ) {
        let refuse = |error| MapReply::new(dialogue, invoke_id, Err(error));
        let Some(hlr) = &self.hlr else { return };
        let Some(subscriber) = self.directory.by_imsi(arg.imsi.as_str()) else {
            return self.map_answer(now, refuse(UserError::UnknownSubscriber(Some(IMSI_UNKNOWN))));
        };
        let number = arg.sgsn_number.digits().to_owned();
        let gateways = [&hlr.config.gateway, &subscriber.sms.gateway];
        let is_known = hlr.config.gateways.contains(&number) || gateways.into_iter().flatten().any(|g| *g == number);
        let is_gateway = is_known || IpAccess::find(&arg.extensions) == Some(IpAccess(true));
        if is_gateway && !subscriber.sms.mt && !subscriber.sms.mo {
            return self.map_answer(now, refuse(UserError::UnknownSubscriber(Some(NO_SUBSCRIPTION))));
        }
        let impi = subscriber.impi.clone();
        let is_user_allowed = subscriber.sms.user_order;
        let user = SmsPreferences::find(&arg.extensions).filter(|_| is_user_allowed);
        let record = hlr.records.get(&impi);
        let before = match is_gateway {
            true => record.and_then(|record| record.gateway.as_ref()).map(|gateway| gateway.number.clone()),
            false => record.and_then(|record| record.sgsn.clone()),
        };
        let was_connected = self.is_ip_connected(&impi);
        let ops = self.change_sms(&impi, |record, _| {
            if is_gateway {
                record.gateway = Some(Gateway { number: number.clone(), address: arg.sgsn_address });
                // Any of the flags is reason enough (TR 23.804 clause 8.6 step 3).
                record.is_ready(SmsWay::Ip, true);
            } else {
                record.sgsn = Some(number.clone());
                record.is_sgsn_purged = false;
                record.is_ready(SmsWay::Sgsn, false);
            }
            if let Some(user) = user {
                let ways = |list: Vec<_>| list.into_iter().filter_map(SmsWay::of_access).collect();
                record.user_order = Some((ways(user.mt), ways(user.mo)));
            }
        });
        let insert =
            (!arg.skip_subscriber_data_update).then(|| Box::new(self.subscriber_data(&impi, is_gateway, false)));
        let cancelled = before.filter(|before| *before != number);
        let then = Then::Served { impi, change: Change { was_connected, cancelled, insert, is_gateway } };
        let answer = self.updated();
        self.map_answer_when_stored(now, ops, MapReply { then, ..MapReply::new(dialogue, invoke_id, answer) });
    }

    fn updated(&self) -> Result<OperationResult, UserError> {
        let hlr = self.hlr.as_ref().ok_or(UserError::SystemFailure(Some(RESOURCE_HLR)))?;
        Ok(OperationResult::UpdateGprsLocation(UpdateGprsLocationRes {
            hlr_number: hlr.config.number.clone(),
            mme_registered_for_sms: false,
            extensions: Vec::new(),
        }))
    }

    /// What a serving node is told of a subscriber. The orders of accesses have no member of the standard; they are told where
    /// the subscription has some, or may have had some before.
    fn subscriber_data(&self, impi: &str, is_gateway: bool, is_change: bool) -> InsertSubscriberDataArg {
        let Some((hlr, subscriber)) = self.hlr.as_ref().zip(self.directory.by_impi(impi)) else {
            return InsertSubscriberDataArg::default();
        };
        let sms = &subscriber.sms;
        let teleservices =
            [(sms.mt, TeleserviceCode::SHORT_MESSAGE_MT_PP), (sms.mo, TeleserviceCode::SHORT_MESSAGE_MO_PP)];
        let has_orders = sms.user_order || sms.mt_order.is_some() || sms.mo_order.is_some();
        let preferences = (is_gateway && (has_orders || is_change)).then(|| {
            let (mt, mo) = hlr.orders(subscriber);
            let list = |ways: Vec<SmsWay>| ways.into_iter().map(SmsWay::access).collect();
            SmsPreferences { mt: list(mt), mo: list(mo), is_user_allowed: sms.user_order }.to_extension()
        });
        InsertSubscriberDataArg {
            msisdn: subscriber.msisdn.first().and_then(|msisdn| number_of(msisdn)),
            operator_determined_barring: Some(sms.barred),
            teleservice_list: Some(teleservices.into_iter().filter(|(has, _)| *has).map(|(_, code)| code).collect()),
            sms_in_sgsn_allowed: !is_gateway && (sms.mt || sms.mo),
            extensions: preferences.into_iter().collect(),
            ..InsertSubscriberDataArg::default()
        }
    }

    /// The operator has changed what a subscriber has for short messages: nodes that serve it are told (TS 29.002 clause 8.8.1).
    pub(in crate::ims::hss) fn tell_serving(&mut self, now: Instant, impi: &str) {
        for is_gateway in [true, false] {
            self.tell_data(now, impi, is_gateway, 0);
        }
    }

    /// insertSubscriberData by itself; it was tried so often in vain.
    pub(super) fn tell_data(&mut self, now: Instant, impi: &str, is_gateway: bool, tries: u32) {
        let Some(record) = self.hlr.as_ref().and_then(|hlr| hlr.records.get(impi)) else { return };
        let number = match is_gateway {
            true => record.gateway_number(),
            false => record.sgsn.as_deref().filter(|_| !record.is_sgsn_purged),
        };
        let to = number.and_then(number_of);
        let Some((to, imsi)) = to.zip(self.directory.by_impi(impi).and_then(imsi_of)) else { return };
        let data = InsertSubscriberDataArg { imsi: Some(imsi), ..self.subscriber_data(impi, is_gateway, true) };
        let subsystem = if is_gateway { GATEWAY_SUBSYSTEM } else { ssn::SGSN };
        let invoked = Invoked::Data { impi: impi.to_owned(), is_gateway, tries };
        self.map_request(now, &to, subsystem, (&Operation::InsertSubscriberData(data), invoked));
    }

    /// The node has taken its data, or not: then it is told again.
    pub(super) fn data_told(
        &mut self,
        now: Instant,
        (impi, is_gateway, tries): (String, bool, u32),
        failure: Option<InvokeFailure>,
    ) {
        let Some(why) = failure else { return };
        self.say(format!("insertSubscriberData of {impi}: {why}"));
        let Some(hlr) = self.hlr.as_mut().filter(|hlr| tries < hlr.config.repeats) else { return };
        let again = now + hlr.config.repeat_after;
        hlr.due.set(&Task::Data { impi, is_gateway, tries: tries + 1 }, Some(again));
    }

    /// A change of who serves is durable: those who are to know are told, then the new node gets its data.
    pub(super) fn served(&mut self, now: Instant, reply: MapReply, impi: &str, change: Change) {
        if let Some(number) = &change.cancelled {
            let subsystem = if change.is_gateway { GATEWAY_SUBSYSTEM } else { ssn::SGSN };
            self.cancel_location(now, impi, number, subsystem, UPDATE_PROCEDURE);
        }
        self.connection_changed(now, impi, change.was_connected);
        let Some(arg) = change.insert else {
            self.map_answer(now, reply);
            return self.start_alerts(now, impi);
        };
        let Some(hlr) = &mut self.hlr else { return };
        let sent = hlr.endpoint.invoke(reply.dialogue, &Operation::InsertSubscriberData(*arg));
        let sent = sent.and_then(|id| hlr.endpoint.delimit(now, reply.dialogue).map(|()| id));
        match sent {
            Ok(id) => {
                let (update, is_gateway) = (reply.invoke_id, change.is_gateway);
                hlr.invoked.insert((reply.dialogue, id), Invoked::Insert { impi: impi.to_owned(), update, is_gateway });
            }
            Err(why) => {
                self.say(format!("insertSubscriberData of {impi} is not sent: {why}"));
                self.not_served(now, impi, change.is_gateway);
                let failure = Err(UserError::SystemFailure(Some(RESOURCE_HLR)));
                self.map_answer(now, MapReply { answer: failure, ..reply });
            }
        }
    }

    /// The new node has its data, or has refused them.
    pub(super) fn inserted(
        &mut self,
        now: Instant,
        (dialogue, update): (DialogueId, i8),
        impi: &str,
        is_gateway: bool,
        result: Result<OperationResult, InvokeFailure>,
    ) {
        let answer = match result {
            Ok(_) => self.updated(),
            Err(why) => {
                self.say(format!("insertSubscriberData of {impi}: {why}"));
                self.not_served(now, impi, is_gateway);
                Err(UserError::SystemFailure(Some(RESOURCE_HLR)))
            }
        };
        self.map_answer(now, MapReply::new(dialogue, update, answer));
        self.start_alerts(now, impi);
    }

    /// A node that has not taken the data of a UE does not serve it.
    fn not_served(&mut self, now: Instant, impi: &str, is_gateway: bool) {
        let was_connected = self.is_ip_connected(impi);
        let ops = self.change_sms(impi, |record, _| match is_gateway {
            true => record.gateway = None,
            false => record.sgsn = None,
        });
        self.store_change(ops);
        self.connection_changed(now, impi, was_connected);
    }

    pub(super) fn purge_ms(&mut self, now: Instant, dialogue: DialogueId, invoke_id: i8, arg: &PurgeMsArg) {
        let refuse = |error| MapReply::new(dialogue, invoke_id, Err(error));
        let Some(subscriber) = self.directory.by_imsi(arg.imsi.as_str()) else {
            return self.map_answer(now, refuse(UserError::UnknownSubscriber(Some(IMSI_UNKNOWN))));
        };
        let (sgsn, vlr) = (arg.sgsn_number.as_ref(), arg.vlr_number.as_ref());
        if sgsn.is_none() && vlr.is_none() {
            return self.map_answer(now, refuse(UserError::DataMissing));
        }
        let (impi, sms) = (subscriber.impi.clone(), subscriber.sms.clone());
        let was_connected = self.is_ip_connected(&impi);
        let is = |number: Option<&protocol::map::AddressString>, own: Option<&String>| {
            number.zip(own).is_some_and(|(number, own)| number.digits() == own)
        };
        let mut result = PurgeMsRes::default();
        let ops = self.change_sms(&impi, |record, _| {
            // A node that does not serve the UE has nothing to purge (TS 29.002 clause 8.1.6).
            if is(sgsn, record.gateway.as_ref().map(|gateway| &gateway.number)) {
                record.gateway = None;
            } else if is(sgsn, record.sgsn.as_ref().or(sms.sgsn.as_ref())) {
                record.is_sgsn_purged = true;
                result.freeze_p_tmsi = true;
            }
            if is(vlr, sms.msc.as_ref()) {
                record.is_msc_purged = true;
                result.freeze_tmsi = true;
            }
        });
        let change = Change { was_connected, cancelled: None, insert: None, is_gateway: true };
        let then = Then::Served { impi, change };
        let reply = MapReply { then, ..MapReply::new(dialogue, invoke_id, Ok(OperationResult::PurgeMs(result))) };
        self.map_answer_when_stored(now, ops, reply);
    }

    fn cancel_location(&mut self, now: Instant, impi: &str, number: &str, subsystem: u8, kind: u8) {
        let imsi = self.directory.by_impi(impi).and_then(imsi_of);
        let Some((imsi, to)) = imsi.zip(number_of(number)) else { return };
        let arg = CancelLocationArg { imsi, lmsi: None, cancellation_type: Some(kind), extensions: Vec::new() };
        let invoked = Invoked::Cancel { impi: impi.to_owned(), number: number.to_owned() };
        self.map_request(now, &to, subsystem, (&Operation::CancelLocation(arg), invoked));
    }

    /// A subscriber is taken away: nodes that serve it are told, what is kept of it is forgotten.
    pub(in crate::ims::hss) fn forget_sms(&mut self, now: Instant, subscriber: &Subscriber) {
        let impi = &subscriber.impi;
        let Some(record) = self.hlr.as_ref().and_then(|hlr| hlr.records.get(impi)).cloned() else { return };
        let was_connected = self.is_ip_connected(impi);
        for (number, subsystem) in
            [(record.gateway.map(|gateway| gateway.number), GATEWAY_SUBSYSTEM), (record.sgsn, ssn::SGSN)]
        {
            if let Some(number) = number {
                self.cancel_location(now, impi, &number, subsystem, SUBSCRIPTION_WITHDRAWN);
            }
        }
        let ops = self.change_sms(impi, |record, _| {
            // What the presence server has taken is taken back first.
            let presence_identity = record.presence_identity.take();
            *record =
                SmsRecord { is_presence_told: record.is_presence_told, presence_identity, ..SmsRecord::default() };
        });
        self.store_change(ops);
        self.connection_changed(now, impi, was_connected);
    }
}
