//! Short messages over IP with two of sipp as UEs, one of which is away at first: by the IMS (TR 23.804 clauses 8.7, 8.9 and
//! 8.10), and straight to the IP-Message-GW (8.1, 8.3 and 8.4).

use std::fs;

use super::lab::{DOMAIN, Lab, Program, comes, imsi, ports, program};
use super::sipp::{assert_well_formed, shipped, start, users};

/// Where UEs register.
#[derive(Clone, Copy)]
enum Access {
    Ims,
    R2(u16),
}

/// Ports of a core with everything that short messages pass.
pub(crate) struct Places {
    r2: u16,
    pub(crate) gmsc: u16,
    pub(crate) sm_sc: u16,
}

/// Such a core for so many users, with or without the SM-SC.
pub(crate) fn lab(users: usize, has_centre: bool) -> (Lab, Places) {
    let [isc, r2, gmsc, sm_sc] = ports();
    let place = |port: u16| format!("['udp:127.0.0.1:{port}', 'tcp:127.0.0.1:{port}']");
    let lab = Lab::new(users, |text, _| {
        let (node, section) = match has_centre {
            true => (", 'sm_sc'", format!("[sm_sc]\nlisten = ['127.0.0.1:{sm_sc}']\n")),
            false => ("", String::new()),
        };
        format!(
            "nodes = ['pcscf', 'icscf', 'scscf', 'hss', 'ip_message_gw', 'sms_gmsc'{node}]\n{text}[hss.map]\n\
             [ip_message_gw]\nlisten = {}\nr2 = {}\n[sms_gmsc]\nlisten = ['127.0.0.1:{gmsc}']\n{section}",
            place(isc),
            place(r2)
        )
    });
    let criterion = |priority: u8, more: &str| {
        format!(
            "[[profile.ifc]]\npriority = {priority}\nserver = 'sip:ipsmgw.{DOMAIN}:{isc}'\nconjunctive = true\n{more}"
        )
    };
    let profile = "[[profile]]\nname = 's'\n".to_owned()
        + &criterion(1, "include_register_request = true\ntrigger = [{ method = 'REGISTER' }]\n")
        + &criterion(
            2,
            "trigger = [{ group = [0], method = 'MESSAGE' }, { group = [1], session_case = 'originating' }, \
             { group = [2], header = 'Content-Type', content = 'application/vnd[.]3gpp[.]sms' }]\n",
        );
    let entries = fs::read_to_string(lab.path("subscribers.toml")).unwrap();
    let entries = entries.split_inclusive("[[subscriber.set]]\n").enumerate().map(|(n, text)| {
        text.replace(
            "[[subscriber.set]]\n",
            &format!("msisdn = ['{}']\n[[subscriber.set]]\nprofile = 's'\n", msisdn(n)),
        )
    });
    fs::write(lab.path("subscribers.toml"), profile + &entries.collect::<String>()).unwrap();
    lab.castbench(&["core", "subscriber", "import", "subscribers.toml", "--config", "core.toml"]);
    (lab, Places { r2, gmsc, sm_sc })
}

pub(crate) fn msisdn(n: usize) -> String {
    format!("999{n:08}")
}

