//! Reports of gpsd (`gpsd_json(5)`): those that matter, the others are let pass.

use serde::{Deserialize, Serialize};

/// A report.
#[derive(Clone, PartialEq, Debug)]
pub enum GpsReport {
    /// Which gpsd it is.
    Version {
        /// Its release.
        release: String,
        /// Version of the protocol.
        protocol: (u32, u32),
    },
    /// Time, position, velocity.
    Fix(Fix),
    /// What gpsd does not understand or cannot do.
    Error(String),
    /// Another class of report.
    Other(String),
}

/// Time, position, velocity (`TPV`).
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Fix {
    /// Device that it is from.
    #[serde(default)]
    pub device: String,
    /// What is known.
    #[serde(default)]
    pub mode: FixMode,
    /// UTC as the receiver has it, ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Latitude, degrees, north positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Longitude, degrees, east positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Height above mean sea level, m.
    #[serde(default, rename = "altMSL", skip_serializing_if = "Option::is_none")]
    pub alt_msl_m: Option<f64>,
    /// Speed over ground, m/s.
    #[serde(default, rename = "speed", skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<f64>,
    /// Course over ground, degrees from north.
    #[serde(default, rename = "track", skip_serializing_if = "Option::is_none")]
    pub track_deg: Option<f64>,
    /// Estimated horizontal error, m.
    #[serde(default, rename = "eph", skip_serializing_if = "Option::is_none")]
    pub eph_m: Option<f64>,
    /// Estimated error of the time, s.
    #[serde(default, rename = "ept", skip_serializing_if = "Option::is_none")]
    pub ept_s: Option<f64>,
}

/// What of a position is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub enum FixMode {
    /// Not seen yet, or nothing.
    #[default]
    None,
    /// Latitude and longitude.
    TwoD,
    /// The height too.
    ThreeD,
}

impl From<u8> for FixMode {
    fn from(mode: u8) -> Self {
        match mode {
            2 => Self::TwoD,
            3 => Self::ThreeD,
            _ => Self::None,
        }
    }
}

impl From<FixMode> for u8 {
    fn from(mode: FixMode) -> Self {
        match mode {
            FixMode::None => 1,
            FixMode::TwoD => 2,
            FixMode::ThreeD => 3,
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "class")]
enum Wire {
    #[serde(rename = "VERSION")]
    Version { release: String, proto_major: u32, proto_minor: u32 },
    #[serde(rename = "TPV")]
    Tpv(Fix),
    #[serde(rename = "ERROR")]
    Error { message: String },
}

#[derive(Deserialize)]
struct Class {
    class: String,
}

impl GpsReport {
    /// Reads a line; `None` where it is none of gpsd's.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        Some(match serde_json::from_str(line) {
            Ok(Wire::Version { release, proto_major, proto_minor }) => {
                Self::Version { release, protocol: (proto_major, proto_minor) }
            }
            Ok(Wire::Tpv(fix)) => Self::Fix(fix),
            Ok(Wire::Error { message }) => Self::Error(message),
            Err(_) => Self::Other(serde_json::from_str::<Class>(line).ok()?.class),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read() {
        let line = r#"{"class":"TPV","device":"tcp://127.0.0.1:4000","mode":3,"time":"2026-11-20T10:00:00.000Z","ept":0.005,"lat":48.2,"lon":16.37,"altHAE":190.1,"altMSL":150.1,"alt":150.1,"speed":13.9,"new":[1]}"#;
        let Some(GpsReport::Fix(fix)) = GpsReport::parse(line) else { panic!("a fix") };
        assert_eq!(
            (fix.mode, fix.lat, fix.alt_msl_m, fix.speed_mps),
            (FixMode::ThreeD, Some(48.2), Some(150.1), Some(13.9))
        );
        let version = r#"{"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14}"#;
        assert_eq!(GpsReport::parse(version), Some(GpsReport::Version { release: "3.22".into(), protocol: (3, 14) }));
        assert_eq!(GpsReport::parse(r#"{"class":"SKY","satellites":[]}"#), Some(GpsReport::Other("SKY".into())));
        let error = r#"{"class":"ERROR","message":"Unrecognized request"}"#;
        assert_eq!(GpsReport::parse(error), Some(GpsReport::Error("Unrecognized request".into())));
        for nonsense in ["", "{", "$GPGGA,1", "{\"class\":7}", "[]"] {
            assert_eq!(GpsReport::parse(nonsense), None, "{nonsense}");
        }
    }
}
