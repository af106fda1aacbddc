//! HTTP requests between boxes (RFC 9112): each message with its octets past the tap.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ::http::header::{CONTENT_TYPE, HOST};
use ::http::uri::Scheme;
use ::http::{HeaderValue, Method, Request, Response, Uri};
use protocol::http::{HttpError, encode_request, encode_response, parse_request_for, parse_response};
use protocol::sip::Transport;

use super::{Arrival, FIRST_EPHEMERAL_PORT, Fabric, HttpExchange, Instant, NodeInput, OutsideEvent, Way};

/// How long a node waits for an answer, as live nodes do.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request that waits for its answer.
#[derive(Debug)]
pub(super) struct Exchange {
    client: (usize, SocketAddr),
    /// What a node calls it; none: its client is a box outside.
    token: Option<u64>,
    server: (usize, SocketAddr),
    method: Method,
    /// The server has answered.
    is_answered: bool,
}

impl Fabric {
    /// A box outside asks another box; `from` is its own address. What becomes of it comes out as
    /// [`OutsideEvent::Response`] or [`OutsideEvent::RequestFailed`]; nothing when its messages are lost.
    ///
    /// The URI is path and query; one with an authority says what Host is, without both it is the address of the node.
    pub fn http(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, request: Request<Vec<u8>>) -> HttpExchange {
        let exchange = self.next_exchange();
        if let Some(&client) = self.by_ip.get(&from.ip()) {
            self.begin_exchange(now, exchange, (client, from), None, to, request);
        }
        exchange
    }

    /// A box outside answers a request that came to it as [`OutsideEvent::Request`]; false when nobody waits for it.
    pub fn respond(&mut self, exchange: HttpExchange, response: &Response<Vec<u8>>) -> bool {
        match self.exchanges.get(&exchange).map(|pair| pair.server.0) {
            Some(server) if self.places[server].node.is_none() => self.answer(server, exchange, response),
            _ => false,
        }
    }

    /// A node asks. Names are those of boxes; there is no TLS between boxes in memory, nor a server that would want it.
    pub(super) fn node_asks(&mut self, now: Instant, index: usize, token: u64, request: Request<Vec<u8>>) {
        let exchange = self.next_exchange();
        let port = FIRST_EPHEMERAL_PORT + (exchange.0 % u64::from(u16::MAX - FIRST_EPHEMERAL_PORT)) as u16;
        let client = (index, SocketAddr::new(self.places[index].ip, port));
        match self.target(request.uri()) {
            Ok(to) => {
                self.begin_exchange(now, exchange, client, Some(token), to, request);
                let why = format!("no answer within {} s", PATIENCE.as_secs());
                self.schedule(now + PATIENCE, Arrival::RequestFailed { exchange, why });
            }
            Err(why) => {
                let method = request.method().clone();
                let pair = Exchange { client, token: Some(token), server: client, method, is_answered: false };
                self.exchanges.insert(exchange, pair);
                self.schedule(now, Arrival::RequestFailed { exchange, why });
            }
        }
    }

