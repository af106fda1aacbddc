//! HTTP requests of boxes outside to nodes (RFC 9112): each message with its octets past the tap.

use std::net::SocketAddr;

use ::http::header::{CONTENT_TYPE, HOST};
use ::http::{HeaderValue, Method, Request, Response, Uri};
use protocol::http::{HttpError, encode_request, encode_response, parse_request, parse_response};
use protocol::sip::Transport;

use super::{Arrival, Fabric, HttpExchange, Instant, NodeInput, OutsideEvent, Way};

/// A request that waits for its answer.
#[derive(Debug)]
pub(super) struct Exchange {
    client: (usize, SocketAddr),
    server: (usize, SocketAddr),
    method: Method,
    /// The server has answered.
    is_answered: bool,
}

impl Fabric {
    /// A box outside asks a node; `from` is its own address. What becomes of it comes out as [`OutsideEvent::Response`]
    /// or [`OutsideEvent::RequestFailed`]; nothing when its messages are lost.
    ///
    /// The URI is path and query; one with an authority says what Host is, without both it is the address of the node.
    pub fn http(
        &mut self,
        now: Instant,
        from: SocketAddr,
        to: SocketAddr,
        mut request: Request<Vec<u8>>,
    ) -> HttpExchange {
        self.exchanges_begun += 1;
        let exchange = HttpExchange(self.exchanges_begun);
        let Some(&client) = self.by_ip.get(&from.ip()) else { return exchange };
        let server = self.by_ip.get(&to.ip()).copied();
        // The one that cannot be found is named by the client itself, so that the failure has where to go.
        let pair = Exchange {
            client: (client, from),
            server: (server.unwrap_or(client), to),
            method: request.method().clone(),
            is_answered: false,
        };
        self.exchanges.insert(exchange, pair);
        let refusal = match server.map(|index| &self.places[index]) {
            None => Some(format!("{} belongs to no box", to.ip())),
            Some(place) if place.is_down || place.node.is_none() => {
                Some(format!("{} refuses the connection", place.name))
            }
            Some(_) => None,
        };
        if let Some(why) = refusal {
            self.schedule(now, Arrival::RequestFailed { exchange, why });
            return exchange;
        }
        if !request.headers().contains_key(HOST)
            && request.uri().authority().is_none()
            && let Ok(host) = HeaderValue::try_from(to.to_string())
        {
            request.headers_mut().insert(HOST, host);
        }
        let server = server.unwrap_or(client);
        self.emit(Way::Request(exchange), Transport::Tcp, (client, from), (server, to), encode_request(&request));
        exchange
    }

    /// A node answers.
    pub(super) fn answer(&mut self, index: usize, exchange: HttpExchange, response: &Response<Vec<u8>>) {
        let Some(pair) = self.exchanges.get_mut(&exchange).filter(|pair| pair.server.0 == index && !pair.is_answered)
        else {
            return;
        };
        pair.is_answered = true;
        let (client, server, bytes) = (pair.client, pair.server, encode_response(&pair.method, response));
        self.emit(Way::Response(exchange), Transport::Tcp, server, client, bytes);
    }

    pub(super) fn request_arrives(
        &mut self,
        now: Instant,
        to: usize,
        exchange: HttpExchange,
        peer: SocketAddr,
        bytes: &[u8],
    ) {
        match parse_request(bytes) {
            Ok(mut request) => {
                let target = request.uri().path_and_query().cloned();
                *request.uri_mut() = target.map_or_else(Uri::default, Uri::from);
                self.input(now, to, NodeInput::Http { exchange, peer, request });
            }
            // As the library does that reads for live nodes.
            Err(error) => self.answer(to, exchange, &refusal(error)),
        }
    }

    pub(super) fn response_arrives(&mut self, exchange: HttpExchange, bytes: &[u8]) {
        let Some(pair) = self.exchanges.remove(&exchange) else { return };
        let event = match parse_response(&pair.method, bytes) {
            Ok(response) => OutsideEvent::Response { exchange, response },
            Err(error) => OutsideEvent::RequestFailed { exchange, why: error.to_string() },
        };
        self.at_outside(pair.client.0, event);
    }

    pub(super) fn request_failed(&mut self, exchange: HttpExchange, why: String) {
        if let Some(pair) = self.exchanges.remove(&exchange) {
            self.at_outside(pair.client.0, OutsideEvent::RequestFailed { exchange, why });
        }
    }

    /// A box is gone: who waits for it learns so.
    pub(super) fn break_exchanges(&mut self, now: Instant, index: usize) {
        let broken: Vec<_> =
            self.exchanges.iter().filter(|(_, pair)| pair.server.0 == index).map(|(id, _)| *id).collect();
        for exchange in broken {
            let why = format!("{} is gone", self.places[index].name);
            self.schedule(now + self.latency.core, Arrival::RequestFailed { exchange, why });
        }
    }
}

fn refusal(error: HttpError) -> Response<Vec<u8>> {
    let mut response = Response::new(format!("{error}\n").into_bytes());
    *response.status_mut() = error.status();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
