//! Each branch of Cx and Sh at the machine, over its Diameter bytes.

use protocol::diameter::cx::{
    AuthData, AuthItem, Capabilities, DeregistrationReason, Lia, Lir, Maa, Mar, Ppr, Rtr, SCHEME_AKA, SCHEME_DIGEST,
    SCHEME_UNKNOWN, Saa, Sar, ServerAssignmentType, Uaa, Uar, UserAuthorizationType,
};
use protocol::diameter::sh::{self, IdentitySet, ShAnswer, SubscriptionRequest, UserIdentity, reference};
use protocol::diameter::{ConnectionId, DiameterInput, DiameterTransport, Outcome, PeerConfig, ResultCode, Routing};

use super::*;
use crate::ims::profile::UserProfile;
use crate::node::NodeStore;

const REALM: &str = "ims.test";
const IMPI: &str = "1@ims.test";
const ALICE: &str = "sip:alice@ims.test";
const SCSCF: &str = "sip:scscf.ims.test";
/// Set 2 of TS 35.208.
pub(super) const FILE: &str = r#"
[[profile]]
name = "as"
[[profile.ifc]]
priority = 1
server = "sip:as.ims.test"
trigger = [{ method = "MESSAGE" }]
[[profile]]
name = "registered"
[[profile.ifc]]
priority = 1
server = "sip:as.ims.test"
profile_part = "registered"

[[subscriber]]
impi = "1@ims.test"
k = "0396eb317b6d1c36f19c1c84cd6ffd16"
op = "ff53bade17df5d4e793073ce9d7579fa"
amf = "af17"
sqn = "000000000020"
digest_password = "secret"
msisdn = ["99900000001"]
visited_networks = ["visited.test"]
capabilities = { mandatory = [7], optional = [8], servers = ["sip:scscf.ims.test"] }
charging = { primary_ccf = "aaa://ccf.ims.test" }
[[subscriber.set]]
impus = ["sip:1@ims.test", "sip:alice@ims.test", "tel:+99900000001"]
barred = ["sip:1@ims.test"]
profile = "as"
[[subscriber.set]]
impus = ["sip:work@ims.test"]
profile = "registered"

[[subscriber]]
impi = "2@ims.test"
digest_password = "secret"
[[subscriber.set]]
impus = ["sip:bob@ims.test"]
profile = "registered"

[[subscriber]]
impi = "3@ims.test"
k = "0396eb317b6d1c36f19c1c84cd6ffd16"
opc = "53c15671c60a4b731c55b4a441c0bde2"
[[subscriber.set]]
impus = ["sip:ghost@ims.test"]
barred = ["sip:ghost@ims.test"]
"#;

/// An HSS with one peer, whose octets go through in memory.
struct Bench {
    hss: Hss,
    store: NodeStore,
    peer: DiameterEndpoint,
    answers: Vec<Message>,
    /// Requests of the HSS, which are answered with success.
    pushed: Vec<Message>,
    stores_fail: bool,
    token: u64,
}

const CONN: ConnectionId = ConnectionId(1);

