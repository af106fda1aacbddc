//! Each answer of the HLR.

use protocol::diameter::cx::{AuthData, Maa, Mar, SCHEME_AKA};

use super::*;
use crate::ims::aka::Sqn;

fn location(answer: Result<OperationResult, UserError>) -> LocationInfoWithLmsi {
    match answer {
        Ok(OperationResult::SendRoutingInfoForSm(found)) => found.location_info_with_lmsi,
        other => panic!("{other:?}"),
    }
}

/// Digits of all addresses in their order: `i` for an IP-Message-GW, `s` for an SGSN, `m` for an MSC, as they are shown.
fn shown(answer: Result<OperationResult, UserError>) -> Vec<String> {
    let location = location(answer);
    let first = match (location.ims_node_indicator, location.gprs_node_indicator) {
        (true, _) => 'i',
        (_, true) => 's',
        _ => 'm',
    };
    let mut all = vec![format!("{first}{}", location.network_node_number.digits())];
    for other in [location.additional_number, location.third_number].into_iter().flatten() {
        let kind = if matches!(other, AdditionalNumber::Sgsn(_)) { 's' } else { 'm' };
        all.push(format!("{kind}{}", other.number().digits()));
    }
    all
}

#[test]
fn routing_by_what_the_sms_gmsc_takes() {
    let mut net = Net::new();
    let ask = |net: &mut Net, whom: &str, gprs, ip| {
        let answer = net.ask(CENTRE, &routing(whom, CENTRE, gprs, ip, false));
        shown(answer)
    };
    for (gprs, ip, wanted) in [
        (true, true, &["s491700020", "m491700010"][..]),
        (true, false, &["s491700020", "m491700010"]),
        (false, false, &["m491700020"]),
    ] {
        assert_eq!(ask(&mut net, ALICE, gprs, ip), wanted);
    }
    net.register(GATEWAY, IMSI).unwrap();
    for (gprs, ip, wanted) in [
        (true, true, &["i491700060", "s491700020", "m491700010"][..]),
        (false, true, &["i491700060", "s491700020", "m491700010"]),
        (true, false, &["m491700060", "s491700020"]),
        (false, false, &["m491700060"]),
    ] {
        assert_eq!(ask(&mut net, ALICE, gprs, ip), wanted);
    }
    // Bob wants IP first; his operator allows that, and no SGSN.
    net.register(GATEWAY, "001010000000002").unwrap();
    let heard = net.heard(GATEWAY);
    let Some(Operation::InsertSubscriberData(insert)) = heard.last() else { panic!("{heard:?}") };
    assert_eq!(insert.teleservice_list.as_deref(), Some(&[TeleserviceCode::SHORT_MESSAGE_MT_PP][..]));
    let preferences = SmsPreferences::find(&insert.extensions).unwrap();
    assert_eq!((preferences.mt, preferences.is_user_allowed), (vec![SmsAccess::IP, SmsAccess::MSC], true));
    assert_eq!(ask(&mut net, "491700002", true, true), ["i491700060", "m491700010"]);
    assert_eq!(ask(&mut net, "491700002", true, false), ["s491700060", "m491700010"]);
    // He brings another order; that is kept.
    let Operation::UpdateGprsLocation(arg) = update(GATEWAY, "001010000000002") else { panic!() };
    let wish = SmsPreferences { mt: vec![SmsAccess::MSC, SmsAccess(9)], ..Default::default() };
    let arg = UpdateGprsLocationArg { extensions: vec![wish.to_extension()], ..arg };
    net.ask(GATEWAY, &Operation::UpdateGprsLocation(arg)).unwrap();
    net.start();
    let answer = net.ask(CENTRE, &routing("491700002", CENTRE, true, true, false)).unwrap();
    let OperationResult::SendRoutingInfoForSm(found) = &answer else { panic!("{answer:?}") };
    let order = SmsPreferences::find(&found.extensions).unwrap().mt;
    assert_eq!(order, [SmsAccess::MSC, SmsAccess::IP], "which one is IP, where it cannot be seen");
    assert_eq!(
        (found.imsi.as_str(), shown(Ok(answer.clone()))),
        ("001010000000002", vec!["m491700010".into(), "m491700060".into()])
    );
}

