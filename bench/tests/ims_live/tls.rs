//! TLS on Gm (TS 33.203 annex O), with OpenSSL at the other end.

use std::net::SocketAddr;

use super::lab::{DOMAIN, Lab, ports};
use super::link::Link;
use super::sipp::assert_well_formed;
use super::ue::{Ue, call};

#[test]
fn ues_register_and_talk_over_tls() {
    let [port] = ports();
    let secure: SocketAddr = ([127, 0, 0, 1], port).into();
    let mut lab = Lab::new(2, |text, [gm, ..]| {
        let plain = format!("'tcp:127.0.0.1:{gm}']\nmw");
        text.replace(&plain, &format!("'tcp:127.0.0.1:{gm}', 'tls:{secure}']\nsecurity = 'tls'\nmw"))
    });
    lab.start(&["--capture", "capture.pcapng"]);
    let authority = lab.path("core.tls").join("ca.pem");
    let link = || Link::tls(secure, &authority);
    let (Some(first), Some(second)) = (link(), link()) else { return };
    let (mut a, mut b) = (Ue::on(first, 0, secure), Ue::on(second, 1, secure));
    let told = || lab.core.as_ref().unwrap().said();
    assert!(a.registers(20), "{:?}\n{}", a.events, told());
    assert!(b.registers(20), "{:?}\n{}", b.events, told());
    a.sends_message(&mut b, &format!("sip:user1@{DOMAIN}"), "over TLS", &told);
    call(&mut a, &mut b, &told);

    // Nothing on Gm goes without TLS.
    let mut plain = Ue::new(0, lab.pcscf());
    assert!(!plain.registers(5), "{:?}", plain.events);
    drop((a, b));
    lab.stop();
    assert_well_formed(&lab.path("capture.pcapng"), &["frame.interface_name == \"Gm\" && sip.Method == \"INVITE\""]);
    lab.assert_no_secrets();
}