impl Bench {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut HssConfig)) -> Self {
        let mut store = NodeStore::in_memory().unwrap();
        let subscribers = parse_subscribers("test.toml", FILE).unwrap();
        assert_eq!(add_subscribers(&mut store, &subscribers), Ok(3));
        Self::on(store, change)
    }

    fn on(store: NodeStore, change: impl FnOnce(&mut HssConfig)) -> Self {
        let peer_config = |host: &str| PeerConfig { host: host.to_owned(), realm: REALM.to_owned(), connect: None };
        let address = [10, 46, 0, 4].into();
        let mut diameter = DiameterConfig::new("hss.ims.test", REALM, address, Vec::new());
        diameter.peers = vec![peer_config("scscf.ims.test")];
        let mut config = HssConfig::new(diameter);
        change(&mut config);
        let mut diameter = DiameterConfig::new("scscf.ims.test", REALM, address, cx::APPLICATIONS.to_vec());
        diameter.peers = vec![peer_config("hss.ims.test")];
        diameter.peers[0].connect = Some(([10, 46, 0, 4], 3868).into());
        let mut bench = Self {
            hss: Hss::new(config, Entropy::from_seed([1; 32])),
            store,
            peer: DiameterEndpoint::new(diameter, Entropy::from_seed([2; 32])),
            answers: Vec::new(),
            pushed: Vec::new(),
            stores_fail: false,
            token: 0,
        };
        bench.peer.handle_timeout(Instant::ZERO);
        bench.hss.handle_input(Instant::ZERO, NodeInput::Diameter(DiameterInput::Connected { conn: CONN, peer: None }));
        bench.peer.handle_input(Instant::ZERO, DiameterInput::Connected { conn: CONN, peer: Some(0) });
        bench.drain();
        bench
    }

    fn drain(&mut self) {
        let now = Instant::ZERO;
        loop {
            if let Some(output) = self.peer.poll_output() {
                match output {
                    DiameterOutput::Transport(DiameterTransport::Send { bytes, .. }) => {
                        let input = DiameterInput::Received { conn: CONN, bytes: &bytes };
                        self.hss.handle_input(now, NodeInput::Diameter(input));
                    }
                    DiameterOutput::Answer { result, .. } => self.answers.push(result.unwrap()),
                    DiameterOutput::Request { handle, message } => {
                        let outcome = Outcome {
                            origin_host: "scscf.ims.test".to_owned(),
                            origin_realm: REALM.to_owned(),
                            result: ResultCode::SUCCESS,
                        };
                        self.peer.send_answer(now, handle, outcome.answer(&message, Vec::new()));
                        self.pushed.push(message);
                    }
                    _ => {}
                }
            } else if let Some(output) = self.hss.poll_output() {
                match output {
                    NodeOutput::Diameter(DiameterTransport::Send { bytes, .. }) => {
                        self.peer.handle_input(now, DiameterInput::Received { conn: CONN, bytes: &bytes });
                    }
                    NodeOutput::Store(request) => {
                        let answer = if self.stores_fail {
                            let result = Err(crate::store::StoreError::Sqlite("disk full".to_owned()));
                            NodeStoreAnswer { token: request.token, result }
                        } else {
                            self.store.execute(&request)
                        };
                        self.hss.handle_input(now, NodeInput::Store(answer));
                    }
                    _ => {}
                }
            } else {
                return;
            }
        }
    }

    fn ask(&mut self, message: Message) -> Message {
        self.token += 1;
        self.peer.send_request(Instant::ZERO, self.token, message);
        self.drain();
        assert_eq!(self.answers.len(), 1);
        self.answers.remove(0)
    }

    fn routing(&mut self) -> Routing {
        self.peer.routing(None, REALM)
    }

    fn uar(&mut self, impi: &str, impu: &str, visited: &str, kind: Option<UserAuthorizationType>, flags: u32) -> Uaa {
        let uar = Uar {
            routing: self.routing(),
            impi: impi.to_owned(),
            impu: impu.to_owned(),
            visited_network: visited.as_bytes().to_vec(),
            authorization: kind,
            flags,
        };
        let answer = self.ask(uar.to_message());
        Uaa::from_message(&answer).unwrap()
    }

    fn lir(&mut self, impu: &str, authorization: Option<UserAuthorizationType>) -> Lia {
        let lir = Lir { routing: self.routing(), impu: impu.to_owned(), originating: false, authorization };
        let answer = self.ask(lir.to_message());
        Lia::from_message(&answer).unwrap()
    }

    fn sar(&mut self, impi: Option<&str>, impus: &[&str], server: &str, kind: ServerAssignmentType) -> Saa {
        let sar = Sar {
            routing: self.routing(),
            impi: impi.map(str::to_owned),
            impus: impus.iter().map(|&i| i.to_owned()).collect(),
            server: server.to_owned(),
            assignment: kind,
            has_user_data: false,
        };
        let answer = self.ask(sar.to_message());
        Saa::from_message(&answer).unwrap()
    }

    fn mar(&mut self, impi: &str, impu: &str, scheme: &str, authorization: Option<Vec<u8>>, items: u32) -> Maa {
        self.mar_of(SCSCF, impi, impu, scheme, authorization, items)
    }

    fn mar_of(
        &mut self,
        server: &str,
        impi: &str,
        impu: &str,
        scheme: &str,
        authorization: Option<Vec<u8>>,
        items: u32,
    ) -> Maa {
        let mar = Mar {
            routing: self.routing(),
            impi: impi.to_owned(),
            impu: impu.to_owned(),
            scheme: scheme.to_owned(),
            authorization,
            items,
            server: server.to_owned(),
        };
        let answer = self.ask(mar.to_message());
        Maa::from_message(&answer).unwrap()
    }

    fn register(&mut self) -> Saa {
        self.mar(IMPI, ALICE, SCHEME_AKA, None, 1);
        self.sar(Some(IMPI), &[ALICE], SCSCF, ServerAssignmentType::Registration)
    }
}

