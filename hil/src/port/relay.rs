//! Two ports joined, so that somebody can listen: a host on the one, its modem on the other.

use std::io;
use std::time::Duration;

use super::{Port, PortRead};
use crate::record::Side;

/// Longest wait for characters of one side.
const STEP: Duration = Duration::from_millis(2);
/// Most that is read at once.
const CHUNK: usize = 4096;

/// Carries over what either side has to say now.
///
/// # Errors
/// One of the ports is gone.
pub fn relay(host: &mut impl Port, modem: &mut impl Port, mut tell: impl FnMut(Side, &[u8])) -> io::Result<()> {
    let mut chunk = [0; CHUNK];
    if let PortRead::Octets(octets) = host.read(&mut chunk, STEP)? {
        tell(Side::Host, &chunk[..octets]);
        modem.write(&chunk[..octets])?;
    }
    match modem.read(&mut chunk, STEP)? {
        PortRead::Octets(octets) => {
            tell(Side::Modem, &chunk[..octets]);
            host.write(&chunk[..octets])
        }
        PortRead::Disconnected => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the modem is gone")),
        PortRead::Nothing | PortRead::Connected => Ok(()),
    }
}
