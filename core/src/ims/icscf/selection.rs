//! Choice of an S-CSCF (TS 24.229 clause 5.3.1.2, TS 23.228 clause 5.1.2.2, TS 29.228 clause 6.7).

use protocol::diameter::cx::Capabilities;

use super::ScscfChoice;

/// The S-CSCFs that may serve a user, the best one first: those that the HSS names, then those that are able to do all that
/// is mandatory, by how much of what is optional they are able to do, then by the order of the configuration. Those of
/// `tried` are left out.
pub(super) fn candidates(choices: &[ScscfChoice], wanted: &Capabilities, tried: &[String]) -> Vec<String> {
    let able = |choice: &&ScscfChoice| wanted.mandatory.iter().all(|needed| choice.capabilities.contains(needed));
    let extras =
        |choice: &ScscfChoice| wanted.optional.iter().filter(|extra| choice.capabilities.contains(extra)).count();
    let mut able: Vec<_> = choices.iter().filter(able).collect();
    able.sort_by_key(|choice| std::cmp::Reverse(extras(choice)));
    let mut names: Vec<String> = Vec::new();
    for name in wanted.servers.iter().chain(able.iter().map(|choice| &choice.uri)) {
        if !names.contains(name) && !tried.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Vec<ScscfChoice> {
        [("sip:s1", &[1, 2][..]), ("sip:s2", &[1, 2, 3]), ("sip:s3", &[1, 2, 3, 4]), ("sip:s4", &[9])]
            .map(|(uri, capabilities)| ScscfChoice { uri: uri.to_owned(), capabilities: capabilities.to_vec() })
            .to_vec()
    }

    fn wanted(mandatory: &[u32], optional: &[u32], servers: &[&str]) -> Capabilities {
        Capabilities {
            mandatory: mandatory.to_vec(),
            optional: optional.to_vec(),
            servers: servers.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn mandatory_capabilities_decide_optional_ones_order() {
        let all = choices();
        assert_eq!(candidates(&all, &wanted(&[1, 2], &[], &[]), &[]), ["sip:s1", "sip:s2", "sip:s3"]);
        assert_eq!(candidates(&all, &wanted(&[1, 2], &[4, 3], &[]), &[]), ["sip:s3", "sip:s2", "sip:s1"]);
        assert_eq!(candidates(&all, &wanted(&[9], &[1], &[]), &[]), ["sip:s4"]);
        assert!(candidates(&all, &wanted(&[1, 9], &[], &[]), &[]).is_empty());
    }

    #[test]
    fn named_servers_come_first_and_nobody_is_tried_twice() {
        let all = choices();
        let tried = ["sip:s1".to_owned()];
        assert_eq!(candidates(&all, &wanted(&[3], &[], &["sip:x", "sip:s3"]), &tried), ["sip:x", "sip:s3", "sip:s2"]);
        assert_eq!(candidates(&all, &wanted(&[], &[], &["sip:s1"]), &tried), ["sip:s2", "sip:s3", "sip:s4"]);
    }
}