const fn base(code: u32) -> ResultCode {
    ResultCode::Base(code)
}

const fn experimental(code: u32) -> ResultCode {
    ResultCode::Experimental(code)
}

#[test]
fn user_authorization_table() {
    use UserAuthorizationType as T;
    let mut b = Bench::new();
    // Before anything is registered: (IMPI, IMPU, visited network, type, flags) and the result.
    let cases = [
        ("9@ims.test", ALICE, REALM, None, 0, experimental(5001)),
        (IMPI, "sip:nobody@ims.test", REALM, None, 0, experimental(5001)),
        (IMPI, "sip:bob@ims.test", REALM, None, 0, experimental(5002)),
        ("3@ims.test", "sip:ghost@ims.test", REALM, None, 0, base(5003)),
        ("3@ims.test", "sip:ghost@ims.test", REALM, None, 1, experimental(2001)),
        (IMPI, "sip:1@ims.test", REALM, None, 0, experimental(2001)),
        (IMPI, ALICE, "VISITED.test", Some(T::Registration), 0, experimental(2001)),
        (IMPI, ALICE, "elsewhere.test", None, 0, experimental(5004)),
        (IMPI, ALICE, "elsewhere.test", Some(T::RegistrationAndCapabilities), 0, experimental(5004)),
        (IMPI, ALICE, "elsewhere.test", None, 1, experimental(2001)),
        ("2@ims.test", "sip:bob@ims.test", "elsewhere.test", None, 0, experimental(2001)),
        (IMPI, ALICE, REALM, Some(T::DeRegistration), 0, experimental(5003)),
        (IMPI, ALICE, REALM, Some(T::RegistrationAndCapabilities), 0, base(2001)),
    ];
    for (impi, impu, visited, kind, flags, wanted) in cases {
        let uaa = b.uar(impi, impu, visited, kind, flags);
        assert_eq!((uaa.outcome.result, uaa.server), (wanted, None), "{impi} {impu} {visited} {kind:?} {flags}");
        let has_capabilities = wanted.is_success() && impi == IMPI;
        let wanted = Capabilities { mandatory: vec![7], optional: vec![8], servers: vec![SCSCF.to_owned()] };
        assert_eq!(uaa.capabilities == Some(wanted), has_capabilities);
    }
    // Authentication under way, then registered: the S-CSCF is known.
    b.mar(IMPI, ALICE, SCHEME_AKA, None, 1);
    let uaa = b.uar(IMPI, ALICE, REALM, None, 0);
    assert_eq!((uaa.outcome.result, uaa.server.as_deref()), (experimental(2002), Some(SCSCF)));
    assert_eq!(b.uar(IMPI, ALICE, REALM, Some(T::DeRegistration), 0).outcome.result, experimental(5003));
    b.register();
    for (impu, kind, wanted) in [
        (ALICE, None, experimental(2002)),
        // Another identity of the subscription goes to the same S-CSCF.
        ("sip:work@ims.test", None, experimental(2002)),
        (ALICE, Some(T::DeRegistration), base(2001)),
        ("tel:+99900000001", Some(T::DeRegistration), base(2001)),
    ] {
        let uaa = b.uar(IMPI, impu, "elsewhere.test", kind, 1);
        assert_eq!((uaa.outcome.result, uaa.server.as_deref()), (wanted, Some(SCSCF)), "{impu} {kind:?}");
    }
    assert_eq!(b.uar(IMPI, "sip:work@ims.test", REALM, Some(T::DeRegistration), 0).outcome.result, experimental(5003));
}

