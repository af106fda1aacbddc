//! HTTP of one node (RFC 9112): requests come whole, bounded, over TCP or TLS; what they mean is the node's business.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::{CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::http::{HTTP_MAX_FIELDS, HTTP_MAX_HEAD, HTTP_MAX_TARGET, max_body};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

use super::event::{Channel, NetEvent};
use super::limits::NetLimits;
use super::stream::{accept, within};
use super::tls::Tls;
use crate::node::HttpExchange;

/// Exchanges that wait before those are looked for whose clients have gone.
const SWEEP: usize = 64;

/// Where a node takes HTTP.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HttpListener {
    /// Over TLS.
    pub is_secure: bool,
    /// Where.
    pub address: SocketAddr,
}

/// A request that waits for the node.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) channel: Channel,
    pub(crate) is_secure: bool,
    pub(crate) method: Method,
    pub(crate) reply: oneshot::Sender<Response<Vec<u8>>>,
}

/// The HTTP sockets of a node.
#[derive(Debug)]
pub(crate) struct WebSockets {
    listening: Vec<HttpListener>,
    waiting: BTreeMap<HttpExchange, Waiting>,
    _tasks: JoinSet<()>,
}

#[derive(Clone)]
struct Shared {
    events: mpsc::Sender<NetEvent>,
    limits: NetLimits,
    tls: Option<Tls>,
    next: Arc<AtomicU64>,
    places: Arc<Semaphore>,
}

impl WebSockets {
    /// Listens on these addresses.
    pub(crate) async fn bind(
        wanted: &[HttpListener],
        tls: Option<Tls>,
        limits: NetLimits,
        events: mpsc::Sender<NetEvent>,
    ) -> io::Result<Self> {
        let places = Arc::new(Semaphore::new(limits.connections));
        let shared = Shared { events, limits, tls, next: Arc::default(), places };
        let (mut listening, mut tasks) = (Vec::new(), JoinSet::new());
        for &HttpListener { is_secure, address } in wanted {
            let named = |e: io::Error| io::Error::new(e.kind(), format!("cannot listen on HTTP {address}: {e}"));
            if is_secure && shared.tls.is_none() {
                return Err(io::Error::other(format!("HTTPS on {address} has no certificate")));
            }
            let listener = TcpListener::bind(address).await.map_err(named)?;
            listening.push(HttpListener { is_secure, address: listener.local_addr()? });
            let (shared, places) = (shared.clone(), Arc::clone(&shared.places));
            tasks.spawn(accept(listener, places, move |stream| open(shared.clone(), stream, is_secure)));
        }
        Ok(Self { listening, waiting: BTreeMap::new(), _tasks: tasks })
    }

    /// Where requests are taken.
    pub(crate) fn listening(&self) -> &[HttpListener] {
        &self.listening
    }

    /// A request waits for the node.
    pub(crate) fn asked(&mut self, exchange: HttpExchange, waiting: Waiting) {
        if self.waiting.len() >= SWEEP {
            self.waiting.retain(|_, waiting| !waiting.reply.is_closed());
        }
        self.waiting.insert(exchange, waiting);
    }

    /// What waits for this answer; none when its client has gone.
    pub(crate) fn answered(&mut self, exchange: HttpExchange) -> Option<Waiting> {
        self.waiting.remove(&exchange).filter(|waiting| !waiting.reply.is_closed())
    }
}

async fn open(shared: Shared, stream: TcpStream, is_secure: bool) {
    let (Ok(local), Ok(remote)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let channel = Channel { local, remote };
    match &shared.tls {
        Some(tls) if is_secure => {
            if let Ok(stream) = within(shared.limits.connect, tls.accept(stream)).await {
                serve(&shared, stream, channel, true).await;
            }
        }
        _ => serve(&shared, stream, channel, false).await,
    }
}

async fn serve<S>(shared: &Shared, stream: S, channel: Channel, is_secure: bool)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(|request| async move {
        let response = take(shared, request, channel, is_secure).await;
        Ok::<_, Infallible>(response.map(|body| Full::new(Bytes::from(body))))
    });
    // A connection that fails, or is silent for too long, is over: nobody is there to be told.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.limits.message)
        .max_headers(HTTP_MAX_FIELDS)
        .max_buf_size(HTTP_MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Reads a request whole, gives it to the node and waits for its answer.
async fn take(shared: &Shared, request: Request<Incoming>, channel: Channel, is_secure: bool) -> Response<Vec<u8>> {
    let (mut parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().cloned();
    // RFC 9112 clause 3.2: one Host, and a path. OPTIONS * and CONNECT are for others.
    let (Some(target), 1) = (target, parts.headers.get_all(HOST).iter().count()) else {
        return refusal(StatusCode::BAD_REQUEST);
    };
    if target.as_str().len() > HTTP_MAX_TARGET {
        return refusal(StatusCode::URI_TOO_LONG);
    }
    parts.uri = Uri::from(target);
    parts.version = Version::HTTP_11;
    let most = max_body(&parts.method, parts.uri.path());
    let body = match tokio::time::timeout(shared.limits.message, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => body.to_bytes().to_vec(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE);
        }
        Ok(Err(_)) => return refusal(StatusCode::BAD_REQUEST),
        Err(_) => return refusal(StatusCode::REQUEST_TIMEOUT),
    };
    let exchange = HttpExchange(shared.next.fetch_add(1, Ordering::Relaxed));
    let (reply, answer) = oneshot::channel();
    let waiting = Waiting { channel, is_secure, method: parts.method.clone(), reply };
    let request = Request::from_parts(parts, body);
    if shared.events.send(NetEvent::Http { exchange, request: Box::new(request), waiting }).await.is_err() {
        return refusal(StatusCode::SERVICE_UNAVAILABLE);
    }
    match tokio::time::timeout(shared.limits.answer, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => refusal(StatusCode::SERVICE_UNAVAILABLE),
        Err(_) => refusal(StatusCode::GATEWAY_TIMEOUT),
    }
}

fn refusal(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(format!("{status}\n").into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
