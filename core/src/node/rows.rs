//! Keys and values of rows, as nodes write them alike.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::store::{NodeStoreOp, Table};

/// A value as it is written.
pub(crate) fn row<T: Serialize>(value: &T) -> Vec<u8> {
    // What is written has text as keys, and nothing that could fail.
    serde_json::to_vec(value).unwrap_or_default()
}

/// A value as it is read; none: it was written by something else.
pub(crate) fn of_row<T: DeserializeOwned>(value: &[u8]) -> Option<T> {
    serde_json::from_slice(value).ok()
}

/// A number as keys that sort by it have it.
pub(crate) fn number_key(number: u64) -> String {
    format!("{number:016x}")
}

pub(crate) fn of_number_key(key: &str) -> Option<u64> {
    u64::from_str_radix(key, 16).ok().filter(|_| key.len() == 16)
}

/// All rows whose keys begin with `prefix` and `/`.
pub(crate) fn below(table: Table, prefix: &str, limit: usize) -> NodeStoreOp {
    NodeStoreOp::Range { table, from: format!("{prefix}/"), below: behind(prefix), limit }
}

/// The first key behind all that begin with `prefix` and `/`.
pub(crate) fn behind(prefix: &str) -> String {
    // In ASCII 0 follows /.
    format!("{prefix}0")
}

/// A part of a key: nothing in it parts, and no two texts have the same.
pub(crate) fn part(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+*#-_.:@".contains(c);
    text.chars().map(|c| if plain(c) { c.to_string() } else { format!("%{:X};", u32::from(c)) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_keys_are_of_one_text_each() {
        assert_eq!(part("a/b c@d"), "a%2F;b%20;c@d");
        for (one, other) in [("/0", "\u{2F0}"), (" AC", "€"), ("%2F;", "/"), ("/", "%2F")] {
            assert_ne!(part(one), part(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn what_is_below_a_prefix_is_no_more_than_that() {
        let NodeStoreOp::Range { from, below, .. } = below(Table::SmScMessage, "G/35", 1) else { panic!() };
        for (key, is_in) in [("G/35/0", true), ("G/35/\u{10ffff}", true), ("G/35", false), ("G/351/0", false)] {
            assert_eq!((from.as_str()..below.as_str()).contains(&key), is_in, "{key}");
        }
    }

    #[test]
    fn numbers_sort_and_come_back() {
        assert!(number_key(9) < number_key(10) && number_key(10) < number_key(u64::MAX));
        assert_eq!((of_number_key(&number_key(77)), of_number_key("1"), of_number_key("g")), (Some(77), None, None));
    }
}
