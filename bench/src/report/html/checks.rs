//! Expectations against what was measured.

use maud::{Markup, html};

use super::{chip, many, panel, term};
use crate::report::text;
use crate::scenario::{MeasurementName, Unit};
use crate::verdict::{Check, Judgement, Verdict};

pub(super) fn section(judgement: &Judgement) -> Markup {
    panel(
        "expectations",
        "Expectations",
        &html! { "Every limit of the scenario against every value that it holds for. Ratios carry their counts and the "
        (term("Wilson interval")) "; without a sample the verdict is inconclusive." },
        &html! {
            @if judgement.checks.is_empty() { p.soft { "The scenario expects nothing." } } @else {
                @let all = expectations(&judgement.checks);
                div.scroll tabindex="0" { table {
                    thead { (head()) }
                    tbody { @for checks in &all { (rows(checks)) } }
                } }
                @for checks in all.iter().filter(|checks| checks.len() > many::SHOWN) {
                    @let words = format!("{} values of {}", text::grouped(checks.len() as u64), checks[0].measure);
                    (many::folded(&head(), checks, &words, |check| row(check, false)))
                }
            }
        },
    )
}

fn head() -> Markup {
    html! {
        tr {
            th { "Verdict" } th { "Measurement" } th { "UE" } th { "Session" } th.n { "Value" } th.n { "Limit" }
            th { "Against the limit" } th.n { "Counts" } th.n { "95 %" }
        }
    }
}

/// The values of each expectation.
fn expectations(checks: &[Check]) -> Vec<&[Check]> {
    checks.chunk_by(|a, b| a.position == b.position).collect()
}

/// All values of an expectation; of many the worst one for all, and those that do not pass.
fn rows(checks: &[Check]) -> Markup {
    if checks.len() <= many::SHOWN {
        return html! { @for check in checks { (row(check, true)) } };
    }
    let bad: Vec<&Check> = checks.iter().filter(|check| check.verdict != Verdict::Pass).collect();
    let values = || checks.iter().filter_map(|check| check.value.map(|v| v.value));
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let Some(worst) = checks.iter().max_by_key(|check| check.verdict) else { return html! {} };
    let passed = (checks.len() - bad.len()) as u64;
    html! {
        tr {
            td { (chip(worst.verdict)) }
            td { (name(worst.measure)) }
            td { (text::grouped(checks.len() as u64)) " values" }
            td { "–" }
            td.n {
                @if low < high { (quantity(low, worst.unit)) " to " (quantity(high, worst.unit)) }
                @else if low.is_finite() { (quantity(low, worst.unit)) } @else { "–" }
            }
            td.n { (limits(worst)) }
            td {}
            td.n { (text::grouped(passed)) " pass" }
            td {}
        }
        @for check in bad.iter().take(many::SHOWN) { (row(check, true)) }
        @if bad.len() > many::SHOWN {
            tr.reason { td {} td colspan="8" { "and " (text::grouped((bad.len() - many::SHOWN) as u64)) " more that do not pass" } }
        }
    }
}

/// A value; its place in the page can be named and it has a picture when it `is_shown` at once.
fn row(check: &Check, is_shown: bool) -> Markup {
    let value = check.value.map_or_else(|| "–".to_owned(), |v| quantity(v.value, check.unit));
    let counts = check.value.and_then(|v| v.counts);
    let interval = check.value.and_then(|v| v.interval());
    html! {
        tr id=[is_shown.then_some(&check.id)] {
            td { (chip(check.verdict)) }
            td { (name(check.measure)) }
            td { (check.ue.as_deref().unwrap_or("–")) }
            td { (check.session.as_deref().unwrap_or("–")) }
            td.n { (value) }
            td.n { (limits(check)) }
            td { @if is_shown { (gauge(check)) } }
            td.n { @if let Some((n, d)) = counts { (text::grouped(n)) " of " (text::grouped(d)) } }
            td.n { @if let Some((low, high)) = interval { (text::percent(low)) " to " (text::percent(high)) } }
        }
        @if let Some(reason) = &check.reason {
            // The row above says already whose value it is.
            tr.reason { td {} td colspan="8" { (reason.split_once(": ").map_or(&**reason, |(_, why)| why)) } }
        }
    }
}

