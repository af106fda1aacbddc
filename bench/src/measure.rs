//! Measurements: quantities with a unit, taken from the model of a run. Counts stand beside every ratio.

use std::collections::BTreeMap;

use crate::event::Measurement;
use crate::report::area_sum::AreaSum;
use crate::report::model::{Model, Outcome};
use crate::report::radio_sum::{Ratio, WeightedSum};
use crate::report::series::Merge;
use crate::scenario::MeasurementName;

/// A quantity of a UE, of a session, of both or of neither.
#[derive(Clone, PartialEq, Debug)]
pub struct Measured {
    /// What was measured.
    pub name: MeasurementName,
    /// Of which UE.
    pub ue: Option<String>,
    /// Of which session.
    pub session: Option<String>,
    /// What came of it.
    pub result: Result<Value, NoValue>,
}

/// A value in the unit of its name.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Value {
    /// The value.
    pub value: f64,
    /// Numerator and denominator when it is a ratio of counts.
    pub counts: Option<(u64, u64)>,
}

/// Why there is no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoValue {
    /// Nothing was sampled: no verdict is possible.
    NoSamples(&'static str),
    /// It did not happen, and that is known: a limit cannot hold.
    DidNotHappen(String),
}

/// All values of one measurement: UE by UE and session by session in the scenario's order.
pub fn measure(model: &Model, name: MeasurementName) -> Vec<Measured> {
    let ues: Vec<Option<&str>> =
        if name.is_per_ue() { model.ues.iter().map(|u| Some(&*u.name)).collect() } else { vec![None] };
    let sessions: Vec<Option<&str>> =
        if name.is_per_session() { model.sessions.iter().map(|s| Some(&*s.name)).collect() } else { vec![None] };
    let pairs = ues.iter().flat_map(|&ue| sessions.iter().map(move |&session| (ue, session)));
    // A value that a box measured itself goes before what is derived from other events.
    let of = |m: &Measurement| Value { value: m.value, counts: m.counts };
    let recorded = model.measured.iter().rev().filter(|m| m.name == name);
    let recorded: BTreeMap<_, _> = recorded.map(|m| ((m.ue.as_deref(), m.session.as_deref()), of(m))).collect();
    pairs
        .map(|(ue, session)| Measured {
            name,
            ue: ue.map(str::to_owned),
            session: session.map(str::to_owned),
            result: recorded.get(&(ue, session)).map_or_else(|| derive(model, name, ue, session), |value| Ok(*value)),
        })
        .collect()
}

