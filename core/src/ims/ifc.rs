//! Evaluation of initial filter criteria (TS 23.218 clauses 5.2 and 6.4, TS 29.228 annexes B.2, C and F).

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

use super::profile::{
    Condition, InitialFilterCriteria, ProfilePart, RegistrationType, ServicePointTrigger, ServiceProfile, SessionCase,
    TriggerPoint,
};

/// What criteria are held against: an initial request of or to a served user.
#[derive(Clone, Debug)]
pub struct FilterSubject<'a> {
    /// Method.
    pub method: &'a str,
    /// Request-URI.
    pub request_uri: &'a str,
    /// Header fields in order, unfolded, names in their long form.
    pub headers: Vec<(&'a str, &'a str)>,
    /// Session description, when the body is one.
    pub session_description: Option<&'a str>,
    /// Direction and state of the user.
    pub case: SessionCase,
    /// For REGISTER.
    pub registration: Option<RegistrationType>,
}

/// Evaluates criteria and keeps their compiled expressions.
#[derive(Debug, Default)]
pub struct FilterEvaluator {
    patterns: BTreeMap<(PatternKind, String), Result<Regex, String>>,
}

/// An expression of a criterion is none: the criterion is passed over.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("filter criterion of priority {priority} for {server}: {pattern:?} is no regular expression: {why}")]
pub struct FilterProblem {
    /// Priority of the criterion.
    pub priority: u32,
    /// Its application server.
    pub server: String,
    /// The expression.
    pub pattern: String,
    /// What is wrong with it.
    pub why: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum PatternKind {
    /// The whole of a name, without regard to case.
    Name,
    /// Anywhere in a content.
    Content,
}

struct BadPattern {
    pattern: String,
    why: String,
}

impl FilterEvaluator {
    /// The first criterion at or after position `from` that matches, with its position; criteria are sorted by priority.
    /// Criteria with broken expressions are passed over and told in `problems`.
    pub fn next_match<'p>(
        &mut self,
        profile: &'p ServiceProfile,
        from: usize,
        subject: &FilterSubject<'_>,
        problems: &mut Vec<FilterProblem>,
    ) -> Option<(usize, &'p InitialFilterCriteria)> {
        for (position, criterion) in profile.criteria.iter().enumerate().skip(from) {
            match self.matches(criterion, subject) {
                Ok(true) => return Some((position, criterion)),
                Ok(false) => {}
                Err(problem) => problems.push(problem),
            }
        }
        None
    }

    /// Whether one criterion matches.
    pub fn matches(
        &mut self,
        criterion: &InitialFilterCriteria,
        subject: &FilterSubject<'_>,
    ) -> Result<bool, FilterProblem> {
        let unregistered =
            matches!(subject.case, SessionCase::TerminatingUnregistered | SessionCase::OriginatingUnregistered);
        match criterion.profile_part {
            Some(ProfilePart::Registered) if unregistered => return Ok(false),
            Some(ProfilePart::Unregistered) if !unregistered => return Ok(false),
            _ => {}
        }
        let Some(trigger) = &criterion.trigger else { return Ok(true) };
        self.trigger_point(trigger, subject).map_err(|bad| FilterProblem {
            priority: criterion.priority,
            server: criterion.server.name.clone(),
            pattern: bad.pattern,
            why: bad.why,
        })
    }

    /// Groups joined as the trigger point says (TS 29.228 annex C).
    fn trigger_point(&mut self, point: &TriggerPoint, subject: &FilterSubject<'_>) -> Result<bool, BadPattern> {
        let mut groups: BTreeMap<u32, bool> = BTreeMap::new();
        for trigger in &point.triggers {
            let holds = self.condition(&trigger.condition, subject)? != trigger.negated;
            for group in groups_of(trigger) {
                let value = groups.entry(group).or_insert(!point.conjunctive);
                *value = if point.conjunctive { *value || holds } else { *value && holds };
            }
        }
        let mut values = groups.values();
        Ok(if point.conjunctive || groups.is_empty() { values.all(|v| *v) } else { values.any(|v| *v) })
    }

