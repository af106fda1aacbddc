//! One SIP connection: opened or accepted, framed by Content-Length (RFC 3261 clause 18.3), written in order.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use protocol::sip::{Flow, Limits, StreamFramer, StreamItem, Target, Transport};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::super::stream::{READ, connect, within, write};
use super::super::tls::ServerName;
use super::{NetEvent, Shared};

/// Opens the connection of a target and serves it.
pub(super) async fn open(shared: Shared, target: Target, local: SocketAddr) {
    let limit = shared.limits.connect;
    let connect = async {
        let stream = connect(local, target.remote).await?;
        let local = stream.local_addr()?;
        let flow = Flow { transport: target.transport, local, remote: target.remote };
        Ok::<_, io::Error>((stream, flow))
    };
    let outcome = within(limit, connect).await;
    let result = match (outcome, &shared.tls) {
        (Err(e), _) => Err(e),
        (Ok((stream, flow)), _) if target.transport == Transport::Tcp => {
            serve(&shared, flow, stream).await;
            Ok(())
        }
        (Ok((stream, flow)), Some(tls)) => {
            match within(limit, tls.connect(stream, ServerName::from(target.remote.ip()))).await {
                Ok(stream) => {
                    serve(&shared, flow, stream).await;
                    Ok(())
                }
                Err(e) => Err(e),
            }
        }
        (Ok(_), None) => Err(io::Error::other("TLS is not configured: no certificate")),
    };
    if let Err(e) = result {
        let why = format!("cannot connect: {e}");
        let _ = shared.events.send(NetEvent::SipUnreachable { target, why }).await;
    }
}

/// Serves a connection that a peer opened.
pub(super) async fn accepted(shared: Shared, stream: TcpStream, transport: Transport) {
    let (Ok(local), Ok(remote)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let flow = Flow { transport, local, remote };
    match (transport, &shared.tls) {
        (Transport::Tls, Some(tls)) => {
            let accepted = within(shared.limits.connect, tls.accept(stream)).await;
            if let Ok(stream) = accepted {
                serve(&shared, flow, stream).await;
            }
        }
        _ => serve(&shared, flow, stream).await,
    }
}

async fn serve<S: AsyncRead + AsyncWrite>(shared: &Shared, flow: Flow, stream: S) {
    let (queue, queued) = mpsc::channel(shared.limits.queue);
    // The node alone holds the queue: when it drops it, the connection ends.
    let pongs = queue.downgrade();
    if shared.events.send(NetEvent::SipOpened { flow, queue }).await.is_err() {
        return;
    }
    let (reader, writer) = tokio::io::split(stream);
    tokio::select! {
        biased;
        () = read(shared, flow, reader, &pongs) => {}
        () = write(writer, queued, shared.limits.message) => {}
    }
    let _ = shared.events.send(NetEvent::SipClosed { flow }).await;
}

async fn read<R: AsyncRead>(shared: &Shared, flow: Flow, reader: R, pongs: &mpsc::WeakSender<Vec<u8>>) {
    tokio::pin!(reader);
    let mut framer = StreamFramer::new(Limits::default());
    let mut buffer = vec![0; READ];
    let mut deadline = ends(shared.limits.idle);
    loop {
        let length = tokio::select! {
            biased;
            read = reader.read(&mut buffer) => match read {
                Ok(0) | Err(_) => return,
                Ok(length) => length,
            },
            () = sleep_until(deadline) => return,
        };
        let begun = framer.is_within_message();
        framer.push(&buffer[..length]);
        let mut whole = false;
        loop {
            match framer.poll() {
                Ok(Some(StreamItem::Message(bytes))) => {
                    whole = true;
                    if shared.events.send(NetEvent::Sip { flow, bytes }).await.is_err() {
                        return;
                    }
                }
                // RFC 5626 clause 3.5.1: a pong.
                Ok(Some(StreamItem::Ping)) => {
                    whole = true;
                    if let Some(queue) = pongs.upgrade() {
                        let _ = queue.try_send(StreamFramer::PONG.to_vec());
                    }
                }
                Ok(Some(StreamItem::Pong)) => whole = true,
                Ok(None) => break,
                // Nobody knows where the next message begins.
                Err(_) => return,
            }
        }
        if !framer.is_within_message() {
            deadline = ends(shared.limits.idle);
        } else if whole || !begun {
            deadline = ends(shared.limits.message);
        }
    }
}

/// When a time that begins now is over.
#[expect(clippy::disallowed_methods, reason = "a driver: how long a live peer may be silent is wall time")]
fn ends(limit: Duration) -> Instant {
    Instant::now() + limit
}