fn derive(model: &Model, name: MeasurementName, ue: Option<&str>, session: Option<&str>) -> Result<Value, NoValue> {
    let ue_run = ue.and_then(|ue| model.ue(ue));
    let delivery = model.delivery(ue.unwrap_or_default(), session.unwrap_or_default());
    let no_ue = NoValue::NoSamples("no such UE in the scenario");
    match name {
        MeasurementName::ObjectsRecovered => match delivery {
            Some(d) if d.is_complete() || d.outcome != Outcome::Open => Ok(plain(d.objects_intact as f64)),
            _ => Err(NoValue::NoSamples("the delivery neither completed nor ended")),
        },
        MeasurementName::UesComplete => ues_complete(model, session),
        MeasurementName::DeliveryTime => match delivery.map(|d| &d.outcome) {
            Some(Outcome::Received { after_s, intact: true, .. }) => Ok(plain(*after_s)),
            Some(Outcome::Received { intact: false, .. }) => {
                Err(NoValue::DidNotHappen("what arrived differs from what was sent".into()))
            }
            Some(Outcome::Missing { reason, .. }) => Err(NoValue::DidNotHappen(format!("not delivered: {reason}"))),
            Some(Outcome::Open) | None => Err(NoValue::NoSamples("the delivery neither completed nor ended")),
        },
        MeasurementName::MchBler => ratio(ue_run.ok_or(no_ue)?.radio.mch, "no MTCH block was tried"),
        MeasurementName::SignallingBler => {
            ratio(ue_run.ok_or(no_ue)?.radio.signalling, "no signalling block was tried")
        }
        MeasurementName::Cinr => {
            let cinr_db = ue_run.ok_or(no_ue)?.radio.cinr_db();
            cinr_db.map(plain).ok_or(NoValue::NoSamples(NO_SUBFRAME))
        }
        MeasurementName::Evm => {
            let evm_percent = ue_run.ok_or(no_ue)?.radio.evm_percent();
            evm_percent.map(plain).ok_or(NoValue::NoSamples("no data symbol was equalised"))
        }
        MeasurementName::MbsfnRsrp
        | MeasurementName::MbsfnRsrq
        | MeasurementName::MbsfnSinr
        | MeasurementName::Ber
        | MeasurementName::CpMargin => of_areas(model, name, &ue_run.ok_or(no_ue)?.areas),
        MeasurementName::Cfo => {
            let cfo_hz = ue_run.ok_or(no_ue)?.radio.cfo_hz();
            cfo_hz.map(plain).ok_or(NoValue::NoSamples(NO_SUBFRAME))
        }
        MeasurementName::Timing => {
            let timing_us = ue_run.ok_or(no_ue)?.radio.timing_us();
            timing_us.map(plain).ok_or(NoValue::NoSamples("no path stood out of the noise"))
        }
        MeasurementName::IpOctets => {
            let stopped = model.sessions.iter().find(|s| Some(&*s.name) == session).and_then(|s| s.stopped);
            let stopped = stopped.ok_or(NoValue::NoSamples("the session was never stopped"))?;
            let sent = stopped.sent.ok_or(NoValue::NoSamples("the BM-SC gave no report of the session"))?;
            Ok(plain(sent.ip_octets as f64))
        }
        MeasurementName::RlcGaps => {
            let run = ue_run.ok_or(no_ue)?;
            if run.radio.mch.trials + run.radio.signalling.trials == 0 {
                return Err(NoValue::NoSamples("no block was tried"));
            }
            Ok(plain(run.rlc_gaps.0 as f64))
        }
        // The runner measures these itself.
        MeasurementName::DatagramsLost | MeasurementName::DatagramsDuplicated => {
            Err(NoValue::NoSamples("no datagram of the session was sent"))
        }
        MeasurementName::MediaTaken
        | MeasurementName::MediaLost
        | MeasurementName::MediaDoubled
        | MeasurementName::MediaByMbms
        | MeasurementName::MediaByUnicast
        | MeasurementName::MediaDelay
        | MeasurementName::MediaGap
        | MeasurementName::MediaOnAirTwice
        | MeasurementName::MediaSwitches => {
            let heard = ue.and_then(|ue| model.ims_of(ue)).into_iter().flat_map(|run| &run.listened);
            let has_forgotten = heard.into_iter().any(|heard| heard.forgotten > 0);
            Err(NoValue::NoSamples(if has_forgotten { TOO_MUCH } else { "nobody has spoken to this UE" }))
        }
        MeasurementName::ChargingRecords
        | MeasurementName::UnitsGranted
        | MeasurementName::UnitsUsed
        | MeasurementName::UnitsReturned
        | MeasurementName::UnitsOpen
        | MeasurementName::AccountBalance => Err(NoValue::NoSamples("nobody has charged for it")),
        MeasurementName::SmsDoubled
        | MeasurementName::SmsTaken
        | MeasurementName::SmsRefused
        | MeasurementName::SmsReports => Err(NoValue::NoSamples("it has no short messages over IP")),
        MeasurementName::MmsDelivered
        | MeasurementName::MmsLost
        | MeasurementName::MmsDamaged
        | MeasurementName::MmsDoubled
        | MeasurementName::MmsTaken
        | MeasurementName::MmsRefused
        | MeasurementName::MmsReports
        | MeasurementName::MmsReadReports => Err(NoValue::NoSamples("it has no multimedia messages")),
        MeasurementName::MmsTime => Err(NoValue::NoSamples("no multimedia message came to it")),
        MeasurementName::SmsDelivered | MeasurementName::SmsLost | MeasurementName::SmsTime => {
            of_messages(model, name, ue.unwrap_or_default())
        }
        MeasurementName::ImsRegistrations
        | MeasurementName::ImsRegistrationTime
        | MeasurementName::ImsRegInfos
        | MeasurementName::ImsMessagesAnswered
        | MeasurementName::ImsMessagesReceived
        | MeasurementName::ImsCallsEstablished
        | MeasurementName::ImsCallsEnded
        | MeasurementName::ServiceAnswers
        | MeasurementName::ServiceFailures
        | MeasurementName::ServiceNotifications
        | MeasurementName::ConferenceHeard
        | MeasurementName::ConferenceEcho => of_ims(model, name, ue.unwrap_or_default()),
        MeasurementName::McchChangesMissed => Err(NoValue::NoSamples("no MCCH change was on air")),
        MeasurementName::AcquisitionTime => match &ue_run.ok_or(no_ue)?.not_acquired {
            Some(reason) => Err(NoValue::DidNotHappen(reason.clone())),
            None => Err(NoValue::NoSamples("the carrier was not on air for long enough")),
        },
    }
}

