//! Message waiting data: reportSM-DeliveryStatus and readyForSM at the HLR (TS 29.002 clauses 12.3, 12.4, 23.4 and 23.5;
//! TR 23.804 clauses 8.4 to 8.6).
//!
//! An SMS-GMSC that does not know of IP messaging reports for an MSC or SGSN what an IP-Message-GW has done in its place: it is
//! counted for what was shown to it in that place.

use protocol::Instant;
use protocol::map::{
    AlertReason, DialogueId, OperationResult, ReadyForSmArg, ReportSmDeliveryStatusArg, ReportSmDeliveryStatusRes,
    ScType, SmDeliveryOutcome, UserError,
};

use super::authentication::IMSI_UNKNOWN;
use super::routing::Guise;
use super::subscription::SmsWay;
use super::{MapReply, Then};
use crate::ims::hss::Hss;

/// What became of a message in one way, and the absentSubscriberDiagnosticSM of it.
type Outcome = (SmsWay, SmDeliveryOutcome, Option<u8>);

/// What is reported (TS 29.002 clause 17.7.6, comments of ReportSM-DeliveryStatusArg); `shown`: what the SMS-GMSC was told.
fn outcomes(arg: &ReportSmDeliveryStatusArg, shown: Option<&[(Guise, SmsWay)]>) -> Vec<Outcome> {
    let is_behind = |guise: Guise, way: SmsWay| match shown {
        Some(shown) if !arg.ip_sm_gw_indicator => shown.iter().find(|(g, _)| *g == guise).map_or(way, |(_, way)| *way),
        _ => way,
    };
    let mut all = Vec::new();
    let main = (arg.sm_delivery_outcome, arg.absent_subscriber_diagnostic_sm);
    let way = match () {
        () if arg.ip_sm_gw_indicator && arg.ip_sm_gw_sm_delivery_outcome.is_none() => SmsWay::Ip,
        () if arg.delivery_outcome_indicator => is_behind(Guise::Sgsn, SmsWay::Sgsn),
        () => is_behind(Guise::Msc, SmsWay::Msc),
    };
    let ip_diagnostic = arg.ip_sm_gw_absent_subscriber_diagnostic_sm;
    all.push((way, main.0, if way == SmsWay::Ip { main.1.or(ip_diagnostic) } else { main.1 }));
    if let Some(outcome) = arg.additional_sm_delivery_outcome {
        let way = is_behind(Guise::Sgsn, SmsWay::Sgsn);
        all.push((way, outcome, arg.additional_absent_subscriber_diagnostic_sm));
    }
    if let Some(outcome) = arg.ip_sm_gw_sm_delivery_outcome {
        all.push((SmsWay::Ip, outcome, ip_diagnostic));
    }
    all
}

impl Hss {
    pub(super) fn report_delivery_status(
        &mut self,
        now: Instant,
        dialogue: DialogueId,
        invoke_id: i8,
        arg: &ReportSmDeliveryStatusArg,
    ) {
        let Some(impi) = self.directory.by_msisdn(arg.msisdn.digits()).map(|s| s.impi.clone()) else {
            return self.map_answer(now, MapReply::new(dialogue, invoke_id, Err(UserError::UnknownSubscriber(None))));
        };
        let centre = &arg.service_centre_address;
        let key = (impi.clone(), centre.digits().to_owned());
        let shown = self.hlr.as_ref().and_then(|hlr| hlr.shown.get(&key)).map(Vec::as_slice);
        let outcomes = outcomes(arg, shown);
        let is_delivered = outcomes.iter().any(|(_, outcome, _)| *outcome == SmDeliveryOutcome::SuccessfulTransfer);
        let mut has_room = true;
        let ops = self.change_sms(&impi, |record, max| {
            for (way, outcome, reason) in outcomes {
                match outcome {
                    SmDeliveryOutcome::SuccessfulTransfer => record.delivered(way, centre),
                    SmDeliveryOutcome::AbsentSubscriber => record.waiting.not_reached(way, reason),
                    // Of no use to others when one way has brought the message.
                    SmDeliveryOutcome::MemoryCapacityExceeded if is_delivered => {}
                    SmDeliveryOutcome::MemoryCapacityExceeded => record.waiting.memory_full(),
                }
            }
            if !is_delivered {
                has_room = record.waiting.add(centre, ScType::find(&arg.extensions), max);
            }
        });
        let stored_msisdn = self.other_msisdn(&impi, &arg.msisdn);
        let result = ReportSmDeliveryStatusRes { stored_msisdn, extensions: Vec::new() };
        let answer = match has_room {
            true => Ok(OperationResult::ReportSmDeliveryStatus(result)),
            false => Err(UserError::MessageWaitingListFull),
        };
        let then = Then::Alert { impi };
        self.map_answer_when_stored(now, ops, MapReply { then, ..MapReply::new(dialogue, invoke_id, answer) });
    }

