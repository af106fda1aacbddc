//! HTTP requests of one node (RFC 9112): each over a connection of its own, bounded in number, size and time.

use std::io;
use std::sync::Arc;

use http::header::{HOST, HeaderValue};
use http::uri::Scheme;
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use protocol::http::{HTTP_MAX_FIELDS, HTTP_MAX_HEAD, encode_request, encode_response, host_field, max_answer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::client::TlsStream;

use super::clock::LiveClock;
use super::event::{Channel, NetEvent};
use super::limits::NetLimits;
use super::metrics::NodeMetrics;
use super::stream::within;
use super::tap::{NodeTap, Seen};
use super::tls::{ServerName, Tls};
use crate::node::Carried;

/// What becomes of a request.
pub(crate) type Outcome = Result<Response<Vec<u8>>, String>;

/// The HTTP requests that a node has open. They end with it.
#[derive(Debug)]
pub(crate) struct WebClient {
    shared: Shared,
    tasks: JoinSet<()>,
}

#[derive(Clone, Debug)]
struct Shared {
    events: mpsc::Sender<NetEvent>,
    limits: NetLimits,
    tls: Option<Tls>,
    clock: LiveClock,
    tap: NodeTap,
    metrics: NodeMetrics,
    places: Arc<Semaphore>,
}

impl WebClient {
    pub(crate) fn new(
        events: mpsc::Sender<NetEvent>,
        limits: NetLimits,
        tls: Option<Tls>,
        clock: LiveClock,
        tap: NodeTap,
        metrics: NodeMetrics,
    ) -> Self {
        let places = Arc::new(Semaphore::new(limits.waiting));
        Self { shared: Shared { events, limits, tls, clock, tap, metrics, places }, tasks: JoinSet::new() }
    }

    /// Begins to ask; an event tells what became of it.
    pub(crate) fn ask(&mut self, token: u64, request: Request<Vec<u8>>) {
        while self.tasks.try_join_next().is_some() {}
        let shared = self.shared.clone();
        self.tasks.spawn(async move {
            let result = match Arc::clone(&shared.places).try_acquire_owned() {
                Ok(_place) => ask(&shared, request).await.map_err(|error| error.to_string()),
                Err(_) => Err(format!("{} requests are waiting for answers", shared.limits.waiting)),
            };
            if result.is_err() {
                shared.metrics.failures.inc();
            }
            let _ = shared.events.send(NetEvent::HttpAnswered { token, result }).await;
        });
    }
}

async fn ask(shared: &Shared, request: Request<Vec<u8>>) -> io::Result<Response<Vec<u8>>> {
    let (limits, uri) = (&shared.limits, request.uri().clone());
    let is_secure = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP => false,
        Some(scheme) if *scheme == Scheme::HTTPS => true,
        _ => return Err(io::Error::other(format!("{uri} is no http or https URI"))),
    };
    let stream = within(limits.connect, connect(&uri, is_secure)).await?;
    let channel = Channel { local: stream.local_addr()?, remote: stream.peer_addr()? };
    shared.tap.directory.insert(channel.local, shared.tap.own.clone());
    let answer = match (&shared.tls, is_secure) {
        (Some(tls), true) => match within(limits.connect, secured(tls, stream, &uri)).await {
            Ok(stream) => exchange(shared, channel, true, stream, request).await,
            Err(error) => Err(error),
        },
        (None, true) => Err(io::Error::other("https, and no authorities to believe: set the files of TLS")),
        (_, false) => exchange(shared, channel, false, stream, request).await,
    };
    shared.tap.directory.remove(channel.local);
    answer
}

/// The host of a URI, an IPv6 address without its brackets.
fn host(uri: &Uri) -> &str {
    uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}

/// The certificate is that of the host of the URI (RFC 9110 clause 4.3.4), whatever address it has.
async fn secured(tls: &Tls, stream: TcpStream, uri: &Uri) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host(uri).to_owned()).map_err(io::Error::other)?;
    tls.connect(stream, name).await
}

async fn connect(uri: &Uri, is_secure: bool) -> io::Result<TcpStream> {
    let host = host(uri);
    let port = uri.port_u16().unwrap_or(if is_secure { HTTPS_PORT } else { HTTP_PORT });
    let mut failed = io::Error::new(io::ErrorKind::NotFound, format!("{host} has no address"));
    for address in lookup_host((host, port)).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failed = io::Error::new(error.kind(), format!("{address}: {error}")),
        }
    }
    Err(failed)
}

/// RFC 9110 clauses 4.2.1 and 4.2.2.
const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

async fn exchange<S>(
    shared: &Shared,
    channel: Channel,
    is_secure: bool,
    stream: S,
    mut request: Request<Vec<u8>>,
) -> io::Result<Response<Vec<u8>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if let (false, Some(authority)) = (request.headers().contains_key(HOST), request.uri().authority()) {
        let host = HeaderValue::from_str(host_field(authority)).map_err(io::Error::other)?;
        request.headers_mut().insert(HOST, host);
    }
    let target = request.uri().path_and_query().cloned();
    *request.uri_mut() = target.map_or_else(|| Uri::from_static("/"), Uri::from);
    let method = request.method().clone();
    shared.metrics.http_out.inc();
    if shared.tap.tap.is_some() {
        let octets = encode_request(&request);
        shared.tap.sent(shared.clock.now(), &seen(channel, is_secure, &octets));
    }
    let work = async {
        let (mut sender, connection) = http1::Builder::new()
            .max_headers(HTTP_MAX_FIELDS)
            .max_buf_size(HTTP_MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let connection = tokio::spawn(connection);
        let answer = read(&mut sender, request).await;
        connection.abort();
        answer
    };
    let response = within(shared.limits.answer, work).await?;
    shared.metrics.http_in.inc();
    if shared.tap.tap.is_some() {
        let octets = encode_response(&method, &response);
        shared.tap.received(shared.clock.now(), &seen(channel, is_secure, &octets));
    }
    Ok(response)
}

async fn read(
    sender: &mut http1::SendRequest<Full<Bytes>>,
    request: Request<Vec<u8>>,
) -> io::Result<Response<Vec<u8>>> {
    let method = request.method().clone();
    let response = sender.send_request(request.map(|body| Full::new(Bytes::from(body)))).await;
    let (parts, body) = response.map_err(io::Error::other)?.into_parts();
    let body = match method == Method::HEAD {
        true => Vec::new(),
        false => Limited::new(body, max_answer(&method)).collect().await.map_err(io::Error::other)?.to_bytes().to_vec(),
    };
    Ok(Response::from_parts(parts, body))
}

fn seen(channel: Channel, is_secure: bool, bytes: &[u8]) -> Seen<'_> {
    let transport = if is_secure { "tls" } else { "tcp" };
    Seen { transport, local: channel.local, remote: channel.remote, bytes, carried: Carried::Http }
}
