//! The examples of RFC 4825, and that nothing but the named node changes.

use proptest::prelude::*;

use super::*;

const ROOT: &str = "<?xml version=\"1.0\"?>\n<root>\n <el1 att=\"first\"/>\n <el1 att=\"second\"/>\n <!-- comment -->\n <el2 att=\"first\"/>\n</root>";

fn selector(text: &str) -> NodeSelector {
    NodeSelector::parse(text, &Bindings::default(), None).unwrap()
}

fn put(document: &str, at: &str, body: &str) -> Result<(String, bool), XcapConflict> {
    put_element(document, &selector(at), body.as_bytes())
}

#[test]
fn an_element_is_inserted_where_clause_8_2_3_wants_it() {
    let third = ROOT.replace("\"second\"/>", "\"second\"/><el1 att=\"third\"/>");
    let cases = [
        ("root/el1[@att=\"third\"]", "<el1 att=\"third\"/>", third.clone()),
        ("root/el1[3][@att=\"third\"]", "<el1 att=\"third\"/>", third.clone()),
        ("root/*[3][@att=\"third\"]", "<el1 att=\"third\"/>", third.clone()),
        ("root/*[@att=\"third\"]", "<el1 att=\"third\"/>", third),
        ("root/el3", "<el3 att=\"first\"/>", ROOT.replace("</root>", "<el3 att=\"first\"/></root>")),
        ("root/el2[@att=\"2\"]", "<el2 att=\"2\"/>", ROOT.replace("\n</root>", "<el2 att=\"2\"/>\n</root>")),
        ("root/el2[2][@att=\"2\"]", "<el2 att=\"2\"/>", ROOT.replace("\n</root>", "<el2 att=\"2\"/>\n</root>")),
        (
            "root/*[2][@att=\"2\"]",
            "<el2 att=\"2\"/>",
            ROOT.replace("\"first\"/>\n <el1", "\"first\"/><el2 att=\"2\"/>\n <el1"),
        ),
        ("root/el2[1][@att=\"2\"]", "<el2 att=\"2\"/>", ROOT.replace("<el2 att", "<el2 att=\"2\"/><el2 att")),
        ("root/el2/in", "<in>x</in>", ROOT.replace("<el2 att=\"first\"/>", "<el2 att=\"first\"><in>x</in></el2>")),
    ];
    for (at, body, expected) in cases {
        assert_eq!(put(ROOT, at, body), Ok((expected.clone(), true)), "{at}");
        assert_eq!(get(&expected, &selector(at)).unwrap().text, body, "{at}");
        // The way back: an empty tag that was opened for a child stays open.
        if at != "root/el2/in" {
            assert_eq!(delete(&expected, &selector(at)), Ok(Some(ROOT.to_owned())), "{at}");
        }
    }
}

#[test]
fn what_the_same_address_would_not_lead_to_is_refused() {
    let refused = |at: &str, body: &str, element: &str| {
        assert_eq!(put(ROOT, at, body).unwrap_err().element(), element, "{at} {body}");
    };
    for at in ["root/el1[@att=\"third\"]", "root/el1[3][@att=\"third\"]", "root/*[3][@att=\"third\"]"] {
        refused(at, "<el1 att=\"fourth\"/>", "cannot-insert");
    }
    for at in
        ["root/el1[4][@att=\"third\"]", "root/*[0][@att=\"third\"]", "root/el1[@att=\"first\"]", "other", "root/el1"]
    {
        refused(at, "<el1 att=\"third\"/>", "cannot-insert");
    }
    for body in [
        "",
        "words",
        "<a/><b/>",
        "<a>",
        "<a/></x><x>",
        "<a/></x><!--",
        "<?xml version='1.0'?><a/>",
        "<p:a/>",
        "<a>&b;</a>",
        "<!-- a --><el3/>",
    ] {
        refused("root/el3", body, "not-xml-frag");
    }
    refused("root/el9/a[2]/b", "<b/>", "no-parent");
    assert_eq!(put_element(ROOT, &selector("root/el3"), b"<el3>\xff</el3>"), Err(XcapConflict::NotUtf8));
    let conflict = put(ROOT, "root/el2/a[2]/b", "<b/>").unwrap_err().at("http://x/doc", "xmlns(a=b)");
    assert_eq!(conflict, XcapConflict::NoParent { ancestor: Some("http://x/doc/~~/root/el2?xmlns(a=b)".into()) });
    let told = conflict.to_document();
    assert!(told.contains("<no-parent><ancestor>http://x/doc/~~/root/el2?xmlns(a=b)</ancestor></no-parent>"), "{told}");
    assert_eq!(delete(ROOT, &selector("root/el1[1]")).unwrap_err().element(), "cannot-delete");
    assert_eq!(delete(ROOT, &selector("root")).unwrap_err().element(), "cannot-delete");
    assert_eq!(delete(ROOT, &selector("root/el1")), Ok(None), "two of them: nothing is selected");
}

