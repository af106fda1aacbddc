//! Group sessions in rare courses: bearers that are refused, answers that are lost, members that come again.

use super::*;

#[test]
fn who_refuses_the_bearer_again_is_left_alone() {
    let mut group = Group::new(&ServerRules::default(), |_| {});
    let phone = User::phone((2, 1), (true, false), cell(0x100), Arc::clone(&group.phones[1]));
    assert!(group.net.fabric.restart(group.net.now, "phone2", Box::new(phone)));
    group.order(1, Order::Call);
    group.net.run_ms(3000);
    assert!(group.is_in(2) && group.mbms(1).is_some(), "{:#?}", group.net.notes);
    let told = |group: &Group| {
        group.net.notes.iter().filter(|note| note.contains("user2") && note.contains("is told of")).count()
    };
    assert_eq!(told(&group), 1);
    // In another cell it may think otherwise: it is asked once more.
    group.order(2, Order::Move(cell(0x200)));
    group.net.run_ms(60_000);
    assert!(group.is_in(2));
    assert_eq!(told(&group), 2, "{:#?}", group.net.notes);
    group.say(1, 10);
    assert_eq!(group.unicast(2).len(), 10);
}

#[test]
fn a_tmgi_whose_allocation_is_not_answered_is_given_back() {
    use protocol::diameter::Flags;
    let mut group = Group::new(&ServerRules::default(), |_| {});
    let mut is_lost = false;
    group.net.loses = Box::new(move |message| {
        let is_gaa = message.joint == Joint::Mb2C
            && message.from == "bmsc"
            && Message::parse(&message.bytes)
                .is_ok_and(|own| own.command == dictionary::GCS_ACTION && !own.flags.has(Flags::REQUEST));
        is_gaa && !std::mem::replace(&mut is_lost, true)
    });
    group.order(1, Order::Call);
    group.net.run_ms(3000);
    assert!(group.is_in(2) && group.mbms(1).is_none());
    assert_eq!(group.bmsc.lock().unwrap().figures()[0], ("tmgis", 1));
    for number in 1..=8 {
        group.order(number, Order::HangUp);
    }
    group.net.run_ms(20_000);
    assert_eq!(group.is_clean(), Ok(()), "{:#?}", group.net.notes);
}

#[test]
fn who_comes_again_is_who_he_was() {
    let mut group = Group::new(&ServerRules::default(), |_| {});
    let mut config = as_config(|_| {});
    (config.groups[0].ends_with_first, config.floor) = (true, Some(Duration::from_secs(60)));
    let server = ImsAs::new(config, Entropy::from_seed([60; 32])).unwrap();
    assert!(group.net.fabric.restart(group.net.now, "as", Box::new(server)));
    group.net.run_ms(3000);
    group.begin();
    group.say(1, 5);
    // The phone of the first one is dead, and starts again.
    let phone = User::phone((1, 1), (true, true), cell(0x200), Arc::clone(&group.phones[0]));
    assert!(group.net.fabric.restart(group.net.now, "phone1", Box::new(phone)));
    group.order(1, Order::Call);
    group.net.run_ms(2000);
    // His old session does not keep the floor.
    group.say(2, 5);
    assert_eq!(group.unicast(1), [5, 6, 7, 8, 9], "{:#?}", group.net.notes);
    group.order(1, Order::HangUp);
    group.net.run_ms(2000);
    assert!((1..=8).all(|number| !group.is_in(number)), "it ends with the first: {:#?}", group.net.notes);
    assert_eq!(group.is_clean(), Ok(()));
}
