//! Groups of MC services (TS 24.481 clause 7.2, on the group document of OMA POC XDM), as far as group calls use them:
//! `list-service` with its `uri`, `display-name`, `list` of `entry` (`uri`, `on-network-required`, `user-priority`,
//! `participant-type`), `invite-members` and `on-network-invite-members`, `max-participant-count` and
//! `on-network-max-participant-count`, `on-network-minimum-number-to-start`, `on-network-group-priority`,
//! `on-network-hang-timer`, `on-network-maximum-duration`, `protect-media`, `protect-floor-control-signalling`, and the
//! `ruleset`. Other elements are kept and not looked at.

use protocol::xcap::{Taken, XcapConflict, parse_document};
use roxmltree::{Document, Node};

use super::{AUID_GROUPS, Context, children, identity, invalid, is_uri, place, policy, required, root, text, unique};

/// Namespace of the group document.
pub const NAMESPACE: &str = "urn:oma:xml:poc:list-service";
/// Namespace of what MC services add (TS 24.481 clause 7.2.4.2).
const MC: &str = "urn:3gpp:ns:mcpttGroupInfo:1.0";

/// TS 24.481 clauses 7.2.4 and 7.2.7.
pub(super) fn check(document: &Document<'_>, context: &Context<'_>) -> Result<(), XcapConflict> {
    let root = root(document, NAMESPACE, "group")?;
    let mut services = children(root, NAMESPACE);
    let (Some(service), None) = (services.next(), services.next()) else {
        return Err(invalid("a group has one list-service"));
    };
    if service.tag_name().name() != "list-service" {
        return Err(invalid(format!("{} in group", service.tag_name().name())));
    }
    let uri = required(service, "uri")?;
    if !is_uri(uri) {
        return Err(invalid(format!("list-service with {uri:?}, which is no URI")));
    }
    for child in service.children().filter(Node::is_element) {
        check_child(child)?;
    }
    if (context.is_taken)(&identity(uri)) {
        let free = (2..).map(|n| numbered(uri, n)).find(|uri| !(context.is_taken)(&identity(uri)));
        let field = format!("{}/@uri", place(service));
        return Err(XcapConflict::Uniqueness(vec![Taken { field, alternatives: free.into_iter().collect() }]));
    }
    Ok(())
}

/// Where the document of a path is one of groups: the URIs of the groups in it.
pub(in crate::ims::xdm) fn group_uris(path: &str, content: &str) -> Vec<String> {
    if !path.strip_prefix(AUID_GROUPS).is_some_and(|rest| rest.starts_with("/users/")) {
        return Vec::new();
    }
    let Ok(document) = parse_document(content.as_bytes()) else { return Vec::new() };
    let services = document.descendants().filter(|n| n.has_tag_name((NAMESPACE, "list-service")));
    services.filter_map(|n| n.attribute("uri")).map(identity).collect()
}

/// Who is in the list of a group.
pub(in crate::ims::xdm) fn members(content: &str) -> Vec<String> {
    let Ok(document) = parse_document(content.as_bytes()) else { return Vec::new() };
    let entries = document.descendants().filter(|n| n.has_tag_name((NAMESPACE, "entry")));
    entries.filter_map(|n| n.attribute("uri")).map(identity).collect()
}

fn check_child(child: Node<'_, '_>) -> Result<(), XcapConflict> {
    let name = child.tag_name();
    match (name.namespace(), name.name()) {
        (Some(NAMESPACE), "list") => check_list(child),
        (Some(NAMESPACE), "invite-members")
        | (Some(MC), "on-network-invite-members" | "protect-media" | "protect-floor-control-signalling") => {
            boolean(child)
        }
        (Some(NAMESPACE), "max-participant-count")
        | (
            Some(MC),
            "on-network-max-participant-count" | "on-network-minimum-number-to-start" | "on-network-group-priority",
        ) => number(child, u32::MAX),
        (Some(MC), "on-network-hang-timer" | "on-network-maximum-duration") => duration(child),
        (Some(space), "ruleset") if space == policy::NAMESPACE => policy::check_ruleset(child),
        _ => Ok(()),
    }
}

fn check_list(list: Node<'_, '_>) -> Result<(), XcapConflict> {
    for entry in children(list, NAMESPACE) {
        match entry.tag_name().name() {
            "entry" => {}
            "external" => {
                required(entry, "anchor")?;
                continue;
            }
            other => return Err(invalid(format!("{other} in list"))),
        }
        let uri = required(entry, "uri")?;
        if !is_uri(uri) {
            return Err(invalid(format!("entry with {uri:?}, which is no URI")));
        }
        for part in children(entry, MC).filter(|n| n.tag_name().name() == "user-priority") {
            number(part, 255)?;
        }
    }
    unique(children(list, NAMESPACE), "uri", identity)
}

fn boolean(node: Node<'_, '_>) -> Result<(), XcapConflict> {
    match text(node) {
        "true" | "false" | "1" | "0" => Ok(()),
        other => Err(invalid(format!("{} is {other:?}", node.tag_name().name()))),
    }
}

fn number(node: Node<'_, '_>, max: u32) -> Result<(), XcapConflict> {
    match text(node).parse::<u32>() {
        Ok(number) if number <= max => Ok(()),
        _ => Err(invalid(format!("{} is {:?}", node.tag_name().name(), text(node)))),
    }
}

/// xs:duration, or seconds.
fn duration(node: Node<'_, '_>) -> Result<(), XcapConflict> {
    let text = text(node);
    let is_duration = text.strip_prefix('P').is_some_and(|rest| {
        rest.chars().any(|c| c.is_ascii_digit()) && rest.chars().all(|c| c.is_ascii_digit() || "YMDTHS.".contains(c))
    });
    match is_duration || text.parse::<u32>().is_ok() {
        true => Ok(()),
        false => Err(invalid(format!("{} is {text:?}", node.tag_name().name()))),
    }
}

/// The same URI with a number behind the user.
fn numbered(uri: &str, n: u32) -> String {
    match uri.split_once('@') {
        Some((user, rest)) => format!("{user}-{n}@{rest}"),
        None => format!("{uri}-{n}"),
    }
}