#[test]
fn an_sgsn_that_updates_the_location_serves() {
    let mut net = Net::new();
    net.register(SGSN, IMSI).unwrap();
    let Some(Operation::InsertSubscriberData(insert)) = net.heard(SGSN).pop() else { panic!() };
    assert!(insert.sms_in_sgsn_allowed && insert.msisdn == Some(number(ALICE)));
    assert!(net.told.is_empty());
    let OperationResult::PurgeMs(purged) = net.ask(SGSN, &purge(SGSN, IMSI)).unwrap() else { panic!() };
    assert!(purged.freeze_p_tmsi && !purged.freeze_tmsi);
    assert_eq!(shown(net.ask(CENTRE, &routing(ALICE, CENTRE, true, true, false))), ["m491700010"]);
    let vlr = PurgeMsArg { imsi: imsi(IMSI), vlr_number: Some(number(MSC)), sgsn_number: None, extensions: vec![] };
    let OperationResult::PurgeMs(purged) = net.ask(MSC, &Operation::PurgeMs(vlr.clone())).unwrap() else { panic!() };
    assert!(purged.freeze_tmsi);
    let absent = net.ask(CENTRE, &routing(ALICE, CENTRE, true, false, true)).unwrap_err();
    let UserError::AbsentSubscriberSm(absent) = absent else { panic!("{absent}") };
    let wanted = (Some(diagnostic::MS_PURGED_NON_GPRS), Some(diagnostic::MS_PURGED_GPRS));
    assert_eq!((absent.diagnostic, absent.additional_diagnostic), wanted);
    // It has the IP access flag: a gateway, whatever its number.
    let Operation::UpdateGprsLocation(arg) = update(SGSN, IMSI) else { panic!() };
    let arg = UpdateGprsLocationArg { extensions: vec![IpAccess(true).to_extension()], ..arg };
    net.ask(SGSN, &Operation::UpdateGprsLocation(arg)).unwrap();
    assert_eq!(shown(net.ask(CENTRE, &routing(ALICE, CENTRE, true, true, false))), ["i491700020"]);
    let nobody = PurgeMsArg { vlr_number: None, ..vlr };
    assert_eq!(net.ask(MSC, &Operation::PurgeMs(nobody)), Err(UserError::DataMissing));
}

#[test]
fn who_is_not_reached_is_absent_and_the_centre_waits() {
    let mut net = Net::new();
    let ask = |net: &mut Net, priority| net.ask(CENTRE, &routing(ALICE, CENTRE, true, true, priority));
    net.ask(CENTRE, &failed(CENTRE, None)).unwrap();
    net.heard(CENTRE);
    let UserError::AbsentSubscriberSm(absent) = ask(&mut net, false).unwrap_err() else { panic!() };
    assert_eq!((absent.diagnostic, absent.additional_diagnostic), (Some(1), Some(6)));
    let inform = |net: &mut Net| match net.heard(CENTRE).pop() {
        Some(Operation::InformServiceCentre(inform)) => inform,
        other => panic!("{other:?}"),
    };
    let status = inform(&mut net).mw_status.unwrap();
    assert!(status.mnrf_set && status.mnrg_set && !status.mcef_set && !status.sc_address_not_included);
    // One with priority is tried.
    assert_eq!(shown(ask(&mut net, true)), ["s491700020", "m491700010"]);
    inform(&mut net);
    // Over IP the gateway is asked, flag or not.
    net.register(GATEWAY, IMSI).unwrap();
    net.ask(CENTRE, &failed(CENTRE, None)).unwrap();
    assert_eq!(shown(ask(&mut net, false)), ["i491700060"]);
    // The SGSN hears of the UE: it serves again, and the centre is alerted.
    net.heard(CENTRE);
    let ready =
        ReadyForSmArg { alert_reason_indicator: true, ..ReadyForSmArg::new(imsi(IMSI), AlertReason::MsPresent) };
    net.ask(SGSN, &Operation::ReadyForSm(ready)).unwrap();
    assert!(matches!(net.heard(CENTRE)[..], [Operation::AlertServiceCentre(_)]));
    assert_eq!(shown(ask(&mut net, false)), ["i491700060", "s491700020"]);
    // Other numbers of the subscriber; others.
    net.heard(CENTRE);
    net.ask(CENTRE, &routing("491700901", CENTRE, true, true, false)).unwrap();
    assert_eq!(inform(&mut net).stored_msisdn, Some(number(ALICE)));
    for (whom, wanted) in
        [("491700999", UserError::UnknownSubscriber(None)), ("491700003", UserError::TeleserviceNotProvisioned)]
    {
        assert_eq!(net.ask(CENTRE, &routing(whom, CENTRE, true, true, false)), Err(wanted));
    }
}

