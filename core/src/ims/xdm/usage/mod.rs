//! Application usages (RFC 4825 clause 5): what their documents are, and what must hold in them beside being XML.
//!
//! There is no schema engine in the server: each usage looks at the elements and attributes that its RFC names, and leaves
//! alone what is of other namespaces.

mod groups;
mod policy;
mod resource_lists;
mod user_profile;

use std::collections::BTreeSet;

use protocol::xcap::{CAPS_NAMESPACE, CAPS_TYPE, ERROR_NAMESPACE, Taken, XcapConflict, percent_encode};
use protocol::xml::Element;
use roxmltree::{Document, Node};

use super::access::canonical;
use crate::mc::Claims;

pub use groups::NAMESPACE as GROUPS_NAMESPACE;
pub(super) use groups::{group_uris, members};
pub(super) use user_profile::configured;

/// Capabilities of the server (RFC 4825 clause 12).
pub const AUID_CAPS: &str = "xcap-caps";
/// Resource lists (RFC 4826 clause 3).
pub const AUID_RESOURCE_LISTS: &str = "resource-lists";
/// Rules of presence (RFC 5025 clause 9).
pub const AUID_PRES_RULES: &str = "pres-rules";
/// Rules of presence as OMA profiles them.
pub const AUID_OMA_PRES_RULES: &str = "org.openmobilealliance.pres-rules";
/// Groups (TS 24.481 clause 7.2).
pub const AUID_GROUPS: &str = "org.openmobilealliance.groups";

/// Profiles of MCPTT users (TS 24.484 clause 8.3).
pub const AUID_USER_PROFILE: &str = protocol::mc::names::USER_PROFILE_AUID;

/// An application usage.
#[derive(Debug)]
pub(in crate::ims::xdm) struct Usage {
    pub(in crate::ims::xdm) auid: &'static str,
    pub(in crate::ims::xdm) media_type: &'static str,
    /// Of names without a prefix in a node selector (RFC 4825 clause 5.2).
    pub(in crate::ims::xdm) namespace: &'static str,
    pub(in crate::ims::xdm) check: Check,
    /// Administrators write its documents, and their user reads them, with a token for one of these scopes; none: they are his
    /// own.
    pub(in crate::ims::xdm) managed: Option<&'static [Scope]>,
}

/// A scope of access tokens, and whose documents it is for: one of the identities in the token.
pub(in crate::ims::xdm) type Scope = (&'static str, fn(Claims) -> Option<String>);

type Check = fn(&Document<'_>, &Context<'_>) -> Result<(), XcapConflict>;

/// What a check may want to know of the rest.
pub(in crate::ims::xdm) struct Context<'a> {
    /// The XCAP root URI.
    pub(in crate::ims::xdm) root: &'a str,
    /// Whose document it is and its name; nobody's in the tree for all.
    pub(in crate::ims::xdm) place: (&'a str, &'a str),
    /// Whether another document has a group with a URI.
    pub(in crate::ims::xdm) is_taken: &'a dyn Fn(&str) -> bool,
}

/// The usage with an AUID.
pub(in crate::ims::xdm) fn find(auid: &str) -> Option<&'static Usage> {
    USAGES.iter().find(|usage| usage.auid == auid)
}

/// The folder of a user (RFC 4825 clause 6.2).
pub(in crate::ims::xdm) fn user_folder(auid: &str, xui: &str) -> String {
    format!("{}/users/{}/", percent_encode(auid), percent_encode(xui))
}

/// The document of the capabilities (RFC 4825 clause 12.2).
pub(in crate::ims::xdm) fn capabilities() -> String {
    let list = |name: &str, item: &str, values: Vec<&str>| {
        let values: BTreeSet<&str> = values.into_iter().collect();
        values.into_iter().fold(Element::new(name), |list, value| list.child(Element::with_text(item, value)))
    };
    let mut namespaces: Vec<&str> = USAGES.iter().map(|usage| usage.namespace).collect();
    namespaces.extend([ERROR_NAMESPACE, policy::NAMESPACE]);
    Element::new("xcap-caps")
        .attribute("xmlns", CAPS_NAMESPACE)
        .child(list("auids", "auid", USAGES.iter().map(|usage| usage.auid).collect()))
        .child(list("extensions", "extension", Vec::new()))
        .child(list("namespaces", "namespace", namespaces))
        .to_document()
}

