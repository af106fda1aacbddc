//! Taps: what was seen on a reference point, in the standard's own bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Instant;

/// A reference point, or a layer of the air interface, on which a tap sits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Joint {
    /// BM-SC to eNB user plane: IPv4 multicast, GTP-U (TS 29.281), SYNC (TS 25.446). Bytes start at the IPv4 header.
    M1,
    /// MasterInformationBlock as decoded from the air (TS 36.331, BCCH-BCH-Message), UPER.
    BcchBch,
    /// SystemInformationBlockType1 or SystemInformation as decoded from the air (TS 36.331, BCCH-DL-SCH-Message), UPER.
    BcchDlSch,
    /// MCCH change notification on the PDCCH: the eight bits of DCI format 1C with the M-RNTI (TS 36.212 clause 5.3.3.1.4),
    /// one octet.
    Pdcch,
    /// MAC PDU of an MCH as decoded from the air (TS 36.321 clause 6.1.3.7 and 6.1.2). Bytes are the transport block.
    Mch,
    /// UMD PDU of a logical channel of an MCH (TS 36.322 clause 6.2.1.3).
    Rlc,
    /// MCCH message as decoded from the air (TS 36.331), UPER.
    Mcch,
    /// IP datagram of an MBMS bearer as a UE's MTCH gave it. Bytes start at the IP header.
    Mtch,
    /// Octets on the port of a modem, either way (V.250, TS 27.007, TS 27.005): one write of one side.
    At,
    /// A short message as it went over the port of a modem (TS 27.005). Bytes are the TPDU (TS 23.040 clause 9.2.2).
    Sms,
    /// UE and P-CSCF: SIP (TS 24.229).
    Gm,
    /// CSCFs among each other: SIP (TS 24.229).
    Mw,
    /// S-CSCF and application server: SIP (TS 24.229).
    Isc,
    /// MCPTT servers among each other, participating and controlling functions: SIP (TS 23.379 clause 7.5.2.4, TS 24.379).
    Mcptt3,
    /// I-CSCF or S-CSCF and HSS: Diameter (TS 29.228, TS 29.229).
    Cx,
    /// Application server and HSS: Diameter (TS 29.328, TS 29.329).
    Sh,
    /// UE and XDM server: XCAP over HTTP (RFC 4825, TS 24.623).
    Ut,
    /// Media plane: RTP and RTCP (RFC 3550), MSRP (RFC 4975).
    Mb,
    /// Nodes and charging data function: Diameter, offline charging (TS 32.299 clause 6.1).
    Rf,
    /// Nodes and online charging function: Diameter (TS 32.299 clause 6.2).
    Ro,
    /// Identity management client and server: OpenID Connect over HTTP (TS 33.180 clause 5.1.2).
    Csc1,
    /// Third parties and the exposure of the network: HTTP.
    Api,
    /// Application server and BM-SC, control: Diameter (TS 29.468).
    Mb2C,
    /// Application server to BM-SC, user plane (TS 29.468 clause 7): what the UDP datagrams carry, an IP datagram each.
    Mb2U,
    /// Content provider and BM-SC, control: HTTP (TS 29.116).
    XmbC,
    /// BM-SC and MBMS-GW, control: Diameter (TS 29.061 clause 20).
    SgMb,
    /// BM-SC to MBMS-GW, user plane (TS 23.246 clause 4.2): SYNC PDUs (TS 25.446).
    SgiMb,
    /// MBMS-GW (with the MME in it) and MCE: M3AP over SCTP (TS 36.444).
    M3,
    /// MCE and eNB: M2AP over SCTP (TS 36.443).
    M2,
    /// IP-Message-GW, MSC or SGSN and HLR/HSS: MAP over TCAP and SCCP (TR 23.804 clause 5.1.3.1: Gr reused).
    R1,
    /// UE and IP-Message-GW over generic IP access: SIP (TR 23.804 clause 5.1.3.2).
    R2,
    /// SMS-GMSC and HLR/HSS: MAP over TCAP and SCCP (TR 23.804 clause 5.1.3.5: C enhanced).
    R5,
    /// SMS-GMSC/SMS-IWMSC and IP-Message-GW, MSC or SGSN: MAP over TCAP and SCCP (TR 23.804 clause 5.1.3.6: E or Gd reused).
    R6,
    /// SM-SC and SMS-GMSC/SMS-IWMSC or an outside system: SMPP 3.4 (TS 23.039 clause 4).
    Smpp,
    /// UE or IP-Message-GW and MMS Relay/Server: OMA-MMS-ENC over HTTP (TS 23.140 clause 8.1), and the push of the relay's
    /// notifications to the gateway (WAP-247).
    Mm1,
    /// MMS Relay/Servers among each other: Internet mail over SMTP (TS 23.140 clause 8.4).
    Mm4,
    /// Migration management servers of MC systems, by way of the Diameter relays of their SIP cores: Cx (TS 23.280 clause
    /// 10.1.6.2, TS 29.229).
    Migration,
}

