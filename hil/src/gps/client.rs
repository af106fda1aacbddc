//! A client of gpsd, or a stand-in that plays a track.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Fix, FixMode, GpsReport};

const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// Longest line of gpsd (`GPS_JSON_RESPONSE_MAX` is 10240 in its sources).
const MAX_LINE: usize = 64 << 10;

/// Where positions come from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GpsConfig {
    /// A gpsd.
    Gpsd {
        /// Host and port.
        address: String,
        /// One of its receivers; without it, all.
        device: Option<String>,
    },
    /// A stand-in that stays where it is.
    Simulated {
        /// Latitude, degrees.
        lat: f64,
        /// Longitude, degrees.
        lon: f64,
        /// Height above mean sea level, m.
        alt_msl_m: f64,
    },
}

/// A source of positions that is open.
#[derive(Debug)]
pub struct Gps {
    source: Source,
    release: String,
}

#[derive(Debug)]
enum Source {
    Gpsd { stream: TcpStream, address: String, received: Vec<u8> },
    Simulated(Option<Fix>),
}

/// A gpsd that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("gpsd at {address}: {why}")]
pub struct GpsError {
    /// Where it is.
    pub address: String,
    /// What went wrong.
    pub why: String,
}

impl Gps {
    /// Connects and asks for reports.
    ///
    /// # Errors
    /// Nobody is there, or it is no gpsd.
    pub fn open(config: &GpsConfig) -> Result<Self, GpsError> {
        match config {
            GpsConfig::Gpsd { address, device } => {
                let fail = |why: String| GpsError { address: address.clone(), why };
                let mut stream = connect(address).map_err(|e| fail(e.to_string()))?;
                let device = device.as_ref().map(|device| serde_json::Value::from(device.as_str()));
                let device = device.map_or_else(String::new, |device| format!(",\"device\":{device}"));
                writeln!(stream, "?WATCH={{\"enable\":true,\"json\":true{device}}};")
                    .map_err(|e| fail(e.to_string()))?;
                let source = Source::Gpsd { stream, address: address.clone(), received: Vec::new() };
                let mut gps = Self { source, release: String::new() };
                match gps.next(CONNECT_PATIENCE)? {
                    Some(GpsReport::Version { release, .. }) => gps.release = release,
                    other => return Err(fail(format!("does not begin with its version but with {other:?}"))),
                }
                Ok(gps)
            }
            GpsConfig::Simulated { lat, lon, alt_msl_m } => {
                let fix = Fix {
                    device: "simulated".into(),
                    mode: FixMode::ThreeD,
                    lat: Some(*lat),
                    lon: Some(*lon),
                    alt_msl_m: Some(*alt_msl_m),
                    speed_mps: Some(0.0),
                    ..Fix::default()
                };
                Ok(Self { source: Source::Simulated(Some(fix)), release: "simulated".into() })
            }
        }
    }

    /// Release of the gpsd.
    #[must_use]
    pub fn release(&self) -> &str {
        &self.release
    }

    /// Next report that comes within `patience`.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn next(&mut self, patience: Duration) -> Result<Option<GpsReport>, GpsError> {
        match &mut self.source {
            Source::Simulated(fix) => Ok(fix.take().map(GpsReport::Fix)),
            Source::Gpsd { stream, address, received } => next_line(stream, received, patience)
                .map_err(|e| GpsError { address: address.clone(), why: e.to_string() }),
        }
    }

    /// Latest position that comes within `patience`.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn fix(&mut self, patience: Duration) -> Result<Option<Fix>, GpsError> {
        loop {
            match self.next(patience)? {
                Some(GpsReport::Fix(fix)) => return Ok(Some(fix)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "no such address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(e) => last = e,
        }
    }
    Err(last)
}

fn next_line(stream: &mut TcpStream, received: &mut Vec<u8>, patience: Duration) -> io::Result<Option<GpsReport>> {
    stream.set_read_timeout(Some(patience.max(Duration::from_millis(1))))?;
    loop {
        while let Some(end) = received.iter().position(|&octet| octet == b'\n') {
            let line: Vec<u8> = received.drain(..=end).collect();
            if let Some(report) = GpsReport::parse(String::from_utf8_lossy(&line).trim()) {
                return Ok(Some(report));
            }
        }
        if received.len() > MAX_LINE {
            return Err(io::Error::new(ErrorKind::InvalidData, "a line without end"));
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk) {
            Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, "it has closed the connection")),
            Ok(octets) => received.extend_from_slice(&chunk[..octets]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                return Ok(None);
            }
            Err(e) => return Err(e),
        }
    }
}
