//! Modems and messages in `report.json`.

use serde::Serialize;

use super::modem_runs::{MessageRun, ModemRun};

/// The modem of a UE.
#[derive(Serialize)]
pub(super) struct ModemReport<'a> {
    ue: &'a str,
    device: Option<&'a str>,
    profile: Option<&'a str>,
    state: Option<&'a str>,
    registrations: Vec<Named<'a>>,
    rsrp_dbm: Option<f32>,
    rsrq_db: Option<f32>,
    services: Vec<Service<'a>>,
    /// What was done to bring it back.
    rungs: Vec<RungReport<'a>>,
    failed: Option<&'a str>,
}

#[derive(Serialize)]
struct Named<'a> {
    domain: &'a str,
    status: &'a str,
}

#[derive(Serialize)]
struct Service<'a> {
    session: &'a str,
    refused: Option<&'a str>,
}

#[derive(Serialize)]
struct RungReport<'a> {
    t_ms: f64,
    rung: &'a str,
    why: &'a str,
}

/// A text message.
#[derive(Serialize)]
pub(super) struct MessageReport<'a> {
    number: u64,
    from: &'a str,
    to: &'a str,
    text: &'a str,
    submitted_ms: f64,
    reference: Option<u8>,
    delivered: bool,
    after_s: Option<f64>,
    reason: Option<String>,
}

impl<'a> ModemReport<'a> {
    pub(super) fn of(modem: &'a ModemRun) -> Self {
        Self {
            ue: &modem.ue,
            device: modem.identity.as_ref().map(|i| &*i.0),
            profile: modem.identity.as_ref().map(|i| &*i.1),
            state: modem.state.as_deref(),
            registrations: modem.registrations.iter().map(|(domain, status)| Named { domain, status }).collect(),
            rsrp_dbm: modem.signal.and_then(|s| s.0),
            rsrq_db: modem.signal.and_then(|s| s.1),
            services: modem.services.iter().map(|(s, r)| Service { session: s, refused: r.as_deref() }).collect(),
            rungs: modem.rungs.iter().map(|(t, rung, why)| RungReport { t_ms: *t as f64 / 1e6, rung, why }).collect(),
            failed: modem.failed.as_deref(),
        }
    }
}

impl<'a> MessageReport<'a> {
    pub(super) fn of(message: &'a MessageRun) -> Self {
        Self {
            number: message.number,
            from: &message.from,
            to: &message.to,
            text: &message.text,
            submitted_ms: message.at_ns as f64 / 1e6,
            reference: message.sent.as_ref().and_then(|sent| sent.as_ref().ok().copied()),
            delivered: message.after_s.is_some(),
            after_s: message.after_s,
            reason: message.after_s.is_none().then(|| message.fate()),
        }
    }
}
