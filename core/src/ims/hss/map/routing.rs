//! sendRoutingInfoForSM at the HLR (TS 29.002 clause 23.3.1, TR 23.804 clauses 5.1.2 and 8.4 step 3): who can deliver, in which
//! order, and as what each appears to an SMS-GMSC.
//!
//! The indication that the SMS-GMSC supports IP messaging is ip-sm-gwGuidanceIndicator, which only such an SMS-GMSC has.

use protocol::Instant;
use protocol::map::{
    AbsentSubscriberSm, AdditionalNumber, AddressString, DialogueId, InformServiceCentreArg, LocationInfoWithLmsi,
    OperationResult, RoutingInfoForSmArg, RoutingInfoForSmRes, SmsPreferences, UserError, diagnostic,
};

use super::subscription::SmsWay;
use super::{MapReply, imsi_of, number_of};
use crate::ims::hss::{Hss, Subscriber};

/// A node that can deliver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Server {
    pub(super) way: SmsWay,
    pub(super) number: AddressString,
}

/// What an SMS-GMSC takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Capability {
    /// One address.
    One,
    /// Those of an MSC and of an SGSN (gprsSupportIndicator).
    Two,
    /// That of an IP-Message-GW as well.
    Three,
}

impl Capability {
    pub(super) const fn of(is_ip: bool, is_gprs: bool) -> Self {
        match (is_ip, is_gprs) {
            (true, _) => Self::Three,
            (false, true) => Self::Two,
            (false, false) => Self::One,
        }
    }
}

/// What a server appears as to an SMS-GMSC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Guise {
    Msc,
    Sgsn,
    Gateway,
}

/// The servers that an SMS-GMSC is told, the preferred one first, and as what.
pub(super) fn shown(mut servers: Vec<Server>, capability: Capability) -> Vec<(Guise, Server)> {
    servers.truncate(match capability {
        Capability::One => 1,
        Capability::Two => 2,
        Capability::Three => 3,
    });
    let ways: Vec<_> = servers.iter().map(|server| server.way).collect();
    let guise = |at: usize, way: SmsWay| match (way, capability) {
        (_, Capability::One) | (SmsWay::Msc, _) => Guise::Msc,
        (SmsWay::Sgsn, _) => Guise::Sgsn,
        (SmsWay::Ip, Capability::Three) if at == 0 => Guise::Gateway,
        // In a later place there is no other choice, and an extension says which one it is.
        (SmsWay::Ip, Capability::Three) => Guise::Msc,
        // It takes the place of what is left out.
        (SmsWay::Ip, Capability::Two) if ways.contains(&SmsWay::Msc) => Guise::Sgsn,
        (SmsWay::Ip, Capability::Two) => Guise::Msc,
    };
    servers.into_iter().enumerate().map(|(at, server)| (guise(at, server.way), server)).collect()
}

/// LocationInfoWithLMSI; none without servers.
fn location(shown: &[(Guise, Server)]) -> Option<LocationInfoWithLmsi> {
    let ((guise, first), others) = shown.split_first()?;
    let additional = |(guise, server): &(Guise, Server)| match guise {
        Guise::Sgsn => AdditionalNumber::Sgsn(server.number.clone()),
        Guise::Msc | Guise::Gateway => AdditionalNumber::Msc(server.number.clone()),
    };
    Some(LocationInfoWithLmsi {
        gprs_node_indicator: *guise == Guise::Sgsn,
        ims_node_indicator: *guise == Guise::Gateway,
        additional_number: others.first().map(additional),
        third_number: others.get(1).map(additional),
        ..LocationInfoWithLmsi::new(first.number.clone())
    })
}

impl Hss {
    pub(super) fn send_routing_info(
        &mut self,
        now: Instant,
        dialogue: DialogueId,
        invoke_id: i8,
        arg: &RoutingInfoForSmArg,
    ) {
        let Some(impi) = self.directory.by_msisdn(arg.msisdn.digits()).map(|s| s.impi.clone()) else {
            return self.map_answer(now, MapReply::new(dialogue, invoke_id, Err(UserError::UnknownSubscriber(None))));
        };
        let (answer, ops) = match self.route(&impi, arg) {
            Ok(result) => (Ok(OperationResult::SendRoutingInfoForSm(result)), Vec::new()),
            Err(Refused::Plainly(error)) => {
                return self.map_answer(now, MapReply::new(dialogue, invoke_id, Err(error)));
            }
            Err(Refused::Absent(absent)) => {
                let ops = self.change_sms(&impi, |record, max| {
                    record.waiting.add(&arg.service_centre_address, None, max);
                    if record.gateway.is_none() {
                        record.waiting.not_reached(SmsWay::Ip, Some(diagnostic::DEREGISTERED_IMS));
                    }
                });
                (Err(UserError::AbsentSubscriberSm(absent)), ops)
            }
        };
        let inform = self.inform(&impi, arg);
        let reply = MapReply { inform, ..MapReply::new(dialogue, invoke_id, answer) };
        self.map_answer_when_stored(now, ops, reply);
    }