/// What became of the messages for a UE.
fn of_messages(model: &Model, name: MeasurementName, ue: &str) -> Result<Value, NoValue> {
    let messages: Vec<_> = model.messages.iter().filter(|m| m.to == ue).collect();
    let lost: Vec<_> = messages.iter().filter(|m| m.after_s.is_none()).collect();
    if messages.is_empty() {
        return Err(NoValue::NoSamples("no message was sent to it"));
    }
    match name {
        MeasurementName::SmsDelivered => Ok(plain((messages.len() - lost.len()) as f64)),
        MeasurementName::SmsLost => Ok(plain(lost.len() as f64)),
        _ => match lost.first() {
            None => Ok(plain(messages.iter().filter_map(|m| m.after_s).fold(0.0, f64::max))),
            Some(first) => Err(NoValue::DidNotHappen(format!("message {} {}", first.number, first.fate()))),
        },
    }
}

/// What became of a UE on the IMS.
fn of_ims(model: &Model, name: MeasurementName, ue: &str) -> Result<Value, NoValue> {
    let run = model.ims_of(ue).ok_or(NoValue::NoSamples("the UE did nothing on the IMS"))?;
    match name {
        MeasurementName::ImsRegistrations => Ok(plain(run.registrations as f64)),
        MeasurementName::ImsRegistrationTime => {
            run.registration_s.map(plain).ok_or_else(|| NoValue::DidNotHappen("never registered".into()))
        }
        MeasurementName::ImsRegInfos => Ok(plain(run.reg_infos as f64)),
        MeasurementName::ImsMessagesAnswered => Ok(plain(run.messages_sent.1 as f64)),
        MeasurementName::ImsMessagesReceived => Ok(plain(run.messages_received as f64)),
        MeasurementName::ImsCallsEstablished => Ok(plain(run.calls.1 as f64)),
        MeasurementName::ServiceAnswers => Ok(plain(run.answers.0 as f64)),
        MeasurementName::ServiceFailures => Ok(plain(run.answers.1 as f64)),
        MeasurementName::ServiceNotifications => Ok(plain(run.notifications as f64)),
        MeasurementName::ConferenceHeard | MeasurementName::ConferenceEcho => {
            let (others, own) = run.audible().ok_or(NoValue::NoSamples("what the UE hears was not measured"))?;
            Ok(plain(if name == MeasurementName::ConferenceHeard { others as f64 } else { 100.0 * own }))
        }
        _ => Ok(plain(run.calls.2 as f64)),
    }
}