#[test]
fn attributes_are_put_and_removed_in_place() {
    let at = selector("root/el2/@att");
    let put = |value: &str| put_attribute(ROOT, &at, value.as_bytes());
    assert_eq!(put("a &amp; b"), Ok((ROOT.replace("<el2 att=\"first\"", "<el2 att=\"a &amp; b\""), false)));
    assert_eq!(put("say \"a\""), Ok((ROOT.replace("<el2 att=\"first\"", "<el2 att='say \"a\"'"), false)));
    for value in ["<", "&", "&b;", "\"'"] {
        assert_eq!(put(value).unwrap_err().element(), "not-xml-att-value", "{value}");
    }
    let new = put_attribute(ROOT, &selector("root/el1[2]/@b"), b"1");
    assert_eq!(new, Ok((ROOT.replace("\"second\"", "\"second\" b=\"1\""), true)));
    assert_eq!(put_attribute("<a/>", &selector("a/@b"), b"1"), Ok(("<a b=\"1\"/>".to_owned(), true)));
    assert_eq!(delete("<a c='2'\n b=\"1\" />", &selector("a/@b")), Ok(Some("<a c='2' />".to_owned())));
    let other = put_attribute(ROOT, &selector("root/el1[@att=\"first\"]/@att"), b"third");
    assert_eq!(other.unwrap_err().element(), "cannot-insert");
    let nobody = put_attribute(ROOT, &selector("root/el9/@att"), b"third");
    assert_eq!(nobody, Err(XcapConflict::NoParent { ancestor: Some("root".into()) }));
}

#[test]
fn prefixes_are_of_the_query_and_names_without_one_of_the_usage() {
    let document = "<foo xmlns=\"urn:test:default\"><ns1:bar xmlns:ns1=\"urn:test:ns1\" xmlns=\"urn:other\"><ns2:baz xmlns:ns2=\"urn:test:ns2\" ns2:x=\"1\"/></ns1:bar></foo>";
    let bindings = Bindings::parse("xmlns(a=urn:test:ns1)xmlns(b=urn:test:ns2)xpointer(any(^)thing))").unwrap();
    let parse = |text: &str| NodeSelector::parse(text, &bindings, Some("urn:test:default"));
    let found = |text: &str| get(document, &parse(text).unwrap());
    assert_eq!(found("foo/a:bar/b:baz/@b:x").unwrap().text, "1");
    assert_eq!(found("*/*/*[@b:x='1']").unwrap().kind, PartKind::Element);
    assert_eq!(found("foo/bar"), None);
    assert_eq!(
        found("foo/a:bar/b:baz/namespace::*").unwrap().text,
        "<ns2:baz xmlns=\"urn:other\" xmlns:ns1=\"urn:test:ns1\" xmlns:ns2=\"urn:test:ns2\"/>"
    );
    assert_eq!(parse("foo/c:bar"), Err(SelectorProblem::UnknownPrefix("c".into())));
    let put = put_element(document, &parse("foo/a:bar/b:new").unwrap(), b"<ns3:new xmlns:ns3='urn:test:ns2'/>\n");
    assert_eq!(put.unwrap().0, document.replace("</ns1:bar>", "<ns3:new xmlns:ns3='urn:test:ns2'/></ns1:bar>"));
    for text in [
        "",
        "/",
        "foo/",
        "foo//bar",
        "@a",
        "foo/@a/b",
        "foo[",
        "foo[]",
        "foo[a]",
        "foo[@a]",
        "foo[@a=1]",
        "foo[1][2]",
        "foo[@a=\"1\"][1]",
        "foo[@a=\"&b;\"]",
        "foo[last()]",
        "foo | bar",
        "foo[99999999999]",
        "namespace::*",
    ] {
        assert!(matches!(parse(text), Err(SelectorProblem::Syntax(_))), "{text}");
    }
}

