//! Every PDU that can be said reads as it was said, and no octets make anything panic.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use crate::mms::{
    AcknowledgeInd, Charset, ContentClass, ContentType, DeliveryInd, Disposition, EncodedString, ForwardConf,
    ForwardReq, From, MessageClass, MmsAddress, MmsPdu, MmsStatus, MmsTime, MmsVersion, NotificationInd, NotifyRespInd,
    Parameter, Part, PreviouslySentBy, PreviouslySentDate, Priority, ReadOrigInd, ReadRecInd, ReadStatus,
    ReplyCharging, ResponseStatus, RetrieveConf, RetrieveStatus, SendConf, SendReq, SenderVisibility, WapPush,
    WspHeader, emit_parts, parse_parts,
};

// They are boxed: a PDU has more headers than a stack has room for their strategies.
fn id() -> BoxedStrategy<String> {
    "[!-~é]{1,40}".boxed()
}

fn text() -> BoxedStrategy<EncodedString> {
    let charsets = prop_oneof![
        Just(None),
        prop::sample::select(&[Charset::UTF_8, Charset::UTF_16, Charset::ISO_8859_1, Charset(60_000)][..])
            .prop_map(Some)
    ];
    prop_oneof![
        "\\PC{0,60}".prop_map(|text| EncodedString::new(&text)),
        (charsets, vec(any::<u8>(), 0..50)).prop_map(|(charset, octets)| EncodedString::of_octets(charset, octets)),
    ]
    .boxed()
}

fn address() -> BoxedStrategy<MmsAddress> {
    prop_oneof!["[+][0-9]{1,15}".prop_map(|number| MmsAddress::phone(&number)), text().prop_map(MmsAddress)].boxed()
}

fn sender() -> BoxedStrategy<From> {
    prop_oneof![Just(From::InsertAddress), address().prop_map(From::Address)].boxed()
}

fn time() -> BoxedStrategy<MmsTime> {
    prop_oneof![any::<u64>().prop_map(MmsTime::Absolute), any::<u64>().prop_map(MmsTime::Relative)].boxed()
}

fn code() -> BoxedStrategy<u8> {
    (0x80_u8..).boxed()
}

fn version() -> BoxedStrategy<MmsVersion> {
    (0x10_u8..0x20).prop_map(MmsVersion).boxed()
}

fn class() -> BoxedStrategy<MessageClass> {
    prop_oneof![
        Just(MessageClass::Personal),
        Just(MessageClass::Auto),
        (0x84_u8..).prop_map(MessageClass::Code),
        "x-[a-z]{1,10}".prop_map(MessageClass::Named)
    ]
    .boxed()
}

fn parameter() -> BoxedStrategy<Parameter> {
    prop_oneof![
        (0_u32..70_000).prop_map(|code| Parameter::Charset(Charset(code))),
        "[a-z]{1,9}/[a-z.]{1,9}".prop_map(Parameter::Type),
        "[!-~]{0,20}".prop_map(Parameter::Start),
        "\\PC{0,20}".prop_map(Parameter::StartInfo),
        "\\PC{0,20}".prop_map(Parameter::Name),
        "\\PC{0,20}".prop_map(Parameter::Filename),
        ("x-[a-z]{1,8}", "\\PC{0,20}").prop_map(|(name, value)| Parameter::Text(name, value)),
        (0x0C_u8..0x17, code()).prop_map(|(code, value)| Parameter::Coded(code, vec![value])),
    ]
    .boxed()
}

fn content_type() -> BoxedStrategy<ContentType> {
    let essences = prop_oneof![
        Just("text/plain".to_owned()),
        Just(ContentType::RELATED.to_owned()),
        (0x53_u64..100_000).prop_map(|code| format!("application/x-wsp-{code:x}")),
        "[a-z]{1,9}/[a-z.+-]{1,20}",
    ];
    (essences, vec(parameter(), 0..5)).prop_map(|(essence, parameters)| ContentType { essence, parameters }).boxed()
}

/// Headers of which none has a place anywhere.
fn other() -> BoxedStrategy<Vec<WspHeader>> {
    let one = prop_oneof![
        (0x40_u8..0x80, any::<u8>()).prop_map(|(code, value)| WspHeader::coded(code, value)),
        (0x46_u8..0x80, "\\PC{0,20}").prop_map(|(code, text)| WspHeader::coded_text(code, &text)),
        ("X-[a-z]{1,9}", "\\PC{0,20}").prop_map(|(name, text)| WspHeader::named(&name, &text)),
    ];
    vec(one, 0..4).boxed()
}

