//! Calls with floor control and media (TS 24.379 clause 10.1.1, TS 24.380 clause 6).

use super::*;

#[test]
fn a_call_over_three_servers_with_speech_that_each_hears_once() {
    let mut net = Net::new();
    net.affiliate_all(1..=7);
    net.call(1, GROUP);
    assert_eq!(net.in_call(), [1, 2, 3, 4, 5, 6, 7], "{:#?}", net.notes);
    assert_eq!(net.phone(7, |desk| desk.called.clone()), [(mcptt_id(1), GROUP.to_owned())]);
    // Servers talk to each other, and each phone to its own server only.
    assert!(net.log.iter().any(|(joint, way, line)| {
        *joint == Joint::Mcptt3 && way == "mc2 mc3" && line.starts_with("INVITE sip:mc3.test ")
    }));
    assert!(!net.log.iter().any(|(_, way, _)| way == "mc2 ue1" || way == "ue1 mc2"));
    for talker in [1, 5, 7] {
        net.request(talker);
        assert_eq!(net.heard(talker).last().map(String::as_str), Some("granted"), "{:#?}", net.notes);
        let said = net.say(talker, 25);
        for number in 1..=7 {
            let expected = u32::from(number != talker);
            assert_eq!(net.times(number, &said), [expected; 25], "{talker} to {number}");
            if number != talker {
                assert_eq!(net.heard(number).last(), Some(&format!("taken {}", mcptt_id(talker))));
            }
        }
        net.order(talker, Order::Release);
        net.run_ms(100);
        assert!((1..=7).all(|number| net.heard(number).last().map(String::as_str) == Some("idle")));
    }
    assert_eq!((1..=3).map(|n| net.figure(n, "mc_calls")).collect::<Vec<_>>(), [1, 1, 1]);
    // Those who were called have said where they are.
    assert_eq!((1..=3).map(|n| net.figure(n, "mc_users_located")).collect::<Vec<_>>(), [2, 3, 1]);
    // Who has begun it ends it.
    net.order(1, Order::HangUp);
    net.run_ms(1000);
    assert_eq!(net.in_call(), [0u8; 0]);
    net.run_ms(40_000);
    assert_eq!(net.is_clean(), Ok(()), "{:#?}", net.notes);
}

#[test]
fn within_one_server_and_only_those_who_are_affiliated() {
    let mut net = Net::new();
    for user in [1, 2] {
        assert_eq!(net.affiliate(user, &[OWN_GROUP]), Some(200));
    }
    net.call(2, OWN_GROUP);
    assert_eq!(net.in_call(), [1, 2]);
    // Late entry.
    assert_eq!(net.affiliate(3, &[OWN_GROUP]), Some(200));
    net.run_ms(500);
    assert_eq!(net.in_call(), [1, 2, 3]);
    // One who leaves the group leaves its call, and so does one who hangs up; he may come again.
    net.order(3, Order::Leave);
    net.order(1, Order::HangUp);
    net.run_ms(500);
    assert_eq!((net.in_call(), net.answered(3)), (vec![2], Some(200)));
    net.call(1, OWN_GROUP);
    assert_eq!(net.in_call(), [1, 2]);
    net.request(1);
    let said = net.say(1, 5);
    assert_eq!((net.times(2, &said), net.times(3, &said)), (vec![1; 5], vec![0; 5]));
    net.run_ms(60_000);
    assert_eq!(net.in_call(), [0u8; 0], "T4: {:#?}", net.notes);
    assert_eq!(net.is_clean(), Ok(()));
}

#[test]
fn late_entry_and_leaving_at_another_server() {
    let mut net = Net::new();
    net.affiliate_all([1, 4]);
    net.call(4, GROUP);
    assert_eq!(net.in_call(), [1, 4]);
    net.affiliate_all([7, 2]);
    net.run_ms(500);
    assert_eq!(net.in_call(), [1, 2, 4, 7], "{:#?}", net.notes);
    net.order(7, Order::Leave);
    net.order(2, Order::HangUp);
    net.run_ms(500);
    assert_eq!(net.in_call(), [1, 4]);
    assert_eq!((net.figure(3, "mc_calls"), net.figure(3, "mc_affiliations")), (0, 0));
    net.request(1);
    let said = net.say(1, 5);
    assert_eq!((net.times(4, &said), net.times(2, &said)), (vec![1; 5], vec![0; 5]));
    net.order(4, Order::HangUp);
    net.run_ms(40_000);
    assert_eq!(net.is_clean(), Ok(()));
}

#[test]
fn the_floor_is_denied_revoked_and_freed() {
    let mut net = Net::with(|_, config| config.floor.stop_talking = Duration::from_secs(2));
    net.affiliate_all(1..=4);
    net.call(1, GROUP);
    net.request(2);
    net.request(4);
    assert_eq!(net.heard(4).last().map(String::as_str), Some("deny 1"));
    // Speech without the floor is heard by nobody.
    let said = net.say(4, 3);
    assert!((1..=4).all(|number| net.times(number, &said) == [0; 3]));
    assert_eq!(net.heard(4).last().map(String::as_str), Some("revoke 3"));
    let long = net.say(2, 100);
    assert_eq!(net.heard(2).last().map(String::as_str), Some("revoke 2"));
    assert_eq!(net.times(4, &long), [1; 100], "within T3");
    net.order(2, Order::Release);
    net.run_ms(100);
    net.request(4);
    assert_eq!(net.heard(4).last().map(String::as_str), Some("granted"));
    // Who has it goes: it is free.
    net.order(4, Order::HangUp);
    net.run_ms(200);
    assert_eq!(net.heard(1).last().map(String::as_str), Some("idle"));
    assert_eq!(net.figure(2, "mc_rtp_without_floor"), 3);
}

