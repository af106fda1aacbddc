//! Questions to the HSS, and the search for an S-CSCF that takes a request.

use protocol::Instant;
use protocol::diameter::cx::Capabilities;
use protocol::diameter::{Message, Routing};
use protocol::sip::proxy::Refusal;
use protocol::sip::{Request, ServerKey};

use super::{Icscf, selection};
use crate::ims::HssRoute;

/// A request that waits for an answer of the HSS.
#[derive(Debug)]
pub(super) struct Query {
    /// To be answered.
    pub(super) server: ServerKey,
    /// The request.
    pub(super) request: Request,
    /// How far the search has come.
    pub(super) search: Search,
}

/// How far the search for an S-CSCF has come.
#[derive(Clone, Debug)]
pub(super) enum Search {
    /// The request has a Route of its own: nothing is searched.
    Routed,
    /// An S-CSCF.
    Scscf {
        /// For a REGISTER.
        is_register: bool,
        /// Public identity that the HSS is asked for.
        identity: String,
        /// The user sends (TS 29.229 clause 6.3.34, Originating-Request).
        originating: bool,
        /// S-CSCFs that did not take the request.
        tried: Vec<String>,
        /// S-CSCFs that may still take it, the next one last.
        left: Vec<String>,
        /// The HSS was asked for capabilities.
        asked_capabilities: bool,
        /// The number was looked up in the table.
        translated: bool,
    },
}

impl Search {
    /// True if it is for a REGISTER.
    pub(super) const fn is_register(&self) -> bool {
        matches!(self, Self::Scscf { is_register: true, .. })
    }
}

impl Icscf {
    /// Asks the HSS of these identities; `make` builds the question.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        (server, request): (ServerKey, Request),
        search: Search,
        (impi, impu): (Option<&str>, &str),
        make: impl FnOnce(Routing) -> Message,
    ) {
        let usual = (self.config.hss_host.as_deref(), self.config.hss_realm.as_str());
        let (host, realm) = HssRoute::choose(&self.config.hss_routes, impi, Some(impu), usual);
        let routing = self.cx.routing(host, realm);
        self.next_query += 1;
        self.queries.insert(self.next_query, Query { server, request, search });
        self.cx.send_request(now, self.next_query, make(routing));
    }

    /// The S-CSCF of a relayed request did not take it: the next one.
    pub(super) fn try_next(&mut self, now: Instant, key: ServerKey, why: &str, failure: &Refusal) {
        let Some(relayed) = self.relayed.remove(&key) else { return };
        if let Search::Scscf { tried, .. } = &relayed.search
            && let Some(name) = tried.last()
        {
            self.said(format!("{name} does not take {}: {why}", relayed.request.method));
        }
        self.continue_search(now, key, relayed.request, relayed.search, failure);
    }

    /// Sends a request to the next S-CSCF; when none is left, asks for others, once.
    pub(super) fn continue_search(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        mut search: Search,
        failure: &Refusal,
    ) {
        let Search::Scscf { left, tried, asked_capabilities, .. } = &mut search else {
            return self.reply(now, server, failure);
        };
        while let Some(name) = left.pop() {
            tried.push(name.clone());
            match Self::server_uri(&name) {
                Some(uri) => return self.send_to(now, server, request, uri, search),
                None => self.said(format!("{name} is no SIP URI: this S-CSCF is left out")),
            }
        }
        if std::mem::replace(asked_capabilities, true) {
            return self.reply(now, server, failure);
        }
        self.ask_for_capabilities(now, server, request, search);
    }

    /// The S-CSCFs that an answer of the HSS allows, the next one last. None if there are none.
    pub(super) fn fill(
        &self,
        search: &mut Search,
        server: Option<&String>,
        capabilities: Option<&Capabilities>,
    ) -> bool {
        let Search::Scscf { left, tried, asked_capabilities, .. } = search else { return false };
        let mut names = Vec::new();
        if let Some(name) = server
            && !tried.contains(name)
        {
            names.push(name.clone());
        }
        if server.is_none() || capabilities.is_some() || *asked_capabilities {
            // With capabilities at hand nothing more is to be asked.
            *asked_capabilities = true;
            let wanted = capabilities.cloned().unwrap_or_default();
            let others = selection::candidates(&self.config.scscfs, &wanted, tried);
            names.extend(others.into_iter().filter(|name| server != Some(name)));
        }
        names.reverse();
        *left = names;
        !left.is_empty()
    }
}
