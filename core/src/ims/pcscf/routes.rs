//! The P-CSCF's own URIs: what it puts into Path, Record-Route and Contact, and how it knows them again.

use std::net::SocketAddr;

use protocol::sip::proxy::pop_own_route;
use protocol::sip::{Headers, NameAddr, Request, SipUri, Transport, Uri};

use super::PcscfConfig;

/// Where this P-CSCF is.
#[derive(Clone, Debug)]
pub(super) struct Own {
    name: String,
    gm: Vec<(Transport, SocketAddr)>,
    mw: Vec<(Transport, SocketAddr)>,
}

impl Own {
    /// The addresses of a configuration.
    pub(super) fn new(config: &PcscfConfig) -> Self {
        Self { name: config.name.clone(), gm: config.gm.clone(), mw: config.mw.clone() }
    }

    /// True if the side of the core has an address of its own: then a route through here has two entries (RFC 5658).
    pub(super) fn is_split(&self) -> bool {
        !self.mw.is_empty()
    }

    /// The URI towards the core, with `token` to find a registration again.
    pub(super) fn core_uri(&self, token: Option<&str>) -> SipUri {
        let side = if self.mw.is_empty() { &self.gm } else { &self.mw };
        self.uri(side, None, token)
    }

    /// The URI towards a UE that uses `transport`.
    pub(super) fn ue_uri(&self, transport: Transport, token: Option<&str>) -> SipUri {
        self.uri(&self.gm, Some(transport), token)
    }

    /// The port of a transport towards UEs.
    pub(super) fn ue_port(&self, transport: Transport) -> u16 {
        let of = |&&(own, _): &&(Transport, SocketAddr)| own == transport;
        self.gm.iter().find(of).or_else(|| self.gm.first()).map_or(5060, |(_, address)| address.port())
    }

    /// The socket towards the core has taken the message.
    pub(super) fn is_core_side(&self, local: SocketAddr) -> bool {
        self.mw.iter().any(|(_, address)| *address == local)
    }

    /// True if a URI is one of ours.
    pub(super) fn is_own(&self, uri: &Uri) -> bool {
        matches!(uri, Uri::Sip(sip) if self.is_own_sip(sip))
    }

    fn is_own_sip(&self, sip: &SipUri) -> bool {
        let all = || self.gm.iter().chain(&self.mw);
        let named = sip.host.eq_ignore_ascii_case(&self.name);
        match (sip.port, sip.host_address()) {
            (None, _) if named => true,
            (Some(port), _) if named => all().any(|(_, own)| own.port() == port),
            (port, Some(ip)) => all().any(|(transport, own)| {
                let usual = if *transport == Transport::Tls { 5061 } else { 5060 };
                own.ip() == ip && own.port() == port.unwrap_or(usual)
            }),
            _ => false,
        }
    }

    /// The token in the topmost entry of Route, if the entry is ours.
    pub(super) fn top_token(&self, request: &Request) -> Option<String> {
        match request.headers.address("Route").ok()??.uri {
            Uri::Sip(sip) if self.is_own_sip(&sip) => sip.user,
            _ => None,
        }
    }

    /// Takes our entries from the top of Route. The token of the first that has one.
    pub(super) fn pop_routes(&self, request: &mut Request) -> Popped {
        let mut popped = Popped::default();
        while let Some(route) = pop_own_route(request, |uri| self.is_own_sip(uri)) {
            popped.any = true;
            if let Uri::Sip(sip) = route.uri
                && popped.token.is_none()
            {
                popped.token = sip.user;
            }
        }
        popped
    }

    /// Puts our Record-Route entries on top: the one that a request's next hop sees goes last.
    pub(super) fn record(&self, headers: &mut Headers, transport: Transport, token: &str, to_core: bool) {
        let mut entries = vec![self.ue_uri(transport, Some(token)), self.core_uri(Some(token))];
        if !self.is_split() {
            entries.truncate(1);
        }
        if !to_core {
            entries.reverse();
        }
        for entry in entries {
            headers.prepend("Record-Route", &NameAddr::new(Uri::Sip(entry)).to_string());
        }
    }

    fn uri(&self, side: &[(Transport, SocketAddr)], transport: Option<Transport>, token: Option<&str>) -> SipUri {
        let of = |&&(own, _): &&(Transport, SocketAddr)| transport.is_none_or(|wanted| own == wanted);
        let (used, address) = side
            .iter()
            .find(of)
            .or_else(|| side.first())
            .copied()
            .unwrap_or_else(|| (Transport::Udp, SocketAddr::from(([0, 0, 0, 0], 5060))));
        let mut uri = SipUri::new(token, &self.name);
        uri.port = Some(address.port());
        if used != Transport::Udp && transport.is_some() {
            uri = uri.with_param("transport", &used.to_string());
        }
        uri.with_flag("lr")
    }
}

/// What stood on top of Route.
#[derive(Default, Debug)]
pub(super) struct Popped {
    /// There was an entry of ours.
    pub(super) any: bool,
    /// Its user part.
    pub(super) token: Option<String>,
}