#[test]
fn location_table() {
    use ServerAssignmentType as T;
    let mut b = Bench::new();
    assert_eq!(b.lir("sip:nobody@ims.test", None).outcome.result, experimental(5001));
    // With services for those who are not registered, without, and when capabilities are asked for.
    let lia = b.lir(ALICE, None);
    assert_eq!((lia.outcome.result, lia.server, lia.capabilities.is_some()), (experimental(2003), None, true));
    assert_eq!(b.lir("sip:bob@ims.test", None).outcome.result, experimental(5003));
    let lia = b.lir("sip:bob@ims.test", Some(UserAuthorizationType::RegistrationAndCapabilities));
    assert_eq!((lia.outcome.result, lia.capabilities.is_some()), (ResultCode::SUCCESS, true));
    b.sar(None, &[ALICE], SCSCF, T::UnregisteredUser);
    assert_eq!(b.hss.identity_state(ALICE), Some(IdentityState::Unregistered));
    for _ in 0..2 {
        for impu in [ALICE, "tel:+999-0000-0001"] {
            let lia = b.lir(impu, None);
            assert_eq!((lia.outcome.result, lia.server.as_deref()), (ResultCode::SUCCESS, Some(SCSCF)), "{impu}");
        }
        b.register();
    }
    assert_eq!(b.lir("sip:work@ims.test", None).outcome.result, experimental(5003));
}

#[test]
fn server_assignment_table() {
    use ServerAssignmentType as T;
    let mut b = Bench::new();
    let other = "sip:other.ims.test";
    type Case<'a> = (Option<&'a str>, &'a [&'a str], &'a str, T, ResultCode);
    let cases: [Case<'_>; 9] = [
        (Some("9@ims.test"), &[ALICE], SCSCF, T::Registration, experimental(5001)),
        (Some(IMPI), &["sip:nobody@ims.test"], SCSCF, T::Registration, experimental(5001)),
        (Some(IMPI), &["sip:bob@ims.test"], SCSCF, T::Registration, experimental(5002)),
        (None, &["sip:nobody@ims.test"], SCSCF, T::UnregisteredUser, experimental(5001)),
        (Some(IMPI), &[], SCSCF, T::Registration, base(5005)),
        (None, &[], SCSCF, T::UserDeregistration, base(5005)),
        (Some(IMPI), &[ALICE, "sip:work@ims.test"], SCSCF, T::Registration, base(5009)),
        (Some(IMPI), &[ALICE], SCSCF, T::PgwUpdate, experimental(5007)),
        (Some(IMPI), &[ALICE], SCSCF, T::NoAssignment, base(5012)),
    ];
    for (impi, impus, server, kind, wanted) in cases {
        assert_eq!(b.sar(impi, impus, server, kind).outcome.result, wanted, "{impi:?} {impus:?} {kind:?}");
    }
    let saa = b.register();
    assert_eq!((saa.outcome.result, saa.impi.as_deref()), (ResultCode::SUCCESS, Some(IMPI)));
    assert_eq!(saa.charging.unwrap().primary_ccf.as_deref(), Some("aaa://ccf.ims.test"));
    let profile = UserProfile::parse(std::str::from_utf8(&saa.user_data.unwrap()).unwrap()).unwrap();
    let identities: Vec<_> = profile.identities().map(|i| (i.identity.as_str(), i.barred)).collect();
    assert_eq!(identities, [("sip:1@ims.test", true), (ALICE, false), ("tel:+99900000001", false)]);
    assert_eq!(profile.service_profiles[0].criteria[0].server.name, "sip:as.ims.test");
    for (impu, wanted) in
        [("tel:+99900000001", IdentityState::Registered), ("sip:work@ims.test", IdentityState::NotRegistered)]
    {
        assert_eq!(b.hss.identity_state(impu), Some(wanted));
    }
    // While it is registered.
    for (server, kind, wanted) in [
        (SCSCF, T::ReRegistration, base(2001)),
        (SCSCF, T::NoAssignment, base(2001)),
        (SCSCF, T::UnregisteredUser, experimental(5007)),
        (other, T::Registration, experimental(5005)),
        (other, T::UnregisteredUser, experimental(5005)),
        (other, T::NoAssignment, base(5012)),
        (other, T::UserDeregistration, base(5012)),
        (SCSCF, T::AuthenticationFailure, base(2001)),
        (SCSCF, T::AuthenticationTimeout, base(2001)),
    ] {
        let saa = b.sar(Some(IMPI), &[ALICE], server, kind);
        assert_eq!(saa.outcome.result, wanted, "{server} {kind:?}");
        assert_eq!(saa.server.as_deref(), (wanted == experimental(5005)).then_some(SCSCF), "{kind:?}");
        assert_eq!(b.hss.identity_state(ALICE), Some(IdentityState::Registered), "{kind:?}");
    }
}

