//! Presence authorisation rules (RFC 5025 on RFC 4745): who may watch, and what he is shown.

mod conditions;
mod provided;

use super::{Qualified, XmlProblem};

pub use conditions::{Asking, Conditions, Except, Identity, Many, Validity};
pub use provided::{Choice, Provided, UserInput};

/// Content type of the documents (RFC 5025 clause 9.4, RFC 4745 clause 15.2).
pub const PRES_RULES_CONTENT_TYPE: &str = "application/auth-policy+xml";

/// RFC 4745 clause 13.
pub const COMMON_POLICY_NAMESPACE: &str = "urn:ietf:params:xml:ns:common-policy";

/// RFC 5025 clause 6.
pub const PRES_RULES_NAMESPACE: &str = "urn:ietf:params:xml:ns:pres-rules";

/// Namespace of the conditions that OMA has added (OMA-TS-XDM_Core clause 6.6.2.3, for TS 24.141 clause 5.2).
pub const OMA_COMMON_POLICY_NAMESPACE: &str = "urn:oma:xml:xdm:common-policy";

/// A `ruleset`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PresRules {
    /// Its rules; their order does not matter.
    pub rules: Vec<PresRule>,
}

/// A `rule`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PresRule {
    /// Tells it from others.
    pub id: String,
    /// When it applies.
    pub conditions: Conditions,
    /// What becomes of the subscription.
    pub handling: Option<SubHandling>,
    /// What the watcher is shown.
    pub provided: Provided,
}

/// What becomes of a subscription; what comes later permits more (RFC 5025 clause 3.2.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum SubHandling {
    /// Refused.
    #[default]
    Block,
    /// Waits until the presentity decides.
    Confirm,
    /// Accepted, and told what says nothing.
    PoliteBlock,
    /// Accepted.
    Allow,
}

/// What the rules say to a watcher.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decision {
    /// What becomes of its subscription.
    pub handling: SubHandling,
    /// What it is shown.
    pub provided: Provided,
}

/// Why a document was not understood.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PresRulesProblem {
    /// As XML.
    #[error(transparent)]
    Xml(#[from] XmlProblem),
    /// As pres-rules.
    #[error("pres-rules: {what} is missing or wrong: {value:?}")]
    Field {
        /// Element or attribute.
        what: &'static str,
        /// What was there.
        value: String,
    },
}

impl SubHandling {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Block, Self::Confirm, Self::PoliteBlock, Self::Allow];

    /// As the document has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Confirm => "confirm",
            Self::PoliteBlock => "polite-block",
            Self::Allow => "allow",
        }
    }
}

impl PresRules {
    /// Reads a document. A condition that is not known makes its rule apply to nobody (RFC 4745 clause 7); an action or a
    /// transformation that is not known permits nothing.
    pub fn parse(document: &str) -> Result<Self, PresRulesProblem> {
        let root = Qualified::parse(document)?;
        if !root.is(COMMON_POLICY_NAMESPACE, "ruleset") {
            return Err(field("ruleset", Some(&root.name)));
        }
        let rules = root.children().filter(|e| e.is(COMMON_POLICY_NAMESPACE, "rule"));
        Ok(Self { rules: rules.map(PresRule::read).collect::<Result<_, _>>()? })
    }

    /// Writes the document.
    pub fn to_document(&self) -> String {
        let root = Qualified::new(COMMON_POLICY_NAMESPACE, "ruleset");
        self.rules.iter().fold(root, |root, rule| root.child(rule.write())).to_document()
    }

    /// What the rules that apply permit together (RFC 4745 clause 10.2): the most of each. Without any the answer is to block
    /// (RFC 5025 clause 3.2.1).
    pub fn decide(&self, asking: &Asking<'_>) -> Decision {
        let applying = self.rules.iter().filter(|rule| rule.conditions.hold(asking, self));
        applying.fold(Decision::default(), |mut decision, rule| {
            decision.handling = decision.handling.max(rule.handling.unwrap_or_default());
            decision.provided.merge(&rule.provided);
            decision
        })
    }
}

impl PresRule {
    /// A rule for some identities that shows them everything.
    pub fn allowing(id: &str, identities: &[&str]) -> Self {
        let ones = identities.iter().map(|identity| (*identity).to_owned()).collect();
        Self {
            id: id.to_owned(),
            conditions: Conditions { identity: Some(Identity { ones, manys: Vec::new() }), ..Conditions::default() },
            handling: Some(SubHandling::Allow),
            provided: Provided::everything(),
        }
    }

    fn read(element: &Qualified) -> Result<Self, PresRulesProblem> {
        let part = |name| element.first(COMMON_POLICY_NAMESPACE, name);
        let handling = part("actions").and_then(|actions| actions.first(PRES_RULES_NAMESPACE, "sub-handling"));
        let handling = handling.map(|element| {
            let word = element.text();
            let known = SubHandling::ALL.into_iter().find(|own| own.name() == word);
            known.ok_or_else(|| field("sub-handling", Some(&word)))
        });
        Ok(Self {
            id: element.value_of("id").ok_or_else(|| field("id of rule", None))?.to_owned(),
            conditions: part("conditions").map(Conditions::read).transpose()?.unwrap_or_default(),
            handling: handling.transpose()?,
            provided: part("transformations").map(Provided::read).transpose()?.unwrap_or_default(),
        })
    }

    fn write(&self) -> Qualified {
        let mut rule = Qualified::new(COMMON_POLICY_NAMESPACE, "rule").attribute("id", &self.id);
        rule = rule.child(self.conditions.write());
        if let Some(handling) = self.handling {
            let handling = Qualified::new(PRES_RULES_NAMESPACE, "sub-handling").with_text(handling.name());
            rule = rule.child(Qualified::new(COMMON_POLICY_NAMESPACE, "actions").child(handling));
        }
        rule.child(self.provided.write())
    }
}

fn field(what: &'static str, value: Option<&str>) -> PresRulesProblem {
    PresRulesProblem::Field { what, value: value.unwrap_or_default().to_owned() }
}

#[cfg(test)]
mod tests;
