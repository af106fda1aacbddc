//! Signal quality: `+CSQ` (TS 27.007 clause 8.5) and `+CESQ` (8.69). Both are of the unicast cell, not of an MBSFN area.

use super::super::params::parse_params;
use super::{AtCommand, AtError, AtResponse, Request, first};

/// Received signal strength.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signal {
    /// dBm, -113 to -51; `None`: not known.
    pub rssi_dbm: Option<i16>,
}

/// Extended signal quality. Values stand for intervals; given is the lower edge, as ModemManager gives it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ExtendedSignal {
    /// GSM received level, dBm.
    pub rxlev_dbm: Option<f32>,
    /// UTRA received signal code power, dBm.
    pub rscp_dbm: Option<f32>,
    /// UTRA Ec/No, dB.
    pub ecno_db: Option<f32>,
    /// E-UTRA reference signal received quality, dB.
    pub rsrq_db: Option<f32>,
    /// E-UTRA reference signal received power, dBm.
    pub rsrp_dbm: Option<f32>,
}

/// `+CSQ`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadSignal;

/// `+CESQ`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadExtendedSignal;

impl Request for ReadSignal {
    type Answer = Signal;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CSQ").answered_by("+CSQ")
    }

    fn answer(&self, response: &AtResponse) -> Result<Signal, AtError> {
        first(self, response, |text| {
            let rssi: u8 = parse_params(text).first()?.number()?;
            Some(Signal { rssi_dbm: (rssi <= 31).then(|| 2 * i16::from(rssi) - 113) })
        })
    }
}

impl Request for ReadExtendedSignal {
    type Answer = ExtendedSignal;

    fn command(&self) -> AtCommand {
        AtCommand::new("+CESQ").answered_by("+CESQ")
    }

    fn answer(&self, response: &AtResponse) -> Result<ExtendedSignal, AtError> {
        first(self, response, |text| {
            let params = parse_params(text);
            let value = |i: usize| params.get(i)?.number::<u8>();
            // (first parameter, most, dB at value 0, dB per value)
            let of = |i: usize, most: u8, zero: f32, step: f32| {
                value(i).filter(|&v| v <= most).map(|v| step.mul_add(f32::from(v), zero))
            };
            value(5)?;
            Some(ExtendedSignal {
                rxlev_dbm: of(0, 63, -111.0, 1.0),
                rscp_dbm: of(2, 96, -121.0, 1.0),
                ecno_db: of(3, 49, -24.5, 0.5),
                rsrq_db: of(4, 34, -20.0, 0.5),
                rsrp_dbm: of(5, 97, -141.0, 1.0),
            })
        })
    }
}
