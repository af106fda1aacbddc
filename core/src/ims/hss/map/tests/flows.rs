//! Procedures of TR 23.804 clauses 8.1, 8.2, 8.6 and 8.7, message by message.

use protocol::diameter::sh::{ShAnswer, Snr, SubscriptionRequest, Udr, UserIdentity, reference};

use super::*;

const CONNECTED: &str = "<Sh-Data><Extension><SMSRegistrationInfo><IP-SM-GW-Number>491700060</IP-SM-GW-Number>\
                         </SMSRegistrationInfo></Extension></Sh-Data>";
const DISCONNECTED: &str = "<Sh-Data><Extension><SMSRegistrationInfo/></Extension></Sh-Data>";

#[test]
fn registration_and_de_registration() {
    let mut net = Net::new();
    let answer = net.register(GATEWAY, IMSI).unwrap();
    let OperationResult::UpdateGprsLocation(update) = answer else { panic!("{answer:?}") };
    assert_eq!(update.hlr_number, number(HLR));
    // Steps 3, 4 and 5 of clause 8.1.
    let first = ["updateGprsLocation (23) > 491700040", "PNR", "insertSubscriberData (7) > 491700060"];
    let last = ["result > 491700040", "result > 491700060"];
    assert_eq!(net.took(), [&first[..], &last].concat());
    assert_eq!(net.told.pop().as_deref(), Some(CONNECTED));
    let heard = net.heard(GATEWAY);
    let [Operation::InsertSubscriberData(insert)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((&insert.msisdn, insert.operator_determined_barring), (&Some(number(ALICE)), Some(false)));
    let both = [TeleserviceCode::SHORT_MESSAGE_MT_PP, TeleserviceCode::SHORT_MESSAGE_MO_PP];
    assert_eq!((insert.teleservice_list.as_deref(), insert.extensions.len()), (Some(&both[..]), 0));
    // Again: the presence server knows.
    net.register(GATEWAY, IMSI).unwrap();
    assert_eq!(net.took(), [&[first[0], first[2]][..], &last].concat());
    // By another gateway: the first one forgets the UE.
    net.register(OTHER_GATEWAY, IMSI).unwrap();
    let heard = net.heard(GATEWAY);
    let Some(Operation::CancelLocation(cancel)) = heard.last() else { panic!("{heard:?}") };
    assert_eq!((&cancel.imsi, cancel.cancellation_type), (&imsi(IMSI), Some(0)));
    net.took();
    // The one that does not serve it any more has nothing to purge; then clause 8.2.1.
    net.ask(GATEWAY, &purge(GATEWAY, IMSI)).unwrap();
    assert_eq!(net.took(), ["purgeMS (67) > 491700040", "result > 491700060"]);
    net.ask(OTHER_GATEWAY, &purge(OTHER_GATEWAY, IMSI)).unwrap();
    assert_eq!(net.took(), ["purgeMS (67) > 491700040", "PNR", "result > 491700061"]);
    assert_eq!(net.told.pop().as_deref(), Some(DISCONNECTED));
    assert_eq!(net.register(GATEWAY, "001019999999999"), Err(UserError::UnknownSubscriber(Some(0))));
    assert_eq!(net.register(GATEWAY, "001010000000003"), Err(UserError::UnknownSubscriber(Some(1))));
}

#[test]
fn a_gateway_that_does_not_take_the_data_does_not_serve() {
    let mut net = Net::new();
    net.silent.insert(GATEWAY.to_owned());
    let own = ssn::SGSN;
    assert!(net.try_ask(GATEWAY, own, &update(GATEWAY, IMSI)).is_none());
    assert_eq!(net.told.last().map(String::as_str), Some(CONNECTED));
    net.pass(30);
    assert_eq!(net.told.last().map(String::as_str), Some(DISCONNECTED));
    // One that wants no data gets none.
    net.silent.clear();
    net.pass(900);
    net.took();
    let Operation::UpdateGprsLocation(arg) = update(OTHER_GATEWAY, IMSI) else { panic!() };
    let arg = UpdateGprsLocationArg { skip_subscriber_data_update: true, ..arg };
    net.ask(OTHER_GATEWAY, &Operation::UpdateGprsLocation(arg)).unwrap();
    assert_eq!(net.took(), ["updateGprsLocation (23) > 491700040", "PNR", "result > 491700061"]);
}

#[test]
fn the_presence_server_is_told_until_it_takes_it() {
    let mut net = Net::new();
    net.presence_is_down = true;
    net.register(GATEWAY, IMSI).unwrap();
    net.pass(61);
    assert_eq!(net.told, [CONNECTED, CONNECTED]);
    net.presence_is_down = false;
    // It owes that to it also when it starts again.
    net.start();
    assert_eq!(net.told, [CONNECTED; 3]);
    net.start();
    net.pass(200);
    assert_eq!(net.told.len(), 3);
    // With a subscriber who is taken away, the connection goes.
    let impi = IMPI.to_owned();
    net.tell_hss(NodeInput::Admin(crate::node::Admin::RemoveSubscriber { impi }));
    net.run();
    assert!(matches!(net.heard(GATEWAY).last(), Some(Operation::CancelLocation(c)) if c.cancellation_type == Some(1)));
    assert_eq!(net.told.last().map(String::as_str), Some(DISCONNECTED));
    assert!(net.store.scan(crate::node::Table::HlrSms).unwrap().is_empty());
}

/// The operator changes what the file says.
fn provision(net: &mut Net, from: &str, to: &str) {
    let changed = FILE.replacen(from, to, 1);
    assert_ne!(changed, FILE);
    for subscriber in parse_subscribers("test.toml", &changed).unwrap() {
        net.tell_hss(NodeInput::Admin(crate::node::Admin::PutSubscriber(Box::new(subscriber))));
    }
    net.run();
}

#[test]
fn those_who_serve_are_told_what_the_operator_changes() {
    let mut net = Net::new();
    net.register(GATEWAY, IMSI).unwrap();
    net.register(SGSN, IMSI).unwrap();
    net.heard(GATEWAY);
    net.heard(SGSN);
    let with = |more: &str| format!("sms = {{ msc = \"491700010\", sgsn = \"491700020\"{more} }}");
    provision(&mut net, &with(""), &with(", barred = true"));
    for who in [GATEWAY, SGSN] {
        let heard = net.heard(who);
        let [Operation::InsertSubscriberData(insert)] = &heard[..] else { panic!("{who}: {heard:?}") };
        assert_eq!((&insert.imsi, insert.operator_determined_barring), (&Some(imsi(IMSI)), Some(true)));
    }
    // What does not concern them they do not hear.
    provision(&mut net, &with(""), &with(", barred = true"));
    assert!(net.heard(GATEWAY).is_empty() && net.heard(SGSN).is_empty());
    // One that does not answer is told again.
    net.silent.insert(GATEWAY.to_owned());
    provision(&mut net, "msisdn = [\"491700001\"", "msisdn = [\"491700009\"");
    net.pass(45);
    net.silent.clear();
    net.pass(60);
    let heard = net.heard(GATEWAY);
    let Some(Operation::InsertSubscriberData(insert)) = heard.last() else { panic!("{heard:?}") };
    assert_eq!((&insert.msisdn, insert.operator_determined_barring), (&Some(number("491700009")), Some(false)));
}

#[test]
fn a_presence_server_that_was_away_hears_of_who_was_taken_away() {
    let mut net = Net::new();
    net.register(GATEWAY, IMSI).unwrap();
    assert_eq!(net.told, [CONNECTED]);
    net.presence_is_down = true;
    net.tell_hss(NodeInput::Admin(crate::node::Admin::RemoveSubscriber { impi: IMPI.to_owned() }));
    net.run();
    net.pass(300);
    net.presence_is_down = false;
    net.told.clear();
    net.start();
    assert_eq!(net.told, [DISCONNECTED]);
    assert!(net.store.scan(crate::node::Table::HlrSms).unwrap().is_empty());
}

#[test]
fn service_centres_are_alerted_when_the_ue_registers() {
    let mut net = Net::new();
    net.ask(CENTRE, &failed(CENTRE, None)).unwrap();
    net.ask(CENTRE, &failed(VOICE_MAIL, Some(ScType::VOICE_MAIL))).unwrap();
    let full = net.ask(CENTRE, &failed("491700097", None));
    assert_eq!(full, Err(UserError::MessageWaitingListFull));
    let record = |net: &Net| net.hss.as_ref().unwrap().hlr.as_ref().unwrap().records[IMPI].clone();
    assert_eq!(record(&net).waiting_centres(), ["491700099", "491700098 (voice mail)"]);
    let shown = crate::ims::hss::show_subscriber(&net.store, IMPI).unwrap();
    assert_eq!((shown.sms_waiting, shown.sms_gateway), (record(&net).waiting_centres(), None));
    net.took();
    net.silent.insert(VOICE_MAIL.to_owned());
    net.register(GATEWAY, IMSI).unwrap();
    let seen = net.took();
    let alert = |centre: &str| format!("alertServiceCentre (64) > {centre}");
    assert_eq!(seen[4..7], ["result > 491700060".to_owned(), alert(CENTRE), alert(VOICE_MAIL)]);
    let heard = net.heard(CENTRE);
    let wanted = AlertServiceCentreArg::new(number(ALICE), number(CENTRE));
    assert_eq!(heard, [Operation::AlertServiceCentre(wanted)]);
    assert_eq!(record(&net).alerts.len(), 1);
    // One that does not answer is alerted again, also after a new start, and some day not any more.
    net.pass(70);
    assert_eq!(net.took(), [alert(VOICE_MAIL)]);
    net.start();
    assert_eq!(net.took(), [alert(VOICE_MAIL)]);
    net.pass(600);
    assert_eq!((net.took(), record(&net).alerts.len()), (vec![alert(VOICE_MAIL)], 0));
    assert!(!record(&net).waiting.is_set() || record(&net).waiting.reason(SmsWay::Msc).is_some());
}

#[test]
fn an_ims_registration_connects_to_a_gateway_that_is_known_before() {
    let mut net = Net::new();
    let who = "491700004";
    let absent = net.ask(CENTRE, &routing(who, CENTRE, true, true, false)).unwrap_err();
    let UserError::AbsentSubscriberSm(absent) = absent else { panic!("{absent}") };
    assert_eq!(absent.diagnostic, Some(diagnostic::DEREGISTERED_IMS));
    net.took();
    net.ims("dave@ims.test", "sip:dave@ims.test", ServerAssignmentType::Registration);
    assert_eq!(net.took(), ["PNR"]);
    let answer = net.ask(CENTRE, &routing(who, CENTRE, true, true, false)).unwrap();
    let OperationResult::SendRoutingInfoForSm(found) = answer else { panic!("{answer:?}") };
    assert_eq!(found.location_info_with_lmsi.network_node_number, number(OTHER_GATEWAY));
    assert!(found.location_info_with_lmsi.ims_node_indicator);
    net.took();
    // Who waited is alerted when the S-CSCF has had its time.
    net.pass(3);
    assert_eq!(net.took()[0], "alertServiceCentre (64) > 491700099");
    net.ims("dave@ims.test", "sip:dave@ims.test", ServerAssignmentType::UserDeregistration);
    assert_eq!(net.told.last().map(String::as_str), Some(DISCONNECTED));
    assert!(net.ask(CENTRE, &routing(who, CENTRE, true, true, false)).is_err());
}

#[test]
fn application_servers_read_and_subscribe() {
    let mut net = Net::with(|hlr| hlr.presence = None);
    let user = UserIdentity::Public("sip:alice@ims.test".to_owned());
    let snr = Snr {
        routing: net.routing(),
        user: user.clone(),
        impi: None,
        references: vec![reference::SMS_REGISTRATION_INFO],
        services: Vec::new(),
        server: None,
        request: SubscriptionRequest::Subscribe,
        send_data: true,
        expiry: None,
        one_time: false,
    };
    let document = |answer: &protocol::diameter::Message| {
        let answer = ShAnswer::from_message(answer).unwrap();
        assert_eq!(answer.outcome.result, ResultCode::SUCCESS);
        root(String::from_utf8(answer.user_data.unwrap()).unwrap())
    };
    let answer = net.diameter(snr.to_message());
    assert_eq!(document(&answer), DISCONNECTED);
    net.register(GATEWAY, IMSI).unwrap();
    assert_eq!(net.told, [CONNECTED]);
    let udr = Udr {
        routing: net.routing(),
        user: UserIdentity::Msisdn(ALICE.to_owned()),
        impi: None,
        references: vec![reference::SMS_REGISTRATION_INFO],
        services: Vec::new(),
        server: None,
        identity_sets: Vec::new(),
    };
    let answer = net.diameter(udr.to_message());
    assert_eq!(document(&answer), CONNECTED);
}
