//! Keys of the store, and its rows.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::node::{NodeStoreOp, Table};

/// A row as it is written.
pub(super) fn row<T: Serialize>(value: &T) -> Vec<u8> {
    // What is written here has text as keys, and nothing that could fail.
    serde_json::to_vec(value).unwrap_or_default()
}

/// A row as it is read; none: it was written by something else.
pub(super) fn of_row<T: DeserializeOwned>(value: &[u8]) -> Option<T> {
    serde_json::from_slice(value).ok()
}

pub(super) fn put<T: Serialize>(table: Table, key: String, value: &T) -> NodeStoreOp {
    NodeStoreOp::Put { table, key, value: row(value) }
}

pub(super) const fn delete(table: Table, key: String) -> NodeStoreOp {
    NodeStoreOp::Delete { table, key }
}

/// Of messages and of tasks.
pub(super) fn number_key(number: u64) -> String {
    format!("{number:016x}")
}

pub(super) fn of_number_key(key: &str) -> Option<u64> {
    u64::from_str_radix(key, 16).ok().filter(|_| key.len() == 16)
}

/// `{message}/{piece}`.
pub(super) fn piece_key(message: u64, piece: usize) -> String {
    format!("{message:016x}/{piece:06x}")
}

/// All pieces of a content.
pub(super) fn pieces(message: u64) -> NodeStoreOp {
    // In ASCII 0 follows /.
    let (from, below) = (format!("{message:016x}/"), format!("{message:016x}0"));
    NodeStoreOp::Range { table: Table::MmsContent, from, below, limit: usize::MAX }
}

/// `{way}/{when}/{task}`.
pub(super) fn due_key(way: &str, due_ms: u64, task: u64) -> String {
    format!("{way}/{due_ms:016x}/{task:016x}")
}

/// When, and which task.
pub(super) fn of_due_key(key: &str) -> Option<(u64, u64)> {
    let mut parts = key.rsplitn(3, '/');
    let (task, when) = (parts.next()?, parts.next()?);
    Some((u64::from_str_radix(when, 16).ok()?, of_number_key(task)?))
}

/// A part of a key: nothing in it parts.
pub(super) fn part(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+*#-_.:@".contains(c);
    text.chars().map(|c| if plain(c) { c.to_string() } else { format!("%{:X};", u32::from(c)) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_and_come_back() {
        assert_eq!(of_due_key(&due_key("P:a b", 7, 9)), Some((7, 9)));
        assert!(due_key("G", u64::MAX, 1) > due_key("G", 3, 2) && due_key("G", 3, 3) > due_key("G", 3, 2));
        assert_eq!((of_due_key("G"), of_due_key("G/1/2"), of_number_key("1")), (None, None, None));
        let NodeStoreOp::Range { from, below, .. } = pieces(5) else { panic!() };
        assert!(
            (from.clone()..below.clone()).contains(&piece_key(5, 0)) && (from..below).contains(&piece_key(5, 9999))
        );
        assert!(piece_key(5, 9) < piece_key(5, 10) && piece_key(5, 4096) < piece_key(6, 0));
        assert_eq!(part("a/b c"), "a%2F;b%20;c");
    }
}
