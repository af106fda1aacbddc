//! Session description of a delivery method (TS 26.346 clauses 7.3.2 and 8.3; RFC 8866): where and when its content is, and on
//! which bearer.

use std::net::{IpAddr, SocketAddr};

use super::UsdProblem;
use crate::sip::sdp::{MbmsMedia, MbmsMode, Media, Origin, Sdp, SdpLine};

/// Seconds from 1900, which `t=` counts from, to 1970 (RFC 8866 clause 5.9).
const FROM_1900: u64 = 2_208_988_800;
/// Transport of FLUTE sessions (TS 26.346 clause 7.3.2).
const FLUTE: &str = "FLUTE/UDP";

/// What is delivered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delivered {
    /// Files by FLUTE.
    Files {
        /// Transport session identifier.
        tsi: u64,
        /// FEC encoding identifier of the files (RFC 5052 clause 6.1).
        fec: u8,
    },
    /// This medium, with its formats and attributes; address, port and bearer are those of the description.
    Media(Media),
}

/// A delivery method.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeliveryDescription {
    /// The bearer.
    pub mode: MbmsMode,
    /// Multicast address and port.
    pub destination: SocketAddr,
    /// The only sender.
    pub source: Option<IpAddr>,
    /// Begin, milliseconds since 1970, whole seconds in the description; none: unbounded.
    pub start_ms: Option<u64>,
    /// End.
    pub stop_ms: Option<u64>,
    /// Bit rate, kbit/s, IP and UDP headers included (`b=AS`).
    pub bandwidth_kbps: Option<u64>,
    /// What is delivered.
    pub delivered: Delivered,
}

impl DeliveryDescription {
    /// The description; `version` counts up with each change (RFC 8866 clause 5.2).
    pub fn to_sdp(&self, name: &str, version: u64) -> Sdp {
        let [a, b, c, x, y, z] = self.mode.tmgi().to_octets();
        let own = self.source.unwrap_or_else(|| self.destination.ip());
        let mut sdp = Sdp::new(&Origin {
            username: "-".to_owned(),
            session_id: u64::from_be_bytes([0, 0, a, b, c, x, y, z]),
            version,
            ipv6: own.is_ipv6(),
            address: own.to_string(),
        });
        // Each medium has its own.
        sdp.lines.retain(|line| line.kind != 'c');
        let time = |ms: Option<u64>| ms.map_or(0, |ms| ms / 1000 + FROM_1900);
        for line in &mut sdp.lines {
            match line.kind {
                's' if !name.is_empty() => line.value = name.chars().filter(|c| !c.is_control()).collect(),
                't' => line.value = format!("{} {}", time(self.start_ms), time(self.stop_ms)),
                _ => {}
            }
        }
        let like = match &self.delivered {
            Delivered::Media(media) => media.clone(),
            Delivered::Files { tsi, fec } => {
                sdp.lines.push(SdpLine::new('a', &format!("FEC-declaration:0 encoding-id={fec}")));
                sdp.lines.push(SdpLine::new('a', &format!("flute-tsi:{tsi}")));
                Media::new("application", 0, FLUTE, &["0"])
            }
        };
        let (destination, source, mode) = (self.destination, self.source, self.mode);
        let mut media = MbmsMedia { destination, source, mode }.to_media(&like);
        if let Delivered::Files { .. } = self.delivered {
            media.add_attribute("FEC", Some("0"));
        }
        if let Some(rate) = self.bandwidth_kbps {
            let at = media.lines.iter().position(|line| line.kind == 'a').unwrap_or(media.lines.len());
            media.lines.insert(at, SdpLine::new('b', &format!("AS:{rate}")));
        }
        sdp.media.push(media);
        sdp
    }

    /// Reads a description: its first medium over MBMS.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(document: &[u8]) -> Result<Self, UsdProblem> {
        let sdp = Sdp::parse(document).map_err(|_| UsdProblem::Other("the session description is none"))?;
        let (at, own) = find(&sdp).ok_or(UsdProblem::Other("the session description has no medium over MBMS"))?;
        let media = &sdp.media[at];
        let delivered = match media.protocol.eq_ignore_ascii_case(FLUTE) {
            true => {
                // Some write it at the medium.
                let own = sdp.attributes().chain(media.attributes()).find(|attribute| attribute.name == "flute-tsi");
                let tsi = own.and_then(|attribute| attribute.value?.parse().ok());
                let tsi = tsi.ok_or(UsdProblem::Other("flute-tsi is missing"))?;
                Delivered::Files { tsi, fec: fec_of(&sdp, media) }
            }
            false => {
                let own = ["rtpmap", "fmtp", "ptime", "maxptime"];
                let mut like = Media { port: 0, ports: None, lines: Vec::new(), ..media.clone() };
                for attribute in media.attributes().filter(|attribute| own.contains(&attribute.name)) {
                    like.add_attribute(attribute.name, attribute.value);
                }
                Delivered::Media(like)
            }
        };
        let time = |at: usize| {
            let text = sdp.value('t')?.split(' ').nth(at)?;
            Some(text.parse::<u64>().ok()?.checked_sub(FROM_1900)?.saturating_mul(1000))
        };
        let bandwidth = media
            .lines
            .iter()
            .chain(&sdp.lines)
            .find_map(|line| line.value.strip_prefix("AS:").filter(|_| line.kind == 'b'));
        Ok(Self {
            mode: own.mode,
            destination: own.destination,
            source: own.source,
            start_ms: time(0),
            stop_ms: time(1),
            bandwidth_kbps: bandwidth.and_then(|rate| rate.parse().ok()),
            delivered,
        })
    }
}

/// The first medium over MBMS: many write the bearer at the session (TS 26.346 clause 7.3.2.7).
fn find(sdp: &Sdp) -> Option<(usize, MbmsMedia)> {
    MbmsMedia::find(sdp).or_else(|| {
        let mode = sdp.attributes().find(|attribute| attribute.name == "mbms-mode")?.value?.to_owned();
        let mut sdp = sdp.clone();
        sdp.media.first_mut()?.add_attribute("mbms-mode", Some(&mode));
        MbmsMedia::find(&sdp)
    })
}

/// The FEC of the first declaration; without any, Compact No-Code.
fn fec_of(sdp: &Sdp, media: &Media) -> u8 {
    let declared = sdp
        .attributes()
        .chain(media.attributes())
        .filter(|attribute| attribute.name == "FEC-declaration")
        .find_map(|a| a.value);
    declared.and_then(|value| value.split("encoding-id=").nth(1)?.split([';', ' ']).next()?.parse().ok()).unwrap_or(0)
}

impl DeliveryDescription {
    /// A medium of octets that nobody knows more of, over UDP.
    pub fn octets() -> Delivered {
        Delivered::Media(Media::new("application", 0, "udp", &["octet-stream"]))
    }

    /// The first medium of what a content provider describes.
    pub fn media(description: &str) -> Option<Delivered> {
        Some(Delivered::Media(Sdp::parse(description.as_bytes()).ok()?.media.into_iter().next()?))
    }
}
