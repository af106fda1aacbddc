//! The process is killed at each step of the store, before and after it: what was answered stands, what is owed is done.

use super::*;
use crate::node::Table;

/// Asks until there is an answer, as a node does that has heard none; starts the HSS again when it is dead.
fn insist(net: &mut Net, from: &str, ssn: u8, operation: &Operation) -> Result<OperationResult, UserError> {
    for _ in 0..5 {
        let answer = net.try_ask(from, ssn, operation);
        if net.hss.is_none() {
            net.start();
        }
        if let Some(answer) = answer {
            return answer;
        }
        // It gives up before it asks again.
        net.pass(130);
    }
    panic!("no answer to {operation:?}")
}

/// SQN of a new vector.
fn sequence_number(net: &mut Net) -> u64 {
    let operation = Operation::SendAuthenticationInfo(SendAuthenticationInfoArg::new(imsi(IMSI), 1));
    let answer = insist(net, GATEWAY, ssn::SGSN, &operation).unwrap();
    let OperationResult::SendAuthenticationInfo(found) = answer else { panic!("{answer:?}") };
    let AuthenticationQuintuplet { rand, autn, .. } = found.quintuplet_list[0];
    // K and OP of set 2 in TS 35.208; AUTN begins with SQN xor AK (TS 33.102 clause 6.3.2).
    let octets = |text: &str| <[u8; 16]>::try_from(hex::decode(text).unwrap()).unwrap();
    let (k, op) = (octets("0396eb317b6d1c36f19c1c84cd6ffd16"), octets("ff53bade17df5d4e793073ce9d7579fa"));
    let (.., ak) = milenage::Milenage::new_with_op(k, op).f2345(&rand);
    (0..6).fold(0, |sqn, i| sqn << 8 | u64::from(autn[i] ^ ak[i]))
}

/// A failed delivery, a registration with its alert, vectors, a delivery over IP, a de-registration.
fn story(net: &mut Net) {
    insist(net, CENTRE, ssn::MSC, &failed(CENTRE, None)).unwrap();
    let first = sequence_number(net);
    insist(net, GATEWAY, ssn::SGSN, &update(GATEWAY, IMSI)).unwrap();
    revive(net);
    let alerts = net.heard(CENTRE).into_iter().filter(|o| matches!(o, Operation::AlertServiceCentre(_))).count();
    assert!(alerts >= 1, "the service centre has not heard of the registration");
    let connected = net.told.last().is_some_and(|told| told.contains(GATEWAY));
    assert!(connected, "the presence server has not heard of the registration: {:?}", net.told);
    let answer = insist(net, CENTRE, ssn::MSC, &routing(ALICE, CENTRE, true, true, true)).unwrap();
    let OperationResult::SendRoutingInfoForSm(found) = answer else { panic!("{answer:?}") };
    assert!(found.location_info_with_lmsi.ims_node_indicator, "the registration is lost");
    insist(net, GATEWAY, ssn::SGSN, &purge(GATEWAY, IMSI)).unwrap();
    revive(net);
    assert!(net.told.last().is_some_and(|told| !told.contains(GATEWAY)), "the de-registration was not told");
    let answer = insist(net, CENTRE, ssn::MSC, &routing(ALICE, CENTRE, true, true, true)).unwrap();
    let OperationResult::SendRoutingInfoForSm(found) = answer else { panic!("{answer:?}") };
    assert!(!found.location_info_with_lmsi.ims_node_indicator, "the de-registration is lost");
    let second = sequence_number(net);
    assert!(first < second, "SQN {first:x} was given, and then {second:x}");
}

/// It runs, and has had its time for what it owes.
fn revive(net: &mut Net) {
    for _ in 0..3 {
        if net.hss.is_none() {
            net.start();
        }
        net.pass(65);
    }
}

#[test]
fn at_each_step_of_the_store() {
    let mut net = Net::new();
    let before = net.steps;
    story(&mut net);
    let steps = net.steps;
    assert!(steps - before >= 7, "{steps}");
    for step in before + 1..=steps {
        for is_after in [false, true] {
            let mut net = Net::new();
            net.dies_at = Some((step, is_after));
            story(&mut net);
            assert!(net.steps >= step, "it has not died");
            let rows = net.store.scan(Table::HlrSms).unwrap();
            let record: SmsRecord = rows.first().map(|(_, v)| serde_json::from_slice(v).unwrap()).unwrap_or_default();
            assert!(record.gateway.is_none() && record.alerts.is_empty() && !record.is_presence_told, "{record:?}");
        }
    }
}
