//! Security agreement (RFC 3329, TS 33.203).

use protocol::sip::Transport;

use super::*;
use crate::ims::rig::only;

const CLIENT: &str =
    "ipsec-3gpp;alg=hmac-sha-1-96;ealg=null;prot=esp;mod=trans;spi-c=1000;spi-s=1001;port-c=5060;port-s=5060";
const NEEDS: &str = "Require: sec-agree\nProxy-Require: sec-agree";

fn credentials(response: &str) -> String {
    format!(
        "Authorization: Digest username=\"001@home.net\", realm=\"home.net\", nonce=\"\", uri=\"sip:home.net\", \
         response=\"{response}\", algorithm=AKAv1-MD5"
    )
}

fn mode(security: GmSecurity) -> Rig<Pcscf> {
    rig_of(PcscfConfig { security, ..config() })
}

/// Offers, is challenged, and gives what Security-Server said.
fn challenged(rig: &mut Rig<Pcscf>) -> String {
    let more = format!("{NEEDS}\nSecurity-Client: {CLIENT}\n{}", credentials(""));
    rig.udp(UE, &register("1", 3600, &more));
    let request = rig.request("REGISTER", ICSCF);
    let h = &request.headers;
    assert!(!h.contains("Security-Client") && !h.contains("Proxy-Require") && !h.lists("Require", "sec-agree"));
    assert!(only(h, "Authorization").contains("integrity-protected=\"no\""));
    rig.answer(
        ICSCF,
        &request,
        401,
        &[("WWW-Authenticate", "Digest realm=\"home.net\", nonce=\"x\", algorithm=AKAv1-MD5")],
    );
    only(&rig.response(401, UE).headers, "Security-Server")
}

#[test]
fn an_agreement_is_made_confirmed_and_used() {
    let mut rig = mode(GmSecurity::SecAgree);
    let server = challenged(&mut rig);
    assert!(
        server.starts_with("ipsec-3gpp;q=0.9;alg=hmac-sha-1-96;ealg=aes-cbc;prot=esp;mod=trans;spi-c="),
        "{server}"
    );
    assert_eq!(server.matches("ipsec-3gpp").count(), 4);
    let more = format!("{NEEDS}\nSecurity-Client: {CLIENT}\nSecurity-Verify: {server}\n{}", credentials("00"));
    rig.udp(UE, &register("2", 3600, &more));
    let request = rig.request("REGISTER", ICSCF);
    assert!(only(&request.headers, "Authorization").contains("integrity-protected=\"ip-assoc-pending\""));
    assert!(!request.headers.contains("Security-Verify"));
    accept(&mut rig, &request, 3600);
    rig.response(200, UE);
    // From now on the agreement is that of the flow; from elsewhere the list proves nothing.
    for (branch, from, said) in [("2a", UE, "yes"), ("2b", "10.45.0.1:40001", "ip-assoc-pending")] {
        rig.udp(from, &register(branch, 3600, &more));
        let request = rig.request("REGISTER", ICSCF);
        assert!(only(&request.headers, "Authorization").contains(&format!("integrity-protected=\"{said}\"")), "{from}");
        rig.answer(ICSCF, &request, 403, &[]);
        rig.sent.clear();
    }
    rig.udp(UE, &request_of_ue("MESSAGE", "sip:user2@home.net", "3", &format!("{NEEDS}\nSecurity-Verify: {server}")));
    let request = rig.request("MESSAGE", SCSCF);
    assert!(!request.headers.contains("Security-Verify") && !request.headers.contains("Require"));
    rig.udp(UE, &request_of_ue("MESSAGE", "sip:user2@home.net", "4", ""));
    let refused = rig.response(494, UE);
    assert_eq!(only(&refused.headers, "Security-Server"), server);
    // The flow is bound to the private identity.
    let stranger = format!("{NEEDS}\nSecurity-Client: {CLIENT}\nSecurity-Verify: {server}\n{}", credentials("00"));
    rig.udp(UE, &register("5", 3600, &stranger.replace("001@home.net", "002@home.net")));
    assert!(rig.response(403, UE).reason.contains("another private identity"));
}