#[test]
fn registrations_end_as_they_are_asked_to() {
    use ServerAssignmentType as T;
    for (kind, wanted) in [
        (T::UserDeregistration, IdentityState::NotRegistered),
        (T::TimeoutDeregistration, IdentityState::NotRegistered),
        (T::AdministrativeDeregistration, IdentityState::NotRegistered),
        (T::DeregistrationTooMuchData, IdentityState::NotRegistered),
        (T::UserDeregistrationStoreServerName, IdentityState::Unregistered),
        (T::TimeoutDeregistrationStoreServerName, IdentityState::Unregistered),
    ] {
        // By a public identity, by several, and by the private identity alone.
        for impus in [&[ALICE][..], &["tel:+99900000001", "sip:work@ims.test"], &[]] {
            let mut b = Bench::new();
            b.register();
            assert_eq!(b.sar(Some(IMPI), impus, SCSCF, kind).outcome.result, ResultCode::SUCCESS);
            assert_eq!(b.hss.identity_state(ALICE), Some(wanted), "{kind:?} {impus:?}");
            let assigned = b.uar(IMPI, ALICE, REALM, None, 0).server;
            assert_eq!(assigned.is_some(), wanted == IdentityState::Unregistered);
        }
    }
    let mut b = Bench::with(|config| config.keep_server_names = false);
    b.register();
    let saa = b.sar(Some(IMPI), &[ALICE], SCSCF, T::UserDeregistrationStoreServerName);
    assert_eq!(saa.outcome.result, experimental(2004));
    assert_eq!(b.hss.identity_state(ALICE), Some(IdentityState::NotRegistered));
    // An authentication that fails leaves nothing behind.
    for kind in [T::AuthenticationFailure, T::AuthenticationTimeout] {
        b.mar(IMPI, ALICE, SCHEME_AKA, None, 1);
        b.sar(Some(IMPI), &[ALICE], SCSCF, kind);
        assert_eq!(b.uar(IMPI, ALICE, REALM, None, 0).outcome.result, experimental(2001));
    }
}