#[test]
fn memory_and_deliveries_end_the_waiting() {
    let mut net = Net::new();
    net.register(GATEWAY, IMSI).unwrap();
    let report = |centre: &str, outcome| {
        let arg = ReportSmDeliveryStatusArg::new(number(ALICE), number(centre), outcome);
        Operation::ReportSmDeliveryStatus(ReportSmDeliveryStatusArg { ip_sm_gw_indicator: true, ..arg })
    };
    net.ask(CENTRE, &report(CENTRE, SmDeliveryOutcome::MemoryCapacityExceeded)).unwrap();
    net.ask(CENTRE, &report(VOICE_MAIL, SmDeliveryOutcome::AbsentSubscriber)).unwrap();
    net.took();
    // Present, and full still.
    let ready = |reason| {
        let arg = ReadyForSmArg::new(imsi(IMSI), reason);
        Operation::ReadyForSm(ReadyForSmArg { additional_alert_reason_indicator: true, ..arg })
    };
    net.ask(GATEWAY, &ready(AlertReason::MsPresent)).unwrap();
    assert_eq!(net.took(), ["readyForSM (66) > 491700040", "result > 491700060"]);
    net.ask(GATEWAY, &ready(AlertReason::MemoryAvailable)).unwrap();
    assert_eq!(net.took()[2..4], ["alertServiceCentre (64) > 491700099", "alertServiceCentre (64) > 491700098"]);
    // Delivered for one: the other one is alerted. An SMS-GMSC that knows of one address alone means IP, too.
    for centre in [CENTRE, VOICE_MAIL] {
        net.ask(CENTRE, &report(centre, SmDeliveryOutcome::AbsentSubscriber)).unwrap();
    }
    net.ask(CENTRE, &routing(ALICE, CENTRE, false, false, false)).unwrap();
    net.took();
    let plain =
        ReportSmDeliveryStatusArg::new(number("491700901"), number(CENTRE), SmDeliveryOutcome::SuccessfulTransfer);
    let answer = net.ask(CENTRE, &Operation::ReportSmDeliveryStatus(plain)).unwrap();
    let OperationResult::ReportSmDeliveryStatus(stored) = answer else { panic!("{answer:?}") };
    assert_eq!(stored.stored_msisdn, Some(number(ALICE)));
    assert_eq!(net.took()[2..], ["alertServiceCentre (64) > 491700098", "result > 491700040"]);
    let nobody = ReadyForSmArg::new(imsi("001019999999999"), AlertReason::MsPresent);
    assert_eq!(net.ask(MSC, &Operation::ReadyForSm(nobody)), Err(UserError::UnknownSubscriber(Some(0))));
    let arg = ReportSmDeliveryStatusArg::new(number("491700999"), number(CENTRE), SmDeliveryOutcome::AbsentSubscriber);
    let answer = net.ask(CENTRE, &Operation::ReportSmDeliveryStatus(arg));
    assert_eq!(answer, Err(UserError::UnknownSubscriber(None)));
}