/// Starts a UE that sends one message and takes one.
fn ue(lab: &Lab, (own, peer): (usize, usize), access: Access) -> Program {
    let shape = |scenario: &str| {
        // Semi-octets, the last one filled (TS 23.040 clause 9.1.2.3).
        let digits = (msisdn(peer) + "F").into_bytes();
        let octets: String =
            digits.chunks(2).map(|pair| format!("\\x{}{}", char::from(pair[1]), char::from(pair[0]))).collect();
        let text = shipped(scenario).replace("DESTINATION", &octets);
        // Nothing stands between a UE and the gateway on R2.
        let has_no_route =
            |line: &&str| !line.trim_start().starts_with("Route:") && !line.contains("header=\"Service-Route:\"");
        match access {
            Access::Ims => text,
            Access::R2(_) => text.lines().filter(has_no_route).collect::<Vec<_>>().join("\n"),
        }
    };
    let [scenario, comes, file] = ["ue.xml", "comes.xml", "csv"].map(|name| format!("{own}.{name}"));
    fs::write(lab.path(&scenario), shape("sms_ue.xml")).unwrap();
    fs::write(lab.path(&comes), shape("sms_comes.xml")).unwrap();
    users(lab, &file, std::iter::once(own));
    let name = format!("user{own}");
    let (user, remote) = match access {
        Access::Ims => (name.clone(), lab.gm),
        Access::R2(port) => (imsi(own), port),
    };
    let text = fs::read_to_string(lab.path(&file)).unwrap();
    fs::write(lab.path(&file), text.replace(&name, &user)).unwrap();
    let [port] = ports();
    let more = ["-oocsf", &comes, "-inf", &file, "-key", "user", &user, "-m", "1", "-timeout_error"];
    start(lab, &scenario, port, Some(remote), &more)
}

/// Each sends to the other.
fn exchange(lab: &mut Lab, access: Access) {
    lab.start(&["--capture", "capture.pcapng"]);
    let figure = |lab: &Lab, node: &str, what: &str| {
        lab.figure(&format!("castbench_node{{node=\"{node}\",what=\"{what}\"}}")).unwrap_or_default()
    };
    let centre = |lab: &Lab, what: &str| figure(lab, "sm-sc", &format!("sm_sc_{what}"));
    let mut early = ue(lab, (1, 0), access);
    // The other one is away: the message is kept, and goes when the HLR says that the UE is there.
    assert!(comes(|| centre(lab, "attempts_again") == 1), "{}\n{}", early.said(), lab.get("/metrics"));
    assert_eq!((centre(lab, "messages_accepted"), centre(lab, "messages_held")), (1, 1));
    let mut late = ue(lab, (0, 1), access);
    for sipp in [&mut early, &mut late] {
        let status = sipp.wait(30);
        let core = lab.core.as_ref().map(Program::said).unwrap_or_default();
        assert!(status.success(), "{status}\n{}\n{core}", sipp.said());
    }
    // Figures are those of the last second.
    let gateway = ["mo_accepted", "mo_forwarded", "mo_refused", "mt_delivered", "mt_failed", "waiting"];
    let done = || {
        centre(lab, "messages_delivered") == 2
            && centre(lab, "messages_held") == 0
            && gateway.map(|what| figure(lab, "ipsmgw", what)) == [2, 2, 0, 2, 0, 0]
    };
    assert!(comes(done), "{}", lab.get("/metrics"));
    assert_eq!((centre(lab, "messages_accepted"), centre(lab, "alerts")), (2, 1));
    lab.stop();
    lab.assert_no_secrets();
}

/// RP-DATA and RP-ACK both ways with the text, and alertServiceCentre (64 in TS 29.002).
fn assert_seen(lab: &Lab, interface: &str) {
    let messages = ["0 && gsm_sms.sms_text == \"hello\"", "1 && gsm_sms.sms_text == \"hello\"", "2", "3"].map(|kind| {
        format!("frame.interface_name == \"{interface}\" && sip.Method == MESSAGE && gsm_a.rp.msg_type == {kind}")
    });
    let seen: Vec<&str> = messages.iter().map(String::as_str).chain(["gsm_old.localValue == 64"]).collect();
    assert_well_formed(&lab.path("capture.pcapng"), &seen);
}

#[test]
fn sipp_sends_and_gets_short_messages_by_the_ims() {
    if program("sipp").is_none() {
        return;
    }
    let (mut lab, _) = lab(2, true);
    exchange(&mut lab, Access::Ims);
    assert_seen(&lab, "Gm");
}

#[test]
fn sipp_sends_and_gets_short_messages_straight_from_the_gateway() {
    if program("sipp").is_none() {
        return;
    }
    let (mut lab, places) = lab(2, true);
    exchange(&mut lab, Access::R2(places.r2));
    assert_seen(&lab, "R2");
}