impl Joint {
    /// All of them, in the order of the layers.
    pub const ALL: [Self; 37] = [
        Self::M1,
        Self::BcchBch,
        Self::BcchDlSch,
        Self::Pdcch,
        Self::Mch,
        Self::Rlc,
        Self::Mcch,
        Self::Mtch,
        Self::At,
        Self::Sms,
        Self::Gm,
        Self::Mw,
        Self::Isc,
        Self::Mcptt3,
        Self::Cx,
        Self::Sh,
        Self::Ut,
        Self::Mb,
        Self::Rf,
        Self::Ro,
        Self::Csc1,
        Self::Api,
        Self::Mb2C,
        Self::Mb2U,
        Self::XmbC,
        Self::SgMb,
        Self::SgiMb,
        Self::M3,
        Self::M2,
        Self::R1,
        Self::R2,
        Self::R5,
        Self::R6,
        Self::Smpp,
        Self::Mm1,
        Self::Mm4,
        Self::Migration,
    ];

    /// A reference point of the core network: of the IMS, its services, short messages, or the MBMS nodes before M1.
    #[must_use]
    pub const fn is_core(self) -> bool {
        self.is_sip()
            || self.is_diameter()
            || self.is_http()
            || self.is_map()
            || matches!(self, Self::Mb | Self::Mb2U | Self::SgiMb | Self::M3 | Self::M2 | Self::Smpp | Self::Mm4)
    }

    /// Its messages are SIP.
    #[must_use]
    pub const fn is_sip(self) -> bool {
        matches!(self, Self::Gm | Self::Mw | Self::Isc | Self::Mcptt3 | Self::R2)
    }

    /// Its messages are MAP over TCAP and SCCP.
    #[must_use]
    pub const fn is_map(self) -> bool {
        matches!(self, Self::R1 | Self::R5 | Self::R6)
    }

    /// Its messages are HTTP.
    #[must_use]
    pub const fn is_http(self) -> bool {
        matches!(self, Self::Ut | Self::Csc1 | Self::Api | Self::XmbC | Self::Mm1)
    }

    /// Its messages are Diameter.
    #[must_use]
    pub const fn is_diameter(self) -> bool {
        matches!(self, Self::Cx | Self::Sh | Self::Rf | Self::Ro | Self::Mb2C | Self::SgMb | Self::Migration)
    }
}

impl fmt::Display for Joint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::M1 => "M1",
            Self::BcchBch => "BCCH-BCH",
            Self::BcchDlSch => "BCCH-DL-SCH",
            Self::Pdcch => "PDCCH",
            Self::Mch => "MCH",
            Self::Rlc => "RLC",
            Self::Mcch => "MCCH",
            Self::Mtch => "MTCH",
            Self::At => "AT",
            Self::Sms => "SMS",
            Self::Gm => "Gm",
            Self::Mw => "Mw",
            Self::Isc => "ISC",
            Self::Mcptt3 => "MCPTT-3",
            Self::Cx => "Cx",
            Self::Sh => "Sh",
            Self::Ut => "Ut",
            Self::Mb => "Mb",
            Self::Rf => "Rf",
            Self::Ro => "Ro",
            Self::Csc1 => "CSC-1",
            Self::Api => "API",
            Self::Mb2C => "MB2-C",
            Self::Mb2U => "MB2-U",
            Self::XmbC => "xMB-C",
            Self::SgMb => "SGmb",
            Self::SgiMb => "SGi-mb",
            Self::M3 => "M3",
            Self::M2 => "M2",
            Self::R1 => "R1",
            Self::R2 => "R2",
            Self::R5 => "R5",
            Self::R6 => "R6",
            Self::Smpp => "SMPP",
            Self::Mm1 => "MM1",
            Self::Mm4 => "MM4",
            Self::Migration => "Migration",
        })
    }
}

/// One message seen on a joint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TapEvent {
    /// When the last bit was there.
    pub at: Instant,
    /// Where it was seen.
    pub joint: Joint,
    /// Name of the sending box.
    pub from: String,
    /// Name of the receiving box.
    pub to: String,
    /// Which of several of its kind it belongs to: the name of the MCH on `Mch` and `Rlc`, that of the modem's UE on `At` and
    /// `Sms`, transport and addresses on those of the IMS (`udp 10.45.0.1:5060 10.46.0.1:5060`: source, destination); empty
    /// where there is one.
    pub channel: String,
    /// Logical channel, on `Rlc`.
    pub lcid: u8,
    /// The message, byte for byte.
    pub bytes: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_core_is_of_the_air_or_of_a_modem() {
        let others: Vec<_> = Joint::ALL.into_iter().filter(|joint| !joint.is_core()).collect();
        let of_the_air = [
            Joint::M1,
            Joint::BcchBch,
            Joint::BcchDlSch,
            Joint::Pdcch,
            Joint::Mch,
            Joint::Rlc,
            Joint::Mcch,
            Joint::Mtch,
        ];
        assert_eq!(others, [&of_the_air[..], &[Joint::At, Joint::Sms]].concat());
    }
}