    /// Where an absolute URI leads.
    fn target(&self, uri: &Uri) -> Result<SocketAddr, String> {
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Err(format!("{uri}: only http is spoken between boxes in memory"));
        }
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let known = self.places.iter().find(|place| place.name.eq_ignore_ascii_case(host)).map(|place| place.ip);
        let ip = host.parse::<IpAddr>().ok().or(known).ok_or_else(|| format!("{host:?} belongs to no box"))?;
        Ok(SocketAddr::new(ip, uri.port_u16().unwrap_or(HTTP_PORT)))
    }

    fn next_exchange(&mut self) -> HttpExchange {
        self.exchanges_begun += 1;
        HttpExchange(self.exchanges_begun)
    }

    fn begin_exchange(
        &mut self,
        now: Instant,
        exchange: HttpExchange,
        client: (usize, SocketAddr),
        token: Option<u64>,
        to: SocketAddr,
        mut request: Request<Vec<u8>>,
    ) {
        let server = self.by_ip.get(&to.ip()).copied();
        // The one that cannot be found is named by the client itself, so that the failure has where to go.
        let pair = Exchange {
            client,
            token,
            server: (server.unwrap_or(client.0), to),
            method: request.method().clone(),
            is_answered: false,
        };
        self.exchanges.insert(exchange, pair);
        let refusal = match server.map(|index| &self.places[index]) {
            None => Some(format!("{} belongs to no box", to.ip())),
            Some(place) if place.is_down || token.is_none() && place.node.is_none() => {
                Some(format!("{} refuses the connection", place.name))
            }
            Some(_) => None,
        };
        if let Some(why) = refusal {
            return self.schedule(now, Arrival::RequestFailed { exchange, why });
        }
        if !request.headers().contains_key(HOST)
            && request.uri().authority().is_none()
            && let Ok(host) = HeaderValue::try_from(to.to_string())
        {
            request.headers_mut().insert(HOST, host);
        }
        let server = server.unwrap_or(client.0);
        self.emit(Way::Request(exchange), Transport::Tcp, client, (server, to), encode_request(&request));
    }

    /// A box answers; false when nobody waits for it.
    pub(super) fn answer(&mut self, index: usize, exchange: HttpExchange, response: &Response<Vec<u8>>) -> bool {
        let Some(pair) = self.exchanges.get_mut(&exchange).filter(|pair| pair.server.0 == index && !pair.is_answered)
        else {
            return false;
        };
        pair.is_answered = true;
        let (client, server, bytes) = (pair.client, pair.server, encode_response(&pair.method, response));
        self.emit(Way::Response(exchange), Transport::Tcp, server, client, bytes);
        true
    }

    pub(super) fn request_arrives(
        &mut self,
        now: Instant,
        to: usize,
        exchange: HttpExchange,
        (remote, local): (SocketAddr, SocketAddr),
        bytes: &[u8],
    ) {
        match parse_request_for(bytes, self.places[to].role.max_body()) {
            Ok(mut request) => {
                let target = request.uri().path_and_query().cloned();
                *request.uri_mut() = target.map_or_else(Uri::default, Uri::from);
                match self.places[to].node {
                    None => self.at_outside(to, OutsideEvent::Request { exchange, local, remote, request }),
                    Some(_) => self.input(now, to, NodeInput::Http { exchange, peer: remote, request }),
                }
            }
            // As the library does that reads for live nodes.
            Err(error) => {
                self.answer(to, exchange, &refusal(error));
            }
        }
    }

    pub(super) fn response_arrives(&mut self, now: Instant, exchange: HttpExchange, bytes: &[u8]) {
        let Some(pair) = self.exchanges.remove(&exchange) else { return };
        let read = parse_response(&pair.method, bytes).map_err(|error| error.to_string());
        self.end_exchange(now, exchange, &pair, read);
    }

    pub(super) fn request_failed(&mut self, now: Instant, exchange: HttpExchange, why: String) {
        if let Some(pair) = self.exchanges.remove(&exchange) {
            self.end_exchange(now, exchange, &pair, Err(why));
        }
    }

    fn end_exchange(
        &mut self,
        now: Instant,
        exchange: HttpExchange,
        pair: &Exchange,
        result: Result<Response<Vec<u8>>, String>,
    ) {
        match (pair.token, result) {
            (Some(token), result) => self.input(now, pair.client.0, NodeInput::HttpResponse { token, result }),
            (None, Ok(response)) => self.at_outside(pair.client.0, OutsideEvent::Response { exchange, response }),
            (None, Err(why)) => self.at_outside(pair.client.0, OutsideEvent::RequestFailed { exchange, why }),
        }
    }

    /// A box is gone: who waits for it learns so, and nobody hears what it has asked.
    pub(super) fn break_exchanges(&mut self, now: Instant, index: usize) {
        self.exchanges.retain(|_, pair| pair.token.is_none() || pair.client.0 != index);
        let broken: Vec<_> =
            self.exchanges.iter().filter(|(_, pair)| pair.server.0 == index).map(|(id, _)| *id).collect();
        for exchange in broken {
            let why = format!("{} is gone", self.places[index].name);
            self.schedule(now + self.latency.core, Arrival::RequestFailed { exchange, why });
        }
    }
}

/// RFC 9110 clause 4.2.1.
const HTTP_PORT: u16 = 80;

fn refusal(error: HttpError) -> Response<Vec<u8>> {
    let mut response = Response::new(format!("{error}\n").into_bytes());
    *response.status_mut() = error.status();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
