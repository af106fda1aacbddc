//! SCTP of the kernel (RFC 9260), one-to-one style (RFC 6458 clause 4): for M3 and M2 with programs of others (TS 36.442).
//! Each message is whole when it is told.

use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, recvmsg};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::unix::AsyncFd;
use tokio::sync::{Semaphore, mpsc};

use super::stream::within;

/// Associations that wait to be accepted.
const BACKLOG: i32 = 128;

/// Octets of a message that are taken; M3AP and M2AP are far below.
const LONGEST: usize = 1 << 18;

/// An association, or a socket that takes some.
pub(super) type Sctp = AsyncFd<Socket>;

/// Takes associations there. An error of the kind `Unsupported`: this kernel has no SCTP.
pub(super) fn listen(address: SocketAddr) -> io::Result<Sctp> {
    let socket = socket(address)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    registered(socket)
}

/// Connects from an address of the node's own.
pub(super) async fn connect(source: Option<IpAddr>, remote: SocketAddr, protocol: u32) -> io::Result<Sctp> {
    let socket = socket(remote)?;
    let any: IpAddr = if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let source = source.filter(|source| source.is_ipv4() == remote.is_ipv4()).unwrap_or(any);
    socket.bind(&SocketAddr::new(source, 0).into())?;
    set_protocol(&socket, protocol)?;
    match socket.connect(&remote.into()) {
        Err(e) if e.raw_os_error() != Some(libc::EINPROGRESS) => return Err(e),
        _ => {}
    }
    let socket = registered(socket)?;
    socket.writable().await?.retain_ready();
    socket.get_ref().take_error()?.map_or(Ok(()), Err)?;
    Ok(socket)
}

/// Serves what connects, each in a task and as many at a time as there are places.
pub(super) async fn accept<F>(listener: Sctp, protocol: u32, places: Arc<Semaphore>, serve: impl Fn(Sctp) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let Ok(mut ready) = listener.readable().await else { return };
        let Ok(accepted) = ready.try_io(|listener| listener.get_ref().accept()) else { continue };
        let Ok((socket, _)) = accepted else {
            // Out of descriptors: those that are open may end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // One too many is closed at once.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let usable = socket.set_nonblocking(true).and_then(|()| set_protocol(&socket, protocol));
        let Ok(socket) = usable.and_then(|()| registered(socket)) else { continue };
        let served = serve(socket);
        tokio::spawn(async move {
            served.await;
            drop(place);
        });
    }
}

/// The two ends of an association.
pub(super) fn ends(socket: &Sctp) -> io::Result<(SocketAddr, SocketAddr)> {
    let none = || io::Error::from(io::ErrorKind::AddrNotAvailable);
    let local = socket.get_ref().local_addr()?.as_socket().ok_or_else(none)?;
    let remote = socket.get_ref().peer_addr()?.as_socket().ok_or_else(none)?;
    Ok((local, remote))
}

/// Tells each message that comes and sends those that are queued, until either ends. False: nobody wants to be told.
pub(super) async fn pump<F>(
    socket: Sctp,
    limit: Duration,
    mut queued: mpsc::Receiver<Vec<u8>>,
    tell: impl Fn(Vec<u8>) -> F,
) where
    F: Future<Output = bool> + Send,
{
    let read = async {
        let mut message = Message::default();
        let mut buffer = vec![0; 16 * 1024];
        while let Ok((count, is_end)) = receive(&socket, &mut buffer).await {
            let Ok(whole) = message.push(&buffer[..count], is_end) else { return };
            if let Some(whole) = whole
                && !tell(whole).await
            {
                return;
            }
        }
    };
    let write = async {
        while let Some(bytes) = queued.recv().await {
            if within(limit, send(&socket, &bytes)).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        biased;
        () = write => {}
        () = read => {}
    }
}

/// Octets of a message, and whether they are its last ones.
async fn receive(socket: &Sctp, buffer: &mut [u8]) -> io::Result<(usize, bool)> {
    loop {
        let mut ready = socket.readable().await?;
        let received = ready.try_io(|socket| {
            let mut pieces = [IoSliceMut::new(buffer)];
            let mut control = RecvAncillaryBuffer::default();
            Ok(recvmsg(socket.get_ref(), &mut pieces, &mut control, RecvFlags::empty())?)
        });
        let Ok(received) = received else { continue };
        let received = received?;
        return match received.bytes {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok((count, received.flags.contains(ReturnFlags::EOR))),
        };
    }
}

/// A message goes whole or not at all.
async fn send(socket: &Sctp, bytes: &[u8]) -> io::Result<()> {
    loop {
        let mut ready = socket.writable().await?;
        if let Ok(sent) = ready.try_io(|socket| socket.get_ref().send(bytes)) {
            return sent.map(|_| ());
        }
    }
}

/// A message that comes in pieces.
#[derive(Default, Debug)]
struct Message(Vec<u8>);

#[derive(PartialEq, Eq, Debug)]
struct TooLong;

impl Message {
    /// One more piece; the message when it is the last.
    fn push(&mut self, piece: &[u8], is_end: bool) -> Result<Option<Vec<u8>>, TooLong> {
        if self.0.len() + piece.len() > LONGEST {
            return Err(TooLong);
        }
        self.0.extend_from_slice(piece);
        Ok(is_end.then(|| std::mem::take(&mut self.0)))
    }
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::SCTP)).map_err(|e| {
        let is_unsupported = [libc::EPROTONOSUPPORT, libc::ESOCKTNOSUPPORT].map(Some).contains(&e.raw_os_error());
        let what = "this kernel has no SCTP: load its module sctp, or run both nodes in one process";
        if is_unsupported { io::Error::new(io::ErrorKind::Unsupported, what) } else { e }
    })?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// For the runtime to wait on.
