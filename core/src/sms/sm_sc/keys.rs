//! Keys of the store: what is read in order has keys that sort so.

use crate::node::rows::part;

/// `{route}/{when}/{rest of the lane's name}`. The state of the lane, without which no message is looked for, is the
/// truth; a row of [`crate::node::Table::SmScDue`] only leads there.
pub(super) fn due_key(lane: &str, due_ms: u64) -> String {
    let (route, rest) = lane.split_once('/').unwrap_or((lane, ""));
    format!("{route}/{due_ms:016x}/{rest}")
}

/// When, and which lane.
pub(super) fn of_due_key(key: &str) -> Option<(u64, String)> {
    let mut parts = key.splitn(3, '/');
    let (route, when, rest) = (parts.next()?, parts.next()?, parts.next()?);
    Some((u64::from_str_radix(when, 16).ok()?, format!("{route}/{rest}")))
}

/// `{lane}/{0 when urgent, else 1}{number}`.
pub(super) fn message_key(lane: &str, is_urgent: bool, number: u64) -> String {
    format!("{lane}/{}{number:016x}", if is_urgent { 0 } else { 1 })
}

/// The lane of a message, and its number.
pub(super) fn of_message_key(key: &str) -> Option<(&str, u64)> {
    let (lane, rest) = key.rsplit_once('/')?;
    Some((lane, u64::from_str_radix(rest.get(1..)?, 16).ok()?))
}

pub(super) fn timer_key(at_ms: u64, number: u64) -> String {
    format!("{at_ms:016x}{number:016x}")
}

/// When, and of which message.
pub(super) fn of_timer_key(key: &str) -> Option<(u64, u64)> {
    let (at, number) = key.split_at_checked(16)?;
    Some((u64::from_str_radix(at, 16).ok()?, u64::from_str_radix(number, 16).ok()?))
}

/// What has the same originator, destination and reference, without the number.
pub(super) fn origin(source: &str, destination: &str, reference: &str) -> String {
    format!("{}/{}/{}", part(source), part(destination), part(reference))
}

/// `{origin}/{0 while it is held, else 1}{what the number lacks to the highest}`: a range begins with those that are held, and
/// with the last that came.
pub(super) fn origin_key(origin: &str, is_held: bool, number: u64) -> String {
    format!("{origin}/{}{:016x}", if is_held { 0 } else { 1 }, !number)
}

/// Whether it is held, and its number.
pub(super) fn of_origin_key(key: &str) -> Option<(bool, u64)> {
    let (_, rest) = key.rsplit_once('/')?;
    let (held, number) = rest.split_at_checked(1).filter(|(_, number)| number.len() == 16)?;
    Some((held == "0", !u64::from_str_radix(number, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_and_come_back() {
        let lane = "E:bank/358401/My%20;Bank";
        assert_eq!(of_due_key(&due_key(lane, 77)), Some((77, lane.to_owned())));
        assert!(due_key("G/1", u64::MAX) > due_key("G/2", 3) && due_key("G/2", 3) > due_key("G/9", 2));
        let key = message_key(lane, false, 9);
        assert_eq!(of_message_key(&key), Some((lane, 9)));
        assert!(message_key(lane, true, 10) < key && key < message_key(lane, false, 10));
        assert_eq!(of_timer_key(&timer_key(5, 6)), Some((5, 6)));
        let [old, new, done] =
            [(true, 6), (true, 7), (false, 8)].map(|(held, number)| origin_key("a/b/c", held, number));
        assert!(new < old && old < done);
        assert_eq!((of_origin_key(&new), of_origin_key(&done)), (Some((true, 7)), Some((false, 8))));
        assert_eq!((of_origin_key("a/"), of_origin_key("a/b/c/0123")), (None, None));
        assert_eq!((of_timer_key("x"), of_due_key("G/x"), of_message_key("G")), (None, None, None));
        // No two originators are one.
        assert_ne!(origin("/0", "1", "1"), origin("\u{2F0}", "1", "1"));
        assert_ne!(origin(" AC", "1", "1"), origin("€", "1", "1"));
    }
}