    pub(super) fn ready_for_sm(&mut self, now: Instant, dialogue: DialogueId, invoke_id: i8, arg: &ReadyForSmArg) {
        let Some(impi) = self.directory.by_imsi(arg.imsi.as_str()).map(|s| s.impi.clone()) else {
            let error = UserError::UnknownSubscriber(Some(IMSI_UNKNOWN));
            return self.map_answer(now, MapReply::new(dialogue, invoke_id, Err(error)));
        };
        let way = match () {
            () if arg.additional_alert_reason_indicator => SmsWay::Ip,
            () if arg.alert_reason_indicator => SmsWay::Sgsn,
            () => SmsWay::Msc,
        };
        let has_memory = arg.alert_reason == AlertReason::MemoryAvailable;
        let ops = self.change_sms(&impi, |record, _| record.is_ready(way, has_memory));
        let answer = Ok(OperationResult::ReadyForSm(Vec::new()));
        let then = Then::Alert { impi };
        self.map_answer_when_stored(now, ops, MapReply { then, ..MapReply::new(dialogue, invoke_id, answer) });
    }
}

#[cfg(test)]
mod tests {
    use SmDeliveryOutcome::{AbsentSubscriber, MemoryCapacityExceeded, SuccessfulTransfer};
    use SmsWay::{Ip, Msc, Sgsn};
    use protocol::map::AddressString;

    use super::*;

    fn report(outcome: SmDeliveryOutcome) -> ReportSmDeliveryStatusArg {
        let number = |digits| AddressString::international(digits).unwrap();
        ReportSmDeliveryStatusArg::new(number("491700001"), number("491700099"), outcome)
    }

    #[test]
    fn a_report_is_understood_by_what_was_shown() {
        let plain = ReportSmDeliveryStatusArg {
            absent_subscriber_diagnostic_sm: Some(1),
            gprs_support_indicator: true,
            additional_sm_delivery_outcome: Some(MemoryCapacityExceeded),
            additional_absent_subscriber_diagnostic_sm: Some(6),
            ..report(AbsentSubscriber)
        };
        let both = [(Msc, AbsentSubscriber, Some(1)), (Sgsn, MemoryCapacityExceeded, Some(6))];
        assert_eq!(outcomes(&plain, None), both);
        assert_eq!(outcomes(&plain, Some(&[(Guise::Sgsn, Sgsn), (Guise::Msc, Msc)])), both);
        let spoofed = outcomes(&plain, Some(&[(Guise::Sgsn, Ip), (Guise::Msc, Msc)]));
        assert_eq!(spoofed, [both[0], (Ip, MemoryCapacityExceeded, Some(6))]);
        let spoofed = outcomes(&report(SuccessfulTransfer), Some(&[(Guise::Msc, Ip)]));
        assert_eq!(spoofed, [(Ip, SuccessfulTransfer, None)]);
        let sgsn = ReportSmDeliveryStatusArg { delivery_outcome_indicator: true, ..report(SuccessfulTransfer) };
        assert_eq!(outcomes(&sgsn, None), [(Sgsn, SuccessfulTransfer, None)]);
        // One that knows of gateways says what it means.
        let ip = ReportSmDeliveryStatusArg {
            ip_sm_gw_indicator: true,
            ip_sm_gw_absent_subscriber_diagnostic_sm: Some(12),
            ..report(AbsentSubscriber)
        };
        let shown = [(Guise::Gateway, Ip), (Guise::Sgsn, Sgsn), (Guise::Msc, Msc)];
        assert_eq!(outcomes(&ip, Some(&shown)), [(Ip, AbsentSubscriber, Some(12))]);
        let all = ReportSmDeliveryStatusArg {
            ip_sm_gw_indicator: true,
            ip_sm_gw_sm_delivery_outcome: Some(SuccessfulTransfer),
            ..plain
        };
        assert_eq!(outcomes(&all, Some(&shown)), [both[0], both[1], (Ip, SuccessfulTransfer, None)]);
    }
}
