use super::*;

fn headers() -> Headers {
    let mut headers = Headers::new();
    for (name, value) in [
        ("v", "SIP/2.0/UDP a;branch=z9hG4bK1 , SIP/2.0/UDP b"),
        ("Via", "SIP/2.0/TCP c"),
        ("To", "\"x, y\" <sip:a,b@c>"),
        ("rOUTE", "<sip:r1;lr>,,<sip:r2,x;lr>"),
    ] {
        headers.append(name, value);
    }
    headers
}

#[test]
fn compact_names_and_case_do_not_matter() {
    let h = headers();
    assert_eq!(h.all("VIA").count(), 2);
    assert_eq!(
        h.values("via").collect::<Vec<_>>(),
        ["SIP/2.0/UDP a;branch=z9hG4bK1", "SIP/2.0/UDP b", "SIP/2.0/TCP c"]
    );
    assert_eq!(h.get("t"), Some("\"x, y\" <sip:a,b@c>"));
    assert_eq!(h.values("To").count(), 1);
    assert!(!h.contains("f"));
}

#[test]
fn the_topmost_value_comes_and_goes() {
    let mut h = headers();
    h.prepend("Route", "<sip:r0;lr>");
    h.prepend("Via", "SIP/2.0/UDP top");
    h.prepend("Path", "<sip:p>");
    let order: Vec<_> = h.iter().map(Field::name).collect();
    assert_eq!(order, ["Via", "v", "Via", "Path", "To", "Route", "rOUTE"]);
    assert!(h.replace_first_value("Via", "SIP/2.0/UDP new"));
    assert_eq!(h.pop_first_value("v").unwrap(), "SIP/2.0/UDP new");
    assert!(h.replace_first_value("v", "SIP/2.0/UDP a2"));
    assert_eq!(h.get("Via"), Some("SIP/2.0/UDP a2, SIP/2.0/UDP b"));
    let routes: Vec<_> = std::iter::from_fn(|| h.pop_first_value("route")).collect();
    assert_eq!(routes, ["<sip:r0;lr>", "<sip:r1;lr>", "<sip:r2,x;lr>"]);
    assert!(!h.contains("Route") && !h.replace_first_value("Route", "x"));
}

#[test]
fn set_leaves_one_and_remove_none() {
    let mut h = headers();
    h.set("via", "one");
    assert_eq!(h.values("Via").collect::<Vec<_>>(), ["one"]);
    assert_eq!(h.iter().next().unwrap().name(), "v");
    assert_eq!(h.remove("Via"), 1);
    assert_eq!(h.len(), 2);
}

#[test]
fn a_value_cannot_smuggle_a_field_in() {
    let mut h = Headers::new();
    h.append("Subject", "x\r\nRoute: <sip:evil>\n\n");
    let mut out = Vec::new();
    h.emit(&mut out);
    assert_eq!(String::from_utf8(out).unwrap(), "Subject: x  Route: <sip:evil>\r\n");
}