#[test]
fn addresses_are_read_in_one_way_only() {
    let uri = XcapUri::parse(
        "/",
        "/resource-lists/users/sip%3Aann@x.test/index/~~/resource-lists/list%5b@name=%22a/b%22%5d?xmlns(a=b)",
    )
    .unwrap();
    assert_eq!((uri.auid.as_str(), uri.document.as_slice()), ("resource-lists", &["index".to_owned()][..]));
    assert_eq!(uri.tree, Tree::User("sip:ann@x.test".into()));
    assert_eq!(uri.node.as_deref(), Some("resource-lists/list[@name=\"a/b\"]"));
    assert_eq!(uri.document_path(), "resource-lists/users/sip:ann@x.test/index");
    assert_eq!(XcapUri::parse("/root/", "/root/a/global/b/%7E~/c").unwrap().node.as_deref(), Some("c"));
    for path in [
        "/a/users/sip:ann@x.test/../sip:bob@x.test/index",
        "/a/users/sip:ann@x.test/%2e%2E/b",
        "/a/users/sip:ann@x.test/%252e%252e/b",
        "/a/users/sip:ann@x.test//b",
        "//a/users/sip:ann@x.test/b",
        "/a/users/sip:ann@x.test%2f..%2fsip:bob@x.test/b",
        "/a/users/sip:ann@x.test%5c/b",
        "/a/users/./b",
    ] {
        assert!(matches!(XcapUri::parse("/", path), Err(UriProblem::Trick(_))), "{path}");
    }
    for path in ["/", "/a", "/a/users", "/a/users/x", "/a/other/x/y", "/a/global", "x", ""] {
        assert!(XcapUri::parse("/", path).is_err(), "{path}");
    }
    for path in
        ["/a/global/%zz", "/a/global/%ff", "/a/global/%00", "/a/global/%", "/a/global/b?xmlns(", "/a/global/b?x"]
    {
        assert!(matches!(XcapUri::parse("/", path), Err(UriProblem::Malformed(_))), "{path}");
    }
}