fn vectors(net: &mut Net, count: u8, info: Option<ReSynchronisationInfo>) -> Result<Vec<u64>, UserError> {
    let arg = SendAuthenticationInfoArg {
        re_synchronisation_info: info,
        requesting_node_type: Some(RequestingNodeType::SGSN),
        ..SendAuthenticationInfoArg::new(imsi(IMSI), count)
    };
    let OperationResult::SendAuthenticationInfo(result) = net.ask(GATEWAY, &Operation::SendAuthenticationInfo(arg))?
    else {
        panic!()
    };
    Ok(result.quintuplet_list.iter().map(|q| sequence(&q.rand, &q.autn, q.xres.expose())).collect())
}

/// As a USIM reads it.
fn sequence(rand: &[u8; 16], autn: &[u8; 16], xres: &[u8]) -> u64 {
    let (res, _, _, ak) = usim().f2345(rand);
    assert_eq!(xres, res);
    let sqn: [u8; 6] = std::array::from_fn(|i| autn[i] ^ ak[i]);
    assert_eq!(autn[8..], usim().f1(rand, &sqn, &[autn[6], autn[7]]));
    Sqn::from_octets(sqn).seq()
}

fn usim() -> milenage::Milenage {
    let octets = |hex: &str| <[u8; 16]>::try_from(hex::decode(hex).unwrap()).unwrap();
    milenage::Milenage::new_with_op(
        octets("0396eb317b6d1c36f19c1c84cd6ffd16"),
        octets("ff53bade17df5d4e793073ce9d7579fa"),
    )
}

#[test]
fn vectors_and_those_of_cx_have_one_sequence() {
    let mut net = Net::new();
    assert_eq!(vectors(&mut net, 1, None), Ok(vec![1]));
    let mar = Mar {
        routing: net.routing(),
        impi: IMPI.to_owned(),
        impu: "sip:alice@ims.test".to_owned(),
        scheme: SCHEME_AKA.to_owned(),
        authorization: None,
        items: 1,
        server: "sip:scscf.ims.test".to_owned(),
    };
    let answer = net.diameter(mar.to_message());
    let maa = Maa::from_message(&answer).unwrap();
    let AuthData::Aka { rand, autn, xres, .. } = &maa.items[0].data else { panic!("{maa:?}") };
    assert_eq!(sequence(rand, autn, xres.expose()), 2);
    assert_eq!(vectors(&mut net, 5, None), Ok(vec![3, 4]), "what a message has room for");
    net.start();
    assert_eq!(vectors(&mut net, 1, None), Ok(vec![5]));
    let far = Sqn::new(1000 << 5).unwrap();
    let rand = [7; 16];
    let ak = usim().f5star(&rand);
    let mut auts = [0; 14];
    auts[..6].copy_from_slice(&std::array::from_fn::<u8, 6, _>(|i| far.octets()[i] ^ ak[i]));
    auts[6..].copy_from_slice(&usim().f1star(&rand, &far.octets(), &[0, 0]));
    assert_eq!(vectors(&mut net, 1, Some(ReSynchronisationInfo { rand, auts })), Ok(vec![1001]));
    auts[13] ^= 1;
    let forged = vectors(&mut net, 1, Some(ReSynchronisationInfo { rand, auts }));
    assert_eq!(forged, Err(UserError::UnexpectedDataValue));
    for (whom, wanted) in [
        ("001019999999999", UserError::UnknownSubscriber(Some(0))),
        ("001010000000002", UserError::SystemFailure(Some(1))),
    ] {
        let arg = SendAuthenticationInfoArg::new(imsi(whom), 1);
        assert_eq!(net.ask(GATEWAY, &Operation::SendAuthenticationInfo(arg)), Err(wanted));
    }
    net.store_fails = true;
    assert_eq!(vectors(&mut net, 1, None), Err(UserError::SystemFailure(Some(1))));
    assert_eq!(net.register(GATEWAY, IMSI), Err(UserError::SystemFailure(Some(1))));
    assert!(net.told.is_empty(), "what is not durable is not told");
}