#[test]
fn multimedia_auth_table() {
    let mut b = Bench::new();
    for (impi, impu, scheme, wanted) in [
        ("9@ims.test", ALICE, SCHEME_AKA, experimental(5001)),
        (IMPI, "sip:nobody@ims.test", SCHEME_AKA, experimental(5001)),
        (IMPI, "sip:bob@ims.test", SCHEME_AKA, experimental(5002)),
        (IMPI, ALICE, "NASS-Bundled", experimental(5006)),
        ("2@ims.test", "sip:bob@ims.test", SCHEME_AKA, experimental(5006)),
        ("3@ims.test", "sip:ghost@ims.test", SCHEME_DIGEST, experimental(5006)),
        ("2@ims.test", "sip:bob@ims.test", SCHEME_DIGEST, base(2001)),
        ("2@ims.test", "sip:bob@ims.test", SCHEME_UNKNOWN, base(2001)),
        (IMPI, ALICE, SCHEME_UNKNOWN, base(2001)),
        (IMPI, ALICE, SCHEME_DIGEST, base(2001)),
    ] {
        let maa = b.mar(impi, impu, scheme, None, 1);
        assert_eq!(
            (maa.outcome.result, maa.items.len()),
            (wanted, usize::from(wanted.is_success())),
            "{impi} {scheme}"
        );
        let is_digest = matches!(maa.items.first(), Some(AuthItem { data: AuthData::Digest(_), .. }));
        assert_eq!(is_digest, wanted.is_success() && (impi != IMPI || scheme == SCHEME_DIGEST));
    }
    let maa = b.mar("2@ims.test", "sip:bob@ims.test", SCHEME_DIGEST, None, 1);
    let AuthData::Digest(digest) = &maa.items[0].data else { panic!("{maa:?}") };
    // printf '2@ims.test:ims.test:secret' | md5sum
    assert_eq!((digest.realm.as_str(), digest.qop.as_str()), (REALM, "auth"));
    assert_eq!(
        digest.ha1.expose(),
        &protocol::sip::digest_ha1(&protocol::sip::Algorithm::Md5, "2@ims.test", REALM, b"secret")
    );
    // Several vectors: in order, each with the next number; no more than there may be.
    let maa = b.mar(IMPI, ALICE, SCHEME_AKA, None, 3);
    assert_eq!(maa.items.iter().map(|i| i.number).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert_eq!(b.mar(IMPI, ALICE, SCHEME_AKA, None, 1000).items.len(), 5);
}

/// The numbers in the vectors of an answer, read as a USIM reads them.
fn numbers(maa: &Maa) -> Vec<u64> {
    let of = |item: &AuthItem| {
        let AuthData::Aka { rand, autn, xres, ck, ik } = &item.data else { panic!("{item:?}") };
        let mut usim = usim();
        let (res, usim_ck, usim_ik, ak) = usim.f2345(rand);
        let sqn: [u8; 6] = std::array::from_fn(|i| autn[i] ^ ak[i]);
        assert_eq!((&res[..], usim_ck, usim_ik), (&xres.expose()[..], *ck.expose(), *ik.expose()));
        assert_eq!(autn[8..], usim.f1(rand, &sqn, &[autn[6], autn[7]]));
        assert_eq!(autn[6..8], [0xaf, 0x17]);
        Sqn::from_octets(sqn).number()
    };
    maa.items.iter().map(of).collect()
}

fn usim() -> milenage::Milenage {
    let octets = |hex: &str| <[u8; 16]>::try_from(hex::decode(hex).unwrap()).unwrap();
    milenage::Milenage::new_with_opc(
        octets("0396eb317b6d1c36f19c1c84cd6ffd16"),
        octets("53c15671c60a4b731c55b4a441c0bde2"),
    )
}

fn auts(rand: &[u8; 16], sqn: u64) -> Vec<u8> {
    let octets = Sqn::new(sqn).unwrap().octets();
    let ak = usim().f5star(rand);
    let hidden: [u8; 6] = std::array::from_fn(|i| octets[i] ^ ak[i]);
    [&rand[..], &hidden, &usim().f1star(rand, &octets, &[0, 0])].concat()
}

#[test]
fn resynchronisation_takes_the_number_of_the_usim_when_it_is_ahead() {
    let mut b = Bench::new();
    // It was provisioned with SEQ 1, IND 0.
    let first = numbers(&b.mar(IMPI, ALICE, SCHEME_AKA, None, 2));
    assert_eq!(first, [2 << 5 | 1, 3 << 5 | 2]);
    let far = 0x1234_5678 << 5 | 9;
    let answer = b.mar(IMPI, ALICE, SCHEME_AKA, Some(auts(&[7; 16], far)), 1);
    assert_eq!(numbers(&answer), [0x1234_5679 << 5 | 10]);
    // A USIM that is behind has nothing to say: ours goes on.
    let answer = b.mar(IMPI, ALICE, SCHEME_AKA, Some(auts(&[8; 16], 3 << 5 | 1)), 1);
    assert_eq!(numbers(&answer), [0x1234_567a << 5 | 11]);
    // Forged, of a wrong length, and through an S-CSCF that is not assigned.
    let mut forged = auts(&[7; 16], 1 << 40);
    forged[29] ^= 1;
    for bad in [forged, vec![0; 29]] {
        let answer = b.mar(IMPI, ALICE, SCHEME_AKA, Some(bad), 1);
        assert_eq!((answer.outcome.result, answer.items.len()), (base(5012), 0));
    }
    let answer = b.mar_of("sip:other.ims.test", IMPI, ALICE, SCHEME_AKA, Some(auts(&[7; 16], 1 << 40)), 1);
    assert_eq!(answer.outcome.result, base(5012));
    assert_eq!(numbers(&b.mar(IMPI, ALICE, SCHEME_AKA, None, 1)), [0x1234_567b << 5 | 12]);
}

#[test]
fn numbers_and_registrations_outlive_the_process_and_a_store_that_fails_gives_no_success() {
    let mut b = Bench::new();
    b.register();
    let last = *numbers(&b.mar(IMPI, ALICE, SCHEME_AKA, None, 3)).last().unwrap();
    let mut b = Bench::on(b.store, |_| {});
    assert_eq!(b.hss.identity_state(ALICE), Some(IdentityState::Registered));
    assert!(numbers(&b.mar(IMPI, ALICE, SCHEME_AKA, None, 1))[0] > last);
    b.stores_fail = true;
    let maa = b.mar(IMPI, ALICE, SCHEME_AKA, None, 1);
    assert_eq!((maa.outcome.result, maa.items.len()), (base(5012), 0));
    let saa = b.sar(Some(IMPI), &[ALICE], SCSCF, ServerAssignmentType::UserDeregistration);
    assert_eq!((saa.outcome.result, saa.user_data), (base(5012), None));
}

#[test]
fn a_new_s_cscf_takes_over_and_the_operator_ends_registrations() {
    let mut b = Bench::new();
    b.register();
    // Another S-CSCF with the same Diameter client: nobody has to be told.
    b.mar_of("sip:other.ims.test", IMPI, ALICE, SCHEME_AKA, None, 1);
    assert!(b.pushed.is_empty());
    let saa = b.sar(Some(IMPI), &[ALICE], "sip:other.ims.test", ServerAssignmentType::Registration);
    assert_eq!(saa.outcome.result, ResultCode::SUCCESS);
    let order = Admin::Deregister { impi: IMPI.to_owned(), reason: 0, info: "gone".to_owned() };
    b.hss.handle_input(Instant::ZERO, NodeInput::Admin(order));
    b.drain();
    let rtr = Rtr::from_message(&b.pushed.remove(0)).unwrap();
    assert_eq!((rtr.impi.as_str(), rtr.reason), (IMPI, DeregistrationReason::PermanentTermination));
    assert_eq!((rtr.info.as_deref(), rtr.routing.destination_host.as_deref()), (Some("gone"), Some("scscf.ims.test")));
    assert_eq!(b.hss.identity_state(ALICE), Some(IdentityState::NotRegistered));
    assert_eq!(Bench::on(b.store, |_| {}).hss.identity_state(ALICE), Some(IdentityState::NotRegistered));
}

#[test]
fn a_changed_profile_is_pushed_and_a_removed_subscriber_is_deregistered() {
    let mut b = Bench::new();
    b.register();
    let changed = FILE.replacen("sip:as.ims.test", "sip:new.ims.test", 1).replacen(
        "password = \"secret\"",
        "password = \"new\"",
        1,
    );
    for subscriber in parse_subscribers("test.toml", &changed).unwrap() {
        b.hss.handle_input(Instant::ZERO, NodeInput::Admin(Admin::PutSubscriber(Box::new(subscriber))));
    }
    b.drain();
    assert_eq!(b.pushed.len(), 1, "only the set that is registered");
    let ppr = Ppr::from_message(&b.pushed.remove(0)).unwrap();
    let profile = UserProfile::parse(std::str::from_utf8(&ppr.user_data.unwrap()).unwrap()).unwrap();
    assert_eq!(profile.service_profiles[0].criteria[0].server.name, "sip:new.ims.test");
    assert!(matches!(ppr.auth, Some(AuthItem { data: AuthData::Digest(_), .. })));
    let before = numbers(&b.mar(IMPI, ALICE, SCHEME_AKA, None, 1))[0];
    b.hss.handle_input(Instant::ZERO, NodeInput::Admin(Admin::RemoveSubscriber { impi: IMPI.to_owned() }));
    b.drain();
    assert_eq!(Rtr::from_message(&b.pushed.remove(0)).unwrap().impi, IMPI);
    assert_eq!(b.mar(IMPI, ALICE, SCHEME_AKA, None, 1).outcome.result, experimental(5001));
    // The same card comes again: its numbers go on.
    for subscriber in parse_subscribers("test.toml", FILE).unwrap() {
        b.hss.handle_input(Instant::ZERO, NodeInput::Admin(Admin::PutSubscriber(Box::new(subscriber))));
    }
    b.drain();
    assert!(numbers(&b.mar(IMPI, ALICE, SCHEME_AKA, None, 1))[0] > before);
}

#[test]
fn no_secret_is_in_notes_or_debug() {
    let mut b = Bench::new();
    b.register();
    let text = format!("{:?}", b.hss).to_lowercase();
    for secret in ["0396eb31", "3, 150, 235", "ff53bade", "53c15671", "83, 193, 86", "password"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

mod sh_table;