type Charging = (Option<ReplyCharging>, Option<MmsTime>, Option<u64>, Option<String>);

fn charging() -> BoxedStrategy<Charging> {
    (of(code().prop_map(ReplyCharging)), of(time()), of(any::<u64>()), of(id())).boxed()
}

fn send_req() -> BoxedStrategy<MmsPdu> {
    let who = (sender(), vec(address(), 0..4), vec(address(), 0..2), vec(address(), 0..2));
    let what = (of(text()), of(class()), of(time()), of(time()), of(code()), of(code()), of(code()));
    let flags = any::<[Option<bool>; 4]>();
    (id(), version(), of(any::<u64>()), who, what, flags, charging(), other(), content_type())
        .prop_map(|(transaction_id, version, date, who, what, flags, charging, other, content_type)| {
            SendReq {
                transaction_id,
                version,
                date,
                from: who.0,
                to: who.1,
                cc: who.2,
                bcc: who.3,
                subject: what.0,
                message_class: what.1,
                expiry: what.2,
                delivery_time: what.3,
                priority: what.4.map(Priority),
                sender_visibility: what.5.map(SenderVisibility),
                delivery_report: flags[0],
                read_report: flags[1],
                reply_charging: charging.0,
                reply_charging_deadline: charging.1,
                reply_charging_size: charging.2,
                reply_charging_id: charging.3,
                content_class: what.6.map(ContentClass),
                drm_content: flags[2],
                adaptation_allowed: flags[3],
                other,
                content_type,
            }
            .into()
        })
        .boxed()
}

fn notification() -> BoxedStrategy<MmsPdu> {
    let what = (of(sender()), of(text()), class(), of(code()), any::<u64>(), time(), of(code()));
    (id(), version(), what, any::<[Option<bool>; 3]>(), charging(), id(), other())
        .prop_map(|(transaction_id, version, what, flags, charging, content_location, other)| {
            NotificationInd {
                transaction_id,
                version,
                from: what.0,
                subject: what.1,
                delivery_report: flags[0],
                message_class: what.2,
                priority: what.3.map(Priority),
                message_size: what.4,
                expiry: what.5,
                reply_charging: charging.0,
                reply_charging_deadline: charging.1,
                reply_charging_size: charging.2,
                reply_charging_id: charging.3,
                distribution_indicator: flags[1],
                content_class: what.6.map(ContentClass),
                drm_content: flags[2],
                content_location,
                other,
            }
            .into()
        })
        .boxed()
}

fn retrieve_conf() -> BoxedStrategy<MmsPdu> {
    let by =
        (any::<u64>(), address()).prop_map(|(forwarded_count, address)| PreviouslySentBy { forwarded_count, address });
    let on = any::<(u64, u64)>().prop_map(|(forwarded_count, date)| PreviouslySentDate { forwarded_count, date });
    let who = (of(sender()), vec(address(), 0..4), vec(address(), 0..2), vec(by, 0..3), vec(on, 0..3));
    let what = (of(text()), of(class()), of(code()), of(code()), of(text()), of(code()));
    let ids = (of(id()), of(id()), version(), of(any::<u64>()));
    (ids, who, what, any::<[Option<bool>; 4]>(), charging(), other(), of(content_type()))
        .prop_map(|(ids, who, what, flags, charging, other, content_type)| {
            RetrieveConf {
                transaction_id: ids.0,
                version: ids.2,
                message_id: ids.1,
                date: ids.3,
                from: who.0,
                to: who.1,
                cc: who.2,
                previously_sent_by: who.3,
                previously_sent_date: who.4,
                subject: what.0,
                message_class: what.1,
                priority: what.2.map(Priority),
                delivery_report: flags[0],
                read_report: flags[1],
                retrieve_status: what.3.map(RetrieveStatus),
                retrieve_text: what.4,
                reply_charging: charging.0,
                reply_charging_deadline: charging.1,
                reply_charging_size: charging.2,
                reply_charging_id: charging.3,
                distribution_indicator: flags[2],
                content_class: what.5.map(ContentClass),
                drm_content: flags[3],
                other,
                content_type,
            }
            .into()
        })
        .boxed()
}

