//! Keys of the store, and its rows.

use serde::Serialize;

use crate::node::rows::{below, number_key, of_number_key, row};
use crate::node::{NodeStoreOp, Table};

pub(super) fn put<T: Serialize>(table: Table, key: String, value: &T) -> NodeStoreOp {
    NodeStoreOp::Put { table, key, value: row(value) }
}

pub(super) const fn delete(table: Table, key: String) -> NodeStoreOp {
    NodeStoreOp::Delete { table, key }
}

/// `{message}/{piece}`.
pub(super) fn piece_key(message: u64, piece: usize) -> String {
    format!("{message:016x}/{piece:06x}")
}

/// All pieces of a content.
pub(super) fn pieces(message: u64) -> NodeStoreOp {
    below(Table::MmsContent, &number_key(message), usize::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_and_come_back() {
        assert_eq!(of_due_key(&due_key("P:a b", 7, 9)), Some((7, 9)));
        assert!(due_key("G", u64::MAX, 1) > due_key("G", 3, 2) && due_key("G", 3, 3) > due_key("G", 3, 2));
        assert_eq!((of_due_key("G"), of_due_key("G/1/2")), (None, None));
        let NodeStoreOp::Range { from, below, .. } = pieces(5) else { panic!() };
        assert!(
            (from.clone()..below.clone()).contains(&piece_key(5, 0)) && (from..below).contains(&piece_key(5, 9999))
        );
        assert!(piece_key(5, 9) < piece_key(5, 10) && piece_key(5, 4096) < piece_key(6, 0));
    }
}
