//! Any message comes out as it came, and what is changed in it changes nothing else.

use proptest::collection::vec;
use proptest::prelude::*;
use protocol::sip::{Headers, NameAddr, Param, Params, Request, Response, SipMessage, SipUri, TelUri, Uri, Via, names};

/// One field as it stands on the wire, with its name and value.
#[derive(Clone, Debug)]
struct Wire {
    name: String,
    octets: Vec<u8>,
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "Via", "v", "V", "TO", "f", "Contact", "m", "rOUTE", "Subject", "s", "X-Own", "k", "o"
        ])
        .prop_map(str::to_owned),
        "[A-Za-z!%*_+`'~.-]{1,12}",
    ]
    .prop_filter("Content-Length says where the body ends", |name| !names::same_name(name, "Content-Length"))
}

/// Lines of a value: anything without line ends; the first may be empty.
fn value() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let line = vec(any::<u8>().prop_filter("no line ends", |b| !b"\r\n".contains(b)), 0..24);
    vec(line, 1..4)
}

fn field() -> impl Strategy<Value = Wire> {
    (
        name(),
        prop::sample::select(vec![":", ": ", " :", "\t: \t", ":  "]),
        value(),
        prop::sample::select(vec![" ", "\t", "   "]),
    )
        .prop_map(|(name, colon, lines, fold)| {
            let mut octets = [name.as_bytes(), colon.as_bytes()].concat();
            for (at, line) in lines.iter().enumerate() {
                octets.extend_from_slice(if at == 0 { b"" } else { fold.as_bytes() });
                octets.extend_from_slice(line);
                octets.extend_from_slice(b"\r\n");
            }
            Wire { name, octets }
        })
}

fn start() -> impl Strategy<Value = String> {
    prop_oneof![
        ("[A-Z!a-z.%*_+`'~-]{1,12}", uri()).prop_map(|(method, uri)| format!("{method} {uri} SIP/2.0\r\n")),
        (100_u16..700, "[^\r\n]{0,20}").prop_map(|(status, reason)| format!("SIP/2.0 {status} {reason}\r\n")),
    ]
}

fn uri() -> impl Strategy<Value = String> {
    let user = "[a-zA-Z0-9_.!~*'()&=+$,;?/-]{1,10}(%[0-9A-Fa-f]{2})?";
    let host = "([a-z0-9-]{1,8}[.]){0,2}[a-z]{1,6}|\\[2001:db8::[0-9a-f]{1,4}\\]|10[.]0[.]0[.][1-9]";
    let param = "lr|transport=(udp|TCP)|x[0-9]=[a-z%]?[a-z0-9]{1,5}".prop_map(|param| param.replace('%', "%41"));
    let params = vec(param, 0..3).prop_map(|mut params| {
        params.sort_by_key(|param| param.split('=').next().map(str::to_owned));
        params.dedup_by_key(|param| param.split('=').next().map(str::to_owned));
        params.iter().map(|param| format!(";{param}")).collect::<String>()
    });
    prop_oneof![
        4 => ("sips?|SIP|Sips", prop::option::of((user, prop::option::of("[a-z&=+$,]{0,5}"))), host, prop::option::of(0_u16..), params)
            .prop_map(|(scheme, user, host, port, params)| {
                let user = user.map_or(String::new(), |(user, password)| {
                    format!("{user}{}@", password.map_or(String::new(), |password| format!(":{password}")))
                });
                format!("{scheme}:{user}{host}{}{params}", port.map_or(String::new(), |port| format!(":{port:03}")))
            }),
        1 => "tel:[+]?[0-9][0-9.()-]{0,12}(;phone-context=[a-z.]{1,8})?",
        1 => "urn:service:[a-z.]{1,10}|[a-z][a-z+.-]{2,8}:[!#-;=?-~]{0,12}"
            .prop_filter("read by their own rules", |uri| !["sip:", "sips:", "tel:"].iter().any(|own| uri.starts_with(own))),
    ]
}

fn message() -> impl Strategy<Value = (String, Vec<Wire>, Option<Vec<u8>>)> {
    (start(), vec(field(), 0..12), prop::option::of(vec(any::<u8>(), 0..40)))
}

fn wire(start: &str, fields: &[Wire], body: Option<&Vec<u8>>) -> Vec<u8> {
    let mut octets = start.as_bytes().to_vec();
    fields.iter().for_each(|field| octets.extend_from_slice(&field.octets));
    if let Some(body) = body {
        octets.extend_from_slice(format!("Content-Length  :{}\r\n", body.len()).as_bytes());
    }
    octets.extend_from_slice(b"\r\n");
    octets.extend_from_slice(body.map_or(&[], Vec::as_slice));
    octets
}

