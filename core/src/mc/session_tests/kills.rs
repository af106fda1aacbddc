//! Servers are killed at every message: what was acknowledged is there, calls end or go on as the server's module says.

use super::*;

/// A call of the group of server 2, with users of all servers.
fn run(net: &mut Net) {
    net.order(7, Order::Authorise(None, 100_000));
    net.run_ms(200);
    for user in [1, 4, 7] {
        net.order(user, Order::Affiliate(vec![GROUP.to_owned()]));
        net.run_ms(300);
    }
    net.order(1, Order::Call(GROUP.to_owned()));
    net.run_ms(600);
    net.order(7, Order::Request);
    net.run_ms(100);
    net.say(7, 3);
    net.order(7, Order::Release);
    net.run_ms(200);
    net.order(1, Order::HangUp);
    net.run_ms(500);
}

fn at_every_message(server: u8) {
    for step in 0.. {
        let mut net = Net::new();
        net.kill = Some((step, server));
        run(&mut net);
        let is_over = net.kill.take().is_some();
        // Whatever phones and other servers think of their calls, it ends in the time of the session timer.
        net.run_ms(130_000);
        assert_eq!(net.in_call(), [0u8; 0], "{server} at {step}: {:#?}", net.notes);
        assert_eq!(net.is_clean(), Ok(()), "{server} at {step}: {:#?}", net.notes);
        // What was acknowledged is durable, affiliations at both servers of each.
        if net.phone(7, |desk| desk.answers.first() == Some(&200)) {
            assert_eq!(net.figure(3, "mc_authorised"), 1, "{server} at {step}");
        }
        for user in [1, 4, 7] {
            let answers = net.phone(user, |desk| desk.answers.clone());
            let affiliated = usize::from(user == 7);
            if answers.get(affiliated) == Some(&200) {
                let of = server_of(user);
                assert!(net.figure(of, "mc_affiliations") > 0, "{server} at {step}, user {user}: {answers:?}");
            }
        }
        let acknowledged = [1, 4, 7]
            .iter()
            .filter(|user| net.phone(**user, |desk| desk.answers.get(usize::from(**user == 7)) == Some(&200)));
        assert!(net.figure(2, "mc_affiliations") >= acknowledged.count() as u64, "{server} at {step}");
        net.affiliate_all([1, 4, 7]);
        net.call(4, GROUP);
        assert_eq!(net.in_call(), [1, 4, 7], "{server} at {step}: {:#?}", net.notes);
        if is_over {
            assert!(step > 40, "{step}");
            return;
        }
    }
}

#[test]
fn the_participating_server_of_the_caller_is_killed_at_every_message() {
    at_every_message(1);
}

#[test]
fn the_controlling_server_is_killed_at_every_message() {
    at_every_message(2);
}

#[test]
fn the_participating_server_of_a_member_is_killed_at_every_message() {
    at_every_message(3);
}

#[test]
fn a_new_call_replaces_the_legs_of_one_that_its_server_has_lost() {
    let mut net = Net::new();
    net.affiliate_all([1, 4, 7]);
    net.call(1, GROUP);
    assert_eq!(net.in_call(), [1, 4, 7]);
    net.restart(2);
    net.run_ms(100);
    // Nobody has noticed; user 7 calls anew.
    net.order(7, Order::HangUp);
    net.run_ms(100);
    net.call(7, GROUP);
    assert_eq!(net.in_call(), [1, 4, 7], "{:#?}", net.notes);
    net.request(7);
    let said = net.say(7, 5);
    assert_eq!((net.times(1, &said), net.times(4, &said)), (vec![1; 5], vec![1; 5]), "{:#?}", net.notes);
    net.order(7, Order::HangUp);
    net.run_ms(130_000);
    assert_eq!(net.is_clean(), Ok(()), "{:#?}", net.notes);
}