fn registered(socket: Socket) -> io::Result<Sctp> {
    #[expect(unsafe_code, reason = "tokio wants a promise")]
    // SAFETY: the socket has its descriptor for itself, and closes it when it is dropped, after it is deregistered.
    let registered = unsafe { AsyncFd::register(socket) };
    Ok(registered?)
}

/// What all messages of a socket are (RFC 6458 clause 8.1.31), of the payload protocol identifiers of IANA.
fn set_protocol(socket: &Socket, protocol: u32) -> io::Result<()> {
    let info = libc::sctp_sndinfo {
        snd_sid: 0,
        snd_flags: 0,
        // It goes as it is given.
        snd_ppid: protocol.to_be(),
        snd_context: 0,
        snd_assoc_id: 0,
    };
    let length = size_of::<libc::sctp_sndinfo>() as libc::socklen_t;
    #[expect(unsafe_code, reason = "no crate in use has this option; the kernel reads one struct of this length")]
    // SAFETY: `info` lives through the call and is `length` octets long.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_SCTP,
            libc::SCTP_DEFAULT_SNDINFO,
            (&raw const info).cast(),
            length,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_whole_and_bounded() {
        let mut message = Message::default();
        assert_eq!(message.push(b"one", false), Ok(None));
        assert_eq!(message.push(b" two", true), Ok(Some(b"one two".to_vec())));
        assert_eq!(message.push(b"three", true), Ok(Some(b"three".to_vec())));
        assert_eq!(message.push(&vec![0; LONGEST], false), Ok(None));
        assert_eq!(message.push(b"!", true), Err(TooLong));
    }

    #[tokio::test]
    async fn a_kernel_without_it_says_what_to_do_and_one_with_it_carries_messages() {
        let listener = match listen("127.0.0.1:0".parse().unwrap()) {
            Ok(listener) => listener,
            Err(e) => {
                assert_eq!(e.kind(), io::ErrorKind::Unsupported);
                assert!(e.to_string().contains("run both nodes in one process"), "{e}");
                println!("skipped: this kernel has no SCTP");
                return;
            }
        };
        let address = listener.get_ref().local_addr().unwrap().as_socket().unwrap();
        let (tell, mut told) = mpsc::channel(9);
        let places = Arc::new(Semaphore::new(9));
        tokio::spawn(accept(listener, 44, places, move |socket| {
            let tell = tell.clone();
            async move {
                let (_queue, queued) = mpsc::channel(1);
                pump(socket, Duration::from_secs(9), queued, |bytes| async { tell.send(bytes).await.is_ok() }).await;
            }
        }));
        let near = connect(None, address, 44).await.unwrap();
        assert_eq!(ends(&near).unwrap().1, address);
        for message in [&b"first"[..], &[7; 40_000], b"last"] {
            send(&near, message).await.unwrap();
            assert_eq!(told.recv().await.unwrap(), message);
        }
    }
}