fn params() -> impl Strategy<Value = Params> {
    vec(("[a-z+.-]{1,8}", prop::option::of(prop_oneof!["[a-zA-Z0-9.-]{1,8}".boxed(), "\\PC{0,8}".boxed()])), 0..5)
        .prop_map(|pairs| {
            let mut params = Params::new();
            for (name, value) in pairs {
                match value {
                    None => params.set_flag(&name),
                    Some(text) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                        params.set(&name, &text)
                    }
                    Some(text) => params.set_quoted(&name, &text),
                }
            }
            params
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn untouched_messages_come_out_as_they_came((start, fields, body) in message()) {
        let octets = wire(&start, &fields, body.as_ref());
        let message = SipMessage::parse(&octets).unwrap();
        prop_assert_eq!(message.to_bytes(), octets.clone());
        // Also after empty lines, and with the next message behind it in the datagram.
        let crowded = [b"\r\n\r\n".as_slice(), &octets, b"INVITE"].concat();
        if body.is_some() {
            prop_assert_eq!(SipMessage::parse(&crowded).unwrap().to_bytes(), octets);
        }
    }

    #[test]
    fn a_change_leaves_the_rest_alone((start, fields, body) in message(), at: prop::sample::Index, new in "[!-~]{1,10}") {
        prop_assume!(!fields.is_empty());
        let target = &fields[at.index(fields.len())].name;
        let mut message = SipMessage::parse(&wire(&start, &fields, body.as_ref())).unwrap();
        message.headers_mut().set(target, &new);
        let first = fields.iter().position(|field| names::same_name(&field.name, target)).unwrap();
        let mut expected = fields.clone();
        expected[first].octets = format!("{}: {new}\r\n", fields[first].name).into_bytes();
        let mut place = 0;
        expected.retain(|field| {
            place += 1;
            place - 1 <= first || !names::same_name(&field.name, target)
        });
        prop_assert_eq!(message.to_bytes(), wire(&start, &expected, body.as_ref()));
        message.headers_mut().remove(target);
        expected.retain(|field| !names::same_name(&field.name, target));
        prop_assert_eq!(message.to_bytes(), wire(&start, &expected, body.as_ref()));
    }

    #[test]
    fn the_topmost_value_goes_and_the_others_stay(values in vec("<sip:[a-z]{1,3},[a-z]{1,3}@h;lr>(;x=\"a,b\")?", 1..6), split in 1_usize..4) {
        let mut headers = Headers::new();
        values.chunks(split).for_each(|chunk| headers.append("Route", &chunk.join(" , ")));
        for expected in &values {
            prop_assert_eq!(headers.values("Route").next(), Some(expected.as_str()));
            prop_assert!(headers.replace_first_value("Route", expected));
            prop_assert_eq!(headers.pop_first_value("Route"), Some(expected.clone()));
        }
        prop_assert!(headers.is_empty());
    }

    #[test]
    fn uris_print_as_they_came(text in uri(), host in "[a-z]{1,8}") {
        let mut uri = Uri::parse(&text).unwrap();
        prop_assert_eq!(uri.to_string(), text);
        prop_assert!(uri.equivalent(&uri));
        if let Some(sip) = uri.as_sip_mut() {
            sip.host = host.clone();
            sip.params.remove("lr");
            let changed = uri.to_string();
            prop_assert!(changed.contains(&host), "{}", changed);
            prop_assert!(Uri::parse(&changed).unwrap().equivalent(&uri), "{}", changed);
        }
    }

    #[test]
    fn what_is_built_reads_as_it_was_meant(display in "\\PC{0,12}", user in "\\PC{1,12}", params in params(), number in "[+][0-9]{3,12}") {
        // A '%' that starts no escape is the caller's mistake.
        prop_assume!(!user.contains('%'));
        let uri = SipUri::new(Some(&user), "h:5070").with_flag("lr").with_param("transport", "tcp");
        let address = NameAddr { params: params.clone(), ..NameAddr::new(uri.into()).with_display(&display) };
        let again = NameAddr::parse(&address.to_string()).unwrap();
        prop_assert_eq!(&again, &address);
        prop_assert_eq!(again.display_name().unwrap(), display);
        prop_assert_eq!(again.uri.as_sip().unwrap().user_text().unwrap(), user);
        prop_assert_eq!(again.uri.as_sip().unwrap().host_port(), ("h", 5070));
        for Param { name, .. } in params.iter() {
            prop_assert_eq!(again.params.text(name), params.text(name));
        }
        let tel = Uri::from(TelUri::new(&number));
        prop_assert_eq!(Uri::parse(&tel.to_string()).unwrap(), tel);
        let via = Via { params, ..Via::new("TLS", "[2001:db8::1]:5061", "z9hG4bKx") };
        prop_assert_eq!(Via::parse(&via.to_string()).unwrap(), via);
    }

    #[test]
    fn answers_read(subject in "\\PC{0,20}", body in vec(any::<u8>(), 0..20), status in 100_u16..700) {
        let mut request = Request::new("MESSAGE".parse().unwrap(), Uri::parse("sip:a").unwrap());
        request.headers.append("Via", "SIP/2.0/UDP a;branch=z9hG4bK1");
        request.headers.append("Subject", &subject);
        request.set_body("text/plain", body);
        let response = Response::to(&request, status, None);
        let answered = SipMessage::parse(&response.to_bytes()).unwrap();
        prop_assert_eq!(answered.headers().get("Via"), request.headers.get("Via"));
        let back = SipMessage::parse(&request.to_bytes()).unwrap();
        prop_assert_eq!(&back.as_request().unwrap().body, &request.body);
        prop_assert_eq!(back.headers().get("Subject").unwrap(), request.headers.get("Subject").unwrap());
    }
}