#[test]
fn documents_that_grow_are_refused() {
    let refused = |text: &str, why: &str| {
        let error = parse_document(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    refused("<!DOCTYPE a [<!ENTITY b \"ha\">]><a>&b;</a>", "document type");
    refused("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "document type");
    refused("<a>&b;</a>", "entity");
    refused(&format!("{}{}", "<a>".repeat(70), "</a>".repeat(70)), "in each other");
    refused(&format!("<a>{}</a>", "<b/>".repeat(30_000)), "nodes");
    let attributes: String = (0..200).map(|n| format!(" a{n}='1'")).collect();
    refused(&format!("<a{attributes}/>"), "attributes");
    assert_eq!(parse_document(b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>").unwrap_err(), XcapConflict::NotUtf8);
    assert_eq!(parse_document(b"<a>\xe4</a>").unwrap_err(), XcapConflict::NotUtf8);
    assert!(parse_document("<?xml version='1.0' encoding=\"utf-8\"?><a>ä<!-- <!DOCTYPE --></a>".as_bytes()).is_ok());
}

/// An element with what may stand between its children.
fn document() -> impl Strategy<Value = String> {
    let noise = prop_oneof![
        Just(String::new()),
        Just("\n  ".to_owned()),
        Just("<!-- </list> -->".to_owned()),
        Just("<![CDATA[<entry/>]]>".to_owned()),
        Just("<?pi </list>?>".to_owned()),
        "[a-z äß]{0,6}",
    ];
    let tag = prop_oneof![Just("entry"), Just("list"), Just("x:entry")];
    let leaf =
        (tag.clone(), "[a-c]", noise.clone(), any::<bool>()).prop_map(|(tag, value, noise, empty)| match empty {
            true => format!("<{tag}  uri = '{value}'/>"),
            false => format!("<{tag} uri=\"{value}\" >{noise}</{tag} >"),
        });
    let element = leaf.prop_recursive(3, 24, 4, move |inner| {
        let children = prop::collection::vec((noise.clone(), inner), 0..4);
        (tag.clone(), "[a-c]", children).prop_map(|(tag, value, children)| {
            let children: String = children.into_iter().map(|(noise, child)| format!("{noise}{child}")).collect();
            format!("<{tag} uri='{value}'>{children}</{tag}>")
        })
    });
    prop::collection::vec(element, 0..4).prop_map(|elements| {
        format!("<?xml version=\"1.0\"?>\n<list xmlns='u' xmlns:x=\"v\">{}\n</list><!-- end -->\n", elements.concat())
    })
}

fn any_selector() -> impl Strategy<Value = String> {
    let name = prop_oneof![Just("entry"), Just("list"), Just("x:entry"), Just("*")];
    let predicate = prop_oneof![
        Just(String::new()),
        (1..4).prop_map(|n| format!("[{n}]")),
        "[a-c]".prop_map(|v| format!("[@uri=\"{v}\"]")),
        (1..4, "[a-c]").prop_map(|(n, v)| format!("[{n}][@uri='{v}']")),
    ];
    let steps = prop::collection::vec((name, predicate).prop_map(|(n, p)| format!("/{n}{p}")), 0..4);
    (steps, any::<bool>())
        .prop_map(|(steps, attribute)| format!("list{}{}", steps.concat(), if attribute { "/@uri" } else { "" }))
}

/// How long two documents are the same, from the front and from the back.
fn same(a: &str, b: &str) -> (usize, usize) {
    let front = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let back = a.bytes().rev().zip(b.bytes().rev()).take_while(|(a, b)| a == b).count();
    (front, back)
}

proptest! {
    #[test]
    fn nothing_but_the_node_changes(document in document(), text in any_selector(), tag in "(entry|list|x:entry)", value in "[a-c]") {
        let bindings = Bindings::default().with("x", "v");
        let selector = NodeSelector::parse(&text, &bindings, Some("u")).unwrap();
        prop_assert!(parse_document(document.as_bytes()).is_ok(), "{}", document);
        let is_attribute = matches!(selector.terminal, Terminal::Attribute(_));
        let body = if is_attribute { value.clone() } else { format!("<{tag} uri=\"{value}\"/>") };
        let old = get(&document, &selector);
        let put = match is_attribute {
            true => put_attribute(&document, &selector, body.as_bytes()),
            false => put_element(&document, &selector, body.as_bytes()),
        };
        if let Ok((changed, is_new)) = put {
            prop_assert_eq!(is_new, old.is_none());
            prop_assert_eq!(&get(&changed, &selector).unwrap().text, &body);
            let (front, back) = same(&document, &changed);
            let kept = old.as_ref().map_or(document.len(), |old| document.len() - old.text.len());
            // What opens an empty tag, and the quotes around a value, may change with the node: `/>`, `''`.
            prop_assert!(front + back + 2 >= kept, "{} -> {}", document, changed);
            // Putting back what was there gives the document that was there.
            if let Some(old) = old {
                let back = match is_attribute {
                    true => put_attribute(&changed, &selector, old.text.as_bytes()),
                    false => put_element(&changed, &selector, old.text.as_bytes()),
                };
                if let Ok((again, _)) = back {
                    prop_assert_eq!(again, document.clone());
                }
            }
        }
        match delete(&document, &selector) {
            Ok(Some(changed)) => {
                prop_assert!(get(&changed, &selector).is_none());
                let (front, back) = same(&document, &changed);
                prop_assert!(front + back >= changed.len(), "one stretch is gone: {} -> {}", document, changed);
            }
            Ok(None) => prop_assert!(get(&document, &selector).is_none()),
            Err(conflict) => prop_assert_eq!(conflict.element(), "cannot-delete"),
        }
    }
}
