//! Whether a message is what the grammar of its command says (RFC 6733 clauses 3.2, 7.1.3 and 7.1.5).

use super::dictionary::{self, AvpRule};
use super::message::{Avp, DiameterProblem, Flags, Message};
use super::result;

/// Grouped AVPs in each other that are looked into.
const MAX_DEPTH: usize = 8;

/// Checks a request: its bits, that every mandatory AVP is known, and the number of those whose number is bounded.
pub fn check_request(message: &Message) -> Result<(), DiameterProblem> {
    if message.flags.has(Flags::ERROR) {
        return Err(DiameterProblem::new(result::INVALID_HDR_BITS, "a request has the E bit"));
    }
    let command = dictionary::command(message.command)
        .filter(|c| c.application == message.application)
        .ok_or_else(|| DiameterProblem::new(result::COMMAND_UNSUPPORTED, format!("{} is not known", message.name())))?;
    check_avps(&message.avps, 0)?;
    check_rules(message, command.request)
}

/// Checks an answer in the same way; one with the E bit has a grammar of its own (RFC 6733 clause 7.2).
pub fn check_answer(message: &Message) -> Result<(), DiameterProblem> {
    check_avps(&message.avps, 0)?;
    if message.flags.has(Flags::ERROR) {
        let rule = |avp| AvpRule { avp, least: 1, most: 1 };
        let rules = [rule(&dictionary::ORIGIN_HOST), rule(&dictionary::ORIGIN_REALM), rule(&dictionary::RESULT_CODE)];
        return check_rules(message, &rules);
    }
    dictionary::command(message.command).map_or(Ok(()), |command| check_rules(message, command.answer))
}

fn check_avps(avps: &[Avp], depth: usize) -> Result<(), DiameterProblem> {
    for avp in avps {
        let Some(definition) = avp.definition() else {
            if avp.is_mandatory() {
                let what = format!("{avp:?} is mandatory and not known");
                return Err(DiameterProblem { code: result::AVP_UNSUPPORTED, failed: Some(avp.clone()), what });
            }
            continue;
        };
        let (octets, least) = (avp.data.len(), definition.kind.least_octets());
        let fits = match definition.kind {
            dictionary::AvpKind::Unsigned32 | dictionary::AvpKind::Unsigned64 => octets == least,
            dictionary::AvpKind::Address => octets >= least,
            dictionary::AvpKind::Octets | dictionary::AvpKind::Text | dictionary::AvpKind::Grouped => true,
        };
        if !fits {
            let what = format!("{} of {octets} octets", definition.name);
            return Err(DiameterProblem { code: result::INVALID_AVP_LENGTH, failed: Some(avp.clone()), what });
        }
        // Failed-AVP repeats what is wrong in whatever sense: its content is not looked into.
        if definition.kind == dictionary::AvpKind::Grouped && depth < MAX_DEPTH && !avp.is(&dictionary::FAILED_AVP) {
            check_avps(&avp.as_group()?, depth + 1).map_err(|problem| wrap(avp, problem))?;
        }
    }
    Ok(())
}

/// RFC 6733 clause 7.5: a group in Failed-AVP holds down to the AVP that fails, and nothing else.
fn wrap(group: &Avp, mut problem: DiameterProblem) -> DiameterProblem {
    if let Some(failed) = problem.failed.take() {
        problem.failed = Some(Avp { data: super::message::emit_avps(&[failed]), ..group.clone() });
    }
    problem
}

fn check_rules(message: &Message, rules: &[AvpRule]) -> Result<(), DiameterProblem> {
    for rule in rules {
        let found = message.all(rule.avp).count();
        if found < rule.least {
            return Err(DiameterProblem::missing(rule.avp));
        }
        if found > rule.most {
            // The first one too many (RFC 6733 clause 7.1.5).
            let failed = message.all(rule.avp).nth(rule.most).cloned();
            let what = format!("{} is there {found} times", rule.avp.name);
            return Err(DiameterProblem { code: result::AVP_OCCURS_TOO_MANY_TIMES, failed, what });
        }
    }
    Ok(())
}