fn limits(check: &Check) -> String {
    match check.limits {
        (Some(min), Some(max)) => format!("{} to {}", limit(min, check.unit), limit(max, check.unit)),
        (Some(min), None) => format!("≥ {}", limit(min, check.unit)),
        (None, Some(max)) => format!("≤ {}", limit(max, check.unit)),
        (None, None) => "none".into(),
    }
}

/// A limit as the scenario has it, a ratio in percent.
fn limit(value: f64, unit: Unit) -> String {
    if unit == Unit::Ratio { format!("{} %", text::number(value * 100.0)) } else { quantity(value, unit) }
}

fn name(measure: MeasurementName) -> Markup {
    match measure {
        MeasurementName::ImsRegistrations => html! { "Registrations on the IMS" },
        MeasurementName::ImsRegistrationTime => html! { "Time to the first registration on the IMS" },
        MeasurementName::ImsRegInfos => html! { "Notifications of the registration state" },
        MeasurementName::ImsMessagesAnswered => html! { "MESSAGEs answered with success" },
        MeasurementName::ImsMessagesReceived => html! { "MESSAGEs received as they were sent" },
        MeasurementName::ImsCallsEstablished => html! { "Calls set up" },
        MeasurementName::ServiceAnswers => html! { "Requests to services that were answered" },
        MeasurementName::ServiceFailures => html! { "Requests to services that were refused" },
        MeasurementName::ServiceNotifications => html! { "Notifications of services" },
        MeasurementName::ConferenceHeard => html! { "UEs heard in the conference" },
        MeasurementName::ConferenceEcho => html! { "Own tone heard in the conference" },
        MeasurementName::MediaTaken => html! { "Packets of speech taken" },
        MeasurementName::MediaLost => html! { "Packets of speech lost" },
        MeasurementName::MediaDoubled => html! { "Packets of speech that came twice by one way" },
        MeasurementName::MediaByMbms => html! { "Packets of speech over MBMS" },
        MeasurementName::MediaByUnicast => html! { "Packets of speech by unicast" },
        MeasurementName::MediaDelay => html! { "Longest delay of a packet of speech" },
        MeasurementName::MediaGap => html! { "Longest silence while somebody spoke" },
        MeasurementName::MediaOnAirTwice => html! { "Packets of speech that were on the air twice" },
        MeasurementName::MediaSwitches => html! { "Changes between unicast and MBMS" },
        MeasurementName::ChargingRecords => html! { "Charging data records" },
        MeasurementName::UnitsGranted => html! { "Units granted to prepaid users" },
        MeasurementName::UnitsUsed => html! { "Units used" },
        MeasurementName::UnitsReturned => html! { "Units given back" },
        MeasurementName::UnitsOpen => html! { "Units of which nothing is known yet" },
        MeasurementName::AccountBalance => html! { "Left on the account" },
        MeasurementName::ImsCallsEnded => html! { "Calls that have ended" },
        MeasurementName::ObjectsRecovered => html! { "Objects recovered" },
        MeasurementName::UesComplete => html! { "UEs complete" },
        MeasurementName::DeliveryTime => html! { "Delivery time" },
        MeasurementName::MchBler => html! { (term("MCH")) " " (term("BLER")) },
        MeasurementName::SignallingBler => html! { "Signalling " (term("BLER")) },
        MeasurementName::Cinr => html! { (term("CINR")) },
        MeasurementName::Evm => html! { (term("EVM")) },
        MeasurementName::MbsfnRsrp => html! { (term("MBSFN")) " RSRP" },
        MeasurementName::MbsfnRsrq => html! { (term("MBSFN")) " RSRQ" },
        MeasurementName::MbsfnSinr => html! { (term("MBSFN SINR")) },
        MeasurementName::Ber => html! { (term("BER")) " before decoding" },
        MeasurementName::CpMargin => html! { "Margin of the cyclic prefix" },
        MeasurementName::Cfo => html! { (term("CFO")) },
        MeasurementName::Timing => html! { "Timing" },
        MeasurementName::IpOctets => html! { "IP octets on air" },
        MeasurementName::RlcGaps => html! { (term("RLC")) " PDUs missing" },
        MeasurementName::DatagramsLost => html! { "Datagrams lost" },
        MeasurementName::DatagramsDuplicated => html! { "Datagrams too many" },
        MeasurementName::McchChangesMissed => html! { (term("MCCH")) " changes missed" },
        MeasurementName::AcquisitionTime => html! { "Acquisition time" },
        MeasurementName::SmsDoubled => html! { "Short messages that came twice" },
        MeasurementName::SmsTaken => html! { "Short messages that the SM-SC has taken" },
        MeasurementName::SmsRefused => html! { "Short messages refused" },
        MeasurementName::SmsReports => html! { "Status reports" },
        MeasurementName::MmsDelivered => html! { "Multimedia messages delivered whole" },
        MeasurementName::MmsLost => html! { "Multimedia messages lost" },
        MeasurementName::MmsDamaged => html! { "Multimedia messages that came with other content" },
        MeasurementName::MmsDoubled => html! { "Multimedia messages that came twice" },
        MeasurementName::MmsTaken => html! { "Multimedia messages that the relay has taken" },
        MeasurementName::MmsRefused => html! { "Multimedia messages refused" },
        MeasurementName::MmsReports => html! { "Delivery reports" },
        MeasurementName::MmsReadReports => html! { "Read reports" },
        MeasurementName::MmsTime => html! { "Longest time to a multimedia message" },
        MeasurementName::SmsDelivered => html! { "Messages delivered" },
        MeasurementName::SmsLost => html! { "Messages lost" },
        MeasurementName::SmsTime => html! { "Longest time to a message" },
    }
}

