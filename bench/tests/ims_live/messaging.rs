//! The messaging server with sipp: a message that waits for somebody, and one to a list.

use std::fs;

use super::lab::{DOMAIN, Lab, comes, pause, ports, program};
use super::sipp::{assert_well_formed, sipp, succeeds, users};

/// A core with a messaging server that its users' filter criteria name.
fn lab() -> Lab {
    let [own] = ports();
    let lab = Lab::new(3, |text, _| {
        format!(
            "nodes = ['pcscf', 'icscf', 'scscf', 'hss', 'messaging']\n{text}\
             [messaging]\nlisten = ['udp:127.0.0.1:{own}', 'tcp:127.0.0.1:{own}']\nretry = 1\n"
        )
    });
    let server = format!("server = 'sip:messaging.{DOMAIN}:{own}'\n");
    let profile = format!(
        "[[profile]]\nname = 'm'\n[[profile.ifc]]\npriority = 1\n{server}trigger = [{{ method = 'REGISTER' }}]\n\
         [[profile.ifc]]\npriority = 2\n{server}\
         trigger = [{{ method = 'MESSAGE' }}, {{ session_case = 'terminating_unregistered' }}]\n"
    );
    let entries =
        fs::read_to_string(lab.path("subscribers.toml")).unwrap().replace("impus =", "profile = 'm'\nimpus =");
    fs::write(lab.path("subscribers.toml"), profile + &entries).unwrap();
    lab.castbench(&["core", "subscriber", "import", "subscribers.toml", "--config", "core.toml"]);
    lab
}

#[test]
fn sipp_gets_a_message_that_has_waited_and_one_of_a_list() {
    if program("sipp").is_none() {
        return;
    }
    let mut lab = lab();
    lab.start(&["--capture", "capture.pcapng"]);
    users(&lab, "a.csv", 0..1);
    users(&lab, "b.csv", 1..2);
    users(&lab, "c.csv", 2..3);
    let ([a, b, c], user) = (ports(), |n: usize| format!("sip:user{n}@{DOMAIN}"));
    succeeds(&lab, "deferred_uac.xml", a, lab.gm, &["-inf", "a.csv", "-key", "peer", &user(1)]);
    let waiting = "castbench_node{node=\"messaging\",what=\"waiting\"}";
    // Killed with the message in its store: it is still there.
    lab.core.as_mut().unwrap().kill();
    lab.core = None;
    lab.start(&["--capture", "capture.pcapng"]);
    // Who gets it is there a moment after the registration: repeats reach it.
    succeeds(&lab, "register.xml", b, lab.gm, &["-inf", "b.csv"]);
    let mut gets = sipp(&lab, "message_uas.xml", b, None, &[]);
    assert!(comes(|| lab.figure(waiting) == Some(0)), "{}", lab.get("/metrics"));
    succeeds(&lab, "register.xml", c, lab.gm, &["-inf", "c.csv"]);
    let mut others = sipp(&lab, "message_uas.xml", c, None, &[]);
    pause(300);
    let service = format!("sip:list@messaging.{DOMAIN}");
    let keys =
        ["-inf", "a.csv", "-key", "list_service", &service, "-key", "first", &user(1), "-key", "second", &user(2)];
    succeeds(&lab, "list_uac.xml", a, lab.gm, &keys);
    let delivered = "castbench_node{node=\"messaging\",what=\"delivered\"}";
    assert!(comes(|| lab.figure(delivered) == Some(3)), "{}", lab.get("/metrics"));
    gets.terminate();
    others.terminate();
    lab.stop();
    let seen = [
        "sip.Method == MESSAGE && sip.Date",
        "sip.Status-Code == 202",
        "sip.Method == MESSAGE && sip.r-uri.user == \"list\"",
        "frame.interface_name == \"Gm\" && sip.Method == MESSAGE && mime_multipart",
    ];
    assert_well_formed(&lab.path("capture.pcapng"), &seen);
}
