//! Streams of octets (TCP): how they are accepted, opened, read and written; what is in them is others' business.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc};

use super::event::NetEvent;
use super::limits::NetLimits;

/// What is read of a stream at a time.
pub(super) const READ: usize = 16 * 1024;

/// Serves what connects, each in a task and as many at a time as there are places.
pub(super) async fn accept<F>(listener: TcpListener, places: Arc<Semaphore>, serve: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors: those that are open may end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // One too many is closed at once.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let _ = stream.set_nodelay(true);
        let served = serve(stream);
        tokio::spawn(async move {
            served.await;
            drop(place);
        });
    }
}

/// Connects from an address of the node's own.
pub(super) async fn connect(local: SocketAddr, remote: SocketAddr) -> io::Result<TcpStream> {
    let socket = if remote.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.bind(local)?;
    let stream = socket.connect(remote).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The outcome, or an error when it takes too long.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Tells what comes and writes what is queued, until either ends, or nothing has come for so long as `idle` says.
pub(super) async fn pump(
    stream: TcpStream,
    limits: &NetLimits,
    idle: Option<Duration>,
    queued: mpsc::Receiver<Vec<u8>>,
    events: &mpsc::Sender<NetEvent>,
    event: impl Fn(Vec<u8>) -> NetEvent,
) {
    let (mut reader, writer) = stream.into_split();
    let read = async {
        let mut buffer = vec![0; READ];
        while let Ok(length @ 1..) = within(idle.unwrap_or(Duration::MAX), reader.read(&mut buffer)).await {
            if events.send(event(buffer[..length].to_vec())).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        () = write(writer, queued, limits.message) => {}
        () = read => {}
    }
}

/// Writes what is queued until the queue is closed, or a write takes longer than `limit`.
pub(super) async fn write<W>(mut writer: W, mut queued: mpsc::Receiver<Vec<u8>>, limit: Duration)
where
    W: AsyncWrite + Unpin,
{
    while let Some(bytes) = queued.recv().await {
        let written = within(limit, async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        });
        if written.await.is_err() {
            return;
        }
    }
    let _ = writer.shutdown().await;
}