#[test]
fn what_is_not_of_a_leg_or_no_message_changes_nothing() {
    let mut net = Net::new();
    net.affiliate_all([1, 4]);
    net.call(1, GROUP);
    net.request(1);
    let (audio, floor) = net.phone(4, |desk| desk.remote).unwrap();
    let before = net.figure(2, "mc_rtp_refused");
    for (from, to, bytes) in [(4000, audio, vec![0x80; 3]), (4002, floor, vec![0xff; 40]), (9, audio, vec![0x80; 172])]
    {
        let output = NodeOutput::Datagram { local: SocketAddr::new(phone_ip(4), from), remote: to, bytes };
        let NodeOutput::Datagram { local, remote, bytes } = output else { return };
        net.servers[1]
            .lock()
            .unwrap()
            .handle_input(net.now, NodeInput::Datagram { local: remote, remote: local, bytes: &bytes });
    }
    assert_eq!(net.figure(2, "mc_rtp_refused") - before, 2);
    assert_eq!(net.figure(2, "mc_floor_malformed"), 1);
    let said = net.say(1, 5);
    assert_eq!(net.times(4, &said), [1; 5]);
}

#[test]
fn members_who_are_busy_or_not_there_do_not_stop_a_call() {
    let mut net = Net::new();
    net.affiliate_all([1, 2, 4, 7]);
    net.phones[6].lock().unwrap().busy = Some(486);
    assert!(net.fabric.set_down(net.now, "ue2", true));
    net.call(1, GROUP);
    assert_eq!(net.in_call(), [1, 4]);
    assert!(net.notes.iter().any(|note| note.starts_with("mc2") && note.contains("486")), "{:#?}", net.notes);
    net.run_ms(35_000);
    net.request(1);
    net.request(4);
    assert!(net.notes.iter().any(|note| note.contains(&format!("{} is not in", mcptt_id(2)))), "{:#?}", net.notes);
}

#[test]
fn who_was_called_in_vain_and_affiliates_again_is_called_again() {
    let mut net = Net::new();
    net.affiliate_all([1, 2, 4, 7]);
    for name in ["ue2", "ue7"] {
        assert!(net.fabric.set_down(net.now, name, true));
    }
    net.call(1, GROUP);
    assert_eq!(net.in_call(), [1, 4]);
    // A call in which nobody talks would end.
    net.run_ms(20_000);
    net.request(1);
    net.order(1, Order::Release);
    // INVITE was sent for the last time, and Timer B has not ended (RFC 3261 clause 17.1.1.2).
    net.run_ms(10_500);
    for name in ["ue2", "ue7"] {
        assert!(net.fabric.set_down(net.now, name, false));
    }
    assert_eq!(net.affiliate(2, &[GROUP]), Some(200));
    net.run_ms(3000);
    assert_eq!(net.in_call(), [1, 2, 4], "{:#?}", net.notes);
}

#[test]
fn calls_that_may_not_be_are_refused() {
    let mut net = Net::with(|_, config| config.limits.calls = 1);
    let refused = |net: &mut Net, user: u8, group: &str| {
        net.call(user, group);
        assert!(!net.in_call().contains(&user));
        net.answered(user)
    };
    assert_eq!(refused(&mut net, 1, GROUP), Some(403), "not affiliated");
    assert_eq!(refused(&mut net, 8, GROUP), Some(403), "not a member");
    assert_eq!(refused(&mut net, 1, "sip:nobody@groups.mcptt.test"), Some(404));
    net.affiliate_all([1, 4]);
    net.affiliate(2, &[OWN_GROUP]);
    for (sdp, status) in [
        (User::sdp(phone_ip(1)).replace("RTP/AVP 8", "RTP/AVP 97"), 488),
        (User::sdp(phone_ip(1)).replace("udp MCPTT", "udp OTHER"), 488),
        ("v=0".to_owned(), 400),
    ] {
        net.order(1, Order::CallWith(GROUP.to_owned(), sdp.clone()));
        net.run_ms(500);
        assert!(matches!(net.answered(1), Some(own) if own == status || own == 488), "{sdp}: {:?}", net.answered(1));
    }
    net.call(1, GROUP);
    assert_eq!(net.in_call(), [1, 4]);
    assert_eq!(refused(&mut net, 2, OWN_GROUP), Some(486), "as many calls as may be");
    net.order(1, Order::HangUp);
    net.run_ms(40_000);
    assert_eq!(net.is_clean(), Ok(()));
}

#[test]
fn a_caller_who_gives_up_and_a_server_that_is_down() {
    let mut net = Net::new();
    net.affiliate_all([1, 4]);
    assert!(net.fabric.set_down(net.now, "mc2", true));
    net.order(1, Order::Call(GROUP.to_owned()));
    net.run_ms(2000);
    net.order(1, Order::HangUp);
    net.run_ms(200);
    assert!(!net.in_call().contains(&1));
    net.run_ms(40_000);
    assert!(net.fabric.set_down(net.now, "mc2", false));
    net.call(1, GROUP);
    assert_eq!(net.in_call(), [1, 4], "{:#?}", net.notes);
}
