//! The documents of an XDM server (RFC 4825), and who may do what to which.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{Method, Request, StatusCode};
use protocol::xcap::{Tree, UriProblem, XcapUri};
use sha2::{Digest as _, Sha256};

use super::access::{Client, canonical};
use super::answer::Refused;
use super::shelf::Shelf;
use super::usage::{self, Usage};

/// A document.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) content: Arc<str>,
    pub(super) etag: String,
}

/// What a request is about.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) uri: XcapUri,
    pub(super) usage: &'static Usage,
    /// Key of the document: its path below the root in one form.
    pub(super) path: String,
    /// Query of the request, with the bindings of prefixes.
    pub(super) query: String,
}

#[derive(Debug)]
pub(super) struct Documents {
    /// Path of the XCAP root.
    root: String,
    by_path: BTreeMap<String, Stored>,
    /// Documents of groups by the URI of the group.
    groups: BTreeMap<String, String>,
    /// URIs of groups in changes that are not durable yet, by path.
    reserved: BTreeMap<String, Vec<String>>,
}

impl Documents {
    pub(super) const fn new(root: String) -> Self {
        Self { root, by_path: BTreeMap::new(), groups: BTreeMap::new(), reserved: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.by_path.len()
    }

    pub(super) fn get(&self, path: &str) -> Option<&Stored> {
        self.by_path.get(path)
    }

    /// Documents below a path.
    pub(super) fn count_below(&self, prefix: &str) -> usize {
        self.by_path.range(prefix.to_owned()..).take_while(|(path, _)| path.starts_with(prefix)).count()
    }

    /// The document of a group.
    pub(super) fn group(&self, uri: &str) -> Option<&String> {
        self.groups.get(uri)
    }

    /// True if another document than that of `path` has the URI of a group, or is about to have it.
    pub(super) fn is_taken(&self, uri: &str, path: &str) -> bool {
        let by_other = self.groups.get(uri).is_some_and(|own| own != path);
        by_other || self.reserved.iter().any(|(own, uris)| own != path && uris.iter().any(|one| one == uri))
    }

    /// A change is on its way to the store.
    pub(super) fn reserve(&mut self, path: &str, content: Option<&str>) {
        self.reserved.insert(path.to_owned(), content.map(|c| usage::group_uris(path, c)).unwrap_or_default());
    }

    /// It has come there, or not.
    pub(super) fn release(&mut self, path: &str) {
        self.reserved.remove(path);
    }

    /// A change that is durable.
    pub(super) fn set(&mut self, shelf: &Shelf, path: &str, content: Option<String>) {
        self.groups.retain(|_, own| own != path);
        let uris = content.as_deref().map(|content| usage::group_uris(path, content)).unwrap_or_default();
        shelf.set(path, content.as_deref(), &uris);
        self.groups.extend(uris.into_iter().map(|uri| (uri, path.to_owned())));
        match content {
            Some(content) => {
                let etag = etag_of(path, &content);
                self.by_path.insert(path.to_owned(), Stored { content: content.into(), etag });
            }
            None => drop(self.by_path.remove(path)),
        }
    }

    /// The address of a request, which may be none.
    pub(super) fn uri_of(&self, request: &Request<Vec<u8>>) -> Result<XcapUri, UriProblem> {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        XcapUri::parse(&self.root, target)
    }

    /// What a request is about, if this client may ask for it.
    pub(super) fn locate(
        &self,
        client: &Client,
        uri: Result<XcapUri, UriProblem>,
        request: &Request<Vec<u8>>,
    ) -> Result<Located, Refused> {
        let mut uri = uri.map_err(|problem| {
            let status = match problem {
                UriProblem::NotFound => StatusCode::NOT_FOUND,
                UriProblem::Malformed(_) | UriProblem::Trick(_) => StatusCode::BAD_REQUEST,
            };
            Refused::new(status, problem.to_string())
        })?;
        let usage = usage::find(&uri.auid)
            .ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "the application usage is not known here"))?;
        let is_write = *request.method() == Method::PUT || *request.method() == Method::DELETE;
        if let Tree::User(xui) = &mut uri.tree {
            *xui = canonical(xui);
        }
        match (&uri.tree, client) {
            (Tree::User(_), Client::Server) | (Tree::Global, _) if is_write => {
                return Err(Refused::new(StatusCode::FORBIDDEN, "may be read only"));
            }
            (Tree::User(xui), Client::User { identities, .. }) if !identities.contains(xui) => {
                return Err(Refused::new(StatusCode::FORBIDDEN, "the tree of another user"));
            }
            (Tree::User(_), Client::User { .. }) if is_write && usage.managed.is_some() => {
                return Err(Refused::new(StatusCode::FORBIDDEN, "administrators write it"));
            }
            _ => {}
        }
        let query = request.uri().query().unwrap_or_default().to_owned();
        let path = self.by_group_id(usage, &uri, client).unwrap_or_else(|| Ok(uri.document_path()))?;
        Ok(Located { uri, usage, path, query })
    }

    /// A group by its URI, wherever it is kept (TS 24.481 clause 7.2.10.2): for its members.
    fn by_group_id(&self, usage: &Usage, uri: &XcapUri, client: &Client) -> Option<Result<String, Refused>> {
        let [folder, id] = uri.document.as_slice() else { return None };
        if usage.auid != usage::AUID_GROUPS || uri.tree != Tree::Global || folder != "byGroupID" {
            return None;
        }
        let found = self.group(&canonical(id)).and_then(|path| Some((path, self.get(path)?)));
        let Some((path, stored)) = found else {
            return Some(Err(Refused::new(StatusCode::NOT_FOUND, "no such group")));
        };
        let may = match client {
            Client::Server | Client::Administrator => true,
            Client::User { identities, .. } => {
                let owns = |xui: &String| path.starts_with(&usage::user_folder(usage.auid, xui));
                let members = usage::members(&stored.content);
                identities.iter().any(|xui| owns(xui) || members.contains(xui))
            }
        };
        Some(match may {
            true => Ok(path.clone()),
            false => Err(Refused::new(StatusCode::FORBIDDEN, "the group of others")),
        })
    }
}

/// A strong tag: of these octets at this place.
pub(super) fn etag_of(path: &str, content: &str) -> String {
    let digest = Sha256::new().chain_update(path).chain_update([0]).chain_update(content).finalize();
    format!("\"{}\"", hex::encode(&digest[..12]))
}
