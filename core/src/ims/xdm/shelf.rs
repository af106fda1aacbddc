//! Documents for other nodes of the same process: what a presence server or a conference focus would GET, without asking.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::xcap::percent_decode;

use super::access::canonical;
use super::usage::user_folder;

/// What an XDM server has made durable. A clone is the same shelf.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Arc<Mutex<Inner>>);

/// A document that has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// Its application usage.
    pub auid: String,
    /// Whose it is.
    pub xui: String,
    /// Its name.
    pub document: String,
}

#[derive(Debug, Default)]
struct Inner {
    documents: BTreeMap<String, Arc<str>>,
    groups: BTreeMap<String, String>,
    generation: u64,
    /// The last changes, the newest last: before them nothing is known.
    changes: VecDeque<(u64, Changed)>,
}

impl Shelf {
    /// Without documents.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A document of a user.
    #[must_use]
    pub fn get(&self, auid: &str, xui: &str, document: &str) -> Option<Arc<str>> {
        let path = format!("{}{}", user_folder(auid, &canonical(xui)), protocol::xcap::percent_encode(document));
        self.lock().documents.get(&path).cloned()
    }

    /// The document of the group with a URI.
    #[must_use]
    pub fn group(&self, uri: &str) -> Option<Arc<str>> {
        let inner = self.lock();
        let path = inner.groups.get(&canonical(uri))?;
        inner.documents.get(path).cloned()
    }

    /// Counts changes.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// What has changed since a generation; none when that is too long ago to know: look at everything.
    #[must_use]
    pub fn changes_since(&self, generation: u64) -> Option<Vec<Changed>> {
        let inner = self.lock();
        let oldest = inner.changes.front().map_or(inner.generation + 1, |(at, _)| *at);
        let newer = inner.changes.iter().filter(|(at, _)| *at > generation);
        (generation + 1 >= oldest).then(|| newer.map(|(_, changed)| changed.clone()).collect())
    }

    /// Puts a document there, or takes it away.
    pub(super) fn set(&self, path: &str, content: Option<&str>, groups: &[String]) {
        let mut inner = self.lock();
        inner.groups.retain(|_, own| own != path);
        inner.groups.extend(groups.iter().map(|uri| (uri.clone(), path.to_owned())));
        match content {
            Some(content) => drop(inner.documents.insert(path.to_owned(), content.into())),
            None => drop(inner.documents.remove(path)),
        }
        inner.generation += 1;
        let Some(changed) = changed(path) else { return };
        let generation = inner.generation;
        inner.changes.push_back((generation, changed));
        if inner.changes.len() > MAX_CHANGES {
            inner.changes.pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here is half done when a thread that holds it ends.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names in `AUID/users/XUI/DOCUMENT`.
fn changed(path: &str) -> Option<Changed> {
    let mut segments = path.splitn(4, '/').map(percent_decode);
    let (auid, tree, xui, document) = (segments.next()??, segments.next()??, segments.next()??, segments.next()??);
    (tree == "users").then_some(Changed { auid, xui, document })
}

/// Changes that are remembered.
const MAX_CHANGES: usize = 4096;
