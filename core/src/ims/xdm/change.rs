//! What a request does: GET, PUT and DELETE of documents and of their parts (RFC 4825 clause 8).

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use protocol::xcap::{self, NodeSelector, Part, PartKind, Terminal, Tree, XcapConflict, parse_document};

use super::XdmsConfig;
use super::answer::{Refused, empty, tagged, typed};
use super::conditions;
use super::documents::{Documents, Located, Stored, etag_of};
use super::usage::{self, Context};

/// What comes of a request.
#[derive(Debug)]
pub(super) enum Done {
    /// An answer at once.
    Read(Box<Response<Vec<u8>>>),
    /// An answer for when the document is stored, or gone.
    Change { content: Option<String>, response: Box<Response<Vec<u8>>> },
}

impl Documents {
    /// Does what a request asks for, short of storing it.
    pub(super) fn execute(
        &self,
        config: &XdmsConfig,
        at: &Located,
        request: &Request<Vec<u8>>,
    ) -> Result<Done, Refused> {
        let capabilities;
        let stored = match (at.usage.auid, &at.uri.tree) {
            (usage::AUID_CAPS, Tree::Global) if at.uri.document == ["index"] => {
                let content = usage::capabilities();
                capabilities = Stored { etag: etag_of(&at.path, &content), content: content.into() };
                Some(&capabilities)
            }
            _ => self.get(&at.path),
        };
        let selector = at.uri.node.as_deref().map(|text| {
            let parsed = NodeSelector::parse(text, &at.uri.bindings, Some(at.usage.namespace));
            parsed.map_err(|problem| Refused::new(StatusCode::BAD_REQUEST, problem.to_string()))
        });
        let selector = selector.transpose()?;
        let is_read_only = selector.as_ref().is_some_and(|s| s.terminal == Terminal::Namespaces);
        match request.method() {
            &Method::GET | &Method::HEAD => read(at, request, stored, selector.as_ref()),
            &Method::PUT | &Method::DELETE if is_read_only => Err(Refused::not_allowed("GET, HEAD")),
            &Method::PUT => self.put(config, at, request, stored, selector.as_ref()),
            &Method::DELETE => self.delete(config, at, request, stored, selector.as_ref()),
            _ if is_read_only => Err(Refused::not_allowed("GET, HEAD")),
            _ => Err(Refused::not_allowed("GET, HEAD, PUT, DELETE")),
        }
    }

