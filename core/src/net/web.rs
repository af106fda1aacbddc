//! HTTP of one node (RFC 9112): requests come whole, bounded, over TCP or TLS; what they mean is the node's business.
//!
//! A node whose bodies are large has a budget for them: a request is not read before its octets, or those of its answer, have
//! room in it, and gives the room back once the answer has left. Until then its client waits, and not the memory.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::{CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::http::{HTTP_MAX_FIELDS, HTTP_MAX_HEAD, HTTP_MAX_TARGET, max_body};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

use super::event::{Channel, NetEvent};
use super::guard::{GuardedBody, TimedIo};
use super::limits::NetLimits;
use super::stream::{accept, within};
use super::tls::Tls;
use crate::node::HttpExchange;

/// Exchanges that wait before those are looked for whose clients have gone.
const SWEEP: usize = 64;

/// How long a request waits for room.
const TURN: Duration = Duration::from_secs(120);

/// Octets of a body that needs no room of the budget.
const SMALL: usize = 64 * 1024;

/// Octets in a second that a long body has to bring.
const SLOWEST: usize = 8 * 1024;

/// Where a node takes HTTP.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HttpListener {
    /// Over TLS.
    pub is_secure: bool,
    /// Where.
    pub address: SocketAddr,
}

/// How large the bodies of a node are: of its requests and of its answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HttpBodies {
    /// Octets of one.
    pub most: usize,
    /// Octets of all that are in memory at a time.
    pub budget: usize,
}

/// The same, with what is left.
#[derive(Clone)]
struct Bodies {
    most: usize,
    room: Arc<Semaphore>,
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
    bodies: Option<Bodies>,
}

impl WebSockets {
    /// Listens on these addresses; without `bodies` these have the bounds that are usual.
    pub(crate) async fn bind(
        wanted: &[HttpListener],
        bodies: Option<HttpBodies>,
        tls: Option<Tls>,
        limits: NetLimits,
        events: mpsc::Sender<NetEvent>,
    ) -> io::Result<Self> {
        let places = Arc::new(Semaphore::new(limits.connections));
        let bodies = bodies.map(|own| {
            let room = Arc::new(Semaphore::new(units(own.budget.max(own.most))));
            Bodies { most: own.most, room }
        });
        let shared = Shared { events, limits, tls, next: Arc::default(), places, bodies };
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
        let (response, room) = admit(shared, request, channel, is_secure).await;
        Ok::<_, Infallible>(response.map(|body| GuardedBody::new(body, room)))
    });
    // A connection that fails, or is silent for too long, is over: nobody is there to be told.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.limits.message)
        .max_headers(HTTP_MAX_FIELDS)
        .max_buf_size(HTTP_MAX_HEAD)
        .serve_connection(TokioIo::new(TimedIo::new(stream, shared.limits.message)), service)
        .await;
}

/// Waits for room for a request and its answer, where there is a budget for that; what is kept until the answer has left.
async fn admit(
    shared: &Shared,
    request: Request<Incoming>,
    channel: Channel,
    is_secure: bool,
) -> (Response<Vec<u8>>, Option<OwnedSemaphorePermit>) {
    let Some(bodies) = &shared.bodies else { return (take(shared, request, channel, is_secure, None).await, None) };
    // A request without a body may have a long answer; one that does not say how long it is may be as long as any.
    let said = request.body().size_hint().exact().and_then(|octets| usize::try_from(octets).ok());
    let octets = said.filter(|octets| *octets > 0).unwrap_or(bodies.most);
    if octets > bodies.most {
        return (refusal(StatusCode::PAYLOAD_TOO_LARGE), None);
    }
    if octets <= SMALL {
        // It need not wait behind what is large.
        return (take(shared, request, channel, is_secure, Some(octets)).await, None);
    }
    let wanted = u32::try_from(units(octets)).unwrap_or(u32::MAX);
    let waiting = tokio::time::timeout(TURN, Arc::clone(&bodies.room).acquire_many_owned(wanted));
    let Ok(Ok(mut room)) = waiting.await else {
        let mut response = refusal(StatusCode::SERVICE_UNAVAILABLE);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("10"));
        return (response, None);
    };
    let response = take(shared, request, channel, is_secure, Some(octets)).await;
    let less = room.num_permits().saturating_sub(units(response.body().len()));
    drop(room.split(less));
    (response, Some(room))
}

/// Octets as a budget counts them: large ones have to be sums of few.
const fn units(octets: usize) -> usize {
    octets.div_ceil(1024)
}

/// Reads a request whole, gives it to the node and waits for its answer. `large`: the octets that it may have.
async fn take(
    shared: &Shared,
    request: Request<Incoming>,
    channel: Channel,
    is_secure: bool,
    large: Option<usize>,
) -> Response<Vec<u8>> {
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
    let most = large.unwrap_or_else(|| max_body(&parts.method, parts.uri.path()));
    // What comes more slowly than that, or not at all for a while, loses its place.
    let longest = shared.limits.message + Duration::from_secs(large.map_or(0, |octets| octets / SLOWEST) as u64);
    // What has its room gets it at once: a buffer that grows is there twice meanwhile.
    let expected = large.and_then(|_| body.size_hint().exact()).and_then(|octets| usize::try_from(octets).ok());
    let whole = Vec::with_capacity(expected.unwrap_or_default().min(most));
    let read = read(Limited::new(body, most), whole, shared.limits.message);
    let body = match tokio::time::timeout(longest, read).await {
        Ok(Ok(body)) => body,
        Ok(Err(status)) => return refusal(status),
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

/// A body whole, behind what is there of it; each piece comes within `limit`.
async fn read(mut body: Limited<Incoming>, mut whole: Vec<u8>, limit: Duration) -> Result<Vec<u8>, StatusCode> {
    while let Some(frame) = tokio::time::timeout(limit, body.frame()).await.map_err(|_| StatusCode::REQUEST_TIMEOUT)? {
        let frame = frame.map_err(|error| match error.is::<http_body_util::LengthLimitError>() {
            true => StatusCode::PAYLOAD_TOO_LARGE,
            false => StatusCode::BAD_REQUEST,
        })?;
        if let Ok(octets) = frame.into_data() {
            whole.extend_from_slice(&octets);
        }
    }
    Ok(whole)
}

fn refusal(status: StatusCode) -> Response<Vec<u8>> {
    let mut response = Response::new(format!("{status}\n").into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
