//! What joins a UE agent to its P-CSCF: a UDP socket, or TLS by OpenSSL's own client.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use protocol::sip::{Limits, StreamFramer, StreamItem, Transport};

use super::lab::{ports, program};

/// How long a turn of a UE waits for something to come.
const WAIT: Duration = Duration::from_millis(5);

pub(crate) enum Link {
    Udp(UdpSocket),
    Tls(Box<OpenSsl>),
}

/// `openssl s_client` with a connection of its own: what goes in and comes out is what is within TLS.
pub(crate) struct OpenSsl {
    program: Child,
    input: ChildStdin,
    output: Receiver<Vec<u8>>,
    framer: StreamFramer,
    local: SocketAddr,
    remote: SocketAddr,
}

impl Link {
    pub(crate) fn udp() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(WAIT)).unwrap();
        Self::Udp(socket)
    }

    /// To a server whose certificate this authority has signed for its address. None: openssl is not here.
    pub(crate) fn tls(remote: SocketAddr, authority: &Path) -> Option<Self> {
        let [port] = ports();
        let local = SocketAddr::from(([127, 0, 0, 1], port));
        let mut program = Command::new(program("openssl")?)
            .args(["s_client", "-quiet", "-verify_return_error", "-verify_ip", &remote.ip().to_string()])
            .args(["-connect", &remote.to_string(), "-bind", &local.to_string(), "-CAfile"])
            .arg(authority)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, mut stdout) = (program.stdin.take().unwrap(), program.stdout.take().unwrap());
        let (pieces, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(length @ 1..) = stdout.read(&mut buffer) {
                if pieces.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let framer = StreamFramer::new(Limits::default());
        Some(Self::Tls(Box::new(OpenSsl { program, input, output, framer, local, remote })))
    }

    pub(crate) fn transport(&self) -> Transport {
        match self {
            Self::Udp(_) => Transport::Udp,
            Self::Tls(_) => Transport::Tls,
        }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        match self {
            Self::Udp(socket) => socket.local_addr().unwrap(),
            Self::Tls(tls) => tls.local,
        }
    }

    pub(crate) fn send(&mut self, remote: SocketAddr, bytes: &[u8]) {
        match self {
            // Nobody there: as lost on the way.
            Self::Udp(socket) => drop(socket.send_to(bytes, remote)),
            Self::Tls(tls) => drop(tls.input.write_all(bytes).and_then(|()| tls.input.flush())),
        }
    }

    /// The messages that have come, after a short wait.
    pub(crate) fn receive(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        match self {
            Self::Udp(socket) => {
                let mut buffer = [0; 65_535];
                match socket.recv_from(&mut buffer) {
                    Ok((length, remote)) => vec![(remote, buffer[..length].to_vec())],
                    Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Vec::new(),
                    Err(e) => panic!("{e}"),
                }
            }
            Self::Tls(tls) => {
                match tls.output.recv_timeout(WAIT) {
                    Ok(piece) => tls.framer.push(&piece),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => panic!("openssl has ended"),
                }
                let mut messages = Vec::new();
                while let Some(item) = tls.framer.poll().unwrap() {
                    if let StreamItem::Message(message) = item {
                        messages.push((tls.remote, message));
                    }
                }
                messages
            }
        }
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
