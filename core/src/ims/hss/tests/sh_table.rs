//! Sh: each result of TS 29.328 clause 6.1.

use super::*;

fn service_document(service: &str, sequence: u32, content: Option<&str>) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\"?><Sh-Data><RepositoryData><ServiceIndication>{service}</ServiceIndication>\
         <SequenceNumber>{sequence}</SequenceNumber>{}</RepositoryData></Sh-Data>",
        content.unwrap_or("")
    )
    .into_bytes()
}

const CONTENT: &str = "<ServiceData><x:a xmlns:x=\"urn:x\">1 &lt; 2</x:a><!-- kept --></ServiceData>";

impl Bench {
    fn udr(
        &mut self,
        user: UserIdentity,
        references: &[u32],
        services: &[&str],
        server: Option<&str>,
        sets: &[IdentitySet],
    ) -> ShAnswer {
        let udr = Udr {
            routing: self.routing(),
            user,
            impi: None,
            references: references.to_vec(),
            services: services.iter().map(|s| s.as_bytes().to_vec()).collect(),
            server: server.map(str::to_owned),
            identity_sets: sets.to_vec(),
        };
        let answer = self.ask(udr.to_message());
        ShAnswer::from_message(&answer).unwrap()
    }

    fn pur(&mut self, references: &[u32], user_data: Vec<u8>) -> ResultCode {
        let user = UserIdentity::Public(ALICE.to_owned());
        let pur = Pur { routing: self.routing(), user, impi: None, references: references.to_vec(), user_data };
        let answer = self.ask(pur.to_message());
        ShAnswer::from_message(&answer).unwrap().outcome.result
    }

    fn snr(
        &mut self,
        data_reference: u32,
        services: &[&str],
        request: SubscriptionRequest,
        expiry: Option<u32>,
        one_time: bool,
    ) -> ShAnswer {
        let snr = Snr {
            routing: self.routing(),
            user: UserIdentity::Public(ALICE.to_owned()),
            impi: None,
            references: vec![data_reference],
            services: services.iter().map(|s| s.as_bytes().to_vec()).collect(),
            server: None,
            request,
            send_data: true,
            expiry,
            one_time,
        };
        let answer = self.ask(snr.to_message());
        ShAnswer::from_message(&answer).unwrap()
    }
}

fn alice() -> UserIdentity {
    UserIdentity::Public(ALICE.to_owned())
}

fn text(answer: &ShAnswer) -> String {
    String::from_utf8(answer.user_data.clone().unwrap_or_default()).unwrap()
}

#[test]
fn what_can_be_read() {
    let mut b = Bench::new();
    b.register();
    for (user, references, wanted) in [
        (UserIdentity::Public("sip:nobody@ims.test".to_owned()), vec![10], experimental(5001)),
        (UserIdentity::Msisdn("123456".to_owned()), vec![10], experimental(5001)),
        (alice(), vec![34], experimental(5100)),
        (alice(), vec![5], experimental(5100)),
        (alice(), vec![reference::LOCATION_INFORMATION], experimental(5102)),
        (alice(), vec![reference::REPOSITORY_DATA], base(5005)),
        (alice(), vec![reference::INITIAL_FILTER_CRITERIA], base(5005)),
    ] {
        let answer = b.udr(user.clone(), &references, &[], None, &[]);
        assert_eq!((answer.outcome.result, answer.user_data), (wanted, None), "{user:?} {references:?}");
    }
    let references = [
        reference::IMS_PUBLIC_IDENTITY,
        reference::IMS_USER_STATE,
        reference::SCSCF_NAME,
        reference::INITIAL_FILTER_CRITERIA,
        reference::CHARGING_INFORMATION,
        reference::MSISDN,
    ];
    for user in [alice(), UserIdentity::Msisdn("99900000001".to_owned())] {
        let answer = b.udr(user, &references, &[], Some("sip:as.ims.test"), &[IdentitySet::Implicit]);
        let text = text(&answer);
        for wanted in [
            "<IMSPublicIdentity>sip:alice@ims.test</IMSPublicIdentity>",
            "<IMSPublicIdentity>tel:+99900000001</IMSPublicIdentity>",
            "<MSISDN>99900000001</MSISDN>",
            "<SCSCFName>sip:scscf.ims.test</SCSCFName>",
            "<IMSUserState>1</IMSUserState>",
            "<PrimaryChargingCollectionFunctionName>aaa://ccf.ims.test</PrimaryChargingCollectionFunctionName>",
            "<IFCs><InitialFilterCriteria><Priority>1</Priority>",
        ] {
            assert!(text.contains(wanted), "{wanted} in {text}");
        }
        assert!(!text.contains("sip:1@ims.test") && !text.contains("work"), "{text}");
    }
    let all = b.udr(alice(), &[10], &[], None, &[]);
    assert!(text(&all).contains("sip:work@ims.test"));
    let registered = b.udr(alice(), &[10], &[], None, &[IdentitySet::Registered]);
    assert!(!text(&registered).contains("sip:work@ims.test"));
    let other = b.udr(alice(), &[reference::INITIAL_FILTER_CRITERIA], &[], Some("sip:other.test"), &[]);
    assert!(!text(&other).contains("InitialFilterCriteria"));
}

