//! Routes through proxies: Route and Record-Route (RFC 3261 clauses 16.4, 16.6), Path (RFC 3327), Service-Route (RFC 3608).

use crate::sip::dialog::is_loose;
use crate::sip::{NameAddr, NextHop, Request, Response, SipUri, Uri};

/// Route preprocessing (clause 16.4): takes our own entry off the top of Route and returns it, after undoing what a strict
/// router before us did to the Request-URI. `is_own`: is this URI one that we have put into Record-Route, Path or
/// Service-Route?
pub fn pop_own_route(request: &mut Request, is_own: impl Fn(&SipUri) -> bool) -> Option<NameAddr> {
    if request.uri.as_sip().is_some_and(|uri| uri.is_loose_router() && is_own(uri)) {
        let mut routes = request.routes().unwrap_or_default();
        if let Some(last) = routes.pop() {
            request.uri = last.uri;
            request.headers.remove("Route");
            for route in routes {
                request.headers.append("Route", &route.to_string());
            }
        }
    }
    let first = request.headers.address("Route").ok()??;
    if !first.uri.as_sip().is_some_and(is_own) {
        return None;
    }
    request.headers.pop_first_value("Route");
    Some(first)
}

/// Postprocessing (clause 16.6 step 6): a strict router on top of Route gets the request as it expects it. Where to then;
/// `None`: as Route and Request-URI say.
pub fn route_onwards(request: &mut Request) -> Option<NextHop> {
    let first = request.headers.address("Route").ok()??;
    if is_loose(&first) {
        return None;
    }
    request.headers.pop_first_value("Route");
    let target = std::mem::replace(&mut request.uri, first.uri.clone());
    request.headers.append("Route", &NameAddr::new(target).to_string());
    Some(NextHop::Uri(first.uri))
}

/// Puts `routes` on top of Route, the first of them topmost.
pub fn push_routes<'a>(
    request: &mut Request,
    routes: impl IntoIterator<Item = &'a NameAddr, IntoIter: DoubleEndedIterator>,
) {
    for route in routes.into_iter().rev() {
        request.headers.prepend("Route", &route.to_string());
    }
}

/// Asks to stay in the path of the dialog that the request makes (clause 16.6 step 4). `lr` is added.
pub fn record_route(request: &mut Request, own: &SipUri) {
    request.headers.prepend("Record-Route", &loose(own).to_string());
}

/// Asks for requests to the registered UE (RFC 3327 clause 5.2). `lr` is added.
pub fn add_path(request: &mut Request, own: &SipUri) {
    request.headers.prepend("Path", &loose(own).to_string());
}

/// Tells the registered UE where its requests go (RFC 3608 clause 6.3): the topmost entry is its next hop after the proxies
/// that it knows. `lr` is added.
pub fn add_service_route(response: &mut Response, own: &SipUri) {
    response.headers.prepend("Service-Route", &loose(own).to_string());
}

fn loose(uri: &SipUri) -> NameAddr {
    let mut uri = uri.clone();
    if !uri.is_loose_router() {
        uri.params.set_flag("lr");
    }
    NameAddr::new(Uri::Sip(uri))
}
