//! Paths and parameters of MAIL and RCPT (RFC 5321 clause 4.1.2).

/// Takes a path in angle brackets off: without them and without a source route (clause 4.1.1.3), and what stands behind it.
pub(super) fn split_path(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start().strip_prefix('<')?;
    let end = outside_quotes(text, b'>')?;
    let (path, rest) = (&text[..end], &text[end + 1..]);
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let path = match path.starts_with('@') {
        true => &path[outside_quotes(path, b':')? + 1..],
        false => path,
    };
    Some((path, rest))
}

/// Is a path a mailbox (RFC 5321 clause 4.1.2): a local part, `@`, a domain or an address literal?
pub fn is_mailbox(path: &str) -> bool {
    let Some(at) = outside_quotes(path, b'@') else { return false };
    let (local, domain) = (&path[..at], &path[at + 1..]);
    path.len() <= MAX_PATH && is_local(local) && is_domain(domain)
}

/// Is it a mailbox, or the one that every server has (clause 4.5.1)?
pub(super) fn is_recipient(path: &str) -> bool {
    is_mailbox(path) || path.eq_ignore_ascii_case("postmaster")
}

/// Is it nobody (clause 4.5.5), or a mailbox?
pub(super) fn is_sender(path: &str) -> bool {
    path.is_empty() || is_mailbox(path)
}

/// Is it a domain or an address literal?
pub(crate) fn is_domain(domain: &str) -> bool {
    let literal = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(literal) = literal {
        return !literal.is_empty() && literal.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-".contains(&b));
    }
    // An underscore is in no domain, and in many a name of a host.
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    domain.len() <= 255 && domain.split('.').all(is_label)
}

/// Parameters, `KEY` or `KEY=value`, as they stand.
pub(super) fn params(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let words = text.split(' ').filter(|word| !word.is_empty());
    words.map(|word| word.split_once('=').map_or((word, None), |(key, value)| (key, Some(value))))
}

fn is_local(local: &str) -> bool {
    if let Some(quoted) = local.strip_prefix('"') {
        let mut octets = quoted.bytes();
        loop {
            match octets.next() {
                Some(b'"') => return octets.next().is_none(),
                Some(b'\\') if octets.next().is_some_and(is_printable) => {}
                Some(b'\\') | None => return false,
                Some(octet) if is_printable(octet) => {}
                Some(_) => return false,
            }
        }
    }
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atext);
    local.split('.').all(is_atom)
}

const fn is_printable(octet: u8) -> bool {
    matches!(octet, b' '..=b'~')
}

/// RFC 5322 clause 3.2.3.
pub(crate) fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}

/// Where `wanted` first stands outside of a quoted string.
fn outside_quotes(text: &str, wanted: u8) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.bytes().position(|octet| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match octet {
            b'\\' if is_quoted && !was_escaped => is_escaped = true,
            b'"' if !was_escaped => is_quoted = !is_quoted,
            _ => return octet == wanted && !is_quoted,
        }
        false
    })
}

/// Clause 4.5.3.1.3, without the angle brackets.
const MAX_PATH: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_off() {
        let good = [
            ("<a@b.example>", "a@b.example", ""),
            (" <a@b.example> SIZE=3", "a@b.example", " SIZE=3"),
            ("<>", "", ""),
            // RFC 5321 clause 4.1.1.3.
            ("<@hosta.int,@jkl.org:userc@d.bar.org>", "userc@d.bar.org", ""),
            ("<\"a>\\\"b\"@c> X", "\"a>\\\"b\"@c", " X"),
            ("<+4915112345678/TYPE=PLMN@mms.example.net>", "+4915112345678/TYPE=PLMN@mms.example.net", ""),
        ];
        for (text, path, rest) in good {
            assert_eq!(split_path(text), Some((path, rest)), "{text}");
            assert!(is_sender(path), "{path}");
        }
        for text in ["a@b", "<a@b", "<a@b>X", "<@a>", "", "<\"a>@b"] {
            assert_eq!(split_path(text), None, "{text}");
        }
    }

    #[test]
    fn mailboxes_are_told_from_others() {
        for path in
            ["a@b", "a.b@c.d", "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "\"a b\"@c", "\"@\"@c", "+1/TYPE=PLMN@h"]
        {
            assert!(is_mailbox(path), "{path}");
        }
        for path in
            ["a", "@b", "a@", "a..b@c", ".a@c", "a b@c", "a@b c", "a@b@c", "\"a@b", "\"a\"b@c", "a@b..c", "a@[]"]
        {
            assert!(!is_mailbox(path), "{path}");
        }
        let long = format!("{}@b", "a".repeat(260));
        assert!(!is_mailbox(&long) && is_recipient("Postmaster") && !is_recipient(""));
    }
}
