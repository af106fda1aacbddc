//! Rules of presence: common policy (RFC 4745) with the actions and transformations of RFC 5025.

use std::collections::BTreeSet;

use protocol::xcap::{Taken, XcapConflict};
use roxmltree::{Document, Node};

use super::{Context, children, invalid, place, required, root, text};

pub(super) const NAMESPACE: &str = "urn:ietf:params:xml:ns:common-policy";
/// RFC 5025 clause 3.
const PRES_RULES: &str = "urn:ietf:params:xml:ns:pres-rules";
/// OMA XDM core.
const OMA: &str = "urn:oma:xml:xdm:common-policy";

/// RFC 4745 clause 13 and RFC 5025 clause 3.
pub(super) fn check(document: &Document<'_>, _: &Context<'_>) -> Result<(), XcapConflict> {
    check_ruleset(root(document, NAMESPACE, "ruleset")?)
}

/// The same, and one condition about identities per rule (OMA presence XDM: combinations are not evaluated).
pub(super) fn check_oma(document: &Document<'_>, context: &Context<'_>) -> Result<(), XcapConflict> {
    check(document, context)?;
    for conditions in document.descendants().filter(|n| n.has_tag_name((NAMESPACE, "conditions"))) {
        let of_oma = ["external-list", "other-identity", "anonymous-request"];
        let is_who = |n: &Node<'_, '_>| {
            n.has_tag_name((NAMESPACE, "identity")) || of_oma.iter().any(|name| n.has_tag_name((OMA, *name)))
        };
        if conditions.children().filter(is_who).count() > 1 {
            return Err(XcapConflict::Constraint("more than one condition about who asks in a rule".to_owned()));
        }
    }
    Ok(())
}

/// A ruleset, of a document of its own or in one.
pub(super) fn check_ruleset(ruleset: Node<'_, '_>) -> Result<(), XcapConflict> {
    let mut ids = BTreeSet::new();
    for rule in children(ruleset, NAMESPACE) {
        if rule.tag_name().name() != "rule" {
            return Err(invalid(format!("{} in ruleset", rule.tag_name().name())));
        }
        let id = required(rule, "id")?;
        // xs:ID.
        let starts = id.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !starts || !id.chars().all(|c| c.is_alphanumeric() || "-._".contains(c)) {
            return Err(invalid(format!("rule with the id {id:?}, which is no XML name")));
        }
        if !ids.insert(id) {
            let field = format!("{}/@id", place(rule));
            return Err(XcapConflict::Uniqueness(vec![Taken { field, alternatives: Vec::new() }]));
        }
        check_rule(rule)?;
    }
    Ok(())
}

fn check_rule(rule: Node<'_, '_>) -> Result<(), XcapConflict> {
    let order = ["conditions", "actions", "transformations"];
    let mut next = 0;
    for part in children(rule, NAMESPACE) {
        let name = part.tag_name().name();
        let at = order.iter().position(|known| *known == name);
        let at = at.filter(|at| *at >= next).ok_or_else(|| invalid(format!("{name} at that place in a rule")))?;
        next = at + 1;
        match at {
            0 => check_conditions(part)?,
            1 => check_actions(part)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_conditions(conditions: Node<'_, '_>) -> Result<(), XcapConflict> {
    for condition in children(conditions, NAMESPACE) {
        match condition.tag_name().name() {
            "identity" => children(condition, NAMESPACE).try_for_each(check_identity)?,
            "sphere" => drop(required(condition, "value")?),
            "validity" => check_validity(condition)?,
            other => return Err(invalid(format!("{other} in conditions"))),
        }
    }
    Ok(())
}

fn check_identity(who: Node<'_, '_>) -> Result<(), XcapConflict> {
    match who.tag_name().name() {
        "one" => required(who, "id").map(drop),
        "many" => children(who, NAMESPACE).try_for_each(|except| {
            let is_except = except.tag_name().name() == "except";
            match is_except && (except.has_attribute("id") || except.has_attribute("domain")) {
                true => Ok(()),
                false => Err(invalid("many with something else than except with id or domain")),
            }
        }),
        other => Err(invalid(format!("{other} in identity"))),
    }
}

/// Pairs of from and until.
fn check_validity(validity: Node<'_, '_>) -> Result<(), XcapConflict> {
    let times: Vec<_> = children(validity, NAMESPACE).collect();
    let is_pair = |pair: &[Node<'_, '_>]| {
        let is_time = |n: &Node<'_, '_>| text(*n).len() >= 19 && text(*n).as_bytes()[10] == b'T';
        let names = pair.iter().map(|n| n.tag_name().name());
        names.eq(["from", "until"]) && pair.iter().all(is_time)
    };
    match !times.is_empty() && times.chunks(2).all(is_pair) {
        true => Ok(()),
        false => Err(invalid("validity that is not of pairs of from and until")),
    }
}

/// RFC 5025 clause 3.2.1.
fn check_actions(actions: Node<'_, '_>) -> Result<(), XcapConflict> {
    let mut handling = children(actions, PRES_RULES).filter(|n| n.tag_name().name() == "sub-handling");
    let known = ["block", "confirm", "polite-block", "allow"];
    match (handling.next(), handling.next()) {
        (Some(one), None) if known.contains(&text(one)) => Ok(()),
        (None, None) => Ok(()),
        (Some(one), None) => Err(invalid(format!("sub-handling {:?}", text(one)))),
        _ => Err(invalid("more than one sub-handling")),
    }
}
