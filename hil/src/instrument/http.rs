//! GET of HTTP/1.0 (RFC 1945), which is all that attenuators need.

use std::io::{self, Read, Write};

use super::InstrumentError;
use super::lines::connect;

/// Longest answer.
const MAX_ANSWER: u64 = 64 << 10;

/// The body of the answer to `GET path`.
pub(crate) fn http_get(address: &str, path: &str) -> Result<String, InstrumentError> {
    let place = || format!("http://{address}{path}");
    let answer = fetch(address, path).map_err(|e| InstrumentError::io(place(), &e))?;
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n")).unwrap_or((&text, ""));
    let status = head.lines().next().unwrap_or_default();
    if status.split_whitespace().nth(1) != Some("200") {
        return Err(InstrumentError::new(place(), format!("answered {status:?}")));
    }
    Ok(body.trim().to_owned())
}

fn fetch(address: &str, path: &str) -> io::Result<Vec<u8>> {
    let mut stream = connect(address)?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    match (&mut stream).take(MAX_ANSWER).read_to_end(&mut answer) {
        // One that leaves the connection open, or resets it, has said everything nevertheless.
        Err(_) if !answer.is_empty() => {}
        Err(e) => return Err(e),
        Ok(_) => {}
    }
    Ok(answer)
}
