//! Whatever octets come, from whom they may: nothing breaks, nothing is said that was not asked for, everything comes to an end.

use proptest::prelude::*;
use protocol::mms::{MmsStatus, Parameter};
use protocol::sms::{Content, Ports};

use super::*;

fn pdus() -> Vec<Vec<u8>> {
    let (conf, body) = message("T1");
    let to = MmsAddress::phone(BOB);
    vec![
        MmsPdu::from(notification("T1")).emit(&[]),
        MmsPdu::from(conf).emit(&body[..2000]),
        MmsPdu::from(SendConf::ok("T1", Default::default(), "1@mmsc")).emit(&[]),
        MmsPdu::from(protocol::mms::DeliveryInd::new("1@mmsc", to, 1, MmsStatus::EXPIRED)).emit(&[]),
    ]
}

/// PDUs with an octet changed, cut, or noise.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let changed = (0..pdus().len(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>());
    let changed = changed.prop_map(|(which, at, octet, is_cut)| {
        let mut pdu = pdus().swap_remove(which);
        let at = at.index(pdu.len());
        if is_cut {
            pdu.truncate(at);
        } else {
            pdu[at] = octet;
        }
        pdu
    });
    prop_oneof![3 => changed, 1 => proptest::collection::vec(any::<u8>(), 0..60)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_octets_in_any_place(all in proptest::collection::vec((octets(), 0..4), 1..8), is_ims in any::<bool>()) {
        let mut rig = if is_ims { Rig::ims() } else { Rig::http() };
        let mut sms = push(&notification("T0").into());
        rig.command(MmsCommand::Send(Box::new(own_message(1))));
        for (octets, place) in all {
            match place {
                0 => rig.comes(&octets, None),
                1 => {
                    let call_id = rig.messages.last().map(|message| message.headers[0].1.clone());
                    rig.comes(&octets, call_id.as_deref());
                }
                2 => {
                    sms.content = Content::Octets([&[1, 6, 3, 0xBE, 0xAF, 0x84], &octets[..]].concat());
                    rig.input(MmsInput::ShortMessage(&sms));
                    sms.content = Content::Octets(octets);
                    rig.input(MmsInput::ShortMessage(&sms));
                }
                _ if rig.requests.is_empty() => {}
                _ => rig.answers(pdu_response(&octets)),
            }
        }
        rig.run(24 * 3600);
        prop_assert!(rig.client.is_idle() && rig.client.poll_timeout().is_none());
        let ends = rig.events.iter().filter(|event| matches!(event,
            MmsEvent::Sent { message: 1, .. } | MmsEvent::Refused { message: 1, .. } | MmsEvent::Failed { message: 1, .. }));
        prop_assert_eq!(ends.count(), 1, "each message has one end");
        prop_assert!(rig.requests.len() + rig.messages.len() <= 200);
    }
}

#[test]
fn a_notification_that_is_not_understood_is_answered_so() {
    // Of another major version: OMA-MMS-ENC clause 6.2.
    let version = protocol::mms::MmsVersion(0x20);
    let mut rig = Rig::http();
    rig.says(NotificationInd { version, ..notification("T9") });
    let MmsPdu::NotifyRespInd(said) = rig.last_pdu() else { panic!() };
    assert_eq!((said.transaction_id.as_str(), said.status), ("T9", MmsStatus::UNRECOGNISED));
    rig.answers_status(200);
    assert!(matches!(rig.take_events()[..], [MmsEvent::Ignored { .. }]));
    // A UE that does not answer does not answer that either.
    rig.command(MmsCommand::OnNotification(OnNotification::Ignore));
    rig.says(NotificationInd { version, ..notification("T9") });
    rig.says(notification("T1"));
    rig.says(notification("T1"));
    assert_eq!(rig.requests.len(), 1);
}

#[test]
fn pushes_that_are_for_others() {
    let mut rig = Rig::http();
    let own = push(&notification("T1").into());
    let text = crate::agent::sms::ReceivedSms { content: Content::Text("x".into()), ..own.clone() };
    let elsewhere = Ports { destination: 2949, originator: 9200 };
    let elsewhere = crate::agent::sms::ReceivedSms { ports: Some(elsewhere), ..own.clone() };
    let content_type = protocol::mms::ContentType::new("text/vnd.wap.si").with(Parameter::Name("x".into()));
    let other = WapPush { content_type, ..WapPush::mms(1, Vec::new()) };
    let other = crate::agent::sms::ReceivedSms { content: Content::Octets(other.emit()), ..own };
    assert!(!MmsClient::is_push(&text) && !MmsClient::is_push(&elsewhere) && MmsClient::is_push(&other));
    for sms in [text, elsewhere, other] {
        rig.input(MmsInput::ShortMessage(&sms));
    }
    let events = rig.take_events();
    assert!(
        matches!(events[..], [MmsEvent::Ignored { .. }, MmsEvent::Ignored { .. }, MmsEvent::Ignored { .. }]),
        "{events:?}"
    );
    // Answers are nothing that is pushed.
    rig.input(MmsInput::ShortMessage(&push(&SendConf::ok("T1", Default::default(), "1@mmsc").into())));
    assert!(matches!(rig.take_events()[..], [MmsEvent::Ignored { .. }]));
    assert!(rig.requests.is_empty());
}