#[test]
fn repository_data_go_on_step_by_step_and_come_back_octet_for_octet() {
    let mut b = Bench::with(|config| config.max_repository_octets = 1000);
    let references = [reference::REPOSITORY_DATA];
    let big = format!("<ServiceData>{}</ServiceData>", "x".repeat(1000));
    for (document, wanted) in [
        (service_document("s", 1, Some(CONTENT)), experimental(5105)),
        (service_document("s", 0, None), experimental(5101)),
        (service_document("s", 0, Some(&big)), experimental(5008)),
        (b"<Sh-Data/>".to_vec(), experimental(5100)),
        (b"no xml".to_vec(), experimental(5100)),
        (service_document("s", 0, Some(CONTENT)), base(2001)),
        (service_document("s", 0, Some(CONTENT)), experimental(5105)),
        (service_document("s", 2, Some(CONTENT)), experimental(5105)),
        (service_document("s", 1, Some(CONTENT)), base(2001)),
        (service_document("t", 0, Some("<ServiceData/>")), base(2001)),
    ] {
        assert_eq!(b.pur(&references, document.clone()), wanted, "{}", String::from_utf8_lossy(&document));
    }
    assert_eq!(b.pur(&[reference::IMS_USER_STATE], service_document("s", 2, Some(CONTENT))), experimental(5103));
    let mut b = Bench::on(b.store, |_| {});
    let answer = text(&b.udr(alice(), &references, &["s", "t"], None, &[]));
    let wanted = format!("<SequenceNumber>1</SequenceNumber>{CONTENT}</RepositoryData>");
    assert!(answer.contains(&wanted), "{answer}");
    assert!(answer.contains("<SequenceNumber>0</SequenceNumber><ServiceData/></RepositoryData>"), "{answer}");
    // Without content it is taken away.
    assert_eq!(b.pur(&references, service_document("s", 2, None)), base(2001));
    assert!(!text(&b.udr(alice(), &references, &["s"], None, &[])).contains("ServiceData>"));
}

#[test]
fn subscribers_are_notified_until_they_end_it() {
    use SubscriptionRequest::{Subscribe, Unsubscribe};
    let mut b = Bench::with(|config| config.utc_ms_at_zero = 1_800_000_000_000);
    let ntp = |seconds: u64| Some((1_800_000_000 + NTP_OFFSET.as_secs() + seconds) as u32);
    assert_eq!(b.snr(reference::REPOSITORY_DATA, &["s"], Subscribe, None, false).outcome.result, experimental(5106));
    assert_eq!(b.snr(reference::REPOSITORY_DATA, &[], Subscribe, None, false).outcome.result, base(5005));
    assert_eq!(b.snr(reference::MSISDN, &[], Subscribe, None, false).outcome.result, experimental(5104));
    assert_eq!(b.snr(reference::IMS_USER_STATE, &[], Unsubscribe, None, false).outcome.result, experimental(5107));
    assert_eq!(b.pur(&[0], service_document("s", 0, Some(CONTENT))), base(2001));
    let answer = b.snr(reference::REPOSITORY_DATA, &["s"], Subscribe, ntp(60), false);
    assert_eq!((answer.outcome.result, answer.expiry), (base(2001), ntp(60)));
    assert!(text(&answer).contains(CONTENT));
    b.pur(&[0], service_document("s", 1, Some(CONTENT)));
    let pnr = sh::Pnr::from_message(&b.pushed.remove(0)).unwrap();
    assert_eq!((pnr.user, pnr.routing.destination_host.as_deref()), (alice(), Some("scscf.ims.test")));
    assert!(String::from_utf8(pnr.user_data).unwrap().contains("<SequenceNumber>1</SequenceNumber>"));
    // The state of the user, once: two changes, one notification.
    b.snr(reference::IMS_USER_STATE, &[], Subscribe, None, true);
    b.register();
    b.sar(Some(IMPI), &[ALICE], SCSCF, ServerAssignmentType::UserDeregistration);
    assert_eq!(b.pushed.len(), 1);
    let pnr = sh::Pnr::from_message(&b.pushed.remove(0)).unwrap();
    assert!(String::from_utf8(pnr.user_data).unwrap().contains("<IMSUserState>1</IMSUserState>"));
    // After a restart the subscription is there; its time has then gone by.
    let mut b = Bench::on(b.store, |config| config.utc_ms_at_zero = 1_800_000_030_000);
    b.pur(&[0], service_document("s", 2, Some(CONTENT)));
    assert_eq!(b.pushed.len(), 1);
    let mut b = Bench::on(b.store, |config| config.utc_ms_at_zero = 1_800_000_060_000);
    b.pur(&[0], service_document("s", 3, Some(CONTENT)));
    assert_eq!(b.pushed.len(), 0);
    b.snr(reference::REPOSITORY_DATA, &["s"], Subscribe, None, false);
    assert_eq!(b.snr(reference::REPOSITORY_DATA, &["s"], Unsubscribe, None, false).outcome.result, base(2001));
    b.pur(&[0], service_document("s", 4, Some(CONTENT)));
    assert_eq!(b.pushed.len(), 0);
}

#[test]
fn application_servers_do_what_they_may() {
    let allowed = |config: &mut HssConfig| {
        let may = vec![reference::MSISDN];
        config.application_servers = Some(BTreeMap::from([("scscf.ims.test".to_owned(), may)]));
    };
    let mut b = Bench::with(allowed);
    assert_eq!(b.udr(alice(), &[reference::MSISDN], &[], None, &[]).outcome.result, base(2001));
    for references in [&[reference::IMS_USER_STATE][..], &[reference::MSISDN, reference::SCSCF_NAME]] {
        assert_eq!(b.udr(alice(), references, &[], None, &[]).outcome.result, experimental(5101));
    }
    assert_eq!(b.pur(&[0], service_document("s", 0, Some(CONTENT))), experimental(5101));
}
