//! Lines over TCP, as SCPI instruments speak them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::{InstrumentError, PATIENCE};

/// Longest answer.
const MAX_LINE: u64 = 4096;
/// Without a query, for an instrument to have read what it was told.
const READ_TIME: Duration = Duration::from_millis(200);

/// Connects within the time that is allowed.
pub(super) fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no such address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Sends a command and, on the same connection, the query that tells what became of it; its answer.
///
/// Some instruments answer commands too: what is not the answer that is `wanted` is passed over, and is the answer only
/// when no other comes. The connection is closed again, for many instruments allow one only.
pub(crate) fn command_and_query(
    address: &str,
    command: &str,
    query: Option<&str>,
    wanted: impl Fn(&str) -> bool,
) -> Result<Option<String>, InstrumentError> {
    talk(address, command, query, wanted).map_err(|e| InstrumentError::io(format!("{address} {command}"), &e))
}

fn talk(
    address: &str,
    command: &str,
    query: Option<&str>,
    wanted: impl Fn(&str) -> bool,
) -> io::Result<Option<String>> {
    let mut stream = BufReader::new(connect(address)?);
    stream.get_mut().write_all(format!("{command}\n").as_bytes())?;
    let Some(query) = query else {
        // Closed with its answer unread, the connection could be reset before the command is read.
        stream.get_mut().shutdown(Shutdown::Write)?;
        stream.get_mut().set_read_timeout(Some(READ_TIME))?;
        let _ = stream.take(MAX_LINE).read_to_end(&mut Vec::new());
        return Ok(None);
    };
    stream.get_mut().write_all(format!("{query}\n").as_bytes())?;
    let mut last = None;
    loop {
        let mut line = String::new();
        match (&mut stream).take(MAX_LINE).read_line(&mut line) {
            Ok(1..) if wanted(line.trim()) => return Ok(Some(line.trim().to_owned())),
            Ok(1..) if line.trim().is_empty() => {}
            Ok(1..) => last = Some(line.trim().to_owned()),
            Ok(0) if last.is_some() => return Ok(last),
            Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed")),
            Err(_) if last.is_some() => return Ok(last),
            Err(e) => return Err(e),
        }
    }
}
