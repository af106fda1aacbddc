//! What is on no wire, and what is on none but its own; and vectors that come twice.

use protocol::diameter::Avp;
use protocol::diameter::cx::Maa;

use super::*;

/// A value as octets, and as hexadecimal digits of either case.
fn forms(octets: &[u8]) -> [Vec<u8>; 3] {
    let digits = hex::encode(octets);
    [octets.to_vec(), digits.clone().into_bytes(), digits.to_uppercase().into_bytes()]
}

fn has(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[test]
fn keys_are_on_no_wire_and_primary_identities_on_few() {
    let mut net = Net::new();
    // All that happens: at home, away, resynchronisation, a wrong response, return, refusals.
    net.registers(1, Primary, 3600);
    net.registers(1, Partner, 3600);
    net.ues[0].sqn += 0x00ff_0000;
    let challenge = net.begin(1, Partner);
    let again = net.answer(1, Partner, &challenge, 3600);
    assert_eq!(net.answer(1, Partner, &again, 3600).status, 200);
    let challenge = net.begin(2, Partner);
    let wrong = Ue::wrong(&Partner.identities(2), &challenge);
    let request = net.register(2, Partner, 3600, Some(&wrong));
    assert_eq!(net.ask(2, Partner, &request).status, 401);
    assert_eq!(net.begin(USERS, Partner).status, 403);
    net.registers(1, Partner, 0);
    net.registers(1, Primary, 3600);
    let secrets: Vec<_> = net.ues.iter().flat_map(|ue| [ue.k, ue.opc(), ue.op]).flat_map(|key| forms(&key)).collect();
    let primary: Vec<_> = (1..=USERS).map(|number| Primary.identities(number)).collect();
    let primary: Vec<_> = primary.iter().flat_map(|who| [who.impi.as_bytes(), &who.impu.as_bytes()[4..]]).collect();
    // Not one of these identities is part of another text that is allowed anywhere.
    assert!(primary.iter().all(|name| has(name, HOME.as_bytes())));
    let mut seen = [false; 2];
    for message in &net.wire {
        let WireMessage { joint, from, to, bytes, .. } = message;
        let what = format!("{joint} {from} {to}: {}", String::from_utf8_lossy(bytes));
        assert!(!secrets.iter().any(|secret| has(bytes, secret)), "a key: {what}");
        let is_primary = primary.iter().any(|name| has(bytes, name));
        let ends = [from.as_str(), to.as_str()];
        let at_partner = ends.iter().any(|name| name.starts_with("partner."));
        seen[usize::from(at_partner)] |= is_primary;
        assert!(!(is_primary && at_partner && *joint != Joint::Migration), "a primary identity: {what}");
        // And what the partner system makes of a user does not come home.
        let is_partner = has(bytes, b"sip:m") && has(bytes, format!("@{PARTNER}").as_bytes());
        assert!(!(is_partner && *joint == Joint::Migration), "a partner identity: {what}");
    }
    assert_eq!(seen, [true, true], "the names are there where they belong");
    // CK, IK and XRES stay in the core: UEs hear a challenge.
    for maa in net.mars().iter().filter(|(.., message)| !message.is_request()) {
        for item in Maa::from_message(&maa.3).map(|maa| maa.items).unwrap_or_default() {
            let protocol::diameter::cx::AuthData::Aka { ck, ik, xres, .. } = item.data else { continue };
            for secret in [&ck.expose()[..], &ik.expose()[..], &xres.expose()[..]] {
                let on_gm = net.wire.iter().filter(|message| message.joint == Joint::Gm);
                assert!(on_gm.clone().all(|message| !forms(secret).iter().any(|form| has(&message.bytes, form))));
            }
        }
    }
    // Notes for humans have no keys either.
    let notes = net.notes.join("\n").into_bytes();
    assert!(!secrets.iter().any(|secret| has(&notes, secret)));
}

#[test]
fn a_vector_is_good_once() {
    let mut net = Net::new();
    let challenge = net.begin(1, Partner);
    let who = Partner.identities(1);
    let credentials = net.ues[0].credentials(&who, &challenge);
    let request = net.register(1, Partner, 3600, Some(&credentials));
    assert_eq!(net.ask(1, Partner, &request).status, 200);
    // The same response again: another challenge.
    let request = net.register(1, Partner, 3600, Some(&credentials));
    assert_eq!(net.ask(1, Partner, &request).status, 401);
    // Each MAA of the past comes once more: nobody waits for it.
    let old: Vec<_> = net.wire.iter().filter(|message| is_mar_or_maa(message, false)).cloned().collect();
    let (count, rows) = (net.wire.len(), net.partner_rows());
    for message in old {
        net.fabric.carry(net.now, message);
    }
    net.run_ms(1_000);
    let after = &net.wire[count..];
    assert!(after.iter().all(|message| !is_mar_or_maa(message, false)), "{after:#?}");
    assert_eq!(net.partner_rows(), rows);
}

#[test]
fn a_vector_that_another_system_sends_twice_is_not_used() {
    let mut net = Net::new();
    let items: Arc<Mutex<Vec<Avp>>> = Arc::default();
    let kept = Arc::clone(&items);
    // Whoever is between the systems puts the first vector into each later answer.
    net.fate = Some(Box::new(move |message| {
        if is_maa(message, "dra", "partner.dra") {
            let mut parsed = Message::parse(&message.bytes).unwrap();
            let mut kept = kept.lock().unwrap();
            if kept.is_empty() {
                kept.extend(parsed.all(&d::SIP_AUTH_DATA_ITEM).cloned());
            }
            parsed.avps.retain(|avp| !avp.is(&d::SIP_AUTH_DATA_ITEM));
            parsed.avps.extend(kept.iter().cloned());
            message.bytes = parsed.emit();
        }
        true
    }));
    assert_eq!(net.begin(1, Partner).status, 401);
    assert_eq!(items.lock().unwrap().len(), 1);
    assert_eq!(net.begin(1, Partner).status, 500, "{:#?}", net.notes);
    assert!(net.notes.iter().any(|note| note.contains("used before")), "{:#?}", net.notes);
    // One about somebody else is no better.
    net.fate = Some(Box::new(|message| {
        if is_maa(message, "dra", "partner.dra") {
            let mut parsed = Message::parse(&message.bytes).unwrap();
            for avp in parsed.avps.iter_mut().filter(|avp| avp.is(&d::USER_NAME)) {
                *avp = Avp::text(&d::USER_NAME, &Primary.identities(3).impi);
            }
            message.bytes = parsed.emit();
        }
        true
    }));
    assert_eq!(net.begin(2, Partner).status, 500);
    assert!(net.notes.iter().any(|note| note.contains("about somebody else")), "{:#?}", net.notes);
    net.is_idle();
}

#[test]
fn other_systems_get_nothing_but_vectors_for_those_who_may_go() {
    let mut net = Net::new();
    // A partner whose server asks the HSS itself, in the name of the server there: its relay does not let it in.
    net.fate = Some(Box::new(|message| {
        if message.from == "partner.dra" && message.to == "dra" && is_mar_or_maa(message, true) {
            let mut parsed = Message::parse(&message.bytes).unwrap();
            for avp in &mut parsed.avps {
                if avp.is(&d::DESTINATION_HOST) {
                    *avp = Avp::text(&d::DESTINATION_HOST, &format!("hss.{HOME}"));
                } else if avp.is(&d::ORIGIN_HOST) {
                    *avp = Avp::text(&d::ORIGIN_HOST, &format!("migration.{HOME}"));
                } else if avp.is(&d::ORIGIN_REALM) {
                    *avp = Avp::text(&d::ORIGIN_REALM, HOME);
                }
            }
            message.bytes = parsed.emit();
        }
        true
    }));
    assert_eq!(net.begin(1, Partner).status, 500, "{:#?}", net.notes);
    assert!(net.wire.iter().all(|message| !(message.to == "hss" && is_mar_or_maa(message, true))));
    // A server that there is no agreement with.
    net.fate = Some(Box::new(|message| {
        if message.from == "partner.dra" && message.to == "dra" && is_mar_or_maa(message, true) {
            let mut parsed = Message::parse(&message.bytes).unwrap();
            for avp in parsed.avps.iter_mut().filter(|avp| avp.is(&d::ORIGIN_HOST)) {
                *avp = Avp::text(&d::ORIGIN_HOST, &format!("stranger.{PARTNER}"));
            }
            message.bytes = parsed.emit();
        }
        true
    }));
    assert_eq!(net.begin(1, Partner).status, 403, "{:#?}", net.notes);
    assert!(net.wire.iter().all(|message| !(message.to == "hss" && is_mar_or_maa(message, true))));
    net.fate = None;
    net.registers(1, Partner, 3600);
}