    fn route(&mut self, impi: &str, arg: &RoutingInfoForSmArg) -> Result<RoutingInfoForSmRes, Refused> {
        let subscriber = self.directory.by_impi(impi).ok_or(Refused::Plainly(UserError::UnknownSubscriber(None)))?;
        let imsi = imsi_of(subscriber).ok_or(Refused::Plainly(UserError::UnknownSubscriber(None)))?;
        if !subscriber.sms.mt || subscriber.sms.barred {
            return Err(Refused::Plainly(UserError::TeleserviceNotProvisioned));
        }
        let capability = Capability::of(arg.ip_sm_gw_guidance_indicator, arg.gprs_support_indicator);
        let mut servers = self.servers(subscriber);
        // Whether a UE that is registered at a gateway can be reached, nobody will tell but the gateway: it is asked.
        let record = self.hlr.as_ref().and_then(|hlr| hlr.records.get(impi));
        let is_flagged = |way| way != SmsWay::Ip && record.is_some_and(|record| record.waiting.reason(way).is_some());
        if !arg.sm_rp_pri && arg.sm_delivery_not_intended.is_none() {
            servers.retain(|server| !is_flagged(server.way));
        }
        let shown = shown(servers, capability);
        let Some(location_info_with_lmsi) = location(&shown) else {
            return Err(Refused::Absent(self.absence(subscriber, capability)));
        };
        // Where the gateway is not the first, its place is told in words.
        let is_hidden =
            capability == Capability::Three && shown[1..].iter().any(|(_, server)| server.way == SmsWay::Ip);
        let extensions = is_hidden.then(|| {
            let mt = shown.iter().map(|(_, server)| server.way.access()).collect();
            SmsPreferences { mt, ..SmsPreferences::default() }.to_extension()
        });
        let ways = shown.iter().map(|(guise, server)| (*guise, server.way)).collect();
        if let Some(hlr) = &mut self.hlr {
            hlr.remember(impi, &arg.service_centre_address, ways);
        }
        let extensions = extensions.into_iter().collect();
        Ok(RoutingInfoForSmRes { imsi, location_info_with_lmsi, ip_sm_gw_guidance: None, extensions })
    }

    /// Who serves a subscriber, in the order that is in force.
    fn servers(&self, subscriber: &Subscriber) -> Vec<Server> {
        let Some(hlr) = &self.hlr else { return Vec::new() };
        let record = hlr.records.get(&subscriber.impi);
        let of = |way: SmsWay| match way {
            SmsWay::Ip => self.sms_gateway(subscriber),
            SmsWay::Sgsn if record.is_some_and(|record| record.is_sgsn_purged) => None,
            SmsWay::Sgsn => record.and_then(|record| record.sgsn.clone()).or_else(|| subscriber.sms.sgsn.clone()),
            SmsWay::Msc if record.is_some_and(|record| record.is_msc_purged) => None,
            SmsWay::Msc => subscriber.sms.msc.clone(),
        };
        let (mt, _) = hlr.orders(subscriber);
        mt.into_iter().filter_map(|way| Some(Server { way, number: number_of(&of(way)?)? })).collect()
    }

    /// Why nobody can deliver.
    fn absence(&self, subscriber: &Subscriber, capability: Capability) -> AbsentSubscriberSm {
        let record = self.hlr.as_ref().and_then(|hlr| hlr.records.get(&subscriber.impi));
        let reason = |way| record.and_then(|record| record.waiting.reason(way)).flatten();
        let msc = match record {
            Some(record) if record.is_msc_purged => diagnostic::MS_PURGED_NON_GPRS,
            _ if subscriber.sms.msc.is_none() && capability == Capability::Three => diagnostic::DEREGISTERED_IMS,
            _ => diagnostic::DEREGISTERED_NON_GPRS,
        };
        let is_purged = record.is_some_and(|record| record.is_sgsn_purged);
        let sgsn = if is_purged { diagnostic::MS_PURGED_GPRS } else { diagnostic::DEREGISTERED_GPRS };
        AbsentSubscriberSm {
            diagnostic: Some(reason(SmsWay::Msc).unwrap_or(msc)),
            additional_diagnostic: (capability != Capability::One).then(|| reason(SmsWay::Sgsn).unwrap_or(sgsn)),
            ..AbsentSubscriberSm::default()
        }
    }