    fn put(
        &self,
        config: &XdmsConfig,
        at: &Located,
        request: &Request<Vec<u8>>,
        stored: Option<&Stored>,
        selector: Option<&NodeSelector>,
    ) -> Result<Done, Refused> {
        let part = selector.map(|selector| PartKind::from(&selector.terminal));
        let expected = part.map_or(at.usage.media_type, PartKind::media_type);
        if !is_of(request, expected) {
            let refused = Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("only {expected} there"));
            return Err(refused.with(ACCEPT, expected));
        }
        let old = selector.and_then(|selector| xcap::get(&stored?.content, selector));
        let exists = if selector.is_some() { old.is_some() } else { stored.is_some() };
        precondition(request, exists, stored)?;
        let document_uri = format!("{}/{}", config.root.trim_end_matches('/'), at.path);
        let conflict = |conflict: XcapConflict| Refused::conflict(&conflict.at(&document_uri, &at.query));
        let (content, is_new) = match (selector, stored) {
            (None, _) => {
                self.check_place(config, at, stored.is_none()).map_err(|conflict| Refused::conflict(&conflict))?;
                (text_of(request.body()).map_err(conflict)?, stored.is_none())
            }
            (Some(_), None) => return Err(conflict(XcapConflict::NoParent { ancestor: None })),
            (Some(selector), Some(stored)) => {
                let put = match part {
                    Some(PartKind::Attribute) => xcap::put_attribute(&stored.content, selector, request.body()),
                    _ => xcap::put_element(&stored.content, selector, request.body()),
                };
                put.map_err(conflict)?
            }
        };
        self.check_content(config, at, &content).map_err(conflict)?;
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        let response = tagged(empty(status), &etag_of(&at.path, &content));
        Ok(Done::Change { content: Some(content), response: Box::new(response) })
    }

    fn delete(
        &self,
        config: &XdmsConfig,
        at: &Located,
        request: &Request<Vec<u8>>,
        stored: Option<&Stored>,
        selector: Option<&NodeSelector>,
    ) -> Result<Done, Refused> {
        let exists = stored.is_some_and(|s| selector.is_none_or(|selector| xcap::get(&s.content, selector).is_some()));
        precondition(request, exists, stored)?;
        let missing = || Refused::new(StatusCode::NOT_FOUND, "there is nothing");
        let stored = stored.ok_or_else(missing)?;
        let Some(selector) = selector else {
            return Ok(Done::Change { content: None, response: Box::new(empty(StatusCode::OK)) });
        };
        let changed = xcap::delete(&stored.content, selector).map_err(|conflict| Refused::conflict(&conflict))?;
        let changed = changed.ok_or_else(missing)?;
        self.check_content(config, at, &changed).map_err(|conflict| Refused::conflict(&conflict))?;
        let response = Box::new(tagged(empty(StatusCode::OK), &etag_of(&at.path, &changed)));
        Ok(Done::Change { content: Some(changed), response })
    }

    /// A document goes straight into the folder of its user (RFC 4825 clause 8.2.1), and there is room for it.
    fn check_place(&self, config: &XdmsConfig, at: &Located, is_new: bool) -> Result<(), XcapConflict> {
        let Tree::User(xui) = &at.uri.tree else { return Ok(()) };
        let home = usage::user_folder(at.usage.auid, xui);
        if at.uri.document.len() > 1 {
            let ancestor = format!("{}/{home}", config.root.trim_end_matches('/'));
            return Err(XcapConflict::NoParent { ancestor: Some(ancestor) });
        }
        match is_new && self.count_below(&home) >= config.max_documents {
            true => Err(XcapConflict::Constraint(format!("more than {} documents of a user", config.max_documents))),
            false => Ok(()),
        }
    }

    fn check_content(&self, config: &XdmsConfig, at: &Located, content: &str) -> Result<(), XcapConflict> {
        if content.len() > config.max_document {
            return Err(XcapConflict::Constraint(format!("more than {} octets in a document", config.max_document)));
        }
        let document = parse_document(content.as_bytes())?;
        let is_taken = |uri: &str| self.is_taken(uri, &at.path);
        let place = match (&at.uri.tree, at.uri.document.last()) {
            (Tree::User(user), Some(name)) => (user.as_str(), name.as_str()),
            _ => ("", ""),
        };
        (at.usage.check)(&document, &Context { root: &config.root, place, is_taken: &is_taken })
    }
}

fn read(
    at: &Located,
    request: &Request<Vec<u8>>,
    stored: Option<&Stored>,
    selector: Option<&NodeSelector>,
) -> Result<Done, Refused> {
    let missing = || Refused::new(StatusCode::NOT_FOUND, "there is nothing");
    let stored = stored.ok_or_else(missing)?;
    let part = match selector {
        Some(selector) => Some(xcap::get(&stored.content, selector).ok_or_else(missing)?),
        None => None,
    };
    if let Some(status) = conditions::evaluate(request.method(), request.headers(), true, Some(&stored.etag)) {
        let response = match status {
            StatusCode::NOT_MODIFIED => tagged(empty(status), &stored.etag),
            _ => return Err(Refused::new(status, "a condition of the request does not hold")),
        };
        return Ok(Done::Read(Box::new(response)));
    }
    let response = match part {
        Some(Part { kind, text }) => typed(StatusCode::OK, kind.media_type(), text.into_bytes()),
        None => typed(StatusCode::OK, at.usage.media_type, stored.content.as_bytes().to_vec()),
    };
    Ok(Done::Read(Box::new(tagged(response, &stored.etag))))
}

fn precondition(request: &Request<Vec<u8>>, exists: bool, stored: Option<&Stored>) -> Result<(), Refused> {
    let etag = stored.map(|stored| stored.etag.as_str());
    match conditions::evaluate(request.method(), request.headers(), exists, etag) {
        None => Ok(()),
        Some(status) => Err(Refused::new(status, "a condition of the request does not hold")),
    }
}

/// A document as it came: only its form is looked at.
fn text_of(body: &[u8]) -> Result<String, XcapConflict> {
    parse_document(body)?;
    String::from_utf8(body.to_vec()).map_err(|_| XcapConflict::NotUtf8)
}

/// Whether the body is of a media type, in UTF-8 or without a word about it.
fn is_of(request: &Request<Vec<u8>>, expected: &str) -> bool {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case(expected))
}