static USAGES: [Usage; 6] = [
    Usage { auid: AUID_CAPS, media_type: CAPS_TYPE, namespace: CAPS_NAMESPACE, check: nobody_writes, managed: None },
    Usage {
        auid: AUID_RESOURCE_LISTS,
        media_type: "application/resource-lists+xml",
        namespace: resource_lists::NAMESPACE,
        check: resource_lists::check,
        managed: None,
    },
    Usage {
        auid: AUID_PRES_RULES,
        media_type: "application/auth-policy+xml",
        namespace: "urn:ietf:params:xml:ns:pres-rules",
        check: policy::check,
        managed: None,
    },
    Usage {
        auid: AUID_OMA_PRES_RULES,
        media_type: "application/auth-policy+xml",
        namespace: policy::NAMESPACE,
        check: policy::check_oma,
        managed: None,
    },
    Usage {
        auid: AUID_GROUPS,
        media_type: "application/vnd.oma.poc.groups+xml",
        namespace: groups::NAMESPACE,
        check: groups::check,
        managed: None,
    },
    Usage {
        auid: AUID_USER_PROFILE,
        media_type: protocol::mc::names::USER_PROFILE_CONTENT_TYPE,
        namespace: protocol::mc::names::USER_PROFILE_NAMESPACE,
        check: user_profile::check,
        managed: Some(&user_profile::SCOPES),
    },
];

fn nobody_writes(_: &Document<'_>, _: &Context<'_>) -> Result<(), XcapConflict> {
    Err(XcapConflict::Constraint("the capabilities are the server's own".to_owned()))
}

/// Elements of a namespace among the children of an element.
fn children<'a, 'd>(parent: Node<'a, 'd>, namespace: &'a str) -> impl Iterator<Item = Node<'a, 'd>> {
    parent.children().filter(move |n| n.is_element() && n.tag_name().namespace() == Some(namespace))
}

/// The root element is of that name, or the document is of another schema.
fn root<'a, 'd>(document: &'a Document<'d>, namespace: &str, name: &str) -> Result<Node<'a, 'd>, XcapConflict> {
    let root = document.root_element();
    match root.has_tag_name((namespace, name)) {
        true => Ok(root),
        false => Err(invalid(format!("the root element is to be {name} in {namespace}"))),
    }
}

/// An attribute that must be there, with something in it.
fn required<'a>(node: Node<'a, '_>, name: &str) -> Result<&'a str, XcapConflict> {
    let value = node.attribute(name).map(str::trim).filter(|value| !value.is_empty());
    value.ok_or_else(|| invalid(format!("{} without {name}", node.tag_name().name())))
}

/// No two of the values are the same in one form.
fn unique<'a, 'd: 'a>(
    nodes: impl Iterator<Item = Node<'a, 'd>>,
    attribute: &str,
    form: fn(&str) -> String,
) -> Result<(), XcapConflict> {
    let mut seen = BTreeSet::new();
    let mut taken = Vec::new();
    for node in nodes {
        let Some(value) = node.attribute(attribute) else { continue };
        if !seen.insert(form(value)) {
            taken.push(Taken { field: format!("{}/@{attribute}", place(node)), alternatives: Vec::new() });
        }
    }
    if taken.is_empty() { Ok(()) } else { Err(XcapConflict::Uniqueness(taken)) }
}

/// The way to an element by positions, as in a node selector.
fn place(node: Node<'_, '_>) -> String {
    let mut steps: Vec<String> = node
        .ancestors()
        .filter(Node::is_element)
        .map(|n| format!("*[{}]", n.prev_siblings().filter(Node::is_element).count().max(1)))
        .collect();
    steps.reverse();
    percent_encode(&steps.join("/")).replace("%2F", "/")
}

/// The text of an element.
fn text<'a>(node: Node<'a, '_>) -> &'a str {
    node.text().map_or("", str::trim)
}

fn invalid(why: impl Into<String>) -> XcapConflict {
    XcapConflict::SchemaValidation(why.into())
}

/// A URI with a scheme.
fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, rest)| (scheme, !rest.is_empty()));
    let is_scheme = |s: &str| {
        s.starts_with(|c: char| c.is_ascii_alphabetic())
            && s.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    scheme.is_some_and(|(scheme, has_rest)| is_scheme(scheme) && has_rest)
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"".contains(c))
}

/// An identity in the form that keys have.
fn identity(text: &str) -> String {
    canonical(text.trim())
}
