//! Usages of dialogs of one kind, by the thousand: which of them something has happened to, when each is due, and in whose
//! dialog a request is. Nothing here takes longer because there are many others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::sip::session::Session;
use crate::sip::subscription::{Notifier, Subscriber};
use crate::{Due, Instant};

/// What a dialog is used for.
pub(super) trait Usage {
    /// Its Call-ID and our tag; they stay.
    fn dialog(&self) -> (&str, &str);
    /// When it wants to be called at the latest.
    fn due(&self) -> Option<Instant>;
    /// Nothing more is to come of it.
    fn is_over(&self) -> bool;
}

/// Usages by their names.
#[derive(Debug)]
pub(super) struct Usages<K, U> {
    all: BTreeMap<K, U>,
    /// Asked by name alone: nothing depends on its order.
    dialogs: HashMap<String, K>,
    due: Due<Instant, K>,
    /// Those that were handed out to be changed since they were looked after last.
    touched: BTreeSet<K>,
    /// Those that were found to be over since that was asked last.
    over: BTreeSet<K>,
}

impl<K, U> Default for Usages<K, U> {
    fn default() -> Self {
        let (touched, over) = (BTreeSet::new(), BTreeSet::new());
        Self { all: BTreeMap::new(), dialogs: HashMap::new(), due: Due::default(), touched, over }
    }
}

impl<K: Ord + Copy, U: Usage> Usages<K, U> {
    pub(super) fn insert(&mut self, key: K, usage: U) {
        let (call_id, tag) = usage.dialog();
        self.dialogs.entry(dialog_name(call_id, tag)).or_insert(key);
        self.touched.insert(key);
        self.all.insert(key, usage);
    }

    pub(super) fn get(&self, key: K) -> Option<&U> {
        self.all.get(&key)
    }

    /// The same, to change it.
    pub(super) fn get_mut(&mut self, key: K) -> Option<&mut U> {
        let usage = self.all.get_mut(&key)?;
        self.touched.insert(key);
        Some(usage)
    }

    /// The one in whose dialog something has come.
    pub(super) fn of_dialog(&self, call_id: &str, tag: &str) -> Option<K> {
        let key = *self.dialogs.get(&dialog_name(call_id, tag))?;
        // A Call-ID that is none may have a space in it.
        self.all.get(&key).filter(|usage| usage.dialog() == (call_id, tag)).map(|_| key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (K, &U)> {
        self.all.iter().map(|(key, usage)| (*key, usage))
    }

    /// All of them, to change them.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut U> {
        self.touched.extend(self.all.keys());
        self.all.values_mut()
    }

    /// Those that are due, in the order of their names.
    pub(super) fn due_at(&self, now: Instant) -> BTreeSet<K> {
        self.due.until(now).into_iter().collect()
    }

    /// When the first of them is due. What was touched has to be looked after before.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due.first()
    }

    /// Looks after those that were touched, in the order of their names: `look` takes what they have to say.
    pub(super) fn look_after(&mut self, mut look: impl FnMut(K, &mut U)) {
        for key in std::mem::take(&mut self.touched) {
            let Some(usage) = self.all.get_mut(&key) else { continue };
            look(key, usage);
            self.due.set(&key, usage.due());
            if usage.is_over() {
                self.over.insert(key);
            }
        }
    }

    /// Those that were found to be over since this was asked last.
    pub(super) fn take_over(&mut self) -> BTreeSet<K> {
        std::mem::take(&mut self.over)
    }

    pub(super) fn remove(&mut self, key: K) {
        self.due.set(&key, None);
        self.touched.remove(&key);
        let Some(usage) = self.all.remove(&key) else { return };
        let (call_id, tag) = usage.dialog();
        let name = dialog_name(call_id, tag);
        if self.dialogs.get(&name) == Some(&key) {
            self.dialogs.remove(&name);
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty() && self.dialogs.is_empty() && self.due.first().is_none()
    }
}

fn dialog_name(call_id: &str, tag: &str) -> String {
    format!("{call_id} {tag}")
}

/// Each of them says itself what is asked.
macro_rules! usages {
    ($($kind:ty),*) => {$(
        impl Usage for $kind {
            fn dialog(&self) -> (&str, &str) {
                self.dialog_id()
            }

            fn due(&self) -> Option<Instant> {
                self.poll_timeout()
            }

            fn is_over(&self) -> bool {
                self.is_over()
            }
        }
    )*};
}

usages!(Session, Subscriber, Notifier);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Talk(&'static str, &'static str, Option<u64>);

    impl Usage for Talk {
        fn dialog(&self) -> (&str, &str) {
            (self.0, self.1)
        }

        fn due(&self) -> Option<Instant> {
            self.2.map(Instant::from_millis)
        }

        fn is_over(&self) -> bool {
            self.2.is_none()
        }
    }

    #[test]
    fn only_what_was_touched_is_looked_after() {
        let mut talks = Usages::default();
        for (key, due) in [(3_u64, 30), (1, 10), (2, 20)] {
            talks.insert(key, Talk("call", ["", "a", "b", "c"][key as usize], Some(due)));
        }
        let mut seen = Vec::new();
        talks.look_after(|key, _| seen.push(key));
        talks.look_after(|_, _| panic!("nothing was touched"));
        assert_eq!((seen, talks.poll_timeout()), (vec![1, 2, 3], Some(Instant::from_millis(10))));
        talks.get_mut(1).unwrap().2 = None;
        talks.look_after(|key, talk| assert!(key == 1 && talk.is_over()));
        assert_eq!(talks.due_at(Instant::from_millis(30)), [2, 3].into());
        assert_eq!((talks.take_over(), talks.take_over()), ([1].into(), [].into()));
        talks.values_mut().for_each(|talk| talk.2 = Some(5));
        talks.look_after(|_, _| {});
        assert_eq!(talks.due_at(Instant::from_millis(5)), [1, 2, 3].into());
    }

    #[test]
    fn a_dialog_is_found_by_call_id_and_tag_together() {
        let mut talks = Usages::default();
        talks.insert(1_u64, Talk("a b", "c", None));
        assert_eq!((talks.of_dialog("a b", "c"), talks.of_dialog("a", "b c")), (Some(1), None));
        // Who makes a second dialog of the same name does not take the first one's.
        talks.insert(2, Talk("a b", "c", None));
        talks.remove(2);
        assert_eq!(talks.of_dialog("a b", "c"), Some(1));
        talks.remove(1);
        assert!(talks.is_empty());
    }
}
