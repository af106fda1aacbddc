//! Notifications (TS 29.116 clause 5.2.3): in order, until they are taken.

use super::*;

#[test]
fn notifications_come_in_order_until_they_are_taken_and_can_be_fetched() {
    let mut net = Net::with(xmb_config());
    let service = net.new_service(0);
    net.web.statuses = [500, 503, 500].into();
    let (path, _) = net.new_session(0, &service, &streaming(&[1]));
    net.run_ms(1000);
    assert!(net.web.notifications.is_empty());
    assert_eq!(net.figure("xmb_notifications_waiting"), 1);
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "session-start": null }), 200);
    // Killed before they were taken: they are told all the same.
    net.restart();
    net.run_ms(20_000);
    let states: Vec<_> = net.web.notifications.iter().map(|n| n.session_state.unwrap()).collect();
    assert_eq!(states, [SessionState::Active, SessionState::Idle]);
    assert_eq!(net.figure("xmb_notifications_waiting"), 0);
    let kept: Vec<Notification> = net.rest(0, ("GET", "/xmb/v1.0/notifications"), &json!(null), 200);
    assert_eq!(kept, net.web.notifications);
    let id = &kept[1].id;
    let one: Notification = net.rest(0, ("GET", &format!("/xmb/v1.0/notifications/{id}")), &json!(null), 200);
    assert_eq!(one, kept[1]);
    let none: Vec<Notification> = net.rest(0, ("GET", "/xmb/v1.0/notifications?session=9"), &json!(null), 200);
    assert!(none.is_empty());
    let others: Vec<Notification> = net.rest(1, ("GET", "/xmb/v1.0/notifications"), &json!(null), 200);
    assert!(others.is_empty());
    // Once told, not told again.
    net.restart();
    net.run_ms(5000);
    assert_eq!(net.web.notifications.len(), 2);
    // Only the classes that are wanted are pushed.
    let _: Service = net.rest(0, ("PATCH", &service), &json!({ "push-notification-configuration": ["ingest"] }), 200);
    let _: Session = net.rest(0, ("PATCH", &path), &json!({ "session-start": 0 }), 200);
    net.run_ms(2000);
    assert_eq!(net.web.notifications.len(), 2);
    let kept: Vec<Notification> = net.rest(0, ("GET", "/xmb/v1.0/notifications"), &json!(null), 200);
    assert_eq!(kept.len(), 3);
}

#[test]
fn no_content_provider_has_the_notifications_of_another_forgotten() {
    let mut config = xmb_config();
    config.xmb.as_mut().unwrap().max_kept = 3;
    let mut net = Net::with(config);
    let service = net.new_service(0);
    net.web.statuses = [500; 9].into();
    let (path, _) = net.new_session(0, &service, &streaming(&[1]));
    net.run_ms(500);
    let list = |net: &mut Net, provider: usize| {
        net.rest::<Vec<Notification>>(provider, ("GET", "/xmb/v1.0/notifications"), &json!(null), 200)
    };
    let own = list(&mut net, 0);
    assert_eq!(own.len(), 1);
    let other: Service = net.rest(1, ("POST", "/xmb/v1.0/services"), &json!({}), 201);
    let (others, _) = net.new_session(1, &format!("/xmb/v1.0/services/{}", other.id), &streaming(&[1]));
    for start in [json!(null), json!(0), json!(null), json!(0)] {
        let _: Session = net.rest(1, ("PATCH", &others), &json!({ "session-start": start }), 200);
        net.run_ms(500);
    }
    assert_eq!((list(&mut net, 0), list(&mut net, 1).len()), (own, 3));
    // Of its own the oldest ones go, and that they were never taken is counted.
    for start in [json!(null), json!(0), json!(null)] {
        let _: Session = net.rest(0, ("PATCH", &path), &json!({ "session-start": start }), 200);
        net.run_ms(200);
    }
    net.web.statuses.clear();
    net.run_ms(60_000);
    let kept = list(&mut net, 0);
    assert_eq!((kept.len(), net.figure("xmb_notifications_waiting")), (3, 0));
    assert_eq!(net.web.notifications, kept);
    assert_eq!(net.figure("gcs_notices_given_up"), 1, "{:#?}", net.notes);
}
