//! MBMS subchannel control (TS 24.380 clause 8.4): which group is on which bearer, said on its general purpose subchannel.
//!
//! RTCP APP packets named `MCMC`; `MCCP`, their name in version 13.0 of the standard, is read as well. Identifiers of fields
//! are those since version 13.3.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::ControlProblem;
use super::app::{App, Fields, MAX_VALUE, put};
use crate::Tmgi;

/// Longest MCPTT group identity that a message can carry.
pub const MAX_GROUP_OCTETS: usize = MAX_VALUE;

/// A message with its sender.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubchannelControl {
    /// Synchronisation source of the participating function.
    pub ssrc: u32,
    /// What it says.
    pub message: SubchannelMessage,
}

/// A message (table 8.4.2-1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubchannelMessage {
    /// Map Group To Bearer (clause 8.4.4): speech of a group is on the bearer from now on.
    MapGroupToBearer {
        /// MCPTT group identity.
        group: String,
        /// The bearer.
        tmgi: Tmgi,
        /// Where on the bearer.
        subchannel: MbmsSubchannel,
    },
    /// Unmap Group To Bearer (clause 8.4.5): no more.
    UnmapGroupToBearer {
        /// MCPTT group identity.
        group: String,
    },
    /// Application Paging (clause 8.4.6): its members shall come back to unicast.
    ApplicationPaging {
        /// MCPTT group identity.
        group: String,
    },
    /// Bearer Announcement (clause 8.4.7): a bearer, known before, may be used again.
    BearerAnnouncement {
        /// The bearer.
        tmgi: Tmgi,
        /// Monitoring State field, its first octet.
        monitoring: Option<u8>,
    },
    /// Another one, or one of the last two with other fields.
    Other {
        /// Its type, five bits.
        subtype: u8,
        /// Its fields as they came, whole words.
        data: Vec<u8>,
    },
}

/// A subchannel for media and their floor control (MBMS Subchannel field, clause 8.4.3.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MbmsSubchannel {
    /// Number of the `m=audio` line in the announced session description, counted from 1; at most 15.
    pub audio_m_line: u8,
    /// Number of the `m=application` line, 1 to 15, and port of floor control; none: by unicast.
    pub floor: Option<(u8, u16)>,
    /// Multicast address and port of the media. The address is that of floor control, too.
    pub media: SocketAddr,
}

impl MbmsSubchannel {
    /// Where floor control is sent to.
    pub fn floor_address(&self) -> Option<SocketAddr> {
        self.floor.map(|(_, port)| SocketAddr::new(self.media.ip(), port))
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let ([lines, version], mut rest) = value.split_first_chunk::<2>()?;
        let mut port = || {
            let (word, tail) = rest.split_first_chunk::<4>()?;
            rest = tail;
            u16::try_from(u32::from_be_bytes(*word)).ok()
        };
        let floor = match lines & LOW {
            0 => None,
            line => Some((line, port()?)),
        };
        let port = port()?;
        let ip = match version >> 4 {
            IP_V4 => IpAddr::V4(Ipv4Addr::from(*rest.first_chunk::<4>()?)),
            IP_V6 => IpAddr::V6(Ipv6Addr::from(*rest.first_chunk::<16>()?)),
            _ => return None,
        };
        Some(Self { audio_m_line: lines >> 4, floor, media: SocketAddr::new(ip, port) })
    }

    fn value(&self) -> Vec<u8> {
        // A line 0 says that there is no port.
        let floor = self.floor.filter(|(line, _)| line & LOW != 0);
        let version = if self.media.is_ipv6() { IP_V6 } else { IP_V4 };
        let mut value = vec![self.audio_m_line << 4 | floor.map_or(0, |(line, _)| line & LOW), version << 4];
        value.extend(floor.iter().flat_map(|(_, port)| u32::from(*port).to_be_bytes()));
        value.extend(u32::from(self.media.port()).to_be_bytes());
        match self.media.ip() {
            IpAddr::V4(ip) => value.extend(ip.octets()),
            IpAddr::V6(ip) => value.extend(ip.octets()),
        }
        value
    }
}

/// Reads the messages of a datagram; packets of other names are none.
pub fn parse(datagram: &[u8]) -> Result<Vec<SubchannelControl>, ControlProblem> {
    let apps = App::parse(datagram, &[NAME, OLD_NAME])?;
    let read = |app: App| Ok(SubchannelControl { ssrc: app.ssrc, message: SubchannelMessage::read(app)? });
    apps.into_iter().map(read).collect()
}

/// The datagram with these messages. One with a group identity longer than [`MAX_GROUP_OCTETS`] is left out.
pub fn emit(messages: &[SubchannelControl]) -> Vec<u8> {
    let app = |SubchannelControl { ssrc, message }: &SubchannelControl| {
        message.data().map(|data| App { subtype: message.subtype(), ssrc: *ssrc, data })
    };
    App::emit(messages.iter().filter_map(app), NAME)
}