    /// informServiceCentre, when there is something to inform of (TS 29.002 clause 12.6).
    fn inform(&self, impi: &str, arg: &RoutingInfoForSmArg) -> Option<InformServiceCentreArg> {
        let stored_msisdn = self.other_msisdn(impi, &arg.msisdn);
        let waiting = self.hlr.as_ref()?.records.get(impi).map(|record| &record.waiting).filter(|w| w.is_set());
        if waiting.is_none() && stored_msisdn.is_none() {
            return None;
        }
        let mw_status = waiting.map(|waiting| waiting.status(&arg.service_centre_address));
        let reason = |way| waiting.and_then(|waiting| waiting.reason(way)).flatten();
        Some(InformServiceCentreArg {
            stored_msisdn,
            mw_status,
            absent_subscriber_diagnostic_sm: reason(SmsWay::Msc),
            additional_absent_subscriber_diagnostic_sm: reason(SmsWay::Sgsn),
            ..InformServiceCentreArg::default()
        })
    }

    /// The number that alerts have, where it is not the one that was dialled: storedMSISDN.
    pub(super) fn other_msisdn(&self, impi: &str, dialled: &AddressString) -> Option<AddressString> {
        let main = self.directory.by_impi(impi)?.msisdn.first()?;
        (main != dialled.digits()).then(|| number_of(main)).flatten()
    }
}

enum Refused {
    Plainly(UserError),
    Absent(AbsentSubscriberSm),
}

#[cfg(test)]
mod tests {
    use super::SmsWay::{Ip, Msc, Sgsn};
    use super::*;

    fn servers(ways: &[SmsWay]) -> Vec<Server> {
        let number = |way| AddressString::international(["49170060", "49170020", "49170010"][way as usize]).unwrap();
        ways.iter().map(|&way| Server { way, number: number(way) }).collect()
    }

    /// Forms of TR 23.804 clause 8.4 step 3, for each order and each set of servers.
    #[test]
    fn one_two_or_three_addresses() {
        use Capability::{One, Three, Two};
        type Case<'a> = (&'a [SmsWay], Capability, &'a [(Guise, SmsWay)]);
        let cases: [Case<'_>; 17] = [
            (&[Ip, Sgsn, Msc], Three, &[(Guise::Gateway, Ip), (Guise::Sgsn, Sgsn), (Guise::Msc, Msc)]),
            (&[Msc, Ip, Sgsn], Three, &[(Guise::Msc, Msc), (Guise::Msc, Ip), (Guise::Sgsn, Sgsn)]),
            (&[Sgsn, Msc], Three, &[(Guise::Sgsn, Sgsn), (Guise::Msc, Msc)]),
            (&[Ip], Three, &[(Guise::Gateway, Ip)]),
            (&[Ip, Sgsn, Msc], Two, &[(Guise::Msc, Ip), (Guise::Sgsn, Sgsn)]),
            (&[Ip, Msc, Sgsn], Two, &[(Guise::Sgsn, Ip), (Guise::Msc, Msc)]),
            (&[Msc, Ip, Sgsn], Two, &[(Guise::Msc, Msc), (Guise::Sgsn, Ip)]),
            (&[Sgsn, Ip, Msc], Two, &[(Guise::Sgsn, Sgsn), (Guise::Msc, Ip)]),
            (&[Msc, Sgsn, Ip], Two, &[(Guise::Msc, Msc), (Guise::Sgsn, Sgsn)]),
            (&[Sgsn, Msc], Two, &[(Guise::Sgsn, Sgsn), (Guise::Msc, Msc)]),
            (&[Ip], Two, &[(Guise::Msc, Ip)]),
            (&[Sgsn], Two, &[(Guise::Sgsn, Sgsn)]),
            (&[Ip, Sgsn, Msc], One, &[(Guise::Msc, Ip)]),
            (&[Sgsn, Ip, Msc], One, &[(Guise::Msc, Sgsn)]),
            (&[Msc, Ip], One, &[(Guise::Msc, Msc)]),
            (&[Ip], One, &[(Guise::Msc, Ip)]),
            (&[], Three, &[]),
        ];
        for (ways, capability, wanted) in cases {
            let shown = shown(servers(ways), capability);
            let found: Vec<_> = shown.iter().map(|(guise, server)| (*guise, server.way)).collect();
            assert_eq!(found, wanted, "{ways:?} {capability:?}");
            let Some(location) = location(&shown) else {
                assert!(wanted.is_empty());
                continue;
            };
            assert_eq!(location.gprs_node_indicator, wanted[0].0 == Guise::Sgsn);
            assert_eq!(location.ims_node_indicator, wanted[0].0 == Guise::Gateway);
            let others = [&location.additional_number, &location.third_number];
            assert_eq!(1 + others.into_iter().flatten().count(), wanted.len());
        }
    }
}