    fn condition(&mut self, condition: &Condition, subject: &FilterSubject<'_>) -> Result<bool, BadPattern> {
        Ok(match condition {
            // A URI with "+" in it, taken as an expression, would not match itself.
            Condition::RequestUri(uri) => subject.request_uri == uri || self.found(uri, subject.request_uri)?,
            Condition::Method { method, registration } => {
                subject.method == method
                    && (registration.is_empty() || subject.registration.is_none_or(|r| registration.contains(&r)))
            }
            Condition::SipHeader { header, content } => {
                let fields = subject.headers.iter().copied();
                self.any_field(header, content.as_deref(), fields)?
            }
            Condition::SessionCase(case) => subject.case == *case,
            Condition::SessionDescription { line, content } => {
                let lines = subject.session_description.unwrap_or_default().lines();
                self.any_field(line, content.as_deref(), lines.filter_map(|l| l.split_once('=')))?
            }
        })
    }

    fn any_field<'a>(
        &mut self,
        name: &str,
        content: Option<&str>,
        fields: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<bool, BadPattern> {
        for (field, value) in fields {
            if self.pattern(PatternKind::Name, name)?.is_match(field)
                && content.map_or(Ok(true), |c| self.found(c, value))?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn found(&mut self, pattern: &str, text: &str) -> Result<bool, BadPattern> {
        Ok(self.pattern(PatternKind::Content, pattern)?.is_match(text))
    }

    fn pattern(&mut self, kind: PatternKind, pattern: &str) -> Result<&Regex, BadPattern> {
        if self.patterns.len() >= MAX_PATTERNS {
            self.patterns.clear();
        }
        let compiled = self.patterns.entry((kind, pattern.to_owned())).or_insert_with(|| compile(kind, pattern));
        compiled.as_ref().map_err(|why| BadPattern { pattern: pattern.to_owned(), why: why.clone() })
    }
}

fn groups_of(trigger: &ServicePointTrigger) -> Vec<u32> {
    if trigger.groups.is_empty() { vec![0] } else { trigger.groups.iter().copied().collect() }
}

fn compile(kind: PatternKind, pattern: &str) -> Result<Regex, String> {
    let whole = match kind {
        PatternKind::Name => format!("^(?:{pattern})$"),
        PatternKind::Content => pattern.to_owned(),
    };
    RegexBuilder::new(&whole)
        .case_insensitive(kind == PatternKind::Name)
        .size_limit(MAX_PATTERN_OCTETS)
        .build()
        .map_err(|e| e.to_string())
}

const MAX_PATTERNS: usize = 4096;
const MAX_PATTERN_OCTETS: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ims::profile::{ApplicationServer, DefaultHandling};

    fn invite() -> FilterSubject<'static> {
        FilterSubject {
            method: "INVITE",
            request_uri: "tel:+99970000002",
            headers: vec![("Accept-Contact", "*;+g.3gpp.smsip;require;explicit"), ("P-Access-Network-Info", "3GPP-E")],
            session_description: Some("v=0\r\nm=audio 4000 RTP/AVP 97\r\na=sendrecv\r\n"),
            case: SessionCase::Originating,
            registration: None,
        }
    }

    fn spt(negated: bool, groups: &[u32], condition: Condition) -> ServicePointTrigger {
        ServicePointTrigger { negated, groups: groups.iter().copied().collect(), condition }
    }

    fn method(m: &str) -> Condition {
        Condition::Method { method: m.to_owned(), registration: [].into() }
    }

    fn header(h: &str, content: Option<&str>) -> Condition {
        Condition::SipHeader { header: h.to_owned(), content: content.map(str::to_owned) }
    }

    fn line(l: &str, content: Option<&str>) -> Condition {
        Condition::SessionDescription { line: l.to_owned(), content: content.map(str::to_owned) }
    }

    fn criterion(conjunctive: bool, triggers: Vec<ServicePointTrigger>) -> InitialFilterCriteria {
        InitialFilterCriteria {
            priority: 1,
            trigger: Some(TriggerPoint { conjunctive, triggers }),
            server: ApplicationServer {
                name: "sip:as".to_owned(),
                default_handling: DefaultHandling::Continued,
                ..ApplicationServer::default()
            },
            profile_part: None,
        }
    }

    fn holds(criterion: &InitialFilterCriteria, subject: &FilterSubject<'_>) -> bool {
        FilterEvaluator::default().matches(criterion, subject).unwrap()
    }