fn quantity(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Ratio => text::percent(value),
        Unit::Octets if (0.0..1e18).contains(&value) => format!("{} B", text::grouped(value as u64)),
        Unit::Percent => format!("{} %", text::number(value)),
        // Hundredths are noise enough.
        Unit::Decibels | Unit::DecibelMilliwatts | Unit::Hertz | Unit::Microseconds => {
            let unit = if unit == Unit::Microseconds { "µs" } else { unit.as_str() };
            format!("{} {unit}", text::number((value * 100.0).round() / 100.0))
        }
        Unit::Objects if value == 1.0 => "1 object".into(),
        Unit::Ues if value == 1.0 => "1 UE".into(),
        _ => format!("{} {unit}", text::number(value)),
    }
}

/// A bar from zero to the value, with the limits as marks.
fn gauge(check: &Check) -> Markup {
    let (min, max) = check.limits;
    let Some(value) = check.value.map(|v| v.value).filter(|v| *v >= 0.0 && v.is_finite()) else { return html! {} };
    let largest = [Some(value), min, max].into_iter().flatten().fold(0.0, f64::max);
    if largest <= 0.0 {
        return html! {};
    }
    let x = |v: f64| (v.max(0.0) / (largest * 1.15) * 150.0 * 10.0).round() / 10.0;
    html! {
        svg.gauge.(check.verdict) viewBox="0 0 150 14" width="150" height="14" aria-hidden="true" {
            rect.track x="0" y="5" width="150" height="4" rx="2" {}
            rect.value x="0" y="5" width=(x(value).max(2.0)) height="4" rx="2" {}
            @for limit in [min, max].into_iter().flatten() { line.limit x1=(x(limit)) x2=(x(limit)) y1="1" y2="13" {} }
        }
    }
}