fn forward_req() -> BoxedStrategy<MmsPdu> {
    let who = (sender(), vec(address(), 0..4), vec(address(), 0..2), vec(address(), 0..2));
    let when = (of(any::<u64>()), of(time()), of(time()));
    (id(), version(), who, when, any::<[Option<bool>; 3]>(), charging(), id(), other())
        .prop_map(|(transaction_id, version, who, when, flags, charging, content_location, other)| {
            ForwardReq {
                transaction_id,
                version,
                date: when.0,
                from: who.0,
                to: who.1,
                cc: who.2,
                bcc: who.3,
                expiry: when.1,
                delivery_time: when.2,
                report_allowed: flags[0],
                delivery_report: flags[1],
                read_report: flags[2],
                reply_charging: charging.0,
                reply_charging_deadline: charging.1,
                reply_charging_size: charging.2,
                content_location,
                other,
            }
            .into()
        })
        .boxed()
}

fn answers() -> BoxedStrategy<MmsPdu> {
    let ids = (id(), version(), code(), of(text()), of(id()), other());
    (ids, of(any::<bool>()), 0..4)
        .prop_map(|((transaction_id, version, code, response_text, message_id, other), allowed, which)| {
            let response_status = ResponseStatus(code);
            match which {
                0 => SendConf { transaction_id, version, response_status, response_text, message_id, other }.into(),
                1 => ForwardConf { transaction_id, version, response_status, response_text, message_id, other }.into(),
                2 => {
                    let status = MmsStatus(code);
                    NotifyRespInd { transaction_id, version, status, report_allowed: allowed, other }.into()
                }
                _ => AcknowledgeInd { transaction_id, version, report_allowed: allowed, other }.into(),
            }
        })
        .boxed()
}

fn reports() -> BoxedStrategy<MmsPdu> {
    let ids = (version(), id(), vec(address(), 0..3), any::<u64>(), code(), sender(), other());
    (ids, of(text()), 0..3)
        .prop_map(|((version, message_id, to, date, code, from, other), status_text, which)| match which {
            0 => DeliveryInd { version, message_id, to, date, status: MmsStatus(code), status_text, other }.into(),
            1 => ReadRecInd { version, message_id, to, from, date: Some(date), read_status: ReadStatus(code), other }
                .into(),
            _ => ReadOrigInd { version, message_id, to, from, date, read_status: ReadStatus(code), other }.into(),
        })
        .boxed()
}

fn pdu() -> BoxedStrategy<MmsPdu> {
    prop_oneof![send_req(), notification(), retrieve_conf(), forward_req(), answers(), reports()].boxed()
}

fn part() -> BoxedStrategy<Part<'static>> {
    let disposition = ("inline|form-data|[a-z]{1,9}", vec(parameter(), 0..3));
    let disposition = disposition.prop_map(|(kind, parameters)| Disposition { kind, parameters });
    (content_type(), of(id()), of("\\PC{0,30}"), of(disposition), other(), vec(any::<u8>(), 0..300))
        .prop_map(|(content_type, content_id, content_location, disposition, headers, body)| Part {
            content_type,
            content_id,
            content_location,
            disposition,
            // Those that have a place in a part.
            headers: headers.into_iter().filter(|header| !header.value().is_empty() && !has_place(header)).collect(),
            body: body.into(),
        })
        .boxed()
}

fn has_place(header: &WspHeader) -> bool {
    matches!(header.name(), crate::mms::HeaderName::Code(0x40 | 0x45))
}

proptest! {
    #[test]
    fn pdus(pdu in pdu(), body in vec(any::<u8>(), 0..100)) {
        let octets = pdu.emit(&body);
        let body = if pdu.content_type().is_some() { &body[..] } else { &[] };
        let _ = pdu.describe(body);
        prop_assert_eq!(MmsPdu::parse(&octets), Ok((pdu, body)));
    }

    #[test]
    fn bodies_of_parts(parts in vec(part(), 0..6)) {
        let octets = emit_parts(&parts);
        prop_assert_eq!(parse_parts(&octets), Ok(parts));
    }

    #[test]
    fn pushes(transaction_id: u8, content_type in content_type(), headers in other(), body in vec(any::<u8>(), 0..100)) {
        let push = WapPush { content_type, headers, ..WapPush::mms(transaction_id, body) };
        prop_assert_eq!(WapPush::parse(&push.emit()), Ok(push));
    }

    #[test]
    fn any_octets(octets in vec(any::<u8>(), 0..200), kind in code()) {
        crate::fuzz::mms_pdu(&octets);
        crate::fuzz::mms_pdu(&[&[0x8C, kind, 0x98, b'1', 0, 0x8D, 0x92, 0x89, 1, 0x81][..], &octets].concat());
        crate::fuzz::mms_parts(&octets);
        crate::fuzz::mms_push(&octets);
        crate::fuzz::mms_push(&[&[1, 6][..], &octets].concat());
        crate::fuzz::pap(&octets);
    }
}