impl SubchannelControl {
    /// A datagram with this message alone.
    pub fn to_bytes(&self) -> Vec<u8> {
        emit(std::slice::from_ref(self))
    }
}

impl SubchannelMessage {
    /// Name of the message in the standard.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MapGroupToBearer { .. } => "Map Group To Bearer",
            Self::UnmapGroupToBearer { .. } => "Unmap Group To Bearer",
            Self::ApplicationPaging { .. } => "Application Paging",
            Self::BearerAnnouncement { .. } => "Bearer Announcement",
            Self::Other { .. } => "another message",
        }
    }

    const fn subtype(&self) -> u8 {
        match self {
            Self::MapGroupToBearer { .. } => MAP_GROUP_TO_BEARER,
            Self::UnmapGroupToBearer { .. } => UNMAP_GROUP_TO_BEARER,
            Self::ApplicationPaging { .. } => APPLICATION_PAGING,
            Self::BearerAnnouncement { .. } => BEARER_ANNOUNCEMENT,
            Self::Other { subtype, .. } => *subtype,
        }
    }

    fn read(app: App) -> Result<Self, ControlProblem> {
        let fields = Fields::parse(&app.data);
        let group = || fields.as_ref()?.text(GROUP_ID);
        let mapped_group = || group().or_else(|| fields.as_ref()?.text(OLD_GROUP_ID));
        let tmgi = || Tmgi::from_octets(fields.as_ref()?.value(TMGI)?.try_into().ok()?);
        let problem = |message, field| ControlProblem::Field { message, field };
        let known = match app.subtype {
            MAP_GROUP_TO_BEARER => {
                let name = "Map Group To Bearer";
                let fields = fields.as_ref().ok_or(ControlProblem::Truncated(name))?;
                let subchannel = fields.value(SUBCHANNEL).and_then(MbmsSubchannel::parse);
                Some(Self::MapGroupToBearer {
                    group: mapped_group().ok_or_else(|| problem(name, "MCPTT Group ID"))?,
                    tmgi: tmgi().ok_or_else(|| problem(name, "TMGI"))?,
                    subchannel: subchannel.ok_or_else(|| problem(name, "MBMS Subchannel"))?,
                })
            }
            UNMAP_GROUP_TO_BEARER => {
                let name = "Unmap Group To Bearer";
                Some(Self::UnmapGroupToBearer { group: mapped_group().ok_or_else(|| problem(name, "MCPTT Group ID"))? })
            }
            APPLICATION_PAGING => group().map(|group| Self::ApplicationPaging { group }),
            BEARER_ANNOUNCEMENT => {
                let monitoring = || fields.as_ref()?.octet(MONITORING_STATE);
                tmgi().map(|tmgi| Self::BearerAnnouncement { tmgi, monitoring: monitoring() })
            }
            _ => None,
        };
        Ok(known.unwrap_or(Self::Other { subtype: app.subtype, data: app.data }))
    }

    /// Fields of the message; none when an identity does not fit.
    fn data(&self) -> Option<Vec<u8>> {
        let mut data = Vec::new();
        match self {
            Self::MapGroupToBearer { group, tmgi, subchannel } => {
                put_group(&mut data, group)?;
                put(&mut data, TMGI, &tmgi.to_octets());
                put(&mut data, SUBCHANNEL, &subchannel.value());
            }
            Self::UnmapGroupToBearer { group } | Self::ApplicationPaging { group } => put_group(&mut data, group)?,
            Self::BearerAnnouncement { tmgi, monitoring } => {
                put(&mut data, TMGI, &tmgi.to_octets());
                if let Some(monitoring) = monitoring {
                    put(&mut data, MONITORING_STATE, &[*monitoring, 0]);
                }
            }
            Self::Other { data: own, .. } => data.extend_from_slice(own),
        }
        Some(data)
    }
}

fn put_group(data: &mut Vec<u8>, group: &str) -> Option<()> {
    let fits = (1..=MAX_GROUP_OCTETS).contains(&group.len());
    fits.then(|| put(data, GROUP_ID, group.as_bytes()))
}

/// Clause 8.1.2.
const NAME: [u8; 4] = *b"MCMC";
/// The same before version 13.1.
const OLD_NAME: [u8; 4] = *b"MCCP";

/// Table 8.4.2-1.
const MAP_GROUP_TO_BEARER: u8 = 0;
const UNMAP_GROUP_TO_BEARER: u8 = 1;
const APPLICATION_PAGING: u8 = 2;
const BEARER_ANNOUNCEMENT: u8 = 3;

/// Table 8.4.3.1-2.
const SUBCHANNEL: u8 = 0;
const TMGI: u8 = 1;
const GROUP_ID: u8 = 2;
const MONITORING_STATE: u8 = 3;
/// [`GROUP_ID`] before version 13.3.
const OLD_GROUP_ID: u8 = 3;

/// Clause 8.4.3.3.
const IP_V4: u8 = 0;
const IP_V6: u8 = 1;
const LOW: u8 = 0xf;

#[cfg(test)]
mod tests;
