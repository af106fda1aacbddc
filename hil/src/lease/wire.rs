//! What holder and guardian say to each other: JSON over a pair of sockets that keeps messages apart and carries open
//! files. When a process dies the kernel closes its end, which the other one sees at once.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Owner, Resource};

/// Longest message.
const MAX_MESSAGE: usize = 64 << 10;

/// What a holder says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToGuardian {
    /// A device, with its locked file.
    Take(Box<Resource>),
    /// Those were all; with a handle of the holder's process.
    Arm(Arm),
    /// A sign of life.
    Beat,
    /// The devices are not used any more.
    Release,
}

/// How to guard.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Arm {
    pub(crate) owner: Owner,
    pub(crate) pid: i32,
    pub(crate) start_unix_ms: u64,
    pub(crate) expiry_ms: u64,
    /// The devices are in use already: the guardian before this one died.
    pub(crate) again: bool,
}

/// What a guardian says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ToHolder {
    /// The devices are safe and guarded. What is worth knowing about them.
    Ready(Vec<String>),
    /// They are not, with the reason.
    NotSafe(String),
    /// The devices are safe again; or not, with the reason.
    Released(Option<String>),
}

/// Two ends that know of each other's death.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Sends a message and a file with it, without waiting for a reader that does not read.
pub(crate) fn send<T: Serialize>(socket: impl AsFd, message: &T, file: Option<BorrowedFd<'_>>) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let files: Vec<_> = file.into_iter().collect();
    if !files.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(io::Error::other("no room for a file"));
    }
    loop {
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        match sendmsg(&socket, &[IoSlice::new(&text)], &mut control, flags) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.map(drop).map_err(io::Error::from),
        }
    }
}

/// What came.
pub(crate) enum Received<T> {
    /// A message, and the file that came with it.
    Message(T, Option<OwnedFd>),
    /// Nothing in time.
    Nothing,
    /// The other end is gone.
    Gone,
}

/// Waits for a message.
pub(crate) fn receive<T: DeserializeOwned>(socket: impl AsFd, patience: Duration) -> io::Result<Received<T>> {
    if !readable(socket.as_fd(), patience)? {
        return Ok(Received::Nothing);
    }
    let mut text = vec![0; MAX_MESSAGE];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let octets = match recvmsg(&socket, &mut [IoSliceMut::new(&mut text)], &mut control, flags) {
        Ok(received) => received.bytes,
        Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => return Ok(Received::Nothing),
        Err(rustix::io::Errno::CONNRESET | rustix::io::Errno::PIPE) => return Ok(Received::Gone),
        Err(e) => return Err(e.into()),
    };
    let mut file = None;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(files) = message {
            file = files.last();
        }
    }
    if octets == 0 {
        return Ok(Received::Gone);
    }
    let message = text.get(..octets).unwrap_or_default();
    Ok(Received::Message(serde_json::from_slice(message)?, file))
}

/// Waits for something to read, or for the end of the other side. A signal ends the wait.
pub(crate) fn readable(fd: BorrowedFd<'_>, patience: Duration) -> io::Result<bool> {
    let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
    match poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&patience)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, SeekFrom, Write};

    use super::*;

    #[test]
    fn messages_carry_files_and_ends_are_seen() {
        let (ours, theirs) = pair().unwrap();
        let mut sent = tempfile::tempfile().unwrap();
        sent.write_all(b"lease").unwrap();
        send(&ours, &ToHolder::Released(None), Some(sent.as_fd())).unwrap();
        send(&ours, &ToHolder::Ready(vec!["a".into()]), None).unwrap();
        let Received::Message(ToHolder::Released(None), Some(file)) = receive(&theirs, Duration::ZERO).unwrap() else {
            panic!("a message with a file");
        };
        let (mut file, mut text) = (std::fs::File::from(file), String::new());
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "lease");
        assert!(matches!(receive(&theirs, Duration::ZERO).unwrap(), Received::Message(ToHolder::Ready(_), None)));
        assert!(matches!(receive::<ToHolder>(&theirs, Duration::ZERO).unwrap(), Received::Nothing));
        drop(ours);
        assert!(matches!(receive::<ToHolder>(&theirs, Duration::ZERO).unwrap(), Received::Gone));
        assert!(send(&theirs, &ToGuardian::Beat, None).is_err());
    }
}