    #[test]
    fn each_condition_and_its_negation() {
        let table = [
            (method("INVITE"), true),
            (method("MESSAGE"), false),
            (Condition::RequestUri("tel:+99970000002".to_owned()), true),
            (Condition::RequestUri("^tel:.*2$".to_owned()), true),
            (Condition::RequestUri("^sip:".to_owned()), false),
            (header("accept-contact", None), true),
            (header("Accept", None), false),
            (header("Accept.*", Some(r"\+g\.3gpp\.smsip")), true),
            (header("Accept-Contact", Some("mcptt")), false),
            (header("P-Access-Network-Info", Some("[[:alpha:]]$")), true),
            (Condition::SessionCase(SessionCase::Originating), true),
            (Condition::SessionCase(SessionCase::TerminatingRegistered), false),
            (line("m", Some("^audio")), true),
            (line("m", Some("video")), false),
            (line("a", None), true),
            (line("b", None), false),
        ];
        for (condition, expected) in table {
            for negated in [false, true] {
                let c = criterion(true, vec![spt(negated, &[0], condition.clone())]);
                assert_eq!(holds(&c, &invite()), expected != negated, "{condition:?} negated {negated}");
            }
        }
    }

    #[test]
    fn groups_are_disjunctions_in_cnf_and_conjunctions_in_dnf() {
        let (yes, no) = (method("INVITE"), method("BYE"));
        // (groups of a true trigger, groups of a false trigger) -> (CNF, DNF)
        let table: [(&[u32], &[u32], bool, bool); 4] = [
            (&[0], &[1], false, true),
            (&[0], &[0], true, false),
            (&[0, 1], &[1], true, true),
            (&[0, 1], &[0, 1], true, false),
        ];
        for (of_true, of_false, cnf, dnf) in table {
            let triggers = vec![spt(false, of_true, yes.clone()), spt(false, of_false, no.clone())];
            assert_eq!(holds(&criterion(true, triggers.clone()), &invite()), cnf, "CNF {of_true:?} {of_false:?}");
            assert_eq!(holds(&criterion(false, triggers), &invite()), dnf, "DNF {of_true:?} {of_false:?}");
        }
    }

    #[test]
    fn registration_types_and_parts_of_the_profile() {
        let types = [RegistrationType::Initial, RegistrationType::DeRegistration].into();
        let condition = Condition::Method { method: "REGISTER".to_owned(), registration: types };
        let c = criterion(false, vec![spt(false, &[0], condition)]);
        let register = |t| FilterSubject { method: "REGISTER", registration: Some(t), ..invite() };
        assert!(holds(&c, &register(RegistrationType::Initial)));
        assert!(!holds(&c, &register(RegistrationType::ReRegistration)));
        assert!(holds(&c, &register(RegistrationType::DeRegistration)));

        let unregistered = FilterSubject { case: SessionCase::TerminatingUnregistered, ..invite() };
        for (part, of_registered, of_unregistered) in [
            (None, true, true),
            (Some(ProfilePart::Registered), true, false),
            (Some(ProfilePart::Unregistered), false, true),
        ] {
            let c = InitialFilterCriteria { profile_part: part, trigger: None, ..criterion(true, vec![]) };
            assert_eq!((holds(&c, &invite()), holds(&c, &unregistered)), (of_registered, of_unregistered));
        }
    }

    #[test]
    fn matches_come_in_the_order_of_priority_and_broken_ones_are_told() {
        let broken = criterion(true, vec![spt(true, &[0], header("Accept-Contact", Some("(")))]);
        let other = criterion(true, vec![spt(false, &[0], method("BYE"))]);
        let matching = InitialFilterCriteria { priority: 4, trigger: None, ..criterion(true, vec![]) };
        let profile =
            ServiceProfile { criteria: vec![broken, other, matching.clone(), matching], ..ServiceProfile::default() };
        let (mut evaluator, mut problems) = (FilterEvaluator::default(), Vec::new());
        let mut positions = Vec::new();
        let mut from = 0;
        while let Some((position, _)) = evaluator.next_match(&profile, from, &invite(), &mut problems) {
            positions.push(position);
            from = position + 1;
        }
        assert_eq!(positions, [2, 3]);
        assert_eq!(problems.len(), 1);
        assert_eq!((problems[0].priority, problems[0].pattern.as_str()), (1, "("));
    }
}
