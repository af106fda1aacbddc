//! Resource lists (RFC 4826 clause 3).

use protocol::xcap::XcapConflict;
use roxmltree::{Document, Node};

use super::{Context, children, identity, invalid, is_uri, required, root, unique};

pub(super) const NAMESPACE: &str = "urn:ietf:params:xml:ns:resource-lists";

/// RFC 4826 clauses 3.2 and 3.4.5.
pub(super) fn check(document: &Document<'_>, context: &Context<'_>) -> Result<(), XcapConflict> {
    let root = root(document, NAMESPACE, "resource-lists")?;
    for child in children(root, NAMESPACE) {
        match child.tag_name().name() {
            "list" => check_list(child, context)?,
            other => return Err(invalid(format!("{other} in resource-lists"))),
        }
    }
    unique(named(root, "list"), "name", str::to_owned)
}

fn named<'a, 'd>(parent: Node<'a, 'd>, name: &'a str) -> impl Iterator<Item = Node<'a, 'd>> {
    children(parent, NAMESPACE).filter(move |n| n.tag_name().name() == name)
}

fn check_list(list: Node<'_, '_>, context: &Context<'_>) -> Result<(), XcapConflict> {
    for (at, child) in children(list, NAMESPACE).enumerate() {
        match child.tag_name().name() {
            "display-name" if at == 0 => {}
            "display-name" => return Err(invalid("display-name that is not the first in its list")),
            "list" => check_list(child, context)?,
            "entry" => {
                let uri = required(child, "uri")?;
                if !is_uri(uri) {
                    return Err(invalid(format!("entry with {uri:?}, which is no URI")));
                }
                only_display_name(child)?;
            }
            "entry-ref" => {
                check_reference(required(child, "ref")?)?;
                only_display_name(child)?;
            }
            "external" => {
                if let Some(anchor) = child.attribute("anchor") {
                    check_anchor(anchor, context)?;
                }
                only_display_name(child)?;
            }
            other => return Err(invalid(format!("{other} in a list"))),
        }
    }
    unique(named(list, "list"), "name", str::to_owned)?;
    unique(named(list, "entry"), "uri", identity)?;
    unique(named(list, "entry-ref"), "ref", str::to_owned)?;
    unique(named(list, "external"), "anchor", str::to_owned)
}

fn only_display_name(node: Node<'_, '_>) -> Result<(), XcapConflict> {
    match children(node, NAMESPACE).find(|n| n.tag_name().name() != "display-name") {
        Some(other) => Err(invalid(format!("{} in {}", other.tag_name().name(), node.tag_name().name()))),
        None if children(node, NAMESPACE).count() > 1 => Err(invalid("more than one display-name")),
        None => Ok(()),
    }
}

/// A relative path below the XCAP root to an entry of resource lists.
fn check_reference(reference: &str) -> Result<(), XcapConflict> {
    let is_entry = reference.starts_with("resource-lists/users/") && reference.contains("/~~/");
    match is_entry && !reference.contains("/../") {
        true => Ok(()),
        false => Err(XcapConflict::Constraint(format!("entry-ref {reference:?} leads to no entry of resource lists"))),
    }
}

/// An HTTP URI of a list.
fn check_anchor(anchor: &str, context: &Context<'_>) -> Result<(), XcapConflict> {
    let is_http = anchor.starts_with("http://") || anchor.starts_with("https://");
    let is_ours = anchor
        .strip_prefix(context.root.trim_end_matches('/'))
        .is_none_or(|path| path.trim_start_matches('/').starts_with("resource-lists/") && path.contains("/~~/"));
    match is_http && is_ours && is_uri(anchor) {
        true => Ok(()),
        false => Err(XcapConflict::Constraint(format!("external {anchor:?} is no HTTP URI of a list"))),
    }
}
