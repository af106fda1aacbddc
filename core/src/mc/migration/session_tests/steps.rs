//! The procedure itself, step by step.

use protocol::diameter::cx::{Maa, Mar};

use super::*;

#[test]
fn a_user_of_the_primary_system_registers_in_the_partner_system() {
    let mut net = Net::new();
    // Steps 2 and 11.
    let challenge = net.begin(1, Partner);
    assert_eq!(challenge.status, 401, "{:#?}", net.notes);
    let way = |from, to| (from, to);
    let hops: Vec<_> = net.mars().iter().map(|(joint, from, to, _)| (*joint, way(*from, *to))).collect();
    let (cx, between) = (Joint::Cx, Joint::Migration);
    assert_eq!(
        hops,
        [
            // Step 3, and step 5 with NOTE 2.
            (cx, ("partner.scscf", "partner.migration")),
            (between, ("partner.migration", "partner.dra")),
            (between, ("partner.dra", "dra")),
            (between, ("dra", "migration")),
            // Step 6.
            (between, ("migration", "dra")),
            (cx, ("dra", "hss")),
            // Step 7.
            (cx, ("hss", "dra")),
            (between, ("dra", "migration")),
            // Step 8 with NOTE 3, and step 10.
            (between, ("migration", "dra")),
            (between, ("dra", "partner.dra")),
            (between, ("partner.dra", "partner.migration")),
            (cx, ("partner.migration", "partner.scscf")),
        ]
    );
    let (home, away) = (Primary.identities(1), Partner.identities(1));
    let mars = net.mars();
    let mar = |n: usize| Mar::from_message(&mars[n].3).unwrap();
    let maa = |n: usize| Maa::from_message(&mars[n].3).unwrap();
    let (partner, primary) = (format!("migration.{PARTNER}"), format!("migration.{HOME}"));
    let says = |mar: Mar| {
        let to = (mar.routing.destination_host.unwrap(), mar.routing.destination_realm);
        (mar.impi, mar.impu, mar.routing.origin_host, to, mar.server)
    };
    let (impi, impu) = (away.impi.clone(), away.impu.clone());
    let scscf = (format!("scscf.{PARTNER}"), format!("sip:scscf.{PARTNER}:5060"));
    assert_eq!(says(mar(0)), (impi, impu, scscf.0, (partner.clone(), PARTNER.to_owned()), scscf.1));
    let server = format!("sip:{primary}");
    let (impi, impu) = (home.impi.clone(), home.impu.clone());
    let to = (primary.clone(), HOME.to_owned());
    for n in [1, 2, 3] {
        assert_eq!(says(mar(n)), (impi.clone(), impu.clone(), partner.clone(), to.clone(), server.clone()));
    }
    let to = (format!("hss.{HOME}"), HOME.to_owned());
    for n in [4, 5] {
        assert_eq!(says(mar(n)), (impi.clone(), impu.clone(), primary.clone(), to.clone(), server.clone()));
    }
    // The vector is the same on all hops; identities and names are those of each.
    for n in 6..12 {
        let own = if n == 11 { &away } else { &home };
        assert_eq!((maa(n).impi, maa(n).impu), (Some(own.impi.clone()), Some(own.impu.clone())), "hop {n}");
        assert_eq!(maa(n).items, maa(6).items, "hop {n}");
    }
    let names: Vec<_> = (6..12).map(|n| maa(n).outcome.origin_host).collect();
    let hss = format!("hss.{HOME}");
    assert_eq!(names.iter().collect::<Vec<_>>(), [&hss, &hss, &primary, &primary, &primary, &partner]);
    let realm = challenge.headers.get("WWW-Authenticate").unwrap();
    assert!(realm.contains(&format!("realm=\"{PARTNER}\"")), "{realm}");
    // Steps 12 to 14.
    let done = net.answer(1, Partner, &challenge, 3600);
    assert_eq!(done.status, 200, "{:#?}", net.notes);
    let associated: Vec<_> = done.headers.values("P-Associated-URI").collect();
    assert_eq!(associated, [format!("<{}>", away.impu)]);
    assert_eq!(net.partner_state(1), Some(IdentityState::Registered));
    // Nobody was assigned at home, nobody is pending there.
    assert_eq!((net.home_rows().len(), net.home_state(1)), (0, Some(IdentityState::NotRegistered)));
    net.is_idle();
}

#[test]
fn only_vectors_cross_between_the_systems() {
    let mut net = Net::new();
    net.registers(1, Partner, 3600);
    net.registers(1, Partner, 0);
    for message in net.wire.iter().filter(|message| message.joint == Joint::Migration) {
        let parsed = Message::parse(&message.bytes).unwrap();
        assert!([d::MULTIMEDIA_AUTH, d::DEVICE_WATCHDOG].contains(&parsed.command), "{}", parsed.name());
    }
    // What the partner's SIP core asks of the user is answered in the partner system, the profile too.
    for command in [d::USER_AUTHORIZATION, d::SERVER_ASSIGNMENT] {
        let asked = net.diameter(command);
        let is_local = |(joint, from, to, _): &(Joint, &str, &str, Message)| {
            *joint == Joint::Cx && [*from, *to].contains(&"partner.migration")
        };
        assert!(!asked.is_empty() && asked.iter().all(is_local), "{asked:#?}");
    }
    assert_eq!(net.partner_state(1), Some(IdentityState::NotRegistered));
    assert!(net.partner_rows().is_empty() && net.home_rows().is_empty());
}

#[test]
fn others_reach_the_user_in_the_partner_system() {
    let mut net = Net::new();
    net.registers(1, Partner, 3600);
    let done = net.registers(2, Partner, 3600);
    let pcscf = Partner.plan().sip_of(NetworkBox::Pcscf);
    let mut routes = vec![format!("<sip:{pcscf};lr>")];
    routes.extend(done.headers.values("Service-Route").map(str::to_owned));
    let (from, to) = (Partner.identities(2), Partner.identities(1));
    let message = net.ues[1].message(&from, &to.impu, &routes);
    net.send(2, Partner, &message);
    net.run_ms(300);
    let at = net
        .inbox
        .iter()
        .position(|(to, m)| to == "ue1" && m.as_request().is_some_and(|r| r.method.as_str() == "MESSAGE"));
    assert!(at.is_some(), "{:?} {:#?}", net.inbox, net.notes);
    // At home nobody knows him now: he is not registered there.
    net.registers(3, Primary, 3600);
    let pcscf = Primary.plan().sip_of(NetworkBox::Pcscf);
    let from = Primary.identities(3);
    let done = net.registers(3, Primary, 3600);
    let mut routes = vec![format!("<sip:{pcscf};lr>")];
    routes.extend(done.headers.values("Service-Route").map(str::to_owned));
    let message = net.ues[2].message(&from, &Primary.identities(1).impu, &routes);
    assert_eq!(net.ask(3, Primary, &message).status, 480, "{:#?}", net.notes);
}

#[test]
fn a_server_that_comes_again_knows_who_is_registered() {
    let mut net = Net::new();
    net.registers(1, Partner, 3600);
    let rows = net.partner_rows();
    assert_eq!(rows.len(), 1);
    let again = net.server(Partner);
    assert!(net.fabric.restart(net.now, "partner.migration", again));
    net.run_ms(35_000);
    assert_eq!((net.partner_rows(), net.partner_state(1)), (rows, Some(IdentityState::Registered)));
    net.registers(1, Partner, 0);
    assert_eq!(net.partner_state(1), Some(IdentityState::NotRegistered));
}