#[test]
fn a_list_that_a_stranger_got_with_a_challenge_does_not_make_him_the_user() {
    let mut rig = mode(GmSecurity::SecAgree);
    let server = challenged(&mut rig);
    let more = format!("{NEEDS}\nSecurity-Client: {CLIENT}\nSecurity-Verify: {server}\n{}", credentials("00"));
    rig.udp(UE, &register("2", 3600, &more));
    let request = rig.request("REGISTER", ICSCF);
    accept(&mut rig, &request, 3600);
    rig.response(200, UE);
    let stranger = "10.45.0.66:5060";
    let from_there = |text: &str| text.replace("10.45.0.1", "10.45.0.66");
    let first = format!("{NEEDS}\nSecurity-Client: {CLIENT}\n{}", credentials(""));
    rig.udp(stranger, &from_there(&register("3", 3600, &first)));
    let request = rig.request("REGISTER", ICSCF);
    rig.answer(ICSCF, &request, 401, &[("WWW-Authenticate", "Digest realm=\"home.net\", nonce=\"y\"")]);
    let server = only(&rig.response(401, stranger).headers, "Security-Server");
    let forged = credentials("00").replace("nonce=\"\"", "nonce=\"nobody-knows-it\"");
    let more = format!("{NEEDS}\nSecurity-Client: {CLIENT}\nSecurity-Verify: {server}\n{forged}");
    rig.udp(stranger, &from_there(&register("4", 3600, &more)));
    let request = rig.request("REGISTER", ICSCF);
    assert!(only(&request.headers, "Authorization").contains("integrity-protected=\"ip-assoc-pending\""));
}

#[test]
fn bidding_down_is_noticed() {
    for change in [0, 1, 2] {
        let mut rig = mode(GmSecurity::SecAgree);
        let server = challenged(&mut rig);
        let first = server.split(", ").next().unwrap();
        let (client, verify) = match change {
            // Somebody has taken the better mechanisms out of what the UE got.
            0 => (CLIENT.to_owned(), server.replace(&format!("{first}, "), "")),
            1 => (CLIENT.to_owned(), server.replace("aes-cbc", "null")),
            // Or out of what the UE has sent.
            _ => (CLIENT.replace("hmac-sha-1-96", "hmac-md5-96"), server.clone()),
        };
        let more = format!("{NEEDS}\nSecurity-Client: {client}\nSecurity-Verify: {verify}\n{}", credentials("00"));
        rig.udp(UE, &register("2", 3600, &more));
        let refused = rig.response(494, UE);
        assert!(refused.headers.contains("Security-Server"), "{change}");
        rig.is_silent();
    }
}

#[test]
fn a_ue_without_an_agreement_is_told_what_is_missing() {
    let mut rig = mode(GmSecurity::SecAgree);
    rig.udp(UE, &register("1", 3600, ""));
    assert_eq!(only(&rig.response(421, UE).headers, "Require"), "sec-agree");
    rig.udp(UE, &register("2", 3600, "Supported: sec-agree"));
    assert!(rig.response(494, UE).headers.contains("Security-Server"));
    rig.udp(UE, &register("3", 3600, &format!("{NEEDS}\nSecurity-Client: digest;q=0.5")));
    rig.response(494, UE);
    rig.udp(UE, &register("4", 3600, &format!("{NEEDS}\nSecurity-Client: {CLIENT}\nSecurity-Verify: ipsec-3gpp")));
    rig.response(494, UE);
    rig.is_silent();
}

#[test]
fn tls_wants_tls() {
    let mut rig = mode(GmSecurity::Tls);
    rig.udp(UE, &register("1", 3600, ""));
    assert_eq!(only(&rig.response(494, UE).headers, "Security-Server"), "tls;q=0.5");
    rig.over(Transport::Tls, UE, &register("2", 3600, &credentials("00").replace("AKAv1-MD5", "MD5")));
    let request = rig.request("REGISTER", ICSCF);
    assert!(only(&request.headers, "Authorization").contains("integrity-protected=\"tls-pending\""));
    accept(&mut rig, &request, 3600);
    rig.sent.clear();
    rig.over(Transport::Tls, UE, &register("3", 3600, &credentials("00").replace("AKAv1-MD5", "MD5")));
    let request = rig.request("REGISTER", ICSCF);
    assert!(only(&request.headers, "Authorization").contains("integrity-protected=\"tls-yes\""));
    rig.sent.clear();
    // Somebody else behind the same address has a connection of his own.
    let message = request_of_ue("MESSAGE", "sip:user2@home.net", "4", "").replace("SIP/2.0/UDP", "SIP/2.0/TLS");
    rig.over(Transport::Tls, "10.45.0.1:40001", &message);
    rig.response(403, UE);
}