/// What was measured in all MBSFN areas of a UE together.
fn of_areas(model: &Model, name: MeasurementName, areas: &[AreaSum]) -> Result<Value, NoValue> {
    let sum = |of: fn(&AreaSum) -> WeightedSum| {
        let mut all = WeightedSum::default();
        areas.iter().for_each(|area| all.merge(&of(area)));
        all.mean().map(|mean| 10.0 * mean.log10()).ok_or(NoValue::NoSamples(NO_SUBFRAME))
    };
    let mchs = || areas.iter().flat_map(|area| &area.mchs);
    match name {
        MeasurementName::MbsfnRsrp => {
            let dbfs = sum(|area| area.rsrp)?;
            let full_scale_dbm = model.header.full_scale_dbm.ok_or(NoValue::NoSamples(NO_CALIBRATION))?;
            Ok(plain(dbfs + full_scale_dbm))
        }
        MeasurementName::MbsfnRsrq => sum(|area| area.rsrq).map(plain),
        MeasurementName::MbsfnSinr => {
            let mut all = WeightedSum::default();
            mchs().for_each(|mch| all.merge(&mch.sinr));
            let db = all.mean().map(|mean| 10.0 * mean.log10());
            db.map(plain).ok_or(NoValue::NoSamples(NO_DATA))
        }
        MeasurementName::Ber => {
            let mut all = Ratio::default();
            mchs().for_each(|mch| all.merge(&mch.bits));
            ratio(all, NO_DATA)
        }
        _ => {
            let margins = areas.iter().filter_map(|area| area.paths.map(|p| p.margin_us.0.min(p.margin_us.1)));
            let least = margins.reduce(f64::min);
            least.map(plain).ok_or(NoValue::NoSamples("no path stood out of the noise"))
        }
    }
}

const TOO_MUCH: &str = "more was said to this UE than is kept: ten minutes of each of 16 talkers";
const NO_SUBFRAME: &str = "no subframe with MBSFN reference signals was received";
const NO_DATA: &str = "no data block passed its CRC, to be compared with what was sent";
const NO_CALIBRATION: &str =
    "the level in dBm is not known: the rig names no full_scale_dbm of the receiver (the report has dB of full scale)";

fn ues_complete(model: &Model, session: Option<&str>) -> Result<Value, NoValue> {
    let started = model.sessions.iter().any(|s| Some(&*s.name) == session && s.started.is_some());
    if !started {
        return Err(NoValue::NoSamples("the session was never started"));
    }
    Ok(plain(model.ues_complete(session.unwrap_or_default()).0 as f64))
}

fn ratio(ratio: Ratio, none: &'static str) -> Result<Value, NoValue> {
    let value = ratio.value().ok_or(NoValue::NoSamples(none))?;
    Ok(Value { value, counts: Some((ratio.errors, ratio.trials)) })
}

fn plain(value: f64) -> Value {
    Value { value, counts: None }
}

impl Value {
    /// 95 % Wilson interval when it is a ratio of counts.
    pub fn interval(&self) -> Option<(f64, f64)> {
        let (errors, trials) = self.counts?;
        Ratio { errors, trials }.wilson_95()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::synthetic;

    #[test]
    fn every_measurement_has_one_value_for_each_ue_and_session_that_it_is_of() {
        let model = synthetic::model();
        let (ues, sessions) = (model.ues.len(), model.sessions.len());
        for name in MeasurementName::ALL {
            let expected =
                (if name.is_per_ue() { ues } else { 1 }) * (if name.is_per_session() { sessions } else { 1 });
            let measured = measure(&model, name);
            assert_eq!(measured.len(), expected, "{name}");
            assert!(measured.iter().all(|m| m.ue.is_some() == name.is_per_ue()), "{name}");
        }
    }

    #[test]
    fn nothing_sampled_is_no_value() {
        let model = Model::new(synthetic::header());
        for name in MeasurementName::ALL {
            for m in measure(&model, name) {
                assert!(matches!(m.result, Err(NoValue::NoSamples(_))), "{name}: {:?}", m.result);
            }
        }
    }

    #[test]
    fn a_recorded_measurement_goes_first() {
        let mut model = synthetic::model();
        let ue = Some(model.ues[0].name.clone());
        let measured =
            Measurement { name: MeasurementName::Cinr, ue: ue.clone(), session: None, value: 7.5, counts: None };
        model.measured.push(measured);
        let found = measure(&model, MeasurementName::Cinr);
        assert_eq!(found[0].result, Ok(Value { value: 7.5, counts: None }));
        assert_ne!(found[1].result, found[0].result);
    }
}
